/* The memory question: what does each memory allow if nothing else changes?
 *
 * The base is billed again with the memory of its weights replaced: kind, read energy, leakage,
 * floor, capacity, bandwidth, and how far a byte travels to its arithmetic. The cache goes along,
 * except that masks hold no cache: beside ROM it stays in the base's memory. Energies and densities
 * are facts, and so are the designs (data/facts/memory.yaml): HBM in stacks beside the die, SRAM and
 * ROM on the whole die, 3D memory in layers of the die's size on top of it.
 *
 * A chip has one mean way of a byte. Beside ROM that is the mean over weights, which travel next to
 * nothing, and all that stays where it was and travels as before.
 *
 * The model spreads over as many devices as its memory needs, and pays their links and idle power.
 * So does the base: how it was spread is not the question.
 *
 * Beside it the founding post's figures: reads alone, and with its 2.4 pJ/B of transport
 * [unconventional2026]. */
#include "mj/ladder.h"

#include "ladder_plan.h"

#include <math.h>
#include <string.h>

/* One row of the question; keys of facts, NULL: none. density is of one layer. */
typedef struct {
    const char *name, *cause;
    mj_memory_kind kind;
    const char *read, *bond, *leak, *density, *price;
    const char *layers;    /* of the die's area; NULL: one, or stacks beside the die */
    bool stacked;          /* beside the die */
    const char *bandwidth; /* of a stack or of the device */
    const char *rate;      /* or per byte of capacity */
    const char *way;       /* of a byte to the arithmetic; NULL: the base's */
} technology;

/* In this order; the post's question is [HBM3E] over [SRAM_2D]. */
enum { HBM3E, HBM4, SRAM_2D, DRAM_3D, SRAM_3D, ROM };
static const technology technologies[] = {
    [HBM3E] = {.name = "HBM3E", .cause = "stacks beside the die", .kind = MJ_MEMORY_HBM,
     .read = "dram.default.hbm3e", .density = "density.dram.hbm", .price = "cost.hbm",
     .stacked = true, .bandwidth = "memory.stack.hbm3e"},
    [HBM4] = {.name = "HBM4", .cause = "stacks beside the die", .kind = MJ_MEMORY_HBM,
     .read = "dram.default.hbm4", .density = "density.dram.hbm", .price = "cost.hbm",
     .stacked = true, .bandwidth = "memory.stack.hbm4"},
    [SRAM_2D] = {.name = "SRAM 2D", .cause = "whole die, 1 MB banks", .kind = MJ_MEMORY_SRAM,
     .read = "sram.read.1mb", .leak = "sram.leak", .density = "density.sram.n7",
     .rate = "memory.rate.sram", .way = "memory.wire.bank"},
    [DRAM_3D] = {.name = "3D DRAM", .cause = "bonded layers", .kind = MJ_MEMORY_DRAM,
     .read = "dram3d.hybrid-bonded", .density = "density.dram.hbm", .layers = "memory.layers",
     .bandwidth = "memory.bonded.dram", .way = "memory.wire.bank"},
    [SRAM_3D] = {.name = "3D SRAM", .cause = "bonded layers, 1 MB banks", .kind = MJ_MEMORY_SRAM,
     .read = "sram.read.1mb", .bond = "link.ucie-3d", .leak = "sram.leak",
     .density = "density.sram.n7", .layers = "memory.layers", .rate = "memory.rate.sram",
     .way = "memory.wire.bank"},
    [ROM] = {.name = "ROM", .cause = "cache stays, flies as before", .kind = MJ_MEMORY_ROM,
     .read = "rom.read", .density = "rom.density", .rate = "memory.rate.rom",
     .way = "memory.wire.rom"},
};

