/* The crossbar's netlist in ngspice against our own solver; a cell by hand; its files. */
#include "assert_rel.h"
#include "here.h"

#include "mj/crossbar_deck.h"
#include "mj/crossbar_file.h"
#include "mj/fact.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const mj_crossbar_array ARRAY = {.n_rows = 8, .n_columns = 8, .wire_ohm = 1, .wire_F = 1e-16,
                                        .on_S = 1e-5, .off_S = 1e-7, .programming = 0.03, .read_V = 0.1,
                                        .bandwidth_Hz = 2e8, .temperature_K = 300, .n_inputs = 4, .seed = 7};

/* The goal of our solver: 1e-4 of what ngspice has. Wires of 1 ohm, and of as much as a cell. */
static void test_ngspice_has_the_same_currents(void **state)
{
    (void)state;
    skip_without("ngspice");
    mj_err err = {0};
    double plus[64], minus[64], input[8];
    for (double wire = 1; wire < 2e5; wire *= 1e5) {
        mj_crossbar_agreement a;
        mj_crossbar_array_fill(plus, minus, input, &ARRAY);
        minus[9] = 0; /* a cell that is not there */
        const mj_crossbar crossbar = {8, 8, wire > 1 ? minus : plus, wire};
        assert_int_equal(mj_crossbar_compare(&a, &crossbar, input, &(mj_spice_job){0}, &err), MJ_OK);
        assert_true(a.deviation < 1e-4 && a.power < 1e-4);
        assert_true(a.circuit_s > 0);
    }
}

/* The same at the size of the goal, 32 x 32 at 1 ohm. */
static void test_ngspice_has_the_same_currents_at_32(void **state)
{
    (void)state;
    skip_without("ngspice");
    enum { SIDE = MJ_CROSSBAR_DECK_SIDE_MAX };
    static double plus[SIDE * SIDE], minus[SIDE * SIDE], input[4 * SIDE];
    mj_crossbar_array array = ARRAY;
    mj_crossbar_agreement a;
    mj_err err = {0};
    array.n_rows = array.n_columns = SIDE;
    mj_crossbar_array_fill(plus, minus, input, &array);
    const mj_crossbar crossbar = {SIDE, SIDE, plus, 1};
    assert_int_equal(SIDE, 32);
    assert_int_equal(mj_crossbar_compare(&a, &crossbar, input, &(mj_spice_job){0}, &err), MJ_OK);
    assert_true(a.deviation < 1e-4 && a.power < 1e-4);
}

/* A row that is not a column: 2 x 5, so that a mesh written the wrong way round would show. */
static void test_ngspice_has_the_same_currents_off_the_square(void **state)
{
    (void)state;
    skip_without("ngspice");
    mj_err err = {0};
    double G[10], V[2] = {0.1, -0.05};
    mj_crossbar_agreement a;
    for (int k = 0; k < 10; k++) {
        G[k] = 1e-4 * (1 + k);
    }
    assert_int_equal(mj_crossbar_compare(&a, &(mj_crossbar){2, 5, G, 100}, V, &(mj_spice_job){0}, &err), MJ_OK);
    assert_true(a.deviation < 1e-6);
}

/* One cell is a driver and three resistors; the deck names all four and nothing else. */
static void test_a_deck_is_the_mesh(void **state)
{
    (void)state;
    mj_err err = {0};
    mj_deck deck;
    const double G = 1e-3, V = 0.25;
    assert_int_equal(mj_crossbar_deck(&deck, &(mj_crossbar){1, 1, &G, 50}, &V, &err), MJ_OK);
    assert_int_equal(mj_deck_finish(&deck, &err), MJ_OK);
    assert_non_null(strstr(deck.text, "v0 x0 0 0.25\n"));
    assert_non_null(strstr(deck.text, "rd0 x0 r0_0 50\n"));
    assert_non_null(strstr(deck.text, "rg0_0 r0_0 c0_0 1000\n"));
    assert_non_null(strstr(deck.text, "rc0_0 c0_0 0 50\n"));
    assert_null(strstr(deck.text, "rr"));
    mj_deck_close(&deck);
}

