/* Quality: features of a classifier, their Frechet distance, and what else tells images apart.
 *
 * The blurred images that set the scale: 3x3 mean with zeros outside, divided by 9 at the edge too.
 * Source: [dowson1982]. */
#include "mj/quality.h"

#include "mj/checkpoint.h"
#include "mj/neighbours.h"

#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 500,
    SAMPLES_A_CLASS = 1000, /* of the anchors */
    AXES_MAX = 64,
    NEAREST_N = 1000,      /* images whose nearest training image is sought */
    PAIRS_A_CLASS = 100,   /* images whose distances tell the diversity */
};
static const double BLURRED_SCORE = 65;
static const double NOISE = 0.1;

/* A classifier on a tape of its own. */
typedef struct {
    mj_tape *tape;
    mj_var pixel;
    mj_classifier_vars vars;
    int n_class;
} reader;

struct mj_judge {
    const mj_dataset *train, *test;
    reader yardstick; /* without a tape: pixels alone */
    double scale;
    mj_gaussian test_features, test_axes;
    mj_gaussian features, axes; /* of the images that are being judged */
    mj_pca pca;
    double data_distance; /* of two training images of a class */
};

static mj_status reader_load(reader *r, const char *path, mj_network network, int n_class, int size,
                             mj_arena *arena, mj_err *err)
{
    const mj_classifier classifier = {.network = network, .n_class = n_class};
    *r = (reader){.n_class = n_class};
    r->tape = mj_tape_new(arena, err, (mj_tape_config){.inference = true});
    if (!r->tape) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a classifier");
    }
    r->pixel = mj_tape_input(r->tape, "pixel", mj_shape_2(BATCH, size), false);
    mj_classifier_record(&r->vars, r->tape, r->pixel, &classifier, "");
    MJ_TRY(mj_tape_allocate(r->tape, 0));
    mj_checkpoint checkpoint;
    MJ_TRY(mj_checkpoint_load(&checkpoint, path, arena, err));
    int n_params;
    const mj_param *param = mj_tape_params(r->tape, &n_params);
    for (int p = 0; p < n_params; p++) {
        mj_tensor tensor = mj_tape_tensor(r->tape, param[p].var);
        MJ_TRY(mj_checkpoint_read(tensor.v, &checkpoint, param[p].name, tensor.shape.dim,
                                  tensor.shape.n_dims, err));
    }
    return MJ_OK;
}

static int best_class(const mj_real *logits, int n_class)
{
    int best = 0;
    for (int c = 1; c < n_class; c++) {
        best = logits[c] > logits[best] ? c : best;
    }
    return best;
}

/* Adds the features of n images to `features` (NULL: none); returns how many are classified right. */
static int read_images(const reader *r, mj_gaussian *features, const mj_real *image,
                       const int *label, int n)
{
    mj_tensor pixel = mj_tape_tensor(r->tape, r->pixel);
    size_t size = (size_t)mj_shape_columns(pixel.shape);
    int n_right = 0;
    for (int first = 0; first < n; first += BATCH) {
        int count = n - first < BATCH ? n - first : BATCH;
        memcpy(pixel.v, image + (size_t)first * size, (size_t)count * size * sizeof *image);
        mj_tape_forward(r->tape, 0, false);
        const mj_real *logits = mj_tape_tensor(r->tape, r->vars.logits).v;
        for (int b = 0; b < count; b++) {
            n_right += best_class(logits + (size_t)b * (size_t)r->n_class, r->n_class) ==
                       label[first + b];
        }
        if (features) {
            mj_gaussian_add(features, mj_tape_tensor(r->tape, r->vars.feature).v, (size_t)count);
        }
    }
    return n_right;
}

/* Adds the principal components of n images. */
static mj_status add_axes(mj_gaussian *axes, const mj_pca *pca, const mj_real *image, int n,
                          mj_err *err)
{
    mj_real *y = malloc((size_t)BATCH * (size_t)pca->n_axes * sizeof *y);
    if (!y) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for principal components");
    }
    for (int first = 0; first < n; first += BATCH) {
        int count = n - first < BATCH ? n - first : BATCH;
        mj_pca_project(y, pca, image + (size_t)first * (size_t)pca->d, (size_t)count);
        mj_gaussian_add(axes, y, (size_t)count);
    }
    free(y);
    return MJ_OK;
}

/* The yardstick and what it sees in the test images. */
static mj_status load_yardstick(mj_judge *j, const char *path, mj_arena *arena, mj_err *err)
{
    mj_checkpoint checkpoint;
    const mj_dataset *test = j->test;
    MJ_TRY(reader_load(&j->yardstick, path, MJ_CONVNET, j->train->n_classes, test->width * test->height,
                       arena, err));
    MJ_TRY(mj_checkpoint_load(&checkpoint, path, arena, err));
    if (mj_safetensors_text(&checkpoint.file, "feature_scale")) {
        MJ_TRY(mj_checkpoint_get_number(&j->scale, &checkpoint, "feature_scale", err));
    }
    MJ_TRY(mj_gaussian_init(&j->test_features, mj_classifier_features(MJ_CONVNET), arena, err));
    MJ_TRY(mj_gaussian_init(&j->features, mj_classifier_features(MJ_CONVNET), arena, err));
    read_images(&j->yardstick, &j->test_features, test->image, test->label, test->n);
    return MJ_OK;
}

