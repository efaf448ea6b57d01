/* Reports: a bill printed as text, JSON and CSV, its lines explained.
 *
 * The bill is made by hand, so that every printed figure is known beforehand; the last tests bill
 * shipped models on shipped chips and check what must hold for any bill. */
#include "shop.h"

#include "mj/json.h"
#include "mj/report.h"
#include "mj/text.h"
#include "mj/units.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    mj_chip chip;
    mj_model model;
    mj_bill bill;
    mj_measured measured;
    mj_cost cost;
    mj_bill_view view;
} fixture;

/* 0.8 J of one cause, 0.2 J of another: caps 5x and 1.25x by Amdahl's law. */
static void fixture_init(fixture *f)
{
    *f = (fixture){
        .chip = {.name = "post-hbm", .closure = MJ_CLOSURE_EVENT_SUM, .unit = "GPU"},
        .model = {.name = "toy", .output = MJ_OUTPUT_TOKEN},
        .bill = {.serving = {.batch = 1, .prompt = 10, .output = 20, .devices = 2,
                             .precision = MJ_FORMAT_INT8, .boundary = MJ_BOUNDARY_BOARD},
                 .joules = 1, .lo_J = 0.5, .hi_J = 2, .outputs_ps = 100, .latency_s = 0.01,
                 .power_W = 100, .assumed_share = 0.2},
        .measured = {.joules = 0.5, .cls = MJ_CLASS_MEASURED, .boundary = MJ_BOUNDARY_BOARD,
                     .row = "", .task = "", .source = "zeus2025", .note = ""},
        .cost = {.area_m2 = {814e-6, 814e-6, 814e-6, MJ_CLASS_PUBLISHED, "m2", NULL, NULL},
                 .price_USD = {100, 200, 300, MJ_CLASS_DERIVED, "USD", NULL, NULL}},
    };
    f->bill.ledger.line[0] = (mj_line){
        .component = MJ_ARITH_MAC, .label = "int8, \"multiplied\"", .formula = "weights / 2",
        .count = 2e9, .count_unit = "MAC", .unit_J = 1e-10, .joules = 0.2, .lo_J = 0.1,
        .hi_J = 0.4, .share = 0.2, .cap = 1.25, .source = "assumed", .cls = MJ_CLASS_ASSUMED};
    f->bill.ledger.line[1] = (mj_line){
        .component = MJ_DRAM_WEIGHTS, .label = "weights from HBM", .formula = "weights x bytes",
        .count = 1e10, .count_unit = "B", .unit_J = 8e-11, .joules = 0.8, .lo_J = 0.4,
        .hi_J = 1.6, .share = 0.8, .cap = 5, .source = "unconventional2026",
        .cls = MJ_CLASS_PUBLISHED};
    f->bill.ledger.n = 2;
    f->bill.chip = &f->chip;
    f->bill.model = &f->model;
    f->view = (mj_bill_view){.bill = &f->bill, .cost = &f->cost, .measured = &f->measured,
                             .model = "toy", .chip = "post-hbm"};
}

/* What a printer writes, as text from malloc. */
typedef mj_status printer(FILE *out, const fixture *f, const mj_style *style, mj_arena *arena);

static char *print_to_text(printer *print, const fixture *f, const mj_style *style)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    mj_arena arena;
    mj_arena_init(&arena, 0);
    assert_int_equal(print(out, f, style, &arena), MJ_OK);
    fclose(out);
    mj_arena_fini(&arena);
    return text;
}

static mj_status print_text(FILE *out, const fixture *f, const mj_style *style, mj_arena *arena)
{
    return mj_bill_print_text(out, &f->view, style, arena, NULL);
}

static mj_status print_json(FILE *out, const fixture *f, const mj_style *style, mj_arena *arena)
{
    (void)style;
    (void)arena;
    return mj_bill_print_json(out, &f->view, NULL);
}

