/* The table of a bill, fitted to the terminal.
 *
 * A row a cause has more columns than a narrow terminal: the interval is shown from 110 columns on;
 * where less than WHAT_MIN columns would be left for words, the bar goes first, then what the row
 * rests on. The last column is cut at a word. A row a line (verbose) is for wide terminals and for
 * files: nothing is left out there. */
#include "bill_table.h"

#include "line_words.h"
#include "mj/text.h"
#include "mj/units.h"
#include <math.h>
#include <string.h>

enum { BAR_COLUMNS = 8, NUMBER = 32, NAME = 128 };
enum { WHAT_MIN = 16, INTERVAL_FROM = 110, VERBOSE_MIN = 150, DEFAULT_WIDTH = 100 };

/* Causes whose share is below this are greyed. */
static const double small_share = 0.001;

static mj_paint component_paint(mj_component component)
{
    static const struct {
        const char *prefix;
        mj_paint paint;
    } rows[] = {
        {"dram.", MJ_PAINT_MEMORY},    {"sram.", MJ_PAINT_MEMORY},
        {"rom.", MJ_PAINT_MEMORY},     {"nvm.", MJ_PAINT_MEMORY},
        {"arith.", MJ_PAINT_ARITHMETIC}, {"control", MJ_PAINT_ARITHMETIC},
        {"operand.", MJ_PAINT_ARITHMETIC}, {"idle.", MJ_PAINT_TIME},
        {"active.", MJ_PAINT_TIME},    {"leak.", MJ_PAINT_TIME},
        {"clock", MJ_PAINT_TIME},      {"host.", MJ_PAINT_TIME},
        {"power.", MJ_PAINT_TIME},     {"cool.", MJ_PAINT_TIME},
        {"fleet.", MJ_PAINT_TIME},     {"unexplained", MJ_PAINT_UNKNOWN},
    };
    const char *text = mj_component_text(component);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strncmp(text, rows[i].prefix, strlen(rows[i].prefix)) == 0) {
            return rows[i].paint;
        }
    }
    return MJ_PAINT_MOVEMENT;
}

/* All lines of one component. They rest on the same figure or the same fit, so the ends of their
 * intervals are met together and add up. */
typedef struct {
    mj_component component;
    double joules, lo_J, hi_J, share;
    const mj_line *largest;
    int n;
} cause;

/* Collects the ledger's causes, largest first; equal ones keep their order. Returns how many. */
static int collect_causes(cause *list, const mj_ledger *ledger)
{
    int n = 0;
    for (int i = 0; i < ledger->n; i++) {
        const mj_line *line = &ledger->line[i];
        int k = 0;
        while (k < n && list[k].component != line->component) {
            k++;
        }
        if (k == n) {
            list[n++] = (cause){.component = line->component, .largest = line};
        }
        list[k].joules += line->joules;
        list[k].lo_J += line->lo_J;
        list[k].hi_J += line->hi_J;
        list[k].share += line->share;
        list[k].largest = line->joules > list[k].largest->joules ? line : list[k].largest;
        list[k].n++;
    }
    for (int i = 1; i < n; i++) {
        cause moved = list[i];
        int j = i;
        for (; j > 0 && list[j - 1].joules < moved.joules; j--) {
            list[j] = list[j - 1];
        }
        list[j] = moved;
    }
    return n;
}

const char *mj_bill_largest_cause(const mj_bill *bill)
{
    cause causes[MJ_COMPONENT_N];
    int n = collect_causes(causes, &bill->ledger);
    return n > 0 ? mj_component_text(causes[0].component) : NULL;
}

static const char *cap_text(double cap, mj_arena *arena)
{
    if (!isfinite(cap)) {
        return "no limit";
    }
    return mj_arena_printf(arena, cap < 9.995 ? "%.2fx" : "%.0fx", cap);
}

static const char *share_text(double share, mj_arena *arena)
{
    if (share > 0 && share < 0.0005) {
        return "<0.1%";
    }
    return mj_arena_printf(arena, "%.1f%%", 100 * share);
}

static const char *joules_text(double joules, mj_arena *arena)
{
    char text[NUMBER];
    return mj_arena_printf(arena, "%s", mj_units_format(joules, "J", text, sizeof text));
}

