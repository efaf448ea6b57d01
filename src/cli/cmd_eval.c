/* mj eval: what images of a trained generator are worth, on the chip as meant and as chips are.
 * Language models: eval_text.c.
 *
 * Options that take a list give one row for every combination of their values. The differential
 * equation is solved accurately (RK4, 24 steps) unless asked otherwise: a circuit does not run the
 * steps of a training. */
#include "eval_job.h"
#include "mj/equilibrium_file.h"
#include "mj/kernels.h"
#include "mj/language.h"
#include "mj/text.h"
#include "options.h"
#include "progress.h"
#include "train_commands.h"

#include <string.h>

enum { N_DEFAULT = 10000, N_MAX = 1000000, STEPS_DEFAULT = 24, STEPS_MAX = 100000, BATCH_MAX = 1 << 20 };
enum { CHIPS_MAX = 1000, THREADS_MAX = 256 };
static const double WITHIN = 0.02; /* bits per byte below which one run differs from the next */

const mj_eval_axis mj_eval_axes[AXES_N] = {
    {"noise", "noise", "noise", "phase noise, rad per square root of model time (as trained)",
     "phase noise, rad per square root of model time", NULL, 0, 100},
    {"bits", "bits", "bits", "precision of couplings, 2 to 16 (as in the file: 0)",
     "bits of a coupling", "as in the file", 0, 16},
    {"mismatch", "mismatch", "mismatch", "relative spread of couplings (0)",
     "relative spread of couplings", NULL, 0, 10},
    {"detuning", "detuning", "detuning", "spread of frequencies, rad per unit of model time (0)",
     "spread of frequencies, rad per unit of model time", NULL, 0, 100},
    {"density", "density", "density", "share of couplings kept, the strongest (as in the file: 0)",
     "share of couplings kept, the strongest", "as in the file", 0, 1},
    {"readout-time", "read-out", "readout_time", "moment of the read-out over the trained one (1)",
     "moment of the read-out over the trained one", NULL, 0.01, 100},
    {"start-bits", "start bits", "start_bits",
     "of random start phases; 0: continuous (as trained)", "bits of a random start phase",
     "continuous", 0, 16},
};

mj_status mj_eval_list_read(double *value, int *n, const char *list, const mj_eval_axis *axis, bool whole,
                            bool from_2, mj_err *err)
{
    const char *at = list;
    while (*n < VALUES_MAX) {
        double number;
        size_t length = mj_text_number(at, &number);
        if (length == 0 || number < axis->min || number > axis->max ||
            (whole && number != (int)number) || (from_2 && number == 1) ||
            (at[length] != '\0' && at[length] != ',')) {
            return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                              "--%s %s: %snumbers from %g to %g%s, with commas between", axis->option,
                              list, whole ? "whole " : "", axis->min, axis->max, from_2 ? " but 1" : "");
        }
        value[(*n)++] = number;
        at += length;
        if (*at == '\0') {
            return MJ_OK;
        }
        at++;
    }
    return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0, "--%s has more than %d values", axis->option,
                      VALUES_MAX);
}

