/* Gradients of whole text nets against central differences, in double precision: attention whose keys serve
 * several heads, and equilibria that are solved well, whose implicit gradient is that of the net and whose
 * truncated one is not. */
#include "gradient_walk.h"

#include "mj/text_net.h"

#include <string.h>

enum { B = 2, T = 5, V = 6 };

typedef struct {
    gradient_case c;
    mj_text_net_vars vars;
} net_case;

/* The net as its training starts, on symbols in turn. */
static void begin(net_case *n, const mj_text_net *net)
{
    gradient_case *c = &n->c;
    *n = (net_case){0};
    mj_arena_init(&c->arena, 0);
    c->tape = mj_tape_new(&c->arena, &c->err, (mj_tape_config){.seed = 1});
    assert_int_equal(mj_text_net_record(&n->vars, c->tape, net, B, T, &c->err), MJ_OK);
    assert_int_equal(mj_tape_allocate(c->tape, 0), MJ_OK);
    mj_text_net_init(c->tape, net, 7);
    c->out = n->vars.logits;
    c->r = gradient_random(&c->arena, B * T * V, 99);
    for (int i = 0; i < B * T; i++) {
        mj_tape_tensor(c->tape, n->vars.symbol).label[i] = (5 * i + i / 3) % V;
    }
}

/* Largest error of the parameters whose name ends so. */
static double error_of(net_case *n, const char *ending)
{
    int n_params;
    double error = 0;
    const mj_param *param = mj_tape_params(n->c.tape, &n_params);
    for (int p = 0; p < n_params; p++) {
        size_t length = strlen(param[p].name), tail = strlen(ending);
        if (length >= tail && strcmp(param[p].name + length - tail, ending) == 0) {
            n->c.in[0] = param[p].var;
            error = fmax(error, gradient_error(&n->c, 0));
        }
    }
    return error;
}

static void check_net(const mj_text_net *net, const char *name)
{
    net_case n;
    begin(&n, net);
    gradient_report(name, (int)net->block, 0, error_of(&n, "")); /* of all */
    mj_arena_fini(&n.c.arena);
}

static void test_keys_that_serve_several_heads(void **state)
{
    (void)state;
    for (int kv_heads = 1; kv_heads <= 4; kv_heads *= 2) {
        const mj_text_net net = {.block = MJ_BLOCK_GPT, .n_symbols = V, .width = 16, .depth = 2, .mlp = 1,
                                 .heads = 4, .kv_heads = kv_heads, .span = 3};
        check_net(&net, "grouped queries");
    }
}

/* Plain iteration and mixing find the same point, and both blocks' gradient is that of the point. */
static void test_the_gradient_of_a_fixed_point(void **state)
{
    (void)state;
    mj_text_net net = {.n_symbols = V, .width = 8, .depth = 1, .mlp = 1, .equilibrium = 100,
                       .gradient = MJ_TEXT_IMPLICIT, .tolerance = 1e-13};
    for (int history = 1; history <= 5; history += 4) {
        net.history = history;
        net.block = MJ_BLOCK_MINGRU;
        net.heads = net.kv_heads = 0;
        check_net(&net, "equilibrium of mingru");
        net.block = MJ_BLOCK_GPT;
        net.heads = 2;
        net.kv_heads = 1;
        check_net(&net, "equilibrium of gpt");
    }
}

/* Of the last applications alone it is another one, the nearer the more of them there are. */
static void test_a_truncated_gradient_comes_nearer(void **state)
{
    (void)state;
    static const int applications[] = {1, 2, 8, 60};
    double last = HUGE_VAL;
    for (size_t i = 0; i < sizeof applications / sizeof applications[0]; i++) {
        const mj_text_net net = {.n_symbols = V, .width = 8, .depth = 1, .mlp = 1, .equilibrium = 100,
                                 .gradient = applications[i], .history = 5, .tolerance = 1e-13};
        net_case n;
        begin(&n, &net);
        double error = error_of(&n, "block0.in");
        assert_true(error < last);
        assert_true(applications[i] > 2 || error > 100 * GRADIENT_TOL);
        last = error;
        mj_arena_fini(&n.c.arena);
    }
    assert_true(last < 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_that_serve_several_heads),
        cmocka_unit_test(test_the_gradient_of_a_fixed_point),
        cmocka_unit_test(test_a_truncated_gradient_comes_nearer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
