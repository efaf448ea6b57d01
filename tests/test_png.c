/* PNG: round trips, a file written by hand, claims that a file cannot keep, grids, animations. */
#include "assert_rel.h"
#include "mj/png.h"
#include "mj/trajectory.h"

#include <stdbool.h>
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

static unsigned number_at(const unsigned char *from, int bytes)
{
    unsigned value = 0;
    for (int i = 0; i < bytes; i++) {
        value = value << 8 | from[i];
    }
    return value;
}

enum { FRAMES = 3, WIDTH = 5, HEIGHT = 4, ROW_B = WIDTH * 3, FILTERED_B = HEIGHT * (ROW_B + 1) };

/* What a walk over the chunks of an animation has found. */
typedef struct {
    unsigned sequence, frames, idats, ms[FRAMES];
    bool announced, ended;
    unsigned char data[FRAMES + 1][1024]; /* deflated: of the still picture, then of the frames */
    size_t n[FRAMES + 1];
} walk;

static void chunk_read(walk *w, const unsigned char *chunk, unsigned n)
{
    const unsigned char *data = chunk + 8;
    if (memcmp(chunk + 4, "acTL", 4) == 0) {
        assert_true(w->idats == 0 && n == 8 && number_at(data, 4) == FRAMES && !w->announced);
        assert_int_equal(number_at(data + 4, 4), 0);
        w->announced = true;
    } else if (memcmp(chunk + 4, "fcTL", 4) == 0) {
        assert_true(w->idats > 0 && n == 26 && w->frames < FRAMES);
        assert_int_equal(number_at(data, 4), w->sequence++);
        assert_true(number_at(data + 4, 4) == WIDTH && number_at(data + 8, 4) == HEIGHT);
        assert_true(number_at(data + 12, 4) == 0 && number_at(data + 16, 4) == 0);
        w->ms[w->frames++] = number_at(data + 20, 2) * 1000 / number_at(data + 22, 2);
        assert_int_equal(number_at(data + 24, 2), 0);
    } else if (memcmp(chunk + 4, "IDAT", 4) == 0 || memcmp(chunk + 4, "fdAT", 4) == 0) {
        bool still = chunk[4] == 'I';
        unsigned of = still ? 0 : w->frames, skip = still ? 0 : 4;
        assert_true(still ? w->frames == 0 : w->frames > 0);
        assert_true(still || number_at(data, 4) == w->sequence);
        w->sequence += !still;
        w->idats += still;
        assert_true(w->n[of] + n - skip <= sizeof w->data[of]);
        memcpy(w->data[of] + w->n[of], data + skip, n - skip);
        w->n[of] += n - skip;
    } else if (memcmp(chunk + 4, "IEND", 4) == 0) {
        w->ended = true;
    }
}

/* The animation's structure after the specification (W3C PNG, third edition): order of the chunks,
 * their numbers and CRCs; each frame, put into a plain file by hand, has its own pixels. */
static void test_animation(void **state)
{
    (void)state;
    unsigned char pixel[FRAMES][WIDTH * HEIGHT * 3], file[16384], again[4096];
    mj_image frame[FRAMES], image;
    char path[64];
    mj_arena arena;
    static walk w;
    mj_arena_init(&arena, 0);
    for (int f = 0; f < FRAMES; f++) { /* greys, so that reading them back as grey changes nothing */
        for (int i = 0; i < WIDTH * HEIGHT * 3; i++) {
            pixel[f][i] = (unsigned char)((i / 3 + 1) * (f + 3) * 7);
        }
        frame[f] = (mj_image){WIDTH, HEIGHT, 3, pixel[f]};
    }
    snprintf(path, sizeof path, "/tmp/mj-test-png-%d.png", (int)getpid());
    const mj_animation animation = {frame, FRAMES, 80, 2000};
    assert_int_equal(mj_png_animate(path, &animation, NULL), MJ_OK);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t length = fread(file, 1, sizeof file, in);
    fclose(in);
    for (size_t at = 8; at < length;) {
        unsigned n = number_at(file + at, 4);
        assert_true(n < length && at + 12 + n <= length);
        assert_int_equal(number_at(file + at + 8 + n, 4),
                         crc32(crc32(0, NULL, 0), file + at + 4, n + 4));
        chunk_read(&w, file + at, n);
        at += 12 + n;
        assert_true(w.ended == (at == length));
    }
    assert_true(w.announced && w.frames == FRAMES);
    assert_true(w.ms[0] == 80 && w.ms[1] == 80 && w.ms[2] == 2000);
    for (int f = 0; f <= FRAMES; f++) { /* the still picture is the last frame */
        unsigned char rows[FILTERED_B];
        uLongf n = sizeof rows;
        assert_int_equal(uncompress(rows, &n, w.data[f], w.n[f]), Z_OK);
        assert_int_equal(n, FILTERED_B);
        size_t size = png_by_hand(again, WIDTH, HEIGHT, 2, rows, n);
        assert_int_equal(mj_png_parse(&image, again, size, "x", &arena, NULL), MJ_OK);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            assert_int_equal(image.pixel[i], pixel[f == 0 ? FRAMES - 1 : f - 1][3 * i]);
        }
    }
    assert_int_equal(mj_png_load(&image, path, &arena, NULL), MJ_OK);
    assert_int_equal(image.pixel[0], pixel[FRAMES - 1][0]);
    assert_int_equal(mj_png_animate("/nowhere/a.png", &animation, NULL), MJ_EFILE);
    unlink(path);
    mj_arena_fini(&arena);
}

