/* Blocks of the vector kernels, and when threads pay.
 *
 * A block of BLOCK elements is what one call of a leaf takes: small enough for the first-level
 * cache, large enough that the call costs nothing. */
#ifndef MJ_SIMD_H
#define MJ_SIMD_H

#include "mj/kernels.h"

#include <stddef.h>

enum { BLOCK = 1024 };

/* Below this many elements threads cost more than they save. */
enum { PARALLEL_MIN = 1 << 14 };

static inline size_t block_length(size_t start, size_t n)
{
    return n - start < BLOCK ? n - start : BLOCK;
}

/* Runs `call` on blocks of n elements; `at` and `length` say which. Few elements do not enter OpenMP at
 * all: making up a team of one costs more than a row of oscillators. */
#define FOR_BLOCKS(n, at, length, call)                                                        \
    do {                                                                                       \
        size_t n_ = (n);                                                                       \
        if (n_ < PARALLEL_MIN) {                                                               \
            for (size_t at = 0; at < n_; at += BLOCK) {                                        \
                size_t length = block_length(at, n_);                                          \
                call;                                                                          \
            }                                                                                  \
            break;                                                                             \
        }                                                                                      \
        _Pragma("omp parallel for schedule(static)")                                           \
        for (size_t at = 0; at < n_; at += BLOCK) {                                            \
            size_t length = block_length(at, n_);                                              \
            call;                                                                              \
        }                                                                                      \
    } while (0)

#endif
