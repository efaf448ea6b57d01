/* Plots: what stands in the SVG is where its axes say, the pixels show the same picture, and what the
 * pixels are drawn with covers the areas of geometry. */
#include "assert_rel.h"
#include "markup.h"

#include "mj/plot.h"
#include "mj/raster.h"

#include <stdlib.h>
#include <string.h>

enum { N = 4, PIXELS = MJ_PLOT_WIDTH * MJ_PLOT_SCALE * MJ_PLOT_HEIGHT * MJ_PLOT_SCALE };

static const double NOISE[N] = {0.2, 0, 0.05, 0.1}, VALUE[N] = {45.9, 34.3, 35.1, 36.6};
static const double OTHER[N] = {58, 41, 42, 44};

static mj_plot plot_of(const mj_plot_curve *curve, int n)
{
    static const mj_plot_level level[] = {{"floor", 0.3}, {"blur", 65}, {"far", 1e4}};
    return (mj_plot){.title = "a <title> & more", .subtitle = "s", .x_title = "noise", .y_title = "d",
                     .curves_title = "bits", .curve = curve, .n_curves = n, .level = level,
                     .n_levels = 3};
}

static char *svg_of(const mj_plot *plot)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    mj_plot_print_svg(out, plot);
    fclose(out);
    assert_null(markup_fault(text));
    return text;
}

/* The place of a tag: where its path begins, or where it is moved to. */
static void read_place(double place[2], const markup_tag *tag)
{
    char value[256];
    if (markup_attribute(value, sizeof value, tag, "transform")) {
        assert_int_equal(sscanf(value, "translate(%lf %lf)", &place[0], &place[1]), 2);
    } else {
        assert_true(markup_attribute(value, sizeof value, tag, "d"));
        assert_int_equal(sscanf(value, "M%lf %lf", &place[0], &place[1]), 2);
    }
}

/* An axis as its outermost ticks define it. */
typedef struct {
    int n;
    double lo, hi, lo_px, hi_px;
    bool log;
} axis;

static axis read_axis(const char *svg, const char *name, bool log)
{
    axis a = {.lo = INFINITY, .hi = -INFINITY, .log = log};
    markup_tag tag;
    char value[16];
    for (const char *at = svg; markup_next(&tag, at); at = tag.end) {
        if (markup_attribute(value, sizeof value, &tag, "data-axis") && strcmp(value, name) == 0) {
            double tick = markup_number(&tag, "data-tick"), place[2];
            read_place(place, &tag);
            double px = place[*name == 'y'];
            a.lo_px = tick < a.lo ? px : a.lo_px;
            a.hi_px = tick > a.hi ? px : a.hi_px;
            a.lo = fmin(a.lo, tick);
            a.hi = fmax(a.hi, tick);
            a.n++;
        }
    }
    assert_true(a.n >= 2);
    return a;
}

static double axis_px(const axis *a, double value)
{
    double part = a->log ? log(value / a->lo) / log(a->hi / a->lo) : (value - a->lo) / (a->hi - a->lo);
    return a->lo_px + part * (a->hi_px - a->lo_px);
}

/* Places are written to 0.01; extrapolation from the ticks adds as much again. */
static const double PLACE_TOLERANCE = 0.03;

/* Every mark stands where the ticks of both axes put its value; returns how many there are. */
static int check_marks(const char *svg, const axis *x, const axis *y, const mj_plot_curve *curve)
{
    int n = 0;
    markup_tag tag;
    for (const char *at = svg; markup_next(&tag, at); at = tag.end) {
        double data_x = markup_number(&tag, "data-x"), data_y = markup_number(&tag, "data-y");
        if (isnan(data_x)) {
            continue;
        }
        double place[2];
        int c = (int)markup_number(&tag, "data-curve");
        bool known = false;
        read_place(place, &tag);
        for (int i = 0; i < curve[c].n; i++) {
            known = known || (curve[c].x[i] == data_x && curve[c].y[i] == data_y);
        }
        assert_true(known);
        assert_true(fabs(place[0] - axis_px(x, data_x)) < PLACE_TOLERANCE);
        assert_true(fabs(place[1] - axis_px(y, data_y)) < PLACE_TOLERANCE);
        assert_true(place[0] > 0 && place[0] < MJ_PLOT_WIDTH);
        assert_true(place[1] > 0 && place[1] < MJ_PLOT_HEIGHT);
        n++;
    }
    return n;
}

