/* Soft look-up tables: multilinear interpolation, folded one input at a time.
 *
 *   t_k = p,   t_j[i] = t_{j+1}[i] + x_j (t_{j+1}[i + 2^j] - t_{j+1}[i]),  i < 2^j,   y = t_0[0]
 *
 * and backwards through the same steps. Samples go in blocks of COLUMNS that one thread takes from the
 * first table to the last: no two threads write to one place of dx, and sums over samples are taken block
 * by block in order, so that the bits do not depend on the threads. Within a block the unit is LANES
 * samples, whose folded tables stay in the first-level cache. Two inputs, the commonest, have closed
 * forms of their own: y = p0 + c1 a + c2 b + c3 a b. */
#include "mj/lut_kernels.h"

#include "mj/kernels.h"

#include <string.h>

enum { COLUMNS = 128, LANES = 16, TABLE_MAX = 1 << MJ_LUT_KERNEL_INPUTS };

/* Below this many interpolations threads cost more than they save. */
static const double THREADS_MIN = 1 << 15;

#define INLINE static inline __attribute__((always_inline))

/* Samples at .. at + n - 1 of rows of B. */
typedef struct {
    size_t at, n, B;
} columns;

/* The sum of n numbers in a fixed order, pairwise. */
INLINE mj_real sum_lanes(const mj_real *x)
{
    mj_real half[LANES / 2], quarter[LANES / 4];
    for (size_t l = 0; l < LANES / 2; l++) {
        half[l] = x[l] + x[l + LANES / 2];
    }
    for (size_t l = 0; l < LANES / 4; l++) {
        quarter[l] = half[l] + half[l + LANES / 4];
    }
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

INLINE void forward_2(mj_real *restrict y, const mj_real *restrict x, const mj_real *restrict p,
                      const int *restrict wire, size_t N, columns c)
{
    for (size_t n = 0; n < N; n++) {
        const mj_real *restrict a = x + (size_t)wire[2 * n] * c.B + c.at;
        const mj_real *restrict b = x + (size_t)wire[2 * n + 1] * c.B + c.at;
        mj_real *restrict out = y + n * c.B + c.at;
        mj_real p0 = p[4 * n], c1 = p[4 * n + 1] - p0, c2 = p[4 * n + 2] - p0;
        mj_real c3 = p[4 * n + 3] - p[4 * n + 2] - c1;
#pragma omp simd
        for (size_t i = 0; i < c.n; i++) {
            out[i] = (p0 + c1 * a[i]) + b[i] * (c2 + c3 * a[i]);
        }
    }
}

/* dp of a table from the sums of dy, dy a, dy b, dy a b. */
INLINE void table_gradient(mj_real dp[4], mj_real s0, mj_real sa, mj_real sb, mj_real sab)
{
    dp[0] += s0 - sa - sb + sab;
    dp[1] += sa - sab;
    dp[2] += sb - sab;
    dp[3] += sab;
}

INLINE void backward_2(mj_real *restrict dx, mj_real *restrict dp, const mj_real *restrict dy,
                       const mj_real *restrict x, const mj_real *restrict p,
                       const int *restrict wire, size_t N, columns c)
{
    for (size_t n = 0; n < N; n++) {
        size_t at_a = (size_t)wire[2 * n] * c.B + c.at, at_b = (size_t)wire[2 * n + 1] * c.B + c.at;
        const mj_real *restrict a = x + at_a, *restrict b = x + at_b;
        const mj_real *restrict d = dy + n * c.B + c.at;
        mj_real c1 = p[4 * n + 1] - p[4 * n], c2 = p[4 * n + 2] - p[4 * n];
        mj_real c3 = p[4 * n + 3] - p[4 * n + 2] - c1;
        mj_real sum[4][LANES] = {{0}};
        for (size_t i = 0; i < c.n; i += LANES) {
#pragma omp simd
            for (size_t l = 0; l < LANES; l++) {
                mj_real g = d[i + l], ga = g * a[i + l];
                sum[0][l] += g;
                sum[1][l] += ga;
                sum[2][l] += g * b[i + l];
                sum[3][l] += ga * b[i + l];
            }
        }
        table_gradient(dp + 4 * n, sum_lanes(sum[0]), sum_lanes(sum[1]), sum_lanes(sum[2]),
                       sum_lanes(sum[3]));
        if (dx) {
            mj_real *da = dx + at_a, *db = dx + at_b; /* may be one row */
#pragma omp simd
            for (size_t i = 0; i < c.n; i++) {
                da[i] += d[i] * (c1 + c3 * b[i]);
            }
#pragma omp simd
            for (size_t i = 0; i < c.n; i++) {
                db[i] += d[i] * (c2 + c3 * a[i]);
            }
        }
    }
}

/* Folded tables of LANES samples: level j has 2^j entries, from entry 2^j - 1 on. */
typedef struct {
    mj_real x[MJ_LUT_KERNEL_INPUTS][LANES];
    mj_real t[TABLE_MAX - 1][LANES];
} folded;

INLINE void load_inputs(folded *f, const mj_real *x, const int *wire, int k, columns c, size_t n)
{
    for (int j = 0; j < k; j++) {
        const mj_real *from = x + (size_t)wire[j] * c.B + c.at;
        for (size_t l = 0; l < n; l++) {
            f->x[j][l] = from[l];
        }
        for (size_t l = n; l < LANES; l++) {
            f->x[j][l] = 0;
        }
    }
}

INLINE void fold(folded *f, const mj_real *restrict p, int k)
{
    size_t half = (size_t)1 << (k - 1);
    for (size_t i = 0; i < half; i++) {
        mj_real low = p[i], step = p[i + half] - low;
        mj_real *restrict t = f->t[half - 1 + i];
#pragma omp simd
        for (size_t l = 0; l < LANES; l++) {
            t[l] = low + f->x[k - 1][l] * step;
        }
    }
    for (int j = k - 2; j >= 0; j--) {
        half = (size_t)1 << j;
        for (size_t i = 0; i < half; i++) {
            const mj_real *low = f->t[2 * half - 1 + i], *high = low + half * LANES;
            mj_real *restrict t = f->t[half - 1 + i];
#pragma omp simd
            for (size_t l = 0; l < LANES; l++) {
                t[l] = low[l] + f->x[j][l] * (high[l] - low[l]);
            }
        }
    }
}

INLINE void forward_k(mj_real *restrict y, const mj_real *restrict x, const mj_real *restrict p,
                      const int *restrict wire, size_t N, int k, columns c)
{
    folded f;
    for (size_t n = 0; n < N; n++) {
        for (size_t i = 0; i < c.n; i += LANES) {
            size_t count = c.n - i < LANES ? c.n - i : LANES;
            const columns part = {c.at + i, count, c.B};
            load_inputs(&f, x, wire + n * (size_t)k, k, part, count);
            fold(&f, p + (n << k), k);
            memcpy(y + n * c.B + part.at, f.t[0], count * sizeof *y);
        }
    }
}

/* d of level 0 is given; leaves that of the table in d [2^k] and adds into dx where there is one. */
INLINE void unfold(mj_real d[][LANES], const folded *f, const mj_real *p, mj_real *dx, const int *wire,
                   int k, columns c)
{
    for (int j = 0; j < k; j++) {
        size_t half = (size_t)1 << j;
        mj_real pull[LANES] = {0};
        for (size_t i = half; i-- > 0;) {
            const mj_real *low = j < k - 1 ? f->t[2 * half - 1 + i] : NULL;
            mj_real step = low ? 0 : p[i + half] - p[i];
#pragma omp simd
            for (size_t l = 0; l < LANES; l++) {
                mj_real g = d[i][l], gx = g * f->x[j][l];
                pull[l] += g * (low ? low[half * LANES + l] - low[l] : step);
                d[i + half][l] = gx;
                d[i][l] = g - gx;
            }
        }
        for (size_t l = 0; dx && l < c.n; l++) {
            dx[(size_t)wire[j] * c.B + c.at + l] += pull[l];
        }
    }
}

INLINE void backward_k(mj_real *dx, mj_real *restrict dp, const mj_real *restrict dy,
                       const mj_real *restrict x, const mj_real *restrict p,
                       const int *restrict wire, size_t N, int k, columns c)
{
    folded f;
    mj_real d[TABLE_MAX][LANES], sum[TABLE_MAX][LANES];
    size_t entries = (size_t)1 << k;
    for (size_t n = 0; n < N; n++) {
        const int *w = wire + n * (size_t)k;
        const mj_real *table = p + (n << k);
        memset(sum, 0, entries * sizeof *sum);
        for (size_t i = 0; i < c.n; i += LANES) {
            size_t count = c.n - i < LANES ? c.n - i : LANES;
            const columns part = {c.at + i, count, c.B};
            load_inputs(&f, x, w, k, part, count);
            fold(&f, table, k);
            for (size_t l = 0; l < LANES; l++) {
                d[0][l] = l < count ? dy[n * c.B + part.at + l] : 0;
            }
            unfold(d, &f, table, dx, w, k, part);
            for (size_t e = 0; e < entries; e++) {
                for (size_t l = 0; l < LANES; l++) {
                    sum[e][l] += d[e][l];
                }
            }
        }
        for (size_t e = 0; e < entries; e++) {
            dp[(n << k) + e] += sum_lanes(sum[e]);
        }
    }
}

/* One leaf a number of inputs, so that the loops over tables unroll; k = 2 by closed forms where whole
 * lanes are left. */
#define LEAVES(K)                                                                                  \
    MJ_CLONES static void forward_of_##K(mj_real *y, const mj_real *x, const mj_real *p,           \
                                         const int *wire, size_t N, columns c)                     \
    {                                                                                              \
        forward_k(y, x, p, wire, N, K, c);                                                         \
    }                                                                                              \
    MJ_CLONES static void backward_of_##K(mj_real *dx, mj_real *dp, const mj_real *dy,             \
                                          const mj_real *x, const mj_real *p, const int *wire,     \
                                          size_t N, columns c)                                     \
    {                                                                                              \
        backward_k(dx, dp, dy, x, p, wire, N, K, c);                                               \
    }
