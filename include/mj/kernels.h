/* Kernels: the loops over numbers, and the only place where threads work.
 *
 * Every tensor is dense and row-major. Letters: B batch, H W height and width, C channels in, N
 * channels or units out, n elements. Outputs stand first, sizes last. Outputs and inputs must not
 * overlap unless the contract says so. Results are the same bits for the same thread count, kernel
 * variant and inputs: loops are cut in blocks that do not depend on timing, and partial sums are
 * added in block order. Nothing here can fail; BLAS and oneDNN have buffers of their own, which they
 * allot in a product. */
#ifndef MJ_KERNELS_H
#define MJ_KERNELS_H

#include "mj/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One body, three instruction sets: gcc compiles a function marked MJ_CLONES for each and the loader
 * picks what the processor has. Only leaves are marked; the loop over blocks and threads is in their
 * callers, because OpenMP moves a parallel body out of the marked function. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MJ_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MJ_CLONES
#endif

/* Threads of all kernels, OpenMP's (and so oneDNN's) and OpenBLAS's alike; n < 1 counts as 1. These
 * libraries keep the number for the whole process. */
void mj_threads_set(int n);
int mj_threads(void);
/* What decides the last bits besides the thread count, e.g. "x86-64-v4 onednn-e7 Haswell": our
 * instruction set, oneDNN's and OpenBLAS's. A checkpoint records it. */
void mj_kernels_variant(char *text, size_t size);

/* Products (kernels.c). */

/* C [M,N] = op(A) op(B), or += with `add`. op(A) is [M,K]: A is stored [M,K], or [K,M] with
 * transpose_a; op(B) is [K,N]: B is stored [K,N], or [N,K] with transpose_b. lda, ldb, ldc: row
 * lengths as stored, 0 for dense. M = 1 or N = 1 goes to gemv. Cost: M*N*K MAC. */
typedef struct {
    int M, N, K;
    bool transpose_a, transpose_b, add;
    int lda, ldb, ldc;
} mj_gemm_shape;
void mj_gemm(mj_real *C, const mj_real *A, const mj_real *B, mj_gemm_shape s);

/* Products of narrow numbers, for processors that have them: two to four times the rate. */

/* A bfloat16: the upper half of a float. */
typedef uint16_t mj_bf16;
/* Whether the processor multiplies them itself; where it does not, the products below are their slow
 * definitions. */
bool mj_kernels_have_bf16(void);
bool mj_kernels_have_int8(void);
/* Rounds to nearest, ties to even. Not for NaN. */
void mj_bf16_round(mj_bf16 *y, const mj_real *x, size_t n);
/* y = x * scale rounded to nearest, within +-127. */
void mj_int8_round(int8_t *y, const mj_real *x, mj_real scale, size_t n);
/* As mj_gemm, sums in float. */
void mj_gemm_bf16(mj_real *C, const mj_bf16 *A, const mj_bf16 *B, mj_gemm_shape s);
/* C [m,n] = scale [n] * (op(A) op(B)) [m,n], sums exact; without `add`. */
void mj_gemm_int8(mj_real *C, const int8_t *A, const int8_t *B, const mj_real *scale,
                  mj_gemm_shape s);
/* The definitions. */
void mj_gemm_bf16_reference(mj_real *C, const mj_bf16 *A, const mj_bf16 *B, mj_gemm_shape s);
void mj_gemm_int8_reference(mj_real *C, const int8_t *A, const int8_t *B, const mj_real *scale,
                            mj_gemm_shape s);

/* Sine and cosine (sincos.c). */

/* Both of x [n] rad, for any x; absolute error <= 1e-7 in float (one unit in the last place of 1).
 * NaN and infinity give NaN. */
void mj_sincos(mj_real *sine, mj_real *cosine, const mj_real *x, size_t n);
/* The definition, by the C library. */
void mj_sincos_reference(mj_real *sine, mj_real *cosine, const mj_real *x, size_t n);

/* Noise (noise.c). */

/* Where noise comes from: element i of a stream at a step is a pure function of these and i, so
 * that a resumed run, another thread count, or a part of the array gets the same numbers
 * [salmon2011]. */
typedef struct {
    uint64_t seed;
    uint32_t stream; /* who draws: an op of the tape, a data loader */
    uint32_t step;   /* training step, or whatever counts the draws */
} mj_noise_key;

/* Elements first .. first + n - 1 of the stream; first must be a multiple of 4.
 * Uniform: in (0, 1), 23 bits. Normal: mean 0, variance 1, Box-Muller. */
void mj_noise_uniform(mj_real *out, uint64_t first, size_t n, mj_noise_key key);
void mj_noise_normal(mj_real *out, uint64_t first, size_t n, mj_noise_key key);
/* The definition, by the C library. */
void mj_noise_normal_reference(mj_real *out, uint64_t first, size_t n, mj_noise_key key);

