/* The architectures of config.json: one row of the table and one small function each.
 *
 * A function translates the words of its architecture into the shape; what is not stated takes the
 * default of the published configuration class [hf-config]. Adding an architecture: one function,
 * one row, one folder under tests/models with its published total. */
#include "hf_config.h"

#include <string.h>

/* Heads and widths by the names that nearly all architectures use. */
static void read_attention(mj_model *model, hf_reader *reader)
{
    model->heads = hf_dim(reader, "num_attention_heads");
    model->kv_heads = hf_dim_or(reader, "num_key_value_heads", model->heads);
    model->head_dim = hf_dim_or(reader, "head_dim", 0);
}

/* Layers that `layer_types` calls `kind`; -1 if the list is absent. */
static int count_layer_types(const mj_model *model, hf_reader *reader, const char *kind)
{
    const mj_json *types = mj_json_get(reader->text, "layer_types");
    int n = 0;
    if (!types) {
        return -1;
    }
    if (mj_json_length(types) != (size_t)model->layers) {
        hf_complain(reader, MJ_ERANGE, "layer_types", "must have one entry a layer");
        return -1;
    }
    for (size_t i = 0; i < mj_json_length(types); i++) {
        const char *type = mj_json_text(mj_json_at(types, i));
        n += type && strcmp(type, kind) == 0;
    }
    return n;
}

/* Window of `sliding_window` tokens on `layers` layers, or on those that layer_types names. */
static void read_window(mj_model *model, hf_reader *reader, int layers)
{
    const int tokens = hf_dim_or(reader, "sliding_window", 0);
    const int named = count_layer_types(model, reader, "sliding_attention");
    if (tokens > 0) {
        model->window.layers = named >= 0 ? named : layers;
        model->window.tokens = model->window.layers > 0 ? tokens : 0;
    }
}

/* llama: gated FFN, grouped queries, no window. */
static void read_llama(mj_model *model, hf_reader *reader)
{
    read_attention(model, reader);
    model->ffn = hf_dim(reader, "intermediate_size");
    model->ffn_matrices = 3;
}

/* mistral, phi3: every layer has the window, if there is one. */
static void read_mistral(mj_model *model, hf_reader *reader)
{
    read_llama(model, reader);
    read_window(model, reader, model->layers);
}

/* qwen2, qwen3: the window is off unless asked for, and starts at max_window_layers. */
static void read_qwen_window(mj_model *model, hf_reader *reader)
{
    if (hf_bool_or(reader, "use_sliding_window", false)) {
        const int first = hf_dim_or(reader, "max_window_layers", 0);
        read_window(model, reader, model->layers > first ? model->layers - first : 0);
    }
}

static void read_qwen(mj_model *model, hf_reader *reader)
{
    read_llama(model, reader);
    read_qwen_window(model, reader);
}

static void read_mixtral(mj_model *model, hf_reader *reader)
{
    read_attention(model, reader);
    read_window(model, reader, model->layers);
    model->ffn_matrices = 3;
    model->moe.layers = model->layers;
    model->moe.experts = hf_dim(reader, "num_local_experts");
    model->moe.active = hf_dim(reader, "num_experts_per_tok");
    model->moe.width = hf_dim(reader, "intermediate_size");
}

/* Splits the layers into experts on every `step`-th from `first` on, and dense FFNs elsewhere. */
static void split_layers(mj_model *model, int first, int step)
{
    model->moe.layers = 0;
    for (int i = 0; i < model->layers; i++) {
        model->moe.layers += i >= first && (i - first) % step == 0;
    }
    model->ffn_layers = model->layers - model->moe.layers;
}

static void read_qwen_moe(mj_model *model, hf_reader *reader)
{
    const int step = hf_dim_or(reader, "decoder_sparse_step", 1);
    const mj_json *dense = mj_json_get(reader->text, "mlp_only_layers");
    read_attention(model, reader);
    read_qwen_window(model, reader);
    model->ffn_matrices = 3;
    model->moe.experts = hf_dim(reader, "num_experts");
    model->moe.active = hf_dim(reader, "num_experts_per_tok");
    model->moe.width = hf_dim(reader, "moe_intermediate_size");
    model->moe.shared_width = hf_dim_or(reader, "shared_expert_intermediate_size", 0);
    model->moe.shared = model->moe.shared_width > 0;
    split_layers(model, step - 1, step);
    for (size_t i = 0; i < mj_json_length(dense); i++) {
        double layer;
        if (mj_json_number(mj_json_at(dense, i), &layer) && layer >= 0 && layer < model->layers &&
            ((int)layer + 1) % step == 0 && model->moe.layers > 0) {
            model->moe.layers--;
            model->ffn_layers++;
        }
    }
    model->ffn = model->ffn_layers > 0 ? hf_dim(reader, "intermediate_size") : 0;
}

