/* Models trained by mj: a header of names, shapes and texts to a model's counts.
 *
 * The couplings that count are those that exist: a mask that training kept is a number in the text,
 * because a coupling of the mask may have been rounded to 0 and is on the chip all the same. */
#include "mj/trained.h"

#include "lut_shape.h"
#include "workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_TEXT = 48 };

static mj_status disagree(mj_err *err, const char *path, const char *name, size_t found,
                          size_t wanted, const char *what)
{
    return mj_err_add(err, MJ_ERANGE, path, 0, 0, "%s has %zu %s, " MJ_TRAINED_KEY " says %zu", name,
                      found, what, wanted);
}

/* Plain couplings are as wide as their numbers, packed ones as their text says. */
static mj_status check_packed(const mj_safetensors *file, const mj_stored_tensor *packed, size_t n,
                              const mj_model *model, mj_err *err)
{
    const char *text = mj_safetensors_text(file, "K.bits");
    char *end = NULL;
    long bits = text ? strtol(text, &end, 10) : 0;
    if (!text || end == text || *end != '\0' || bits < 2 || bits > 8) {
        return mj_err_add(err, MJ_ESYNTAX, file->path, 0, 0,
                          "K.packed wants a text K.bits from 2 to 8");
    }
    if (model->oscillator.coupling_bits != (double)bits) {
        return mj_err_add(err, MJ_ERANGE, file->path, 0, 0,
                          "couplings are packed in %ld bits, " MJ_TRAINED_KEY " says %g", bits,
                          model->oscillator.coupling_bits);
    }
    size_t row_B = (n * (size_t)bits + 7) / 8;
    if (packed->dim[1] != row_B) {
        return disagree(err, file->path, "K.packed", packed->dim[1], row_B, "bytes a row");
    }
    return MJ_OK;
}

/* [N,N] or, of several segments, [P,N,N]; packed, all rows below each other. */
static mj_status check_couplings(const mj_safetensors *file, const mj_model *model, mj_err *err)
{
    const mj_stored_tensor *plain = mj_safetensors_find(file, "K");
    const mj_stored_tensor *packed = mj_safetensors_find(file, "K.packed");
    const mj_stored_tensor *K = plain ? plain : packed;
    size_t n = (size_t)model->oscillator.visible + (size_t)model->oscillator.hidden;
    size_t n_segments = (size_t)model->oscillator.segments;
    int n_dims = plain && n_segments > 1 ? 3 : 2;
    if (!K || K->n_dims < 2 || K->n_dims > 3) {
        return mj_err_add(err, MJ_ESUPPORT, file->path, 0, 0,
                          "no tensor K or K.packed holds the couplings");
    }
    if (K->n_dims != n_dims) {
        return disagree(err, file->path, K->name, (size_t)K->n_dims, (size_t)n_dims, "dimensions");
    }
    if (n_dims == 3 && K->dim[0] != n_segments) {
        return disagree(err, file->path, K->name, K->dim[0], n_segments, "segments");
    }
    size_t rows = n_dims == 3 || n_segments == 1 ? n : n_segments * n;
    if (K->dim[n_dims - 2] != rows) {
        return disagree(err, file->path, K->name, K->dim[n_dims - 2], rows,
                        rows == n ? "oscillators" : "rows of couplings");
    }
    if (K == plain && K->dim[n_dims - 1] != n) {
        return disagree(err, file->path, K->name, K->dim[n_dims - 1], n, "couplings an oscillator");
    }
    return K == plain ? MJ_OK : check_packed(file, K, n, model, err);
}

