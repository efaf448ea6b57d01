/* Compressed matrices in a file (sparse_file.h). A mask is judged before memory is taken for it: its
 * size must be that of the matrix, and its blocks have bytes in the same file. */
#include "mj/sparse_file.h"

#include "mj/packing.h"

#include <math.h>
#include <stdio.h>

enum { NAME_MAX_B = 128 };

static size_t positions_of(const mj_sparse *s)
{
    return (size_t)mj_sparse_bands(s) * (size_t)s->K;
}

mj_status mj_sparse_mask_add(mj_checkpoint *checkpoint, const char *name, const mj_sparse *sparse,
                             mj_err *err)
{
    char part[NAME_MAX_B];
    mj_arena *arena = checkpoint->file.arena;
    size_t n = positions_of(sparse), n_bytes = (n + 7) / 8;
    uint8_t *alive = mj_arena_array(arena, n, 1), *bits = mj_arena_array(arena, n_bytes, 1);
    if (!alive || !bits) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a mask");
    }
    mj_sparse_get(alive, sparse);
    for (size_t i = 0; i < n; i++) {
        bits[i / 8] |= (uint8_t)(alive[i] << i % 8);
    }
    snprintf(part, sizeof part, "%s.alive", name);
    return mj_safetensors_add(&checkpoint->file, part, MJ_DTYPE_U8, bits, &n_bytes, 1, err);
}

static const mj_stored_tensor *part_of(const mj_checkpoint *checkpoint, const char *name,
                                       const char *last)
{
    char part[NAME_MAX_B];
    snprintf(part, sizeof part, "%s.%s", name, last);
    return mj_safetensors_find(&checkpoint->file, part);
}

static mj_status refuse(const mj_checkpoint *checkpoint, const char *name, const char *last,
                        const char *why, mj_status status, mj_err *err)
{
    return mj_err_add(err, status, checkpoint->file.path, 0, 0, "tensor %s.%s %s", name, last, why);
}

/* Counts the bits of a mask; those behind its end must be 0. */
static mj_status count_blocks(int *n_blocks, const mj_stored_tensor *mask,
                              const mj_checkpoint *checkpoint, const char *name, size_t positions,
                              mj_err *err)
{
    const uint8_t *bits = mask->data;
    size_t n = 0;
    for (size_t i = 0; i < mask->size_B; i++) {
        n += (size_t)__builtin_popcount(bits[i]);
    }
    unsigned behind = positions % 8 ? (unsigned)bits[mask->size_B - 1] >> positions % 8 : 0;
    *n_blocks = (int)n;
    return n > 0 && behind == 0 ? MJ_OK
                                : refuse(checkpoint, name, "alive", "is no mask of its matrix",
                                         MJ_ERANGE, err);
}

mj_status mj_sparse_mask_read(mj_sparse *sparse, const mj_checkpoint *checkpoint, const char *name,
                              mj_arena *arena, mj_err *err)
{
    const mj_stored_tensor *mask = part_of(checkpoint, name, "alive");
    size_t n = positions_of(sparse);
    int n_blocks;
    if (!mask) {
        return refuse(checkpoint, name, "alive", "is missing", MJ_EKEY, err);
    }
    if (mask->dtype != MJ_DTYPE_U8 || mask->size_B != (n + 7) / 8) {
        return refuse(checkpoint, name, "alive", "has not a bit a block of its matrix", MJ_EFIT, err);
    }
    MJ_TRY(count_blocks(&n_blocks, mask, checkpoint, name, n, err));
    if (arena) {
        mj_sparse size = *sparse;
        size.n_max = n_blocks;
        MJ_TRY(mj_sparse_init(sparse, &size, arena, err));
    }
    if (n_blocks > sparse->n_max) {
        return refuse(checkpoint, name, "alive", "has more blocks than its recipe allows", MJ_ERANGE,
                      err);
    }
    uint8_t *alive = mj_arena_array(checkpoint->file.arena, n, 1);
    if (!alive) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a mask");
    }
    for (size_t i = 0; i < n; i++) {
        alive[i] = ((const uint8_t *)mask->data)[i / 8] >> i % 8 & 1;
    }
    mj_sparse_set(sparse, alive);
    return MJ_OK;
}

/* Columns that live in a row. */
static int columns_of(const mj_sparse *s, int row)
{
    int band = row / s->block;
    return (int)(s->start[band + 1] - s->start[band]);
}

static mj_pack_shape row_shape(const mj_sparse *s, int row, int bits)
{
    return (mj_pack_shape){.rows = 1, .columns = columns_of(s, row), .bits = bits};
}

