/* HTML and SVG reports: well-formed, self-contained, escaped, small, and drawn to scale.
 *
 * Pictures carry the figures they draw as data- attributes; the tests measure the drawing against
 * them: widths that add up, heights in proportion, logarithms on the axis, labels apart. */
#include "markup.h"
#include "shop.h"

#include "mj/report.h"
#include "mj/text.h"
#include <unistd.h>

static const mj_colophon colophon = {"mj report bill 'a & b' on <c>", "0.1 (abc, 2026-01-01)",
                                     "2026-01-01 00:00 UTC"};

/* One of every closure and kind of output; the last has 18 lines and more. */
static const struct {
    const char *model, *chip;
    mj_serving serving;
} shelf[] = {
    {"llama-3.1-70b", "h100", {.batch = 0}},
    {"sd-3.5-large", "h100", {.devices = 2}},
    {"post-100b", "post-hbm", {.batch = 1, .context = 32000}},
    {"llama-3.1-8b", "hbm-chip", {.batch = 1, .boundary = MJ_BOUNDARY_FLEET}},
};
enum { SHELF_N = sizeof shelf / sizeof shelf[0] };

/* A document, or the picture alone, as text from malloc. */
static char *bill_document(const mj_bill_view *view, mj_facts *facts)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    mj_arena arena;
    mj_arena_init(&arena, 0);
    assert_int_equal(mj_bill_print_html(out, view, &colophon, facts, &arena, NULL), MJ_OK);
    fclose(out);
    mj_arena_fini(&arena);
    return text;
}

static char *bill_picture(const mj_bill_view *view)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    mj_bill_print_svg(out, view, true);
    fclose(out);
    return text;
}

static void assert_well_formed(const char *text)
{
    const char *fault = markup_fault(text);
    if (fault) {
        print_error("malformed at: %.80s\n", fault);
        fail();
    }
}

/* Nothing that a browser would load or run: links lead to the page itself or, in the sources, to
 * http; the icon is empty; styles refer to no address. */
static void assert_self_contained(const char *text)
{
    static const char *const banned[] = {"script", "img", "iframe", "object", "embed", "image",
                                         "use", "base", "form"};
    markup_tag tag;
    char href[512], scratch[64];
    for (const char *at = text; markup_next(&tag, at); at = tag.end) {
        for (size_t i = 0; i < sizeof banned / sizeof banned[0]; i++) {
            assert_string_not_equal(tag.name, banned[i]);
        }
        assert_false(markup_attribute(scratch, sizeof scratch, &tag, "src"));
        assert_false(markup_attribute(scratch, sizeof scratch, &tag, "onload"));
        if (markup_attribute(href, sizeof href, &tag, "href")) {
            bool web = strncmp(href, "https://", 8) == 0 || strncmp(href, "http://", 7) == 0;
            assert_true(strcmp(tag.name, "a") == 0 ? web || href[0] == '#'
                                                   : strcmp(href, "data:,") == 0);
        }
    }
    assert_null(strstr(text, "@import"));
    for (const char *at = text; (at = strstr(at, "url(")) != NULL; at++) {
        assert_int_equal(at[4], '#');
    }
}

static void test_documents_are_whole_small_and_alone(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    for (int i = 0; i < SHELF_N; i++) {
        shop_bill(&s, shelf[i].model, shelf[i].chip, shelf[i].serving);
        char *text = bill_document(&s.view, s.w.catalogue.facts);
        assert_well_formed(text);
        assert_self_contained(text);
        assert_in_range(strlen(text), 1000, 300 * 1000);
        assert_non_null(strstr(text, "Content-Security-Policy\" content=\"default-src 'none'"));
        assert_non_null(strstr(text, "mj report bill &#39;a &amp; b&#39; on &lt;c&gt;"));
        assert_null(strstr(text, "not in the list of sources"));
        free(text);
        text = bill_picture(&s.view);
        assert_well_formed(text);
        assert_self_contained(text);
        free(text);
    }
    shop_close(&s);
}

