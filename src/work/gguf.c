/* A model from a GGUF file: its shape from the metadata, its bytes from the tensor table.
 *
 * The metadata state widths and heads; which layers have attention, experts, a dense FFN or a
 * state-space mixer is counted in the tensors' names. `exact_weight_B` is the sum over all tensors,
 * mixed quantisers included; the precision of a part is the nearest named format of most of its
 * weights. An architecture is supported if its shape explains its tensors: counts that differ by
 * more than 5 % are refused rather than billed. */
#include "gguf_header.h"
#include "dimension.h"

#include "mj/text.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t HEADER_MAX_B = (uint64_t)256 << 20;
static const double SHAPE_TOLERANCE = 0.05;

typedef struct {
    const gguf_header *header;
    const char *file;
    mj_err *err;
    mj_status status;
} shaper;

/* A dimension as int; out of range or broken: an error that names the key. */
static int dim(shaper *s, const char *key, double value)
{
    if (!(value >= 0 && value <= DIM_MAX) || value != floor(value)) {
        char what[96];
        mj_err_add(s->err, MJ_ERANGE, s->file, 0, 0, "%s.%s: %s", s->header->keys.architecture, key,
                   dim_complaint(what, sizeof what, value, 0));
        s->status = MJ_ERANGE;
        return 0;
    }
    return (int)value;
}

static void shape_attention(mj_model *model, shaper *s)
{
    const gguf_keys *k = &s->header->keys;
    model->heads = dim(s, "attention.head_count", k->heads);
    model->kv_heads = dim(s, "attention.head_count_kv", k->kv_heads);
    if (k->kv_lora > 0) {
        const double key = k->mla_key > 0 ? k->mla_key : k->head_dim;
        const double value = k->mla_value > 0 ? k->mla_value : k->value;
        model->mla.q_lora = dim(s, "attention.q_lora_rank", k->q_lora);
        model->mla.kv_lora = dim(s, "attention.kv_lora_rank", k->kv_lora);
        model->mla.rope = dim(s, "rope.dimension_count", k->rope);
        model->mla.nope = dim(s, "attention.key_length", key - k->rope);
        model->mla.value = dim(s, "attention.value_length", value);
    } else {
        model->head_dim = dim(s, "attention.key_length", k->head_dim);
    }
}

/* Which layers have the window is not in the file but in the architecture: all but each n-th. */
static void shape_window(mj_model *model, shaper *s)
{
    static const struct {
        const char *architecture;
        int full;
    } pattern[] = {{"gemma2", 2}, {"gemma3", 6}, {"gpt-oss", 2}};
    const gguf_keys *k = &s->header->keys;
    if (k->window <= 0) {
        return;
    }
    model->window.tokens = dim(s, "attention.sliding_window", k->window);
    model->window.layers = model->layers;
    for (size_t i = 0; i < sizeof pattern / sizeof pattern[0]; i++) {
        if (strcmp(pattern[i].architecture, k->architecture) == 0) {
            model->window.layers = model->layers - model->layers / pattern[i].full;
        }
    }
}

static void shape_ffn(mj_model *model, shaper *s)
{
    const gguf_keys *k = &s->header->keys;
    const gguf_tensors *t = &s->header->tensors;
    /* A gate of its own, or one tensor that holds gate and inner layer. */
    const bool gated = t->has_gate || (k->ffn > 0 && t->up_width == 2 * k->ffn);
    model->ffn_matrices = gated ? 3 : 2;
    model->ffn_layers = dim(s, "block_count", t->dense_layers);
    model->ffn = t->dense_layers > 0 ? dim(s, "feed_forward_length", k->ffn) : 0;
    model->moe.layers = dim(s, "block_count", t->expert_layers);
    if (model->moe.layers > 0) {
        model->moe.experts = dim(s, "expert_count", k->experts);
        model->moe.active = dim(s, "expert_used_count", k->active);
        model->moe.width = dim(s, "expert_feed_forward_length",
                               k->expert_width > 0 ? k->expert_width : k->ffn);
        model->moe.shared = t->shared_width > 0; /* stored as one wide expert */
        model->moe.shared_width = dim(s, "expert_shared_feed_forward_length", t->shared_width);
    }
}

