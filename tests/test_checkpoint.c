/* safetensors, packing and checkpoints: bytes written by hand after the format's description
 * [safetensors2022], hostile headers, a full disk, and what must survive a round trip. */
#include "assert_rel.h"
#include "mj/checkpoint.h"
#include "mj/rng.h"

#include <float.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char folder[] = "/tmp/mj-test-checkpoint-XXXXXX";
static char path[128];

static int folder_make(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/a.safetensors", folder);
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

/* A file from header and data; the caller's to free. */
static unsigned char *file_bytes(size_t *length, const char *header, const void *data, size_t data_B)
{
    size_t header_B = strlen(header);
    *length = 8 + header_B + data_B;
    unsigned char *bytes = malloc(*length);
    assert_non_null(bytes);
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(header_B >> (8 * i));
    }
    memcpy(bytes + 8, header, header_B);
    memcpy(bytes + 8 + header_B, data, data_B);
    return bytes;
}

/* A value of every type, at odd offsets; the bits of 1.5 and -2 by hand from IEEE 754. */
static void test_types_read_by_hand(void **state)
{
    (void)state;
    static const char header[] =
        "{\"u\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
        "\"f\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[1,9]},"
        "\"h\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[9,15]},"
        "\"b\":{\"dtype\":\"BF16\",\"shape\":[1,1],\"data_offsets\":[15,17]},"
        "\"i\":{\"dtype\":\"I8\",\"shape\":[],\"data_offsets\":[17,18]},"
        "\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[18,26]},"
        "\"l\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[26,34]},"
        "\"w\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[34,38]},"
        "\"none\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[38,38]},"
        "\"__metadata__\":{\"by\":\"hand\"}}   ";
    static const unsigned char data[] = {
        200,
        0x00, 0x00, 0xc0, 0x3f, 0x00, 0x00, 0x00, 0xc0, /* 1.5, -2 */
        0x00, 0x3e, 0x00, 0xc0, 0x01, 0x00,             /* 1.5, -2, 2^-24 */
        0xc0, 0x3f,                                     /* 1.5 */
        0xfe,                                           /* -2 */
        0, 0, 0, 0, 0, 0, 0xf8, 0x3f,                   /* 1.5 */
        0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* -2 */
        0x00, 0x00, 0x00, 0x80,                         /* -2^31 */
    };
    size_t length;
    unsigned char *bytes = file_bytes(&length, header, data, sizeof data);
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_safetensors file;
    assert_int_equal(mj_safetensors_parse(&file, bytes, length, "hand", &arena, NULL), MJ_OK);
    static const struct {
        const char *name;
        size_t i;
        double value;
    } want[] = {{"u", 0, 200}, {"f", 0, 1.5}, {"f", 1, -2}, {"h", 0, 1.5}, {"h", 1, -2},
                {"h", 2, 0x1p-24}, {"b", 0, 1.5}, {"i", 0, -2}, {"d", 0, 1.5}, {"l", 0, -2},
                {"w", 0, -2147483648.0}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const mj_stored_tensor *tensor = mj_safetensors_find(&file, want[i].name);
        assert_non_null(tensor);
        assert_true(mj_tensor_element(tensor, want[i].i) == want[i].value);
    }
    assert_int_equal(mj_safetensors_find(&file, "i")->n_dims, 0);
    assert_int_equal(mj_safetensors_find(&file, "none")->n_elements, 0);
    assert_string_equal(mj_safetensors_text(&file, "by"), "hand");
    assert_null(mj_safetensors_find(&file, "absent"));
    mj_arena_fini(&arena);
    free(bytes);
}

#define T(name, dtype, shape, offsets) \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

