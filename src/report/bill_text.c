/* Bill as text: headline, one row a cause by size, total, then what the machine does.
 *
 *     llama-3.1-70b bf16 on 4 h100, batch 64, prompt 220, output 350, boundary board
 *
 *       908 mJ/token  90 %: 690 mJ to 1.27 J  calibrated: totals fitted to measured machines
 *       797 mJ/token  measured by lm-arena-chat at batch 63.8 [zeus2025], predicted / measured 1.14
 *
 *                 cause          joules  share  cap    rests on        what
 *       ########  idle.board     562 mJ  61.9%  2.63x  derived [1]     power that flows whatever...
 *
 * A cause that has several lines in the ledger is one row: their sum, with the largest one's class
 * and source, and how many they are. Nothing is hidden: causes below 0.1 % are greyed. Sources
 * are numbered so that a row fits in 100 columns; mj explain gives each line in full. */
#include "mj/report.h"

#include "bill_words.h"
#include "mj/text.h"
#include "mj/units.h"
#include <math.h>
#include <string.h>

enum { BAR_COLUMNS = 8, NUMBER = 32, NAME = 128 };

/* Causes whose share is below this are greyed. */
static const double small_share = 0.001;

const char *mj_report_model_name(const mj_model *model)
{
    if (model->name && *model->name) {
        return model->name;
    }
    return model->id ? model->id : "model";
}

mj_format mj_report_precision(const mj_bill *bill)
{
    int asked = bill->serving.precision;
    return asked != MJ_FORMAT_NONE ? (mj_format)asked : mj_model_format(bill->model);
}

static mj_paint component_paint(mj_component component)
{
    static const struct {
        const char *prefix;
        mj_paint paint;
    } rows[] = {
        {"dram.", MJ_PAINT_MEMORY},    {"sram.", MJ_PAINT_MEMORY},
        {"rom.", MJ_PAINT_MEMORY},     {"nvm.", MJ_PAINT_MEMORY},
        {"arith.", MJ_PAINT_ARITHMETIC}, {"control", MJ_PAINT_ARITHMETIC},
        {"operand.", MJ_PAINT_ARITHMETIC}, {"idle.", MJ_PAINT_TIME},
        {"active.", MJ_PAINT_TIME},    {"leak.", MJ_PAINT_TIME},
        {"clock", MJ_PAINT_TIME},      {"host.", MJ_PAINT_TIME},
        {"power.", MJ_PAINT_TIME},     {"cool.", MJ_PAINT_TIME},
        {"fleet.", MJ_PAINT_TIME},     {"unexplained", MJ_PAINT_UNKNOWN},
    };
    const char *text = mj_component_text(component);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strncmp(text, rows[i].prefix, strlen(rows[i].prefix)) == 0) {
            return rows[i].paint;
        }
    }
    return MJ_PAINT_MOVEMENT;
}

/* All lines of one component. */
typedef struct {
    mj_component component;
    double joules, share;
    const mj_line *largest;
    int n;
} cause;

/* Collects the ledger's causes, largest first; equal ones keep their order. Returns how many. */
static int collect_causes(cause *list, const mj_ledger *ledger)
{
    int n = 0;
    for (int i = 0; i < ledger->n; i++) {
        const mj_line *line = &ledger->line[i];
        int k = 0;
        while (k < n && list[k].component != line->component) {
            k++;
        }
        if (k == n) {
            list[n++] = (cause){.component = line->component, .largest = line};
        }
        list[k].joules += line->joules;
        list[k].share += line->share;
        list[k].largest = line->joules > list[k].largest->joules ? line : list[k].largest;
        list[k].n++;
    }
    for (int i = 1; i < n; i++) {
        cause moved = list[i];
        int j = i;
        for (; j > 0 && list[j - 1].joules < moved.joules; j--) {
            list[j] = list[j - 1];
        }
        list[j] = moved;
    }
    return n;
}

