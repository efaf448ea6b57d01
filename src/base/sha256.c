/* SHA-256, as the standard writes it [fips2015]: 64 rounds a block, the message padded with one bit,
 * zeros and its length. The constants are the first 32 bits of the fractional parts of the cube roots of
 * the first 64 primes; the start, of the square roots of the first 8. */
#include "mj/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_B = 64, LENGTH_B = 8, ROUNDS = 64, READ_B = 1 << 16 };

static const uint32_t round_constant[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static void add_block(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[ROUNDS], s[8];
    for (int t = 0; t < 16; t++) {
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
               (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    }
    for (int t = 16; t < ROUNDS; t++) {
        uint32_t a = w[t - 15], b = w[t - 2];
        w[t] = w[t - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[t - 7] +
               (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
    }
    memcpy(s, state, sizeof s);
    for (int t = 0; t < ROUNDS; t++) {
        uint32_t e = s[4], a = s[0];
        uint32_t t1 = s[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & s[5]) ^ (~e & s[6])) +
                      round_constant[t] + w[t];
        uint32_t t2 = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) +
                      ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) {
        state[i] += s[i];
    }
}

void mj_sha256_init(mj_sha256 *sha)
{
    *sha = (mj_sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                                 0x1f83d9ab, 0x5be0cd19}};
}

void mj_sha256_add(mj_sha256 *sha, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    while (n > 0) {
        size_t used = (size_t)(sha->n_B % BLOCK_B), room = BLOCK_B - used, take = n < room ? n : room;
        memcpy(sha->block + used, from, take);
        sha->n_B += take;
        from += take;
        n -= take;
        if (take == room) {
            add_block(sha->state, sha->block);
        }
    }
}

void mj_sha256_format(char text[MJ_SHA256_TEXT], mj_sha256 *sha)
{
    static const uint8_t padding[BLOCK_B] = {0x80};
    uint64_t n_bits = 8 * sha->n_B;
    uint8_t length[LENGTH_B];
    for (int i = 0; i < LENGTH_B; i++) {
        length[i] = (uint8_t)(n_bits >> 8 * (LENGTH_B - 1 - i));
    }
    size_t used = (size_t)(sha->n_B % BLOCK_B), end = BLOCK_B - LENGTH_B;
    mj_sha256_add(sha, padding, used < end ? end - used : end + BLOCK_B - used);
    mj_sha256_add(sha, length, sizeof length);
    for (int i = 0; i < 8; i++) {
        snprintf(text + 8 * i, 9, "%08x", (unsigned)sha->state[i]);
    }
}

mj_status mj_sha256_file(char text[MJ_SHA256_TEXT], const char *path, mj_err *err)
{
    uint8_t piece[READ_B];
    mj_sha256 sha;
    FILE *file = fopen(path, "rb");
    if (!file) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot open: %s", strerror(errno));
    }
    mj_sha256_init(&sha);
    for (size_t n; (n = fread(piece, 1, sizeof piece, file)) > 0;) {
        mj_sha256_add(&sha, piece, n);
    }
    int code = ferror(file) ? errno : 0;
    fclose(file);
    if (code) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot read: %s", strerror(code));
    }
    mj_sha256_format(text, &sha);
    return MJ_OK;
}