static size_t packed_size_B(const mj_sparse *s, int bits)
{
    size_t size_B = 0;
    for (int row = 0; row < s->N; row++) {
        size_B += mj_pack_row_B(row_shape(s, row, bits));
    }
    return size_B;
}

/* Of a row's first living weight; the next ones follow at distances of a block. */
static size_t first_of(const mj_sparse *s, int row)
{
    size_t block = (size_t)s->block;
    return s->start[row / s->block] * block + (size_t)row % block;
}

mj_status mj_sparse_add_packed(mj_checkpoint *checkpoint, const char *name, const mj_real *value,
                               const mj_sparse *s, int bits, mj_err *err)
{
    char part[NAME_MAX_B];
    mj_arena *arena = checkpoint->file.arena;
    size_t size_B = packed_size_B(s, bits), n_rows = (size_t)s->N;
    unsigned char *packed = mj_arena_alloc(arena, size_B), *at = packed;
    float *scale = mj_arena_array(arena, n_rows, sizeof *scale);
    mj_real *row_values = mj_arena_array(arena, (size_t)s->K, sizeof *row_values);
    if (!packed || !scale || !row_values) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the file of a sparse matrix");
    }
    for (int row = 0; row < s->N; row++) {
        const mj_pack_shape shape = row_shape(s, row, bits);
        const mj_real *from = value + first_of(s, row);
        for (int k = 0; k < shape.columns; k++) {
            row_values[k] = from[(size_t)k * (size_t)s->block];
        }
        mj_pack_scales(scale + row, row_values, shape);
        mj_pack(at, row_values, scale + row, shape);
        at += mj_pack_row_B(shape);
    }
    MJ_TRY(mj_sparse_mask_add(checkpoint, name, s, err));
    snprintf(part, sizeof part, "%s.packed", name);
    MJ_TRY(mj_safetensors_add(&checkpoint->file, part, MJ_DTYPE_U8, packed, &size_B, 1, err));
    snprintf(part, sizeof part, "%s.scale", name);
    MJ_TRY(mj_safetensors_add(&checkpoint->file, part, MJ_DTYPE_F32, scale, &n_rows, 1, err));
    snprintf(part, sizeof part, "%s.bits", name);
    return mj_checkpoint_set_number(checkpoint, part, bits, err);
}

mj_status mj_sparse_read_packed(mj_real *value, const mj_checkpoint *checkpoint, const char *name,
                                const mj_sparse *s, mj_err *err)
{
    char key[NAME_MAX_B];
    double bits;
    const mj_stored_tensor *packed = part_of(checkpoint, name, "packed");
    const mj_stored_tensor *scale = part_of(checkpoint, name, "scale");
    snprintf(key, sizeof key, "%s.bits", name);
    MJ_TRY(mj_checkpoint_get_number(&bits, checkpoint, key, err));
    if (!(bits >= MJ_PACK_BITS_MIN && bits <= MJ_PACK_BITS_MAX && bits == floor(bits))) {
        return refuse(checkpoint, name, "bits", "is not 2 to 8", MJ_ERANGE, err);
    }
    if (!packed || packed->dtype != MJ_DTYPE_U8 || packed->size_B != packed_size_B(s, (int)bits)) {
        return refuse(checkpoint, name, "packed", "has not the weights that its mask says", MJ_EFIT,
                      err);
    }
    if (!scale || scale->dtype != MJ_DTYPE_F32 || scale->n_elements != (size_t)s->N) {
        return refuse(checkpoint, name, "scale", "has not a number a row", MJ_EFIT, err);
    }
    mj_real *row_values = mj_arena_array(checkpoint->file.arena, (size_t)s->K, sizeof *row_values);
    if (!row_values) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a sparse matrix");
    }
    const unsigned char *at = packed->data;
    for (int row = 0; row < s->N; row++) {
        const mj_pack_shape shape = row_shape(s, row, (int)bits);
        const float level = (float)mj_tensor_element(scale, (size_t)row);
        if (!isfinite(256 * level)) { /* the largest code is below 256 */
            return refuse(checkpoint, name, "scale", "makes weights that are not finite", MJ_ERANGE,
                          err);
        }
        mj_real *to = value + first_of(s, row);
        mj_unpack(row_values, at, &level, shape);
        for (int k = 0; k < shape.columns; k++) {
            to[(size_t)k * (size_t)s->block] = row_values[k];
        }
        at += mj_pack_row_B(shape);
    }
    return MJ_OK;
}
