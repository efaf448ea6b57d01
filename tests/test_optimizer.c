/* Adam, clipping and schedules against what their papers and their algebra say. */
#include "assert_rel.h"

#include "mj/optimizer.h"

#include <string.h>

/* A tape of two parameters a [3] (lr_scale 1) and b [2] (lr_scale 0.1). */
typedef struct {
    mj_arena arena;
    mj_err err;
    mj_tape *tape;
    mj_var a, b;
    mj_adam adam;
} fixture;

static void fixture_init(fixture *f, mj_adam_config config)
{
    *f = (fixture){0};
    mj_arena_init(&f->arena, 0);
    f->tape = mj_tape_new(&f->arena, &f->err, (mj_tape_config){0});
    f->a = mj_tape_param(f->tape, "a", mj_shape_1(3), 1);
    f->b = mj_tape_param(f->tape, "b", mj_shape_1(2), 0.1);
    assert_int_equal(mj_tape_allocate(f->tape, 0), MJ_OK);
    mj_tape_slab slab = mj_tape_params_slab(f->tape);
    assert_int_equal(
        mj_adam_init(&f->adam, config, slab.params, slab.n_trained, &f->arena, &f->err), MJ_OK);
}

/* The first step is lr in the direction of the gradient's sign, whatever its size: m and v are g
 * and g^2 after correction of their bias [kingma2015]. Float gives 1e-6. */
static void test_first_step_is_the_learning_rate(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, (mj_adam_config){.lr = 0.01});
    mj_tensor a = mj_tape_tensor(f.tape, f.a), b = mj_tape_tensor(f.tape, f.b);
    a.d[0] = 100, a.d[1] = -1e-3f, b.d[1] = 7;
    mj_adam_step(&f.adam, f.tape, 0.5, 1);
    assert_rel((double)a.v[0], -0.005, 1e-5);
    assert_rel((double)a.v[1], 0.005, 2e-5); /* eps is 1e-5 of this gradient */
    assert_true(a.v[2] == 0);
    assert_rel((double)b.v[1], -0.0005, 1e-5);
    mj_arena_fini(&f.arena);
}

/* Under a constant gradient every step is lr, since the corrected moments stay g and g^2. The
 * weight is then -lr t; decay and average have closed forms too. */
static void test_constant_gradient(void **state)
{
    (void)state;
    enum { STEPS = 200 };
    const double lr = 1e-3, ema = 0.9;
    fixture f;
    fixture_init(&f, (mj_adam_config){.lr = lr, .ema = ema});
    mj_tensor a = mj_tape_tensor(f.tape, f.a);
    double average = 0;
    for (int t = 1; t <= STEPS; t++) {
        a.d[0] = 3;
        mj_adam_step(&f.adam, f.tape, 1, 0.5);
        double keep = fmin(ema, (1.0 + t) / (10.0 + t));
        average = keep * average + (1 - keep) * -lr * t;
    }
    assert_rel((double)a.v[0], -lr * STEPS, 1e-4); /* 200 roundings of 6e-8 and of the moments */
    assert_rel((double)f.adam.average[0], average, 1e-4);
    assert_int_equal(f.adam.step, STEPS);
    mj_arena_fini(&f.arena);
}

static void test_decay_without_gradient_is_exponential(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, (mj_adam_config){.lr = 0.1, .weight_decay = 0.2});
    mj_tensor a = mj_tape_tensor(f.tape, f.a);
    a.v[0] = 1;
    for (int t = 0; t < 50; t++) {
        mj_adam_step(&f.adam, f.tape, 1, 1);
    }
    assert_rel((double)a.v[0], pow(1 - 0.1 * 0.2, 50), 1e-5);
    assert_true(f.adam.average[0] == a.v[0]); /* no average asked for: it is the weight */
    mj_arena_fini(&f.arena);
}

/* Norms and biases are spared where only matrices decay. */
static void test_vectors_can_be_spared_decay(void **state)
{
    (void)state;
    fixture f = {0};
    mj_arena_init(&f.arena, 0);
    f.tape = mj_tape_new(&f.arena, &f.err, (mj_tape_config){0});
    f.a = mj_tape_param(f.tape, "a", mj_shape_1(3), 1);
    f.b = mj_tape_param(f.tape, "b", mj_shape_2(2, 2), 1);
    assert_int_equal(mj_tape_allocate(f.tape, 0), MJ_OK);
    mj_tape_slab slab = mj_tape_params_slab(f.tape);
    const mj_adam_config config = {.lr = 0.1, .weight_decay = 0.2, .decay_matrices = true};
    assert_int_equal(
        mj_adam_init(&f.adam, config, slab.params, slab.n_trained, &f.arena, &f.err), MJ_OK);
    mj_real *a = mj_tape_tensor(f.tape, f.a).v, *b = mj_tape_tensor(f.tape, f.b).v;
    a[0] = b[0] = 1;
    mj_adam_step(&f.adam, f.tape, 1, 1);
    assert_true(a[0] == 1);
    assert_rel((double)b[0], 1 - 0.1 * 0.2, 1e-6);
    mj_arena_fini(&f.arena);
}

