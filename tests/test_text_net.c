/* Text nets as a user meets them: every block says symbol by symbol what it says at once, sizes are
 * those of the published prototype, a text with a pattern is learned, a run cut in two is the same run,
 * a file read back says what was trained, and what cannot be is refused. */
#include "assert_rel.h"

#include "mj/checkpoint.h"
#include "mj/kernels.h"
#include "mj/language.h"
#include "mj/rng.h"
#include "mj/text_net_file.h"
#include "mj/training.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_N = 40000, V = 9 };

static const char RECIPE[] =
    "mj: 1\nrecipe: tiny\n"
    "model: {kind: text_net, block: mingru, width: 32, depth: 1, mlp: 1}\n"
    "data: here\nobjective: {kind: next_byte}\n"
    "train: {batch: 4x32, lr: 1e-2, beta2: 0.98, weight_decay: 0.05, clip: 1, steps: 120, seed: 1}\n";

typedef struct {
    mj_arena arena;
    mj_err err;
    mj_units *units;
    mj_recipe recipe;
    mj_corpus corpus;
    double order_0; /* bits a symbol of the validation text if only frequencies are known */
    char path[2][64];
} fixture;

/* Words in random order: within a word the next letter is known, after it one of four follows. */
static void make_text(unsigned char *text, size_t n)
{
    static const char *const words[] = {"abc ", "dca ", "eab ", "fgh "};
    mj_rng rng;
    mj_rng_init(&rng, 5, 0);
    for (size_t i = 0; i < n;) {
        const char *word = words[(int)(4 * mj_rng_uniform(&rng))];
        for (; *word && i < n; word++) {
            text[i++] = (unsigned char)*word;
        }
    }
}

static double order_0_bits(const mj_symbols *text, int n_symbols)
{
    double count[256] = {0}, bits = 0;
    for (size_t i = 0; i < text->n; i++) {
        count[text->symbol[i]]++;
    }
    for (int v = 0; v < n_symbols; v++) {
        double p = count[v] / (double)text->n;
        bits -= p > 0 ? p * log2(p) : 0;
    }
    return bits;
}

static int setup(void **state)
{
    static fixture f;
    static unsigned char text[TEXT_N];
    f = (fixture){.units = mj_units_new()};
    mj_arena_init(&f.arena, 0);
    mj_threads_set(1);
    make_text(text, TEXT_N);
    f.corpus.source = "here";
    mj_alphabet_fill(&f.corpus.alphabet, text, TEXT_N);
    const size_t from[] = {0, 9 * TEXT_N / 10, 19 * TEXT_N / 20, TEXT_N};
    for (int part = 0; part < MJ_PARTS_N; part++) {
        if (mj_alphabet_encode(&f.corpus.part[part], &f.corpus.alphabet, text + from[part],
                               from[part + 1] - from[part], &f.arena, &f.err) != MJ_OK) {
            return 1;
        }
    }
    f.order_0 = order_0_bits(&f.corpus.part[MJ_PART_VALIDATION], f.corpus.alphabet.n_symbols);
    for (int i = 0; i < 2; i++) {
        snprintf(f.path[i], sizeof f.path[i], "/tmp/mj-test-text-net-%d-%d", (int)getpid(), i);
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

/* The recipe with one text in place of another. */
static mj_status parse_changed(fixture *f, const char *from, const char *to)
{
    char text[2 * sizeof RECIPE];
    const char *at = strstr(RECIPE, from);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - RECIPE), RECIPE, to, at + strlen(from));
    f->err = (mj_err){0};
    return mj_recipe_parse(&f->recipe, text, "tiny.yaml", f->units, &f->arena, &f->err);
}

/* The recipe with a look-up memory beside the net. */
static mj_status parse_hybrid(fixture *f, const char *block, const char *tables, const char *train)
{
    char text[2 * sizeof RECIPE];
    snprintf(text, sizeof text,
             "mj: 1\nrecipe: tiny\nmodel: {kind: text_net, block: %s, width: 32, depth: 1, mlp: 1, %s}\n"
             "data: here\nobjective: {kind: next_byte}\n"
             "train: {batch: 4x32, lr: 1e-2, beta2: 0.98, clip: 1, %s, seed: 1}\n",
             block, tables, train);
    f->err = (mj_err){0};
    return mj_recipe_parse(&f->recipe, text, "tiny.yaml", f->units, &f->arena, &f->err);
}
static const char TABLES[] = "contexts: 1 2 3 w0 c6, rows: 256, dims: 16, row_bits: 6";
static const char ONCE[] = "epochs: 1, lr_memory: 0.3, lr_end: 0.5";

