/* Sliced Wasserstein against distances that are known: sets that are equal, moved or of other sizes,
 * two normal distributions, and central differences. Compiled in double. */
#include "assert_rel.h"

#include "mj/rng.h"
#include "mj/sliced.h"

#include <stdlib.h>
#include <string.h>

static void draw(mj_real *x, int n, double centre, double spread, uint64_t stream)
{
    mj_rng rng;
    mj_rng_init(&rng, 5, stream);
    for (int i = 0; i < n; i++) {
        x[i] = centre + spread * mj_rng_normal(&rng);
    }
}

static double distance(mj_real *gradient, const mj_real *generated, const mj_real *real,
                       const mj_real *direction, mj_sliced_shape shape)
{
    mj_real *tmp = malloc(mj_sliced_tmp(shape) * sizeof *tmp);
    assert_non_null(tmp);
    double square = mj_sliced_gradient(gradient, tmp, generated, real, direction, 1, shape);
    free(tmp);
    return square;
}

/* On the line itself. */
static double distance_1(const mj_real *generated, int G, const mj_real *real, int P)
{
    const mj_real along = 1;
    mj_real *gradient = calloc((size_t)G, sizeof *gradient);
    assert_non_null(gradient);
    double square = distance(gradient, generated, real, &along, (mj_sliced_shape){G, P, 1, 1});
    free(gradient);
    return square;
}

static void test_directions_are_unit_vectors_and_new_every_step(void **state)
{
    (void)state;
    enum { L = 50, D = 7 };
    static mj_real u[L * D], again[L * D], next[L * D];
    mj_sliced_directions(u, (mj_noise_key){.seed = 1, .step = 4}, L, D);
    mj_sliced_directions(again, (mj_noise_key){.seed = 1, .step = 4}, L, D);
    mj_sliced_directions(next, (mj_noise_key){.seed = 1, .step = 5}, L, D);
    assert_memory_equal(u, again, sizeof u);
    assert_memory_not_equal(u, next, sizeof u);
    for (int l = 0; l < L; l++) {
        assert_rel(mj_squares_sum(u + l * D, D), 1, 1e-12);
    }
}

/* A sample's place in its set does not matter, nor does doubling the other set: neither changes a
 * quantile. Exact, but for the rounding of products. */
static void test_equal_sets_have_no_distance(void **state)
{
    (void)state;
    enum { N = 37, D = 5, L = 11 };
    static mj_real x[N * D], twice[2 * N * D], u[L * D], gradient[N * D];
    draw(x, N * D, 0, 1, 1);
    for (int n = 0; n < 2 * N; n++) {
        memcpy(twice + n * D, x + (2 * N - 1 - n) % N * D, D * sizeof *x);
    }
    mj_sliced_directions(u, (mj_noise_key){.seed = 2}, L, D);
    assert_true(distance(gradient, x, twice, u, (mj_sliced_shape){N, N, D, L}) < 1e-28);
    assert_true(distance(gradient, x, twice, u, (mj_sliced_shape){N, 2 * N, D, L}) < 1e-28);
    for (int i = 0; i < N * D; i++) {
        assert_true(fabs(gradient[i]) < 1e-14);
    }
}

/* Moved by s: s^2 on a line, the mean of (u.s)^2 on several. All samples are pulled back alike. */
static void test_a_moved_set(void **state)
{
    (void)state;
    enum { N = 100, D = 3, L = 20 };
    static mj_real x[N * D], moved[N * D], u[L * D], gradient[N * D];
    static const double s[D] = {0.5, -2, 1};
    double want = 0, pull[D] = {0};
    draw(x, N * D, 0, 1, 2);
    for (int i = 0; i < N * D; i++) {
        moved[i] = x[i] + s[i % D];
    }
    mj_sliced_directions(u, (mj_noise_key){.seed = 3}, L, D);
    for (int l = 0; l < L; l++) {
        double along = 0;
        for (int d = 0; d < D; d++) {
            along += u[l * D + d] * s[d];
        }
        want += along * along / L;
        for (int d = 0; d < D; d++) {
            pull[d] += 2.0 / N * along * u[l * D + d] / L;
        }
    }
    assert_rel(distance(gradient, moved, x, u, (mj_sliced_shape){N, N, D, L}), want, 1e-12);
    for (int i = 0; i < N * D; i++) {
        assert_rel(gradient[i], pull[i % D], 1e-10);
    }
    for (int i = 0; i < N; i++) {
        moved[i] = x[i] - 3;
    }
    assert_rel(distance_1(moved, N, x, N), 9, 1e-12);
}

