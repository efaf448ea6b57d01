/* mj train: a recipe from its first step, or from its last checkpoint, to a model.
 *
 *   DIR/checkpoint.safetensors   after ten seconds, every two minutes, at Ctrl-C and at the end: all that
 *                                --resume needs; every two minutes a generator's images are judged too
 *   DIR/model.safetensors        at the end: the averaged parameters with what is known of them
 *
 * Both appear complete or not at all. A run that meets a number that is not finite stops without
 * touching the checkpoint. --resume of one that is done leaves both files as they are. One that is
 * interrupted saves itself and ends with the shell's code for that signal, 128 and its number: 130 after
 * Ctrl-C. */
#include "glance.h"
#include "mj/equilibrium_file.h"
#include "mj/json.h"
#include "mj/kernels.h"
#include "mj/language.h"
#include "mj/safetensors.h"
#include "mj/sampler.h"
#include "mj/training.h"
#include "options.h"
#include "progress.h"
#include "train_commands.h"
#include "version.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THREADS_MAX = 256, NOTES_MAX = 8, NOTE_TEXT = 64, JUDGED_N = 10000, JUDGED_STEPS = 24,
       SOFT_N = 400000 };
static const double FIRST_CHECKPOINT_S = 10, CHECKPOINT_PERIOD_S = 120, LOG_PERIOD_S = 5;
static const double MEMORY_SHARE = 0.9; /* of the machine's, that networks may take */

typedef struct {
    mj_context *context;
    const char *out, *json_log, *data;
    bool resume, made_folder;
    int threads;
    double minutes;
    mj_recipe recipe;
    mj_dataset train, test; /* of images, or */
    mj_corpus corpus;       /* of text */
    mj_training *training;
    const char *checkpoint, *model; /* paths */
    FILE *log;
    double loss; /* running mean of some 20 steps */
    long long n_seen; /* steps since the start or --resume */
    mj_glance *glance;
    double frechet; /* at the last checkpoint; NaN while unknown, and for all but generators */
} job;

/* The signal that ended the steps; written by its handler only. */
static volatile sig_atomic_t interrupted;
enum { EXIT_SIGNALLED = 128 };

static void on_interrupt(int signal_number)
{
    interrupted = signal_number;
}

/* Refuses a folder with a run in it unless that is to go on. */
static mj_status check_folder(const job *j)
{
    mj_err *err = &j->context->err;
    const char *there = access(j->checkpoint, F_OK) == 0 ? j->checkpoint
                        : access(j->model, F_OK) == 0    ? j->model
                                                         : NULL;
    if (there && !j->resume) {
        return mj_err_add(err, MJ_EFILE, there, 0, 0,
                          "the folder has a run already; --resume goes on with it");
    }
    if (j->resume && access(j->checkpoint, R_OK) != 0) {
        return mj_err_add(err, MJ_EFILE, j->checkpoint, 0, 0, "nothing to resume from: %s",
                          strerror(errno));
    }
    return MJ_OK;
}

/* Creates the folder and those above it: once all else is known to be right, so that a run that is refused
 * leaves none. */
static mj_status make_folder(job *j)
{
    mj_err *err = &j->context->err;
    char *path = mj_arena_text(&j->context->arena, j->out, strlen(j->out));
    if (!path) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    for (char *slash = *path ? strchr(path + 1, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)!mkdir(path, 0777); /* what fails here fails below, too */
        *slash = '/';
    }
    struct stat info;
    j->made_folder = mkdir(path, 0777) == 0;
    int code = j->made_folder || (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) ? 0 : errno;
    return code == 0 ? MJ_OK
                     : mj_err_add(err, MJ_EFILE, j->out, 0, 0, "cannot create this folder: %s",
                                  strerror(code == EEXIST ? ENOTDIR : code));
}

static bool is_text(const job *j)
{
    return j->recipe.objective.kind == MJ_OBJECTIVE_NEXT_BYTE;
}

/* A run that goes on keeps the seed and the text that it began with, unless others are given. */
static void keep_choices(job *j)
{
    mj_safetensors file;
    mj_err unseen = {0}; /* a file that cannot be read is complained about by who restores it */
    if (mj_safetensors_load_header(&file, j->checkpoint, &j->context->arena, &unseen) != MJ_OK) {
        return;
    }
    const char *text = mj_safetensors_text(&file, "seed");
    long seed = text ? strtol(text, NULL, 10) : -1;
    if (!j->context->globals.seed_given && seed >= 0 && seed <= INT32_MAX) {
        j->recipe.train.seed = (int)seed;
    }
    if (!j->data && is_text(j)) {
        j->data = mj_safetensors_text(&file, MJ_DATA_KEY);
    }
}

