/* exp for vector loops: x = q ln 2 + r, |r| <= ln(2)/2, a polynomial of degree 6 in r (Moshier's
 * Cephes library, expf.c), and q added to the exponent; below -87 it counts as exp(-87), above 88 as
 * exp(88). Relative error <= 2e-7 in float. */
#ifndef MJ_EXP_FAST_H
#define MJ_EXP_FAST_H

#include "mj/real.h"

#include <stdint.h>
#include <string.h>

#ifdef MJ_DOUBLE
static inline mj_real exp_fast(mj_real x) { return exp(x); }
#else
static inline mj_real exp_fast(mj_real x)
{
    x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
    float q = (x * 1.44269504f + 12582912.0f) - 12582912.0f; /* rounds, as in sincos.c */
    float r = (x - q * 0.693359375f) - q * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    uint32_t bits = (uint32_t)((int32_t)q + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}
#endif

#endif
