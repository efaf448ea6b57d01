/* Crossbar: a matrix of conductances between row wires and column wires, which multiplies a vector by
 * Ohm's and Kirchhoff's laws, as well as its wires allow.
 *
 *   row i begins at the voltage V_i, column j ends at a virtual ground; the wire of every cell, along
 *   its row and along its column, has the resistance `wire`
 *   ideal: I_j = sum_i G_ij V_i
 *
 *        V_0 --r--o--r--o--r--o       o on a row joins o on the column below it by G_ij
 *        V_1 --r--o--r--o--r--o
 *                 |     |     |       every column: r between rows, r to the ground
 *                I_0   I_1   I_2
 *
 * The currents solve Kirchhoff's law at 2 M N nodes: a symmetric positive matrix with the wires' chains
 * and the cells between them. Conjugate gradients [hestenes1952] with all chains solved exactly (row
 * wires as if columns stood still, column wires as if rows did) need a few iterations where cells
 * conduct far less than wires, as in any crossbar that is of use; each costs M N. Nodes are those of
 * a circuit simulator's netlist; settling and amplifiers are not in it. */
#ifndef MJ_CROSSBAR_H
#define MJ_CROSSBAR_H

#include "mj/arena.h"
#include "mj/err.h"

enum { MJ_CROSSBAR_SIDE_MAX = 4096 };

typedef struct {
    int n_rows, n_columns;       /* M, N */
    const double *conductance_S; /* [M, N], none negative */
    double wire_ohm;             /* of a cell, along row and column; above 0 */
} mj_crossbar;

typedef struct {
    int n_iterations;
    double residual; /* norm of what is left of Kirchhoff's law over that of the driven currents */
    double power_W;  /* from the row drivers: all of it becomes heat in cells and wires */
} mj_crossbar_report;

/* current_A [N] for voltage_V [M], to a residual of 1e-12. MJ_ERANGE for sizes, conductances or a
 * resistance that cannot be, or if that is not reached. Scratch is taken and given back. report may
 * be NULL. */
mj_status mj_crossbar_solve(double *current_A, mj_crossbar_report *report,
                            const mj_crossbar *crossbar, const double *voltage_V, mj_err *err);
/* What wires of no resistance would give. */
void mj_crossbar_ideal(double *current_A, const mj_crossbar *crossbar, const double *voltage_V);

#endif
