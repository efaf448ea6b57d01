/* Plot: where everything stands, and a pen that writes it as SVG or draws it as pixels.
 *
 *   x_px = left + (right - left) (x - first) / (last - first)     logarithms where the axis is one
 *
 * Linear y axes begin at 0, so that heights can be compared, unless the plot is of differences. Ticks of
 * x stand at the values themselves, those of y at round numbers. A curve is told by the shape of its
 * marks as well as by their colour, and has its label where it ends. */
#include "mj/plot.h"

#include "mj/raster.h"
#include "svg.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { TEXT = 160, CORNERS_MAX = 24, COLOURS_N = 6, SHAPES_N = 4, TICKS_N = 6 };

static const double left_px = 64, right_px = 716, legend_px = 150, top_px = 104, foot_px = 376;
static const double inset_px = 18, apart_px = 70, type_px = 13, title_px = 17;
static const double log_from = 30; /* axes whose values span this factor are logarithmic */
static const double near = 1.8;    /* a level this factor off the curves is still shown */
static const double pi = 3.14159265358979323846;

/* Names of the palette, the most different first. */
static const char *const colours[COLOURS_N] = {"arithmetic", "memory",  "movement",
                                               "time",       "outside", "conversion"};
/* Regular polygons: corners, where the first one is (in turns), radius. */
static const struct {
    int n;
    double turn, radius;
} shapes[SHAPES_N] = {{CORNERS_MAX, 0, 4.6}, {4, 0.125, 5.8}, {3, -0.25, 6.2}, {4, 0, 6}};

typedef struct {
    double first, last, from_px, to_px;
    bool log;
} axis;

typedef struct {
    const mj_plot *plot;
    FILE *out;               /* SVG, or */
    const mj_raster *raster; /* pixels */
    axis x, y;
    double zero_px; /* where an x of 0 stands apart; NAN: it does not */
    double right;   /* end of both axes' plane */
} sheet;

/* The pen. */

typedef struct {
    enum { START, MIDDLE, END } anchor;
    bool dim, strong, large, halo;
} wording;

static void write_text(const sheet *s, double x, double y, wording w, const char *text)
{
    static const char *const anchors[] = {"", " middle", " end"};
    if (s->out) {
        char classes[TEXT];
        snprintf(classes, sizeof classes, "label%s%s%s%s%s", anchors[w.anchor], w.dim ? " dim" : "",
                 w.strong ? " strong" : "", w.large ? " large" : "", w.halo ? " halo" : "");
        mj_svg_text(s->out, x, y, classes, text);
        return;
    }
    mj_raster_type type = {x, y, w.large ? title_px : type_px, w.strong ? 1.9 : 0};
    type.x -= mj_raster_text_width(&type, text) * w.anchor / 2;
    if (w.halo) {
        mj_raster_type around = type;
        around.weight = 4;
        mj_raster_text(s->raster, &around, text, mj_palette_colour("paper"));
    }
    mj_raster_text(s->raster, &type, text, mj_palette_colour(w.dim ? "dim" : "ink"));
}

/* Lines: how a class of the pictures' style looks as pixels. */
typedef struct {
    const char *classes, *colour;
    double thickness, dash; /* length of dashes; 0: none */
} looks;
static const looks rule = {"rule", "rule", 1, 0}, trend = {"trend", "dim", 1.4, 2},
                 whisker = {"whisker", "ink", 1.2, 0};

static void draw_line(const sheet *s, const mj_raster_stroke *at, const looks *pen, const char *data)
{
    double dx = at->x1 - at->x0, dy = at->y1 - at->y0, length = hypot(dx, dy);
    if (s->out) {
        const mj_svg_box line = {at->x0, at->y0, dx, dy, pen->classes, data};
        mj_svg_line(s->out, &line);
        return;
    }
    double dash = pen->dash > 0 ? pen->dash / length : 1, period = pen->dash > 0 ? 2.5 * dash : 2;
    for (double t = 0; t < 1; t += period) {
        double end = fmin(t + dash, 1);
        const mj_raster_stroke part = {at->x0 + t * dx, at->y0 + t * dy, at->x0 + end * dx,
                                       at->y0 + end * dy, pen->thickness};
        mj_raster_line(s->raster, &part, mj_palette_colour(pen->colour));
    }
}