/* A tensor of so many rows and columns. */
static mj_status check_tensor(const mj_safetensors *file, const char *name, double rows,
                              double columns, mj_err *err)
{
    const mj_stored_tensor *tensor = mj_safetensors_find(file, name);
    if (!tensor || tensor->n_dims != 2) {
        return mj_err_add(err, MJ_ESUPPORT, file->path, 0, 0, "no matrix %s, which " MJ_TRAINED_KEY
                          " wants", name);
    }
    if ((double)tensor->dim[0] != rows) {
        return disagree(err, file->path, name, tensor->dim[0], (size_t)rows, "rows");
    }
    return (double)tensor->dim[1] == columns
               ? MJ_OK
               : disagree(err, file->path, name, tensor->dim[1], (size_t)columns,
                          "bytes or numbers a row");
}

/* Tables, codebooks and remembered text of a look-up memory are as large as its text says. */
static mj_status check_tables(const mj_safetensors *file, const mj_model *m, mj_err *err)
{
    MJ_TRY(check_tensor(file, "rows.packed", m->lookup.rows, mj_lookup_row_B(m), err));
    MJ_TRY(check_tensor(file, "rows.levels", m->lookup.contexts, (double)(1ull << m->lookup.row_bits),
                        err));
    if (m->lookup.head_bits > 0) {
        const mj_stored_tensor *head = mj_safetensors_find(file, "head.packed");
        if (!head || head->n_dims != 2 || head->dim[0] != (size_t)m->lookup.dims) {
            return mj_err_add(err, MJ_ERANGE, file->path, 0, 0, "head.packed has not the %d rows that "
                              MJ_TRAINED_KEY " says", m->lookup.dims);
        }
    }
    return m->lookup.copies > 0 ? check_tensor(file, "text", 1, m->lookup.remembered, err) : MJ_OK;
}

/* A vector of so many numbers. */
static mj_status check_vector(const mj_safetensors *file, const char *name, double n, mj_err *err)
{
    const mj_stored_tensor *tensor = mj_safetensors_find(file, name);
    if (!tensor) {
        return mj_err_add(err, MJ_ESUPPORT, file->path, 0, 0, "no tensor %s, which " MJ_TRAINED_KEY
                          " wants", name);
    }
    return (double)tensor->n_elements == n
               ? MJ_OK
               : disagree(err, file->path, name, tensor->n_elements, (size_t)n, "numbers");
}

/* A text net has the embedding, the head, the blocks and the turns that its text says, and no more
 * blocks; of dense blocks also products as wide as it says. */
static mj_status check_net(const mj_safetensors *file, const mj_model *m, mj_err *err)
{
    double V = m->text_net.symbols, D = m->text_net.width, P = mj_text_net_in_columns(m);
    char name[NAME_TEXT];
    MJ_TRY(check_tensor(file, "embedding.packed", V, D, err));
    MJ_TRY(check_tensor(file, "head.packed", V, D, err));
    for (int i = 0; i < m->text_net.depth; i++) {
        snprintf(name, sizeof name, "block%d.norm1", i);
        MJ_TRY(check_vector(file, name, D, err));
        snprintf(name, sizeof name, "block%d.in.packed", i);
        if (!(m->text_net.density < 1)) {
            MJ_TRY(check_tensor(file, name, P, mj_text_net_row_B(D, m->text_net.weight_bits), err));
        }
    }
    snprintf(name, sizeof name, "block%d.norm1", m->text_net.depth);
    if (mj_safetensors_find(file, name)) {
        return mj_err_add(err, MJ_ERANGE, file->path, 0, 0, "%s: " MJ_TRAINED_KEY " says %d blocks", name,
                          m->text_net.depth);
    }
    if (m->text_net.loops > 1) {
        MJ_TRY(check_vector(file, "turn", D * m->text_net.loops, err));
    }
    return MJ_OK;
}