/* Each breaks one rule of the format on 8 bytes of data. */
static void test_hostile_headers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        mj_status status;
        const char *word;
    } bad[] = {
        {"{" T("a", "F32", "[2]", "[0,8]") "," T("b", "F32", "[1]", "[4,8]") "}", MJ_ESYNTAX,
         "overlaps"},
        {"{" T("a", "F32", "[1]", "[4,8]") "}", MJ_ESYNTAX, "gap"},
        {"{" T("a", "F32", "[1]", "[0,4]") "}", MJ_ESYNTAX, "after the last"},
        {"{" T("a", "F32", "[4]", "[0,16]") "}", MJ_ESYNTAX, "past the end"},
        {"{" T("a", "F32", "[1]", "[0,8]") "}", MJ_ESYNTAX, "do not fit"},
        {"{" T("a", "F32", "[2]", "[8,0]") "}", MJ_ESYNTAX, "do not fit"},
        {"{" T("a", "F32", "[-2]", "[0,8]") "}", MJ_ESYNTAX, "dimension"},
        {"{" T("a", "F32", "[1.5]", "[0,8]") "}", MJ_ESYNTAX, "dimension"},
        {"{" T("a", "F32", "[2]", "[0]") "}", MJ_ESYNTAX, "two whole"},
        {"{" T("a", "F32", "[2]", "[0,1e300]") "}", MJ_ESYNTAX, "two whole"},
        /* 2^32 * 2^32 * 4 wraps to 0 in 64 bits. */
        {"{" T("a", "F32", "[4294967296,4294967296]", "[0,0]") "}", MJ_ESYNTAX, "do not fit"},
        {"{" T("a", "F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]") "}", MJ_ESYNTAX, "dimensions"},
        {"{" T("a", "F31", "[2]", "[0,8]") "}", MJ_ESUPPORT, "F31"},
        {"{" T("a", "F32", "[2]", "[0,8]") "," T("a", "F32", "[2]", "[0,8]") "}", MJ_EKEY, "a"},
        {"{\"a\":7}", MJ_ESYNTAX, "shape"},
        {"{\"a\":null}", MJ_ESYNTAX, "shape"},
        {"{\"__metadata__\":{\"k\":1}}", MJ_ESYNTAX, "no text"},
        {"[]", MJ_ESYNTAX, "'{'"},
        {"", MJ_ESYNTAX, "'{'"},
        {"{", MJ_ESYNTAX, ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t length;
        unsigned char *bytes = file_bytes(&length, bad[i].header, "01234567", 8);
        mj_arena arena;
        mj_arena_init(&arena, 0);
        mj_safetensors file;
        mj_err err = {0};
        assert_int_equal(mj_safetensors_parse(&file, bytes, length, "bad", &arena, &err),
                         bad[i].status);
        assert_int_equal(err.n, 1);
        assert_non_null(strstr(err.diag[0].text, bad[i].word));
        mj_arena_fini(&arena);
        free(bytes);
    }
}

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    size_t length;
    unsigned char *bytes = file_bytes(&length, "{" T("a", "F32", "[2]", "[0,8]") "}", "01234567", 8);
    for (size_t cut = 0; cut < length; cut++) {
        unsigned char *part = malloc(cut + 1); /* its own block, so that a read past it is seen */
        assert_non_null(part);
        memcpy(part, bytes, cut);
        mj_arena arena;
        mj_arena_init(&arena, 0);
        mj_safetensors file;
        mj_err err = {0};
        assert_int_not_equal(mj_safetensors_parse(&file, part, cut, "cut", &arena, &err), MJ_OK);
        assert_int_equal(err.n, 1);
        mj_arena_fini(&arena);
        free(part);
    }
    memset(bytes, 0xff, 8); /* a header of 2^64 - 1 bytes */
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_safetensors file;
    assert_int_equal(mj_safetensors_parse(&file, bytes, length, "cut", &arena, NULL), MJ_ESYNTAX);
    mj_arena_fini(&arena);
    free(bytes);
}

static mj_status checkpoint_write(mj_real first, mj_err *err)
{
    mj_arena arena;
    mj_checkpoint out;
    mj_real K[6] = {first, (mj_real)-0.1, 3e-39f, FLT_MAX, 5, 6}, packed[4] = {3, -1, 0, 0.5};
    mj_arena_init(&arena, 0);
    mj_checkpoint_init(&out, &arena);
    const mj_checkpoint_run run = {.model = "oscillator_net",
                                   .recipe = "mj: 1\nn: 912 # \"quoted\"\n",
                                   .kernel = "x86-64-v3 Haswell",
                                   .seed = UINT64_MAX,
                                   .step = 123456789012,
                                   .n_threads = 2};
    assert_int_equal(mj_checkpoint_set_run(&out, &run, err), MJ_OK);
    assert_int_equal(mj_checkpoint_set_number(&out, "fd", 1.0 / 3.0, err), MJ_OK);
    assert_int_equal(mj_checkpoint_add(&out, "K", K, (int[]){2, 3}, 2, err), MJ_OK);
    assert_int_equal(mj_checkpoint_add_packed(&out, "P", packed, NULL,
                                              (mj_pack_shape){2, 2, 3}, err), MJ_OK);
    assert_int_equal(mj_checkpoint_add(&out, "K", K, (int[]){2, 3}, 2, NULL), MJ_EKEY);
    mj_status status = mj_checkpoint_save(&out, path, err);
    mj_arena_fini(&arena);
    return status;
}

