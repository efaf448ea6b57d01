/* Children: missing, late, loud, failing; what they started goes with them; a signal of ours ends them. */
#define _GNU_SOURCE /* sigaction */
#include "assert_rel.h"

#include "mj/child.h"
#include "mj/clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static mj_status run_shell(char **text, char *script, double limit_s, size_t limit_B, mj_err *err)
{
    char shell[] = "sh", option[] = "-c";
    char *argv[] = {shell, option, script, NULL};
    size_t length;
    return mj_child_read(text, &length, &(mj_child){.argv = argv, .limit_s = limit_s, .limit_B = limit_B},
                         err);
}

static void test_children_have_limits(void **state)
{
    (void)state;
    mj_err err = {0};
    char *text, late[] = "sleep 30", loud[] = "yes", wrong[] = "exit 3", none[] = "no-such-program";
    char two[] = "printf 'a\\nb'";
    size_t length;
    assert_int_equal(run_shell(&text, late, 0.2, 100, &err), MJ_ETOOL);
    assert_non_null(strstr(err.diag[0].text, "more than 0.2 s"));
    assert_int_equal(run_shell(&text, loud, 30, 1 << 20, &err), MJ_ELIMIT);
    assert_int_equal(run_shell(&text, wrong, 30, 100, &err), MJ_ETOOL);
    assert_non_null(strstr(err.diag[2].text, "exit code 3"));
    char *argv[] = {none, NULL};
    const mj_child missing = {.argv = argv, .package = "a-package", .limit_s = 30, .limit_B = 100};
    assert_int_equal(mj_child_read(&text, &length, &missing, &err), MJ_ETOOL);
    assert_non_null(strstr(err.diag[3].text, "package a-package"));
    assert_int_equal(run_shell(&text, two, 30, 100, &err), MJ_OK);
    assert_string_equal(text, "a\nb");
    free(text);
}

/* Its text is kept. */
static mj_status run_kept(char **text, char *script, double limit_s, mj_err *err)
{
    char shell[] = "sh", option[] = "-c";
    char *argv[] = {shell, option, script, NULL};
    size_t length;
    return mj_child_run(text, &length, &(mj_child){.argv = argv, .limit_s = limit_s, .limit_B = 1000}, err);
}

/* A process that is gone, or that only waits for its parent to ask how it ended. */
static bool is_over(long pid)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *in = fopen(path, "r");
    if (in) {
        line[fread(line, 1, sizeof line - 1, in)] = '\0';
        fclose(in);
    }
    const char *name_end = strrchr(line, ')');
    return !name_end || name_end[2] == 'Z' || name_end[2] == 'X';
}

static void test_the_limit_holds_without_output(void **state)
{
    (void)state;
    mj_err err = {0};
    char *text, closed[] = "exec >&- 2>&-; sleep 30";
    double start_s = mj_clock_s();
    assert_int_equal(run_shell(&text, closed, 0.3, 100, &err), MJ_ETOOL);
    assert_non_null(strstr(err.diag[0].text, "more than 0.3 s"));
    assert_true(mj_clock_s() - start_s < 10);
}

static void test_grandchildren_go_too(void **state)
{
    (void)state;
    mj_err err = {0};
    char *text, script[] = "sleep 30 & echo $!; wait";
    assert_int_equal(run_kept(&text, script, 0.5, &err), MJ_ETOOL);
    assert_non_null(text);
    long pid = strtol(text, NULL, 10);
    assert_true(pid > 1);
    for (double end_s = mj_clock_s() + 10; !is_over(pid) && mj_clock_s() < end_s;) {
    }
    assert_true(is_over(pid));
    free(text);
}

/* The script sends us what Ctrl-C would: we live, it does not, and the next such signal is ours again. */
static void test_a_signal_ends_the_child(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    char path[] = "/tmp/mj-test-child-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        mj_err err = {0};
        char *text, script[128];
        struct sigaction after;
        signal(signals[i], SIG_DFL); /* who runs us may have it ignored */
        snprintf(script, sizeof script, "echo $$ > %s; kill -%d $PPID; sleep 30", path, signals[i]);
        assert_int_equal(run_kept(&text, script, 20, &err), MJ_ESTOP);
        assert_non_null(strstr(err.diag[0].text, "stopped by signal"));
        free(text);
        FILE *in = fopen(path, "r");
        long pid = 0;
        assert_non_null(in);
        assert_int_equal(fscanf(in, "%ld", &pid), 1);
        fclose(in);
        assert_true(pid > 1 && is_over(pid));
        assert_int_equal(sigaction(signals[i], NULL, &after), 0);
        assert_true(after.sa_handler == SIG_DFL);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_children_have_limits),
        cmocka_unit_test(test_the_limit_holds_without_output),
        cmocka_unit_test(test_grandchildren_go_too),
        cmocka_unit_test(test_a_signal_ends_the_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
