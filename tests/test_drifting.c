/* Drifting against the equations written out term by term, and against what must be so: no drift
 * between equal sets, and a pull towards real samples. Compiled in double. */
#include "assert_rel.h"

#include "mj/drifting.h"
#include "mj/rng.h"

#include <stdlib.h>
#include <string.h>

enum { G = 7, P = 11, D = 5, M = P + G };

static double distance(const mj_real *a, const mj_real *b)
{
    double sum = 0;
    for (int d = 0; d < D; d++) {
        sum += (a[d] - b[d]) * (a[d] - b[d]);
    }
    return sqrt(sum);
}

/* The definition (drifting.h), slowly: softmaxes without shifts, drift by drift. */
static void reference(double gradient[G][D], mj_real generated[G][D], mj_real real[P][D])
{
    double d[G][M], mean = 0;
    memset(gradient, 0, G * D * sizeof(double));
    for (int i = 0; i < G; i++) {
        for (int j = 0; j < M; j++) {
            d[i][j] = distance(generated[i], j < P ? real[j] : generated[j - P]);
            mean += d[i][j] / (G * (M - 1));
        }
    }
    for (int t = 0; t < MJ_DRIFT_TEMPERATURES; t++) {
        double e[G][M], row[G] = {0}, column[M] = {0}, drift[G][D] = {{0}}, length = 0;
        for (int i = 0; i < G; i++) {
            for (int j = 0; j < M; j++) {
                e[i][j] = j == P + i ? 0 : exp(-d[i][j] / mean / mj_drift_temperature[t]);
                row[i] += e[i][j];
                column[j] += e[i][j];
            }
        }
        for (int i = 0; i < G; i++) {
            double pull = 0, push = 0, squares = 0;
            for (int j = 0; j < M; j++) {
                *(j < P ? &pull : &push) += sqrt(e[i][j] / row[i] * e[i][j] / column[j]);
            }
            for (int j = 0; j < M; j++) {
                double a = sqrt(e[i][j] / row[i] * e[i][j] / column[j]);
                for (int k = 0; k < D; k++) {
                    drift[i][k] += j < P ? a * push * real[j][k] : -a * pull * generated[j - P][k];
                }
            }
            for (int k = 0; k < D; k++) {
                squares += drift[i][k] * drift[i][k];
            }
            length += sqrt(squares) / G;
        }
        for (int i = 0; i < G; i++) {
            for (int k = 0; k < D; k++) {
                gradient[i][k] -= 2 * drift[i][k] / length / (G * D);
            }
        }
    }
}

static void draw(mj_real *x, int n, double centre, mj_rng *rng)
{
    for (int i = 0; i < n; i++) {
        x[i] = centre + mj_rng_normal(rng);
    }
}

static mj_real *scratch(mj_drift_shape shape)
{
    mj_real *tmp = malloc(mj_drift_tmp(shape) * sizeof *tmp);
    assert_non_null(tmp);
    return tmp;
}

/* Distances come from products here and from differences there: 1e-9 leaves room for that
 * cancellation, times 1/tau = 50. */
static void test_gradient_is_the_definition(void **state)
{
    (void)state;
    const mj_drift_shape shape = {.n_generated = G, .n_real = P, .n_dims = D};
    mj_real generated[G][D], real[P][D], got[G][D] = {{0}}, *tmp = scratch(shape);
    double want[G][D];
    mj_rng rng;
    mj_rng_init(&rng, 3, 0);
    draw(&generated[0][0], G * D, 0, &rng);
    draw(&real[0][0], P * D, 1, &rng);
    reference(want, generated, real);
    assert_true(mj_drift_gradient(&got[0][0], tmp, &generated[0][0], &real[0][0], 0.25, shape) > 0);
    for (int i = 0; i < G; i++) {
        for (int k = 0; k < D; k++) {
            assert_rel(got[i][k], 0.25 * want[i][k], 1e-9);
        }
    }
    free(tmp);
}

/* What is added, is added to what was there. */
static void test_gradient_adds(void **state)
{
    (void)state;
    const mj_drift_shape shape = {.n_generated = G, .n_real = P, .n_dims = D};
    mj_real generated[G * D], real[P * D], once[G * D] = {0}, twice[G * D] = {0};
    mj_real *tmp = scratch(shape);
    mj_rng rng;
    mj_rng_init(&rng, 4, 0);
    draw(generated, G * D, 0, &rng);
    draw(real, P * D, 1, &rng);
    mj_drift_gradient(once, tmp, generated, real, 1, shape);
    mj_drift_gradient(twice, tmp, generated, real, 1, shape);
    mj_drift_gradient(twice, tmp, generated, real, 1, shape);
    for (int i = 0; i < G * D; i++) {
        assert_rel(twice[i], 2 * once[i], 1e-12);
    }
    free(tmp);
}

/* Products of numbers with 8 bits: distances and pulls are off by a fraction of a percent at random. */
static void test_narrow_products_are_near(void **state)
{
    (void)state;
    const mj_drift_shape full = {G, P, D, false}, narrow = {G, P, D, true};
    mj_real generated[G * D], real[P * D], want[G * D] = {0}, got[G * D] = {0};
    mj_real *tmp = calloc(mj_drift_tmp(narrow), sizeof *tmp);
    mj_rng rng;
    mj_rng_init(&rng, 9, 0);
    assert_non_null(tmp);
    for (int i = 0; i < G * D; i++) {
        generated[i] = mj_rng_normal(&rng);
    }
    for (int i = 0; i < P * D; i++) {
        real[i] = 0.5 + mj_rng_normal(&rng);
    }
    mj_drift_gradient(want, tmp, generated, real, 1, full);
    mj_drift_gradient(got, tmp, generated, real, 1, narrow);
    double off = 0, size = 0;
    for (int i = 0; i < G * D; i++) {
        off += (got[i] - want[i]) * (got[i] - want[i]);
        size += want[i] * want[i];
    }
    assert_true(off > 0 && off < 0.03 * 0.03 * size);
    free(tmp);
}

/* All samples in one point: nothing is nearer than anything else, and nothing moves. */
static void test_equal_sets_do_not_drift(void **state)
{
    (void)state;
    const mj_drift_shape shape = {2, 1, D, false};
    mj_real generated[2 * D], real[D], gradient[2 * D] = {0}, *tmp = scratch(shape);
    for (int i = 0; i < 2 * D; i++) {
        generated[i] = real[i % D] = 0.5;
    }
    assert_true(mj_drift_gradient(gradient, tmp, generated, real, 1, shape) == 0);
    for (int i = 0; i < 2 * D; i++) {
        assert_true(gradient[i] == 0);
    }
    free(tmp);
}

/* Going against the gradient moves both samples towards the only real one; the far one is pushed on by
 * the near one too. */
static void test_real_samples_attract(void **state)
{
    (void)state;
    const mj_drift_shape shape = {2, 1, 1, false};
    mj_real generated[2] = {0, 1}, real[1] = {3}, gradient[2] = {0}, *tmp = scratch(shape);
    assert_true(mj_drift_gradient(gradient, tmp, generated, real, 1, shape) > 0);
    assert_true(gradient[0] < 0 && gradient[1] < 0);
    free(tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient_is_the_definition),
        cmocka_unit_test(test_gradient_adds),
        cmocka_unit_test(test_narrow_products_are_near),
        cmocka_unit_test(test_equal_sets_do_not_drift),
        cmocka_unit_test(test_real_samples_attract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
