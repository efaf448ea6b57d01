/* The header of a GGUF file: metadata and tensor table, never the weights [ggml2025].
 *
 *   "GGUF"  u32 version (2, 3)  u64 n_tensors  u64 n_keys
 *   n_keys    times  text key, u32 type, value      text = u64 length, bytes
 *   n_tensors times  text name, u32 n_dims, u64 dim[n_dims], u32 type, u64 offset
 *   padding to general.alignment (32), then the data; offsets count from here
 *
 * All little-endian. Nothing in the file is trusted: every length and count is held against the
 * bytes that are left before it is used, the tensors' places against the file's size and each
 * other. The bytes of a tensor follow from its dimensions and the block size of its type.
 *
 * The header may have at most 256 MiB (a vocabulary of 256k words has 8); big-endian files and
 * version 1 are refused. */
#include "gguf_header.h"

#include "mj/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_MAX = 256,        /* bytes of a key or tensor name that are looked at */
    KEY_LIMIT = 65535,    /* bytes of a key that the format allows */
    DIMS_MAX = 4,
    DEPTH_MAX = 4,        /* arrays in arrays */
    TENSORS_MAX = 1 << 20,
};

typedef enum {
    U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64, VALUE_TYPES
} value_type;
static const int value_B[VALUE_TYPES] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

/* Elements and bytes of one block of a tensor type; 0: a number that ggml no longer uses. */
typedef struct {
    const char *name;
    int elements, bytes;
    mj_format format; /* the nearest format with a name of its own */
} tensor_type;

static const tensor_type tensor_types[] = {
    [0] = {"F32", 1, 4, MJ_FORMAT_FP32},      [1] = {"F16", 1, 2, MJ_FORMAT_FP16},
    [2] = {"Q4_0", 32, 18, MJ_FORMAT_INT4},   [3] = {"Q4_1", 32, 20, MJ_FORMAT_INT4},
    [6] = {"Q5_0", 32, 22, MJ_FORMAT_INT6},   [7] = {"Q5_1", 32, 24, MJ_FORMAT_INT6},
    [8] = {"Q8_0", 32, 34, MJ_FORMAT_INT8},   [9] = {"Q8_1", 32, 36, MJ_FORMAT_INT8},
    [10] = {"Q2_K", 256, 84, MJ_FORMAT_INT2}, [11] = {"Q3_K", 256, 110, MJ_FORMAT_INT3},
    [12] = {"Q4_K", 256, 144, MJ_FORMAT_INT4}, [13] = {"Q5_K", 256, 176, MJ_FORMAT_INT6},
    [14] = {"Q6_K", 256, 210, MJ_FORMAT_INT6}, [15] = {"Q8_K", 256, 292, MJ_FORMAT_INT8},
    [16] = {"IQ2_XXS", 256, 66, MJ_FORMAT_INT2}, [17] = {"IQ2_XS", 256, 74, MJ_FORMAT_INT2},
    [18] = {"IQ3_XXS", 256, 98, MJ_FORMAT_INT3}, [19] = {"IQ1_S", 256, 50, MJ_FORMAT_TERNARY},
    [20] = {"IQ4_NL", 32, 18, MJ_FORMAT_INT4}, [21] = {"IQ3_S", 256, 110, MJ_FORMAT_INT3},
    [22] = {"IQ2_S", 256, 82, MJ_FORMAT_INT2}, [23] = {"IQ4_XS", 256, 136, MJ_FORMAT_INT4},
    [24] = {"I8", 1, 1, MJ_FORMAT_INT8},      [25] = {"I16", 1, 2, MJ_FORMAT_FP16},
    [26] = {"I32", 1, 4, MJ_FORMAT_FP32},     [27] = {"I64", 1, 8, MJ_FORMAT_FP32},
    [28] = {"F64", 1, 8, MJ_FORMAT_FP32},     [29] = {"IQ1_M", 256, 56, MJ_FORMAT_TERNARY},
    [30] = {"BF16", 1, 2, MJ_FORMAT_BF16},    [34] = {"TQ1_0", 256, 54, MJ_FORMAT_TERNARY},
    [35] = {"TQ2_0", 256, 66, MJ_FORMAT_INT2}, [39] = {"MXFP4", 32, 17, MJ_FORMAT_MXFP4},
};
_Static_assert(sizeof tensor_types / sizeof tensor_types[0] == GGUF_TENSOR_TYPES, "one table");

