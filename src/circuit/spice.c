/* Spice: decks, and the runs of ngspice.
 *
 * A private folder holds in.cir, spinit and out.raw; it goes when all went well and stays, with
 * run.log, when not. Whoever reads the result may find it wanting when the folder is gone: deck and log
 * are then written once more from memory (mj_spice_keep).
 *
 * SPICE_SCRIPTS points ngspice to that folder, so that it reads our spinit instead of the system's: one
 * thread (two threads spin for each other and make a ring of ten transistors hundreds of times slower
 * where another program wants a core) and no code models, some of which read files. `-n` keeps it from
 * the user's .spiceinit. Devices that are built in (CIDER's) write files, wherever they like: what comes
 * from users is checked before it gets here (spice_models.c).
 *
 * Exit code 0 alone means little: a failed operating point leaves a raw file, a run that stops early
 * leaves a shorter one. */
#define _GNU_SOURCE /* strcasestr */
#include "mj/spice.h"

#include "mj/child.h"
#include "mj/text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOG_LINE_MAX = 200 };
static const double LIMIT_S = 600;
static const double REACHED = 0.999; /* of the time to reach: the last step may end just short */
static const size_t MEMORY_MAX_B = (size_t)4 << 30, FILE_MAX_B = (size_t)2 << 30,
                    LOG_MAX_B = (size_t)64 << 20;

static const char spinit[] = "* what ngspice is told at its start\n"
                             "set num_threads=1\n"
                             "unset osdi_enabled\n";

mj_status mj_deck_open(mj_deck *deck, const char *title, mj_err *err)
{
    char clean[LOG_LINE_MAX];
    *deck = (mj_deck){0};
    deck->out = open_memstream(&deck->text, &deck->length);
    if (!deck->out) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a circuit");
    }
    /* The first line is the title, whatever it is; a space keeps *# and the like from meaning more. */
    fprintf(deck->out, "* mj: %s\n.option noacct\n", mj_text_clean(clean, sizeof clean, title));
    return MJ_OK;
}

void mj_deck_save(mj_deck *deck, const char *signal)
{
    fprintf(deck->out, ".save %s\n", signal);
}

void mj_deck_transient(mj_deck *deck, mj_transient transient)
{
    deck->stop_s = transient.stop_s;
    fprintf(deck->out, ".tran %.9g %.9g %.9g %.9g%s\n", transient.step_s, transient.stop_s,
            transient.start_s, transient.step_s, transient.from_given ? " uic" : "");
}

mj_status mj_deck_finish(mj_deck *deck, mj_err *err)
{
    bool written = true;
    if (deck->out) {
        fputs(".end\n", deck->out);
        written = !ferror(deck->out);
        written = fclose(deck->out) == 0 && written;
        deck->out = NULL;
    }
    return written ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a circuit");
}

void mj_deck_close(mj_deck *deck)
{
    if (deck->out) {
        fclose(deck->out);
    }
    free(deck->text);
    *deck = (mj_deck){0};
}

char *mj_spice_name(char *buf, size_t size, char kind, const char *text)
{
    size_t used = 0;
    if (size > 1) {
        buf[used++] = kind;
    }
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9');
        if (used + (plain ? 1 : 3) >= size) {
            break;
        }
        used += (size_t)snprintf(buf + used, size - used, plain ? "%c" : "_%02x", *c);
    }
    if (size > 0) {
        buf[used] = '\0';
    }
    return buf;
}

/* Writes a file of the private folder. */
static mj_status put(const char *folder, const char *name, const char *text, size_t length,
                     mj_err *err)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "wx"); /* never through a link that the program left */
    bool written = out && fwrite(text, 1, length, out) == length;
    int problem = errno;
    if (out && fclose(out) != 0) {
        problem = errno;
        written = false;
    }
    return written ? MJ_OK
                   : mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot write: %s", strerror(problem));
}

/* The private folder has files only. */
static void remove_folder(const char *folder)
{
    char path[PATH_MAX + 260];
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            unlink(path);
        }
    }
    if (list) {
        closedir(list);
    }
    rmdir(folder);
}

/* The first line of the log that tells what went wrong; "" if none does. */
static void find_reason(char reason[LOG_LINE_MAX], const char *log)
{
    static const char *const sign[] = {"too small", "singular", "unable to find definition",
                                       "could not find a valid modelname", "no such", "fatal",
                                       "error", "aborted"};
    reason[0] = '\0';
    for (size_t i = 0; log && i < sizeof sign / sizeof *sign; i++) {
        const char *at = strcasestr(log, sign[i]);
        if (!at) {
            continue;
        }
        while (at > log && at[-1] != '\n' && at[-1] != '\r') {
            at--;
        }
        int length = (int)strcspn(at, "\r\n");
        char line[LOG_LINE_MAX];
        snprintf(line, sizeof line, "%.*s", length, at);
        mj_text_clean(reason, LOG_LINE_MAX, line);
        return;
    }
}

