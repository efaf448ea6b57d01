/* Wind tunnel of gates: the joules of a circuit of look-up tables against those of simulating it.
 *
 *   SPICE     an estimate: seconds of ngspice for eleven full adders, a transistor and a simulated second,
 *             times the circuit's transistors and the time that a vector takes. Large matrices grow faster
 *             than that.
 *   gates     our event-driven simulation, which made the circuit's joules
 *   words     the network as operations on words of bits (lut_program.h), by the fastest instructions here
 *   machine   that program on a digital machine at 7 nm and nothing else: an operation on three bits costs
 *             a bit of an adder, which is one [the fact arith.int8.add.7nm, over 8]; three bits are read and
 *             one written in the smallest SRAM that holds the words of 512 samples [sram.read.*]; the
 *             program is read once for 512 samples. No control, no instruction decoder.
 *
 * The first three are programs on this processor, by its own time and power.h's joules; only the last one is a
 * competitor.
 * A circuit of gates is its own behavioural model: a chip that has these gates does not simulate it, it is
 * it, so there the ratio is 1. The machine runs any network; what it pays for that is the ratio.
 *
 * Trainable: entries of tables flipped one at a time, and the loss of the hard network, which the netlist
 * equals bit by bit, beside what the slope of training says (lut_slopes.h). */
#include "wind_gates.h"

#include "mj/clock.h"
#include "mj/lut_program.h"
#include "mj/lut_prune.h"
#include "mj/simulate.h"

#include <math.h>
#include <string.h>

static const double TARGET_NODE_M = 7e-9;
enum { ADDER_BITS = 8, BITS_A_BYTE = 8, BITS_AN_OP = 4 };

/* Arrays whose reads are known, smallest first; a larger memory is made of the last. */
static const struct {
    const char *fact;
    double size_B;
} memories[] = {{"sram.read.8kb", 8 << 10}, {"sram.read.32kb", 32 << 10}, {"sram.read.1mb", 1 << 20}};
enum { MEMORIES_N = sizeof memories / sizeof memories[0] };

static mj_status no_memory(mj_context *context)
{
    return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "no memory for a wind tunnel");
}

/* From the adders to the whole; what is not there leaves no row. */
static mj_status estimate_spice(mj_gates_tunnel *t, mj_measure_report *r, const mj_measured_circuit *circuit,
                                mj_context *context)
{
    const char *version;
    mj_err unseen = {0}; /* without ngspice there is no row, which is said where it would be */
    const mj_spice_job job = {0};
    double package_J = 0;
    if (!r->has_spice) {
        if (mj_spice_version(&version, &job, &context->arena, &unseen) != MJ_OK) {
            return MJ_OK;
        }
        mj_power_begin(&t->power);
        MJ_TRY(mj_measure_spice(r, context));
        package_J = mj_power_end_J(&t->power);
    }
    if (!r->has_spice) {
        return MJ_OK;
    }
    MJ_TRY(mj_spice_cells_count(&t->n_transistors, &circuit->netlist, &r->cells, &context->err));
    const double here = (double)r->spice.n_transistors * r->spice.simulated_s;
    const double whole = (double)t->n_transistors * mj_crosscheck_period_s(r->measurement.delay_s);
    t->spice = mj_power_row(&t->power, r->spice.busy_s, package_J, here / whole);
    return MJ_OK;
}

static mj_status time_events(mj_gates_tunnel *t, const mj_measured_circuit *c, mj_context *context)
{
    mj_power_begin(&t->power);
    const double start_s = mj_clock_busy_s();
    MJ_TRY(mj_simulate_events(NULL, NULL, NULL, &c->netlist, &c->timing, c->input, c->n_vectors,
                              &context->arena, &context->err));
    const double busy_s = mj_clock_busy_s() - start_s;
    t->events = mj_power_row(&t->power, busy_s, mj_power_end_J(&t->power), c->n_vectors);
    return MJ_OK;
}

typedef struct {
    const mj_lut_program *program;
    uint64_t *slots;
} block;

static void run_block(void *user)
{
    const block *b = user;
    mj_lut_program_run(b->program, b->slots);
}

static mj_status time_words(mj_gates_tunnel *t, const mj_lut_program *program, const uint64_t *input, int n,
                            mj_context *context)
{
    const size_t words = mj_simulate_words(n), here = words < MJ_LUT_WORDS ? words : MJ_LUT_WORDS;
    uint64_t *slots = mj_lut_slots_new(program, &context->arena);
    if (!slots) {
        return no_memory(context);
    }
    for (int i = 0; i < program->n_inputs; i++) {
        memcpy(mj_lut_slot(slots, MJ_LUT_FIRST_INPUT + i), input + (size_t)i * words, here * sizeof *slots);
    }
    block b = {program, slots};
    t->words = mj_power_time(&t->power, run_block, &b, MJ_LUT_BLOCK);
    t->variant = mj_lut_variant_names[mj_lut_variant_best()];
    return MJ_OK;
}

