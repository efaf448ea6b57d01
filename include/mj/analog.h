/* What an analog or low-precision machine does to numbers, as layers: quantised weights and
 * activations, noise before the non-linearity, weights that differ from chip to chip, noisy reads.
 *
 *   mj_analog chip = {.weight_bits = 4, .activation_bits = 8, .noise = 0.1};
 *   mj_var y = mj_linear(tape, mj_analog_activation(tape, x, &chip),
 *                        mj_analog_weight(tape, w, &chip), bias);
 *   y = mj_analog_noise(tape, y, &chip);
 *
 * The struct is the caller's; the tape reads it at every pass, so the same recorded model is judged
 * at other bits, noises and chips. It must live as long as the tape, and must not change between a
 * forward and its backward. Zeros do nothing. */
#ifndef MJ_ANALOG_H
#define MJ_ANALOG_H

#include "mj/tape.h"

enum { MJ_ANALOG_BITS_MIN = 2, MJ_ANALOG_BITS_MAX = 8 };

typedef struct {
    int weight_bits, activation_bits; /* 0: as they are; 2: ternary */
    double noise;      /* standard deviation before a non-linearity, over the rms of the row */
    double mismatch;   /* relative standard deviation of a weight, fixed when a chip is made */
    uint32_t chip;     /* its number; 0: another chip every step, to train for all of them */
    double read_noise; /* standard deviation of what is read from tables, over the rms of the row */
} mj_analog;

/* Refuses bits outside 2..8 and deviations that are negative or not finite. */
mj_status mj_analog_check(const mj_analog *analog, mj_err *err);

/* Weights [N,K], activations [..,C], products [..,C], table rows [..,C] to the same shape. */
mj_var mj_analog_weight(mj_tape *tape, mj_var w, const mj_analog *analog);
mj_var mj_analog_activation(mj_tape *tape, mj_var x, const mj_analog *analog);
mj_var mj_analog_noise(mj_tape *tape, mj_var y, const mj_analog *analog);
mj_var mj_analog_read(mj_tape *tape, mj_var row, const mj_analog *analog);

/* Rows of x [rows,n] to their nearest levels, one scale a row: 2^(bits-1) - 1 levels to either side
 * of 0, the largest |x| on the last; with 2 bits -1, 0 and 1 times the mean of |x| [bitnet2024].
 * y may be x. */
void mj_quantise_rows(mj_real *y, const mj_real *x, size_t rows, size_t n, int bits);

#endif
