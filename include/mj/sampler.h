/* Sampler: images from a trained oscillator net, on the chip as it is meant or as chips are. */
#ifndef MJ_SAMPLER_H
#define MJ_SAMPLER_H

#include "mj/recipe.h"

typedef struct mj_sampler mj_sampler;

/* Zero means the default in brackets. */
typedef struct {
    mj_integrator integrator;
    mj_precision precision; /* of sums over couplings */
    int n_batch; /* samples at a time (250) */
    const mj_phase_response *response; /* of the couplings, copied (the recipe's) */
} mj_sampler_config;

/* How to run it, and what is wrong with the chip. */
typedef struct {
    int n_steps;       /* of the integrator; at least 1; rounded up to a multiple of the segments */
    double noise;      /* of phases, rad per square root of model time */
    double readout;    /* read-out at this times the trained span, and so the clock of segments; 1 */
    int start_bits;    /* of random start phases; 0: continuous */
    int coupling_bits; /* 0, or as many as the file's or more: as they are in the file */
    double density;    /* the strongest share of all couplings is kept; 0: those of the file */
    double mismatch;   /* standard deviation of couplings, relative */
    double detuning;   /* standard deviation of frequencies, rad per unit of model time */
    uint64_t chip;     /* which of all chips with this mismatch, whatever the seed */
    uint32_t seed;     /* of start phases and noise */
} mj_sampling;

mj_status mj_sampler_load(mj_sampler **sampler, const char *path, mj_sampler_config config,
                          const mj_units *units, mj_arena *arena, mj_err *err);
/* The recipe that the model was trained with, from the file. */
const mj_recipe *mj_sampler_recipe(const mj_sampler *sampler);
int mj_sampler_classes(const mj_sampler *sampler);
/* Steps that a run takes when asked for n_steps: a multiple of the net's segments. */
int mj_sampler_steps(const mj_sampler *sampler, int n_steps);
/* What sums over couplings are computed in: that of the config, or full. */
mj_precision mj_sampler_precision(const mj_sampler *sampler);
/* N: visible and hidden. */
int mj_sampler_oscillators(const mj_sampler *sampler);
/* What a chip is made from, as it is in the file; borrowed. K [n_segments,n,n],
 * omega [n], tables [n_class,n]. */
typedef struct {
    int n, n_class, n_segments;
    const mj_real *K, *omega, *omega_class, *drive_cos, *drive_sin;
} mj_sampler_params;
void mj_sampler_params_get(mj_sampler_params *params, const mj_sampler *sampler);
/* The most that acts on one oscillator, of all and all classes: couplings into it and the two parts of its
 * injected wave, by magnitude, in rad per unit of model time. */
double mj_sampler_strongest(const mj_sampler *sampler);
/* n images [n, height*width] of classes label [n]; sample i is the same whatever n and the batch. */
mj_status mj_sampler_run(mj_sampler *sampler, mj_real *image, const int *label, int n,
                         const mj_sampling *sampling, mj_err *err);
/* The phases on the way: path [n_steps+1, n_batch, N] at the start and at all step ends, of the first
 * n_batch (config) samples, of classes label [n_batch]. */
mj_status mj_sampler_trace(mj_sampler *sampler, mj_real *path, const int *label,
                           const mj_sampling *sampling, mj_err *err);

#endif
