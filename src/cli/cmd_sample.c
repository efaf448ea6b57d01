/* mj sample: images of a trained generator in a grid, a column a class. */
#include "mj/kernels.h"
#include "mj/png.h"
#include "mj/sampler.h"
#include "options.h"
#include "train_commands.h"

enum { N_MAX = 100000, STEPS = 24, SCALE = 2, THREADS_MAX = 256 };

typedef struct {
    const char *out;
    int n, threads;
} request;

static mj_status run(mj_context *context, const request *r, const char *model)
{
    mj_arena *arena = &context->arena;
    mj_err *err = &context->err;
    const char *path;
    mj_sampler *sampler;
    const mj_units *units = mj_context_units(context);
    if (!units) {
        return MJ_EMEM;
    }
    uint32_t seed;
    MJ_TRY(mj_seed_read(&seed, context));
    mj_threads_set(r->threads);
    MJ_TRY(mj_find_file(&path, context, "trained", ".safetensors", model));
    MJ_TRY(mj_sampler_load(&sampler, path, (mj_sampler_config){.integrator = MJ_RK4}, units, arena,
                           err));
    const mj_recipe *recipe = mj_sampler_recipe(sampler);
    int width = recipe->model.width, height = recipe->model.height;
    mj_real *x = mj_arena_array(arena, (size_t)r->n * (size_t)(width * height), sizeof *x);
    int *label = mj_arena_array(arena, (size_t)r->n, sizeof *label);
    if (!x || !label) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d images", r->n);
    }
    mj_labels_fill(label, r->n, mj_sampler_classes(sampler));
    const mj_sampling sampling = {.n_steps = STEPS, .noise = recipe->noise, .readout = 1,
                                  .start_bits = recipe->start_bits,
                                  .seed = seed};
    MJ_TRY(mj_sampler_run(sampler, x, label, r->n, &sampling, err));
    mj_image image;
    const mj_grid grid = {.n = r->n, .height = height, .width = width,
                          .columns = mj_sampler_classes(sampler), .scale = SCALE};
    MJ_TRY(mj_grid_draw(&image, x, &grid, arena, err));
    return mj_png_save(r->out, &image, err);
}

int mj_cmd_sample(mj_context *context, int argc, char **argv)
{
    request r = {.n = 100, .threads = 1};
    const mj_option option[] = {
        {.name = "n", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.n, .min = 1,
         .max = N_MAX, .help = "images (100)"},
        {.name = "out", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r.out,
         .help = "PNG to write"},
        {.name = "threads", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.threads, .min = 1,
         .max = THREADS_MAX, .help = "threads (1)"},
    };
    const mj_usage usage = {
        .sentence = "MODEL",
        .about = "Draws images, a column a class, with the phase noise of the training, integrated by\n"
                 "RK4. MODEL is a name in data/trained or a path.",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .takes_seed = true,
        .refuses = "json csv facts",
        .example = "mj sample oscillator-fashion --out samples.png",
    };
    const char *word[1];
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "sample", &usage, word, argc, argv)) {
        return exit_code;
    }
    if (!r.out) {
        return mj_context_fail_with(context, MJ_EKEY, "mj sample needs --out FILE.png");
    }
    if (run(context, &r, word[0]) != MJ_OK) {
        return mj_context_fail(context);
    }
    printf("%s\n", r.out);
    return MJ_EXIT_OK;
}