static mj_status prepare(job *j, const char *recipe_word)
{
    mj_context *context = j->context;
    mj_arena *arena = &context->arena;
    const char *path;
    const mj_units *units = mj_context_units(context);
    if (!units) {
        return MJ_EMEM;
    }
    MJ_TRY(mj_find_file(&path, context, "recipes", ".yaml", recipe_word));
    MJ_TRY(mj_recipe_load(&j->recipe, path, units, arena, &context->err));
    if (context->globals.seed_given) {
        uint32_t seed;
        MJ_TRY(mj_seed_read(&seed, context));
        j->recipe.train.seed = (int)seed;
    }
    j->checkpoint = mj_arena_printf(arena, "%s/checkpoint.safetensors", j->out);
    j->model = mj_arena_printf(arena, "%s/model.safetensors", j->out);
    if (!j->checkpoint || !j->model) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    MJ_TRY(check_folder(j));
    if (j->resume) {
        keep_choices(j);
    }
    const char *data = j->data ? j->data : j->recipe.data;
    if (is_text(j)) {
        return mj_corpus_load(&j->corpus, data, arena, &context->err);
    }
    if (j->data) {
        return mj_err_add(&context->err, MJ_EKEY, NULL, 0, 0, "--data is for recipes of text");
    }
    const mj_recipe_model *model = &j->recipe.model;
    int side = model->visible ? mj_image_side(model) : 0;
    return mj_load_data(&j->train, &j->test, context, j->recipe.data, side);
}

static mj_status start(job *j)
{
    mj_context *context = j->context;
    const mj_recipe *recipe = &j->recipe;
    mj_training_setup setup = {.recipe = recipe, .train = &j->train, .corpus = &j->corpus,
                               .minutes = j->minutes};
    setup.limit_B = (size_t)(MEMORY_SHARE * (double)sysconf(_SC_PHYS_PAGES) *
                             (double)sysconf(_SC_PAGESIZE));
    if (recipe->objective.network) {
        MJ_TRY(mj_find_file(&setup.network_path, context, "trained", ".safetensors",
                            recipe->objective.network));
    }
    if (recipe->model.init) {
        MJ_TRY(mj_find_file(&setup.init_path, context, "trained", ".safetensors",
                            recipe->model.init));
    }
    MJ_TRY(mj_training_new(&j->training, &setup, &context->arena, &context->err));
    if (j->resume) {
        MJ_TRY(mj_training_restore(j->training, j->checkpoint, &context->err));
    }
    MJ_TRY(make_folder(j));
    if (j->json_log) {
        j->log = fopen(j->json_log, j->resume ? "a" : "w");
        if (!j->log) {
            return mj_err_add(&context->err, MJ_EFILE, j->json_log, 0, 0, "cannot write: %s",
                              strerror(errno));
        }
    }
    return MJ_OK;
}

/* A log that cannot be written ends the log, not the run: what was trained is worth more. */
static void drop_log(job *j, const char *why)
{
    mj_context_warn(j->context, "%s: %s; the run goes on without its log", j->json_log, why);
    fclose(j->log);
    j->log = NULL;
}

/* One JSON object a line. */
static mj_status write_log(job *j, const mj_training_state *state)
{
    mj_err problem = {0};
    if (!j->log) {
        return MJ_OK;
    }
    mj_json *line = mj_json_object();
    mj_json_set_integer(line, "step", state->step);
    mj_json_set_integer(line, "n_steps", state->n_steps);
    mj_json_set_number(line, "loss", j->n_seen > 0 ? j->loss : NAN); /* resumed after its last step */
    mj_json_set_number(line, "frechet_1000", j->frechet);
    mj_json_set_number(line, "elapsed_s", state->elapsed_s);
    mj_json_set_number(line, "cpu_s", state->cpu_s);
    mj_json_set_number(line, is_text(j) ? "tokens_per_s" : "images_per_s",
                       (double)(state->step * state->images_per_step) / state->elapsed_s);
    mj_status status = mj_json_print_line(line, j->log, &problem);
    mj_json_free(line);
    if (status == MJ_EMEM) {
        return mj_err_add(&j->context->err, status, NULL, 0, 0, "%s", problem.diag[0].text);
    }
    if (status != MJ_OK) {
        drop_log(j, problem.diag[0].text);
    }
    return MJ_OK;
}

