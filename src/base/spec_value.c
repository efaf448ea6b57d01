/* Spec, the values: scalars and quantities of a tree of nodes, checked as their field says.
 *
 * Numbers go through units.c, so a wrong unit is the same error in a file and on the command line,
 * and end up in SI. A quantity is one number or a map {typ, lo, hi, from, class, note}; {fact: KEY}
 * is only noted here: hw looks the fact up once it knows the node. */
#include "spec_decode.h"

#include "mj/text.h"
#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { UNIT_SIZE = 64, FLAGS_MAX = 32 };

const char *mj_node_label(const mj_node *node)
{
    return node->key ? node->key->text : "value";
}

bool mj_node_is(const mj_node *node, const char *text)
{
    return node->kind == MJ_NODE_SCALAR && strcmp(node->text, text) == 0;
}

/* A key with nothing behind it, or YAML's words for nothing: never zero, never the text "null". */
static bool is_nothing(const mj_node *node)
{
    return node->plain &&
           (mj_node_is(node, "") || mj_node_is(node, "~") || mj_node_is(node, "null"));
}

/* True if node is a scalar with a value; `wanted` says what belongs here. */
static bool expect_scalar(const mj_node *node, const char *wanted, mj_reader *reader)
{
    static const char *const found[] = {"nothing", "a map", "a list"};
    if (node->kind == MJ_NODE_SCALAR && !is_nothing(node)) {
        return true;
    }
    mj_reader_complain(reader, MJ_ESYNTAX, node->at, "%s: expected %s, found %s",
                       mj_node_label(node), wanted, found[node->kind]);
    return false;
}

const char *mj_spec_decode_text(const mj_node *node, mj_reader *reader)
{
    if (!expect_scalar(node, "text", reader)) {
        return NULL;
    }
    size_t length = strlen(node->text);
    while (length > 0 && node->text[length - 1] == '\n') { /* `>` and `|` end with one */
        length--;
    }
    if (strcspn(node->text, "\n\t") < length) {
        mj_reader_complain(reader, MJ_ESYNTAX, node->at,
                           "%s: line breaks and tabs are not allowed here (use `>`)",
                           mj_node_label(node));
        return NULL;
    }
    if (node->text[length] == '\0') {
        return node->text;
    }
    const char *text = mj_arena_text(reader->arena, node->text, length);
    if (!text) {
        mj_reader_complain(reader, MJ_EMEM, node->at, "out of memory");
    }
    return text;
}

mj_class mj_spec_class_of(const mj_node *node)
{
    for (int i = 1; i < MJ_CLASS_N; i++) {
        if (mj_node_is(node, mj_class_text((mj_class)i))) {
            return (mj_class)i;
        }
    }
    return MJ_CLASS_NONE;
}

mj_class mj_spec_decode_class(const mj_node *node, mj_reader *reader)
{
    mj_class cls = mj_spec_class_of(node);
    if (cls == MJ_CLASS_NONE && expect_scalar(node, "measured, published, ...", reader)) {
        const char *names[MJ_CLASS_N] = {""};
        for (int i = 1; i < MJ_CLASS_N; i++) {
            names[i] = mj_class_text((mj_class)i);
        }
        mj_reader_unknown(reader, MJ_ENAME, node->at, "class", node->text, names, MJ_CLASS_N);
    }
    return cls;
}

/* A limit as people write it: `2 TB/s`, `4096`. */
static const char *limit_text(char *buf, size_t size, double limit, const char *unit)
{
    if (unit && strcmp(unit, "1") != 0) {
        return mj_units_format(limit, unit, buf, size);
    }
    snprintf(buf, size, "%.10g", limit);
    return buf;
}

/* NaN fails. */
static bool check_range(double value, const mj_spec_field *field, const mj_node *node,
                        mj_reader *reader)
{
    bool unbounded = field->min == 0 && field->max == 0;
    if (isfinite(value) && (unbounded || (value >= field->min && value <= field->max))) {
        return true;
    }
    char lo_buf[48], hi_buf[48];
    const char *unit = field->kind == MJ_SPEC_INT ? NULL : field->unit;
    const char *lo = limit_text(lo_buf, sizeof lo_buf, field->min, unit);
    if (unbounded) {
        mj_reader_complain(reader, MJ_ERANGE, node->at, "%s: %.80s is too large a number",
                           mj_node_label(node), node->text);
    } else if (!(field->max < 1e30)) {
        mj_reader_complain(reader, MJ_ERANGE, node->at, "%s: %.80s is out of range (at least %s)",
                           mj_node_label(node), node->text, lo);
    } else {
        mj_reader_complain(reader, MJ_ERANGE, node->at, "%s: %.80s is out of range (%s to %s)",
                           mj_node_label(node), node->text, lo,
                           limit_text(hi_buf, sizeof hi_buf, field->max, unit));
    }
    return false;
}

