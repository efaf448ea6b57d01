/* A recurrent cell of phase oscillators: every token pushes N phases, which couple [kuramoto1975].
 *
 *   theta += dt (omega + cos(theta) X - sin(theta) Y) / n_substeps      n_substeps times a token
 *   X = W sin(theta) + e_s      Y = W cos(theta) + e_c
 *   y [B,T,2N] = (sin, cos) of theta after the token
 *
 * e [B,T,2N] = (e_s, e_c) of the token; W [N,N] is one matrix for sines and cosines; omega [N];
 * log_dt [N] with dt = exp(log_dt). A stream carries theta [N], wrapped to +-pi. All streams of a
 * step make one product [2B,N] x [N,N]; substeps follow each other, so this is what the cell's time
 * is.
 *
 *   r = dL/drate = dt dL/dtheta      dX = r cos(theta)      dY = -r sin(theta)
 *   dL/dtheta += r slope + cos(theta) (W^T dX) - sin(theta) (W^T dY),   slope = -sin X - cos Y
 *   dW += dX^T sin + dY^T cos        one product for all substeps of the segment
 *
 * Planes [B,N] kept of every substep: sin, cos; then X, Y, in whose place backward puts dX, dY.
 * 2 n_substeps B T N^2 MAC. */
#include "mj/physics.h"

#include "mj/counts.h"

#include <limits.h>
#include <string.h>

#include "physics_rows.h"

enum { FORCE, COUPLINGS, OMEGA, LOG_DT, N_INPUTS };

/* Element-wise operations of row_forward, and of a phase that is wrapped at a segment's end. */
enum { PUSH_OPS = 8, WRAP_OPS = 4 };

typedef struct {
    size_t B, T, N, plane; /* plane = B N */
    int n_substeps;
} cell;

static cell cell_of(const mj_shape *in, const void *config)
{
    const mj_kuramoto_cell_config *c = config;
    cell k = {.B = (size_t)in[FORCE].dim[0], .T = (size_t)in[FORCE].dim[1],
              .N = (size_t)in[OMEGA].dim[0], .n_substeps = c->n_substeps ? c->n_substeps : 1};
    k.plane = k.B * k.N;
    return k;
}

static mj_status plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config, mj_err *err)
{
    (void)n_in;
    int N = in[OMEGA].n_dims == 1 ? in[OMEGA].dim[0] : 0;
    bool fits = in[FORCE].n_dims == 3 && N > 0 && N <= INT_MAX / 2 &&
                in[FORCE].dim[2] == 2 * N && in[FORCE].dim[0] <= INT_MAX / 2 &&
                mj_shape_equal(in[COUPLINGS], mj_shape_2(N, N)) &&
                mj_shape_equal(in[LOG_DT], in[OMEGA]);
    if (!fits || ((const mj_kuramoto_cell_config *)config)->n_substeps < 0) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "kuramoto_cell: it takes forces [B,T,2N], couplings [N,N], frequencies "
                          "and log steps [N], and substeps above 0");
    }
    cell k = cell_of(in, config);
    double steps = (double)k.T * k.n_substeps;
    if (steps * 2 * (double)k.B > INT_MAX) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0, "kuramoto_cell: too many steps a segment");
    }
    *plan = (mj_plan){.out = in[FORCE], .n_state = k.N, .n_kept = 4 * (size_t)steps * k.plane,
                      .n_tmp = 7 * k.plane + 3 * k.N,
                      .mac = 2 * steps * (double)k.plane * N};
    plan->vector = (double)k.plane * (steps * (MJ_SINCOS_OPS + PUSH_OPS) +
                                      (double)k.T * MJ_SINCOS_OPS + WRAP_OPS);
    return MJ_OK;
}

/* theta [N] += h (omega + C X - S Y), h = dt / n_substeps; X and Y get their forces first. */
MJ_CLONES static void row_forward(mj_real *restrict theta, mj_real *restrict X,
                                  mj_real *restrict Y, const mj_real *restrict S,
                                  const mj_real *restrict C, const mj_real *restrict force,
                                  const mj_real *restrict omega, const mj_real *restrict h,
                                  size_t N)
{
#pragma omp simd
    for (size_t i = 0; i < N; i++) {
        X[i] += force[i];
        Y[i] += force[N + i];
        theta[i] += h[i] * (omega[i] + C[i] * X[i] - S[i] * Y[i]);
    }
}

