/* What a sweep over a language model prints: a table with its optimum and the bill of that row, JSON, or
 * CSV. */
#include "text_sweep.h"

#include "mj/json.h"
#include "style.h"

#include <math.h>
#include <string.h>

/* Columns: some of the axes, these figures, the marks. */
typedef enum { RATIO, BITS_PER_BYTE, SPREAD, PRODUCTS, JOULES, FROM_TO, TIMES_BITS, FIGURES_N } figure;
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

/* for_data: one word. Rows of tables are read by each stream; what differs is from where. */
static const char *format_machine(char *cell, const mj_text_sweep *s, const mj_text_row *row, bool for_data)
{
    typedef struct {
        const char *text, *word;
    } name;
    static const name of_net[] = {[MJ_SNR_SHARED] = {"digital, batch ", "digital-batch-"},
                                  [MJ_SNR_IN_PLACE] = {"digital in place", "digital-in-place"},
                                  [MJ_SNR_ANALOG] = {"analog", "analog"},
                                  [MJ_SNR_CROSSBAR] = {"crossbar", "crossbar"}};
    static const name of_rows[] = {[MJ_SNR_SHARED] = {"digital, SRAM", "digital-sram"},
                                   [MJ_SNR_IN_PLACE] = {"digital, ROM", "digital-rom"},
                                   [MJ_SNR_ANALOG] = {"analog", "analog"},
                                   [MJ_SNR_CROSSBAR] = {"crossbar", "crossbar"}};
    const name *own = &(s->model.work.rows ? of_rows : of_net)[row->machine];
    char batch[CELL_TEXT / 2] = "";
    if (row->machine == MJ_SNR_SHARED && !s->model.work.rows) {
        snprintf(batch, sizeof batch, "%g", s->batch);
    }
    snprintf(cell, CELL_TEXT, "%.16s%s", for_data ? own->word : own->text, batch);
    return cell;
}

/* A precision of 0 is what is there: stored bits, floating inputs, or those that a converter needs. */
static void format_value(char *cell, const mj_text_sweep *s, const mj_text_row *row, int axis)
{
    double value = row->value[axis], inputs = row->bill.input_bits;
    if (axis == MJ_TEXT_BITS && value == 0) {
        value = s->model.work.weight_bits;
    }
    if (axis != MJ_TEXT_INPUT_BITS || value > 0) {
        snprintf(cell, CELL_TEXT, "%g", value);
    } else if (inputs > 0) {
        snprintf(cell, CELL_TEXT, "%.1f", inputs);
    } else {
        snprintf(cell, CELL_TEXT, "%s", mj_text_row_is_digital(row) ? "fp16" : "-");
    }
}

static void format_figure(char *cell, const mj_text_row *row, figure f)
{
    const mj_snr_bill *b = &row->bill;
    const double number[FIGURES_N] = {decibels(row), row->mean, row->spread, b->products_J,
                                      b->joules,     b->lo_J,   b->joules * row->mean};
    if ((f == RATIO && isinf(number[f])) || (f == SPREAD && row->chips == 1)) {
        snprintf(cell, CELL_TEXT, "-");
    } else if (f == FROM_TO && isfinite(b->lo_J)) {
        char lo[CELL_TEXT / 2], hi[CELL_TEXT / 2];
        snprintf(cell, CELL_TEXT, "%s..%s", mj_units_format(b->lo_J, "J", lo, sizeof lo),
                 mj_units_format(b->hi_J, "J", hi, sizeof hi));
    } else if (f <= SPREAD) {
        snprintf(cell, CELL_TEXT, f == RATIO ? "%.1f" : "%.4f", number[f]);
    } else {
        format_joules(cell, number[f]);
    }
}

static bool chips_differ(const mj_text_sweep *s)
{
    bool differ = false;
    for (int r = 0; r < s->n_rows; r++) {
        differ = differ || s->row[r].chips > 1;
    }
    return differ;
}

