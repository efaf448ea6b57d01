/* Explanation of a line as text: formula, the numbers put in, the fact, the source.
 *
 * Every figure can be checked by hand: joules = count x energy of one, the count's own formula, the
 * op list and the step that it uses, then the fact or the fit behind the unit energy with its
 * interval, class, year, boundary and note, and how its source was verified. */
#include "mj/report.h"

#include "bill_words.h"
#include "fit.h"
#include "legend.h"
#include "line_words.h"
#include "mj/text.h"
#include "mj/units.h"
#include <math.h>
#include <string.h>

enum { NUMBER = 32, NAME = 160, SENTENCE = 512 };

static void print_title(FILE *out, const char *title, const mj_style *style)
{
    fprintf(out, "\n%s%s%s\n", mj_paint_code(MJ_PAINT_BOLD, style), title,
            mj_paint_code(MJ_PAINT_NONE, style));
}

/* Text that came from a file, on a line of its own after a name. */
static void print_field(FILE *out, const char *name, const char *text)
{
    char clean[SENTENCE];
    if (text && *text) {
        fprintf(out, "  %-10s %s\n", name, mj_text_clean(clean, sizeof clean, text));
    }
}

static void print_source(FILE *out, mj_facts *facts, const char *key)
{
    const mj_source *source;
    if (!key || !*key) {
        print_field(out, "source", "none: assumed");
        return;
    }
    print_field(out, "source", key);
    if (mj_facts_source(&source, facts, key, NULL) != MJ_OK) {
        print_field(out, "", "not in sources.yaml");
        return;
    }
    print_field(out, "", source->title);
    print_field(out, "", source->url);
    if (source->year > 0) {
        fprintf(out, "  %-10s %d\n", "year", source->year);
    }
    print_field(out, "checked", source->check);
}

static char *value_text(double value, const char *unit, char *buf, size_t size)
{
    return unit && strcmp(unit, "1") != 0 ? mj_units_format(value, unit, buf, size)
                                          : mj_number_format(value, buf, size);
}

static void print_interval(FILE *out, const char *name, const mj_quantity *q)
{
    char lo[NUMBER], typ[NUMBER], hi[NUMBER];
    fprintf(out, "  %-10s %s (%s to %s), %s\n", name, value_text(q->typ, q->unit, typ, NUMBER),
            value_text(q->lo, q->unit, lo, NUMBER), value_text(q->hi, q->unit, hi, NUMBER),
            mj_class_text(q->cls));
}

static void print_fact(FILE *out, mj_facts *facts, const char *key)
{
    const mj_fact *fact;
    print_field(out, "fact", key);
    if (mj_facts_find(&fact, facts, key, NULL) != MJ_OK) {
        print_field(out, "", "not among the facts that are loaded");
        return;
    }
    print_field(out, "", fact->what);
    fprintf(out, "  %-10s %g (%g to %g) %s, %s\n", "published", fact->value.typ, fact->value.lo,
            fact->value.hi, fact->value.unit ? fact->value.unit : "",
            mj_class_text(fact->value.cls));
    fprintf(out, "  %-10s boundary %s", "taken", mj_boundary_names[fact->boundary]);
    if (fact->year > 0) {
        fprintf(out, ", %d", fact->year);
    }
    if (fact->node_m > 0) {
        fprintf(out, ", %g nm", 1e9 * fact->node_m);
    }
    if (fact->vdd_V > 0) {
        fprintf(out, ", %g V", fact->vdd_V);
    }
    fputc('\n', out);
    print_field(out, "note", fact->note);
}

/* The fitted constants that the line rests on, and what other lines took out of it. */
static void print_constants(FILE *out, const mj_bill *bill, const mj_line *line)
{
    mj_fit_constant constant[MJ_FIT_CONSTANTS_MAX];
    int n = mj_fit_constants(constant, bill, line);
    for (int i = 0; i < n; i++) {
        char value[NUMBER];
        fprintf(out, "  %-10s %s, %s\n", constant[i].name,
                value_text(constant[i].value, constant[i].unit, value, sizeof value),
                constant[i].meaning);
    }
}

