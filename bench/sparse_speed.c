/* Speed and bytes of compressed matrices (sparse.h) against the dense product of one vector.
 *
 * Square matrices of 256 to 1024 with 90 % zeros, in blocks of 16 rows and one by one; the dense
 * one is the matrix product that a layer would call at batch 1. Fastest of the repeats, one thread.
 *
 *     sparse_speed      one figure a line (bench/run sparse) */
#define _GNU_SOURCE
#include "figure.h"

#include "mj/kernels.h"
#include "mj/rng.h"
#include "mj/sparsity.h"

enum { REPEATS = 50, PRODUCTS = 40 };
static const double ALIVE = 0.1, GAIN_MIN = 3;

typedef struct {
    mj_real *w, *value, *x, *y;
    mj_sparse sparse;
} matrix;

/* A tenth of the blocks at random columns; the dense one has as many bytes of numbers as it needs,
 * whatever they are. */
static bool matrix_init(matrix *m, int N, int block, mj_arena *arena, mj_err *err)
{
    mj_rng rng;
    mj_rng_init(&rng, 1, 0);
    size_t n = (size_t)N;
    mj_sparse size = {.N = N, .K = N, .block = block};
    size.n_max = mj_sparsity_blocks(&size, ALIVE);
    size_t n_values = (size_t)size.n_max * (size_t)block;
    *m = (matrix){.w = mj_arena_array(arena, n * n, sizeof(mj_real)),
                  .value = mj_arena_array(arena, n_values, sizeof(mj_real)),
                  .x = mj_arena_array(arena, n, sizeof(mj_real)),
                  .y = mj_arena_array(arena, n, sizeof(mj_real))};
    if (!m->w || !m->value || !m->x || !m->y ||
        mj_sparse_init(&m->sparse, &size, arena, err) != MJ_OK) {
        return false;
    }
    mj_sparsity_draw(&m->sparse, size.n_max, &rng);
    mj_fill(m->w, (mj_real)0.1, n * n);
    mj_fill(m->value, (mj_real)0.1, n_values);
    mj_fill(m->x, 1, n);
    return true;
}

/* Fastest seconds of a product. */
static double product_s(matrix *m, bool dense)
{
    double best = HUGE_VAL;
    for (int k = 0; k < REPEATS; k++) {
        double start = seconds_now();
        for (int i = 0; i < PRODUCTS; i++) {
            if (dense) {
                mj_gemm(m->y, m->x, m->w,
                        (mj_gemm_shape){.M = 1, .N = m->sparse.N, .K = m->sparse.K,
                                        .transpose_b = true});
            } else {
                mj_fill(m->y, 0, (size_t)m->sparse.N);
                mj_sparse_forward(m->y, m->x, m->value, &m->sparse, 1);
            }
        }
        best = fmin(best, (seconds_now() - start) / PRODUCTS);
    }
    return best;
}

static bool measure(int N, int block)
{
    mj_arena arena;
    mj_err err = {0};
    mj_arena_init(&arena, 0);
    matrix m;
    bool ok = matrix_init(&m, N, block, &arena, &err);
    if (ok) {
        char name[64];
        double dense_B = (double)N * N * sizeof(mj_real);
        double goal = block == MJ_SPARSE_BLOCK ? GAIN_MIN : (double)NAN;
        snprintf(name, sizeof name, "sparse-%d-block-%d-speed-gain", N, block);
        figure_print(name, product_s(&m, true) / product_s(&m, false), "1", goal, (double)NAN);
        snprintf(name, sizeof name, "sparse-%d-block-%d-bytes-gain", N, block);
        figure_print(name, dense_B / (double)mj_sparse_bytes(&m.sparse), "1", goal, (double)NAN);
    }
    mj_arena_fini(&arena);
    return ok;
}

int main(void)
{
    mj_threads_set(1);
    bool ok = true;
    for (int N = 256; N <= 1024; N *= 2) {
        ok = ok && measure(N, MJ_SPARSE_BLOCK) && measure(N, 1);
    }
    return ok ? 0 : 4;
}
