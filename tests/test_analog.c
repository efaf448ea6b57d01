/* Analog layers in training, in double precision. */
#include "assert_rel.h"
#include "gradient_walk.h"

#include "mj/analog.h"
#include "mj/layer.h"

#include <string.h>

typedef mj_var (*analog_layer)(mj_tape *tape, mj_var x, const mj_analog *analog);

/* x -> layer -> y on [rows,n]. */
static void begin(gradient_case *c, analog_layer layer, const mj_analog *analog, int rows, int n)
{
    *c = (gradient_case){0};
    mj_arena_init(&c->arena, 0);
    c->tape = mj_tape_new(&c->arena, &c->err, (mj_tape_config){.seed = 3});
    c->in[0] = mj_tape_input(c->tape, "x", mj_shape_2(rows, n), true);
    c->out = layer(c->tape, c->in[0], analog);
    gradient_fill(c, 1, 0);
}

/* Errors of rounding are at most half a level and, on uniform numbers, level / sqrt(12) in the
 * root mean square; largest and smallest stay. The gradient goes straight through. */
static void test_levels(void **state)
{
    (void)state;
    enum { N = 4000 };
    for (int bits = 3; bits <= MJ_ANALOG_BITS_MAX; bits++) {
        mj_analog analog = {.weight_bits = bits};
        gradient_case c;
        begin(&c, mj_analog_weight, &analog, 1, N);
        mj_tape_forward(c.tape, 0, true);
        mj_tensor x = mj_tape_tensor(c.tape, c.in[0]), y = mj_tape_tensor(c.tape, c.out);
        double largest = 0, squares = 0;
        for (int i = 0; i < N; i++) {
            largest = fmax(largest, fabs((double)x.v[i]));
        }
        double level = largest / ((1 << (bits - 1)) - 1);
        for (int i = 0; i < N; i++) {
            double error = (double)(y.v[i] - x.v[i]), steps = (double)y.v[i] / level;
            assert_true(fabs(error) <= level / 2 * (1 + 1e-12));
            assert_true(fabs(steps - rint(steps)) < 1e-9);
            squares += error * error;
        }
        assert_rel(sqrt(squares / N), level / sqrt(12), 0.06); /* 4000 draws: 1 % and edges */
        memcpy(y.d, c.r, N * sizeof *y.d);
        mj_tape_backward(c.tape);
        assert_memory_equal(x.d, c.r, N * sizeof *x.d);
        mj_arena_fini(&c.arena);
    }
}

/* Two bits: every row has three values, -s, 0, s with s its mean size. */
static void test_ternary(void **state)
{
    (void)state;
    mj_real row[4] = {(mj_real)0.1, -2, 1, (mj_real)-0.9}, got[4]; /* mean size 1 */
    mj_quantise_rows(got, row, 1, 4, 2);
    const mj_real want[4] = {0, -1, 1, -1};
    for (int i = 0; i < 4; i++) {
        assert_true(fabs((double)(got[i] - want[i])) < 1e-12);
    }
    mj_real zeros[3] = {0};
    mj_quantise_rows(got, zeros, 1, 3, 4);
    assert_true(got[0] == 0 && got[2] == 0);
}

/* Standard deviation of y / x - 1, or of y - x. */
static double spread(const gradient_case *c, int n, bool relative)
{
    mj_tensor x = mj_tape_tensor(c->tape, c->in[0]), y = mj_tape_tensor(c->tape, c->out);
    double squares = 0;
    for (int i = 0; i < n; i++) {
        double error = (double)(y.v[i] - x.v[i]) / (relative ? (double)x.v[i] : 1);
        squares += error * error;
    }
    return sqrt(squares / n);
}

