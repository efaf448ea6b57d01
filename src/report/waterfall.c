/* Ladder as a waterfall: a row a rung, a bar from the joules before it to the joules after, on a
 * logarithmic axis of the factor gained.
 *
 *     x = left + decade_px log10(base / joules / 10^first decade)
 *
 * To the right is less energy. Every bar carries data-before and data-after, every tick
 * data-factor, so that a test can check the axis. Whiskers are a machine's own interval; one that
 * leaves the axis ends at its edge. The dashed line is the target; the dotted one what
 * conventional machines gain by 2030, with its interval. Hatched bars rest on an assumption or a
 * vendor's word. */
#include "bill_words.h"
#include "svg.h"
#include <math.h>

enum { NUMBER = 32, TEXT = 256, DECADES_MAX = 24 };

static const double picture_px = 1060, left_px = 250, right_px = 720, top_px = 62, row_px = 28;
static const double bottom_px = 58, bar_px = 15;
static const double joules_x = 792, gain_x = 852, cap_x = 866;

typedef struct {
    const mj_climb *climb;
    double base_J;
    double first, last; /* decades of the axis, log10 of factors */
    double foot_y;      /* lower end of the plot */
} waterfall;

static bool is_energy(double joules)
{
    return isfinite(joules) && joules > 0;
}

static double x_of(const waterfall *w, double factor)
{
    double decades = fmin(fmax(log10(factor), w->first), w->last);
    return left_px + (right_px - left_px) * (decades - w->first) / (w->last - w->first);
}

/* Joules that are no number, or none at all, lie at the end of the axis. */
static double x_of_joules(const waterfall *w, double joules)
{
    return is_energy(joules) ? x_of(w, w->base_J / joules) : right_px;
}

/* Chooses the axis: room for every bar, the target, and the base's own interval. */
static void choose_axis(waterfall *w)
{
    const mj_climb *climb = w->climb;
    double least = fmin(1, fmax(0.3, w->base_J / climb->step[0].bill->hi_J));
    double most = fmax(climb->target, 10);
    for (int i = 0; i < climb->n; i++) {
        double joules = climb->step[i].bill->joules;
        if (is_energy(joules)) {
            least = fmin(least, w->base_J / joules);
            most = fmax(most, w->base_J / joules);
        }
    }
    w->first = log10(least) - 0.08;
    w->last = fmin(log10(most) + 0.25, w->first + DECADES_MAX);
}

/* "0.1x", "100x", "10 kx", "1 Mx"; beyond, a power of ten. */
static void tick_text(char *text, size_t size, int decade)
{
    static const char *const prefixes[] = {"", " k", " M", " G"};
    int step = decade < 4 ? 0 : decade / 3;
    if (step < (int)(sizeof prefixes / sizeof prefixes[0])) {
        snprintf(text, size, "%g%s\u00d7", pow(10, decade - 3 * step), prefixes[step]);
    } else {
        snprintf(text, size, "10^%d\u00d7", decade);
    }
}

static void draw_axis(FILE *out, const waterfall *w)
{
    char data[TEXT], text[NUMBER];
    for (double decade = ceil(w->first); decade <= w->last; decade++) {
        double factor = pow(10, decade), x = x_of(w, factor);
        snprintf(data, sizeof data, "data-factor=\"%.17g\"", factor);
        const mj_svg_box line = {x, top_px - 6, 0, w->foot_y - top_px + 12, "rule", data};
        mj_svg_line(out, &line);
        tick_text(text, sizeof text, (int)decade);
        if (fabs(x - x_of(w, w->climb->target)) > 30) { /* the target's own label is enough there */
            mj_svg_text(out, x, top_px - 12, "middle dim", text);
        }
        mj_svg_text(out, x, w->foot_y + 22, "middle dim",
                    mj_markup_joules(w->base_J / factor, text, sizeof text));
    }
}

static void draw_target(FILE *out, const waterfall *w)
{
    char data[TEXT], text[TEXT], factor[NUMBER];
    double x = x_of(w, w->climb->target);
    snprintf(data, sizeof data, "data-target=\"%.17g\"", w->climb->target);
    const mj_svg_box line = {x, top_px - 26, 0, w->foot_y - top_px + 32, "target", data};
    mj_svg_line(out, &line);
    snprintf(text, sizeof text, "target %s\u00d7",
             mj_number_format(w->climb->target, factor, sizeof factor));
    mj_svg_text(out, x, top_px - 31, "middle accent strong", text);
}

static void draw_trend(FILE *out, const waterfall *w)
{
    const mj_ladder *ladder = w->climb->ladder;
    const mj_quantity *trend = &ladder->trends[ladder->trend];
    char data[TEXT], text[TEXT], factor[NUMBER];
    if (!mj_quantity_given(trend) || !is_energy(trend->typ)) {
        return;
    }
    double lo = x_of(w, trend->lo), hi = x_of(w, trend->hi), x = x_of(w, trend->typ);
    const mj_svg_box range = {lo, top_px - 6, hi - lo, w->foot_y - top_px + 12, "trend-range", ""};
    mj_svg_rect(out, &range);
    snprintf(data, sizeof data, "data-trend=\"%.17g\"", trend->typ);
    const mj_svg_box line = {x, top_px - 57, 0, w->foot_y - top_px + 63, "trend", data};
    mj_svg_line(out, &line);
    snprintf(text, sizeof text, "convention in 2030, %s",
             mj_markup_factor(trend->typ, factor, sizeof factor));
    mj_svg_text(out, x + 5, top_px - 48, "dim", text);
}