LEAVES(1)
LEAVES(3)
LEAVES(4)
LEAVES(5)
LEAVES(6)

MJ_CLONES static void forward_of_2(mj_real *y, const mj_real *x, const mj_real *p, const int *wire,
                                   size_t N, columns c)
{
    if (c.n == COLUMNS) {
        forward_2(y, x, p, wire, N, (columns){c.at, COLUMNS, c.B});
    } else {
        forward_2(y, x, p, wire, N, c);
    }
}

MJ_CLONES static void backward_of_2(mj_real *dx, mj_real *dp, const mj_real *dy, const mj_real *x,
                                    const mj_real *p, const int *wire, size_t N, columns c)
{
    if (c.n == COLUMNS) {
        backward_2(dx, dp, dy, x, p, wire, N, (columns){c.at, COLUMNS, c.B});
    } else if (c.n % LANES == 0) {
        backward_2(dx, dp, dy, x, p, wire, N, c);
    } else {
        backward_k(dx, dp, dy, x, p, wire, N, 2, c);
    }
}

typedef void forward_leaf(mj_real *, const mj_real *, const mj_real *, const int *, size_t, columns);
typedef void backward_leaf(mj_real *, mj_real *, const mj_real *, const mj_real *, const mj_real *,
                           const int *, size_t, columns);
