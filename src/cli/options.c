/* Options: reads argv against a command's table and sentence, and prints the help from the same.
 *
 * Options may stand anywhere after the command; `--` ends them. The global options are one more
 * table, so that `mj --json bill ...` and `mj bill ... --json` mean the same. Short options other
 * than -h do not exist: nobody should have to look up what -n meant. */
#define _GNU_SOURCE /* strcasestr */
#include "options.h"
#include "mj/text.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { GLOBALS_N = 8, TABLE_MAX = 64, NAME_MAX_B = 64 };

/* The command's table and the global one, searched in this order. */
typedef struct {
    mj_context *context;
    const mj_option *own;
    int n_own;
    mj_option global[GLOBALS_N];
    bool help;
} option_tables;

static void tables_init(option_tables *tables, mj_context *context, const mj_option *own,
                        int n_own)
{
    mj_globals *to = &context->globals;
    *tables = (option_tables){
        .context = context,
        .own = own,
        .n_own = n_own,
        .global = {
            {.name = "json", .help = "print JSON: SI units, full precision", .target = &to->json},
            {.name = "csv", .help = "print CSV where the result is a table", .target = &to->csv},
            {.name = "set", .argument = "PATH=VALUE", .kind = MJ_OPTION_TEXTS, .target = &to->set,
             .help = "change model.*, chip.* or serving.*; may be repeated"},
            {.name = "facts", .argument = "DIR", .kind = MJ_OPTION_TEXTS, .target = &to->facts,
             .help = "a folder with more facts in files *.yaml; may be repeated"},
            {.name = "seed", .argument = "N", .kind = MJ_OPTION_SEED, .target = &to->seed,
             .help = "seed of the random numbers"},
            {.name = "quiet", .help = "no hints, no warnings, no progress", .target = &to->quiet},
            {.name = "verbose", .help = "say more: every line of a bill, every row",
             .target = &to->verbose},
            {.name = "help", .help = "this text", .target = NULL},
        },
    };
    for (int i = 0; i < GLOBALS_N; i++) {
        mj_option *option = &tables->global[i];
        if (strcmp(option->name, "help") == 0) {
            option->target = &tables->help;
        } else if (strcmp(option->name, "seed") == 0) {
            option->given = &to->seed_given;
        }
    }
}

