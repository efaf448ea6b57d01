/* Programs over words of 256 samples. */
#include "lut_variants.h"

#if defined(__x86_64__)
typedef uint64_t word_256 __attribute__((vector_size(32), may_alias));
#define WORD word_256
#define WORDS (MJ_LUT_BLOCK / 256)
#define TARGET __attribute__((target("avx2")))
#include "lut_words.h"

void mj_lut_run_avx2(const mj_lut_program *program, uint64_t *slots)
{
    run_program(program, slots);
}
#endif
