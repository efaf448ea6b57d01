/* Manifest: one JSON object, written in one order and read with every value checked. */
#include "mj/manifest.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "mj/draft.h"
#include "mj/json.h"

enum { NAME_MAX_B = 64, COUNT_MAX = 1 << 24, BITS_MAX = 31 };
static const double NODE_MAX_m = 1e-3, VOLTAGE_MAX_V = 1e3, SCALE_MAX = 1e9;

int mj_manifest_checked_bits(const mj_manifest *manifest)
{
    int n = manifest->n_signals + manifest->n_class_bits;
    for (int g = 0; g < manifest->n_groups; g++) {
        n += manifest->group[g].n_bits;
    }
    return n;
}

mj_status mj_manifest_add_file(mj_manifest *manifest, const char *folder, const char *name,
                               mj_arena *arena, mj_err *err)
{
    int at = 0;
    while (at < manifest->n_files && strcmp(manifest->file[at].name, name) != 0) {
        at++;
    }
    if (at == MJ_MANIFEST_FILES_MAX) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0, "more than %d files", MJ_MANIFEST_FILES_MAX);
    }
    const char *path = mj_arena_printf(arena, "%s/%s", folder, name);
    manifest->file[at].name = mj_arena_text(arena, name, strlen(name));
    if (!path || !manifest->file[at].name) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a path");
    }
    MJ_TRY(mj_sha256_file(manifest->file[at].sha256, path, err));
    manifest->n_files = at < manifest->n_files ? manifest->n_files : at + 1;
    return MJ_OK;
}

int mj_manifest_changed(const char **first, const mj_manifest *manifest, const char *folder,
                        mj_arena *arena)
{
    int n = 0;
    *first = NULL;
    for (int i = 0; i < manifest->n_files; i++) {
        char now[MJ_SHA256_TEXT] = "";
        const char *path = mj_arena_printf(arena, "%s/%s", folder, manifest->file[i].name);
        if (!path || mj_sha256_file(now, path, NULL) != MJ_OK ||
            strcmp(now, manifest->file[i].sha256) != 0) {
            *first = n++ == 0 ? manifest->file[i].name : *first;
        }
    }
    return n;
}

static void set_circuit(mj_json *root, const mj_manifest *m)
{
    mj_json *ports = mj_json_object(), *groups = mj_json_array();
    mj_json_set_integer(ports, "inputs", m->n_inputs);
    mj_json_set_integer(ports, "signals", m->n_signals);
    mj_json_set_integer(ports, "class_bits", m->n_class_bits);
    mj_json_set(root, "ports", ports);
    for (int g = 0; g < m->n_groups; g++) {
        mj_json *group = mj_json_object();
        mj_json_set_integer(group, "outputs", m->group[g].n_outputs);
        mj_json_set_integer(group, "bits", m->group[g].n_bits);
        mj_json_append(groups, group);
    }
    mj_json_set(root, "groups", groups);
    mj_json_set_number(root, "scale", m->scale);
}

static void set_origin(mj_json *root, const mj_manifest *m)
{
    mj_json *model = mj_json_object(), *program = mj_json_object();
    mj_json_set_text(model, "name", m->model);
    mj_json_set_text(model, "sha256", m->model_sha256[0] ? m->model_sha256 : NULL);
    mj_json_set_integer(model, "nodes", m->n_nodes);
    mj_json_set(root, "model", model);
    mj_json_set_text(program, "version", m->version);
    mj_json_set_text(program, "commit", m->commit);
    mj_json_set(root, "mj", program);
}

static void set_cells(mj_json *root, const mj_manifest *m)
{
    if (!m->liberty) {
        return;
    }
    mj_json *liberty = mj_json_object();
    mj_json_set_text(liberty, "path", m->liberty);
    mj_json_set_text(liberty, "sha256", m->liberty_sha256[0] ? m->liberty_sha256 : NULL);
    if (m->node_m > 0) {
        mj_json_set_number(liberty, "node_m", m->node_m);
    }
    mj_json_set_number(liberty, "voltage_V", m->voltage_V);
    mj_json_set(root, "liberty", liberty);
}

