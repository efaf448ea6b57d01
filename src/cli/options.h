/* Options: a command declares a table of options and a sentence; one parser reads them.
 *
 *     mj_serving serving = {0};
 *     const mj_option option[] = {
 *         {.name = "batch", .argument = "B", .help = "running sequences", .kind = MJ_OPTION_REAL,
 *          .target = &serving.batch},
 *         {.name = "boundary", .argument = "NAME", .help = "die, package, ...",
 *          .kind = MJ_OPTION_CHOICE, .target = &serving.boundary, .choices = mj_boundary_names},
 *     };
 *     const mj_usage usage = {.sentence = "MODEL on CHIP", .about = "...", .option = option,
 *                             .n_options = 2, .takes_set = true};
 *     const char *word[2];
 *     int exit_code;
 *     if (!mj_options_parse(&exit_code, context, "bill", &usage, word, argc, argv)) {
 *         return exit_code;
 *     }
 *     // word[0] is the model, word[1] the chip
 */
#ifndef MJ_CLI_OPTIONS_H
#define MJ_CLI_OPTIONS_H

#include "context.h"

/* What `target` points to. */
typedef enum {
    MJ_OPTION_FLAG,   /* bool           set to true                                       */
    MJ_OPTION_TEXT,   /* const char *   as given, borrowed from argv                      */
    MJ_OPTION_TEXTS,  /* mj_texts       one more entry each time the option is given      */
    MJ_OPTION_INT,    /* int            `8`, `4k`, within [min, max]                      */
    MJ_OPTION_REAL,   /* double         `0.5`, `32k`, or a number with `unit`, in SI      */
    MJ_OPTION_SEED,   /* uint64_t       whole number                                      */
    MJ_OPTION_CHOICE, /* int            index into choices, case ignored                  */
    MJ_OPTION_SIZE,   /* int[2]         `1024x768`, `1024X768`: width, height             */
} mj_option_kind;

typedef struct {
    const char *name;     /* "batch": given as --batch B or --batch=B */
    const char *argument; /* "B", for the help; NULL for a flag */
    const char *help;     /* default included; further lines are set below the first */
    mj_option_kind kind;
    void *target;
    const char *const *choices; /* CHOICE: NULL-terminated; an empty first name cannot be chosen */
    const char *unit;           /* REAL: NULL or "1" for a bare number */
    double min, max;            /* INT, REAL, SIZE; both 0: any finite value */
    bool *given;                /* set to true when the option was given; may be NULL */
} mj_option;

enum { MJ_WORDS_MAX = 8 };

typedef struct {
    /* The words after the command. Upper case is filled into word[] in order, lower case is
     * expected as it stands, brackets make the rest optional: "MODEL on CHIP", "KIND [PATTERN]". */
    const char *sentence;
    const char *about; /* what the command does, one or more lines for the help */
    const mj_option *option;
    int n_options;
    bool takes_set;      /* false: --set is an error here */
    bool takes_seed;     /* false: --seed is an error here */
    const char *refuses; /* other global options that mean nothing here: "csv verbose"; may be NULL */
    const char *example; /* one or more lines, each a command; may be NULL */
} mj_usage;

/* Reads argv (argv[0] is the command's own name). word has room for the sentence's upper-case
 * words; optional ones not given are NULL. False when the command has nothing more to do: the help
 * was printed (*exit_code MJ_EXIT_OK) or a mistake was reported (MJ_EXIT_INPUT). */
bool mj_options_parse(int *exit_code, mj_context *context, const char *command,
                      const mj_usage *usage, const char **word, int argc, char **argv);

/* Reads global options in front of the command. Returns the index of the first word, argc if there
 * is none; -1 after reporting a mistake. *help and *version are set when asked for. */
int mj_options_parse_globals(mj_context *context, bool *help, bool *version, int argc,
                             char **argv);

/* Prints the table of global options. */
void mj_options_print_globals(FILE *out);

#endif
