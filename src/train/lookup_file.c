/* The file of a look-up memory: rows to codes and back. */
#include "mj/lookup_file.h"

#include "mj/codebook.h"
#include "mj/trained.h"
#include "task.h"

#include <math.h>
#include <string.h>

#define ROWS "rows.packed"
#define LEVELS "rows.levels"
enum { HEAD_BITS = 8 };
/* Training leaves levels and gains of a few ones; sums of numbers below this are finite. */
static const double NUMBER_MAX = 1e6;

mj_lookup_text_config mj_lookup_config_of(const mj_recipe *recipe, const mj_alphabet *alphabet)
{
    mj_lookup_text_config config = {.contexts = recipe->model.contexts, .rows = recipe->model.rows,
                                    .dims = recipe->model.dims, .n_symbols = alphabet->n_symbols,
                                    .n_batch = recipe->train.n_generated,
                                    .feeds = recipe->model.kind == MJ_TRAINED_TEXT_NET,
                                    .seed = (uint64_t)recipe->train.seed};
    memcpy(config.letter, alphabet->letter, sizeof config.letter);
    return config;
}

static mj_status no_memory(mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the file of a look-up memory");
}

static mj_status add_bytes(mj_checkpoint *checkpoint, const char *name, mj_dtype dtype,
                           const void *data, size_t rows, size_t columns, mj_err *err)
{
    return mj_safetensors_add(&checkpoint->file, name, dtype, data, (size_t[]){rows, columns}, 2, err);
}

/* A table: its codebook, then the codes of its rows. */
static mj_status encode_table(unsigned char *packed, float *level, const mj_lookup_memory *m, int k,
                              int bits, mj_err *err)
{
    const mj_lookup_context *context = &m->contexts.context[k];
    const size_t row_B = mj_code_row_B(m->dims, bits);
    uint32_t end = context->first_row + context->n_rows;
    double largest = 0;
    mj_arena scratch;
    mj_code_histogram *histogram;
    mj_arena_init(&scratch, 0);
    for (uint32_t r = context->first_row; r < end; r++) {
        const mj_real *w = m->slab + 2 * m->stride * r;
        double gain = fabs((double)mj_lookup_row_gain(m, k, r));
        for (int j = 0; j < m->dims; j++) {
            largest = fmax(largest, gain * fabs((double)w[j]));
        }
    }
    mj_status status = mj_code_histogram_new(&histogram, largest, &scratch, err);
    for (uint32_t r = context->first_row; status == MJ_OK && r < end; r++) {
        const mj_real *w = m->slab + 2 * m->stride * r;
        double gain = (double)mj_lookup_row_gain(m, k, r);
        for (int j = 0; m->count[r] > 0 && j < m->dims; j++) {
            mj_code_histogram_add(histogram, gain * (double)w[j]);
        }
    }
    if (status == MJ_OK) {
        mj_codebook_fit(level, histogram, bits);
    }
    for (uint32_t r = context->first_row; status == MJ_OK && r < end; r++) {
        const mj_real *w = m->slab + 2 * m->stride * r;
        double gain = m->count[r] > 0 ? (double)mj_lookup_row_gain(m, k, r) : 0;
        for (int j = 0; j < m->dims; j++) {
            mj_code_set(packed + r * row_B, j, bits,
                        mj_codebook_find(level, bits, gain * (double)w[j]));
        }
    }
    mj_arena_fini(&scratch);
    return status;
}

