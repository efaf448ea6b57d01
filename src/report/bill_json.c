/* Bill as JSON: schema 1, SI base units, full precision.
 *
 *     {"schema": 1, "model": .., "chip": .., "output": "token", .., "joules_per_output": ..,
 *      "lines": [{"component": "dram.weights", "label": .., "count": .., "count_unit": "B",
 *                 "unit_J": .., "joules": .., "share": .., "cap": .., "source": .., "class": ..}]}
 *
 * Lines add up to joules_per_output to 1e-9. A cap without bound is null, and so is every figure
 * that does not apply or that nobody knows. */
#include "mj/report.h"

#include "bill_fields.h"

#include <math.h>

mj_json *mj_line_to_json(const mj_line *line)
{
    mj_json *object = mj_json_object();
    mj_json_set_text(object, "component", mj_component_text(line->component));
    mj_json_set_text(object, "label", line->label);
    mj_json_set_number(object, "count", line->count);
    mj_json_set_text(object, "count_unit", line->count_unit);
    mj_json_set_number(object, "unit_J", line->unit_J);
    mj_json_set_number(object, "joules", line->joules);
    mj_json_set_number(object, "joules_lo", line->lo_J);
    mj_json_set_number(object, "joules_hi", line->hi_J);
    mj_json_set_number(object, "share", line->share);
    mj_json_set_number(object, "cap", line->cap);
    mj_json_set_text(object, "source", line->source);
    mj_json_set_text(object, "class", mj_class_text(line->cls));
    return object;
}

static void set_configuration(mj_json *root, const mj_bill *bill)
{
    const mj_serving *s = &bill->serving;
    bool token = bill->model->output == MJ_OUTPUT_TOKEN;
    bool fixed = s->context > 0;
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "model", mj_report_model_name(bill->model));
    mj_json_set_text(root, "chip", bill->chip->name);
    mj_json_set_text(root, "output", mj_output_names[bill->model->output]);
    mj_json_set_number(root, "batch", s->batch);
    mj_json_set_number(root, "prompt", token && !fixed ? (s->no_prompt ? 0 : s->prompt) : NAN);
    mj_json_set_number(root, "output_length", token && !fixed ? s->output : NAN);
    mj_json_set_number(root, "context", token ? (fixed ? s->context : bill->step.context) : NAN);
    mj_json_set_integer(root, "devices", s->devices);
    mj_json_set_text(root, "precision", mj_format_names[mj_report_precision(bill)]);
    mj_json_set_text(root, "boundary", mj_boundary_names[s->boundary]);
    mj_json_set_text(root, "closure", mj_closure_names[bill->chip->closure]);
}

static double positive(double value)
{
    return value > 0 ? value : NAN;
}

static mj_json *measured_to_json(const mj_bill_view *view)
{
    const mj_measured *m = view->measured;
    if (!m || (int)m->boundary != view->bill->serving.boundary) {
        return NULL;
    }
    mj_json *object = mj_json_object();
    mj_json_set_number(object, "joules", m->joules);
    mj_json_set_text(object, "source", m->source);
    mj_json_set_text(object, "task", *m->task ? m->task : NULL);
    mj_json_set_number(object, "batch", positive(m->batch));
    mj_json_set_integer(object, "devices", view->bill->serving.devices); /* the row's: they match */
    mj_json_set_number(object, "ratio", view->bill->joules / m->joules);
    return object;
}

/* Of all devices; NaN, which prints as null, where a quantity is absent. */
static double of_all(const mj_quantity *quantity, int devices)
{
    return mj_quantity_given(quantity) ? quantity->typ * devices : NAN;
}

static void set_quality(mj_json *root, const mj_model *model)
{
    if (!model->quality.metric) {
        mj_json_set_text(root, "quality", NULL);
        return;
    }
    mj_json *quality = mj_json_object();
    mj_json_set_text(quality, "metric", model->quality.metric);
    mj_json_set_number(quality, "value", model->quality.value);
    mj_json_set(root, "quality", quality);
}

/* The price with its interval: of all devices. */
static void set_price(mj_json *root, const mj_cost *cost, int devices)
{
    bool given = cost && mj_quantity_given(&cost->price_USD);
    mj_json_set_number(root, "price_USD", given ? cost->price_USD.typ * devices : NAN);
    mj_json_set_number(root, "price_lo_USD", given ? cost->price_USD.lo * devices : NAN);
    mj_json_set_number(root, "price_hi_USD", given ? cost->price_USD.hi * devices : NAN);
}

static void set_results(mj_json *root, const mj_bill_view *view)
{
    const mj_bill *bill = view->bill;
    int devices = bill->serving.devices;
    mj_json_set_number(root, "joules_per_output", bill->joules);
    mj_json_set_number(root, "joules_lo", bill->lo_J);
    mj_json_set_number(root, "joules_hi", bill->hi_J);
    mj_json *measured = measured_to_json(view);
    if (measured) {
        mj_json_set(root, "measured", measured);
    } else {
        mj_json_set_text(root, "measured", NULL);
    }
    mj_json_set_number(root, "outputs_per_s", positive(bill->outputs_ps));
    mj_json_set_number(root, "latency_s", positive(bill->latency_s));
    mj_json_set_number(root, "first_output_s", positive(bill->first_output_s));
    mj_json_set_number(root, "power_W", positive(bill->power_W));
    mj_json_set_number(root, "power_per_device_W", positive(bill->power_W / devices));
    mj_json_set_number(root, "memory_per_device_B", positive(bill->memory_used_B));
    mj_json_set_number(root, "area_m2", view->cost ? of_all(&view->cost->area_m2, devices) : NAN);
    set_price(root, view->cost, devices);
    bool token = bill->model->output == MJ_OUTPUT_TOKEN;
    mj_json_set_number(root, "prefill_share", token ? bill->prefill_J / bill->joules : NAN);
    mj_json_set_number(root, "assumed_share", bill->assumed_share);
    set_quality(root, bill->model);
    const mj_simulation *simulation = view->simulation;
    mj_json_set_number(root, "digital_joules", simulation ? positive(simulation->joules) : NAN);
    mj_json_set_number(root, "digital_busy_joules",
                       simulation ? positive(simulation->busy_joules) : NAN);
    mj_json_set_number(root, "decoder_share",
                       simulation ? mj_ops_decoder_share(&bill->ops) : NAN);
}

mj_status mj_bill_print_json(FILE *out, const mj_bill_view *view, mj_err *err)
{
    mj_json *root = mj_json_object();
    set_configuration(root, view->bill);
    set_results(root, view);
    mj_json *lines = mj_json_array();
    for (int i = 0; i < view->bill->ledger.n; i++) {
        mj_json_append(lines, mj_line_to_json(&view->bill->ledger.line[i]));
    }
    mj_json_set(root, "lines", lines);
    mj_status status = mj_json_print(root, out, err);
    mj_json_free(root);
    return status;
}
