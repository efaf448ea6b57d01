/* Classify: cross-entropy of labelled images, each mini-batch mirrored or not.
 *
 * An epoch is a permutation drawn from the seed and the epoch's number, so that any step can be
 * repeated without those before it; the permutation in use is kept. */
#include "task.h"

#include "mj/layer.h"
#include "mj/rng.h"

#include <string.h>

static const double DROPOUT = 0.3;

typedef struct {
    mj_tape *tape;
    mj_var pixel, label, loss;
    const mj_dataset *data;
    int *order; /* [n], of `epoch` */
    long long epoch;
    uint64_t seed;
    int n_batch;
} classify;

static void shuffle(classify *c, long long epoch)
{
    mj_rng rng;
    mj_rng_init(&rng, c->seed, mj_task_stream(MJ_STREAM_EPOCH, (uint32_t)epoch));
    for (int i = 0; i < c->data->n; i++) {
        c->order[i] = i;
    }
    for (int i = c->data->n - 1; i > 0; i--) {
        int j = (int)(mj_rng_uniform(&rng) * (i + 1)), swapped = c->order[i];
        c->order[i] = c->order[j];
        c->order[j] = swapped;
    }
    c->epoch = epoch;
}

static void fill_batch(classify *c, uint32_t step)
{
    enum { SIDE = MJ_CLASSIFIER_SIDE, SIZE = SIDE * SIDE };
    int n_steps = c->data->n / c->n_batch;
    if (c->epoch != step / n_steps) {
        shuffle(c, step / n_steps);
    }
    mj_rng rng;
    mj_rng_init(&rng, c->seed, mj_task_stream(MJ_STREAM_MIRROR, step));
    bool mirrored = mj_rng_uniform(&rng) < 0.5;
    const int *order = c->order + (int)(step % (uint32_t)n_steps) * c->n_batch;
    mj_real *pixel = mj_tape_tensor(c->tape, c->pixel).v;
    int *label = mj_tape_tensor(c->tape, c->label).label;
    for (int b = 0; b < c->n_batch; b++) {
        const mj_real *image = c->data->image + (size_t)order[b] * SIZE;
        mj_real *to = pixel + (size_t)b * SIZE;
        label[b] = c->data->label[order[b]];
        for (int i = 0; i < SIZE; i++) {
            to[i] = image[mirrored ? i - i % SIDE + SIDE - 1 - i % SIDE : i];
        }
    }
}

static double step_classify(void *self, uint32_t step)
{
    classify *c = self;
    fill_batch(c, step);
    mj_tape_forward(c->tape, step, true);
    mj_tape_grads_clear(c->tape);
    *mj_tape_tensor(c->tape, c->loss).d = 1;
    mj_tape_backward(c->tape);
    return (double)*mj_tape_tensor(c->tape, c->loss).v;
}

mj_status mj_task_classify(mj_task *task, const mj_task_input *input, mj_arena *arena, mj_err *err)
{
    const mj_recipe *recipe = input->recipe;
    const mj_dataset *data = input->train;
    int n_batch = recipe->train.n_class * recipe->train.n_generated;
    if (data->width != MJ_CLASSIFIER_SIDE || data->height != MJ_CLASSIFIER_SIDE ||
        data->n < n_batch) {
        return mj_err_add(err, MJ_ERANGE, recipe->path, 0, 0,
                          "%d images of %dx%d: a classifier takes a batch (%d) or more of 28x28",
                          data->n, data->width, data->height, n_batch);
    }
    classify *c = mj_arena_alloc(arena, sizeof *c);
    int *order = mj_arena_array(arena, (size_t)data->n, sizeof *order);
    mj_tape *tape = mj_tape_new(arena, err, (mj_tape_config){.seed = (uint64_t)recipe->train.seed});
    if (!c || !order || !tape) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a classifier's training");
    }
    const mj_classifier classifier = {.network = (mj_network)recipe->model.network,
                                      .n_class = data->n_classes, .lr_scale = 1,
                                      .dropout = DROPOUT};
    mj_classifier_vars vars;
    *c = (classify){.tape = tape, .data = data, .order = order, .epoch = -1,
                    .seed = (uint64_t)recipe->train.seed, .n_batch = n_batch};
    c->pixel = mj_tape_input(tape, "pixel", mj_shape_2(n_batch, data->width * data->height), false);
    c->label = mj_tape_labels(tape, "class", n_batch);
    mj_classifier_record(&vars, tape, c->pixel, &classifier, "");
    c->loss = mj_cross_entropy(tape, vars.logits, c->label);
    MJ_TRY(mj_tape_allocate(tape, input->limit_B));
    mj_classifier_init(tape, classifier.network, "", c->seed);
    *task = (mj_task){.tape = tape, .images_per_step = n_batch, .self = c, .step = step_classify};
    return MJ_OK;
}
