/* Context: lazy making of what commands share, and the printing of problems.
 *
 * The library only collects problems; this file is the one place that turns them into text for
 * people and into an exit code. It also is the one place that reads the environment (MJ_DATA,
 * NO_COLOR, TERM) and that knows where data/ was installed. */
#include "context.h"
#include "config.h"
#include "file_kind.h"
#include "mj/safetensors.h"
#include "mj/text.h"
#include "mj/trained.h"
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_colour(FILE *out)
{
    const char *no_color = getenv("NO_COLOR"); /* any non-empty value counts: no-color.org */
    const char *term = getenv("TERM");
    return (no_color == NULL || no_color[0] == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0) && isatty(fileno(out));
}

void mj_context_init(mj_context *context)
{
    *context = (mj_context){.colour = has_colour(stdout)};
    mj_arena_init(&context->arena, 0);
}

void mj_context_fini(mj_context *context)
{
    mj_facts_free(context->facts);
    mj_units_free(context->units);
    mj_arena_fini(&context->arena);
}

static bool is_folder(const char *path)
{
    struct stat info;
    return path != NULL && stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* share/millijoule/data beside the bin/ folder that holds this program; NULL when out of memory. */
static const char *installed_data(mj_arena *arena)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0) {
        return NULL;
    }
    program[length] = '\0';
    char *slash = strrchr(program, '/');
    if (slash == NULL) {
        return NULL;
    }
    *slash = '\0';
    return mj_arena_printf(arena, "%s/" MJ_DATA_FROM_BIN, program);
}

static const char *find_data(mj_context *context)
{
    const char *given = getenv("MJ_DATA");
    if (given != NULL && given[0] != '\0') {
        if (!is_folder(given)) {
            mj_err_add(&context->err, MJ_EFILE, given, 0, 0,
                       "MJ_DATA names no folder; unset it to use the built-in data");
            return NULL;
        }
        return given;
    }
    const char *installed = installed_data(&context->arena);
    if (is_folder(installed)) {
        return installed;
    }
    if (is_folder(MJ_SOURCE_DATA)) {
        return MJ_SOURCE_DATA;
    }
    mj_err_add(&context->err, MJ_EFILE, installed, 0, 0,
               "the data folder is missing; install mj again, or name it in MJ_DATA");
    return NULL;
}

const char *mj_context_path(mj_context *context, const char *name)
{
    if (context->data_dir == NULL) {
        context->data_dir = find_data(context);
    }
    if (context->data_dir == NULL) {
        return NULL;
    }
    const char *path = mj_arena_printf(&context->arena, "%s/%s", context->data_dir, name);
    if (path == NULL) {
        mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    return path;
}

const mj_units *mj_context_units(mj_context *context)
{
    if (context->units == NULL) {
        context->units = mj_units_new();
        if (context->units == NULL) {
            mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "cannot make the unit system");
        }
    }
    return context->units;
}

mj_facts *mj_context_facts(mj_context *context)
{
    if (context->facts != NULL) {
        return context->facts;
    }
    const mj_texts *more = &context->globals.facts;
    const char **dirs = mj_arena_array(&context->arena, (size_t)more->n + 1, sizeof *dirs);
    const char *shipped = mj_context_path(context, "facts");
    const char *sources = mj_context_path(context, "sources.yaml");
    const mj_units *units = mj_context_units(context);
    if (dirs == NULL || shipped == NULL || sources == NULL || units == NULL) {
        return NULL;
    }
    dirs[0] = shipped;
    for (int i = 0; i < more->n; i++) {
        if (!is_folder(more->text[i])) {
            mj_err_add(&context->err, MJ_EFILE, more->text[i], 0, 0, "--facts wants a folder");
            return NULL;
        }
        dirs[i + 1] = more->text[i];
    }
    mj_facts *facts = mj_facts_new(dirs, more->n + 1, sources, units);
    if (facts == NULL) {
        mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    } else if (mj_facts_read_more(facts, &context->err) != MJ_OK) {
        mj_facts_free(facts);
        facts = NULL;
    }
    context->facts = facts;
    return facts;
}

