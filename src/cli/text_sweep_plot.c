/* Plots of a sweep over a language model: bits per byte over what was swept, and over the joules that its
 * products take so, with the digital machines, the optimum (*) and the least joules x bits (+). That plot
 * ends at WORTH times --within above the model as trained: nobody buys what lies higher. */
#include "text_sweep.h"

#include "mj/text.h"
#include "plot_file.h"

#include <math.h>

enum { LINE_TEXT = 256, PLOT_AXES_MAX = 2 };
static const double NANO = 1e-9, WORTH = 10;

/* Along x the list with the most values, a curve for each value of the other. Returns how many lists
 * have several values. */
static int plot_axes(int over[PLOT_AXES_MAX], const mj_text_sweep *s)
{
    int n = 0;
    for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
        if (s->n_values[a] > 1) {
            if (n < PLOT_AXES_MAX) {
                over[n] = a;
            }
            n++;
        }
    }
    if (n == PLOT_AXES_MAX && s->n_values[over[1]] > s->n_values[over[0]]) {
        int first = over[0];
        over[0] = over[1];
        over[1] = first;
    }
    return n;
}

mj_status mj_text_sweep_plot_check(const mj_text_sweep *s)
{
    const char *const path[] = {s->request->plot, s->request->plot_joules};
    int over[PLOT_AXES_MAX] = {0}, n = plot_axes(over, s);
    mj_err *err = &s->context->err;
    if (path[0] && n < 1) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0,
                          "--plot draws over a list of several values, such as --noise 0,0.1,0.2: here every "
                          "list has one");
    }
    for (int i = 0; i < 2; i++) {
        if (path[i] && n > PLOT_AXES_MAX) {
            return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0,
                              "a plot shows one list of several values or two, and here are %d", n);
        }
        if (path[i]) {
            MJ_TRY(mj_plot_check(path[i], err));
        }
    }
    return MJ_OK;
}

/* A curve for each value of a list, and one for each digital machine. */
enum { DIGITAL_N = 2, CURVES_N = VALUES_MAX + DIGITAL_N, POINTS_N = MJ_PLOT_POINTS_MAX };
typedef struct {
    char label[CURVES_N][CELL_TEXT];
    double x[CURVES_N][POINTS_N], y[CURVES_N][POINTS_N], worst[CURVES_N][POINTS_N];
    mj_plot_curve curve[CURVES_N];
    int n_curves;
    mj_plot_note note[2];
    int n_notes;
} plot_points;

/* Ticks stand at the points. */
static double three_digits(double number)
{
    char text[CELL_TEXT];
    double rounded = number;
    snprintf(text, sizeof text, "%.3g", number);
    mj_text_number(text, &rounded);
    return rounded;
}

static void add_point(plot_points *p, int c, double x, const mj_text_row *row)
{
    int i = p->curve[c].n++;
    p->x[c][i] = x;
    p->y[c][i] = row->mean;
    p->worst[c][i] = row->worst;
}

/* Both machines of a digital row are one point here, and what no list asks for is none. */
static bool is_listed(const mj_text_sweep *s, const mj_text_row *row)
{
    bool listed = row->machine != MJ_SNR_IN_PLACE;
    for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
        listed = listed && mj_text_sweep_place(s, a, row->value[a]) >= 0;
    }
    return listed;
}

static double joules_of(const mj_text_row *row)
{
    return three_digits(row->bill.products_J / NANO);
}

/* Rows with joules that are good enough to be bought. */
static bool is_worth(const mj_text_sweep *s, const mj_text_row *row)
{
    double within = s->request->within;
    return isfinite(row->bill.joules) && (within == 0 || row->mean <= s->trained + WORTH * within);
}

static void fill_curves(plot_points *p, const mj_text_sweep *s, int x_axis, int curve_axis,
                        bool over_joules)
{
    for (int r = 0; r < s->n_rows; r++) {
        const mj_text_row *row = &s->row[r];
        int c = curve_axis >= 0 ? mj_text_sweep_place(s, curve_axis, row->value[curve_axis]) : 0;
        if (!over_joules) {
            if (is_listed(s, row)) {
                add_point(p, c, row->value[x_axis], row);
            }
        } else if (is_worth(s, row)) {
            c = mj_text_row_is_digital(row) ? VALUES_MAX + (row->machine == MJ_SNR_IN_PLACE) : c;
            add_point(p, c, joules_of(row), row);
        }
    }
}

