/* Look-up-table networks as a user meets them: recipes that are wrong, three patterns told apart, a
 * likelihood that sums to one and comes down to the entropy of what made the images, texts of which the
 * entropy is known, a run cut in two, files read back, and files that are none. */
#include "assert_rel.h"

#include "mj/checkpoint.h"
#include "mj/kernels.h"
#include "mj/language.h"
#include "mj/lut_quality.h"
#include "mj/rng.h"
#include "mj/training.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { W = 3, H = 2, SIZE = W * H, N_IMAGES = 400, N_CLASS = 3, TEXT_N = 40000 };

static const char CLASSIFY[] =
    "mj: 1\nrecipe: tiny\nmodel: {kind: lut_net, layers: [60, 30], thresholds: [64, 128]}\n"
    "data: here\nobjective: {kind: classify}\n"
    "train: {batch: 32, lr: 5e-2, steps: 300, hard_from: 0.5, rewire: 2, seed: 1}\n";
static const char PIXELS[] =
    "mj: 1\nrecipe: tiny\nmodel: {kind: lut_net, layers: [300, 200], thresholds: [100], neighbourhood: 1,\n"
    "  area: 0.001, activity: true}\n"
    "data: here\nobjective: {kind: next_pixel}\n"
    "train: {batch: 64, lr: 5e-2, steps: 1500, hard_from: 0.4, rewire: 4, seed: 1}\n";
static const char BYTES[] =
    "mj: 1\nrecipe: tiny\nmodel: {kind: lut_net, layers: [120, 200], history: 3, one_hot: 2}\n"
    "data: here\nobjective: {kind: next_byte}\n"
    "train: {batch: 64, lr: 5e-2, steps: 800, hard_from: 0.4, seed: 1}\n";

static const char DECISIONS[] =
    "mj: 1\nrecipe: tiny\nmodel: {kind: lut_net, layers: [120, 200], history: 3, one_hot: 2, decisions: true}\n"
    "data: here\nobjective: {kind: next_byte}\n"
    "train: {batch: 64, lr: 5e-2, steps: 800, hard_from: 0.4, rewire: 2, rewire_batches: 3, seed: 1}\n";

typedef struct {
    mj_arena arena;
    mj_err err;
    mj_units *units;
    mj_recipe recipe;
    mj_dataset data;
    mj_corpus corpus;
    char path[2][64];
} fixture;

/* The upper row is random, the lower one its copy (class 0), its inverse (1) or its mirror image (2): three
 * bits of chance an image. */
static void make_images(mj_dataset *data, mj_arena *arena)
{
    mj_rng rng;
    mj_rng_init(&rng, 7, 0);
    *data = (mj_dataset){.n = N_IMAGES, .width = W, .height = H, .n_classes = N_CLASS};
    data->image = mj_arena_array(arena, N_IMAGES * SIZE, sizeof *data->image);
    data->label = mj_arena_array(arena, N_IMAGES, sizeof *data->label);
    for (int i = 0; i < N_IMAGES; i++) {
        mj_real *image = data->image + i * SIZE;
        int class = data->label[i] = i % N_CLASS;
        for (int x = 0; x < W; x++) {
            image[x] = mj_rng_uniform(&rng) < 0.5;
        }
        for (int x = 0; x < W; x++) {
            image[W + x] = class == 0 ? image[x] : class == 1 ? 1 - image[x] : image[W - 1 - x];
        }
    }
}

/* Words in random order: one of four, then its letters: 2 bits in 4 symbols. */
static void make_text(mj_corpus *corpus, mj_arena *arena, mj_err *err)
{
    static unsigned char text[TEXT_N];
    static const char *const words[] = {"abc ", "dca ", "eab ", "fgh "};
    mj_rng rng;
    mj_rng_init(&rng, 5, 0);
    for (size_t i = 0; i < TEXT_N;) {
        for (const char *c = words[(int)(4 * mj_rng_uniform(&rng))]; *c && i < TEXT_N; c++) {
            text[i++] = (unsigned char)*c;
        }
    }
    corpus->source = "here";
    mj_alphabet_fill(&corpus->alphabet, text, TEXT_N);
    const size_t from[] = {0, 9 * TEXT_N / 10, 19 * TEXT_N / 20, TEXT_N};
    for (int part = 0; part < MJ_PARTS_N; part++) {
        assert_int_equal(mj_alphabet_encode(&corpus->part[part], &corpus->alphabet, text + from[part],
                                            from[part + 1] - from[part], arena, err), MJ_OK);
    }
}