typedef struct {
    const uint8_t *data;
    uint64_t size, at; /* at <= size always */
    uint64_t file_B;   /* the whole file, data included */
    const char *file;
    mj_err *err;
    char key[KEY_MAX]; /* what is being read, for messages */
} reader;

static mj_status complain(const reader *r, mj_status status, const char *what)
{
    return mj_err_add(r->err, status, r->file, 0, 0, "byte %" PRIu64 ", %s: %s", r->at,
                      r->key[0] ? r->key : "header", what);
}

static mj_status need(const reader *r, uint64_t bytes)
{
    return bytes <= r->size - r->at ? MJ_OK : complain(r, MJ_ESYNTAX, "the header ends too early");
}

static mj_status read_uint(uint64_t *value, int bytes, reader *r)
{
    *value = 0;
    MJ_TRY(need(r, (uint64_t)bytes));
    for (int i = 0; i < bytes; i++) {
        *value |= (uint64_t)r->data[r->at + (uint64_t)i] << (8 * i);
    }
    r->at += (uint64_t)bytes;
    return MJ_OK;
}

/* Text of any length up to `limit`; *text points into the file, without a NUL. */
static mj_status read_text(const char **text, uint64_t *length, uint64_t limit, reader *r)
{
    *text = NULL;
    MJ_TRY(read_uint(length, 8, r));
    if (*length > limit) {
        return complain(r, MJ_ELIMIT, "text too long");
    }
    MJ_TRY(need(r, *length));
    *text = (const char *)r->data + r->at;
    r->at += *length;
    return MJ_OK;
}

/* A key or tensor name: cleaned and cut into r->key, for comparing and for messages. */
static mj_status read_key(reader *r)
{
    const char *text = NULL;
    uint64_t length = 0;
    char raw[KEY_MAX];
    r->key[0] = '\0';
    MJ_TRY(read_text(&text, &length, KEY_LIMIT, r));
    const size_t n = length < KEY_MAX - 1 ? (size_t)length : KEY_MAX - 1;
    memcpy(raw, text, n);
    raw[n] = '\0';
    mj_text_clean(r->key, sizeof r->key, raw);
    return MJ_OK;
}

static mj_status read_number(double *value, uint64_t type, reader *r)
{
    uint64_t bits = 0;
    float f;
    MJ_TRY(read_uint(&bits, value_B[type], r));
    switch (type) {
    case I8:
        *value = (int8_t)bits;
        break;
    case I16:
        *value = (int16_t)bits;
        break;
    case I32:
        *value = (int32_t)bits;
        break;
    case I64:
        *value = (double)(int64_t)bits;
        break;
    case F32: {
        const uint32_t low = (uint32_t)bits;
        memcpy(&f, &low, sizeof f);
        *value = f;
        break;
    }
    case F64:
        memcpy(value, &bits, sizeof *value);
        break;
    default:
        *value = (double)bits;
    }
    return MJ_OK;
}

/* A metadata value. Of an array only what a shape needs: its length and largest element (models
 * with several kinds of layers list heads and widths, 0 where a layer has none). */
typedef struct {
    bool is_number, is_text;
    double number;
    double length;
    const char *text;
    uint64_t text_length;
} metadata;

static mj_status read_value(metadata *value, uint64_t type, int depth, reader *r);

