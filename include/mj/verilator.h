/* Verilator: the Verilog itself, run on vectors.
 *
 * In the folder: core.v, readout.v, adders.v, check.v (verilog.h), vectors.bin. */
#ifndef MJ_VERILATOR_H
#define MJ_VERILATOR_H

#include "mj/vectors.h"

typedef struct {
    const char *folder, *name;
    const char *root; /* where private folders are made; NULL: /tmp */
    int n, n_inputs, n_checked; /* vectors, bits of x, bits of y */
    double limit_s;
} mj_verilator_job;

/* Compiles NAME_check to a program in a private folder, which is removed, and runs it: what it makes of every
 * vector. verilator.log has what the compilers said. MJ_ETOOL. */
mj_status mj_verilator_run(mj_vectors *out, const mj_verilator_job *job, mj_arena *arena, mj_err *err);

#endif
