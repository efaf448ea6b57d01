/* Programs over words of 64 samples: the definition. */
#include "lut_variants.h"

#define WORD uint64_t
#define WORDS MJ_LUT_WORDS
#define TARGET
#include "lut_words.h"

void mj_lut_run_portable(const mj_lut_program *program, uint64_t *slots)
{
    run_program(program, slots);
}
