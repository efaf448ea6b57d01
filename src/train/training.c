/* Training: steps, clipping, schedule, and what is saved.
 *
 * The tapes' lists of parameters say what there is: a checkpoint holds every trained one under its
 * name, with its moments and average under the same name behind a prefix. Frozen parameters (the loss
 * network) come from their own file. An opponent's parameters are trained and saved in the same way, at
 * the same schedule, but not exported; its gradients are not clipped. A task without a tape, a look-up
 * memory, learns and saves itself; a text net saves what its streams carry. */
#include "mj/training.h"

#include "mj/checkpoint.h"
#include "mj/coupling.h"
#include "mj/optimizer.h"
#include "mj/trained.h"
#include "task.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MOMENT_1 "adam_m/"
#define MOMENT_2 "adam_v/"
#define AVERAGE "average/"

enum { KERNEL_TEXT = 64, NAME_TEXT = 96 };
/* What a computer would take to solve a net accurately, and bits of a start phase that the recipe
 * leaves continuous: for the bill of what was trained. */
enum { SOLVED_STEPS = 24, SOLVED_STAGES = 4, START_BITS = 8 };

/* A tape and its optimiser. */
typedef struct {
    mj_tape *tape;
    mj_adam adam;
} learner;

struct mj_training {
    const mj_recipe *recipe;
    const mj_corpus *corpus; /* of a recipe of text; else NULL */
    mj_arena *arena;
    mj_task task;
    learner learner[2]; /* the task's tape, then its opponent */
    int n_learners;
    mj_clip clip;
    mj_schedule schedule;
    double minutes;
    mj_training_state state;
    char kernel[KERNEL_TEXT];
};

static const mj_schedule GENERATE_SCHEDULE = {.warmup_steps = 30, .floor = 0.05};
/* Of a classifier, in shares of the run: up, then down to nothing. */
static const double CLASSIFY_WARMUP = 0.3, CLASSIFY_FLOOR = 1e-3;
static const mj_schedule TEXT_SCHEDULE = {.warmup_steps = 50, .floor = 0.05};
/* A step's number has 31 bits wherever noise is drawn. */
static const double STEPS_MAX = INT32_MAX;
/* More than enough steps to measure the time of one. */
static const int STEPS_TIMED = 10;

static double now_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

mj_status mj_task_read(mj_tape *tape, const char *prefix, const char *path, mj_arena *arena,
                       mj_err *err)
{
    mj_checkpoint checkpoint;
    MJ_TRY(mj_checkpoint_load(&checkpoint, path, arena, err));
    int n_params;
    const mj_param *param = mj_tape_params(tape, &n_params);
    for (int p = 0; p < n_params; p++) {
        mj_tensor tensor = mj_tape_tensor(tape, param[p].var);
        if (strncmp(param[p].name, prefix, strlen(prefix)) == 0 &&
            (*prefix || param[p].lr_scale != 0)) {
            MJ_TRY(mj_checkpoint_read(tensor.v, &checkpoint, param[p].name + strlen(prefix),
                                      tensor.shape.dim, tensor.shape.n_dims, err));
        }
    }
    return MJ_OK;
}

static bool is_classifier(const mj_training *t)
{
    return t->recipe->model.kind == MJ_TRAINED_CLASSIFIER;
}

static void set_schedule(mj_training *t)
{
    t->schedule = GENERATE_SCHEDULE;
    t->schedule.flat = t->recipe->train.flat;
    if (t->recipe->model.kind == MJ_TRAINED_TEXT_NET) {
        t->schedule = TEXT_SCHEDULE;
    }
    if (t->recipe->model.kind == MJ_TRAINED_LUT && t->recipe->train.lr_end > 0) {
        t->schedule.floor = t->recipe->train.lr_end;
    }
    if (is_classifier(t)) {
        double n_steps = t->state.n_steps > 0 ? (double)t->state.n_steps : 1000;
        t->schedule = (mj_schedule){.warmup_steps = CLASSIFY_WARMUP * n_steps,
                                    .flat = CLASSIFY_WARMUP, .floor = CLASSIFY_FLOOR};
    }
}

