/* A netlist written for other programs, to compare with. Nets are called n0, n1, .., instances u0, u1, ..:
 * names of the file could be anything. */
#ifndef MJ_NETLIST_VERILOG_H
#define MJ_NETLIST_VERILOG_H

#include "mj/simulate.h"

#include <stdio.h>

/* Module `top` of library cells, for a timing analyser: inputs i0, i1, .., outputs o0, o1, ... */
void mj_netlist_write_cells(FILE *out, const mj_netlist *netlist);

/* A test bench that runs the vectors with the delays of the timing, one module an instance (a function
 * and its path delays), and prints `toggles N`: changes of all cell outputs from the second vector on. */
void mj_netlist_write_bench(FILE *out, const mj_netlist *netlist, const mj_timing *timing,
                            const uint64_t *input, int n_vectors);

#endif
