/* mj list: the catalogue under data/, as a table for people or rows for programs.
 *
 * Models and chips are read with the same loaders as a bill, so what is listed can be billed. A
 * file that cannot be read is reported after the table; the rest is still listed. */
#include "commands.h"
#include "listing.h"
#include "mj/file.h"
#include "mj/ladder.h"
#include "mj/safetensors.h"
#include "mj/text.h"
#include "options.h"
#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES_MAX = 1024 };

/* Rows under construction: cells of n_columns each. */
typedef struct {
    mj_context *context;
    const char *pattern; /* NULL: everything */
    int n_columns, n_rows, max_rows;
    mj_listing_cell *cell;
} row_list;

static mj_status rows_init(row_list *rows, mj_context *context, const char *pattern,
                           int n_columns, int max_rows)
{
    *rows = (row_list){.context = context, .pattern = pattern, .n_columns = n_columns,
                       .max_rows = max_rows};
    rows->cell = mj_arena_array(&context->arena, (size_t)max_rows * (size_t)n_columns,
                                sizeof *rows->cell);
    return rows->cell != NULL ? MJ_OK
                              : mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
}

static bool contains(const char *text, const char *pattern)
{
    size_t length = strlen(pattern);
    for (; text != NULL && *text != '\0'; text++) {
        size_t i = 0;
        while (i < length &&
               tolower((unsigned char)text[i]) == tolower((unsigned char)pattern[i])) {
            i++;
        }
        if (i == length) {
            return true;
        }
    }
    return false;
}

/* The next free row, if one of the texts contains the pattern; else NULL. */
static mj_listing_cell *add_row(row_list *rows, const char *const *texts, int n)
{
    bool wanted = rows->pattern == NULL;
    for (int i = 0; i < n && !wanted; i++) {
        wanted = contains(texts[i], rows->pattern);
    }
    if (!wanted || rows->n_rows == rows->max_rows) {
        return NULL;
    }
    return &rows->cell[(size_t)rows->n_rows++ * (size_t)rows->n_columns];
}

/* Prints the rows; nothing found is a mistake of the pattern, so it says so. */
static int finish(const row_list *rows, const char *kind, const mj_listing_column *column)
{
    mj_context *context = rows->context;
    if (rows->n_rows == 0 && rows->pattern != NULL && context->err.n == 0) {
        return mj_context_fail_with(context, MJ_ENAME, "no %s match '%s'", kind, rows->pattern);
    }
    const mj_listing listing = {.kind = kind, .column = column, .n_columns = rows->n_columns,
                                .cell = rows->cell, .n_rows = rows->n_rows};
    mj_listing_print(&listing, context);
    return context->err.n == 0 ? MJ_EXIT_OK : mj_context_fail(context);
}

static double given(const mj_quantity *quantity)
{
    return mj_quantity_given(quantity) ? quantity->typ : (double)NAN;
}

static double positive(double number)
{
    return number > 0 ? number : (double)NAN;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Paths of the YAML files below data/KIND, sorted; -1 with an entry in err on failure. */
static int find_files(const char **file, mj_context *context, const char *kind,
                      const char *ending)
{
    const char *dir = mj_context_path(context, kind);
    DIR *folder = dir != NULL ? opendir(dir) : NULL;
    if (folder == NULL) {
        if (dir != NULL) {
            mj_err_add(&context->err, MJ_EFILE, dir, 0, 0, "cannot open the folder");
        }
        return -1;
    }
    int n = 0;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL && n < FILES_MAX) {
        size_t length = strlen(entry->d_name), tail = strlen(ending);
        if (length <= tail || strcmp(entry->d_name + length - tail, ending) != 0) {
            continue;
        }
        file[n] = mj_arena_text(&context->arena, entry->d_name, length - tail);
        n += file[n] != NULL;
    }
    closedir(folder);
    qsort(file, (size_t)n, sizeof *file, compare_texts); /* by name: a before a-b */
    for (int i = 0; i < n; i++) {
        file[i] = mj_arena_printf(&context->arena, "%s/%s%s", dir, file[i], ending);
        if (file[i] == NULL) {
            mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
            return -1;
        }
    }
    return n;
}