/* Every line of the ledger is a row, its joules with all digits; they add up to the bill. */
static void test_table_has_every_line(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    shop_bill(&s, shelf[3].model, shelf[3].chip, shelf[3].serving);
    char *text = bill_document(&s.view, s.w.catalogue.facts);
    double sum_J = 0;
    int rows = 0;
    markup_tag tag;
    for (const char *at = text; markup_next(&tag, at); at = tag.end) {
        if (strcmp(tag.name, "td") == 0 && isfinite(markup_number(&tag, "data-joules"))) {
            sum_J += markup_number(&tag, "data-joules");
            rows++;
        }
    }
    assert_int_equal(rows, s.bill.ledger.n);
    assert_rel(sum_J, s.bill.joules, 1e-9);
    free(text);
    shop_close(&s);
}

/* Sums of data-joules over bands from, or to, a name. */
static double flow_J(const char *text, const char *end, const char *name)
{
    double sum_J = 0;
    markup_tag tag;
    char value[64];
    for (const char *at = text; markup_next(&tag, at); at = tag.end) {
        if (strcmp(tag.name, "path") == 0 && markup_attribute(value, sizeof value, &tag, end) &&
            strcmp(value, name) == 0) {
            sum_J += markup_number(&tag, "data-joules");
        }
    }
    return sum_J;
}

/* Height of a band: the v in its path. */
static double band_height(const markup_tag *tag)
{
    char path[512];
    assert_true(markup_attribute(path, sizeof path, tag, "d"));
    const char *v = strchr(path, 'v');
    assert_non_null(v);
    return strtod(v + 1, NULL);
}

static void check_sankey(const char *text, const mj_bill *bill)
{
    static const char *const groups[] = {"arithmetic", "memory", "movement", "time", "conversion",
                                         "outside", "unexplained"};
    double rows_J = 0;
    assert_rel(flow_J(text, "data-from", "total"), bill->joules, 1e-9);
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
        /* "to" a group counts the band that enters it and, for lines of its own colour, the ones
         * that leave: entering equals leaving. */
        double leaving_J = flow_J(text, "data-from", groups[g]);
        double both_J = flow_J(text, "data-to", groups[g]);
        double to_rest_J = 0;
        markup_tag tag;
        char value[64];
        for (const char *at = text; markup_next(&tag, at); at = tag.end) {
            if (markup_attribute(value, sizeof value, &tag, "data-from") &&
                strcmp(value, groups[g]) == 0 &&
                markup_attribute(value, sizeof value, &tag, "data-to") &&
                strcmp(value, "rest") == 0) {
                to_rest_J += markup_number(&tag, "data-joules");
            }
        }
        assert_rel(both_J - (leaving_J - to_rest_J), leaving_J, 1e-9);
        rows_J += leaving_J;
    }
    assert_rel(rows_J, bill->joules, 1e-9);
    /* The total's node is 380 px tall; all else in proportion, to the two decimals written. */
    markup_tag tag;
    char classes[64];
    for (const char *at = text; markup_next(&tag, at); at = tag.end) {
        double want_px = 380 * markup_number(&tag, "data-joules") / bill->joules;
        if (isfinite(want_px) && markup_attribute(classes, sizeof classes, &tag, "class")) {
            double got_px = strncmp(classes, "band", 4) == 0 ? band_height(&tag)
                                                             : markup_number(&tag, "height");
            assert_true(fabs(got_px - want_px) <= 0.00501);
        }
    }
}

static void test_sankey_is_drawn_to_scale(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    for (int i = 0; i < SHELF_N; i++) {
        shop_bill(&s, shelf[i].model, shelf[i].chip, shelf[i].serving);
        char *text = bill_picture(&s.view);
        check_sankey(text, &s.bill);
        free(text);
    }
    shop_close(&s);
}

/* Labels of one column stand at least a line of type apart, and inside the picture. */
static void assert_labels_apart(const char *text)
{
    enum { TEXTS_MAX = 256 };
    struct {
        double x, y;
    } at[TEXTS_MAX];
    int n = 0;
    double height = NAN;
    markup_tag tag;
    for (const char *p = text; markup_next(&tag, p); p = tag.end) {
        if (strcmp(tag.name, "svg") == 0 && !tag.closes) {
            height = markup_number(&tag, "height");
        }
        if (strcmp(tag.name, "text") == 0 && !tag.closes && n < TEXTS_MAX) {
            at[n].x = markup_number(&tag, "x");
            at[n++].y = markup_number(&tag, "y");
        }
    }
    assert_true(n > 3);
    for (int i = 0; i < n; i++) {
        assert_true(at[i].y > 10 && at[i].y < height);
        for (int j = 0; j < i; j++) {
            assert_true(at[i].x != at[j].x || fabs(at[i].y - at[j].y) >= 15);
        }
    }
}

