/* Linear layers with a compressed matrix (sparse.h): y = x w^T + bias, and y = residual + x w^T.
 *
 *   x [R,K]   value [n_max,block]   bias [N]   y [R,N]
 *   dx += dy w     dvalue += the living blocks of dy^T x     dbias += column sums of dy
 *
 * The pattern is the caller's, who may change it between steps; where it asks for the gradient of all
 * weights, backward adds the whole dy^T x there. R times the stored numbers of w in MAC forward,
 * twice that backward. */
#include "sequence.h"

#include "mj/sparse.h"

typedef struct {
    const mj_sparse *w;
} sparse_config;

static const mj_sparse *pattern_of(const mj_call *call)
{
    return ((const sparse_config *)call->config)->w;
}

static mj_status plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config, mj_err *err)
{
    const mj_sparse *w = config ? ((const sparse_config *)config)->w : NULL;
    bool fits = w && in[0].n_dims > 0 && mj_shape_columns(in[0]) == w->K &&
                mj_shape_equal(in[1], mj_shape_2(w->n_max, w->block)) &&
                (n_in < 3 || mj_shape_equal(in[2], mj_shape_1(w->N)));
    if (!fits || mj_shape_rows(in[0]) > INT_MAX) {
        return bad_shape(err, "sparse_linear: it takes x [..,K] of w [N,K], its values, and bias [N]");
    }
    *plan = (mj_plan){.out = in[0], .mac = (double)mj_shape_rows(in[0]) * mj_sparse_macs(w)};
    plan->out.dim[in[0].n_dims - 1] = w->N;
    return MJ_OK;
}

static void forward(const mj_call *call)
{
    const mj_sparse *w = pattern_of(call);
    size_t rows = mj_shape_rows(call->in[0].shape);
    if (call->n_in == 3) {
        mj_rows_fill(call->out.v, call->in[2].v, (int)rows, w->N);
    } else {
        mj_fill(call->out.v, 0, rows * (size_t)w->N);
    }
    mj_sparse_forward(call->out.v, call->in[0].v, call->in[1].v, w, rows);
}

static void backward(const mj_call *call)
{
    const mj_sparse *w = pattern_of(call);
    const mj_tensor *x = &call->in[0], *value = &call->in[1];
    size_t rows = mj_shape_rows(x->shape);
    if (x->d) {
        mj_sparse_input_backward(x->d, call->out.d, value->v, w, rows);
    }
    if (value->d) {
        mj_sparse_value_backward(value->d, call->out.d, x->v, w, rows);
    }
    if (value->d && w->gradient) {
        mj_gemm(w->gradient, call->out.d, x->v,
                (mj_gemm_shape){.M = w->N, .N = w->K, .K = (int)rows, .transpose_a = true,
                                .add = true});
    }
    if (call->n_in == 3 && call->in[2].d) {
        mj_rows_sum(call->in[2].d, call->out.d, (int)rows, w->N);
    }
}

/* With a residual in place of the bias. */

static mj_status add_plan(mj_plan *out, const mj_shape *in, int n_in, const void *config,
                          mj_err *err)
{
    MJ_TRY(plan(out, in, 2, config, err));
    (void)n_in;
    return mj_shape_equal(in[2], out->out)
               ? MJ_OK
               : bad_shape(err, "sparse_linear_add: the residual has not the shape of x w^T");
}

static void add_forward(const mj_call *call)
{
    mj_copy(call->out.v, call->in[2].v, count_of(&call->out));
    mj_sparse_forward(call->out.v, call->in[0].v, call->in[1].v, pattern_of(call),
                      mj_shape_rows(call->in[0].shape));
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

/* Bands of 2: [[a,0,b],[c,0,d],[0,e,0],[0,f,0]]. */
static const mj_sparse SMALL = {.N = 4, .K = 3, .block = 2, .n_max = 3,
                                .start = (uint32_t[]){0, 2, 3}, .column = (uint16_t[]){0, 2, 1}};
/* Two bands of 16 and one of 4, on 19 columns: tiles of all kinds and what is left over of them. */
static const mj_sparse BANDS = {
    .N = 36, .K = 19, .block = 16, .n_max = 18, .start = (uint32_t[]){0, 11, 16, 18},
    .column = (uint16_t[]){0, 1, 2, 4, 7, 8, 9, 12, 15, 16, 18, 3, 4, 5, 11, 17, 0, 18}};
static const mj_example EXAMPLES[] = {
    {.in = {{3, {2, 3, 3}}, {2, {3, 2}}, {1, {4}}}, .n_in = 3, .config = &(const sparse_config){&SMALL}},
    {.in = {{2, {35, 19}}, {2, {18, 16}}}, .n_in = 2, .config = &(const sparse_config){&BANDS}},
};
const mj_layer mj_sparse_linear_row = {
    .name = "sparse_linear", .config_size = sizeof(sparse_config), .n_in_min = 2, .n_in_max = 3,
    .plan = plan, .forward = forward, .backward = backward, .example = EXAMPLES,
    .n_examples = N_OF(EXAMPLES),
};

static const mj_example ADD_EXAMPLES[] = {
    {.in = {{2, {5, 3}}, {2, {3, 2}}, {2, {5, 4}}}, .n_in = 3, .config = &(const sparse_config){&SMALL}},
};
const mj_layer mj_sparse_linear_add_row = {
    .name = "sparse_linear_add", .config_size = sizeof(sparse_config), .n_in_min = 3,
    .n_in_max = 3, .plan = add_plan, .forward = add_forward, .backward = add_backward,
    .example = ADD_EXAMPLES, .n_examples = N_OF(ADD_EXAMPLES),
};

mj_var mj_sparse_linear(mj_tape *tape, mj_var x, mj_var value, mj_var bias, const mj_sparse *w)
{
    return mj_tape_apply(tape, &mj_sparse_linear_row, &(sparse_config){w},
                         (const mj_var[]){x, value, bias}, 3);
}

mj_var mj_sparse_linear_add(mj_tape *tape, mj_var x, mj_var value, mj_var residual,
                            const mj_sparse *w)
{
    return mj_tape_apply(tape, &mj_sparse_linear_add_row, &(sparse_config){w},
                         (const mj_var[]){x, value, residual}, 3);
}
