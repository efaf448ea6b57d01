/* Adam with decoupled weight decay [kingma2015] [loshchilov2019], fused with the average of the
 * weights.
 *
 *   m = b1 m + (1 - b1) g       v = b2 v + (1 - b2) g^2
 *   w = w (1 - lr decay) - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
 *   average += (1 - e) (w - average)
 *
 * Everything about one weight is read and written once a step: the arrays do not fit in a cache, so
 * that a second pass would cost as much as the first. */
#include "mj/optimizer.h"

#include <math.h>

enum { CLIP_FREE_STEPS = 20 };

/* Norms above this many running means are outliers; the mean moves by MEAN_STEP. */
static const double CLIP_MEANS = 5, MEAN_STEP = 0.05;

static double or_default(double value, double otherwise)
{
    return value != 0 ? value : otherwise;
}

mj_status mj_adam_init(mj_adam *adam, mj_adam_config config, const mj_real *weight, size_t n,
                       mj_arena *arena, mj_err *err)
{
    config.beta1 = or_default(config.beta1, 0.9);
    config.beta2 = or_default(config.beta2, 0.95);
    config.eps = or_default(config.eps, 1e-8);
    *adam = (mj_adam){.config = config, .n = n};
    adam->m = mj_arena_array(arena, n, sizeof *adam->m);
    adam->v = mj_arena_array(arena, n, sizeof *adam->v);
    adam->average = mj_arena_array(arena, n, sizeof *adam->average);
    if (!adam->m || !adam->v || !adam->average) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0,
                          "no memory for the optimiser of %zu weights", n);
    }
    mj_copy(adam->average, weight, n);
    return MJ_OK;
}

void mj_adam_step(mj_adam *adam, const mj_tape *tape, double schedule, double grad_scale)
{
    const mj_adam_config *c = &adam->config;
    mj_tape_slab slab = mj_tape_params_slab(tape);
    double t = (double)++adam->step, ema = (1 + t) / (10 + t);
    double correct1 = 1 / (1 - pow(c->beta1, t)), correct2 = 1 / (1 - pow(c->beta2, t));
    int n_params;
    const mj_param *param = mj_tape_params(tape, &n_params);
    for (int i = 0; i < n_params && param[i].offset < slab.n_trained; i++) {
        double lr = c->lr * schedule * param[i].lr_scale;
        size_t at = param[i].offset;
        bool is_vector = mj_tape_tensor(tape, param[i].var).shape.n_dims < 2;
        double decay = is_vector && c->decay_matrices ? 0 : lr * c->weight_decay;
        mj_adam_update(slab.params + at, adam->m + at, adam->v + at, adam->average + at,
                       slab.grads + at, param[i].n,
                       (mj_adam_rates){
                           .beta1 = (mj_real)c->beta1, .beta2 = (mj_real)c->beta2,
                           .step = (mj_real)(lr * correct1), .correct2 = (mj_real)correct2,
                           .eps = (mj_real)c->eps, .keep = (mj_real)(1 - decay),
                           .average_step = (mj_real)(1 - (c->ema < ema ? c->ema : ema)),
                           .grad_scale = (mj_real)grad_scale});
    }
}

double mj_clip_scale(mj_clip *clip, double norm)
{
    if (!isfinite(norm)) {
        return 0;
    }
    double limit = clip->limit;
    if (limit <= 0) {
        limit = clip->step < CLIP_FREE_STEPS ? HUGE_VAL : CLIP_MEANS * clip->mean_norm;
        double capped = fmin(norm, clip->step ? CLIP_MEANS * clip->mean_norm : norm);
        clip->mean_norm += (clip->step ? MEAN_STEP : 1) * (capped - clip->mean_norm);
    }
    clip->step++;
    return norm > limit ? limit / norm : 1;
}

double mj_schedule_scale(const mj_schedule *schedule, uint64_t step, double progress)
{
    const double pi = 3.14159265358979323846;
    double warmup = fmax(schedule->warmup_steps, 1);
    double up = fmin(1, (double)(step + 1) / warmup);
    if (progress <= schedule->flat) {
        return up;
    }
    double x = fmin(1, (progress - schedule->flat) / (1 - schedule->flat));
    return up * (schedule->floor + (1 - schedule->floor) * 0.5 * (1 + cos(pi * x)));
}
