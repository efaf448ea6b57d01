/* The number type of tensors.
 *
 * mj_real is float in the product. The same sources are compiled with -DMJ_DOUBLE into libraries
 * for tests only, where gradients are checked: central differences confirm a float gradient to 2e-3
 * at best, a double one to 1e-8. The two never meet in one program. Energy, time and money are
 * always double, whatever this says. */
#ifndef MJ_REAL_H
#define MJ_REAL_H

#include <math.h>

#ifdef MJ_DOUBLE
typedef double mj_real;
#define MJ_REAL_EPSILON 0x1p-52
static inline mj_real mj_real_exp(mj_real x) { return exp(x); }
static inline mj_real mj_real_abs(mj_real x) { return fabs(x); }
static inline mj_real mj_real_sqrt(mj_real x) { return sqrt(x); }
static inline mj_real mj_real_round(mj_real x) { return rint(x); }
#else
typedef float mj_real;
#define MJ_REAL_EPSILON 0x1p-23f
static inline mj_real mj_real_exp(mj_real x) { return expf(x); }
static inline mj_real mj_real_abs(mj_real x) { return fabsf(x); }
static inline mj_real mj_real_sqrt(mj_real x) { return sqrtf(x); }
static inline mj_real mj_real_round(mj_real x) { return rintf(x); }
#endif

#endif