/* Less momentum than of a generator: what the opponent answers to has moved meanwhile. */
static mj_adam_config opponent_config(const mj_task *task)
{
    return (mj_adam_config){.lr = task->opponent_lr, .beta1 = 0.5, .beta2 = 0.99};
}

static mj_status add_learner(mj_training *t, mj_tape *tape, mj_adam_config config, mj_err *err)
{
    mj_tape_slab slab = mj_tape_params_slab(tape);
    learner *l = t->learner + t->n_learners++;
    l->tape = tape;
    t->state.memory_B += mj_tape_memory_count(tape).total_B + 3 * slab.n_trained * sizeof(mj_real);
    return mj_adam_init(&l->adam, config, slab.params, slab.n_trained, t->arena, err);
}

static mj_status (*task_of(const mj_recipe *recipe))(mj_task *, const mj_task_input *, mj_arena *,
                                                     mj_err *)
{
    int objective = recipe->objective.kind;
    return recipe->model.kind == MJ_TRAINED_LUT           ? mj_task_lut
           : recipe->model.kind == MJ_TRAINED_EQUILIBRIUM ? mj_task_equilibrium
           : objective == MJ_OBJECTIVE_CLASSIFY  ? mj_task_classify
           : objective == MJ_OBJECTIVE_NEXT_BYTE ? mj_task_text
                                                 : mj_task_generate;
}

mj_status mj_training_new(mj_training **training, const mj_training_setup *setup, mj_arena *arena,
                          mj_err *err)
{
    const mj_recipe *recipe = setup->recipe;
    mj_training *t = mj_arena_alloc(arena, sizeof *t);
    if (!t) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a training");
    }
    bool is_text = recipe->objective.kind == MJ_OBJECTIVE_NEXT_BYTE;
    *t = (mj_training){.recipe = recipe, .corpus = is_text ? setup->corpus : NULL, .arena = arena};
    const mj_task_input input = {.recipe = recipe, .train = setup->train, .corpus = setup->corpus,
                                 .init_path = setup->init_path,
                                 .network_path = setup->network_path, .limit_B = setup->limit_B};
    mj_kernels_variant(t->kernel, sizeof t->kernel);
    *training = t;
    if (recipe->model.kind == MJ_TRAINED_LOOKUP) {
        MJ_TRY(mj_task_lookup(&t->task, &input, arena, err));
        t->state = (mj_training_state){.n_steps = t->task.n_steps, .memory_B = t->task.memory_B,
                                       .images_per_step = t->task.images_per_step};
        return setup->minutes > 0 ? mj_err_add(err, MJ_ERANGE, recipe->path, 0, 0,
                                               "trained for epochs of its text, not for minutes")
                                  : MJ_OK;
    }
    MJ_TRY(task_of(recipe)(&t->task, &input, arena, err));
    const mj_adam_config config = {.lr = recipe->train.lr, .ema = recipe->train.ema,
                                   .beta2 = recipe->train.beta2,
                                   .weight_decay = recipe->train.weight_decay,
                                   .decay_matrices = true};
    t->clip.limit = recipe->train.clip;
    MJ_TRY(add_learner(t, t->task.tape, config, err));
    if (t->task.opponent) {
        MJ_TRY(add_learner(t, t->task.opponent, opponent_config(&t->task), err));
    }
    long long n_steps = t->task.n_steps > 0 ? t->task.n_steps : recipe->train.steps;
    bool by_time = setup->minutes > 0 || n_steps == 0;
    t->minutes = setup->minutes > 0 ? setup->minutes : recipe->train.minutes;
    t->state.n_steps = by_time ? 0 : n_steps;
    t->state.images_per_step = t->task.images_per_step;
    t->state.memory_B += t->task.memory_B;
    set_schedule(t);
    return MJ_OK;
}

mj_training_state mj_training_state_of(const mj_training *t)
{
    mj_training_state state = t->state;
    double second_s = state.step > 0 ? state.elapsed_s / (double)state.step : 0;
    state.left_s = state.n_steps > 0 ? second_s * (double)(state.n_steps - state.step)
                                     : 60 * t->minutes - state.elapsed_s;
    return state;
}

