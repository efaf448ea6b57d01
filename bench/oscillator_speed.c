/* Speed of the oscillators against the matrix products they consist of.
 *
 * Training: forward and backward of N 912, B 128, T 6 Euler steps, 12 N^2 B T operations in
 * products. Sampling: T 12, forward only, 4 N^2 B T. Beside each, in turn with it, the
 * bare products of the same shapes: [2B,N] x [N,N]^T and [2B,N] x [N,N] a step, and one
 * [N,2BT] x [2BT,N]. Both get the product's rate by the same count, so the share is how much of the
 * time is spent on anything but products. Fastest of the repeats: the machine may be shared.
 *
 *     oscillator_speed SOURCE_ROOT [THREADS]      one figure a line (bench/run oscillators) */
#define _GNU_SOURCE
#include "figure.h"

#include "mj/arena.h"
#include "mj/kuramoto.h"
#include "mj/rng.h"

#include <stdlib.h>

enum { N = 912, B = 128, T_TRAIN = 6, T_SAMPLE = 12, REPEATS = 25 };

typedef struct {
    mj_real *theta0, *theta, *K, *table[3], *omega, *trace, *scratch, *dtheta;
    mj_real *dK, *dtable[3], *domega, *dtheta0;
    int *label;
    mj_real *a, *b, *c; /* of the bare products: [2BT,N], same, [N,N] or [2B,N] */
} memory;

static mj_real *random_array(mj_arena *arena, size_t n, double scale, mj_rng *rng)
{
    mj_real *x = mj_arena_array(arena, n, sizeof *x);
    for (size_t i = 0; x && i < n; i++) {
        x[i] = (mj_real)(scale * (2 * mj_rng_uniform(rng) - 1));
    }
    return x;
}

static bool allot(memory *m, const mj_kuramoto *net, mj_arena *arena)
{
    mj_rng rng;
    mj_rng_init(&rng, 1, 0);
    const size_t batch = (size_t)B * N, matrix = (size_t)N * N, all = 2 * batch * T_TRAIN;
    *m = (memory){.theta0 = random_array(arena, batch, 3, &rng),
                  .theta = random_array(arena, batch, 0, &rng),
                  .K = random_array(arena, matrix, 0.05, &rng),
                  .omega = random_array(arena, N, 0.1, &rng),
                  .trace = random_array(arena, mj_kuramoto_trace_count(net), 0, &rng),
                  .scratch = random_array(arena, mj_kuramoto_scratch_count(net), 0, &rng),
                  .dtheta = random_array(arena, batch, 1, &rng),
                  .dK = random_array(arena, matrix, 0, &rng),
                  .domega = random_array(arena, N, 0, &rng),
                  .dtheta0 = random_array(arena, batch, 0, &rng),
                  .label = mj_arena_array(arena, B, sizeof *m->label),
                  .a = random_array(arena, all, 1, &rng),
                  .b = random_array(arena, all, 1, &rng),
                  .c = random_array(arena, matrix, 0, &rng)};
    bool ok = m->theta0 && m->theta && m->K && m->omega && m->trace && m->scratch && m->dtheta &&
              m->dK && m->domega && m->dtheta0 && m->label && m->a && m->b && m->c;
    for (int i = 0; i < 3; i++) {
        m->table[i] = random_array(arena, (size_t)net->n_class * N, 0.1, &rng);
        m->dtable[i] = random_array(arena, (size_t)net->n_class * N, 0, &rng);
        ok = ok && m->table[i] && m->dtable[i];
    }
    for (int b = 0; ok && b < B; b++) {
        m->label[b] = b % net->n_class;
    }
    return ok;
}

static double time_net(const memory *m, const mj_kuramoto *net, const mj_kuramoto_run *run,
                       bool train)
{
    const mj_kuramoto_input in = {m->theta0, m->K, m->omega, m->table[0], m->table[1],
                                  m->table[2], m->label};
    const mj_kuramoto_gradient gradient = {m->dtheta0, m->dK, m->domega, m->dtable[0],
                                           m->dtable[1], m->dtable[2]};
    double start = seconds_now();
    mj_kuramoto_forward(m->theta, NULL, train ? m->trace : NULL, m->scratch, net, run, &in);
    if (train) {
        mj_kuramoto_backward(&gradient, m->dtheta, m->trace, m->scratch, net, run, &in);
    }
    return seconds_now() - start;
}

