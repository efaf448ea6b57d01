/* Sine and cosine of many phases at once.
 *
 * x = q pi/2 + r with |r| <= pi/4, q the nearest integer; r is had by taking off q pi/2 in three
 * parts whose products with q are exact (Cody and Waite), then
 *
 *   sin r = r + r^3 (s0 + s1 r^2 + s2 r^4)      cos r = 1 - r^2/2 + r^4 (c0 + c1 r^2 + c2 r^4)
 *
 * with the minimax coefficients of Moshier's Cephes library (sinf.c), and the two are swapped and
 * given their signs by the last two bits of q. The parts hold for |x| <= LIMIT; a block with a
 * larger (or not finite) phase is left to the C library, which is the definition. Phases of a
 * trained network stay within a few turns, so that this costs nothing. */
#include "mj/kernels.h"

#include "simd.h"

void mj_sincos_reference(mj_real *sine, mj_real *cosine, const mj_real *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
#ifdef MJ_DOUBLE
        sine[i] = sin(x[i]);
        cosine[i] = cos(x[i]);
#else
        sine[i] = sinf(x[i]);
        cosine[i] = cosf(x[i]);
#endif
    }
}

#ifdef MJ_DOUBLE

/* Gradients are checked against the definition itself. */
void mj_sincos(mj_real *sine, mj_real *cosine, const mj_real *x, size_t n)
{
    mj_sincos_reference(sine, cosine, x, n);
}

#else

/* q fits in 13 bits below this, the high parts of pi/2 have at most 11: exact products. */
static const float LIMIT = 8192.0f;

/* Fast path of one block; returns how many phases are beyond LIMIT or not numbers. */
MJ_CLONES static int sincos_block(float *restrict sine, float *restrict cosine,
                                  const float *restrict x, size_t n)
{
    int n_beyond = 0;
#pragma omp simd reduction(+ : n_beyond)
    for (size_t i = 0; i < n; i++) {
        n_beyond += !(fabsf(x[i]) <= LIMIT);
        /* Adding 1.5 * 2^23 and taking it off again rounds to an integer. */
        float q = (x[i] * 0.636619772f + 12582912.0f) - 12582912.0f;
        int32_t quarter = (int32_t)q;
        float r = ((x[i] - q * 1.5703125f) - q * 4.837512969970703e-4f) - q * 7.549790126404332e-8f;
        float z = r * r;
        float s = r + r * z * (-1.6666654611e-1f + z * (8.3321608736e-3f + z * -1.9515295891e-4f));
        float c = 1.0f - 0.5f * z +
                  z * z * (4.166664568298827e-2f +
                           z * (-1.388731625493765e-3f + z * 2.443315711809948e-5f));
        float swapped_s = quarter & 1 ? c : s, swapped_c = quarter & 1 ? s : c;
        sine[i] = quarter & 2 ? -swapped_s : swapped_s;
        cosine[i] = (quarter + 1) & 2 ? -swapped_c : swapped_c;
    }
    return n_beyond;
}

static void sincos_part(mj_real *sine, mj_real *cosine, const mj_real *x, size_t n)
{
    if (sincos_block(sine, cosine, x, n) > 0) {
        mj_sincos_reference(sine, cosine, x, n);
    }
}

void mj_sincos(mj_real *sine, mj_real *cosine, const mj_real *x, size_t n)
{
    FOR_BLOCKS(n, at, length, sincos_part(sine + at, cosine + at, x + at, length));
}

#endif