static mj_status print_csv(FILE *out, const fixture *f, const mj_style *style, mj_arena *arena)
{
    (void)style;
    (void)arena;
    mj_bill_print_csv(out, &f->view);
    return MJ_OK;
}

static const mj_style plain = {.width = 100};
static const mj_style rich = {.colour = true, .utf8 = true, .width = 100};

static void test_bars(void **state)
{
    (void)state;
    char bar[64];
    assert_string_equal(mj_bar(bar, sizeof bar, 1, 4, &plain), "####");
    assert_string_equal(mj_bar(bar, sizeof bar, 0.5, 4, &plain), "##");
    assert_string_equal(mj_bar(bar, sizeof bar, 1e-9, 4, &plain), ".");
    assert_string_equal(mj_bar(bar, sizeof bar, 0, 4, &plain), "");
    assert_string_equal(mj_bar(bar, sizeof bar, NAN, 4, &plain), "");
    assert_string_equal(mj_bar(bar, sizeof bar, 7, 4, &rich), "\u2588\u2588\u2588\u2588");
    /* 5/8 of 4 columns are two full ones and a half. */
    assert_string_equal(mj_bar(bar, sizeof bar, 0.625, 4, &rich), "\u2588\u2588\u258c");
    assert_string_equal(mj_bar(bar, sizeof bar, 1e-9, 4, &rich), "\u258f");
}

static void test_numbers(void **state)
{
    (void)state;
    const struct {
        double number;
        const char *text;
    } rows[] = {{0, "0"},        {38.28, "38.3"}, {99.97, "100"},   {2446.4, "2446"},
                {1.25e6, "1.25 M"}, {999999, "1 M"}, {4e12, "4 T"}, {0.25, "0.25"}};
    char text[32];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(mj_number_format(rows[i].number, text, sizeof text), rows[i].text);
    }
}

static void test_cut_keeps_characters_whole(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(mj_text_cut(text, sizeof text, "abcdef", 6, &plain), "abcdef");
    assert_string_equal(mj_text_cut(text, sizeof text, "abcdefg", 6, &plain), "abcd..");
    assert_string_equal(mj_text_cut(text, sizeof text, "\u00e4\u00f6\u00fc\u00e4\u00f6", 3, &rich),
                        "\u00e4\u00f6\u2026");
    assert_string_equal(mj_text_cut(text, 6, "abcdefghij", 10, &plain), "abc..");
    /* At the end of a word where that leaves half of the room. */
    assert_string_equal(mj_text_cut(text, sizeof text, "one two three", 11, &plain), "one two..");
    assert_string_equal(mj_text_cut(text, sizeof text, "a longer-word", 9, &plain), "a longe..");
}

/* No line of a bill is wider than the style says, whatever the labels. */
static void test_text_keeps_the_width(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    f.bill.ledger.line[0].component = MJ_TRANSPORT;
    f.bill.ledger.line[0].label = "a label that goes on and on and on, past the end of any "
                                  "terminal that anybody has on a desk";
    for (int width = 60; width <= 120; width += 10) {
        const mj_style style = {.utf8 = true, .width = width};
        char *text = print_to_text(print_text, &f, &style);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
            if (strstr(line, "mj explain") == NULL && strstr(line, "J/token") == NULL) {
                assert_in_range(mj_text_width(line), 0, (uintmax_t)width);
            }
        }
        free(text);
    }
}