/* Every combination of the values, the last axis changing first. */
static mj_status make_rows(mj_eval_job *j)
{
    const mj_recipe *recipe = mj_sampler_recipe(j->sampler);
    const mj_ring_mapping *map = j->substrate ? &j->chip.map : NULL;
    const double as_trained[AXES_N] = {[NOISE] = map ? map->noise : recipe->noise, [READOUT] = 1,
                                       [DETUNING] = map ? map->detuning : 0,
                                       [START_BITS] = recipe->start_bits};
    uint32_t seed;
    long n_rows = 1;
    MJ_TRY(mj_seed_read(&seed, j->context));
    for (int a = 0; a < AXES_N; a++) {
        if (j->list[a]) {
            MJ_TRY(mj_eval_list_read(j->value[a], &j->n_values[a], j->list[a], &mj_eval_axes[a],
                                     a == BITS || a == START_BITS, a == BITS, &j->context->err));
        } else {
            j->value[a][0] = as_trained[a];
            j->n_values[a] = 1;
        }
        n_rows = n_rows > ROWS_MAX ? n_rows : n_rows * j->n_values[a];
    }
    if (n_rows > ROWS_MAX) {
        return mj_err_add(&j->context->err, MJ_ELIMIT, NULL, 0, 0,
                          "more than %d combinations of values", ROWS_MAX);
    }
    j->n_rows = (int)n_rows;
    j->row = mj_arena_array(&j->context->arena, (size_t)n_rows, sizeof *j->row);
    if (!j->row) {
        return mj_err_add(&j->context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    for (int r = 0; r < j->n_rows; r++) {
        double v[AXES_N];
        int rest = r;
        for (int a = AXES_N - 1; a >= 0; a--) {
            v[a] = j->value[a][rest % j->n_values[a]];
            rest /= j->n_values[a];
        }
        j->row[r].sampling = (mj_sampling){
            .n_steps = j->steps, .noise = v[NOISE], .readout = v[READOUT],
            .start_bits = (int)v[START_BITS], .coupling_bits = (int)v[BITS], .density = v[DENSITY],
            .mismatch = v[MISMATCH], .detuning = v[DETUNING],
            .seed = seed};
    }
    return MJ_OK;
}

double mj_eval_axis_value(const mj_sampling *s, int a)
{
    const double value[AXES_N] = {s->noise,   s->coupling_bits, s->mismatch,  s->detuning,
                                  s->density, s->readout,       s->start_bits};
    return value[a];
}

/* Adds a chip's score to the row's means. */
static void add_score(mj_eval_row *r, const mj_score *s, int chips)
{
    mj_score *mean = &r->score;
    mean->frechet += s->frechet / chips;
    mean->accuracy += s->accuracy / chips;
    mean->pca += s->pca / chips;
    mean->diversity += s->diversity / chips;
    mean->nearest_median += s->nearest_median / chips;
    mean->nearest_p1 += s->nearest_p1 / chips;
    r->worst_frechet = s->frechet > r->worst_frechet ? s->frechet : r->worst_frechet;
}

static mj_status run_rows(mj_eval_job *j, mj_real *image, const int *label)
{
    mj_progress progress;
    mj_err *err = &j->context->err;
    int done = 0, all = 0;
    double start_s = mj_clock_s();
    mj_progress_init(&progress, j->context);
    for (int r = 0; r < j->n_rows; r++) {
        const mj_sampling *s = &j->row[r].sampling;
        j->row[r].chips = s->mismatch > 0 || s->detuning > 0 ? j->chips : 1;
        all += j->row[r].chips;
    }
    for (int r = 0; r < j->n_rows; r++) {
        mj_sampling sampling = j->row[r].sampling;
        int chips = j->row[r].chips;
        for (int chip = 0; chip < chips; chip++) {
            mj_score score;
            sampling.chip = (uint64_t)chip;
            if (mj_progress_is_due(&progress)) {
                char left[CELL_TEXT] = "unknown";
                if (done > 0) {
                    mj_duration_format((mj_clock_s() - start_s) / done * (all - done), left,
                                       sizeof left);
                }
                mj_progress_print(&progress, "row %d of %d, chip %d of %d, time left %s", r + 1,
                                  j->n_rows, chip + 1, chips, left);
            }
            MJ_TRY(mj_sampler_run(j->sampler, image, label, j->n, &sampling, err));
            MJ_TRY(mj_judge_score(&score, j->judge, image, label, j->n, err));
            add_score(&j->row[r], &score, chips);
            done++;
            if (j->fid) {
                double distance;
                mj_progress_end(&progress);
                MJ_TRY(mj_fid_compute(&distance, j->fid, image, j->n));
                j->row[r].fid += distance / chips;
            }
        }
    }
    mj_progress_end(&progress);
    return MJ_OK;
}

/* Images to compare with, of the model's size and classes. */
static mj_status load_data(mj_eval_job *j, const char *source, const char *path)
{
    const mj_recipe_model *model = &mj_sampler_recipe(j->sampler)->model;
    int n_classes = mj_sampler_classes(j->sampler);
    MJ_TRY(mj_load_data(&j->train, &j->test, j->context, source, mj_image_side(model)));
    if (j->train.width == model->width && j->train.height == model->height &&
        j->train.n_classes == n_classes) {
        return MJ_OK;
    }
    return mj_err_add(&j->context->err, MJ_ESUPPORT, path, 0, 0,
                      "cannot be judged: it draws %dx%d images of %d classes, %s has %dx%d of %d",
                      model->width, model->height, n_classes, source, j->train.width,
                      j->train.height, j->train.n_classes);
}

/* The net with the response and noise of its training, while j->sampler has the substrate's. */
static mj_status run_ideal(mj_eval_job *j, mj_real *image, const int *label, const mj_units *units)
{
    mj_context *context = j->context;
    mj_sampler *ideal;
    const mj_recipe *recipe = mj_sampler_recipe(j->sampler);
    const mj_sampler_config config = {.integrator = (mj_integrator)j->integrator,
                                      .precision = (mj_precision)j->precision};
    const mj_sampling sampling = {.n_steps = j->steps, .noise = recipe->noise, .readout = 1,
                                  .start_bits = recipe->start_bits,
                                  .seed = j->row[0].sampling.seed};
    MJ_TRY(mj_sampler_load(&ideal, j->path, config, units, &context->arena, &context->err));
    MJ_TRY(mj_sampler_run(ideal, image, label, j->n, &sampling, &context->err));
    return mj_judge_score(&j->ideal, j->judge, image, label, j->n, &context->err);
}

static mj_status run(mj_eval_job *j)
{
    mj_context *context = j->context;
    mj_arena *arena = &context->arena;
    const char *path = j->path;
    const mj_units *units = mj_context_units(context);
    if (!units) {
        return MJ_EMEM;
    }
    double start_s = mj_clock_s();
    if (j->substrate) {
        MJ_TRY(mj_ring_chip_load(&j->chip, context, j->substrate));
    }
    const mj_sampler_config config = {.integrator = (mj_integrator)j->integrator,
                                      .precision = (mj_precision)j->precision,
                                      .response = j->substrate ? &j->chip.response : NULL};
    MJ_TRY(mj_sampler_load(&j->sampler, path, config, units, arena, &context->err));
    if (j->substrate) {
        mj_ring_chip_fit(&j->chip, j->sampler);
    }
    const mj_recipe *recipe = mj_sampler_recipe(j->sampler);
    MJ_TRY(make_rows(j));
    MJ_TRY(mj_eval_plot_check(j));
    const char *source = j->data ? j->data : recipe->data;
    j->by_pixels = mj_yardstick_refusal(context, source, mj_sampler_classes(j->sampler),
                                        recipe->model.width, recipe->model.height);
    MJ_TRY(load_data(j, source, path));
    MJ_TRY(mj_load_judge(&j->judge, context, &j->train, &j->test, j->by_pixels != NULL));
    if (j->inception) {
        MJ_TRY(mj_fid_new(&j->fid, context, j->inception, &j->test));
    }
    MJ_TRY(mj_judge_anchors(&j->anchors, j->judge, &context->err));
    size_t size = (size_t)(j->train.width * j->train.height);
    mj_real *image = mj_arena_array(arena, (size_t)j->n * size, sizeof *image);
    int *label = mj_arena_array(arena, (size_t)j->n, sizeof *label);
    if (!image || !label) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "no memory for %d images", j->n);
    }
    mj_labels_fill(label, j->n, mj_sampler_classes(j->sampler));
    MJ_TRY(run_rows(j, image, label));
    if (j->substrate) {
        MJ_TRY(run_ideal(j, image, label, units));
    }
    j->seconds = mj_clock_s() - start_s;
    return MJ_OK;
}

