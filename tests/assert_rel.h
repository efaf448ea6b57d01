/* Relative comparison for tests: |got - want| <= tol * |want|, written so that NaN fails.
 * (cmocka's float compare casts to float and prints a picojoule as 0.) */
#ifndef MJ_ASSERT_REL_H
#define MJ_ASSERT_REL_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define assert_rel(got, want, tol)                                                              \
    do {                                                                                        \
        double got_ = (got), want_ = (want), tol_ = (tol);                                      \
        if (!(fabs(got_ - want_) <= tol_ * fabs(want_))) {                                      \
            print_error("%s = %.10g, want %.10g within %.3g\n", #got, got_, want_, tol_);       \
            fail();                                                                             \
        }                                                                                       \
    } while (0)

#endif
