/* Checkpoint: typed texts, shapes that must agree, packed matrices.
 *
 * What is read is judged here, not trusted: a text must be exactly what mj writes, a tensor must have
 * exactly the shape that the model asks for, and the parts of a packed matrix must fit each other. */
#include "mj/checkpoint.h"

#include "mj/text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPE_TEXT = 128, NAME_MAX_B = 256 };

static const size_t load_max_B = (size_t)2 << 30;

void mj_checkpoint_init(mj_checkpoint *checkpoint, mj_arena *arena)
{
    mj_safetensors_init(&checkpoint->file, arena);
}

mj_status mj_checkpoint_set_text(mj_checkpoint *checkpoint, const char *key, const char *text,
                                 mj_err *err)
{
    return mj_safetensors_set(&checkpoint->file, key, text, err);
}

static mj_status set_format(mj_checkpoint *checkpoint, mj_err *err, const char *key,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));

static mj_status set_format(mj_checkpoint *checkpoint, mj_err *err, const char *key,
                            const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return mj_safetensors_set(&checkpoint->file, key, text, err);
}

mj_status mj_checkpoint_set_number(mj_checkpoint *checkpoint, const char *key, double number,
                                   mj_err *err)
{
    return set_format(checkpoint, err, key, "%.17g", number);
}

mj_status mj_checkpoint_set_run(mj_checkpoint *checkpoint, const mj_checkpoint_run *run,
                                mj_err *err)
{
    MJ_TRY(mj_checkpoint_set_text(checkpoint, "model", run->model, err));
    MJ_TRY(mj_checkpoint_set_text(checkpoint, "recipe", run->recipe, err));
    MJ_TRY(mj_checkpoint_set_text(checkpoint, "kernel", run->kernel, err));
    MJ_TRY(set_format(checkpoint, err, "seed", "%" PRIu64, run->seed));
    MJ_TRY(set_format(checkpoint, err, "step", "%lld", run->step));
    return set_format(checkpoint, err, "threads", "%d", run->n_threads);
}

mj_status mj_checkpoint_add(mj_checkpoint *checkpoint, const char *name, const mj_real *data,
                            const int *dim, int n_dims, mj_err *err)
{
    size_t wide[MJ_CHECKPOINT_DIMS];
    if (n_dims > MJ_CHECKPOINT_DIMS) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0, "tensor %s: more than %d dimensions", name,
                          MJ_CHECKPOINT_DIMS);
    }
    for (int i = 0; i < n_dims; i++) {
        wide[i] = (size_t)dim[i];
    }
    mj_dtype dtype = sizeof(mj_real) == sizeof(float) ? MJ_DTYPE_F32 : MJ_DTYPE_F64;
    return mj_safetensors_add(&checkpoint->file, name, dtype, data, wide, n_dims, err);
}

mj_status mj_checkpoint_add_packed(mj_checkpoint *checkpoint, const char *name, const mj_real *x,
                                   const float *scale, mj_pack_shape shape, mj_err *err)
{
    char part[NAME_MAX_B];
    mj_arena *arena = checkpoint->file.arena;
    unsigned char *packed = mj_arena_alloc(arena, mj_pack_size_B(shape));
    float *scales = mj_arena_array(arena, (size_t)shape.rows, sizeof *scales);
    if (!packed || !scales) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    if (scale) {
        memcpy(scales, scale, (size_t)shape.rows * sizeof *scales);
    } else {
        mj_pack_scales(scales, x, shape);
    }
    mj_pack(packed, x, scales, shape);
    size_t rows = (size_t)shape.rows, dim[2] = {rows, mj_pack_row_B(shape)};
    snprintf(part, sizeof part, "%s.packed", name);
    MJ_TRY(mj_safetensors_add(&checkpoint->file, part, MJ_DTYPE_U8, packed, dim, 2, err));
    snprintf(part, sizeof part, "%s.scale", name);
    MJ_TRY(mj_safetensors_add(&checkpoint->file, part, MJ_DTYPE_F32, scales, &rows, 1, err));
    snprintf(part, sizeof part, "%s.bits", name);
    return set_format(checkpoint, err, part, "%d", shape.bits);
}

mj_status mj_checkpoint_save(const mj_checkpoint *checkpoint, const char *path, mj_err *err)
{
    return mj_safetensors_save(&checkpoint->file, path, err);
}

