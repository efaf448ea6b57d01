/* Losses: one number from a batch.
 *
 *   cross-entropy   L = 1/B sum_b (log sum_c exp z_bc - z_b,label)      in nats
 *                   dz += dL/B (softmax(z) - one-hot)
 *   squared error   L = 1/n sum (a - b)^2     da += 2 dL/n (a - b)     db -= the same
 *
 * z [B,C], labels [B]. Sums over the batch are in double. */
#include "layer_rows.h"

#include <assert.h>

static mj_status entropy_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                              mj_err *err)
{
    (void)n_in, (void)config;
    if (in[0].n_dims != 2 || in[1].dim[0] != in[0].dim[0]) {
        return bad_shape(err, "cross_entropy: it takes logits [B,C] and labels [B]");
    }
    *plan = (mj_plan){.out = {0}, .n_kept = mj_shape_count(in[0]),
                      .n_tmp = (size_t)in[0].dim[1]};
    return MJ_OK;
}

/* p [C] = softmax of z [C]; returns -log p[label]. */
static double softmax_row(mj_real *p, const mj_real *z, int C, int label)
{
    mj_real top = z[0];
    for (int c = 1; c < C; c++) {
        top = z[c] <= top ? top : z[c];
    }
    double sum = 0;
    for (int c = 0; c < C; c++) {
        p[c] = mj_real_exp(z[c] - top);
        sum += (double)p[c];
    }
    for (int c = 0; c < C; c++) {
        p[c] = (mj_real)((double)p[c] / sum);
    }
    return log(sum) - (double)(z[label] - top);
}

static void entropy_forward(const mj_call *call)
{
    const mj_tensor *z = &call->in[0];
    int B = z->shape.dim[0], C = z->shape.dim[1];
    double total = 0;
    for (int b = 0; b < B; b++) {
        size_t at = (size_t)b * (size_t)C;
        int label = call->in[1].label[b];
        assert(label >= 0 && label < C);
        total += softmax_row(call->kept ? call->kept + at : call->tmp, z->v + at, C, label);
    }
    call->out.v[0] = (mj_real)(total / B);
}

static void entropy_backward(const mj_call *call)
{
    const mj_tensor *z = &call->in[0];
    int B = z->shape.dim[0], C = z->shape.dim[1];
    mj_real g = call->out.d[0] / (mj_real)B;
    mj_add_scaled(z->d, call->kept, g, count_of(z));
    for (int b = 0; b < B; b++) {
        z->d[(size_t)b * (size_t)C + (size_t)call->in[1].label[b]] -= g;
    }
}

static mj_status square_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                             mj_err *err)
{
    (void)n_in, (void)config;
    if (!mj_shape_equal(in[0], in[1])) {
        return bad_shape(err, "squared_error: the shapes differ");
    }
    *plan = (mj_plan){.out = {0}};
    return MJ_OK;
}

static void square_forward(const mj_call *call)
{
    const mj_real *a = call->in[0].v, *b = call->in[1].v;
    size_t n = count_of(&call->in[0]);
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        double difference = (double)a[i] - (double)b[i];
        total += difference * difference;
    }
    call->out.v[0] = (mj_real)(total / (double)n);
}

static void square_backward(const mj_call *call)
{
    const mj_tensor *a = &call->in[0], *b = &call->in[1];
    size_t n = count_of(a);
    mj_real g = 2 * call->out.d[0] / (mj_real)n;
    for (int side = 0; side < 2; side++) {
        mj_real *d = call->in[side].d;
        if (d) {
            mj_add_scaled(d, a->v, side ? -g : g, n);
            mj_add_scaled(d, b->v, side ? g : -g, n);
        }
    }
}

static const mj_example ENTROPY_EXAMPLES[] = {
    {.in = {{2, {6, 4}}, {1, {6}}}, .n_in = 2, .n_classes = 4},
};
const mj_layer mj_cross_entropy_row = {
    .name = "cross_entropy", .n_in_min = 2, .n_in_max = 2, .label_inputs = 1u << 1,
    .plan = entropy_plan, .forward = entropy_forward, .backward = entropy_backward,
    .example = ENTROPY_EXAMPLES, .n_examples = N_OF(ENTROPY_EXAMPLES),
};
static const mj_example SQUARE_EXAMPLES[] = {{.in = {{2, {3, 5}}, {2, {3, 5}}}, .n_in = 2}};
const mj_layer mj_squared_error_row = {
    .name = "squared_error", .n_in_min = 2, .n_in_max = 2, .plan = square_plan,
    .forward = square_forward, .backward = square_backward, .example = SQUARE_EXAMPLES,
    .n_examples = N_OF(SQUARE_EXAMPLES),
};

mj_var mj_cross_entropy(mj_tape *tape, mj_var logits, mj_var labels)
{
    return mj_tape_apply(tape, &mj_cross_entropy_row, NULL, (const mj_var[]){logits, labels}, 2);
}

mj_var mj_squared_error(mj_tape *tape, mj_var a, mj_var b)
{
    return mj_tape_apply(tape, &mj_squared_error_row, NULL, (const mj_var[]){a, b}, 2);
}
