/* What fuzz targets of model files share: the bytes as a file, and what must hold of a model that
 * was accepted: finite, positive counts that the shape bounds. */
#ifndef MJ_FUZZ_MODEL_FILE_H
#define MJ_FUZZ_MODEL_FILE_H

#include "mj/model.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef mj_status model_reader(mj_model *model, const char *path, mj_arena *arena, mj_err *err);

static inline void check_model(const mj_model *model)
{
    const mj_params *p = &model->params;
    if (!(p->total > 0 && isfinite(p->total)) || !(p->active > 0 && isfinite(p->active)) ||
        !(p->kv_B >= 0 && isfinite(p->kv_B)) || !(p->state_B >= 0 && isfinite(p->state_B)) ||
        !(p->norm >= 0 && isfinite(p->norm)) || !isfinite(model->exact_weight_B)) {
        abort();
    }
    if (model->layers < 1 || model->attn_layers > model->layers || !mj_model_format(model) ||
        !mj_model_class(model)) {
        abort();
    }
}

/* Reads the bytes as a file; a refusal must name a reason. */
static inline void fuzz_model_file(model_reader *read, const uint8_t *data, size_t size)
{
    char path[64];
    mj_arena arena;
    mj_model model;
    mj_err err = {0};
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    mj_arena_init(&arena, (size_t)256 << 20);
    const mj_status status = read(&model, path, &arena, &err);
    if ((status == MJ_OK) != (err.n == 0)) {
        abort();
    }
    if (status == MJ_OK) {
        check_model(&model);
    }
    mj_arena_fini(&arena);
    close(fd);
}

#endif
