/* Element-wise parts of the oscillators' step.
 *
 * With P_h = sum_j K_ij S_h,j and Q_h = sum_j K_ij C_h,j the sum over the couplings is
 *
 *   sum_j K_ij H(theta_j - theta_i) = sum_h C_h X_h + S_h Y_h
 *   X_h = a_h P_h + b_h Q_h,   Y_h = b_h P_h - a_h Q_h
 *
 * and the injected wave joins it as X_1 += A, Y_1 -= B. So
 *
 *   rate  = omega + omega_y + sum_h C_h X_h + S_h Y_h
 *   slope = d rate_i / d theta_i = sum_h h (C_h Y_h - S_h X_h)
 *
 * and, going back with r = dL/drate:
 *
 *   dL/dP_h = r (a_h C_h + b_h S_h),   dL/dQ_h = r (b_h C_h - a_h S_h)
 *   dL/dtheta = r slope + sum_h h (C_h U_h - S_h V_h),   [U V] = K^T [dL/dP dL/dQ]
 *
 * Higher harmonics come from the first by the addition theorem, two products each. The first
 * harmonic stands in loops of its own: it is all of the work when H is a sine. */
#include "phase_rows.h"

#include "mj/kernels.h"

void mj_wave_row(mj_real *wave, const mj_real *theta, size_t stride, int n_harmonics, int n)
{
    mj_sincos(wave, wave + stride, theta, (size_t)n);
    const mj_real *S1 = wave, *C1 = wave + stride;
    for (int h = 1; h < n_harmonics; h++) {
        const mj_real *S = wave + 2 * (size_t)(h - 1) * stride, *C = S + stride;
        mj_real *next_S = wave + 2 * (size_t)h * stride, *next_C = next_S + stride;
        for (int i = 0; i < n; i++) {
            next_S[i] = S[i] * C1[i] + C[i] * S1[i];
            next_C[i] = C[i] * C1[i] - S[i] * S1[i];
        }
    }
}

MJ_CLONES static void rate_first(mj_real *restrict rate, mj_real *restrict slope,
                                 const mj_real *restrict S, const mj_real *restrict C,
                                 const mj_real *restrict P, const mj_real *restrict Q, mj_real a,
                                 mj_real b, const mj_drive_row *drive, int n)
{
    const mj_real *restrict omega = drive->omega, *restrict omega_class = drive->omega_class;
    const mj_real *restrict A = drive->drive_cos, *restrict B = drive->drive_sin;
#pragma omp simd
    for (int i = 0; i < n; i++) {
        mj_real X = a * P[i] + b * Q[i] + A[i], Y = b * P[i] - a * Q[i] - B[i];
        rate[i] = omega[i] + omega_class[i] + C[i] * X + S[i] * Y;
        slope[i] = C[i] * Y - S[i] * X;
    }
}

MJ_CLONES static void rate_higher(mj_real *restrict rate, mj_real *restrict slope,
                                  const mj_real *restrict S, const mj_real *restrict C,
                                  const mj_real *restrict P, const mj_real *restrict Q, mj_real a,
                                  mj_real b, mj_real h, int n)
{
#pragma omp simd
    for (int i = 0; i < n; i++) {
        mj_real X = a * P[i] + b * Q[i], Y = b * P[i] - a * Q[i];
        rate[i] += C[i] * X + S[i] * Y;
        slope[i] += h * (C[i] * Y - S[i] * X);
    }
}

void mj_rate_row(mj_real *rate, mj_real *slope, const mj_real *wave, const mj_real *product,
                 size_t stride, const mj_phase_response *response, const mj_drive_row *drive,
                 int n)
{
    rate_first(rate, slope, wave, wave + stride, product, product + stride,
               (mj_real)response->sin[0], (mj_real)response->cos[0], drive, n);
    for (int h = 1; h < response->n_harmonics; h++) {
        const mj_real *S = wave + 2 * (size_t)h * stride, *P = product + 2 * (size_t)h * stride;
        rate_higher(rate, slope, S, S + stride, P, P + stride, (mj_real)response->sin[h],
                    (mj_real)response->cos[h], (mj_real)(h + 1), n);
    }
}

MJ_CLONES static void bar_first(mj_real *restrict dP, mj_real *restrict dQ,
                                const mj_drive_sum *sum, const mj_real *restrict r,
                                const mj_real *restrict S, const mj_real *restrict C, mj_real a,
                                mj_real b, int n)
{
    mj_real *restrict omega = sum->omega, *restrict A = sum->drive_cos;
    mj_real *restrict B = sum->drive_sin;
#pragma omp simd
    for (int i = 0; i < n; i++) {
        mj_real rC = r[i] * C[i], rS = r[i] * S[i];
        dP[i] = a * rC + b * rS;
        dQ[i] = b * rC - a * rS;
        omega[i] += r[i];
        A[i] += rC;
        B[i] -= rS;
    }
}

void mj_bar_row(mj_real *bar, const mj_drive_sum *sum, const mj_real *drate, const mj_real *wave,
                size_t stride, const mj_phase_response *response, int n)
{
    bar_first(bar, bar + stride, sum, drate, wave, wave + stride, (mj_real)response->sin[0],
              (mj_real)response->cos[0], n);
    for (int h = 1; h < response->n_harmonics; h++) {
        const mj_real *S = wave + 2 * (size_t)h * stride, *C = S + stride;
        mj_real *dP = bar + 2 * (size_t)h * stride, *dQ = dP + stride;
        mj_real a = (mj_real)response->sin[h], b = (mj_real)response->cos[h];
        for (int i = 0; i < n; i++) {
            dP[i] = drate[i] * (a * C[i] + b * S[i]);
            dQ[i] = drate[i] * (b * C[i] - a * S[i]);
        }
    }
}

MJ_CLONES static void pull_first(mj_real *restrict dtheta, const mj_real *restrict r,
                                 const mj_real *restrict slope, const mj_real *restrict S,
                                 const mj_real *restrict C, const mj_real *restrict U,
                                 const mj_real *restrict V, int n)
{
#pragma omp simd
    for (int i = 0; i < n; i++) {
        dtheta[i] = r[i] * slope[i] + C[i] * U[i] - S[i] * V[i];
    }
}

void mj_pull_row(mj_real *dtheta, const mj_real *drate, const mj_real *slope, const mj_real *wave,
                 const mj_real *product, size_t stride, int n_harmonics, int n)
{
    pull_first(dtheta, drate, slope, wave, wave + stride, product, product + stride, n);
    for (int h = 1; h < n_harmonics; h++) {
        const mj_real *S = wave + 2 * (size_t)h * stride, *C = S + stride;
        const mj_real *U = product + 2 * (size_t)h * stride, *V = U + stride;
        for (int i = 0; i < n; i++) {
            dtheta[i] += (mj_real)(h + 1) * (C[i] * U[i] - S[i] * V[i]);
        }
    }
}

MJ_CLONES static void axpy(mj_real *y, const mj_real *x, mj_real scale, const mj_real *k, int n)
{
#pragma omp simd
    for (int i = 0; i < n; i++) {
        y[i] = x[i] + scale * k[i];
    }
}

void mj_axpy_row(mj_real *y, const mj_real *x, double scale, const mj_real *k, int n)
{
    axpy(y, x, (mj_real)scale, k, n);
}
