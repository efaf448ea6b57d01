/* Data sets: published facts of Fashion-MNIST [fashionmnist2017], IDX files written by hand and
 * broken in every way, folders of PNGs, splits, scaling. */
#include "assert_rel.h"
#include "mj/dataset.h"
#include "mj/idx.h"
#include "mj/png.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define FASHION "/usr/share/datasets/fashion-mnist"

/* Known from the paper and its repository: 60,000 and 10,000 images of 28 x 28, each class equally
 * often, the first labels; mean 0.2860 and deviation 0.3530 are the constants that everybody
 * normalises by. */
static void test_fashion_mnist_is_the_published_one(void **state)
{
    (void)state;
    if (access(FASHION, F_OK) != 0) {
        skip();
    }
    mj_arena arena;
    mj_dataset train, test;
    mj_arena_init(&arena, 0);
    const mj_dataset_choice choice = {.source = "fashion-mnist"};
    assert_int_equal(mj_dataset_load(&train, &test, &choice, &arena, NULL), MJ_OK);
    assert_true(train.n == 60000 && test.n == 10000);
    assert_true(train.height == 28 && train.width == 28 && test.height == 28 && test.width == 28);
    assert_true(train.n_classes == 10 && test.n_classes == 10);
    assert_true(train.label[0] == 9 && test.label[0] == 9);
    int *index = malloc(60000 * sizeof *index), first[11];
    assert_non_null(index);
    mj_dataset_by_class(index, first, &train);
    for (int c = 0; c < 10; c++) {
        assert_int_equal(first[c + 1] - first[c], 6000);
        for (int i = first[c]; i < first[c + 1]; i++) {
            assert_int_equal(train.label[index[i]], c);
            assert_true(i == first[c] || index[i] > index[i - 1]);
        }
    }
    mj_dataset_by_class(index, first, &test);
    for (int c = 0; c < 10; c++) {
        assert_int_equal(first[c + 1] - first[c], 1000);
    }
    free(index);
    double sum = 0.0, squares = 0.0, n = 60000.0 * 784.0;
    for (size_t i = 0; i < (size_t)60000 * 784; i++) {
        sum += (double)train.image[i];
        squares += (double)train.image[i] * (double)train.image[i];
    }
    assert_rel(sum / n, 0.2860, 2e-4); /* published to four digits */
    assert_rel(sqrt(squares / n - sum / n * (sum / n)), 0.3530, 2e-4);
    mj_arena_fini(&arena);
}

/* The mean of an image survives scaling down; 28 to 7 is the mean of 4 x 4 blocks. */
static void test_fashion_mnist_shrinks_to_7(void **state)
{
    (void)state;
    if (access(FASHION, F_OK) != 0) {
        skip();
    }
    mj_arena arena;
    mj_dataset whole, small;
    mj_arena_init(&arena, 0);
    assert_int_equal(mj_dataset_load_idx(&whole, FASHION "/t10k-images-idx3-ubyte.gz",
                                         FASHION "/t10k-labels-idx1-ubyte.gz", &arena, NULL), MJ_OK);
    small = whole;
    small.image = mj_arena_array(&arena, (size_t)whole.n * 49, sizeof *small.image);
    mj_images_shrink(small.image, whole.image, whole.n, 28, 28, 7);
    for (int i = 0; i < whole.n; i += 97) {
        for (int pixel = 0; pixel < 49; pixel++) {
            double sum = 0.0;
            for (int k = 0; k < 16; k++) {
                int row = pixel / 7 * 4 + k / 4, column = pixel % 7 * 4 + k % 4;
                sum += (double)whole.image[i * 784 + row * 28 + column];
            }
            assert_true(fabs((double)small.image[i * 49 + pixel] - sum / 16.0) < 1e-6);
        }
    }
    mj_arena_fini(&arena);
}

/* 3 to 2: a pixel in the middle counts half on either side. By hand: (1 + 2/2) / 1.5. */
static void test_shrink_cuts_pixels(void **state)
{
    (void)state;
    const mj_real x[9] = {1, 2, 3, 1, 2, 3, 1, 2, 3};
    mj_real y[4], one;
    mj_images_shrink(y, x, 1, 3, 3, 2);
    for (int i = 0; i < 4; i++) {
        assert_rel((double)y[i], i % 2 ? 4.0 / 1.5 : 2.0 / 1.5, 1e-6);
    }
    mj_images_shrink(&one, x, 1, 3, 3, 1);
    assert_rel((double)one, 2.0, 1e-6);
}

static const unsigned char idx_good[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3,
                                         0, 51, 102, 153, 204, 255};