static double time_products(const memory *m, int n_steps, bool train)
{
    double start = seconds_now();
    for (int t = 0; t < n_steps; t++) {
        mj_gemm(m->c, m->a, m->K, (mj_gemm_shape){.M = 2 * B, .N = N, .K = N, .transpose_b = true});
        if (train) {
            mj_gemm(m->c, m->a, m->K, (mj_gemm_shape){.M = 2 * B, .N = N, .K = N});
        }
    }
    if (train) {
        mj_gemm(m->c, m->a, m->b,
                (mj_gemm_shape){.M = N, .N = N, .K = 2 * B * n_steps, .transpose_a = true});
    }
    return seconds_now() - start;
}

static void measure(const memory *m, const mj_kuramoto *net, const char *name, double noise,
                    bool train)
{
    const mj_kuramoto_run run = {.n_steps = train ? T_TRAIN : T_SAMPLE, .span = 3, .noise = noise};
    double flops = (train ? 12.0 : 4.0) * N * N * B * run.n_steps;
    double net_s = HUGE_VAL, products_s = HUGE_VAL;
    for (int i = 0; i < REPEATS; i++) {
        products_s = fmin(products_s, time_products(m, run.n_steps, train));
        net_s = fmin(net_s, time_net(m, net, &run, train));
    }
    char text[64];
    snprintf(text, sizeof text, "oscillator.%s_time", name);
    figure_print(text, net_s, "s", NAN, NAN);
    snprintf(text, sizeof text, "oscillator.%s_rate", name);
    figure_print(text, flops / net_s, "FLOP/s", NAN, NAN);
    snprintf(text, sizeof text, "oscillator.%s_sgemm_rate", name);
    figure_print(text, flops / products_s, "FLOP/s", NAN, NAN);
    snprintf(text, sizeof text, "oscillator.%s_share_of_sgemm", name);
    figure_print(text, products_s / net_s, "1", 0.85, NAN);
}

/* The same net with narrow products, in turn with the full ones. */
static void compare(const memory *m, const mj_kuramoto *net, mj_precision precision, double goal,
                    bool train)
{
    const mj_kuramoto_run run = {.n_steps = train ? T_TRAIN : T_SAMPLE, .span = 3};
    mj_kuramoto narrow = *net;
    double full_s = HUGE_VAL, narrow_s = HUGE_VAL;
    char text[64];
    narrow.precision = precision;
    for (int i = 0; i < REPEATS; i++) {
        full_s = fmin(full_s, time_net(m, net, &run, train));
        narrow_s = fmin(narrow_s, time_net(m, &narrow, &run, train));
    }
    snprintf(text, sizeof text, "oscillator.%s_%s_over_full", train ? "train" : "sample",
             mj_precision_names[precision]);
    figure_print(text, full_s / narrow_s, "1", goal, NAN);
}

int main(int argc, char **argv)
{
    const mj_kuramoto net = {.n = N, .n_batch = B, .n_class = 10, .n_steps_max = T_TRAIN};
    const mj_kuramoto roomy = {.n = N, .n_batch = B, .n_class = 10, .n_steps_max = T_TRAIN,
                               .precision = MJ_PRECISION_BF16}; /* memory for any */
    mj_arena arena;
    memory m;
    mj_arena_init(&arena, 0);
    mj_threads_set(argc > 2 ? atoi(argv[2]) : 1);
    bool ok = allot(&m, &roomy, &arena);
    if (ok) {
        measure(&m, &net, "train", 0, true);
        measure(&m, &net, "train_noisy", 0.1, true);
        measure(&m, &net, "sample", 0, false);
        measure(&m, &net, "sample_noisy", 0.1, false);
        if (mj_kernels_have_bf16()) {
            compare(&m, &net, MJ_PRECISION_BF16, NAN, true);
            compare(&m, &net, MJ_PRECISION_BF16, NAN, false);
        }
        if (mj_kernels_have_int8()) {
            compare(&m, &net, MJ_PRECISION_INT8, 2, false);
        }
    }
    mj_arena_fini(&arena);
    return ok ? 0 : 4;
}
