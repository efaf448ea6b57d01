/* Language models on the tape: blocks, their table, and how their training starts.
 *
 * A block's parameters are declared once and applied as often as it is looped; in an equilibrium the
 * same function applies it on the tape within. Starts are those of a search by hand on the King James
 * Bible: units of all time scales from the first step, a first look of the convolution at the
 * present alone, parts that add up to x scaled down by their number. */
#include "mj/text_net.h"

#include "mj/equilibrium.h"
#include "mj/layer.h"
#include "mj/physics.h"
#include "mj/rng.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TAPS = 4, SPAN = 128, HEAD_COLUMNS = 32, STATES = 16, OWN_MAX = 3, GRADIENT = 2 };
static const double ROTARY_BASE = 10000;
/* Couplings and time steps that learn as fast as all else go into chaos, where gradients explode. */
#define KURAMOTO_RATE 0.1

/* Parameters of a block, those of its mixer alone as OWN. */
enum { NORM_1, CONV, IN, BIAS, OWN, OUT = OWN + OWN_MAX, NORM_2, UP, DOWN, SETTLE, PARAMS_N };
static const char *const param_names[PARAMS_N] = {
    [NORM_1] = "norm1", [CONV] = "conv",   [IN] = "in", [BIAS] = "in.bias", [OUT] = "out",
    [NORM_2] = "norm2", [UP] = "up",       [DOWN] = "down", [SETTLE] = "settle"};

/* What mixes: `in` makes in_columns(net) columns, mix turns them into n_out * width. */
typedef struct {
    const char *name;
    int (*in_columns)(const mj_text_net *net);
    int n_out;
    mj_var (*mix)(mj_tape *tape, mj_var p, const mj_var *own, const mj_text_net *net);
    double (*state_count)(const mj_text_net *net); /* of one block, without the convolution's */
    struct {
        const char *name;
        mj_shape (*shape)(const mj_text_net *net);
    } own[OWN_MAX];
    double own_rate; /* of learning its own parameters, over the others'; 0: 1 */
} block_row;

static int states_of(const mj_text_net *net)
{
    return net->states > 0 ? net->states : STATES;
}

static int span_of(const mj_text_net *net)
{
    return net->span > 0 ? net->span : SPAN;
}

static int heads_of(const mj_text_net *net)
{
    return net->heads > 0              ? net->heads
           : net->width > HEAD_COLUMNS ? net->width / HEAD_COLUMNS
                                       : 1;
}

static int loops_of(const mj_text_net *net)
{
    return net->loops > 0 ? net->loops : 1;
}

static mj_shape width_shape(const mj_text_net *net)
{
    return mj_shape_1(net->width);
}

static int three_widths(const mj_text_net *net)
{
    return 3 * net->width;
}

static int two_widths(const mj_text_net *net)
{
    return 2 * net->width;
}

static double one_state(const mj_text_net *net)
{
    return net->width;
}

static double two_states(const mj_text_net *net)
{
    return 2.0 * net->width;
}

static mj_var mix_mingru(mj_tape *tape, mj_var p, const mj_var *own, const mj_text_net *net)
{
    (void)own, (void)net;
    return mj_min_gru(tape, p);
}

static mj_var mix_gpt(mj_tape *tape, mj_var p, const mj_var *own, const mj_text_net *net)
{
    (void)own;
    return mj_attention(tape, p, (mj_attention_config){.heads = heads_of(net), .kv_heads = net->kv_heads,
                                                       .span = span_of(net),
                                                       .cache_bits = net->cache_bits,
                                                       .rotary_base = ROTARY_BASE});
}

/* Of all keys of a symbol. */
static int key_columns(const mj_text_net *net)
{
    return net->kv_heads > 0 ? net->width / heads_of(net) * net->kv_heads : net->width;
}

static int gpt_columns(const mj_text_net *net)
{
    return net->width + 2 * key_columns(net);
}

static double gpt_states(const mj_text_net *net)
{
    return 2.0 * key_columns(net) * span_of(net);
}

static int mamba_columns(const mj_text_net *net)
{
    return 3 * net->width + 2 * states_of(net);
}

static double mamba_states(const mj_text_net *net)
{
    return (double)net->width * states_of(net);
}

static mj_shape mamba_rates(const mj_text_net *net)
{
    return mj_shape_2(states_of(net), net->width);
}

