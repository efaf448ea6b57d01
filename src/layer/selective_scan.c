/* Selective state space [gu2023]: diagonal states whose step, input and output the token chooses.
 *
 *   delta = softplus(dt)          A = -exp(a)
 *   h_n[t] = exp(delta A_n) h_n[t-1] + delta B_n u          n = 0..N-1, element-wise over channels
 *   y = sum_n C_n h_n + skip u
 *
 * u, dt [B,T,D]; BC [B,T,2N] = (B, C) of the step, shared by all channels; a [N,D]; skip [D];
 * y [B,T,D]. A stream carries h [N,D]; channels stand last, so that loops run over them. Backward
 * keeps h of every step. Products of a channel: 4 a state, 2 beside. */
#include "sequence.h"

#include "mj/counts.h"
#include "mj/fast_math.h"

#include <string.h>

enum { U, DT, BC, A, SKIP, N_INPUTS };

static mj_status plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config, mj_err *err)
{
    (void)n_in, (void)config;
    int N = in[A].n_dims == 2 ? in[A].dim[0] : 0;
    bool fits = is_sequence(in[U]) && mj_shape_equal(in[DT], in[U]) && N > 0 && N < INT_MAX / 2 &&
                in[A].dim[1] == in[U].dim[2] &&
                mj_shape_equal(in[BC], mj_shape_3(in[U].dim[0], in[U].dim[1], 2 * N)) &&
                mj_shape_equal(in[SKIP], mj_shape_1(in[U].dim[2]));
    if (!fits) {
        return bad_shape(err, "selective_scan: it takes u and dt [B,T,D], BC [B,T,2N], a [N,D] and "
                              "skip [D]");
    }
    sequence s = sequence_of(in[U]);
    size_t states = (size_t)N * s.C;
    *plan = (mj_plan){.out = in[U], .n_state = states, .n_kept = s.B * s.T * states,
                      .n_tmp = states + s.B * (2 * states + 4 * s.C + 2 * (size_t)N),
                      .mac = (4.0 * N + 2) * (double)mj_shape_count(in[U])};
    plan->vector = (MJ_SOFTPLUS_OPS + N * (MJ_EXP_OPS + 1.0)) * (double)mj_shape_count(in[U]);
    return MJ_OK;
}

MJ_CLONES static void step_deltas(mj_real *restrict delta, const mj_real *restrict dt, size_t D)
{
#pragma omp simd
    for (size_t d = 0; d < D; d++) {
        delta[d] = mj_fast_softplus(dt[d]);
    }
}

/* One step of a stream: h [N,D] from `before`, which may be h itself. decay [N,D] = A. */
MJ_CLONES static void step_forward(mj_real *y, mj_real *h, const mj_real *before,
                                   const mj_real *u, const mj_real *delta, const mj_real *bc,
                                   const mj_real *decay, const mj_real *skip, size_t N, size_t D)
{
#pragma omp simd
    for (size_t d = 0; d < D; d++) {
        y[d] = skip[d] * u[d];
    }
    for (size_t n = 0; n < N; n++) {
        mj_real b = bc[n], c = bc[N + n];
        const mj_real *rate = decay + n * D, *last = before + n * D;
        mj_real *next = h + n * D;
#pragma omp simd
        for (size_t d = 0; d < D; d++) {
            next[d] = mj_fast_exp(delta[d] * rate[d]) * last[d] + delta[d] * b * u[d];
            y[d] += c * next[d];
        }
    }
}

/* A = -exp(a) to tmp. */
static const mj_real *decay_of(const mj_call *call)
{
    const mj_tensor *a = &call->in[A];
    for (size_t i = 0; i < count_of(a); i++) {
        call->tmp[i] = -mj_real_exp(a->v[i]);
    }
    return call->tmp;
}

static void forward(const mj_call *call)
{
    const mj_tensor *in = call->in;
    sequence s = sequence_of(in[U].shape);
    size_t N = (size_t)in[A].shape.dim[0], states = N * s.C;
    const mj_real *decay = decay_of(call);
#pragma omp parallel for schedule(static) if (s.B * s.T * states >= THREADS_MIN)
    for (size_t b = 0; b < s.B; b++) {
        mj_real *h = call->state_next + b * states, *delta = call->tmp + states + b * s.C;
        memcpy(h, call->state + b * states, states * sizeof *h);
        for (size_t t = 0; t < s.T; t++) {
            size_t row = b * s.T + t;
            step_deltas(delta, in[DT].v + row * s.C, s.C);
            step_forward(call->out.v + row * s.C, h, h, in[U].v + row * s.C, delta,
                         in[BC].v + row * 2 * N, decay, in[SKIP].v, N, s.C);
            if (call->kept) {
                memcpy(call->kept + row * states, h, states * sizeof *h);
            }
        }
    }
}

/* Gradients of a stream, in scratch: dh and dA [N,D], dskip [D]; of a step: du, ddelta [D], dbc
 * [2N]; and the step's delta [D]. */
typedef struct {
    mj_real *dh, *dA, *dskip, *du, *ddelta, *delta, *dbc;
} sums;

static sums sums_of(mj_real *at, size_t N, size_t D)
{
    sums m = {.dh = at, .dA = at + N * D, .dskip = at + 2 * N * D};
    m.du = m.dskip + D;
    m.ddelta = m.du + D;
    m.delta = m.ddelta + D;
    m.dbc = m.delta + D;
    return m;
}

