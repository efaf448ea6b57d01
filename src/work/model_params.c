/* Parameter counts, cache and state sizes of a model, from its shape.
 *
 * With H hidden, A heads of width d, K key/value heads, F inner width and n_mat matrices (3 gated,
 * 2 plain), one layer has
 *   attention   H d (2 A + 2 K)                                       grouped queries
 *   attention   H q + q A (n + r) + H (c + r) + c A (n + v) + A v H    latent (MLA): ranks q and c,
 *                                                                     n, r, v = nope, rope, value
 *   FFN         n_mat H F        one expert the same with its own width     router  H experts
 *   Mamba-2     H (2 I + 2 G S + h) + I H + conv (I + 2 G S)          I = h p, G groups, S state
 *   Mamba       H 2 I + I (R + 2 S) + R I + I S + I H + conv I        R = dt_rank
 * The latent cache keeps c + r numbers a token; with the projections absorbed a query meets
 * c + r of them for the score and c for the value [deepseek2024].
 *
 * `total` leaves out norms, biases and small vectors (a few 1e-5 of a large model), which are
 * counted apart in `norm`: so the totals are those of the shapes alone, and published totals lie
 * within 3 %. Counts are doubles: exact up to 2^53 = 9e15, without overflow far beyond. */
#include "mj/model.h"

#include "dimension.h"
#include "workload.h"

#include <math.h>
#include <stddef.h>

enum {
    LAYERS_MAX = 1 << 16 /* layers, experts: real ones stay below 1000 */
};

/* The state is kept in fp32, the inputs of the short convolution in bf16 (vLLM's defaults, which
 * the measured rows ran with). */
static const double STATE_B = 4.0;
static const double CONV_STATE_B = 2.0;

typedef struct {
    const char *field;
    size_t offset;
    int min, max;
} dim_rule;

#define DIM(member, min, max) {#member, offsetof(mj_model, member), min, max}

static const dim_rule transformer_dims[] = {
    DIM(layers, 1, LAYERS_MAX),
    DIM(hidden, 1, DIM_MAX),
    DIM(vocab, 1, DIM_MAX),
    DIM(positions, 0, DIM_MAX),
    DIM(attn_layers, 0, LAYERS_MAX),
    DIM(ffn_layers, 0, LAYERS_MAX),
    DIM(heads, 0, DIM_MAX),
    DIM(kv_heads, 0, DIM_MAX),
    DIM(head_dim, 0, DIM_MAX),
    DIM(ffn, 0, DIM_MAX),
    DIM(ffn_matrices, 2, 3),
    DIM(moe.layers, 0, LAYERS_MAX),
    DIM(moe.experts, 0, LAYERS_MAX),
    DIM(moe.active, 0, LAYERS_MAX),
    DIM(moe.shared, 0, LAYERS_MAX),
    DIM(moe.width, 0, DIM_MAX),
    DIM(moe.shared_width, 0, DIM_MAX),
    DIM(mla.q_lora, 0, DIM_MAX),
    DIM(mla.kv_lora, 0, DIM_MAX),
    DIM(mla.nope, 0, DIM_MAX),
    DIM(mla.rope, 0, DIM_MAX),
    DIM(mla.value, 0, DIM_MAX),
    DIM(window.layers, 0, LAYERS_MAX),
    DIM(window.tokens, 0, 1 << 30),
    DIM(ssm.version, 0, 2),
    DIM(ssm.layers, 0, LAYERS_MAX),
    DIM(ssm.heads, 0, DIM_MAX),
    DIM(ssm.head_dim, 0, DIM_MAX),
    DIM(ssm.state, 0, DIM_MAX),
    DIM(ssm.groups, 0, DIM_MAX),
    DIM(ssm.conv, 0, DIM_MAX),
    DIM(ssm.inner, 0, DIM_MAX),
    DIM(ssm.dt_rank, 0, DIM_MAX),
};

static const dim_rule diffusion_dims[] = {
    DIM(diffusion.blocks, 1, LAYERS_MAX),
    DIM(diffusion.kernels, 1, LAYERS_MAX),
    DIM(diffusion.hidden, 1, DIM_MAX),
    DIM(diffusion.passes, 1, 64),
    DIM(diffusion.steps, 1, 100000),
    DIM(diffusion.width, 1, 1 << 20),
    DIM(diffusion.height, 1, 1 << 20),
    DIM(diffusion.frames, 1, 1 << 20),
};