/* (u, g, dt, B and C) side by side: one product makes all of them. */
static mj_var mix_mamba(mj_tape *tape, mj_var p, const mj_var *own, const mj_text_net *net)
{
    int D = net->width;
    mj_var u = mj_silu(tape, mj_slice(tape, p, 0, D)), g = mj_slice(tape, p, D, D);
    mj_var dt = mj_slice(tape, p, 2 * D, D), bc = mj_slice(tape, p, 3 * D, 2 * states_of(net));
    mj_var y = mj_selective_scan(tape, u, dt, bc, own[0], own[1]);
    return mj_product(tape, y, mj_silu(tape, g));
}

static mj_var mix_oscillator(mj_tape *tape, mj_var p, const mj_var *own, const mj_text_net *net)
{
    (void)net;
    return mj_oscillator_scan(tape, p, own[0]);
}

static mj_shape coupling_shape(const mj_text_net *net)
{
    return mj_shape_2(net->width, net->width);
}

static mj_var mix_kuramoto(mj_tape *tape, mj_var p, const mj_var *own, const mj_text_net *net)
{
    (void)net;
    const mj_kuramoto_cell_inputs in = {.force = p, .W = own[0], .omega = own[1], .log_dt = own[2]};
    return mj_kuramoto_cell(tape, in, (mj_kuramoto_cell_config){0});
}

static const block_row rows[MJ_BLOCK_N] = {
    [MJ_BLOCK_MINGRU] = {"mingru", three_widths, 1, mix_mingru, one_state, {{0}}},
    [MJ_BLOCK_GPT] = {"gpt", gpt_columns, 1, mix_gpt, gpt_states, {{0}}},
    [MJ_BLOCK_MAMBA] = {"mamba", mamba_columns, 1, mix_mamba, mamba_states,
                        {{"rates", mamba_rates}, {"skip", width_shape}}},
    [MJ_BLOCK_OSCILLATOR] = {"oscillator", three_widths, 2, mix_oscillator, two_states,
                             {{"omega", width_shape}}},
    [MJ_BLOCK_KURAMOTO] = {"kuramoto", two_widths, 2, mix_kuramoto, one_state,
                           {{"coupling", coupling_shape}, {"detuning", width_shape},
                            {"log_dt", width_shape}},
                           .own_rate = KURAMOTO_RATE},
};
const char *const mj_text_block_names[] = {"mingru", "gpt", "mamba", "oscillator", "kuramoto", NULL};

/* Shape of a parameter; no dimensions where the net has none of it. */
static mj_shape param_shape(const mj_text_net *net, int which)
{
    const block_row *row = &rows[net->block];
    int D = net->width, hidden = net->mlp * D, columns = row->in_columns(net);
    const mj_shape none = {0};
    switch (which) {
    case NORM_1: return mj_shape_1(D);
    case CONV: return mj_shape_2(TAPS, D);
    case IN: return mj_shape_2(columns, D);
    case BIAS: return mj_shape_1(columns);
    case OUT: return mj_shape_2(D, row->n_out * D);
    case NORM_2: return hidden ? mj_shape_1(D) : none;
    case UP: return hidden ? mj_shape_2(hidden, D) : none;
    case DOWN: return hidden ? mj_shape_2(D, hidden) : none;
    case SETTLE: return net->equilibrium ? mj_shape_1(D) : none;
    default: return row->own[which - OWN].name ? row->own[which - OWN].shape(net) : none;
    }
}

/* Those that can be compressed. */
static const int matrix_params[] = {IN, OUT, UP, DOWN};

static int block_matrices(const mj_text_net *net)
{
    return net->mlp > 0 ? 4 : 2;
}

int mj_text_net_matrices(const mj_text_net *net)
{
    return net->depth * block_matrices(net);
}

mj_status mj_text_net_compress(mj_text_net *net, mj_arena *arena, mj_err *err)
{
    int n = block_matrices(net);
    net->sparse = mj_arena_array(arena, (size_t)mj_text_net_matrices(net), sizeof *net->sparse);
    if (!net->sparse) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for compressed matrices");
    }
    for (int i = 0; i < mj_text_net_matrices(net); i++) {
        mj_text_net_matrix *matrix = net->sparse + i;
        int which = matrix_params[i % n];
        mj_shape shape = param_shape(net, which);
        matrix->sparse = (mj_sparse){.N = shape.dim[0], .K = shape.dim[1], .block = MJ_SPARSE_BLOCK};
        snprintf(matrix->name, sizeof matrix->name, "block%d.%s", i / n, param_names[which]);
    }
    return MJ_OK;
}

