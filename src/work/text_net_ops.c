/* Op list of text nets (text_net.h), alone or beside a look-up memory.
 *
 * A symbol is one row of the embedding, `turns` applications of `depth` blocks, and a head. Turns are
 * `loops`, or of an equilibrium the most applications that it may take. With D the width, V the
 * symbols, P the columns in front of the mixer, o D those behind it, H = mlp D, a block has
 *
 *   norm, conv4     D (norm), 4 x D                 2 D + 4 D products
 *   in, out         P x D + P (bias), D x o D       P D + o D D
 *   mixer           below
 *   norm, up, down  D, H x D, D x H                 2 D + 2 H D
 *
 *   block       P         o  own weights        products                  carried
 *   mingru      3 D       1  -                  3 D                       D
 *   gpt         D + 2 G   1  -                  2 D span                  2 G a symbol of the span
 *   mamba       3 D + 2 N 1  N x D, D           (4 N + 3) D               N D
 *   oscillator  3 D       2  D                  9 D                       2 D
 *   kuramoto    2 D       2  D x D, 2 D         2 D D                     D
 *
 * and carries the last three inputs of the convolution, 3 D. G are the columns of all keys: D, or as many
 * heads of them as `kv_heads`. An equilibrium has one more product of D x D, a norm, and compares and mixes
 * its iterates. Rows of a look-up memory come to the width and to the logits by
 * two products.
 *
 * Stored: matrices by rows of whole bytes with a 4-byte scale each, vectors as 4-byte numbers, as in the
 * file (text_net_file.h). Of a sparse product only the weights that are kept, each with its index.
 *
 * Weights shared by all turns are stored once and read once a turn: a turn needs all of them before the
 * next begins, so a batch shares a read, turns do not. A machine that multiplies where weights stand has
 * a memory whose reads cost nothing. A state is read and written every turn, and every turn of a loop has
 * one of its own; applications of an equilibrium share one.
 *
 * Element-wise operations are those of counts.h: two gates a channel (mingru, oscillator), softplus and an
 * exponential a state (mamba), a softmax a head and rotations (gpt), sines and cosines before and after the
 * push (kuramoto), GELU, roots of norms, biases and residuals, softmax and sampling; rounding where
 * activations have bits. Not counted: what depends on weights alone (sines of omega, steps of log_dt). */
#include "workload.h"

#include <math.h>

enum { NO_BLOCK, MINGRU, GPT, MAMBA, OSCILLATOR, KURAMOTO };
enum { TAPS = 4, SPAN = 128, HEAD_COLUMNS = 32, STATES = 16 };
enum { BITS = 8, FLOAT_B = 4, ACT_B = 2, STATE_BITS = 32, INDEX_BITS = 1, PUSH_OPS = 8, WRAP_OPS = 4 };

static double turns_of(const mj_model *m)
{
    return m->text_net.equilibrium > 0 ? m->text_net.equilibrium : m->text_net.loops;
}

static double states_of(const mj_model *m)
{
    return m->text_net.states > 0 ? m->text_net.states : STATES;
}

static double span_of(const mj_model *m)
{
    return m->text_net.span > 0 ? m->text_net.span : SPAN;
}

static int heads_of(const mj_model *m)
{
    int columns = m->text_net.width / HEAD_COLUMNS;
    return m->text_net.heads > 0 ? m->text_net.heads : columns > 1 ? columns : 1;
}

/* Of the keys of a symbol, all heads of them. */
static double key_columns(const mj_model *m)
{
    double D = m->text_net.width;
    return m->text_net.kv_heads > 0 ? D / heads_of(m) * m->text_net.kv_heads : D;
}

/* Of a number that the mixer carries. A head's key has one scale, and so has its value. */
static double carried_B(const mj_model *m)
{
    double columns = (double)m->text_net.width / heads_of(m);
    return m->text_net.cache_bits > 0 ? m->text_net.cache_bits / 8.0 + FLOAT_B / columns
                                      : m->text_net.state_bits / 8.0;
}

double mj_text_net_row_B(double columns, double bits)
{
    return ceil(columns * bits / 8);
}

