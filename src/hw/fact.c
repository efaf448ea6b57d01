/* Facts: the sourced numbers of data/facts, one file a family, read when first asked for.
 *
 *   mj: 1
 *   facts: dram
 *   entries:
 *     - {name: read.hbm3e, what: HBM3E device read, value: 3.44 pJ/bit, node: 4 nm, vdd: 1.1 V,
 *        year: 2023, from: skhynix2023, class: published, boundary: package, scaling: none}
 *
 * A key is FAMILY.NAME. In the first folder, the shipped one, a family is the file that is called
 * after it, so that it can be read alone. The user's folders follow: every *.yaml in them is read,
 * whatever its name, belongs to the family that it names, and overrides earlier ones entry by entry.
 * Numbers are kept in the unit in which they were published and converted when used.
 *
 * The first dot of a key ends the family's name and becomes part of a path: only lower-case letters,
 * digits and '-' are accepted there, so a hostile key reaches no other folder. */
#define _GNU_SOURCE
#include "mj/fact.h"

#include "mj/scaling.h"
#include "mj/spec.h"
#include "mj/text.h"

#include <dirent.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENTRIES_MAX = 256, SOURCES_MAX = 512, FAMILIES_MAX = 128, MORE_MAX = 256 };

static const char key_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
static const char family_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

#define BOUNDARY_NAME(name, text) [MJ_BOUNDARY_##name] = text,
const char *const mj_boundary_names[] = {"", MJ_BOUNDARY_LIST(BOUNDARY_NAME) NULL};
#undef BOUNDARY_NAME

static const char *const scaling_names[] = {"none", "arith", "sram", "wire", "leak", "area", NULL};

typedef struct {
    const char *name, *what, *note, *source;
    mj_quantity value;
    double node_m, vdd_V;
    int year, boundary, scaling;
} fact_entry;

typedef struct {
    const char *family, *note; /* of the entries without one */
    fact_entry entry[ENTRIES_MAX];
    int n_entries;
} fact_file;

typedef struct {
    mj_source source[SOURCES_MAX];
    int n_sources;
} source_file;

typedef struct {
    const char *name;
    mj_fact *fact;
    int n;
} fact_family;

/* A file of the user's folders. */
typedef struct {
    const char *path;
    const fact_file *file;
} more_file;

struct mj_facts {
    mj_arena arena; /* all texts and facts */
    const mj_units *units;
    const char *const *dirs;
    int n_dirs;
    const char *sources_path;
    fact_family family[FAMILIES_MAX];
    int n_families;
    more_file more[MORE_MAX]; /* in the order in which they override */
    int n_more;
    bool has_more;            /* the user's folders have been read */
    const source_file *sources; /* NULL: not read yet */
};

#define AT(type, member) .offset = offsetof(type, member)
#define NUMBER .min = 0, .max = DBL_MAX
static const mj_spec_field entry_fields[] = {
    {.key = "name", .kind = MJ_SPEC_TEXT, .required = true, AT(fact_entry, name)},
    {.key = "what", .kind = MJ_SPEC_TEXT, .required = true, AT(fact_entry, what)},
    {.key = "value", .kind = MJ_SPEC_QUANTITY, .required = true, AT(fact_entry, value), NUMBER},
    {.key = "from", .kind = MJ_SPEC_TEXT, .required = true, AT(fact_entry, source)},
    {.key = "note", .kind = MJ_SPEC_TEXT, AT(fact_entry, note)},
    {.key = "node", .kind = MJ_SPEC_REAL, AT(fact_entry, node_m), .unit = "m", .min = 1e-10,
     .max = 1e-5},
    {.key = "vdd", .kind = MJ_SPEC_REAL, AT(fact_entry, vdd_V), .unit = "V", .min = 1e-3, .max = 50},
    {.key = "year", .kind = MJ_SPEC_INT, AT(fact_entry, year), .min = 1900, .max = 2100},
    {.key = "boundary", .kind = MJ_SPEC_CHOICE, AT(fact_entry, boundary),
     .choices = mj_boundary_names},
    {.key = "scaling", .kind = MJ_SPEC_CHOICE, AT(fact_entry, scaling), .choices = scaling_names},
};

