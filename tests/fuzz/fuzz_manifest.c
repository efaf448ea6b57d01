/* Fuzz target: manifests of realised circuits. A refusal names a reason; what is accepted has only names
 * that a path or a script may hold, and is read back as it was written. */
#include "mj/manifest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool is_plain(const char *word)
{
    for (const char *c = word; *c; c++) {
        if (!(isascii((unsigned char)*c) && isalnum((unsigned char)*c)) && !strchr("_.-", *c)) {
            return false;
        }
    }
    return *word && *word != '.';
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void require_same(const mj_manifest *a, const mj_manifest *b)
{
    require(same_text(a->name, b->name) && same_text(a->model, b->model) &&
            same_text(a->liberty, b->liberty) && same_text(a->vectors_from, b->vectors_from));
    require(a->n_inputs == b->n_inputs && a->n_signals == b->n_signals && a->n_groups == b->n_groups &&
            a->n_class_bits == b->n_class_bits && a->n_vectors == b->n_vectors &&
            a->n_nodes == b->n_nodes && a->n_files == b->n_files && a->n_tools == b->n_tools &&
            a->mapped == b->mapped && a->naive == b->naive);
    require(mj_manifest_checked_bits(a) == mj_manifest_checked_bits(b));
    for (int i = 0; i < a->n_files; i++) {
        require(same_text(a->file[i].name, b->file[i].name) &&
                same_text(a->file[i].sha256, b->file[i].sha256));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char folder[] = "/tmp/mj-fuzz-manifest-XXXXXX", path[64];
    static bool has_folder;
    mj_arena arena;
    mj_manifest manifest, again;
    mj_err err = {0};
    if (!has_folder) {
        require(mkdtemp(folder) != NULL);
        snprintf(path, sizeof path, "%s/" MJ_MANIFEST_FILE, folder);
        has_folder = true;
    }
    FILE *file = fopen(path, "w");
    require(file != NULL);
    bool written = fwrite(data, 1, size, file) == size;
    require(fclose(file) == 0 && written);
    mj_arena_init(&arena, (size_t)64 << 20);
    const mj_status status = mj_manifest_load(&manifest, folder, &arena, &err);
    require((status == MJ_OK) == (err.n == 0));
    if (status == MJ_OK) {
        require(is_plain(manifest.name) && !isdigit((unsigned char)*manifest.name));
        for (int i = 0; i < manifest.n_files; i++) {
            require(is_plain(manifest.file[i].name));
        }
        require(mj_manifest_save(&manifest, folder, &err) == MJ_OK);
        require(mj_manifest_load(&again, folder, &arena, &err) == MJ_OK);
        require_same(&manifest, &again);
    }
    unlink(path);
    mj_arena_fini(&arena);
    return 0;
}