double mj_text_net_in_columns(const mj_model *m)
{
    double D = m->text_net.width;
    switch (m->text_net.block) {
    case MAMBA:
        return 3 * D + 2 * states_of(m);
    case KURAMOTO:
        return 2 * D;
    case GPT:
        return D + 2 * key_columns(m);
    default:
        return 3 * D;
    }
}

/* Weights and what their use takes, added to an op. */

static void add_vector(mj_op *op, double n)
{
    op->weights += n;
    op->weight_B += n * FLOAT_B;
}

static void add_matrix(mj_op *op, double rows, double columns)
{
    op->weights += rows * columns;
    op->weight_B += rows * (mj_text_net_row_B(columns, BITS) + FLOAT_B);
}

/* A product of the blocks, [rows,columns]: perhaps sparse, perhaps of few bits. */
static void add_product(mj_op *op, const mj_model *m, double rows, double columns)
{
    double density = m->text_net.density, bits = m->text_net.weight_bits;
    double kept = density * rows * columns;
    double index = m->text_net.index_bits > 0 ? m->text_net.index_bits : INDEX_BITS;
    double row_B = density < 1 ? density * columns * (bits + index) / 8
                               : mj_text_net_row_B(columns, bits);
    double in_bits = m->text_net.activation_bits > 0 ? m->text_net.activation_bits : 8 * ACT_B;
    op->weights += kept;
    op->weight_B += rows * (row_B + FLOAT_B);
    op->mac += kept;
    op->act_B += columns * in_bits / 8 + rows * ACT_B;
    op->vector += m->text_net.activation_bits > 0 ? columns * MJ_ROUND_OPS : 0;
}

static void add_norm(mj_op *op, double D)
{
    add_vector(op, D);
    op->mac += 2 * D;
    op->vector += MJ_ROOT_OPS;
}

/* What mixes, of one block. */
typedef struct {
    double out;              /* widths of its output */
    double rows, n_vector;   /* own weights: a matrix [rows,D], numbers */
    double mac;              /* with own weights */
    double state_mac, prompt_mac, vector;
    double moved, kept;      /* numbers read and written a symbol; numbers that stay */
} mixer;

static mixer attention(const mj_model *m, const mj_extent *x)
{
    double D = m->text_net.width, span = span_of(m), heads = heads_of(m), d = D / heads;
    double keys = key_columns(m), rounded = m->text_net.cache_bits > 0 ? 2 * keys : 0;
    double seen = fmin(x->context, span), full = fmin(x->prompt, span);
    return (mixer){.out = 1,
                   .state_mac = 2 * D * seen,
                   .prompt_mac = 2 * D * (full * full / 2 + (x->prompt - full) * span),
                   .vector = heads * seen * MJ_SOFTMAX_OPS + d / 2 * (MJ_SINCOS_OPS + 3) + (D + keys) * 3 +
                             rounded * MJ_ROUND_OPS,
                   .moved = (seen + 1) * 2 * keys,
                   .kept = fmin(x->longest, span) * 2 * keys};
}

static mixer mixer_of(const mj_model *m, const mj_extent *x)
{
    double D = m->text_net.width, N = states_of(m), gates = 2 * MJ_SIGMOID_OPS;
    mixer mix = {.out = 1, .kept = D};
    switch (m->text_net.block) {
    case GPT:
        return attention(m, x);
    case MAMBA:
        mix = (mixer){.out = 1, .rows = N, .n_vector = D, .state_mac = (4 * N + 3) * D, .kept = N * D,
                      .vector = D * (MJ_SOFTPLUS_OPS + N * (MJ_EXP_OPS + 1) + gates)};
        break;
    case OSCILLATOR:
        mix = (mixer){.out = 2, .n_vector = D, .state_mac = 9 * D, .kept = 2 * D,
                      .vector = D * (gates + 1)};
        break;
    case KURAMOTO:
        mix = (mixer){.out = 2, .rows = D, .n_vector = 2 * D, .mac = 2 * D * D, .kept = D,
                      .vector = D * (2 * MJ_SINCOS_OPS + PUSH_OPS + WRAP_OPS)};
        break;
    default:
        mix.state_mac = 3 * D;
        mix.vector = D * (gates + 1);
    }
    mix.prompt_mac = mix.state_mac * x->prompt;
    mix.moved = 2 * mix.kept;
    return mix;
}

