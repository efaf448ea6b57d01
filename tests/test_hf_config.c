/* A config.json of every architecture gives the published number of parameters, and a hostile one
 * an error that names the field.
 *
 * Totals are those that the authors publish (model cards and papers [hf-config]); ours leave out
 * norms, biases, and the parts named in `omitted`: 3 % covers that. */
#include "mj/model.h"

#include "assert_rel.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    const char *folder;
    double total, active;   /* published; active 0: not stated or equal to the total */
    int attention, experts; /* weight formats that its config states */
} example;

static const example examples[] = {
    {"Llama-3.1-8B", 8.03e9, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"Mistral-7B-v0.1", 7.24e9, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"Mixtral-8x7B-v0.1", 46.7e9, 12.9e9, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"Qwen2-7B", 7.62e9, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"Qwen2-57B-A14B", 57.4e9, 14e9, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"Qwen3-8B", 8.19e9, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"Qwen3-235B-A22B-FP8", 235e9, 22e9, MJ_FORMAT_FP8, MJ_FORMAT_FP8},
    {"Qwen3-VL-32B", 32.8e9, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"gemma-7b", 8.54e9, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"gemma-2-9b", 9.24e9, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"gemma-3-12b", 11.8e9, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"gemma-3-27b", 27.0e9, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"Llama-4-Scout", 109e9, 17e9, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"Llama-4-Maverick-FP8", 400e9, 17e9, MJ_FORMAT_BF16, MJ_FORMAT_FP8},
    {"DeepSeek-V2-Lite", 15.7e9, 2.4e9, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"DeepSeek-V3", 671e9, 37e9, MJ_FORMAT_FP8, MJ_FORMAT_FP8},
    {"phi-2", 2.78e9, 0, MJ_FORMAT_FP16, MJ_FORMAT_FP16},
    {"Phi-3-mini-4k", 3.82e9, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"gpt2", 124.4e6, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"gpt-oss-20b", 20.9e9, 3.6e9, MJ_FORMAT_BF16, MJ_FORMAT_MXFP4},
    {"mamba-2.8b", 2.77e9, 0, MJ_FORMAT_FP32, MJ_FORMAT_FP32},
    {"Mamba-Codestral-7B-v0.1", 7.29e9, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"NVIDIA-Nemotron-Nano-9B-v2", 8.89e9, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"falcon-mamba-7b", 7.27e9, 0, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
    {"Jamba-v0.1", 51.6e9, 12e9, MJ_FORMAT_BF16, MJ_FORMAT_BF16},
};

static mj_arena arena;

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

static void load(mj_model *model, const char *folder)
{
    const char *root = getenv("MJ_SOURCE_ROOT");
    mj_err err = {0};
    const char *path = mj_arena_printf(&arena, "%s/tests/models/%s", root ? root : ".", folder);
    if (mj_model_from_config(model, path, &arena, &err) != MJ_OK) {
        fail_msg("%s: %s", folder, err.diag[0].text);
    }
}

static void test_every_architecture_has_its_published_total(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const example *e = &examples[i];
        mj_model model;
        load(&model, e->folder);
        print_message("%s\n", e->folder);
        assert_string_equal(model.name, e->folder);
        assert_rel(model.params.total, e->total, 0.03);
        /* Authors count embeddings and heads differently, and round to whole billions. */
        assert_rel(model.params.active, e->active > 0 ? e->active : e->total, 0.16);
        assert_int_equal(model.precision.attention, e->attention);
        assert_int_equal(model.precision.experts, e->experts);
    }
}

/* Counted by hand from the published patterns of layers. */
static void test_layers_of_each_kind(void **state)
{
    (void)state;
    mj_model m;
    load(&m, "gemma-3-27b"); /* five local to one global */
    assert_int_equal(m.window.layers, 52);
    assert_int_equal(m.window.tokens, 1024);
    assert_string_equal(m.omitted, "vision encoder and projector");
    load(&m, "gemma-2-9b");
    assert_int_equal(m.window.layers, 21);
    load(&m, "gpt-oss-20b");
    assert_int_equal(m.window.layers, 12);
    load(&m, "Llama-4-Scout"); /* three chunked to one full */
    assert_int_equal(m.window.layers, 36);
    load(&m, "Llama-4-Maverick-FP8"); /* experts on every second layer */
    assert_int_equal(m.moe.layers, 24);
    assert_int_equal(m.ffn_layers, 24);
    load(&m, "DeepSeek-V3");
    assert_int_equal(m.moe.layers, 58);
    assert_rel(m.params.kv_B, (512 + 64) * 2, 1e-12);
    load(&m, "Jamba-v0.1");
    assert_int_equal(m.attn_layers, 4);
    assert_int_equal(m.ssm.layers, 28);
    assert_int_equal(m.moe.layers, 16);
    load(&m, "NVIDIA-Nemotron-Nano-9B-v2");
    assert_int_equal(m.attn_layers, 4);
    assert_int_equal(m.ssm.layers, 27);
    assert_int_equal(m.ffn_layers, 25);
    load(&m, "Qwen3-235B-A22B-FP8");
    assert_true(m.moe.reads_all);
    load(&m, "DeepSeek-V3");
    assert_false(m.moe.reads_all);
    load(&m, "mamba-2.8b"); /* without attention there is no cache */
    assert_int_equal(m.attn_layers, 0);
    assert_true(m.params.kv_B == 0);
}

