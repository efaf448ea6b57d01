/* What a signal-to-noise ratio costs.
 *
 * A sum of products is S times as strong as its noise, S = 1 / noise^2. Array and converter share the
 * noise in equal parts, so each of them is good for 2 S:
 *
 *   product     e C(m) 2^(b - 5) + 8 kT 2S   capacitors of b bits, each twice the one before
 *                                    [murmann2021]; thermal noise of a class-B stage [vittoz1990]
 *   sum out     max(floor, FOM n)    n steps of 2S; Walden's figure of merit as the survey of converters
 *                                    has it [murmann2023]
 *   number in   e4 b / 4             a converter of b bits of equal capacitors [zigzag2023]
 *
 * S weighs in three ways: not at all while a conversion costs its floor, as its root when the converter
 * counts steps, and in proportion when thermal noise rules. Rows of a table are cells of a non-volatile
 * memory whose currents add up, b of them a number: reads in place of capacitors, nothing comes in.
 *
 * Steps. A sum of many products is Gaussian-like, no sine that fills its range: of a range of +-k sigma in
 * n steps, rounding leaves k^2 / (3 n^2) and clipping c(k) = 2 ((1 + k^2) Q(k) - k phi(k)) of its power,
 * 1 / 2S in all. Of these n the least has 2 Q(k) = 1 / 2S: as many sums are clipped as there is noise. Sums
 * of a net have longer tails than Gauss', so k is never below 4, where 6e-5 of them are clipped
 * [gonugondla2020]: 4 / sqrt(2) times the steps of a sine. Noise stands over the rms of a row's own sums,
 * so that the range follows every token: the gain before the converter that does it is not billed.
 *
 * Mismatch m falls with the root of a capacitor [tripathi2014]: C(m) = max(1, (m0 / m)^2) smallest cells,
 * whose own mismatch is m0. Noise far above it asks for nothing.
 *
 * Digital: a product of bw x ba bits is that share of an 8-bit multiplier and an adder tree
 * [accelforge2026]. Weights are read from SRAM once a batch, or stand in place, as an array's do. All
 * energies stand as published: arithmetic at 7 nm, converters at 28 nm, of which the survey sees no gain
 * from smaller nodes. */
#include "mj/snr_bill.h"

#include "ledger.h"

#include <assert.h>
#include <math.h>

static const double CLASS_B = 8;     /* thermal noise: joules of a sample over kT and ratio */
static const double CREST = 4;        /* sigma that a converter's range has to either side, at least */
static const double PI = 3.14159265358979323846;
static const double UNHEARD_BITS = 2; /* rounding 12 dB below the noise */
static const double DAC_BITS = 4, CAPACITOR_BITS = 5; /* of the facts; the second says 4 to 6 */
static const double REST_BITS = 8;

mj_status mj_snr_facts_find(mj_snr_facts *f, mj_facts *store, mj_err *err)
{
    const struct {
        mj_quantity *to;
        const char *key, *unit;
    } rows[] = {
        {&f->kt_J, "limit.kt", "J"},
        {&f->walden_J, "adc.default.walden", "J"},
        {&f->floor_J, "adc.default.floor", "J"},
        {&f->dac_J, "dac.default", "J"},
        {&f->capacitor_J, "analog.switched-capacitor", "J/MAC"},
        {&f->matching, "analog.matching", "1"},
        {&f->cell_JpB, "nvm.rram.cell", "J/B"},
        {&f->mac_int8_J, "arith.mac.int8", "J/MAC"},
        {&f->multiply_int8_J, "arith.int8.mult.7nm", "J/op"},
        {&f->mac_fp16_J, "arith.mac.fp16", "J/MAC"},
        {&f->sram_JpB, "sram.read.1mb", "J/B"},
        {&f->rom_JpB, "rom.read", "J/B"},
    };
    *f = (mj_snr_facts){0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        MJ_TRY(mj_facts_quantity(rows[i].to, store, rows[i].key, rows[i].unit, 0, err));
    }
    return MJ_OK;
}

