/* Spec reader: every kind decoded, every mistake named at its line and column, hostile files
 * refused. The places of errors were counted by hand in the texts that stand here. */
#include "assert_rel.h"
#include "spec_schema.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static mj_units *units;
static mj_arena arena;

static int setup(void **state)
{
    (void)state;
    units = mj_units_new();
    mj_arena_init(&arena, 0);
    return units ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    mj_units_free(units);
    mj_arena_fini(&arena);
    return 0;
}

static mj_status parse_n(test_machine *machine, const char *text, size_t length, mj_err *err)
{
    *machine = (test_machine){0};
    *err = (mj_err){0};
    return mj_spec_parse(machine, &test_machine_schema, text, length, "t.yaml", units, &arena, err);
}

static mj_status parse(test_machine *machine, const char *text, mj_err *err)
{
    return parse_n(machine, text, strlen(text), err);
}

static void print_problems(const mj_err *err)
{
    for (int i = 0; i < err->n; i++) {
        const mj_diag *d = &err->diag[i];
        print_message("%s:%d:%d: %s\n  %s\n", d->file, d->line, d->column, d->text, d->excerpt);
    }
}

static void parse_ok(test_machine *machine, const char *text)
{
    mj_err err;
    if (parse(machine, text, &err) != MJ_OK) {
        print_problems(&err);
        fail();
    }
}

/* Problem i is `code` at line:column and its text holds `part`. */
static void assert_problem(const mj_err *err, int i, mj_status code, int line, int column,
                           const char *part)
{
    assert_true(i < err->n);
    const mj_diag *d = &err->diag[i];
    if (d->code != code || d->line != line || d->column != column || !strstr(d->text, part)) {
        print_problems(err);
        print_error("problem %d: want %d at %d:%d with '%s'\n", i, (int)code, line, column, part);
        fail();
    }
}

static const char full[] =
    "mj: 1\n"
    "machine: alpha\n"
    "title: >\n"
    "  two lines\n"
    "  folded\n"
    "sold: true\n"
    "layers: 80\n"
    "clock: 1.5 GHz\n"
    "share: 90 %\n"
    "power: {typ: 700 W, lo: 600 W, hi: 750 W, from: vendor2024, class: vendor, note: max}\n"
    "any: {typ: 39 pJ/B, hi: 50 pJ/B}\n"
    "utilisation: 0.8\n"
    "aliases: [a, \"b\"]\n"
    "memories:\n"
    "  - {name: hbm, kind: hbm, holds: [weights, act], read: 39 pJ/B, capacity: 192 GiB}\n"
    "  - name: sram.l2\n"
    "    kind: sram\n"
    "    read: {fact: sram.read.2mb}\n"
    "wires: {energy: 70 fJ/bit/mm}\n";

static void test_every_kind_is_decoded(void **state)
{
    (void)state;
    test_machine m;
    parse_ok(&m, full);
    assert_string_equal(m.name, "alpha");
    assert_string_equal(m.title, "two lines folded");
    assert_true(m.sold);
    assert_int_equal(m.layers, 80);
    assert_rel(m.clock_Hz, 1.5e9, 1e-12);
    assert_rel(m.share, 0.9, 1e-12);
    assert_rel(m.power_W.typ, 700, 1e-12);
    assert_rel(m.power_W.lo, 600, 1e-12);
    assert_rel(m.power_W.hi, 750, 1e-12);
    assert_int_equal(m.power_W.cls, MJ_CLASS_VENDOR);
    assert_string_equal(m.power_W.source, "vendor2024");
    assert_string_equal(m.power_W.unit, "W");
    assert_int_equal(m.n_aliases, 2);
    assert_string_equal(m.alias[1], "b");
    assert_int_equal(m.n_memories, 2);
    assert_int_equal(m.memory[0].kind, 1);
    assert_int_equal(m.memory[0].holds, 1 | 4);
    assert_rel(m.memory[0].read_JpB.typ, 39e-12, 1e-12);
    assert_rel(m.memory[0].capacity_B.typ, 192.0 * (1 << 30), 1e-12);
    assert_rel(m.wires.energy_JpBm.typ, 8 * 70e-15 / 1e-3, 1e-12); /* 8 bit a byte, per metre */
}

