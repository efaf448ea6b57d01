/* Ladder: a base machine and rungs that change it, re-billed after every rung.
 *
 * Claimed factors cannot be multiplied: two rungs may remove the same joules, and one that makes
 * memory cheap makes everything else count more. So a rung is no factor but a patch of model, chip
 * or serving, and its gain is the bill before over the bill after.
 *
 * A set of rungs means one machine, whatever order they were asked for: the whole replacements
 * (`chip: NAME`, `model: NAME`) of all of them come first, then their single values in the file's
 * order. Rungs of one `group` exclude each other; in a climb a later one takes the earlier one's
 * place. Two rungs that replace the same whole must share a group. A rung may name others in
 * `needs`, one of which must be in the set. Border, closure, lengths and sizes of the base cannot be
 * set by a rung: they say what is counted, not what is built. */
#ifndef MJ_LADDER_H
#define MJ_LADDER_H

#include "mj/bill.h"
#include "mj/catalogue.h"
#include <stdint.h>

enum { MJ_RUNGS_MAX = 48, MJ_RUNG_SETS_MAX = 16, MJ_SEARCH_RUNGS_MAX = 20, MJ_RUNG_NEEDS_MAX = 4 };

/* What conventional machines are expected to reach by 2030; facts trend.2030.*. */
typedef enum {
    MJ_TREND_NONE, MJ_TREND_SAME_FORMAT, MJ_TREND_NEW_FORMAT, MJ_TREND_SAME_QUALITY, MJ_TREND_N
} mj_trend;
extern const char *const mj_trend_names[]; /* "", "same-format", ..., NULL */

typedef struct {
    const char *name, *group; /* group NULL: excludes none */
    const char *why, *source;
    int cls;                  /* mj_class; assumed when the file says nothing */
    mj_quantity quality;      /* relative change of quality; not given: nobody knows, so assumed;
                                 source and class are its own, not the rung's */
    const char *needs[MJ_RUNG_NEEDS_MAX]; /* names of rungs, one of which must be there */
    int n_needs;
    mj_spec_pair set[MJ_RUNG_SETS_MAX];
    int n_sets;
} mj_rung;

struct mj_ladder_plan;

typedef struct {
    const char *name, *title, *note, *source;
    const char *path;   /* of the file */
    double target;      /* factor to reach; default 1000 */
    int trend;          /* mj_trend to divide by for 2030; default new-format */
    struct {
        const char *model, *chip; /* as written */
        mj_serving serving;       /* as written, not resolved */
        int year;            /* 2026: the trends start there */
        const char *newer;   /* chip beside which the base is billed for comparison, or NULL */
    } base;
    mj_rung rung[MJ_RUNGS_MAX];
    int n_rungs;
    mj_quantity trends[MJ_TREND_N];   /* by mj_trend, [0] unused */
    const struct mj_ladder_plan *plan; /* patches resolved against every machine they may meet */
} mj_ladder;

extern const mj_spec_schema mj_ladder_schema;

/* Loads by name or path and checks every rung in the file's order, by every fit of a calibrated
 * base. With file:line:column of the rung's value: a path or a source that does not exist
 * (MJ_ENAME), a wrong unit or range, a rung that moves no joules anywhere (MJ_ERANGE), a machine
 * that the model does not fit (MJ_EFIT) or that cannot be billed. MJ_ESUPPORT for a ladder that
 * mixes envelopes with another closure, or sets what says what is counted. The ladder's plan lives
 * in the arena, catalogue->facts must outlive it. */
mj_status mj_ladder_load(mj_ladder *ladder, const char *name, const mj_catalogue *catalogue,
                         mj_arena *arena, mj_err *err);

/* Index of a rung by its name, case ignored, or by an unambiguous part of it; -1 with MJ_ENAME and
 * a suggestion in err. */
int mj_ladder_find(const mj_ladder *ladder, const char *name, mj_err *err);

/* A set of rungs: bit i for rung[i]. */
typedef uint64_t mj_rungs;

/* Fits by which its base can be billed: 1, or 2 of a calibrated text machine. */
int mj_ladder_fits(const mj_ladder *ladder);
/* The rungs that a climb over all but `without` ends with: of each group the last, and none whose
 * needs are not met. */
mj_rungs mj_ladder_final(const mj_ladder *ladder, mj_rungs without);
/* Whether a rung with this gain raises joules. */
static inline bool mj_gain_is_loss(double gain)
{
    return gain < 1 - 1e-9;
}

/* A machine of a ladder before it is billed. */
typedef struct {
    mj_chip chip;
    mj_model model;
    mj_serving serving; /* as patched, not resolved */
    int chip_index, model_index; /* which of the ladder's chips and models it started from */
} mj_machine;

/* The same with its bill, which points to chip and model beside it. Some 20 kB. */
typedef struct {
    mj_machine machine;
    mj_bill bill; /* bill.serving is resolved */
} mj_ladder_state;

/* The base with the rungs of `set`, billed. set must hold no two rungs of one group. MJ_ENAME when
 * a rung's path does not exist on the machine that the others make or none of the rungs that it
 * needs is there, MJ_EFIT when the model does not fit. variant: index of a calibrated chip's fit;
 * machines with one fit take that. */
mj_status mj_ladder_bill(mj_ladder_state *state, const mj_ladder *ladder, mj_rungs set, int variant,
                         mj_err *err);