/* Where the line's unit energy comes from: a fact, the chip's file, or a fit. */
static void print_origin(FILE *out, const mj_explain_view *view, const mj_line *line,
                         mj_citations *list)
{
    const mj_bill *bill = view->view.bill;
    if (line->fact) {
        print_interval(out, "value", line->fact);
        if (line->fact->fact) {
            print_fact(out, view->facts, line->fact->fact);
        } else {
            print_field(out, "written in", bill->chip->name);
        }
    } else if (bill->chip->closure == MJ_CLOSURE_CALIBRATED) {
        const char *variant = bill->chip->text[bill->serving.variant].name;
        bool text = bill->model->output == MJ_OUTPUT_TOKEN;
        fprintf(out, "  %-10s %s%s of %s\n", "fit", text ? "constants " : "image constants",
                text && variant ? variant : "", bill->chip->name);
        print_constants(out, bill, line);
    }
    print_field(out, "class", mj_class_text(line->cls));
    if (view->choice->n > 1 && mj_cite(list, line->source) > 0) {
        print_field(out, "source", line->source); /* in full once, at the end */
    } else {
        print_source(out, view->facts, line->source);
    }
}

static void print_sources(FILE *out, const mj_explain_view *view, const mj_citations *list,
                          const mj_style *style)
{
    if (list->n > 0) {
        print_title(out, "Sources", style);
    }
    for (int i = 0; i < list->n; i++) {
        print_source(out, view->facts, list->key[i]);
    }
}

/* Power that flows with time costs what the step is long: why is it that long? */
static void print_step_length(FILE *out, const mj_bill *bill, const mj_line *line)
{
    char made_of[SENTENCE], time[NUMBER], text[2 * SENTENCE];
    const char *unit = line->count_unit ? line->count_unit : "";
    bool is_timed = strcmp(unit, "s") == 0 || strcmp(unit, "B s") == 0;
    if (is_timed && mj_step_words(made_of, sizeof made_of, bill)) {
        snprintf(text, sizeof text, "%s long, %s",
                 mj_units_format(bill->step.step_s, "s", time, sizeof time), made_of);
        print_field(out, "step", text);
    }
}

static void print_line(FILE *out, const mj_explain_view *view, const mj_line *line,
                       mj_citations *list, const mj_style *style)
{
    char title[NAME], joules[NUMBER], lo[NUMBER], hi[NUMBER], count[NUMBER], unit[NUMBER];
    const mj_bill *bill = view->view.bill;
    snprintf(title, sizeof title, "%s: %s", mj_component_text(line->component),
             line->label ? line->label : mj_component_meaning(line->component));
    print_title(out, title, style);
    fprintf(out, "  %-10s %s/%s (%s to %s), %.2f %% of the bill, ", "joules",
            mj_units_format(line->joules, "J", joules, sizeof joules),
            mj_output_names[bill->model->output], mj_units_format(line->lo_J, "J", lo, sizeof lo),
            mj_units_format(line->hi_J, "J", hi, sizeof hi), 100 * line->share);
    if (isfinite(line->cap)) {
        fprintf(out, "cap %.3gx\n", line->cap);
    } else {
        fputs("nothing else is left without it\n", out);
    }
    fprintf(out, "  %-10s joules = count x energy of one = %s x %s = %s\n", "formula",
            mj_count_format(line->count, line->count_unit ? line->count_unit : "1", count,
                       sizeof count),
            mj_line_unit_format(line, unit, sizeof unit), joules);
    print_field(out, "count", line->formula);
    print_step_length(out, bill, line);
    if (line->scales > 0) {
        fprintf(out, "  %-10s an overhead: %g of every line within its boundary; it shrinks when "
                     "they do\n", "scales", line->scales);
    }
    print_origin(out, view, line, list);
}

enum { OP_COLUMNS = 8 };

static const char *or_blank(double value, const char *unit, mj_arena *arena)
{
    char text[NUMBER];
    return value != 0 ? mj_arena_printf(arena, "%s", mj_count_format(value, unit, text, sizeof text))
                      : "";
}

