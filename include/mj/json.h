/* JSON: reading with positions in errors, and building a document to print.
 *
 * A thin cover of jansson, so that one file knows it. A value handle borrows from its document. */
#ifndef MJ_JSON_H
#define MJ_JSON_H

#include "mj/arena.h"
#include "mj/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct mj_json mj_json;

/* Reads a file of at most 16 MiB, nested at most 64 deep, without duplicate keys. The document is
 * ours: release it with mj_json_free. NULL on failure, with file:line:column in err. */
mj_json *mj_json_load(const char *path, mj_err *err);
/* The same for files of at most limit_B bytes: what a program wrote may be long. */
mj_json *mj_json_load_long(const char *path, size_t limit_B, mj_err *err);
mj_json *mj_json_parse(const char *text, size_t length, const char *name, mj_err *err);
void mj_json_free(mj_json *json);

/* Member of an object, or NULL if absent, null or not an object. Borrowed. */
const mj_json *mj_json_get(const mj_json *object, const char *key);
/* Element i of an array, or NULL. Borrowed. */
const mj_json *mj_json_at(const mj_json *array, size_t i);
size_t mj_json_length(const mj_json *array); /* 0 if not an array */
/* The member's name after `key` in the order of the file (NULL: the first), or NULL. Borrowed. */
const char *mj_json_next_key(const mj_json *object, const char *key);
const char *mj_json_text(const mj_json *value);              /* NULL if not a string */
bool mj_json_number(const mj_json *value, double *number);   /* false if not a number */
bool mj_json_bool(const mj_json *value, bool *flag);         /* false if not a boolean */
bool mj_json_is_object(const mj_json *value);
bool mj_json_is_array(const mj_json *value);

/* Building. A new value is ours until it is added to a parent, which then owns it. Adding NULL
 * (out of memory earlier) is remembered and makes mj_json_print fail, so that callers need to
 * check once, at the end. */
mj_json *mj_json_object(void);
mj_json *mj_json_array(void);
void mj_json_set_text(mj_json *object, const char *key, const char *text);   /* NULL: null */
void mj_json_set_number(mj_json *object, const char *key, double number);    /* not finite: null */
void mj_json_set_integer(mj_json *object, const char *key, long long number);
void mj_json_set_bool(mj_json *object, const char *key, bool flag);
void mj_json_set(mj_json *object, const char *key, mj_json *value);          /* takes value */
void mj_json_append(mj_json *array, mj_json *value);                         /* takes value */
void mj_json_append_number(mj_json *array, double number); /* not finite: null */
void mj_json_append_integer(mj_json *array, long long number);
/* Prints with full precision, keys in the order added, one newline at the end. */
mj_status mj_json_print(const mj_json *json, FILE *out, mj_err *err);
/* The same on one line: a record of a log. */
mj_status mj_json_print_line(const mj_json *json, FILE *out, mj_err *err);

#endif
