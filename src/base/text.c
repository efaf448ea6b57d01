/* Text: the nearest name for "did you mean", and UTF-8 made safe to print.
 *
 * Nearness is the optimal string alignment distance: insert, delete, replace, swap two neighbours,
 * each at cost 1 [damerau1964], ASCII case ignored. Besides control characters, the invisible
 * marks that reorder or hide text on a terminal (bidirectional overrides, line separators, byte
 * order mark) count as control: a file name must not be able to rewrite the line it is shown in. */
#define _GNU_SOURCE /* strtod_l */
#include "mj/text.h"

#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 96, NUMBER_MAX = 64 };

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

/* Distance of a and b, both at most WORD_MAX long; anything above `limit` comes back as limit + 1. */
static int text_distance(const char *a, int n_a, const char *b, int n_b, int limit)
{
    if (n_a - n_b > limit || n_b - n_a > limit) {
        return limit + 1;
    }
    int rows[3][WORD_MAX + 1];
    int *before = rows[0], *above = rows[1], *row = rows[2];
    for (int j = 0; j <= n_b; j++) {
        before[j] = above[j] = j;
    }
    for (int i = 1; i <= n_a; i++) {
        int best = row[0] = i;
        for (int j = 1; j <= n_b; j++) {
            char x = fold(a[i - 1]), y = fold(b[j - 1]);
            int d = min_int(above[j - 1] + (x != y), min_int(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && x == fold(b[j - 2]) && y == fold(a[i - 2])) {
                d = min_int(d, before[j - 2] + 1);
            }
            row[j] = d;
            best = min_int(best, d);
        }
        /* A swap reaches back two rows, hence the + 1. */
        if (best > limit + 1) {
            return limit + 1;
        }
        int *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return min_int(above[n_b], limit + 1);
}

/* Characters that both begin with. */
static size_t common_start(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] && fold(a[n]) == fold(b[n])) {
        n++;
    }
    return n;
}

static size_t candidate_length(const char *candidate)
{
    return candidate ? strnlen(candidate, WORD_MAX + 1) : WORD_MAX + 1;
}

/* `organisation/name`: what is meant is of the same organisation and begins alike, however much
 * longer it is ("-Instruct-v0.1"). At least half of the name must agree. */
static const char *nearest_id(const char *word, const char *slash, const char *const *candidates,
                              size_t n)
{
    size_t n_word = strlen(word), n_organisation = (size_t)(slash - word) + 1;
    size_t best_start = n_organisation + (n_word - n_organisation + 1) / 2;
    const char *nearest = NULL;
    int least = WORD_MAX;
    for (size_t i = 0; i < n; i++) {
        size_t n_candidate = candidate_length(candidates[i]);
        size_t start = n_candidate <= WORD_MAX ? common_start(word, candidates[i]) : 0;
        if (start < best_start || start <= n_organisation) {
            continue;
        }
        int d = text_distance(word, (int)n_word, candidates[i], (int)n_candidate, WORD_MAX);
        if (start > best_start || d < least) {
            nearest = candidates[i];
            best_start = start;
            least = d;
        }
    }
    return nearest;
}

const char *mj_text_nearest(const char *word, const char *const *candidates, size_t n)
{
    size_t n_word = strnlen(word, WORD_MAX + 1), best_start = 0;
    const char *slash = strchr(word, '/');
    if (n_word == 0 || n_word > WORD_MAX) {
        return NULL;
    }
    const char *nearest = slash ? nearest_id(word, slash, candidates, n) : NULL;
    int limit = nearest ? -1 : (int)n_word / 3;
    for (size_t i = 0; i < n && limit >= 0; i++) {
        size_t n_candidate = candidate_length(candidates[i]);
        if (n_candidate > WORD_MAX) {
            continue;
        }
        int d = text_distance(word, (int)n_word, candidates[i], (int)n_candidate, limit);
        size_t start = common_start(word, candidates[i]);
        if (d < limit || (d == limit && (!nearest || start > best_start))) {
            nearest = candidates[i];
            best_start = start;
            limit = d;
        }
    }
    return nearest;
}

