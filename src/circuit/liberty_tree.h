/* Liberty's syntax: groups `name (arguments) { ... }`, attributes `name : value ;` and
 * `name (arguments) ;`, as a tree in the arena. What names mean is not known here. */
#ifndef MJ_LIBERTY_TREE_H
#define MJ_LIBERTY_TREE_H

#include "mj/arena.h"
#include "mj/err.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct lib_node {
    const char *name;
    const char *const *argument; /* of a group or `name (...)`; of `name : value` the one value */
    int n_arguments;
    bool is_group;
    int line, column;
    const struct lib_node *child, *next; /* in the order of the file */
} lib_node;

/* A text being read, for messages. */
typedef struct {
    const char *path, *text;
    size_t length;
} lib_text;

/* The first top-level group of the text. */
mj_status mj_lib_tree_parse(const lib_node **root, const lib_text *text, mj_arena *arena, mj_err *err);

/* Adds a problem at a node, with its line of the text. */
mj_status mj_lib_problem(mj_err *err, mj_status code, const lib_text *text, const lib_node *at,
                         const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The first child of that name, NULL if there is none. */
const lib_node *mj_lib_child(const lib_node *group, const char *name);
/* The first argument of that child, NULL if there is none. */
const char *mj_lib_value(const lib_node *group, const char *name);

#endif
