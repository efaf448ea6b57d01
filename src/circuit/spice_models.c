/* Spice models: see spice_models.h. Physical lines are cleaned and joined to statements; a statement is
 * checked, and goes into the text for decks if its section is the wanted one.
 *
 * Everything here is a list of what is allowed, not of what is known to be harmful: ngspice has more
 * commands than anybody remembers, and models that write files (CIDER's: .model of type numd, numos,
 * nbjt) look like any other. What ngspice would see differently from us is not let through: it takes a
 * comma for a blank, tabs too, so lines have few characters and names fewer; it ends lines at comments,
 * so they are cut off; it reads 'x' as {x}, so no quote is left; it goes on with a line at +, whatever
 * comes before, so + needs a line before it in its section. */
#include "mj/spice_models.h"

#include "mj/file.h"
#include "mj/text.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LINE_MAX_B = 8192, NAME_MAX_B = 100, SECTIONS_MAX = 32, NESTED_MAX = 32 };
static const size_t FILE_MAX_B = (size_t)16 << 20;

/* Kinds of models that processes of MOS transistors have. */
static const char *const types[] = {"nmos", "pmos", "d", "r", "res", "c", "l", "npn", "pnp", NULL};
/* Elements that a transistor wrapped in a subcircuit may consist of. */
static const char elements[] = "mxrcdlegq";
/* ngspice replaces a function's name in the whole deck: these are what our decks and models consist of. */
static const char *const reserved[] = {"v",   "i",   "pulse", "pwl",     "sin", "cos", "exp",
                                       "tanh", "abs", "sffm",  "trnoise", "ic",  NULL};
/* What a line may have beside letters and digits. */
static const char marks[] = " _.,:+-*/^(){}=<>!&|?'";

typedef struct {
    const mj_models_request *request;
    mj_spice_models *models;
    const char *section[SECTIONS_MAX]; /* names of all sections */
    int n_sections, line, first_line;  /* first_line: of the statement */
    bool inside, has_corner, nmos_found, pmos_found;
    int n_wrapped;         /* of the two, found as subcircuits */
    char open[NESTED_MAX]; /* 's' for every .subckt, 'i' for every .if that has no end yet */
    int n_open;
    char *copy; /* text of the section, in the arena; from `begun` on the statement that is being read */
    size_t n_copied, begun;
    char *view; /* the statement in one line and in lower case */
    mj_arena *arena;
    mj_err *err;
} scan;

static mj_status refuse(const scan *s, mj_status code, const char *line, const char *why)
{
    mj_status status = mj_err_add(s->err, code, s->request->path, s->line, 1, "%s", why);
    mj_err_excerpt(s->err, line, (int)strcspn(line, "\n"));
    return status;
}

/* Refuses the statement as a whole, at its first line. */
static mj_status reject(const scan *s, mj_status code, const char *why)
{
    scan there = *s;
    there.line = s->first_line;
    return refuse(&there, code, s->copy + s->begun, why);
}

static mj_status no_memory(const scan *s)
{
    return mj_err_add(s->err, MJ_EMEM, s->request->path, 0, 0, "out of memory");
}

static bool is_listed(const char *const *list, const char *word)
{
    while (*list && strcmp(*list, word) != 0) {
        list++;
    }
    return *list != NULL;
}

