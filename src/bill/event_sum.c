/* The bill of a machine that nobody measured: events times energies, static power times seconds, and
 * an explicit line for what such sums leave out.
 *
 * Placement: weights, cache and activations each live in the chip's first memory that holds them
 * (mj_chip_memory); mj_serving_resolve has checked that they fit. A step reads all dense weights and
 * the touched experts once for the whole batch, cache and states once a sequence.
 *
 * Step time: the slowest of the memories' bytes over bandwidth, the multiply-accumulates over rate
 * (both at the reachable share of peak) and the links' bytes over bandwidth; the machine overlaps
 * them. Several devices split every layer, so each block adds one link latency. A machine with a
 * power limit runs no faster than that allows. A chip whose author states the time of one output
 * (`output_time`) takes that.
 *
 * Order of lines (ledger.c): arithmetic, control on it; memories, wires, links; clock on all of
 * that; `unexplained` on all events, because sums of published event energies explain only 13-16 %
 * of what measured GPUs draw [zeus2025]; then leakage and idle power over the step's seconds.
 * An `envelope` is the author's sum as given: no clock, control, unexplained or utilisation unless
 * the author states them. */
#include "ledger.h"

#include <math.h>
#include <string.h>

/* What one step of the whole machine moves and computes. */
typedef struct {
    double weight_B, state_B, act_B, link_B;
    double exchanges; /* one after the other, between devices */
    double mac;
    mj_format format; /* of most of the weights */
} traffic;

/* A step decodes B tokens and reads B / output prompts. */
static void add_text_op(traffic *t, const mj_op *op, const mj_model *m, const mj_serving *s)
{
    double B = s->batch, prompts = mj_reads_prompts(s) ? 1 / s->output : 0;
    double tokens = B * (1 + s->prompt * prompts);
    bool head = op->kind == MJ_OP_HEAD;
    double touched = 1;
    if (op->kind == MJ_OP_EXPERTS && !m->moe.reads_all) {
        touched = 1 - pow(1 - (double)op->active / op->experts, tokens);
    }
    t->weight_B += op->weight_B * op->reads * touched;
    t->state_B += op->state_B * B;
    t->act_B += op->act_B * (head ? B : tokens);
    t->mac += (op->mac * (head ? B : tokens)) + B * (op->state_mac + op->prompt_mac * prompts);
}

/* One all-reduce a block, both ways, 16 bit. A model known by its totals exchanges twice a layer. */
static void count_exchange(traffic *t, const mj_model *m, const mj_serving *s)
{
    if (s->devices == 1) {
        return;
    }
    double blocks = m->attn_layers + m->ffn_layers + m->moe.layers + m->ssm.layers;
    double rows = s->batch, width = m->hidden;
    if (m->kind == MJ_MODEL_AGGREGATE) {
        blocks = 2.0 * m->layers;
    } else if (m->kind == MJ_MODEL_OSCILLATORS) { /* phases after every right-hand side */
        blocks = (double)m->oscillator.steps * m->oscillator.stages;
        width = (double)m->oscillator.visible + m->oscillator.hidden;
    } else if (m->kind == MJ_MODEL_DIFFUSION) {
        blocks = (double)s->steps * m->diffusion.passes * m->diffusion.blocks;
        rows *= m->diffusion.tokens;
        width = m->diffusion.hidden;
    }
    t->exchanges = blocks;
    t->link_B = blocks * 2 * (s->devices - 1) * rows * width * 2;
}

static traffic count(const mj_bill *bill, const mj_serving *s)
{
    const mj_model *m = bill->model;
    bool text = m->output == MJ_OUTPUT_TOKEN;
    traffic t = {.format = mj_model_format(m)};
    for (int i = 0; i < bill->ops.n; i++) {
        const mj_op *op = &bill->ops.op[i];
        if (text) {
            add_text_op(&t, op, m, s);
        } else if (op->kind != MJ_OP_OSCILLATE || !mj_oscillator_runs(bill)) {
            t.weight_B += op->weight_B * op->reads;
            t.act_B += op->act_B * s->batch;
            t.mac += (op->mac + op->state_mac) * s->batch;
        }
    }
    count_exchange(&t, m, s);
    return t;
}

