/* A model from a Hugging Face config.json: document, precision, dispatch to its architecture.
 *
 * The file states a shape in the words of its architecture (`model_type`); hf_families.c knows
 * them. A model that sees or hears keeps its language part in `text_config`; the other parts are
 * named in `omitted`, not counted.
 *
 * Precision: `torch_dtype` (later `dtype`) holds for all weights, `quantization_config` replaces it
 * for the linear layers (mxfp4: for the experts), never for the embedding and the head; layers that
 * it lists as not converted keep theirs. It does not read weight files: a config whose quantiser is
 * unknown is refused, not guessed. */
#include "hf_config.h"
#include "dimension.h"

#include "mj/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LIST_TEXT = 400 };

void hf_complain(hf_reader *reader, mj_status status, const char *key, const char *what)
{
    bool outside = mj_json_get(reader->root, key) && !mj_json_get(reader->text, key);
    mj_err_add(reader->err, status, reader->file, 0, 0, "%s%s: %s", outside ? "" : reader->part,
               key, what);
    reader->status = reader->status != MJ_OK ? reader->status : status;
}

/* A whole number within [min, 2^24]; false and an error otherwise. */
static bool read_dim(int *value, const mj_json *json, const char *key, int min, hf_reader *reader)
{
    char what[96];
    double number;
    if (!mj_json_number(json, &number)) {
        hf_complain(reader, MJ_ESYNTAX, key, "must be a number");
        return false;
    }
    if (!(number >= min && number <= DIM_MAX) || number != floor(number)) {
        hf_complain(reader, MJ_ERANGE, key, dim_complaint(what, sizeof what, number, min));
        return false;
    }
    *value = (int)number;
    return true;
}

int hf_dim(hf_reader *reader, const char *key)
{
    const mj_json *json = mj_json_get(reader->text, key);
    int value = 0;
    if (!json) {
        hf_complain(reader, MJ_EKEY, key, "missing");
        return 0;
    }
    return read_dim(&value, json, key, 1, reader) ? value : 0;
}

int hf_dim_or(hf_reader *reader, const char *key, int absent)
{
    const mj_json *json = mj_json_get(reader->text, key);
    int value = 0;
    if (!json) {
        return absent;
    }
    return read_dim(&value, json, key, absent == 0 ? 0 : 1, reader) ? value : absent;
}

bool hf_bool_or(const hf_reader *reader, const char *key, bool absent)
{
    bool flag;
    return mj_json_bool(mj_json_get(reader->text, key), &flag) ? flag : absent;
}

const char *hf_text(const hf_reader *reader, const char *key)
{
    return mj_json_text(mj_json_get(reader->text, key));
}

/* The key in the language part or, failing that, in the document. */
static const mj_json *find(const hf_reader *reader, const char *key)
{
    const mj_json *json = mj_json_get(reader->text, key);
    return json ? json : mj_json_get(reader->root, key);
}

static mj_format format_of_dtype(const char *dtype)
{
    static const struct {
        const char *text;
        mj_format format;
    } known[] = {{"bfloat16", MJ_FORMAT_BF16},
                 {"float16", MJ_FORMAT_FP16},
                 {"float32", MJ_FORMAT_FP32},
                 {"float8_e4m3fn", MJ_FORMAT_FP8}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].text, dtype) == 0) {
            return known[i].format;
        }
    }
    return MJ_FORMAT_NONE;
}

static mj_format format_of_bits(double bits)
{
    switch ((int)(bits >= 0 && bits <= 64 ? bits : 0)) {
    case 2:
        return MJ_FORMAT_INT2;
    case 3:
        return MJ_FORMAT_INT3;
    case 4:
        return MJ_FORMAT_INT4;
    case 6:
        return MJ_FORMAT_INT6;
    case 8:
        return MJ_FORMAT_INT8;
    default:
        return MJ_FORMAT_NONE;
    }
}

/* compressed-tensors: bits and type of the weights in the first group. */
static mj_format format_of_groups(const mj_json *quant)
{
    const mj_json *group = mj_json_get(mj_json_get(quant, "config_groups"), "group_0");
    const mj_json *weights = mj_json_get(group, "weights");
    const char *type = mj_json_text(mj_json_get(weights, "type"));
    double bits = 0;
    mj_json_number(mj_json_get(weights, "num_bits"), &bits);
    if (type && strcmp(type, "float") == 0) {
        return bits == 8 ? MJ_FORMAT_FP8 : bits == 4 ? MJ_FORMAT_NVFP4 : MJ_FORMAT_NONE;
    }
    return format_of_bits(bits);
}

