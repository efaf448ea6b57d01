/* Inception v3 as the Frechet Inception distance has it [szegedy2016] [heusel2017]: 2048 features of an
 * image, from the weights of 2015 that the user has.
 *
 * Weights are a safetensors file of float tensors named as in the public PyTorch ports, for each of
 * 94 convolutions X: X.conv.weight [N,C,rows,columns] and X.bn.weight, .bias, .running_mean,
 * .running_var [N]; X is Conv2d_1a_3x3, .., Mixed_7c.branch_pool. Other tensors are passed over, but a
 * classifier "fc" for another number of classes than 1008 is of other weights and refused.
 *
 * Images are taken as if they had been saved in 8 bits, repeated to three colours, resized to
 * 299 x 299 (bilinear, pixel centres at halves, no smoothing) and scaled to [-1, 1]. */
#ifndef MJ_INCEPTION_H
#define MJ_INCEPTION_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/real.h"

enum { MJ_INCEPTION_SIDE = 299, MJ_INCEPTION_BATCH = 8 };

typedef struct mj_inception mj_inception;

/* Missing tensors, other shapes, integers, what is not finite: an error that names the tensor. divisor:
 * 1, or 16 for a network of a sixteenth of all widths, which tests can afford. */
mj_status mj_inception_load(mj_inception **net, const char *path, int divisor, mj_arena *arena,
                            mj_err *err);
/* 2048 / divisor. */
int mj_inception_features(const mj_inception *net);
/* Convolutions' MAC of one image: 5.7e9 with divisor 1. */
double mj_inception_macs(const mj_inception *net);
/* feature [n, features] of n <= MJ_INCEPTION_BATCH grey images [n,height,width] in [0, 1]. */
void mj_inception_run(mj_real *feature, mj_inception *net, const mj_real *image, int n, int height,
                      int width);

#endif
