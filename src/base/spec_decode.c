/* Spec, the decoder: a tree of nodes to a plain struct, as a schema says.
 *
 * Every problem is reported and decoding goes on with the next value, so one run shows them all;
 * mj_reader.status keeps the first. Single values are the business of spec_value.c; here are maps,
 * lists, and what flows into them.
 *
 * `from` and `class` flow inward: each map takes those of the map around it and replaces what it
 * states itself, so the nearest statement wins, whatever the order of the keys. They end up in the
 * quantities, and in a TEXT field that a schema declares under the key `from`. */
#include "spec_decode.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Known in every map. */
static const char *const common_keys[] = {"mj", "from", "class", "note"};
enum { COMMON_N = 4, FIELDS_MAX = 64 };

static void decode_map(void *place, const mj_spec_schema *schema, const mj_node *map,
                       mj_inherited inherited, mj_reader *reader);

/* True if node is a list that fits the field. */
static bool expect_items(const mj_spec_field *field, const mj_node *node, mj_reader *reader)
{
    int n;
    if (!mj_node_expect_list(&n, field, node, reader)) {
        return false;
    }
    if (n > field->max_items) {
        mj_reader_complain(reader, MJ_ELIMIT, node->at, "%s: %d entries, at most %d fit",
                           field->key, n, field->max_items);
        return false;
    }
    return true;
}

static void decode_texts(const char **place, int *count, const mj_spec_field *field,
                         const mj_node *node, mj_reader *reader)
{
    if (!expect_items(field, node, reader)) {
        return;
    }
    for (const mj_node *item = node->child; item; item = item->next) {
        place[(*count)++] = mj_spec_decode_text(item, reader);
    }
}

static void decode_reals(double *place, int *count, const mj_spec_field *field, const mj_node *node,
                         mj_reader *reader)
{
    mj_spec_field one = *field;
    one.kind = MJ_SPEC_REAL;
    if (!expect_items(field, node, reader)) {
        return;
    }
    for (const mj_node *item = node->child; item; item = item->next) {
        mj_spec_decode_scalar(&place[(*count)++], &one, item, (mj_inherited){0}, reader);
    }
}

const char *mj_spec_item_name(char buf[16], const mj_spec_schema *schema, const void *item,
                              int index)
{
    for (int i = 0; schema->name_key && i < schema->n_fields; i++) {
        const mj_spec_field *field = &schema->fields[i];
        if (field->kind == MJ_SPEC_TEXT && strcmp(field->key, schema->name_key) == 0) {
            return *(const char *const *)((const char *)item + field->offset);
        }
    }
    snprintf(buf, 16, "%d", index);
    return buf;
}

/* Two items of one name could not be told apart in paths. */
static void check_item_name(const char *items, int index, const mj_spec_field *field,
                            const mj_node *node, mj_reader *reader)
{
    const mj_spec_schema *schema = field->sub;
    char buf[16], other_buf[16];
    const char *name = mj_spec_item_name(buf, schema, items + (size_t)index * schema->size, index);
    for (int i = 0; name && i < index; i++) {
        const char *item = items + (size_t)i * schema->size;
        const char *other = mj_spec_item_name(other_buf, schema, item, i);
        if (other && strcmp(name, other) == 0) {
            mj_reader_complain(reader, MJ_EKEY, node->at, "a second '%s' in %s", name, field->key);
            return;
        }
    }
}

static void decode_list(char *items, int *count, const mj_spec_field *field, const mj_node *node,
                        mj_inherited inherited, mj_reader *reader)
{
    if (!expect_items(field, node, reader)) {
        return;
    }
    for (const mj_node *item = node->child; item; item = item->next) {
        int index = (*count)++;
        decode_map(items + (size_t)index * field->sub->size, field->sub, item, inherited, reader);
        check_item_name(items, index, field, item, reader);
    }
}

/* A map of scalars as flow text, every value quoted so that nothing in it reads as YAML. NULL after
 * a complaint. */
static const char *flow_text(const mj_node *map, mj_reader *reader)
{
    const char *text = "";
    for (const mj_node *entry = map->child; entry && text; entry = entry->next) {
        const char *value = mj_spec_decode_text(entry, reader);
        if (!value) {
            return NULL;
        }
        if (strchr(value, '\'') || strpbrk(entry->key->text, "'\"{}[],:\n\t ")) {
            mj_reader_complain(reader, MJ_ESYNTAX, entry->at, "%s: quotes cannot stand here",
                               mj_node_label(entry));
            return NULL;
        }
        text = mj_arena_printf(reader->arena, "%s%s%s: '%s'", text, *text ? ", " : "",
                               entry->key->text, value);
    }
    text = text ? mj_arena_printf(reader->arena, "{%s}", text) : NULL;
    if (!text) {
        mj_reader_complain(reader, MJ_EMEM, map->at, "out of memory");
    }
    return text;
}