/* The next word of *at, which is cut there; "" at the end. */
static char *take_word(char **at)
{
    char *word = *at + strspn(*at, " "), *end = word + strcspn(word, " ");
    *at = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

static bool is_name(const char *word)
{
    return *word && strlen(word) <= NAME_MAX_B && word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_.")] == '\0';
}

static const char *corner_of(const scan *s)
{
    return s->request->corner ? s->request->corner : "tt";
}

static bool is_chosen(const scan *s)
{
    return !s->inside || strcasecmp(s->section[s->n_sections - 1], corner_of(s)) == 0;
}

static bool in_subcircuit(const scan *s)
{
    return memchr(s->open, 's', (size_t)s->n_open) != NULL;
}

static mj_status push(scan *s, char kind)
{
    if (s->n_open == NESTED_MAX) {
        return reject(s, MJ_ELIMIT, "nested too deeply");
    }
    s->open[s->n_open++] = kind;
    return MJ_OK;
}

static bool is_innermost(const scan *s, char kind)
{
    return s->n_open > 0 && s->open[s->n_open - 1] == kind;
}

/* Is this name the wanted one, or is none wanted and this the first? */
static mj_status find_device(scan *s, bool is_pmos, const char *here)
{
    const char *wanted = is_pmos ? s->request->pmos : s->request->nmos;
    const char **name = is_pmos ? &s->models->pmos : &s->models->nmos;
    bool *found = is_pmos ? &s->pmos_found : &s->nmos_found;
    if (!*found && (!wanted || strcasecmp(wanted, here) == 0)) {
        *name = mj_arena_text(s->arena, here, strlen(here));
        *found = true;
        return *name ? MJ_OK : no_memory(s);
    }
    return MJ_OK;
}

/* ".lib NAME" opens a section; ".lib FILE NAME" would read another file. */
static mj_status take_lib(scan *s, char *rest)
{
    const char *name = take_word(&rest);
    if (!is_name(name) || *take_word(&rest)) {
        return reject(s, MJ_ESUPPORT, ".lib of another file: put all models into one file");
    }
    if (s->inside || s->n_open > 0 || s->n_sections == SECTIONS_MAX) {
        return reject(s, MJ_ESYNTAX, "a section inside something else, or too many of them");
    }
    s->section[s->n_sections] = mj_arena_text(s->arena, name, strlen(name));
    if (!s->section[s->n_sections++]) {
        return no_memory(s);
    }
    s->inside = true;
    s->has_corner = s->has_corner || strcasecmp(name, corner_of(s)) == 0;
    return MJ_OK;
}

static mj_status take_endl(scan *s, char *rest)
{
    (void)rest;
    bool ends = s->inside && s->n_open == 0;
    s->inside = false;
    return ends ? MJ_OK : reject(s, MJ_ESYNTAX, ".endl without its .lib, or inside something else");
}

static mj_status take_model(scan *s, char *rest)
{
    const char *name = take_word(&rest);
    char *type = take_word(&rest);
    type[strcspn(type, "(")] = '\0';
    if (!is_name(name)) {
        return reject(s, MJ_ESYNTAX, "a model without a name of up to 100 letters, digits, _ and .");
    }
    if (!is_listed(types, type)) {
        return reject(s, MJ_ESUPPORT, "a model of another type than nmos, pmos, d, r, c, l, npn, pnp");
    }
    bool is_pmos = strcmp(type, "pmos") == 0;
    bool is_device = is_chosen(s) && !in_subcircuit(s) && (is_pmos || strcmp(type, "nmos") == 0);
    return is_device ? find_device(s, is_pmos, name) : MJ_OK;
}

/* ".param f(x)={..}" would be a function. */
static mj_status take_param(scan *s, char *rest)
{
    for (char *at = rest; (at = strchr(at, ')')); at++) {
        const char *behind = at + 1 + strspn(at + 1, " ");
        if (behind[0] == '=' && behind[1] != '=') {
            return reject(s, MJ_ESUPPORT, "a function is written .func");
        }
    }
    return MJ_OK;
}

static mj_status take_func(scan *s, char *rest)
{
    char *name = rest + strspn(rest, " ");
    size_t length = strcspn(name, " (=");
    bool is_function = name[length + strspn(name + length, " ")] == '(';
    name[length] = '\0';
    return !is_function || !is_name(name) ? reject(s, MJ_ESYNTAX, "a function without a name and (")
           : is_listed(types, name) || is_listed(reserved, name)
               ? reject(s, MJ_ESUPPORT, "a function of this name would change the circuit")
               : MJ_OK;
}

static mj_status take_subckt(scan *s, char *rest)
{
    const mj_models_request *want = s->request;
    const char *name = take_word(&rest);
    if (!is_name(name)) {
        return reject(s, MJ_ESYNTAX, "a subcircuit without a name of up to 100 letters, digits, _ and .");
    }
    bool is_outer = !in_subcircuit(s);
    MJ_TRY(push(s, 's'));
    for (int p = 0; p < 2 && is_outer && is_chosen(s) && want->nmos && want->pmos; p++) {
        if (strcasecmp(name, p ? want->pmos : want->nmos) == 0 && !(p ? s->pmos_found : s->nmos_found)) {
            s->n_wrapped++;
            MJ_TRY(find_device(s, p, name));
        }
    }
    return MJ_OK;
}

static mj_status take_ends(scan *s, char *rest)
{
    (void)rest;
    bool ends = is_innermost(s, 's');
    s->n_open -= ends;
    return ends ? MJ_OK : reject(s, MJ_ESYNTAX, ".ends without its .subckt");
}

static mj_status take_if(scan *s, char *rest)
{
    (void)rest;
    return push(s, 'i');
}

static mj_status take_else(scan *s, char *rest)
{
    (void)rest;
    return is_innermost(s, 'i') ? MJ_OK : reject(s, MJ_ESYNTAX, ".else without its .if");
}

static mj_status take_endif(scan *s, char *rest)
{
    (void)rest;
    bool ends = is_innermost(s, 'i');
    s->n_open -= ends;
    return ends ? MJ_OK : reject(s, MJ_ESYNTAX, ".endif without its .if");
}

static const struct {
    const char *name;
    mj_status (*take)(scan *s, char *rest);
    bool is_for_us; /* not a line of the deck */
} statements[] = {
    {".lib", take_lib, true},       {".endl", take_endl, true},   {".model", take_model, false},
    {".param", take_param, false},  {".func", take_func, false},  {".subckt", take_subckt, false},
    {".ends", take_ends, false},    {".if", take_if, false},      {".elseif", take_else, false},
    {".else", take_else, false},    {".endif", take_endif, false},
};

/* An element, which must be part of a subcircuit: others would be part of the circuit that is measured. */
static mj_status take_element(const scan *s, char first)
{
    return !strchr(elements, first) ? reject(s, MJ_ESUPPORT, "neither a model nor an element of one")
           : in_subcircuit(s)       ? MJ_OK
                                    : reject(s, MJ_ESUPPORT, "an element outside .subckt");
}

/* `view` is the statement; *keep: whether it is a line of decks. */
static mj_status take_statement(bool *keep, scan *s, char *view)
{
    *keep = is_chosen(s);
    if (view[0] != '.') {
        return take_element(s, view[0]);
    }
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        size_t length = strlen(statements[i].name);
        bool is_if = statements[i].take == take_if || statements[i].take == take_else;
        if (strncmp(view, statements[i].name, length) == 0 &&
            (view[length] == ' ' || view[length] == '\0' || (is_if && view[length] == '('))) {
            *keep = *keep && !statements[i].is_for_us;
            return statements[i].take(s, view + length);
        }
    }
    return reject(s, MJ_ESUPPORT, "not a command that a file of models needs");
}

