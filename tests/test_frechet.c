/* Frechet distance, principal components and neighbours against closed forms, brute force, and
 * figures that an independent program (NumPy on PyTorch) had from the same images. */
#include "assert_rel.h"
#include "mj/dataset.h"
#include "mj/frechet.h"
#include "mj/neighbours.h"
#include "mj/rng.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FASHION "/usr/share/datasets/fashion-mnist"

enum { D_MAX = 8 };

/* A Gaussian of exactly this mean and covariance: n = 2, so that scatter and covariance agree. */
typedef struct {
    double mean[D_MAX], scatter[D_MAX * D_MAX];
    mj_gaussian g;
} exact;

static const mj_gaussian *exact_fill(exact *e, int d, const double *mean, const double *covariance)
{
    memcpy(e->mean, mean, (size_t)d * sizeof *mean);
    memcpy(e->scatter, covariance, (size_t)(d * d) * sizeof *covariance);
    e->g = (mj_gaussian){.d = d, .n = 2, .mean = e->mean, .scatter = e->scatter};
    return &e->g;
}

static double distance(const mj_gaussian *a, const mj_gaussian *b)
{
    double d;
    assert_int_equal(mj_frechet_compute(&d, a, b, NULL), MJ_OK);
    return d;
}

/* Covariances that commute: the sum over axes of (mean difference)^2 + (deviation difference)^2. */
static void test_diagonal_case(void **state)
{
    (void)state;
    exact a, b;
    const double ma[3] = {0, 1, 2}, mb[3] = {1, 1, 0};
    const double ca[9] = {4, 0, 0, 0, 9, 0, 0, 0, 0}, cb[9] = {1, 0, 0, 0, 16, 0, 0, 0, 25};
    const mj_gaussian *x = exact_fill(&a, 3, ma, ca), *y = exact_fill(&b, 3, mb, cb);
    assert_rel(distance(x, y), 1 + 0 + 4 + 1 + 1 + 25, 1e-13);
    assert_rel(distance(y, x), 32, 1e-13);
}

/* tr M^(1/2) = sqrt(tr M + 2 sqrt(det M)) for 2 x 2 (Cayley-Hamilton); these two do not commute. */
static void test_two_by_two(void **state)
{
    (void)state;
    exact a, b;
    const double mean[2] = {0, 0}, ca[4] = {2, 0.5, 0.5, 1}, cb[4] = {1, -0.8, -0.8, 3};
    double trace = 2 * 1 + 0.5 * -0.8 + 0.5 * -0.8 + 1 * 3;
    double root = sqrt(trace + 2 * sqrt((2 * 1 - 0.25) * (1 * 3 - 0.64)));
    double d = distance(exact_fill(&a, 2, mean, ca), exact_fill(&b, 2, mean, cb));
    assert_rel(d, 3 + 4 - 2 * root, 1e-13);
}

/* covariance [d,d] = Q diag(spread) Q', Q from a few plane rotations; axes, if given, gets Q. */
static void rotated_fill(double *covariance, double *axes, const double *spread, int d, double angle)
{
    double Q[D_MAX * D_MAX] = {0};
    for (int i = 0; i < d; i++) {
        Q[i * d + i] = 1;
    }
    for (int i = 0; i < d; i++) {
        for (int k = 0; k < i; k++) {
            double c = cos(angle * (i + 1) + k), s = sin(angle * (i + 1) + k);
            for (int row = 0; row < d; row++) {
                double u = Q[row * d + i], v = Q[row * d + k];
                Q[row * d + i] = c * u - s * v;
                Q[row * d + k] = s * u + c * v;
            }
        }
    }
    for (int i = 0; i < d; i++) {
        for (int k = 0; k < d; k++) {
            covariance[i * d + k] = 0;
            for (int a = 0; a < d; a++) {
                covariance[i * d + k] += Q[i * d + a] * spread[a] * Q[k * d + a];
            }
        }
    }
    if (axes) {
        memcpy(axes, Q, (size_t)(d * d) * sizeof *axes);
    }
}

