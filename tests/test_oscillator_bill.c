/* Bills of coupled oscillators: a run on a substrate small enough to add up by hand, the published
 * parameters of Un-0, the share of its decoder as derived from its source code, and how joules grow
 * with time and size. */
#include "world.h"

#include "mj/bill.h"
#include "mj/measured.h"

#include <stdio.h>

static mj_chip chip;
static mj_model model;
static mj_bill bill;

/* Events in pJ, 1 GHz, 10 ns a time unit; supplies and the rest of the world cost nothing. */
static const char small_chip[] =
    "mj: 1\n"
    "chip: small\n"
    "from: assumed\n"
    "class: assumed\n"
    "closure: event-sum\n"
    "oscillator:\n"
    "  cycle: 1 pJ\n"
    "  coupling: 0.5 pJ\n"
    "  frequency: 1 GHz\n"
    "  unit: 10 ns\n"
    "  start: 2 pJ\n"
    "  random_bit: 1 pJ\n"
    "  injection: 3 pJ\n"
    "  sample: 4 pJ\n"
    "  program: 10 pJ/B\n"
    "  program_every: 10\n"
    "  readout_time: 20 ns\n"
    "  reference: 1 mW\n"
    "  leak: 1 mW\n"
    "  cell_area: 100 um2\n"
    "  coupler_area: 10 um2\n"
    "  couplings_max: 4\n"
    "overhead: {unexplained: 0}\n"
    "system: {vrm: 1}\n";

/* Two pixels, one hidden oscillator that starts at random, four couplings of half a byte. */
static const char small_model[] =
    "mj: 1\n"
    "model: small\n"
    "kind: oscillators\n"
    "oscillator: {visible: 2, hidden: 1, random: 1, classes: 2, couplings: 4, coupling_bits: 4,\n"
    "             start_bits: 2, span: 3, steps: 12, stages: 4, width: 2, height: 1}\n";

static void parse_small(world *w)
{
    chip = (mj_chip){0};
    model = (mj_model){0};
    world_require(w, mj_spec_parse(&chip, &mj_chip_schema, small_chip, strlen(small_chip), "small",
                                   w->units, &w->arena, &w->err));
    world_require(w, mj_chip_resolve(&chip, w->catalogue.facts, "small", &w->err));
    world_require(w, mj_spec_parse(&model, &mj_model_schema, small_model, strlen(small_model), "small",
                                   w->units, &w->arena, &w->err));
}

static mj_status compute(world *w, mj_serving s)
{
    MJ_TRY(mj_model_resolve(&model, "test", &w->err));
    MJ_TRY(mj_serving_resolve(&s, &chip, &model, &w->err));
    return mj_bill_compute(&bill, &chip, &model, &s, &w->err);
}

static double joules_of(mj_component component)
{
    double sum = 0;
    for (int i = 0; i < bill.ledger.n; i++) {
        sum += bill.ledger.line[i].component == component ? bill.ledger.line[i].joules : 0;
    }
    return sum;
}

/* 3 time units are 30 ns, 30 cycles; with setting and reading 50 ns. Exact but for rounding. */
static void test_run_adds_up(void **state)
{
    const struct {
        mj_component component;
        double pJ;
    } rows[] = {
        {MJ_ARITH_OSC, 3 * 30 * 1 + 4 * 30 * 0.5},
        {MJ_CONV_DAC, 3 * 2 + 3 * 3}, /* phases and injections */
        {MJ_RNG, 1 * 2 * 1},
        {MJ_CONV_CMP, 2 * 4},
        {MJ_PROGRAM, 2.0 / 10 * 10}, /* 2 B once in 10 outputs */
        {MJ_CLOCK, 50},
        {MJ_LEAK_LOGIC, 3 * 50},
    };
    parse_small(*state);
    for (int batch = 1; batch <= 8; batch *= 8) { /* one output after the other */
        double total = 0;
        assert_int_equal(compute(*state, (mj_serving){.batch = batch}), MJ_OK);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            assert_rel(joules_of(rows[i].component), rows[i].pJ * 1e-12, 1e-12);
            total += rows[i].pJ * 1e-12;
        }
        assert_rel(bill.joules, total, 1e-12);
        assert_rel(bill.latency_s, batch * 50e-9, 1e-12);
    }
    assert_true(mj_oscillator_runs(&bill));
    assert_rel(mj_oscillator_area(&bill).typ, (3 * 100 + 4 * 10) * 1e-12, 1e-12);
}

