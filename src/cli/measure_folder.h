/* The folder that --out names. */
#ifndef MJ_CLI_MEASURE_FOLDER_H
#define MJ_CLI_MEASURE_FOLDER_H

#include "mj/err.h"

/* An empty folder, made if need be. */
mj_status mj_measure_folder(const char *folder, mj_err *err);

#endif