/* 48 lines in all components, most of them tiny, one name very long. */
static void test_labels_never_overlap(void **state)
{
    (void)state;
    mj_chip chip = {.name = "chip", .closure = MJ_CLOSURE_EVENT_SUM};
    mj_model model = {.name = "model", .output = MJ_OUTPUT_TOKEN};
    mj_bill bill = {.chip = &chip, .model = &model};
    for (int i = 0; i < MJ_LINES_MAX; i++) {
        double joules = pow(0.8, i);
        bill.ledger.line[i] = (mj_line){
            .component = (mj_component)(i % MJ_COMPONENT_N), .count = joules, .count_unit = "J",
            .unit_J = 1, .joules = joules, .cls = MJ_CLASS_ASSUMED,
            .label = "a label that goes on and on and on, far past the edge of any picture that "
                     "one could fit on a page"};
        bill.joules += joules;
    }
    bill.ledger.n = MJ_LINES_MAX;
    const mj_bill_view view = {.bill = &bill};
    char *text = bill_picture(&view);
    assert_labels_apart(text);
    check_sankey(text, &bill);
    assert_non_null(strstr(text, " smaller lines<"));
    free(text);
    shop s;
    shop_open(&s);
    for (int i = 0; i < SHELF_N; i++) {
        shop_bill(&s, shelf[i].model, shelf[i].chip, shelf[i].serving);
        text = bill_picture(&s.view);
        assert_labels_apart(text);
        free(text);
    }
    shop_close(&s);
}

/* Nothing to draw, or figures that are none, still make a document. */
static void test_empty_and_broken_bills(void **state)
{
    (void)state;
    static const double joules[] = {0, NAN, HUGE_VAL, -1};
    shop s;
    shop_open(&s);
    for (size_t i = 0; i < sizeof joules / sizeof joules[0]; i++) {
        mj_chip chip = {.name = "chip", .closure = MJ_CLOSURE_EVENT_SUM};
        mj_model model = {.name = "model", .output = MJ_OUTPUT_TOKEN};
        mj_bill bill = {.chip = &chip, .model = &model, .joules = joules[i]};
        bill.ledger.n = 1;
        bill.ledger.line[0] = (mj_line){.joules = joules[i], .share = joules[i]};
        const mj_bill_view view = {.bill = &bill};
        char *text = bill_document(&view, s.w.catalogue.facts);
        assert_well_formed(text);
        free(text);
    }
    shop_close(&s);
}

/* Names come from files; whatever they hold, they stay text. */
static void test_hostile_names_stay_text(void **state)
{
    (void)state;
    static const char evil[] = "<script>alert(1)</script>\"'&\033[2J\r\n\xef\xbf\xbe\xff "
                               "onload=\"x";
    shop s;
    shop_open(&s);
    shop_bill(&s, shelf[0].model, shelf[0].chip, shelf[0].serving);
    s.chip.name = evil;
    s.chip.unit = evil;
    s.model.name = evil;
    for (int i = 0; i < s.bill.ledger.n; i++) {
        s.bill.ledger.line[i].label = evil;
        s.bill.ledger.line[i].source = evil;
        s.bill.ledger.line[i].count_unit = "<b>";
    }
    const mj_measured measured = {.joules = 1, .cls = MJ_CLASS_MEASURED, .task = evil,
                                  .source = evil, .row = evil, .note = evil,
                                  .boundary = MJ_BOUNDARY_BOARD};
    s.view.measured = &measured;
    char *text[] = {bill_document(&s.view, s.w.catalogue.facts), bill_picture(&s.view)};
    for (int i = 0; i < 2; i++) {
        assert_well_formed(text[i]);
        assert_self_contained(text[i]);
        assert_non_null(strstr(text[i], "&lt;script&gt;"));
        assert_null(strpbrk(text[i], "\033\r"));
        for (char *line = strtok(text[i], "\n"); line; line = strtok(NULL, "\n")) {
            assert_true(mj_text_is_clean(line, strlen(line))); /* no control, whole UTF-8 */
        }
        free(text[i]);
    }
    shop_close(&s);
}

