/* Matrix products and threads: the one file that knows BLAS, oneDNN and OpenMP's run-time.
 *
 * Products of floats are oneDNN's: it makes its kernels for the processor it finds, where OpenBLAS 0.3.21
 * does not know processors younger than itself and has half the rate there. Products of doubles, in which
 * gradients are tested, and products with a vector are OpenBLAS's. Both share their threads with our own
 * loops, and a product inside a parallel region stays on the thread that asked for it. */
#include "mj/kernels.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <cblas.h>
#include <dnnl.h>
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
    snprintf(text, size, "%s onednn-%x %s", instruction_set(), (unsigned)dnnl_get_effective_cpu_isa(),
             openblas_get_corename());
}

#ifndef MJ_DOUBLE
/* What oneDNN is asked for is what this file allows: a refusal is a bug. */
static void must(dnnl_status_t status)
{
    if (status != dnnl_success) {
        __builtin_trap();
    }
}
#endif

/* Row lengths as stored. */
typedef struct {
    int a, b, c;
} leading;

static leading leading_of(mj_gemm_shape s)
{
    return (leading){s.lda ? s.lda : (s.transpose_a ? s.M : s.K),
                     s.ldb ? s.ldb : (s.transpose_b ? s.K : s.N), s.ldc ? s.ldc : s.N};
}

static size_t at(int row, int column, int ld, bool transposed)
{
    return transposed ? (size_t)column * (size_t)ld + (size_t)row
                      : (size_t)row * (size_t)ld + (size_t)column;
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
    const leading l = leading_of(s);
    mj_real beta = s.add ? 1 : 0;
    if (s.M == 1) { /* C^T = op(B)^T a */
        int rows = s.transpose_b ? s.N : s.K, columns = s.transpose_b ? s.K : s.N;
        gemv(C, B, A, !s.transpose_b, rows, columns, l.b, s.transpose_a ? l.a : 1, 1, beta);
        return;
    }
    if (s.N == 1) { /* C = op(A) b */
        int rows = s.transpose_a ? s.K : s.M, columns = s.transpose_a ? s.M : s.K;
        gemv(C, A, B, s.transpose_a, rows, columns, l.a, s.transpose_b ? 1 : l.b, l.c, beta);
        return;
    }
#ifdef MJ_DOUBLE
    CBLAS_TRANSPOSE a = s.transpose_a ? CblasTrans : CblasNoTrans;
    CBLAS_TRANSPOSE b = s.transpose_b ? CblasTrans : CblasNoTrans;
    cblas_dgemm(CblasRowMajor, a, b, s.M, s.N, s.K, 1, A, l.a, B, l.b, beta, C, l.c);
#else
    must(dnnl_sgemm(s.transpose_a ? 'T' : 'N', s.transpose_b ? 'T' : 'N', s.M, s.N, s.K, 1, A, l.a, B,
                    l.b, beta, C, l.c));
#endif
}

/* Products of narrow numbers. */

bool mj_kernels_have_bf16(void)
{
    unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    return (isa & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
}

bool mj_kernels_have_int8(void)
{
    unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    return (isa & dnnl_cpu_isa_avx512_core_vnni) == dnnl_cpu_isa_avx512_core_vnni;
}

MJ_CLONES void mj_bf16_round(mj_bf16 *restrict y, const mj_real *restrict x, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        float value = (float)x[i];
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        y[i] = (mj_bf16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }
}

MJ_CLONES void mj_int8_round(int8_t *restrict y, const mj_real *restrict x, mj_real scale, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        /* Adding 1.5 * 2^23 and taking it off again rounds to an integer. */
        float value = (float)(x[i] * scale);
        float whole = (value + 12582912.0f) - 12582912.0f;
        y[i] = (int8_t)(whole > 127 ? 127 : whole < -127 ? -127 : whole);
    }
}

