/* CSV: a table read whole with libcsv.
 *
 * The text is parsed twice: the first pass checks everything and counts, the second fills two slabs
 * of exactly the right size, so that a hostile file costs memory in proportion to its length.
 * libcsv knows no lines, so it is fed one line at a time; a row's line is where it begins, also when
 * a quoted cell runs over several. Spaces around unquoted cells and empty lines are dropped by
 * libcsv; a byte order mark in front is dropped here. */
#include "mj/csv.h"

#include "mj/file.h"
#include "mj/text.h"

#include <csv.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_MAX_B = 64 * 1024 * 1024, COLUMNS_MAX = 256, ROWS_MAX = 1000000 };

/* State of one pass; libcsv calls back with it. */
typedef struct {
    const char *name;
    mj_err *err;
    mj_status status; /* of the first problem; later cells are passed over */
    int line, row_line;
    int n_fields;   /* of the row being read */
    int n_columns;  /* of the header, once it is complete */
    int n_rows;     /* complete rows, the header among them */
    int header_line;
    bool row_ended; /* since the last line was fed */
    size_t text_B;  /* of all cells, with a NUL each */
    size_t n_cells;
    mj_csv *fill; /* NULL in the first pass */
    char *slab;
} pass;

static void field_seen(void *field, size_t length, void *data)
{
    pass *p = data;
    if (p->status != MJ_OK) {
        return;
    }
    if (p->fill) {
        char *cell = p->slab + p->text_B;
        if (length) {
            memcpy(cell, field, length);
        }
        cell[length] = '\0';
        if (p->n_rows == 0) {
            p->fill->header[p->n_fields] = cell;
        } else {
            p->fill->cell[p->n_cells - (size_t)p->n_columns] = cell;
        }
    }
    p->text_B += length + 1;
    p->n_cells++;
    p->n_fields++;
}

static void row_seen(int terminator, void *data)
{
    (void)terminator;
    pass *p = data;
    if (p->status != MJ_OK) {
        return;
    }
    p->row_ended = true;
    if (p->n_rows == 0) {
        p->n_columns = p->n_fields;
        p->header_line = p->row_line;
    } else if (p->fill) {
        p->fill->line[p->n_rows - 1] = p->row_line;
    }
    p->n_rows++;
    int n_fields = p->n_fields;
    p->n_fields = 0;
    if (n_fields > COLUMNS_MAX) {
        p->status = mj_err_add(p->err, MJ_ELIMIT, p->name, p->row_line, 0,
                               "%d columns, at most %d are read", n_fields, COLUMNS_MAX);
    } else if (n_fields != p->n_columns) {
        p->status = mj_err_add(p->err, MJ_ESYNTAX, p->name, p->row_line, 0,
                               "%d cells, but the header has %d", n_fields, p->n_columns);
    } else if (p->n_rows > ROWS_MAX + 1) {
        p->status = mj_err_add(p->err, MJ_ELIMIT, p->name, p->row_line, 0, "more than %d rows",
                               ROWS_MAX);
    }
}

/* Length of the line at text, its end included: \n, \r\n or a lone \r. */
static size_t line_length(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && text[i] != '\n' && text[i] != '\r') {
        i++;
    }
    bool pair = i + 1 < n && text[i] == '\r' && text[i + 1] == '\n';
    return i + (i < n) + pair;
}

static mj_status parser_fail(pass *p, struct csv_parser *parser, bool at_end)
{
    if (csv_error(parser) != CSV_EPARSE) {
        return mj_err_add(p->err, MJ_EMEM, p->name, p->line, 0, "out of memory");
    }
    return mj_err_add(p->err, MJ_ESYNTAX, p->name, at_end ? p->row_line : p->line, 0,
                      at_end ? "a quote is opened and never closed"
                             : "a quote inside a cell must be doubled, and the cell quoted");
}

static mj_status pass_feed(pass *p, struct csv_parser *parser, const char *text, size_t length)
{
    p->line = p->row_line = 1;
    for (size_t at = 0; at < length; p->line++) {
        size_t n = line_length(text + at, length - at);
        size_t cells_before = p->n_cells;
        if (csv_parse(parser, text + at, n, field_seen, row_seen, p) != n) {
            return parser_fail(p, parser, false);
        }
        MJ_TRY(p->status);
        /* A row that ended, or an empty line between rows: the next row begins below. */
        if (p->row_ended || (p->n_cells == cells_before && p->n_fields == 0 && !parser->quoted)) {
            p->row_line = p->line + 1;
        }
        p->row_ended = false;
        at += n;
    }
    if (csv_fini(parser, field_seen, row_seen, p) != 0) {
        return parser_fail(p, parser, true);
    }
    return p->status;
}