static int setup(void **state)
{
    static fixture f;
    f = (fixture){.units = mj_units_new()};
    mj_arena_init(&f.arena, 0);
    mj_threads_set(1);
    make_images(&f.data, &f.arena);
    make_text(&f.corpus, &f.arena, &f.err);
    for (int i = 0; i < 2; i++) {
        snprintf(f.path[i], sizeof f.path[i], "/tmp/mj-test-lut-%d-%d", (int)getpid(), i);
    }
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    unlink(f->path[0]);
    unlink(f->path[1]);
    mj_units_free(f->units);
    mj_arena_fini(&f->arena);
    return 0;
}

/* A recipe with one text in place of another. */
static mj_status parse_changed(fixture *f, const char *recipe, const char *from, const char *to)
{
    char text[1024];
    const char *at = strstr(recipe, from);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - recipe), recipe, to, at + strlen(from));
    f->err = (mj_err){0};
    return mj_recipe_parse(&f->recipe, text, "tiny.yaml", f->units, &f->arena, &f->err);
}

static mj_training *new_training(fixture *f, const char *recipe)
{
    mj_training *training;
    assert_int_equal(mj_recipe_parse(&f->recipe, recipe, "tiny", f->units, &f->arena, &f->err), MJ_OK);
    const mj_training_setup with = {.recipe = &f->recipe, .train = &f->data, .corpus = &f->corpus};
    assert_int_equal(mj_training_new(&training, &with, &f->arena, &f->err), MJ_OK);
    return training;
}

static void train(mj_training *training, long long until, fixture *f)
{
    while (!mj_training_is_done(training) && mj_training_state_of(training).step < until) {
        double loss;
        assert_int_equal(mj_training_step(training, &loss, &f->err), MJ_OK);
    }
}

/* Trains a recipe to its end; the model as stored. */
static void train_and_load(mj_lut_model *model, fixture *f, const char *recipe)
{
    mj_training *training = new_training(f, recipe);
    train(training, INT64_MAX, f);
    assert_int_equal(mj_training_export(training, f->path[0], NULL, 0, &f->err), MJ_OK);
    assert_int_equal(mj_lut_file_load(model, f->path[0], f->units, &f->arena, &f->err), MJ_OK);
}

/* Which class it is says what relation the rows have: linear classifiers of pixels cannot tell. */
static void test_a_relation_is_learned(void **state)
{
    fixture *f = *state;
    mj_lut_model model;
    double accuracy;
    train_and_load(&model, f, CLASSIFY);
    assert_int_equal(mj_lut_accuracy(&accuracy, &model, &f->data, &f->err), MJ_OK);
    /* a symmetric upper row looks the same copied and mirrored: half of these are lost, 1 in 6 */
    assert_true(accuracy > 0.75);
    mj_lut_count count = mj_lut_net_count(&model.net);
    assert_true(count.gates > 10 && count.gates <= model.n_nominal);
    f->data.width = H;
    assert_int_equal(mj_lut_data_check(&model, &f->data, "here", &f->err), MJ_ESUPPORT);
    f->data.width = W;
    f->err = (mj_err){0};
}

/* A class says which rows are bright at the left; at the right, where three images of the training are bright
 * too (a pixel that never changes is no input), only mirrored ones teach it. */
static void test_mirrored_images_teach_the_other_side(void **state)
{
    fixture *f = *state;
    mj_real *kept = f->data.image, side[2][N_IMAGES * SIZE] = {{0}};
    char recipe[1024];
    double accuracy[2];
    for (int i = 0; i < N_IMAGES; i++) {
        for (int row = 0; row < H; row++) {
            bool bright = f->data.label[i] == row || f->data.label[i] == 2;
            side[0][i * SIZE + row * W] = bright;
            side[0][i * SIZE + row * W + W - 1] = bright && i < N_CLASS;
            side[1][i * SIZE + row * W + W - 1] = bright;
        }
    }
    for (int mirror = 0; mirror < 2; mirror++) {
        mj_lut_model model;
        snprintf(recipe, sizeof recipe, "%.*s, mirror: %s}\n", (int)(strstr(CLASSIFY, ", seed: 1}") - CLASSIFY),
                 CLASSIFY, mirror ? "true" : "false");
        f->data.image = side[0];
        train_and_load(&model, f, recipe);
        f->data.image = side[1];
        assert_int_equal(mj_lut_accuracy(&accuracy[mirror], &model, &f->data, &f->err), MJ_OK);
    }
    f->data.image = kept;
    if (!(accuracy[0] < 0.5 && accuracy[1] > 0.99)) {
        fail_msg("%g without, %g with mirrored images", accuracy[0], accuracy[1]);
    }
}

