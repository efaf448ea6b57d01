/* Liberty's syntax tree.
 *
 * A token is a word (letters, digits and . _ - + and the like: what is not punctuation), a "string"
 * (a backslash before a line's end joins lines), or one of ( ) { } : ; and the comma. Comments are C's.
 * A semicolon may be missing at the end of a line, as in many shipped libraries; after a group it is
 * allowed. A value goes to the end of its statement, so `value : 0.5 * VDD ;` is one text. */
#include "liberty_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 24, ARGUMENTS_MAX = 256 };

typedef enum { END, WORD, STRING, MARK } token_kind;

typedef struct {
    token_kind kind;
    const char *start; /* without the quotes */
    size_t length;
    int line, column;
} token;

typedef struct {
    const lib_text *text;
    const char *at, *end, *line_start;
    int line;
    token token; /* the next one, not taken yet */
    mj_arena *arena;
    mj_err *err;
} reader;

static void excerpt_add(mj_err *err, const lib_text *text, int line)
{
    const char *at = text->text, *end = text->text + text->length;
    for (int i = 1; i < line && at; i++) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    const char *stop = at ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    size_t left = at ? (size_t)((stop ? stop : end) - at) : 0;
    if (left > 0) {
        mj_err_excerpt(err, at, left < MJ_ERR_EXCERPT ? (int)left : MJ_ERR_EXCERPT);
    }
}

