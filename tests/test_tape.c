/* The tape and its layers, in double precision: gradients of every row of the table and of composed
 * graphs, memory, mistakes, what a NaN is called. */
#include "assert_rel.h"
#include "gradient_walk.h"

#include "mj/layer.h"

#include <string.h>

static void test_every_layer_has_its_gradient(void **state)
{
    (void)state;
    gradient_walk(mj_layers);
}

/* Names are how errors and NaNs are reported. */
static void test_names_of_layers_are_unique(void **state)
{
    (void)state;
    for (int i = 0; mj_layers[i]; i++) {
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(mj_layers[i]->name, mj_layers[k]->name);
        }
    }
}

/* backward adds: run twice without clearing, everything doubles. */
static void test_backward_adds(void **state)
{
    (void)state;
    for (int row = 0; mj_layers[row]; row++) {
        const mj_layer *layer = mj_layers[row];
        const mj_example *e = layer->example;
        gradient_case c = {0};
        mj_arena_init(&c.arena, 0);
        c.tape = mj_tape_new(&c.arena, &c.err, (mj_tape_config){.seed = 17});
        for (int i = 0; i < e->n_in; i++) {
            c.in[i] = layer->label_inputs >> i & 1 ? gradient_labels(c.tape, e->in[i])
                                                   : mj_tape_param(c.tape, "x", e->in[i], 1);
        }
        c.out = mj_tape_apply(c.tape, layer, e->config, c.in, e->n_in);
        gradient_fill(&c, e->n_in, e->n_classes);
        gradient_loss(&c);
        mj_tape_grads_clear(c.tape);
        mj_tensor out = mj_tape_tensor(c.tape, c.out), x = mj_tape_tensor(c.tape, c.in[0]);
        memcpy(out.d, c.r, mj_shape_count(out.shape) * sizeof *out.d);
        mj_tape_backward(c.tape);
        mj_real once = x.d[0];
        mj_tape_backward(c.tape);
        assert_rel((double)x.d[0], 2 * (double)once, 1e-12);
        mj_arena_fini(&c.arena);
    }
}

/* A small network in which the image, the features, the outputs and the table are each used more
 * than once, with two losses added: gradients of all uses must add up. */
static void test_composed_graph_with_shared_inputs(void **state)
{
    (void)state;
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    mj_tape *t = c.tape = mj_tape_new(&c.arena, &c.err, (mj_tape_config){.seed = 3});
    enum { B = 3, N_IN = 8 };
    mj_var image = c.in[0] = mj_tape_param(t, "image", mj_shape_4(B, 4, 4, 2), 1);
    c.in[1] = mj_tape_param(t, "conv", mj_shape_4(3, 3, 2, 3), 1);
    c.in[2] = mj_tape_param(t, "conv bias", mj_shape_1(3), 1);
    c.in[3] = mj_tape_param(t, "w", mj_shape_2(5, 16), 1);
    c.in[4] = mj_tape_param(t, "w bias", mj_shape_1(5), 1);
    mj_var table = c.in[5] = mj_tape_param(t, "table", mj_shape_2(5, 5), 1);
    c.in[6] = mj_tape_param(t, "direct", mj_shape_2(5, 32), 1);
    mj_var class = c.in[7] = mj_tape_labels(t, "class", B);
    mj_var a = mj_silu(t, mj_conv3x3(t, image, c.in[1], c.in[2]));
    mj_var h = mj_slice(t, mj_pool_mean(t, mj_pool_mean(t, a)), 0, 2);
    mj_var crop = mj_crop(t, image, (mj_crop_config){1, 1, 1, 1});
    const mj_var parts[] = {h, crop, h, h, crop, h, h, h};
    mj_var p = mj_linear(t, mj_concat(t, parts, 8), c.in[3], c.in[4]);
    p = mj_linear(t, p, mj_symmetric(t, table), MJ_NONE);
    mj_var q = mj_linear(t, p, table, MJ_NONE);
    mj_var z = mj_add(t, mj_product(t, q, q), mj_scale(t, p, 0.3));
    mj_var fit = mj_squared_error(t, z, mj_dropout(t, mj_relu(t, p), 0.4));
    mj_var logits = mj_add(t, mj_linear(t, image, c.in[6], c.in[4]), mj_gather(t, table, class));
    c.out = mj_add(t, fit, mj_cross_entropy(t, logits, class));
    gradient_fill(&c, N_IN, 5);
    for (int i = 0; i < N_IN - 1; i++) {
        gradient_report("composed", 0, i, gradient_error(&c, i));
    }
    mj_arena_fini(&c.arena);
}

