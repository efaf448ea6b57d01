/* Sparse matrices: weights that are zero take neither memory nor time.
 *
 * A matrix [N,K] is stored by bands of `block` rows: of each band the columns that are not zero, as
 * a column number of 2 bytes and `block` values. Blocks of 16 rows fill a vector, so that a product
 * takes x one number at a time and needs no gather; block 1 is the compressed-row format, for
 * weights that are zero one by one.
 *
 * A mj_sparse is the pattern alone. Values [n_max,block] stand apart from it, in the order of its
 * blocks, so that an optimiser sees an array like any other; those behind the last block, and of rows
 * beyond N, are never read. */
#ifndef MJ_SPARSE_H
#define MJ_SPARSE_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/real.h"

#include <stddef.h>
#include <stdint.h>

enum { MJ_SPARSE_BLOCK = 16 };

typedef struct {
    int N, K, block;
    int n_max;        /* blocks that there is room for */
    uint32_t *start;  /* [bands + 1]: first block of each band; the last one is their number */
    uint16_t *column; /* [n_max], rising within a band */
    /* [N,K]: where a backward of the layer adds the gradient of all weights, living or not, for those
     * who decide which should live (sparsity.h); NULL: nowhere. */
    mj_real *gradient;
} mj_sparse;

/* A pattern without any blocks, of size->N, K, block (0: 16) and n_max. Memory is the arena's. K up
 * to 65536, blocks up to 256 rows. */
mj_status mj_sparse_init(mj_sparse *sparse, const mj_sparse *size, mj_arena *arena, mj_err *err);
int mj_sparse_bands(const mj_sparse *sparse);
int mj_sparse_blocks(const mj_sparse *sparse);
/* Makes the pattern of the blocks that live: alive [bands,K], of which at most n_max are not 0. */
void mj_sparse_set(mj_sparse *sparse, const uint8_t *alive);
void mj_sparse_get(uint8_t *alive, const mj_sparse *sparse);

/* What a product reads of the matrix, in bytes; and its multiply-accumulates. */
size_t mj_sparse_bytes(const mj_sparse *sparse);
double mj_sparse_macs(const mj_sparse *sparse);

/* y [rows,N] += x [rows,K] w^T;  dx [rows,K] += dy [rows,N] w;  dvalue += the blocks of dy^T x. */
void mj_sparse_forward(mj_real *y, const mj_real *x, const mj_real *value, const mj_sparse *sparse,
                       size_t rows);
void mj_sparse_input_backward(mj_real *dx, const mj_real *dy, const mj_real *value,
                              const mj_sparse *sparse, size_t rows);
void mj_sparse_value_backward(mj_real *dvalue, const mj_real *dy, const mj_real *x,
                              const mj_sparse *sparse, size_t rows);

#endif
