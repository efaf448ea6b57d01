/* Coupled phase oscillators: the run through time, forward and back.
 *
 * Letters: N oscillators, B samples, H harmonics, e a stage of a step (one evaluation of the rate).
 *
 *   forward    [P Q] = [S C] K^T        one product a stage, 2HB x N x N
 *              rate, slope, next phase, next [S C]: one pass over the rows (phase_rows.c)
 *   backward   [U V] = bar K            one product a stage
 *              dtheta, next drate, next bar: one pass
 *   dK        += bar^T [S C]            deferred: one product for all stages of a segment
 *
 * The trace keeps, for each stage, [S C] (2H planes), slope (1), and room for bar (2H): what
 * backward needs and nothing else; phases themselves are not kept.
 *
 * The batch is cut in blocks of at most BLOCK_ROWS samples, each of which goes through all of time
 * on one thread, its planes staying in that core's cache, and each product belongs to one thread.
 * So the threads meet twice a pass and the bits do not depend on how many they are: sums over
 * samples are taken afterwards in the order of the samples, and dK in fixed tiles of rows, each
 * over the blocks in order.
 *
 * Not here: couplings from parameters (coupling.c), start and read-out (phases.c), the schemes
 * (integrator.c). Sources: [kuramoto1975], [acebron2005]. */
#include "mj/kuramoto.h"

#include <assert.h>
#include <string.h>

#include "integrator.h"
#include "phase_rows.h"

enum { BLOCK_ROWS = 64, TILE_ROWS = 512 };

/* What all blocks of a run share. */
typedef struct {
    const mj_kuramoto_run *run;
    const mj_kuramoto_input *in;
    const mj_tableau *scheme;
    mj_phase_response response;
    const mj_real *zeros; /* [N], for the tables that are not given */
    double step;
    int N, B, H, n_segments, n_blocks, n_stages; /* stages of the whole run */
} mj_flow;

/* A block's part of the batch and of the memory. Planes have rows * N numbers. */
typedef struct {
    int first, rows;
    size_t plane;
    mj_real *wave, *bar, *slope; /* of the trace: [stage][2H planes], same, [stage][1 plane] */
    mj_real *product;            /* 2H planes */
    mj_real *phase, *next;       /* a plane each; backward: gradient at the step's end, its sum */
    mj_real *rate;               /* a plane; backward: gradient of the rate */
    mj_real *pull;               /* a plane: backward only */
    mj_real *sum_omega, *sum_cos, *sum_sin; /* a plane each: backward only */
} mj_block;

enum { SCRATCH_PLANES = 7 }; /* beside product and, without a trace, wave and slope */

mj_status mj_kuramoto_check(const mj_kuramoto *net, mj_err *err)
{
    if (net->n < 1 || net->n_batch < 1 || net->n_class < 0 || net->n_segments < 0 ||
        net->n_steps_max < 1) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "oscillators, batch and steps must be at least 1");
    }
    if (net->response.n_harmonics < 0 || net->response.n_harmonics > MJ_HARMONICS_MAX) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "%d harmonics: 1 to %d are supported",
                          net->response.n_harmonics, MJ_HARMONICS_MAX);
    }
    if (net->integrator >= MJ_INTEGRATOR_N) {
        return mj_err_add(err, MJ_ENAME, NULL, 0, 0, "unknown integrator");
    }
    return MJ_OK;
}

static int harmonics(const mj_kuramoto *net)
{
    return net->response.n_harmonics > 0 ? net->response.n_harmonics : 1;
}

/* planes * B * N + extra, or SIZE_MAX. */
static size_t count_planes(const mj_kuramoto *net, size_t planes, size_t extra)
{
    size_t count;
    if (__builtin_mul_overflow((size_t)net->n_batch, (size_t)net->n, &count) ||
        __builtin_mul_overflow(count, planes, &count) ||
        __builtin_add_overflow(count, extra, &count) || count > SIZE_MAX / sizeof(mj_real)) {
        return SIZE_MAX;
    }
    return count;
}

size_t mj_kuramoto_scratch_count(const mj_kuramoto *net)
{
    return count_planes(net, (size_t)(4 * harmonics(net) + 1 + SCRATCH_PLANES), (size_t)net->n);
}

size_t mj_kuramoto_trace_count(const mj_kuramoto *net)
{
    size_t stages = (size_t)net->n_steps_max * (size_t)mj_integrator_stages(net->integrator);
    return count_planes(net, (size_t)(4 * harmonics(net) + 1) * stages, 0);
}

double mj_kuramoto_macs(const mj_kuramoto *net, int n_steps)
{
    return 2.0 * harmonics(net) * net->n_batch * net->n * net->n * n_steps *
           mj_integrator_stages(net->integrator);
}

