/* Plot file: a plot as SVG or PNG, whichever the name of the file asks for. */
#ifndef MJ_CLI_PLOT_FILE_H
#define MJ_CLI_PLOT_FILE_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/plot.h"

/* Refuses what mj_plot_save would: a name that ends neither in .svg nor in .png, a folder that is not
 * there or may not be written. Leaves a file of that name as it is. */
mj_status mj_plot_check(const char *path, mj_err *err);
/* Replaces `path` or leaves it as it was. */
mj_status mj_plot_save(const char *path, const mj_plot *plot, mj_arena *arena, mj_err *err);

#endif
