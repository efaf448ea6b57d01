/* Ladder: machines from sets of rungs, and the climb.
 *
 * The rungs of a set are applied in the plan's order, never in the order in which they were named,
 * so a set means one machine and the last bill of a climb does not depend on the way up. The gains on
 * the way do: gain = joules before / after, and joules that an earlier rung took away cannot be
 * taken again. A climb therefore also bills every rung alone on the base (gain first) and the last
 * machine without it (gain last).
 *
 * 2030: the factor against a conventional machine of 2030 is the factor against the base over what
 * convention gains until then, [zeus2025] and trend.2030.* for its three readings. */
#include "mj/ladder.h"

#include "ladder_plan.h"

#include <math.h>
#include <string.h>

void mj_machine_base(mj_machine *machine, const mj_ladder *ladder)
{
    machine->chip = *ladder->plan->chip[0];
    machine->model = *ladder->plan->model[0];
    machine->serving = ladder->base.serving;
    machine->chip_index = machine->model_index = 0;
}

static void replace(mj_machine *machine, const mj_ladder *ladder, const mj_change *change)
{
    if (change->whole == MJ_WHOLE_CHIP) {
        machine->chip_index = change->replacement;
        machine->chip = *ladder->plan->chip[change->replacement];
    } else {
        machine->model_index = change->replacement;
        machine->model = *ladder->plan->model[change->replacement];
    }
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
    for (int i = 0; i < r->n; i++) { /* wholes first: the paths are theirs */
        if (r->change[i].path == NULL) {
            replace(machine, ladder, &r->change[i]);
        }
    }
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
    mj_machine_base(&state->machine, ladder);
    for (int k = 0; k < ladder->n_rungs; k++) {
        int rung = ladder->plan->order[k], missing;
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

static void fill_orders(mj_climb *climb, mj_ladder_state *scratch)
{
    double base = climb->step[0].bill->joules;
    double last = climb->step[climb->n - 1].bill->joules;
    climb->naive_product = climb->assumed_gain = 1;
    for (int i = 1; i < climb->n; i++) {
        mj_climb_step *step = &climb->step[i];
        mj_rungs bit = mj_rung_bit((int)(step->rung - climb->ladder->rung));
        step->gain_first = base / joules_of(climb, bit, scratch);
        step->replaced = !(climb->final & bit);
        if (step->replaced) {
            continue;
        }
        step->gain_last = joules_of(climb, climb->final & ~bit, scratch) / last;
        climb->naive_product *= isnan(step->gain_first) ? step->gain : step->gain_first;
        bool assumed = step->rung->cls == MJ_CLASS_ASSUMED || step->rung->cls == MJ_CLASS_VENDOR;
        climb->assumed_gain *= assumed ? step->gain : 1;
    }
}

static void fill_totals(mj_climb *climb)
{
    const mj_bill *base = climb->step[0].bill, *last = climb->step[climb->n - 1].bill;
    climb->factor = ratio(base->joules, last->joules);
    climb->factor_lo = ratio(base->joules, last->hi_J);
    climb->factor_hi = ratio(base->joules, last->lo_J);
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
        if (options->without & mj_rung_bit(i)) {
            continue;
        }
        climb->final &= ~ladder->plan->rung[i].excludes;
        climb->final |= mj_rung_bit(i);
        MJ_TRY(take_step(climb, climb->final, i, arena, err));
    }
    mj_ladder_state *scratch = mj_arena_alloc(arena, sizeof *scratch);
    if (scratch == NULL) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    fill_orders(climb, scratch);
    fill_totals(climb);
    return MJ_OK;
}
