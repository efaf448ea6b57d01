/* The bill of a machine that nobody measured: events times energies, static power times seconds, and
 * an explicit line for what such sums leave out.
 *
 * Placement: weights, cache and activations each live in the chip's first memory that holds them
 * (mj_chip_memory); mj_serving_resolve has checked that they fit. A step reads all dense weights and
 * the touched experts once for the whole batch, cache and states once a sequence. Of dp copies of a
 * model each reads its own dense weights; experts are spread over all devices.
 *
 * Step time: the slowest of the memories' bytes over bandwidth, the multiply-accumulates over rate
 * (both at the reachable share of peak) and the links' bytes over bandwidth; the machine overlaps
 * them. A step takes no less than its blocks need to hand over to one another, and where tp devices
 * split every layer, each block adds one link latency; copies exchange nothing, but tokens with their
 * experts. A machine with a power limit runs no faster than that allows. A chip whose author states the
 * time of one output (`output_time`) takes that.
 *
 * Order of lines (ledger.c): arithmetic, control on it; memories, wires, links; clock on all of
 * that; `unexplained` on all events, because sums of published event energies explain only 13-16 %
 * of what measured GPUs draw [zeus2025]; then leakage and idle power over the step's seconds.
 * An `envelope` is the author's sum as given: no clock, control, unexplained or utilisation unless
 * the author states them. */
#include "ledger.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WORD_BITS = 32, WORD_OPERANDS_B = 4 * 4 }; /* three words read, one written */

/* What one step of the whole machine moves and computes. */
typedef struct {
    double weight_B, state_B, act_B, link_B;
    double exchanges; /* one after the other, between devices */
    double blocks;    /* of the network, one after the other */
    double vector;    /* element-wise operations */
    double mac, cache_mac; /* with weights; with keys, values and states */
    mj_format format; /* of most of the weights */
} traffic;

/* Tokens that a step computes: B decoded, and the prompts of B / output sequences. */
static double tokens_of(const mj_serving *s)
{
    return s->batch * (1 + (mj_reads_prompts(s) ? s->prompt / s->output : 0));
}

/* Share of the experts that a step reads: a share q of the steps also carries prompts. */
static double touched(const mj_op *op, const mj_model *m, const mj_serving *s)
{
    if (op->kind != MJ_OP_EXPERTS || m->moe.reads_all) {
        return 1;
    }
    double missed = 1 - (double)op->active / op->experts;
    double decode = 1 - pow(missed, s->batch);
    if (!mj_reads_prompts(s)) {
        return decode;
    }
    double per_output = s->batch / s->output, q = fmin(1, per_output);
    double mixed = 1 - pow(missed, s->batch + s->prompt * fmax(1, per_output));
    return (1 - q) * decode + q * mixed;
}

/* Copies of the model that have something to do. */
static double copies(const mj_serving *s)
{
    return fmax(1, fmin(s->data, s->batch));
}

/* Words of which every bit is another sequence. */
static double words(const mj_serving *s)
{
    return copies(s) * ceil(s->batch / copies(s) / WORD_BITS);
}

/* What oscillators or gates do by themselves. */
static bool is_physical(const mj_op *op, const mj_bill *bill)
{
    return (op->kind == MJ_OP_OSCILLATE && mj_oscillator_runs(bill)) ||
           (op->kind == MJ_OP_TABLES && mj_lut_runs(bill));
}

static void add_text_op(traffic *t, const mj_op *op, const mj_model *m, const mj_serving *s)
{
    double B = s->batch, prompts = mj_reads_prompts(s) ? 1 / s->output : 0;
    bool looks = op->kind == MJ_OP_LOOKUP && m->kind == MJ_MODEL_LOOKUP; /* a net reads prompts by rows */
    bool decodes = op->kind == MJ_OP_HEAD || op->kind == MJ_OP_TABLES || looks; /* prompts do not need it */
    double tokens = decodes ? B : tokens_of(s);
    double readers = op->kind == MJ_OP_EXPERTS ? touched(op, m, s) : copies(s);
    t->weight_B += op->weight_B * op->reads * readers + op->row_B * tokens;
    t->vector += op->vector * tokens + op->word_ops * words(s);
    t->state_B += op->state_B * B;
    t->act_B += op->act_B * tokens + op->word_ops * words(s) * WORD_OPERANDS_B;
    t->mac += op->mac * tokens;
    t->cache_mac += B * (op->state_mac + op->prompt_mac * prompts);
}

