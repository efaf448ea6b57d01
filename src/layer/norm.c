/* Root-mean-square norm of rows [zhang2019]:
 *
 *   y = g x r     r = 1 / sqrt(mean x^2 + eps)
 *   dx += r (g dy - x r^2 mean(g dy x))          dg += sum over rows of dy x r
 *
 * x [..,C], g [C]. r of every row is kept. Products are few and counted as 2 MAC an element. */
#include "sequence.h"

#include "mj/counts.h"

static const double EPS = 1e-6;

static mj_status plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config, mj_err *err)
{
    (void)n_in, (void)config;
    if (in[0].n_dims < 1 || !mj_shape_equal(in[1], mj_shape_1(mj_shape_columns(in[0])))) {
        return bad_shape(err, "rms_norm: it takes x [..,C] and g [C]");
    }
    size_t rows = mj_shape_rows(in[0]);
    *plan = (mj_plan){.out = in[0], .n_kept = rows,
                      .n_tmp = parts_of(rows) * (size_t)mj_shape_columns(in[0]),
                      .mac = 2 * (double)mj_shape_count(in[0]),
                      .vector = MJ_ROOT_OPS * (double)rows};
    return MJ_OK;
}

/* r [n] may be NULL. */
MJ_CLONES static void rows_forward(mj_real *restrict y, mj_real *restrict r,
                                   const mj_real *restrict x, const mj_real *restrict g, size_t n,
                                   size_t C)
{
    for (size_t i = 0; i < n; i++, x += C, y += C) {
        mj_real sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t c = 0; c < C; c++) {
            sum += x[c] * x[c];
        }
        mj_real scale = 1 / mj_real_sqrt(sum / (mj_real)C + (mj_real)EPS);
        if (r) {
            r[i] = scale;
        }
#pragma omp simd
        for (size_t c = 0; c < C; c++) {
            y[c] = g[c] * x[c] * scale;
        }
    }
}

static void forward(const mj_call *call)
{
    const mj_tensor *x = &call->in[0];
    size_t rows = mj_shape_rows(x->shape), C = (size_t)mj_shape_columns(x->shape);
#pragma omp parallel for schedule(static) if (rows * C >= THREADS_MIN)
    for (size_t part = 0; part < parts_of(rows); part++) {
        size_t start = part_start(rows, part), end = part_start(rows, part + 1);
        rows_forward(call->out.v + start * C, call->kept ? call->kept + start : NULL,
                     x->v + start * C, call->in[1].v, end - start, C);
    }
}

/* dx may be NULL; dg [C] of this part is written. */
MJ_CLONES static void rows_backward(mj_real *restrict dx, mj_real *restrict dg,
                                    const mj_real *restrict dy, const mj_real *restrict x,
                                    const mj_real *restrict g, const mj_real *restrict r, size_t n,
                                    size_t C)
{
    for (size_t c = 0; c < C; c++) {
        dg[c] = 0;
    }
    for (size_t i = 0; i < n; i++, x += C, dy += C) {
        mj_real sum = 0, scale = r[i];
#pragma omp simd reduction(+ : sum)
        for (size_t c = 0; c < C; c++) {
            mj_real dyx = dy[c] * x[c];
            dg[c] += dyx * scale;
            sum += g[c] * dyx;
        }
        mj_real pull = sum / (mj_real)C * scale * scale;
        if (dx) {
#pragma omp simd
            for (size_t c = 0; c < C; c++) {
                dx[c] += scale * (g[c] * dy[c] - x[c] * pull);
            }
            dx += C;
        }
    }
}

static void backward(const mj_call *call)
{
    const mj_tensor *x = &call->in[0], *g = &call->in[1];
    size_t rows = mj_shape_rows(x->shape), C = (size_t)mj_shape_columns(x->shape);
#pragma omp parallel for schedule(static) if (rows * C >= THREADS_MIN)
    for (size_t part = 0; part < parts_of(rows); part++) {
        size_t start = part_start(rows, part), end = part_start(rows, part + 1);
        rows_backward(x->d ? x->d + start * C : NULL, call->tmp + part * C,
                      call->out.d + start * C, x->v + start * C, g->v, call->kept + start,
                      end - start, C);
    }
    if (g->d) {
        parts_add(g->d, call->tmp, parts_of(rows), C);
    }
}

static const mj_example EXAMPLES[] = {
    {.in = {{2, {5, 7}}, {1, {7}}}, .n_in = 2},
    {.in = {{3, {3, 7, 3}}, {1, {3}}}, .n_in = 2},
};
const mj_layer mj_rms_norm_row = {
    .name = "rms_norm", .n_in_min = 2, .n_in_max = 2, .plan = plan, .forward = forward,
    .backward = backward, .example = EXAMPLES, .n_examples = N_OF(EXAMPLES),
};

mj_var mj_rms_norm(mj_tape *tape, mj_var x, mj_var g)
{
    return mj_tape_apply(tape, &mj_rms_norm_row, NULL, (const mj_var[]){x, g}, 2);
}
