/* Vectors: rows of bits that go into a circuit, and those that should come out.
 *
 * File: n rows of row_B bytes and nothing else; bit i of a row is bit i % 8 of byte i / 8, what is left of
 * the last byte is 0. So every tool can read it that knows the number of bits. */
#ifndef MJ_VECTORS_H
#define MJ_VECTORS_H

#include "mj/readout.h"
#include "mj/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int n, n_bits;
    size_t row_B; /* (n_bits + 7) / 8 */
    uint8_t *row; /* [n, row_B] */
} mj_vectors;

/* Zeros, in the arena. */
mj_status mj_vectors_new(mj_vectors *vectors, int n, int n_bits, mj_arena *arena, mj_err *err);
bool mj_vectors_get(const mj_vectors *vectors, int row, int bit);
void mj_vectors_set(mj_vectors *vectors, int row, int bit, bool value);
/* Fair coins. */
void mj_vectors_fill(mj_vectors *vectors, mj_rng *rng);

mj_status mj_vectors_save(const mj_vectors *vectors, const char *path, mj_err *err);
/* MJ_ESYNTAX for a file that is not of n rows of n_bits, or has bits beyond them. */
mj_status mj_vectors_load(mj_vectors *vectors, const char *path, int n, int n_bits, mj_arena *arena,
                          mj_err *err);

/* Rows that differ in any bit; both of one shape. *first: the first of them, -1 if there is none. */
int mj_vectors_differ(int *first, const mj_vectors *a, const mj_vectors *b);

/* What the network makes of `in` (its inputs, a row a sample): the bits of mj_readout_checked_bits. It is
 * the definition of the network, in plain C, that Verilog and netlist are compared with. */
mj_status mj_vectors_evaluate(mj_vectors *out, const mj_lut_net *net, const mj_readout *readout,
                              const mj_vectors *in, mj_arena *arena, mj_err *err);

#endif
