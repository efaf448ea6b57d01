/* Ladder: machines from sets of rungs, and the climb.
 *
 * A set of rungs is made into a machine in two passes, first all whole chips and models, then all
 * values in the file's order, so it means one machine and the last bill of a climb does not depend
 * on the way up. The gains on the way do: gain = joules before / after, and joules that an earlier
 * rung took away cannot be taken again. A climb therefore also bills every rung alone on the base
 * (gain first) and what the climb would come to without it (gain last).
 *
 * The interval of a factor: the last machine's own, the base taken as exact. Where both rest on
 * measured fits, the fit's error is one factor on both and cancels: base.lo / last.lo to
 * base.hi / last.hi.
 *
 * 2030: the factor against a conventional machine of 2030 is the factor against the base over what
 * convention gains until then, [zeus2025] and trend.2030.* for its three readings. */
#include "mj/ladder.h"

#include "ladder_plan.h"

#include <math.h>
#include <string.h>

static void find_wholes(mj_machine *machine, const mj_rung_plan *rung)
{
    for (int i = 0; i < rung->n; i++) {
        const mj_change *change = &rung->change[i];
        if (change->path == NULL) {
            *(change->whole == MJ_WHOLE_CHIP ? &machine->chip_index : &machine->model_index) =
                change->replacement;
        }
    }
}

void mj_machine_start(mj_machine *machine, const mj_ladder *ladder, mj_rungs set)
{
    const mj_ladder_plan *plan = ladder->plan;
    machine->chip_index = machine->model_index = 0;
    for (int i = 0; i < ladder->n_rungs && (set & plan->replacers); i++) {
        if (set & mj_rung_bit(i)) {
            find_wholes(machine, &plan->rung[i]);
        }
    }
    machine->chip = *plan->chip[machine->chip_index];
    machine->model = *plan->model[machine->model_index];
    machine->serving = ladder->base.serving;
}

int mj_rungs_lacking(const mj_ladder *ladder, mj_rungs set)
{
    for (int i = 0; i < ladder->n_rungs; i++) {
        mj_rungs needs = ladder->plan->rung[i].needs;
        if ((set & mj_rung_bit(i)) && needs != 0 && !(needs & set)) {
            return i;
        }
    }
    return -1;
}

mj_rungs mj_rungs_upto(const mj_ladder *ladder, mj_rungs without, int n)
{
    for (;;) {
        mj_rungs set = 0;
        for (int i = 0; i < n; i++) {
            mj_rungs bit = mj_rung_bit(i);
            set = without & bit ? set : (set & ~ladder->plan->rung[i].excludes) | bit;
        }
        int lacking = mj_rungs_lacking(ladder, set);
        if (lacking < 0) {
            return set;
        }
        without |= mj_rung_bit(lacking); /* then the rung whose place it took stays */
    }
}

mj_rungs mj_ladder_final(const mj_ladder *ladder, mj_rungs without)
{
    return mj_rungs_upto(ladder, without, ladder->n_rungs);
}

int mj_ladder_fits(const mj_ladder *ladder)
{
    const mj_chip *chip = ladder->plan->chip[0];
    bool text = ladder->plan->model[0]->output == MJ_OUTPUT_TOKEN;
    return text && chip->closure == MJ_CLOSURE_CALIBRATED && chip->n_text > 1 ? chip->n_text : 1;
}

const mj_patch *mj_change_patch(void **base, mj_machine *machine, const mj_change *change)
{
    if (change->path == NULL) {
        return NULL;
    }
    switch (change->whole) {
    case MJ_WHOLE_CHIP:
        *base = &machine->chip;
        return &change->patch[machine->chip_index];
    case MJ_WHOLE_MODEL:
        *base = &machine->model;
        return &change->patch[machine->model_index];
    default:
        *base = &machine->serving;
        return &change->patch[0];
    }
}