bool mj_training_is_done(const mj_training *t)
{
    return t->state.n_steps > 0 && t->state.step >= t->state.n_steps;
}

/* The first tensor that is not finite, or, if all are, the loss. */
static mj_status not_finite(const mj_training *t, mj_err *err)
{
    const char *name = "loss";
    bool is_gradient = false, found = false;
    for (int i = 0; i < t->n_learners && !found; i++) {
        found = mj_tape_find_nan(t->learner[i].tape, &name, &is_gradient);
    }
    return mj_err_add(err, MJ_ERANGE, t->recipe->path, 0, 0,
                      "step %lld: %s%s is not finite; the last checkpoint is intact",
                      t->state.step, is_gradient ? "the gradient of " : "", name);
}

mj_status mj_training_step(mj_training *t, double *loss, mj_err *err)
{
    double start_s = now_s(CLOCK_MONOTONIC), start_cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID);
    mj_training_state *state = &t->state;
    double progress = state->n_steps > 0 ? (double)state->step / (double)state->n_steps
                                         : state->elapsed_s / (60 * t->minutes);
    if (t->task.progress) {
        t->task.progress(t->task.self, progress);
    }
    *loss = t->task.step(t->task.self, (uint32_t)state->step);
    double norm[2];
    if (!isfinite(*loss)) {
        return not_finite(t, err);
    }
    for (int i = 0; i < t->n_learners; i++) {
        mj_tape_slab slab = mj_tape_params_slab(t->learner[i].tape);
        norm[i] = sqrt(mj_squares_sum(slab.grads, slab.n_trained));
        if (!isfinite(norm[i])) {
            return not_finite(t, err);
        }
    }
    double lr = mj_schedule_scale(&t->schedule, (uint64_t)state->step, progress);
    if (t->n_learners > 0) {
        const mj_adam *adam = &t->learner[0].adam;
        mj_adam_step(&t->learner[0].adam, t->task.tape, lr, mj_clip_scale(&t->clip, norm[0]));
        if (t->task.learned) {
            mj_real *const slab[MJ_SLABS_N] = {mj_tape_params_slab(t->task.tape).params, adam->m,
                                               adam->v, adam->average};
            t->task.learned(t->task.self, (uint32_t)state->step, progress, slab);
        }
    }
    if (t->n_learners > 1) {
        mj_adam_step(&t->learner[1].adam, t->task.opponent, lr, 1);
    }
    state->step++;
    state->elapsed_s += now_s(CLOCK_MONOTONIC) - start_s;
    state->cpu_s += now_s(CLOCK_PROCESS_CPUTIME_ID) - start_cpu_s;
    if (state->n_steps == 0 && state->step >= STEPS_TIMED && state->elapsed_s >= 30 * t->minutes) {
        state->n_steps = 2 * state->step;
        if (is_classifier(t)) {
            t->schedule.warmup_steps = CLASSIFY_WARMUP * (double)state->n_steps;
        }
    }
    return MJ_OK;
}

/* Walks the trained parameters: adds (or reads) a tensor of each, `from` their slab. */
static mj_status add_all(mj_checkpoint *checkpoint, const mj_tape *tape, const char *prefix,
                         const mj_real *from, const char *without, mj_err *err)
{
    int n_params;
    const mj_param *param = mj_tape_params(tape, &n_params);
    for (int p = 0; p < n_params; p++) {
        if (param[p].lr_scale == 0 || (without && strcmp(param[p].name, without) == 0)) {
            continue;
        }
        char name[NAME_TEXT];
        snprintf(name, sizeof name, "%s%s", prefix, param[p].name);
        mj_shape shape = mj_tape_tensor(tape, param[p].var).shape;
        MJ_TRY(mj_checkpoint_add(checkpoint, name, from + param[p].offset, shape.dim, shape.n_dims,
                                 err));
    }
    return MJ_OK;
}

