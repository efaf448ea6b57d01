/* Ladders: gains against Amdahl's law by hand, what must hold for any ladder, every mistake at its
 * place, and the ladders that ship. */
#include "ladder_fixture.h"

#include "mj/json.h"
#include "mj/report.h"
#include <dirent.h>

/* The founding post's envelope: 100 G bytes of weights and 50 GB of cache at 39 pJ/B, 100 G
 * multiplications at 0.07 pJ; nothing else is billed, so gains can be worked out by hand. 32,768
 * tokens x 1,525,878.90625 B are 50 GB exactly. */
static const double weights_J = 100e9 * 39e-12, cache_J = 50e9 * 39e-12,
                    product_J = 100e9 * 0.07e-12;

#define POST \
    "mj: 1\n" \
    "ladder: t\n" \
    "from: assumed\n" \
    "base: {model: post-100b, chip: post-hbm, serving: {batch: 1, context: 32768}, year: 2026}\n" \
    "rungs:\n"
#define CHEAP_BYTES \
    "  - {name: cheap bytes, why: x, set: {chip.hbm.read: 3.9 pJ/B}}\n"
#define CHEAP_PRODUCTS \
    "  - {name: cheap products, why: x, set: {chip.mac.int8.energy: 0.007 pJ/MAC}}\n"

static void test_gains_follow_amdahl(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    static mj_climb climb;
    load_ok(&ladder, f, POST CHEAP_BYTES CHEAP_PRODUCTS);
    climb_ok(&climb, &ladder, f, (mj_climb_options){0});
    double bytes_J = weights_J + cache_J, base_J = bytes_J + product_J;
    assert_int_equal(climb.n, 3);
    assert_rel(climb.step[0].bill->joules, base_J, 1e-12);
    assert_rel(climb.step[1].gain, base_J / (bytes_J / 10 + product_J), 1e-12);
    assert_rel(climb.step[2].cumulative, 10, 1e-12); /* every line fell to a tenth */
    /* alone, a tenth of the products is all but invisible; last, it is not */
    assert_rel(climb.step[2].gain_first, base_J / (bytes_J + product_J / 10), 1e-12);
    assert_rel(climb.step[2].gain_last, (bytes_J / 10 + product_J) / (base_J / 10), 1e-12);
    assert_rel(climb.naive_product, climb.step[1].gain_first * climb.step[2].gain_first, 1e-12);
    assert_true(climb.naive_product < climb.factor);
    /* the cap: weights are the largest line, and would leave cache and products */
    assert_int_equal(climb.step[0].cap_cause, MJ_DRAM_WEIGHTS);
    assert_rel(climb.step[0].cap, base_J / (cache_J + product_J), 1e-12);
    assert_false(climb.reached);
}

/* 2030 divides by the fact: 2.9 with a step of number format. */
static void test_2030_divides_by_the_trend(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    static mj_climb climb;
    load_ok(&ladder, f, POST CHEAP_BYTES);
    climb_ok(&climb, &ladder, f, (mj_climb_options){.target = 5});
    assert_true(climb.reached);
    assert_rel(climb.step[1].cumulative_2030, climb.factor / 2.9, 1e-12);
    assert_rel(climb.factor_2030[MJ_TREND_SAME_FORMAT], climb.factor / 2.0, 1e-12);
    assert_rel(climb.factor_2030[MJ_TREND_SAME_QUALITY], climb.factor / 30, 1e-12);
    assert_rel(climb.factor_2030_lo[MJ_TREND_NEW_FORMAT], climb.factor_lo / 5, 1e-12);
}

static void test_the_end_does_not_depend_on_the_way(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder one, other;
    static mj_climb up, down;
    load_ok(&one, f, POST CHEAP_BYTES CHEAP_PRODUCTS);
    load_ok(&other, f, POST CHEAP_PRODUCTS CHEAP_BYTES);
    climb_ok(&up, &one, f, (mj_climb_options){0});
    climb_ok(&down, &other, f, (mj_climb_options){0});
    assert_rel(up.factor, down.factor, 1e-15);
    assert_rel(up.naive_product, down.naive_product, 1e-12);
    assert_true(up.step[1].gain > 2 * down.step[1].gain);
    assert_rel(up.step[1].gain_last, down.step[2].gain_last, 1e-12);
}

