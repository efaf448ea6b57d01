/* The simulators and the energy against OpenSTA, Icarus Verilog and ngspice, on counters of ones. */
#include "small_circuits.h"

#include "mj/crosscheck.h"
#include "mj/rng.h"
#include "mj/spice_cells.h"

enum { N = 31, VECTORS = 100, WORDS = 2 };

static char folder[] = "/tmp/mj-crosscheck-XXXXXX";

/* Energies at equal activity: the tables are the same, so only the interpolation's own rounding is left
 * in switching; internal energy differs in the weights of related pins, which OpenSTA gives 0.5 each
 * (three of them sum to 1.5: up to a half more). Delays follow the same tables and the same slews. */
static void test_opensta_agrees(void **state)
{
    mj_netlist netlist;
    mj_sta_figures own, sta;
    mj_err err = {0};
    const mj_crosscheck check = {.folder = folder};
    skip_without_osu018();
    skip_without("sta");
    popcount_load(&netlist, N, osu018_load(*state), *state);
    if (mj_crosscheck_sta(&own, &sta, &netlist, &check, *state, &err) != MJ_OK) {
        fail_msg("%s", err.diag[0].text);
    }
    assert_rel(own.switching_J, sta.switching_J, 0.005);
    assert_rel(own.leakage_W, sta.leakage_W, 1e-3);
    assert_true(sta.internal_J >= own.internal_J * 0.98 && sta.internal_J <= own.internal_J * 1.52);
    assert_rel(own.delay_s, sta.delay_s, 0.01);
}

/* The same delays, another program: glitches that just pass or just vanish may differ. */
static void test_iverilog_agrees(void **state)
{
    uint64_t input[N][WORDS];
    mj_netlist netlist;
    mj_timing timing;
    mj_glitch_figures figures;
    mj_rng rng;
    mj_err err = {0};
    const mj_wiring none = {0};
    const mj_crosscheck check = {.folder = folder};
    skip_without_osu018();
    skip_without("iverilog");
    popcount_load(&netlist, N, osu018_load(*state), *state);
    mj_rng_init(&rng, 5, 0);
    for (int i = 0; i < N * WORDS; i++) {
        input[i / WORDS][i % WORDS] = (uint64_t)mj_rng_u32(&rng) << 32 | mj_rng_u32(&rng);
    }
    assert_int_equal(mj_timing_compute(&timing, &netlist, &none, *state, &err), MJ_OK);
    if (mj_crosscheck_glitches(&figures, &netlist, &timing, input[0], VECTORS, &check, *state, &err) !=
        MJ_OK) {
        fail_msg("%s", err.diag[0].text);
    }
    assert_rel((double)figures.own, (double)figures.iverilog, 0.05);
}

/* A library that OpenSTA cannot read is noticed, though it ends with 0. */
static void test_opensta_trouble_is_noticed(void **state)
{
    mj_netlist netlist;
    mj_sta_figures own, sta;
    mj_err err = {0};
    const mj_crosscheck check = {.folder = folder};
    skip_without_osu018();
    skip_without("sta");
    mj_liberty liberty = *osu018_load(*state);
    liberty.path = "/dev/null";
    popcount_load(&netlist, 3, &liberty, *state);
    assert_int_equal(mj_crosscheck_sta(&own, &sta, &netlist, &check, *state, &err), MJ_ETOOL);
    assert_int_equal(err.n, 1);
}

/* Eleven full adders as 308 transistors, with our own card: the function on all vectors, the energy within
 * a factor of 1.5 of the tables, which a card fitted to one inverter of the library can promise. */
static void test_spice_agrees(void **state)
{
    enum { SPICE_VECTORS = 12, BITS = 4, INPUTS = 15 };
    static const char path[] = "/usr/share/qflow/tech/osu018/osu018_stdcells.sp";
    uint64_t input[INPUTS];
    mj_netlist netlist;
    mj_spice_cells cells;
    mj_spice_models models;
    mj_spice_figures figures;
    mj_rng rng;
    mj_err err = {0};
    const mj_models_request request = {.path = "data/circuits/generic-180nm.lib"};
    skip_without_osu018();
    skip_without("ngspice");
    const mj_liberty *liberty = osu018_load(*state);
    assert_int_equal(mj_adder_tree(&netlist, liberty, mj_liberty_find(liberty, "FAX1"), BITS, *state,
                                   &err), MJ_OK);
    assert_int_equal(netlist.n_instances, 11);
    assert_int_equal(mj_spice_cells_load(&cells, path, *state, &err), MJ_OK);
    assert_int_equal(mj_spice_models_load(&models, &request, *state, &err), MJ_OK);
    mj_rng_init(&rng, 2, 0);
    for (int i = 0; i < INPUTS; i++) {
        input[i] = mj_rng_u32(&rng);
    }
    if (mj_crosscheck_spice(&figures, &netlist, &cells, &models, input, SPICE_VECTORS, &(mj_spice_job){0},
                            *state, &err) != MJ_OK) {
        fail_msg("%s", err.diag[0].text);
    }
    assert_int_equal(figures.n_wrong, 0);
    assert_true(figures.tables_J < 1.5 * figures.spice_J && figures.spice_J < 1.5 * figures.tables_J);
}

static void test_broken_cells_are_refused(void **state)
{
    static const struct {
        const char *text;
        int line;
    } rows[] = {
        {"", 0},
        {".subckt A a b\nM0 a b c d pfet w=2u l=1u\n", 2},
        {".subckt A a\nM0 a b c d pfet w=2u\n.ends\n", 2},
        {".subckt A a\nM0 a b c d pfet w=x l=1u\n.ends\n", 2},
        {".subckt A a\n\nR1 a b 5\n.ends\n", 3},
        {".ends\n", 1},
        {".subckt A a\n.subckt B b\n", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mj_spice_cells cells;
        mj_err err = {0};
        assert_int_not_equal(mj_spice_cells_parse(&cells, rows[i].text, strlen(rows[i].text), "t.sp",
                                                  *state, &err), MJ_OK);
        assert_int_equal(err.diag[0].line, rows[i].line);
    }
}

static int setup(void **state)
{
    static mj_arena arena;
    mj_arena_init(&arena, 0);
    *state = &arena;
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    static const char *const files[] = {"sta.tcl", "sta.v", "sta.log", "cells.lib", "bench.v",
                                        "bench.vvp", "iverilog.log", "vvp.log"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
    mj_arena_fini(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opensta_agrees),
        cmocka_unit_test(test_iverilog_agrees),
        cmocka_unit_test(test_opensta_trouble_is_noticed),
        cmocka_unit_test(test_spice_agrees),
        cmocka_unit_test(test_broken_cells_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