/* All images of a class have probability one together, and the mean bits of an image come down to the three
 * of chance that are in it; none can have fewer. */
static void test_likelihood_is_one_and_its_bits_the_entropy(void **state)
{
    fixture *f = *state;
    mj_lut_model model;
    double bits;
    train_and_load(&model, f, PIXELS);
    for (int class = 0; class < N_CLASS; class++) {
        double sum = 0;
        for (int i = 0; i < 1 << SIZE; i++) {
            mj_real image[SIZE];
            for (int p = 0; p < SIZE; p++) {
                image[p] = (mj_real)(i >> p & 1);
            }
            const mj_dataset one = {.n = 1, .width = W, .height = H, .n_classes = N_CLASS,
                                    .image = image, .label = &class};
            assert_int_equal(mj_lut_image_bits(&bits, &model, &one, &f->err), MJ_OK);
            sum += exp2(-bits);
        }
        assert_rel(sum, 1, 1e-9);
    }
    assert_int_equal(mj_lut_image_bits(&bits, &model, &f->data, &f->err), MJ_OK);
    assert_true(bits > 2.95 && bits < 3.2); /* 400 images know their own rows to about 1 % */
}

/* What is drawn obeys the relation, mostly. */
static void test_samples_obey_the_law(void **state)
{
    fixture *f = *state;
    enum { N = 600 };
    mj_lut_model model;
    mj_real image[N * SIZE], again[N * SIZE];
    int label[N], right = 0;
    train_and_load(&model, f, PIXELS);
    for (int i = 0; i < N; i++) {
        label[i] = i % N_CLASS;
    }
    assert_int_equal(mj_lut_images_draw(image, &model, label, N, 3, &f->err), MJ_OK);
    assert_int_equal(mj_lut_images_draw(again, &model, label, N / 2, 3, &f->err), MJ_OK);
    assert_memory_equal(image, again, N / 2 * SIZE * sizeof *image);
    for (int i = 0; i < N; i++) {
        const mj_real *x = image + i * SIZE;
        for (int p = 0; p < W; p++) {
            mj_real wanted = label[i] == 0 ? x[p] : label[i] == 1 ? 1 - x[p] : x[W - 1 - p];
            right += x[W + p] == wanted;
        }
    }
    assert_true(right > 0.93 * N * W);
}

/* By a score a symbol, and by decisions. */
static void judge_text(fixture *f, const char *recipe)
{
    mj_language language;
    mj_training *training = new_training(f, recipe);
    train(training, INT64_MAX, f);
    assert_int_equal(mj_training_export(training, f->path[0], NULL, 0, &f->err), MJ_OK);
    assert_true(mj_language_is(f->path[0], &f->arena));
    assert_int_equal(mj_language_load(&language, f->path[0], MJ_LANGUAGE_JUDGES, f->units, &f->arena,
                                      &f->err), MJ_OK);
    const mj_symbols *text = &f->corpus.part[MJ_PART_VALIDATION];
    double bits = mj_language_bits(&language, text) / (double)text->n;
    assert_true(bits > 0.48 && bits < 0.62); /* 2 bits a word of 4; counts of votes are coarse */
    double sum = 0;
    mj_real logits[256];
    for (size_t i = 0; i < 200; i++) { /* symbol by symbol it says what it says at once */
        mj_language_next(logits, &language, text->symbol + i);
        double norm = 0;
        for (int v = 0; v < language.alphabet->n_symbols; v++) {
            norm += exp((double)(logits[v] - logits[text->symbol[i]]));
        }
        sum += log2(norm);
    }
    const mj_symbols start = {.symbol = text->symbol, .byte = text->byte, .n = 200};
    /* which leaves the escape out, to which the network gives next to nothing */
    assert_rel(sum, mj_language_bits(&language, &start), 1e-3);
}

static void test_text_comes_down_to_its_entropy(void **state)
{
    judge_text(*state, BYTES);
    judge_text(*state, DECISIONS);
}