/* Writes `text` as a config and expects `status` and a message that holds `word`. */
static void expect(mj_status status, const char *word, const char *text)
{
    char path[] = "/tmp/mj-config-XXXXXX.json";
    mj_model model;
    mj_err err = {0};
    const int fd = mkstemps(path, 5);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    const mj_status got = mj_model_from_config(&model, path, &arena, &err);
    unlink(path);
    if (got != status || (status != MJ_OK && (err.n == 0 || !strstr(err.diag[0].text, word)))) {
        fail_msg("%s: got %s (%s), want %s (%s)", text, mj_status_text(got),
                 err.n ? err.diag[0].text : "", mj_status_text(status), word);
    }
    assert_true(status == MJ_OK || strstr(err.diag[0].file, "mj-config-") != NULL);
}

#define LLAMA(layers, rest)                                                                   \
    "{\"model_type\":\"llama\",\"num_hidden_layers\":" layers ",\"hidden_size\":64,"             \
    "\"num_attention_heads\":8,\"intermediate_size\":256,\"vocab_size\":1000" rest "}"

static void test_bad_configs_name_the_field(void **state)
{
    (void)state;
    expect(MJ_OK, "", LLAMA("2", ""));
    expect(MJ_ERANGE, "num_hidden_layers: 2147483648 is outside 1 to 16777216",
           LLAMA("2147483648", ""));
    expect(MJ_ERANGE, "text_config.num_hidden_layers: 2.5 is not a whole number",
           "{\"model_type\":\"gemma3\",\"text_config\":" LLAMA("2.5", "") "}");
    expect(MJ_ERANGE, "num_hidden_layers", LLAMA("-3", ""));
    expect(MJ_ERANGE, "num_hidden_layers", LLAMA("0", ""));
    expect(MJ_ERANGE, "num_hidden_layers", LLAMA("2.5", ""));
    expect(MJ_ERANGE, "num_hidden_layers", LLAMA("1e308", ""));
    expect(MJ_ESYNTAX, "num_hidden_layers", LLAMA("\"2\"", ""));
    expect(MJ_EKEY, "num_hidden_layers", LLAMA("null", ""));
    expect(MJ_ERANGE, "kv_heads", LLAMA("2", ",\"num_key_value_heads\":3"));
    expect(MJ_ESUPPORT, "torch_dtype", LLAMA("2", ",\"torch_dtype\":\"int3\""));
    expect(MJ_ESUPPORT, "quantization_config",
           LLAMA("2", ",\"quantization_config\":{\"quant_method\":\"magic\"}"));
    expect(MJ_ESYNTAX, "", LLAMA("2", ","));
    expect(MJ_EKEY, "model_type", "{}");
    expect(MJ_EKEY, "model_type", "[]");
    expect(MJ_ESUPPORT, "nemotron_h, jamba", "{\"model_type\":\"t5\"}");
    expect(MJ_ESUPPORT, "t5?[2J", "{\"model_type\":\"t5\\u001b[2J\"}");
}

static void test_quantised_configs(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int format;
    } quant[] = {
        {LLAMA("2", ",\"quantization_config\":{\"quant_method\":\"awq\",\"bits\":4}"),
         MJ_FORMAT_INT4},
        {LLAMA("2", ",\"quantization_config\":{\"quant_method\":\"gptq\",\"bits\":8}"),
         MJ_FORMAT_INT8},
        {LLAMA("2", ",\"dtype\":\"float16\""), MJ_FORMAT_FP16},
    };
    for (size_t i = 0; i < sizeof quant / sizeof quant[0]; i++) {
        char path[] = "/tmp/mj-config-XXXXXX.json";
        mj_model model;
        mj_err err = {0};
        const int fd = mkstemps(path, 5);
        assert_int_equal(write(fd, quant[i].text, strlen(quant[i].text)), strlen(quant[i].text));
        close(fd);
        assert_int_equal(mj_model_from_config(&model, path, &arena, &err), MJ_OK);
        unlink(path);
        assert_int_equal(model.precision.ffn, quant[i].format);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_architecture_has_its_published_total, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_layers_of_each_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_configs_name_the_field, setup, teardown),
        cmocka_unit_test_setup_teardown(test_quantised_configs, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
