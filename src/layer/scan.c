/* Gated diagonal recurrences, with their gates, in one pass over memory.
 *
 * min_gru [feng2024], p [B,T,3D] = (z, u, g) before the non-linearities, s the logistic function:
 *
 *   h[t] = (1 - s(z)) h[t-1] + s(z) u          y [B,T,D] = h g s(g)
 *
 * oscillator_scan, p [B,T,3D] = (z, u, g) and frequencies omega [D] in rad a step: a damped
 * oscillator whose damping and drive the token chooses, in the two quadratures a, b:
 *
 *   (a, b)[t] = (1 - s(z)) R(omega) (a, b)[t-1] + s(z) (u, 0)     R a rotation
 *   y [B,T,2D] = (a, b) g s(g)
 *
 * At omega = 0 its first half is a min_gru. A stream carries h [D], or (a, b) [2D]. Backward keeps
 * h or (a, b) of every step and computes the gates again, which is cheaper than reading them. */
#include "sequence.h"

#include "mj/counts.h"
#include "mj/fast_math.h"

#include <string.h>

/* min_gru. */

static mj_status gru_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                          mj_err *err)
{
    (void)n_in, (void)config;
    if (!is_sequence(in[0]) || in[0].dim[2] % 3) {
        return bad_shape(err, "min_gru: it takes [B,T,3D]");
    }
    int D = in[0].dim[2] / 3;
    *plan = (mj_plan){.out = mj_shape_3(in[0].dim[0], in[0].dim[1], D), .n_state = (size_t)D,
                      .n_tmp = (size_t)in[0].dim[0] * (size_t)D};
    plan->n_kept = mj_shape_count(plan->out);
    plan->mac = 3 * (double)plan->n_kept;
    plan->vector = (2 * MJ_SIGMOID_OPS + 1) * (double)plan->n_kept; /* two gates, u - h */
    return MJ_OK;
}

/* trace is NULL or gets h of every step. */
MJ_CLONES static void gru_forward_stream(mj_real *restrict y, mj_real *restrict h,
                                         mj_real *restrict trace, const mj_real *restrict p,
                                         size_t T, size_t D)
{
    for (size_t t = 0; t < T; t++, p += 3 * D, y += D) {
        const mj_real *restrict z = p, *restrict u = p + D, *restrict g = p + 2 * D;
#pragma omp simd
        for (size_t d = 0; d < D; d++) {
            h[d] += mj_fast_sigmoid(z[d]) * (u[d] - h[d]);
            y[d] = h[d] * g[d] * mj_fast_sigmoid(g[d]);
        }
        if (trace) {
            memcpy(trace + t * D, h, D * sizeof *h);
        }
    }
}

static void gru_forward(const mj_call *call)
{
    sequence s = sequence_of(call->out.shape);
    size_t segment = s.T * s.C;
#pragma omp parallel for schedule(static) if (s.B * segment >= THREADS_MIN)
    for (size_t b = 0; b < s.B; b++) {
        mj_real *h = call->state_next + b * s.C;
        memcpy(h, call->state + b * s.C, s.C * sizeof *h);
        gru_forward_stream(call->out.v + b * segment, h,
                           call->kept ? call->kept + b * segment : NULL,
                           call->in[0].v + 3 * b * segment, s.T, s.C);
    }
}

/* dh [D] is scratch. */
MJ_CLONES static void gru_backward_stream(mj_real *restrict dp, mj_real *restrict dh,
                                          const mj_real *restrict dy, const mj_real *restrict p,
                                          const mj_real *restrict trace,
                                          const mj_real *restrict start, size_t T, size_t D)
{
    for (size_t d = 0; d < D; d++) {
        dh[d] = 0;
    }
    for (size_t t = T; t-- > 0;) {
        const mj_real *restrict z = p + 3 * t * D, *restrict u = z + D, *restrict g = u + D;
        mj_real *restrict dz = dp + 3 * t * D, *restrict du = dz + D, *restrict dg = du + D;
        const mj_real *restrict h = trace + t * D, *restrict before = t ? h - D : start;
        const mj_real *restrict dyt = dy + t * D;
#pragma omp simd
        for (size_t d = 0; d < D; d++) {
            mj_real zs = mj_fast_sigmoid(z[d]), gs = mj_fast_sigmoid(g[d]);
            dg[d] += dyt[d] * h[d] * gs * (1 + g[d] * (1 - gs));
            mj_real total = dh[d] + dyt[d] * g[d] * gs;
            dz[d] += total * (u[d] - before[d]) * zs * (1 - zs);
            du[d] += total * zs;
            dh[d] = total * (1 - zs);
        }
    }
}

