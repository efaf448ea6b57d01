/* Coupled oscillators against theory and against GSL, in double: orders of convergence, two
 * oscillators, identical oscillators on the Ott-Antonsen manifold, Lorentzian frequencies, drift,
 * noise; and the couplings of a chip. */
#include "assert_rel.h"
#include "kuramoto_net.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>

static const double PI = 3.14159265358979323846;

/* The right-hand side as it is written in the field, N^2 sines; one sample, no matrix products. */
static int rate_of_gsl(double time, const double *theta, double *rate, void *context)
{
    (void)time;
    const test_net *t = context;
    int N = t->net.n, y = t->label[0];
    const mj_phase_response *H = &t->net.response;
    for (int i = 0; i < N; i++) {
        rate[i] = t->value[OMEGA][i] + t->value[OMEGA_CLASS][y * N + i] +
                  t->value[DRIVE_COS][y * N + i] * cos(theta[i]) -
                  t->value[DRIVE_SIN][y * N + i] * sin(theta[i]);
        for (int j = 0; j < N; j++) {
            double d = theta[j] - theta[i], response = 0;
            for (int h = 0; h < H->n_harmonics; h++) {
                response += H->sin[h] * sin((h + 1) * d) + H->cos[h] * cos((h + 1) * d);
            }
            rate[i] += t->K[i * N + j] * response;
        }
    }
    return GSL_SUCCESS;
}

static void solve_by_gsl(double *theta, test_net *t)
{
    gsl_odeiv2_system system = {rate_of_gsl, NULL, (size_t)t->net.n, t};
    gsl_odeiv2_driver *driver =
        gsl_odeiv2_driver_alloc_y_new(&system, gsl_odeiv2_step_rk8pd, 1e-3, 1e-13, 1e-13);
    assert_non_null(driver);
    double time = 0;
    memcpy(theta, t->value[THETA0], (size_t)t->net.n * sizeof *theta);
    assert_int_equal(gsl_odeiv2_driver_apply(driver, &time, t->run.span, theta), GSL_SUCCESS);
    gsl_odeiv2_driver_free(driver);
}

static double largest_difference(const mj_real *a, const mj_real *b, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs(a[i] - b[i]));
    }
    return largest;
}

/* Directed couplings, drive, all harmonics. 4000 RK4 steps err by about 1e-12. */
static void test_agrees_with_rk8pd(void **state)
{
    (void)state;
    for (int n_harmonics = 1; n_harmonics <= MJ_HARMONICS_MAX; n_harmonics++) {
        test_net t;
        double want[12];
        test_net_init(&t,
                      (mj_kuramoto){.n = 12, .n_batch = 1, .n_steps_max = 1, .integrator = MJ_RK4,
                                    .response = {.n_harmonics = n_harmonics,
                                                 .sin = {1, -0.4, 0.2, 0.1},
                                                 .cos = {0.3, 0.2, -0.1, 0.1}}},
                      (mj_kuramoto_run){.n_steps = 4000, .span = 3}, (uint64_t)n_harmonics);
        test_net_forward(&t, NULL);
        solve_by_gsl(want, &t);
        assert_true(largest_difference(t.theta, want, 12) <= 1e-9);
        mj_arena_fini(&t.arena);
    }
}

/* Halving the step divides the error by 2^order; at these steps the next order adds little. */
static void test_order_of_convergence(void **state)
{
    (void)state;
    const struct {
        mj_integrator integrator;
        int order, n_steps;
    } row[] = {{MJ_EULER, 1, 800}, {MJ_HEUN, 2, 200}, {MJ_RK4, 4, 60}};
    for (int k = 0; k < 3; k++) {
        test_net t;
        double want[10], error[2];
        test_net_init(&t,
                      (mj_kuramoto){.n = 10, .n_batch = 1, .n_steps_max = 1,
                                    .integrator = row[k].integrator,
                                    .response = {.n_harmonics = 1, .sin = {1}}},
                      (mj_kuramoto_run){.span = 2}, 3);
        for (int half = 0; half < 2; half++) {
            t.run.n_steps = row[k].n_steps << half;
            test_net_forward(&t, NULL);
            solve_by_gsl(want, &t);
            error[half] = largest_difference(t.theta, want, 10);
        }
        assert_true(fabs(log2(error[0] / error[1]) - row[k].order) < 0.1);
        mj_arena_fini(&t.arena);
    }
}

