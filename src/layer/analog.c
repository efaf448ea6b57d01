/* Analog layers: levels and noise on tensors.
 *
 *   quantise   y = round(x / s) s            dx += dy          straight through [bengio2013]
 *   mismatch   y = w (1 + m n)               dw += dy (1 + m n)
 *   noise      y = x + sigma rms(x) n        dx += dy + (dy . (y - x)) x / (x . x)
 *   read       the same of what is read from tables, with a sigma of its own
 *
 * n are normal numbers; backward finds the noise in y - x, and draws a chip's mismatch again from the
 * same key instead of keeping it. The rms is that of a row, so that a token's noise does not depend on
 * its neighbours. Mismatch belongs to the weights of a chip: its key is the chip's number and the
 * weights' place on the tape, whatever the step and however often a loop goes through them. */
#include "mj/analog.h"

#include "mj/counts.h"
#include "sequence.h"

/* All rows of this file: which setting of the caller's they read. */
typedef struct {
    const mj_analog *analog;
    mj_var weights; /* what a chip's mismatch is of */
    bool reads;     /* noise: of what is read from a table */
} analog_config;

/* A seed apart from that of any tape. */
static const uint64_t CHIP_SEED = 1ull << 63 | 3;

mj_status mj_analog_check(const mj_analog *analog, mj_err *err)
{
    const int bits[] = {analog->weight_bits, analog->activation_bits};
    for (int i = 0; i < 2; i++) {
        if (bits[i] != 0 && (bits[i] < MJ_ANALOG_BITS_MIN || bits[i] > MJ_ANALOG_BITS_MAX)) {
            return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "%s of %d bits: %d to %d are supported",
                              i ? "activations" : "weights", bits[i], MJ_ANALOG_BITS_MIN,
                              MJ_ANALOG_BITS_MAX);
        }
    }
    const double share[] = {analog->noise, analog->mismatch, analog->read_noise};
    for (int i = 0; i < 3; i++) {
        if (!(share[i] >= 0) || isinf(share[i])) {
            return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a noise of %g", share[i]);
        }
    }
    return MJ_OK;
}

/* Quantiser. */

MJ_CLONES static void row_quantise(mj_real *y, const mj_real *x, size_t n, int bits)
{
    mj_real largest = 0, sum = 0, top = (mj_real)((1 << (bits - 1)) - 1);
#pragma omp simd reduction(max : largest) reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        mj_real size = mj_real_abs(x[i]);
        largest = size > largest ? size : largest;
        sum += size;
    }
    mj_real level = bits == MJ_ANALOG_BITS_MIN ? sum / (mj_real)n : largest / top;
    mj_real scale = level > 0 ? 1 / level : 0;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        mj_real q = mj_real_round(x[i] * scale);
        y[i] = level * (q > top ? top : q < -top ? -top : q);
    }
}

void mj_quantise_rows(mj_real *y, const mj_real *x, size_t rows, size_t n, int bits)
{
#pragma omp parallel for schedule(static) if (rows * n >= THREADS_MIN)
    for (size_t part = 0; part < parts_of(rows); part++) {
        for (size_t r = part_start(rows, part); r < part_start(rows, part + 1); r++) {
            row_quantise(y + r * n, x + r * n, n, bits);
        }
    }
}

static void quantise(const mj_call *call, int bits)
{
    const mj_tensor *x = &call->in[0];
    if (bits) {
        mj_quantise_rows(call->out.v, x->v, mj_shape_rows(x->shape),
                         (size_t)mj_shape_columns(x->shape), bits);
    } else {
        mj_copy(call->out.v, x->v, count_of(x));
    }
}

static const mj_analog *analog_of(const mj_call *call)
{
    static const mj_analog none = {0};
    const mj_analog *analog = ((const analog_config *)call->config)->analog;
    return analog ? analog : &none;
}

static mj_status plan_noisy(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                            mj_err *err)
{
    (void)n_in;
    const mj_analog *analog = ((const analog_config *)config)->analog;
    *plan = (mj_plan){.out = in[0], .n_tmp = mj_shape_count(in[0])};
    return analog ? mj_analog_check(analog, err) : MJ_OK;
}

/* A digital machine rounds what it multiplies; weights are stored as levels, noise costs nothing. */
static mj_status plan_activation(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                                 mj_err *err)
{
    const mj_analog *analog = ((const analog_config *)config)->analog;
    MJ_TRY(plan_noisy(plan, in, n_in, config, err));
    bool rounds = analog && analog->activation_bits > 0;
    plan->vector = rounds ? MJ_ROUND_OPS * (double)mj_shape_count(in[0]) : 0;
    return MJ_OK;
}

static void pass_backward(const mj_call *call)
{
    if (call->in[0].d) {
        mj_add_scaled(call->in[0].d, call->out.d, 1, count_of(&call->out));
    }
}

static void activation_forward(const mj_call *call)
{
    quantise(call, analog_of(call)->activation_bits);
}

/* Weights: levels, then the chip's mismatch. */

/* tmp = 1 + m n */
static void draw_factors(const mj_call *call)
{
    const mj_analog *analog = analog_of(call);
    size_t n = count_of(&call->out);
    mj_noise_key key = call->noise;
    key.stream = (uint32_t)((const analog_config *)call->config)->weights;
    if (analog->chip) {
        key.seed = CHIP_SEED;
        key.step = analog->chip;
    }
    mj_noise_normal(call->tmp, 0, n, key);
    for (size_t i = 0; i < n; i++) {
        call->tmp[i] = 1 + (mj_real)analog->mismatch * call->tmp[i];
    }
}