static const mj_spec_schema entry_schema = {
    .name = "fact", .fields = entry_fields, .n_fields = sizeof entry_fields / sizeof entry_fields[0],
    .size = sizeof(fact_entry), .name_key = "name"};

static const mj_spec_field fact_fields[] = {
    {.key = "facts", .kind = MJ_SPEC_TEXT, .required = true, AT(fact_file, family)},
    {.key = "note", .kind = MJ_SPEC_TEXT, AT(fact_file, note)},
    {.key = "entries", .kind = MJ_SPEC_LIST, .required = true, AT(fact_file, entry),
     .sub = &entry_schema, .count_offset = offsetof(fact_file, n_entries), .max_items = ENTRIES_MAX},
};

const mj_spec_schema mj_fact_schema = {
    .name = "facts", .fields = fact_fields, .n_fields = sizeof fact_fields / sizeof fact_fields[0],
    .size = sizeof(fact_file)};

static const mj_spec_field source_fields[] = {
    {.key = "key", .kind = MJ_SPEC_TEXT, .required = true, AT(mj_source, key)},
    {.key = "title", .kind = MJ_SPEC_TEXT, .required = true, AT(mj_source, title)},
    {.key = "url", .kind = MJ_SPEC_TEXT, AT(mj_source, url)},
    {.key = "check", .kind = MJ_SPEC_TEXT, .required = true, AT(mj_source, check)},
    {.key = "year", .kind = MJ_SPEC_INT, .required = true, AT(mj_source, year), .min = 1600,
     .max = 2100},
};

static const mj_spec_schema source_schema = {
    .name = "source", .fields = source_fields,
    .n_fields = sizeof source_fields / sizeof source_fields[0], .size = sizeof(mj_source),
    .name_key = "key"};

static const mj_spec_field sources_fields[] = {
    {.key = "sources", .kind = MJ_SPEC_LIST, .required = true, AT(source_file, source),
     .sub = &source_schema, .count_offset = offsetof(source_file, n_sources),
     .max_items = SOURCES_MAX},
};

static const mj_spec_schema sources_schema = {
    .name = "sources", .fields = sources_fields,
    .n_fields = sizeof sources_fields / sizeof sources_fields[0], .size = sizeof(source_file)};
#undef AT
#undef NUMBER

static mj_status out_of_memory(mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory while reading facts");
}

mj_facts *mj_facts_new(const char *const *dirs, int n_dirs, const char *sources_path,
                       const mj_units *units)
{
    mj_facts *facts = calloc(1, sizeof *facts);
    if (facts) {
        mj_arena_init(&facts->arena, 0);
        facts->units = units;
        facts->dirs = dirs;
        facts->n_dirs = n_dirs;
        facts->sources_path = sources_path;
    }
    return facts;
}

void mj_facts_free(mj_facts *facts)
{
    if (facts) {
        mj_arena_fini(&facts->arena);
        free(facts);
    }
}

/* Puts an entry into the family, in the place of an earlier folder's entry of that name. */
static mj_status family_put(fact_family *family, const fact_entry *e, const char *note, const char *path,
                            mj_facts *facts, mj_err *err)
{
    if (e->name[strspn(e->name, key_letters)] != '\0') {
        return mj_err_add(err, MJ_ESYNTAX, path, 0, 0,
                          "the fact '%s': names have lower-case letters, digits, '-' and '.'", e->name);
    }
    char *key = mj_arena_printf(&facts->arena, "%s.%s", family->name, e->name);
    if (!key) {
        return out_of_memory(err);
    }
    int i = 0;
    while (i < family->n && strcmp(family->fact[i].key, key) != 0) {
        i++;
    }
    family->fact[i] = (mj_fact){.key = key,
                                .what = e->what,
                                .value = e->value,
                                .node_m = e->node_m,
                                .vdd_V = e->vdd_V,
                                .year = e->year,
                                .boundary = (mj_boundary)e->boundary,
                                .scaling = scaling_names[e->scaling],
                                .note = e->note ? e->note : note};
    family->fact[i].value.fact = key;
    family->n += i == family->n;
    return MJ_OK;
}

