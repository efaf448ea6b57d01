/* LUT folder: written once, read with everything checked (lut_folder.h). */
#include "mj/lut_folder.h"

#include "mj/safetensors.h"
#include "mj/sha256.h"
#include "mj/vectors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODE_COLUMNS = 3 + MJ_LUT_INPUTS_MAX, TABLE = 1 + MJ_LUT_INPUTS_MAX, NUMBER_ROOM = 32 };
static const size_t FILE_MAX_B = (size_t)1 << 30;

static mj_status no_memory(mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the network of a circuit");
}

/* Writing. */

static mj_status add_row(mj_safetensors *file, const char *name, const int *data, int n, mj_err *err)
{
    return mj_safetensors_add(file, name, MJ_DTYPE_I32, data, (size_t[]){1, (size_t)n}, 2, err);
}

static mj_status set_number(mj_safetensors *file, const char *key, double number, mj_err *err)
{
    char text[NUMBER_ROOM];
    snprintf(text, sizeof text, "%.17g", number);
    return mj_safetensors_set(file, key, text, err);
}

static mj_status add_nodes(mj_safetensors *file, const mj_lut_net *net, mj_arena *arena, mj_err *err)
{
    const size_t n = (size_t)net->n_nodes;
    int32_t *row = mj_arena_array(arena, n * NODE_COLUMNS, sizeof *row);
    if (!row) {
        return no_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        const mj_lut_node *node = &net->node[i];
        int32_t *to = row + i * NODE_COLUMNS;
        to[0] = node->n_inputs;
        for (int j = 0; j < node->n_inputs; j++) {
            to[1 + j] = node->input[j];
        }
        to[TABLE] = (int32_t)(uint32_t)node->table;
        to[TABLE + 1] = (int32_t)(uint32_t)(node->table >> 32);
    }
    return mj_safetensors_add(file, "nodes", MJ_DTYPE_I32, row, (size_t[]){n, NODE_COLUMNS}, 2, err);
}

mj_status mj_lut_folder_save(const mj_lut_folder *from, const char *folder, mj_arena *arena, mj_err *err)
{
    mj_safetensors file;
    const mj_lut_net *net = &from->net;
    const char *path = mj_arena_printf(arena, "%s/" MJ_LUT_NETWORK, folder);
    if (!path) {
        return no_memory(err);
    }
    mj_safetensors_init(&file, arena);
    MJ_TRY(add_nodes(&file, net, arena, err));
    MJ_TRY(add_row(&file, "outputs", net->output, net->n_outputs, err));
    MJ_TRY(add_row(&file, "groups", net->group, net->n_groups + 1, err));
    MJ_TRY(set_number(&file, "scale", net->scale, err));
    if (from->label) {
        MJ_TRY(add_row(&file, "labels", from->label, from->n_labels, err));
    }
    if (from->metric) {
        MJ_TRY(mj_safetensors_set(&file, "metric", from->metric, err));
        MJ_TRY(set_number(&file, "quality", from->quality, err));
    }
    return mj_safetensors_save(&file, path, err);
}

/* Reading. */

/* The file is the one that the manifest names, byte for byte. */
static mj_status check_hash(const char *path, const mj_manifest *manifest, mj_err *err)
{
    char hash[MJ_SHA256_TEXT];
    for (int i = 0; i < manifest->n_files; i++) {
        if (strcmp(manifest->file[i].name, MJ_LUT_NETWORK) == 0) {
            MJ_TRY(mj_sha256_file(hash, path, err));
            return strcmp(hash, manifest->file[i].sha256) == 0
                       ? MJ_OK
                       : mj_err_add(err, MJ_ERANGE, path, 0, 0, "not the network that the manifest is of");
        }
    }
    return mj_err_add(err, MJ_EFILE, path, 0, 0,
                      "the folder does not have its network: realise it anew");
}

static mj_status find(const mj_stored_tensor **tensor, const mj_safetensors *file, const char *name,
                      size_t n_columns, mj_err *err)
{
    enum { ELEMENTS_MAX = 1 << 28 };
    *tensor = mj_safetensors_find(file, name);
    const bool fits = *tensor && (*tensor)->dtype == MJ_DTYPE_I32 && (*tensor)->n_dims == 2 &&
                      (n_columns == 0 ? (*tensor)->dim[0] == 1 : (*tensor)->dim[1] == n_columns) &&
                      (*tensor)->n_elements <= ELEMENTS_MAX;
    return fits ? MJ_OK : mj_err_add(err, MJ_EFIT, file->path, 0, 0, "no sound tensor %s", name);
}

static mj_status read_row(int **row, int *n, const mj_safetensors *file, const char *name, mj_arena *arena,
                          mj_err *err)
{
    const mj_stored_tensor *tensor;
    MJ_TRY(find(&tensor, file, name, 0, err));
    *n = (int)tensor->n_elements;
    *row = mj_arena_array(arena, tensor->n_elements, sizeof **row);
    for (size_t i = 0; *row && i < tensor->n_elements; i++) {
        (*row)[i] = (int)mj_tensor_element(tensor, i);
    }
    return *row ? MJ_OK : no_memory(err);
}

