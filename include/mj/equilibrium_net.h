/* Equilibrium net: the network of settling_net.h on a tape, to be trained.
 *
 * A circuit is to run it, so training keeps what a circuit can do: the magnitudes of a row of W add up to
 * at most `contraction` (below 1: one state of rest), those of a row of U and its bias to at most `drive`
 * (what resistors from bounded voltages can pull). Rows beyond a bound are scaled back to it. The gradient
 * is implicit (equilibrium.h). */
#ifndef MJ_EQUILIBRIUM_NET_H
#define MJ_EQUILIBRIUM_NET_H

#include "mj/equilibrium.h"
#include "mj/settling_net.h"

typedef struct {
    int N, K, M; /* neurons, inputs, classes */
    double contraction, drive;
} mj_equilibrium_net;

typedef struct {
    mj_var W, U, b, V, c; /* as in settling_net.h */
    mj_var rest;          /* [B,N] */
    mj_var scores;        /* [B,M] */
} mj_equilibrium_vars;

/* Records it on top of x [B,K]. report may be NULL. */
void mj_equilibrium_net_record(mj_equilibrium_vars *vars, mj_tape *tape, mj_var x,
                               const mj_equilibrium_net *net, mj_equilibrium_report *report);
/* Start of a training: normal numbers of variance 1/columns in U and V, a quarter of that in W. */
void mj_equilibrium_net_init(mj_tape *tape, const mj_equilibrium_vars *vars, uint64_t seed);
/* Scales rows of W [N,N], of U [N,K] with b [N], back to their bounds. */
void mj_equilibrium_net_bound(mj_real *W, mj_real *U, mj_real *b, const mj_equilibrium_net *net);

#endif
