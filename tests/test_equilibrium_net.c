/* Equilibrium nets in training: recipes that are wrong, the tape against plain numbers, bounds, and a small
 * net that learns, ships and comes back. */
#include "assert_rel.h"

#include "mj/equilibrium_file.h"
#include "mj/kernels.h"
#include "mj/layer.h"
#include "mj/rng.h"
#include "mj/training.h"

#include <string.h>
#include <unistd.h>

enum { SIDE = 3, SIZE = SIDE * SIDE, N_CLASS = 3, N_IMAGES = 90 };

static const char RECIPE[] = "mj: 1\n"
                             "recipe: small\n"
                             "model: {kind: equilibrium_net, visible: 3x3, neurons: 6, contraction: 0.8}\n"
                             "data: none\n"
                             "objective: {kind: classify}\n"
                             "train: {batch: 30, lr: 3e-2, ema: 0.9, steps: 150, seed: 1}\n";

typedef struct {
    mj_arena arena;
    mj_err err;
    mj_units *units;
    mj_recipe recipe;
    mj_dataset data;
    char path[64];
} fixture;

/* Class c has row c bright; pixels vary by +-0.2. */
static int setup(void **state)
{
    static fixture f;
    f = (fixture){.units = mj_units_new()};
    mj_arena_init(&f.arena, 0);
    mj_threads_set(1);
    f.data = (mj_dataset){.n = N_IMAGES, .height = SIDE, .width = SIDE, .n_classes = N_CLASS,
                          .image = mj_arena_array(&f.arena, (size_t)N_IMAGES * SIZE, sizeof(mj_real)),
                          .label = mj_arena_array(&f.arena, N_IMAGES, sizeof(int))};
    mj_rng rng;
    mj_rng_init(&rng, 1, 0);
    for (int n = 0; n < N_IMAGES; n++) {
        f.data.label[n] = n % N_CLASS;
        for (int i = 0; i < SIZE; i++) {
            double bright = i / SIDE == n % N_CLASS ? 0.7 : 0.3;
            f.data.image[n * SIZE + i] = (mj_real)(bright + 0.4 * mj_rng_uniform(&rng) - 0.2);
        }
    }
    snprintf(f.path, sizeof f.path, "/tmp/mj-test-equilibrium-%d", (int)getpid());
    *state = &f;
    return mj_recipe_parse(&f.recipe, RECIPE, "small.yaml", f.units, &f.arena, &f.err) != MJ_OK;
}

static int teardown(void **state)
{
    fixture *f = *state;
    unlink(f->path);
    mj_units_free(f->units);
    mj_arena_fini(&f->arena);
    return 0;
}

static void test_recipes_that_are_wrong(void **state)
{
    fixture *f = *state;
    const struct {
        const char *from, *to, *text;
    } change[] = {{"neurons: 6, ", "", "needs model.neurons"},
                  {"visible: 3x3, ", "", "model.visible must be"},
                  {"0.8", "1", "model.contraction must be below 1"},
                  {"batch: 30", "batch: 3x10", "must be a number of images"},
                  {"kind: classify", "kind: drifting, pixels: 1", "objective"},
                  {"neurons: 6", "neurons: 6, density: 0.5", "model.density has no effect"},
                  {"equilibrium_net", "classifier", "no effect on a classifier"}};
    for (size_t i = 0; i < sizeof change / sizeof change[0]; i++) {
        char text[2 * sizeof RECIPE];
        const char *at = strstr(RECIPE, change[i].from);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - RECIPE), RECIPE, change[i].to,
                 at + strlen(change[i].from));
        f->err = (mj_err){0};
        assert_int_not_equal(mj_recipe_parse(&f->recipe, text, "small.yaml", f->units, &f->arena, &f->err),
                             MJ_OK);
        assert_non_null(strstr(f->err.diag[0].text, change[i].text));
    }
}

static void test_bounds(void **state)
{
    (void)state;
    const mj_equilibrium_net net = {.N = 2, .K = 2, .M = 1, .contraction = 0.5, .drive = 3};
    mj_real W[] = {1, -1, (mj_real)0.1, (mj_real)-0.2}, U[] = {3, -2, 1, 1}, b[] = {1, -1};
    mj_equilibrium_net_bound(W, U, b, &net);
    assert_rel((double)W[0], 0.25, 1e-6);
    assert_rel((double)W[1], -0.25, 1e-6);
    assert_rel((double)W[3], -0.2, 1e-6); /* within its bound: as it was */
    assert_rel((double)U[0], 1.5, 1e-6);
    assert_rel((double)b[0], 0.5, 1e-6);
    assert_rel((double)b[1], -1, 1e-6);
}

