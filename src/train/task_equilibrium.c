/* Equilibrium nets: classes of images, by the cross-entropy of the scores at rest.
 *
 * Every image once an epoch, in an order that is drawn anew from seed and epoch. Before a step the rows
 * that the last one carried over a bound are scaled back (equilibrium_net.h). */
#include "task.h"

#include "mj/equilibrium_file.h"
#include "mj/layer.h"
#include "mj/rng.h"

typedef struct {
    mj_tape *tape;
    mj_equilibrium_net net;
    mj_equilibrium_vars vars;
    mj_var x, label, loss;
    const mj_dataset *data;
    int *order; /* [n], of `epoch` */
    long long epoch;
    uint64_t seed;
    int B;
} equilibrium_task;

static void shuffle(equilibrium_task *t, long long epoch)
{
    mj_rng rng;
    mj_rng_init(&rng, t->seed, mj_task_stream(MJ_STREAM_EPOCH, (uint32_t)epoch));
    for (int i = 0; i < t->data->n; i++) {
        t->order[i] = i;
    }
    for (int i = t->data->n - 1; i > 0; i--) {
        int j = (int)(mj_rng_uniform(&rng) * (i + 1)), swapped = t->order[i];
        t->order[i] = t->order[j];
        t->order[j] = swapped;
    }
    t->epoch = epoch;
}

static void bound(equilibrium_task *t)
{
    mj_equilibrium_net_bound(mj_tape_tensor(t->tape, t->vars.W).v, mj_tape_tensor(t->tape, t->vars.U).v,
                             mj_tape_tensor(t->tape, t->vars.b).v, &t->net);
}

static double step_equilibrium(void *self, uint32_t step)
{
    equilibrium_task *t = self;
    uint32_t n_steps = (uint32_t)(t->data->n / t->B);
    if (t->epoch != step / n_steps) {
        shuffle(t, step / n_steps);
    }
    mj_real *x = mj_tape_tensor(t->tape, t->x).v;
    int *label = mj_tape_tensor(t->tape, t->label).label;
    size_t size = (size_t)t->net.K;
    for (int b = 0; b < t->B; b++) {
        int image = t->order[(size_t)(step % n_steps) * (size_t)t->B + (size_t)b];
        mj_copy(x + (size_t)b * size, t->data->image + (size_t)image * size, size);
        label[b] = t->data->label[image];
    }
    bound(t);
    mj_tape_forward(t->tape, step, true);
    mj_tape_grads_clear(t->tape);
    *mj_tape_tensor(t->tape, t->loss).d = 1;
    mj_tape_backward(t->tape);
    return (double)*mj_tape_tensor(t->tape, t->loss).v;
}

static mj_status ship(mj_checkpoint *to, const void *self, const mj_real *average, mj_arena *arena,
                      mj_err *err)
{
    const equilibrium_task *t = self;
    return mj_equilibrium_file_fill(to, t->tape, &t->vars, average, &t->net, arena, err);
}

mj_status mj_task_equilibrium(mj_task *task, const mj_task_input *input, mj_arena *arena, mj_err *err)
{
    const mj_recipe *recipe = input->recipe;
    const mj_recipe_model *m = &recipe->model;
    const mj_dataset *data = input->train;
    int B = recipe->train.n_generated;
    if (data->width != m->width || data->height != m->height || data->n < B ||
        data->n_classes > MJ_SETTLING_CLASSES_MAX) {
        return mj_err_add(err, MJ_ERANGE, recipe->path, 0, 0,
                          "%d images of %dx%d and %d classes: this recipe takes a batch (%d) or more of "
                          "%dx%d and at most %d classes", data->n, data->width, data->height,
                          data->n_classes, B, m->width, m->height, MJ_SETTLING_CLASSES_MAX);
    }
    equilibrium_task *t = mj_arena_alloc(arena, sizeof *t);
    int *order = mj_arena_array(arena, (size_t)data->n, sizeof *order);
    mj_tape *tape = mj_tape_new(arena, err, (mj_tape_config){.seed = (uint64_t)recipe->train.seed});
    if (!t || !order || !tape) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for an equilibrium net's training");
    }
    *t = (equilibrium_task){.tape = tape, .data = data, .order = order, .epoch = -1, .B = B,
                            .seed = (uint64_t)recipe->train.seed,
                            .net = {.N = m->equilibrium_net.neurons, .K = m->width * m->height,
                                    .M = data->n_classes, .contraction = m->equilibrium_net.contraction,
                                    .drive = m->equilibrium_net.drive}};
    t->x = mj_tape_input(tape, "pixel", mj_shape_2(B, t->net.K), false);
    t->label = mj_tape_labels(tape, "class", B);
    mj_equilibrium_net_record(&t->vars, tape, t->x, &t->net, NULL);
    t->loss = mj_cross_entropy(tape, t->vars.scores, t->label);
    MJ_TRY(mj_tape_allocate(tape, input->limit_B));
    mj_equilibrium_net_init(tape, &t->vars, t->seed);
    *task = (mj_task){.tape = tape, .images_per_step = B, .self = t, .step = step_equilibrium,
                      .ship = ship};
    return MJ_OK;
}
