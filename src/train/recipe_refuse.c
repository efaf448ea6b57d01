/* Refusals of recipes, with the line.
 *
 * The checks that no single value can answer run after the file was decoded, when lines are gone; but the text
 * is there, and their messages name keys. So the key is looked for again: a section begins at the left edge and
 * ends where the next one does, and a key in it is a word between a blank, '{' or ',' and a ':' with no '#'
 * before it on its line. That is enough for what YAML's reader has accepted; a text with a '#' or a ':' in it
 * could mislead it, which costs a wrong line and no more. */
#include "recipe_refuse.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const sections[] = {"model", "objective", "integrate", "train"};
enum { SECTIONS_N = sizeof sections / sizeof sections[0] };

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Where the word stands in the text up to `end`, no letter before or behind it; NULL if nowhere. */
static const char *find_word(const char *text, const char *end, const char *word, size_t length)
{
    for (const char *at = text; at + length <= end; at++) {
        if (memcmp(at, word, length) == 0 && !is_letter(at[length]) && (at == text || !is_letter(at[-1]))) {
            return at;
        }
    }
    return NULL;
}

static const char *next_line(const char *at)
{
    const char *end = strchr(at, '\n');
    return end ? end + 1 : at + strlen(at);
}

/* A '#' stands before it on its line. */
static bool is_comment(const char *text, const char *at)
{
    while (at > text && at[-1] != '\n') {
        if (*--at == '#') {
            return true;
        }
    }
    return false;
}

/* The section and its end; NULL if the recipe has none of this name. */
static const char *find_section(const char **end, const char *text, const char *name)
{
    size_t length = strlen(name);
    const char *at = text;
    while (*at && (strncmp(at, name, length) != 0 || at[length] != ':')) {
        at = next_line(at);
    }
    *end = next_line(at);
    while (**end && strchr(" \t\n\r#}", **end)) {
        *end = next_line(*end);
    }
    return *at ? at : NULL;
}

static const char *find_key(const char *section, const char *end, const char *key, size_t length)
{
    const char *at = section;
    while (length > 0 && (at = find_word(at, end, key, length)) != NULL) {
        const char *behind = at + length + strspn(at + length, " \t");
        if (*behind == ':' && strchr(" \t{,\n", at[-1]) && !is_comment(section, at)) {
            return at;
        }
        at += length;
    }
    return NULL;
}

bool mj_recipe_gives(const mj_recipe *recipe, const char *section, const char *key)
{
    const char *end, *at = find_section(&end, recipe->text, section);
    return at && find_key(at + strlen(section), end, key, strlen(key));
}

/* What the message is about; NULL where it names no section that is there. */
static const char *find_place(const char *text, const char *message)
{
    const char *first = NULL, *section = NULL, *end;
    for (int i = 0; i < SECTIONS_N; i++) {
        const char *at = find_word(message, message + strlen(message), sections[i], strlen(sections[i]));
        if (at && (!first || at < first)) {
            first = at;
            section = sections[i];
        }
    }
    const char *at = section ? find_section(&end, text, section) : NULL;
    if (!at) {
        return NULL;
    }
    const char *key = first + strlen(section) + 1;
    size_t length = 0;
    while (key[-1] == '.' && is_letter(key[length])) {
        length++;
    }
    const char *found = find_key(at + strlen(section), end, key, length);
    return found ? found : at;
}

mj_status mj_recipe_refuse(mj_err *err, const mj_recipe *recipe, const char *format, ...)
{
    char message[MJ_ERR_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    const char *place = find_place(recipe->text, message), *start = recipe->text;
    int line = place != NULL;
    for (const char *at = start; place && at < place; at++) {
        line += *at == '\n';
        start = *at == '\n' ? at + 1 : start;
    }
    mj_err_add(err, MJ_ERANGE, recipe->path, line, place ? (int)(place - start) + 1 : 0, "%s", message);
    if (place) {
        mj_err_excerpt(err, start, (int)strlen(start));
    }
    return MJ_ERANGE;
}
