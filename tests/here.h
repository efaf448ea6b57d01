/* Tests of what an optional program does: skipped where it is missing, but not where CI=true says that
 * it must be here. */
#ifndef MJ_HERE_H
#define MJ_HERE_H

#include "assert_rel.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void skip_without(const char *program)
{
    const char *ci = getenv("CI"), *p = getenv("PATH");
    while (p && *p) {
        char path[4096];
        size_t length = strcspn(p, ":");
        snprintf(path, sizeof path, "%.*s/%s", (int)length, p, program);
        if (access(path, X_OK) == 0) {
            return;
        }
        p += length + (p[length] == ':');
    }
    if (ci && strcmp(ci, "true") == 0) {
        fail_msg("%s is missing", program);
    }
    skip();
}

#endif
