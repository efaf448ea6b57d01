/* Kernels against their definitions, on ragged sizes: every size around a block, a vector, one. */
#include "assert_rel.h"

#include "mj/kernels.h"
#include "mj/rng.h"

#include <stdlib.h>
#include <string.h>

static const size_t RAGGED[] = {1, 2, 7, 15, 16, 17, 33, 1023, 1024, 1025, 20000};
enum { N_RAGGED = sizeof RAGGED / sizeof RAGGED[0], LONGEST = 20000 };

static mj_real *reals(size_t n)
{
    mj_real *x = calloc(n, sizeof *x);
    assert_non_null(x);
    return x;
}

static mj_real *random_reals(size_t n, uint64_t seed, double scale)
{
    mj_rng rng;
    mj_rng_init(&rng, seed, 0);
    mj_real *x = reals(n);
    for (size_t i = 0; i < n; i++) {
        x[i] = (mj_real)(scale * (2 * mj_rng_uniform(&rng) - 1));
    }
    return x;
}

/* Element of op(X), X stored with rows of ld. */
static double element(const mj_real *X, int row, int column, int ld, bool transposed)
{
    return (double)(transposed ? X[column * ld + row] : X[row * ld + column]);
}

static void check_gemm(mj_gemm_shape s)
{
    enum { ROOM = 40 * 40 };
    int lda = s.lda ? s.lda : s.transpose_a ? s.M : s.K;
    int ldb = s.ldb ? s.ldb : s.transpose_b ? s.K : s.N;
    int ldc = s.ldc ? s.ldc : s.N;
    mj_real *A = random_reals(ROOM, 1, 1), *B = random_reals(ROOM, 2, 1);
    mj_real *C = random_reals(ROOM, 3, 1), *before = random_reals(ROOM, 3, 1);
    mj_gemm(C, A, B, s);
    for (int i = 0; i < s.M; i++) {
        for (int j = 0; j < s.N; j++) {
            double want = s.add ? (double)before[i * ldc + j] : 0;
            for (int k = 0; k < s.K; k++) {
                want += element(A, i, k, lda, s.transpose_a) * element(B, k, j, ldb, s.transpose_b);
            }
            /* At most 32 terms below 1, each rounded to 2^-24. */
            assert_true(fabs((double)C[i * ldc + j] - want) < 4e-6);
        }
    }
    free(A), free(B), free(C), free(before);
}

static void test_gemm_is_the_triple_sum(void **state)
{
    (void)state;
    static const int size[] = {1, 2, 5, 17, 31};
    enum { N_SIZES = 5 };
    for (int i = 0; i < N_SIZES * N_SIZES * N_SIZES * 8; i++) {
        int flags = i % 8, rest = i / 8;
        check_gemm((mj_gemm_shape){
            .M = size[rest % N_SIZES], .N = size[rest / N_SIZES % N_SIZES],
            .K = size[rest / N_SIZES / N_SIZES], .transpose_a = flags & 1,
            .transpose_b = flags & 2, .add = flags & 4});
    }
}

static void test_gemm_with_row_lengths(void **state)
{
    (void)state;
    static const int size[] = {1, 5, 17};
    for (int i = 0; i < 9 * 4; i++) {
        check_gemm((mj_gemm_shape){.M = size[i % 3], .N = size[i / 3 % 3], .K = 7, .lda = 33,
                                   .ldb = 35, .ldc = 36, .transpose_a = i / 9 & 1,
                                   .transpose_b = i / 18 & 1});
    }
}

/* Narrow numbers: bf16 has 8 bits, so that the rounded value is within 2^-8 of the number, and sums of
 * at most 200 products below 1 differ from the definition's by float's rounding; sums of int8 are whole
 * numbers and exact. */