static mj_status read_array(metadata *value, int depth, reader *r)
{
    uint64_t type = 0, n = 0;
    MJ_TRY(read_uint(&type, 4, r));
    MJ_TRY(read_uint(&n, 8, r));
    if (type >= VALUE_TYPES) {
        return complain(r, MJ_ESYNTAX, "unknown type of array elements");
    }
    if (depth >= DEPTH_MAX) {
        return complain(r, MJ_ELIMIT, "arrays nested too deeply");
    }
    /* Every element takes a byte at least, so a count beyond the bytes left is a lie. */
    const uint64_t least = value_B[type] > 0 ? (uint64_t)value_B[type] : type == STRING ? 8 : 12;
    if (n > (r->size - r->at) / least) {
        return complain(r, MJ_ESYNTAX, "more array elements than the file can hold");
    }
    for (uint64_t i = 0; i < n; i++) {
        metadata item = {0};
        MJ_TRY(read_value(&item, type, depth + 1, r));
        value->number = item.number > value->number ? item.number : value->number;
        value->is_number = value->is_number || item.is_number;
    }
    value->length = (double)n;
    return MJ_OK;
}

static mj_status read_value(metadata *value, uint64_t type, int depth, reader *r)
{
    if (type >= VALUE_TYPES) {
        return complain(r, MJ_ESYNTAX, "unknown value type");
    }
    if (type == STRING) {
        value->is_text = true;
        return read_text(&value->text, &value->text_length, r->size, r);
    }
    if (type == ARRAY) {
        return read_array(value, depth, r);
    }
    value->is_number = true;
    return read_number(&value->number, type, r);
}

/* Stores the value where the key says; unknown keys are passed over. */
static mj_status take_key(gguf_keys *k, const metadata *value, reader *r)
{
    const struct {
        const char *end;
        double *to;
    } numbers[] = {
        {".block_count", &k->layers},
        {".embedding_length", &k->hidden},
        {".attention.head_count", &k->heads},
        {".attention.head_count_kv", &k->kv_heads},
        {".attention.key_length", &k->head_dim},
        {".attention.key_length_mla", &k->mla_key},
        {".attention.value_length", &k->value},
        {".attention.value_length_mla", &k->mla_value},
        {".feed_forward_length", &k->ffn},
        {".vocab_size", &k->vocab},
        {".expert_count", &k->experts},
        {".expert_used_count", &k->active},
        {".expert_feed_forward_length", &k->expert_width},
        {".expert_shared_count", &k->shared},
        {".expert_shared_feed_forward_length", &k->shared_width},
        {".attention.q_lora_rank", &k->q_lora},
        {".attention.kv_lora_rank", &k->kv_lora},
        {".rope.dimension_count", &k->rope},
        {".attention.sliding_window", &k->window},
        {".ssm.inner_size", &k->ssm_inner},
        {".ssm.state_size", &k->ssm_state},
        {".ssm.conv_kernel", &k->ssm_conv},
        {".ssm.group_count", &k->ssm_groups},
        {".ssm.time_step_rank", &k->ssm_dt_rank},
        {"general.alignment", &k->alignment},
        {"split.count", &k->splits},
    };
    if (strcmp(r->key, "general.architecture") == 0) {
        if (!value->is_text || value->text_length == 0 || value->text_length > 60 ||
            !mj_text_is_clean(value->text, (size_t)value->text_length)) {
            return complain(r, MJ_ESYNTAX, "must be a short text");
        }
        memcpy(k->architecture, value->text, (size_t)value->text_length);
        k->architecture[value->text_length] = '\0';
        return MJ_OK;
    }
    if (strcmp(r->key, "tokenizer.ggml.tokens") == 0) {
        k->tokens = value->length;
        return MJ_OK;
    }
    const char *dot = strchr(r->key, '.');
    for (size_t i = 0; dot && i < sizeof numbers / sizeof numbers[0]; i++) {
        const char *end = numbers[i].end;
        if (strcmp(end[0] == '.' ? dot : r->key, end) != 0) {
            continue;
        }
        if (!value->is_number) {
            return complain(r, MJ_ESYNTAX, "must be a number");
        }
        *numbers[i].to = value->number;
    }
    return MJ_OK;
}