static const mj_option *find_in(const mj_option *table, int n, const char *name, size_t length)
{
    for (int i = 0; i < n; i++) {
        if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

/* "--batch" or "--batch=8": the option's row; NULL and a suggestion in err if there is none. */
static const mj_option *find_option(option_tables *tables, const char *argument)
{
    const char *name = argument + 2;
    size_t length = strcspn(name, "=");
    const mj_option *option = find_in(tables->own, tables->n_own, name, length);
    if (option == NULL) {
        option = find_in(tables->global, GLOBALS_N, name, length);
    }
    if (option != NULL) {
        return option;
    }
    const char *candidate[TABLE_MAX + GLOBALS_N];
    size_t n = 0;
    for (int i = 0; i < tables->n_own && i < TABLE_MAX; i++) {
        candidate[n++] = tables->own[i].name;
    }
    for (int i = 0; i < GLOBALS_N; i++) {
        candidate[n++] = tables->global[i].name;
    }
    char word[NAME_MAX_B];
    snprintf(word, sizeof word, "%.*s", (int)(length < NAME_MAX_B ? length : NAME_MAX_B - 1), name);
    const char *near = mj_text_nearest(word, candidate, n);
    mj_err_add(&tables->context->err, MJ_ENAME, NULL, 0, 0, "unknown option --%s%s%s%s", word,
               near != NULL ? " (did you mean '--" : "", near != NULL ? near : "",
               near != NULL ? "'?)" : "");
    return NULL;
}

static mj_status check_range(mj_context *context, const mj_option *option, double number,
                             const char *text)
{
    if ((option->min != 0 || option->max != 0) &&
        !(number >= option->min && number <= option->max)) {
        return mj_err_add(&context->err, MJ_ERANGE, NULL, 0, 0,
                          "--%s %s is outside %g to %g%s%s", option->name, text, option->min,
                          option->max, option->unit ? " " : "", option->unit ? option->unit : "");
    }
    return MJ_OK;
}

static mj_status parse_real(double *number, mj_context *context, const mj_option *option,
                            const char *text)
{
    const mj_units *units = mj_context_units(context);
    if (units == NULL) {
        return MJ_EMEM;
    }
    char why[MJ_ERR_TEXT];
    mj_status status = mj_units_parse(units, text, option->unit != NULL ? option->unit : "1",
                                      number, why, sizeof why);
    if (status != MJ_OK) {
        return mj_err_add(&context->err, status, NULL, 0, 0, "--%s %s: %s", option->name, text,
                          why);
    }
    return check_range(context, option, *number, text);
}

static mj_status parse_int(int *number, mj_context *context, const mj_option *option,
                           const char *text)
{
    double real;
    MJ_TRY(parse_real(&real, context, option, text));
    if (real != floor(real) || fabs(real) > INT_MAX) {
        return mj_err_add(&context->err, MJ_ERANGE, NULL, 0, 0, "--%s %s: not a whole number%s",
                          option->name, text, real != floor(real) ? "" : " that fits");
    }
    *number = (int)real;
    return MJ_OK;
}

static mj_status parse_seed(uint64_t *number, mj_context *context, const mj_option *option,
                            const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0) {
        return mj_err_add(&context->err, MJ_ESYNTAX, NULL, 0, 0,
                          "--%s %s: wants a whole number from 0 to 2^64-1", option->name, text);
    }
    *number = value;
    return MJ_OK;
}

static mj_status parse_size(int size[2], mj_context *context, const mj_option *option,
                            const char *text)
{
    int end = 0;
    char by[2];
    if (sscanf(text, "%9d%1[xX]%9d%n", &size[0], by, &size[1], &end) != 3 || text[end] != '\0' ||
        size[0] < 1 || size[1] < 1) {
        return mj_err_add(&context->err, MJ_ESYNTAX, NULL, 0, 0,
                          "--%s %s: wants WIDTHxHEIGHT, e.g. 1024x768", option->name, text);
    }
    MJ_TRY(check_range(context, option, size[0], text));
    return check_range(context, option, size[1], text);
}

/* "'mxfp4', 'nvfp4'" for "fp4": the choices that contain the word; what is far in letters may still
 * be what was meant. "" if there are none. */
static void list_containing(char *buf, size_t size, const char *const *choices, const char *text)
{
    size_t used = 0;
    buf[0] = '\0';
    for (size_t i = 0; choices[i] != NULL && text[0] != '\0' && used < size; i++) {
        if (strcasestr(choices[i], text) != NULL) {
            used += (size_t)snprintf(buf + used, size - used, "%s'%s'", used > 0 ? " or " : "",
                                     choices[i]);
        }
    }
}

static mj_status parse_choice(int *index, mj_context *context, const mj_option *option,
                              const char *text)
{
    char all[MJ_ERR_TEXT / 2] = "", near[MJ_ERR_TEXT / 4];
    size_t n = 0, used = 0;
    for (; option->choices[n] != NULL; n++) {
        const char *choice = option->choices[n];
        if (choice[0] == '\0') {
            continue;
        }
        if (strcasecmp(choice, text) == 0) {
            *index = (int)n;
            return MJ_OK;
        }
        if (used < sizeof all) {
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", used > 0 ? ", " : "",
                                     choice);
        }
    }
    list_containing(near, sizeof near, option->choices, text);
    const char *nearest = mj_text_nearest(text, option->choices, n);
    if (near[0] == '\0' && nearest != NULL) {
        snprintf(near, sizeof near, "'%s'", nearest);
    }
    if (near[0] != '\0') {
        return mj_err_add(&context->err, MJ_ENAME, NULL, 0, 0,
                          "--%s: unknown %s (did you mean %s?)", option->name, text, near);
    }
    return mj_err_add(&context->err, MJ_ENAME, NULL, 0, 0, "--%s: unknown %s; there are %s",
                      option->name, text, all);
}

static mj_status add_text(mj_texts *texts, mj_context *context, const mj_option *option,
                          const char *text)
{
    int limit = option->target == &context->globals.facts ? MJ_FACT_DIRS_MAX : MJ_SETS_MAX;
    if (texts->n >= limit) {
        return mj_err_add(&context->err, MJ_ELIMIT, NULL, 0, 0, "--%s is given more than %d times",
                          option->name, limit);
    }
    texts->text[texts->n++] = text;
    return MJ_OK;
}

static mj_status store(mj_context *context, const mj_option *option, const char *text)
{
    if (option->given != NULL) {
        *option->given = true;
    }
    switch (option->kind) {
    case MJ_OPTION_FLAG:
        *(bool *)option->target = true;
        return MJ_OK;
    case MJ_OPTION_TEXT:
        *(const char **)option->target = text;
        return MJ_OK;
    case MJ_OPTION_TEXTS:
        return add_text(option->target, context, option, text);
    case MJ_OPTION_INT:
        return parse_int(option->target, context, option, text);
    case MJ_OPTION_REAL:
        return parse_real(option->target, context, option, text);
    case MJ_OPTION_SEED:
        return parse_seed(option->target, context, option, text);
    case MJ_OPTION_CHOICE:
        return parse_choice(option->target, context, option, text);
    case MJ_OPTION_SIZE:
        return parse_size(option->target, context, option, text);
    }
    return MJ_OK;
}

