/* Ladder plan: rungs resolved once, so that a set of them is applied by copying bytes.
 *
 * A path has its place in one chip only (`hbm.read` is no path of a chip without HBM), so every
 * change is resolved against every chip (or model) of the ladder: [0] is the base's, the others are
 * those that rungs bring. */
#ifndef MJ_BILL_LADDER_PLAN_H
#define MJ_BILL_LADDER_PLAN_H

#include "mj/ladder.h"

enum { MJ_WHOLES_MAX = 12 };

typedef enum { MJ_WHOLE_CHIP, MJ_WHOLE_MODEL, MJ_WHOLE_SERVING } mj_whole;

/* One entry of a rung's `set`. */
typedef struct {
    mj_whole whole;
    const char *path;      /* within the whole; NULL: replaces it */
    int replacement;       /* index of the chip or model that replaces it */
    const mj_patch *patch; /* one for each chip or model; size 0: no such path there */
} mj_change;

typedef struct {
    mj_change change[MJ_RUNG_SETS_MAX];
    int n;
    bool changes_chip, changes_model, changes_precision;
    mj_rungs excludes;   /* the others of its group */
    mj_rungs needs;      /* one of these must be there; 0: none */
} mj_rung_plan;

typedef struct mj_ladder_plan {
    const mj_chip *chip[MJ_WHOLES_MAX];
    const mj_model *model[MJ_WHOLES_MAX];
    int n_chips, n_models;
    mj_rung_plan rung[MJ_RUNGS_MAX];
    mj_rungs replacers;      /* rungs that replace a whole */
    const mj_chip *newer;    /* base.newer */
    bool moves_node;         /* some rung sets chip.node: facts must be fetched anew */
    mj_facts *facts;         /* borrowed */
} mj_ladder_plan;

/* Loads what the ladder names and resolves its rungs; *plan zeroed, ladder decoded. */
mj_status mj_ladder_plan_make(mj_ladder_plan *plan, const mj_ladder *ladder,
                              const mj_catalogue *catalogue, mj_arena *arena, mj_err *err);
/* Reports a problem of a rung at one of its values. */
mj_status mj_rung_complain(const mj_ladder *ladder, const mj_rung *rung, const mj_spec_pair *pair,
                           mj_status code, const char *text, mj_err *err);
/* The first problem's text, to be reported at another place. */
const char *mj_cause_text(const mj_err *cause);

/* A set is made into a machine in two passes: the wholes of all its rungs, then the values of one
 * rung after the other in the file's order. */

/* The base with the chip and the model that the rungs of `set` bring, their values not yet set. */
void mj_machine_start(mj_machine *machine, const mj_ladder *ladder, mj_rungs set);
/* Sets one rung's values. MJ_ENAME with *missing, the change whose path does not exist here, or
 * what resolving the changed model or chip says (*missing -1). */
mj_status mj_machine_apply(mj_machine *machine, int *missing, const mj_ladder *ladder, int rung,
                           mj_err *err);
/* The patch of a change for this machine, and the struct it changes; NULL for a replacement. */
const mj_patch *mj_change_patch(void **base, mj_machine *machine, const mj_change *change);
mj_status mj_machine_bill(mj_bill *bill, const mj_machine *machine, int variant, mj_err *err);

/* The set to which a climb over the first n rungs but `without` comes: of each group the last, a
 * rung whose needs are not met left out. */
mj_rungs mj_rungs_upto(const mj_ladder *ladder, mj_rungs without, int n);
/* Index of a rung in the set that needs one which is not there; -1: none. */
int mj_rungs_lacking(const mj_ladder *ladder, mj_rungs set);

static inline mj_rungs mj_rung_bit(int rung)
{
    return (mj_rungs)1 << rung;
}

#endif
