/* Simulate without delays: 64 vectors at once, one word a net. */
#include "mj/simulate.h"

/* Changes between neighbouring bits of the first n_bits; `before` is the bit ahead of the first one. */
static int count_changes(uint64_t word, unsigned before, int n_bits, bool has_before)
{
    uint64_t change = word ^ (word << 1 | before);
    change = has_before ? change : change & ~(uint64_t)1;
    change = n_bits < 64 ? change & (((uint64_t)1 << n_bits) - 1) : change;
    return __builtin_popcountll(change);
}

static void evaluate(uint64_t *value, const mj_netlist *netlist)
{
    for (int i = 0; i < netlist->n_instances; i++) {
        const mj_instance *x = &netlist->instance[i];
        uint64_t in[MJ_LIBERTY_INPUTS_MAX];
        for (int p = 0; p < x->cell->n_inputs; p++) {
            in[p] = value[x->input[p]];
        }
        for (int p = 0; p < x->cell->n_outputs; p++) {
            if (x->output[p] >= 0) {
                value[x->output[p]] = mj_table_rows(x->cell->output[p].table, in, x->cell->n_inputs);
            }
        }
    }
}

mj_status mj_simulate_function(uint64_t *output, uint64_t *toggles, const mj_netlist *netlist,
                               const uint64_t *input, int n_vectors, mj_arena *arena, mj_err *err)
{
    const size_t words = mj_simulate_words(n_vectors);
    uint64_t *value = mj_arena_array(arena, (size_t)netlist->n_nets, sizeof *value);
    uint8_t *last = mj_arena_array(arena, (size_t)netlist->n_nets, sizeof *last);
    if (!value || !last) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the simulation");
    }
    value[MJ_NET_ONE] = UINT64_MAX;
    for (int k = 0; toggles && k < netlist->n_nets; k++) {
        toggles[k] = 0;
    }
    for (size_t w = 0; w < words; w++) {
        const int n_bits = n_vectors - (int)(64 * w);
        for (int i = 0; i < netlist->n_inputs; i++) {
            value[netlist->input[i].net] = input[(size_t)i * words + w];
        }
        evaluate(value, netlist);
        for (int k = MJ_NET_FIRST; toggles && k < netlist->n_nets; k++) {
            toggles[k] += (uint64_t)count_changes(value[k], last[k], n_bits, w > 0);
            last[k] = (uint8_t)(value[k] >> 63);
        }
        for (int i = 0; output && i < netlist->n_outputs; i++) {
            output[(size_t)i * words + w] = value[netlist->output[i].net];
        }
    }
    return MJ_OK;
}
