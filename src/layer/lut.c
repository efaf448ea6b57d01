/* Layers of look-up-table networks: tables, their read-out, and what they would cost as gates. Signals are
 * rows and samples columns: x [S,B].
 *
 *   lut         y = multilinear interpolation of p = s(a w), w [N,2^k], s logistic: one number an entry of
 *               the table instead of one a function [ruttgers2025]; as the sharpness a grows, soft
 *               tables come close to bits. Hard: the entries are the bits w > 0,
 *               and the gradient is that of the soft table at the same inputs (straight through
 *               [bengio2013])
 *   lut_groups  z[b,g] = scale_g * sum of the rows of group g: how many of its signals are 1
 *   lut_area    mean over tables of (sum_j D_j - max_j D_j), D_j = mean over entries of the squared
 *               difference that input j makes: 0 for a constant, a wire or an inverter, 1/2 for an AND, 1
 *               for an XOR. With y: each table times 4 m (1 - m), m its mean over samples: a signal that
 *               seldom is other than it was costs no energy */
#include "sequence.h"

#include "mj/fast_math.h"
#include "mj/lut_kernels.h"

#include <string.h>

/* The k of 2^k columns; 0 if it is none from 1 to the kernels' largest. */
static int inputs_of(int columns)
{
    for (int k = 1; k <= MJ_LUT_KERNEL_INPUTS; k++) {
        if (columns == 1 << k) {
            return k;
        }
    }
    return 0;
}

static mj_lut_shape shape_of(const mj_call *call)
{
    mj_shape w = call->in[1].shape;
    return (mj_lut_shape){w.dim[0], inputs_of(w.dim[1]), call->in[0].shape.dim[1]};
}

static mj_status lut_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config, mj_err *err)
{
    (void)n_in, (void)config;
    int k = in[1].n_dims == 2 ? inputs_of(in[1].dim[1]) : 0;
    if (in[0].n_dims != 2 || k == 0 || !mj_shape_equal(in[2], mj_shape_2(in[1].dim[0], k))) {
        return bad_shape(err, "lut: it takes x [S,B], tables [N,2^k], k from 1 to 6, and wires [N,k]");
    }
    mj_lut_shape s = {in[1].dim[0], k, in[0].dim[1]};
    size_t entries = mj_shape_count(in[1]);
    *plan = (mj_plan){.out = mj_shape_2(s.N, s.B), .n_kept = entries,
                      .n_tmp = 2 * entries + mj_lut_backward_tmp(s),
                      .mac = (double)(entries - (size_t)s.N) * s.B};
    return MJ_OK;
}

MJ_CLONES static void soften(mj_real *restrict p, const mj_real *restrict w, mj_real sharpness, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        p[i] = mj_fast_sigmoid(sharpness * w[i]);
    }
}

static mj_real sharpness_of(const mj_call *call)
{
    const mj_lut_config *config = call->config;
    return config->sharpness ? *config->sharpness : 1;
}

static void lut_forward(const mj_call *call)
{
    const mj_lut_config *config = call->config;
    size_t n = count_of(&call->in[1]);
    bool hard = config->hard && *config->hard;
    mj_real *soft = call->kept ? call->kept : call->tmp + n, *p = hard ? call->tmp : soft;
    soften(soft, call->in[1].v, sharpness_of(call), n);
    for (size_t i = 0; hard && i < n; i++) {
        p[i] = call->in[1].v[i] > 0;
    }
    mj_lut_forward(call->out.v, call->in[0].v, p, call->in[2].label, shape_of(call));
}

static void lut_backward(const mj_call *call)
{
    size_t n = count_of(&call->in[1]);
    mj_real *dp = call->tmp, *dw = call->in[1].d, sharpness = sharpness_of(call);
    memset(dp, 0, n * sizeof *dp);
    mj_lut_backward(call->in[0].d, dp, call->tmp + n, call->out.d, call->in[0].v, call->kept,
                    call->in[2].label, shape_of(call));
    for (size_t i = 0; dw && i < n; i++) {
        dw[i] += sharpness * dp[i] * call->kept[i] * (1 - call->kept[i]);
    }
}