static void test_text_says_what_matters(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    char *text = print_to_text(print_text, &f, &plain);
    static const char *const parts[] = {
        "toy int8 on 2 post-hbm, batch 1, prompt 10, output 20, boundary board",
        "1 J/token", "event-sum", "[zeus2025]", "predicted / measured 2.00", "dram.weights",
        "800 mJ", "80.0%", "5.00x", "1.25x", "published [1]", "[1] unconventional2026", "total",
        "814 mm2 a GPU", "20 % of the joules rest on assumed", "mj explain toy on post-hbm"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(text, parts[i]) == NULL) {
            print_error("missing: %s in\n%s\n", parts[i], text);
            fail();
        }
    }
    /* Largest first. */
    assert_true(strstr(text, "dram.weights") < strstr(text, "arith.mac"));
    for (const char *c = text; *c; c++) {
        assert_true(*c == '\n' || ((unsigned char)*c >= ' ' && (unsigned char)*c < 127));
    }
    free(text);
    char *coloured = print_to_text(print_text, &f, &rich);
    assert_non_null(strstr(coloured, "\033["));
    assert_non_null(strstr(coloured, "\u2588"));
    free(coloured);
}

/* A file may name a machine anything; a terminal must not obey it. */
static void test_hostile_names_are_cleaned(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    f.chip.name = "bad\033[31mchip";
    f.bill.ledger.line[0].source = "key\033]0;x\a";
    f.bill.ledger.line[1].label = "line\r\nbreak";
    f.view.chip = "bad\033[2J";
    char *text = print_to_text(print_text, &f, &plain);
    char *csv = print_to_text(print_csv, &f, &plain);
    assert_null(strpbrk(text, "\033\r\a"));
    assert_null(strpbrk(csv, "\033\r\a"));
    free(text);
    free(csv);
}

/* The interface's list of keys, all of them and in order. */
static void test_json_has_every_key(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "schema", "model", "chip", "output", "batch", "prompt", "output_length", "context",
        "devices", "precision", "boundary", "closure", "joules_per_output", "joules_lo",
        "joules_hi", "measured", "outputs_per_s", "latency_s", "first_output_s", "power_W",
        "power_per_device_W", "memory_per_device_B", "area_m2", "price_USD", "price_lo_USD",
        "price_hi_USD", "prefill_share", "assumed_share", "quality", "lines"};
    fixture f;
    fixture_init(&f);
    char *text = print_to_text(print_json, &f, &plain);
    const char *from = text;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char key[40];
        snprintf(key, sizeof key, "\"%s\":", keys[i]);
        from = strstr(from, key);
        if (from == NULL) {
            print_error("missing or out of order: %s\n", key);
            fail();
        }
    }
    free(text);
}

static double number_at(const mj_json *object, const char *key)
{
    double number = NAN;
    mj_json_number(mj_json_get(object, key), &number);
    return number;
}

static void test_json_values(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    f.bill.ledger.line[1].cap = HUGE_VAL;
    char *text = print_to_text(print_json, &f, &plain);
    mj_json *root = mj_json_parse(text, strlen(text), "bill", NULL);
    assert_non_null(root);
    const mj_json *lines = mj_json_get(root, "lines");
    assert_int_equal(mj_json_length(lines), 2);
    double sum_J = 0;
    for (size_t i = 0; i < 2; i++) {
        sum_J += number_at(mj_json_at(lines, i), "joules");
    }
    assert_rel(sum_J, number_at(root, "joules_per_output"), 1e-9);
    assert_rel(number_at(mj_json_get(root, "measured"), "joules"), 0.5, 1e-15);
    assert_null(mj_json_get(mj_json_at(lines, 1), "cap")); /* unbounded: null */
    assert_null(mj_json_get(root, "quality"));
    assert_string_equal(mj_json_text(mj_json_get(mj_json_at(lines, 0), "class")), "assumed");
    /* Two devices of 814 mm2 and 200 USD. */
    assert_rel(number_at(root, "area_m2"), 2 * 814e-6, 1e-12);
    assert_rel(number_at(root, "price_USD"), 400, 1e-12);
    mj_json_free(root);
    free(text);
    /* A board measurement says nothing about a facility's bill. */
    f.bill.serving.boundary = MJ_BOUNDARY_FACILITY;
    text = print_to_text(print_json, &f, &plain);
    assert_non_null(strstr(text, "\"measured\": null"));
    free(text);
}

