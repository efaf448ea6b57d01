/* Models: counts of the 34 measured language models against an independent count, the catalogue
 * against published totals, names, and shapes that make no sense. */
#include "mj/model.h"

#include "assert_rel.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* Counted apart from this program, by the tool that fitted the measured rows [zeus2025]; it also
 * reproduced the published totals of all of them. total, active and attention in parameters; cache
 * in bytes a token and layer; FLOP a context token and layer; state in bytes a sequence; bytes of
 * one weight of the largest part. */
static const struct {
    const char *id;
    double total, active, attention, kv_B, attention_flop, state_B, weight_B;
} counted[] = {
    {"Qwen/Qwen3-8B",
     8190427136, 7568097280, 1509949440, 4096, 16384, 0, 2.0},
    {"Qwen/Qwen3-14B",
     14767882240, 13989969920, 2516582400, 4096, 20480, 0, 2.0},
    {"Qwen/Qwen3-32B",
     32761446400, 31983534080, 6039797760, 4096, 32768, 0, 2.0},
    {"Qwen/Qwen3-VL-8B-Instruct",
     8190427136, 7568097280, 1509949440, 4096, 16384, 0, 2.0},
    {"Qwen/Qwen3-VL-32B-Instruct",
     32761446400, 31983534080, 6039797760, 4096, 32768, 0, 2.0},
    {"Qwen/Qwen3-30B-A3B-Instruct-2507",
     30531911680, 3041656832, 905969664, 2048, 16384, 0, 2.0},
    {"Qwen/Qwen3-30B-A3B-Thinking-2507",
     30531911680, 3041656832, 905969664, 2048, 16384, 0, 2.0},
    {"Qwen/Qwen3-Coder-30B-A3B-Instruct",
     30531911680, 3041656832, 905969664, 2048, 16384, 0, 2.0},
    {"Qwen/Qwen3-VL-30B-A3B-Instruct",
     30531911680, 3041656832, 905969664, 2048, 16384, 0, 2.0},
    {"Qwen/Qwen3-Omni-30B-A3B-Instruct",
     30532435968, 3041918976, 905969664, 2048, 16384, 0, 2.0},
    {"Qwen/Qwen3-235B-A22B-Instruct-2507",
     235092836352, 21567635456, 6702497792, 2048, 32768, 0, 2.0},
    {"Qwen/Qwen3-235B-A22B-Thinking-2507",
     235092836352, 21567635456, 6702497792, 2048, 32768, 0, 2.0},
    {"Qwen/Qwen3-235B-A22B-Instruct-2507-FP8",
     235092836352, 21567635456, 6702497792, 2048, 32768, 0, 1.0},
    {"Qwen/Qwen3-235B-A22B-Thinking-2507-FP8",
     235092836352, 21567635456, 6702497792, 2048, 32768, 0, 1.0},
    {"Qwen/Qwen3-VL-235B-A22B-Instruct",
     235092836352, 21567635456, 6702497792, 2048, 32768, 0, 2.0},
    {"Qwen/Qwen3-VL-235B-A22B-Instruct-FP8",
     235092836352, 21567635456, 6702497792, 2048, 32768, 0, 1.0},
    {"Qwen/Qwen3-Coder-480B-A35B-Instruct",
     480154091520, 34540486656, 10141827072, 4096, 49152, 0, 2.0},
    {"Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8",
     480154091520, 34540486656, 10141827072, 4096, 49152, 0, 1.0},
    {"deepseek-ai/DeepSeek-R1-0528",
     671025397760, 36624596992, 11413422080, 1152, 278528, 0, 1.0},
    {"deepseek-ai/DeepSeek-V3.1",
     671025397760, 36624596992, 11413422080, 1152, 278528, 0, 1.0},
    {"google/gemma-3-12b-it",
     11765268480, 11765268480, 2264924160, 8192, 16384, 0, 2.0},
    {"google/gemma-3-27b-it",
     27007991808, 27007991808, 4095737856, 8192, 16384, 0, 2.0},
    {"meta-llama/Llama-3.1-8B-Instruct",
     8029995008, 7504658432, 1342177280, 4096, 16384, 0, 2.0},
    {"meta-llama/Llama-3.1-70B-Instruct",
     70552387584, 69501714432, 12079595520, 4096, 32768, 0, 2.0},
    {"meta-llama/Llama-3.3-70B-Instruct",
     70552387584, 69501714432, 12079595520, 4096, 32768, 0, 2.0},
    {"meta-llama/Llama-3.1-405B-Instruct",
     405849243648, 403747897344, 71873593344, 4096, 65536, 0, 2.0},
    {"meta-llama/Llama-3.1-405B-Instruct-FP8",
     405849243648, 403747897344, 71873593344, 4096, 65536, 0, 1.0},
    {"meta-llama/Llama-4-Scout-17B-16E-Instruct",
     107769364480, 16137912320, 3019898880, 4096, 20480, 0, 2.0},
    {"meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8",
     400711352320, 16149708800, 3019898880, 4096, 20480, 0, 1.0},
    {"nvidia/NVIDIA-Nemotron-Nano-9B-v2",
     8887353344, 8300150784, 220200960, 4096, 20480, 143548416, 2.0},
    {"nvidia/NVIDIA-Nemotron-Nano-12B-v2",
     12309037056, 11637948416, 377487360, 4096, 20480, 148865024, 2.0},
    {"nvidia/NVIDIA-Nemotron-Nano-12B-v2-VL-BF16",
     12309037056, 11637948416, 377487360, 4096, 20480, 148865024, 2.0},
    {"openai/gpt-oss-120b",
     116788838400, 5131100160, 955514880, 2048, 16384, 0, 0.53125},
    {"openai/gpt-oss-20b",
     20907786240, 3607142400, 637009920, 2048, 16384, 0, 0.53125},
};

