/* mj check: reads one file as what it says it is, and reports every problem in it.
 *
 * What a file is: "GGUF" at its start, "{" for a config.json, else the first top-level key of the
 * YAML that names a kind (chip:, model:, facts:). */
#include "commands.h"
#include "mj/json.h"
#include "options.h"
#include <string.h>

typedef enum { KIND_NONE, KIND_GGUF, KIND_CONFIG, KIND_CHIP, KIND_MODEL, KIND_FACTS,
               KIND_LADDER } file_kind;
static const char *const kind_names[] = {"",     "GGUF model", "Hugging Face config",
                                         "chip", "model",      "facts", "ladder"};

static file_kind kind_of_line(const char *line)
{
    static const struct {
        const char *key;
        file_kind kind;
    } keys[] = {{"chip", KIND_CHIP}, {"model", KIND_MODEL}, {"facts", KIND_FACTS},
              {"ladder", KIND_LADDER}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        size_t length = strlen(keys[i].key);
        if (strncmp(line, keys[i].key, length) == 0 && line[length] == ':') {
            return keys[i].kind;
        }
    }
    return KIND_NONE;
}

static mj_status find_kind(file_kind *kind, const char *path, mj_err *err)
{
    *kind = KIND_NONE;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot open the file");
    }
    char line[512];
    bool first = true, is_start = true;
    while (*kind == KIND_NONE && fgets(line, sizeof line, file) != NULL) {
        const char *text = line + strspn(line, " \t\r\n");
        if (first && strncmp(line, "GGUF", 4) == 0) {
            *kind = KIND_GGUF;
        } else if (first && *text == '{') {
            *kind = KIND_CONFIG;
        } else if (is_start) {
            *kind = kind_of_line(line);
        }
        first = first && *text == '\0';
        is_start = strchr(line, '\n') != NULL; /* a longer line comes in pieces */
    }
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot read the file");
    }
    return MJ_OK;
}

/* A path that the loaders cannot take for a name of the catalogue. */
static const char *as_path(mj_context *context, const char *path)
{
    return strchr(path, '/') != NULL ? path : mj_arena_printf(&context->arena, "./%s", path);
}

typedef struct {
    mj_context *context;
    const char *path;
} source_check;

/* A source that nobody lists is a mistake of the file, wherever the number is used. */
static void check_source(void *user, const char *path, const mj_spec_field *field,
                         mj_quantity *quantity)
{
    (void)field;
    source_check *check = user;
    mj_context *context = check->context;
    mj_facts *facts = mj_context_facts(context);
    const mj_source *source;
    mj_err none = {0};
    if (facts == NULL || !mj_quantity_given(quantity) || quantity->source == NULL ||
        mj_facts_source(&source, facts, quantity->source, &none) == MJ_OK) {
        return;
    }
    mj_err_add(&context->err, MJ_ENAME, check->path, 0, 0, "%s: %s", path,
               none.n > 0 ? none.diag[0].text : "unknown source");
}

static mj_status check_sources(mj_context *context, const char *path, void *base,
                               const mj_spec_schema *schema)
{
    source_check check = {.context = context, .path = path};
    int before = context->err.n;
    mj_spec_each_quantity(base, schema, check_source, &check);
    return context->err.n == before ? MJ_OK : MJ_ENAME;
}

/* One file of facts by itself, without the rest of its folder. */
static mj_status check_facts(mj_context *context, const char *path)
{
    const mj_units *units = mj_context_units(context);
    void *facts = mj_arena_alloc(&context->arena, mj_fact_schema.size);
    if (units == NULL || facts == NULL) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    MJ_TRY(mj_spec_load(facts, &mj_fact_schema, path, units, &context->arena, &context->err));
    return check_sources(context, path, facts, &mj_fact_schema);
}

/* The whole climb, and every source it cites. */
static mj_status check_ladder(mj_context *context, const char *path)
{
    mj_catalogue home;
    mj_ladder *ladder = mj_arena_alloc(&context->arena, sizeof *ladder);
    if (ladder == NULL) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    MJ_TRY(mj_context_catalogue(context, &home));
    MJ_TRY(mj_ladder_load(ladder, path, &home, &context->arena, &context->err));
    for (int i = 0; i < ladder->n_rungs; i++) {
        const mj_source *source;
        MJ_TRY(mj_facts_source(&source, home.facts, ladder->rung[i].source, &context->err));
    }
    return check_sources(context, path, ladder, &mj_ladder_schema);
}

static mj_status check_file(file_kind kind, mj_context *context, const char *path)
{
    mj_model model = {0};
    mj_chip chip;
    switch (kind) {
    case KIND_GGUF:
        return mj_model_from_gguf(&model, path, &context->arena, &context->err);
    case KIND_CONFIG:
        return mj_model_from_config(&model, path, &context->arena, &context->err);
    case KIND_MODEL:
        return mj_context_load_model(context, &model, path);
    case KIND_CHIP:
        MJ_TRY(mj_context_load_chip(context, &chip, path));
        return check_sources(context, path, &chip, &mj_chip_schema);
    case KIND_FACTS:
        return check_facts(context, path);
    case KIND_LADDER:
        return check_ladder(context, path);
    case KIND_NONE:
        break;
    }
    return mj_err_add(&context->err, MJ_ESUPPORT, path, 0, 0,
                      "not a chip, a model, a ladder, facts, a config.json or a GGUF file "
                      "(a YAML file says which by its key chip:, model:, ladder: or facts:)");
}

static int print_result(mj_context *context, const char *path, const char *kind)
{
    if (!context->globals.json) {
        printf("%s: ok (%s)\n", path, kind);
        return MJ_EXIT_OK;
    }
    mj_json *root = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "file", path);
    mj_json_set_text(root, "kind", kind);
    mj_json_set_bool(root, "ok", true);
    mj_status status = mj_json_print(root, stdout, &context->err);
    mj_json_free(root);
    return status == MJ_OK ? MJ_EXIT_OK : mj_context_fail(context);
}

int mj_cmd_check(mj_context *context, int argc, char **argv)
{
    const mj_usage usage = {
        .sentence = "FILE",
        .about = "Checks a chip, a model or facts (YAML), a Hugging Face config.json or a GGUF\n"
                 "file, and reports every problem with file, line and column.",
        .refuses = "csv verbose",
        .example = "mj check my-chip.yaml\nmj check ~/models/mine/config.json",
    };
    const char *word[1];
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "check", &usage, word, argc, argv)) {
        return exit_code;
    }
    const char *path = as_path(context, word[0]);
    file_kind kind;
    if (path == NULL || find_kind(&kind, path, &context->err) != MJ_OK ||
        check_file(kind, context, path) != MJ_OK) {
        return mj_context_fail(context);
    }
    return print_result(context, word[0], kind_names[kind]);
}
