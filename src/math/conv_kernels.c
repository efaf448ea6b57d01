/* 3x3 convolution as a matrix product.
 *
 * Channels last, so that the neighbourhood of a pixel is three runs of 3 C numbers: unfolding
 * copies runs, and one product takes a whole chunk of images at once
 *
 *   y [P,N] = U [P,9C] w [9C,N]      dw += U^T dy      dU = dy w^T, folded back into dx
 *
 * with P the pixels of the chunk. Chunks are as many images as keep U within CHUNK_REALS
 * (second-level cache); U is made anew in the backward pass, which costs less than keeping it. */
#include "mj/kernels.h"

#include <string.h>

#include "simd.h"

enum { TAPS = 9, CHUNK_REALS = 1 << 18 };

static size_t pixels(mj_conv_shape s)
{
    return (size_t)s.H * (size_t)s.W;
}

/* Images a chunk, at least one. */
static int chunk_images(mj_conv_shape s)
{
    size_t image = pixels(s) * TAPS * (size_t)s.C;
    size_t n = CHUNK_REALS / image;
    return n < 1 ? 1 : n < (size_t)s.B ? (int)n : s.B;
}

size_t mj_conv3x3_tmp(mj_conv_shape s)
{
    return (size_t)chunk_images(s) * pixels(s) * TAPS * (size_t)s.C;
}

/* The row of U of pixel (h, w) gets, for each of three image rows, the run of pixels w-1 .. w+1. */
static void unfold_image(mj_real *U, const mj_real *x, mj_conv_shape s)
{
    size_t C = (size_t)s.C, row = (size_t)s.W * C, run = 3 * C;
    for (int h = 0; h < s.H; h++) {
        for (int w = 0; w < s.W; w++) {
            for (int k = -1; k <= 1; k++, U += run) {
                if (h + k < 0 || h + k >= s.H) {
                    memset(U, 0, run * sizeof *U);
                    continue;
                }
                size_t left = w == 0 ? C : 0, right = w == s.W - 1 ? C : 0;
                const mj_real *from = x + (size_t)(h + k) * row + (size_t)w * C - C;
                for (size_t c = 0; c < left; c++) {
                    U[c] = 0;
                }
                for (size_t c = left; c < run - right; c++) {
                    U[c] = from[c];
                }
                for (size_t c = run - right; c < run; c++) {
                    U[c] = 0;
                }
            }
        }
    }
}

/* The transpose of unfold_image(): adds into dx. */
static void fold_image(mj_real *dx, const mj_real *dU, mj_conv_shape s)
{
    size_t C = (size_t)s.C, row = (size_t)s.W * C, run = 3 * C;
    for (int h = 0; h < s.H; h++) {
        for (int w = 0; w < s.W; w++) {
            for (int k = -1; k <= 1; k++, dU += run) {
                if (h + k < 0 || h + k >= s.H) {
                    continue;
                }
                size_t left = w == 0 ? C : 0, right = w == s.W - 1 ? C : 0;
                mj_real *to = dx + (size_t)(h + k) * row + (size_t)w * C - C;
                for (size_t c = left; c < run - right; c++) {
                    to[c] += dU[c];
                }
            }
        }
    }
}

static void unfold(mj_real *U, const mj_real *x, int n_images, mj_conv_shape s)
{
    size_t image = pixels(s) * (size_t)s.C;
#pragma omp parallel for schedule(static) if ((size_t)n_images * image >= PARALLEL_MIN)
    for (int b = 0; b < n_images; b++) {
        unfold_image(U + (size_t)b * image * TAPS, x + (size_t)b * image, s);
    }
}

static int images_left(int start, int chunk, int B)
{
    return B - start < chunk ? B - start : chunk;
}

void mj_conv3x3_forward(mj_real *y, const mj_real *x, const mj_real *w, const mj_real *bias,
                        mj_real *tmp, mj_conv_shape s)
{
    int chunk = chunk_images(s);
    for (int start = 0; start < s.B; start += chunk) {
        int n = images_left(start, chunk, s.B), rows = n * s.H * s.W;
        size_t at = (size_t)start * pixels(s);
        unfold(tmp, x + at * (size_t)s.C, n, s);
        mj_rows_fill(y + at * (size_t)s.N, bias, rows, s.N);
        mj_gemm(y + at * (size_t)s.N, tmp, w,
                (mj_gemm_shape){.M = rows, .N = s.N, .K = TAPS * s.C, .add = true});
    }
}

void mj_conv3x3_input_backward(mj_real *dx, const mj_real *dy, const mj_real *w, mj_real *tmp,
                               mj_conv_shape s)
{
    int chunk = chunk_images(s);
    size_t image = pixels(s) * (size_t)s.C;
    for (int start = 0; start < s.B; start += chunk) {
        int n = images_left(start, chunk, s.B), rows = n * s.H * s.W;
        mj_gemm(tmp, dy + (size_t)start * pixels(s) * (size_t)s.N, w,
                (mj_gemm_shape){.M = rows, .N = TAPS * s.C, .K = s.N, .transpose_b = true});
#pragma omp parallel for schedule(static) if ((size_t)n * image >= PARALLEL_MIN)
        for (int b = 0; b < n; b++) {
            fold_image(dx + (size_t)(start + b) * image, tmp + (size_t)b * image * TAPS, s);
        }
    }
}

void mj_conv3x3_weight_backward(mj_real *dw, const mj_real *dy, const mj_real *x, mj_real *tmp,
                                mj_conv_shape s)
{
    int chunk = chunk_images(s);
    for (int start = 0; start < s.B; start += chunk) {
        int n = images_left(start, chunk, s.B), rows = n * s.H * s.W;
        size_t at = (size_t)start * pixels(s);
        unfold(tmp, x + at * (size_t)s.C, n, s);
        mj_gemm(dw, tmp, dy + at * (size_t)s.N,
                (mj_gemm_shape){.M = TAPS * s.C, .N = s.N, .K = rows, .transpose_a = true,
                                .add = true});
    }
}

void mj_conv3x3_reference(mj_real *y, const mj_real *x, const mj_real *w, const mj_real *bias,
                          mj_conv_shape s)
{
    for (int b = 0; b < s.B; b++) {
        for (int p = 0; p < s.H * s.W; p++) {
            for (int n = 0; n < s.N; n++) {
                double sum = (double)bias[n];
                for (int t = 0; t < TAPS * s.C; t++) {
                    int h = p / s.W + t / (3 * s.C) - 1, v = p % s.W + t / s.C % 3 - 1;
                    bool inside = h >= 0 && h < s.H && v >= 0 && v < s.W;
                    if (!inside) {
                        continue;
                    }
                    size_t pixel = (size_t)b * pixels(s) + (size_t)(h * s.W + v);
                    sum += (double)x[pixel * (size_t)s.C + (size_t)(t % s.C)] *
                           (double)w[(size_t)t * (size_t)s.N + (size_t)n];
                }
                y[((size_t)b * pixels(s) + (size_t)p) * (size_t)s.N + (size_t)n] = (mj_real)sum;
            }
        }
    }
}