/* A fact of the table in SI, absent without a key. */
static mj_status fetch(mj_quantity *q, const mj_catalogue *c, const char *key, const char *unit,
                       double node_m, mj_err *err)
{
    *q = (mj_quantity){0};
    if (key == NULL) {
        return MJ_OK;
    }
    MJ_TRY(mj_facts_quantity(q, c->facts, key, unit, node_m, err));
    q->fact = key;
    return MJ_OK;
}

static mj_quantity exactly(double value, const char *unit)
{
    return (mj_quantity){value, value, value, MJ_CLASS_ASSUMED, unit, "assumed", NULL};
}

/* Bytes and bytes per second of one device. */
static mj_status size_memory(mj_memory *memory, const technology *t, double area_m2,
                             const mj_catalogue *c, mj_err *err)
{
    mj_quantity count, stack, layers, bandwidth, rate;
    MJ_TRY(fetch(&count, c, t->stacked ? "memory.stack.count" : NULL, "1", 0, err));
    MJ_TRY(fetch(&stack, c, "memory.stack.capacity", "B", 0, err));
    MJ_TRY(fetch(&layers, c, t->layers, "1", 0, err));
    MJ_TRY(fetch(&bandwidth, c, t->bandwidth, "B/s", 0, err));
    MJ_TRY(fetch(&rate, c, t->rate, "Hz", 0, err));
    double n_layers = mj_quantity_given(&layers) ? layers.typ : 1;
    double capacity_B = t->stacked ? count.typ * stack.typ
                                   : memory->density_Bpm2.typ * area_m2 * n_layers;
    double fixed_Bps = t->stacked ? count.typ * bandwidth.typ : bandwidth.typ;
    memory->capacity_B = exactly(capacity_B, "B");
    memory->bandwidth_Bps = exactly(t->rate ? rate.typ * capacity_B : fixed_Bps, "B/s");
    if (t->kind == MJ_MEMORY_HBM || t->kind == MJ_MEMORY_DRAM) { /* a floor per stack's bytes */
        double stacks = capacity_B / stack.typ;
        MJ_TRY(fetch(&memory->static_W, c, "dram.floor.default", "W/stack", 0, err));
        memory->static_W.lo *= stacks;
        memory->static_W.typ *= stacks;
        memory->static_W.hi *= stacks;
        memory->static_W.unit = "W";
    }
    return MJ_OK;
}

/* The memory of a row for a device of `area_m2`. */
static mj_status make_memory(mj_memory *memory, mj_memory_row *row, const technology *t,
                             const mj_machine *base, double area_m2, const mj_catalogue *c,
                             mj_err *err)
{
    double node_m = base->chip.node_m;
    mj_quantity bond;
    *memory = (mj_memory){.name = t->name, .kind = t->kind};
    MJ_TRY(fetch(&memory->read_JpB, c, t->read, "J/B", node_m, err));
    MJ_TRY(fetch(&bond, c, t->bond, "J/B", 0, err));
    MJ_TRY(fetch(&memory->leak_WpB, c, t->leak, "W/B", node_m, err));
    MJ_TRY(fetch(&memory->density_Bpm2, c, t->density, "B/m2", 0, err));
    MJ_TRY(fetch(&memory->price_USDpB, c, t->price, "USD/B", 0, err));
    memory->read_JpB.lo += bond.lo;
    memory->read_JpB.typ += bond.typ;
    memory->read_JpB.hi += bond.hi;
    MJ_TRY(size_memory(memory, t, area_m2, c, err));
    row->read_JpB = memory->read_JpB;
    row->density_Bpm2 = memory->density_Bpm2;
    row->price_USDpB = memory->price_USDpB;
    row->capacity_B = memory->capacity_B.typ;
    return MJ_OK;
}

/* Layers of silicon at the price of the logic die, over what they hold. DRAM layers come from
 * another process, whose price nobody published. */
