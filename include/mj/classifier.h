/* Classifiers: the yardstick of image quality, and the network whose features a generator is trained
 * on, of another family so that no generator is judged by what it was taught.
 *
 *   conv    3x3 convolutions 16-32-32, ReLU, two 2x2 maxima, 64 features, classes
 *   patch   overlapping 7x7 patches -> 48, 2x2 patches of those -> 96, 128 features, classes; SiLU:
 *           every layer is a product with strided patches: no 3x3 convolution, no pooling, no ReLU
 *
 * Both take images of 28 x 28 pixels in [0, 1]. */
#ifndef MJ_CLASSIFIER_H
#define MJ_CLASSIFIER_H

#include "mj/tape.h"

typedef enum { MJ_CONVNET, MJ_PATCHNET, MJ_NETWORK_N } mj_network;
/* "conv", "patch", NULL last. */
extern const char *const mj_network_names[];

enum { MJ_CLASSIFIER_SIDE = 28, MJ_VIEWS_MAX = 16 };

/* Fixed when it is recorded. */
typedef struct {
    mj_network network;
    int n_class;
    double lr_scale; /* of all its parameters; 0 freezes it */
    double dropout;  /* before the last layer, in training */
    bool with_views;
} mj_classifier;

typedef struct {
    mj_var feature; /* [B, mj_classifier_features()], before the last layer */
    mj_var logits;  /* [B, n_class] */
    mj_var view[MJ_VIEWS_MAX]; /* features by place: quadrants of the maps, then all of the image */
    int n_views;
} mj_classifier_vars;

int mj_classifier_features(mj_network network);
/* Records it on top of pixel [B, 784]. Names of its parameters begin with `prefix`. A shape that does
 * not fit is kept as the tape's mistake. */
void mj_classifier_record(mj_classifier_vars *vars, mj_tape *tape, mj_var pixel,
                          const mj_classifier *classifier, const char *prefix);
/* Start of a training, for all parameters of the tape whose names begin with `prefix`. conv: uniform in
 * +-1/sqrt(inputs), biases too; patch: normal weights of variance 2/inputs, biases 0. */
void mj_classifier_init(mj_tape *tape, mj_network network, const char *prefix, uint64_t seed);

#endif