/* Reads the option at argv[*i] and, where it takes one, its value; *i moves to the last read. */
static mj_status parse_option(option_tables *tables, int *i, int argc, char **argv)
{
    mj_err *err = &tables->context->err;
    if (strcmp(argv[*i], "-h") == 0) {
        tables->help = true;
        return MJ_OK;
    }
    const char *written = argv[*i];
    if (strcmp(written, "-n") == 0) { /* how many: short by custom */
        written = "--n";
    } else if (written[1] != '-') {
        return mj_err_add(err, MJ_ENAME, NULL, 0, 0, "unknown option %s (options are long: --help)",
                          written);
    }
    const mj_option *option = find_option(tables, written);
    if (option == NULL) {
        return MJ_ENAME;
    }
    assert(option->argument != NULL || option->kind == MJ_OPTION_FLAG);
    const char *value = strchr(argv[*i], '=');
    if (option->argument == NULL) {
        if (value != NULL) {
            return mj_err_add(err, MJ_ESYNTAX, NULL, 0, 0, "--%s takes no value", option->name);
        }
    } else if (value != NULL) {
        value++;
    } else if (*i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0) {
        value = argv[++*i];
    } else {
        return mj_err_add(err, MJ_ESYNTAX, NULL, 0, 0, "--%s wants a value: --%s %s", option->name,
                          option->name, option->argument);
    }
    return store(tables->context, option, value);
}

/* Whether the words of `list` have `name`. */
static bool has_word(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *p = list; p != NULL && *p != '\0'; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        if (n == length && memcmp(p, name, n) == 0) {
            return true;
        }
        p += n;
    }
    return false;
}

static bool is_refused(const mj_usage *usage, const char *name)
{
    return has_word(usage->refuses, name) || (strcmp(name, "set") == 0 && !usage->takes_set) ||
           (strcmp(name, "seed") == 0 && !usage->takes_seed);
}

/* A global option that changes nothing here is a misunderstanding, so it is said. */
static mj_status check_globals(const option_tables *tables, const char *command,
                               const mj_usage *usage)
{
    mj_context *context = tables->context;
    const mj_globals *globals = &context->globals;
    const struct {
        const char *name;
        bool given;
    } options[] = {{"json", globals->json},       {"csv", globals->csv},
                   {"set", globals->set.n > 0},   {"facts", globals->facts.n > 0},
                   {"seed", globals->seed_given}, {"quiet", globals->quiet},
                   {"verbose", globals->verbose}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (options[i].given && is_refused(usage, options[i].name)) {
            return mj_err_add(&context->err, MJ_EKEY, NULL, 0, 0, "mj %s takes no --%s", command,
                              options[i].name);
        }
    }
    if (globals->json && globals->csv) {
        return mj_err_add(&context->err, MJ_EKEY, NULL, 0, 0,
                          "--json and --csv are two formats of one result; choose one");
    }
    return MJ_OK;
}

static mj_status check_sets(mj_context *context)
{
    static const char *const roots[] = {"model", "chip", "serving"};
    const mj_texts *sets = &context->globals.set;
    for (int i = 0; i < sets->n; i++) {
        const char *set = sets->text[i];
        size_t dot = strcspn(set, ".=");
        char root[NAME_MAX_B];
        snprintf(root, sizeof root, "%.*s", dot < NAME_MAX_B ? (int)dot : NAME_MAX_B - 1, set);
        if (strchr(set, '=') == NULL) {
            return mj_err_add(&context->err, MJ_ESYNTAX, NULL, 0, 0,
                              "--set %s: wants PATH=VALUE, e.g. chip.tdp='500 W'", set);
        }
        bool known = false;
        for (int k = 0; k < 3; k++) {
            known = known || (set[dot] == '.' && strcmp(root, roots[k]) == 0);
        }
        if (!known) {
            const char *near = mj_text_nearest(root, roots, 3);
            return mj_err_add(&context->err, MJ_ENAME, NULL, 0, 0,
                              "--set %s: a path begins with model., chip. or serving.%s%s%s", set,
                              near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                              near != NULL ? "'?)" : "");
        }
    }
    return MJ_OK;
}

