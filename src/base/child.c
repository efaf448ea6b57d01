/* Child: starts a program by its name on PATH, reads what it prints until it ends or time is up.
 *
 * posix_spawn and two ends of a pipe; poll keeps the time. A child that is late or too loud is killed
 * and waited for, so that none is left behind. */
#include "mj/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READ_B = 1 << 16 };

extern char **environ;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Room for READ_B more bytes and a NUL. */
static bool make_room(char **text, size_t *room, size_t length)
{
    if (length + READ_B + 1 <= *room) {
        return true;
    }
    size_t want = 2 * (length + READ_B + 1);
    char *larger = realloc(*text, want);
    *text = larger ? larger : *text;
    *room = larger ? want : *room;
    return larger != NULL;
}

/* Reads until the end of the pipe. */
static mj_status read_all(char **text, size_t *length, int from, const mj_child *child, mj_err *err)
{
    const char *name = child->argv[0];
    double end_s = now_s() + child->limit_s;
    size_t room = 0;
    for (;;) {
        double left_s = end_s - now_s();
        struct pollfd wait_for = {.fd = from, .events = POLLIN};
        if (left_s <= 0 || poll(&wait_for, 1, (int)(1e3 * left_s) + 1) == 0) {
            return mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "%s took more than %g s", name,
                              child->limit_s);
        }
        if (!make_room(text, &room, *length)) {
            return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for what %s prints", name);
        }
        ssize_t n = read(from, *text + *length, READ_B);
        if (n < 0 && errno != EINTR) {
            return mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "cannot read from %s: %s", name,
                              strerror(errno));
        }
        if (n == 0) {
            (*text)[*length] = '\0';
            return MJ_OK;
        }
        *length += n > 0 ? (size_t)n : 0;
        if (*length > child->limit_B) {
            return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0, "%s prints more than %zu bytes", name,
                              child->limit_B);
        }
    }
}

/* stdin and stderr are /dev/null, stdout is the pipe. Returns an errno. */
static int start(pid_t *pid, int to, const mj_child *child)
{
    posix_spawn_file_actions_t actions;
    int problem = posix_spawn_file_actions_init(&actions);
    if (problem) {
        return problem;
    }
    problem = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!problem) {
        problem = posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
    }
    if (!problem) {
        problem = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    if (!problem) {
        problem = posix_spawnp(pid, child->argv[0], &actions, NULL, child->argv, environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    return problem;
}

mj_status mj_child_read(char **text, size_t *length, const mj_child *child, mj_err *err)
{
    const char *name = child->argv[0];
    int ends[2], how = 0;
    pid_t pid;
    *text = NULL;
    *length = 0;
    if (pipe(ends) != 0) {
        return mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "no pipe to %s: %s", name, strerror(errno));
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    int problem = start(&pid, ends[1], child);
    close(ends[1]);
    if (problem) {
        close(ends[0]);
        return mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "cannot start %s: %s%s%s", name,
                          strerror(problem), child->package ? "; it is in the package " : "",
                          child->package ? child->package : "");
    }
    mj_status status = read_all(text, length, ends[0], child, err);
    close(ends[0]);
    if (status != MJ_OK) {
        kill(pid, SIGKILL);
    }
    while (waitpid(pid, &how, 0) < 0 && errno == EINTR) {
    }
    if (status == MJ_OK && !(WIFEXITED(how) && WEXITSTATUS(how) == 0)) {
        status = mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "%s failed (%s %d)%s%s", name,
                            WIFEXITED(how) ? "exit code" : "signal",
                            WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how),
                            child->package ? "; it is in the package " : "",
                            child->package ? child->package : "");
    }
    if (status != MJ_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}
