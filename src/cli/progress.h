/* Progress of a long command: one line that is rewritten on a terminal, a line now and then elsewhere. */
#ifndef MJ_CLI_PROGRESS_H
#define MJ_CLI_PROGRESS_H

#include "context.h"
#include "mj/clock.h"

typedef struct {
    FILE *out; /* NULL: say nothing */
    bool terminal;
    double shown_s; /* when the last line was */
    int width;      /* of the last line */
} mj_progress;

/* On stderr, unless --quiet. */
void mj_progress_init(mj_progress *progress, const mj_context *context);
/* True when it is time for a line: 5 a second on a terminal, else one in 30 seconds. */
bool mj_progress_is_due(const mj_progress *progress);
void mj_progress_print(mj_progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Ends the line, so that others can print. */
void mj_progress_end(mj_progress *progress);
/* "1 h 05 min", "3 min 20 s", "12 s". Returns buf. */
char *mj_duration_format(double seconds, char *buf, size_t size);

#endif
