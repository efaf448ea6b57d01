/* Draft: written under a temporary name in the same folder, then renamed, which is atomic.
 *
 * The temporary name carries the process id, and an existing file of that name is never opened, so
 * two programs that write the same target do not meet; the last one wins. The data is on the disk
 * before the rename: after a power cut there is the old file or the new one. */
#define _GNU_SOURCE
#include "mj/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 100 };

static mj_status refuse(mj_err *err, const char *path, const char *what, int code)
{
    return mj_err_add(err, MJ_EFILE, path, 0, 0, "%s: %s", what, strerror(code));
}

/* Opens a new file beside draft->path, readable by whom the user's mask says; NULL with errno. */
static FILE *open_beside(mj_draft *draft)
{
    const char *slash = strrchr(draft->path, '/');
    int folder = slash ? (int)(slash - draft->path) + 1 : 0;
    for (int i = 0; i < TRIES; i++) {
        int n = snprintf(draft->temporary, sizeof draft->temporary, "%.*s.mj-%ld-%d.part", folder,
                         draft->path, (long)getpid(), i);
        if (n < 0 || (size_t)n >= sizeof draft->temporary) {
            errno = ENAMETOOLONG;
            return NULL;
        }
        int fd = open(draft->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            FILE *out = fdopen(fd, "w");
            if (!out) {
                close(fd);
                unlink(draft->temporary);
            }
            return out;
        }
        if (errno != EEXIST) {
            return NULL;
        }
    }
    return NULL;
}

mj_status mj_draft_open(mj_draft *draft, const char *path, mj_err *err)
{
    struct stat info;
    char resolved[PATH_MAX];
    *draft = (mj_draft){.out = NULL};
    bool exists = stat(path, &info) == 0;
    if (exists && S_ISDIR(info.st_mode)) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "is a folder; name a file");
    }
    /* A link keeps pointing: what it names is replaced, not the link. */
    const char *target = exists && realpath(path, resolved) ? resolved : path;
    if (strlen(target) >= sizeof draft->path) {
        return refuse(err, path, "cannot write", ENAMETOOLONG);
    }
    strcpy(draft->path, target);
    if (exists && !S_ISREG(info.st_mode)) {
        draft->out = fopen(target, "w");
    } else if (exists && access(target, W_OK) != 0) {
        return refuse(err, path, "cannot write", errno);
    } else {
        draft->out = open_beside(draft);
    }
    if (!draft->out) {
        return refuse(err, path, "cannot write", errno);
    }
    if (exists && S_ISREG(info.st_mode)) {
        /* the old file's rights, if allowed */
        (void)!fchmod(fileno(draft->out), info.st_mode & 07777);
    }
    return MJ_OK;
}

mj_status mj_draft_close(mj_draft *draft, mj_err *err)
{
    bool renames = draft->temporary[0] != '\0';
    errno = 0;
    bool bad = ferror(draft->out) != 0;
    if (bad) {
        /* The reason is long gone; one more byte into what is lost anyway meets it again. */
        (void)!write(fileno(draft->out), "", 1);
    }
    bad = bad || fflush(draft->out) != 0;
    bad = bad || (renames && fsync(fileno(draft->out)) != 0);
    int code = errno;
    if (fclose(draft->out) != 0 && !bad) {
        bad = true;
        code = errno;
    }
    draft->out = NULL;
    if (!bad && renames && rename(draft->temporary, draft->path) != 0) {
        bad = true;
        code = errno;
    }
    if (!bad) {
        return MJ_OK;
    }
    if (renames) {
        unlink(draft->temporary);
    }
    return refuse(err, draft->path, "cannot write", code != 0 ? code : EIO);
}

void mj_draft_abandon(mj_draft *draft)
{
    if (draft->out) {
        fclose(draft->out);
        draft->out = NULL;
    }
    if (draft->temporary[0] != '\0') {
        unlink(draft->temporary);
    }
}
