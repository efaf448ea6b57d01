/* Wiring of oscillator nets: masks counted by brute force, and nets of several segments and harmonics
 * that draw the same images from their file as in their training. */
#include "assert_rel.h"

#include "mj/checkpoint.h"
#include "mj/kernels.h"
#include "mj/oscillator_net.h"
#include "mj/rng.h"
#include "mj/sampler.h"
#include "mj/trained.h"
#include "mj/training.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const mj_oscillator_net NET = {
    .width = 5, .height = 4, .hidden_fixed = 3, .hidden_random = 5, .n_class = 2, .n_batch = 1};
enum { N = 5 * 4 + 3 + 5 };

/* Masks. */

static void wire(uint8_t mask[N][N], const mj_oscillator_wiring *wiring, bool is_trained)
{
    static mj_real strength[N * N];
    mj_arena arena;
    mj_err err = {0};
    mj_arena_init(&arena, 0);
    mj_oscillator_prefer(strength, &NET, 7);
    if (is_trained) {
        static mj_real M[2 * N * N];
        mj_rng rng;
        mj_rng_init(&rng, 3, 0);
        for (int k = 0; k < 2 * N * N; k++) {
            M[k] = (mj_real)mj_rng_normal(&rng);
        }
        const mj_coupling coupling = {.n = N, .n_segments = 2, .symmetric = wiring->symmetric};
        mj_coupling_strength(strength, M, &coupling);
    }
    assert_int_equal(mj_oscillator_wire(&mask[0][0], strength, &NET, wiring, &arena, &err), MJ_OK);
    mj_arena_fini(&arena);
}

/* Every limit alone and with the others, for a trained net and a fresh one. */
static void test_masks_keep_their_limits(void **state)
{
    (void)state;
    static uint8_t mask[N][N];
    double x[N], y[N];
    mj_oscillator_place(x, y, &NET);
    for (int k = 1; k < 32; k++) {
        const mj_oscillator_wiring wiring = {
            .reach = k & 1 ? 2.5 : 0, .degree = k & 2 ? 6 : 0, .density = k & 4 ? 0.12 : 0,
            .symmetric = k & 8};
        int all = 0;
        wire(mask, &wiring, k & 16);
        for (int i = 0; i < N; i++) {
            int degree = 0;
            assert_int_equal(mask[i][i], 0);
            for (int j = 0; j < N; j++) {
                bool near = hypot(x[i] - x[j], y[i] - y[j]) <= 2.5;
                degree += mask[i][j];
                assert_true(near || !mask[i][j] || !(k & 1));
                assert_true(mask[i][j] == mask[j][i] || !(k & 8));
            }
            assert_true(degree <= 6 || !(k & 2));
            all += degree;
        }
        assert_true(all <= 0.12 * N * (N - 1) || !(k & 4));
        assert_true(all > N);
    }
}

/* Directed, each oscillator has its full number; of pairs, two with room left are either coupled or
 * were refused for a reason that no longer holds: none. */
static void test_degree_leaves_no_room(void **state)
{
    (void)state;
    static uint8_t mask[N][N];
    for (int symmetric = 0; symmetric < 2; symmetric++) {
        const mj_oscillator_wiring wiring = {.degree = 6, .symmetric = symmetric};
        int degree[N] = {0};
        wire(mask, &wiring, true);
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                degree[i] += mask[i][j];
            }
            assert_true(symmetric || degree[i] == 6);
        }
        for (int i = 0; i < N && symmetric; i++) {
            for (int j = 0; j < i; j++) {
                assert_true(mask[i][j] || degree[i] == 6 || degree[j] == 6);
            }
        }
    }
}

/* Reach alone takes all pairs within it and no other. */
static void test_reach_is_a_distance(void **state)
{
    (void)state;
    static uint8_t mask[N][N];
    double x[N], y[N];
    wire(mask, &(mj_oscillator_wiring){.reach = 2}, false);
    mj_oscillator_place(x, y, &NET);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            assert_int_equal(mask[i][j], i != j && hypot(x[i] - x[j], y[i] - y[j]) <= 2);
        }
    }
}

/* Pixels in the middle of their squares; hidden ones inside the image, and their mean in its middle
 * where their rows are full or centred: 3 of 2 columns and 2 rows, 5 of 3 and 2. */
