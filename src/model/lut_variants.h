/* One file an instruction set: lut_words_NAME.c. */
#ifndef MJ_MODEL_LUT_VARIANTS_H
#define MJ_MODEL_LUT_VARIANTS_H

#include "mj/lut_program.h"

void mj_lut_run_portable(const mj_lut_program *program, uint64_t *slots);
#if defined(__x86_64__)
void mj_lut_run_avx2(const mj_lut_program *program, uint64_t *slots);
void mj_lut_run_avx512(const mj_lut_program *program, uint64_t *slots);
#endif

#endif