static mj_format format_of_quantiser(const mj_json *quant, const char *method)
{
    double bits = 0;
    bool four = false;
    const char *algo = mj_json_text(mj_json_get(quant, "quant_algo"));
    mj_json_number(mj_json_get(quant, "bits"), &bits);
    if (strcmp(method, "fp8") == 0 || strcmp(method, "fbgemm_fp8") == 0) {
        return MJ_FORMAT_FP8;
    }
    if (strcmp(method, "mxfp4") == 0) {
        return MJ_FORMAT_MXFP4;
    }
    if (strcmp(method, "awq") == 0 || strcmp(method, "gptq") == 0) {
        return format_of_bits(bits > 0 ? bits : 4);
    }
    if (strcmp(method, "bitsandbytes") == 0) {
        mj_json_bool(mj_json_get(quant, "load_in_4bit"), &four);
        return four ? MJ_FORMAT_INT4 : MJ_FORMAT_INT8;
    }
    if (strcmp(method, "modelopt") == 0 && algo) {
        return strcmp(algo, "NVFP4") == 0 ? MJ_FORMAT_NVFP4
               : strcmp(algo, "FP8") == 0 ? MJ_FORMAT_FP8
                                          : MJ_FORMAT_NONE;
    }
    if (strcmp(method, "compressed-tensors") == 0) {
        return format_of_groups(quant);
    }
    return MJ_FORMAT_NONE;
}

/* True if a layer whose name contains `part` is listed as not converted. */
static bool is_kept(const mj_json *quant, const char *part)
{
    static const char *const lists[] = {"modules_to_not_convert", "ignore", "ignored_layers"};
    for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
        const mj_json *list = mj_json_get(quant, lists[k]);
        for (size_t i = 0; i < mj_json_length(list); i++) {
            const char *text = mj_json_text(mj_json_at(list, i));
            if (text && strstr(text, part)) {
                return true;
            }
        }
    }
    return false;
}

static void read_precision(mj_model *model, const char *model_type, hf_reader *reader)
{
    const mj_json *quant = find(reader, "quantization_config");
    const char *method = mj_json_text(mj_json_get(quant, "quant_method"));
    const char *dtype = mj_json_text(find(reader, "torch_dtype"));
    dtype = dtype ? dtype : mj_json_text(find(reader, "dtype"));
    mj_format base = dtype ? format_of_dtype(dtype) : MJ_FORMAT_BF16;
    if (base == MJ_FORMAT_NONE) {
        hf_complain(reader, MJ_ESUPPORT, "torch_dtype",
                    "must be bfloat16, float16, float32 or float8_e4m3fn");
    }
    model->precision.attention = model->precision.ffn = model->precision.experts = (int)base;
    model->precision.embedding = model->precision.cache = (int)base;
    if (!quant) {
        return;
    }
    mj_format format = method ? format_of_quantiser(quant, method) : MJ_FORMAT_NONE;
    if (format == MJ_FORMAT_NONE) {
        hf_complain(reader, MJ_ESUPPORT, "quantization_config",
                    "supported are fp8, fbgemm_fp8, mxfp4, awq, gptq, bitsandbytes, modelopt and "
                    "compressed-tensors with 2 to 8 bits");
        return;
    }
    model->precision.experts = (int)format;
    if (format != MJ_FORMAT_MXFP4) {
        model->precision.attention = is_kept(quant, "self_attn") ? (int)base : (int)format;
        model->precision.ffn = is_kept(quant, "shared_expert") ? (int)base : (int)format;
    }
    /* Measured: the block-FP8 kernels of these models read all local experts at every batch. */
    model->moe.reads_all = mj_json_get(quant, "weight_block_size") != NULL &&
                           strncmp(model_type, "qwen3", 5) == 0 && model->moe.experts > 0;
}

static const hf_family *find_family(const char *model_type)
{
    for (int i = 0; model_type && i < hf_n_families; i++) {
        if (strcmp(hf_families[i].model_type, model_type) == 0) {
            return &hf_families[i];
        }
    }
    return NULL;
}

