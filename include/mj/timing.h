/* Timing: loads, slews, delays and arrivals of a netlist, from the library's tables.
 *
 *   load of a net   = sum of the capacitance of its pins + fanout * wire length * capacitance per length
 *   delay, slew     = tables of the arc at (load, slew of the input that causes the edge)
 *   slew of a net   = the slowest over the arcs of its driver, for each edge (as a timing analyser has it)
 *   arrival of a net = latest over arcs of arrival of the input + delay, inputs at 0
 *
 * Delays are fixed before a simulation begins: they do not depend on what switches at the same time. */
#ifndef MJ_TIMING_H
#define MJ_TIMING_H

#include "mj/netlist.h"

/* The wire model: every pin that reads a net, and an output port, adds a piece of wire. */
typedef struct {
    double length_m;        /* of a piece; 0: no wires */
    double capacitance_Fpm; /* F/m */
    double input_slew_s;    /* of the input ports' edges; 0: 60 ps */
} mj_wiring;

typedef struct {
    mj_wiring wiring;
    double *load_F;                 /* [n_nets] */
    double *wire_F;                 /* [n_nets]: of load_F, the wire model's */
    double (*slew_s)[MJ_EDGES_N];   /* [n_nets] */
    double (*arrival_s)[MJ_EDGES_N]; /* [n_nets] */
    size_t *first_arc;              /* [n_instances]: of delay_fs */
    int64_t *delay_fs;              /* at least 1; by mj_timing_delay */
    double worst_s;                 /* latest arrival at an output port */
} mj_timing;

/* MJ_ESUPPORT, naming the cell, where the library has no delay for an input that the output depends on.
 * All in the arena. */
mj_status mj_timing_compute(mj_timing *timing, const mj_netlist *netlist, const mj_wiring *wiring,
                            mj_arena *arena, mj_err *err);

/* The slew of `net` that belongs to an arc's output edge. */
double mj_timing_slew_s(const mj_timing *timing, int net, mj_sense sense, mj_edge output_edge);

/* Delay from an input to an edge of an output, femtoseconds. */
static inline int64_t mj_timing_delay(const mj_timing *timing, const mj_netlist *netlist, int instance,
                                      int output, int input, mj_edge edge)
{
    size_t arc = (size_t)(output * netlist->instance[instance].cell->n_inputs + input);
    return timing->delay_fs[timing->first_arc[instance] + arc * MJ_EDGES_N + edge];
}

#endif
