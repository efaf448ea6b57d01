/* GGUF headers: a real model's shape and bytes, and files that lie.
 *
 * The files are built here. The large one is sparse: header and size are those of a real file, its
 * weights are a hole. */
#include "mj/model.h"

#include "assert_rel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { U32 = 4, STRING = 8, ARRAY = 9, F32 = 0, Q4_0 = 2, Q8_0 = 8, BUILD_MAX = 1 << 16 };

/* A file under construction. */
typedef struct {
    uint8_t data[BUILD_MAX];
    size_t n;
    uint64_t offset; /* of the next tensor */
    uint64_t n_keys, n_tensors;
    size_t last_array, last_dim, last_type, last_offset, last_name; /* where these numbers stand */
} build;

static void put(build *b, uint64_t value, int bytes)
{
    assert_true(b->n + 8 < BUILD_MAX);
    for (int i = 0; i < bytes; i++) {
        b->data[b->n++] = (uint8_t)(value >> (8 * i));
    }
}

static void put_at(build *b, size_t at, uint64_t value, int bytes)
{
    const size_t n = b->n;
    b->n = at;
    put(b, value, bytes);
    b->n = n;
}

static void put_text(build *b, const char *text)
{
    put(b, strlen(text), 8);
    assert_true(b->n + strlen(text) < BUILD_MAX);
    memcpy(b->data + b->n, text, strlen(text));
    b->n += strlen(text);
}

/* Counts are filled in by finish. */
static void begin(build *b, uint64_t version)
{
    memset(b, 0, sizeof *b);
    put(b, 0x46554747, 4);
    put(b, version, 4);
    put(b, 0, 8);
    put(b, 0, 8);
}

static void key_text(build *b, const char *key, const char *text)
{
    put_text(b, key);
    put(b, STRING, 4);
    put_text(b, text);
    b->n_keys++;
}

static void key_number(build *b, const char *key, uint32_t value)
{
    put_text(b, key);
    put(b, U32, 4);
    put(b, value, 4);
    b->n_keys++;
}

static void key_array(build *b, const char *key, const uint32_t *value, int n)
{
    put_text(b, key);
    put(b, ARRAY, 4);
    put(b, U32, 4);
    b->last_array = b->n;
    put(b, (uint64_t)n, 8);
    for (int i = 0; i < n; i++) {
        put(b, value[i], 4);
    }
    b->n_keys++;
}

static void tensor(build *b, const char *name, uint64_t columns, uint64_t rows, uint32_t type)
{
    const uint64_t n = columns * rows;
    const uint64_t bytes = type == F32 ? n * 4 : type == Q8_0 ? n / 32 * 34 : n / 32 * 18;
    b->last_name = b->n;
    put_text(b, name);
    put(b, 2, 4);
    b->last_dim = b->n;
    put(b, columns, 8);
    put(b, rows, 8);
    b->last_type = b->n;
    put(b, type, 4);
    b->last_offset = b->n;
    put(b, b->offset, 8);
    b->offset += (bytes + 31) / 32 * 32;
    b->n_tensors++;
}

/* The file's size, data included. */
static uint64_t finish(build *b)
{
    put_at(b, 8, b->n_tensors, 8);
    put_at(b, 16, b->n_keys, 8);
    while (b->n % 32 != 0) {
        b->data[b->n++] = 0;
    }
    return b->n + b->offset;
}

typedef struct {
    uint32_t layers, hidden, heads, kv_heads, ffn, vocab;
} dense_shape;

static void build_llama(build *b, const dense_shape *s, uint32_t type)
{
    const uint64_t H = s->hidden, kv = H / s->heads * s->kv_heads;
    const struct {
        const char *name;
        uint64_t columns, rows;
        uint32_t type;
    } parts[] = {
        {"attn_norm", H, 1, F32},      {"attn_q", H, H, type},      {"attn_k", H, kv, type},
        {"attn_v", H, kv, type},       {"attn_output", H, H, type}, {"ffn_norm", H, 1, F32},
        {"ffn_gate", H, s->ffn, type}, {"ffn_up", H, s->ffn, type}, {"ffn_down", s->ffn, H, type},
    };
    char name[64];
    begin(b, 3);
    key_text(b, "general.architecture", "llama");
    key_number(b, "llama.block_count", s->layers);
    key_number(b, "llama.embedding_length", s->hidden);
    key_number(b, "llama.attention.head_count", s->heads);
    key_array(b, "llama.attention.head_count_kv", &s->kv_heads, 1);
    key_number(b, "llama.feed_forward_length", s->ffn);
    tensor(b, "token_embd.weight", H, s->vocab, type);
    tensor(b, "output.weight", H, s->vocab, type);
    for (uint32_t layer = 0; layer < s->layers; layer++) {
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            snprintf(name, sizeof name, "blk.%u.%s.weight", layer, parts[i].name);
            tensor(b, name, parts[i].columns, parts[i].rows, parts[i].type);
        }
    }
}