static const char *interval_text(double lo_J, double hi_J, mj_arena *arena)
{
    char lo[NUMBER], hi[NUMBER];
    if (lo_J == hi_J) {
        return "";
    }
    return mj_arena_printf(arena, "%s to %s", mj_units_format(lo_J, "J", lo, sizeof lo),
                           mj_units_format(hi_J, "J", hi, sizeof hi));
}

static const char *origin_text(const mj_line *line, mj_citations *list, mj_arena *arena)
{
    int source = mj_cite(list, line->source);
    const char *cls = mj_class_text(line->cls);
    return source ? mj_arena_printf(arena, "%s [%d]", cls, source) : cls;
}

static const char *label_text(const mj_line *line, mj_arena *arena)
{
    char label[2 * NAME];
    return mj_arena_printf(arena, "%s",
                           mj_text_clean(label, sizeof label, line->label ? line->label : ""));
}

enum { BAR, CAUSE, JOULES, INTERVAL, SHARE, CAP, RESTS_ON, WHAT, COLUMNS_N };

static const mj_column cause_columns[COLUMNS_N] = {
    [BAR] = {"", false},   [CAUSE] = {"cause", false},       [JOULES] = {"joules", true},
    [INTERVAL] = {"90 %", true}, [SHARE] = {"share", true},  [CAP] = {"cap", true},
    [RESTS_ON] = {"rests on", false}, [WHAT] = {"what", false},
};

/* largest: joules of a full bar. */
static void fill_cause(const char **cell, const cause *c, const mj_ledger *ledger, double largest,
                       mj_citations *list, mj_arena *arena, const mj_style *style)
{
    char bar[3 * BAR_COLUMNS + 1];
    mj_bar(bar, sizeof bar, largest > 0 ? c->joules / largest : 0, BAR_COLUMNS, style);
    cell[BAR] = mj_arena_text(arena, bar, strlen(bar));
    cell[CAUSE] = mj_component_text(c->component);
    cell[JOULES] = joules_text(c->joules, arena);
    cell[INTERVAL] = interval_text(c->lo_J, c->hi_J, arena);
    cell[SHARE] = share_text(c->share, arena);
    cell[CAP] = cap_text(mj_ledger_cap(ledger, c->component), arena);
    cell[RESTS_ON] = origin_text(c->largest, list, arena);
    cell[WHAT] = c->n > 1 ? mj_arena_printf(arena, "%d lines: %s", c->n,
                                            mj_component_meaning(c->component))
                          : label_text(c->largest, arena);
}

/* Columns that all but the last of the shown ones take, with the gaps. */
static int columns_before_what(const char *const *cell, int n_rows, const bool *shown)
{
    int sum = 2;
    for (int c = 0; c < WHAT; c++) {
        int width = mj_text_width(cause_columns[c].title);
        for (int r = 0; shown[c] && r < n_rows; r++) {
            const char *text = cell[(size_t)r * COLUMNS_N + (size_t)c];
            int w = text ? mj_text_width(text) : 0;
            width = w > width ? w : width;
        }
        sum += shown[c] ? width + 2 : 0;
    }
    return sum;
}

static void choose_columns(bool *shown, const char *const *cell, int n_rows, const mj_style *style)
{
    int width = style->width > 0 ? style->width : DEFAULT_WIDTH;
    static const int to_drop[] = {BAR, RESTS_ON};
    for (int c = 0; c < COLUMNS_N; c++) {
        shown[c] = c != INTERVAL || width >= INTERVAL_FROM;
    }
    for (size_t i = 0; i < sizeof to_drop / sizeof to_drop[0]; i++) {
        if (width - columns_before_what(cell, n_rows, shown) < WHAT_MIN) {
            shown[to_drop[i]] = false;
        }
    }
}

/* Prints the shown columns; the cells are moved together in place. */
static void print_shown(FILE *out, const char **cell, const mj_paint *paint, int n_rows,
                        const mj_style *style)
{
    bool shown[COLUMNS_N];
    mj_column column[COLUMNS_N];
    int n = 0;
    choose_columns(shown, cell, n_rows, style);
    for (int c = 0; c < COLUMNS_N; c++) {
        if (shown[c]) {
            column[n++] = cause_columns[c];
        }
    }
    const char **to = cell;
    for (int i = 0; i < n_rows * COLUMNS_N; i++) {
        if (shown[i % COLUMNS_N]) {
            *to++ = cell[i];
        }
    }
    mj_table table = {column, cell, paint, n, n_rows};
    mj_table_print(out, &table, style);
}

