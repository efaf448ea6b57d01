/* mj sample: images of a trained generator in a grid, a column a class, or how they come about; of a
 * language model, text (sample_text.c). */
#include "mj/kernels.h"
#include "mj/language.h"
#include "mj/png.h"
#include "mj/raster.h"
#include "mj/sampler.h"
#include "mj/trajectory.h"
#include "options.h"
#include "ring_chip.h"
#include "train_commands.h"

enum { TEXT_DEFAULT = 400, N_DEFAULT = 100, N_MAX = 100000, STEPS = 24, SCALE = 2, THREADS_MAX = 256 };
/* Of an animation: a second and a half on the way, as long for the result. */
enum { TRAJECTORY_DEFAULT = 30, TRAJECTORY_MAX = 100, FRAME_MS = 80, LAST_MS = 2000, FOOT_PX = 32 };

typedef struct {
    const char *out, *prompt, *on, *substrate;
    int n, threads;
    double temperature, top_p;
    bool trajectory, n_given, draws_text; /* draws_text: an option of text is there */
} request;

/* The sampler and what it is asked for. */
typedef struct {
    mj_sampler *sampler;
    mj_sampling sampling;
    int *label;
    int n, width, height, columns;
} drawing;

static mj_status draw_grid(mj_image *image, const drawing *d, mj_arena *arena, mj_err *err)
{
    mj_real *x = mj_arena_array(arena, (size_t)d->n * (size_t)(d->width * d->height), sizeof *x);
    if (!x) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d images", d->n);
    }
    MJ_TRY(mj_sampler_run(d->sampler, x, d->label, d->n, &d->sampling, err));
    const mj_grid grid = {.n = d->n, .height = d->height, .width = d->width, .columns = d->columns,
                          .scale = SCALE};
    return mj_grid_draw(image, x, &grid, arena, err);
}

/* Model time and what is to be seen, in the foot of a frame. */
static void write_caption(mj_image *frame, int step, int n_steps, double span)
{
    static const char *const words = "above: read out    below: every phase, hidden ones last";
    static const unsigned bright = 0xe4e7ea, dim = 0x9aa5b0;
    const mj_raster raster = {frame->pixel, frame->width, frame->height, 1};
    char text[64];
    mj_raster_type type = {.x = 4, .y = frame->height - 9, .size = 16};
    snprintf(text, sizeof text, "t = %.2f of %g", span * step / n_steps, span);
    mj_raster_text(&raster, &type, text, bright);
    double end = type.x + mj_raster_text_width(&type, text);
    type.x = frame->width - 4 - mj_raster_text_width(&type, words);
    if (type.x > end + type.size) {
        mj_raster_text(&raster, &type, words, dim);
    }
}

static mj_status draw_trajectory(mj_image **frame, const drawing *d, mj_arena *arena, mj_err *err)
{
    int N = mj_sampler_oscillators(d->sampler), n_steps = d->sampling.n_steps;
    double span = mj_sampler_recipe(d->sampler)->integrate.span;
    size_t all = (size_t)(n_steps + 1) * (size_t)d->n * (size_t)N;
    mj_real *path = mj_arena_array(arena, all, sizeof *path);
    if (!path) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the phases of %d samples", d->n);
    }
    MJ_TRY(mj_sampler_trace(d->sampler, path, d->label, &d->sampling, err));
    const mj_trajectory trajectory = {.n = d->n, .n_steps = n_steps, .n_oscillators = N,
                                      .width = d->width, .height = d->height,
                                      .columns = d->columns, .foot = FOOT_PX};
    MJ_TRY(mj_trajectory_draw(frame, path, &trajectory, arena, err));
    for (int step = 0; step <= n_steps; step++) {
        write_caption(&(*frame)[step], step, n_steps, span);
    }
    return MJ_OK;
}

static mj_status run_images(mj_context *context, const request *r, const char *path)
{
    mj_arena *arena = &context->arena;
    mj_err *err = &context->err;
    drawing d = {.n = r->n};
    const mj_units *units = mj_context_units(context);
    if (!units) {
        return MJ_EMEM;
    }
    MJ_TRY(mj_seed_read(&d.sampling.seed, context));
    mj_ring_chip chip;
    if (r->substrate) {
        MJ_TRY(mj_ring_chip_load(&chip, context, r->substrate));
    }
    const mj_sampler_config config = {.integrator = MJ_RK4, .n_batch = r->trajectory ? r->n : 0,
                                      .response = r->substrate ? &chip.response : NULL};
    MJ_TRY(mj_sampler_load(&d.sampler, path, config, units, arena, err));
    if (r->substrate) {
        mj_ring_chip_fit(&chip, d.sampler);
    }
    const mj_recipe *recipe = mj_sampler_recipe(d.sampler);
    d.width = recipe->model.width;
    d.height = recipe->model.height;
    d.columns = mj_sampler_classes(d.sampler);
    d.label = mj_arena_array(arena, (size_t)r->n, sizeof *d.label);
    if (!d.label) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d images", r->n);
    }
    mj_labels_fill(d.label, r->n, mj_sampler_classes(d.sampler));
    d.sampling = (mj_sampling){.n_steps = mj_sampler_steps(d.sampler, STEPS), .noise = recipe->noise,
                               .readout = 1, .start_bits = recipe->start_bits, .seed = d.sampling.seed};
    if (r->substrate) {
        d.sampling.noise = chip.map.noise;
        d.sampling.detuning = chip.map.detuning;
    }
    if (r->trajectory) {
        mj_image *frame;
        MJ_TRY(draw_trajectory(&frame, &d, arena, err));
        const mj_animation animation = {frame, d.sampling.n_steps + 1, FRAME_MS, LAST_MS};
        return mj_png_animate(r->out, &animation, err);
    }
    mj_image image;
    MJ_TRY(draw_grid(&image, &d, arena, err));
    return mj_png_save(r->out, &image, err);
}