static void show(const job *j, mj_progress *progress, const mj_training_state *state)
{
    char left[32], quality[32] = "";
    if (isfinite(j->frechet)) {
        snprintf(quality, sizeof quality, "  Frechet ~ %.3g", j->frechet);
    }
    double rate = (double)(state->step * state->images_per_step) / state->elapsed_s;
    mj_progress_print(progress, "step %lld  loss %.4f%s  %.0f %s/s  %.1f ms/step  %s left",
                      state->step, j->loss, quality, rate, is_text(j) ? "tokens" : "images",
                      1e3 * state->elapsed_s / (double)state->step,
                      mj_duration_format(state->left_s, left, sizeof left));
}

/* At a checkpoint: what the averaged net of a generator draws is judged. */
static mj_status take_glance(job *j)
{
    mj_err *err = &j->context->err;
    if (j->recipe.model.kind != MJ_TRAINED_OSCILLATOR) {
        return MJ_OK;
    }
    if (!j->glance) {
        MJ_TRY(mj_glance_new(&j->glance, j->context, &j->recipe, &j->train, &j->test));
    }
    const char *path = mj_arena_printf(&j->context->arena, "%s/glance.safetensors", j->out);
    if (!path) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    MJ_TRY(mj_training_export(j->training, path, NULL, 0, err));
    mj_status status = mj_glance_take(&j->frechet, j->glance, path);
    unlink(path);
    return status;
}

/* Steps until done or interrupted, with checkpoints. */
static mj_status run_steps(job *j, mj_progress *progress)
{
    mj_err *err = &j->context->err;
    double saved_s = mj_clock_s() - CHECKPOINT_PERIOD_S + FIRST_CHECKPOINT_S, logged_s = 0;
    mj_training_state state = mj_training_state_of(j->training);
    while (!mj_training_is_done(j->training) && !interrupted) {
        double loss;
        MJ_TRY(mj_training_step(j->training, &loss, err));
        j->loss = j->n_seen == 0 ? loss : 0.95 * j->loss + 0.05 * loss;
        j->n_seen++;
        state = mj_training_state_of(j->training);
        if (mj_progress_is_due(progress)) {
            show(j, progress, &state);
        }
        if (j->log && mj_clock_s() - logged_s > LOG_PERIOD_S) {
            MJ_TRY(write_log(j, &state));
            logged_s = mj_clock_s();
        }
        if (mj_clock_s() - saved_s > CHECKPOINT_PERIOD_S) {
            MJ_TRY(mj_training_save(j->training, j->checkpoint, err));
            if (state.elapsed_s > CHECKPOINT_PERIOD_S) {
                MJ_TRY(take_glance(j));
            }
            saved_s = mj_clock_s();
        }
    }
    if (j->n_seen > 0) {
        show(j, progress, &state);
    }
    if (state.step > 0) {
        MJ_TRY(write_log(j, &state));
    }
    return mj_training_save(j->training, j->checkpoint, err);
}

/* Facts about the result, with room for their texts. */
typedef struct {
    mj_note note[NOTES_MAX];
    char text[NOTES_MAX][NOTE_TEXT];
    int n;
} notes;

static void add_number(notes *to, const char *key, double number)
{
    snprintf(to->text[to->n], NOTE_TEXT, "%.17g", number);
    to->note[to->n] = (mj_note){key, to->text[to->n]};
    to->n++;
}

static void add_text(notes *to, const char *key, const char *text)
{
    snprintf(to->text[to->n], NOTE_TEXT, "%s", text);
    to->note[to->n] = (mj_note){key, to->text[to->n]};
    to->n++;
}

/* A classifier: accuracy on the test set, and of a yardstick the scale of its features. */
static mj_status judge_classifier(notes *to, const job *j)
{
    mj_context *context = j->context;
    double accuracy, scale;
    mj_network network = (mj_network)j->recipe.model.network;
    MJ_TRY(mj_classifier_test(&accuracy, j->model, network, &j->test, &context->err));
    add_number(to, "test_accuracy", accuracy);
    fprintf(stderr, "accuracy on %d test images: %.4f\n", j->test.n, accuracy);
    if (network != MJ_CONVNET) {
        return MJ_OK;
    }
    mj_judge *judge;
    MJ_TRY(mj_judge_new(&judge, j->model, &j->train, &j->test, &context->arena, &context->err));
    MJ_TRY(mj_judge_find_scale(&scale, judge, &context->err));
    add_number(to, "feature_scale", scale);
    return MJ_OK;
}