static mj_status file_load(const fact_file **out, const char *path, mj_facts *facts, mj_err *err)
{
    fact_file *file = mj_arena_alloc(&facts->arena, sizeof *file);
    *out = file;
    if (!file) {
        return out_of_memory(err);
    }
    return mj_spec_load(file, &mj_fact_schema, path, facts->units, &facts->arena, err);
}

static mj_status family_add(fact_family *family, const fact_file *file, const char *path,
                            mj_facts *facts, mj_err *err)
{
    mj_fact *fact = mj_arena_array(&facts->arena, (size_t)(family->n + file->n_entries), sizeof *fact);
    if (!fact) {
        return out_of_memory(err);
    }
    if (family->n > 0) {
        memcpy(fact, family->fact, (size_t)family->n * sizeof *fact);
    }
    family->fact = fact;
    for (int i = 0; i < file->n_entries; i++) {
        MJ_TRY(family_put(family, &file->entry[i], file->note, path, facts, err));
    }
    return MJ_OK;
}

/* Adds the entries of the shipped file of that name, if there is one. */
static mj_status family_read(fact_family *family, mj_facts *facts, mj_err *err)
{
    const fact_file *file = NULL;
    const char *dir = facts->dirs[0];
    if (access(dir, R_OK | X_OK) != 0) {
        return mj_err_add(err, MJ_EFILE, dir, 0, 0, "cannot open this folder of facts");
    }
    const char *path = mj_arena_printf(&facts->arena, "%s/%s.yaml", dir, family->name);
    if (!path) {
        return out_of_memory(err);
    }
    if (access(path, F_OK) != 0) {
        return MJ_OK;
    }
    MJ_TRY(file_load(&file, path, facts, err));
    if (strcmp(file->family, family->name) != 0) {
        return mj_err_add(err, MJ_EKEY, path, 0, 0, "holds the facts of '%s', not of '%s'",
                          file->family, family->name);
    }
    return family_add(family, file, path, facts, err);
}

/* The stem of NAME.yaml, in the arena; NULL for other files and hidden ones. */
static const char *yaml_stem(mj_facts *facts, const char *name)
{
    static const char ending[] = ".yaml";
    size_t length = strlen(name), n = length - strlen(ending);
    bool is_yaml = length > strlen(ending) && name[0] != '.' && strcmp(name + n, ending) == 0;
    return is_yaml ? mj_arena_text(&facts->arena, name, n) : NULL;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The stems of a folder's *.yaml, sorted, so that no order of a file system decides. */
static mj_status dir_stems(const char **stem, int *n, mj_facts *facts, const char *dir, mj_err *err)
{
    DIR *d = opendir(dir);
    if (!d) {
        return mj_err_add(err, MJ_EFILE, dir, 0, 0, "cannot open this folder of facts");
    }
    *n = 0;
    for (struct dirent *entry; (entry = readdir(d)) && *n < MORE_MAX;) {
        stem[*n] = yaml_stem(facts, entry->d_name);
        *n += stem[*n] != NULL;
    }
    closedir(d);
    qsort(stem, (size_t)*n, sizeof *stem, compare_texts);
    return MJ_OK;
}

static mj_status more_dir_read(mj_facts *facts, const char *dir, mj_err *err)
{
    const char *stem[MORE_MAX];
    int n;
    mj_status status = MJ_OK;
    MJ_TRY(dir_stems(stem, &n, facts, dir, err));
    for (int i = 0; i < n; i++) {
        if (facts->n_more == MORE_MAX) {
            return mj_err_add(err, MJ_ELIMIT, dir, 0, 0, "more than %d files of facts", MORE_MAX);
        }
        const char *path = mj_arena_printf(&facts->arena, "%s/%s.yaml", dir, stem[i]);
        if (!path) {
            return out_of_memory(err);
        }
        more_file *more = &facts->more[facts->n_more];
        *more = (more_file){.path = path};
        mj_status one = file_load(&more->file, path, facts, err);
        facts->n_more += one == MJ_OK;
        status = status == MJ_OK ? one : status; /* goes on, to report them all */
    }
    return status;
}

mj_status mj_facts_read_more(mj_facts *facts, mj_err *err)
{
    if (facts->has_more) {
        return MJ_OK;
    }
    facts->n_more = 0;
    for (int i = 1; i < facts->n_dirs; i++) {
        MJ_TRY(more_dir_read(facts, facts->dirs[i], err));
    }
    facts->has_more = true;
    return MJ_OK;
}

/* The family `name`, read if need be. One without a file is empty. */
static mj_status family_get(const fact_family **out, mj_facts *facts, const char *name, mj_err *err)
{
    for (int i = 0; i < facts->n_families; i++) {
        if (strcmp(facts->family[i].name, name) == 0) {
            *out = &facts->family[i];
            return MJ_OK;
        }
    }
    if (facts->n_families == FAMILIES_MAX) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0, "more than %d families of facts", FAMILIES_MAX);
    }
    if (name[strspn(name, family_letters)] != '\0') {
        return mj_err_add(err, MJ_ENAME, NULL, 0, 0,
                          "the family of facts '%s': names have lower-case letters, digits and '-'",
                          name);
    }
    fact_family family = {.name = mj_arena_text(&facts->arena, name, strlen(name))};
    if (!family.name) {
        return out_of_memory(err);
    }
    MJ_TRY(mj_facts_read_more(facts, err));
    MJ_TRY(family_read(&family, facts, err));
    for (int i = 0; i < facts->n_more; i++) {
        const more_file *more = &facts->more[i];
        if (strcmp(more->file->family, name) == 0) {
            MJ_TRY(family_add(&family, more->file, more->path, facts, err));
        }
    }
    if (family.n > 0) {
        facts->family[facts->n_families++] = family;
        *out = &facts->family[facts->n_families - 1];
        return MJ_OK;
    }
    static const fact_family none = {.name = "", .fact = NULL, .n = 0};
    *out = &none;
    return MJ_OK;
}