void mj_bill_print_headline(FILE *out, const mj_bill *bill, const mj_style *style)
{
    const mj_serving *s = &bill->serving;
    char model[NAME], chip[NAME], batch[NUMBER], a[NUMBER], b[NUMBER];
    fprintf(out, "%s%s %s on %d %s%s, batch %s", mj_paint_code(MJ_PAINT_BOLD, style),
            mj_text_clean(model, sizeof model, mj_report_model_name(bill->model)),
            mj_format_names[mj_report_precision(bill)], s->devices,
            mj_text_clean(chip, sizeof chip, bill->chip->name),
            mj_paint_code(MJ_PAINT_NONE, style), mj_number_format(s->batch, batch, sizeof batch));
    if (bill->model->output != MJ_OUTPUT_TOKEN) {
        fprintf(out, ", %d x %d", s->width, s->height);
        if (s->frames > 1) {
            fprintf(out, ", %d frames", s->frames);
        }
        fprintf(out, ", %d steps", s->steps);
    } else if (s->context > 0) {
        fprintf(out, ", context %s, no prompt", mj_number_format(s->context, a, sizeof a));
    } else {
        fprintf(out, ", prompt %s, output %s",
                mj_number_format(s->no_prompt ? 0 : s->prompt, a, sizeof a),
                mj_number_format(s->output, b, sizeof b));
    }
    fprintf(out, ", boundary %s\n", mj_boundary_names[s->boundary]);
}

static void print_result(FILE *out, const mj_bill *bill, const mj_style *style)
{
    char joules[NUMBER], lo[NUMBER], hi[NUMBER];
    fprintf(out, "  %s%s/%s%s  90 %%: %s to %s  %s: %s\n", mj_paint_code(MJ_PAINT_BOLD, style),
            mj_units_format(bill->joules, "J", joules, sizeof joules), mj_output_noun(bill),
            mj_paint_code(MJ_PAINT_NONE, style), mj_units_format(bill->lo_J, "J", lo, sizeof lo),
            mj_units_format(bill->hi_J, "J", hi, sizeof hi),
            mj_closure_names[bill->chip->closure], mj_closure_meaning(bill->chip->closure));
}

static const char *cap_text(double cap, mj_arena *arena)
{
    if (!isfinite(cap)) {
        return "no limit";
    }
    return mj_arena_printf(arena, cap < 9.995 ? "%.2fx" : "%.0fx", cap);
}

static const char *share_text(double share, mj_arena *arena)
{
    if (share > 0 && share < 0.0005) {
        return "<0.1%";
    }
    return mj_arena_printf(arena, "%.1f%%", 100 * share);
}

enum { BILL_COLUMNS = 7 };

/* The seven cells of a cause. largest: joules of a full bar. */
static void fill_row(const char **cell, const cause *c, const mj_ledger *ledger, double largest,
                     mj_citations *list, mj_arena *arena, const mj_style *style)
{
    char bar[3 * BAR_COLUMNS + 1], joules[NUMBER], label[NAME];
    mj_bar(bar, sizeof bar, largest > 0 ? c->joules / largest : 0, BAR_COLUMNS, style);
    int source = mj_cite(list, c->largest->source);
    const char *cls = mj_class_text(c->largest->cls);
    const char *own = c->largest->label ? c->largest->label : "";
    mj_text_clean(label, sizeof label, c->n > 1 ? mj_component_meaning(c->component) : own);
    cell[0] = mj_arena_text(arena, bar, strlen(bar));
    cell[1] = mj_component_text(c->component);
    cell[2] = mj_arena_printf(arena, "%s", mj_units_format(c->joules, "J", joules, sizeof joules));
    cell[3] = share_text(c->share, arena);
    cell[4] = cap_text(mj_ledger_cap(ledger, c->component), arena);
    cell[5] = source ? mj_arena_printf(arena, "%s [%d]", cls, source) : cls;
    cell[6] = c->n > 1 ? mj_arena_printf(arena, "%d lines: %s", c->n, label)
                       : mj_arena_printf(arena, "%s", label);
}

