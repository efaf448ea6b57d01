/* The Liberty reader: functions against their meaning, tables against hand-made planes, units against
 * each other, and the OSU 0.18 um library against the text of its file. */
#include "small_circuits.h"

static mj_status parse(mj_liberty *liberty, const char *text, mj_arena *arena, mj_err *err)
{
    return mj_liberty_parse(liberty, text, strlen(text), "t.lib", arena, err);
}

#define UNITS(time, volt, load, watt)                                                        \
    "library (t) {\n  time_unit : \"" time "\";\n  voltage_unit : \"" volt "\";\n"           \
    "  capacitive_load_unit (" load ");\n  leakage_power_unit : \"" watt "\";\n"
#define TEMPLATE                                                                             \
    "  lu_table_template (by_load) {\n    variable_1 : total_output_net_capacitance;\n"      \
    "    variable_2 : input_net_transition;\n    index_1 (\"1, 2\");\n    index_2 (\"1, 2\");\n  }\n" \
    "  power_lut_template (by_slew) {\n    variable_1 : input_transition_time;\n"            \
    "    variable_2 : total_output_net_capacitance;\n  }\n"

/* delay = 1 + 2 load + 4 slew + 8 load slew; energy = 3 slew + 5 load, with the axes swapped. */
static const char plane[] = UNITS("1ns", "1V", "1, pf", "1nW") "  nom_voltage : 1.8;\n" TEMPLATE
    "  cell (BUF) { /* a comment\n over lines */\n    area : 32;\n    cell_leakage_power : 0.5;\n"
    "    pin (A) { direction : input; capacitance : 0.01; }\n"
    "    pin (Y) { direction : output; function : \"A\";\n"
    "      timing () { related_pin : \"A\"; timing_sense : positive_unate;\n"
    "        cell_rise (by_load) { values (\"15, 27\", \\\n\"25, 45\"); }\n"
    "        rise_transition (scalar) { values (\"0.25\"); } }\n"
    "      internal_power () { power (by_slew) { index_1 (\"1, 3\"); index_2 (\"2 4 7\");\n"
    "          values (\"13 23 38\", \"19 29 44\"); } } } }\n}\n";

static void test_tables_are_linear(void **state)
{
    mj_err err = {0};
    mj_liberty liberty;
    assert_int_equal(parse(&liberty, plane, *state, &err), MJ_OK);
    const mj_liberty_cell *cell = mj_liberty_find(&liberty, "BUF");
    assert_non_null(cell);
    assert_null(cell->refusal);
    assert_rel(cell->area_m2, 32e-12, 1e-12);
    assert_rel(cell->leakage_W, 0.5e-9, 1e-12);
    assert_rel(cell->input[0].capacitance_F, 0.01e-12, 1e-12);
    const mj_liberty_arc *arc = &cell->output[0].arc[0];
    assert_int_equal(arc->sense, MJ_SENSE_POSITIVE);
    assert_null(arc->delay_s[MJ_FALL]);
    for (double load = 0; load < 4; load += 0.7) {
        for (double slew = 0; slew < 5; slew += 0.9) {
            /* Bilinear inside and beyond: the plane itself, up to rounding. */
            assert_rel(mj_liberty_look_up(arc->delay_s[MJ_RISE], load * 1e-12, slew * 1e-9),
                       (1 + 2 * load + 4 * slew + 8 * load * slew) * 1e-9, 1e-9);
            assert_rel(mj_liberty_look_up(arc->energy_J[MJ_FALL], load * 1e-12, slew * 1e-9) + 1e-15,
                       (3 * slew + 5 * load) * 1e-12 + 1e-15, 1e-9);
            assert_rel(mj_liberty_look_up(arc->slew_s[MJ_RISE], load * 1e-12, slew * 1e-9), 0.25e-9,
                       1e-12);
        }
    }
    assert_rel(mj_liberty_look_up(NULL, 1, 1), 0, 0);
}

/* The same numbers under other units: 10 ps, 2 fF, 1 mV give 1e-2, 2e-3 and 1e-3 of them. */
static void test_units_scale(void **state)
{
    mj_err err = {0};
    mj_liberty liberty;
    char text[4096] = UNITS("10ps", "1mV", "2, fF", "10pW");
    strcat(text, strstr(plane, "  nom_voltage"));
    assert_int_equal(parse(&liberty, text, *state, &err), MJ_OK);
    const mj_liberty_cell *cell = mj_liberty_find(&liberty, "BUF");
    assert_rel(liberty.voltage_V, 1.8e-3, 1e-12);
    assert_rel(cell->leakage_W, 5e-12, 1e-12);
    assert_rel(cell->input[0].capacitance_F, 2e-17, 1e-12);
    assert_rel(mj_liberty_look_up(cell->output[0].arc[0].delay_s[MJ_RISE], 2e-15, 10e-12), 150e-12,
               1e-12);
    assert_rel(mj_liberty_look_up(cell->output[0].arc[0].energy_J[MJ_RISE], 4e-15, 10e-12),
               13 * 2e-15 * 1e-6, 1e-12);
}

