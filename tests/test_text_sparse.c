/* Text nets of low density as a user meets them: symbol by symbol they say what they say at once, they
 * are the dense net of the same weights, learn a pattern, go on after a cut to the same bits, are small
 * in a file, and a file whose masks are wrong is refused. */
#include "assert_rel.h"

#include "mj/kernels.h"
#include "mj/language.h"
#include "mj/rng.h"
#include "mj/sparsity.h"
#include "mj/text_net_file.h"
#include "mj/training.h"

#include <string.h>
#include <unistd.h>

enum { TEXT_N = 40000, V = 9 };

static const char RECIPE[] =
    "mj: 1\nrecipe: sparse\n"
    "model: {kind: text_net, block: mingru, width: 64, depth: 1, mlp: 1, density: 0.2}\n"
    "data: here\nobjective: {kind: next_byte}\n"
    "train: {batch: 4x32, lr: 1e-2, beta2: 0.98, clip: 1, density_start: 0.6, regrow: 0.3, "
    "mask_until: 0.5, steps: 250, ema: 0.9, seed: 1}\n";

typedef struct {
    mj_arena arena;
    mj_err err;
    mj_units *units;
    mj_recipe recipe;
    mj_corpus corpus;
    char path[64];
} fixture;

/* Four words in random order. Frequencies alone cost 2.9 bits a symbol, the pattern half a bit. */
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
    snprintf(f.path, sizeof f.path, "/tmp/mj-test-text-sparse-%d", (int)getpid());
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    unlink(f->path);
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
    return mj_recipe_parse(&f->recipe, text, "sparse.yaml", f->units, &f->arena, &f->err);
}

static mj_training *new_training(fixture *f)
{
    mj_training *training;
    const mj_training_setup with = {.recipe = &f->recipe, .corpus = &f->corpus};
    assert_int_equal(mj_training_new(&training, &with, &f->arena, &f->err), MJ_OK);
    return training;
}

static double run(fixture *f, mj_training *training, int n_steps)
{
    double loss = 0;
    for (int i = 0; i < n_steps && !mj_training_is_done(training); i++) {
        assert_int_equal(mj_training_step(training, &loss, &f->err), MJ_OK);
    }
    return loss;
}

/* Symbol by symbol, and as a dense net. */

typedef struct {
    mj_tape *tape;
    mj_text_net net;
    mj_text_net_vars vars;
} read_net;

static void draw(mj_text_net *net, mj_arena *arena, mj_err *err)
{
    mj_rng rng;
    assert_int_equal(mj_text_net_compress(net, arena, err), MJ_OK);
    for (int i = 0; i < mj_text_net_matrices(net); i++) {
        mj_sparse *sparse = &net->sparse[i].sparse, size = *sparse;
        size.n_max = mj_sparsity_blocks(&size, 0.3);
        mj_rng_init(&rng, (uint64_t)i, 0);
        assert_int_equal(mj_sparse_init(sparse, &size, arena, err), MJ_OK);
        mj_sparsity_draw(sparse, size.n_max, &rng);
    }
}

static void begin(read_net *r, const mj_text_net *net, bool sparse, int T, mj_arena *arena)
{
    mj_err err = {0};
    r->net = *net;
    r->tape = mj_tape_new(arena, &err, (mj_tape_config){.inference = true});
    if (sparse) {
        draw(&r->net, arena, &err);
    }
    assert_int_equal(mj_text_net_record(&r->vars, r->tape, &r->net, 1, T, &err), MJ_OK);
    assert_int_equal(mj_tape_allocate(r->tape, 0), MJ_OK);
    mj_text_net_init(r->tape, &r->net, 3);
}

