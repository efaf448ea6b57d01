/* The fixed point of a block and its gradient (equilibrium.h).
 *
 * The block stands on an inner tape, which holds one application: forward replays it until z stays,
 * backward replays its backward until u stays. After the last forward the inner tape is that of the
 * fixed point, all that the implicit gradient needs.
 *
 * Anderson's mixing: of the last m iterates z_i and their images f_i, the next iterate is
 * sum a_i f_i with sum a_i = 1 and |sum a_i (f_i - z_i)| least. a is the solution of G y = 1 over
 * its sum, G the products of the residuals, with a trace of 1e-10 on the diagonal for when they are
 * nearly parallel. All numbers of the tensor are mixed alike. */
#include "mj/equilibrium.h"

#include <assert.h>
#include <string.h>

enum { N_MAX = 30, HISTORY = 5 };
static const double TOLERANCE = 1e-4, RIDGE = 1e-10;

typedef struct {
    mj_tape *inner;
    mj_var z, x, param[MJ_EQUILIBRIUM_PARAMS_MAX], out;
    int n_params;
    mj_equilibrium_config config;
    mj_equilibrium_report *report;
} block_config;

static mj_equilibrium_config resolved(mj_equilibrium_config config)
{
    config.n_max = config.n_max > 0 ? config.n_max : N_MAX;
    config.tolerance = config.tolerance > 0 ? config.tolerance : TOLERANCE;
    config.history = config.history > 0 ? config.history : HISTORY;
    return config;
}

static mj_status plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config, mj_err *err)
{
    (void)n_in;
    const block_config *c = config;
    if (c->out == MJ_NONE || !mj_shape_equal(mj_tape_tensor(c->inner, c->out).shape, in[0])) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "equilibrium: the block does not give a tensor of its input's shape");
    }
    if (c->config.history > MJ_EQUILIBRIUM_HISTORY_MAX || c->config.n_gradient < 0) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "equilibrium: a history of %d, the gradient of %d steps",
                          c->config.history, c->config.n_gradient);
    }
    size_t n = mj_shape_count(in[0]);
    double taken = c->config.n_max, m = c->config.history;
    mj_tape_cost block = mj_tape_cost_count(c->inner);
    *plan = (mj_plan){.out = in[0], .n_tmp = (2 * (size_t)c->config.history + 1) * n,
                      .mac = taken * (block.mac + (2 * m + 1) * (double)n),
                      .vector = taken * (block.vector + 2 * m * (double)n),
                      .n_passes = c->config.n_max, .moved = taken * block.state};
    return MJ_OK;
}

/* A map of n reals to n reals, in place of which f or its transposed derivative stand. */
typedef struct {
    void (*image)(mj_real *out, const mj_real *z, void *context);
    void *context;
    size_t n;
} map;

/* The last iterates, their images and residuals' products. */
typedef struct {
    mj_real *z[MJ_EQUILIBRIUM_HISTORY_MAX], *f[MJ_EQUILIBRIUM_HISTORY_MAX];
    double product[MJ_EQUILIBRIUM_HISTORY_MAX][MJ_EQUILIBRIUM_HISTORY_MAX];
    int n;
} history;

/* (f_i - z_i) . (f_k - z_k) */
static double residual_product(const history *h, int i, int k, size_t n)
{
    double sum = 0;
    for (size_t j = 0; j < n; j++) {
        sum += (double)(h->f[i][j] - h->z[i][j]) * (double)(h->f[k][j] - h->z[k][j]);
    }
    return sum;
}