static void test_places(void **state)
{
    (void)state;
    double x[N], y[N], mean = 0;
    mj_oscillator_place(x, y, &NET);
    assert_rel(x[7], 2.5, 1e-12); /* second row, third column */
    assert_rel(y[7], 1.5, 1e-12);
    for (int i = 20; i < N; i++) {
        assert_true(x[i] > 0 && x[i] < 5 && y[i] > 0 && y[i] < 4);
        mean += x[i] / (N - 20);
    }
    assert_rel(mean, 2.5, 1e-12);
}

/* Before training: the pixels beside first, then hidden oscillators. */
static void test_a_fresh_net_prefers_neighbours_and_hidden_ones(void **state)
{
    (void)state;
    static uint8_t mask[N][N];
    int n_hidden = 0;
    wire(mask, &(mj_oscillator_wiring){.degree = 6}, false);
    for (int j = 20; j < N; j++) {
        n_hidden += mask[7][j];
    }
    assert_true(mask[7][2] && mask[7][6] && mask[7][8] && mask[7][12]);
    assert_int_equal(n_hidden, 2);
}

/* From training to file to image. */

enum { SIDE = 4, SIZE = SIDE * SIDE, N_IMAGES = 20, OSCILLATORS = SIZE + 2 + 3 };

typedef struct {
    mj_arena arena;
    mj_err err;
    mj_units *units;
    mj_recipe recipe;
    mj_dataset data;
    char path[2][64];
} fixture;

