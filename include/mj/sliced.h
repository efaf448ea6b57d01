/* Sliced Wasserstein distance: two sets of samples are compared on lines, where the cheapest way to
 * carry one to the other is known: in order [bonneel2015].
 *
 * For G generated and P real samples in D dimensions and L unit vectors u_l:
 *
 *   g_(1) <= .. <= g_(G), r_(1) <= .. <= r_(P)   projections u_l . x of both sets, sorted
 *   W_l^2 = integral over q in [0, 1] of (g at quantile q - r at quantile q)^2
 *   SW^2  = 1/L sum_l W_l^2
 *
 * Quantiles of finite sets are steps, so that the integral is a sum of at most G + P - 1 squares; with
 * G = P it is the mean square of the differences of order statistics. SW^2 is 0 if and only if all
 * sorted projections agree; a set against itself moved by s has the mean of (u_l . s)^2. It has no
 * derivative where two generated projections tie; there either order is taken. */
#ifndef MJ_SLICED_H
#define MJ_SLICED_H

#include "mj/kernels.h"

typedef struct {
    int n_generated, n_real, n_dims, n_projections; /* G, P, D, L: all >= 1 */
} mj_sliced_shape;

/* direction [n_projections, n_dims]: unit vectors, uniform on the sphere; a pure function of key. */
void mj_sliced_directions(mj_real *direction, mj_noise_key key, int n_projections, int n_dims);
/* Reals of scratch. */
size_t mj_sliced_tmp(mj_sliced_shape shape);
/* Adds weight * dSW^2/dgenerated to dgenerated [G,D] and returns SW^2. generated [G,D], real [P,D],
 * direction [L,D]. Cost: (2 G + P) L D MAC, and the sorting of 2 L lists. */
double mj_sliced_gradient(mj_real *dgenerated, mj_real *tmp, const mj_real *generated,
                          const mj_real *real, const mj_real *direction, double weight,
                          mj_sliced_shape shape);

#endif
