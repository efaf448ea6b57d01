/* Kernels of look-up memories: rows gathered, rows updated, softmax over a small alphabet.
 *
 * A row is 2 * stride reals side by side: its numbers, then the sums of its squared gradients, so that
 * an update touches one place of memory. Rows come at random from tables far larger than the caches;
 * the next ones are asked for early. Sums stay in registers, 64 numbers of a row at once. These kernels
 * run on one thread; who calls them divides the work.
 */
#ifndef MJ_LOOKUP_KERNELS_H
#define MJ_LOOKUP_KERNELS_H

#include "mj/real.h"

#include <stddef.h>
#include <stdint.h>

/* x [n, stride] = sum over k < K of gain[i, k] * row[i, k]; slab: the rows. */
void mj_lookup_rows_sum(mj_real *x, const mj_real *slab, const uint32_t *row, const mj_real *gain,
                        int n, int K, size_t stride);

/* Reads of one step, each in the list of its row: at = token * K + context; next: the row's next read,
 * in the order of the tokens. */
typedef struct {
    uint32_t at, next;
} mj_lookup_read;
/* A row that is read n times, from read[first] to read[last]. */
typedef struct {
    uint32_t row, n, first, last;
} mj_lookup_group;
typedef struct {
    uint32_t K;
    size_t stride;
    mj_real lr, eps;
} mj_lookup_step;
/* Adagrad [duchi2011], one update a row with the sum of what its reads ask for:
 *   g = sum over reads of gain[at] * dx[token]      squares += g^2      row -= lr g / (sqrt(squares) + eps)
 * slope[at] = dx[token] . row before the update, for the gain's own gradient. One step of the sum, where
 * steps one after the other would all go as far on the same stale gradient, makes large batches as
 * good as small ones. */
void mj_lookup_rows_update(mj_real *slab, mj_real *slope, const mj_lookup_group *group, int n,
                           const mj_lookup_read *read, const mj_real *gain, const mj_real *dx,
                           mj_lookup_step step);
/* The same for dense weights w [n] and their squares. */
void mj_adagrad_update(mj_real *w, mj_real *squares, const mj_real *dw, size_t n, mj_real lr,
                       mj_real eps);

/* Rows of logits [n, stride], of which N count, become probabilities; the rest 0. stride: a multiple of
 * 16, here and above. */
void mj_softmax_rows(mj_real *logits, int n, int N, size_t stride);

#endif
