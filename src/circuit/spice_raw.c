/* Raw: the header line by line, then the numbers, turned so that each signal lies in one piece.
 *
 * Nothing of the header is believed: counts are bounded, and their product must be the bytes that
 * are there. ngspice writes 0 points first and the count at the end, so a run that was cut short has
 * none. */
#include "mj/spice_raw.h"

#include "mj/file.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_LINES_MAX = 64 };
static const size_t FILE_MAX_B = (size_t)4 << 30;
static const double POINTS_MAX = 1e9;

/* What is left to read. */
typedef struct {
    const char *at, *end, *file;
    int line;
    mj_err *err;
} reader;

static mj_status refuse(const reader *r, mj_status code, const char *what)
{
    return mj_err_add(r->err, code, r->file, r->line, 0, "not a result of ngspice: %s", what);
}

/* The next line without its end, NUL-terminated, into text. */
static mj_status read_line(char text[MJ_RAW_LINE_MAX], reader *r)
{
    const char *end = memchr(r->at, '\n', (size_t)(r->end - r->at));
    r->line++;
    if (!end) {
        return refuse(r, MJ_ESYNTAX, "it ends inside its header");
    }
    size_t length = (size_t)(end - r->at);
    if (length >= MJ_RAW_LINE_MAX) {
        return refuse(r, MJ_ELIMIT, "a line of its header is too long");
    }
    memcpy(text, r->at, length);
    text[length] = '\0';
    r->at = end + 1;
    return MJ_OK;
}

/* The text behind `key`, or NULL if the line begins otherwise. */
static const char *value_of(const char *line, const char *key)
{
    size_t length = strlen(key);
    return strncmp(line, key, length) == 0 ? line + length : NULL;
}

static mj_status read_count(double *count, const reader *r, const char *text, double most)
{
    char *end;
    *count = strtod(text, &end);
    while (isspace((unsigned char)*end)) {
        end++;
    }
    bool whole = end != text && *end == '\0' && *count >= 0 && *count == floor(*count);
    return !whole          ? refuse(r, MJ_ESYNTAX, "a count is no whole number")
           : *count > most ? refuse(r, MJ_ELIMIT, "a count is too large")
                           : MJ_OK;
}

/* The header down to "Variables:". */
static mj_status read_header(double *n_variables, double *n_points, reader *r)
{
    char line[MJ_RAW_LINE_MAX];
    bool real = false;
    *n_variables = *n_points = -1;
    for (int i = 0; i < HEADER_LINES_MAX; i++) {
        const char *text;
        MJ_TRY(read_line(line, r));
        if ((text = value_of(line, "Flags:"))) {
            real = strstr(text, "real") != NULL;
        } else if ((text = value_of(line, "No. Variables:"))) {
            MJ_TRY(read_count(n_variables, r, text, MJ_RAW_VARIABLES_MAX));
        } else if ((text = value_of(line, "No. Points:"))) {
            MJ_TRY(read_count(n_points, r, text, POINTS_MAX));
        } else if (value_of(line, "Variables:")) {
            return !real                                 ? refuse(r, MJ_ESUPPORT, "not of real numbers")
                   : *n_variables < 1 || *n_points < 0 ? refuse(r, MJ_EKEY, "a count is missing")
                                                         : MJ_OK;
        }
    }
    return refuse(r, MJ_ESYNTAX, "its header has no end");
}

/* "\t1\tv(a)\tvoltage". */
static mj_status read_names(mj_raw *raw, reader *r, mj_arena *arena)
{
    char line[MJ_RAW_LINE_MAX], *rest;
    for (int i = 0; i < raw->n_variables; i++) {
        MJ_TRY(read_line(line, r));
        char *number = strtok_r(line, " \t", &rest), *name = strtok_r(NULL, " \t", &rest);
        if (!number || !name || strtol(number, NULL, 10) != i) {
            return refuse(r, MJ_ESYNTAX, "a variable has no name");
        }
        raw->name[i] = mj_arena_text(arena, name, strlen(name));
        if (!raw->name[i]) {
            return mj_err_add(r->err, MJ_EMEM, r->file, 0, 0, "out of memory");
        }
    }
    MJ_TRY(read_line(line, r));
    if (strcmp(line, "Binary:") != 0) {
        return refuse(r, MJ_ESUPPORT, "not in binary form");
    }
    return strcmp(raw->name[0], "time") == 0 ? MJ_OK : refuse(r, MJ_ESUPPORT, "no time comes first");
}

