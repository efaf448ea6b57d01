/* Ladder files: decoded, planned (ladder_plan.c), checked by climbing.
 *
 *     base: {model: post-100b, chip: hbm-chip, serving: {batch: 1, context: 32k}, year: 2026}
 *     rungs:
 *       - name: weights in SRAM
 *         group: memory
 *         set: {chip: sram-chip, serving.batch: 4, chip.sram.read: {fact: sram.read.8kb}}
 *         why: ...
 *         from: unconventional2026
 *         class: published
 *         quality_delta: 0
 *
 * What is wrong with a rung is reported at the value that is wrong; what is wrong with its texts or
 * with the machine that it makes, at the rung's first value. A rung that changes nothing is a
 * mistake: someone meant something by it. So is one that moves no joules anywhere: not alone, not in
 * the climb, not on top of all others. */
#define _GNU_SOURCE
#include "mj/ladder.h"
#include "mj/text.h"

#include "ladder_plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* The trends of 2030 count from this year. */
enum { BASE_YEAR = 2026 };

const char *const mj_trend_names[] = {"", "same-format", "new-format", "same-quality", NULL};

static const char *const class_names[] = {"",
#define CLASS_NAME(name, text, lo, hi) text,
                                          MJ_CLASS_LIST(CLASS_NAME)
#undef CLASS_NAME
                                              NULL};

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define TEXT(struct_, key_, member_, required_) \
    {.key = key_, .kind = MJ_SPEC_TEXT, .required = required_, \
     .offset = offsetof(struct_, member_)}
#define IN_BASE(member_) (offsetof(mj_ladder, base.member_) - offsetof(mj_ladder, base))

static const mj_spec_field base_fields[] = {
    {.key = "model", .kind = MJ_SPEC_TEXT, .required = true, .offset = IN_BASE(model)},
    {.key = "chip", .kind = MJ_SPEC_TEXT, .required = true, .offset = IN_BASE(chip)},
    {.key = "serving", .kind = MJ_SPEC_MAP, .offset = IN_BASE(serving),
     .sub = &mj_serving_schema},
    /* convention's gains until 2030 are known from one year only */
    {.key = "year", .kind = MJ_SPEC_INT, .offset = IN_BASE(year), .min = BASE_YEAR,
     .max = BASE_YEAR},
    {.key = "newer", .kind = MJ_SPEC_TEXT, .offset = IN_BASE(newer)},
};
static const mj_spec_schema base_schema = {"base", base_fields, LENGTH(base_fields),
                                           sizeof(((mj_ladder *)0)->base), NULL};

static const mj_spec_field rung_fields[] = {
    TEXT(mj_rung, "name", name, true),
    TEXT(mj_rung, "group", group, false),
    TEXT(mj_rung, "why", why, true),
    TEXT(mj_rung, "from", source, true),
    {.key = "class", .kind = MJ_SPEC_CHOICE, .offset = offsetof(mj_rung, cls),
     .choices = class_names},
    {.key = "quality_delta", .kind = MJ_SPEC_QUANTITY, .unit = "1", .min = -1, .max = 1,
     .offset = offsetof(mj_rung, quality)},
    {.key = "needs", .kind = MJ_SPEC_TEXTS, .offset = offsetof(mj_rung, needs),
     .count_offset = offsetof(mj_rung, n_needs), .max_items = MJ_RUNG_NEEDS_MAX},
    {.key = "set", .kind = MJ_SPEC_PAIRS, .required = true, .offset = offsetof(mj_rung, set),
     .count_offset = offsetof(mj_rung, n_sets), .max_items = MJ_RUNG_SETS_MAX},
};
static const mj_spec_schema rung_schema = {"rung", rung_fields, LENGTH(rung_fields),
                                           sizeof(mj_rung), "name"};

