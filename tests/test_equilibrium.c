/* Equilibria and loops, in double precision: fixed points against what solves them, gradients
 * against central differences at convergence, shared parameters, carried states. */
#include "assert_rel.h"
#include "gradient_walk.h"

#include "mj/equilibrium.h"
#include "mj/layer.h"

#include <string.h>

enum { B = 2, T = 3, D = 4 };

/* f = w z + x */
static mj_var linear_block(mj_tape *tape, mj_var z, mj_var x, const mj_var *param, void *context)
{
    (void)context;
    return mj_linear_add(tape, z, param[0], x);
}

/* A recurrent block: f = norm(x + min_gru(conv(z) w)). */
static mj_var recurrent_block(mj_tape *tape, mj_var z, mj_var x, const mj_var *param,
                              void *context)
{
    (void)context;
    mj_var y = mj_causal_conv(tape, z, param[1], MJ_NONE);
    y = mj_min_gru(tape, mj_linear(tape, y, param[0], MJ_NONE));
    return mj_rms_norm(tape, mj_add(tape, x, y), param[2]);
}

static const mj_equilibrium_config EXACT = {.n_max = 300, .tolerance = 1e-13};

/* x, w [D,D] scaled to a norm below 1, z. */
static void linear_begin(gradient_case *c, double scale, mj_equilibrium_config config,
                         mj_equilibrium_report *report)
{
    *c = (gradient_case){0};
    mj_arena_init(&c->arena, 0);
    c->tape = mj_tape_new(&c->arena, &c->err, (mj_tape_config){0});
    c->in[0] = mj_tape_param(c->tape, "x", mj_shape_3(B, T, D), 1);
    c->in[1] = mj_tape_param(c->tape, "w", mj_shape_2(D, D), 1);
    c->out = mj_equilibrium(c->tape, c->in[0], c->in + 1, 1, linear_block, NULL, config, report);
    gradient_fill(c, 2, 0);
    mj_tensor w = mj_tape_tensor(c->tape, c->in[1]);
    for (int i = 0; i < D * D; i++) {
        w.v[i] *= (mj_real)scale;
    }
}

/* (1 - w) z = x at the fixed point, whatever way led there. */
static void test_linear_fixed_point(void **state)
{
    (void)state;
    mj_equilibrium_report report;
    gradient_case c;
    linear_begin(&c, 0.35, EXACT, &report);
    mj_tape_forward(c.tape, 0, false);
    assert_true(report.residual <= EXACT.tolerance && report.n < EXACT.n_max);
    const mj_real *x = mj_tape_tensor(c.tape, c.in[0]).v, *w = mj_tape_tensor(c.tape, c.in[1]).v;
    const mj_real *z = mj_tape_tensor(c.tape, c.out).v;
    for (int row = 0; row < B * T; row++) {
        for (int i = 0; i < D; i++) {
            double left = (double)(z[row * D + i] - x[row * D + i]);
            for (int k = 0; k < D; k++) {
                left -= (double)w[i * D + k] * (double)z[row * D + k];
            }
            assert_true(fabs(left) < 1e-11);
        }
    }
    mj_arena_fini(&c.arena);
}

static void test_implicit_gradient(void **state)
{
    (void)state;
    mj_equilibrium_report report;
    gradient_case c;
    linear_begin(&c, 0.35, EXACT, &report);
    for (int i = 0; i < 2; i++) {
        gradient_report("equilibrium", 0, i, gradient_error(&c, i));
    }
    assert_true(report.residual_back <= EXACT.tolerance && report.n_back > 2);
    mj_arena_fini(&c.arena);
}

/* x, w, conv, g of a block with carried states, after a segment. */
static void recurrent_begin(gradient_case *c, mj_equilibrium_report *report, int n_steps)
{
    *c = (gradient_case){0};
    mj_arena_init(&c->arena, 0);
    c->tape = mj_tape_new(&c->arena, &c->err, (mj_tape_config){0});
    c->in[0] = mj_tape_param(c->tape, "x", mj_shape_3(B, n_steps, D), 1);
    c->in[1] = mj_tape_param(c->tape, "w", mj_shape_2(3 * D, D), 1);
    c->in[2] = mj_tape_param(c->tape, "conv", mj_shape_2(3, D), 1);
    c->in[3] = mj_tape_param(c->tape, "g", mj_shape_1(D), 1);
    c->out = mj_equilibrium(c->tape, c->in[0], c->in + 1, 3, recurrent_block, NULL, EXACT, report);
    gradient_fill(c, 4, 0);
}

