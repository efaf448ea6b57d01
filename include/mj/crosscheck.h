/* Cross-checks: what other programs make of the same netlist.
 *
 *   OpenSTA        switching, internal and leakage power at one activity everywhere, and the longest path
 *   Icarus Verilog toggles with the same delays, glitches included
 *
 * OpenSTA 2.0.17 ends with 0 whatever happens, takes unknown cells for black boxes without power, and adds
 * rise and fall energy for every single transition [osu018]: its output is searched for errors, and its
 * internal power is halved here. */
#ifndef MJ_CROSSCHECK_H
#define MJ_CROSSCHECK_H

#include "mj/simulate.h"

typedef struct {
    const char *folder; /* for scripts, netlists and logs; made if it is not there */
    double limit_s;     /* of one run; 0: 300 */
} mj_crosscheck;

/* Energy per clock cycle at the same activity on every net, wires of no length: both programs. */
typedef struct {
    double switching_J, internal_J, leakage_W, delay_s;
} mj_sta_figures;

/* MJ_ETOOL where sta is missing or says that something is wrong. */
mj_status mj_crosscheck_sta(mj_sta_figures *own, mj_sta_figures *sta, const mj_netlist *netlist,
                            const mj_crosscheck *check, mj_arena *arena, mj_err *err);

/* Toggles of all cell outputs over the vectors, with the delays of the timing. MJ_ETOOL. */
typedef struct {
    uint64_t own, iverilog;
} mj_glitch_figures;

mj_status mj_crosscheck_glitches(mj_glitch_figures *figures, const mj_netlist *netlist,
                                 const mj_timing *timing, const uint64_t *input, int n_vectors,
                                 const mj_crosscheck *check, mj_arena *arena, mj_err *err);

#endif
