/* Tool: one run of a program of circuit design in the folder of a circuit, its log kept there. */
#ifndef MJ_CIRCUIT_TOOL_H
#define MJ_CIRCUIT_TOOL_H

#include "mj/arena.h"
#include "mj/err.h"

typedef struct {
    const char *folder;     /* where it runs */
    const char *log;        /* file there for what it says; NULL: not kept */
    const char *log_folder; /* where that file is instead; NULL: there */
    const char *package;
    double limit_s;         /* wall clock, and of one process on a processor */
} mj_tool;

/* All that it says in the arena, *said NULL where it did not start. On failure err has how it ended, the
 * first line that it calls an error, and where the log is. */
mj_status mj_tool_run(const char **said, const mj_tool *tool, char *const *argv, mj_arena *arena,
                      mj_err *err);

#endif