static const mj_spec_field ladder_fields[] = {
    TEXT(mj_ladder, "ladder", name, true),
    TEXT(mj_ladder, "title", title, false),
    TEXT(mj_ladder, "note", note, false),
    TEXT(mj_ladder, "from", source, false),
    {.key = "target", .kind = MJ_SPEC_REAL, .offset = offsetof(mj_ladder, target), .min = 1,
     .max = 1e9},
    {.key = "trend", .kind = MJ_SPEC_CHOICE, .offset = offsetof(mj_ladder, trend),
     .choices = mj_trend_names},
    {.key = "base", .kind = MJ_SPEC_MAP, .required = true, .offset = offsetof(mj_ladder, base),
     .sub = &base_schema},
    {.key = "rungs", .kind = MJ_SPEC_LIST, .required = true, .offset = offsetof(mj_ladder, rung),
     .sub = &rung_schema, .count_offset = offsetof(mj_ladder, n_rungs),
     .max_items = MJ_RUNGS_MAX},
};
const mj_spec_schema mj_ladder_schema = {"ladder", ladder_fields, LENGTH(ladder_fields),
                                         sizeof(mj_ladder), NULL};

/* Numbers, not sources: a value set to what it is changes no bill. */
static bool differs(const void *base, const mj_patch *patch)
{
    const void *place = (const char *)base + patch->offset;
    if (patch->size == sizeof(mj_quantity)) {
        const mj_quantity *old = place, *new = &patch->value.quantity;
        return old->cls == MJ_CLASS_NONE || old->lo != new->lo || old->typ != new->typ ||
               old->hi != new->hi;
    }
    return memcmp(place, &patch->value, patch->size) != 0;
}

static bool changes_something(const mj_rung_plan *rung, mj_machine *before)
{
    for (int i = 0; i < rung->n; i++) {
        const mj_change *change = &rung->change[i];
        void *base;
        const mj_patch *patch = mj_change_patch(&base, before, change);
        if (patch == NULL) {
            int now = change->whole == MJ_WHOLE_CHIP ? before->chip_index : before->model_index;
            if (change->replacement != now) {
                return true;
            }
        } else if (patch->size == 0 || differs(base, patch)) { /* 0: reported by build */
            return true;
        }
    }
    return false;
}

/* The machine of a set; a rung that cannot be applied is reported at its value. `newest` is the
 * rung that was added to a set known to work. */
static mj_status build(mj_machine *machine, const mj_ladder *ladder, mj_rungs set, int newest,
                       mj_err *err)
{
    mj_machine_start(machine, ladder, set);
    for (int i = 0; i < ladder->n_rungs; i++) {
        int missing;
        if (!(set & mj_rung_bit(i))) {
            continue;
        }
        mj_err cause = {0};
        mj_status status = mj_machine_apply(machine, &missing, ladder, i, &cause);
        if (status == MJ_OK) {
            continue;
        }
        const mj_rung *rung = &ladder->rung[i];
        if (missing < 0) {
            rung = &ladder->rung[newest];
            return mj_rung_complain(ladder, rung, &rung->set[0], status, mj_cause_text(&cause),
                                    err);
        }
        const char *path = ladder->plan->rung[i].change[missing].path;
        char text[MJ_ERR_TEXT / 2];
        snprintf(text, sizeof text, "no such path '%.80s' in the machine with '%.60s'%s", path,
                 ladder->rung[newest].name,
                 i == newest ? "" : "; rungs that exclude each other need one group");
        return mj_rung_complain(ladder, rung, &rung->set[missing], status, text, err);
    }
    return MJ_OK;
}

