/* The two classifiers, in double: the layer they add, their gradients through all layers, and that their
 * views are what the loss takes them for. */
#include "gradient_walk.h"

#include "mj/classifier.h"
#include "mj/layer.h"
#include "mj/patches.h"

enum { B = 2, PIXELS = MJ_CLASSIFIER_SIDE * MJ_CLASSIFIER_SIDE, N_CLASS = 10 };

typedef struct {
    mj_arena arena;
    mj_err err;
    mj_tape *tape;
    mj_var pixel, label, loss;
    mj_classifier_vars vars;
} net;

static void net_init(net *n, mj_network network, bool with_views)
{
    const mj_classifier classifier = {.network = network, .n_class = N_CLASS, .lr_scale = 1,
                                      .with_views = with_views};
    *n = (net){0};
    mj_arena_init(&n->arena, 0);
    n->tape = mj_tape_new(&n->arena, &n->err, (mj_tape_config){.seed = 1});
    n->pixel = mj_tape_input(n->tape, "pixel", mj_shape_2(B, PIXELS), true);
    n->label = mj_tape_labels(n->tape, "class", B);
    mj_classifier_record(&n->vars, n->tape, n->pixel, &classifier, "net/");
    n->loss = mj_cross_entropy(n->tape, n->vars.logits, n->label);
    assert_int_equal(mj_tape_allocate(n->tape, 0), MJ_OK);
    mj_classifier_init(n->tape, network, "net/", 5);
    mj_real *pixel = mj_tape_tensor(n->tape, n->pixel).v;
    mj_noise_uniform(pixel, 0, B * PIXELS, (mj_noise_key){.seed = 9});
    mj_tape_tensor(n->tape, n->label).label[0] = 3;
    mj_tape_tensor(n->tape, n->label).label[1] = 7;
}

static void test_patches_have_their_gradient(void **state)
{
    (void)state;
    const mj_layer *const rows[] = {&mj_patches_row, NULL};
    gradient_walk(rows);
}

static double loss_of(net *n)
{
    mj_tape_forward(n->tape, 0, true);
    return *mj_tape_tensor(n->tape, n->loss).v;
}

/* Some pixels and some of every parameter against central differences. A ReLU or a maximum whose sides
 * change within the step would spoil one; with h = 1e-6 none of these does. The difference is good to
 * the rounding of the loss over h, 2e-10, which is what is left of a small gradient. */
static void test_gradients_through_the_network(void **state)
{
    (void)state;
    for (int network = 0; network < MJ_NETWORK_N; network++) {
        net n;
        net_init(&n, (mj_network)network, false);
        loss_of(&n);
        mj_tape_grads_clear(n.tape);
        *mj_tape_tensor(n.tape, n.loss).d = 1;
        mj_tape_backward(n.tape);
        int n_params;
        const mj_param *param = mj_tape_params(n.tape, &n_params);
        for (int p = 0; p <= n_params; p++) {
            mj_tensor x = mj_tape_tensor(n.tape, p < n_params ? param[p].var : n.pixel);
            size_t count = mj_shape_count(x.shape);
            for (size_t i = count / 3; i < count; i += count / 3 + 1) {
                const double h = 1e-6;
                mj_real kept = x.v[i];
                x.v[i] = kept + h;
                double more = loss_of(&n);
                x.v[i] = kept - h;
                double less = loss_of(&n), want = (more - less) / (2 * h);
                x.v[i] = kept;
                assert_true(fabs(x.d[i] - want) <= 1e-6 * fabs(want) + 1e-9);
            }
        }
        mj_arena_fini(&n.arena);
    }
}

/* Quadrants of two maps and the features: for patch 4 x 4x4x48, 4 x 2x2x96 and 128. */
static void test_views_are_quadrants(void **state)
{
    (void)state;
    static const size_t first[MJ_NETWORK_N] = {4 * 4 * 32, 4 * 4 * 48};
    static const size_t second[MJ_NETWORK_N] = {4 * 4 * 32, 2 * 2 * 96};
    for (int network = 0; network < MJ_NETWORK_N; network++) {
        net n;
        net_init(&n, (mj_network)network, true);
        assert_int_equal(n.vars.n_views, 9);
        for (int v = 0; v < 9; v++) {
            size_t want = v < 4 ? first[network]
                          : v < 8 ? second[network]
                                  : (size_t)mj_classifier_features((mj_network)network);
            mj_tensor view = mj_tape_tensor(n.tape, n.vars.view[v]);
            assert_int_equal(mj_shape_count(view.shape), B * want);
        }
        mj_arena_fini(&n.arena);
    }
}

/* The layer list's own sum: 3x3 weights, linear ones, biases. */
static void test_number_of_parameters(void **state)
{
    (void)state;
    static const size_t want[MJ_NETWORK_N] = {
        9 * 16 + 16 + 9 * 16 * 32 + 32 + 9 * 32 * 32 + 32 + 7 * 7 * 32 * 64 + 64 + 64 * 10 + 10,
        49 * 48 + 48 + 4 * 48 * 96 + 96 + 16 * 96 * 128 + 128 + 128 * 10 + 10};
    for (int network = 0; network < MJ_NETWORK_N; network++) {
        net n;
        int n_params;
        size_t sum = 0;
        net_init(&n, (mj_network)network, false);
        const mj_param *param = mj_tape_params(n.tape, &n_params);
        for (int p = 0; p < n_params; p++) {
            sum += param[p].n;
        }
        assert_int_equal(sum, want[network]);
        mj_arena_fini(&n.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patches_have_their_gradient),
        cmocka_unit_test(test_gradients_through_the_network),
        cmocka_unit_test(test_views_are_quadrants),
        cmocka_unit_test(test_number_of_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