static mj_training *new_training(fixture *f)
{
    mj_training *training;
    const mj_training_setup with = {.recipe = &f->recipe, .corpus = &f->corpus};
    assert_int_equal(mj_training_new(&training, &with, &f->arena, &f->err), MJ_OK);
    return training;
}

/* Symbol by symbol. */

/* Sums in another order, through a few dozen steps of a recurrence. */
static const double FLOAT_TOL = 1e-4;

typedef struct {
    mj_arena arena;
    mj_tape *tape;
    mj_text_net_vars vars;
} read_net;

static void read_net_begin(read_net *r, const mj_text_net *net, int B, int T)
{
    mj_err err = {0};
    mj_arena_init(&r->arena, 0);
    r->tape = mj_tape_new(&r->arena, &err, (mj_tape_config){.inference = true});
    assert_int_equal(mj_text_net_record(&r->vars, r->tape, net, B, T, &err), MJ_OK);
    assert_int_equal(mj_tape_allocate(r->tape, 0), MJ_OK);
    mj_text_net_init(r->tape, net, 3);
}

static void check_symbol_by_symbol(const mj_text_net *net, double tolerance)
{
    enum { B = 2, T = 40 };
    read_net whole, single;
    mj_rng rng;
    mj_rng_init(&rng, 8, 0);
    read_net_begin(&whole, net, B, T);
    read_net_begin(&single, net, B, 1);
    int *symbol = mj_tape_tensor(whole.tape, whole.vars.symbol).label;
    for (int i = 0; i < B * T; i++) {
        symbol[i] = (int)(mj_rng_uniform(&rng) * net->n_symbols);
    }
    mj_tape_forward(whole.tape, 0, false);
    const mj_real *want = mj_tape_tensor(whole.tape, whole.vars.logits).v;
    double spread = 0;
    for (int t = 0; t < T; t++) {
        for (int b = 0; b < B; b++) {
            mj_tape_tensor(single.tape, single.vars.symbol).label[b] = symbol[b * T + t];
        }
        mj_tape_forward(single.tape, (uint32_t)t, false);
        mj_tape_state_advance(single.tape);
        const mj_real *got = mj_tape_tensor(single.tape, single.vars.logits).v;
        for (int i = 0; i < B * net->n_symbols; i++) {
            int b = i / net->n_symbols, v = i % net->n_symbols;
            double logit = (double)want[(b * T + t) * net->n_symbols + v];
            assert_true(fabs((double)got[i] - logit) <= tolerance);
            spread = fmax(spread, fabs(logit));
        }
    }
    assert_true(spread > 0.1); /* they say something */
    mj_arena_fini(&whole.arena);
    mj_arena_fini(&single.arena);
}

static void test_symbol_by_symbol_is_all_at_once(void **state)
{
    (void)state;
    for (int block = 0; block < MJ_BLOCK_N; block++) {
        for (int loops = 1; loops <= 3; loops += 2) {
            const mj_text_net net = {.block = (mj_text_block)block, .n_symbols = V, .width = 32,
                                     .depth = 2, .mlp = loops - 1, .loops = loops, .span = 16};
            check_symbol_by_symbol(&net, FLOAT_TOL);
        }
    }
    for (int kv_heads = 1; kv_heads <= 2; kv_heads++) {
        const mj_text_net net = {.block = MJ_BLOCK_GPT, .n_symbols = V, .width = 32, .depth = 2, .mlp = 1,
                                 .heads = 4, .kv_heads = kv_heads, .span = 16,
                                 .cache_bits = kv_heads == 2 ? 8 : 0};
        check_symbol_by_symbol(&net, FLOAT_TOL);
    }
}

/* An equilibrium only as far as it is solved: to 1e-4 of the segment's norm, which a symbol that has few
 * to share it with exceeds, and the recurrence hands on. */