/* A field of any dimension keeps the number and the unit as written. */
static void test_any_dimension_is_kept_as_written(void **state)
{
    (void)state;
    test_machine m;
    parse_ok(&m, full);
    assert_rel(m.any.typ, 39, 1e-12);
    assert_rel(m.any.hi, 50, 1e-12);
    assert_rel(m.any.lo, 19.5, 1e-12); /* assumed: half of typ */
    assert_string_equal(m.any.unit, "pJ/B");
}

static void test_fact_is_noted_for_later(void **state)
{
    (void)state;
    test_machine m;
    parse_ok(&m, full);
    const mj_quantity *q = &m.memory[1].read_JpB;
    assert_false(mj_quantity_given(q));
    assert_string_equal(q->fact, "sram.read.2mb");
    assert_string_equal(q->unit, "J/B");
    assert_true(q->typ == 0 && q->lo == 0 && q->hi == 0);
    assert_null(m.memory[1].capacity_B.fact);
}

/* Default ranges are those of quantity.h: assumed and vendor half to double, measured +-10 %; a
 * share of 0.8 cannot be 1.6. */
static void test_default_range_by_class_within_limits(void **state)
{
    (void)state;
    test_machine m;
    parse_ok(&m, full);
    assert_int_equal(m.memory[0].read_JpB.cls, MJ_CLASS_ASSUMED);
    assert_rel(m.memory[0].read_JpB.lo, 19.5e-12, 1e-12);
    assert_rel(m.memory[0].read_JpB.hi, 78e-12, 1e-12);
    assert_rel(m.utilisation.lo, 0.4, 1e-12);
    assert_rel(m.utilisation.hi, 1.0, 1e-12);
}

static void test_from_and_class_flow_inward(void **state)
{
    (void)state;
    test_machine m;
    parse_ok(&m, "mj: 1\nmachine: a\npower: 10 W\n"
                 "memories:\n"
                 "  - {name: x, read: 10 pJ/B, class: measured, from: inner}\n"
                 "  - {name: y, read: {typ: 10 pJ/B, class: derived}, capacity: 1 GB}\n"
                 "wires: {energy: {typ: 1 J/B/m, from: innermost}}\n"
                 "from: outer\nclass: published\n"); /* order of keys does not matter */
    assert_string_equal(m.power_W.source, "outer");
    assert_int_equal(m.power_W.cls, MJ_CLASS_PUBLISHED);
    assert_rel(m.power_W.lo, 7, 1e-12); /* published: -30 % */
    assert_string_equal(m.memory[0].read_JpB.source, "inner");
    assert_string_equal(m.memory[0].source, "inner"); /* declared under the key `from` */
    assert_int_equal(m.memory[0].read_JpB.cls, MJ_CLASS_MEASURED);
    assert_rel(m.memory[0].read_JpB.hi, 11e-12, 1e-12); /* measured: +10 % */
    assert_string_equal(m.memory[1].source, "outer");
    assert_int_equal(m.memory[1].read_JpB.cls, MJ_CLASS_DERIVED);
    assert_int_equal(m.memory[1].capacity_B.cls, MJ_CLASS_PUBLISHED);
    assert_string_equal(m.wires.energy_JpBm.source, "innermost");
}