/* Chances of all symbols after a context add up to one: the bits of a text of one symbol. */
static void test_decisions_are_a_distribution(void **state)
{
    fixture *f = *state;
    mj_language language;
    mj_lut_model model;
    uint8_t text[MJ_HISTORY + 1] = {1, 2, 3};
    double sum = 0;
    train_and_load(&model, f, DECISIONS);
    assert_int_equal(mj_language_load(&language, f->path[0], MJ_LANGUAGE_JUDGES, f->units, &f->arena,
                                      &f->err), MJ_OK);
    for (int symbol = 0; symbol < model.alphabet->n_symbols; symbol++) {
        text[MJ_HISTORY] = (uint8_t)symbol;
        const mj_symbols one = {.symbol = text + MJ_HISTORY, .n = 1};
        sum += exp2(-mj_language_bits(&language, &one));
    }
    assert_rel(sum, 1, 1e-6); /* scores times slopes are floats */
    assert_int_equal(model.net.n_groups, model.alphabet->n_symbols - 1);
    assert_true(mj_lut_model_bits(&model) > mj_lut_net_bits(&model.net));
}

/* While tables are soft, a run knows what it is worth; that other loss leaves the run as it was. */
static void test_a_soft_run_judges_itself(void **state)
{
    fixture *f = *state;
    double loss, again;
    mj_training *training = new_training(f, DECISIONS);
    train(training, 300, f);
    assert_int_equal(mj_training_judge(&loss, training, NULL, 6400, &f->err), MJ_OK);
    assert_true(loss > 0.5 * 0.69 && loss < 2.2 * 0.69); /* between entropy and a symbol by its frequency */
    train(training, INT64_MAX, f);
    assert_int_equal(mj_training_judge(&again, training, NULL, 6400, &f->err), MJ_OK);
    mj_language language;
    assert_int_equal(mj_training_export(training, f->path[0], NULL, 0, &f->err), MJ_OK);
    assert_int_equal(mj_language_load(&language, f->path[0], MJ_LANGUAGE_JUDGES, f->units, &f->arena,
                                      &f->err), MJ_OK);
    const mj_symbols *text = &f->corpus.part[MJ_PART_VALIDATION];
    double bits = mj_language_bits(&language, text) / (double)text->n;
    /* hard by now, and so judged; 6400 samples of 2 bits in 4 are known to some percent */
    assert_rel(again / 0.6931, bits, 0.1);
}

static void save_steps(fixture *f, const char *recipe, long long cut, int to)
{
    mj_training *training = new_training(f, recipe);
    train(training, cut, f);
    if (cut != INT64_MAX) {
        assert_int_equal(mj_training_save(training, f->path[to], &f->err), MJ_OK);
        training = new_training(f, recipe);
        assert_int_equal(mj_training_restore(training, f->path[to], &f->err), MJ_OK);
        train(training, INT64_MAX, f);
    }
    assert_int_equal(mj_training_export(training, f->path[to], NULL, 0, &f->err), MJ_OK);
}

/* Cut while soft, between two rewirings, a run ends in the same network, bit for bit. */
static void test_a_run_cut_in_two_is_the_same(void **state)
{
    fixture *f = *state;
    mj_lut_model model[2];
    save_steps(f, CLASSIFY, INT64_MAX, 0);
    save_steps(f, CLASSIFY, 80, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mj_lut_file_load(&model[i], f->path[i], f->units, &f->arena, &f->err), MJ_OK);
    }
    assert_int_equal(model[0].net.n_nodes, model[1].net.n_nodes);
    assert_memory_equal(model[0].net.node, model[1].net.node,
                        (size_t)model[0].net.n_nodes * sizeof *model[0].net.node);
    assert_memory_equal(model[0].encoder.input, model[1].encoder.input,
                        (size_t)model[0].encoder.n_inputs * sizeof *model[0].encoder.input);
}