static mj_status idx_try(const void *bytes, size_t length, const char *word)
{
    mj_arena arena;
    mj_idx idx;
    mj_err err = {0};
    unsigned char *copy = malloc(length + 1); /* its own block, so that a read past it is seen */
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    mj_arena_init(&arena, 0);
    mj_status status = mj_idx_parse(&idx, copy, length, "x.idx", &arena, &err);
    assert_int_equal(err.n, status != MJ_OK);
    if (status != MJ_OK) {
        assert_non_null(strstr(err.diag[0].text, word));
        assert_true(arena.used_B < 1024); /* nothing was taken on the header's word */
    } else {
        assert_true(idx.n_dims == 3 && idx.n_elements == 6);
        assert_memory_equal(idx.element, idx_good + 16, 6);
    }
    mj_arena_fini(&arena);
    free(copy);
    return status;
}

/* gzip as zlib writes it; returns the length. */
static size_t gzip_make(unsigned char *to, size_t room, const void *from, size_t n)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)from;
    z.avail_in = (uInt)n;
    z.next_out = to;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t length = z.total_out;
    deflateEnd(&z);
    return length;
}

static void test_idx_is_checked(void **state)
{
    (void)state;
    unsigned char bytes[32];
    size_t n = sizeof idx_good;
    assert_int_equal(idx_try(idx_good, n, ""), MJ_OK);
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(idx_try(idx_good, cut, "truncated"), MJ_ESYNTAX);
    }
    memcpy(bytes, idx_good, n);
    bytes[n] = 0;
    assert_int_equal(idx_try(bytes, n + 1, "longer than its header"), MJ_ESYNTAX);
    bytes[0] = 'P';
    assert_int_equal(idx_try(bytes, n, "wrong magic"), MJ_ESYNTAX);
    bytes[0] = 0;
    bytes[2] = 0x0d; /* float */
    assert_int_equal(idx_try(bytes, n, "0x0d"), MJ_ESUPPORT);
    bytes[2] = 8;
    bytes[11] = 0;
    assert_int_equal(idx_try(bytes, n, "dimension 2 is 0"), MJ_ERANGE);
    memset(bytes + 4, 0xff, 12);
    assert_int_equal(idx_try(bytes, n, "dimension 1"), MJ_ERANGE);
    bytes[4] = bytes[8] = bytes[12] = 0x7f;
    assert_int_equal(idx_try(bytes, n, "elements"), MJ_ELIMIT);
    /* 1.9 GiB claimed by a file of 22 bytes */
    memcpy(bytes + 4, "\0\0\x70\0\0\0\1\0\0\0\1\0", 12);
    assert_int_equal(idx_try(bytes, n, "truncated"), MJ_ESYNTAX);
}

static void test_gzip_is_checked(void **state)
{
    (void)state;
    static unsigned char zipped[8192], huge[1 << 22];
    size_t n = gzip_make(zipped, sizeof zipped, idx_good, sizeof idx_good);
    assert_int_equal(idx_try(zipped, n, ""), MJ_OK);
    for (size_t cut = 2; cut < n; cut++) {
        assert_int_equal(idx_try(zipped, cut, ""), MJ_ESYNTAX);
    }
    zipped[n - 6] ^= 1; /* the CRC */
    assert_int_equal(idx_try(zipped, n, ""), MJ_ESYNTAX);
    zipped[n - 6] ^= 1;
    zipped[n] = 7;
    assert_int_equal(idx_try(zipped, n + 1, "longer than its header"), MJ_ESYNTAX);
    /* A bomb: 4 MiB behind a header of 6 elements. Only one byte too many is unfolded. */
    memcpy(huge, idx_good, sizeof idx_good);
    n = gzip_make(zipped, sizeof zipped, huge, sizeof huge);
    assert_int_equal(idx_try(zipped, n, "longer than its header"), MJ_ESYNTAX);
    /* And a header that claims 16 MiB of a file that has a hundredth of it. */
    memcpy(huge + 4, "\0\0\1\0\0\0\1\0\0\0\1\0", 12);
    n = gzip_make(zipped, sizeof zipped, huge, 1 << 14);
    assert_int_equal(idx_try(zipped, n, "truncated"), MJ_ESYNTAX);
}

static void file_write(const char *path, const void *bytes, size_t n)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(out);
}

