/* Launch: the commands that live in a program of their own, because they need libraries that the rest
 * of mj does without. mj becomes that program, with the same arguments. */
#include "commands.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* Beside mj in a build folder; in libexec, seen from bin, where it is installed. */
static const char *const places[] = {"mj-train", "../libexec/millijoule/mj-train"};

int mj_cmd_launch(mj_context *context, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    char mj[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", mj, sizeof mj - 1);
    mj[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(mj, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    for (size_t i = 0; slash != NULL && i < sizeof places / sizeof places[0]; i++) {
        const char *program = mj_arena_printf(&context->arena, "%s/%s", mj, places[i]);
        if (program != NULL) {
            execv(program, context->argv);
        }
    }
    return mj_context_fail_with(context, MJ_ETOOL,
                                "cannot start mj-train, the program behind this command: %s",
                                strerror(errno));
}
