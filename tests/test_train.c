/* Training as a user meets it: recipes that are wrong, a run cut in two, numbers that are not finite,
 * a net that does not fit, and a small net that learns three patterns. */
#include "assert_rel.h"

#include "mj/checkpoint.h"
#include "mj/kernels.h"
#include "mj/rng.h"
#include "mj/sampler.h"
#include "mj/trained.h"
#include "mj/training.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = 6, SIZE = SIDE * SIDE, N_CLASS = 3, N_IMAGES = 60 };

static const char RECIPE[] =
    "mj: 1\n"
    "recipe: small\n"
    "model: {kind: oscillator_net, visible: 6x6, hidden_fixed: 4, hidden_random: 4,\n"
    "        coupling_bits: 4, density: 0.8}\n"
    "data: none\n"
    "objective: {kind: drifting, pixels: 1}\n"
    "integrate: {method: euler, span: 3, steps: 4..8}\n"
    "noise: 0.05\n"
    "readout_jitter: 0.1\n"
    "train: {batch: 2x8, real: 2x8, lr: 3e-2, lr_coupling: 1e-2, ema: 0.9, steps: 200, seed: 1}\n";

static const char GAN_RECIPE[] =
    "mj: 1\nrecipe: g\nmodel: {kind: oscillator_net, visible: 28x28, hidden_random: 2}\n"
    "data: none\nobjective: {kind: gan, penalty: 0.5, lr: 1e-3}\nintegrate: {span: 3, steps: 2}\n"
    "train: {batch: 2x2, real: 2x2, lr: 1e-2, steps: 20, seed: 2}\n";

typedef struct {
    mj_arena arena;
    mj_err err;
    mj_units *units;
    mj_recipe recipe;
    mj_dataset data;
    char path[2][64];
} fixture;

/* Class 0 is dark, class 1 bright at the top, class 2 bright on the left; pixels vary by +-0.1. */
static mj_real pattern(int c, int i)
{
    return (mj_real)(c == 0 ? 0.1 : c == 1 ? (i < SIZE / 2 ? 0.9 : 0.1) : (i % SIDE < 3 ? 0.9 : 0.1));
}

static int setup(void **state)
{
    static fixture f;
    f = (fixture){.units = mj_units_new()};
    mj_arena_init(&f.arena, 0);
    mj_threads_set(1);
    f.data = (mj_dataset){
        .n = N_IMAGES, .height = SIDE, .width = SIDE, .n_classes = N_CLASS,
        .image = mj_arena_array(&f.arena, (size_t)N_IMAGES * SIZE, sizeof(mj_real)),
        .label = mj_arena_array(&f.arena, N_IMAGES, sizeof(int))};
    mj_rng rng;
    mj_rng_init(&rng, 1, 0);
    for (int n = 0; n < N_IMAGES; n++) {
        f.data.label[n] = n % N_CLASS;
        for (int i = 0; i < SIZE; i++) {
            f.data.image[n * SIZE + i] =
                pattern(n % N_CLASS, i) + (mj_real)(0.2 * mj_rng_uniform(&rng) - 0.1);
        }
    }
    for (int i = 0; i < 2; i++) {
        snprintf(f.path[i], sizeof f.path[i], "/tmp/mj-test-train-%d-%d", (int)getpid(), i);
    }
    *state = &f;
    return mj_recipe_parse(&f.recipe, RECIPE, "small.yaml", f.units, &f.arena, &f.err) != MJ_OK;
}

static int teardown(void **state)
{
    fixture *f = *state;
    unlink(f->path[0]);
    unlink(f->path[1]);
    mj_units_free(f->units);
    mj_arena_fini(&f->arena);
    return 0;
}

