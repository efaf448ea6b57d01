/* Random numbers: Philox4x32-10 [salmon2011].
 *
 * J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011. A block of four words is a bijection of a 128-bit counter under a 64-bit key:
 *
 *   one round    hi0:lo0 = M0 * c0    hi1:lo1 = M1 * c2
 *                c' = (hi1 ^ c1 ^ k0, lo1, hi0 ^ c3 ^ k1, lo0)
 *                k' = (k0 + W0, k1 + W1)
 *
 * The key is the seed; the upper half of the counter is the stream, the lower half the position. So
 * a stream has 2^64 blocks before it repeats, and its n-th number can be had without the others. */
#include "mj/rng.h"

#include <math.h>

enum { N_ROUNDS = 10, N_WORDS = 4 };

/* Multipliers and Weyl increments [salmon2011, table 2]. */
static const uint32_t M0 = 0xD2511F53, M1 = 0xCD9E8D57, W0 = 0x9E3779B9, W1 = 0xBB67AE85;

void mj_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int i = 0; i < N_ROUNDS; i++) {
        uint64_t p0 = (uint64_t)M0 * c0, p1 = (uint64_t)M1 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += W0;
        k1 += W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void mj_rng_init(mj_rng *rng, uint64_t seed, uint64_t stream)
{
    *rng = (mj_rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, 0, (uint32_t)stream, (uint32_t)(stream >> 32)},
    };
}

uint32_t mj_rng_u32(mj_rng *rng)
{
    if (rng->n_left == 0) {
        mj_philox(rng->block, rng->counter, rng->key);
        rng->n_left = N_WORDS;
        rng->counter[0]++;
        rng->counter[1] += rng->counter[0] == 0;
    }
    return rng->block[N_WORDS - rng->n_left--];
}

double mj_rng_uniform(mj_rng *rng)
{
    uint64_t high = mj_rng_u32(rng) >> 5, low = mj_rng_u32(rng) >> 6; /* 27 + 26 bits */
    return (double)(high << 26 | low) * 0x1p-53;
}

double mj_rng_normal(mj_rng *rng)
{
    if (rng->has_normal) {
        rng->has_normal = false;
        return rng->normal;
    }
    /* 1 - u lies in (0, 1]: the logarithm is finite. */
    double radius = sqrt(-2.0 * log(1.0 - mj_rng_uniform(rng)));
    double angle = 2.0 * 3.14159265358979323846 * mj_rng_uniform(rng);
    rng->normal = radius * sin(angle);
    rng->has_normal = true;
    return radius * cos(angle);
}
