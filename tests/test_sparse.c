/* Compressed matrices against dense products, and drawing of symbols, in the product's precision.
 * */
#include "assert_rel.h"

#include "mj/kernels.h"
#include "mj/rng.h"
#include "mj/sparse.h"
#include "mj/symbol_draw.h"

#include <stdlib.h>

/* A pattern with about this share of its blocks alive, w [N,K] dense, and the same as values. */
typedef struct {
    mj_arena arena;
    mj_sparse sparse;
    mj_real *w, *value;
} matrix;

static mj_real *random_numbers(mj_arena *arena, size_t n, mj_rng *rng)
{
    mj_real *x = mj_arena_array(arena, n, sizeof *x);
    for (size_t i = 0; i < n; i++) {
        x[i] = (mj_real)mj_rng_normal(rng);
    }
    return x;
}

static void matrix_init(matrix *m, const mj_sparse *size, double share, mj_rng *rng)
{
    mj_err err = {0};
    mj_arena_init(&m->arena, 0);
    int bands = (size->N + size->block - 1) / size->block;
    uint8_t *alive = mj_arena_array(&m->arena, (size_t)(bands * size->K), 1);
    mj_sparse room = *size;
    for (int i = 0; i < bands * size->K; i++) {
        alive[i] = mj_rng_uniform(rng) < share;
        room.n_max += alive[i];
    }
    room.n_max += 2; /* more room than blocks */
    assert_int_equal(mj_sparse_init(&m->sparse, &room, &m->arena, &err), MJ_OK);
    mj_sparse_set(&m->sparse, alive);
    m->w = mj_arena_array(&m->arena, (size_t)(size->N * size->K), sizeof *m->w);
    m->value = mj_arena_array(&m->arena, (size_t)(room.n_max * size->block), sizeof *m->value);
    mj_real *next = m->value;
    for (int band = 0; band < bands; band++) {
        for (int k = 0; k < size->K; k++) {
            for (int i = 0; i < size->block && alive[band * size->K + k]; i++, next++) {
                int row = band * size->block + i;
                *next = (mj_real)mj_rng_normal(rng);
                if (row < size->N) {
                    m->w[row * size->K + k] = *next;
                }
            }
        }
    }
}

/* Sums of three products, each in double: y = x w^T, dx = dy w, dw = dy^T x. */
enum { ROWS = 37 };

static void check_forward(const matrix *m, const mj_real *x)
{
    int N = m->sparse.N, K = m->sparse.K;
    mj_real *y = malloc(sizeof *y * (size_t)(ROWS * N));
    mj_fill(y, 1, (size_t)(ROWS * N));
    mj_sparse_forward(y, x, m->value, &m->sparse, ROWS);
    for (int i = 0; i < ROWS * N; i++) {
        double want = 1, size = 1;
        for (int k = 0; k < K; k++) {
            double term = (double)m->w[i % N * K + k] * (double)x[i / N * K + k];
            want += term;
            size += fabs(term);
        }
        assert_true(fabs((double)y[i] - want) < 1e-6 * size); /* rounding in float */
    }
    free(y);
}

static void check_input(const matrix *m, const mj_real *dy)
{
    int N = m->sparse.N, K = m->sparse.K;
    mj_real *dx = malloc(sizeof *dx * (size_t)(ROWS * K));
    mj_fill(dx, 1, (size_t)(ROWS * K));
    mj_sparse_input_backward(dx, dy, m->value, &m->sparse, ROWS);
    for (int i = 0; i < ROWS * K; i++) {
        double want = 1, size = 1;
        for (int n = 0; n < N; n++) {
            double term = (double)m->w[n * K + i % K] * (double)dy[i / K * N + n];
            want += term;
            size += fabs(term);
        }
        assert_true(fabs((double)dx[i] - want) < 1e-6 * size);
    }
    free(dx);
}

static void check_values(const matrix *m, const mj_real *dy, const mj_real *x)
{
    const mj_sparse *s = &m->sparse;
    size_t n = (size_t)(s->n_max * s->block);
    mj_real *dvalue = calloc(n, sizeof *dvalue);
    mj_sparse_value_backward(dvalue, dy, x, s, ROWS);
    for (int band = 0; band < mj_sparse_bands(s); band++) {
        for (uint32_t b = s->start[band]; b < s->start[band + 1]; b++) {
            for (int i = 0; i < s->block; i++) {
                double want = 0, size = 1;
                for (int r = 0; r < ROWS && band * s->block + i < s->N; r++) {
                    double term = (double)dy[r * s->N + band * s->block + i] *
                                  (double)x[r * s->K + s->column[b]];
                    want += term;
                    size += fabs(term);
                }
                assert_true(fabs((double)dvalue[b * (uint32_t)s->block + (uint32_t)i] - want) <
                            1e-6 * size);
            }
        }
    }
    for (size_t i = (size_t)(mj_sparse_blocks(s) * s->block); i < n; i++) {
        assert_true(dvalue[i] == 0); /* behind the last block */
    }
    free(dvalue);
}

static void check_products(int N, int K, int block, double share)
{
    mj_rng rng;
    matrix m;
    mj_rng_init(&rng, (uint64_t)N, 0);
    matrix_init(&m, &(mj_sparse){.N = N, .K = K, .block = block}, share, &rng);
    mj_real *x = random_numbers(&m.arena, (size_t)(ROWS * K), &rng);
    mj_real *dy = random_numbers(&m.arena, (size_t)(ROWS * N), &rng);
    for (int threads = 1; threads <= 2; threads++) {
        mj_threads_set(threads);
        check_forward(&m, x);
        check_input(&m, dy);
        check_values(&m, dy, x);
    }
    mj_threads_set(1);
    /* A column number of 2 bytes to `block` weights, and where bands start. */
    assert_int_equal(mj_sparse_bytes(&m.sparse),
                     (size_t)mj_sparse_blocks(&m.sparse) * (2 + (size_t)block * sizeof(mj_real)) +
                         4 * ((size_t)mj_sparse_bands(&m.sparse) + 1));
    mj_arena_fini(&m.arena);
}

static void test_products_are_those_of_the_dense_matrix(void **state)
{
    (void)state;
    check_products(64, 96, 16, 0.1);
    check_products(37, 51, 16, 0.4);
    check_products(5, 3, 16, 1);
    check_products(33, 40, 1, 0.1);
    check_products(40, 40, 8, 0.1);
    check_products(16, 7, 16, 0);
    check_products(32, 1100, 16, 0.3); /* columns of dx in several parts, products on two threads */
}

static void test_too_many_columns_are_refused(void **state)
{
    (void)state;
    mj_arena arena;
    mj_err err = {0};
    mj_arena_init(&arena, 0);
    mj_sparse sparse;
    const mj_sparse wide = {.N = 1, .K = 70000, .n_max = 1}, none = {.K = 1, .n_max = 1};
    assert_int_equal(mj_sparse_init(&sparse, &wide, &arena, &err), MJ_ERANGE);
    assert_int_equal(mj_sparse_init(&sparse, &none, &arena, &err), MJ_ERANGE);
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
    /* What cannot come never does; of equals the first is the likelier. */
    const mj_real equal[N] = {-INFINITY, 1, 1, -INFINITY};
    const mj_symbol_draw half = {.temperature = 1, .top_p = 0.5};
    for (int i = 0; i < N_DRAWS; i++) {
        int symbol = mj_symbol_draw_next(draws, equal, scratch, order, N, &rng);
        assert_true(symbol == 1 || symbol == 2);
        assert_int_equal(mj_symbol_draw_next(&half, equal, scratch, order, N, &rng), 1);
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
