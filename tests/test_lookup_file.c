/* The file of a look-up memory: what is read back predicts as the model whose numbers were rounded here,
 * by other means; a file that was cut, changed or made to ask for too much is refused with a reason; and
 * recipes and runs of look-up memories that cannot be. */
#include "assert_rel.h"

#include "mj/codebook.h"
#include "mj/kernels.h"
#include "mj/language.h"
#include "mj/lookup_file.h"
#include "mj/op.h"
#include "mj/rng.h"
#include "mj/trained.h"
#include "mj/training.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N = 12000, BITS = 6, ROWS = 256 };

#define RECIPE(dims)                                                                                   \
    "mj: 1\nrecipe: small\nmodel: {kind: lookup_memory, contexts: 0 1 2 3 w1 c5, rows: 256, " dims "\n" \
    "        row_bits: 6}\ndata: none\nobjective: {kind: next_byte}\n"                                 \
    "train: {batch: 8, lr: 0.2, lr_end: 0.5, epochs: 1, seed: 1}\n"
static const char DIRECT[] = RECIPE(""), WITH_HEAD[] = RECIPE("dims: 32,");

typedef struct {
    mj_arena arena;
    mj_err err;
    mj_units *units;
    mj_recipe recipe;
    mj_corpus corpus;
    char path[2][64];
} fixture;

/* Sentences of few words, one byte in a thousand from anywhere: the last parts have escapes. */
static void write_words(const char *path)
{
    static const char *const words[] = {"the", "king", "said", "unto", "them", "and", "behold", "day"};
    FILE *file = fopen(path, "wb");
    mj_rng rng;
    mj_rng_init(&rng, 7, 0);
    assert_non_null(file);
    for (int n = 0; n < N;) {
        int w = (int)(mj_rng_uniform(&rng) * 8);
        n += fprintf(file, "%s%c", words[w], n % 1000 > 990 ? '!' : w == 7 ? '\n' : ' ');
    }
    fputs("0123456789 what training has not seen", file);
    fclose(file);
}