static void test_narrow_products_are_their_definitions(void **state)
{
    (void)state;
    if (!mj_kernels_have_bf16() || !mj_kernels_have_int8()) {
        skip(); /* they are their definitions */
    }
    static const mj_gemm_shape shape[] = {
        {.M = 1, .N = 1, .K = 1},
        {.M = 5, .N = 17, .K = 31, .transpose_b = true},
        {.M = 64, .N = 33, .K = 200},
        {.M = 31, .N = 40, .K = 64, .transpose_a = true, .lda = 45, .ldc = 41},
        {.M = 16, .N = 16, .K = 16, .transpose_a = true, .transpose_b = true}};
    enum { ROOM = 200 * 64 };
    mj_real *scale = random_reals(64, 2, 1);
    mj_real *got = reals(ROOM), *want = reals(ROOM);
    mj_bf16 half[2][ROOM];
    int8_t code[2][ROOM];
    for (int k = 0; k < 2; k++) {
        mj_real *x = random_reals(ROOM, (uint64_t)k, 1);
        mj_bf16_round(half[k], x, ROOM);
        mj_int8_round(code[k], x, 100, ROOM);
        for (size_t i = 0; i < ROOM; i++) {
            uint32_t bits = (uint32_t)half[k][i] << 16;
            float value;
            memcpy(&value, &bits, sizeof value);
            assert_true(fabs((double)value - (double)x[i]) <= 0x1p-8 * fabs((double)x[i]));
            assert_true(fabs(code[k][i] - 100 * (double)x[i]) <= 0.50001);
        }
        free(x);
    }
    for (size_t i = 0; i < 2 * sizeof shape / sizeof shape[0]; i++) {
        mj_gemm_shape s = shape[i / 2];
        mj_gemm_int8(got, code[0], code[1], scale, s);
        mj_gemm_int8_reference(want, code[0], code[1], scale, s);
        assert_memory_equal(got, want, ROOM * sizeof *got);
        mj_fill(got, (mj_real)0.5, ROOM), mj_fill(want, (mj_real)0.5, ROOM);
        s.add = i % 2;
        mj_gemm_bf16(got, half[0], half[1], s);
        mj_gemm_bf16_reference(want, half[0], half[1], s);
        for (size_t k = 0; k < ROOM; k++) {
            assert_true(fabs((double)got[k] - (double)want[k]) < 1e-4);
            want[k] = got[k];
        }
    }
    const mj_real far[] = {3, -3, 0, (mj_real)0.005};
    int8_t clipped[4];
    mj_int8_round(clipped, far, 100, 4);
    assert_true(clipped[0] == 127 && clipped[1] == -127 && clipped[2] == 0 && clipped[3] == 0);
    free(scale), free(got), free(want);
}

static void test_exp_over_its_range(void **state)
{
    (void)state;
    mj_real *x = random_reals(LONGEST, 5, 87), *y = reals(LONGEST);
    mj_exp(y, x, LONGEST);
    for (size_t i = 0; i < LONGEST; i++) {
        assert_rel((double)y[i], exp((double)x[i]), 2e-7);
    }
    x[0] = -1e9f, x[1] = 1e9f;
    mj_exp(x, x, 2);
    assert_rel((double)x[0], exp(-87), 1e-5);
    assert_rel((double)x[1], exp(88), 1e-5);
    free(x), free(y);
}

/* The promised 1e-7 and the definition's own last bit, against the double-precision functions. */
static void check_sincos(double scale)
{
    mj_real *x = random_reals(LONGEST, 4, scale), *s = reals(LONGEST), *c = reals(LONGEST);
    for (int r = 0; r < N_RAGGED; r++) {
        size_t n = RAGGED[r];
        s[n - 1] = c[n - 1] = 9;
        mj_sincos(s, c, x, n);
        for (size_t i = 0; i < n; i++) {
            assert_true(fabs((double)s[i] - sin((double)x[i])) <= 1.2e-7);
            assert_true(fabs((double)c[i] - cos((double)x[i])) <= 1.2e-7);
        }
    }
    free(x), free(s), free(c);
}

static void test_sincos_small_and_large(void **state)
{
    (void)state;
    for (double scale = 1e-6; scale < 1e30; scale *= 7) {
        check_sincos(scale);
    }
}

static void test_sincos_near_its_zeros(void **state)
{
    (void)state;
    enum { N = 4000 };
    mj_real *x = reals(N), *s = reals(N), *c = reals(N);
    for (int i = 0; i < N; i++) {
        x[i] = (mj_real)((i - N / 2) * 1.57079632679489661923);
    }
    mj_sincos(s, c, x, N);
    for (int i = 0; i < N; i++) {
        assert_true(fabs((double)s[i] - sin((double)x[i])) <= 1.2e-7);
        assert_true(fabs((double)c[i] - cos((double)x[i])) <= 1.2e-7);
    }
    free(x), free(s), free(c);
}

static void test_sincos_of_what_is_no_number(void **state)
{
    (void)state;
    mj_real x[20] = {0}, s[20], c[20];
    x[3] = (mj_real)NAN;
    x[17] = (mj_real)INFINITY;
    mj_sincos(s, c, x, 20);
    assert_true(isnan(s[3]) && isnan(c[3]) && isnan(s[17]) && isnan(c[17]));
    assert_true(s[0] == 0 && c[19] == 1);
}

/* A fast normal differs from the double-precision one by the rounding of its logarithm, square root
 * and sine; NOISE_TOL is the contract of noise.c. */
static const double NOISE_TOL = 4e-6;