/* Ops of one block, of which there are depth, each applied `turns` times. */
static void add_blocks(mj_ops *ops, const mj_model *m, mj_op op)
{
    double depth = m->text_net.depth, uses = depth * turns_of(m);
    op.repeats = m->text_net.depth;
    op.format = (mj_format)m->precision.ffn;
    op.reads = turns_of(m);
    op.weights *= depth;
    op.weight_B *= depth;
    op.stored_B *= m->text_net.equilibrium > 0 ? 1 : uses;
    op.mac *= uses;
    op.state_mac *= uses;
    op.prompt_mac *= uses;
    op.state_B *= uses;
    op.act_B *= uses;
    op.vector *= uses;
    mj_ops_add(ops, op);
}

static void count_block(mj_ops *ops, const mj_model *m, const mj_extent *x)
{
    double D = m->text_net.width, H = m->text_net.mlp * D, state_B = m->text_net.state_bits / 8.0;
    double P = mj_text_net_in_columns(m), past = (TAPS - 1) * D;
    mixer mix = mixer_of(m, x);
    mj_op thin = {.kind = MJ_OP_LINEAR, .what = "norms and convolutions", .mac = TAPS * D};
    mj_op thick = {.kind = MJ_OP_LINEAR, .what = "products before and behind the mixers"};
    mj_op inner = {.kind = m->text_net.block == GPT ? MJ_OP_ATTENTION : MJ_OP_SCAN,
                   .what = m->text_net.block == GPT ? "attention over the span" : "carried states",
                   .mac = mix.mac, .state_mac = mix.state_mac, .prompt_mac = mix.prompt_mac,
                   .vector = mix.vector, .state_B = mix.moved * carried_B(m) + 2 * past * state_B,
                   .stored_B = mix.kept * carried_B(m) + past * state_B};
    add_norm(&thin, D);
    add_matrix(&thin, TAPS, D);
    if (m->text_net.equilibrium > 0) { /* norm of what is settled, and the input added to it */
        add_norm(&thin, D);
        thin.vector += D;
    }
    add_product(&thick, m, P, D);
    add_product(&thick, m, D, mix.out * D);
    add_vector(&thick, P);
    thick.vector += P + D; /* bias, residual */
    if (mix.rows > 0) {
        add_matrix(&inner, mix.rows, D);
    }
    add_vector(&inner, mix.n_vector);
    if (H > 0) {
        add_norm(&thin, D);
    }
    add_blocks(ops, m, thin);
    add_blocks(ops, m, thick);
    add_blocks(ops, m, inner);
    if (H > 0) {
        mj_op wide = {.kind = MJ_OP_LINEAR, .what = "feed-forward", .vector = H * MJ_GELU_OPS + D};
        add_product(&wide, m, H, D);
        add_product(&wide, m, D, H);
        add_blocks(ops, m, wide);
    }
}

/* The symbol's row; rows of a look-up memory behind a ReLU, read at the bottom and at the top. */
static void count_input(mj_ops *ops, const mj_model *m)
{
    double D = m->text_net.width;
    mj_op row = {.kind = MJ_OP_LOOKUP, .what = "row of the embedding", .repeats = 1,
                 .format = MJ_FORMAT_INT8, .act_B = D * ACT_B};
    add_matrix(&row, m->text_net.symbols, D);
    row.row_B = row.weight_B / m->text_net.symbols;
    mj_ops_add(ops, row);
    if (m->lookup.contexts > 0) {
        double K = m->lookup.dims, V = m->text_net.symbols;
        mj_op both = {.kind = MJ_OP_LINEAR, .what = "rows brought to the width and to the logits",
                      .repeats = 1, .format = (mj_format)m->precision.ffn, .reads = 1,
                      .mac = K * (D + V), .act_B = (K + D + V) * ACT_B, .vector = K + D + V};
        mj_lookup_rows_count(ops, m);
        add_matrix(&both, D, K);
        add_matrix(&both, V, K);
        mj_ops_add(ops, both);
    }
}

