/* Child: starts a program by its name on PATH, reads what it prints until it ends or time is up.
 *
 * fork and exec, because limits must hold before the program's first instruction; between the two
 * only calls that a fork of many threads may make. A pipe that exec closes brings its errno back, so
 * that a missing program is told from one that failed. A child leads a process group of its own: one that
 * is late or too loud is killed with all that it started, and waited for, so that none is left behind.
 *
 * A signal that would end us while a child runs ends the child first, so that callers can take their files
 * away. What the handler notes is the one thing here that belongs to the process: a handler reaches
 * nothing else. */
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
#include <time.h>
#include <unistd.h>

enum { READ_B = 1 << 16, N_SIGNALS = 3 };
/* A signal may be delivered to another thread and then interrupts no call here: it is looked for so often. */
static const double LOOK_S = 0.1;
static const int stopping[N_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t caught;

extern char **environ;

static void on_signal(int signal_number)
{
    caught = signal_number;
}

/* A signal that is ignored stays so (nohup). */
static void catch_signals(struct sigaction before[N_SIGNALS])
{
    const struct sigaction ours = {.sa_handler = on_signal};
    caught = 0;
    for (int i = 0; i < N_SIGNALS; i++) {
        sigaction(stopping[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) {
            sigaction(stopping[i], &ours, NULL);
        }
    }
}

static void release_signals(const struct sigaction before[N_SIGNALS])
{
    for (int i = 0; i < N_SIGNALS; i++) {
        sigaction(stopping[i], &before[i], NULL);
    }
}

/* MJ_ESTOP after a signal, MJ_ETOOL past the time end_s. */
static mj_status look_up(const mj_child *child, double end_s, mj_err *err)
{
    if (caught) {
        return mj_err_add(err, MJ_ESTOP, NULL, 0, 0, "stopped by signal %d while %s ran", (int)caught,
                          child->argv[0]);
    }
    return mj_clock_s() < end_s ? MJ_OK
                                : mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "%s took more than %g s",
                                             child->argv[0], child->limit_s);
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

/* Reads until the end of the pipe, or the time end_s. */
static mj_status read_all(char **text, size_t *length, int from, const mj_child *child, double end_s,
                          mj_err *err)
{
    const char *name = child->argv[0];
    size_t room = 0;
    for (;;) {
        struct pollfd wait_for = {.fd = from, .events = POLLIN};
        MJ_TRY(look_up(child, end_s, err));
        if (!make_room(text, &room, *length)) {
            return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for what %s prints", name);
        }
        if (poll(&wait_for, 1, (int)(1e3 * LOOK_S)) <= 0) {
            continue;
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

/* The end of a child that has closed its output, or may yet run on. */
static mj_status wait_for_end(int *how, pid_t pid, const mj_child *child, double end_s, mj_err *err)
{
    const struct timespec pause = {.tv_nsec = 1000 * 1000};
    pid_t ended;
    while ((ended = waitpid(pid, how, WNOHANG)) <= 0) {
        if (ended < 0 && errno != EINTR) {
            return mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "cannot wait for %s: %s", child->argv[0],
                              strerror(errno));
        }
        MJ_TRY(look_up(child, end_s, err));
        nanosleep(&pause, NULL);
    }
    return MJ_OK;
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
    if (nothing < 0 || setpgid(0, 0) != 0 || dup2(nothing, STDIN_FILENO) < 0 ||
        dup2(out, STDOUT_FILENO) < 0 || dup2(with_errors ? out : nothing, STDERR_FILENO) < 0 ||
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

/* Starts it, reads all, waits for its end; *how as waitpid() says it. */
static mj_status run_to_end(char **text, size_t *length, int *how, const mj_child *child, bool with_errors,
                            mj_err *err)
{
    const char *name = child->argv[0];
    int ends[2];
    pid_t pid = -1;
    if (pipe(ends) != 0) {
        return mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "no pipe to %s: %s", name, strerror(errno));
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    double end_s = mj_clock_s() + child->limit_s;
    int problem = start(&pid, ends[1], child, with_errors);
    close(ends[1]);
    if (problem) {
        close(ends[0]);
        return mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "cannot start %s: %s%s%s", name,
                          strerror(problem), child->package ? "; it is in the package " : "",
                          child->package ? child->package : "");
    }
    mj_status status = read_all(text, length, ends[0], child, end_s, err);
    close(ends[0]);
    status = status == MJ_OK ? wait_for_end(how, pid, child, end_s, err) : status;
    if (status != MJ_OK) {
        kill(-pid, SIGKILL);
        while (waitpid(pid, how, 0) < 0 && errno == EINTR) {
        }
    }
    return status;
}

static mj_status run(char **text, size_t *length, const mj_child *child, bool with_errors,
                     mj_err *err)
{
    struct sigaction before[N_SIGNALS];
    int how = 0;
    *text = NULL;
    *length = 0;
    catch_signals(before);
    mj_status status = run_to_end(text, length, &how, child, with_errors, err);
    release_signals(before);
    status = status == MJ_OK && caught ? look_up(child, HUGE_VAL, err) : status;
    if (status == MJ_OK && !(WIFEXITED(how) && WEXITSTATUS(how) == 0)) {
        status = mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "%s failed (%s %d)", child->argv[0],
                            WIFEXITED(how) ? "exit code" : "signal",
                            WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how));
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
