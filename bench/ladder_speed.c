/* Search over all 2^20 sets of twenty rungs (bench/ladder-20.yaml) on one core: at most 10 s.
 * Usage: ladder_speed ROOT. Processor time, so that a busy machine does not count. */
#include "figure.h"

#include "mj/ladder.h"
#include <time.h>

int main(int argc, char **argv)
{
    const char *root = argc > 1 ? argv[1] : ".";
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_units *units = mj_units_new();
    const char *dirs[] = {mj_arena_printf(&arena, "%s/data/facts", root)};
    mj_facts *facts =
        mj_facts_new(dirs, 1, mj_arena_printf(&arena, "%s/data/sources.yaml", root), units);
    const mj_catalogue home = {.ladders = mj_arena_printf(&arena, "%s/data/ladders", root),
                                 .chips = mj_arena_printf(&arena, "%s/data/chips", root),
                                 .models = mj_arena_printf(&arena, "%s/data/models", root),
                                 .facts = facts, .units = units};
    static mj_ladder ladder;
    mj_search search;
    mj_err err = {0};
    /* no set reaches 1e9: every one must be billed, bound or not */
    const mj_search_options options = {.target = 1e9, .exhaustive = true};
    mj_status status = mj_ladder_load(&ladder, mj_arena_printf(&arena, "%s/bench/ladder-20.yaml",
                                                               root), &home, &arena, &err);
    clock_t start = clock();
    if (status == MJ_OK) {
        status = mj_ladder_search(&search, &ladder, &options, &err);
    }
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (status == MJ_OK) {
        figure_print("ladder.search.sets", search.n_billed + search.n_unfit, "1", 1 << 20, NAN);
        figure_print("ladder.search.2^20", seconds, "s", NAN, 10);
        figure_print("ladder.search.set", 1e6 * seconds / (1 << 20), "us", NAN, NAN);
    } else {
        fprintf(stderr, "%s:%d: %s\n", err.diag[0].file, err.diag[0].line, err.diag[0].text);
    }
    mj_facts_free(facts);
    mj_units_free(units);
    mj_arena_fini(&arena);
    return status == MJ_OK ? 0 : 4;
}
