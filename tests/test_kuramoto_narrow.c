/* Coupled oscillators in float, with the processor's own products of narrow numbers: a whole run and its
 * gradient against the same in full precision. */
#include "assert_rel.h"
#include "kuramoto_net.h"

static double rms(const mj_real *x, const mj_real *from, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)x[i] - (from ? (double)from[i] : 0);
        sum += d * d;
    }
    return sqrt(sum / (double)n);
}

/* A sum of N products, each factor off by at most 2^-8 (bf16) or half of 1/127 (int8) of the largest:
 * the rate, of order 1, is off by a fraction of a percent at random. */
static void test_narrow_products_are_near(void **state)
{
    (void)state;
    if (!mj_kernels_have_bf16() || !mj_kernels_have_int8()) {
        skip(); /* the products would be their own definitions */
    }
    const mj_kuramoto net = {.n = 40, .n_batch = 70, .n_segments = 2, .n_steps_max = 6,
                             .integrator = MJ_HEUN,
                             .response = {.n_harmonics = 2, .sin = {1, -0.3}, .cos = {0.2, 0.1}}};
    const mj_kuramoto_run run = {.n_steps = 6, .span = 1.5, .noise = 0.1};
    test_net full, half, code;
    mj_kuramoto narrow = net;
    test_net_init(&full, net, run, 5);
    test_net_backward(&full);
    narrow.precision = MJ_PRECISION_BF16;
    test_net_init(&half, narrow, run, 5);
    test_net_backward(&half);
    assert_true(rms(half.theta, full.theta, full.batch) < 5e-3);
    assert_true(rms(half.theta, full.theta, full.batch) > 1e-5); /* it was not computed in full */
    for (int k = 0; k < ARRAYS; k++) {
        assert_true(rms(half.grad[k], full.grad[k], full.count[k]) <
                    0.02 * rms(full.grad[k], NULL, full.count[k]));
    }
    mj_real *traced = test_array(&half.arena, half.batch);
    memcpy(traced, half.theta, half.batch * sizeof *traced);
    test_net_forward(&half, NULL);
    assert_memory_equal(traced, half.theta, half.batch * sizeof *traced);
    narrow.precision = MJ_PRECISION_INT8;
    test_net_init(&code, narrow, run, 5);
    test_net_forward(&code, NULL);
    assert_true(rms(code.theta, full.theta, full.batch) < 2e-2);
    assert_true(rms(code.theta, full.theta, full.batch) > 1e-5);
    mj_arena_fini(&full.arena), mj_arena_fini(&half.arena), mj_arena_fini(&code.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_narrow_products_are_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
