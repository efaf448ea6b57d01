/* Text: names compared and suggested, hostile characters made visible. */
#ifndef MJ_TEXT_H
#define MJ_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The candidate nearest to `word` (Damerau-Levenshtein, case ignored, at most a third of the word's
 * length apart), or NULL. Of equals the one with the longest common start, then the first. Of
 * `organisation/name` one of the same organisation that begins alike comes before all others, even
 * if it goes on longer. candidates has n entries; NULL entries are passed over. */
const char *mj_text_nearest(const char *word, const char *const *candidates, size_t n);

/* Copies text into buf, control characters (C0, C1, DEL, broken UTF-8) replaced by '?', cut to
 * size - 1 at a character's end. Returns buf. */
char *mj_text_clean(char *buf, size_t size, const char *text);
/* True if text has no control character and is well-formed UTF-8. */
bool mj_text_is_clean(const char *text, size_t length);
/* Text as one word of a shell: as it is, or in quotes where it needs them; cut where buf ends. Returns buf. */
char *mj_text_shell_word(char *buf, size_t size, const char *text);
/* Columns that `text` (clean UTF-8 of the plain scripts that mj prints) takes on a terminal. */
int mj_text_width(const char *text);

/* Reads the decimal number that text begins with ([+-] digits [. digits] [e [+-] digits], the point
 * whatever the locale) and returns its length; 0 if there is none or it is longer than 64. Too large
 * a number gives an infinity. */
size_t mj_text_number(const char *text, double *number);

#endif
