/* Search over all 2^20 sets of twenty rungs (bench/ladder-20.yaml) on one core: at most 10 s.
 * Usage: ladder_speed ROOT. Processor time, so that a busy machine does not count. */
#include "figure.h"
#include "shipped.h"

#include "mj/ladder.h"

static bool measure(shipped *s, const char *root)
{
    static mj_ladder ladder;
    mj_search search;
    const char *path = shipped_path(s, root, "bench/ladder-20.yaml");
    /* no set reaches 1e9: every one must be billed, bound or not */
    const mj_search_options options = {.target = 1e9, .exhaustive = true};
    if (!path || mj_ladder_load(&ladder, path, &s->catalogue, &s->arena, &s->err) != MJ_OK) {
        return false;
    }
    clock_t start = clock();
    if (mj_ladder_search(&search, &ladder, &options, &s->err) != MJ_OK) {
        return false;
    }
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    figure_print("ladder.search.sets", search.n_billed + search.n_unfit, "1", 1 << 20, NAN);
    figure_print("ladder.search.2^20", seconds, "s", NAN, 10);
    figure_print("ladder.search.set", 1e6 * seconds / (1 << 20), "us", NAN, NAN);
    return true;
}

int main(int argc, char **argv)
{
    const char *root = argc > 1 ? argv[1] : ".";
    shipped s;
    bool ok = shipped_init(&s, root) && measure(&s, root);
    shipped_complain(&s);
    shipped_fini(&s);
    return ok ? 0 : 4;
}