/* The implicit gradient of the tape, in float and stopped at 1e-4, against that of plain numbers. */
static void test_gradient_is_that_of_plain_numbers(void **state)
{
    fixture *f = *state;
    enum { N = 6 };
    mj_equilibrium_vars vars;
    const mj_equilibrium_net net = {.N = N, .K = SIZE, .M = N_CLASS, .contraction = 0.8, .drive = 3};
    mj_tape *tape = mj_tape_new(&f->arena, &f->err, (mj_tape_config){.seed = 1});
    mj_var x = mj_tape_input(tape, "x", mj_shape_2(1, SIZE), false), label = mj_tape_labels(tape, "label", 1);
    mj_equilibrium_net_record(&vars, tape, x, &net, NULL);
    mj_var loss = mj_cross_entropy(tape, vars.scores, label);
    assert_int_equal(mj_tape_allocate(tape, 0), MJ_OK);
    mj_equilibrium_net_init(tape, &vars, 1);
    mj_equilibrium_net_bound(mj_tape_tensor(tape, vars.W).v, mj_tape_tensor(tape, vars.U).v,
                             mj_tape_tensor(tape, vars.b).v, &net);
    memcpy(mj_tape_tensor(tape, x).v, f->data.image, SIZE * sizeof(mj_real));
    *mj_tape_tensor(tape, label).label = 1;
    mj_tape_forward(tape, 0, true);
    mj_tape_grads_clear(tape);
    *mj_tape_tensor(tape, loss).d = 1;
    mj_tape_backward(tape);
    mj_settling_net plain;
    double v[N], score[N_CLASS], dW[N * N], dV[N_CLASS * N], pixel[SIZE];
    assert_int_equal(mj_settling_net_new(&plain, N, SIZE, N_CLASS, &f->arena, &f->err), MJ_OK);
    const mj_var var[] = {vars.W, vars.U, vars.b, vars.V, vars.c};
    double *const to[] = {plain.W, plain.U, plain.b, plain.V, plain.c};
    for (int p = 0; p < 5; p++) {
        mj_tensor tensor = mj_tape_tensor(tape, var[p]);
        for (size_t i = 0; i < mj_shape_count(tensor.shape); i++) {
            to[p][i] = (double)tensor.v[i];
        }
    }
    for (int i = 0; i < SIZE; i++) {
        pixel[i] = (double)f->data.image[i];
    }
    assert_true(mj_settle(v, &plain, pixel, 1e-12, 10000) > 0);
    mj_settling_scores(score, &plain, v);
    mj_settling_gradient(dW, dV, &plain, v, 1);
    assert_rel((double)*mj_tape_tensor(tape, loss).v, mj_settling_loss(score, N_CLASS, 1), 1e-4);
    double most = 0;
    for (int i = 0; i < N * N; i++) {
        most = fmax(most, fabs(dW[i]));
    }
    for (int i = 0; i < N * N; i++) {
        assert_true(fabs((double)mj_tape_tensor(tape, vars.W).d[i] - dW[i]) < 1e-3 * most);
    }
    for (int i = 0; i < N_CLASS * N; i++) {
        assert_true(fabs((double)mj_tape_tensor(tape, vars.V).d[i] - dV[i]) < 1e-3);
    }
}

/* Three rows that are bright in turn: a small net tells all of them, also as it is stored. */
static void test_learns_ships_and_comes_back(void **state)
{
    fixture *f = *state;
    mj_training *training;
    mj_equilibrium_model model;
    mj_equilibrium_score score;
    double loss;
    const mj_training_setup with = {.recipe = &f->recipe, .train = &f->data};
    assert_int_equal(mj_training_new(&training, &with, &f->arena, &f->err), MJ_OK);
    while (!mj_training_is_done(training)) {
        assert_int_equal(mj_training_step(training, &loss, &f->err), MJ_OK);
    }
    assert_int_equal(mj_training_export(training, f->path, NULL, 0, &f->err), MJ_OK);
    assert_true(mj_equilibrium_file_is(f->path, &f->arena));
    assert_int_equal(mj_equilibrium_file_load(&model, f->path, f->units, &f->arena, &f->err), MJ_OK);
    /* rounding to 8 bits moves a sum of six numbers by less than 6/254 of its largest */
    assert_true(mj_settling_contraction(&model.net) < 0.8 * (1 + 6.0 / 254));
    assert_int_equal(mj_equilibrium_judge(&score, &model, &f->data, &f->err), MJ_OK);
    assert_true(score.accuracy > 0.98 && score.iterations >= 1);
    mj_dataset other = f->data;
    other.width = 2;
    assert_int_equal(mj_equilibrium_judge(&score, &model, &other, &f->err), MJ_EFIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_recipes_that_are_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gradient_is_that_of_plain_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_learns_ships_and_comes_back, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