/* Blocks that follow one another, and the numbers that each hands on for the whole batch. A model
 * known by its totals has two a layer. */
static void count_blocks(double *blocks, double *numbers, const mj_bill *bill, const mj_serving *s)
{
    const mj_model *m = bill->model;
    *blocks = m->attn_layers + m->ffn_layers + m->moe.layers + m->ssm.layers;
    *numbers = tokens_of(s) * m->hidden;
    if (m->kind == MJ_MODEL_AGGREGATE) {
        *blocks = 2.0 * m->layers;
    } else if (m->kind == MJ_MODEL_LOOKUP) { /* rows, then the head */
        *blocks = m->lookup.head_bits > 0 ? 2 : 1;
        *numbers = s->batch * m->lookup.dims;
    } else if (m->kind == MJ_MODEL_TEXT_NET) { /* first input, both parts of a block, head */
        int turns = m->text_net.equilibrium > 0 ? m->text_net.equilibrium : m->text_net.loops;
        double parts = m->text_net.mlp > 0 ? 2 : 1;
        *blocks = 2 + parts * turns * m->text_net.depth;
        *numbers = tokens_of(s) * m->text_net.width;
    } else if (m->kind == MJ_MODEL_OSCILLATORS) { /* phases after every right-hand side */
        double runs = mj_oscillator_runs(bill) ? 0 : (double)s->steps * m->oscillator.stages;
        *blocks = runs + m->oscillator.decoder_blocks;
        *numbers = s->batch * ((double)m->oscillator.visible + m->oscillator.hidden);
    } else if (m->kind == MJ_MODEL_LUT) { /* all tables, then what is drawn */
        *blocks = mj_lut_runs(bill) ? 0 : 2.0 * m->lut.evaluations;
        *numbers = s->batch * m->lut.groups;
    } else if (m->kind == MJ_MODEL_DIFFUSION) { /* act_B: so many 16-bit matrices a kernel block */
        double runs = (double)s->steps * m->diffusion.passes;
        *blocks = runs * m->diffusion.blocks;
        *numbers = s->batch * bill->ops.op[0].act_B /
                   (2.0 * MJ_DENOISE_TRANSFERS * runs * m->diffusion.kernels);
    }
}

/* One all-reduce a block among the devices that split it, both ways, 16 bit. Of several copies each
 * token goes to its experts and back. */
static void count_exchange(traffic *t, const mj_bill *bill, const mj_serving *s)
{
    const mj_model *m = bill->model;
    double numbers;
    count_blocks(&t->blocks, &numbers, bill, s);
    int split = m->kind == MJ_MODEL_DIFFUSION ? s->devices : s->tensor;
    if (split > 1) {
        t->exchanges = t->blocks;
        t->link_B = t->blocks * 2 * (split - 1) * numbers * 2;
    }
    if (s->data > 1 && m->moe.layers > 0) {
        t->exchanges += 2.0 * m->moe.layers;
        t->link_B += m->moe.layers * 2.0 * fmin(m->moe.active, s->devices - 1) * numbers * 2;
    }
}

