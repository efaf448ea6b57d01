/* Sparse matrices for inference: weights that are zero take neither memory nor time.
 *
 * A matrix [N,K] is stored by bands of `block` rows: of each band the columns that are not zero, as
 * a column number of 2 bytes and `block` values. Blocks of 16 rows fill a vector, so that a product
 * takes x one number at a time and needs no gather; block 1 is the compressed-row format, for
 * weights that are zero one by one. */
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
    const uint32_t *start;  /* [n_bands + 1]: first column of each band in `column` */
    const uint16_t *column; /* [n_columns] */
    const mj_real *value;   /* [n_columns,block]; rows beyond N are zeros */
} mj_sparse;

/* Of w [N,K]; block 0 means 16. Memory is the arena's. K up to 65536. */
mj_status mj_sparse_compress(mj_sparse *sparse, const mj_real *w, int N, int K, int block,
                             mj_arena *arena, mj_err *err);
/* What a product reads of the matrix, in bytes; and its multiply-accumulates. */
size_t mj_sparse_bytes(const mj_sparse *sparse);
double mj_sparse_macs(const mj_sparse *sparse);
/* y [rows,N] = x [rows,K] w^T; dx [rows,K] += dy [rows,N] w. */
void mj_sparse_forward(mj_real *y, const mj_real *x, const mj_sparse *sparse, size_t rows);
void mj_sparse_backward(mj_real *dx, const mj_real *dy, const mj_sparse *sparse, size_t rows);

#endif