static void test_functions(void **state)
{
    (void)state;
    static const char *const input[] = {"A", "B", "C", "D", "E", "F"};
    for (int i = 0; i < 64; i++) {
        const bool a = i & 1, b = i & 2, c = i & 4, d = i & 8, e = i & 16, f = i & 32;
        const struct {
            const char *text;
            bool value;
        } rows[] = {
            {"A", a}, {"!A", !a}, {"A'", !a}, {"(A B)'", !(a && b)}, {"A*B+C", (a && b) || c},
            {"A & B | C & D", (a && b) || (c && d)}, {"A^B C", (a != b) && c},
            {"((A^B)^C)", (a != b) != c}, {"(!((S A)))", false}, {"!A' B", a && b},
            {"(((A B)+(B C))+(C A))", a + b + c >= 2}, {"1", true}, {"0 + F", f},
            {"!(A+B) (C+D') E''", !(a || b) && (c || !d) && e},
        };
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
            uint64_t table;
            const char *why;
            int at;
            mj_status status = mj_liberty_function(&table, rows[k].text, input, 6, &why, &at);
            if (strchr(rows[k].text, 'S')) {
                assert_int_equal(status, MJ_ESYNTAX);
                assert_int_equal(at, 4);
            } else if (status != MJ_OK || (bool)(table >> i & 1) != rows[k].value) {
                fail_msg("%s at row %d", rows[k].text, i);
            }
        }
    }
}

static void test_broken_functions(void **state)
{
    (void)state;
    static const char *const broken[] = {"", "A+", "(A", "A)", "!", "A B)", "A ? B", "()", "2"};
    static const char *const input[] = {"A", "B"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        uint64_t table;
        const char *why = NULL;
        int at;
        assert_int_equal(mj_liberty_function(&table, broken[i], input, 2, &why, &at), MJ_ESYNTAX);
        assert_non_null(why);
    }
}

