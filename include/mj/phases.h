/* What stands before and after the oscillators: start phases and read-out.
 *
 *   theta_i(0) = theta0_y,i   or, where random, uniform on [-pi, pi)
 *   x_i = (1 - cos theta_i)/2   phase against the reference: 0 at theta = 0, 1 at theta = pi */
#ifndef MJ_PHASES_H
#define MJ_PHASES_H

#include <stdint.h>

#include "mj/kernels.h"
#include "mj/real.h"

typedef struct {
    int n, n_batch;
    const uint8_t *random; /* [N], not 0: starts at a random phase; NULL: none does */
    int bits;              /* 0: continuous; else random phases are one of 2^bits levels, 1..16 */
    mj_noise_key key;      /* its stream must not be that of the noise */
    uint64_t first_sample; /* number of the batch's first sample */
} mj_phase_start;

/* theta [B,N] from the table of classes theta0 [n_class,N] and label [B] (NULL: class 0). */
void mj_phase_start_forward(mj_real *theta, const mj_real *theta0, const int *label,
                            const mj_phase_start *start);
/* Adds to dtheta0 [n_class,N]; random phases have no gradient. */
void mj_phase_start_backward(mj_real *dtheta0, const mj_real *dtheta, const int *label,
                             const mj_phase_start *start);

/* x [B,n_visible] from theta [B,N], the first n_visible oscillators of each sample. */
void mj_phase_read_forward(mj_real *x, const mj_real *theta, int n_batch, int n, int n_visible);
/* Writes dtheta [B,N], 0 on the hidden ones. */
void mj_phase_read_backward(mj_real *dtheta, const mj_real *dx, const mj_real *theta, int n_batch,
                            int n, int n_visible);

#endif