static void decode_pairs(mj_spec_pair *pair, int *count, const mj_spec_field *field,
                         const mj_node *map, mj_reader *reader)
{
    if (map->kind != MJ_NODE_MAP) {
        mj_reader_complain(reader, MJ_ESYNTAX, map->at, "%s: expected keys and values", field->key);
        return;
    }
    if (field->required && !map->child) {
        mj_reader_complain(reader, MJ_EKEY, map->at, "%s: nothing stands in it", field->key);
    }
    for (const mj_node *entry = map->child; entry; entry = entry->next) {
        bool twice = false;
        for (int i = 0; i < *count; i++) {
            twice |= strcmp(pair[i].key, entry->key->text) == 0;
        }
        if (twice) {
            mj_reader_complain(reader, MJ_EKEY, entry->key->at, "'%s' stands here twice",
                               entry->key->text);
            continue;
        }
        if (*count == field->max_items) {
            mj_reader_complain(reader, MJ_ELIMIT, entry->key->at, "%s: at most %d entries fit",
                               field->key, field->max_items);
            return;
        }
        mj_spec_pair *p = &pair[*count];
        const char *start;
        mj_reader_locate(&p->line, &p->column, &start, reader, entry->at);
        p->key = entry->key->text;
        p->value = entry->kind == MJ_NODE_MAP ? flow_text(entry, reader)
                                              : mj_spec_decode_text(entry, reader);
        *count += p->value != NULL;
    }
}

static void decode_value(void *place, int *count, const mj_spec_field *field, const mj_node *node,
                         mj_inherited inherited, mj_reader *reader)
{
    switch (field->kind) {
    case MJ_SPEC_MAP:
        decode_map(place, field->sub, node, inherited, reader);
        break;
    case MJ_SPEC_LIST:
        decode_list(place, count, field, node, inherited, reader);
        break;
    case MJ_SPEC_TEXTS:
        decode_texts(place, count, field, node, reader);
        break;
    case MJ_SPEC_REALS:
        decode_reals(place, count, field, node, reader);
        break;
    case MJ_SPEC_PAIRS:
        decode_pairs(place, count, field, node, reader);
        break;
    default:
        mj_spec_decode_scalar(place, field, node, inherited, reader);
    }
}

/* A text under the key `from` takes what the maps around it say, as a quantity's source does. */
static bool is_source(const mj_spec_field *field)
{
    return field->kind == MJ_SPEC_TEXT && strcmp(field->key, "from") == 0;
}

/* What this map itself says about source and class. A schema that gives `class` a meaning of its
 * own (a model's class) owns the key: a word that is no evidence class is then not judged. */
static mj_inherited inherit(mj_inherited outer, const mj_spec_schema *schema, const mj_node *map,
                            mj_reader *reader)
{
    bool owned = false;
    for (int i = 0; i < schema->n_fields; i++) {
        owned |= strcmp(schema->fields[i].key, "class") == 0;
    }
    for (const mj_node *entry = map->child; entry; entry = entry->next) {
        if (mj_node_is(entry->key, "from")) {
            const char *source = mj_spec_decode_text(entry, reader);
            outer.source = source ? source : outer.source;
        } else if (mj_node_is(entry->key, "class")) {
            mj_class cls = owned ? mj_spec_class_of(entry) : mj_spec_decode_class(entry, reader);
            outer.cls = cls ? cls : outer.cls;
        }
    }
    return outer;
}

static void decode_map(void *place, const mj_spec_schema *schema, const mj_node *map,
                       mj_inherited inherited, mj_reader *reader)
{
    const mj_node *found[FIELDS_MAX + COMMON_N] = {0};
    const char *keys[FIELDS_MAX + COMMON_N];
    int n = schema->n_fields;
    assert(n <= FIELDS_MAX);
    if (map->kind != MJ_NODE_MAP) {
        mj_reader_complain(reader, MJ_ESYNTAX, map->at, "%s: expected keys and values of a %s",
                           mj_node_label(map), schema->name);
        return;
    }
    for (int i = 0; i < n; i++) {
        keys[i] = schema->fields[i].key;
    }
    memcpy(keys + n, common_keys, sizeof common_keys);
    mj_inherited inside = inherit(inherited, schema, map, reader);
    for (const mj_node *entry = map->child; entry; entry = entry->next) {
        int i = mj_spec_file_entry(found, entry, keys, n + COMMON_N, schema->name, reader);
        if (i < 0 || i >= n || is_source(&schema->fields[i])) {
            continue;
        }
        const mj_spec_field *field = &schema->fields[i];
        int *count = (int *)(void *)((char *)place + field->count_offset);
        decode_value((char *)place + field->offset, count, field, entry, inside, reader);
    }
    for (int i = 0; i < n; i++) {
        const mj_spec_field *field = &schema->fields[i];
        bool given = found[i];
        if (is_source(field)) {
            *(const char **)(void *)((char *)place + field->offset) = inside.source;
            given = inside.source;
        }
        if (field->required && !given) {
            mj_reader_complain(reader, MJ_EKEY, map->at, "missing key '%s' in %s", field->key,
                               schema->name);
        }
    }
}

mj_status mj_spec_decode(void *out, const mj_spec_schema *schema, const mj_node *root,
                         mj_reader *reader)
{
    if (!root) {
        return mj_reader_complain(reader, MJ_ESYNTAX, 0, "the file is empty");
    }
    if (root->kind != MJ_NODE_MAP || !root->child || !mj_node_is(root->child->key, "mj")) {
        return mj_reader_complain(reader, MJ_EKEY, root->at, "a spec begins with the key 'mj: 1'");
    }
    if (!mj_node_is(root->child, "1")) {
        return mj_reader_complain(reader, MJ_ESUPPORT, root->child->at,
                                  "this program reads specs of version 1 ('mj: 1') only");
    }
    decode_map(out, schema, root, (mj_inherited){0}, reader);
    return reader->status;
}
