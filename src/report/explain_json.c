/* Explanation of lines as JSON: the bill's line fields, plus formula, fact and source in full.
 *
 *     {"schema": 1, "model": .., "chip": .., "joules_per_output": ..,
 *      "lines": [{.., "formula": .., "fact": {..}, "source_entry": {..},
 *                 "fit": [{"name": "Pi", "unit": "W", "value": .., "meaning": ..}]}],
 *      "cross_check_J": c x FLOP of images on one device, or null,
 *      "step": {..}, "ops": [..], "split": [..], "variants": [..]}
 */
#include "mj/report.h"

#include "bill_fields.h"
#include "fit.h"
#include <string.h>

static void set_or_null(mj_json *object, const char *key, mj_json *value)
{
    if (value) {
        mj_json_set(object, key, value);
    } else {
        mj_json_set_text(object, key, NULL);
    }
}

/* The published fact in its own unit; NULL for a figure that is not a fact. */
static mj_json *fact_to_json(mj_facts *facts, const mj_quantity *quantity)
{
    const mj_fact *fact;
    if (!quantity || !quantity->fact ||
        mj_facts_find(&fact, facts, quantity->fact, NULL) != MJ_OK) {
        return NULL;
    }
    mj_json *object = mj_json_object();
    mj_json_set_text(object, "key", fact->key);
    mj_json_set_text(object, "what", fact->what);
    mj_json_set_number(object, "lo", fact->value.lo);
    mj_json_set_number(object, "typ", fact->value.typ);
    mj_json_set_number(object, "hi", fact->value.hi);
    mj_json_set_text(object, "unit", fact->value.unit);
    mj_json_set_text(object, "class", mj_class_text(fact->value.cls));
    mj_json_set_integer(object, "year", fact->year);
    mj_json_set_number(object, "node_m", fact->node_m);
    mj_json_set_number(object, "vdd_V", fact->vdd_V);
    mj_json_set_text(object, "boundary", mj_boundary_names[fact->boundary]);
    mj_json_set_text(object, "note", fact->note);
    return object;
}

static mj_json *source_to_json(mj_facts *facts, const char *key)
{
    const mj_source *source;
    if (!key || mj_facts_source(&source, facts, key, NULL) != MJ_OK) {
        return NULL;
    }
    mj_json *object = mj_json_object();
    mj_json_set_text(object, "key", source->key);
    mj_json_set_text(object, "title", source->title);
    mj_json_set_text(object, "url", source->url);
    mj_json_set_integer(object, "year", source->year);
    mj_json_set_text(object, "check", source->check);
    return object;
}

static mj_json *constants_to_json(const mj_bill *bill, const mj_line *line)
{
    mj_fit_constant constant[MJ_FIT_CONSTANTS_MAX];
    int n = mj_fit_constants(constant, bill, line);
    mj_json *array = mj_json_array();
    for (int i = 0; i < n; i++) {
        mj_json *object = mj_json_object();
        mj_json_set_text(object, "name", constant[i].name);
        mj_json_set_text(object, "unit", constant[i].unit);
        mj_json_set_number(object, "value", constant[i].value);
        mj_json_set_text(object, "meaning", constant[i].meaning);
        mj_json_append(array, object);
    }
    return array;
}

static mj_json *lines_to_json(const mj_explain_view *view)
{
    const mj_ledger *ledger = &view->view.bill->ledger;
    mj_json *lines = mj_json_array();
    for (int i = 0; i < ledger->n; i++) {
        const mj_line *line = &ledger->line[i];
        if (!view->choice->chosen[i]) {
            continue;
        }
        mj_json *object = mj_line_to_json(line);
        mj_json_set_text(object, "formula", line->formula);
        mj_json_set_number(object, "scales", line->scales);
        set_or_null(object, "fact", fact_to_json(view->facts, line->fact));
        set_or_null(object, "source_entry", source_to_json(view->facts, line->source));
        mj_json_set(object, "fit", constants_to_json(view->view.bill, line));
        mj_json_append(lines, object);
    }
    return lines;
}