mj_status mj_checkpoint_load(mj_checkpoint *checkpoint, const char *path, mj_arena *arena,
                             mj_err *err)
{
    return mj_safetensors_load(&checkpoint->file, path, load_max_B, arena, err);
}

mj_status mj_checkpoint_get_text(const char **text, const mj_checkpoint *checkpoint,
                                 const char *key, mj_err *err)
{
    *text = mj_safetensors_text(&checkpoint->file, key);
    return *text ? MJ_OK
                 : mj_err_add(err, MJ_EKEY, checkpoint->file.path, 0, 0,
                              "no checkpoint of mj: %s is missing from its metadata", key);
}

static mj_status text_refuse(const mj_checkpoint *checkpoint, const char *key, mj_err *err)
{
    return mj_err_add(err, MJ_ESYNTAX, checkpoint->file.path, 0, 0,
                      "metadata: %s is not written as mj writes it", key);
}

mj_status mj_checkpoint_get_number(double *number, const mj_checkpoint *checkpoint,
                                   const char *key, mj_err *err)
{
    const char *text;
    MJ_TRY(mj_checkpoint_get_text(&text, checkpoint, key, err));
    size_t length = mj_text_number(text, number);
    return length > 0 && text[length] == '\0' ? MJ_OK : text_refuse(checkpoint, key, err);
}

/* A whole number from low to high. */
static mj_status get_integer(long long *number, const mj_checkpoint *checkpoint, const char *key,
                             long long low, long long high, mj_err *err)
{
    const char *text;
    char *end;
    MJ_TRY(mj_checkpoint_get_text(&text, checkpoint, key, err));
    errno = 0;
    *number = strtoll(text, &end, 10);
    bool ok = errno == 0 && end != text && *end == '\0' && *number >= low && *number <= high;
    return ok ? MJ_OK : text_refuse(checkpoint, key, err);
}

mj_status mj_checkpoint_get_run(mj_checkpoint_run *run, const mj_checkpoint *checkpoint,
                                mj_err *err)
{
    long long threads;
    const char *seed;
    char *end;
    MJ_TRY(mj_checkpoint_get_text(&run->model, checkpoint, "model", err));
    MJ_TRY(mj_checkpoint_get_text(&run->recipe, checkpoint, "recipe", err));
    MJ_TRY(mj_checkpoint_get_text(&run->kernel, checkpoint, "kernel", err));
    MJ_TRY(mj_checkpoint_get_text(&seed, checkpoint, "seed", err));
    errno = 0;
    run->seed = strtoull(seed, &end, 10);
    if (errno != 0 || end == seed || *end != '\0' || *seed == '-') {
        return text_refuse(checkpoint, "seed", err);
    }
    MJ_TRY(get_integer(&run->step, checkpoint, "step", 0, LLONG_MAX, err));
    MJ_TRY(get_integer(&threads, checkpoint, "threads", 1, INT_MAX, err));
    run->n_threads = (int)threads;
    return MJ_OK;
}

/* "[912, 912]" */
static const char *shape_text(char text[SHAPE_TEXT], const size_t *dim, int n_dims)
{
    int at = snprintf(text, SHAPE_TEXT, "[");
    for (int i = 0; i < n_dims && at < SHAPE_TEXT; i++) {
        at += snprintf(text + at, SHAPE_TEXT - (size_t)at, "%s%zu", i ? ", " : "", dim[i]);
    }
    if (at < SHAPE_TEXT) {
        snprintf(text + at, SHAPE_TEXT - (size_t)at, "]");
    }
    return text;
}

static mj_status shape_check(const mj_checkpoint *checkpoint, const mj_stored_tensor *tensor,
                             const size_t *dim, int n_dims, mj_err *err)
{
    if (tensor->n_dims == n_dims &&
        memcmp(tensor->dim, dim, (size_t)n_dims * sizeof *dim) == 0) {
        return MJ_OK;
    }
    char has[SHAPE_TEXT], wants[SHAPE_TEXT];
    return mj_err_add(err, MJ_EFIT, checkpoint->file.path, 0, 0,
                      "tensor %s has shape %s; the model needs %s", tensor->name,
                      shape_text(has, tensor->dim, tensor->n_dims),
                      shape_text(wants, dim, n_dims));
}

