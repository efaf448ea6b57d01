/* Kernels of soft look-up tables (lut_kernels.c): signals in rows, samples in columns, so that vectors run
 * over samples whatever the wiring.
 *
 *   y[n,b] = sum over i of p[n,i] prod over j of (x_j if bit j of i else 1 - x_j),  x_j = x[wire[n,j],b]
 *
 * which at bits is the table's entry i = sum x_j << j. Inputs S rows of B samples, N tables of k inputs. */
#ifndef MJ_LUT_KERNELS_H
#define MJ_LUT_KERNELS_H

#include "mj/real.h"

#include <stddef.h>

enum { MJ_LUT_KERNEL_INPUTS = 6 };

typedef struct {
    int N, k, B;
} mj_lut_shape;

/* y [N,B], x [S,B], p [N,2^k], wire [N,k] below S. N*(2^k - 1)*B MAC. */
void mj_lut_forward(mj_real *y, const mj_real *x, const mj_real *p, const int *wire, mj_lut_shape s);
/* Reals of scratch that backward needs. */
size_t mj_lut_backward_tmp(mj_lut_shape s);
/* Adds into dx [S,B] and dp [N,2^k]; either may be NULL. */
void mj_lut_backward(mj_real *dx, mj_real *dp, mj_real *tmp, const mj_real *dy, const mj_real *x,
                     const mj_real *p, const int *wire, mj_lut_shape s);
/* The definition of the forward one: the sum above. */
void mj_lut_forward_reference(mj_real *y, const mj_real *x, const mj_real *p, const int *wire,
                              mj_lut_shape s);

#endif
