/* Draft: a file appears complete or not at all. */
#include "assert_rel.h"

#include "mj/draft.h"
#include "mj/file.h"
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 512 };

typedef struct {
    char dir[PATH], file[PATH + 16];
} folder;

static int folder_open(void **state)
{
    folder *f = calloc(1, sizeof *f);
    const char *root = getenv("TMPDIR");
    snprintf(f->dir, sizeof f->dir, "%s/mj-draft-XXXXXX", root ? root : "/tmp");
    if (!mkdtemp(f->dir)) {
        free(f);
        return -1;
    }
    snprintf(f->file, sizeof f->file, "%s/report", f->dir);
    *state = f;
    return 0;
}

static int count_entries(const char *dir)
{
    DIR *d = opendir(dir);
    assert_non_null(d);
    int n = 0;
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    }
    closedir(d);
    return n;
}

static int folder_close(void **state)
{
    folder *f = *state;
    char other[PATH + 16];
    unlink(f->file);
    snprintf(other, sizeof other, "%s/link", f->dir);
    unlink(other);
    int left = rmdir(f->dir); /* fails if a test left anything behind */
    free(f);
    return left;
}

static void write_whole(const char *path, const char *text)
{
    mj_draft draft;
    assert_int_equal(mj_draft_open(&draft, path, NULL), MJ_OK);
    fputs(text, draft.out);
    assert_int_equal(mj_draft_close(&draft, NULL), MJ_OK);
}

static void assert_file_holds(const char *path, const char *want)
{
    char *text;
    size_t length;
    assert_int_equal(mj_file_read(&text, &length, path, 1 << 20, NULL), MJ_OK);
    assert_string_equal(text, want);
    free(text);
}

static void test_appears_when_closed(void **state)
{
    const folder *f = *state;
    mj_draft draft;
    write_whole(f->file, "old");
    assert_int_equal(mj_draft_open(&draft, f->file, NULL), MJ_OK);
    fputs("new", draft.out);
    fflush(draft.out);
    assert_file_holds(f->file, "old");
    assert_int_equal(mj_draft_close(&draft, NULL), MJ_OK);
    assert_file_holds(f->file, "new");
    assert_int_equal(count_entries(f->dir), 1);
}

static void test_abandoned_leaves_nothing(void **state)
{
    const folder *f = *state;
    mj_draft draft;
    assert_int_equal(mj_draft_open(&draft, f->file, NULL), MJ_OK);
    fputs("half", draft.out);
    mj_draft_abandon(&draft);
    assert_int_equal(count_entries(f->dir), 0);
}

/* A disk that takes no more, played by a limit on the size of files: the write fails in the same
 * place. The old file stays, nothing lies beside it, and the reason is told. */
static void test_full_disk_keeps_the_old_file(void **state)
{
    const folder *f = *state;
    static mj_err err;
    err = (mj_err){0};
    mj_draft draft;
    struct rlimit before;
    write_whole(f->file, "old");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit tight = {.rlim_cur = 4096, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    assert_int_equal(mj_draft_open(&draft, f->file, &err), MJ_OK);
    for (int i = 0; i < 10000; i++) {
        fputs("more than fits. ", draft.out);
    }
    mj_status status = mj_draft_close(&draft, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, MJ_EFILE);
    assert_non_null(strstr(err.diag[0].text, "cannot write"));
    assert_file_holds(f->file, "old");
    assert_int_equal(count_entries(f->dir), 1);
}

static void test_device_is_written_not_replaced(void **state)
{
    (void)state;
    static mj_err err;
    err = (mj_err){0};
    mj_draft draft;
    assert_int_equal(mj_draft_open(&draft, "/dev/full", &err), MJ_OK);
    fputs("x", draft.out);
    assert_int_equal(mj_draft_close(&draft, &err), MJ_EFILE);
    assert_non_null(strstr(err.diag[0].text, "No space left"));
    struct stat info;
    assert_int_equal(stat("/dev/full", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
}

static void test_refuses_what_is_no_file(void **state)
{
    const folder *f = *state;
    static mj_err err;
    err = (mj_err){0};
    mj_draft draft;
    char path[PATH + 32];
    assert_int_equal(mj_draft_open(&draft, f->dir, &err), MJ_EFILE);
    assert_non_null(strstr(err.diag[0].text, "folder"));
    snprintf(path, sizeof path, "%s/nowhere/report", f->dir);
    assert_int_equal(mj_draft_open(&draft, path, &err), MJ_EFILE);
    assert_non_null(strstr(err.diag[1].text, "No such file"));
    assert_int_equal(count_entries(f->dir), 0);
}

static void test_follows_links_and_keeps_rights(void **state)
{
    const folder *f = *state;
    char link[PATH + 16];
    struct stat info;
    write_whole(f->file, "old");
    assert_int_equal(chmod(f->file, 0640), 0);
    snprintf(link, sizeof link, "%s/link", f->dir);
    assert_int_equal(symlink(f->file, link), 0);
    write_whole(link, "new");
    assert_file_holds(f->file, "new");
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat(f->file, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_appears_when_closed, folder_open, folder_close),
        cmocka_unit_test_setup_teardown(test_abandoned_leaves_nothing, folder_open, folder_close),
        cmocka_unit_test_setup_teardown(test_full_disk_keeps_the_old_file, folder_open,
                                        folder_close),
        cmocka_unit_test(test_device_is_written_not_replaced),
        cmocka_unit_test_setup_teardown(test_refuses_what_is_no_file, folder_open, folder_close),
        cmocka_unit_test_setup_teardown(test_follows_links_and_keeps_rights, folder_open,
                                        folder_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
