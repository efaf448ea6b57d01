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
 * With products in bf16 the trace has waves and bars twice as narrow, in the room of bar; the float bar
 * of a stage then stands in scratch, where a run without a trace has its wave.
 *
 * Not here: couplings from parameters (coupling.c), start and read-out (phases.c), the schemes
 * (integrator.c). Sources: [kuramoto1975], [acebron2005]. */
#include "mj/kuramoto.h"

#include <assert.h>
#include <string.h>

#include "integrator.h"
#include "phase_rows.h"

enum { BLOCK_ROWS = 64, TILE_ROWS = 512 };
/* Sines in int8: the largest code. */
static const mj_real CODES = 127;

const char *const mj_precision_names[] = {"full", "bf16", "int8", NULL};

mj_precision mj_precision_here(mj_precision wanted)
{
    bool have = wanted == MJ_PRECISION_BF16 ? mj_kernels_have_bf16() : mj_kernels_have_int8();
    return have ? wanted : MJ_PRECISION_FULL;
}

/* What all blocks of a run share. */
typedef struct {
    const mj_kuramoto_run *run;
    const mj_kuramoto_input *in;
    const mj_tableau *scheme;
    mj_phase_response response;
    const mj_real *zeros; /* [N], for the tables that are not given */
    mj_precision precision;
    mj_bf16 *K_half; /* [P,N,N] */
    int8_t *K_code;  /* [P,N,N], in the same place; times level / 127 */
    mj_real *level;  /* [P,N] */
    mj_real *rows;   /* of the blocks */
    double step;
    int N, B, H, n_segments, n_blocks, n_stages; /* stages of the whole run */
} mj_flow;

/* A block's part of the batch and of the memory. Planes have rows * N numbers. */
typedef struct {
    int first, rows;
    size_t plane;
    mj_real *wave, *bar, *slope; /* of the trace: [stage][2H planes], same, [stage][1 plane] */
    mj_bf16 *wave_half, *bar_half; /* of the trace in bf16: [stage][2H planes], in place of bar */
    void *narrow;                  /* 2H planes of one stage, bf16 or int8: without a trace */
    mj_real *product;              /* 2H planes */
    mj_real *phase, *next;       /* a plane each; backward: gradient at the step's end, its sum */
    mj_real *rate;               /* a plane; backward: gradient of the rate */
    mj_real *pull;               /* a plane: backward only */
    mj_real *sum_omega, *sum_cos, *sum_sin; /* a plane each: backward only */
} mj_block;