static void weight_forward(const mj_call *call)
{
    quantise(call, analog_of(call)->weight_bits);
    if (analog_of(call)->mismatch > 0) {
        draw_factors(call);
        for (size_t i = 0; i < count_of(&call->out); i++) {
            call->out.v[i] *= call->tmp[i];
        }
    }
}

static void weight_backward(const mj_call *call)
{
    if (analog_of(call)->mismatch > 0 && call->in[0].d) {
        draw_factors(call);
        mj_add_product(call->in[0].d, call->out.d, call->tmp, 1, count_of(&call->out));
    } else {
        pass_backward(call);
    }
}

/* Noise before a non-linearity, and of what is read from a table. */

static double sigma_of(const mj_call *call)
{
    const mj_analog *analog = analog_of(call);
    return ((const analog_config *)call->config)->reads ? analog->read_noise : analog->noise;
}

MJ_CLONES static void row_noise_forward(mj_real *restrict y, const mj_real *restrict x,
                                        const mj_real *restrict normal, mj_real sigma, size_t n)
{
    mj_real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        sum += x[i] * x[i];
    }
    mj_real spread = sigma * mj_real_sqrt(sum / (mj_real)n);
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i] + spread * normal[i];
    }
}

MJ_CLONES static void row_noise_backward(mj_real *restrict dx, const mj_real *restrict dy,
                                         const mj_real *restrict x, const mj_real *restrict y,
                                         size_t n)
{
    mj_real power = 0, along = 0;
#pragma omp simd reduction(+ : power, along)
    for (size_t i = 0; i < n; i++) {
        power += x[i] * x[i];
        along += dy[i] * (y[i] - x[i]);
    }
    mj_real pull = power > 0 ? along / power : 0;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        dx[i] += dy[i] + pull * x[i];
    }
}

static void noise_forward(const mj_call *call)
{
    const mj_tensor *x = &call->in[0];
    size_t rows = mj_shape_rows(x->shape), n = (size_t)mj_shape_columns(x->shape);
    mj_real sigma = (mj_real)sigma_of(call);
    if (sigma == 0) {
        mj_copy(call->out.v, x->v, count_of(x));
        return;
    }
    mj_noise_normal(call->tmp, 0, count_of(x), call->noise);
#pragma omp parallel for schedule(static) if (rows * n >= THREADS_MIN)
    for (size_t r = 0; r < rows; r++) {
        row_noise_forward(call->out.v + r * n, x->v + r * n, call->tmp + r * n, sigma, n);
    }
}

static void noise_backward(const mj_call *call)
{
    const mj_tensor *x = &call->in[0];
    size_t rows = mj_shape_rows(x->shape), n = (size_t)mj_shape_columns(x->shape);
    if (sigma_of(call) == 0 || !x->d) {
        pass_backward(call);
        return;
    }
#pragma omp parallel for schedule(static) if (rows * n >= THREADS_MIN)
    for (size_t r = 0; r < rows; r++) {
        row_noise_backward(x->d + r * n, call->out.d + r * n, x->v + r * n, call->out.v + r * n, n);
    }
}

/* Levels make a staircase, whose slope no difference shows: examples are of noise alone. */
static const mj_analog NOISES = {.noise = 0.3, .mismatch = 0.2, .read_noise = 0.5};
static const mj_example EXAMPLES[] = {
    {.in = {{3, {2, 3, 5}}}, .n_in = 1, .config = &(const analog_config){.analog = &NOISES}},
    {.in = {{3, {2, 3, 5}}}, .n_in = 1,
     .config = &(const analog_config){.analog = &NOISES, .reads = true}},
    {.in = {{2, {3, 7}}}, .n_in = 1},
};
#define ANALOG_ROW(row, text, counts, ahead, back)                                             \
    const mj_layer row = {                                                                     \
        .name = text, .config_size = sizeof(analog_config), .n_in_min = 1, .n_in_max = 1,      \
        .plan = counts, .forward = ahead, .backward = back, .example = EXAMPLES,               \
        .n_examples = N_OF(EXAMPLES),                                                          \
    }
ANALOG_ROW(mj_analog_weight_row, "analog_weight", plan_noisy, weight_forward, weight_backward);
ANALOG_ROW(mj_analog_activation_row, "analog_activation", plan_activation, activation_forward,
           pass_backward);
ANALOG_ROW(mj_analog_noise_row, "analog_noise", plan_noisy, noise_forward, noise_backward);
ANALOG_ROW(mj_analog_read_row, "analog_read", plan_noisy, noise_forward, noise_backward);

mj_var mj_analog_weight(mj_tape *tape, mj_var w, const mj_analog *analog)
{
    const analog_config config = {.analog = analog, .weights = w};
    return mj_tape_apply(tape, &mj_analog_weight_row, &config, &w, 1);
}

mj_var mj_analog_activation(mj_tape *tape, mj_var x, const mj_analog *analog)
{
    return mj_tape_apply(tape, &mj_analog_activation_row, &(analog_config){.analog = analog}, &x, 1);
}

mj_var mj_analog_noise(mj_tape *tape, mj_var y, const mj_analog *analog)
{
    return mj_tape_apply(tape, &mj_analog_noise_row, &(analog_config){.analog = analog}, &y, 1);
}

mj_var mj_analog_read(mj_tape *tape, mj_var row, const mj_analog *analog)
{
    const analog_config config = {.analog = analog, .reads = true};
    return mj_tape_apply(tape, &mj_analog_read_row, &config, &row, 1);
}