static mj_arena arena;
static mj_units *units;
static const char *dir;

static int setup(void **state)
{
    const char *root = getenv("MJ_SOURCE_ROOT");
    (void)state;
    mj_arena_init(&arena, 0);
    units = mj_units_new();
    dir = mj_arena_printf(&arena, "%s/data/models", root ? root : ".");
    return units && dir ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    mj_units_free(units);
    mj_arena_fini(&arena);
    return 0;
}

static void load(mj_model *model, const char *name)
{
    mj_err err = {0};
    if (mj_model_load(model, name, dir, units, &arena, &err) != MJ_OK) {
        fail_msg("%s: %s", name, err.diag[0].text);
    }
}

static void test_counts_of_the_measured_models(void **state)
{
    const char *family[64];
    int n_families = 0;
    (void)state;
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++) {
        mj_model m;
        load(&m, counted[i].id);
        assert_rel(m.params.total, counted[i].total, 1e-12);
        assert_rel(m.params.active, counted[i].active, 1e-12);
        assert_rel(m.params.attention, counted[i].attention, 1e-12);
        assert_rel(m.params.kv_B, counted[i].kv_B, 1e-12);
        assert_rel(m.params.attention_flop, counted[i].attention_flop, 1e-12);
        assert_rel(m.params.state_B, counted[i].state_B, 1e-12);
        assert_rel(mj_format_bytes(mj_model_format(&m)), counted[i].weight_B, 1e-12);
        /* Norms are left out because they are small: if not, they would have to be counted. */
        assert_true(m.params.norm > 0 && m.params.norm < 1e-3 * m.params.total);
        int k = 0;
        while (k < n_families && strcmp(family[k], m.family) != 0) {
            k++;
        }
        family[k] = m.family;
        n_families += k == n_families;
    }
    assert_int_equal(n_families, 18); /* backbones among the measured models */
}