static void set_vectors(mj_json *root, const mj_manifest *m)
{
    char seed[24];
    mj_json *vectors = mj_json_object();
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)m->seed);
    mj_json_set_integer(vectors, "n", m->n_vectors);
    mj_json_set_text(vectors, "from", m->vectors_from);
    mj_json_set_text(vectors, "seed", seed); /* as text: a double has not all of 64 bits */
    mj_json_set(root, "vectors", vectors);
}

static void set_lists(mj_json *root, const mj_manifest *m)
{
    mj_json *files = mj_json_array(), *tools = mj_json_array();
    for (int i = 0; i < m->n_files; i++) {
        mj_json *file = mj_json_object();
        mj_json_set_text(file, "name", m->file[i].name);
        mj_json_set_text(file, "sha256", m->file[i].sha256[0] ? m->file[i].sha256 : NULL);
        mj_json_append(files, file);
    }
    for (int i = 0; i < m->n_tools; i++) {
        mj_json *tool = mj_json_object();
        mj_json_set_text(tool, "program", m->tool[i].program);
        mj_json_set_text(tool, "version", m->tool[i].version);
        mj_json_append(tools, tool);
    }
    mj_json_set(root, "tools", tools);
    mj_json_set(root, "files", files);
}

mj_status mj_manifest_save(const mj_manifest *m, const char *folder, mj_err *err)
{
    char path[MJ_DRAFT_PATH_MAX];
    mj_draft draft;
    snprintf(path, sizeof path, "%s/" MJ_MANIFEST_FILE, folder);
    MJ_TRY(mj_draft_open(&draft, path, err));
    mj_json *root = mj_json_object();
    mj_json_set_integer(root, "schema", MJ_MANIFEST_SCHEMA);
    mj_json_set_text(root, "kind", m->kind);
    mj_json_set_text(root, "name", m->name);
    set_origin(root, m);
    mj_json_set_bool(root, "mapped", m->mapped);
    mj_json_set_text(root, "readout", m->naive ? "operators" : "adders");
    set_circuit(root, m);
    set_cells(root, m);
    set_vectors(root, m);
    set_lists(root, m);
    mj_status status = mj_json_print(root, draft.out, err);
    mj_json_free(root);
    if (status != MJ_OK) {
        mj_draft_abandon(&draft);
        return status;
    }
    return mj_draft_close(&draft, err);
}

/* What the functions that read share. */
typedef struct {
    const char *path;
    mj_arena *arena;
    mj_err *err;
} reader;

static mj_status get_text(const char **text, const reader *r, const mj_json *object, const char *key,
                          bool required)
{
    const char *found = mj_json_text(mj_json_get(object, key));
    if (!found) {
        *text = NULL;
        return required ? mj_err_add(r->err, MJ_EKEY, r->path, 0, 0, "no text '%s'", key) : MJ_OK;
    }
    *text = mj_arena_text(r->arena, found, strlen(found));
    return *text ? MJ_OK : mj_err_add(r->err, MJ_EMEM, NULL, 0, 0, "no memory for a manifest");
}

static mj_status get_number(double *number, const reader *r, const mj_json *object, const char *key,
                            double most)
{
    if (!mj_json_number(mj_json_get(object, key), number)) {
        return mj_err_add(r->err, MJ_EKEY, r->path, 0, 0, "no number '%s'", key);
    }
    return *number >= 0 && *number <= most
               ? MJ_OK
               : mj_err_add(r->err, MJ_ERANGE, r->path, 0, 0, "'%s' is out of range", key);
}

static mj_status get_count(int *count, const reader *r, const mj_json *object, const char *key,
                           int least, int most)
{
    double number;
    MJ_TRY(get_number(&number, r, object, key, most));
    *count = (int)number;
    return *count == number && *count >= least
               ? MJ_OK
               : mj_err_add(r->err, MJ_ERANGE, r->path, 0, 0, "'%s' is out of range", key);
}

