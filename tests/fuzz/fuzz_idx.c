/* Fuzz target: IDX, plain and gzipped. What is accepted has the elements its dimensions say. */
#include "mj/idx.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mj_arena arena;
    mj_idx idx;
    mj_err err = {0};
    mj_arena_init(&arena, (size_t)256 << 20);
    if (mj_idx_parse(&idx, data, size, "fuzz.idx", &arena, &err) == MJ_OK) {
        size_t n = 1, sum = 0;
        for (int i = 0; i < idx.n_dims; i++) {
            n *= (size_t)idx.dim[i];
        }
        for (size_t i = 0; i < n; i++) {
            sum += idx.element[i];
        }
        if (n != idx.n_elements || sum > 255 * n) {
            abort();
        }
    } else if (err.n == 0) {
        abort(); /* a refusal without a reason */
    }
    mj_arena_fini(&arena);
    return 0;
}
