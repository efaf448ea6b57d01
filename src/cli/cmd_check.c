/* mj check: reads one file as what it says it is, and reports every problem in it. */
#include "commands.h"
#include "file_kind.h"
#include "mj/json.h"
#include "mj/ladder.h"
#include "options.h"
#include <string.h>

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

static mj_status check_file(mj_file_kind kind, mj_context *context, const char *path)
{
    mj_model model = {0};
    mj_chip chip;
    switch (kind) {
    case MJ_FILE_GGUF:
        return mj_model_from_gguf(&model, path, &context->arena, &context->err);
    case MJ_FILE_CONFIG:
        return mj_model_from_config(&model, path, &context->arena, &context->err);
    case MJ_FILE_MODEL:
        return mj_context_load_model(context, &model, path);
    case MJ_FILE_CHIP:
        MJ_TRY(mj_context_load_chip(context, &chip, path));
        return check_sources(context, path, &chip, &mj_chip_schema);
    case MJ_FILE_FACTS:
        return check_facts(context, path);
    case MJ_FILE_LADDER:
        return check_ladder(context, path);
    case MJ_FILE_TRAINED:
        return mj_context_load_model(context, &model, path);
    case MJ_FILE_RECIPE:
        return mj_err_add(&context->err, MJ_ESUPPORT, path, 0, 0,
                          "a recipe: mj train checks it before it starts");
    case MJ_FILE_NONE:
        break;
    }
    return MJ_ESUPPORT; /* mj_file_kind_find has said why */
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
        .about = "Checks a chip, a model, facts or a ladder (YAML), a Hugging Face config.json or\n"
                 "its folder, or a GGUF file, and reports every problem with file, line and column.",
        .refuses = "csv verbose",
        .example = "mj check my-chip.yaml\nmj check ~/models/mine/config.json",
    };
    const char *word[1];
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "check", &usage, word, argc, argv)) {
        return exit_code;
    }
    const char *path = as_path(context, word[0]);
    mj_file_kind kind;
    if (path == NULL || mj_file_kind_find(&kind, path, &context->err) != MJ_OK ||
        check_file(kind, context, path) != MJ_OK) {
        return mj_context_fail(context);
    }
    return print_result(context, word[0], mj_file_kind_text(kind));
}
