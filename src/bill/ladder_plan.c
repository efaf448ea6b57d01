/* Ladder plan: what every rung changes, resolved against every machine that it may meet.
 *
 * Wholes first: every chip and model that the ladder names is loaded once. Then each path is looked
 * up in each of them, because it has a place of its own in each and may be missing in some. A
 * quantity that a rung sets has the rung's source and class unless it brings its own; a fact is
 * fetched here, for the node of the chip. */
#define _GNU_SOURCE
#include "ladder_plan.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))

const char *mj_cause_text(const mj_err *cause)
{
    return cause->n > 0 ? cause->diag[0].text : "cannot be billed";
}

mj_status mj_rung_complain(const mj_ladder *ladder, const mj_rung *rung, const mj_spec_pair *pair,
                           mj_status code, const char *text, mj_err *err)
{
    return mj_err_add(err, code, ladder->path, pair->line, pair->column, "rung '%.60s': %s",
                      rung->name, text);
}

/* What the steps of loading share. */
typedef struct {
    const mj_ladder *ladder;
    mj_ladder_plan *plan;
    const char *chip_word[MJ_WHOLES_MAX], *model_word[MJ_WHOLES_MAX]; /* as written */
    const mj_catalogue *catalogue;
    mj_arena *arena;
    mj_err *err;
} loader;

static mj_status out_of_memory(loader *l)
{
    return mj_err_add(l->err, MJ_EMEM, l->ladder->path, 0, 0, "out of memory");
}

static mj_status complain(loader *l, const mj_rung *rung, const mj_spec_pair *pair,
                          mj_status code, const char *text)
{
    return mj_rung_complain(l->ladder, rung, pair, code, text, l->err);
}

/* The index of a chip or model, loaded if it is new. */
static mj_status load_whole(int *index, loader *l, mj_whole what, const char *word, mj_err *err)
{
    const mj_catalogue *c = l->catalogue;
    mj_ladder_plan *plan = l->plan;
    const char **words = what == MJ_WHOLE_CHIP ? l->chip_word : l->model_word;
    int *n = what == MJ_WHOLE_CHIP ? &plan->n_chips : &plan->n_models;
    for (*index = 0; *index < *n; ++*index) {
        if (strcasecmp(words[*index], word) == 0) {
            return MJ_OK;
        }
    }
    if (*n == MJ_WHOLES_MAX) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0, "more than %d different chips or models",
                          MJ_WHOLES_MAX);
    }
    if (what == MJ_WHOLE_CHIP) {
        mj_chip *chip = mj_arena_alloc(l->arena, sizeof *chip);
        plan->chip[*index] = chip;
        MJ_TRY(chip ? mj_chip_load(chip, word, c->chips, c->facts, c->units, l->arena, err)
                    : out_of_memory(l));
    } else {
        mj_model *model = mj_arena_alloc(l->arena, sizeof *model);
        plan->model[*index] = model;
        MJ_TRY(model ? mj_model_load(model, word, c->models, c->units, l->arena, err)
                     : out_of_memory(l));
        if (l->ladder->base.serving.precision != MJ_FORMAT_NONE) {
            mj_model_set_precision(model, (mj_format)l->ladder->base.serving.precision);
            MJ_TRY(mj_model_resolve(model, word, err));
        }
    }
    words[*index] = word;
    ++*n;
    return MJ_OK;
}

/* An envelope leaves out what other bills hold, so their ratio would be no gain. */
static mj_status check_closures(loader *l, const mj_rung *rung, const mj_spec_pair *pair, int index)
{
    const mj_chip *base = l->plan->chip[0], *chip = l->plan->chip[index];
    if ((base->closure == MJ_CLOSURE_ENVELOPE) == (chip->closure == MJ_CLOSURE_ENVELOPE)) {
        return MJ_OK;
    }
    char text[MJ_ERR_TEXT / 2];
    snprintf(text, sizeof text,
             "%.60s is billed as %s, the base %.60s as %s: an envelope cannot be compared with "
             "another closure; use event sums on both sides (hbm-chip, sram-chip)",
             chip->name, mj_closure_names[chip->closure], base->name,
             mj_closure_names[base->closure]);
    return complain(l, rung, pair, MJ_ESUPPORT, text);
}