/* Element-wise and sums (elementwise.c). */

void mj_fill(mj_real *y, mj_real value, size_t n);
void mj_copy(mj_real *y, const mj_real *x, size_t n);
/* y += a x */
void mj_add_scaled(mj_real *y, const mj_real *x, mj_real a, size_t n);
/* y += a x z */
void mj_add_product(mj_real *y, const mj_real *x, const mj_real *z, mj_real a, size_t n);
/* Rows of y [B,N] = bias [N]; dbias [N] += column sums of dy [B,N]. */
void mj_rows_fill(mj_real *y, const mj_real *bias, int B, int N);
void mj_rows_sum(mj_real *dbias, const mj_real *dy, int B, int N);
/* y = max(x, 0); dx += dy where x > 0. */
void mj_relu_forward(mj_real *y, const mj_real *x, size_t n);
void mj_relu_backward(mj_real *dx, const mj_real *dy, const mj_real *x, size_t n);
/* y = x / (1 + exp(-x)); dx += dy s (1 + x (1 - s)) with s = 1 / (1 + exp(-x)). Absolute error of y
 * <= 2e-7 |x| in float. */
void mj_silu_forward(mj_real *y, const mj_real *x, size_t n);
void mj_silu_backward(mj_real *dx, const mj_real *dy, const mj_real *x, size_t n);
/* y = exp(x), y may be x; relative error <= 2e-7 in float; x below -87 counts as -87, above 88 as 88. */
void mj_exp(mj_real *y, const mj_real *x, size_t n);
/* y = x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2 [hendrycks2016]; dx += dy times its slope. */
void mj_gelu_forward(mj_real *y, const mj_real *x, size_t n);
void mj_gelu_backward(mj_real *dx, const mj_real *dy, const mj_real *x, size_t n);
/* Sum of squares, in double. */
double mj_squares_sum(const mj_real *x, size_t n);
bool mj_all_finite(const mj_real *x, size_t n);

/* Optimiser (elementwise.c). */

/* One step of Adam (optimizer.h) on n weights w: with g = grad_scale * grad,
 *   m = beta1 m + (1 - beta1) g       v = beta2 v + (1 - beta2) g^2
 *   w = keep w - step m / (sqrt(correct2 v) + eps)       average += average_step (w - average) */
typedef struct {
    mj_real beta1, beta2, step, correct2, eps, keep, average_step, grad_scale;
} mj_adam_rates;
void mj_adam_update(mj_real *w, mj_real *m, mj_real *v, mj_real *average, const mj_real *grad,
                    size_t n, mj_adam_rates rates);

/* Convolution 3x3, stride 1, zero padding 1 (conv_kernels.c). */

/* Channels last: x [B,H,W,C], y [B,H,W,N], w [3,3,C,N] (first index: row above to row below).
 * tmp: mj_conv3x3_tmp() reals of scratch, the unfolded input of a few images.
 * Cost of each of the three: 9*B*H*W*C*N MAC. The two backward ones add into dx and dw. */
typedef struct {
    int B, H, W, C, N;
} mj_conv_shape;
size_t mj_conv3x3_tmp(mj_conv_shape s);
void mj_conv3x3_forward(mj_real *y, const mj_real *x, const mj_real *w, const mj_real *bias,
                        mj_real *tmp, mj_conv_shape s);
void mj_conv3x3_input_backward(mj_real *dx, const mj_real *dy, const mj_real *w, mj_real *tmp,
                               mj_conv_shape s);
void mj_conv3x3_weight_backward(mj_real *dw, const mj_real *dy, const mj_real *x, mj_real *tmp,
                                mj_conv_shape s);
/* The definition of the forward one: five nested sums. */
void mj_conv3x3_reference(mj_real *y, const mj_real *x, const mj_real *w, const mj_real *bias,
                          mj_conv_shape s);

/* Pooling 2x2, stride 2 (pool_kernels.c). */

/* x [B,H,W,C] -> y [B,H/2,W/2,C]; an odd last row or column is left out. The gradient of the
 * maximum goes to the first of equal elements, in row order. Backward adds into dx. */
void mj_pool_max_forward(mj_real *y, const mj_real *x, int B, int H, int W, int C);
void mj_pool_max_backward(mj_real *dx, const mj_real *dy, const mj_real *x, int B, int H, int W,
                          int C);
void mj_pool_mean_forward(mj_real *y, const mj_real *x, int B, int H, int W, int C);
void mj_pool_mean_backward(mj_real *dx, const mj_real *dy, int B, int H, int W, int C);

#endif
