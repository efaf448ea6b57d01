/* Generate: a net of oscillators is trained towards an objective, which sees its pixels and as many real
 * images as the recipe says.
 *
 *   tape      class, noise -> oscillators -> pixel -> whatever the objective puts behind them
 *   real      images of the same classes
 *   gradient  the objective's (objective.h), from there back through the oscillators
 *
 * Of each step are drawn: the classes, the real samples, the number of integration steps and the
 * moment of the read-out. With many numbers of steps in turn the net learns the differential equation
 * rather than one discretisation of it. */
#include "task.h"

#include "mj/oscillator_net.h"
#include "mj/rng.h"
#include "objective.h"

#include <string.h>

typedef struct {
    const mj_recipe *recipe;
    const mj_dataset *data;
    mj_tape *tape;
    mj_oscillator_net net;
    mj_oscillator_vars vars;
    mj_oscillator_run run;
    mj_objective objective;
    mj_real *real_image; /* [C*P, pixels] */
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

static double step_generate(void *self, uint32_t step)
{
    generate *g = self;
    draw(g, step);
    mj_tape_forward(g->tape, step, true);
    mj_tape_grads_clear(g->tape);
    double loss = g->objective.gradient(g->objective.self, g->real_image, step);
    mj_tape_backward(g->tape);
    return loss;
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

/* All of a training together: a number is refused before it is taken. */
static mj_status check_memory(const generate *g, size_t limit_B, mj_err *err)
{
    const mj_recipe_train *train = &g->recipe->train;
    mj_tape_memory tape = mj_tape_memory_count(g->tape);
    double real_B = (double)train->n_class * train->n_real * g->data->width * g->data->height *
                    sizeof(mj_real);
    double all_B = (double)tape.total_B + 3.0 * (double)tape.grads_B /* Adam */ + real_B +
                   (double)g->objective.memory_B;
    if (limit_B && all_B > (double)limit_B) {
        return mj_err_add(err, MJ_EFIT, g->recipe->path, 0, 0,
                          "the training needs %.1f MiB of memory, the limit is %.1f MiB: a smaller "
                          "train.batch or train.real",
                          all_B / 0x1p20, (double)limit_B / 0x1p20);
    }
    return MJ_OK;
}

/* Records the net and, behind it, what its objective needs. */
static mj_status record(generate *g, const mj_task_input *input, mj_arena *arena, mj_err *err)
{
    const mj_recipe *recipe = g->recipe;
    MJ_TRY(mj_oscillator_record(&g->vars, g->tape, &g->net, &g->run, err));
    const mj_objective_input towards = {
        .recipe = recipe, .tape = g->tape, .pixel = g->vars.pixel, .label = g->vars.label,
        .width = g->data->width, .height = g->data->height, .n_classes = g->data->n_classes,
        .network_path = input->network_path, .limit_B = input->limit_B};
    MJ_TRY(mj_objective_record(&g->objective, &towards, arena, err));
    MJ_TRY(check_memory(g, input->limit_B, err));
    MJ_TRY(mj_tape_allocate(g->tape, input->limit_B));
    MJ_TRY(g->objective.prepare(g->objective.self, arena, err));
    mj_oscillator_init(g->tape, &g->vars, &g->net, (uint64_t)recipe->train.seed);
    if (input->init_path) {
        MJ_TRY(mj_task_read(g->tape, "", input->init_path, arena, err));
    }
    return thin_out(g, input->init_path != NULL, arena, err);
}

/* Memory beside the tape. */
static mj_status allot(generate *g, mj_arena *arena, mj_err *err)
{
    const mj_recipe_train *train = &g->recipe->train;
    size_t pixels = (size_t)(g->data->width * g->data->height);
    size_t n_real = (size_t)(train->n_class * train->n_real);
    g->real_image = mj_arena_array(arena, n_real * pixels, sizeof *g->real_image);
    g->by_class = mj_arena_array(arena, (size_t)g->data->n, sizeof *g->by_class);
    g->first = mj_arena_array(arena, (size_t)g->data->n_classes + 1, sizeof *g->first);
    g->classes = mj_arena_array(arena, (size_t)g->data->n_classes, sizeof *g->classes);
    if (!g->real_image || !g->by_class || !g->first || !g->classes) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for real images");
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
        .precision = mj_precision_here((mj_precision)recipe->integrate.precision),
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
    *task = (mj_task){.tape = tape, .memory_B = g->objective.memory_B,
                      .images_per_step = g->net.n_batch, .self = g,
                      .step = step_generate, .restored = restored,
                      .opponent = g->objective.opponent,
                      .opponent_lr = g->objective.opponent_lr};
    return MJ_OK;
}