/* A part that is present needs these dimensions. */
typedef struct {
    const char *part;
    size_t part_offset;
    const char *field;
    size_t offset;
} need_rule;

#define NEED(part, member) {#part, offsetof(mj_model, part), #member, offsetof(mj_model, member)}

static const need_rule needs[] = {
    NEED(attn_layers, heads),       NEED(attn_layers, kv_heads), NEED(attn_layers, head_dim),
    NEED(ffn_layers, ffn),          NEED(moe.layers, moe.experts), NEED(moe.layers, moe.active),
    NEED(moe.layers, moe.width),    NEED(moe.experts, moe.layers),
    NEED(moe.shared, moe.shared_width), NEED(mla.kv_lora, mla.nope), NEED(mla.kv_lora, mla.rope),
    NEED(mla.kv_lora, mla.value),   NEED(window.layers, window.tokens),
    NEED(ssm.layers, ssm.version),  NEED(ssm.layers, ssm.state), NEED(ssm.layers, ssm.conv),
};

static const need_rule mamba1_needs[] = {
    NEED(ssm.layers, ssm.inner), NEED(ssm.layers, ssm.dt_rank),
};

static const need_rule mamba2_needs[] = {
    NEED(ssm.layers, ssm.heads), NEED(ssm.layers, ssm.head_dim), NEED(ssm.layers, ssm.groups),
};

/* `field` must not exceed `bound`. The rule has the shape of need_rule: part is the bound. */
static const need_rule at_most[] = {
    NEED(layers, attn_layers),       NEED(layers, ffn_layers), NEED(layers, moe.layers),
    NEED(layers, ssm.layers),        NEED(attn_layers, window.layers),
    NEED(moe.experts, moe.active),   NEED(heads, kv_heads),
};

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static int int_at(const mj_model *model, size_t offset)
{
    return *(const int *)((const char *)model + offset);
}

static mj_status check_dims(const mj_model *model, const dim_rule *rule, int n, const char *path,
                            mj_err *err)
{
    mj_status status = MJ_OK;
    for (int i = 0; i < n; i++) {
        const int value = int_at(model, rule[i].offset);
        if (value < rule[i].min || value > rule[i].max) {
            status = mj_err_add(err, MJ_ERANGE, path, 0, 0, "%s = %d: must be between %d and %d",
                                rule[i].field, value, rule[i].min, rule[i].max);
        }
    }
    return status;
}

static mj_status check_needs(const mj_model *model, const need_rule *rule, int n, const char *path,
                             mj_err *err)
{
    mj_status status = MJ_OK;
    for (int i = 0; i < n; i++) {
        const int part = int_at(model, rule[i].part_offset);
        if (part > 0 && int_at(model, rule[i].offset) < 1) {
            status = mj_err_add(err, MJ_EKEY, path, 0, 0, "%s is missing, but %s = %d",
                                rule[i].field, rule[i].part, part);
        }
    }
    return status;
}

static mj_status check_at_most(const mj_model *model, const char *path, mj_err *err)
{
    mj_status status = MJ_OK;
    for (int i = 0; i < COUNT(at_most); i++) {
        const int bound = int_at(model, at_most[i].part_offset);
        const int value = int_at(model, at_most[i].offset);
        if (value > bound) {
            status = mj_err_add(err, MJ_ERANGE, path, 0, 0, "%s = %d is more than %s = %d",
                                at_most[i].field, value, at_most[i].part, bound);
        }
    }
    return status;
}

static mj_status check_real(const char *field, double value, double min, double max,
                            const char *path, mj_err *err)
{
    if (!(value >= min && value <= max)) { /* NaN fails too */
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "%s = %g: must be between %g and %g", field,
                          value, min, max);
    }
    return MJ_OK;
}

static mj_status check_transformer(const mj_model *model, const char *path, mj_err *err)
{
    MJ_TRY(check_dims(model, transformer_dims, COUNT(transformer_dims), path, err));
    MJ_TRY(check_needs(model, needs, COUNT(needs), path, err));
    if (model->ssm.version == 1) {
        MJ_TRY(check_needs(model, mamba1_needs, COUNT(mamba1_needs), path, err));
    } else {
        MJ_TRY(check_needs(model, mamba2_needs, COUNT(mamba2_needs), path, err));
    }
    MJ_TRY(check_at_most(model, path, err));
    if (model->kv_heads > 0 && model->heads % model->kv_heads != 0) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "kv_heads = %d does not divide heads = %d",
                          model->kv_heads, model->heads);
    }
    if (model->ssm.layers == 0 && model->attn_layers != model->layers) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                          "attn_layers = %d, but layers = %d and there are no ssm.layers: "
                          "change both", model->attn_layers, model->layers);
    }
    return MJ_OK;
}