/* Rows become columns. */
static mj_status read_values(double *value, const mj_raw *raw, const reader *r)
{
    size_t V = (size_t)raw->n_variables, P = raw->n_points;
    for (size_t p = 0; p < P; p++) {
        for (size_t v = 0; v < V; v++) {
            double number;
            memcpy(&number, r->at + (p * V + v) * sizeof number, sizeof number);
            if (!isfinite(number)) {
                return mj_err_add(r->err, MJ_ERANGE, r->file, 0, 0,
                                  "%s is not a number at point %zu: the simulation broke down",
                                  raw->name[v], p);
            }
            value[v * P + p] = number;
        }
        if (p > 0 && value[p] < value[p - 1]) {
            return mj_err_add(r->err, MJ_ERANGE, r->file, 0, 0, "time runs backwards at point %zu", p);
        }
    }
    return MJ_OK;
}

mj_status mj_raw_parse(mj_raw *raw, const char *bytes, size_t length, const char *name,
                       mj_arena *arena, mj_err *err)
{
    reader r = {.at = bytes, .end = bytes + length, .file = name, .err = err};
    double n_variables, n_points;
    *raw = (mj_raw){0};
    MJ_TRY(read_header(&n_variables, &n_points, &r));
    raw->n_variables = (int)n_variables;
    raw->n_points = (size_t)n_points;
    raw->name = mj_arena_array(arena, (size_t)raw->n_variables, sizeof *raw->name);
    if (!raw->name) {
        return mj_err_add(err, MJ_EMEM, name, 0, 0, "out of memory");
    }
    MJ_TRY(read_names(raw, &r, arena));
    double want_B = n_variables * n_points * (double)sizeof(double), have_B = (double)(r.end - r.at);
    if (raw->n_points == 0 || have_B != want_B) {
        return mj_err_add(err, raw->n_points == 0 ? MJ_ERANGE : MJ_ESYNTAX, name, 0, 0,
                          raw->n_points == 0 ? "a result without points: the simulation did not run"
                          : have_B < want_B ? "cut short: %.0f bytes of numbers, %.0f announced"
                                            : "%.0f bytes of numbers, %.0f announced",
                          have_B, want_B);
    }
    double *value = mj_arena_array(arena, (size_t)raw->n_variables * raw->n_points, sizeof *value);
    if (!value) {
        return mj_err_add(err, MJ_EMEM, name, 0, 0, "no memory for %.0f bytes", want_B);
    }
    raw->value = value;
    return read_values(value, raw, &r);
}

mj_status mj_raw_load(mj_raw *raw, const char *path, mj_arena *arena, mj_err *err)
{
    char *bytes;
    size_t length;
    MJ_TRY(mj_file_read_plain(&bytes, &length, path, FILE_MAX_B, err));
    mj_status status = mj_raw_parse(raw, bytes, length, path, arena, err);
    free(bytes);
    return status;
}

mj_status mj_raw_find(mj_waveform *wave, const mj_raw *raw, const char *name, mj_err *err)
{
    for (int v = 0; v < raw->n_variables; v++) {
        if (strcmp(raw->name[v], name) == 0) {
            *wave = (mj_waveform){raw->value, raw->value + (size_t)v * raw->n_points, raw->n_points};
            return MJ_OK;
        }
    }
    return mj_err_add(err, MJ_ENAME, NULL, 0, 0, "the simulation has no signal %s", name);
}

double mj_raw_end_s(const mj_raw *raw)
{
    return raw->value[raw->n_points - 1];
}