/* Corners of the mark of curve c around (x, y), `more` larger than it is. */
static int mark_corners(mj_point *corner, int c, double x, double y, double more)
{
    int shape = c % SHAPES_N, n = shapes[shape].n;
    for (int i = 0; i < n; i++) {
        double angle = 2 * pi * ((double)i / n + shapes[shape].turn);
        corner[i].x = x + (shapes[shape].radius + more) * cos(angle);
        corner[i].y = y + (shapes[shape].radius + more) * sin(angle);
    }
    return n;
}

static void draw_mark(const sheet *s, int c, double x, double y, const char *data)
{
    mj_point corner[CORNERS_MAX];
    const char *colour = colours[c % COLOURS_N];
    if (s->out) {
        char classes[TEXT];
        int n = mark_corners(corner, c, 0, 0, 0);
        snprintf(classes, sizeof classes, "%s mark", colour);
        const mj_svg_shape shape = {x, y, corner, n, classes, data};
        mj_svg_polygon(s->out, &shape);
        return;
    }
    int n = mark_corners(corner, c, x, y, 1.5);
    mj_raster_polygon(s->raster, corner, n, mj_palette_colour("paper"));
    mark_corners(corner, c, x, y, 0);
    mj_raster_polygon(s->raster, corner, n, mj_palette_colour(colour));
}

/* Scales. */

static double place(const axis *s, double value)
{
    double part = s->log ? log(value / s->first) / log(s->last / s->first)
                         : (value - s->first) / (s->last - s->first);
    return s->from_px + part * (s->to_px - s->from_px);
}

static double place_x(const sheet *s, double x)
{
    return x == 0 && !isnan(s->zero_px) ? s->zero_px : place(&s->x, x);
}

static void choose_x(sheet *s)
{
    const mj_plot *plot = s->plot;
    double least = HUGE_VAL, most = 0;
    bool zero = false;
    for (int c = 0; c < plot->n_curves; c++) {
        for (int i = 0; i < plot->curve[c].n; i++) {
            double x = plot->curve[c].x[i];
            zero = zero || x == 0;
            least = x > 0 ? fmin(least, x) : least;
            most = fmax(most, x);
        }
    }
    s->x = (axis){least, most, left_px + inset_px, s->right - inset_px, most >= log_from * least};
    s->zero_px = NAN;
    if (zero && plot->zero_text) {
        s->zero_px = s->x.to_px - inset_px;
        s->x.to_px -= apart_px + inset_px;
    } else if (zero && s->x.log) {
        s->zero_px = s->x.from_px;
        s->x.from_px += apart_px;
    } else if (zero) {
        s->x.first = 0;
    }
    if (!(s->x.first < s->x.last)) { /* one value only: in the middle */
        double middle = isfinite(least) ? least : 0;
        s->x.log = false;
        s->x.first = middle - 1;
        s->x.last = middle + 1;
    }
}

static void choose_y(sheet *s)
{
    const mj_plot *plot = s->plot;
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (int c = 0; c < plot->n_curves; c++) {
        const mj_plot_curve *curve = &plot->curve[c];
        for (int i = 0; i < curve->n; i++) {
            double y = curve->y[i], worst = curve->worst ? curve->worst[i] : y;
            least = isfinite(y) ? fmin(least, y) : least;
            most = isfinite(y) ? fmax(most, isfinite(worst) ? fmax(y, worst) : y) : most;
        }
    }
    bool log = least > 0 && most >= log_from * least;
    double lo = least, hi = most; /* and the nearest levels */
    for (int l = 0; l < plot->n_levels; l++) {
        double y = plot->level[l].y;
        hi = y > most && y < near * most && (hi == most || y < hi) ? y : hi;
        lo = y < least && y > least / near && (lo == least || y > lo) ? y : lo;
    }
    double first = plot->near && hi > lo ? lo - 0.06 * (hi - lo) : fmin(0, lo);
    double more = plot->near ? 0.06 * (hi - lo) : 0.06 * fabs(hi);
    s->y = (axis){log ? lo / 1.15 : first, log ? hi * 1.15 : hi + more, foot_px,
                   top_px, log};
    if (!(s->y.first < s->y.last)) {
        s->y.first = 0;
        s->y.last = 1;
    }
}

