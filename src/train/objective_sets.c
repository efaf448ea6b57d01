/* Objectives that compare a set of generated images with a set of real ones, class by class, in views:
 * pixels, and features of a frozen classifier by place.
 *
 *   tape    .. -> pixel -> frozen classifier -> views
 *   real    real pixels -> frozen classifier -> views
 *   loss    sum over views of weight_view * (mean over classes of the distance of both sets)
 *
 * The weight of `features` is shared evenly by its views. Drifting (drifting.h) scales itself in each
 * view and class. A sliced Wasserstein distance (sliced.h) has the square of the view's unit, so it is
 * divided by the mean variance of the real projections, which over all directions is the sum of the
 * variances over the dimensions, divided by their number: what is left is a share of the data's own
 * spread, and views of any scale can be added. */
#include "objective.h"

#include "mj/drifting.h"
#include "mj/sliced.h"
#include "task.h"

#define LOSS_PREFIX "loss/"

/* Fewer directions leave more noise in the gradient; each step draws others. */
enum { PROJECTIONS = 128 };

typedef struct sets sets;

/* One view of both sets, samples of a class together. */
typedef struct {
    mj_tensor generated;
    const mj_real *real;
    int n_dims, number;
    double weight; /* of each class */
} view;

/* Scratch of a thread, which takes every n-th view. */
typedef struct {
    mj_real *tmp, *direction; /* direction [n_projections, largest n_dims]: sliced only */
} lane;

struct sets {
    mj_objective_input input;
    mj_tape *real_tape; /* NULL without features */
    mj_classifier_vars generated, real;
    mj_var real_pixel;
    /* Adds the gradient of a view and returns weight * distance. */
    double (*compare)(const sets *s, const view *v, const lane *l, uint32_t step);
    int n_projections;
    lane *lane; /* one a thread */
    int n_lanes;
    size_t n_tmp, n_directions; /* reals of a lane */
};

static double compare_by_drift(const sets *s, const view *v, const lane *l, uint32_t step)
{
    (void)step;
    const mj_recipe_train *train = &s->input.recipe->train;
    const mj_drift_shape shape = {train->n_generated, train->n_real, v->n_dims,
                                  mj_precision_here((mj_precision)s->input.recipe->integrate.precision) ==
                                      MJ_PRECISION_BF16};
    size_t generated_size = (size_t)shape.n_generated * (size_t)shape.n_dims;
    size_t real_size = (size_t)shape.n_real * (size_t)shape.n_dims;
    double left = 0;
    for (size_t c = 0; c < (size_t)train->n_class; c++) {
        left += v->weight * mj_drift_gradient(v->generated.d + c * generated_size, l->tmp,
                                              v->generated.v + c * generated_size,
                                              v->real + c * real_size, v->weight, shape);
    }
    return left;
}

/* Sum over dimensions of the variance of x [n,D] around its mean. */
static double variance(const mj_real *x, int n, int D)
{
    double sum = 0;
    for (int d = 0; d < D; d++) {
        double mean = 0, square = 0;
        for (int i = 0; i < n; i++) {
            mean += (double)x[(size_t)i * (size_t)D + (size_t)d] / n;
        }
        for (int i = 0; i < n; i++) {
            double off = (double)x[(size_t)i * (size_t)D + (size_t)d] - mean;
            square += off * off;
        }
        sum += square / n;
    }
    return sum;
}

/* All classes of a view are seen along the same directions. */
static double compare_by_slices(const sets *s, const view *v, const lane *l, uint32_t step)
{
    const mj_recipe_train *train = &s->input.recipe->train;
    const mj_sliced_shape shape = {train->n_generated, train->n_real, v->n_dims, s->n_projections};
    const mj_noise_key key = {.seed = (uint64_t)train->seed, .step = step,
                              .stream = mj_task_noise(v->number)};
    size_t generated_size = (size_t)shape.n_generated * (size_t)shape.n_dims;
    size_t real_size = (size_t)shape.n_real * (size_t)shape.n_dims;
    double left = 0, spread = 0;
    mj_sliced_directions(l->direction, key, shape.n_projections, shape.n_dims);
    for (size_t c = 0; c < (size_t)train->n_class; c++) {
        spread += variance(v->real + c * real_size, shape.n_real, shape.n_dims) /
                  ((double)train->n_class * shape.n_dims);
    }
    double weight = spread > 0 ? v->weight / spread : 0;
    for (size_t c = 0; c < (size_t)train->n_class; c++) {
        left += weight * mj_sliced_gradient(v->generated.d + c * generated_size, l->tmp,
                                            v->generated.v + c * generated_size,
                                            v->real + c * real_size, l->direction, weight, shape);
    }
    return left;
}

static int dims_of(mj_shape shape)
{
    return (int)(mj_shape_count(shape) / (size_t)shape.dim[0]);
}

/* All views of this step: pixels, then the frozen network's. */
static int list_views(view *v, const sets *s, const mj_real *real)
{
    const mj_recipe_objective *objective = &s->input.recipe->objective;
    double n_class = s->input.recipe->train.n_class;
    int n = 0;
    if (objective->pixels > 0) {
        mj_tensor pixel = mj_tape_tensor(s->input.tape, s->input.pixel);
        v[n++] = (view){pixel, real, dims_of(pixel.shape), MJ_VIEWS_MAX, objective->pixels / n_class};
    }
    for (int i = 0; s->real_tape && i < s->real.n_views; i++) {
        mj_tensor generated = mj_tape_tensor(s->input.tape, s->generated.view[i]);
        v[n++] = (view){generated, mj_tape_tensor(s->real_tape, s->real.view[i]).v,
                        dims_of(generated.shape), i,
                        objective->features / (s->real.n_views * n_class)};
    }
    return n;
}