static void read_gemma(mj_model *model, hf_reader *reader)
{
    read_llama(model, reader);
    model->head_dim = hf_dim_or(reader, "head_dim", 256);
}

/* gemma2: windows on every other layer, from the first. */
static void read_gemma2(mj_model *model, hf_reader *reader)
{
    read_gemma(model, reader);
    read_window(model, reader, (model->layers + 1) / 2);
}

/* gemma3: each sliding_window_pattern-th layer sees everything. */
static void read_gemma3(mj_model *model, hf_reader *reader)
{
    const int pattern = hf_dim_or(reader, "sliding_window_pattern", 6);
    model->heads = hf_dim_or(reader, "num_attention_heads", 8);
    model->kv_heads = hf_dim_or(reader, "num_key_value_heads", 4);
    model->head_dim = hf_dim_or(reader, "head_dim", 256);
    model->ffn = hf_dim(reader, "intermediate_size");
    model->ffn_matrices = 3;
    read_window(model, reader, model->layers - model->layers / pattern);
}

/* llama4: a shared expert beside each routed one, chunks instead of a window, and every
 * no_rope_layer_interval-th layer sees everything. */
static void read_llama4(mj_model *model, hf_reader *reader)
{
    const int step = hf_dim_or(reader, "interleave_moe_layer_step", 1);
    const int chunk = hf_dim_or(reader, "attention_chunk_size", 8192);
    const int interval = hf_dim_or(reader, "no_rope_layer_interval", 4);
    const int named = count_layer_types(model, reader, "chunked_attention");
    read_attention(model, reader);
    model->ffn_matrices = 3;
    model->moe.experts = hf_dim(reader, "num_local_experts");
    model->moe.active = hf_dim(reader, "num_experts_per_tok");
    model->moe.width = hf_dim(reader, "intermediate_size");
    model->moe.shared = 1;
    model->moe.shared_width = model->moe.width;
    split_layers(model, step - 1, step);
    model->ffn = model->ffn_layers > 0 ? hf_dim(reader, "intermediate_size_mlp") : 0;
    model->window.layers = named >= 0 ? named : model->layers - model->layers / interval;
    model->window.tokens = chunk;
}

/* deepseek: latent attention; the first layers are dense, then each moe_layer_freq-th is routed. */
static void read_deepseek(mj_model *model, hf_reader *reader)
{
    const int first = hf_dim_or(reader, "first_k_dense_replace", 0);
    const int step = hf_dim_or(reader, "moe_layer_freq", 1);
    model->heads = hf_dim(reader, "num_attention_heads");
    model->mla.q_lora = hf_dim_or(reader, "q_lora_rank", 0);
    model->mla.kv_lora = hf_dim(reader, "kv_lora_rank");
    model->mla.nope = hf_dim(reader, "qk_nope_head_dim");
    model->mla.rope = hf_dim(reader, "qk_rope_head_dim");
    model->mla.value = hf_dim(reader, "v_head_dim");
    model->ffn_matrices = 3;
    model->moe.experts = hf_dim(reader, "n_routed_experts");
    model->moe.active = hf_dim(reader, "num_experts_per_tok");
    model->moe.width = hf_dim(reader, "moe_intermediate_size");
    model->moe.shared = hf_dim_or(reader, "n_shared_experts", 0);
    model->moe.shared_width = model->moe.shared > 0 ? model->moe.width : 0;
    split_layers(model, first, step);
    model->ffn = model->ffn_layers > 0 ? hf_dim(reader, "intermediate_size") : 0;
    if (hf_dim_or(reader, "num_nextn_predict_layers", 0) > 0) {
        model->omitted = "multi-token prediction layer";
    }
}

static void read_phi(mj_model *model, hf_reader *reader)
{
    read_attention(model, reader);
    model->ffn = hf_dim(reader, "intermediate_size");
    model->ffn_matrices = 2;
    model->bias = true;
}

