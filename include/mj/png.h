/* PNG: grey images read within limits, images and grids of images written (libpng). */
#ifndef MJ_PNG_H
#define MJ_PNG_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/real.h"
#include <stddef.h>

enum { MJ_PNG_PIXELS_MAX = 64 * 1000 * 1000 };

/* 8 bits a channel; pixel [height, width, channels], channels 1 (grey) or 3 (red, green, blue). */
typedef struct {
    int width, height, channels;
    unsigned char *pixel;
} mj_image;

/* Reads any PNG as grey of 8 bits: colours by their luminance, transparency over black. Above
 * MJ_PNG_PIXELS_MAX pixels: MJ_ELIMIT; damaged, truncated, or claiming more pixels than its bytes can
 * hold: MJ_ESYNTAX. pixel is in the arena. */
mj_status mj_png_load(mj_image *image, const char *path, mj_arena *arena, mj_err *err);
mj_status mj_png_parse(mj_image *image, const void *bytes, size_t length, const char *name,
                       mj_arena *arena, mj_err *err);
/* Replaces `path` or leaves it as it was (draft.h). */
mj_status mj_png_save(const char *path, const mj_image *image, mj_err *err);

/* Frames of one size and number of channels, shown one after the other for ever. */
typedef struct {
    const mj_image *frame;
    int n;
    int frame_ms, last_ms; /* how long each is shown, and the last; 0 to 65535 */
} mj_animation;
/* An animated PNG (APNG, W3C PNG third edition). Where a reader knows of none, it shows the last
 * frame. */
mj_status mj_png_animate(const char *path, const mj_animation *animation, mj_err *err);

/* n images [n, height, width, channels] with values 0 to 1 (others are clipped, NaN is black), in
 * rows of `columns`, `gap` grey pixels between them, each pixel drawn scale x scale. Zero means the
 * default: channels 1, columns 10, gap 1, scale 1; a gap below zero is none. */
typedef struct {
    int n, height, width, channels, columns, gap, scale;
} mj_grid;
/* MJ_ELIMIT above MJ_PNG_PIXELS_MAX. */
mj_status mj_grid_draw(mj_image *image, const mj_real *x, const mj_grid *grid, mj_arena *arena,
                       mj_err *err);

#endif