static mj_status plan_replacement(loader *l, int rung_index, const mj_spec_pair *pair,
                                  mj_whole what, mj_change *change)
{
    const mj_rung *rung = &l->ladder->rung[rung_index];
    mj_err cause = {0};
    mj_status status = load_whole(&change->replacement, l, what, pair->value, &cause);
    if (status != MJ_OK) {
        return complain(l, rung, pair, status, mj_cause_text(&cause));
    }
    l->plan->replacers |= mj_rung_bit(rung_index);
    if (what == MJ_WHOLE_CHIP) {
        return check_closures(l, rung, pair, change->replacement);
    }
    if (l->plan->model[change->replacement]->output != l->plan->model[0]->output) {
        return complain(l, rung, pair, MJ_ESUPPORT, "a model of another kind of output");
    }
    return MJ_OK;
}

/* What says what is counted, so that a factor over it would be no gain. */
static mj_status check_counted(loader *l, const mj_rung *rung, const mj_spec_pair *pair)
{
    static const char *const borders[] = {"serving.boundary", "serving.variant", "chip.closure"};
    static const char *const amounts[] = {"serving.context", "serving.prompt", "serving.output",
                                          "serving.spread", "serving.width", "serving.height",
                                          "serving.frames", "model.output"};
    for (int i = 0; i < LENGTH(borders); i++) {
        if (strcmp(pair->key, borders[i]) == 0) {
            return complain(l, rung, pair, MJ_ESUPPORT,
                            "border and closure say what is counted; they are the base's");
        }
    }
    for (int i = 0; i < LENGTH(amounts); i++) {
        if (strcmp(pair->key, amounts[i]) == 0) {
            return complain(l, rung, pair, MJ_ESUPPORT,
                            "lengths and sizes say what is counted; they are the base's");
        }
    }
    return MJ_OK;
}

/* What is to be set, from the front of the key. */
static mj_status plan_key(loader *l, int rung_index, const mj_spec_pair *pair)
{
    static const char *const wholes[] = {"chip", "model", "serving"};
    mj_rung_plan *plan = &l->plan->rung[rung_index];
    mj_change *change = &plan->change[plan->n++];
    size_t length = strcspn(pair->key, ".");
    const mj_rung *rung = &l->ladder->rung[rung_index];
    for (int i = 0; i < LENGTH(wholes); i++) {
        if (strlen(wholes[i]) != length || strncmp(wholes[i], pair->key, length) != 0) {
            continue;
        }
        change->whole = (mj_whole)i;
        if (pair->key[length] == '.') {
            change->path = pair->key + length + 1;
            plan->changes_chip |= i == MJ_WHOLE_CHIP;
            plan->changes_model |= i == MJ_WHOLE_MODEL;
        } else if (i != MJ_WHOLE_SERVING) {
            return plan_replacement(l, rung_index, pair, (mj_whole)i, change);
        } else {
            break;
        }
        return check_counted(l, rung, pair);
    }
    char text[MJ_ERR_TEXT / 2];
    snprintf(text, sizeof text,
             "'%.80s' cannot be set; a rung sets chip, model, chip.PATH, model.PATH or "
             "serving.PATH",
             pair->key);
    return complain(l, rung, pair, MJ_EKEY, text);
}

/* Zero asks for a default, of which nobody can say what it changes. */
static bool means_default(const mj_change *change, const mj_patch *patch)
{
    static const char *const of_models[] = {"economy.density", "economy.loops",
                                            "diffusion.passes"};
    bool asks = change->whole == MJ_WHOLE_SERVING;
    for (int i = 0; i < LENGTH(of_models) && change->whole == MJ_WHOLE_MODEL; i++) {
        asks |= strcmp(change->path, of_models[i]) == 0;
    }
    bool zero = patch->size == sizeof(int)      ? patch->value.integer == 0
                : patch->size == sizeof(double) ? patch->value.real == 0
                                                : false;
    return asks && zero;
}

/* What a quantity rests on: a fact, moved to the chip's node, or a source that must exist. */
static mj_status ground(mj_quantity *q, loader *l, const mj_rung *rung, mj_place place,
                        double node_m, mj_err *err)
{
    mj_err cause = {0};
    mj_facts *facts = l->catalogue->facts;
    const char *key = q->fact;
    const mj_source *source;
    mj_status status = key ? mj_facts_quantity(q, facts, key, q->unit, node_m, &cause)
                           : mj_facts_source(&source, facts, q->source, &cause);
    q->fact = key;
    return status == MJ_OK ? MJ_OK
                           : mj_err_add(err, status, place.file, place.line, place.column,
                                        "rung '%.60s': %s", rung->name, mj_cause_text(&cause));
}

