/* Bill as text: headline, one row a cause by size, total, then what the machine does.
 *
 *     llama-3.1-70b bf16 on 4 h100, batch 64, prompt 220, output 350, boundary board
 *
 *       908 mJ/token  90 %: 690 mJ to 1.27 J  calibrated, fit a: totals fitted to measured machines
 *       797 mJ/token  measured by lm-arena-chat at batch 63.8 [zeus2025], predicted / measured 1.14
 *
 *                 cause          joules  share  cap    rests on        what
 *       ########  idle.board     562 mJ  61.9%  2.63x  derived [1]     power that flows whatever...
 *
 * A cause that has several lines in the ledger is one row: their sum, with the largest one's class
 * and source, and how many they are. Nothing is hidden: causes below 0.1 % are greyed. Sources
 * are numbered so that a row fits in 100 columns; mj explain gives each line in full. */
#include "mj/report.h"

#include "bill_table.h"
#include "bill_words.h"
#include "mj/text.h"
#include "mj/units.h"
#include <stdlib.h>
#include <string.h>

enum { NUMBER = 32, NAME = 128, SENTENCE = 512 };

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

/* ", batch 64, prompt 220, output 350, boundary board" */
static void serving_text(char *buf, size_t size, const mj_bill *bill)
{
    const mj_serving *s = &bill->serving;
    char batch[NUMBER], a[NUMBER], b[NUMBER], frames[NUMBER] = "", run[NAME];
    if (bill->model->output != MJ_OUTPUT_TOKEN) {
        if (s->frames > 1) {
            snprintf(frames, sizeof frames, ", %d frames", s->frames);
        }
        bool tables = bill->model->kind == MJ_MODEL_LUT; /* each of its pixels is an evaluation */
        snprintf(run, sizeof run, "%d x %d%s, %d %s", s->width, s->height, frames,
                 tables ? bill->model->lut.evaluations : s->steps,
                 !tables                              ? "steps"
                 : bill->model->lut.evaluations == 1 ? "evaluation"
                                                      : "evaluations");
    } else if (s->context > 0) {
        snprintf(run, sizeof run, "context %s, no prompt",
                 mj_number_format(s->context, a, sizeof a));
    } else {
        snprintf(run, sizeof run, "prompt %s, output %s",
                 mj_number_format(s->no_prompt ? 0 : s->prompt, a, sizeof a),
                 mj_number_format(s->output, b, sizeof b));
    }
    snprintf(buf, size, ", batch %s, %s, boundary %s",
             mj_number_format(s->batch, batch, sizeof batch), run, mj_boundary_names[s->boundary]);
}

void mj_bill_print_headline(FILE *out, const mj_bill *bill, const mj_style *style)
{
    char model[NAME], chip[NAME], subject[3 * NAME], serving[3 * NAME];
    snprintf(subject, sizeof subject, "%s %s on %d %s",
             mj_text_clean(model, sizeof model, mj_report_model_name(bill->model)),
             bill->model->kind == MJ_MODEL_LUT ? "bits" : mj_format_names[mj_report_precision(bill)],
             bill->serving.devices,
             mj_text_clean(chip, sizeof chip, bill->chip->name));
    fprintf(out, "%s%s%s", mj_paint_code(MJ_PAINT_BOLD, style), subject,
            mj_paint_code(MJ_PAINT_NONE, style));
    serving_text(serving, sizeof serving, bill);
    mj_wrap_print(out, serving, mj_text_width(subject), 2, style);
    fputc('\n', out);
}

/* The next part of the result's line, or of a new line where the width has no room for it. */
static int print_part(FILE *out, const char *text, int column, const mj_style *style)
{
    int width = style->width > 0 ? style->width : 100;
    if (column + 2 + mj_text_width(text) <= width) {
        fprintf(out, "  %s", text);
        return column + 2 + mj_text_width(text);
    }
    fputs("\n  ", out);
    return mj_wrap_print(out, text, 2, 2, style);
}

