/* mj eval: what images of a trained generator are worth, on the chip as meant and as chips are.
 * Language models: eval_text.c.
 *
 * Options that take a list give one row for every combination of their values. The differential
 * equation is solved accurately (RK4, 24 steps) unless asked otherwise: a circuit does not run the
 * steps of a training. */
#include "mj/json.h"
#include "mj/kernels.h"
#include "mj/quality.h"
#include "mj/sampler.h"
#include "mj/text.h"
#include "options.h"
#include "progress.h"
#include "style.h"
#include "train_commands.h"

#include <string.h>

enum { N_DEFAULT = 10000, N_MAX = 1000000, STEPS_DEFAULT = 24, STEPS_MAX = 100000 };
enum { VALUES_MAX = 16, ROWS_MAX = 256, CHIPS_MAX = 1000, THREADS_MAX = 256, CELL_TEXT = 32 };

/* What a sweep can change, in the order of the table's columns. */
enum { NOISE, BITS, MISMATCH, DETUNING, DENSITY, READOUT, START_BITS, AXES_N };
typedef struct {
    const char *option, *title, *key, *help;
    double min, max;
} axis;
static const axis axes[AXES_N] = {
    {"noise", "noise", "noise", "phase noise, rad per square root of model time (as trained)", 0, 100},
    {"bits", "bits", "bits", "precision of couplings, 2 to 16 (as in the file: 0)", 0, 16},
    {"mismatch", "mismatch", "mismatch", "relative spread of couplings (0)", 0, 10},
    {"detuning", "detuning", "detuning", "spread of frequencies, rad per unit of model time (0)", 0,
     100},
    {"density", "density", "density", "share of couplings kept, the strongest (as in the file: 0)", 0,
     1},
    {"readout-time", "read-out", "readout_time", "moment of the read-out over the trained one (1)",
     0.01, 100},
    {"start-bits", "start bits", "start_bits", "of random start phases; 0: continuous (as trained)", 0,
     16},
};

typedef struct {
    mj_sampling sampling;
    mj_score score;       /* mean over chips */
    double worst_frechet; /* of all chips */
} row;

typedef struct {
    mj_context *context;
    const char *model, *data;
    const char *path; /* of the model */
    bool test_text;
    const char *list[AXES_N]; /* as given */
    double value[AXES_N][VALUES_MAX];
    int n_values[AXES_N];
    int n, steps, chips, threads, integrator;
    mj_sampler *sampler;
    mj_judge *judge;
    mj_dataset train, test;
    mj_anchors anchors;
    row *row;
    int n_rows;
    double seconds;
} job;

/* "0.1,0.2" into values. */
static mj_status read_list(job *j, int a)
{
    const char *at = j->list[a];
    mj_err *err = &j->context->err;
    while (j->n_values[a] < VALUES_MAX) {
        double number;
        size_t length = mj_text_number(at, &number);
        bool whole = a == BITS || a == START_BITS;
        if (length == 0 || number < axes[a].min || number > axes[a].max ||
            (whole && number != (int)number) || (a == BITS && number == 1) ||
            (at[length] != '\0' && at[length] != ',')) {
            return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                              "--%s %s: %snumbers from %g to %g%s, with commas between",
                              axes[a].option, j->list[a], whole ? "whole " : "", axes[a].min,
                              axes[a].max, a == BITS ? " but 1" : "");
        }
        j->value[a][j->n_values[a]++] = number;
        at += length;
        if (*at == '\0') {
            return MJ_OK;
        }
        at++;
    }
    return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0, "--%s has more than %d values", axes[a].option,
                      VALUES_MAX);
}