static void test_keys_suggest_and_may_not_repeat(void **state)
{
    (void)state;
    test_machine m;
    mj_err err;
    assert_int_equal(parse(&m, "mj: 1\nmachine: a\nlayres: 3\n", &err), MJ_EKEY);
    assert_problem(&err, 0, MJ_EKEY, 3, 1, "did you mean 'layers'?");
    assert_string_equal(err.diag[0].excerpt, "layres: 3");
    assert_string_equal(err.diag[0].file, "t.yaml");

    parse(&m, "mj: 1\nmachine: a\nlayers: 3\nlayers: 4\n", &err);
    assert_problem(&err, 0, MJ_EKEY, 4, 1, "'layers' stands here twice");

    parse(&m, "mj: 1\nlayers: 3\nmemories: [{read: 1 pJ/B}]\n", &err);
    assert_problem(&err, 0, MJ_EKEY, 3, 12, "missing key 'name' in memory");
    assert_problem(&err, 1, MJ_EKEY, 1, 1, "missing key 'machine' in machine");

    parse(&m, "mj: 1\nmachine: a\nmemories: [{name: x}, {name: x}]\n", &err);
    assert_problem(&err, 0, MJ_EKEY, 3, 23, "a second 'x' in memories");
}

/* Keys of a free map are kept as written, with the place of each value. */
static void test_pairs_keep_text_and_place(void **state)
{
    (void)state;
    test_machine m;
    mj_err err;
    parse_ok(&m, "mj: 1\nmachine: a\nset:\n  chip: sram\n  hbm.read: \"2 pJ/B\"\n"
                 "  x: {typ: 1 W, from: a b}\n");
    assert_int_equal(m.n_pairs, 3);
    assert_string_equal(m.pair[0].key, "chip");
    assert_string_equal(m.pair[0].value, "sram");
    assert_string_equal(m.pair[1].value, "2 pJ/B");
    assert_int_equal(m.pair[1].line, 5);
    assert_int_equal(m.pair[1].column, 13);
    assert_string_equal(m.pair[2].value, "{typ: '1 W', from: 'a b'}");

    parse(&m, "mj: 1\nmachine: a\nset: {x: 1, x: 2}\n", &err);
    assert_problem(&err, 0, MJ_EKEY, 3, 13, "'x' stands here twice");
    parse(&m, "mj: 1\nmachine: a\nset: {x: [1]}\n", &err);
    assert_problem(&err, 0, MJ_ESYNTAX, 3, 10, "expected text, found a list");
    parse(&m, "mj: 1\nmachine: a\nset: [x]\n", &err);
    assert_problem(&err, 0, MJ_ESYNTAX, 3, 6, "expected keys and values");
    parse(&m, "mj: 1\nmachine: a\nset: {x: {typ: it's}}\n", &err);
    assert_problem(&err, 0, MJ_ESYNTAX, 3, 16, "quotes cannot stand here");
    parse(&m, "mj: 1\nmachine: a\nset: {x: 1, y: 2, z: 3, w: 4}\n", &err);
    assert_problem(&err, 0, MJ_ELIMIT, 3, 25, "at most 3 entries");
}