/* What a rung gains last is what is lost without it; gains multiply to the factor. */
static void test_drop_and_orders_agree(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    static mj_climb climb, without;
    mj_err err = {0};
    assert_int_equal(mj_ladder_load(&ladder, "post-100b", &f->w.catalogue, &f->w.arena, &err),
                     MJ_OK);
    climb_ok(&climb, &ladder, f, (mj_climb_options){0});
    int rung = mj_ladder_find(&ladder, "self-timed", &err);
    assert_true(rung >= 0);
    climb_ok(&without, &ladder, f, (mj_climb_options){.without = (mj_rungs)1 << rung});
    assert_rel(climb.step[rung + 1].gain_last, climb.factor / without.factor, 1e-12);
    double product = 1;
    for (int i = 1; i < climb.n; i++) {
        product *= climb.step[i].gain;
    }
    assert_rel(product, climb.factor, 1e-12);
    assert_int_equal(mj_ladder_find(&ladder, "nothing of the kind", &err), -1);
    assert_int_equal(mj_ladder_find(&ladder, "weights", &err), -1); /* a part of four names */
}

static void test_a_group_holds_one_rung(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    static mj_climb climb;
    load_ok(&ladder, f,
            POST "  - {name: a, group: g, why: x, set: {chip.hbm.read: 3.9 pJ/B}}\n"
                 "  - {name: b, group: g, why: x, set: {chip.mac.int8.energy: 0.007 pJ/MAC}}\n");
    climb_ok(&climb, &ladder, f, (mj_climb_options){0});
    assert_int_equal(climb.final, 2);
    assert_true(climb.step[1].replaced);
    assert_rel(climb.factor, climb.step[2].gain_first, 1e-12); /* b alone */
    assert_true(climb.step[2].gain < 1); /* it gives back what a had gained */
}

/* A quantity set by a rung rests on the rung's source and class, a fact on its own. */
static void test_values_carry_the_rungs_source(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    mj_ladder_state *s = mj_arena_alloc(&f->w.arena, sizeof *s);
    load_ok(&ladder, f,
            POST "  - {name: a, why: x, from: oconnor2017, class: published,\n"
                 "     set: {chip.hbm.read: 4 pJ/B}}\n"
                 "  - {name: b, why: x, set: {chip.mac.int8.energy: {fact: arith.mac.int4}}}\n");
    mj_err err = {0};
    assert_int_equal(mj_ladder_bill(s, &ladder, 3, 0, &err), MJ_OK);
    const mj_quantity *read = &s->machine.chip.memory[0].read_JpB;
    assert_string_equal(read->source, "oconnor2017");
    assert_int_equal(read->cls, MJ_CLASS_PUBLISHED);
    assert_rel(read->hi, 1.3 * 4e-12, 1e-9); /* published: 30 % */
    assert_string_equal(s->machine.chip.compute[0].energy_JpMAC.fact, "arith.mac.int4");
}