/* A net without drive or frequencies, whose couplings are all k (0 on the diagonal). */
static void uniform_init(test_net *t, int n, int n_batch, double k, mj_kuramoto_run run)
{
    const mj_kuramoto net = {.n = n, .n_batch = n_batch, .n_steps_max = 1, .integrator = MJ_RK4};
    test_net_init(t, net, run, 1);
    for (int array = COUPLING; array < ARRAYS; array++) {
        for (size_t i = 0; i < t->count[array]; i++) {
            t->value[array][i] = array == COUPLING ? k : 0;
        }
    }
}

/* d = theta_1 - theta_0 obeys d' = w - 2 k sin d. Without w: tan(d/2) = tan(d_0/2) exp(-2 k t).
 * Beyond locking, w > 2 k, d gains 2 pi in 2 pi / sqrt(w^2 - 4 k^2) [adler1946]. */
static void test_two_oscillators(void **state)
{
    (void)state;
    const double k = 0.7, w = 2.5;
    test_net t;
    uniform_init(&t, 2, 1, k, (mj_kuramoto_run){.n_steps = 2000, .span = 1.3});
    t.value[THETA0][0] = 0.4;
    t.value[THETA0][1] = 2.9;
    test_net_forward(&t, NULL);
    double d = t.theta[1] - t.theta[0];
    assert_rel(tan(d / 2), tan(2.5 / 2) * exp(-2 * k * 1.3), 1e-10);
    assert_rel(t.theta[0] + t.theta[1], 3.3, 1e-12);

    t.value[OMEGA][1] = w;
    t.run.span = 2 * PI / sqrt(w * w - 4 * k * k);
    test_net_forward(&t, NULL);
    assert_rel(t.theta[1] - t.theta[0], 2.5 + 2 * PI, 1e-10);
    mj_arena_fini(&t.arena);
}

static double order_parameter(const mj_real *theta, int n)
{
    double c = 0, s = 0;
    for (int i = 0; i < n; i++) {
        c += cos(theta[i]);
        s += sin(theta[i]);
    }
    return hypot(c, s) / n;
}

/* Identical oscillators, couplings K/N: dr/dt = (K/2) r (1 - r^2), so r^2 is a logistic curve
 * [ott2008]. It holds for phases spread as a Poisson kernel; N of its quantiles are a Moebius map
 * of even spacing, which the motion keeps, and deviate by about r^N: 0.7^100 = 3e-16. */
static void test_identical_oscillators_follow_ott_antonsen(void **state)
{
    (void)state;
    enum { N = 100 };
    const double K = 1.5, r0 = 0.2, span = 1.9;
    test_net t;
    uniform_init(&t, N, 1, K / N, (mj_kuramoto_run){.n_steps = 1000, .span = span});
    for (int i = 0; i < N; i++) {
        double even = 2 * PI * (i + 0.5) / N - PI;
        t.value[THETA0][i] = 2 * atan((1 - r0) / (1 + r0) * tan(even / 2));
    }
    assert_rel(order_parameter(t.value[THETA0], N), r0, 1e-9);
    test_net_forward(&t, NULL);
    double growth = r0 * r0 * exp(K * span), want = sqrt(growth / (1 - r0 * r0 + growth));
    assert_true(want > 0.6 && want < 0.7);
    assert_rel(order_parameter(t.theta, N), want, 1e-9);
    mj_arena_fini(&t.arena);
}

/* Mean order parameter of the last quarter of a run with Lorentzian frequencies of half-width 1. */
static double settled_order(double K, int n)
{
    test_net t;
    enum { STEPS = 1600 };
    uniform_init(&t, n, 1, K / n, (mj_kuramoto_run){.n_steps = STEPS, .span = 80});
    for (int i = 0; i < n; i++) {
        t.value[OMEGA][i] = tan(PI * ((i + 0.5) / n - 0.5));
    }
    mj_real *path = test_array(&t.arena, (size_t)(STEPS + 1) * (size_t)n);
    mj_coupling_forward(t.K, t.value[COUPLING], &t.coupling);
    const mj_kuramoto_input in = test_net_input(&t);
    mj_kuramoto_forward(t.theta, path, NULL, t.scratch, &t.net, &t.run, &in);
    double sum = 0;
    for (int step = STEPS * 3 / 4; step < STEPS; step++) {
        sum += order_parameter(path + (size_t)step * (size_t)n, n);
    }
    mj_arena_fini(&t.arena);
    return sum / (STEPS / 4.0);
}

/* r = sqrt(1 - 2 gamma / K) above the threshold 2 gamma, 0 below it [kuramoto1975]; N oscillators
 * are within N^-1/2 of that, below threshold within twice that (the noise of a finite sum, grown by
 * 1 / (1 - K / 2 gamma) near it, hence K = gamma). */
