/* A trained network of look-up tables as hardware has it: hard bits, no weights.
 *
 *   signal 0 is 0, signal 1 is 1, signals 2 .. 2 + n_inputs - 1 are the inputs, then one a node, in the
 *   order of the nodes. A node reads only signals before its own.
 *   node = bit i of table, i = sum over j of node.input[j] << j           n_inputs <= 6
 *   score of group g = number of ones among output[group[g]] .. output[group[g + 1] - 1]
 *
 * What the scores mean is the model's: the largest names the class (ties: the first), or the softmax of
 * scores * scale is a distribution, or slope * (score - half of the group) decides with the logistic of it
 * as its chance (symbol_tree.h). Trainer, pruner, Verilog writer and simulators share this one form. */
#ifndef MJ_LUT_NET_H
#define MJ_LUT_NET_H

#include "mj/err.h"

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
    double *slope;     /* [n_groups], in nats, of scores that decide; else NULL */
} mj_lut_net;

/* MJ_ERANGE, with the node, unless sizes are sane, every node reads only signals before its own, tables
 * have no bits beyond their entries, outputs are signals and groups follow each other. What takes a
 * network takes one that passed. */
mj_status mj_lut_net_check(const mj_lut_net *net, const char *path, mj_err *err);

/* The entries of a table of n inputs. */
static inline uint64_t mj_lut_mask(int n)
{
    return n >= 6 ? ~0ull : (1ull << (1 << n)) - 1;
}
/* The table with input j fixed at `value`: n - 1 inputs. */
uint64_t mj_lut_cofactor(uint64_t table, int n, int j, int value);
/* The table with input j inverted. */
uint64_t mj_lut_invert_input(uint64_t table, int n, int j);

#endif
