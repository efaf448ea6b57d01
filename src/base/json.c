/* JSON: a cover of jansson.
 *
 * A handle is jansson's own value behind an opaque name. What is checked on top of jansson: size,
 * nesting (its own limit of 2048 is fixed), and that a full or failed output is noticed. Python
 * writes `Infinity` into config.json files, which is no JSON; it is read as null, that is, as a
 * value that was not given.
 *
 * Printing is our own walk over the document, because jansson has one precision for all reals: at
 * 17 digits 0.1 becomes 0.10000000000000001, at 15 a value can lose its last bits. Here each real
 * takes the fewest digits that read back to the same double. */
#include "mj/json.h"

#include "mj/file.h"
#include "mj/text.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_MAX_B = 16 * 1024 * 1024, DEPTH_MAX = 64, INDENT = 2 };

/* No JSON types: they mark a container that lost a member because memory ran out, which is a moment
 * when no memory can be had for a mark. */
#define BROKEN_OBJECT ((json_type)98)
#define BROKEN_ARRAY ((json_type)99)

/* The handle is the value itself. */
static json_t *value_of(mj_json *json)
{
    return (json_t *)(void *)json;
}

static const json_t *const_value_of(const mj_json *json)
{
    return (const json_t *)(const void *)json;
}

static const mj_json *handle_of(const json_t *value)
{
    return (const mj_json *)(const void *)value;
}

static void excerpt_add(mj_err *err, const char *text, size_t length, int line)
{
    const char *at = text, *end = text + length;
    for (int i = 1; i < line && at; i++) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    if (at) {
        size_t left = (size_t)(end - at);
        mj_err_excerpt(err, at, left < MJ_ERR_EXCERPT ? (int)left : MJ_ERR_EXCERPT);
    }
}

/* One pass over the characters outside strings: refuses deep nesting and turns Python's Infinity
 * into a null of the same length, so that positions stay true. */
static mj_status text_prepare(char *text, size_t length, const char *name, mj_err *err)
{
    static const char infinity[] = "Infinity";
    enum { N_INFINITY = sizeof infinity - 1 };
    int depth = 0, line = 1;
    size_t line_start = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '\n') {
            line++;
            line_start = i + 1;
        } else if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > DEPTH_MAX) {
                return mj_err_add(err, MJ_ELIMIT, name, line, (int)(i - line_start) + 1,
                                  "nested more than %d deep", DEPTH_MAX);
            }
        } else if (c == ']' || c == '}') {
            depth--;
        } else if (c == 'I' && length - i >= N_INFINITY &&
                   memcmp(text + i, infinity, N_INFINITY) == 0) {
            bool negative = i > 0 && text[i - 1] == '-';
            memset(text + i, ' ', N_INFINITY);
            memcpy(text + i - negative, "null", 4);
            if (negative) {
                text[i + 3] = ' ';
            }
            i += N_INFINITY - 1;
        }
    }
    return MJ_OK;
}

static mj_status status_of(enum json_error_code code)
{
    switch (code) {
    case json_error_duplicate_key:
        return MJ_EKEY;
    case json_error_numeric_overflow:
        return MJ_ERANGE;
    case json_error_out_of_memory:
        return MJ_EMEM;
    case json_error_stack_overflow:
        return MJ_ELIMIT;
    default:
        return MJ_ESYNTAX;
    }
}

/* Parses text of ours, which it may change. */
static mj_json *text_parse(char *text, size_t length, const char *name, mj_err *err)
{
    if (text_prepare(text, length, name, err) != MJ_OK) {
        return NULL;
    }
    json_error_t error;
    json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!value) {
        int line = error.line > 0 ? error.line : 0, column = error.column > 0 ? error.column : 0;
        mj_err_add(err, status_of(json_error_code(&error)), name, line, column, "%s", error.text);
        excerpt_add(err, text, length, line);
    }
    return (mj_json *)(void *)value;
}

mj_json *mj_json_load_long(const char *path, size_t limit_B, mj_err *err)
{
    char *text;
    size_t length;
    if (mj_file_read(&text, &length, path, limit_B, err) != MJ_OK) {
        return NULL;
    }
    mj_json *json = text_parse(text, length, path, err);
    free(text);
    return json;
}

mj_json *mj_json_load(const char *path, mj_err *err)
{
    return mj_json_load_long(path, SIZE_MAX_B, err);
}

