/* Context: what every command of mj shares: global options, arena, problems, units, facts.
 *
 * Everything is made when it is first asked for, so that a command pays only for what it uses. */
#ifndef MJ_CLI_CONTEXT_H
#define MJ_CLI_CONTEXT_H

#include "mj/arena.h"
#include "mj/catalogue.h"
#include "mj/chip.h"
#include "mj/err.h"
#include "mj/fact.h"
#include "mj/model.h"
#include "mj/spec.h"
#include "mj/units.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Exit codes, the same for every command. */
typedef enum {
    MJ_EXIT_OK = 0,
    MJ_EXIT_GOAL = 1,      /* an explicit target or check was not met */
    MJ_EXIT_INPUT = 2,     /* bad input, a model that does not fit included; a result that cannot be written */
    MJ_EXIT_TOOL = 3,      /* an external program is missing or failed */
    MJ_EXIT_INTERNAL = 4,  /* out of memory */
    MJ_EXIT_STOPPED = 130, /* by a signal: what a shell makes of Ctrl-C */
} mj_exit;

enum { MJ_SETS_MAX = 64, MJ_FACT_DIRS_MAX = 8 };

/* A growing list of option texts; the strings are argv's. */
typedef struct {
    const char *text[MJ_SETS_MAX];
    int n;
} mj_texts;

/* The global options as given. */
typedef struct {
    bool json, csv, quiet, verbose;
    mj_texts set;        /* "chip.hbm.read=2 pJ/B" */
    mj_texts facts;      /* folders with more facts, in order */
    uint64_t seed;       /* 0 if it is not given */
    bool seed_given;
} mj_globals;

/* One run of mj. main makes it; commands read `globals`, pass `arena` and `err` on, and reach the
 * rest through the functions below. */
typedef struct {
    int argc; /* the whole command line, for documents that say how they were made */
    char **argv;
    mj_globals globals;
    mj_arena arena; /* lives until mj ends */
    mj_err err;
    bool colour;    /* stdout is a terminal, not a dumb one, and NO_COLOR is not set */
    /* made on demand: use the functions */
    const char *data_dir;
    mj_units *units;
    mj_facts *facts;
} mj_context;

void mj_context_init(mj_context *context);
void mj_context_fini(mj_context *context);

/* `name` below the data folder ("chips", "models", "sources.yaml"), in the arena. The folder is
 * $MJ_DATA, else share/millijoule/data beside the program's bin/, else the source tree the
 * program was built from. NULL with an entry in context->err when none exists. */
const char *mj_context_path(mj_context *context, const char *name);

/* Borrowed; NULL with an entry in context->err on failure. */
const mj_units *mj_context_units(mj_context *context);
mj_facts *mj_context_facts(mj_context *context);

/* Load by name, alias or path, apply every `--set chip.*` (`model.*`), and resolve. The struct need
 * not be zeroed. Problems go to context->err. */
mj_status mj_context_load_chip(mj_context *context, mj_chip *chip, const char *name);
mj_status mj_context_load_model(mj_context *context, mj_model *model, const char *name);

/* Where everything that has a name is found; on failure with an entry in context->err. */
mj_status mj_context_catalogue(mj_context *context, mj_catalogue *catalogue);

/* Applies, in order, every `--set WHAT.path=value` to *base. Call before the resolve of that struct
 * (for chips and models the two loaders above have done it). */
mj_status mj_context_apply_sets(mj_context *context, const char *what, void *base,
                                const mj_spec_schema *schema);

/* What is no model yet is told how to become one: a folder of mj train with nothing but a checkpoint in it,
 * such a checkpoint itself, the name of a recipe. MJ_OK for anything else, MJ_ESUPPORT or MJ_ENAME. */
mj_status mj_context_check_trained(mj_context *context, const char *word);

/* Prints every problem collected (`file:line:col: error: text`, the source line, a caret), once each,
 * to stderr and returns the exit code of the first one: `return mj_context_fail(context);` */
int mj_context_fail(mj_context *context);

/* Prints `warning: text` to stderr unless --quiet is given. */
void mj_context_warn(const mj_context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a problem that has no file: MJ_ENAME and a text with a suggestion, for instance. Returns
 * the exit code after printing everything. */
int mj_context_fail_with(mj_context *context, mj_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The exit code once everything printed on stdout has really been written: a full disk must not look like
 * success; a reader that closed the pipe on purpose (`mj list models | head`) is none. A failure that was
 * told already keeps its code. */
int mj_output_finish(int exit_code);

#endif
