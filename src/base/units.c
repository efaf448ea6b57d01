/* Units: text with a unit to an SI number.
 *
 * The unit system is our own, made in code with udunits from the tables below: the default XML
 * database reads `pJ/byte` as something else, refuses `GB`, and costs a millisecond of parsing.
 * Base units: m kg s A K bit op tok img USD. Counts (conversion, access, cycle, GPU, ...) are names
 * for the dimension 1, so that `20 fJ/conv` is an energy. Products are written with '.', '*', '-' or
 * a space, quotients with '/', left to right: `70 fJ/bit/mm` is fJ/(bit.mm). An exponent is one
 * digit behind its symbol: `mm2` is (mm)^2, so 1 mm2 = 1e-6 m2.
 *
 * Input may be hostile, and udunits' grammar knows time stamps, logarithms, offsets and numbers
 * inside a unit: only a short text of the characters that a unit needs is handed to it. Its parser
 * has static state: one thread at a time may call the functions here. How numbers are printed is in
 * units_format.c. */
#include "mj/units.h"

#include "mj/text.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <udunits2.h>

enum { TEXT_MAX = 160, UNIT_MAX = 64 };

struct mj_units {
    ut_system *system;
};

typedef struct {
    const char *symbol;
    double factor;
    const char *of; /* NULL: a new base unit; "": the dimension 1 */
} unit_row;

/* In the order of definition: a row may use the rows above it. The year is the Julian one, 365.25
 * days; eV is exact since the SI of 2019 [si2019]. */
static const unit_row unit_rows[] = {
    {"m", 1, NULL},           {"kg", 1, NULL},        {"s", 1, NULL},
    {"A", 1, NULL},           {"K", 1, NULL},         {"bit", 1, NULL},
    {"op", 1, NULL},          {"tok", 1, NULL},       {"img", 1, NULL},
    {"USD", 1, NULL},         {"g", 1e-3, "kg"},      {"min", 60, "s"},
    {"h", 3600, "s"},         {"day", 86400, "s"},    {"year", 31557600, "s"},
    {"N", 1, "kg.m.s-2"},     {"Pa", 1, "N.m-2"},     {"J", 1, "N.m"},
    {"W", 1, "J/s"},          {"Wh", 3600, "J"},      {"eV", 1.602176634e-19, "J"},
    {"C", 1, "A.s"},          {"V", 1, "W/A"},        {"F", 1, "C/V"},
    {"ohm", 1, "V/A"},        {"S", 1, "A/V"},        {"H", 1, "V.s/A"},
    {"Hz", 1, "s-1"},         {"B", 8, "bit"},        {"Kibit", 0x1p10, "bit"},
    {"Mibit", 0x1p20, "bit"}, {"Gibit", 0x1p30, "bit"}, {"Tibit", 0x1p40, "bit"},
    {"Pibit", 0x1p50, "bit"}, {"KiB", 0x1p10, "B"},   {"MiB", 0x1p20, "B"},
    {"GiB", 0x1p30, "B"},     {"TiB", 0x1p40, "B"},   {"PiB", 0x1p50, "B"},
    {"FLOP", 1, "op"},        {"OP", 1, "op"},        {"MAC", 2, "op"},
    {"FMA", 2, "op"},         {"FLOPS", 1, "op/s"},   {"OPS", 1, "op/s"},
    {"token", 1, "tok"},      {"image", 1, "img"},    {"%", 0.01, ""},
    {"x", 1, ""},             {"ratio", 1, ""},       {"conversion", 1, ""},
    {"conv", 1, ""},          {"sample", 1, ""},      {"event", 1, ""},
    {"access", 1, ""},        {"cycle", 1, ""},       {"step", 1, ""},
    {"eval", 1, ""},          {"instr", 1, ""},       {"row", 1, ""},
    {"flit", 1, ""},          {"spike", 1, ""},       {"read", 1, ""},
    {"write", 1, ""},         {"GPU", 1, ""},         {"device", 1, ""},
    {"chip", 1, ""},          {"card", 1, ""},        {"stack", 1, ""},
    {"die", 1, ""},           {"wafer", 1, ""},       {"defect", 1, ""},
    {"cell", 1, ""},          {"osc", 1, ""},         {"gate", 1, ""},
    {"transistor", 1, ""},    {"param", 1, ""},       {"user", 1, ""},
};