/* The circuits beside: a trim and a gate an oscillator, switches a coupling, each cycle; what stands leaks for
 * the 50 ns of setting, run and reading. A chip that states none of them says so (transcripts). */
static void test_cells_beside_are_lines(void **state)
{
    parse_small(*state);
    assert_int_equal(compute(*state, (mj_serving){0}), MJ_OK);
    double running_J = joules_of(MJ_ARITH_OSC), leak_J = joules_of(MJ_LEAK_LOGIC);
    mj_oscillator *o = &chip.oscillator;
    mj_quantity *const given[] = {&o->trim_J, &o->start_gate_J, &o->switches_J, &o->trim_leak_W,
                                  &o->start_leak_W, &o->sample_leak_W, &o->coupler_leak_W};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        double value = i < 3 ? 1e-14 * (double)(1 << i) : 1e-6 * (double)(1 << i);
        *given[i] = o->cycle_J;
        given[i]->lo = given[i]->typ = given[i]->hi = value;
    }
    assert_int_equal(compute(*state, (mj_serving){0}), MJ_OK);
    assert_rel(joules_of(MJ_ARITH_OSC) - running_J, 30 * 1e-14 * (3 * 1 + 3 * 2 + 4 * 4), 1e-9);
    /* Strobes of 4 ns: 6 cycles more of all but the currents of couplings. */
    o->strobes_s = o->cycle_J;
    o->strobes_s.lo = o->strobes_s.typ = o->strobes_s.hi = 4e-9;
    assert_int_equal(compute(*state, (mj_serving){0}), MJ_OK);
    assert_rel(joules_of(MJ_ARITH_OSC) - running_J,
               36 * 1e-14 * (3 * 1 + 3 * 2 + 4 * 4) + 6 * 3 * 1e-12, 1e-9);
    assert_rel(joules_of(MJ_LEAK_LOGIC) - leak_J, 50e-9 * 1e-6 * (3 * 8 + 3 * 16 + 2 * 32 + 4 * 64), 1e-9);
}

/* Five segments: the same four couplers, set five times an output: 5 x 2 B. Three harmonics: nothing to
 * the substrate, three times the products to a computer, which reads one matrix a right-hand side. */
static void test_segments_are_written_and_harmonics_multiplied(void **state)
{
    world *w = *state;
    mj_ops once, many;
    parse_small(w);
    assert_int_equal(compute(w, (mj_serving){0}), MJ_OK);
    double running_J = joules_of(MJ_ARITH_OSC);
    once = bill.ops;
    model.oscillator.segments = 5;
    model.oscillator.harmonics = 3;
    assert_int_equal(compute(w, (mj_serving){0}), MJ_OK);
    many = bill.ops;
    assert_rel(joules_of(MJ_ARITH_OSC), running_J, 1e-12);
    assert_rel(joules_of(MJ_PROGRAM), 5 * 2.0 * 10e-12, 1e-12);
    assert_rel(mj_oscillator_area(&bill).typ, (3 * 100 + 4 * 10) * 1e-12, 1e-12);
    assert_rel(many.op[0].mac, 3 * once.op[0].mac, 1e-12);
    assert_rel(many.op[0].weight_B, 5 * once.op[0].weight_B, 1e-12);
    assert_rel(many.op[0].weight_B * many.op[0].reads, once.op[0].weight_B * once.op[0].reads, 1e-12);
}