static void shape_ssm(mj_model *model, shaper *s)
{
    const gguf_keys *k = &s->header->keys;
    model->ssm.layers = dim(s, "block_count", s->header->tensors.ssm_layers);
    if (model->ssm.layers == 0) {
        return;
    }
    model->attn_layers = dim(s, "block_count", s->header->tensors.attn_layers);
    model->ssm.state = dim(s, "ssm.state_size", k->ssm_state);
    model->ssm.conv = dim(s, "ssm.conv_kernel", k->ssm_conv);
    if (s->header->tensors.has_ssm_x) {
        model->ssm.version = 1;
        model->ssm.inner = dim(s, "ssm.inner_size", k->ssm_inner);
        model->ssm.dt_rank = dim(s, "ssm.time_step_rank", k->ssm_dt_rank);
    } else { /* one time step a head */
        model->ssm.version = 2;
        model->ssm.groups = dim(s, "ssm.group_count", k->ssm_groups);
        model->ssm.heads = dim(s, "ssm.time_step_rank", k->ssm_dt_rank);
        model->ssm.head_dim =
            k->ssm_dt_rank > 0 ? dim(s, "ssm.inner_size", k->ssm_inner / k->ssm_dt_rank) : 0;
    }
}

static void shape_precision(mj_model *model, const gguf_tensors *t)
{
    model->precision.attention = (int)gguf_part_format(t, GGUF_ATTENTION);
    model->precision.ffn = (int)gguf_part_format(t, GGUF_FFN);
    model->precision.experts = (int)gguf_part_format(t, GGUF_EXPERTS);
    model->precision.embedding = (int)gguf_part_format(t, GGUF_EMBEDDING);
    model->precision.cache = MJ_FORMAT_FP16; /* llama.cpp's default */
    model->exact_weight_B = t->bytes;
    model->published_total = t->elements;
}

static mj_status shape(mj_model *model, const gguf_header *header, const char *file, mj_err *err)
{
    shaper s = {.header = header, .file = file, .err = err};
    const gguf_keys *k = &header->keys;
    if (k->architecture[0] == '\0') {
        return mj_err_add(err, MJ_EKEY, file, 0, 0, "general.architecture is missing");
    }
    if (k->splits > 1) {
        return mj_err_add(err, MJ_ESUPPORT, file, 0, 0,
                          "split.count = %g: one part of a split model; merge the parts first",
                          k->splits);
    }
    model->kind = MJ_MODEL_TRANSFORMER;
    model->output = MJ_OUTPUT_TOKEN;
    model->layers = dim(&s, "block_count", k->layers);
    model->hidden = dim(&s, "embedding_length", k->hidden);
    model->vocab = dim(&s, "vocab_size", header->tensors.vocab > 0 ? header->tensors.vocab
                                         : k->vocab > 0            ? k->vocab
                                                                   : k->tokens);
    model->positions = dim(&s, "context_length", header->tensors.positions);
    model->tied = !header->tensors.has_output;
    model->bias = header->tensors.has_bias;
    shape_attention(model, &s);
    shape_window(model, &s);
    shape_ffn(model, &s);
    shape_ssm(model, &s);
    shape_precision(model, &header->tensors);
    MJ_TRY(s.status);
    MJ_TRY(mj_model_resolve(model, file, err));
    const double counted = model->params.total + model->params.norm;
    if (!(fabs(counted - header->tensors.elements) <= SHAPE_TOLERANCE * header->tensors.elements)) {
        return mj_err_add(err, MJ_ESUPPORT, file, 0, 0,
                          "architecture '%s': the metadata give %.4g parameters, the tensors %.4g; "
                          "this architecture is not supported",
                          k->architecture, counted, header->tensors.elements);
    }
    return MJ_OK;
}

/* The file's name without folder and ending. */
static const char *name_of(const char *path, mj_arena *arena)
{
    char clean[128];
    const char *start = strrchr(path, '/');
    start = start ? start + 1 : path;
    mj_text_clean(clean, sizeof clean, start);
    char *dot = strrchr(clean, '.');
    if (dot && dot > clean) {
        *dot = '\0';
    }
    return mj_arena_printf(arena, "%s", clean);
}

static mj_status parse_mapped(gguf_header *header, int fd, const char *path, mj_arena *arena,
                              mj_err *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size <= 0) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "not a file, or an empty one");
    }
    const uint64_t file_B = (uint64_t)info.st_size;
    const uint64_t size = file_B < HEADER_MAX_B ? file_B : HEADER_MAX_B;
    void *data = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot map the file into memory");
    }
    mj_status status = gguf_header_parse(header, data, size, file_B, path, arena, err);
    munmap(data, (size_t)size);
    return status;
}

mj_status mj_model_from_gguf(mj_model *model, const char *path, mj_arena *arena, mj_err *err)
{
    gguf_header header;
    memset(model, 0, sizeof *model);
    model->name = model->family = name_of(path, arena);
    model->source = "user";
    if (!model->name) {
        return mj_err_add(err, MJ_EMEM, path, 0, 0, "out of memory");
    }
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot open the file");
    }
    mj_status status = parse_mapped(&header, fd, path, arena, err);
    close(fd);
    MJ_TRY(status);
    return shape(model, &header, path, err);
}