/* A recipe with one text in place of another. */
static mj_status parse_changed(fixture *f, const char *recipe, const char *from, const char *to)
{
    char text[2 * sizeof RECIPE];
    const char *at = strstr(recipe, from);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - recipe), recipe, to, at + strlen(from));
    f->err = (mj_err){0};
    return mj_recipe_parse(&f->recipe, text, "small.yaml", f->units, &f->arena, &f->err);
}

static mj_training *new_training(fixture *f)
{
    mj_training *training;
    const mj_training_setup with = {.recipe = &f->recipe, .train = &f->data};
    assert_int_equal(mj_training_new(&training, &with, &f->arena, &f->err), MJ_OK);
    return training;
}

static void step_many(fixture *f, mj_training *training, int n)
{
    double loss;
    for (int i = 0; i < n; i++) {
        assert_int_equal(mj_training_step(training, &loss, &f->err), MJ_OK);
    }
}

/* A run cut in two. */

/* Every tensor of two files, bit by bit. */
static void assert_same_tensors(fixture *f, const char *a_path, const char *b_path)
{
    mj_safetensors a, b;
    size_t limit_B = 1 << 24;
    assert_int_equal(mj_safetensors_load(&a, a_path, limit_B, &f->arena, &f->err), MJ_OK);
    assert_int_equal(mj_safetensors_load(&b, b_path, limit_B, &f->arena, &f->err), MJ_OK);
    assert_int_equal(a.n_tensors, b.n_tensors);
    assert_true(a.n_tensors > 0 && a.n_tensors % 4 == 0); /* parameters, two moments, average */
    for (int i = 0; i < a.n_tensors; i++) {
        const mj_stored_tensor *other = mj_safetensors_find(&b, a.tensor[i].name);
        assert_non_null(other);
        assert_int_equal(a.tensor[i].size_B, other->size_B);
        assert_memory_equal(a.tensor[i].data, other->data, other->size_B);
    }
}

static void check_resume(fixture *f)
{
    mj_training *whole = new_training(f), *first = new_training(f), *second = new_training(f);
    step_many(f, whole, 9);
    step_many(f, first, 4);
    assert_int_equal(mj_training_save(first, f->path[0], &f->err), MJ_OK);
    assert_int_equal(mj_training_restore(second, f->path[0], &f->err), MJ_OK);
    step_many(f, second, 5);
    assert_int_equal(mj_training_save(whole, f->path[0], &f->err), MJ_OK);
    assert_int_equal(mj_training_save(second, f->path[1], &f->err), MJ_OK);
    assert_same_tensors(f, f->path[0], f->path[1]);
}

static void test_resume_is_bit_exact(void **state)
{
    check_resume(*state);
}

/* Noise in place of 28x28 images, which networks of fixed size take. */
static void use_large_images(fixture *f, int n)
{
    enum { PIXELS = MJ_CLASSIFIER_SIDE * MJ_CLASSIFIER_SIDE };
    f->data.n = n;
    f->data.height = f->data.width = MJ_CLASSIFIER_SIDE;
    f->data.image = mj_arena_array(&f->arena, (size_t)n * PIXELS, sizeof(mj_real));
    assert_non_null(f->data.image);
    mj_noise_uniform(f->data.image, 0, (size_t)n * PIXELS, (mj_noise_key){.seed = 4});
}

/* Dropout, epochs that end between the save and the restore (5 steps each), and two threads. */
static void test_resume_of_a_classifier_on_two_threads(void **state)
{
    fixture *f = *state;
    static const char text[] = "mj: 1\nrecipe: c\nmodel: {kind: classifier, network: patch}\n"
                               "data: none\nobjective: {kind: classify}\n"
                               "train: {batch: 8, lr: 1e-3, ema: 0.9, steps: 20, seed: 3}\n";
    assert_int_equal(mj_recipe_parse(&f->recipe, text, "c.yaml", f->units, &f->arena, &f->err), MJ_OK);
    use_large_images(f, 40);
    mj_threads_set(2);
    check_resume(f);
    mj_threads_set(1);
}

