/* Style: what the terminal and the locale's variables say about printing.
 *
 * The variables are read as POSIX ranks them (LC_ALL before LC_CTYPE before LANG) and not through
 * setlocale, which would also bring the locale's decimal comma. */
#include "style.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_MIN = 60, WIDTH_MAX = 120, WIDTH_PLAIN = 100 };

static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            const char *set = strchr(value, '.');
            return set != NULL && (strncasecmp(set, ".utf-8", 6) == 0 ||
                                   strncasecmp(set, ".utf8", 5) == 0);
        }
    }
    return false;
}

static int within_limits(long width)
{
    return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : (int)width;
}

/* COLUMNS, the user's word, before what the terminal says. */
static int terminal_width(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    long asked = columns != NULL ? strtol(columns, NULL, 10) : 0;
    if (asked > 0) {
        return within_limits(asked);
    }
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
        size.ws_col == 0) {
        return WIDTH_PLAIN;
    }
    return within_limits(size.ws_col);
}

mj_style mj_style_of(const mj_context *context)
{
    return (mj_style){
        .colour = context->colour, .utf8 = locale_is_utf8(), .width = terminal_width(),
        .verbose = context->globals.verbose, .quiet = context->globals.quiet};
}