static void test_gradient_of_a_recurrent_block(void **state)
{
    (void)state;
    mj_equilibrium_report report;
    gradient_case c;
    recurrent_begin(&c, &report, T);
    mj_tape_forward(c.tape, 0, true);
    mj_tape_state_advance(c.tape);
    for (int i = 0; i < 4; i++) {
        gradient_report("recurrent equilibrium", 0, i, gradient_error(&c, i));
    }
    assert_true(report.residual <= EXACT.tolerance);
    mj_arena_fini(&c.arena);
}

/* Token by token, and after its states were saved and set again. */
static void test_states_at_the_fixed_point_are_carried(void **state)
{
    (void)state;
    mj_equilibrium_report report;
    gradient_case whole, step;
    recurrent_begin(&whole, &report, T);
    recurrent_begin(&step, &report, 1);
    mj_tape_forward(whole.tape, 0, false);
    const mj_real *x = mj_tape_tensor(whole.tape, whole.in[0]).v;
    mj_real *at = mj_tape_tensor(step.tape, step.in[0]).v;
    size_t n = mj_tape_states_count(step.tape);
    assert_true(n >= 2 * B * D + B * D);
    mj_real *saved = mj_arena_array(&step.arena, n, sizeof *saved);
    for (int t = 0; t < T; t++) {
        for (int b = 0; b < B; b++) {
            memcpy(at + b * D, x + (b * T + t) * D, D * sizeof *at);
        }
        mj_tape_states_get(step.tape, saved);
        mj_tape_state_clear(step.tape, MJ_EVERY_STREAM);
        mj_tape_states_set(step.tape, saved);
        mj_tape_forward(step.tape, 0, false);
        for (int b = 0; b < B; b++) {
            for (int i = 0; i < D; i++) {
                double got = (double)mj_tape_tensor(step.tape, step.out).v[b * D + i];
                double want = (double)mj_tape_tensor(whole.tape, whole.out).v[(b * T + t) * D + i];
                assert_true(fabs(got - want) < 1e-9);
            }
        }
        mj_tape_state_advance(step.tape);
    }
    mj_arena_fini(&whole.arena);
    mj_arena_fini(&step.arena);
}

/* The gradient of k steps is the sum of k terms of a series: of f = w z + x with D = 1 by x it is
 * 1 + w + .. + w^(k-1), and 1/(1 - w) without end. */
static void test_gradient_of_the_last_steps(void **state)
{
    (void)state;
    const double w = 0.6;
    for (int k = 0; k <= 4; k++) {
        mj_equilibrium_config config = EXACT;
        config.n_gradient = k;
        gradient_case c = {0};
        mj_arena_init(&c.arena, 0);
        c.tape = mj_tape_new(&c.arena, &c.err, (mj_tape_config){0});
        c.in[0] = mj_tape_param(c.tape, "x", mj_shape_3(1, 1, 1), 1);
        c.in[1] = mj_tape_param(c.tape, "w", mj_shape_2(1, 1), 1);
        mj_equilibrium_report report;
        c.out = mj_equilibrium(c.tape, c.in[0], c.in + 1, 1, linear_block, NULL, config, &report);
        gradient_fill(&c, 2, 0);
        mj_tape_tensor(c.tape, c.in[1]).v[0] = (mj_real)w;
        mj_tape_forward(c.tape, 0, true);
        mj_tape_grads_clear(c.tape);
        mj_tape_tensor(c.tape, c.out).d[0] = 1;
        mj_tape_backward(c.tape);
        double want = k ? (1 - pow(w, k)) / (1 - w) : 1 / (1 - w);
        assert_rel((double)mj_tape_tensor(c.tape, c.in[0]).d[0], want, 1e-11);
        if (k) {
            assert_int_equal(report.n_back, k);
        }
        mj_arena_fini(&c.arena);
    }
}

/* Where plain iteration is slow (largest eigenvalue near 1), mixing needs a fraction of it; and
 * stopped too soon, the residual says so. */
