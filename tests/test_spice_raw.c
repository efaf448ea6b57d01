/* Results of ngspice, built byte by byte: what is in one, and every way in which one can be bad. */
#include "assert_rel.h"

#include "mj/arena.h"
#include "mj/spice_raw.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "Title: x\nFlags: real\nNo. Variables: 2\nNo. Points: 3\nVariables:\n"
#define REAL  "Flags: real\n"
#define NAMES "\t0\ttime\ttime\n\t1\tv(a)\tvoltage\nBinary:\n"

static const double rows[] = {0, 1, 1e-9, 2, 3e-9, -4};

/* The text, then n numbers, then `more` zero bytes. */
static mj_status parse(mj_raw *raw, const char *text, const double *number, size_t n, size_t more,
                       mj_arena *arena, mj_err *err)
{
    size_t length = strlen(text), numbers_B = n * sizeof *number;
    char *bytes = calloc(1, length + numbers_B + more + 1);
    assert_non_null(bytes);
    memcpy(bytes, text, length);
    memcpy(bytes + length, number, numbers_B);
    *err = (mj_err){0};
    mj_status status = mj_raw_parse(raw, bytes, length + numbers_B + more, "x.raw", arena, err);
    free(bytes);
    return status;
}

static void test_a_result(void **state)
{
    (void)state;
    mj_arena arena;
    mj_raw raw;
    mj_err err;
    mj_waveform a;
    mj_arena_init(&arena, 0);
    assert_int_equal(parse(&raw, HEAD NAMES, rows, 6, 0, &arena, &err), MJ_OK);
    assert_int_equal(raw.n_variables, 2);
    assert_int_equal(raw.n_points, 3);
    assert_null(raw.log);
    assert_rel(mj_raw_end_s(&raw), 3e-9, 1e-15);
    assert_int_equal(mj_raw_find(&a, &raw, "v(a)", &err), MJ_OK);
    assert_rel(a.value[2], -4, 1e-15);
    assert_rel(mj_waveform_at(&a, 2e-9), -1, 1e-12);
    assert_int_equal(mj_raw_find(&a, &raw, "v(b)", &err), MJ_ENAME);
    mj_arena_fini(&arena);
}

