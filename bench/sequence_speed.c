/* Speed of training a language model of minGRU blocks, against the products that it consists of.
 *
 * A block is norm, causal convolution of 4, [D,3D] product, min_gru, product back; norm, product to
 * 2D, GELU, product back: 8 D^2 MAC a token. A step is forward, backward, clipping and Adam on B 16
 * streams of T 128 tokens, 64 symbols. The share of products counts 6 operations a MAC at the rate
 * that the same products reach alone. Fastest of the repeats: the machine may be shared.
 *
 *     sequence_speed SOURCE_ROOT [THREADS]      one figure a line (bench/run sequences) */
#define _GNU_SOURCE
#include "figure.h"

#include "mj/layer.h"
#include "mj/optimizer.h"
#include "mj/rng.h"

#include <stdlib.h>

enum { B = 16, T = 128, V = 64, CONV = 4, HEAD = 32, REPEATS = 20 };

typedef struct {
    const char *name;
    int D, n_blocks, mlp; /* mlp: width over D */
    bool attention;
} net_shape;

static mj_var weight(mj_tape *tape, int n_out, int n_in)
{
    return mj_tape_param(tape, "w", mj_shape_2(n_out, n_in), 1);
}

static mj_var vector(mj_tape *tape, int n)
{
    return mj_tape_param(tape, "v", mj_shape_1(n), 1);
}

static mj_var mixer(mj_tape *tape, mj_var x, const net_shape *shape)
{
    int D = shape->D;
    mj_var w = weight(tape, 3 * D, D);
    if (shape->attention) {
        return mj_attention(tape, mj_linear(tape, x, w, MJ_NONE),
                            (mj_attention_config){.heads = D / HEAD, .span = T,
                                                  .rotary_base = 10000});
    }
    x = mj_causal_conv(tape, x, weight(tape, CONV, D), MJ_NONE);
    return mj_min_gru(tape, mj_linear(tape, x, w, vector(tape, 3 * D)));
}

static mj_var block(mj_tape *tape, mj_var x, const net_shape *shape)
{
    int D = shape->D;
    mj_var y = mixer(tape, mj_rms_norm(tape, x, vector(tape, D)), shape);
    x = mj_linear_add(tape, y, weight(tape, D, D), x);
    y = mj_rms_norm(tape, x, vector(tape, D));
    y = mj_gelu(tape, mj_linear(tape, y, weight(tape, shape->mlp * D, D), MJ_NONE));
    return mj_linear_add(tape, y, weight(tape, D, shape->mlp * D), x);
}

typedef struct {
    mj_tape *tape;
    mj_var symbols, next, loss;
    mj_adam adam;
    bool carries; /* from step to step; attention sees random pieces of text instead */
} net;

static bool net_init(net *n, const net_shape *shape, mj_arena *arena, mj_err *err)
{
    int D = shape->D;
    n->carries = !shape->attention;
    mj_tape *tape = n->tape = mj_tape_new(arena, err, (mj_tape_config){.seed = 1});
    n->symbols = mj_tape_label_grid(tape, "symbols", B, T);
    n->next = mj_tape_label_grid(tape, "next", B, T);
    mj_var x = mj_gather(tape, weight(tape, V, D), n->symbols);
    for (int i = 0; i < shape->n_blocks; i++) {
        x = block(tape, x, shape);
    }
    x = mj_linear(tape, mj_rms_norm(tape, x, vector(tape, D)), weight(tape, V, D), MJ_NONE);
    n->loss = mj_cross_entropy(tape, x, n->next);
    if (mj_tape_allocate(tape, 0) != MJ_OK) {
        return false;
    }
    mj_tape_slab slab = mj_tape_params_slab(tape);
    mj_rng rng;
    mj_rng_init(&rng, 1, 0);
    for (size_t i = 0; i < slab.n_params; i++) {
        slab.params[i] = (mj_real)(mj_rng_normal(&rng) / sqrt(D));
    }
    for (int i = 0; i < B * T; i++) {
        mj_tape_tensor(tape, n->symbols).label[i] = (int)(mj_rng_u32(&rng) % V);
        mj_tape_tensor(tape, n->next).label[i] = (int)(mj_rng_u32(&rng) % V);
    }
    return mj_adam_init(&n->adam, (mj_adam_config){.lr = 1e-3, .ema = 0.99}, slab.params,
                        slab.n_trained, arena, err) == MJ_OK;
}

