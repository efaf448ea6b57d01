/* Element-wise non-linearities, and dropout.
 *
 *   relu  y = max(x, 0)               dx += dy where x > 0
 *   silu  y = x s(x), s logistic      dx += dy s (1 + x (1 - s))
 *   gelu  y = x s(1.6 (x + 0.045 x^3)), the tanh form of x times the normal distribution
 *   tanh  y = tanh(x)              dx += dy (1 - y^2)
 *   dropout  y = x m / (1 - p)        dx += dy m / (1 - p),  m = 0 with probability p, else 1
 *
 * The mask m is drawn again in the backward pass from the same noise key instead of being kept. */
#include "layer_rows.h"

#include "mj/counts.h"
#include "mj/fast_math.h"

/* The same shape; `each` operations a number. */
static mj_status plan_counted(mj_plan *plan, const mj_shape *in, double each)
{
    *plan = (mj_plan){.out = in[0], .vector = each * (double)mj_shape_count(in[0])};
    return MJ_OK;
}

static mj_status relu_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                           mj_err *err)
{
    (void)n_in, (void)config, (void)err;
    return plan_counted(plan, in, 1);
}

static mj_status silu_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                           mj_err *err)
{
    (void)n_in, (void)config, (void)err;
    return plan_counted(plan, in, MJ_SIGMOID_OPS);
}

static mj_status gelu_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                           mj_err *err)
{
    (void)n_in, (void)config, (void)err;
    return plan_counted(plan, in, MJ_GELU_OPS);
}

static mj_status tanh_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                           mj_err *err)
{
    (void)n_in, (void)config, (void)err;
    return plan_counted(plan, in, MJ_TANH_OPS);
}

static void relu_forward(const mj_call *call)
{
    mj_relu_forward(call->out.v, call->in[0].v, count_of(&call->out));
}

static void relu_backward(const mj_call *call)
{
    if (call->in[0].d) {
        mj_relu_backward(call->in[0].d, call->out.d, call->in[0].v, count_of(&call->out));
    }
}

static void silu_forward(const mj_call *call)
{
    mj_silu_forward(call->out.v, call->in[0].v, count_of(&call->out));
}

static void silu_backward(const mj_call *call)
{
    if (call->in[0].d) {
        mj_silu_backward(call->in[0].d, call->out.d, call->in[0].v, count_of(&call->out));
    }
}

static void gelu_forward(const mj_call *call)
{
    mj_gelu_forward(call->out.v, call->in[0].v, count_of(&call->out));
}

static void gelu_backward(const mj_call *call)
{
    if (call->in[0].d) {
        mj_gelu_backward(call->in[0].d, call->out.d, call->in[0].v, count_of(&call->out));
    }
}

static void tanh_forward(const mj_call *call)
{
    for (size_t i = 0; i < count_of(&call->out); i++) {
        call->out.v[i] = 2 * mj_fast_sigmoid(2 * call->in[0].v[i]) - 1;
    }
}

static void tanh_backward(const mj_call *call)
{
    for (size_t i = 0; call->in[0].d && i < count_of(&call->out); i++) {
        call->in[0].d[i] += call->out.d[i] * (1 - call->out.v[i] * call->out.v[i]);
    }
}

static mj_status dropout_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                              mj_err *err)
{
    (void)n_in;
    const mj_dropout_config *dropout = config;
    if (!(dropout->p >= 0 && dropout->p < 1)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "dropout: probability %g is not in [0, 1)",
                          dropout->p);
    }
    *plan = (mj_plan){.out = in[0], .n_tmp = mj_shape_count(in[0])};
    return MJ_OK;
}

/* tmp = m / (1 - p) */
static void draw_mask(const mj_call *call)
{
    const mj_dropout_config *dropout = call->config;
    mj_real p = (mj_real)dropout->p, keep = (mj_real)(1 / (1 - dropout->p));
    size_t n = count_of(&call->out);
    mj_noise_uniform(call->tmp, 0, n, call->noise);
    for (size_t i = 0; i < n; i++) {
        call->tmp[i] = call->tmp[i] < p ? 0 : keep;
    }
}

static void dropout_forward(const mj_call *call)
{
    size_t n = count_of(&call->out);
    if (!call->training) {
        mj_copy(call->out.v, call->in[0].v, n);
        return;
    }
    draw_mask(call);
    mj_fill(call->out.v, 0, n);
    mj_add_product(call->out.v, call->in[0].v, call->tmp, 1, n);
}

static void dropout_backward(const mj_call *call)
{
    size_t n = count_of(&call->out);
    if (!call->in[0].d) {
        return;
    }
    if (!call->training) {
        mj_add_scaled(call->in[0].d, call->out.d, 1, n);
        return;
    }
    draw_mask(call);
    mj_add_product(call->in[0].d, call->out.d, call->tmp, 1, n);
}

static const mj_example EXAMPLES[] = {{.in = {{2, {3, 7}}}, .n_in = 1}};
const mj_layer mj_relu_row = {
    .name = "relu", .n_in_min = 1, .n_in_max = 1, .plan = relu_plan, .forward = relu_forward,
    .backward = relu_backward, .example = EXAMPLES, .n_examples = N_OF(EXAMPLES),
};
const mj_layer mj_silu_row = {
    .name = "silu", .n_in_min = 1, .n_in_max = 1, .plan = silu_plan, .forward = silu_forward,
    .backward = silu_backward, .example = EXAMPLES, .n_examples = N_OF(EXAMPLES),
};
const mj_layer mj_gelu_row = {
    .name = "gelu", .n_in_min = 1, .n_in_max = 1, .plan = gelu_plan, .forward = gelu_forward,
    .backward = gelu_backward, .example = EXAMPLES, .n_examples = N_OF(EXAMPLES),
};
const mj_layer mj_tanh_row = {
    .name = "tanh", .n_in_min = 1, .n_in_max = 1, .plan = tanh_plan, .forward = tanh_forward,
    .backward = tanh_backward, .example = EXAMPLES, .n_examples = N_OF(EXAMPLES),
};
static const mj_example DROPOUT_EXAMPLES[] = {
    {.in = {{2, {3, 7}}}, .n_in = 1, .config = &(const mj_dropout_config){.p = 0.3}},
};
const mj_layer mj_dropout_row = {
    .name = "dropout", .config_size = sizeof(mj_dropout_config), .n_in_min = 1, .n_in_max = 1,
    .plan = dropout_plan, .forward = dropout_forward, .backward = dropout_backward,
    .example = DROPOUT_EXAMPLES, .n_examples = N_OF(DROPOUT_EXAMPLES),
};

mj_var mj_relu(mj_tape *tape, mj_var x)
{
    return mj_tape_apply(tape, &mj_relu_row, NULL, &x, 1);
}

mj_var mj_silu(mj_tape *tape, mj_var x)
{
    return mj_tape_apply(tape, &mj_silu_row, NULL, &x, 1);
}

mj_var mj_gelu(mj_tape *tape, mj_var x)
{
    return mj_tape_apply(tape, &mj_gelu_row, NULL, &x, 1);
}

mj_var mj_tanh(mj_tape *tape, mj_var x)
{
    return mj_tape_apply(tape, &mj_tanh_row, NULL, &x, 1);
}

mj_var mj_dropout(mj_tape *tape, mj_var x, double p)
{
    return mj_tape_apply(tape, &mj_dropout_row, &(mj_dropout_config){.p = p}, &x, 1);
}
