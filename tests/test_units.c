/* Units: what people write, what they get wrong, what attackers try. Wanted values are definitions
 * (SI prefixes, 8 bit a byte, 2^30 a Gi), never our own output. */
#include "assert_rel.h"

#include "mj/units.h"

#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *text, *want;
    double value;
} good_row;

/* Two roundings at most stand between the definition and the result. */
static const double EXACT = 4e-16;

static const good_row good_rows[] = {
    {"39 pJ/B", "J/B", 39e-12},
    {"39 pJ/bit", "J/B", 8 * 39e-12},
    {"192 GiB", "B", 192.0 * 1073741824.0},
    {"96 MB", "B", 96e6},
    {"3.35 TB/s", "B/s", 3.35e12},
    {"70 fJ/bit/mm", "J/bit/m", 70e-12},
    {"70 fJ/(bit.mm)", "J/bit/m", 70e-12},
    {"90 %", "1", 0.9},
    {"90%", "1", 0.9},
    {"20 fJ", "J", 20e-15},
    {"20 fJ/conv", "J", 20e-15},
    {"20 fJ/conv-step", "J", 20e-15},
    {"12 pJ/access", "J", 12e-12},
    {"3 fJ/cycle", "J", 3e-15},
    {"7 pJ/MAC", "J/op", 3.5e-12},
    {"0.07 pJ/op", "J/op", 0.07e-12},
    {"0.07 pJ/FLOP", "J/op", 0.07e-12},
    {"989 TFLOP/s", "op/s", 989e12},
    {"989 TFLOPS", "op/s", 989e12},
    {"200 TMAC/s", "op/s", 400e12},
    {"2.5 TOPS/W", "op/J", 2.5e12},
    {"10 mW/MB", "W/B", 10e-9},
    {"700 W/GPU", "W", 700},
    {"12.5 tok/J", "tok/J", 12.5},
    {"4 J/token", "J/tok", 4},
    {"14.7 J/img", "J/img", 14.7},
    {"7.5 USD/GB", "USD/B", 7.5e-9},
    {"0.12 USD/kWh", "USD/J", 0.12 / 3.6e6},
    {"30 kUSD", "USD", 30e3},
    {"38 Mbit/mm2", "bit/m2", 38e12},
    {"814 mm2", "m2", 814e-6},
    {"1 mm2", "m2", 1e-6},
    {"1 mm^2", "m2", 1e-6},
    {"1 mm²", "m2", 1e-6},
    {"0.021 um2", "m2", 0.021e-12},
    {"46225 mm2", "cm2", 462.25},
    {"0.1 /cm2", "1/m2", 1000},
    {"7 nm", "m", 7e-9},
    {"5 µm", "m", 5e-6},
    {"5 μm", "m", 5e-6}, /* the Greek letter */
    {"1.2 GHz", "Hz", 1.2e9},
    {"5 s-1", "Hz", 5},
    {"0.7 V", "V", 0.7},
    {"2 fF", "F", 2e-15},
    {"85 degC", "K", 358.15},
    {"85 °C", "K", 358.15},
    {"2 kWh", "J", 7.2e6},
    {"1 eV", "J", 1.602176634e-19},
    {"3 year", "s", 3 * 365.25 * 86400},
    {"1.3 x", "1", 1.3},
    {"32k", "1", 32000},
    {"32 k", "1", 32000},
    {"70.6 G", "1", 70.6e9},
    {"1", "1", 1},
    {"-1.5e-3", "1", -1.5e-3},
    {"32 ktok", "tok", 32000},
    {"  5 W  ", "W", 5},
    {"0 W", "W", 0},
};

static void good_rows_parse(const mj_units *units)
{
    for (size_t i = 0; i < sizeof good_rows / sizeof good_rows[0]; i++) {
        const good_row *row = &good_rows[i];
        double value = NAN;
        char why[256] = "";
        if (mj_units_parse(units, row->text, row->want, &value, why, sizeof why) != MJ_OK) {
            fail_msg("'%s': %s", row->text, why);
        }
        assert_rel(value, row->value, EXACT);
    }
}

static void test_what_people_write(void **state)
{
    good_rows_parse(*state);
}

static void test_locale_does_not_matter(void **state)
{
    static const char *const comma[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "ru_RU.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < sizeof comma / sizeof comma[0] && !found; i++) {
        found = setlocale(LC_ALL, comma[i]) != NULL;
    }
    if (!found) {
        skip();
    }
    good_rows_parse(*state);
    char buf[32];
    assert_string_equal(mj_units_format(1.25e-11, "J/B", buf, sizeof buf), "12.5 pJ/B");
    setlocale(LC_ALL, "C");
}

