/* What a look-up-table network reads: bits, each a question about one feature of a sample.
 *
 * A feature is a small number (0 to 255): the grey value of a pixel, the level of a neighbour, a row, a
 * class, a symbol of text so many places back. A bit asks whether it is at least a threshold
 * (a thermometer), is a value (one-hot), or has a bit. Which features there are is the model's; the list
 * of questions is all that hardware needs in front of the network, and it is stored with it. */
#ifndef MJ_LUT_ENCODER_H
#define MJ_LUT_ENCODER_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { MJ_LUT_AT_LEAST, MJ_LUT_EQUALS, MJ_LUT_BIT, MJ_LUT_QUESTIONS_N } mj_lut_question;

typedef struct {
    int feature;
    int question; /* mj_lut_question */
    int operand;  /* threshold, value, or number of the bit */
} mj_lut_input;

typedef struct {
    int n_features, n_inputs;
    mj_lut_input *input; /* [n_inputs] */
} mj_lut_encoder;

/* x [n_inputs,B] of 0 and 1 from feature [n_features,B]. */
void mj_lut_encode(mj_real *x, const uint8_t *feature, const mj_lut_encoder *encoder, int B);
/* The same 64 samples a word, the first in the lowest bit: feature [n_features,64 * n_words], bits of
 * input i at to + i * stride. */
void mj_lut_encode_words(uint64_t *to, size_t stride, const uint8_t *feature,
                         const mj_lut_encoder *encoder, int n_words);
/* MJ_ERANGE unless every input asks about a feature that there is. */
mj_status mj_lut_encoder_check(const mj_lut_encoder *encoder, const char *path, mj_err *err);

/* Room for n_inputs, to which questions are added one by one. */
mj_status mj_lut_encoder_init(mj_lut_encoder *encoder, int n_features, int n_inputs, mj_arena *arena,
                              mj_err *err);
void mj_lut_encoder_ask(mj_lut_encoder *encoder, int feature, mj_lut_question question, int operand);

/* Features of an image's pixel at (row, column) of its neighbours that come before it in the order of
 * lines: reach rows above, reach columns to both sides, reach + 2 to the left; then those around its mirror
 * image across the vertical axis, for garments are symmetric; then row, column, class. Outside the image,
 * and where the mirror image is not known yet, 0. */
typedef struct {
    int reach, width, height, levels, n_classes;
} mj_lut_pixels;
int mj_lut_pixels_features(const mj_lut_pixels *pixels);
/* feature [n_features] with `stride` from one to the next; level [height,width]. */
void mj_lut_pixels_read(uint8_t *feature, size_t stride, const mj_lut_pixels *pixels,
                        const uint8_t *level, int row, int column, int class);

/* Encoders of the three models. Images: grey values 0 to 255 against thresholds, [pixel] a bit where
 * lowest [pixel] < threshold <= highest [pixel], for the others are constant. Pixels: thermometers.
 * Text: the `one_hot` nearest symbols one-hot, with `ordered` as thermometers too, those up to `history` back
 * by the bits of their number. */
mj_status mj_lut_encode_images(mj_lut_encoder *encoder, const double *threshold, int n_thresholds,
                               const uint8_t *lowest, const uint8_t *highest, int n_pixels,
                               mj_arena *arena, mj_err *err);
mj_status mj_lut_encode_pixels(mj_lut_encoder *encoder, const mj_lut_pixels *pixels, mj_arena *arena,
                               mj_err *err);
mj_status mj_lut_encode_text(mj_lut_encoder *encoder, int history, int one_hot, bool ordered, int n_symbols,
                             mj_arena *arena, mj_err *err);

#endif