/* A list of sources may come with more facts; its links are not trusted. */
static void test_hostile_links_are_no_links(void **state)
{
    (void)state;
    char path[] = "/tmp/mj-html-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    fputs("mj: 1\nsources:\n"
          "  - {key: zeus2025, year: 2025, title: \"<b>t</b>\", url: \"javascript:alert(1)\","
          " check: \"<i>\"}\n"
          "  - {key: assumed, year: 2025, title: t, url: \"https://x.org/\\\" onclick=\\\"y\","
          " check: c}\n", file);
    fclose(file);
    shop s;
    shop_open(&s);
    shop_bill(&s, shelf[0].model, shelf[0].chip, shelf[0].serving);
    mj_facts *facts = mj_facts_new(s.w.fact_dirs, 1, path, s.w.units);
    assert_non_null(facts);
    char *text = bill_document(&s.view, facts);
    assert_well_formed(text);
    assert_self_contained(text);
    assert_null(strstr(text, "javascript:"));
    assert_non_null(strstr(text, "&lt;b&gt;t&lt;/b&gt;"));
    assert_non_null(strstr(text, "href=\"https://x.org/&quot; onclick=&quot;y\""));
    free(text);
    mj_facts_free(facts);
    shop_close(&s);
    unlink(path);
}

/* A climb by hand: 8 J, to 0.8 J, up to 1.6 J, and to 2 mJ: factors 10, 5 and 4000. */
enum { CLIMB_N = 4 };
typedef struct {
    mj_chip chip;
    mj_model model;
    mj_bill bill[CLIMB_N];
    mj_ladder ladder;
    mj_climb climb;
} ladder_fixture;

static void ladder_init(ladder_fixture *f)
{
    static const double joules[CLIMB_N] = {8, 0.8, 1.6, 0.002};
    static const char *const names[CLIMB_N] = {"", "first <b>", "worse & dearer", "last"};
    memset(f, 0, sizeof *f);
    f->chip = (mj_chip){.name = "chip", .closure = MJ_CLOSURE_EVENT_SUM};
    f->model = (mj_model){.name = "model", .output = MJ_OUTPUT_TOKEN};
    f->ladder = (mj_ladder){.name = "toy", .target = 1000, .trend = MJ_TREND_SAME_FORMAT,
                            .base.year = 2026, .n_rungs = CLIMB_N - 1};
    f->ladder.trends[MJ_TREND_SAME_FORMAT] =
        (mj_quantity){2, 4, 8, MJ_CLASS_PUBLISHED, "1", "zeus2025", NULL};
    f->climb = (mj_climb){.ladder = &f->ladder, .n = CLIMB_N, .factor = 4000, .factor_lo = 2000,
                          .factor_hi = 8000, .naive_product = 9000, .target = 1000,
                          .reached = true, .assumed_gain = 2};
    for (int i = 0; i < CLIMB_N; i++) {
        f->bill[i] = (mj_bill){.chip = &f->chip, .model = &f->model, .joules = joules[i],
                               .lo_J = joules[i] / 2, .hi_J = joules[i] * 2};
        f->bill[i].ledger.n = 1;
        f->bill[i].ledger.line[0] = (mj_line){.joules = joules[i], .label = "all", .share = 1};
        f->ladder.rung[i] = (mj_rung){.name = names[i], .why = "because", .source = "zeus2025",
                                      .cls = MJ_CLASS_ASSUMED};
        f->climb.step[i] = (mj_climb_step){
            .rung = i > 0 ? &f->ladder.rung[i] : NULL, .bill = &f->bill[i],
            .gain = i > 0 ? joules[i - 1] / joules[i] : 1, .cumulative = 8 / joules[i],
            .cumulative_2030 = 2 / joules[i], .cap = HUGE_VAL, .gain_first = NAN, .gain_last = 1};
    }
}

static char *ladder_picture(const mj_climb *climb)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    mj_ladder_print_svg(out, climb, true);
    fclose(out);
    return text;
}

/* Where a vertical line stands: the M of its path. */
static double line_x(const markup_tag *tag)
{
    char path[128];
    assert_true(markup_attribute(path, sizeof path, tag, "d"));
    return strtod(path + 1, NULL);
}

/* x of the tick, the target or the trend with that value; NAN if it is not drawn. */
static double mark_x(const char *text, const char *kind, double value)
{
    markup_tag tag;
    for (const char *at = text; markup_next(&tag, at); at = tag.end) {
        if (strcmp(tag.name, "path") == 0 && fabs(markup_number(&tag, kind) / value - 1) < 1e-9) {
            return line_x(&tag);
        }
    }
    return NAN;
}

