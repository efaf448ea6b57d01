/* Generate: an oscillator net is trained by drifting, in pixels and in views of a frozen classifier.
 *
 *   tape      class, noise -> oscillators -> pixel -> frozen classifier -> views
 *   real      real pixels                          -> frozen classifier -> views
 *   gradient  for each view and class, mj_drift_gradient of generated against real
 *
 * Of each step are drawn: the classes, the real samples, the number of integration steps and the
 * moment of the read-out. With many numbers of steps in turn the net learns the differential equation
 * rather than one discretisation of it. */
#include "task.h"

#include "mj/drifting.h"
#include "mj/oscillator_net.h"
#include "mj/rng.h"

#include <string.h>

#define LOSS_PREFIX "loss/"

typedef struct {
    const mj_recipe *recipe;
    const mj_dataset *data;
    mj_tape *tape, *real_tape; /* real_tape NULL without features */
    mj_oscillator_net net;
    mj_oscillator_vars vars;
    mj_oscillator_run run;
    mj_classifier_vars generated, real;
    mj_var real_pixel;
    mj_real *real_image; /* [C*P, pixels] */
    mj_real *tmp;        /* of a drift */
    int *by_class, *first; /* mj_dataset_by_class */
    int *classes;          /* [n_classes], shuffled each step */
    uint8_t *mask;         /* [N,N] or NULL: all */
} generate;

/* Classes, real samples, integration steps and read-out of this step. */
static void draw(generate *g, uint32_t step)
{
    const mj_recipe *recipe = g->recipe;
    const mj_recipe_train *train = &recipe->train;
    size_t size = (size_t)g->data->width * (size_t)g->data->height;
    mj_rng rng;
    mj_rng_init(&rng, (uint64_t)train->seed, mj_task_stream(MJ_STREAM_DRAW, step));
    int steps = recipe->integrate.steps_max - recipe->integrate.steps_min + 1;
    g->run.run.n_steps = mj_oscillator_steps(
        recipe->integrate.steps_min + (int)(mj_rng_uniform(&rng) * steps), recipe->model.segments);
    g->run.run.span = recipe->integrate.span *
                      (1 + recipe->readout_jitter * (2 * mj_rng_uniform(&rng) - 1));
    for (int c = 0; c < g->data->n_classes; c++) {
        g->classes[c] = c;
    }
    int *label = mj_tape_tensor(g->tape, g->vars.label).label;
    mj_real *image = g->real_image;
    for (int k = 0; k < train->n_class; k++) {
        int other = k + (int)(mj_rng_uniform(&rng) * (g->data->n_classes - k));
        int c = g->classes[other];
        g->classes[other] = g->classes[k];
        g->classes[k] = c;
        for (int i = 0; i < train->n_generated; i++) {
            *label++ = c;
        }
        for (int i = 0; i < train->n_real; i++, image += size) {
            int n = g->first[c + 1] - g->first[c];
            int at = g->by_class[g->first[c] + (int)(mj_rng_uniform(&rng) * n)];
            memcpy(image, g->data->image + (size_t)at * size, size * sizeof *image);
        }
    }
}

/* One view: adds to its gradient, class by class. */
static double drift_view(const generate *g, mj_tensor generated, const mj_real *real, double weight)
{
    const mj_recipe_train *train = &g->recipe->train;
    size_t B = (size_t)(train->n_class * train->n_generated);
    mj_drift_shape shape = {train->n_generated, train->n_real,
                            (int)(mj_shape_count(generated.shape) / B)};
    size_t generated_size = (size_t)shape.n_generated * (size_t)shape.n_dims;
    size_t real_size = (size_t)shape.n_real * (size_t)shape.n_dims;
    double left = 0;
    for (int c = 0; c < train->n_class; c++) {
        left += mj_drift_gradient(generated.d + (size_t)c * generated_size, g->tmp,
                                  generated.v + (size_t)c * generated_size,
                                  real + (size_t)c * real_size, weight / train->n_class, shape);
    }
    return weight * left / train->n_class;
}