/* Rotating both leaves the distance, a Gaussian is at zero from itself (also where its covariance
 * has empty directions), and shifting a mean adds the square of the shift. */
static void test_invariances(void **state)
{
    (void)state;
    enum { D = 6 };
    static const double zero[D] = {0}, empty[D] = {9, 4, 1, 0.1, 1e-9, 0};
    static const double wide[D] = {9, 4, 1, 0.1, 0.01, 0.001}, flat[D] = {1, 2, 3, 4, 5, 6};
    exact a, b, c;
    double covariance[D * D], diagonal = 0, shift[D] = {0};
    for (int i = 0; i < D; i++) {
        diagonal += pow(sqrt(wide[i]) - sqrt(flat[i]), 2);
    }
    rotated_fill(covariance, NULL, empty, D, 0.7);
    const mj_gaussian *x = exact_fill(&a, D, zero, covariance);
    assert_true(distance(x, x) < 1e-12); /* rounding of a trace of 14 */
    rotated_fill(covariance, NULL, wide, D, 0.7);
    x = exact_fill(&a, D, zero, covariance);
    rotated_fill(covariance, NULL, flat, D, 0.7);
    const mj_gaussian *y = exact_fill(&b, D, zero, covariance);
    assert_rel(distance(x, y), diagonal, 1e-12);
    double before = distance(x, y);
    for (int k = 1; k < 4; k++) {
        shift[2] = k;
        double now = distance(exact_fill(&c, D, shift, covariance), x);
        assert_rel(now, diagonal + k * k, 1e-12);
        assert_true(now > before);
        before = now;
    }
}

static void test_bad_input_is_refused(void **state)
{
    (void)state;
    exact a, b;
    double d;
    mj_err err = {0};
    const double mean[2] = {0, 0}, good[4] = {1, 0, 0, 1}, bad[4] = {NAN, 0, 0, 1};
    const mj_gaussian *x = exact_fill(&a, 2, mean, good), *y = exact_fill(&b, 2, mean, bad);
    assert_int_equal(mj_frechet_compute(&d, x, y, &err), MJ_ERANGE);
    assert_non_null(strstr(err.diag[0].text, "not finite"));
    b.g.n = 1;
    assert_int_equal(mj_frechet_compute(&d, x, y, NULL), MJ_ERANGE);
    b.g.n = 2, b.g.d = 1;
    assert_int_equal(mj_frechet_compute(&d, x, y, NULL), MJ_ERANGE);
    assert_true(isnan(d));
}

/* However the rows are cut into batches, mean and covariance are those of two plain passes, though
 * the mean is a thousand deviations from zero. */
static void test_streaming(void **state)
{
    (void)state;
    enum { N = 1000, D = 5 };
    static mj_real x[N * D];
    static const size_t cuts[] = {1, 255, 256, 257, 231};
    mj_rng rng;
    mj_arena arena;
    mj_gaussian g;
    mj_rng_init(&rng, 1, 1);
    mj_arena_init(&arena, 0);
    for (int i = 0; i < N * D; i++) {
        x[i] = (mj_real)(1000 + mj_rng_normal(&rng) + (i % D ? (double)x[i - 1] - 1000 : 0));
    }
    assert_int_equal(mj_gaussian_init(&g, D, &arena, NULL), MJ_OK);
    for (size_t i = 0, at = 0; i < 5; at += cuts[i++]) {
        mj_gaussian_add(&g, x + at * D, cuts[i]);
    }
    assert_int_equal(g.n, N);
    double covariance[D * D], mean[D];
    mj_gaussian_covariance(covariance, &g);
    for (int j = 0; j < D; j++) {
        mean[j] = 0;
        for (int i = 0; i < N; i++) {
            mean[j] += (double)x[i * D + j] / N;
        }
        assert_rel(g.mean[j], mean[j], 1e-13);
    }
    for (int j = 0; j < D * D; j++) {
        double sum = 0;
        for (int i = 0; i < N; i++) {
            sum += ((double)x[i * D + j / D] - mean[j / D]) * ((double)x[i * D + j % D] - mean[j % D]);
        }
        assert_rel(covariance[j], sum / (N - 1), 1e-11); /* the means' rounding, squared, times N */
    }
    mj_arena_fini(&arena);
}

