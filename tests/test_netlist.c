/* Netlists and both simulators: counters against arithmetic, delays and energies against sums by hand,
 * broken netlists against the names in their messages. */
#include "small_circuits.h"

#include "mj/energy.h"
#include "mj/rng.h"
#include "mj/simulate.h"

static void fill_random(uint64_t *word, size_t n, uint64_t seed)
{
    mj_rng rng;
    mj_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < n; i++) {
        word[i] = (uint64_t)mj_rng_u32(&rng) << 32 | mj_rng_u32(&rng);
    }
}

/* Every one of the 1,024 states of ten inputs, counted. */
static void test_popcount_is_exhaustive(void **state)
{
    enum { N = 10, VECTORS = 1 << N, WORDS = VECTORS / 64 };
    uint64_t input[N][WORDS] = {{0}}, output[4][WORDS];
    mj_netlist netlist;
    mj_err err = {0};
    skip_without_osu018();
    popcount_load(&netlist, N, osu018_load(*state), *state);
    assert_int_equal(netlist.n_inputs, N);
    assert_int_equal(netlist.n_outputs, 4);
    for (int v = 0; v < VECTORS; v++) {
        for (int i = 0; i < N; i++) {
            input[i][v / 64] |= (uint64_t)(v >> i & 1) << (v % 64);
        }
    }
    assert_int_equal(mj_simulate_function(output[0], NULL, &netlist, input[0], VECTORS, *state, &err),
                     MJ_OK);
    for (int v = 0; v < VECTORS; v++) {
        int count = 0;
        for (int k = 0; k < 4; k++) {
            count |= (int)(output[k][v / 64] >> (v % 64) & 1) << k;
        }
        assert_int_equal(count, __builtin_popcount((unsigned)v));
    }
}

/* Both simulators come to the same rest, whatever happens on the way; so their toggles differ by an even
 * number, and glitches only add. */
static void test_events_come_to_the_same_rest(void **state)
{
    enum { N = 31, VECTORS = 200, WORDS = 4 };
    uint64_t input[N][WORDS], rest[5][WORDS], settled[5][WORDS], total = 0, glitchy = 0;
    mj_netlist netlist;
    mj_timing timing;
    mj_err err = {0};
    double settle_s;
    skip_without_osu018();
    popcount_load(&netlist, N, osu018_load(*state), *state);
    fill_random(input[0], (size_t)N * WORDS, 3);
    uint64_t *zero = calloc((size_t)netlist.n_nets, sizeof *zero);
    uint64_t *event = calloc((size_t)netlist.n_nets, sizeof *event);
    const mj_wiring none = {0};
    assert_int_equal(mj_timing_compute(&timing, &netlist, &none, *state, &err), MJ_OK);
    assert_int_equal(mj_simulate_function(rest[0], zero, &netlist, input[0], VECTORS, *state, &err), MJ_OK);
    assert_int_equal(mj_simulate_events(settled[0], event, &settle_s, &netlist, &timing, input[0], VECTORS,
                                        *state, &err), MJ_OK);
    for (int k = 0; k < 5; k++) {
        for (int v = 0; v < VECTORS; v++) {
            assert_int_equal(rest[k][v / 64] >> (v % 64) & 1, settled[k][v / 64] >> (v % 64) & 1);
        }
    }
    for (int i = 0; i < netlist.n_nets; i++) {
        assert_true(event[i] >= zero[i] && (event[i] - zero[i]) % 2 == 0);
        total += zero[i];
        glitchy += event[i];
    }
    assert_true(glitchy > total);
    /* No path is longer than the longest one. Femtoseconds are rounded on the way. */
    assert_true(settle_s > 0 && settle_s <= timing.worst_s + 1e-12);
    free(zero);
    free(event);
}

#define IN(name, bit) "\"" name "\": {\"direction\": \"input\", \"bits\": [" bit "]}"
#define OUT(name, bit) "\"" name "\": {\"direction\": \"output\", \"bits\": [" bit "]}"
#define ONE(name, type, a, y)                                                                \
    "\"" name "\": {\"type\": \"" type "\", \"connections\": {\"A\": [" a "], \"Y\": [" y "]}}"
#define TWO(name, type, a, b, y)                                                             \
    "\"" name "\": {\"type\": \"" type "\", \"connections\": {\"A\": [" a "], \"B\": [" b      \
    "], \"Y\": [" y "]}}"

/* A ^ buffered A: a pulse of 100 ps at every edge. The slow gate, 1 ns, swallows it; the fast one, 10 ps,
 * passes it, twice a toggle of the input. */
