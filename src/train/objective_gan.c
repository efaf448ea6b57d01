/* A generator against a discriminator, which learns in the same step from the same images.
 *
 * Both gradients belong to the parameters before the step. The discriminator stands on a tape of its
 * own: it is saved with the run, and a trained generator leaves it behind. With `network` it starts
 * from a trained classifier of patches, whose outputs are classes too; without, from random numbers. */
#include "objective.h"

#include "mj/discriminator.h"
#include "task.h"

/* Of the squared slopes (discriminator.h), for pixels in [0, 1]. */
static const double PENALTY = 1;

typedef struct {
    mj_objective_input input;
    mj_discriminator discriminator;
} gan;

static double gradient(void *self, const mj_real *real, uint32_t step)
{
    (void)step;
    gan *g = self;
    mj_tensor pixel = mj_tape_tensor(g->input.tape, g->input.pixel);
    return mj_discriminator_gradient(pixel.d, &g->discriminator, pixel.v, real,
                                     mj_tape_tensor(g->input.tape, g->input.label).label);
}

static mj_status prepare(void *self, mj_arena *arena, mj_err *err)
{
    const gan *g = self;
    return g->input.network_path
               ? mj_task_read(g->discriminator.tape, MJ_DISCRIMINATOR_PREFIX, g->input.network_path,
                              arena, err)
               : MJ_OK;
}

mj_status mj_objective_gan(mj_objective *objective, const mj_objective_input *input,
                           mj_arena *arena, mj_err *err)
{
    const mj_recipe_train *train = &input->recipe->train;
    const mj_recipe_objective *given = &input->recipe->objective;
    const mj_discriminator_config config = {
        .n_pairs = train->n_class * train->n_generated, .n_class = input->n_classes,
        .penalty = given->penalty > 0 ? given->penalty : PENALTY};
    if (input->width != MJ_CLASSIFIER_SIDE || input->height != MJ_CLASSIFIER_SIDE) {
        return mj_err_add(err, MJ_ERANGE, input->recipe->path, 0, 0,
                          "the objective gan takes images of 28x28, not %dx%d", input->width,
                          input->height);
    }
    gan *g = mj_arena_alloc(arena, sizeof *g);
    if (!g) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the objective");
    }
    g->input = *input;
    MJ_TRY(mj_discriminator_init(&g->discriminator, config, (uint64_t)train->seed, input->limit_B,
                                 arena, err));
    *objective = (mj_objective){.self = g, .prepare = prepare, .gradient = gradient,
                                .opponent = g->discriminator.tape,
                                .opponent_lr = given->lr > 0 ? given->lr : train->lr};
    return MJ_OK;
}
