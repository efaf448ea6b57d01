/* Facts: every shipped file loads and every number has a source; figures that everyone can look up
 * are what the files say; the rules of folders, keys and nodes. */
#define _GNU_SOURCE
#include "mj/fact.h"

#include "assert_rel.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    char facts_dir[512], sources[512], extra_dir[64];
    const char *dirs[2];
    mj_units *units;
    mj_facts *facts; /* of facts_dir alone */
} fixture;

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int set_up(void **state)
{
    static fixture f;
    const char *root = getenv("MJ_SOURCE_ROOT");
    snprintf(f.facts_dir, sizeof f.facts_dir, "%s/data/facts", root ? root : ".");
    snprintf(f.sources, sizeof f.sources, "%s/data/sources.yaml", root ? root : ".");
    strcpy(f.extra_dir, "/tmp/mj-test-fact-XXXXXX");
    f.units = mj_units_new();
    f.dirs[0] = f.facts_dir;
    f.dirs[1] = mkdtemp(f.extra_dir);
    f.facts = mj_facts_new(f.dirs, 1, f.sources, f.units);
    *state = &f;
    return f.units && f.facts && f.dirs[1] ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    static const char *const names[] = {"dram.yaml", "My measurements.yaml", "bad.yaml", "wire.yaml"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", f->extra_dir, names[i]);
        unlink(path);
    }
    mj_facts_free(f->facts);
    mj_units_free(f->units);
    return rmdir(f->extra_dir);
}

static void print_err(const mj_err *err)
{
    for (int i = 0; i < err->n; i++) {
        print_error("%s:%d:%d: %s\n", err->diag[i].file, err->diag[i].line, err->diag[i].column,
                    err->diag[i].text);
    }
}

static mj_quantity quantity(const fixture *f, const char *key, const char *want, double node_m)
{
    mj_quantity q = {0};
    mj_err err = {0};
    mj_status status = mj_facts_quantity(&q, f->facts, key, want, node_m, &err);
    print_err(&err);
    assert_int_equal(status, MJ_OK);
    return q;
}

static void test_every_fact_is_sane_and_sourced(void **state)
{
    const fixture *f = *state;
    const mj_fact **list;
    int n;
    mj_err err = {0};
    mj_status status = mj_facts_list(&list, &n, f->facts, NULL, &err);
    print_err(&err);
    assert_int_equal(status, MJ_OK);
    assert_true(n > 300);
    for (int i = 0; i < n; i++) {
        const mj_quantity *v = &list[i]->value;
        const mj_source *source;
        bool ordered = v->lo <= v->typ && v->typ <= v->hi;
        /* Only what no event explains may be nothing. */
        bool positive = v->typ > 0 && (v->lo > 0 || strcmp(list[i]->key, "overhead.unexplained") == 0);
        status = mj_facts_source(&source, f->facts, v->source, &err);
        if (!ordered || !positive || status != MJ_OK || !mj_quantity_given(v) ||
            list[i]->boundary == MJ_BOUNDARY_NONE || strlen(list[i]->what) < 3) {
            print_error("%s\n", list[i]->key);
            print_err(&err);
            fail();
        }
        assert_true(i == 0 || strcmp(list[i - 1]->key, list[i]->key) < 0);
    }
}

/* An efficiency or a share above 1 in a default interval would make energy from nothing. */
static void test_shares_stay_below_one(void **state)
{
    const fixture *f = *state;
    const mj_fact **list;
    int n;
    assert_int_equal(mj_facts_list(&list, &n, f->facts, NULL, NULL), MJ_OK);
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i]->value.unit, "%") == 0) {
            assert_true(list[i]->value.hi <= 100);
        }
    }
    assert_true(quantity(f, "facility.pue", "1", 0).lo >= 1);
    assert_true(quantity(f, "facility.pue.google", "1", 0).lo >= 1);
}

/* Every family keeps its own file's name: a misnamed one would never be found. */
static void test_every_file_is_a_family(void **state)
{
    const fixture *f = *state;
    DIR *d = opendir(f->facts_dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        const mj_fact **list;
        int n;
        char *dot = strstr(e->d_name, ".yaml");
        if (dot) {
            strcpy(dot, ".");
            assert_int_equal(mj_facts_list(&list, &n, f->facts, e->d_name, NULL), MJ_OK);
            assert_true(n > 0);
        }
    }
    closedir(d);
}

/* The post's three figures: 0.07 pJ a multiply, 2 pJ/B from SRAM, 39 pJ/B from HBM; exactly, because
 * its own arithmetic is repeated with them.                                    [unconventional2026] */
