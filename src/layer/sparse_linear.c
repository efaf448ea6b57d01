/* Linear layer with a compressed matrix (sparse.h), for inference:
 *
 *   y [R,N] = x [R,K] w^T + bias        dx += dy w     dbias += column sums of dy
 *
 * w is the caller's and has no gradient: it is pruned and trained dense (sparsity.h) and compressed
 * afterwards. R times the stored numbers of w in MAC. */
#include "sequence.h"

#include "mj/sparse.h"

typedef struct {
    const mj_sparse *w;
} sparse_config;

static mj_status plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config, mj_err *err)
{
    const mj_sparse *w = ((const sparse_config *)config)->w;
    bool fits = w && in[0].n_dims > 0 && mj_shape_columns(in[0]) == w->K &&
                (n_in < 2 || mj_shape_equal(in[1], mj_shape_1(w->N)));
    if (!fits || mj_shape_rows(in[0]) > INT_MAX) {
        return bad_shape(err, "sparse_linear: it takes x [..,K] of w [N,K], and bias [N]");
    }
    *plan = (mj_plan){.out = in[0], .mac = (double)mj_shape_rows(in[0]) * mj_sparse_macs(w)};
    plan->out.dim[in[0].n_dims - 1] = w->N;
    return MJ_OK;
}

static void forward(const mj_call *call)
{
    const mj_sparse *w = ((const sparse_config *)call->config)->w;
    size_t rows = mj_shape_rows(call->in[0].shape), N = (size_t)w->N;
    mj_sparse_forward(call->out.v, call->in[0].v, w, rows);
    for (size_t r = 0; r < rows && call->n_in == 2; r++) {
        mj_add_scaled(call->out.v + r * N, call->in[1].v, 1, N);
    }
}

static void backward(const mj_call *call)
{
    const mj_sparse *w = ((const sparse_config *)call->config)->w;
    size_t rows = mj_shape_rows(call->in[0].shape);
    if (call->in[0].d) {
        mj_sparse_backward(call->in[0].d, call->out.d, w, rows);
    }
    if (call->n_in == 2 && call->in[1].d) {
        mj_rows_sum(call->in[1].d, call->out.d, (int)rows, w->N);
    }
}

/* [[0,2,0],[0,0,-1],[0,0,0],[3,0,0]] in bands of 2. */
static const mj_sparse EXAMPLE = {
    .N = 4, .K = 3, .block = 2, .start = (const uint32_t[]){0, 2, 3},
    .column = (const uint16_t[]){1, 2, 0}, .value = (const mj_real[]){2, 0, 0, -1, 0, 3}};
static const mj_example EXAMPLES[] = {
    {.in = {{3, {2, 3, 3}}, {1, {4}}}, .n_in = 2, .config = &(const sparse_config){&EXAMPLE}},
};
const mj_layer mj_sparse_linear_row = {
    .name = "sparse_linear", .config_size = sizeof(sparse_config), .n_in_min = 1, .n_in_max = 2,
    .plan = plan, .forward = forward, .backward = backward, .example = EXAMPLES,
    .n_examples = N_OF(EXAMPLES),
};

mj_var mj_sparse_linear(mj_tape *tape, mj_var x, const mj_sparse *w, mj_var bias)
{
    return mj_tape_apply(tape, &mj_sparse_linear_row, &(sparse_config){w},
                         (const mj_var[]){x, bias}, 2);
}