mj_status mj_lookup_file_fill(mj_checkpoint *checkpoint, const mj_lookup_text *text, int row_bits,
                              mj_arena *arena, mj_err *err)
{
    const mj_lookup_memory *m = text->memory;
    size_t row_B = mj_code_row_B(m->dims, row_bits), n_levels = (size_t)1 << row_bits;
    size_t K = (size_t)m->contexts.n;
    unsigned char *packed = mj_arena_alloc(arena, m->contexts.n_rows * row_B);
    float *level = mj_arena_array(arena, K * n_levels, sizeof *level);
    float *copied = mj_arena_array(arena, K * MJ_LOOKUP_MATCHES, sizeof *copied);
    if (!packed || !level || !copied) {
        return no_memory(err);
    }
    for (int k = 0; k < m->contexts.n; k++) {
        MJ_TRY(encode_table(packed, level + (size_t)k * n_levels, m, k, row_bits, err));
        for (int c = 0; c < MJ_LOOKUP_MATCHES; c++) {
            copied[k * MJ_LOOKUP_MATCHES + c] = (float)m->gains.copied[k][c];
        }
    }
    MJ_TRY(add_bytes(checkpoint, ROWS, MJ_DTYPE_U8, packed, m->contexts.n_rows, row_B, err));
    MJ_TRY(add_bytes(checkpoint, LEVELS, MJ_DTYPE_F32, level, K, n_levels, err));
    MJ_TRY(add_bytes(checkpoint, "copied", MJ_DTYPE_F32, copied, K, MJ_LOOKUP_MATCHES, err));
    if (text->head) {
        const mj_pack_shape shape = {m->dims, (int)text->columns, HEAD_BITS};
        MJ_TRY(mj_checkpoint_add_packed(checkpoint, "head", text->head, NULL, shape, err));
        MJ_TRY(mj_checkpoint_add(checkpoint, "bias", text->bias, (int[]){(int)text->columns}, 1, err));
    }
    const mj_copy_index *copy = &text->copy[0];
    return m->contexts.n_copies == 0
               ? MJ_OK
               : add_bytes(checkpoint, "text", MJ_DTYPE_U8, copy->text, 1, copy->n, err);
}

/* Letters of an English word and the mark of its end, about. */
enum { WORD_LETTERS = 6 };

/* Symbols that the hash of a context takes in. Pairs of symbols and copies are places, no hashes; the
 * copies' own index mixes as many symbols as they match. */
static int symbols_mixed(const mj_lookup_context *context)
{
    switch (context->kind) {
    case MJ_LOOKUP_ORDER:
    case MJ_LOOKUP_COPY:
        return context->reach;
    case MJ_LOOKUP_WORD:
        return WORD_LETTERS * (context->reach + 1);
    default: /* the current word and one other */
        return WORD_LETTERS * 2;
    }
}

mj_model mj_lookup_shape(const mj_lookup_text *text, const char *name, int row_bits)
{
    const mj_lookup_contexts *contexts = &text->memory->contexts;
    mj_model shape = {.name = name, .kind = MJ_MODEL_LOOKUP};
    shape.lookup.contexts = contexts->n;
    shape.lookup.symbols = text->config.n_symbols;
    shape.lookup.rows = contexts->n_rows;
    shape.lookup.dims = text->memory->dims;
    shape.lookup.row_bits = row_bits;
    shape.lookup.head_bits = text->head ? HEAD_BITS : 0;
    shape.lookup.copies = contexts->n_copies;
    if (contexts->n_copies > 0) {
        shape.lookup.remembered = (double)text->copy[0].n;
        shape.lookup.slots = (double)((size_t)1 << text->copy[0].bits);
    }
    for (int k = 0; k < contexts->n; k++) {
        shape.lookup.mixed += symbols_mixed(&contexts->context[k]);
    }
    return shape;
}

mj_status mj_lookup_file_describe(mj_checkpoint *checkpoint, const mj_lookup_text *text,
                                  const char *name, int row_bits, mj_arena *arena, mj_err *err)
{
    const mj_model shape = mj_lookup_shape(text, name, row_bits);
    const char *words = mj_trained_describe(&shape, arena);
    return words ? mj_checkpoint_set_text(checkpoint, MJ_TRAINED_KEY, words, err) : no_memory(err);
}

/* A tensor of this type and shape. */
static mj_status find(const mj_stored_tensor **tensor, const mj_checkpoint *checkpoint,
                      const char *name, mj_dtype dtype, size_t rows, size_t columns, mj_err *err)
{
    *tensor = mj_safetensors_find(&checkpoint->file, name);
    bool fits = *tensor && (*tensor)->dtype == dtype && (*tensor)->n_dims == 2 &&
                (*tensor)->dim[0] == rows && (*tensor)->dim[1] == columns;
    return fits ? MJ_OK
                : mj_err_add(err, MJ_EFIT, checkpoint->file.path, 0, 0,
                             "tensor %s is not what the model needs: %s [%zu, %zu]", name,
                             mj_dtype_name(dtype), rows, columns);
}

