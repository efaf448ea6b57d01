/* Models trained by mj: a header of names, shapes and texts to a model's counts.
 *
 * The couplings that count are those that exist: a mask that training kept is a number in the text,
 * because a coupling of the mask may have been rounded to 0 and is on the chip all the same. */
#include "mj/trained.h"

#include <stdlib.h>
#include <string.h>

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
    const char *text = mj_safetensors_text(&file, MJ_TRAINED_KEY);
    if (!text) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0,
                          "no text " MJ_TRAINED_KEY ": not a generative model trained by mj; of a "
                          "Hugging Face model give config.json or its folder");
    }
    const char *place = mj_arena_printf(arena, "%s: " MJ_TRAINED_KEY, path);
    if (!place) {
        return mj_err_add(err, MJ_EMEM, path, 0, 0, "out of memory");
    }
    MJ_TRY(mj_spec_parse(model, &mj_model_schema, text, strlen(text), place, units, arena, err));
    if (model->kind != MJ_MODEL_OSCILLATORS) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0,
                          MJ_TRAINED_KEY " is of kind %s; only oscillators can be read so far",
                          mj_model_kind_names[model->kind]);
    }
    MJ_TRY(mj_model_resolve(model, place, err));
    MJ_TRY(check_couplings(&file, model, err));
    return read_quality(model, &file, arena, err);
}

char *mj_trained_describe(const mj_model *model, mj_arena *arena)
{
    const struct {
        const char *key;
        double value;
    } rows[] = {
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
    for (size_t i = 0; text && i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].value > 0) {
            text = mj_arena_printf(arena, "%s  %s: %.17g\n", text, rows[i].key, rows[i].value);
        }
    }
    const char *format = mj_format_names[model->precision.ffn];
    return text && model->precision.ffn
               ? mj_arena_printf(arena, "%sprecision: {attention: %s, ffn: %s, embedding: %s}\n", text,
                                 format, format, format)
               : text;
}
