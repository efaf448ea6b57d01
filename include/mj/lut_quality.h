/* What trained look-up-table networks are worth, and what they draw: all by the hard network, 512 samples
 * at a time. */
#ifndef MJ_LUT_QUALITY_H
#define MJ_LUT_QUALITY_H

#include "mj/dataset.h"
#include "mj/lut_file.h"
#include "mj/lut_program.h"

/* A model ready to read blocks. */
typedef struct {
    const mj_lut_model *model;
    mj_lut_program program;
    uint64_t *slots;
    uint8_t *feature; /* [n_features,512] */
    int *score;       /* [512,n_groups] */
} mj_lut_reader;
mj_status mj_lut_reader_init(mj_lut_reader *reader, const mj_lut_model *model, mj_arena *arena,
                             mj_err *err);
/* From reader->feature to slots. */
void mj_lut_reader_run(mj_lut_reader *reader);
/* -log2 softmax(scale score)[label] of n scores. */
double mj_lut_score_bits(const int *score, int n, double scale, int label);

/* MJ_ESUPPORT unless the images have the model's size and classes. */
mj_status mj_lut_data_check(const mj_lut_model *model, const mj_dataset *data, const char *path,
                            mj_err *err);
/* Share of images whose class has the largest score. */
mj_status mj_lut_accuracy(double *accuracy, const mj_lut_model *model, const mj_dataset *data,
                          mj_err *err);
/* Mean bits of an image under a model of next pixels: its exact likelihood, class given. */
mj_status mj_lut_image_bits(double *bits, const mj_lut_model *model, const mj_dataset *data, mj_err *err);
/* image [n, height, width] in [0,1], drawn pixel by pixel: image i is a function of seed and i. A level is
 * shown as the middle of its grey values, two levels as black and white. */
mj_status mj_lut_images_draw(mj_real *image, const mj_lut_model *model, const int *label, int n,
                             uint64_t seed, mj_err *err);

#endif
