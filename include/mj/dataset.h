/* Data sets: labelled grey images, from IDX files or from folders of PNGs. */
#ifndef MJ_DATASET_H
#define MJ_DATASET_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/real.h"
#include <stddef.h>
#include <stdint.h>

/* image [n, height, width] in [0, 1]; label [n] in 0 .. n_classes - 1; class_name [n_classes], the
 * folders' names, or NULL. Plain data in the arena. */
typedef struct {
    int n, height, width, n_classes;
    mj_real *image;
    int *label;
    const char **class_name;
} mj_dataset;

/* Where images come from and what is made of them. */
typedef struct {
    const char *source;      /* "fashion-mnist", or the path of a folder */
    int side;                /* > 0: scaled down to side x side by area mean; 0: as they are */
    double test_share;       /* folders of PNGs: this part becomes the test set; 0: 1/7, as MNIST */
    uint64_t seed;           /* of that split */
} mj_dataset_choice;

/* Loads both parts of a data set.
 *   "fashion-mnist"  [fashionmnist2017] from Debian's package dataset-fashion-mnist; where it is
 *                    missing, MJ_EFILE names the package
 *   a folder         with MNIST's four file names, gzipped or not; or with one subfolder a class,
 *                    sorted by name, each with PNGs of one size for all, sorted by name
 * err names the file that is missing, damaged, or does not fit the others. */
mj_status mj_dataset_load(mj_dataset *train, mj_dataset *test, const mj_dataset_choice *choice,
                          mj_arena *arena, mj_err *err);
/* One part from a file of images and a file of labels. */
mj_status mj_dataset_load_idx(mj_dataset *data, const char *image_path, const char *label_path,
                              mj_arena *arena, mj_err *err);
/* All of a folder with one subfolder a class. At most 4096 classes and 1e6 images. */
mj_status mj_dataset_load_folder(mj_dataset *data, const char *path, mj_arena *arena,
                                 mj_err *err);

/* Every class is cut in the same shares, its members drawn by the seed; both parts keep the order of
 * the whole. share in [0, 1] goes to `part`, the rest to `rest`. Copies images. */
mj_status mj_dataset_split(mj_dataset *rest, mj_dataset *part, const mj_dataset *whole,
                           double share, uint64_t seed, mj_arena *arena, mj_err *err);
/* Area mean: y [side, side] from each x [height, width], side <= both; a pixel that lies across a
 * border counts by its parts, so that the mean of the image stays. */
void mj_images_shrink(mj_real *y, const mj_real *x, int n, int height, int width, int side);
/* index [n]: the images sorted by class, in each class in their order; class c is index[first[c]] to
 * index[first[c + 1] - 1], first [n_classes + 1]. */
void mj_dataset_by_class(int *index, int *first, const mj_dataset *data);

#endif
