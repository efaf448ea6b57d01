/* Plots of a sweep over a language model: bits per byte over what was swept, and over the joules that its
 * products take so. */
#include "text_sweep.h"

#include "mj/text.h"
#include "plot_file.h"

#include <math.h>

enum { LINE_TEXT = 256, PLOT_AXES_MAX = 2 };
static const double NANO = 1e-9;

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
    int over[PLOT_AXES_MAX], n = plot_axes(over, s);
    mj_err *err = &s->context->err;
    for (int i = 0; i < 2; i++) {
        if (path[i] && (n < 1 || n > PLOT_AXES_MAX)) {
            return mj_err_add(err, n < 1 ? MJ_EKEY : MJ_ELIMIT, NULL, 0, 0,
                              "a plot shows one list of several values or two, such as --noise "
                              "0,0.1,0.2, and here are %d",
                              n);
        }
        if (path[i]) {
            MJ_TRY(mj_plot_check(path[i], err));
        }
    }
    return MJ_OK;
}

typedef struct {
    char label[VALUES_MAX][CELL_TEXT];
    double x[VALUES_MAX][VALUES_MAX], y[VALUES_MAX][VALUES_MAX], worst[VALUES_MAX][VALUES_MAX];
    mj_plot_curve curve[VALUES_MAX];
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

/* Deals the rows out to the curves. */
static void fill_curves(plot_points *p, const mj_text_sweep *s, int x_axis, int curve_axis,
                        bool over_joules)
{
    for (int r = 0; r < s->n_rows; r++) {
        const mj_text_row *row = &s->row[r];
        int c = r; /* number of the row's value of curve_axis: the last axis changes first */
        for (int a = MJ_TEXT_AXES_N - 1; curve_axis >= 0 && a > curve_axis; a--) {
            c /= s->n_values[a];
        }
        c = curve_axis >= 0 ? c % s->n_values[curve_axis] : 0;
        mj_plot_curve *curve = &p->curve[c];
        bool has_joules = isfinite(row->bill.joules);
        p->x[c][curve->n] = !over_joules  ? row->value[x_axis]
                            : has_joules ? three_digits(row->bill.products_J / NANO)
                                         : 0;
        p->y[c][curve->n] = over_joules && !has_joules ? NAN : row->mean;
        p->worst[c][curve->n++] = row->worst;
        if (curve_axis >= 0) {
            const mj_eval_axis *axis = &mj_text_axes[curve_axis];
            double value = row->value[curve_axis];
            snprintf(p->label[c], CELL_TEXT, "%g", value);
            curve->label = value == 0 && axis->zero_text ? axis->zero_text : p->label[c];
        }
        curve->x = p->x[c];
        curve->y = p->y[c];
        curve->worst = s->request->chips > 1 ? p->worst[c] : NULL;
    }
}

static mj_status save(const mj_text_sweep *s, const char *path, bool over_joules)
{
    const mj_plot_level level[] = {{"clean", s->clean},
                                   {"as good as clean", s->clean + s->request->within}};
    char title[LINE_TEXT], subtitle[LINE_TEXT];
    int over[PLOT_AXES_MAX], n = plot_axes(over, s);
    plot_points *p = mj_arena_alloc(&s->context->arena, sizeof *p);
    if (!p) {
        return mj_err_add(&s->context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    *p = (plot_points){.curve = {{0}}};
    fill_curves(p, s, over[0], n > 1 ? over[1] : -1, over_joules);
    snprintf(title, sizeof title, "%s: what %s", s->model.recipe->name,
             over_joules ? "joules buy" : "an inexact machine costs");
    snprintf(subtitle, sizeof subtitle, "first %zu bytes of the %s text of %s%s%s%s", s->text.n, s->part,
             s->source, over_joules ? "; points along " : "",
             over_joules ? mj_text_axes[over[0]].title : "",
             s->request->chips > 1 ? "; mean and worst of all chips" : "");
    const mj_plot plot = {
        .title = title, .subtitle = subtitle,
        .x_title = over_joules ? "nJ a token in products and conversions, the rest apart"
                               : mj_text_axes[over[0]].plot_title,
        .y_title = "bits per byte, less is better",
        .curves_title = n > 1 ? mj_text_axes[over[1]].title : NULL,
        .zero_text = over_joules ? NULL : mj_text_axes[over[0]].zero_text, .curve = p->curve,
        .n_curves = n > 1 ? s->n_values[over[1]] : 1, .level = level,
        .n_levels = sizeof level / sizeof level[0]};
    return mj_plot_save(path, &plot, &s->context->arena, &s->context->err);
}

mj_status mj_text_sweep_plot_save(const mj_text_sweep *s)
{
    if (s->request->plot) {
        MJ_TRY(save(s, s->request->plot, false));
    }
    return s->request->plot_joules ? save(s, s->request->plot_joules, true) : MJ_OK;
}
