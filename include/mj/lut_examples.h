/* What a trained look-up-table network reads when it works, in the order in which it would come: test images
 * one after the other, the pixels of test images line by line, the places of the test text. The bits that go
 * into the circuit, for its check and its energy. */
#ifndef MJ_LUT_EXAMPLES_H
#define MJ_LUT_EXAMPLES_H

#include "mj/dataset.h"
#include "mj/lut_file.h"

/* 64 samples a word, the first in the lowest bit: bits of input i at bits + i * n_words, n_words 64th parts
 * of n, rounded up; and the right answers: class, level of the pixel, symbol. */
typedef struct {
    int n, n_words;
    uint64_t *bits;
    int *label; /* [n] */
} mj_lut_examples;

/* At most n samples, fewer where the data have no more, in the arena. Of images (the model must fit them)
 * or, where `test` is NULL, of a text in the model's alphabet. */
mj_status mj_lut_examples_read(mj_lut_examples *examples, const mj_lut_model *model,
                               const mj_dataset *test, const mj_symbols *text, int n, mj_arena *arena,
                               mj_err *err);

#endif
