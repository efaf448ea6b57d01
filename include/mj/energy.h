/* Energy of a simulated netlist, from toggles and the library's tables.
 *
 *   switching = sum over nets of toggles * C_load V^2 / 2
 *   internal  = sum over cell outputs of toggles * mean(rise, fall energy)(load, slew of related input),
 *               the mean over the related inputs weighted by their toggles; and of input pins that have
 *               tables of their own
 *   leakage   = power, of every cell, to be multiplied by the time that a result takes
 *
 * A cell counts with the nets that it drives, so that parts of a netlist add up; what the input ports
 * drive is counted apart. */
#ifndef MJ_ENERGY_H
#define MJ_ENERGY_H

#include "mj/timing.h"

typedef struct {
    double switching_J, internal_J; /* of all the toggles given */
    double wires_J;                 /* of switching_J, what the wire model's capacitance takes */
    double leakage_W, area_m2;      /* NaN: some cell does not state it */
    int n_cells;
} mj_energy;

/* Switching and internal energy. */
static inline double mj_energy_dynamic_J(const mj_energy *energy)
{
    return energy->switching_J + energy->internal_J;
}

/* Of the instances marked (NULL: all). MJ_ESUPPORT, naming the cell, where a cell that toggles has no
 * energy tables: a library without power. */
mj_status mj_energy_compute(mj_energy *energy, const mj_netlist *netlist, const mj_timing *timing,
                            const uint64_t *toggles, const bool *marked, mj_err *err);

/* Switching energy of the nets that input ports drive. */
double mj_energy_inputs_J(const mj_netlist *netlist, const mj_timing *timing, const uint64_t *toggles);

#endif