static void test_missing_files_are_named(void **state)
{
    (void)state;
    mj_arena arena;
    mj_dataset train, test;
    mj_err err = {0};
    mj_arena_init(&arena, 0);
    mj_dataset_choice choice = {.source = "/nowhere"};
    assert_int_equal(mj_dataset_load(&train, &test, &choice, &arena, &err), MJ_EFILE);
    assert_string_equal(err.diag[0].file, "/nowhere");
    char folder[] = "/tmp/mj-test-dataset-XXXXXX", path[64], labels[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/train-images-idx3-ubyte", folder);
    snprintf(labels, sizeof labels, "%s/labels", folder);
    file_write(path, idx_good, sizeof idx_good);
    choice.source = folder;
    assert_int_equal(mj_dataset_load(&train, &test, &choice, &arena, &err), MJ_EFILE);
    assert_non_null(strstr(err.diag[1].file, "train-labels"));
    /* Three labels for two images. */
    file_write(labels, "\0\0\10\1\0\0\0\3\0\1\2", 11);
    assert_int_equal(mj_dataset_load_idx(&train, path, labels, &arena, &err), MJ_ESYNTAX);
    assert_non_null(strstr(err.diag[2].text, "3 labels for the 2 images"));
    assert_int_equal(mj_dataset_load_idx(&train, path, path, &arena, &err), MJ_ESYNTAX);
    file_write(labels, "\0\0\10\1\0\0\0\2\0\4", 10);
    assert_int_equal(mj_dataset_load_idx(&train, path, labels, &arena, NULL), MJ_OK);
    assert_true(train.n == 2 && train.height == 1 && train.width == 3 && train.n_classes == 5);
    assert_rel((double)train.image[1], 0.2, 1e-7);
    unlink(path);
    unlink(labels);
    rmdir(folder);
    mj_arena_fini(&arena);
}

enum { PNG_CLASSES = 2, PNG_EACH = 14 };

/* FOLDER/{a,b}/{00 .. 13}.png of 2 x 3 pixels, grey value = number of the image. */
static void png_folder(const char *folder, bool remove_it)
{
    for (int c = 0; c < PNG_CLASSES; c++) {
        char sub[64], path[80];
        snprintf(sub, sizeof sub, "%s/%c", folder, 'a' + c);
        if (!remove_it) {
            assert_int_equal(mkdir(sub, 0700), 0);
        }
        for (int i = PNG_EACH - 1; i >= 0; i--) {
            unsigned char pixel[6];
            memset(pixel, c * PNG_EACH + i, sizeof pixel);
            snprintf(path, sizeof path, "%s/%02d.png", sub, i);
            if (remove_it) {
                unlink(path);
            } else {
                const mj_image image = {3, 2, 1, pixel};
                assert_int_equal(mj_png_save(path, &image, NULL), MJ_OK);
            }
        }
        if (remove_it) {
            rmdir(sub);
        }
    }
}

/* Files come in the order of their names, and a split is the same draw again, 1/7 of each class. */
static void test_folder_of_pngs(void **state)
{
    (void)state;
    char folder[] = "/tmp/mj-test-dataset-XXXXXX", odd[64];
    assert_non_null(mkdtemp(folder));
    png_folder(folder, false);
    mj_arena arena;
    mj_dataset whole, train, test, other;
    mj_err err = {0};
    mj_arena_init(&arena, 0);
    assert_int_equal(mj_dataset_load_folder(&whole, folder, &arena, NULL), MJ_OK);
    assert_true(whole.n == PNG_CLASSES * PNG_EACH && whole.height == 2 && whole.width == 3);
    assert_string_equal(whole.class_name[1], "b");
    for (int i = 0; i < whole.n; i++) {
        assert_int_equal(whole.label[i], i / PNG_EACH);
        assert_true(fabs((double)whole.image[i * 6 + 5] - i / 255.0) < 1e-7);
    }
    mj_dataset_choice choice = {.source = folder, .seed = 4};
    assert_int_equal(mj_dataset_load(&train, &test, &choice, &arena, NULL), MJ_OK);
    assert_true(train.n == 24 && test.n == 4);
    assert_true(test.label[1] == 0 && test.label[2] == 1);
    assert_string_equal(test.class_name[0], "a");
    assert_int_equal(mj_dataset_load(&train, &other, &choice, &arena, NULL), MJ_OK);
    assert_memory_equal(other.image, test.image, 4 * 6 * sizeof *test.image);
    for (int i = 0; i < train.n; i++) { /* nothing stands in both */
        for (int k = 0; k < test.n; k++) {
            assert_true(train.image[i * 6] != test.image[k * 6]);
        }
    }
    choice.seed = 5;
    assert_int_equal(mj_dataset_load(&train, &other, &choice, &arena, NULL), MJ_OK);
    assert_memory_not_equal(other.image, test.image, 4 * 6 * sizeof *test.image);
    choice.side = 3; /* larger than the height */
    assert_int_equal(mj_dataset_load(&train, &test, &choice, &arena, &err), MJ_ERANGE);
    snprintf(odd, sizeof odd, "%s/b/zz.png", folder);
    unsigned char pixel[4] = {0};
    assert_int_equal(mj_png_save(odd, &(mj_image){2, 2, 1, pixel}, NULL), MJ_OK);
    assert_int_equal(mj_dataset_load_folder(&whole, folder, &arena, &err), MJ_ESYNTAX);
    assert_string_equal(err.diag[1].file, odd);
    unlink(odd);
    png_folder(folder, true);
    rmdir(folder);
    mj_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fashion_mnist_is_the_published_one),
        cmocka_unit_test(test_fashion_mnist_shrinks_to_7),
        cmocka_unit_test(test_shrink_cuts_pixels),
        cmocka_unit_test(test_idx_is_checked),
        cmocka_unit_test(test_gzip_is_checked),
        cmocka_unit_test(test_missing_files_are_named),
        cmocka_unit_test(test_folder_of_pngs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
