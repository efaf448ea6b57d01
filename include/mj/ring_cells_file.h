/* Ring cells file: the circuits beside a ring as facts, family circuit-cells, class simulated. */
#ifndef MJ_RING_CELLS_FILE_H
#define MJ_RING_CELLS_FILE_H

#include "mj/ring_cells.h"

enum { MJ_RING_CELLS_N = 5 };

typedef struct {
    const char *tool, *commit; /* how they were measured */
    mj_trim_figures trim;
    mj_readout_figures readout;
    mj_start_figures start;
    mj_coupler_figures coupler;
    mj_cell_figures bit;
} mj_ring_cells;

/* Facts of cells that do not work are not written: MJ_ERANGE. */
mj_status mj_ring_cells_save(const char *path, const mj_ring_cells *cells, const mj_ring *ring, mj_err *err);

#endif