/* Seconds of `bytes` from one memory of G devices at a share of its peak; 0 without a figure. */
static double move_s(double bytes, const mj_quantity *bandwidth, double devices, double share)
{
    return mj_quantity_given(bandwidth) ? bytes / (bandwidth->typ * devices * share) : 0;
}

static const mj_link *exchange_link(const mj_chip *chip)
{
    const mj_link *link = mj_chip_link(chip, MJ_LINK_KIND_SCALEUP);
    return link != NULL ? link : mj_chip_link(chip, MJ_LINK_KIND_D2D);
}

static double step_time(const mj_bill *bill, const traffic *t, const mj_compute *unit)
{
    const mj_chip *chip = bill->chip;
    if (chip->output_s > 0) {
        return chip->output_s;
    }
    double G = bill->serving.devices;
    const mj_quantity *utilisation = &chip->overhead.utilisation;
    double share = mj_quantity_given(utilisation) ? utilisation->typ : 1;
    const unsigned uses[] = {MJ_HOLDS_WEIGHTS, MJ_HOLDS_KV, MJ_HOLDS_ACT};
    const double bytes[] = {t->weight_B, t->state_B, t->act_B};
    double slowest = 0;
    for (int i = 0; i < chip->n_memories; i++) { /* a memory that holds two things moves both */
        double sum = 0;
        for (int k = 0; k < 3; k++) {
            sum += mj_chip_memory(chip, uses[k]) == &chip->memory[i] ? bytes[k] : 0;
        }
        slowest = fmax(slowest, move_s(sum, &chip->memory[i].bandwidth_Bps, G, share));
    }
    if (unit != NULL && mj_quantity_given(&unit->rate_MACps)) {
        slowest = fmax(slowest, t->mac / (unit->rate_MACps.typ * G * share));
    }
    if (mj_oscillator_runs(bill)) { /* one output after the other, then its decoder if it has one */
        slowest += mj_oscillator_output_s(bill) * bill->serving.batch / G;
    }
    const mj_link *link = exchange_link(chip);
    if (link != NULL) {
        slowest = fmax(slowest, move_s(t->link_B, &link->bandwidth_Bps, G, share));
        slowest += mj_quantity_given(&link->latency_s) ? t->exchanges * link->latency_s.typ : 0;
    }
    return slowest;
}

static bool is_dram(const mj_memory *memory)
{
    return memory->kind == MJ_MEMORY_HBM || memory->kind == MJ_MEMORY_DRAM;
}

/* The cause under which reading `use` from this memory is billed. */
static mj_component component_of(const mj_memory *memory, unsigned use)
{
    if (is_dram(memory)) {
        return use == MJ_HOLDS_WEIGHTS ? MJ_DRAM_WEIGHTS
               : use == MJ_HOLDS_KV    ? MJ_DRAM_KV
                                       : MJ_DRAM_ACT;
    }
    switch (memory->kind) {
    case MJ_MEMORY_ROM:
        return MJ_ROM_READ;
    case MJ_MEMORY_NVM:
        return MJ_NVM_READ;
    case MJ_MEMORY_REGISTER:
        return MJ_OPERAND_RF;
    default:
        return use == MJ_HOLDS_ACT ? MJ_SRAM_L1 : MJ_SRAM_L2;
    }
}

static void memory_lines(mj_ledger *ledger, const mj_bill *bill, const traffic *t)
{
    const mj_chip *chip = bill->chip;
    double B = bill->serving.batch;
    const struct {
        unsigned use;
        const char *label, *formula;
        double bytes;
    } rows[] = {
        {MJ_HOLDS_WEIGHTS, "weights read", "bytes of dense weights and touched experts / batch",
         t->weight_B},
        {MJ_HOLDS_KV, "cache and state moved", "bytes of keys, values and states per output",
         t->state_B},
        {MJ_HOLDS_ACT, "activations written and read", "operand bytes in and out of every layer",
         t->act_B},
    };
    double moved = 0;
    for (int i = 0; i < 3; i++) {
        const mj_memory *memory = mj_chip_memory(chip, rows[i].use);
        if (memory == NULL) {
            continue;
        }
        mj_ledger_events(ledger, component_of(memory, rows[i].use), rows[i].label,
                         rows[i].formula, rows[i].bytes / B, "B", &memory->read_JpB);
        moved += rows[i].bytes / B;
    }
    const mj_quantity *wire = &chip->wires.energy_JpBm, *way = &chip->wires.distance_m;
    if (mj_quantity_given(wire) && mj_quantity_given(way)) {
        mj_ledger_events(ledger, MJ_NOC_WIRE, "wires between memory and arithmetic",
                         "all bytes moved x mean distance", moved * way->typ, "B m", wire);
    }
}

