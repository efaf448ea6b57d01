/* RC cell: what a neuron does to its voltage: two currents that add up to one and differ by a tanh.
 *
 *   i+ - i- = I tanh(g (v - middle))      out of two load resistors at the supply, so that
 *   v+ - middle = +S tanh,  v- - middle = -S tanh,   S = I R_out / 2
 *
 * Transistors: a pair of n-channel transistors far below threshold, where the current is exponential in the
 * voltage and a pair makes a tanh with g = 1/(2 n kT/q) [vittoz1977], on a cascode current mirror. `middle`,
 * at the gate of the pair's other side, is where the outputs stand at rest: cells drive cells without
 * level shifts. Or ideal: a source that is a tanh by definition, the reference of all other effects. */
#ifndef MJ_RC_CELL_H
#define MJ_RC_CELL_H

#include "mj/spice.h"
#include "mj/spice_models.h"

typedef struct {
    const mj_spice_models *models; /* NULL: ideal */
    double vdd_V, temperature_C;
    double current_A, load_ohm; /* of the pair, and from each output to the supply */
    double width_m, length_m;   /* of the pair */
    double tail_width_m, tail_length_m;
} mj_rc_cell;

/* What was measured of a cell, or holds by definition. */
typedef struct {
    double current_A, gain_pV, offset_V;
    double rms, largest; /* what the tanh leaves, of S, within +-0.3 V */
} mj_rc_transfer;

/* For 180 nm at 1.8 V. */
mj_rc_cell mj_rc_cell_default(const mj_spice_models *models);
mj_status mj_rc_cell_check(const mj_rc_cell *cell, mj_err *err);
/* Where inputs and outputs stand at rest. */
double mj_rc_cell_middle(const mj_rc_cell *cell);
/* What all cells share: the mirror's reference. Nodes: vdd, middle, 0. */
void mj_rc_cell_write_bias(FILE *out, const mj_rc_cell *cell);
/* Cell number id from node n<id> to p<id> and m<id>; in the dialect of ngspice. An ideal cell is that of
 * the transfer, which transistors do not look at. */
void mj_rc_cell_write(FILE *out, const mj_rc_cell *cell, const mj_rc_transfer *transfer, int id);
/* A slow ramp through one cell whose outputs are loaded by output_S to the middle, and a fit of its
 * tanh. Ideal cells are not run. */
mj_status mj_rc_cell_measure(mj_rc_transfer *transfer, const mj_rc_cell *cell, double output_S,
                             const mj_spice_job *job, mj_err *err);
/* current [n] = I tanh(g (voltage - offset)) in the least squares; MJ_ERANGE if no tanh fits. */
mj_status mj_rc_transfer_fit(mj_rc_transfer *transfer, const double *voltage, const double *current, int n,
                             mj_err *err);

#endif