/* What is drawn. */

/* 1, 2 or 5 times a power of ten, so that `span` has about TICKS_N steps. */
static double round_step(double span)
{
    double rough = span / TICKS_N, power = pow(10, floor(log10(rough)));
    return power * (rough < 1.5 * power ? 1 : rough < 3.5 * power ? 2 : rough < 7.5 * power ? 5 : 10);
}

static void draw_y_tick(const sheet *s, double value)
{
    char text[TEXT], data[TEXT];
    double y = place(&s->y, value);
    snprintf(data, sizeof data, "data-axis=\"y\" data-tick=\"%.17g\"", value);
    draw_line(s, &(mj_raster_stroke){left_px, y, s->right, y, 0}, &rule, data);
    snprintf(text, sizeof text, "%g", value);
    write_text(s, left_px - 9, y + 4.5, (wording){.anchor = END, .dim = true}, text);
}

static void draw_y_axis(const sheet *s)
{
    static const double parts[] = {1, 2, 5};
    write_text(s, left_px, top_px - 14, (wording){.dim = true}, s->plot->y_title);
    if (!s->y.log) {
        double step = round_step(s->y.last - s->y.first);
        for (double k = ceil(s->y.first / step); k * step <= s->y.last; k++) {
            draw_y_tick(s, k * step);
        }
        return;
    }
    int n = s->y.last > 1e3 * s->y.first ? 1 : 3; /* of parts: where there is room */
    for (double e = floor(log10(s->y.first)); e <= log10(s->y.last); e++) {
        for (int p = 0; p < n; p++) {
            double value = parts[p] * pow(10, e);
            if (value >= s->y.first && value <= s->y.last) {
                draw_y_tick(s, value);
            }
        }
    }
}

/* A tick at every value, its number where the one before leaves room. */
static void draw_x_axis(const sheet *s)
{
    const mj_plot *plot = s->plot;
    struct {
        double px;
        bool worded;
    } taken[MJ_PLOT_CURVES_MAX * MJ_PLOT_POINTS_MAX];
    int n_taken = 0;
    draw_line(s, &(mj_raster_stroke){left_px, foot_px, s->right, foot_px, 0}, &rule, "");
    for (int c = 0; c < plot->n_curves; c++) {
        for (int i = 0; i < plot->curve[c].n; i++) {
            char text[TEXT], data[TEXT];
            double value = plot->curve[c].x[i], x = place_x(s, value);
            bool apart = value == 0 && !isnan(s->zero_px), room = true, again = false;
            for (int t = 0; t < n_taken; t++) {
                again = again || fabs(taken[t].px - x) < 0.01;
                room = room && (!taken[t].worded || fabs(taken[t].px - x) > 38);
            }
            if (again) {
                continue;
            }
            snprintf(data, sizeof data, "data-axis=\"%s\" data-tick=\"%.17g\"",
                     apart ? "apart" : "x", value);
            draw_line(s, &(mj_raster_stroke){x, foot_px, x, foot_px + 6, 0}, &rule, data);
            if (room) {
                snprintf(text, sizeof text, "%g", value);
                write_text(s, x, foot_px + 22, (wording){.anchor = MIDDLE, .dim = true},
                           apart && plot->zero_text ? plot->zero_text : text);
            }
            taken[n_taken].px = x;
            taken[n_taken++].worded = room;
        }
    }
    write_text(s, (left_px + s->right) / 2, foot_px + 46, (wording){.anchor = MIDDLE}, plot->x_title);
}

