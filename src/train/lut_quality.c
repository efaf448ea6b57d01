/* Quality of hard look-up-table networks: accuracy, likelihood, samples. */
#include "mj/lut_quality.h"

#include "lut_feed.h"
#include "mj/rng.h"

#include <math.h>
#include <string.h>

static mj_status no_memory(mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory to run a look-up-table network");
}

mj_status mj_lut_reader_init(mj_lut_reader *r, const mj_lut_model *model, mj_arena *arena, mj_err *err)
{
    *r = (mj_lut_reader){.model = model};
    MJ_TRY(mj_lut_program_new(&r->program, &model->net, arena, err));
    r->slots = mj_lut_slots_new(&r->program, arena);
    r->feature = mj_arena_array(arena, (size_t)model->encoder.n_features, MJ_LUT_BLOCK);
    r->score = mj_arena_array(arena, (size_t)model->net.n_groups * MJ_LUT_BLOCK, sizeof *r->score);
    return r->slots && r->feature && r->score ? MJ_OK : no_memory(err);
}

void mj_lut_reader_run(mj_lut_reader *r)
{
    mj_lut_encode_words(mj_lut_slot(r->slots, MJ_LUT_FIRST_INPUT), MJ_LUT_WORDS, r->feature,
                        &r->model->encoder, MJ_LUT_WORDS);
    mj_lut_program_run(&r->program, r->slots);
}

double mj_lut_score_bits(const int *score, int n, double scale, int label)
{
    double sum = 0;
    for (int g = 0; g < n; g++) {
        sum += exp(scale * (score[g] - score[label]));
    }
    return log2(sum);
}

mj_status mj_lut_data_check(const mj_lut_model *model, const mj_dataset *data, const char *path,
                            mj_err *err)
{
    bool fits = data->width == model->width && data->height == model->height &&
                data->n_classes == model->n_classes;
    return fits ? MJ_OK
                : mj_err_add(err, MJ_ESUPPORT, path, 0, 0,
                             "it knows %dx%d images of %d classes, the data are %dx%d of %d",
                             model->width, model->height, model->n_classes, data->width, data->height,
                             data->n_classes);
}

/* Images first .. first + n - 1 as features, a row a pixel. */
static void read_images(mj_lut_reader *r, const uint8_t *grey, int first, int n)
{
    size_t size = (size_t)(r->model->width * r->model->height);
    for (int i = 0; i < n; i++) {
        for (size_t p = 0; p < size; p++) {
            r->feature[p * MJ_LUT_BLOCK + (size_t)i] = grey[(size_t)(first + i) * size + p];
        }
    }
}

static int count_right(mj_lut_reader *r, const uint8_t *grey, const mj_dataset *data)
{
    int class[MJ_LUT_BLOCK], right = 0;
    for (int first = 0; first < data->n; first += MJ_LUT_BLOCK) {
        int n = data->n - first < MJ_LUT_BLOCK ? data->n - first : MJ_LUT_BLOCK;
        read_images(r, grey, first, n);
        mj_lut_reader_run(r);
        mj_lut_program_classes(class, &r->program, r->slots);
        for (int i = 0; i < n; i++) {
            right += class[i] == data->label[first + i];
        }
    }
    return right;
}

mj_status mj_lut_accuracy(double *accuracy, const mj_lut_model *model, const mj_dataset *data,
                          mj_err *err)
{
    mj_arena arena;
    mj_lut_reader reader;
    mj_arena_init(&arena, 0);
    mj_status status = mj_lut_reader_init(&reader, model, &arena, err);
    const uint8_t *grey = mj_lut_levels(data, NULL, 0, &arena);
    if (status == MJ_OK && !grey) {
        status = no_memory(err);
    }
    if (status == MJ_OK) {
        *accuracy = (double)count_right(&reader, grey, data) / data->n;
    }
    mj_arena_fini(&arena);
    return status;
}

/* Pixels. */

static void read_pixels(mj_lut_reader *r, const mj_lut_pixels *pixels, const uint8_t *level,
                        const int *label, int n, int at)
{
    size_t size = (size_t)(pixels->width * pixels->height);
    for (int i = 0; i < n; i++) {
        mj_lut_pixels_read(r->feature + i, MJ_LUT_BLOCK, pixels, level + (size_t)i * size,
                           at / pixels->width, at % pixels->width, label[i]);
    }
    mj_lut_reader_run(r);
    mj_lut_program_scores(r->score, &r->program, r->slots);
}

