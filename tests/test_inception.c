/* Windows against their definition, and FID's Inception v3 against PyTorch: a network written there once
 * more (golden/inception_torch.py), weights and images from formulas that both programs know. */
#include "assert_rel.h"
#include "golden/inception_features.h"
#include "mj/inception.h"
#include "mj/rng.h"
#include "mj/safetensors.h"
#include "mj/windows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = 28, DIVISOR = 16, CONVOLUTIONS_N = 94, FEATURES_N = 128, N_IMAGES = 3 };

static char folder[] = "/tmp/mj_inceptionXXXXXX";
static char path[64];

/* As noise() in inception_torch.py. */
static double noise(const char *name, size_t i)
{
    uint32_t salt = 2166136261u;
    for (; *name; name++) {
        salt = (salt ^ (uint8_t)*name) * 16777619u;
    }
    uint32_t x = (uint32_t)i * 2654435761u + salt;
    x = (x ^ (x >> 15)) * 2246822519u;
    x = (x ^ (x >> 13)) * 3266489917u;
    x ^= x >> 16;
    return (x >> 8) / 16777216.0;
}

/* What a test does to the weights before they are saved. */
typedef enum { SOUND, NO_TENSOR, ODD_SHAPE, NOT_FINITE, NEGATIVE, WHOLE, OTHER_FC } damage_kind;

static mj_status add(mj_safetensors *file, const char *name, const size_t *dim, int n_dims,
                     damage_kind damage, mj_arena *arena)
{
    static const char *const victim = "Mixed_6b.branch7x7_2";
    bool is_conv = n_dims == 4, hit = strncmp(name, victim, strlen(victim)) == 0 && is_conv;
    bool is_spread = strstr(name, "weight") || strstr(name, "var");
    size_t n = 1, changed[4];
    for (int d = 0; d < n_dims; d++) {
        changed[d] = dim[d];
        n *= dim[d];
    }
    float *x = mj_arena_array(arena, n, sizeof *x);
    double range = is_conv ? sqrt(6 / ((double)n / (double)dim[0])) : 0;
    for (size_t i = 0; i < n; i++) {
        double u = noise(name, i);
        x[i] = (float)(is_conv ? (2 * u - 1) * range : is_spread ? u + 0.5 : (u - 0.5) / 4);
    }
    if (hit && damage == NO_TENSOR) {
        return MJ_OK;
    }
    if (hit && damage == ODD_SHAPE) { /* 1x7 turned into 7x1 */
        changed[2] = dim[3];
        changed[3] = dim[2];
    }
    if (hit && damage == NOT_FINITE) {
        x[n - 1] = INFINITY;
    }
    if (damage == NEGATIVE && strcmp(name, "Mixed_7c.branch_pool.bn.running_var") == 0) {
        x[n - 1] = -0.1f;
    }
    mj_dtype dtype = hit && damage == WHOLE ? MJ_DTYPE_I32 : MJ_DTYPE_F32;
    return mj_safetensors_add(file, name, dtype, x, changed, n_dims, NULL);
}

static void write_weights(damage_kind damage)
{
    static const char *const part[] = {"bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"};
    mj_arena arena;
    mj_safetensors file;
    mj_arena_init(&arena, 0);
    mj_safetensors_init(&file, &arena);
    for (int k = 0; k < CONVOLUTIONS_N; k++) {
        const size_t dim[4] = {(size_t)inception_convolutions[k].N,
                               (size_t)inception_convolutions[k].C,
                               (size_t)inception_convolutions[k].rows,
                               (size_t)inception_convolutions[k].columns};
        const char *name = inception_convolutions[k].name;
        assert_int_equal(add(&file, mj_arena_printf(&arena, "%s.conv.weight", name), dim, 4, damage,
                             &arena), MJ_OK);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(add(&file, mj_arena_printf(&arena, "%s.%s", name, part[i]), dim, 1,
                                 damage, &arena), MJ_OK);
        }
    }
    if (damage == OTHER_FC) {
        assert_int_equal(add(&file, "fc.weight", (size_t[]){1000, 2}, 2, damage, &arena), MJ_OK);
    }
    assert_int_equal(mj_safetensors_save(&file, path, NULL), MJ_OK);
    mj_arena_fini(&arena);
}