static void test_problems_have_places(void **state)
{
    static const struct {
        const char *text;
        mj_status code;
        int line;
        const char *what;
    } rows[] = {
        {"", MJ_ESYNTAX, 1, "empty"},
        {"library (t) {\n time_unit : \"1ns\";\n", MJ_ESYNTAX, 1, "ends inside this group"},
        {"library (t) {\n /* \n", MJ_ESYNTAX, 2, "comment has no end"},
        {"library (t) {\n a : \"x;\n", MJ_ESYNTAX, 2, "string has no end"},
        {"library (t) {\n time_unit = 1;\n}", MJ_ESYNTAX, 2, "expected ':' or '('"},
        {"cell (t) {\n}", MJ_ESYNTAX, 1, "begins with library"},
        {"library (t) {\n}", MJ_EUNIT, 1, "time_unit"},
        {UNITS("1ns", "1V", "1, pf", "1nW") "}", MJ_EKEY, 1, "nom_voltage"},
        {UNITS("1lightyear", "1V", "1, pf", "1nW") "}", MJ_EUNIT, 2, "lightyear"},
        {UNITS("1ns", "1V", "pf", "1nW") "}", MJ_EUNIT, 4, "number and a unit"},
        {UNITS("1ns", "1V", "1, pf", "1nJ") "}", MJ_EUNIT, 5, "nJ"},
        {UNITS("1ns", "1V", "1, pf", "1nW") "nom_voltage : 1.8;\n}", MJ_EKEY, 1, "no cells"},
        {UNITS("1ns", "1V", "1, pf", "1nW") "nom_voltage : x;\n}", MJ_ESYNTAX, 6, "no number"},
        {UNITS("1ns", "1V", "1, pf", "1nW") "nom_voltage : 1;\ncell (A) {\n pin (Y) {\n"
         "direction : output; function : \"B\"; } } }", MJ_ESYNTAX, 9, "not an input"},
        {UNITS("1ns", "1V", "1, pf", "1nW") "nom_voltage : 1;\ncell (A) { pin (B) { direction : input; }\n"
         "pin (Y) { direction : output; function : \"B\"; } } }", MJ_EKEY, 7, "no capacitance"},
        {UNITS("1ns", "1V", "1, pf", "1nW") "nom_voltage : 1;\n" TEMPLATE
         "cell (A) { pin (B) { direction : input; capacitance : 1; }\n"
         "pin (Y) { direction : output; function : \"B\"; timing () {\n"
         "cell_rise (by_load) { values (\"1, 2, 3\"); } } } } }", MJ_ERANGE, 19, "3 values for axes"},
        {UNITS("1ns", "1V", "1, pf", "1nW") "nom_voltage : 1;\n"
         "cell (A) { pin (B) { direction : input; capacitance : 1; }\n"
         "pin (Y) { direction : output; function : \"B\"; timing () {\n"
         "cell_rise (by_lode) { values (\"1, 2, 3\"); } } } } }", MJ_EKEY, 9, "no template 'by_lode'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mj_err err = {0};
        mj_liberty liberty;
        mj_status status = parse(&liberty, rows[i].text, *state, &err);
        if (status != rows[i].code || err.n < 1 || err.diag[0].line != rows[i].line ||
            !strstr(err.diag[0].text, rows[i].what)) {
            fail_msg("row %zu: status %d, line %d: %s", i, status, err.diag[0].line, err.diag[0].text);
        }
    }
}

/* Against the file's own text: 32 cells; FAX1 is 120 um2 with a carry and a sum; flip-flops, latches
 * and three-state buffers are known and not usable. */
/* A table that is not read makes its own cell unusable, not the library. */
static void test_other_tables_are_refusals(void **state)
{
    static const char *const swap[][3] = {
        {"variable_2 : input_net_transition;", "variable_2 : related_out_total_output_net_capacitance;",
         "something else"},
        {"    index_1 (\"1, 2\");\n", "    variable_3 : related_pin_transition;\n    index_1 (\"1, 2\");\n",
         "three axes"},
    };
    for (size_t i = 0; i < sizeof swap / sizeof swap[0]; i++) {
        mj_err err = {0};
        mj_liberty liberty;
        char text[4096];
        const char *at = strstr(plane, swap[i][0]), *end = strrchr(plane, '}');
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%.*s  cell (ONE) { area : 1;\n    pin (A) { direction : input; capacitance "
                 ": 0.01; }\n    pin (Y) { direction : output; function : \"A\"; } }\n}\n", (int)(at - plane), plane,
                 swap[i][1], (int)(end - at - (long)strlen(swap[i][0])), at + strlen(swap[i][0]));
        assert_int_equal(parse(&liberty, text, *state, &err), MJ_OK);
        assert_non_null(strstr(mj_liberty_find(&liberty, "BUF")->refusal, swap[i][2]));
        assert_null(mj_liberty_find(&liberty, "ONE")->refusal);
    }
}

static void test_osu018(void **state)
{
    mj_err err = {0};
    mj_liberty liberty;
    skip_without_osu018();
    assert_int_equal(mj_liberty_load(&liberty, OSU018, *state, &err), MJ_OK);
    assert_int_equal(liberty.n_cells, 32);
    assert_rel(liberty.voltage_V, 1.8, 1e-12);
    assert_string_equal(liberty.corner, "typical");
    static const char *const unusable[] = {"DFFNEGX1", "DFFPOSX1", "DFFSR", "LATCH", "TBUFX1", "TBUFX2"};
    int n = 0;
    for (int i = 0; i < liberty.n_cells; i++) {
        n += liberty.cell[i].refusal != NULL;
    }
    assert_int_equal(n, 6);
    for (int i = 0; i < 6; i++) {
        assert_non_null(mj_liberty_find(&liberty, unusable[i])->refusal);
    }
    const mj_liberty_cell *adder = mj_liberty_find(&liberty, "FAX1");
    assert_rel(adder->area_m2, 120e-12, 1e-12);
    assert_rel(adder->leakage_W, 0.230647e-9, 1e-12);
    assert_int_equal(adder->n_outputs, 2);
    for (int i = 0; i < 8; i++) {
        const int sum = (i & 1) + (i >> 1 & 1) + (i >> 2);
        assert_int_equal(adder->output[0].table >> i & 1, sum >> 1);
        assert_int_equal(adder->output[1].table >> i & 1, sum & 1);
    }
    /* The table's own points: rise of YC after A at 25 fF and 0.42 ns; fall energy at 5 fF, 1.2 ns. */
    const mj_liberty_arc *arc = &adder->output[0].arc[0];
    assert_rel(mj_liberty_look_up(arc->delay_s[MJ_RISE], 25e-15, 0.42e-9), 0.200121e-9, 1e-9);
    assert_rel(mj_liberty_look_up(arc->energy_J[MJ_FALL], 5e-15, 1.2e-9), 0.188671e-12, 1e-9);
    assert_null(mj_liberty_find(&liberty, "FAX2"));
    assert_string_equal(mj_liberty_nearest(&liberty, "FAX2"), "FAX1");
}

/* Cut anywhere, the library is refused with a place, never read by half. */
static void test_cut_libraries_are_refused(void **state)
{
    for (size_t length = 0; length < strlen(plane) - 3; length++) {
        mj_err err = {0};
        mj_liberty liberty;
        assert_int_not_equal(mj_liberty_parse(&liberty, plane, length, "cut.lib", *state, &err), MJ_OK);
        assert_true(err.n >= 1 && err.diag[0].line > 0);
    }
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
        cmocka_unit_test(test_tables_are_linear),
        cmocka_unit_test(test_units_scale),
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_broken_functions),
        cmocka_unit_test(test_problems_have_places),
        cmocka_unit_test(test_other_tables_are_refusals),
        cmocka_unit_test(test_osu018),
        cmocka_unit_test(test_cut_libraries_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