static traffic count(const mj_bill *bill, const mj_serving *s)
{
    const mj_model *m = bill->model;
    bool text = m->output == MJ_OUTPUT_TOKEN;
    traffic t = {.format = mj_model_format(m)};
    for (int i = 0; i < bill->ops.n; i++) {
        const mj_op *op = &bill->ops.op[i];
        if (is_physical(op, bill)) {
            continue;
        }
        if (text) {
            add_text_op(&t, op, m, s);
        } else {
            t.weight_B += op->weight_B * op->reads * copies(s);
            t.vector += op->vector * s->batch + op->word_ops * words(s);
            t.act_B += op->act_B * s->batch + op->word_ops * words(s) * WORD_OPERANDS_B;
            t.mac += op->mac * s->batch;
            t.cache_mac += op->state_mac * s->batch;
        }
    }
    count_exchange(&t, bill, s);
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

/* The step's length, and what it is made of. */
static void time_step(mj_step *step, const mj_bill *bill, const traffic *t, const mj_compute *unit)
{
    const mj_chip *chip = bill->chip;
    if (chip->output_s > 0) {
        step->step_s = chip->output_s;
        return;
    }
    double G = bill->serving.devices;
    const mj_quantity *utilisation = &chip->overhead.utilisation;
    double share = mj_quantity_given(utilisation) ? utilisation->typ : 1;
    const unsigned uses[] = {MJ_HOLDS_WEIGHTS, MJ_HOLDS_KV, MJ_HOLDS_ACT};
    const double bytes[] = {t->weight_B, t->state_B, t->act_B};
    for (int i = 0; i < chip->n_memories; i++) { /* a memory that holds two things moves both */
        double sum = 0;
        for (int k = 0; k < 3; k++) {
            sum += mj_chip_memory(chip, uses[k]) == &chip->memory[i] ? bytes[k] : 0;
        }
        step->memory_s = fmax(step->memory_s, move_s(sum, &chip->memory[i].bandwidth_Bps, G, share));
    }
    if (unit != NULL && mj_quantity_given(&unit->rate_MACps)) {
        step->arithmetic_s = (t->mac + t->cache_mac) / (unit->rate_MACps.typ * G * share);
    }
    const mj_quantity *block = &chip->overhead.block_s;
    step->handover_s = mj_quantity_given(block) ? t->blocks * block->typ : 0;
    double slowest = fmax(fmax(step->memory_s, step->arithmetic_s), step->handover_s);
    if (mj_oscillator_runs(bill)) { /* one output after the other, then its decoder if it has one */
        slowest += mj_oscillator_output_s(bill) * bill->serving.batch / G;
    }
    if (mj_lut_runs(bill)) {
        slowest += mj_lut_output_s(bill) * bill->serving.batch / G;
    }
    const mj_link *link = exchange_link(chip);
    if (link != NULL) {
        step->link_s = move_s(t->link_B, &link->bandwidth_Bps, G, share);
        bool is_given = mj_quantity_given(&link->latency_s);
        step->exchange_s = is_given ? t->exchanges * link->latency_s.typ : 0;
    }
    step->step_s = fmax(slowest, step->link_s) + step->exchange_s;
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
    case MJ_MEMORY_LINK:
        return MJ_LINK_D2D;
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
        {MJ_HOLDS_WEIGHTS, "weights read",
         "bytes of dense weights (of each copy) and touched experts / batch; rows of tables, those of "
         "each token",
         t->weight_B},
        {MJ_HOLDS_KV, "cache and state moved", "bytes of keys, values and states per output",
         t->state_B},
        {MJ_HOLDS_ACT, "activations read", "half of the operand bytes in and out of every layer",
         t->act_B / 2},
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
    const mj_memory *act = mj_chip_memory(chip, MJ_HOLDS_ACT);
    if (act != NULL) {
        bool own = mj_quantity_given(&act->write_JpB);
        mj_ledger_events(ledger, component_of(act, MJ_HOLDS_ACT), "activations written",
                         "half of the operand bytes in and out of every layer", t->act_B / 2 / B,
                         "B", own ? &act->write_JpB : &act->read_JpB);
        moved += t->act_B / 2 / B;
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
    mj_ledger_events(ledger, component, "exchange between devices",
                     "blocks x 2 (tp - 1) x hidden x 2 B per token, prompts included; of copies, to "
                     "experts and back", count, "B",
                     &link->energy_JpB);
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
    mj_ledger_events(ledger, MJ_IDLE_BOARD, "static power, not stated", formula,
                     seconds, "s", &chip->fixed.unstated_W);
    mj_ledger_events(ledger, MJ_ACTIVE_BOARD, "power while it works", formula, seconds, "s",
                     &chip->fixed.active_W);
}

/* Products, and for an analog array the conversions at its edges: an ADC reads the sum of `rows`
 * products, a DAC feeds `columns` of them. */
static void product_lines(mj_ledger *ledger, const char *label, const char *formula, double mac,
                          const mj_compute *unit)
{
    static const mj_component components[] = {MJ_ARITH_MAC, MJ_ARITH_ANALOG, MJ_ARITH_LUT,
                                              MJ_ARITH_OSC};
    mj_ledger_events(ledger, components[unit->kind], label, formula, mac, "MAC",
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

/* Keys, values and states have a format of their own; a chip without a unit for it uses the one it
 * has for the weights. */
static void arithmetic_lines(mj_ledger *ledger, const mj_bill *bill, const traffic *t,
                             const mj_compute *unit)
{
    double B = bill->serving.batch;
    const mj_compute *cache = mj_chip_compute(bill->chip,
                                              (mj_format)bill->model->precision.cache);
    product_lines(ledger, "multiply-accumulates with weights",
                  "all weights a token touches, prompts included, per output", t->mac / B, unit);
    product_lines(ledger, "multiply-accumulates with the cache",
                  "attention and state updates, prompts included, per output", t->cache_mac / B,
                  cache != NULL ? cache : unit);
    if (bill->chip->closure == MJ_CLOSURE_EVENT_SUM) { /* an envelope's author counts what he counts */
        mj_ledger_events(ledger, MJ_ARITH_VECTOR, "element-wise operations",
                         "gates, norms, non-linearities; hashes, codebooks, softmax and sampling",
                         t->vector / B, "op", &bill->chip->overhead.vector_J);
    }
}

static void device_lines(mj_bill *bill, const traffic *t, const mj_compute *unit)
{
    const mj_chip *chip = bill->chip;
    mj_ledger *ledger = &bill->ledger;
    ledger->n = 0;
    if (unit != NULL) {
        arithmetic_lines(ledger, bill, t, unit);
    }
    overhead(ledger, MJ_CONTROL, "control", "arithmetic x share", &chip->overhead.control);
    memory_lines(ledger, bill, t);
    link_lines(ledger, bill, t);
    if (mj_oscillator_runs(bill)) {
        mj_oscillator_event_lines(ledger, bill);
    }
    if (mj_lut_runs(bill)) {
        mj_lut_event_lines(ledger, bill);
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
    if (mj_lut_runs(bill)) {
        mj_lut_static_lines(ledger, bill);
    }
    static_lines(ledger, bill);
    bool is_stated = mj_quantity_given(&chip->overhead.leak);
    const mj_quantity *leak = is_stated ? &chip->overhead.leak : &chip->fixed.unstated_share;
    if (mj_quantity_given(leak)) {
        mj_ledger_overhead(ledger, MJ_LEAK_LOGIC, is_stated ? "static power" : "static power, not stated",
                           "lines above x share / (1 - share)", leak->lo / (1 - leak->lo),
                           leak->typ / (1 - leak->typ), leak->hi / (1 - leak->hi), leak);
    }
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
static mj_status limit_power(mj_bill *bill, const traffic *t, const mj_compute *unit, mj_err *err)
{
    const mj_quantity *vrm = &bill->chip->system.vrm;
    double efficiency = mj_quantity_given(vrm) ? vrm->typ : 1;
    double G = bill->serving.devices, limit_W = bill->chip->tdp_W.typ * G * efficiency;
    double events_J, static_W;
    split_power(&events_J, &static_W, bill);
    double power_W = events_J / bill->step.step_s + static_W;
    bill->step.unclamped_W = bill->step.power_W = power_W / G / efficiency;
    if (!mj_quantity_given(&bill->chip->tdp_W) || power_W <= limit_W) {
        return MJ_OK;
    }
    if (static_W >= limit_W) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "%s: static power alone, %.4g W, is above the power limit of %.4g W",
                          bill->chip->name, static_W / G / efficiency, bill->chip->tdp_W.typ);
    }
    bill->step.step_s = events_J / (limit_W - static_W);
    bill->step.power_W = bill->chip->tdp_W.typ;
    bill->step.clamped = true;
    device_lines(bill, t, unit);
    return MJ_OK;
}

static mj_status run_step(mj_bill *bill, const traffic *t, const mj_compute *unit, mj_err *err)
{
    bool text = bill->model->output == MJ_OUTPUT_TOKEN;
    bill->step = (mj_step){.context = text ? mj_serving_context(&bill->serving) : 0,
                           .weight_B = t->weight_B,
                           .kv_B = t->state_B,
                           .act_B = t->act_B,
                           .link_B = t->link_B,
                           .collectives = t->exchanges,
                           .blocks = t->blocks,
                           .decode_flop = 2 * (t->mac + t->cache_mac)};
    time_step(&bill->step, bill, t, unit);
    bill->step.compute_s = bill->step.step_s;
    device_lines(bill, t, unit);
    return bill->step.step_s > 0 ? limit_power(bill, t, unit, err) : MJ_OK;
}

/* Says what the chip could multiply instead. */
static mj_status refuse_format(const mj_chip *chip, mj_format format, mj_err *err)
{
    char has[160] = "";
    for (int i = 0; i < chip->n_compute; i++) {
        size_t used = strlen(has);
        snprintf(has + used, sizeof has - used, "%s%s", i > 0 ? ", " : "",
                 mj_format_names[chip->compute[i].format]);
    }
    return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                      "%s has no unit that multiplies %s weights%s%s%s%s", chip->name,
                      mj_format_names[format], has[0] ? "; it has " : "", has,
                      has[0] ? ": --precision " : "",
                      has[0] ? mj_format_names[chip->compute[0].format] : "");
}

/* A time of one output as an author states it is that of his model, not of any. */
static mj_status check_envelope(const mj_bill *bill, mj_err *err)
{
    const mj_chip *chip = bill->chip;
    const mj_model *model = bill->model;
    const double likeness = 10; /* his "about": the same joules for what differs more would say nothing */
    if (!(chip->output_s > 0)) {
        return MJ_OK;
    }
    if (model->output != MJ_OUTPUT_TOKEN) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                          "%s is known by the time of a token only, %s makes none", chip->name,
                          model->name);
    }
    double weights = 0; /* that a token multiplies */
    for (int i = 0; i < bill->ops.n; i++) {
        const mj_op *op = &bill->ops.op[i];
        weights += op->experts > 0 ? op->weights * op->active / op->experts : op->weights;
    }
    if (chip->output_params > 0 && (weights < chip->output_params / likeness ||
                                    weights > chip->output_params * likeness)) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                          "%s is what its author says of a model of about %.4g G parameters a token, whatever "
                          "is billed; %s has %.4g M: bill it on an event-sum chip (sram-chip)",
                          chip->name, chip->output_params / 1e9, model->name, weights / 1e6);
    }
    return MJ_OK;
}