static const mj_real EXAMPLE_SHARPNESS = 3;
static const mj_example LUT_EXAMPLES[] = {
    {.in = {{2, {5, 3}}, {2, {4, 4}}, {2, {4, 2}}}, .n_in = 3, .n_classes = 5,
     .config = &(const mj_lut_config){.sharpness = &EXAMPLE_SHARPNESS}},
    {.in = {{2, {5, 3}}, {2, {4, 4}}, {2, {4, 2}}}, .n_in = 3, .n_classes = 5},
    {.in = {{2, {7, 16}}, {2, {3, 4}}, {2, {3, 2}}}, .n_in = 3, .n_classes = 7},
    {.in = {{2, {4, 18}}, {2, {2, 2}}, {2, {2, 1}}}, .n_in = 3, .n_classes = 4},
    {.in = {{2, {7, 2}}, {2, {3, 8}}, {2, {3, 3}}}, .n_in = 3, .n_classes = 7},
    {.in = {{2, {7, 5}}, {2, {2, 16}}, {2, {2, 4}}}, .n_in = 3, .n_classes = 7},
    {.in = {{2, {8, 17}}, {2, {1, 32}}, {2, {1, 5}}}, .n_in = 3, .n_classes = 8},
    {.in = {{2, {8, 2}}, {2, {2, 64}}, {2, {2, 6}}}, .n_in = 3, .n_classes = 8},
};
const mj_layer mj_lut_row = {
    .name = "lut", .config_size = sizeof(mj_lut_config), .n_in_min = 3, .n_in_max = 3,
    .label_inputs = 1 << 2, .plan = lut_plan, .forward = lut_forward, .backward = lut_backward,
    .example = LUT_EXAMPLES, .n_examples = N_OF(LUT_EXAMPLES),
};

mj_var mj_lut(mj_tape *tape, mj_var x, mj_var w, mj_var wires, mj_lut_config config)
{
    return mj_tape_apply(tape, &mj_lut_row, &config, (const mj_var[]){x, w, wires}, 3);
}

/* Read-out. */

/* Rows first .. last - 1 of group g, what its sum is taken from, and what that counts. */
typedef struct {
    size_t first, last;
    mj_real middle, unit;
} group_view;

static group_view group_of(const mj_call *call, size_t g)
{
    const mj_lut_groups_config *config = call->config;
    size_t N = (size_t)call->in[0].shape.dim[0], n = (size_t)config->n;
    group_view v = {N / n * g, N / n * (g + 1), 0, 1};
    if (config->first) {
        v.first = (size_t)config->first[g];
        v.last = (size_t)config->first[g + 1];
    }
    if (config->standard) {
        v.middle = (mj_real)(v.last - v.first) / 2;
        v.unit = 2 / mj_real_sqrt((mj_real)(v.last - v.first));
    }
    return v;
}

static mj_status groups_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                             mj_err *err)
{
    (void)n_in;
    const mj_lut_groups_config *groups = config;
    int n = groups->n, N = in[0].n_dims == 2 ? in[0].dim[0] : 0;
    bool fits = N > 0 && n > 0 && (groups->first || N % n == 0);
    for (int g = 0; fits && groups->first && g < n; g++) {
        fits = groups->first[0] == 0 && groups->first[g] < groups->first[g + 1] && groups->first[n] == N;
    }
    if (!fits || (mj_shape_count(in[1]) != 1 && mj_shape_count(in[1]) != (size_t)n)) {
        return bad_shape(err, "lut_groups: it takes x [N,B], groups of its rows, and a scale [1] or one a "
                              "group");
    }
    *plan = (mj_plan){.out = mj_shape_2(in[0].dim[1], n), .mac = (double)mj_shape_count(in[0])};
    return MJ_OK;
}

