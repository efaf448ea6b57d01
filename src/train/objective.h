/* Objective: what a generator is trained towards, whatever makes its images. It sees the node of their
 * pixels on the generator's tape, and real images of the same classes; it leaves gradients.
 *
 *     MJ_TRY(mj_objective_record(&objective, &input, arena, err));    with the generator on the tape
 *     MJ_TRY(mj_tape_allocate(tape, limit_B));
 *     MJ_TRY(objective.prepare(objective.self, arena, err));
 *     ... each step: classes and real images are drawn, mj_tape_forward(tape), gradients cleared ...
 *     loss = objective.gradient(objective.self, real, step);
 *     mj_tape_backward(tape);
 *
 * Everything that a step does is a function of seed, step, and the parameters of both tapes. */
#ifndef MJ_TRAIN_OBJECTIVE_H
#define MJ_TRAIN_OBJECTIVE_H

#include "mj/recipe.h"
#include "mj/tape.h"

/* Samples of a class stand together, generated and real ones in the same order of classes. */
typedef struct {
    const mj_recipe *recipe;  /* objective and train */
    mj_tape *tape;            /* of the generator; not allocated yet */
    mj_var pixel;             /* [n_class * n_generated, width * height] */
    mj_var label;             /* [n_class * n_generated] */
    int width, height;        /* of images */
    int n_classes;            /* of the data, of which a step takes train.n_class */
    const char *network_path; /* of objective.network, or NULL */
    size_t limit_B;           /* memory of each tape; 0: no limit */
} mj_objective_input;

typedef struct {
    void *self;
    /* After the tape was allocated: memory of its own, and parameters that come from files. */
    mj_status (*prepare)(void *self, mj_arena *arena, mj_err *err);
    /* Adds dloss/dvalue at nodes of the tape and returns the loss, whose scale is the objective's own.
     * real [n_class * n_real, width * height]. */
    double (*gradient)(void *self, const mj_real *real, uint32_t step);
    /* A second tape, trained against the generator's: gradient() leaves its parameters' gradients on
     * it. NULL: none. */
    mj_tape *opponent;
    double opponent_lr; /* its learning rate */
    size_t memory_B;    /* of all but the generator's tape and the opponent */
} mj_objective;

/* Puts what it needs behind the pixels. A recipe of another kind of model has no objective here. */
mj_status mj_objective_record(mj_objective *objective, const mj_objective_input *input,
                              mj_arena *arena, mj_err *err);

/* The kinds. */
mj_status mj_objective_sets(mj_objective *objective, const mj_objective_input *input,
                            mj_arena *arena, mj_err *err);
mj_status mj_objective_gan(mj_objective *objective, const mj_objective_input *input,
                           mj_arena *arena, mj_err *err);

#endif
