/* Time and energy of one engine step of a served language model on calibrated GPUs.
 *
 * A step produces one token for each of B running sequences; a share q of the steps also carries
 * prompts. Per device (G of them, attention and dense weights split by tensor parallelism, experts
 * by expert parallelism):                                                            [zeus2025]
 *
 *   W, KV, X   bytes of dense weights, cache and state, touched experts
 *   FD, FP     FLOP of the decoded tokens, of the prompts (average over steps)
 *   tm = (W + KV) / (eta_b BW) + Xmax / (eta_x BW)      memory, slowest device
 *   tf = FLOP / (eta_f F f8)                            arithmetic, f8 = 2 for 8-bit weights
 *   t_gpu = mean over both kinds of step of sqrt(tm^2 + tf^2) + layers t_layer + n t_ar + LB / link
 *   E_dyn = eb (W + KV + X) + ef (FD + FP) + Pa t_gpu
 *   t = max(t_gpu + B t_seq, E_dyn / (TDP - Pi)),  P = min(Pi + E_dyn / t, TDP)
 *
 * The constants are fitted to measured rows (chip->text); the equations are physics and hold for
 * models that no fit has seen. It does not model multimodal preprocessing, or queueing.
 *
 * Departures from the fitted form, none of which any measured row tests: all-reduces are counted per
 * block output (attention, FFN, experts, state-space mixer), which for transformers is the fitted 2
 * a layer, while hybrids have more blocks than attention layers; int8 counts as 8-bit and nvfp4 runs
 * at four times the rate where the chip has units for them (mxfp4 weights are widened first). */
#include "ledger.h"

#include <math.h>

typedef struct {
    double context, prompts_per_step, tokens_mixed; /* pp, pt */
    double share;                                   /* q */
} mix;

static mix prefill_mix(const mj_serving *s)
{
    if (s->context > 0 || s->prompt <= 0) {
        return (mix){.context = mj_serving_context(s)};
    }
    double per_output = s->batch / s->output;
    return (mix){.context = mj_serving_context(s),
                 .prompts_per_step = s->prompt * per_output,
                 .tokens_mixed = s->prompt * fmax(1, per_output),
                 .share = fmin(1, per_output)};
}

/* Expected share of E experts that T tokens touch when each picks k at random; 1 for kernels that
 * read every local expert. */
static double touched(const mj_model *m, double tokens)
{
    if (m->moe.reads_all) {
        return 1;
    }
    return 1 - pow(1 - (double)m->moe.active / m->moe.experts, tokens);
}

typedef struct {
    double average_B, slowest_B;
} expert_bytes;

/* Experts of one device: n = E/G of them in each layer; with expert parallelism the slowest device
 * holds sqrt(2 ln G) standard deviations more touched experts than the average one. */
static expert_bytes expert_read(const mj_model *m, const mj_op *op, const mj_serving *s,
                                double tokens)
{
    double G = s->devices, n = m->moe.experts / G, u = touched(m, tokens);
    double one_B = op->weight_B * op->reads / m->moe.experts;
    expert_bytes b = {one_B * n * u, one_B * n * u};
    if (s->expert > 1) {
        double more = sqrt(2 * log(G)) * sqrt(n * u * (1 - u));
        b.slowest_B = one_B * fmin(n, n * u + more);
    }
    return b;
}

static void add_op(mj_step *step, const mj_op *op, const mj_model *m, const mj_serving *s,
                   const mix *x, double cache_split)
{
    double G = s->devices, B = s->batch, shard = s->tensor;
    step->decode_flop += 2 * (op->mac + op->state_mac) * B / G;
    switch (op->kind) {
    case MJ_OP_HEAD:
        step->weight_B += op->weight_B * op->reads / shard;
        break;
    case MJ_OP_EXPERTS: {
        expert_bytes decode = expert_read(m, op, s, B);
        expert_bytes mixed = expert_read(m, op, s, B + x->tokens_mixed);
        step->expert_B = decode.average_B;
        step->expert_max_B = decode.slowest_B;
        step->expert_mixed_B = mixed.average_B;
        step->expert_max_mixed_B = mixed.slowest_B;
        step->prefill_flop += 2 * op->mac * x->prompts_per_step / G;
        break;
    }
    case MJ_OP_ATTENTION:
        step->kv_B += B * op->state_B / cache_split;
        if (s->prompt > 0) {
            step->prefill_flop += 2 * op->prompt_mac * x->prompts_per_step / s->prompt / G;
        }
        break;
    case MJ_OP_SCAN: /* its share of a prompt's arithmetic is under 2 %: not in the fit */
        step->kv_B += B * op->state_B / G;
        break;
    default:
        step->weight_B += op->weight_B * op->reads / shard;
        step->prefill_flop += 2 * op->mac * x->prompts_per_step / G;
    }
}

