/* Kernels of look-up memories: loops over the elements of rows. */
#include "mj/lookup_kernels.h"

#include "mj/fast_math.h"
#include "mj/kernels.h"

#define INLINE static inline __attribute__((always_inline))

/* A cache line; tokens and rows asked for before they come; lanes whose sums registers hold. */
enum { LINE_B = 64, TOKENS_AHEAD = 2, ROWS_AHEAD = 8, LANES = 16, WIDE = 4 };

/* 16 numbers of a row, and parts of them. */
#define VECTOR(n) __attribute__((vector_size((n) * sizeof(mj_real)), aligned(sizeof(mj_real)), may_alias))
typedef mj_real lanes VECTOR(LANES);
typedef mj_real half VECTOR(LANES / 2);
typedef mj_real quarter VECTOR(LANES / 4);

/* In halves: four additions deep instead of sixteen. */
INLINE mj_real sum_of(const lanes *of)
{
    const half *h = (const half *)of;
    half eight = h[0] + h[1];
    const quarter *q = (const quarter *)&eight;
    quarter four = q[0] + q[1];
    return (four[0] + four[1]) + (four[2] + four[3]);
}

static inline void prefetch(const mj_real *at, size_t n)
{
    const char *byte = (const char *)at;
    for (size_t i = 0; i < n * sizeof *at; i += LINE_B) {
        __builtin_prefetch(byte + i);
    }
}

static inline void prefetch_rows(const mj_real *slab, const uint32_t *row, int K, size_t stride)
{
    for (int k = 0; k < K; k++) {
        prefetch(slab + 2 * stride * row[k], stride);
    }
}

/* L lanes of one token's sum. */
INLINE void sum_lanes(mj_real *to, const mj_real *slab, const uint32_t *row, const mj_real *gain, int K,
                      size_t stride, int L)
{
    lanes sum[WIDE] = {{0}};
    for (int k = 0; k < K; k++) {
        const lanes *from = (const lanes *)(slab + 2 * stride * row[k]);
#pragma GCC unroll 4
        for (int l = 0; l < L; l++) {
            sum[l] += gain[k] * from[l];
        }
    }
#pragma GCC unroll 4
    for (int l = 0; l < L; l++) {
        ((lanes *)to)[l] = sum[l];
    }
}

MJ_CLONES void mj_lookup_rows_sum(mj_real *restrict x, const mj_real *restrict slab,
                                  const uint32_t *restrict row, const mj_real *restrict gain,
                                  int n, int K, size_t stride)
{
    for (int i = 0; i < n && i < TOKENS_AHEAD; i++) {
        prefetch_rows(slab, row + i * K, K, stride);
    }
    for (int i = 0; i < n; i++, row += K, gain += K, x += stride) {
        if (i + TOKENS_AHEAD < n) {
            prefetch_rows(slab, row + TOKENS_AHEAD * K, K, stride);
        }
        size_t j = 0;
        for (; j + WIDE * LANES <= stride; j += WIDE * LANES) {
            sum_lanes(x + j, slab + j, row, gain, K, stride, WIDE);
        }
        for (; j < stride; j += LANES) {
            sum_lanes(x + j, slab + j, row, gain, K, stride, 1);
        }
    }
}

/* All of one row that L lanes from j on have part in. */
INLINE void update_lanes(mj_real *slab, mj_real *slope, const mj_lookup_group *group,
                         const mj_lookup_read *read, const mj_real *gain, const mj_real *dx,
                         mj_lookup_step step, size_t j, int L)
{
    mj_real *w = slab + 2 * step.stride * group->row + j, *squares = w + step.stride;
    lanes sum[WIDE] = {{0}}, row[WIDE];
#pragma GCC unroll 4
    for (int l = 0; l < L; l++) {
        row[l] = ((const lanes *)w)[l];
    }
    uint32_t r = group->first;
    for (uint32_t left = group->n; left > 0; left--, r = read[r].next) {
        uint32_t at = read[r].at;
        const lanes *d = (const lanes *)(dx + at / step.K * step.stride + j);
        lanes product = {0};
#pragma GCC unroll 4
        for (int l = 0; l < L; l++) {
            product += d[l] * row[l];
            sum[l] += gain[at] * d[l];
        }
        mj_real part = sum_of(&product);
        slope[at] = j > 0 ? slope[at] + part : part;
    }
    const mj_real *g = (const mj_real *)sum;
#pragma omp simd
    for (int i = 0; i < L * LANES; i++) {
        squares[i] += g[i] * g[i];
        w[i] -= step.lr * g[i] / (mj_real_sqrt(squares[i]) + step.eps);
    }
}

MJ_CLONES void mj_lookup_rows_update(mj_real *restrict slab, mj_real *restrict slope,
                                     const mj_lookup_group *restrict group, int n,
                                     const mj_lookup_read *restrict read,
                                     const mj_real *restrict gain, const mj_real *restrict dx,
                                     mj_lookup_step step)
{
    for (int i = 0; i < n; i++) {
        if (i + ROWS_AHEAD < n) {
            prefetch(slab + 2 * step.stride * group[i + ROWS_AHEAD].row, 2 * step.stride);
        }
        size_t j = 0;
        for (; j + WIDE * LANES <= step.stride; j += WIDE * LANES) {
            update_lanes(slab, slope, group + i, read, gain, dx, step, j, WIDE);
        }
        for (; j < step.stride; j += LANES) {
            update_lanes(slab, slope, group + i, read, gain, dx, step, j, 1);
        }
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

/* Loops run over the whole stride, so that none has a rest: what does not count is far below the
 * largest, then 0. */
MJ_CLONES void mj_softmax_rows(mj_real *restrict logits, int n, int N, size_t stride)
{
    for (int i = 0; i < n; i++) {
        mj_real *p = logits + (size_t)i * stride, largest = p[0];
        lanes sum = {0};
        for (size_t j = (size_t)N; j < stride; j++) {
            p[j] = -HUGE_VAL;
        }
#pragma omp simd reduction(max : largest)
        for (size_t j = 0; j < stride / LANES * LANES; j++) {
            largest = p[j] > largest ? p[j] : largest;
        }
#pragma omp simd
        for (size_t j = 0; j < stride / LANES * LANES; j++) {
            p[j] = mj_fast_exp(p[j] - largest);
        }
        for (size_t j = 0; j < stride; j += LANES) {
            sum += *(const lanes *)(p + j);
        }
        mj_real share = 1 / sum_of(&sum);
#pragma omp simd
        for (size_t j = 0; j < stride / LANES * LANES; j++) {
            p[j] *= share;
        }
        for (size_t j = (size_t)N; j < stride; j++) {
            p[j] = 0;
        }
    }
}
