/* Spice cells: standard cells as transistors, from a file of subcircuits, and a netlist of them against
 * its own tables.
 *
 *     .subckt NAME node node ...
 *     M0 drain gate source bulk model w=2u l=0.2u
 *     + ad=0p ...
 *     .ends NAME
 *
 * Only transistors are read (of pmos kind if the model's name begins with p); capitals do not count.
 * Areas and edges of source and drain are the file's, 0 where it states none: neighbours share them, so no
 * rule would do. Supplies are the nodes vdd and gnd. */
#ifndef MJ_SPICE_CELLS_H
#define MJ_SPICE_CELLS_H

#include "mj/simulate.h"
#include "mj/spice.h"
#include "mj/spice_models.h"

typedef struct {
    const char *drain, *gate, *source, *bulk;
    bool is_pmos;
    double width_m, length_m;
    double drain_m2, source_m2, drain_edge_m, source_edge_m;
} mj_cell_transistor;

typedef struct {
    const char *name; /* as the file has it */
    const char **port;
    mj_cell_transistor *transistor;
    int n_ports, n_transistors;
} mj_spice_cell;

typedef struct {
    const char *path;
    mj_spice_cell *cell;
    int n_cells;
} mj_spice_cells;

/* MJ_ESYNTAX with the line for a transistor without its nodes or sizes. All in the arena. */
mj_status mj_spice_cells_load(mj_spice_cells *cells, const char *path, mj_arena *arena, mj_err *err);
mj_status mj_spice_cells_parse(mj_spice_cells *cells, const char *text, size_t length, const char *name,
                               mj_arena *arena, mj_err *err);

/* Ones of 2^n_bits - 1 inputs, counted by full adders of the library alone (11 for 15 inputs). `adder` is
 * a cell with three inputs, a carry and a sum. */
mj_status mj_adder_tree(mj_netlist *netlist, const mj_liberty *liberty, const mj_liberty_cell *adder,
                        int n_bits, mj_arena *arena, mj_err *err);

/* Energy of a vector by the tables and by ngspice, what the inputs' sources deliver included: part of the
 * charge that the library counts as that of an input pin comes from the supply. And the vectors on which
 * the transistors give another result than the functions. Without wires, outputs open. What it took:
 * seconds of a processor for so many simulated ones of so many transistors. */
typedef struct {
    double tables_J, spice_J;
    int n_vectors, n_wrong;
    double busy_s, simulated_s;
    long long n_transistors;
} mj_spice_figures;

/* Transistors of a netlist of these cells. MJ_ENAME for one without a subcircuit. */
mj_status mj_spice_cells_count(long long *n_transistors, const mj_netlist *netlist,
                               const mj_spice_cells *cells, mj_err *err);

/* Seconds that a vector holds in that simulation, of a netlist whose longest path takes so long. */
double mj_crosscheck_period_s(double longest_path_s);

mj_status mj_crosscheck_spice(mj_spice_figures *figures, const mj_netlist *netlist,
                              const mj_spice_cells *cells, const mj_spice_models *models,
                              const uint64_t *input, int n_vectors, const mj_spice_job *job,
                              mj_arena *arena, mj_err *err);

#endif
