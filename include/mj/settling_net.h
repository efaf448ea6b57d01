/* Settling net: a small network whose answer is a state of rest [bai2019], as plain numbers.
 *
 *   tau dv/dt = -v + W tanh(v) + U x + b          v [N]: neurons, x [K]: inputs
 *   scores    =  V tanh(v*) + c                   v* where dv/dt = 0
 *
 * While every row of W has a sum of magnitudes below 1 the right side contracts: there is one state of
 * rest for every input, every start leads there, and iteration by a computer and settling by a circuit
 * find the same. Trained by equilibrium_net.h on a tape; here is the definition in plain C, in double,
 * for circuits and for tests. It knows nothing of files. */
#ifndef MJ_SETTLING_NET_H
#define MJ_SETTLING_NET_H

#include "mj/arena.h"
#include "mj/err.h"

#include <math.h>
#include <string.h>

enum { MJ_SETTLING_NEURONS_MAX = 256, MJ_SETTLING_INPUTS_MAX = 1024, MJ_SETTLING_CLASSES_MAX = 256 };

typedef struct {
    int N, K, M;              /* neurons, inputs, classes */
    double *W, *U, *b, *V, *c; /* [N,N], [N,K], [N], [M,N], [M] */
} mj_settling_net;

static inline mj_status mj_settling_net_new(mj_settling_net *net, int N, int K, int M, mj_arena *arena,
                                            mj_err *err)
{
    size_t n = (size_t)N;
    *net = (mj_settling_net){.N = N, .K = K, .M = M,
                             .W = mj_arena_array(arena, n * n, sizeof(double)),
                             .U = mj_arena_array(arena, n * (size_t)K, sizeof(double)),
                             .b = mj_arena_array(arena, n, sizeof(double)),
                             .V = mj_arena_array(arena, (size_t)M * n, sizeof(double)),
                             .c = mj_arena_array(arena, (size_t)M, sizeof(double))};
    return net->W && net->U && net->b && net->V && net->c
               ? MJ_OK
               : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a net of %d neurons", N);
}

static inline int mj_settling_parameters(const mj_settling_net *net)
{
    return net->N * (net->N + net->K + 1) + net->M * (net->N + 1);
}

/* The largest sum of magnitudes of a row of W: how much of a difference an iteration leaves at most. */
static inline double mj_settling_contraction(const mj_settling_net *net)
{
    double most = 0;
    for (int i = 0; i < net->N; i++) {
        double sum = 0;
        for (int j = 0; j < net->N; j++) {
            sum += fabs(net->W[i * net->N + j]);
        }
        most = sum > most ? sum : most;
    }
    return most;
}

/* v [N] from v = 0, until the largest change is at most `tolerance`. Returns the iterations; 0 if
 * n_max of them were not enough. */
static inline int mj_settle(double *v, const mj_settling_net *net, const double *x, double tolerance,
                            int n_max)
{
    double drive[MJ_SETTLING_NEURONS_MAX], t[MJ_SETTLING_NEURONS_MAX];
    for (int i = 0; i < net->N; i++) {
        drive[i] = net->b[i];
        for (int k = 0; k < net->K; k++) {
            drive[i] += net->U[i * net->K + k] * x[k];
        }
        v[i] = 0;
    }
    for (int n = 1; n <= n_max; n++) {
        double change = 0;
        for (int j = 0; j < net->N; j++) {
            t[j] = tanh(v[j]);
        }
        for (int i = 0; i < net->N; i++) {
            double next = drive[i];
            for (int j = 0; j < net->N; j++) {
                next += net->W[i * net->N + j] * t[j];
            }
            change = fmax(change, fabs(next - v[i]));
            v[i] = next;
        }
        if (change <= tolerance) {
            return n;
        }
    }
    return 0;
}

static inline void mj_settling_scores(double *score, const mj_settling_net *net, const double *v)
{
    for (int m = 0; m < net->M; m++) {
        score[m] = net->c[m];
        for (int j = 0; j < net->N; j++) {
            score[m] += net->V[m * net->N + j] * tanh(v[j]);
        }
    }
}

static inline int mj_settling_best(const double *score, int M)
{
    int best = 0;
    for (int m = 1; m < M; m++) {
        best = score[m] > score[best] ? m : best;
    }
    return best;
}

/* -log softmax(score)[label], nats. */
static inline double mj_settling_loss(const double *score, int M, int label)
{
    double top = score[mj_settling_best(score, M)], sum = 0;
    for (int m = 0; m < M; m++) {
        sum += exp(score[m] - top);
    }
    return log(sum) + top - score[label];
}

/* dL/dW [N,N] of the loss at the state of rest v, without a look at the way there: dL/dW = u tanh(v)^T
 * with u = q + T' W^T u, T' = 1 - tanh(v)^2, q = T' V^T (softmax - one-hot). `dV` [M,N] may be NULL. */
static inline void mj_settling_gradient(double *dW, double *dV, const mj_settling_net *net,
                                        const double *v, int label)
{
    enum { N_MAX = 2000 };
    double score[MJ_SETTLING_CLASSES_MAX], q[MJ_SETTLING_NEURONS_MAX], u[MJ_SETTLING_NEURONS_MAX],
        next[MJ_SETTLING_NEURONS_MAX];
    int N = net->N;
    mj_settling_scores(score, net, v);
    double loss = mj_settling_loss(score, net->M, label), at = score[label];
    for (int m = 0; m < net->M; m++) {
        score[m] = exp(score[m] - at - loss) - (m == label); /* the softmax, less one-hot */
    }
    for (int j = 0; j < N; j++) {
        double t = tanh(v[j]), sum = 0;
        for (int m = 0; m < net->M; m++) {
            sum += net->V[m * N + j] * score[m];
            if (dV) {
                dV[m * N + j] = score[m] * t;
            }
        }
        q[j] = u[j] = (1 - t * t) * sum;
    }
    for (int n = 0; n < N_MAX; n++) {
        for (int j = 0; j < N; j++) {
            double t = tanh(v[j]), sum = 0;
            for (int i = 0; i < N; i++) {
                sum += net->W[i * N + j] * u[i];
            }
            next[j] = q[j] + (1 - t * t) * sum;
        }
        if (memcmp(next, u, (size_t)N * sizeof *u) == 0) {
            break;
        }
        memcpy(u, next, (size_t)N * sizeof *u);
    }
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            dW[i * N + j] = u[i] * tanh(v[j]);
        }
    }
}

#endif