/* "llama, mistral, ...": what the table knows. */
static const char *list_families(char *buf, size_t size)
{
    size_t used = 0;
    buf[0] = '\0';
    for (int i = 0; i < hf_n_families && used < size; i++) {
        const int n = snprintf(buf + used, size - used, "%s%s", i > 0 ? ", " : "",
                               hf_families[i].model_type);
        used += n > 0 ? (size_t)n : 0;
    }
    return buf;
}

/* The language part and its architecture. */
static mj_status open_text(const hf_family **family, hf_reader *reader)
{
    char list[LIST_TEXT];
    const mj_json *thinker = mj_json_get(reader->root, "thinker_config");
    const mj_json *text = mj_json_get(thinker ? thinker : reader->root, "text_config");
    const char *root_type = mj_json_text(mj_json_get(reader->root, "model_type"));
    const char *type = root_type;
    reader->text = reader->root;
    reader->part = "";
    if (mj_json_is_object(text)) {
        const char *text_type = mj_json_text(mj_json_get(text, "model_type"));
        reader->text = text;
        reader->part = thinker ? "thinker_config.text_config." : "text_config.";
        type = text_type ? text_type : root_type;
    }
    if (!type) {
        return mj_err_add(reader->err, MJ_EKEY, reader->file, 0, 0,
                          "model_type is missing: not a config.json of a language model");
    }
    *family = find_family(type);
    if (!*family) {
        return mj_err_add(reader->err, MJ_ESUPPORT, reader->file, 0, 0,
                          "model_type '%.64s' is not supported; supported are %s", type,
                          list_families(list, sizeof list));
    }
    return MJ_OK;
}

static mj_status read_document(mj_model *model, hf_reader *reader)
{
    const hf_family *family = NULL;
    MJ_TRY(open_text(&family, reader));
    model->kind = MJ_MODEL_TRANSFORMER;
    model->output = MJ_OUTPUT_TOKEN;
    if (!family->own_names) {
        model->layers = hf_dim(reader, "num_hidden_layers");
        model->hidden = hf_dim(reader, "hidden_size");
        model->vocab = family->vocab > 0 ? hf_dim_or(reader, "vocab_size", family->vocab)
                                         : hf_dim(reader, "vocab_size");
    }
    model->tied = hf_bool_or(reader, "tie_word_embeddings", family->tied);
    family->read(model, reader);
    read_precision(model, family->model_type, reader);
    if (mj_json_get(reader->root, "thinker_config")) {
        model->omitted = "audio and vision encoders, talker";
    } else if (mj_json_get(reader->root, "vision_config")) {
        model->omitted = "vision encoder and projector";
    }
    return reader->status;
}

/* What to call the model: its folder, or its file unless that is plain config.json. */
static const char *name_of(const char *path, bool is_folder, mj_arena *arena)
{
    char clean[128];
    const char *end = path + strlen(path);
    while (end > path && end[-1] == '/') {
        end--;
    }
    const char *start = end;
    while (start > path && start[-1] != '/') {
        start--;
    }
    if (!is_folder && end - start == 11 && memcmp(start, "config.json", 11) == 0 && start > path) {
        return name_of(mj_arena_text(arena, path, (size_t)(start - path)), true, arena);
    }
    if (!is_folder && end - start > 5 && memcmp(end - 5, ".json", 5) == 0) {
        end -= 5;
    }
    const char *name = mj_arena_text(arena, start, (size_t)(end - start));
    if (!name || name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return "config";
    }
    return mj_arena_printf(arena, "%s", mj_text_clean(clean, sizeof clean, name));
}

mj_status mj_model_from_config(mj_model *model, const char *path, mj_arena *arena, mj_err *err)
{
    struct stat info;
    bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    const char *file = is_folder ? mj_arena_printf(arena, "%s/config.json", path) : path;
    memset(model, 0, sizeof *model);
    model->name = name_of(path, is_folder, arena);
    if (!file || !model->name) {
        return mj_err_add(err, MJ_EMEM, path, 0, 0, "out of memory");
    }
    model->family = model->name;
    model->source = "user";
    mj_json *root = mj_json_load(file, err);
    if (!root) {
        return err && err->n > 0 ? err->diag[err->n - 1].code : MJ_EFILE;
    }
    hf_reader reader = {.root = root, .file = file, .err = err};
    mj_status status = read_document(model, &reader);
    mj_json_free(root);
    MJ_TRY(status);
    return mj_model_resolve(model, file, err);
}