/* Whether `set` ("chip.hbm.read=2 pJ/B") speaks of `what` ("chip"). */
static bool set_is_of(const char *set, const char *what)
{
    size_t length = strlen(what);
    return strncmp(set, what, length) == 0 && set[length] == '.';
}

static int count_sets(const mj_context *context, const char *what)
{
    int n = 0;
    for (int i = 0; i < context->globals.set.n; i++) {
        n += set_is_of(context->globals.set.text[i], what);
    }
    return n;
}

static mj_status apply_set(mj_context *context, const char *what, const char *set, void *base,
                           const mj_spec_schema *schema)
{
    const mj_units *units = mj_context_units(context);
    const char *equals = strchr(set, '='); /* the option parser has checked that there is one */
    size_t prefix = strlen(what) + 1;
    char *path = mj_arena_text(&context->arena, set + prefix, (size_t)(equals - set) - prefix);
    char *place = mj_arena_printf(&context->arena, "--set %.*s", (int)(equals - set), set);
    if (units == NULL || path == NULL || place == NULL) {
        return MJ_EMEM;
    }
    mj_patch patch;
    MJ_TRY(mj_patch_resolve(&patch, base, schema, path, equals + 1, (mj_place){.file = place},
                            units, &context->arena, &context->err));
    mj_patch_apply(base, &patch);
    return MJ_OK;
}

mj_status mj_context_apply_sets(mj_context *context, const char *what, void *base,
                                const mj_spec_schema *schema)
{
    const mj_texts *sets = &context->globals.set;
    mj_status status = MJ_OK;
    for (int i = 0; i < sets->n; i++) {
        if (set_is_of(sets->text[i], what)) {
            mj_status one = apply_set(context, what, sets->text[i], base, schema);
            status = status == MJ_OK ? one : status; /* goes on, to report them all */
        }
    }
    return status;
}

/* "my-chip.yaml is a chip, not a model" beats thirty unknown keys. Only of files that the loaders
 * would take for a path; what cannot be read is theirs to report. */
static mj_status check_kind(mj_context *context, const char *name, mj_file_kind wanted)
{
    const char *dot = strrchr(name, '.');
    mj_file_kind kind;
    mj_err ignored = {0};
    if (dot == NULL || (strcmp(dot, ".yaml") != 0 && strcmp(dot, ".yml") != 0) ||
        mj_file_kind_find(&kind, name, &ignored) != MJ_OK || kind == wanted) {
        return MJ_OK;
    }
    return mj_err_add(&context->err, MJ_ESUPPORT, NULL, 0, 0, "%s is a %s, not a %s", name,
                      kind == MJ_FILE_FACTS ? "file of facts" : mj_file_kind_text(kind),
                      mj_file_kind_text(wanted));
}

mj_status mj_context_load_chip(mj_context *context, mj_chip *chip, const char *name)
{
    mj_facts *facts = mj_context_facts(context);
    const char *dir = mj_context_path(context, "chips");
    if (facts == NULL || dir == NULL) {
        return MJ_EFILE;
    }
    *chip = (mj_chip){0};
    MJ_TRY(check_kind(context, name, MJ_FILE_CHIP));
    MJ_TRY(mj_chip_load(chip, name, dir, facts, context->units, &context->arena, &context->err));
    if (count_sets(context, "chip") == 0) {
        return MJ_OK;
    }
    MJ_TRY(mj_context_apply_sets(context, "chip", chip, &mj_chip_schema));
    return mj_chip_resolve(chip, facts, chip->name, &context->err);
}

/* FOLDER/NAME.SUFFIX of the installed data, or of a path FOLDER/NAME; NULL where no file is there. */
static const char *file_there(mj_context *context, const char *folder, const char *name, const char *suffix)
{
    const char *file = folder ? mj_arena_printf(&context->arena, "%s/%s%s", folder, name, suffix) : NULL;
    return file && access(file, R_OK) == 0 ? file : NULL;
}

