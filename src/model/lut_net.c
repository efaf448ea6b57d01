/* Hard look-up-table networks: the check that those from files must pass, and tables as words. */
#include "mj/lut_net.h"

#include <math.h>
#include <stdbool.h>

enum { SIZE_MAX_NODES = 1 << 24 };

static mj_status refuse(mj_err *err, const char *path, const char *what, int at)
{
    return mj_err_add(err, MJ_ERANGE, path, 0, 0, "look-up-table network: %s %d", what, at);
}

static mj_status check_sizes(const mj_lut_net *net, const char *path, mj_err *err)
{
    bool sane = net->n_inputs >= 0 && net->n_inputs <= SIZE_MAX_NODES && net->n_nodes >= 0 &&
                net->n_nodes <= SIZE_MAX_NODES && net->n_outputs >= 1 &&
                net->n_outputs <= SIZE_MAX_NODES && net->n_groups >= 1 &&
                net->n_groups <= net->n_outputs;
    return sane ? MJ_OK
                : mj_err_add(err, MJ_ERANGE, path, 0, 0,
                             "look-up-table network: %d inputs, %d nodes, %d outputs in %d groups",
                             net->n_inputs, net->n_nodes, net->n_outputs, net->n_groups);
}

mj_status mj_lut_net_check(const mj_lut_net *net, const char *path, mj_err *err)
{
    MJ_TRY(check_sizes(net, path, err));
    int first = MJ_LUT_FIRST_INPUT + net->n_inputs, n_signals = first + net->n_nodes;
    for (int n = 0; n < net->n_nodes; n++) {
        const mj_lut_node *node = &net->node[n];
        if (node->n_inputs < 1 || node->n_inputs > MJ_LUT_INPUTS_MAX) {
            return refuse(err, path, "no number of inputs of a table: that of node", n);
        }
        for (int j = 0; j < node->n_inputs; j++) {
            if (node->input[j] < 0 || node->input[j] >= first + n) {
                return refuse(err, path, "a wire that is not from before its node, node", n);
            }
        }
        if (node->table & ~mj_lut_mask(node->n_inputs)) {
            return refuse(err, path, "a table with more bits than entries, node", n);
        }
    }
    for (int o = 0; o < net->n_outputs; o++) {
        if (net->output[o] < 0 || net->output[o] >= n_signals) {
            return refuse(err, path, "no such signal: output", o);
        }
    }
    for (int g = 0; g < net->n_groups; g++) {
        if (net->group[g] > net->group[g + 1]) {
            return refuse(err, path, "outputs run backwards in group", g);
        }
    }
    if (net->group[0] != 0 || net->group[net->n_groups] != net->n_outputs ||
        !(isfinite(net->scale) && fabs(net->scale) <= 1e6)) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                          "look-up-table network: groups do not cover the outputs, or the scale is no number");
    }
    for (int g = 0; net->slope && g < net->n_groups; g++) {
        if (!(isfinite(net->slope[g]) && fabs(net->slope[g]) <= 1e6)) {
            return refuse(err, path, "the slope is no number: group", g);
        }
    }
    return MJ_OK;
}

uint64_t mj_lut_cofactor(uint64_t table, int n, int j, int value)
{
    uint64_t part = 0;
    for (int i = 0; i < 1 << (n - 1); i++) {
        int low = i & ((1 << j) - 1), from = (i - low) << 1 | value << j | low;
        part |= (table >> from & 1) << i;
    }
    return part;
}

uint64_t mj_lut_invert_input(uint64_t table, int n, int j)
{
    uint64_t inverted = 0;
    for (int i = 0; i < 1 << n; i++) {
        inverted |= (table >> (i ^ 1 << j) & 1) << i;
    }
    return inverted;
}