/* A resume must be the same bits: also those of denormals, the largest, and 64-bit seeds. */
static void test_round_trip_is_exact(void **state)
{
    (void)state;
    assert_int_equal(checkpoint_write((mj_real)0.7, NULL), MJ_OK);
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_checkpoint in;
    mj_checkpoint_run run;
    assert_int_equal(mj_checkpoint_load(&in, path, &arena, NULL), MJ_OK);
    assert_int_equal(mj_checkpoint_get_run(&run, &in, NULL), MJ_OK);
    assert_string_equal(run.recipe, "mj: 1\nn: 912 # \"quoted\"\n");
    assert_string_equal(run.model, "oscillator_net");
    assert_string_equal(run.kernel, "x86-64-v3 Haswell");
    assert_true(run.seed == UINT64_MAX && run.step == 123456789012 && run.n_threads == 2);
    double fd;
    assert_int_equal(mj_checkpoint_get_number(&fd, &in, "fd", NULL), MJ_OK);
    assert_true(fd == 1.0 / 3.0);
    mj_real K[6], want[6] = {(mj_real)0.7, (mj_real)-0.1, 3e-39f, FLT_MAX, 5, 6}, P[4];
    assert_int_equal(mj_checkpoint_read(K, &in, "K", (int[]){2, 3}, 2, NULL), MJ_OK);
    assert_memory_equal(K, want, sizeof want);
    /* 3 bits: row one has steps of 1, row two of 1/6; all four values are codes. */
    assert_int_equal(mj_checkpoint_read(P, &in, "P", (int[]){2, 2}, 2, NULL), MJ_OK);
    assert_true(P[0] == 3 && P[1] == -1 && P[2] == 0);
    assert_rel((double)P[3], 0.5, 1e-7);
    mj_arena_fini(&arena);
}

static void test_wrong_shapes_and_texts_are_refused(void **state)
{
    (void)state;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_checkpoint in;
    mj_real K[8];
    assert_int_equal(checkpoint_write((mj_real)NAN, NULL), MJ_OK);
    assert_int_equal(mj_checkpoint_load(&in, path, &arena, NULL), MJ_OK);
    assert_int_equal(mj_checkpoint_read(K, &in, "K", (int[]){2, 3}, 2, NULL), MJ_ERANGE);
    assert_int_equal(checkpoint_write(1, NULL), MJ_OK);
    double number;
    mj_err err = {0};
    assert_int_equal(mj_checkpoint_load(&in, path, &arena, NULL), MJ_OK);
    assert_int_equal(mj_checkpoint_read(K, &in, "K", (int[]){3, 2}, 2, &err), MJ_EFIT);
    assert_non_null(strstr(err.diag[0].text, "[2, 3]; the model needs [3, 2]"));
    assert_int_equal(mj_checkpoint_read(K, &in, "K", (int[]){6}, 1, NULL), MJ_EFIT);
    assert_int_equal(mj_checkpoint_read(K, &in, "P", (int[]){2, 4}, 2, NULL), MJ_EFIT);
    assert_int_equal(mj_checkpoint_read(K, &in, "P", (int[]){4}, 1, NULL), MJ_EKEY);
    assert_int_equal(mj_checkpoint_read(K, &in, "Q", (int[]){4}, 1, NULL), MJ_EKEY);
    assert_int_equal(mj_checkpoint_get_number(&number, &in, "kernel", NULL), MJ_ESYNTAX);
    assert_int_equal(mj_checkpoint_set_text(&in, "P.bits", "9", NULL), MJ_OK);
    assert_int_equal(mj_checkpoint_read(K, &in, "P", (int[]){2, 2}, 2, NULL), MJ_ESYNTAX);
    assert_int_equal(mj_checkpoint_load(&in, "/nowhere/x", &arena, NULL), MJ_EFILE);
    assert_int_equal(mj_checkpoint_load(&in, folder, &arena, NULL), MJ_EFILE);
    mj_arena_fini(&arena);
}

