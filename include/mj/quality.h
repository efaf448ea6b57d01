/* Quality of generated images, by a classifier that stands still: the yardstick.
 *
 * The Frechet distance is taken between the yardstick's features of 10,000 generated images and of the
 * 10,000 test images. It is no FID: the features are not Inception's. So that numbers can be compared
 * between yardsticks, features are rescaled once, such that training images blurred by a 3x3 mean
 * score 65.
 *
 * Images that no yardstick was trained for are judged by pixels alone: the same distance between their
 * principal components, of which up to 64 are all there are. What it tells apart is coarse (brightness,
 * outline, spread), it has another scale, and it compares with no distance of features. */
#ifndef MJ_QUALITY_H
#define MJ_QUALITY_H

#include "mj/classifier.h"
#include "mj/dataset.h"
#include "mj/frechet.h"

typedef struct mj_judge mj_judge;

typedef struct {
    double frechet;   /* of features; of a judge by pixels alone, that of pixels */
    double accuracy;  /* NAN by pixels alone; share that the yardstick puts in the class that was asked for */
    double pca;       /* Frechet distance of the first 64 principal components of pixels */
    double diversity; /* mean distance of two images of a class, over the same of the data */
    double nearest_median, nearest_p1; /* distance to the nearest training image; first percentile */
} mj_score;

/* What other images score: values without these mean nothing. */
typedef struct {
    double floor;      /* training images, the first 1,000 of each class */
    double blur;       /* the same, blurred by a 3x3 mean: 65 by the scale's definition */
    double noise;      /* the same with white noise of 0.1, clipped */
    double class_mean; /* the mean image of each class */
    double floor_pca;
    double test_accuracy;                        /* of the yardstick on test images; NAN: none */
    double test_nearest_median, test_nearest_p1; /* of the first 1,000 test images */
} mj_anchors;

/* yardstick_path: a conv classifier; NULL: by pixels alone. Both sets are borrowed. */
mj_status mj_judge_new(mj_judge **judge, const char *yardstick_path, const mj_dataset *train,
                       const mj_dataset *test, mj_arena *arena, mj_err *err);
/* Principal components of pixels that are compared. */
int mj_judge_axes(const mj_judge *judge);
/* n >= 1000 images of the data's size with their classes. */
mj_status mj_judge_score(mj_score *score, mj_judge *judge, const mj_real *image, const int *label,
                         int n, mj_err *err);
mj_status mj_judge_anchors(mj_anchors *anchors, mj_judge *judge, mj_err *err);
/* Factor of the features for which the blurred images score 65; to be stored as "feature_scale". */
mj_status mj_judge_find_scale(double *scale, mj_judge *judge, mj_err *err);
/* Share of test images that a classifier of any family gets right. */
mj_status mj_classifier_test(double *accuracy, const char *path, mj_network network,
                             const mj_dataset *test, mj_err *err);

#endif
