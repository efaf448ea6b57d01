/* Windows: a convolution is a product of unfolded pixels with the weights.
 *
 *   y [P,N] = U [P, height*width*C] w
 *
 * The row of U of an output pixel is `height` runs of width*C numbers of the input, zeros where the
 * window hangs over the edge. It is made for as many pixels as keep U within CHUNK_REALS, so that
 * it stays in the second-level cache; a window of one pixel needs no U at all. */
#include "mj/windows.h"

#include <assert.h>
#include <string.h>

#include "simd.h"

enum { CHUNK_REALS = 1 << 18 };

int mj_window_rows(const mj_window *w)
{
    return (w->H + 2 * w->pad_rows - w->height) / w->stride + 1;
}

int mj_window_columns(const mj_window *w)
{
    return (w->W + 2 * w->pad_columns - w->width) / w->stride + 1;
}

static size_t taps(const mj_window *w)
{
    return (size_t)w->height * (size_t)w->width * (size_t)w->C;
}

static size_t outputs(const mj_window *w)
{
    return (size_t)w->B * (size_t)mj_window_rows(w) * (size_t)mj_window_columns(w);
}

static size_t chunk_pixels(const mj_window *w)
{
    size_t n = CHUNK_REALS / taps(w), most = outputs(w);
    return n < 1 ? 1 : n < most ? n : most;
}

size_t mj_window_tmp(const mj_window *window)
{
    return chunk_pixels(window) * taps(window);
}

/* The part of a window that is inside the image: [top, bottom) x [left, right). */
typedef struct {
    int top, bottom, left, right;
    int row, column; /* of the window's corner, which may be outside */
    size_t image;    /* pixels before this image */
} place;

static place place_of(const mj_window *w, size_t i)
{
    size_t columns = (size_t)mj_window_columns(w), rows = (size_t)mj_window_rows(w);
    int row = (int)(i / columns % rows) * w->stride - w->pad_rows;
    int column = (int)(i % columns) * w->stride - w->pad_columns;
    return (place){.top = row > 0 ? row : 0,
                   .bottom = row + w->height < w->H ? row + w->height : w->H,
                   .left = column > 0 ? column : 0,
                   .right = column + w->width < w->W ? column + w->width : w->W,
                   .row = row,
                   .column = column,
                   .image = i / (columns * rows) * (size_t)w->H * (size_t)w->W};
}

static const mj_real *pixel_at(const mj_real *x, const mj_window *w, const place *at, int row,
                               int column)
{
    return x + (at->image + (size_t)row * (size_t)w->W + (size_t)column) * (size_t)w->C;
}

/* The row of U of output pixel i. */
static void unfold_pixel(mj_real *U, const mj_real *x, const mj_window *w, size_t i)
{
    const place at = place_of(w, i);
    size_t C = (size_t)w->C, run = (size_t)w->width * C;
    if (at.bottom - at.top < w->height || at.right - at.left < w->width) {
        memset(U, 0, taps(w) * sizeof *U);
    }
    if (at.right <= at.left) {
        return;
    }
    for (int row = at.top; row < at.bottom; row++) {
        memcpy(U + (size_t)(row - at.row) * run + (size_t)(at.left - at.column) * C,
               pixel_at(x, w, &at, row, at.left), (size_t)(at.right - at.left) * C * sizeof *U);
    }
}

void mj_window_convolve(mj_real *y, const mj_real *x, const mj_real *w, mj_real *tmp,
                        const mj_window *window, int N, int ldy)
{
    size_t n = outputs(window), chunk = chunk_pixels(window), K = taps(window);
    bool bare = K == (size_t)window->C && window->stride == 1 && window->pad_rows == 0 &&
                window->pad_columns == 0;
    assert(n <= INT32_MAX && ldy >= N);
    if (bare) {
        mj_gemm(y, x, w, (mj_gemm_shape){.M = (int)n, .N = N, .K = (int)K, .ldc = ldy});
        return;
    }
    for (size_t start = 0; start < n; start += chunk) {
        size_t count = n - start < chunk ? n - start : chunk;
#pragma omp parallel for schedule(static) if (count * K >= PARALLEL_MIN)
        for (size_t i = 0; i < count; i++) {
            unfold_pixel(tmp + i * K, x, window, start + i);
        }
        mj_gemm(y + start * (size_t)ldy, tmp, w,
                (mj_gemm_shape){.M = (int)count, .N = N, .K = (int)K, .ldc = ldy});
    }
}

