/* Fuzz target: netlists. A refusal names a reason; whatever is accepted is simulated by both simulators,
 * which come to the same rest. */
#include "mj/energy.h"
#include "mj/simulate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VECTORS = 5 };

#define ARC(pin)                                                                            \
    "timing () { related_pin : \"" pin "\"; cell_rise (scalar) { values (\"0.1\"); }"        \
    "cell_fall (scalar) { values (\"0.2\"); } rise_transition (scalar) { values (\"0.1\"); }" \
    "fall_transition (scalar) { values (\"0.1\"); } }"                                       \
    "internal_power () { related_pin : \"" pin "\"; power (scalar) { values (\"0.1\"); } }"
#define INPUT(pin) "pin (" pin ") { direction : input; capacitance : 0.01; }"
static const char library[] =
    "library (fuzz) { time_unit : 1ns; voltage_unit : 1V; leakage_power_unit : 1nW;"
    "capacitive_load_unit (1, pf); nom_voltage : 1;"
    "cell (INV) {" INPUT("A") "pin (Y) { direction : output; function : \"!A\";" ARC("A") "} }"
    "cell (HA) {" INPUT("A") INPUT("B") "pin (YS) { direction : output; function : \"A ^ B\";"
    ARC("A") ARC("B") "} pin (YC) { direction : output; function : \"A B\";" ARC("A") ARC("B") "} }"
    "cell (FF) { ff (Q, QN) { next_state : D; } } }";

static void simulate(const mj_netlist *netlist, mj_arena *arena)
{
    mj_timing timing;
    mj_energy energy;
    mj_err err = {0};
    const mj_wiring none = {0};
    const size_t n_nets = (size_t)netlist->n_nets;
    uint64_t *input = mj_arena_array(arena, (size_t)netlist->n_inputs, sizeof *input);
    uint64_t *rest = mj_arena_array(arena, (size_t)netlist->n_outputs, sizeof *rest);
    uint64_t *settled = mj_arena_array(arena, (size_t)netlist->n_outputs, sizeof *settled);
    uint64_t *toggles = mj_arena_array(arena, n_nets, sizeof *toggles);
    if (!input || !rest || !settled || !toggles) {
        return;
    }
    for (int i = 0; i < netlist->n_inputs; i++) {
        input[i] = (uint64_t)i * 0x9e3779b97f4a7c15;
    }
    if (mj_simulate_function(rest, toggles, netlist, input, VECTORS, arena, &err) != MJ_OK ||
        mj_timing_compute(&timing, netlist, &none, arena, &err) != MJ_OK ||
        mj_simulate_events(settled, toggles, NULL, netlist, &timing, input, VECTORS, arena, &err) !=
            MJ_OK ||
        mj_energy_compute(&energy, netlist, &timing, toggles, NULL, &err) != MJ_OK) {
        return; /* out of memory */
    }
    for (int i = 0; i < netlist->n_outputs; i++) {
        if ((rest[i] ^ settled[i]) & ((1 << VECTORS) - 1)) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mj_arena kept; /* the library is read once */
    static mj_liberty liberty;
    mj_arena arena;
    mj_netlist netlist;
    mj_err err = {0};
    mj_arena_init(&arena, (size_t)64 << 20);
    if (!liberty.cell &&
        mj_liberty_parse(&liberty, library, strlen(library), "fuzz.lib", &kept, &err) != MJ_OK) {
        abort();
    }
    const mj_status status = mj_netlist_parse(&netlist, (const char *)data, size, "fuzz.json", NULL,
                                              &liberty, &arena, &err);
    if ((status == MJ_OK) != (err.n == 0)) {
        abort();
    }
    if (status == MJ_OK) {
        simulate(&netlist, &arena);
    }
    mj_arena_fini(&arena);
    return 0;
}