/* Bits per byte of a language model's validation text. */
static mj_status read_bits(mj_model *model, const mj_safetensors *file, mj_arena *arena,
                           mj_err *err)
{
    const char *value = mj_safetensors_text(file, "validation_bits_per_byte");
    const char *data = mj_safetensors_text(file, "data");
    if (!value || !data) {
        return MJ_OK;
    }
    char *end;
    model->quality.value = strtod(value, &end);
    if (end == value || *end || !(model->quality.value >= 0 && model->quality.value < 1e9)) {
        return mj_err_add(err, MJ_ESYNTAX, file->path, 0, 0,
                          "the text validation_bits_per_byte must be a number of at least 0");
    }
    model->quality.metric = mj_arena_printf(arena, "bits per byte, validation text of %s", data);
    return model->quality.metric ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
}

/* The judgement that the trainer left, if it left one. */
static mj_status read_quality(mj_model *model, const mj_safetensors *file, mj_arena *arena,
                              mj_err *err)
{
    const char *value = mj_safetensors_text(file, "frechet");
    const char *integrator = mj_safetensors_text(file, "frechet_integrator");
    const char *noise = mj_safetensors_text(file, "frechet_noise");
    if (!value || !integrator || !noise) {
        return MJ_OK;
    }
    char *end, *noise_end;
    model->quality.value = strtod(value, &end);
    double sigma = strtod(noise, &noise_end);
    if (end == value || *end || noise_end == noise || *noise_end ||
        !(model->quality.value >= 0 && model->quality.value < 1e9) || !(sigma >= 0 && sigma < 1e3)) {
        return mj_err_add(err, MJ_ESYNTAX, file->path, 0, 0,
                          "the texts frechet and frechet_noise must be numbers of at least 0");
    }
    model->quality.metric = mj_arena_printf(arena, "frechet-yardstick-fashion, %s, noise %g",
                                            integrator, sigma);
    return model->quality.metric ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
}

mj_status mj_model_from_trained(mj_model *model, const char *path, const mj_units *units,
                                mj_arena *arena, mj_err *err)
{
    mj_safetensors file;
    memset(model, 0, sizeof *model);
    MJ_TRY(mj_safetensors_load_header(&file, path, arena, err));
    if (mj_lut_shape_is(&file)) {
        return mj_lut_shape_read(model, &file, arena, err);
    }
    const char *text = mj_safetensors_text(&file, MJ_TRAINED_KEY);
    if (!text) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0,
                          "no text " MJ_TRAINED_KEY ": not a model of mj train that is billed (of an equilibrium net "
                          "of images mj realize and mj measure say the joules); of a Hugging Face model give "
                          "config.json or its folder");
    }
    const char *place = mj_arena_printf(arena, "%s: " MJ_TRAINED_KEY, path);
    if (!place) {
        return mj_err_add(err, MJ_EMEM, path, 0, 0, "out of memory");
    }
    MJ_TRY(mj_spec_parse(model, &mj_model_schema, text, strlen(text), place, units, arena, err));
    bool is_net = model->kind == MJ_MODEL_TEXT_NET, is_text = is_net || model->kind == MJ_MODEL_LOOKUP;
    if (!is_text && model->kind != MJ_MODEL_OSCILLATORS) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0,
                          MJ_TRAINED_KEY " is of kind %s; only oscillators, lookup and text_net can be "
                          "read", mj_model_kind_names[model->kind]);
    }
    MJ_TRY(mj_model_resolve(model, place, err));
    if (!is_text) {
        MJ_TRY(check_couplings(&file, model, err));
        return read_quality(model, &file, arena, err);
    }
    if (model->lookup.contexts > 0) {
        MJ_TRY(check_tables(&file, model, err));
    }
    if (is_net) {
        MJ_TRY(check_net(&file, model, err));
    }
    return read_bits(model, &file, arena, err);
}

/* A key of the text. */
typedef struct {
    const char *key;
    double value;
} row;

/* What is 0 is left out. */
static char *add_rows(char *text, const row *rows, size_t n, mj_arena *arena)
{
    for (size_t i = 0; text && i < n; i++) {
        if (rows[i].value > 0) {
            text = mj_arena_printf(arena, "%s  %s: %.17g\n", text, rows[i].key, rows[i].value);
        }
    }
    return text;
}