static int list_models(mj_context *context, const char *pattern)
{
    static const mj_listing_column column[] = {
        {"name", "name", NULL},      {"class", "class", NULL},
        {"output", "output", NULL},  {"parameters", "parameters", ""},
        {"active", "active", ""},    {"format", "format", NULL},
        {"title", "what", NULL},
    };
    const char *file[FILES_MAX];
    int n = find_files(file, context, "models", ".yaml");
    row_list rows;
    if (n < 0 || rows_init(&rows, context, pattern, 7, n) != MJ_OK) {
        return mj_context_fail(context);
    }
    mj_model *models = mj_arena_array(&context->arena, (size_t)n, sizeof *models);
    for (int i = 0; models != NULL && i < n; i++) {
        mj_model *model = &models[i];
        if (mj_context_load_model(context, model, file[i]) != MJ_OK) {
            continue;
        }
        const char *texts[16] = {model->name, model->title, model->id, model->family};
        memcpy(texts + 4, model->alias, sizeof model->alias);
        mj_listing_cell *cell = add_row(&rows, texts, 4 + model->n_aliases);
        if (cell != NULL) {
            cell[0].text = model->name;
            cell[1].text = mj_model_class(model);
            cell[2].text = mj_output_names[model->output];
            cell[3].number = positive(model->params.total);
            cell[4].number = positive(model->params.active);
            cell[5].text = mj_format_names[mj_model_format(model)];
            cell[6].text = model->title != NULL ? model->title : model->id;
        }
    }
    return finish(&rows, "models", column);
}

/* Capacity of all memories that may hold weights, or NaN. */
static double weight_capacity_B(const mj_chip *chip)
{
    const mj_memory *memory = mj_chip_memory(chip, MJ_HOLDS_WEIGHTS);
    return memory != NULL ? given(&memory->capacity_B) : (double)NAN;
}

static double weight_bandwidth_Bps(const mj_chip *chip)
{
    const mj_memory *memory = mj_chip_memory(chip, MJ_HOLDS_WEIGHTS);
    return memory != NULL ? given(&memory->bandwidth_Bps) : (double)NAN;
}

static int list_machines(mj_context *context, const char *pattern, const char *folder)
{
    static const mj_listing_column column[] = {
        {"name", "name", NULL},         {"closure", "closure", NULL},
        {"tdp_W", "power", "W"},        {"capacity_B", "memory", "B"},
        {"bandwidth_Bps", "bandwidth", "B/s"}, {"node_m", "node", "m"},
        {"domain", "joined", ""},       {"title", "what", NULL},
    };
    const char *file[FILES_MAX];
    int n = find_files(file, context, folder, ".yaml");
    row_list rows;
    if (n < 0 || rows_init(&rows, context, pattern, 8, n) != MJ_OK) {
        return mj_context_fail(context);
    }
    mj_chip *chips = mj_arena_array(&context->arena, (size_t)n, sizeof *chips);
    for (int i = 0; chips != NULL && i < n; i++) {
        mj_chip *chip = &chips[i];
        if (mj_context_load_chip(context, chip, file[i]) != MJ_OK) {
            continue;
        }
        const char *texts[11] = {chip->name, chip->title, chip->vendor};
        memcpy(texts + 3, chip->alias, sizeof chip->alias);
        mj_listing_cell *cell = add_row(&rows, texts, 3 + chip->n_aliases);
        if (cell != NULL) {
            cell[0].text = chip->name;
            cell[1].text = mj_closure_names[chip->closure];
            cell[2].number = given(&chip->tdp_W);
            cell[3].number = weight_capacity_B(chip);
            cell[4].number = weight_bandwidth_Bps(chip);
            cell[5].number = positive(chip->node_m);
            cell[6].number = chip->domain > 0 ? chip->domain : 1;
            cell[7].text = chip->title;
        }
    }
    return finish(&rows, folder, column);
}

