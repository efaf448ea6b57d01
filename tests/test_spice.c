/* Decks and runs of ngspice: an RC stage against its formula, and every way in which a run or its result can
 * be wrong. Files of models: test_spice_models.c; results alone: test_spice_raw.c. */
#include "assert_rel.h"
#include "here.h"

#include "mj/arena.h"
#include "mj/child.h"
#include "mj/spice.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int set_up(void **state)
{
    mj_arena *arena = malloc(sizeof *arena);
    mj_arena_init(arena, 0);
    *state = arena;
    return 0;
}

static int tear_down(void **state)
{
    mj_arena_fini(*state);
    free(*state);
    return 0;
}

/* Entries of a folder; those of a private one are removed with it. */
static int count_entries(const char *folder)
{
    int n = 0;
    DIR *list = opendir(folder);
    assert_non_null(list);
    while (readdir(list)) {
        n++;
    }
    closedir(list);
    return n - 2;
}

static void remove_all(const char *root)
{
    char command[512];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
}

/* The text names the one folder in root, which has deck and log. */
static void check_kept(const char *root, const char *text)
{
    char path[512];
    const char *at = strstr(text, "kept in ");
    assert_int_equal(count_entries(root), 1);
    assert_non_null(at);
    at += strlen("kept in ");
    assert_int_equal(strncmp(at, root, strlen(root)), 0);
    snprintf(path, sizeof path, "%s/in.cir", at);
    assert_int_equal(access(path, R_OK), 0);
    snprintf(path, sizeof path, "%s/run.log", at);
    assert_int_equal(access(path, R_OK), 0);
}

static mj_status run_text(mj_raw *raw, const char *circuit, const mj_spice_job *job, mj_arena *arena,
                          mj_err *err)
{
    mj_deck deck;
    assert_int_equal(mj_deck_open(&deck, "test\n.control\nquit", err), MJ_OK);
    fputs(circuit, deck.out);
    mj_deck_transient(&deck, (mj_transient){.step_s = 1e-11, .stop_s = 5e-9, .from_given = true});
    mj_status status = mj_spice_run(raw, &deck, job, arena, err);
    mj_deck_close(&deck);
    return status;
}

/* 1 kohm and 1 pF from 0 V towards 2 V: 2 (1 - exp(-t/ns)) V, and a supply that gives C V Q. */
static void test_rc_stage(void **state)
{
    skip_without("ngspice");
    char root[] = "/tmp/mj-test-XXXXXX";
    assert_non_null(mkdtemp(root));
    mj_err err = {0};
    mj_raw raw;
    const mj_spice_job job = {.root = root};
    assert_int_equal(run_text(&raw,
                              "v1 a 0 2\nr1 a b 1k\nc1 b 0 1p ic=0\n.save v(b)\n.save i(v1)\n"
                              ".option reltol=1e-5\n", &job, *state, &err),
                     MJ_OK);
    mj_waveform b, i;
    assert_int_equal(mj_raw_find(&b, &raw, "v(b)", &err), MJ_OK);
    assert_int_equal(mj_raw_find(&i, &raw, "i(v1)", &err), MJ_OK);
    assert_int_equal(mj_raw_find(&b, &raw, "v(c)", &err), MJ_ENAME);
    for (double when = 0.5e-9; when < 4.9e-9; when += 0.7e-9) {
        /* Steps of 10 ps on a constant of 1 ns: trapezoids err by their square over 12. */
        assert_rel(mj_waveform_at(&b, when), 2 * (1 - exp(-when / 1e-9)), 2e-4);
    }
    assert_rel(-mj_waveform_integral(&i, 0, 5e-9), 2e-12 * (1 - exp(-5)), 1e-3);
    assert_int_equal(count_entries(root), 0); /* nothing is left behind */
    remove_all(root);
}

