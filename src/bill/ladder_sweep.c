/* The memory question: what does each memory allow if nothing else changes?
 *
 * The base is billed again with the memory of its weights replaced: kind, read energy, leakage,
 * floor, capacity, bandwidth, and how far a byte travels to its arithmetic. The cache goes along,
 * except that masks hold no cache: beside ROM it stays in the base's memory. Facts give energies
 * and densities; what is assumed stands in each row:
 *   HBM       4 stacks of 36 GB; 1.2 TB/s each (HBM3E), 2 TB/s (HBM4)
 *   SRAM      the whole die; banks of 1 MB, 64 B wide at 1 GHz; 1 mm of wire
 *   3D        4 layers of the die's size on top of it; a byte crosses one hybrid bond and 1 mm of
 *             wire; DRAM layers at 20 TB/s with the floor of HBM per byte
 *   ROM       the whole die; each weight can be read 16,000 times a second; 0.1 mm of wire
 * The model spreads over as many devices as its memory needs, and pays their links and idle power.
 *
 * Beside it the founding post's figures: reads alone, and with its 2.4 pJ/B of transport
 * [unconventional2026]. */
#include "mj/ladder.h"

#include "ladder_plan.h"

#include <math.h>
#include <string.h>

static const double STACKS_B = 4 * 36e9, DIE_m2 = 800e-6;

/* One row of the question. density is of one layer. */
typedef struct {
    const char *name, *cause;
    mj_memory_kind kind;
    const char *read, *bond, *leak, *density, *price; /* keys of facts; NULL: none */
    int layers;             /* of the die's area; 0: stacks beside the die */
    double bandwidth_Bps;   /* of a device */
    double bandwidth_BpsB;  /* or a byte per second and byte of capacity */
    double distance_m;      /* 0: the base's */
} technology;

