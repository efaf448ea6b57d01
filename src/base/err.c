/* Errors: the list of problems that a run has met.
 *
 * An entry is cut to its field, never refused: a truncated message is better than none, and adding
 * one allocates nothing, so it also works when memory is what ran out. Everything stored has passed
 * mj_text_clean: a file name or a key with an escape sequence must not reach the terminal. */
#include "mj/err.h"

#include "mj/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *mj_status_text(mj_status status)
{
#define STATUS_TEXT(name, text) text,
    static const char *const texts[] = {MJ_STATUS_LIST(STATUS_TEXT)};
#undef STATUS_TEXT
    return (unsigned)status < MJ_STATUS_N ? texts[status] : "unknown status";
}

mj_status mj_err_add(mj_err *err, mj_status code, const char *file, int line, int column,
                     const char *format, ...)
{
    if (!err) {
        return code;
    }
    if (err->n >= MJ_ERR_MAX) {
        err->n_dropped++;
        return code;
    }
    mj_diag *diag = &err->diag[err->n++];
    diag->code = code;
    diag->line = line;
    diag->column = column;
    diag->excerpt[0] = '\0';
    mj_text_clean(diag->file, sizeof diag->file, file ? file : "");

    /* Longer than the field: where vsnprintf cuts a UTF-8 character in two, mj_text_clean has
     * already stopped. */
    char raw[MJ_ERR_TEXT + 4];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    mj_text_clean(diag->text, sizeof diag->text, length < 0 ? mj_status_text(code) : raw);
    return code;
}

void mj_err_excerpt(mj_err *err, const char *line, int length)
{
    /* When the last problem was only counted, there is no entry that the line belongs to. */
    if (!err || err->n == 0 || err->n_dropped > 0 || !line) {
        return;
    }
    char raw[MJ_ERR_EXCERPT + 4];
    int n = 0;
    while (n < length && n < (int)sizeof raw - 1 && line[n] && line[n] != '\n' && line[n] != '\r') {
        /* A tab counts as one column in error positions, so it must print as one. */
        raw[n] = line[n] == '\t' ? ' ' : line[n];
        n++;
    }
    raw[n] = '\0';
    mj_text_clean(err->diag[err->n - 1].excerpt, MJ_ERR_EXCERPT, raw);
}
