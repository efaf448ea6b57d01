/* Validation for people: errors of energy, power and throughput by workload and machine, the goals
 * and whether they are met, then what no goal speaks of, what was skipped, and notes. */
#include "mj/report.h"

#include "mj/text.h"
#include <math.h>
#include <string.h>

enum { CELL_SIZE = 48, COLUMNS = 9, ROWS_MAX = 96, NAME_SIZE = 96 };

/* One table under construction; cells are owned by it. */
typedef struct {
    char text[ROWS_MAX][COLUMNS][CELL_SIZE];
    const char *cell[ROWS_MAX * COLUMNS];
    mj_paint paint[ROWS_MAX];
    int n_rows;
} sheet;

static const mj_column columns[COLUMNS] = {
    {"what", false}, {"gpu", false}, {"rows", true},  {"energy med / p90", true},
    {"bias", true},  {"tau", true},  {"power", true}, {"throughput", true},
    {"in 90 %", true},
};

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

static void percent(char *cell, double fraction)
{
    snprintf(cell, CELL_SIZE, "%.1f %%", 100 * fraction);
}

static void add_group(sheet *s, const char *what, const mj_group *group)
{
    if (!group || s->n_rows == ROWS_MAX) {
        return;
    }
    char(*cell)[CELL_SIZE] = s->text[s->n_rows];
    const mj_errors *energy = &group->figure[MJ_FIGURE_ENERGY];
    snprintf(cell[0], CELL_SIZE, "%s", what);
    mj_text_clean(cell[1], CELL_SIZE, group->gpu);
    snprintf(cell[2], CELL_SIZE, "%d", group->rows);
    snprintf(cell[3], CELL_SIZE, "%.1f / %.1f %%", 100 * energy->median, 100 * energy->p90);
    snprintf(cell[4], CELL_SIZE, "%+.1f %%", 100 * energy->bias);
    snprintf(cell[5], CELL_SIZE, isnan(energy->tau) ? "-" : "%.3f", energy->tau);
    percent(cell[6], group->figure[MJ_FIGURE_POWER].median);
    percent(cell[7], group->figure[MJ_FIGURE_THROUGHPUT].median);
    percent(cell[8], group->coverage);
    s->paint[s->n_rows] = strcmp(group->gpu, "all") == 0 ? MJ_PAINT_DIM : MJ_PAINT_NONE;
    for (int c = 0; c < COLUMNS; c++) {
        s->cell[s->n_rows * COLUMNS + c] = cell[c];
    }
    s->n_rows++;
}

/* The group of every GPU, then of all of them where there are several. */
static void add_gpus(sheet *s, const mj_validation_view *view, const char *what, const char *task,
                     const char *cls, const char *devices)
{
    const mj_validation *v = view->validation;
    for (int i = 0; i < v->n_gpus; i++) {
        add_group(s, what, mj_group_find(view->group, view->n_groups, task, v->gpu[i], cls,
                                         devices));
    }
    if (v->n_gpus > 1 || strcmp(task, "text") == 0) {
        add_group(s, what,
                  mj_group_find(view->group, view->n_groups, task, "all", cls, devices));
    }
}

static void print_sheet(FILE *out, sheet *s, const char *title, const mj_style *style)
{
    if (s->n_rows > 0) {
        const mj_table table = {columns, s->cell, s->paint, COLUMNS, s->n_rows};
        fprintf(out, "\n%s\n", title);
        mj_table_print(out, &table, style);
    }
    s->n_rows = 0;
}

/* "<= 13 %", ">= 0.9", "85 to 95 %". */
static void print_wanted(char *cell, size_t size, const mj_goal *goal)
{
    if (strcmp(goal->what, "tau") == 0) {
        snprintf(cell, size, ">= %.1f", goal->lo);
    } else if (goal->lo > 0) {
        snprintf(cell, size, "%.0f to %.0f %%", 100 * goal->lo, 100 * goal->hi);
    } else {
        snprintf(cell, size, "<= %.0f %%", 100 * goal->hi);
    }
}

static void print_goals(FILE *out, const mj_validation_view *view, const mj_style *style)
{
    if (view->n_goals > 0) {
        fputs("\nGoals\n", out);
    }
    for (int i = 0; i < view->n_goals; i++) {
        const mj_goal *goal = &view->goal[i];
        char what[NAME_SIZE], gpu[NAME_SIZE], wanted[CELL_SIZE], value[CELL_SIZE];
        snprintf(what, sizeof what, "%s%s%s", goal->task,
                 strcmp(goal->devices, "1") == 0    ? ", one GPU"
                 : strcmp(goal->devices, ">1") == 0 ? ", several"
                                                    : "",
                 strcmp(goal->what, "coverage") == 0 ? ": rows in the interval"
                 : strcmp(goal->what, "tau") == 0    ? ": energy, tau"
                 : strcmp(goal->what, "p90") == 0    ? ": energy, p90"
                                                     : ": energy, median");
        print_wanted(wanted, sizeof wanted, goal);
        if (strcmp(goal->what, "tau") == 0) {
            snprintf(value, sizeof value, "%.3f", goal->value);
        } else {
            percent(value, goal->value);
        }
        fprintf(out, "  %-38s %-6s %8s  %-11s %s%s%s\n", what,
                mj_text_clean(gpu, sizeof gpu, goal->gpu), value, wanted,
                mj_paint_code(goal->met ? MJ_PAINT_ARITHMETIC : MJ_PAINT_UNKNOWN, style),
                goal->met ? "met" : "missed", mj_paint_code(MJ_PAINT_NONE, style));
    }
}