double mj_format_speed(const mj_chip *chip, const mj_model *m)
{
    mj_format format = (mj_format)(m->moe.layers > 0 ? m->precision.experts : m->precision.ffn);
    const mj_compute *unit = mj_chip_compute(chip, format);
    if (unit == NULL || unit->format != (int)format) {
        return 1;
    }
    switch (format) {
    case MJ_FORMAT_FP8:
    case MJ_FORMAT_INT8:
        return 2;
    case MJ_FORMAT_NVFP4:
        return 4;
    default:
        return 1;
    }
}

static double flop_rate(const mj_chip *chip)
{
    return 2 * mj_chip_compute(chip, MJ_FORMAT_BF16)->rate_MACps.typ;
}

/* Time of the kernels of a step that moves `memory_s` and computes `arithmetic_s`. */
static double overlap(double memory_s, double arithmetic_s)
{
    return sqrt(memory_s * memory_s + arithmetic_s * arithmetic_s);
}

static void step_time(mj_step *step, const mj_chip *chip, const mj_text_fit *fit,
                      const mj_model *m, const mj_serving *s, const mix *x)
{
    double BW = mj_chip_memory(chip, MJ_HOLDS_WEIGHTS)->bandwidth_Bps.typ;
    double eta_x = m->moe.reads_all ? fit->eta_experts_block : fit->eta_experts;
    double rate = fit->eta_compute * flop_rate(chip) * mj_format_speed(chip, m);
    double q = step->prefill_share, G = s->devices;
    double fixed_s = (step->weight_B + step->kv_B) / (fit->eta_memory * BW);
    double decode_s = overlap(fixed_s + step->expert_max_B / (eta_x * BW),
                              step->decode_flop / rate);
    double mixed_s = decode_s;
    if (q > 0) {
        mixed_s = overlap(fixed_s + step->expert_max_mixed_B / (eta_x * BW),
                          (step->decode_flop + step->prefill_flop / q) / rate);
    }
    double overhead_s = m->layers * fit->layer_s;
    if (G > 1) {
        const mj_link *link = mj_chip_link(chip, MJ_LINK_KIND_SCALEUP);
        double blocks = m->attn_layers + m->ffn_layers + m->moe.layers + m->ssm.layers;
        if (s->data > 1) { /* tokens go to their experts and back; attention stays at home */
            blocks = 2.0 * m->moe.layers;
        }
        step->collectives = blocks;
        step->link_B = blocks * 2 * (G - 1) / G * (s->batch + x->prompts_per_step) * m->hidden * 2;
        overhead_s += step->collectives * fit->reduce_s + step->link_B / link->bandwidth_Bps.typ;
    }
    step->compute_s = (1 - q) * decode_s + q * mixed_s + overhead_s;
    step->mixed_s = mixed_s + overhead_s + s->batch * fit->sequence_s;
}

void mj_text_step(mj_step *step, const mj_chip *chip, const mj_text_fit *fit, const mj_model *model,
                  const mj_ops *ops, const mj_serving *serving)
{
    mix x = prefill_mix(serving);
    *step = (mj_step){.context = x.context, .prefill_share = x.share};
    double split = mj_serving_cache_split(chip, model, serving);
    for (int i = 0; i < ops->n; i++) {
        add_op(step, &ops->op[i], model, serving, &x, split);
    }
    step_time(step, chip, fit, model, serving, &x);

    double q = x.share, tdp = chip->tdp_W.typ;
    double bytes = step->weight_B + step->kv_B + (1 - q) * step->expert_B +
                   q * step->expert_mixed_B;
    step->dynamic_J = fit->byte_JpB * bytes +
                      fit->flop_J * (step->decode_flop + step->prefill_flop) +
                      fit->active_W * step->compute_s;
    double free_s = step->compute_s + serving->batch * fit->sequence_s;
    step->unclamped_W = fit->idle_W + step->dynamic_J / free_s;
    step->step_s = fmax(free_s, step->dynamic_J / (tdp - fit->idle_W));
    step->clamped = step->step_s > free_s;
    step->power_W = fmin(fit->idle_W + step->dynamic_J / step->step_s, tdp);
}
