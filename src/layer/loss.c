/* Losses: one number from a batch.
 *
 *   cross-entropy   L = 1/R sum_r (log sum_c exp z_rc - z_r,label)      in nats
 *                   dz += dL/R (softmax(z) - one-hot)
 *   bits            L / ln 2, plus what it costs to say which symbol an escape stands for
 *   squared error   L = 1/n sum (a - b)^2     da += 2 dL/n (a - b)     db -= the same
 *
 * z [..,C] in R rows, labels [..]. Sums over the rows are in double. */
#include "sequence.h"

#include "mj/fast_math.h"

#include <assert.h>

static const double LN_2 = 0.69314718055994531;

static mj_status entropy_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                              mj_err *err)
{
    (void)n_in, (void)config;
    mj_shape rows = in[0];
    rows.n_dims--;
    if (in[0].n_dims < 2 || !mj_shape_equal(rows, in[1])) {
        return bad_shape(err, "cross_entropy: it takes logits [..,C] and labels [..]");
    }
    size_t n_rows = mj_shape_count(in[1]);
    *plan = (mj_plan){.out = {0}, .n_kept = mj_shape_count(in[0]),
                      .n_tmp = n_rows + parts_of(n_rows) * (size_t)mj_shape_columns(in[0])};
    return MJ_OK;
}

/* p [C] = softmax of z [C]; returns -log p[label]. */
MJ_CLONES static mj_real softmax_row(mj_real *restrict p, const mj_real *restrict z, size_t C,
                                     size_t label)
{
    mj_real top = z[0], sum = 0;
    for (size_t c = 1; c < C; c++) {
        top = z[c] <= top ? top : z[c]; /* NaN passes, so that it is found */
    }
#pragma omp simd reduction(+ : sum)
    for (size_t c = 0; c < C; c++) {
        p[c] = mj_fast_exp(z[c] - top);
        sum += p[c];
    }
    mj_real scale = 1 / sum;
#pragma omp simd
    for (size_t c = 0; c < C; c++) {
        p[c] *= scale;
    }
    return mj_fast_log(sum) - (z[label] - top);
}

/* Losses of all rows to tmp, probabilities to kept. Sum of the losses. */
static double softmax_rows(const mj_call *call)
{
    const mj_tensor *z = &call->in[0];
    size_t rows = mj_shape_rows(z->shape), C = (size_t)mj_shape_columns(z->shape);
    mj_real *loss = call->tmp, *scratch = call->tmp + rows;
#pragma omp parallel for schedule(static) if (rows * C >= THREADS_MIN)
    for (size_t part = 0; part < parts_of(rows); part++) {
        for (size_t r = part_start(rows, part); r < part_start(rows, part + 1); r++) {
            int label = call->in[1].label[r];
            assert(label >= 0 && (size_t)label < C);
            loss[r] = softmax_row(call->kept ? call->kept + r * C : scratch + part * C,
                                  z->v + r * C, C, (size_t)label);
        }
    }
    double total = 0;
    for (size_t r = 0; r < rows; r++) {
        total += (double)loss[r];
    }
    return total;
}

static void entropy_forward(const mj_call *call)
{
    call->out.v[0] = (mj_real)(softmax_rows(call) / (double)count_of(&call->in[1]));
}

static void softmax_backward(const mj_call *call, mj_real dL)
{
    const mj_tensor *z = &call->in[0];
    size_t rows = mj_shape_rows(z->shape), C = (size_t)mj_shape_columns(z->shape);
    mj_real g = dL / (mj_real)rows;
    mj_add_scaled(z->d, call->kept, g, count_of(z));
    for (size_t r = 0; r < rows; r++) {
        z->d[r * C + (size_t)call->in[1].label[r]] -= g;
    }
}

static void entropy_backward(const mj_call *call)
{
    softmax_backward(call, call->out.d[0]);
}

static void bits_forward(const mj_call *call)
{
    const mj_bits_config *bits = call->config;
    int escape = mj_shape_columns(call->in[0].shape) - 1;
    size_t rows = count_of(&call->in[1]);
    double total = softmax_rows(call) / LN_2;
    for (size_t r = 0; r < rows; r++) {
        total += call->in[1].label[r] == escape ? bits->escape_bits : 0;
    }
    call->out.v[0] = (mj_real)(total / (double)rows);
}

static void bits_backward(const mj_call *call)
{
    softmax_backward(call, (mj_real)((double)call->out.d[0] / LN_2));
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
    {.in = {{3, {2, 3, 5}}, {2, {2, 3}}}, .n_in = 2, .n_classes = 5},
};
const mj_layer mj_cross_entropy_row = {
    .name = "cross_entropy", .n_in_min = 2, .n_in_max = 2, .label_inputs = 1u << 1,
    .plan = entropy_plan, .forward = entropy_forward, .backward = entropy_backward,
    .example = ENTROPY_EXAMPLES, .n_examples = N_OF(ENTROPY_EXAMPLES),
};
static const mj_example BITS_EXAMPLES[] = {
    {.in = {{3, {2, 3, 5}}, {2, {2, 3}}}, .n_in = 2, .n_classes = 5,
     .config = &(const mj_bits_config){.escape_bits = 7}},
};
const mj_layer mj_bits_row = {
    .name = "bits", .config_size = sizeof(mj_bits_config), .n_in_min = 2, .n_in_max = 2,
    .label_inputs = 1u << 1, .plan = entropy_plan, .forward = bits_forward,
    .backward = bits_backward, .example = BITS_EXAMPLES, .n_examples = N_OF(BITS_EXAMPLES),
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

mj_var mj_bits(mj_tape *tape, mj_var logits, mj_var labels, double escape_bits)
{
    return mj_tape_apply(tape, &mj_bits_row, &(mj_bits_config){.escape_bits = escape_bits},
                         (const mj_var[]){logits, labels}, 2);
}

mj_var mj_squared_error(mj_tape *tape, mj_var a, mj_var b)
{
    return mj_tape_apply(tape, &mj_squared_error_row, NULL, (const mj_var[]){a, b}, 2);
}
