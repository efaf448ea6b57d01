/* From a hard look-up-table network to operations on three slots.
 *
 * Tables of more inputs are taken apart by one of them (Shannon), with a multiplexer behind; then gates
 * whose only reader is one gate are taken into it where the two read three signals together; then the
 * read-out is added: counters of full adders (x + y + z = parity + 2 majority), and comparisons. Operations
 * are ordered by their distance from the inputs and within it by function, so that one function is called
 * for many operations; inputs of a gate are ordered so that few functions are in use. */
#include "mj/lut_program.h"

#include "lut_variants.h"
#include "mj/lut_prune.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *const mj_lut_variant_names[] = {"portable", "avx2", "avx512", NULL};

enum { PARITY = 0x96, MAJORITY = 0xe8, IF_HIGH = 0xca, XOR = 6, AND = 8, OR = 14, ONLY_FIRST = 2 };

/* A gate reads up to three signals; bit i of the table, i = in[0] + 2 in[1] + 4 in[2]. */
typedef struct {
    int n, in[3];
    uint8_t table;
    int level, readers, slot;
} gate;

typedef struct {
    gate *gate;
    int n_gates, room, first; /* first signal of a gate */
    int *signal;              /* [old signals] */
    int *queue;               /* bits yet to be added, of one group; [3 n_outputs] */
    int n_outputs;
    mj_lut_program *program;
} compiler;

static int add_gate(compiler *c, int n, const int *in, unsigned table)
{
    assert(c->n_gates < c->room);
    gate *g = &c->gate[c->n_gates];
    *g = (gate){.n = n, .table = (uint8_t)table};
    memcpy(g->in, in, (size_t)n * sizeof *in);
    return c->first + c->n_gates++;
}

static int add_2(compiler *c, unsigned table, int a, int b)
{
    return add_gate(c, 2, (const int[]){a, b}, table);
}

static int add_3(compiler *c, unsigned table, int x, int y, int z)
{
    return add_gate(c, 3, (const int[]){x, y, z}, table);
}

/* The signal of a table of signals. */
static int lower_table(compiler *c, uint64_t table, int n, const int *in)
{
    if (table == 0 || table == mj_lut_mask(n)) {
        return table != 0;
    }
    if (n <= 3) {
        return add_gate(c, n, in, (unsigned)table);
    }
    int low = lower_table(c, mj_lut_cofactor(table, n, n - 1, 0), n - 1, in);
    int high = lower_table(c, mj_lut_cofactor(table, n, n - 1, 1), n - 1, in);
    return low == high ? low : add_3(c, IF_HIGH, low, high, in[n - 1]);
}

static void lower(compiler *c, const mj_lut_net *net)
{
    for (int s = 0; s < c->first; s++) {
        c->signal[s] = s;
    }
    for (int n = 0; n < net->n_nodes; n++) {
        int in[MJ_LUT_INPUTS_MAX];
        const mj_lut_node *node = &net->node[n];
        for (int j = 0; j < node->n_inputs; j++) {
            in[j] = c->signal[node->input[j]];
        }
        c->signal[c->first + n] = lower_table(c, node->table, node->n_inputs, in);
    }
}

/* Merging. */

static void count_readers(compiler *c, const mj_lut_net *net)
{
    for (int g = 0; g < c->n_gates; g++) {
        for (int j = 0; j < c->gate[g].n; j++) {
            int from = c->gate[g].in[j] - c->first;
            c->gate[from < 0 ? g : from].readers += from >= 0;
        }
    }
    for (int o = 0; o < net->n_outputs; o++) {
        int from = c->signal[net->output[o]] - c->first;
        if (from >= 0) {
            c->gate[from].readers += 2; /* an output's gate stays */
        }
    }
}

/* The place of a signal in a list of up to three, which it joins; -1 if the list is full. */
static int place_of(int *list, int *n, int signal)
{
    for (int i = 0; i < *n; i++) {
        if (list[i] == signal) {
            return i;
        }
    }
    if (*n == 3) {
        return -1;
    }
    list[*n] = signal;
    return (*n)++;
}

/* The entry of a gate's table where its inputs have the values of `bits`, at the places given. */
static unsigned entry_of(const gate *g, const int *place, unsigned bits)
{
    unsigned i = 0;
    for (int j = 0; j < g->n; j++) {
        i |= (bits >> place[j] & 1) << j;
    }
    return g->table >> i & 1;
}