static const struct {
    const char *symbol;
    double factor;
} prefixes[] = {{"a", 1e-18}, {"f", 1e-15}, {"p", 1e-12}, {"n", 1e-9}, {"u", 1e-6},
                {"m", 1e-3},  {"c", 1e-2},  {"k", 1e3},   {"M", 1e6},  {"G", 1e9},
                {"T", 1e12},  {"P", 1e15},  {"E", 1e18}};

/* What a dimension is called in messages. */
static const struct {
    const char *unit, *name;
} dimensions[] = {
    {"J", "an energy"},
    {"W", "a power"},
    {"s", "a time"},
    {"m", "a length"},
    {"m2", "an area"},
    {"bit", "an amount of data"},
    {"bit/s", "a data rate"},
    {"J/bit", "an energy per data"},
    {"J/bit/m", "an energy per data and length"},
    {"J/op", "an energy per operation"},
    {"op", "a number of operations"},
    {"op/s", "a rate of operations"},
    {"op/J", "operations per energy"},
    {"W/bit", "a power per data"},
    {"W/m2", "a power per area"},
    {"bit/m2", "data per area"},
    {"USD", "a price"},
    {"USD/bit", "a price per data"},
    {"USD/m2", "a price per area"},
    {"tok", "a number of tokens"},
    {"tok/s", "a rate of tokens"},
    {"J/tok", "an energy per token"},
    {"tok/J", "tokens per energy"},
    {"img", "a number of images"},
    {"J/img", "an energy per image"},
    {"V", "a voltage"},
    {"A", "a current"},
    {"F", "a capacitance"},
    {"C", "a charge"},
    {"ohm", "a resistance"},
    {"Hz", "a frequency"},
    {"K", "a temperature"},
    {"kg", "a mass"},
    {"x", "a pure number"},
};