static void link_lines(mj_ledger *ledger, const mj_bill *bill, const traffic *t)
{
    double count = t->link_B / bill->serving.batch;
    const mj_link *link = exchange_link(bill->chip);
    if (link == NULL) {
        return;
    }
    mj_component component = link->kind == MJ_LINK_KIND_D2D ? MJ_LINK_D2D : MJ_LINK_SCALEUP;
    static const char formula[] = "blocks x 2 (G - 1) x hidden x 2 B per output";
    mj_ledger_events(ledger, component, "exchange between devices", formula, count, "B",
                     &link->energy_JpB);
    mj_ledger_events(ledger, MJ_LINK_SWITCH, "switches between devices", formula, count, "B",
                     &link->switch_JpB);
}

static void overhead(mj_ledger *ledger, mj_component component, const char *label,
                     const char *formula, const mj_quantity *share)
{
    if (mj_quantity_given(share)) {
        mj_ledger_overhead(ledger, component, label, formula, share->lo, share->typ, share->hi,
                           share);
    }
}

static void static_lines(mj_ledger *ledger, const mj_bill *bill)
{
    const mj_chip *chip = bill->chip;
    double seconds = bill->step.step_s * bill->serving.devices / bill->serving.batch;
    static const char formula[] = "watts per device x step time x devices / batch";
    for (int i = 0; i < chip->n_memories; i++) {
        const mj_memory *memory = &chip->memory[i];
        double kept = mj_quantity_given(&memory->capacity_B) ? memory->capacity_B.typ : 0;
        mj_ledger_events(ledger, MJ_LEAK_SRAM, "retention leakage",
                         "capacity x step time x devices / batch", kept * seconds, "B s",
                         &memory->leak_WpB);
        mj_ledger_events(ledger, is_dram(memory) ? MJ_DRAM_REFRESH : MJ_LEAK_SRAM,
                         is_dram(memory) ? "memory floor and refresh" : "memory static power",
                         formula, seconds, "s", &memory->static_W);
    }
    mj_ledger_events(ledger, MJ_LEAK_LOGIC, "leakage of logic", formula, seconds, "s",
                     &chip->fixed.leak_logic_W);
    mj_ledger_events(ledger, MJ_IDLE_BOARD, "power whatever the device does", formula, seconds, "s",
                     &chip->fixed.idle_W);
    mj_ledger_events(ledger, MJ_ACTIVE_BOARD, "power while it works", formula, seconds, "s",
                     &chip->fixed.active_W);
}

/* Products, and for an analog array the conversions at its edges: an ADC reads the sum of `rows`
 * products, a DAC feeds `columns` of them. */
static void arithmetic_lines(mj_ledger *ledger, double mac, const mj_compute *unit)
{
    static const mj_component components[] = {MJ_ARITH_MAC, MJ_ARITH_ANALOG, MJ_ARITH_LUT,
                                              MJ_ARITH_OSC};
    mj_ledger_events(ledger, components[unit->kind], "multiply-accumulates",
                     "weights and cache products, prompts included, per output", mac, "MAC",
                     &unit->energy_JpMAC);
    if (unit->rows > 0) {
        mj_ledger_events(ledger, MJ_CONV_ADC, "sums converted to digital", "products / rows",
                         mac / unit->rows, "conv", &unit->adc_J);
    }
    if (unit->columns > 0) {
        mj_ledger_events(ledger, MJ_CONV_DAC, "inputs converted to analog", "products / columns",
                         mac / unit->columns, "conv", &unit->dac_J);
    }
}