/* One change against one machine: size 0 in *patch if the path does not exist there. */
static mj_status resolve(mj_patch *patch, loader *l, const mj_rung *rung, const mj_spec_pair *pair,
                         const mj_change *change, int index, mj_err *err)
{
    const void *base = change->whole == MJ_WHOLE_CHIP    ? (const void *)l->plan->chip[index]
                       : change->whole == MJ_WHOLE_MODEL ? (const void *)l->plan->model[index]
                                                         : (const void *)&l->ladder->base.serving;
    const mj_spec_schema *schema = change->whole == MJ_WHOLE_CHIP    ? &mj_chip_schema
                                   : change->whole == MJ_WHOLE_MODEL ? &mj_model_schema
                                                                     : &mj_serving_schema;
    const mj_place place = {l->ladder->path, pair->line, pair->column, rung->source,
                            (mj_class)rung->cls};
    const mj_units *units = l->catalogue->units;
    mj_arena *arena = l->arena;
    MJ_TRY(mj_patch_resolve(patch, base, schema, change->path, pair->value, place, units, arena,
                            err));
    if (means_default(change, patch)) {
        return mj_err_add(err, MJ_ERANGE, place.file, place.line, place.column,
                          "rung '%.60s': '%.60s' 0 asks for the default; write the value itself",
                          rung->name, pair->key);
    }
    if (patch->size != sizeof(mj_quantity)) {
        return MJ_OK;
    }
    double node_m = change->whole == MJ_WHOLE_CHIP ? l->plan->chip[index]->node_m : 0;
    return ground(&patch->value.quantity, l, rung, place, node_m, err);
}

/* Why a change fits no machine: rather what is wrong with its value than that its path is missing
 * somewhere. */
static mj_status report(loader *l, const mj_err *cause)
{
    const mj_diag *d = &cause->diag[0];
    for (int i = 0; i < cause->n && d->code == MJ_ENAME; i++) {
        d = &cause->diag[i];
    }
    return mj_err_add(l->err, d->code, d->file, d->line, d->column, "%s", d->text);
}

static mj_status plan_paths(loader *l, int rung_index)
{
    mj_rung_plan *plan = &l->plan->rung[rung_index];
    const mj_rung *rung = &l->ladder->rung[rung_index];
    for (int i = 0; i < plan->n; i++) {
        mj_change *change = &plan->change[i];
        if (change->path == NULL) {
            continue;
        }
        int n = change->whole == MJ_WHOLE_CHIP    ? l->plan->n_chips
                : change->whole == MJ_WHOLE_MODEL ? l->plan->n_models
                                                  : 1;
        mj_patch *patch = mj_arena_array(l->arena, (size_t)n, sizeof *patch);
        if (patch == NULL) {
            return out_of_memory(l);
        }
        int known = 0;
        mj_err cause = {0};
        for (int k = 0; k < n; k++) {
            mj_status status = resolve(&patch[k], l, rung, &rung->set[i], change, k, &cause);
            patch[k].size = status == MJ_OK ? patch[k].size : 0;
            known += status == MJ_OK;
        }
        if (known == 0) {
            return report(l, &cause);
        }
        change->patch = patch;
        l->plan->moves_node |= change->whole == MJ_WHOLE_CHIP && strcmp(change->path, "node") == 0;
        plan->changes_precision |= change->whole == MJ_WHOLE_SERVING &&
                                   strcmp(change->path, "precision") == 0;
    }
    plan->changes_model |= plan->changes_precision;
    return MJ_OK;
}

static bool same_group(const mj_rung *a, const mj_rung *b)
{
    return a->group && b->group && strcmp(a->group, b->group) == 0;
}

/* The value with which a rung replaces a whole; NULL if it does not. */
static const mj_spec_pair *replacement(const mj_rung *rung, const char *what)
{
    for (int i = 0; i < rung->n_sets; i++) {
        if (strcmp(rung->set[i].key, what) == 0) {
            return &rung->set[i];
        }
    }
    return NULL;
}

static mj_status plan_groups(loader *l)
{
    static const char *const wholes[] = {"chip", "model"};
    const mj_ladder *ladder = l->ladder;
    for (int i = 0; i < ladder->n_rungs; i++) {
        const mj_rung *rung = &ladder->rung[i];
        for (int k = 0; k < ladder->n_rungs; k++) {
            if (k != i && same_group(rung, &ladder->rung[k])) {
                l->plan->rung[i].excludes |= mj_rung_bit(k);
                continue;
            }
            for (int w = 0; w < 2 && k < i; w++) {
                const mj_spec_pair *pair = replacement(rung, wholes[w]);
                if (pair == NULL || replacement(&ladder->rung[k], wholes[w]) == NULL) {
                    continue;
                }
                char text[MJ_ERR_TEXT / 2];
                snprintf(text, sizeof text,
                         "replaces the %s as '%.60s' does; give both the same group", wholes[w],
                         ladder->rung[k].name);
                return complain(l, rung, pair, MJ_EKEY, text);
            }
        }
    }
    return MJ_OK;
}

