/* The plot of mj eval: the Frechet distance over what was swept. */
#include "eval_job.h"
#include "plot_file.h"

enum { LINE_TEXT = 256, PLOT_AXES_MAX = 2 };

/* The axes of a plot: along x the one with the most values, a curve for each value of the other.
 * Returns how many were swept. */
static int plot_axes(int over[PLOT_AXES_MAX], const mj_eval_job *j)
{
    int n = 0;
    for (int a = 0; a < AXES_N; a++) {
        if (j->n_values[a] > 1) {
            if (n < PLOT_AXES_MAX) {
                over[n] = a;
            }
            n++;
        }
    }
    if (n == PLOT_AXES_MAX && j->n_values[over[1]] > j->n_values[over[0]]) {
        int first = over[0];
        over[0] = over[1];
        over[1] = first;
    }
    return n;
}

mj_status mj_eval_plot_check(const mj_eval_job *j)
{
    int over[PLOT_AXES_MAX], n = plot_axes(over, j);
    mj_err *err = &j->context->err;
    if (!j->plot) {
        return MJ_OK;
    }
    if (n < 1) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0,
                          "--plot needs a list of values to plot over, such as --noise 0,0.1,0.2");
    }
    if (n > PLOT_AXES_MAX) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0,
                          "--plot shows one list of values or two, and here are %d: give the others "
                          "one value each", n);
    }
    return mj_plot_check(j->plot, err);
}

/* "5000 images, rk4 with 24 steps, noise 0.1": all that was set and not swept. */
static void plot_subtitle(char *text, size_t size, const mj_eval_job *j)
{
    int used = snprintf(text, size, "%d images, %s with %d steps", j->n,
                        mj_integrator_names[j->integrator], j->steps);
    for (int a = 0; a < AXES_N; a++) {
        if (j->n_values[a] == 1 && (j->list[a] || a == NOISE) && used < (int)size) {
            used += snprintf(text + used, size - (size_t)used, ", %s %g", mj_eval_axes[a].title,
                             j->value[a][0]);
        }
    }
    if (j->chips > 1 && used < (int)size) {
        snprintf(text + used, size - (size_t)used, "; mean and worst of %d chips",
                 j->chips);
    }
}

typedef struct {
    char label[VALUES_MAX][CELL_TEXT];
    double x[VALUES_MAX][VALUES_MAX], y[VALUES_MAX][VALUES_MAX], worst[VALUES_MAX][VALUES_MAX];
    mj_plot_curve curve[VALUES_MAX];
} plot_points;

/* Deals the rows out to the curves. */
static void fill_curves(plot_points *p, const mj_eval_job *j, int x_axis, int curve_axis)
{
    for (int r = 0; r < j->n_rows; r++) {
        const mj_eval_row *from = &j->row[r];
        int c = r; /* number of the row's value of curve_axis: the last axis changes first */
        for (int a = AXES_N - 1; curve_axis >= 0 && a > curve_axis; a--) {
            c /= j->n_values[a];
        }
        c = curve_axis >= 0 ? c % j->n_values[curve_axis] : 0;
        mj_plot_curve *curve = &p->curve[c];
        p->x[c][curve->n] = mj_eval_axis_value(&from->sampling, x_axis);
        p->y[c][curve->n] = from->score.frechet;
        p->worst[c][curve->n++] = from->worst_frechet;
        if (curve_axis >= 0) {
            double value = mj_eval_axis_value(&from->sampling, curve_axis);
            snprintf(p->label[c], CELL_TEXT, "%g", value);
            curve->label = value == 0 && mj_eval_axes[curve_axis].zero_text ? mj_eval_axes[curve_axis].zero_text
                                                                    : p->label[c];
        }
        curve->x = p->x[c];
        curve->y = p->y[c];
        curve->worst = j->chips > 1 ? p->worst[c] : NULL;
    }
}

mj_status mj_eval_plot_save(const mj_eval_job *j)
{
    const mj_anchors *a = &j->anchors;
    const mj_plot_level level[] = {{"training images", a->floor},
                                   {"blurred by a 3x3 mean", a->blur},
                                   {"with white noise", a->noise},
                                   {"class means", a->class_mean}};
    char title[LINE_TEXT], subtitle[LINE_TEXT];
    int over[PLOT_AXES_MAX], n = plot_axes(over, j);
    plot_points *p = mj_arena_alloc(&j->context->arena, sizeof *p);
    if (!p) {
        return mj_err_add(&j->context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    fill_curves(p, j, over[0], n > 1 ? over[1] : -1);
    snprintf(title, sizeof title, "%s: what its images are worth",
             mj_sampler_recipe(j->sampler)->name);
    plot_subtitle(subtitle, sizeof subtitle, j);
    const mj_plot plot = {
        .title = title, .subtitle = subtitle, .x_title = mj_eval_axes[over[0]].plot_title,
        .y_title = j->by_pixels ? "Frechet distance of pixels, less is better"
                                : "Frechet distance of the yardstick's features (no FID), less is better",
        .curves_title = n > 1 ? mj_eval_axes[over[1]].title : NULL, .zero_text = mj_eval_axes[over[0]].zero_text,
        .curve = p->curve, .n_curves = n > 1 ? j->n_values[over[1]] : 1, .level = level,
        .n_levels = sizeof level / sizeof level[0]};
    return mj_plot_save(j->plot, &plot, &j->context->arena, &j->context->err);
}