static mj_status read_all(mj_real *to, const mj_checkpoint *checkpoint, const mj_tape *tape,
                          const char *prefix, mj_err *err)
{
    int n_params;
    const mj_param *param = mj_tape_params(tape, &n_params);
    for (int p = 0; p < n_params; p++) {
        if (param[p].lr_scale == 0) {
            continue;
        }
        char name[NAME_TEXT];
        snprintf(name, sizeof name, "%s%s", prefix, param[p].name);
        mj_shape shape = mj_tape_tensor(tape, param[p].var).shape;
        MJ_TRY(mj_checkpoint_read(to + param[p].offset, checkpoint, name, shape.dim, shape.n_dims,
                                  err));
    }
    return MJ_OK;
}

static mj_status begin(mj_checkpoint *checkpoint, const mj_training *t, mj_arena *arena,
                       mj_err *err)
{
    const mj_checkpoint_run run = {.model = mj_trained_kind_names[t->recipe->model.kind],
                                   .recipe = t->recipe->text, .kernel = t->kernel,
                                   .seed = (uint64_t)t->recipe->train.seed, .step = t->state.step,
                                   .n_threads = mj_threads()};
    mj_checkpoint_init(checkpoint, arena);
    MJ_TRY(mj_checkpoint_set_run(checkpoint, &run, err));
    return t->corpus ? mj_data_add(checkpoint, t->corpus, err) : MJ_OK;
}

/* Numbers of a run beside its tensors. */
enum { ADAM_STEP, CLIP_STEP, CLIP_MEAN, N_STEPS, ELAPSED, CPU, MINUTES, NUMBERS_N };
static const char *const number_keys[NUMBERS_N] = {MJ_RESUME_KEY, "clip.step", "clip.mean_norm",
                                                   "n_steps",   "elapsed_s", "cpu_s",
                                                   "minutes"};

static mj_status fill_save(mj_checkpoint *checkpoint, const mj_training *t, mj_arena *arena,
                           mj_err *err)
{
    const double number[NUMBERS_N] = {
        [ADAM_STEP] = (double)t->learner[0].adam.step, [CLIP_STEP] = (double)t->clip.step,
        [CLIP_MEAN] = t->clip.mean_norm,    [N_STEPS] = (double)t->state.n_steps,
        [ELAPSED] = t->state.elapsed_s,     [CPU] = t->state.cpu_s,
        [MINUTES] = t->minutes};
    MJ_TRY(begin(checkpoint, t, arena, err));
    for (int i = 0; i < NUMBERS_N; i++) {
        MJ_TRY(mj_checkpoint_set_number(checkpoint, number_keys[i], number[i], err));
    }
    for (int i = 0; i < t->n_learners; i++) {
        const mj_tape *tape = t->learner[i].tape;
        const mj_adam *adam = &t->learner[i].adam;
        MJ_TRY(add_all(checkpoint, tape, "", mj_tape_params_slab(tape).params, NULL, err));
        MJ_TRY(add_all(checkpoint, tape, MOMENT_1, adam->m, NULL, err));
        MJ_TRY(add_all(checkpoint, tape, MOMENT_2, adam->v, NULL, err));
        MJ_TRY(add_all(checkpoint, tape, AVERAGE, adam->average, NULL, err));
    }
    return !t->task.save ? MJ_OK : t->task.save(checkpoint, t->task.self, arena, err);
}

mj_status mj_training_save(const mj_training *t, const char *path, mj_err *err)
{
    mj_arena arena;
    mj_checkpoint checkpoint;
    mj_arena_init(&arena, 0);
    mj_status status = fill_save(&checkpoint, t, &arena, err);
    if (status == MJ_OK) {
        status = mj_checkpoint_save(&checkpoint, path, err);
    }
    mj_arena_fini(&arena);
    return status;
}

