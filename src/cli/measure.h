/* What mj measure can measure: argv[0] is the circuit's word. */
#ifndef MJ_CLI_MEASURE_H
#define MJ_CLI_MEASURE_H

#include "context.h"

int mj_measure_cells(mj_context *context, int argc, char **argv);
int mj_measure_card(mj_context *context, int argc, char **argv);
/* A net on rings: whether a folder has one, and what it does. */
bool mj_is_ring_net(const char *folder);
int mj_measure_rings(mj_context *context, int argc, char **argv);
int mj_measure_crossbar(mj_context *context, int argc, char **argv);
int mj_measure_ring(mj_context *context, int argc, char **argv);
/* Here argv[0] is "measure" and a folder of mj realize follows. */
int mj_measure_digital(mj_context *context, int argc, char **argv);
/* The same, where the folder holds a net of resistors, capacitors and cells. */
int mj_measure_rc(mj_context *context, int argc, char **argv);

/* --out: an empty folder, made if need be. */
mj_status mj_measure_prepare_folder(const char *folder, mj_err *err);

#endif