/* Every failure is one entry with its reason, and keeps deck and log. */
static void test_runs_that_fail(void **state)
{
    skip_without("ngspice");
    static const struct {
        const char *circuit, *want;
    } bad[] = {
        {"v1 a 0 1\nm1 a a 0 0 nowhere w=1u l=1u\n", "could not find a valid modelname; deck"},
        {"v1 a 0 1\nv2 a 0 2\n", "TRAN:  Timestep too small"},
        {"b1 a 0 v=sqrt(-1-time)/0\nr1 a 0 1\n", "Transient op failed, timestep too small; deck"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        char root[] = "/tmp/mj-test-XXXXXX";
        assert_non_null(mkdtemp(root));
        mj_err err = {0};
        mj_raw raw;
        const mj_spice_job job = {.root = root, .limit_s = 20};
        mj_status status = run_text(&raw, bad[k].circuit, &job, *state, &err);
        assert_int_equal(status, MJ_ETOOL);
        assert_int_equal(err.n, 1);
        if (!strstr(err.diag[0].text, bad[k].want)) {
            fail_msg("%zu: %s", k, err.diag[0].text);
        }
        check_kept(root, err.diag[0].text);
        remove_all(root);
    }
}

/* A good run whose result is not what was asked: what there is to look at is written once more. */
static void test_results_that_are_wanting(void **state)
{
    skip_without("ngspice");
    char root[] = "/tmp/mj-test-XXXXXX";
    assert_non_null(mkdtemp(root));
    mj_err err = {0};
    mj_deck deck;
    mj_raw raw;
    mj_waveform wave;
    const mj_spice_job job = {.root = root};
    assert_int_equal(mj_deck_open(&deck, "test", &err), MJ_OK);
    fputs("v1 a 0 1\nr1 a 0 1\n", deck.out);
    mj_deck_save(&deck, "v(a)");
    mj_deck_transient(&deck, (mj_transient){.step_s = 1e-9, .stop_s = 1e-9});
    assert_int_equal(mj_spice_run(&raw, &deck, &job, *state, &err), MJ_OK);
    assert_int_equal(count_entries(root), 0);
    assert_non_null(strstr(raw.log, "test"));
    assert_int_equal(mj_spice_keep(MJ_OK, &deck, &raw, &job, &err), MJ_OK);
    assert_int_equal(mj_spice_keep(MJ_ENAME, &deck, &raw, &job, NULL), MJ_ENAME);
    assert_int_equal(count_entries(root), 0);
    mj_status status = mj_raw_find(&wave, &raw, "v(b)", &err);
    assert_int_equal(mj_spice_keep(status, &deck, &raw, &job, &err), MJ_ENAME);
    assert_int_equal(err.n, 2);
    assert_non_null(strstr(err.diag[0].text, "no signal v(b)"));
    check_kept(root, err.diag[1].text);
    mj_deck_close(&deck);
    remove_all(root);
}

/* A program in ngspice's place, written for the test. */
static void write_program(const char *path, const char *body)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(out, "#!/bin/sh\n%s\n", body);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(path, 0700), 0);
}

static void test_programs_that_lie(void **state)
{
    static const struct {
        const char *body, *want;
        double limit_s;
    } lie[] = {
        {"exit 0", "left no result", 0},
        {"echo 'Error: no such thing'; exit 3", "Error: no such thing; deck and log are kept", 0},
        {"mkfifo out.raw", "not a plain file", 5},
        {"ln -s /dev/zero out.raw", "not a plain file", 5},
        {"ln -s /etc/passwd run.log; exit 3", "(the log could not be written)", 0},
        {"echo no > out.raw", "it ends inside its header", 0},
        {"sleep 30", "took more than 0.3 s", 0.3},
        {"printf 'Title: x\\nFlags: real\\nNo. Variables: 1\\nNo. Points: 0\\nVariables:\\n\\t0\\ttime\\ttime\\n"
         "Binary:\\n' > out.raw", "without points", 0},
        {"printf 'Title: x\\nFlags: real\\nNo. Variables: 1\\nNo. Points: 1\\nVariables:\\n\\t0\\ttime\\ttime\\n"
         "Binary:\\n\\0\\0\\0\\0\\0\\0\\0\\0' > out.raw", "stopped at 0 s of 5e-09 s", 0},
        {"ulimit -f | grep -qx unlimited || exit 9", "exit code 9", 0},
    };
    for (size_t k = 0; k < sizeof lie / sizeof *lie; k++) {
        char root[] = "/tmp/mj-test-XXXXXX", path[64];
        assert_non_null(mkdtemp(root));
        snprintf(path, sizeof path, "%s/ngspice-here", root);
        write_program(path, lie[k].body);
        mj_err err = {0};
        mj_raw raw;
        const mj_spice_job job = {.program = path, .root = root, .limit_s = lie[k].limit_s};
        /* Whatever it left: its fault, not the user's. */
        assert_int_equal(run_text(&raw, "r1 a 0 1\n", &job, *state, &err), MJ_ETOOL);
        if (!strstr(err.diag[0].text, lie[k].want)) {
            fail_msg("%zu: %s", k, err.diag[0].text);
        }
        remove_all(root);
    }
}