static void test_bad_results(void **state)
{
    (void)state;
    static const double nan_rows[] = {0, 1, 1e-9, NAN, 3e-9, -4}, inf_rows[] = {0, 1, 1e-9, 2, INFINITY, -4},
                        back_rows[] = {0, 1, 2e-9, 2, 1e-9, -4};
    static const struct {
        const char *text;
        const double *number;
        size_t n, more;
        mj_status status;
        const char *want;
    } bad[] = {
        {HEAD NAMES, rows, 5, 0, MJ_ESYNTAX, "cut short: 40 bytes of numbers, 48 announced"},
        {HEAD NAMES, rows, 5, 7, MJ_ESYNTAX, "cut short: 47 bytes of numbers, 48 announced"},
        {HEAD NAMES, rows, 6, 1, MJ_ESYNTAX, "49 bytes of numbers, 48 announced"},
        {HEAD NAMES, rows, 0, 0, MJ_ESYNTAX, "cut short: 0 bytes"},
        {HEAD NAMES, nan_rows, 6, 0, MJ_ERANGE, "v(a) is not a number at point 1"},
        {HEAD NAMES, inf_rows, 6, 0, MJ_ERANGE, "time is not a number at point 2"},
        {HEAD NAMES, back_rows, 6, 0, MJ_ERANGE, "time runs backwards at point 2"},
        {"", rows, 0, 0, MJ_ESYNTAX, "it ends inside its header"},
        {"Title: x\nFlags: re", rows, 0, 0, MJ_ESYNTAX, "it ends inside its header"},
        {HEAD "\t0\ttime\ttime\n", rows, 0, 0, MJ_ESYNTAX, "it ends inside its header"},
        {HEAD "\t0\ttime\ttime\n\t1\n", rows, 0, 0, MJ_ESYNTAX, "a variable has no name"},
        {HEAD "\t0\ttime\ttime\n\t2\tv(a)\tvoltage\nBinary:\n", rows, 6, 0, MJ_ESYNTAX, "a variable has no name"},
        {HEAD "\t0\tv(a)\tvoltage\n\t1\ttime\ttime\nBinary:\n", rows, 6, 0, MJ_ESUPPORT, "no time comes first"},
        {HEAD "\t0\tfrequency\thertz\n\t1\tv(a)\tvoltage\nBinary:\n", rows, 6, 0, MJ_ESUPPORT, "no time comes first"},
        {HEAD "\t0\ttime\ttime\n\t1\tv(a)\tvoltage\nValues:\n", rows, 6, 0, MJ_ESUPPORT, "not in binary form"},
        {"Flags: complex\nNo. Variables: 2\nNo. Points: 3\nVariables:\n" NAMES, rows, 6, 48, MJ_ESUPPORT,
         "not of real numbers"},
        {"No. Variables: 2\nNo. Points: 3\nVariables:\n" NAMES, rows, 6, 0, MJ_ESUPPORT, "not of real numbers"},
        {"Flags: real\nNo. Points: 3\nVariables:\n" NAMES, rows, 6, 0, MJ_EKEY, "a count is missing"},
        {REAL "No. Variables: 2\nVariables:\n" NAMES, rows, 6, 0, MJ_EKEY, "a count is missing"},
        {REAL "No. Variables: -2\nNo. Points: 3\nVariables:\n" NAMES, rows, 6, 0, MJ_ESYNTAX, "no whole number"},
        {REAL "No. Variables: 2.5\nNo. Points: 3\nVariables:\n" NAMES, rows, 6, 0, MJ_ESYNTAX, "no whole number"},
        {REAL "No. Variables: nan\nNo. Points: 3\nVariables:\n" NAMES, rows, 6, 0, MJ_ESYNTAX, "no whole number"},
        {REAL "No. Variables: 100001\nNo. Points: 3\nVariables:\n" NAMES, rows, 6, 0, MJ_ELIMIT, "too large"},
        {REAL "No. Variables: 2\nNo. Points: 1e300\nVariables:\n" NAMES, rows, 6, 0, MJ_ELIMIT, "too large"},
        {REAL "No. Variables: 2\nNo. Points: 1000000000\nVariables:\n" NAMES, rows, 6, 0, MJ_ESYNTAX, "cut short"},
        {REAL "No. Variables: 2\nNo. Points: 0\nVariables:\n" NAMES, rows, 0, 0, MJ_ERANGE, "without points"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        mj_arena arena;
        mj_raw raw;
        mj_err err;
        mj_arena_init(&arena, 0);
        mj_status status = parse(&raw, bad[k].text, bad[k].number, bad[k].n, bad[k].more, &arena, &err);
        if (status != bad[k].status || !strstr(err.diag[0].text, bad[k].want)) {
            fail_msg("%zu: %d, %s", k, status, status == MJ_OK ? "taken" : err.diag[0].text);
        }
        mj_arena_fini(&arena);
    }
}

/* A pipe without a writer would wait for one, /dev/zero has no end, a link leads elsewhere. */
static void test_results_that_are_no_files(void **state)
{
    (void)state;
    char folder[] = "/tmp/mj-test-XXXXXX", path[64], file[64];
    mj_arena arena;
    mj_raw raw;
    mj_err err = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/out.raw", folder);
    snprintf(file, sizeof file, "%s/other.raw", folder);
    mj_arena_init(&arena, 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(mj_raw_load(&raw, path, &arena, &err), MJ_EFILE);
    assert_non_null(strstr(err.diag[0].text, "not a plain file"));
    assert_int_equal(unlink(path), 0);
    FILE *out = fopen(file, "wb");
    assert_non_null(out);
    fputs(HEAD NAMES, out);
    fwrite(rows, sizeof rows, 1, out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(mj_raw_load(&raw, file, &arena, &err), MJ_OK);
    const char *const target[] = {file, "/dev/zero"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(symlink(target[i], path), 0);
        assert_int_equal(mj_raw_load(&raw, path, &arena, &err), MJ_EFILE);
        assert_int_equal(unlink(path), 0);
    }
    err = (mj_err){0};
    assert_int_equal(mj_raw_load(&raw, folder, &arena, &err), MJ_EFILE);
    assert_int_equal(mj_raw_load(&raw, path, &arena, &err), MJ_EFILE);
    assert_non_null(strstr(err.diag[1].text, "No such file"));
    mj_arena_fini(&arena);
    unlink(file);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_result),
        cmocka_unit_test(test_bad_results),
        cmocka_unit_test(test_results_that_are_no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
