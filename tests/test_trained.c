/* Files of trained models: what was written is what is billed, and texts that their tensors do not
 * bear out are refused. The files are made here. */
#include "world.h"

#include "mj/trained.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { N = 12 };

static mj_model shape_of_12(void)
{
    mj_model m = {.name = "small-net", .kind = MJ_MODEL_OSCILLATORS};
    m.oscillator.visible = 9;
    m.oscillator.hidden = 3;
    m.oscillator.random = 2;
    m.oscillator.classes = 10;
    m.oscillator.couplings = 40;
    m.oscillator.coupling_bits = 4;
    m.oscillator.start_bits = 2;
    m.oscillator.segments = m.oscillator.harmonics = 1;
    m.oscillator.span = 3.25;
    m.oscillator.steps = 24;
    m.oscillator.stages = 4;
    m.oscillator.width = m.oscillator.height = 3;
    m.precision.ffn = MJ_FORMAT_INT4;
    return m;
}

/* What a test makes differently from a good file. */
typedef struct {
    const char *text, *bits, *frechet;
    size_t rows, row_B, planes;
    int segments;
    bool plain, without_text, without_couplings;
} variant;

/* Writes the file, reads it as a model, removes it. */
static mj_status read_back(mj_model *model, world *w, variant v)
{
    static const float numbers[4 * N * N];
    char path[] = "/tmp/mj-trained-XXXXXX.safetensors";
    int fd = mkstemps(path, 12);
    assert_true(fd >= 0);
    close(fd);
    mj_model shape = shape_of_12();
    shape.oscillator.segments = v.segments ? v.segments : 1;
    mj_safetensors file;
    mj_safetensors_init(&file, &w->arena);
    w->err = (mj_err){0};
    if (!v.without_text) {
        const char *text = v.text ? v.text : mj_trained_describe(&shape, &w->arena);
        world_require(w, mj_safetensors_set(&file, MJ_TRAINED_KEY, text, &w->err));
    }
    size_t dim[3] = {v.planes, v.rows ? v.rows : N, v.row_B ? v.row_B : (v.plain ? N : N / 2)};
    int skip = v.planes ? 0 : 1;
    if (!v.without_couplings) {
        world_require(w, mj_safetensors_add(&file, v.plain ? "K" : "K.packed",
                                            v.plain ? MJ_DTYPE_F32 : MJ_DTYPE_U8, numbers, dim + skip,
                                            3 - skip,
                                            &w->err));
        world_require(w, mj_safetensors_set(&file, "K.bits", v.bits ? v.bits : "4", &w->err));
    }
    if (v.frechet) {
        world_require(w, mj_safetensors_set(&file, "frechet", v.frechet, &w->err));
        world_require(w, mj_safetensors_set(&file, "frechet_noise", "0.1", &w->err));
        world_require(w, mj_safetensors_set(&file, "frechet_integrator", "rk4 x 24", &w->err));
    }
    world_require(w, mj_safetensors_save(&file, path, &w->err));
    mj_status status = mj_model_load(model, path, w->catalogue.models, w->units, &w->arena, &w->err);
    unlink(path);
    return status;
}

static void test_file_gives_the_shape_back(void **state)
{
    world *w = *state;
    mj_model model, want = shape_of_12();
    for (int plain = 0; plain < 2; plain++) {
        world_require(w, read_back(&model, w, (variant){.plain = plain == 1}));
        assert_string_equal(model.name, "small-net");
        assert_int_equal(model.output, MJ_OUTPUT_IMAGE);
        assert_memory_equal(&model.oscillator, &want.oscillator, sizeof want.oscillator);
        assert_int_equal(mj_model_format(&model), MJ_FORMAT_INT4);
        /* 40 couplings, 12 frequencies, 10 classes of two injections and a frequency each */
        assert_rel(model.params.total, 40 + 12 + 10 * 12 * 3, 1e-12);
    }
}

/* Of several segments: matrices behind each other, or all packed rows in one. */
static void test_segments_are_counted(void **state)
{
    static const variant right[] = {
        {.segments = 3, .rows = 3 * N},
        {.segments = 3, .plain = true, .planes = 3},
    };
    static const variant wrong[] = {
        {.segments = 3},
        {.segments = 3, .rows = 2 * N},
        {.segments = 3, .plain = true},
        {.segments = 3, .plain = true, .planes = 2},
        {.segments = 3, .plain = true, .planes = 3, .rows = N - 1},
        {.segments = 3, .planes = 3},
        {.rows = 3 * N},
        {.plain = true, .planes = 1},
    };
    mj_model model;
    world *w = *state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        world_require(w, read_back(&model, w, right[i]));
        assert_int_equal(model.oscillator.segments, 3);
        assert_rel(model.params.total, 3 * 40 + 12 + 10 * 12 * 3, 1e-12);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(read_back(&model, w, wrong[i]), MJ_ERANGE);
        assert_non_null(strstr(w->err.diag[0].text, MJ_TRAINED_KEY));
    }
}

static void test_text_and_tensors_must_agree(void **state)
{
    static const variant wrong[] = {
        {.rows = N - 1},       {.row_B = N / 2 + 1},
        {.bits = "5"},         {.plain = true, .rows = N - 1},
        {.plain = true, .row_B = N - 1},
    };
    mj_model model;
    world *w = *state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(read_back(&model, w, wrong[i]), MJ_ERANGE);
        assert_non_null(strstr(w->err.diag[0].text, MJ_TRAINED_KEY));
    }
    assert_int_equal(read_back(&model, w, (variant){.bits = "4 "}), MJ_ESYNTAX);
    assert_int_equal(read_back(&model, w, (variant){.without_couplings = true}), MJ_ESUPPORT);
}

/* A stranger's weights have no such text, and a text may be anything. */
static void test_other_texts_are_refused(void **state)
{
    mj_model model;
    world *w = *state;
    assert_int_equal(read_back(&model, w, (variant){.without_text = true}), MJ_ESUPPORT);
    assert_non_null(strstr(w->err.diag[0].text, "config.json"));
    assert_int_equal(read_back(&model, w, (variant){.text = "mj: 1\nmodel: a\nkind: aggregate\n"}),
                     MJ_ESUPPORT);
    assert_int_not_equal(read_back(&model, w, (variant){.text = "mj: 1\nmodel: [\n"}), MJ_OK);
    assert_int_not_equal(read_back(&model, w, (variant){.text = ""}), MJ_OK);
    assert_int_equal(mj_model_load(&model, "/nowhere/x.safetensors", w->catalogue.models, w->units,
                                   &w->arena, &w->err),
                     MJ_EFILE);
}

/* A judgement stands beside the shape with its conditions; nonsense in its place is refused. */
static void test_quality_comes_with_its_conditions(void **state)
{
    static const char *const nonsense[] = {"", "good", "-1", "nan", "1e300", "36.6x"};
    world *w = *state;
    mj_model model;
    world_require(w, read_back(&model, w, (variant){0}));
    assert_null(model.quality.metric);
    world_require(w, read_back(&model, w, (variant){.frechet = "36.5"}));
    assert_rel(model.quality.value, 36.5, 0);
    assert_non_null(strstr(model.quality.metric, "rk4 x 24, noise 0.1"));
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        assert_int_equal(read_back(&model, w, (variant){.frechet = nonsense[i]}), MJ_ESYNTAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_gives_the_shape_back),
        cmocka_unit_test(test_segments_are_counted),
        cmocka_unit_test(test_text_and_tensors_must_agree),
        cmocka_unit_test(test_other_texts_are_refused),
        cmocka_unit_test(test_quality_comes_with_its_conditions),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
