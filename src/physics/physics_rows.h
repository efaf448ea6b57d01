/* Rows of the table of physics layers that have a file of their own. */
#ifndef MJ_PHYSICS_ROWS_H
#define MJ_PHYSICS_ROWS_H

#include "mj/tape.h"

extern const mj_layer mj_kuramoto_cell_row;

#define N_OF(array) ((int)(sizeof(array) / sizeof *(array)))

#endif