static void test_lorentzian_threshold_and_order(void **state)
{
    (void)state;
    enum { N = 400 };
    const double border = 1 / sqrt((double)N);
    assert_true(settled_order(1.0, N) < 2 * border);
    assert_true(fabs(settled_order(2.5, N) - sqrt(1 - 2 / 2.5)) < border);
    assert_true(fabs(settled_order(4.0, N) - sqrt(1 - 2 / 4.0)) < border);
}

/* What i does to j, j undoes to i: the mean phase stands still, if and only if K is symmetric. */
static void test_mean_phase_stands_still(void **state)
{
    (void)state;
    for (int symmetric = 0; symmetric < 2; symmetric++) {
        test_net t;
        test_net_init(&t, (mj_kuramoto){.n = 30, .n_batch = 1, .n_steps_max = 1},
                      (mj_kuramoto_run){.n_steps = 50, .span = 4}, 2);
        for (int array = OMEGA; array < ARRAYS; array++) {
            memset(t.value[array], 0, t.count[array] * sizeof(mj_real));
        }
        t.coupling.symmetric = symmetric;
        test_net_forward(&t, NULL);
        double drift = 0;
        for (int i = 0; i < 30; i++) {
            drift += (t.theta[i] - t.value[THETA0][i]) / 30;
        }
        assert_true(symmetric ? fabs(drift) < 1e-13 : fabs(drift) > 1e-3);
        mj_arena_fini(&t.arena);
    }
}

/* Uncoupled phases diffuse: variance sigma^2 t. 32,768 of them estimate it to 0.8 %; borders of
 * four times that. Number s of a stream is the same in any batch. */
static void test_noise_diffuses(void **state)
{
    (void)state;
    const double sigma = 0.3, span = 2.5;
    for (int n_steps = 4; n_steps <= 16; n_steps *= 4) {
        test_net t, part;
        const mj_kuramoto_run run = {.n_steps = n_steps, .span = span, .noise = sigma,
                                     .key = {.seed = 1}};
        uniform_init(&t, 64, 512, 0, run);
        uniform_init(&part, 64, 3, 0, run);
        part.run.first_sample = 500;
        memcpy(part.value[THETA0], t.value[THETA0] + 64 * 500, part.batch * sizeof(mj_real));
        test_net_forward(&t, NULL);
        test_net_forward(&part, NULL);
        assert_memory_equal(part.theta, t.theta + 64 * 500, part.batch * sizeof(mj_real));
        double sum = 0, squares = 0;
        for (size_t i = 0; i < t.batch; i++) {
            double x = t.theta[i] - t.value[THETA0][i];
            sum += x;
            squares += x * x;
        }
        assert_rel(squares / (double)t.batch, sigma * sigma * span, 0.032);
        assert_true(fabs(sum / (double)t.batch) < 4 * sigma * sqrt(span / (double)t.batch));
        mj_arena_fini(&t.arena);
        mj_arena_fini(&part.arena);
    }
}

/* Couplings off the diagonal of rows [0, n_rows): largest, or 2.6 times the root mean square. */
static double scale_of(const mj_real *M, bool clipped, int n_rows, int n)
{
    double largest = 0, squares = 0;
    for (int k = 0; k < n_rows * n; k++) {
        double m = k % (n + 1) == 0 ? 0 : M[k];
        largest = fmax(largest, fabs(m));
        squares += m * m;
    }
    return clipped ? 2.6 * sqrt(squares / (n_rows * (n - 1))) : largest;
}

/* Row 0 has the levels -L .. L times scale/L, L = 2^(bits-1) - 1; each takes the nearest. */
static void test_rounded_couplings(void **state)
{
    (void)state;
    enum { N = 40 };
    for (int bits = 2; bits <= 8; bits++) {
        test_net t;
        test_net_init(&t, (mj_kuramoto){.n = N, .n_batch = 1, .n_steps_max = 1},
                      (mj_kuramoto_run){.n_steps = 1, .span = 1}, 5);
        t.coupling.symmetric = bits == 3 || bits == 8;
        mj_real *exact = test_array(&t.arena, N * N);
        mj_coupling_forward(exact, t.value[COUPLING], &t.coupling);
        t.coupling.bits = bits;
        mj_coupling_forward(t.K, t.value[COUPLING], &t.coupling);
        double L = (1 << (bits - 1)) - 1;
        double scale = scale_of(exact, bits <= 4, t.coupling.symmetric ? N : 1, N);
        for (int j = 1; j < N; j++) {
            double level = t.K[j] / scale * L, clipped = fmin(fmax(exact[j], -scale), scale);
            assert_true(fabs(level - rint(level)) < 1e-9);
            assert_true(fabs(t.K[j] - clipped) <= scale / L / 2 * (1 + 1e-9));
            assert_true(!t.coupling.symmetric || t.K[j] == t.K[j * N]);
            assert_true(t.K[j * N + j] == 0);
        }
        mj_arena_fini(&t.arena);
    }
}

