/* Pruning of hard look-up-table networks.
 *
 * One walk in the order of the nodes. An edge is a signal of the new network and whether it is inverted; a
 * table takes in what its edges say (a constant fixes an input, an inversion swaps entries, two inputs
 * from one signal become one, an input without effect goes), its inputs are sorted, and its first entry is
 * made 0 by inverting the table and the edges that leave it. Equal functions of equal signals then are
 * equal nodes, found in a hash table. A second walk, backwards, marks what the outputs need and which
 * nodes are wanted inverted only. Sound, not complete: two nodes may be equal for reasons that lie deeper
 * than their inputs; synthesis finds those. */
#include "mj/lut_prune.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { SIZE_MAX_NODES = 1 << 24, NONE = -1 };

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
    return MJ_OK;
}

/* Tables. */

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

static void drop_input(mj_lut_node *node, int j, int value)
{
    node->table = mj_lut_cofactor(node->table, node->n_inputs, j, value);
    node->n_inputs--;
    memmove(node->input + j, node->input + j + 1, (size_t)(node->n_inputs - j) * sizeof *node->input);
}

static bool ignores(const mj_lut_node *node, int j)
{
    return mj_lut_cofactor(node->table, node->n_inputs, j, 0) ==
           mj_lut_cofactor(node->table, node->n_inputs, j, 1);
}

/* Inputs j < k read one signal: entries in which they differ never occur. */
static void merge_inputs(mj_lut_node *node, int j, int k)
{
    uint64_t table = 0;
    for (int i = 0; i < 1 << node->n_inputs; i++) {
        int same = (i & ~(1 << k)) | (i >> j & 1) << k;
        table |= (node->table >> same & 1) << i;
    }
    node->table = table;
    drop_input(node, k, 0);
}

static void swap_inputs(mj_lut_node *node, int j)
{
    uint64_t table = 0;
    for (int i = 0; i < 1 << node->n_inputs; i++) {
        int low = i >> j & 1, high = i >> (j + 1) & 1;
        int from = (i & ~(3 << j)) | low << (j + 1) | high << j;
        table |= (node->table >> from & 1) << i;
    }
    node->table = table;
    int input = node->input[j];
    node->input[j] = node->input[j + 1];
    node->input[j + 1] = input;
}

/* Sorted, distinct inputs that all have an effect. */
static void normalize(mj_lut_node *node)
{
    for (int end = node->n_inputs - 1; end > 0; end--) {
        for (int j = 0; j < end; j++) {
            if (node->input[j] > node->input[j + 1]) {
                swap_inputs(node, j);
            }
        }
    }
    for (int j = node->n_inputs - 1; j > 0; j--) {
        if (node->input[j - 1] == node->input[j]) {
            merge_inputs(node, j - 1, j);
        }
    }
    for (int j = node->n_inputs - 1; j >= 0; j--) {
        if (ignores(node, j)) {
            drop_input(node, j, 0);
        }
    }
}

/* The walk. */

typedef struct {
    mj_lut_node *node; /* new nodes; signals are numbered as in the old network until the end */
    int n_nodes, first; /* first signal of a node */
    int *edge;          /* [old signals]: 2 * new signal + inverted */
    int *slot;          /* hash table of new nodes */
    size_t n_slots;
    uint8_t *use;       /* [new nodes]: bits of below */
    int *number;        /* [new signals]: in the pruned network */
} walk;

enum { USED = 1, OUT = 2, OUT_INVERTED = 4 };

static uint64_t hash_node(const mj_lut_node *node)
{
    uint64_t h = node->table * 0x9e3779b97f4a7c15u + (uint64_t)node->n_inputs;
    for (int j = 0; j < node->n_inputs; j++) {
        h = (h ^ (uint64_t)node->input[j]) * 0xbf58476d1ce4e5b9u;
        h ^= h >> 29;
    }
    return h;
}

static bool is_same(const mj_lut_node *a, const mj_lut_node *b)
{
    return a->n_inputs == b->n_inputs && a->table == b->table &&
           memcmp(a->input, b->input, (size_t)a->n_inputs * sizeof *a->input) == 0;
}