static void test_a_settled_block_agrees_as_far_as_it_is_solved(void **state)
{
    (void)state;
    const mj_text_net net = {.n_symbols = V, .width = 32, .depth = 1, .mlp = 2, .equilibrium = 60};
    check_symbol_by_symbol(&net, 1e-2);
}

/* Matrices that are read a symbol, but for embedding and convolution: the prototypes' numbers. */
static double matrix_weights(const mj_text_net *net)
{
    read_net r;
    int n_params;
    double n = 0;
    read_net_begin(&r, net, 1, 1);
    const mj_param *param = mj_tape_params(r.tape, &n_params);
    for (int p = 0; p < n_params; p++) {
        bool counts = mj_tape_tensor(r.tape, param[p].var).shape.n_dims == 2 &&
                      strcmp(param[p].name, "embedding") != 0 && !strstr(param[p].name, ".conv");
        n += counts ? (double)param[p].n : 0;
    }
    mj_arena_fini(&r.arena);
    return n;
}

static void test_sizes_are_those_of_the_prototypes(void **state)
{
    (void)state;
    const mj_text_net small = {.n_symbols = 63, .width = 64, .depth = 2, .mlp = 2};
    const mj_text_net large = {.n_symbols = 63, .width = 128, .depth = 4, .mlp = 4};
    const mj_text_net looped = {.n_symbols = 63, .width = 128, .depth = 1, .mlp = 4, .loops = 4};
    const mj_text_net attending = {.block = MJ_BLOCK_GPT, .n_symbols = 63, .width = 64, .depth = 2,
                                   .mlp = 2};
    assert_rel(matrix_weights(&small), 69568, 1e-9);
    assert_rel(matrix_weights(&large), 794496, 1e-9);
    assert_rel(matrix_weights(&looped), 204672, 1e-9);
    assert_rel(matrix_weights(&attending), 69568, 1e-9);
    /* State of a 2x64 net: h and three inputs of the convolution a block. */
    assert_rel(mj_text_net_state_B(&small), 4 * 2 * (64 + 3 * 64), 1e-12);
    /* One head of keys for four of queries, of 16 columns: a quarter of the cache, and 96 of the 192 rows of
     * in fewer. */
    mj_text_net grouped = attending;
    grouped.heads = 4;
    grouped.kv_heads = 1;
    assert_rel(matrix_weights(&attending) - matrix_weights(&grouped), 2 * 96 * 64, 1e-9);
    assert_rel(mj_text_net_state_B(&grouped), 4 * 2 * (2 * 16 * 128 + 3 * 64), 1e-12);
    grouped.cache_bits = 8; /* a byte a number, 4 for each 16 of them */
    assert_rel(mj_text_net_state_B(&grouped), 2 * (2 * (16 + 4) * 128 + 4 * 3 * 64), 1e-12);
}

/* Recipes that ship are of nets that can be, below 2 MB in 8 bits. */
static void test_shipped_recipes_are_of_nets_that_can_be(void **state)
{
    fixture *f = *state;
    static const char *const names[] = {"mingru", "mingru-64", "gpt",    "mamba", "oscillator",
                                        "kuramoto", "looped",  "deq", "analog", "sparse", "sparse-peer"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "data/recipes/text-%s.yaml", names[i]);
        assert_int_equal(mj_recipe_load(&f->recipe, path, f->units, &f->arena, &f->err), MJ_OK);
        mj_alphabet alphabet = {.n_symbols = 64};
        const mj_text_net net = mj_text_net_of(&f->recipe, &alphabet);
        assert_in_range((uintmax_t)matrix_weights(&net), 30000, 2000000);
    }
}

/* Learning. */

/* A text whose frequencies alone cost order_0 bits, and whose pattern costs half a bit: every block
 * comes below what frequencies can, as stored in 8 bits. */