static void test_short_pulses_vanish(void **state)
{
    enum { VECTORS = 9 };
    const uint64_t input = 0xaaaaaaaaaaaaaaaa;
    const mj_wiring none = {0};
    mj_netlist netlist;
    mj_timing timing;
    mj_err err = {0};
    uint64_t toggles[8], output[2];
    double settle_s;
    assert_int_equal(netlist_of(&netlist, IN("a", "2") ", " OUT("p", "4") ", " OUT("q", "5"),
                                ONE("b", "BUF", "2", "3") ", " TWO("x", "XOR", "2", "3", "4") ", "
                                TWO("y", "XORF", "3", "2", "5"),
                                easy_load(*state), *state, &err), MJ_OK);
    assert_int_equal(mj_timing_compute(&timing, &netlist, &none, *state, &err), MJ_OK);
    assert_rel(timing.worst_s, 1.1e-9, 1e-9);
    assert_int_equal(mj_simulate_events(output, toggles, &settle_s, &netlist, &timing, &input, VECTORS,
                                        *state, &err), MJ_OK);
    const int p = netlist.output[0].net, q = netlist.output[1].net, a = netlist.input[0].net;
    assert_int_equal(toggles[a], VECTORS - 1);
    assert_int_equal(toggles[p], 0);
    assert_int_equal(toggles[q], 2 * (VECTORS - 1));
    assert_rel(settle_s, 0.11e-9, 1e-9);
}

/* One buffer drives two: 20 fF, and 2 x 30 um x 0.2 fF/um = 12 fF of wire; 2 V. By hand, per toggle:
 * switching 32 fF x 4 V2 / 2 = 64 fJ at the first, 6 + 0 fF at the ports behind; internal 3 fJ each. */
static void test_energy_by_hand(void **state)
{
    enum { VECTORS = 65 };
    const uint64_t input[2] = {0xaaaaaaaaaaaaaaaa, 0};
    const mj_wiring wiring = {.length_m = 30e-6, .capacitance_Fpm = 0.2e-15 / 1e-6};
    mj_netlist netlist;
    mj_timing timing;
    mj_energy energy;
    mj_err err = {0};
    uint64_t toggles[8];
    assert_int_equal(netlist_of(&netlist, IN("a", "2") ", " OUT("p", "4") ", " OUT("q", "5"),
                                ONE("b", "BUF", "2", "3") ", " ONE("c", "BUF", "3", "4") ", "
                                ONE("d", "SLOW", "3", "5"),
                                easy_load(*state), *state, &err), MJ_OK);
    assert_int_equal(mj_timing_compute(&timing, &netlist, &wiring, *state, &err), MJ_OK);
    assert_int_equal(mj_simulate_function(NULL, toggles, &netlist, input, VECTORS, *state, &err), MJ_OK);
    assert_int_equal(mj_energy_compute(&energy, &netlist, &timing, toggles, NULL, &err), MJ_OK);
    assert_int_equal(energy.n_cells, 3);
    assert_rel(energy.switching_J, 64 * (64e-15 + 2 * 12e-15), 1e-9);
    assert_rel(energy.internal_J, 64 * 3 * 3e-15, 1e-9);
    assert_rel(energy.leakage_W, 3e-9, 1e-9);
    assert_rel(energy.area_m2, 30e-12, 1e-9);
    assert_rel(mj_energy_inputs_J(&netlist, &timing, toggles), 64 * 16e-15 * 4 / 2, 1e-9);

    /* The part behind the first buffer, and the rest, add up. */
    const bool first[3] = {true};
    mj_energy part;
    assert_int_equal(mj_energy_compute(&part, &netlist, &timing, toggles, first, &err), MJ_OK);
    assert_rel(part.switching_J, 64 * 64e-15, 1e-9);
}