static int list_chips(mj_context *context, const char *pattern)
{
    return list_machines(context, pattern, "chips");
}

static int list_substrates(mj_context *context, const char *pattern)
{
    return list_machines(context, pattern, "substrates");
}

static int list_ladders(mj_context *context, const char *pattern)
{
    static const mj_listing_column column[] = {
        {"name", "name", NULL}, {"model", "model", NULL}, {"chip", "chip", NULL},
        {"rungs", "rungs", ""}, {"title", "what", NULL},
    };
    const char *file[FILES_MAX];
    int n = find_files(file, context, "ladders", ".yaml");
    row_list rows;
    mj_catalogue home;
    if (n < 0 || rows_init(&rows, context, pattern, 5, n) != MJ_OK ||
        mj_context_catalogue(context, &home) != MJ_OK) {
        return mj_context_fail(context);
    }
    mj_ladder *ladders = mj_arena_array(&context->arena, (size_t)n, sizeof *ladders);
    for (int i = 0; ladders != NULL && i < n; i++) {
        mj_ladder *ladder = &ladders[i];
        if (mj_ladder_load(ladder, file[i], &home, &context->arena, &context->err) != MJ_OK) {
            continue;
        }
        const char *texts[] = {ladder->name, ladder->title, ladder->base.model,
                               ladder->base.chip};
        mj_listing_cell *cell = add_row(&rows, texts, 4);
        if (cell != NULL) {
            cell[0].text = ladder->name;
            cell[1].text = ladder->base.model;
            cell[2].text = ladder->base.chip;
            cell[3].number = ladder->n_rungs;
            cell[4].text = ladder->title;
        }
    }
    return finish(&rows, "ladders", column);
}

/* The name in a path: without folder and ending. */
static const char *name_of(mj_context *context, const char *path, const char *ending)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    return mj_arena_text(&context->arena, name, strlen(name) - strlen(ending));
}

/* The first sentence of the comment that a file begins with; empty if there is none. */
static const char *first_sentence(mj_context *context, const char *path)
{
    enum { SIZE_MAX_B = 1 << 20, SENTENCE_MAX = 200 };
    char *text, sentence[SENTENCE_MAX + 1];
    size_t length, n = 0;
    if (mj_file_read(&text, &length, path, SIZE_MAX_B, &context->err) != MJ_OK) {
        return "";
    }
    for (const char *at = text; *at == '#' && n < SENTENCE_MAX; at += *at == '\n') {
        for (at += 1 + (at[1] == ' '); *at != '\n' && *at != '\0' && n < SENTENCE_MAX; at++) {
            bool ends = *at == '.' && (at[1] == ' ' || at[1] == '\n' || at[1] == '\0');
            if (ends || *at == ':') {
                break;
            }
            sentence[n++] = *at;
        }
        if (*at != '\n') {
            break;
        }
        sentence[n++] = ' ';
    }
    free(text);
    return mj_arena_text(&context->arena, sentence, n);
}

static int list_recipes(mj_context *context, const char *pattern)
{
    static const mj_listing_column column[] = {{"name", "name", NULL}, {"what", "what", NULL}};
    const char *file[FILES_MAX];
    int n = find_files(file, context, "recipes", ".yaml");
    row_list rows;
    if (n < 0 || rows_init(&rows, context, pattern, 2, n) != MJ_OK) {
        return mj_context_fail(context);
    }
    for (int i = 0; i < n; i++) {
        const char *texts[] = {name_of(context, file[i], ".yaml"),
                               first_sentence(context, file[i])};
        mj_listing_cell *cell = add_row(&rows, texts, 2);
        if (cell != NULL) {
            cell[0].text = texts[0];
            cell[1].text = texts[1];
        }
    }
    return finish(&rows, "recipes", column);
}

