/* Element-wise parts of a step, on the row of one sample, so that what is read was just written.
 *
 * A wave holds S_h = sin(h theta) and C_h = cos(h theta) as planes S_1 C_1 S_2 C_2 ..., `stride`
 * numbers apart; product and bar have the same planes. n numbers a row. */
#ifndef MJ_PHASE_ROWS_H
#define MJ_PHASE_ROWS_H

#include <stddef.h>

#include "mj/kuramoto.h"

/* What drives the oscillators of a sample, rows of N. */
typedef struct {
    const mj_real *omega, *omega_class, *drive_cos, *drive_sin;
} mj_drive_row;

/* Gradients of the same, summed over the stages of a run. */
typedef struct {
    mj_real *omega, *drive_cos, *drive_sin;
} mj_drive_sum;

void mj_wave_row(mj_real *wave, const mj_real *theta, size_t stride, int n_harmonics, int n);

/* rate and slope = its derivative by the oscillator's own phase, couplings' sums in product. */
void mj_rate_row(mj_real *rate, mj_real *slope, const mj_real *wave, const mj_real *product,
                 size_t stride, const mj_phase_response *response, const mj_drive_row *drive,
                 int n);

/* bar = gradient at the sums, from that of the rate; adds to sum. */
void mj_bar_row(mj_real *bar, const mj_drive_sum *sum, const mj_real *drate, const mj_real *wave,
                size_t stride, const mj_phase_response *response, int n);

/* dtheta = J^T drate, with product = K^T bar. */
void mj_pull_row(mj_real *dtheta, const mj_real *drate, const mj_real *slope, const mj_real *wave,
                 const mj_real *product, size_t stride, int n_harmonics, int n);

/* y = x + scale * k */
void mj_axpy_row(mj_real *y, const mj_real *x, double scale, const mj_real *k, int n);

#endif