static void test_large_meshes_are_refused(void **state)
{
    (void)state;
    mj_err err = {0};
    double G[33] = {0}, V[33] = {0};
    mj_crossbar_agreement a;
    assert_int_equal(mj_crossbar_compare(&a, &(mj_crossbar){33, 1, G, 1}, V, &(mj_spice_job){0}, &err),
                     MJ_ELIMIT);
    assert_non_null(strstr(err.diag[0].text, "32 x 32"));
    err = (mj_err){0};
    assert_int_equal(mj_crossbar_compare(&a, &(mj_crossbar){1, 1, G, 1}, V,
                                         &(mj_spice_job){.program = "/no/such/ngspice"}, &err), MJ_ETOOL);
}

/* A substrate comes back as it was written, and says what analog layers take: departures that add up in
 * squares, levels of pairs as bits. */
static void test_a_substrate_comes_back(void **state)
{
    (void)state;
    mj_err err = {0};
    mj_arena arena;
    char folder[] = "/tmp/mj-crossbar-XXXXXX", path[64];
    mj_units *units = mj_units_new();
    mj_arena_init(&arena, 0);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s.yaml", folder);
    mj_crossbar_array array = ARRAY;
    array.n_levels = 16;
    const mj_crossbar_figures figures = {.wires = 0.003, .noise = 0.004, .programming = 0.05,
                                         .levels = 0.01, .effective_bits = 4, .settling_s = 4e-9,
                                         .array_J = 64e-15};
    mj_crossbar_substrate back, s = mj_crossbar_substrate_make(&array, &figures, 6.4e-12, "abc, 2026");
    assert_int_equal(mj_crossbar_substrate_save(path, &s, &err), MJ_OK);
    assert_int_equal(mj_crossbar_substrate_load(&back, path, units, &arena, &err), MJ_OK);
    assert_string_equal(back.commit, "abc, 2026");
    assert_int_equal(back.n_rows, 8);
    assert_rel(back.array_JpMAC, 1e-15, 1e-6);
    assert_rel(back.product_JpMAC, 1e-13, 1e-6);
    assert_rel(back.on_S, 1e-5, 1e-6);
    const mj_analog machine = mj_crossbar_analog(&back);
    assert_rel(machine.noise, 0.005, 1e-6);
    assert_rel(machine.mismatch, 0.05, 1e-6);
    assert_int_equal(machine.weight_bits, 5);
    FILE *file = fopen(path, "w");
    fputs("mj: 1\ncrossbar_substrate: x\nrows: 8\nwire: 1\n", file);
    fclose(file);
    assert_true(mj_crossbar_substrate_load(&back, path, units, &arena, &err) != MJ_OK);
    assert_true(err.n > 1); /* the unit, and what is not there */
    unlink(path);
    rmdir(folder);
    mj_units_free(units);
    mj_arena_fini(&arena);
}

/* What is written as facts is read as facts, in their own units. */
static void test_facts_are_facts(void **state)
{
    (void)state;
    mj_err err = {0};
    char folder[] = "/tmp/mj-crossbar-XXXXXX", path[64];
    mj_units *units = mj_units_new();
    mj_quantity q;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/facts.yaml", folder);
    const mj_crossbar_figures figures = {.wires = 0.002, .noise = 0.015, .settling_s = 4e-9, .effective_bits = 5.5,
                                         .array_J = 64e-15};
    const mj_crossbar_substrate s = mj_crossbar_substrate_make(&ARRAY, &figures, 6.4e-12, "abc");
    assert_int_equal(mj_crossbar_facts_save(path, &s, &err), MJ_OK);
    const char *dirs[] = {"data/facts", folder};
    mj_facts *facts = mj_facts_new(dirs, 2, "data/sources.yaml", units);
    assert_int_equal(mj_facts_quantity(&q, facts, "circuit-crossbar.wires", "1", 0, &err), MJ_OK);
    assert_rel(q.typ, 0.002, 1e-3);
    assert_int_equal(mj_facts_quantity(&q, facts, "circuit-crossbar.product", "J/MAC", 0, &err), MJ_OK);
    assert_rel(q.typ, 1e-13, 1e-3);
    assert_int_equal(q.cls, MJ_CLASS_SIMULATED);
    mj_facts_free(facts);
    unlink(path);
    rmdir(folder);
    mj_units_free(units);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ngspice_has_the_same_currents),
        cmocka_unit_test(test_ngspice_has_the_same_currents_at_32),
        cmocka_unit_test(test_ngspice_has_the_same_currents_off_the_square),
        cmocka_unit_test(test_a_deck_is_the_mesh),
        cmocka_unit_test(test_large_meshes_are_refused),
        cmocka_unit_test(test_a_substrate_comes_back),
        cmocka_unit_test(test_facts_are_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