mj_status mj_machine_apply(mj_machine *machine, int *missing, const mj_ladder *ladder, int rung,
                           mj_err *err)
{
    const mj_ladder_plan *plan = ladder->plan;
    const mj_rung_plan *r = &plan->rung[rung];
    *missing = -1;
    for (int i = 0; i < r->n; i++) {
        void *base;
        const mj_patch *patch = mj_change_patch(&base, machine, &r->change[i]);
        if (patch == NULL) {
            continue;
        }
        if (patch->size == 0) {
            *missing = i;
            return mj_err_add(err, MJ_ENAME, NULL, 0, 0, "no '%s' in this machine",
                              r->change[i].path);
        }
        mj_patch_apply(base, patch);
    }
    if (r->changes_precision) {
        mj_model_set_precision(&machine->model, (mj_format)machine->serving.precision);
    }
    if (r->changes_model) {
        MJ_TRY(mj_model_resolve(&machine->model, NULL, err));
    }
    if (r->changes_chip && plan->moves_node) {
        MJ_TRY(mj_chip_resolve(&machine->chip, plan->facts, NULL, err));
    }
    return MJ_OK;
}

mj_status mj_machine_bill(mj_bill *bill, const mj_machine *machine, int variant, mj_err *err)
{
    mj_serving serving = machine->serving;
    serving.variant = variant < machine->chip.n_text ? variant : 0;
    MJ_TRY(mj_serving_resolve(&serving, &machine->chip, &machine->model, err));
    return mj_bill_compute(bill, &machine->chip, &machine->model, &serving, err);
}

mj_status mj_ladder_bill(mj_ladder_state *state, const mj_ladder *ladder, mj_rungs set, int variant,
                         mj_err *err)
{
    int lacking = mj_rungs_lacking(ladder, set);
    if (lacking >= 0) {
        return mj_err_add(err, MJ_ENAME, NULL, 0, 0, "'%.60s' needs '%.60s'",
                          ladder->rung[lacking].name, ladder->rung[lacking].needs[0]);
    }
    mj_machine_start(&state->machine, ladder, set);
    for (int rung = 0; rung < ladder->n_rungs; rung++) {
        int missing;
        if (set & mj_rung_bit(rung)) {
            MJ_TRY(mj_machine_apply(&state->machine, &missing, ladder, rung, err));
        }
    }
    return mj_machine_bill(&state->bill, &state->machine, variant, err);
}

static double ratio(double before, double after)
{
    return after > 0 ? before / after : HUGE_VAL;
}

/* The cause that limits what is left to gain, by all lines of one component together. What nobody
 * could model cannot be attacked: it follows the events that it is charged on. */
static void find_cap(mj_climb_step *step)
{
    const mj_ledger *ledger = &step->bill->ledger;
    step->cap = 0;
    for (int i = 0; i < ledger->n; i++) {
        double cap = mj_ledger_cap(ledger, ledger->line[i].component);
        if (cap > step->cap && ledger->line[i].component != MJ_UNEXPLAINED) {
            step->cap = cap;
            step->cap_cause = ledger->line[i].component;
        }
    }
}

/* See the essay. */
static void fill_interval(double *lo, double *hi, const mj_bill *base, const mj_bill *bill)
{
    if (base->chip->closure == MJ_CLOSURE_CALIBRATED &&
        bill->chip->closure == MJ_CLOSURE_CALIBRATED) {
        double low = ratio(base->lo_J, bill->lo_J), high = ratio(base->hi_J, bill->hi_J);
        *lo = fmin(low, high);
        *hi = fmax(low, high);
    } else {
        *lo = ratio(base->joules, bill->hi_J);
        *hi = ratio(base->joules, bill->lo_J);
    }
}

static mj_status take_step(mj_climb *climb, mj_rungs set, int rung, mj_arena *arena, mj_err *err)
{
    const mj_ladder *ladder = climb->ladder;
    mj_ladder_state *state = mj_arena_alloc(arena, sizeof *state);
    if (state == NULL) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    MJ_TRY(mj_ladder_bill(state, ladder, set, climb->variant, err));
    mj_climb_step *step = &climb->step[climb->n++];
    *step = (mj_climb_step){.rung = rung < 0 ? NULL : &ladder->rung[rung],
                            .bill = &state->bill, .gain = 1, .cumulative = 1,
                            .gain_first = NAN, .gain_last = NAN};
    if (rung >= 0) {
        const mj_bill *before = step[-1].bill;
        step->gain = ratio(before->joules, state->bill.joules);
        step->closes_otherwise = before->chip->closure != state->bill.chip->closure;
    }
    step->cumulative = ratio(climb->step[0].bill->joules, state->bill.joules);
    fill_interval(&step->cumulative_lo, &step->cumulative_hi, climb->step[0].bill, &state->bill);
    step->cumulative_2030 = step->cumulative / ladder->trends[ladder->trend].typ;
    find_cap(step);
    return MJ_OK;
}