static mj_status print_causes(FILE *out, const mj_bill *bill, const mj_style *style,
                              mj_citations *list, mj_arena *arena, mj_err *err)
{
    static const mj_column column[BILL_COLUMNS] = {
        {"", false}, {"cause", false}, {"joules", true}, {"share", true},
        {"cap", true}, {"rests on", false}, {"what", false},
    };
    cause causes[MJ_COMPONENT_N];
    mj_paint paint[MJ_COMPONENT_N + 1];
    int n = collect_causes(causes, &bill->ledger);
    const char **cell = mj_arena_array(arena, ((size_t)n + 1) * BILL_COLUMNS, sizeof *cell);
    if (!cell) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    for (int i = 0; i < n; i++) {
        fill_row(cell + (size_t)i * BILL_COLUMNS, &causes[i], &bill->ledger, causes[0].joules,
                 list, arena, style);
        paint[i] = causes[i].share < small_share ? MJ_PAINT_DIM
                                                 : component_paint(causes[i].component);
    }
    char joules[NUMBER];
    const char **total = cell + (size_t)n * BILL_COLUMNS;
    total[1] = "total";
    total[2] = mj_arena_printf(arena, "%s",
                               mj_units_format(bill->joules, "J", joules, sizeof joules));
    total[3] = "100%";
    paint[n] = MJ_PAINT_BOLD;
    mj_table table = {column, cell, paint, BILL_COLUMNS, n + 1};
    mj_table_print(out, &table, style);
    return MJ_OK;
}

static void print_sources(FILE *out, const mj_citations *list, const mj_style *style)
{
    int width = style->width > 0 ? style->width : 100;
    int used = 0;
    for (int i = 0; i < list->n; i++) {
        char key[NAME], item[NAME + 16];
        int n = snprintf(item, sizeof item, "  [%d] %s", i + 1,
                         mj_text_clean(key, sizeof key, list->key[i]));
        if (used > 0 && used + n > width) {
            fputc('\n', out);
            used = 0;
        }
        fputs(item, out);
        used += n;
    }
    if (used > 0) {
        fputc('\n', out);
    }
}

static void print_hints(FILE *out, const mj_bill_view *view, const mj_style *style)
{
    const mj_bill *bill = view->bill;
    cause causes[MJ_COMPONENT_N];
    char model[NAME], chip[NAME];
    if (collect_causes(causes, &bill->ledger) == 0) {
        return;
    }
    fprintf(out, "\n%s  mj explain %s on %s %s   formula, numbers and source of a line\n",
            mj_paint_code(MJ_PAINT_DIM, style), mj_text_clean(model, sizeof model, view->model),
            mj_text_clean(chip, sizeof chip, view->chip),
            mj_component_text(causes[0].component));
    if (bill->serving.boundary < MJ_BOUNDARY_FACILITY &&
        bill->chip->closure != MJ_CLOSURE_ENVELOPE) {
        fputs("  --boundary facility   adds host, power supplies and cooling\n", out);
    }
    fputs(mj_paint_code(MJ_PAINT_NONE, style), out);
}

mj_status mj_bill_print_text(FILE *out, const mj_bill_view *view, const mj_style *style,
                             mj_arena *arena, mj_err *err)
{
    static const mj_column column[] = {{NULL, false}, {NULL, false}};
    const mj_bill *bill = view->bill;
    mj_citations list = {.n = 0};
    mj_figures found = {.n = 0};
    mj_bill_print_headline(out, bill, style);
    fputc('\n', out);
    print_result(out, bill, style);
    if (view->measured) {
        fputs("  ", out);
        mj_measured_print(out, bill, view->measured);
        fputc('\n', out);
    }
    fputc('\n', out);
    MJ_TRY(print_causes(out, bill, style, &list, arena, err));
    print_sources(out, &list, style);
    fputc('\n', out);
    mj_figures_collect(&found, view, arena);
    mj_table table = {column, found.cell, NULL, 2, found.n};
    mj_table_print(out, &table, style);
    print_hints(out, view, style);
    return MJ_OK;
}
