/* Bills of look-up-table networks: a circuit small enough to add up by hand, counts of the shipped models
 * against the networks themselves and the programs that run them, and facts of a model's own circuit. */
#include "world.h"

#include "mj/bill.h"
#include "mj/lut_file.h"
#include "mj/lut_program.h"

#include <stdio.h>
#include <unistd.h>

static mj_chip chip;
static mj_model model;
static mj_bill bill;

/* Events in pJ, 10 ns an evaluation; supplies and the rest of the world cost nothing. */
static const char small_chip[] =
    "mj: 1\n"
    "chip: small\n"
    "from: assumed\n"
    "class: assumed\n"
    "closure: event-sum\n"
    "lut:\n"
    "  table: 1 pJ\n"
    "  table_glitches: 0.5 pJ\n"
    "  table_wires: 0.25 pJ\n"
    "  vote: 2 pJ\n"
    "  vote_glitches: 4 pJ\n"
    "  vote_wires: 8 pJ\n"
    "  input: 16 pJ\n"
    "  register: 32 pJ\n"
    "  compare: 64 pJ\n"
    "  weigh: 128 pJ\n"
    "  random_bit: 256 pJ\n"
    "  period: 10 ns\n"
    "  table_leak: 1 mW\n"
    "  vote_leak: 2 mW\n"
    "  table_area: 100 um2\n"
    "  vote_area: 10 um2\n"
    "overhead: {unexplained: 0}\n"
    "system: {vrm: 1}\n";

/* Seven tables, five inputs, six votes for three counts. */
#define SMALL_MODEL(output, evaluations) \
    "mj: 1\nmodel: small\nkind: lut\noutput: " output "\n" \
    "lut: {tables: 7, inputs: 5, votes: 6, groups: 3, evaluations: " evaluations ", width: 2, height: 2}\n"

static void parse_small(world *w, const char *text)
{
    chip = (mj_chip){0};
    model = (mj_model){0};
    world_require(w, mj_spec_parse(&chip, &mj_chip_schema, small_chip, strlen(small_chip), "small",
                                   w->units, &w->arena, &w->err));
    world_require(w, mj_chip_resolve(&chip, w->catalogue.facts, "small", &w->err));
    world_require(w, mj_spec_parse(&model, &mj_model_schema, text, strlen(text), "small", w->units,
                                   &w->arena, &w->err));
    world_require(w, mj_model_resolve(&model, "small", &w->err));
}

static mj_status compute(world *w, mj_serving s)
{
    MJ_TRY(mj_lut_facts_find(&chip, &model, w->catalogue.facts, &w->err));
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

/* Exact but for rounding; the same for any batch, because one output follows the other. */
static void test_class_adds_up(void **state)
{
    const struct {
        mj_component component;
        double pJ;
    } rows[] = {
        {MJ_ARITH_LUT, 7 * (1 + 0.5) + 6 * (2 + 4)},
        {MJ_NOC_WIRE, 7 * 0.25 + 6 * 8 + 5 * 16},
        {MJ_OPERAND_RF, 5 * 32},
        {MJ_CONV_CMP, 5 * 64},
        {MJ_LEAK_LOGIC, 7 * 10 + 6 * 20}, /* mW x 10 ns */
        {MJ_RNG, 0},
        {MJ_ARITH_VECTOR, 0},
    };
    parse_small(*state, SMALL_MODEL("class", "1"));
    for (int batch = 1; batch <= 8; batch *= 8) {
        double total = 0;
        assert_int_equal(compute(*state, (mj_serving){.batch = batch}), MJ_OK);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            assert_rel(joules_of(rows[i].component), rows[i].pJ * 1e-12, 1e-12);
            total += rows[i].pJ * 1e-12;
        }
        assert_rel(bill.joules, total, 1e-12);
        assert_rel(bill.latency_s, batch * 10e-9, 1e-12);
    }
    assert_true(mj_lut_runs(&bill));
    assert_rel(mj_lut_circuit_area(&bill).typ, (7 * 100 + 6 * 10) * 1e-12, 1e-12);
}