/* Every family of every folder; what is no name of a family is no fact file and passed over. */
static mj_status families_read(mj_facts *facts, mj_err *err)
{
    const char *stem[MORE_MAX];
    const fact_family *family;
    int n;
    MJ_TRY(dir_stems(stem, &n, facts, facts->dirs[0], err));
    for (int i = 0; i < n; i++) {
        if (stem[i][strspn(stem[i], family_letters)] == '\0') {
            MJ_TRY(family_get(&family, facts, stem[i], err));
        }
    }
    for (int i = 0; i < facts->n_more; i++) {
        MJ_TRY(family_get(&family, facts, facts->more[i].file->family, err));
    }
    return MJ_OK;
}

static int compare_keys(const void *a, const void *b)
{
    const mj_fact *const *left = a, *const *right = b;
    return strcmp((*left)->key, (*right)->key);
}

mj_status mj_facts_list(const mj_fact ***list, int *n, mj_facts *facts, const char *pattern,
                        mj_err *err)
{
    size_t total = 0;
    MJ_TRY(families_read(facts, err));
    for (int i = 0; i < facts->n_families; i++) {
        total += (size_t)facts->family[i].n;
    }
    *n = 0;
    *list = mj_arena_array(&facts->arena, total, sizeof **list);
    if (!*list) {
        return out_of_memory(err);
    }
    for (int i = 0; i < facts->n_families; i++) {
        for (int k = 0; k < facts->family[i].n; k++) {
            const mj_fact *fact = &facts->family[i].fact[k];
            if (!pattern || strcasestr(fact->key, pattern) || strcasestr(fact->what, pattern)) {
                (*list)[(*n)++] = fact;
            }
        }
    }
    qsort(*list, (size_t)*n, sizeof **list, compare_keys);
    return MJ_OK;
}

