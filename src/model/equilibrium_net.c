/* Equilibrium net: what it puts on a tape, and its bounds (equilibrium_net.h).
 *
 *   s = U x + b        z = s + W tanh(z)        scores = V tanh(z) + c */
#include "mj/equilibrium_net.h"

#include "mj/layer.h"
#include "mj/rng.h"

static const double RECURRENT_VARIANCE = 0.25; /* of W, times 1/columns: far from its bound */

static mj_var block(mj_tape *tape, mj_var z, mj_var x, const mj_var *param, void *context)
{
    (void)context;
    return mj_linear_add(tape, mj_tanh(tape, z), param[0], x);
}

void mj_equilibrium_net_record(mj_equilibrium_vars *vars, mj_tape *tape, mj_var x,
                               const mj_equilibrium_net *net, mj_equilibrium_report *report)
{
    *vars = (mj_equilibrium_vars){.W = mj_tape_param(tape, "W", mj_shape_2(net->N, net->N), 1),
                                  .U = mj_tape_param(tape, "U", mj_shape_2(net->N, net->K), 1),
                                  .b = mj_tape_param(tape, "b", mj_shape_1(net->N), 1),
                                  .V = mj_tape_param(tape, "V", mj_shape_2(net->M, net->N), 1),
                                  .c = mj_tape_param(tape, "c", mj_shape_1(net->M), 1)};
    mj_var drive = mj_linear(tape, x, vars->U, vars->b);
    vars->rest = mj_equilibrium(tape, drive, &vars->W, 1, block, NULL, (mj_equilibrium_config){0},
                                report);
    vars->scores = mj_linear(tape, mj_tanh(tape, vars->rest), vars->V, vars->c);
}

static void fill(mj_tape *tape, mj_var matrix, double variance, mj_rng *rng)
{
    mj_tensor t = mj_tape_tensor(tape, matrix);
    double spread = sqrt(variance / mj_shape_columns(t.shape));
    for (size_t i = 0; i < mj_shape_count(t.shape); i++) {
        t.v[i] = (mj_real)(spread * mj_rng_normal(rng));
    }
}

void mj_equilibrium_net_init(mj_tape *tape, const mj_equilibrium_vars *vars, uint64_t seed)
{
    mj_rng rng;
    mj_rng_init(&rng, seed, 0);
    fill(tape, vars->W, RECURRENT_VARIANCE, &rng);
    fill(tape, vars->U, 1, &rng);
    fill(tape, vars->V, 1, &rng);
}

static double magnitudes(const mj_real *row, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += fabs((double)row[i]);
    }
    return sum;
}

static void shrink(mj_real *row, int n, double factor)
{
    for (int i = 0; i < n; i++) {
        row[i] *= (mj_real)factor;
    }
}

void mj_equilibrium_net_bound(mj_real *W, mj_real *U, mj_real *b, const mj_equilibrium_net *net)
{
    for (int i = 0; i < net->N; i++) {
        mj_real *w = W + (size_t)i * (size_t)net->N, *u = U + (size_t)i * (size_t)net->K;
        double inner = magnitudes(w, net->N), outer = magnitudes(u, net->K) + fabs((double)b[i]);
        if (inner > net->contraction) {
            shrink(w, net->N, net->contraction / inner);
        }
        if (outer > net->drive) {
            shrink(u, net->K, net->drive / outer);
            shrink(b + i, 1, net->drive / outer);
        }
    }
}