/* Weights of turns: a vector for each of a loop; of an equilibrium a product, and its mixing. */
static void count_turns(mj_ops *ops, const mj_model *m)
{
    double D = m->text_net.width, turns = turns_of(m);
    mj_op op = {.kind = MJ_OP_LINEAR, .what = "a vector a turn", .repeats = 1,
                .format = (mj_format)m->precision.ffn, .reads = 1};
    if (m->text_net.equilibrium > 0) {
        double iterates = fmax(1, m->text_net.equilibrium_history);
        op.what = "injection, comparing of iterates";
        add_product(&op, m, D, D);
        op.mac += turns * (2 * iterates + 1) * D;
        op.vector += turns * 2 * iterates * D;
    } else if (turns > 1) {
        add_vector(&op, turns * D);
        op.vector = turns * D;
    }
    if (op.weights > 0) {
        mj_ops_add(ops, op);
    }
}

void mj_text_net_count(mj_ops *ops, const mj_model *m, const mj_extent *extent)
{
    double D = m->text_net.width, V = m->text_net.symbols;
    mj_op head = {.kind = MJ_OP_HEAD, .what = "norm, head, softmax and sampling", .repeats = 1,
                  .format = (mj_format)m->precision.ffn, .reads = 1, .mac = D * V,
                  .act_B = (D + 2 * V) * ACT_B, .vector = mj_sampling_ops(V)};
    count_input(ops, m);
    count_turns(ops, m);
    count_block(ops, m, extent);
    add_norm(&head, D);
    add_matrix(&head, V, D);
    mj_ops_add(ops, head);
}

/* Specs. */

static mj_status check(const mj_model *m, const char *path, mj_err *err)
{
    const struct {
        const char *key;
        int value, min, max;
    } dims[] = {
        {"block", m->text_net.block, MINGRU, KURAMOTO}, {"symbols", m->text_net.symbols, 2, 256},
        {"width", m->text_net.width, 1, 1 << 24},       {"depth", m->text_net.depth, 1, 1 << 16},
        {"weight_bits", m->text_net.weight_bits, 2, 32},
    };
    mj_status status = MJ_OK;
    if (m->text_net.block == NO_BLOCK) {
        status = mj_err_add(err, MJ_EKEY, path, 0, 0, "text_net.block is missing: mingru, gpt, mamba, "
                                                      "oscillator or kuramoto");
    }
    for (size_t i = status == MJ_OK ? 0 : 1; i < sizeof dims / sizeof dims[0]; i++) {
        if (dims[i].value < dims[i].min || dims[i].value > dims[i].max) {
            status = mj_err_add(err, MJ_ERANGE, path, 0, 0, "text_net.%s = %d: must be between %d and %d",
                                dims[i].key, dims[i].value, dims[i].min, dims[i].max);
        }
    }
    if (!(m->text_net.density > 0 && m->text_net.density <= 1)) {
        status = mj_err_add(err, MJ_ERANGE, path, 0, 0, "text_net.density = %g: must be in (0, 1]",
                            m->text_net.density);
    }
    return status;
}

