/* Equilibrium: a layer whose output is the fixed point of a block, z = f(z, x) [bai2019].
 *
 * A physical system settles; a computer iterates. Nothing of the way is kept: the gradient follows
 * from the fixed point alone. With u = dL/dz + u df/dz, a second fixed point, dL/dx += u df/dx and
 * likewise for parameters. Both are found with Anderson's mixing [anderson1965]. */
#ifndef MJ_EQUILIBRIUM_H
#define MJ_EQUILIBRIUM_H

#include "mj/tape.h"

enum { MJ_EQUILIBRIUM_HISTORY_MAX = 8 };

/* Zero means the default in brackets. */
typedef struct {
    int n_max;        /* applications of the block at most (30), forward and backward each */
    double tolerance; /* stops at |f(z) - z| <= tolerance |f(z)| (1e-4); backward likewise */
    int history;      /* iterates that are mixed (5); 1: plain iteration */
    int n_gradient;   /* 0: the implicit gradient. k: of the last k applications only, as if before
                       * them z had been a constant [fung2022] */
} mj_equilibrium_config;

/* Of the last passes; not more than n_max iterations, so look at the residual. */
typedef struct {
    double residual, residual_back; /* |f(z) - z| / |f(z)| */
    int n, n_back;                  /* applications of the block, and of its backward */
} mj_equilibrium_report;

/* Records f on the inner tape and returns its output, of the shape of z. param: the parameters, as
 * nodes of that tape. */
typedef mj_var (*mj_equilibrium_block)(mj_tape *inner, mj_var z, mj_var x, const mj_var *param,
                                       void *context);

enum { MJ_EQUILIBRIUM_PARAMS_MAX = MJ_ARGS_MAX - 1 };

/* z of x's shape, starting at z = 0. param: what of the tape the block takes beside x. What the
 * block's layers carry from segment to segment is carried as at the fixed point. report may be
 * NULL; it is written at every pass. Costs are those of n_max applications, each of which reads all
 * parameters and moves all states, and of mixing `history` iterates: 2 history + 1 MAC a number
 * (products of residuals, size, mixture) and as many differences. */
mj_var mj_equilibrium(mj_tape *tape, mj_var x, const mj_var *param, int n_params,
                      mj_equilibrium_block block, void *context, mj_equilibrium_config config,
                      mj_equilibrium_report *report);

#endif
