/* Spec, the reader: one YAML text to one tree of nodes. The only file that knows libfyaml.
 *
 * Spec files come from strangers, so the text passes four gates, each before anything that it could
 * hurt: no more is read than a spec may have; every character is checked
 * (UTF-8, no control characters, no directive that would switch the grammar) before the parser sees
 * it; libfyaml then delivers a flat stream of events, never a document, so that nothing recursive
 * runs on unchecked nesting; and depth and number of nodes are limited while the tree is built.
 * Aliases, anchors, merge keys and tags are refused: a spec says everything once, in the open, and
 * the expansion of aliases is a known bomb.
 *
 * Problems are located by byte and turned into line and column (in characters, from 1) only when
 * reported, so a correct file pays nothing for its positions.
 *
 * What it does not do: it knows no schema; spec_decode.c gives the nodes a meaning. */
#include "spec_decode.h"

#include "mj/file.h"
#include "mj/text.h"
#include <assert.h>
#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A chip file has 3 levels and some hundred nodes, the largest fact family some thousand. */
enum { LIMIT_B = 4 << 20, LIMIT_DEPTH = 32, LIMIT_NODES = 200000 };

void mj_reader_locate(int *line, int *column, const char **start, const mj_reader *reader,
                      size_t at)
{
    const char *here = reader->text + (at < reader->length ? at : reader->length);
    *start = reader->text;
    *line = *column = 1;
    for (const char *p = reader->text; p < here; p++) {
        if (*p == '\n') {
            ++*line;
            *column = 1;
            *start = p + 1;
        } else if (((unsigned char)p[1] & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

mj_status mj_reader_complain(mj_reader *reader, mj_status code, size_t at, const char *format, ...)
{
    char text[MJ_ERR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (reader->status == MJ_OK) {
        reader->status = code;
    }
    mj_err *err = reader->err;
    if (reader->place) {
        const mj_place *place = reader->place;
        return mj_err_add(err, code, place->file, place->line, place->column, "%s", text);
    }
    if (!err || err->n >= MJ_ERR_MAX) { /* only counted: spare the search for its line */
        return mj_err_add(err, code, reader->name, 0, 0, "%s", text);
    }
    const char *end = reader->text + reader->length;
    const char *start;
    int line, column;
    mj_reader_locate(&line, &column, &start, reader, at);
    const char *stop = memchr(start, '\n', (size_t)(end - start));
    stop = stop ? stop : end;
    mj_err_add(err, code, reader->name, line, column, "%s", text);
    mj_err_excerpt(err, start, (int)(stop - start));
    return code;
}

mj_status mj_reader_unknown(mj_reader *reader, mj_status code, size_t at, const char *what,
                            const char *word, const char *const *candidates, size_t n)
{
    if (!reader->err || reader->err->n >= MJ_ERR_MAX) { /* only counted: spare the search */
        return mj_reader_complain(reader, code, at, "unknown %s", what);
    }
    const char *near = mj_text_nearest(word, candidates, n);
    if (near) {
        return mj_reader_complain(reader, code, at, "unknown %s '%.80s' (did you mean '%s'?)",
                                  what, word, near);
    }
    char list[240] = "";
    size_t used = 0;
    for (size_t i = 0; i < n && used < sizeof list; i++) {
        if (candidates[i] && candidates[i][0]) {
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "",
                                     candidates[i]);
        }
    }
    return mj_reader_complain(reader, code, at, "unknown %s '%.80s' (known: %s%s)", what, word,
                              list, used >= sizeof list ? "..." : "");
}

/* Control characters, broken UTF-8, line ends that YAML and people count differently, directives
 * (`%YAML 1.1` would change what the text means), and long runs of opening brackets, which the
 * scanner queues up, in quadratic time, before it delivers the first event. */
static mj_status check_text(mj_reader *reader)
{
    const char *text = reader->text;
    int n_opening = 0;
    for (size_t i = 0; i < reader->length;) {
        unsigned char c = (unsigned char)text[i];
        bool line_start = i == 0 || text[i - 1] == '\n';
        if (c == '%' && line_start) {
            return mj_reader_complain(reader, MJ_ESUPPORT, i, "YAML directives are not read here");
        }
        if (c == '[' || c == '{') {
            n_opening++;
        } else if (c != ' ' && c != '\n') {
            n_opening = 0;
        }
        if (n_opening > LIMIT_DEPTH) {
            return mj_reader_complain(reader, MJ_ELIMIT, i, "more than %d levels of nesting",
                                      LIMIT_DEPTH);
        }
        bool line_end = c == '\n' || (c == '\r' && text[i + 1] == '\n');
        if ((c >= 0x20 && c < 0x7f) || c == '\t' || line_end) {
            i++;
            continue;
        }
        size_t size = 1;
        while (size < 4 && ((unsigned char)text[i + size] & 0xc0) == 0x80) {
            size++;
        }
        bool line_separator = size == 3 && memcmp(text + i, "\xe2\x80", 2) == 0 &&
                              (text[i + 2] == '\xa8' || text[i + 2] == '\xa9');
        bool clean = mj_text_is_clean(text + i, size) && !line_separator;
        if (!clean) {
            return mj_reader_complain(reader, MJ_ESYNTAX, i,
                                      c < 0x80 ? "control character 0x%02x in the text"
                                               : "byte 0x%02x is not valid UTF-8 text",
                                      c);
        }
        i += size;
    }
    return MJ_OK;
}

typedef struct {
    mj_node *node;  /* an open map or list */
    mj_node **tail; /* where its next child is linked */
    mj_node *key;   /* map: a key that waits for its value */
} level;

typedef struct {
    mj_reader *reader;
    mj_node *root;
    level level[LIMIT_DEPTH];
    int depth, n_nodes, n_documents;
    size_t at; /* last known position: empty values have none of their own */
} builder;

static mj_status new_node(mj_node **node, builder *b, mj_node_kind kind)
{
    if (++b->n_nodes > LIMIT_NODES) {
        return mj_reader_complain(b->reader, MJ_ELIMIT, b->at, "more than %d entries", LIMIT_NODES);
    }
    *node = mj_arena_alloc(b->reader->arena, sizeof **node);
    if (!*node) {
        return mj_reader_complain(b->reader, MJ_EMEM, b->at, "out of memory");
    }
    (*node)->kind = kind;
    (*node)->at = b->at;
    return MJ_OK;
}

/* Hangs a finished scalar, or a map or list just opened, into the tree. */
static mj_status place_node(builder *b, mj_node *node)
{
    if (b->depth == 0) {
        b->root = node;
        return MJ_OK;
    }
    level *top = &b->level[b->depth - 1];
    if (top->node->kind == MJ_NODE_MAP && !top->key) {
        if (node->kind != MJ_NODE_SCALAR) {
            return mj_reader_complain(b->reader, MJ_ESYNTAX, node->at, "a key must be plain text");
        }
        if (node->plain && strcmp(node->text, "<<") == 0) {
            return mj_reader_complain(b->reader, MJ_ESUPPORT, node->at,
                                      "merge keys are not read here; write the keys out");
        }
        top->key = node;
        return MJ_OK;
    }
    node->key = top->key;
    top->key = NULL;
    *top->tail = node;
    top->tail = &node->next;
    return MJ_OK;
}

static mj_status open_node(builder *b, mj_node_kind kind)
{
    if (b->depth == LIMIT_DEPTH) {
        return mj_reader_complain(b->reader, MJ_ELIMIT, b->at, "more than %d levels of nesting",
                                  LIMIT_DEPTH);
    }
    mj_node *node;
    MJ_TRY(new_node(&node, b, kind));
    MJ_TRY(place_node(b, node));
    b->level[b->depth++] = (level){.node = node, .tail = &node->child};
    return MJ_OK;
}

/* Quoted text may have escaped what check_text refuses in the open. */
static bool has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) { /* each line or tabbed part by itself */
        size_t n = strcspn(text + i, "\n\t");
        if (!mj_text_is_clean(text + i, n) || (i + n < length && text[i + n] == '\0')) {
            return true;
        }
        i += n;
    }
    return false;
}

static mj_status add_scalar(builder *b, struct fy_token *token)
{
    size_t length = 0;
    const char *text = token ? fy_token_get_text(token, &length) : "";
    mj_node *node;
    MJ_TRY(new_node(&node, b, MJ_NODE_SCALAR));
    node->text = text ? mj_arena_text(b->reader->arena, text, length) : NULL;
    if (!node->text) {
        return mj_reader_complain(b->reader, MJ_EMEM, b->at, "out of memory");
    }
    if (has_control(node->text, length)) {
        return mj_reader_complain(b->reader, MJ_ESYNTAX, b->at, "control character in the text");
    }
    node->plain = !token || fy_token_scalar_style(token) == FYSS_PLAIN;
    return place_node(b, node);
}

/* libfyaml's mark stands behind an opening quote or the star of an alias; people mean the quote. */
static size_t event_start(const builder *b, struct fy_event *event)
{
    const struct fy_mark *mark = fy_event_start_mark(event);
    if (!mark || mark->input_pos == 0) {
        return mark ? 0 : b->at;
    }
    bool scalar = event->type == FYET_SCALAR && event->scalar.value;
    bool plain = scalar && fy_token_scalar_style(event->scalar.value) == FYSS_PLAIN;
    char before = b->reader->text[mark->input_pos - 1];
    bool behind = event->type == FYET_ALIAS ||
                  (scalar && !plain && (before == '"' || before == '\''));
    return mark->input_pos - behind;
}

static mj_status take_event(builder *b, struct fy_event *event)
{
    b->at = event_start(b, event);
    if (event->type == FYET_ALIAS || fy_event_get_anchor_token(event)) {
        return mj_reader_complain(b->reader, MJ_ESUPPORT, b->at,
                                  "aliases and anchors are not read here; write the value out");
    }
    if (fy_event_get_tag_token(event)) {
        return mj_reader_complain(b->reader, MJ_ESUPPORT, b->at, "YAML tags are not read here");
    }
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (++b->n_documents > 1) {
            return mj_reader_complain(b->reader, MJ_ESUPPORT, b->at,
                                      "a second document; one file holds one");
        }
        return MJ_OK;
    case FYET_SCALAR:
        return add_scalar(b, event->scalar.value);
    case FYET_MAPPING_START:
        return open_node(b, MJ_NODE_MAP);
    case FYET_SEQUENCE_START:
        return open_node(b, MJ_NODE_LIST);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        assert(b->depth > 0);
        b->depth--;
        return MJ_OK;
    default:
        return MJ_OK;
    }
}

static size_t byte_of(const mj_reader *reader, int line, int column)
{
    const char *p = reader->text, *end = reader->text + reader->length;
    for (int i = 1; i < line && p < end; i++) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        p = newline ? newline + 1 : end;
    }
    for (int i = 1; i < column && p < end && *p != '\n'; i++) {
        do {
            p++;
        } while (p < end && ((unsigned char)*p & 0xc0) == 0x80);
    }
    return (size_t)(p - reader->text);
}

