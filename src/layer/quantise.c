/* Straight-through quantiser: forward rounds as mj_quantise_rows() (quantise_kernels.c) does,
 * backward passes the gradient as if it had not: dx += dy, clipped entries too. So a model learns
 * weights that are good once they are rounded. */
#include "layer_rows.h"

enum { BITS_MIN = 2, BITS_MAX = 16 };

static mj_status plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config, mj_err *err)
{
    (void)n_in;
    const mj_quantise_config *quantise = config;
    bool fits = quantise->bits == 0 || (quantise->bits >= BITS_MIN && quantise->bits <= BITS_MAX);
    if (in[0].n_dims != 2 || !fits) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "quantise: it takes a matrix and 0 or %d to %d bits, not %d", BITS_MIN,
                          BITS_MAX, quantise->bits);
    }
    *plan = (mj_plan){.out = in[0], .n_tmp = (size_t)in[0].dim[0]};
    return MJ_OK;
}

static void forward(const mj_call *call)
{
    const mj_quantise_config *quantise = call->config;
    const mj_tensor *x = &call->in[0];
    if (quantise->bits == 0) {
        mj_copy(call->out.v, x->v, count_of(x));
        return;
    }
    mj_quantise_rows(call->out.v, call->tmp, x->v, x->shape.dim[0], x->shape.dim[1],
                     quantise->bits);
}

static void backward(const mj_call *call)
{
    if (call->in[0].d) {
        mj_add_scaled(call->in[0].d, call->out.d, 1, count_of(&call->out));
    }
}

static const mj_example EXAMPLES[] = {
    {.in = {{2, {3, 8}}}, .n_in = 1, .config = &(const mj_quantise_config){.bits = 4}},
};
const mj_layer mj_quantise_row = {
    .name = "quantise", .config_size = sizeof(mj_quantise_config), .n_in_min = 1, .n_in_max = 1,
    .straight_through = true, .plan = plan, .forward = forward, .backward = backward,
    .example = EXAMPLES, .n_examples = N_OF(EXAMPLES),
};

mj_var mj_quantise(mj_tape *tape, mj_var x, int bits)
{
    return mj_tape_apply(tape, &mj_quantise_row, &(mj_quantise_config){.bits = bits}, &x, 1);
}