static double step_generate(void *self, uint32_t step)
{
    generate *g = self;
    const mj_recipe_objective *objective = &g->recipe->objective;
    draw(g, step);
    mj_tape_forward(g->tape, step, true);
    mj_tape_grads_clear(g->tape);
    double left = 0;
    if (objective->pixels > 0) {
        left += drift_view(g, mj_tape_tensor(g->tape, g->vars.pixel), g->real_image,
                           objective->pixels);
    }
    if (g->real_tape) {
        mj_tensor real = mj_tape_tensor(g->real_tape, g->real_pixel);
        mj_copy(real.v, g->real_image, mj_shape_count(real.shape));
        mj_tape_forward(g->real_tape, step, false);
        for (int v = 0; v < g->real.n_views; v++) {
            left += drift_view(g, mj_tape_tensor(g->tape, g->generated.view[v]),
                               mj_tape_tensor(g->real_tape, g->real.view[v]).v,
                               objective->features / g->real.n_views);
        }
    }
    mj_tape_backward(g->tape);
    return left / (objective->pixels + objective->features);
}

/* Couplings outside the mask are 0 in all segments and stay so: a saved net is its own mask. */
static void restored(void *self)
{
    generate *g = self;
    if (g->mask) {
        mj_tensor K = mj_tape_tensor(g->tape, g->vars.K);
        mj_coupling_mask_of(g->mask, K.v, mj_shape_columns(K.shape), g->recipe->model.segments);
    }
}

/* Limits of the wiring: the strongest couplings of the net that training starts from, or where there
 * is none, what oscillators prefer. */
static mj_status thin_out(generate *g, bool is_trained, mj_arena *arena, mj_err *err)
{
    const mj_recipe_model *model = &g->recipe->model;
    const mj_oscillator_wiring wiring = mj_recipe_wiring(model);
    if (!mj_oscillator_is_limited(&wiring)) {
        return MJ_OK;
    }
    mj_tensor K = mj_tape_tensor(g->tape, g->vars.K);
    int N = mj_shape_columns(K.shape);
    size_t matrix = (size_t)N * (size_t)N;
    g->mask = mj_arena_array(arena, matrix, 1);
    mj_real *strength = mj_arena_array(arena, matrix, sizeof *strength);
    if (!g->mask || !strength) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a mask of couplings");
    }
    if (is_trained) {
        const mj_coupling coupling = {.n = N, .n_segments = model->segments,
                                      .symmetric = model->symmetric};
        mj_coupling_strength(strength, K.v, &coupling);
    } else {
        mj_oscillator_prefer(strength, &g->net, (uint64_t)g->recipe->train.seed);
    }
    MJ_TRY(mj_oscillator_wire(g->mask, strength, &g->net, &wiring, arena, err));
    for (size_t k = 0; k < mj_shape_count(K.shape); k++) {
        K.v[k] = g->mask[k % matrix] ? K.v[k] : 0;
    }
    g->run.coupling.mask = g->mask;
    return MJ_OK;
}

/* Records the net and, with features, the frozen classifier behind it and once more for real images. */
static mj_status record(generate *g, const mj_task_input *input, mj_arena *arena, mj_err *err)
{
    const mj_recipe *recipe = g->recipe;
    const mj_classifier frozen = {.network = MJ_PATCHNET, .n_class = g->data->n_classes,
                                  .with_views = true};
    MJ_TRY(mj_oscillator_record(&g->vars, g->tape, &g->net, &g->run, err));
    if (recipe->objective.features > 0) {
        int n_real = recipe->train.n_class * recipe->train.n_real;
        mj_classifier_record(&g->generated, g->tape, g->vars.pixel, &frozen, LOSS_PREFIX);
        g->real_tape = mj_tape_new(arena, err, (mj_tape_config){.inference = true});
        if (!g->real_tape) {
            return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the loss network");
        }
        g->real_pixel = mj_tape_input(g->real_tape, "real pixel",
                                      mj_shape_2(n_real, g->data->width * g->data->height), false);
        mj_classifier_record(&g->real, g->real_tape, g->real_pixel, &frozen, LOSS_PREFIX);
        MJ_TRY(mj_tape_allocate(g->real_tape, input->limit_B));
    }
    MJ_TRY(mj_tape_allocate(g->tape, input->limit_B));
    if (g->real_tape) {
        MJ_TRY(mj_task_read(g->tape, LOSS_PREFIX, input->network_path, arena, err));
        MJ_TRY(mj_task_read(g->real_tape, LOSS_PREFIX, input->network_path, arena, err));
    }
    mj_oscillator_init(g->tape, &g->vars, &g->net, (uint64_t)recipe->train.seed);
    if (input->init_path) {
        MJ_TRY(mj_task_read(g->tape, "", input->init_path, arena, err));
    }
    return thin_out(g, input->init_path != NULL, arena, err);
}