/* The end of a statement: nothing more belongs to it. */
static mj_status finish(scan *s)
{
    char *text = s->copy + s->begun, *view = s->view;
    bool opens = true, keep;
    if (s->n_copied == s->begun) {
        return MJ_OK;
    }
    s->copy[s->n_copied] = '\0';
    for (char *c = text; (c = strchr(c, '\'')); opens = !opens) {
        *c = opens ? '{' : '}';
    }
    if (!opens) {
        return reject(s, MJ_ESYNTAX, "a ' without the other");
    }
    for (const char *c = text; *c; c++) {
        bool joint = *c == '\n' || (*c == '+' && c > text && c[-1] == '\n');
        *view++ = joint ? ' ' : (char)tolower((unsigned char)*c);
    }
    *view = '\0';
    MJ_TRY(take_statement(&keep, s, s->view));
    s->n_copied = keep ? s->n_copied : s->begun;
    s->begun = s->n_copied;
    return MJ_OK;
}

/* Cuts off what ngspice takes for a comment. */
static void cut_comment(char *line)
{
    char *end = line;
    while (*end && *end != ';' && !(end[0] == '/' && end[1] == '/') &&
           !(*end == '$' && (end == line || end[-1] == ' ' || end[-1] == ','))) {
        end++;
    }
    while (end > line && end[-1] == ' ') {
        end--;
    }
    *end = '\0';
}

/* What stands in any line. */
static mj_status check_line(const scan *s, const char *line)
{
    char lower[LINE_MAX_B];
    size_t n = 0;
    for (; line[n]; n++) {
        lower[n] = (char)tolower((unsigned char)line[n]);
    }
    lower[n] = '\0';
    if (strstr(lower, "file") || strstr(lower, "shell") || strpbrk(line, "\"`")) {
        return refuse(s, MJ_ESUPPORT, line, "models open no files and run no programs");
    }
    if (strstr(lower, ".control")) {
        return refuse(s, MJ_ESUPPORT, line, "commands for ngspice are not taken from files");
    }
    if (strchr(line, '\\')) {
        return refuse(s, MJ_ESUPPORT, line, "a backslash; a line goes on by a + in the next");
    }
    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)line[i]) && !strchr(marks, line[i])) {
            return refuse(s, MJ_ESUPPORT, line, "a character that no model needs");
        }
    }
    return MJ_OK;
}

