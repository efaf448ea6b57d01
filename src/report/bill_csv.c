/* Bill as CSV: a header and one row a line of the ledger, SI units, RFC 4180 quoting.
 *
 * The total has no row: it is the sum, and a total inside its own column gets summed twice. */
#include "mj/report.h"

#include "mj/text.h"
#include <math.h>
#include <string.h>

enum { CELL_MAX_B = 512 };

/* A text cell, quoted when it has to be, with the separator that follows it. */
static void print_text(FILE *out, const char *text, char separator)
{
    char clean[CELL_MAX_B];
    mj_text_clean(clean, sizeof clean, text ? text : "");
    bool quote = strpbrk(clean, ",\"") != NULL;
    if (quote) {
        fputc('"', out);
    }
    for (const char *c = clean; *c; c++) {
        if (*c == '"') {
            fputc('"', out);
        }
        fputc(*c, out);
    }
    fprintf(out, quote ? "\"%c" : "%c", separator);
}

/* A number with all its digits; empty if it is not finite. */
static void print_number(FILE *out, double number)
{
    if (isfinite(number)) {
        fprintf(out, "%.17g", number);
    }
    fputc(',', out);
}

void mj_bill_print_csv(FILE *out, const mj_bill_view *view)
{
    const mj_ledger *ledger = &view->bill->ledger;
    fputs("component,label,count,count_unit,unit_J,joules,joules_lo,joules_hi,share,cap,source,"
          "class\n", out);
    for (int i = 0; i < ledger->n; i++) {
        const mj_line *line = &ledger->line[i];
        print_text(out, mj_component_text(line->component), ',');
        print_text(out, line->label, ',');
        print_number(out, line->count);
        print_text(out, line->count_unit, ',');
        print_number(out, line->unit_J);
        print_number(out, line->joules);
        print_number(out, line->lo_J);
        print_number(out, line->hi_J);
        print_number(out, line->share);
        print_number(out, line->cap);
        print_text(out, line->source, ',');
        print_text(out, mj_class_text(line->cls), '\n');
    }
}