/* What the spec may leave out. Done before the checks, so that they see the real shape. */
static void fill_transformer(mj_model *m)
{
    if (m->attn_layers == 0 && m->ssm.layers == 0) {
        m->attn_layers = m->layers;
    }
    if (m->moe.layers == 0 && m->moe.experts > 0) {
        m->moe.layers = m->layers - m->ffn_layers;
    }
    if (m->ffn_layers == 0 && m->moe.layers == 0 && m->ssm.layers == 0 && m->ffn > 0) {
        m->ffn_layers = m->layers;
    }
    if (m->ffn_matrices == 0) {
        m->ffn_matrices = 3;
    }
    if (m->mla.kv_lora > 0) {
        m->kv_heads = 1; /* one latent for all heads: tensor parallelism cannot split the cache */
        if (m->head_dim == 0) {
            m->head_dim = m->mla.nope + m->mla.rope;
        }
    }
    if (m->kv_heads == 0) {
        m->kv_heads = m->heads;
    }
    if (m->head_dim == 0 && m->heads > 0) {
        m->head_dim = m->hidden / m->heads;
    }
    if (m->moe.shared > 0 && m->moe.shared_width == 0) {
        m->moe.shared_width = m->moe.width;
    }
    if (m->ssm.layers > 0 && m->ssm.version == 2 && m->ssm.groups == 0) {
        m->ssm.groups = 1;
    }
}

static void fill_precision(mj_model *m)
{
    if (m->precision.attention == MJ_FORMAT_NONE) {
        m->precision.attention = MJ_FORMAT_BF16;
    }
    if (m->precision.ffn == MJ_FORMAT_NONE) {
        m->precision.ffn = m->precision.attention;
    }
    if (m->precision.experts == MJ_FORMAT_NONE) {
        m->precision.experts = m->precision.ffn;
    }
    if (m->precision.embedding == MJ_FORMAT_NONE) {
        m->precision.embedding = MJ_FORMAT_BF16;
    }
    if (m->precision.cache == MJ_FORMAT_NONE) {
        m->precision.cache = MJ_FORMAT_BF16;
    }
}

static void count_attention(mj_params *p, const mj_model *m)
{
    const double H = m->hidden, A = m->heads, d = m->head_dim, K = m->kv_heads;
    const double cache_B = mj_format_bytes((mj_format)m->precision.cache);
    if (m->attn_layers == 0) {
        return;
    }
    if (m->mla.kv_lora > 0) {
        const double q = m->mla.q_lora, c = m->mla.kv_lora;
        const double n = m->mla.nope, r = m->mla.rope, v = m->mla.value;
        const double query = q > 0 ? H * q + q * A * (n + r) : H * A * (n + r);
        p->attention = m->attn_layers * (query + H * (c + r) + c * A * (n + v) + A * v * H);
        p->kv_B = (c + r) * cache_B;
        p->attention_flop = 2.0 * A * ((c + r) + c);
    } else {
        p->attention = m->attn_layers * H * d * (2.0 * A + 2.0 * K);
        p->kv_B = 2.0 * K * d * cache_B;
        p->attention_flop = 4.0 * A * d;
    }
    p->norm += m->attn_layers * H;
    if (m->bias) {
        p->norm += m->attn_layers * (A * d + 2.0 * K * d + H + H);
    }
}

static void count_ffn(mj_params *p, const mj_model *m)
{
    const double H = m->hidden, n_mat = m->ffn_matrices;
    p->ffn = m->ffn_layers * n_mat * H * m->ffn;
    p->shared = m->moe.layers * (double)m->moe.shared * n_mat * H * m->moe.shared_width;
    p->router = m->moe.layers * H * m->moe.experts;
    p->expert = n_mat * H * m->moe.width;
    p->norm += ((double)m->ffn_layers + m->moe.layers) * H;
    if (m->bias) {
        p->norm += m->ffn_layers * ((n_mat - 1.0) * m->ffn + H + H);
    }
}