static mj_status check_same(const mj_training *t, const mj_checkpoint_run *run, const char *path,
                            mj_err *err)
{
    if (strcmp(run->recipe, t->recipe->text) != 0) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                          "the recipe has changed since this checkpoint was written");
    }
    if (run->seed != (uint64_t)t->recipe->train.seed) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                          "written with seed %llu, this run has %d (--seed)",
                          (unsigned long long)run->seed, t->recipe->train.seed);
    }
    if (run->n_threads != mj_threads() || strcmp(run->kernel, t->kernel) != 0) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                          "written with %d threads and kernels '%s', this run has %d and '%s': the "
                          "same bits need the same of both (--threads)",
                          run->n_threads, run->kernel, mj_threads(), t->kernel);
    }
    return MJ_OK;
}

/* What no run of mj has written is refused before it is used. */
static mj_status check_numbers(const double number[NUMBERS_N], long long step, const char *path,
                               mj_err *err)
{
    static const bool is_count[NUMBERS_N] = {[ADAM_STEP] = true, [CLIP_STEP] = true, [N_STEPS] = true};
    for (int i = 0; i < NUMBERS_N; i++) {
        bool counts = number[i] <= STEPS_MAX && number[i] == floor(number[i]);
        if (!isfinite(number[i]) || number[i] < 0 || (is_count[i] && !counts)) {
            return mj_err_add(err, MJ_ERANGE, path, 0, 0, "metadata: %s cannot be %g",
                              number_keys[i], number[i]);
        }
    }
    if ((double)step > STEPS_MAX || (number[N_STEPS] > 0 && number[N_STEPS] < (double)step)) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "metadata: step cannot be %lld", step);
    }
    if (number[N_STEPS] == 0 && !(number[MINUTES] > 0)) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "metadata: neither steps nor minutes");
    }
    return MJ_OK;
}

static mj_status restore(mj_training *t, const char *path, mj_arena *arena, mj_err *err)
{
    mj_checkpoint checkpoint;
    mj_checkpoint_run run;
    double number[NUMBERS_N];
    MJ_TRY(mj_checkpoint_load(&checkpoint, path, arena, err));
    MJ_TRY(mj_checkpoint_get_run(&run, &checkpoint, err));
    MJ_TRY(check_same(t, &run, path, err));
    if (t->corpus) { /* before tensors, whose sizes go with the text's alphabet */
        MJ_TRY(mj_data_check(&checkpoint, t->corpus, err));
    }
    for (int i = 0; i < NUMBERS_N; i++) {
        MJ_TRY(mj_checkpoint_get_number(&number[i], &checkpoint, number_keys[i], err));
    }
    MJ_TRY(check_numbers(number, run.step, path, err));
    for (int i = 0; i < t->n_learners; i++) {
        const mj_tape *tape = t->learner[i].tape;
        mj_adam *adam = &t->learner[i].adam;
        MJ_TRY(read_all(mj_tape_params_slab(tape).params, &checkpoint, tape, "", err));
        MJ_TRY(read_all(adam->m, &checkpoint, tape, MOMENT_1, err));
        MJ_TRY(read_all(adam->v, &checkpoint, tape, MOMENT_2, err));
        MJ_TRY(read_all(adam->average, &checkpoint, tape, AVERAGE, err));
        adam->step = (uint64_t)number[ADAM_STEP];
    }
    if (t->task.restore) {
        MJ_TRY(t->task.restore(t->task.self, &checkpoint, err));
    }
    t->clip.step = (uint64_t)number[CLIP_STEP];
    t->clip.mean_norm = number[CLIP_MEAN];
    t->state.step = run.step;
    t->state.n_steps = (long long)number[N_STEPS];
    t->state.elapsed_s = number[ELAPSED];
    t->state.cpu_s = number[CPU];
    t->minutes = number[MINUTES];
    set_schedule(t);
    if (t->task.restored) {
        t->task.restored(t->task.self);
    }
    return MJ_OK;
}

mj_status mj_training_restore(mj_training *t, const char *path, mj_err *err)
{
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_status status = restore(t, path, &arena, err);
    mj_arena_fini(&arena);
    return status;
}

/* True if all numbers of a row are whole multiples of level, up to `top`. */
static bool stands_on(const mj_real *row, double level, double top, int N)
{
    const double WHOLE = 1e-3; /* far above rounding, far below half a level */
    for (int j = 0; j < N; j++) {
        double code = (double)row[j] / level;
        if (fabs(code) > top + WHOLE || fabs(code - rint(code)) > WHOLE) {
            return false;
        }
    }
    return true;
}

