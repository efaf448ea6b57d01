/* Corpus: reading, judging, cutting and coding of text. */
#include "mj/corpus.h"

#include "mj/child.h"
#include "mj/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KJV "kjv"
static const size_t text_max_B = (size_t)1 << 30;
static const double BIBLE_LIMIT_S = 60;
/* Of a file or folder: training ends, validation ends. */
static const double TRAIN_END = 0.90, VALIDATION_END = 0.95;
/* More control characters than this share, and it is no text. */
static const double CONTROL_SHARE = 0.02;
enum { CHAPTERS_A_ROUND = 20, VALIDATION_CHAPTER = 9, TEST_CHAPTER = 19, FILES_MAX = 4096 };

const char *const mj_part_names[MJ_PARTS_N + 1] = {"training", "validation", "test", NULL};

static mj_status no_memory(const char *path, mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, path, 0, 0, "no memory for a text");
}

void mj_alphabet_fill(mj_alphabet *alphabet, const unsigned char *text, size_t n)
{
    bool seen[256] = {false};
    *alphabet = (mj_alphabet){.escape = -1};
    for (size_t i = 0; i < n; i++) {
        seen[text[i]] = true;
    }
    for (int byte = 0; byte < 256; byte++) {
        if (seen[byte]) {
            int symbol = alphabet->n_symbols++;
            alphabet->symbol_of[byte] = (uint8_t)symbol;
            alphabet->byte_of[symbol] = (uint8_t)byte;
            alphabet->letter[symbol] = byte >= 128 || isalpha(byte);
        }
    }
    if (alphabet->n_symbols < 256) {
        alphabet->escape = alphabet->n_symbols++;
        for (int byte = 0; byte < 256; byte++) {
            if (!seen[byte]) {
                alphabet->symbol_of[byte] = (uint8_t)alphabet->escape;
            }
        }
    }
}

mj_status mj_alphabet_encode(mj_symbols *symbols, const mj_alphabet *alphabet,
                             const unsigned char *text, size_t n, mj_arena *arena, mj_err *err)
{
    uint8_t *symbol = mj_arena_alloc(arena, MJ_HISTORY + n);
    if (!symbol) {
        return no_memory(NULL, err);
    }
    symbol += MJ_HISTORY;
    *symbols = (mj_symbols){.symbol = symbol, .byte = text, .n = n};
    for (size_t i = 0; i < n; i++) {
        symbol[i] = alphabet->symbol_of[text[i]];
        symbols->n_escaped += symbol[i] == alphabet->escape;
    }
    return MJ_OK;
}

/* What no text has. */
static mj_status check_text(const unsigned char *text, size_t n, const char *path, mj_err *err)
{
    size_t n_control = 0;
    int line = 1;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == 0) {
            return mj_err_add(err, MJ_ESYNTAX, path, line, 0,
                              "not a text: byte %zu is NUL", i);
        }
        line += text[i] == '\n';
        n_control += text[i] < 32 && !strchr("\t\n\r\f", text[i]);
    }
    if ((double)n_control > CONTROL_SHARE * (double)n) {
        return mj_err_add(err, MJ_ESYNTAX, path, 0, 0,
                          "not a text: %zu of %zu bytes are control characters", n_control, n);
    }
    return n > 0 ? MJ_OK : mj_err_add(err, MJ_ERANGE, path, 0, 0, "the text is empty");
}

/* Three texts in the arena. */
typedef struct {
    unsigned char *text[MJ_PARTS_N];
    size_t n[MJ_PARTS_N];
} cut;

/* A line "1Sam3:4 And ..." : length of "1Sam3", and where the verse begins; 0 if it is none. */
static size_t read_label(const char **verse, const char *line, const char *end)
{
    const char *at = line + (line < end && isdigit((unsigned char)*line));
    const char *name = at;
    while (at < end && isalpha((unsigned char)*at)) {
        at++;
    }
    const char *chapter = at;
    while (at < end && isdigit((unsigned char)*at)) {
        at++;
    }
    size_t length = (size_t)(at - line);
    bool labelled = chapter > name && at > chapter && at < end && *at == ':';
    at++;
    const char *number = at;
    while (labelled && at < end && isdigit((unsigned char)*at)) {
        at++;
    }
    if (!labelled || at == number || at == end || *at != ' ') {
        return 0;
    }
    *verse = at + 1;
    return length;
}

