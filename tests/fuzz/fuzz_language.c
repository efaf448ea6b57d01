/* Fuzz target: files of language models of all kinds, text nets with their masks among them. A refusal
 * names a reason; whatever is accepted has sizes above 0 and reads some symbols in both ways. What it
 * predicts may be no number, if the weights of a net make none. */
#define _GNU_SOURCE
#include "mj/language.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SYMBOLS = 24 };
/* A net that needs more work a symbol than this is only loaded. */
static const double TOUCHED_MAX_B = 1 << 20;

static void read_some(const char *path, mj_language_use use, const mj_units *units)
{
    uint8_t text[MJ_HISTORY + SYMBOLS] = {0};
    mj_real logits[256];
    mj_arena arena;
    mj_language language;
    mj_err err = {0};
    mj_arena_init(&arena, (size_t)256 << 20);
    const mj_status status = mj_language_load(&language, path, use, units, &arena, &err);
    if ((status == MJ_OK) != (err.n == 0)) {
        abort();
    }
    if (status == MJ_OK && (!(language.stored_B > 0) || !(language.touched_B > 0))) {
        abort();
    }
    if (status == MJ_OK && language.touched_B < TOUCHED_MAX_B) {
        for (int i = 0; i < SYMBOLS; i++) {
            text[MJ_HISTORY + i] = (uint8_t)(i * 7 % language.alphabet->n_symbols);
        }
        const mj_symbols symbols = {.symbol = text + MJ_HISTORY, .n = SYMBOLS};
        for (int i = 0; use == MJ_LANGUAGE_GENERATES && i < SYMBOLS; i++) {
            mj_language_next(logits, &language, symbols.symbol + i);
        }
        if (use == MJ_LANGUAGE_JUDGES) {
            double bits = mj_language_bits(&language, &symbols);
            bool is_net = language.recipe->model.kind == MJ_TRAINED_TEXT_NET;
            if (!is_net && (isnan(bits) || bits < 0)) {
                abort();
            }
        }
    }
    mj_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mj_units *units; /* immutable once made, and slow to make */
    units = units ? units : mj_units_new();
    char path[64];
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (!units || fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    read_some(path, MJ_LANGUAGE_JUDGES, units);
    read_some(path, MJ_LANGUAGE_GENERATES, units);
    close(fd);
    return 0;
}
