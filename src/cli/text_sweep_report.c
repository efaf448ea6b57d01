/* What a sweep over a language model prints: a table with its optimum and the bill of that row, JSON, or
 * CSV. */
#include "text_sweep.h"

#include "mj/json.h"
#include "style.h"

#include <math.h>
#include <string.h>

enum { FIGURES_N = 7 };
static const char *const figure_titles[FIGURES_N] = {
    "SNR dB", "bits/byte", "spread", "products", "J/token", "from..to", "J x bits"};

static double decibels(const mj_text_row *row)
{
    return 10 * log10(row->bill.ratio);
}

static void format_joules(char *cell, double joules)
{
    if (isfinite(joules)) {
        mj_units_format(joules, "J", cell, CELL_TEXT);
    } else {
        snprintf(cell, CELL_TEXT, "-");
    }
}

static void format_figure(char *cell, const mj_text_row *row, int f)
{
    const mj_snr_bill *b = &row->bill;
    const double figure[FIGURES_N] = {decibels(row), row->mean, row->spread, b->products_J,
                                      b->joules,     b->lo_J,   b->joules * row->mean};
    if (f == 0 && isinf(figure[f])) {
        snprintf(cell, CELL_TEXT, row->value[MJ_TEXT_MISMATCH] > 0 ? "-" : "digital");
    } else if (f == 5 && isfinite(b->lo_J)) {
        char lo[CELL_TEXT / 2], hi[CELL_TEXT / 2];
        snprintf(cell, CELL_TEXT, "%s..%s", mj_units_format(b->lo_J, "J", lo, sizeof lo),
                 mj_units_format(b->hi_J, "J", hi, sizeof hi));
    } else if (f < 3) {
        snprintf(cell, CELL_TEXT, f == 0 ? "%.1f" : "%.4f", figure[f]);
    } else {
        format_joules(cell, figure[f]);
    }
}

/* One column a swept axis, noise always, then the figures and the marks. */
static void print_table(const mj_text_sweep *s)
{
    enum { COLUMNS_MAX = MJ_TEXT_AXES_N + FIGURES_N + 1 };
    static char text[ROWS_MAX][COLUMNS_MAX][CELL_TEXT];
    static const char *cell[ROWS_MAX * COLUMNS_MAX];
    mj_column column[COLUMNS_MAX];
    int n = 0, axis[COLUMNS_MAX], n_axes;
    for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
        bool differs = s->value[a][0] > 0 && (s->request->substrate || a == MJ_TEXT_MISMATCH);
        if (s->request->list[a] || a == MJ_TEXT_NOISE || differs) {
            axis[n] = a;
            column[n++] = (mj_column){mj_text_axes[a].title, true};
        }
    }
    n_axes = n;
    for (int f = 0; f < FIGURES_N; f++) {
        column[n++] = (mj_column){figure_titles[f], true};
    }
    column[n++] = (mj_column){"", false};
    for (int r = 0; r < s->n_rows; r++) {
        for (int c = 0; c < n; c++) {
            if (c < n_axes) {
                snprintf(text[r][c], CELL_TEXT, "%g", s->row[r].value[axis[c]]);
            } else if (c < n - 1) {
                format_figure(text[r][c], &s->row[r], c - n_axes);
            } else {
                snprintf(text[r][c], CELL_TEXT, "%s%s", r == s->optimum ? "*" : "",
                         r == s->least ? "+" : "");
            }
            cell[r * n + c] = text[r][c];
        }
    }
    const mj_table table = {.column = column, .cell = cell, .n_columns = n, .n_rows = s->n_rows};
    mj_style style = mj_style_of(s->context);
    mj_table_print(stdout, &table, &style);
}

/* The lines of a row, each with the fact behind it. */
static void print_bill(const mj_text_row *row)
{
    const mj_ledger *ledger = &row->bill.ledger;
    for (int i = 0; i < ledger->n; i++) {
        const mj_line *line = &ledger->line[i];
        char joules[CELL_TEXT], unit[CELL_TEXT];
        format_joules(joules, line->joules);
        format_joules(unit, line->unit_J);
        printf("    %-28s %12s  = %.6g %s x %s (%s)\n", line->label, joules, line->count,
               line->count_unit, unit, line->fact->fact ? line->fact->fact : line->source);
    }
}

/* Where the numbers that no list gave are from. */
static void print_crossbar(const mj_text_sweep *s)
{
    const mj_crossbar_substrate *c = &s->crossbar;
    double mac = s->model.work.mac;
    char array[CELL_TEXT], product[CELL_TEXT];
    printf("  a measured crossbar of %d x %d, commit %s: wires %.3g %%, thermal noise %.3g %%, programming "
           "%.3g %% of a sum\n  its own products: %s a token, %s with converters and amplifiers\n",
           c->n_rows, c->n_columns, c->commit, 100 * c->wires, 100 * c->noise, 100 * c->programming,
           mj_units_format(mac * c->array_JpMAC, "J", array, sizeof array),
           mj_units_format(mac * c->product_JpMAC, "J", product, sizeof product));
}

