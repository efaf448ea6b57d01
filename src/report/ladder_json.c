/* Ladder as JSON and CSV: schema 1, SI base units, full precision.
 *
 *     {"schema": 1, "ladder": .., "base": {"joules": .., "joules_lo": .., "joules_hi": ..},
 *      "target": .., "reached": .., "rungs": [{"name": .., "joules": .., "gain": .., ..}],
 *      "naive_product": .., "factor": .., "trend_2030": [{..}], ..}
 *
 * `gain` is joules before over after; null stands for what nobody knows and for machines that
 * cannot be billed. CSV has one row a rung, the base first. */
#include "mj/report.h"

#include "mj/json.h"
#include "mj/text.h"
#include <math.h>
#include <string.h>

enum { CELL_MAX_B = 512 };

static void set_joules(mj_json *object, const mj_bill *bill)
{
    mj_json_set_number(object, "joules", bill->joules);
    mj_json_set_number(object, "joules_lo", bill->lo_J);
    mj_json_set_number(object, "joules_hi", bill->hi_J);
}

static mj_json *base_to_json(const mj_bill *bill)
{
    mj_json *base = mj_json_object();
    set_joules(base, bill);
    mj_json_set_text(base, "model", mj_report_model_name(bill->model));
    mj_json_set_text(base, "chip", bill->chip->name);
    mj_json_set_text(base, "closure", mj_closure_names[bill->chip->closure]);
    mj_json_set_text(base, "output", mj_output_names[bill->model->output]);
    mj_json_set_integer(base, "devices", bill->serving.devices);
    mj_json_set_number(base, "batch", bill->serving.batch);
    mj_json_set_text(base, "boundary", mj_boundary_names[bill->serving.boundary]);
    return base;
}

static double known(const mj_quantity *quantity)
{
    return mj_quantity_given(quantity) ? quantity->typ : NAN;
}

static mj_json *step_to_json(const mj_climb_step *step)
{
    const mj_bill *bill = step->bill;
    mj_json *object = mj_json_object();
    mj_json_set_text(object, "name", step->rung->name);
    set_joules(object, bill);
    mj_json_set_number(object, "gain", step->gain);
    mj_json_set_number(object, "cumulative", step->cumulative);
    mj_json_set_number(object, "cumulative_lo", step->cumulative_lo);
    mj_json_set_number(object, "cumulative_hi", step->cumulative_hi);
    mj_json_set_number(object, "cumulative_2030", step->cumulative_2030);
    mj_json_set_number(object, "cap_next", step->cap);
    mj_json_set_text(object, "cap_cause", mj_component_text(step->cap_cause));
    mj_json_set_number(object, "gain_first", step->gain_first);
    mj_json_set_number(object, "gain_last", step->gain_last);
    mj_json_set_number(object, "quality_delta", known(&step->rung->quality));
    mj_json_set_text(object, "quality_source",
                     mj_quantity_given(&step->rung->quality) ? step->rung->quality.source : NULL);
    mj_json_set_text(object, "quality_class",
                     mj_class_text(mj_quantity_given(&step->rung->quality)
                                       ? step->rung->quality.cls : MJ_CLASS_ASSUMED));
    mj_json_set_text(object, "source", step->rung->source);
    mj_json_set_text(object, "class", mj_class_text((mj_class)step->rung->cls));
    mj_json_set_text(object, "why", step->rung->why);
    mj_json_set_text(object, "group", step->rung->group);
    mj_json_set_bool(object, "replaced", step->replaced);
    mj_json_set_number(object, "assumed_share", bill->assumed_share);
    mj_json_set_text(object, "closure", mj_closure_names[bill->chip->closure]);
    mj_json_set_integer(object, "devices", bill->serving.devices);
    mj_json_set_number(object, "batch", bill->serving.batch);
    return object;
}

static mj_json *names_of(const mj_ladder *ladder, mj_rungs set)
{
    mj_json *names = mj_json_array();
    for (int i = 0; i < ladder->n_rungs; i++) {
        if (set & (mj_rungs)1 << i) {
            mj_json *rung = mj_json_object();
            mj_json_set_text(rung, "name", ladder->rung[i].name);
            mj_json_append(names, rung);
        }
    }
    return names;
}

static mj_json *search_to_json(const mj_ladder *ladder, const mj_search *search)
{
    mj_json *object = mj_json_object();
    mj_json_set_bool(object, "found", search->found);
    mj_json_set(object, "rungs", names_of(ladder, search->set));
    mj_json_set_number(object, "factor", search->found ? search->factor : NAN);
    mj_json_set_number(object, "joules", search->found ? search->joules : NAN);
    mj_json_set_number(object, "assumed_joules", search->found ? search->assumed_J : NAN);
    if (search->found) { /* what lies beyond was not searched */
        mj_json_set_text(object, "best", NULL);
    } else {
        mj_json_set(object, "best", names_of(ladder, search->best));
    }
    mj_json_set_number(object, "best_factor", search->found ? NAN : search->best_factor);
    mj_json_set_number(object, "billed", search->n_billed);
    mj_json_set_number(object, "unfit", search->n_unfit);
    mj_json_set_number(object, "inapplicable", search->n_inapplicable);
    return object;
}

