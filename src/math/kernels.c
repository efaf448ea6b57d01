/* Matrix products and threads: the one file that knows BLAS and OpenMP's run-time.
 *
 * OpenBLAS in its OpenMP build shares its threads with our own loops, and a product inside a
 * parallel region stays on the thread that asked for it. With its pthread build everything still
 * works, but two pools of threads fight for the cores. */
#include "mj/kernels.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <cblas.h>
#include <omp.h>

void mj_threads_set(int n)
{
    n = n > 0 ? n : 1;
    omp_set_num_threads(n);
    openblas_set_num_threads(n);
}

int mj_threads(void)
{
    return omp_get_max_threads();
}

/* The instruction set that MJ_CLONES (simd.h) resolves to on this processor. */
static const char *instruction_set(void)
{
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) {
        return "x86-64-v4";
    }
    if (__builtin_cpu_supports("x86-64-v3")) {
        return "x86-64-v3";
    }
#endif
    return "default";
}

void mj_kernels_variant(char *text, size_t size)
{
    snprintf(text, size, "%s %s", instruction_set(), openblas_get_corename());
}

const char *mj_kernels_faster_blas(void)
{
    static const char *const wide[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
    const char *core = openblas_get_corename();
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        if (strcmp(core, wide[i]) == 0) {
            return NULL;
        }
    }
    return strcmp(instruction_set(), "x86-64-v4") == 0 ? wide[0] : NULL;
}

/* y [rows of op(A)] = op(A) x (+ y), A stored [rows, columns]. */
static void gemv(mj_real *y, const mj_real *A, const mj_real *x, bool transpose, int rows,
                 int columns, int lda, int x_step, int y_step, mj_real beta)
{
    CBLAS_TRANSPOSE t = transpose ? CblasTrans : CblasNoTrans;
#ifdef MJ_DOUBLE
    cblas_dgemv(CblasRowMajor, t, rows, columns, 1, A, lda, x, x_step, beta, y, y_step);
#else
    cblas_sgemv(CblasRowMajor, t, rows, columns, 1, A, lda, x, x_step, beta, y, y_step);
#endif
}

void mj_gemm(mj_real *C, const mj_real *A, const mj_real *B, mj_gemm_shape s)
{
    assert(s.M > 0 && s.N > 0 && s.K > 0);
    int lda = s.lda ? s.lda : (s.transpose_a ? s.M : s.K);
    int ldb = s.ldb ? s.ldb : (s.transpose_b ? s.K : s.N);
    int ldc = s.ldc ? s.ldc : s.N;
    mj_real beta = s.add ? 1 : 0;
    if (s.M == 1) { /* C^T = op(B)^T a */
        int rows = s.transpose_b ? s.N : s.K, columns = s.transpose_b ? s.K : s.N;
        gemv(C, B, A, !s.transpose_b, rows, columns, ldb, s.transpose_a ? lda : 1, 1, beta);
        return;
    }
    if (s.N == 1) { /* C = op(A) b */
        int rows = s.transpose_a ? s.K : s.M, columns = s.transpose_a ? s.M : s.K;
        gemv(C, A, B, s.transpose_a, rows, columns, lda, s.transpose_b ? 1 : ldb, ldc, beta);
        return;
    }
    CBLAS_TRANSPOSE a = s.transpose_a ? CblasTrans : CblasNoTrans;
    CBLAS_TRANSPOSE b = s.transpose_b ? CblasTrans : CblasNoTrans;
#ifdef MJ_DOUBLE
    cblas_dgemm(CblasRowMajor, a, b, s.M, s.N, s.K, 1, A, lda, B, ldb, beta, C, ldc);
#else
    cblas_sgemm(CblasRowMajor, a, b, s.M, s.N, s.K, 1, A, lda, B, ldb, beta, C, ldc);
#endif
}