static void test_csv_quotes_and_counts(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    char *text = print_to_text(print_csv, &f, &plain);
    int lines = 0;
    for (const char *c = text; *c; c++) {
        lines += *c == '\n';
    }
    assert_int_equal(lines, 3);
    assert_non_null(strstr(text, "arith.mac,\"int8, \"\"multiplied\"\"\",2000000000,MAC,"));
    free(text);
}

static void test_choice(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    mj_choice choice;
    static mj_err err;
    err = (mj_err){0};
    assert_int_equal(mj_choice_find(&choice, &f.bill, "dram.weights", &err), MJ_OK);
    assert_true(choice.n == 1 && choice.chosen[1] && !choice.total);
    assert_int_equal(mj_choice_find(&choice, &f.bill, "total", &err), MJ_OK);
    assert_true(choice.n == 2 && choice.total);
    assert_int_equal(mj_choice_find(&choice, &f.bill, "MULTIPLIED", &err), MJ_OK);
    assert_true(choice.n == 1 && choice.chosen[0]);
    assert_int_equal(err.n, 0);
    assert_int_equal(mj_choice_find(&choice, &f.bill, "dram.weihgts", &err), MJ_ENAME);
    assert_non_null(strstr(err.diag[0].text, "did you mean 'dram.weights'"));
    assert_non_null(strstr(err.diag[0].text, "arith.mac"));
    assert_int_equal(mj_choice_find(&choice, &f.bill, "", &err), MJ_ENAME);
}

/* Fitted 50.9 pJ/B at the board's input are 45.81 behind regulators of 90 %; 32 are the published
 * device, so 13.81 are transport; a fit below the published energy leaves none. */
static void test_split_of_a_fitted_constant(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    mj_split split;
    mj_split_compute(&split, &f.bill);
    assert_int_equal(split.n, 0); /* an event sum has no fit */
    f.chip.closure = MJ_CLOSURE_CALIBRATED;
    f.chip.system.vrm = (mj_quantity){0.85, 0.9, 0.95, MJ_CLASS_PUBLISHED, "1", "x", NULL};
    f.chip.n_text = 1;
    f.chip.text[0] = (mj_text_fit){.name = "a", .byte_JpB = 50.9e-12, .flop_J = 0.9e-12};
    f.chip.n_memories = 1;
    f.chip.memory[0] = (mj_memory){.name = "hbm", .kind = MJ_MEMORY_HBM,
                                   .read_JpB = {32e-12, 32e-12, 32e-12, MJ_CLASS_PUBLISHED, "J/B",
                                                "x", NULL}};
    mj_split_compute(&split, &f.bill);
    assert_int_equal(split.n, 2);
    assert_rel(split.part[0].device, 32e-12, 1e-12);
    assert_rel(split.part[0].fitted * split.efficiency - split.part[0].device, 13.81e-12, 1e-9);
    f.chip.text[0].byte_JpB = 14e-12;
    mj_split_compute(&split, &f.bill);
    assert_rel(split.part[0].device, 14e-12 * 0.9, 1e-12);
}

/* The rest bills shipped models on shipped machines, one of every closure and kind of output. */
static const struct {
    const char *model, *chip;
    mj_serving serving;
} shelf[] = {
    {"llama-3.1-70b", "h100", {.batch = 0}},
    {"llama-3.1-70b", "h100", {.boundary = MJ_BOUNDARY_FLEET, .precision = MJ_FORMAT_FP8}},
    {"qwen3-235b-a22b", "b200", {.devices = 8, .expert = 8}},
    {"sd-3.5-large", "h100", {.devices = 2}},
    {"post-100b", "post-hbm", {.batch = 1, .context = 32000}},
    {"llama-3.1-8b", "hbm-chip", {.batch = 1, .boundary = MJ_BOUNDARY_FACILITY}},
};
enum { SHELF_N = sizeof shelf / sizeof shelf[0] };

