/* Tables and bars: columns aligned by what a terminal shows, not by bytes.
 *
 * A table is printed in two passes over its cells: widths, then rows. Colour never enters a cell,
 * so that widths stay those of the text; it is wrapped around the first cell or the whole row. */
#include "mj/report.h"

#include "mj/text.h"
#include <math.h>
#include <string.h>

enum { DEFAULT_WIDTH = 100, GAP = 2, CELL_MAX_B = 512 };

static const char *const paint_codes[MJ_PAINT_N] = {
    [MJ_PAINT_NONE] = "\033[0m",        [MJ_PAINT_MEMORY] = "\033[34m",
    [MJ_PAINT_ARITHMETIC] = "\033[32m", [MJ_PAINT_MOVEMENT] = "\033[36m",
    [MJ_PAINT_TIME] = "\033[33m",       [MJ_PAINT_UNKNOWN] = "\033[31m",
    [MJ_PAINT_DIM] = "\033[2m",         [MJ_PAINT_BOLD] = "\033[1m",
};

const char *mj_paint_code(mj_paint paint, const mj_style *style)
{
    return style->colour ? paint_codes[paint] : "";
}

/* Bytes of the UTF-8 character at `text`. */
static size_t character_size(const char *text)
{
    size_t n = 1;
    while (((unsigned char)text[n] & 0xc0) == 0x80) {
        n++;
    }
    return n;
}

char *mj_text_cut(char *buf, size_t size, const char *text, int columns, const mj_style *style)
{
    if (mj_text_width(text) <= columns && strlen(text) < size) {
        return strcpy(buf, text);
    }
    const char *mark = style->utf8 ? "\u2026" : "..";
    size_t room = size - 1 - strlen(mark);
    int left = columns - mj_text_width(mark);
    size_t n = 0;
    while (text[n] && left > 0) {
        size_t next = n + character_size(text + n);
        if (next > room) {
            break;
        }
        n = next;
        left--;
    }
    size_t word = n; /* back to the end of a word, unless that leaves less than half */
    while (text[n] != ' ' && word > 0 && text[word] != ' ') {
        word--;
    }
    n = word > n / 2 ? word : n;
    while (n > 0 && text[n - 1] == ' ') {
        n--;
    }
    memcpy(buf, text, n);
    strcpy(buf + n, columns < mj_text_width(mark) ? "" : mark);
    return buf;
}

int mj_wrap_print(FILE *out, const char *text, int column, int indent, const mj_style *style)
{
    int width = style->width > 0 ? style->width : DEFAULT_WIDTH;
    for (const char *p = text; *p;) {
        int blanks = (int)strspn(p, " ");
        size_t length = strcspn(p + blanks, " ");
        char word[CELL_MAX_B];
        snprintf(word, sizeof word, "%.*s", (int)length, p + blanks);
        int columns = mj_text_width(word);
        if (column > indent && column + blanks + columns > width) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
            blanks = 0;
        }
        fprintf(out, "%*s%s", blanks, "", word);
        column += blanks + columns;
        p += strspn(p, " ") + length;
    }
    return column;
}

char *mj_bar(char *buf, size_t size, double part, int columns, const mj_style *style)
{
    static const char *const eighths[] = {"", "\u258f", "\u258e", "\u258d", "\u258c",
                                          "\u258b", "\u258a", "\u2589"};
    int per_column = style->utf8 ? 8 : 1;
    double clipped = part > 1 ? 1 : part;
    int n = clipped > 0 ? (int)lround(clipped * columns * per_column) : 0;
    char *end = buf;
    *end = '\0';
    if (clipped > 0 && n == 0) {
        return strcpy(buf, style->utf8 ? eighths[1] : ".");
    }
    const char *full = style->utf8 ? "\u2588" : "#";
    for (int i = 0; i < n / per_column && (size_t)(end - buf) + strlen(full) < size; i++) {
        end = stpcpy(end, full);
    }
    if ((size_t)(end - buf) + strlen(eighths[n % per_column]) < size) {
        strcpy(end, eighths[n % per_column]);
    }
    return buf;
}