static void test_figures_of_the_post(void **state)
{
    const fixture *f = *state;
    assert_rel(quantity(f, "arith.int8.mult.7nm", "J/op", 0).typ, 0.07e-12, 1e-12);
    mj_quantity sram = quantity(f, "sram.post", "J/B", 0), hbm = quantity(f, "dram.post", "J/B", 0);
    mj_quantity link = quantity(f, "link.post", "J/B", 0);
    assert_rel(sram.typ, 2e-12, 1e-12);
    assert_rel(hbm.typ, 39e-12, 1e-12);
    assert_rel(link.typ, 2.4e-12, 1e-12);
    assert_true(hbm.lo == hbm.hi && sram.lo == sram.hi && link.lo == link.hi);
}

/* Units are converted, not copied: 4 pJ/bit is 32 pJ/B, 70 fJ/bit/mm is 0.56 nJ/B/m, 9.1 Mibit/mm2
 * is 1.19e12 B/m2, 10 mW/MB is 10 nW/B, two operations make a MAC. */
static void test_units_are_converted(void **state)
{
    const fixture *f = *state;
    mj_quantity hbm = quantity(f, "dram.default.hbm3e", "J/B", 0);
    assert_rel(hbm.typ, 32e-12, 1e-12);
    assert_rel(hbm.lo, 27.2e-12, 1e-12);
    assert_rel(hbm.hi, 40e-12, 1e-12);
    assert_string_equal(hbm.unit, "J/B");
    assert_string_equal(hbm.source, "skhynix2023");
    assert_string_equal(hbm.fact, "dram.default.hbm3e");
    assert_int_equal(hbm.cls, MJ_CLASS_DERIVED);
    assert_rel(quantity(f, "wire.default", "J/B/m", 0).typ, 0.56e-9, 1e-12);
    assert_rel(quantity(f, "density.sram.n7", "B/m2", 0).typ, 9.1 * 131072 * 1e6, 1e-12);
    assert_rel(quantity(f, "sram.leak", "W/B", 0).typ, 10e-9, 1e-12);
    assert_rel(quantity(f, "arith.mac.int8", "J/op", 0).typ, 0.042e-12, 1e-12);
    assert_rel(quantity(f, "power.vrm", "1", 0).typ, 0.9, 1e-12);
    assert_rel(quantity(f, "cost.hbm", "USD/B", 0).typ, 15e-9, 1e-12);
    /* The class's interval, +-30 %, where the source states none. */
    mj_quantity mac = quantity(f, "arith.mac.int8", "J/MAC", 0);
    assert_rel(mac.lo, 0.7 * mac.typ, 1e-12);
    assert_rel(mac.hi, 1.3 * mac.typ, 1e-12);

    mj_quantity q;
    mj_err err = {0};
    assert_int_equal(mj_facts_quantity(&q, f->facts, "power.vrm", "W", 0, &err), MJ_EUNIT);
    assert_non_null(strstr(err.diag[0].text, "power.vrm"));
}

/* A number moved to another node is derived at best and less certain than before; one that does not
 * scale stays; one beyond 3 nm is refused. */
static void test_nodes(void **state)
{
    const fixture *f = *state;
    mj_quantity at7 = quantity(f, "arith.mac.int8", "J/MAC", 7e-9);
    mj_quantity at28 = quantity(f, "arith.mac.int8", "J/MAC", 28e-9);
    assert_int_equal(at7.cls, MJ_CLASS_PUBLISHED);
    assert_int_equal(at28.cls, MJ_CLASS_DERIVED);
    assert_true(at28.typ > at7.typ && at28.hi / at28.lo > at7.hi / at7.lo);
    assert_int_equal(quantity(f, "arith.mac.bf16", "J/MAC", 28e-9).cls, MJ_CLASS_ASSUMED);
    assert_rel(quantity(f, "dram.default.hbm3e", "J/B", 3e-9).typ, 32e-12, 1e-12);
    mj_quantity q;
    mj_err err = {0};
    assert_int_equal(mj_facts_quantity(&q, f->facts, "arith.mac.int8", "J/MAC", 1e-9, &err), MJ_ERANGE);
    assert_int_equal(mj_facts_quantity(&q, f->facts, "leak.mult32.40nm", "W", 7e-9, &err), MJ_ERANGE);
}

static void expect_suggestion(const fixture *f, const char *key, const char *wanted)
{
    const mj_fact *fact;
    mj_err err = {0};
    assert_int_equal(mj_facts_find(&fact, f->facts, key, &err), MJ_ENAME);
    assert_int_equal(err.n, 1);
    if (wanted) {
        assert_non_null(strstr(err.diag[0].text, wanted));
    }
}

