/* Explicit Runge-Kutta schemes whose stage looks back at the stage before it only. */
#ifndef MJ_INTEGRATOR_H
#define MJ_INTEGRATOR_H

#include "mj/kuramoto.h"

enum { MJ_STAGES_MAX = 4 };

/* k_s = f(theta + h ahead_s k_{s-1}),  theta' = theta + h sum_s weight_s k_s. ahead_0 = 0. */
typedef struct {
    int n_stages;
    double ahead[MJ_STAGES_MAX], weight[MJ_STAGES_MAX];
} mj_tableau;

const mj_tableau *mj_tableau_of(mj_integrator integrator);

#endif
