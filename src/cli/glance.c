/* Glance: draws, judges, forgets. */
#include "glance.h"

#include "mj/sampler.h"
#include "train_commands.h"

enum { IMAGES_N = 1000, STEPS = 24 };

struct mj_glance {
    mj_context *context;
    const mj_recipe *recipe;
    mj_judge *judge;
    mj_real *image;
    int *label;
};

mj_status mj_glance_new(mj_glance **glance, mj_context *context, const mj_recipe *recipe,
                        const mj_dataset *train, const mj_dataset *test)
{
    mj_arena *arena = &context->arena;
    const char *reason = mj_yardstick_refusal(context, recipe->data, train->n_classes, train->width,
                                              train->height);
    mj_glance *g = mj_arena_alloc(arena, sizeof *g);
    if (!g) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    *g = (mj_glance){.context = context, .recipe = recipe};
    size_t size = (size_t)(train->width * train->height);
    g->image = mj_arena_array(arena, IMAGES_N * size, sizeof *g->image);
    g->label = mj_arena_array(arena, IMAGES_N, sizeof *g->label);
    if (!g->image || !g->label) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "no memory for images");
    }
    mj_labels_fill(g->label, IMAGES_N, train->n_classes);
    MJ_TRY(mj_load_judge(&g->judge, context, train, test, reason != NULL));
    *glance = g;
    return MJ_OK;
}

static mj_status draw(const mj_glance *g, const char *model, mj_arena *arena)
{
    mj_context *context = g->context;
    const mj_sampler_config config = {.integrator = MJ_RK4, .precision = MJ_PRECISION_INT8};
    const mj_sampling sampling = {.n_steps = STEPS, .noise = g->recipe->noise, .readout = 1,
                                  .start_bits = g->recipe->start_bits};
    mj_sampler *sampler;
    MJ_TRY(mj_sampler_load(&sampler, model, config, mj_context_units(context), arena,
                           &context->err));
    return mj_sampler_run(sampler, g->image, g->label, IMAGES_N, &sampling, &context->err);
}

mj_status mj_glance_take(double *frechet, mj_glance *g, const char *model)
{
    mj_score score;
    mj_arena arena; /* of the sampler: many glances must not add up */
    mj_arena_init(&arena, 0);
    mj_status status = draw(g, model, &arena);
    mj_arena_fini(&arena);
    MJ_TRY(status);
    MJ_TRY(mj_judge_score(&score, g->judge, g->image, g->label, IMAGES_N, &g->context->err));
    *frechet = score.frechet;
    return MJ_OK;
}