static int setup(void **state)
{
    static fixture f;
    f = (fixture){.units = mj_units_new()};
    mj_arena_init(&f.arena, 0);
    mj_threads_set(1);
    f.data = (mj_dataset){
        .n = N_IMAGES, .height = SIDE, .width = SIDE, .n_classes = 2,
        .image = mj_arena_array(&f.arena, (size_t)N_IMAGES * SIZE, sizeof(mj_real)),
        .label = mj_arena_array(&f.arena, N_IMAGES, sizeof(int))};
    mj_noise_uniform(f.data.image, 0, (size_t)N_IMAGES * SIZE, (mj_noise_key){.seed = 4});
    for (int i = 0; i < N_IMAGES; i++) {
        f.data.label[i] = i % 2;
    }
    for (int i = 0; i < 2; i++) {
        snprintf(f.path[i], sizeof f.path[i], "/tmp/mj-test-wiring-%d-%d", (int)getpid(), i);
    }
    *state = &f;
    return 0;
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

/* Five hidden oscillators, n_random of which start at random. */
static mj_status parse(fixture *f, int n_random, const char *model)
{
    char text[1024];
    snprintf(text, sizeof text,
             "mj: 1\nrecipe: w\nmodel: {kind: oscillator_net, visible: 4x4, hidden_fixed: %d,\n"
             "  hidden_random: %d%s}\ndata: none\nobjective: {kind: drifting, pixels: 1}\n"
             "integrate: {method: euler, span: 3, steps: 4..7}\n"
             "train: {batch: 2x4, real: 2x4, lr: 1e-2, ema: 0.9, steps: 30, seed: 1}\n",
             5 - n_random, n_random, model);
    f->err = (mj_err){0};
    return mj_recipe_parse(&f->recipe, text, "w.yaml", f->units, &f->arena, &f->err);
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

/* Images of the file's own parameters by mj_kuramoto_forward, with nothing of the sampler between. */
static void draw(fixture *f, mj_real *image, const int *label, int n, int n_segments,
                 const mj_phase_response *response)
{
    static mj_real K[3 * OSCILLATORS * OSCILLATORS], omega[OSCILLATORS], table[4][2 * OSCILLATORS];
    static mj_real theta[8 * OSCILLATORS];
    static const char *const name[] = {"theta0", "omega_class", "drive_cos", "drive_sin"};
    mj_checkpoint file;
    assert_int_equal(mj_checkpoint_load(&file, f->path[0], &f->arena, &f->err), MJ_OK);
    const int wide[3] = {n_segments, OSCILLATORS, OSCILLATORS};
    int skip = n_segments > 1 ? 0 : 1, N_ = OSCILLATORS;
    assert_int_equal(mj_checkpoint_read(K, &file, "K", wide + skip, 3 - skip, &f->err), MJ_OK);
    assert_int_equal(mj_checkpoint_read(omega, &file, "omega", &N_, 1, &f->err), MJ_OK);
    for (int t = 0; t < 4; t++) {
        assert_int_equal(mj_checkpoint_read(table[t], &file, name[t], (int[]){2, OSCILLATORS}, 2,
                                            &f->err), MJ_OK);
    }
    const mj_phase_start start = {.n_batch = n, .n = OSCILLATORS};
    mj_phase_start_forward(theta, table[0], label, &start);
    const mj_kuramoto net = {.n = OSCILLATORS, .n_batch = n, .n_class = 2, .n_segments = n_segments,
                             .n_steps_max = 1, .integrator = MJ_RK4, .response = *response};
    const mj_kuramoto_run run = {.n_steps = 12, .span = 3};
    const mj_kuramoto_input in = {.theta0 = theta, .K = K, .omega = omega, .omega_class = table[1],
                                  .drive_cos = table[2], .drive_sin = table[3], .label = label};
    mj_real *scratch = mj_arena_array(&f->arena, mj_kuramoto_scratch_count(&net), sizeof *scratch);
    assert_non_null(scratch);
    mj_kuramoto_forward(theta, NULL, NULL, scratch, &net, &run, &in);
    mj_phase_read_forward(image, theta, n, OSCILLATORS, SIZE);
}

/* No oscillator starts at random, so that nothing is drawn by lot. */
static void test_file_draws_what_its_numbers_say(void **state)
{
    fixture *f = *state;
    enum { DRAWN = 6 };
    static const struct {
        const char *model;
        int segments;
        mj_phase_response response;
    } rows[] = {
        {", coupling_bits: 4, degree: 5", 1, {0}},
        {", coupling_bits: 4, degree: 5, segments: 3", 3, {0}},
        {", reach: 2.5, segments: 2, symmetric: true, harmonics: {sin: [1, -0.3], cos: [0.2]}", 2,
         {2, {1, -0.3}, {0.2, 0}}},
        {", coupling_bits: 6, density: 0.3, harmonics: {cos: [0.1, 0.2, 0.5]}", 1,
         {3, {0}, {0.1, 0.2, 0.5}}},
    };
    const int label[DRAWN] = {0, 1, 0, 1, 1, 0};
    static mj_real own[DRAWN * SIZE], sampled[DRAWN * SIZE];
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        mj_sampler *sampler;
        mj_model shape;
        assert_int_equal(parse(f, 0, rows[r].model), MJ_OK);
        mj_training *training = new_training(f);
        step_many(f, training, 8);
        assert_int_equal(mj_training_export(training, f->path[0], NULL, 0, &f->err), MJ_OK);
        const mj_sampler_config config = {.integrator = MJ_RK4, .n_batch = DRAWN};
        assert_int_equal(
            mj_sampler_load(&sampler, f->path[0], config, f->units, &f->arena, &f->err), MJ_OK);
        const mj_sampling sampling = {.n_steps = 12, .readout = 1};
        assert_int_equal(mj_sampler_run(sampler, sampled, label, DRAWN, &sampling, &f->err), MJ_OK);
        draw(f, own, label, DRAWN, rows[r].segments, &rows[r].response);
        for (int i = 0; i < DRAWN * SIZE; i++) { /* rounding of one kernel or another */
            assert_true(fabs((double)(own[i] - sampled[i])) < 1e-5);
        }
        assert_int_equal(
            mj_model_from_trained(&shape, f->path[0], f->units, &f->arena, &f->err), MJ_OK);
        assert_int_equal(shape.oscillator.segments, rows[r].segments);
        assert_int_equal(shape.oscillator.harmonics,
                         rows[r].response.n_harmonics ? rows[r].response.n_harmonics : 1);
        assert_true(shape.oscillator.couplings < OSCILLATORS * (OSCILLATORS - 1));
    }
}

/* Every limit at once, cut in two: the same bits, and the same couplings at 0 from first to last. */
static void test_resume_keeps_the_mask(void **state)
{
    fixture *f = *state;
    assert_int_equal(parse(f, 3, ", coupling_bits: 4, density: 0.3, reach: 3, degree: 6, segments: 2,\n"
                              "  symmetric: true, harmonics: {sin: [1, 0.2]}"), MJ_OK);
    mj_training *whole = new_training(f), *first = new_training(f), *second = new_training(f);
    mj_safetensors file[2];
    step_many(f, whole, 9);
    step_many(f, first, 4);
    assert_int_equal(mj_training_save(first, f->path[0], &f->err), MJ_OK);
    assert_int_equal(mj_training_restore(second, f->path[0], &f->err), MJ_OK);
    step_many(f, second, 5);
    mj_training *const end[2] = {whole, second};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mj_training_save(end[i], f->path[i], &f->err), MJ_OK);
        assert_int_equal(mj_safetensors_load(&file[i], f->path[i], 1 << 24, &f->arena, &f->err), MJ_OK);
    }
    for (int t = 0; t < file[0].n_tensors; t++) {
        const mj_stored_tensor *other = mj_safetensors_find(&file[1], file[0].tensor[t].name);
        assert_non_null(other);
        assert_memory_equal(file[0].tensor[t].data, other->data, other->size_B);
    }
    const mj_stored_tensor *K = mj_safetensors_find(&file[0], "K");
    int kept = 0;
    for (int i = 0; i < OSCILLATORS; i++) {
        int degree = 0;
        for (int j = 0; j < OSCILLATORS; j++) {
            size_t k = (size_t)(i * OSCILLATORS + j);
            bool has = mj_tensor_element(K, k) != 0;
            assert_int_equal(has, mj_tensor_element(K, k + OSCILLATORS * OSCILLATORS) != 0);
            assert_int_equal(has, mj_tensor_element(K, (size_t)(j * OSCILLATORS + i)) != 0);
            degree += has;
        }
        assert_true(degree <= 6);
        kept += degree;
    }
    assert_true(kept > 0 && kept <= 0.3 * OSCILLATORS * (OSCILLATORS - 1));
}

