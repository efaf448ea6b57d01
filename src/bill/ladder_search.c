/* Search for a ladder: the smallest set of rungs that reaches a target.
 *
 * A set is one machine: first the wholes of its rungs, then their values in the file's order. So the
 * sets are a forest: a tree for every choice among the rungs that replace a chip or a model, and in
 * it every set's parent is the same without its last other rung, whose machine has one rung less.
 * The values of replacing rungs are set in passing, at their place. Sets with two rungs of a group
 * are not visited, nor those with a rung whose path another rung took away.
 *
 * The bound: a rung may cost joules (an index that makes sparse weights larger, a converter), so a
 * machine says nothing about those above it in the tree and a bound on joules would be wrong. Only
 * size is monotone: extensions of a set are larger than it, and once a set of k rungs reaches the
 * target, no set of more than k can be the answer. Sets of k rungs are still visited, for the one
 * with fewest assumed joules. */
#include "mj/ladder.h"

#include "ladder_plan.h"

typedef struct {
    const mj_ladder *ladder;
    mj_search *found;
    mj_bill bill; /* scratch */
    double base_J, target;
    int variant;
    bool exhaustive;
} walk;

/* A set that reaches the target: the best so far? */
static void consider(walk *w, mj_rungs set, int size)
{
    mj_search *f = w->found;
    double assumed_J = w->bill.assumed_share * w->bill.joules;
    if (f->found && (size > f->n_rungs ||
                     (size == f->n_rungs && (assumed_J > f->assumed_J ||
                      (assumed_J == f->assumed_J && w->bill.joules >= f->joules))))) {
        return;
    }
    f->found = true;
    f->set = set;
    f->n_rungs = size;
    f->joules = w->bill.joules;
    f->assumed_J = assumed_J;
    f->factor = w->base_J / w->bill.joules;
}

/* Gains of 1 in 10^9 are noise; of sets that gain alike, the smaller is the better. */
static void compare_best(mj_search *found, mj_rungs set, int size, double factor)
{
    double ratio = found->best_factor > 0 ? factor / found->best_factor : 2;
    if (ratio > 1 + 1e-9 || (ratio > 1 - 1e-9 && size < found->best_n_rungs)) {
        found->best_factor = factor;
        found->best = set;
        found->best_n_rungs = size;
    }
}

/* Sets the values of the set's replacing rungs that stand from place `next` on. */
static mj_status finish(mj_machine *machine, const walk *w, mj_rungs set, int next)
{
    mj_rungs left = set & w->ladder->plan->replacers;
    for (int k = next; k < w->ladder->n_rungs && left >> k; k++) {
        int missing;
        if (left & mj_rung_bit(k)) {
            MJ_TRY(mj_machine_apply(machine, &missing, w->ladder, k, NULL));
        }
    }
    return MJ_OK;
}

/* machine: all values before place `next` set. */
static void bill_set(walk *w, const mj_machine *machine, mj_rungs set, int size, int next)
{
    mj_machine finished;
    if (next < w->ladder->n_rungs && (set & w->ladder->plan->replacers) >> next) {
        finished = *machine;
        if (finish(&finished, w, set, next) != MJ_OK) {
            w->found->n_inapplicable++;
            return;
        }
        machine = &finished;
    }
    if (mj_rungs_lacking(w->ladder, set) >= 0) {
        w->found->n_inapplicable++;
        return;
    }
    if (mj_machine_bill(&w->bill, machine, w->variant, NULL) != MJ_OK) {
        w->found->n_unfit++;
        return;
    }
    w->found->n_billed++;
    double factor = w->base_J / w->bill.joules;
    compare_best(w->found, set, size, factor);
    if (factor >= w->target) {
        consider(w, set, size);
    }
}

/* Visits all sets that extend `set` by rungs from place `next` on that replace nothing. machine: all
 * values before that place set; changed in passing. */
static void extend(walk *w, mj_machine *machine, mj_rungs set, int size, int next)
{
    const mj_ladder_plan *plan = w->ladder->plan;
    for (int rung = next; rung < w->ladder->n_rungs; rung++) {
        int missing;
        mj_rungs bit = mj_rung_bit(rung);
        if (w->found->found && size >= w->found->n_rungs && !w->exhaustive) {
            return;
        }
        if (plan->replacers & bit) {
            if ((set & bit) &&
                mj_machine_apply(machine, &missing, w->ladder, rung, NULL) != MJ_OK) {
                return; /* counted when the set itself was billed */
            }
            continue;
        }
        if (plan->rung[rung].excludes & set) {
            continue;
        }
        mj_machine changed = *machine;
        if (mj_machine_apply(&changed, &missing, w->ladder, rung, NULL) != MJ_OK) {
            w->found->n_inapplicable++;
            continue;
        }
        bill_set(w, &changed, set | bit, size + 1, rung + 1);
        extend(w, &changed, set | bit, size + 1, rung + 1);
    }
}

/* Chooses among the replacing rungs from place `next` on, then visits that tree. */
static void choose_wholes(walk *w, mj_rungs set, int size, int next)
{
    const mj_ladder_plan *plan = w->ladder->plan;
    while (next < w->ladder->n_rungs && !(plan->replacers & mj_rung_bit(next))) {
        next++;
    }
    if (w->found->found && size > w->found->n_rungs && !w->exhaustive) {
        return;
    }
    if (next == w->ladder->n_rungs) {
        mj_machine machine;
        mj_machine_start(&machine, w->ladder, set);
        bill_set(w, &machine, set, size, 0);
        extend(w, &machine, set, size, 0);
        return;
    }
    choose_wholes(w, set, size, next + 1);
    if (!(plan->rung[next].excludes & set)) {
        choose_wholes(w, set | mj_rung_bit(next), size + 1, next + 1);
    }
}

mj_status mj_ladder_search(mj_search *search, const mj_ladder *ladder,
                           const mj_search_options *options, mj_err *err)
{
    *search = (mj_search){0};
    if (ladder->n_rungs > MJ_SEARCH_RUNGS_MAX) {
        return mj_err_add(err, MJ_ELIMIT, ladder->path, 0, 0,
                          "%d rungs: the search is exact, which %d rungs allow at most",
                          ladder->n_rungs, MJ_SEARCH_RUNGS_MAX);
    }
    mj_machine base;
    mj_machine_start(&base, ladder, 0);
    walk w = {.ladder = ladder, .found = search, .variant = options->variant,
              .exhaustive = options->exhaustive,
              .target = options->target > 0 ? options->target : ladder->target};
    MJ_TRY(mj_machine_bill(&w.bill, &base, options->variant, err));
    w.base_J = w.bill.joules;
    choose_wholes(&w, 0, 0, 0);
    return MJ_OK;
}