static void groups_forward(const mj_call *call)
{
    size_t B = (size_t)call->in[0].shape.dim[1], G = (size_t)call->out.shape.dim[1];
    size_t step = count_of(&call->in[1]) > 1;
    mj_real *z = call->out.v;
    for (size_t g = 0; g < G; g++) {
        group_view v = group_of(call, g);
        mj_real scale = v.unit * call->in[1].v[g * step];
        for (size_t b = 0; b < B; b++) {
            z[b * G + g] = -v.middle;
        }
        for (size_t n = v.first; n < v.last; n++) {
            const mj_real *x = call->in[0].v + n * B;
            for (size_t b = 0; b < B; b++) {
                z[b * G + g] += x[b];
            }
        }
        for (size_t b = 0; b < B; b++) {
            z[b * G + g] *= scale;
        }
    }
}

/* dscale = sum of dz (sum of rows - middle) unit */
static void add_pull(const mj_call *call, size_t g, group_view v)
{
    size_t B = (size_t)call->in[0].shape.dim[1], G = (size_t)call->out.shape.dim[1];
    const mj_real *dz = call->out.d + g;
    double pull = 0;
    for (size_t b = 0; b < B; b++) {
        pull -= (double)(dz[b * G] * v.middle);
    }
    for (size_t n = v.first; n < v.last; n++) {
        const mj_real *x = call->in[0].v + n * B;
        for (size_t b = 0; b < B; b++) {
            pull += (double)(dz[b * G] * x[b]);
        }
    }
    call->in[1].d[count_of(&call->in[1]) > 1 ? g : 0] += (mj_real)pull * v.unit;
}

static void groups_backward(const mj_call *call)
{
    size_t B = (size_t)call->in[0].shape.dim[1], G = (size_t)call->out.shape.dim[1];
    size_t step = count_of(&call->in[1]) > 1;
    for (size_t g = 0; g < G; g++) {
        group_view v = group_of(call, g);
        const mj_real *dz = call->out.d + g;
        mj_real scale = v.unit * call->in[1].v[g * step];
        for (size_t n = v.first; call->in[0].d && n < v.last; n++) {
            mj_real *dx = call->in[0].d + n * B;
            for (size_t b = 0; b < B; b++) {
                dx[b] += scale * dz[b * G];
            }
        }
        if (call->in[1].d) {
            add_pull(call, g, v);
        }
    }
}

static const int GROUPS_FIRST[] = {0, 1, 4, 6};
static const mj_example GROUPS_EXAMPLES[] = {
    {.in = {{2, {6, 3}}, {1, {1}}}, .n_in = 2, .config = &(const mj_lut_groups_config){.n = 3}},
    {.in = {{2, {6, 5}}, {1, {3}}}, .n_in = 2,
     .config = &(const mj_lut_groups_config){3, GROUPS_FIRST, true}},
};
const mj_layer mj_lut_groups_row = {
    .name = "lut_groups", .config_size = sizeof(mj_lut_groups_config), .n_in_min = 2, .n_in_max = 2,
    .plan = groups_plan, .forward = groups_forward, .backward = groups_backward,
    .example = GROUPS_EXAMPLES, .n_examples = N_OF(GROUPS_EXAMPLES),
};

mj_var mj_lut_groups(mj_tape *tape, mj_var x, mj_var scale, mj_lut_groups_config groups)
{
    return mj_tape_apply(tape, &mj_lut_groups_row, &groups, (const mj_var[]){x, scale}, 2);
}

/* Area. */

static mj_status area_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                           mj_err *err)
{
    (void)config;
    if (in[0].n_dims != 2 || inputs_of(in[0].dim[1]) == 0 ||
        (n_in > 1 && (in[1].n_dims != 2 || in[1].dim[0] != in[0].dim[0]))) {
        return bad_shape(err, "lut_area: it takes tables [N,2^k] and, if at all, their y [N,B]");
    }
    *plan = (mj_plan){.out = {0}, .mac = (double)mj_shape_count(in[0])};
    return MJ_OK;
}