/* The minimum of (a - 3)^2 is at 3; a decaying rate ends within the last steps' size of it. */
static void test_finds_the_minimum_of_a_parabola(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, (mj_adam_config){.lr = 0.1});
    const mj_schedule schedule = {.warmup_steps = 10, .flat = 0.5, .floor = 0.001};
    mj_tensor a = mj_tape_tensor(f.tape, f.a);
    for (int t = 0; t < 1000; t++) {
        a.d[0] = 2 * (a.v[0] - 3);
        mj_adam_step(&f.adam, f.tape, mj_schedule_scale(&schedule, (uint64_t)t, t / 1000.0), 1);
    }
    assert_rel((double)a.v[0], 3, 1e-3);
    mj_arena_fini(&f.arena);
}

/* State is its arrays and counter: a copy of them goes on with the same bits. */
static void test_state_is_all_there_is(void **state)
{
    (void)state;
    fixture f[2];
    mj_tape_slab slab[2];
    for (int k = 0; k < 2; k++) {
        fixture_init(&f[k], (mj_adam_config){.lr = 0.01, .ema = 0.99, .weight_decay = 0.1});
        slab[k] = mj_tape_params_slab(f[k].tape);
    }
    for (int t = 0; t < 20; t++) {
        if (t == 10) { /* the second takes over from the first */
            size_t size = f[0].adam.n * sizeof(mj_real);
            memcpy(f[1].adam.m, f[0].adam.m, size);
            memcpy(f[1].adam.v, f[0].adam.v, size);
            memcpy(f[1].adam.average, f[0].adam.average, size);
            memcpy(slab[1].params, slab[0].params, size);
            f[1].adam.step = f[0].adam.step;
        }
        for (int k = t < 10 ? 0 : 1; k >= 0; k--) {
            mj_tensor a = mj_tape_tensor(f[k].tape, f[k].a);
            a.d[0] = a.v[0] - 1, a.d[1] = (mj_real)sin(t);
            mj_adam_step(&f[k].adam, f[k].tape, 1, 1);
        }
    }
    size_t size = f[0].adam.n * sizeof(mj_real);
    assert_memory_equal(f[0].adam.average, f[1].adam.average, size);
    assert_memory_equal(slab[0].params, slab[1].params, size);
    mj_arena_fini(&f[0].arena), mj_arena_fini(&f[1].arena);
}

static void test_clip(void **state)
{
    (void)state;
    mj_clip fixed = {.limit = 2};
    assert_rel(mj_clip_scale(&fixed, 8), 0.25, 0);
    assert_rel(mj_clip_scale(&fixed, 1), 1, 0);
    assert_rel(mj_clip_scale(&fixed, NAN), 0, 0);
    mj_clip adaptive = {0};
    for (int t = 0; t < 30; t++) {
        assert_rel(mj_clip_scale(&adaptive, 1), 1, 0);
    }
    assert_rel(adaptive.mean_norm, 1, 1e-12);
    assert_rel(mj_clip_scale(&adaptive, 100), 0.05, 1e-12); /* 5 means of 1 */
    assert_rel(adaptive.mean_norm, 0.95 + 0.05 * 5, 1e-12); /* it counts as 5 means, not as 100 */
}

static void test_schedule(void **state)
{
    (void)state;
    const mj_schedule s = {.warmup_steps = 30, .flat = 0.6, .floor = 0.05};
    assert_rel(mj_schedule_scale(&s, 0, 0), 1.0 / 30, 1e-12);
    assert_rel(mj_schedule_scale(&s, 29, 0), 1, 0);
    assert_rel(mj_schedule_scale(&s, 1000, 0.6), 1, 0);
    assert_rel(mj_schedule_scale(&s, 1000, 0.8), 0.05 + 0.95 / 2, 1e-12); /* half way down */
    assert_rel(mj_schedule_scale(&s, 1000, 1), 0.05, 1e-12);
    assert_rel(mj_schedule_scale(&s, 1000, 1.5), 0.05, 1e-12);
    const mj_schedule always = {.flat = 1};
    assert_rel(mj_schedule_scale(&always, 0, 1), 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_step_is_the_learning_rate),
        cmocka_unit_test(test_constant_gradient),
        cmocka_unit_test(test_decay_without_gradient_is_exponential),
        cmocka_unit_test(test_vectors_can_be_spared_decay),
        cmocka_unit_test(test_finds_the_minimum_of_a_parabola),
        cmocka_unit_test(test_state_is_all_there_is),
        cmocka_unit_test(test_clip),
        cmocka_unit_test(test_schedule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