/* A word of letters, digits, _ and those of `also`, that does not begin with a point. */
static bool is_plain(const char *word, const char *also)
{
    size_t n = 0;
    for (; word[n]; n++) {
        unsigned char c = (unsigned char)word[n];
        if (!(isascii(c) && isalnum(c)) && c != '_' && !strchr(also, c)) {
            return false;
        }
    }
    return n > 0 && n <= NAME_MAX_B && word[0] != '.';
}

/* Of 64 lower-case hexadecimal digits, or absent. */
static mj_status get_hash(char hash[MJ_SHA256_TEXT], const reader *r, const mj_json *object)
{
    const char *text = mj_json_text(mj_json_get(object, "sha256"));
    hash[0] = '\0';
    if (text && (strlen(text) != MJ_SHA256_TEXT - 1 || text[strspn(text, "0123456789abcdef")])) {
        return mj_err_add(r->err, MJ_ESYNTAX, r->path, 0, 0, "a 'sha256' is none");
    }
    snprintf(hash, MJ_SHA256_TEXT, "%s", text ? text : "");
    return MJ_OK;
}

static mj_status get_circuit(mj_manifest *m, const reader *r, const mj_json *root)
{
    const mj_json *ports = mj_json_get(root, "ports"), *groups = mj_json_get(root, "groups");
    long long n_bits = 0;
    m->n_groups = (int)mj_json_length(groups);
    if (m->n_groups < 1) {
        return mj_err_add(r->err, MJ_EKEY, r->path, 0, 0, "no list 'groups'");
    }
    m->group = mj_arena_array(r->arena, (size_t)m->n_groups, sizeof *m->group);
    if (!m->group) {
        return mj_err_add(r->err, MJ_EMEM, NULL, 0, 0, "no memory for a manifest");
    }
    for (int g = 0; g < m->n_groups; g++) {
        const mj_json *group = mj_json_at(groups, (size_t)g);
        MJ_TRY(get_count(&m->group[g].n_outputs, r, group, "outputs", 0, COUNT_MAX));
        MJ_TRY(get_count(&m->group[g].n_bits, r, group, "bits", 1, BITS_MAX));
        n_bits += m->group[g].n_bits;
    }
    MJ_TRY(get_count(&m->n_inputs, r, ports, "inputs", 1, COUNT_MAX));
    MJ_TRY(get_count(&m->n_signals, r, ports, "signals", 1, COUNT_MAX));
    MJ_TRY(get_count(&m->n_class_bits, r, ports, "class_bits", 0, BITS_MAX));
    if (n_bits > COUNT_MAX) {
        return mj_err_add(r->err, MJ_ERANGE, r->path, 0, 0, "too many bits of scores");
    }
    return get_number(&m->scale, r, root, "scale", SCALE_MAX);
}

static mj_status get_origin(mj_manifest *m, const reader *r, const mj_json *root)
{
    const mj_json *model = mj_json_get(root, "model"), *program = mj_json_get(root, "mj");
    const mj_json *liberty = mj_json_get(root, "liberty");
    MJ_TRY(get_text(&m->model, r, model, "name", true));
    MJ_TRY(get_hash(m->model_sha256, r, model));
    MJ_TRY(get_count(&m->n_nodes, r, model, "nodes", 0, COUNT_MAX));
    MJ_TRY(get_text(&m->version, r, program, "version", false));
    MJ_TRY(get_text(&m->commit, r, program, "commit", false));
    if (!liberty) {
        return MJ_OK;
    }
    MJ_TRY(get_text(&m->liberty, r, liberty, "path", true));
    MJ_TRY(get_hash(m->liberty_sha256, r, liberty));
    if (mj_json_get(liberty, "node_m")) {
        MJ_TRY(get_number(&m->node_m, r, liberty, "node_m", NODE_MAX_m));
    }
    return get_number(&m->voltage_V, r, liberty, "voltage_V", VOLTAGE_MAX_V);
}

