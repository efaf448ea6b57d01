/* Fuzz target: files of look-up memories. A refusal names a reason; whatever is accepted predicts: some
 * symbols of its own text or alphabet, and never a number that is none. */
#define _GNU_SOURCE
#include "mj/lookup_file.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SYMBOLS = 24 };

static void predict(const mj_lookup_model *model)
{
    uint8_t text[MJ_HISTORY + SYMBOLS] = {0};
    for (int i = 0; i < SYMBOLS; i++) {
        text[MJ_HISTORY + i] = (uint8_t)(i * 7 % model->alphabet.n_symbols);
    }
    double bits = mj_lookup_text_bits(model->text, text + MJ_HISTORY, SYMBOLS);
    if (isnan(bits) || bits < 0 || !(model->stored_B > 0) || !(model->touched_B > 0)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mj_units *units; /* immutable once made, and slow to make */
    units = units ? units : mj_units_new();
    char path[64];
    mj_arena arena;
    mj_lookup_model model;
    mj_err err = {0};
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (!units || fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    mj_arena_init(&arena, (size_t)256 << 20);
    const mj_status status = mj_lookup_file_load(&model, path, units, &arena, &err);
    if ((status == MJ_OK) != (err.n == 0)) {
        abort();
    }
    if (status == MJ_OK) {
        predict(&model);
    }
    mj_arena_fini(&arena);
    close(fd);
    return 0;
}