static void read_gpt2(mj_model *model, hf_reader *reader)
{
    model->layers = hf_dim(reader, "n_layer");
    model->hidden = hf_dim(reader, "n_embd");
    model->heads = hf_dim(reader, "n_head");
    model->vocab = hf_dim(reader, "vocab_size");
    model->positions = hf_dim_or(reader, "n_positions", 1024);
    model->ffn = hf_dim_or(reader, "n_inner", 0);
    model->ffn = model->ffn > 0 ? model->ffn : 4 * model->hidden;
    model->ffn_matrices = 2;
    model->bias = true;
}

/* gpt_oss: windows on every other layer, from the first. */
static void read_gpt_oss(mj_model *model, hf_reader *reader)
{
    read_attention(model, reader);
    read_window(model, reader, (model->layers + 1) / 2);
    model->ffn_matrices = 3;
    model->moe.layers = model->layers;
    model->moe.experts = hf_dim(reader, "num_local_experts");
    model->moe.active = hf_dim(reader, "num_experts_per_tok");
    model->moe.width = hf_dim(reader, "intermediate_size");
}

/* "auto" stands for hidden / 16, rounded up. */
static int read_dt_rank(const mj_model *model, hf_reader *reader, const char *key)
{
    const char *text = hf_text(reader, key);
    const int automatic = model->hidden / 16 + (model->hidden % 16 != 0);
    return text && strcmp(text, "auto") == 0 ? automatic : hf_dim_or(reader, key, automatic);
}

/* hidden times `expand`, kept within the range of dimensions. */
static int read_inner(const mj_model *model, hf_reader *reader, const char *expand)
{
    const double inner = (double)model->hidden * hf_dim_or(reader, expand, 2);
    if (inner > 1 << 24) {
        hf_complain(reader, MJ_ERANGE, expand, "the inner width exceeds 2^24");
        return 0;
    }
    return (int)inner;
}

/* mamba, falcon_mamba */
static void read_mamba(mj_model *model, hf_reader *reader)
{
    model->ssm.version = 1;
    model->ssm.layers = model->layers;
    model->ssm.state = hf_dim_or(reader, "state_size", 16);
    model->ssm.conv = hf_dim_or(reader, "conv_kernel", 4);
    model->ssm.inner = hf_dim_or(reader, "intermediate_size", 0);
    if (model->ssm.inner == 0) {
        model->ssm.inner = read_inner(model, reader, "expand");
    }
    model->ssm.dt_rank = read_dt_rank(model, reader, "time_step_rank");
}

static void read_mamba2(mj_model *model, hf_reader *reader)
{
    model->ssm.version = 2;
    model->ssm.layers = model->layers;
    model->ssm.heads = hf_dim(reader, "num_heads");
    model->ssm.head_dim = hf_dim(reader, "head_dim");
    model->ssm.state = hf_dim_or(reader, "state_size", 128);
    model->ssm.groups = hf_dim_or(reader, "n_groups", 8);
    model->ssm.conv = hf_dim_or(reader, "conv_kernel", 4);
}

/* The letters of the pattern: M state space, * attention, - dense FFN, E experts. */
static void read_pattern(mj_model *model, hf_reader *reader)
{
    const char *pattern = hf_text(reader, "hybrid_override_pattern");
    if (!pattern) {
        hf_complain(reader, MJ_EKEY, "hybrid_override_pattern", "missing");
        return;
    }
    if (strlen(pattern) != (size_t)model->layers || strspn(pattern, "M*-E") != strlen(pattern)) {
        hf_complain(reader, MJ_ERANGE, "hybrid_override_pattern",
                    "must have one of M * - E for each of num_hidden_layers");
        return;
    }
    for (const char *p = pattern; *p; p++) {
        model->ssm.layers += *p == 'M';
        model->attn_layers += *p == '*';
        model->ffn_layers += *p == '-';
        model->moe.layers += *p == 'E';
    }
}