static double number_of_text(const char *text, const char *key)
{
    mj_json *root = mj_json_parse(text, strlen(text), "bill", NULL);
    assert_non_null(root);
    double number = number_at(root, key);
    const mj_json *lines = mj_json_get(root, "lines");
    double sum_J = 0;
    for (size_t i = 0; i < mj_json_length(lines); i++) {
        const mj_json *line = mj_json_at(lines, i);
        sum_J += number_at(line, "joules");
        /* count x unit_J is the line, or the explanation would not be one. */
        assert_rel(number_at(line, "count") * number_at(line, "unit_J"), number_at(line, "joules"),
                   1e-9);
    }
    assert_rel(sum_J, number, 1e-9);
    mj_json_free(root);
    return number;
}

/* Printed with all digits: lines add up to joules_per_output to 1e-9, whatever the bill. */
static void test_every_bill_adds_up_in_json(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    for (int i = 0; i < SHELF_N; i++) {
        shop_bill(&s, shelf[i].model, shelf[i].chip, shelf[i].serving);
        fixture f = {.view = {.bill = &s.bill, .model = shelf[i].model, .chip = shelf[i].chip}};
        char *text = print_to_text(print_json, &f, &plain);
        assert_true(number_of_text(text, "joules_per_output") > 0);
        free(text);
        text = print_to_text(print_text, &f, &plain);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
            assert_in_range(mj_text_width(line), 0, 120);
        }
        free(text);
    }
    shop_close(&s);
}

static char *explain(const mj_explain_view *view, bool json)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_status status = json ? mj_explain_print_json(out, view, NULL)
                            : mj_explain_print_text(out, view, &plain, &arena, NULL);
    assert_int_equal(status, MJ_OK);
    fclose(out);
    mj_arena_fini(&arena);
    return text;
}

/* Every line of every bill: a formula, and a source that data/sources.yaml knows. */
static void check_line(shop *s, int line)
{
    const mj_line *l = &s->bill.ledger.line[line];
    mj_choice choice = {.n = 1};
    choice.chosen[line] = true;
    const mj_explain_view view = {.view = {.bill = &s->bill}, .choice = &choice,
                                  .facts = s->w.catalogue.facts};
    char *text = explain(&view, false);
    assert_non_null(l->formula);
    assert_true(*l->formula != '\0');
    assert_non_null(strstr(text, l->formula));
    assert_non_null(strstr(text, mj_component_text(l->component)));
    assert_null(strstr(text, "not in sources.yaml"));
    assert_null(strstr(text, "not among the facts"));
    assert_non_null(l->source);
    assert_non_null(strstr(text, l->source));
    free(text);
    text = explain(&view, true);
    mj_json *root = mj_json_parse(text, strlen(text), "explain", NULL);
    assert_non_null(root);
    const mj_json *entry = mj_json_at(mj_json_get(root, "lines"), 0);
    assert_string_equal(mj_json_text(mj_json_get(mj_json_get(entry, "source_entry"), "key")),
                        l->source);
    assert_non_null(mj_json_text(mj_json_get(mj_json_get(entry, "source_entry"), "check")));
    mj_json_free(root);
    free(text);
}

static void test_every_line_explains_itself(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    for (int i = 0; i < SHELF_N; i++) {
        shop_bill(&s, shelf[i].model, shelf[i].chip, shelf[i].serving);
        for (int line = 0; line < s.bill.ledger.n; line++) {
            check_line(&s, line);
        }
    }
    shop_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bars),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_cut_keeps_characters_whole),
        cmocka_unit_test(test_text_keeps_the_width),
        cmocka_unit_test(test_text_says_what_matters),
        cmocka_unit_test(test_hostile_names_are_cleaned),
        cmocka_unit_test(test_json_has_every_key),
        cmocka_unit_test(test_json_values),
        cmocka_unit_test(test_csv_quotes_and_counts),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_split_of_a_fitted_constant),
        cmocka_unit_test(test_every_bill_adds_up_in_json),
        cmocka_unit_test(test_every_line_explains_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
