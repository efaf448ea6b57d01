/* Element-wise loops and sums.
 *
 * Loops over many elements are cut in blocks for the threads; sums over many elements add the sums
 * of fixed blocks in their order, so that the result does not depend on the number of threads. */
#include "mj/kernels.h"

#include <string.h>

#include "exp_fast.h"
#include "simd.h"

/* Runs `call` on blocks of n elements; `at` and `length` say which. */
#define FOR_BLOCKS(n, at, length, call)                                                        \
    do {                                                                                       \
        size_t n_ = (n);                                                                       \
        _Pragma("omp parallel for schedule(static) if (n_ >= PARALLEL_MIN)")                   \
        for (size_t at = 0; at < n_; at += BLOCK) {                                            \
            size_t length = block_length(at, n_);                                              \
            call;                                                                              \
        }                                                                                      \
    } while (0)

void mj_fill(mj_real *y, mj_real value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = value;
    }
}

void mj_copy(mj_real *y, const mj_real *x, size_t n)
{
    memcpy(y, x, n * sizeof *y);
}

MJ_CLONES static void add_scaled(mj_real *restrict y, const mj_real *restrict x, mj_real a,
                                 size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        y[i] += a * x[i];
    }
}

void mj_add_scaled(mj_real *y, const mj_real *x, mj_real a, size_t n)
{
    FOR_BLOCKS(n, at, length, add_scaled(y + at, x + at, a, length));
}

MJ_CLONES static void add_product(mj_real *restrict y, const mj_real *restrict x,
                                  const mj_real *restrict z, mj_real a, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        y[i] += a * x[i] * z[i];
    }
}

void mj_add_product(mj_real *y, const mj_real *x, const mj_real *z, mj_real a, size_t n)
{
    FOR_BLOCKS(n, at, length, add_product(y + at, x + at, z + at, a, length));
}

void mj_rows_fill(mj_real *y, const mj_real *bias, int B, int N)
{
    for (int b = 0; b < B; b++) {
        memcpy(y + (size_t)b * (size_t)N, bias, (size_t)N * sizeof *y);
    }
}

void mj_rows_sum(mj_real *dbias, const mj_real *dy, int B, int N)
{
    for (int b = 0; b < B; b++) {
        add_scaled(dbias, dy + (size_t)b * (size_t)N, 1, (size_t)N);
    }
}

MJ_CLONES static void relu_forward(mj_real *restrict y, const mj_real *restrict x, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i] <= 0 ? 0 : x[i]; /* NaN passes, so that it is found */
    }
}

void mj_relu_forward(mj_real *y, const mj_real *x, size_t n)
{
    FOR_BLOCKS(n, at, length, relu_forward(y + at, x + at, length));
}

MJ_CLONES static void relu_backward(mj_real *restrict dx, const mj_real *restrict dy,
                                    const mj_real *restrict x, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        dx[i] += x[i] > 0 ? dy[i] : 0;
    }
}

void mj_relu_backward(mj_real *dx, const mj_real *dy, const mj_real *x, size_t n)
{
    FOR_BLOCKS(n, at, length, relu_backward(dx + at, dy + at, x + at, length));
}

MJ_CLONES static void silu_forward(mj_real *restrict y, const mj_real *restrict x, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i] / (1 + exp_fast(-x[i]));
    }
}

void mj_silu_forward(mj_real *y, const mj_real *x, size_t n)
{
    FOR_BLOCKS(n, at, length, silu_forward(y + at, x + at, length));
}

MJ_CLONES static void silu_backward(mj_real *restrict dx, const mj_real *restrict dy,
                                    const mj_real *restrict x, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        mj_real s = 1 / (1 + exp_fast(-x[i]));
        dx[i] += dy[i] * s * (1 + x[i] * (1 - s));
    }
}

void mj_silu_backward(mj_real *dx, const mj_real *dy, const mj_real *x, size_t n)
{
    FOR_BLOCKS(n, at, length, silu_backward(dx + at, dy + at, x + at, length));
}

MJ_CLONES static void adam_update(mj_real *restrict w, mj_real *restrict m, mj_real *restrict v,
                                  mj_real *restrict average, const mj_real *restrict grad, size_t n,
                                  mj_adam_rates r)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        mj_real g = r.grad_scale * grad[i];
        m[i] = r.beta1 * m[i] + (1 - r.beta1) * g;
        v[i] = r.beta2 * v[i] + (1 - r.beta2) * g * g;
        w[i] = r.keep * w[i] - r.step * m[i] / (mj_real_sqrt(r.correct2 * v[i]) + r.eps);
        average[i] += r.average_step * (w[i] - average[i]);
    }
}

void mj_adam_update(mj_real *w, mj_real *m, mj_real *v, mj_real *average, const mj_real *grad,
                    size_t n, mj_adam_rates r)
{
    FOR_BLOCKS(n, at, length,
               adam_update(w + at, m + at, v + at, average + at, grad + at, length, r));
}

MJ_CLONES static double squares_block(const mj_real *x, size_t n)
{
    double sum[16] = {0};
    size_t whole = n / 16 * 16;
    for (size_t i = 0; i < whole; i += 16) {
        for (size_t k = 0; k < 16; k++) {
            sum[k] += (double)x[i + k] * (double)x[i + k];
        }
    }
    for (size_t i = whole; i < n; i++) {
        sum[0] += (double)x[i] * (double)x[i];
    }
    double total = 0;
    for (size_t k = 0; k < 16; k++) {
        total += sum[k];
    }
    return total;
}

double mj_squares_sum(const mj_real *x, size_t n)
{
    enum { N_PARTS = 64 }; /* a fixed number, whatever the threads */
    double part[N_PARTS] = {0};
    size_t length = (n + N_PARTS - 1) / N_PARTS;
#pragma omp parallel for schedule(static) if (n >= PARALLEL_MIN)
    for (size_t k = 0; k < N_PARTS; k++) {
        size_t start = k * length, end = start + length < n ? start + length : n;
        part[k] = start < end ? squares_block(x + start, end - start) : 0;
    }
    double total = 0;
    for (int k = 0; k < N_PARTS; k++) {
        total += part[k];
    }
    return total;
}

bool mj_all_finite(const mj_real *x, size_t n)
{
    /* 0 * x is 0 for every finite x and NaN otherwise; a sum keeps a NaN. */
    mj_real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        sum += 0 * x[i];
    }
    return sum == 0;
}
