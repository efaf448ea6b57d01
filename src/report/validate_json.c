/* Validation as JSON and CSV: errors by group, and every row with both figures.
 *
 *     {"schema": 1, "rows": .., "skipped": [{"reason": .., "rows": .., "first_line": ..}],
 *      "by": [{"task": "text", "gpu": "H100", "class": "all", "devices": "all", "rows": ..,
 *              "coverage": .., "clamped": .., "energy": {"median": .., "p90": .., "worst": ..,
 *              "bias": .., "tau": ..}, "power": {..}, "throughput": {..}}]}
 *
 * Errors and coverage are fractions; a tau that does not exist is null, in CSV an empty cell. */
#include "mj/report.h"

#include "mj/json.h"
#include "mj/text.h"
#include <math.h>
#include <string.h>

enum { CELL_MAX_B = 512 };

static mj_json *errors_to_json(const mj_errors *e)
{
    mj_json *object = mj_json_object();
    mj_json_set_number(object, "median", e->median);
    mj_json_set_number(object, "p90", e->p90);
    mj_json_set_number(object, "worst", e->worst);
    mj_json_set_number(object, "bias", e->bias);
    mj_json_set_number(object, "tau", e->tau);
    return object;
}

static mj_json *group_to_json(const mj_group *group)
{
    mj_json *object = mj_json_object();
    mj_json_set_text(object, "task", group->task);
    mj_json_set_text(object, "gpu", group->gpu);
    mj_json_set_text(object, "class", group->cls);
    mj_json_set_text(object, "devices", group->devices);
    mj_json_set_integer(object, "rows", group->rows);
    mj_json_set_number(object, "coverage", group->coverage);
    mj_json_set_integer(object, "clamped", group->clamped);
    for (int f = 0; f < MJ_FIGURES_N; f++) {
        mj_json_set(object, mj_figure_names[f], errors_to_json(&group->figure[f]));
    }
    return object;
}

mj_status mj_validation_print_json(FILE *out, const mj_validation_view *view, mj_err *err)
{
    const mj_validation *v = view->validation;
    mj_json *root = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_integer(root, "rows", v->n_rows);
    mj_json *skipped = mj_json_array();
    for (int i = 0; i < v->n_skips; i++) {
        mj_json *skip = mj_json_object();
        char reason[CELL_MAX_B];
        mj_json_set_text(skip, "reason",
                         mj_text_clean(reason, sizeof reason, v->skip[i].reason));
        mj_json_set_integer(skip, "rows", v->skip[i].rows);
        mj_json_set_integer(skip, "first_line", v->skip[i].line);
        mj_json_append(skipped, skip);
    }
    mj_json_set(root, "skipped", skipped);
    mj_json *by = mj_json_array();
    for (int i = 0; i < view->n_groups; i++) {
        mj_json_append(by, group_to_json(&view->group[i]));
    }
    mj_json_set(root, "by", by);
    mj_status status = mj_json_print(root, out, err);
    mj_json_free(root);
    return status;
}

/* A text cell, quoted when it has to be, and the comma that follows it. */
static void print_text(FILE *out, const char *text)
{
    char clean[CELL_MAX_B];
    mj_text_clean(clean, sizeof clean, text);
    if (!strpbrk(clean, ",\"")) {
        fprintf(out, "%s,", clean);
        return;
    }
    fputc('"', out);
    for (const char *c = clean; *c; c++) {
        fputs(*c == '"' ? "\"\"" : (char[]){*c, '\0'}, out);
    }
    fputs("\",", out);
}

/* A number with all its digits, empty if it is not finite, and what follows it. */
static void print_number(FILE *out, double number, char next)
{
    if (isfinite(number)) {
        fprintf(out, "%.17g", number);
    }
    fputc(next, out);
}

void mj_validation_print_csv(FILE *out, const mj_validation_view *view)
{
    fputs("task,gpu,class,devices,rows,clamped", out);
    for (int f = 0; f < MJ_FIGURES_N; f++) {
        const char *name = mj_figure_names[f];
        fprintf(out, ",%s_median,%s_p90,%s_worst,%s_bias,%s_tau", name, name, name, name, name);
    }
    fputs(",coverage\n", out);
    for (int i = 0; i < view->n_groups; i++) {
        const mj_group *g = &view->group[i];
        print_text(out, g->task);
        print_text(out, g->gpu);
        fprintf(out, "%s,%s,%d,%d,", g->cls, g->devices, g->rows, g->clamped);
        for (int f = 0; f < MJ_FIGURES_N; f++) {
            const mj_errors *e = &g->figure[f];
            const double value[] = {e->median, e->p90, e->worst, e->bias, e->tau};
            for (int k = 0; k < 5; k++) {
                print_number(out, value[k], ',');
            }
        }
        print_number(out, g->coverage, '\n');
    }
}

void mj_validation_print_rows(FILE *out, const mj_validation *v)
{
    fputs("line,id,task,model,gpu,devices,batch,prompt,output,spread,contention,measured_J,"
          "predicted_J,lo_J,hi_J,measured_W,predicted_W,unclamped_W,measured_per_s,"
          "predicted_per_s,clamped\n", out);
    for (int i = 0; i < v->n_rows; i++) {
        const mj_row *row = &v->row[i];
        const mj_serving *s = &row->serving;
        bool text = row->model->output == MJ_OUTPUT_TOKEN;
        fprintf(out, "%d,", row->line);
        print_text(out, row->id);
        print_text(out, row->task);
        print_text(out, mj_report_model_name(row->model));
        print_text(out, v->gpu[row->gpu]);
        fprintf(out, "%d,", s->devices);
        print_number(out, s->batch, ',');
        print_number(out, text ? s->prompt : NAN, ',');
        print_number(out, text ? s->output : NAN, ',');
        print_number(out, text ? s->spread : NAN, ',');
        fprintf(out, "%d,", row->contention);
        const double value[] = {row->measured[MJ_FIGURE_ENERGY], row->predicted[MJ_FIGURE_ENERGY],
                                row->lo_J, row->hi_J,
                                row->measured[MJ_FIGURE_POWER], row->predicted[MJ_FIGURE_POWER],
                                row->unclamped_W,
                                row->measured[MJ_FIGURE_THROUGHPUT],
                                row->predicted[MJ_FIGURE_THROUGHPUT]};
        for (size_t k = 0; k < sizeof value / sizeof value[0]; k++) {
            print_number(out, value[k], ',');
        }
        fprintf(out, "%d\n", row->clamped);
    }
}