/* The base and each rung in turn. */
typedef struct {
    const mj_rung *rung;   /* NULL: the base */
    const mj_bill *bill;   /* of the machine so far; in the arena */
    bool replaced;         /* a later rung of its group took its place */
    double gain;           /* joules before / after; below 1: the rung costs joules */
    double cumulative;     /* base / this */
    double cumulative_lo, cumulative_hi;
    double cumulative_2030;/* the same over what convention gains by 2030 */
    double cap;            /* largest Amdahl cap left and its cause: what to attack next;
                              never `unexplained`, which follows the others */
    mj_component cap_cause;
    double gain_first; /* alone on the base; NAN: that machine cannot be billed */
    double gain_last;  /* against the climb without it, where another rung of its group takes its
                          place; NAN: cannot be billed, or the rung was replaced */
    bool closes_otherwise; /* another closure than the rung before */
} mj_climb_step;

typedef struct {
    const mj_ladder *ladder;
    int variant;
    mj_climb_step step[MJ_RUNGS_MAX + 1]; /* [0]: the base */
    int n;                  /* 1 + rungs climbed */
    mj_rungs final;         /* the rungs that make the last machine */
    double factor;          /* of the last step, against the base year */
    double factor_lo, factor_hi;
    bool shares_fit; /* the interval: base and last machine rest on measured fits, whose error is
                        taken as the same factor on both and cancels. Else it is the last machine's
                        own, the base taken as exact */
    double factor_2030[MJ_TREND_N], factor_2030_lo[MJ_TREND_N], factor_2030_hi[MJ_TREND_N];
    double naive_product;   /* of the final rungs' gains, each alone on the base; one that cannot
                               stand alone is left out */
    double sourced_factor;  /* of the climb without rungs whose class is assumed or vendor; NAN:
                               that machine cannot be billed */
    double assumed_gain;    /* factor / sourced_factor */
    const mj_chip *newer;   /* ladder.base.newer, NULL: none */
    double newer_J;         /* the base on it; NAN: cannot be billed */
    double target;
    bool reached;
} mj_climb;

typedef struct {
    int variant;
    double target;    /* 0: the ladder's */
    mj_rungs without; /* rungs left out */
} mj_climb_options;

/* One bill a rung, and two more for its gain first and last. */
mj_status mj_ladder_climb(mj_climb *climb, const mj_ladder *ladder,
                          const mj_climb_options *options, mj_arena *arena, mj_err *err);

/* Search. A rung may raise joules, so only the size of a set bounds it: no set larger than the best
 * found is billed. `exhaustive` bills them all the same. */
typedef struct {
    int variant;
    double target;
    bool exhaustive;
} mj_search_options;

typedef struct {
    bool found;
    mj_rungs set;           /* smallest; of these the one with fewest assumed joules, then fewest
                               joules, then the first visited */
    int n_rungs;
    double joules, assumed_J, factor;
    mj_rungs best;          /* largest factor of the sets billed, then fewest rungs: what is
                               possible, if no set was found */
    int best_n_rungs;
    double best_factor;
    double n_billed;        /* sets billed */
    double n_unfit;         /* sets whose machine cannot hold or run the model */
    double n_inapplicable;  /* sets left, extensions and all, because one rung took away what
                               another one sets; and sets without a rung that another needs */
} mj_search;

/* At most MJ_SEARCH_RUNGS_MAX rungs, else MJ_ELIMIT. */
mj_status mj_ladder_search(mj_search *search, const mj_ladder *ladder,
                           const mj_search_options *options, mj_err *err);

/* The memory question: the base with its weights in other memories, nothing else changed. */
typedef struct {
    const char *name;      /* "HBM4" */
    const char *cause;     /* what was assumed beside the facts; static text */
    double distance_m;     /* of the wires between this memory and the arithmetic */
    mj_quantity read_JpB, density_Bpm2; /* density: per area of one layer of silicon */
    double capacity_B;     /* of one device */
    mj_quantity price_USDpB; /* bought memory, or its layers of silicon; absent: not published */
    int devices;           /* that hold the model */
    double joules, lo_J, hi_J; /* NAN: cannot be billed */
    double gain;           /* base / this */
    double weights_J;      /* reads of weights alone */
    char reason[MJ_ERR_TEXT]; /* why it cannot be billed; "" otherwise */
} mj_memory_row;

enum { MJ_MEMORY_ROWS_MAX = 8 };

typedef struct {
    mj_bill base;          /* borrows from the arena */
    const char *stand_in;  /* the event-sum chip billed in place of a fitted or envelope base, whose
                              memory cannot be changed; NULL: the base itself */
    mj_memory_row row[MJ_MEMORY_ROWS_MAX];
    int n;
    double hbm_to_sram;    /* the rows HBM3E over SRAM 2D, everything billed */
    /* The founding post's own figures, computed: HBM and SRAM per byte, transport per byte. */
    double post_hbm_JpB, post_sram_JpB, post_transport_JpB;
    double post_reads;      /* HBM / SRAM */
    double post_both;       /* with transport on both sides */
    double post_sram_only;  /* with transport on the SRAM side only */
} mj_memory_sweep;

mj_status mj_ladder_sweep_memory(mj_memory_sweep *sweep, const mj_ladder *ladder,
                                 const mj_catalogue *catalogue, mj_arena *arena, mj_err *err);

#endif
