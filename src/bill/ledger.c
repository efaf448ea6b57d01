/* Ledger arithmetic: totals, Amdahl caps, overheads that follow what they carry.
 *
 * Lines stand in the order in which joules flow outwards: arithmetic and memories on the die, then
 * board, host, supplies, cooling. An overhead line (`scales` > 0) is that share of the sum of all
 * lines above it: 10 % lost in a regulator are 10 % of whatever remains to be regulated. So a total
 * with some lines removed is one pass down the ledger, and the cap of a line includes the
 * conversion and cooling that go away with it. */
#include "ledger.h"

#include <assert.h>
#include <math.h>

#define COMPONENT_TEXT(name, text, boundary, meaning) text,
static const char *const component_texts[] = {MJ_COMPONENT_LIST(COMPONENT_TEXT)};
#undef COMPONENT_TEXT
#define COMPONENT_MEANING(name, text, boundary, meaning) meaning,
static const char *const component_meanings[] = {MJ_COMPONENT_LIST(COMPONENT_MEANING)};
#undef COMPONENT_MEANING

const char *mj_component_text(mj_component component)
{
    return component_texts[component];
}

const char *mj_component_meaning(mj_component component)
{
    return component_meanings[component];
}

static void append(mj_ledger *ledger, mj_line line)
{
    assert(ledger->n < MJ_LINES_MAX);
    ledger->line[ledger->n++] = line;
}

void mj_ledger_events(mj_ledger *ledger, mj_component component, const char *label,
                      const char *formula, double count, const char *count_unit,
                      const mj_quantity *unit)
{
    if (!mj_quantity_given(unit) || !(count > 0)) {
        return;
    }
    append(ledger, (mj_line){.component = component,
                             .label = label,
                             .formula = formula,
                             .count = count,
                             .count_unit = count_unit,
                             .unit_J = unit->typ,
                             .joules = count * unit->typ,
                             .lo_J = count * unit->lo,
                             .hi_J = count * unit->hi,
                             .fact = unit,
                             .source = unit->source,
                             .cls = unit->cls});
}

void mj_ledger_overhead(mj_ledger *ledger, mj_component component, const char *label,
                        const char *formula, double lo, double typ, double hi,
                        const mj_quantity *why)
{
    double above = mj_ledger_total_J(ledger);
    if (!(typ > 0) || !(above > 0)) {
        return;
    }
    append(ledger, (mj_line){.component = component,
                             .label = label,
                             .formula = formula,
                             .count = above,
                             .count_unit = "J",
                             .unit_J = typ,
                             .joules = typ * above,
                             .lo_J = lo * above,
                             .hi_J = hi * above,
                             .scales = typ,
                             .fact = why,
                             .source = why->source,
                             .cls = why->cls});
}

/* Total with every line and every overhead at its low end: no interval reaches below it. */
static double lowest(const mj_ledger *ledger)
{
    double total = 0;
    for (int i = 0; i < ledger->n; i++) {
        const mj_line *line = &ledger->line[i];
        bool own = !(line->scales > 0);
        total += own ? line->lo_J : line->scales * line->lo_J / line->joules * total;
    }
    return total;
}

void mj_ledger_interval(double *lo_J, double *hi_J, const mj_ledger *ledger)
{
    double below = 0, above = 0, charged = 1;
    for (int i = ledger->n - 1; i >= 0; i--) {
        const mj_line *line = &ledger->line[i];
        double down = (line->joules - line->lo_J) * charged;
        double up = (line->hi_J - line->joules) * charged;
        below += down * down;
        above += up * up;
        charged *= 1 + line->scales;
    }
    double total = mj_ledger_total_J(ledger);
    *lo_J = fmax(lowest(ledger), total - sqrt(below));
    *hi_J = total + sqrt(above);
}

double mj_ledger_total_J(const mj_ledger *ledger)
{
    double total = 0;
    for (int i = 0; i < ledger->n; i++) {
        total += ledger->line[i].joules;
    }
    return total;
}

/* Total if the lines of `component` (or only line `index`, when it is not negative) cost nothing. */
static double total_without(const mj_ledger *ledger, mj_component component, int index)
{
    double total = 0;
    for (int i = 0; i < ledger->n; i++) {
        const mj_line *line = &ledger->line[i];
        if (index < 0 ? line->component == component : i == index) {
            continue;
        }
        total += line->scales > 0 ? line->scales * total : line->joules;
    }
    return total;
}

static double gain(double before, double after)
{
    return after > 0 ? before / after : HUGE_VAL;
}

double mj_ledger_cap(const mj_ledger *ledger, mj_component component)
{
    return gain(mj_ledger_total_J(ledger), total_without(ledger, component, -1));
}

void mj_ledger_close(mj_ledger *ledger)
{
    double total = mj_ledger_total_J(ledger);
    for (int i = 0; i < ledger->n; i++) {
        mj_line *line = &ledger->line[i];
        line->share = total > 0 ? line->joules / total : 0;
        line->cap = gain(total, total_without(ledger, line->component, i));
    }
}
