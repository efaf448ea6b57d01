/* Random numbers: Philox4x32-10, a counter-based generator [salmon2011].
 *
 * A stream is (seed, stream number); the n-th number of a stream does not depend on rank, thread or
 * on what other streams did. Same seed, same bits, on every machine. */
#ifndef MJ_RNG_H
#define MJ_RNG_H

#include <stdbool.h>
#include <stdint.h>

/* Plain data: copy it to save the state. */
typedef struct {
    uint32_t key[2];
    uint32_t counter[4]; /* [0], [1]: position; [2], [3]: stream */
    uint32_t block[4];
    int n_left; /* numbers of `block` not yet given out */
    bool has_normal;
    double normal; /* Box-Muller's second value, while has_normal */
} mj_rng;

void mj_rng_init(mj_rng *rng, uint64_t seed, uint64_t stream);
uint32_t mj_rng_u32(mj_rng *rng);
/* Uniform in [0, 1) with 53 bits. */
double mj_rng_uniform(mj_rng *rng);
/* Standard normal, Box-Muller on two uniforms, both values used in turn by the caller's calls. */
double mj_rng_normal(mj_rng *rng);
/* The bare bijection: 10 rounds, out[4] from counter[4] and key[2]. */
void mj_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

#endif