static const struct {
    const char *text, *want;
    mj_status status;
    const char *says;
} bad_rows[] = {
    {"39", "J/B", MJ_EUNIT, "unit missing: expected an energy per data such as 'J/B'"},
    {"39 pJ/Byte", "J/B", MJ_EUNIT, "did you mean 'pJ/B'"},
    {"39 pJ/byte", "J/B", MJ_EUNIT, "did you mean 'pJ/B'"},
    {"39 pj/B", "J/B", MJ_EUNIT, "did you mean 'pJ/B'"},
    {"5 Gb/s", "B/s", MJ_EUNIT, "did you mean 'Gbit/s'"},
    {"5 W", "J/B", MJ_EUNIT, "'W' is a power, expected J/B"},
    {"5 s", "Hz", MJ_EUNIT, "'s' is a time"}, /* udunits alone would say 0.2 Hz */
    {"5 J/op", "J/B", MJ_EUNIT, "energy per operation"},
    {"5 tok", "op", MJ_EUNIT, "number of tokens"},
    {"32k", "tok", MJ_EUNIT, ""},
    {"32k tok", "tok", MJ_EUNIT, "did you mean 'ktok'"},
    {"32 K", "1", MJ_EUNIT, "temperature"},
    {"32 kk", "1", MJ_EUNIT, ""},
    {"5 Km", "m", MJ_EUNIT, ""}, /* binary prefixes are for data alone */
    {"5 mmm", "m", MJ_EUNIT, ""},
    {"", "W", MJ_ESYNTAX, ""},
    {"W", "W", MJ_ESYNTAX, ""},
    {"nan W", "W", MJ_ESYNTAX, "not a number"},
    {"inf W", "W", MJ_ESYNTAX, "not a number"},
    {"-inf", "1", MJ_ESYNTAX, ""},
    {"0x10", "1", MJ_ESYNTAX, ""},
    {"1,5 W", "W", MJ_ESYNTAX, "decimal point"},
    {"1.2.3 W", "W", MJ_ESYNTAX, ""},
    {"1e999 W", "W", MJ_ERANGE, "too large"},
    {"1e999", "1", MJ_ERANGE, "too large"},
    {"1e308k", "1", MJ_ERANGE, "too large"},
    {"1e300 Em", "fm", MJ_ERANGE, "too large"},
    {"1e-300 fm", "Em", MJ_ERANGE, "too small"},
    {"5 W 5", "W", MJ_EUNIT, ""},
    {"5 W garbage", "W", MJ_EUNIT, ""},
    {"5 m^999999999", "m", MJ_EUNIT, ""},
    {"5 m99", "m", MJ_EUNIT, ""},
    {"5 (m^9)^9", "m", MJ_EUNIT, ""},
    {"5 W@3", "W", MJ_EUNIT, ""},
    {"5 W from 3", "W", MJ_EUNIT, ""},
    {"5 s since 2000-01-01", "s", MJ_EUNIT, ""},
    {"5 s since 19900101T000000", "s", MJ_EUNIT, ""},
    {"5 lg(re W)", "W", MJ_EUNIT, ""},
    {"5 lg(re  mW)", "W", MJ_EUNIT, ""},
    {"5 J//B", "J/B", MJ_EUNIT, ""},
    {"5 /", "1", MJ_EUNIT, ""},
    {"5 (", "1", MJ_EUNIT, ""},
    {"5 ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((W", "W", MJ_EUNIT, ""},
    {"5 W\033[2J", "W", MJ_EUNIT, ""},
    {"5\nW", "W", MJ_EUNIT, ""},
    {"5 W\xff", "W", MJ_EUNIT, ""},
};

static void test_what_is_refused(void **state)
{
    for (size_t i = 0; i < sizeof bad_rows / sizeof bad_rows[0]; i++) {
        double value = 12345;
        char why[256] = "";
        mj_status status =
            mj_units_parse(*state, bad_rows[i].text, bad_rows[i].want, &value, why, sizeof why);
        if (status != bad_rows[i].status || !strstr(why, bad_rows[i].says) || !why[0]) {
            fail_msg("'%s': status %d, '%s'", bad_rows[i].text, status, why);
        }
        assert_true(value == 12345);
        for (const char *c = why; *c; c++) {
            assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
        }
    }
}

static void test_long_and_random_text(void **state)
{
    char *longest = malloc(1000001);
    assert_non_null(longest);
    memset(longest, '1', 1000000);
    longest[1000000] = '\0';
    double value;
    char why[64];
    assert_int_not_equal(mj_units_parse(*state, longest, "W", &value, why, sizeof why), MJ_OK);
    memset(longest + 2, 'm', 100000);
    assert_int_not_equal(mj_units_parse(*state, longest, "W", &value, why, sizeof why), MJ_OK);
    free(longest);

    /* Pieces of the grammar in any order: nothing to compare with, but ASan and UBSan watch. */
    static const char *const pieces[] = {"5", "m", "J", "/", ".", "^", "-", " ", "(", ")", "2",
                                         "9", "e", "k", "µ", "%", "*", "B", "re", "lg", "since",
                                         "1", "p", "MAC", "\x80", "+", "@", "per", "log", "to"};
    uint32_t seed = 1;
    for (int i = 0; i < 100000; i++) {
        char text[160] = "5 ";
        for (int n = 0; n < 12; n++) {
            seed = seed * 1664525u + 1013904223u;
            strcat(text, pieces[(seed >> 16) % (sizeof pieces / sizeof pieces[0])]);
        }
        if (mj_units_parse(*state, text, "J/B", &value, why, sizeof why) == MJ_OK) {
            assert_true(isfinite(value));
        }
    }
}