/* Gives a dense net the weights of a sparse one. */
static void copy_weights(const read_net *to, const read_net *from)
{
    int n;
    const mj_param *param = mj_tape_params(from->tape, &n);
    for (int p = 0; p < n; p++) {
        mj_tensor a = mj_tape_tensor(from->tape, param[p].var);
        mj_tensor b = mj_tape_tensor(to->tape, param[p].var);
        const mj_text_net_matrix *m = mj_text_net_matrix_of(&from->net, param[p].var);
        if (!m) {
            memcpy(b.v, a.v, mj_shape_count(b.shape) * sizeof *b.v);
            continue;
        }
        const mj_sparse *s = &m->sparse;
        memset(b.v, 0, mj_shape_count(b.shape) * sizeof *b.v);
        for (int row = 0; row < s->N; row++) {
            for (uint32_t k = s->start[row / 16]; k < s->start[row / 16 + 1]; k++) {
                b.v[row * s->K + s->column[k]] = a.v[k * 16 + (uint32_t)row % 16];
            }
        }
    }
}

static void check_net(const mj_text_net *net)
{
    enum { T = 40 };
    const double FLOAT_TOL = 1e-4; /* sums in another order, through 40 steps of a recurrence */
    mj_arena arena;
    read_net whole, single, dense;
    mj_arena_init(&arena, 0);
    begin(&whole, net, true, T, &arena);
    begin(&single, net, true, 1, &arena);
    begin(&dense, net, false, T, &arena);
    copy_weights(&dense, &whole);
    for (int t = 0; t < T; t++) {
        mj_tape_tensor(whole.tape, whole.vars.symbol).label[t] = t * t % V;
        mj_tape_tensor(dense.tape, dense.vars.symbol).label[t] = t * t % V;
    }
    mj_tape_forward(whole.tape, 0, false);
    mj_tape_forward(dense.tape, 0, false);
    const mj_real *want = mj_tape_tensor(dense.tape, dense.vars.logits).v;
    const mj_real *at_once = mj_tape_tensor(whole.tape, whole.vars.logits).v;
    double spread = 0;
    for (int t = 0; t < T; t++) {
        mj_tape_tensor(single.tape, single.vars.symbol).label[0] = t * t % V;
        mj_tape_forward(single.tape, (uint32_t)t, false);
        mj_tape_state_advance(single.tape);
        const mj_real *got = mj_tape_tensor(single.tape, single.vars.logits).v;
        for (int v = 0; v < V; v++) {
            assert_true(fabs((double)(got[v] - at_once[t * V + v])) <= FLOAT_TOL);
            assert_true(fabs((double)(want[t * V + v] - at_once[t * V + v])) <= FLOAT_TOL);
            spread = fmax(spread, fabs((double)got[v]));
        }
    }
    assert_true(spread > 0.1); /* they say something */
    mj_arena_fini(&arena);
}

static void test_all_forms_of_a_net_agree(void **state)
{
    (void)state;
    for (int block = 0; block < MJ_BLOCK_N; block++) {
        for (int loops = 1; loops <= 2; loops++) {
            const mj_text_net net = {.block = (mj_text_block)block, .n_symbols = V, .width = 32,
                                     .depth = 2, .mlp = loops - 1, .loops = loops, .span = 16,
                                     .states = 5};
            check_net(&net);
        }
    }
}

/* Learning, files. */

/* Weights of a mask: bits that are 1, by 16. */
static double weights_alive(const mj_checkpoint *checkpoint, const char *name)
{
    const mj_stored_tensor *mask = mj_safetensors_find(&checkpoint->file, name);
    double n = 0;
    assert_non_null(mask);
    for (size_t i = 0; i < mask->size_B; i++) {
        n += __builtin_popcount(((const uint8_t *)mask->data)[i]);
    }
    return 16 * n;
}

/* A pattern is learned well below what frequencies say, with a fifth of the weights; each then takes a
 * byte in the file, beside a bit a block and a scale a row. */