/* Two slanted strokes where the axis is broken. */
static void draw_break(const sheet *s)
{
    bool before = s->zero_px < s->x.from_px;
    double x = before ? s->x.from_px - apart_px / 2 : s->x.to_px + apart_px / 2;
    for (int k = 0; k < 2 && !isnan(s->zero_px); k++) {
        const mj_raster_stroke slash = {x + 5 * k - 5, foot_px + 5, x + 5 * k, foot_px - 5, 0};
        draw_line(s, &slash, &whisker, "");
    }
}

/* Lines under the curves, their words over them. */
static void draw_levels(const sheet *s, bool words)
{
    double taken[MJ_PLOT_LEVELS_MAX];
    int n_taken = 0;
    for (int l = 0; l < s->plot->n_levels; l++) {
        const mj_plot_level *level = &s->plot->level[l];
        double y = place(&s->y, level->y);
        char text[TEXT];
        bool room = level->y >= s->y.first && level->y <= s->y.last;
        for (int t = 0; t < n_taken; t++) {
            room = room && fabs(taken[t] - y) > 15;
        }
        if (!room) {
            continue;
        }
        taken[n_taken++] = y;
        if (words) {
            const char *format = level->y < 0.1  ? "%s: %.2g"
                                 : level->y < 10 ? "%s: %.2f"
                                                 : "%s: %.1f";
            snprintf(text, sizeof text, format, level->label, level->y);
            write_text(s, s->right - 4, y - 5,
                       (wording){.anchor = END, .dim = true, .halo = true}, text);
        } else {
            snprintf(text, sizeof text, "data-level=\"%.17g\"", level->y);
            draw_line(s, &(mj_raster_stroke){left_px, y, s->right, y, 0}, &trend, text);
        }
    }
}

