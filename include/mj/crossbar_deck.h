/* Crossbar deck: the array of crossbar.h as a netlist, solved by ngspice: the independent judge of our own
 * solver.
 *
 *   vI xI 0 V_I           driver of row I
 *   rdI xI rI_0 r         wire into the row, then rrI_J between neighbours
 *   rgI_J rI_J cI_J 1/G   a cell
 *   rcI_J cI_J cI+1_J r   wire down the column, to the ground at its end
 *
 * One array is about 4 M N resistors. ngspice's matrix of such a mesh takes time with a high power of the
 * side (a third of a second at 32 x 32, some 20 s at 64 x 64), so larger arrays are
 * refused. */
#ifndef MJ_CROSSBAR_DECK_H
#define MJ_CROSSBAR_DECK_H

#include "mj/crossbar.h"
#include "mj/spice.h"

enum { MJ_CROSSBAR_DECK_SIDE_MAX = 32 };

typedef struct {
    double deviation;            /* largest between the column currents of both, over their rms */
    double power;                /* of the drivers' powers, relative */
    double circuit_s, solver_s;  /* wall time of ngspice and of ours */
} mj_crossbar_agreement;

/* The array with its sources, an analysis and what is to be kept; closed by the caller, also on failure. */
mj_status mj_crossbar_deck(mj_deck *deck, const mj_crossbar *crossbar, const double *voltage_V, mj_err *err);
/* MJ_ELIMIT for sides above MJ_CROSSBAR_DECK_SIDE_MAX; else as mj_crossbar_solve and mj_spice_run. */
mj_status mj_crossbar_compare(mj_crossbar_agreement *agreement, const mj_crossbar *crossbar,
                              const double *voltage_V, const mj_spice_job *job, mj_err *err);

#endif
