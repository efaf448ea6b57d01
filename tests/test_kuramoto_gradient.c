/* Gradients of the coupled oscillators, in double: every input of every scheme and option against
 * central differences; and that neither threads nor the cut of a batch change a bit. */
#include "assert_rel.h"
#include "kuramoto_net.h"

#include "mj/phases.h"

typedef struct {
    const char *name;
    mj_integrator integrator;
    int n_harmonics, n_segments;
    bool symmetric, masked, mismatched;
    double noise;
} scenario;

static const scenario SCENARIO[] = {
    {.name = "euler", .integrator = MJ_EULER},
    {.name = "heun", .integrator = MJ_HEUN},
    {.name = "rk4", .integrator = MJ_RK4},
    {.name = "harmonics", .integrator = MJ_RK4, .n_harmonics = 4},
    {.name = "one harmonic, both parts", .integrator = MJ_EULER, .n_harmonics = 1},
    {.name = "segments", .integrator = MJ_EULER, .n_segments = 3},
    {.name = "rk4 segments", .integrator = MJ_RK4, .n_segments = 2, .n_harmonics = 2},
    {.name = "symmetric", .integrator = MJ_EULER, .symmetric = true},
    {.name = "mask", .integrator = MJ_RK4, .masked = true},
    {.name = "symmetric mask of a chip", .integrator = MJ_HEUN, .symmetric = true, .masked = true,
     .mismatched = true},
    {.name = "noise", .integrator = MJ_RK4, .noise = 0.3},
};

/* 70 samples are two blocks; 5 steps do not divide evenly among 2 or 3 segments. */
static void scenario_init(test_net *t, const scenario *s)
{
    const mj_kuramoto net = {
        .n = 7, .n_batch = 70, .n_segments = s->n_segments, .n_steps_max = 8,
        .integrator = s->integrator,
        .response = {.n_harmonics = s->n_harmonics, .sin = {0.9, -0.4, 0.3, 0.2},
                     .cos = {0.3, 0.5, -0.2, 0.1}}};
    const mj_kuramoto_run run = {.n_steps = 5, .span = 1.7, .noise = s->noise, .key = {.seed = 5}};
    test_net_init(t, net, run, 11);
    t->coupling.symmetric = s->symmetric;
    if (s->masked) {
        for (int k = 0; k < net.n * net.n; k++) {
            t->mask[k] = k % 3 != 1;
        }
        t->coupling.mask = t->mask;
    }
    if (s->mismatched) {
        mj_coupling_draw_mismatch(t->factor, 0.2, s->symmetric, 3, net.n);
        t->coupling.factor = t->factor;
    }
}

/* Largest difference to central differences over an array, relative to its largest gradient. With
 * steps of 1e-5 the differences themselves are good to about 1e-9. */
static double largest_error(test_net *t, int array)
{
    const double step = 1e-5;
    double error = 0, largest = 0;
    for (size_t i = 0; i < t->count[array]; i++) {
        mj_real *x = &t->value[array][i], kept = *x;
        *x = kept + step;
        double above = test_net_forward(t, NULL);
        *x = kept - step;
        double below = test_net_forward(t, NULL);
        *x = kept;
        error = fmax(error, fabs((above - below) / (2 * step) - t->grad[array][i]));
        largest = fmax(largest, fabs(t->grad[array][i]));
    }
    assert_true(largest > 0.01);
    return error / largest;
}

static void test_gradient_is_that_of_the_scheme(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof SCENARIO / sizeof *SCENARIO; k++) {
        test_net t;
        scenario_init(&t, &SCENARIO[k]);
        test_net_backward(&t);
        for (int array = 0; array < ARRAYS; array++) {
            double error = largest_error(&t, array);
            if (!(error <= 1e-6)) {
                print_error("%s, %s: error %.3g\n", SCENARIO[k].name, ARRAY_NAME[array], error);
                fail();
            }
        }
        mj_arena_fini(&t.arena);
    }
}

/* Several tiles of dK: the derivative along one random direction of all couplings. */
static void test_gradient_of_a_large_net(void **state)
{
    (void)state;
    test_net t;
    test_net_init(&t, (mj_kuramoto){.n = 530, .n_batch = 3, .n_steps_max = 2},
                  (mj_kuramoto_run){.n_steps = 2, .span = 1}, 7);
    test_net_backward(&t);
    mj_rng rng;
    mj_rng_init(&rng, 8, 0);
    mj_real *direction = test_array(&t.arena, t.count[COUPLING]);
    double slope = 0, loss[2];
    const double step = 1e-5;
    for (size_t i = 0; i < t.count[COUPLING]; i++) {
        direction[i] = mj_rng_normal(&rng);
        slope += direction[i] * t.grad[COUPLING][i];
    }
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < t.count[COUPLING]; i++) {
            t.value[COUPLING][i] += (side == 0 ? step : -2 * step) * direction[i];
        }
        loss[side] = test_net_forward(&t, NULL);
    }
    assert_rel((loss[0] - loss[1]) / (2 * step), slope, 1e-6);
    mj_arena_fini(&t.arena);
}