static forward_leaf *const forward_leaves[MJ_LUT_KERNEL_INPUTS + 1] = {
    NULL, forward_of_1, forward_of_2, forward_of_3, forward_of_4, forward_of_5, forward_of_6};
static backward_leaf *const backward_leaves[MJ_LUT_KERNEL_INPUTS + 1] = {
    NULL, backward_of_1, backward_of_2, backward_of_3, backward_of_4, backward_of_5, backward_of_6};

static size_t blocks_of(mj_lut_shape s)
{
    return ((size_t)s.B + COLUMNS - 1) / COLUMNS;
}

static columns block_of(mj_lut_shape s, size_t block)
{
    size_t at = block * COLUMNS, left = (size_t)s.B - at;
    return (columns){at, left < COLUMNS ? left : COLUMNS, (size_t)s.B};
}

static double cost_of(mj_lut_shape s)
{
    return (double)s.N * s.B * (double)(1 << s.k);
}

void mj_lut_forward(mj_real *y, const mj_real *x, const mj_real *p, const int *wire, mj_lut_shape s)
{
    size_t n_blocks = blocks_of(s);
#pragma omp parallel for schedule(static) if (n_blocks > 1 && cost_of(s) >= THREADS_MIN)
    for (size_t block = 0; block < n_blocks; block++) {
        forward_leaves[s.k](y, x, p, wire, (size_t)s.N, block_of(s, block));
    }
}

size_t mj_lut_backward_tmp(mj_lut_shape s)
{
    return blocks_of(s) * ((size_t)s.N << s.k);
}

void mj_lut_backward(mj_real *dx, mj_real *dp, mj_real *tmp, const mj_real *dy, const mj_real *x,
                     const mj_real *p, const int *wire, mj_lut_shape s)
{
    size_t n_blocks = blocks_of(s), n = (size_t)s.N << s.k;
    memset(tmp, 0, n_blocks * n * sizeof *tmp);
#pragma omp parallel for schedule(static) if (n_blocks > 1 && cost_of(s) >= THREADS_MIN)
    for (size_t block = 0; block < n_blocks; block++) {
        backward_leaves[s.k](dx, tmp + block * n, dy, x, p, wire, (size_t)s.N, block_of(s, block));
    }
    for (size_t block = 0; dp && block < n_blocks; block++) {
        mj_add_scaled(dp, tmp + block * n, 1, n);
    }
}

void mj_lut_forward_reference(mj_real *y, const mj_real *x, const mj_real *p, const int *wire,
                              mj_lut_shape s)
{
    for (int n = 0; n < s.N; n++) {
        for (int b = 0; b < s.B; b++) {
            double sum = 0;
            for (int i = 0; i < 1 << s.k; i++) {
                double weight = (double)p[((size_t)n << s.k) + (size_t)i];
                for (int j = 0; j < s.k; j++) {
                    double x_j = (double)x[(size_t)wire[n * s.k + j] * (size_t)s.B + (size_t)b];
                    weight *= i >> j & 1 ? x_j : 1 - x_j;
                }
                sum += weight;
            }
            y[(size_t)n * (size_t)s.B + (size_t)b] = (mj_real)sum;
        }
    }
}