static mj_status run_text(const mj_eval_job *j)
{
    if (j->for_images) {
        return mj_err_add(&j->context->err, MJ_EKEY, NULL, 0, 0,
                          "a language model takes --data, --test, --limit, --threads, and for a sweep "
                          "--noise, --bits, --activation-bits, --mismatch, --substrate, --chips, --batch, "
                          "--within, --plot and --plot-joules; the other options are for generators of images");
    }
    const mj_text_request request = {
        .path = j->path, .data = j->data, .test = j->test_text,
        .list = {[MJ_TEXT_NOISE] = j->list[NOISE], [MJ_TEXT_BITS] = j->list[BITS],
                 [MJ_TEXT_INPUT_BITS] = j->activation_bits, [MJ_TEXT_MISMATCH] = j->list[MISMATCH]},
        .substrate = j->substrate, .chips = j->chips, .limit_B = j->limit_B, .within = j->within,
        .batch = j->batch, .plot = j->plot,
        .plot_joules = j->plot_joules, .for_sweep = j->for_sweep};
    return mj_eval_text(j->context, &request);
}

static mj_status run_lut(const mj_eval_job *j)
{
    if (j->for_images || j->substrate || j->test_text || j->for_text || j->for_sweep) {
        return mj_err_add(&j->context->err, MJ_EKEY, NULL, 0, 0,
                          "a look-up-table network on images takes --data and --threads; the other options "
                          "are for other models");
    }
    return mj_eval_lut(j->context, j->path, j->data);
}

