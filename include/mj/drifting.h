/* Drifting: a generator is pulled towards real samples and pushed away from its own, until both sets
 * look the same and the two cancel [drifting2026].
 *
 * For G generated and P real samples of one class, in one view (pixels or features) of D numbers:
 *
 *   d+_ij, d-_ij   distances to real and to other generated samples, over the mean of them all
 *   L = [-d+, -d-] / tau ;  A = sqrt(softmax over j * softmax over i)
 *   W+ = A+ sum_j A- ;  W- = A- sum_j A+
 *   drift(tau) = W+ X_real - W- X_generated, scaled to mean norm 1
 *   gradient   = -2 / (G D) * sum over tau in {0.02, 0.05, 0.2} of drift(tau)
 *
 * the gradient of |x - (x + drift)|^2 whose target stands still. It is 0 when both sets are equal. */
#ifndef MJ_DRIFTING_H
#define MJ_DRIFTING_H

#include "mj/real.h"
#include <stdbool.h>
#include <stddef.h>

enum { MJ_DRIFT_TEMPERATURES = 3 };
extern const double mj_drift_temperature[MJ_DRIFT_TEMPERATURES];

typedef struct {
    int n_generated, n_real, n_dims; /* G >= 2, P >= 1, D */
    bool narrow;                     /* products in bf16 */
} mj_drift_shape;

/* Reals of scratch. */
size_t mj_drift_tmp(mj_drift_shape shape);
/* Adds weight * gradient to dgenerated [G,D]. generated [G,D], real [P,D]. Returns the mean length of
 * the drift at the largest temperature before it is scaled, in mean distances: what is left to do.
 * Sets that are equal to rounding have no drift. Cost: about (4 G P + 4 G G) D MAC. */
double mj_drift_gradient(mj_real *dgenerated, mj_real *tmp, const mj_real *generated,
                         const mj_real *real, double weight, mj_drift_shape shape);

#endif