/* The axis is a logarithm, and bars, target and trend stand where it says (written to 0.01 px). */
static void test_waterfall_stands_on_a_log_axis(void **state)
{
    (void)state;
    static ladder_fixture f;
    ladder_init(&f);
    char *text = ladder_picture(&f.climb);
    assert_well_formed(text);
    assert_self_contained(text);
    assert_labels_apart(text);
    double one = mark_x(text, "data-factor", 1), decade = mark_x(text, "data-factor", 10) - one;
    assert_true(decade > 20);
    assert_true(fabs(mark_x(text, "data-factor", 1000) - one - 3 * decade) < 0.05);
    assert_true(fabs(mark_x(text, "data-target", 1000) - one - 3 * decade) < 0.05);
    assert_true(fabs(mark_x(text, "data-trend", 4) - one - log10(4) * decade) < 0.05);
    int bars = 0;
    markup_tag tag;
    for (const char *at = text; markup_next(&tag, at); at = tag.end) {
        double before = markup_number(&tag, "data-before");
        double after = markup_number(&tag, "data-after");
        if (strcmp(tag.name, "rect") != 0 || !isfinite(before)) {
            continue;
        }
        double left = markup_number(&tag, "x"), right = left + markup_number(&tag, "width");
        assert_true(fabs(left - one - log10(8 / fmax(before, after)) * decade) < 0.05);
        assert_true(fabs(right - one - log10(8 / fmin(before, after)) * decade) < 0.05);
        char classes[64];
        assert_true(markup_attribute(classes, sizeof classes, &tag, "class"));
        assert_int_equal(strstr(classes, "loss") != NULL, after > before);
        bars++;
    }
    assert_int_equal(bars, CLIMB_N - 1);
    free(text);
}

static void test_ladder_document(void **state)
{
    (void)state;
    static ladder_fixture f;
    ladder_init(&f);
    shop s;
    shop_open(&s);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const mj_ladder_view view = {.climb = &f.climb};
    assert_int_equal(mj_ladder_print_html(out, &view, &colophon, s.w.catalogue.facts, &s.w.arena,
                                          NULL), MJ_OK);
    fclose(out);
    assert_well_formed(text);
    assert_self_contained(text);
    assert_in_range(size, 1000, 300 * 1000);
    assert_non_null(strstr(text, "first &lt;b&gt;"));
    assert_non_null(strstr(text, "worse &amp; dearer"));
    assert_non_null(strstr(text, "raises joules"));
    assert_non_null(strstr(text, "9000\u00d7")); /* the naive product beside */
    assert_non_null(strstr(text, "4000\u00d7"));
    free(text);
    shop_close(&s);
}

/* A ladder with figures that are none, or with nothing gained, is still drawn. */
static void test_broken_ladders_are_drawn(void **state)
{
    (void)state;
    static const double last[] = {0, NAN, 8, 1e-300};
    static ladder_fixture f;
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) {
        ladder_init(&f);
        f.bill[CLIMB_N - 1].joules = last[i];
        f.bill[CLIMB_N - 1].lo_J = 0;
        f.bill[0].hi_J = HUGE_VAL;
        char *text = ladder_picture(&f.climb);
        assert_well_formed(text);
        static const char *const places[] = {" x=\"", " y=\"", " width=\"", " height=\"", " d=\"M"};
        for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
            for (const char *at = text; (at = strstr(at, places[p])) != NULL;) {
                at += strlen(places[p]);
                assert_true(isdigit((unsigned char)at[*at == '-']));
            }
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents_are_whole_small_and_alone),
        cmocka_unit_test(test_table_has_every_line),
        cmocka_unit_test(test_sankey_is_drawn_to_scale),
        cmocka_unit_test(test_labels_never_overlap),
        cmocka_unit_test(test_empty_and_broken_bills),
        cmocka_unit_test(test_hostile_names_stay_text),
        cmocka_unit_test(test_hostile_links_are_no_links),
        cmocka_unit_test(test_waterfall_stands_on_a_log_axis),
        cmocka_unit_test(test_ladder_document),
        cmocka_unit_test(test_broken_ladders_are_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