/* a [m]: G y = 1 by elimination (G is positive definite), over its sum. */
static void mixture(double *a, const history *h)
{
    int m = h->n;
    double G[MJ_EQUILIBRIUM_HISTORY_MAX][MJ_EQUILIBRIUM_HISTORY_MAX], trace = 0, sum = 0;
    for (int i = 0; i < m; i++) {
        memcpy(G[i], h->product[i], sizeof G[i]);
        trace += G[i][i];
        a[i] = 1;
    }
    for (int i = 0; i < m; i++) {
        G[i][i] += RIDGE * trace;
    }
    for (int i = 0; i < m; i++) {
        for (int k = i + 1; k < m; k++) {
            double factor = G[k][i] / G[i][i];
            for (int j = i; j < m; j++) {
                G[k][j] -= factor * G[i][j];
            }
            a[k] -= factor * a[i];
        }
    }
    for (int i = m - 1; i >= 0; i--) {
        for (int k = i + 1; k < m; k++) {
            a[i] -= G[i][k] * a[k];
        }
        a[i] /= G[i][i];
    }
    for (int i = 0; i < m; i++) {
        sum += a[i];
    }
    for (int i = 0; i < m; i++) {
        a[i] /= sum;
    }
}

/* next [n] = sum a_i f_i; the last image if the residuals do not say which mixture. */
static void mix(mj_real *next, const history *h, int last, size_t n)
{
    double a[MJ_EQUILIBRIUM_HISTORY_MAX];
    mixture(a, h);
    bool sound = true;
    for (int i = 0; i < h->n; i++) {
        sound = sound && isfinite(a[i]);
    }
    if (!sound) {
        mj_copy(next, h->f[last], n);
        return;
    }
    mj_fill(next, 0, n);
    for (int i = 0; i < h->n; i++) {
        mj_add_scaled(next, h->f[i], (mj_real)a[i], n);
    }
}

/* z = image(z) from z = 0. On return the last image taken was that of z [n] and stands in *image.
 * tmp [2 history + 1, n]. Returns the residual; *n_taken images. */
static double solve(const mj_real **image, int *n_taken, const map *m, mj_real *tmp,
                    const mj_equilibrium_config *config)
{
    history h = {0};
    mj_real *next = tmp + 2 * (size_t)config->history * m->n;
    for (int i = 0; i < config->history; i++) {
        h.z[i] = tmp + 2 * (size_t)i * m->n;
        h.f[i] = h.z[i] + m->n;
    }
    mj_fill(next, 0, m->n);
    double residual = HUGE_VAL;
    for (int taken = 0; taken < config->n_max; taken++) {
        int at = taken % config->history;
        mj_copy(h.z[at], next, m->n);
        m->image(h.f[at], h.z[at], m->context);
        h.n = taken < config->history ? taken + 1 : config->history;
        for (int i = 0; i < h.n; i++) {
            h.product[at][i] = h.product[i][at] = residual_product(&h, at, i, m->n);
        }
        double size = sqrt(mj_squares_sum(h.f[at], m->n)), gap = sqrt(h.product[at][at]);
        residual = size > 0 ? gap / size : gap;
        *image = h.f[at];
        *n_taken = taken + 1;
        if (!(residual > config->tolerance)) {
            break;
        }
        mix(next, &h, at, m->n);
    }
    return residual;
}

/* Forward: the image is f. */

typedef struct {
    const mj_call *call;
    const block_config *c;
} passage;

static void block_image(mj_real *out, const mj_real *z, void *context)
{
    const passage *p = context;
    size_t n = mj_shape_count(p->call->out.shape);
    mj_copy(mj_tape_tensor(p->c->inner, p->c->z).v, z, n);
    mj_tape_forward(p->c->inner, p->call->noise.step, p->call->training);
    mj_copy(out, mj_tape_tensor(p->c->inner, p->c->out).v, n);
}

static void forward(const mj_call *call)
{
    const block_config *c = call->config;
    passage p = {call, c};
    size_t n = mj_shape_count(call->out.shape);
    mj_copy(mj_tape_tensor(c->inner, c->x).v, call->in[0].v, n);
    for (int i = 0; i < c->n_params; i++) {
        mj_copy(mj_tape_tensor(c->inner, c->param[i]).v, call->in[i + 1].v,
                mj_shape_count(call->in[i + 1].shape));
    }
    map m = {block_image, &p, n};
    const mj_real *image;
    int n_taken;
    double residual = solve(&image, &n_taken, &m, call->tmp, &c->config);
    mj_copy(call->out.v, image, n);
    if (c->report) {
        c->report->residual = residual;
        c->report->n = n_taken;
    }
}