/* One rung each, from line 6 on; where the mistake is reported, and a part of its text. */
static void test_mistakes_have_a_place(void **state)
{
    ladder_fixture *f = *state;
    static const struct {
        const char *rung;
        mj_status code;
        int line, column;
        const char *part;
    } cases[] = {
        {"  - {name: a, why: x, set: {chip.hbm.raed: 1 pJ/B}}\n", MJ_ENAME, 6, 44,
         "did you mean 'hbm.read'?"},
        {"  - {name: a, why: x, set: {chip.hbm.read: 1 pJ}}\n", MJ_EUNIT, 6, 44, "pJ"},
        {"  - {name: a, why: x, set: {chip.hbm.read: -1 pJ/B}}\n", MJ_ERANGE, 6, 44, "range"},
        {"  - {name: a, why: x, set: {serving.batch: 1}}\n", MJ_ERANGE, 6, 44, "changes nothing"},
        {"  - {name: a, why: x, set: {}}\n", MJ_EKEY, 6, 28, "nothing stands in it"},
        {"  - {name: a, why: x, set: {chip.title: other}}\n", MJ_ERANGE, 6, 41,
         "moves no joules"},
        {"  - {name: a, why: x, set: {serving.context: 100}}\n", MJ_ESUPPORT, 6, 46,
         "say what is counted"},
        {"  - {name: a, why: x, set: {serving.batch: 0}}\n", MJ_ERANGE, 6, 44, "the default"},
        {"  - {name: a, why: x, from: \"it's\", set: {chip.hbm.read: 1 pJ/B}}\n", MJ_ENAME, 6, 58,
         "no source 'it's'"},
        {"  - {name: a, why: x, set: {chip.hbm.read: {typ: 1 pJ/B, from: nobody}}}\n", MJ_ENAME, 6,
         44, "no source 'nobody'"},
        {"  - {name: a, why: x, set: {chip.hbm.read: 1 pJ/B}}\n"
         "  - {name: A, why: x, set: {chip.hbm.read: 2 pJ/B}}\n", MJ_EKEY, 7, 44, "this name"},
        {"  - {name: a, why: x, needs: [b], set: {chip.hbm.read: 1 pJ/B}}\n", MJ_ENAME, 6, 56,
         "no rung 'b'"},
        {"  - {name: a, why: x, needs: [b], set: {chip.hbm.read: 1 pJ/B}}\n"
         "  - {name: b, why: x, set: {chip.mac.int8.energy: 0.007 pJ/MAC}}\n", MJ_ENAME, 6, 56,
         "needs stands before it"},
        {"  - {name: a, why: x, set: {batch: 4}}\n", MJ_EKEY, 6, 36, "'batch' cannot be set"},
        {"  - {name: a, why: x, set: {serving.boundary: die}}\n", MJ_ESUPPORT, 6, 47,
         "say what is counted"},
        {"  - {name: a, why: x, set: {chip: sram-chip}}\n", MJ_ESUPPORT, 6, 35,
         "an envelope cannot be compared"},
        {"  - {name: a, why: x, set: {model: dit-xl-2}}\n", MJ_ESUPPORT, 6, 36,
         "another kind of output"},
        {"  - {name: a, why: x, set: {chip: no-such}}\n", MJ_ENAME, 6, 35, "unknown chip"},
        {"  - {name: a, why: x, set: {chip.hbm.read: {fact: no.such}}}\n", MJ_ENAME, 6, 44,
         "no.such"},
        {"  - {name: a, why: x, set: {model.aggregate.total: 0}}\n", MJ_ERANGE, 6, 52, "rung 'a'"},
        {"  - {name: a, why: x, set: {chip: post-sram}}\n"
         "  - {name: b, why: x, set: {chip: post-arithmetic}}\n", MJ_EKEY, 7, 35, "same group"},
        {"  - {name: a, why: x, set: {chip: post-arithmetic}}\n"
         "  - {name: b, why: x, set: {chip.hbm.read: 1 pJ/B}}\n", MJ_ENAME, 7, 44,
         "no such path"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static mj_ladder ladder;
        char text[1024];
        mj_err err;
        snprintf(text, sizeof text, POST "%s", cases[i].rung);
        mj_status status = load_text(&ladder, f, text, &err);
        const mj_diag *d = &err.diag[0];
        if (status != cases[i].code || err.n == 0 || d->line != cases[i].line ||
            d->column != cases[i].column || strcmp(d->file, f->path) != 0 ||
            !strstr(d->text, cases[i].part)) {
            print_message("%s", cases[i].rung);
            print_message("want %d at %d:%d '%s', status %d\n", (int)cases[i].code, cases[i].line,
                          cases[i].column, cases[i].part, (int)status);
            print_problems(&err);
            fail();
        }
    }
}

/* Whole chips and models of all rungs come before any value, so that the last machine is the same
 * whichever rung stands first, and values go to the chip that will be there. */
#define EIGHT "mj: 1\nladder: t\nfrom: assumed\n" \
    "base: {model: llama-3.1-8b, chip: hbm-chip, serving: {batch: 1, context: 4k}}\nrungs:\n"
#define OTHER_MODEL "  - {name: m, why: x, set: {model: qwen3-8b, chip.wires.distance: 0.2 mm}}\n"
#define OTHER_CHIP "  - {name: c, why: x, set: {chip: sram-chip, serving.precision: fp8}}\n"
static void test_wholes_come_before_values(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder one, other;
    mj_ladder_state *a = mj_arena_alloc(&f->w.arena, sizeof *a);
    mj_ladder_state *b = mj_arena_alloc(&f->w.arena, sizeof *b);
    mj_err err = {0};
    load_ok(&one, f, EIGHT OTHER_MODEL OTHER_CHIP);
    load_ok(&other, f, EIGHT OTHER_CHIP OTHER_MODEL);
    assert_int_equal(mj_ladder_bill(a, &one, 3, 0, &err), MJ_OK);
    assert_int_equal(mj_ladder_bill(b, &other, 3, 0, &err), MJ_OK);
    assert_rel(a->bill.joules, b->bill.joules, 1e-15);
    assert_string_equal(a->machine.chip.name, "sram-chip");
    assert_rel(a->machine.chip.wires.distance_m.typ, 0.2e-3, 1e-12);
    assert_string_equal(a->machine.model.name, "qwen3-8b");
    assert_int_equal(a->machine.model.precision.ffn, MJ_FORMAT_FP8);
}

#define GROUPED \
    "  - {name: a, group: g, why: x, set: {chip.hbm.read: 20 pJ/B}}\n" \
    "  - {name: b, group: g, why: x, set: {chip.hbm.read: 3.9 pJ/B}}\n"

/* Without a grouped rung the one before it in its group stands in its place: dropped, or last. */
static void test_the_place_of_a_dropped_rung_is_taken(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    static mj_climb climb, without;
    load_ok(&ladder, f, POST GROUPED CHEAP_PRODUCTS);
    climb_ok(&climb, &ladder, f, (mj_climb_options){0});
    climb_ok(&without, &ladder, f, (mj_climb_options){.without = 2});
    assert_int_equal(climb.final, 6);
    assert_int_equal(without.final, 5);
    assert_rel(climb.step[2].gain_last, climb.factor / without.factor, 1e-12);
    double moved_B = 150e9, rest_J = product_J / 10;
    assert_rel(climb.step[2].gain_last, (moved_B * 20e-12 + rest_J) / (moved_B * 3.9e-12 + rest_J),
               1e-12);
    const mj_ladder_view view = {.climb = &climb, .dropped = &without,
                                 .drop_rung = &ladder.rung[1]};
    static const mj_style plain = {.width = 200};
    char *text = NULL;
    size_t size = 0;
    mj_err err = {0};
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(mj_ladder_print_text(out, &view, &plain, &f->w.arena, &err), MJ_OK);
    fclose(out);
    assert_non_null(strstr(text, "'a' takes its place"));
    free(text);
}

/* What assumed rungs carry is what the climb without them does not reach. */
static void test_assumed_rungs_carry_what_is_left(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    static mj_climb climb;
    load_ok(&ladder, f,
            POST "  - {name: a, group: g, why: x, class: measured, set: {chip.hbm.read: 20 pJ/B}}\n"
                 "  - {name: b, group: g, why: x, set: {chip.hbm.read: 3.9 pJ/B}}\n"
                 "  - {name: c, why: x, class: published, quality_delta: -1 %,\n"
                 "     set: {chip.mac.int8.energy: 0.007 pJ/MAC}}\n");
    climb_ok(&climb, &ladder, f, (mj_climb_options){0});
    double sourced_J = 150e9 * 20e-12 + product_J / 10; /* a is back in the place of b */
    assert_rel(climb.sourced_factor, climb.step[0].bill->joules / sourced_J, 1e-12);
    assert_rel(climb.assumed_gain * climb.sourced_factor, climb.factor, 1e-12);
    /* a quality that nobody but the rung's own source stands for */
    assert_int_equal(ladder.rung[2].quality.cls, MJ_CLASS_ASSUMED);
    assert_string_equal(ladder.rung[2].quality.source, "assumed");
}

/* The fit's error is one factor on both machines; on an event sum only the last one's counts. */
static void test_a_shared_error_cancels(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    static mj_climb climb;
    load_ok(&ladder, f,
            "mj: 1\nladder: t\nfrom: assumed\n"
            "base: {model: llama-3.1-70b, chip: h100, serving: {batch: 64}}\n"
            "rungs:\n  - {name: a, why: x, set: {chip.a.idle: 34.5 W, chip.b.idle: 21 W}}\n");
    climb_ok(&climb, &ladder, f, (mj_climb_options){0});
    assert_true(climb.shares_fit);
    assert_rel(climb.factor_lo, climb.factor, 1e-12);
    assert_rel(climb.step[1].cumulative_hi, climb.factor, 1e-12);
}

/* A rung named for a cause gains no more than would be gained if the cause cost nothing. */
static void test_a_named_cause_bounds_its_rung(void **state)
{
    static const struct {
        const char *ladder, *rung;
        mj_component cause[3];
    } cases[] = {
        {"post-100b", "low-swing wires", {MJ_NOC_WIRE}},
        {"post-100b", "self-timed circuits", {MJ_CLOCK}},
        {"post-100b", "no instructions", {MJ_CONTROL}},
        {"ten-times-two", "half the wire", {MJ_NOC_WIRE}},
        {"ten-times-two", "half the energy of a product", {MJ_ARITH_MAC, MJ_CONTROL}},
        {"llama-70b-h100", "operands and control to a tenth", {MJ_ARITH_MAC, MJ_TRANSPORT}},
        {"image", "operands and control to a tenth", {MJ_ARITH_MAC, MJ_TRANSPORT}},
    };
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    static mj_climb climb;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mj_err err = {0};
        assert_int_equal(mj_ladder_load(&ladder, cases[i].ladder, &f->w.catalogue, &f->w.arena,
                                        &err), MJ_OK);
        climb_ok(&climb, &ladder, f, (mj_climb_options){0});
        int rung = mj_ladder_find(&ladder, cases[i].rung, &err);
        assert_true(rung >= 0);
        double left = 1; /* after the causes, as a share of the bill before */
        for (int k = 0; k < 3 && (k == 0 || cases[i].cause[k]); k++) {
            left -= 1 - 1 / mj_ledger_cap(&climb.step[rung].bill->ledger, cases[i].cause[k]);
        }
        assert_true(climb.step[rung + 1].gain * left <= 1 + 1e-9);
    }
}

