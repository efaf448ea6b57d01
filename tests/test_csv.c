/* CSV: RFC 4180 quoting, lines in errors, limits. */
#include "assert_rel.h"

#include "mj/csv.h"

#include <stdlib.h>
#include <string.h>

static mj_status parse(mj_csv *csv, const char *text, mj_arena *arena, mj_err *err)
{
    return mj_csv_parse(csv, text, strlen(text), "t.csv", arena, err);
}

static void test_reads_a_table(void **state)
{
    mj_arena *arena = *state;
    mj_err err = {0};
    mj_csv csv;
    assert_int_equal(parse(&csv,
                           "\xEF\xBB\xBFmodel, gpu ,energy\r\n"
                           "\"a, \"\"b\"\"\",h100,3.9e-1\r\n"
                           "\r\n"
                           "\"two\nlines\",,\r\n"
                           "last,b200,7",
                           arena, &err),
                     MJ_OK);
    assert_int_equal(csv.n_columns, 3);
    assert_int_equal(csv.n_rows, 3);
    assert_int_equal(mj_csv_column(&csv, "model"), 0);
    assert_int_equal(mj_csv_column(&csv, "gpu"), 1);
    assert_int_equal(mj_csv_column(&csv, "watt"), -1);
    assert_string_equal(mj_csv_text(&csv, 0, 0), "a, \"b\"");
    assert_string_equal(mj_csv_text(&csv, 1, 0), "two\nlines");
    assert_string_equal(mj_csv_text(&csv, 1, 1), "");
    assert_string_equal(mj_csv_text(&csv, 2, -1), "");
    assert_string_equal(mj_csv_text(&csv, 2, 2), "7");
    assert_int_equal(csv.line[0], 2);
    assert_int_equal(csv.line[1], 4);
    assert_int_equal(csv.line[2], 6); /* the quoted cell above takes lines 4 and 5 */
}

static void test_numbers(void **state)
{
    mj_err err = {0};
    mj_csv csv;
    assert_int_equal(parse(&csv, "a\n1.5\nnan\n1e999\n0x1\n1 W\n-3\n\"\"\n", *state, &err), MJ_OK);
    double number = 0;
    assert_int_equal(mj_csv_number(&number, &csv, 0, 0, -1, &err), MJ_OK);
    assert_rel(number, 1.5, 0);
    for (int row = 1; row <= 4; row++) {
        err = (mj_err){0};
        assert_int_equal(mj_csv_number(&number, &csv, row, 0, -1, &err), MJ_ESYNTAX);
        assert_int_equal(err.diag[0].line, row + 2);
        assert_non_null(strstr(err.diag[0].text, "'a'"));
        assert_rel(number, 1.5, 0);
    }
    assert_int_equal(mj_csv_number(&number, &csv, 5, 0, -1, &err), MJ_OK);
    assert_rel(number, -3, 0);
    assert_int_equal(csv.n_rows, 7);
    assert_int_equal(mj_csv_number(&number, &csv, 6, 0, -1, &err), MJ_OK);
    assert_rel(number, -1, 0);
    assert_int_equal(mj_csv_number(&number, &csv, 0, -1, 8, &err), MJ_OK);
    assert_rel(number, 8, 0);
}

static void test_errors_have_lines(void **state)
{
    static const struct {
        const char *text;
        mj_status code;
        int line;
    } rows[] = {
        {"", MJ_ESYNTAX, 0},
        {"\n\n", MJ_ESYNTAX, 0},
        {"a,b\n1,2\n1\n", MJ_ESYNTAX, 3},
        {"a,b\n1,2\n\n1,2,3\n", MJ_ESYNTAX, 4},
        {"a,b\n1,2\n\"x\ny\",2,3\n", MJ_ESYNTAX, 3},
        {"a,b\r1,2\r1,2,3\r", MJ_ESYNTAX, 3},
        {"a,b\n1,2\n1,\"2", MJ_ESYNTAX, 3},
        {"a,b\n1,x\"y\n", MJ_ESYNTAX, 2},
        {"a,b\n1,\"x\"y\n", MJ_ESYNTAX, 2},
        {"a,a\n1,2\n", MJ_EKEY, 1},
        {"\na,\n1,2\n", MJ_EKEY, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mj_err err = {0};
        mj_csv csv;
        mj_status status = parse(&csv, rows[i].text, *state, &err);
        if (status != rows[i].code || err.n != 1 || err.diag[0].line != rows[i].line) {
            fail_msg("row %zu: status %d, %d problems, line %d: %s", i, status, err.n,
                     err.diag[0].line, err.diag[0].text);
        }
    }
    mj_err err = {0};
    mj_csv csv;
    assert_int_equal(mj_csv_parse(&csv, "a\n\0\n", 4, "t.csv", *state, &err), MJ_ESYNTAX);
    assert_int_equal(mj_csv_load(&csv, "/nonexistent.csv", *state, &err), MJ_EFILE);
}

static void test_limits(void **state)
{
    mj_err err = {0};
    mj_csv csv;
    char commas[300];
    memset(commas, ',', sizeof commas - 1);
    commas[sizeof commas - 1] = '\0';
    assert_int_equal(parse(&csv, commas, *state, &err), MJ_ELIMIT);

    size_t n = 2 * 1000002;
    char *rows = malloc(n);
    assert_non_null(rows);
    for (size_t i = 0; i < n; i += 2) {
        memcpy(rows + i, "a\n", 2);
    }
    err = (mj_err){0};
    assert_int_equal(mj_csv_parse(&csv, rows, n, "t.csv", *state, &err), MJ_ELIMIT);
    assert_int_equal(mj_csv_parse(&csv, rows, n - 2, "t.csv", *state, &err), MJ_OK);
    assert_int_equal(csv.n_rows, 1000000);
    assert_int_equal(csv.line[999999], 1000001);
    free(rows);

    mj_arena small;
    mj_arena_init(&small, 64);
    assert_int_equal(mj_csv_parse(&csv, "a,b,c\n1,2,3\n", 12, "t.csv", &small, &err), MJ_EMEM);
    mj_arena_fini(&small);
}

static int setup(void **state)
{
    static mj_arena arena;
    mj_arena_init(&arena, 0);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    mj_arena_fini(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_a_table),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_errors_have_lines),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