static mj_status type_check(const mj_checkpoint *checkpoint, const mj_stored_tensor *tensor,
                            mj_dtype dtype, mj_err *err)
{
    return tensor->dtype == dtype
               ? MJ_OK
               : mj_err_add(err, MJ_ESYNTAX, checkpoint->file.path, 0, 0,
                            "tensor %s is %s, not %s", tensor->name, mj_dtype_name(tensor->dtype),
                            mj_dtype_name(dtype));
}

/* NULL if the name would be too long to be there. */
static const mj_stored_tensor *part_find(const mj_checkpoint *checkpoint, const char *name,
                                         const char *suffix)
{
    char part[NAME_MAX_B];
    int n = snprintf(part, sizeof part, "%s%s", name, suffix);
    return n < NAME_MAX_B ? mj_safetensors_find(&checkpoint->file, part) : NULL;
}

static mj_status finite_check(const mj_checkpoint *checkpoint, const char *name, const mj_real *x,
                              size_t n, mj_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) {
            return mj_err_add(err, MJ_ERANGE, checkpoint->file.path, 0, 0,
                              "tensor %s: element %zu is not finite", name, i);
        }
    }
    return MJ_OK;
}

static mj_status packed_read(mj_real *out, const mj_checkpoint *checkpoint, const char *name,
                             const int *dim, int n_dims, mj_err *err)
{
    const mj_stored_tensor *packed = part_find(checkpoint, name, ".packed");
    const mj_stored_tensor *scale = part_find(checkpoint, name, ".scale");
    char key[NAME_MAX_B];
    long long bits;
    snprintf(key, sizeof key, "%s.bits", name);
    if (!scale) {
        return mj_err_add(err, MJ_EKEY, checkpoint->file.path, 0, 0, "tensor %s.scale is missing",
                          name);
    }
    MJ_TRY(get_integer(&bits, checkpoint, key, MJ_PACK_BITS_MIN, MJ_PACK_BITS_MAX, err));
    size_t rows = 1, columns = (size_t)dim[n_dims - 1];
    for (int i = 0; i < n_dims - 1; i++) {
        rows *= (size_t)dim[i];
    }
    mj_pack_shape shape = {.rows = (int)rows, .columns = (int)columns, .bits = (int)bits};
    MJ_TRY(type_check(checkpoint, packed, MJ_DTYPE_U8, err));
    MJ_TRY(type_check(checkpoint, scale, MJ_DTYPE_F32, err));
    MJ_TRY(shape_check(checkpoint, packed, (size_t[]){rows, mj_pack_row_B(shape)}, 2, err));
    MJ_TRY(shape_check(checkpoint, scale, &rows, 1, err));
    float *scales = mj_arena_array(checkpoint->file.arena, rows, sizeof *scales);
    if (!scales) {
        return mj_err_add(err, MJ_EMEM, checkpoint->file.path, 0, 0, "out of memory");
    }
    for (size_t i = 0; i < rows; i++) {
        scales[i] = (float)mj_tensor_element(scale, i);
    }
    mj_unpack(out, packed->data, scales, shape);
    return finite_check(checkpoint, name, out, rows * columns, err);
}

mj_status mj_checkpoint_read(mj_real *out, const mj_checkpoint *checkpoint, const char *name,
                             const int *dim, int n_dims, mj_err *err)
{
    const mj_stored_tensor *tensor = part_find(checkpoint, name, "");
    size_t wide[MJ_CHECKPOINT_DIMS] = {0};
    if (!tensor && n_dims >= 2 && part_find(checkpoint, name, ".packed")) {
        return packed_read(out, checkpoint, name, dim, n_dims, err);
    }
    if (!tensor) {
        return mj_err_add(err, MJ_EKEY, checkpoint->file.path, 0, 0, "tensor %s is missing", name);
    }
    for (int i = 0; i < n_dims && i < MJ_CHECKPOINT_DIMS; i++) {
        wide[i] = (size_t)dim[i];
    }
    MJ_TRY(shape_check(checkpoint, tensor, wide, n_dims, err));
    for (size_t i = 0; i < tensor->n_elements; i++) {
        out[i] = (mj_real)mj_tensor_element(tensor, i);
    }
    return finite_check(checkpoint, name, out, tensor->n_elements, err);
}