/* The new node's number, which may have been there. */
static int find_or_add(walk *w, const mj_lut_node *node)
{
    size_t at = hash_node(node) & (w->n_slots - 1);
    while (w->slot[at] != NONE && !is_same(&w->node[w->slot[at]], node)) {
        at = (at + 1) & (w->n_slots - 1);
    }
    if (w->slot[at] == NONE) {
        w->node[w->n_nodes] = *node;
        w->slot[at] = w->n_nodes++;
    }
    return w->slot[at];
}

/* The edge that carries what an old node computes. */
static int fold_node(walk *w, const mj_lut_node *old)
{
    mj_lut_node node = *old;
    for (int j = node.n_inputs - 1; j >= 0; j--) {
        int edge = w->edge[node.input[j]];
        if (edge < 2) { /* signal 0, or its inverse */
            drop_input(&node, j, edge);
            continue;
        }
        node.input[j] = edge >> 1;
        node.table = edge & 1 ? mj_lut_invert_input(node.table, node.n_inputs, j) : node.table;
    }
    normalize(&node);
    int inverted = (int)(node.table & 1);
    if (node.n_inputs == 0) {
        return inverted;
    }
    node.table ^= inverted ? mj_lut_mask(node.n_inputs) : 0;
    memset(node.input + node.n_inputs, 0,
           (size_t)(MJ_LUT_INPUTS_MAX - node.n_inputs) * sizeof *node.input);
    int signal = node.n_inputs == 1 ? node.input[0] : w->first + find_or_add(w, &node);
    return 2 * signal | inverted;
}

static void mark_uses(walk *w, const mj_lut_net *net)
{
    for (int o = 0; o < net->n_outputs; o++) {
        int edge = w->edge[net->output[o]], node = (edge >> 1) - w->first;
        if (node >= 0) {
            w->use[node] |= USED | (edge & 1 ? OUT_INVERTED : OUT);
        }
    }
    for (int n = w->n_nodes - 1; n >= 0; n--) {
        for (int j = 0; w->use[n] && j < w->node[n].n_inputs; j++) {
            int node = w->node[n].input[j] - w->first;
            if (node >= 0) {
                w->use[node] |= USED;
            }
        }
    }
}

/* Outputs want it inverted and never as it is: it is kept inverted. */
static bool is_flipped(const walk *w, int signal)
{
    return signal >= w->first && (w->use[signal - w->first] & (OUT | OUT_INVERTED)) == OUT_INVERTED;
}

static void emit_node(mj_lut_net *to, walk *w, int n)
{
    mj_lut_node node = w->node[n];
    for (int j = 0; j < node.n_inputs; j++) {
        if (is_flipped(w, node.input[j])) {
            node.table = mj_lut_invert_input(node.table, node.n_inputs, j);
        }
        node.input[j] = w->number[node.input[j]];
    }
    node.table ^= is_flipped(w, w->first + n) ? mj_lut_mask(node.n_inputs) : 0;
    w->number[w->first + n] = w->first + to->n_nodes;
    to->node[to->n_nodes++] = node;
}

/* The signal of an output, behind an inverter where it must be; one inverter a signal. */
static int emit_output(mj_lut_net *to, walk *w, int edge, int *inverter)
{
    int signal = edge >> 1;
    if (signal == 0) {
        return edge; /* signals 0 and 1 are the constants */
    }
    if ((edge & 1) == is_flipped(w, signal)) {
        return w->number[signal];
    }
    if (inverter[signal] == NONE) {
        inverter[signal] = w->first + to->n_nodes;
        to->node[to->n_nodes++] =
            (mj_lut_node){.n_inputs = 1, .input = {w->number[signal]}, .table = 1};
    }
    return inverter[signal];
}

static mj_status walk_init(walk *w, const mj_lut_net *net, mj_arena *arena, mj_err *err)
{
    size_t first = (size_t)(MJ_LUT_FIRST_INPUT + net->n_inputs), n = (size_t)net->n_nodes;
    *w = (walk){.first = (int)first, .n_slots = 2};
    while (w->n_slots < 2 * n) {
        w->n_slots *= 2;
    }
    w->node = mj_arena_array(arena, n, sizeof *w->node);
    w->edge = mj_arena_array(arena, first + n, sizeof *w->edge);
    w->slot = mj_arena_array(arena, w->n_slots, sizeof *w->slot);
    w->use = mj_arena_array(arena, n, sizeof *w->use);
    w->number = mj_arena_array(arena, first + n, sizeof *w->number);
    if (!w->node || !w->edge || !w->slot || !w->use || !w->number) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory to prune %d nodes", net->n_nodes);
    }
    memset(w->slot, 0xff, w->n_slots * sizeof *w->slot);
    for (int s = 0; s < w->first; s++) {
        w->edge[s] = 2 * s;
        w->number[s] = s;
    }
    w->edge[1] = 1; /* signal 1 is the inverse of signal 0 */
    return MJ_OK;
}

