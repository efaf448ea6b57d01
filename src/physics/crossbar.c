/* Crossbar: Kirchhoff's law by conjugate gradients, with the wires as preconditioner. */
#include "mj/crossbar.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { ITERATIONS_MAX = 500 };
static const double RESIDUAL = 1e-12;

/* A chain of n nodes `step` apart, each joined to its neighbours by g, to the outside by g at one end,
 * and to the other chains by its cell: the matrix with g on the off-diagonals is factored once. */
typedef struct {
    const mj_crossbar *crossbar;
    size_t n_nodes;        /* M N: of row wires, then as many of column wires */
    double g;              /* of a wire's piece */
    double *pivot, *share; /* [2, M N]: of Thomas' algorithm, 1/pivot and g/pivot */
    double *x, *r, *z, *p, *q; /* [2, M N] */
} solver;

/* Row i: nodes i N, i N + 1, .. driven from the left. Column j: j, N + j, .. grounded at the bottom. */
typedef struct {
    size_t first, step;
    int n;
    bool driven_first; /* the outside joins the first node; else the last */
} chain;

static chain chain_of(const solver *s, int which)
{
    int M = s->crossbar->n_rows, N = s->crossbar->n_columns;
    return which < M ? (chain){(size_t)which * (size_t)N, 1, N, true}
                     : (chain){s->n_nodes + (size_t)(which - M), (size_t)N, M, false};
}

static int n_chains(const solver *s)
{
    return s->crossbar->n_rows + s->crossbar->n_columns;
}

static double diagonal(const solver *s, const chain *c, int i, size_t at)
{
    int neighbours = (i > 0) + (i < c->n - 1) + (c->driven_first ? i == 0 : i == c->n - 1);
    return neighbours * s->g + s->crossbar->conductance_S[at % s->n_nodes];
}

static void factor(solver *s)
{
    for (int k = 0; k < n_chains(s); k++) {
        const chain c = chain_of(s, k);
        size_t at = c.first;
        for (int i = 0; i < c.n; i++, at += c.step) {
            double before = i > 0 ? s->g * s->share[at - c.step] : 0;
            s->pivot[at] = 1 / (diagonal(s, &c, i, at) - before);
            s->share[at] = s->g * s->pivot[at];
        }
    }
}

/* z = what each chain alone would have for the currents r. */
static void solve_chains(double *z, const double *r, const solver *s)
{
    for (int k = 0; k < n_chains(s); k++) {
        const chain c = chain_of(s, k);
        size_t at = c.first;
        double carried = 0;
        for (int i = 0; i < c.n; i++, at += c.step) {
            carried = (r[at] + s->g * carried) * s->pivot[at];
            z[at] = carried;
        }
        at -= c.step;
        for (int i = c.n - 2; i >= 0; i--) {
            z[at - c.step] += s->share[at - c.step] * z[at];
            at -= c.step;
        }
    }
}