static int setup(void **state)
{
    static fixture f;
    f = (fixture){.units = mj_units_new()};
    mj_arena_init(&f.arena, 0);
    mj_threads_set(1);
    for (int i = 0; i < 2; i++) {
        snprintf(f.path[i], sizeof f.path[i], "/tmp/mj-test-lookup-%d-%d", (int)getpid(), i);
    }
    write_words(f.path[0]);
    *state = &f;
    return mj_corpus_load(&f.corpus, f.path[0], &f.arena, &f.err) != MJ_OK;
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

static void use_recipe(fixture *f, const char *text)
{
    f->err = (mj_err){0};
    assert_int_equal(mj_recipe_parse(&f->recipe, text, "small.yaml", f->units, &f->arena, &f->err),
                     MJ_OK);
}

/* A model that has read the training text, not rounded. */
static mj_lookup_text *learned(fixture *f)
{
    const mj_symbols *text = &f->corpus.part[MJ_PART_TRAIN];
    const mj_lookup_text_config config = mj_lookup_config_of(&f->recipe, &f->corpus.alphabet);
    mj_lookup_text *t;
    mj_copy_place *trace = mj_arena_array(&f->arena, text->n, sizeof *trace);
    assert_non_null(trace);
    assert_int_equal(mj_lookup_text_new(&t, &config, 0, "test", &f->arena, &f->err), MJ_OK);
    assert_int_equal(mj_lookup_text_remember(t, text->symbol, text->n, &f->arena, &f->err), MJ_OK);
    mj_copy_index_trace(trace, &t->copy[0]);
    const mj_lookup_lesson lesson = {.text = text->symbol, .trace = {trace},
                                     .length = text->n / (size_t)config.n_batch,
                                     .n_batches = (int)text->n / config.n_batch,
                                     .lr = (mj_real)0.2};
    mj_lookup_text_learn(t, &lesson);
    return t;
}

static void write_model(fixture *f, const mj_lookup_text *t)
{
    mj_checkpoint file;
    const mj_checkpoint_run run = {.model = "lookup_memory", .recipe = f->recipe.text, .kernel = "x",
                                   .n_threads = 1};
    mj_checkpoint_init(&file, &f->arena);
    assert_int_equal(mj_checkpoint_set_run(&file, &run, &f->err), MJ_OK);
    assert_int_equal(mj_checkpoint_set_text(&file, "data", f->path[0], &f->err), MJ_OK);
    assert_int_equal(mj_checkpoint_set_text(&file, "validation_bits_per_byte", "1.25", &f->err), MJ_OK);
    assert_int_equal(mj_lookup_file_describe(&file, t, f->recipe.name, BITS, &f->arena, &f->err), MJ_OK);
    assert_int_equal(mj_alphabet_add(&file, &f->corpus.alphabet, &f->err), MJ_OK);
    assert_int_equal(mj_lookup_file_fill(&file, t, BITS, &f->arena, &f->err), MJ_OK);
    assert_int_equal(mj_checkpoint_save(&file, f->path[1], &f->err), MJ_OK);
}

/* Rows and head to the nearest number that the file can say, found by trying all of them. */
static void round_model(fixture *f, mj_lookup_text *t)
{
    mj_safetensors file;
    mj_lookup_memory *m = t->memory;
    assert_int_equal(mj_safetensors_load(&file, f->path[1], 1 << 24, &f->arena, &f->err), MJ_OK);
    const mj_stored_tensor *levels = mj_safetensors_find(&file, "rows.levels");
    for (int k = 0; k < m->contexts.n; k++) {
        const mj_lookup_context *c = &m->contexts.context[k];
        for (uint32_t r = c->first_row; r < c->first_row + c->n_rows; r++) {
            double gain = m->count[r] > 0 ? (double)mj_lookup_row_gain(m, k, r) : 0;
            for (int j = 0; j < m->dims; j++) {
                mj_real *w = &m->slab[2 * m->stride * r + (size_t)j];
                double best = INFINITY, x = gain * (double)*w;
                for (size_t i = 0; i < (size_t)1 << BITS; i++) {
                    double level = mj_tensor_element(levels, ((size_t)k << BITS) + i);
                    best = fabs(level - x) < fabs(best - x) ? level : best;
                }
                *w = (mj_real)best;
            }
        }
        for (int i = 0; i < MJ_LOOKUP_COUNTS; i++) {
            m->gains.seen[k][i] = 1;
        }
    }
    for (int d = 0; t->head && d < m->dims; d++) { /* 8 bits, equal steps: -127 to 127 */
        mj_real *row = t->head + (size_t)d * t->columns;
        double largest = 0;
        for (size_t v = 0; v < t->columns; v++) {
            largest = fmax(largest, fabs((double)row[v]));
        }
        for (size_t v = 0; v < t->columns; v++) {
            row[v] = (mj_real)(rint((double)row[v] / largest * 127) * largest / 127);
        }
    }
}

/* Of a text, by the model as stored, which reads it from its start. */
static double stored_bits(fixture *f, const mj_symbols *text)
{
    mj_language language;
    assert_int_equal(mj_language_load(&language, f->path[1], MJ_LANGUAGE_JUDGES, f->units, &f->arena,
                                      &f->err), MJ_OK);
    return mj_language_bits(&language, text);
}

/* Codes lie a rounding of float apart where a number is halfway between two levels: 1e-4 bits of 2. */
static void check_round_trip(fixture *f, const char *recipe)
{
    mj_lookup_model model;
    const mj_symbols *text = &f->corpus.part[MJ_PART_VALIDATION], *test = &f->corpus.part[MJ_PART_TEST];
    use_recipe(f, recipe);
    mj_lookup_text *t = learned(f);
    double exact = mj_lookup_text_bits(t, text->symbol, text->n) / (double)text->n;
    write_model(f, t);
    assert_int_equal(mj_lookup_file_load(&model, f->path[1], f->units, &f->arena, &f->err), MJ_OK);
    round_model(f, t);
    double rounded = mj_lookup_text_bits(t, text->symbol, text->n) / (double)text->n;
    assert_rel(stored_bits(f, text) / (double)text->n, rounded, 1e-4);
    assert_true(rounded < 3 && fabs(rounded - exact) < 0.1); /* 64 levels lose little of 26 symbols */
    assert_memory_equal(&model.alphabet, &f->corpus.alphabet, sizeof model.alphabet);
    assert_string_equal(model.data, f->path[0]);
    assert_true(test->n_escaped > 0);
    assert_rel(stored_bits(f, test),
               mj_lookup_text_bits(t, test->symbol, test->n) + 8.0 * (double)test->n_escaped, 1e-4);
}

static void test_a_file_predicts_as_the_rounded_model(void **state)
{
    check_round_trip(*state, DIRECT);
    check_round_trip(*state, WITH_HEAD);
}

/* Many levels for few numbers, most of them in one bin, some below zero: levels rise all the same, one of
 * them is 0, and the code found is that of a nearest level. */
static void test_levels_rise(void **state)
{
    fixture *f = *state;
    static const double numbers[] = {-3, -0.035, -0.035, -0.03502, -0.03498, 0.9, 1.5, 1.5001, 1.5002};
    mj_code_histogram *histogram;
    for (int bits = MJ_CODE_BITS_MIN; bits <= MJ_CODE_BITS_MAX; bits++) {
        float level[MJ_CODES_MAX];
        bool has_zero = false;
        assert_int_equal(mj_code_histogram_new(&histogram, 3, &f->arena, &f->err), MJ_OK);
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            mj_code_histogram_add(histogram, numbers[i]);
        }
        mj_codebook_fit(level, histogram, bits);
        for (int i = 0; i < 1 << bits; i++) {
            assert_true(i == 0 || level[i] >= level[i - 1]);
            has_zero = has_zero || level[i] == 0;
        }
        assert_true(has_zero);
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            double least = INFINITY;
            for (int k = 0; k < 1 << bits; k++) {
                least = fmin(least, fabs((double)level[k] - numbers[i]));
            }
            double found = (double)level[mj_codebook_find(level, bits, numbers[i])];
            assert_rel(fabs(found - numbers[i]), least, 1e-6);
        }
    }
}