/* Rows, gains. Stored rows count as often seen, so that their gain is 1. */
static mj_status read_rows(mj_lookup_text *text, const mj_checkpoint *checkpoint, int bits,
                           mj_err *err)
{
    mj_lookup_memory *m = text->memory;
    size_t row_B = mj_code_row_B(m->dims, bits), n_levels = (size_t)1 << bits;
    size_t K = (size_t)m->contexts.n;
    const mj_stored_tensor *rows, *levels, *copied;
    float level[MJ_CODES_MAX];
    MJ_TRY(find(&rows, checkpoint, ROWS, MJ_DTYPE_U8, m->contexts.n_rows, row_B, err));
    MJ_TRY(find(&levels, checkpoint, LEVELS, MJ_DTYPE_F32, K, n_levels, err));
    MJ_TRY(find(&copied, checkpoint, "copied", MJ_DTYPE_F32, K, MJ_LOOKUP_MATCHES, err));
    const unsigned char *packed = rows->data;
    for (size_t k = 0; k < K; k++) {
        const mj_lookup_context *context = &m->contexts.context[k];
        bool finite = true;
        for (size_t i = 0; i < n_levels; i++) {
            level[i] = (float)mj_tensor_element(levels, k * n_levels + i);
            finite = finite && fabs((double)level[i]) <= NUMBER_MAX;
        }
        for (size_t c = 0; c < MJ_LOOKUP_MATCHES; c++) {
            m->gains.copied[k][c] = (mj_real)mj_tensor_element(copied, k * MJ_LOOKUP_MATCHES + c);
            finite = finite && fabs((double)m->gains.copied[k][c]) <= NUMBER_MAX;
        }
        if (!finite) {
            return mj_err_add(err, MJ_ERANGE, checkpoint->file.path, 0, 0,
                              "levels or gains of context %zu are not within +-%g", k, NUMBER_MAX);
        }
        for (uint32_t r = context->first_row; r < context->first_row + context->n_rows; r++) {
            mj_real *w = m->slab + 2 * m->stride * r;
            for (int j = 0; j < m->dims; j++) {
                w[j] = (mj_real)level[mj_code_get(packed + r * row_B, j, bits)];
            }
        }
    }
    return MJ_OK;
}

static mj_status read_head(mj_lookup_text *text, const mj_checkpoint *checkpoint, mj_err *err)
{
    int V = (int)text->columns, D = text->memory->dims;
    MJ_TRY(mj_checkpoint_read(text->head, checkpoint, "head", (int[]){D, V}, 2, err));
    MJ_TRY(mj_checkpoint_read(text->bias, checkpoint, "bias", &V, 1, err));
    double largest = 0;
    for (size_t i = 0; i < (size_t)D * text->columns; i++) {
        largest = fmax(largest, fabs((double)text->head[i]));
    }
    for (size_t i = 0; i < text->columns; i++) {
        largest = fmax(largest, fabs((double)text->bias[i]));
    }
    return largest <= NUMBER_MAX ? MJ_OK
                                 : mj_err_add(err, MJ_ERANGE, checkpoint->file.path, 0, 0,
                                              "head or bias are not within +-%g", NUMBER_MAX);
}

static mj_status read_copies(mj_lookup_text *text, const mj_checkpoint *checkpoint, mj_arena *arena,
                             mj_err *err)
{
    const mj_stored_tensor *stored = mj_safetensors_find(&checkpoint->file, "text");
    if (text->memory->contexts.n_copies == 0) {
        return MJ_OK;
    }
    if (!stored || stored->dtype != MJ_DTYPE_U8 || stored->n_elements < MJ_HISTORY ||
        stored->n_elements > UINT32_MAX) {
        return mj_err_add(err, MJ_EFIT, checkpoint->file.path, 0, 0,
                          "no tensor text that the copies remember");
    }
    size_t n = stored->n_elements;
    uint8_t *symbols = mj_arena_alloc(arena, MJ_HISTORY + n);
    if (!symbols) {
        return no_memory(err);
    }
    memcpy(symbols + MJ_HISTORY, stored->data, n);
    for (size_t i = MJ_HISTORY; i < MJ_HISTORY + n; i++) {
        if (symbols[i] >= text->config.n_symbols) {
            return mj_err_add(err, MJ_ERANGE, checkpoint->file.path, 0, 0,
                              "text: symbol %d of %d", symbols[i], text->config.n_symbols);
        }
    }
    return mj_lookup_text_remember(text, symbols + MJ_HISTORY, n, arena, err);
}

