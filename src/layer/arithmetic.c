/* Sums and products of tensors.
 *
 *   add        y = a + b       da += dy          db += dy (summed over rows if b [N] is added to
 * rows)
 *   scale      y = f x         dx += f dy
 *   product    y = a b         da += dy b        db += dy a
 *   symmetric  y = (x + x^T)/2     dx += (dy + dy^T)/2 */
#include "layer_rows.h"

#include <limits.h>

static mj_status add_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                          mj_err *err)
{
    (void)n_in, (void)config;
    bool rows = in[0].n_dims > 0 && mj_shape_equal(in[1], mj_shape_1(mj_shape_columns(in[0])));
    if (!mj_shape_equal(in[0], in[1]) && !(rows && mj_shape_rows(in[0]) <= INT_MAX)) {
        return bad_shape(err, "add: b has neither the shape of a nor that of its rows");
    }
    *plan = (mj_plan){.out = in[0], .vector = (double)mj_shape_count(in[0])};
    return MJ_OK;
}

static void add_forward(const mj_call *call)
{
    const mj_tensor *a = &call->in[0], *b = &call->in[1];
    if (mj_shape_equal(a->shape, b->shape)) {
        mj_copy(call->out.v, b->v, count_of(a));
    } else {
        mj_rows_fill(call->out.v, b->v, (int)mj_shape_rows(a->shape), mj_shape_columns(a->shape));
    }
    mj_add_scaled(call->out.v, a->v, 1, count_of(a));
}

static void add_backward(const mj_call *call)
{
    const mj_tensor *a = &call->in[0], *b = &call->in[1];
    const mj_real *dy = call->out.d;
    if (a->d) {
        mj_add_scaled(a->d, dy, 1, count_of(a));
    }
    if (b->d && mj_shape_equal(a->shape, b->shape)) {
        mj_add_scaled(b->d, dy, 1, count_of(a));
    } else if (b->d) {
        mj_rows_sum(b->d, dy, (int)mj_shape_rows(a->shape), mj_shape_columns(a->shape));
    }
}

static mj_real factor_of(const mj_call *call)
{
    const mj_scale_config *scale = call->config;
    return (mj_real)scale->factor;
}

static void scale_forward(const mj_call *call)
{
    mj_fill(call->out.v, 0, count_of(&call->out));
    mj_add_scaled(call->out.v, call->in[0].v, factor_of(call), count_of(&call->out));
}

static void scale_backward(const mj_call *call)
{
    if (call->in[0].d) {
        mj_add_scaled(call->in[0].d, call->out.d, factor_of(call), count_of(&call->out));
    }
}

static mj_status product_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                              mj_err *err)
{
    (void)n_in, (void)config;
    if (!mj_shape_equal(in[0], in[1])) {
        return bad_shape(err, "product: the shapes differ");
    }
    *plan = (mj_plan){.out = in[0], .mac = (double)mj_shape_count(in[0])};
    return MJ_OK;
}

static void product_forward(const mj_call *call)
{
    size_t n = count_of(&call->out);
    mj_fill(call->out.v, 0, n);
    mj_add_product(call->out.v, call->in[0].v, call->in[1].v, 1, n);
}

static void product_backward(const mj_call *call)
{
    for (int side = 0; side < 2; side++) {
        if (call->in[side].d) {
            mj_add_product(call->in[side].d, call->out.d, call->in[1 - side].v, 1,
                           count_of(&call->out));
        }
    }
}

static mj_status symmetric_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                                mj_err *err)
{
    (void)n_in, (void)config;
    if (in[0].n_dims != 2 || in[0].dim[0] != in[0].dim[1]) {
        return bad_shape(err, "symmetric: it takes a square matrix");
    }
    *plan = (mj_plan){.out = in[0]};
    return MJ_OK;
}

/* y [N,N] += (x + x^T)/2 */
static void add_symmetric(mj_real *y, const mj_real *x, int n)
{
    size_t N = (size_t)n;
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++) {
            y[i * N + j] += (x[i * N + j] + x[j * N + i]) / 2;
        }
    }
}

static void symmetric_forward(const mj_call *call)
{
    mj_fill(call->out.v, 0, count_of(&call->out));
    add_symmetric(call->out.v, call->in[0].v, call->out.shape.dim[0]);
}

static void symmetric_backward(const mj_call *call)
{
    if (call->in[0].d) {
        add_symmetric(call->in[0].d, call->out.d, call->out.shape.dim[0]);
    }
}

static const mj_example ADD_EXAMPLES[] = {
    {.in = {{2, {3, 5}}, {2, {3, 5}}}, .n_in = 2},
    {.in = {{3, {2, 3, 5}}, {1, {5}}}, .n_in = 2},
};
const mj_layer mj_add_row = {
    .name = "add", .n_in_min = 2, .n_in_max = 2, .plan = add_plan, .forward = add_forward,
    .backward = add_backward, .example = ADD_EXAMPLES, .n_examples = N_OF(ADD_EXAMPLES),
};
static const mj_example SCALE_EXAMPLES[] = {
    {.in = {{2, {3, 5}}}, .n_in = 1, .config = &(const mj_scale_config){.factor = -1.5}},
};
const mj_layer mj_scale_row = {
    .name = "scale", .config_size = sizeof(mj_scale_config), .n_in_min = 1, .n_in_max = 1,
    .plan = plan_same, .forward = scale_forward, .backward = scale_backward,
    .example = SCALE_EXAMPLES, .n_examples = N_OF(SCALE_EXAMPLES),
};
static const mj_example PRODUCT_EXAMPLES[] = {{.in = {{2, {3, 5}}, {2, {3, 5}}}, .n_in = 2}};
const mj_layer mj_product_row = {
    .name = "product", .n_in_min = 2, .n_in_max = 2, .plan = product_plan,
    .forward = product_forward, .backward = product_backward, .example = PRODUCT_EXAMPLES,
    .n_examples = N_OF(PRODUCT_EXAMPLES),
};
static const mj_example SYMMETRIC_EXAMPLES[] = {{.in = {{2, {4, 4}}}, .n_in = 1}};
const mj_layer mj_symmetric_row = {
    .name = "symmetric", .n_in_min = 1, .n_in_max = 1, .plan = symmetric_plan,
    .forward = symmetric_forward, .backward = symmetric_backward, .example = SYMMETRIC_EXAMPLES,
    .n_examples = N_OF(SYMMETRIC_EXAMPLES),
};

mj_var mj_add(mj_tape *tape, mj_var a, mj_var b)
{
    return mj_tape_apply(tape, &mj_add_row, NULL, (const mj_var[]){a, b}, 2);
}

mj_var mj_scale(mj_tape *tape, mj_var x, double factor)
{
    return mj_tape_apply(tape, &mj_scale_row, &(mj_scale_config){.factor = factor}, &x, 1);
}

mj_var mj_product(mj_tape *tape, mj_var a, mj_var b)
{
    return mj_tape_apply(tape, &mj_product_row, NULL, (const mj_var[]){a, b}, 2);
}

mj_var mj_symmetric(mj_tape *tape, mj_var x)
{
    return mj_tape_apply(tape, &mj_symmetric_row, NULL, &x, 1);
}