/* Length of the UTF-8 character at text (n bytes left), its code point in *code; 0 if it is broken:
 * a stray or missing continuation, an overlong form, a surrogate, or beyond U+10FFFF. */
static size_t utf8_decode(const char *text, size_t n, uint32_t *code)
{
    const unsigned char *byte = (const unsigned char *)text;
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = byte[0] < 0x80             ? 1
                    : (byte[0] & 0xE0) == 0xC0 ? 2
                    : (byte[0] & 0xF0) == 0xE0 ? 3
                    : (byte[0] & 0xF8) == 0xF0 ? 4
                                               : 0;
    if (length == 0 || length > n) {
        return 0;
    }
    uint32_t value = length == 1 ? byte[0] : byte[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((byte[i] & 0xC0) != 0x80) {
            return 0;
        }
        value = value << 6 | (byte[i] & 0x3Fu);
    }
    if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
        return 0;
    }
    *code = value;
    return length;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0xFEFF ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F);
}

char *mj_text_clean(char *buf, size_t size, const char *text)
{
    if (size == 0) {
        return buf;
    }
    size_t used = 0;
    while (*text) {
        uint32_t code = 0;
        size_t length = utf8_decode(text, strnlen(text, 4), &code);
        bool ok = length > 0 && !is_control(code);
        size_t n_out = ok ? length : 1;
        if (used + n_out > size - 1) {
            break;
        }
        if (ok) {
            memcpy(buf + used, text, length);
        } else {
            buf[used] = '?';
        }
        used += n_out;
        text += length ? length : 1;
    }
    buf[used] = '\0';
    return buf;
}

bool mj_text_is_clean(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        uint32_t code = 0;
        size_t n = utf8_decode(text + at, length - at, &code);
        if (n == 0 || is_control(code)) {
            return false;
        }
        at += n;
    }
    return true;
}

int mj_text_width(const char *text)
{
    int width = 0;
    for (; *text; text++) {
        width += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return width;
}

/* Length of the number at text: [+-] digits [. digits] [e [+-] digits]; 0 if there is none. */
static size_t number_length(const char *text)
{
    const char *at = text + (*text == '+' || *text == '-');
    size_t n_whole = strspn(at, "0123456789");
    at += n_whole;
    size_t n_part = 0;
    if (*at == '.') {
        n_part = strspn(at + 1, "0123456789");
        at += n_part ? n_part + 1 : 0;
    }
    if (n_whole + n_part == 0) {
        return 0;
    }
    if (*at == 'e' || *at == 'E') {
        const char *digits = at + 1 + (at[1] == '+' || at[1] == '-');
        size_t n = strspn(digits, "0123456789");
        at = n ? digits + n : at;
    }
    return (size_t)(at - text);
}

size_t mj_text_number(const char *text, double *number)
{
    size_t length = number_length(text);
    if (length == 0 || length > NUMBER_MAX) {
        return 0;
    }
    char digits[NUMBER_MAX + 1];
    memcpy(digits, text, length);
    digits[length] = '\0';
    /* The plain "C" locale is a constant of the C library: no memory, some 20 ns. */
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain) {
        return 0;
    }
    *number = strtod_l(digits, NULL, plain);
    freelocale(plain);
    return length;
}

char *mj_text_shell_word(char *buf, size_t size, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+:=@%,-";
    if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
        snprintf(buf, size, "%s", text);
        return buf;
    }
    size_t n = (size_t)snprintf(buf, size, "'");
    for (; *text != '\0' && n < size; text++) {
        n += (size_t)snprintf(buf + n, size - n, *text == '\'' ? "'\\''" : "%c", *text);
    }
    if (n < size) {
        snprintf(buf + n, size - n, "'");
    }
    return buf;
}
