/* Search for a ladder: the smallest set of rungs that reaches a target.
 *
 * Every set is a node of a tree: its rungs in the plan's order, its parent the same without the
 * last one, so a machine is its parent's with one rung more. Sets with two rungs of a group are not
 * visited, nor those with a rung whose path another rung took away.
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

static void bill_set(walk *w, const mj_machine *machine, mj_rungs set, int size)
{
    if (mj_machine_bill(&w->bill, machine, w->variant, NULL) != MJ_OK) {
        w->found->n_unfit++;
        return;
    }
    w->found->n_billed++;
    double factor = w->base_J / w->bill.joules;
    if (factor > w->found->best_factor) {
        w->found->best_factor = factor;
        w->found->best = set;
    }
    if (factor >= w->target) {
        consider(w, set, size);
    }
}

/* Visits all sets that extend `set`, whose machine is given, by rungs from place `next` of the
 * order on. */
static void extend(walk *w, const mj_machine *machine, mj_rungs set, int size, int next)
{
    const mj_ladder_plan *plan = w->ladder->plan;
    for (int k = next; k < w->ladder->n_rungs; k++) {
        int rung = plan->order[k], missing;
        if (w->found->found && size >= w->found->n_rungs && !w->exhaustive) {
            return;
        }
        if (plan->rung[rung].excludes & set) {
            continue;
        }
        mj_machine changed = *machine;
        if (mj_machine_apply(&changed, &missing, w->ladder, rung, NULL) != MJ_OK) {
            w->found->n_inapplicable++;
            continue;
        }
        mj_rungs larger = set | mj_rung_bit(rung);
        bill_set(w, &changed, larger, size + 1);
        extend(w, &changed, larger, size + 1, k + 1);
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
    mj_machine_base(&base, ladder);
    walk w = {.ladder = ladder, .found = search, .variant = options->variant,
              .exhaustive = options->exhaustive,
              .target = options->target > 0 ? options->target : ladder->target};
    MJ_TRY(mj_machine_bill(&w.bill, &base, options->variant, err));
    w.base_J = w.bill.joules;
    bill_set(&w, &base, 0, 0);
    extend(&w, &base, 0, 0, 0);
    return MJ_OK;
}
