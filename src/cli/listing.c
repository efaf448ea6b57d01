/* Listing: one table, three formats.
 *
 * Terminal columns are as wide as their widest cell; the last column is never padded and is cut at
 * nothing: a long title wraps in the terminal rather than losing its end. */
#include "listing.h"
#include "mj/json.h"
#include "mj/text.h"
#include <math.h>
#include <string.h>

enum { CELL_MAX_B = 512 };

static bool is_absent(const mj_listing_column *column, const mj_listing_cell *cell)
{
    return column->unit == NULL ? cell->text == NULL : isnan(cell->number);
}

/* "70.6 G" for 70.6e9: counts are shortened like quantities, but carry no unit. */
static const char *format_count(char *buf, size_t size, double number)
{
    static const struct {
        double scale;
        const char *suffix;
    } step[] = {{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e4, NULL}};
    for (size_t i = 0; step[i].suffix != NULL; i++) {
        if (fabs(number) >= step[i].scale) {
            snprintf(buf, size, "%.3g%s", number / step[i].scale, step[i].suffix);
            return buf;
        }
    }
    snprintf(buf, size, "%.6g", number);
    return buf;
}

static const char *cell_for_people(char *buf, size_t size, const mj_listing_column *column,
                                   const mj_listing_cell *cell)
{
    if (is_absent(column, cell)) {
        return "-";
    }
    if (column->unit == NULL) {
        return mj_text_clean(buf, size, cell->text);
    }
    if (column->unit[0] == '\0') {
        return format_count(buf, size, cell->number);
    }
    return mj_units_format(cell->number, column->unit, buf, size);
}

static const mj_listing_cell *cell_at(const mj_listing *listing, int row, int column)
{
    return &listing->cell[(size_t)row * (size_t)listing->n_columns + (size_t)column];
}

static int column_width(const mj_listing *listing, int c)
{
    const mj_listing_column *column = &listing->column[c];
    char buf[CELL_MAX_B];
    int width = mj_text_width(column->head);
    for (int r = 0; r < listing->n_rows; r++) {
        int w = mj_text_width(cell_for_people(buf, sizeof buf, column, cell_at(listing, r, c)));
        width = w > width ? w : width;
    }
    return width;
}

/* Numbers stand at the right of their column, text at the left. */
static void print_padded(const char *text, int width, bool right, bool last)
{
    int pad = width - mj_text_width(text);
    printf("%*s%s%*s%s", right ? pad : 0, "", text, right || last ? 0 : pad, "",
           last ? "\n" : "  ");
}

static void print_for_people(const mj_listing *listing, const mj_context *context)
{
    int width[MJ_LISTING_COLUMNS_MAX];
    int n = listing->n_columns;
    for (int c = 0; c < n; c++) {
        width[c] = column_width(listing, c);
    }
    fputs(context->colour ? "\033[1m" : "", stdout);
    for (int c = 0; c < n; c++) {
        print_padded(listing->column[c].head, width[c], listing->column[c].unit != NULL,
                     c == n - 1);
    }
    fputs(context->colour ? "\033[0m" : "", stdout);
    char buf[CELL_MAX_B];
    for (int r = 0; r < listing->n_rows; r++) {
        for (int c = 0; c < n; c++) {
            const mj_listing_cell *cell = cell_at(listing, r, c);
            print_padded(cell_for_people(buf, sizeof buf, &listing->column[c], cell), width[c],
                         listing->column[c].unit != NULL, c == n - 1);
        }
    }
}

static void print_csv_text(const char *text)
{
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"') {
            putchar('"');
        }
        putchar(*p);
    }
    putchar('"');
}

static void print_csv(const mj_listing *listing)
{
    int n = listing->n_columns;
    for (int c = 0; c < n; c++) {
        printf("%s%s", listing->column[c].name, c == n - 1 ? "\n" : ",");
    }
    for (int r = 0; r < listing->n_rows; r++) {
        for (int c = 0; c < n; c++) {
            const mj_listing_cell *cell = cell_at(listing, r, c);
            if (!is_absent(&listing->column[c], cell)) {
                if (listing->column[c].unit == NULL) {
                    print_csv_text(cell->text);
                } else {
                    printf("%.17g", cell->number);
                }
            }
            putchar(c == n - 1 ? '\n' : ',');
        }
    }
}

static mj_status print_json(const mj_listing *listing, mj_err *err)
{
    int n = listing->n_columns;
    mj_json *root = mj_json_object();
    mj_json *rows = mj_json_array();
    mj_json_set_integer(root, "schema", 1);
    for (int r = 0; r < listing->n_rows; r++) {
        mj_json *row = mj_json_object();
        for (int c = 0; c < n; c++) {
            const mj_listing_cell *cell = cell_at(listing, r, c);
            if (listing->column[c].unit == NULL) {
                mj_json_set_text(row, listing->column[c].name, cell->text);
            } else {
                mj_json_set_number(row, listing->column[c].name, cell->number);
            }
        }
        mj_json_append(rows, row);
    }
    mj_json_set(root, listing->kind, rows);
    mj_status status = mj_json_print(root, stdout, err);
    mj_json_free(root);
    return status;
}

mj_status mj_listing_print(const mj_listing *listing, mj_context *context)
{
    if (context->globals.json) {
        return print_json(listing, &context->err);
    }
    if (context->globals.csv) {
        print_csv(listing);
    } else {
        print_for_people(listing, context);
    }
    return MJ_OK;
}