static mj_arena arena;
static build file; /* large: not on the stack */

static int setup(void **state)
{
    (void)state;
    mj_arena_init(&arena, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mj_arena_fini(&arena);
    return 0;
}

static mj_status load(mj_model *model, mj_err *err, const build *b, size_t n, uint64_t file_B)
{
    char path[] = "/tmp/mj-gguf-XXXXXX.gguf";
    const int fd = mkstemps(path, 5);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, b->data, n), n);
    assert_int_equal(ftruncate(fd, (off_t)file_B), 0);
    close(fd);
    *err = (mj_err){0};
    const mj_status status = mj_model_from_gguf(model, path, &arena, err);
    unlink(path);
    return status;
}

/* Llama 3.1 8B: 8.03 G parameters (model card); published Q8_0 files have 8.54 GB, Q4_0 without
 * any larger tensor 4.5 bit a weight. */
static void test_real_model(void **state)
{
    (void)state;
    static const dense_shape llama = {32, 4096, 32, 8, 14336, 128256};
    mj_model model;
    mj_err err;
    build_llama(&file, &llama, Q8_0);
    uint64_t file_B = finish(&file);
    assert_int_equal(load(&model, &err, &file, file.n, file_B), MJ_OK);
    assert_rel(model.params.total, 8.03e9, 1e-3);
    assert_rel(model.exact_weight_B, 8.54e9, 2e-3);
    assert_rel(model.params.kv_B, 2 * 8 * 128 * 2, 1e-12);
    assert_int_equal(model.precision.attention, MJ_FORMAT_INT8);
    assert_int_equal(model.ffn_matrices, 3);
    assert_false(model.tied);
    build_llama(&file, &llama, Q4_0);
    file_B = finish(&file);
    assert_int_equal(load(&model, &err, &file, file.n, file_B), MJ_OK);
    assert_rel(model.exact_weight_B, 8.03e9 * 4.5 / 8, 2e-3);
    assert_int_equal(model.precision.ffn, MJ_FORMAT_INT4);
}

static const dense_shape small = {2, 64, 4, 2, 96, 32};

static void test_truncated_at_every_byte(void **state)
{
    (void)state;
    mj_model model;
    mj_err err;
    build_llama(&file, &small, Q8_0);
    const uint64_t file_B = finish(&file);
    assert_int_equal(load(&model, &err, &file, file.n, file_B), MJ_OK);
    for (size_t n = 0; n < file.n; n++) {
        if (load(&model, &err, &file, n, n) == MJ_OK || err.n == 0) {
            fail_msg("accepted the first %zu bytes", n);
        }
    }
    assert_int_not_equal(load(&model, &err, &file, file.n, file_B - 64), MJ_OK);
}

/* Builds the small file, puts `value` at `at` from its start and expects words in the error. */
static void expect_bad(size_t at, uint64_t value, int bytes, mj_status status, const char *words)
{
    mj_model model;
    mj_err err;
    put_at(&file, at, value, bytes);
    const mj_status got = load(&model, &err, &file, file.n, file.n + file.offset);
    if (got != status || err.n == 0 || !strstr(err.diag[0].text, words)) {
        fail_msg("%s (%s), want %s (%s)", mj_status_text(got), err.n ? err.diag[0].text : "",
                 mj_status_text(status), words);
    }
    build_llama(&file, &small, Q8_0);
    finish(&file);
}

static void test_hostile_numbers(void **state)
{
    (void)state;
    const uint64_t huge = (uint64_t)1 << 63;
    build_llama(&file, &small, Q8_0);
    finish(&file);
    expect_bad(0, 0x12345678, 4, MJ_ESYNTAX, "not a GGUF file");
    expect_bad(4, 1, 4, MJ_ESUPPORT, "version 2 and 3");
    expect_bad(4, 0x03000000, 4, MJ_ESUPPORT, "little-endian");
    expect_bad(8, huge, 8, MJ_ELIMIT, "tensors");
    expect_bad(8, UINT64_MAX, 8, MJ_ELIMIT, "tensors");
    expect_bad(16, huge, 8, MJ_ELIMIT, "byte 24");
    expect_bad(24, huge, 8, MJ_ELIMIT, "byte 32");
    expect_bad(file.last_array, huge, 8, MJ_ESYNTAX, "llama.attention.head_count_kv");
    expect_bad(file.last_array, UINT64_MAX, 8, MJ_ESYNTAX, "array elements");
    expect_bad(file.last_name, huge, 8, MJ_ELIMIT, "text too long");
    expect_bad(file.last_dim, huge, 8, MJ_ERANGE, "blk.1.ffn_down.weight");
    expect_bad(file.last_dim, 0, 8, MJ_ERANGE, "dimensions");
    expect_bad(file.last_dim, 95, 8, MJ_ERANGE, "whole blocks");
    expect_bad(file.last_dim - 4, 5, 4, MJ_ELIMIT, "4 dimensions");
    expect_bad(file.last_type, 4, 4, MJ_ESUPPORT, "unknown tensor type");
    expect_bad(file.last_type, 0xffffffff, 4, MJ_ESUPPORT, "unknown tensor type");
    expect_bad(file.last_offset, 0, 8, MJ_ESYNTAX, "overlap");
    expect_bad(file.last_offset, UINT64_MAX - 31, 8, MJ_ESYNTAX, "beyond the end");
    expect_bad(file.last_offset, 7, 8, MJ_ESYNTAX, "aligned");
}

