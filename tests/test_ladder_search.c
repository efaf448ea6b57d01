/* Search: what it finds against every set billed by itself, and bounded against exhaustive, on
 * random ladders with rungs that cost joules and rungs that exclude each other. */
#include "ladder_fixture.h"

#include "mj/rng.h"

enum { N_RANDOM = 12, N_RUNGS = 9 };

/* A factor in [0.1, 2.1): most rungs gain, some cost. */
static double any_factor(mj_rng *rng)
{
    return 0.1 + 2 * mj_rng_uniform(rng);
}

/* Nine rungs on hbm-chip, some of them in one of two groups, values drawn around the chip's own. */
static void write_random(char *text, size_t size, mj_rng *rng)
{
    static const struct {
        const char *path;
        double typ;
        const char *unit;
    } values[N_RUNGS] = {
        {"chip.hbm.read", 32, " pJ/B"},         {"chip.wires.distance", 14, " mm"},
        {"chip.hbm.bandwidth", 4.8, " TB/s"},   {"chip.static.idle", 5, " W"},
        {"chip.static.leak_logic", 20, " W"},   {"chip.overhead.clock", 25, " %"},
        {"model.aggregate.kv", 1e6, " B/tok"},  {"chip.hbm.static", 8, " W"},
        {"serving.batch", 2, ""},
    };
    int n = snprintf(text, size,
                     "mj: 1\nladder: t\nfrom: assumed\n"
                     "base: {model: post-100b, chip: hbm-chip,\n"
                     "       serving: {batch: 1, context: 16k}}\nrungs:\n");
    for (int i = 0; i < N_RUNGS; i++) {
        const char *const groups[] = {"", "group: g, ", "group: h, ", ""};
        const char *const classes[] = {"assumed", "measured"};
        n += snprintf(text + n, size - (size_t)n,
                      "  - {name: r%d, %swhy: x, class: %s, set: {%s: %.6g%s}}\n", i,
                      groups[(int)(4 * mj_rng_uniform(rng))],
                      classes[mj_rng_uniform(rng) < 0.5], values[i].path,
                      values[i].typ * any_factor(rng), values[i].unit);
    }
    assert_true((size_t)n < size);
}

static bool allowed(const mj_ladder *ladder, mj_rungs set)
{
    for (int i = 0; i < ladder->n_rungs; i++) {
        for (int k = 0; k < i; k++) {
            const char *a = ladder->rung[i].group, *b = ladder->rung[k].group;
            if ((set >> i & 1) && (set >> k & 1) && a && b && strcmp(a, b) == 0) {
                return false;
            }
        }
    }
    return true;
}

/* Every set by itself, without the search's tree. */
static mj_search by_hand(const mj_ladder *ladder, double target, mj_ladder_state *s)
{
    mj_search best = {0};
    double base_J = 0;
    for (mj_rungs set = 0; set < (mj_rungs)1 << ladder->n_rungs; set++) {
        if (!allowed(ladder, set)) {
            continue;
        }
        assert_int_equal(mj_ladder_bill(s, ladder, set, 0, NULL), MJ_OK);
        double joules = s->bill.joules, assumed_J = s->bill.assumed_share * joules;
        base_J = set == 0 ? joules : base_J;
        int size = __builtin_popcountll(set);
        best.n_billed++;
        best.best_factor = fmax(best.best_factor, base_J / joules);
        if (base_J / joules >= target &&
            (!best.found || size < best.n_rungs ||
             (size == best.n_rungs && assumed_J < best.assumed_J))) {
            best.found = true;
            best.set = set;
            best.n_rungs = size;
            best.assumed_J = assumed_J;
        }
    }
    return best;
}

static void test_bounded_equals_exhaustive(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    mj_ladder_state *s = mj_arena_alloc(&f->w.arena, sizeof *s);
    mj_rng rng;
    mj_rng_init(&rng, 7, 0);
    int n_found = 0, n_saved = 0;
    for (int i = 0; i < N_RANDOM; i++) {
        char text[4096];
        write_random(text, sizeof text, &rng);
        load_ok(&ladder, f, text);
        const double targets[] = {1.2, 2, 4, 1000};
        for (size_t k = 0; k < sizeof targets / sizeof targets[0]; k++) {
            mj_search want = by_hand(&ladder, targets[k], s), all, bounded;
            mj_search_options options = {.target = targets[k], .exhaustive = true};
            assert_int_equal(mj_ladder_search(&all, &ladder, &options, NULL), MJ_OK);
            options.exhaustive = false;
            assert_int_equal(mj_ladder_search(&bounded, &ladder, &options, NULL), MJ_OK);
            assert_true(all.n_billed == want.n_billed); /* each set once */
            assert_int_equal(all.found, want.found);
            assert_int_equal(bounded.found, want.found);
            assert_int_equal(all.n_rungs, want.n_rungs);
            assert_rel(all.best_factor, want.best_factor, 1e-12);
            assert_true(bounded.set == all.set);
            if (want.found) {
                assert_rel(all.assumed_J, want.assumed_J, 1e-12);
                assert_true(all.set == want.set || all.assumed_J == want.assumed_J);
            }
            n_found += want.found;
            n_saved += bounded.n_billed < all.n_billed;
        }
    }
    assert_true(n_found > N_RANDOM); /* the draws do ask the question */
    assert_true(n_saved > 0);
}

