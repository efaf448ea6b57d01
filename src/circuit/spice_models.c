/* Spice models: see spice_models.h. One pass over the lines picks the section, refuses what is not a
 * model's business and finds the devices' names. A list of what is allowed, not of what is known to
 * be harmful: ngspice has more commands than anybody remembers. */
#define _GNU_SOURCE /* memmem, strcasestr */
#include "mj/spice_models.h"

#include "mj/file.h"
#include "mj/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LINE_MAX_B = 8192, SECTIONS_MAX = 32, NAME_MAX_B = 64 };
static const size_t FILE_MAX_B = (size_t)16 << 20;
static const double CONTACT_M = 0.5e-6; /* length of a source or drain with one contact at 180 nm */

static const char *const allowed[] = {".model", ".param", ".subckt", ".ends", ".func", ".if",
                                      ".elseif", ".else", ".endif", NULL};
/* Elements that a model wrapped in a subcircuit may hold. */
static const char elements[] = "mrcdxegijvblq";

typedef struct {
    const mj_models_request *request;
    mj_spice_models *models;
    const char *section[SECTIONS_MAX]; /* names of all sections */
    int n_sections, line;
    bool inside, has_corner, nmos_found, pmos_found;
    char *copy; /* text of the section, in the arena */
    size_t n_copied;
    mj_arena *arena;
    mj_err *err;
} scan;

static mj_status refuse(const scan *s, mj_status code, const char *line, const char *why)
{
    mj_status status = mj_err_add(s->err, code, s->request->path, s->line, 1, "%s", why);
    mj_err_excerpt(s->err, line, (int)strlen(line));
    return status;
}

/* ".lib NAME" opens a section; ".lib FILE NAME" would read another file. */
static mj_status open_section(scan *s, const char *line, char *word[3], int n)
{
    if (n != 2) {
        return refuse(s, MJ_ESUPPORT, line, ".lib of another file: put all models into one file");
    }
    if (s->inside || s->n_sections == SECTIONS_MAX) {
        return refuse(s, MJ_ESYNTAX, line, "a section inside a section, or too many of them");
    }
    const char *corner = s->request->corner ? s->request->corner : "tt";
    s->section[s->n_sections] = mj_arena_text(s->arena, word[1], strlen(word[1]));
    s->n_sections++;
    s->inside = true;
    s->has_corner = s->has_corner || strcasecmp(word[1], corner) == 0;
    return MJ_OK;
}

static bool is_chosen(const scan *s)
{
    const char *corner = s->request->corner ? s->request->corner : "tt";
    const char *now = s->n_sections > 0 ? s->section[s->n_sections - 1] : NULL;
    return !s->inside || (now && strcasecmp(now, corner) == 0);
}

/* Is this name the wanted one, or is none wanted and this the first? */
static void find_device(const char **name, bool *found, const char *wanted, const char *here,
                        mj_arena *arena)
{
    if (!*found && (!wanted || strcasecmp(wanted, here) == 0)) {
        *name = mj_arena_text(arena, here, strlen(here));
        *found = true;
    }
}

static void find_devices(scan *s, char *word[3], int n)
{
    const mj_models_request *want = s->request;
    if (n == 3 && strcmp(word[0], ".model") == 0) {
        if (strncmp(word[2], "nmos", 4) == 0) {
            find_device(&s->models->nmos, &s->nmos_found, want->nmos, word[1], s->arena);
        } else if (strncmp(word[2], "pmos", 4) == 0) {
            find_device(&s->models->pmos, &s->pmos_found, want->pmos, word[1], s->arena);
        }
    } else if (n >= 2 && strcmp(word[0], ".subckt") == 0 && want->nmos && want->pmos) {
        if (strcasecmp(word[1], want->nmos) == 0 || strcasecmp(word[1], want->pmos) == 0) {
            bool is_n = strcasecmp(word[1], want->nmos) == 0;
            s->models->is_subcircuit = true;
            find_device(is_n ? &s->models->nmos : &s->models->pmos,
                        is_n ? &s->nmos_found : &s->pmos_found, word[1], word[1], s->arena);
        }
    }
}