/* Keys of one block on another, and parts that do not go together. */
static mj_status check_parts(const mj_model *m, const char *path, mj_err *err)
{
    const char *name = mj_model_block_names[m->text_net.block];
    bool attends = m->text_net.block == GPT, recurs = m->text_net.block == MINGRU;
    const char *idle = m->text_net.states > 0 && m->text_net.block != MAMBA ? "states"
                       : m->text_net.heads > 0 && !attends                  ? "heads"
                       : m->text_net.kv_heads > 0 && !attends               ? "kv_heads"
                       : m->text_net.cache_bits > 0 && !attends             ? "cache_bits"
                       : m->text_net.span > 0 && !attends                   ? "span"
                                                                            : NULL;
    mj_status status = MJ_OK;
    if (idle) {
        status = mj_err_add(err, MJ_EKEY, path, 0, 0, "text_net.%s has no effect on %s", idle, name);
    }
    if (m->text_net.index_bits > 0 && !(m->text_net.density < 1)) {
        status = mj_err_add(err, MJ_EKEY, path, 0, 0,
                            "text_net.index_bits has no effect without a density below 1");
    }
    if (attends && m->text_net.width % (2 * heads_of(m)) != 0) {
        status = mj_err_add(err, MJ_ERANGE, path, 0, 0,
                            "text_net.heads = %d: a width of %d does not give each an even number of "
                            "columns", heads_of(m), m->text_net.width);
    }
    if (attends && m->text_net.kv_heads > 0 && heads_of(m) % m->text_net.kv_heads != 0) {
        status = mj_err_add(err, MJ_ERANGE, path, 0, 0,
                            "text_net.kv_heads = %d does not divide the %d heads", m->text_net.kv_heads,
                            heads_of(m));
    }
    if (m->text_net.equilibrium_history > 0 && m->text_net.equilibrium == 0) {
        status = mj_err_add(err, MJ_EKEY, path, 0, 0,
                            "text_net.equilibrium_history has no effect without an equilibrium");
    }
    if (m->text_net.equilibrium > 0 &&
        (m->text_net.depth > 1 || m->text_net.loops > 1 || !(attends || recurs))) {
        status = mj_err_add(err, MJ_ERANGE, path, 0, 0,
                            "text_net.equilibrium is of one block of mingru or gpt, without loops");
    }
    if (m->lookup.contexts > 0 &&
        (m->lookup.head_bits > 0 || m->lookup.symbols != m->text_net.symbols)) {
        status = mj_err_add(err, MJ_ERANGE, path, 0, 0,
                            "lookup: beside a net tables have its %d symbols and no head of their own",
                            m->text_net.symbols);
    }
    return status;
}

/* Weights and inputs of a product are multiplied in the wider of their formats; inputs that training
 * left as they are count as 8 bits. */
static mj_format format_of(const mj_model *m)
{
    int in_bits = m->text_net.activation_bits > 0 ? m->text_net.activation_bits : BITS;
    int bits = in_bits > m->text_net.weight_bits ? in_bits : m->text_net.weight_bits;
    return bits <= 2    ? MJ_FORMAT_TERNARY
           : bits <= 3  ? MJ_FORMAT_INT3
           : bits <= 4  ? MJ_FORMAT_INT4
           : bits <= 6  ? MJ_FORMAT_INT6
           : bits <= 8  ? MJ_FORMAT_INT8
           : bits <= 16 ? MJ_FORMAT_BF16
                        : MJ_FORMAT_FP32;
}

mj_status mj_text_net_resolve(mj_model *m, const char *path, mj_err *err)
{
    mj_ops ops = {0};
    m->text_net.loops = m->text_net.loops > 0 ? m->text_net.loops : 1;
    m->text_net.weight_bits = m->text_net.weight_bits > 0 ? m->text_net.weight_bits : BITS;
    m->text_net.state_bits = m->text_net.state_bits > 0 ? m->text_net.state_bits : STATE_BITS;
    m->text_net.density = m->text_net.density != 0 ? m->text_net.density : 1;
    MJ_TRY(check(m, path, err));
    MJ_TRY(check_parts(m, path, err));
    bool given = m->precision.ffn != MJ_FORMAT_NONE;
    if (!given || m->precision.ffn == m->text_net.products) { /* a patch of bits moves it */
        m->precision.ffn = m->precision.attention = format_of(m);
        m->precision.embedding = given ? m->precision.embedding : MJ_FORMAT_INT8;
    }
    m->text_net.products = format_of(m);
    mj_text_net_count(&ops, m, &(mj_extent){0});
    for (int i = 0; i < ops.n; i++) {
        m->params.total += ops.op[i].weights;
        m->params.active += ops.op[i].mac;
    }
    m->params.head = (double)m->text_net.symbols * m->text_net.width;
    m->params.ffn = m->params.total - m->params.head; /* the embedding stands in the op list */
    return MJ_OK;
}