/* The tables that a recipe asks for are in the file, before memory is taken for them. */
static mj_status check_rows(const mj_checkpoint *checkpoint, const mj_lookup_text_config *config,
                            int bits, mj_err *err)
{
    mj_lookup_contexts contexts;
    const mj_stored_tensor *rows;
    int dims = config->dims > 0 ? config->dims : config->n_symbols;
    MJ_TRY(mj_lookup_contexts_parse(&contexts, config->contexts, config->rows, config->n_symbols,
                                    checkpoint->file.path, err));
    return find(&rows, checkpoint, ROWS, MJ_DTYPE_U8, contexts.n_rows, mj_code_row_B(dims, bits),
                err);
}

mj_status mj_lookup_file_read(mj_lookup_text **read, const mj_checkpoint *checkpoint,
                              const mj_recipe *recipe, const mj_alphabet *alphabet, mj_arena *arena,
                              mj_err *err)
{
    mj_lookup_text *text;
    mj_lookup_text_config config = mj_lookup_config_of(recipe, alphabet);
    config.n_batch = 1;
    MJ_TRY(check_rows(checkpoint, &config, recipe->model.row_bits, err));
    MJ_TRY(mj_lookup_text_new(&text, &config, 0, checkpoint->file.path, arena, err));
    MJ_TRY(read_rows(text, checkpoint, recipe->model.row_bits, err));
    if (text->head) {
        MJ_TRY(read_head(text, checkpoint, err));
    }
    MJ_TRY(read_copies(text, checkpoint, arena, err));
    *read = text;
    return MJ_OK;
}

double mj_lookup_touched_B(const mj_lookup_text *text, int row_bits)
{
    double head_B = text->head ? (double)text->memory->dims * text->config.n_symbols : 0;
    return text->memory->contexts.n * (double)mj_code_row_B(text->memory->dims, row_bits) + head_B;
}

double mj_lookup_slots_B(const mj_lookup_text *text)
{
    double size_B = 0;
    for (int c = 0; c < text->memory->contexts.n_copies; c++) {
        size_B += (double)sizeof(uint32_t) * (double)((size_t)1 << text->copy[c].bits);
    }
    return size_B;
}

mj_status mj_lookup_file_load(mj_lookup_model *model, const char *path, const mj_units *units,
                              mj_arena *arena, mj_err *err)
{
    mj_checkpoint checkpoint;
    mj_checkpoint_run run;
    *model = (mj_lookup_model){0};
    MJ_TRY(mj_checkpoint_load(&checkpoint, path, arena, err));
    MJ_TRY(mj_checkpoint_get_run(&run, &checkpoint, err));
    if (strcmp(run.model, mj_trained_kind_names[MJ_TRAINED_LOOKUP]) != 0) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0, "no language model: a %s", run.model);
    }
    MJ_TRY(mj_recipe_parse(&model->recipe, run.recipe, path, units, arena, err));
    if (model->recipe.model.kind != MJ_TRAINED_LOOKUP) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "its recipe is of another kind of model");
    }
    MJ_TRY(mj_checkpoint_get_text(&model->data, &checkpoint, MJ_DATA_KEY, err));
    MJ_TRY(mj_alphabet_read(&model->alphabet, &checkpoint, err));
    MJ_TRY(mj_lookup_file_read(&model->text, &checkpoint, &model->recipe, &model->alphabet, arena,
                               err));
    for (int i = 0; i < checkpoint.file.n_tensors; i++) {
        model->stored_B += (double)checkpoint.file.tensor[i].size_B;
    }
    model->stored_B += mj_lookup_slots_B(model->text);
    model->touched_B = mj_lookup_touched_B(model->text, model->recipe.model.row_bits);
    return MJ_OK;
}