const mj_text_net_matrix *mj_text_net_matrix_of(const mj_text_net *net, mj_var value)
{
    for (int i = 0; net->sparse && i < mj_text_net_matrices(net); i++) {
        if (net->sparse[i].value == value) {
            return net->sparse + i;
        }
    }
    return NULL;
}

/* Parameter k of block i as a compressed matrix; NULL if it is none. */
static mj_text_net_matrix *compressed(const mj_text_net *net, int i, int k)
{
    for (int m = 0; net->sparse && m < block_matrices(net); m++) {
        if (matrix_params[m] == k) {
            return net->sparse + i * block_matrices(net) + m;
        }
    }
    return NULL;
}

/* All parameters of block i, MJ_NONE for those that it has not. */
static void declare_block(mj_var param[PARAMS_N], mj_tape *tape, const mj_text_net *net, int i)
{
    for (int k = 0; k < PARAMS_N; k++) {
        bool own = k >= OWN && k < OUT;
        const char *last = own ? rows[net->block].own[k - OWN].name : param_names[k];
        mj_shape shape = param_shape(net, k);
        char name[MJ_TEXT_NAME];
        param[k] = MJ_NONE;
        mj_text_net_matrix *matrix = compressed(net, i, k);
        if (shape.n_dims > 0) {
            shape = matrix ? mj_shape_2(matrix->sparse.n_max, matrix->sparse.block) : shape;
            snprintf(name, sizeof name, "block%d.%s", i, last);
            double rate = own && rows[net->block].own_rate > 0 ? rows[net->block].own_rate : 1;
            param[k] = mj_tape_param(tape, name, shape, rate);
        }
        if (matrix) {
            matrix->value = param[k];
        }
    }
}

/* x w^T + bias as the machine does it. */
static mj_var connect(mj_tape *tape, mj_var x, mj_var w, mj_var bias, const mj_text_net *net)
{
    const mj_analog *analog = net->analog;
    const mj_text_net_matrix *matrix = mj_text_net_matrix_of(net, w);
    if (!analog) {
        return matrix ? mj_sparse_linear(tape, x, w, bias, &matrix->sparse)
                      : mj_linear(tape, x, w, bias);
    }
    mj_var y = mj_linear(tape, mj_analog_activation(tape, x, analog),
                         mj_analog_weight(tape, w, analog), MJ_NONE);
    y = mj_analog_noise(tape, y, analog);
    return bias == MJ_NONE ? y : mj_add(tape, y, bias);
}

static mj_var connect_add(mj_tape *tape, mj_var x, mj_var w, mj_var to, const mj_text_net *net)
{
    const mj_text_net_matrix *matrix = mj_text_net_matrix_of(net, w);
    return net->analog ? mj_add(tape, to, connect(tape, x, w, MJ_NONE, net))
           : matrix    ? mj_sparse_linear_add(tape, x, w, to, &matrix->sparse)
                       : mj_linear_add(tape, x, w, to);
}

static mj_var drop(mj_tape *tape, mj_var x, const mj_text_net *net)
{
    return net->dropout > 0 ? mj_dropout(tape, x, net->dropout) : x;
}

static mj_var apply_block(mj_tape *tape, mj_var x, const mj_var *param, const mj_text_net *net)
{
    mj_var y = mj_causal_conv(tape, mj_rms_norm(tape, x, param[NORM_1]), param[CONV], MJ_NONE);
    y = connect(tape, y, param[IN], param[BIAS], net);
    y = drop(tape, rows[net->block].mix(tape, y, param + OWN, net), net);
    x = connect_add(tape, y, param[OUT], x, net);
    if (net->mlp == 0) {
        return x;
    }
    y = connect(tape, mj_rms_norm(tape, x, param[NORM_2]), param[UP], MJ_NONE, net);
    return connect_add(tape, drop(tape, mj_gelu(tape, y), net), param[DOWN], x, net);
}

/* Blocks over and over; turn t begins with its own vector. */
typedef struct {
    const mj_text_net *net;
    mj_var (*param)[PARAMS_N];
    mj_var turn; /* [loops * width], MJ_NONE for a single one */
} stack;

