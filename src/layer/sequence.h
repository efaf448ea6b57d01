/* What layers over sequences [B,T,C] share: sizes, and work in parts.
 *
 * Streams are independent, so a part is a range of streams (or of rows, where steps are independent
 * too) that one thread takes from start to end. The number of parts depends on the sizes alone, and
 * sums over parts are taken in their order afterwards: the bits do not depend on the threads. */
#ifndef MJ_LAYER_SEQUENCE_H
#define MJ_LAYER_SEQUENCE_H

#include "layer_rows.h"

#include <limits.h>

enum { PARTS_MAX = 16 };

/* Below this many numbers threads cost more than they save. */
enum { THREADS_MIN = 1 << 14 };

typedef struct {
    size_t B, T, C;
} sequence;

static inline sequence sequence_of(mj_shape shape)
{
    return (sequence){(size_t)shape.dim[0], (size_t)shape.dim[1], (size_t)shape.dim[2]};
}

static inline bool is_sequence(mj_shape shape)
{
    return shape.n_dims == 3 && mj_shape_rows(shape) <= INT_MAX;
}

static inline size_t parts_of(size_t n)
{
    return n < PARTS_MAX ? n : PARTS_MAX;
}

static inline size_t part_start(size_t n, size_t part)
{
    return n * part / parts_of(n);
}

/* d [n] += the sum of sums [n_parts,n], in order. */
static inline void parts_add(mj_real *d, const mj_real *sums, size_t n_parts, size_t n)
{
    for (size_t part = 0; part < n_parts; part++) {
        mj_add_scaled(d, sums + part * n, 1, n);
    }
}

#endif