/* Both sum in float, in other orders: 1e-3 of the largest feature leaves room for 20 layers. */
static void test_features_are_pytorchs(void **state)
{
    (void)state;
    mj_arena arena;
    mj_inception *net;
    mj_real image[N_IMAGES * SIDE * SIDE], feature[N_IMAGES * FEATURES_N];
    mj_arena_init(&arena, 0);
    write_weights(SOUND);
    assert_int_equal(sizeof inception_convolutions / sizeof inception_convolutions[0],
                     CONVOLUTIONS_N);
    assert_int_equal(mj_inception_load(&net, path, DIVISOR, &arena, NULL), MJ_OK);
    assert_int_equal(mj_inception_features(net), FEATURES_N);
    for (int i = 0; i < SIDE * SIDE; i++) {
        int ramp = (i / SIDE * 9 + i % SIDE * 3) % 256, grain = (int)(256 * noise("image", (size_t)i));
        image[i] = (mj_real)ramp / 255;
        image[SIDE * SIDE + i] = (mj_real)grain / 255;
        image[2 * SIDE * SIDE + i] = (mj_real)((ramp + grain) / 2) / 255;
    }
    mj_inception_run(feature, net, image, N_IMAGES, SIDE, SIDE);
    for (int b = 0; b < N_IMAGES; b++) {
        double largest = 0, off = 0;
        for (int k = 0; k < FEATURES_N; k++) {
            double want = inception_features[b][k];
            largest = fmax(largest, want);
            off = fmax(off, fabs((double)feature[b * FEATURES_N + k] - want));
        }
        assert_true(largest > 0.5);
        assert_true(off <= 1e-3 * largest);
    }
    /* An image is what it is, whatever else is in the batch. */
    mj_real alone[FEATURES_N];
    mj_inception_run(alone, net, image + 2 * SIDE * SIDE, 1, SIDE, SIDE);
    for (int k = 0; k < FEATURES_N; k++) {
        assert_true(fabs((double)(alone[k] - feature[2 * FEATURES_N + k])) <= 1e-5);
    }
    mj_arena_fini(&arena);
}

/* The architecture's published cost: 5.7 G multiply-adds at 299 x 299 [szegedy2016], which a sixteenth
 * of all widths divides by 256, but for the first layer, whose three colours are summed before. */
static void test_macs(void **state)
{
    (void)state;
    mj_arena arena;
    mj_inception *net;
    mj_arena_init(&arena, 0);
    write_weights(SOUND);
    assert_int_equal(mj_inception_load(&net, path, DIVISOR, &arena, NULL), MJ_OK);
    double first = 149.0 * 149 * 9 * 32 / DIVISOR;
    double full = (mj_inception_macs(net) - first) * 256 + 3 * first * DIVISOR;
    assert_rel(full, 5.7e9, 0.01);
    mj_arena_fini(&arena);
}

static void expect_refusal(damage_kind damage, mj_status status, const char *words)
{
    mj_arena arena;
    mj_inception *net;
    mj_err err = {0};
    mj_arena_init(&arena, 0);
    write_weights(damage);
    assert_int_equal(mj_inception_load(&net, path, DIVISOR, &arena, &err), status);
    if (!strstr(err.diag[0].text, words)) {
        print_error("'%s' does not say '%s'\n", err.diag[0].text, words);
        fail();
    }
    mj_arena_fini(&arena);
}

static void test_odd_weights_are_refused(void **state)
{
    (void)state;
    expect_refusal(NO_TENSOR, MJ_EKEY, "Mixed_6b.branch7x7_2.conv.weight is missing");
    expect_refusal(ODD_SHAPE, MJ_ESYNTAX,
                   "Mixed_6b.branch7x7_2.conv.weight is [8, 8, 7, 1]; Inception v3 has [8, 8, 1, 7]");
    expect_refusal(NOT_FINITE, MJ_ERANGE, "Mixed_6b.branch7x7_2.conv.weight");
    expect_refusal(NEGATIVE, MJ_ERANGE, "Mixed_7c.branch_pool.bn.running_var");
    expect_refusal(WHOLE, MJ_ESUPPORT, "of I32");
    expect_refusal(OTHER_FC, MJ_ESUPPORT, "1000 classes");
    mj_arena arena;
    mj_inception *net;
    mj_arena_init(&arena, 0);
    write_weights(SOUND);
    assert_int_equal(mj_inception_load(&net, path, 1, &arena, NULL), MJ_ESYNTAX); /* full widths */
    assert_int_equal(truncate(path, 10000), 0);
    assert_int_not_equal(mj_inception_load(&net, path, DIVISOR, &arena, NULL), MJ_OK);
    assert_int_equal(mj_inception_load(&net, "/no/file", DIVISOR, &arena, NULL), MJ_EFILE);
    mj_arena_fini(&arena);
}