static mj_var apply_stack(mj_tape *tape, mj_var x, int turn, void *context)
{
    const stack *s = context;
    if (s->turn != MJ_NONE) {
        int D = s->net->width;
        x = mj_add(tape, x, mj_slice(tape, s->turn, turn * D, D));
    }
    for (int i = 0; i < s->net->depth; i++) {
        x = apply_block(tape, x, s->param[i], s->net);
    }
    return x;
}

/* One block in equilibrium: its parameters as the inner tape has them, those it has, in order. */
static mj_var settle_block(mj_tape *inner, mj_var z, mj_var x, const mj_var *given, void *context)
{
    const mj_text_net *net = context;
    mj_var param[PARAMS_N];
    for (int k = 0; k < PARAMS_N; k++) {
        param[k] = param_shape(net, k).n_dims > 0 ? *given++ : MJ_NONE;
    }
    mj_var y = apply_block(inner, z, param, net);
    return mj_rms_norm(inner, mj_add(inner, y, x), param[SETTLE]);
}

static mj_var record_equilibrium(mj_tape *tape, mj_var x, const mj_var *param,
                                 const mj_text_net *net)
{
    mj_var given[PARAMS_N];
    int n = 0, D = net->width;
    for (int k = 0; k < PARAMS_N; k++) {
        if (param[k] != MJ_NONE) {
            given[n++] = param[k];
        }
    }
    mj_var inject = mj_tape_param(tape, "inject", mj_shape_2(D, D), 1);
    int gradient = net->gradient > 0 ? net->gradient : GRADIENT;
    const mj_equilibrium_config config = {
        .n_max = net->equilibrium,
        .n_gradient = net->gradient == MJ_TEXT_IMPLICIT ? 0 : gradient,
        .history = net->history > 0 ? net->history : 1,
        .tolerance = net->tolerance};
    return mj_equilibrium(tape, connect(tape, x, inject, MJ_NONE, net), given, n,
                          settle_block, (void *)net, config, NULL);
}

bool mj_text_net_is_analog(const mj_analog *machine)
{
    return machine->weight_bits || machine->activation_bits || machine->noise > 0 ||
           machine->mismatch > 0 || machine->read_noise > 0;
}

static mj_status check(const mj_text_net *net, mj_err *err)
{
    if (net->memory < 0 || net->memory > MJ_TEXT_MEMORY_MAX || net->width < 1 ||
        net->width > MJ_TEXT_WIDTH_MAX || net->depth < 1 ||
        net->depth > MJ_TEXT_DEPTH_MAX || net->mlp < 0 || net->mlp > MJ_TEXT_MLP_MAX ||
        loops_of(net) > MJ_TEXT_DEPTH_MAX || net->n_symbols < 2 || net->n_symbols > 256) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "a text net of width %d, depth %d, %d loops, mlp %d and %d symbols: width "
                          "goes to %d, depth and loops to %d, mlp to %d, symbols from 2 to 256",
                          net->width, net->depth, loops_of(net), net->mlp, net->n_symbols,
                          MJ_TEXT_WIDTH_MAX, MJ_TEXT_DEPTH_MAX, MJ_TEXT_MLP_MAX);
    }
    if (net->equilibrium && (net->dropout > 0 || net->depth != 1 || loops_of(net) > 1 ||
                             rows[net->block].own[0].name)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "an equilibrium is of one block of mingru or gpt, without loops or dropout");
    }
    if (net->block == MJ_BLOCK_GPT && net->kv_heads > 0 &&
        (net->width % heads_of(net) != 0 || heads_of(net) % net->kv_heads != 0)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "%d heads of keys for %d heads of a width of %d: heads must be a multiple of "
                          "kv_heads, and the width of heads",
                          net->kv_heads, heads_of(net), net->width);
    }
    if (net->sparse && (net->analog || net->equilibrium)) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                          "compressed matrices: not of an analog machine, nor of an equilibrium");
    }
    return net->analog ? mj_analog_check(net->analog, err) : MJ_OK;
}