static mj_status read_keys(gguf_keys *k, uint64_t n, reader *r)
{
    if (n > (r->size - r->at) / 13) { /* 13 bytes: no name, the shortest value */
        return complain(r, MJ_ELIMIT, "more keys than the header can hold");
    }
    for (uint64_t i = 0; i < n; i++) {
        uint64_t type = 0;
        metadata value = {0};
        MJ_TRY(read_key(r));
        MJ_TRY(read_uint(&type, 4, r));
        MJ_TRY(read_value(&value, type, 0, r));
        MJ_TRY(take_key(k, &value, r));
    }
    r->key[0] = '\0';
    return MJ_OK;
}

/* The parts of a model that a tensor's name tells. */
static gguf_part part_of(const char *name)
{
    if (strncmp(name, "blk.", 4) != 0) {
        return GGUF_EMBEDDING;
    }
    if (strstr(name, "_exps.")) {
        return GGUF_EXPERTS;
    }
    return strstr(name, ".ffn_") ? GGUF_FFN : GGUF_ATTENTION;
}

static bool ends_with(const char *name, const char *end)
{
    const size_t n = strlen(name), k = strlen(end);
    return n >= k && strcmp(name + n - k, end) == 0;
}

/* What the name and dimensions of one tensor tell about the shape. */
static void take_name(gguf_tensors *t, const char *name, const uint64_t *dim)
{
    const struct {
        const char *end;
        double *layers;
    } layers[] = {
        {".attn_output.weight", &t->attn_layers}, {".ffn_down.weight", &t->dense_layers},
        {".ffn_down_exps.weight", &t->expert_layers}, {".ssm_out.weight", &t->ssm_layers},
    };
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        *layers[i].layers += strncmp(name, "blk.", 4) == 0 && ends_with(name, layers[i].end);
    }
    t->has_output = t->has_output || strcmp(name, "output.weight") == 0;
    t->has_gate = t->has_gate || strstr(name, ".ffn_gate");
    t->has_ssm_x = t->has_ssm_x || ends_with(name, ".ssm_x.weight");
    t->has_bias = t->has_bias || ends_with(name, ".ffn_up.bias");
    if (strcmp(name, "token_embd.weight") == 0) {
        t->vocab = (double)dim[1];
    } else if (strcmp(name, "position_embd.weight") == 0) {
        t->positions = (double)dim[1];
    } else if (ends_with(name, ".ffn_up.weight")) {
        t->up_width = (double)dim[1];
    } else if (ends_with(name, ".ffn_down_shexp.weight")) {
        t->shared_width = (double)dim[0];
    }
}

typedef struct {
    uint64_t offset, bytes;
} extent;

/* Bytes of a tensor; the counts are checked to stay below 2^63. */
static mj_status tensor_bytes(uint64_t *elements, uint64_t *bytes, const uint64_t *dim,
                              uint64_t type, const reader *r)
{
    if (type >= GGUF_TENSOR_TYPES || tensor_types[type].elements == 0) {
        return complain(r, MJ_ESUPPORT, "unknown tensor type");
    }
    const uint64_t block = (uint64_t)tensor_types[type].elements;
    *elements = 1;
    for (int i = 0; i < DIMS_MAX; i++) {
        if (dim[i] == 0 || dim[i] > ((uint64_t)INT64_MAX / 8) / *elements) {
            return complain(r, MJ_ERANGE, "dimensions out of range");
        }
        *elements *= dim[i];
    }
    if (dim[0] % block != 0) {
        return complain(r, MJ_ERANGE, "the first dimension does not fill whole blocks");
    }
    if (__builtin_mul_overflow(*elements / block, (uint64_t)tensor_types[type].bytes, bytes)) {
        return complain(r, MJ_ERANGE, "too many bytes");
    }
    return MJ_OK;
}

static mj_status read_tensor(gguf_tensors *t, extent *place, reader *r)
{
    uint64_t n_dims = 0, type = 0, elements = 0, dim[DIMS_MAX] = {1, 1, 1, 1};
    MJ_TRY(read_key(r));
    MJ_TRY(read_uint(&n_dims, 4, r));
    if (n_dims > DIMS_MAX) {
        return complain(r, MJ_ELIMIT, "more than 4 dimensions");
    }
    for (uint64_t i = 0; i < n_dims; i++) {
        MJ_TRY(read_uint(&dim[i], 8, r));
    }
    MJ_TRY(read_uint(&type, 4, r));
    MJ_TRY(read_uint(&place->offset, 8, r));
    MJ_TRY(tensor_bytes(&elements, &place->bytes, dim, type, r));
    t->elements += (double)elements;
    t->bytes += (double)place->bytes;
    t->type_elements[part_of(r->key)][type] += (double)elements;
    take_name(t, r->key, dim);
    return MJ_OK;
}

