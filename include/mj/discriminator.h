/* Discriminator: a network that learns to tell real images from generated ones, and what a generator
 * learns from it.
 *
 * D(x, y) is one number: the output y of a classifier of patches (classifier.h), one output a class
 * [mescheder2018]. For n pairs of a real and a generated image of the same class, with
 * softplus(t) = log(1 + exp(t)) [jolicoeur2018]:
 *
 *   L_generator     = mean softplus(D(real) - D(generated))
 *   L_discriminator = mean softplus(D(generated) - D(real))
 *                     + penalty/2 (mean |grad D(real)|^2 + mean |grad D(generated)|^2)
 *
 * grad is by the image. Without the penalty the two chase each other; with it on both kinds of images
 * they converge from nearby [mescheder2018, huang2025].
 *
 * The gradient of the penalty by D's parameters has second derivatives of D, which a tape has not. It is
 * taken by a central difference of first ones, as a product of a Hessian and a vector can be
 * [pearlmutter1994]: with v = grad D(x) and u = v/|v| held fixed, for each image
 *
 *   d/dparameters 1/2 |grad D(x)|^2 = |v| d/dparameters (D(x + h u) - D(x - h u)) / (2 h) + O(h^2)
 *
 * An image costs three passes forward and four back. */
#ifndef MJ_DISCRIMINATOR_H
#define MJ_DISCRIMINATOR_H

#include "mj/classifier.h"

typedef struct {
    int n_pairs, n_class; /* of a step; of the data */
    double penalty;       /* 0: none */
} mj_discriminator_config;

typedef struct {
    mj_discriminator_config config;
    mj_tape *tape;
    mj_var pixel, logits; /* real images first, then generated ones */
    mj_real *image;       /* [2 n_pairs, 784] */
    mj_real *slope;       /* [2 n_pairs, 784]: v, then u */
    mj_real *steepness;   /* [2 n_pairs]: |v| */
    mj_real *sum;         /* gradients of the parameters so far */
} mj_discriminator;

/* Its parameters' names begin with this. */
#define MJ_DISCRIMINATOR_PREFIX "discriminator/"

/* With fresh parameters, drawn from seed. Images have 28 x 28 pixels. */
mj_status mj_discriminator_init(mj_discriminator *discriminator, mj_discriminator_config config,
                                uint64_t seed, size_t limit_B, mj_arena *arena, mj_err *err);
/* Adds dL_generator/dgenerated to dgenerated [n_pairs, 784], leaves dL_discriminator/dparameters in the
 * tape's gradients and returns L_generator. generated, real [n_pairs, 784]; label [n_pairs], of both
 * images of a pair. */
double mj_discriminator_gradient(mj_real *dgenerated, mj_discriminator *discriminator,
                                 const mj_real *generated, const mj_real *real, const int *label);

#endif
