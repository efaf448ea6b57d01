/* PNG: round trips, a file written by hand, claims that a file cannot keep, grids. */
#include "assert_rel.h"
#include "mj/png.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* A chunk at `to`; returns its end. */
static unsigned char *chunk_put(unsigned char *to, const char *type, const void *data, size_t n)
{
    for (int i = 0; i < 4; i++) {
        to[i] = (unsigned char)(n >> (24 - 8 * i));
    }
    memcpy(to + 4, type, 4);
    if (n > 0) {
        memcpy(to + 8, data, n);
    }
    uLong crc = crc32(crc32(0, NULL, 0), to + 4, (uInt)n + 4);
    for (int i = 0; i < 4; i++) {
        to[8 + n + (size_t)i] = (unsigned char)(crc >> (24 - 8 * i));
    }
    return to + 12 + n;
}

/* A PNG of colour type `type`, 8 bits, from its filtered rows, after the specification (W3C). */
static size_t png_by_hand(unsigned char *to, unsigned width, unsigned height, int type,
                          const void *rows, size_t rows_B)
{
    static const unsigned char signature[8] = {137, 'P', 'N', 'G', 13, 10, 26, 10};
    unsigned char header[13] = {0, 0, 0, 0, 0, 0, 0, 0, 8, (unsigned char)type, 0, 0, 0};
    unsigned char zipped[256];
    uLongf n = sizeof zipped;
    for (int i = 0; i < 4; i++) {
        header[i] = (unsigned char)(width >> (24 - 8 * i));
        header[4 + i] = (unsigned char)(height >> (24 - 8 * i));
    }
    assert_int_equal(compress(zipped, &n, rows, rows_B), Z_OK);
    memcpy(to, signature, 8);
    unsigned char *at = chunk_put(to + 8, "IHDR", header, sizeof header);
    at = chunk_put(at, "IDAT", zipped, n);
    return (size_t)(chunk_put(at, "IEND", NULL, 0) - to);
}

/* Grey, and grey with alpha over black: 200 at half opacity is 100. Colour: libpng weighs with the
 * luminance of sRGB, of which green has the most and white has all. */
static void test_read_by_hand(void **state)
{
    (void)state;
    unsigned char file[512];
    mj_arena arena;
    mj_image image;
    mj_arena_init(&arena, 0);
    size_t n = png_by_hand(file, 3, 2, 0, "\0\1\2\3\0\4\5\377", 8);
    assert_int_equal(mj_png_parse(&image, file, n, "x", &arena, NULL), MJ_OK);
    assert_true(image.width == 3 && image.height == 2 && image.channels == 1);
    assert_memory_equal(image.pixel, "\1\2\3\4\5\377", 6);
    n = png_by_hand(file, 2, 1, 4, "\0\310\200\310\377", 5);
    assert_int_equal(mj_png_parse(&image, file, n, "x", &arena, NULL), MJ_OK);
    assert_true(abs(image.pixel[0] - 100) <= 1 && image.pixel[1] == 200);
    n = png_by_hand(file, 4, 1, 2, "\0\377\0\0\0\377\0\0\0\377\377\377\377", 13);
    assert_int_equal(mj_png_parse(&image, file, n, "x", &arena, NULL), MJ_OK);
    assert_true(image.pixel[1] > image.pixel[0] && image.pixel[0] > image.pixel[2]);
    assert_int_equal(image.pixel[3], 255);
    mj_arena_fini(&arena);
}

static mj_status png_try(const unsigned char *file, size_t n, const char *word)
{
    mj_arena arena;
    mj_image image;
    mj_err err = {0};
    unsigned char *copy = malloc(n + 1); /* its own block, so that a read past it is seen */
    assert_non_null(copy);
    memcpy(copy, file, n);
    mj_arena_init(&arena, 0);
    mj_status status = mj_png_parse(&image, copy, n, "x.png", &arena, &err);
    assert_int_equal(err.n, status != MJ_OK);
    assert_true(status == MJ_OK || strstr(err.diag[0].text, word));
    assert_true(arena.used_B < 1024);
    mj_arena_fini(&arena);
    free(copy);
    return status;
}