static mj_quantity times(const mj_quantity *q, double factor)
{
    mj_quantity scaled = *q;
    scaled.lo *= factor;
    scaled.typ *= factor;
    scaled.hi *= factor;
    return scaled;
}

static void add(mj_snr_bill *bill, mj_component component, const char *label, const char *formula,
                double count, const char *count_unit, mj_quantity unit)
{
    assert(bill->n_units < MJ_SNR_UNITS_MAX);
    bill->unit[bill->n_units] = unit;
    mj_ledger_events(&bill->ledger, component, label, formula, count, count_unit,
                     &bill->unit[bill->n_units++]);
}

mj_quantity mj_snr_conversion(const mj_snr_facts *f, double steps)
{
    const mj_quantity walden = times(&f->walden_J, steps), *floor = &f->floor_J;
    mj_quantity q = walden.typ > floor->typ ? walden : *floor;
    q.lo = fmax(walden.lo, floor->lo);
    q.hi = fmax(walden.hi, floor->hi);
    return q;
}

/* k whose share of clipped sums 2 Q(k) is 1 / ratio, but CREST at least. */
static double range_of(double ratio)
{
    double lo = CREST, hi = 40; /* erfc is 0 there */
    while (hi - lo > 1e-12 * hi) {
        double middle = (lo + hi) / 2;
        if (erfc(middle / sqrt(2)) > 1 / ratio) {
            lo = middle;
        } else {
            hi = middle;
        }
    }
    return lo;
}

double mj_snr_steps(double ratio)
{
    double k = range_of(ratio), tail = erfc(k / sqrt(2)) / 2, density = exp(-k * k / 2) / sqrt(2 * PI);
    double clipped = fmax(0, 2 * ((1 + k * k) * tail - k * density));
    return k / sqrt(3 * (1 / ratio - clipped));
}

static void analog_lines(mj_snr_bill *bill, const mj_snr_facts *f, const mj_snr_work *w,
                         const mj_snr_setting *s)
{
    double each = 2 * bill->ratio, steps = mj_snr_steps(each), small = f->matching.typ;
    double cells = s->mismatch > 0 ? fmax(1, small * small / (s->mismatch * s->mismatch)) : 1;
    mj_quantity product = w->rows ? times(&f->cell_JpB, s->weight_bits / 8.0)
                                  : times(&f->capacitor_J, exp2(s->weight_bits - CAPACITOR_BITS));
    add(bill, MJ_ARITH_ANALOG, w->rows ? "cells read and summed" : "products in the array",
        "products x cells of so many bits that match so well", w->mac, "MAC", times(&product, cells));
    add(bill, MJ_ARITH_ANALOG, "thermal noise kept down", "products x 8 kT x twice the ratio", w->mac,
        "MAC", times(&f->kt_J, CLASS_B * each));
    add(bill, MJ_CONV_ADC, "sums converted to digital", "sums, each of the steps of twice the ratio",
        w->outputs, "conv", mj_snr_conversion(f, steps));
    bill->input_bits = s->activation_bits > 0 ? s->activation_bits : fmax(1, log2(steps) + UNHEARD_BITS);
    add(bill, MJ_CONV_DAC, "inputs converted to analog", "inputs, each of so many bits", w->inputs,
        "conv", times(&f->dac_J, bill->input_bits / DAC_BITS));
}

/* A multiplier's energy goes with both widths, the adder tree's with neither. */
static mj_quantity product_of(const mj_snr_facts *f, double weight_bits, double activation_bits)
{
    double share = weight_bits * activation_bits / (8 * 8);
    mj_quantity q = f->mac_int8_J;
    q.lo += (share - 1) * f->multiply_int8_J.lo;
    q.typ += (share - 1) * f->multiply_int8_J.typ;
    q.hi += (share - 1) * f->multiply_int8_J.hi;
    return q;
}

