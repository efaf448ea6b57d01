/* Fuzz target: libraries. A refusal names a reason; of an accepted library every usable cell has its
 * inputs, outputs and tables, and every table answers, at its points and beyond them. */
#include "mj/liberty.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const mj_liberty_table *table)
{
    for (const mj_liberty_table *t = table; t; t = t->next) {
        if (t->n_load < 1 || t->n_slew < 1) {
            abort();
        }
    }
    /* The value may be anything, even too large for a number: only the walk is tested. */
    (void)mj_liberty_look_up(table, 0, 0);
    (void)mj_liberty_look_up(table, 1e-12, 1e-9);
}

static void check_cell(const mj_liberty_cell *cell)
{
    if (cell->n_outputs < 1 || cell->n_outputs > MJ_LIBERTY_OUTPUTS_MAX ||
        cell->n_inputs > MJ_LIBERTY_INPUTS_MAX) {
        abort();
    }
    for (int i = 0; i < cell->n_inputs; i++) {
        if (!cell->input[i].name || !(cell->input[i].capacitance_F >= 0)) {
            abort();
        }
        for (mj_edge edge = MJ_FALL; edge < MJ_EDGES_N; edge++) {
            ask(cell->input[i].energy_J[edge]);
            for (int o = 0; o < cell->n_outputs; o++) {
                ask(cell->output[o].arc[i].delay_s[edge]);
                ask(cell->output[o].arc[i].slew_s[edge]);
                ask(cell->output[o].arc[i].energy_J[edge]);
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mj_arena arena;
    mj_liberty liberty;
    mj_err err = {0};
    mj_arena_init(&arena, (size_t)64 << 20);
    const mj_status status =
        mj_liberty_parse(&liberty, (const char *)data, size, "fuzz.lib", &arena, &err);
    if ((status == MJ_OK) != (err.n == 0)) {
        abort();
    }
    for (int i = 0; status == MJ_OK && i < liberty.n_cells; i++) {
        if (mj_liberty_find(&liberty, liberty.cell[i].name) != &liberty.cell[i]) {
            abort();
        }
        if (!liberty.cell[i].refusal) {
            check_cell(&liberty.cell[i]);
        }
    }
    mj_arena_fini(&arena);
    return 0;
}