static mj_status emit(mj_lut_net *to, walk *w, const mj_lut_net *net, mj_arena *arena, mj_err *err)
{
    size_t n_signals = (size_t)w->first + (size_t)w->n_nodes;
    int *inverter = mj_arena_array(arena, n_signals, sizeof *inverter);
    *to = *net;
    to->n_nodes = 0;
    to->node = mj_arena_array(arena, (size_t)w->n_nodes + (size_t)net->n_outputs, sizeof *to->node);
    to->output = mj_arena_array(arena, (size_t)net->n_outputs, sizeof *to->output);
    to->group = mj_arena_array(arena, (size_t)net->n_groups + 1, sizeof *to->group);
    if (!inverter || !to->node || !to->output || !to->group) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a pruned network");
    }
    memset(inverter, 0xff, n_signals * sizeof *inverter);
    for (int n = 0; n < w->n_nodes; n++) {
        if (w->use[n]) {
            emit_node(to, w, n);
        }
    }
    for (int o = 0; o < net->n_outputs; o++) {
        to->output[o] = emit_output(to, w, w->edge[net->output[o]], inverter);
    }
    memcpy(to->group, net->group, ((size_t)net->n_groups + 1) * sizeof *to->group);
    return MJ_OK;
}

mj_status mj_lut_prune(mj_lut_net *pruned, const mj_lut_net *net, mj_arena *arena, mj_err *err)
{
    walk w;
    mj_arena scratch;
    mj_arena_init(&scratch, 0);
    mj_status status = walk_init(&w, net, &scratch, err);
    if (status == MJ_OK) {
        for (int n = 0; n < net->n_nodes; n++) {
            w.edge[w.first + n] = fold_node(&w, &net->node[n]);
        }
        mark_uses(&w, net);
        status = emit(pruned, &w, net, arena, err);
    }
    mj_arena_fini(&scratch);
    return status;
}

/* Inputs. */

int mj_lut_inputs_used(bool *used, const mj_lut_net *net)
{
    int end = MJ_LUT_FIRST_INPUT + net->n_inputs, n_used = 0;
    memset(used, 0, (size_t)net->n_inputs * sizeof *used);
    for (int n = 0; n < net->n_nodes; n++) {
        for (int j = 0; j < net->node[n].n_inputs; j++) {
            int signal = net->node[n].input[j];
            if (signal >= MJ_LUT_FIRST_INPUT && signal < end) {
                used[signal - MJ_LUT_FIRST_INPUT] = true;
            }
        }
    }
    for (int o = 0; o < net->n_outputs; o++) {
        if (net->output[o] >= MJ_LUT_FIRST_INPUT && net->output[o] < end) {
            used[net->output[o] - MJ_LUT_FIRST_INPUT] = true;
        }
    }
    for (int i = 0; i < net->n_inputs; i++) {
        n_used += used[i];
    }
    return n_used;
}

/* An input's new number is its old one less the unused ones before it. */
static int renumber(int signal, const mj_lut_net *net, const int *dropped)
{
    int i = signal - MJ_LUT_FIRST_INPUT;
    return i < 0 ? signal : signal - dropped[i < net->n_inputs ? i : net->n_inputs];
}

void mj_lut_inputs_drop(mj_lut_net *net, const bool *used, int *dropped)
{
    dropped[0] = 0;
    for (int i = 0; i < net->n_inputs; i++) {
        dropped[i + 1] = dropped[i] + !used[i];
    }
    for (int n = 0; n < net->n_nodes; n++) {
        for (int j = 0; j < net->node[n].n_inputs; j++) {
            net->node[n].input[j] = renumber(net->node[n].input[j], net, dropped);
        }
    }
    for (int o = 0; o < net->n_outputs; o++) {
        net->output[o] = renumber(net->output[o], net, dropped);
    }
    net->n_inputs -= dropped[net->n_inputs];
}
