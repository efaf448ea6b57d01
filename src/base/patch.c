/* Patch: paths into decoded structs, checked changes of single values, a walk over all quantities.
 *
 * A path is keys joined by dots, an item of a list stands by its name and the list's own key may be
 * left out: memories.hbm.read = hbm.read. Names may hold dots themselves (mac.bf16.energy), so a
 * path is not split beforehand: at every level each key and each item name is tried against the
 * text that is left. That finds all readings; two that mean different values are refused.
 *
 * A patch is an offset and some bytes, because spec structs are flat: applying it to a copy is one
 * memcpy, which is what a ladder does thousands of times.
 *
 * What it does not do: it neither adds nor removes items, and it cannot set a whole map or list. */
#include "spec_decode.h"

#include "mj/text.h"
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 256 };

/* What follows `word` in `path`: "" at its end, the text behind the dot; NULL: path goes another
 * way. */
static const char *after(const char *path, const char *word)
{
    size_t n = word ? strlen(word) : 0;
    if (n == 0 || strncmp(path, word, n) != 0) {
        return NULL;
    }
    return path[n] == '.' && path[n + 1] ? path + n + 1 : path[n] == '\0' ? path + n : NULL;
}

static const void *at_offset(const void *base, size_t offset)
{
    return (const char *)base + offset;
}

static int item_count(const void *base, const mj_spec_field *field)
{
    return *(const int *)at_offset(base, field->count_offset);
}

typedef struct {
    int n_found;                /* values that the path means */
    const mj_spec_field *field; /* the first of them */
    size_t offset;
    const char *whole; /* the path ends at a map, a list or an item of this name instead */
} search;

static void found_value(search *s, const mj_spec_field *field, size_t offset)
{
    if (s->n_found > 0 && s->offset == offset) {
        return; /* with and without the list's key */
    }
    if (s->n_found++ == 0) {
        s->field = field;
        s->offset = offset;
    }
}

/* `base` is the struct of schema, `offset` its place in the whole. */
static void find(search *s, const void *base, const mj_spec_schema *schema, size_t offset,
                 const char *path);

static void find_item(search *s, const void *base, const mj_spec_field *list, size_t offset,
                      const char *path)
{
    for (int i = 0; i < item_count(base, list); i++) {
        char buf[16];
        size_t item = list->offset + (size_t)i * list->sub->size;
        const char *name = mj_spec_item_name(buf, list->sub, at_offset(base, item), i);
        const char *rest = after(path, name);
        if (rest && *rest) {
            find(s, at_offset(base, item), list->sub, offset + item, rest);
        } else if (rest) {
            s->whole = list->sub->name;
        }
    }
}

static void find(search *s, const void *base, const mj_spec_schema *schema, size_t offset,
                 const char *path)
{
    for (int i = 0; i < schema->n_fields; i++) {
        const mj_spec_field *field = &schema->fields[i];
        const char *rest = after(path, field->key);
        bool composite = field->kind == MJ_SPEC_MAP || field->kind == MJ_SPEC_LIST ||
                         field->kind == MJ_SPEC_TEXTS || field->kind == MJ_SPEC_REALS ||
                         field->kind == MJ_SPEC_PAIRS;
        if (rest && !*rest && !composite) {
            found_value(s, field, offset + field->offset);
        } else if (rest && !*rest) {
            s->whole = field->kind == MJ_SPEC_MAP || field->kind == MJ_SPEC_PAIRS ? "map" : "list";
        } else if (rest && field->kind == MJ_SPEC_MAP) {
            find(s, at_offset(base, field->offset), field->sub, offset + field->offset, rest);
        } else if (rest && field->kind == MJ_SPEC_LIST) {
            find_item(s, base, field, offset, rest);
        }
        if (field->kind == MJ_SPEC_LIST && field->sub->name_key) {
            find_item(s, base, field, offset, path);
        }
    }
}

