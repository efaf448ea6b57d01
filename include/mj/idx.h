/* IDX: the array format of MNIST [lecun1998], plain or gzipped (zlib).
 *
 *   0, 0, type, number of dimensions; each dimension as 4 bytes, big endian; the elements */
#ifndef MJ_IDX_H
#define MJ_IDX_H

#include "mj/arena.h"
#include "mj/err.h"
#include <stddef.h>

enum { MJ_IDX_DIMS = 4 };

/* Unsigned bytes, row-major, in the arena. */
typedef struct {
    int n_dims;
    int dim[MJ_IDX_DIMS];
    size_t n_elements;
    unsigned char *element;
} mj_idx;

/* At most 2 GiB of elements of type unsigned byte (others: MJ_ESUPPORT). The header must say exactly
 * what the file holds; truncated files, trailing bytes, dimensions of 0, and bombs (a header that
 * claims more than its bytes can unfold to) are refused before memory is taken for them. */
mj_status mj_idx_load(mj_idx *idx, const char *path, mj_arena *arena, mj_err *err);
mj_status mj_idx_parse(mj_idx *idx, const void *bytes, size_t length, const char *name,
                       mj_arena *arena, mj_err *err);

#endif