static void test_unknown_keys_get_a_suggestion(void **state)
{
    const fixture *f = *state;
    expect_suggestion(f, "dram.defualt.hbm3e", "dram.default.hbm3e");
    expect_suggestion(f, "darm.default.hbm3e", "dram.default.hbm3e");
    static const char *const hostile[] = {"", ".", "dram", "dram.", ".dram", "../facts.x",
                                          "/etc/passwd.x", "DRAM.x", "dram.\x1b[2J"};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        expect_suggestion(f, hostile[i], NULL);
    }
    const mj_source *source;
    mj_err err = {0};
    assert_int_equal(mj_facts_source(&source, f->facts, "horowitz2041", &err), MJ_ENAME);
    assert_non_null(strstr(err.diag[0].text, "horowitz2014"));
    assert_int_equal(mj_facts_source(&source, f->facts, "user", NULL), MJ_OK);
}

/* A later folder replaces single entries, adds others, and leaves the rest of the family. */
static void test_later_folders_override(void **state)
{
    const fixture *f = *state;
    write_file(f->extra_dir, "dram.yaml",
               "mj: 1\nfacts: dram\nentries:\n"
               "  - {name: default.hbm3e, what: ours, value: 3 pJ/bit, from: user, class: measured,\n"
               "     boundary: package}\n"
               "  - {name: ours, what: new, value: 1 pJ/bit, from: user, boundary: die}\n");
    write_file(f->extra_dir, "My measurements.yaml",
               "mj: 1\nfacts: osc\nentries:\n"
               "  - {name: default, what: our ring, value: 1.5 fJ/cycle, from: user, class: simulated,\n"
               "     boundary: die}\n");
    mj_facts *facts = mj_facts_new(f->dirs, 2, f->sources, f->units);
    const mj_fact *fact;
    assert_int_equal(mj_facts_find(&fact, facts, "dram.default.hbm3e", NULL), MJ_OK);
    assert_rel(fact->value.typ, 3, 0);
    assert_rel(fact->value.hi, 3.3, 1e-12); /* measured: +-10 % */
    assert_int_equal(mj_facts_find(&fact, facts, "dram.ours", NULL), MJ_OK);
    assert_int_equal(mj_facts_find(&fact, facts, "dram.post", NULL), MJ_OK);
    assert_string_equal(fact->value.source, "unconventional2026");
    assert_int_equal(mj_facts_find(&fact, facts, "osc.default", NULL), MJ_OK);
    assert_rel(fact->value.typ, 1.5, 0);
    assert_int_equal(mj_facts_find(&fact, facts, "osc.ring1968.power", NULL), MJ_OK);
    mj_err none = {0};
    assert_int_equal(mj_facts_read_more(facts, &none), MJ_OK);
    const mj_fact **list;
    int n;
    assert_int_equal(mj_facts_list(&list, &n, facts, "dram.default.hbm3e", NULL), MJ_OK);
    assert_int_equal(n, 1);
    mj_facts_free(facts);
}

static void test_bad_files_are_refused(void **state)
{
    const fixture *f = *state;
    static const char *const text[] = {
        "mj: 1\nchip: other\nclosure: event-sum\n",
        "mj: 1\nfacts: bad\nentries:\n  - {name: Up, what: upper case, value: 1 J, from: user}\n",
        "mj: 1\nfacts: bad\nentries:\n  - {name: a, what: no source, value: 1 J}\n",
        "mj: 1\nfacts: bad\nentries:\n  - {name: a, what: negative, value: -1 J, from: user}\n",
        "mj: 1\nfacts: bad\nentries:\n  - {name: a, what: turned round, value: {typ: 1 J, lo: 2 J}, from: user}\n",
    };
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        write_file(f->extra_dir, "bad.yaml", text[i]);
        mj_facts *facts = mj_facts_new(f->dirs, 2, f->sources, f->units);
        const mj_fact *fact;
        mj_err err = {0};
        assert_int_not_equal(mj_facts_find(&fact, facts, "bad.a", &err), MJ_OK);
        assert_true(err.n > 0 && strstr(err.diag[0].file, "bad.yaml"));
        mj_facts_free(facts);
    }
    const char *nowhere[] = {"/nonexistent/facts"};
    mj_facts *facts = mj_facts_new(nowhere, 1, f->sources, f->units);
    const mj_fact *fact;
    mj_err err = {0};
    assert_int_equal(mj_facts_find(&fact, facts, "dram.post", &err), MJ_EFILE);
    mj_facts_free(facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_fact_is_sane_and_sourced),
        cmocka_unit_test(test_shares_stay_below_one),
        cmocka_unit_test(test_every_file_is_a_family),
        cmocka_unit_test(test_figures_of_the_post),
        cmocka_unit_test(test_units_are_converted),
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_unknown_keys_get_a_suggestion),
        cmocka_unit_test(test_later_folders_override),
        cmocka_unit_test(test_bad_files_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
