/* Trajectory: a frame a step end, drawn into pixels.
 *
 *     hue:  red, green, blue = 1/2 + 0.46 cos(theta + {pi, pi/3, -pi/3})
 *
 * goes once around the colours with the phase, without a step at 2 pi: theta = 0, where a pixel is
 * black, is a blue-green, theta = pi, where it is white, is red. A bar along the foot of the frame's
 * pictures says how much of the time is over. */
#include "mj/trajectory.h"

#include "mj/phases.h"

#include <stdint.h>
#include <string.h>

enum { COLUMNS = 10, SCALE = 3, GAP = 1, SAMPLE_GAP = 3, BAR_PX = 3, SIDE_MAX = 1 << 16 };

static const unsigned char GROUND[3] = {21, 24, 28}, BAR[3] = {89, 118, 225}, REST[3] = {52, 58, 66};
static const double PI = 3.14159265358979323846;

/* Sizes that follow, in a picture's pixels until scaled. */
typedef struct {
    mj_trajectory t;
    int columns, hidden_rows, cell_height;
    int width, height; /* of a frame, pixels */
} layout;

static mj_status lay_out(layout *l, const mj_trajectory *t, mj_err *err)
{
    *l = (layout){.t = *t};
    l->t.scale = t->scale > 0 ? t->scale : SCALE;
    l->columns = t->columns > 0 ? t->columns : COLUMNS;
    if (t->n < 1 || t->n_steps < 1 || t->width < 1 || t->height < 1 ||
        t->n_oscillators < t->width * t->height) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a trajectory needs samples, steps and pixels");
    }
    l->columns = l->columns < t->n ? l->columns : t->n;
    l->hidden_rows = (t->n_oscillators - t->width * t->height + t->width - 1) / t->width;
    l->cell_height = 2 * t->height + GAP + (l->hidden_rows > 0 ? l->hidden_rows + GAP : 0);
    int64_t rows = (t->n + l->columns - 1) / l->columns, scale = l->t.scale;
    int64_t width = (l->columns * ((int64_t)t->width + GAP) + GAP) * scale;
    int64_t height = (rows * ((int64_t)l->cell_height + SAMPLE_GAP) + GAP) * scale + BAR_PX + t->foot;
    if (width > SIDE_MAX || height > SIDE_MAX ||
        width * height > MJ_PNG_PIXELS_MAX / (t->n_steps + 1)) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0,
                          "%d samples in %d frames would have more than %d pixels: draw fewer samples",
                          t->n, t->n_steps + 1, MJ_PNG_PIXELS_MAX);
    }
    l->width = (int)width;
    l->height = (int)height;
    return MJ_OK;
}

static void fill(mj_image *image, int left, int top, int width, int height,
                 const unsigned char colour[3])
{
    for (int y = top; y < top + height; y++) {
        unsigned char *to = image->pixel + 3 * ((size_t)y * (size_t)image->width + (size_t)left);
        for (int x = 0; x < width; x++, to += 3) {
            memcpy(to, colour, 3);
        }
    }
}

static unsigned char byte_from(double value)
{
    return value >= 1 ? 255 : value > 0 ? (unsigned char)(value * 255 + 0.5) : 0;
}

/* One value of a picture, whose corner is at (left, top) in unscaled pixels. */
static void dot_draw(mj_image *image, const layout *l, int left, int top, const unsigned char *colour)
{
    int scale = l->t.scale;
    fill(image, left * scale, top * scale, scale, scale, colour);
}

static void sample_draw(mj_image *image, const layout *l, const mj_real *theta, const mj_real *read,
                        int sample)
{
    const mj_trajectory *t = &l->t;
    int n_visible = t->width * t->height;
    int left = GAP + sample % l->columns * (t->width + GAP);
    int top = GAP + sample / l->columns * (l->cell_height + SAMPLE_GAP);
    for (int i = 0; i < n_visible; i++) {
        unsigned char grey = byte_from(read[i]);
        dot_draw(image, l, left + i % t->width, top + i / t->width,
                 (const unsigned char[3]){grey, grey, grey});
    }
    top += t->height + GAP;
    for (int i = 0; i < t->n_oscillators; i++) {
        static const double turn[3] = {1, 1.0 / 3, -1.0 / 3};
        unsigned char hue[3];
        for (int c = 0; c < 3; c++) {
            hue[c] = byte_from(0.5 + 0.46 * cos((double)theta[i] + PI * turn[c]));
        }
        int row = i / t->width + (i < n_visible ? 0 : GAP);
        dot_draw(image, l, left + i % t->width, top + row, hue);
    }
}

/* read [n, n_visible] is scratch. */
static void frame_draw(mj_image *image, const layout *l, const mj_real *theta, mj_real *read, int step)
{
    const mj_trajectory *t = &l->t;
    int n_visible = t->width * t->height, N = t->n_oscillators;
    fill(image, 0, 0, l->width, l->height, GROUND);
    mj_phase_read_forward(read, theta, t->n, N, n_visible);
    for (int s = 0; s < t->n; s++) {
        sample_draw(image, l, theta + (size_t)s * (size_t)N, read + (size_t)s * (size_t)n_visible, s);
    }
    int edge = GAP * t->scale, length = l->width - 2 * edge, top = l->height - t->foot - BAR_PX;
    fill(image, edge, top, length, BAR_PX, REST);
    fill(image, edge, top, (int)((int64_t)length * step / t->n_steps), BAR_PX, BAR);
}

mj_status mj_trajectory_draw(mj_image **frame, const mj_real *path, const mj_trajectory *trajectory,
                             mj_arena *arena, mj_err *err)
{
    layout l;
    MJ_TRY(lay_out(&l, trajectory, err));
    int n_frames = l.t.n_steps + 1;
    size_t all = (size_t)l.t.n * (size_t)l.t.n_oscillators;
    size_t size_B = (size_t)l.width * (size_t)l.height * 3;
    mj_real *read = mj_arena_array(arena, all, sizeof *read);
    *frame = mj_arena_array(arena, (size_t)n_frames, sizeof **frame);
    for (int step = 0; step < n_frames; step++) {
        unsigned char *pixel = mj_arena_alloc(arena, size_B);
        if (!read || !*frame || !pixel) {
            return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d frames", n_frames);
        }
        (*frame)[step] = (mj_image){l.width, l.height, 3, pixel};
        frame_draw(&(*frame)[step], &l, path + (size_t)step * all, read, step);
    }
    return MJ_OK;
}
