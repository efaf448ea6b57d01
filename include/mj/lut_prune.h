/* Hard look-up-table networks (lut_net.h): checked, pruned, counted.
 *
 * What stands in include/mj/lut_net.h as a form may come from a file; everything here but the check takes
 * a network that passed it. */
#ifndef MJ_LUT_PRUNE_H
#define MJ_LUT_PRUNE_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/lut_net.h"

#include <stdbool.h>

/* MJ_ERANGE, with the node, unless sizes are sane, every node reads only signals before its own, tables
 * have no bits beyond their entries, outputs are signals and groups follow each other. */
mj_status mj_lut_net_check(const mj_lut_net *net, const char *path, mj_err *err);

/* The same function of the inputs with fewer nodes: constants, wires, inverters, don't-care inputs and
 * doubled inputs are folded into the tables behind them, nodes that compute what another one does (or its
 * inverse) are dropped, and what no output needs. Inputs, outputs, groups and scale stay; an output may be
 * a constant or an input. A node of one input is left only as an inverter in front of an output. */
mj_status mj_lut_prune(mj_lut_net *pruned, const mj_lut_net *net, mj_arena *arena, mj_err *err);

/* used [n_inputs]: whether a node or an output reads the input; returns how many are. */
int mj_lut_inputs_used(bool *used, const mj_lut_net *net);
/* Drops the inputs that nothing reads and numbers the others anew, in place. dropped [n_inputs + 1] is
 * scratch. */
void mj_lut_inputs_drop(mj_lut_net *net, const bool *used, int *dropped);

/* What a network takes as hardware, without its read-out. A table counts as the two-input gates of the
 * best decomposition by its inputs that the search below finds (an upper bound for more than two): AND, OR
 * and XOR with inverted inputs are one gate. In AND-nodes, as synthesis counts, an XOR is three. */
typedef struct {
    int gates, xors, inverters;
    int depth; /* tables from input to output */
} mj_lut_count;
mj_lut_count mj_lut_net_count(const mj_lut_net *net);
static inline int mj_lut_and_nodes(const mj_lut_count *count)
{
    return count->gates + 2 * count->xors;
}

/* Bits that say what the network is: for each node its table and, for each input, which of the signals
 * before it; for each output its signal. */
double mj_lut_net_bits(const mj_lut_net *net);

/* Tables of n inputs as words: helpers for those who walk networks. */
static inline uint64_t mj_lut_mask(int n)
{
    return n >= 6 ? ~0ull : (1ull << (1 << n)) - 1;
}
/* The table with input j fixed at `value`: n - 1 inputs. */
uint64_t mj_lut_cofactor(uint64_t table, int n, int j, int value);
/* The table with input j inverted. */
uint64_t mj_lut_invert_input(uint64_t table, int n, int j);

#endif
