/* Read-out: outputs gathered into terms. */
#include "mj/readout.h"

static int bits_of(long long largest)
{
    int n = 1;
    while (largest >> n > 0) {
        n++;
    }
    return n;
}

/* weight: [n_signals of the net], zeros, which it is again afterwards. place: signal -> index of y. */
static void gather(mj_readout_group *group, int *weight, const int *place, const int *output, int n)
{
    for (int i = 0; i < n; i++) {
        if (output[i] < MJ_LUT_FIRST_INPUT) {
            group->ones += output[i];
        } else {
            weight[output[i]]++;
        }
    }
    for (int i = 0; i < n; i++) {
        if (weight[output[i]] == 0) {
            continue;
        }
        /* by rising index: outputs mostly stand in order, so little moves */
        int at = group->n_terms++;
        for (; at > 0 && group->term[at - 1] > place[output[i]]; at--) {
            group->term[at] = group->term[at - 1];
            group->weight[at] = group->weight[at - 1];
        }
        group->term[at] = place[output[i]];
        group->weight[at] = weight[output[i]];
        weight[output[i]] = 0;
    }
    group->n_bits = bits_of(n);
}

mj_status mj_readout_plan(mj_readout *readout, const mj_lut_net *net, mj_arena *arena, mj_err *err)
{
    *readout = (mj_readout){.n_groups = net->n_groups};
    int n_all = MJ_LUT_FIRST_INPUT + net->n_inputs + net->n_nodes;
    size_t n_outputs = (size_t)net->n_outputs;
    int *place = mj_arena_array(arena, (size_t)n_all, sizeof *place);
    int *weight = mj_arena_array(arena, (size_t)n_all, sizeof *weight);
    int *term = mj_arena_array(arena, 2 * n_outputs, sizeof *term);
    readout->signal = mj_arena_array(arena, n_outputs, sizeof *readout->signal);
    readout->group = mj_arena_array(arena, (size_t)net->n_groups, sizeof *readout->group);
    if (!place || !weight || !term || !readout->signal || !readout->group) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a read-out");
    }
    for (int i = 0; i < net->n_outputs; i++) {
        place[net->output[i]] = 1;
    }
    for (int signal = MJ_LUT_FIRST_INPUT; signal < n_all; signal++) {
        if (place[signal]) {
            place[signal] = readout->n_signals;
            readout->signal[readout->n_signals++] = signal;
        }
    }
    if (readout->n_signals == 0) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "network of tables: all its outputs are constants");
    }
    for (int g = 0; g < net->n_groups; g++) {
        int first = net->group[g], n = net->group[g + 1] - first;
        readout->group[g].term = term + 2 * first;
        readout->group[g].weight = term + 2 * first + n;
        gather(&readout->group[g], weight, place, net->output + first, n);
        readout->n_score_bits += readout->group[g].n_bits;
    }
    readout->n_class_bits = net->scale == 0 ? bits_of(net->n_groups - 1) : 0;
    return MJ_OK;
}

int mj_readout_checked_bits(const mj_readout *readout)
{
    return readout->n_signals + readout->n_score_bits + readout->n_class_bits;
}