/* Known axes and variances come back, and projecting mean + 3 axis gives 3. */
static void test_pca_finds_known_axes(void **state)
{
    (void)state;
    enum { D = 6, K = 3 };
    const double mean[D] = {1, 2, 3, 4, 5, 6}, spread[D] = {1, 25, 4, 0, 0.5, 9};
    static const int order[K] = {1, 5, 2};
    double covariance[D * D], Q[D * D];
    exact e;
    mj_arena arena;
    mj_pca pca;
    mj_arena_init(&arena, 0);
    rotated_fill(covariance, Q, spread, D, 0.3);
    const mj_gaussian *g = exact_fill(&e, D, mean, covariance);
    assert_int_equal(mj_pca_compute(&pca, g, K, &arena, NULL), MJ_OK);
    for (int a = 0; a < K; a++) {
        mj_real x[D], y[K];
        assert_rel(pca.variance[a], spread[order[a]], 1e-13);
        for (int i = 0; i < D; i++) {
            x[i] = (mj_real)(mean[i] + 3 * Q[i * D + order[a]]);
        }
        mj_pca_project(y, &pca, x, 1);
        for (int k = 0; k < K; k++) { /* the sign of an axis is free; pixels are float */
            assert_true(fabs(fabs((double)y[k]) - (k == a ? 3 : 0)) < 1e-5);
        }
    }
    assert_int_equal(mj_pca_compute(&pca, g, D + 1, &arena, NULL), MJ_ERANGE);
    mj_arena_fini(&arena);
}

static void gaussian_of(mj_gaussian *g, const mj_pca *pca, const mj_dataset *data, int n,
                        mj_arena *arena)
{
    mj_real *y = mj_arena_array(arena, (size_t)n * (size_t)pca->n_axes, sizeof *y);
    mj_pca_project(y, pca, data->image, (size_t)n);
    assert_int_equal(mj_gaussian_init(g, pca->n_axes, arena, NULL), MJ_OK);
    mj_gaussian_add(g, y, (size_t)n);
}

/* NumPy on the same images: in the first 64 principal components of the training pixels the test set
 * has a total variance of 59.8, and 10,000 training images are at 0.07 from it. */
static void test_pixel_pca_of_fashion_mnist(void **state)
{
    (void)state;
    if (access(FASHION, F_OK) != 0) {
        skip();
    }
    mj_arena arena;
    mj_dataset train, test;
    mj_gaussian pixels, near, far;
    mj_pca pca;
    mj_arena_init(&arena, 0);
    const mj_dataset_choice choice = {.source = "fashion-mnist"};
    assert_int_equal(mj_dataset_load(&train, &test, &choice, &arena, NULL), MJ_OK);
    assert_int_equal(mj_gaussian_init(&pixels, 784, &arena, NULL), MJ_OK);
    /* A quarter of the images: their axes are nearly those of all, in a quarter of the time. */
    mj_gaussian_add(&pixels, train.image, 15000);
    assert_int_equal(mj_pca_compute(&pca, &pixels, 64, &arena, NULL), MJ_OK);
    gaussian_of(&near, &pca, &train, 10000, &arena);
    gaussian_of(&far, &pca, &test, 10000, &arena);
    double trace = 0.0;
    for (int i = 0; i < 64; i++) {
        trace += far.scatter[i * 65] / 9999;
    }
    assert_rel(trace, 59.8, 5e-3);                 /* three digits, and axes of a quarter */
    assert_rel(distance(&near, &far), 0.07, 0.3);  /* one digit; another draw of 10,000 */
    mj_arena_fini(&arena);
}

/* PyTorch on the same images: mean distance of two of the first 100 training images of a class 8.72;
 * of the first 1,000 test images to the nearest training image 3.49 (median), 1.54 (1st percentile). */