static void test_marks_stand_where_the_axes_say(void **state)
{
    (void)state;
    const mj_plot_curve curve[] = {{"2", NOISE, VALUE, NULL, N, false}, {"4", NOISE, OTHER, NULL, N, false}};
    const mj_plot plot = plot_of(curve, 2);
    char *svg = svg_of(&plot);
    axis x = read_axis(svg, "x", false), y = read_axis(svg, "y", false);
    assert_rel(y.lo, 0, 0); /* a linear axis begins at 0 */
    assert_int_equal(check_marks(svg, &x, &y, curve), 2 * N);
    int n_levels = 0;
    markup_tag tag;
    for (const char *at = svg; markup_next(&tag, at); at = tag.end) {
        double level = markup_number(&tag, "data-level"), place[2];
        if (!isnan(level)) {
            read_place(place, &tag);
            assert_true(fabs(place[1] - axis_px(&y, level)) < PLACE_TOLERANCE);
            n_levels++;
        }
    }
    assert_int_equal(n_levels, 2); /* not the one far above everything */
    assert_non_null(strstr(svg, "floor: 0.30"));
    assert_non_null(strstr(svg, "a &lt;title&gt; &amp; more"));
    free(svg);
}

/* Values over decades: both axes are logarithmic, and 0 stands left of a break, without a line. */
static void test_decades_are_logarithmic(void **state)
{
    (void)state;
    static const double over[] = {0.001, 0.01, 0.1, 1}, value[] = {10, 40, 200, 900};
    static const double with_zero[] = {0, 0.01, 0.1, 1};
    const mj_plot_curve curve = {"", over, value, NULL, N, false}, zero = {"", with_zero, value, NULL, N, false};
    mj_plot plot = plot_of(&curve, 1);
    char *svg = svg_of(&plot);
    axis x = read_axis(svg, "x", true), y = read_axis(svg, "y", true);
    assert_int_equal(check_marks(svg, &x, &y, &curve), N);
    free(svg);
    plot.curve = &zero;
    svg = svg_of(&plot);
    assert_non_null(strstr(svg, "data-axis=\"apart\" data-tick=\"0\""));
    markup_tag tag;
    double first = INFINITY, place[2];
    for (const char *at = svg; markup_next(&tag, at); at = tag.end) {
        if (!isnan(markup_number(&tag, "data-x"))) {
            read_place(place, &tag);
            first = markup_number(&tag, "data-x") == 0 ? place[0] : first;
            assert_true(place[0] >= first || isinf(first));
        }
    }
    int n_parts = 0;
    for (const char *at = svg; (at = strstr(at, "arithmetic curve")) != NULL; at++) {
        n_parts++;
    }
    assert_int_equal(n_parts, 2);
    free(svg);
}

/* 0 bits are "as in the file": to the right of all others. One value alone has its place too, and what
 * is no number has none. */
static void test_zero_that_is_no_number(void **state)
{
    (void)state;
    static const double bits[] = {0, 2, 8, 4}, value[] = {30, 80, NAN, 35};
    const mj_plot_curve curve = {"", bits, value, NULL, N, false}, alone = {"", bits, value, NULL, 1, false};
    mj_plot plot = plot_of(&curve, 1);
    plot.zero_text = "as in the file";
    char *svg = svg_of(&plot);
    axis x = read_axis(svg, "x", false);
    markup_tag tag;
    double place[2];
    int n = 0;
    for (const char *at = svg; markup_next(&tag, at); at = tag.end) {
        if (!isnan(markup_number(&tag, "data-x"))) {
            read_place(place, &tag);
            assert_true((place[0] > x.hi_px) == (markup_number(&tag, "data-x") == 0));
            n++;
        }
    }
    assert_int_equal(n, 3);
    assert_non_null(strstr(svg, ">as in the file<"));
    free(svg);
    plot.curve = &alone;
    free(svg_of(&plot));
}

/* A plot of differences begins near the least value; its points stand alone, one of them noted. */
static void test_differences_are_seen(void **state)
{
    (void)state;
    static const double joules[N] = {1, 2, 3, 4}, bits[N] = {1.56, 1.57, 1.555, 1.7};
    const mj_plot_curve curve = {.label = "", .x = joules, .y = bits, .n = N, .apart = true};
    const mj_plot_note note = {"*", joules[2], bits[2]};
    mj_plot plot = plot_of(&curve, 1);
    plot.n_levels = 0;
    plot.near = true;
    plot.note = &note;
    plot.n_notes = 1;
    char *svg = svg_of(&plot);
    axis x = read_axis(svg, "x", false), y = read_axis(svg, "y", false);
    assert_true(y.lo > 1.5);
    assert_int_equal(check_marks(svg, &x, &y, &curve), N);
    assert_null(strstr(svg, "arithmetic curve"));
    assert_non_null(strstr(svg, ">*<"));
    /* From the least to the largest value: most of the height. */
    assert_true(axis_px(&y, 1.555) - axis_px(&y, 1.7) > MJ_PLOT_HEIGHT / 2.0);
    free(svg);
}