/* A number of a trained file's metadata, NaN where it has none. */
static double number_of(const mj_safetensors *file, const char *key)
{
    const char *text = mj_safetensors_text(file, key);
    return text != NULL ? strtod(text, NULL) : NAN;
}

/* What a file's tensors take. */
static double stored_B(const mj_safetensors *file)
{
    double sum_B = 0;
    for (int i = 0; i < file->n_tensors; i++) {
        sum_B += (double)file->tensor[i].size_B;
    }
    return sum_B;
}

static int list_trained(mj_context *context, const char *pattern)
{
    static const mj_listing_column column[] = {
        {"name", "name", NULL}, {"kind", "kind", NULL}, {"steps", "steps", ""},
        {"frechet", "Frechet", ""}, {"accuracy", "accuracy", ""},
        {"validation_bits_per_byte", "bits/byte", ""}, {"stored_B", "stored", "B"},
    };
    enum { COLUMNS_N = sizeof column / sizeof column[0] };
    static const char ending[] = ".safetensors";
    const char *file[FILES_MAX];
    int n = find_files(file, context, "trained", ending);
    row_list rows;
    if (n < 0 || rows_init(&rows, context, pattern, COLUMNS_N, n) != MJ_OK) {
        return mj_context_fail(context);
    }
    for (int i = 0; i < n; i++) {
        mj_safetensors header;
        if (mj_safetensors_load_header(&header, file[i], &context->arena, &context->err) != MJ_OK) {
            continue;
        }
        const char *texts[] = {name_of(context, file[i], ending),
                               mj_safetensors_text(&header, "model")};
        mj_listing_cell *cell = add_row(&rows, texts, 2);
        if (cell != NULL) {
            cell[0].text = texts[0];
            cell[1].text = texts[1];
            cell[2].number = number_of(&header, "step");
            cell[3].number = number_of(&header, "frechet");
            double accuracy = number_of(&header, "accuracy"); /* of a generator's images, or as a classifier */
            cell[4].number = isnan(accuracy) ? number_of(&header, "test_accuracy") : accuracy;
            cell[5].number = number_of(&header, "validation_bits_per_byte"); /* as stored */
            cell[6].number = stored_B(&header);
        }
    }
    return finish(&rows, "trained", column);
}

static int list_facts(mj_context *context, const char *pattern)
{
    static const mj_listing_column column[] = {
        {"key", "key", NULL},       {"value", "value", NULL},  {"lo", "from", ""},
        {"hi", "to", ""},           {"node_m", "node", "m"},   {"class", "class", NULL},
        {"source", "source", NULL}, {"what", "what", NULL},
    };
    mj_facts *facts = mj_context_facts(context);
    const mj_fact **list = NULL;
    int n = 0;
    row_list rows;
    if (facts == NULL || mj_facts_list(&list, &n, facts, pattern, &context->err) != MJ_OK ||
        rows_init(&rows, context, pattern, 8, n) != MJ_OK) {
        return mj_context_fail(context);
    }
    for (int i = 0; i < n; i++) {
        const mj_fact *fact = list[i];
        const mj_quantity *value = &fact->value;
        mj_listing_cell *cell = &rows.cell[(size_t)rows.n_rows++ * 8];
        cell[0].text = fact->key;
        cell[1].text = mj_arena_printf(&context->arena, "%.6g %s", value->typ,
                                       value->unit != NULL ? value->unit : "");
        cell[2].number = value->lo;
        cell[3].number = value->hi;
        cell[4].number = positive(fact->node_m);
        cell[5].text = mj_class_text(value->cls);
        cell[6].text = value->source;
        cell[7].text = fact->what;
    }
    return finish(&rows, "facts", column);
}