/* Arrays in arrays: refused at a depth, not followed to the end of the stack. */
static void test_nested_arrays(void **state)
{
    (void)state;
    mj_model model;
    mj_err err;
    begin(&file, 3);
    put_text(&file, "deep");
    put(&file, ARRAY, 4);
    for (int i = 0; i < 1000; i++) {
        put(&file, ARRAY, 4);
        put(&file, 1, 8);
    }
    file.n_keys = 1;
    const uint64_t file_B = finish(&file);
    assert_int_equal(load(&model, &err, &file, file.n, file_B), MJ_ELIMIT);
    assert_non_null(strstr(err.diag[0].text, "deep"));
}

/* A shape that its tensors contradict is refused rather than billed. */
static void test_shape_must_explain_the_tensors(void **state)
{
    (void)state;
    mj_model model;
    mj_err err;
    build_llama(&file, &small, Q8_0);
    tensor(&file, "blk.0.mystery.weight", 4096, 64, Q8_0);
    const uint64_t file_B = finish(&file);
    assert_int_equal(load(&model, &err, &file, file.n, file_B), MJ_ESUPPORT);
    assert_non_null(strstr(err.diag[0].text, "llama"));
}

/* The fuzzer's seeds are whole files written by another program: experts, and a state-space mixer
 * without attention. Their parameters by hand from the dimensions in their tensor tables. */
static void test_layers_of_other_kinds(void **state)
{
    const char *root = getenv("MJ_SOURCE_ROOT");
    const char *folder = mj_arena_printf(&arena, "%s/tests/fuzz/corpus/gguf", root ? root : ".");
    mj_model model;
    mj_err err = {0};
    (void)state;
    assert_int_equal(mj_model_load(&model, mj_arena_printf(&arena, "%s/moe.gguf", folder), "", NULL,
                                   &arena, &err), MJ_OK);
    assert_string_equal(model.name, "moe");
    assert_int_equal(model.moe.layers, 1);
    assert_int_equal(model.precision.experts, MJ_FORMAT_MXFP4);
    assert_int_equal(model.precision.attention, MJ_FORMAT_FP16);
    assert_rel(model.params.total, 2 * 32 * 32 + 2 * 3 * 32 * 64 + 32 * 2 + 2 * 1024 + 2 * 512, 0);
    assert_rel(model.exact_weight_B,
               2048 / 32 * 34 + 3072 * 2 + 64 * 4 + 12288 / 32 * 17, 1e-12);
    assert_int_equal(mj_model_load(&model, mj_arena_printf(&arena, "%s/mamba.gguf", folder), "",
                                   NULL, &arena, &err), MJ_OK);
    assert_int_equal(model.ssm.version, 1);
    assert_int_equal(model.attn_layers, 0);
    assert_true(model.params.kv_B == 0);
    assert_rel(model.params.total, 1024 + 4096 + 256 + 640 + 128 + 256 + 2048, 1e-12);
}

static void test_version_2_and_missing_keys(void **state)
{
    (void)state;
    mj_model model;
    mj_err err;
    build_llama(&file, &small, Q8_0);
    put_at(&file, 4, 2, 4);
    uint64_t file_B = finish(&file);
    assert_int_equal(load(&model, &err, &file, file.n, file_B), MJ_OK);
    begin(&file, 3);
    file_B = finish(&file);
    assert_int_equal(load(&model, &err, &file, file.n, file_B), MJ_EKEY);
    assert_non_null(strstr(err.diag[0].text, "general.architecture"));
    begin(&file, 3);
    key_text(&file, "general.architecture", "llama");
    key_text(&file, "llama.block_count", "two");
    file_B = finish(&file);
    assert_int_equal(load(&model, &err, &file, file.n, file_B), MJ_ESYNTAX);
    assert_non_null(strstr(err.diag[0].text, "llama.block_count"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_real_model, setup, teardown),
        cmocka_unit_test_setup_teardown(test_truncated_at_every_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nested_arrays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shape_must_explain_the_tensors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_layers_of_other_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_version_2_and_missing_keys, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
