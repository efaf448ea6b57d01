/* Kernels of look-up memories: loops over the elements of rows. */
#include "mj/lookup_kernels.h"

#include "mj/fast_math.h"
#include "mj/kernels.h"

enum { LINE_B = 64, AHEAD = 8 }; /* a cache line; updates asked for before they come */

static inline void prefetch(const mj_real *at, size_t n)
{
    const char *byte = (const char *)at;
    for (size_t i = 0; i < n * sizeof *at; i += LINE_B) {
        __builtin_prefetch(byte + i);
    }
}

MJ_CLONES void mj_lookup_rows_sum(mj_real *restrict x, const mj_real *restrict slab,
                                  const uint32_t *restrict row, const mj_real *restrict gain,
                                  int n, int K, size_t stride)
{
    for (int i = 0; i < n; i++) {
        mj_real *to = x + (size_t)i * stride;
        for (size_t j = 0; j < stride; j++) {
            to[j] = 0;
        }
        for (int k = 0; k < K; k++) {
            int at = i * K + k;
            const mj_real *from = slab + 2 * stride * row[at];
            mj_real a = gain[at];
            if (i + 1 < n) {
                prefetch(slab + 2 * stride * row[at + K], stride);
            }
#pragma omp simd
            for (size_t j = 0; j < stride; j++) {
                to[j] += a * from[j];
            }
        }
    }
}

/* g += gain * dx; returns dx . w. */
MJ_CLONES static mj_real add_slope(mj_real *restrict g, const mj_real *restrict w,
                                   const mj_real *restrict dx, mj_real gain, size_t n)
{
    mj_real slope = 0;
#pragma omp simd reduction(+ : slope)
    for (size_t j = 0; j < n; j++) {
        slope += dx[j] * w[j];
        g[j] += gain * dx[j];
    }
    return slope;
}

void mj_lookup_rows_update(mj_real *slab, mj_real *slope, const uint64_t *read, int n,
                           const mj_real *gain, const mj_real *dx, mj_lookup_step step)
{
    mj_real g[MJ_LOOKUP_STRIDE_MAX];
    size_t stride = step.stride;
    for (int i = 0; i < n;) {
        uint64_t row = read[i] >> 32;
        mj_real *w = slab + 2 * stride * row;
        if (i + AHEAD < n) {
            prefetch(slab + 2 * stride * (read[i + AHEAD] >> 32), 2 * stride);
        }
        mj_fill(g, 0, stride);
        for (; i < n && read[i] >> 32 == row; i++) {
            size_t at = (uint32_t)read[i];
            slope[at] = add_slope(g, w, dx + at / step.K * stride, gain[at], stride);
        }
        mj_adagrad_update(w, w + stride, g, stride, step.lr, step.eps);
    }
}

MJ_CLONES void mj_adagrad_update(mj_real *restrict w, mj_real *restrict squares,
                                 const mj_real *restrict dw, size_t n, mj_real lr, mj_real eps)
{
#pragma omp simd
    for (size_t j = 0; j < n; j++) {
        squares[j] += dw[j] * dw[j];
        w[j] -= lr * dw[j] / (mj_real_sqrt(squares[j]) + eps);
    }
}

MJ_CLONES void mj_softmax_rows(mj_real *restrict logits, int n, int N, size_t stride)
{
    for (int i = 0; i < n; i++) {
        mj_real *p = logits + (size_t)i * stride, largest = p[0], sum = 0;
#pragma omp simd reduction(max : largest)
        for (int j = 0; j < N; j++) {
            largest = p[j] > largest ? p[j] : largest;
        }
#pragma omp simd reduction(+ : sum)
        for (int j = 0; j < N; j++) {
            p[j] = mj_fast_exp(p[j] - largest);
            sum += p[j];
        }
        mj_real share = 1 / sum;
        for (int j = 0; j < N; j++) {
            p[j] *= share;
        }
        for (size_t j = (size_t)N; j < stride; j++) {
            p[j] = 0;
        }
    }
}