/* Every file of the catalogue loads, is called as its file, and has its published total. */
static void test_catalogue(void **state)
{
    DIR *folder = opendir(dir);
    const struct dirent *entry;
    int n = 0;
    (void)state;
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        mj_model m;
        if (!strstr(entry->d_name, ".yaml")) {
            continue;
        }
        load(&m, mj_arena_printf(&arena, "%s/%s", dir, entry->d_name));
        assert_int_equal(strlen(m.name) + 5, strlen(entry->d_name));
        assert_memory_equal(m.name, entry->d_name, strlen(m.name));
        assert_non_null(m.source);
        assert_non_null(m.family);
        if (m.published_total > 0) {
            print_message("%s\n", m.name);
            assert_rel(m.params.total, m.published_total, 0.03);
        }
        if (m.published_active > 0) { /* rounded to billions, heads counted or not */
            assert_rel(m.params.active, m.published_active, 0.08);
        }
        n++;
    }
    closedir(folder);
    assert_true(n >= 54); /* 34 + 12 measured ones, twins together, and the classics */
}

/* 80 layers x 2 x 8 heads x 128 x 2 B x 2048 tokens = 671 MB; without grouped queries 5.4 GB. */
static void test_cache_of_grouped_queries(void **state)
{
    mj_model m;
    (void)state;
    load(&m, "llama-3.1-70b");
    assert_rel(m.params.kv_B * m.attn_layers * 2048, 671088640.0, 1e-12);
    assert_string_equal(m.id, "meta-llama/Llama-3.1-70B-Instruct");
    load(&m, "post-100b"); /* 50 GB at 32k tokens, as the post says */
    assert_rel(m.params.kv_B * 32768, 50e9, 1e-12);
    assert_rel(m.params.active, 100e9, 1e-12);
}

/* A pass over the tokens multiplies each by the weights; text tokens may or may not run along. */
static void test_denoisers_are_consistent(void **state)
{
    static const char *const names[] = {
        "flux.1-dev", "sd-3.5-large", "sd-3.5-medium", "pixart-sigma", "hunyuan-dit-1.2",
        "sana-1.5-1.6b", "sana-1.5-4.8b", "wan-2.1-1.3b", "wan-2.1-14b", "hunyuan-video",
        "cogvideox-2b", "cogvideox-1.5-5b", "dit-xl-2"};
    mj_model m;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        load(&m, names[i]);
        const double least = 2 * m.diffusion.weights_per_token * m.diffusion.tokens;
        const double most = least * (1 + m.diffusion.text_tokens / m.diffusion.tokens);
        /* 0.5 %: weights that see one vector an image, not every token (modulation). */
        if (!(m.diffusion.linear_flop > 0.995 * least && m.diffusion.linear_flop < 1.005 * most)) {
            fail_msg("%s: %g FLOP, tokens allow %g to %g", names[i], m.diffusion.linear_flop, least,
                     most);
        }
        assert_string_equal(mj_model_class(&m), "diffusion");
        assert_true(m.diffusion.steps > 0 && m.diffusion.passes > 0);
    }
    /* 118.6 G multiply-accumulates a pass [dit2023]. */
    assert_rel((m.diffusion.linear_flop + m.diffusion.attention_flop) / 2, 118.6e9, 2e-3);
}

static void expect_unknown(const char *name, mj_status status, const char *words)
{
    mj_model m;
    mj_err err = {0};
    assert_int_equal(mj_model_load(&m, name, dir, units, &arena, &err), status);
    assert_true(err.n > 0);
    if (!strstr(err.diag[0].text, words)) {
        fail_msg("%s: '%s' does not say '%s'", name, err.diag[0].text, words);
    }
}

static void test_names(void **state)
{
    mj_model m;
    (void)state;
    load(&m, "Meta-Llama/llama-3.3-70b-instruct"); /* case does not matter */
    assert_string_equal(m.name, "llama-3.3-70b");
    load(&m, "qwen3-coder-30b-a3b");
    assert_string_equal(m.name, "qwen3-30b-a3b");
    assert_string_equal(mj_model_class(&m), "moe");
    load(&m, "nemotron-nano-9b-v2");
    assert_string_equal(mj_model_class(&m), "hybrid");
    load(&m, "llama-2-7b");
    assert_string_equal(mj_model_class(&m), "dense");
    expect_unknown("lama-3.1-70b", MJ_ENAME, "llama-3.1-70b");
    expect_unknown("meta-llama/Llama-3.1-70B-Instruc", MJ_ENAME, "did you mean");
    expect_unknown("zzz", MJ_ENAME, "unknown model");
    expect_unknown("no/such/file.yaml", MJ_EFILE, "");
    expect_unknown("no/such/config.json", MJ_EFILE, "");
    expect_unknown("no/such.gguf", MJ_EFILE, "");
}