static mj_status price_silicon(mj_memory_row *row, const technology *t, const mj_chip *chip,
                               const mj_catalogue *c, mj_err *err)
{
    mj_cost cost;
    if (t->stacked || t->kind == MJ_MEMORY_DRAM) {
        return MJ_OK;
    }
    MJ_TRY(mj_cost_compute(&cost, chip, c->facts, err));
    if (!mj_quantity_given(&cost.silicon_USD)) {
        return MJ_OK;
    }
    mj_quantity layers;
    MJ_TRY(fetch(&layers, c, t->layers, "1", 0, err));
    double per_B = (t->layers ? layers.typ : 1) / row->capacity_B;
    row->price_USDpB = cost.silicon_USD;
    row->price_USDpB.lo *= per_B;
    row->price_USDpB.typ *= per_B;
    row->price_USDpB.hi *= per_B;
    row->price_USDpB.unit = "USD/B";
    return MJ_OK;
}

/* Puts the memory in front of the base's, which keeps what the new one cannot hold. */
static mj_status place_memory(mj_machine *machine, const mj_memory *memory, const technology *t)
{
    mj_chip *chip = &machine->chip;
    int old = (int)(mj_chip_memory(chip, MJ_HOLDS_WEIGHTS) - chip->memory);
    unsigned held = chip->memory[old].holds;
    if (t->kind != MJ_MEMORY_ROM) {
        chip->memory[old] = *memory;
        chip->memory[old].holds = held;
    } else if (chip->n_memories == MJ_MEMORIES_MAX) {
        return MJ_ELIMIT;
    } else {
        unsigned all = MJ_HOLDS_WEIGHTS | MJ_HOLDS_KV | MJ_HOLDS_ACT;
        chip->memory[old].holds = (held ? held : all) & ~(unsigned)MJ_HOLDS_WEIGHTS;
        if (chip->memory[old].holds == 0) { /* it held weights alone: gone */
            chip->memory[old] = *memory;
        } else {
            memmove(chip->memory + 1, chip->memory,
                    (size_t)chip->n_memories++ * sizeof *chip->memory);
            chip->memory[0] = *memory;
            old = 0;
        }
        chip->memory[old].holds = MJ_HOLDS_WEIGHTS;
    }
    return MJ_OK;
}

static void spread_freely(mj_serving *serving)
{
    serving->devices = serving->tensor = serving->data = serving->expert = 0;
}

static double weights_B(const mj_bill *bill)
{
    return bill->step.weight_B / bill->serving.batch;
}

/* Mean way of a byte where the weights' own is `way` and all others' what the bill was made with. */
static double mean_way(const mj_bill *bill, double way_m)
{
    double far_m = bill->chip->wires.distance_m.typ, moved = 0; /* B m */
    for (int i = 0; i < bill->ledger.n; i++) {
        const mj_line *line = &bill->ledger.line[i];
        moved += line->component == MJ_NOC_WIRE ? line->count : 0;
    }
    double bytes = moved / far_m;
    return bytes > 0 ? far_m + weights_B(bill) / bytes * (way_m - far_m) : far_m;
}

/* The machine's bill. Beside ROM it takes a first one to know how the bytes divide. */
static mj_status bill_row(mj_ladder_state *state, const technology *t, const mj_quantity *way,
                          mj_err *err)
{
    mj_quantity *distance = &state->machine.chip.wires.distance_m;
    if (mj_quantity_given(way) && t->kind != MJ_MEMORY_ROM) {
        *distance = *way;
    }
    MJ_TRY(mj_machine_bill(&state->bill, &state->machine, 0, err));
    if (t->kind != MJ_MEMORY_ROM || !mj_quantity_given(distance)) {
        return MJ_OK;
    }
    double mean_m = mean_way(&state->bill, way->typ);
    distance->lo *= mean_m / distance->typ;
    distance->hi *= mean_m / distance->typ;
    distance->typ = mean_m;
    return mj_machine_bill(&state->bill, &state->machine, 0, err);
}

