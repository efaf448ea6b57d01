/* What benchmarks share: a clock, an order for medians, and their figures: one tab-separated line
 * each, which bench/run completes with commit, machine and date. */
#ifndef MJ_BENCH_FIGURE_H
#define MJ_BENCH_FIGURE_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static inline double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* For qsort. */
static inline int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

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