/* A view belongs to one thread: views are many, and products of one of them too small to share. */
static double gradient(void *self, const mj_real *real, uint32_t step)
{
    const sets *s = self;
    const mj_recipe_objective *objective = &s->input.recipe->objective;
    view v[MJ_VIEWS_MAX + 1];
    double distance[MJ_VIEWS_MAX + 1], left = 0;
    if (s->real_tape) {
        mj_tensor pixel = mj_tape_tensor(s->real_tape, s->real_pixel);
        mj_copy(pixel.v, real, mj_shape_count(pixel.shape));
        mj_tape_forward(s->real_tape, step, false);
    }
    int n_views = list_views(v, s, real);
#pragma omp parallel for schedule(static) num_threads(s->n_lanes)
    for (int k = 0; k < s->n_lanes; k++) {
        for (int i = k; i < n_views; i += s->n_lanes) {
            distance[i] = s->compare(s, &v[i], &s->lane[k], step);
        }
    }
    for (int i = 0; i < n_views; i++) {
        left += distance[i];
    }
    return left / (objective->pixels + objective->features);
}

/* Threads, and reals of each: for the largest of the views. */
static void plan_lanes(sets *s)
{
    const mj_recipe *recipe = s->input.recipe;
    int d_max = s->input.width * s->input.height;
    for (int i = 0; i < s->generated.n_views; i++) {
        int d = dims_of(mj_tape_tensor(s->input.tape, s->generated.view[i]).shape);
        d_max = d > d_max ? d : d_max;
    }
    const mj_drift_shape drift = {recipe->train.n_generated, recipe->train.n_real, d_max, true};
    const mj_sliced_shape slices = {recipe->train.n_generated, recipe->train.n_real, d_max,
                                    s->n_projections};
    int n_views = s->generated.n_views + (recipe->objective.pixels > 0);
    s->n_lanes = mj_threads() < n_views ? mj_threads() : n_views;
    s->n_tmp = recipe->objective.kind == MJ_OBJECTIVE_SLICED ? mj_sliced_tmp(slices)
                                                             : mj_drift_tmp(drift);
    s->n_directions = (size_t)s->n_projections * (size_t)d_max;
}

static size_t memory_of(const sets *s)
{
    size_t lanes = (size_t)s->n_lanes * (s->n_tmp + s->n_directions) * sizeof(mj_real);
    return lanes + (s->real_tape ? mj_tape_memory_count(s->real_tape).total_B : 0);
}

static mj_status prepare(void *self, mj_arena *arena, mj_err *err)
{
    sets *s = self;
    if (s->real_tape) {
        MJ_TRY(mj_tape_allocate(s->real_tape, s->input.limit_B));
        MJ_TRY(mj_task_read(s->input.tape, LOSS_PREFIX, s->input.network_path, arena, err));
        MJ_TRY(mj_task_read(s->real_tape, LOSS_PREFIX, s->input.network_path, arena, err));
    }
    s->lane = mj_arena_array(arena, (size_t)s->n_lanes, sizeof *s->lane);
    bool ready = s->lane;
    for (int k = 0; ready && k < s->n_lanes; k++) {
        s->lane[k].tmp = mj_arena_array(arena, s->n_tmp, sizeof(mj_real));
        s->lane[k].direction = mj_arena_array(arena, s->n_directions, sizeof(mj_real));
        ready = s->lane[k].tmp && s->lane[k].direction;
    }
    return ready ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the objective");
}

mj_status mj_objective_sets(mj_objective *objective, const mj_objective_input *input,
                            mj_arena *arena, mj_err *err)
{
    const mj_recipe *recipe = input->recipe;
    const mj_classifier frozen = {.network = MJ_PATCHNET, .n_class = input->n_classes,
                                  .with_views = true};
    sets *s = mj_arena_alloc(arena, sizeof *s);
    if (!s) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the objective");
    }
    *s = (sets){.input = *input, .compare = compare_by_drift};
    if (recipe->objective.kind == MJ_OBJECTIVE_SLICED) {
        int given = recipe->objective.projections;
        s->compare = compare_by_slices;
        s->n_projections = given > 0 ? given : PROJECTIONS;
    }
    if (recipe->objective.features > 0) {
        int n_real = recipe->train.n_class * recipe->train.n_real;
        mj_classifier_record(&s->generated, input->tape, input->pixel, &frozen, LOSS_PREFIX);
        s->real_tape = mj_tape_new(arena, err, (mj_tape_config){.inference = true});
        if (!s->real_tape) {
            return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the loss network");
        }
        s->real_pixel = mj_tape_input(s->real_tape, "real pixel",
                                      mj_shape_2(n_real, input->width * input->height), false);
        mj_classifier_record(&s->real, s->real_tape, s->real_pixel, &frozen, LOSS_PREFIX);
    }
    plan_lanes(s);
    *objective = (mj_objective){.self = s, .prepare = prepare, .gradient = gradient,
                                .memory_B = memory_of(s)};
    return MJ_OK;
}