/* ---- what the accountant reads ---- */

static const mj_op *find_op(const mj_ops *ops, mj_op_kind kind)
{
    for (int i = 0; i < ops->n; i++) {
        if (ops->op[i].kind == kind) {
            return &ops->op[i];
        }
    }
    fail();
    return NULL;
}

/* Bytes that a reader of the copies takes in on his way through a text: a symbol to follow or compare,
 * a slot wherever he stands nowhere, and what is compared there. */
static double count_copied(const mj_lookup_text *t, const mj_symbols *text, double *most)
{
    mj_copy_place place = {0};
    double total = 0;
    *most = 0;
    for (size_t i = 0; i < text->n; i++) {
        double bytes = 1;
        bool follows = place.length > 0 && place.expected == text->symbol[(ptrdiff_t)i - 1];
        mj_copy_place_move(&place, &t->copy[0], text->symbol + i);
        if (!follows) {
            bytes += sizeof(uint32_t) + (place.length > 0 ? place.length : MJ_COPY_LENGTH_MAX);
        }
        total += bytes;
        *most = fmax(*most, bytes);
    }
    return total / (double)text->n;
}

/* Rows, numbers and bytes of a real pass over the validation text, against the op list of what the file
 * says: exact, but for the copies, whose op is the most that a symbol can take. */
