/* The limit of a chip's wiring as a mask: how many couplings there are in all. Only clears entries. */
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
