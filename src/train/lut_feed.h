/* What look-up-table networks are trained on, sample by sample: features and what is to come of them. */
#ifndef MJ_TRAIN_LUT_FEED_H
#define MJ_TRAIN_LUT_FEED_H

#include "mj/corpus.h"
#include "mj/dataset.h"
#include "mj/lut_encoder.h"
#include "mj/recipe.h"

typedef struct {
    const mj_recipe *recipe;
    const mj_dataset *data; /* of images, or */
    const mj_corpus *corpus; /* of text */
    mj_lut_encoder encoder;
    mj_lut_pixels pixels; /* next_pixel */
    uint8_t *level;       /* [n, height, width] grey values, or of next_pixel levels */
    int n_groups;         /* classes, levels, symbols */
} mj_lut_feed;

/* Grey values 0 to 255 of images in [0,1], or with thresholds how many of them a value reaches. */
uint8_t *mj_lut_levels(const mj_dataset *data, const double *threshold, int n_thresholds,
                       mj_arena *arena);
/* What next_pixel sees of such images under this recipe. */
mj_lut_pixels mj_lut_pixels_of(const mj_recipe *recipe, int width, int height, int n_classes);

mj_status mj_lut_feed_init(mj_lut_feed *feed, const mj_recipe *recipe, const mj_dataset *data,
                           const mj_corpus *corpus, mj_arena *arena, mj_err *err);
/* Draws the samples of a step: feature [n_features,B], label [B]. A function of seed and step. */
void mj_lut_feed_fill(uint8_t *feature, int *label, const mj_lut_feed *feed, uint32_t step, int B);

#endif
