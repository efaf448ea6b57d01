/* Spec: YAML files checked against a declared schema and decoded straight into plain structs.
 *
 * A schema is a table of fields (key, kind, unit, range, place in the struct). Unknown key (with
 * "did you mean"), missing key, duplicate key, wrong type, missing or wrong unit, out of range:
 * each is one entry in mj_err with file, line, column and the source line; decoding goes on, so
 * that one run reports them all. Files over 4 MiB, nesting over 32 levels and YAML aliases (whose
 * expansion is a known bomb) are refused.
 *
 * Every map may carry `from:` (source key), `class:` and `note:`; `from` and `class` hold for all
 * quantities inside it that do not say otherwise. A quantity is `39 pJ/B`, or
 * {typ: 39 pJ/B, lo: .., hi: .., from: .., class: .., note: ..}, or {fact: KEY}. Without lo and hi
 * the range is the class's default (quantity.h) within the field's limits, a quantity without any
 * class counts as assumed. {fact: KEY} sets unit and fact and leaves the rest zero, class none
 * included, so mj_quantity_given is false until hw has resolved the fact.
 *
 * A TEXT field declared under the key `from` takes the source that holds in its map. A schema may
 * declare `class` for a meaning of its own; the word then still counts as evidence class if it is
 * one. List items of one list need different names.
 *
 * Structs are flat: a list is an inline array with its count, text is a pointer into the arena. So
 * a decoded spec is copied by assignment, and a patch is an offset and some bytes. */
#ifndef MJ_SPEC_H
#define MJ_SPEC_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/quantity.h"
#include "mj/units.h"
#include <stddef.h>

typedef enum {
    MJ_SPEC_TEXT,     /* const char *   any scalar text without control characters            */
    MJ_SPEC_BOOL,     /* bool           true | false                                           */
    MJ_SPEC_INT,      /* int            whole number within [min, max]                         */
    MJ_SPEC_REAL,     /* double         number with `unit` (NULL or "1": bare, `32k` allowed)  */
    MJ_SPEC_QUANTITY, /* mj_quantity    unit NULL: any dimension, kept as written              */
    MJ_SPEC_CHOICE,   /* int            index into choices                                     */
    MJ_SPEC_FLAGS,    /* unsigned       list of choices, bit i for choices[i]                  */
    MJ_SPEC_MAP,      /* struct         of schema sub                                          */
    MJ_SPEC_LIST,     /* struct[max_items] of schema sub; int count at count_offset            */
    MJ_SPEC_TEXTS,    /* const char *[max_items]; int count at count_offset                    */
    MJ_SPEC_REALS,    /* double[max_items]  each as REAL; int count at count_offset            */
    MJ_SPEC_PAIRS,    /* mj_spec_pair[max_items], any keys; int count at count_offset          */
} mj_spec_kind;

typedef struct mj_spec_schema mj_spec_schema;

/* One entry of a map with free keys, for values that only a later step can judge. value is the text
 * of a scalar, or a map of scalars in flow form: "{typ: '2 pJ/B', from: 'x'}". The position is the
 * value's. */
typedef struct {
    const char *key, *value;
    int line, column;
} mj_spec_pair;

typedef struct {
    const char *key;
    mj_spec_kind kind;
    bool required;
    size_t offset;
    const char *unit;           /* REAL(S), QUANTITY: wanted SI unit */
    double min, max;            /* INT, REAL(S), QUANTITY (in SI); both 0: any finite value */
    const mj_spec_schema *sub;  /* MAP, LIST */
    const char *const *choices; /* CHOICE, FLAGS: NULL-terminated */
    size_t count_offset;        /* LIST, TEXTS, REALS, PAIRS */
    int max_items;              /* LIST, TEXTS, REALS, PAIRS */
} mj_spec_field;

struct mj_spec_schema {
    const char *name; /* for messages: "chip", "memory" */
    const mj_spec_field *fields;
    int n_fields;
    size_t size;            /* of the struct */
    const char *name_key;   /* LIST items: the key that names an item in paths ("name"); or NULL */
};

/* Decodes a file (or a text called `name` in messages) into *out, which must be zeroed. Every file
 * begins with `mj: 1`. On failure *out holds what could be decoded and must not be used. */
mj_status mj_spec_load(void *out, const mj_spec_schema *schema, const char *path,
                       const mj_units *units, mj_arena *arena, mj_err *err);
mj_status mj_spec_parse(void *out, const mj_spec_schema *schema, const char *text, size_t length,
                        const char *name, const mj_units *units, mj_arena *arena, mj_err *err);

/* Where a value was written, for messages: {.file = "--set chip.hbm.read"} on the command line. And
 * what holds for a quantity written there that does not say otherwise. */
typedef struct {
    const char *file;
    int line, column;
    const char *source; /* NULL: "user" */
    mj_class cls;       /* none: assumed */
} mj_place;

/* A checked change of one scalar or quantity: `size` bytes at `offset` from the struct's start. */
typedef struct {
    size_t offset, size;
    union {
        mj_quantity quantity;
        double real;
        int integer;
        unsigned flags;
        bool boolean;
        const char *text;
    } value;
} mj_patch;

/* Resolves `path` (dots; list items by name, the list's own key may be left out:
 * "hbm.read" = "memories.hbm.read") and `value` against the decoded struct `base`. A path that does
 * not exist: MJ_ENAME with a suggestion; a value with a wrong unit or range: as in a file. A
 * quantity set this way has the place's source and class unless value is {typ: .., from: ..}. */
mj_status mj_patch_resolve(mj_patch *patch, const void *base, const mj_spec_schema *schema,
                           const char *path, const char *value, mj_place place,
                           const mj_units *units, mj_arena *arena, mj_err *err);
void mj_patch_apply(void *base, const mj_patch *patch);

/* Calls visit for every quantity of the struct, absent ones included; path as in mj_patch_resolve,
 * without the keys of lists. Items of a list without name_key go by number from 0, behind the
 * list's key: "text.0.idle". */
typedef void mj_spec_visitor(void *user, const char *path, const mj_spec_field *field,
                             mj_quantity *quantity);
void mj_spec_each_quantity(void *base, const mj_spec_schema *schema, mj_spec_visitor *visit,
                           void *user);

#endif