/* A walk over all values that can be set. Paths leave out the keys of lists with named items,
 * unless with_lists is set. A path longer than PATH_SIZE is cut. */
typedef struct {
    void (*visit)(void *user, const char *path, const mj_spec_field *field, size_t offset);
    void *user;
    bool with_lists;
    char path[PATH_SIZE];
} walk;

static void walk_struct(walk *w, const void *base, const mj_spec_schema *schema, size_t offset,
                        size_t length);

/* Puts `word` behind the first `length` characters of the path; returns the new length. */
static size_t append(walk *w, size_t length, const char *word)
{
    int n = snprintf(w->path + length, PATH_SIZE - length, "%s%s", length ? "." : "", word);
    length += (size_t)n;
    return length < PATH_SIZE ? length : PATH_SIZE - 1;
}

static void walk_list(walk *w, const void *base, const mj_spec_field *list, size_t offset,
                      size_t length)
{
    if (w->with_lists || !list->sub->name_key) {
        length = append(w, length, list->key);
    }
    for (int i = 0; i < item_count(base, list); i++) {
        char buf[16];
        size_t item = list->offset + (size_t)i * list->sub->size;
        const char *name = mj_spec_item_name(buf, list->sub, at_offset(base, item), i);
        walk_struct(w, at_offset(base, item), list->sub, offset + item,
                    append(w, length, name ? name : "?"));
    }
}

static void walk_struct(walk *w, const void *base, const mj_spec_schema *schema, size_t offset,
                        size_t length)
{
    for (int i = 0; i < schema->n_fields; i++) {
        const mj_spec_field *field = &schema->fields[i];
        switch (field->kind) {
        case MJ_SPEC_MAP:
            walk_struct(w, at_offset(base, field->offset), field->sub, offset + field->offset,
                        append(w, length, field->key));
            break;
        case MJ_SPEC_LIST:
            walk_list(w, base, field, offset, length);
            break;
        case MJ_SPEC_TEXTS:
        case MJ_SPEC_REALS:
        case MJ_SPEC_PAIRS:
            break;
        default:
            append(w, length, field->key);
            w->visit(w->user, w->path, field, offset + field->offset);
        }
    }
}

typedef struct {
    mj_arena *arena;
    const char **path; /* NULL: only count */
    size_t n;
} path_list;

static void add_path(void *user, const char *path, const mj_spec_field *field, size_t offset)
{
    (void)field, (void)offset;
    path_list *list = user;
    if (list->path) {
        list->path[list->n] = mj_arena_text(list->arena, path, strlen(path));
    }
    list->n++;
}

/* No such path: with the nearest one, written as short or as long as the user wrote it. */
static mj_status complain_path(mj_reader *reader, const void *base, const mj_spec_schema *schema,
                               const char *path)
{
    path_list list = {.arena = reader->arena};
    walk w = {.visit = add_path, .user = &list};
    for (int pass = 0; pass < 2; pass++) { /* count, then collect */
        if (pass == 1) {
            list.path = mj_arena_array(reader->arena, list.n, sizeof *list.path);
            list.n = 0;
            if (!list.path) {
                return mj_reader_complain(reader, MJ_EMEM, 0, "out of memory");
            }
        }
        for (int form = 0; form < 2; form++) {
            w.with_lists = form == 1;
            walk_struct(&w, base, schema, 0, 0);
        }
    }
    const char *near = mj_text_nearest(path, list.path, list.n);
    if (near) {
        return mj_reader_complain(reader, MJ_ENAME, 0,
                                  "no such path '%.120s' in %s (did you mean '%s'?)", path,
                                  schema->name, near);
    }
    return mj_reader_complain(reader, MJ_ENAME, 0, "no such path '%.120s' in %s", path,
                              schema->name);
}

