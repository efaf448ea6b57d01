/* Linear layers: y = x w^T + bias, and y = residual + x w^T.
 *
 *   x [R,K]   w [N,K]   bias [N]   y [R,N]        R rows: all examples, or all their positions
 *   dx += dy w          dw += dy^T x              dbias += column sums of dy
 *
 * Forward R*N*K MAC, backward twice that. */
#include "layer_rows.h"

#include <limits.h>

/* Rows, inputs and outputs of a call, from the shapes of x and w. */
typedef struct {
    int R, N, K;
} sizes;

static sizes sizes_of(mj_shape x, mj_shape w)
{
    return (sizes){.R = (int)(mj_shape_count(x) / (size_t)w.dim[1]), .N = w.dim[0], .K = w.dim[1]};
}

static mj_status plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config, mj_err *err)
{
    (void)config;
    mj_shape x = in[0], w = in[1];
    bool bias_fits = n_in < 3 || mj_shape_equal(in[2], mj_shape_1(w.dim[0]));
    if (w.n_dims != 2 || x.n_dims < 1 || !bias_fits) {
        return bad_shape(err, "linear: it takes x [B,..,K], w [N,K] and bias [N]");
    }
    mj_shape out = x;
    if (mj_shape_columns(x) == w.dim[1]) {
        out.dim[x.n_dims - 1] = w.dim[0];
    } else {
        out = mj_shape_2(x.dim[0], w.dim[0]);
    }
    size_t rows = mj_shape_rows(out);
    if (mj_shape_count(x) / rows != (size_t)w.dim[1] || rows > INT_MAX) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "linear: rows of x have not the %d columns of w", w.dim[1]);
    }
    *plan = (mj_plan){.out = out, .mac = (double)mj_shape_count(x) * w.dim[0],
                      .vector = n_in < 3 ? 0 : (double)mj_shape_count(out)};
    return MJ_OK;
}

static void forward(const mj_call *call)
{
    const mj_tensor *x = &call->in[0], *w = &call->in[1];
    sizes s = sizes_of(x->shape, w->shape);
    bool has_bias = call->n_in == 3;
    if (has_bias) {
        mj_rows_fill(call->out.v, call->in[2].v, s.R, s.N);
    }
    mj_gemm(call->out.v, x->v, w->v,
            (mj_gemm_shape){.M = s.R, .N = s.N, .K = s.K, .transpose_b = true, .add = has_bias});
}

static void backward(const mj_call *call)
{
    const mj_tensor *x = &call->in[0], *w = &call->in[1];
    const mj_real *dy = call->out.d;
    sizes s = sizes_of(x->shape, w->shape);
    if (x->d) {
        mj_gemm(x->d, dy, w->v, (mj_gemm_shape){.M = s.R, .N = s.K, .K = s.N, .add = true});
    }
    if (w->d) {
        mj_gemm(w->d, dy, x->v,
                (mj_gemm_shape){.M = s.N, .N = s.K, .K = s.R, .transpose_a = true, .add = true});
    }
    if (call->n_in == 3 && call->in[2].d) {
        mj_rows_sum(call->in[2].d, dy, s.R, s.N);
    }
}

/* With a residual in place of the bias: the product adds to a copy of it. */

static mj_status add_plan(mj_plan *out, const mj_shape *in, int n_in, const void *config,
                          mj_err *err)
{
    MJ_TRY(plan(out, in, 2, config, err));
    (void)n_in;
    out->vector = (double)mj_shape_count(out->out);
    return mj_shape_equal(in[2], out->out)
               ? MJ_OK
               : bad_shape(err, "linear_add: the residual has not the shape of x w^T");
}

static void add_forward(const mj_call *call)
{
    const mj_tensor *x = &call->in[0], *w = &call->in[1];
    sizes s = sizes_of(x->shape, w->shape);
    mj_copy(call->out.v, call->in[2].v, count_of(&call->out));
    mj_gemm(call->out.v, x->v, w->v,
            (mj_gemm_shape){.M = s.R, .N = s.N, .K = s.K, .transpose_b = true, .add = true});
}

static void add_backward(const mj_call *call)
{
    mj_call product = *call;
    product.n_in = 2;
    backward(&product);
    if (call->in[2].d) {
        mj_add_scaled(call->in[2].d, call->out.d, 1, count_of(&call->out));
    }
}

static const mj_example EXAMPLES[] = {
    {.in = {{2, {5, 7}}, {2, {3, 7}}, {1, {3}}}, .n_in = 3},
    {.in = {{2, {1, 7}}, {2, {3, 7}}}, .n_in = 2},
    {.in = {{2, {5, 4}}, {2, {1, 4}}, {1, {1}}}, .n_in = 3},
    {.in = {{3, {2, 3, 4}}, {2, {5, 4}}, {1, {5}}}, .n_in = 3},
    {.in = {{4, {2, 3, 2, 4}}, {2, {5, 24}}, {1, {5}}}, .n_in = 3},
};
const mj_layer mj_linear_row = {
    .name = "linear", .n_in_min = 2, .n_in_max = 3, .plan = plan, .forward = forward,
    .backward = backward, .example = EXAMPLES, .n_examples = N_OF(EXAMPLES),
};

static const mj_example ADD_EXAMPLES[] = {
    {.in = {{3, {2, 3, 4}}, {2, {5, 4}}, {3, {2, 3, 5}}}, .n_in = 3},
};
const mj_layer mj_linear_add_row = {
    .name = "linear_add", .n_in_min = 3, .n_in_max = 3, .plan = add_plan, .forward = add_forward,
    .backward = add_backward, .example = ADD_EXAMPLES, .n_examples = N_OF(ADD_EXAMPLES),
};

mj_var mj_linear(mj_tape *tape, mj_var x, mj_var w, mj_var bias)
{
    return mj_tape_apply(tape, &mj_linear_row, NULL, (const mj_var[]){x, w, bias}, 3);
}

mj_var mj_linear_add(mj_tape *tape, mj_var x, mj_var w, mj_var residual)
{
    return mj_tape_apply(tape, &mj_linear_add_row, NULL, (const mj_var[]){x, w, residual}, 3);
}
