/* Ring switches: couplings of a deck that are couplers (ring_cells.h) instead of resistors. */
#ifndef MJ_RING_SWITCHES_H
#define MJ_RING_SWITCHES_H

#include "mj/ring.h"

#define MJ_COUPLER_WIDE 0.25 /* width of a gate's transistors over that of the ring's */

/* Bits of abs(code) are on, from `output` or, of a negative code, from `opposite`, to `listen`. full_S: all bits. */
typedef struct {
    const char *name, *output, *opposite, *listen, *supply;
    int code;
    double full_S;
} mj_ring_coupler;
void mj_ring_write_coupler(FILE *out, const mj_ring *ring, const mj_ring_coupler *coupler);

/* share in [-1, 1] of all bits. */
int mj_ring_coupler_code(const mj_ring *ring, double share);

/* On both outputs of ring id: couplers that a network does not use, and the bank that makes up for bits that are
 * off. */
void mj_ring_write_hung(FILE *out, const mj_ring *ring, int id, const char *supply);

#endif