/* What libfyaml has collected against the text. */
static mj_status complain_syntax(mj_reader *reader, struct fy_diag *diag)
{
    void *iterator = NULL;
    int n = 0;
    for (struct fy_diag_error *e; (e = fy_diag_errors_iterate(diag, &iterator)); n++) {
        mj_reader_complain(reader, MJ_ESYNTAX, byte_of(reader, e->line, e->column), "%s", e->msg);
    }
    if (n == 0) {
        mj_reader_complain(reader, MJ_ESYNTAX, 0, "not a YAML text");
    }
    return MJ_ESYNTAX;
}

static void discard(struct fy_diag *diag, void *user, const char *text, size_t length)
{
    (void)diag, (void)user, (void)text, (void)length;
}

static mj_status run_parser(builder *b, struct fy_parser *parser, struct fy_diag *diag)
{
    mj_reader *reader = b->reader;
    if (fy_parser_set_string(parser, reader->text, reader->length) != 0) {
        return mj_reader_complain(reader, MJ_EMEM, 0, "out of memory");
    }
    struct fy_event *event;
    while ((event = fy_parser_parse(parser))) {
        mj_status status = take_event(b, event);
        fy_parser_event_free(parser, event);
        MJ_TRY(status);
    }
    return fy_parser_get_stream_error(parser) ? complain_syntax(reader, diag) : MJ_OK;
}