/* Directions are drawn anew at every step: from the step, not from what was drawn before. */
static void test_resume_of_sliced_wasserstein(void **state)
{
    fixture *f = *state;
    assert_int_equal(parse_changed(f, RECIPE, "drifting", "sliced_wasserstein, projections: 8"),
                     MJ_OK);
    check_resume(f);
}

/* The discriminator and its moments are part of the run, and no part of the generator. */
static void test_resume_of_a_gan(void **state)
{
    fixture *f = *state;
    mj_safetensors saved, exported;
    assert_int_equal(parse_changed(f, GAN_RECIPE, "recipe: g", "recipe: gan"), MJ_OK);
    use_large_images(f, 9);
    check_resume(f);
    mj_training *training = new_training(f);
    step_many(f, training, 2);
    assert_int_equal(mj_training_export(training, f->path[1], NULL, 0, &f->err), MJ_OK);
    assert_int_equal(mj_safetensors_load_header(&saved, f->path[0], &f->arena, &f->err), MJ_OK);
    assert_int_equal(mj_safetensors_load_header(&exported, f->path[1], &f->arena, &f->err), MJ_OK);
    assert_non_null(mj_safetensors_find(&saved, "discriminator/patch1"));
    assert_non_null(mj_safetensors_find(&saved, "adam_v/discriminator/patch1"));
    for (int i = 0; i < exported.n_tensors; i++) {
        assert_null(strstr(exported.tensor[i].name, "discriminator"));
    }
}

static void test_resume_refuses_another_run(void **state)
{
    fixture *f = *state;
    mj_training *training = new_training(f);
    step_many(f, training, 1);
    assert_int_equal(mj_training_save(training, f->path[0], &f->err), MJ_OK);
    mj_threads_set(2);
    assert_int_equal(mj_training_restore(training, f->path[0], &f->err), MJ_ERANGE);
    mj_threads_set(1);
    f->recipe.text = "another";
    assert_int_equal(mj_training_restore(training, f->path[0], &f->err), MJ_ERANGE);
}

/* A checkpoint is a file like any other: no number of it is cast before it was looked at. */
static void test_resume_refuses_numbers_that_cannot_be(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *key, *text;
    } cases[] = {
        {"adam.step", "-1"},   {"adam.step", "1.5"},  {"clip.step", "1e30"}, {"clip.mean_norm", "-1"},
        {"n_steps", "9e9"},    {"n_steps", "11"},     {"n_steps", "0"},      {"elapsed_s", "-1"},
        {"elapsed_s", "1e999"}, {"minutes", "-1"},    {"minutes", "nan"},    {"step", "-1"},
        {"step", "99999999999"},
    };
    mj_training *training = new_training(f);
    step_many(f, training, 12);
    assert_int_equal(mj_training_save(training, f->path[0], &f->err), MJ_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mj_checkpoint changed;
        assert_int_equal(mj_checkpoint_load(&changed, f->path[0], &f->arena, &f->err), MJ_OK);
        assert_int_equal(mj_checkpoint_set_text(&changed, cases[i].key, cases[i].text, &f->err),
                         MJ_OK);
        assert_int_equal(mj_checkpoint_save(&changed, f->path[1], &f->err), MJ_OK);
        f->err = (mj_err){0};
        mj_status status = mj_training_restore(training, f->path[1], &f->err);
        if (status == MJ_OK) {
            print_error("%s of %s was taken\n", cases[i].key, cases[i].text);
        }
        assert_int_not_equal(status, MJ_OK);
        assert_int_equal(f->err.n, 1);
    }
    assert_int_equal(mj_training_state_of(training).step, 12);
}

/* What goes wrong. */

