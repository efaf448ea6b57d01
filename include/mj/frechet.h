/* Frechet distance between sets of features, and principal components (LAPACK).
 *
 *   d = |mean_a - mean_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2))              [dowson1982]
 *
 * All statistics are in double. The distance is squared, as is the custom. */
#ifndef MJ_FRECHET_H
#define MJ_FRECHET_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/real.h"
#include <stddef.h>

/* Mean [d] and scatter [d,d] (sum of products of deviations, lower triangle) of n rows. */
typedef struct {
    int d;
    size_t n;
    double *mean, *scatter;
    double *block; /* scratch of a block of rows */
} mj_gaussian;

mj_status mj_gaussian_init(mj_gaussian *gaussian, int d, mj_arena *arena, mj_err *err);
/* As init left it, in the same memory. */
void mj_gaussian_clear(mj_gaussian *gaussian);
/* Takes in rows x [n,d]; call as often as there are batches. How the rows are cut into batches moves
 * the result by rounding only. */
void mj_gaussian_add(mj_gaussian *gaussian, const mj_real *x, size_t n);
/* Covariance [d,d], full, divided by n - 1 (as numpy.cov); n >= 2. */
void mj_gaussian_covariance(double *covariance, const mj_gaussian *gaussian);

/* *distance >= 0. a and b have the same d and at least two rows each. Features that are not finite:
 * MJ_ERANGE. */
mj_status mj_frechet_compute(double *distance, const mj_gaussian *a, const mj_gaussian *b,
                             mj_err *err);

/* The first n_axes principal components of data of d dimensions: axis [n_axes, d], orthonormal, by
 * falling variance [n_axes]. */
typedef struct {
    int d, n_axes;
    double *mean, *axis, *variance;
} mj_pca;

mj_status mj_pca_compute(mj_pca *pca, const mj_gaussian *data, int n_axes, mj_arena *arena,
                         mj_err *err);
/* y [n, n_axes] from x [n, d]. Cost n*n_axes*d MAC. */
void mj_pca_project(mj_real *y, const mj_pca *pca, const mj_real *x, size_t n);

#endif
