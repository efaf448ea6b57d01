/* Parts of tensors: slice and concat of columns, rows of a table by label, crops of images. All
 * only copy numbers; backward adds the gradient of every copy to where it came from. */
#include "layer_rows.h"

#include <assert.h>
#include <limits.h>

/* A block of runs: n_runs runs of `length` numbers, at distance x_step in the larger tensor and
 * y_step in the smaller one. */
typedef struct {
    size_t n_runs, length, x_step, y_step;
} runs;

static void runs_copy(mj_real *y, const mj_real *x, runs r)
{
    for (size_t i = 0; i < r.n_runs; i++) {
        mj_copy(y + i * r.y_step, x + i * r.x_step, r.length);
    }
}

static void runs_add(mj_real *dx, const mj_real *dy, runs r)
{
    for (size_t i = 0; i < r.n_runs; i++) {
        mj_add_scaled(dx + i * r.x_step, dy + i * r.y_step, 1, r.length);
    }
}

/* Slice: y [..,n] of x [..,N]. */

static mj_status slice_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                            mj_err *err)
{
    (void)n_in;
    const mj_slice_config *slice = config;
    int N = mj_shape_columns(in[0]);
    bool fits = slice->start >= 0 && slice->n > 0 && slice->n <= N - slice->start;
    if (in[0].n_dims < 1 || !fits) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "slice: %d columns from %d on, x has %d",
                          slice->n, slice->start, N);
    }
    *plan = (mj_plan){.out = in[0]};
    plan->out.dim[in[0].n_dims - 1] = slice->n;
    plan->n_read = mj_shape_count(plan->out);
    return MJ_OK;
}

static runs slice_runs(const mj_call *call)
{
    const mj_slice_config *slice = call->config;
    return (runs){.n_runs = mj_shape_rows(call->out.shape), .length = (size_t)slice->n,
                  .x_step = (size_t)mj_shape_columns(call->in[0].shape),
                  .y_step = (size_t)slice->n};
}

static void slice_forward(const mj_call *call)
{
    const mj_slice_config *slice = call->config;
    runs_copy(call->out.v, call->in[0].v + slice->start, slice_runs(call));
}

static void slice_backward(const mj_call *call)
{
    const mj_slice_config *slice = call->config;
    if (call->in[0].d) {
        runs_add(call->in[0].d + slice->start, call->out.d, slice_runs(call));
    }
}

/* Concat: y [..,N1+N2+..]. */

static mj_status concat_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                             mj_err *err)
{
    (void)config;
    *plan = (mj_plan){.out = in[0]};
    long n_columns = 0;
    for (int i = 0; i < n_in; i++) {
        n_columns += mj_shape_columns(in[i]);
        bool fits = in[i].n_dims == in[0].n_dims && in[0].n_dims > 0;
        for (int k = 0; fits && k < in[0].n_dims - 1; k++) {
            fits = in[i].dim[k] == in[0].dim[k];
        }
        if (!fits || n_columns > INT_MAX) {
            return bad_shape(err, "concat: the rows of its inputs differ");
        }
    }
    plan->out.dim[in[0].n_dims - 1] = (int)n_columns;
    return MJ_OK;
}

/* Runs of input i as the smaller tensor within the output. */
static runs concat_runs(const mj_call *call, int i)
{
    size_t length = (size_t)mj_shape_columns(call->in[i].shape);
    return (runs){.n_runs = mj_shape_rows(call->out.shape), .length = length,
                  .x_step = length, .y_step = (size_t)mj_shape_columns(call->out.shape)};
}

static void concat_forward(const mj_call *call)
{
    mj_real *y = call->out.v;
    for (int i = 0; i < call->n_in; i++) {
        runs_copy(y, call->in[i].v, concat_runs(call, i));
        y += mj_shape_columns(call->in[i].shape);
    }
}

static void concat_backward(const mj_call *call)
{
    const mj_real *dy = call->out.d;
    for (int i = 0; i < call->n_in; i++) {
        if (call->in[i].d) {
            runs_add(call->in[i].d, dy, concat_runs(call, i));
        }
        dy += mj_shape_columns(call->in[i].shape);
    }
}

/* Gather: y [..,N], rows of table [R,N] by labels [..]. */

static mj_status gather_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                             mj_err *err)
{
    (void)n_in, (void)config;
    if (in[0].n_dims != 2 || in[1].n_dims >= MJ_DIMS_MAX) {
        return bad_shape(err, "gather: it takes a table [R,N] and labels [B] or [B,T]");
    }
    *plan = (mj_plan){.out = in[1]};
    plan->out.dim[plan->out.n_dims++] = in[0].dim[1];
    plan->n_read = mj_shape_count(plan->out); /* rows that are asked for */
    return MJ_OK;
}

static void gather_forward(const mj_call *call)
{
    size_t N = (size_t)call->in[0].shape.dim[1];
    for (size_t b = 0; b < count_of(&call->in[1]); b++) {
        int row = call->in[1].label[b];
        assert(row >= 0 && row < call->in[0].shape.dim[0]);
        mj_copy(call->out.v + b * N, call->in[0].v + (size_t)row * N, N);
    }
}

/* Labels repeat, so one thread adds them all. */
MJ_CLONES static void rows_add(mj_real *restrict d, const mj_real *restrict dy, const int *row,
                               size_t n, size_t N)
{
    for (size_t b = 0; b < n; b++, dy += N) {
        mj_real *restrict to = d + (size_t)row[b] * N;
#pragma omp simd
        for (size_t i = 0; i < N; i++) {
            to[i] += dy[i];
        }
    }
}

