/* Tool: programs run without a shell, with limits, where their files are.
 *
 * Scripts and arguments are fixed words and names of files that mj chose: what a user named (a model, a
 * library) reaches a tool only as the contents of a file or behind a link. */
#define _GNU_SOURCE /* strcasestr */
#include "tool.h"

#include <stdlib.h>
#include <string.h>

#include "mj/child.h"
#include "mj/draft.h"

static const size_t SAID_MAX_B = (size_t)64 << 20, MEMORY_MAX_B = (size_t)16 << 30,
                    FILE_MAX_B = (size_t)4 << 30;

static mj_status keep_log(const char *said, const char *path, mj_err *err)
{
    mj_draft draft;
    MJ_TRY(mj_draft_open(&draft, path, err));
    fputs(said, draft.out);
    return mj_draft_close(&draft, err);
}

/* Adds the line that says why, and where more is. */
static void explain(const char *said, const char *log, mj_err *err)
{
    const char *line = strcasestr(said, "error:");
    while (line && line > said && line[-1] != '\n') {
        line--;
    }
    if (line) {
        mj_err_add(err, MJ_ETOOL, log, 0, 0, "%.*s", (int)strcspn(line, "\n"), line);
    } else if (log) {
        mj_err_add(err, MJ_ETOOL, log, 0, 0, "has what it said");
    }
}

mj_status mj_tool_run(const char **said, const mj_tool *tool, char *const *argv, mj_arena *arena,
                      mj_err *err)
{
    const mj_child child = {.argv = argv, .package = tool->package, .folder = tool->folder,
                            .limit_s = tool->limit_s, .cpu_s = tool->limit_s, .limit_B = SAID_MAX_B,
                            .memory_B = MEMORY_MAX_B, .file_B = FILE_MAX_B};
    char *text;
    size_t length;
    mj_status status = mj_child_run(&text, &length, &child, err);
    *said = text ? mj_arena_text(arena, text, length) : NULL;
    free(text);
    if (!*said) {
        return status != MJ_OK ? status : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a log");
    }
    const char *at = tool->log_folder ? tool->log_folder : tool->folder;
    const char *log = tool->log ? mj_arena_printf(arena, "%s/%s", at, tool->log) : NULL;
    if (log) {
        MJ_TRY(keep_log(*said, log, err));
    }
    if (status != MJ_OK && status != MJ_ESTOP) {
        explain(*said, log, err);
    }
    return status;
}
