/* Units: an SI number to text.
 *
 * Three significant digits, and an SI prefix on the unit's first symbol where people use one there:
 * 3.9e-11 J/B prints as "39 pJ/B". Areas and volumes carry the prefix inside the power, so they
 * step by 1e6 and 1e9: 8.14e-4 m2 is "814 mm2". Times above a second, prices, temperatures and units
 * that bring their own prefix print without one. The digits are laid out here: printf's %g would
 * write 1e+03 for 999.7, and a comma where the locale has one. */
#include "mj/units.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { EXPONENT_PLAIN_MIN = -5, EXPONENT_PLAIN_MAX = 14 };

typedef struct {
    const char *symbol;
    int exponent; /* of ten, for the prefix alone */
} prefix_row;

static const prefix_row prefixes[] = {{"a", -18}, {"f", -15}, {"p", -12}, {"n", -9}, {"u", -6},
                                      {"m", -3},  {"", 0},    {"k", 3},   {"M", 6},  {"G", 9},
                                      {"T", 12},  {"P", 15},  {"E", 18}};

/* A number rounded to three digits: 0.ddd x 10^(exponent + 1). */
typedef struct {
    char digit[3];
    int exponent;
    bool negative;
} decimal;

static decimal decimal_round(double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.2e", fabs(value));
    decimal d = {.negative = value < 0};
    /* Digits only: what stands between them is the locale's decimal point. */
    const char *at = text;
    for (int n = 0; n < 3 && *at; at++) {
        if (*at >= '0' && *at <= '9') {
            d.digit[n++] = *at;
        }
    }
    at = strchr(text, 'e');
    bool down = at && at[1] == '-';
    for (at = at ? at + 2 : ""; *at; at++) {
        d.exponent = 10 * d.exponent + (*at - '0');
    }
    d.exponent = down ? -d.exponent : d.exponent;
    return d;
}

/* Writes the digits times 10^shift, without trailing zeros behind the point. */
static void decimal_print(char *buf, size_t size, decimal d, int shift)
{
    int exponent = d.exponent + shift;
    char tail[16] = "";
    if (exponent < EXPONENT_PLAIN_MIN || exponent > EXPONENT_PLAIN_MAX) {
        snprintf(tail, sizeof tail, "e%d", exponent);
        exponent = 0;
    }
    int n = 3;
    while (n > 1 && n > exponent + 1 && d.digit[n - 1] == '0') {
        n--;
    }
    char digits[32];
    size_t used = 0;
    if (d.negative) {
        digits[used++] = '-';
    }
    if (exponent < 0) {
        digits[used++] = '0';
        digits[used++] = '.';
        for (int i = exponent + 1; i < 0; i++) {
            digits[used++] = '0';
        }
    }
    for (int i = 0; i < n || i <= exponent; i++) {
        if (i > 0 && i == exponent + 1) {
            digits[used++] = '.';
        }
        digits[used++] = i < 3 ? d.digit[i] : '0';
    }
    digits[used] = '\0';
    snprintf(buf, size, "%s%s", digits, tail);
}

/* The power behind the first symbol (`m2` -> 2), 1 without one; 0 if it takes no prefix. */
static int prefix_power(const char *unit, double magnitude)
{
    static const char *const plain[] = {"J",  "W",   "s",   "m",   "B",    "bit",  "op", "MAC",
                                        "V",  "A",   "Hz",  "F",   "C",    "ohm",  "N",  "Pa",
                                        "tok", "img", "g",  "FLOP", "FLOPS", "OPS", "OP", "eV",
                                        "Wh", "S",   "H",   "token", "param"};
    size_t n_symbol = strcspn(unit, "/.*-^ ()0123456789");
    bool known = false;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        known = known || (strlen(plain[i]) == n_symbol && strncmp(unit, plain[i], n_symbol) == 0);
    }
    /* Kiloseconds are no one's unit. */
    if (!known || (strcmp(unit, "s") == 0 && magnitude >= 1.0)) {
        return 0;
    }
    const char *next = unit + n_symbol;
    if (*next == '-' || *next == '^') {
        return 0;
    }
    return *next >= '1' && *next <= '9' ? *next - '0' : 1;
}

/* The largest prefix that leaves at least 1 in front of the unit; NULL where none of them makes a
 * readable number. A power has only um, mm and m: a memory cell is 0.021 um2, a wafer 70700 mm2. */
static const prefix_row *prefix_choose(int exponent, int power)
{
    const prefix_row *best = NULL;
    if (power == 1 && (exponent < -19 || exponent > 21)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const prefix_row *row = &prefixes[i];
        bool usual = power == 1 || (row->exponent <= 0 && row->exponent >= -6);
        if (usual && (!best || row->exponent * power <= exponent)) {
            best = row;
        }
    }
    return best;
}

char *mj_units_format(double value, const char *unit, char *buf, size_t size)
{
    if (size == 0) {
        return buf;
    }
    bool pure = strcmp(unit, "1") == 0 || unit[0] == '\0';
    const char *space = pure ? "" : " ", *shown = pure ? "" : unit;
    if (!isfinite(value)) {
        const char *word = isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
        snprintf(buf, size, "%s%s%s", word, space, shown);
        return buf;
    }
    if (value == 0.0) {
        snprintf(buf, size, "0%s%s", space, shown);
        return buf;
    }
    decimal d = decimal_round(value);
    const prefix_row *prefix = NULL;
    int power = pure ? (d.exponent >= 4) : prefix_power(unit, fabs(value));
    if (power > 0) {
        prefix = prefix_choose(d.exponent, power);
    }
    if (prefix && pure && prefix->exponent > 12) {
        prefix = NULL; /* mj_units_parse reads counts up to T */
    }
    char number[48];
    decimal_print(number, sizeof number, d, prefix ? -prefix->exponent * power : 0);
    bool spaced = !pure || (prefix && prefix->exponent);
    snprintf(buf, size, "%s%s%s%s", number, spaced ? " " : "", prefix ? prefix->symbol : "", shown);
    return buf;
}
