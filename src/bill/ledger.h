/* Building a ledger: shared by the calibrated bill, the event sum and the system's overheads. */
#ifndef MJ_BILL_LEDGER_H
#define MJ_BILL_LEDGER_H

#include "mj/bill.h"

/* Appends `count` events of energy `unit` each; nothing if the quantity is absent or count is 0. */
void mj_ledger_events(mj_ledger *ledger, mj_component component, const char *label,
                      const char *formula, double count, const char *count_unit,
                      const mj_quantity *unit);
/* Appends an overhead of [lo, typ, hi] times the sum of all lines above; class, source and fact of
 * `why`. Nothing if typ is 0 or less. */
void mj_ledger_overhead(mj_ledger *ledger, mj_component component, const char *label,
                        const char *formula, double lo, double typ, double hi,
                        const mj_quantity *why);
/* Total and its interval: the lines' half-widths, each times the overheads charged on it, in
 * quadrature (lines are taken as independent). */
void mj_ledger_interval(double *lo_J, double *hi_J, const mj_ledger *ledger);
/* Fills share and cap of every line: the last step of every bill. */
void mj_ledger_close(mj_ledger *ledger);

/* What a bill is charged beyond the device, up to the border asked for (boundary.c). */
void mj_boundary_lines(mj_bill *bill);
/* Fills bill->step and the device's lines; *prompts is the share of the device's joules that goes
 * away when the same tokens are decoded without reading prompts. event_sum.c: a chip without
 * measurements. calibrated.c: a fitted chip. */
mj_status mj_event_sum(mj_bill *bill, double *prompts, mj_err *err);
mj_status mj_calibrated(mj_bill *bill, double *prompts, mj_err *err);
/* A model of coupled oscillators on a chip that has some (oscillator_lines.c): seconds of one output,
 * its events, and what flows while it runs. */
double mj_oscillator_output_s(const mj_bill *bill);
/* MJ_EFIT if an oscillator has more couplings than the chip's can take. */
mj_status mj_oscillator_check(const mj_bill *bill, mj_err *err);
void mj_oscillator_event_lines(mj_ledger *ledger, const mj_bill *bill);
void mj_oscillator_static_lines(mj_ledger *ledger, const mj_bill *bill);
/* The same of a model of look-up tables on a chip that has them as gates (lut_lines.c). */
double mj_lut_output_s(const mj_bill *bill);
void mj_lut_event_lines(mj_ledger *ledger, const mj_bill *bill);
void mj_lut_static_lines(mj_ledger *ledger, const mj_bill *bill);
/* Rate of the tensor cores for the model's weights over that for 16 bit: 2 for 8-bit formats, 4 for
 * nvfp4, where the chip has units for them; other formats are widened to 16 bit first. */
double mj_format_speed(const mj_chip *chip, const mj_model *model);
/* The serving of the same decoding without prompts: context fixed at its mean. */
static inline mj_serving mj_without_prompts(const mj_serving *serving)
{
    mj_serving without = *serving;
    without.context = mj_serving_context(serving);
    return without;
}
static inline bool mj_reads_prompts(const mj_serving *serving)
{
    return !(serving->context > 0) && serving->prompt > 0;
}

#endif