/* State n of a step, going back. */
MJ_CLONES static void state_back(mj_real *restrict dh, mj_real *restrict dA, mj_real *restrict du,
                                 mj_real *restrict ddelta, mj_real *restrict dbc,
                                 const mj_real *restrict dy, const mj_real *restrict u,
                                 const mj_real *restrict delta, const mj_real *restrict rate,
                                 const mj_real *restrict h, const mj_real *restrict before,
                                 mj_real b, mj_real c, size_t D)
{
    mj_real db = 0, dc = 0;
#pragma omp simd reduction(+ : db, dc)
    for (size_t d = 0; d < D; d++) {
        mj_real keep = mj_fast_exp(delta[d] * rate[d]);
        mj_real total = dh[d] + c * dy[d], past = total * keep * before[d];
        dc += dy[d] * h[d];
        db += total * delta[d] * u[d];
        du[d] += total * delta[d] * b;
        ddelta[d] += past * rate[d] + total * b * u[d];
        dA[d] += past * delta[d];
        dh[d] = total * keep;
    }
    dbc[0] = db;
    dbc[1] = dc;
}

/* d += what a step gives, for every input that wants it. */
static void step_add(const mj_call *call, const sums *m, size_t row, size_t N, size_t D)
{
    const mj_tensor *in = call->in;
    const mj_real *dy = call->out.d + row * D, *u = in[U].v + row * D, *dt = in[DT].v + row * D;
    for (size_t d = 0; d < D; d++) {
        m->dskip[d] += dy[d] * u[d];
        m->du[d] += dy[d] * in[SKIP].v[d];
        m->ddelta[d] *= mj_fast_sigmoid(dt[d]);
    }
    if (in[U].d) {
        mj_add_scaled(in[U].d + row * D, m->du, 1, D);
    }
    if (in[DT].d) {
        mj_add_scaled(in[DT].d + row * D, m->ddelta, 1, D);
    }
    for (size_t n = 0; n < N && in[BC].d; n++) {
        in[BC].d[row * 2 * N + n] += m->dbc[2 * n];
        in[BC].d[row * 2 * N + N + n] += m->dbc[2 * n + 1];
    }
}

static void stream_backward(const mj_call *call, const sums *m, const mj_real *decay, size_t b,
                            size_t N)
{
    const mj_tensor *in = call->in;
    sequence s = sequence_of(in[U].shape);
    size_t D = s.C, states = N * D;
    for (size_t t = s.T; t-- > 0;) {
        size_t row = b * s.T + t;
        const mj_real *h = call->kept + row * states, *bc = in[BC].v + row * 2 * N;
        const mj_real *before = t ? h - states : call->state + b * states;
        memset(m->du, 0, 2 * D * sizeof *m->du);
        step_deltas(m->delta, in[DT].v + row * D, D);
        for (size_t n = 0; n < N; n++) {
            state_back(m->dh + n * D, m->dA + n * D, m->du, m->ddelta, m->dbc + 2 * n,
                       call->out.d + row * D, in[U].v + row * D, m->delta,
                       decay + n * D, h + n * D, before + n * D, bc[n], bc[N + n], D);
        }
        step_add(call, m, row, N, D);
    }
}

static void backward(const mj_call *call)
{
    const mj_tensor *in = call->in;
    sequence s = sequence_of(in[U].shape);
    size_t N = (size_t)in[A].shape.dim[0], states = N * s.C;
    size_t length = 2 * states + 4 * s.C + 2 * N;
    const mj_real *decay = decay_of(call);
    mj_real *scratch = call->tmp + states;
    memset(scratch, 0, s.B * length * sizeof *scratch);
#pragma omp parallel for schedule(static) if (s.B * s.T * states >= THREADS_MIN)
    for (size_t b = 0; b < s.B; b++) {
        sums m = sums_of(scratch + b * length, N, s.C);
        stream_backward(call, &m, decay, b, N);
    }
    for (size_t b = 0; b < s.B; b++) {
        sums m = sums_of(scratch + b * length, N, s.C);
        if (in[A].d) {
            mj_add_product(in[A].d, m.dA, decay, 1, states); /* dA/da = A */
        }
        if (in[SKIP].d) {
            mj_add_scaled(in[SKIP].d, m.dskip, 1, s.C);
        }
    }
}

static const mj_example EXAMPLES[] = {
    {.in = {{3, {2, 5, 3}}, {3, {2, 5, 3}}, {3, {2, 5, 4}}, {2, {2, 3}}, {1, {3}}}, .n_in = 5},
    {.in = {{3, {1, 1, 2}}, {3, {1, 1, 2}}, {3, {1, 1, 2}}, {2, {1, 2}}, {1, {2}}}, .n_in = 5},
};
const mj_layer mj_selective_scan_row = {
    .name = "selective_scan", .n_in_min = N_INPUTS, .n_in_max = N_INPUTS, .plan = plan,
    .forward = forward, .backward = backward, .example = EXAMPLES, .n_examples = N_OF(EXAMPLES),
};

mj_var mj_selective_scan(mj_tape *tape, mj_var u, mj_var dt, mj_var bc, mj_var a, mj_var skip)
{
    return mj_tape_apply(tape, &mj_selective_scan_row, NULL, (const mj_var[]){u, dt, bc, a, skip},
                         N_INPUTS);
}