static void check_learns(fixture *f, const char *name)
{
    mj_language language;
    mj_training *training = new_training(f);
    while (!mj_training_is_done(training)) {
        double loss;
        assert_int_equal(mj_training_step(training, &loss, &f->err), MJ_OK);
    }
    assert_int_equal(mj_training_export(training, f->path[0], NULL, 0, &f->err), MJ_OK);
    assert_int_equal(mj_language_load(&language, f->path[0], MJ_LANGUAGE_JUDGES, f->units, &f->arena,
                                      &f->err), MJ_OK);
    const mj_symbols *text = &f->corpus.part[MJ_PART_VALIDATION];
    double bits = mj_language_bits(&language, text) / (double)text->n;
    if (!(bits < 0.6 * f->order_0)) {
        print_error("%s: %g bits, order 0 has %g\n", name, bits, f->order_0);
        fail();
    }
}

static void test_every_block_learns_a_pattern(void **state)
{
    fixture *f = *state;
    for (int block = 0; block < MJ_BLOCK_N; block++) {
        char name[32];
        snprintf(name, sizeof name, "block: %s", mj_text_block_names[block]);
        assert_int_equal(parse_changed(f, "block: mingru", name), MJ_OK);
        check_learns(f, name);
    }
}

/* An equilibrium by either gradient, with mixing; keys of one head for two; on chips that differ. */
static void test_other_ways_to_learn_the_pattern(void **state)
{
    fixture *f = *state;
    static const char *const ways[] = {
        "block: mingru, equilibrium: 12, equilibrium_gradient: 0, equilibrium_history: 4",
        "block: mingru, equilibrium: 6, equilibrium_gradient: 4, equilibrium_tolerance: 1e-3",
        "block: gpt, heads: 2, kv_heads: 1", "block: mingru, weight_mismatch: 0.1"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        assert_int_equal(parse_changed(f, "block: mingru", ways[i]), MJ_OK);
        check_learns(f, ways[i]);
    }
}

/* A recipe without the keys of an equilibrium is that of a net of the last two applications, unmixed. */
static void test_keys_that_are_missing_are_as_before(void **state)
{
    fixture *f = *state;
    const mj_alphabet alphabet = {.n_symbols = V};
    static const struct {
        const char *block;
        int gradient, history;
    } rows[] = {{"block: mingru, equilibrium: 6", 0, 0},
                {"block: mingru, equilibrium: 6, equilibrium_gradient: 2, equilibrium_history: 1", 2, 1},
                {"block: mingru, equilibrium: 6, equilibrium_gradient: 0", MJ_TEXT_IMPLICIT, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(parse_changed(f, "block: mingru", rows[i].block), MJ_OK);
        const mj_text_net net = mj_text_net_of(&f->recipe, &alphabet);
        assert_int_equal(net.gradient, rows[i].gradient);
        assert_int_equal(net.history, rows[i].history);
        assert_null(net.analog);
    }
}

/* Beside a look-up memory whose tables it fills twice, the second time from nothing. */
static void test_a_net_beside_a_memory_learns_a_pattern(void **state)
{
    fixture *f = *state;
    assert_int_equal(parse_hybrid(f, "oscillator", TABLES, "epochs: 2, lr_memory: 0.3"), MJ_OK);
    check_learns(f, "hybrid");
}

/* What a judge reads in segments, a generator reads symbol by symbol: of the same file. The generator
 * leaves out the escape, so the sum is taken from the net behind it. */
static void check_judge_and_generator(fixture *f, double stored_B)
{
    enum { N = 300 }; /* a segment and a part of the next */
    mj_language judge, generator;
    mj_checkpoint checkpoint;
    mj_text_net_reader *reader;
    mj_training *training = new_training(f);
    double loss, bits = 0;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(mj_training_step(training, &loss, &f->err), MJ_OK);
    }
    assert_int_equal(mj_training_export(training, f->path[0], NULL, 0, &f->err), MJ_OK);
    assert_true(mj_language_is(f->path[0], &f->arena));
    assert_int_equal(mj_language_load(&judge, f->path[0], MJ_LANGUAGE_JUDGES, f->units, &f->arena,
                                      &f->err), MJ_OK);
    assert_int_equal(mj_language_load(&generator, f->path[0], MJ_LANGUAGE_GENERATES, f->units,
                                      &f->arena, &f->err), MJ_OK);
    assert_int_equal(mj_checkpoint_load(&checkpoint, f->path[0], &f->arena, &f->err), MJ_OK);
    assert_int_equal(mj_text_net_file_load(&reader, &checkpoint, &f->recipe, 1, &f->arena, &f->err),
                     MJ_OK);
    mj_symbols text = f->corpus.part[MJ_PART_TEST];
    text.n = N;
    for (size_t i = 0; i < text.n; i++) {
        mj_real logits[256];
        double sum = 0;
        mj_language_next(logits, &generator, text.symbol + i);
        const mj_real *z = mj_text_net_read(reader, text.symbol + i, 1);
        assert_true(isinf(logits[generator.alphabet->escape]));
        for (int v = 0; v < generator.alphabet->n_symbols; v++) {
            assert_true(v == generator.alphabet->escape || logits[v] == z[v]);
            sum += exp((double)z[v] - (double)z[text.symbol[i]]);
        }
        bits += log2(sum);
    }
    assert_rel(mj_language_bits(&judge, &text), bits, FLOAT_TOL);
    assert_true(generator.touched_B > 0 && generator.stored_B < stored_B);
}

