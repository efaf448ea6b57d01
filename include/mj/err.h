/* Errors: one status list, one record of what went wrong and where.
 *
 * A function that can meet bad input returns mj_status and, when it fails, has added one or more
 * entries to the caller's mj_err. The library never prints and never exits; the command line turns
 * an entry into `file:line:col: error: text` with the offending line and a caret below it. */
#ifndef MJ_ERR_H
#define MJ_ERR_H

#define MJ_STATUS_LIST(X)                                                  \
    X(OK, "success")                                                       \
    X(EMEM, "out of memory")                                               \
    X(EFILE, "cannot open, read or write a file")                          \
    X(ESYNTAX, "malformed file or text")                                   \
    X(EKEY, "unknown, missing or duplicate key")                           \
    X(EUNIT, "unit missing, unknown, or of the wrong dimension")           \
    X(ERANGE, "value out of range")                                        \
    X(ENAME, "unknown name")                                               \
    X(ELIMIT, "file too large, too long or nested too deeply")             \
    X(EFIT, "the model does not fit the machine")                          \
    X(ESUPPORT, "not supported")                                           \
    X(ETOOL, "an external program is missing or failed")                   \
    X(ESTOP, "stopped by a signal")

#define MJ_STATUS_ENUM(name, text) MJ_##name,
typedef enum { MJ_STATUS_LIST(MJ_STATUS_ENUM) MJ_STATUS_N } mj_status;
#undef MJ_STATUS_ENUM

/* The one-line meaning of a status, as in the list above. Never NULL. */
const char *mj_status_text(mj_status status);

enum { MJ_ERR_FILE = 256, MJ_ERR_TEXT = 512, MJ_ERR_EXCERPT = 200, MJ_ERR_MAX = 12 };

/* One problem. line and column start at 1; 0 means that the problem has no line (or column).
 * excerpt is the offending source line, empty if there is none. All text is free of control
 * characters: mj_err_add replaces them, because file names and keys may be hostile. */
typedef struct {
    mj_status code;
    int line, column;
    char file[MJ_ERR_FILE];
    char text[MJ_ERR_TEXT];
    char excerpt[MJ_ERR_EXCERPT];
} mj_diag;

/* All problems of one run, in the order found; those past MJ_ERR_MAX are only counted.
 * {0} is a valid empty list (only n and n_dropped are read then). Plain data, caller's memory. */
typedef struct {
    int n, n_dropped;
    mj_diag diag[MJ_ERR_MAX];
} mj_err;

/* Adds a problem and returns `code`, so that a caller can write `return mj_err_add(...)`.
 * file may be NULL. err may be NULL: then the problem is only returned. */
mj_status mj_err_add(mj_err *err, mj_status code, const char *file, int line, int column,
                     const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Attaches the source line to the last problem added. `line` need not be terminated by NUL. */
void mj_err_excerpt(mj_err *err, const char *line, int length);

/* Returns from the calling function if `call` did not succeed: the only macro that hides a return. */
#define MJ_TRY(call)                              \
    do {                                          \
        mj_status mj_try_status_ = (call);        \
        if (mj_try_status_ != MJ_OK) {            \
            return mj_try_status_;                \
        }                                         \
    } while (0)

#endif