static void gather_backward(const mj_call *call)
{
    rows_add(call->in[0].d, call->out.d, call->in[1].label, count_of(&call->in[1]),
             (size_t)call->in[0].shape.dim[1]);
}

/* Crop: y [B,height,width,C] of x [B,H,W,C]. */

static mj_status crop_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                           mj_err *err)
{
    (void)n_in;
    const mj_crop_config *crop = config;
    const int *dim = in[0].dim;
    bool fits = in[0].n_dims == 4 && crop->top >= 0 && crop->left >= 0 && crop->height > 0 &&
                crop->width > 0 && crop->height <= dim[1] - crop->top &&
                crop->width <= dim[2] - crop->left;
    if (!fits) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "crop: %dx%d from (%d,%d) is not in x [B,H,W,C]", crop->height,
                          crop->width, crop->top, crop->left);
    }
    *plan = (mj_plan){.out = mj_shape_4(dim[0], crop->height, crop->width, dim[3])};
    return MJ_OK;
}

/* Runs of one image, and where its crop starts. */
static runs crop_runs(const mj_call *call, int image, size_t *x_at, size_t *y_at)
{
    const mj_crop_config *crop = call->config;
    const int *dim = call->in[0].shape.dim;
    size_t C = (size_t)dim[3], x_step = (size_t)dim[2] * C, y_step = (size_t)crop->width * C;
    *x_at = ((size_t)image * (size_t)dim[1] + (size_t)crop->top) * x_step + (size_t)crop->left * C;
    *y_at = (size_t)image * (size_t)crop->height * y_step;
    return (runs){(size_t)crop->height, y_step, x_step, y_step};
}

static void crop_forward(const mj_call *call)
{
    for (int b = 0; b < call->out.shape.dim[0]; b++) {
        size_t x_at, y_at;
        runs r = crop_runs(call, b, &x_at, &y_at);
        runs_copy(call->out.v + y_at, call->in[0].v + x_at, r);
    }
}

static void crop_backward(const mj_call *call)
{
    for (int b = 0; call->in[0].d && b < call->out.shape.dim[0]; b++) {
        size_t x_at, y_at;
        runs r = crop_runs(call, b, &x_at, &y_at);
        runs_add(call->in[0].d + x_at, call->out.d + y_at, r);
    }
}

static const mj_example SLICE_EXAMPLES[] = {
    {.in = {{2, {3, 7}}}, .n_in = 1, .config = &(const mj_slice_config){.start = 2, .n = 4}},
};
const mj_layer mj_slice_row = {
    .name = "slice", .config_size = sizeof(mj_slice_config), .n_in_min = 1, .n_in_max = 1,
    .plan = slice_plan, .forward = slice_forward, .backward = slice_backward,
    .example = SLICE_EXAMPLES, .n_examples = N_OF(SLICE_EXAMPLES),
};
static const mj_example CONCAT_EXAMPLES[] = {
    {.in = {{2, {3, 2}}, {2, {3, 1}}, {2, {3, 4}}}, .n_in = 3},
};
const mj_layer mj_concat_row = {
    .name = "concat", .n_in_min = 1, .n_in_max = MJ_ARGS_MAX, .plan = concat_plan,
    .forward = concat_forward, .backward = concat_backward, .example = CONCAT_EXAMPLES,
    .n_examples = N_OF(CONCAT_EXAMPLES),
};
static const mj_example GATHER_EXAMPLES[] = {
    {.in = {{2, {3, 4}}, {1, {8}}}, .n_in = 2, .n_classes = 3},
    {.in = {{2, {4, 3}}, {2, {2, 5}}}, .n_in = 2, .n_classes = 4},
};
const mj_layer mj_gather_row = {
    .name = "gather", .n_in_min = 2, .n_in_max = 2, .label_inputs = 1u << 1, .plan = gather_plan,
    .forward = gather_forward, .backward = gather_backward, .example = GATHER_EXAMPLES,
    .n_examples = N_OF(GATHER_EXAMPLES),
};
static const mj_example CROP_EXAMPLES[] = {
    {.in = {{4, {2, 5, 4, 3}}}, .n_in = 1,
     .config = &(const mj_crop_config){.top = 1, .left = 2, .height = 3, .width = 2}},
};
const mj_layer mj_crop_row = {
    .name = "crop", .config_size = sizeof(mj_crop_config), .n_in_min = 1, .n_in_max = 1,
    .plan = crop_plan, .forward = crop_forward, .backward = crop_backward,
    .example = CROP_EXAMPLES, .n_examples = N_OF(CROP_EXAMPLES),
};

mj_var mj_slice(mj_tape *tape, mj_var x, int start, int n)
{
    return mj_tape_apply(tape, &mj_slice_row, &(mj_slice_config){start, n}, &x, 1);
}

mj_var mj_concat(mj_tape *tape, const mj_var *x, int n_x)
{
    return mj_tape_apply(tape, &mj_concat_row, NULL, x, n_x);
}

mj_var mj_gather(mj_tape *tape, mj_var table, mj_var labels)
{
    return mj_tape_apply(tape, &mj_gather_row, NULL, (const mj_var[]){table, labels}, 2);
}

mj_var mj_crop(mj_tape *tape, mj_var x, mj_crop_config config)
{
    return mj_tape_apply(tape, &mj_crop_row, &config, &x, 1);
}
