/* Codebook: numbers as codes of few bits into a short list of levels that need not be equally far apart.
 *
 * Rows of a look-up memory are small but for a few large numbers: below 6 bits equal steps lose them,
 * levels fitted to the numbers do not. The fit is Lloyd's and Max's [lloyd1982]: each level becomes the
 * mean of the numbers nearest to it, until it is; found on a histogram of 2^14 bins. One level is 0, so
 * that a row of zeros stays one. */
#ifndef MJ_CODEBOOK_H
#define MJ_CODEBOOK_H

#include "mj/arena.h"
#include "mj/err.h"

#include <stddef.h>
#include <stdint.h>

enum { MJ_CODE_BITS_MIN = 2, MJ_CODE_BITS_MAX = 8, MJ_CODES_MAX = 1 << MJ_CODE_BITS_MAX };

/* Where the numbers lie: filled by mj_codebook_count, numbers beyond +-largest in the last bins. */
typedef struct mj_code_histogram mj_code_histogram;
mj_status mj_code_histogram_new(mj_code_histogram **histogram, double largest, mj_arena *arena,
                                mj_err *err);
void mj_code_histogram_add(mj_code_histogram *histogram, double x);

/* level [2^bits], rising, one of them 0, from what was counted; all 0 if nothing was. */
void mj_codebook_fit(float *level, const mj_code_histogram *histogram, int bits);
/* The code of the level nearest to x. */
unsigned mj_codebook_find(const float *level, int bits, double x);

/* Codes lowest bits first in a row of bytes: (n * bits + 7) / 8 of them, zeroed before the first set. */
size_t mj_code_row_B(int n, int bits);
void mj_code_set(unsigned char *row, int i, int bits, unsigned code);
unsigned mj_code_get(const unsigned char *row, int i, int bits);

#endif