static void check_ops(fixture *f, const char *recipe)
{
    mj_lookup_model model;
    mj_lookup_batch batch;
    mj_model shape, read;
    mj_ops ops;
    mj_safetensors file;
    mj_copy_place reader = {0};
    const mj_symbols *text = &f->corpus.part[MJ_PART_VALIDATION];
    use_recipe(f, recipe);
    write_model(f, learned(f));
    assert_int_equal(mj_lookup_file_load(&model, f->path[1], f->units, &f->arena, &f->err), MJ_OK);
    assert_int_equal(mj_safetensors_load(&file, f->path[1], 1 << 24, &f->arena, &f->err), MJ_OK);
    assert_int_equal(mj_model_from_trained(&read, f->path[1], f->units, &f->arena, &f->err), MJ_OK);
    shape = mj_lookup_shape(model.text, f->recipe.name, BITS);
    assert_memory_equal(&shape.lookup, &read.lookup, sizeof shape.lookup);
    assert_rel(read.quality.value, 1.25, 0);
    assert_non_null(strstr(read.quality.metric, "bits per byte"));

    mj_lookup_memory *m = model.text->memory;
    int n = (int)text->n;
    assert_int_equal(mj_lookup_batch_new(&batch, m, n, &f->arena, &f->err), MJ_OK);
    for (int i = 0; i < n; i++) {
        mj_copy_place_move(&reader, &model.text->copy[0], text->symbol + i);
        mj_lookup_place_find(&batch.place[i], &m->contexts, text->symbol + i, model.text->config.letter,
                             &reader);
    }
    mj_lookup_forward(&batch, m, &m->gains, 0, n);
    const mj_stored_tensor *rows = mj_safetensors_find(&file, "rows.packed");
    double read_B = 0, mac = 0;
    for (int at = 0; at < n * m->contexts.n; at++) {
        assert_true(batch.row[at] < rows->dim[0]);
        read_B += (double)rows->dim[1];
        mac += m->dims;
    }
    mj_ops_count(&ops, &read, &(mj_extent){0});
    const mj_op *look = find_op(&ops, MJ_OP_LOOKUP), *copies = find_op(&ops, MJ_OP_SCAN);
    const mj_op *head = find_op(&ops, MJ_OP_HEAD);
    assert_rel(look->row_B, read_B / n, 1e-12);
    assert_rel(look->mac, mac / n, 1e-12);
    assert_rel(look->weight_B,
               (double)(rows->size_B + mj_safetensors_find(&file, "rows.levels")->size_B), 1e-12);
    double most, mean = count_copied(model.text, text, &most);
    assert_true(most <= copies->row_B && mean <= copies->row_B && mean >= 1);
    assert_rel(copies->weight_B, (double)mj_safetensors_find(&file, "text")->size_B +
                                     4 * (double)((size_t)1 << model.text->copy[0].bits), 1e-12);
    assert_rel(head->mac, model.text->head ? (double)m->dims * model.text->config.n_symbols : 0, 1e-12);
    assert_true(head->vector > 20.0 * model.text->config.n_symbols);
}

static void test_op_list_is_what_a_pass_touches(void **state)
{
    check_ops(*state, DIRECT);
    check_ops(*state, WITH_HEAD);
}

/* ---- hostile files ---- */

/* What is different from a good file. */
typedef struct {
    const char *tensor; /* this one is left out, or has these rows and columns, or one other element */
    size_t rows, columns;
    mj_dtype dtype;
    const float *number; /* its first element */
    const char *key, *text; /* this text instead */
    int byte; /* its last byte, -1: as it was */
    mj_status want;
    const char *says;
} change;

static mj_status add_changed(mj_safetensors *to, const mj_stored_tensor *t, const change *c, fixture *f)
{
    size_t shape[MJ_TENSOR_DIMS];
    memcpy(shape, t->dim, sizeof shape);
    mj_dtype dtype = t->dtype;
    unsigned char *data = mj_arena_alloc(&f->arena, 4 * t->size_B + (1 << 16));
    memcpy(data, t->data, t->size_B);
    if (c->tensor && strcmp(c->tensor, t->name) == 0) {
        if (c->rows > 0) {
            shape[0] = c->rows;
            shape[1] = c->columns;
            dtype = c->dtype;
        } else if (c->number) {
            memcpy(data, c->number, sizeof *c->number);
        } else if (c->byte >= 0) {
            data[t->size_B - 1] = (unsigned char)c->byte;
        } else {
            return MJ_OK;
        }
    }
    return mj_safetensors_add(to, t->name, dtype, data, shape, t->n_dims, &f->err);
}

