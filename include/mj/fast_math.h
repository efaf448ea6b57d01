/* Elementary functions in a form that vectorises: the compiler inlines them into loops, where calls
 * of the C library would keep it from using vectors.
 *
 * exp: x = q ln 2 + r, |r| <= ln(2)/2, a polynomial of degree 6 in r, and q added to the exponent;
 * below -87 it counts as exp(-87). log: x = 2^e m, a polynomial of degree 9 in m - 1. Both are
 * those of Moshier's Cephes library (expf.c, logf.c), relative error about 1e-7. In double the C
 * library's take their place, so that gradients can be checked. */
#ifndef MJ_FAST_MATH_H
#define MJ_FAST_MATH_H

#include "mj/real.h"

#include <stdint.h>
#include <string.h>

#ifdef MJ_DOUBLE

static inline mj_real mj_fast_exp(mj_real x) { return exp(x); }
static inline mj_real mj_fast_log(mj_real x) { return log(x); }

#else

static inline mj_real mj_fast_exp(mj_real x)
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
    uint32_t bits = (uint32_t)((int32_t)(q == q ? q : 0.0f) + 127) << 23; /* p keeps a NaN */
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* Of a positive, normal x. */
static inline mj_real mj_fast_log(mj_real u)
{
    uint32_t bits;
    memcpy(&bits, &u, sizeof bits);
    int32_t exponent = (int32_t)((bits - 0x3f3504f3u) & 0xff800000u);
    bits -= (uint32_t)exponent;
    float m;
    memcpy(&m, &bits, sizeof m);
    float e = (float)(exponent >> 23), x = m - 1.0f, z = x * x;
    float y = 7.0376836292e-2f;
    y = y * x - 1.1514610310e-1f;
    y = y * x + 1.1676998740e-1f;
    y = y * x - 1.2420140846e-1f;
    y = y * x + 1.4249322787e-1f;
    y = y * x - 1.6668057665e-1f;
    y = y * x + 2.0000714765e-1f;
    y = y * x - 2.4999993993e-1f;
    y = y * x + 3.3333331174e-1f;
    return x + (x * z * y - 0.5f * z) + e * 0.693147181f;
}

#endif

/* 1 / (1 + exp(-x)) */
static inline mj_real mj_fast_sigmoid(mj_real x)
{
    return 1 / (1 + mj_fast_exp(-x));
}

/* log(1 + exp(x)) */
static inline mj_real mj_fast_softplus(mj_real x)
{
    return (x > 0 ? x : 0) + mj_fast_log(1 + mj_fast_exp(x > 0 ? -x : x));
}

#endif
