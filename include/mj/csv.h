/* CSV: a table with a header row, read whole (libcsv, RFC 4180 quoting). */
#ifndef MJ_CSV_H
#define MJ_CSV_H

#include "mj/arena.h"
#include "mj/err.h"

/* rows x columns of text; cell(r, c) = cell[r * n_columns + c], never NULL. line[r] is the row's
 * line in the file, for messages. All in the arena. */
typedef struct {
    const char *path;
    int n_columns, n_rows;
    const char **header;
    const char **cell;
    int *line;
} mj_csv;

/* At most 64 MiB, 256 columns, 1e6 rows; a row with another number of cells than the header, an
 * open quote, a duplicate or missing header: an error with its line. */
mj_status mj_csv_load(mj_csv *csv, const char *path, mj_arena *arena, mj_err *err);
mj_status mj_csv_parse(mj_csv *csv, const char *text, size_t length, const char *name,
                       mj_arena *arena, mj_err *err);
/* Index of a column, -1 if there is none. */
int mj_csv_column(const mj_csv *csv, const char *name);
/* Text of a cell; "" where the column is -1. */
const char *mj_csv_text(const mj_csv *csv, int row, int column);
/* A finite number; an empty cell (or column -1) gives `missing`; anything else is MJ_ESYNTAX with
 * the row's line and the column's name. */
mj_status mj_csv_number(double *number, const mj_csv *csv, int row, int column, double missing,
                        mj_err *err);

#endif