static mj_status print_ops(FILE *out, const mj_bill *bill, const mj_style *style, mj_arena *arena,
                           mj_err *err)
{
    static const mj_column column[OP_COLUMNS] = {
        {"op", false}, {"layers", true}, {"format", false}, {"weights", true}, {"bytes", true},
        {"MAC", true}, {"state", true}, {"state MAC", true},
    };
    const mj_ops *ops = &bill->ops;
    if (ops->n == 0) {
        return MJ_OK;
    }
    const char **cell = mj_arena_array(arena, (size_t)ops->n * OP_COLUMNS + 1, sizeof *cell);
    if (!cell) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    for (int i = 0; i < ops->n; i++) {
        const mj_op *op = &ops->op[i];
        const char **row = cell + (size_t)i * OP_COLUMNS;
        row[0] = op->what;
        row[1] = mj_arena_printf(arena, "%d", op->repeats);
        row[2] = mj_format_names[op->format];
        row[3] = or_blank(op->weights, "1", arena);
        row[4] = or_blank(op->weight_B, "B", arena);
        row[5] = or_blank(op->mac, "1", arena);
        row[6] = or_blank(op->state_B, "B", arena);
        row[7] = or_blank(op->state_mac, "1", arena);
    }
    mj_table table = {column, cell, NULL, OP_COLUMNS, ops->n};
    char title[NAME];
    snprintf(title, sizeof title, "Operations a sequence and %s, all layers",
             mj_output_names[bill->model->output]);
    print_title(out, title, style);
    mj_table_print(out, &table, style);
    return MJ_OK;
}

static void print_step(FILE *out, const mj_bill *bill, const mj_style *style, mj_arena *arena)
{
    static const mj_column column[] = {{NULL, false}, {NULL, true}, {NULL, false}};
    const char *cell[3 * 32];
    int n = 0;
    for (int i = 0; i < mj_n_step_names; i++) {
        const mj_step_name *name = &mj_step_names[i];
        double value;
        memcpy(&value, (const char *)&bill->step + name->offset, sizeof value);
        if (value != 0) {
            cell[3 * n] = name->name;
            cell[3 * n + 1] = or_blank(value, name->unit, arena);
            cell[3 * n + 2] = name->meaning;
            n++;
        }
    }
    if (n == 0) {
        return;
    }
    mj_table table = {column, cell, NULL, 3, n};
    /* Fits are of one device; an event sum adds up the machine. */
    char title[NAME];
    snprintf(title, sizeof title, "%s, %s",
             bill->model->output == MJ_OUTPUT_TOKEN ? "One step (a token of every sequence)"
                                                    : "One batch",
             bill->chip->closure == MJ_CLOSURE_CALIBRATED ? "each device" : "all devices");
    print_title(out, title, style);
    mj_table_print(out, &table, style);
}

static void print_split(FILE *out, const mj_explain_view *view, const mj_style *style)
{
    mj_split split;
    mj_split_compute(&split, view->view.bill);
    if (split.n == 0) {
        return;
    }
    print_title(out, "How the fitted total divides", style);
    fprintf(out, "  at the device = fitted at the board's input x %g, the regulators' efficiency\n"
                 "  (the rest is power.vrm); published is what the device itself takes\n",
            split.efficiency);
    const mj_column column[] = {{"an energy", false},       {"fitted", true},
                                {"at the device", true},    {"published", true},
                                {"transport.calibrated", true}, {"source", false}};
    char text[2][4][NUMBER], source[2][NAME];
    const char *cell[2 * 6];
    for (int i = 0; i < split.n; i++) {
        const char *unit = split.part[i].unit;
        const mj_quantity *published = split.part[i].published;
        double at_device = split.part[i].fitted * split.efficiency;
        cell[6 * i] = split.part[i].what;
        cell[6 * i + 1] = mj_units_format(split.part[i].fitted, unit, text[i][0], NUMBER);
        cell[6 * i + 2] = mj_units_format(at_device, unit, text[i][1], NUMBER);
        cell[6 * i + 3] = mj_units_format(split.part[i].device, unit, text[i][2], NUMBER);
        cell[6 * i + 4] = mj_units_format(at_device - split.part[i].device, unit, text[i][3],
                                          NUMBER);
        cell[6 * i + 5] = mj_text_clean(source[i], NAME,
                                        published && published->source ? published->source : "");
    }
    mj_table table = {column, cell, NULL, 6, split.n};
    mj_table_print(out, &table, style);
}

/* Joules of all lines of a component. */
static double component_J(const mj_ledger *ledger, mj_component component)
{
    double sum_J = 0;
    for (int i = 0; i < ledger->n; i++) {
        sum_J += ledger->line[i].component == component ? ledger->line[i].joules : 0;
    }
    return sum_J;
}

