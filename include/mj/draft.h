/* Draft: a file that appears complete or not at all.
 *
 *     MJ_TRY(mj_draft_open(&draft, path, err));
 *     fprintf(draft.out, ...);
 *     return mj_draft_close(&draft, err);     // or mj_draft_abandon(&draft)
 */
#ifndef MJ_DRAFT_H
#define MJ_DRAFT_H

#include "mj/err.h"
#include <stdio.h>

enum { MJ_DRAFT_PATH_MAX = 4096 };

typedef struct {
    FILE *out;
    char path[MJ_DRAFT_PATH_MAX];      /* the file as it will be called, links followed */
    char temporary[MJ_DRAFT_PATH_MAX]; /* beside it until then; "" for a device or a pipe */
} mj_draft;

/* Begins to write `path`, over what is there, which stays as it is until the draft is closed. A
 * device or a pipe is written directly. MJ_EFILE if the folder does not exist or may not be
 * written, or if path is a folder itself; then there is nothing to close. */
mj_status mj_draft_open(mj_draft *draft, const char *path, mj_err *err);
/* Brings everything to the disk and gives the file its name. On failure (a full disk, a printer
 * that failed before) nothing is left of the draft, the old file is untouched, and err says why. */
mj_status mj_draft_close(mj_draft *draft, mj_err *err);
/* Throws the draft away. */
void mj_draft_abandon(mj_draft *draft);

#endif