static void gru_backward(const mj_call *call)
{
    sequence s = sequence_of(call->out.shape);
    size_t segment = s.T * s.C;
#pragma omp parallel for schedule(static) if (s.B * segment >= THREADS_MIN)
    for (size_t b = 0; b < s.B; b++) {
        gru_backward_stream(call->in[0].d + 3 * b * segment, call->tmp + b * s.C,
                            call->out.d + b * segment, call->in[0].v + 3 * b * segment,
                            call->kept + b * segment, call->state + b * s.C, s.T, s.C);
    }
}

/* oscillator_scan. */

static mj_status oscillator_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                                 mj_err *err)
{
    (void)n_in, (void)config;
    int D = in[0].n_dims == 3 ? in[0].dim[2] / 3 : 0;
    if (!is_sequence(in[0]) || in[0].dim[2] % 3 || !mj_shape_equal(in[1], mj_shape_1(D))) {
        return bad_shape(err, "oscillator_scan: it takes [B,T,3D] and frequencies [D]");
    }
    size_t B = (size_t)in[0].dim[0];
    *plan = (mj_plan){.out = mj_shape_3(in[0].dim[0], in[0].dim[1], 2 * D),
                      .n_state = 2 * (size_t)D, .n_tmp = (2 + 6 * B) * (size_t)D};
    plan->n_kept = mj_shape_count(plan->out);
    plan->mac = 4.5 * (double)plan->n_kept; /* rotation 4, damping 2, drive 1, gate 2 of a pair */
    plan->vector = (MJ_SIGMOID_OPS + 0.5) * (double)plan->n_kept; /* two gates, 1 - z of a pair */
    return MJ_OK;
}

/* rotation [2,D]: cosines and sines of omega. ab [2D]: the state, changed in place. */
MJ_CLONES static void oscillator_forward_stream(mj_real *restrict y, mj_real *restrict ab,
                                                mj_real *restrict trace,
                                                const mj_real *restrict p,
                                                const mj_real *restrict rotation, size_t T,
                                                size_t D)
{
    const mj_real *restrict cosine = rotation, *restrict sine = rotation + D;
    mj_real *restrict a = ab, *restrict b = ab + D;
    for (size_t t = 0; t < T; t++, p += 3 * D, y += 2 * D) {
        const mj_real *restrict z = p, *restrict u = p + D, *restrict g = p + 2 * D;
#pragma omp simd
        for (size_t d = 0; d < D; d++) {
            mj_real zs = mj_fast_sigmoid(z[d]), gate = g[d] * mj_fast_sigmoid(g[d]);
            mj_real turned = cosine[d] * a[d] - sine[d] * b[d];
            b[d] = (1 - zs) * (sine[d] * a[d] + cosine[d] * b[d]);
            a[d] = (1 - zs) * turned + zs * u[d];
            y[d] = a[d] * gate;
            y[D + d] = b[d] * gate;
        }
        if (trace) {
            memcpy(trace + 2 * t * D, ab, 2 * D * sizeof *ab);
        }
    }
}

static void oscillator_forward(const mj_call *call)
{
    sequence s = sequence_of(call->out.shape);
    size_t D = s.C / 2, segment = s.T * D;
    mj_sincos(call->tmp + D, call->tmp, call->in[1].v, D);
#pragma omp parallel for schedule(static) if (s.B * segment >= THREADS_MIN)
    for (size_t b = 0; b < s.B; b++) {
        mj_real *ab = call->state_next + 2 * b * D;
        memcpy(ab, call->state + 2 * b * D, 2 * D * sizeof *ab);
        oscillator_forward_stream(call->out.v + 2 * b * segment, ab,
                                  call->kept ? call->kept + 2 * b * segment : NULL,
                                  call->in[0].v + 3 * b * segment, call->tmp, s.T, D);
    }
}

/* The step from `before` to `after` (both [2D]), going back. Adds to dp and domega; dab is the
 * gradient of (a, b) from the steps after, and gets that of the steps before. */