void mj_kuramoto_noise(mj_real *normal, uint64_t sample, int step, int n, mj_noise_key key)
{
    uint64_t row = ((uint64_t)n + 3) / 4 * 4; /* a stream's part starts at a multiple of 4 */
    mj_noise_normal(normal, (((uint64_t)step << 32) + sample) * row, (size_t)n, key);
}

static mj_flow flow_of(const mj_kuramoto *net, const mj_kuramoto_run *run,
                       const mj_kuramoto_input *in, mj_real *scratch)
{
    assert(run->n_steps > 0);
    mj_flow flow = {
        .run = run,
        .in = in,
        .scheme = mj_tableau_of(net->integrator),
        .response = net->response,
        .zeros = scratch,
        .step = run->span / run->n_steps,
        .N = net->n,
        .B = net->n_batch,
        .H = harmonics(net),
        .n_segments = net->n_segments > 0 ? net->n_segments : 1,
        .n_blocks = (net->n_batch + BLOCK_ROWS - 1) / BLOCK_ROWS,
    };
    if (net->response.n_harmonics == 0) {
        flow.response = (mj_phase_response){.n_harmonics = 1, .sin = {1}};
    }
    flow.n_stages = run->n_steps * flow.scheme->n_stages;
    memset(scratch, 0, (size_t)net->n * sizeof *scratch);
    return flow;
}

/* Samples are dealt out evenly, so that the threads finish together. Without a trace, the wave and
 * the slope of one stage stand in scratch. */
static mj_block block_of(const mj_flow *flow, int k, mj_real *trace, mj_real *scratch)
{
    int first = (int)((long)flow->B * k / flow->n_blocks);
    int rows = (int)((long)flow->B * (k + 1) / flow->n_blocks) - first;
    size_t plane = (size_t)rows * (size_t)flow->N, before = (size_t)first * (size_t)flow->N;
    size_t planes = 2 * (size_t)flow->H, stages = (size_t)flow->n_stages;
    mj_block b = {.first = first, .rows = rows, .plane = plane};
    mj_real *p = scratch + flow->N + before * (2 * planes + 1 + SCRATCH_PLANES);
    if (trace) {
        b.wave = trace + before * (2 * planes + 1) * stages;
        b.bar = b.wave + planes * plane * stages;
        b.slope = b.bar + planes * plane * stages;
    } else {
        b.wave = p;
        b.slope = b.wave + planes * plane;
    }
    b.product = p + (planes + 1) * plane;
    b.phase = b.product + planes * plane;
    b.next = b.phase + plane;
    b.rate = b.next + plane;
    b.pull = b.rate + plane;
    b.sum_omega = b.pull + plane;
    b.sum_cos = b.sum_omega + plane;
    b.sum_sin = b.sum_cos + plane;
    return b;
}

static const mj_real *segment_of(const mj_flow *flow, int stage)
{
    int t = stage / flow->scheme->n_stages;
    size_t segment = (size_t)((long)t * flow->n_segments / flow->run->n_steps);
    return flow->in->K + segment * (size_t)flow->N * (size_t)flow->N;
}

static const mj_real *class_row(const mj_flow *flow, const mj_real *table, int sample)
{
    size_t y = flow->in->label ? (size_t)flow->in->label[sample] : 0;
    return table ? table + y * (size_t)flow->N : flow->zeros;
}

/* Forward. */

/* The end of a step: noise, and the phases that the next one starts from. */
static void finish_step(const mj_flow *flow, mj_real *phase, mj_real *next, mj_real *normal,
                        mj_real *path, int sample, int t)
{
    if (flow->run->noise > 0) {
        mj_kuramoto_noise(normal, flow->run->first_sample + (uint64_t)sample, t, flow->N,
                          flow->run->key);
        mj_axpy_row(next, next, flow->run->noise * sqrt(flow->step), normal, flow->N);
    }
    memcpy(phase, next, (size_t)flow->N * sizeof *phase);
    if (path) {
        size_t row = (size_t)(t + 1) * (size_t)flow->B + (size_t)sample;
        memcpy(path + row * (size_t)flow->N, next, (size_t)flow->N * sizeof *phase);
    }
}