/* The file of a model that ships trained and has no description of its own, or of one in a folder of mj train
 * (a folder with config.json is one of Hugging Face); else the name. */
static const char *trained_file(mj_context *context, const char *models, const char *name)
{
    bool is_name = !strchr(name, '/');
    if (is_name && file_there(context, models, name, ".yaml")) {
        return name;
    }
    const char *shipped = is_name ? file_there(context, mj_context_path(context, "trained"), name, ".safetensors")
                                  : NULL;
    const char *own = file_there(context, name, "config.json", "")
                          ? NULL
                          : file_there(context, name, "model.safetensors", "");
    return shipped ? shipped : own ? own : name;
}

/* A checkpoint of mj train, whatever its name. */
static bool is_checkpoint(mj_context *context, const char *path)
{
    mj_safetensors file;
    mj_err unseen = {0}; /* a file that cannot be read is complained about by who needs it */
    size_t length = strlen(path), end = strlen(".safetensors");
    return length > end && strcmp(path + length - end, ".safetensors") == 0 &&
           mj_safetensors_load_header(&file, path, &context->arena, &unseen) == MJ_OK &&
           mj_safetensors_text(&file, MJ_RESUME_KEY);
}

mj_status mj_context_check_trained(mj_context *context, const char *word)
{
    mj_err *err = &context->err;
    if (file_there(context, word, "checkpoint.safetensors", "") &&
        !file_there(context, word, "model.safetensors", "")) {
        return mj_err_add(err, MJ_ESUPPORT, word, 0, 0,
                          "no model yet, the run has not ended: mj train RECIPE --out %s --resume", word);
    }
    if (is_checkpoint(context, word)) {
        return mj_err_add(err, MJ_ESUPPORT, word, 0, 0,
                          "a checkpoint, from which mj train RECIPE --out DIR --resume goes on; the model of "
                          "a run that has ended is DIR/model.safetensors");
    }
    const char *dir = strchr(word, '/') ? NULL : mj_context_path(context, "recipes");
    return !file_there(context, dir, word, ".yaml")
               ? MJ_OK
               : mj_err_add(err, MJ_ENAME, NULL, 0, 0,
                            "'%s' is a recipe, and no trained model of it is shipped: mj train %s --out DIR "
                            "makes one, DIR names it", word, word);
}

mj_status mj_context_load_model(mj_context *context, mj_model *model, const char *name)
{
    const mj_units *units = mj_context_units(context);
    const char *dir = mj_context_path(context, "models");
    if (units == NULL || dir == NULL) {
        return MJ_EFILE;
    }
    *model = (mj_model){0};
    const char *file = trained_file(context, dir, name);
    if (file == name && (strchr(name, '/') || !file_there(context, dir, name, ".yaml"))) {
        MJ_TRY(mj_context_check_trained(context, name));
    }
    name = file;
    MJ_TRY(check_kind(context, name, MJ_FILE_MODEL));
    MJ_TRY(mj_model_load(model, name, dir, units, &context->arena, &context->err));
    if (count_sets(context, "model") == 0) {
        return MJ_OK;
    }
    MJ_TRY(mj_context_apply_sets(context, "model", model, &mj_model_schema));
    return mj_model_resolve(model, model->name, &context->err);
}

mj_status mj_context_catalogue(mj_context *context, mj_catalogue *catalogue)
{
    mj_catalogue *c = catalogue;
    *c = (mj_catalogue){.ladders = mj_context_path(context, "ladders"),
                        .chips = mj_context_path(context, "chips"),
                        .models = mj_context_path(context, "models"),
                        .facts = mj_context_facts(context),
                        .units = mj_context_units(context)};
    return c->ladders && c->chips && c->models && c->facts && c->units ? MJ_OK : MJ_EFILE;
}

static int exit_code_of(mj_status status)
{
    switch (status) {
    case MJ_ETOOL:
        return MJ_EXIT_TOOL;
    case MJ_EMEM:
        return MJ_EXIT_INTERNAL;
    case MJ_ESTOP:
        return MJ_EXIT_STOPPED;
    default:
        return MJ_EXIT_INPUT;
    }
}