static char *add_lookup(char *text, const mj_model *model, mj_arena *arena)
{
    const row rows[] = {
        {"contexts", model->lookup.contexts},   {"symbols", model->lookup.symbols},
        {"rows", model->lookup.rows},           {"dims", model->lookup.dims},
        {"row_bits", model->lookup.row_bits},   {"head_bits", model->lookup.head_bits},
        {"mixed", model->lookup.mixed},         {"copies", model->lookup.copies},
        {"remembered", model->lookup.remembered}, {"slots", model->lookup.slots},
    };
    text = text ? mj_arena_printf(arena, "%slookup:\n", text) : NULL;
    return add_rows(text, rows, sizeof rows / sizeof rows[0], arena);
}

static char *describe_lookup(const mj_model *model, mj_arena *arena)
{
    char *text = mj_arena_printf(arena, "mj: 1\nmodel: %s\nkind: lookup\noutput: token\n", model->name);
    return add_lookup(text, model, arena);
}

static char *describe_net(const mj_model *model, mj_arena *arena)
{
    const row rows[] = {
        {"symbols", model->text_net.symbols},
        {"width", model->text_net.width},
        {"depth", model->text_net.depth},
        {"mlp", model->text_net.mlp},
        {"loops", model->text_net.loops},
        {"equilibrium", model->text_net.equilibrium},
        {"equilibrium_history", model->text_net.equilibrium_history},
        {"heads", model->text_net.heads},
        {"kv_heads", model->text_net.kv_heads},
        {"cache_bits", model->text_net.cache_bits},
        {"span", model->text_net.span},
        {"states", model->text_net.states},
        {"weight_bits", model->text_net.weight_bits},
        {"activation_bits", model->text_net.activation_bits},
        {"state_bits", model->text_net.state_bits},
        {"density", model->text_net.density},
        {"index_bits", model->text_net.index_bits},
    };
    char *text = mj_arena_printf(arena, "mj: 1\nmodel: %s\nkind: text_net\noutput: token\n"
                                 "text_net:\n  block: %s\n", model->name,
                                 mj_model_block_names[model->text_net.block]);
    text = add_rows(text, rows, sizeof rows / sizeof rows[0], arena);
    return model->lookup.contexts > 0 ? add_lookup(text, model, arena) : text;
}

static char *describe_oscillators(const mj_model *model, mj_arena *arena)
{
    const row rows[] = {
        {"visible", model->oscillator.visible},
        {"hidden", model->oscillator.hidden},
        {"random", model->oscillator.random},
        {"classes", model->oscillator.classes},
        {"couplings", model->oscillator.couplings},
        {"coupling_bits", model->oscillator.coupling_bits},
        {"start_bits", model->oscillator.start_bits},
        {"segments", model->oscillator.segments},
        {"harmonics", model->oscillator.harmonics},
        {"span", model->oscillator.span},
        {"steps", model->oscillator.steps},
        {"stages", model->oscillator.stages},
        {"width", model->oscillator.width},
        {"height", model->oscillator.height},
    };
    char *text = mj_arena_printf(arena, "mj: 1\nmodel: %s\nkind: oscillators\noutput: image\n"
                                 "oscillator:\n", model->name);
    return add_rows(text, rows, sizeof rows / sizeof rows[0], arena);
}

char *mj_trained_describe(const mj_model *model, mj_arena *arena)
{
    char *text = model->kind == MJ_MODEL_LOOKUP     ? describe_lookup(model, arena)
                 : model->kind == MJ_MODEL_TEXT_NET ? describe_net(model, arena)
                                                    : describe_oscillators(model, arena);
    const char *format = mj_format_names[model->precision.ffn];
    return text && model->precision.ffn
               ? mj_arena_printf(arena, "%sprecision: {attention: %s, ffn: %s, embedding: %s}\n", text,
                                 format, format, format)
               : text;
}