static void test_keys_that_are_wrong(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *model;
        mj_status status;
    } rows[] = {
        {", reach: 0.5", MJ_ERANGE},
        {", reach: far", MJ_ESYNTAX},
        {", degree: 0", MJ_ERANGE},
        {", degree: 2.5", MJ_ESYNTAX},
        {", segments: 0", MJ_ERANGE},
        {", segments: 65", MJ_ERANGE},
        {", harmonics: 2", MJ_ESYNTAX},
        {", harmonics: {sin: 1}", MJ_ESYNTAX},
        {", harmonics: {tan: [1]}", MJ_EKEY},
        {", harmonics: {sin: [1, one]}", MJ_ESYNTAX},
        {", harmonics: {sin: [1, 2, 3, 4, 5]}", MJ_ELIMIT},
        {", harmonics: {sin: [0], cos: [0, 0]}", MJ_ERANGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mj_status status = parse(f, 3, rows[i].model);
        if (status != rows[i].status) {
            print_error("%s: %d %s\n", rows[i].model, (int)status, f->err.diag[0].text);
        }
        assert_int_equal(status, rows[i].status);
        assert_int_equal(f->err.n, 1);
    }
    assert_int_equal(parse(f, 3, ", harmonics: {sin: [1, -0.3], cos: [0.2]}"), MJ_OK);
    assert_int_equal(f->recipe.model.harmonics.response.n_harmonics, 2);
}

/* The recipe of a file claims a net of which the file has no couplings. */
static void test_files_that_claim_more_than_they_have_are_refused(void **state)
{
    fixture *f = *state;
    mj_sampler *sampler;
    mj_checkpoint file;
    static const char *const claims[][2] = {{"visible: 4x4", "visible: 256x256"},
                                            {"segments: 2", "segments: 64"}};
    for (int i = 0; i < 2; i++) {
        char text[1024];
        assert_int_equal(parse(f, 3, ", coupling_bits: 4, segments: 2"), MJ_OK);
        mj_training *training = new_training(f);
        assert_int_equal(mj_training_export(training, f->path[0], NULL, 0, &f->err), MJ_OK);
        assert_int_equal(mj_checkpoint_load(&file, f->path[0], &f->arena, &f->err), MJ_OK);
        const char *at = strstr(f->recipe.text, claims[i][0]);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - f->recipe.text), f->recipe.text,
                 claims[i][1], at + strlen(claims[i][0]));
        assert_int_equal(mj_checkpoint_set_text(&file, "recipe", text, &f->err), MJ_OK);
        assert_int_equal(mj_checkpoint_save(&file, f->path[1], &f->err), MJ_OK);
        assert_int_equal(mj_sampler_load(&sampler, f->path[1], (mj_sampler_config){0}, f->units,
                                         &f->arena, &f->err), MJ_EFIT);
        f->err = (mj_err){0};
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masks_keep_their_limits),
        cmocka_unit_test(test_degree_leaves_no_room),
        cmocka_unit_test(test_reach_is_a_distance),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_a_fresh_net_prefers_neighbours_and_hidden_ones),
        cmocka_unit_test_setup_teardown(test_file_draws_what_its_numbers_say, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resume_keeps_the_mask, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys_that_are_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_that_claim_more_than_they_have_are_refused, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
