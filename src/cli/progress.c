/* Progress: when to say something, and how to take it back. */
#include "progress.h"

#include <stdarg.h>
#include <unistd.h>

static const double PERIOD_TERMINAL_S = 0.2, PERIOD_FILE_S = 30;

void mj_progress_init(mj_progress *progress, const mj_context *context)
{
    bool terminal = isatty(fileno(stderr));
    *progress = (mj_progress){.out = context->globals.quiet ? NULL : stderr, .terminal = terminal};
}

bool mj_progress_is_due(const mj_progress *progress)
{
    double period_s = progress->terminal ? PERIOD_TERMINAL_S : PERIOD_FILE_S;
    return progress->out &&
           (progress->shown_s == 0 || mj_clock_s() - progress->shown_s >= period_s);
}

void mj_progress_print(mj_progress *progress, const char *format, ...)
{
    char line[256];
    va_list arguments;
    if (!progress->out) {
        return;
    }
    va_start(arguments, format);
    int width = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    int rest = progress->width > width ? progress->width - width : 0;
    if (progress->terminal) {
        fprintf(progress->out, "\r%s%*s", line, rest, "");
    } else {
        fprintf(progress->out, "%s\n", line);
    }
    fflush(progress->out);
    progress->width = width;
    progress->shown_s = mj_clock_s();
}

void mj_progress_end(mj_progress *progress)
{
    if (progress->out && progress->terminal && progress->width > 0) {
        fputc('\n', progress->out);
    }
    progress->width = 0;
}

char *mj_duration_format(double seconds, char *buf, size_t size)
{
    long s = seconds > 0 ? (long)(seconds + 0.5) : 0;
    if (s >= 3600) {
        snprintf(buf, size, "%ld h %02ld min", s / 3600, s / 60 % 60);
    } else if (s >= 60) {
        snprintf(buf, size, "%ld min %02ld s", s / 60, s % 60);
    } else {
        snprintf(buf, size, "%ld s", s);
    }
    return buf;
}
