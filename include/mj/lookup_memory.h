/* Look-up memory: the sum of one trained row a context.
 *
 *   x = sum over contexts k of gain(k) * T_k[ row of k ]             x [n, stride], T_k [rows, dims]
 *   gain(k) = seen[k][ how often this row was trained ] * copied[k][ how long the first copy matched ]
 *
 * What it costs is dims numbers read a context, whatever the tables hold: a language model that touches
 * less than a kilobyte a symbol. x is the logits themselves (dims: the alphabet) or a vector for
 * a head or a net. Rows start at 0, but for those of orders 0 and 1, so that a context that training
 * never met adds nothing. The first gain is confidence by count, as compressors have it [cleary1984];
 * it belongs to the row when training is over and is multiplied into it. The second stays.
 *
 * Rows are learned by Adagrad as they are read, once through the text: each symbol is predicted before
 * it is learned, so that the training loss is honest; a second pass over-fits (docs/text.md). A batch
 * makes one update of each row that it reads. Results do not depend on the number of threads: a row
 * belongs to one of them, which adds up its gradient in the order of the symbols. Nothing is sorted for
 * that: rows are numbered as the batch meets them, by a hash table that never leaves the near caches,
 * and each keeps a list of its reads.
 */
#ifndef MJ_LOOKUP_MEMORY_H
#define MJ_LOOKUP_MEMORY_H

#include "mj/arena.h"
#include "mj/lookup_contexts.h"
#include "mj/lookup_kernels.h"
#include "mj/real.h"

enum { MJ_LOOKUP_COUNTS = 8 }; /* classes of counts: 0, 1, 2, 3-4, 5-8, 9-20, 21-80, more */

typedef struct {
    mj_real seen[MJ_LOOKUP_CONTEXTS_MAX][MJ_LOOKUP_COUNTS];
    mj_real copied[MJ_LOOKUP_CONTEXTS_MAX][MJ_LOOKUP_MATCHES];
} mj_lookup_gains;

typedef struct {
    mj_lookup_contexts contexts;
    int dims;       /* of a row */
    size_t stride;  /* reals of a row in memory, a multiple of 16; those behind dims stay 0 */
    mj_real *slab;  /* [n_rows][2 stride]: numbers and squares */
    uint8_t *count; /* [n_rows], 255: that or more */
    mj_lookup_gains gains, squares; /* squares: sums of squared gradients */
    mj_real spread;
    uint64_t seed;
} mj_lookup_memory;

/* Zeroed tables in the arena, gains 1; rows of orders 0 and 1 uniform in +-spread/2. */
mj_status mj_lookup_memory_new(mj_lookup_memory **memory, const mj_lookup_contexts *contexts,
                               int dims, mj_real spread, uint64_t seed, mj_arena *arena,
                               mj_err *err);

/* Rows as they were new, none of them met yet; gains stay. */
void mj_lookup_memory_clear(mj_lookup_memory *memory);

/* Working memory of up to n symbols. The caller fills place and dx. */
typedef struct {
    mj_lookup_place *place; /* [n] */
    mj_real *x, *dx;        /* [n, stride]: output, incoming gradient */
    uint32_t *row;          /* [n, contexts], and below */
    mj_real *gain, *slope;
    uint8_t *class;         /* of the gain: of the count, and of the match */
    mj_lookup_read *read;   /* each part's in a row, as many groups */
    mj_lookup_group *group;
    uint32_t *slot;         /* [2, n, contexts]: which group a row is, 0: none */
    int n;
} mj_lookup_batch;
mj_status mj_lookup_batch_new(mj_lookup_batch *batch, const mj_lookup_memory *memory, int n,
                              mj_arena *arena, mj_err *err);

/* x of symbols first .. first + n - 1, by these gains (the memory's, or a thread's copy of them). */
void mj_lookup_forward(mj_lookup_batch *batch, const mj_lookup_memory *memory,
                       const mj_lookup_gains *gains, int first, int n);
/* Learns from dx of the first n symbols: updates and counts the rows that belong to `part` of n_parts.
 * Parts may run at the same time; together they are the whole backward of the rows. */
void mj_lookup_backward(mj_lookup_memory *memory, mj_lookup_batch *batch, int n, mj_real lr, int part,
                        int n_parts);
/* After all parts: one step of the gains. */
void mj_lookup_gains_update(mj_lookup_gains *gains, mj_lookup_gains *squares,
                            const mj_lookup_memory *memory, const mj_lookup_batch *batch, int n,
                            mj_real lr);
/* The `seen` gain that a row of context k has now: what a stored row is multiplied with. */
mj_real mj_lookup_row_gain(const mj_lookup_memory *memory, int k, uint32_t row);

/* Numbers read a symbol: rows * dims. */
double mj_lookup_reads_count(const mj_lookup_memory *memory);

#endif