/* One wrong value a line, each behind `mj: 1` and `machine: a`, so on line 3. */
static void test_values_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        mj_status code;
        int column;
        const char *part;
    } row[] = {
        {"power: 7 J", MJ_EUNIT, 8, "power"},
        {"power: 7", MJ_EUNIT, 8, "power"},
        {"power: 7 Wat", MJ_EUNIT, 8, "power"},
        {"power: seven", MJ_ESYNTAX, 8, "power"},
        {"power:", MJ_ESYNTAX, 1, "nothing"},
        {"power: [1 W]", MJ_ESYNTAX, 8, "a list"},
        {"power: -1 W", MJ_ERANGE, 8, "0 W to 1 MW"},
        {"power: 1e308 W", MJ_ERANGE, 8, "power"},
        {"power: {typ: 5 W, lo: 6 W}", MJ_ERANGE, 23, "lo <= typ <= hi"},
        {"power: {typ: 5 W, hi: 4 W}", MJ_ERANGE, 23, "lo <= typ <= hi"},
        {"power: {lo: 5 W}", MJ_EKEY, 8, "either typ or fact"},
        {"power: {typ: 5 W, fact: a.b}", MJ_EKEY, 8, "either typ or fact"},
        {"power: {fact: a.b, lo: 1 W}", MJ_EKEY, 8, "its own lo and hi"},
        {"power: {typ: 5 W, tpy: 5 W}", MJ_EKEY, 19, "did you mean 'typ'?"},
        {"power: {typ: 5 W, class: measurd}", MJ_ENAME, 26, "did you mean 'measured'?"},
        {"class: guessed", MJ_ENAME, 8, "class"},
        {"any: {typ: 5 W, hi: 6 J}", MJ_EUNIT, 21, "typ is in W"},
        {"any: 1e308 W", MJ_ERANGE, 6, "too large"}, /* twice that is infinite */
        {"layers: 2147483648", MJ_ERANGE, 9, "0 to 4096"},
        {"layers: -1", MJ_ERANGE, 9, "0 to 4096"},
        {"layers: 1e308", MJ_ERANGE, 9, "0 to 4096"},
        {"layers: 1.5", MJ_ESYNTAX, 9, "whole number"},
        {"layers: 1k", MJ_ESYNTAX, 9, "whole number"},
        {"layers: 3 W", MJ_EUNIT, 9, "layers"},
        {"layers: {a: 1}", MJ_ESYNTAX, 9, "a map"},
        {"clock: 1e13 Hz", MJ_ERANGE, 8, "1 THz"},
        {"sold: yes", MJ_ESYNTAX, 7, "true or false"},
        {"title: \"a\\tb\"", MJ_ESYNTAX, 8, "tabs"},
        {"title: null", MJ_ESYNTAX, 8, "nothing"},
        {"aliases: a", MJ_ESYNTAX, 10, "a list"},
        {"aliases: [a, b, c, d]", MJ_ELIMIT, 10, "at most 3"},
        {"memories: [{name: a, kind: hbn}]", MJ_ENAME, 28, "did you mean 'hbm'?"},
        {"memories: [{name: a, kind: \"\"}]", MJ_ENAME, 28, "kind"},
        {"memories: [{name: a, holds: [kv, wights]}]", MJ_ENAME, 34, "did you mean 'weights'?"},
        {"memories: [{name: a, holds: kv}]", MJ_ESYNTAX, 29, "a list"},
        {"memories: [5]", MJ_ESYNTAX, 12, "of a memory"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char text[160];
        test_machine m;
        mj_err err;
        snprintf(text, sizeof text, "mj: 1\nmachine: a\n%s\n", row[i].line);
        assert_int_equal(parse(&m, text, &err), row[i].code);
        assert_problem(&err, 0, row[i].code, 3, row[i].column, row[i].part);
        assert_string_equal(err.diag[0].excerpt, row[i].line);
    }
}

static void test_not_finite_is_no_number(void **state)
{
    (void)state;
    static const char *const text[] = {"nan", "inf", "-inf", ".inf", ".nan", "1e999", "0x10"};
    static const char *const key[] = {"layers: %s", "share: %s", "power: %s W", "any: %s W"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        for (size_t k = 0; k < sizeof key / sizeof *key; k++) {
            char line[64], whole[128];
            test_machine m;
            mj_err err;
            snprintf(line, sizeof line, key[k], text[i]);
            snprintf(whole, sizeof whole, "mj: 1\nmachine: a\n%s\n", line);
            assert_int_not_equal(parse(&m, whole, &err), MJ_OK);
            assert_int_equal(err.diag[0].line, 3);
        }
    }
}

static void test_all_problems_in_one_run(void **state)
{
    (void)state;
    test_machine m;
    mj_err err;
    parse(&m,
          "mj: 1\n"
          "machine: a\n"
          "layers: -3\n"
          "powr: 7 W\n"
          "clock: 3 W\n"
          "memories:\n"
          "  - {name: \"\xc3\xa4\", read: 1 pJ}\n",
          &err);
    assert_int_equal(err.n, 4);
    assert_problem(&err, 0, MJ_ERANGE, 3, 9, "layers");
    assert_problem(&err, 1, MJ_EKEY, 4, 1, "did you mean 'power'?");
    assert_problem(&err, 2, MJ_EUNIT, 5, 8, "clock");
    assert_problem(&err, 3, MJ_EUNIT, 7, 23, "read"); /* columns count characters, not bytes */
}

