/* Writes the three parts of a text, as models get them, as files training, validation, test.
 *
 *     corpus_parts FOLDER [TEXT]      TEXT: kjv, a file or a folder (kjv); for bench/compressors.sh */
#include "mj/corpus.h"

#include <stdio.h>

static bool write_part(const char *folder, const char *name, const mj_symbols *part)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(part->byte, 1, part->n, file) == part->n;
    return file && fclose(file) == 0 && written;
}

int main(int argc, char **argv)
{
    mj_arena arena;
    mj_corpus corpus;
    mj_err err = {0};
    mj_arena_init(&arena, 0);
    if (argc < 2 || mj_corpus_load(&corpus, argc > 2 ? argv[2] : "kjv", &arena, &err) != MJ_OK) {
        fprintf(stderr, "corpus_parts FOLDER [TEXT]: %s\n", err.n ? err.diag[0].text : "");
        return 2;
    }
    bool written = true;
    for (int part = 0; part < MJ_PARTS_N; part++) {
        written = write_part(argv[1], mj_part_names[part], &corpus.part[part]) && written;
    }
    mj_arena_fini(&arena);
    return written ? 0 : 2;
}
