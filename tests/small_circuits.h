/* Circuits for tests, written as yosys' JSON, and a library whose numbers are easy. */
#ifndef MJ_SMALL_CIRCUITS_H
#define MJ_SMALL_CIRCUITS_H

#include "here.h"

#include "mj/netlist.h"

#include <stdbool.h>

#define OSU018 "/usr/share/qflow/tech/osu018/osu018_stdcells.lib"

/* The library of a Debian package: as skip_without. */
static inline void skip_without_osu018(void)
{
    const char *ci = getenv("CI");
    if (access(OSU018, R_OK) != 0 && !(ci && strcmp(ci, "true") == 0)) {
        skip();
    }
}

/* BUF and AND take 100 ps, SLOW and XOR 1 ns, XORF 10 ps; every pin 10 fF, every output
 * toggle 3 fJ inside (rise 2, fall 4), 1 nW and 10 um2 a cell, 2 V. */
#define EASY_ARC(pin, ns)                                                                       \
    "timing () { related_pin : \"" pin "\"; cell_rise (scalar) { values (\"" ns "\"); }\n"        \
    "cell_fall (scalar) { values (\"" ns "\"); } rise_transition (scalar) { values (\"0.1\"); }\n" \
    "fall_transition (scalar) { values (\"0.1\"); } }\n"                                          \
    "internal_power () { related_pin : \"" pin "\"; rise_power (scalar) { values (\"0.002\"); }\n" \
    "fall_power (scalar) { values (\"0.004\"); } }\n"
#define EASY_IN(pin) "pin (" pin ") { direction : input; capacitance : 0.01; }\n"
#define EASY_ONE(name, ns)                                                                       \
    "cell (" name ") { area : 10; cell_leakage_power : 1;\n" EASY_IN("A")                        \
    "pin (Y) { direction : output; function : \"A\";\n" EASY_ARC("A", ns) "} }\n"
#define EASY_TWO(name, function, ns)                                                             \
    "cell (" name ") { area : 10; cell_leakage_power : 1;\n" EASY_IN("A") EASY_IN("B")            \
    "pin (Y) { direction : output; function : \"" function "\";\n" EASY_ARC("A", ns)              \
        EASY_ARC("B", ns) "} }\n"
static const char easy_library[] =
    "library (easy) { time_unit : \"1ns\"; voltage_unit : \"1V\"; leakage_power_unit : \"1nW\";\n"
    "capacitive_load_unit (1, pf); nom_voltage : 2;\n"
    EASY_ONE("BUF", "0.1") EASY_ONE("SLOW", "1")
    EASY_TWO("XOR", "A ^ B", "1") EASY_TWO("XORF", "A ^ B", "0.01") EASY_TWO("AND", "A B", "0.1")
    "cell (FF) { area : 1; ff (Q, QN) { next_state : \"D\"; } pin (D) { direction : input; } } }\n";

static inline const mj_liberty *easy_load(mj_arena *arena)
{
    mj_err err = {0};
    mj_liberty *liberty = mj_arena_alloc(arena, sizeof *liberty);
    assert_int_equal(mj_liberty_parse(liberty, easy_library, strlen(easy_library), "easy.lib", arena,
                                      &err), MJ_OK);
    return liberty;
}

static inline const mj_liberty *osu018_load(mj_arena *arena)
{
    mj_err err = {0};
    mj_liberty *liberty = mj_arena_alloc(arena, sizeof *liberty);
    assert_int_equal(mj_liberty_load(liberty, OSU018, arena, &err), MJ_OK);
    return liberty;
}

/* A module `top` around the given members. */
static inline mj_status netlist_of(mj_netlist *netlist, const char *ports, const char *cells,
                                   const mj_liberty *liberty, mj_arena *arena, mj_err *err)
{
    char *text = mj_arena_printf(arena, "{\"modules\": {\"top\": {\"ports\": {%s}, \"cells\": {%s}}}}",
                                 ports, cells);
    return mj_netlist_parse(netlist, text, strlen(text), "t.json", NULL, liberty, arena, err);
}

/* Counts the ones of n inputs b0 .. with FAX1 and HAX1, columns from the lowest; outputs s0 .. */
static inline const char *popcount_json(int n, mj_arena *arena)
{
    int column[12][64], height[12] = {0}, bit = 2;
    const char *ports = "", *cells = "", *comma = "";
    for (int i = 0; i < n; i++) {
        ports = mj_arena_printf(arena, "%s\"b%d\": {\"direction\": \"input\", \"bits\": [%d]}, ", ports,
                                i, bit);
        column[0][height[0]++] = bit++;
    }
    for (int c = 0; n >> c > 0; c++) {
        while (height[c] > 1) {
            int take = height[c] >= 3 ? 3 : 2, *in = &column[c][0];
            cells = mj_arena_printf(
                arena, "%s%s\"u%d\": {\"type\": \"%s\", \"connections\": {\"A\": [%d], \"B\": [%d], ",
                cells, comma, bit, take == 3 ? "FAX1" : "HAX1", in[0], in[1]);
            cells = take == 3 ? mj_arena_printf(arena, "%s\"C\": [%d], ", cells, in[2]) : cells;
            cells = mj_arena_printf(arena, "%s\"YS\": [%d], \"YC\": [%d]}}", cells, bit, bit + 1);
            comma = ", ";
            height[c] -= take;
            memmove(in, in + take, (size_t)height[c] * sizeof *in);
            column[c][height[c]++] = bit++;
            column[c + 1][height[c + 1]++] = bit++;
        }
        ports = mj_arena_printf(arena, "%s%s\"s%d\": {\"direction\": \"output\", \"bits\": [%d]}", ports,
                                c > 0 ? ", " : "", c, column[c][0]);
    }
    return mj_arena_printf(arena, "{\"modules\": {\"top\": {\"ports\": {%s}, \"cells\": {%s}}}}", ports,
                           cells);
}

static inline void popcount_load(mj_netlist *netlist, int n, const mj_liberty *liberty, mj_arena *arena)
{
    mj_err err = {0};
    const char *text = popcount_json(n, arena);
    mj_status status =
        mj_netlist_parse(netlist, text, strlen(text), "popcount.json", NULL, liberty, arena, &err);
    if (status != MJ_OK) {
        fail_msg("%s", err.diag[0].text);
    }
}

#endif