static const char *bar_classes(const mj_climb_step *step, char *buf, size_t size)
{
    bool unsure = step->rung->cls == MJ_CLASS_ASSUMED || step->rung->cls == MJ_CLASS_VENDOR ||
                  step->rung->cls == MJ_CLASS_NONE;
    snprintf(buf, size, "bar %s%s", mj_gain_is_loss(step->gain) ? "loss" : unsure ? "unsure" : "gain",
             step->replaced ? " replaced" : "");
    return buf;
}

/* The bar of a rung with the line that leads to it from the row above. */
static void draw_bar(FILE *out, const waterfall *w, int row, double y)
{
    const mj_climb_step *step = &w->climb->step[row];
    double before_J = w->climb->step[row - 1].bill->joules, after_J = step->bill->joules;
    double before = x_of_joules(w, before_J), after = x_of_joules(w, after_J);
    char classes[NUMBER], data[TEXT];
    const mj_svg_box lead = {before, y - row_px + bar_px / 2, 0, row_px, "rule", ""};
    mj_svg_line(out, &lead);
    snprintf(data, sizeof data, "data-before=\"%.17g\" data-after=\"%.17g\"", before_J, after_J);
    const mj_svg_box bar = {fmin(before, after), y, fabs(after - before), bar_px,
                            bar_classes(step, classes, sizeof classes), data};
    mj_svg_rect(out, &bar);
}

static void draw_whisker(FILE *out, const waterfall *w, const mj_bill *bill, double y)
{
    double centre = y + bar_px / 2;
    double lo = x_of_joules(w, bill->hi_J), hi = x_of_joules(w, bill->lo_J);
    double at = x_of_joules(w, bill->joules);
    const mj_svg_box parts[] = {{lo, centre, hi - lo, 0, "whisker", ""},
                                {lo, centre - 3, 0, 6, "whisker", ""},
                                {hi, centre - 3, 0, 6, "whisker", ""},
                                {at, centre - bar_px / 2, 0, bar_px, "whisker", ""}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        mj_svg_line(out, &parts[i]);
    }
}

static void draw_row(FILE *out, const waterfall *w, int row)
{
    const mj_climb_step *step = &w->climb->step[row];
    double y = top_px + row * row_px + (row_px - bar_px) / 2, text_y = y + bar_px / 2 + 4.5;
    char text[TEXT], factor[NUMBER];
    const char *dim = step->replaced ? " replaced" : "";
    char classes[NUMBER];
    if (step->rung) {
        draw_bar(out, w, row, y);
    }
    draw_whisker(out, w, step->bill, y);
    snprintf(classes, sizeof classes, "%s%s", step->rung ? "" : "strong", dim);
    mj_svg_text(out, 0, text_y, classes,
                mj_svg_fit(text, sizeof text, step->rung ? step->rung->name : "base",
                           left_px - 16));
    snprintf(classes, sizeof classes, "end strong%s", dim);
    mj_svg_text(out, joules_x, text_y, classes,
                mj_markup_joules(step->bill->joules, text, sizeof text));
    if (step->rung) {
        snprintf(classes, sizeof classes, "end%s%s", mj_gain_is_loss(step->gain) ? " accent" : "", dim);
        mj_svg_text(out, gain_x, text_y, classes, mj_markup_factor(step->gain, text, sizeof text));
    }
    snprintf(text, sizeof text, "%s %s", mj_markup_factor(step->cap, factor, sizeof factor),
             mj_component_text(step->cap_cause));
    snprintf(classes, sizeof classes, "dim%s", dim);
    mj_svg_text(out, cap_x, text_y, classes, text);
}

static void draw_words(FILE *out, const waterfall *w)
{
    mj_svg_text(out, joules_x, top_px - 12, "end dim", "joules");
    mj_svg_text(out, gain_x, top_px - 12, "end dim", "gain");
    mj_svg_text(out, cap_x, top_px - 12, "dim", "largest cap left");
    mj_svg_text(out, left_px, w->foot_y + 44, "dim",
                "To the right is less energy. Hatched: rests on an assumed or a vendor's figure. "
                "Whiskers: 90 % interval.");
}

void mj_ladder_print_svg(FILE *out, const mj_climb *climb, bool standalone)
{
    waterfall w = {.climb = climb, .base_J = climb->step[0].bill->joules,
                   .foot_y = top_px + climb->n * row_px};
    const mj_ladder *ladder = climb->ladder;
    char title[TEXT], text[TEXT], factor[NUMBER];
    choose_axis(&w);
    snprintf(title, sizeof title, "%s: %s after %d rungs",
             ladder->title ? ladder->title : ladder->name,
             mj_markup_factor(climb->factor, factor, sizeof factor), climb->n - 1);
    snprintf(text, sizeof text, "Waterfall on a logarithmic axis: a bar a rung from the joules "
             "before it to the joules after. The table of rungs has the same figures.");
    const mj_svg_frame frame = {"ladder", title, text, picture_px, w.foot_y + bottom_px,
                                standalone};
    mj_svg_open(out, &frame);
    fputs("<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
          "patternTransform=\"rotate(45)\"><path class=\"hatch\" d=\"M0 0v6\"/></pattern></defs>\n",
          out);
    draw_axis(out, &w);
    draw_trend(out, &w);
    draw_target(out, &w);
    for (int i = 0; i < climb->n; i++) {
        draw_row(out, &w, i);
    }
    draw_words(out, &w);
    mj_svg_close(out);
}
