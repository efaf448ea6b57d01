/* The 256 functions of three bits as loops over operations; included once an instruction set, which
 * defines WORD, WORDS (a slot is so many), TARGET (an attribute) and, if it has one instruction for all of
 * them, TERNARY(a, b, c, FUNCTION). */
#include "mj/lut_program.h"

#ifndef TERNARY
#define TERNARY(a, b, c, F) three(a, b, c, F)
#define INLINE TARGET static inline __attribute__((always_inline))

/* Any function of two bits; 2 b + c is the bit of t, which the compiler knows. */
INLINE WORD two(WORD b, WORD c, unsigned t)
{
    switch (t) {
    case 0: return b ^ b;
    case 1: return ~(b | c);
    case 2: return ~b & c;
    case 3: return ~b;
    case 4: return b & ~c;
    case 5: return ~c;
    case 6: return b ^ c;
    case 7: return ~(b & c);
    case 8: return b & c;
    case 9: return ~(b ^ c);
    case 10: return c;
    case 11: return ~b | c;
    case 12: return b;
    case 13: return b | ~c;
    case 14: return b | c;
    default: return ~(b ^ b);
    }
}

/* By its two halves, or one of them where they are equal or inverse. */
INLINE WORD three(WORD a, WORD b, WORD c, unsigned t)
{
    unsigned low = t & 15, high = t >> 4;
    if (low == high) {
        return two(b, c, low);
    }
    return low == (15 ^ high) ? a ^ two(b, c, low) : (a & two(b, c, high)) | (~a & two(b, c, low));
}
#endif

/* out [n] slots. Volatile nothing, aliases nothing: an operation reads slots before its own. */
typedef void lut_loop(WORD *out, const WORD *slot, const mj_lut_op *op, size_t n);

#define LOOP(F)                                                                                    \
    TARGET static void loop_##F(WORD *out, const WORD *slot, const mj_lut_op *op, size_t n)        \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            const WORD *a = slot + (size_t)op[i].a * WORDS, *b = slot + (size_t)op[i].b * WORDS;   \
            const WORD *c = slot + (size_t)op[i].c * WORDS;                                        \
            for (int w = 0; w < WORDS; w++) {                                                      \
                out[i * WORDS + (size_t)w] = TERNARY(a[w], b[w], c[w], 0x##F);                     \
            }                                                                                      \
        }                                                                                          \
    }
#define ROW(X, H)                                                                                  \
    X(H##0) X(H##1) X(H##2) X(H##3) X(H##4) X(H##5) X(H##6) X(H##7)                                \
    X(H##8) X(H##9) X(H##a) X(H##b) X(H##c) X(H##d) X(H##e) X(H##f)
#define FUNCTIONS(X)                                                                               \
    ROW(X, 0) ROW(X, 1) ROW(X, 2) ROW(X, 3) ROW(X, 4) ROW(X, 5) ROW(X, 6) ROW(X, 7)                \
    ROW(X, 8) ROW(X, 9) ROW(X, a) ROW(X, b) ROW(X, c) ROW(X, d) ROW(X, e) ROW(X, f)

FUNCTIONS(LOOP)

#define NAME(F) loop_##F,
static lut_loop *const loops[256] = {FUNCTIONS(NAME)};

static void run_program(const mj_lut_program *program, uint64_t *slots)
{
    WORD *slot = (WORD *)(void *)slots;
    WORD *out = slot + (size_t)(MJ_LUT_FIRST_INPUT + program->n_inputs) * WORDS;
    const mj_lut_op *op = program->op;
    for (int r = 0; r < program->n_runs; r++) {
        size_t n = program->run[r].n;
        loops[program->run[r].function](out, slot, op, n);
        out += n * WORDS;
        op += n;
    }
}