/* Takes the gate behind input j into g, if both then read at most three signals. */
static bool merge_input(compiler *c, gate *g, int j)
{
    int from = g->in[j] - c->first;
    if (from < 0 || c->gate[from].readers != 1) {
        return false;
    }
    gate *child = &c->gate[from];
    int list[3] = {0}, n = 0, of_child[3], of_g[3];
    for (int i = 0; i < child->n; i++) {
        of_child[i] = place_of(list, &n, child->in[i]);
    }
    for (int i = 0; i < g->n; i++) {
        of_g[i] = i == j ? 3 : place_of(list, &n, g->in[i]); /* bit 3 is the child's */
        if (of_g[i] < 0) {
            return false;
        }
    }
    unsigned table = 0;
    for (unsigned bits = 0; bits < 1u << n; bits++) {
        table |= entry_of(g, of_g, bits | entry_of(child, of_child, bits) << 3) << bits;
    }
    for (int i = 0; i < child->n; i++) { /* those that both read have one reader less */
        int below = child->in[i] - c->first;
        for (int k = 0; k < g->n; k++) {
            if (below >= 0 && k != j && g->in[k] == child->in[i]) {
                c->gate[below].readers--;
            }
        }
    }
    child->readers = 0;
    memcpy(g->in, list, sizeof list);
    g->n = n;
    g->table = (uint8_t)table;
    return true;
}

static void merge(compiler *c)
{
    for (int g = 0; g < c->n_gates; g++) {
        for (int j = 0; j < c->gate[g].n; j++) {
            if (merge_input(c, &c->gate[g], j)) {
                j = -1; /* its inputs are others now */
            }
        }
    }
}

/* Read-out. */

/* Adds n bits of one weight; sums stay in the queue's front, carries come behind them. Returns the bit. */
static int add_column(compiler *c, int *bits, int *n)
{
    int n_carries = 0, first = 0, end = *n;
    int *carry = c->queue + 2 * c->n_outputs; /* bits and their sums end before that */
    while (end - first > 1) {
        int x = bits[first], y = bits[first + 1];
        bool three = end - first > 2;
        int z = three ? bits[first + 2] : 0;
        first += three ? 3 : 2;
        bits[end++] = three ? add_3(c, PARITY, x, y, z) : add_2(c, XOR, x, y);
        carry[n_carries++] = three ? add_3(c, MAJORITY, x, y, z) : add_2(c, AND, x, y);
    }
    int sum = bits[first];
    memcpy(bits, carry, (size_t)n_carries * sizeof *bits);
    *n = n_carries;
    return sum;
}

static void count_group(compiler *c, const mj_lut_net *net, int group)
{
    mj_lut_program *p = c->program;
    int n = 0, bits = p->first_bit[group];
    for (int o = net->group[group]; o < net->group[group + 1]; o++) {
        c->queue[n++] = c->signal[net->output[o]];
    }
    while (n > 0) {
        p->bit[bits++] = add_column(c, c->queue, &n);
    }
    p->first_bit[group + 1] = bits;
}

/* The number of the largest score: each in turn against the best so far. */
static void compare_groups(compiler *c)
{
    enum { SECOND_ABOVE_FIRST = 0xd4, BITS_MAX = 32 };
    mj_lut_program *p = c->program;
    int best[BITS_MAX] = {0}, class[BITS_MAX] = {0}, n_best = 0;
    for (int g = 0; g < p->n_groups; g++) {
        const int *score = p->bit + p->first_bit[g];
        int n = p->first_bit[g + 1] - p->first_bit[g], above = g == 0;
        n_best = n > n_best ? n : n_best;
        for (int i = 0; g > 0 && i < n_best; i++) {
            above = add_3(c, SECOND_ABOVE_FIRST, best[i], i < n ? score[i] : 0, above);
        }
        for (int i = 0; i < n_best; i++) {
            best[i] = g == 0 ? score[i] : add_3(c, IF_HIGH, best[i], i < n ? score[i] : 0, above);
        }
        for (int i = 0; g > 0 && i < p->n_class_bits; i++) {
            class[i] = add_2(c, g >> i & 1 ? OR : ONLY_FIRST, class[i], above);
        }
    }
    memcpy(p->bit + p->first_bit[p->n_groups], class, (size_t)p->n_class_bits * sizeof *class);
}

