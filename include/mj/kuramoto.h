/* Coupled phase oscillators as one differentiable operation.
 *
 *   dtheta_i/dt = omega_i + omega_y,i + sum_j K_ij H(theta_j - theta_i)
 *                 + A_y,i cos theta_i - B_y,i sin theta_i + noise      [kuramoto1975, acebron2005]
 *   H(d) = sum_h a_h sin(h d) + b_h cos(h d)       h = 1..n_harmonics
 *
 * y is the class of a sample; A and B are the in-phase and quadrature part of an injected wave. K
 * is directed: K_ij acts on i. The gradient is exact for the discrete scheme (discretise, then
 * optimise).
 *
 * Arrays are row-major: phases [B,N] (a sample after the other), couplings [P,N,N] (P time
 * segments), tables of a class [n_class,N]. Phases in rad, rates in rad per unit of model time. All
 * memory is the caller's: ask mj_kuramoto_scratch_count and mj_kuramoto_trace_count once, for
 * n_steps_max. Results depend on neither the number of threads nor the order in which they run. */
#ifndef MJ_KURAMOTO_H
#define MJ_KURAMOTO_H

#include <stddef.h>
#include <stdint.h>

#include "mj/err.h"
#include "mj/kernels.h"
#include "mj/real.h"

/* Explicit Runge-Kutta schemes of order 1, 2 and 4. */
typedef enum { MJ_EULER, MJ_HEUN, MJ_RK4, MJ_INTEGRATOR_N } mj_integrator;

/* "euler", "heun", "rk4", NULL. */
extern const char *const mj_integrator_names[];
/* Evaluations of the rate in one step: 1, 2, 4. */
int mj_integrator_stages(mj_integrator integrator);

/* Numbers in which the sums over couplings are multiplied; all else is mj_real. bf16 keeps 8 bits of
 * sines, couplings and their gradients, int8 7 bits of sines and couplings: for runs without a
 * gradient. Fast where mj_kernels_have_bf16() and _int8() say so. */
typedef enum { MJ_PRECISION_FULL, MJ_PRECISION_BF16, MJ_PRECISION_INT8 } mj_precision;
/* "full", "bf16", "int8", NULL. */
extern const char *const mj_precision_names[];
/* What is wanted, or full where the processor has no such products. */
mj_precision mj_precision_here(mj_precision wanted);

enum { MJ_HARMONICS_MAX = 4 };

/* H; {0} means sin d. */
typedef struct {
    int n_harmonics;
    double sin[MJ_HARMONICS_MAX], cos[MJ_HARMONICS_MAX]; /* a_1.., b_1.. */
} mj_phase_response;

/* Fixed when memory is allotted. */
typedef struct {
    int n;           /* N, oscillators */
    int n_batch;     /* B, samples */
    int n_class;     /* 0: no tables of classes */
    int n_segments;  /* P, equal parts of the span, each with its own K; 0 means 1 */
    int n_steps_max; /* steps of the longest run that will be traced */
    mj_integrator integrator;
    mj_phase_response response;
    mj_precision precision; /* int8: no trace */
} mj_kuramoto;

/* May differ from run to run. Segment of step t: floor(t P / n_steps). */
typedef struct {
    int n_steps;
    double span;           /* model time from start to read-out */
    double noise;          /* sigma: standard deviation of a phase after one unit of time, rad */
    mj_noise_key key;      /* of the noise */
    uint64_t first_sample; /* number of the batch's first sample: whatever the batch, sample s has
                            * the same noise; below 2^32 */
} mj_kuramoto_run;

/* Pointers that may be NULL: omega_class, drive_sin with drive_cos; label where none is given. */
typedef struct {
    const mj_real *theta0;      /* [B,N] */
    const mj_real *K;           /* [P,N,N], as mj_coupling_forward makes it */
    const mj_real *omega;       /* [N] */
    const mj_real *omega_class; /* [n_class,N] */
    const mj_real *drive_cos;   /* A [n_class,N]: adds A cos theta */
    const mj_real *drive_sin;   /* B [n_class,N]: adds -B sin theta */
    const int *label;           /* [B] in [0, n_class) */
} mj_kuramoto_input;

/* Same shapes; NULL where the input is NULL or no gradient is wanted. */
typedef struct {
    mj_real *theta0, *K, *omega, *omega_class, *drive_cos, *drive_sin;
} mj_kuramoto_gradient;

/* Refuses a shape that is not positive, too many harmonics, an unknown integrator. */
mj_status mj_kuramoto_check(const mj_kuramoto *net, mj_err *err);

/* One normal number for each oscillator of a sample at the end of a step: what a run adds, times
 * noise * sqrt(span / n_steps). normal [N]. */
void mj_kuramoto_noise(mj_real *normal, uint64_t sample, int step, int n, mj_noise_key key);

/* Numbers (mj_real) to allot; SIZE_MAX if that is not representable in bytes. Scratch serves
 * forward and backward and may be shared by nets; the trace must live from forward to backward. */
size_t mj_kuramoto_scratch_count(const mj_kuramoto *net);
size_t mj_kuramoto_trace_count(const mj_kuramoto *net);

/* Integrates to theta [B,N] (may be theta0 itself when trace is NULL). trace NULL: nothing is kept
 * for a backward pass. path NULL, or [n_steps+1,B,N]: the phases at all step ends. With a trace,
 * n_steps must not exceed n_steps_max. Cost: stages * n_steps * (2 h B N^2 MAC + B N sincos), h
 * harmonics. */
void mj_kuramoto_forward(mj_real *theta, mj_real *path, mj_real *trace, mj_real *scratch,
                         const mj_kuramoto *net, const mj_kuramoto_run *run,
                         const mj_kuramoto_input *in);

/* Adds into the arrays of `gradient`; theta0's gradient is written, not added, and may be dtheta.
 * dtheta [B,N] is the gradient at the end of the run whose trace this is. Uses (and changes) trace.
 * */
void mj_kuramoto_backward(const mj_kuramoto_gradient *gradient, const mj_real *dtheta,
                          mj_real *trace, mj_real *scratch, const mj_kuramoto *net,
                          const mj_kuramoto_run *run, const mj_kuramoto_input *in);

/* MAC of one forward pass over the batch, as the op counter states them. */
double mj_kuramoto_macs(const mj_kuramoto *net, int n_steps);

#endif