static void test_judge_and_generator_agree(void **state)
{
    fixture *f = *state;
    static const char *const models[] = {"block: mingru", "block: gpt, heads: 2, kv_heads: 1",
                                         "block: mingru, weight_mismatch: 0.2"};
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) { /* one chip for both */
        assert_int_equal(parse_changed(f, "block: mingru", models[i]), MJ_OK);
        check_judge_and_generator(f, 32 * 1024);
    }
    assert_int_equal(parse_hybrid(f, "mingru", TABLES, ONCE), MJ_OK);
    check_judge_and_generator(f, 256 * 1024); /* copies: 32,768 slots and the text */
}

/* A run cut in two. */

static void assert_same_run(fixture *f)
{
    mj_training *whole = new_training(f), *first = new_training(f), *second = new_training(f);
    double a, b;
    for (int i = 0; i < 12; i++) {
        assert_int_equal(mj_training_step(whole, &a, &f->err), MJ_OK);
    }
    for (int i = 0; i < 7; i++) {
        assert_int_equal(mj_training_step(first, &b, &f->err), MJ_OK);
    }
    assert_int_equal(mj_training_save(first, f->path[0], &f->err), MJ_OK);
    assert_int_equal(mj_training_restore(second, f->path[0], &f->err), MJ_OK);
    for (int i = 7; i < 12; i++) {
        assert_int_equal(mj_training_step(second, &b, &f->err), MJ_OK);
    }
    assert_true(a == b); /* to the last bit: what was carried came back */
}

static void test_a_run_cut_in_two_is_the_same_run(void **state)
{
    fixture *f = *state;
    static const char *const models[] = {"block: mingru", "block: gpt", "block: kuramoto",
                                         "product_noise: 0.1, weight_bits: 4, block: mingru",
                                         "block: mingru, weight_mismatch: 0.1",
                                         "block: gpt, heads: 4, kv_heads: 2"};
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        assert_int_equal(parse_changed(f, "block: mingru", models[i]), MJ_OK);
        assert_same_run(f);
    }
    assert_int_equal(parse_hybrid(f, "oscillator", TABLES, ONCE), MJ_OK);
    assert_same_run(f);
    assert_int_equal(parse_hybrid(f, "mingru, read_noise: 0.1", TABLES, ONCE), MJ_OK);
    assert_same_run(f);
}

/* What cannot be. */

