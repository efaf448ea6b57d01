/* The limits of a chip's wiring as a mask: how far a coupling reaches, how many end at an oscillator,
 * how many there are in all. Each only clears entries, and chooses among those that the one before has
 * left. */
#include "mj/coupling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t at(int i, int j, int n)
{
    return (size_t)i * (size_t)n + (size_t)j;
}

void mj_coupling_strength(mj_real *strength, const mj_real *M, const mj_coupling *coupling)
{
    int n = coupling->n, n_segments = coupling->n_segments > 0 ? coupling->n_segments : 1;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            double squares = 0;
            for (int p = 0; p < n_segments; p++) {
                const mj_real *m = M + (size_t)p * at(n, 0, n);
                double g = coupling->symmetric
                               ? ((double)m[at(i, j, n)] + (double)m[at(j, i, n)]) / 2
                               : (double)m[at(i, j, n)];
                squares += g * g;
            }
            strength[at(i, j, n)] = (mj_real)sqrt(squares / n_segments);
        }
    }
}

void mj_coupling_mask_of(uint8_t *mask, const mj_real *M, int n, int n_segments)
{
    size_t matrix = at(n, 0, n), all = (size_t)(n_segments > 0 ? n_segments : 1) * matrix;
    memset(mask, 0, matrix);
    for (size_t k = 0; k < all; k++) {
        mask[k % matrix] |= M[k] != 0;
    }
}

void mj_coupling_limit_reach(uint8_t *mask, const double *x, const double *y, double reach, int n)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            double dx = x[i] - x[j], dy = y[i] - y[j];
            bool is_near = dx * dx + dy * dy <= reach * reach;
            mask[at(i, j, n)] = i != j && mask[at(i, j, n)] && is_near;
        }
    }
}

/* By falling strength, equal ones by place: the same order on every machine. */
static int compare_candidates(const void *a_, const void *b_)
{
    const mj_coupling_candidate *a = a_, *b = b_;
    if (a->strength != b->strength) {
        return a->strength > b->strength ? -1 : 1;
    }
    return a->i != b->i ? (a->i > b->i) - (a->i < b->i) : (a->j > b->j) - (a->j < b->j);
}

/* Keeps the row's strongest. */
static void limit_row(uint8_t *mask, const mj_real *strength, mj_coupling_candidate *scratch,
                      int degree, int i, int n)
{
    size_t count = 0;
    for (int j = 0; j < n; j++) {
        if (i != j && mask[j]) {
            scratch[count++] = (mj_coupling_candidate){strength[j], i, j};
        }
        mask[j] = 0;
    }
    qsort(scratch, count, sizeof *scratch, compare_candidates);
    for (size_t k = 0; k < count && k < (size_t)degree; k++) {
        mask[scratch[k].j] = 1;
    }
}

/* Pairs while both have room. Behind the n(n-1)/2 pairs scratch counts what each oscillator has. */
static void limit_pairs(uint8_t *mask, const mj_real *strength, mj_coupling_candidate *scratch,
                        int degree, int n)
{
    size_t count = 0;
    mj_coupling_candidate *has = scratch + (at(n, 0, n) - (size_t)n) / 2;
    for (int i = 0; i < n; i++) {
        has[i] = (mj_coupling_candidate){0};
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            if (mask[at(i, j, n)] && mask[at(j, i, n)]) {
                scratch[count++] = (mj_coupling_candidate){strength[at(i, j, n)], i, j};
            }
        }
    }
    memset(mask, 0, at(n, 0, n));
    qsort(scratch, count, sizeof *scratch, compare_candidates);
    for (size_t k = 0; k < count; k++) {
        int i = scratch[k].i, j = scratch[k].j;
        if (has[i].i < degree && has[j].i < degree) {
            mask[at(i, j, n)] = mask[at(j, i, n)] = 1;
            has[i].i++;
            has[j].i++;
        }
    }
}

void mj_coupling_limit_degree(uint8_t *mask, const mj_real *strength,
                              mj_coupling_candidate *scratch, int degree, bool symmetric, int n)
{
    if (symmetric) {
        limit_pairs(mask, strength, scratch, degree, n);
        return;
    }
    for (int i = 0; i < n; i++) {
        limit_row(mask + at(i, 0, n), strength + at(i, 0, n), scratch, degree, i, n);
    }
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
