/* safetensors: named tensors and a map of text in one file [safetensors2022].
 *
 *   8 bytes    length of the header, little endian
 *   header     {"NAME": {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]}, ...,
 *               "__metadata__": {"KEY": "TEXT", ...}}, padded with spaces
 *   data       little endian, row-major; tensors follow each other without gap or overlap
 *
 * Files come from strangers: everything that a header claims is checked against the file before it
 * is used, and the file is read, not mapped, so that nobody can shorten it under us. The data of a
 * tensor need not be aligned; read it with mj_tensor_element or memcpy. */
#ifndef MJ_SAFETENSORS_H
#define MJ_SAFETENSORS_H

#include "mj/arena.h"
#include "mj/err.h"
#include <stddef.h>

/* Name, bytes of one element. */
#define MJ_DTYPE_LIST(X) \
    X(F64, 8)            \
    X(I64, 8)            \
    X(F32, 4)            \
    X(I32, 4)            \
    X(F16, 2)            \
    X(BF16, 2)           \
    X(I8, 1)             \
    X(U8, 1)

#define MJ_DTYPE_ENUM(name, size) MJ_DTYPE_##name,
typedef enum { MJ_DTYPE_LIST(MJ_DTYPE_ENUM) MJ_DTYPE_N } mj_dtype;
#undef MJ_DTYPE_ENUM

const char *mj_dtype_name(mj_dtype dtype);
size_t mj_dtype_size_B(mj_dtype dtype);

enum { MJ_TENSOR_DIMS = 8 };

/* n_dims 0 is a scalar of one element; a dimension may be 0. data is borrowed: from the caller in a
 * file being built, from the arena in a file that was read (NULL if only the header was). */
typedef struct {
    const char *name;
    mj_dtype dtype;
    int n_dims;
    size_t dim[MJ_TENSOR_DIMS];
    size_t n_elements, size_B;
    size_t offset_B; /* in the file's data; set by load and parse */
    const void *data;
} mj_stored_tensor;

typedef struct {
    const char *key, *text;
} mj_stored_text;

/* tensor is in the order of the data, text in the order of the header. Plain data: arrays in the
 * arena, which must outlive the struct. */
typedef struct {
    const char *path;
    mj_stored_tensor *tensor;
    mj_stored_text *text;
    int n_tensors, n_texts;
    int room_tensors, room_texts;
    mj_arena *arena;
} mj_safetensors;

/* An empty file to add to. */
void mj_safetensors_init(mj_safetensors *file, mj_arena *arena);
/* Copies key and text (UTF-8); replaces the text of a key that is there. */
mj_status mj_safetensors_set(mj_safetensors *file, const char *key, const char *text, mj_err *err);
/* Copies name and shape, borrows data, which must stay as it is until the save. A name that is
 * there already is MJ_EKEY. n_elements and size_B are computed. */
mj_status mj_safetensors_add(mj_safetensors *file, const char *name, mj_dtype dtype,
                             const void *data, const size_t *dim, int n_dims, mj_err *err);
/* Writes all of it in place of `path`, or leaves `path` as it was (see draft.h). Tensors go
 * by falling element size, so that all data are aligned. */
mj_status mj_safetensors_save(const mj_safetensors *file, const char *path, mj_err *err);

/* Reads a file of at most limit_B bytes (header at most 16 MiB). Gaps, overlaps, sizes that do not
 * fit shape or file, duplicate names: MJ_ESYNTAX or MJ_EKEY; other dtypes: MJ_ESUPPORT. */
mj_status mj_safetensors_load(mj_safetensors *file, const char *path, size_t limit_B,
                              mj_arena *arena, mj_err *err);
/* The header only: shapes and texts, checked against the size of the file, without data. */
mj_status mj_safetensors_load_header(mj_safetensors *file, const char *path, mj_arena *arena,
                                     mj_err *err);
/* From memory, which is borrowed for the data. */
mj_status mj_safetensors_parse(mj_safetensors *file, const void *bytes, size_t length,
                               const char *name, mj_arena *arena, mj_err *err);

/* NULL if absent. */
const mj_stored_tensor *mj_safetensors_find(const mj_safetensors *file, const char *name);
const char *mj_safetensors_text(const mj_safetensors *file, const char *key);
/* Element i < n_elements of a tensor that has data: exact, but for I64 beyond 2^53. */
double mj_tensor_element(const mj_stored_tensor *tensor, size_t i);

#endif
