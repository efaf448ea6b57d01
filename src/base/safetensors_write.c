/* safetensors: writing in one piece.
 *
 * The data go by falling element size behind a header padded to 8 bytes, so that every tensor is
 * aligned for readers that map the file. The same content gives the same bytes. */
#include "mj/safetensors.h"

#include "mj/draft.h"
#include "mj/json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PREFIX_B = 8, HEADER_MAX_B = 16 * 1024 * 1024 };

static mj_json *entry_json(const mj_stored_tensor *tensor, size_t begin)
{
    mj_json *entry = mj_json_object(), *shape = mj_json_array(), *offsets = mj_json_array();
    for (int i = 0; i < tensor->n_dims; i++) {
        mj_json_append_integer(shape, (long long)tensor->dim[i]);
    }
    mj_json_append_integer(offsets, (long long)begin);
    mj_json_append_integer(offsets, (long long)(begin + tensor->size_B));
    mj_json_set_text(entry, "dtype", mj_dtype_name(tensor->dtype));
    mj_json_set(entry, "shape", shape);
    mj_json_set(entry, "data_offsets", offsets);
    return entry;
}

/* The tensors in the order of their data: by falling element size, else as they were added. */
static const mj_stored_tensor **tensors_ordered(const mj_safetensors *file)
{
    const mj_stored_tensor **order = malloc(((size_t)file->n_tensors + 1) * sizeof *order);
    int n = 0;
    for (size_t size = 8; order && size > 0; size /= 2) {
        for (int i = 0; i < file->n_tensors; i++) {
            if (mj_dtype_size_B(file->tensor[i].dtype) == size) {
                order[n++] = &file->tensor[i];
            }
        }
    }
    return order;
}

/* The header as text of length *length, padded so that the data begin at a multiple of 8 bytes; the
 * caller's to free(). */
static mj_status header_text(char **text, size_t *length, const mj_safetensors *file,
                             const mj_stored_tensor **order, const char *path, mj_err *err)
{
    mj_json *header = mj_json_object(), *texts = mj_json_object();
    for (int i = 0; i < file->n_texts; i++) {
        mj_json_set_text(texts, file->text[i].key, file->text[i].text);
    }
    mj_json_set(header, "__metadata__", texts);
    size_t begin = 0;
    for (int i = 0; i < file->n_tensors; i++) {
        mj_json_set(header, order[i]->name, entry_json(order[i], begin));
        begin += order[i]->size_B;
    }
    *text = NULL;
    FILE *out = open_memstream(text, length);
    mj_status status = out ? mj_json_print(header, out, err)
                           : mj_err_add(err, MJ_EMEM, path, 0, 0, "out of memory");
    if (out) {
        fprintf(out, "%*s", (int)((8 - (size_t)ftell(out) % 8) % 8), "");
        fclose(out);
    }
    mj_json_free(header);
    if (status == MJ_OK && *length > HEADER_MAX_B) {
        status = mj_err_add(err, MJ_ELIMIT, path, 0, 0, "the header would exceed %d bytes",
                            HEADER_MAX_B);
    }
    return status;
}

mj_status mj_safetensors_save(const mj_safetensors *file, const char *path, mj_err *err)
{
    const mj_stored_tensor **order = tensors_ordered(file);
    if (!order) {
        return mj_err_add(err, MJ_EMEM, path, 0, 0, "out of memory");
    }
    char *header;
    size_t length;
    mj_draft draft;
    mj_status status = header_text(&header, &length, file, order, path, err);
    if (status == MJ_OK) {
        status = mj_draft_open(&draft, path, err);
    }
    if (status == MJ_OK) {
        unsigned char prefix[PREFIX_B];
        for (int i = 0; i < PREFIX_B; i++) {
            prefix[i] = (unsigned char)((uint64_t)length >> (8 * i));
        }
        bool ok = fwrite(prefix, 1, PREFIX_B, draft.out) == PREFIX_B &&
                  fwrite(header, 1, length, draft.out) == length;
        for (int i = 0; ok && i < file->n_tensors; i++) {
            ok = fwrite(order[i]->data, 1, order[i]->size_B, draft.out) == order[i]->size_B;
        }
        status = mj_draft_close(&draft, err); /* sees what a write here failed with */
    }
    free(header);
    free(order);
    return status;
}