/* What is known of a judged generator. Distances of pixels have a name of their own. */
static void add_score(notes *to, const mj_score *score, double noise, const char *by_pixels)
{
    if (by_pixels) {
        add_number(to, "frechet_pixels", score->frechet);
        fprintf(stderr, "judged by pixels alone: %s\n"
                "pixel Frechet %.3f (RK4 x %d, noise %g), diversity %.3f\n", by_pixels,
                score->frechet, JUDGED_STEPS, noise, score->diversity);
    } else {
        add_number(to, "frechet", score->frechet);
        add_number(to, "accuracy", score->accuracy);
        add_number(to, "frechet_pca", score->pca);
        fprintf(stderr, "Frechet %.2f (RK4 x %d, noise %g), class accuracy %.4f, pixel PCA %.2f\n",
                score->frechet, JUDGED_STEPS, noise, score->accuracy, score->pca);
    }
    add_number(to, "frechet_noise", noise);
    add_text(to, "frechet_integrator", "rk4 x 24");
}

/* A generator, integrated accurately: its Frechet distance by the shipped yardstick, or where that
 * cannot be, by pixels alone. */
static mj_status judge_generator(notes *to, const job *j)
{
    mj_context *context = j->context;
    mj_judge *judge;
    mj_sampler *sampler;
    mj_score score;
    const char *reason = mj_yardstick_refusal(context, j->recipe.data, j->train.n_classes,
                                              j->train.width, j->train.height);
    MJ_TRY(mj_load_judge(&judge, context, &j->train, &j->test, reason != NULL));
    MJ_TRY(mj_sampler_load(&sampler, j->model, (mj_sampler_config){.integrator = MJ_RK4},
                           mj_context_units(context), &context->arena, &context->err));
    size_t size = (size_t)(j->train.width * j->train.height);
    mj_real *image = mj_arena_array(&context->arena, JUDGED_N * size, sizeof *image);
    int *label = mj_arena_array(&context->arena, JUDGED_N, sizeof *label);
    if (!image || !label) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "no memory for images");
    }
    mj_labels_fill(label, JUDGED_N, j->train.n_classes);
    const mj_sampling sampling = {.n_steps = JUDGED_STEPS, .noise = j->recipe.noise, .readout = 1,
                                  .start_bits = j->recipe.start_bits};
    MJ_TRY(mj_sampler_run(sampler, image, label, JUDGED_N, &sampling, &context->err));
    MJ_TRY(mj_judge_score(&score, judge, image, label, JUDGED_N, &context->err));
    add_score(to, &score, j->recipe.noise, reason);
    return MJ_OK;
}

/* A look-up-table network that never became bits: what it is worth soft, as it was trained and as no file
 * has it. */
static mj_status judge_soft(notes *to, const job *j)
{
    const mj_recipe *recipe = &j->recipe;
    double loss;
    if (recipe->model.kind != MJ_TRAINED_LUT || recipe->train.hard_from < 1) {
        return MJ_OK;
    }
    MJ_TRY(mj_training_judge(&loss, j->training, is_text(j) ? NULL : &j->test, SOFT_N, &j->context->err));
    add_number(to, "soft_loss", loss);
    double bits = loss / log(2), size = j->test.width * j->test.height;
    if (recipe->objective.kind == MJ_OBJECTIVE_NEXT_PIXEL) {
        fprintf(stderr, "soft, as trained: %.2f bits an image, by %d pixels drawn from the test images\n",
                bits * size, SOFT_N);
    } else {
        fprintf(stderr, "soft, as trained: %.4f bits a sample, by %d drawn from the %s\n", bits, SOFT_N,
                is_text(j) ? "validation text" : "test images");
    }
    return MJ_OK;
}

/* A look-up-table network on images, as stored. */
static mj_status judge_lut(notes *to, const job *j)
{
    mj_context *context = j->context;
    mj_lut_model model;
    mj_lut_score score;
    MJ_TRY(mj_lut_file_load(&model, j->model, mj_context_units(context), &context->arena,
                            &context->err));
    MJ_TRY(mj_lut_judge(&score, &model, &j->test, &context->err));
    add_number(to, score.key, score.value);
    add_number(to, "gates", score.count.gates);
    fprintf(stderr, "%s of %d test images: %.4f; %d two-input gates, read-out of %d bits apart\n",
            score.metric, j->test.n, score.value, score.count.gates, model.net.n_outputs);
    return MJ_OK;
}