/* Indices of the points that can be drawn, from left to right. */
static int sort_points(int *order, const sheet *s, const mj_plot_curve *curve)
{
    int n = 0;
    for (int i = 0; i < curve->n; i++) {
        if (!isfinite(curve->y[i])) {
            continue;
        }
        int at = n++;
        while (at > 0 && place_x(s, curve->x[order[at - 1]]) > place_x(s, curve->x[i])) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
    return n;
}

static void draw_curve(const sheet *s, int c)
{
    const mj_plot_curve *curve = &s->plot->curve[c];
    int order[MJ_PLOT_POINTS_MAX];
    int n = sort_points(order, s, curve);
    char classes[TEXT], data[TEXT];
    snprintf(classes, sizeof classes, "%s curve", colours[c % COLOURS_N]);
    const looks line = {classes, colours[c % COLOURS_N], 2, 0};
    for (int k = 1; k < n && !curve->apart; k++) {
        double x0 = curve->x[order[k - 1]], x1 = curve->x[order[k]];
        bool apart = !isnan(s->zero_px) && (x0 == 0) != (x1 == 0);
        if (!apart) {
            const mj_raster_stroke part = {place_x(s, x0), place(&s->y, curve->y[order[k - 1]]),
                                           place_x(s, x1), place(&s->y, curve->y[order[k]]), 0};
            draw_line(s, &part, &line, "");
        }
    }
    for (int k = 0; k < n; k++) {
        int i = order[k];
        double x = place_x(s, curve->x[i]), y = place(&s->y, curve->y[i]);
        if (curve->worst && curve->worst[i] > curve->y[i]) {
            double worst = place(&s->y, curve->worst[i]);
            draw_line(s, &(mj_raster_stroke){x, y, x, worst, 0}, &whisker, "");
            draw_line(s, &(mj_raster_stroke){x - 4, worst, x + 4, worst, 0}, &whisker, "");
        }
        snprintf(data, sizeof data, "data-curve=\"%d\" data-x=\"%.17g\" data-y=\"%.17g\"", c,
                 curve->x[i], curve->y[i]);
        draw_mark(s, c, x, y, data);
    }
}

static void draw_notes(const sheet *s)
{
    static const double above_px = 9;
    for (int i = 0; i < s->plot->n_notes; i++) {
        const mj_plot_note *note = &s->plot->note[i];
        write_text(s, place_x(s, note->x), place(&s->y, note->y) - above_px,
                   (wording){.anchor = MIDDLE, .strong = true, .large = true, .halo = true}, note->text);
    }
}

/* The labels of the curves, each near its end and none on another. */
static void draw_legend(const sheet *s)
{
    const mj_plot *plot = s->plot;
    int sorted[MJ_PLOT_CURVES_MAX], order[MJ_PLOT_POINTS_MAX];
    double end[MJ_PLOT_CURVES_MAX], step = 17, y = top_px - 2;
    for (int c = 0; c < plot->n_curves; c++) {
        const mj_plot_curve *curve = &plot->curve[c];
        int n = sort_points(order, s, curve), at = c;
        end[c] = n > 0 ? place(&s->y, curve->y[order[n - 1]]) : foot_px;
        for (; at > 0 && end[sorted[at - 1]] > end[c]; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = c;
    }
    write_text(s, s->right + 18, top_px - 14, (wording){.dim = true}, plot->curves_title);
    for (int k = 0; k < plot->n_curves; k++) {
        int c = sorted[k];
        char text[TEXT];
        double last = foot_px - step * (plot->n_curves - 1 - k);
        y = fmin(fmax(y + step, end[c]), last);
        draw_mark(s, c, s->right + 24, y, "");
        write_text(s, s->right + 36, y + 4.5, (wording){0},
                   mj_svg_fit(text, sizeof text, plot->curve[c].label, legend_px - 36));
    }
}

static void draw_sheet(sheet *s)
{
    const mj_plot *plot = s->plot;
    char text[TEXT];
    assert(plot->n_curves <= MJ_PLOT_CURVES_MAX && plot->n_levels <= MJ_PLOT_LEVELS_MAX);
    s->right = plot->n_curves > 1 ? right_px - legend_px : right_px;
    choose_x(s);
    choose_y(s);
    double room = right_px - left_px;
    write_text(s, left_px, 34, (wording){.strong = true, .large = true},
               mj_svg_fit(text, sizeof text, plot->title, room * type_px / title_px));
    write_text(s, left_px, 57, (wording){.dim = true},
               mj_svg_fit(text, sizeof text, plot->subtitle, room));
    draw_y_axis(s);
    draw_x_axis(s);
    draw_break(s);
    draw_levels(s, false);
    for (int c = 0; c < plot->n_curves; c++) {
        assert(plot->curve[c].n <= MJ_PLOT_POINTS_MAX);
        draw_curve(s, c);
    }
    draw_levels(s, true);
    draw_notes(s);
    if (plot->n_curves > 1) {
        draw_legend(s);
    }
}

void mj_plot_print_svg(FILE *out, const mj_plot *plot)
{
    sheet s = {.plot = plot, .out = out};
    const mj_svg_frame frame = {"plot", plot->title, plot->subtitle, MJ_PLOT_WIDTH, MJ_PLOT_HEIGHT,
                                true};
    mj_svg_open(out, &frame);
    draw_sheet(&s);
    mj_svg_close(out);
}

void mj_plot_draw(unsigned char *rgb, const mj_plot *plot)
{
    const mj_raster raster = {rgb, MJ_PLOT_WIDTH * MJ_PLOT_SCALE, MJ_PLOT_HEIGHT * MJ_PLOT_SCALE,
                              MJ_PLOT_SCALE};
    sheet s = {.plot = plot, .raster = &raster};
    mj_raster_fill(&raster, mj_palette_colour("paper"));
    draw_sheet(&s);
}
