/* Vectors: rows of bits, their file, and the network evaluated on them, table by table. */
#include "mj/vectors.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mj/draft.h"
#include "mj/file.h"

mj_status mj_vectors_new(mj_vectors *vectors, int n, int n_bits, mj_arena *arena, mj_err *err)
{
    *vectors = (mj_vectors){.n = n, .n_bits = n_bits, .row_B = ((size_t)n_bits + 7) / 8};
    vectors->row = mj_arena_array(arena, (size_t)n, vectors->row_B);
    return vectors->row ? MJ_OK
                        : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d vectors", n);
}

bool mj_vectors_get(const mj_vectors *vectors, int row, int bit)
{
    return vectors->row[(size_t)row * vectors->row_B + (size_t)bit / 8] >> bit % 8 & 1;
}

void mj_vectors_set(mj_vectors *vectors, int row, int bit, bool value)
{
    uint8_t *byte = &vectors->row[(size_t)row * vectors->row_B + (size_t)bit / 8];
    *byte = (uint8_t)((*byte & ~(1u << bit % 8)) | (unsigned)value << bit % 8);
}

/* The bits of the last byte of a row that are in use. */
static uint8_t last_mask(const mj_vectors *vectors)
{
    int used = vectors->n_bits % 8;
    return used ? (uint8_t)((1u << used) - 1) : UINT8_MAX;
}

void mj_vectors_fill(mj_vectors *vectors, mj_rng *rng)
{
    for (int r = 0; r < vectors->n; r++) {
        uint8_t *row = vectors->row + (size_t)r * vectors->row_B;
        for (size_t i = 0; i < vectors->row_B; i++) {
            row[i] = (uint8_t)mj_rng_u32(rng);
        }
        row[vectors->row_B - 1] &= last_mask(vectors);
    }
}

mj_status mj_vectors_save(const mj_vectors *vectors, const char *path, mj_err *err)
{
    mj_draft draft;
    MJ_TRY(mj_draft_open(&draft, path, err));
    fwrite(vectors->row, vectors->row_B, (size_t)vectors->n, draft.out);
    return mj_draft_close(&draft, err);
}

static mj_status take(mj_vectors *vectors, const char *text, size_t length, const char *path,
                      mj_err *err)
{
    size_t want = (size_t)vectors->n * vectors->row_B;
    if (length != want) {
        return mj_err_add(err, MJ_ESYNTAX, path, 0, 0,
                          "%zu bytes, but %d vectors of %d bits have %zu", length, vectors->n,
                          vectors->n_bits, want);
    }
    memcpy(vectors->row, text, length);
    for (int r = 0; r < vectors->n; r++) {
        if (vectors->row[((size_t)r + 1) * vectors->row_B - 1] & ~last_mask(vectors)) {
            return mj_err_add(err, MJ_ESYNTAX, path, 0, 0, "vector %d has bits beyond its %d", r,
                              vectors->n_bits);
        }
    }
    return MJ_OK;
}

mj_status mj_vectors_load(mj_vectors *vectors, const char *path, int n, int n_bits, mj_arena *arena,
                          mj_err *err)
{
    char *text;
    size_t length;
    MJ_TRY(mj_vectors_new(vectors, n, n_bits, arena, err));
    MJ_TRY(mj_file_read(&text, &length, path, (size_t)n * vectors->row_B, err));
    mj_status status = take(vectors, text, length, path, err);
    free(text);
    return status;
}

int mj_vectors_differ(int *first, const mj_vectors *a, const mj_vectors *b)
{
    assert(a->n == b->n && a->n_bits == b->n_bits);
    int n = 0;
    *first = -1;
    for (int r = 0; r < a->n; r++) {
        size_t at = (size_t)r * a->row_B;
        if (memcmp(a->row + at, b->row + at, a->row_B) != 0) {
            *first = n++ == 0 ? r : *first;
        }
    }
    return n;
}

/* value: of all signals, one a byte. */
static void evaluate_row(uint8_t *value, const mj_lut_net *net, const mj_vectors *in, int row)
{
    value[0] = 0;
    value[1] = 1;
    for (int i = 0; i < net->n_inputs; i++) {
        value[MJ_LUT_FIRST_INPUT + i] = mj_vectors_get(in, row, i);
    }
    for (int i = 0; i < net->n_nodes; i++) {
        const mj_lut_node *node = &net->node[i];
        unsigned index = 0;
        for (int j = 0; j < node->n_inputs; j++) {
            index |= (unsigned)value[node->input[j]] << j;
        }
        value[MJ_LUT_FIRST_INPUT + net->n_inputs + i] = node->table >> index & 1;
    }
}

/* By the groups of the network, not by the terms of the read-out: what is compared must not be made by
 * what is checked. */
static void read_row(mj_vectors *out, int row, const uint8_t *value, const mj_lut_net *net,
                     const mj_readout *readout)
{
    int at = 0, best = 0, class = 0;
    for (int k = 0; k < readout->n_signals; k++) {
        mj_vectors_set(out, row, at++, value[readout->signal[k]]);
    }
    for (int g = 0; g < net->n_groups; g++) {
        int score = 0;
        for (int i = net->group[g]; i < net->group[g + 1]; i++) {
            score += value[net->output[i]];
        }
        if (score > best) {
            best = score;
            class = g;
        }
        for (int i = 0; i < readout->group[g].n_bits; i++) {
            mj_vectors_set(out, row, at++, score >> i & 1);
        }
    }
    for (int i = 0; i < readout->n_class_bits; i++) {
        mj_vectors_set(out, row, at++, class >> i & 1);
    }
}

mj_status mj_vectors_evaluate(mj_vectors *out, const mj_lut_net *net, const mj_readout *readout,
                              const mj_vectors *in, mj_arena *arena, mj_err *err)
{
    if (in->n_bits != net->n_inputs) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "vectors of %d bits for %d inputs", in->n_bits,
                          net->n_inputs);
    }
    MJ_TRY(mj_vectors_new(out, in->n, mj_readout_checked_bits(readout), arena, err));
    uint8_t *value = mj_arena_alloc(arena, (size_t)(MJ_LUT_FIRST_INPUT + net->n_inputs + net->n_nodes));
    if (!value) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d signals", net->n_nodes);
    }
    for (int row = 0; row < in->n; row++) {
        evaluate_row(value, net, in, row);
        read_row(out, row, value, net, readout);
    }
    return MJ_OK;
}
