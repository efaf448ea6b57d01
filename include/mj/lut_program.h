/* A hard look-up-table network as straight-line code over words of samples: every operation is one logic
 * function of three slots, as processors with ternary logic have it. Read-out included: scores are counted
 * by full adders (two operations each), the largest score is found by comparing them bit by bit.
 *
 *   MJ_TRY(mj_lut_program_new(&program, &net, &arena, &err));
 *   slots = mj_lut_slots_new(&program, &arena);
 *   ... the 512 bits of input i at mj_lut_slot(slots, MJ_LUT_FIRST_INPUT + i) ...
 *   mj_lut_program_run(&program, slots);
 *   mj_lut_program_classes(class, &program, slots);
 *
 * A block is 512 samples in 8 words of 64 bits; sample s is bit s % 64 of word s / 64. The portable
 * variant is the definition; others give the same bits. */
#ifndef MJ_LUT_PROGRAM_H
#define MJ_LUT_PROGRAM_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/lut_net.h"

#include <stdbool.h>
#include <stddef.h>

enum { MJ_LUT_BLOCK = 512, MJ_LUT_WORDS = MJ_LUT_BLOCK / 64 };

typedef enum { MJ_LUT_PORTABLE, MJ_LUT_AVX2, MJ_LUT_AVX512, MJ_LUT_VARIANTS_N } mj_lut_variant;
extern const char *const mj_lut_variant_names[];

/* Slots that an operation reads; it writes the next slot. Bit 4 a + 2 b + c of the function. */
typedef struct {
    uint32_t a, b, c;
} mj_lut_op;

/* n operations of one function, one after the other. */
typedef struct {
    uint32_t n;
    uint8_t function;
} mj_lut_run;

typedef struct {
    int n_inputs, n_groups;
    int n_ops, n_runs;
    int n_readout; /* operations of the read-out among them */
    mj_lut_op *op;
    mj_lut_run *run;
    /* Bits of the score of group g, lowest first: slots bit[first_bit[g]] .. bit[first_bit[g + 1] - 1];
     * behind them, from first_bit[n_groups] on, the n_class_bits of the number of the largest. */
    int *bit, *first_bit;
    int n_class_bits;
} mj_lut_program;

/* Of a network that passed mj_lut_net_check; pruned ones make short programs. */
mj_status mj_lut_program_new(mj_lut_program *program, const mj_lut_net *net, mj_arena *arena,
                             mj_err *err);
/* 512 bits a slot: 0, 1, inputs, operations in their order. NULL when out of memory. */
uint64_t *mj_lut_slots_new(const mj_lut_program *program, mj_arena *arena);
static inline uint64_t *mj_lut_slot(uint64_t *slots, int slot)
{
    return slots + (size_t)slot * MJ_LUT_WORDS;
}

/* The fastest that this processor has. */
mj_lut_variant mj_lut_variant_best(void);
bool mj_lut_variant_is_there(mj_lut_variant variant);
void mj_lut_program_run(const mj_lut_program *program, uint64_t *slots);
void mj_lut_program_run_as(const mj_lut_program *program, uint64_t *slots, mj_lut_variant variant);

/* score [512, n_groups]; class [512]: the first of the largest. */
void mj_lut_program_scores(int *score, const mj_lut_program *program, const uint64_t *slots);
void mj_lut_program_classes(int *class, const mj_lut_program *program, const uint64_t *slots);

#endif