mj_status mj_text_net_record(mj_text_net_vars *vars, mj_tape *tape, const mj_text_net *net, int B,
                             int T, mj_err *err)
{
    MJ_TRY(check(net, err));
    mj_var param[MJ_TEXT_DEPTH_MAX][PARAMS_N];
    int D = net->width, V = net->n_symbols, loops = loops_of(net);
    vars->symbol = mj_tape_label_grid(tape, "symbol", B, T);
    mj_var x = mj_gather(tape, mj_tape_param(tape, "embedding", mj_shape_2(V, D), 1), vars->symbol);
    mj_var remembered = MJ_NONE;
    vars->memory = MJ_NONE;
    if (net->memory > 0) {
        int M = net->memory;
        vars->memory = mj_tape_input(tape, "memory", mj_shape_3(B, T, M), true);
        bool noisy = net->analog && net->analog->read_noise > 0;
        mj_var sum = noisy ? mj_analog_read(tape, vars->memory, net->analog) : vars->memory;
        remembered = mj_relu(tape, sum);
        x = mj_linear_add(tape, remembered, mj_tape_param(tape, "memory.in", mj_shape_2(D, M), 1), x);
    }
    for (int i = 0; i < net->depth; i++) {
        declare_block(param[i], tape, net, i);
    }
    if (net->equilibrium) {
        x = record_equilibrium(tape, x, param[0], net);
    } else {
        stack s = {.net = net, .param = param, .turn = MJ_NONE};
        if (loops > 1) {
            s.turn = mj_tape_param(tape, "turn", mj_shape_1(loops * D), 1);
        }
        x = mj_loop(tape, x, loops, apply_stack, &s);
    }
    x = mj_rms_norm(tape, x, mj_tape_param(tape, "norm", mj_shape_1(D), 1));
    vars->logits = mj_linear(tape, x, mj_tape_param(tape, "head", mj_shape_2(V, D), 1), MJ_NONE);
    if (net->memory > 0) {
        mj_var head = mj_tape_param(tape, "memory.head", mj_shape_2(V, net->memory), 1);
        vars->logits = mj_linear_add(tape, remembered, head, vars->logits);
    }
    return MJ_OK;
}

/* Starts. */

static void fill_normal(mj_tensor t, double spread, mj_rng *rng)
{
    for (size_t i = 0; i < mj_shape_count(t.shape); i++) {
        t.v[i] = (mj_real)(spread * mj_rng_normal(rng));
    }
}

/* From `first` to `last` in equal steps; shuffled unless rng is NULL. */
static void fill_range(mj_real *x, int n, double first, double last, mj_rng *rng)
{
    for (int i = 0; i < n; i++) {
        x[i] = (mj_real)(first + (last - first) * (n > 1 ? (double)i / (n - 1) : 0));
    }
    for (int i = n - 1; rng && i > 0; i--) {
        int j = (int)(mj_rng_uniform(rng) * (i + 1));
        mj_real swapped = x[i];
        x[i] = x[j];
        x[j] = swapped;
    }
}

static double inputs_of(mj_tensor t)
{
    return mj_shape_columns(t.shape);
}

static void start_ones(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    (void)net, (void)rng;
    mj_fill(t.v, 1, mj_shape_count(t.shape));
}

static void start_unit(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    (void)net;
    fill_normal(t, 1, rng);
}

static void start_turn(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    (void)net;
    fill_normal(t, 0.02, rng);
}

static void start_inputs(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    (void)net;
    fill_normal(t, 1 / sqrt(inputs_of(t)), rng);
}

/* Parts that are added to x, of `layers` blocks in all. */
static void start_part(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    double layers = fmax(net->depth * loops_of(net), 4);
    fill_normal(t, 1 / sqrt(inputs_of(t) * 2 * layers), rng);
}

static void start_head(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    (void)net;
    fill_normal(t, 0.5 / sqrt(inputs_of(t)), rng);
}

static void start_conv(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    (void)rng;
    size_t D = (size_t)net->width;
    mj_fill(t.v, 0, mj_shape_count(t.shape));
    mj_fill(t.v + (TAPS - 1) * D, 1, D);
}

/* Gates from fast to slow; of mamba, steps from 1 to 0.005 after the softplus. */
static void start_bias(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    (void)rng;
    int D = net->width;
    mj_fill(t.v, 0, mj_shape_count(t.shape));
    if (net->block == MJ_BLOCK_MINGRU || net->block == MJ_BLOCK_OSCILLATOR) {
        fill_range(t.v, D, 1, -5, NULL);
    } else if (net->block == MJ_BLOCK_MAMBA) {
        mj_real *dt = t.v + 2 * D;
        fill_range(dt, D, log(1.0), log(0.005), NULL);
        for (int d = 0; d < D; d++) {
            dt[d] = (mj_real)log(expm1(exp((double)dt[d])));
        }
    }
}