static void count_ssm(mj_params *p, const mj_model *m)
{
    const double H = m->hidden, S = m->ssm.state, L = m->ssm.layers, conv = m->ssm.conv;
    double inner, channels;
    if (m->ssm.layers == 0) {
        return;
    }
    if (m->ssm.version == 1) {
        const double R = m->ssm.dt_rank;
        inner = channels = m->ssm.inner;
        p->ssm = L * (H * 2.0 * inner + inner * (R + 2.0 * S) + R * inner + inner * S + inner * H +
                      conv * channels);
        p->norm += L * (H + 3.0 * inner); /* D, dt bias, conv bias */
    } else {
        const double h = m->ssm.heads, groups = m->ssm.groups;
        inner = h * m->ssm.head_dim;
        channels = inner + 2.0 * groups * S;
        p->ssm = L * (H * (2.0 * inner + 2.0 * groups * S + h) + inner * H + conv * channels);
        p->norm += L * (H + inner + 3.0 * h + channels); /* gated norm; A, D, dt bias; conv bias */
    }
    p->state_B = L * (inner * S * STATE_B + (conv - 1.0) * channels * CONV_STATE_B);
    p->scan_flop = 6.0 * L * inner * S; /* decay, input, output: one multiply-add each */
}

static void count_transformer(mj_model *m)
{
    mj_params *p = &m->params;
    const double table = (double)m->vocab * m->hidden;
    count_attention(p, m);
    count_ffn(p, m);
    count_ssm(p, m);
    p->head = table;
    p->embedding = (m->tied ? 0.0 : table) + (double)m->positions * m->hidden;
    p->norm += m->hidden;

    const double dense = p->attention + p->ssm + p->ffn + p->shared + p->router + p->head;
    p->active = dense + p->expert * m->moe.layers * m->moe.active;
    p->total = dense + p->expert * m->moe.layers * m->moe.experts + p->embedding;
}

static mj_status resolve_transformer(mj_model *model, const char *path, mj_err *err)
{
    fill_transformer(model);
    MJ_TRY(check_transformer(model, path, err));
    fill_precision(model);
    count_transformer(model);
    return MJ_OK;
}

/* A denoiser is described by its counts: its totals are taken as given. */
static mj_status resolve_diffusion(mj_model *model, const char *path, mj_err *err)
{
    if (model->diffusion.kernels == 0) {
        model->diffusion.kernels = model->diffusion.blocks;
    }
    if (model->diffusion.frames == 0) {
        model->diffusion.frames = 1;
    }
    MJ_TRY(check_dims(model, diffusion_dims, COUNT(diffusion_dims), path, err));
    MJ_TRY(check_real("diffusion.params", model->diffusion.params, 1, 1e15, path, err));
    MJ_TRY(check_real("diffusion.tokens", model->diffusion.tokens, 1, 1e12, path, err));
    MJ_TRY(check_real("diffusion.text_tokens", model->diffusion.text_tokens, 0, 1e9, path, err));
    MJ_TRY(check_real("diffusion.weights_per_token", model->diffusion.weights_per_token, 1, 1e15,
                      path, err));
    MJ_TRY(check_real("diffusion.linear_flop", model->diffusion.linear_flop, 1, 1e27, path, err));
    MJ_TRY(check_real("diffusion.attention_flop", model->diffusion.attention_flop, 0, 1e27, path,
                      err));
    MJ_TRY(check_real("diffusion.text_encoder", model->diffusion.text_encoder, 0, 1e15, path, err));
    MJ_TRY(check_real("diffusion.decoder_flop", model->diffusion.decoder_flop, 0, 1e21, path, err));
    fill_precision(model);
    model->params.total = model->diffusion.params;
    model->params.active = model->diffusion.weights_per_token;
    return MJ_OK;
}

static mj_status resolve_aggregate(mj_model *model, const char *path, mj_err *err)
{
    MJ_TRY(check_real("aggregate.total", model->aggregate.total, 1, 1e18, path, err));
    MJ_TRY(check_real("aggregate.active", model->aggregate.active, 1, model->aggregate.total, path,
                      err));
    MJ_TRY(check_real("aggregate.kv_Bptok", model->aggregate.kv_Bptok, 0, 1e15, path, err));
    fill_precision(model);
    model->params.total = model->aggregate.total;
    model->params.active = model->aggregate.active;
    model->params.kv_B = model->aggregate.kv_Bptok;
    return MJ_OK;
}

