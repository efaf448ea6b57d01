/* Markup: a reader for tests, strict where a browser is lenient: every tag closed in order, every
 * attribute quoted, no stray < or &. Not a parser of XML: no comments, no processing. */
#ifndef MJ_TESTS_MARKUP_H
#define MJ_TESTS_MARKUP_H

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A tag as it stands in the text, from < to after >. */
typedef struct {
    const char *start, *end;
    char name[32];
    bool closes, empty; /* </p>, <br/> */
} markup_tag;

/* The next tag from `at` on; false at the end. `<style>` content has none. */
static inline bool markup_next(markup_tag *tag, const char *at)
{
    const char *start = strchr(at, '<');
    if (!start) {
        return false;
    }
    const char *end = start + 1;
    for (bool quoted = false; *end && (quoted || *end != '>'); end++) {
        quoted ^= *end == '"';
    }
    *tag = (markup_tag){.start = start, .end = *end ? end + 1 : end,
                        .closes = start[1] == '/', .empty = *end && end[-1] == '/'};
    const char *name = start + 1 + tag->closes;
    size_t n = strcspn(name, " />\n");
    snprintf(tag->name, sizeof tag->name, "%.*s", (int)(n < 31 ? n : 31), name);
    return true;
}

/* Copies an attribute's value as it stands; false if the tag has none. */
static inline bool markup_attribute(char *value, size_t size, const markup_tag *tag,
                                    const char *name)
{
    char key[64];
    snprintf(key, sizeof key, " %s=\"", name);
    const char *at = strstr(tag->start, key);
    if (!at || at >= tag->end) {
        return false;
    }
    at += strlen(key);
    snprintf(value, size, "%.*s", (int)strcspn(at, "\""), at);
    return true;
}

/* An attribute as a number; NAN if the tag has none. */
static inline double markup_number(const markup_tag *tag, const char *name)
{
    char value[64];
    return markup_attribute(value, sizeof value, tag, name) ? strtod(value, NULL) : (double)NAN;
}

/* Every & begins a known entity. */
static inline bool markup_entities_ok(const char *text, const char *end)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (const char *at = text; (at = memchr(at, '&', (size_t)(end - at))) != NULL; at++) {
        bool ok = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            ok = ok || strncmp(at, known[i], strlen(known[i])) == 0;
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* name="value" pairs, no < inside, none twice. */
static inline bool markup_attributes_ok(const markup_tag *tag)
{
    const char *at = tag->start + 1 + tag->closes + strlen(tag->name);
    const char *end = tag->end - 1 - tag->empty;
    while (at < end) {
        at += strspn(at, " \n");
        if (at >= end) {
            break;
        }
        size_t n = 0;
        while (isalnum((unsigned char)at[n]) || at[n] == '-' || at[n] == ':') {
            n++;
        }
        if (n == 0 || at[n] != '=' || at[n + 1] != '"') {
            return false;
        }
        const char *value = at + n + 2;
        at = value + strcspn(value, "\"");
        if (at >= end || memchr(value, '<', (size_t)(at - value))) {
            return false;
        }
        at++;
    }
    return markup_entities_ok(tag->start, tag->end);
}

enum { MARKUP_DEPTH_MAX = 64 };

/* NULL if the document is well-formed, else where it is not. */
static inline const char *markup_fault(const char *text)
{
    char open[MARKUP_DEPTH_MAX][32];
    int depth = 0;
    markup_tag tag;
    const char *at = strncmp(text, "<!DOCTYPE html>\n", 16) == 0 ? text + 16 : text;
    for (; markup_next(&tag, at); at = tag.end) {
        if (memchr(at, '>', (size_t)(tag.start - at)) || !markup_entities_ok(at, tag.start)) {
            bool style = depth > 0 && strcmp(open[depth - 1], "style") == 0;
            if (!style) {
                return at;
            }
        }
        if (!isalpha((unsigned char)tag.name[0]) || !markup_attributes_ok(&tag)) {
            return tag.start;
        }
        if (tag.closes) {
            if (depth == 0 || strcmp(open[--depth], tag.name) != 0) {
                return tag.start;
            }
        } else if (!tag.empty) {
            if (depth == MARKUP_DEPTH_MAX) {
                return tag.start;
            }
            strcpy(open[depth++], tag.name);
        }
    }
    return depth == 0 ? NULL : at;
}

#endif
