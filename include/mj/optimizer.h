/* Optimiser: Adam with decoupled weight decay and an average of the weights, gradient clipping, and
 * schedules of the learning rate.
 *
 * All state is in visible arrays and counters, so that a checkpoint can keep it to the last bit. */
#ifndef MJ_OPTIMIZER_H
#define MJ_OPTIMIZER_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/tape.h"

/* Zero means the default in brackets. */
typedef struct {
    double lr;           /* at schedule 1 and lr_scale 1 */
    double beta1, beta2; /* (0.9, 0.95) */
    double eps;          /* (1e-8) */
    double weight_decay; /* of the weight per unit of learning rate (none) */
    bool decay_matrices; /* of tensors of two dimensions or more only */
    double ema;          /* share of the average that stays, per step (none: average = weight) */
} mj_adam_config;

/* State over a slab of n weights: moments m and v, average, and steps taken. */
typedef struct {
    mj_adam_config config;
    size_t n;
    mj_real *m, *v, *average;
    uint64_t step;
} mj_adam;

/* Arrays are the arena's, zeroed; the average starts as a copy of `weight` [n]. */
mj_status mj_adam_init(mj_adam *adam, mj_adam_config config, const mj_real *weight, size_t n,
                       mj_arena *arena, mj_err *err);
/* One step on the trained part of a tape's parameters, each at lr * schedule * its lr_scale.
 * Gradients are multiplied by grad_scale first (clipping). The average follows with
 * min(ema, (1 + step) / (10 + step)), so that it forgets the start. One pass over all arrays. */
void mj_adam_step(mj_adam *adam, const mj_tape *tape, double schedule, double grad_scale);

/* Clipping of the global norm: at `limit` if that is above 0, else adaptively at 5 times the
 * running mean of the norm, after 20 steps. mean_norm and step are its state. */
typedef struct {
    double limit, mean_norm;
    uint64_t step;
} mj_clip;
/* The factor for gradients of this norm, at most 1; 0 for a norm that is not finite. Advances the
 * state. */
double mj_clip_scale(mj_clip *clip, double norm);

/* Learning rate over a run: up linearly over warmup_steps, flat until the share flat of the run,
 * then down by half a cosine to `floor`. */
typedef struct {
    double warmup_steps, flat, floor;
} mj_schedule;
/* step from 0; progress in [0, 1] of the run. */
double mj_schedule_scale(const mj_schedule *schedule, uint64_t step, double progress);

#endif
