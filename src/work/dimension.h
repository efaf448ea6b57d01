/* Dimensions read from model files: the largest one, and what to say of others. */
#ifndef DIMENSION_H
#define DIMENSION_H

#include <math.h>
#include <stdio.h>

enum { DIM_MAX = 1 << 24 }; /* widths, vocabulary */

/* Why `number` is no dimension from `min` on; whole numbers are printed with all their digits. */
static inline const char *dim_complaint(char *buf, size_t size, double number, int min)
{
    int digits = fabs(number) < 1e15 ? 17 : 6;
    if (number != floor(number)) {
        snprintf(buf, size, "%g is not a whole number", number);
    } else {
        snprintf(buf, size, "%.*g is outside %d to %d", digits, number, min, DIM_MAX);
    }
    return buf;
}

#endif
