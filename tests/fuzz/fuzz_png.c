/* Fuzz target: PNG. What is accepted is grey and has every pixel. */
#include "mj/png.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mj_arena arena;
    mj_image image;
    mj_err err = {0};
    mj_arena_init(&arena, (size_t)128 << 20);
    if (mj_png_parse(&image, data, size, "fuzz.png", &arena, &err) == MJ_OK) {
        size_t n = (size_t)image.width * (size_t)image.height, sum = 0;
        for (size_t i = 0; i < n; i++) {
            sum += image.pixel[i];
        }
        if (image.channels != 1 || n == 0 || sum > 255 * n) {
            abort();
        }
    } else if (err.n == 0) {
        abort(); /* a refusal without a reason */
    }
    mj_arena_fini(&arena);
    return 0;
}