/* Time is what oscillators cost: steps of a computer are nothing to them. */
static void test_joules_grow_with_span_and_couplings(void **state)
{
    world *w = *state;
    parse_small(w);
    chip.oscillator.couplings_max = 0;
    assert_int_equal(compute(w, (mj_serving){0}), MJ_OK);
    double once = joules_of(MJ_ARITH_OSC);
    model.oscillator.steps *= 2;
    assert_int_equal(compute(w, (mj_serving){0}), MJ_OK);
    assert_rel(joules_of(MJ_ARITH_OSC), once, 1e-12);
    model.oscillator.span *= 2;
    assert_int_equal(compute(w, (mj_serving){0}), MJ_OK);
    assert_rel(joules_of(MJ_ARITH_OSC), 2 * once, 1e-12);
    /* all pairs of N oscillators for 60 cycles: N + N^2 / 2 pJ a cycle */
    for (int n = 8; n <= 512; n *= 8) {
        model.oscillator.visible = n - 1;
        model.oscillator.couplings = 0;
        assert_int_equal(compute(w, (mj_serving){0}), MJ_OK);
        assert_rel(joules_of(MJ_ARITH_OSC), 60e-12 * (n + 0.5 * n * n), 1e-12);
    }
}

/* Half and double the time unit are in the line, beside the energies' own factors of 2. */
static void test_interval_has_the_unit_in_it(void **state)
{
    parse_small(*state);
    assert_int_equal(compute(*state, (mj_serving){0}), MJ_OK);
    const mj_line *line = &bill.ledger.line[0];
    assert_int_equal(line->component, MJ_ARITH_OSC);
    assert_rel(line->lo_J, line->joules / 4, 1e-12);
    assert_rel(line->hi_J, line->joules * 4, 1e-12);
}

static void test_refuses_more_couplings_than_drawn(void **state)
{
    world *w = *state;
    parse_small(w);
    chip.oscillator.couplings_max = 1; /* 4 couplings of 3 oscillators are 1.33 */
    assert_int_equal(compute(w, (mj_serving){0}), MJ_EFIT);
    assert_non_null(strstr(w->err.diag[0].text, "couplings_max=2"));
    w->err.n = 0;
}

/* Totals as published, to half of their last digit. The layer list leaves out the 64 couplings between
 * the oscillators of a class. */
