/* Data sets: loading, splitting and scaling of labelled images. Folders of PNGs: dataset_folder.c. */
#include "mj/dataset.h"

#include "mj/idx.h"
#include "mj/rng.h"
#include "mj/text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SIDE_MAX = 4096, PATH_MAX_B = 4096 };

#define FASHION "fashion-mnist"
static const char fashion_folder[] = "/usr/share/datasets/fashion-mnist";

static mj_status no_memory(const char *path, mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, path, 0, 0, "out of memory");
}

static mj_status idx_pair_check(const mj_idx *images, const mj_idx *labels, const char *image_path,
                                const char *label_path, mj_err *err)
{
    if (images->n_dims != 3 || images->dim[1] > SIDE_MAX || images->dim[2] > SIDE_MAX) {
        return mj_err_add(err, MJ_ESYNTAX, image_path, 0, 0,
                          "not images: %d dimensions, or a side above %d", images->n_dims,
                          SIDE_MAX);
    }
    if (labels->n_dims != 1) {
        return mj_err_add(err, MJ_ESYNTAX, label_path, 0, 0, "not labels: %d dimensions",
                          labels->n_dims);
    }
    if (labels->dim[0] != images->dim[0]) {
        return mj_err_add(err, MJ_ESYNTAX, label_path, 0, 0, "%d labels for the %d images of %s",
                          labels->dim[0], images->dim[0], image_path);
    }
    return MJ_OK;
}

mj_status mj_dataset_load_idx(mj_dataset *data, const char *image_path, const char *label_path,
                              mj_arena *arena, mj_err *err)
{
    mj_idx images, labels;
    mj_arena bytes;
    *data = (mj_dataset){0};
    mj_arena_init(&bytes, 0);
    mj_status status = mj_idx_load(&images, image_path, &bytes, err);
    if (status == MJ_OK) {
        status = mj_idx_load(&labels, label_path, &bytes, err);
    }
    if (status == MJ_OK) {
        status = idx_pair_check(&images, &labels, image_path, label_path, err);
    }
    if (status == MJ_OK) {
        data->image = mj_arena_array(arena, images.n_elements, sizeof *data->image);
        data->label = mj_arena_array(arena, labels.n_elements, sizeof *data->label);
        status = data->image && data->label ? MJ_OK : no_memory(image_path, err);
    }
    if (status == MJ_OK) {
        data->n = images.dim[0];
        data->height = images.dim[1];
        data->width = images.dim[2];
        for (size_t i = 0; i < images.n_elements; i++) {
            data->image[i] = (mj_real)images.element[i] / 255;
        }
        for (int i = 0; i < data->n; i++) {
            data->label[i] = labels.element[i];
            data->n_classes = data->label[i] < data->n_classes ? data->n_classes
                                                               : data->label[i] + 1;
        }
    }
    mj_arena_fini(&bytes);
    return status;
}

void mj_dataset_by_class(int *index, int *first, const mj_dataset *data)
{
    memset(first, 0, ((size_t)data->n_classes + 1) * sizeof *first);
    for (int i = 0; i < data->n; i++) {
        first[data->label[i] + 1]++;
    }
    for (int c = 0; c < data->n_classes; c++) {
        first[c + 1] += first[c];
    }
    for (int i = 0; i < data->n; i++) {
        index[first[data->label[i]]++] = i;
    }
    /* Each start has moved to its end, which is the next one's start. */
    memmove(first + 1, first, (size_t)data->n_classes * sizeof *first);
    first[0] = 0;
}

/* Marks n_marks of n members, drawn without replacement. */
static void members_draw(bool *mark, const int *member, int n, int n_marks, mj_rng *rng)
{
    for (int i = 0, left = n_marks; i < n && left > 0; i++) {
        if (mj_rng_uniform(rng) * (n - i) < left) {
            mark[member[i]] = true;
            left--;
        }
    }
}