static void test_a_pattern_is_learned_by_few_weights(void **state)
{
    fixture *f = *state;
    mj_language judge, generator;
    mj_checkpoint checkpoint;
    mj_text_net_reader *reader;
    assert_int_equal(parse_changed(f, "sparse", "sparse"), MJ_OK);
    mj_training *training = new_training(f);
    run(f, training, 250);
    assert_int_equal(mj_training_export(training, f->path, NULL, 0, &f->err), MJ_OK);
    assert_int_equal(mj_language_load(&judge, f->path, MJ_LANGUAGE_JUDGES, f->units, &f->arena,
                                      &f->err), MJ_OK);
    const mj_symbols *text = &f->corpus.part[MJ_PART_VALIDATION];
    assert_true(mj_language_bits(&judge, text) / (double)text->n < 1.2);
    assert_int_equal(mj_checkpoint_load(&checkpoint, f->path, &f->arena, &f->err), MJ_OK);
    static const char *const names[] = {"block0.in", "block0.out", "block0.up", "block0.down"};
    const double rows[] = {192, 64, 64, 64}, K = 64;
    double matrices_B = 0;
    for (int i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s.alive", names[i]);
        double alive = weights_alive(&checkpoint, name), all = rows[i] * K;
        assert_rel(alive, 0.2 * all, 16 / (0.2 * all));
        matrices_B += alive + all / 16 / 8 + 4 * rows[i];
    }
    /* What is not in compressed matrices: embedding and head [V,64] with a scale a row, convolution
     * [4,64] with four, and vectors in 4 bytes: three norms of 64, 192 of the bias. */
    const double n_symbols = f->corpus.alphabet.n_symbols;
    double others_B = 2 * n_symbols * 68 + 4 * 68 + 4 * (3 * 64 + 192);
    assert_rel(judge.stored_B, matrices_B + others_B, 1e-9);
    /* A symbol reads all of it but one row of the embedding, and h and three inputs of each channel. */
    assert_rel(judge.touched_B, judge.stored_B - (n_symbols - 1) * 68 + 4 * 4 * 64, 1e-9);
    assert_int_equal(mj_language_load(&generator, f->path, MJ_LANGUAGE_GENERATES, f->units,
                                      &f->arena, &f->err), MJ_OK);
    assert_rel(generator.touched_B, judge.touched_B, 1e-12);
    assert_int_equal(mj_text_net_file_load(&reader, &checkpoint, &f->recipe, 1, &f->arena, &f->err),
                     MJ_OK);
    mj_symbols some = *text;
    some.n = 300;
    double bits = 0;
    for (size_t i = 0; i < some.n; i++) {
        const mj_real *z = mj_text_net_read(reader, some.symbol + i, 1);
        double sum = 0;
        for (int v = 0; v < reader->net.n_symbols; v++) {
            sum += exp((double)(z[v] - z[some.symbol[i]]));
        }
        bits += log2(sum);
    }
    mj_language fresh;
    assert_int_equal(mj_language_load(&fresh, f->path, MJ_LANGUAGE_JUDGES, f->units, &f->arena,
                                      &f->err), MJ_OK);
    assert_rel(mj_language_bits(&fresh, &some), bits, 1e-4);
}

/* A run cut after 120 steps, between two changes of the masks and after one, is the same run. */
static void test_a_run_cut_in_two_is_the_same_run(void **state)
{
    fixture *f = *state;
    assert_int_equal(parse_changed(f, "sparse", "sparse"), MJ_OK);
    mj_training *whole = new_training(f), *first = new_training(f), *second = new_training(f);
    double a = run(f, whole, 210);
    run(f, first, 120);
    assert_int_equal(mj_training_save(first, f->path, &f->err), MJ_OK);
    assert_int_equal(mj_training_restore(second, f->path, &f->err), MJ_OK);
    double b = run(f, second, 90);
    assert_true(a == b); /* to the last bit: masks and what moved with them came back */
}

/* What cannot be. */

static void test_wrong_recipes_are_refused(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *from, *to, *says;
    } wrong[] = {
        {"density: 0.2", "density: 1", "need a model.density below 1"},
        {"density: 0.2", "density: 0.7", "must not be below model.density"},
        {"width: 64", "width: 40", "multiple of 16"},
        {"density: 0.2", "density: 0.2, weight_bits: 4", "weight_bits"},
        {"density: 0.2", "density: 0.2, equilibrium: 5", "equilibrium"},
        {"regrow: 0.3", "regrow: 1.3", "regrow"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_not_equal(parse_changed(f, wrong[i].from, wrong[i].to), MJ_OK);
        if (!strstr(f->err.diag[0].text, wrong[i].says)) {
            print_error("%s: '%s'\n", wrong[i].to, f->err.diag[0].text);
            fail();
        }
    }
    f->err = (mj_err){0};
}

