/* safetensors: a file in memory, read with every claim checked (written: safetensors_write.c).
 *
 * The format's own rules [safetensors2022] make a hostile header harmless if they are kept: the
 * tensors, sorted by where they begin, must tile the data from the first byte to the last, and each
 * must be as long as its shape says. Numbers pass through a double, which is exact up to 2^53; larger
 * ones are refused. Nothing is allocated on the word of a header: the sizes are compared with the
 * size of the file first. */
#include "mj/safetensors.h"

#include "mj/json.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PREFIX_B = 8, HEADER_MAX_B = 16 * 1024 * 1024, ROOM_FIRST = 16 };

#define EXACT_MAX 9007199254740992.0 /* 2^53 */

static const char metadata_key[] = "__metadata__";

/* What the functions that read a header share. */
typedef struct {
    mj_safetensors *file;
    size_t data_B;
    mj_err *err;
} reader;

#define DTYPE_NAME(name, size) #name,
#define DTYPE_SIZE(name, size) size,
static const char *const dtype_names[] = {MJ_DTYPE_LIST(DTYPE_NAME)};
static const size_t dtype_sizes_B[] = {MJ_DTYPE_LIST(DTYPE_SIZE)};

const char *mj_dtype_name(mj_dtype dtype)
{
    return dtype_names[dtype];
}

size_t mj_dtype_size_B(mj_dtype dtype)
{
    return dtype_sizes_B[dtype];
}

static mj_status no_memory(const mj_safetensors *file, mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, file->path, 0, 0, "out of memory");
}

void mj_safetensors_init(mj_safetensors *file, mj_arena *arena)
{
    *file = (mj_safetensors){.arena = arena};
}

/* Room for one more element of an array in the arena; the old array is left to the arena, so the
 * arrays double. NULL when out of memory. */
static void *array_grown(mj_arena *arena, void *array, int n, int *room, size_t size)
{
    if (n < *room) {
        return array;
    }
    int wanted = *room ? *room * 2 : ROOM_FIRST;
    void *grown = mj_arena_array(arena, (size_t)wanted, size);
    if (grown && n > 0) {
        memcpy(grown, array, (size_t)n * size);
    }
    *room = grown ? wanted : *room;
    return grown;
}

static mj_status text_append(mj_safetensors *file, const char *key, const char *text, mj_err *err)
{
    mj_stored_text *grown = array_grown(file->arena, file->text, file->n_texts, &file->room_texts,
                                        sizeof *grown);
    char *key_copy = mj_arena_text(file->arena, key, strlen(key));
    char *text_copy = mj_arena_text(file->arena, text, strlen(text));
    if (!grown || !key_copy || !text_copy) {
        return no_memory(file, err);
    }
    file->text = grown;
    grown[file->n_texts++] = (mj_stored_text){key_copy, text_copy};
    return MJ_OK;
}

static mj_status tensor_append(mj_safetensors *file, const mj_stored_tensor *tensor, mj_err *err)
{
    mj_stored_tensor *grown = array_grown(file->arena, file->tensor, file->n_tensors,
                                          &file->room_tensors, sizeof *grown);
    char *name = mj_arena_text(file->arena, tensor->name, strlen(tensor->name));
    if (!grown || !name) {
        return no_memory(file, err);
    }
    file->tensor = grown;
    grown[file->n_tensors] = *tensor;
    grown[file->n_tensors++].name = name;
    return MJ_OK;
}

/* Computes n_elements and size_B; false if they overflow. */
static bool tensor_measure(mj_stored_tensor *tensor)
{
    size_t n = 1;
    bool overflows = false;
    for (int i = 0; i < tensor->n_dims; i++) {
        overflows |= __builtin_mul_overflow(n, tensor->dim[i], &n);
    }
    tensor->n_elements = n;
    return !overflows && !__builtin_mul_overflow(n, dtype_sizes_B[tensor->dtype], &tensor->size_B);
}

mj_status mj_safetensors_set(mj_safetensors *file, const char *key, const char *text, mj_err *err)
{
    for (int i = 0; i < file->n_texts; i++) {
        if (strcmp(file->text[i].key, key) == 0) {
            char *copy = mj_arena_text(file->arena, text, strlen(text));
            file->text[i].text = copy ? copy : file->text[i].text;
            return copy ? MJ_OK : no_memory(file, err);
        }
    }
    return text_append(file, key, text, err);
}

