/* Programs over words of 512 samples: an operation is one instruction. */
#include "lut_variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define WORD __m512i
#define WORDS (MJ_LUT_BLOCK / 512)
#define TARGET __attribute__((target("avx512f")))
#define TERNARY(a, b, c, F) _mm512_ternarylogic_epi64(a, b, c, F)
#include "lut_words.h"

void mj_lut_run_avx512(const mj_lut_program *program, uint64_t *slots)
{
    run_program(program, slots);
}
#endif