static void test_nan_stops_and_is_named(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < N_IMAGES * SIZE; i++) {
        f->data.image[i] = (mj_real)NAN;
    }
    double loss;
    mj_training *training = new_training(f);
    assert_int_equal(mj_training_save(training, f->path[0], &f->err), MJ_OK);
    assert_int_equal(mj_training_step(training, &loss, &f->err), MJ_ERANGE);
    assert_non_null(strstr(f->err.diag[0].text, "step 0: the gradient of "));
    assert_int_equal(mj_training_save(training, f->path[1], &f->err), MJ_OK);
    assert_same_tensors(f, f->path[0], f->path[1]);
}

/* The third class of the recipe's data has no image: nothing could be drawn from it. */
static void test_an_empty_class_is_refused(void **state)
{
    fixture *f = *state;
    mj_training *training;
    for (int n = 0; n < N_IMAGES; n++) {
        f->data.label[n] = n % (N_CLASS - 1);
    }
    const mj_training_setup with = {.recipe = &f->recipe, .train = &f->data};
    assert_int_equal(mj_training_new(&training, &with, &f->arena, &f->err), MJ_ERANGE);
    assert_non_null(strstr(f->err.diag[0].text, "no image of class 2"));
}

static void test_a_model_with_nan_is_refused(void **state)
{
    fixture *f = *state;
    mj_sampler *sampler;
    mj_checkpoint model;
    mj_training *training = new_training(f);
    assert_int_equal(mj_training_export(training, f->path[0], NULL, 0, &f->err), MJ_OK);
    assert_int_equal(mj_checkpoint_load(&model, f->path[0], &f->arena, &f->err), MJ_OK);
    const mj_stored_tensor *omega = mj_safetensors_find(&model.file, "omega");
    assert_non_null(omega);
    const float wrong = NAN;
    memcpy((void *)(uintptr_t)omega->data, &wrong, sizeof wrong);
    assert_int_equal(mj_checkpoint_save(&model, f->path[1], &f->err), MJ_OK);
    assert_int_equal(mj_sampler_load(&sampler, f->path[1], (mj_sampler_config){0}, f->units,
                                     &f->arena, &f->err), MJ_ERANGE);
    assert_non_null(strstr(f->err.diag[0].text, "tensor omega: element 0 is not finite"));
}

static void test_memory_is_refused_before_it_is_taken(void **state)
{
    fixture *f = *state;
    mj_training *training;
    const mj_training_setup with = {.recipe = &f->recipe, .train = &f->data, .limit_B = 1000};
    assert_int_equal(mj_training_new(&training, &with, &f->arena, &f->err), MJ_EFIT);
    assert_non_null(strstr(f->err.diag[0].text, "MiB"));
    /* What stands beside the generator counts too: the limit is just below the number that is named. */
    assert_int_equal(mj_training_new(&training, &(mj_training_setup){.recipe = &f->recipe,
                                                                     .train = &f->data},
                                     &f->arena, &f->err), MJ_OK);
    mj_training_setup tight = with;
    tight.limit_B = mj_training_state_of(training).memory_B - 1;
    assert_int_equal(mj_training_new(&training, &tight, &f->arena, &f->err), MJ_EFIT);
    assert_non_null(strstr(f->err.diag[1].text, "the training needs"));
}

/* Pairs of images, of the size that the discriminator takes. */
static void test_a_gan_takes_pairs_of_28x28(void **state)
{
    fixture *f = *state;
    mj_training *training;
    assert_int_equal(parse_changed(f, GAN_RECIPE, "real: 2x2", "real: 2x3"), MJ_ERANGE);
    assert_non_null(strstr(f->err.diag[0].text, "pairs"));
    assert_int_equal(parse_changed(f, GAN_RECIPE, "28x28", "6x6"), MJ_OK);
    const mj_training_setup with = {.recipe = &f->recipe, .train = &f->data};
    assert_int_equal(mj_training_new(&training, &with, &f->arena, &f->err), MJ_ERANGE);
    assert_non_null(strstr(f->err.diag[0].text, "28x28, not 6x6"));
}

