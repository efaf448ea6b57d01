/* Fuzz target: files of look-up-table networks. A refusal names a reason; whatever is accepted can be
 * pruned, counted, compiled and run, and the variants of the program give the same scores. */
#define _GNU_SOURCE
#include "mj/lut_quality.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SMALL = 20000 }; /* nodes and outputs that a fuzzer has time for */

static void walk(const mj_lut_model *model, mj_arena *arena)
{
    mj_err err = {0};
    mj_lut_net pruned;
    mj_lut_reader reader;
    if (mj_lut_prune(&pruned, &model->net, arena, &err) != MJ_OK ||
        mj_lut_net_check(&pruned, "pruned", &err) != MJ_OK || mj_lut_net_count(&pruned).gates < 0 ||
        !(mj_lut_net_bits(&pruned) > 0) || mj_lut_reader_init(&reader, model, arena, &err) != MJ_OK) {
        if (err.n == 0) {
            abort();
        }
        return; /* out of memory */
    }
    int n = model->net.n_groups * MJ_LUT_BLOCK;
    int *first = mj_arena_array(arena, (size_t)n, sizeof *first);
    memset(reader.feature, 0x55, (size_t)model->encoder.n_features * MJ_LUT_BLOCK);
    mj_lut_reader_run(&reader);
    for (int v = 0; first && v < MJ_LUT_VARIANTS_N; v++) {
        if (mj_lut_variant_is_there((mj_lut_variant)v)) {
            mj_lut_program_run_as(&reader.program, reader.slots, (mj_lut_variant)v);
            mj_lut_program_scores(v ? reader.score : first, &reader.program, reader.slots);
            if (v && memcmp(first, reader.score, (size_t)n * sizeof *first) != 0) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mj_units *units; /* immutable once made, and slow to make */
    units = units ? units : mj_units_new();
    char path[64];
    mj_arena arena;
    mj_lut_model model;
    mj_err err = {0};
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (!units || fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    mj_arena_init(&arena, (size_t)256 << 20);
    const mj_status status = mj_lut_file_load(&model, path, units, &arena, &err);
    if ((status == MJ_OK) != (err.n == 0)) {
        abort();
    }
    if (status == MJ_OK && model.net.n_nodes < SMALL && model.net.n_outputs < SMALL) {
        walk(&model, &arena);
    }
    mj_arena_fini(&arena);
    close(fd);
    return 0;
}