void mj_window_convolve_reference(mj_real *y, const mj_real *x, const mj_real *w,
                                  const mj_window *window, int N, int ldy)
{
    for (size_t i = 0; i < outputs(window); i++) {
        const place at = place_of(window, i);
        for (int n = 0; n < N; n++) {
            double sum = 0;
            for (int row = at.top; row < at.bottom; row++) {
                for (int column = at.left; column < at.right; column++) {
                    int tap = (row - at.row) * window->width + column - at.column;
                    const mj_real *pixel = pixel_at(x, window, &at, row, column);
                    for (int c = 0; c < window->C; c++) {
                        size_t k = (size_t)tap * (size_t)window->C + (size_t)c;
                        sum += (double)pixel[c] * (double)w[k * (size_t)N + (size_t)n];
                    }
                }
            }
            y[i * (size_t)ldy + (size_t)n] = (mj_real)sum;
        }
    }
}

MJ_CLONES static void row_max(mj_real *restrict y, const mj_real *restrict x, int C)
{
#pragma omp simd
    for (int c = 0; c < C; c++) {
        y[c] = x[c] <= y[c] ? y[c] : x[c]; /* NaN passes, so that it is found */
    }
}

MJ_CLONES static void row_add(mj_real *restrict y, const mj_real *restrict x, int C)
{
#pragma omp simd
    for (int c = 0; c < C; c++) {
        y[c] += x[c];
    }
}

typedef void (*row_gather)(mj_real *restrict y, const mj_real *restrict x, int C);

/* y = all pixels of window i, gathered; returns how many. */
static int gather(mj_real *y, const mj_real *x, const mj_window *w, size_t i, row_gather merge)
{
    const place at = place_of(w, i);
    memcpy(y, pixel_at(x, w, &at, at.top, at.left), (size_t)w->C * sizeof *y);
    for (int row = at.top; row < at.bottom; row++) {
        for (int column = row == at.top ? at.left + 1 : at.left; column < at.right; column++) {
            merge(y, pixel_at(x, w, &at, row, column), w->C);
        }
    }
    return (at.bottom - at.top) * (at.right - at.left);
}

void mj_window_max(mj_real *y, const mj_real *x, const mj_window *window, int ldy)
{
    size_t n = outputs(window);
#pragma omp parallel for schedule(static) if (n * (size_t)window->C >= PARALLEL_MIN)
    for (size_t i = 0; i < n; i++) {
        gather(y + i * (size_t)ldy, x, window, i, row_max);
    }
}

void mj_window_mean(mj_real *y, const mj_real *x, const mj_window *window, int ldy)
{
    size_t n = outputs(window);
#pragma omp parallel for schedule(static) if (n * (size_t)window->C >= PARALLEL_MIN)
    for (size_t i = 0; i < n; i++) {
        mj_real *row = y + i * (size_t)ldy;
        mj_real over = 1 / (mj_real)gather(row, x, window, i, row_add);
        for (int c = 0; c < window->C; c++) {
            row[c] *= over;
        }
    }
}

MJ_CLONES static void rectify_row(mj_real *restrict y, const mj_real *restrict bias, int N)
{
#pragma omp simd
    for (int i = 0; i < N; i++) {
        mj_real sum = y[i] + bias[i];
        y[i] = sum <= 0 ? 0 : sum;
    }
}

void mj_rows_rectify(mj_real *y, const mj_real *bias, size_t n, int N, int ldy)
{
#pragma omp parallel for schedule(static) if (n * (size_t)N >= PARALLEL_MIN)
    for (size_t i = 0; i < n; i++) {
        rectify_row(y + i * (size_t)ldy, bias, N);
    }
}