static void test_recipes_that_are_wrong(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *from, *to;
        mj_status status;
    } cases[] = {
        {"lr: 3e-2", "rate: 3e-2", MJ_EKEY},
        {"visible: 6x6", "visible: 6", MJ_ERANGE},
        {"visible: 6x6", "visible: 6x-6", MJ_ERANGE},
        {"visible: 6x6", "visible: 99999999999x6", MJ_ERANGE},
        {"steps: 4..8", "steps: 8..4", MJ_ERANGE},
        {"steps: 4..8", "steps: 4..8..9", MJ_ERANGE},
        {"real: 2x8", "real: 3x8", MJ_ERANGE},
        {"batch: 2x8", "batch: 2x1", MJ_ERANGE},
        {"coupling_bits: 4", "coupling_bits: 1", MJ_ERANGE},
        {"pixels: 1", "features: 1", MJ_ERANGE},
        {"kind: drifting", "kind: classify", MJ_ERANGE},
        {"ema: 0.9", "ema: 1", MJ_ERANGE},
        {"ema: 0.9", "beta2: 1", MJ_ERANGE},
        {"density: 0.8", "network: conv", MJ_ERANGE},
        {"pixels: 1", "pixels: 1, network: loss-fashion", MJ_ERANGE},
        {"pixels: 1", "pixels: 1, projections: 9", MJ_ERANGE},
        {"pixels: 1", "pixels: 1, penalty: 1", MJ_ERANGE},
        {"pixels: 1", "pixels: 1, lr: 1e-3", MJ_ERANGE},
        {"drifting, pixels: 1", "sliced_wasserstein", MJ_ERANGE},
        {"drifting, pixels: 1", "sliced_wasserstein, pixels: 1, lr: 1e-3", MJ_ERANGE},
        {"drifting, pixels: 1", "sliced_wasserstein, pixels: 1, projections: 65537", MJ_ERANGE},
        {"drifting, pixels: 1", "gan, pixels: 1", MJ_ERANGE},
        {"drifting, pixels: 1", "gan, features: 1, network: loss-fashion", MJ_ERANGE},
        {"drifting, pixels: 1", "gan, projections: 9", MJ_ERANGE},
        {"steps: 200, ", "", MJ_ERANGE},
        {"steps: 200, ", "steps: 200, minutes: 1, ", MJ_ERANGE},
        {"span: 3", "span: three", MJ_ESYNTAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mj_status status = parse_changed(f, RECIPE, cases[i].from, cases[i].to);
        if (status != cases[i].status) {
            print_error("%s -> %s: status %d: %s\n", cases[i].from, cases[i].to, (int)status,
                        f->err.diag[0].text);
        }
        assert_int_equal(status, cases[i].status);
        assert_true(f->err.n > 0);
    }
    assert_int_equal(parse_changed(f, RECIPE, "steps: 4..8", "steps: 12"), MJ_OK);
    assert_int_equal(f->recipe.integrate.steps_min, 12);
    assert_int_equal(f->recipe.integrate.steps_max, 12);
}

