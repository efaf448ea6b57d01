/* Child: starts a program by its name on PATH, reads what it prints until it ends or time is up.
 *
 * fork and exec, because limits must hold before the program's first instruction; between the two
 * only calls that a fork of many threads may make. A pipe that exec closes brings its errno back, so
 * that a missing program is told from one that failed. A child that is late or too loud is killed by
 * its number and waited for, so that none is left behind. */
#define _GNU_SOURCE /* execvpe */
#include "mj/child.h"

#include "mj/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_B = 1 << 16 };

extern char **environ;

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
    double end_s = mj_clock_s() + child->limit_s;
    size_t room = 0;
    for (;;) {
        double left_s = end_s - mj_clock_s();
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

static struct rlimit limit_of(double most)
{
    return (struct rlimit){(rlim_t)ceil(most), (rlim_t)ceil(most)};
}

/* False where a limit that was asked for cannot be set. */
static bool set_limits(const mj_child *child)
{
    const struct rlimit cpu = limit_of(child->cpu_s), file = limit_of((double)child->file_B),
                        memory = limit_of((double)child->memory_B);
    return (child->cpu_s == 0 || setrlimit(RLIMIT_CPU, &cpu) == 0) &&
           (child->file_B == 0 || setrlimit(RLIMIT_FSIZE, &file) == 0) &&
           (child->memory_B == 0 || setrlimit(RLIMIT_AS, &memory) == 0);
}

/* What the child does between fork and exec; returns only if it cannot go on. */
static void become(const mj_child *child, char *const *environment, int out, bool with_errors)
{
    int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(with_errors ? out : nothing, STDERR_FILENO) < 0 ||
        (child->folder && chdir(child->folder) != 0) || !set_limits(child)) {
        return;
    }
    execvpe(child->argv[0], child->argv, environment);
}

/* The child's variables, then ours; the first of a name counts. malloc'ed. */
static char **join_environment(const char *const *more)
{
    size_t n = 0, n_more = 0;
    while (environ[n]) {
        n++;
    }
    while (more && more[n_more]) {
        n_more++;
    }
    char **all = malloc((n + n_more + 1) * sizeof *all);
    for (size_t i = 0; all && i < n_more; i++) {
        all[i] = (char *)more[i];
    }
    if (all) {
        memcpy(all + n_more, environ, (n + 1) * sizeof *all);
    }
    return all;
}

/* Returns an errno: of fork, or of what the child could not do. */
static int start(pid_t *pid, int out, const mj_child *child, bool with_errors)
{
    int report[2], problem = 0;
    char **environment = join_environment(child->environment);
    if (!environment || pipe(report) != 0) {
        problem = environment ? errno : ENOMEM;
        free(environment);
        return problem;
    }
    fcntl(report[1], F_SETFD, FD_CLOEXEC);
    *pid = fork();
    if (*pid == 0) {
        close(report[0]);
        become(child, environment, out, with_errors);
        problem = errno;
        _exit(write(report[1], &problem, sizeof problem) == sizeof problem ? 127 : 126);
    }
    problem = *pid < 0 ? errno : 0;
    free(environment);
    close(report[1]);
    int told = 0;
    if (*pid > 0 && read(report[0], &told, sizeof told) == sizeof told) {
        problem = told;
        waitpid(*pid, NULL, 0);
    }
    close(report[0]);
    return problem;
}

static mj_status run(char **text, size_t *length, const mj_child *child, bool with_errors,
                     mj_err *err)
{
    const char *name = child->argv[0];
    int ends[2], how = 0;
    pid_t pid = -1;
    *text = NULL;
    *length = 0;
    if (pipe(ends) != 0) {
        return mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "no pipe to %s: %s", name, strerror(errno));
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    int problem = start(&pid, ends[1], child, with_errors);
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
    return status;
}

mj_status mj_child_read(char **text, size_t *length, const mj_child *child, mj_err *err)
{
    mj_status status = run(text, length, child, false, err);
    if (status != MJ_OK) {
        free(*text);
        *text = NULL;
        *length = 0;
    }
    return status;
}

mj_status mj_child_run(char **text, size_t *length, const mj_child *child, mj_err *err)
{
    mj_status status = run(text, length, child, true, err);
    if (*text) {
        (*text)[*length] = '\0';
    }
    return status;
}