/* Writes the changed file and reads it as a model, or as the accountant does. */
static mj_status load_changed(fixture *f, const change *c, bool bills)
{
    mj_safetensors good, bad;
    mj_lookup_model model;
    mj_model shape;
    assert_int_equal(mj_safetensors_load(&good, f->path[1], 1 << 24, &f->arena, &f->err), MJ_OK);
    mj_safetensors_init(&bad, &f->arena);
    for (int i = 0; i < good.n_texts; i++) {
        bool other = c->key && strcmp(c->key, good.text[i].key) == 0;
        if (!other || c->text) {
            assert_int_equal(mj_safetensors_set(&bad, good.text[i].key,
                                                other ? c->text : good.text[i].text, &f->err),
                             MJ_OK);
        }
    }
    for (int i = 0; i < good.n_tensors; i++) {
        assert_int_equal(add_changed(&bad, &good.tensor[i], c, f), MJ_OK);
    }
    char path[80];
    snprintf(path, sizeof path, "%s-bad", f->path[1]);
    assert_int_equal(mj_safetensors_save(&bad, path, &f->err), MJ_OK);
    f->err = (mj_err){0};
    mj_status status = bills ? mj_model_from_trained(&shape, path, f->units, &f->arena, &f->err)
                             : mj_lookup_file_load(&model, path, f->units, &f->arena, &f->err);
    unlink(path);
    return status;
}

static const float not_a_number = NAN, huge = 1e30f;

static void test_changed_files_are_refused(void **state)
{
    static const change cases[] = {
        {"rows.packed", 255, 24, MJ_DTYPE_U8, .want = MJ_EFIT, .says = "rows.packed"},
        {"rows.packed", 100, 9, MJ_DTYPE_U8, .want = MJ_EFIT, .says = "rows.packed"},
        {"rows.packed", .byte = -1, .want = MJ_EFIT, .says = "rows.packed"},
        {"rows.levels", 6, 32, MJ_DTYPE_F32, .want = MJ_EFIT, .says = "rows.levels"},
        {"rows.levels", 6, 64, MJ_DTYPE_F16, .want = MJ_EFIT, .says = "rows.levels"},
        {"rows.levels", .number = &not_a_number, .want = MJ_ERANGE, .says = "not within"},
        {"rows.levels", .number = &huge, .want = MJ_ERANGE, .says = "not within"},
        {"copied", 5, 6, MJ_DTYPE_F32, .want = MJ_EFIT, .says = "copied"},
        {"copied", .number = &not_a_number, .want = MJ_ERANGE, .says = "not within"},
        {"alphabet", .byte = -1, .want = MJ_EFIT, .says = "alphabet"},
        {"alphabet", .byte = 0, .want = MJ_ERANGE, .says = "sorted"},
        {"alphabet", 1, 300, MJ_DTYPE_U8, .want = MJ_EFIT, .says = "alphabet"},
        {"alphabet", 1, 5, MJ_DTYPE_U8, .want = MJ_EFIT, .says = "rows.packed"},
        {"head.packed", 32, 30, MJ_DTYPE_U8, .want = MJ_EFIT, .says = "head"},
        {"head.scale", .number = &not_a_number, .want = MJ_ERANGE, .says = "head"},
        {"head.scale", .number = &huge, .want = MJ_ERANGE, .says = "not within"},
        {"bias", .number = &huge, .want = MJ_ERANGE, .says = "not within"},
        {"bias", .byte = -1, .want = MJ_EKEY, .says = "bias"},
        {"text", .byte = -1, .want = MJ_EFIT, .says = "text"},
        {"text", 1, 63, MJ_DTYPE_U8, .want = MJ_EFIT, .says = "text"},
        {"text", .byte = 200, .want = MJ_ERANGE, .says = "symbol 200 of"},
        {.key = "model", .text = "oscillator_net", .want = MJ_ESUPPORT, .says = "no language model"},
        {.key = "recipe", .text = "mj: 1\n", .want = MJ_EKEY, .says = "recipe"},
        {.key = "recipe", .text = DIRECT, .want = MJ_EFIT, .says = "rows.packed"},
        {.key = "data", .want = MJ_EKEY, .says = "data"},
        {.key = "seed", .text = "-1", .want = MJ_ESYNTAX, .says = "seed"},
    };
    fixture *f = *state;
    use_recipe(f, WITH_HEAD);
    write_model(f, learned(f));
    assert_int_equal(load_changed(f, &(change){.byte = -1}, false), MJ_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mj_status status = load_changed(f, &cases[i], false);
        if (status != cases[i].want || !strstr(f->err.diag[0].text, cases[i].says)) {
            print_error("case %zu: status %d: %s\n", i, (int)status, f->err.diag[0].text);
            fail();
        }
    }
}

