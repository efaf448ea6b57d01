/* JSON: positions, limits, and output that reads back to the same bits. */
#include "assert_rel.h"

#include "mj/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static mj_json *parse(const char *text, mj_err *err)
{
    return mj_json_parse(text, strlen(text), "test.json", err);
}

static void test_reads_values(void **state)
{
    (void)state;
    mj_err err = {0};
    mj_json *json = parse("{\"n\": 80, \"x\": 1e-05, \"list\": [1, \"two\"], \"none\": null, "
                          "\"yes\": true, \"o\": {\"k\": \"v\\u001b\"}}", &err);
    assert_non_null(json);
    double number = 0;
    bool flag = false;
    assert_true(mj_json_number(mj_json_get(json, "n"), &number));
    assert_rel(number, 80, 0);
    assert_true(mj_json_number(mj_json_get(json, "x"), &number));
    assert_rel(number, 1e-5, 0);
    assert_int_equal(mj_json_length(mj_json_get(json, "list")), 2);
    assert_string_equal(mj_json_text(mj_json_at(mj_json_get(json, "list"), 1)), "two");
    assert_null(mj_json_at(mj_json_get(json, "list"), 2));
    assert_null(mj_json_get(json, "none"));
    assert_null(mj_json_get(json, "absent"));
    assert_null(mj_json_get(mj_json_get(json, "n"), "k"));
    assert_true(mj_json_bool(mj_json_get(json, "yes"), &flag) && flag);
    assert_false(mj_json_bool(mj_json_get(json, "n"), &flag));
    assert_false(mj_json_number(NULL, &number));
    assert_null(mj_json_text(NULL));
    assert_int_equal(mj_json_length(json), 0);
    assert_true(mj_json_is_object(mj_json_get(json, "o")));
    assert_true(mj_json_is_array(mj_json_get(json, "list")));
    assert_string_equal(mj_json_text(mj_json_get(mj_json_get(json, "o"), "k")), "v\033");
    mj_json_free(json);
    mj_json_free(NULL);
}

static void test_errors_have_positions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mj_status code;
        int line;
    } rows[] = {
        {"{\n \"a\": 1,\n \"a\": 2\n}", MJ_EKEY, 3},
        {"{\n \"a\": 1,\n}", MJ_ESYNTAX, 3},
        {"{\"a\": 01}", MJ_ESYNTAX, 1},
        {"[1, 2", MJ_ESYNTAX, 1},
        {"[1] x", MJ_ESYNTAX, 1},
        {"\n[NaN]", MJ_ESYNTAX, 2},
        {"[1e999]", MJ_ERANGE, 1},
        {"[99999999999999999999]", MJ_ERANGE, 1},
        {"[\"\xff\"]", MJ_ESYNTAX, 1},
        {"[\"\\u0000\"]", MJ_ESYNTAX, 1},
        {"3", MJ_ESYNTAX, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mj_err err = {0};
        assert_null(parse(rows[i].text, &err));
        assert_int_equal(err.n, 1);
        assert_int_equal(err.diag[0].code, rows[i].code);
        assert_int_equal(err.diag[0].line, rows[i].line);
        assert_true(err.diag[0].column > 0);
        assert_string_equal(err.diag[0].file, "test.json");
    }
    mj_err err = {0};
    parse("{\n \"a\": 1,\n \"a\": 2\n}", &err);
    assert_string_equal(err.diag[0].excerpt, " \"a\": 2");
    assert_null(mj_json_parse("", 0, "empty.json", &err));
    assert_null(mj_json_parse("[1]\0", 4, "nul.json", &err));
}

static void test_depth_and_size_are_limited(void **state)
{
    (void)state;
    char deep[200];
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    deep[130] = '\0';
    mj_err err = {0};
    assert_null(parse(deep, &err));
    assert_int_equal(err.diag[0].code, MJ_ELIMIT);
    assert_int_equal(err.diag[0].column, 65);
    deep[64] = ']'; /* 64 open: the limit itself is allowed */
    deep[128] = '\0';
    err = (mj_err){0};
    mj_json *json = parse(deep, &err);
    assert_non_null(json);
    mj_json_free(json);
    json = parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"]",
                 &err);
    assert_non_null(json);
    mj_json_free(json);

    size_t length = 17 * 1024 * 1024;
    char *large = malloc(length);
    assert_non_null(large);
    memset(large, ' ', length);
    assert_null(mj_json_parse(large, length, "large.json", &err));
    assert_int_equal(err.diag[0].code, MJ_ELIMIT);
    free(large);
}

/* Python's json module writes Infinity, e.g. in time_step_limit of Mamba-2 configurations. */
static void test_infinity_counts_as_absent(void **state)
{
    (void)state;
    mj_err err = {0};
    mj_json *json = parse("{\"limit\": [0.0, Infinity, -Infinity], \"s\": \"Infinity\", \"n\": 3}",
                          &err);
    assert_non_null(json);
    double number;
    assert_false(mj_json_number(mj_json_at(mj_json_get(json, "limit"), 1), &number));
    assert_string_equal(mj_json_text(mj_json_get(json, "s")), "Infinity");
    assert_int_equal(mj_json_length(mj_json_get(json, "limit")), 3);
    mj_json_free(json);
    assert_null(parse("[Infinit]", &err));
    assert_null(parse("[InfinityInfinity]", &err));
    assert_null(parse("Infinity", &err));
    assert_null(parse("-Infinity", &err));
}