/* 10 T parameters: sums of doubles equal the integer sum, which still fits 64 bits. */
static void test_large_counts_are_exact(void **state)
{
    mj_err err = {0};
    mj_model m = {.kind = MJ_MODEL_TRANSFORMER, .layers = 128, .hidden = 16384, .heads = 128,
                  .kv_heads = 8, .head_dim = 128, .vocab = 262144,
                  .moe = {.layers = 128, .experts = 2048, .active = 8, .width = 1024}};
    const uint64_t experts = (uint64_t)128 * 2048 * 3 * 16384 * 1024;
    const uint64_t attention = (uint64_t)128 * 16384 * 128 * 272;
    const uint64_t rest = (uint64_t)128 * 16384 * 2048 + (uint64_t)2 * 262144 * 16384;
    (void)state;
    assert_int_equal(mj_model_resolve(&m, "large", &err), MJ_OK);
    assert_true(m.params.total > 10e12);
    assert_true(m.params.total == (double)(experts + attention + rest));
}

static void expect_bad(const mj_model *bad, const char *field)
{
    mj_model m = *bad;
    mj_err err = {0};
    assert_int_not_equal(mj_model_resolve(&m, "bad", &err), MJ_OK);
    if (err.n == 0 || !strstr(err.diag[0].text, field)) {
        fail_msg("'%s' does not name %s", err.n ? err.diag[0].text : "", field);
    }
}

static void test_bad_shapes_name_the_field(void **state)
{
    mj_model good, m;
    (void)state;
    load(&good, "mixtral-8x7b");
    m = good, m.layers = -1;
    expect_bad(&m, "layers");
    m = good, m.hidden = (1 << 24) + 1;
    expect_bad(&m, "hidden");
    m = good, m.kv_heads = 7;
    expect_bad(&m, "kv_heads");
    m = good, m.moe.active = 9;
    expect_bad(&m, "moe.active");
    m = good, m.moe.width = 0;
    expect_bad(&m, "moe.width");
    m = good, m.window.layers = 33;
    expect_bad(&m, "window");
    m = good, m.layers = 40; /* but attention on 32 */
    expect_bad(&m, "attn_layers");
    m = good, m.kind = MJ_MODEL_NONE;
    expect_bad(&m, "kind");
    load(&good, "flux.1-dev");
    m = good, m.diffusion.linear_flop = NAN;
    expect_bad(&m, "diffusion.linear_flop");
    m = good, m.diffusion.tokens = 1e308;
    expect_bad(&m, "diffusion.tokens");
    m = good, m.diffusion.steps = 0;
    expect_bad(&m, "diffusion.steps");
    load(&good, "post-100b");
    m = good, m.aggregate.active = 2e11;
    expect_bad(&m, "aggregate.active");
}

/* A change of precision holds for the linear layers; what a block-FP8 kernel did ends with it. */
static void test_precision(void **state)
{
    mj_model m;
    (void)state;
    load(&m, "qwen3-235b-a22b-fp8");
    assert_true(m.moe.reads_all);
    mj_model_set_precision(&m, MJ_FORMAT_INT4);
    assert_int_equal(mj_model_format(&m), MJ_FORMAT_INT4);
    assert_int_equal(m.precision.embedding, MJ_FORMAT_BF16);
    assert_false(m.moe.reads_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_of_the_measured_models),
        cmocka_unit_test(test_catalogue),
        cmocka_unit_test(test_cache_of_grouped_queries),
        cmocka_unit_test(test_denoisers_are_consistent),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_large_counts_are_exact),
        cmocka_unit_test(test_bad_shapes_name_the_field),
        cmocka_unit_test(test_precision),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