/* Every task of the table without a table line of its own yet. */
static void add_other_tasks(sheet *s, const mj_validation_view *view)
{
    static const char *const shown[] = {"gpqa", "lm-arena-chat", "sourcegraph-fim",
                                        "text-to-image", "text", "flagged", "all"};
    const mj_validation *v = view->validation;
    for (int i = 0; i < v->n_tasks; i++) {
        bool is_shown = false;
        for (size_t k = 0; k < sizeof shown / sizeof shown[0]; k++) {
            is_shown = is_shown || strcmp(v->task[i].name, shown[k]) == 0;
        }
        char name[NAME_SIZE];
        if (!is_shown) {
            mj_text_clean(name, sizeof name, *v->task[i].name ? v->task[i].name : "no task");
            add_gpus(s, view, name, v->task[i].name, "all", "all");
        }
    }
}

static void print_notes(FILE *out, const mj_validation *v)
{
    char clean[MJ_ERR_TEXT];
    for (int i = 0; i < v->n_skips; i++) {
        mj_text_clean(clean, sizeof clean, v->skip[i].reason);
        fprintf(out, "  %d row%s skipped: %s (%s:%d)\n", v->skip[i].rows,
                plural(v->skip[i].rows), clean, v->path, v->skip[i].line);
    }
    for (int i = 0; i < v->n_tasks; i++) {
        if (v->task[i].note) {
            mj_text_clean(clean, sizeof clean, v->task[i].name);
            fprintf(out, "  %s: prompts taken as %.0f tokens (%s)\n", *clean ? clean : "no task",
                    v->task[i].prompt, v->task[i].note);
        }
    }
    fputs("  med, p90: of |predicted / measured - 1|, linear between ranks; bias: median of\n"
          "  predicted / measured - 1; tau: Kendall's tau-b; in 90 %: measured within the\n"
          "  interval; shared hosts: jobs that shared a host, and data-parallel attention\n", out);
}

/* The rows that the power limit slowed down, with the power they would have drawn. */
static void print_clamped(FILE *out, const mj_validation *v)
{
    fputs("\nclamped rows: predicted power before the limit, after it, measured\n", out);
    for (int i = 0; i < v->n_rows; i++) {
        const mj_row *row = &v->row[i];
        char model[NAME_SIZE], task[NAME_SIZE];
        if (row->clamped) {
            mj_text_clean(model, sizeof model, mj_report_model_name(row->model));
            mj_text_clean(task, sizeof task, row->task);
            fprintf(out, "  line %-5d %-32s %-16s %d x %-6s %7.0f W %7.0f W %7.0f W\n", row->line,
                    model, task, row->serving.devices, row->chip->name, row->unclamped_W,
                    row->predicted[MJ_FIGURE_POWER], row->measured[MJ_FIGURE_POWER]);
        }
    }
}

mj_status mj_validation_print_text(FILE *out, const mj_validation_view *view, bool list_clamped,
                                   const mj_style *style, mj_arena *arena, mj_err *err)
{
    static const char *const classes[] = {"dense", "moe", "hybrid"};
    const mj_validation *v = view->validation;
    sheet *s = mj_arena_alloc(arena, sizeof *s);
    if (!s) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    const mj_group *all = mj_group_find(view->group, view->n_groups, "all", "all", "all", "all");
    fprintf(out, "%d row%s predicted, %d of them at the power limit\n", v->n_rows,
            plural(v->n_rows), all ? all->clamped : 0);
    add_gpus(s, view, "text", "text", "all", "all");
    add_gpus(s, view, "images, one GPU", "text-to-image", "all", "1");
    add_gpus(s, view, "images, several", "text-to-image", "all", ">1");
    add_gpus(s, view, "images", "text-to-image", "all", "all");
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "text, %s", classes[i]);
        add_gpus(s, view, name, "text", classes[i], "all");
    }
    print_sheet(out, s, "Errors", style);
    print_goals(out, view, style);
    add_other_tasks(s, view);
    add_gpus(s, view, "shared hosts", "flagged", "all", "all");
    print_sheet(out, s, "Without a goal", style);
    fputc('\n', out);
    print_notes(out, v);
    if (list_clamped) {
        print_clamped(out, v);
    }
    return MJ_OK;
}