/* Uniform logits: ln C whatever the label; a certain and right answer: 0. */
static void test_cross_entropy_in_nats(void **state)
{
    (void)state;
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    mj_tape *t = mj_tape_new(&c.arena, &c.err, (mj_tape_config){.inference = true});
    mj_var z = mj_tape_input(t, "z", mj_shape_2(4, 10), false);
    mj_var label = mj_tape_labels(t, "label", 4), loss = mj_cross_entropy(t, z, label);
    assert_int_equal(mj_tape_allocate(t, 0), MJ_OK);
    mj_tape_forward(t, 0, false);
    assert_rel((double)mj_tape_tensor(t, loss).v[0], log(10), 1e-12);
    for (int b = 0; b < 4; b++) {
        mj_tape_tensor(t, label).label[b] = b;
        mj_tape_tensor(t, z).v[b * 10 + b] = 1000; /* exp would overflow if it were not shifted */
    }
    mj_tape_forward(t, 0, false);
    assert_true(mj_tape_tensor(t, loss).v[0] == 0);
    mj_arena_fini(&c.arena);
}

/* A share p is dropped, the mean is kept; the mask is one of the step, none outside training. */
static void test_dropout_mask(void **state)
{
    (void)state;
    enum { N = 20000 };
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    mj_tape *t = mj_tape_new(&c.arena, &c.err, (mj_tape_config){.seed = 5});
    mj_var x = mj_tape_input(t, "x", mj_shape_1(N), false), y = mj_dropout(t, x, 0.3);
    assert_int_equal(mj_tape_allocate(t, 0), MJ_OK);
    mj_fill(mj_tape_tensor(t, x).v, 1, N);
    mj_real *out = mj_tape_tensor(t, y).v, first[N];
    mj_tape_forward(t, 1, true);
    memcpy(first, out, sizeof first);
    int n_dropped = 0;
    for (int i = 0; i < N; i++) {
        n_dropped += out[i] == 0;
        assert_true(out[i] == 0 || fabs((double)out[i] - 1 / 0.7) < 1e-12);
    }
    assert_true(fabs(n_dropped - 0.3 * N) < 5 * sqrt(0.3 * 0.7 * N)); /* 5 standard errors */
    mj_tape_forward(t, 2, true);
    assert_memory_not_equal(first, out, sizeof first);
    mj_tape_forward(t, 1, true);
    assert_memory_equal(first, out, sizeof first);
    mj_tape_forward(t, 1, false);
    assert_memory_equal(out, mj_tape_tensor(t, x).v, sizeof first);
    mj_arena_fini(&c.arena);
}

/* Frozen parameters come last in the slab and have no gradient; nor has what depends only on
 * them. */
static void test_slab_and_frozen_parameters(void **state)
{
    (void)state;
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    mj_tape *t = mj_tape_new(&c.arena, &c.err, (mj_tape_config){0});
    mj_var frozen = mj_tape_param(t, "frozen", mj_shape_2(3, 5), 0);
    mj_var still = mj_relu(t, frozen), trained = mj_tape_param(t, "trained", mj_shape_2(3, 5), 0.1);
    mj_var y = mj_product(t, still, trained);
    assert_int_equal(mj_tape_allocate(t, 0), MJ_OK);
    mj_tape_slab slab = mj_tape_params_slab(t);
    assert_true(slab.n_trained == 16 && slab.n_params == 32);
    int n;
    const mj_param *param = mj_tape_params(t, &n);
    assert_int_equal(n, 2);
    assert_string_equal(param[0].name, "trained");
    assert_true(param[0].offset == 0 && param[0].n == 15 && param[1].offset == 16);
    assert_rel(param[0].lr_scale, 0.1, 0);
    assert_null(mj_tape_tensor(t, frozen).d);
    assert_null(mj_tape_tensor(t, still).d);
    assert_ptr_equal(mj_tape_tensor(t, trained).d, slab.grads);
    assert_non_null(mj_tape_tensor(t, y).d);
    mj_arena_fini(&c.arena);
}