static mj_status run_equilibrium(const mj_eval_job *j)
{
    if (j->for_images || j->substrate || j->test_text) {
        return mj_err_add(&j->context->err, MJ_EKEY, NULL, 0, 0,
                          "an equilibrium net takes --data and --threads; the other options are for other "
                          "models");
    }
    return mj_context_units(j->context) ? mj_eval_equilibrium(j->context, j->path, j->data) : MJ_EMEM;
}

/* Finds the model, judges and prints by its kind. */
static mj_status judge(mj_eval_job *j)
{
    mj_context *context = j->context;
    mj_threads_set(j->threads);
    MJ_TRY(mj_find_model(&j->path, context, j->model));
    if (mj_language_is(j->path, &context->arena)) {
        return run_text(j);
    }
    if (mj_is_image_lut(j->path, context)) {
        return run_lut(j);
    }
    if (mj_equilibrium_file_is(j->path, &context->arena)) {
        return run_equilibrium(j);
    }
    if (j->test_text || j->for_text) {
        return mj_err_add(&context->err, MJ_EKEY, NULL, 0, 0,
                          "--test, --limit, --activation-bits, --batch, --within and --plot-joules are "
                          "for language models");
    }
    if (context->globals.csv || context->globals.facts.n > 0) {
        return mj_err_add(&context->err, MJ_EKEY, NULL, 0, 0,
                          "--csv and --facts are for sweeps of language models");
    }
    MJ_TRY(run(j));
    if (j->plot) {
        MJ_TRY(mj_eval_plot_save(j));
    }
    if (context->globals.json) {
        return mj_eval_print_json(j);
    }
    mj_eval_print_text(j);
    return MJ_OK;
}

enum { OWN_N = 16 };

