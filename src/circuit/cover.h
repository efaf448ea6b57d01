/* Cover: a table of at most six inputs as a short sum of products, or the complement of one. */
#ifndef MJ_CIRCUIT_COVER_H
#define MJ_CIRCUIT_COVER_H

#include <stdbool.h>
#include <stdint.h>

/* Every product of an irredundant cover has a minterm of its own. */
enum { MJ_COVER_MAX = 64 };

/* The product of the inputs j whose bit in `mask` is set: as they are where bit j of `value` is set,
 * inverted elsewhere. Mask 0 is the product of nothing: 1. */
typedef struct {
    unsigned mask, value;
} mj_cube;

typedef struct {
    bool complement; /* the sum is of NOT table */
    int n_cubes;     /* 0: the empty sum, 0 */
    mj_cube cube[MJ_COVER_MAX];
} mj_cover;

/* table: bit i is the value at inputs i, i < 1 << n_inputs; n_inputs <= 6. Of table and complement the
 * one with fewer literals, the table where they are equal. */
void mj_cover_compute(mj_cover *cover, uint64_t table, int n_inputs);

#endif