/* Names are told apart as mj_ladder_find does, and so that a rung can be needed by its name. */
static mj_status plan_names(loader *l)
{
    const mj_ladder *ladder = l->ladder;
    for (int i = 0; i < ladder->n_rungs; i++) {
        const mj_rung *rung = &ladder->rung[i];
        for (int k = 0; k < i; k++) {
            if (strcasecmp(rung->name, ladder->rung[k].name) == 0) {
                return complain(l, rung, &rung->set[0], MJ_EKEY, "another rung has this name");
            }
        }
        for (int n = 0; n < rung->n_needs; n++) {
            mj_err cause = {0};
            int needed = mj_ladder_find(ladder, rung->needs[n], &cause);
            if (needed < 0 || needed == i || strcasecmp(rung->needs[n], ladder->rung[needed].name)) {
                return complain(l, rung, &rung->set[0], MJ_ENAME,
                                cause.n > 0 ? mj_cause_text(&cause)
                                            : "`needs` takes other rungs' full names");
            }
            l->plan->rung[i].needs |= mj_rung_bit(needed);
        }
    }
    return MJ_OK;
}

/* Keys of data/sources.yaml that the ladder itself names, those of its values apart. */
static mj_status check_sources(loader *l)
{
    const mj_ladder *ladder = l->ladder;
    mj_facts *facts = l->catalogue->facts;
    const mj_source *source;
    mj_err cause = {0};
    for (int i = 0; i < ladder->n_rungs; i++) {
        const mj_rung *rung = &ladder->rung[i];
        mj_status status = mj_facts_source(&source, facts, rung->source, &cause);
        if (status == MJ_OK && mj_quantity_given(&rung->quality)) {
            status = mj_facts_source(&source, facts, rung->quality.source, &cause);
        }
        if (status != MJ_OK) {
            return complain(l, rung, &rung->set[0], status, mj_cause_text(&cause));
        }
    }
    /* last, because a rung that takes it from the ladder has a place to report */
    if (ladder->source && mj_facts_source(&source, facts, ladder->source, &cause) != MJ_OK) {
        return mj_err_add(l->err, MJ_ENAME, ladder->path, 0, 0, "from: %s", mj_cause_text(&cause));
    }
    return MJ_OK;
}

static mj_status load_newer(loader *l)
{
    const mj_catalogue *c = l->catalogue;
    if (l->ladder->base.newer == NULL) {
        return MJ_OK;
    }
    mj_chip *chip = mj_arena_alloc(l->arena, sizeof *chip);
    if (chip == NULL) {
        return out_of_memory(l);
    }
    l->plan->newer = chip;
    return mj_chip_load(chip, l->ladder->base.newer, c->chips, c->facts, c->units, l->arena, l->err);
}

mj_status mj_ladder_plan_make(mj_ladder_plan *plan, const mj_ladder *ladder,
                              const mj_catalogue *catalogue, mj_arena *arena, mj_err *err)
{
    loader l = {.ladder = ladder, .plan = plan, .catalogue = catalogue, .arena = arena, .err = err};
    plan->facts = catalogue->facts;
    int index;
    MJ_TRY(plan_names(&l));
    MJ_TRY(check_sources(&l));
    MJ_TRY(load_newer(&l));
    MJ_TRY(load_whole(&index, &l, MJ_WHOLE_CHIP, ladder->base.chip, err));
    MJ_TRY(load_whole(&index, &l, MJ_WHOLE_MODEL, ladder->base.model, err));
    mj_status status = MJ_OK;
    for (int i = 0; i < ladder->n_rungs; i++) { /* goes on, to report every rung's problems */
        for (int k = 0; k < ladder->rung[i].n_sets; k++) {
            mj_status one = plan_key(&l, i, &ladder->rung[i].set[k]);
            status = status == MJ_OK ? one : status;
        }
    }
    MJ_TRY(status);
    for (int i = 0; i < ladder->n_rungs; i++) {
        mj_status one = plan_paths(&l, i);
        status = status == MJ_OK ? one : status;
    }
    MJ_TRY(status);
    return plan_groups(&l);
}