static mj_status print_causes(FILE *out, const mj_bill *bill, const mj_style *style,
                              mj_citations *list, mj_arena *arena, mj_err *err)
{
    cause causes[MJ_COMPONENT_N];
    mj_paint paint[MJ_COMPONENT_N + 1];
    int n = collect_causes(causes, &bill->ledger);
    const char **cell = mj_arena_array(arena, ((size_t)n + 1) * COLUMNS_N, sizeof *cell);
    if (!cell) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    for (int i = 0; i < n; i++) {
        fill_cause(cell + (size_t)i * COLUMNS_N, &causes[i], &bill->ledger, causes[0].joules, list,
                   arena, style);
        paint[i] = causes[i].share < small_share ? MJ_PAINT_DIM
                                                 : component_paint(causes[i].component);
    }
    const char **total = cell + (size_t)n * COLUMNS_N;
    total[CAUSE] = "total";
    total[JOULES] = joules_text(bill->joules, arena);
    total[INTERVAL] = interval_text(bill->lo_J, bill->hi_J, arena);
    total[SHARE] = "100%";
    paint[n] = MJ_PAINT_BOLD;
    print_shown(out, cell, paint, n + 1, style);
    return MJ_OK;
}

enum { LINE_COLUMNS = 8 };

static void fill_line(const char **cell, const mj_line *line, mj_citations *list, mj_arena *arena)
{
    char count[NUMBER], unit[NUMBER];
    cell[0] = mj_component_text(line->component);
    cell[1] = joules_text(line->joules, arena);
    cell[2] = interval_text(line->lo_J, line->hi_J, arena);
    cell[3] = share_text(line->share, arena);
    cell[4] = mj_arena_printf(arena, "%s",
                              mj_count_format(line->count, line->count_unit ? line->count_unit : "1",
                                              count, sizeof count));
    cell[5] = mj_arena_printf(arena, "%s", mj_line_unit_format(line, unit, sizeof unit));
    cell[6] = origin_text(line, list, arena);
    cell[7] = label_text(line, arena);
}

static mj_status print_lines(FILE *out, const mj_bill *bill, const mj_style *style,
                             mj_citations *list, mj_arena *arena, mj_err *err)
{
    static const mj_column column[LINE_COLUMNS] = {
        {"line", false}, {"joules", true}, {"90 %", true}, {"share", true},
        {"count", true}, {"energy of one", true}, {"rests on", false}, {"what", false},
    };
    const mj_ledger *ledger = &bill->ledger;
    mj_paint paint[MJ_LINES_MAX + 1];
    const char **cell = mj_arena_array(arena, ((size_t)ledger->n + 1) * LINE_COLUMNS, sizeof *cell);
    if (!cell) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    for (int i = 0; i < ledger->n; i++) {
        fill_line(cell + (size_t)i * LINE_COLUMNS, &ledger->line[i], list, arena);
        paint[i] = component_paint(ledger->line[i].component);
    }
    const char **total = cell + (size_t)ledger->n * LINE_COLUMNS;
    total[0] = "total";
    total[1] = joules_text(bill->joules, arena);
    total[2] = interval_text(bill->lo_J, bill->hi_J, arena);
    total[3] = "100%";
    paint[ledger->n] = MJ_PAINT_BOLD;
    mj_style wide = *style;
    wide.width = style->width > VERBOSE_MIN ? style->width : VERBOSE_MIN;
    mj_table table = {column, cell, paint, LINE_COLUMNS, ledger->n + 1};
    mj_table_print(out, &table, &wide);
    return MJ_OK;
}

mj_status mj_bill_print_table(FILE *out, const mj_bill *bill, const mj_style *style,
                              mj_citations *list, mj_arena *arena, mj_err *err)
{
    return style->verbose ? print_lines(out, bill, style, list, arena, err)
                          : print_causes(out, bill, style, list, arena, err);
}