#define SHAPE(rows, more) \
    "mj: 1\nmodel: small\nkind: lookup\nlookup: {contexts: 6, symbols: 32, rows: " rows ", " more "}\n"

/* The accountant reads the header alone; what its text claims must be borne out by the tensors. */
static void test_shapes_that_tensors_do_not_bear_out(void **state)
{
    static const change cases[] = {
        {.key = "mj.model", .want = MJ_ESUPPORT, .says = "mj.model"},
        {.key = "mj.model", .text = SHAPE("9999", "dims: 32, row_bits: 6, head_bits: 8"),
         .want = MJ_ERANGE, .says = "rows"},
        {.key = "mj.model", .text = SHAPE("1", "dims: 32, row_bits: 6, head_bits: 8"),
         .want = MJ_ERANGE, .says = "lookup.rows"},
        {.key = "mj.model", .text = SHAPE("9999", "dims: 31, row_bits: 6"), .want = MJ_ERANGE,
         .says = "lookup.dims"},
        {.key = "mj.model", .text = SHAPE("9999", "dims: 32, row_bits: 64"), .want = MJ_ERANGE,
         .says = "row_bits"},
        {"rows.packed", .byte = -1, .want = MJ_ESUPPORT, .says = "rows.packed"},
        {"rows.levels", 6, 32, MJ_DTYPE_F32, .want = MJ_ERANGE, .says = "rows.levels"},
        {"head.packed", 16, 32, MJ_DTYPE_U8, .want = MJ_ERANGE, .says = "head.packed"},
        {"text", 1, 99, MJ_DTYPE_U8, .want = MJ_ERANGE, .says = "text has 99"},
        {.key = "validation_bits_per_byte", .text = "good", .want = MJ_ESYNTAX, .says = "must be a number"},
    };
    fixture *f = *state;
    use_recipe(f, WITH_HEAD);
    write_model(f, learned(f));
    assert_int_equal(load_changed(f, &(change){.byte = -1}, true), MJ_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mj_status status = load_changed(f, &cases[i], true);
        if (status != cases[i].want || !strstr(f->err.diag[0].text, cases[i].says)) {
            print_error("case %zu: status %d: %s\n", i, (int)status, f->err.diag[0].text);
            fail();
        }
    }
}

/* A recipe may ask for the largest tables there are; the file has none of that size, and no memory is
 * taken for them: the arena's limit is far below. */
static void test_huge_tables_take_no_memory(void **state)
{
    static const char huge_recipe[] =
        "mj: 1\nrecipe: h\nmodel: {kind: lookup_memory, contexts: 3 4 5 6 7 8 w0 w1 w2 w3 v1 v2,\n"
        "  rows: 4194304, dims: 256}\ndata: none\nobjective: {kind: next_byte}\n"
        "train: {batch: 8, lr: 0.2, epochs: 1}\n";
    fixture *f = *state;
    use_recipe(f, DIRECT);
    write_model(f, learned(f));
    size_t before_B = f->arena.used_B;
    const change asks = {.key = "recipe", .text = huge_recipe, .byte = -1};
    assert_int_equal(load_changed(f, &asks, false), MJ_EFIT);
    assert_true(f->arena.used_B - before_B < (size_t)16 << 20);
}

static void test_cut_files_are_refused(void **state)
{
    fixture *f = *state;
    use_recipe(f, DIRECT);
    write_model(f, learned(f));
    FILE *file = fopen(f->path[1], "rb");
    assert_non_null(file);
    unsigned char *bytes = mj_arena_alloc(&f->arena, 1 << 20);
    size_t n = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    assert_true(n > 1000 && n < 1 << 20);
    for (size_t kept = 0; kept < n; kept += 1 + n / 50) {
        mj_lookup_model model;
        file = fopen(f->path[1], "wb");
        assert_int_equal(fwrite(bytes, 1, kept, file), kept);
        fclose(file);
        f->err = (mj_err){0};
        assert_int_not_equal(mj_lookup_file_load(&model, f->path[1], f->units, &f->arena, &f->err),
                             MJ_OK);
        assert_true(f->err.n > 0);
    }
}

/* ---- recipes and runs ---- */