static void read_nemotron_h(mj_model *model, hf_reader *reader)
{
    read_pattern(model, reader);
    if (model->attn_layers > 0) {
        read_attention(model, reader);
        model->head_dim = hf_dim_or(reader, "attention_head_dim", model->head_dim);
    }
    model->ffn_matrices = 2; /* squared ReLU, no gate */
    model->ffn = model->ffn_layers > 0 ? hf_dim(reader, "intermediate_size") : 0;
    if (model->moe.layers > 0) {
        model->moe.experts = hf_dim(reader, "n_routed_experts");
        model->moe.active = hf_dim(reader, "num_experts_per_tok");
        model->moe.width = hf_dim(reader, "moe_intermediate_size");
        model->moe.shared = hf_dim_or(reader, "n_shared_experts", 0);
        model->moe.shared_width =
            hf_dim_or(reader, "moe_shared_expert_intermediate_size", model->moe.width);
    }
    model->ssm.version = 2;
    model->ssm.heads = hf_dim(reader, "mamba_num_heads");
    model->ssm.head_dim = hf_dim(reader, "mamba_head_dim");
    model->ssm.state = hf_dim(reader, "ssm_state_size");
    model->ssm.groups = hf_dim_or(reader, "n_groups", 8);
    model->ssm.conv = hf_dim_or(reader, "conv_kernel", 4);
}

/* Layers i with i % period == offset. */
static int count_periodic(int layers, int period, int offset)
{
    return layers > offset ? (layers - offset - 1) / period + 1 : 0;
}

/* jamba: attention on one layer of each period, a state-space mixer on the others; experts
 * likewise among the FFNs. */
static void read_jamba(mj_model *model, hf_reader *reader)
{
    read_llama(model, reader);
    model->attn_layers = count_periodic(model->layers, hf_dim_or(reader, "attn_layer_period", 8),
                                        hf_dim_or(reader, "attn_layer_offset", 0));
    model->moe.experts = hf_dim_or(reader, "num_experts", 16);
    model->moe.active = hf_dim_or(reader, "num_experts_per_tok", 2);
    model->moe.width = model->ffn;
    model->moe.layers = count_periodic(model->layers, hf_dim_or(reader, "expert_layer_period", 2),
                                       hf_dim_or(reader, "expert_layer_offset", 0));
    model->ffn_layers = model->layers - model->moe.layers;
    model->ssm.version = 1;
    model->ssm.layers = model->layers - model->attn_layers;
    model->ssm.state = hf_dim_or(reader, "mamba_d_state", 16);
    model->ssm.conv = hf_dim_or(reader, "mamba_d_conv", 4);
    model->ssm.inner = read_inner(model, reader, "mamba_expand");
    model->ssm.dt_rank = read_dt_rank(model, reader, "mamba_dt_rank");
}

const hf_family hf_families[] = {
    {.model_type = "llama", .read = read_llama},
    {.model_type = "mistral", .read = read_mistral},
    {.model_type = "mixtral", .read = read_mixtral},
    {.model_type = "qwen2", .read = read_qwen},
    {.model_type = "qwen2_moe", .read = read_qwen_moe},
    {.model_type = "qwen3", .read = read_qwen},
    {.model_type = "qwen3_moe", .read = read_qwen_moe},
    {.model_type = "qwen3_vl", .read = read_qwen},
    {.model_type = "qwen3_vl_text", .read = read_qwen},
    {.model_type = "qwen3_vl_moe", .read = read_qwen_moe},
    {.model_type = "qwen3_vl_moe_text", .read = read_qwen_moe},
    {.model_type = "qwen3_omni_moe_text", .read = read_qwen_moe},
    {.model_type = "gemma", .read = read_gemma, .tied = true, .vocab = 256000},
    {.model_type = "gemma2", .read = read_gemma2, .tied = true, .vocab = 256000},
    {.model_type = "gemma3", .read = read_gemma3, .tied = true, .vocab = 262208},
    {.model_type = "gemma3_text", .read = read_gemma3, .tied = true, .vocab = 262208},
    {.model_type = "llama4", .read = read_llama4, .vocab = 202048},
    {.model_type = "llama4_text", .read = read_llama4, .vocab = 202048},
    {.model_type = "deepseek_v2", .read = read_deepseek},
    {.model_type = "deepseek_v3", .read = read_deepseek},
    {.model_type = "phi", .read = read_phi},
    {.model_type = "phi3", .read = read_mistral},
    {.model_type = "gpt2", .read = read_gpt2, .tied = true, .own_names = true},
    {.model_type = "gpt_oss", .read = read_gpt_oss},
    {.model_type = "mamba", .read = read_mamba, .tied = true},
    {.model_type = "mamba2", .read = read_mamba2},
    {.model_type = "falcon_mamba", .read = read_mamba},
    {.model_type = "nemotron_h", .read = read_nemotron_h},
    {.model_type = "jamba", .read = read_jamba},
};
const int hf_n_families = (int)(sizeof hf_families / sizeof hf_families[0]);