static void test_memory_is_known_and_refused_before(void **state)
{
    (void)state;
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    mj_tape *t = mj_tape_new(&c.arena, &c.err, (mj_tape_config){0});
    enum { B = 1000, K = 2000, N = 512 };
    mj_var x = mj_tape_input(t, "x", mj_shape_2(B, K), false);
    mj_var w = mj_tape_param(t, "w", mj_shape_2(N, K), 1);
    mj_relu(t, mj_linear(t, x, w, MJ_NONE));
    mj_tape_memory memory = mj_tape_memory_count(t);
    size_t real = sizeof(mj_real);
    assert_int_equal(memory.params_B, (size_t)N * K * real);
    assert_int_equal(memory.grads_B, memory.params_B);
    assert_int_equal(memory.values_B, ((size_t)B * K + 2 * (size_t)B * N) * real);
    assert_int_equal(memory.value_grads_B, 2 * (size_t)B * N * real);
    const mj_tape_cost cost = mj_tape_cost_count(t);
    assert_true(cost.mac == (double)B * K * N && cost.params == (double)K * N);
    assert_true(cost.vector == (double)B * N && cost.state == 0); /* the ReLU */
    size_t before = c.arena.used_B;
    assert_int_equal(mj_tape_allocate(t, memory.total_B - 1), MJ_EFIT);
    assert_non_null(strstr(c.err.diag[0].text, "MiB"));
    assert_int_equal(c.arena.used_B, before);
    assert_int_equal(mj_tape_allocate(t, memory.total_B), MJ_OK);
    before = c.arena.used_B;
    mj_tape_forward(t, 0, true);
    mj_tape_grads_clear(t);
    mj_tape_backward(t);
    assert_int_equal(c.arena.used_B, before);
    mj_arena_fini(&c.arena);
}

/* The first mistake is the one reported; what is recorded after it does nothing. */
static void test_mistakes_are_kept(void **state)
{
    (void)state;
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    mj_tape *t = mj_tape_new(&c.arena, &c.err, (mj_tape_config){0});
    mj_var x = mj_tape_input(t, "x", mj_shape_2(3, 4), false);
    mj_var w = mj_tape_param(t, "w", mj_shape_2(5, 7), 1);
    mj_var y = mj_relu(t, mj_linear(t, x, w, MJ_NONE));
    assert_int_equal(y, MJ_NONE);
    assert_int_equal(mj_tape_param(t, "v", mj_shape_1(0), 1), MJ_NONE);
    assert_int_equal(mj_tape_allocate(t, 0), MJ_ERANGE);
    assert_int_equal(c.err.n, 1);
    assert_non_null(strstr(c.err.diag[0].text, "linear"));
    t = mj_tape_new(&c.arena, &c.err, (mj_tape_config){0});
    mj_tape_param(t, "huge", mj_shape_4(1 << 30, 1 << 30, 1 << 30, 1 << 30), 1);
    assert_int_equal(mj_tape_allocate(t, 0), MJ_ERANGE);
    mj_arena_fini(&c.arena);
}

static void test_nan_is_named(void **state)
{
    (void)state;
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    mj_tape *t = mj_tape_new(&c.arena, &c.err, (mj_tape_config){0});
    mj_var x = mj_tape_input(t, "x", mj_shape_1(8), false);
    mj_var w = mj_tape_param(t, "gain", mj_shape_1(8), 1);
    mj_var y = mj_silu(t, mj_product(t, x, w));
    assert_int_equal(mj_tape_allocate(t, 0), MJ_OK);
    const char *name;
    bool is_gradient;
    mj_tape_forward(t, 0, true);
    assert_false(mj_tape_find_nan(t, &name, &is_gradient));
    mj_tape_tensor(t, y).d[2] = (mj_real)NAN;
    mj_tape_backward(t);
    assert_true(mj_tape_find_nan(t, &name, &is_gradient));
    assert_true(is_gradient);
    assert_string_equal(name, "silu.3");
    mj_tape_tensor(t, w).v[5] = (mj_real)INFINITY;
    mj_tape_forward(t, 0, true);
    assert_true(mj_tape_find_nan(t, &name, &is_gradient));
    assert_false(is_gradient);
    assert_string_equal(name, "gain");
    mj_arena_fini(&c.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_layer_has_its_gradient),
        cmocka_unit_test(test_names_of_layers_are_unique),
        cmocka_unit_test(test_backward_adds),
        cmocka_unit_test(test_composed_graph_with_shared_inputs),
        cmocka_unit_test(test_cross_entropy_in_nats),
        cmocka_unit_test(test_dropout_mask),
        cmocka_unit_test(test_slab_and_frozen_parameters),
        cmocka_unit_test(test_memory_is_known_and_refused_before),
        cmocka_unit_test(test_mistakes_are_kept),
        cmocka_unit_test(test_nan_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
