/* Figures of a benchmark: one tab-separated line each, which bench/run completes with commit,
 * machine and date. */
#ifndef MJ_BENCH_FIGURE_H
#define MJ_BENCH_FIGURE_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

/* name, value, unit, goal ("<= 2", "-" for none), yes, no or "-". NaN borders: not asked for. */
static inline void figure_print(const char *name, double value, const char *unit, double lo,
                                double hi)
{
    char goal[64] = "-";
    if (!isnan(lo) && !isnan(hi)) {
        snprintf(goal, sizeof goal, "%g to %g", lo, hi);
    } else if (!isnan(lo)) {
        snprintf(goal, sizeof goal, ">= %g", lo);
    } else if (!isnan(hi)) {
        snprintf(goal, sizeof goal, "<= %g", hi);
    }
    bool met = !isnan(value) && !(value < lo) && !(value > hi);
    const char *ok = goal[0] == '-' ? "-" : met ? "yes" : "no";
    printf("%s\t%.6g\t%s\t%s\t%s\n", name, value, unit, goal, ok);
}

#endif
