/* A trained network of look-up tables as hardware has it: hard bits, no weights.
 *
 *   signal 0 is 0, signal 1 is 1, signals 2 .. 2 + n_inputs - 1 are the inputs, then one a node, in the
 *   order of the nodes. A node reads only signals before its own.
 *   node = bit i of table, i = sum over j of node.input[j] << j           n_inputs <= 6
 *   score of group g = number of ones among output[group[g]] .. output[group[g + 1] - 1]
 *
 * What the scores mean is the model's: the largest names the class (ties: the first), or the softmax of
 * scores * scale is a distribution. Trainer, pruner, Verilog writer and simulators share this one form. */
#ifndef MJ_LUT_NET_H
#define MJ_LUT_NET_H

#include <stdint.h>

enum { MJ_LUT_INPUTS_MAX = 6, MJ_LUT_FIRST_INPUT = 2 };

typedef struct {
    int n_inputs; /* 1 .. MJ_LUT_INPUTS_MAX */
    int input[MJ_LUT_INPUTS_MAX];
    uint64_t table; /* bits from 1 << n_inputs on are 0 */
} mj_lut_node;

typedef struct {
    int n_inputs, n_nodes, n_outputs, n_groups;
    mj_lut_node *node; /* [n_nodes] */
    int *output;       /* [n_outputs]: signals */
    int *group;        /* [n_groups + 1]: first output of each group, n_outputs at the end */
    double scale;      /* of a score, in nats; 0 where only the largest counts */
} mj_lut_net;

#endif