/* Copies the images whose mark is `wanted`. */
static mj_status marked_copy(mj_dataset *to, const mj_dataset *from, const bool *mark, bool wanted,
                             mj_arena *arena, mj_err *err)
{
    size_t pixels = (size_t)from->height * (size_t)from->width, n = 0;
    for (int i = 0; i < from->n; i++) {
        n += mark[i] == wanted;
    }
    *to = *from;
    to->n = 0;
    to->image = mj_arena_array(arena, n * pixels, sizeof *to->image);
    to->label = mj_arena_array(arena, n, sizeof *to->label);
    if (!to->image || !to->label) {
        return no_memory(NULL, err);
    }
    for (int i = 0; i < from->n; i++) {
        if (mark[i] == wanted) {
            memcpy(to->image + (size_t)to->n * pixels, from->image + (size_t)i * pixels,
                   pixels * sizeof *to->image);
            to->label[to->n++] = from->label[i];
        }
    }
    return MJ_OK;
}

mj_status mj_dataset_split(mj_dataset *rest, mj_dataset *part, const mj_dataset *whole,
                           double share, uint64_t seed, mj_arena *arena, mj_err *err)
{
    mj_arena scratch;
    mj_arena_init(&scratch, 0);
    mj_status status = MJ_OK;
    bool *mark = mj_arena_array(&scratch, (size_t)whole->n, sizeof *mark);
    int *index = mj_arena_array(&scratch, (size_t)whole->n, sizeof *index);
    int *first = mj_arena_array(&scratch, (size_t)whole->n_classes + 1, sizeof *first);
    if (!(share >= 0.0 && share <= 1.0)) {
        status = mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a share of %g is not in 0 to 1", share);
    } else if (!mark || !index || !first) {
        status = no_memory(NULL, err);
    } else {
        mj_dataset_by_class(index, first, whole);
        for (int c = 0; c < whole->n_classes; c++) {
            int n = first[c + 1] - first[c];
            mj_rng rng; /* a stream a class: another class's size does not move this one's draw */
            mj_rng_init(&rng, seed, (uint64_t)c);
            members_draw(mark, index + first[c], n, (int)lround(share * n), &rng);
        }
        status = marked_copy(rest, whole, mark, false, arena, err);
    }
    if (status == MJ_OK) {
        status = marked_copy(part, whole, mark, true, arena, err);
    }
    mj_arena_fini(&scratch);
    return status;
}

/* Length of the part of input pixel i that lies in output pixel j, when `length` shrink to `side`. */
static double overlap(int i, int j, double ratio)
{
    double low = fmax(i, j * ratio), high = fmin(i + 1, (j + 1) * ratio);
    return fmax(high - low, 0.0);
}

void mj_images_shrink(mj_real *y, const mj_real *x, int n, int height, int width, int side)
{
    double tall = (double)height / side, wide = (double)width / side;
    for (int image = 0; image < n; image++) {
        const mj_real *from = x + (size_t)image * (size_t)height * (size_t)width;
        for (int pixel = 0; pixel < side * side; pixel++) {
            int row = pixel / side, column = pixel % side;
            double sum = 0.0;
            for (int i = (int)(row * tall); i < height && i < (row + 1) * tall; i++) {
                for (int j = (int)(column * wide); j < width && j < (column + 1) * wide; j++) {
                    sum += overlap(i, row, tall) * overlap(j, column, wide) *
                           (double)from[i * width + j];
                }
            }
            *y++ = (mj_real)(sum / (tall * wide));
        }
    }
}

static mj_status dataset_shrink(mj_dataset *data, int side, mj_arena *arena, mj_err *err)
{
    if (side < 1 || side > data->height || side > data->width) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "images of %d x %d cannot be scaled down to side %d", data->height,
                          data->width, side);
    }
    size_t n = (size_t)data->n * (size_t)side * (size_t)side;
    mj_real *small = mj_arena_array(arena, n, sizeof *small);
    if (!small) {
        return no_memory(NULL, err);
    }
    mj_images_shrink(small, data->image, data->n, data->height, data->width, side);
    data->image = small;
    data->height = data->width = side;
    return MJ_OK;
}

