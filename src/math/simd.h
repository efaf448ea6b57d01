/* One body, three instruction sets: gcc compiles a function marked MJ_CLONES for each and the
 * loader picks what the processor has. Only leaves are marked; the loop over blocks and threads is
 * in their callers, because OpenMP moves a parallel body out of the marked function.
 *
 * A block of BLOCK elements is what one call of a leaf takes: small enough for the first-level
 * cache, large enough that the call costs nothing. */
#ifndef MJ_SIMD_H
#define MJ_SIMD_H

#include <stddef.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MJ_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MJ_CLONES
#endif

enum { BLOCK = 1024 };

/* Below this many elements threads cost more than they save. */
enum { PARALLEL_MIN = 1 << 14 };

static inline size_t block_length(size_t start, size_t n)
{
    return n - start < BLOCK ? n - start : BLOCK;
}

#endif