static void test_wrong_recipes_are_refused(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *from, *to, *says;
    } wrong[] = {
        {"block: mingru, ", "", "needs model.block"},
        {"block: mingru", "block: lstm", "lstm"},
        {"width: 32, ", "", "model.width"},
        {"block: mingru", "block: mingru, states: 4", "model.states has no effect"},
        {"block: mingru", "block: mingru, dims: 16", "no effect"},
        {"block: mingru", "block: mingru, kv_heads: 1", "model.kv_heads has no effect"},
        {"block: mingru", "block: gpt, heads: 4, kv_heads: 3", "multiple of model.kv_heads"},
        {"block: mingru", "block: mingru, equilibrium_gradient: 2", "need model.equilibrium"},
        {"block: mingru", "block: mingru, equilibrium_history: 2", "need model.equilibrium"},
        {"block: mingru", "block: mingru, equilibrium: 4, equilibrium_gradient: 5", "no more applications"},
        {"block: mingru", "block: mingru, equilibrium: 4, equilibrium_history: 9", "equilibrium_history"},
        {"block: mingru", "block: mingru, read_noise: 0.1", "needs a look-up memory"},
        {"block: mingru", "block: mingru, weight_mismatch: -1", "weight_mismatch"},
        {"batch: 4x32", "batch: 128", "STREAMSxSYMBOLS"},
        {"steps: 120", "steps: 120, epochs: 1", "one length"},
        {"next_byte", "classify", "next_byte"},
        {"kind: text_net", "kind: lookup_memory", ""},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_not_equal(parse_changed(f, wrong[i].from, wrong[i].to), MJ_OK);
        if (!strstr(f->err.diag[0].text, wrong[i].says)) {
            print_error("%s: '%s'\n", wrong[i].to, f->err.diag[0].text);
            fail();
        }
    }
}

static void test_wrong_hybrids_are_refused(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *block, *tables, *train, *says;
    } wrong[] = {
        {"gpt", TABLES, ONCE, "reads anywhere"},
        {"mingru", "contexts: 1 2, rows: 256", ONCE, "needs model.dims"},
        {"mingru", "contexts: 1 2, rows: 256, dims: 20", ONCE, "multiple of 16"},
        {"mingru", "rows: 256, dims: 16", "epochs: 1", "no effect"},
        {"mingru", TABLES, "epochs: 1", "lr_memory"},
        {"mingru", TABLES, "epochs: 1.5, lr_memory: 0.3", "whole"},
        {"mingru", TABLES, "steps: 10, lr_memory: 0.3", "whole"},
        {"mingru", "mlp: 1", "epochs: 1, lr_memory: 0.3", ""},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_not_equal(parse_hybrid(f, wrong[i].block, wrong[i].tables, wrong[i].train), MJ_OK);
        if (!strstr(f->err.diag[0].text, wrong[i].says)) {
            print_error("%s %s: '%s'\n", wrong[i].tables, wrong[i].train, f->err.diag[0].text);
            fail();
        }
    }
}

static void test_short_texts_and_other_models_are_refused(void **state)
{
    fixture *f = *state;
    mj_training *training;
    mj_language language;
    assert_int_equal(parse_changed(f, "batch: 4x32", "batch: 64x1024"), MJ_OK);
    const mj_training_setup with = {.recipe = &f->recipe, .corpus = &f->corpus};
    assert_int_equal(mj_training_new(&training, &with, &f->arena, &f->err), MJ_ERANGE);
    assert_non_null(strstr(f->err.diag[0].text, "64 streams of 1024 symbols"));
    f->err = (mj_err){0};
    const char *other = "data/trained/oscillator-fashion.safetensors";
    assert_false(mj_language_is(other, &f->arena));
    assert_int_equal(mj_language_load(&language, other, MJ_LANGUAGE_JUDGES, f->units, &f->arena,
                                      &f->err), MJ_ESUPPORT);
}

/* A head of numbers near the end of float's range has logits beyond it: the step is refused with the
 * tensor, and what was learned before stands. */
static void test_numbers_beyond_float_stop_the_run(void **state)
{
    fixture *f = *state;
    mj_checkpoint checkpoint;
    double loss;
    assert_int_equal(parse_changed(f, "mingru", "mingru"), MJ_OK);
    mj_training *training = new_training(f);
    assert_int_equal(mj_training_step(training, &loss, &f->err), MJ_OK);
    assert_int_equal(mj_training_save(training, f->path[1], &f->err), MJ_OK);
    assert_int_equal(mj_checkpoint_load(&checkpoint, f->path[1], &f->arena, &f->err), MJ_OK);
    const mj_stored_tensor *head = mj_safetensors_find(&checkpoint.file, "head");
    assert_non_null(head);
    float *w = (float *)(uintptr_t)head->data;
    for (size_t i = 0; i < head->n_elements; i++) {
        w[i] = i % 2 ? 3e38f : -3e38f;
    }
    assert_int_equal(mj_checkpoint_save(&checkpoint, f->path[1], &f->err), MJ_OK);
    assert_int_equal(mj_training_restore(training, f->path[1], &f->err), MJ_OK);
    assert_int_equal(mj_training_step(training, &loss, &f->err), MJ_ERANGE);
    assert_non_null(strstr(f->err.diag[0].text, "step 1: "));
    assert_int_equal(mj_training_state_of(training).step, 1);
    f->err = (mj_err){0};
}