enum { SCRATCH_PLANES = 7 }; /* beside product, narrow, and (float bar, or wave and slope) */

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
    if (net->integrator >= MJ_INTEGRATOR_N || net->precision > MJ_PRECISION_INT8) {
        return mj_err_add(err, MJ_ENAME, NULL, 0, 0, "unknown integrator or precision");
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

static int segments(const mj_kuramoto *net)
{
    return net->n_segments > 0 ? net->n_segments : 1;
}

/* Numbers before the blocks' rows: zeros, and the narrow couplings with their levels. */
static size_t count_shared(const mj_kuramoto *net)
{
    size_t N = (size_t)net->n, rows = (size_t)segments(net) * N;
    return N + (net->precision == MJ_PRECISION_FULL ? 0 : rows + (rows * N + 1) / 2);
}

/* Planes of one sample in scratch. */
static size_t row_planes(int H)
{
    return (size_t)(5 * H + 1 + SCRATCH_PLANES);
}

size_t mj_kuramoto_scratch_count(const mj_kuramoto *net)
{
    return count_planes(net, row_planes(harmonics(net)), count_shared(net));
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

/* Couplings as the products want them: in int8 with a level a row, so that the largest is 127. */
static void narrow_couplings(const mj_flow *flow)
{
    size_t N = (size_t)flow->N, n_rows = (size_t)flow->n_segments * N;
    if (flow->precision == MJ_PRECISION_BF16) {
        mj_bf16_round(flow->K_half, flow->in->K, n_rows * N);
        return;
    }
    for (size_t i = 0; flow->precision == MJ_PRECISION_INT8 && i < n_rows; i++) {
        const mj_real *row = flow->in->K + i * N;
        mj_real largest = 0;
        for (size_t j = 0; j < N; j++) {
            largest = mj_real_abs(row[j]) > largest ? mj_real_abs(row[j]) : largest;
        }
        mj_int8_round(flow->K_code + i * N, row, largest > 0 ? CODES / largest : 0, N);
        flow->level[i] = largest / (CODES * CODES);
    }
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
        .n_segments = segments(net),
        .n_blocks = (net->n_batch + BLOCK_ROWS - 1) / BLOCK_ROWS,
        .precision = net->precision,
        .level = scratch + net->n,
        .rows = scratch + count_shared(net),
    };
    flow.K_half = (mj_bf16 *)(flow.level + (size_t)flow.n_segments * (size_t)flow.N);
    flow.K_code = (int8_t *)flow.K_half;
    if (net->response.n_harmonics == 0) {
        flow.response = (mj_phase_response){.n_harmonics = 1, .sin = {1}};
    }
    flow.n_stages = run->n_steps * flow.scheme->n_stages;
    memset(scratch, 0, (size_t)net->n * sizeof *scratch);
    narrow_couplings(&flow);
    return flow;
}

/* Samples are dealt out evenly, so that the threads finish together. Without a trace, the wave and
 * the slope of one stage stand in scratch. */
static mj_block block_of(const mj_flow *flow, int k, mj_real *trace)
{
    int first = (int)((long)flow->B * k / flow->n_blocks);
    int rows = (int)((long)flow->B * (k + 1) / flow->n_blocks) - first;
    size_t plane = (size_t)rows * (size_t)flow->N, before = (size_t)first * (size_t)flow->N;
    size_t planes = 2 * (size_t)flow->H, stages = (size_t)flow->n_stages;
    mj_block b = {.first = first, .rows = rows, .plane = plane};
    mj_real *p = flow->rows + before * row_planes(flow->H);
    if (trace) {
        b.wave = trace + before * (2 * planes + 1) * stages;
        b.bar = b.wave + planes * plane * stages;
        b.slope = b.bar + planes * plane * stages;
    } else {
        b.wave = p;
        b.slope = b.wave + planes * plane;
    }
    if (trace && flow->precision == MJ_PRECISION_BF16) {
        b.wave_half = (mj_bf16 *)b.bar;
        b.bar_half = b.wave_half + planes * plane * stages;
        b.bar = p;
    }
    b.product = p + (planes + 1) * plane;
    b.narrow = b.product + planes * plane;
    b.phase = b.product + (planes + (size_t)flow->H) * plane;
    b.next = b.phase + plane;
    b.rate = b.next + plane;
    b.pull = b.rate + plane;
    b.sum_omega = b.pull + plane;
    b.sum_cos = b.sum_omega + plane;
    b.sum_sin = b.sum_cos + plane;
    return b;
}

/* The part of time in which a stage is. */
static size_t segment_of(const mj_flow *flow, int stage)
{
    int t = stage / flow->scheme->n_stages;
    return (size_t)((long)t * flow->n_segments / flow->run->n_steps);
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

/* [P Q] = [S C] K^T of stage e. */
static void sum_couplings(const mj_flow *flow, const mj_block *b, const mj_real *wave, int e)
{
    size_t planes = 2 * (size_t)flow->H * b->plane, segment = segment_of(flow, e);
    size_t N = (size_t)flow->N, first = segment * N * N;
    const mj_gemm_shape shape = {.M = 2 * flow->H * b->rows, .N = flow->N, .K = flow->N,
                                 .transpose_b = true};
    if (flow->precision == MJ_PRECISION_FULL) {
        mj_gemm(b->product, wave, flow->in->K + first, shape);
    } else if (flow->precision == MJ_PRECISION_BF16) {
        mj_bf16 *half = b->wave_half ? b->wave_half + (size_t)e * planes : b->narrow;
        mj_bf16_round(half, wave, planes);
        mj_gemm_bf16(b->product, half, flow->K_half + first, shape);
    } else {
        mj_int8_round(b->narrow, wave, CODES, planes);
        mj_gemm_int8(b->product, b->narrow, flow->K_code + first, flow->level + segment * N, shape);
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
        sum_couplings(flow, b, wave, e);
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
    assert(!trace || (run->n_steps <= net->n_steps_max && net->precision != MJ_PRECISION_INT8));
    mj_flow flow = flow_of(net, run, in, scratch);
    int n_threads = mj_threads();
    mj_threads_set(1); /* inside a block a product has one thread */
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int k = 0; k < flow.n_blocks; k++) {
        mj_block block = block_of(&flow, k, trace);
        forward_block(&flow, &block, theta, path, trace != NULL);
    }
    mj_threads_set(n_threads);
}

/* Backward. */

/* The bar of a stage, which in bf16 is kept rounded only. */
static mj_real *bar_of(const mj_block *b, size_t planes, int e)
{
    return b->bar_half ? b->bar : b->bar + (size_t)e * planes;
}

/* [U V] = bar K of stage e. */
static void pull_couplings(const mj_flow *flow, const mj_block *b, int e)
{
    size_t planes = 2 * (size_t)flow->H * b->plane;
    size_t first = segment_of(flow, e) * (size_t)flow->N * (size_t)flow->N;
    const mj_gemm_shape shape = {.M = 2 * flow->H * b->rows, .N = flow->N, .K = flow->N};
    if (b->bar_half) {
        mj_bf16 *half = b->bar_half + (size_t)e * planes;
        mj_bf16_round(half, b->bar, planes);
        mj_gemm_bf16(b->product, half, flow->K_half + first, shape);
    } else {
        mj_gemm(b->product, bar_of(b, planes, e), flow->in->K + first, shape);
    }
}

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
    mj_bar_row(bar_of(b, planes, e) + at, &sum, rate, b->wave + (size_t)e * planes + at, b->plane,
               &flow->response, N);
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
    size_t before = (size_t)b->first * (size_t)flow->N;
    memset(b->sum_omega, 0, 3 * b->plane * sizeof *dtheta);
    memcpy(b->next, dtheta + before, b->plane * sizeof *dtheta);
    for (int row = 0; row < b->rows; row++) {
        push_row(flow, b, row, flow->n_stages - 1);
    }
    for (int e = flow->n_stages - 1; e >= 0; e--) {
        pull_couplings(flow, b, e);
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
static void couplings_tile(mj_real *dK, const mj_flow *flow, mj_real *trace, int first, int rows)
{
    int N = flow->N;
    for (int k = 0; k < flow->n_blocks; k++) {
        mj_block b = block_of(flow, k, trace);
        size_t planes = 2 * (size_t)flow->H * b.plane;
        for (int e = 0, end; e < flow->n_stages; e = end) {
            size_t segment = segment_of(flow, e), from = (size_t)e * planes;
            for (end = e + 1; end < flow->n_stages && segment_of(flow, end) == segment;) {
                end++;
            }
            mj_real *to = dK + (segment * (size_t)N + (size_t)first) * (size_t)N;
            const mj_gemm_shape shape = {.M = rows, .N = N, .K = (end - e) * 2 * flow->H * b.rows,
                                         .transpose_a = true, .add = true, .lda = N};
            if (b.bar_half) {
                mj_gemm_bf16(to, b.bar_half + from + first, b.wave_half + from, shape);
            } else {
                mj_gemm(to, b.bar + from + first, b.wave + from, shape);
            }
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
        mj_block block = block_of(&flow, k, trace);
        backward_block(&flow, &block, gradient->theta0, dtheta);
    }
    if (gradient->K) {
#pragma omp parallel for schedule(static) num_threads(n_threads)
        for (int tile = 0; tile < n_tiles; tile++) {
            int first = (int)((long)flow.N * tile / n_tiles);
            int end = (int)((long)flow.N * (tile + 1) / n_tiles);
            couplings_tile(gradient->K, &flow, trace, first, end - first);
        }
    }
    mj_threads_set(n_threads);
    for (int k = 0; k < flow.n_blocks; k++) {
        mj_block block = block_of(&flow, k, trace);
        reduce_drive(gradient, &flow, &block);
    }
}