/* What people write for a symbol that exists: a suggestion, never accepted silently. */
static const struct {
    const char *written, *symbol;
} mistakes[] = {
    {"Byte", "B"},    {"byte", "B"},    {"Bytes", "B"},  {"bytes", "B"},   {"Bit", "bit"},
    {"bits", "bit"},  {"b", "bit"},     {"tokens", "tok"}, {"Token", "tok"}, {"images", "img"},
    {"Watt", "W"},    {"watt", "W"},    {"watts", "W"},  {"Joule", "J"},   {"joule", "J"},
    {"joules", "J"},  {"sec", "s"},     {"second", "s"}, {"seconds", "s"}, {"hour", "h"},
    {"hours", "h"},   {"days", "day"},  {"years", "year"}, {"FLOPs", "FLOP"}, {"flop", "FLOP"},
    {"flops", "FLOPS"}, {"ops", "op"},  {"mac", "MAC"},  {"Mac", "MAC"},   {"MACs", "MAC"},
    {"dollar", "USD"}, {"Ohm", "ohm"},  {"metre", "m"},  {"meter", "m"},   {"hz", "Hz"},
    {"celsius", "degC"}, {"minutes", "min"}, {"minute", "min"},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool units_define(ut_system *system, const unit_row *row)
{
    ut_unit *base = !row->of        ? ut_new_base_unit(system)
                    : row->of[0] == '\0' ? ut_get_dimensionless_unit_one(system)
                                    : ut_parse(system, row->of, UT_ASCII);
    ut_unit *unit = base && row->of ? ut_scale(row->factor, base) : base;
    bool ok = unit && ut_map_symbol_to_unit(row->symbol, UT_ASCII, unit) == UT_SUCCESS;
    if (unit != base) {
        ut_free(unit);
    }
    ut_free(base);
    return ok;
}

static bool units_define_all(ut_system *system)
{
    for (size_t i = 0; i < COUNT(prefixes); i++) {
        if (ut_add_symbol_prefix(system, prefixes[i].symbol, prefixes[i].factor) != UT_SUCCESS) {
            return false;
        }
    }
    for (size_t i = 0; i < COUNT(unit_rows); i++) {
        if (!units_define(system, &unit_rows[i])) {
            return false;
        }
    }
    ut_unit *kelvin = ut_get_unit_by_symbol(system, "K");
    ut_unit *celsius = kelvin ? ut_offset(kelvin, 273.15) : NULL;
    bool ok = celsius && ut_map_symbol_to_unit("degC", UT_ASCII, celsius) == UT_SUCCESS;
    ut_free(celsius);
    ut_free(kelvin);
    return ok;
}

mj_units *mj_units_new(void)
{
    /* udunits prints to stderr by default; a library must not. */
    ut_set_error_message_handler(ut_ignore);
    mj_units *units = calloc(1, sizeof *units);
    if (!units) {
        return NULL;
    }
    units->system = ut_new_system();
    if (!units->system || !units_define_all(units->system)) {
        mj_units_free(units);
        return NULL;
    }
    return units;
}

void mj_units_free(mj_units *units)
{
    if (!units) {
        return;
    }
    ut_free_system(units->system);
    free(units);
}

/* Writes the reason, with what it quotes of the input made safe to print. */
__attribute__((format(printf, 4, 5))) static mj_status
refuse(mj_status status, char *why, size_t why_size, const char *format, ...)
{
    char raw[MJ_ERR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    if (why) {
        mj_text_clean(why, why_size, raw);
    }
    return status;
}

/* Reads the number in front of `text`; *rest is what follows, spaces skipped. */
static mj_status number_read(const char *text, double *value, const char **rest, char *why,
                             size_t why_size)
{
    if (strnlen(text, TEXT_MAX + 1) > TEXT_MAX) {
        return refuse(MJ_ESYNTAX, why, why_size, "text too long for a number with a unit");
    }
    text += strspn(text, " ");
    size_t length = mj_text_number(text, value);
    if (length == 0) {
        return refuse(MJ_ESYNTAX, why, why_size, "'%s' is not a number", text);
    }
    const char *after = text + length;
    if (*after == ',') {
        return refuse(MJ_ESYNTAX, why, why_size,
                      "'%s': write a decimal point, and no commas between thousands", text);
    }
    bool is_hex = length == 1 && text[0] == '0' && (*after == 'x' || *after == 'X');
    if (*after == '.' || *after == '+' || is_hex) {
        return refuse(MJ_ESYNTAX, why, why_size, "'%s' is not a number", text);
    }
    if (!isfinite(*value)) {
        return refuse(MJ_ERANGE, why, why_size, "'%.*s' is too large", (int)length, text);
    }
    *rest = after + strspn(after, " ");
    return MJ_OK;
}

/* Copies a unit as udunits is to read it: UTF-8 letters spelled in ASCII, '*' as '.', a leading '/'
 * as "1/", outer spaces gone. False if it is too long or holds anything that no unit needs. */
static bool unit_normalise(char out[UNIT_MAX + 1], const char *text)
{
    static const struct {
        const char *from, *to;
    } spellings[] = {{"µ", "u"}, {"μ", "u"}, {"°C", "degC"}, {"²", "2"},
                     {"³", "3"}, {"·", "."}, {"Ω", "ohm"},   {"*", "."}};
    size_t used = 0;
    if (*text == '/') {
        out[used++] = '1';
    }
    while (*text) {
        const char *piece = text;
        size_t n_piece = 1, n_text = 1;
        for (size_t i = 0; i < COUNT(spellings); i++) {
            size_t n_from = strlen(spellings[i].from);
            if (strncmp(text, spellings[i].from, n_from) == 0) {
                piece = spellings[i].to;
                n_piece = strlen(piece);
                n_text = n_from;
            }
        }
        if (used + n_piece > UNIT_MAX || (n_text == 1 && !isascii((unsigned char)*piece))) {
            return false;
        }
        memcpy(out + used, piece, n_piece);
        used += n_piece;
        text += n_text;
    }
    while (used > 0 && out[used - 1] == ' ') {
        used--;
    }
    out[used] = '\0';
    return used > 0;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* An exponent is a single digit behind a letter, with ^, - or ^- between them at most. Anything
 * longer could overflow udunits' 16-bit powers; a bare number belongs in front of the unit. */
static bool is_exponent(const char *unit, size_t at)
{
    size_t before = at;
    before -= before > 0 && unit[before - 1] == '-';
    before -= before > 0 && unit[before - 1] == '^';
    return before > 0 && is_letter(unit[before - 1]) && !is_letter(unit[at + 1]) &&
           !isdigit((unsigned char)unit[at + 1]);
}

static bool unit_is_sane(const char *unit)
{
    bool reciprocal = unit[0] == '1' && unit[1] == '/';
    for (size_t i = reciprocal ? 1 : 0; unit[i]; i++) {
        char c = unit[i];
        bool ok = isdigit((unsigned char)c) ? is_exponent(unit, i)
                                            : is_letter(c) || strchr("%/.^- ()", c) != NULL;
        if (!ok) {
            return false;
        }
    }
    /* udunits' logarithms: lg(re ...). */
    return (is_letter(unit[0]) || strchr("%(", unit[0]) || reciprocal) && !strstr(unit, "re ");
}

/* The unit of a normalised text, or NULL. The caller frees it. */
static ut_unit *unit_read(const mj_units *units, const char *unit)
{
    if (strcmp(unit, "1") == 0) {
        return ut_get_dimensionless_unit_one(units->system);
    }
    return unit_is_sane(unit) ? ut_parse(units->system, unit, UT_ASCII) : NULL;
}

/* Linear conversion, with offset for temperatures. False if the dimensions differ; udunits would
 * turn a time into a frequency: there 0 has no finite image. */
static bool unit_convert(ut_unit *from, ut_unit *to, double value, double *converted)
{
    cv_converter *converter = ut_get_converter(from, to);
    if (!converter) {
        return false;
    }
    bool linear = isfinite(cv_convert_double(converter, 0.0));
    *converted = cv_convert_double(converter, value);
    cv_free(converter);
    return linear;
}

/* "an energy", or NULL if the dimension has no name here. */
static const char *dimension_name(const mj_units *units, ut_unit *unit)
{
    const char *name = NULL;
    for (size_t i = 0; i < COUNT(dimensions) && !name; i++) {
        ut_unit *known = unit_read(units, dimensions[i].unit);
        double ignored;
        if (known && unit_convert(unit, known, 1.0, &ignored)) {
            name = dimensions[i].name;
        }
        ut_free(known);
    }
    return name;
}

static bool symbol_is_known(const mj_units *units, const char *symbol)
{
    ut_unit *unit = ut_parse(units->system, symbol, UT_ASCII);
    ut_free(unit);
    return unit != NULL;
}

/* The symbol that was probably meant, with its prefix, into out; false if nothing is near. */
static bool symbol_suggest(const mj_units *units, const char *symbol, char *out, size_t size)
{
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        size_t n = strlen(symbol), n_tail = strlen(mistakes[i].written);
        if (n >= n_tail && n - n_tail <= 2 &&
            strcmp(symbol + n - n_tail, mistakes[i].written) == 0) {
            snprintf(out, size, "%.*s%s", (int)(n - n_tail), symbol, mistakes[i].symbol);
            if (symbol_is_known(units, out)) {
                return true;
            }
        }
    }
    enum { N_UNITS = COUNT(unit_rows), N_ALL = N_UNITS * (COUNT(prefixes) + 1) };
    char spelled[N_ALL][16];
    const char *candidates[N_ALL];
    for (size_t i = 0; i < N_ALL; i++) {
        const char *prefix = i < N_UNITS ? "" : prefixes[i / N_UNITS - 1].symbol;
        snprintf(spelled[i], sizeof spelled[i], "%s%s", prefix, unit_rows[i % N_UNITS].symbol);
        candidates[i] = spelled[i];
    }
    const char *nearest = mj_text_nearest(symbol, candidates, N_ALL);
    if (nearest) {
        snprintf(out, size, "%s", nearest);
    }
    return nearest != NULL;
}

/* Says which symbol of an unreadable unit is unknown and what the unit should perhaps read. */
static mj_status refuse_unknown(const mj_units *units, const char *unit, char *why,
                                size_t why_size)
{
    const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz%";
    for (const char *at = unit; unit_is_sane(unit) && *at;) {
        size_t n = strspn(at, letters);
        char symbol[UNIT_MAX + 1], meant[UNIT_MAX + 1];
        snprintf(symbol, sizeof symbol, "%.*s", (int)n, at);
        if (n > 0 && !symbol_is_known(units, symbol)) {
            if (n == 1 && strchr("kMGT", symbol[0]) && at[1] == ' ') {
                return refuse(MJ_EUNIT, why, why_size, "unknown unit '%s' (did you mean '%s%s'?)",
                              unit, symbol, at + 2);
            }
            if (symbol_suggest(units, symbol, meant, sizeof meant)) {
                return refuse(MJ_EUNIT, why, why_size, "unknown unit '%s' (did you mean '%.*s%s%s'?)",
                              unit, (int)(at - unit), unit, meant, at + n);
            }
            return refuse(MJ_EUNIT, why, why_size, "unknown unit '%s' in '%s'", symbol, unit);
        }
        at += n ? n : 1;
    }
    return refuse(MJ_EUNIT, why, why_size, "'%s' is not a unit", unit);
}

static mj_status refuse_missing(const mj_units *units, const char *want, ut_unit *to, char *why,
                                size_t why_size)
{
    const char *name = dimension_name(units, to);
    return refuse(MJ_EUNIT, why, why_size, "unit missing: expected %s%s'%s'", name ? name : "",
                  name ? " such as " : "", want);
}

/* A bare number, or one with k, M, G or T: allowed where a pure number is wanted. */
static bool count_read(const char *unit, double *value)
{
    static const char letters[] = "kMGT";
    const char *letter = unit[0] ? strchr(letters, unit[0]) : NULL;
    if (unit[0] && (!letter || unit[1 + strspn(unit + 1, " ")])) {
        return false;
    }
    static const double factors[] = {1e3, 1e6, 1e9, 1e12};
    *value *= letter ? factors[letter - letters] : 1.0;
    return true;
}

/* Converts `number unit` to the unit `to`, spelled `want`. */
static mj_status quantity_convert(const mj_units *units, double number, const char *unit,
                                  const char *want, ut_unit *to, double *value, char *why,
                                  size_t why_size)
{
    char normal[UNIT_MAX + 1];
    if (!unit_normalise(normal, unit)) {
        return refuse(MJ_EUNIT, why, why_size, "'%.64s' is not a unit", unit);
    }
    ut_unit *from = unit_read(units, normal);
    if (!from) {
        return refuse_unknown(units, normal, why, why_size);
    }
    double converted = NAN;
    mj_status status = MJ_OK;
    if (!unit_convert(from, to, number, &converted)) {
        const char *name = dimension_name(units, from);
        status = refuse(MJ_EUNIT, why, why_size, "'%s' is %s, expected %s", unit,
                        name ? name : "of another dimension", want);
    } else if (!isfinite(converted)) {
        status = refuse(MJ_ERANGE, why, why_size, "the value is too large");
    } else if (converted == 0.0 && number != 0.0 && strcmp(normal, "degC") != 0) {
        status = refuse(MJ_ERANGE, why, why_size, "the value is too small");
    }
    ut_free(from);
    if (status == MJ_OK) {
        *value = converted;
    }
    return status;
}

mj_status mj_units_parse(const mj_units *units, const char *text, const char *want, double *value,
                         char *why, size_t why_size)
{
    double number;
    const char *unit;
    MJ_TRY(number_read(text, &number, &unit, why, why_size));
    bool pure = strcmp(want, "1") == 0;
    if (pure && count_read(unit, &number)) {
        if (!isfinite(number)) {
            return refuse(MJ_ERANGE, why, why_size, "the value is too large");
        }
        *value = number;
        return MJ_OK;
    }
    char normal[UNIT_MAX + 1];
    ut_unit *to = unit_normalise(normal, want) ? unit_read(units, normal) : NULL;
    if (!to) {
        return refuse(MJ_EUNIT, why, why_size, "the wanted unit '%.64s' is unknown", want);
    }
    mj_status status = unit[0] ? quantity_convert(units, number, unit,
                                                  pure ? "a pure number" : want, to, value, why,
                                                  why_size)
                               : refuse_missing(units, want, to, why, why_size);
    ut_free(to);
    return status;
}

mj_status mj_units_split(const mj_units *units, const char *text, double *value, char *unit,
                         size_t unit_size, char *why, size_t why_size)
{
    double number;
    const char *written;
    MJ_TRY(number_read(text, &number, &written, why, why_size));
    if (!written[0]) {
        return refuse(MJ_EUNIT, why, why_size, "unit missing ('x' or '%%' for a pure number)");
    }
    char normal[UNIT_MAX + 1];
    if (!unit_normalise(normal, written)) {
        return refuse(MJ_EUNIT, why, why_size, "'%.64s' is not a unit", written);
    }
    ut_unit *known = unit_read(units, normal);
    if (!known) {
        return refuse_unknown(units, normal, why, why_size);
    }
    ut_free(known);
    size_t length = strlen(written);
    while (written[length - 1] == ' ') {
        length--;
    }
    if (length >= unit_size) {
        return refuse(MJ_EUNIT, why, why_size, "the unit '%.64s' is too long", written);
    }
    memcpy(unit, written, length);
    unit[length] = '\0';
    *value = number;
    return MJ_OK;
}

mj_status mj_units_factor(const mj_units *units, const char *from, const char *to, double *factor)
{
    char normal[UNIT_MAX + 1];
    ut_unit *target = unit_normalise(normal, to) ? unit_read(units, normal) : NULL;
    if (!target) {
        return MJ_EUNIT;
    }
    mj_status status = quantity_convert(units, 1.0, from, to, target, factor, NULL, 0);
    ut_free(target);
    return status;
}