static bool decode_real(double *value, const mj_spec_field *field, const mj_node *node,
                        mj_reader *reader)
{
    const char *unit = field->unit ? field->unit : "1";
    if (!expect_scalar(node, "a number", reader)) {
        return false;
    }
    char why[MJ_ERR_TEXT / 2];
    mj_status status = mj_units_parse(reader->units, node->text, unit, value, why, sizeof why);
    if (status != MJ_OK) {
        mj_reader_complain(reader, status, node->at, "%s: %s", mj_node_label(node), why);
        return false;
    }
    return check_range(*value, field, node, reader);
}

static bool is_whole(const char *text)
{
    text += *text == '-' || *text == '+';
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static void decode_int(int *place, const mj_spec_field *field, const mj_node *node,
                       mj_reader *reader)
{
    mj_spec_field whole = *field;
    whole.unit = NULL;
    bool unbounded = field->min == 0 && field->max == 0;
    whole.min = unbounded ? INT_MIN : fmax(field->min, INT_MIN);
    whole.max = unbounded ? INT_MAX : fmin(field->max, INT_MAX);
    double value;
    if (!decode_real(&value, &whole, node, reader)) {
        return;
    }
    if (!is_whole(node->text)) {
        mj_reader_complain(reader, MJ_ESYNTAX, node->at,
                           "%s: expected a whole number, found '%.80s'", mj_node_label(node),
                           node->text);
        return;
    }
    *place = (int)value;
}

static void decode_bool(bool *place, const mj_node *node, mj_reader *reader)
{
    if (!expect_scalar(node, "true or false", reader)) {
        return;
    }
    *place = mj_node_is(node, "true");
    if (!*place && !mj_node_is(node, "false")) {
        mj_reader_complain(reader, MJ_ESYNTAX, node->at,
                           "%s: expected true or false, found '%.80s'", mj_node_label(node),
                           node->text);
    }
}

/* "" stands for "none" in the tables of names and cannot be chosen. */
static bool decode_choice(int *place, const mj_spec_field *field, const mj_node *node,
                          mj_reader *reader)
{
    size_t n = 0;
    if (!expect_scalar(node, "a name", reader)) {
        return false;
    }
    for (; field->choices[n]; n++) {
        if (field->choices[n][0] && mj_node_is(node, field->choices[n])) {
            *place = (int)n;
            return true;
        }
    }
    mj_reader_unknown(reader, MJ_ENAME, node->at, field->key, node->text, field->choices, n);
    return false;
}

bool mj_node_expect_list(int *items, const mj_spec_field *field, const mj_node *node,
                        mj_reader *reader)
{
    *items = 0;
    if (node->kind != MJ_NODE_LIST) {
        mj_reader_complain(reader, MJ_ESYNTAX, node->at, "%s: expected a list", field->key);
        return false;
    }
    for (const mj_node *item = node->child; item; item = item->next) {
        ++*items;
    }
    return true;
}

static void decode_flags(unsigned *place, const mj_spec_field *field, const mj_node *node,
                         mj_reader *reader)
{
    int n;
    if (!mj_node_expect_list(&n, field, node, reader)) {
        return;
    }
    for (const mj_node *item = node->child; item; item = item->next) {
        int bit;
        if (decode_choice(&bit, field, item, reader)) {
            assert(bit < FLAGS_MAX);
            *place |= 1u << bit;
        }
    }
}

int mj_spec_file_entry(const mj_node **found, const mj_node *entry, const char *const *keys, int n,
                      const char *where, mj_reader *reader)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(entry->key->text, keys[i]) != 0) {
            continue;
        }
        if (found[i]) {
            mj_reader_complain(reader, MJ_EKEY, entry->key->at, "'%s' stands here twice", keys[i]);
            return -1;
        }
        found[i] = entry;
        return i;
    }
    char what[64];
    snprintf(what, sizeof what, "key in %s:", where);
    mj_reader_unknown(reader, MJ_EKEY, entry->key->at, what, entry->key->text, keys, (size_t)n);
    return -1;
}

enum { PART_TYP, PART_LO, PART_HI, PART_FROM, PART_CLASS, PART_NOTE, PART_FACT, PART_N };
static const char *const part_keys[] = {"typ", "lo", "hi", "from", "class", "note", "fact"};

/* One of typ, lo, hi. A field without unit takes the number as written; all three then have to be
 * written in one unit, the one in `unit`, which is empty before the first. */
static bool decode_part(double *value, char unit[UNIT_SIZE], const mj_spec_field *field,
                        const mj_node *node, mj_reader *reader)
{
    if (field->unit) {
        return decode_real(value, field, node, reader);
    }
    if (!expect_scalar(node, "a number with its unit", reader)) {
        return false;
    }
    char why[MJ_ERR_TEXT / 2], written[UNIT_SIZE] = "";
    mj_status status = mj_units_split(reader->units, node->text, value, written, sizeof written,
                                      why, sizeof why);
    if (status != MJ_OK) {
        mj_reader_complain(reader, status, node->at, "%s: %s", mj_node_label(node), why);
        return false;
    }
    if (unit[0] && strcmp(unit, written) != 0) {
        mj_reader_complain(reader, MJ_EUNIT, node->at, "%s: typ is in %s, this in %s",
                           mj_node_label(node), unit, written);
        return false;
    }
    memcpy(unit, written, UNIT_SIZE);
    return check_range(*value, field, node, reader);
}

