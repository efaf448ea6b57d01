/* Raw: the binary file in which ngspice leaves the results of a transient analysis.
 *
 *     Title: ...               lines of text, names before a colon
 *     Flags: real
 *     No. Variables: 3
 *     No. Points: 6017
 *     Variables:
 *             0       time    time
 *             1       v(a)    voltage
 *             2       i(v1)   current
 *     Binary:                  then No. Points rows of No. Variables doubles, the machine's own
 *
 * One plot, real numbers, time first: what `-b -r` writes for one `.tran`. A file of another kind is
 * refused. So is a number that is not finite, and a time that runs backwards. */
#ifndef MJ_SPICE_RAW_H
#define MJ_SPICE_RAW_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/waveform.h"

enum { MJ_RAW_VARIABLES_MAX = 100000, MJ_RAW_LINE_MAX = 4096 };

typedef struct {
    int n_variables;     /* time included */
    size_t n_points;     /* > 0 */
    const char **name;   /* "time", "v(n0)", "i(vdd)": lower case, as ngspice writes them */
    const double *value; /* [n_variables, n_points] */
    const char *log;     /* what ngspice said, of a run; NULL: not of a run */
} mj_raw;

/* length bytes of a file called `name` in messages. Arrays and names lie in the arena. */
mj_status mj_raw_parse(mj_raw *raw, const char *bytes, size_t length, const char *name,
                       mj_arena *arena, mj_err *err);
/* MJ_EFILE for a link, a pipe or a device too. */
mj_status mj_raw_load(mj_raw *raw, const char *path, mj_arena *arena, mj_err *err);

/* The signal of that name against time; MJ_ENAME if it was not saved. */
mj_status mj_raw_find(mj_waveform *wave, const mj_raw *raw, const char *name, mj_err *err);

/* The last time. */
double mj_raw_end_s(const mj_raw *raw);

#endif
