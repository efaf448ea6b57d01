/* Look-up-table networks as language models: what language.c needs for its table. */
#ifndef MJ_TRAIN_LUT_LANGUAGE_H
#define MJ_TRAIN_LUT_LANGUAGE_H

#include "mj/language.h"

mj_status mj_lut_language_load(mj_language *language, const char *path, mj_language_use use,
                               const mj_units *units, mj_arena *arena, mj_err *err);
double mj_lut_language_bits(void *self, const uint8_t *symbol, size_t n);
void mj_lut_language_next(mj_real *logits, void *self, const uint8_t *at);

#endif