static void test_recipes_that_are_wrong(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"contexts: 0 1 2 3 w1 c5, ", "", "needs model.contexts"},
        {"rows: 256, ", "", "needs model.contexts and model.rows"},
        {"dims: 32,", "dims: 20,", "multiple of 16"},
        {"row_bits: 6", "row_bits: 1", "row_bits must be 2 to 8"},
        {"row_bits: 6", "row_bits: 9", "row_bits"},
        {"epochs: 1", "steps: 9", "train.epochs"},
        {"epochs: 1", "epochs: 1, minutes: 2", "no minutes or steps"},
        {"epochs: 1", "epochs: 1, ema: 0.5", "ema"},
        {"batch: 8", "batch: 2x4", "number of streams"},
        {"batch: 8", "batch: 5000", "up to 4096"},
        {"lr: 0.2", "lr: 0", "lr must be above 0"},
        {"lr: 0.2", "lr: .nan", "lr"},
        {"kind: next_byte", "kind: drifting", "objective"},
        {"seed: 1", "real: 2x8", "real"},
        {"row_bits: 6", "row_bits: 6, density: 0.5", "density"},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2 * sizeof WITH_HEAD];
        const char *at = strstr(WITH_HEAD, cases[i].from);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - WITH_HEAD), WITH_HEAD, cases[i].to,
                 at + strlen(cases[i].from));
        f->err = (mj_err){0};
        mj_status status = mj_recipe_parse(&f->recipe, text, "small.yaml", f->units, &f->arena,
                                           &f->err);
        if (status == MJ_OK || f->err.n == 0 || !strstr(f->err.diag[0].text, cases[i].says)) {
            print_error("%s -> %s: status %d: %s\n", cases[i].from, cases[i].to, (int)status,
                        f->err.diag[0].text);
            fail();
        }
    }
}

/* A rate so large that logits leave the range of float: the step is named, and what was saved before
 * can be gone on from. */
static void test_nan_stops_with_the_step(void **state)
{
    fixture *f = *state;
    mj_training *training, *again;
    double loss;
    use_recipe(f, WITH_HEAD);
    f->recipe.train.lr = 1e38;
    f->recipe.train.epochs = 40;
    const mj_training_setup with = {.recipe = &f->recipe, .corpus = &f->corpus};
    assert_int_equal(mj_training_new(&training, &with, &f->arena, &f->err), MJ_OK);
    assert_int_equal(mj_training_new(&again, &with, &f->arena, &f->err), MJ_OK);
    assert_int_equal(mj_training_save(training, f->path[1], &f->err), MJ_OK);
    mj_status status = MJ_OK;
    for (int i = 0; i < 40 && status == MJ_OK; i++) {
        status = mj_training_step(training, &loss, &f->err);
    }
    assert_int_equal(status, MJ_ERANGE);
    assert_non_null(strstr(f->err.diag[0].text, "step 0: loss is not finite"));
    assert_int_equal(mj_training_restore(again, f->path[1], &f->err), MJ_OK);
}

/* Memory is refused with the sizes before it is taken. */
static void test_tables_above_the_limit_are_refused(void **state)
{
    fixture *f = *state;
    mj_training *training;
    use_recipe(f, WITH_HEAD);
    const mj_training_setup with = {.recipe = &f->recipe, .corpus = &f->corpus, .limit_B = 1 << 16};
    assert_int_equal(mj_training_new(&training, &with, &f->arena, &f->err), MJ_EMEM);
    assert_non_null(strstr(f->err.diag[0].text, "this machine allows"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_predicts_as_the_rounded_model),
        cmocka_unit_test(test_levels_rise),
        cmocka_unit_test(test_op_list_is_what_a_pass_touches),
        cmocka_unit_test(test_changed_files_are_refused),
        cmocka_unit_test(test_shapes_that_tensors_do_not_bear_out),
        cmocka_unit_test(test_huge_tables_take_no_memory),
        cmocka_unit_test(test_cut_files_are_refused),
        cmocka_unit_test(test_recipes_that_are_wrong),
        cmocka_unit_test(test_nan_stops_with_the_step),
        cmocka_unit_test(test_tables_above_the_limit_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