static mj_status get_vectors(mj_manifest *m, const reader *r, const mj_json *root)
{
    const char *seed;
    const mj_json *vectors = mj_json_get(root, "vectors");
    MJ_TRY(get_count(&m->n_vectors, r, vectors, "n", 1, COUNT_MAX));
    MJ_TRY(get_text(&m->vectors_from, r, vectors, "from", true));
    MJ_TRY(get_text(&seed, r, vectors, "seed", false));
    m->seed = seed ? strtoull(seed, NULL, 10) : 0;
    return MJ_OK;
}

static mj_status get_lists(mj_manifest *m, const reader *r, const mj_json *root)
{
    const mj_json *files = mj_json_get(root, "files"), *tools = mj_json_get(root, "tools");
    size_t n_files = mj_json_length(files), n_tools = mj_json_length(tools);
    if (n_files > MJ_MANIFEST_FILES_MAX || n_tools > MJ_MANIFEST_TOOLS_MAX) {
        return mj_err_add(r->err, MJ_ELIMIT, r->path, 0, 0, "too many files or tools");
    }
    for (size_t i = 0; i < n_files; i++, m->n_files++) {
        MJ_TRY(get_text(&m->file[i].name, r, mj_json_at(files, i), "name", true));
        MJ_TRY(get_hash(m->file[i].sha256, r, mj_json_at(files, i)));
        if (!is_plain(m->file[i].name, ".-")) {
            return mj_err_add(r->err, MJ_ERANGE, r->path, 0, 0, "'%s' is no name of a file here",
                              m->file[i].name);
        }
    }
    for (size_t i = 0; i < n_tools; i++, m->n_tools++) {
        MJ_TRY(get_text(&m->tool[i].program, r, mj_json_at(tools, i), "program", true));
        MJ_TRY(get_text(&m->tool[i].version, r, mj_json_at(tools, i), "version", true));
    }
    return MJ_OK;
}

static mj_status get_all(mj_manifest *m, const reader *r, const mj_json *root)
{
    int schema;
    const char *readout;
    MJ_TRY(get_count(&schema, r, root, "schema", 1, INT_MAX));
    MJ_TRY(get_text(&m->kind, r, root, "kind", true));
    if (schema != MJ_MANIFEST_SCHEMA || strcmp(m->kind, "verilog") != 0) {
        return mj_err_add(r->err, MJ_ESUPPORT, r->path, 0, 0,
                          "a circuit of kind '%s', schema %d; this reads 'verilog', schema %d",
                          m->kind, schema, MJ_MANIFEST_SCHEMA);
    }
    MJ_TRY(get_text(&m->name, r, root, "name", true));
    if (!is_plain(m->name, "") || isdigit((unsigned char)m->name[0])) {
        return mj_err_add(r->err, MJ_ERANGE, r->path, 0, 0, "'%s' is no name of a module", m->name);
    }
    MJ_TRY(get_text(&readout, r, root, "readout", true));
    m->naive = strcmp(readout, "operators") == 0;
    if (!mj_json_bool(mj_json_get(root, "mapped"), &m->mapped)) {
        return mj_err_add(r->err, MJ_EKEY, r->path, 0, 0, "no truth value 'mapped'");
    }
    MJ_TRY(get_circuit(m, r, root));
    MJ_TRY(get_origin(m, r, root));
    MJ_TRY(get_vectors(m, r, root));
    return get_lists(m, r, root);
}

mj_status mj_manifest_load(mj_manifest *manifest, const char *folder, mj_arena *arena, mj_err *err)
{
    char *path = mj_arena_printf(arena, "%s/" MJ_MANIFEST_FILE, folder);
    *manifest = (mj_manifest){.kind = NULL};
    if (!path) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a path");
    }
    mj_json *root = mj_json_load(path, err);
    if (!root) {
        return err && err->n > 0 ? err->diag[err->n - 1].code : MJ_EFILE;
    }
    const reader r = {.path = path, .arena = arena, .err = err};
    mj_status status = get_all(manifest, &r, root);
    mj_json_free(root);
    return status;
}
