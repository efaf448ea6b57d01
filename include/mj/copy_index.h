/* Copy index: where in a remembered text the last N symbols stood before, and what came then.
 *
 * A table of 2^bits slots has, under the hash of N symbols, the last place in the text behind them. A
 * reader that follows the text at such a place costs one comparison and one read a symbol, for as long
 * as the text goes on as remembered; only a reader without a place asks the table, and what it finds
 * there is compared symbol by symbol before it counts. The longest match predictor of compressors
 * (lpaq, zpaq [mahoney2005]), read-only. */
#ifndef MJ_COPY_INDEX_H
#define MJ_COPY_INDEX_H

#include <stddef.h>
#include <stdint.h>

enum {
    MJ_HISTORY = 64, /* symbols before a place that models may read */
    MJ_COPIES_MAX = 3,
    MJ_COPY_LENGTH_MIN = 4,
    MJ_COPY_LENGTH_MAX = 32,
};

typedef struct {
    const uint8_t *text; /* [n] symbols, MJ_HISTORY readable before them; borrowed */
    uint32_t *slot;      /* [2^bits]: a place in text, 0: none; borrowed */
    size_t n;            /* below 2^32 */
    int bits, length;    /* N */
} mj_copy_index;

/* A reader: text[place] is what it expects next, after `length` equal symbols; 0: nothing. */
typedef struct {
    uint32_t place;
    uint8_t length, expected; /* length at most MJ_COPY_LENGTH_MAX */
} mj_copy_place;

/* Fills slot from text. */
void mj_copy_index_fill(const mj_copy_index *index);
/* Moves the reader behind at[-1]; its first call has a zeroed place. */
void mj_copy_place_move(mj_copy_place *place, const mj_copy_index *index, const uint8_t *at);
/* place [n]: where a reader of the text itself stands before each of its symbols, who never finds
 * himself: he meets the last such place before his own, or else the last behind it. slot is left as
 * mj_copy_index_fill does. */
void mj_copy_index_trace(mj_copy_place *place, const mj_copy_index *index);

#endif
