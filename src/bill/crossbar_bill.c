/* What a crossbar's product takes: five lines (crossbar_bill.h).
 *
 * A converter whose step is s rounds with an rms of s / sqrt(12). Over a range of twice the largest
 * product that is 2 largest / (sqrt(12) error) steps for a rounding as large as the error: more than
 * the effective bits say, because those are of a sine that fills the range, and products seldom do. */
#include "mj/crossbar_bill.h"

#include "ledger.h"

#include <assert.h>
#include <math.h>

static const double DAC_BITS = 4; /* of the fact */
static const double AMPLIFIERS = 2; /* a column: one an array */

mj_status mj_crossbar_facts_find(mj_crossbar_facts *f, mj_facts *store, mj_err *err)
{
    *f = (mj_crossbar_facts){0};
    MJ_TRY(mj_snr_facts_find(&f->common, store, err));
    MJ_TRY(mj_facts_quantity(&f->amplifier_V2, store, "crossbar.amplifier", "V2", 0, err));
    MJ_TRY(mj_facts_quantity(&f->load_F, store, "crossbar.amplifier.load", "F", 0, err));
    MJ_TRY(mj_facts_quantity(&f->swing_V, store, "crossbar.amplifier.swing", "V", 0, err));
    return mj_facts_quantity(&f->supply_V, store, "crossbar.amplifier.supply", "V", 0, err);
}

static void add(mj_crossbar_bill *bill, mj_component component, const char *label, const char *formula,
                double count, const char *count_unit, mj_quantity unit)
{
    assert(bill->n_units < MJ_CROSSBAR_UNITS_MAX);
    bill->unit[bill->n_units] = unit;
    mj_ledger_events(&bill->ledger, component, label, formula, count, count_unit,
                     &bill->unit[bill->n_units++]);
}

/* The array's own: simulated, with that class's interval. */
static mj_quantity simulated(double joules)
{
    mj_quantity q = {.typ = joules, .cls = MJ_CLASS_SIMULATED, .unit = "J", .source = "mj-crossbar"};
    mj_quantity_default_range(&q);
    return q;
}

static void amplifier_lines(mj_crossbar_bill *bill, const mj_crossbar_facts *f, const mj_crossbar_work *w)
{
    double feedback_ohm = f->swing_V.typ / w->column_A, seconds = AMPLIFIERS * w->n_columns * w->settling_s;
    bill->gain_bandwidth_Hz = w->bandwidth_Hz * (1 + w->column_S * feedback_ohm);
    bill->amplifier_W = bill->gain_bandwidth_Hz * f->load_F.typ * f->amplifier_V2.typ +
                        w->column_A * f->supply_V.typ;
    add(bill, MJ_ANALOG_BIAS, "amplifiers", "2 columns x settling x gain-bandwidth x load",
        seconds * bill->gain_bandwidth_Hz * f->load_F.typ, "F", f->amplifier_V2);
    add(bill, MJ_ANALOG_BIAS, "their output, class A", "2 columns x settling x largest current",
        seconds * w->column_A, "C", f->supply_V);
}

void mj_crossbar_bill_compute(mj_crossbar_bill *bill, const mj_crossbar_facts *facts,
                              const mj_crossbar_work *w)
{
    double mac = (double)w->n_rows * w->n_columns;
    double steps = fmax(2, 2 * w->largest_A / (sqrt(12) * w->error_A));
    mj_quantity dac = facts->common.dac_J;
    *bill = (mj_crossbar_bill){.converter_bits = log2(steps), .input_bits = fmax(1, w->effective_bits),
                               .digital_J = mac * facts->common.mac_int8_J.typ,
                               .digital_lo_J = mac * facts->common.mac_int8_J.lo,
                               .digital_hi_J = mac * facts->common.mac_int8_J.hi,
                               .digital_read_J = mac * facts->common.sram_JpB.typ};
    add(bill, MJ_ARITH_ANALOG, "array", "power of the drivers x settling", 1, "product",
        simulated(w->array_J));
    amplifier_lines(bill, facts, w);
    add(bill, MJ_CONV_ADC, "columns to digital", "columns, each of steps over the whole range", w->n_columns,
        "conv", mj_snr_conversion(&facts->common, steps));
    dac.lo *= bill->input_bits / DAC_BITS;
    dac.typ *= bill->input_bits / DAC_BITS;
    dac.hi *= bill->input_bits / DAC_BITS;
    add(bill, MJ_CONV_DAC, "rows to analog", "rows, each of the effective bits", w->n_rows, "conv", dac);
    bill->joules = mj_ledger_total_J(&bill->ledger);
    mj_ledger_interval(&bill->lo_J, &bill->hi_J, &bill->ledger);
    mj_ledger_close(&bill->ledger);
}