static void append(cut *to, int part, const char *text, size_t n)
{
    memcpy(to->text[part] + to->n[part], text, n);
    to->n[part] += n;
}

/* Takes the labels off; chapters go to their parts. Each part has room for all. */
static mj_status cut_bible(cut *to, const char *text, size_t n, mj_err *err)
{
    const char *label = NULL;
    size_t label_length = 0;
    int chapter = -1, part = MJ_PART_TRAIN, line = 0;
    for (const char *at = text, *end = text + n; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at)), *verse;
        stop = stop ? stop : end;
        line++;
        size_t length = read_label(&verse, at, stop);
        if (length == 0) {
            return mj_err_add(err, MJ_ESYNTAX, "bible", line, 0, "a line without BOOK1:1 before it");
        }
        if (length != label_length || memcmp(label, at, length) != 0) {
            if (chapter >= 0) {
                append(to, part, "\n", 1);
            }
            chapter++;
            int round = chapter % CHAPTERS_A_ROUND;
            part = round == VALIDATION_CHAPTER ? MJ_PART_VALIDATION
                   : round == TEST_CHAPTER     ? MJ_PART_TEST
                                               : MJ_PART_TRAIN;
            label = at;
            label_length = length;
        }
        const char *last = stop;
        while (last > verse && isspace((unsigned char)last[-1])) {
            last--;
        }
        while (verse < last && isspace((unsigned char)*verse)) {
            verse++;
        }
        append(to, part, verse, (size_t)(last - verse));
        append(to, part, "\n", 1);
        at = stop + 1;
    }
    append(to, part, "\n", 1);
    return MJ_OK;
}

static mj_status load_bible(cut *to, mj_arena *arena, mj_err *err)
{
    char program[] = "bible", option[] = "-f", verses[] = "Gen1:1-Rev22:21";
    char *argv[] = {program, option, verses, NULL};
    const mj_child child = {.argv = argv, .package = "bible-kjv", .limit_s = BIBLE_LIMIT_S,
                            .limit_B = text_max_B};
    char *text;
    size_t n;
    MJ_TRY(mj_child_read(&text, &n, &child, err));
    mj_status status = check_text((unsigned char *)text, n, "bible", err);
    for (int part = 0; part < MJ_PARTS_N && status == MJ_OK; part++) {
        to->text[part] = mj_arena_alloc(arena, n + 1);
        status = to->text[part] ? MJ_OK : no_memory("bible", err);
    }
    if (status == MJ_OK) {
        status = cut_bible(to, text, n, err);
    }
    free(text);
    return status;
}

/* Adds a file to the text, which starts at 0 and moves when it grows. */
static mj_status add_file(char **text, size_t *n, const char *path, mj_err *err)
{
    char *more;
    size_t length;
    MJ_TRY(mj_file_read(&more, &length, path, text_max_B - *n, err));
    mj_status status = check_text((unsigned char *)more, length, path, err);
    char *joined = status == MJ_OK ? realloc(*text, *n + length + 1) : NULL;
    if (joined) {
        memcpy(joined + *n, more, length);
        *n += length;
        *text = joined;
    } else if (status == MJ_OK) {
        status = no_memory(path, err);
    }
    free(more);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The paths of a folder's *.txt, sorted; *n of them. */
static mj_status list_folder(const char **path, int *n, const char *folder, mj_arena *arena,
                             mj_err *err)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        return mj_err_add(err, MJ_EFILE, folder, 0, 0, "cannot read: %s", strerror(errno));
    }
    mj_status status = MJ_OK;
    *n = 0;
    for (struct dirent *entry; status == MJ_OK && (entry = readdir(dir)) != NULL;) {
        size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 4, ".txt") != 0) {
            continue;
        }
        if (*n == FILES_MAX) {
            status = mj_err_add(err, MJ_ELIMIT, folder, 0, 0, "more than %d files", FILES_MAX);
        } else if (!(path[(*n)++] = mj_arena_printf(arena, "%s/%s", folder, entry->d_name))) {
            status = no_memory(folder, err);
        }
    }
    closedir(dir);
    if (status == MJ_OK && *n == 0) {
        status = mj_err_add(err, MJ_EFILE, folder, 0, 0, "no files *.txt in this folder");
    }
    qsort(path, (size_t)*n, sizeof *path, by_name);
    return status;
}