static mj_json *step_to_json(const mj_step *step)
{
    mj_json *object = mj_json_object();
    for (int i = 0; i < mj_n_step_names; i++) {
        double value;
        memcpy(&value, (const char *)step + mj_step_names[i].offset, sizeof value);
        mj_json_set_number(object, mj_step_names[i].name, value);
    }
    mj_json_set_bool(object, "clamped", step->clamped);
    return object;
}

static mj_json *ops_to_json(const mj_ops *ops)
{
    mj_json *array = mj_json_array();
    for (int i = 0; i < ops->n; i++) {
        const mj_op *op = &ops->op[i];
        mj_json *object = mj_json_object();
        mj_json_set_text(object, "what", op->what);
        mj_json_set_integer(object, "repeats", op->repeats);
        mj_json_set_text(object, "format", mj_format_names[op->format]);
        mj_json_set_number(object, "weights", op->weights);
        mj_json_set_number(object, "weight_B", op->weight_B);
        mj_json_set_number(object, "reads", op->reads);
        mj_json_set_number(object, "mac", op->mac);
        mj_json_set_number(object, "state_B", op->state_B);
        mj_json_set_number(object, "state_mac", op->state_mac);
        mj_json_set_number(object, "prompt_mac", op->prompt_mac);
        mj_json_set_number(object, "stored_B", op->stored_B);
        mj_json_set_number(object, "act_B", op->act_B);
        mj_json_set_integer(object, "experts", op->experts);
        mj_json_set_integer(object, "active", op->active);
        mj_json_append(array, object);
    }
    return array;
}

static mj_json *split_to_json(const mj_bill *bill)
{
    mj_split split;
    mj_split_compute(&split, bill);
    mj_json *array = mj_json_array();
    for (int i = 0; i < split.n; i++) {
        const mj_quantity *published = split.part[i].published;
        mj_json *object = mj_json_object();
        mj_json_set_text(object, "what", split.part[i].what);
        mj_json_set_text(object, "unit", split.part[i].unit);
        mj_json_set_number(object, "fitted", split.part[i].fitted);
        mj_json_set_number(object, "device", split.part[i].device);
        mj_json_set_number(object, "efficiency", split.efficiency);
        mj_json_set_number(object, "transport",
                           split.part[i].fitted * split.efficiency - split.part[i].device);
        mj_json_set_text(object, "source", published ? published->source : NULL);
        mj_json_append(array, object);
    }
    return array;
}

static mj_json *variant_to_json(const mj_bill *bill)
{
    mj_json *object = mj_json_object();
    mj_json *lines = mj_json_array();
    mj_json_set_text(object, "name", bill->chip->text[bill->serving.variant].name);
    mj_json_set_number(object, "joules_per_output", bill->joules);
    for (int i = 0; i < bill->ledger.n; i++) {
        const mj_line *line = &bill->ledger.line[i];
        mj_json *pair = mj_json_object();
        mj_json_set_text(pair, "component", mj_component_text(line->component));
        mj_json_set_number(pair, "joules", line->joules);
        mj_json_append(lines, pair);
    }
    mj_json_set(object, "lines", lines);
    return object;
}

mj_status mj_explain_print_json(FILE *out, const mj_explain_view *view, mj_err *err)
{
    const mj_bill *bill = view->view.bill;
    mj_json *root = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "model", mj_report_model_name(bill->model));
    mj_json_set_text(root, "chip", bill->chip->name);
    mj_json_set_text(root, "closure", mj_closure_names[bill->chip->closure]);
    mj_json_set_number(root, "joules_per_output", bill->joules);
    mj_json_set(root, "lines", lines_to_json(view));
    mj_json_set_number(root, "cross_check_J", mj_fit_cross_check_J(bill)); /* NaN: null */
    mj_json_set(root, "step", step_to_json(&bill->step));
    mj_json_set(root, "ops", ops_to_json(&bill->ops));
    mj_json_set(root, "split", split_to_json(bill));
    mj_json *variants = mj_json_array();
    if (view->other) {
        mj_json_append(variants, variant_to_json(bill));
        mj_json_append(variants, variant_to_json(view->other));
    }
    mj_json_set(root, "variants", variants);
    mj_status status = mj_json_print(root, out, err);
    mj_json_free(root);
    return status;
}
