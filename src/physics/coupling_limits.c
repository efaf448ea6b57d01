/* Limits of a chip's wiring as masks: how far a coupling reaches, how many an oscillator has, how
 * many there are in all. Each only clears entries, so that limits may be combined. */
#include "mj/coupling.h"

#include <math.h>
#include <string.h>

static size_t at(int i, int j, int n)
{
    return (size_t)i * (size_t)n + (size_t)j;
}

static void swap(mj_real *a, mj_real *b)
{
    mj_real t = *a;
    *a = *b;
    *b = t;
}

/* The k-th largest of x [n], k from 1; reorders x. Hoare's selection, pivot in the middle. */
static mj_real select_largest(mj_real *x, size_t n, size_t k)
{
    size_t low = 0, high = n - 1, want = k - 1;
    while (low < high) {
        mj_real pivot = x[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (x[i] > pivot) {
                i++;
            }
            while (x[j] < pivot) {
                j--;
            }
            if (i >= j) {
                break;
            }
            swap(&x[i++], &x[j--]);
        }
        if (want <= j) {
            high = j;
        } else {
            low = j + 1;
        }
    }
    return x[want];
}

void mj_coupling_limit_reach(uint8_t *mask, const double *x, const double *y, double reach, int n)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            mask[at(i, j, n)] &= hypot(x[i] - x[j], y[i] - y[j]) <= reach;
        }
    }
}

void mj_coupling_limit_inputs(uint8_t *mask, const mj_real *M, mj_real *scratch, int n_in, int n)
{
    for (int i = 0; i < n; i++) {
        size_t count = 0;
        for (int j = 0; j < n; j++) {
            mask[at(i, j, n)] &= i != j;
            if (mask[at(i, j, n)]) {
                scratch[count++] = mj_real_abs(M[at(i, j, n)]);
            }
        }
        if (count <= (size_t)n_in) {
            continue;
        }
        mj_real least = n_in > 0 ? select_largest(scratch, count, (size_t)n_in) : 0;
        int left = n_in;
        for (int pass = 0; pass < 2; pass++) { /* the stronger ones first, then equals in order */
            for (int j = 0; j < n; j++) {
                mj_real m = mj_real_abs(M[at(i, j, n)]);
                if (mask[at(i, j, n)] == 1 && left > 0 && (pass == 0 ? m > least : m == least)) {
                    mask[at(i, j, n)] = 2;
                    left--;
                }
            }
        }
        for (int j = 0; j < n; j++) {
            mask[at(i, j, n)] = mask[at(i, j, n)] == 2;
        }
    }
}

void mj_coupling_limit_density(uint8_t *mask, const mj_real *M, mj_real *scratch, double density,
                               bool symmetric, int n)
{
    size_t count = 0, keep = (size_t)floor(density * (double)n * (n - 1));
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            mj_real m = M[at(i, j, n)];
            mj_real g = symmetric ? (m + M[at(j, i, n)]) / 2 : m;
            bool has = i != j && mask[at(i, j, n)];
            mask[at(i, j, n)] = has;
            if (has) {
                scratch[count++] = mj_real_abs(g);
            }
        }
    }
    if (count <= keep) {
        return;
    }
    mj_real least = keep > 0 ? select_largest(scratch, count, keep) : (mj_real)HUGE_VAL;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            mj_real m = M[at(i, j, n)];
            mj_real g = symmetric ? (m + M[at(j, i, n)]) / 2 : m;
            mask[at(i, j, n)] &= mj_real_abs(g) >= least;
        }
    }
}