static mj_status check_rung(const mj_ladder *ladder, int i, mj_ladder_state *scratch, mj_err *err)
{
    mj_rungs before = mj_rungs_upto(ladder, 0, i), after = mj_rungs_upto(ladder, 0, i + 1);
    const mj_rung *rung = &ladder->rung[i];
    MJ_TRY(build(&scratch->machine, ladder, before, i, err));
    if (!changes_something(&ladder->plan->rung[i], &scratch->machine)) {
        return mj_rung_complain(ladder, rung, &rung->set[0], MJ_ERANGE,
                                "changes nothing: the machine has these values already", err);
    }
    if (!(after & mj_rung_bit(i))) {
        return mj_rung_complain(ladder, rung, &rung->set[0], MJ_ENAME,
                                "none of the rungs that it needs stands before it", err);
    }
    MJ_TRY(build(&scratch->machine, ladder, after, i, err));
    for (int fit = 0; fit < mj_ladder_fits(ladder); fit++) {
        mj_err cause = {0};
        mj_status status = mj_machine_bill(&scratch->bill, &scratch->machine, fit, &cause);
        if (status != MJ_OK) {
            return mj_rung_complain(ladder, rung, &rung->set[0], status, mj_cause_text(&cause),
                                    err);
        }
    }
    return MJ_OK;
}

static bool differ(const mj_ladder *ladder, mj_rungs one, mj_rungs other, int fit,
                   mj_ladder_state *scratch)
{
    if (mj_ladder_bill(scratch, ladder, one, fit, NULL) != MJ_OK) {
        return false;
    }
    double joules = scratch->bill.joules;
    return mj_ladder_bill(scratch, ladder, other, fit, NULL) == MJ_OK &&
           fabs(scratch->bill.joules - joules) > 1e-12 * joules;
}

/* Whether a rung moves joules alone, in the climb, or on top of all others. */
static bool moves(const mj_ladder *ladder, int i, mj_ladder_state *scratch)
{
    mj_rungs bit = mj_rung_bit(i), final = mj_ladder_final(ladder, 0);
    mj_rungs rest = mj_ladder_final(ladder, bit);
    mj_rungs before = mj_rungs_upto(ladder, 0, i), after = mj_rungs_upto(ladder, 0, i + 1);
    for (int fit = 0; fit < mj_ladder_fits(ladder); fit++) {
        if (differ(ladder, 0, bit, fit, scratch) ||
            differ(ladder, before, after, fit, scratch) ||
            differ(ladder, final, rest, fit, scratch)) {
            return true;
        }
    }
    return false;
}

/* After the climb is known to work. */
static mj_status check_moves(const mj_ladder *ladder, mj_ladder_state *scratch, mj_err *err)
{
    for (int i = 0; i < ladder->n_rungs; i++) {
        const mj_rung *rung = &ladder->rung[i];
        if (!moves(ladder, i, scratch)) {
            return mj_rung_complain(ladder, rung, &rung->set[0], MJ_ERANGE,
                                    "moves no joules: not alone on the base, not in the climb, not "
                                    "on top of the others", err);
        }
    }
    return MJ_OK;
}

static mj_status check(const mj_ladder *ladder, mj_arena *arena, mj_err *err)
{
    mj_ladder_state *scratch = mj_arena_alloc(arena, sizeof *scratch);
    if (scratch == NULL) {
        return mj_err_add(err, MJ_EMEM, ladder->path, 0, 0, "out of memory");
    }
    mj_machine_start(&scratch->machine, ladder, 0);
    for (int fit = 0; fit < mj_ladder_fits(ladder); fit++) {
        mj_err cause = {0};
        mj_status status = mj_machine_bill(&scratch->bill, &scratch->machine, fit, &cause);
        if (status != MJ_OK) {
            return mj_err_add(err, status, ladder->path, 0, 0, "base: %s", mj_cause_text(&cause));
        }
    }
    for (int i = 0; i < ladder->n_rungs; i++) {
        MJ_TRY(check_rung(ladder, i, scratch, err));
    }
    return check_moves(ladder, scratch, err);
}

static mj_status load_trends(mj_ladder *ladder, mj_facts *facts, mj_err *err)
{
    static const char *const keys[] = {NULL, "trend.2030.same-format", "trend.2030.new-format",
                                       "trend.2030.same-quality"};
    for (int i = 1; i < MJ_TREND_N; i++) {
        MJ_TRY(mj_facts_quantity(&ladder->trends[i], facts, keys[i], "1", 0, err));
        ladder->trends[i].fact = keys[i];
    }
    return MJ_OK;
}