static void test_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    test_net one, two;
    const mj_kuramoto net = {.n = 530, .n_batch = 131, .n_steps_max = 3, .integrator = MJ_HEUN};
    const mj_kuramoto_run run = {.n_steps = 3, .span = 1, .noise = 0.1, .key = {.seed = 9}};
    test_net_init(&one, net, run, 4);
    test_net_init(&two, net, run, 4);
    mj_threads_set(1);
    test_net_backward(&one);
    mj_threads_set(2);
    test_net_backward(&two);
    mj_threads_set(1);
    assert_memory_equal(one.theta, two.theta, one.batch * sizeof(mj_real));
    for (int k = 0; k < ARRAYS; k++) {
        assert_memory_equal(one.grad[k], two.grad[k], one.count[k] * sizeof(mj_real));
    }
    mj_arena_fini(&one.arena);
    mj_arena_fini(&two.arena);
}

/* Without a trace the same numbers come out, whatever else is asked for. */
static void test_sampling_equals_training(void **state)
{
    (void)state;
    test_net t;
    scenario_init(&t, &SCENARIO[10]);
    mj_real *path = test_array(&t.arena, t.batch * 6), *copy = test_array(&t.arena, t.batch);
    double traced = test_net_forward(&t, t.trace);
    assert_true(test_net_forward(&t, NULL) == traced);
    mj_kuramoto_input in = test_net_input(&t);
    memcpy(copy, t.value[THETA0], t.batch * sizeof *copy);
    in.theta0 = copy;
    mj_kuramoto_forward(copy, path, NULL, t.scratch, &t.net, &t.run, &in);
    assert_memory_equal(copy, t.theta, t.batch * sizeof *copy);
    assert_memory_equal(path, t.value[THETA0], t.batch * sizeof *copy);
    assert_memory_equal(path + 5 * t.batch, t.theta, t.batch * sizeof *copy);
    mj_arena_fini(&t.arena);
}

/* Rounding passes the gradient as if it were not there: that of K, at the rounded couplings. */
static void test_rounding_is_straight_through(void **state)
{
    (void)state;
    test_net t;
    scenario_init(&t, &SCENARIO[0]);
    t.coupling.bits = 4;
    test_net_backward(&t);
    mj_real *rounded = test_array(&t.arena, t.count[COUPLING]);
    mj_real *grad = test_array(&t.arena, t.count[COUPLING]);
    memcpy(grad, t.grad[COUPLING], t.count[COUPLING] * sizeof *grad);
    memcpy(rounded, t.K, t.count[COUPLING] * sizeof *rounded);
    memcpy(t.value[COUPLING], rounded, t.count[COUPLING] * sizeof *rounded);
    t.coupling.bits = 0;
    test_net_backward(&t);
    assert_memory_equal(grad, t.grad[COUPLING], t.count[COUPLING] * sizeof *grad);
    mj_arena_fini(&t.arena);
}

/* x = (1 - cos theta)/2 has the derivative sin(theta)/2; hidden oscillators have none. */
static void test_start_and_read(void **state)
{
    (void)state;
    enum { N = 5, B = 4, VISIBLE = 3 };
    const uint8_t random[N] = {0, 0, 0, 1, 1};
    const int label[B] = {0, 1, 1, 0};
    const mj_phase_start start = {.n = N, .n_batch = B, .random = random, .bits = 2};
    mj_real theta0[2 * N], theta[B * N], x[B * VISIBLE], dx[B * VISIBLE], dtheta[B * N];
    mj_real dtheta0[2 * N] = {0};
    for (int i = 0; i < 2 * N; i++) {
        theta0[i] = 0.3 * i - 1;
    }
    mj_phase_start_forward(theta, theta0, label, &start);
    mj_phase_read_forward(x, theta, B, N, VISIBLE);
    for (int i = 0; i < B * VISIBLE; i++) {
        dx[i] = 1;
    }
    mj_phase_read_backward(dtheta, dx, theta, B, N, VISIBLE);
    mj_phase_start_backward(dtheta0, dtheta, label, &start);
    for (int b = 0; b < B; b++) {
        for (int i = 0; i < N; i++) {
            double phase = theta[b * N + i], learned = theta0[label[b] * N + i];
            double level = (phase + 3.14159265358979323846) / (3.14159265358979323846 / 2);
            assert_true(i < VISIBLE ? phase == learned : fabs(level - rint(level)) < 1e-9);
            assert_true(i < VISIBLE || (level > -0.5 && level < 3.5));
            if (i < VISIBLE) {
                assert_rel(x[b * VISIBLE + i], (1 - cos(learned)) / 2, 1e-12);
            }
        }
    }
    for (int i = 0; i < 2 * N; i++) { /* each class has two samples */
        double want = i % N < VISIBLE ? sin(theta0[i]) : 0;
        assert_true(fabs(dtheta0[i] - want) < 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient_is_that_of_the_scheme),
        cmocka_unit_test(test_gradient_of_a_large_net),
        cmocka_unit_test(test_same_bits_for_any_number_of_threads),
        cmocka_unit_test(test_sampling_equals_training),
        cmocka_unit_test(test_rounding_is_straight_through),
        cmocka_unit_test(test_start_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
