/* Image grid: many small images in one, to look at. */
#include "mj/png.h"

#include <stdint.h>
#include <string.h>

enum { GAP_GREY = 128, SIDE_MAX = 1 << 20 };

static mj_grid defaults_filled(const mj_grid *grid)
{
    mj_grid g = *grid;
    g.channels = g.channels ? g.channels : 1;
    g.columns = g.columns ? g.columns : 10;
    g.columns = g.columns > g.n && g.n > 0 ? g.n : g.columns;
    g.gap = g.gap ? g.gap : 1;
    g.gap = g.gap < 0 ? 0 : g.gap;
    g.scale = g.scale ? g.scale : 1;
    return g;
}

static unsigned char byte_from(mj_real value)
{
    return value >= 1 ? 255 : value > 0 ? (unsigned char)(value * 255 + (mj_real)0.5) : 0;
}

/* Draws one image [height, width, channels] with its corner at left, top. */
static void tile_draw(mj_image *image, const mj_real *x, const mj_grid *g, int left, int top)
{
    size_t channels = (size_t)g->channels;
    for (int row = 0; row < g->height * g->scale; row++) {
        const mj_real *from = x + (size_t)(row / g->scale) * (size_t)g->width * channels;
        unsigned char *to = image->pixel +
                            ((size_t)(top + row) * (size_t)image->width + (size_t)left) * channels;
        for (int column = 0; column < g->width * g->scale; column++) {
            for (size_t c = 0; c < channels; c++) {
                *to++ = byte_from(from[(size_t)(column / g->scale) * channels + c]);
            }
        }
    }
}

mj_status mj_grid_draw(mj_image *image, const mj_real *x, const mj_grid *grid, mj_arena *arena,
                       mj_err *err)
{
    mj_grid g = defaults_filled(grid);
    *image = (mj_image){0};
    if (g.n < 1 || g.width < 1 || g.height < 1 || g.columns < 1 || g.scale < 1 ||
        (g.channels != 1 && g.channels != 3)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "an image grid needs images to draw");
    }
    int64_t columns = g.columns, rows = (g.n + columns - 1) / columns, gap = g.gap;
    int64_t width = columns * ((int64_t)g.width * g.scale + gap) - gap;
    int64_t height = rows * ((int64_t)g.height * g.scale + gap) - gap;
    if (width > SIDE_MAX || height > SIDE_MAX || width * height > MJ_PNG_PIXELS_MAX) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0,
                          "the image grid would have more than %d pixels", MJ_PNG_PIXELS_MAX);
    }
    size_t size_B = (size_t)width * (size_t)height * (size_t)g.channels;
    *image = (mj_image){(int)width, (int)height, g.channels, mj_arena_alloc(arena, size_B)};
    if (!image->pixel) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    memset(image->pixel, GAP_GREY, size_B);
    size_t image_n = (size_t)g.height * (size_t)g.width * (size_t)g.channels;
    for (int i = 0; i < g.n; i++) {
        tile_draw(image, x + (size_t)i * image_n, &g, i % g.columns * (g.width * g.scale + g.gap),
                  i / g.columns * (g.height * g.scale + g.gap));
    }
    return MJ_OK;
}