mj_status mj_reader_tree(mj_node **root, mj_reader *reader)
{
    *root = NULL;
    if (reader->length > LIMIT_B) {
        return mj_reader_complain(reader, MJ_ELIMIT, 0, "longer than %d MiB", LIMIT_B >> 20);
    }
    MJ_TRY(check_text(reader));
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL; /* collected, never printed */
    diag_config.output_fn = discard;
    diag_config.level = FYET_ERROR;
    diag_config.colorize = false;
    struct fy_diag *diag = fy_diag_create(&diag_config);
    if (!diag) {
        return mj_reader_complain(reader, MJ_EMEM, 0, "out of memory");
    }
    fy_diag_set_collect_errors(diag, true);
    const struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
        .diag = diag,
    };
    builder b = {.reader = reader};
    struct fy_parser *parser = fy_parser_create(&config);
    mj_status status = parser ? run_parser(&b, parser, diag)
                              : mj_reader_complain(reader, MJ_EMEM, 0, "out of memory");
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    *root = b.root;
    return status;
}

mj_status mj_spec_parse(void *out, const mj_spec_schema *schema, const char *text, size_t length,
                        const char *name, const mj_units *units, mj_arena *arena, mj_err *err)
{
    mj_reader reader = {.name = name, .length = length, .units = units, .arena = arena, .err = err};
    /* Positions and excerpts look one byte ahead: a copy with a NUL behind it makes that safe. */
    reader.text = length > LIMIT_B ? "" : mj_arena_text(arena, text, length);
    if (!reader.text) {
        return mj_err_add(err, MJ_EMEM, name, 0, 0, "out of memory");
    }
    if (length > LIMIT_B) {
        return mj_err_add(err, MJ_ELIMIT, name, 0, 0, "longer than %d MiB", LIMIT_B >> 20);
    }
    mj_node *root;
    MJ_TRY(mj_reader_tree(&root, &reader));
    return mj_spec_decode(out, schema, root, &reader);
}

mj_status mj_spec_load(void *out, const mj_spec_schema *schema, const char *path,
                       const mj_units *units, mj_arena *arena, mj_err *err)
{
    mj_reader reader = {.name = path, .units = units, .arena = arena, .err = err};
    char *text;
    MJ_TRY(mj_file_read(&text, &reader.length, path, LIMIT_B, err));
    reader.text = text;
    mj_node *root;
    mj_status status = mj_reader_tree(&root, &reader);
    if (status == MJ_OK) {
        status = mj_spec_decode(out, schema, root, &reader);
    }
    free(text);
    return status;
}
