/* Op list of decoder-only language models: dense and mixture-of-experts transformers, grouped-query
 * and latent attention, sliding windows, state-space models and hybrids of all of these.
 *
 * Weights: every token multiplies all dense weights once; a token visits `active` of `experts`.
 * Attention: a new token reads the keys and values of its context, in windowed layers only the last
 * `window.tokens`; 4 heads head_dim FLOP per context token and layer (latent attention in its
 * absorbed form, see model_params.c). A prompt of P tokens costs half of P^2 of that: token i sees i.
 * State-space layers read and write their state once a token.
 *
 * Not counted: norms, rotary embedding, softmax and sampling (under 1 % of the arithmetic), the
 * input embedding (one row a token), the prompt's cache writes (one per read of many). */
#include "workload.h"

#include <math.h>

enum { ACT_BYTES = 2, ROUTER_BYTES = 2 }; /* activations and routers run in 16 bit everywhere */

static mj_op linear(const char *what, int repeats, double weights,
                    mj_format format, double act_numbers)
{
    return (mj_op){.kind = MJ_OP_LINEAR,
                   .what = what,
                   .repeats = repeats,
                   .format = format,
                   .weights = weights,
                   .weight_B = weights * mj_format_bytes(format),
                   .reads = 1,
                   .mac = weights,
                   .act_B = act_numbers * repeats * ACT_BYTES};
}

static void add_mixers(mj_ops *ops, const mj_model *m)
{
    const mj_params *p = &m->params;
    if (p->attention > 0) {
        double inner = 2.0 * m->heads * m->head_dim + 2.0 * m->kv_heads * m->head_dim;
        mj_ops_add(ops, linear("attention projections", m->attn_layers, p->attention,
                               (mj_format)m->precision.attention, 2.0 * m->hidden + inner));
    }
    if (p->ssm > 0) {
        double inner = m->ssm.version == 1 ? m->ssm.inner : (double)m->ssm.heads * m->ssm.head_dim;
        mj_ops_add(ops, linear("state-space projections", m->ssm.layers, p->ssm,
                               (mj_format)m->precision.attention, 2.0 * m->hidden + 3.0 * inner));
    }
}

static void add_ffn(mj_ops *ops, const mj_model *m)
{
    const mj_params *p = &m->params;
    if (p->ffn > 0) {
        mj_ops_add(ops, linear("feed-forward", m->ffn_layers, p->ffn,
                               (mj_format)m->precision.ffn,
                               2.0 * m->hidden + (double)m->ffn_matrices * m->ffn));
    }
    if (p->shared > 0) {
        mj_ops_add(ops, linear("shared experts", m->moe.layers, p->shared,
                               (mj_format)m->precision.ffn,
                               2.0 * m->hidden + (double)m->ffn_matrices * m->moe.shared_width));
    }
    if (p->router > 0) {
        mj_op router = linear("routers", m->moe.layers, p->router, MJ_FORMAT_BF16,
                              (double)m->moe.experts);
        router.weight_B = p->router * ROUTER_BYTES;
        mj_ops_add(ops, router);
    }
    if (p->expert > 0) {
        double layers = m->moe.layers, all = layers * m->moe.experts * p->expert;
        mj_format format = (mj_format)m->precision.experts;
        double width = 2.0 * m->hidden + (double)m->ffn_matrices * m->moe.width;
        mj_ops_add(ops, (mj_op){.kind = MJ_OP_EXPERTS,
                                .what = "routed experts",
                                .repeats = m->moe.layers,
                                .format = format,
                                .weights = all,
                                .weight_B = all * mj_format_bytes(format),
                                .reads = 1,
                                .mac = layers * m->moe.active * p->expert,
                                .act_B = layers * m->moe.active * width * ACT_BYTES,
                                .experts = m->moe.experts,
                                .active = m->moe.active});
    }
}

static void add_head(mj_ops *ops, const mj_model *m)
{
    mj_op head = linear("output head", 1, m->params.head, (mj_format)m->precision.embedding,
                        (double)m->hidden + m->vocab);
    head.kind = MJ_OP_HEAD;
    mj_ops_add(ops, head);
}

static void add_states(mj_ops *ops, const mj_model *m, const mj_extent *x)
{
    const mj_params *p = &m->params;
    if (m->attn_layers > 0) {
        double full = m->attn_layers - m->window.layers, some = m->window.layers;
        double seen = full * x->context + some * fmin(x->context, m->window.tokens);
        double kept = full * x->longest + some * fmin(x->longest, m->window.tokens);
        double mac = p->attention_flop / 2;
        mj_ops_add(ops, (mj_op){.kind = MJ_OP_ATTENTION,
                                .what = "attention over the cache",
                                .repeats = m->attn_layers,
                                .format = (mj_format)m->precision.cache,
                                .state_B = p->kv_B * seen,
                                .state_mac = mac * seen,
                                .prompt_mac = mac * m->attn_layers * x->prompt * x->prompt / 2,
                                .stored_B = p->kv_B * kept});
    }
    if (m->ssm.layers > 0) {
        double mac = p->scan_flop / 2;
        mj_ops_add(ops, (mj_op){.kind = MJ_OP_SCAN,
                                .what = "state update",
                                .repeats = m->ssm.layers,
                                .format = MJ_FORMAT_FP32,
                                .state_B = 2 * p->state_B, /* read and written */
                                .state_mac = mac,
                                .prompt_mac = mac * x->prompt,
                                .stored_B = p->state_B});
    }
}

/* GGUF files mix formats tensor by tensor: their exact byte total replaces the nominal one, shared
 * out over the ops, and the input embedding that no op multiplies, in proportion. */
static void scale_to_exact(mj_ops *ops, double exact_B, double embedding_B)
{
    double nominal = embedding_B;
    for (int i = 0; i < ops->n; i++) {
        nominal += ops->op[i].weight_B;
    }
    for (int i = 0; i < ops->n; i++) {
        ops->op[i].weight_B *= exact_B / nominal;
    }
}

void mj_transformer_count(mj_ops *ops, const mj_model *model, const mj_extent *extent)
{
    add_mixers(ops, model);
    add_ffn(ops, model);
    add_head(ops, model);
    if (model->exact_weight_B > 0) {
        scale_to_exact(ops, model->exact_weight_B,
                       model->params.embedding *
                           mj_format_bytes((mj_format)model->precision.embedding));
    }
    add_states(ops, model, extent);
}