static void test_problems_have_names(void **state)
{
    static const struct {
        const char *ports, *cells, *what;
        mj_status code;
    } rows[] = {
        {IN("a", "2") ", " OUT("y", "3"), ONE("u", "BUFF", "2", "3"), "did you mean 'BUF'", MJ_ENAME},
        {IN("a", "2") ", " OUT("y", "3"), "\"u\": {\"type\": \"FF\", \"connections\": {\"D\": [2]}}",
         "flip-flop", MJ_ESUPPORT},
        {IN("a", "2") ", " OUT("y", "3"), ONE("u", "BUF", "2", "3") ", " ONE("w", "BUF", "2", "3"),
         "by u and by the cell 'w'", MJ_ESUPPORT},
        {IN("a", "2") ", " OUT("y", "2"), ONE("u", "BUF", "2", "2"), "a port or a constant", MJ_ESUPPORT},
        {IN("a", "2") ", " OUT("y", "3"), ONE("u", "BUF", "4", "3"), "nothing drives", MJ_ESUPPORT},
        {IN("a", "2") ", " OUT("y", "3"), "", "output port 'y'", MJ_ESUPPORT},
        {IN("a", "2") ", " OUT("y", "3"), ONE("u", "BUF", "\"x\"", "3"), "setundef", MJ_ESUPPORT},
        {IN("a", "2") ", " OUT("y", "3"), TWO("u", "AND", "2", "4", "3") ", " ONE("w", "BUF", "3", "4"),
         "a loop", MJ_ESUPPORT},
        {IN("a", "2") ", " OUT("y", "3"), "\"u\": {\"type\": \"BUF\", \"connections\": {\"Y\": [3]}}",
         "input A of the cell 'u' has no net", MJ_ESUPPORT},
        {IN("a", "2") ", " OUT("y", "3"), TWO("u", "BUF", "2", "2", "3"), "no pin 'B'", MJ_EKEY},
        {"\"a\": {\"direction\": \"inout\", \"bits\": [2]}", "", "'a'", MJ_ESUPPORT},
        {IN("a", "2") ", " IN("b", "2"), "", "two drivers", MJ_ESUPPORT},
        {IN("a", "2") ", " OUT("y", "3"), "\"u\": {}", "no type", MJ_ESYNTAX},
        {IN("a", "2") ", " OUT("y", "3"), ONE("u", "BUF", "null", "3"), "no net", MJ_ESYNTAX},
    };
    const mj_liberty *liberty = easy_load(*state);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mj_err err = {0};
        mj_netlist netlist;
        mj_status status = netlist_of(&netlist, rows[i].ports, rows[i].cells, liberty, *state, &err);
        if (status != rows[i].code || err.n != 1 || !strstr(err.diag[0].text, rows[i].what)) {
            fail_msg("row %zu: status %d: %s", i, status, err.n ? err.diag[0].text : "");
        }
    }
}

/* Cut anywhere, a netlist is refused. */
static void test_cut_netlists_are_refused(void **state)
{
    const char *text = popcount_json(3, *state);
    const mj_liberty *liberty = easy_load(*state);
    for (size_t length = 0; length < strlen(text); length++) {
        mj_err err = {0};
        mj_netlist netlist;
        assert_int_not_equal(mj_netlist_parse(&netlist, text, length, "cut.json", NULL, liberty, *state,
                                              &err), MJ_OK);
        assert_true(err.n > 0);
    }
}

/* Vector ports, constants, an output that is an input, an unused output. */
static void test_ports(void **state)
{
    const uint64_t input[2] = {0x6, 0x3};
    uint64_t output[3];
    mj_netlist netlist;
    mj_err err = {0};
    assert_int_equal(netlist_of(&netlist, IN("a", "2, 3") ", " OUT("y", "3, 5, \"1\""),
                                TWO("u", "AND", "2", "3", "5") ", " TWO("w", "AND", "2", "\"0\"", ""),
                                easy_load(*state), *state, &err), MJ_OK);
    assert_int_equal(netlist.n_inputs, 2);
    assert_int_equal(netlist.n_outputs, 3);
    assert_string_equal(netlist.input[1].name, "a[1]");
    assert_int_equal(mj_netlist_output(&netlist, "y[2]"), 2);
    assert_int_equal(mj_netlist_input(&netlist, "a"), -1);
    assert_int_equal(mj_simulate_function(output, NULL, &netlist, input, 3, *state, &err), MJ_OK);
    assert_int_equal(output[0] & 7, 3);
    assert_int_equal(output[1] & 7, 2);
    assert_int_equal(output[2] & 7, 7);
}

static int setup(void **state)
{
    static mj_arena arena;
    mj_arena_init(&arena, 0);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    mj_arena_fini(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_popcount_is_exhaustive),
        cmocka_unit_test(test_events_come_to_the_same_rest),
        cmocka_unit_test(test_short_pulses_vanish),
        cmocka_unit_test(test_energy_by_hand),
        cmocka_unit_test(test_problems_have_names),
        cmocka_unit_test(test_cut_netlists_are_refused),
        cmocka_unit_test(test_ports),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
