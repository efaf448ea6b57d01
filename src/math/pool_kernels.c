/* 2x2 pooling, stride 2, channels last: a row of C channels of the output comes from four rows of C
 * channels of the input, so that the inner loop runs along the channels. */
#include "mj/kernels.h"

#include "simd.h"

/* The four input pixels of output pixel i (counted over the batch), as offsets in x. */
typedef struct {
    size_t at[4];
} window;

static window window_of(size_t i, int H, int W, int C)
{
    size_t half_w = (size_t)(W / 2), half_h = (size_t)(H / 2);
    size_t w = i % half_w, h = i / half_w % half_h, b = i / (half_w * half_h);
    size_t row = (size_t)W * (size_t)C;
    size_t at = (b * (size_t)H + 2 * h) * row + 2 * w * (size_t)C;
    return (window){{at, at + (size_t)C, at + row, at + row + (size_t)C}};
}

static size_t n_windows(int B, int H, int W)
{
    return (size_t)B * (size_t)(H / 2) * (size_t)(W / 2);
}

void mj_pool_max_forward(mj_real *y, const mj_real *x, int B, int H, int W, int C)
{
    size_t n = n_windows(B, H, W);
#pragma omp parallel for schedule(static) if (n * (size_t)C >= PARALLEL_MIN)
    for (size_t i = 0; i < n; i++) {
        window from = window_of(i, H, W, C);
        for (int c = 0; c < C; c++) {
            mj_real best = x[from.at[0] + (size_t)c];
            for (int k = 1; k < 4; k++) {
                mj_real other = x[from.at[k] + (size_t)c];
                best = other <= best ? best : other; /* NaN passes, so that it is found */
            }
            y[i * (size_t)C + (size_t)c] = best;
        }
    }
}

/* One window: gives dy to the first of the largest among four pixels of C channels. */
MJ_CLONES static void max_backward(mj_real *restrict dx, const mj_real *restrict dy,
                                   const mj_real *restrict x, window to, int C)
{
    const mj_real *a = x + to.at[0], *b = x + to.at[1], *c = x + to.at[2], *d = x + to.at[3];
    mj_real *da = dx + to.at[0], *db = dx + to.at[1], *dc = dx + to.at[2], *dd = dx + to.at[3];
#pragma omp simd
    for (int i = 0; i < C; i++) {
        mj_real top = a[i] >= b[i] ? a[i] : b[i], low = c[i] >= d[i] ? c[i] : d[i], g = dy[i];
        mj_real g_top = top >= low ? g : 0, g_low = g - g_top;
        mj_real g_a = a[i] >= b[i] ? g_top : 0, g_c = c[i] >= d[i] ? g_low : 0;
        da[i] += g_a;
        db[i] += g_top - g_a;
        dc[i] += g_c;
        dd[i] += g_low - g_c;
    }
}

void mj_pool_max_backward(mj_real *dx, const mj_real *dy, const mj_real *x, int B, int H, int W,
                          int C)
{
    size_t n = n_windows(B, H, W);
#pragma omp parallel for schedule(static) if (n * (size_t)C >= PARALLEL_MIN)
    for (size_t i = 0; i < n; i++) {
        max_backward(dx, dy + i * (size_t)C, x, window_of(i, H, W, C), C);
    }
}

void mj_pool_mean_forward(mj_real *y, const mj_real *x, int B, int H, int W, int C)
{
    size_t n = n_windows(B, H, W);
#pragma omp parallel for schedule(static) if (n * (size_t)C >= PARALLEL_MIN)
    for (size_t i = 0; i < n; i++) {
        window from = window_of(i, H, W, C);
        for (int c = 0; c < C; c++) {
            const mj_real *p = x + c;
            mj_real sum = (p[from.at[0]] + p[from.at[1]]) + (p[from.at[2]] + p[from.at[3]]);
            y[i * (size_t)C + (size_t)c] = sum * (mj_real)0.25;
        }
    }
}

void mj_pool_mean_backward(mj_real *dx, const mj_real *dy, int B, int H, int W, int C)
{
    size_t n = n_windows(B, H, W);
#pragma omp parallel for schedule(static) if (n * (size_t)C >= PARALLEL_MIN)
    for (size_t i = 0; i < n; i++) {
        window to = window_of(i, H, W, C);
        for (int c = 0; c < C; c++) {
            mj_real g = dy[i * (size_t)C + (size_t)c] * (mj_real)0.25;
            for (int k = 0; k < 4; k++) {
                dx[to.at[k] + (size_t)c] += g;
            }
        }
    }
}