/* Bytes of the first `n` characters of UTF-8 text: columns count characters, not bytes. */
static int bytes_of_characters(const char *text, int n)
{
    int i = 0;
    while (n > 0 && text[i] != '\0') {
        do {
            i++;
        } while (((unsigned char)text[i] & 0xc0) == 0x80);
        n--;
    }
    return i;
}

static void print_excerpt(const mj_diag *diag, bool colour)
{
    fprintf(stderr, "%5d | %s\n", diag->line, diag->excerpt);
    if (diag->column < 1) {
        return;
    }
    char before[MJ_ERR_EXCERPT];
    int length = bytes_of_characters(diag->excerpt, diag->column - 1);
    memcpy(before, diag->excerpt, (size_t)length);
    before[length] = '\0';
    fprintf(stderr, "      | %*s%s^%s\n", mj_text_width(before), "", colour ? "\033[1;32m" : "",
            colour ? "\033[0m" : "");
}

static void print_problem(const mj_diag *diag, bool colour)
{
    if (diag->file[0] != '\0') {
        fputs(diag->file, stderr);
        if (diag->line > 0) {
            fprintf(stderr, ":%d", diag->line);
        }
        if (diag->line > 0 && diag->column > 0) {
            fprintf(stderr, ":%d", diag->column);
        }
        fputs(": ", stderr);
    }
    fprintf(stderr, "%serror:%s %s\n", colour ? "\033[1;31m" : "", colour ? "\033[0m" : "",
            diag->text);
    if (diag->excerpt[0] != '\0' && diag->line > 0) {
        print_excerpt(diag, colour);
    }
}

/* Two uses of one broken fact give one message: equal in place and words to an earlier one. */
static bool is_repeated(const mj_err *err, int i)
{
    const mj_diag *diag = &err->diag[i];
    for (int k = 0; k < i; k++) {
        const mj_diag *earlier = &err->diag[k];
        if (earlier->line == diag->line && strcmp(earlier->file, diag->file) == 0 &&
            strcmp(earlier->text, diag->text) == 0) {
            return true;
        }
    }
    return false;
}

int mj_context_fail(mj_context *context)
{
    const mj_err *err = &context->err;
    bool colour = has_colour(stderr);
    fflush(stdout); /* what was printed so far comes before the problem */
    for (int i = 0; i < err->n; i++) {
        if (!is_repeated(err, i)) {
            print_problem(&err->diag[i], colour);
        }
    }
    if (err->n_dropped > 0) {
        fprintf(stderr, "... and %d more\n", err->n_dropped);
    }
    if (err->n == 0) {
        fprintf(stderr, "error: out of memory, or a failure without a message\n");
        return MJ_EXIT_INTERNAL;
    }
    return exit_code_of(err->diag[0].code);
}

int mj_context_fail_with(mj_context *context, mj_status code, const char *format, ...)
{
    char text[MJ_ERR_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    mj_err_add(&context->err, code, NULL, 0, 0, "%s", text);
    return mj_context_fail(context);
}

void mj_context_warn(const mj_context *context, const char *format, ...)
{
    if (context->globals.quiet) {
        return;
    }
    char raw[MJ_ERR_TEXT], text[MJ_ERR_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    bool colour = has_colour(stderr);
    fflush(stdout);
    fprintf(stderr, "%swarning:%s %s\n", colour ? "\033[1;33m" : "", colour ? "\033[0m" : "",
            mj_text_clean(text, sizeof text, raw));
}

int mj_output_finish(int exit_code)
{
    errno = 0;
    bool failed = ferror(stdout) != 0;
    failed = fclose(stdout) != 0 || failed;
    if (!failed || errno == EPIPE || exit_code > MJ_EXIT_GOAL) {
        return exit_code;
    }
    fprintf(stderr, "error: cannot write the result%s%s\n", errno != 0 ? ": " : "",
            errno != 0 ? strerror(errno) : "");
    return MJ_EXIT_INPUT;
}