mj_status mj_lib_problem(mj_err *err, mj_status code, const lib_text *text, const lib_node *at,
                         const char *format, ...)
{
    char what[MJ_ERR_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    mj_err_add(err, code, text->path, at->line, at->column, "%s", what);
    excerpt_add(err, text, at->line);
    return code;
}

static mj_status problem_here(reader *r, mj_status code, const char *what)
{
    const lib_node here = {.line = r->token.line, .column = r->token.column};
    return mj_lib_problem(r->err, code, r->text, &here, "%s", what);
}

static mj_status no_memory(const reader *r)
{
    return mj_err_add(r->err, MJ_EMEM, r->text->path, 0, 0, "no memory for this library");
}

static void step(reader *r)
{
    if (*r->at == '\n') {
        r->line++;
        r->line_start = r->at + 1;
    }
    r->at++;
}

static bool looking_at(const reader *r, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(r->end - r->at) >= n && memcmp(r->at, text, n) == 0;
}

static void token_begin(reader *r, token_kind kind)
{
    r->token = (token){.kind = kind, .start = r->at, .line = r->line,
                       .column = (int)(r->at - r->line_start) + 1};
}

/* Blanks, joined lines and comments. */
static mj_status skip_blanks(reader *r)
{
    while (r->at < r->end) {
        if (looking_at(r, "/*")) {
            token_begin(r, MARK);
            while (r->at < r->end && !looking_at(r, "*/")) {
                step(r);
            }
            if (r->at == r->end) {
                return problem_here(r, MJ_ESYNTAX, "this comment has no end");
            }
            r->at += 2;
        } else if (looking_at(r, "//")) {
            while (r->at < r->end && *r->at != '\n') {
                r->at++;
            }
        } else if (strchr(" \t\r\n\f\\", *r->at) && *r->at != '\0') {
            step(r);
        } else {
            break;
        }
    }
    return MJ_OK;
}

static bool is_mark(char c)
{
    return c != '\0' && strchr("(){}:;,", c) != NULL;
}

static mj_status next_token(reader *r)
{
    MJ_TRY(skip_blanks(r));
    token_begin(r, END);
    if (r->at == r->end) {
        return MJ_OK;
    }
    if (*r->at == '"') {
        step(r);
        r->token.kind = STRING;
        r->token.start = r->at;
        while (r->at < r->end && *r->at != '"') {
            step(r);
        }
        if (r->at == r->end) {
            return problem_here(r, MJ_ESYNTAX, "this string has no end");
        }
        r->token.length = (size_t)(r->at - r->token.start);
        r->at++;
        return MJ_OK;
    }
    r->token.kind = is_mark(*r->at) ? MARK : WORD;
    do {
        r->at++;
    } while (r->token.kind == WORD && r->at < r->end && !is_mark(*r->at) && *r->at != '\0' &&
             !strchr(" \t\r\n\f\\\"", *r->at));
    r->token.length = (size_t)(r->at - r->token.start);
    return MJ_OK;
}

static bool token_is(const reader *r, char mark)
{
    return r->token.kind == MARK && r->token.start[0] == mark;
}

/* The token as text; backslashes and line ends inside strings become blanks. */
static mj_status token_text(const char **text, const reader *r)
{
    char *copy = mj_arena_text(r->arena, r->token.start, r->token.length);
    *text = copy;
    if (!copy) {
        return no_memory(r);
    }
    for (size_t i = 0; i < r->token.length; i++) {
        bool blank = copy[i] == '\\' || copy[i] == '\n' || copy[i] == '\r' || copy[i] == '\0';
        copy[i] = blank ? ' ' : copy[i];
    }
    return MJ_OK;
}

static mj_status arguments_keep(lib_node *node, const char *const *list, int n, const reader *r)
{
    const char **copy = mj_arena_array(r->arena, (size_t)n, sizeof *copy);
    if (!copy) {
        return no_memory(r);
    }
    for (int i = 0; i < n; i++) {
        copy[i] = list[i];
    }
    node->argument = copy;
    node->n_arguments = n;
    return MJ_OK;
}

/* `( a, b c, "d" )`, the opening bracket taken. */
static mj_status arguments_read(lib_node *node, reader *r)
{
    const char *list[ARGUMENTS_MAX];
    int n = 0;
    while (!token_is(r, ')')) {
        if (r->token.kind == END) {
            return problem_here(r, MJ_ESYNTAX, "the file ends inside ( )");
        }
        if (token_is(r, ',') || token_is(r, ':')) {
            MJ_TRY(next_token(r));
            continue;
        }
        if (r->token.kind == MARK) {
            return problem_here(r, MJ_ESYNTAX, "expected ')'");
        }
        if (n == ARGUMENTS_MAX) {
            return problem_here(r, MJ_ELIMIT, "more than 256 arguments");
        }
        MJ_TRY(token_text(&list[n++], r));
        MJ_TRY(next_token(r));
    }
    MJ_TRY(next_token(r));
    return arguments_keep(node, list, n, r);
}

/* `: value ;`, the colon taken. */
static mj_status value_read(lib_node *node, reader *r)
{
    const char *value = NULL;
    const int line = r->token.line;
    if (r->token.kind == END || token_is(r, ';') || token_is(r, '}')) {
        return problem_here(r, MJ_ESYNTAX, "expected a value after ':'");
    }
    while (r->token.kind != END && !token_is(r, ';') && !token_is(r, '}') && r->token.line == line) {
        const char *more = NULL;
        MJ_TRY(token_text(&more, r));
        value = value ? mj_arena_printf(r->arena, "%s %s", value, more) : more;
        if (!value) {
            return no_memory(r);
        }
        MJ_TRY(next_token(r));
    }
    return arguments_keep(node, &value, 1, r);
}

static mj_status statement_read(lib_node **out, reader *r, int depth);

/* What stands between { and }, the opening one taken. */
static mj_status body_read(lib_node *group, reader *r, int depth)
{
    lib_node *node, *last = NULL;
    group->is_group = true;
    if (depth >= DEPTH_MAX) {
        return problem_here(r, MJ_ELIMIT, "groups nested too deeply");
    }
    while (!token_is(r, '}')) {
        if (r->token.kind == END) {
            return mj_lib_problem(r->err, MJ_ESYNTAX, r->text, group,
                                  "the file ends inside this group '%s'", group->name);
        }
        if (token_is(r, ';')) {
            MJ_TRY(next_token(r));
            continue;
        }
        MJ_TRY(statement_read(&node, r, depth + 1));
        if (last) {
            last->next = node;
        } else {
            group->child = node;
        }
        last = node;
    }
    return next_token(r);
}

static mj_status statement_read(lib_node **out, reader *r, int depth)
{
    lib_node *node = mj_arena_alloc(r->arena, sizeof *node);
    if (!node) {
        return no_memory(r);
    }
    *node = (lib_node){.line = r->token.line, .column = r->token.column};
    *out = node;
    if (r->token.kind != WORD && r->token.kind != STRING) {
        return problem_here(r, MJ_ESYNTAX, "expected the name of a group or an attribute");
    }
    MJ_TRY(token_text(&node->name, r));
    MJ_TRY(next_token(r));
    if (token_is(r, ':')) {
        MJ_TRY(next_token(r));
        return value_read(node, r);
    }
    if (!token_is(r, '(')) {
        return problem_here(r, MJ_ESYNTAX, "expected ':' or '(' after a name");
    }
    MJ_TRY(next_token(r));
    MJ_TRY(arguments_read(node, r));
    if (token_is(r, '{')) {
        MJ_TRY(next_token(r));
        MJ_TRY(body_read(node, r, depth));
    }
    return MJ_OK;
}

mj_status mj_lib_tree_parse(const lib_node **root, const lib_text *text, mj_arena *arena, mj_err *err)
{
    reader r = {.text = text, .at = text->text, .end = text->text + text->length,
                .line_start = text->text, .line = 1, .arena = arena, .err = err};
    MJ_TRY(next_token(&r));
    if (r.token.kind == END) {
        return problem_here(&r, MJ_ESYNTAX, "this file is empty, not a library");
    }
    lib_node *first = NULL;
    mj_status status = statement_read(&first, &r, 0);
    *root = first;
    return status;
}

const lib_node *mj_lib_child(const lib_node *group, const char *name)
{
    const lib_node *child = group->child;
    while (child && strcmp(child->name, name) != 0) {
        child = child->next;
    }
    return child;
}

const char *mj_lib_value(const lib_node *group, const char *name)
{
    const lib_node *child = mj_lib_child(group, name);
    return child && child->n_arguments > 0 ? child->argument[0] : NULL;
}