static void digital_lines(mj_snr_bill *bill, const mj_snr_facts *f, const mj_snr_work *w,
                          const mj_snr_setting *s, double batch)
{
    bool floating = s->activation_bits == 0 && !w->rows, in_place = s->machine == MJ_SNR_IN_PLACE;
    mj_quantity product = product_of(f, s->weight_bits, w->rows ? REST_BITS : s->activation_bits);
    double size_B = w->mac * s->weight_bits / 8;
    bill->input_bits = s->activation_bits;
    add(bill, MJ_ARITH_MAC, w->rows ? "rows summed" : "products", "products of so many bits", w->mac,
        "MAC", floating ? f->mac_fp16_J : product);
    if (w->rows) {
        add(bill, MJ_SRAM_L1, "rows read", "numbers x bits / 8", size_B, "B",
            in_place ? f->rom_JpB : f->sram_JpB);
    } else if (!in_place) {
        add(bill, MJ_SRAM_L1, "weights read", "products x bits / 8 / batch", size_B / batch, "B",
            f->sram_JpB);
    }
}

static void crossbar_lines(mj_snr_bill *bill, const mj_snr_work *w, const mj_snr_setting *s)
{
    mj_quantity array = {.typ = s->array_JpMAC, .cls = MJ_CLASS_SIMULATED, .unit = "J/MAC",
                         .source = "mj-crossbar"};
    mj_quantity around = array;
    around.typ = s->product_JpMAC - s->array_JpMAC;
    mj_quantity_default_range(&array);
    mj_quantity_default_range(&around);
    bill->input_bits = s->activation_bits;
    add(bill, MJ_ARITH_ANALOG, "products in the measured array", "products", w->mac, "MAC", array);
    add(bill, MJ_CONV_ADC, "its converters and amplifiers", "products", w->mac, "MAC", around);
}

/* True unless there is no such machine: one that is analog and silent. */
static bool machine_lines(mj_snr_bill *bill, const mj_snr_facts *facts, const mj_snr_work *work,
                          const mj_snr_setting *setting, double batch)
{
    switch (setting->machine) {
    case MJ_SNR_SHARED:
    case MJ_SNR_IN_PLACE:
        digital_lines(bill, facts, work, setting, batch);
        return true;
    case MJ_SNR_CROSSBAR:
        crossbar_lines(bill, work, setting);
        return true;
    case MJ_SNR_ANALOG:
        break;
    }
    if (isfinite(bill->ratio)) {
        analog_lines(bill, facts, work, setting);
    }
    return isfinite(bill->ratio);
}

void mj_snr_bill_compute(mj_snr_bill *bill, const mj_snr_facts *facts, const mj_snr_work *work,
                         const mj_snr_setting *setting)
{
    double batch = setting->batch > 0 ? setting->batch : MJ_SNR_BATCH, noise = setting->noise;
    bool analog = setting->machine == MJ_SNR_ANALOG || setting->machine == MJ_SNR_CROSSBAR;
    *bill = (mj_snr_bill){.ratio = analog && noise > 0 ? 1 / (noise * noise) : HUGE_VAL};
    if (!machine_lines(bill, facts, work, setting, batch)) {
        bill->joules = bill->lo_J = bill->hi_J = bill->products_J = HUGE_VAL;
        return;
    }
    bill->products_J = mj_ledger_total_J(&bill->ledger);
    add(bill, MJ_ARITH_MAC, "products of the rest", "head, convolution, tables' head: 8 bits",
        work->rest_mac, "MAC", facts->mac_int8_J);
    add(bill, MJ_SRAM_L2, "weights of the rest read", "bytes / batch", work->rest_weight_B / batch, "B",
        facts->sram_JpB);
    add(bill, MJ_SRAM_L2, "rows and state read", "bytes of each stream", work->rest_B, "B",
        facts->sram_JpB);
    bill->joules = mj_ledger_total_J(&bill->ledger);
    mj_ledger_interval(&bill->lo_J, &bill->hi_J, &bill->ledger);
    mj_ledger_close(&bill->ledger);
}