/* Matches the words given against the sentence; see mj_usage.sentence. */
static mj_status match_sentence(const char **word, mj_context *context, const char *command,
                                const char *sentence, const char *const *given, int n_given)
{
    bool optional = false;
    int n = 0, k = 0;
    for (const char *p = sentence; *p != '\0';) {
        p += strspn(p, " ]");
        optional = optional || *p == '[';
        p += strspn(p, "[");
        int length = (int)strcspn(p, " ]");
        if (length == 0) {
            break;
        }
        bool fill = isupper((unsigned char)p[0]) != 0;
        bool right = k < n_given && (fill || (strlen(given[k]) == (size_t)length &&
                                              memcmp(given[k], p, (size_t)length) == 0));
        if (!right && k < n_given) {
            return mj_err_add(&context->err, MJ_ESYNTAX, NULL, 0, 0,
                              "expected '%.*s', not '%s': mj %s %s", length, p, given[k], command,
                              sentence);
        }
        if (!right && !optional) {
            return mj_err_add(&context->err, MJ_ESYNTAX, NULL, 0, 0, "%.*s is missing: mj %s %s",
                              length, p, command, sentence);
        }
        if (fill) {
            word[n++] = right ? given[k] : NULL;
        }
        k += right;
        p += length;
    }
    if (k < n_given) {
        return mj_err_add(&context->err, MJ_ESYNTAX, NULL, 0, 0,
                          "'%s' is one word too many: mj %s%s%s", given[k], command,
                          sentence[0] != '\0' ? " " : "", sentence);
    }
    return MJ_OK;
}

static void print_option(FILE *out, const mj_option *option)
{
    char left[NAME_MAX_B];
    snprintf(left, sizeof left, "--%s%s%s", option->name, option->argument != NULL ? " " : "",
             option->argument != NULL ? option->argument : "");
    for (const char *p = option->help; *p != '\0';) {
        int length = (int)strcspn(p, "\n");
        fprintf(out, "  %-24s %.*s\n", left, length, p);
        left[0] = '\0';
        p += length + (p[length] == '\n');
    }
}

/* usage: of the command, whose refused options are left out; NULL: all. */
static void print_options(FILE *out, const mj_option *option, int n, const mj_usage *usage)
{
    for (int i = 0; i < n; i++) {
        if (usage == NULL || !is_refused(usage, option[i].name)) {
            print_option(out, &option[i]);
        }
    }
}

/* Each line of `lines`, indented. */
static void print_lines(FILE *out, const char *lines)
{
    for (const char *p = lines; *p != '\0';) {
        int length = (int)strcspn(p, "\n");
        fprintf(out, "  %.*s\n", length, p);
        p += length + (p[length] == '\n');
    }
}

static void print_help(const option_tables *tables, const char *command, const mj_usage *usage)
{
    printf("mj %s %s%s[options]\n\n", command, usage->sentence,
           usage->sentence[0] != '\0' ? " " : "");
    print_lines(stdout, usage->about);
    if (usage->n_options > 0) {
        printf("\nOptions\n");
        print_options(stdout, usage->option, usage->n_options, NULL);
    }
    printf("\nGlobal options\n");
    print_options(stdout, tables->global, GLOBALS_N, usage);
    if (usage->example != NULL) {
        printf("\nExamples\n");
        print_lines(stdout, usage->example);
    }
}

bool mj_options_parse(int *exit_code, mj_context *context, const char *command,
                      const mj_usage *usage, const char **word, int argc, char **argv)
{
    option_tables tables;
    tables_init(&tables, context, usage->option, usage->n_options);
    const char *given[MJ_WORDS_MAX];
    int n_given = 0;
    bool only_words = false;
    mj_status status = MJ_OK;
    for (int i = 1; i < argc && status == MJ_OK; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
            status = parse_option(&tables, &i, argc, argv);
        } else if (n_given < MJ_WORDS_MAX) {
            given[n_given++] = argv[i];
        }
    }
    if (status == MJ_OK && tables.help) {
        print_help(&tables, command, usage);
        *exit_code = MJ_EXIT_OK;
        return false;
    }
    if (status == MJ_OK) {
        status = match_sentence(word, context, command, usage->sentence, given, n_given);
    }
    if (status == MJ_OK) {
        status = check_globals(&tables, command, usage);
    }
    if (status == MJ_OK) {
        status = check_sets(context);
    }
    if (status == MJ_OK && context->globals.facts.n > 0 && mj_context_facts(context) == NULL) {
        status = MJ_EFILE; /* a mistake in those folders shows whether or not they are used */
    }
    if (status != MJ_OK) {
        *exit_code = mj_context_fail(context);
        return false;
    }
    return true;
}

int mj_options_parse_globals(mj_context *context, bool *help, bool *version, int argc,
                             char **argv)
{
    const mj_option own[] = {
        {.name = "version", .help = "version, commit and date", .target = version},
    };
    option_tables tables;
    tables_init(&tables, context, own, 1);
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-') {
            *help = tables.help;
            return i;
        }
        if (parse_option(&tables, &i, argc, argv) != MJ_OK) {
            return -1;
        }
    }
    *help = tables.help;
    return argc;
}

void mj_options_print_globals(FILE *out)
{
    static mj_context none; /* only its addresses are taken */
    option_tables tables;
    tables_init(&tables, &none, NULL, 0);
    print_options(out, tables.global, GLOBALS_N, NULL);
    fprintf(out, "  %-24s %s\n", "--version", "version, commit and date");
}