static unsigned colour_at(const unsigned char *rgb, double x, double y)
{
    const unsigned char *p = rgb + 3 * ((size_t)(y * MJ_PLOT_SCALE) * MJ_PLOT_WIDTH * MJ_PLOT_SCALE +
                                        (size_t)(x * MJ_PLOT_SCALE));
    return (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];
}

/* Where the SVG has a mark, the pixels have the palette's blue (--arithmetic, light). */
static void test_pixels_show_the_same(void **state)
{
    (void)state;
    const mj_plot_curve curve = {"", NOISE, VALUE, VALUE, N, false};
    const mj_plot plot = plot_of(&curve, 1);
    unsigned char *rgb = calloc(PIXELS, 3);
    assert_non_null(rgb);
    mj_plot_draw(rgb, &plot);
    char *svg = svg_of(&plot);
    markup_tag tag;
    assert_non_null(strstr(svg, "--arithmetic:#2b51b7"));
    for (const char *at = svg; markup_next(&tag, at); at = tag.end) {
        if (!isnan(markup_number(&tag, "data-x"))) {
            double place[2];
            read_place(place, &tag);
            assert_int_equal(colour_at(rgb, place[0], place[1]), 0x2b51b7);
            assert_int_not_equal(colour_at(rgb, place[0], place[1] - 9), 0x2b51b7);
        }
    }
    free(svg);
    free(rgb);
}

enum { SIDE = 64 };

/* Drawn area in user units: white on black. */
static double area_drawn(const unsigned char *rgb, double scale)
{
    double sum = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        sum += rgb[3 * i] / 255.0;
    }
    return sum / (scale * scale);
}

/* A stroke with round ends covers length x thickness + a disc; a square its sides. The cover of a pixel
 * is exact along the grid and off by some percent of the edge's pixels where it slants: 3 % here. */
static void test_areas(void **state)
{
    (void)state;
    static unsigned char rgb[SIDE * SIDE * 3];
    const mj_raster raster = {rgb, SIDE, SIDE, 2};
    const double pi = 3.14159265358979323846;
    const mj_raster_stroke stroke = {6, 8, 24, 20, 4}, dot = {16, 16, 16, 16, 12};
    mj_raster_fill(&raster, 0);
    mj_raster_line(&raster, &stroke, 0xffffff);
    assert_rel(area_drawn(rgb, 2), hypot(18, 12) * 4 + pi * 4, 0.03);
    mj_raster_fill(&raster, 0);
    mj_raster_line(&raster, &dot, 0xffffff);
    assert_rel(area_drawn(rgb, 2), pi * 36, 0.03);
    const mj_point square[] = {{4, 4}, {20, 4}, {20, 16}, {4, 16}};
    mj_raster_fill(&raster, 0);
    mj_raster_polygon(&raster, square, 4, 0xffffff);
    assert_rel(area_drawn(rgb, 2), 16 * 12, 1e-9);
    const mj_point outside[] = {{-40, -40}, {1e6, -40}, {1e6, -10}, {-40, -10}};
    mj_raster_fill(&raster, 0);
    mj_raster_polygon(&raster, outside, 4, 0xffffff);
    assert_rel(area_drawn(rgb, 2), 0, 0);
}

/* Every character of ASCII has a shape of its own, none leaves its box, and a foreign one is seen. */
static void test_every_character_is_drawn(void **state)
{
    (void)state;
    static unsigned char rgb[128][SIDE * SIDE * 3];
    for (int c = 33; c <= 127; c++) {
        const char text[] = {(char)c, '\0'};
        const mj_raster raster = {rgb[c], SIDE, SIDE, 1};
        const mj_raster_type type = {.x = 8, .y = 44, .size = 48};
        mj_raster_text(&raster, &type, text, 0xffffff);
        assert_true(area_drawn(rgb[c], 1) > 4);
        assert_true(8 + mj_raster_text_width(&type, text) < SIDE - 4);
        for (int i = 0; i < SIDE; i++) {
            assert_int_equal(rgb[c][3 * i] | rgb[c][3 * (SIDE * SIDE - 1 - i)], 0);
        }
        for (int other = 33; other < c; other++) {
            assert_memory_not_equal(rgb[c], rgb[other], sizeof rgb[c]);
        }
    }
    const mj_raster_type type = {.size = 10};
    double box = mj_raster_text_width(&type, "\177");
    assert_rel(mj_raster_text_width(&type, "\u00e9"), box, 0);
    assert_rel(mj_raster_text_width(&type, ""), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks_stand_where_the_axes_say),
        cmocka_unit_test(test_decades_are_logarithmic),
        cmocka_unit_test(test_zero_that_is_no_number),
        cmocka_unit_test(test_differences_are_seen),
        cmocka_unit_test(test_pixels_show_the_same),
        cmocka_unit_test(test_areas),
        cmocka_unit_test(test_every_character_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