static void test_files(void **state)
{
    (void)state;
    mj_err err = {0};
    assert_null(mj_json_load("/nonexistent/config.json", &err));
    assert_int_equal(err.diag[0].code, MJ_EFILE);
    assert_null(mj_json_load("/", &err));
    assert_int_equal(err.diag[1].code, MJ_EFILE);
    assert_null(mj_json_load("/dev/zero", &err));
    assert_int_equal(err.diag[2].code, MJ_ELIMIT);
}

static char *print(const mj_json *json, size_t *length)
{
    char *text = NULL;
    mj_err err = {0};
    FILE *out = open_memstream(&text, length);
    assert_non_null(out);
    assert_int_equal(mj_json_print(json, out, &err), MJ_OK);
    fclose(out);
    return text;
}

static void test_prints_in_order(void **state)
{
    (void)state;
    mj_json *json = mj_json_object(), *lines = mj_json_array(), *line = mj_json_object();
    mj_json_set_integer(json, "schema", 1);
    mj_json_set_text(json, "model", "\xff\033[2J\"µ");
    mj_json_set_text(json, "nothing", NULL);
    mj_json_set_number(json, "unbounded", HUGE_VAL);
    mj_json_set_number(json, "tenth", 0.1);
    mj_json_set_bool(json, "ok", true);
    mj_json_set_number(line, "unit_J", 3.9e-11);
    mj_json_append(lines, line);
    mj_json_set(json, "lines", lines);
    mj_json_set(json, "empty", mj_json_array());
    size_t length;
    char *text = print(json, &length);
    /* 0xff and the escape are no UTF-8 text that a terminal should see. */
    assert_string_equal(text, "{\n  \"schema\": 1,\n  \"model\": \"??[2J\\\"µ\",\n"
                              "  \"nothing\": null,\n  \"unbounded\": null,\n  \"tenth\": 0.1,\n"
                              "  \"ok\": true,\n  \"lines\": [\n    {\n"
                              "      \"unit_J\": 3.9e-11\n    }\n  ],\n  \"empty\": []\n}\n");
    free(text);
    mj_err err = {0};
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    mj_json *record = mj_json_object(), *pair = mj_json_array();
    mj_json_set_integer(record, "step", 3);
    mj_json_set(record, "pair", pair);
    mj_json_append_integer(pair, 1);
    mj_json_append_integer(pair, 2);
    assert_int_equal(mj_json_print_line(record, out, &err), MJ_OK);
    fclose(out);
    assert_string_equal(text, "{\"step\": 3, \"pair\": [1, 2]}\n");
    free(text);
    mj_json_free(record);
    mj_json_free(json);
}

/* Every double that is printed comes back bit by bit. */
static void test_numbers_round_trip(void **state)
{
    (void)state;
    mj_json *json = mj_json_object();
    double values[200];
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 200; i++) {
        do {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            memcpy(&values[i], &seed, sizeof seed);
        } while (!isfinite(values[i]));
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        mj_json_set_number(json, key, values[i]);
    }
    size_t length;
    char *text = print(json, &length);
    mj_err err = {0};
    mj_json *back = mj_json_parse(text, length, "back.json", &err);
    assert_non_null(back);
    for (int i = 0; i < 200; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        double value = 0;
        assert_true(mj_json_number(mj_json_get(back, key), &value));
        assert_memory_equal(&value, &values[i], sizeof value);
    }
    free(text);
    mj_json_free(back);
    mj_json_free(json);
}

static void test_output_failures_are_noticed(void **state)
{
    (void)state;
    mj_err err = {0};
    assert_int_equal(mj_json_print(NULL, stdout, &err), MJ_EMEM);
    mj_json *json = mj_json_object();
    mj_json_set_number(json, "x", 1);
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_int_equal(mj_json_print(json, full, &err), MJ_EFILE);
    fclose(full);
    full = fopen("/dev/null", "w");
    assert_non_null(full);
    /* A value that was never made must not vanish silently. */
    mj_json *list = mj_json_array();
    mj_json_set(json, "list", list);
    mj_json_append(list, mj_json_object());
    mj_json_append(list, NULL);
    mj_json_append(list, mj_json_object());
    assert_int_equal(mj_json_print(json, full, &err), MJ_EMEM);
    fclose(full);
    mj_json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_values),
        cmocka_unit_test(test_errors_have_positions),
        cmocka_unit_test(test_depth_and_size_are_limited),
        cmocka_unit_test(test_infinity_counts_as_absent),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_prints_in_order),
        cmocka_unit_test(test_numbers_round_trip),
        cmocka_unit_test(test_output_failures_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
