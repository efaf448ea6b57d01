/* The discriminator's gradients against central differences of its losses, written out term by term;
 * and that it tells two kinds of images apart. Compiled in double. */
#include "assert_rel.h"

#include "mj/discriminator.h"
#include "mj/rng.h"

#include <string.h>

enum { N = 2, N_CLASS = 3, SIZE = MJ_CLASSIFIER_SIDE * MJ_CLASSIFIER_SIDE };
static const double PENALTY = 0.7;

typedef struct {
    mj_arena arena;
    mj_err err;
    mj_discriminator d;
    mj_real real[N * SIZE], generated[N * SIZE];
    int label[N];
} fixture;

static void draw(mj_real *x, double centre, uint64_t stream)
{
    mj_rng rng;
    mj_rng_init(&rng, 2, stream);
    for (int i = 0; i < N * SIZE; i++) {
        x[i] = centre + 0.3 * mj_rng_normal(&rng);
    }
}

static int start(void **state, double penalty)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    mj_arena_init(&f.arena, 0);
    const mj_discriminator_config config = {.n_pairs = N, .n_class = N_CLASS, .penalty = penalty};
    memcpy(f.label, (const int[N]){2, 0}, sizeof f.label);
    draw(f.real, 0.6, 1);
    draw(f.generated, 0.4, 2);
    *state = &f;
    return mj_discriminator_init(&f.d, config, 7, 0, &f.arena, &f.err) != MJ_OK;
}

static int setup(void **state)
{
    return start(state, PENALTY);
}

static int setup_free(void **state)
{
    return start(state, 0);
}

static int teardown(void **state)
{
    fixture *f = *state;
    mj_arena_fini(&f->arena);
    return 0;
}

/* D of all images: real, then generated. */
static void judge(double D[2 * N], fixture *f)
{
    mj_real *pixel = mj_tape_tensor(f->d.tape, f->d.pixel).v;
    memcpy(pixel, f->real, sizeof f->real);
    memcpy(pixel + N * SIZE, f->generated, sizeof f->generated);
    mj_tape_forward(f->d.tape, 0, true);
    for (int b = 0; b < 2 * N; b++) {
        D[b] = mj_tape_tensor(f->d.tape, f->d.logits).v[b * N_CLASS + f->label[b % N]];
    }
}

/* sign 1: the generator's loss, -1: the discriminator's, without penalty. */
static double pairs_loss(fixture *f, double sign)
{
    double D[2 * N], loss = 0;
    judge(D, f);
    for (int b = 0; b < N; b++) {
        loss += log(1 + exp(sign * (D[b] - D[b + N]))) / N;
    }
    return loss;
}

/* penalty/2 (mean |grad D(real)|^2 + mean |grad D(generated)|^2). Each image has its own outputs, so
 * that the gradient of their sum by the pixels is every image's own. */
static double penalty_loss(fixture *f)
{
    double D[2 * N];
    judge(D, f);
    mj_tape_grads_clear(f->d.tape);
    for (int b = 0; b < 2 * N; b++) {
        mj_tape_tensor(f->d.tape, f->d.logits).d[b * N_CLASS + f->label[b % N]] = 1;
    }
    mj_tape_backward(f->d.tape);
    return PENALTY / 2 * mj_squares_sum(mj_tape_tensor(f->d.tape, f->d.pixel).d, 2 * N * SIZE) / N;
}

static void test_generator_gradient(void **state)
{
    fixture *f = *state;
    static mj_real gradient[N * SIZE];
    mj_fill(gradient, 0, N * SIZE);
    double loss = mj_discriminator_gradient(gradient, &f->d, f->generated, f->real, f->label);
    assert_rel(loss, pairs_loss(f, 1), 1e-12);
    for (int i = 0; i < N * SIZE; i += 197) {
        const double h = 1e-5;
        mj_real here = f->generated[i];
        f->generated[i] = here + h;
        double up = pairs_loss(f, 1);
        f->generated[i] = here - h;
        double down = pairs_loss(f, 1);
        f->generated[i] = here;
        /* rounding of a loss of about 1, over 2e-5, is 1e-11 */
        assert_true(fabs((up - down) / (2 * h) - gradient[i]) < 1e-9);
    }
}

/* A few numbers of every parameter, each against a central difference of the whole loss. The penalty is
 * known to h^2 of its own difference, 6e-5 squared, times third derivatives of order 1. */
static void test_discriminator_gradient(void **state)
{
    fixture *f = *state;
    static mj_real unused[N * SIZE];
    int n_params, checked = 0;
    size_t n = mj_tape_params_slab(f->d.tape).n_trained;
    mj_real *got = mj_arena_array(&f->arena, n, sizeof *got);
    assert_non_null(got);
    mj_discriminator_gradient(unused, &f->d, f->generated, f->real, f->label);
    mj_copy(got, mj_tape_params_slab(f->d.tape).grads, n);
    const mj_param *param = mj_tape_params(f->d.tape, &n_params);
    double penalty = f->d.config.penalty > 0;
    for (int p = 0; p < n_params; p++) {
        mj_real *w = mj_tape_tensor(f->d.tape, param[p].var).v;
        for (size_t i = 0; i < param[p].n; i += param[p].n / 2 + 1, checked++) {
            const double h = 1e-5;
            mj_real here = w[i];
            w[i] = here + h;
            double up = pairs_loss(f, -1) + penalty * penalty_loss(f);
            w[i] = here - h;
            double down = pairs_loss(f, -1) + penalty * penalty_loss(f);
            w[i] = here;
            double want = (up - down) / (2 * h), have = (double)got[param[p].offset + i];
            if (!(fabs(want - have) < 1e-7 * fmax(1, fabs(want)))) {
                print_error("%s[%zu]: %.10g, want %.10g\n", param[p].name, i, have, want);
                fail();
            }
        }
    }
    assert_true(checked == 2 * n_params);
}

/* Steps of steepest descent on bright and dark images: D learns which are real. */
static void test_it_learns_to_tell(void **state)
{
    fixture *f = *state;
    static mj_real unused[N * SIZE];
    mj_tape_slab slab = mj_tape_params_slab(f->d.tape);
    double before = pairs_loss(f, -1);
    for (int step = 0; step < 10; step++) {
        mj_discriminator_gradient(unused, &f->d, f->generated, f->real, f->label);
        mj_add_scaled(slab.params, slab.grads, -0.01, slab.n_trained);
    }
    double D[2 * N];
    judge(D, f);
    for (int b = 0; b < N; b++) {
        assert_true(D[b] > D[b + N]);
    }
    assert_true(pairs_loss(f, -1) < before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_generator_gradient, setup, teardown),
        cmocka_unit_test_setup_teardown(test_discriminator_gradient, setup, teardown),
        cmocka_unit_test_setup_teardown(test_discriminator_gradient, setup_free, teardown),
        cmocka_unit_test_setup_teardown(test_it_learns_to_tell, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
