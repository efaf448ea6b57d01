/* Fuzz target: files of trained models. A refusal names a reason; whatever is accepted has finite
 * counts, and couplings that its tensor bears out. */
#define _GNU_SOURCE
#include "mj/op.h"
#include "mj/trained.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_model(const mj_model *model)
{
    mj_ops ops;
    double n = (double)model->oscillator.visible + model->oscillator.hidden;
    if (!(model->params.total > 0 && isfinite(model->params.total)) ||
        !(model->oscillator.couplings <= n * n)) {
        abort();
    }
    mj_ops_count(&ops, model, &(mj_extent){.context = 100, .prompt = 10, .longest = 200});
    double share = mj_ops_decoder_share(&ops);
    if (!(share >= 0 && share <= 1)) {
        abort();
    }
    for (int i = 0; i < ops.n; i++) {
        const mj_op *op = &ops.op[i];
        double all = op->mac + op->state_mac + op->prompt_mac + op->weight_B + op->row_B + op->state_B +
                     op->stored_B + op->act_B + op->vector;
        if (!(all >= 0 && isfinite(all))) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mj_units *units; /* immutable once made, and slow to make */
    units = units ? units : mj_units_new();
    char path[64];
    mj_arena arena;
    mj_model model;
    mj_err err = {0};
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (!units || fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    mj_arena_init(&arena, (size_t)256 << 20);
    const mj_status status = mj_model_from_trained(&model, path, units, &arena, &err);
    if ((status == MJ_OK) != (err.n == 0)) {
        abort();
    }
    if (status == MJ_OK) {
        check_model(&model);
    }
    mj_arena_fini(&arena);
    close(fd);
    return 0;
}
