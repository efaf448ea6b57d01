/* Listing: a table of a catalogue, printed for people, as CSV or as JSON.
 *
 * People get engineering text ("80 GB"), programs the number in SI. */
#ifndef MJ_CLI_LISTING_H
#define MJ_CLI_LISTING_H

#include "context.h"

enum { MJ_LISTING_COLUMNS_MAX = 10 };

typedef struct {
    const char *name; /* key in JSON and CSV: unit last, "tdp_W" */
    const char *head; /* above the column on a terminal */
    const char *unit; /* NULL: text; "": a count; else the SI unit of the number */
} mj_listing_column;

typedef struct {
    const char *text; /* text columns; NULL: absent */
    double number;    /* number columns; NaN: absent */
} mj_listing_cell;

typedef struct {
    const char *kind; /* "chips": member of the JSON object */
    const mj_listing_column *column;
    int n_columns;
    const mj_listing_cell *cell; /* [n_rows, n_columns] */
    int n_rows;
} mj_listing;

/* Prints in the format of the global options. */
mj_status mj_listing_print(const mj_listing *listing, mj_context *context);

#endif