/* Every combination of the values, the last axis changing first. */
static mj_status make_rows(job *j)
{
    const mj_recipe *recipe = mj_sampler_recipe(j->sampler);
    const double as_trained[AXES_N] = {[NOISE] = recipe->noise, [READOUT] = 1,
                                       [START_BITS] = recipe->start_bits};
    uint32_t seed;
    long n_rows = 1;
    MJ_TRY(mj_seed_read(&seed, j->context));
    for (int a = 0; a < AXES_N; a++) {
        if (j->list[a]) {
            MJ_TRY(read_list(j, a));
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

static double axis_value(const mj_sampling *s, int a)
{
    const double value[AXES_N] = {s->noise,   s->coupling_bits, s->mismatch,  s->detuning,
                                  s->density, s->readout,       s->start_bits};
    return value[a];
}

/* Adds a chip's score to the row's means. */
static void add_score(row *r, const mj_score *s, int chips)
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

static mj_status run_rows(job *j, mj_real *image, const int *label)
{
    mj_progress progress;
    mj_err *err = &j->context->err;
    mj_progress_init(&progress, j->context);
    for (int r = 0; r < j->n_rows; r++) {
        mj_sampling sampling = j->row[r].sampling;
        bool varies = sampling.mismatch > 0 || sampling.detuning > 0;
        int chips = varies ? j->chips : 1;
        for (int chip = 0; chip < chips; chip++) {
            mj_score score;
            sampling.chip = (uint64_t)chip;
            if (mj_progress_is_due(&progress)) {
                mj_progress_print(&progress, "row %d of %d, chip %d of %d", r + 1, j->n_rows,
                                  chip + 1, chips);
            }
            MJ_TRY(mj_sampler_run(j->sampler, image, label, j->n, &sampling, err));
            MJ_TRY(mj_judge_score(&score, j->judge, image, label, j->n, err));
            add_score(&j->row[r], &score, chips);
        }
    }
    mj_progress_end(&progress);
    return MJ_OK;
}

static mj_status run(job *j)
{
    mj_context *context = j->context;
    mj_arena *arena = &context->arena;
    const char *path = j->path;
    const mj_units *units = mj_context_units(context);
    if (!units) {
        return MJ_EMEM;
    }
    double start_s = mj_clock_s();
    const mj_sampler_config config = {.integrator = (mj_integrator)j->integrator};
    MJ_TRY(mj_sampler_load(&j->sampler, path, config, units, arena, &context->err));
    const mj_recipe *recipe = mj_sampler_recipe(j->sampler);
    MJ_TRY(make_rows(j));
    const char *source = j->data ? j->data : recipe->data;
    const char *reason = mj_yardstick_refusal(context, source, mj_sampler_classes(j->sampler),
                                              recipe->model.width, recipe->model.height);
    if (reason) {
        return mj_err_add(&context->err, MJ_ESUPPORT, path, 0, 0, "cannot be judged: %s", reason);
    }
    MJ_TRY(mj_load_data(&j->train, &j->test, context, source, 0));
    MJ_TRY(mj_load_judge(&j->judge, context, &j->train, &j->test));
    MJ_TRY(mj_judge_anchors(&j->anchors, j->judge, &context->err));
    size_t size = (size_t)(j->train.width * j->train.height);
    mj_real *image = mj_arena_array(arena, (size_t)j->n * size, sizeof *image);
    int *label = mj_arena_array(arena, (size_t)j->n, sizeof *label);
    if (!image || !label) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "no memory for %d images", j->n);
    }
    mj_labels_fill(label, j->n, mj_sampler_classes(j->sampler));
    MJ_TRY(run_rows(j, image, label));
    j->seconds = mj_clock_s() - start_s;
    return MJ_OK;
}

/* Output. */

/* One column a swept axis, then the figures. */
static void print_table(const job *j)
{
    enum { FIGURES_N = 5 };
    static const char *const figure_titles[FIGURES_N] = {"Frechet", "accuracy", "pixel PCA",
                                                         "diversity", "nearest"};
    char text[ROWS_MAX][AXES_N + FIGURES_N + 1][CELL_TEXT];
    const char *cell[ROWS_MAX * (AXES_N + FIGURES_N + 1)];
    mj_column column[AXES_N + FIGURES_N + 1];
    int n = 0, shown[AXES_N], n_shown = 0;
    bool worst = j->chips > 1;
    for (int a = 0; a < AXES_N; a++) {
        if (j->list[a] || a == NOISE) {
            shown[n_shown++] = a;
            column[n++] = (mj_column){axes[a].title, true};
        }
    }
    for (int f = 0; f < FIGURES_N; f++) {
        column[n++] = (mj_column){figure_titles[f], true};
    }
    if (worst) {
        column[n++] = (mj_column){"worst chip", true};
    }
    for (int r = 0; r < j->n_rows; r++) {
        const mj_score *s = &j->row[r].score;
        const double figure[FIGURES_N + 1] = {s->frechet,   s->accuracy,       s->pca,
                                              s->diversity, s->nearest_median, j->row[r].worst_frechet};
        for (int c = 0; c < n; c++) {
            int f = c - n_shown;
            snprintf(text[r][c], CELL_TEXT, f < 0 ? "%g" : f == 0 || f == FIGURES_N ? "%.1f" : "%.3f",
                     f < 0 ? axis_value(&j->row[r].sampling, shown[c]) : figure[f]);
            cell[r * n + c] = text[r][c];
        }
    }
    const mj_table table = {.column = column, .cell = cell, .n_columns = n, .n_rows = j->n_rows};
    mj_style style = mj_style_of(j->context);
    mj_table_print(stdout, &table, &style);
}

static void print_text(const job *j)
{
    const mj_anchors *a = &j->anchors;
    printf("%s: %d images, %s with %d steps over the trained span, %.0f s\n\n",
           mj_sampler_recipe(j->sampler)->name, j->n, mj_integrator_names[j->integrator], j->steps,
           j->seconds);
    print_table(j);
    printf("\n  Frechet distance of the yardstick's features to %d test images (no FID); beside it\n"
           "  training images %.2f, blurred by a 3x3 mean %.1f, white noise of 0.1 %.0f, class means "
           "%.0f\n",
           j->test.n, a->floor, a->blur, a->noise, a->class_mean);
    printf("  accuracy of test images %.3f; pixel PCA of training images %.3f; nearest training image\n"
           "  of test images %.3f\n",
           a->test_accuracy, a->floor_pca, a->test_nearest_median);
}

static mj_json *row_json(const job *j, const row *r)
{
    mj_json *object = mj_json_object();
    for (int a = 0; a < AXES_N; a++) {
        mj_json_set_number(object, axes[a].key, axis_value(&r->sampling, a));
    }
    mj_json_set_number(object, "value", r->score.frechet);
    mj_json_set_number(object, "worst", r->worst_frechet);
    mj_json_set_integer(object, "chips", j->chips);
    mj_json_set_number(object, "accuracy", r->score.accuracy);
    mj_json_set_number(object, "pca", r->score.pca);
    mj_json_set_number(object, "diversity", r->score.diversity);
    mj_json_set_number(object, "nearest_median", r->score.nearest_median);
    mj_json_set_number(object, "nearest_p1", r->score.nearest_p1);
    return object;
}

static mj_status print_json(const job *j)
{
    const mj_anchors *a = &j->anchors;
    mj_json *root = mj_json_object(), *anchors = mj_json_object(), *sweep = mj_json_array();
    char integrator[CELL_TEXT];
    snprintf(integrator, sizeof integrator, "%s x %d", mj_integrator_names[j->integrator], j->steps);
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "model", mj_sampler_recipe(j->sampler)->name);
    mj_json_set_text(root, "metric", "frechet-yardstick-fashion");
    mj_json_set_number(root, "value", j->row[0].score.frechet);
    mj_json_set_number(root, "floor", a->floor);
    mj_json_set_number(anchors, "blur", a->blur);
    mj_json_set_number(anchors, "noise", a->noise);
    mj_json_set_number(anchors, "class_mean", a->class_mean);
    mj_json_set_number(anchors, "floor_pca", a->floor_pca);
    mj_json_set_number(anchors, "test_accuracy", a->test_accuracy);
    mj_json_set_number(anchors, "test_nearest_median", a->test_nearest_median);
    mj_json_set_number(anchors, "test_nearest_p1", a->test_nearest_p1);
    mj_json_set(root, "anchors", anchors);
    mj_json_set_integer(root, "n", j->n);
    mj_json_set_text(root, "integrator", integrator);
    mj_json_set_number(root, "seconds", j->seconds);
    for (int r = 0; r < j->n_rows; r++) {
        mj_json_append(sweep, row_json(j, &j->row[r]));
    }
    mj_json_set(root, "sweep", sweep);
    mj_status status = mj_json_print(root, stdout, &j->context->err);
    mj_json_free(root);
    return status;
}