/* The level of each row of couplings that were rounded to levels: the largest of which all of the row
 * are whole multiples. Its smallest magnitude is one to `top` levels. False if a row has none. */
static bool find_levels(float *level, const mj_real *K, int n_rows, int N, int bits)
{
    int top = (1 << (bits - 1)) - 1;
    for (int i = 0; i < n_rows; i++) {
        const mj_real *row = K + (size_t)i * (size_t)N;
        double least = 0;
        for (int j = 0; j < N; j++) {
            double k = fabs((double)row[j]);
            least = k > 0 && (least == 0 || k < least) ? k : least;
        }
        int code = 1;
        while (least > 0 && code <= top && !stands_on(row, least / code, top, N)) {
            code++;
        }
        if (code > top) {
            return false;
        }
        level[i] = (float)(least / code);
    }
    return true;
}

/* The shape that the accountant bills: what stands in the recipe, with the couplings that are left. */
/* The smallest format that holds couplings of so many bits. */
static mj_format format_of(int bits)
{
    return bits == 0 || bits > 16 ? MJ_FORMAT_FP32
           : bits > 8             ? MJ_FORMAT_FP16
           : bits > 6             ? MJ_FORMAT_INT8
           : bits > 4             ? MJ_FORMAT_INT6
           : bits > 3             ? MJ_FORMAT_INT4
           : bits > 2             ? MJ_FORMAT_INT3
                                  : MJ_FORMAT_INT2;
}

static mj_status add_shape(mj_checkpoint *checkpoint, const mj_recipe *recipe, int n_classes,
                           int couplings, mj_arena *arena, mj_err *err)
{
    const mj_recipe_model *m = &recipe->model;
    mj_model shape = {.name = recipe->name, .kind = MJ_MODEL_OSCILLATORS};
    shape.oscillator.width = m->width;
    shape.oscillator.height = m->height;
    shape.oscillator.visible = m->width * m->height;
    shape.oscillator.hidden = m->hidden_fixed + m->hidden_random;
    shape.oscillator.random = m->hidden_random;
    shape.oscillator.classes = n_classes;
    shape.oscillator.couplings = couplings;
    shape.oscillator.coupling_bits = m->coupling_bits > 0 ? m->coupling_bits : 32;
    shape.oscillator.segments = m->segments;
    shape.oscillator.harmonics = m->harmonics.response.n_harmonics;
    shape.oscillator.start_bits = recipe->start_bits > 0 ? recipe->start_bits : START_BITS;
    shape.oscillator.span = recipe->integrate.span;
    shape.oscillator.steps = SOLVED_STEPS;
    shape.oscillator.stages = SOLVED_STAGES;
    shape.precision.ffn = format_of(m->coupling_bits);
    const char *text = mj_trained_describe(&shape, arena);
    return text ? mj_checkpoint_set_text(checkpoint, MJ_TRAINED_KEY, text, err)
                : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the model's text");
}

/* What add_couplings works on. */
typedef struct {
    mj_real *K;     /* [P,N,N] */
    float *level;   /* [P,N] */
    uint8_t *mask;  /* [N,N] */
} coupling_memory;

static mj_status coupling_memory_init(coupling_memory *m, size_t N, size_t P, mj_arena *arena,
                                      mj_err *err)
{
    *m = (coupling_memory){.K = mj_arena_array(arena, P * N * N, sizeof *m->K),
                           .level = mj_arena_array(arena, P * N, sizeof *m->level),
                           .mask = mj_arena_array(arena, N * N, 1)};
    return m->K && m->level && m->mask
               ? MJ_OK
               : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for couplings");
}