static mj_status resolve_oscillators(mj_model *m, const char *path, mj_err *err)
{
    double n = (double)m->oscillator.visible + m->oscillator.hidden;
    MJ_TRY(check_real("oscillator.visible", m->oscillator.visible, 1, DIM_MAX, path, err));
    MJ_TRY(check_real("oscillator.random", m->oscillator.random, 0, n, path, err));
    MJ_TRY(check_real("oscillator.couplings", m->oscillator.couplings, 0, n * n, path, err));
    MJ_TRY(check_real("oscillator.steps", m->oscillator.steps, 1, 1e6, path, err));
    MJ_TRY(check_real("oscillator.span", m->oscillator.span, 1e-9, 1e9, path, err));
    if (m->oscillator.decoder_blocks > 0) {
        MJ_TRY(check_real("oscillator.decoder_channels", m->oscillator.decoder_channels, 1, DIM_MAX,
                          path, err));
    }
    m->oscillator.stages = m->oscillator.stages > 0 ? m->oscillator.stages : 1;
    if (m->oscillator.couplings <= 0) {
        m->oscillator.couplings = n * n;
    }
    m->oscillator.segments = m->oscillator.segments > 0 ? m->oscillator.segments : 1;
    m->oscillator.harmonics = m->oscillator.harmonics > 0 ? m->oscillator.harmonics : 1;
    if (m->oscillator.coupling_bits <= 0) {
        m->oscillator.coupling_bits = 32;
    }
    fill_precision(m);
    mj_oscillator_params p = mj_oscillators_params(m);
    m->params.total = p.dynamics + p.decoder;
    m->params.active = m->params.total;
    return MJ_OK;
}

static mj_status check_tables(const mj_model *m, const char *path, mj_err *err)
{
    MJ_TRY(check_real("lookup.contexts", m->lookup.contexts, 1, LAYERS_MAX, path, err));
    MJ_TRY(check_real("lookup.symbols", m->lookup.symbols, 2, 256, path, err));
    MJ_TRY(check_real("lookup.rows", m->lookup.rows, m->lookup.contexts, 1e12, path, err));
    MJ_TRY(check_real("lookup.dims", m->lookup.dims, 1, DIM_MAX, path, err));
    return check_real("lookup.row_bits", m->lookup.row_bits, 1, 32, path, err);
}

static mj_status resolve_lookup(mj_model *m, const char *path, mj_err *err)
{
    MJ_TRY(check_tables(m, path, err));
    if (m->lookup.head_bits == 0 && m->lookup.dims != m->lookup.symbols) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                          "lookup.dims = %d: without a head (head_bits) rows are logits of the %d "
                          "symbols", m->lookup.dims, m->lookup.symbols);
    }
    if (m->precision.ffn == MJ_FORMAT_NONE) { /* what the codebooks decode to */
        m->precision.ffn = m->precision.attention = m->precision.embedding = MJ_FORMAT_INT8;
    }
    fill_precision(m);
    double head = m->lookup.head_bits > 0 ? (m->lookup.dims + 1.0) * m->lookup.symbols : 0;
    m->params.ffn = m->lookup.rows * m->lookup.dims;
    m->params.head = head;
    m->params.total = m->params.ffn + head;
    m->params.active = (double)m->lookup.contexts * m->lookup.dims + head;
    return MJ_OK;
}

static mj_status resolve_text_net(mj_model *m, const char *path, mj_err *err)
{
    if (m->lookup.contexts > 0) {
        MJ_TRY(check_tables(m, path, err));
    }
    MJ_TRY(mj_text_net_resolve(m, path, err));
    fill_precision(m);
    return MJ_OK;
}

static mj_status resolve_lut(mj_model *m, const char *path, mj_err *err)
{
    m->lut.evaluations = m->lut.evaluations > 0 ? m->lut.evaluations : 1;
    m->lut.wires = m->lut.wires > 0 ? m->lut.wires : 2 * m->lut.tables;
    MJ_TRY(check_real("lut.tables", m->lut.tables, 0, DIM_MAX, path, err));
    MJ_TRY(check_real("lut.wires", m->lut.wires, m->lut.tables, 6.0 * m->lut.tables, path, err));
    MJ_TRY(check_real("lut.inputs", m->lut.inputs, 1, DIM_MAX, path, err));
    MJ_TRY(check_real("lut.votes", m->lut.votes, 1, DIM_MAX, path, err));
    MJ_TRY(check_real("lut.groups", m->lut.groups, 1, m->lut.votes, path, err));
    MJ_TRY(check_real("lut.evaluations", m->lut.evaluations, 1, DIM_MAX, path, err));
    m->precision.ffn = m->precision.attention = m->precision.embedding = MJ_FORMAT_INT8; /* of nothing */
    fill_precision(m);
    m->params.ffn = m->params.total = m->params.active = m->lut.tables;
    return MJ_OK;
}