static int compare_extents(const void *a, const void *b)
{
    const extent *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Tensors lie apart from each other and within the file. */
static mj_status check_places(extent *place, uint64_t n, double alignment, reader *r)
{
    const uint64_t align = (uint64_t)alignment;
    const uint64_t start = (r->at + align - 1) / align * align;
    uint64_t end = 0;
    r->key[0] = '\0';
    if (n > 0 && start > r->file_B) {
        return complain(r, MJ_ESYNTAX, "the file ends before the data");
    }
    qsort(place, n, sizeof *place, compare_extents);
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t room = r->file_B - start;
        if (place[i].offset % align != 0) {
            return complain(r, MJ_ESYNTAX, "a tensor's offset is not aligned");
        }
        if (place[i].offset < end) {
            return complain(r, MJ_ESYNTAX, "tensors overlap");
        }
        if (place[i].offset > room || place[i].bytes > room - place[i].offset) {
            return complain(r, MJ_ESYNTAX, "a tensor reaches beyond the end of the file");
        }
        end = place[i].offset + place[i].bytes;
    }
    return MJ_OK;
}

static mj_status read_tensors(gguf_header *header, uint64_t n, mj_arena *arena, reader *r)
{
    const double alignment = header->keys.alignment > 0 ? header->keys.alignment : 32;
    if (n > TENSORS_MAX || n > (r->size - r->at) / 24) { /* 24 bytes: no name, no dimension */
        return complain(r, MJ_ELIMIT, "more tensors than the header can hold");
    }
    if (!(alignment >= 1 && alignment <= 1 << 20) || (uint32_t)alignment % 8 != 0) {
        return complain(r, MJ_ERANGE, "general.alignment must be a multiple of 8 up to 2^20");
    }
    extent *place = mj_arena_array(arena, (size_t)n, sizeof *place);
    if (!place) {
        return complain(r, MJ_EMEM, "out of memory");
    }
    for (uint64_t i = 0; i < n; i++) {
        MJ_TRY(read_tensor(&header->tensors, &place[i], r));
    }
    return check_places(place, n, alignment, r);
}

mj_format gguf_part_format(const gguf_tensors *tensors, gguf_part part)
{
    int best = 0;
    for (int i = 1; i < GGUF_TENSOR_TYPES; i++) {
        if (tensors->type_elements[part][i] > tensors->type_elements[part][best]) {
            best = i;
        }
    }
    return tensors->type_elements[part][best] > 0 ? tensor_types[best].format : MJ_FORMAT_NONE;
}

mj_status gguf_header_parse(gguf_header *header, const uint8_t *data, uint64_t size,
                            uint64_t file_B, const char *file, mj_arena *arena, mj_err *err)
{
    reader r = {.data = data, .size = size, .file_B = file_B, .file = file, .err = err};
    uint64_t magic = 0, version = 0, n_tensors = 0, n_keys = 0;
    *header = (gguf_header){0};
    MJ_TRY(read_uint(&magic, 4, &r));
    if (magic != 0x46554747) { /* "GGUF" */
        return complain(&r, MJ_ESYNTAX, "not a GGUF file");
    }
    MJ_TRY(read_uint(&version, 4, &r));
    if (version != 2 && version != 3) {
        return complain(&r, MJ_ESUPPORT, "only little-endian GGUF of version 2 and 3 is supported");
    }
    MJ_TRY(read_uint(&n_tensors, 8, &r));
    MJ_TRY(read_uint(&n_keys, 8, &r));
    MJ_TRY(read_keys(&header->keys, n_keys, &r));
    return read_tensors(header, n_tensors, arena, &r);
}