static void test_damaged_files_and_bombs_are_refused(void **state)
{
    (void)state;
    unsigned char file[512];
    size_t n = png_by_hand(file, 3, 2, 0, "\0\1\2\3\0\4\5\6", 8);
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(png_try(file, cut, ""), MJ_ESYNTAX);
    }
    file[20] ^= 1; /* the width, and so the chunk's CRC */
    assert_int_equal(png_try(file, n, ""), MJ_ESYNTAX);
    n = png_by_hand(file, 100000, 100000, 0, "\0\1\2\3", 4);
    assert_int_equal(png_try(file, n, "64 million"), MJ_ELIMIT);
    n = png_by_hand(file, 8000, 8000, 0, "\0\1\2\3", 4);
    assert_int_equal(png_try(file, n, "claims more pixels"), MJ_ESYNTAX);
    n = png_by_hand(file, 3, 3, 0, "\0\1\2\3\0\4\5\6", 8); /* a row too few */
    assert_int_equal(png_try(file, n, ""), MJ_ESYNTAX);
    n = png_by_hand(file, 0, 3, 0, "\0\1\2\3", 4);
    assert_int_equal(png_try(file, n, ""), MJ_ESYNTAX);
    assert_int_equal(png_try((const unsigned char *)"GIF89a..", 8, "no PNG"), MJ_ESYNTAX);
}

static void test_round_trip(void **state)
{
    (void)state;
    char folder[] = "/tmp/mj-test-png-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.png", folder);
    unsigned char pixel[7 * 5 * 3];
    for (size_t i = 0; i < sizeof pixel; i++) {
        pixel[i] = (unsigned char)(i * 37);
    }
    mj_arena arena;
    mj_image image;
    mj_arena_init(&arena, 0);
    assert_int_equal(mj_png_save(path, &(mj_image){7, 5, 1, pixel}, NULL), MJ_OK);
    assert_int_equal(mj_png_load(&image, path, &arena, NULL), MJ_OK);
    assert_true(image.width == 7 && image.height == 5);
    assert_memory_equal(image.pixel, pixel, 35);
    /* Colours with equal channels are grey again. */
    for (size_t i = 0; i < sizeof pixel; i++) {
        pixel[i] = (unsigned char)(i / 3 * 7);
    }
    assert_int_equal(mj_png_save(path, &(mj_image){7, 5, 3, pixel}, NULL), MJ_OK);
    assert_int_equal(mj_png_load(&image, path, &arena, NULL), MJ_OK);
    for (int i = 0; i < 35; i++) {
        assert_int_equal(image.pixel[i], pixel[3 * i]);
    }
    assert_int_equal(mj_png_save("/nowhere/a.png", &image, NULL), MJ_EFILE);
    assert_int_equal(mj_png_load(&image, "/nowhere/a.png", &arena, NULL), MJ_EFILE);
    unlink(path);
    assert_int_equal(rmdir(folder), 0); /* no part was left */
    mj_arena_fini(&arena);
}

/* Three images of 1 x 2 in rows of two, drawn twice as large: 9 x 5 with a gap of one. */
static void test_grid(void **state)
{
    (void)state;
    const mj_real x[6] = {0, 1, (mj_real)0.5, 2, NAN, -1};
    mj_arena arena;
    mj_image image;
    mj_arena_init(&arena, 0);
    const mj_grid grid = {.n = 3, .height = 1, .width = 2, .columns = 2, .scale = 2};
    assert_int_equal(mj_grid_draw(&image, x, &grid, &arena, NULL), MJ_OK);
    assert_true(image.width == 9 && image.height == 5 && image.channels == 1);
    static const unsigned char top[9] = {0, 0, 255, 255, 128, 128, 128, 255, 255};
    static const unsigned char gap[9] = {128, 128, 128, 128, 128, 128, 128, 128, 128};
    static const unsigned char last[9] = {0, 0, 0, 0, 128, 128, 128, 128, 128};
    assert_memory_equal(image.pixel, top, 9);
    assert_memory_equal(image.pixel + 9, top, 9);
    assert_memory_equal(image.pixel + 18, gap, 9);
    assert_memory_equal(image.pixel + 36, last, 9);
    assert_int_equal(mj_grid_draw(&image, x, &(mj_grid){.n = 3, .height = 1}, &arena, NULL),
                     MJ_ERANGE);
    const mj_grid huge = {.n = 3, .height = 9000, .width = 9000};
    assert_int_equal(mj_grid_draw(&image, x, &huge, &arena, NULL), MJ_ELIMIT);
    mj_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_by_hand),
        cmocka_unit_test(test_damaged_files_and_bombs_are_refused),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_grid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
