/* A random network of tables for the tests of circuits: all fan-ins, constants and inputs among the
 * outputs, an output named twice, groups of unequal size. */
#ifndef MJ_LUT_FIXTURE_H
#define MJ_LUT_FIXTURE_H

#include "mj/lut_net.h"
#include "mj/rng.h"

enum { FIXTURE_INPUTS = 40, FIXTURE_NODES = 150, FIXTURE_OUTPUTS = 60, FIXTURE_GROUPS = 4 };

typedef struct {
    mj_lut_net net;
    mj_lut_node node[FIXTURE_NODES];
    int output[FIXTURE_OUTPUTS], group[FIXTURE_GROUPS + 1];
} lut_fixture;

static int fixture_below(mj_rng *rng, int n)
{
    return (int)(mj_rng_uniform(rng) * n);
}

static void lut_fixture_fill(lut_fixture *f, uint64_t seed, double scale)
{
    static const int first[] = {0, 21, 36, 37, FIXTURE_OUTPUTS}; /* a group of one, too */
    mj_rng rng;
    mj_rng_init(&rng, seed, 0);
    for (int i = 0; i < FIXTURE_NODES; i++) {
        mj_lut_node *node = &f->node[i];
        *node = (mj_lut_node){.n_inputs = 1 + fixture_below(&rng, MJ_LUT_INPUTS_MAX)};
        node->table = (uint64_t)mj_rng_u32(&rng) << 32 | mj_rng_u32(&rng);
        if (node->n_inputs < MJ_LUT_INPUTS_MAX) {
            node->table &= ((uint64_t)1 << (1 << node->n_inputs)) - 1;
        }
        for (int j = 0; j < node->n_inputs; j++) {
            node->input[j] = fixture_below(&rng, MJ_LUT_FIRST_INPUT + FIXTURE_INPUTS + i);
        }
    }
    for (int i = 0; i < FIXTURE_OUTPUTS; i++) {
        f->output[i] = MJ_LUT_FIRST_INPUT + FIXTURE_INPUTS + FIXTURE_NODES - 1 - i;
    }
    f->output[3] = 1;
    f->output[30] = 1;
    f->output[5] = 0;
    f->output[7] = MJ_LUT_FIRST_INPUT + 4;
    f->output[9] = f->output[8];
    f->output[11] = f->output[8];
    for (int g = 0; g <= FIXTURE_GROUPS; g++) {
        f->group[g] = first[g];
    }
    f->net = (mj_lut_net){.n_inputs = FIXTURE_INPUTS, .n_nodes = FIXTURE_NODES,
                          .n_outputs = FIXTURE_OUTPUTS, .n_groups = FIXTURE_GROUPS, .node = f->node,
                          .output = f->output, .group = f->group, .scale = scale};
}

#endif