mj_json *mj_json_parse(const char *text, size_t length, const char *name, mj_err *err)
{
    if (length > SIZE_MAX_B) {
        mj_err_add(err, MJ_ELIMIT, name, 0, 0, "larger than %d bytes", SIZE_MAX_B);
        return NULL;
    }
    char *copy = malloc(length + 1);
    if (!copy) {
        mj_err_add(err, MJ_EMEM, name, 0, 0, "out of memory");
        return NULL;
    }
    if (length) {
        memcpy(copy, text, length);
    }
    copy[length] = '\0';
    mj_json *json = text_parse(copy, length, name, err);
    free(copy);
    return json;
}

/* Gives broken containers their types back, without which jansson would not release them. */
static void value_mend(json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;
    if (!value) {
        return;
    }
    if (value->type == BROKEN_OBJECT) {
        value->type = JSON_OBJECT;
    } else if (value->type == BROKEN_ARRAY) {
        value->type = JSON_ARRAY;
    }
    json_object_foreach(value, key, member) {
        value_mend(member);
    }
    json_array_foreach(value, i, member) {
        value_mend(member);
    }
}

void mj_json_free(mj_json *json)
{
    value_mend(value_of(json));
    json_decref(value_of(json));
}

const mj_json *mj_json_get(const mj_json *object, const char *key)
{
    const json_t *value = json_object_get(const_value_of(object), key);
    return json_is_null(value) ? NULL : handle_of(value);
}

const mj_json *mj_json_at(const mj_json *array, size_t i)
{
    return handle_of(json_array_get(const_value_of(array), i));
}

size_t mj_json_length(const mj_json *array)
{
    return json_array_size(const_value_of(array));
}

const char *mj_json_next_key(const mj_json *object, const char *key)
{
    /* jansson's iterator wants the object writable, though it leaves it alone. */
    json_t *value = (json_t *)(uintptr_t)object;
    void *at = key ? json_object_iter_at(value, key) : NULL;
    at = key ? json_object_iter_next(value, at) : json_object_iter(value);
    return json_object_iter_key(at);
}

const char *mj_json_text(const mj_json *value)
{
    return json_string_value(const_value_of(value));
}

bool mj_json_number(const mj_json *value, double *number)
{
    bool ok = json_is_number(const_value_of(value));
    if (ok) {
        *number = json_number_value(const_value_of(value));
    }
    return ok;
}

bool mj_json_bool(const mj_json *value, bool *flag)
{
    bool ok = json_is_boolean(const_value_of(value));
    if (ok) {
        *flag = json_is_true(const_value_of(value));
    }
    return ok;
}

bool mj_json_is_object(const mj_json *value)
{
    return json_is_object(const_value_of(value));
}

bool mj_json_is_array(const mj_json *value)
{
    return json_is_array(const_value_of(value));
}

mj_json *mj_json_object(void)
{
    return (mj_json *)(void *)json_object();
}

mj_json *mj_json_array(void)
{
    return (mj_json *)(void *)json_array();
}

static void container_break(json_t *container)
{
    if (json_is_object(container)) {
        json_object_clear(container);
        container->type = BROKEN_OBJECT;
    } else if (json_is_array(container)) {
        json_array_clear(container);
        container->type = BROKEN_ARRAY;
    }
}

/* jansson takes the value even when it fails. */
static void member_set(mj_json *object, const char *key, json_t *value)
{
    if (json_object_set_new(value_of(object), key, value) != 0) {
        container_break(value_of(object));
    }
}

void mj_json_set_text(mj_json *object, const char *key, const char *text)
{
    json_t *value = text ? json_string(text) : json_null();
    if (!value) {
        /* Broken UTF-8, from a file name perhaps. */
        size_t size = strlen(text) + 1;
        char *clean = malloc(size);
        value = clean ? json_string(mj_text_clean(clean, size, text)) : NULL;
        free(clean);
    }
    member_set(object, key, value);
}

void mj_json_set_number(mj_json *object, const char *key, double number)
{
    member_set(object, key, isfinite(number) ? json_real(number) : json_null());
}

void mj_json_set_integer(mj_json *object, const char *key, long long number)
{
    member_set(object, key, json_integer(number));
}

void mj_json_set_bool(mj_json *object, const char *key, bool flag)
{
    member_set(object, key, json_boolean(flag));
}

