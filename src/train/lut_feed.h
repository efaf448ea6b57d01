/* What look-up-table networks are trained on, sample by sample: features and what is to come of them. */
#ifndef MJ_TRAIN_LUT_FEED_H
#define MJ_TRAIN_LUT_FEED_H

#include "mj/corpus.h"
#include "mj/dataset.h"
#include "mj/lut_encoder.h"
#include "mj/recipe.h"
#include "mj/symbol_tree.h"

typedef struct {
    const mj_recipe *recipe;
    const mj_dataset *data; /* of images, or */
    const mj_corpus *corpus; /* of text, of which samples are drawn from one part */
    mj_corpus_part part;
    mj_lut_encoder encoder;
    mj_lut_pixels pixels; /* next_pixel */
    uint8_t *level;       /* [n, height, width] grey values, or of next_pixel levels */
    int n_groups;         /* classes, levels, symbols or decisions */
    const mj_symbol_tree *tree; /* of decisions; else NULL */
    const double *decision_bits; /* [n_groups]: mj_symbol_tree_bits() */
} mj_lut_feed;

/* Grey values 0 to 255 of images in [0,1], or with thresholds how many of them a value reaches. */
uint8_t *mj_lut_levels(const mj_dataset *data, const double *threshold, int n_thresholds,
                       mj_arena *arena);
/* What next_pixel sees of such images under this recipe. */
mj_lut_pixels mj_lut_pixels_of(const mj_recipe *recipe, int width, int height, int n_classes);

mj_status mj_lut_feed_init(mj_lut_feed *feed, const mj_recipe *recipe, const mj_dataset *data,
                           const mj_corpus *corpus, mj_arena *arena, mj_err *err);
/* The same questions about other data: images, or with NULL the validation text. */
mj_status mj_lut_feed_other(mj_lut_feed *other, const mj_lut_feed *feed, const mj_dataset *data,
                            mj_arena *arena, mj_err *err);
/* Draws samples: feature [n_features,B], label [B]. A function of the recipe's seed and the stream. */
void mj_lut_feed_fill(uint8_t *feature, int *label, const mj_lut_feed *feed, uint64_t stream, int B);

/* Features of the symbol at[0] that is to come, with `stride` from one to the next: the n before it, by their
 * places in the tree where there is one. */
static inline void mj_lut_place_read(uint8_t *feature, size_t stride, const uint8_t *at, int n,
                                     const mj_symbol_tree *tree)
{
    for (int back = 0; back < n; back++) {
        uint8_t symbol = at[-1 - back];
        feature[(size_t)back * stride] = tree ? tree->place[symbol] : symbol;
    }
}

#endif
