/* File: a whole file in memory, with a limit on its size. */
#ifndef MJ_FILE_H
#define MJ_FILE_H

#include "mj/err.h"
#include <stddef.h>

/* Reads all of `path`, at most limit_B bytes, into memory of its own plus one NUL; *text is the
 * caller's to free(). A UTF-8 byte order mark at the start is dropped. MJ_EFILE (it cannot be opened
 * or read, or is a folder) or MJ_ELIMIT; then *text is NULL. */
mj_status mj_file_read(char **text, size_t *length, const char *path, size_t limit_B, mj_err *err);
/* The same for what another program left: a link, or a pipe or device that might never end, is MJ_EFILE. */
mj_status mj_file_read_plain(char **text, size_t *length, const char *path, size_t limit_B, mj_err *err);

#endif