/* Limits count: so many inputs, so many couplings in all, none out of reach, the strongest kept. */
static void test_wiring_limits(void **state)
{
    (void)state;
    enum { N = 20 };
    uint8_t mask[N * N];
    mj_real M[N * N], scratch[N * N];
    mj_rng rng;
    mj_rng_init(&rng, 3, 0);
    memset(mask, 1, sizeof mask);
    for (int k = 0; k < N * N; k++) {
        M[k] = mj_rng_normal(&rng);
    }
    mj_coupling_limit_density(mask, M, scratch, 0.3, false, N);
    double weakest_kept = HUGE_VAL, strongest_lost = 0;
    int n = 0;
    for (int k = 0; k < N * N; k++) {
        n += mask[k];
        if (mask[k]) {
            weakest_kept = fmin(weakest_kept, fabs(M[k]));
        } else if (k % (N + 1) != 0) {
            strongest_lost = fmax(strongest_lost, fabs(M[k]));
        }
    }
    assert_int_equal(n, 114); /* 0.3 * 20 * 19 */
    assert_true(weakest_kept > strongest_lost);
}

/* 10,000 factors: mean to 4 sigma/100, spread to 4 / sqrt(20000). Frozen: the same chip again. */
static void test_mismatch_of_a_chip(void **state)
{
    (void)state;
    enum { N = 100 };
    static mj_real factor[N * N], again[N * N], offset[N];
    double sum = 0, squares = 0;
    mj_coupling_draw_mismatch(factor, 0.1, false, 7, N);
    mj_coupling_draw_mismatch(again, 0.1, false, 7, N);
    assert_memory_equal(factor, again, sizeof factor);
    for (int k = 0; k < N * N; k++) {
        sum += factor[k] - 1;
        squares += (factor[k] - 1) * (factor[k] - 1);
    }
    assert_true(fabs(sum / (N * N)) < 4 * 0.1 / N);
    assert_rel(sqrt(squares / (N * N)), 0.1, 4 / sqrt(2.0 * N * N));
    mj_coupling_draw_mismatch(factor, 0.1, true, 8, N);
    assert_true(factor[3 * N + 5] == factor[5 * N + 3] && factor[3 * N + 5] != again[3 * N + 5]);
    mj_frequency_draw_mismatch(offset, 0.05, 7, N);
    squares = 0;
    for (int i = 0; i < N; i++) {
        squares += offset[i] * offset[i];
    }
    assert_rel(sqrt(squares / N), 0.05, 4 / sqrt(2.0 * N)); /* of 100: four standard errors */
}

/* Sizes that no memory has are told, not wrapped around. */
static void test_too_large_is_refused(void **state)
{
    (void)state;
    mj_err err = {0};
    const int most = 2147483647;
    mj_kuramoto net = {.n = most, .n_batch = most, .n_steps_max = 12};
    assert_true(mj_kuramoto_scratch_count(&net) == SIZE_MAX);
    assert_true(mj_kuramoto_trace_count(&net) == SIZE_MAX);
    assert_int_equal(mj_kuramoto_check(&net, &err), MJ_OK);
    net.response.n_harmonics = 5;
    assert_int_equal(mj_kuramoto_check(&net, &err), MJ_ERANGE);
    net = (mj_kuramoto){.n = 0, .n_batch = 1, .n_steps_max = 1};
    assert_int_equal(mj_kuramoto_check(&net, &err), MJ_ERANGE);
    assert_string_equal(mj_integrator_names[MJ_RK4], "rk4");
    assert_null(mj_integrator_names[MJ_INTEGRATOR_N]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_rk8pd),
        cmocka_unit_test(test_order_of_convergence),
        cmocka_unit_test(test_two_oscillators),
        cmocka_unit_test(test_identical_oscillators_follow_ott_antonsen),
        cmocka_unit_test(test_lorentzian_threshold_and_order),
        cmocka_unit_test(test_mean_phase_stands_still),
        cmocka_unit_test(test_noise_diffuses),
        cmocka_unit_test(test_rounded_couplings),
        cmocka_unit_test(test_wiring_limits),
        cmocka_unit_test(test_mismatch_of_a_chip),
        cmocka_unit_test(test_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