static void test_recipes_that_are_wrong(void **state)
{
    fixture *f = *state;
    const struct {
        const char *recipe, *from, *to, *says;
    } wrong[] = {
        {CLASSIFY, "layers: [60, 30]", "layers: [60.5, 30]", "model.layers"},
        {CLASSIFY, "layers: [60, 30], ", "", "model.layers"},
        {CLASSIFY, "[64, 128]", "[128, 64]", "rise"},
        {CLASSIFY, ", thresholds: [64, 128]", "", "model.thresholds"},
        {CLASSIFY, "batch: 32", "batch: 4x8", "number of samples"},
        {CLASSIFY, "layers:", "table_inputs: 3, layers:", "two inputs"},
        {CLASSIFY, "layers:", "history: 3, layers:", "model.history has no effect on a lut_net"},
        {CLASSIFY, "kind: classify", "kind: drifting", "classify, next_pixel or next_byte"},
        {PIXELS, "area: 0.001, ", "", "model.activity"},
        {BYTES, "one_hot: 2", "one_hot: 4", "model.one_hot"},
        {BYTES, "seed: 1", "shift: 1", "train.shift has no effect"},
        {PIXELS, "seed: 1", "mirror: true", "train.mirror has no effect"},
        {BYTES, "seed: 1", "rewire_batches: 2", "train.rewire, which is missing"},
        {CLASSIFY, "layers:", "decisions: true, layers:", "model.decisions has no effect"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_true(parse_changed(f, wrong[i].recipe, wrong[i].from, wrong[i].to) != MJ_OK);
        assert_int_equal(f->err.n, 1);
        if (!strstr(f->err.diag[0].text, wrong[i].says)) {
            fail_msg("'%s' does not say '%s'", f->err.diag[0].text, wrong[i].says);
        }
    }
    f->err = (mj_err){0};
    mj_training *training; /* votes that cannot be shared out */
    assert_int_equal(parse_changed(f, CLASSIFY, "[60, 30]", "[60, 31]"), MJ_OK);
    const mj_training_setup with = {.recipe = &f->recipe, .train = &f->data};
    assert_int_equal(mj_training_new(&training, &with, &f->arena, &f->err), MJ_ERANGE);
    assert_non_null(strstr(f->err.diag[0].text, "no multiple of the 3 groups"));
    f->err = (mj_err){0};
    assert_int_equal(parse_changed(f, DECISIONS, "[120, 200]", "[120, 50]"), MJ_OK);
    const mj_training_setup text = {.recipe = &f->recipe, .corpus = &f->corpus};
    assert_int_equal(mj_training_new(&training, &text, &f->arena, &f->err), MJ_ERANGE);
    assert_non_null(strstr(f->err.diag[0].text, "50 tables for 9 decisions"));
    f->err = (mj_err){0};
}

/* Every number of a file that says where a signal comes from, or where a decision leads, set to what it cannot
 * be. */
static void test_files_that_are_none(void **state)
{
    fixture *f = *state;
    static const char *const tensors[] = {"lut.sizes", "lut.wires", "lut.outputs", "lut.groups", "encoder",
                                          "code"};
    mj_lut_model model;
    train_and_load(&model, f, DECISIONS);
    for (size_t t = 0; t < sizeof tensors / sizeof tensors[0]; t++) {
        mj_arena arena;
        mj_err err = {0};
        mj_checkpoint file;
        mj_arena_init(&arena, 0);
        assert_int_equal(mj_checkpoint_load(&file, f->path[0], &arena, &err), MJ_OK);
        const mj_stored_tensor *tensor = mj_safetensors_find(&file.file, tensors[t]);
        assert_non_null(tensor);
        unsigned char *data = mj_arena_alloc(&arena, tensor->size_B);
        memcpy(data, tensor->data, tensor->size_B);
        data[tensor->size_B / 2] = 0x7f; /* many inputs, or a number of millions, wherever it is */
        data[tensor->size_B / 2 | 3] = tensor->dtype == MJ_DTYPE_I32 ? 0x7f : data[tensor->size_B / 2 | 3];
        for (int i = 0; i < file.file.n_tensors; i++) {
            if (&file.file.tensor[i] == tensor) {
                file.file.tensor[i].data = data;
            }
        }
        assert_int_equal(mj_checkpoint_save(&file, f->path[1], &err), MJ_OK);
        assert_true(mj_lut_file_load(&model, f->path[1], f->units, &arena, &err) != MJ_OK);
        assert_int_equal(err.n, 1);
        mj_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_relation_is_learned),
        cmocka_unit_test(test_mirrored_images_teach_the_other_side),
        cmocka_unit_test(test_likelihood_is_one_and_its_bits_the_entropy),
        cmocka_unit_test(test_samples_obey_the_law),
        cmocka_unit_test(test_text_comes_down_to_its_entropy),
        cmocka_unit_test(test_decisions_are_a_distribution),
        cmocka_unit_test(test_a_soft_run_judges_itself),
        cmocka_unit_test(test_a_run_cut_in_two_is_the_same),
        cmocka_unit_test(test_recipes_that_are_wrong),
        cmocka_unit_test(test_files_that_are_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
