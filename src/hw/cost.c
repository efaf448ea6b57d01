/* Cost: what the silicon, the memory and the package of one device cost to make.
 *
 *   N = pi r^2 / A - 2 pi r / sqrt(2 A)      dies on a 300 mm wafer, r = 150 mm
 *   Y = (1 + D0 A / 3)^-3                    yield, negative binomial, alpha = 3
 *   die = wafer / (N Y)
 *
 * Wafer prices are press reports at a few nodes [digitimes2022]; a die takes the price of the
 * nearest one if that lies within a third of its own node (22 nm -> 28 nm), otherwise its price is
 * absent. No masks, no test, no margin: a making cost, far under the selling price,
 * which stands in the chip file as cost.list. A die larger than a reticle (a wafer-scale device)
 * does not follow these formulas; its price is absent too. */
#include "mj/cost.h"

#include <math.h>

#define PI 3.14159265358979323846

double mj_cost_die_USD(double area_m2, double wafer_USD, double defects_pm2)
{
    const double radius_m = 0.150;
    double n = PI * radius_m * radius_m / area_m2 - 2 * PI * radius_m / sqrt(2 * area_m2);
    double yield = pow(1 + defects_pm2 * area_m2 / 3, -3);
    return n >= 1 ? wafer_USD / (n * yield) : HUGE_VAL;
}

static mj_class worse(mj_class a, mj_class b)
{
    return a > b ? a : b;
}

/* sum += count x q. The sum keeps the least trusted class and the source of its first part. */
static void add(mj_quantity *sum, const mj_quantity *q, double count)
{
    sum->lo += count * q->lo;
    sum->typ += count * q->typ;
    sum->hi += count * q->hi;
    sum->cls = worse(sum->cls, q->cls);
    sum->unit = q->unit;
    sum->source = sum->source ? sum->source : q->source;
    sum->fact = sum->fact ? sum->fact : q->fact;
}

/* The wafer's price at the published node nearest to node_m; absent if none is near. */
static mj_status find_wafer(mj_quantity *wafer, double node_m, mj_facts *facts, mj_err *err)
{
    static const struct {
        double node_m;
        const char *key;
    } wafers[] = {
        {2e-9, "cost.wafer.n2"},   {3e-9, "cost.wafer.n3"},   {4e-9, "cost.wafer.n4"},
        {5e-9, "cost.wafer.n5"},   {6e-9, "cost.wafer.n6"},   {7e-9, "cost.wafer.n7"},
        {10e-9, "cost.wafer.n10"}, {12e-9, "cost.wafer.n12"}, {14e-9, "cost.wafer.n14"},
        {16e-9, "cost.wafer.n16"}, {28e-9, "cost.wafer.n28"}, {40e-9, "cost.wafer.n40"},
        {65e-9, "cost.wafer.n65"}, {90e-9, "cost.wafer.n90"},
    };
    const char *key = NULL;
    double best = log(4.0 / 3.0);
    for (size_t i = 0; i < sizeof wafers / sizeof wafers[0] && node_m > 0; i++) {
        double distance = fabs(log(node_m / wafers[i].node_m));
        if (distance < best) {
            best = distance;
            key = wafers[i].key;
        }
    }
    *wafer = (mj_quantity){0};
    return key ? mj_facts_quantity(wafer, facts, key, "USD", 0, err) : MJ_OK;
}

/* Adds the dies of one kind to area and silicon; *complete falls if the price is not known. */
static mj_status add_die(mj_cost *cost, bool *complete, const mj_die *die, double node_m,
                         const mj_quantity *defects, mj_facts *facts, mj_err *err)
{
    const mj_quantity *area = &die->area_m2;
    if (!mj_quantity_given(area)) {
        *complete = false;
        return MJ_OK;
    }
    int count = die->count > 0 ? die->count : 1;
    add(&cost->area_m2, area, count);
    mj_quantity wafer;
    MJ_TRY(find_wafer(&wafer, node_m, facts, err));
    mj_quantity price = wafer;
    price.cls = worse(wafer.cls, worse(defects->cls, area->cls));
    price.lo = mj_cost_die_USD(area->lo, wafer.lo, defects->lo);
    price.typ = mj_cost_die_USD(area->typ, wafer.typ, defects->typ);
    price.hi = mj_cost_die_USD(area->hi, wafer.hi, defects->hi);
    if (!mj_quantity_given(&wafer) || !isfinite(price.hi)) {
        *complete = false;
        return MJ_OK;
    }
    add(&cost->silicon_USD, &price, count);
    return MJ_OK;
}

/* Memory bought by the byte; SRAM and ROM are part of the dies. */
static void add_memory(mj_cost *cost, bool *complete, const mj_memory *m)
{
    if (m->kind != MJ_MEMORY_HBM && m->kind != MJ_MEMORY_DRAM) {
        return;
    }
    if (!mj_quantity_given(&m->price_USDpB) || !mj_quantity_given(&m->capacity_B)) {
        *complete = false;
        return;
    }
    mj_quantity price = m->price_USDpB;
    price.unit = "USD";
    add(&cost->memory_USD, &price, m->capacity_B.typ);
}

mj_status mj_cost_compute(mj_cost *cost, const mj_chip *chip, mj_facts *facts, mj_err *err)
{
    mj_quantity defects = {0};
    bool silicon = chip->cost.n_dies > 0, memory = true;
    *cost = (mj_cost){.packaging_USD = chip->cost.packaging_USD};
    if (chip->cost.n_dies > 0) {
        MJ_TRY(mj_facts_quantity(&defects, facts, "cost.defects", "defect/m2", 0, err));
    }
    for (int i = 0; i < chip->cost.n_dies; i++) {
        const mj_die *die = &chip->cost.die[i];
        double node_m = die->node_m > 0 ? die->node_m : chip->node_m;
        MJ_TRY(add_die(cost, &silicon, die, node_m, &defects, facts, err));
    }
    for (int i = 0; i < chip->n_memories; i++) {
        add_memory(cost, &memory, &chip->memory[i]);
    }
    if (!silicon) {
        cost->silicon_USD = (mj_quantity){0};
    }
    if (!memory) {
        cost->memory_USD = (mj_quantity){0};
    }
    if (silicon && memory && mj_quantity_given(&cost->packaging_USD)) {
        add(&cost->price_USD, &cost->silicon_USD, 1);
        if (mj_quantity_given(&cost->memory_USD)) {
            add(&cost->price_USD, &cost->memory_USD, 1);
        }
        add(&cost->price_USD, &cost->packaging_USD, 1);
    }
    return MJ_OK;
}