/* The file behind a name: a path as it stands, else a file of the folder. */
static mj_status find_file(const char **path, const char *name, const mj_catalogue *catalogue,
                           mj_arena *arena, mj_err *err)
{
    const char *dot = strrchr(name, '.');
    bool is_path = strchr(name, '/') || (dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml")));
    *path = is_path ? mj_arena_printf(arena, "%s", name)
                    : mj_arena_printf(arena, "%s/%s.yaml", catalogue->ladders, name);
    if (*path == NULL) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    if (is_path || access(*path, R_OK) == 0) {
        return MJ_OK;
    }
    return mj_err_add(err, MJ_ENAME, NULL, 0, 0, "unknown ladder '%s'; `mj list ladders` shows all",
                      name);
}

/* A change of quality without a source of its own has nobody's word: the rung's speaks of joules.
 * An inherited source is the rung's very text. */
static void judge_quality(mj_rung *rung)
{
    if (mj_quantity_given(&rung->quality) && rung->quality.source == rung->source) {
        rung->quality.source = "assumed";
        rung->quality.cls = MJ_CLASS_ASSUMED;
    }
}

mj_status mj_ladder_load(mj_ladder *ladder, const char *name, const mj_catalogue *catalogue,
                         mj_arena *arena, mj_err *err)
{
    const char *path;
    *ladder = (mj_ladder){0};
    MJ_TRY(find_file(&path, name, catalogue, arena, err));
    MJ_TRY(mj_spec_load(ladder, &mj_ladder_schema, path, catalogue->units, arena, err));
    ladder->path = path;
    ladder->target = ladder->target > 0 ? ladder->target : 1000;
    ladder->trend = ladder->trend != MJ_TREND_NONE ? ladder->trend : MJ_TREND_NEW_FORMAT;
    ladder->base.year = BASE_YEAR;
    for (int i = 0; i < ladder->n_rungs; i++) {
        mj_rung *rung = &ladder->rung[i];
        rung->cls = rung->cls != MJ_CLASS_NONE ? rung->cls : MJ_CLASS_ASSUMED;
        judge_quality(rung);
    }
    MJ_TRY(load_trends(ladder, catalogue->facts, err));
    mj_ladder_plan *plan = mj_arena_alloc(arena, sizeof *plan);
    if (plan == NULL) {
        return mj_err_add(err, MJ_EMEM, path, 0, 0, "out of memory");
    }
    ladder->plan = plan;
    MJ_TRY(mj_ladder_plan_make(plan, ladder, catalogue, arena, err));
    return check(ladder, arena, err);
}

int mj_ladder_find(const mj_ladder *ladder, const char *name, mj_err *err)
{
    const char *names[MJ_RUNGS_MAX] = {NULL};
    int part = -1, n_parts = 0;
    for (int i = 0; i < ladder->n_rungs; i++) {
        names[i] = ladder->rung[i].name;
        if (strcasecmp(names[i], name) == 0) {
            return i;
        }
        if (strcasestr(names[i], name)) {
            part = i;
            n_parts++;
        }
    }
    if (n_parts == 1) {
        return part;
    }
    const char *near = mj_text_nearest(name, names, (size_t)ladder->n_rungs);
    if (n_parts > 1) {
        mj_err_add(err, MJ_ENAME, NULL, 0, 0, "'%s' is a part of %d rungs' names", name, n_parts);
    } else if (near) {
        mj_err_add(err, MJ_ENAME, NULL, 0, 0, "no rung '%s' (did you mean '%s'?)", name, near);
    } else {
        mj_err_add(err, MJ_ENAME, NULL, 0, 0, "no rung '%s' in %s", name, ladder->name);
    }
    return -1;
}