/* D_j of the table w for all j; returns which is largest. */
static int influences(double D[MJ_LUT_KERNEL_INPUTS], const mj_real *w, int k)
{
    int top = 0;
    mj_real p[1 << MJ_LUT_KERNEL_INPUTS];
    for (int i = 0; i < 1 << k; i++) {
        p[i] = mj_fast_sigmoid(w[i]);
    }
    for (int j = 0; j < k; j++) {
        D[j] = 0;
        for (int i = 0; i < 1 << k; i++) {
            double step = (double)(p[i | 1 << j] - p[i]);
            D[j] += step * step / (double)(1 << (k - 1));
        }
        top = D[j] > D[top] ? j : top;
    }
    return top;
}

static double area_of(const mj_real *w, int k)
{
    double D[MJ_LUT_KERNEL_INPUTS], sum = 0;
    int top = influences(D, w, k);
    for (int j = 0; j < k; j++) {
        sum += j == top ? 0 : D[j];
    }
    return sum;
}

static double mean_of(const mj_real *y, size_t B)
{
    double sum = 0;
    for (size_t b = 0; b < B; b++) {
        sum += (double)y[b];
    }
    return sum / (double)B;
}

/* 4 m (1 - m) of table n; 1 where activity does not count. */
static double activity_of(const mj_call *call, size_t n)
{
    if (call->n_in < 2) {
        return 1;
    }
    size_t B = (size_t)call->in[1].shape.dim[1];
    double m = mean_of(call->in[1].v + n * B, B);
    return 4 * m * (1 - m);
}

static void area_forward(const mj_call *call)
{
    size_t N = (size_t)call->in[0].shape.dim[0];
    int k = inputs_of(call->in[0].shape.dim[1]);
    double sum = 0;
    for (size_t n = 0; n < N; n++) {
        sum += activity_of(call, n) * area_of(call->in[0].v + (n << k), k);
    }
    *call->out.v = (mj_real)(sum / (double)N);
}

/* dw += factor * dA/dw */
static void add_area_slope(mj_real *dw, const mj_real *w, int k, double factor)
{
    double D[MJ_LUT_KERNEL_INPUTS];
    int top = influences(D, w, k);
    for (int i = 0; i < 1 << k; i++) {
        double p = (double)mj_fast_sigmoid(w[i]), slope = 0;
        for (int j = 0; j < k; j++) {
            double other = (double)mj_fast_sigmoid(w[i ^ 1 << j]);
            slope += j == top ? 0 : 2 * (p - other) / (double)(1 << (k - 1));
        }
        dw[i] += (mj_real)(factor * slope * p * (1 - p));
    }
}

static void area_backward(const mj_call *call)
{
    size_t N = (size_t)call->in[0].shape.dim[0];
    int k = inputs_of(call->in[0].shape.dim[1]);
    double d = (double)*call->out.d / (double)N;
    for (size_t n = 0; call->in[0].d && n < N; n++) {
        add_area_slope(call->in[0].d + (n << k), call->in[0].v + (n << k), k,
                       d * activity_of(call, n));
    }
    for (size_t n = 0; call->n_in == 2 && call->in[1].d && n < N; n++) {
        size_t B = (size_t)call->in[1].shape.dim[1];
        double slope = 4 * (1 - 2 * mean_of(call->in[1].v + n * B, B)) / (double)B;
        double pull = d * slope * area_of(call->in[0].v + (n << k), k);
        for (size_t b = 0; b < B; b++) {
            call->in[1].d[n * B + b] += (mj_real)pull;
        }
    }
}

static const mj_example AREA_EXAMPLES[] = {
    {.in = {{2, {3, 4}}}, .n_in = 1},
    {.in = {{2, {3, 8}}, {2, {3, 5}}}, .n_in = 2},
};
const mj_layer mj_lut_area_row = {
    .name = "lut_area", .n_in_min = 1, .n_in_max = 2, .plan = area_plan, .forward = area_forward,
    .backward = area_backward, .example = AREA_EXAMPLES, .n_examples = N_OF(AREA_EXAMPLES),
};

mj_var mj_lut_area(mj_tape *tape, mj_var w, mj_var y)
{
    return mj_tape_apply(tape, &mj_lut_area_row, NULL, (const mj_var[]){w, y}, 2);
}
