/* Child: another program, run without a shell, with limits on its time, memory and output. */
#ifndef MJ_CHILD_H
#define MJ_CHILD_H

#include "mj/err.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char *const *argv;   /* name on PATH or path, arguments, NULL */
    const char *package; /* what to install where it is missing, for the message; NULL: unknown */
    double limit_s;
    size_t limit_B;
    const char *folder;             /* where it runs; NULL: where we are */
    const char *const *environment; /* "NAME=VALUE", NULL; beside ours and before it; may be NULL */
    double cpu_s;                   /* these three: 0 is no limit */
    size_t memory_B, file_B;        /* address space; the largest file it may write */
} mj_child;

/* All that the program writes to its standard output, and one NUL; *text is the caller's to free().
 * Its input is empty, its errors are dropped. A program that is missing, fails, is late (MJ_ETOOL) or
 * writes too much (MJ_ELIMIT), or a signal that would end us meanwhile (MJ_ESTOP; the signal counts as
 * dealt with): then *text is NULL and no process is left, nor one that it started. Not for two threads at
 * a time: signals are the process's. */
mj_status mj_child_read(char **text, size_t *length, const mj_child *child, mj_err *err);

/* The same for a program whose work is in its files: *text has its errors too, and is kept when it
 * fails, for a log. NULL when there is none. */
mj_status mj_child_run(char **text, size_t *length, const mj_child *child, mj_err *err);

#endif