/* Mismatch where there is any, inputs where there are any. */
static bool has_column(const mj_text_sweep *s, int axis)
{
    bool given = s->request->list[axis] || s->value[axis][0] > 0;
    return axis == MJ_TEXT_MISMATCH ? given : axis == MJ_TEXT_INPUT_BITS ? !s->model.work.rows : true;
}

static void print_table(const mj_text_sweep *s)
{
    enum { COLUMNS_MAX = 1 + MJ_TEXT_AXES_N + FIGURES_N + 1 };
    static char text[ROWS_MAX][COLUMNS_MAX][CELL_TEXT];
    static const char *cell[ROWS_MAX * COLUMNS_MAX];
    mj_column column[COLUMNS_MAX] = {{"machine", false}};
    int n = 1, of[COLUMNS_MAX], n_axes;
    for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
        if (has_column(s, a)) {
            of[n] = a;
            column[n++] = (mj_column){mj_text_axes[a].title, true};
        }
    }
    n_axes = n;
    for (int f = 0; f < FIGURES_N; f++) {
        if (f != SPREAD || chips_differ(s)) {
            of[n] = f;
            column[n++] = (mj_column){figure_titles[f], true};
        }
    }
    column[n++] = (mj_column){"", false};
    for (int r = 0; r < s->n_rows; r++) {
        const mj_text_row *row = &s->row[r];
        format_machine(text[r][0], s, row, false);
        for (int c = 1; c < n_axes; c++) {
            format_value(text[r][c], s, row, of[c]);
        }
        for (int c = n_axes; c < n - 1; c++) {
            format_figure(text[r][c], row, (figure)of[c]);
        }
        snprintf(text[r][n - 1], CELL_TEXT, "%s%s", r == s->optimum ? "*" : "", r == s->least ? "+" : "");
        for (int c = 0; c < n; c++) {
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

/* Where the numbers that no list gave are from, and which joules count. */
static void print_crossbar(const mj_text_sweep *s)
{
    const mj_crossbar_substrate *c = &s->crossbar;
    double mac = s->model.work.mac;
    char array[CELL_TEXT], product[CELL_TEXT], formula[CELL_TEXT];
    printf("  a measured crossbar of %d x %d, commit %s: wires %.3g %%, thermal noise %.3g %%, programming "
           "%.3g %% of a sum\n",
           c->n_rows, c->n_columns, c->commit, 100 * c->wires, 100 * c->noise, 100 * c->programming);
    format_joules(product, mac * c->product_JpMAC);
    format_joules(array, mac * c->array_JpMAC);
    format_joules(formula, s->formula_J);
    if (s->measured) {
        printf("  its row counts what was measured: %s of products, converters and amplifiers, of which the "
               "array %s;\n  capacitors of this noise without amplifiers would take %s by formula\n",
               product, array, formula);
    } else {
        printf("  a list says another noise, bits or mismatch: joules are of capacitors by formula; its own "
               "products take %s\n",
               product);
    }
}

/* What the words of the table mean. */
static void print_machines(const mj_text_sweep *s)
{
    bool rows = s->model.work.rows;
    printf("\n  noise: of %s, over its rms", rows ? "a sum of rows" : "a product's sum");
    if (chips_differ(s)) {
        printf("; spread: over %d chips where they differ", s->request->chips);
    }
    if (rows) {
        printf("\n  digital: each stream reads its rows from SRAM, or from a ROM beside the adders\n");
    } else {
        printf("\n  digital: weights read from SRAM once for %g streams, or in place beside the multipliers, "
               "nothing read\n",
               s->batch);
    }
    printf("  the rest is digital with 8 bits on every machine, its weights read once for %g streams\n",
           s->batch);
}

/* The best analog row over the best digital one. */
static void print_comparison(const mj_text_sweep *s)
{
    if (s->digital < 0 || s->analog < 0) {
        printf("  no %s row is within %g bits of the model as trained: nothing to compare\n",
               s->analog < 0 ? "analog" : "digital", s->request->within);
        return;
    }
    const mj_snr_bill *a = &s->row[s->analog].bill, *d = &s->row[s->digital].bill;
    char analog[CELL_TEXT], digital[CELL_TEXT], machine[CELL_TEXT];
    format_joules(analog, a->products_J);
    format_joules(digital, d->products_J);
    printf("  best analog over best digital (%s) within %g bits: products %s over %s = %.3g, a token %.3g\n",
           format_machine(machine, s, &s->row[s->digital], false), s->request->within, analog, digital,
           a->products_J / d->products_J, a->joules / d->joules);
}

static void print_optimum(const mj_text_sweep *s)
{
    char machine[CELL_TEXT];
    if (s->optimum < 0) {
        printf("  * no row is within %g bits of the model as trained\n", s->request->within);
        return;
    }
    const mj_text_row *row = &s->row[s->optimum];
    printf("  * least joules within %g bits of the model as trained: %s, noise %g, %.4f bits per byte\n",
           s->request->within, format_machine(machine, s, row, false), row->value[MJ_TEXT_NOISE],
           row->mean);
    print_bill(row);
}

static void print_text(const mj_text_sweep *s)
{
    const mj_text_request *request = s->request;
    printf("%s: bits per byte on the first %zu bytes of the %s text of %s, %.0f s; as trained %.4f\n\n",
           s->model.recipe->name, s->text.n, s->part, s->source, s->seconds, s->trained);
    print_table(s);
    print_machines(s);
    if (request->substrate) {
        print_crossbar(s);
    }
    print_optimum(s);
    if (s->least >= 0) {
        printf("  + least joules x bits per byte\n");
    }
    print_comparison(s);
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
    char machine[CELL_TEXT];
    mj_json_set_text(object, "machine", format_machine(machine, s, row, true));
    for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
        mj_json_set_number(object, mj_text_axes[a].key, row->value[a]);
    }
    mj_json_set_number(object, "value", row->mean);
    mj_json_set_number(object, "spread", row->spread);
    mj_json_set_number(object, "worst", row->worst);
    mj_json_set_integer(object, "chips", row->chips);
    mj_json_set_number(object, "snr_dB", decibels(row));
    mj_json_set_number(object, "input_bits", row->bill.input_bits);
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
    mj_json_set_number(root, "value", s->trained);
    mj_json_set_number(root, "within", s->request->within);
    mj_json_set_text(root, "data", s->source);
    mj_json_set_text(root, "part", s->part);
    mj_json_set_integer(root, "n", (long long)s->text.n);
    mj_json_set_number(root, "seconds", s->seconds);
    mj_json_set_number(root, "batch", s->batch);
    mj_json_set_integer(root, "weight_bits", s->model.work.weight_bits);
    if (s->digital >= 0 && s->analog >= 0) {
        const mj_snr_bill *a = &s->row[s->analog].bill, *d = &s->row[s->digital].bill;
        mj_json_set_number(root, "analog_over_digital_products", a->products_J / d->products_J);
        mj_json_set_number(root, "analog_over_digital", a->joules / d->joules);
    }
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
    printf("machine,");
    for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
        printf("%s,", mj_text_axes[a].key);
    }
    puts("chips,bits_per_byte,spread,worst,snr_dB,products_J,joules,joules_lo,joules_hi,optimum,"
         "least_joules_x_bits");
    for (int r = 0; r < s->n_rows; r++) {
        const mj_text_row *row = &s->row[r];
        const mj_snr_bill *b = &row->bill;
        const double numbers[] = {row->mean,     row->spread, row->worst, decibels(row),
                                  b->products_J, b->joules,   b->lo_J,    b->hi_J};
        char machine[CELL_TEXT];
        printf("%s,", format_machine(machine, s, row, true));
        for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
            printf("%.17g,", row->value[a]);
        }
        printf("%d", row->chips);
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            print_number(numbers[i]);
        }
        printf(",%d,%d\n", r == s->optimum, r == s->least);
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
