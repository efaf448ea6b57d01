/* Patches: gathers overlapping patches of an image into rows, and adds them back.
 *
 *   y[b, r, c, (i, j, k)] = x[b, r*stride + i, c*stride + j, k]
 *
 * The backward pass is the transpose: every pixel gets the sum of the gradients of the patches that
 * it is in. */
#include "mj/patches.h"

#include <string.h>

static int places(int length, const mj_patches_config *c)
{
    return (length - c->size) / c->stride + 1;
}

static mj_status plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config, mj_err *err)
{
    (void)n_in;
    const mj_patches_config *c = config;
    int B = in[0].n_dims > 1 ? in[0].dim[0] : 0;
    size_t image = (size_t)c->height * (size_t)c->width * (size_t)c->channels;
    if (B < 1 || c->size < 1 || c->stride < 1 || c->size > c->height || c->size > c->width ||
        mj_shape_count(in[0]) != (size_t)B * image) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "patches: it takes B images of %d x %d x %d and smaller patches", c->height,
                          c->width, c->channels);
    }
    *plan = (mj_plan){.out = mj_shape_4(B, places(c->height, c), places(c->width, c),
                                        c->size * c->size * c->channels)};
    return MJ_OK;
}

/* Place of row i of patch (r, c) of image b, in numbers. */
static size_t pixel_at(const mj_patches_config *c, int b, int r, int column, int i)
{
    size_t row = (size_t)b * (size_t)c->height + (size_t)(r * c->stride + i);
    return (row * (size_t)c->width + (size_t)(column * c->stride)) * (size_t)c->channels;
}

static void forward(const mj_call *call)
{
    const mj_patches_config *config = call->config;
    const int *n = call->out.shape.dim;
    size_t line = (size_t)config->size * (size_t)config->channels;
#pragma omp parallel for schedule(static)
    for (int b = 0; b < n[0]; b++) {
        mj_real *y = call->out.v + (size_t)b * (size_t)n[1] * (size_t)n[2] * (size_t)n[3];
        for (int r = 0; r < n[1]; r++) {
            for (int c = 0; c < n[2]; c++) {
                for (int i = 0; i < config->size; i++, y += line) {
                    memcpy(y, call->in[0].v + pixel_at(config, b, r, c, i), line * sizeof *y);
                }
            }
        }
    }
}

static void backward(const mj_call *call)
{
    const mj_patches_config *config = call->config;
    const int *n = call->out.shape.dim;
    size_t line = (size_t)config->size * (size_t)config->channels;
    if (!call->in[0].d) {
        return;
    }
#pragma omp parallel for schedule(static)
    for (int b = 0; b < n[0]; b++) {
        const mj_real *dy = call->out.d + (size_t)b * (size_t)n[1] * (size_t)n[2] * (size_t)n[3];
        for (int r = 0; r < n[1]; r++) {
            for (int c = 0; c < n[2]; c++) {
                for (int i = 0; i < config->size; i++, dy += line) {
                    mj_real *dx = call->in[0].d + pixel_at(config, b, r, c, i);
                    for (size_t k = 0; k < line; k++) {
                        dx[k] += dy[k];
                    }
                }
            }
        }
    }
}

static const mj_example EXAMPLES[] = {
    {.in = {{2, {2, 40}}}, .n_in = 1,
     .config = &(const mj_patches_config){5, 4, 2, .size = 3, .stride = 1}},
    {.in = {{4, {2, 4, 4, 3}}}, .n_in = 1,
     .config = &(const mj_patches_config){4, 4, 3, .size = 2, .stride = 2}},
};
const mj_layer mj_patches_row = {
    .name = "patches", .config_size = sizeof(mj_patches_config), .n_in_min = 1, .n_in_max = 1,
    .plan = plan, .forward = forward, .backward = backward, .example = EXAMPLES,
    .n_examples = (int)(sizeof EXAMPLES / sizeof *EXAMPLES),
};

mj_var mj_patches(mj_tape *tape, mj_var x, mj_patches_config config)
{
    return mj_tape_apply(tape, &mj_patches_row, &config, &x, 1);
}