mj_status mj_event_sum(mj_bill *bill, double *prompts, mj_err *err)
{
    const mj_chip *chip = bill->chip;
    traffic t = count(bill, &bill->serving);
    const mj_compute *unit = mj_chip_compute(chip, t.format);
    if (unit == NULL && t.mac > 0 && (chip->n_compute > 0 || chip->n_memories == 0) &&
        !(chip->output_s > 0)) {
        return refuse_format(chip, t.format, err);
    }
    MJ_TRY(check_envelope(bill, err));
    if (mj_oscillator_runs(bill)) {
        MJ_TRY(mj_oscillator_check(bill, err));
    }
    double decode_s = 0;
    if (mj_reads_prompts(&bill->serving) && bill->model->output == MJ_OUTPUT_TOKEN) {
        mj_serving without = mj_without_prompts(&bill->serving);
        traffic decode = count(bill, &without);
        MJ_TRY(run_step(bill, &decode, unit, err));
        *prompts = mj_ledger_total_J(&bill->ledger);
        decode_s = bill->step.step_s;
    }
    MJ_TRY(run_step(bill, &t, unit, err));
    if (*prompts > 0) {
        *prompts = 1 - *prompts / mj_ledger_total_J(&bill->ledger);
        /* the steps of one output take output x (step - decode) longer for one prompt a sequence */
        double extra_s = (bill->step.step_s - decode_s) * bill->serving.output;
        bill->step.mixed_s = decode_s + extra_s / bill->serving.batch;
    }
    return MJ_OK;
}