static mj_status run_text(mj_context *context, const request *r, const char *path)
{
    if (r->out || r->trajectory || r->substrate) {
        return mj_err_add(&context->err, MJ_EKEY, NULL, 0, 0,
                          "--out, --trajectory and --substrate are for generators of images; text goes to stdout");
    }
    if (!(r->top_p > 0)) { /* the library takes 0 for "not given" */
        return mj_err_add(&context->err, MJ_ERANGE, NULL, 0, 0,
                          "--top-p 0 leaves no symbol to draw: it must be above 0 and at most 1 "
                          "(--temperature 0 takes the likeliest)");
    }
    const mj_text_sample sample = {.path = path, .prompt = r->prompt ? r->prompt : "", .on = r->on,
                                   .n = r->n_given ? r->n : TEXT_DEFAULT,
                                   .temperature = r->temperature, .top_p = r->top_p};
    return mj_sample_text(context, &sample);
}

/* By the kind of the model. */
static mj_status run(mj_context *context, request *r, const char *model)
{
    mj_err *err = &context->err;
    const char *path;
    mj_threads_set(r->threads);
    MJ_TRY(mj_find_model(&path, context, model));
    if (mj_language_is(path, &context->arena)) {
        return run_text(context, r, path);
    }
    if (r->draws_text || r->prompt || r->on) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0,
                          "--prompt, --temperature, --top-p and --on are for language models");
    }
    if (!r->out) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0, "mj sample needs --out FILE.png");
    }
    if (mj_is_image_lut(path, context)) {
        if (r->trajectory || r->substrate) {
            return mj_err_add(err, MJ_EKEY, NULL, 0, 0,
                              "--trajectory and --substrate are for oscillators");
        }
        MJ_TRY(mj_sample_lut(context, path, r->out, r->n));
        printf("%s\n", r->out);
        return MJ_OK;
    }
    if (r->trajectory && r->n_given && r->n > TRAJECTORY_MAX) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0, "--trajectory draws at most %d samples",
                          TRAJECTORY_MAX);
    }
    r->n = r->trajectory && !r->n_given ? TRAJECTORY_DEFAULT : r->n;
    MJ_TRY(run_images(context, r, path));
    printf("%s\n", r->out);
    return MJ_OK;
}

int mj_cmd_sample(mj_context *context, int argc, char **argv)
{
    request r = {.n = N_DEFAULT, .threads = 1, .temperature = 1, .top_p = 1};
    const mj_option option[] = {
        {.name = "n", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.n, .min = 1,
         .max = N_MAX, .given = &r.n_given, .help = "images (100; with --trajectory 30), or bytes of text (400)"},
        {.name = "out", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r.out,
         .help = "PNG to write"},
        {.name = "substrate", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r.substrate,
         .help = "of oscillators: measured rings to run on (mj eval --help)"},
        {.name = "trajectory", .kind = MJ_OPTION_FLAG, .target = &r.trajectory,
         .help = "an animated PNG: the phases from start to read-out"},
        {.name = "prompt", .argument = "TEXT", .kind = MJ_OPTION_TEXT, .target = &r.prompt,
         .help = "what a language model goes on from"},
        {.name = "temperature", .argument = "T", .kind = MJ_OPTION_REAL, .target = &r.temperature,
         .min = 0, .max = 100, .given = &r.draws_text,
         .help = "below 1 the likely is likelier; 0: the likeliest symbol, always (1)"},
        {.name = "top-p", .argument = "P", .kind = MJ_OPTION_REAL, .target = &r.top_p, .min = 0,
         .max = 1, .given = &r.draws_text,
         .help = "draw among the fewest symbols that have this probability together (1)"},
        {.name = "on", .argument = "CHIP", .kind = MJ_OPTION_TEXT, .target = &r.on,
         .help = "machine whose joules a token of the text would take (sram-chip)"},
        {.name = "threads", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.threads, .min = 1,
         .max = THREADS_MAX, .help = "threads (1)"},
    };
    const mj_usage usage = {
        .sentence = "MODEL",
        .about = "Draws images, a column a class, with the phase noise of the training, integrated by\n"
                 "RK4; of a language model, text. MODEL is a name in data/trained, a path, or a\n"
                 "folder of mj train.",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .takes_seed = true,
        .refuses = "json csv facts",
        .example = "mj sample oscillator-fashion --out samples.png\n"
                   "mj sample oscillator-fashion --trajectory --out phases.png\n"
                   "mj sample /tmp/run/model.safetensors --prompt 'In the beginning' --top-p 0.9",
    };
    const char *word[1];
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "sample", &usage, word, argc, argv)) {
        return exit_code;
    }
    return run(context, &r, word[0]) == MJ_OK ? MJ_EXIT_OK : mj_context_fail(context);
}