/* 100 G parameters at 16 bit and their cache do not fit one chip of 144 GB. */
static void test_a_rung_that_does_not_fit(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    mj_err err;
    mj_status status = load_text(&ladder, f,
                                 "mj: 1\nladder: t\nfrom: assumed\n"
                                 "base: {model: post-100b, chip: hbm-chip,\n"
                                 "       serving: {batch: 1, context: 1k, devices: 1}}\n"
                                 "rungs:\n"
                                 "  - {name: a, why: x, set: {serving.precision: bf16}}\n", &err);
    assert_int_equal(status, MJ_EFIT);
    assert_int_equal(err.diag[0].line, 7);
    assert_int_equal(err.diag[0].column, 48);
    assert_non_null(strstr(err.diag[0].text, "does not fit"));
}

static void check_shipped(ladder_fixture *f, const char *name)
{
    static mj_ladder ladder;
    static mj_climb climb;
    mj_err err = {0};
    if (mj_ladder_load(&ladder, name, &f->w.catalogue, &f->w.arena, &err) != MJ_OK) {
        print_problems(&err);
        fail();
    }
    for (int variant = 0; variant < 2; variant++) {
        climb_ok(&climb, &ladder, f, (mj_climb_options){.variant = variant});
        for (int i = 0; i < climb.n; i++) {
            const mj_climb_step *step = &climb.step[i];
            assert_rel(step->cumulative, climb.step[0].bill->joules / step->bill->joules, 1e-12);
            assert_rel(mj_ledger_total_J(&step->bill->ledger), step->bill->joules, 1e-9);
            assert_true(step->cap >= 1);
        }
    }
    for (int i = 1; i < climb.n; i++) { /* a rung that does nothing anywhere is a slip */
        const mj_climb_step *step = &climb.step[i];
        assert_true(step->gain != 1 || step->gain_first != 1 || step->gain_last != 1);
    }
    for (int i = 0; i < ladder.n_rungs; i++) {
        const mj_source *source;
        assert_int_equal(mj_facts_source(&source, f->w.catalogue.facts, ladder.rung[i].source,
                                         &err),
                         MJ_OK);
        assert_true(!mj_quantity_given(&ladder.rung[i].quality) ||
                    mj_facts_source(&source, f->w.catalogue.facts, ladder.rung[i].quality.source,
                                    &err) == MJ_OK);
    }
}