/* Up to three words of a line, lower case. */
static int split(char *word[3], char buf[LINE_MAX_B], const char *line)
{
    int n = 0;
    char *rest;
    snprintf(buf, LINE_MAX_B, "%s", line);
    for (char *c = buf; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    for (char *w = strtok_r(buf, " \t=(", &rest); w && n < 3; w = strtok_r(NULL, " \t=(", &rest)) {
        word[n++] = w;
    }
    return n;
}

/* Comments are dropped: what ngspice never sees needs no check, but for its commands in comments. */
static bool is_comment(const char *line)
{
    return line[0] == '*' || line[0] == '$' || line[0] == ';';
}

/* What a line of models may be. `lower` is the line in lower case. */
static mj_status check_line(const scan *s, const char *line, const char *first, const char *lower)
{
    if (line[0] == '*' && line[1] == '#') {
        return refuse(s, MJ_ESUPPORT, line, "a command for ngspice in a comment");
    }
    if (is_comment(line)) {
        return MJ_OK;
    }
    if (strstr(lower, "file=") || strstr(lower, "shell") || strchr(line, '`')) {
        return refuse(s, MJ_ESUPPORT, line, "models open no files and run no programs");
    }
    if (strstr(lower, ".control") || strstr(lower, "*#")) {
        return refuse(s, MJ_ESUPPORT, line, "commands for ngspice are not taken from files");
    }
    if (first[0] == '.') {
        for (int i = 0; allowed[i]; i++) {
            if (strcmp(first, allowed[i]) == 0) {
                return MJ_OK;
            }
        }
        return refuse(s, MJ_ESUPPORT, line, "not a command that a file of models needs");
    }
    return first[0] == '+' || strchr(elements, first[0])
               ? MJ_OK
               : refuse(s, MJ_ESUPPORT, line, "neither a model nor an element");
}

static mj_status take_line(scan *s, const char *line)
{
    char buf[LINE_MAX_B], lower[LINE_MAX_B], *word[3];
    snprintf(lower, sizeof lower, "%s", line);
    for (char *c = lower; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    int n = split(word, buf, line);
    if (n == 0) {
        return MJ_OK;
    }
    if (strcmp(word[0], ".lib") == 0) {
        return open_section(s, line, word, n);
    }
    if (strncmp(word[0], ".endl", 5) == 0) {
        s->inside = false;
        return MJ_OK;
    }
    MJ_TRY(check_line(s, line, word[0], lower));
    if (is_chosen(s)) {
        find_devices(s, word, n);
        if (!is_comment(line)) {
            s->n_copied += (size_t)sprintf(s->copy + s->n_copied, "%s\n", line);
        }
    }
    return MJ_OK;
}

/* Every line, without leading blanks and end; a backslash at the end would join two for ngspice. */
static mj_status take_lines(scan *s, const char *text, size_t length)
{
    char line[LINE_MAX_B];
    for (const char *at = text, *end = text + length; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        const char *next = stop < end ? stop + 1 : end;
        s->line++;
        while (at < stop && isspace((unsigned char)*at)) {
            at++;
        }
        while (stop > at && isspace((unsigned char)stop[-1])) {
            stop--;
        }
        if ((size_t)(stop - at) >= sizeof line) {
            return refuse(s, MJ_ELIMIT, "", "a line is too long");
        }
        memcpy(line, at, (size_t)(stop - at));
        line[stop - at] = '\0';
        if (!mj_text_is_clean(line, strlen(line)) && !strchr(line, '\t')) {
            return refuse(s, MJ_ESYNTAX, "", "not a text");
        }
        for (char *tab = line; (tab = strchr(tab, '\t'));) {
            *tab = ' ';
        }
        if (stop > at && stop[-1] == '\\') {
            return refuse(s, MJ_ESUPPORT, line, "a line that goes on by a backslash; use +");
        }
        MJ_TRY(take_line(s, line));
        at = next;
    }
    return MJ_OK;
}

static mj_status check_found(scan *s)
{
    const mj_models_request *want = s->request;
    char list[256] = "";
    for (int i = 0; i < s->n_sections; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", s->section[i]);
    }
    if (s->n_sections > 0 && !s->has_corner) {
        return mj_err_add(s->err, MJ_ENAME, want->path, 0, 0, "no corner '%s'; it has %s",
                          want->corner ? want->corner : "tt", list);
    }
    if (s->n_sections == 0 && want->corner) {
        return mj_err_add(s->err, MJ_ENAME, want->path, 0, 0,
                          "no corner '%s': the file has no sections (.lib NAME)", want->corner);
    }
    if (!s->nmos_found || !s->pmos_found) {
        const char *name = s->nmos_found ? want->pmos : want->nmos;
        return mj_err_add(s->err, MJ_ENAME, want->path, 0, 0, "no model of type %s%s%s",
                          s->nmos_found ? "pmos" : "nmos", name ? " called " : "", name ? name : "");
    }
    return MJ_OK;
}

mj_status mj_spice_models_parse(mj_spice_models *models, const mj_models_request *request,
                                const char *text, size_t length, mj_arena *arena, mj_err *err)
{
    *models = (mj_spice_models){.path = request->path};
    scan s = {.request = request, .models = models, .arena = arena, .err = err};
    s.copy = mj_arena_array(arena, length + 2, 1);
    if (!s.copy) {
        return mj_err_add(err, MJ_EMEM, request->path, 0, 0, "out of memory");
    }
    MJ_TRY(take_lines(&s, text, length));
    MJ_TRY(check_found(&s));
    models->text = s.copy;
    models->corner = s.n_sections > 0 ? (request->corner ? request->corner : "tt") : "";
    return MJ_OK;
}

mj_status mj_spice_models_load(mj_spice_models *models, const mj_models_request *request,
                               mj_arena *arena, mj_err *err)
{
    char *text;
    size_t length;
    MJ_TRY(mj_file_read(&text, &length, request->path, FILE_MAX_B, err));
    mj_status status = mj_spice_models_parse(models, request, text, length, arena, err);
    free(text);
    return status;
}

void mj_transistor_write(FILE *out, const mj_spice_models *models, bool is_pmos,
                         const mj_transistor *t)
{
    double area_m2 = CONTACT_M * t->width_m, edge_m = 2 * CONTACT_M + t->width_m;
    fprintf(out, "%c%s %s %s %s %s %s w=%.9g l=%.9g ad=%.9g as=%.9g pd=%.9g ps=%.9g",
            models->is_subcircuit ? 'x' : 'm', t->name, t->drain, t->gate, t->source, t->bulk,
            is_pmos ? models->pmos : models->nmos, t->width_m, t->length_m, area_m2, area_m2, edge_m,
            edge_m);
    if (t->threshold_V != 0 || t->mobility_share != 0) {
        /* delvto raises |V_th| of both kinds only when it has the sign of the threshold. */
        fprintf(out, " delvto=%.9g mulu0=%.9g", is_pmos ? -t->threshold_V : t->threshold_V,
                1 + t->mobility_share);
    }
    if (t->fingers > 1) {
        fprintf(out, " m=%d", t->fingers);
    }
    fputc('\n', out);
}
