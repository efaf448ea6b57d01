/* Task: what one step of a training does: record the networks once, then fill inputs, run forward,
 * set the gradient, run backward. One a kind of objective. */
#ifndef MJ_TRAIN_TASK_H
#define MJ_TRAIN_TASK_H

#include "mj/checkpoint.h"
#include "mj/corpus.h"
#include "mj/dataset.h"
#include "mj/language.h"
#include "mj/recipe.h"
#include "mj/tape.h"

typedef struct {
    const mj_recipe *recipe;
    const mj_dataset *train;  /* of images, or */
    const mj_corpus *corpus;  /* of text */
    const char *init_path, *network_path; /* files of recipe's model.init and objective.network */
    size_t limit_B;                       /* memory; 0: no limit */
} mj_task_input;

enum { MJ_SLABS_N = 4 };

/* Everything that a step reads is a function of the recipe's seed, the step, and the parameters. */
typedef struct {
    mj_tape *tape;
    int images_per_step;
    void *self;
    /* Leaves dL/dparameter in the gradients of both tapes, which it clears first; returns the loss. */
    double (*step)(void *self, uint32_t step);
    /* Before a step: the share of the run that is done; may be NULL. */
    void (*progress)(void *self, double progress);
    /* After the parameters were replaced by saved ones; may be NULL. */
    void (*restored)(void *self);
    /* After the optimiser's step, to move what it keeps of a parameter: slab[0] the parameters, then
     * its moments and average. May be NULL. */
    void (*learned)(void *self, uint32_t step, double progress, mj_real *const slab[MJ_SLABS_N]);
    mj_tape *opponent; /* a second tape, trained in the same steps and not exported; NULL: none */
    double opponent_lr;
    /* A task that keeps its parameters itself has no tape, and its step learns as well. It knows how
     * many steps it takes (others: 0), adds all that a restore needs to a checkpoint and reads it back,
     * and adds what ships to an export. A task with a tape may do so for what is not a parameter, and
     * ship the averaged parameters in its own way; else NULL. What is added is of the arena or stays
     * until the task's end. */
    long long n_steps;
    size_t memory_B; /* of all, or with a tape of what is beside tape and opponent */
    mj_status (*save)(mj_checkpoint *to, const void *self, mj_arena *arena, mj_err *err);
    mj_status (*restore)(void *self, const mj_checkpoint *from, mj_err *err);
    mj_status (*ship)(mj_checkpoint *to, const void *self, const mj_real *average, mj_arena *arena,
                      mj_err *err);
    /* mj_training_judge(); NULL: no such measure. */
    mj_status (*judge)(double *loss, void *self, const mj_dataset *test, int n_samples,
                       const mj_real *average, mj_err *err);
} mj_task;

mj_status mj_task_classify(mj_task *task, const mj_task_input *input, mj_arena *arena, mj_err *err);
mj_status mj_task_equilibrium(mj_task *task, const mj_task_input *input, mj_arena *arena, mj_err *err);
mj_status mj_task_lookup(mj_task *task, const mj_task_input *input, mj_arena *arena, mj_err *err);
mj_status mj_task_lut(mj_task *task, const mj_task_input *input, mj_arena *arena, mj_err *err);
mj_status mj_task_generate(mj_task *task, const mj_task_input *input, mj_arena *arena, mj_err *err);
mj_status mj_task_text(mj_task *task, const mj_task_input *input, mj_arena *arena, mj_err *err);

/* Who draws random numbers beside the tape. A tape's noise has the step, below 2^31, where these have
 * the top bit. */
enum { MJ_STREAM_DRAW = 1, MJ_STREAM_EPOCH, MJ_STREAM_MIRROR, MJ_STREAM_CROP, MJ_STREAM_MASK,
       MJ_STREAM_LOOK };
static inline uint64_t mj_task_stream(int who, uint32_t count)
{
    return 1ull << 63 | (uint64_t)who << 32 | count;
}

/* The same for noise keys: streams of a tape are numbers of its nodes, far below these. */
static inline uint32_t mj_task_noise(int who)
{
    return 1u << 31 | (uint32_t)who;
}

/* Fills every parameter of the tape whose name begins with `prefix` from a file's tensor of the same
 * name without it. */
mj_status mj_task_read(mj_tape *tape, const char *prefix, const char *path, mj_arena *arena,
                       mj_err *err);

#endif
