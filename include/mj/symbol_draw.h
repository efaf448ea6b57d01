/* Drawing the next symbol from logits: what generation does after each forward. */
#ifndef MJ_SYMBOL_DRAW_H
#define MJ_SYMBOL_DRAW_H

#include "mj/err.h"
#include "mj/real.h"
#include "mj/rng.h"

typedef struct {
    double temperature; /* 0: the likeliest symbol, always */
    double top_p;       /* draw among the fewest symbols of at least this probability; 0 or 1: all
                         * [holtzman2020] */
} mj_symbol_draw;

/* Refuses a negative or infinite temperature and a top_p outside [0, 1]. */
mj_status mj_symbol_draw_check(const mj_symbol_draw *draw, mj_err *err);

/* A symbol below n, from logits [n] in nats. One uniform number of rng, unless the temperature is
 * 0. probability [n] and order [n] are scratch; of equal logits the first stands first. */
int mj_symbol_draw_next(const mj_symbol_draw *draw, const mj_real *logits, double *probability,
                        int *order, int n, mj_rng *rng);

#endif
