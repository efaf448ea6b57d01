/* Errors: what is kept, what is cut, what must not reach a terminal. */
#include "assert_rel.h"

#include "mj/err.h"
#include "mj/quantity.h"

#include <string.h>

static void test_every_status_has_a_text(void **state)
{
    (void)state;
    for (int status = 0; status < MJ_STATUS_N; status++) {
        assert_true(strlen(mj_status_text((mj_status)status)) > 0);
    }
    assert_non_null(mj_status_text(MJ_STATUS_N));
    assert_non_null(mj_status_text((mj_status)-1));
}

static void test_add_returns_the_code(void **state)
{
    (void)state;
    mj_err err = {0};
    assert_int_equal(mj_err_add(&err, MJ_EUNIT, "a.yaml", 3, 7, "'%s' is bad", "W"), MJ_EUNIT);
    assert_int_equal(mj_err_add(NULL, MJ_EFILE, NULL, 0, 0, "nobody listens"), MJ_EFILE);
    assert_int_equal(err.n, 1);
    assert_int_equal(err.diag[0].line, 3);
    assert_int_equal(err.diag[0].column, 7);
    assert_string_equal(err.diag[0].file, "a.yaml");
    assert_string_equal(err.diag[0].text, "'W' is bad");
    assert_string_equal(err.diag[0].excerpt, "");
}

static void test_too_many_are_counted(void **state)
{
    (void)state;
    mj_err err = {0};
    for (int i = 0; i < MJ_ERR_MAX + 5; i++) {
        mj_err_add(&err, MJ_EKEY, NULL, i, 0, "problem %d", i);
    }
    assert_int_equal(err.n, MJ_ERR_MAX);
    assert_int_equal(err.n_dropped, 5);
    /* The excerpt of a dropped problem must not land on the last one kept. */
    mj_err_excerpt(&err, "line", 4);
    assert_string_equal(err.diag[MJ_ERR_MAX - 1].excerpt, "");
}

static void test_hostile_text_is_made_visible(void **state)
{
    (void)state;
    mj_err err = {0};
    mj_err_add(&err, MJ_EFILE, "a\033[2J\nb", 0, 0, "key '%s'", "\x1b]0;x\x07\xff");
    assert_string_equal(err.diag[0].file, "a?[2J?b");
    assert_string_equal(err.diag[0].text, "key '?]0;x?" "?'");
    mj_err_excerpt(&err, "\ta: \x1b[1m\nnext", 14);
    assert_string_equal(err.diag[0].excerpt, " a: ?[1m");
}

static void test_long_text_is_cut_at_a_character(void **state)
{
    (void)state;
    char longer[2000];
    for (size_t i = 0; i + 2 < sizeof longer; i += 2) {
        memcpy(longer + i, "µ", 2);
    }
    longer[sizeof longer - 2] = '\0';
    mj_err err = {0};
    mj_err_add(&err, MJ_EKEY, longer, 0, 0, "x%s", longer);
    assert_int_equal(strlen(err.diag[0].file), MJ_ERR_FILE - 2);
    assert_int_equal(strlen(err.diag[0].text), MJ_ERR_TEXT - 1);
    mj_err_excerpt(&err, longer, (int)strlen(longer));
    assert_int_equal(strlen(err.diag[0].excerpt), MJ_ERR_EXCERPT - 2);
}

/* The factors of the shared rule of all facts, stated in quantity.h. */
static void test_class_range(void **state)
{
    (void)state;
    mj_quantity q = {.typ = 10, .cls = MJ_CLASS_MEASURED};
    mj_quantity_default_range(&q);
    assert_rel(q.lo, 9, 1e-15);
    assert_rel(q.hi, 11, 1e-15);
    q = (mj_quantity){.typ = -10, .cls = MJ_CLASS_VENDOR};
    mj_quantity_default_range(&q);
    assert_rel(q.lo, -20, 1e-15);
    assert_rel(q.hi, -5, 1e-15);
    assert_string_equal(mj_class_text(MJ_CLASS_NONE), "none");
    assert_string_equal(mj_class_text(MJ_CLASS_ASSUMED), "assumed");
    assert_string_equal(mj_class_text((mj_class)99), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status_has_a_text),
        cmocka_unit_test(test_add_returns_the_code),
        cmocka_unit_test(test_too_many_are_counted),
        cmocka_unit_test(test_hostile_text_is_made_visible),
        cmocka_unit_test(test_long_text_is_cut_at_a_character),
        cmocka_unit_test(test_class_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