static void test_neighbours_of_fashion_mnist(void **state)
{
    (void)state;
    if (access(FASHION, F_OK) != 0) {
        skip();
    }
    mj_arena arena;
    mj_dataset train, test;
    static mj_real nearest[1000];
    double pairs;
    mj_arena_init(&arena, 0);
    const mj_dataset_choice choice = {.source = "fashion-mnist"};
    assert_int_equal(mj_dataset_load(&train, &test, &choice, &arena, NULL), MJ_OK);
    assert_int_equal(mj_pair_distance(&pairs, train.image, train.label, train.n, 784, 10, 100, NULL),
                     MJ_OK);
    assert_rel(pairs, 8.72, 6e-4); /* three digits */
    assert_int_equal(mj_nearest_compute(nearest, NULL, test.image, train.image, 1000, train.n, 784,
                                        NULL), MJ_OK);
    assert_rel(mj_quantile(nearest, 1000, 0.5), 3.49, 1.5e-3);
    assert_rel(mj_quantile(nearest, 1000, 0.01), 1.54, 3.3e-3);
    mj_arena_fini(&arena);
}

static void test_nearest_against_brute_force(void **state)
{
    (void)state;
    enum { N = 300, M = 1500, D = 17 };
    static mj_real x[N * D], y[M * D], nearest[N];
    static int which[N];
    mj_rng rng;
    mj_rng_init(&rng, 3, 3);
    for (int i = 0; i < M * D; i++) {
        y[i] = (mj_real)mj_rng_uniform(&rng);
    }
    for (int i = 0; i < N * D; i++) {
        x[i] = i / D % 3 ? (mj_real)mj_rng_uniform(&rng) : y[(i / D * 5) * D + i % D];
    }
    assert_int_equal(mj_nearest_compute(nearest, which, x, y, N, M, D, NULL), MJ_OK);
    for (int i = 0; i < N; i++) {
        double best = HUGE_VAL;
        for (int k = 0; k < M; k++) {
            double sum = 0;
            for (int j = 0; j < D; j++) {
                sum += pow((double)x[i * D + j] - (double)y[k * D + j], 2);
            }
            best = sum < best ? sum : best;
        }
        assert_true(fabs((double)nearest[i] - sqrt(best)) < 1e-6);
        assert_true(i % 3 || (nearest[i] == 0 && which[i] == i * 5)); /* a copy is found as one */
    }
    assert_int_equal(mj_nearest_compute(nearest, NULL, x, y, N, 0, D, NULL), MJ_ERANGE);
}

/* numpy.quantile's definition on 0 .. 4; points at the corners of a 3-4-5 triangle. */
static void test_quantiles_and_pairs(void **state)
{
    (void)state;
    mj_real value[5] = {3, 0, 4, 1, 2};
    assert_rel(mj_quantile(value, 5, 0.5), 2, 1e-15);
    assert_rel(mj_quantile(value, 5, 0.01), 0.04, 1e-12);
    assert_rel(mj_quantile(value, 5, 1), 4, 1e-15);
    const mj_real x[10] = {0, 0, 3, 0, 9, 9, 0, 4, 9, 10};
    const int label[5] = {0, 0, 1, 0, 1};
    double mean;
    assert_int_equal(mj_pair_distance(&mean, x, label, 5, 2, 3, 100, NULL), MJ_OK);
    assert_rel(mean, (4.0 + 1.0) / 2, 1e-15);
    assert_int_equal(mj_pair_distance(&mean, x, label, 5, 2, 3, 2, NULL), MJ_OK);
    assert_rel(mean, (3.0 + 1.0) / 2, 1e-15);
    assert_int_equal(mj_pair_distance(&mean, x, label, 1, 2, 3, 2, NULL), MJ_ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diagonal_case),
        cmocka_unit_test(test_two_by_two),
        cmocka_unit_test(test_invariances),
        cmocka_unit_test(test_bad_input_is_refused),
        cmocka_unit_test(test_streaming),
        cmocka_unit_test(test_pca_finds_known_axes),
        cmocka_unit_test(test_pixel_pca_of_fashion_mnist),
        cmocka_unit_test(test_neighbours_of_fashion_mnist),
        cmocka_unit_test(test_nearest_against_brute_force),
        cmocka_unit_test(test_quantiles_and_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
