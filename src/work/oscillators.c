/* Op list of coupled-oscillator generators.
 *
 * N phases obey theta_i' = w_i + sum_j K_ij sin(theta_j - theta_i) + class drive for `span` model time
 * units, then some are read out. As physics that is N oscillators and their couplings running for a
 * while; on a computer every right-hand side is two products with K, because sin(a - b) is expanded
 * (kuramoto.h): 2 multiply-accumulates a coupling and harmonic of the coupling function, `steps` x
 * `stages` times, K read each time. Of couplings that change P times in a run P matrices are stored, of
 * which each right-hand side reads one.
 *
 * A decoder, if there is one, is a conventional network on [sin, cos] of the phases and is billed as
 * one: block b takes channels c to max(c / 2, 32) at 8 x 2^b pixels a side, two 3x3 convolutions, a
 * last one to 3 colours. Its layer list reproduces all six published totals of Un-0. Not counted:
 * sines and cosines (2 N a right-hand side), biases' additions. */
#include "workload.h"

#include <math.h>

enum { DECODER_SIDE = 4, COLOURS = 3, CHANNELS_MIN = 32, STATE_BYTES = 4 };

static double conv_params(double in, double out)
{
    return 9 * in * out + out;
}

mj_oscillator_params mj_oscillators_params(const mj_model *m)
{
    double n = (double)m->oscillator.visible + m->oscillator.hidden;
    double couplings = m->oscillator.couplings * m->oscillator.segments;
    double drive = m->oscillator.conditioning > 0 ? m->oscillator.conditioning : 3;
    /* without conditioning oscillators a class has two injections and a frequency per oscillator */
    mj_oscillator_params p = {.dynamics = couplings + n +
                                          m->oscillator.classes * n * drive};
    double channels = m->oscillator.decoder_channels, side = DECODER_SIDE;
    for (int b = 0; b < m->oscillator.decoder_blocks; b++) {
        double next = fmax(floor(channels / 2), CHANNELS_MIN);
        side *= 2;
        p.decoder += conv_params(channels, next) + conv_params(next, next);
        p.decoder_flop += 2 * 9 * (channels * next + next * next) * side * side;
        channels = next;
    }
    if (m->oscillator.decoder_blocks > 0) {
        p.decoder += conv_params(channels, COLOURS);
        p.decoder_flop += 2 * 9 * channels * COLOURS * side * side;
    }
    return p;
}

void mj_oscillators_count(mj_ops *ops, const mj_model *m, const mj_extent *extent)
{
    double n = (double)m->oscillator.visible + m->oscillator.hidden;
    double steps = extent->steps > 0 ? extent->steps : m->oscillator.steps;
    double runs = steps * m->oscillator.stages, couplings = m->oscillator.couplings;
    double P = m->oscillator.segments, h = m->oscillator.harmonics;
    mj_ops_add(ops, (mj_op){.kind = MJ_OP_OSCILLATE,
                            .what = "coupled oscillators",
                            .repeats = 1,
                            .format = (mj_format)m->precision.ffn,
                            .weights = P * couplings,
                            .weight_B = P * couplings * m->oscillator.coupling_bits / 8,
                            .reads = runs / P,
                            .mac = runs * 2 * h * couplings,
                            .act_B = runs * 4 * h * n * STATE_BYTES, /* sin, cos in; both sums out */
                            .segments = P,
                            .oscillators = n,
                            .span = m->oscillator.span,
                            .starts = m->oscillator.random,
                            .start_bits = m->oscillator.start_bits,
                            .samples = m->oscillator.visible});
    mj_oscillator_params p = mj_oscillators_params(m);
    if (p.decoder > 0) {
        double byte = mj_format_bytes((mj_format)m->precision.ffn);
        mj_ops_add(ops, (mj_op){.kind = MJ_OP_DECODER,
                                .what = "decoder",
                                .repeats = m->oscillator.decoder_blocks,
                                .format = (mj_format)m->precision.ffn,
                                .weights = p.decoder,
                                .weight_B = p.decoder * byte,
                                .reads = 1,
                                .mac = p.decoder_flop / 2});
    }
}