static void test_normal_is_the_reference(void **state)
{
    (void)state;
    mj_real *fast = reals(LONGEST), *slow = reals(LONGEST);
    mj_noise_key key = {.seed = 0x1234567890abcdef, .stream = 3, .step = 0xfffffff0};
    for (int r = 0; r < N_RAGGED; r++) {
        size_t n = RAGGED[r];
        uint64_t first = 4 * ((uint64_t)1 << 32) - 400; /* crosses the low word of the counter */
        mj_noise_normal(fast, first, n, key);
        mj_noise_normal_reference(slow, first, n, key);
        for (size_t i = 0; i < n; i++) {
            assert_true(fabs((double)fast[i] - (double)slow[i]) <= NOISE_TOL);
        }
    }
    free(fast), free(slow);
}

static void test_uniform_is_philox(void **state)
{
    (void)state;
    mj_real out[10];
    mj_noise_uniform(out, 8, 10, (mj_noise_key){.seed = 5, .stream = 6, .step = 7});
    for (uint32_t i = 0; i < 10; i++) {
        uint32_t word[4];
        mj_philox(word, (const uint32_t[]){(8 + i) / 4, 0, 6, 7}, (const uint32_t[]){5, 0});
        assert_rel((double)out[i], ((word[i % 4] >> 9) + 0.5) / 0x1p23, 0);
    }
}

/* A part of a stream is the same numbers as that part of the whole. */
static void test_noise_has_no_memory(void **state)
{
    (void)state;
    mj_real *whole = reals(LONGEST), *part = reals(LONGEST);
    mj_noise_key key = {.seed = 1, .stream = 2, .step = 3};
    mj_noise_normal(whole, 0, LONGEST, key);
    mj_noise_normal(part, 5000, 1234, key);
    assert_memory_equal(part, whole + 5000, 1234 * sizeof *part);
    mj_noise_uniform(whole, 0, LONGEST, key);
    mj_noise_uniform(part, 5000, 1234, key);
    assert_memory_equal(part, whole + 5000, 1234 * sizeof *part);
    free(whole), free(part);
}

/* Mean 0, variance 1, fourth moment 3, each within 5 of its standard errors 1, sqrt 2, sqrt 96 over
 * sqrt n; and 5 standard errors for the correlation of neighbours and of neighbouring streams. */
static void test_normal_moments(void **state)
{
    (void)state;
    enum { N = 1 << 20 };
    mj_real *x = reals(N), *other = reals(N);
    mj_noise_normal(x, 0, N, (mj_noise_key){.seed = 9, .stream = 1, .step = 1});
    mj_noise_normal(other, 0, N, (mj_noise_key){.seed = 9, .stream = 1, .step = 2});
    double sum[5] = {0}, next = 0, across = 0;
    for (int i = 0; i < N; i++) {
        double z = (double)x[i];
        sum[1] += z, sum[2] += z * z, sum[3] += z * z * z, sum[4] += z * z * z * z;
        next += i > 0 ? z * (double)x[i - 1] : 0;
        across += z * (double)other[i];
    }
    double unit = 5 / sqrt(N);
    assert_true(fabs(sum[1] / N) < unit);
    assert_true(fabs(sum[2] / N - 1) < unit * sqrt(2));
    assert_true(fabs(sum[3] / N) < unit * sqrt(15));
    assert_true(fabs(sum[4] / N - 3) < unit * sqrt(96));
    assert_true(fabs(next / N) < unit && fabs(across / N) < unit);
    free(x), free(other);
}

static void test_silu_over_the_whole_range(void **state)
{
    (void)state;
    enum { N = 4001 };
    mj_real *x = reals(N), *y = reals(N), *dx = reals(N), *one = reals(N);
    for (int i = 0; i < N; i++) {
        x[i] = (mj_real)((i - N / 2) * 0.06); /* -120 .. 120 */
        one[i] = 1;
    }
    mj_silu_forward(y, x, N);
    mj_silu_backward(dx, one, x, N);
    for (int i = 0; i < N; i++) {
        double z = (double)x[i], s = 1 / (1 + exp(-z));
        assert_true(fabs((double)y[i] - z * s) <= 2e-7 * fabs(z));
        assert_true(fabs((double)dx[i] - s * (1 + z * (1 - s))) <= 1e-6);
    }
    free(x), free(y), free(dx), free(one);
}

static void test_sums_and_nan(void **state)
{
    (void)state;
    mj_real *x = random_reals(LONGEST, 6, 3);
    for (int r = 0; r < N_RAGGED; r++) {
        size_t n = RAGGED[r];
        double want = 0;
        for (size_t i = 0; i < n; i++) {
            want += (double)x[i] * (double)x[i];
        }
        assert_rel(mj_squares_sum(x, n), want, 1e-12);
        assert_true(mj_all_finite(x, n));
        mj_real kept = x[n - 1];
        x[n - 1] = (mj_real)(r % 2 ? NAN : -INFINITY);
        assert_false(mj_all_finite(x, n));
        x[n - 1] = kept;
    }
    assert_true(mj_all_finite(x, 0));
    free(x);
}

