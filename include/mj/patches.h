/* Patches of images as rows: what makes a strided convolution a plain product. */
#ifndef MJ_PATCHES_H
#define MJ_PATCHES_H

#include "mj/tape.h"

/* Images [height, width, channels]; patches of size x size, one every `stride`, none over the edge. */
typedef struct {
    int height, width, channels, size, stride;
} mj_patches_config;

/* The row of the layer, for tests of gradients. */
extern const mj_layer mj_patches_row;

/* x of B images, of any shape [B,..] with height*width*channels numbers each -> [B, rows, columns,
 * size*size*channels], rows = (height - size)/stride + 1. No MAC. */
mj_var mj_patches(mj_tape *tape, mj_var x, mj_patches_config config);

#endif