static void print_result(FILE *out, const mj_bill *bill, const mj_style *style)
{
    char joules[NUMBER], lo[NUMBER], hi[NUMBER], result[NAME], part[SENTENCE];
    const mj_chip *chip = bill->chip;
    snprintf(result, sizeof result, "  %s/%s",
             mj_units_format(bill->joules, "J", joules, sizeof joules), mj_output_noun(bill));
    fprintf(out, "%s%s%s", mj_paint_code(MJ_PAINT_BOLD, style), result,
            mj_paint_code(MJ_PAINT_NONE, style));
    int column = mj_text_width(result);
    if (chip->closure == MJ_CLOSURE_ENVELOPE && bill->lo_J == bill->hi_J) {
        column = print_part(out, "as its author gives it", column, style);
    } else {
        snprintf(part, sizeof part, "90 %%: %s to %s",
                 mj_units_format(bill->lo_J, "J", lo, sizeof lo),
                 mj_units_format(bill->hi_J, "J", hi, sizeof hi));
        column = print_part(out, part, column, style);
    }
    const char *fit = bill->model->output == MJ_OUTPUT_TOKEN && bill->serving.variant < chip->n_text
                          ? chip->text[bill->serving.variant].name
                          : NULL;
    bool fitted = chip->closure == MJ_CLOSURE_CALIBRATED && fit;
    snprintf(part, sizeof part, "%s%s%.32s: %s", mj_closure_names[chip->closure],
             fitted ? ", fit " : "", fitted ? fit : "", mj_closure_meaning(chip->closure));
    char clean[SENTENCE];
    print_part(out, mj_text_clean(clean, sizeof clean, part), column, style);
    fputc('\n', out);
}

/* The measured figure is written by bill_words.c for documents too, so it is wrapped afterwards. */
static mj_status print_measured(FILE *out, const mj_bill_view *view, const mj_style *style,
                                mj_err *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    mj_measured_print(memory, view->bill, view->measured);
    if (fclose(memory) == 0) {
        int width = style->width > 0 ? style->width : 100;
        char *ratio = 2 + mj_text_width(text) > width ? strstr(text, "; ") : NULL;
        if (ratio) { /* on a line of its own rather than cut in two */
            ratio[1] = '\0';
        }
        fputs("  ", out);
        mj_wrap_print(out, text, 2, 4, style);
        fprintf(out, "%s%s\n", ratio ? "\n    " : "", ratio ? ratio + 2 : "");
    }
    free(text);
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

static void print_figures(FILE *out, const mj_figures *found, const mj_style *style)
{
    int name_columns = 0;
    for (int i = 0; i < found->n; i++) {
        int columns = mj_text_width(found->cell[2 * i]);
        name_columns = columns > name_columns ? columns : name_columns;
    }
    for (int i = 0; i < found->n; i++) {
        int indent = 2 + name_columns + 2;
        fprintf(out, "  %-*s  ", name_columns, found->cell[2 * i]);
        mj_wrap_print(out, found->cell[2 * i + 1], indent, indent, style);
        fputc('\n', out);
    }
}

static void print_hints(FILE *out, const mj_bill_view *view, const mj_style *style)
{
    const mj_bill *bill = view->bill;
    char model[NAME], chip[NAME];
    const char *largest = mj_bill_largest_cause(bill);
    if (!largest || style->quiet) {
        return;
    }
    char command[3 * NAME];
    snprintf(command, sizeof command, "  mj explain %s on %s %s",
             mj_text_clean(model, sizeof model, view->model),
             mj_text_clean(chip, sizeof chip, view->chip), largest);
    fprintf(out, "\n%s%s", mj_paint_code(MJ_PAINT_DIM, style), command);
    print_part(out, "formula, numbers and source of a line", mj_text_width(command), style);
    fputc('\n', out);
    if (bill->serving.boundary < MJ_BOUNDARY_FACILITY &&
        bill->chip->closure != MJ_CLOSURE_ENVELOPE) {
        fputs("  --boundary facility  adds host, power supplies and cooling\n", out);
    }
    fputs(mj_paint_code(MJ_PAINT_NONE, style), out);
}

mj_status mj_bill_print_text(FILE *out, const mj_bill_view *view, const mj_style *style,
                             mj_arena *arena, mj_err *err)
{
    const mj_bill *bill = view->bill;
    mj_citations list = {.n = 0};
    mj_figures found = {.n = 0};
    mj_bill_print_headline(out, bill, style);
    fputc('\n', out);
    print_result(out, bill, style);
    if (view->measured) {
        MJ_TRY(print_measured(out, view, style, err));
    }
    fputc('\n', out);
    MJ_TRY(mj_bill_print_table(out, bill, style, &list, arena, err));
    print_sources(out, &list, style);
    fputc('\n', out);
    mj_figures_collect(&found, view, arena);
    print_figures(out, &found, style);
    print_hints(out, view, style);
    return MJ_OK;
}
