/* File: reading a whole file.
 *
 * The size is not asked for beforehand: pipes and device files have none, so what is read is
 * counted against the limit instead. */
#include "mj/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_READ_B = 64 * 1024 };

/* Fills *text from the open file; *text may have grown even when it fails. */
static mj_status file_fill(char **text, size_t *length, FILE *file, const char *path,
                           size_t limit_B, mj_err *err)
{
    size_t room = limit_B < FIRST_READ_B ? limit_B : FIRST_READ_B;
    for (;;) {
        /* One byte more than the limit shows that there is more; one for the NUL. */
        char *grown = realloc(*text, room + 2);
        if (!grown) {
            return mj_err_add(err, MJ_EMEM, path, 0, 0, "out of memory");
        }
        *text = grown;
        *length += fread(grown + *length, 1, room + 1 - *length, file);
        grown[*length] = '\0';
        if (ferror(file)) {
            return mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot read: %s", strerror(errno));
        }
        if (*length <= room) {
            return MJ_OK;
        }
        if (room == limit_B) {
            return mj_err_add(err, MJ_ELIMIT, path, 0, 0, "larger than %zu bytes", limit_B);
        }
        room = room > limit_B / 2 ? limit_B : room * 2;
    }
}

/* Reads and closes. */
static mj_status file_take(char **text, size_t *length, FILE *file, const char *path, size_t limit_B,
                           mj_err *err)
{
    *text = NULL;
    *length = 0;
    if (!file) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot open: %s", strerror(errno));
    }
    mj_status status = file_fill(text, length, file, path, limit_B, err);
    fclose(file);
    if (status == MJ_OK && *length >= 3 && memcmp(*text, "\xEF\xBB\xBF", 3) == 0) {
        *length -= 3;
        memmove(*text, *text + 3, *length + 1);
    }
    if (status != MJ_OK) {
        free(*text);
        *text = NULL;
        *length = 0;
    }
    return status;
}

mj_status mj_file_read(char **text, size_t *length, const char *path, size_t limit_B, mj_err *err)
{
    return file_take(text, length, fopen(path, "rb"), path, limit_B, err);
}

/* Without O_NONBLOCK the opening of a pipe would wait for a writer. */
mj_status mj_file_read_plain(char **text, size_t *length, const char *path, size_t limit_B, mj_err *err)
{
    struct stat is;
    int handle = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    *text = NULL;
    *length = 0;
    bool plain = handle >= 0 ? fstat(handle, &is) == 0 && S_ISREG(is.st_mode) : errno != ELOOP;
    if (!plain) {
        if (handle >= 0) {
            close(handle);
        }
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "not a plain file");
    }
    FILE *file = handle >= 0 ? fdopen(handle, "rb") : NULL;
    if (!file && handle >= 0) {
        close(handle);
    }
    return file_take(text, length, file, path, limit_B, err);
}
