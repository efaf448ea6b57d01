/* Fuzz target: CSV. A table that is accepted has a cell at every place, and every cell reads as a
 * number or as a clean error. */
#include "mj/csv.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_cells(const mj_csv *csv)
{
    for (int row = 0; row < csv->n_rows; row++) {
        for (int column = 0; column < csv->n_columns; column++) {
            mj_err err = {0};
            double number;
            if (mj_csv_text(csv, row, column) == NULL) {
                abort();
            }
            if (mj_csv_number(&number, csv, row, column, 0, &err) == MJ_OK && !isfinite(number)) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mj_arena arena;
    mj_arena_init(&arena, (size_t)64 << 20);
    mj_csv csv = {0};
    mj_err err = {0};
    if (mj_csv_parse(&csv, (const char *)data, size, "fuzz.csv", &arena, &err) == MJ_OK) {
        read_cells(&csv);
    } else if (err.n == 0) {
        abort(); /* a refusal without a reason */
    }
    mj_arena_fini(&arena);
    return 0;
}
