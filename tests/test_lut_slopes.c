/* Slopes of hard look-up-table networks against a soft network evaluated one sample and one entry at a time,
 * and changes of the loss by flips that can be written down. */
#include "assert_rel.h"

#include "mj/lut_slopes.h"
#include "mj/rng.h"

#include <stdbool.h>
#include <string.h>

enum { INPUTS = 6, NODES = 14, OUTPUTS = 12, GROUPS = 3, SAMPLES = 70, FIRST = MJ_LUT_FIRST_INPUT + INPUTS };

/* Two groups, the second always 1, the first a buffer of the only input; both samples are of the first. */
static void test_a_buffer(void **state)
{
    (void)state;
    mj_err err = {0};
    mj_lut_node buffer = {.n_inputs = 1, .input = {2}, .table = 2};
    int output[] = {3, 1}, group[] = {0, 1, 2}, label[] = {0, 0};
    const uint64_t x = 2; /* 0, then 1 */
    const mj_lut_net net = {.n_inputs = 1, .n_nodes = 1, .n_outputs = 2, .n_groups = 2, .node = &buffer,
                            .output = output, .group = group};
    const mj_lut_samples samples = {.n = 2, .input = &x, .label = label, .scale = 1};
    mj_lut_flip flip[8];
    int n = 8;
    double loss;
    const double behind = log(1 + exp(1)), level = log(2);
    assert_int_equal(mj_lut_flips(flip, &n, &loss, &net, &samples, 1, &err), MJ_OK);
    assert_rel(loss, (behind + level) / 2, 1e-12);
    assert_int_equal(n, 2); /* it has two entries, and both are read */
    for (int k = 0; k < n; k++) {
        const bool rises = flip[k].entry == 0;
        assert_rel(flip[k].found, (rises ? level - behind : behind - level) / 2, 1e-12);
        assert_rel(flip[k].predicted, rises ? -exp(1) / (1 + exp(1)) / 2 : 0.25, 1e-12);
    }
    const mj_lut_agreement all = mj_lut_flips_compare(flip, n);
    assert_int_equal(all.n_moved, 2);
    assert_int_equal(all.n_same, 2);
    assert_rel(all.correlation, 1, 1e-12); /* two points that rise together */
}

/* A random network and samples. */
typedef struct {
    mj_lut_node node[NODES];
    int output[OUTPUTS], group[GROUPS + 1], label[SAMPLES];
    uint64_t input[INPUTS][(SAMPLES + 63) / 64];
    mj_lut_net net;
    mj_lut_samples samples;
} world;

static int below(mj_rng *rng, int n)
{
    return (int)(mj_rng_uniform(rng) * n);
}

static void world_fill(world *w, uint64_t seed)
{
    static const int group[] = {0, 4, 7, OUTPUTS};
    mj_rng rng;
    mj_rng_init(&rng, seed, 0);
    memset(w, 0, sizeof *w);
    for (int n = 0; n < NODES; n++) {
        mj_lut_node *node = &w->node[n];
        node->n_inputs = 1 + below(&rng, MJ_LUT_INPUTS_MAX);
        node->table = ((uint64_t)mj_rng_u32(&rng) << 32 | mj_rng_u32(&rng)) & mj_lut_mask(node->n_inputs);
        for (int j = 0; j < node->n_inputs; j++) {
            node->input[j] = below(&rng, FIRST + n); /* constants and doubled inputs too */
        }
    }
    for (int o = 0; o < OUTPUTS; o++) {
        w->output[o] = FIRST + NODES - 1 - below(&rng, 10);
    }
    for (int i = 0; i < INPUTS; i++) {
        for (int s = 0; s < SAMPLES; s++) {
            w->input[i][s / 64] |= (uint64_t)below(&rng, 2) << s % 64;
        }
    }
    for (int s = 0; s < SAMPLES; s++) {
        w->label[s] = below(&rng, GROUPS);
    }
    memcpy(w->group, group, sizeof group);
    w->net = (mj_lut_net){.n_inputs = INPUTS, .n_nodes = NODES, .n_outputs = OUTPUTS, .n_groups = GROUPS,
                          .node = w->node, .output = w->output, .group = w->group};
    w->samples = (mj_lut_samples){.n = SAMPLES, .input = w->input[0], .label = w->label, .scale = 0.7};
}