static mj_status read_nodes(mj_lut_net *net, const mj_safetensors *file, mj_arena *arena, mj_err *err)
{
    const mj_stored_tensor *tensor;
    MJ_TRY(find(&tensor, file, "nodes", NODE_COLUMNS, err));
    net->n_nodes = (int)tensor->dim[0];
    net->node = mj_arena_array(arena, tensor->dim[0], sizeof *net->node);
    for (int i = 0; net->node && i < net->n_nodes; i++) {
        mj_lut_node *node = &net->node[i];
        const size_t at = (size_t)i * NODE_COLUMNS;
        node->n_inputs = (int)mj_tensor_element(tensor, at);
        for (int j = 0; j < MJ_LUT_INPUTS_MAX; j++) {
            node->input[j] = (int)mj_tensor_element(tensor, at + 1 + (size_t)j);
        }
        node->table = (uint32_t)(int32_t)mj_tensor_element(tensor, at + TABLE) |
                      (uint64_t)(uint32_t)(int32_t)mj_tensor_element(tensor, at + TABLE + 1) << 32;
    }
    return net->node ? MJ_OK : no_memory(err);
}

static mj_status read_number(double *number, const mj_safetensors *file, const char *key, mj_err *err)
{
    const char *text = mj_safetensors_text(file, key);
    char *end = NULL;
    *number = text ? strtod(text, &end) : NAN;
    return text && end != text && *end == '\0' && isfinite(*number)
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, file->path, 0, 0, "the text %s must be a number", key);
}

static mj_status read_labels(mj_lut_folder *to, const mj_safetensors *file, mj_arena *arena, mj_err *err)
{
    int *label;
    MJ_TRY(read_row(&label, &to->n_labels, file, "labels", arena, err));
    for (int i = 0; i < to->n_labels; i++) {
        if (label[i] < 0 || label[i] >= to->net.n_groups) {
            return mj_err_add(err, MJ_ERANGE, file->path, 0, 0, "label %d is no group: %d", i, label[i]);
        }
    }
    to->label = label;
    return MJ_OK;
}

mj_status mj_lut_folder_load(mj_lut_folder *to, const mj_manifest *m, const char *folder, mj_arena *arena,
                             mj_err *err)
{
    mj_safetensors file;
    mj_lut_net *net = &to->net;
    int n_borders;
    const char *path = mj_arena_printf(arena, "%s/" MJ_LUT_NETWORK, folder);
    *to = (mj_lut_folder){.net = {.n_inputs = m->n_inputs}};
    if (!path) {
        return no_memory(err);
    }
    MJ_TRY(check_hash(path, m, err));
    MJ_TRY(mj_safetensors_load(&file, path, FILE_MAX_B, arena, err));
    MJ_TRY(read_nodes(net, &file, arena, err));
    MJ_TRY(read_row(&net->output, &net->n_outputs, &file, "outputs", arena, err));
    MJ_TRY(read_row(&net->group, &n_borders, &file, "groups", arena, err));
    net->n_groups = n_borders - 1;
    MJ_TRY(read_number(&net->scale, &file, "scale", err));
    MJ_TRY(mj_lut_net_check(net, path, err));
    if (mj_safetensors_find(&file, "labels")) {
        MJ_TRY(read_labels(to, &file, arena, err));
    }
    to->metric = mj_safetensors_text(&file, "metric");
    if (to->metric) {
        MJ_TRY(read_number(&to->quality, &file, "quality", err));
    }
    return net->n_nodes == m->n_nodes && net->n_groups == m->n_groups && (!to->label || to->n_labels == m->n_vectors)
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, path, 0, 0, "not the network that the manifest is of");
}

mj_status mj_lut_folder_inputs(uint64_t **input, const mj_manifest *m, const char *folder, int n, mj_arena *arena,
                               mj_err *err)
{
    mj_vectors vectors;
    const size_t words = ((size_t)n + 63) / 64;
    const char *path = mj_arena_printf(arena, "%s/vectors.bin", folder);
    *input = mj_arena_array(arena, (size_t)m->n_inputs * words, sizeof **input);
    if (!path || !*input) {
        return no_memory(err);
    }
    MJ_TRY(mj_vectors_load(&vectors, path, m->n_vectors, m->n_inputs, arena, err));
    for (int i = 0; i < m->n_inputs; i++) {
        for (int v = 0; v < n && v < vectors.n; v++) {
            (*input)[(size_t)i * words + (size_t)v / 64] |= (uint64_t)mj_vectors_get(&vectors, v, i) << v % 64;
        }
    }
    return MJ_OK;
}