static mj_status load_files(cut *to, const char *source, mj_arena *arena, mj_err *err)
{
    struct stat info;
    const char **path = mj_arena_array(arena, FILES_MAX, sizeof *path);
    char *text = NULL;
    size_t n = 0;
    int n_files = 1;
    if (!path) {
        return no_memory(source, err);
    }
    path[0] = source;
    if (stat(source, &info) != 0) {
        return mj_err_add(err, MJ_EFILE, source, 0, 0, "cannot read: %s (a text is " KJV
                          ", a file, or a folder with *.txt)", strerror(errno));
    }
    if (S_ISDIR(info.st_mode)) {
        MJ_TRY(list_folder(path, &n_files, source, arena, err));
    }
    mj_status status = MJ_OK;
    for (int i = 0; i < n_files && status == MJ_OK; i++) {
        status = add_file(&text, &n, path[i], err);
    }
    unsigned char *whole = status == MJ_OK ? mj_arena_alloc(arena, n) : NULL;
    if (whole) {
        memcpy(whole, text, n);
        size_t train = (size_t)(TRAIN_END * (double)n), both = (size_t)(VALIDATION_END * (double)n);
        *to = (cut){{whole, whole + train, whole + both}, {train, both - train, n - both}};
    } else if (status == MJ_OK) {
        status = no_memory(source, err);
    }
    free(text);
    return status;
}

/* A relative path would name another text, or none, to who reads a model elsewhere. */
static mj_status name_source(mj_corpus *corpus, const char *source, mj_arena *arena, mj_err *err)
{
    char path[PATH_MAX];
    bool is_path = strcmp(source, KJV) != 0 && realpath(source, path);
    corpus->source = is_path ? mj_arena_text(arena, path, strlen(path)) : source;
    return corpus->source ? MJ_OK : no_memory(source, err);
}

static void mark(mj_corpus *corpus)
{
    mj_sha256 sha;
    mj_sha256_init(&sha);
    mj_sha256_add(&sha, corpus->part[MJ_PART_TRAIN].byte, corpus->part[MJ_PART_TRAIN].n);
    mj_sha256_format(corpus->sha256, &sha);
}

mj_status mj_corpus_load(mj_corpus *corpus, const char *source, mj_arena *arena, mj_err *err)
{
    cut parts = {0};
    *corpus = (mj_corpus){.source = source};
    MJ_TRY(strcmp(source, KJV) == 0 ? load_bible(&parts, arena, err)
                                    : load_files(&parts, source, arena, err));
    MJ_TRY(name_source(corpus, source, arena, err));
    for (int part = 0; part < MJ_PARTS_N; part++) {
        if (parts.n[part] < MJ_HISTORY) {
            return mj_err_add(err, MJ_ERANGE, source, 0, 0,
                              "the %s text has %zu bytes; a context needs %d", mj_part_names[part],
                              parts.n[part], MJ_HISTORY);
        }
    }
    mj_alphabet_fill(&corpus->alphabet, parts.text[MJ_PART_TRAIN], parts.n[MJ_PART_TRAIN]);
    for (int part = 0; part < MJ_PARTS_N; part++) {
        MJ_TRY(mj_alphabet_encode(&corpus->part[part], &corpus->alphabet, parts.text[part],
                                  parts.n[part], arena, err));
    }
    mark(corpus);
    return MJ_OK;
}