mj_status mj_safetensors_add(mj_safetensors *file, const char *name, mj_dtype dtype,
                             const void *data, const size_t *dim, int n_dims, mj_err *err)
{
    if (n_dims > MJ_TENSOR_DIMS) {
        return mj_err_add(err, MJ_ELIMIT, file->path, 0, 0, "tensor %s: more than %d dimensions",
                          name, MJ_TENSOR_DIMS);
    }
    if (mj_safetensors_find(file, name) || strcmp(name, metadata_key) == 0) {
        return mj_err_add(err, MJ_EKEY, file->path, 0, 0, "tensor %s: the name is taken", name);
    }
    mj_stored_tensor tensor = {.name = name, .dtype = dtype, .n_dims = n_dims, .data = data};
    if (n_dims > 0) {
        memcpy(tensor.dim, dim, (size_t)n_dims * sizeof *dim);
    }
    if (!tensor_measure(&tensor)) {
        return mj_err_add(err, MJ_ELIMIT, file->path, 0, 0, "tensor %s: too large", name);
    }
    return tensor_append(file, &tensor, err);
}

static mj_status tensor_refuse(const reader *r, const char *name, const char *what)
{
    return mj_err_add(r->err, MJ_ESYNTAX, r->file->path, 0, 0, "tensor %s: %s", name, what);
}

/* A whole number from 0 to 2^53. */
static bool size_read(size_t *size, const mj_json *value)
{
    double number;
    if (!mj_json_number(value, &number) || !(number >= 0.0 && number <= EXACT_MAX) ||
        number != floor(number)) {
        return false;
    }
    *size = (size_t)number;
    return true;
}

static mj_status dtype_read(mj_stored_tensor *tensor, const reader *r, const mj_json *entry)
{
    const char *dtype = mj_json_text(mj_json_get(entry, "dtype"));
    if (!dtype) {
        return tensor_refuse(r, tensor->name, "dtype is missing");
    }
    for (int i = 0; i < MJ_DTYPE_N; i++) {
        if (strcmp(dtype, dtype_names[i]) == 0) {
            tensor->dtype = (mj_dtype)i;
            return MJ_OK;
        }
    }
    return mj_err_add(r->err, MJ_ESUPPORT, r->file->path, 0, 0, "tensor %s: dtype %s is not supported",
                      tensor->name, dtype);
}

static mj_status tensor_read(const reader *r, const char *name, const mj_json *entry)
{
    mj_stored_tensor tensor = {.name = name};
    const mj_json *shape = mj_json_get(entry, "shape");
    const mj_json *offsets = mj_json_get(entry, "data_offsets");
    if (!mj_json_is_array(shape) || !mj_json_is_array(offsets)) {
        return tensor_refuse(r, name, "shape or data_offsets is missing or no list");
    }
    MJ_TRY(dtype_read(&tensor, r, entry));
    size_t n_dims = mj_json_length(shape);
    if (n_dims > MJ_TENSOR_DIMS) {
        return tensor_refuse(r, name, "too many dimensions");
    }
    tensor.n_dims = (int)n_dims;
    for (size_t i = 0; i < n_dims; i++) {
        if (!size_read(&tensor.dim[i], mj_json_at(shape, i))) {
            return tensor_refuse(r, name, "a dimension is no whole number in range");
        }
    }
    size_t begin, end;
    if (mj_json_length(offsets) != 2 || !size_read(&begin, mj_json_at(offsets, 0)) ||
        !size_read(&end, mj_json_at(offsets, 1))) {
        return tensor_refuse(r, name, "data_offsets are not two whole numbers in range");
    }
    if (!tensor_measure(&tensor) || begin > end || end - begin != tensor.size_B) {
        return tensor_refuse(r, name, "data_offsets do not fit shape and dtype");
    }
    tensor.offset_B = begin;
    return tensor_append(r->file, &tensor, r->err);
}

static mj_status texts_read(const reader *r, const mj_json *texts)
{
    const char *key = NULL;
    while ((key = mj_json_next_key(texts, key)) != NULL) {
        const char *text = mj_json_text(mj_json_get(texts, key));
        if (!text) {
            return mj_err_add(r->err, MJ_ESYNTAX, r->file->path, 0, 0, "%s: %s is no text",
                              metadata_key, key);
        }
        MJ_TRY(text_append(r->file, key, text, r->err));
    }
    return MJ_OK;
}

/* Order of the data; an empty tensor goes before the one that begins where it stands. */
static int tensor_compare(const void *left, const void *right)
{
    const mj_stored_tensor *a = left, *b = right;
    if (a->offset_B != b->offset_B) {
        return a->offset_B < b->offset_B ? -1 : 1;
    }
    return (a->size_B > b->size_B) - (a->size_B < b->size_B);
}

