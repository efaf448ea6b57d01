/* Spec, inner side: the tree of nodes between the YAML reader (spec.c), the decoder (spec_decode.c)
 * and the patches (patch.c). No foreign type appears here, so libfyaml stays in spec.c. */
#ifndef MJ_SPEC_DECODE_H
#define MJ_SPEC_DECODE_H

#include "mj/spec.h"

typedef enum { MJ_NODE_SCALAR, MJ_NODE_MAP, MJ_NODE_LIST } mj_node_kind;

/* One value of a file. Entries of a map carry their key; children stand in the file's order. All
 * texts end with NUL, are well-formed UTF-8 and hold no control character but newline and tab. */
typedef struct mj_node {
    mj_node_kind kind;
    bool plain;          /* scalar written without quotes */
    size_t at;           /* byte where it begins in the text */
    const char *text;    /* scalar */
    struct mj_node *key; /* entry of a map */
    struct mj_node *child, *next;
} mj_node;

/* What reading one text needs, and the first thing that went wrong in it. */
typedef struct {
    const char *name; /* of the file, for messages */
    const char *text; /* the source, for positions and excerpts */
    size_t length;
    const mj_place *place; /* not NULL: every problem is reported here, without excerpt */
    const mj_units *units;
    mj_arena *arena;
    mj_err *err;
    mj_status status; /* of the first problem; MJ_OK: none so far */
} mj_reader;

/* What the maps around a value say about all quantities inside them. */
typedef struct {
    const char *source; /* NULL: nothing said */
    mj_class cls;       /* MJ_CLASS_NONE: nothing said */
} mj_inherited;

/* Reports a problem at byte `at` of the text, with the source line. Returns code. */
mj_status mj_reader_complain(mj_reader *reader, mj_status code, size_t at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Line and column, from 1, of byte `at`; *start is where that line begins. */
void mj_reader_locate(int *line, int *column, const char **start, const mj_reader *reader,
                      size_t at);
/* Reports that `word` is no `what` of the n candidates, with the nearest one. Returns code. */
mj_status mj_reader_unknown(mj_reader *reader, mj_status code, size_t at, const char *what,
                            const char *word, const char *const *candidates, size_t n);

/* Reads the text as one YAML document: the tree, or NULL for a document without content. */
mj_status mj_reader_tree(mj_node **root, mj_reader *reader);

/* Decodes a whole file: `mj: 1`, then the fields of the schema. */
mj_status mj_spec_decode(void *out, const mj_spec_schema *schema, const mj_node *root,
                         mj_reader *reader);
/* Decodes a scalar or a quantity into `place`, which has the type that the field's kind says.
 * Here and below, a value with a problem is reported and its place must not be used. */
void mj_spec_decode_scalar(void *place, const mj_spec_field *field, const mj_node *node,
                           mj_inherited inherited, mj_reader *reader);
/* NULL after a complaint. */
const char *mj_spec_decode_text(const mj_node *node, mj_reader *reader);
/* The evidence class that the node names; NONE if it names none, decode_class with a complaint. */
mj_class mj_spec_class_of(const mj_node *node);
mj_class mj_spec_decode_class(const mj_node *node, mj_reader *reader);

/* The key before the node, for messages. */
const char *mj_node_label(const mj_node *node);
/* True for a scalar that reads `text`. */
bool mj_node_is(const mj_node *node, const char *text);
/* True if node is a list, `n_items` long; else false after a complaint. */
bool mj_node_expect_list(int *n_items, const mj_spec_field *field, const mj_node *node,
                         mj_reader *reader);
/* The index of an entry's key among n keys; -1 after a complaint that it is unknown, or a second
 * time here. found[index] receives the entry. */
int mj_spec_file_entry(const mj_node **found, const mj_node *entry, const char *const *keys, int n,
                       const char *where, mj_reader *reader);

/* The name by which paths address item `index` of a list: its name_key's text, or its number from
 * 0 if items have no name. `item` is the item's struct. buf has room for a number. */
const char *mj_spec_item_name(char buf[16], const mj_spec_schema *schema, const void *item,
                              int index);

#endif
