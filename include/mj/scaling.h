/* Scaling between technology nodes.
 *
 * Between nodes for which the same quantity was published at both ends, the factor is interpolated
 * in log(node), log(value) on those tables [horowitz2014, jouppi2021]. Where only the scaling
 * polynomials of Stillmaker and Baas [stillmaker2017] reach, the interval runs from the
 * table-anchored factor to the polynomial's (they differ 3-5x from 45 to 7 nm), never the
 * polynomial alone. Outside [3 nm, 180 nm] there is no answer. */
#ifndef MJ_SCALING_H
#define MJ_SCALING_H

#include "mj/err.h"

/* Factor on an energy (or area for law "area") when it moves from one node to another:
 * lo <= typ <= hi. Equal nodes give 1, 1, 1. */
typedef struct {
    double lo, typ, hi;
} mj_scale;

/* law: "arith", "sram", "wire", "leak", "area", "none". MJ_ENAME for another law, MJ_ERANGE outside
 * the published nodes. */
mj_status mj_scale_compute(mj_scale *scale, const char *law, double from_m, double to_m,
                           mj_err *err);

/* Gates of a node at a supply voltage. */
typedef struct {
    double node_m, voltage_V;
} mj_gates;

/* Factor on the energy of gates that were measured at one node and voltage, at another. The far end is
 * the polynomials alone, voltage and all; the near end (typ and the other bound) takes them only from a
 * larger node to 45 nm at 0.9 V and goes on with the published tables of arithmetic, which fell less.
 * MJ_ERANGE for a node without polynomial, or a voltage at which the polynomial is not positive.
 *                                                       [stillmaker2017, horowitz2014, jouppi2021] */
mj_status mj_scale_gates(mj_scale *scale, const mj_gates *from, const mj_gates *to, mj_err *err);

/* A published point that a law interpolates. Only ratios of values count, so their unit does not. */
typedef struct {
    double node_nm, value;
    const char *fact; /* key under data/facts of the same number, or of its reciprocal */
} mj_scale_point;

/* The points of one curve of all laws, n of them; NULL when there are no more curves. */
const mj_scale_point *mj_scale_curve(int *n, int index);

#endif
