/* Neighbours: is a generated image a copy of a training image, and do images of a class differ? */
#ifndef MJ_NEIGHBOURS_H
#define MJ_NEIGHBOURS_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/real.h"
#include <stddef.h>

/* nearest [n]: Euclidean distance of each x [n,d] to the nearest of y [m,d]; which [n]: its index,
 * or NULL. Blocks of products do the work (n*m*d MAC); the one nearest pair of each row is then
 * measured again by differences, so that a copy has distance 0. */
mj_status mj_nearest_compute(mj_real *nearest, int *which, const mj_real *x, const mj_real *y,
                             int n, int m, int d, mj_err *err);
/* The value below which `share` of the n values lie (linear between neighbours); sorts them. */
double mj_quantile(mj_real *value, size_t n, double share);
/* Mean distance of two different members of one class, averaged over the classes that have two: the
 * diversity of x [n,d] is this over the same of the data. Of each class the first `most` count. */
mj_status mj_pair_distance(double *distance, const mj_real *x, const int *label, int n, int d,
                           int n_classes, int most, mj_err *err);

#endif