/* Two visible oscillators and a hidden one, two samples, one step. The read-out is (1 - cos theta)/2: 0
 * is black and pi white; the hues of phases that differ by 2 pi are one. */
static void test_trajectory(void **state)
{
    (void)state;
    const double pi = 3.14159265358979323846;
    const mj_real path[2 * 2 * 3] = {0, (mj_real)pi, 1, (mj_real)pi, 0, 2,
                                     (mj_real)(2 * pi), (mj_real)pi, 1, 0, 0, 0};
    mj_arena arena;
    mj_err err = {0};
    mj_image *frame;
    mj_arena_init(&arena, 0);
    mj_trajectory t = {.n = 2, .n_steps = 1, .n_oscillators = 3, .width = 2, .height = 1,
                       .columns = 2, .scale = 1, .foot = 4};
    assert_int_equal(mj_trajectory_draw(&frame, path, &t, &arena, &err), MJ_OK);
    /* gap, sample, gap, sample, gap; a sample: picture, gap, hues, gap, hidden; gaps, bar, foot. */
    assert_int_equal(frame[0].width, 1 + 2 + 1 + 2 + 1);
    assert_int_equal(frame[0].height, 1 + (1 + 1 + 1 + 1 + 1) + 3 + 3 + 4);
    const unsigned char *first = frame[0].pixel, *last = frame[1].pixel;
    size_t row_B = 3 * (size_t)frame[0].width;
    assert_memory_equal(first + row_B + 3, "\0\0\0\377\377\377", 6);
    assert_memory_equal(first + row_B + 12, "\377\377\377\0\0\0", 6);
    assert_memory_equal(last + row_B + 12, "\0\0\0\0\0\0", 6);
    for (size_t hue = 3 * row_B + 3; hue < 3 * row_B + 9; hue++) { /* theta: 0 and 2 pi, pi and pi */
        assert_true(abs(first[hue] - last[hue]) <= 1);
    }
    assert_memory_not_equal(first + 3 * row_B + 3, first + 3 * row_B + 6, 3);
    assert_memory_equal(first + 5 * row_B + 3, last + 5 * row_B + 3, 3); /* hidden: 1 and 1 */
    assert_memory_not_equal(first + 5 * row_B + 12, last + 5 * row_B + 12, 3);
    size_t bar = 9 * row_B + 3; /* grows from nothing to its full length */
    assert_memory_not_equal(first + bar, last + bar, 3);
    assert_memory_equal(last + bar, last + bar + 4 * 3, 3);
    t.n = 100000;
    t.scale = 100;
    assert_int_equal(mj_trajectory_draw(&frame, path, &t, &arena, &err), MJ_ELIMIT);
    t.n_oscillators = 1;
    assert_int_equal(mj_trajectory_draw(&frame, path, &t, &arena, &err), MJ_ERANGE);
    mj_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_by_hand),
        cmocka_unit_test(test_damaged_files_and_bombs_are_refused),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_animation),
        cmocka_unit_test(test_trajectory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