/* A limit on the size of files stands for the full disk: both make the write fail half-way. */
static void test_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    assert_int_equal(checkpoint_write(1, NULL), MJ_OK);
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = 100, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    mj_err err = {0};
    mj_status status = checkpoint_write(2, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(status, MJ_EFILE);
    assert_true(err.n == 1);
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_checkpoint in;
    mj_real K[6];
    assert_int_equal(mj_checkpoint_load(&in, path, &arena, NULL), MJ_OK);
    assert_int_equal(mj_checkpoint_read(K, &in, "K", (int[]){2, 3}, 2, NULL), MJ_OK);
    assert_true(K[0] == 1);
    mj_arena_fini(&arena); /* folder_remove sees that no part was left */
}

/* The header alone says what is in a file too large for the limit on data. */
static void test_header_needs_no_data(void **state)
{
    (void)state;
    assert_int_equal(checkpoint_write(1, NULL), MJ_OK);
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_safetensors file;
    assert_int_equal(mj_safetensors_load_header(&file, path, &arena, NULL), MJ_OK);
    assert_int_equal(mj_safetensors_find(&file, "K")->n_elements, 6);
    assert_null(mj_safetensors_find(&file, "K")->data);
    assert_int_equal(mj_safetensors_load(&file, path, 100, &arena, NULL), MJ_ELIMIT);
    mj_arena_fini(&arena);
}

/* Every code of every width comes back, with columns that do not fill bytes; and an error of at most
 * half a step on numbers that are no codes. */
static void test_packing(void **state)
{
    (void)state;
    enum { ROWS = 3, COLUMNS = 257 };
    static mj_real x[ROWS * COLUMNS], back[ROWS * COLUMNS];
    static unsigned char packed[ROWS * COLUMNS];
    for (int bits = MJ_PACK_BITS_MIN; bits <= MJ_PACK_BITS_MAX; bits++) {
        const mj_pack_shape shape = {ROWS, COLUMNS, bits};
        const int L = (1 << (bits - 1)) - 1;
        float scale[ROWS] = {0.25f, 1e-3f, 7.0f};
        for (int i = 0; i < ROWS * COLUMNS; i++) {
            x[i] = (mj_real)scale[i / COLUMNS] * (mj_real)(i % (2 * L + 1) - L);
        }
        assert_int_equal(mj_pack_row_B(shape), (COLUMNS * bits + 7) / 8);
        mj_pack(packed, x, scale, shape);
        mj_unpack(back, packed, scale, shape);
        assert_memory_equal(back, x, sizeof x);
        mj_rng rng;
        mj_rng_init(&rng, 5, (uint64_t)bits);
        for (int i = 0; i < ROWS * COLUMNS; i++) {
            x[i] = (mj_real)mj_rng_normal(&rng);
        }
        mj_pack_scales(scale, x, shape);
        mj_pack(packed, x, scale, shape);
        mj_unpack(back, packed, scale, shape);
        for (int i = 0; i < ROWS * COLUMNS; i++) {
            /* a millionth for the float division */
            assert_true(fabs((double)(back[i] - x[i])) <= 0.500001 * (double)scale[i / COLUMNS]);
        }
    }
    const mj_real odd[4] = {NAN, INFINITY, -INFINITY, 100};
    const float one = 1;
    const mj_pack_shape row = {1, 4, 4};
    mj_pack(packed, odd, &one, row);
    mj_unpack(back, packed, &one, row);
    assert_true(back[0] == 0 && back[1] == 7 && back[2] == -7 && back[3] == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_read_by_hand),
        cmocka_unit_test(test_hostile_headers_are_refused),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_round_trip_is_exact),
        cmocka_unit_test(test_wrong_shapes_and_texts_are_refused),
        cmocka_unit_test(test_full_disk_leaves_the_old_file),
        cmocka_unit_test(test_header_needs_no_data),
        cmocka_unit_test(test_packing),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