/* Joules of a machine; NAN when it cannot be billed, which is no error here. */
static double joules_of(const mj_climb *climb, mj_rungs set, mj_ladder_state *scratch)
{
    mj_status status = mj_ladder_bill(scratch, climb->ladder, set, climb->variant, NULL);
    return status == MJ_OK ? scratch->bill.joules : NAN;
}

static void fill_orders(mj_climb *climb, mj_rungs without, mj_ladder_state *scratch)
{
    double base = climb->step[0].bill->joules;
    double last = climb->step[climb->n - 1].bill->joules;
    mj_rungs assumed = 0;
    climb->naive_product = 1;
    for (int i = 1; i < climb->n; i++) {
        mj_climb_step *step = &climb->step[i];
        mj_rungs bit = mj_rung_bit((int)(step->rung - climb->ladder->rung));
        step->gain_first = base / joules_of(climb, bit, scratch);
        assumed |= step->rung->cls == MJ_CLASS_ASSUMED || step->rung->cls == MJ_CLASS_VENDOR ? bit
                                                                                             : 0;
        step->replaced = !(climb->final & bit);
        if (step->replaced) {
            continue;
        }
        mj_rungs rest = mj_ladder_final(climb->ladder, without | bit);
        step->gain_last = joules_of(climb, rest, scratch) / last;
        climb->naive_product *= isnan(step->gain_first) ? 1 : step->gain_first;
    }
    mj_rungs sourced = mj_ladder_final(climb->ladder, without | assumed);
    climb->sourced_factor = base / joules_of(climb, sourced, scratch);
    climb->assumed_gain = base / last / climb->sourced_factor;
}

/* The base on another chip, as many of it as it takes. */
static void fill_newer(mj_climb *climb, mj_ladder_state *scratch)
{
    climb->newer = climb->ladder->plan->newer;
    climb->newer_J = NAN;
    if (climb->newer) {
        mj_serving *serving = &scratch->machine.serving;
        mj_machine_start(&scratch->machine, climb->ladder, 0);
        scratch->machine.chip = *climb->newer;
        serving->devices = serving->tensor = serving->data = serving->expert = 0;
        if (mj_machine_bill(&scratch->bill, &scratch->machine, climb->variant, NULL) == MJ_OK) {
            climb->newer_J = scratch->bill.joules;
        }
    }
}

static void fill_totals(mj_climb *climb)
{
    const mj_bill *base = climb->step[0].bill, *last = climb->step[climb->n - 1].bill;
    climb->factor = ratio(base->joules, last->joules);
    fill_interval(&climb->factor_lo, &climb->factor_hi, base, last);
    climb->shares_fit = base->chip->closure == MJ_CLOSURE_CALIBRATED &&
                        last->chip->closure == MJ_CLOSURE_CALIBRATED;
    for (int i = 1; i < MJ_TREND_N; i++) {
        const mj_quantity *trend = &climb->ladder->trends[i];
        climb->factor_2030[i] = climb->factor / trend->typ;
        climb->factor_2030_lo[i] = climb->factor_lo / trend->hi;
        climb->factor_2030_hi[i] = climb->factor_hi / trend->lo;
    }
    climb->reached = climb->factor >= climb->target;
}

mj_status mj_ladder_climb(mj_climb *climb, const mj_ladder *ladder, const mj_climb_options *options,
                          mj_arena *arena, mj_err *err)
{
    *climb = (mj_climb){.ladder = ladder, .variant = options->variant,
                        .target = options->target > 0 ? options->target : ladder->target};
    MJ_TRY(take_step(climb, 0, -1, arena, err));
    for (int i = 0; i < ladder->n_rungs; i++) {
        mj_rungs set = mj_rungs_upto(ladder, options->without, i + 1);
        if ((options->without & mj_rung_bit(i)) || !(set & mj_rung_bit(i))) {
            continue;
        }
        climb->final = set;
        MJ_TRY(take_step(climb, climb->final, i, arena, err));
    }
    mj_ladder_state *scratch = mj_arena_alloc(arena, sizeof *scratch);
    if (scratch == NULL) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    fill_orders(climb, options->without, scratch);
    fill_newer(climb, scratch);
    fill_totals(climb);
    return MJ_OK;
}