/* What the command takes, into the job. */
static void set_options(mj_option option[AXES_N + OWN_N], mj_eval_job *j)
{
    const mj_option own[OWN_N] = {
        {.name = "data", .argument = "NAME", .kind = MJ_OPTION_TEXT, .target = &j->data,
         .help = "data set to compare with, that of the yardstick, or text (the recipe's)"},
        {.name = "test", .target = &j->test_text,
         .help = "of a language model: the test text in place of the validation text"},
        {.name = "n", .argument = "N", .kind = MJ_OPTION_INT, .target = &j->n, .min = 1000,
         .given = &j->for_images,
         .max = N_MAX, .help = "images a row, 1000 or more (10000)"},
        {.name = "substrate", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &j->substrate,
         .help = "measured rings to run on (mj measure ring, data/circuits); of a language model\n"
                 "a measured crossbar (mj measure crossbar)"},
        {.name = "inception", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &j->inception,
         .given = &j->for_images,
         .help = "weights of FID's Inception v3 (safetensors): FID too; an hour of one core"},
        {.name = "integrator", .argument = "NAME", .kind = MJ_OPTION_CHOICE,
         .given = &j->for_images,
         .target = &j->integrator, .choices = mj_integrator_names, .help = "euler, heun, rk4 (rk4)"},
        {.name = "precision", .argument = "NAME", .kind = MJ_OPTION_CHOICE,
         .given = &j->for_images,
         .target = &j->precision, .choices = mj_precision_names,
         .help = "of sums over couplings: full, bf16, int8 (full)"},
        {.name = "steps", .argument = "N", .kind = MJ_OPTION_INT, .target = &j->steps, .min = 1,
         .given = &j->for_images,
         .max = STEPS_MAX, .help = "integration steps (24)"},
        {.name = "chips", .argument = "K", .kind = MJ_OPTION_INT, .target = &j->chips, .min = 1,
         .given = &j->for_sweep,
         .max = CHIPS_MAX, .help = "chips drawn for every mismatch or detuning (1)"},
        {.name = "threads", .argument = "N", .kind = MJ_OPTION_INT, .target = &j->threads, .min = 1,
         .max = THREADS_MAX, .help = "threads (1)"},
        {.name = "plot", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &j->plot,
         .given = &j->for_sweep,
         .help = "the sweep as a picture, FILE.svg or FILE.png: over the list with the most\n"
                 "values, a curve for each value of a second list"},
        {.name = "plot-joules", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &j->plot_joules,
         .given = &j->for_text,
         .help = "of a language model: the sweep over the joules that products take, with the\n"
                 "digital machines and the optimum"},
        {.name = "activation-bits", .argument = "LIST", .kind = MJ_OPTION_TEXT,
         .target = &j->activation_bits, .given = &j->for_text,
         .help = "of a language model: precision of what comes into products, 2 to 8\n"
                 "(as trained; 0: floating point)"},
        {.name = "limit", .argument = "BYTES", .kind = MJ_OPTION_INT, .target = &j->limit_B,
         .given = &j->for_text, .min = 1, .max = 1 << 30,
         .help = "of a language model: the first bytes of the text (all; of a sweep 65536)"},
        {.name = "within", .argument = "BITS", .kind = MJ_OPTION_REAL, .target = &j->within,
         .given = &j->for_text, .min = 0, .max = 8,
         .help = "of a language model: bits per byte that are as good as trained (0.02)"},
        {.name = "batch", .argument = "N", .kind = MJ_OPTION_INT, .target = &j->batch,
         .given = &j->for_text, .min = 1, .max = BATCH_MAX,
         .help = "of a language model: streams that share weights once read (64)"},
    };
    memcpy(option, own, sizeof own);
    for (int a = 0; a < AXES_N; a++) {
        bool shared = a == NOISE || a == BITS || a == MISMATCH;
        option[OWN_N + a] = (mj_option){.name = mj_eval_axes[a].option, .argument = "LIST",
                                        .kind = MJ_OPTION_TEXT, .target = &j->list[a],
                                        .given = shared ? NULL : &j->for_images,
                                        .help = mj_eval_axes[a].help};
    }
}

int mj_cmd_eval(mj_context *context, int argc, char **argv)
{
    mj_eval_job *j = mj_arena_alloc(&context->arena, sizeof *j);
    if (!j) {
        return mj_context_fail_with(context, MJ_EMEM, "out of memory");
    }
    *j = (mj_eval_job){.context = context, .n = N_DEFAULT, .steps = STEPS_DEFAULT, .chips = 1, .threads = 1,
               .within = WITHIN,
               .integrator = MJ_RK4};
    mj_option option[AXES_N + OWN_N];
    set_options(option, j);
    const mj_usage usage = {
        .sentence = "MODEL",
        .about = "Judges a trained generator of images; of a language model, the bits per byte of text that\n"
                 "it was not trained on; of a look-up-table network or an equilibrium net, what it can do\n"
                 "and what it takes. MODEL is a name in data/trained, a path, or a folder of mj train.\n"
                 "A LIST has commas; several lists give every combination. A language model takes\n"
                 "--noise (of a product's sum or a sum of rows, over its rms), --bits (of weights or\n"
                 "rows), --activation-bits and --mismatch (of weights or rows), and says what joules\n"
                 "each setting takes.",
        .option = option,
        .n_options = AXES_N + OWN_N,
        .takes_seed = true,
        .example = "mj eval oscillator-fashion\n"
                   "mj eval oscillator-fashion --noise 0,0.05,0.1,0.2 --n 5000 --plot noise.svg\n"
                   "mj eval oscillator-fashion --mismatch 0.05 --chips 5 --json\n"
                   "mj eval oscillator-fashion-small-ring --substrate ring-180nm-split\n"
                   "mj eval model.safetensors --noise 0,0.05,0.1,0.2 --bits 8,4 --plot-joules snr.svg\n"
                   "mj eval text-analog --substrate crossbar-32",
    };
    const char *word[1];
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "eval", &usage, word, argc, argv)) {
        return exit_code;
    }
    j->model = word[0];
    return judge(j) == MJ_OK ? MJ_EXIT_OK : mj_context_fail(context);
}
