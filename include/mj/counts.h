/* Counts: element-wise operations of the functions that models are made of, as the kernels of this
 * program do them (fast_math.h, sincos.c). A product, sum, comparison, shift or conversion counts as
 * one. The accountant's op lists (src/work) and the plans of layers count with the same numbers. */
#ifndef MJ_COUNTS_H
#define MJ_COUNTS_H

enum {
    MJ_EXP_OPS = 24,
    MJ_LOG_OPS = 30,
    MJ_SIGMOID_OPS = MJ_EXP_OPS + 2, /* of silu, too: x stands in the place of 1 */
    MJ_SOFTPLUS_OPS = MJ_EXP_OPS + MJ_LOG_OPS + 4,
    MJ_GELU_OPS = MJ_SIGMOID_OPS + 6,
    MJ_TANH_OPS = MJ_SIGMOID_OPS + 3, /* 2 s(2x) - 1 */
    MJ_SINCOS_OPS = 36,              /* sine and cosine of a number */
    MJ_SOFTMAX_OPS = MJ_EXP_OPS + 4, /* a number: largest, difference, sum, share */
    MJ_SAMPLE_OPS = 2,               /* a number: running sum and comparison */
    MJ_RANDOM_OPS = 15,              /* a random number */
    MJ_ROOT_OPS = 4,                 /* a row's 1 / sqrt(mean + eps) */
    MJ_ROUND_OPS = 8,                /* a number to a level of its row */
};

#endif
