/* Patches: paths of every form, checks as in a file, nothing settable but single values. */
#include "assert_rel.h"
#include "spec_schema.h"

#include <string.h>

static mj_units *units;
static mj_arena arena;
static test_machine base;

static const char text[] =
    "mj: 1\n"
    "machine: alpha\n"
    "layers: 80\n"
    "power: {typ: 700 W, class: vendor, from: v}\n"
    "memories:\n"
    "  - {name: hbm, kind: hbm, read: 39 pJ/B, from: s}\n"
    "  - {name: sram, read: {fact: sram.read}}\n"
    "  - {name: mac, read: 1 pJ/B}\n"
    "  - {name: mac.bf16, read: 2 pJ/B}\n"
    "units:\n"
    "  - {name: sram, read: 5 pJ/B}\n"
    "fits: [{idle: 1 W}, {idle: 2 W}]\n"
    "aliases: [a]\n"
    "wires: {energy: 70 fJ/bit/mm}\n";

static int setup(void **state)
{
    (void)state;
    mj_err err = {0};
    units = mj_units_new();
    mj_arena_init(&arena, 0);
    return mj_spec_parse(&base, &test_machine_schema, text, strlen(text), "t", units, &arena, &err);
}

static int teardown(void **state)
{
    (void)state;
    mj_units_free(units);
    mj_arena_fini(&arena);
    return 0;
}

static mj_status set(test_machine *machine, const char *path, const char *value, mj_err *err)
{
    mj_patch patch;
    *machine = base;
    *err = (mj_err){0};
    mj_status status = mj_patch_resolve(&patch, &base, &test_machine_schema, path, value,
                                        (mj_place){.file = "--set"}, units, &arena, err);
    if (status == MJ_OK) {
        mj_patch_apply(machine, &patch);
    }
    return status;
}

static void set_ok(test_machine *machine, const char *path, const char *value)
{
    mj_err err;
    if (set(machine, path, value, &err) != MJ_OK) {
        print_error("%s=%s: %s\n", path, value, err.diag[0].text);
        fail();
    }
}

static void test_every_form_of_a_path(void **state)
{
    (void)state;
    test_machine m;
    set_ok(&m, "hbm.read", "2 pJ/B");
    assert_rel(m.memory[0].read_JpB.typ, 2e-12, 1e-12);
    set_ok(&m, "memories.hbm.read", "3 pJ/B");
    assert_rel(m.memory[0].read_JpB.typ, 3e-12, 1e-12);
    set_ok(&m, "mac.bf16.read", "4 pJ/B"); /* not `bf16` of `mac` */
    assert_rel(m.memory[3].read_JpB.typ, 4e-12, 1e-12);
    assert_rel(m.memory[2].read_JpB.typ, 1e-12, 1e-12);
    set_ok(&m, "units.sram.read", "6 pJ/B");
    assert_rel(m.unit[0].read_JpB.typ, 6e-12, 1e-12);
    set_ok(&m, "wires.energy", "1 J/B/m");
    assert_rel(m.wires.energy_JpBm.typ, 1, 1e-12);
    set_ok(&m, "fits.1.idle", "9 W");
    assert_rel(m.fit[1].idle_W, 9, 1e-12);
    assert_rel(m.fit[0].idle_W, 1, 1e-12);
}

static void test_every_kind_can_be_set(void **state)
{
    (void)state;
    test_machine m;
    set_ok(&m, "layers", "3");
    assert_int_equal(m.layers, 3);
    set_ok(&m, "sold", "true");
    assert_true(m.sold);
    set_ok(&m, "clock", "2 GHz");
    assert_rel(m.clock_Hz, 2e9, 1e-12);
    set_ok(&m, "title", "a: {b # c");
    assert_string_equal(m.title, "a: {b # c");
    set_ok(&m, "hbm.kind", "dram");
    assert_int_equal(m.memory[0].kind, 3);
    set_ok(&m, "hbm.holds", "[kv, act]");
    assert_int_equal(m.memory[0].holds, 2 | 4);
    assert_int_equal(base.layers, 80); /* only the copy has changed */
}

/* What a user types is an assumption of the user, whatever stood there before. */
static void test_a_quantity_keeps_nothing_of_the_old(void **state)
{
    (void)state;
    test_machine m;
    set_ok(&m, "power", "100 W");
    assert_int_equal(m.power_W.cls, MJ_CLASS_ASSUMED);
    assert_string_equal(m.power_W.source, "user");
    assert_rel(m.power_W.lo, 50, 1e-12);
    assert_rel(m.power_W.hi, 200, 1e-12);
    set_ok(&m, "memories.sram.read", "1 pJ/B");
    assert_null(m.memory[1].read_JpB.fact);
    set_ok(&m, "power", "{typ: 100 W, lo: 90 W, hi: 110 W, from: x, class: measured}");
    assert_string_equal(m.power_W.source, "x");
    assert_int_equal(m.power_W.cls, MJ_CLASS_MEASURED);
    assert_rel(m.power_W.lo, 90, 1e-12);
    set_ok(&m, "power", "{fact: tdp.x}");
    assert_string_equal(m.power_W.fact, "tdp.x");
    assert_false(mj_quantity_given(&m.power_W));
}

