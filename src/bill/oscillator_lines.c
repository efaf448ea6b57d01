/* What an output costs on a substrate of coupled oscillators: everything between "start" and "read".
 *
 * A run takes span x seconds per model time unit; all N oscillators and all couplings switch every
 * cycle of it. Before the run every oscillator is set to its start phase, random bits are drawn for
 * those that start at random, and each takes its class's injection; after it the visible ones are
 * sampled. Couplings are written once for `program_every` outputs; those that change within a run, once
 * for each of its segments. A coupling function of any shape is the couplers' own and costs nothing.
 * Reference, leakage and read-out time are on the bill too, and where a chip states them what sets
 * frequencies, lets oscillators go and switches couplings: they are what such estimates leave out. */
#include "ledger.h"

#include <math.h>

static const double STROBE_ROWS = 1.5; /* one to be read, half of one on average to be started */

bool mj_oscillator_runs(const mj_bill *bill)
{
    return bill->model->kind == MJ_MODEL_OSCILLATORS &&
           mj_quantity_given(&bill->chip->oscillator.cycle_J);
}

static const mj_op *oscillate(const mj_bill *bill)
{
    for (int i = 0; i < bill->ops.n; i++) {
        if (bill->ops.op[i].kind == MJ_OP_OSCILLATE) {
            return &bill->ops.op[i];
        }
    }
    return NULL;
}

/* Settings that follow each other in a run share one. */
static double couplers(const mj_op *op)
{
    return op->weights / op->segments;
}

static double run_s(const mj_bill *bill)
{
    return oscillate(bill)->span * bill->chip->oscillator.unit_s.typ;
}

mj_quantity mj_oscillator_area(const mj_bill *bill)
{
    const mj_quantity *cell = &bill->chip->oscillator.cell_m2;
    const mj_quantity *coupler = &bill->chip->oscillator.coupler_m2;
    if (!mj_oscillator_runs(bill) || !mj_quantity_given(cell) || !mj_quantity_given(coupler)) {
        return (mj_quantity){0};
    }
    const mj_op *op = oscillate(bill);
    mj_quantity area = *cell;
    area.lo = op->oscillators * cell->lo + couplers(op) * coupler->lo;
    area.typ = op->oscillators * cell->typ + couplers(op) * coupler->typ;
    area.hi = op->oscillators * cell->hi + couplers(op) * coupler->hi;
    area.cls = cell->cls > coupler->cls ? cell->cls : coupler->cls;
    return area;
}

mj_status mj_oscillator_check(const mj_bill *bill, mj_err *err)
{
    const mj_op *op = oscillate(bill);
    double each = couplers(op) / op->oscillators, most = bill->chip->oscillator.couplings_max;
    if (most == 0 || each <= most) {
        return MJ_OK;
    }
    return mj_err_add(err, MJ_EFIT, NULL, 0, 0,
                      "%s has %.4g couplings an oscillator, %s is drawn for %.0f; to bill it all the "
                      "same: --set chip.oscillator.couplings_max=%.0f",
                      bill->model->name, each, bill->chip->name, most, ceil(each));
}

/* Events of `count` at a typical time unit. A unit that is known to a factor makes more or fewer
 * cycles: both ends of the line take that of the unit too. */
static void cycle_events(mj_ledger *ledger, const mj_bill *bill, const char *label,
                         const char *formula, double count, const mj_quantity *energy)
{
    const mj_quantity *unit = &bill->chip->oscillator.unit_s;
    int n = ledger->n;
    mj_ledger_events(ledger, MJ_ARITH_OSC, label, formula, count, "cycle", energy);
    if (ledger->n > n && unit->typ > 0) {
        ledger->line[n].lo_J *= unit->lo / unit->typ;
        ledger->line[n].hi_J *= unit->hi / unit->typ;
    }
}

double mj_oscillator_output_s(const mj_bill *bill)
{
    return run_s(bill) + bill->chip->oscillator.readout_s.typ;
}

