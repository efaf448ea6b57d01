/* Integrators of the oscillators: explicit Runge-Kutta schemes as tables.
 *
 *   Euler   order 1   theta' = theta + h k_0
 *   Heun    order 2   k_1 at theta + h k_0, mean of both
 *   RK4     order 4   the classical scheme of Kutta
 *
 * All three have a subdiagonal alone below the diagonal of their Butcher tableau, so one number a
 * stage describes where it looks, and backward through a step is the same walk in reverse:
 *
 *   d_s = J_s^T r_s,   r_s = h weight_s g' + h ahead_{s+1} d_{s+1},   g = g' + sum_s d_s
 *
 * with g' the gradient at the end of the step and J_s the derivative of the rate at stage s. Noise
 * is added after the step, so it passes g' unchanged. */
#include "integrator.h"

const char *const mj_integrator_names[] = {
    [MJ_EULER] = "euler", [MJ_HEUN] = "heun", [MJ_RK4] = "rk4", [MJ_INTEGRATOR_N] = NULL};

static const mj_tableau TABLEAU[MJ_INTEGRATOR_N] = {
    [MJ_EULER] = {1, {0}, {1}},
    [MJ_HEUN] = {2, {0, 1}, {0.5, 0.5}},
    [MJ_RK4] = {4, {0, 0.5, 0.5, 1}, {1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6}},
};

const mj_tableau *mj_tableau_of(mj_integrator integrator)
{
    return &TABLEAU[integrator];
}

int mj_integrator_stages(mj_integrator integrator)
{
    return TABLEAU[integrator].n_stages;
}