static mj_json *trends_to_json(const mj_climb *climb)
{
    mj_json *list = mj_json_array();
    for (int i = 1; i < MJ_TREND_N; i++) {
        const mj_quantity *trend = &climb->ladder->trends[i];
        mj_json *object = mj_json_object();
        mj_json_set_text(object, "name", mj_trend_names[i]);
        mj_json_set_number(object, "gain", trend->typ);
        mj_json_set_number(object, "gain_lo", trend->lo);
        mj_json_set_number(object, "gain_hi", trend->hi);
        mj_json_set_text(object, "source", trend->source);
        mj_json_set_text(object, "class", mj_class_text(trend->cls));
        mj_json_set_number(object, "factor", climb->factor_2030[i]);
        mj_json_set_number(object, "factor_lo", climb->factor_2030_lo[i]);
        mj_json_set_number(object, "factor_hi", climb->factor_2030_hi[i]);
        mj_json_set_bool(object, "used", i == climb->ladder->trend);
        mj_json_append(list, object);
    }
    return list;
}

static void set_options(mj_json *root, const mj_ladder_view *view)
{
    const mj_climb *climb = view->climb;
    if (view->other) {
        mj_json *variants = mj_json_array();
        const mj_climb *both[] = {climb, view->other};
        for (int i = 0; i < 2; i++) {
            mj_json *object = mj_json_object();
            const mj_text_fit *fits = both[i]->step[0].bill->chip->text;
            mj_json_set_text(object, "variant", fits[both[i]->variant].name);
            mj_json_set_number(object, "factor", both[i]->factor);
            mj_json_append(variants, object);
        }
        mj_json_set(root, "variants", variants);
    }
    if (view->dropped) {
        mj_json *object = mj_json_object();
        mj_json_set_text(object, "name", view->drop_rung->name);
        mj_json_set_number(object, "factor", view->dropped->factor);
        mj_json_set_number(object, "loss", climb->factor / view->dropped->factor);
        mj_json_set(root, "drop", object);
    }
    if (view->search) {
        mj_json_set(root, "search", search_to_json(climb->ladder, view->search));
    }
}

mj_status mj_ladder_print_json(FILE *out, const mj_ladder_view *view, mj_err *err)
{
    const mj_climb *climb = view->climb;
    mj_json *root = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "ladder", climb->ladder->name);
    mj_json_set(root, "base", base_to_json(climb->step[0].bill));
    mj_json_set_number(root, "target", climb->target);
    mj_json_set_bool(root, "reached", climb->reached);
    mj_json *rungs = mj_json_array();
    for (int i = 1; i < climb->n; i++) {
        mj_json_append(rungs, step_to_json(&climb->step[i]));
    }
    mj_json_set(root, "rungs", rungs);
    mj_json_set_number(root, "naive_product", climb->naive_product);
    mj_json_set_number(root, "factor", climb->factor);
    mj_json_set_number(root, "factor_lo", climb->factor_lo);
    mj_json_set_number(root, "factor_hi", climb->factor_hi);
    mj_json_set_bool(root, "shared_fit", climb->shares_fit);
    mj_json_set_number(root, "sourced_factor", climb->sourced_factor);
    mj_json_set_number(root, "assumed_gain", climb->assumed_gain);
    mj_json_set(root, "trend_2030", trends_to_json(climb));
    set_options(root, view);
    mj_status status = mj_json_print(root, out, err);
    mj_json_free(root);
    return status;
}

/* A text cell and what follows it, quoted when it has to be. */
static void print_text(FILE *out, const char *text, char next)
{
    char clean[CELL_MAX_B];
    mj_text_clean(clean, sizeof clean, text ? text : "");
    bool quote = strpbrk(clean, ",\"") != NULL;
    fputs(quote ? "\"" : "", out);
    for (const char *c = clean; *c; c++) {
        fputs(*c == '"' ? "\"\"" : (char[]){*c, '\0'}, out);
    }
    fprintf(out, "%s%c", quote ? "\"" : "", next);
}

static void print_number(FILE *out, double number, char next)
{
    if (isfinite(number)) {
        fprintf(out, "%.17g", number);
    }
    fputc(next, out);
}

void mj_ladder_print_csv(FILE *out, const mj_ladder_view *view)
{
    const mj_climb *climb = view->climb;
    fputs("name,joules,joules_lo,joules_hi,gain,cumulative,cumulative_2030,cap_next,cap_cause,"
          "gain_first,gain_last,quality_delta,source,class\n", out);
    for (int i = 0; i < climb->n; i++) {
        const mj_climb_step *step = &climb->step[i];
        const mj_rung *rung = step->rung;
        const double numbers[] = {step->bill->joules, step->bill->lo_J, step->bill->hi_J,
                                  step->gain, step->cumulative, step->cumulative_2030, step->cap};
        print_text(out, rung ? rung->name : "base", ',');
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            print_number(out, numbers[k], ',');
        }
        print_text(out, mj_component_text(step->cap_cause), ',');
        print_number(out, step->gain_first, ',');
        print_number(out, step->gain_last, ',');
        print_number(out, rung ? known(&rung->quality) : NAN, ',');
        print_text(out, rung ? rung->source : "", ',');
        print_text(out, rung ? mj_class_text((mj_class)rung->cls) : "", '\n');
    }
}
