/* 3x3 convolution and 2x2 pooling of images, channels last: x [B,H,W,C].
 *
 * The loops are in conv_kernels.c and pool_kernels.c; here are shapes and gradients. Convolution:
 * 9*B*H*W*C*N MAC forward, the same for dx and for dw. */
#include "layer_rows.h"

#include <limits.h>

/* Letters of an application: C channels in, N channels out. */
static mj_conv_shape conv_shape(mj_shape x, mj_shape w)
{
    return (mj_conv_shape){
        .B = x.dim[0], .H = x.dim[1], .W = x.dim[2], .C = x.dim[3], .N = w.dim[3]};
}

static mj_status conv_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                           mj_err *err)
{
    (void)n_in, (void)config;
    mj_shape x = in[0], w = in[1];
    bool fits = x.n_dims == 4 && w.n_dims == 4 && w.dim[0] == 3 && w.dim[1] == 3 &&
                w.dim[2] == x.dim[3] && mj_shape_equal(in[2], mj_shape_1(w.dim[3]));
    if (!fits) {
        return bad_shape(err, "conv3x3: it takes x [B,H,W,C], w [3,3,C,N] and bias [N]");
    }
    if (mj_shape_rows(x) > INT_MAX || (size_t)w.dim[2] * 9 > INT_MAX) {
        return bad_shape(err, "conv3x3: too many pixels or channels for one product");
    }
    mj_conv_shape s = conv_shape(x, w);
    *plan = (mj_plan){
        .out = mj_shape_4(s.B, s.H, s.W, s.N),
        .n_tmp = mj_conv3x3_tmp(s),
        .mac = 9.0 * (double)mj_shape_count(x) * s.N,
    };
    return MJ_OK;
}

static void conv_forward(const mj_call *call)
{
    const mj_tensor *x = &call->in[0], *w = &call->in[1], *bias = &call->in[2];
    mj_conv3x3_forward(call->out.v, x->v, w->v, bias->v, call->tmp, conv_shape(x->shape, w->shape));
}

static void conv_backward(const mj_call *call)
{
    const mj_tensor *x = &call->in[0], *w = &call->in[1], *bias = &call->in[2];
    mj_conv_shape s = conv_shape(x->shape, w->shape);
    if (x->d) {
        mj_conv3x3_input_backward(x->d, call->out.d, w->v, call->tmp, s);
    }
    if (w->d) {
        mj_conv3x3_weight_backward(w->d, call->out.d, x->v, call->tmp, s);
    }
    if (bias->d) {
        mj_rows_sum(bias->d, call->out.d, s.B * s.H * s.W, s.N);
    }
}

static const mj_example CONV_EXAMPLES[] = {
    {.in = {{4, {2, 5, 4, 3}}, {4, {3, 3, 3, 2}}, {1, {2}}}, .n_in = 3},
    {.in = {{4, {3, 1, 1, 1}}, {4, {3, 3, 1, 1}}, {1, {1}}}, .n_in = 3},
};
const mj_layer mj_conv3x3_row = {
    .name = "conv3x3", .n_in_min = 3, .n_in_max = 3, .plan = conv_plan, .forward = conv_forward,
    .backward = conv_backward, .example = CONV_EXAMPLES, .n_examples = N_OF(CONV_EXAMPLES),
};

mj_var mj_conv3x3(mj_tape *tape, mj_var x, mj_var w, mj_var bias)
{
    return mj_tape_apply(tape, &mj_conv3x3_row, NULL, (const mj_var[]){x, w, bias}, 3);
}

static mj_status pool_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                           mj_err *err)
{
    (void)n_in, (void)config;
    const int *dim = in[0].dim;
    if (in[0].n_dims != 4 || dim[1] < 2 || dim[2] < 2) {
        return bad_shape(err, "pool: it takes x [B,H,W,C] with H and W at least 2");
    }
    *plan = (mj_plan){.out = mj_shape_4(dim[0], dim[1] / 2, dim[2] / 2, dim[3])};
    return MJ_OK;
}

static void max_forward(const mj_call *call)
{
    const int *dim = call->in[0].shape.dim;
    mj_pool_max_forward(call->out.v, call->in[0].v, dim[0], dim[1], dim[2], dim[3]);
}

static void max_backward(const mj_call *call)
{
    const mj_tensor *x = &call->in[0];
    const int *dim = x->shape.dim;
    if (x->d) {
        mj_pool_max_backward(x->d, call->out.d, x->v, dim[0], dim[1], dim[2], dim[3]);
    }
}

static void mean_forward(const mj_call *call)
{
    const int *dim = call->in[0].shape.dim;
    mj_pool_mean_forward(call->out.v, call->in[0].v, dim[0], dim[1], dim[2], dim[3]);
}

static void mean_backward(const mj_call *call)
{
    const mj_tensor *x = &call->in[0];
    const int *dim = x->shape.dim;
    if (x->d) {
        mj_pool_mean_backward(x->d, call->out.d, dim[0], dim[1], dim[2], dim[3]);
    }
}

static const mj_example POOL_EXAMPLES[] = {
    {.in = {{4, {2, 4, 6, 3}}}, .n_in = 1},
    {.in = {{4, {2, 5, 3, 1}}}, .n_in = 1},
};
const mj_layer mj_pool_max_row = {
    .name = "pool_max", .n_in_min = 1, .n_in_max = 1, .plan = pool_plan, .forward = max_forward,
    .backward = max_backward, .example = POOL_EXAMPLES, .n_examples = N_OF(POOL_EXAMPLES),
};
const mj_layer mj_pool_mean_row = {
    .name = "pool_mean", .n_in_min = 1, .n_in_max = 1, .plan = pool_plan, .forward = mean_forward,
    .backward = mean_backward, .example = POOL_EXAMPLES, .n_examples = N_OF(POOL_EXAMPLES),
};

mj_var mj_pool_max(mj_tape *tape, mj_var x)
{
    return mj_tape_apply(tape, &mj_pool_max_row, NULL, &x, 1);
}

mj_var mj_pool_mean(mj_tape *tape, mj_var x)
{
    return mj_tape_apply(tape, &mj_pool_mean_row, NULL, &x, 1);
}
