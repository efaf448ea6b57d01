/* File kinds: "GGUF" at the start, "{" for a config.json, eight bytes and "{" for safetensors, else the
 * first top-level key of the YAML that names a kind (chip:, model:, facts:, ladder:, recipe:). */
#include "file_kind.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* No spec is larger; the readers refuse what is. */
static const long spec_max_B = 4l << 20;

const char *mj_file_kind_text(mj_file_kind kind)
{
    static const char *const texts[] = {"",     "GGUF model", "Hugging Face config",
                                        "chip", "model",      "facts", "ladder",
                                        "recipe", "trained model"};
    return texts[kind];
}

static mj_file_kind kind_of_line(const char *line)
{
    static const struct {
        const char *key;
        mj_file_kind kind;
    } keys[] = {{"chip", MJ_FILE_CHIP}, {"model", MJ_FILE_MODEL}, {"facts", MJ_FILE_FACTS},
                {"ladder", MJ_FILE_LADDER}, {"recipe", MJ_FILE_RECIPE}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        size_t length = strlen(keys[i].key);
        if (strncmp(line, keys[i].key, length) == 0 && line[length] == ':') {
            return keys[i].kind;
        }
    }
    return MJ_FILE_NONE;
}

/* Characters that no text has: a spec with one gets its place from the reader, which needs a kind. */
static bool is_binary(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < ' ' && c != '\n' && c != '\r' && c != '\t') {
            return true;
        }
    }
    return false;
}

/* The length of the header as eight bytes, little end first, then the header's JSON. */
static bool is_safetensors(FILE *file)
{
    unsigned char start[9];
    bool is = fread(start, 1, sizeof start, file) == sizeof start && start[8] == '{' &&
              start[6] == 0 && start[7] == 0;
    rewind(file);
    return is;
}

static mj_file_kind kind_of_text(FILE *file)
{
    mj_file_kind kind = MJ_FILE_NONE;
    char line[512];
    bool first = true, is_start = true;
    while (kind == MJ_FILE_NONE && fgets(line, sizeof line, file) != NULL) {
        const char *text = first && strncmp(line, "\xEF\xBB\xBF", 3) == 0 ? line + 3 : line;
        const char *word = text + strspn(text, " \t\r\n");
        if (first && strncmp(line, "GGUF", 4) == 0) {
            kind = MJ_FILE_GGUF;
        } else if (first && *word == '{') {
            kind = MJ_FILE_CONFIG;
        } else if (is_start) {
            kind = kind_of_line(text);
        }
        first = first && *word == '\0';
        is_start = strchr(line, '\n') != NULL; /* a longer line comes in pieces */
    }
    return kind;
}

/* Why an open file has no kind. */
static mj_status unknown(FILE *file, const char *path, const struct stat *info, mj_err *err)
{
    char start[4096];
    rewind(file);
    size_t n = fread(start, 1, sizeof start, file);
    if (n == 0) {
        return mj_err_add(err, MJ_ESYNTAX, path, 0, 0, "the file is empty");
    }
    if (is_binary(start, n)) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0,
                          "a binary file, and neither GGUF nor safetensors");
    }
    if (info->st_size > spec_max_B) {
        return mj_err_add(err, MJ_ELIMIT, path, 0, 0,
                          "larger than %ld bytes, and nothing that mj reads", spec_max_B);
    }
    return mj_err_add(err, MJ_ESUPPORT, path, 0, 0,
                      "not a chip, a model, facts, a ladder, a config.json or a GGUF file (a YAML "
                      "file says which by its key chip:, model:, facts: or ladder:)");
}

static mj_status kind_of_folder(mj_file_kind *kind, const char *path, mj_err *err)
{
    char config[4096];
    struct stat info;
    snprintf(config, sizeof config, "%s/config.json", path);
    if (stat(config, &info) != 0) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "a folder, and there is no config.json in it");
    }
    *kind = MJ_FILE_CONFIG;
    return MJ_OK;
}

mj_status mj_file_kind_find(mj_file_kind *kind, const char *path, mj_err *err)
{
    struct stat info;
    *kind = MJ_FILE_NONE;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        return kind_of_folder(kind, path, err);
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &info) != 0) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot open: %s", strerror(errno));
    }
    *kind = is_safetensors(file) ? MJ_FILE_TRAINED : kind_of_text(file);
    mj_status status = MJ_OK;
    if (ferror(file) != 0) {
        status = mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot read: %s", strerror(errno));
    } else if (*kind == MJ_FILE_NONE) {
        status = unknown(file, path, &info, err);
    }
    fclose(file);
    return status;
}
