/* Fuzz target: files of language models, look-up memories, nets and both. A refusal names a reason;
 * whatever is accepted predicts some symbols of its alphabet, a look-up memory alone never with a number
 * that is none: weights of a net may be as large as they like. */
#define _GNU_SOURCE
#include "mj/language.h"

#include "mj/copy_index.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SYMBOLS = 24 };

static void predict(const mj_language *language)
{
    uint8_t text[MJ_HISTORY + SYMBOLS] = {0};
    for (int i = 0; i < SYMBOLS; i++) {
        text[MJ_HISTORY + i] = (uint8_t)(i * 7 % language->alphabet->n_symbols);
    }
    const mj_symbols symbols = {.symbol = text + MJ_HISTORY, .n = SYMBOLS};
    double bits = mj_language_bits(language, &symbols);
    bool is_net = language->recipe->model.kind == MJ_TRAINED_TEXT_NET;
    if ((!is_net && (isnan(bits) || bits < 0)) || !(language->stored_B > 0) ||
        !(language->touched_B > 0)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mj_units *units; /* immutable once made, and slow to make */
    units = units ? units : mj_units_new();
    char path[64];
    mj_arena arena;
    mj_language language;
    mj_err err = {0};
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (!units || fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    mj_arena_init(&arena, (size_t)256 << 20);
    const mj_status status = mj_language_load(&language, path, MJ_LANGUAGE_JUDGES, units, &arena, &err);
    if ((status == MJ_OK) != (err.n == 0)) {
        abort();
    }
    if (status == MJ_OK) {
        predict(&language);
    }
    mj_arena_fini(&arena);
    close(fd);
    return 0;
}