static void test_shipped_ladders_climb(void **state)
{
    ladder_fixture *f = *state;
    DIR *folder = opendir(f->w.catalogue.ladders);
    const struct dirent *entry;
    int n = 0;
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && strcmp(dot, ".yaml") == 0) {
            check_shipped(f, mj_arena_printf(&f->w.arena, "%s/%s", f->w.catalogue.ladders,
                                             entry->d_name));
            n++;
        }
    }
    closedir(folder);
    assert_true(n >= 5);
}

/* On the measured GPU the product of the rungs' own factors is not what the bill says. */
static void test_the_naive_product_is_wrong(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    static mj_climb climb;
    mj_err err = {0};
    assert_int_equal(mj_ladder_load(&ladder, "llama-70b-h100", &f->w.catalogue, &f->w.arena, &err),
                     MJ_OK);
    climb_ok(&climb, &ladder, f, (mj_climb_options){0});
    assert_true(fabs(log(climb.naive_product / climb.factor)) > 0.1);
}

static void test_json_has_the_interfaces_keys(void **state)
{
    static const char *const keys[] = {
        "name", "joules", "joules_lo", "joules_hi", "gain", "cumulative", "cumulative_2030",
        "cap_next", "cap_cause", "gain_first", "gain_last", "quality_delta", "source", "class"};
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    static mj_climb climb;
    char *text = NULL;
    size_t size = 0;
    mj_err err = {0};
    load_ok(&ladder, f, POST "  - {name: a, why: x, quality_delta: 0, set: {chip.hbm.read: "
                             "3.9 pJ/B}}\n");
    climb_ok(&climb, &ladder, f, (mj_climb_options){0});
    FILE *out = open_memstream(&text, &size);
    const mj_ladder_view view = {.climb = &climb};
    assert_int_equal(mj_ladder_print_json(out, &view, &err), MJ_OK);
    fclose(out);
    mj_json *root = mj_json_parse(text, size, "t", &err);
    assert_non_null(root);
    double number;
    assert_true(mj_json_number(mj_json_get(mj_json_get(root, "base"), "joules"), &number));
    assert_rel(number, weights_J + cache_J + product_J, 1e-12);
    assert_true(mj_json_number(mj_json_get(root, "target"), &number) && number == 1000);
    assert_true(mj_json_number(mj_json_get(root, "naive_product"), &number));
    const mj_json *rung = mj_json_at(mj_json_get(root, "rungs"), 0);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (!mj_json_get(rung, keys[i])) {
            print_message("missing: %s\n", keys[i]);
            fail();
        }
    }
    mj_json_free(root);
    free(text);
}