/* What is beside oscillators, each of their cycles, also those uncoupled while strobes start and read them. */
static void beside_lines(mj_ledger *ledger, const mj_bill *bill, double cycles)
{
    const mj_oscillator *o = &bill->chip->oscillator;
    const mj_op *op = oscillate(bill);
    static const char formula[] = "oscillators x frequency x (span x seconds per time unit + 1.5 rows of strobes)";
    double uncoupled = STROBE_ROWS * o->strobes_s.typ * o->frequency_Hz.typ, all = cycles + uncoupled;
    mj_ledger_events(ledger, MJ_ARITH_OSC, "oscillators running to be started and read",
                     "oscillators x frequency x 1.5 rows of strobes", op->oscillators * uncoupled, "cycle",
                     &o->cycle_J);
    cycle_events(ledger, bill, "trims that set frequencies", formula, op->oscillators * all, &o->trim_J);
    cycle_events(ledger, bill, "gates that let oscillators go", formula, op->oscillators * all, &o->start_gate_J);
    cycle_events(ledger, bill, "switches of couplings",
                 "couplings x frequency x (span x seconds per time unit + 1.5 rows of strobes)",
                 couplers(op) * all, &o->switches_J);
}

void mj_oscillator_event_lines(mj_ledger *ledger, const mj_bill *bill)
{
    const mj_oscillator *o = &bill->chip->oscillator;
    const mj_op *op = oscillate(bill);
    double cycles = run_s(bill) * o->frequency_Hz.typ, every = o->program_every.typ;
    cycle_events(ledger, bill, "oscillators running",
                 "oscillators x frequency x span x seconds per time unit",
                 op->oscillators * cycles, &o->cycle_J);
    cycle_events(ledger, bill, "couplings switching",
                 "couplings x frequency x span x seconds per time unit", couplers(op) * cycles,
                 &o->coupling_J);
    beside_lines(ledger, bill, cycles);
    mj_ledger_events(ledger, MJ_CONV_DAC, "start phases set", "one per oscillator",
                     op->oscillators, "conv", &o->start_J);
    mj_ledger_events(ledger, MJ_RNG, "random start phases", "random oscillators x bits",
                     op->starts * op->start_bits, "bit", &o->random_bit_J);
    mj_ledger_events(ledger, MJ_CONV_DAC, "class injection set", "one per oscillator",
                     op->oscillators, "conv", &o->injection_J);
    mj_ledger_events(ledger, MJ_CONV_CMP, "phases sampled", "one per visible oscillator",
                     op->samples, "sample", &o->sample_J);
    const mj_link *link = mj_chip_link(bill->chip, MJ_LINK_KIND_SCALEOUT);
    if (link != NULL) {
        mj_ledger_events(ledger, MJ_LINK_SCALEOUT, "output leaves the chip",
                         "one byte per visible oscillator", op->samples, "B", &link->energy_JpB);
    }
    if (op->segments > 1) { /* the last setting of an output is not the first of the next */
        mj_ledger_events(ledger, MJ_PROGRAM, "couplings written", "bytes of all segments, each output",
                         op->weight_B, "B", &o->program_JpB);
        return;
    }
    mj_ledger_events(ledger, MJ_PROGRAM, "couplings written", "bytes / outputs between writings",
                     every > 0 ? op->weight_B / every : 0, "B", &o->program_JpB);
}

void mj_oscillator_static_lines(mj_ledger *ledger, const mj_bill *bill)
{
    const mj_oscillator *o = &bill->chip->oscillator;
    const mj_op *op = oscillate(bill);
    double seconds = bill->step.step_s * bill->serving.devices / bill->serving.batch;
    mj_ledger_events(ledger, MJ_CLOCK, "clock and reference oscillator",
                     "watts x seconds of the output", seconds, "s", &o->reference_W);
    mj_ledger_events(ledger, MJ_LEAK_LOGIC, "leakage of oscillators and couplers",
                     "oscillators x seconds of the output", op->oscillators * seconds, "s", &o->leak_W);
    mj_ledger_events(ledger, MJ_LEAK_LOGIC, "leakage of trims and their memory",
                     "oscillators x seconds of the output", op->oscillators * seconds, "s", &o->trim_leak_W);
    mj_ledger_events(ledger, MJ_LEAK_LOGIC, "leakage of starting circuits",
                     "oscillators x seconds of the output", op->oscillators * seconds, "s", &o->start_leak_W);
    mj_ledger_events(ledger, MJ_LEAK_LOGIC, "leakage of samplers and counters",
                     "visible oscillators x seconds of the output", op->samples * seconds, "s",
                     &o->sample_leak_W);
    mj_ledger_events(ledger, MJ_LEAK_LOGIC, "leakage of couplers and their memory",
                     "couplings x seconds of the output", couplers(op) * seconds, "s", &o->coupler_leak_W);
}