/* Memory beside the tapes. */
static mj_status allot(generate *g, mj_arena *arena, mj_err *err)
{
    const mj_recipe_train *train = &g->recipe->train;
    size_t pixels = (size_t)(g->data->width * g->data->height);
    size_t n_real = (size_t)(train->n_class * train->n_real);
    int d_max = (int)pixels;
    for (int v = 0; v < g->generated.n_views; v++) {
        mj_shape shape = mj_tape_tensor(g->tape, g->generated.view[v]).shape;
        int d = (int)(mj_shape_count(shape) / (size_t)shape.dim[0]);
        d_max = d > d_max ? d : d_max;
    }
    mj_drift_shape largest = {train->n_generated, train->n_real, d_max};
    g->tmp = mj_arena_array(arena, mj_drift_tmp(largest), sizeof *g->tmp);
    g->real_image = mj_arena_array(arena, n_real * pixels, sizeof *g->real_image);
    g->by_class = mj_arena_array(arena, (size_t)g->data->n, sizeof *g->by_class);
    g->first = mj_arena_array(arena, (size_t)g->data->n_classes + 1, sizeof *g->first);
    g->classes = mj_arena_array(arena, (size_t)g->data->n_classes, sizeof *g->classes);
    if (!g->tmp || !g->real_image || !g->by_class || !g->first || !g->classes) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the drifting objective");
    }
    mj_dataset_by_class(g->by_class, g->first, g->data);
    for (int c = 0; c < g->data->n_classes; c++) {
        if (g->first[c] == g->first[c + 1]) {
            return mj_err_add(err, MJ_ERANGE, g->recipe->data, 0, 0, "no image of class %d", c);
        }
    }
    return MJ_OK;
}

static mj_status check(const mj_task_input *input, mj_err *err)
{
    const mj_recipe *recipe = input->recipe;
    const mj_dataset *data = input->train;
    if (data->width != recipe->model.width || data->height != recipe->model.height) {
        return mj_err_add(err, MJ_ERANGE, recipe->path, 0, 0,
                          "model.visible is %dx%d, the images are %dx%d", recipe->model.width,
                          recipe->model.height, data->width, data->height);
    }
    if (recipe->train.n_class > data->n_classes) {
        return mj_err_add(err, MJ_ERANGE, recipe->path, 0, 0,
                          "train.batch takes %d classes a step, the data have %d",
                          recipe->train.n_class, data->n_classes);
    }
    return MJ_OK;
}

mj_status mj_task_generate(mj_task *task, const mj_task_input *input, mj_arena *arena, mj_err *err)
{
    const mj_recipe *recipe = input->recipe;
    const mj_recipe_train *train = &recipe->train;
    MJ_TRY(check(input, err));
    generate *g = mj_arena_alloc(arena, sizeof *g);
    mj_tape *tape = mj_tape_new(arena, err, (mj_tape_config){.seed = (uint64_t)train->seed});
    if (!g || !tape) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a generator's training");
    }
    *g = (generate){.recipe = recipe, .data = input->train, .tape = tape};
    g->net = (mj_oscillator_net){
        .width = recipe->model.width, .height = recipe->model.height,
        .hidden_fixed = recipe->model.hidden_fixed, .hidden_random = recipe->model.hidden_random,
        .n_class = input->train->n_classes, .n_batch = train->n_class * train->n_generated,
        .n_steps_max = mj_oscillator_steps(recipe->integrate.steps_max, recipe->model.segments),
        .n_segments = recipe->model.segments, .response = recipe->model.harmonics.response,
        .integrator = (mj_integrator)recipe->integrate.method,
        .lr_coupling = train->lr_coupling > 0 ? train->lr_coupling / train->lr : 1};
    uint8_t *random = mj_arena_array(arena, (size_t)mj_oscillator_count(&g->net), 1);
    if (!random) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a generator's training");
    }
    g->run = (mj_oscillator_run){
        .run = {.n_steps = g->net.n_steps_max, .span = recipe->integrate.span,
                .noise = recipe->noise},
        .start = {.random = random, .bits = recipe->start_bits},
        .coupling = {.symmetric = recipe->model.symmetric, .bits = recipe->model.coupling_bits}};
    mj_oscillator_random(random, &g->net);
    MJ_TRY(record(g, input, arena, err));
    MJ_TRY(allot(g, arena, err));
    *task = (mj_task){.tape = tape, .images_per_step = g->net.n_batch, .self = g,
                      .step = step_generate, .restored = restored};
    return MJ_OK;
}