/* The post's figures: 39 / 2, and with 2.4 pJ/B of transport on both sides or on one. */
static void test_memory_sweep(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    static mj_memory_sweep sweep;
    mj_err err = {0};
    assert_int_equal(mj_ladder_load(&ladder, "post-100b", &f->w.catalogue, &f->w.arena, &err),
                     MJ_OK);
    assert_int_equal(mj_ladder_sweep_memory(&sweep, &ladder, &f->w.catalogue, &f->w.arena, &err),
                     MJ_OK);
    assert_rel(sweep.post_reads, 19.5, 1e-9);
    assert_rel(sweep.post_both, 41.4 / 4.4, 1e-9);
    assert_rel(sweep.post_sram_only, 39 / 4.4, 1e-9);
    assert_int_equal(sweep.n, 6);
    /* the base's own memory: nothing may change */
    assert_string_equal(sweep.row[0].name, "HBM3E");
    /* 100 GB of weights fly 0.1 mm, 50 GB of cache and few activations still 14 mm */
    assert_string_equal(sweep.row[5].name, "ROM");
    assert_rel(sweep.row[5].distance_m, (100 * 0.1e-3 + 48.8 * 14e-3) / 148.8, 1e-3);
    assert_rel(sweep.row[0].joules, sweep.base.joules, 1e-9);
    for (int i = 0; i < sweep.n; i++) {
        assert_true(sweep.row[i].joules > 0);
        assert_rel(sweep.row[i].weights_J, 100e9 * sweep.row[i].read_JpB.typ, 1e-9);
    }
}

