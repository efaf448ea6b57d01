/* Plot file: the name decides the format; what cannot be written is known before the work begins. */
#include "plot_file.h"

#include "mj/draft.h"
#include "mj/png.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool ends_in(const char *path, const char *suffix)
{
    size_t length = strlen(path), end = strlen(suffix);
    return length > end && strcasecmp(path + length - end, suffix) == 0;
}

mj_status mj_plot_check(const char *path, mj_err *err)
{
    mj_draft draft;
    if (!ends_in(path, ".svg") && !ends_in(path, ".png")) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                          "a plot is an SVG or a PNG: '%s' ends neither in .svg nor in .png", path);
    }
    MJ_TRY(mj_draft_open(&draft, path, err));
    mj_draft_abandon(&draft);
    return MJ_OK;
}

mj_status mj_plot_save(const char *path, const mj_plot *plot, mj_arena *arena, mj_err *err)
{
    mj_draft draft;
    if (ends_in(path, ".svg")) {
        MJ_TRY(mj_draft_open(&draft, path, err));
        mj_plot_print_svg(draft.out, plot);
        return mj_draft_close(&draft, err);
    }
    mj_image image = {MJ_PLOT_WIDTH * MJ_PLOT_SCALE, MJ_PLOT_HEIGHT * MJ_PLOT_SCALE, 3, NULL};
    image.pixel = mj_arena_array(arena, (size_t)image.width * (size_t)image.height, 3);
    if (!image.pixel) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    mj_plot_draw(image.pixel, plot);
    return mj_png_save(path, &image, err);
}