/* Sizes of all noises; tolerance: four standard errors of a standard deviation from n draws. */
static void test_noise_has_its_size(void **state)
{
    (void)state;
    enum { ROWS = 50, N = 100 };
    const double tol = 4 / sqrt(2.0 * ROWS * N);
    mj_analog analog = {.noise = 0.1, .mismatch = 0.05, .read_noise = 0.4, .chip = 7};
    gradient_case c;
    begin(&c, mj_analog_weight, &analog, ROWS, N);
    mj_tape_forward(c.tape, 0, true);
    assert_rel(spread(&c, ROWS * N, true), 0.05, tol);
    mj_arena_fini(&c.arena);
    for (int reads = 0; reads < 2; reads++) {
        begin(&c, reads ? mj_analog_read : mj_analog_noise, &analog, ROWS, N);
        mj_tape_forward(c.tape, 0, true);
        mj_tensor x = mj_tape_tensor(c.tape, c.in[0]);
        double rms = sqrt(mj_squares_sum(x.v, ROWS * N) / (ROWS * N));
        assert_rel(spread(&c, ROWS * N, false), (reads ? 0.4 : 0.1) * rms, tol);
        mj_arena_fini(&c.arena);
    }
}

/* A chip is the same at every step and unlike another; chip 0 is another one every step. */
static void test_a_chip_stays(void **state)
{
    (void)state;
    enum { N = 12 };
    mj_analog analog = {.mismatch = 0.1, .chip = 1};
    gradient_case c;
    begin(&c, mj_analog_weight, &analog, 1, N);
    mj_real first[N], *y = mj_tape_tensor(c.tape, c.out).v;
    mj_tape_forward(c.tape, 1, true);
    memcpy(first, y, sizeof first);
    mj_tape_forward(c.tape, 2, false);
    assert_memory_equal(y, first, sizeof first);
    analog.chip = 2;
    mj_tape_forward(c.tape, 2, false);
    assert_memory_not_equal(y, first, sizeof first);
    analog.chip = 0;
    mj_tape_forward(c.tape, 1, true);
    memcpy(first, y, sizeof first);
    mj_tape_forward(c.tape, 2, true);
    assert_memory_not_equal(y, first, sizeof first);
    mj_arena_fini(&c.arena);
}

/* Turns of a loop go through the same cells: weights read twice are the same on a chip, other weights
 * are not. */
static void test_mismatch_is_of_the_weights(void **state)
{
    (void)state;
    enum { N = 12 };
    for (uint32_t chip = 0; chip < 2; chip++) {
        const mj_analog analog = {.mismatch = 0.1, .chip = chip};
        gradient_case c = {0};
        mj_arena_init(&c.arena, 0);
        c.tape = mj_tape_new(&c.arena, &c.err, (mj_tape_config){0});
        mj_var w = mj_tape_param(c.tape, "w", mj_shape_2(1, N), 1);
        mj_var other = mj_tape_param(c.tape, "other", mj_shape_2(1, N), 1);
        const mj_var read[] = {mj_analog_weight(c.tape, w, &analog), mj_analog_weight(c.tape, w, &analog),
                               mj_analog_weight(c.tape, other, &analog)};
        assert_int_equal(mj_tape_allocate(c.tape, 0), MJ_OK);
        mj_fill(mj_tape_tensor(c.tape, w).v, 1, N);
        mj_fill(mj_tape_tensor(c.tape, other).v, 1, N);
        mj_tape_forward(c.tape, 3, true);
        const mj_real *first = mj_tape_tensor(c.tape, read[0]).v;
        assert_memory_equal(mj_tape_tensor(c.tape, read[1]).v, first, N * sizeof *first);
        assert_memory_not_equal(mj_tape_tensor(c.tape, read[2]).v, first, N * sizeof *first);
        mj_arena_fini(&c.arena);
    }
}

static void test_bad_settings_are_refused(void **state)
{
    (void)state;
    const mj_analog bad[] = {{.weight_bits = 1}, {.activation_bits = 9}, {.noise = -1},
                             {.read_noise = (double)NAN}, {.mismatch = (double)INFINITY}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mj_err err = {0};
        assert_int_equal(mj_analog_check(bad + i, &err), MJ_ERANGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_ternary),
        cmocka_unit_test(test_noise_has_its_size),
        cmocka_unit_test(test_a_chip_stays),
        cmocka_unit_test(test_mismatch_is_of_the_weights),
        cmocka_unit_test(test_bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