static void test_no_set_reaches(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    mj_search search;
    mj_err err = {0};
    assert_int_equal(mj_ladder_load(&ladder, "ten-times-two", &f->w.catalogue, &f->w.arena, &err),
                     MJ_OK);
    mj_search_options options = {.target = 1000};
    assert_int_equal(mj_ladder_search(&search, &ladder, &options, &err), MJ_OK);
    assert_false(search.found);
    assert_true(search.n_billed == 1024); /* all of them, to be sure */
    assert_true(search.best_factor > 1 && search.best_factor < 1000);
}

/* A rung that takes away what another one sets: their set is left out, not an error. */
static void test_inapplicable_sets_are_left_out(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    mj_search search;
    load_ok(&ladder, f,
            "mj: 1\nladder: t\nfrom: assumed\n"
            "base: {model: post-100b, chip: hbm-chip, serving: {batch: 1, context: 1k}}\n"
            "rungs:\n"
            "  - {name: a, group: g, why: x, set: {chip: sram-chip}}\n"
            "  - {name: b, group: g, why: x, set: {chip.hbm.read: 1 pJ/B}}\n"
            "  - {name: c, why: x, set: {chip.hbm.static: 1 W}}\n");
    mj_search_options options = {.target = 1e6};
    mj_err err = {0};
    assert_int_equal(mj_ladder_search(&search, &ladder, &options, &err), MJ_OK);
    assert_true(search.n_billed + search.n_unfit == 5); /* {} a b c bc */
    assert_true(search.n_inapplicable == 1);            /* ac: no HBM on sram-chip */
    mj_ladder_state *s = mj_arena_alloc(&f->w.arena, sizeof *s);
    assert_int_equal(mj_ladder_bill(s, &ladder, 5, 0, &err), MJ_ENAME);
}

/* Rungs that replace the chip, with values of their own, among rungs that set values: the tree's
 * machines are those of the sets by themselves. */
static void test_replacing_rungs_are_searched(void **state)
{
    ladder_fixture *f = *state;
    static mj_ladder ladder;
    mj_ladder_state *s = mj_arena_alloc(&f->w.arena, sizeof *s);
    mj_search search;
    load_ok(&ladder, f,
            "mj: 1\nladder: t\nfrom: assumed\n"
            "base: {model: llama-3.1-8b, chip: hbm-chip, serving: {batch: 1, context: 4k}}\n"
            "rungs:\n"
            "  - {name: a, why: x, set: {chip.wires.distance: 2 mm}}\n"
            "  - {name: b, group: g, why: x, set: {chip: sram-chip, chip.wires.distance: 0.5 mm}}\n"
            "  - {name: c, why: x, set: {chip.static.idle: 1 W}}\n"
            "  - {name: d, group: g, why: x, set: {chip: hardwired-chip, serving.precision: int4}}\n"
            "  - {name: e, needs: [b, d], why: x, set: {chip.wires.distance: 0.2 mm}}\n");
    const double targets[] = {1.5, 8, 15, 1e9};
    for (size_t k = 0; k < sizeof targets / sizeof targets[0]; k++) {
        int smallest = 64, n_billed = 0;
        double base_J = 0, best = 0;
        for (mj_rungs set = 0; set < 32; set++) {
            if (!allowed(&ladder, set) || mj_ladder_bill(s, &ladder, set, 0, NULL) != MJ_OK) {
                continue;
            }
            base_J = set == 0 ? s->bill.joules : base_J;
            double factor = base_J / s->bill.joules;
            int size = __builtin_popcountll(set);
            n_billed++;
            best = fmax(best, factor);
            smallest = factor >= targets[k] && size < smallest ? size : smallest;
        }
        const mj_search_options options = {.target = targets[k], .exhaustive = true};
        assert_int_equal(mj_ladder_search(&search, &ladder, &options, NULL), MJ_OK);
        assert_true(search.n_billed == n_billed);
        assert_rel(search.best_factor, best, 1e-8);
        assert_int_equal(search.found, smallest < 64);
        assert_true(!search.found || search.n_rungs == smallest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounded_equals_exhaustive),
        cmocka_unit_test(test_no_set_reaches),
        cmocka_unit_test(test_replacing_rungs_are_searched),
        cmocka_unit_test(test_inapplicable_sets_are_left_out),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
