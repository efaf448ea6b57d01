/* The bill: op list, then the chip's closure, then the system around it, then totals.
 *
 * All work is on the caller's struct: no allocation, no file, no global, so that a search may call
 * it a million times a second from any thread. */
#include "ledger.h"

#include <math.h>

#define COMPONENT_BOUNDARY(name, text, boundary, meaning) MJ_BOUNDARY_##boundary,
static const mj_boundary component_boundaries[] = {MJ_COMPONENT_LIST(COMPONENT_BOUNDARY)};
#undef COMPONENT_BOUNDARY

static mj_extent extent_of(const mj_serving *s)
{
    double longest = s->context > 0 ? s->context : s->prompt + s->output;
    return (mj_extent){.context = mj_serving_context(s),
                       .prompt = s->context > 0 ? 0 : s->prompt,
                       .longest = longest,
                       .steps = s->steps,
                       .width = s->width,
                       .height = s->height,
                       .frames = s->frames};
}

/* Drops the lines that lie outside the border asked for; what is charged on top of lines is charged
 * on those that stay. */
static void cut(mj_ledger *ledger, int border)
{
    int n = 0;
    double kept_J = 0;
    for (int i = 0; i < ledger->n; i++) {
        mj_line line = ledger->line[i];
        if ((int)component_boundaries[line.component] > border) {
            continue;
        }
        if (line.scales > 0) {
            double share = kept_J / line.count;
            line.count = kept_J;
            line.joules *= share;
            line.lo_J *= share;
            line.hi_J *= share;
        }
        if (line.joules > 0) {
            kept_J += line.joules;
            ledger->line[n++] = line;
        }
    }
    ledger->n = n;
}

/* The 90 % interval: the lines' for sums; for fitted chips the residuals of the measured boards,
 * with what lies beyond the board in proportion. */
static void interval(mj_bill *bill)
{
    const mj_chip *chip = bill->chip;
    bill->joules = mj_ledger_total_J(&bill->ledger);
    if (chip->closure != MJ_CLOSURE_CALIBRATED) {
        mj_ledger_interval(&bill->lo_J, &bill->hi_J, &bill->ledger);
        return;
    }
    const mj_residual *r = bill->model->output == MJ_OUTPUT_TOKEN ? &chip->text_residual
                                                                  : &chip->image_residual;
    bill->lo_J = bill->joules * r->lo;
    bill->hi_J = bill->joules * r->hi;
}

static void outcome(mj_bill *bill)
{
    const mj_serving *s = &bill->serving;
    const mj_step *step = &bill->step;
    bool text = bill->model->output == MJ_OUTPUT_TOKEN;
    double assumed = 0, board_J = 0;
    for (int i = 0; i < bill->ledger.n; i++) {
        const mj_line *line = &bill->ledger.line[i];
        board_J += component_boundaries[line->component] <= MJ_BOUNDARY_BOARD ? line->joules : 0;
        assumed += line->cls == MJ_CLASS_ASSUMED || line->cls == MJ_CLASS_VENDOR ? line->joules : 0;
    }
    bill->assumed_share = bill->joules > 0 ? assumed / bill->joules : 0;
    if (bill->chip->closure != MJ_CLOSURE_CALIBRATED && step->step_s > 0) {
        bill->step.power_W = board_J * s->batch / step->step_s / s->devices;
        if (!step->clamped) {
            bill->step.unclamped_W = bill->step.power_W;
        }
    }
    bill->latency_s = step->step_s;
    bill->outputs_ps = step->step_s > 0 ? s->batch / step->step_s : NAN;
    bill->power_W = step->step_s > 0 ? bill->joules * bill->outputs_ps : NAN;
    if (!text) {
        bill->first_output_s = step->step_s;
    } else if (mj_reads_prompts(s)) { /* wait for the running step, then one with the prompt */
        bill->first_output_s = step->step_s / 2 + step->mixed_s;
    } else {
        bill->first_output_s = NAN; /* no prompt is read */
    }
}

mj_status mj_bill_compute(mj_bill *bill, const mj_chip *chip, const mj_model *model,
                          const mj_serving *serving, mj_err *err)
{
    bill->chip = chip;
    bill->model = model;
    bill->serving = *serving;
    double prompts = 0;
    mj_extent extent = extent_of(serving);
    mj_ops_count(&bill->ops, model, &extent);
    if (chip->closure == MJ_CLOSURE_CALIBRATED) {
        MJ_TRY(mj_calibrated(bill, &prompts, err));
    } else {
        MJ_TRY(mj_event_sum(bill, &prompts, err));
    }
    cut(&bill->ledger, serving->boundary);
    if (chip->closure != MJ_CLOSURE_ENVELOPE) {
        mj_boundary_lines(bill);
    }
    if (bill->ledger.n == 0) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                          "%s on %s: nothing that the machine's file describes lies within the "
                          "boundary %s",
                          model->name, chip->name, mj_boundary_names[serving->boundary]);
    }
    bill->memory_used_B = mj_serving_memory_B(chip, model, serving);
    interval(bill);
    bill->prefill_J = prompts * bill->joules;
    outcome(bill);
    mj_ledger_close(&bill->ledger);
    return MJ_OK;
}