/* exp(rate) = 1 .. states in every channel. */
static void start_rates(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    (void)rng;
    for (int n = 0; n < t.shape.dim[0]; n++) {
        mj_fill(t.v + (size_t)n * (size_t)net->width, (mj_real)log(n + 1), (size_t)net->width);
    }
}

/* Periods from 4 symbols to 300. */
static void start_omega(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    fill_range(t.v, net->width, log(0.02), log(1.5), rng);
    for (int d = 0; d < net->width; d++) {
        t.v[d] = mj_real_exp(t.v[d]);
    }
}

/* Well below chaos. */
static void start_coupling(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    (void)net;
    fill_normal(t, 0.3 / sqrt(inputs_of(t)), rng);
}

static void start_detuning(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    (void)net;
    fill_normal(t, 0.1, rng);
}

static void start_log_dt(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    fill_range(t.v, net->width, -3, -0.3, rng);
}

/* A memory's empty rows are all the same, whatever the symbol: the net begins without them. */
static void start_memory(mj_tensor t, const mj_text_net *net, mj_rng *rng)
{
    (void)net, (void)rng;
    mj_fill(t.v, 0, mj_shape_count(t.shape));
}

/* By a name without its block. */
static const struct {
    const char *name;
    void (*start)(mj_tensor t, const mj_text_net *net, mj_rng *rng);
} starts[] = {
    {"embedding", start_unit}, {"turn", start_turn},         {"head", start_head},
    {"norm", start_ones},      {"norm1", start_ones},        {"norm2", start_ones},
    {"settle", start_ones},    {"conv", start_conv},         {"in", start_inputs},
    {"in.bias", start_bias},   {"up", start_inputs},         {"inject", start_inputs},
    {"out", start_part},       {"down", start_part},         {"rates", start_rates},
    {"skip", start_ones},      {"omega", start_omega},       {"coupling", start_coupling},
    {"log_dt", start_log_dt},  {"detuning", start_detuning},
    {"memory.in", start_memory}, {"memory.head", start_inputs},
};

/* Of compressed values, started as rows of one block: a row has the weights that live. */
static void spread_inputs(mj_tensor t, const mj_sparse *sparse)
{
    double inputs = (double)mj_sparse_blocks(sparse) / mj_sparse_bands(sparse);
    mj_real scale = (mj_real)sqrt(sparse->block / inputs);
    for (size_t i = 0; i < mj_shape_count(t.shape); i++) {
        t.v[i] *= scale;
    }
}

static const char *without_block(const char *name)
{
    const char *dot = strncmp(name, "block", 5) == 0 ? strchr(name, '.') : NULL;
    return dot ? dot + 1 : name;
}

void mj_text_net_init(mj_tape *tape, const mj_text_net *net, uint64_t seed)
{
    int n_params;
    const mj_param *param = mj_tape_params(tape, &n_params);
    for (int p = 0; p < n_params; p++) {
        size_t k = 0, n_starts = sizeof starts / sizeof starts[0];
        while (k < n_starts && strcmp(starts[k].name, without_block(param[p].name)) != 0) {
            k++;
        }
        assert(k < n_starts);
        mj_rng rng;
        mj_rng_init(&rng, seed, (uint64_t)p);
        starts[k].start(mj_tape_tensor(tape, param[p].var), net, &rng);
        const mj_text_net_matrix *matrix = mj_text_net_matrix_of(net, param[p].var);
        if (matrix) {
            spread_inputs(mj_tape_tensor(tape, param[p].var), &matrix->sparse);
        }
    }
}

double mj_text_net_reads(const mj_text_net *net, const char *name)
{
    if (strcmp(name, "embedding") == 0) {
        return 1.0 / net->n_symbols;
    }
    double turns = net->equilibrium ? net->equilibrium : loops_of(net);
    return strncmp(name, "block", 5) == 0 ? turns : 1;
}

double mj_text_net_state_B(const mj_text_net *net)
{
    const double number_B = sizeof(float);
    double scale_B = number_B * heads_of(net) / net->width; /* of a head's key or value */
    double cached_B = net->cache_bits > 0 ? net->cache_bits / 8.0 + scale_B : number_B;
    double block_B = rows[net->block].state_count(net) * cached_B + number_B * (TAPS - 1) * net->width;
    return block_B * net->depth * (net->equilibrium ? 1 : loops_of(net));
}
