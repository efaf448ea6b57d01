/* A look-up memory that feeds a net: x of n symbols at once, the gradient of x back into the rows.
 *
 * The memory learns as it always does (lookup_memory.h): symbols are predicted with the rows as they
 * were before this batch, then every row that was read takes one update. Rows are shared out among all
 * threads; results do not depend on their number. */
#ifndef MJ_LOOKUP_FEED_H
#define MJ_LOOKUP_FEED_H

#include "mj/lookup_text.h"

typedef struct {
    mj_lookup_text *text; /* borrowed, made with config.feeds */
    mj_lookup_batch batch;
    mj_lookup_reader reader; /* where the copies stand, of one stream */
} mj_lookup_feed;

/* For n symbols a pass; x and dx [n, stride] are the caller's, dx NULL where nothing is learned. */
mj_status mj_lookup_feed_new(mj_lookup_feed *feed, mj_lookup_text *text, int n, mj_real *x,
                             mj_real *dx, mj_arena *arena, mj_err *err);
/* Place i of the batch is that before at[0]; copy: where each index stands there. */
void mj_lookup_feed_place(mj_lookup_feed *feed, int i, const uint8_t *at, const mj_copy_place *copy);
/* The same of the feed's own reader, who comes from at[-1]. */
void mj_lookup_feed_follow(mj_lookup_feed *feed, int i, const uint8_t *at);
/* Fills x. */
void mj_lookup_feed_forward(mj_lookup_feed *feed);
/* Learns from dx, in nats of each symbol. */
void mj_lookup_feed_backward(mj_lookup_feed *feed, mj_real lr);

#endif