/* A line without blanks around it. */
static mj_status take_line(scan *s, char *line)
{
    if (line[0] == '*' && line[1] == '#') {
        return refuse(s, MJ_ESUPPORT, line, "a command for ngspice in a comment");
    }
    cut_comment(line);
    if (line[0] == '*' || line[0] == '\0') {
        return MJ_OK;
    }
    if (line[0] != '+') {
        MJ_TRY(finish(s));
        s->first_line = s->line;
    } else if (s->n_copied == s->begun) {
        return refuse(s, MJ_ESYNTAX, line, "a + without a line that it continues");
    }
    MJ_TRY(check_line(s, line));
    s->n_copied += (size_t)sprintf(s->copy + s->n_copied, "%s\n", line);
    return MJ_OK;
}

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
        for (char *tab = line; (tab = memchr(tab, '\t', (size_t)(line + (stop - at) - tab)));) {
            *tab = ' ';
        }
        if (!mj_text_is_clean(line, (size_t)(stop - at))) {
            return refuse(s, MJ_ESYNTAX, "", "not a text");
        }
        MJ_TRY(take_line(s, line));
        at = next;
    }
    MJ_TRY(finish(s));
    return s->n_open == 0 && !s->inside
               ? MJ_OK
               : refuse(s, MJ_ESYNTAX, "", "the file ends inside a .lib, .subckt or .if");
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
                          corner_of(s), list);
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
    s->models->is_subcircuit = s->n_wrapped > 0;
    return s->n_wrapped != 1 ? MJ_OK
                             : mj_err_add(s->err, MJ_ESUPPORT, want->path, 0, 0,
                                          "'%s' and '%s' are not both models or both subcircuits",
                                          s->models->nmos, s->models->pmos);
}

mj_status mj_spice_models_parse(mj_spice_models *models, const mj_models_request *request,
                                const char *text, size_t length, mj_arena *arena, mj_err *err)
{
    *models = (mj_spice_models){.path = request->path};
    scan s = {.request = request, .models = models, .arena = arena, .err = err};
    s.copy = mj_arena_array(arena, length + 2, 1);
    s.view = mj_arena_array(arena, length + 2, 1);
    if (!s.copy || !s.view) {
        return no_memory(&s);
    }
    MJ_TRY(take_lines(&s, text, length));
    MJ_TRY(check_found(&s));
    s.copy[s.n_copied] = '\0';
    models->text = s.copy;
    models->corner = s.n_sections > 0 ? corner_of(&s) : "";
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

mj_status mj_models_can_differ(const mj_spice_models *models, mj_err *err)
{
    return !models->is_subcircuit
               ? MJ_OK
               : mj_err_add(err, MJ_ESUPPORT, models->path, 0, 0,
                            "'%s' and '%s' are subcircuits: thresholds and mobilities inside cannot be changed, "
                            "so there is neither mismatch nor flicker noise", models->nmos, models->pmos);
}

void mj_transistor_write(FILE *out, const mj_spice_models *models, bool is_pmos,
                         const mj_transistor *t)
{
    double area_m2 = MJ_CONTACT_M * t->width_m, edge_m = 2 * MJ_CONTACT_M + t->width_m;
    fprintf(out, "%c%s %s %s %s %s %s w=%.9g l=%.9g ad=%.9g as=%.9g pd=%.9g ps=%.9g",
            models->is_subcircuit ? 'x' : 'm', t->name, t->drain, t->gate, t->source, t->bulk,
            is_pmos ? models->pmos : models->nmos, t->width_m, t->length_m, area_m2, area_m2, edge_m,
            edge_m);
    if (t->threshold_V != 0 || t->mobility_share != 0) {
        assert(!models->is_subcircuit); /* it would take no notice: mj_models_can_differ */
        /* delvto raises |V_th| of both kinds only when it has the sign of the threshold. */
        fprintf(out, " delvto=%.9g mulu0=%.9g", is_pmos ? -t->threshold_V : t->threshold_V,
                1 + t->mobility_share);
    }
    if (t->fingers > 1) {
        fprintf(out, " m=%d", t->fingers);
    }
    fputc('\n', out);
}