static int list_sources(mj_context *context, const char *pattern)
{
    static const mj_listing_column column[] = {
        {"key", "key", NULL},     {"year", "year", ""},  {"check", "how checked", NULL},
        {"title", "title", NULL}, {"url", "url", NULL},
    };
    mj_facts *facts = mj_context_facts(context);
    const mj_source *list = NULL;
    int n = 0;
    row_list rows;
    if (facts == NULL || mj_facts_sources(&list, &n, facts, &context->err) != MJ_OK ||
        rows_init(&rows, context, pattern, 5, n) != MJ_OK) {
        return mj_context_fail(context);
    }
    for (int i = 0; i < n; i++) {
        const mj_source *source = &list[i];
        const char *const texts[] = {source->key, source->title, source->url};
        mj_listing_cell *cell = add_row(&rows, texts, 3);
        if (cell != NULL) {
            cell[0].text = source->key;
            cell[1].number = positive(source->year);
            cell[2].text = source->check;
            cell[3].text = source->title;
            cell[4].text = source->url;
        }
    }
    return finish(&rows, "sources", column);
}

static const struct {
    const char *name, *what;
    int (*list)(mj_context *context, const char *pattern);
    bool optional; /* its folder may be missing */
} kinds[] = {
    {"models", "what can be billed", list_models, false},
    {"chips", "machines to bill it on", list_chips, false},
    {"substrates", "physics to run oscillator models on", list_substrates, true},
    {"ladders", "rungs from a machine of today towards a factor", list_ladders, true},
    {"recipes", "what can be trained", list_recipes, true},
    {"trained", "what was trained here and ships", list_trained, true},
    {"facts", "the numbers behind the chips, each with interval and source", list_facts, false},
    {"sources", "the works that the numbers come from", list_sources, false},
};
enum { KINDS_N = sizeof kinds / sizeof kinds[0] };

static bool is_here(mj_context *context, int kind)
{
    const char *path = kinds[kind].optional ? mj_context_path(context, kinds[kind].name) : NULL;
    return !kinds[kind].optional || (path != NULL && access(path, R_OK) == 0);
}

static int list_kinds(mj_context *context)
{
    static const mj_listing_column column[] = {{"kind", "kind", NULL}, {"what", "what", NULL}};
    row_list rows;
    if (rows_init(&rows, context, NULL, 2, KINDS_N) != MJ_OK) {
        return mj_context_fail(context);
    }
    for (int i = 0; i < KINDS_N; i++) {
        if (is_here(context, i)) {
            mj_listing_cell *cell = add_row(&rows, NULL, 0);
            cell[0].text = kinds[i].name;
            cell[1].text = kinds[i].what;
        }
    }
    return finish(&rows, "kinds", column);
}

static int unknown_kind(mj_context *context, const char *word)
{
    const char *names[KINDS_N];
    char all[256] = "";
    size_t n = 0, used = 0;
    for (int i = 0; i < KINDS_N && used < sizeof all; i++) {
        if (is_here(context, i)) {
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", n > 0 ? ", " : "",
                                     kinds[i].name);
            names[n++] = kinds[i].name;
        }
    }
    const char *near = mj_text_nearest(word, names, n);
    return mj_context_fail_with(context, MJ_ENAME, "mj list knows %s, not '%s'%s%s%s", all, word,
                                near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                                near != NULL ? "'?)" : "");
}

int mj_cmd_list(mj_context *context, int argc, char **argv)
{
    const mj_usage usage = {
        .sentence = "[KIND [PATTERN]]",
        .about = "Lists models, chips, ladders, recipes, facts or sources; with a pattern, those whose\n"
                 "name, title or other text contains it. Without a kind: the kinds.",
        .refuses = "verbose",
        .example = "mj list models llama\nmj list facts hbm\nmj list chips --csv",
    };
    const char *word[2] = {NULL};
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "list", &usage, word, argc, argv)) {
        return exit_code;
    }
    if (word[0] == NULL) {
        return list_kinds(context);
    }
    for (int i = 0; i < KINDS_N; i++) {
        if (strcmp(word[0], kinds[i].name) == 0 && is_here(context, i)) {
            return kinds[i].list(context, word[1]);
        }
    }
    return unknown_kind(context, word[0]);
}