mj_status mj_model_resolve(mj_model *model, const char *path, mj_err *err)
{
    model->params = (mj_params){0};
    if (model->output == MJ_OUTPUT_NONE) {
        bool image = model->kind == MJ_MODEL_DIFFUSION || model->kind == MJ_MODEL_OSCILLATORS;
        model->output = model->kind == MJ_MODEL_LUT ? MJ_OUTPUT_CLASS
                        : image                     ? MJ_OUTPUT_IMAGE
                                                    : MJ_OUTPUT_TOKEN;
    }
    switch (model->kind) {
    case MJ_MODEL_TRANSFORMER:
        return resolve_transformer(model, path, err);
    case MJ_MODEL_DIFFUSION:
        return resolve_diffusion(model, path, err);
    case MJ_MODEL_AGGREGATE:
        return resolve_aggregate(model, path, err);
    case MJ_MODEL_OSCILLATORS:
        return resolve_oscillators(model, path, err);
    case MJ_MODEL_LOOKUP:
        return resolve_lookup(model, path, err);
    case MJ_MODEL_TEXT_NET:
        return resolve_text_net(model, path, err);
    case MJ_MODEL_LUT:
        return resolve_lut(model, path, err);
    default:
        return mj_err_add(err, MJ_EKEY, path, 0, 0, "kind is missing: transformer, diffusion, "
                                                    "aggregate, oscillators, lookup, text_net or lut");
    }
}

/* Their bytes are those of bits, not of formats. */
static void set_bits(mj_model *model, mj_format format)
{
    int bits = (int)lrint(8 * mj_format_bytes(format)), *inputs = &model->text_net.activation_bits;
    bool changed = false;
    if (model->kind == MJ_MODEL_TEXT_NET) {
        bool wider = bits < 8 && (*inputs == 0 || *inputs > bits);
        changed = wider || model->text_net.weight_bits != bits;
        model->text_net.weight_bits = bits;
        *inputs = wider ? bits : *inputs;
    }
    if (model->lookup.contexts > 0) {
        changed = changed || model->lookup.row_bits != bits;
        model->lookup.row_bits = bits;
    }
    if (changed) {
        model->quality.metric = NULL;
    }
}

void mj_model_set_precision(mj_model *model, mj_format format)
{
    if (model->kind == MJ_MODEL_TEXT_NET || model->kind == MJ_MODEL_LOOKUP) {
        set_bits(model, format);
    }
    model->precision.attention = format;
    model->precision.ffn = format;
    model->precision.experts = format;
    model->moe.reads_all = model->moe.reads_all && format == MJ_FORMAT_FP8;
    model->exact_weight_B = 0.0;
}

const char *mj_model_class(const mj_model *model)
{
    if (model->kind == MJ_MODEL_DIFFUSION) {
        return "diffusion";
    }
    if (model->kind == MJ_MODEL_OSCILLATORS) {
        return "physical";
    }
    if (model->kind == MJ_MODEL_LOOKUP) {
        return "lookup";
    }
    if (model->kind == MJ_MODEL_TEXT_NET) {
        return "text-net";
    }
    if (model->kind == MJ_MODEL_LUT) {
        return "lut";
    }
    if (model->ssm.layers > 0) {
        return "hybrid";
    }
    return model->moe.layers > 0 ? "moe" : "dense";
}

mj_format mj_model_format(const mj_model *model)
{
    const mj_params *p = &model->params;
    const double weights[] = {p->attention + p->ssm, p->ffn + p->shared,
                              p->expert * model->moe.layers * model->moe.experts};
    const int format[] = {model->precision.attention, model->precision.ffn,
                          model->precision.experts};
    int best = 0;
    for (int i = 1; i < 3; i++) {
        if (weights[i] > weights[best]) {
            best = i;
        }
    }
    return (mj_format)format[best];
}