static mj_status tiling_check(const reader *r)
{
    mj_safetensors *file = r->file;
    if (file->n_tensors > 0) {
        qsort(file->tensor, (size_t)file->n_tensors, sizeof *file->tensor, tensor_compare);
    }
    size_t at = 0;
    for (int i = 0; i < file->n_tensors; i++) {
        const mj_stored_tensor *tensor = &file->tensor[i];
        if (tensor->offset_B != at) {
            return tensor_refuse(r, tensor->name,
                                 tensor->offset_B < at ? "overlaps the tensor before it"
                                                       : "leaves a gap after the tensor before it");
        }
        if (tensor->size_B > r->data_B - at) {
            return tensor_refuse(r, tensor->name, "reaches past the end of the file (truncated?)");
        }
        at += tensor->size_B;
    }
    return at == r->data_B ? MJ_OK
                           : mj_err_add(r->err, MJ_ESYNTAX, file->path, 0, 0,
                                        "%zu bytes after the last tensor", r->data_B - at);
}

/* Fills the file from its header, data pointers excepted. */
static mj_status header_read(const reader *r, const char *text, size_t length)
{
    if (length == 0 || text[0] != '{') {
        return mj_err_add(r->err, MJ_ESYNTAX, r->file->path, 0, 0,
                          "no safetensors file: the header does not begin with '{'");
    }
    mj_json *header = mj_json_parse(text, length, r->file->path, r->err);
    if (!header) {
        return r->err && r->err->n > 0 ? r->err->diag[r->err->n - 1].code : MJ_ESYNTAX;
    }
    mj_status status = MJ_OK;
    const char *key = NULL;
    while (status == MJ_OK && (key = mj_json_next_key(header, key)) != NULL) {
        const mj_json *entry = mj_json_get(header, key);
        status = strcmp(key, metadata_key) == 0 ? texts_read(r, entry) : tensor_read(r, key, entry);
    }
    mj_json_free(header);
    MJ_TRY(status);
    return tiling_check(r);
}

/* Header length from the first 8 bytes of a file of file_B bytes. */
static mj_status prefix_read(size_t *header_B, const unsigned char *prefix, size_t file_B,
                             const char *name, mj_err *err)
{
    uint64_t length = 0;
    for (int i = 0; i < PREFIX_B && file_B >= PREFIX_B; i++) {
        length |= (uint64_t)prefix[i] << (8 * i);
    }
    if (file_B < PREFIX_B || length > file_B - PREFIX_B) {
        return mj_err_add(err, MJ_ESYNTAX, name, 0, 0,
                          "no safetensors file, or truncated: shorter than its header");
    }
    if (length > HEADER_MAX_B) {
        return mj_err_add(err, MJ_ELIMIT, name, 0, 0, "header larger than %d bytes", HEADER_MAX_B);
    }
    *header_B = (size_t)length;
    return MJ_OK;
}

static void data_attach(mj_safetensors *file, const unsigned char *data)
{
    for (int i = 0; i < file->n_tensors; i++) {
        file->tensor[i].data = data + file->tensor[i].offset_B;
    }
}

mj_status mj_safetensors_parse(mj_safetensors *file, const void *bytes, size_t length,
                               const char *name, mj_arena *arena, mj_err *err)
{
    *file = (mj_safetensors){.path = name, .arena = arena};
    const unsigned char *byte = bytes;
    size_t header_B = 0;
    MJ_TRY(prefix_read(&header_B, byte, length, name, err));
    reader r = {.file = file, .data_B = length - PREFIX_B - header_B, .err = err};
    MJ_TRY(header_read(&r, (const char *)byte + PREFIX_B, header_B));
    data_attach(file, byte + PREFIX_B + header_B);
    return MJ_OK;
}

/* Reads exactly `length` bytes; the size was taken when the file was opened, and a file that shrinks
 * meanwhile is only a short read. */
static mj_status bytes_read(void *bytes, size_t length, FILE *stream, const char *path, mj_err *err)
{
    if (fread(bytes, 1, length, stream) == length) {
        return MJ_OK;
    }
    return mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot read: %s",
                      ferror(stream) ? strerror(errno) : "the file became shorter");
}