static void test_mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *path, *value;
        mj_status code;
        const char *part;
    } row[] = {
        {"hbm.raed", "1 pJ/B", MJ_ENAME,
         "no such path 'hbm.raed' in machine (did you mean 'hbm.read'?)"},
        {"memories.hbm.raed", "1 pJ/B", MJ_ENAME, "did you mean 'memories.hbm.read'?"},
        {"layres", "1", MJ_ENAME, "did you mean 'layers'?"},
        {"nothing like any of it", "1", MJ_ENAME, "no such path"},
        {"", "1", MJ_ENAME, "no such path"},
        {".", "1", MJ_ENAME, "no such path"},
        {"hbm.", "1", MJ_ENAME, "no such path"},
        {"layers.x", "1", MJ_ENAME, "no such path"},
        {"fits.2.idle", "1 W", MJ_ENAME, "no such path"},
        {"sram.read", "1 pJ/B", MJ_ENAME, "several meanings"},
        {"hbm", "1", MJ_ENAME, "a whole memory"},
        {"memories", "1", MJ_ENAME, "a whole list"},
        {"aliases", "[a]", MJ_ENAME, "a whole list"},
        {"wires", "1", MJ_ENAME, "a whole map"},
        {"power", "1 J", MJ_EUNIT, "power"},
        {"hbm.read", "1", MJ_EUNIT, "hbm.read"},
        {"power", "-1 W", MJ_ERANGE, "power"},
        {"power", "{typ: 1 W, lo: 2 W}", MJ_ERANGE, "lo <= typ"},
        {"power", "{typ: 1 W", MJ_ESYNTAX, ""},
        {"power", "{typ: &a 1 W}", MJ_ESUPPORT, "anchors"},
        {"power", "", MJ_ESYNTAX, "nothing"},
        {"layers", "2147483648", MJ_ERANGE, "0 to 4096"},
        {"layers", "nan", MJ_ESYNTAX, "layers"},
        {"hbm.kind", "hbn", MJ_ENAME, "did you mean 'hbm'?"},
        {"hbm.holds", "kv", MJ_ESYNTAX, "a list"},
        {"title", "a\x1b[31m", MJ_ESYNTAX, "control"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        test_machine m;
        mj_err err;
        mj_status status = set(&m, row[i].path, row[i].value, &err);
        if (status != row[i].code || err.n != 1 || !strstr(err.diag[0].text, row[i].part) ||
            strcmp(err.diag[0].file, "--set") != 0 || err.diag[0].line != 0) {
            print_error("%s=%s: %d, %d problems, %s\n", row[i].path, row[i].value, (int)status,
                        err.n, err.diag[0].text);
            fail();
        }
        assert_memory_equal(&m, &base, sizeof m);
    }
}

typedef struct {
    int n, n_given;
    double sum;
    char paths[1024];
} visit_log;

static void log_quantity(void *user, const char *path, const mj_spec_field *field,
                         mj_quantity *quantity)
{
    visit_log *log = user;
    assert_int_equal(field->kind, MJ_SPEC_QUANTITY);
    log->n++;
    log->n_given += mj_quantity_given(quantity);
    quantity->typ *= 2;
    strcat(strcat(log->paths, path), " ");
}

/* 3 at the top, 2 in each of 5 items, 1 in wires; written are power, 4 reads (the fifth is a fact
 * still to be looked up) and the wires. */
static void test_each_quantity_is_visited_once(void **state)
{
    (void)state;
    test_machine m = base;
    visit_log log = {0};
    mj_spec_each_quantity(&m, &test_machine_schema, log_quantity, &log);
    assert_int_equal(log.n, 3 + 2 * 5 + 1);
    assert_int_equal(log.n_given, 1 + 4 + 1);
    assert_rel(m.memory[3].read_JpB.typ, 2 * base.memory[3].read_JpB.typ, 1e-12);
    assert_non_null(strstr(log.paths, "power any utilisation hbm.read hbm.capacity sram.read"));
    assert_non_null(strstr(log.paths, " mac.bf16.read "));
    assert_non_null(strstr(log.paths, " wires.energy "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form_of_a_path),
        cmocka_unit_test(test_every_kind_can_be_set),
        cmocka_unit_test(test_a_quantity_keeps_nothing_of_the_old),
        cmocka_unit_test(test_mistakes_are_named),
        cmocka_unit_test(test_each_quantity_is_visited_once),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