/* Sums of at most 9*33 products below 1, in another order than the reference. */
static void test_conv_is_its_definition(void **state)
{
    (void)state;
    static const mj_conv_shape shape[] = {{1, 1, 1, 1, 1},   {2, 1, 5, 3, 2},   {3, 7, 7, 32, 5},
                                          {5, 6, 3, 1, 17},  {1, 28, 28, 1, 16},
                                          {40, 14, 14, 16, 3}, {2, 3, 4, 33, 1}};
    for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++) {
        mj_conv_shape s = shape[i];
        size_t pixels = (size_t)(s.B * s.H * s.W);
        mj_real *x = random_reals(pixels * (size_t)s.C, 7, 1);
        mj_real *w = random_reals((size_t)(9 * s.C * s.N), 8, 1);
        mj_real *bias = random_reals((size_t)s.N, 9, 1), *tmp = reals(mj_conv3x3_tmp(s));
        mj_real *y = reals(pixels * (size_t)s.N), *want = reals(pixels * (size_t)s.N);
        mj_conv3x3_forward(y, x, w, bias, tmp, s);
        mj_conv3x3_reference(want, x, w, bias, s);
        for (size_t k = 0; k < pixels * (size_t)s.N; k++) {
            assert_true(fabs((double)y[k] - (double)want[k]) < 3e-5);
        }
        free(x), free(w), free(bias), free(tmp), free(y), free(want);
    }
}

static void test_pools_of_a_known_image(void **state)
{
    (void)state;
    /* 3 rows of 4 pixels: the last row is left out. Equal largest elements in the first window. */
    const mj_real x[] = {5, 5, 1, 2, 5, 3, 4, 1, 9, 9, 9, 9}, dy[] = {10, 20};
    mj_real y[2], dx[12] = {1};
    mj_pool_max_forward(y, x, 1, 3, 4, 1);
    assert_true(y[0] == 5 && y[1] == 4);
    mj_pool_max_backward(dx, dy, x, 1, 3, 4, 1);
    const mj_real want[] = {11, 0, 0, 0, 0, 0, 20, 0, 0, 0, 0, 0};
    assert_memory_equal(dx, want, sizeof want);
    mj_pool_mean_forward(y, x, 1, 3, 4, 1);
    assert_true(y[0] == 4.5f && y[1] == 2);
}

/* The same bits from one thread and from two, for all loops that are ours. */
static void test_threads_do_not_change_bits(void **state)
{
    (void)state;
    enum { N = 100001 };
    mj_real *x = random_reals(N, 11, 5), *one[2], *two[2];
    double sum[2];
    for (int t = 0; t < 2; t++) {
        mj_threads_set(t + 1);
        assert_int_equal(mj_threads(), t + 1);
        one[t] = reals(N), two[t] = reals(N);
        mj_sincos(one[t], two[t], x, N);
        mj_silu_backward(one[t], x, x, N);
        mj_noise_normal(two[t], 0, N, (mj_noise_key){.seed = 1});
        sum[t] = mj_squares_sum(x, N);
    }
    assert_memory_equal(one[0], one[1], N * sizeof *x);
    assert_memory_equal(two[0], two[1], N * sizeof *x);
    assert_true(sum[0] == sum[1]);
    for (int t = 0; t < 2; t++) {
        free(one[t]), free(two[t]);
    }
    free(x);
    char variant[64];
    mj_kernels_variant(variant, sizeof variant);
    assert_true(strlen(variant) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm_is_the_triple_sum),
        cmocka_unit_test(test_gemm_with_row_lengths),
        cmocka_unit_test(test_narrow_products_are_their_definitions),
        cmocka_unit_test(test_exp_over_its_range),
        cmocka_unit_test(test_sincos_small_and_large),
        cmocka_unit_test(test_sincos_near_its_zeros),
        cmocka_unit_test(test_sincos_of_what_is_no_number),
        cmocka_unit_test(test_normal_is_the_reference),
        cmocka_unit_test(test_uniform_is_philox),
        cmocka_unit_test(test_noise_has_no_memory),
        cmocka_unit_test(test_normal_moments),
        cmocka_unit_test(test_silu_over_the_whole_range),
        cmocka_unit_test(test_sums_and_nan),
        cmocka_unit_test(test_conv_is_its_definition),
        cmocka_unit_test(test_pools_of_a_known_image),
        cmocka_unit_test(test_threads_do_not_change_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