/* Refuses a file with one tensor changed. */
static void check_refused(fixture *f, mj_checkpoint *checkpoint, const char *says)
{
    mj_text_net_reader *reader;
    assert_int_not_equal(mj_text_net_file_load(&reader, checkpoint, &f->recipe, 1, &f->arena,
                                               &f->err), MJ_OK);
    if (!strstr(f->err.diag[0].text, says)) {
        print_error("'%s', not '%s'\n", f->err.diag[0].text, says);
        fail();
    }
    f->err = (mj_err){0};
}

static void test_wrong_masks_are_refused(void **state)
{
    fixture *f = *state;
    mj_checkpoint checkpoint;
    assert_int_equal(parse_changed(f, "sparse", "sparse"), MJ_OK);
    mj_training *training = new_training(f);
    run(f, training, 2);
    assert_int_equal(mj_training_export(training, f->path, NULL, 0, &f->err), MJ_OK);
    assert_int_equal(mj_checkpoint_load(&checkpoint, f->path, &f->arena, &f->err), MJ_OK);
    mj_stored_tensor *mask = (mj_stored_tensor *)(uintptr_t)mj_safetensors_find(
        &checkpoint.file, "block0.up.alive");
    mj_stored_tensor *scale = (mj_stored_tensor *)(uintptr_t)mj_safetensors_find(
        &checkpoint.file, "block0.up.scale");
    assert_true(mask && scale);
    uint8_t *bits = (uint8_t *)(uintptr_t)mask->data;
    const mj_stored_tensor whole = *mask;
    bits[0] ^= 1;
    check_refused(f, &checkpoint, "block0.up.packed has not the weights that its mask says");
    bits[0] ^= 1;
    mask->size_B--;
    check_refused(f, &checkpoint, "block0.up.alive has not a bit a block");
    *mask = whole;
    mask->dtype = MJ_DTYPE_F32;
    check_refused(f, &checkpoint, "block0.up.alive has not a bit a block");
    *mask = whole;
    mask->name = "elsewhere";
    check_refused(f, &checkpoint, "block0.up.alive is missing");
    *mask = whole;
    const float huge = 1e38f, was = *(const float *)scale->data;
    memcpy((void *)(uintptr_t)scale->data, &huge, sizeof huge);
    check_refused(f, &checkpoint, "not finite");
    memcpy((void *)(uintptr_t)scale->data, &was, sizeof was);
    memset(bits, 0, mask->size_B);
    check_refused(f, &checkpoint, "block0.up.alive is no mask");
    /* A claim of a matrix far larger than the file's masks. */
    assert_int_equal(parse_changed(f, "width: 64", "width: 4096"), MJ_OK);
    check_refused(f, &checkpoint, "has not a bit a block");
}

/* A save whose mask has more blocks than there is room for. */
static void test_a_save_with_too_many_blocks_is_refused(void **state)
{
    fixture *f = *state;
    mj_checkpoint checkpoint;
    assert_int_equal(parse_changed(f, "sparse", "sparse"), MJ_OK);
    mj_training *training = new_training(f);
    assert_int_equal(mj_training_save(training, f->path, &f->err), MJ_OK);
    assert_int_equal(mj_checkpoint_load(&checkpoint, f->path, &f->arena, &f->err), MJ_OK);
    const mj_stored_tensor *mask = mj_safetensors_find(&checkpoint.file, "block0.in.alive");
    assert_non_null(mask);
    memset((void *)(uintptr_t)mask->data, 0xff, mask->size_B);
    assert_int_equal(mj_checkpoint_save(&checkpoint, f->path, &f->err), MJ_OK);
    assert_int_equal(mj_training_restore(training, f->path, &f->err), MJ_ERANGE);
    assert_non_null(strstr(f->err.diag[0].text, "more blocks"));
    f->err = (mj_err){0};
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_forms_of_a_net_agree),
        cmocka_unit_test(test_a_pattern_is_learned_by_few_weights),
        cmocka_unit_test(test_a_run_cut_in_two_is_the_same_run),
        cmocka_unit_test(test_wrong_recipes_are_refused),
        cmocka_unit_test(test_wrong_masks_are_refused),
        cmocka_unit_test(test_a_save_with_too_many_blocks_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