static void test_mixing_is_faster(void **state)
{
    (void)state;
    int n[2];
    for (int mixed = 0; mixed < 2; mixed++) {
        mj_equilibrium_config config = {.n_max = 2000, .tolerance = 1e-9,
                                        .history = mixed ? 5 : 1};
        mj_equilibrium_report report;
        gradient_case c;
        linear_begin(&c, 0, config, &report);
        for (int i = 0; i < D; i++) {
            mj_tape_tensor(c.tape, c.in[1]).v[i * D + i] = (mj_real)(0.95 - 0.2 * i);
        }
        mj_tape_forward(c.tape, 0, false);
        assert_true(report.residual <= 1e-9);
        n[mixed] = report.n;
        mj_arena_fini(&c.arena);
    }
    assert_true(n[1] * 10 < n[0]);
    mj_equilibrium_report report;
    gradient_case c;
    linear_begin(&c, 0.35, (mj_equilibrium_config){.n_max = 2, .tolerance = 1e-9}, &report);
    mj_tape_forward(c.tape, 0, false);
    assert_true(report.n == 2 && report.residual > 1e-9);
    mj_arena_fini(&c.arena);
}

static mj_var wrong_block(mj_tape *tape, mj_var z, mj_var x, const mj_var *param, void *context)
{
    (void)x, (void)context;
    return mj_slice(tape, mj_linear(tape, z, param[0], MJ_NONE), 0, 1);
}

static void test_a_block_of_another_shape_is_refused(void **state)
{
    (void)state;
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    c.tape = mj_tape_new(&c.arena, &c.err, (mj_tape_config){0});
    mj_var x = mj_tape_input(c.tape, "x", mj_shape_3(B, T, D), true);
    mj_var w = mj_tape_param(c.tape, "w", mj_shape_2(D, D), 1);
    assert_int_equal(mj_equilibrium(c.tape, x, &w, 1, wrong_block, NULL, EXACT, NULL), MJ_NONE);
    assert_int_equal(mj_tape_allocate(c.tape, 0), MJ_ERANGE);
    mj_arena_fini(&c.arena);
}

/* What is in a tape within is in its memory. */
static void test_memory_includes_the_block(void **state)
{
    (void)state;
    mj_equilibrium_report report;
    gradient_case c;
    recurrent_begin(&c, &report, T);
    mj_tape_memory memory = mj_tape_memory_count(c.tape);
    assert_true(memory.inner_B > 0 && memory.total_B > memory.inner_B);
    mj_arena_fini(&c.arena);
}

/* A loop: silu(x w^T) + x, its weight shared by three turns. */
static mj_var turn_block(mj_tape *tape, mj_var x, int turn, void *context)
{
    (void)turn;
    mj_var w = *(const mj_var *)context;
    return mj_add(tape, x, mj_min_gru(tape, mj_linear(tape, x, w, MJ_NONE)));
}

static void test_a_loop_adds_the_gradients_of_its_turns(void **state)
{
    (void)state;
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    c.tape = mj_tape_new(&c.arena, &c.err, (mj_tape_config){0});
    c.in[0] = mj_tape_param(c.tape, "x", mj_shape_3(B, T, D), 1);
    c.in[1] = mj_tape_param(c.tape, "w", mj_shape_2(3 * D, D), 1);
    c.out = mj_loop(c.tape, c.in[0], 3, turn_block, &c.in[1]);
    gradient_fill(&c, 2, 0);
    assert_true(mj_tape_states_count(c.tape) >= 3 * B * D); /* a state a turn */
    gradient_loss(&c);
    mj_tape_state_advance(c.tape);
    for (int i = 0; i < 2; i++) {
        gradient_report("loop", 0, i, gradient_error(&c, i));
    }
    mj_arena_fini(&c.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_fixed_point),
        cmocka_unit_test(test_implicit_gradient),
        cmocka_unit_test(test_gradient_of_a_recurrent_block),
        cmocka_unit_test(test_states_at_the_fixed_point_are_carried),
        cmocka_unit_test(test_gradient_of_the_last_steps),
        cmocka_unit_test(test_mixing_is_faster),
        cmocka_unit_test(test_a_block_of_another_shape_is_refused),
        cmocka_unit_test(test_memory_includes_the_block),
        cmocka_unit_test(test_a_loop_adds_the_gradients_of_its_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