static void device_lines(mj_bill *bill, const traffic *t, const mj_compute *unit)
{
    const mj_chip *chip = bill->chip;
    mj_ledger *ledger = &bill->ledger;
    ledger->n = 0;
    if (unit != NULL) {
        arithmetic_lines(ledger, t->mac / bill->serving.batch, unit);
    }
    overhead(ledger, MJ_CONTROL, "control", "arithmetic x share", &chip->overhead.control);
    memory_lines(ledger, bill, t);
    link_lines(ledger, bill, t);
    if (mj_oscillator_runs(bill)) {
        mj_oscillator_event_lines(ledger, bill);
    }
    overhead(ledger, MJ_CLOCK, "clock", "all events above x share", &chip->overhead.clock);
    if (chip->closure == MJ_CLOSURE_EVENT_SUM) {
        overhead(ledger, MJ_UNEXPLAINED, "not modelled",
                 "all events above x what measured machines need beyond such sums",
                 &chip->overhead.unexplained);
    }
    if (mj_oscillator_runs(bill)) {
        mj_oscillator_static_lines(ledger, bill);
    }
    static_lines(ledger, bill);
}

/* Energy of the events of a step and power of everything that flows with time, all devices. */
static void split_power(double *events_J, double *static_W, const mj_bill *bill)
{
    double events = 0, fixed = 0, per_step = bill->serving.batch;
    for (int i = 0; i < bill->ledger.n; i++) {
        const mj_line *line = &bill->ledger.line[i];
        bool timed = strcmp(line->count_unit, "s") == 0 || strcmp(line->count_unit, "B s") == 0;
        *(timed ? &fixed : &events) += line->joules * per_step;
    }
    *events_J = events;
    *static_W = bill->step.step_s > 0 ? fixed / bill->step.step_s : 0;
}

/* Stretches the step until the devices, their regulators included, stay within their power limit. */
static void limit_power(mj_bill *bill, const traffic *t, const mj_compute *unit)
{
    const mj_quantity *vrm = &bill->chip->system.vrm;
    double efficiency = mj_quantity_given(vrm) ? vrm->typ : 1;
    double G = bill->serving.devices, limit_W = bill->chip->tdp_W.typ * G * efficiency;
    double events_J, static_W;
    split_power(&events_J, &static_W, bill);
    double power_W = events_J / bill->step.step_s + static_W;
    bill->step.unclamped_W = bill->step.power_W = power_W / G / efficiency;
    if (!mj_quantity_given(&bill->chip->tdp_W) || power_W <= limit_W || static_W >= limit_W) {
        return;
    }
    bill->step.step_s = events_J / (limit_W - static_W);
    bill->step.power_W = bill->chip->tdp_W.typ;
    bill->step.clamped = true;
    device_lines(bill, t, unit);
}

static void run_step(mj_bill *bill, const traffic *t, const mj_compute *unit)
{
    bill->step = (mj_step){.context = mj_without_prompts(&bill->serving).context,
                           .weight_B = t->weight_B,
                           .kv_B = t->state_B,
                           .act_B = t->act_B,
                           .link_B = t->link_B,
                           .collectives = t->exchanges,
                           .decode_flop = 2 * t->mac,
                           .step_s = step_time(bill, t, unit)};
    bill->step.compute_s = bill->step.step_s;
    device_lines(bill, t, unit);
    if (bill->step.step_s > 0) {
        limit_power(bill, t, unit);
    }
}

mj_status mj_event_sum(mj_bill *bill, double *prompts, mj_err *err)
{
    const mj_chip *chip = bill->chip;
    traffic t = count(bill, &bill->serving);
    const mj_compute *unit = mj_chip_compute(chip, t.format);
    if (unit == NULL && t.mac > 0 && chip->closure == MJ_CLOSURE_EVENT_SUM) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0, "%s has no unit that multiplies %s weights",
                          chip->name, mj_format_names[t.format]);
    }
    if (mj_reads_prompts(&bill->serving) && bill->model->output == MJ_OUTPUT_TOKEN) {
        mj_serving without = mj_without_prompts(&bill->serving);
        traffic decode = count(bill, &without);
        run_step(bill, &decode, unit);
        *prompts = mj_ledger_total_J(&bill->ledger);
    }
    double decode_s = bill->step.step_s;
    run_step(bill, &t, unit);
    if (*prompts > 0) {
        *prompts = 1 - *prompts / mj_ledger_total_J(&bill->ledger);
        /* the steps of one output take output x (step - decode) longer for one prompt a sequence */
        double extra_s = (bill->step.step_s - decode_s) * bill->serving.output;
        bill->step.mixed_s = decode_s + extra_s / bill->serving.batch;
    }
    return MJ_OK;
}
