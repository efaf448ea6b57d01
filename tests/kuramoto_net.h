/* A net of coupled oscillators with random parameters, for tests. */
#ifndef MJ_TEST_KURAMOTO_NET_H
#define MJ_TEST_KURAMOTO_NET_H

#include "mj/arena.h"
#include "mj/coupling.h"
#include "mj/kuramoto.h"
#include "mj/rng.h"

#include <string.h>

enum { ARRAYS = 6, N_CLASS = 3 };
enum { THETA0, COUPLING, OMEGA, OMEGA_CLASS, DRIVE_COS, DRIVE_SIN };
static const char *const ARRAY_NAME[ARRAYS] = {"theta0",      "K",         "omega",
                                               "omega_class", "drive_cos", "drive_sin"};

/* value: parameters as trained, COUPLING before mj_coupling_forward; K, dK after it. */
typedef struct {
    mj_arena arena;
    mj_kuramoto net;
    mj_kuramoto_run run;
    mj_coupling coupling;
    size_t count[ARRAYS], batch;
    mj_real *value[ARRAYS], *grad[ARRAYS];
    mj_real *K, *dK, *theta, *weight, *dtheta, *trace, *scratch, *factor;
    uint8_t *mask;
    int *label;
} test_net;

static inline mj_real *test_array(mj_arena *arena, size_t n)
{
    return mj_arena_array(arena, n, sizeof(mj_real));
}

/* Couplings are of order 1/sqrt(N), so that the sum over them is of order 1. */
static inline void test_net_init(test_net *t, mj_kuramoto net, mj_kuramoto_run run, uint64_t seed)
{
    mj_rng rng;
    mj_rng_init(&rng, seed, 0);
    *t = (test_net){.net = net, .run = run};
    mj_arena_init(&t->arena, 0);
    t->net.n_class = N_CLASS;
    size_t N = (size_t)net.n, P = net.n_segments > 0 ? (size_t)net.n_segments : 1;
    t->batch = N * (size_t)net.n_batch;
    t->coupling = (mj_coupling){.n = net.n, .n_segments = net.n_segments};
    const size_t count[ARRAYS] = {t->batch, P * N * N, N, N_CLASS * N, N_CLASS * N, N_CLASS * N};
    const double scale[ARRAYS] = {3, 1 / sqrt((double)N), 0.5, 0.5, 0.5, 0.5};
    for (int k = 0; k < ARRAYS; k++) {
        t->count[k] = count[k];
        t->value[k] = test_array(&t->arena, count[k]);
        t->grad[k] = test_array(&t->arena, count[k]);
        for (size_t i = 0; i < count[k]; i++) {
            t->value[k][i] = (mj_real)(scale[k] * mj_rng_normal(&rng));
        }
    }
    t->K = test_array(&t->arena, count[COUPLING]);
    t->dK = test_array(&t->arena, count[COUPLING]);
    t->factor = test_array(&t->arena, N * N);
    t->mask = mj_arena_array(&t->arena, N * N, 1);
    t->theta = test_array(&t->arena, t->batch);
    t->dtheta = test_array(&t->arena, t->batch);
    t->weight = test_array(&t->arena, t->batch);
    t->label = mj_arena_array(&t->arena, (size_t)net.n_batch, sizeof *t->label);
    for (size_t i = 0; i < t->batch; i++) {
        t->weight[i] = (mj_real)mj_rng_normal(&rng);
    }
    for (int b = 0; b < net.n_batch; b++) {
        t->label[b] = (int)(mj_rng_u32(&rng) % N_CLASS);
    }
    memset(t->mask, 1, N * N);
    t->trace = test_array(&t->arena, mj_kuramoto_trace_count(&t->net));
    t->scratch = test_array(&t->arena, mj_kuramoto_scratch_count(&t->net));
}

static inline mj_kuramoto_input test_net_input(const test_net *t)
{
    return (mj_kuramoto_input){t->value[THETA0],      t->K,                t->value[OMEGA],
                               t->value[OMEGA_CLASS], t->value[DRIVE_COS], t->value[DRIVE_SIN],
                               t->label};
}

/* Integrates; returns sum weight * theta. */
static inline double test_net_forward(test_net *t, mj_real *trace)
{
    const mj_kuramoto_input in = test_net_input(t);
    double loss = 0;
    mj_coupling_forward(t->K, t->value[COUPLING], &t->coupling);
    mj_kuramoto_forward(t->theta, NULL, trace, t->scratch, &t->net, &t->run, &in);
    for (size_t i = 0; i < t->batch; i++) {
        loss += (double)t->weight[i] * (double)t->theta[i];
    }
    return loss;
}

/* Gradient of what test_net_forward returns, in grad. */
static inline void test_net_backward(test_net *t)
{
    const mj_kuramoto_input in = test_net_input(t);
    const mj_kuramoto_gradient gradient = {t->grad[THETA0],      t->dK,
                                           t->grad[OMEGA],       t->grad[OMEGA_CLASS],
                                           t->grad[DRIVE_COS],   t->grad[DRIVE_SIN]};
    for (int k = 0; k < ARRAYS; k++) {
        memset(t->grad[k], 0, t->count[k] * sizeof(mj_real));
    }
    memset(t->dK, 0, t->count[COUPLING] * sizeof(mj_real));
    test_net_forward(t, t->trace);
    mj_kuramoto_backward(&gradient, t->weight, t->trace, t->scratch, &t->net, &t->run, &in);
    mj_coupling_backward(t->grad[COUPLING], t->dK, &t->coupling);
}

#endif