void mj_json_set(mj_json *object, const char *key, mj_json *value)
{
    member_set(object, key, value_of(value));
}

void mj_json_append(mj_json *array, mj_json *value)
{
    if (json_array_append_new(value_of(array), value_of(value)) != 0) {
        container_break(value_of(array));
    }
}

void mj_json_append_number(mj_json *array, double number)
{
    mj_json_append(array, (mj_json *)(void *)(isfinite(number) ? json_real(number) : json_null()));
}

void mj_json_append_integer(mj_json *array, long long number)
{
    mj_json_append(array, (mj_json *)(void *)json_integer(number));
}

/* Fewest digits that give the same double again. Both conversions see the same locale; what is
 * printed in the end is jansson's, always with a point. */
static size_t real_precision(double real)
{
    char text[40];
    for (int precision = 15; precision < 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, real);
        if (strtod(text, NULL) == real) {
            return (size_t)precision;
        }
    }
    return 17;
}

static bool scalar_print(const json_t *value, FILE *out)
{
    size_t flags = JSON_ENCODE_ANY;
    if (json_is_real(value)) {
        flags |= JSON_REAL_PRECISION(real_precision(json_real_value(value)));
    } else if (json_is_string(value) &&
               !mj_text_is_clean(json_string_value(value), json_string_length(value))) {
        flags |= JSON_ENSURE_ASCII;
    }
    return json_dumpf(value, out, flags) == 0;
}

static bool key_print(const char *key, FILE *out)
{
    json_t *text = json_string(key);
    bool ok = text && scalar_print(text, out) && fputs(": ", out) >= 0;
    json_decref(text);
    return ok;
}

static bool value_print(const json_t *value, FILE *out, int indent);

/* All on one line where indent is ON_ONE_LINE. */
static const int ON_ONE_LINE = -1;

static int indent_more(int indent)
{
    return indent == ON_ONE_LINE ? indent : indent + INDENT;
}

static void break_line(FILE *out, int indent)
{
    if (indent != ON_ONE_LINE) {
        fprintf(out, "\n%*s", indent, "");
    }
}

static bool object_print(json_t *object, FILE *out, int indent)
{
    const char *key, *comma = "";
    json_t *member;
    json_object_foreach(object, key, member) {
        fputs(comma, out);
        break_line(out, indent_more(indent));
        if (!key_print(key, out) || !value_print(member, out, indent_more(indent))) {
            return false;
        }
        comma = indent == ON_ONE_LINE ? ", " : ",";
    }
    return true;
}

static bool array_print(const json_t *array, FILE *out, int indent)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        fputs(i == 0 ? "" : indent == ON_ONE_LINE ? ", " : ",", out);
        break_line(out, indent_more(indent));
        if (!value_print(json_array_get(array, i), out, indent_more(indent))) {
            return false;
        }
    }
    return true;
}

static bool value_print(const json_t *value, FILE *out, int indent)
{
    if (!value || value->type == BROKEN_OBJECT || value->type == BROKEN_ARRAY) {
        return false;
    }
    bool is_object = json_is_object(value);
    if (!is_object && !json_is_array(value)) {
        return scalar_print(value, out);
    }
    size_t n = is_object ? json_object_size(value) : json_array_size(value);
    fputc(is_object ? '{' : '[', out);
    /* jansson's iterator wants the object writable, though it leaves it alone. */
    bool ok = is_object ? object_print((json_t *)(uintptr_t)value, out, indent)
                        : array_print(value, out, indent);
    if (n > 0) {
        break_line(out, indent);
    }
    fputc(is_object ? '}' : ']', out);
    return ok;
}

static mj_status print(const mj_json *json, FILE *out, int indent, mj_err *err)
{
    errno = 0;
    bool ok = value_print(const_value_of(json), out, indent) && fputc('\n', out) != EOF;
    if (fflush(out) != 0 || ferror(out)) {
        return mj_err_add(err, MJ_EFILE, NULL, 0, 0, "cannot write JSON: %s", strerror(errno));
    }
    return ok ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory while writing JSON");
}

mj_status mj_json_print(const mj_json *json, FILE *out, mj_err *err)
{
    return print(json, out, 0, err);
}

mj_status mj_json_print_line(const mj_json *json, FILE *out, mj_err *err)
{
    return print(json, out, ON_ONE_LINE, err);
}