static void test_problems_past_the_list_are_counted(void **state)
{
    (void)state;
    char text[4096] = "mj: 1\nmachine: a\n";
    for (int i = 0; i < 100; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "bad%d: 1\n", i);
    }
    test_machine m;
    mj_err err;
    assert_int_equal(parse(&m, text, &err), MJ_EKEY);
    assert_int_equal(err.n, MJ_ERR_MAX);
    assert_int_equal(err.n_dropped, 100 - MJ_ERR_MAX);
    assert_string_equal(err.diag[MJ_ERR_MAX - 1].excerpt, "bad11: 1");
    assert_int_equal(mj_spec_parse(&m, &test_machine_schema, text, strlen(text), "t", units, &arena,
                                   NULL), MJ_EKEY);
}

static void test_syntax_is_located(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mj_status code;
        int line, column;
        const char *part;
    } row[] = {
        {"", MJ_ESYNTAX, 1, 1, "empty"},
        {"# only a comment\n", MJ_ESYNTAX, 1, 1, "empty"},
        {"machine: a\n", MJ_EKEY, 1, 1, "mj: 1"},
        {"- a\n", MJ_EKEY, 1, 1, "mj: 1"},
        {"machine: a\nmj: 1\n", MJ_EKEY, 1, 1, "mj: 1"},
        {"mj: 2\nmachine: a\n", MJ_ESUPPORT, 1, 5, "version 1"},
        {"mj: 1\nmachine: b: c\n", MJ_ESYNTAX, 2, 11, ""},
        {"mj: 1\ntitle: \"a\\q\"\n", MJ_ESYNTAX, 2, 10, "escape"},
        {"mj: 1\naliases: [a, b\n", MJ_ESYNTAX, 3, 1, "closing bracket"},
        {"mj: 1\nmachine: &x a\n", MJ_ESUPPORT, 2, 13, "anchors"},
        {"mj: 1\nmachine: *x\n", MJ_ESUPPORT, 2, 10, "aliases"},
        {"mj: 1\n<<: {layers: 3}\n", MJ_ESUPPORT, 2, 1, "merge"},
        {"mj: 1\nmachine: !!str a\n", MJ_ESUPPORT, 2, 16, "tags"},
        {"mj: 1\n? [a]\n: b\n", MJ_ESYNTAX, 2, 3, "key"},
        {"mj: 1\nmachine: a\n---\nmj: 1\n", MJ_ESUPPORT, 3, 1, "second document"},
        {"%YAML 1.1\n---\nmj: 1\n", MJ_ESUPPORT, 1, 1, "directives"},
        {"mj: 1\nmachine: a\x1b[31m\n", MJ_ESYNTAX, 2, 11, "control"},
        {"mj: 1\nmachine: \"a\\e[31m\"\n", MJ_ESYNTAX, 2, 10, "control"},
        {"mj: 1\nmachine: \"a\\0\"\n", MJ_ESYNTAX, 2, 10, "control"},
        {"mj: 1\nmachine: \xc3(\n", MJ_ESYNTAX, 2, 10, "UTF-8"},
        {"mj: 1\rmachine: a\n", MJ_ESYNTAX, 1, 6, "control"},
        {"\x7f" "ELF\x02\x01", MJ_ESYNTAX, 1, 1, "control"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        test_machine m;
        mj_err err;
        assert_int_equal(parse(&m, row[i].text, &err), row[i].code);
        assert_problem(&err, 0, row[i].code, row[i].line, row[i].column, row[i].part);
    }
}

static void test_line_ends_of_windows_are_fine(void **state)
{
    (void)state;
    test_machine m;
    parse_ok(&m, "mj: 1\r\nmachine: a\r\nlayers: 3\r\n");
    assert_int_equal(m.layers, 3);
    assert_string_equal(m.name, "a");
}