static mj_status sweep_row(mj_memory_row *row, const technology *t, const mj_machine *base,
                           const mj_catalogue *c, mj_ladder_state *scratch, mj_err *err)
{
    mj_memory memory;
    mj_quantity area, way;
    MJ_TRY(fetch(&area, c, "memory.die.area", "m2", 0, err));
    MJ_TRY(fetch(&way, c, t->way, "m", 0, err));
    area = base->chip.cost.n_dies > 0 ? base->chip.cost.die[0].area_m2 : area;
    *row = (mj_memory_row){.name = t->name, .cause = t->cause, .joules = NAN, .lo_J = NAN,
                           .hi_J = NAN, .gain = NAN, .weights_J = NAN};
    MJ_TRY(make_memory(&memory, row, t, base, area.typ, c, err));
    scratch->machine = *base;
    MJ_TRY(price_silicon(row, t, &base->chip, c, err));
    mj_err cause = {0};
    mj_status status = place_memory(&scratch->machine, &memory, t);
    if (status == MJ_OK) {
        status = bill_row(scratch, t, &way, &cause);
    }
    row->distance_m = scratch->machine.chip.wires.distance_m.typ;
    if (status != MJ_OK) {
        memcpy(row->reason, mj_cause_text(&cause), strlen(mj_cause_text(&cause)) + 1);
        return MJ_OK;
    }
    row->devices = scratch->bill.serving.devices;
    row->joules = scratch->bill.joules;
    row->lo_J = scratch->bill.lo_J;
    row->hi_J = scratch->bill.hi_J;
    row->weights_J = weights_B(&scratch->bill) * memory.read_JpB.typ;
    return MJ_OK;
}

static mj_status post_figures(mj_memory_sweep *sweep, const mj_catalogue *c, mj_err *err)
{
    mj_quantity hbm, sram, transport;
    MJ_TRY(fetch(&hbm, c, "dram.post", "J/B", 0, err));
    MJ_TRY(fetch(&sram, c, "sram.post", "J/B", 0, err));
    MJ_TRY(fetch(&transport, c, "link.post", "J/B", 0, err));
    sweep->post_hbm_JpB = hbm.typ;
    sweep->post_sram_JpB = sram.typ;
    sweep->post_transport_JpB = transport.typ;
    sweep->post_reads = hbm.typ / sram.typ;
    sweep->post_both = (hbm.typ + transport.typ) / (sram.typ + transport.typ);
    sweep->post_sram_only = hbm.typ / (sram.typ + transport.typ);
    return MJ_OK;
}

mj_status mj_ladder_sweep_memory(mj_memory_sweep *sweep, const mj_ladder *ladder,
                                 const mj_catalogue *catalogue, mj_arena *arena, mj_err *err)
{
    mj_ladder_state *base = mj_arena_alloc(arena, sizeof *base);
    mj_ladder_state *scratch = mj_arena_alloc(arena, sizeof *scratch);
    if (base == NULL || scratch == NULL) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    *sweep = (mj_memory_sweep){0};
    mj_machine_start(&base->machine, ladder, 0);
    if (base->machine.chip.closure != MJ_CLOSURE_EVENT_SUM) {
        sweep->stand_in = "hbm-chip";
        MJ_TRY(mj_chip_load(&base->machine.chip, sweep->stand_in, catalogue->chips,
                            catalogue->facts, catalogue->units, arena, err));
    }
    spread_freely(&base->machine.serving);
    MJ_TRY(mj_machine_bill(&base->bill, &base->machine, 0, err));
    sweep->base = base->bill;
    for (size_t i = 0; i < sizeof technologies / sizeof technologies[0]; i++) {
        mj_memory_row *row = &sweep->row[sweep->n++];
        MJ_TRY(sweep_row(row, &technologies[i], &base->machine, catalogue, scratch, err));
        row->gain = base->bill.joules / row->joules;
    }
    sweep->hbm_to_sram = sweep->row[HBM3E].joules / sweep->row[SRAM_2D].joules;
    return post_figures(sweep, catalogue, err);
}