static void step(net *n, uint32_t k)
{
    mj_tape_forward(n->tape, k, true);
    mj_tape_grads_clear(n->tape);
    mj_tape_tensor(n->tape, n->loss).d[0] = 1;
    mj_tape_backward(n->tape);
    mj_tape_slab slab = mj_tape_params_slab(n->tape);
    double norm = sqrt(mj_squares_sum(slab.grads, slab.n_trained));
    mj_adam_step(&n->adam, n->tape, 1, norm > 1 ? 1 / norm : 1);
    if (n->carries) {
        mj_tape_state_advance(n->tape);
    }
}

/* Seconds of the three products of a matrix [n_out,n_in] in a step. */
static double products_s(int n_out, int n_in, mj_arena *arena)
{
    enum { R = B * T };
    mj_real *x = mj_arena_array(arena, (size_t)R * (size_t)n_in, sizeof *x);
    mj_real *y = mj_arena_array(arena, (size_t)R * (size_t)n_out, sizeof *y);
    mj_real *w = mj_arena_array(arena, (size_t)n_out * (size_t)n_in, sizeof *w);
    double best = HUGE_VAL;
    for (int k = 0; x && y && w && k < REPEATS; k++) {
        double start = seconds_now();
        mj_gemm(y, x, w, (mj_gemm_shape){.M = R, .N = n_out, .K = n_in, .transpose_b = true});
        mj_gemm(x, y, w, (mj_gemm_shape){.M = R, .N = n_in, .K = n_out, .add = true});
        mj_gemm(w, y, x, (mj_gemm_shape){.M = n_out, .N = n_in, .K = R, .transpose_a = true,
                                         .add = true});
        best = fmin(best, seconds_now() - start);
    }
    return best;
}

static bool measure(const net_shape *shape)
{
    mj_arena arena;
    mj_err err = {0};
    mj_arena_init(&arena, 0);
    net n;
    int D = shape->D, wide = shape->mlp * D;
    bool ok = net_init(&n, shape, &arena, &err);
    double best = HUGE_VAL;
    for (uint32_t k = 0; ok && k < REPEATS; k++) {
        double start = seconds_now();
        step(&n, k);
        best = fmin(best, seconds_now() - start);
    }
    double products = products_s(V, D, &arena);
    products += shape->n_blocks * (products_s(3 * D, D, &arena) + products_s(D, D, &arena) +
                                   products_s(wide, D, &arena) + products_s(D, wide, &arena));
    char name[64];
    snprintf(name, sizeof name, "%s-train", shape->name);
    figure_print(name, B * T / best, "tok/s", (double)NAN, (double)NAN);
    snprintf(name, sizeof name, "%s-products-share", shape->name);
    figure_print(name, products / best, "1", (double)NAN, (double)NAN);
    mj_arena_fini(&arena);
    return ok;
}

int main(int argc, char **argv)
{
    static const net_shape SHAPES[] = {
        {"mingru-2x64", .D = 64, .n_blocks = 2, .mlp = 2},
        {"mingru-2x128", .D = 128, .n_blocks = 2, .mlp = 2},
        {"gpt-4x128", .D = 128, .n_blocks = 4, .mlp = 4, .attention = true},
    };
    mj_threads_set(argc > 2 ? atoi(argv[2]) : 1);
    bool ok = true;
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
        ok = ok && measure(SHAPES + i);
    }
    return ok ? 0 : 4;
}