/* `unit` repeated n times behind a correct beginning must be refused with `code`. */
static void refuse_repeated(const char *unit, size_t n, mj_status code)
{
    static const char begin[] = "mj: 1\nmachine: a\nmemories: ";
    size_t size = strlen(unit), length = sizeof begin - 1;
    char *text = malloc(length + n * size);
    assert_non_null(text);
    memcpy(text, begin, length);
    for (size_t i = 0; i < n; i++, length += size) {
        memcpy(text + length, unit, size);
    }
    test_machine m;
    mj_err err;
    assert_int_equal(parse_n(&m, text, length, &err), code);
    assert_true(err.n > 0);
    free(text);
}

static void test_hostile_texts_are_refused(void **state)
{
    (void)state;
    refuse_repeated("[", 10000, MJ_ELIMIT);
    refuse_repeated("{a: ", 10000, MJ_ELIMIT);
    refuse_repeated("[a,", 10000, MJ_ELIMIT);
    refuse_repeated("\n? ", 33, MJ_ESYNTAX);
    refuse_repeated("\n- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - a", 1,
                    MJ_ELIMIT);
    refuse_repeated("[", 4 << 20, MJ_ELIMIT);
    refuse_repeated("\n# five megabytes", 5 << 16, MJ_ELIMIT);
    refuse_repeated("\n- a", 300000, MJ_ELIMIT); /* more nodes than a spec has */
    mj_err err;
    test_machine m;
    static const char bomb[] = "mj: 1\na: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\n";
    assert_int_equal(parse(&m, bomb, &err), MJ_ESUPPORT);
    static const char nul[] = "mj: 1\nmachine: a\0b\n";
    assert_int_equal(parse_n(&m, nul, sizeof nul - 1, &err), MJ_ESYNTAX);
    assert_problem(&err, 0, MJ_ESYNTAX, 2, 11, "control");
}

/* Every beginning of a correct file is either correct itself or an error with a place. */
static void test_truncated_texts_never_break(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof full; n++) {
        test_machine m;
        mj_err err;
        mj_status status = parse_n(&m, full, n, &err);
        assert_true((status == MJ_OK) == (err.n == 0));
        assert_true(status == MJ_OK || err.diag[0].line > 0);
    }
}

static void test_files(void **state)
{
    (void)state;
    test_machine m = {0};
    mj_err err = {0};
    assert_int_equal(mj_spec_load(&m, &test_machine_schema, "/no/such.yaml", units, &arena, &err),
                     MJ_EFILE);
    assert_int_equal(mj_spec_load(&m, &test_machine_schema, "/", units, &arena, &err), MJ_EFILE);
    char path[] = "/tmp/mj-test-spec-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, full, sizeof full - 1), (int)sizeof full - 1);
    assert_int_equal(mj_spec_load(&m, &test_machine_schema, path, units, &arena, &err), MJ_OK);
    assert_string_equal(m.name, "alpha");
    assert_int_equal(ftruncate(fd, 100 << 20), 0); /* 100 MB are not even read */
    assert_int_equal(mj_spec_load(&m, &test_machine_schema, path, units, &arena, &err), MJ_ELIMIT);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_is_decoded),
        cmocka_unit_test(test_any_dimension_is_kept_as_written),
        cmocka_unit_test(test_fact_is_noted_for_later),
        cmocka_unit_test(test_default_range_by_class_within_limits),
        cmocka_unit_test(test_from_and_class_flow_inward),
        cmocka_unit_test(test_keys_suggest_and_may_not_repeat),
        cmocka_unit_test(test_pairs_keep_text_and_place),
        cmocka_unit_test(test_values_are_checked),
        cmocka_unit_test(test_not_finite_is_no_number),
        cmocka_unit_test(test_all_problems_in_one_run),
        cmocka_unit_test(test_problems_past_the_list_are_counted),
        cmocka_unit_test(test_syntax_is_located),
        cmocka_unit_test(test_line_ends_of_windows_are_fine),
        cmocka_unit_test(test_hostile_texts_are_refused),
        cmocka_unit_test(test_truncated_texts_never_break),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