mj_status mj_judge_new(mj_judge **judge, const char *yardstick_path, const mj_dataset *train,
                       const mj_dataset *test, mj_arena *arena, mj_err *err)
{
    int size = train->width * train->height, n_axes = size < AXES_MAX ? size : AXES_MAX;
    mj_judge *j = mj_arena_alloc(arena, sizeof *j);
    if (!j) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the yardstick");
    }
    *j = (mj_judge){.train = train, .test = test, .scale = 1};
    if (yardstick_path) {
        MJ_TRY(load_yardstick(j, yardstick_path, arena, err));
    }
    mj_gaussian pixels;
    MJ_TRY(mj_gaussian_init(&pixels, size, arena, err));
    mj_gaussian_add(&pixels, train->image, (size_t)train->n);
    MJ_TRY(mj_pca_compute(&j->pca, &pixels, n_axes, arena, err));
    MJ_TRY(mj_gaussian_init(&j->test_axes, n_axes, arena, err));
    MJ_TRY(mj_gaussian_init(&j->axes, n_axes, arena, err));
    MJ_TRY(add_axes(&j->test_axes, &j->pca, test->image, test->n, err));
    MJ_TRY(mj_pair_distance(&j->data_distance, train->image, train->label, train->n, size,
                            train->n_classes, PAIRS_A_CLASS, err));
    *judge = j;
    return MJ_OK;
}

int mj_judge_axes(const mj_judge *judge)
{
    return judge->pca.n_axes;
}

/* Frechet distance of principal components of pixels. */
static mj_status compare_pixels(double *pca, mj_judge *j, const mj_real *image, int n, mj_err *err)
{
    mj_gaussian_clear(&j->axes);
    MJ_TRY(add_axes(&j->axes, &j->pca, image, n, err));
    return mj_frechet_compute(pca, &j->axes, &j->test_axes, err);
}

/* Frechet distance of features and, with pca, of principal components; the share classified right.
 * Without a yardstick pixels stand in for features. */
static mj_status compare(double *frechet, double *pca, double *accuracy, mj_judge *j,
                         const mj_real *image, const int *label, int n, mj_err *err)
{
    if (!j->yardstick.tape) {
        MJ_TRY(compare_pixels(frechet, j, image, n, err));
        if (pca) {
            *pca = *frechet;
        }
        if (accuracy) {
            *accuracy = NAN;
        }
        return MJ_OK;
    }
    mj_gaussian_clear(&j->features);
    int n_right = read_images(&j->yardstick, &j->features, image, label, n);
    MJ_TRY(mj_frechet_compute(frechet, &j->features, &j->test_features, err));
    *frechet *= j->scale * j->scale;
    if (accuracy) {
        *accuracy = (double)n_right / n;
    }
    return pca ? compare_pixels(pca, j, image, n, err) : MJ_OK;
}

static mj_status find_nearest(double *median, double *p1, const mj_judge *j, const mj_real *image,
                              int n, mj_err *err)
{
    int size = j->train->width * j->train->height;
    mj_real *nearest = malloc((size_t)n * sizeof *nearest);
    if (!nearest) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for distances");
    }
    mj_status status = mj_nearest_compute(nearest, NULL, image, j->train->image, n, j->train->n, size,
                                          err);
    if (status == MJ_OK) {
        *median = mj_quantile(nearest, (size_t)n, 0.5);
        *p1 = mj_quantile(nearest, (size_t)n, 0.01);
    }
    free(nearest);
    return status;
}

mj_status mj_judge_score(mj_score *score, mj_judge *j, const mj_real *image, const int *label,
                         int n, mj_err *err)
{
    int size = j->train->width * j->train->height;
    if (n < NEAREST_N) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "%d images are too few to judge: %d or more", n,
                          NEAREST_N);
    }
    MJ_TRY(compare(&score->frechet, &score->pca, &score->accuracy, j, image, label, n, err));
    MJ_TRY(mj_pair_distance(&score->diversity, image, label, n, size, j->train->n_classes,
                            PAIRS_A_CLASS, err));
    score->diversity /= j->data_distance;
    return find_nearest(&score->nearest_median, &score->nearest_p1, j, image, NEAREST_N, err);
}

/* The anchors' images: the first of each class, and room to change them. */
typedef struct {
    mj_real *image, *changed;
    int *label;
    int n;
} subset;

static void subset_fini(subset *s)
{
    free(s->image);
    free(s->changed);
    free(s->label);
}