/* Order. */

/* Inputs in the order that gives the least number as a function of three. */
static void settle(gate *g)
{
    static const int order[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    uint8_t least = 0xff;
    int best = 0, in[3];
    while (g->n < 3) { /* an input without effect: the table repeats itself */
        g->in[g->n] = g->in[0];
        g->table = (uint8_t)(g->table | g->table << (1 << g->n));
        g->n++;
    }
    for (int o = 0; o < 6; o++) {
        unsigned table = 0;
        for (unsigned i = 0; i < 8; i++) {
            table |= entry_of(g, order[o], i) << i;
        }
        best = table < least ? o : best;
        least = table < least ? (uint8_t)table : least;
    }
    for (int j = 0; j < 3; j++) {
        in[order[best][j]] = g->in[j];
    }
    g->table = least != 0xff ? least : g->table;
    memcpy(g->in, in, sizeof in);
}

static int by_place(const void *a, const void *b)
{
    const gate *x = *(gate *const *)a, *y = *(gate *const *)b;
    return x->level != y->level   ? (x->level > y->level) - (x->level < y->level)
           : x->table != y->table ? (x->table > y->table) - (x->table < y->table)
                                  : (x->in[2] > y->in[2]) - (x->in[2] < y->in[2]);
}

/* The slot of a signal once gates have theirs. */
static uint32_t slot_of(const compiler *c, int signal)
{
    return (uint32_t)(signal < c->first ? signal : c->gate[signal - c->first].slot);
}

static void order(compiler *c, gate **sorted)
{
    mj_lut_program *p = c->program;
    int n = 0;
    for (int g = 0; g < c->n_gates; g++) {
        gate *at = &c->gate[g];
        if (at->readers == 0) { /* went into another one */
            continue;
        }
        for (int j = 0; j < at->n; j++) {
            int from = at->in[j] - c->first;
            int below = from >= 0 ? c->gate[from].level + 1 : 0;
            at->level = below > at->level ? below : at->level;
        }
        settle(at);
        sorted[n++] = at;
    }
    qsort(sorted, (size_t)n, sizeof *sorted, by_place);
    for (int i = 0; i < n; i++) {
        sorted[i]->slot = c->first + i;
        bool same = i > 0 && sorted[i]->table == sorted[i - 1]->table;
        p->n_runs += !same;
        p->run[p->n_runs - 1].function = sorted[i]->table;
        p->run[p->n_runs - 1].n++;
    }
    for (int i = 0; i < n; i++) {
        const int *in = sorted[i]->in;
        p->op[i] = (mj_lut_op){slot_of(c, in[2]), slot_of(c, in[1]), slot_of(c, in[0])};
    }
    for (int b = 0; b < p->first_bit[p->n_groups] + p->n_class_bits; b++) {
        p->bit[b] = (int)slot_of(c, p->bit[b]);
    }
    p->n_ops = n;
}

/* Gates that a network can make at most: a node of k inputs 2^(k-2) - 1 with their multiplexers, the
 * read-out two an output and three a bit and group. */
static size_t gates_of(const mj_lut_net *net)
{
    enum { BITS_A_SCORE = 26, GATES_A_BIT = 6 };
    size_t n = 3 * (size_t)net->n_outputs + (size_t)net->n_groups * BITS_A_SCORE * GATES_A_BIT;
    for (int i = 0; i < net->n_nodes; i++) {
        int k = net->node[i].n_inputs;
        n += k > 3 ? ((size_t)1 << (k - 2)) - 1 : 1;
    }
    return n;
}

mj_status mj_lut_program_new(mj_lut_program *p, const mj_lut_net *net, mj_arena *arena, mj_err *err)
{
    enum { BITS_MAX = 26 };
    mj_arena scratch;
    size_t room = gates_of(net), first = (size_t)(MJ_LUT_FIRST_INPUT + net->n_inputs);
    mj_arena_init(&scratch, 0);
    *p = (mj_lut_program){.n_inputs = net->n_inputs, .n_groups = net->n_groups};
    while (1 << p->n_class_bits < net->n_groups) {
        p->n_class_bits++;
    }
    compiler c = {.room = (int)room, .first = (int)first, .n_outputs = net->n_outputs, .program = p};
    c.gate = mj_arena_array(&scratch, room, sizeof *c.gate);
    c.signal = mj_arena_array(&scratch, first + (size_t)net->n_nodes, sizeof *c.signal);
    c.queue = mj_arena_array(&scratch, 3 * (size_t)net->n_outputs, sizeof *c.queue);
    gate **sorted = mj_arena_array(&scratch, room, sizeof *sorted);
    p->op = mj_arena_array(arena, room, sizeof *p->op);
    p->run = mj_arena_array(arena, room, sizeof *p->run);
    p->bit = mj_arena_array(arena, (size_t)net->n_groups * BITS_MAX + (size_t)p->n_class_bits,
                            sizeof *p->bit);
    p->first_bit = mj_arena_array(arena, (size_t)net->n_groups + 1, sizeof *p->first_bit);
    if (!c.gate || !c.signal || !c.queue || !sorted || !p->op || !p->run || !p->bit || !p->first_bit) {
        mj_arena_fini(&scratch);
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory to compile a look-up-table network");
    }
    lower(&c, net);
    count_readers(&c, net);
    merge(&c);
    int n_net = c.n_gates;
    for (int g = 0; g < net->n_groups; g++) {
        count_group(&c, net, g);
    }
    compare_groups(&c);
    for (int g = n_net; g < c.n_gates; g++) {
        c.gate[g].readers = 1; /* of the read-out, all are read */
    }
    p->n_readout = c.n_gates - n_net;
    order(&c, sorted);
    mj_arena_fini(&scratch);
    return MJ_OK;
}

/* Running. */

uint64_t *mj_lut_slots_new(const mj_lut_program *p, mj_arena *arena)
{
    size_t n = (size_t)(MJ_LUT_FIRST_INPUT + p->n_inputs + p->n_ops);
    uint64_t *slots = mj_arena_array(arena, n, MJ_LUT_WORDS * sizeof *slots);
    if (slots) {
        memset(mj_lut_slot(slots, 1), 0xff, MJ_LUT_WORDS * sizeof *slots);
    }
    return slots;
}

bool mj_lut_variant_is_there(mj_lut_variant variant)
{
#if defined(__x86_64__)
    return variant == MJ_LUT_AVX512 ? __builtin_cpu_supports("avx512f")
           : variant == MJ_LUT_AVX2 ? __builtin_cpu_supports("avx2")
                                    : true;
#else
    return variant == MJ_LUT_PORTABLE;
#endif
}

mj_lut_variant mj_lut_variant_best(void)
{
    mj_lut_variant variant = MJ_LUT_AVX512;
    while (!mj_lut_variant_is_there(variant)) {
        variant--;
    }
    return variant;
}

void mj_lut_program_run_as(const mj_lut_program *p, uint64_t *slots, mj_lut_variant variant)
{
#if defined(__x86_64__)
    if (variant == MJ_LUT_AVX512) {
        mj_lut_run_avx512(p, slots);
        return;
    }
    if (variant == MJ_LUT_AVX2) {
        mj_lut_run_avx2(p, slots);
        return;
    }
#endif
    (void)variant;
    mj_lut_run_portable(p, slots);
}

void mj_lut_program_run(const mj_lut_program *p, uint64_t *slots)
{
    mj_lut_program_run_as(p, slots, mj_lut_variant_best());
}

/* number [512], `stride` apart, from its bits. */
static void gather_bits(int *number, size_t stride, const int *bit, int n_bits, const uint64_t *slots)
{
    for (size_t s = 0; s < MJ_LUT_BLOCK; s++) {
        number[s * stride] = 0;
    }
    for (int b = 0; b < n_bits; b++) {
        const uint64_t *word = slots + (size_t)bit[b] * MJ_LUT_WORDS;
        for (size_t s = 0; s < MJ_LUT_BLOCK; s++) {
            number[s * stride] |= (int)(word[s / 64] >> s % 64 & 1) << b;
        }
    }
}

void mj_lut_program_scores(int *score, const mj_lut_program *p, const uint64_t *slots)
{
    for (int g = 0; g < p->n_groups; g++) {
        gather_bits(score + g, (size_t)p->n_groups, p->bit + p->first_bit[g],
                    p->first_bit[g + 1] - p->first_bit[g], slots);
    }
}

void mj_lut_program_classes(int *class, const mj_lut_program *p, const uint64_t *slots)
{
    gather_bits(class, 1, p->bit + p->first_bit[p->n_groups], p->n_class_bits, slots);
}