char *mj_number_format(double number, char *buf, size_t size)
{
    static const struct {
        double factor;
        const char *prefix;
    } steps[] = {{1e15, " P"}, {1e12, " T"}, {1e9, " G"}, {1e6, " M"}};
    double magnitude = fabs(number);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (magnitude >= 0.9995 * steps[i].factor && magnitude < 1e18) {
            snprintf(buf, size, "%.3g%s", number / steps[i].factor, steps[i].prefix);
            return buf;
        }
    }
    snprintf(buf, size, magnitude >= 99.95 && magnitude < 1e6 ? "%.0f" : "%.3g", number);
    return buf;
}

static const char *cell_at(const mj_table *table, int row, int column)
{
    const char *cell = table->cell[(size_t)row * (size_t)table->n_columns + (size_t)column];
    return cell ? cell : "";
}

/* Width of every column; the last one gets what the style leaves. True if there is a title. */
static bool measure(int *width, const mj_table *table, const mj_style *style)
{
    bool titled = false;
    int left = (style->width > 0 ? style->width : DEFAULT_WIDTH) - GAP;
    for (int c = 0; c < table->n_columns; c++) {
        const char *title = table->column[c].title;
        titled = titled || title;
        width[c] = title ? mj_text_width(title) : 0;
        for (int r = 0; r < table->n_rows; r++) {
            int w = mj_text_width(cell_at(table, r, c));
            width[c] = w > width[c] ? w : width[c];
        }
        if (c == table->n_columns - 1) {
            width[c] = width[c] > left ? (left > 8 ? left : 8) : width[c];
        }
        left -= width[c] + GAP;
    }
    return titled;
}

static void print_cell(FILE *out, const char *text, const mj_column *column, int width, bool last,
                       const mj_style *style)
{
    char cut[CELL_MAX_B];
    mj_text_cut(cut, sizeof cut, text, width, style);
    int pad = width - mj_text_width(cut);
    fprintf(out, "%*s%s", column->right && pad > 0 ? pad : 0, "", cut);
    if (!last) {
        fprintf(out, "%*s", column->right ? GAP : GAP + (pad > 0 ? pad : 0), "");
    }
}

static void print_row(FILE *out, const mj_table *table, int row, const int *width,
                      const mj_style *style)
{
    mj_paint paint = table->paint ? table->paint[row] : MJ_PAINT_NONE;
    bool whole = paint == MJ_PAINT_DIM || paint == MJ_PAINT_BOLD;
    const char *end = paint == MJ_PAINT_NONE ? "" : mj_paint_code(MJ_PAINT_NONE, style);
    fprintf(out, "%*s%s", GAP, "", paint == MJ_PAINT_NONE ? "" : mj_paint_code(paint, style));
    int last = table->n_columns - 1;
    while (last > 0 && *cell_at(table, row, last) == '\0') {
        last--; /* no blanks at the end of a row */
    }
    for (int c = 0; c <= last; c++) {
        print_cell(out, cell_at(table, row, c), &table->column[c], width[c], c == last, style);
        if (c == 0 && !whole) {
            fputs(end, out);
        }
    }
    fprintf(out, "%s\n", whole ? end : "");
}

void mj_table_print(FILE *out, const mj_table *table, const mj_style *style)
{
    int width[MJ_TABLE_COLUMNS_MAX];
    if (measure(width, table, style)) {
        const char *title[MJ_TABLE_COLUMNS_MAX];
        for (int c = 0; c < table->n_columns; c++) {
            title[c] = table->column[c].title;
        }
        const mj_paint dim = MJ_PAINT_DIM;
        mj_table head = {table->column, title, &dim, table->n_columns, 1};
        print_row(out, &head, 0, width, style);
    }
    for (int r = 0; r < table->n_rows; r++) {
        print_row(out, table, r, width, style);
    }
}