static size_t value_size(mj_spec_kind kind)
{
    switch (kind) {
    case MJ_SPEC_QUANTITY:
        return sizeof(mj_quantity);
    case MJ_SPEC_REAL:
        return sizeof(double);
    case MJ_SPEC_BOOL:
        return sizeof(bool);
    case MJ_SPEC_TEXT:
        return sizeof(const char *);
    case MJ_SPEC_FLAGS:
        return sizeof(unsigned);
    default:
        return sizeof(int);
    }
}

/* The value as a node. Only {..} for a quantity and [..] for flags are YAML; anything else is taken
 * as it stands, so that no text needs a second layer of quotes on the command line. */
static mj_status value_node(mj_node **node, const mj_spec_field *field, const char *value,
                            mj_reader *reader)
{
    if ((field->kind == MJ_SPEC_QUANTITY && value[0] == '{') || field->kind == MJ_SPEC_FLAGS) {
        MJ_TRY(mj_reader_tree(node, reader));
    }
    if (!mj_text_is_clean(value, reader->length)) {
        return mj_reader_complain(reader, MJ_ESYNTAX, 0, "control character in the value");
    }
    if (!*node) {
        *node = mj_arena_alloc(reader->arena, sizeof **node);
        if (!*node) {
            return mj_reader_complain(reader, MJ_EMEM, 0, "out of memory");
        }
        **node = (mj_node){.kind = MJ_NODE_SCALAR, .plain = true, .text = reader->text};
    }
    return MJ_OK;
}

mj_status mj_patch_resolve(mj_patch *patch, const void *base, const mj_spec_schema *schema,
                           const char *path, const char *value, mj_place place,
                           const mj_units *units, mj_arena *arena, mj_err *err)
{
    mj_reader reader = {.name = place.file, .length = strlen(value), .place = &place,
                        .units = units, .arena = arena, .err = err};
    reader.text = mj_arena_text(arena, value, reader.length);
    if (!reader.text) {
        return mj_reader_complain(&reader, MJ_EMEM, 0, "out of memory");
    }
    search s = {0};
    find(&s, base, schema, 0, path);
    if (s.n_found > 1) {
        return mj_reader_complain(&reader, MJ_ENAME, 0,
                                  "'%.120s' in %s has several meanings; write the list's key first",
                                  path, schema->name);
    }
    if (s.n_found == 0 && s.whole) {
        return mj_reader_complain(&reader, MJ_ENAME, 0,
                                  "'%.120s' in %s is a whole %s; only a single value can be set",
                                  path, schema->name, s.whole);
    }
    if (s.n_found == 0) {
        return complain_path(&reader, base, schema, path);
    }
    mj_node key = {.text = path};
    mj_node *node = NULL;
    MJ_TRY(value_node(&node, s.field, value, &reader));
    node->key = &key;
    *patch = (mj_patch){.offset = s.offset, .size = value_size(s.field->kind)};
    const mj_inherited given = {.source = place.source ? place.source : "user",
                                .cls = place.cls != MJ_CLASS_NONE ? place.cls : MJ_CLASS_ASSUMED};
    mj_spec_decode_scalar(&patch->value, s.field, node, given, &reader);
    return reader.status;
}

void mj_patch_apply(void *base, const mj_patch *patch)
{
    memcpy((char *)base + patch->offset, &patch->value, patch->size);
}

typedef struct {
    void *base;
    mj_spec_visitor *visit;
    void *user;
} quantity_visit;

static void visit_quantity(void *user, const char *path, const mj_spec_field *field, size_t offset)
{
    const quantity_visit *q = user;
    if (field->kind == MJ_SPEC_QUANTITY) {
        q->visit(q->user, path, field, (mj_quantity *)(void *)((char *)q->base + offset));
    }
}

void mj_spec_each_quantity(void *base, const mj_spec_schema *schema, mj_spec_visitor *visit,
                           void *user)
{
    quantity_visit q = {.base = base, .visit = visit, .user = user};
    walk w = {.visit = visit_quantity, .user = &q};
    walk_struct(&w, base, schema, 0, 0);
}
