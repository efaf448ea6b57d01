/* Text: the King James Bible as the split was published with its checksums, files and folders cut by
 * position and what is no text. */
#include "assert_rel.h"
#include "mj/child.h"
#include "mj/corpus.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/mj-test-corpus-XXXXXX";
static mj_arena arena;

static int begin(void **state)
{
    (void)state;
    mj_arena_init(&arena, 0);
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    char command[128];
    mj_arena_fini(&arena);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static const char *write_file(const char *name, const void *bytes, size_t n)
{
    const char *path = mj_arena_printf(&arena, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
    return path;
}

/* Length and SHA-256 of the three parts, made by another program (Python) from the same package. */
static void test_bible_has_the_published_parts(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        const char *sha;
    } want[MJ_PARTS_N] = {
        {3739981, "f56a63d718897fd2"}, {196963, "67e05ea0504b2933"}, {202094, "e318fe99adec9c08"}};
    mj_err err = {0};
    mj_corpus corpus;
    assert_int_equal(mj_corpus_load(&corpus, "kjv", &arena, &err), MJ_OK);
    assert_int_equal(corpus.alphabet.n_symbols, 64); /* 63 bytes and the escape */
    for (int part = 0; part < MJ_PARTS_N; part++) {
        const mj_symbols *text = &corpus.part[part];
        assert_int_equal(text->n, want[part].n);
        char program[] = "sha256sum";
        char *path = mj_arena_printf(&arena, "%s", write_file("part", text->byte, text->n)), *sum;
        char *argv[] = {program, path, NULL};
        size_t length;
        const mj_child child = {.argv = argv, .limit_s = 60, .limit_B = 1000};
        assert_int_equal(mj_child_read(&sum, &length, &child, &err), MJ_OK);
        assert_memory_equal(sum, want[part].sha, 16);
        free(sum);
    }
}

static void test_a_file_is_cut_by_position(void **state)
{
    (void)state;
    enum { N = 2000 };
    unsigned char text[N];
    mj_err err = {0};
    mj_corpus corpus;
    for (int i = 0; i < N; i++) {
        text[i] = (unsigned char)("abcd\n"[i % 5]);
    }
    text[1850] = 'z'; /* training has none: an escape of the validation text */
    assert_int_equal(mj_corpus_load(&corpus, write_file("one.txt", text, N), &arena, &err), MJ_OK);
    assert_int_equal(corpus.part[MJ_PART_TRAIN].n, 1800);
    assert_int_equal(corpus.part[MJ_PART_VALIDATION].n, 100);
    assert_int_equal(corpus.part[MJ_PART_TEST].n, 100);
    assert_int_equal(corpus.alphabet.n_symbols, 6);
    assert_int_equal(corpus.part[MJ_PART_VALIDATION].n_escaped, 1);
    assert_int_equal(corpus.part[MJ_PART_VALIDATION].symbol[50], corpus.alphabet.escape);
    for (int i = 0; i < 1800; i++) {
        assert_int_equal(corpus.alphabet.byte_of[corpus.part[MJ_PART_TRAIN].symbol[i]], text[i]);
    }
    for (int i = 1; i <= MJ_HISTORY; i++) {
        assert_int_equal(corpus.part[MJ_PART_TEST].symbol[-i], 0);
    }
    /* A folder is its *.txt in order of their names. */
    write_file("two.txt", "BBBB", 4);
    write_file("other.md", "no", 2);
    assert_int_equal(mj_corpus_load(&corpus, folder, &arena, &err), MJ_OK);
    assert_int_equal(corpus.part[MJ_PART_TRAIN].n, 1803);
    const mj_symbols *test = &corpus.part[MJ_PART_TEST];
    assert_memory_equal(test->byte + test->n - 4, "BBBB", 4);
}

static void expect_refusal(const char *source, mj_status code, const char *text)
{
    mj_err err = {0};
    mj_corpus corpus;
    assert_int_equal(mj_corpus_load(&corpus, source, &arena, &err), code);
    assert_int_equal(err.n, 1);
    assert_non_null(strstr(err.diag[0].text, text));
}

static void test_what_is_no_text_is_refused(void **state)
{
    (void)state;
    unsigned char binary[3000];
    memset(binary, 1, sizeof binary);
    expect_refusal(write_file("empty", "", 0), MJ_ERANGE, "empty");
    expect_refusal(write_file("short", "some words, but few\n", 20), MJ_ERANGE, "a context needs 64");
    expect_refusal(write_file("nul", "a\nb\0c", 5), MJ_ESYNTAX, "byte 3 is NUL");
    expect_refusal(write_file("control", binary, sizeof binary), MJ_ESYNTAX, "control characters");
    expect_refusal("/nowhere/at/all", MJ_EFILE, "cannot read");
    assert_int_equal(mkdir(mj_arena_printf(&arena, "%s/none", folder), 0777), 0);
    expect_refusal(mj_arena_printf(&arena, "%s/none", folder), MJ_EFILE, "no files *.txt");
}

/* All 256 bytes: there is nothing to escape. */
static void test_a_full_alphabet_has_no_escape(void **state)
{
    (void)state;
    unsigned char all[256];
    mj_alphabet alphabet;
    for (int i = 0; i < 256; i++) {
        all[i] = (unsigned char)(255 - i);
    }
    mj_alphabet_fill(&alphabet, all, sizeof all);
    assert_int_equal(alphabet.n_symbols, 256);
    assert_int_equal(alphabet.escape, -1);
    assert_int_equal(alphabet.symbol_of[200], 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bible_has_the_published_parts),
        cmocka_unit_test(test_a_file_is_cut_by_position),
        cmocka_unit_test(test_what_is_no_text_is_refused),
        cmocka_unit_test(test_a_full_alphabet_has_no_escape),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