/* Two fits explain the same totals by different causes: both, side by side. */
static void print_variants(FILE *out, const mj_explain_view *view, const mj_style *style,
                           mj_arena *arena)
{
    const mj_bill *bill = view->view.bill, *other = view->other;
    if (!other) {
        return;
    }
    const mj_text_fit *fit = bill->chip->text;
    const mj_column column[] = {{"cause", false},
                                {fit[bill->serving.variant].name, true},
                                {fit[other->serving.variant].name, true}};
    const char *cell[3 * (MJ_COMPONENT_N + 1)];
    int n = 0;
    for (int c = 0; c < MJ_COMPONENT_N; c++) {
        double own_J = component_J(&bill->ledger, (mj_component)c);
        double other_J = component_J(&other->ledger, (mj_component)c);
        if (own_J != 0 || other_J != 0) {
            cell[3 * n] = mj_component_text((mj_component)c);
            cell[3 * n + 1] = or_blank(own_J, "J", arena);
            cell[3 * n + 2] = or_blank(other_J, "J", arena);
            n++;
        }
    }
    cell[3 * n] = "total";
    cell[3 * n + 1] = or_blank(bill->joules, "J", arena);
    cell[3 * n + 2] = or_blank(other->joules, "J", arena);
    mj_table table = {column, cell, NULL, 3, n + 1};
    print_title(out, "Two fits of the same measurements, joules by cause", style);
    mj_table_print(out, &table, style);
}

static void print_total(FILE *out, const mj_bill *bill, const mj_style *style)
{
    char joules[NUMBER], lo[NUMBER], hi[NUMBER], power[NUMBER], time[NUMBER], batch[NUMBER];
    const mj_step *step = &bill->step;
    print_title(out, "total: the sum of the lines below", style);
    fprintf(out, "  %-10s %s/%s ", "joules",
            mj_units_format(bill->joules, "J", joules, sizeof joules),
            mj_output_names[bill->model->output]);
    if (bill->chip->closure == MJ_CLOSURE_ENVELOPE && bill->lo_J == bill->hi_J) {
        fputs("as its author gives it", out);
    } else {
        fprintf(out, "(90 %%: %s to %s)", mj_units_format(bill->lo_J, "J", lo, sizeof lo),
                mj_units_format(bill->hi_J, "J", hi, sizeof hi));
    }
    fprintf(out, ", closure %s\n", mj_closure_names[bill->chip->closure]);
    if (bill->chip->closure == MJ_CLOSURE_CALIBRATED && step->power_W > 0) {
        fprintf(out, "  %-10s P G t / B = %s x %d x %s / %s, at the board\n", "formula",
                mj_units_format(step->power_W, "W", power, sizeof power), bill->serving.devices,
                mj_units_format(step->step_s, "s", time, sizeof time),
                mj_number_format(bill->serving.batch, batch, sizeof batch));
    }
    double check_J = mj_fit_cross_check_J(bill);
    if (check_J > 0) {
        fprintf(out, "  %-10s c x FLOP = %s/%s; predicted / cross-check %.3g\n", "check",
                mj_units_format(check_J, "J", joules, sizeof joules),
                mj_output_names[bill->model->output], bill->joules / check_J);
    }
}

/* The split concerns memory, arithmetic and transport, and the total. */
static bool split_concerns(const mj_explain_view *view)
{
    const mj_ledger *ledger = &view->view.bill->ledger;
    for (int i = 0; i < ledger->n; i++) {
        mj_component c = ledger->line[i].component;
        if (view->choice->chosen[i] &&
            (c == MJ_TRANSPORT || c == MJ_ARITH_MAC || c == MJ_DRAM_WEIGHTS || c == MJ_DRAM_KV ||
             c == MJ_DRAM_ACT)) {
            return true;
        }
    }
    return false;
}

mj_status mj_explain_print_text(FILE *out, const mj_explain_view *view, const mj_style *style,
                                mj_arena *arena, mj_err *err)
{
    const mj_bill *bill = view->view.bill;
    mj_citations list = {.n = 0};
    mj_bill_print_headline(out, bill, style);
    if (view->choice->total) {
        print_total(out, bill, style);
    }
    for (int i = 0; i < bill->ledger.n; i++) {
        if (view->choice->chosen[i]) {
            print_line(out, view, &bill->ledger.line[i], &list, style);
        }
    }
    mj_legend_print(out, view, style, arena);
    if (split_concerns(view)) {
        print_split(out, view, style);
    }
    print_step(out, bill, style, arena);
    MJ_TRY(print_ops(out, bill, style, arena, err));
    print_variants(out, view, style, arena);
    print_sources(out, view, &list, style);
    return MJ_OK;
}