/* In this order; the post's question is [HBM3E] over [SRAM_2D]. */
enum { HBM3E, HBM4, SRAM_2D, DRAM_3D, SRAM_3D, ROM };
static const technology technologies[] = {
    [HBM3E] = {.name = "HBM3E", .cause = "4 stacks of 36 GB, 1.2 TB/s", .kind = MJ_MEMORY_HBM,
     .read = "dram.default.hbm3e", .density = "density.dram.hbm", .price = "cost.hbm",
     .bandwidth_Bps = 4.8e12},
    [HBM4] = {.name = "HBM4", .cause = "4 stacks of 36 GB, 2 TB/s", .kind = MJ_MEMORY_HBM,
     .read = "dram.default.hbm4", .density = "density.dram.hbm", .price = "cost.hbm",
     .bandwidth_Bps = 8e12},
    [SRAM_2D] = {.name = "SRAM 2D", .cause = "whole die, 1 MB banks", .kind = MJ_MEMORY_SRAM,
     .read = "sram.read.1mb", .leak = "sram.leak", .density = "density.sram.n7", .layers = 1,
     .bandwidth_BpsB = 64e3, .distance_m = 1e-3},
    [DRAM_3D] = {.name = "3D DRAM", .cause = "4 bonded layers, 20 TB/s", .kind = MJ_MEMORY_DRAM,
     .read = "dram3d.hybrid-bonded", .density = "density.dram.hbm", .layers = 4,
     .bandwidth_Bps = 20e12, .distance_m = 1e-3},
    [SRAM_3D] = {.name = "3D SRAM", .cause = "4 bonded layers, 1 MB banks", .kind = MJ_MEMORY_SRAM,
     .read = "sram.read.1mb", .bond = "link.ucie-3d", .leak = "sram.leak",
     .density = "density.sram.n7", .layers = 4, .bandwidth_BpsB = 64e3, .distance_m = 1e-3},
    [ROM] = {.name = "ROM", .cause = "whole die; cache stays", .kind = MJ_MEMORY_ROM,
     .read = "rom.read", .density = "rom.density", .layers = 1, .bandwidth_BpsB = 16e3, .distance_m = 0.1e-3},
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

/* The memory of a row for a device of `area_m2`. */
static mj_status make_memory(mj_memory *memory, mj_memory_row *row, const technology *t,
                             const mj_machine *base, double area_m2, const mj_catalogue *c,
                             mj_err *err)
{
    double node_m = base->chip.node_m;
    mj_quantity bond, floor;
    *memory = (mj_memory){.name = t->name, .kind = t->kind};
    MJ_TRY(fetch(&memory->read_JpB, c, t->read, "J/B", node_m, err));
    MJ_TRY(fetch(&bond, c, t->bond, "J/B", 0, err));
    MJ_TRY(fetch(&memory->leak_WpB, c, t->leak, "W/B", node_m, err));
    MJ_TRY(fetch(&memory->density_Bpm2, c, t->density, "B/m2", 0, err));
    MJ_TRY(fetch(&memory->price_USDpB, c, t->price, "USD/B", 0, err));
    MJ_TRY(fetch(&floor, c, "dram.floor.default", "W/stack", 0, err));
    memory->read_JpB.lo += bond.lo;
    memory->read_JpB.typ += bond.typ;
    memory->read_JpB.hi += bond.hi;
    double capacity_B = t->layers > 0 ? memory->density_Bpm2.typ * area_m2 * t->layers : STACKS_B;
    memory->capacity_B = exactly(capacity_B, "B");
    double bandwidth = t->bandwidth_Bps > 0 ? t->bandwidth_Bps : t->bandwidth_BpsB * capacity_B;
    memory->bandwidth_Bps = exactly(bandwidth, "B/s");
    if (t->kind == MJ_MEMORY_HBM || t->kind == MJ_MEMORY_DRAM) { /* a floor per 36 GB */
        double stacks = capacity_B / (STACKS_B / 4);
        memory->static_W = floor;
        memory->static_W.lo *= stacks;
        memory->static_W.typ *= stacks;
        memory->static_W.hi *= stacks;
        memory->static_W.unit = "W";
    }
    row->read_JpB = memory->read_JpB;
    row->density_Bpm2 = memory->density_Bpm2;
    row->price_USDpB = memory->price_USDpB;
    row->capacity_B = capacity_B;
    return MJ_OK;
}

/* Layers of silicon at the price of the logic die, over what they hold. DRAM layers come from
 * another process, whose price nobody published. */
static mj_status price_silicon(mj_memory_row *row, const technology *t, const mj_chip *chip,
                               const mj_catalogue *c, mj_err *err)
{
    mj_cost cost;
    if (t->layers == 0 || t->kind == MJ_MEMORY_DRAM) {
        return MJ_OK;
    }
    MJ_TRY(mj_cost_compute(&cost, chip, c->facts, err));
    if (!mj_quantity_given(&cost.silicon_USD)) {
        return MJ_OK;
    }
    double per_B = t->layers / row->capacity_B;
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
    if (t->distance_m > 0) {
        chip->wires.distance_m = exactly(t->distance_m, "m");
    }
    machine->serving.devices = machine->serving.tensor = machine->serving.data = 0;
    return MJ_OK;
}

/* Joules of one component's own lines. */
static double weights_J(const mj_bill *bill)
{
    double sum = 0;
    for (int i = 0; i < bill->ledger.n; i++) {
        const mj_line *line = &bill->ledger.line[i];
        sum += strcmp(line->label, "weights read") == 0 ? line->joules : 0;
    }
    return sum;
}

static mj_status sweep_row(mj_memory_row *row, const technology *t, const mj_machine *base,
                           const mj_catalogue *c, mj_ladder_state *scratch, mj_err *err)
{
    mj_memory memory;
    mj_quantity area = base->chip.cost.n_dies > 0 ? base->chip.cost.die[0].area_m2
                                                  : exactly(DIE_m2, "m2");
    *row = (mj_memory_row){.name = t->name, .cause = t->cause, .joules = NAN, .lo_J = NAN,
                           .hi_J = NAN, .gain = NAN, .weights_J = NAN};
    MJ_TRY(make_memory(&memory, row, t, base, area.typ, c, err));
    scratch->machine = *base;
    MJ_TRY(price_silicon(row, t, &base->chip, c, err));
    mj_err cause = {0};
    mj_status status = place_memory(&scratch->machine, &memory, t);
    row->distance_m = scratch->machine.chip.wires.distance_m.typ;
    if (status == MJ_OK) {
        status = mj_machine_bill(&scratch->bill, &scratch->machine, 0, &cause);
    }
    if (status != MJ_OK) {
        memcpy(row->reason, mj_cause_text(&cause), strlen(mj_cause_text(&cause)) + 1);
        return MJ_OK;
    }
    row->devices = scratch->bill.serving.devices;
    row->joules = scratch->bill.joules;
    row->lo_J = scratch->bill.lo_J;
    row->hi_J = scratch->bill.hi_J;
    row->weights_J = weights_J(&scratch->bill);
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
        base->machine.serving.devices = 0;
    }
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
