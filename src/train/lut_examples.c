/* Examples: features of test data, sample after sample, and the encoder's bits of them. */
#include "mj/lut_examples.h"

#include "lut_feed.h"
#include "mj/lut_quality.h"

/* Column `at` of feature [n_features, stride] is one sample. */
typedef struct {
    uint8_t *feature;
    size_t stride;
    int n;
} columns;

static void read_images(const columns *to, const uint8_t *grey, int size)
{
    for (int i = 0; i < to->n; i++) {
        for (int p = 0; p < size; p++) {
            to->feature[(size_t)p * to->stride + (size_t)i] = grey[(size_t)i * (size_t)size + (size_t)p];
        }
    }
}

static void read_pixels(const columns *to, const mj_lut_model *model, const uint8_t *level,
                        const int *label)
{
    const mj_lut_pixels pixels = mj_lut_pixels_of(&model->recipe, model->width, model->height,
                                                  model->n_classes);
    int size = model->width * model->height;
    for (int i = 0; i < to->n; i++) {
        int image = i / size, at = i % size;
        mj_lut_pixels_read(to->feature + i, to->stride, &pixels, level + (size_t)image * (size_t)size,
                           at / model->width, at % model->width, label[image]);
    }
}

static void read_places(const columns *to, const uint8_t *symbol, const mj_lut_model *model)
{
    for (int i = 0; i < to->n; i++) {
        mj_lut_place_read(to->feature + i, to->stride, symbol + i, model->encoder.n_features, model->tree);
    }
}

/* How many samples there are, up to n. */
static int count_samples(const mj_lut_model *model, const mj_dataset *test, const mj_symbols *text, int n)
{
    bool whole = model->recipe.objective.kind == MJ_OBJECTIVE_CLASSIFY;
    size_t there = !test ? text->n : (size_t)test->n * (whole ? 1 : (size_t)(model->width * model->height));
    return there < (size_t)n ? (int)there : n;
}

mj_status mj_lut_examples_read(mj_lut_examples *examples, const mj_lut_model *model,
                               const mj_dataset *test, const mj_symbols *text, int n, mj_arena *arena,
                               mj_err *err)
{
    bool whole = model->recipe.objective.kind == MJ_OBJECTIVE_CLASSIFY;
    const mj_recipe_lut *lut = &model->recipe.model.lut;
    const mj_lut_encoder *encoder = &model->encoder;
    const uint8_t *level = NULL;
    if (test) {
        MJ_TRY(mj_lut_data_check(model, test, model->recipe.path, err));
        level = mj_lut_levels(test, lut->threshold, whole ? 0 : lut->n_thresholds, arena);
    }
    examples->n = count_samples(model, test, text, n);
    examples->n_words = (examples->n + 63) / 64;
    columns to = {.stride = 64 * (size_t)examples->n_words, .n = examples->n};
    to.feature = mj_arena_array(arena, (size_t)encoder->n_features, to.stride);
    examples->bits = mj_arena_array(arena, (size_t)encoder->n_inputs * (size_t)examples->n_words,
                                    sizeof *examples->bits);
    examples->label = mj_arena_array(arena, (size_t)examples->n, sizeof *examples->label);
    if (!to.feature || !examples->bits || !examples->label || (test && !level)) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d examples", n);
    }
    if (!test) {
        read_places(&to, text->symbol, model);
    } else if (whole) {
        read_images(&to, level, model->width * model->height);
    } else {
        read_pixels(&to, model, level, test->label);
    }
    for (int i = 0; i < examples->n; i++) {
        examples->label[i] = !test ? text->symbol[i] : whole ? test->label[i] : level[i];
    }
    mj_lut_encode_words(examples->bits, (size_t)examples->n_words, to.feature, encoder,
                        examples->n_words);
    return MJ_OK;
}
