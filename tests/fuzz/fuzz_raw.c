/* Fuzz target: results of ngspice, and files of models behind the first byte. What is accepted has
 * finite numbers as many as it says, and models have no commands. */
#include "mj/spice_models.h"
#include "mj/spice_raw.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_raw(const char *bytes, size_t length, mj_arena *arena, mj_err *err)
{
    mj_raw raw;
    if (mj_raw_parse(&raw, bytes, length, "fuzz.raw", arena, err) != MJ_OK) {
        return;
    }
    mj_waveform wave;
    double sum = 0;
    for (size_t i = 0; i < (size_t)raw.n_variables * raw.n_points; i++) {
        sum += isfinite(raw.value[i]) ? 0 : 1;
    }
    if (sum > 0 || mj_raw_find(&wave, &raw, raw.name[raw.n_variables - 1], err) != MJ_OK) {
        abort();
    }
    mj_waveform_crossings(NULL, 0, &wave, 0.5, true);
    mj_waveform_integral(&wave, wave.time[0], mj_raw_end_s(&raw));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mj_arena arena;
    mj_err err = {0};
    mj_arena_init(&arena, (size_t)256 << 20);
    if (size > 0 && data[0] == '*') {
        const mj_models_request request = {.path = "fuzz.lib"};
        mj_spice_models models;
        if (mj_spice_models_parse(&models, &request, (const char *)data, size, &arena, &err) == MJ_OK &&
            (strstr(models.text, ".control") || strstr(models.text, "*#"))) {
            abort();
        }
    } else {
        check_raw((const char *)data, size, &arena, &err);
    }
    mj_arena_fini(&arena);
    return 0;
}