/* Reports an unknown key with the nearest one of its family, or of all where the family has none. */
static mj_status unknown_fact(mj_facts *facts, const fact_family *family, const char *key, mj_err *err)
{
    int n = family->n;
    const mj_fact **all = NULL;
    if (n == 0 && mj_facts_list(&all, &n, facts, NULL, NULL) != MJ_OK) {
        n = 0;
    }
    const char **keys = mj_arena_array(&facts->arena, (size_t)n, sizeof *keys);
    if (!keys) {
        return out_of_memory(err);
    }
    for (int i = 0; i < n; i++) {
        keys[i] = all ? all[i]->key : family->fact[i].key;
    }
    const char *near = mj_text_nearest(key, keys, (size_t)n);
    return mj_err_add(err, MJ_ENAME, NULL, 0, 0, "there is no fact '%s'%s%s%s", key,
                      near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

mj_status mj_facts_find(const mj_fact **fact, mj_facts *facts, const char *key, mj_err *err)
{
    static const fact_family none = {.name = "", .fact = NULL, .n = 0};
    const fact_family *family = &none;
    size_t length = strcspn(key, ".");
    if (length > 0 && key[length] == '.' && strspn(key, family_letters) == length) {
        const char *name = mj_arena_text(&facts->arena, key, length);
        if (!name) {
            return out_of_memory(err);
        }
        MJ_TRY(family_get(&family, facts, name, err));
    }
    for (int i = 0; i < family->n; i++) {
        if (strcmp(family->fact[i].key, key) == 0) {
            *fact = &family->fact[i];
            return MJ_OK;
        }
    }
    return unknown_fact(facts, family, key, err);
}

/* What a value given on the command line cites. */
static const mj_source user_source = {
    .key = "user", .title = "given by the user", .check = "not checked"};

mj_status mj_facts_sources(const mj_source **list, int *n, mj_facts *facts, mj_err *err)
{
    if (!facts->sources) {
        source_file *file = mj_arena_alloc(&facts->arena, sizeof *file);
        if (!file) {
            return out_of_memory(err);
        }
        MJ_TRY(mj_spec_load(file, &sources_schema, facts->sources_path, facts->units, &facts->arena,
                            err));
        facts->sources = file;
    }
    *list = facts->sources->source;
    *n = facts->sources->n_sources;
    return MJ_OK;
}

mj_status mj_facts_source(const mj_source **source, mj_facts *facts, const char *key, mj_err *err)
{
    const mj_source *all;
    int n;
    if (strcmp(key, user_source.key) == 0) {
        *source = &user_source;
        return MJ_OK;
    }
    MJ_TRY(mj_facts_sources(&all, &n, facts, err));
    const char *keys[SOURCES_MAX];
    for (int i = 0; i < n; i++) {
        if (strcmp(all[i].key, key) == 0) {
            *source = &all[i];
            return MJ_OK;
        }
        keys[i] = all[i].key;
    }
    const char *near = mj_text_nearest(key, keys, (size_t)n);
    return mj_err_add(err, MJ_ENAME, facts->sources_path, 0, 0, "there is no source '%s'%s%s%s", key,
                      near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

mj_status mj_facts_quantity(mj_quantity *quantity, mj_facts *facts, const char *key,
                            const char *want, double node_m, mj_err *err)
{
    const mj_fact *fact;
    double factor;
    mj_scale scale = {1, 1, 1};
    MJ_TRY(mj_facts_find(&fact, facts, key, err));
    mj_status status = mj_units_factor(facts->units, fact->value.unit, want, &factor);
    if (status != MJ_OK) {
        return mj_err_add(err, status, NULL, 0, 0, "the fact %s is in %s, which is no %s", key,
                          fact->value.unit, want);
    }
    if (node_m > 0 && fact->node_m > 0) {
        MJ_TRY(mj_scale_compute(&scale, fact->scaling, fact->node_m, node_m, err));
    }
    *quantity = fact->value;
    quantity->lo *= factor * scale.lo;
    quantity->typ *= factor * scale.typ;
    quantity->hi *= factor * scale.hi;
    quantity->unit = want;
    /* Classes are listed from the most trusted down: a scaled number is derived at best. */
    bool scaled = scale.lo != 1 || scale.hi != 1;
    if (scaled && quantity->cls < MJ_CLASS_DERIVED) {
        quantity->cls = MJ_CLASS_DERIVED;
    }
    return MJ_OK;
}
