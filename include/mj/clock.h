/* Clock: wall time of a machine, which only goes forward, and time that processors spent, in which what others
 * do on the machine is not. */
#ifndef MJ_CLOCK_H
#define MJ_CLOCK_H

/* Seconds since some fixed moment. */
double mj_clock_s(void);
/* Of processors, by this program, all its threads; and by its children that have ended. */
double mj_clock_busy_s(void);
double mj_clock_children_s(void);

#endif