static void print_text(const mj_text_sweep *s)
{
    const mj_text_request *request = s->request;
    printf("%s: bits per byte on the first %zu bytes of the %s text of %s, %.0f s; clean %.4f\n\n",
           s->model.recipe->name, s->text.n, s->part, s->source, s->seconds, s->clean);
    print_table(s);
    printf("\n  noise: of %s, over its rms; 0 is a digital machine. Spread: over %d chip%s where they "
           "differ\n",
           s->model.work.rows ? "a sum of rows" : "a product's sum", request->chips,
           request->chips > 1 ? "s" : "");
    if (request->substrate) {
        print_crossbar(s);
    }
    if (s->optimum >= 0) {
        const mj_text_row *row = &s->row[s->optimum];
        printf("  * least joules within %g bits of the clean model: noise %g, %.4f bits per byte\n",
               request->within, row->value[MJ_TEXT_NOISE], row->mean);
        print_bill(row);
    } else {
        printf("  * no row is within %g bits of the clean model\n", request->within);
    }
    if (s->least >= 0) {
        printf("  + least joules x bits per byte\n");
    }
    printf("  events of products, conversions and reads alone; mj list facts NAME says where each number "
           "is from\n");
    const char *const plots[] = {request->plot, request->plot_joules};
    for (int i = 0; i < 2; i++) {
        if (plots[i]) {
            printf("  %s\n", plots[i]);
        }
    }
}

static mj_json *line_json(const mj_line *line)
{
    mj_json *object = mj_json_object();
    mj_json_set_text(object, "component", mj_component_text(line->component));
    mj_json_set_text(object, "label", line->label);
    mj_json_set_text(object, "formula", line->formula);
    mj_json_set_number(object, "count", line->count);
    mj_json_set_text(object, "count_unit", line->count_unit);
    mj_json_set_number(object, "unit_J", line->unit_J);
    mj_json_set_number(object, "joules", line->joules);
    mj_json_set_number(object, "joules_lo", line->lo_J);
    mj_json_set_number(object, "joules_hi", line->hi_J);
    mj_json_set_text(object, "fact", line->fact->fact);
    mj_json_set_text(object, "source", line->source);
    return object;
}

static mj_json *row_json(const mj_text_sweep *s, int r)
{
    const mj_text_row *row = &s->row[r];
    mj_json *object = mj_json_object(), *lines = mj_json_array();
    for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
        mj_json_set_number(object, mj_text_axes[a].key, row->value[a]);
    }
    mj_json_set_number(object, "value", row->mean);
    mj_json_set_number(object, "spread", row->spread);
    mj_json_set_number(object, "worst", row->worst);
    mj_json_set_integer(object, "chips", row->chips);
    mj_json_set_number(object, "snr_dB", decibels(row));
    mj_json_set_number(object, "products_J", row->bill.products_J);
    mj_json_set_number(object, "joules", row->bill.joules);
    mj_json_set_number(object, "joules_lo", row->bill.lo_J);
    mj_json_set_number(object, "joules_hi", row->bill.hi_J);
    mj_json_set_bool(object, "optimum", r == s->optimum);
    mj_json_set_bool(object, "least_joules_x_bits", r == s->least);
    for (int i = 0; i < row->bill.ledger.n; i++) {
        mj_json_append(lines, line_json(&row->bill.ledger.line[i]));
    }
    mj_json_set(object, "lines", lines);
    return object;
}

static mj_status print_json(const mj_text_sweep *s)
{
    mj_json *root = mj_json_object(), *sweep = mj_json_array();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "model", s->model.recipe->name);
    mj_json_set_text(root, "metric", "bits-per-byte");
    mj_json_set_number(root, "value", s->clean);
    mj_json_set_number(root, "within", s->request->within);
    mj_json_set_text(root, "data", s->source);
    mj_json_set_text(root, "part", s->part);
    mj_json_set_integer(root, "n", (long long)s->text.n);
    mj_json_set_number(root, "seconds", s->seconds);
    if (s->request->substrate) {
        mj_json_set_number(root, "crossbar_products_J", s->model.work.mac * s->crossbar.product_JpMAC);
    }
    for (int r = 0; r < s->n_rows; r++) {
        mj_json_append(sweep, row_json(s, r));
    }
    mj_json_set(root, "sweep", sweep);
    mj_status status = mj_json_print(root, stdout, &s->context->err);
    mj_json_free(root);
    return status;
}

static void print_number(double number)
{
    if (isfinite(number)) {
        printf(",%.17g", number);
    } else {
        putchar(',');
    }
}

static void print_csv(const mj_text_sweep *s)
{
    for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
        printf("%s,", mj_text_axes[a].key);
    }
    puts("chips,bits_per_byte,spread,worst,snr_dB,products_J,joules,joules_lo,joules_hi,optimum");
    for (int r = 0; r < s->n_rows; r++) {
        const mj_text_row *row = &s->row[r];
        const mj_snr_bill *b = &row->bill;
        const double numbers[] = {row->mean,     row->spread, row->worst, decibels(row),
                                  b->products_J, b->joules,   b->lo_J,    b->hi_J};
        for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
            printf("%.17g,", row->value[a]);
        }
        printf("%d", row->chips);
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            print_number(numbers[i]);
        }
        printf(",%d\n", r == s->optimum);
    }
}

mj_status mj_text_sweep_print(const mj_text_sweep *s)
{
    if (s->context->globals.json) {
        return print_json(s);
    }
    if (s->context->globals.csv) {
        print_csv(s);
    } else {
        print_text(s);
    }
    return MJ_OK;
}
