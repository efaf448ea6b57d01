/* Uniform and normal noise by the million: Philox4x32-10 [salmon2011], as in rng.c, on whole
 * arrays.
 *
 * Element i is word i mod 4 of the block whose counter is (i / 4 as 64 bits, stream, step), under
 * the seed as key. Uniform: (word / 2^9 + 1/2) / 2^23. Normal (Box and Muller): words (a, b) and
 * (c, d) of a block give two pairs
 *
 *   sqrt(-2 ln u) (cos 2 pi t, sin 2 pi t)     u = (a / 2^9 + 1/2) / 2^23     t = b / 2^32, b signed
 *
 * so that |normal| <= 5.8; u has no more bits than a float holds, also near 1, where the radius
 * depends on 1 - u; a normal is within 4e-6 of its definition in float. */
#include "mj/fast_math.h"
#include "mj/kernels.h"
#include "mj/rng.h"

#include <string.h>

#include "simd.h"

enum { N_WORDS = 4, N_ROUNDS = 10, CHUNK = BLOCK / N_WORDS };

/* Words of the blocks first, first + 1, ...: one array a word. The same bijection as mj_philox(),
 * in a form that vectorises; a test compares them. */
MJ_CLONES static void philox_blocks(uint32_t word[restrict N_WORDS][CHUNK], uint64_t first,
                                    mj_noise_key key)
{
    const uint32_t m0 = 0xD2511F53, m1 = 0xCD9E8D57, w0 = 0x9E3779B9, w1 = 0xBB67AE85;
    for (int i = 0; i < CHUNK; i++) {
        word[0][i] = (uint32_t)(first + (uint64_t)i);
        word[1][i] = (uint32_t)((first + (uint64_t)i) >> 32);
        word[2][i] = key.stream;
        word[3][i] = key.step;
    }
    uint32_t k0 = (uint32_t)key.seed, k1 = (uint32_t)(key.seed >> 32);
    for (int round = 0; round < N_ROUNDS; round++) {
#pragma omp simd
        for (int i = 0; i < CHUNK; i++) {
            uint64_t p0 = (uint64_t)m0 * word[0][i], p1 = (uint64_t)m1 * word[2][i];
            uint32_t c1 = word[1][i], c3 = word[3][i];
            word[0][i] = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
            word[1][i] = (uint32_t)p1;
            word[2][i] = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
            word[3][i] = (uint32_t)p0;
        }
        k0 += w0;
        k1 += w1;
    }
}

static mj_real uniform_of(uint32_t word)
{
    return ((mj_real)(word >> 9) + (mj_real)0.5) * (mj_real)0x1p-23;
}

void mj_noise_normal_reference(mj_real *out, uint64_t first, size_t n, mj_noise_key key)
{
    const uint32_t seed[2] = {(uint32_t)key.seed, (uint32_t)(key.seed >> 32)};
    uint32_t word[N_WORDS] = {0};
    for (size_t i = 0; i < n; i++) {
        uint64_t block = (first + i) / N_WORDS;
        if (i % N_WORDS == 0) {
            const uint32_t counter[] = {(uint32_t)block, (uint32_t)(block >> 32), key.stream,
                                        key.step};
            mj_philox(word, counter, seed);
        }
        const uint32_t *pair = word + (i % N_WORDS) / 2 * 2;
        double radius = sqrt(-2 * log(((pair[0] >> 9) + 0.5) * 0x1p-23));
        double angle = 2 * 3.14159265358979323846 * ((int32_t)pair[1] * 0x1p-32);
        out[i] = (mj_real)(radius * (i % 2 ? sin(angle) : cos(angle)));
    }
}

#ifdef MJ_DOUBLE

void mj_noise_normal(mj_real *out, uint64_t first, size_t n, mj_noise_key key)
{
    mj_noise_normal_reference(out, first, n, key);
}

#else

/* Radius and angle of Box and Muller's pairs. */
MJ_CLONES static void polar_block(float *restrict radius, float *restrict angle,
                                  const uint32_t *restrict a, const uint32_t *restrict b)
{
#pragma omp simd
    for (int i = 0; i < CHUNK; i++) {
        float u = ((float)(int32_t)(a[i] >> 9) + 0.5f) * 0x1p-23f;
        radius[i] = sqrtf(-2.0f * mj_fast_log(u));
        angle[i] = (float)(int32_t)b[i] * (6.283185307f * 0x1p-32f);
    }
}

/* Puts the two pairs of every block side by side: four at a time, which vectorises. */
MJ_CLONES static void interleave(float *restrict out, float radius[restrict 2][CHUNK],
                                 float sine[restrict 2][CHUNK], float cosine[restrict 2][CHUNK])
{
#pragma omp simd
    for (int i = 0; i < CHUNK; i++) {
        out[N_WORDS * i] = radius[0][i] * cosine[0][i];
        out[N_WORDS * i + 1] = radius[0][i] * sine[0][i];
        out[N_WORDS * i + 2] = radius[1][i] * cosine[1][i];
        out[N_WORDS * i + 3] = radius[1][i] * sine[1][i];
    }
}

/* One chunk: CHUNK blocks, BLOCK normals. */
static void normal_chunk(float *out, uint64_t block, mj_noise_key key)
{
    uint32_t word[N_WORDS][CHUNK];
    float radius[2][CHUNK], angle[CHUNK], sine[2][CHUNK], cosine[2][CHUNK];
    philox_blocks(word, block, key);
    for (int pair = 0; pair < 2; pair++) {
        polar_block(radius[pair], angle, word[2 * pair], word[2 * pair + 1]);
        mj_sincos(sine[pair], cosine[pair], angle, CHUNK);
    }
    interleave(out, radius, sine, cosine);
}

static void normal_part(float *out, uint64_t first, size_t n, mj_noise_key key)
{
    if (n == BLOCK) {
        normal_chunk(out, first / N_WORDS, key);
    } else {
        float last[BLOCK];
        normal_chunk(last, first / N_WORDS, key);
        memcpy(out, last, n * sizeof *out);
    }
}

void mj_noise_normal(mj_real *out, uint64_t first, size_t n, mj_noise_key key)
{
    FOR_BLOCKS(n, at, length, normal_part(out + at, first + at, length, key));
}

#endif

static void uniform_part(mj_real *out, uint64_t first, size_t n, mj_noise_key key)
{
    uint32_t word[N_WORDS][CHUNK];
    philox_blocks(word, first / N_WORDS, key);
    for (size_t k = 0; k < n; k++) {
        out[k] = uniform_of(word[k % N_WORDS][k / N_WORDS]);
    }
}

void mj_noise_uniform(mj_real *out, uint64_t first, size_t n, mj_noise_key key)
{
    FOR_BLOCKS(n, at, length, uniform_part(out + at, first + at, length, key));
}
