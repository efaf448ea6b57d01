/* A look-up memory that feeds a net: threads share the symbols forward, the rows backward. */
#include "mj/lookup_feed.h"

#include "mj/kernels.h"

enum { TILE = 64 };

mj_status mj_lookup_feed_new(mj_lookup_feed *feed, mj_lookup_text *text, int n, mj_real *x,
                             mj_real *dx, mj_arena *arena, mj_err *err)
{
    *feed = (mj_lookup_feed){.text = text};
    MJ_TRY(mj_lookup_batch_new(&feed->batch, text->memory, n, arena, err));
    feed->batch.x = x;
    feed->batch.dx = dx;
    return MJ_OK;
}

void mj_lookup_feed_place(mj_lookup_feed *feed, int i, const uint8_t *at, const mj_copy_place *copy)
{
    const mj_lookup_text *text = feed->text;
    mj_lookup_place_find(&feed->batch.place[i], &text->memory->contexts, at, text->config.letter, copy);
}

void mj_lookup_feed_follow(mj_lookup_feed *feed, int i, const uint8_t *at)
{
    const mj_lookup_text *text = feed->text;
    for (int c = 0; c < text->memory->contexts.n_copies; c++) {
        mj_copy_place_move(&feed->reader.copy[c], &text->copy[c], at);
    }
    mj_lookup_feed_place(feed, i, at, feed->reader.copy);
}

void mj_lookup_feed_forward(mj_lookup_feed *feed)
{
    const mj_lookup_memory *memory = feed->text->memory;
    int n = feed->batch.n;
#pragma omp parallel for schedule(static) if (n > TILE)
    for (int first = 0; first < n; first += TILE) {
        mj_lookup_forward(&feed->batch, memory, &memory->gains, first,
                          n - first < TILE ? n - first : TILE);
    }
}

void mj_lookup_feed_backward(mj_lookup_feed *feed, mj_real lr)
{
    mj_lookup_memory *memory = feed->text->memory;
    mj_lookup_batch *batch = &feed->batch;
    int n_parts = mj_threads();
#pragma omp parallel for schedule(static, 1)
    for (int part = 0; part < n_parts; part++) {
        mj_lookup_backward(memory, batch, batch->n, lr, part, n_parts);
    }
    mj_lookup_gains_update(&memory->gains, &memory->squares, memory, batch, batch->n, lr);
}