MJ_CLONES static void oscillator_step_back(mj_real *restrict dp, mj_real *restrict domega,
                                           mj_real *restrict dab, const mj_real *restrict dy,
                                           const mj_real *restrict p,
                                           const mj_real *restrict after,
                                           const mj_real *restrict before,
                                           const mj_real *restrict rotation, size_t D)
{
    const mj_real *restrict cosine = rotation, *restrict sine = rotation + D;
#pragma omp simd
    for (size_t d = 0; d < D; d++) {
        mj_real zs = mj_fast_sigmoid(p[d]), u = p[D + d], g = p[2 * D + d];
        mj_real gs = mj_fast_sigmoid(g), gate = g * gs;
        mj_real a = before[d], b = before[D + d];
        mj_real turned_a = cosine[d] * a - sine[d] * b, turned_b = sine[d] * a + cosine[d] * b;
        mj_real da = dab[d] + dy[d] * gate, db = dab[D + d] + dy[D + d] * gate;
        dp[2 * D + d] += (dy[d] * after[d] + dy[D + d] * after[D + d]) * gs * (1 + g * (1 - gs));
        dp[d] += (da * (u - turned_a) - db * turned_b) * zs * (1 - zs);
        dp[D + d] += da * zs;
        domega[d] += (1 - zs) * (db * turned_a - da * turned_b);
        dab[d] = (1 - zs) * (cosine[d] * da + sine[d] * db);
        dab[D + d] = (1 - zs) * (cosine[d] * db - sine[d] * da);
    }
}

static void oscillator_backward(const mj_call *call)
{
    sequence s = sequence_of(call->out.shape);
    const mj_tensor *p = &call->in[0], *omega = &call->in[1];
    size_t D = s.C / 2, segment = s.T * D;
    mj_real *sums = call->tmp + 2 * D, *dab = sums + s.B * D, *spare = dab + 2 * s.B * D;
    memset(sums, 0, 6 * s.B * D * sizeof *sums);
    mj_sincos(call->tmp + D, call->tmp, omega->v, D);
#pragma omp parallel for schedule(static) if (s.B * segment >= THREADS_MIN)
    for (size_t b = 0; b < s.B; b++) {
        for (size_t t = s.T; t-- > 0;) {
            size_t row = b * s.T + t;
            const mj_real *after = call->kept + 2 * row * D;
            oscillator_step_back(p->d ? p->d + 3 * row * D : spare + 3 * b * D, sums + b * D,
                                 dab + 2 * b * D, call->out.d + 2 * row * D, p->v + 3 * row * D,
                                 after, t ? after - 2 * D : call->state + 2 * b * D, call->tmp, D);
        }
    }
    if (omega->d) {
        parts_add(omega->d, sums, s.B, D);
    }
}

static const mj_example GRU_EXAMPLES[] = {
    {.in = {{3, {2, 7, 9}}}, .n_in = 1},
    {.in = {{3, {3, 1, 3}}}, .n_in = 1},
};
const mj_layer mj_min_gru_row = {
    .name = "min_gru", .n_in_min = 1, .n_in_max = 1, .plan = gru_plan, .forward = gru_forward,
    .backward = gru_backward, .example = GRU_EXAMPLES, .n_examples = N_OF(GRU_EXAMPLES),
};
static const mj_example OSCILLATOR_EXAMPLES[] = {
    {.in = {{3, {2, 7, 9}}, {1, {3}}}, .n_in = 2},
    {.in = {{3, {3, 1, 3}}, {1, {1}}}, .n_in = 2},
};
const mj_layer mj_oscillator_scan_row = {
    .name = "oscillator_scan", .n_in_min = 2, .n_in_max = 2, .plan = oscillator_plan,
    .forward = oscillator_forward, .backward = oscillator_backward,
    .example = OSCILLATOR_EXAMPLES, .n_examples = N_OF(OSCILLATOR_EXAMPLES),
};

mj_var mj_min_gru(mj_tape *tape, mj_var p)
{
    return mj_tape_apply(tape, &mj_min_gru_row, NULL, &p, 1);
}

mj_var mj_oscillator_scan(mj_tape *tape, mj_var p, mj_var omega)
{
    return mj_tape_apply(tape, &mj_oscillator_scan_row, NULL, (const mj_var[]){p, omega}, 2);
}
