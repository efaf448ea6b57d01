/* Packing: a matrix in few bits an element, for checkpoints that ship.
 *
 * Each row has a scale; an element is scale * code with a whole code from -L to L, L = 2^(bits-1) - 1,
 * stored as code + L in `bits` bits, lowest bits first, rows padded to whole bytes. This is what the
 * weights of a quantised coupling are, so that packing them loses nothing. */
#ifndef MJ_PACKING_H
#define MJ_PACKING_H

#include "mj/real.h"
#include <stddef.h>

enum { MJ_PACK_BITS_MIN = 2, MJ_PACK_BITS_MAX = 8 };

typedef struct {
    int rows, columns, bits;
} mj_pack_shape;

/* Bytes of a row, and of all. */
size_t mj_pack_row_B(mj_pack_shape shape);
size_t mj_pack_size_B(mj_pack_shape shape);
/* scale [rows]: the largest magnitude of each row over L; 0 for a row of zeros. */
void mj_pack_scales(float *scale, const mj_real *x, mj_pack_shape shape);
/* packed [rows, row_B] from x [rows, columns]: nearest codes, clipped to -L .. L; NaN gives 0. */
void mj_pack(unsigned char *packed, const mj_real *x, const float *scale, mj_pack_shape shape);
/* Any bytes unpack; the unused code 2L + 1 gives L + 1. */
void mj_unpack(mj_real *x, const unsigned char *packed, const float *scale, mj_pack_shape shape);

#endif