/* An equilibrium net, as stored. */
static mj_status judge_equilibrium(notes *to, const job *j)
{
    mj_context *context = j->context;
    mj_equilibrium_model model;
    mj_equilibrium_score score;
    MJ_TRY(mj_equilibrium_file_load(&model, j->model, mj_context_units(context), &context->arena,
                                    &context->err));
    MJ_TRY(mj_equilibrium_judge(&score, &model, &j->test, &context->err));
    add_number(to, "test_accuracy", score.accuracy);
    fprintf(stderr, "accuracy on %d test images: %.4f, after %.1f iterations\n", j->test.n,
            score.accuracy, score.iterations);
    return MJ_OK;
}

/* A language model: bits per byte of the validation text, as stored. */
static mj_status judge_text(notes *to, const job *j)
{
    mj_context *context = j->context;
    mj_language model;
    MJ_TRY(mj_language_load(&model, j->model, MJ_LANGUAGE_JUDGES, mj_context_units(context),
                            &context->arena, &context->err));
    const mj_symbols *text = &j->corpus.part[MJ_PART_VALIDATION];
    double bits = mj_language_bits(&model, text) / (double)text->n;
    add_number(to, "validation_bits_per_byte", bits);
    fprintf(stderr, "validation text: %.4f bits per byte; %.2f MB stored, %.0f B read a token\n",
            bits, model.stored_B / 1e6, model.touched_B);
    return MJ_OK;
}

/* Exports, judges what was exported, and exports again with the judgement. */
static mj_status finish(const job *j)
{
    mj_err *err = &j->context->err;
    notes facts = {0};
    add_text(&facts, "commit", MJ_COMMIT);
    if (j->n_seen > 0) { /* a run that was resumed after its last step has not seen one */
        add_number(&facts, "loss", j->loss);
    }
    MJ_TRY(mj_training_export(j->training, j->model, facts.note, facts.n, err));
    MJ_TRY(is_text(j)                                      ? judge_text(&facts, j)
           : j->recipe.model.kind == MJ_TRAINED_LUT        ? judge_lut(&facts, j)
           : j->recipe.model.kind == MJ_TRAINED_EQUILIBRIUM ? judge_equilibrium(&facts, j)
           : j->recipe.model.kind == MJ_TRAINED_CLASSIFIER ? judge_classifier(&facts, j)
                                                           : judge_generator(&facts, j));
    MJ_TRY(judge_soft(&facts, j));
    return mj_training_export(j->training, j->model, facts.note, facts.n, err);
}

/* What is trained on what, in one line. */
static void announce(const job *j)
{
    char kernel[64];
    mj_kernels_variant(kernel, sizeof kernel);
    double memory_MiB = (double)mj_training_state_of(j->training).memory_B / 0x1p20;
    const char *threads = mj_threads() == 1 ? "thread" : "threads";
    if (is_text(j)) {
        fprintf(stderr, "%s: %zu bytes of text, %d symbols, model and optimiser %.0f MiB, %d %s, %s\n",
                j->recipe.name, j->corpus.part[MJ_PART_TRAIN].n, j->corpus.alphabet.n_symbols,
                memory_MiB, mj_threads(), threads, kernel);
        return;
    }
    fprintf(stderr, "%s: %d images of %dx%d, networks and optimiser %.0f MiB, %d %s, %s\n",
            j->recipe.name, j->train.n, j->train.width, j->train.height, memory_MiB, mj_threads(),
            threads, kernel);
}

/* A run that is done, with its model judged: says so, and leaves both files. False for any other. */
static bool is_finished(const job *j)
{
    static const char *const judged[] = {"validation_bits_per_byte", "test_accuracy", "frechet",
                                         "frechet_pixels", "gates"};
    mj_safetensors file;
    mj_err unseen = {0}; /* a model that cannot be read is written anew */
    bool known = false;
    if (!j->resume || !mj_training_is_done(j->training) || access(j->model, R_OK) != 0 ||
        mj_safetensors_load_header(&file, j->model, &j->context->arena, &unseen) != MJ_OK) {
        return false;
    }
    for (size_t i = 0; i < sizeof judged / sizeof judged[0]; i++) {
        known = known || mj_safetensors_text(&file, judged[i]);
    }
    if (known && !j->context->globals.quiet) {
        const char *loss = mj_safetensors_text(&file, "loss");
        char last[NOTE_TEXT] = "";
        if (loss) {
            snprintf(last, sizeof last, ", last loss %.4f", strtod(loss, NULL));
        }
        fprintf(stderr, "%s: finished already, %lld steps%s; nothing left to train\n", j->recipe.name,
                mj_training_state_of(j->training).step, last);
    }
    return known;
}

