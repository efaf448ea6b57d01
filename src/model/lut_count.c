/* What a hard look-up-table network takes: gates, AND-nodes, bits.
 *
 * A table of many inputs is taken apart by one of them at a time (Shannon): f = x f1 + x' f0. If one
 * cofactor is a constant or the inverse of the other, one gate joins them; if one implies the other, two;
 * else three (a multiplexer). The best first input is searched for exhaustively, so that the count is
 * exact for two inputs and an upper bound beyond. */
#include "mj/lut_prune.h"

#include <math.h>

typedef struct {
    int gates, xors;
} cost;

/* Gates that join the cofactors of an input. */
static cost join_cost(uint64_t low, uint64_t high, uint64_t all)
{
    if (low == 0 || low == all || high == 0 || high == all) {
        return (cost){1, 0};
    }
    if (low == (high ^ all)) {
        return (cost){1, 1};
    }
    bool implied = (low & ~high) == 0 || (high & ~low) == 0;
    return (cost){implied ? 2 : 3, 0};
}

static cost table_cost(uint64_t table, int n)
{
    cost best = {0, 0};
    bool found = false;
    for (int j = 0; j < n; j++) {
        uint64_t low = mj_lut_cofactor(table, n, j, 0), high = mj_lut_cofactor(table, n, j, 1);
        if (low == high) {
            return table_cost(low, n - 1);
        }
    }
    for (int j = 0; n > 1 && j < n; j++) {
        uint64_t all = mj_lut_mask(n - 1);
        uint64_t low = mj_lut_cofactor(table, n, j, 0), high = mj_lut_cofactor(table, n, j, 1);
        cost c = join_cost(low, high, all), part = table_cost(low, n - 1);
        bool once = low == (high ^ all); /* an XOR needs one of them */
        cost other = once ? (cost){0, 0} : table_cost(high, n - 1);
        c.gates += part.gates + other.gates;
        c.xors += part.xors + other.xors;
        if (!found || c.gates < best.gates || (c.gates == best.gates && c.xors < best.xors)) {
            best = c;
            found = true;
        }
    }
    return best;
}

/* Tables between the inputs and each signal; the most of all. */
static int depth_of(const mj_lut_net *net)
{
    int deepest = 0, first = MJ_LUT_FIRST_INPUT + net->n_inputs;
    mj_arena scratch;
    mj_arena_init(&scratch, 0);
    int *depth = mj_arena_array(&scratch, (size_t)net->n_nodes, sizeof *depth);
    for (int n = 0; depth && n < net->n_nodes; n++) {
        for (int j = 0; j < net->node[n].n_inputs; j++) {
            int from = net->node[n].input[j] - first;
            int below = from >= 0 ? depth[from] : 0;
            depth[n] = depth[n] > below ? depth[n] : below;
        }
        depth[n]++;
        deepest = depth[n] > deepest ? depth[n] : deepest;
    }
    mj_arena_fini(&scratch);
    return deepest;
}

mj_lut_count mj_lut_net_count(const mj_lut_net *net)
{
    mj_lut_count count = {.depth = depth_of(net)};
    for (int n = 0; n < net->n_nodes; n++) {
        const mj_lut_node *node = &net->node[n];
        cost c = table_cost(node->table, node->n_inputs);
        count.gates += c.gates;
        count.xors += c.xors;
        count.inverters += node->n_inputs == 1 && node->table == 1;
    }
    return count;
}

double mj_lut_net_bits(const mj_lut_net *net)
{
    int first = MJ_LUT_FIRST_INPUT + net->n_inputs;
    double bits = net->n_outputs * ceil(log2(first + net->n_nodes));
    for (int n = 0; n < net->n_nodes; n++) {
        const mj_lut_node *node = &net->node[n];
        bits += (1 << node->n_inputs) + node->n_inputs * ceil(log2(first + n));
    }
    return bits;
}
