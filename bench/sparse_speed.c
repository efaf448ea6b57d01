/* Speed and bytes of compressed matrices (sparse.h) against the dense product of one vector.
 *
 * Square matrices of 256 to 1024 with 90 % zeros, in blocks of 16 rows and one by one; the dense
 * one is the matrix product that a layer would call at batch 1. Fastest of the repeats, one thread.
 *
 *     sparse_speed      one figure a line (bench/run sequences) */
#define _GNU_SOURCE
#include "figure.h"

#include "mj/kernels.h"
#include "mj/rng.h"
#include "mj/sparse.h"

enum { REPEATS = 50, PRODUCTS = 40 };
static const double ALIVE = 0.1, GAIN_MIN = 3;

typedef struct {
    mj_real *w, *x, *y;
    mj_sparse sparse;
} matrix;

/* A tenth of the blocks of every band, at random columns. */
static bool matrix_init(matrix *m, int N, int block, mj_arena *arena, mj_err *err)
{
    mj_rng rng;
    mj_rng_init(&rng, 1, 0);
    size_t n = (size_t)N;
    *m = (matrix){.w = mj_arena_array(arena, n * n, sizeof(mj_real)),
                  .x = mj_arena_array(arena, n, sizeof(mj_real)),
                  .y = mj_arena_array(arena, n, sizeof(mj_real))};
    if (!m->w || !m->x || !m->y) {
        return false;
    }
    for (size_t band = 0; band < n / (size_t)block; band++) {
        for (size_t k = 0; k < n; k++) {
            bool is_alive = mj_rng_uniform(&rng) < ALIVE;
            for (size_t i = 0; is_alive && i < (size_t)block; i++) {
                m->w[(band * (size_t)block + i) * n + k] = (mj_real)mj_rng_normal(&rng);
            }
        }
    }
    mj_fill(m->x, 1, n);
    return mj_sparse_compress(&m->sparse, m->w, N, N, block, arena, err) == MJ_OK;
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
                mj_sparse_forward(m->y, m->x, &m->sparse, 1);
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
