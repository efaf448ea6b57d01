/* Depthwise convolution over the past of a sequence:
 *
 *   y[t] = bias + sum_i w[i] x[t - K + 1 + i]     i = 0..K-1, element-wise over channels
 *   dx[t - K + 1 + i] += w[i] dy[t]     dw[i] += sum_t dy[t] x[t - K + 1 + i]
 *
 * x [B,T,C], w [K,C], bias [C]. A stream carries its last K - 1 inputs [K-1,C]. K B T C MAC. */
#include "sequence.h"

#include <string.h>

static mj_status plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config, mj_err *err)
{
    (void)config;
    mj_shape x = in[0], w = in[1];
    bool fits = is_sequence(x) && w.n_dims == 2 && w.dim[1] == x.dim[2] &&
                (n_in < 3 || mj_shape_equal(in[2], mj_shape_1(x.dim[2])));
    if (!fits) {
        return bad_shape(err, "causal_conv: it takes x [B,T,C], w [K,C] and bias [C]");
    }
    sequence s = sequence_of(x);
    size_t K = (size_t)w.dim[0];
    *plan = (mj_plan){.out = x, .n_state = (K - 1) * s.C, .n_tmp = parts_of(s.B) * (K + 1) * s.C,
                      .mac = (double)mj_shape_count(x) * (double)K};
    return MJ_OK;
}

/* Input of step t - back of a stream; of steps before the segment from what it carries. */
static inline const mj_real *input_at(const mj_real *x, const mj_real *past, size_t t, size_t back,
                                      size_t K, size_t C)
{
    return t >= back ? x + (t - back) * C : past + (K - 1 + t - back) * C;
}

MJ_CLONES static void stream_forward(mj_real *restrict y, const mj_real *restrict x,
                                     const mj_real *restrict past, const mj_real *restrict w,
                                     const mj_real *restrict bias, sequence s, size_t K)
{
    for (size_t t = 0; t < s.T; t++, y += s.C) {
        for (size_t c = 0; c < s.C; c++) {
            y[c] = bias ? bias[c] : 0;
        }
        for (size_t i = 0; i < K; i++) {
            const mj_real *restrict from = input_at(x, past, t, K - 1 - i, K, s.C);
            const mj_real *restrict tap = w + i * s.C;
#pragma omp simd
            for (size_t c = 0; c < s.C; c++) {
                y[c] += tap[c] * from[c];
            }
        }
    }
}

/* What the stream carries on: inputs T - K + 1 .. T - 1. */
static void carry(mj_real *next, const mj_real *x, const mj_real *past, sequence s, size_t K)
{
    for (size_t k = 0; k + 1 < K; k++) {
        mj_copy(next + k * s.C, input_at(x, past, s.T, K - 1 - k, K, s.C), s.C);
    }
}

static void forward(const mj_call *call)
{
    const mj_tensor *x = &call->in[0], *w = &call->in[1];
    const mj_real *bias = call->n_in == 3 ? call->in[2].v : NULL;
    sequence s = sequence_of(x->shape);
    size_t K = (size_t)w->shape.dim[0], segment = s.T * s.C, past = (K - 1) * s.C;
#pragma omp parallel for schedule(static) if (s.B * segment >= THREADS_MIN)
    for (size_t b = 0; b < s.B; b++) {
        stream_forward(call->out.v + b * segment, x->v + b * segment, call->state + b * past, w->v,
                       bias, s, K);
        carry(call->state_next + b * past, x->v + b * segment, call->state + b * past, s, K);
    }
}

/* dx may be NULL; adds to dw [K+1,C], whose last row is the bias's. */
MJ_CLONES static void stream_backward(mj_real *restrict dx, mj_real *restrict dw,
                                      const mj_real *restrict dy, const mj_real *restrict x,
                                      const mj_real *restrict past, const mj_real *restrict w,
                                      sequence s, size_t K)
{
    for (size_t t = 0; t < s.T; t++, dy += s.C) {
        for (size_t i = 0; i < K; i++) {
            size_t back = K - 1 - i;
            const mj_real *restrict from = input_at(x, past, t, back, K, s.C);
            const mj_real *restrict tap = w + i * s.C;
            mj_real *restrict dtap = dw + i * s.C;
#pragma omp simd
            for (size_t c = 0; c < s.C; c++) {
                dtap[c] += dy[c] * from[c];
            }
            if (dx && t >= back) {
                mj_real *restrict to = dx + (t - back) * s.C;
#pragma omp simd
                for (size_t c = 0; c < s.C; c++) {
                    to[c] += tap[c] * dy[c];
                }
            }
        }
        mj_real *restrict dbias = dw + K * s.C;
#pragma omp simd
        for (size_t c = 0; c < s.C; c++) {
            dbias[c] += dy[c];
        }
    }
}

static void backward(const mj_call *call)
{
    const mj_tensor *x = &call->in[0], *w = &call->in[1];
    sequence s = sequence_of(x->shape);
    size_t K = (size_t)w->shape.dim[0], segment = s.T * s.C, sums = (K + 1) * s.C;
#pragma omp parallel for schedule(static) if (s.B * segment >= THREADS_MIN)
    for (size_t part = 0; part < parts_of(s.B); part++) {
        mj_real *dw = call->tmp + part * sums;
        memset(dw, 0, sums * sizeof *dw);
        for (size_t b = part_start(s.B, part); b < part_start(s.B, part + 1); b++) {
            stream_backward(x->d ? x->d + b * segment : NULL, dw, call->out.d + b * segment,
                            x->v + b * segment, call->state + b * (K - 1) * s.C, w->v, s, K);
        }
    }
    for (size_t part = 0; part < parts_of(s.B); part++) {
        const mj_real *dw = call->tmp + part * sums;
        if (w->d) {
            mj_add_scaled(w->d, dw, 1, K * s.C);
        }
        if (call->n_in == 3 && call->in[2].d) {
            mj_add_scaled(call->in[2].d, dw + K * s.C, 1, s.C);
        }
    }
}

static const mj_example EXAMPLES[] = {
    {.in = {{3, {2, 7, 3}}, {2, {4, 3}}}, .n_in = 2},
    {.in = {{3, {3, 2, 5}}, {2, {4, 5}}, {1, {5}}}, .n_in = 3}, /* a segment shorter than w */
    {.in = {{3, {1, 3, 2}}, {2, {1, 2}}}, .n_in = 2},
};
const mj_layer mj_causal_conv_row = {
    .name = "causal_conv", .n_in_min = 2, .n_in_max = 3, .plan = plan, .forward = forward,
    .backward = backward, .example = EXAMPLES, .n_examples = N_OF(EXAMPLES),
};

mj_var mj_causal_conv(mj_tape *tape, mj_var x, mj_var w, mj_var bias)
{
    return mj_tape_apply(tape, &mj_causal_conv_row, NULL, (const mj_var[]){x, w, bias}, 3);
}
