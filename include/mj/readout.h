/* Read-out: what of a network's outputs leaves the core, and how its ones are counted.
 *
 * An output that several places of the groups name leaves the core once and weighs as often as it is
 * named; a constant output leaves as a number. So the core has n_signals ports y0 .., and
 *
 *   score of group g = group[g].ones + sum over its terms of weight * y[term]
 *
 * A network whose scale is 0 names a class, the first of the largest scores; else the scores are the
 * result. */
#ifndef MJ_READOUT_H
#define MJ_READOUT_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/lut_net.h"

typedef struct {
    int n_terms, ones;
    int n_bits; /* that hold the largest score, at least 1 */
    int *term;   /* [n_terms], rising: indices of y */
    int *weight; /* [n_terms], at least 1 */
} mj_readout_group;

typedef struct {
    int n_signals;
    int *signal; /* [n_signals], rising: y[k] is this signal of the network */
    int n_groups;
    mj_readout_group *group;
    int n_class_bits; /* 0 where the scores are the result */
    int n_score_bits; /* of all groups */
} mj_readout;

/* Of a network that passed mj_lut_net_check. MJ_ERANGE where all outputs are constants: then there is no
 * circuit. Arrays in the arena. */
mj_status mj_readout_plan(mj_readout *readout, const mj_lut_net *net, mj_arena *arena, mj_err *err);

/* Bits that a check compares, a sample: y0 .., then the bits of every score and of the class, least
 * first. */
int mj_readout_checked_bits(const mj_readout *readout);

#endif
