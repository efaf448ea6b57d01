/* Fuzz target: cells as transistors. A refusal names a reason; every transistor of an accepted file has
 * its nodes and sizes. */
#include "mj/spice_cells.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_cell(const mj_spice_cell *cell)
{
    if (!cell->name || cell->n_ports < 0) {
        abort();
    }
    for (int i = 0; i < cell->n_transistors; i++) {
        const mj_cell_transistor *t = &cell->transistor[i];
        if (!t->drain || !t->gate || !t->source || !t->bulk || !(t->width_m > 0) ||
            !(t->length_m > 0) || !(t->drain_m2 >= 0)) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mj_arena arena;
    mj_spice_cells cells;
    mj_err err = {0};
    mj_arena_init(&arena, (size_t)64 << 20);
    const mj_status status =
        mj_spice_cells_parse(&cells, (const char *)data, size, "fuzz.sp", &arena, &err);
    if ((status == MJ_OK) != (err.n == 0)) {
        abort();
    }
    for (int i = 0; status == MJ_OK && i < cells.n_cells; i++) {
        check_cell(&cells.cell[i]);
    }
    mj_arena_fini(&arena);
    return 0;
}
