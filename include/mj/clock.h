/* Clock: wall time of a machine, which only goes forward. */
#ifndef MJ_CLOCK_H
#define MJ_CLOCK_H

/* Seconds since some fixed moment. */
double mj_clock_s(void);

#endif
