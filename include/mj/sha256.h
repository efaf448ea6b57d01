/* SHA-256 [fips2015]: what a file is, in 64 letters. */
#ifndef MJ_SHA256_H
#define MJ_SHA256_H

#include "mj/err.h"

#include <stddef.h>
#include <stdint.h>

enum { MJ_SHA256_TEXT = 65 };

typedef struct {
    uint32_t state[8];
    uint64_t n_B;
    uint8_t block[64]; /* n_B % 64 bytes of the next */
} mj_sha256;

void mj_sha256_init(mj_sha256 *sha);
void mj_sha256_add(mj_sha256 *sha, const void *bytes, size_t n);
/* Lower-case hexadecimal and a NUL. The state is used up. */
void mj_sha256_format(char text[MJ_SHA256_TEXT], mj_sha256 *sha);

/* Of a file, which is read in pieces. MJ_EFILE. */
mj_status mj_sha256_file(char text[MJ_SHA256_TEXT], const char *path, mj_err *err);

#endif
