/* Measurement: the energy of a realised circuit, from its folder: netlist, library, vectors.
 *
 * Cells belong to the read-out when their name begins with `readout.`, else to the core. Energies are
 * means over the steps from one vector to the next, in their order, with glitches. Leakage counts for the
 * time of the longest path. */
#ifndef MJ_MEASUREMENT_H
#define MJ_MEASUREMENT_H

#include "mj/energy.h"
#include "mj/fact.h"
#include "mj/manifest.h"

typedef struct {
    mj_wiring wiring;
    int n_vectors; /* at most this many; 0: 1,000 */
} mj_measurement_config;

typedef struct {
    int n_vectors, n_adders;   /* adders: cells of the read-out with a sum and a carry */
    mj_wiring wiring;
    mj_energy core, readout;   /* energies per output */
    mj_energy core_still, readout_still; /* the same if nothing glitched */
    double inputs_J, leakage_J;
    double steady_J;           /* switching and internal energy of both if nothing glitched */
    double total_J;
    double delay_s, settle_s;  /* longest path; longest time to rest that was seen */
    double toggles;            /* per output, of all nets */
} mj_measurement;

/* FOLDER/gate.json and FOLDER/vectors.bin. The netlist, its timing and its vectors as the ports' words are
 * left for cross-checks. MJ_ERANGE for fewer than two vectors. */
typedef struct {
    mj_netlist netlist;
    mj_timing timing;
    uint64_t *input; /* [n_inputs][words of n_vectors] */
    int n_vectors;
} mj_measured_circuit;

mj_status mj_measurement_run(mj_measurement *result, mj_measured_circuit *circuit,
                             const mj_manifest *manifest, const char *folder,
                             const mj_liberty *liberty, const mj_measurement_config *config,
                             mj_arena *arena, mj_err *err);

/* An energy measured at the circuit's node and voltage, at 7 nm and 0.7 V (scaling.h). False if the node
 * is not known or nothing was published for it. */
bool mj_measurement_at_7nm(mj_quantity *energy, double measured_J, const mj_manifest *manifest);

/* FOLDER/facts.yaml, to be read by --facts: J per output, of core and read-out; per table and per counted
 * output of the network, split into cells, glitches and wires; per input, cell and adder; leakage and area
 * of them; the delay; at the circuit's own node and at 7 nm. `origin` says which programs and library made
 * them, one line: the note of every fact. */
mj_status mj_measurement_save_facts(const mj_measurement *result, const mj_manifest *manifest,
                                    const char *folder, const char *origin, mj_err *err);

#endif