/* How the base was spread is not the question: its own memory costs what the base costs. */
static void test_the_sweep_spreads_its_base_freely(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    static mj_memory_sweep sweep;
    mj_err err = {0};
    load_ok(&ladder, f,
            "mj: 1\nladder: t\nfrom: assumed\n"
            "base: {model: llama-3.1-70b, chip: hbm-chip,\n"
            "       serving: {batch: 64, devices: 4, tensor: 4}}\n"
            "rungs:\n  - {name: p, why: x, set: {serving.precision: fp8}}\n");
    assert_int_equal(mj_ladder_sweep_memory(&sweep, &ladder, &f->w.catalogue, &f->w.arena, &err),
                     MJ_OK);
    assert_int_equal(sweep.base.serving.devices, sweep.row[0].devices);
    assert_rel(sweep.row[0].joules, sweep.base.joules, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gains_follow_amdahl),
        cmocka_unit_test(test_2030_divides_by_the_trend),
        cmocka_unit_test(test_the_end_does_not_depend_on_the_way),
        cmocka_unit_test(test_drop_and_orders_agree),
        cmocka_unit_test(test_a_group_holds_one_rung),
        cmocka_unit_test(test_values_carry_the_rungs_source),
        cmocka_unit_test(test_mistakes_have_a_place),
        cmocka_unit_test(test_a_rung_that_does_not_fit),
        cmocka_unit_test(test_wholes_come_before_values),
        cmocka_unit_test(test_the_place_of_a_dropped_rung_is_taken),
        cmocka_unit_test(test_assumed_rungs_carry_what_is_left),
        cmocka_unit_test(test_a_shared_error_cancels),
        cmocka_unit_test(test_a_named_cause_bounds_its_rung),
        cmocka_unit_test(test_shipped_ladders_climb),
        cmocka_unit_test(test_the_naive_product_is_wrong),
        cmocka_unit_test(test_json_has_the_interfaces_keys),
        cmocka_unit_test(test_memory_sweep),
        cmocka_unit_test(test_the_sweep_spreads_its_base_freely),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