/* Ctrl-C while ngspice runs leaves nothing behind. */
static void test_a_signal_leaves_no_folder(void **state)
{
    char root[] = "/tmp/mj-test-XXXXXX", path[64];
    mj_err err = {0};
    mj_raw raw;
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/ngspice-here", root);
    write_program(path, "kill -INT $PPID; sleep 30");
    const mj_spice_job job = {.program = path, .root = root};
    assert_int_equal(run_text(&raw, "r1 a 0 1\n", &job, *state, &err), MJ_ESTOP);
    assert_int_equal(count_entries(root), 1); /* the program */
    remove_all(root);
}

/* The limit of a job holds for the question of its version too. */
static void test_versions(void **state)
{
    char root[] = "/tmp/mj-test-XXXXXX", path[64];
    const char *version;
    mj_err err = {0};
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/ngspice-here", root);
    mj_spice_job job = {.program = path};
    write_program(path, "echo '** ngspice-99 : Circuit level simulation program'");
    assert_int_equal(mj_spice_version(&version, &job, *state, &err), MJ_OK);
    assert_string_equal(version, "ngspice-99");
    write_program(path, "sleep 10");
    job.limit_s = 0.3;
    assert_int_equal(mj_spice_version(&version, &job, *state, &err), MJ_ETOOL);
    assert_non_null(strstr(err.diag[0].text, "took more than 0.3 s"));
    remove_all(root);
}

static void test_missing_program(void **state)
{
    char root[] = "/tmp/mj-test-XXXXXX";
    assert_non_null(mkdtemp(root));
    mj_err err = {0};
    mj_raw raw;
    const mj_spice_job job = {.program = "/no/such/ngspice", .root = root};
    assert_int_equal(run_text(&raw, "r1 a 0 1\n", &job, *state, &err), MJ_ETOOL);
    assert_non_null(strstr(err.diag[0].text, "it is in the package ngspice"));
    assert_int_equal(count_entries(root), 0);
    remove_all(root);
    const mj_spice_job nowhere = {.root = "/no/such/folder"};
    err = (mj_err){0};
    assert_int_equal(run_text(&raw, "r1 a 0 1\n", &nowhere, *state, &err), MJ_EFILE);
}

/* The limits hold in the child, and its environment and folder are as asked. */
static void test_limits_of_a_child(void **state)
{
    (void)state;
    char sh[] = "sh", c[] = "-c", body[] = "ulimit -t; ulimit -v; ulimit -f; pwd; echo $A; echo e >&2; exit 4";
    char *const argv[] = {sh, c, body, NULL}, *text;
    const char *const environment[] = {"A=beside", NULL};
    const mj_child child = {.argv = argv, .limit_s = 10, .limit_B = 1000, .folder = "/",
                            .environment = environment, .cpu_s = 6.5, .memory_B = (size_t)1 << 30,
                            .file_B = 1 << 20};
    mj_err err = {0};
    size_t length;
    assert_int_equal(mj_child_run(&text, &length, &child, &err), MJ_ETOOL);
    assert_non_null(strstr(err.diag[0].text, "exit code 4"));
    assert_non_null(strstr(text, "7\n1048576\n"));
    assert_non_null(strstr(text, "/\nbeside\ne\n"));
    free(text);
}

static void test_names(void **state)
{
    (void)state;
    char buf[32];
    assert_string_equal(mj_spice_name(buf, sizeof buf, 'n', "layer0_7"), "nlayer0_5f7");
    assert_string_equal(mj_spice_name(buf, sizeof buf, 'n', "A\n.end"), "n_41_0a_2eend");
    assert_string_equal(mj_spice_name(buf, 4, 'n', "a.b"), "na");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rc_stage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_runs_that_fail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_programs_that_lie, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_signal_leaves_no_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_results_that_are_wanting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_versions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_missing_program, set_up, tear_down),
        cmocka_unit_test(test_limits_of_a_child),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