/* By hand. A point between two: half of it goes to each, a distance of 1. Two points and three:
 * masses 1/3, 1/6, 1/6, 1/3 over distances 0, 1, 0, 1. */
static void test_sets_of_other_sizes(void **state)
{
    (void)state;
    const mj_real centre[] = {0}, pair[] = {1, -1}, two[] = {1, 0}, three[] = {1, 2, 0};
    assert_rel(distance_1(centre, 1, pair, 2), 1, 1e-15);
    assert_rel(distance_1(pair, 2, centre, 1), 1, 1e-15);
    assert_rel(distance_1(two, 2, three, 3), 1.0 / 6 + 1.0 / 3, 1e-15);
    assert_rel(distance_1(three, 3, two, 2), 1.0 / 6 + 1.0 / 3, 1e-15);
}

/* W2^2 of two normal distributions is (m1 - m2)^2 + (s1 - s2)^2. Of 20,000 samples each: the error of
 * the mean's square is 2 (m1 - m2) sqrt((s1^2 + s2^2)/n) = 0.03 of 1.25; four of those. */
static void test_two_normal_distributions(void **state)
{
    (void)state;
    enum { N = 20000 };
    static mj_real a[N], b[N];
    draw(a, N, 0, 1, 3);
    draw(b, N, 1, 1.5, 4);
    assert_rel(distance_1(a, N, b, N), 1.25, 4 * 0.03);
    assert_rel(distance_1(a, N, b, N / 2 + 7), 1.25, 4 * 0.03);
}

/* Away from ties the distance is quadratic in each number: central differences are exact but for
 * rounding, 1e-16/1e-5 of a distance of about 1. */
static void test_gradient_is_the_derivative(void **state)
{
    (void)state;
    enum { G = 23, P = 31, D = 4, L = 6 };
    const mj_sliced_shape shape = {G, P, D, L};
    static mj_real x[G * D], real[P * D], u[L * D], gradient[G * D], unused[G * D];
    draw(x, G * D, 0, 1, 5);
    draw(real, P * D, 0.5, 2, 6);
    mj_sliced_directions(u, (mj_noise_key){.seed = 4}, L, D);
    distance(gradient, x, real, u, shape);
    for (int i = 0; i < G * D; i++) {
        const double h = 1e-5;
        mj_real here = x[i];
        x[i] = here + h;
        double up = distance(unused, x, real, u, shape);
        x[i] = here - h;
        double down = distance(unused, x, real, u, shape);
        x[i] = here;
        assert_true(fabs((up - down) / (2 * h) - gradient[i]) < 1e-9);
    }
}

/* Weighted, and added to what was there. */
static void test_gradient_adds(void **state)
{
    (void)state;
    const mj_sliced_shape shape = {2, 1, 1, 1};
    const mj_real x[] = {3, 1}, real[] = {0}, along = -1;
    mj_real gradient[] = {1, 1}, tmp[256];
    assert_true(mj_sliced_tmp(shape) <= 256);
    assert_rel(mj_sliced_gradient(gradient, tmp, x, real, &along, 0.5, shape), 5, 1e-15);
    assert_rel(gradient[0], 1 + 0.5 * 3, 1e-15);
    assert_rel(gradient[1], 1 + 0.5 * 1, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directions_are_unit_vectors_and_new_every_step),
        cmocka_unit_test(test_equal_sets_have_no_distance),
        cmocka_unit_test(test_a_moved_set),
        cmocka_unit_test(test_sets_of_other_sizes),
        cmocka_unit_test(test_two_normal_distributions),
        cmocka_unit_test(test_gradient_is_the_derivative),
        cmocka_unit_test(test_gradient_adds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