static void test_split(void **state)
{
    double value;
    char unit[16], why[128];
    assert_int_equal(
        mj_units_split(*state, "0.24 pJ/bit ", &value, unit, sizeof unit, why, sizeof why), MJ_OK);
    assert_rel(value, 0.24, 0);
    assert_string_equal(unit, "pJ/bit");
    assert_int_equal(mj_units_split(*state, "5", &value, unit, sizeof unit, why, sizeof why),
                     MJ_EUNIT);
    assert_int_equal(mj_units_split(*state, "5 quux", &value, unit, sizeof unit, why, sizeof why),
                     MJ_EUNIT);
    assert_int_equal(mj_units_split(*state, "5 pJ/bit", &value, unit, 4, why, sizeof why),
                     MJ_EUNIT);
}

static void test_factor(void **state)
{
    double factor = 0;
    assert_int_equal(mj_units_factor(*state, "pJ/bit", "J/B", &factor), MJ_OK);
    assert_rel(factor, 8e-12, EXACT);
    assert_int_equal(mj_units_factor(*state, "1", "1", &factor), MJ_OK);
    assert_rel(factor, 1, 0);
    assert_int_equal(mj_units_factor(*state, "%", "1", &factor), MJ_OK);
    assert_rel(factor, 0.01, EXACT);
    assert_int_equal(mj_units_factor(*state, "pJ/bit", "W", &factor), MJ_EUNIT);
    assert_int_equal(mj_units_factor(*state, "", "W", &factor), MJ_EUNIT);
    assert_int_equal(mj_units_factor(*state, "s", "Hz", &factor), MJ_EUNIT);
}

static void test_format(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *unit, *want;
    } rows[] = {
        {3.9e-11, "J/B", "39 pJ/B"},      {0, "J", "0 J"},
        {-0.0, "J", "0 J"},               {999.7, "W", "1 kW"},
        {999.4, "W", "999 W"},            {-3.3, "J", "-3.3 J"},
        {8.14e-4, "m2", "814 mm2"},       {2.1e-14, "m2", "0.021 um2"},
        {1e-6, "m2", "1 mm2"},            {0.046225, "m2", "46200 mm2"},
        {1.5, "m2", "1.5 m2"},            {0.9, "1", "0.9"},
        {32000, "1", "32 k"},             {220, "1", "220"},
        {2048, "1", "2050"},              {70.6e9, "1", "70.6 G"},
        {31200, "USD", "31200 USD"},      {7.5, "USD", "7.5 USD"},
        {1200, "tok/s", "1.2 ktok/s"},    {0.0012, "s", "1.2 ms"},
        {5000, "s", "5000 s"},            {3.35e12, "B/s", "3.35 TB/s"},
        {9.89e14, "op/s", "989 Top/s"},   {1e-8, "W/B", "10 nW/B"},
        {7e-11, "J/bit/m", "70 pJ/bit/m"}, {358.15, "K", "358 K"},
        {39, "pJ/bit", "39 pJ/bit"},      {1e-30, "J", "1e-30 J"},
        {5, "1/s", "5 1/s"},              {90, "%", "90 %"},
        {NAN, "J", "nan J"},              {HUGE_VAL, "1", "inf"},
        {-HUGE_VAL, "W", "-inf W"},       {9.9996e5, "B/s", "1 MB/s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char buf[48];
        assert_string_equal(mj_units_format(rows[i].value, rows[i].unit, buf, sizeof buf),
                            rows[i].want);
    }
    char tiny[4];
    assert_string_equal(mj_units_format(3.9e-11, "J/B", tiny, sizeof tiny), "39 ");
}

/* What is printed can be written into a spec: it reads back to three digits. */
static void test_format_reads_back(void **state)
{
    static const char *const units[] = {"J/B", "W", "s", "B/s", "m2", "1", "USD", "tok/s", "Hz"};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        for (int exponent = -25; exponent <= 25; exponent++) {
            double value = 1.234567 * pow(10, exponent), back = NAN;
            char buf[48], why[128] = "";
            mj_units_format(value, units[u], buf, sizeof buf);
            if (mj_units_parse(*state, buf, units[u], &back, why, sizeof why) != MJ_OK) {
                fail_msg("'%s': %s", buf, why);
            }
            assert_rel(back, value, 5e-3);
        }
    }
}

static int setup(void **state)
{
    *state = mj_units_new();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    mj_units_free(*state);
    mj_units_free(NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_people_write),
        cmocka_unit_test(test_locale_does_not_matter),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_long_and_random_text),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_factor),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_format_reads_back),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