/* Four pixels: all of it four times, three chances and sixteen random bits each; no pixel is compared. */
static void test_pixels_are_evaluations(void **state)
{
    parse_small(*state, SMALL_MODEL("image", "4"));
    assert_int_equal(compute(*state, (mj_serving){0}), MJ_OK);
    assert_rel(joules_of(MJ_ARITH_LUT), 4 * 46.5e-12, 1e-12);
    assert_rel(joules_of(MJ_NOC_WIRE), 4 * 129.75e-12, 1e-12);
    assert_rel(joules_of(MJ_ARITH_VECTOR), 4 * 3 * 128e-12, 1e-12);
    assert_rel(joules_of(MJ_RNG), 4 * 16 * 256e-12, 1e-12);
    assert_rel(joules_of(MJ_CONV_CMP), 0, 1e-12);
    assert_rel(joules_of(MJ_LEAK_LOGIC), 4 * 190e-12, 1e-12);
    assert_rel(bill.latency_s, 40e-9, 1e-12);
}

/* Where the bill's counts come from the header, against the networks that the whole file holds. A program's
 * operations are at most what a computer is billed for, and not a third of it. */
static void test_shipped_models_are_counted(void **state)
{
    static const struct {
        const char *name;
        mj_output output;
        int evaluations;
    } rows[] = {{"lut-fashion-classifier", MJ_OUTPUT_CLASS, 1},
                {"lut-fashion-generator", MJ_OUTPUT_IMAGE, 28 * 28},
                {"lut-text", MJ_OUTPUT_TOKEN, 1}};
    world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[64];
        mj_lut_model whole;
        mj_lut_program program;
        mj_ops ops;
        snprintf(name, sizeof name, "data/trained/%s.safetensors", rows[i].name);
        const char *path = world_path(w, name);
        world_model(w, &model, path);
        world_require(w, mj_lut_file_load(&whole, path, w->units, &w->arena, &w->err));
        world_require(w, mj_lut_program_new(&program, &whole.net, &w->arena, &w->err));
        assert_string_equal(model.name, rows[i].name);
        assert_int_equal(model.output, rows[i].output);
        assert_int_equal(model.lut.evaluations, rows[i].evaluations);
        assert_int_equal(model.lut.tables, whole.net.n_nodes);
        assert_int_equal(model.lut.inputs, whole.net.n_inputs);
        assert_int_equal(model.lut.votes, whole.net.n_outputs);
        assert_int_equal(model.lut.groups, whole.net.n_groups);
        assert_non_null(model.quality.metric);
        assert_true(model.quality.rises == (rows[i].output == MJ_OUTPUT_CLASS));
        mj_ops_count(&ops, &model, &(mj_extent){0});
        double each = ops.op[0].word_ops / rows[i].evaluations;
        assert_true(program.n_ops <= each);
        assert_true(3 * program.n_ops >= each);
    }
}

/* Figures of the model's own circuit take the place of another one's; what is no circuit's stays. */
static void test_own_circuit_is_billed(void **state)
{
    static const char text[] =
        "mj: 1\nfacts: circuit-small\nentries:\n"
        "  - {name: lut, what: a table, value: 10 fJ, node: 180 nm, from: mj-measure, class: simulated}\n"
        "  - {name: lut.cells, what: cells, value: 7 fJ, node: 180 nm, from: mj-measure, class: simulated}\n"
        "  - {name: lut.glitches, what: more, value: 1 fJ, node: 180 nm, from: mj-measure, class: simulated}\n"
        "  - {name: lut.wires, what: wires, value: 2 fJ, node: 180 nm, from: mj-measure, class: simulated}\n"
        "  - {name: lut.leak, what: leakage, value: 3 nW, node: 180 nm, from: mj-measure, class: simulated}\n"
        "  - {name: delay, what: path, value: 4 ns, node: 180 nm, from: mj-measure, class: simulated}\n";
    char folder[] = "/tmp/mj-test-lut-bill-XXXXXX", path[64];
    world *w = *state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/f.yaml", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
    const char *const dirs[] = {w->fact_dirs[0], folder};
    mj_facts *facts = mj_facts_new(dirs, 2, world_path(w, "data/sources.yaml"), w->units);
    world_require(w, mj_facts_read_more(facts, &w->err));

    parse_small(w, SMALL_MODEL("class", "1"));
    world_chip(w, &chip, "lut-180nm");
    const mj_chip before = chip;
    world_require(w, mj_lut_facts_find(&chip, &model, facts, &w->err));
    assert_rel(chip.lut.table_J.typ, 7e-15, 1e-12);
    assert_string_equal(chip.lut.table_J.fact, "circuit-small.lut.cells");
    assert_rel(chip.lut.table_glitch_J.typ, 1e-15, 1e-12);
    assert_rel(chip.lut.table_wire_J.typ, 2e-15, 1e-12);
    assert_rel(chip.lut.period_s.typ, 4e-9, 1e-12);
    assert_rel(chip.lut.table_leak_W.typ, 3e-9, 1e-12);
    assert_rel(chip.lut.vote_J.typ + chip.lut.vote_glitch_J.typ + chip.lut.vote_wire_J.typ, before.lut.vote_J.typ,
               1e-5); /* the classifier's, in parts or not */
    assert_rel(chip.lut.register_J.typ, before.lut.register_J.typ, 1e-12);
    model.name = "elsewhere";
    chip = before;
    world_require(w, mj_lut_facts_find(&chip, &model, facts, &w->err));
    assert_rel(chip.lut.table_J.typ + chip.lut.table_glitch_J.typ + chip.lut.table_wire_J.typ,
               before.lut.table_J.typ, 1e-5); /* six digits are written of each */
    mj_facts_free(facts);
    unlink(path);
    rmdir(folder);
}