/* h [N] = dt / n_substeps. */
static void steps_fill(mj_real *h, const mj_real *log_dt, const cell *k)
{
    for (size_t i = 0; i < k->N; i++) {
        h[i] = mj_real_exp(log_dt[i]) / (mj_real)k->n_substeps;
    }
}

/* What a pass needs beside the tensors: theta [B,N], h [N], four planes where nothing is kept. */
typedef struct {
    mj_real *theta, *h, *planes;
} walk;

/* Planes S, C, X, Y of a substep: pairs apart, so that those of a segment stand in a row. */
static mj_real *waves_of(const mj_call *call, const cell *k, const walk *w, size_t substep)
{
    return call->kept ? call->kept + 2 * substep * k->plane : w->planes;
}

static mj_real *pulls_of(const mj_call *call, const cell *k, const walk *w, size_t substep)
{
    size_t all = k->T * (size_t)k->n_substeps;
    return call->kept ? call->kept + 2 * (all + substep) * k->plane : w->planes + 2 * k->plane;
}

static void substep_forward(const mj_call *call, const cell *k, const walk *w, size_t t, int sub)
{
    size_t substep = t * (size_t)k->n_substeps + (size_t)sub, N = k->N;
    mj_real *S = waves_of(call, k, w, substep), *C = S + k->plane;
    mj_real *X = pulls_of(call, k, w, substep), *Y = X + k->plane;
    mj_sincos(S, C, w->theta, k->plane);
    mj_gemm(X, S, call->in[COUPLINGS].v,
            (mj_gemm_shape){.M = 2 * (int)k->B, .N = (int)N, .K = (int)N, .transpose_b = true});
    for (size_t b = 0; b < k->B; b++) {
        size_t at = b * N;
        row_forward(w->theta + at, X + at, Y + at, S + at, C + at,
                    call->in[FORCE].v + (b * k->T + t) * 2 * N, call->in[OMEGA].v, w->h, N);
    }
}

static void forward(const mj_call *call)
{
    mj_shape in[N_INPUTS];
    for (int i = 0; i < N_INPUTS; i++) {
        in[i] = call->in[i].shape;
    }
    cell k = cell_of(in, call->config);
    walk w = {.theta = call->tmp, .planes = call->tmp + k.plane, .h = call->tmp + 7 * k.plane};
    memcpy(w.theta, call->state, k.plane * sizeof *w.theta);
    steps_fill(w.h, call->in[LOG_DT].v, &k);
    for (size_t t = 0; t < k.T; t++) {
        for (int sub = 0; sub < k.n_substeps; sub++) {
            substep_forward(call, &k, &w, t, sub);
        }
        for (size_t b = 0; b < k.B; b++) {
            mj_real *y = call->out.v + (b * k.T + t) * 2 * k.N;
            mj_sincos(y, y + k.N, w.theta + b * k.N, k.N);
        }
    }
    const double turn = 6.283185307179586;
    for (size_t i = 0; i < k.plane; i++) {
        double theta = (double)w.theta[i];
        call->state_next[i] = (mj_real)(theta - turn * rint(theta / turn));
    }
}

/* dtheta [N] at the end of a substep, before the products: X, Y become dX, dY; dtheta gets r slope;
 * drate and ddt [N] are sums of r and of dtheta rate. */
MJ_CLONES static void row_push(mj_real *restrict dtheta, mj_real *restrict X, mj_real *restrict Y,
                               mj_real *restrict dforce, mj_real *restrict drate,
                               mj_real *restrict dh, const mj_real *restrict S,
                               const mj_real *restrict C, const mj_real *restrict omega,
                               const mj_real *restrict h, size_t N)
{
#pragma omp simd
    for (size_t i = 0; i < N; i++) {
        mj_real r = h[i] * dtheta[i];
        dh[i] += dtheta[i] * (omega[i] + C[i] * X[i] - S[i] * Y[i]);
        dtheta[i] -= r * (S[i] * X[i] + C[i] * Y[i]);
        drate[i] += r;
        X[i] = r * C[i];
        Y[i] = -r * S[i];
        dforce[i] += X[i];
        dforce[N + i] += Y[i];
    }
}

MJ_CLONES static void row_pull(mj_real *restrict dtheta, const mj_real *restrict U,
                               const mj_real *restrict V, const mj_real *restrict S,
                               const mj_real *restrict C, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        dtheta[i] += C[i] * U[i] - S[i] * V[i];
    }
}

/* Scratch of backward: dtheta [B,N], [U V] = [dX dY] W [2,B,N], forces' gradients that nobody wants
 * [2,B,N], h, sums of rate and h [N]. */