/* Backward: the image is dL/dz + u df/dz. */

static void transposed_image(mj_real *out, const mj_real *u, void *context)
{
    const passage *p = context;
    size_t n = mj_shape_count(p->call->out.shape);
    mj_tape_grads_clear(p->c->inner);
    mj_copy(mj_tape_tensor(p->c->inner, p->c->out).d, u, n);
    mj_tape_backward(p->c->inner);
    mj_copy(out, mj_tape_tensor(p->c->inner, p->c->z).d, n);
    mj_add_scaled(out, p->call->out.d, 1, n);
}

/* u after k applications: dL/dz, then image after image. Returns where it stands. */
static mj_real *truncated(const map *m, mj_real *tmp, const mj_real *dz, int k)
{
    mj_real *u = tmp, *next = tmp + m->n;
    mj_copy(u, dz, m->n);
    for (int i = 1; i < k; i++) {
        m->image(next, u, m->context);
        mj_real *swap = u;
        u = next;
        next = swap;
    }
    return u;
}

static void backward(const mj_call *call)
{
    const block_config *c = call->config;
    passage p = {call, c};
    map m = {transposed_image, &p, mj_shape_count(call->out.shape)};
    const mj_real *u = NULL;
    double residual = 0;
    int n_taken = c->config.n_gradient;
    if (n_taken) {
        u = truncated(&m, call->tmp, call->out.d, n_taken);
    } else {
        residual = solve(&u, &n_taken, &m, call->tmp, &c->config);
    }
    mj_real *image = call->tmp + 2 * (size_t)c->config.history * m.n;
    m.image(image, u, m.context); /* leaves the gradients by x and the parameters */
    if (call->in[0].d) {
        mj_add_scaled(call->in[0].d, mj_tape_tensor(c->inner, c->x).d, 1, m.n);
    }
    for (int i = 0; i < c->n_params; i++) {
        if (call->in[i + 1].d) {
            mj_add_scaled(call->in[i + 1].d, mj_tape_tensor(c->inner, c->param[i]).d, 1,
                          mj_shape_count(call->in[i + 1].shape));
        }
    }
    if (c->report) {
        c->report->residual_back = residual;
        c->report->n_back = n_taken + 1 - (c->config.n_gradient > 0);
    }
}

/* Not a row of the table: its example would need a tape. test_equilibrium checks its gradient. */
static const mj_layer EQUILIBRIUM = {
    .name = "equilibrium", .config_size = sizeof(block_config), .n_in_min = 1,
    .n_in_max = MJ_ARGS_MAX, .plan = plan, .forward = forward, .backward = backward,
};

mj_var mj_equilibrium(mj_tape *tape, mj_var x, const mj_var *param, int n_params,
                      mj_equilibrium_block block, void *context, mj_equilibrium_config config,
                      mj_equilibrium_report *report)
{
    assert(n_params <= MJ_EQUILIBRIUM_PARAMS_MAX);
    mj_tape *inner = x == MJ_NONE ? NULL : mj_tape_inner(tape);
    if (!inner) {
        return mj_tape_apply(tape, &EQUILIBRIUM, NULL, &x, 1);
    }
    block_config c = {.inner = inner, .n_params = n_params, .config = resolved(config),
                      .report = report};
    mj_shape shape = mj_tape_tensor(tape, x).shape;
    mj_var in[MJ_ARGS_MAX] = {x};
    c.z = mj_tape_input(inner, "z", shape, true);
    c.x = mj_tape_input(inner, "x", shape, true);
    for (int i = 0; i < n_params; i++) {
        in[i + 1] = param[i];
        c.param[i] = mj_tape_input(inner, "parameter", mj_tape_tensor(tape, param[i]).shape, true);
    }
    c.out = block(inner, c.z, c.x, c.param, context);
    return mj_tape_apply(tape, &EQUILIBRIUM, &c, in, n_params + 1);
}