/* The default range must not promise what the field's limits exclude: a share of 0.8 is not 1.6. */
static void default_range(mj_quantity *q, const mj_spec_field *field)
{
    mj_quantity_default_range(q);
    if (field->min != 0 || field->max != 0) {
        q->lo = fmax(q->lo, field->min);
        q->hi = fmin(q->hi, field->max);
    }
}

/* typ, lo and hi of a quantity whose class is known. */
static bool decode_numbers(mj_quantity *q, const mj_spec_field *field, const mj_node *const *part,
                           mj_reader *reader)
{
    char unit[UNIT_SIZE] = "";
    double lo = 0, hi = 0;
    const mj_node *typ = part[PART_TYP];
    if (!decode_part(&q->typ, unit, field, typ, reader) ||
        (part[PART_LO] && !decode_part(&lo, unit, field, part[PART_LO], reader)) ||
        (part[PART_HI] && !decode_part(&hi, unit, field, part[PART_HI], reader))) {
        return false;
    }
    default_range(q, field);
    q->lo = part[PART_LO] ? lo : q->lo;
    q->hi = part[PART_HI] ? hi : q->hi;
    if (!isfinite(q->lo) || !isfinite(q->hi)) {
        mj_reader_complain(reader, MJ_ERANGE, typ->at, "%s: %.80s is too large a number",
                           mj_node_label(typ), typ->text);
        return false;
    }
    if (!(q->lo <= q->typ && q->typ <= q->hi)) {
        const mj_node *at = q->lo > q->typ ? part[PART_LO] : part[PART_HI];
        mj_reader_complain(reader, MJ_ERANGE, (at ? at : typ)->at, "lo <= typ <= hi does not hold");
        return false;
    }
    q->unit = field->unit ? field->unit : mj_arena_text(reader->arena, unit, strlen(unit));
    if (!q->unit) {
        mj_reader_complain(reader, MJ_EMEM, typ->at, "out of memory");
    }
    return q->unit;
}

static void decode_quantity(mj_quantity *place, const mj_spec_field *field, const mj_node *node,
                            mj_inherited inherited, mj_reader *reader)
{
    const mj_node *part[PART_N] = {0};
    mj_status before = reader->status;
    reader->status = MJ_OK;
    if (node->kind == MJ_NODE_MAP) {
        for (const mj_node *entry = node->child; entry; entry = entry->next) {
            mj_spec_file_entry(part, entry, part_keys, PART_N, field->key, reader);
        }
        if ((part[PART_TYP] != NULL) == (part[PART_FACT] != NULL) && reader->status == MJ_OK) {
            mj_reader_complain(reader, MJ_EKEY, node->at, "%s: needs either typ or fact",
                               field->key);
        }
    } else if (expect_scalar(node, "a number with its unit", reader)) {
        part[PART_TYP] = node;
    }
    mj_quantity q = {.cls = inherited.cls ? inherited.cls : MJ_CLASS_ASSUMED,
                     .source = inherited.source,
                     .unit = field->unit};
    if (part[PART_FROM]) {
        q.source = mj_spec_decode_text(part[PART_FROM], reader);
    }
    if (part[PART_CLASS]) {
        q.cls = mj_spec_decode_class(part[PART_CLASS], reader);
    }
    if (part[PART_FACT] && (part[PART_LO] || part[PART_HI])) {
        mj_reader_complain(reader, MJ_EKEY, node->at, "%s: a fact brings its own lo and hi",
                           field->key);
    } else if (part[PART_FACT]) {
        q.cls = MJ_CLASS_NONE;
        q.source = NULL;
        q.fact = mj_spec_decode_text(part[PART_FACT], reader);
    } else if (part[PART_TYP]) {
        decode_numbers(&q, field, part, reader);
    }
    if (reader->status == MJ_OK) {
        *place = q;
    }
    reader->status = before != MJ_OK ? before : reader->status;
}

void mj_spec_decode_scalar(void *place, const mj_spec_field *field, const mj_node *node,
                           mj_inherited inherited, mj_reader *reader)
{
    switch (field->kind) {
    case MJ_SPEC_TEXT:
        *(const char **)place = mj_spec_decode_text(node, reader);
        break;
    case MJ_SPEC_BOOL:
        decode_bool(place, node, reader);
        break;
    case MJ_SPEC_INT:
        decode_int(place, field, node, reader);
        break;
    case MJ_SPEC_REAL:
        decode_real(place, field, node, reader);
        break;
    case MJ_SPEC_QUANTITY:
        decode_quantity(place, field, node, inherited, reader);
        break;
    case MJ_SPEC_CHOICE:
        decode_choice(place, field, node, reader);
        break;
    case MJ_SPEC_FLAGS:
        decode_flags(place, field, node, reader);
        break;
    default:
        assert(!"a map or a list is no scalar");
    }
}
