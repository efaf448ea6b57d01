/* File kinds: what a file given on the command line is. */
#ifndef MJ_CLI_FILE_KIND_H
#define MJ_CLI_FILE_KIND_H

#include "mj/err.h"

typedef enum {
    MJ_FILE_NONE, MJ_FILE_GGUF, MJ_FILE_CONFIG, MJ_FILE_CHIP, MJ_FILE_MODEL, MJ_FILE_FACTS,
    MJ_FILE_LADDER, MJ_FILE_RECIPE, MJ_FILE_TRAINED
} mj_file_kind;

/* "chip", "Hugging Face config", ...; "" for NONE. */
const char *mj_file_kind_text(mj_file_kind kind);

/* The kind of the file or folder at `path`; a folder counts as the config.json in it. What cannot be
 * opened, is empty, is no text, or says nothing of a kind is an error that names the cause. */
mj_status mj_file_kind_find(mj_file_kind *kind, const char *path, mj_err *err);

#endif