/* What only the other kind of model looks at is refused, each key alone. */
static void test_recipe_keys_without_effect(void **state)
{
    fixture *f = *state;
    static const char *const keys[][4] = {
        /* model, objective, top, train */
        {", visible: 28x28", "", "", ""},  {", hidden_fixed: 1", "", "", ""},
        {", coupling_bits: 4", "", "", ""}, {", density: 0.5", "", "", ""},
        {", reach: 2", "", "", ""},         {", degree: 2", "", "", ""},
        {", segments: 2", "", "", ""},      {", harmonics: {sin: [1]}", "", "", ""},
        {", init: x", "", "", ""},         {"", ", pixels: 1", "", ""},
        {"", ", network: x", "", ""},      {"", "", "integrate: {method: euler}\n", ""},
        {"", "", "noise: 0.1\n", ""},      {"", "", "start_bits: 2\n", ""},
        {"", "", "", ", real: 2x8"},       {"", "", "", ", lr_coupling: 1"},
        {"", "", "", ""},
    };
    enum { CASES_N = sizeof keys / sizeof keys[0] };
    for (int i = 0; i < CASES_N; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "mj: 1\nrecipe: c\nmodel: {kind: classifier%s}\ndata: d\n"
                 "objective: {kind: classify%s}\n%strain: {batch: 9, lr: 1e-3, steps: 5%s}\n",
                 keys[i][0], keys[i][1], keys[i][2], keys[i][3]);
        f->err = (mj_err){0};
        mj_status status =
            mj_recipe_parse(&f->recipe, text, "c.yaml", f->units, &f->arena, &f->err);
        assert_int_equal(status, i < CASES_N - 1 ? MJ_ERANGE : MJ_OK);
        assert_true(status == MJ_OK || strstr(f->err.diag[0].text, "no effect on a classifier"));
    }
    assert_int_equal(f->recipe.model.network, MJ_CONVNET);
}

/* What goes right. */

/* The exported file is what the accountant reads: 44 oscillators, no diagonal, the recipe's bits. */
static void check_shape(fixture *f)
{
    mj_model shape;
    assert_int_equal(mj_model_from_trained(&shape, f->path[0], f->units, &f->arena, &f->err), MJ_OK);
    assert_int_equal(shape.oscillator.visible + shape.oscillator.hidden, 44);
    assert_int_equal(shape.oscillator.classes, N_CLASS);
    assert_true(shape.oscillator.couplings <= 44 * 43);
    assert_true(shape.oscillator.couplings > 0);
    assert_rel(shape.oscillator.coupling_bits, 4, 0);
}

/* Three patterns, far simpler than clothes: after 200 steps the mean image of each class is nearer to
 * its pattern than 0.15 on average, which no net has that mixes up two of them (they differ by 0.8 on
 * half of the pixels). Sampled by RK4 from the exported file with its 4-bit couplings. */
static void test_a_small_net_learns(void **state)
{
    fixture *f = *state;
    enum { N = 60 };
    static mj_real image[N * SIZE];
    int label[N];
    mj_sampler *sampler;
    mj_training *training = new_training(f);
    step_many(f, training, 200);
    assert_true(mj_training_is_done(training));
    const mj_note note = {"quality", "unknown"};
    assert_int_equal(mj_training_export(training, f->path[0], &note, 1, &f->err), MJ_OK);
    mj_safetensors file;
    assert_int_equal(mj_safetensors_load_header(&file, f->path[0], &f->arena, &f->err), MJ_OK);
    assert_string_equal(mj_safetensors_text(&file, "quality"), "unknown");
    const mj_stored_tensor *packed = mj_safetensors_find(&file, "K.packed");
    assert_non_null(packed);
    assert_int_equal(packed->size_B, 44 * 22); /* 44 oscillators, two couplings a byte */
    check_shape(f);
    const mj_sampler_config config = {.integrator = MJ_RK4, .n_batch = 7};
    assert_int_equal(mj_sampler_load(&sampler, f->path[0], config, f->units, &f->arena, &f->err),
                     MJ_OK);
    for (int n = 0; n < N; n++) {
        label[n] = n % N_CLASS;
    }
    const mj_sampling sampling = {.n_steps = 24, .readout = 1};
    assert_int_equal(mj_sampler_run(sampler, image, label, N, &sampling, &f->err), MJ_OK);
    for (int c = 0; c < N_CLASS; c++) {
        double off = 0;
        for (int i = 0; i < SIZE; i++) {
            double mean = 0;
            for (int n = c; n < N; n += N_CLASS) {
                mean += (double)image[n * SIZE + i] / (N / N_CLASS);
            }
            off += fabs(mean - (double)pattern(c, i)) / SIZE;
        }
        if (!(off < 0.15)) {
            print_error("class %d is off by %g\n", c, off);
        }
        assert_true(off < 0.15);
    }
}

