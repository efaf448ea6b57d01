/* Codes of symbols by decisions: what is used alike stands together, decisions cost together what the symbol
 * costs, chances add up to one, trees that are none are refused. */
#include "assert_rel.h"

#include "mj/rng.h"
#include "mj/symbol_tree.h"

#include <math.h>
#include <string.h>

enum { N = 12, CLASS = 4 };

/* Counts of a language of three classes of four symbols: class a is followed by b, b by c or b, c by a; within
 * a class symbols differ in how common they are alone. */
static void fill_pairs(double pair[N * N])
{
    static const double follows[3][3] = {{0, 1, 0}, {0, 0.3, 0.7}, {1, 0, 0}};
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            pair[i * N + j] = 1000 * follows[i % 3][j % 3] * (1 + i / 3) * (1 + j / 3);
        }
    }
}

/* Symbols i, i + 3, i + 6, i + 9 are used alike: joining them loses nothing, so that they have neighbouring
 * places, whatever their order. */
static void test_what_is_used_alike_stands_together(void **state)
{
    (void)state;
    double pair[N * N];
    mj_symbol_tree tree;
    fill_pairs(pair);
    mj_symbol_tree_cluster(&tree, pair, N);
    for (int class = 0; class < 3; class++) {
        int first = N, last = -1;
        for (int i = class; i < N; i += 3) {
            first = tree.place[i] < first ? tree.place[i] : first;
            last = tree.place[i] > last ? tree.place[i] : last;
        }
        assert_int_equal(last - first, CLASS - 1);
    }
}

/* The chain rule of entropy: the decisions of a code cost together what the symbol does, given the one before
 * it, whatever the tree. */
static void test_decisions_cost_what_the_symbol_does(void **state)
{
    (void)state;
    double pair[N * N], bits[N - 1], sum = 0, entropy = 0, all = 0;
    mj_symbol_tree tree;
    mj_rng rng;
    mj_rng_init(&rng, 3, 0);
    for (int i = 0; i < N * N; i++) {
        pair[i] = floor(100 * mj_rng_uniform(&rng) * mj_rng_uniform(&rng));
        all += pair[i];
    }
    for (int i = 0; i < N; i++) {
        double row = 0;
        for (int j = 0; j < N; j++) {
            row += pair[i * N + j];
        }
        for (int j = 0; j < N; j++) {
            double n = pair[i * N + j];
            entropy -= n > 0 ? n / all * log2(n / row) : 0;
        }
    }
    mj_symbol_tree_cluster(&tree, pair, N);
    mj_symbol_tree_bits(bits, &tree, pair);
    for (int d = 0; d < N - 1; d++) {
        assert_true(bits[d] >= -1e-12);
        sum += bits[d];
    }
    assert_rel(sum, entropy, 1e-12);
}

static void test_chances_add_up_to_one(void **state)
{
    (void)state;
    double pair[MJ_SYMBOLS_MAX * 2] = {0}, sum = 0;
    mj_symbol_tree tree;
    mj_real z[N - 1];
    mj_rng rng;
    mj_rng_init(&rng, 4, 0);
    mj_symbol_tree_cluster(&tree, pair, N); /* a text of nothing has a code, too */
    for (int d = 0; d < N - 1; d++) {
        z[d] = (mj_real)(20 * mj_rng_normal(&rng));
    }
    for (int i = 0; i < N; i++) {
        sum += exp(-mj_symbol_tree_nats(&tree, z, i));
    }
    assert_rel(sum, 1, 1e-12);
    mj_symbol_tree_cluster(&tree, pair, 2);
    z[0] = 3;
    assert_rel(mj_symbol_tree_nats(&tree, z, tree.side[0] ? 0 : 1), log(1 + exp(-3)), 1e-12);
}

static void test_trees_that_are_none(void **state)
{
    (void)state;
    static const struct {
        int child[3][2];
    } wrong[] = {
        {{{~0, ~1}, {~2, ~3}, {0, 0}}},   /* one decision twice */
        {{{~0, ~1}, {~2, ~2}, {0, 1}}},   /* one symbol twice */
        {{{~0, ~1}, {~2, ~4}, {0, 1}}},   /* no such symbol */
        {{{~0, ~1}, {~2, 1}, {0, ~3}}},   /* a decision that leads to itself */
        {{{~0, 2}, {~2, ~3}, {0, 1}}},    /* or to one above */
        {{{~0, -2147483647 - 1}, {~2, ~3}, {0, 1}}},
    };
    mj_symbol_tree tree = {.n_symbols = 4, .child = {{~0, ~1}, {~2, ~3}, {0, 1}}};
    mj_err err = {0};
    assert_int_equal(mj_symbol_tree_complete(&tree, "good", &err), MJ_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(tree.place[i], i);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        err = (mj_err){0};
        memcpy(tree.child, wrong[i].child, sizeof wrong[i].child);
        assert_int_equal(mj_symbol_tree_complete(&tree, "bad", &err), MJ_ERANGE);
        assert_int_equal(err.n, 1);
    }
    tree.n_symbols = 1;
    err = (mj_err){0};
    assert_int_equal(mj_symbol_tree_complete(&tree, "bad", &err), MJ_ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_used_alike_stands_together),
        cmocka_unit_test(test_decisions_cost_what_the_symbol_does),
        cmocka_unit_test(test_chances_add_up_to_one),
        cmocka_unit_test(test_trees_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
