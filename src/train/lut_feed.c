/* Samples of look-up-table networks: images whole, pixels of images, symbols of text, drawn at random. */
#include "lut_feed.h"

#include "mj/rng.h"
#include "task.h"

#include <string.h>

uint8_t *mj_lut_levels(const mj_dataset *data, const double *threshold, int n_thresholds,
                       mj_arena *arena)
{
    size_t n = (size_t)data->n * (size_t)(data->width * data->height);
    uint8_t *level = mj_arena_alloc(arena, n);
    for (size_t i = 0; level && i < n; i++) {
        double grey = rint(255 * (double)data->image[i]);
        for (int t = 0; t < n_thresholds; t++) {
            level[i] = (uint8_t)(level[i] + (grey >= threshold[t]));
        }
        level[i] = n_thresholds > 0 ? level[i] : (uint8_t)grey;
    }
    return level;
}

mj_lut_pixels mj_lut_pixels_of(const mj_recipe *recipe, int width, int height, int n_classes)
{
    return (mj_lut_pixels){.reach = recipe->model.lut.neighbourhood, .width = width, .height = height,
                           .levels = recipe->model.lut.n_thresholds + 1, .n_classes = n_classes};
}

static mj_status no_memory(mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the samples of a look-up-table network");
}

/* The least and the largest grey value of each pixel. */
static mj_status encode_images(mj_lut_feed *f, mj_arena *arena, mj_err *err)
{
    const mj_recipe_lut *lut = &f->recipe->model.lut;
    int size = f->data->width * f->data->height;
    uint8_t *lowest = mj_arena_alloc(arena, (size_t)size), *highest = mj_arena_alloc(arena, (size_t)size);
    f->level = mj_lut_levels(f->data, NULL, 0, arena);
    f->n_groups = f->data->n_classes;
    if (!lowest || !highest || !f->level) {
        return no_memory(err);
    }
    memset(lowest, 255, (size_t)size);
    for (int i = 0; i < f->data->n; i++) {
        const uint8_t *image = f->level + (size_t)i * (size_t)size;
        for (int p = 0; p < size; p++) {
            lowest[p] = image[p] < lowest[p] ? image[p] : lowest[p];
            highest[p] = image[p] > highest[p] ? image[p] : highest[p];
        }
    }
    return mj_lut_encode_images(&f->encoder, lut->threshold, lut->n_thresholds, lowest, highest, size,
                                arena, err);
}

static mj_status encode_pixels(mj_lut_feed *f, mj_arena *arena, mj_err *err)
{
    const mj_recipe_lut *lut = &f->recipe->model.lut;
    f->pixels = mj_lut_pixels_of(f->recipe, f->data->width, f->data->height, f->data->n_classes);
    f->level = mj_lut_levels(f->data, lut->threshold, lut->n_thresholds, arena);
    f->n_groups = f->pixels.levels;
    return f->level ? mj_lut_encode_pixels(&f->encoder, &f->pixels, arena, err) : no_memory(err);
}

/* The code of decisions, of the training text's pairs. */
static mj_status find_tree(mj_lut_feed *f, mj_arena *arena, mj_err *err)
{
    const mj_symbols *text = &f->corpus->part[MJ_PART_TRAIN];
    int n = f->corpus->alphabet.n_symbols;
    mj_symbol_tree *tree = mj_arena_alloc(arena, sizeof *tree);
    double *pair = mj_arena_array(arena, (size_t)n * (size_t)n, sizeof *pair);
    double *bits = mj_arena_array(arena, (size_t)n, sizeof *bits);
    if (!tree || !pair || !bits) {
        return no_memory(err);
    }
    if (n < 2) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a text of one symbol leaves nothing to decide");
    }
    for (size_t i = 0; i < text->n; i++) {
        pair[text->symbol[(ptrdiff_t)i - 1] * n + text->symbol[i]]++;
    }
    mj_symbol_tree_cluster(tree, pair, n);
    mj_symbol_tree_bits(bits, tree, pair);
    f->tree = tree;
    f->decision_bits = bits;
    f->n_groups = n - 1;
    return MJ_OK;
}