/* FOLDER/NAME.gz if it is there, else FOLDER/NAME; false if neither is. */
static bool part_find(char path[PATH_MAX_B], const char *folder, const char *name)
{
    snprintf(path, PATH_MAX_B, "%s/%s.gz", folder, name);
    if (access(path, F_OK) == 0) {
        return true;
    }
    snprintf(path, PATH_MAX_B, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static mj_status mnist_load(mj_dataset *train, mj_dataset *test, const char *folder,
                            mj_arena *arena, mj_err *err)
{
    static const char *const names[4] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                         "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
    char path[4][PATH_MAX_B];
    for (int i = 0; i < 4; i++) {
        if (!part_find(path[i], folder, names[i])) {
            bool is_ours = strcmp(folder, fashion_folder) == 0;
            return mj_err_add(err, MJ_EFILE, path[i], 0, 0, "no such file%s",
                              is_ours ? "; install the package dataset-fashion-mnist" : "");
        }
    }
    MJ_TRY(mj_dataset_load_idx(train, path[0], path[1], arena, err));
    MJ_TRY(mj_dataset_load_idx(test, path[2], path[3], arena, err));
    if (test->height != train->height || test->width != train->width) {
        return mj_err_add(err, MJ_ESYNTAX, path[2], 0, 0,
                          "images of %d x %d, but those of the training set are %d x %d",
                          test->height, test->width, train->height, train->width);
    }
    int n_classes = test->n_classes > train->n_classes ? test->n_classes : train->n_classes;
    train->n_classes = test->n_classes = n_classes;
    return MJ_OK;
}

/* Moves the names of the classes into `arena`. */
static mj_status class_names_copy(mj_dataset *train, mj_dataset *test, mj_arena *arena, mj_err *err)
{
    const char **copy = mj_arena_array(arena, (size_t)train->n_classes, sizeof *copy);
    for (int c = 0; copy && c < train->n_classes; c++) {
        copy[c] = mj_arena_text(arena, train->class_name[c], strlen(train->class_name[c]));
        if (!copy[c]) {
            return no_memory(NULL, err);
        }
    }
    train->class_name = test->class_name = copy;
    return copy ? MJ_OK : no_memory(NULL, err);
}

static mj_status png_load(mj_dataset *train, mj_dataset *test, const mj_dataset_choice *choice,
                          mj_arena *arena, mj_err *err)
{
    mj_arena scratch;
    mj_dataset whole;
    mj_arena_init(&scratch, 0);
    double share = choice->test_share != 0.0 ? choice->test_share : 1.0 / 7.0;
    mj_status status = mj_dataset_load_folder(&whole, choice->source, &scratch, err);
    if (status == MJ_OK) {
        status = mj_dataset_split(train, test, &whole, share, choice->seed, arena, err);
    }
    if (status == MJ_OK) {
        status = class_names_copy(train, test, arena, err);
    }
    mj_arena_fini(&scratch);
    return status;
}

/* A word that names no data set and no folder. */
static mj_status check_source(const char *source, mj_err *err)
{
    static const char *const names[] = {FASHION};
    if (strcmp(source, FASHION) == 0 || strchr(source, '/') || access(source, F_OK) == 0) {
        return MJ_OK;
    }
    const char *near = mj_text_nearest(source, names, 1);
    return mj_err_add(err, MJ_ENAME, NULL, 0, 0,
                      "no data set '%s': a folder, or " FASHION "%s", source,
                      near ? " (did you mean that?)" : "");
}

mj_status mj_dataset_load(mj_dataset *train, mj_dataset *test, const mj_dataset_choice *choice,
                          mj_arena *arena, mj_err *err)
{
    char path[PATH_MAX_B];
    *train = *test = (mj_dataset){0};
    MJ_TRY(check_source(choice->source, err));
    if (strcmp(choice->source, FASHION) == 0) {
        MJ_TRY(mnist_load(train, test, fashion_folder, arena, err));
    } else if (part_find(path, choice->source, "train-images-idx3-ubyte")) {
        MJ_TRY(mnist_load(train, test, choice->source, arena, err));
    } else {
        MJ_TRY(png_load(train, test, choice, arena, err));
    }
    if (choice->side != 0) {
        MJ_TRY(dataset_shrink(train, choice->side, arena, err));
        MJ_TRY(dataset_shrink(test, choice->side, arena, err));
    }
    return MJ_OK;
}
