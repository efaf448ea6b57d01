/* Contexts of a look-up memory: which row of which table a place in a text has.
 *
 * A list of words says them, each for one table:
 *   0 .. 8    the last N symbols (0: always the same row; 1: a row a symbol)
 *   wN        the letters since the last other symbol, and N words before them
 *   vN        the same letters, and of the words before them the N-th alone (a skip context)
 *   cN        the symbol that followed the last time that N symbols were as now, and for how long the
 *             text has been the same: a copy memory (copy_index.h); N from 4 to 32
 * "w0/4" has a quarter of the rows that others have. Hashes: multiply and shift over the symbols, in
 * hardware a network of XORs; collisions are not resolved, training shares the row. */
#ifndef MJ_LOOKUP_CONTEXTS_H
#define MJ_LOOKUP_CONTEXTS_H

#include "mj/copy_index.h"
#include "mj/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MJ_LOOKUP_CONTEXTS_MAX = 16,
    MJ_LOOKUP_ROWS_MIN = 256,
    MJ_LOOKUP_ROWS_MAX = 1 << 22, /* of one table */
    MJ_LOOKUP_MATCHES = 6,        /* classes of how long the first copy has matched */
};

typedef enum {
    MJ_LOOKUP_ORDER,
    MJ_LOOKUP_WORD,
    MJ_LOOKUP_SKIP,
    MJ_LOOKUP_COPY,
} mj_lookup_kind;

typedef struct {
    mj_lookup_kind kind;
    int reach; /* N */
    int copy;  /* of MJ_LOOKUP_COPY: which index */
    uint32_t first_row, n_rows;
} mj_lookup_context;

typedef struct {
    mj_lookup_context context[MJ_LOOKUP_CONTEXTS_MAX];
    int n, n_copies, n_symbols;
    int copy_length[MJ_COPIES_MAX];
    uint32_t n_rows; /* of all tables */
} mj_lookup_contexts;

/* What is read for one symbol. */
typedef struct {
    uint32_t row[MJ_LOOKUP_CONTEXTS_MAX];
    uint8_t match; /* 0: the first copy has none */
} mj_lookup_place;

/* rows: of each hashed table, a power of two. Problems name `path`. */
mj_status mj_lookup_contexts_parse(mj_lookup_contexts *contexts, const char *words, int rows,
                                   int n_symbols, const char *path, mj_err *err);
/* The place before at[0]: at[-MJ_HISTORY] to at[-1] are read. letter: which symbols make words. copy:
 * where each copy index stands, its text with it. */
void mj_lookup_place_find(mj_lookup_place *place, const mj_lookup_contexts *contexts,
                          const uint8_t *at, const bool letter[256], const mj_copy_place *copy);

#endif
