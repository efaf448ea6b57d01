/* Compressed matrices in a file: NAME.alive, U8, a bit a block [bands,K] from the lowest bit up, and
 * of a model that ships NAME.packed, the rows of the matrix one after the other without their dead
 * weights, each in whole bytes (packing.h), with a scale a row NAME.scale and NAME.bits. */
#ifndef MJ_SPARSE_FILE_H
#define MJ_SPARSE_FILE_H

#include "mj/checkpoint.h"
#include "mj/sparse.h"

mj_status mj_sparse_mask_add(mj_checkpoint *checkpoint, const char *name, const mj_sparse *sparse,
                             mj_err *err);
/* Sets a pattern of N, K, block and n_max from the mask in a file, or, with an arena, makes one of N, K
 * and block that has just the room. MJ_EKEY, MJ_EFIT or MJ_ERANGE where the mask is missing, has
 * another size, or has no blocks or more than there is room for. */
mj_status mj_sparse_mask_read(mj_sparse *sparse, const mj_checkpoint *checkpoint, const char *name,
                              mj_arena *arena, mj_err *err);

/* Mask and values [n_max,block]. */
mj_status mj_sparse_add_packed(mj_checkpoint *checkpoint, const char *name, const mj_real *value,
                               const mj_sparse *sparse, int bits, mj_err *err);
/* Values of the pattern that mj_sparse_mask_read() made. */
mj_status mj_sparse_read_packed(mj_real *value, const mj_checkpoint *checkpoint, const char *name,
                                const mj_sparse *sparse, mj_err *err);

#endif