static void test_un_0_has_its_published_parameters(void **state)
{
    static const struct {
        const char *name;
        double total, digit;
    } rows[] = {
        {"un-0-cifar-1024", 1.29e6, 1e4},        {"un-0-cifar-2048", 4.94e6, 1e4},
        {"un-0-cifar-4096", 19.43e6, 1e4},       {"un-0-imagenet64-6656", 57.2e6, 1e5},
        {"un-0-imagenet64-10240", 129.8e6, 1e5}, {"un-0-imagenet64-16384", 322.4e6, 1e5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world_model(*state, &model, rows[i].name);
        assert_rel(model.published_total, rows[i].total, 1e-12);
        assert_true(fabs(model.params.total - rows[i].total) <= rows[i].digit / 2);
    }
}

/* Shares of the arithmetic as derived from the published source code, to the half per cent that their
 * rounding leaves. Euler: 10 steps of one right-hand side, as a fork has them. */
static void test_decoder_has_its_share(void **state)
{
    static const struct {
        const char *name;
        bool euler;
        double share;
    } rows[] = {
        {"un-0-cifar-1024", false, 0.14},     {"un-0-cifar-4096", false, 0.09},
        {"un-0-cifar-4096", true, 0.50},      {"un-0-imagenet64-6656", false, 0.58},
        {"un-0-imagenet64-16384", false, 0.57}, {"oscillator-912", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mj_ops ops;
        world_model(*state, &model, rows[i].name);
        if (rows[i].euler) {
            model.oscillator.steps = 10;
            model.oscillator.stages = 1;
        }
        mj_ops_count(&ops, &model, &(mj_extent){0});
        assert_true(fabs(mj_ops_decoder_share(&ops) - rows[i].share) <= 0.0051);
    }
}

/* 912 oscillators for six Euler steps: 10.0 M multiplications, couplings of 4 bits read six times:
 * 2.5 MB, 5.0 uJ at 2 pJ a byte, as derived by hand. Digits given. */
static void test_simulation_counts_products(void **state)
{
    mj_ops ops;
    world_model(*state, &model, "oscillator-912");
    model.oscillator.steps = 6;
    model.oscillator.stages = 1;
    mj_ops_count(&ops, &model, &(mj_extent){0});
    assert_int_equal(ops.n, 1);
    assert_rel(ops.op[0].mac, 10.0e6, 0.005);
    assert_rel(ops.op[0].weight_B * ops.op[0].reads * 2e-12, 5.0e-6, 0.005);
}

/* Nothing that such estimates leave out is missing from a shipped substrate's bill, and nothing that
 * only a computer does is on it. */
static void test_shipped_substrate_bills_all_of_it(void **state)
{
    static const mj_component all[] = {MJ_ARITH_OSC, MJ_CONV_DAC,   MJ_RNG,
                                       MJ_CONV_CMP,  MJ_PROGRAM,    MJ_CLOCK,
                                       MJ_LEAK_LOGIC, MJ_LINK_SCALEOUT, MJ_UNEXPLAINED};
    world *w = *state;
    world_chip(w, &chip, "oscillator-65nm");
    world_model(w, &model, "oscillator-912");
    assert_int_equal(compute(w, (mj_serving){.boundary = MJ_BOUNDARY_NODE}), MJ_OK);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_true(joules_of(all[i]) > 0);
    }
    assert_true(joules_of(MJ_ARITH_MAC) == 0);
    assert_true(bill.lo_J > 0 && bill.hi_J > bill.joules);
}

/* No decoder, or the decoder is billed: 14 % of the arithmetic, done at 65 nm, costs more than all of
 * the oscillators. Its multiply-accumulates are half of the 0.07 GFLOP of the derivation. */
static void test_decoder_is_billed(void **state)
{
    world *w = *state;
    world_chip(w, &chip, "oscillator-65nm");
    world_model(w, &model, "un-0-cifar-1024");
    assert_int_equal(compute(w, (mj_serving){0}), MJ_OK);
    const mj_compute *unit = mj_chip_compute(&chip, MJ_FORMAT_BF16);
    assert_rel(joules_of(MJ_ARITH_MAC), 0.5 * 0.07e9 * unit->energy_JpMAC.typ, 0.05);
    assert_true(joules_of(MJ_ARITH_MAC) > joules_of(MJ_ARITH_OSC));
    world_model(w, &model, "un-0-cifar-4096");
    assert_int_equal(compute(w, (mj_serving){0}), MJ_EFIT);
    w->err.n = 0;
}

/* What others estimate stands in the table as an estimate. */
static void test_estimates_are_called_so(void **state)
{
    world *w = *state;
    mj_measured found;
    bool has = false;
    parse_small(w);
    chip.name = "ais-analog";
    model.name = "ais-fashion";
    assert_int_equal(compute(w, (mj_serving){0}), MJ_OK);
    world_require(w, mj_measured_find(&found, &has, world_path(w, "data/measured/published.csv"), &bill,
                                   &w->arena, &w->err));
    assert_true(has);
    assert_int_equal(found.cls, MJ_CLASS_SIMULATED);
    assert_rel(found.joules, 23e-6, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_adds_up),
        cmocka_unit_test(test_cells_beside_are_lines),
        cmocka_unit_test(test_segments_are_written_and_harmonics_multiplied),
        cmocka_unit_test(test_joules_grow_with_span_and_couplings),
        cmocka_unit_test(test_interval_has_the_unit_in_it),
        cmocka_unit_test(test_refuses_more_couplings_than_drawn),
        cmocka_unit_test(test_un_0_has_its_published_parameters),
        cmocka_unit_test(test_decoder_has_its_share),
        cmocka_unit_test(test_simulation_counts_products),
        cmocka_unit_test(test_shipped_substrate_bills_all_of_it),
        cmocka_unit_test(test_decoder_is_billed),
        cmocka_unit_test(test_estimates_are_called_so),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