static mj_status pass_run(pass *p, const char *text, size_t length)
{
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        return mj_err_add(p->err, MJ_EMEM, p->name, 0, 0, "out of memory");
    }
    csv_set_blk_size(&parser, 4096);
    mj_status status = pass_feed(p, &parser, text, length);
    csv_free(&parser);
    return status;
}

static mj_status header_check(const mj_csv *csv, int line, mj_err *err)
{
    for (int c = 0; c < csv->n_columns; c++) {
        if (!csv->header[c][0]) {
            return mj_err_add(err, MJ_EKEY, csv->path, line, 0, "column %d has no name", c + 1);
        }
        if (mj_csv_column(csv, csv->header[c]) != c) {
            return mj_err_add(err, MJ_EKEY, csv->path, line, 0, "column '%s' appears twice",
                              csv->header[c]);
        }
    }
    return MJ_OK;
}

mj_status mj_csv_parse(mj_csv *csv, const char *text, size_t length, const char *name,
                       mj_arena *arena, mj_err *err)
{
    *csv = (mj_csv){0};
    if (length > SIZE_MAX_B) {
        return mj_err_add(err, MJ_ELIMIT, name, 0, 0, "larger than %d bytes", SIZE_MAX_B);
    }
    if (length && memchr(text, '\0', length)) {
        return mj_err_add(err, MJ_ESYNTAX, name, 0, 0, "a binary file: it holds a NUL byte");
    }
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        length -= 3;
    }
    pass count = {.name = name, .err = err};
    MJ_TRY(pass_run(&count, text, length));
    if (count.n_rows == 0) {
        return mj_err_add(err, MJ_ESYNTAX, name, 0, 0, "empty: a header row is expected");
    }
    csv->n_columns = count.n_columns;
    csv->n_rows = count.n_rows - 1;
    csv->path = mj_arena_text(arena, name, strlen(name));
    csv->header = mj_arena_array(arena, (size_t)csv->n_columns, sizeof *csv->header);
    csv->cell = mj_arena_array(arena, count.n_cells - (size_t)csv->n_columns, sizeof *csv->cell);
    csv->line = mj_arena_array(arena, (size_t)csv->n_rows, sizeof *csv->line);
    char *slab = mj_arena_alloc(arena, count.text_B);
    if (!csv->path || !csv->header || !csv->cell || !csv->line || !slab) {
        return mj_err_add(err, MJ_EMEM, name, 0, 0, "out of memory");
    }
    pass fill = {.name = name, .err = err, .n_columns = csv->n_columns, .fill = csv, .slab = slab};
    MJ_TRY(pass_run(&fill, text, length));
    return header_check(csv, count.header_line, err);
}

mj_status mj_csv_load(mj_csv *csv, const char *path, mj_arena *arena, mj_err *err)
{
    *csv = (mj_csv){0};
    char *text;
    size_t length;
    MJ_TRY(mj_file_read(&text, &length, path, SIZE_MAX_B, err));
    mj_status status = mj_csv_parse(csv, text, length, path, arena, err);
    free(text);
    return status;
}

int mj_csv_column(const mj_csv *csv, const char *name)
{
    for (int c = 0; c < csv->n_columns; c++) {
        if (strcmp(csv->header[c], name) == 0) {
            return c;
        }
    }
    return -1;
}

const char *mj_csv_text(const mj_csv *csv, int row, int column)
{
    return column < 0 ? "" : csv->cell[(size_t)row * (size_t)csv->n_columns + (size_t)column];
}

mj_status mj_csv_number(double *number, const mj_csv *csv, int row, int column, double missing,
                        mj_err *err)
{
    const char *text = mj_csv_text(csv, row, column);
    if (!text[0]) {
        *number = missing;
        return MJ_OK;
    }
    double value = NAN;
    size_t length = mj_text_number(text, &value);
    if (length == 0 || text[length] || !isfinite(value)) {
        return mj_err_add(err, MJ_ESYNTAX, csv->path, csv->line[row], 0,
                          "column '%s': '%.80s' is not a number", csv->header[column], text);
    }
    *number = value;
    return MJ_OK;
}
