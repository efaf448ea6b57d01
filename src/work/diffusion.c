/* Op list of diffusion models: a denoiser run steps x passes times (2 passes with classifier-free
 * guidance), a text encoder once, a decoder once.
 *
 * Sizes other than the reference one: the linear parts grow with the number of tokens, full attention
 * with its square, linear attention with the number. Tokens are proportional to width x height x
 * frames. Text tokens, a few per cent of the linear parts, are left as part of that proportion. */
#include "workload.h"

enum { ACT_BYTES = 2 };

static double or_default(int wanted, int reference)
{
    return wanted > 0 ? wanted : reference;
}

/* Tokens of the wanted size over tokens of the reference size. */
static double size_ratio(const mj_model *m, const mj_extent *x)
{
    double ratio = or_default(x->width, m->diffusion.width) / m->diffusion.width;
    ratio *= or_default(x->height, m->diffusion.height) / m->diffusion.height;
    if (m->diffusion.frames > 0) {
        ratio *= or_default(x->frames, m->diffusion.frames) / m->diffusion.frames;
    }
    return ratio;
}

void mj_diffusion_count(mj_ops *ops, const mj_model *m, const mj_extent *extent)
{
    double steps = or_default(extent->steps, m->diffusion.steps);
    double runs = steps * m->diffusion.passes, ratio = size_ratio(m, extent);
    double square = m->diffusion.linear_attention ? ratio : ratio * ratio;
    mj_format format = (mj_format)m->precision.ffn;
    double byte = mj_format_bytes(format);
    mj_ops_add(ops, (mj_op){.kind = MJ_OP_DENOISE,
                            .what = "denoiser, linear parts",
                            .repeats = m->diffusion.blocks,
                            .format = format,
                            .weights = m->diffusion.params,
                            .weight_B = m->diffusion.params * byte,
                            .reads = steps, /* both passes of a step share one read */
                            .mac = runs * m->diffusion.linear_flop / 2 * ratio,
                            .act_B = runs * m->diffusion.tokens * ratio * m->diffusion.kernels *
                                     m->diffusion.hidden * MJ_DENOISE_TRANSFERS * ACT_BYTES});
    mj_ops_add(ops, (mj_op){.kind = MJ_OP_ATTENTION,
                            .what = "denoiser, attention",
                            .repeats = m->diffusion.blocks,
                            .format = MJ_FORMAT_BF16,
                            .state_mac = runs * m->diffusion.attention_flop / 2 * square});
    double encoder = m->diffusion.text_encoder;
    if (encoder > 0) {
        mj_ops_add(ops, (mj_op){.kind = MJ_OP_LINEAR,
                                .what = "text encoder",
                                .repeats = 1,
                                .format = format,
                                .weights = encoder,
                                .weight_B = encoder * byte,
                                .reads = 1,
                                .mac = encoder * m->diffusion.text_tokens});
    }
    if (m->diffusion.decoder_flop > 0) {
        mj_ops_add(ops, (mj_op){.kind = MJ_OP_DECODER,
                                .what = "image decoder",
                                .repeats = 1,
                                .format = MJ_FORMAT_BF16,
                                .mac = m->diffusion.decoder_flop / 2 * ratio});
    }
}