static mj_real *random_numbers(size_t n, uint64_t seed)
{
    mj_rng rng;
    mj_real *x = malloc(n * sizeof *x);
    mj_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < n; i++) {
        x[i] = (mj_real)(2 * mj_rng_uniform(&rng) - 1);
    }
    return x;
}

/* Ragged sizes, windows over every edge, strides that leave a rest, outputs side by side. The last one
 * is unfolded in more than one chunk. */
static void test_windows_against_definition(void **state)
{
    (void)state;
    static const mj_window windows[] = {
        {2, 5, 7, 3, 3, 3, 1, 1, 1}, {1, 9, 4, 2, 1, 7, 1, 0, 3}, {3, 4, 6, 5, 7, 1, 1, 3, 0},
        {2, 6, 6, 4, 3, 3, 2, 0, 0}, {1, 3, 3, 1, 5, 5, 1, 2, 2}, {2, 4, 3, 8, 1, 1, 1, 0, 0},
        {1, 8, 7, 3, 1, 1, 3, 0, 0}, {1, 64, 40, 16, 3, 3, 1, 1, 1},
    };
    for (size_t k = 0; k < sizeof windows / sizeof windows[0]; k++) {
        const mj_window *s = &windows[k];
        int N = 3 + (int)k, ld = N + 2;
        size_t n_in = (size_t)(s->B * s->H * s->W * s->C), n_w = (size_t)(s->height * s->width * s->C * N);
        size_t n_out = (size_t)(s->B * mj_window_rows(s) * mj_window_columns(s) * ld);
        mj_real *x = random_numbers(n_in, 1), *w = random_numbers(n_w, 2);
        mj_real *y = random_numbers(n_out, 3), *want = random_numbers(n_out, 3);
        mj_real *tmp = random_numbers(mj_window_tmp(s), 4);
        mj_window_convolve(y, x, w, tmp, s, N, ld);
        mj_window_convolve_reference(want, x, w, s, N, ld);
        for (size_t i = 0; i < n_out; i++) { /* float sums of up to 144 numbers below 1 */
            assert_true(fabs((double)(y[i] - want[i])) <= 2e-5);
        }
        free(x);
        free(w);
        free(y);
        free(want);
        free(tmp);
    }
}

/* A 3x3 image by hand: the corner window of padding 1 has four pixels, the middle one nine. */
static void test_pools_leave_padding_out(void **state)
{
    (void)state;
    const mj_window s = {.B = 1, .H = 3, .W = 3, .C = 1, .height = 3, .width = 3, .stride = 1,
                         .pad_rows = 1, .pad_columns = 1};
    const mj_real x[9] = {-9, -8, -7, -6, -5, -4, -3, -2, -1};
    const mj_real mean[9] = {-7, -6.5, -6, -5.5, -5, -4.5, -4, -3.5, -3};
    const mj_real most[9] = {-5, -4, -4, -2, -1, -1, -2, -1, -1};
    mj_real y[9];
    mj_window_mean(y, x, &s, 1);
    for (int i = 0; i < 9; i++) {
        assert_rel(y[i], mean[i], 1e-6);
    }
    mj_window_max(y, x, &s, 1);
    for (int i = 0; i < 9; i++) {
        assert_rel(y[i], most[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows_against_definition),
        cmocka_unit_test(test_pools_leave_padding_out),
        cmocka_unit_test(test_features_are_pytorchs),
        cmocka_unit_test(test_macs),
        cmocka_unit_test(test_odd_weights_are_refused),
    };
    if (!mkdtemp(folder)) {
        return 1;
    }
    snprintf(path, sizeof path, "%s/weights.safetensors", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return failed;
}