/* With data if with_data. */
static mj_status stream_read(mj_safetensors *file, FILE *stream, size_t file_B, bool with_data,
                             mj_err *err)
{
    unsigned char prefix[PREFIX_B] = {0};
    size_t header_B = 0;
    if (file_B >= PREFIX_B) {
        MJ_TRY(bytes_read(prefix, PREFIX_B, stream, file->path, err));
    }
    MJ_TRY(prefix_read(&header_B, prefix, file_B, file->path, err));
    char *header = malloc(header_B + 1);
    if (!header) {
        return no_memory(file, err);
    }
    reader r = {.file = file, .data_B = file_B - PREFIX_B - header_B, .err = err};
    mj_status status = bytes_read(header, header_B, stream, file->path, err);
    if (status == MJ_OK) {
        status = header_read(&r, header, header_B);
    }
    free(header);
    if (status != MJ_OK || !with_data) {
        return status;
    }
    unsigned char *data = mj_arena_alloc(file->arena, r.data_B);
    if (!data) {
        return no_memory(file, err);
    }
    data_attach(file, data);
    return bytes_read(data, r.data_B, stream, file->path, err);
}

static mj_status file_load(mj_safetensors *file, const char *path, size_t limit_B, bool with_data,
                           mj_arena *arena, mj_err *err)
{
    *file = (mj_safetensors){.path = mj_arena_text(arena, path, strlen(path)), .arena = arena};
    FILE *stream = fopen(path, "rb");
    struct stat info;
    mj_status status = MJ_OK;
    if (!stream || fstat(fileno(stream), &info) != 0) {
        status = mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot open: %s", strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        status = mj_err_add(err, MJ_EFILE, path, 0, 0, "not a regular file");
    } else if (with_data && (uintmax_t)info.st_size > limit_B) {
        status = mj_err_add(err, MJ_ELIMIT, path, 0, 0, "larger than %zu bytes", limit_B);
    } else if (!file->path) {
        status = no_memory(file, err);
    } else {
        status = stream_read(file, stream, (size_t)info.st_size, with_data, err);
    }
    if (stream) {
        fclose(stream);
    }
    return status;
}

mj_status mj_safetensors_load(mj_safetensors *file, const char *path, size_t limit_B,
                              mj_arena *arena, mj_err *err)
{
    return file_load(file, path, limit_B, true, arena, err);
}

mj_status mj_safetensors_load_header(mj_safetensors *file, const char *path, mj_arena *arena,
                                     mj_err *err)
{
    return file_load(file, path, 0, false, arena, err);
}

const mj_stored_tensor *mj_safetensors_find(const mj_safetensors *file, const char *name)
{
    for (int i = 0; i < file->n_tensors; i++) {
        if (strcmp(file->tensor[i].name, name) == 0) {
            return &file->tensor[i];
        }
    }
    return NULL;
}

const char *mj_safetensors_text(const mj_safetensors *file, const char *key)
{
    for (int i = 0; i < file->n_texts; i++) {
        if (strcmp(file->text[i].key, key) == 0) {
            return file->text[i].text;
        }
    }
    return NULL;
}

/* IEEE 754 binary16. */
static double half_value(uint16_t half)
{
    int exponent = half >> 10 & 31, fraction = half & 1023;
    double magnitude = ldexp(fraction + (exponent ? 1024 : 0), (exponent ? exponent : 1) - 25);
    if (exponent == 31) {
        magnitude = fraction ? (double)NAN : HUGE_VAL;
    }
    return half & 0x8000 ? -magnitude : magnitude;
}

/* bfloat16 is the upper half of a float. */
static double bfloat_value(uint16_t bfloat)
{
    uint32_t bits = (uint32_t)bfloat << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

double mj_tensor_element(const mj_stored_tensor *tensor, size_t i)
{
    union {
        double f64;
        int64_t i64;
        float f32;
        int32_t i32;
        uint16_t u16;
        int8_t i8;
        uint8_t u8;
    } value;
    size_t size = dtype_sizes_B[tensor->dtype];
    memcpy(&value, (const unsigned char *)tensor->data + i * size, size); /* perhaps unaligned */
    switch (tensor->dtype) {
    case MJ_DTYPE_F64:
        return value.f64;
    case MJ_DTYPE_I64:
        return (double)value.i64;
    case MJ_DTYPE_F32:
        return (double)value.f32;
    case MJ_DTYPE_I32:
        return value.i32;
    case MJ_DTYPE_F16:
        return half_value(value.u16);
    case MJ_DTYPE_BF16:
        return bfloat_value(value.u16);
    case MJ_DTYPE_I8:
        return value.i8;
    default:
        return value.u8;
    }
}