/* q = A p: currents that leave the nodes at voltages p. */
static void apply(double *q, const double *p, const solver *s)
{
    const double *G = s->crossbar->conductance_S;
    for (int k = 0; k < n_chains(s); k++) {
        const chain c = chain_of(s, k);
        size_t at = c.first;
        for (int i = 0; i < c.n; i++, at += c.step) {
            double sum = diagonal(s, &c, i, at) * p[at];
            sum -= i > 0 ? s->g * p[at - c.step] : 0;
            q[at] = sum - (i < c.n - 1 ? s->g * p[at + c.step] : 0);
        }
    }
    for (size_t at = 0; at < s->n_nodes; at++) {
        q[at] -= G[at] * p[s->n_nodes + at];
        q[s->n_nodes + at] -= G[at] * p[at];
    }
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* From x = 0; r holds the driven currents. Returns the residual. */
static double iterate(solver *s, int *n_iterations)
{
    size_t n = 2 * s->n_nodes;
    double first = sqrt(dot(s->r, s->r, n)), left = first, rz = 0;
    int i = 0;
    for (; left > RESIDUAL * first && i < ITERATIONS_MAX; i++) {
        solve_chains(s->z, s->r, s);
        double rz_before = rz;
        rz = dot(s->r, s->z, n);
        double beta = i > 0 ? rz / rz_before : 0;
        for (size_t k = 0; k < n; k++) {
            s->p[k] = s->z[k] + beta * s->p[k];
        }
        apply(s->q, s->p, s);
        double alpha = rz / dot(s->p, s->q, n);
        for (size_t k = 0; k < n; k++) {
            s->x[k] += alpha * s->p[k];
            s->r[k] -= alpha * s->q[k];
        }
        left = sqrt(dot(s->r, s->r, n));
    }
    *n_iterations = i;
    return first > 0 ? left / first : 0;
}

static mj_status check(const mj_crossbar *c, const double *voltage_V, mj_err *err)
{
    if (c->n_rows < 1 || c->n_columns < 1 || c->n_rows > MJ_CROSSBAR_SIDE_MAX ||
        c->n_columns > MJ_CROSSBAR_SIDE_MAX || !(c->wire_ohm > 0) ||
        !isfinite(c->wire_ohm) || !isfinite(1 / c->wire_ohm)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "a crossbar of %d x %d with wires of %g ohm a cell: sides go to %d, wires have "
                          "some resistance", c->n_rows, c->n_columns, c->wire_ohm, MJ_CROSSBAR_SIDE_MAX);
    }
    for (int i = 0; i < c->n_rows; i++) {
        for (int j = 0; j < c->n_columns; j++) {
            double G = c->conductance_S[(size_t)i * (size_t)c->n_columns + (size_t)j];
            if (!(G >= 0) || !isfinite(G) || !isfinite(voltage_V[i])) {
                return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                                  "cell %d, %d of a crossbar conducts %g S at %g V", i, j, G,
                                  voltage_V[i]);
            }
        }
    }
    return MJ_OK;
}

static mj_status solve(double *current_A, mj_crossbar_report *report, solver *s,
                       const double *voltage_V, mj_arena *arena, mj_err *err)
{
    size_t n = 2 * s->n_nodes, M = (size_t)s->crossbar->n_rows, N = (size_t)s->crossbar->n_columns;
    double *slab = mj_arena_array(arena, 7 * n, sizeof *slab);
    if (!slab) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a crossbar of %zu x %zu", M, N);
    }
    double **part[] = {&s->pivot, &s->share, &s->x, &s->r, &s->z, &s->p, &s->q};
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        *part[i] = slab + i * n;
    }
    factor(s);
    for (size_t i = 0; i < M; i++) {
        s->r[i * N] = s->g * voltage_V[i];
    }
    report->residual = iterate(s, &report->n_iterations);
    if (!(report->residual <= RESIDUAL)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "a crossbar did not settle: residual %g after %d iterations",
                          report->residual, report->n_iterations);
    }
    for (size_t j = 0; j < N; j++) {
        current_A[j] = s->g * s->x[s->n_nodes + (M - 1) * N + j];
    }
    for (size_t i = 0; i < M; i++) {
        report->power_W += voltage_V[i] * s->g * (voltage_V[i] - s->x[i * N]);
    }
    return MJ_OK;
}

mj_status mj_crossbar_solve(double *current_A, mj_crossbar_report *report,
                            const mj_crossbar *crossbar, const double *voltage_V, mj_err *err)
{
    mj_arena scratch;
    mj_crossbar_report unseen;
    mj_crossbar_report *to = report ? report : &unseen;
    *to = (mj_crossbar_report){0};
    MJ_TRY(check(crossbar, voltage_V, err));
    solver s = {.crossbar = crossbar, .g = 1 / crossbar->wire_ohm,
                .n_nodes = (size_t)crossbar->n_rows * (size_t)crossbar->n_columns};
    mj_arena_init(&scratch, 0);
    mj_status status = solve(current_A, to, &s, voltage_V, &scratch, err);
    mj_arena_fini(&scratch);
    return status;
}

void mj_crossbar_ideal(double *current_A, const mj_crossbar *crossbar, const double *voltage_V)
{
    size_t N = (size_t)crossbar->n_columns;
    memset(current_A, 0, N * sizeof *current_A);
    for (size_t i = 0; i < (size_t)crossbar->n_rows; i++) {
        for (size_t j = 0; j < N; j++) {
            current_A[j] += crossbar->conductance_S[i * N + j] * voltage_V[i];
        }
    }
}