/* Of a recipe that claims more than the file has. */
static void test_a_file_of_fewer_numbers_is_refused(void **state)
{
    fixture *f = *state;
    mj_checkpoint checkpoint;
    mj_text_net_reader *reader;
    assert_int_equal(parse_changed(f, "mingru", "mingru"), MJ_OK);
    mj_training *training = new_training(f);
    assert_int_equal(mj_training_export(training, f->path[1], NULL, 0, &f->err), MJ_OK);
    assert_int_equal(mj_checkpoint_load(&checkpoint, f->path[1], &f->arena, &f->err), MJ_OK);
    assert_int_equal(parse_changed(f, "width: 32, depth: 1", "width: 4096, depth: 64"), MJ_OK);
    assert_int_equal(mj_text_net_file_load(&reader, &checkpoint, &f->recipe, 1, &f->arena, &f->err),
                     MJ_ERANGE);
    f->err = (mj_err){0};
    assert_int_equal(parse_changed(f, "width: 32", "width: 48"), MJ_OK);
    assert_int_equal(mj_text_net_file_load(&reader, &checkpoint, &f->recipe, 1, &f->arena, &f->err),
                     MJ_EFIT);
    f->err = (mj_err){0};
}

/* A save of one net is no save of another. */
static void test_a_save_of_another_text_is_refused(void **state)
{
    fixture *f = *state;
    assert_int_equal(parse_changed(f, "mingru", "mingru"), MJ_OK);
    mj_training *training = new_training(f);
    assert_int_equal(mj_training_save(training, f->path[1], &f->err), MJ_OK);
    f->corpus.source = "there";
    assert_int_equal(mj_training_restore(training, f->path[1], &f->err), MJ_ERANGE);
    assert_non_null(strstr(f->err.diag[0].text, "trained on here, not on there"));
    f->corpus.source = "here";
    f->err = (mj_err){0};
    strcpy(f->corpus.sha256, "what it was");
    assert_int_equal(mj_training_save(training, f->path[1], &f->err), MJ_OK);
    strcpy(f->corpus.sha256, "what it is");
    assert_int_equal(mj_training_restore(training, f->path[1], &f->err), MJ_ERANGE);
    assert_non_null(strstr(f->err.diag[0].text, "then as now, but not the same"));
    f->err = (mj_err){0};
    f->corpus.source = "there"; /* the same text in another place is the same */
    strcpy(f->corpus.sha256, "what it was");
    assert_int_equal(mj_training_restore(training, f->path[1], &f->err), MJ_OK);
    f->corpus.source = "here";
    f->corpus.sha256[0] = '\0';
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbol_by_symbol_is_all_at_once),
        cmocka_unit_test(test_a_settled_block_agrees_as_far_as_it_is_solved),
        cmocka_unit_test(test_sizes_are_those_of_the_prototypes),
        cmocka_unit_test(test_shipped_recipes_are_of_nets_that_can_be),
        cmocka_unit_test(test_every_block_learns_a_pattern),
        cmocka_unit_test(test_other_ways_to_learn_the_pattern),
        cmocka_unit_test(test_keys_that_are_missing_are_as_before),
        cmocka_unit_test(test_a_net_beside_a_memory_learns_a_pattern),
        cmocka_unit_test(test_judge_and_generator_agree),
        cmocka_unit_test(test_a_run_cut_in_two_is_the_same_run),
        cmocka_unit_test(test_wrong_recipes_are_refused),
        cmocka_unit_test(test_wrong_hybrids_are_refused),
        cmocka_unit_test(test_short_texts_and_other_models_are_refused),
        cmocka_unit_test(test_numbers_beyond_float_stop_the_run),
        cmocka_unit_test(test_a_file_of_fewer_numbers_is_refused),
        cmocka_unit_test(test_a_save_of_another_text_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