/* A chip's image depends on the sample's number only, not on who shares its batch. */
static void test_samples_do_not_depend_on_the_batch(void **state)
{
    fixture *f = *state;
    enum { N = 10 };
    static mj_real image[2][N * SIZE];
    const int label[N] = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0};
    const mj_sampling sampling = {.n_steps = 5, .noise = 0.2, .readout = 1, .mismatch = 0.1,
                                  .detuning = 0.1, .start_bits = 2, .chip = 3};
    mj_training *training = new_training(f);
    assert_int_equal(mj_training_export(training, f->path[0], NULL, 0, &f->err), MJ_OK);
    for (int k = 0; k < 2; k++) {
        mj_sampler *sampler;
        const mj_sampler_config config = {.n_batch = k == 0 ? 3 : 10};
        assert_int_equal(
            mj_sampler_load(&sampler, f->path[0], config, f->units, &f->arena, &f->err), MJ_OK);
        assert_int_equal(mj_sampler_run(sampler, image[k], label, N, &sampling, &f->err), MJ_OK);
    }
    for (int i = 0; i < N * SIZE; i++) { /* products of other sizes round otherwise */
        assert_true(fabs((double)(image[0][i] - image[1][i])) < 1e-4);
    }
}

/* The path ends where the images are read from, and begins at the learned start phases: the same for
 * samples of a class, although their noise differs. */
static void test_trace_ends_at_the_images(void **state)
{
    fixture *f = *state;
    enum { N = 6, STEPS = 8, OSCILLATORS = SIZE + 8 };
    static mj_real image[N * SIZE], path[(STEPS + 1) * N * OSCILLATORS];
    const int label[N] = {0, 1, 2, 0, 1, 2};
    const mj_sampling sampling = {.n_steps = STEPS, .noise = 0.1, .readout = 1, .seed = 5};
    mj_sampler *sampler;
    mj_training *training = new_training(f);
    assert_int_equal(mj_training_export(training, f->path[0], NULL, 0, &f->err), MJ_OK);
    const mj_sampler_config config = {.integrator = MJ_RK4, .n_batch = N};
    assert_int_equal(mj_sampler_load(&sampler, f->path[0], config, f->units, &f->arena, &f->err),
                     MJ_OK);
    assert_int_equal(mj_sampler_oscillators(sampler), OSCILLATORS);
    assert_int_equal(mj_sampler_trace(sampler, path, label, &sampling, &f->err), MJ_OK);
    assert_int_equal(mj_sampler_run(sampler, image, label, N, &sampling, &f->err), MJ_OK);
    const mj_real *start = path, *end = path + (size_t)STEPS * N * OSCILLATORS;
    for (int n = 0; n < N; n++) {
        for (int i = 0; i < SIZE; i++) { /* the same pass: differences are those of the cosine */
            double read = (1 - cos((double)end[n * OSCILLATORS + i])) / 2;
            assert_true(fabs(read - (double)image[n * SIZE + i]) < 1e-5);
            assert_true(start[n * OSCILLATORS + i] == start[n % 3 * OSCILLATORS + i]);
        }
    }
    const mj_sampling none = {.n_steps = 0, .readout = 1};
    assert_int_equal(mj_sampler_trace(sampler, path, label, &none, &f->err), MJ_ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_resume_is_bit_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resume_of_a_classifier_on_two_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resume_of_sliced_wasserstein, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resume_of_a_gan, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resume_refuses_another_run, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resume_refuses_numbers_that_cannot_be, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_empty_class_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_model_with_nan_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nan_stops_and_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_is_refused_before_it_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_gan_takes_pairs_of_28x28, setup, teardown),
        cmocka_unit_test_setup_teardown(test_recipes_that_are_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_recipe_keys_without_effect, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_small_net_learns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_samples_do_not_depend_on_the_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trace_ends_at_the_images, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