static mj_status subset_init(subset *s, const mj_dataset *data, mj_err *err)
{
    size_t size = (size_t)data->width * (size_t)data->height;
    size_t most = (size_t)data->n_classes * SAMPLES_A_CLASS;
    *s = (subset){.image = malloc(most * size * sizeof *s->image),
                  .changed = malloc(most * size * sizeof *s->changed),
                  .label = malloc(most * sizeof *s->label)};
    int *count = calloc((size_t)data->n_classes, sizeof *count);
    if (!s->image || !s->changed || !s->label || !count) {
        free(count);
        subset_fini(s);
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the anchors");
    }
    for (int i = 0; i < data->n; i++) {
        if (count[data->label[i]]++ < SAMPLES_A_CLASS) {
            memcpy(s->image + (size_t)s->n * size, data->image + (size_t)i * size,
                   size * sizeof *s->image);
            s->label[s->n++] = data->label[i];
        }
    }
    free(count);
    return MJ_OK;
}

static void blur(mj_real *y, const mj_real *x, int n, int height, int width)
{
    for (int i = 0; i < n; i++, x += height * width) {
        for (int r = 0; r < height; r++) {
            for (int c = 0; c < width; c++) {
                mj_real sum = 0;
                for (int dr = r > 0 ? -1 : 0; dr <= 1 && r + dr < height; dr++) {
                    for (int dc = c > 0 ? -1 : 0; dc <= 1 && c + dc < width; dc++) {
                        sum += x[(r + dr) * width + c + dc];
                    }
                }
                *y++ = sum / 9;
            }
        }
    }
}

static void add_noise(mj_real *y, const mj_real *x, size_t n)
{
    mj_noise_normal(y, 0, n, (mj_noise_key){.seed = 1});
    for (size_t k = 0; k < n; k++) {
        mj_real noisy = x[k] + (mj_real)NOISE * y[k];
        y[k] = noisy < 0 ? 0 : noisy > 1 ? 1 : noisy;
    }
}

/* Each image becomes the mean of its class. */
static void average(mj_real *y, const subset *s, int n_classes, size_t size)
{
    for (int c = 0; c < n_classes; c++) {
        int n = 0, first = -1;
        for (int i = 0; i < s->n; i++) {
            if (s->label[i] != c) {
                continue;
            }
            first = first < 0 ? i : first;
            mj_real *mean = y + (size_t)first * size;
            n++;
            for (size_t k = 0; k < size; k++) {
                mj_real before = n > 1 ? mean[k] : 0;
                mean[k] = before + (s->image[(size_t)i * size + k] - before) / (mj_real)n;
            }
        }
        for (int i = first + 1; first >= 0 && i < s->n; i++) {
            if (s->label[i] == c) {
                memcpy(y + (size_t)i * size, y + (size_t)first * size, size * sizeof *y);
            }
        }
    }
}

static mj_status compute_anchors(mj_anchors *a, mj_judge *j, subset *s, mj_err *err)
{
    const mj_dataset *data = j->train;
    size_t size = (size_t)data->width * (size_t)data->height;
    MJ_TRY(compare(&a->floor, &a->floor_pca, NULL, j, s->image, s->label, s->n, err));
    blur(s->changed, s->image, s->n, data->height, data->width);
    MJ_TRY(compare(&a->blur, NULL, NULL, j, s->changed, s->label, s->n, err));
    add_noise(s->changed, s->image, (size_t)s->n * size);
    MJ_TRY(compare(&a->noise, NULL, NULL, j, s->changed, s->label, s->n, err));
    average(s->changed, s, data->n_classes, size);
    MJ_TRY(compare(&a->class_mean, NULL, NULL, j, s->changed, s->label, s->n, err));
    a->test_accuracy = NAN;
    if (j->yardstick.tape) {
        a->test_accuracy = (double)read_images(&j->yardstick, NULL, j->test->image, j->test->label,
                                               j->test->n) /
                           j->test->n;
    }
    int n_test = j->test->n < NEAREST_N ? j->test->n : NEAREST_N;
    return find_nearest(&a->test_nearest_median, &a->test_nearest_p1, j, j->test->image, n_test,
                        err);
}

mj_status mj_judge_anchors(mj_anchors *anchors, mj_judge *judge, mj_err *err)
{
    subset s;
    MJ_TRY(subset_init(&s, judge->train, err));
    mj_status status = compute_anchors(anchors, judge, &s, err);
    subset_fini(&s);
    return status;
}

mj_status mj_judge_find_scale(double *scale, mj_judge *judge, mj_err *err)
{
    subset s;
    double blurred = 0;
    MJ_TRY(subset_init(&s, judge->train, err));
    blur(s.changed, s.image, s.n, judge->train->height, judge->train->width);
    mj_status status = compare(&blurred, NULL, NULL, judge, s.changed, s.label, s.n, err);
    *scale = judge->scale * sqrt(BLURRED_SCORE / blurred);
    subset_fini(&s);
    return status;
}

mj_status mj_classifier_test(double *accuracy, const char *path, mj_network network,
                             const mj_dataset *test, mj_err *err)
{
    reader r;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_status status = reader_load(&r, path, network, test->n_classes, test->width * test->height,
                                   &arena, err);
    if (status == MJ_OK) {
        *accuracy = (double)read_images(&r, NULL, test->image, test->label, test->n) / test->n;
    }
    mj_arena_fini(&arena);
    return status;
}