static double sum_bits(mj_lut_reader *r, const uint8_t *level, const mj_dataset *data)
{
    const mj_lut_model *m = r->model;
    const mj_lut_pixels pixels = mj_lut_pixels_of(&m->recipe, m->width, m->height, m->n_classes);
    int size = m->width * m->height, G = m->net.n_groups;
    double bits = 0;
    for (int first = 0; first < data->n; first += MJ_LUT_BLOCK) {
        int n = data->n - first < MJ_LUT_BLOCK ? data->n - first : MJ_LUT_BLOCK;
        const uint8_t *block = level + (size_t)first * (size_t)size;
        for (int at = 0; at < size; at++) {
            read_pixels(r, &pixels, block, data->label + first, n, at);
            for (int i = 0; i < n; i++) {
                bits += mj_lut_score_bits(r->score + i * G, G, m->net.scale, block[i * size + at]);
            }
        }
    }
    return bits;
}

mj_status mj_lut_image_bits(double *bits, const mj_lut_model *model, const mj_dataset *data, mj_err *err)
{
    mj_arena arena;
    mj_lut_reader reader;
    const mj_recipe_lut *lut = &model->recipe.model.lut;
    mj_arena_init(&arena, 0);
    mj_status status = mj_lut_reader_init(&reader, model, &arena, err);
    const uint8_t *level = mj_lut_levels(data, lut->threshold, lut->n_thresholds, &arena);
    if (status == MJ_OK && !level) {
        status = no_memory(err);
    }
    if (status == MJ_OK) {
        *bits = sum_bits(&reader, level, data) / data->n;
    }
    mj_arena_fini(&arena);
    return status;
}

/* A level by its chance. */
static int draw_level(const int *score, int n, double scale, mj_rng *rng)
{
    double sum = 0;
    int top = 0;
    for (int g = 1; g < n; g++) {
        top = score[g] > score[top] ? g : top;
    }
    for (int g = 0; g < n; g++) {
        sum += exp(scale * (score[g] - score[top]));
    }
    double left = mj_rng_uniform(rng) * sum;
    for (int g = 0; g < n - 1; g++) {
        left -= exp(scale * (score[g] - score[top]));
        if (left < 0) {
            return g;
        }
    }
    return n - 1;
}

/* What a level looks like. */
static mj_real shade_of(const mj_recipe_lut *lut, int level)
{
    if (lut->n_thresholds == 1) {
        return (mj_real)level;
    }
    double low = level > 0 ? lut->threshold[level - 1] : 0;
    double high = level < lut->n_thresholds ? lut->threshold[level] : 256;
    return (mj_real)(level > 0 ? (low + high - 1) / 2 / 255 : 0);
}

static void draw_block(mj_real *image, uint8_t *level, mj_lut_reader *r, const int *label, int n,
                       mj_rng *rng)
{
    const mj_lut_model *m = r->model;
    const mj_lut_pixels pixels = mj_lut_pixels_of(&m->recipe, m->width, m->height, m->n_classes);
    int size = m->width * m->height, G = m->net.n_groups;
    memset(level, 0, (size_t)n * (size_t)size);
    for (int at = 0; at < size; at++) {
        read_pixels(r, &pixels, level, label, n, at);
        for (int i = 0; i < n; i++) {
            int drawn = draw_level(r->score + i * G, G, m->net.scale, &rng[i]);
            level[i * size + at] = (uint8_t)drawn;
            image[i * size + at] = shade_of(&m->recipe.model.lut, drawn);
        }
    }
}

mj_status mj_lut_images_draw(mj_real *image, const mj_lut_model *model, const int *label, int n,
                             uint64_t seed, mj_err *err)
{
    mj_arena arena;
    mj_lut_reader reader;
    size_t size = (size_t)(model->width * model->height);
    mj_arena_init(&arena, 0);
    mj_status status = mj_lut_reader_init(&reader, model, &arena, err);
    uint8_t *level = mj_arena_array(&arena, MJ_LUT_BLOCK, size);
    mj_rng *rng = mj_arena_array(&arena, MJ_LUT_BLOCK, sizeof *rng);
    if (status == MJ_OK && (!level || !rng)) {
        status = no_memory(err);
    }
    for (int first = 0; status == MJ_OK && first < n; first += MJ_LUT_BLOCK) {
        int count = n - first < MJ_LUT_BLOCK ? n - first : MJ_LUT_BLOCK;
        for (int i = 0; i < count; i++) {
            mj_rng_init(&rng[i], seed, (uint64_t)(first + i));
        }
        draw_block(image + (size_t)first * size, level, &reader, label + first, count, rng);
    }
    mj_arena_fini(&arena);
    return status;
}