/* A language model takes --data and --test, and none of the rest. */
static mj_status run_text(const job *j)
{
    for (int a = 0; a < AXES_N; a++) {
        if (j->list[a]) {
            return mj_err_add(&j->context->err, MJ_EKEY, NULL, 0, 0,
                              "--%s is for generators of images", axes[a].option);
        }
    }
    const mj_text_request request = {.path = j->path, .data = j->data, .test = j->test_text};
    return mj_eval_text(j->context, &request);
}

/* Finds the model, judges and prints by its kind. */
static mj_status judge(job *j)
{
    mj_context *context = j->context;
    mj_threads_set(j->threads);
    MJ_TRY(mj_find_file(&j->path, context, "trained", ".safetensors", j->model));
    if (mj_is_text_model(context, j->path)) {
        return run_text(j);
    }
    if (j->test_text) {
        return mj_err_add(&context->err, MJ_EKEY, NULL, 0, 0, "--test is for language models");
    }
    MJ_TRY(run(j));
    if (context->globals.json) {
        return print_json(j);
    }
    print_text(j);
    return MJ_OK;
}

int mj_cmd_eval(mj_context *context, int argc, char **argv)
{
    enum { OWN_N = 7 };
    job *j = mj_arena_alloc(&context->arena, sizeof *j);
    if (!j) {
        return mj_context_fail_with(context, MJ_EMEM, "out of memory");
    }
    *j = (job){.context = context, .n = N_DEFAULT, .steps = STEPS_DEFAULT, .chips = 1, .threads = 1,
               .integrator = MJ_RK4};
    mj_option option[AXES_N + OWN_N] = {
        {.name = "data", .argument = "NAME", .kind = MJ_OPTION_TEXT, .target = &j->data,
         .help = "data set to compare with, that of the yardstick, or text (the recipe's)"},
        {.name = "test", .target = &j->test_text,
         .help = "of a language model: the test text in place of the validation text"},
        {.name = "n", .argument = "N", .kind = MJ_OPTION_INT, .target = &j->n, .min = 1000,
         .max = N_MAX, .help = "images a row, 1000 or more (10000)"},
        {.name = "integrator", .argument = "NAME", .kind = MJ_OPTION_CHOICE,
         .target = &j->integrator, .choices = mj_integrator_names, .help = "euler, heun, rk4 (rk4)"},
        {.name = "steps", .argument = "N", .kind = MJ_OPTION_INT, .target = &j->steps, .min = 1,
         .max = STEPS_MAX, .help = "integration steps (24)"},
        {.name = "chips", .argument = "K", .kind = MJ_OPTION_INT, .target = &j->chips, .min = 1,
         .max = CHIPS_MAX, .help = "chips drawn for every mismatch or detuning (1)"},
        {.name = "threads", .argument = "N", .kind = MJ_OPTION_INT, .target = &j->threads, .min = 1,
         .max = THREADS_MAX, .help = "threads (1)"},
    };
    for (int a = 0; a < AXES_N; a++) {
        option[OWN_N + a] = (mj_option){.name = axes[a].option, .argument = "LIST",
                                        .kind = MJ_OPTION_TEXT, .target = &j->list[a],
                                        .help = axes[a].help};
    }
    const mj_usage usage = {
        .sentence = "MODEL",
        .about = "Judges a trained generator of images; of a language model, the bits per byte of text that\n"
                 "it was not trained on. MODEL is a name in data/trained or a path. A LIST has commas;\n"
                 "several lists give every combination.",
        .option = option,
        .n_options = AXES_N + OWN_N,
        .takes_seed = true,
        .refuses = "csv facts",
        .example = "mj eval oscillator-fashion\n"
                   "mj eval oscillator-fashion --noise 0,0.05,0.1,0.2 --n 5000\n"
                   "mj eval oscillator-fashion --mismatch 0.05 --chips 5 --json",
    };
    const char *word[1];
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "eval", &usage, word, argc, argv)) {
        return exit_code;
    }
    j->model = word[0];
    return judge(j) == MJ_OK ? MJ_EXIT_OK : mj_context_fail(context);
}