static mj_status encode_text(mj_lut_feed *f, mj_arena *arena, mj_err *err)
{
    const mj_recipe_lut *lut = &f->recipe->model.lut;
    f->n_groups = f->corpus->alphabet.n_symbols;
    if (lut->decisions) {
        MJ_TRY(find_tree(f, arena, err));
    }
    return mj_lut_encode_text(&f->encoder, lut->history, lut->one_hot, lut->decisions,
                              f->corpus->alphabet.n_symbols, arena, err);
}

mj_status mj_lut_feed_init(mj_lut_feed *f, const mj_recipe *recipe, const mj_dataset *data,
                           const mj_corpus *corpus, mj_arena *arena, mj_err *err)
{
    *f = (mj_lut_feed){.recipe = recipe, .data = data, .corpus = corpus};
    switch (recipe->objective.kind) {
    case MJ_OBJECTIVE_CLASSIFY:
        return encode_images(f, arena, err);
    case MJ_OBJECTIVE_NEXT_PIXEL:
        return encode_pixels(f, arena, err);
    default:
        return encode_text(f, arena, err);
    }
}

mj_status mj_lut_feed_other(mj_lut_feed *other, const mj_lut_feed *feed, const mj_dataset *data,
                            mj_arena *arena, mj_err *err)
{
    const mj_recipe_lut *lut = &feed->recipe->model.lut;
    bool whole = feed->recipe->objective.kind == MJ_OBJECTIVE_CLASSIFY;
    *other = *feed;
    other->part = MJ_PART_VALIDATION;
    if (data) {
        other->data = data;
        other->level = mj_lut_levels(data, lut->threshold, whole ? 0 : lut->n_thresholds, arena);
    }
    return data && !other->level ? no_memory(err) : MJ_OK;
}

static int draw(mj_rng *rng, int n)
{
    return (int)(mj_rng_uniform(rng) * n);
}

/* An image, moved by up to `shift` pixels each way and perhaps mirrored; what comes in from outside is 0. */
static void fill_image(uint8_t *feature, size_t stride, const mj_lut_feed *f, const uint8_t *image,
                       mj_rng *rng)
{
    int width = f->data->width, height = f->data->height, shift = f->recipe->train.shift;
    int down = shift > 0 ? draw(rng, 2 * shift + 1) - shift : 0;
    int right = shift > 0 ? draw(rng, 2 * shift + 1) - shift : 0;
    bool mirrored = f->recipe->train.mirror && draw(rng, 2) == 1;
    for (int row = 0; row < height; row++) {
        for (int column = 0; column < width; column++) {
            int r = row - down, c = (mirrored ? width - 1 - column : column) - right;
            bool inside = r >= 0 && r < height && c >= 0 && c < width;
            feature[(size_t)(row * width + column) * stride] = inside ? image[r * width + c] : 0;
        }
    }
}

void mj_lut_feed_fill(uint8_t *feature, int *label, const mj_lut_feed *f, uint64_t stream, int B)
{
    int objective = f->recipe->objective.kind;
    mj_rng rng;
    mj_rng_init(&rng, (uint64_t)f->recipe->train.seed, stream);
    for (int b = 0; b < B; b++) {
        if (objective == MJ_OBJECTIVE_NEXT_BYTE) {
            const mj_symbols *text = &f->corpus->part[f->part];
            const uint8_t *at = text->symbol + (size_t)(mj_rng_uniform(&rng) * (double)text->n);
            mj_lut_place_read(feature + b, (size_t)B, at, f->encoder.n_features, f->tree);
            label[b] = at[0];
            continue;
        }
        int i = draw(&rng, f->data->n), size = f->data->width * f->data->height;
        const uint8_t *image = f->level + (size_t)i * (size_t)size;
        if (objective == MJ_OBJECTIVE_CLASSIFY) {
            fill_image(feature + b, (size_t)B, f, image, &rng);
            label[b] = f->data->label[i];
        } else {
            int at = draw(&rng, size);
            mj_lut_pixels_read(feature + b, (size_t)B, &f->pixels, image, at / f->data->width,
                               at % f->data->width, f->data->label[i]);
            label[b] = image[at];
        }
    }
}
