/* From trainable couplings to those that a chip has.
 *
 *   G = M or (M + M^T)/2       directed, or what passive elements can realise
 *   K = mismatch * round(mask * G)
 *
 * The diagonal is always 0. Rounding is straight-through: the gradient passes as if it were not
 * there. */
#ifndef MJ_COUPLING_H
#define MJ_COUPLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mj/real.h"

typedef struct {
    int n;
    int n_segments; /* 0 means 1; mask and factor serve all segments */
    bool symmetric;
    int bits;             /* 0: full precision, else 2..16: levels +-(2^(bits-1) - 1) */
    const uint8_t *mask;  /* [N,N], 0: none; NULL: all couple. Symmetric: both ways or none */
    const mj_real *factor; /* [N,N] from mj_coupling_draw_mismatch; NULL: 1 */
} mj_coupling;

/* K [P,N,N] from M [P,N,N]. Scale of the levels: one a row (one for all if symmetric): the largest
 * coupling for more than 4 bits, else 2.6 times the root mean square, above which it clips. */
void mj_coupling_forward(mj_real *K, const mj_real *M, const mj_coupling *coupling);

/* Adds to dM. */
void mj_coupling_backward(mj_real *dM, const mj_real *dK, const mj_coupling *coupling);

/* factor [N,N] = 1 + relative * normal, frozen for the chip `seed`; the same both ways if
 * symmetric. */
void mj_coupling_draw_mismatch(mj_real *factor, double relative, bool symmetric, uint64_t seed,
                               int n);
/* offset [N] = absolute * normal: frequency errors of the chip `seed`, to add to omega. */
void mj_frequency_draw_mismatch(mj_real *offset, double absolute, uint64_t seed, int n);

/* Limits of a chip's wiring clear entries of mask [N,N] and, if symmetric, take pairs together. They
 * choose by strength: the root mean square over all segments of what a coupling is before its mask.
 * The diagonal is cleared. */

/* strength [N,N] of M [P,N,N]; the coupling's n, n_segments and symmetric count. */
void mj_coupling_strength(mj_real *strength, const mj_real *M, const mj_coupling *coupling);

/* The mask [N,N] that a thinned-out M [P,N,N] is itself: 1 where any segment is not 0. */
void mj_coupling_mask_of(uint8_t *mask, const mj_real *M, int n, int n_segments);

/* Clears what lies farther than `reach` from x, y [N] to x, y. */
void mj_coupling_limit_reach(uint8_t *mask, const double *x, const double *y, double reach, int n);

/* One coupling that could be, of oscillator j on i. */
typedef struct {
    mj_real strength;
    int i, j;
} mj_coupling_candidate;

/* Leaves each oscillator its `degree` strongest incoming couplings. Symmetric: pairs by falling
 * strength, as long as both have room, so that some oscillators end with fewer. scratch [N*N]. */
void mj_coupling_limit_degree(uint8_t *mask, const mj_real *strength,
                              mj_coupling_candidate *scratch, int degree, bool symmetric, int n);

/* Keeps the strongest `density` share of all N(N-1) couplings, pairs together if symmetric.
 * scratch [N*N]. */
void mj_coupling_limit_density(uint8_t *mask, const mj_real *M, mj_real *scratch, double density,
                               bool symmetric, int n);

#endif
