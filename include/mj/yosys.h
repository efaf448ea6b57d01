/* Yosys: a circuit in Verilog mapped onto cells of a library, and its core proven against the Verilog.
 *
 * In the folder: core.v, readout.v, top.v, adders_cells.v (verilog.h), cells.lib. */
#ifndef MJ_YOSYS_H
#define MJ_YOSYS_H

#include "mj/arena.h"
#include "mj/err.h"

typedef struct {
    const char *folder, *name; /* modules are NAME_core, NAME_readout, NAME_top */
    double limit_s;
} mj_yosys_job;

/* Writes synth.ys and runs it: core_gate.v, core_gate.json (the core alone), gate.v, gate.json (all in one
 * module, whose cells are called core.* and readout.*). synth.log has what yosys said. MJ_ETOOL. */
mj_status mj_yosys_map(const mj_yosys_job *job, mj_arena *arena, mj_err *err);

typedef enum { MJ_PROVED, MJ_DISPROVED, MJ_UNDECIDED, MJ_VERDICTS_N } mj_verdict;
extern const char *const mj_verdict_names[MJ_VERDICTS_N + 1];

/* Is core_gate.v, with the functions that the library states, equal to core.v on all inputs? By
 * satisfiability; MJ_UNDECIDED when the time is up. Writes prove.ys and prove.log. MJ_ETOOL where yosys
 * is missing or cannot read the files. */
mj_status mj_yosys_prove(mj_verdict *verdict, const mj_yosys_job *job, mj_arena *arena, mj_err *err);

#endif