static float bf16_value(mj_bf16 x)
{
    uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void mj_gemm_bf16_reference(mj_real *C, const mj_bf16 *A, const mj_bf16 *B, mj_gemm_shape s)
{
    const leading l = leading_of(s);
    for (int i = 0; i < s.M; i++) {
        for (int j = 0; j < s.N; j++) {
            float sum = s.add ? (float)C[at(i, j, l.c, false)] : 0;
            for (int k = 0; k < s.K; k++) {
                sum += bf16_value(A[at(i, k, l.a, s.transpose_a)]) *
                       bf16_value(B[at(k, j, l.b, s.transpose_b)]);
            }
            C[at(i, j, l.c, false)] = sum;
        }
    }
}

void mj_gemm_int8_reference(mj_real *C, const int8_t *A, const int8_t *B, const mj_real *scale,
                            mj_gemm_shape s)
{
    const leading l = leading_of(s);
    assert(!s.add);
    for (int i = 0; i < s.M; i++) {
        for (int j = 0; j < s.N; j++) {
            int32_t sum = 0;
            for (int k = 0; k < s.K; k++) {
                sum += A[at(i, k, l.a, s.transpose_a)] * B[at(k, j, l.b, s.transpose_b)];
            }
            C[at(i, j, l.c, false)] = (mj_real)sum * scale[j];
        }
    }
}

#ifdef MJ_DOUBLE

void mj_gemm_bf16(mj_real *C, const mj_bf16 *A, const mj_bf16 *B, mj_gemm_shape s)
{
    mj_gemm_bf16_reference(C, A, B, s);
}

void mj_gemm_int8(mj_real *C, const int8_t *A, const int8_t *B, const mj_real *scale,
                  mj_gemm_shape s)
{
    mj_gemm_int8_reference(C, A, B, scale, s);
}

#else

/* A matrix of oneDNN: [rows, columns] of a stored matrix, maybe transposed. */
static dnnl_memory_desc_t matrix_of(int rows, int columns, int ld, bool transposed,
                                    dnnl_data_type_t type)
{
    dnnl_memory_desc_t matrix;
    const dnnl_dims_t size = {rows, columns}, stride = {transposed ? 1 : ld, transposed ? ld : 1};
    must(dnnl_memory_desc_init_by_strides(&matrix, 2, size, type, stride));
    return matrix;
}

/* C = op(A) op(B), times scale (a number a column) where there is one. oneDNN keeps the kernels it has
 * made, so that only the first product of a shape takes the time to make one. */
static void multiply(mj_real *C, const void *A, const void *B, dnnl_data_type_t type,
                     const mj_real *scale, mj_gemm_shape s)
{
    enum { ARGS_N = 4, COLUMNS_MASK = 1 << 1 };
    const leading l = leading_of(s);
    const dnnl_memory_desc_t a = matrix_of(s.M, s.K, l.a, s.transpose_a, type);
    const dnnl_memory_desc_t b = matrix_of(s.K, s.N, l.b, s.transpose_b, type);
    const dnnl_memory_desc_t c = matrix_of(s.M, s.N, l.c, false, dnnl_f32);
    dnnl_memory_desc_t scales;
    const float runtime = DNNL_RUNTIME_F32_VAL;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_matmul_desc_t description;
    dnnl_primitive_attr_t attributes;
    dnnl_post_ops_t after;
    dnnl_primitive_desc_t made;
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arg[ARGS_N] = {{.arg = DNNL_ARG_SRC}, {.arg = DNNL_ARG_WEIGHTS},
                                   {.arg = DNNL_ARG_DST}, {.arg = DNNL_ARG_ATTR_OUTPUT_SCALES}};
    must(dnnl_engine_create(&engine, dnnl_cpu, 0));
    must(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
    must(dnnl_primitive_attr_create(&attributes));
    must(dnnl_post_ops_create(&after));
    if (s.add) {
        must(dnnl_post_ops_append_sum(after, 1));
        must(dnnl_primitive_attr_set_post_ops(attributes, after));
    }
    if (scale) {
        must(dnnl_memory_desc_init_by_tag(&scales, 1, (const dnnl_dims_t){s.N}, dnnl_f32, dnnl_x));
        must(dnnl_primitive_attr_set_output_scales(attributes, 1, COLUMNS_MASK, &runtime));
    }
    must(dnnl_matmul_desc_init(&description, &a, &b, NULL, &c));
    must(dnnl_primitive_desc_create(&made, &description, attributes, engine, NULL));
    must(dnnl_primitive_create(&primitive, made));
    must(dnnl_memory_create(&arg[0].memory, &a, engine, (void *)A));
    must(dnnl_memory_create(&arg[1].memory, &b, engine, (void *)B));
    must(dnnl_memory_create(&arg[2].memory, &c, engine, C));
    int n_args = 3;
    if (scale) {
        must(dnnl_memory_create(&arg[n_args++].memory, &scales, engine, (void *)scale));
    }
    must(dnnl_primitive_execute(primitive, stream, n_args, arg));
    must(dnnl_stream_wait(stream));
    for (int i = 0; i < n_args; i++) {
        dnnl_memory_destroy(arg[i].memory);
    }
    dnnl_primitive_destroy(primitive);
    dnnl_primitive_desc_destroy(made);
    dnnl_post_ops_destroy(after);
    dnnl_primitive_attr_destroy(attributes);
    dnnl_stream_destroy(stream);
    dnnl_engine_destroy(engine);
}

void mj_gemm_bf16(mj_real *C, const mj_bf16 *A, const mj_bf16 *B, mj_gemm_shape s)
{
    if (mj_kernels_have_bf16()) {
        multiply(C, A, B, dnnl_bf16, NULL, s);
    } else {
        mj_gemm_bf16_reference(C, A, B, s);
    }
}

void mj_gemm_int8(mj_real *C, const int8_t *A, const int8_t *B, const mj_real *scale,
                  mj_gemm_shape s)
{
    assert(!s.add);
    if (mj_kernels_have_int8()) { /* without, oneDNN's sums saturate */
        multiply(C, A, B, dnnl_s8, scale, s);
    } else {
        mj_gemm_int8_reference(C, A, B, scale, s);
    }
}

#endif