static void label_curves(plot_points *p, const mj_text_sweep *s, int curve_axis, bool over_joules)
{
    bool rows = s->model.work.rows;
    for (int c = 0; c < CURVES_N; c++) {
        p->curve[c].apart = c >= VALUES_MAX;
        if (c >= VALUES_MAX && rows) {
            snprintf(p->label[c], CELL_TEXT, "%s", c == VALUES_MAX ? "SRAM" : "ROM");
        } else if (c > VALUES_MAX) {
            snprintf(p->label[c], CELL_TEXT, "in place");
        } else if (c == VALUES_MAX) {
            snprintf(p->label[c], CELL_TEXT, "batch %g", s->batch);
        } else if (curve_axis >= 0) {
            const mj_eval_axis *axis = &mj_text_axes[curve_axis];
            double value = s->value[curve_axis][c];
            if (value == 0 && axis->zero_text) {
                snprintf(p->label[c], CELL_TEXT, "%s", axis->zero_text);
            } else {
                snprintf(p->label[c], CELL_TEXT, over_joules ? "analog, %g %s" : "%g", value, axis->title);
            }
        } else {
            snprintf(p->label[c], CELL_TEXT, "analog");
        }
        p->curve[c].label = p->label[c];
        p->curve[c].x = p->x[c];
        p->curve[c].y = p->y[c];
        p->curve[c].worst = s->request->chips > 1 ? p->worst[c] : NULL;
    }
}

/* Those with points, to the front. */
static void pack_curves(plot_points *p)
{
    for (int c = 0; c < CURVES_N; c++) {
        if (p->curve[c].n > 0) {
            p->curve[p->n_curves++] = p->curve[c];
        }
    }
}

static void add_note(plot_points *p, const mj_text_sweep *s, int r, const char *text)
{
    if (r >= 0 && is_worth(s, &s->row[r])) {
        p->note[p->n_notes++] = (mj_plot_note){text, joules_of(&s->row[r]), s->row[r].mean};
    }
}

static mj_status save(const mj_text_sweep *s, const char *path, bool over_joules)
{
    const mj_plot_level level[] = {{"as trained", s->trained},
                                   {"as good as trained", s->trained + s->request->within}};
    char title[LINE_TEXT], subtitle[LINE_TEXT], end[LINE_TEXT] = "";
    int over[PLOT_AXES_MAX] = {0}, n = plot_axes(over, s);
    plot_points *p = mj_arena_alloc(&s->context->arena, sizeof *p);
    if (!p) {
        return mj_err_add(&s->context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    *p = (plot_points){.curve = {{0}}};
    fill_curves(p, s, over[0], n > 1 ? over[1] : -1, over_joules);
    label_curves(p, s, n > 1 ? over[1] : -1, over_joules);
    pack_curves(p);
    if (over_joules) {
        add_note(p, s, s->optimum, s->optimum == s->least ? "*+" : "*");
        add_note(p, s, s->optimum == s->least ? -1 : s->least, "+");
        snprintf(end, sizeof end, "; up to +%g bits", WORTH * s->request->within);
    }
    snprintf(title, sizeof title, "%s: what %s", s->model.recipe->name,
             over_joules ? "joules buy" : "an inexact machine costs");
    snprintf(subtitle, sizeof subtitle, "first %zu bytes of the %s text of %s%s%s", s->text.n, s->part,
             s->source, over_joules && s->request->within > 0 ? end : "",
             s->request->chips > 1 ? "; mean and worst chip" : "");
    const mj_plot plot = {
        .title = title, .subtitle = subtitle,
        .x_title = over_joules ? "nJ a token in products and conversions; * least as good as trained, "
                                 "+ least joules x bits"
                               : mj_text_axes[over[0]].plot_title,
        .y_title = "bits per byte, less is better",
        .curves_title = over_joules ? "machine" : n > 1 ? mj_text_axes[over[1]].title : NULL,
        .zero_text = over_joules ? NULL : mj_text_axes[over[0]].zero_text, .curve = p->curve,
        .n_curves = p->n_curves, .level = level, .n_levels = sizeof level / sizeof level[0],
        .note = p->note, .n_notes = p->n_notes, .near = true};
    return mj_plot_save(path, &plot, &s->context->arena, &s->context->err);
}

mj_status mj_text_sweep_plot_save(const mj_text_sweep *s)
{
    if (s->request->plot) {
        MJ_TRY(save(s, s->request->plot, false));
    }
    return s->request->plot_joules ? save(s, s->request->plot_joules, true) : MJ_OK;
}