/* Couplings as the chip of the recipe has them, packed if their levels allow. */
static mj_status add_couplings(mj_checkpoint *checkpoint, const mj_training *t, mj_arena *arena,
                               mj_err *err)
{
    const mj_recipe_model *model = &t->recipe->model;
    int n_params, which = -1, start = -1;
    const mj_param *param = mj_tape_params(t->task.tape, &n_params);
    for (int p = 0; p < n_params; p++) {
        which = strcmp(param[p].name, "K") == 0 ? p : which;
        start = strcmp(param[p].name, "theta0") == 0 ? p : start;
    }
    const mj_real *M = t->learner[0].adam.average + param[which].offset;
    mj_shape shape = mj_tape_tensor(t->task.tape, param[which].var).shape;
    int N = mj_shape_columns(shape), P = shape.n_dims > 2 ? shape.dim[0] : 1;
    int bits = model->coupling_bits, couplings = 0;
    coupling_memory m;
    MJ_TRY(coupling_memory_init(&m, (size_t)N, (size_t)P, arena, err));
    mj_coupling_mask_of(m.mask, M, N, P);
    const mj_coupling coupling = {.n = N, .n_segments = P, .symmetric = model->symmetric,
                                  .mask = m.mask, .bits = bits};
    mj_coupling_forward(m.K, M, &coupling);
    mj_coupling_mask_of(m.mask, m.K, N, P); /* what rounding has left */
    for (size_t k = 0; k < (size_t)N * (size_t)N; k++) {
        couplings += m.mask[k];
    }
    int n_classes = (int)(param[start].n / (size_t)N); /* a row of start phases each */
    MJ_TRY(add_shape(checkpoint, t->recipe, n_classes, couplings, arena, err));
    if (bits >= MJ_PACK_BITS_MIN && bits <= MJ_PACK_BITS_MAX &&
        find_levels(m.level, m.K, P * N, N, bits)) {
        const mj_pack_shape packed = {.rows = P * N, .columns = N, .bits = bits};
        return mj_checkpoint_add_packed(checkpoint, "K", m.K, m.level, packed, err);
    }
    return mj_checkpoint_add(checkpoint, "K", m.K, shape.dim, shape.n_dims, err);
}

mj_status mj_training_judge(double *loss, mj_training *t, const mj_dataset *test, int n_samples,
                            mj_err *err)
{
    if (!t->task.judge) {
        return mj_err_add(err, MJ_ESUPPORT, t->recipe->path, 0, 0,
                          "no loss on other data is measured of such a model while it trains");
    }
    return t->task.judge(loss, t->task.self, test, n_samples, t->learner[0].adam.average, err);
}

static mj_status fill_export(mj_checkpoint *checkpoint, const mj_training *t, const mj_note *note,
                             int n_notes, mj_arena *arena, mj_err *err)
{
    bool oscillator = t->recipe->model.kind == MJ_TRAINED_OSCILLATOR;
    MJ_TRY(begin(checkpoint, t, arena, err));
    MJ_TRY(mj_checkpoint_set_number(checkpoint, "elapsed_s", t->state.elapsed_s, err));
    MJ_TRY(mj_checkpoint_set_number(checkpoint, "cpu_s", t->state.cpu_s, err));
    for (int i = 0; i < n_notes; i++) {
        MJ_TRY(mj_checkpoint_set_text(checkpoint, note[i].key, note[i].text, err));
    }
    if (t->task.ship) {
        const mj_real *average = t->n_learners > 0 ? t->learner[0].adam.average : NULL;
        return t->task.ship(checkpoint, t->task.self, average, arena, err);
    }
    MJ_TRY(add_all(checkpoint, t->task.tape, "", t->learner[0].adam.average,
                   oscillator ? "K" : NULL, err));
    return oscillator ? add_couplings(checkpoint, t, arena, err) : MJ_OK;
}

mj_status mj_training_export(const mj_training *t, const char *path, const mj_note *note,
                             int n_notes, mj_err *err)
{
    mj_arena arena;
    mj_checkpoint checkpoint;
    mj_arena_init(&arena, 0);
    mj_status status = fill_export(&checkpoint, t, note, n_notes, &arena, err);
    if (status == MJ_OK) {
        status = mj_checkpoint_save(&checkpoint, path, err);
    }
    mj_arena_fini(&arena);
    return status;
}