static mj_status run(job *j, const char *recipe_word)
{
    mj_progress progress;
    mj_threads_set(j->threads);
    MJ_TRY(prepare(j, recipe_word));
    MJ_TRY(start(j));
    if (is_finished(j)) {
        printf("%s\n", j->model);
        return MJ_OK;
    }
    mj_progress_init(&progress, j->context);
    if (!j->context->globals.quiet) {
        announce(j);
    }
    void (*before_int)(int) = signal(SIGINT, on_interrupt);
    void (*before_term)(int) = signal(SIGTERM, on_interrupt);
    mj_status status = run_steps(j, &progress);
    signal(SIGINT, before_int);
    signal(SIGTERM, before_term);
    mj_progress_end(&progress);
    MJ_TRY(status);
    if (interrupted) {
        fprintf(stderr, "stopped; go on with --resume\n");
        return MJ_OK;
    }
    if (!j->context->globals.quiet) {
        fprintf(stderr, "judging what was trained\n");
    }
    MJ_TRY(finish(j));
    const mj_training_state state = mj_training_state_of(j->training);
    if (!j->context->globals.quiet) {
        fprintf(stderr, "%lld steps in %.1f minutes, processor time %.1f minutes\n", state.step,
                state.elapsed_s / 60, state.cpu_s / 60);
    }
    printf("%s\n", j->model);
    return MJ_OK;
}

int mj_cmd_train(mj_context *context, int argc, char **argv)
{
    job j = {.context = context, .threads = 1, .frechet = NAN};
    const mj_option option[] = {
        {.name = "out", .argument = "DIR", .kind = MJ_OPTION_TEXT, .target = &j.out,
         .help = "folder for checkpoint and model; must have neither without --resume"},
        {.name = "resume", .target = &j.resume, .help = "go on from DIR's checkpoint"},
        {.name = "json-log", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &j.json_log,
         .help = "a JSON object every few seconds: step, loss, images_per_s or tokens_per_s"},
        {.name = "data", .argument = "TEXT", .kind = MJ_OPTION_TEXT, .target = &j.data,
         .help = "text in place of the recipe's: kjv, a file, or a folder with *.txt"},
        {.name = "threads", .argument = "N", .kind = MJ_OPTION_INT, .target = &j.threads, .min = 1,
         .max = THREADS_MAX, .help = "threads (1)"},
        {.name = "minutes", .argument = "M", .kind = MJ_OPTION_REAL, .target = &j.minutes,
         .min = 0.01, .max = 1e5, .help = "about this long, in place of the recipe's length; of a new run"},
    };
    const mj_usage usage = {
        .sentence = "RECIPE",
        .about = "Trains what a recipe describes. RECIPE is a name in data/recipes or a path. Ctrl-C saves\n"
                 "the run and ends it with exit code 130. A checkpoint is written ten seconds after the\n"
                 "start, then every two minutes, at Ctrl-C and at the end: what a killed run has done since\n"
                 "the last one is lost.",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .takes_seed = true,
        .refuses = "json csv facts",
        .example = "mj train oscillator-fashion --out /tmp/run --threads 2\n"
                   "mj train oscillator-fashion --out /tmp/run --threads 2 --resume",
    };
    const char *word[1];
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "train", &usage, word, argc, argv)) {
        return exit_code;
    }
    if (!j.out) {
        return mj_context_fail_with(context, MJ_EKEY, "mj train needs --out DIR");
    }
    if (j.resume && j.minutes > 0) {
        return mj_context_fail_with(context, MJ_EKEY, "--minutes is of a new run; a resumed one keeps "
                                                      "the length that it began with");
    }
    mj_status status = run(&j, word[0]);
    if (j.log && fclose(j.log) != 0) {
        mj_context_warn(context, "%s: cannot write: %s", j.json_log, strerror(errno));
    }
    if (status != MJ_OK) {
        if (j.made_folder) {
            rmdir(j.out); /* stays if there is anything in it */
        }
        return mj_context_fail(context);
    }
    return interrupted ? EXIT_SIGNALLED + interrupted : MJ_EXIT_OK;
}