/* Multilinear interpolation of p at x, by its definition. */
static double interpolate(const double *p, const mj_lut_node *node, const double *value)
{
    double sum = 0;
    for (int i = 0; i < 1 << node->n_inputs; i++) {
        double weight = 1;
        for (int j = 0; j < node->n_inputs; j++) {
            weight *= i >> j & 1 ? value[node->input[j]] : 1 - value[node->input[j]];
        }
        sum += weight * p[i];
    }
    return sum;
}

/* Of tables whose entry `entry` of node `at` is moved by `step`. */
static double soft_loss(const world *w, int at, int entry, double step)
{
    double loss = 0;
    for (int s = 0; s < SAMPLES; s++) {
        double value[FIRST + NODES] = {0, 1}, score[GROUPS] = {0}, sum = 0, p[MJ_LUT_ENTRIES];
        for (int i = 0; i < INPUTS; i++) {
            value[MJ_LUT_FIRST_INPUT + i] = (double)(w->input[i][s / 64] >> s % 64 & 1);
        }
        for (int n = 0; n < NODES; n++) {
            for (int i = 0; i < MJ_LUT_ENTRIES; i++) {
                p[i] = (double)(w->node[n].table >> i & 1) + (n == at && i == entry ? step : 0);
            }
            value[FIRST + n] = interpolate(p, &w->node[n], value);
        }
        for (int g = 0; g < GROUPS; g++) {
            for (int o = w->group[g]; o < w->group[g + 1]; o++) {
                score[g] += value[w->output[o]];
            }
            sum += exp(w->samples.scale * score[g]);
        }
        loss += (log(sum) - w->samples.scale * score[w->label[s]]) / SAMPLES;
    }
    return loss;
}

/* Central differences of the soft network: their error is of order step^2, 1e-8, times third derivatives of
 * order 1; 1e-11 is what rounding leaves. */
static void test_slopes_are_those_of_the_soft_network(void **state)
{
    (void)state;
    static world w;
    const double step = 1e-4;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        mj_err err = {0};
        double slope[NODES * MJ_LUT_ENTRIES], loss;
        uint64_t reached[NODES];
        world_fill(&w, seed);
        assert_int_equal(mj_lut_slopes(slope, reached, &loss, &w.net, &w.samples, &err), MJ_OK);
        assert_rel(loss, soft_loss(&w, 0, 0, 0), 1e-12);
        for (int n = 0; n < NODES; n++) {
            for (int i = 0; i < 1 << w.node[n].n_inputs; i++) {
                const double difference = (soft_loss(&w, n, i, step) - soft_loss(&w, n, i, -step)) / (2 * step);
                assert_true(fabs(slope[n * MJ_LUT_ENTRIES + i] - difference) < 1e-7);
                assert_true((reached[n] >> i & 1) || difference == 0);
            }
        }
    }
}

/* A flip is the whole step, from 0 to 1 or back. */
static void test_flips_are_the_hard_network(void **state)
{
    (void)state;
    static world w;
    enum { FLIPS = 40 };
    mj_err err = {0};
    mj_lut_flip flip[FLIPS];
    int n = FLIPS;
    double loss;
    world_fill(&w, 5);
    assert_int_equal(mj_lut_flips(flip, &n, &loss, &w.net, &w.samples, 7, &err), MJ_OK);
    assert_int_equal(n, FLIPS);
    for (int k = 0; k < n; k++) {
        const double step = w.node[flip[k].node].table >> flip[k].entry & 1 ? -1 : 1;
        const double change = soft_loss(&w, flip[k].node, flip[k].entry, step) - loss;
        assert_true(fabs(flip[k].found - change) < 1e-12);
        for (int other = 0; other < k; other++) {
            assert_true(flip[other].node != flip[k].node || flip[other].entry != flip[k].entry);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_buffer),
        cmocka_unit_test(test_slopes_are_those_of_the_soft_network),
        cmocka_unit_test(test_flips_are_the_hard_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