static mj_status fill_machine(mj_gates_tunnel *t, const mj_lut_program *p, mj_context *context)
{
    mj_quantity add, bit;
    mj_facts *facts = mj_context_facts(context);
    const double ops = p->n_ops, size_B = (MJ_LUT_FIRST_INPUT + p->n_inputs + ops) * MJ_LUT_BLOCK / BITS_A_BYTE;
    const double data = BITS_AN_OP * ops;
    const double code = ops * (double)sizeof *p->op * BITS_A_BYTE / MJ_LUT_BLOCK;
    int m = 0;
    while (m < MEMORIES_N - 1 && memories[m].size_B < size_B) {
        m++;
    }
    if (!facts) {
        return MJ_EFILE;
    }
    MJ_TRY(mj_facts_quantity(&add, facts, "arith.int8.add.7nm", "J/op", TARGET_NODE_M, &context->err));
    MJ_TRY(mj_facts_quantity(&bit, facts, memories[m].fact, "J/bit", TARGET_NODE_M, &context->err));
    t->n_ops = p->n_ops;
    t->memory = memories[m].fact;
    t->logic_J = ops * add.typ / ADDER_BITS;
    t->data_J = data * bit.typ;
    t->code_J = code * bit.typ;
    t->machine = (mj_quantity){.lo = ops * add.lo / ADDER_BITS + (data + code) * bit.lo,
                               .typ = t->logic_J + t->data_J + t->code_J,
                               .hi = ops * add.hi / ADDER_BITS + (data + code) * bit.hi};
    return MJ_OK;
}

static mj_status flip_entries(mj_gates_tunnel *t, const uint64_t *input, int n, mj_context *context)
{
    mj_lut_flip flip[MJ_GATES_FLIPS];
    const mj_lut_samples samples = {.n = n, .input = input, .label = t->network.label,
                                    .scale = t->network.net.scale, .tree = t->network.tree};
    if (!t->network.label) {
        return MJ_OK;
    }
    t->n_flips = MJ_GATES_FLIPS;
    MJ_TRY(mj_lut_flips(flip, &t->n_flips, &t->loss, &t->network.net, &samples, context->globals.seed,
                        &context->err));
    t->agreement = mj_lut_flips_compare(flip, t->n_flips);
    return MJ_OK;
}

static void count_bits(mj_gates_tunnel *t)
{
    const mj_lut_net *net = &t->network.net;
    for (int n = 0; n < net->n_nodes; n++) {
        t->table_bits += 1 << net->node[n].n_inputs;
    }
    t->wiring_bits = mj_lut_net_bits(net) - t->table_bits;
}

mj_status mj_wind_gates_run(mj_measure_report *report, const mj_measured_circuit *circuit, mj_context *context,
                            double watts_W)
{
    mj_arena *arena = &context->arena;
    mj_err *err = &context->err;
    mj_lut_program program;
    uint64_t *input;
    const mj_measurement *m = &report->measurement;
    mj_facts *facts = mj_context_facts(context);
    mj_gates_tunnel *t = mj_arena_alloc(arena, sizeof *t);
    if (!t || !facts) {
        return t ? MJ_EFILE : no_memory(context);
    }
    *t = (mj_gates_tunnel){.circuit_J = m->total_J, .area_m2 = m->core.area_m2 + m->readout.area_m2};
    MJ_TRY(mj_power_find(&t->power, context, watts_W));
    t->has_small = mj_measurement_at_7nm(&t->small, m->total_J, &report->manifest);
    MJ_TRY(mj_lut_folder_load(&t->network, &report->manifest, report->folder, arena, err));
    MJ_TRY(mj_lut_folder_inputs(&input, &report->manifest, report->folder, circuit->n_vectors, arena, err));
    MJ_TRY(mj_lut_program_new(&program, &t->network.net, arena, err));
    MJ_TRY(estimate_spice(t, report, circuit, context));
    MJ_TRY(time_events(t, circuit, context));
    MJ_TRY(time_words(t, &program, input, circuit->n_vectors, context));
    MJ_TRY(fill_machine(t, &program, context));
    MJ_TRY(flip_entries(t, input, circuit->n_vectors, context));
    count_bits(t);
    report->tunnel = t;
    return MJ_OK;
}