/* ngspice in its folder, and the result read; err has what went wrong, without the log. */
static mj_status run_in(mj_raw *raw, char **log, const char *folder, const mj_deck *deck,
                        const mj_spice_job *job, mj_arena *arena, mj_err *err)
{
    char scripts[PATH_MAX + 32], path[PATH_MAX + 32];
    size_t length;
    snprintf(scripts, sizeof scripts, "SPICE_SCRIPTS=%s", folder);
    snprintf(path, sizeof path, "%s/out.raw", folder);
    char program[] = "ngspice", n[] = "-n", b[] = "-b", r[] = "-r", out[] = "out.raw", in[] = "in.cir";
    char *const argv[] = {job->program ? (char *)job->program : program, n, b, r, out, in, NULL};
    const char *const environment[] = {scripts, "OMP_NUM_THREADS=1", "OMP_THREAD_LIMIT=1", NULL};
    double limit_s = job->limit_s > 0 ? job->limit_s : LIMIT_S;
    const mj_child child = {.argv = argv, .package = "ngspice", .folder = folder,
                            .environment = environment, .limit_s = limit_s, .cpu_s = limit_s,
                            .limit_B = LOG_MAX_B, .memory_B = MEMORY_MAX_B, .file_B = FILE_MAX_B};
    MJ_TRY(put(folder, "in.cir", deck->text, deck->length, err));
    MJ_TRY(put(folder, "spinit", spinit, sizeof spinit - 1, err));
    MJ_TRY(mj_child_run(log, &length, &child, err));
    if (access(path, R_OK) != 0) {
        return mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "ngspice left no result");
    }
    mj_status status = mj_raw_load(raw, path, arena, err);
    if (status != MJ_OK) {
        return status == MJ_EMEM ? status : MJ_ETOOL; /* no fault of the user's that it is bad */
    }
    double end_s = mj_raw_end_s(raw);
    if (end_s < REACHED * deck->stop_s) {
        return mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "ngspice stopped at %.4g s of %.4g s", end_s,
                          deck->stop_s);
    }
    raw->log = mj_arena_text(arena, *log, length);
    return raw->log ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
}

/* Replaces what run_in said by one entry with the log's word and the place where all is kept. */
static mj_status report(mj_err *err, mj_status status, const mj_err *found, const char *log,
                        const char *folder)
{
    char reason[LOG_LINE_MAX];
    find_reason(reason, log);
    mj_status kept = put(folder, "run.log", log ? log : "", log ? strlen(log) : 0, NULL);
    return mj_err_add(err, status, NULL, 0, 0, "%.160s%s%s; deck and log are kept in %s%s",
                      found->diag[0].text, reason[0] ? ": " : "", reason, folder,
                      kept == MJ_OK ? "" : " (the log could not be written)");
}

static mj_status make_folder(char folder[PATH_MAX], const mj_spice_job *job, mj_err *err)
{
    const char *root = job->root ? job->root : "/tmp";
    return snprintf(folder, PATH_MAX, "%s/mj-spice-XXXXXX", root) < PATH_MAX - 16 && mkdtemp(folder)
               ? MJ_OK
               : mj_err_add(err, MJ_EFILE, root, 0, 0, "no folder for ngspice here: %s", strerror(errno));
}

mj_status mj_spice_run(mj_raw *raw, mj_deck *deck, const mj_spice_job *job, mj_arena *arena,
                       mj_err *err)
{
    char folder[PATH_MAX], *log = NULL;
    mj_err found = {0};
    *raw = (mj_raw){0};
    MJ_TRY(mj_deck_finish(deck, err));
    MJ_TRY(make_folder(folder, job, err));
    mj_status status = run_in(raw, &log, folder, deck, job, arena, &found);
    if (status == MJ_OK) {
        remove_folder(folder);
    } else if (status == MJ_ESTOP || strstr(found.diag[0].text, "cannot start")) {
        remove_folder(folder); /* there is nothing to look at */
        status = mj_err_add(err, status, NULL, 0, 0, "%s", found.diag[0].text);
    } else {
        status = report(err, status, &found, log, folder);
    }
    free(log);
    return status;
}

mj_status mj_spice_keep(mj_status status, const mj_deck *deck, const mj_raw *raw, const mj_spice_job *job,
                        mj_err *err)
{
    char folder[PATH_MAX];
    if (status == MJ_OK || !raw->log || !err) {
        return status;
    }
    if (make_folder(folder, job, err) == MJ_OK &&
        put(folder, "in.cir", deck->text, deck->length, err) == MJ_OK &&
        put(folder, "run.log", raw->log, strlen(raw->log), err) == MJ_OK) {
        mj_err_add(err, status, NULL, 0, 0, "deck and log of this simulation are kept in %s", folder);
    }
    return status;
}

mj_status mj_spice_version(const char **version, const mj_spice_job *job, mj_arena *arena, mj_err *err)
{
    char program[] = "ngspice", option[] = "-v", *text;
    char *const argv[] = {job->program ? (char *)job->program : program, option, NULL};
    double limit_s = job->limit_s > 0 ? job->limit_s : LIMIT_S;
    const mj_child child = {.argv = argv, .package = "ngspice", .limit_s = limit_s, .limit_B = 1 << 16};
    size_t length;
    mj_status status = mj_child_run(&text, &length, &child, err);
    const char *at = text ? strstr(text, "ngspice-") : NULL;
    if (status == MJ_OK) {
        *version = at ? mj_arena_text(arena, at, strcspn(at, " \t\r\n")) : "ngspice";
        status = *version ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    free(text);
    return status;
}
