/* The fitted constants behind a calibrated bill, for explanations. */
#ifndef MJ_REPORT_FIT_H
#define MJ_REPORT_FIT_H

#include "mj/bill.h"

enum { MJ_FIT_CONSTANTS_MAX = 4 };

typedef struct {
    const char *name;    /* the letter of the formulas */
    const char *unit, *meaning;
    double value;
} mj_fit_constant;

/* The constants that a line rests on, and what was taken out of it for another line; returns how
 * many. 0: the line is no rest of a fit. */
int mj_fit_constants(mj_fit_constant *list, const mj_bill *bill, const mj_line *line);

/* c x FLOP, joules per output: a second predictor of images with a single constant, fitted on one
 * device. NaN where there is none. */
double mj_fit_cross_check_J(const mj_bill *bill);

#endif
