/* Time and energy of one batch of images or videos from a diffusion transformer on calibrated GPUs.
 *
 * The denoiser runs steps x passes times over all tokens of B outputs, its sequence split over G
 * devices by Ulysses (degree u, all-to-all) and ring attention (degree r):            [zeus2025]
 *
 *   tk = lin / (eta_f F f8) + att / (eta_a F) + (act + wb) / (0.85 BW)     kernels
 *   tc = steps blocks (4 vol (u-1)/u/G + 2 vol/u (r-1)/r) / (eta_l link) exchange
 *   tl = steps blocks (G > 1 ? t_lm sqrt(r) : t_l)                      launches
 *   E_dyn = eb (act + wb) + ef (lin + att) + Pa tk
 *   t = max(max(tk + tc, tl) + t_ser B [images], E_dyn / (TDP - Pi)),  P = min(Pi + E_dyn / t, TDP)
 *
 * act = k_act transfers of the token matrix a block: fitted, it stands for eager element-wise
 * kernels and poor efficiency at small widths, not for countable traffic; `heavy` models (linear
 * attention, long skips) move h times more. t_ser is the decoder and what else is not parallel. */
#include "ledger.h"

#include <math.h>

static const double BANDWIDTH_SHARE = 0.85; /* fixed in the fit [zeus2025] */

/* FLOP and bytes of one batch on one device. */
static void count(mj_step *step, double *attention_flop, const mj_image_fit *fit,
                  const mj_model *m, const mj_ops *ops, const mj_serving *s)
{
    double share = s->batch / s->devices;
    for (int i = 0; i < ops->n; i++) {
        const mj_op *op = &ops->op[i];
        if (op->kind == MJ_OP_DENOISE) {
            double transfers = fit->act_transfers * (m->diffusion.heavy ? fit->heavy : 1);
            step->decode_flop += 2 * op->mac * share;
            step->act_B += op->act_B / MJ_DENOISE_TRANSFERS * transfers * share;
            step->weight_B += op->weight_B * op->reads;
        } else if (op->kind == MJ_OP_ATTENTION) {
            *attention_flop += 2 * op->state_mac * share;
        }
    }
}

/* Time to exchange tokens and keys between devices; 0 on one. */
static double exchange_s(mj_step *step, const mj_chip *chip, const mj_model *m, const mj_ops *ops,
                         const mj_serving *s)
{
    if (s->devices == 1) {
        return 0;
    }
    double G = s->devices, u = s->ulysses, r = s->ring, blocks = m->diffusion.kernels;
    double matrix_B = ops->op[0].act_B / MJ_DENOISE_TRANSFERS; /* steps passes blocks tokens hidden 2 */
    double volume = s->batch * matrix_B / (s->steps * blocks);
    step->link_B = s->steps * blocks *
                   (4 * volume * (u - 1) / u / G + 2 * volume / u * (r - 1) / r);
    const mj_link *link = mj_chip_link(chip, MJ_LINK_KIND_SCALEUP);
    return step->link_B / (chip->image.eta_link * link->bandwidth_Bps.typ);
}

void mj_image_step(mj_step *step, const mj_chip *chip, const mj_model *model, const mj_ops *ops,
                   const mj_serving *serving)
{
    const mj_image_fit *fit = &chip->image;
    double F = 2 * mj_chip_compute(chip, MJ_FORMAT_BF16)->rate_MACps.typ;
    double BW = mj_chip_memory(chip, MJ_HOLDS_WEIGHTS)->bandwidth_Bps.typ;
    double tdp = chip->tdp_W.typ, attention_flop = 0;
    *step = (mj_step){0};
    count(step, &attention_flop, fit, model, ops, serving);

    double bytes = step->act_B + step->weight_B;
    double kernel_s = step->decode_flop / (fit->eta_compute * F * mj_format_speed(chip, model)) +
                      attention_flop / (fit->eta_attention * F) + bytes / (BANDWIDTH_SHARE * BW);
    double launch_s = serving->devices > 1 ? fit->launch_parallel_s * sqrt(serving->ring)
                                           : fit->launch_s;
    launch_s *= serving->steps * model->diffusion.kernels;
    double serial_s = model->output == MJ_OUTPUT_IMAGE ? fit->serial_s * serving->batch : 0;
    double link_s = exchange_s(step, chip, model, ops, serving);
    double free_s = fmax(kernel_s + link_s, launch_s) + serial_s;

    step->decode_flop += attention_flop;
    step->compute_s = kernel_s;
    step->dynamic_J = fit->byte_JpB * bytes + fit->flop_J * step->decode_flop +
                      fit->active_W * kernel_s;
    step->unclamped_W = fit->idle_W + step->dynamic_J / free_s;
    step->step_s = fmax(free_s, step->dynamic_J / (tdp - fit->idle_W));
    step->clamped = step->step_s > free_s;
    step->power_W = fmin(fit->idle_W + step->dynamic_J / step->step_s, tdp);
}