/* One row from the products of stage e to the waves of stage e + 1. */
static void advance_row(const mj_flow *flow, const mj_block *b, const mj_real *wave,
                        mj_real *next_wave, mj_real *slope, mj_real *path, int row, int e)
{
    const mj_tableau *scheme = flow->scheme;
    int s = e % scheme->n_stages, sample = b->first + row, N = flow->N;
    size_t at = (size_t)row * (size_t)N;
    mj_real *rate = b->rate + at, *next = b->next + at, *phase = b->phase + at;
    const mj_drive_row drive = {flow->in->omega, class_row(flow, flow->in->omega_class, sample),
                                class_row(flow, flow->in->drive_cos, sample),
                                class_row(flow, flow->in->drive_sin, sample)};
    mj_rate_row(rate, slope + at, wave + at, b->product + at, b->plane, &flow->response, &drive, N);
    mj_axpy_row(next, next, flow->step * scheme->weight[s], rate, N);
    if (s + 1 < scheme->n_stages) {
        mj_axpy_row(rate, phase, flow->step * scheme->ahead[s + 1], rate, N);
        mj_wave_row(next_wave + at, rate, b->plane, flow->H, N);
        return;
    }
    finish_step(flow, phase, next, rate, path, sample, e / scheme->n_stages);
    if (e + 1 < flow->n_stages) {
        mj_wave_row(next_wave + at, phase, b->plane, flow->H, N);
    }
}

static void forward_block(const mj_flow *flow, const mj_block *b, mj_real *theta, mj_real *path,
                          bool traced)
{
    int N = flow->N;
    size_t planes = 2 * (size_t)flow->H * b->plane, before = (size_t)b->first * (size_t)N;
    memcpy(b->phase, flow->in->theta0 + before, b->plane * sizeof *theta);
    memcpy(b->next, b->phase, b->plane * sizeof *theta);
    if (path) {
        memcpy(path + before, b->phase, b->plane * sizeof *theta);
    }
    for (int row = 0; row < b->rows; row++) {
        size_t at = (size_t)row * (size_t)N;
        mj_wave_row(b->wave + at, b->phase + at, b->plane, flow->H, N);
    }
    for (int e = 0; e < flow->n_stages; e++) {
        mj_real *wave = b->wave + (traced ? (size_t)e * planes : 0);
        mj_real *next_wave = traced ? wave + planes : wave;
        mj_real *slope = b->slope + (traced ? (size_t)e * b->plane : 0);
        mj_gemm(b->product, wave, segment_of(flow, e),
                (mj_gemm_shape){.M = 2 * flow->H * b->rows, .N = N, .K = N, .transpose_b = true});
        for (int row = 0; row < b->rows; row++) {
            advance_row(flow, b, wave, next_wave, slope, path, row, e);
        }
    }
    memcpy(theta + before, b->phase, b->plane * sizeof *theta);
}

void mj_kuramoto_forward(mj_real *theta, mj_real *path, mj_real *trace, mj_real *scratch,
                         const mj_kuramoto *net, const mj_kuramoto_run *run,
                         const mj_kuramoto_input *in)
{
    assert(!trace || run->n_steps <= net->n_steps_max);
    mj_flow flow = flow_of(net, run, in, scratch);
    int n_threads = mj_threads();
    mj_threads_set(1); /* inside a block a product has one thread */
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int k = 0; k < flow.n_blocks; k++) {
        mj_block block = block_of(&flow, k, trace, scratch);
        forward_block(&flow, &block, theta, path, trace != NULL);
    }
    mj_threads_set(n_threads);
}

/* Backward. */

/* Gradient of the rate at stage e, and of the sums there. On entry b->pull is that at the phases of
 * stage e + 1 and b->next the sum of what has reached the start of this step or the next. */
static void push_row(const mj_flow *flow, const mj_block *b, int row, int e)
{
    const mj_tableau *scheme = flow->scheme;
    int s = e % scheme->n_stages, N = flow->N;
    size_t at = (size_t)row * (size_t)N, planes = 2 * (size_t)flow->H * b->plane;
    mj_real *end = b->phase + at, *rate = b->rate + at;
    if (s + 1 == scheme->n_stages) {
        memcpy(end, b->next + at, (size_t)N * sizeof *end);
        mj_axpy_row(rate, flow->zeros, flow->step * scheme->weight[s], end, N);
    } else {
        mj_axpy_row(rate, flow->zeros, flow->step * scheme->weight[s], end, N);
        mj_axpy_row(rate, rate, flow->step * scheme->ahead[s + 1], b->pull + at, N);
    }
    const mj_drive_sum sum = {b->sum_omega + at, b->sum_cos + at, b->sum_sin + at};
    mj_bar_row(b->bar + (size_t)e * planes + at, &sum, rate, b->wave + (size_t)e * planes + at,
               b->plane, &flow->response, N);
}

static void pull_row(const mj_flow *flow, const mj_block *b, int row, int e)
{
    size_t at = (size_t)row * (size_t)flow->N, planes = 2 * (size_t)flow->H * b->plane;
    mj_real *pull = b->pull + at, *sum = b->next + at;
    mj_pull_row(pull, b->rate + at, b->slope + (size_t)e * b->plane + at,
                b->wave + (size_t)e * planes + at, b->product + at, b->plane, flow->H, flow->N);
    mj_axpy_row(sum, sum, 1, pull, flow->N);
}