typedef struct {
    mj_real *dtheta, *UV, *spare, *h, *drate, *dh;
} back;

static void substep_backward(const mj_call *call, const cell *k, const back *m, size_t t, int sub)
{
    size_t substep = t * (size_t)k->n_substeps + (size_t)sub, N = k->N;
    const walk none = {0};
    mj_real *S = waves_of(call, k, &none, substep), *C = S + k->plane;
    mj_real *X = pulls_of(call, k, &none, substep), *Y = X + k->plane;
    for (size_t b = 0; b < k->B; b++) {
        size_t at = b * N;
        mj_real *dforce = call->in[FORCE].d ? call->in[FORCE].d + (b * k->T + t) * 2 * N
                                            : m->spare + 2 * at;
        row_push(m->dtheta + at, X + at, Y + at, dforce, m->drate, m->dh, S + at, C + at,
                 call->in[OMEGA].v, m->h, N);
    }
    mj_gemm(m->UV, X, call->in[COUPLINGS].v,
            (mj_gemm_shape){.M = 2 * (int)k->B, .N = (int)N, .K = (int)N});
    row_pull(m->dtheta, m->UV, m->UV + k->plane, S, C, k->plane);
}

/* dtheta += what the outputs of step t give: y = (sin, cos). */
static void outputs_back(const mj_call *call, const cell *k, mj_real *dtheta, size_t t)
{
    for (size_t b = 0; b < k->B; b++) {
        size_t row = (b * k->T + t) * 2 * k->N;
        const mj_real *y = call->out.v + row, *dy = call->out.d + row;
        row_pull(dtheta + b * k->N, dy, dy + k->N, y, y + k->N, k->N);
    }
}

static void backward(const mj_call *call)
{
    mj_shape in[N_INPUTS];
    for (int i = 0; i < N_INPUTS; i++) {
        in[i] = call->in[i].shape;
    }
    cell k = cell_of(in, call->config);
    back m = {.dtheta = call->tmp, .UV = call->tmp + k.plane, .spare = call->tmp + 3 * k.plane,
              .h = call->tmp + 7 * k.plane};
    m.drate = m.h + k.N;
    m.dh = m.drate + k.N;
    memset(call->tmp, 0, (7 * k.plane + 3 * k.N) * sizeof *call->tmp);
    steps_fill(m.h, call->in[LOG_DT].v, &k);
    for (size_t t = k.T; t-- > 0;) {
        outputs_back(call, &k, m.dtheta, t);
        for (int sub = k.n_substeps; sub-- > 0;) {
            substep_backward(call, &k, &m, t, sub);
        }
    }
    size_t all = k.T * (size_t)k.n_substeps;
    if (call->in[COUPLINGS].d) {
        mj_gemm(call->in[COUPLINGS].d, call->kept + 2 * all * k.plane, call->kept,
                (mj_gemm_shape){.M = (int)k.N, .N = (int)k.N, .K = (int)(2 * all * k.B),
                                .transpose_a = true, .add = true});
    }
    if (call->in[OMEGA].d) {
        mj_add_scaled(call->in[OMEGA].d, m.drate, 1, k.N);
    }
    if (call->in[LOG_DT].d) {
        mj_add_product(call->in[LOG_DT].d, m.dh, m.h, 1, k.N); /* dh/dlog_dt = h */
    }
}

static const mj_example EXAMPLES[] = {
    {.in = {{3, {2, 4, 10}}, {2, {5, 5}}, {1, {5}}, {1, {5}}}, .n_in = 4},
    {.in = {{3, {3, 2, 6}}, {2, {3, 3}}, {1, {3}}, {1, {3}}}, .n_in = 4,
     .config = &(const mj_kuramoto_cell_config){.n_substeps = 3}},
};
const mj_layer mj_kuramoto_cell_row = {
    .name = "kuramoto_cell", .config_size = sizeof(mj_kuramoto_cell_config),
    .n_in_min = N_INPUTS, .n_in_max = N_INPUTS, .plan = plan, .forward = forward,
    .backward = backward, .example = EXAMPLES, .n_examples = N_OF(EXAMPLES),
};

mj_var mj_kuramoto_cell(mj_tape *tape, mj_kuramoto_cell_inputs in, mj_kuramoto_cell_config config)
{
    const mj_var var[N_INPUTS] = {in.force, in.W, in.omega, in.log_dt};
    return mj_tape_apply(tape, &mj_kuramoto_cell_row, &config, var, N_INPUTS);
}