/* The bill of the shipped classifier has the circuit's energy in it, as measured: core, read-out, inputs.
 * Six digits are written of each of the parts. */
static void test_bill_is_the_measurement(void **state)
{
    world *w = *state;
    mj_quantity output;
    world_model(w, &model, world_path(w, "data/trained/lut-fashion-classifier.safetensors"));
    world_chip(w, &chip, "lut-180nm");
    world_require(w, mj_facts_quantity(&output, w->catalogue.facts, "circuit-lut-fashion-classifier.output",
                                       "J", 0, &w->err));
    world_require(w, compute(w, (mj_serving){0}));
    assert_rel(joules_of(MJ_ARITH_LUT) + joules_of(MJ_NOC_WIRE) + joules_of(MJ_LEAK_LOGIC), output.typ, 1e-4);
    /* at 7 nm: every part scaled by the same factor, leakage left to the share of the power */
    const double at_180nm_J = joules_of(MJ_ARITH_LUT) + joules_of(MJ_NOC_WIRE);
    mj_quantity small;
    world_require(w, mj_facts_quantity(&small, w->catalogue.facts,
                                       "circuit-lut-fashion-classifier.output.7nm", "J", 0, &w->err));
    world_chip(w, &chip, "lut-7nm");
    world_require(w, compute(w, (mj_serving){0}));
    assert_rel(joules_of(MJ_ARITH_LUT) + joules_of(MJ_NOC_WIRE), at_180nm_J * small.typ / output.typ, 1e-4);
}

/* Other machines: a measured one refuses with what would do, one of gates has no multiplier. */
static void test_refusals(void **state)
{
    world *w = *state;
    world_model(w, &model, world_path(w, "data/trained/lut-text.safetensors"));
    world_chip(w, &chip, "h100");
    assert_int_equal(compute(w, (mj_serving){0}), MJ_ESUPPORT);
    assert_non_null(strstr(w->err.diag[0].text, "lut-180nm"));
    w->err = (mj_err){0};
    world_model(w, &model, "gpt2");
    world_chip(w, &chip, "lut-180nm");
    assert_int_equal(compute(w, (mj_serving){0}), MJ_ESUPPORT);
    w->err = (mj_err){0};
    static const char *const bad[] = {
        "mj: 1\nmodel: x\nkind: lut\nlut: {tables: 3, inputs: 2, votes: 1, groups: 2}\n",
        "mj: 1\nmodel: x\nkind: lut\nlut: {tables: 3, wires: 19, inputs: 2, votes: 2, groups: 2}\n",
        "mj: 1\nmodel: x\nkind: lut\nlut: {tables: 3, votes: 2, groups: 2}\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        model = (mj_model){0};
        world_require(w, mj_spec_parse(&model, &mj_model_schema, bad[i], strlen(bad[i]), "bad", w->units,
                                       &w->arena, &w->err));
        assert_int_equal(mj_model_resolve(&model, "bad", &w->err), MJ_ERANGE);
        w->err = (mj_err){0};
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_class_adds_up),
        cmocka_unit_test(test_pixels_are_evaluations),
        cmocka_unit_test(test_shipped_models_are_counted),
        cmocka_unit_test(test_own_circuit_is_billed),
        cmocka_unit_test(test_bill_is_the_measurement),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
