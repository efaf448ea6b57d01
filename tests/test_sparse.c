/* Compressed matrices against dense products, and drawing of symbols, in the product's precision.
 * */
#include "assert_rel.h"

#include "mj/kernels.h"
#include "mj/rng.h"
#include "mj/sparse.h"
#include "mj/symbol_draw.h"

#include <stdlib.h>

/* w [N,K] with about this share of columns of a band alive. */
static mj_real *sparse_random(mj_arena *arena, int N, int K, int block, double alive, mj_rng *rng)
{
    mj_real *w = mj_arena_array(arena, (size_t)N * (size_t)K, sizeof *w);
    for (int band = 0; band * block < N; band++) {
        for (int k = 0; k < K; k++) {
            bool is_alive = mj_rng_uniform(rng) < alive;
            for (int r = band * block; is_alive && r < N && r < (band + 1) * block; r++) {
                w[(size_t)r * (size_t)K + (size_t)k] = (mj_real)mj_rng_normal(rng);
            }
        }
    }
    return w;
}

static void check_product(int N, int K, int block, double alive)
{
    enum { ROWS = 3 };
    mj_arena arena;
    mj_err err = {0};
    mj_rng rng;
    mj_arena_init(&arena, 0);
    mj_rng_init(&rng, (uint64_t)N, 0);
    mj_real *w = sparse_random(&arena, N, K, block, alive, &rng);
    mj_real *x = sparse_random(&arena, ROWS, K, 1, 1, &rng);
    mj_real *y = mj_arena_array(&arena, (size_t)ROWS * (size_t)N, sizeof *y);
    mj_sparse sparse;
    assert_int_equal(mj_sparse_compress(&sparse, w, N, K, block, &arena, &err), MJ_OK);
    mj_sparse_forward(y, x, &sparse, ROWS);
    for (int r = 0; r < ROWS; r++) {
        for (int i = 0; i < N; i++) {
            double want = 0, size = 1;
            for (int k = 0; k < K; k++) {
                double term = (double)w[i * K + k] * (double)x[r * K + k];
                want += term;
                size += fabs(term);
            }
            assert_true(fabs((double)y[r * N + i] - want) < 1e-6 * size); /* rounding in float */
        }
    }
    if (N % block == 0 && block > 1) { /* a column number of 2 bytes to `block` weights */
        size_t n_alive = 0, n = (size_t)N * (size_t)K;
        for (size_t i = 0; i < n; i++) {
            n_alive += w[i] != 0;
        }
        size_t stored_B = n_alive * sizeof *w + n_alive / (size_t)block * 2;
        assert_int_equal(mj_sparse_bytes(&sparse), stored_B + 4 * ((size_t)(N / block) + 1));
    }
    mj_arena_fini(&arena);
}

static void test_products_are_those_of_the_dense_matrix(void **state)
{
    (void)state;
    check_product(64, 96, 16, 0.1);
    check_product(37, 51, 16, 0.4);
    check_product(5, 3, 16, 1);
    check_product(33, 40, 1, 0.1);
    check_product(40, 40, 8, 0.1);
    check_product(16, 7, 16, 0);
}

static void test_too_many_columns_are_refused(void **state)
{
    (void)state;
    mj_arena arena;
    mj_err err = {0};
    mj_arena_init(&arena, 0);
    mj_sparse sparse;
    mj_real w = 1;
    assert_int_equal(mj_sparse_compress(&sparse, &w, 1, 70000, 16, &arena, &err), MJ_ERANGE);
    assert_int_equal(mj_sparse_compress(&sparse, &w, 0, 1, 16, &arena, &err), MJ_ERANGE);
    mj_arena_fini(&arena);
}

/* Shares of 40000 draws: five standard errors. */
static void test_symbols_come_by_their_probability(void **state)
{
    (void)state;
    enum { N = 4, N_DRAWS = 40000 };
    const double p[N] = {0.1, 0.5, 0.15, 0.25};
    mj_real logits[N];
    for (int i = 0; i < N; i++) {
        logits[i] = (mj_real)log(p[i]);
    }
    double scratch[N];
    int order[N];
    mj_rng rng;
    mj_rng_init(&rng, 1, 0);
    /* All; the half temperature squares; 0.7 leaves the two largest. */
    const mj_symbol_draw draws[] = {{.temperature = 1}, {.temperature = 0.5},
                                    {.temperature = 1, .top_p = 0.7}};
    const double want[][N] = {{0.1, 0.5, 0.15, 0.25},
                              {0.01 / 0.345, 0.25 / 0.345, 0.0225 / 0.345, 0.0625 / 0.345},
                              {0, 0.5 / 0.75, 0, 0.25 / 0.75}};
    for (int k = 0; k < 3; k++) {
        int count[N] = {0};
        for (int i = 0; i < N_DRAWS; i++) {
            count[mj_symbol_draw_next(draws + k, logits, scratch, order, N, &rng)]++;
        }
        for (int i = 0; i < N; i++) {
            double tol = 5 * sqrt(want[k][i] * (1 - want[k][i]) / N_DRAWS);
            assert_true(fabs((double)count[i] / N_DRAWS - want[k][i]) <= tol);
        }
    }
    const mj_symbol_draw coldest = {0};
    assert_int_equal(mj_symbol_draw_next(&coldest, logits, scratch, order, N, &rng), 1);
    mj_err err = {0};
    assert_int_equal(mj_symbol_draw_check(&(mj_symbol_draw){.temperature = -1}, &err), MJ_ERANGE);
    assert_int_equal(mj_symbol_draw_check(&(mj_symbol_draw){.top_p = 1.5}, &err), MJ_ERANGE);
    assert_int_equal(mj_symbol_draw_check(draws + 2, &err), MJ_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_are_those_of_the_dense_matrix),
        cmocka_unit_test(test_too_many_columns_are_refused),
        cmocka_unit_test(test_symbols_come_by_their_probability),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