static void backward_block(const mj_flow *flow, const mj_block *b, mj_real *dtheta0,
                           const mj_real *dtheta)
{
    size_t planes = 2 * (size_t)flow->H * b->plane, before = (size_t)b->first * (size_t)flow->N;
    memset(b->sum_omega, 0, 3 * b->plane * sizeof *dtheta);
    memcpy(b->next, dtheta + before, b->plane * sizeof *dtheta);
    for (int row = 0; row < b->rows; row++) {
        push_row(flow, b, row, flow->n_stages - 1);
    }
    for (int e = flow->n_stages - 1; e >= 0; e--) {
        mj_gemm(b->product, b->bar + (size_t)e * planes, segment_of(flow, e),
                (mj_gemm_shape){.M = 2 * flow->H * b->rows, .N = flow->N, .K = flow->N});
        for (int row = 0; row < b->rows; row++) {
            pull_row(flow, b, row, e);
            if (e > 0) {
                push_row(flow, b, row, e - 1);
            }
        }
    }
    if (dtheta0) {
        memcpy(dtheta0 + before, b->next, b->plane * sizeof *dtheta);
    }
}

/* Rows [first, first + rows) of dK, all segments: a product for each block and segment. */
static void couplings_tile(mj_real *dK, const mj_flow *flow, mj_real *trace, mj_real *scratch,
                           int first, int rows)
{
    int N = flow->N;
    size_t matrix = (size_t)N * (size_t)N;
    for (int k = 0; k < flow->n_blocks; k++) {
        mj_block b = block_of(flow, k, trace, scratch);
        size_t planes = 2 * (size_t)flow->H * b.plane;
        for (int e = 0, end; e < flow->n_stages; e = end) {
            const mj_real *K = segment_of(flow, e);
            for (end = e + 1; end < flow->n_stages && segment_of(flow, end) == K;) {
                end++;
            }
            size_t segment = (size_t)(K - flow->in->K) / matrix;
            mj_gemm(dK + segment * matrix + (size_t)first * (size_t)N,
                    b.bar + (size_t)e * planes + first, b.wave + (size_t)e * planes,
                    (mj_gemm_shape){.M = rows, .N = N, .K = (end - e) * 2 * flow->H * b.rows,
                                    .transpose_a = true, .add = true, .lda = N});
        }
    }
}

/* Adds a row to that of the sample's class, in the order of the samples. */
static void reduce_drive(const mj_kuramoto_gradient *gradient, const mj_flow *flow,
                         const mj_block *b)
{
    for (int row = 0; row < b->rows; row++) {
        int sample = b->first + row, N = flow->N;
        size_t at = (size_t)row * (size_t)N;
        size_t y = flow->in->label ? (size_t)flow->in->label[sample] * (size_t)N : 0;
        if (gradient->omega) {
            mj_axpy_row(gradient->omega, gradient->omega, 1, b->sum_omega + at, N);
        }
        if (gradient->omega_class) {
            mj_real *d = gradient->omega_class + y;
            mj_axpy_row(d, d, 1, b->sum_omega + at, N);
        }
        if (gradient->drive_cos) {
            mj_real *d = gradient->drive_cos + y;
            mj_axpy_row(d, d, 1, b->sum_cos + at, N);
        }
        if (gradient->drive_sin) {
            mj_real *d = gradient->drive_sin + y;
            mj_axpy_row(d, d, 1, b->sum_sin + at, N);
        }
    }
}

void mj_kuramoto_backward(const mj_kuramoto_gradient *gradient, const mj_real *dtheta,
                          mj_real *trace, mj_real *scratch, const mj_kuramoto *net,
                          const mj_kuramoto_run *run, const mj_kuramoto_input *in)
{
    mj_flow flow = flow_of(net, run, in, scratch);
    int n_threads = mj_threads(), n_tiles = (flow.N + TILE_ROWS - 1) / TILE_ROWS;
    mj_threads_set(1);
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int k = 0; k < flow.n_blocks; k++) {
        mj_block block = block_of(&flow, k, trace, scratch);
        backward_block(&flow, &block, gradient->theta0, dtheta);
    }
    if (gradient->K) {
#pragma omp parallel for schedule(static) num_threads(n_threads)
        for (int tile = 0; tile < n_tiles; tile++) {
            int first = (int)((long)flow.N * tile / n_tiles);
            int end = (int)((long)flow.N * (tile + 1) / n_tiles);
            couplings_tile(gradient->K, &flow, trace, scratch, first, end - first);
        }
    }
    mj_threads_set(n_threads);
    for (int k = 0; k < flow.n_blocks; k++) {
        mj_block block = block_of(&flow, k, trace, scratch);
        reduce_drive(gradient, &flow, &block);
    }
}
