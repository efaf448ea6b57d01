/* Language models on machines that differ: no noise is the clean model, noise and mismatch cost what they
 * must, a chip stays the same chip, and what cannot be is refused. */
#include "assert_rel.h"

#include "mj/checkpoint.h"
#include "mj/kernels.h"
#include "mj/language.h"
#include "mj/lookup_file.h"
#include "mj/rng.h"
#include "mj/text_net_file.h"
#include "mj/training.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_N = 30000, JUDGED = 1024 };

#define NET(model)                                                                              \
    "mj: 1\nrecipe: tiny\nmodel: {kind: text_net, block: mingru, width: 32, depth: 1, mlp: 1" model "}\n" \
    "data: here\nobjective: {kind: next_byte}\n"                                                \
    "train: {batch: 4x32, lr: 1e-2, beta2: 0.98, clip: 1, steps: 100, seed: 1}\n"
#define HYBRID(model)                                                                            \
    "mj: 1\nrecipe: both\nmodel: {kind: text_net, block: mingru, width: 32, depth: 1, mlp: 1, "   \
    "contexts: 0 1 2, rows: 256, dims: 16" model "}\ndata: here\nobjective: {kind: next_byte}\n"  \
    "train: {batch: 4x32, lr: 1e-2, clip: 1, epochs: 1, lr_memory: 0.3, seed: 1}\n"
#define MEMORY(model)                                                                            \
    "mj: 1\nrecipe: rows\nmodel: {kind: lookup_memory, contexts: 0 1 2 3 c5, rows: 256, " model  \
    "row_bits: 6}\ndata: here\nobjective: {kind: next_byte}\n"                                  \
    "train: {batch: 8, lr: 0.2, epochs: 1, seed: 1}\n"

typedef struct {
    mj_arena arena;
    mj_err err;
    mj_units *units;
    mj_recipe recipe;
    mj_corpus corpus;
    mj_symbols text; /* what is judged */
    char path[64];
} fixture;

/* Words in random order. */
static void make_text(unsigned char *text, size_t n)
{
    static const char *const words[] = {"abc ", "dca ", "eab ", "fgh ", "bed "};
    mj_rng rng;
    mj_rng_init(&rng, 5, 0);
    for (size_t i = 0; i < n;) {
        const char *word = words[(int)(5 * mj_rng_uniform(&rng))];
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
    f.text = f.corpus.part[MJ_PART_VALIDATION];
    f.text.n = JUDGED;
    snprintf(f.path, sizeof f.path, "/tmp/mj-test-machine-%d", (int)getpid());
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

static void train(fixture *f, const char *recipe)
{
    mj_training *training;
    const mj_training_setup with = {.recipe = &f->recipe, .corpus = &f->corpus};
    f->err = (mj_err){0};
    assert_int_equal(mj_recipe_parse(&f->recipe, recipe, "tiny.yaml", f->units, &f->arena, &f->err),
                     MJ_OK);
    assert_int_equal(mj_training_new(&training, &with, &f->arena, &f->err), MJ_OK);
    while (!mj_training_is_done(training)) {
        double loss;
        assert_int_equal(mj_training_step(training, &loss, &f->err), MJ_OK);
    }
    assert_int_equal(mj_training_export(training, f->path, NULL, 0, &f->err), MJ_OK);
}

static mj_language load(fixture *f, mj_language_use use)
{
    mj_language language;
    assert_int_equal(mj_language_load(&language, f->path, use, f->units, &f->arena, &f->err), MJ_OK);
    return language;
}

static double bits_on(fixture *f, mj_language *language, mj_analog machine)
{
    assert_int_equal(mj_language_set(language, &machine, &f->err), MJ_OK);
    return mj_language_bits(language, &f->text) / (double)f->text.n;
}

/* Bias and product are added in another order on the machine: a rounding of float. */
static const double ORDER_TOL = 1e-5;

static void check_clean(fixture *f, mj_language *sweep)
{
    mj_language judge = load(f, MJ_LANGUAGE_JUDGES);
    double clean = mj_language_bits(&judge, &f->text) / (double)f->text.n;
    double first = bits_on(f, sweep, (mj_analog){.chip = 1});
    assert_rel(first, clean, ORDER_TOL);
    assert_true(bits_on(f, sweep, (mj_analog){.chip = 1, .noise = 0.3, .mismatch = 0.2}) != first);
    assert_true(bits_on(f, sweep, (mj_analog){.chip = 1}) == first); /* nothing stays behind */
    assert_rel(bits_on(f, sweep, (mj_analog){.chip = 1, .noise = 1e-6}), clean, ORDER_TOL);
}

/* Mean over chips; spread: standard deviation of that mean. */
static double mean_on(double *spread, fixture *f, mj_language *language, mj_analog machine)
{
    enum { CHIPS = 6 };
    double sum = 0, squares = 0;
    for (uint32_t chip = 1; chip <= CHIPS; chip++) {
        machine.chip = chip;
        double bits = bits_on(f, language, machine);
        assert_true(chip != 2 || bits != sum); /* chips differ */
        sum += bits;
        squares += bits * bits;
    }
    *spread = sqrt(fmax(0, squares / CHIPS - sum * sum / CHIPS / CHIPS) / (CHIPS - 1));
    return sum / CHIPS;
}

/* More never helps, beyond what chance leaves. */
static void check_order(fixture *f, mj_language *language, bool noise)
{
    static const double sizes[] = {0.02, 0.1, 0.3, 1};
    double last = 0, last_spread = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const mj_analog machine = {.noise = noise ? sizes[i] : 0, .mismatch = noise ? 0 : sizes[i]};
        double spread, bits = mean_on(&spread, f, language, machine);
        assert_true(bits > last - 3 * (spread + last_spread));
        last = bits;
        last_spread = spread;
    }
    assert_true(last > bits_on(f, language, (mj_analog){.chip = 1}));
}

static void test_machines_of_text_nets(void **state)
{
    fixture *f = *state;
    train(f, NET(""));
    mj_language net = load(f, MJ_LANGUAGE_SWEEPS);
    check_clean(f, &net);
    check_order(f, &net, true);
    check_order(f, &net, false);
    double clean = bits_on(f, &net, (mj_analog){.chip = 1});
    /* Weights lie on 8-bit levels as they are. */
    assert_rel(bits_on(f, &net, (mj_analog){.chip = 1, .weight_bits = 8}), clean, 1e-4);
    assert_true(bits_on(f, &net, (mj_analog){.chip = 1, .weight_bits = 2}) > clean);
    assert_rel(bits_on(f, &net, (mj_analog){.chip = 1, .activation_bits = 8}), clean, 1e-2);
}

static void test_machines_of_look_up_memories(void **state)
{
    fixture *f = *state;
    static const char *const recipes[] = {MEMORY(""), MEMORY("dims: 32, ")};
    for (int i = 0; i < 2; i++) {
        train(f, recipes[i]);
        mj_language memory = load(f, MJ_LANGUAGE_SWEEPS);
        check_clean(f, &memory);
        check_order(f, &memory, true);
        check_order(f, &memory, false);
        double clean = bits_on(f, &memory, (mj_analog){.chip = 1});
        assert_true(bits_on(f, &memory, (mj_analog){.chip = 1, .weight_bits = 6}) == clean);
        assert_true(bits_on(f, &memory, (mj_analog){.chip = 1, .weight_bits = 2}) > clean);
    }
}

/* What a model was trained with is in use where it is judged, on the first chip, and is the default of a
 * sweep; a sweep can take it away. */
static void test_machines_that_were_trained_for_are_kept(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *recipe;
        mj_analog machine;
    } rows[] = {
        {NET(", weight_mismatch: 0.3"), {.mismatch = 0.3}},
        {HYBRID(", read_noise: 2"), {.read_noise = 2}},
        {MEMORY("read_noise: 0.5, "), {.noise = 0.5}}, /* a memory's noise is that of its reads */
        {MEMORY("dims: 32, read_noise: 0.5, "), {.noise = 0.5}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        train(f, rows[i].recipe);
        mj_language judge = load(f, MJ_LANGUAGE_JUDGES), sweep = load(f, MJ_LANGUAGE_SWEEPS);
        const mj_analog kept = mj_language_machine(&sweep);
        assert_rel(kept.mismatch + 1, rows[i].machine.mismatch + 1, 1e-12);
        assert_rel(kept.noise + 1, rows[i].machine.noise + 1, 1e-12);
        assert_rel(kept.read_noise + 1, rows[i].machine.read_noise + 1, 1e-12);
        double used = mj_language_bits(&judge, &f->text) / (double)f->text.n, spread;
        double as_kept = mean_on(&spread, f, &sweep, kept), clean = bits_on(f, &sweep, (mj_analog){.chip = 1});
        assert_true(fabs(used - as_kept) < 10 * spread); /* one chip of them, of which six gave a mean */
        assert_true(as_kept != clean && as_kept > clean - 3 * spread); /* more never helps */
    }
}

/* Sum of rows of the symbol at `at`, by hand. */
static void sum_rows(double *x, const mj_lookup_text *t, mj_copy_place *copy, const uint8_t *at)
{
    const mj_lookup_memory *m = t->memory;
    mj_lookup_place place;
    for (int c = 0; c < m->contexts.n_copies; c++) {
        mj_copy_place_move(&copy[c], &t->copy[c], at);
    }
    mj_lookup_place_find(&place, &m->contexts, at, t->config.letter, copy);
    for (int j = 0; j < m->dims; j++) {
        x[j] = 0;
        for (int k = 0; k < m->contexts.n; k++) {
            x[j] += (double)m->gains.copied[k][place.match] *
                    (double)m->slab[2 * m->stride * place.row[k] + (size_t)j];
        }
    }
}

/* Small noise s on every logit costs s^2 / 2 sum p (1 - p) nats, the second order of log sum exp: here
 * with s a share of each symbol's rms. First orders cancel on average: of 200 chips x 1,024 symbols they
 * leave a few per cent, and so does the fourth order. */
static void test_noise_on_logits_costs_its_second_order(void **state)
{
    fixture *f = *state;
    enum { CHIPS = 200 };
    static const double NOISE = 0.05, TOL = 0.1;
    train(f, MEMORY(""));
    mj_language memory = load(f, MJ_LANGUAGE_SWEEPS);
    mj_lookup_model model;
    mj_copy_place copy[MJ_COPIES_MAX] = {{0}};
    double want = 0, got = 0, clean = bits_on(f, &memory, (mj_analog){.chip = 1});
    assert_int_equal(mj_lookup_file_load(&model, f->path, f->units, &f->arena, &f->err), MJ_OK);
    int V = model.text->memory->dims;
    for (size_t i = 0; i < f->text.n; i++) {
        double x[MJ_LOOKUP_DIMS_MAX], power = 0, sum = 0, doubt = 0;
        sum_rows(x, model.text, copy, f->text.symbol + i);
        for (int v = 0; v < V; v++) {
            power += x[v] * x[v] / V;
            sum += exp(x[v]);
        }
        for (int v = 0; v < V; v++) {
            doubt += exp(x[v]) / sum * (1 - exp(x[v]) / sum);
        }
        want += NOISE * NOISE * power / 2 * doubt / log(2) / (double)f->text.n;
    }
    for (uint32_t chip = 1; chip <= CHIPS; chip++) {
        got += (bits_on(f, &memory, (mj_analog){.chip = chip, .noise = NOISE}) - clean) / CHIPS;
    }
    assert_rel(got, want, TOL);
}

/* 32 wide: in 96, out, up and down 32 sums each of 32 products; digital are the head, 4 taps of the
 * convolution, 3 products a unit, and 2 a number in each of 3 norms. Memory: 5 rows a symbol. */
static void test_work_is_that_of_the_shapes(void **state)
{
    fixture *f = *state;
    int V = f->corpus.alphabet.n_symbols;
    train(f, NET(", weight_bits: 4"));
    mj_language net = load(f, MJ_LANGUAGE_SWEEPS);
    assert_rel(net.work.mac, 192 * 32, 1e-12);
    assert_rel(net.work.outputs, 192, 1e-12);
    assert_rel(net.work.inputs, 4 * 32, 1e-12);
    assert_rel(net.work.rest_mac, (V + 4 + 3 + 2 * 3) * 32, 1e-12);
    assert_int_equal(net.work.weight_bits, 4);
    /* A stream's own: a state and three inputs of the convolution a unit as F32, and a row of the embedding
     * in 8 bits with its scale. Streams share all else that is read but 4-bit weights and their scales. */
    assert_rel(net.work.rest_B, 4 * 32 * 4 + 32 + 4, 1e-12);
    assert_rel(net.work.rest_weight_B, net.touched_B - 192 * (16 + 4) - net.work.rest_B, 1e-12);
    train(f, MEMORY("dims: 32, "));
    mj_language memory = load(f, MJ_LANGUAGE_SWEEPS);
    assert_rel(memory.work.mac, 5 * 32, 1e-12);
    assert_rel(memory.work.outputs, 32, 1e-12);
    assert_rel(memory.work.rest_mac, 32 * V, 1e-12);
    assert_rel(memory.work.rest_weight_B, 32 * V, 1e-12);
}

/* Weights in the file of a ternary net are -s, 0, s: the plain net on them is the net. */
static void test_stored_levels_are_not_rounded_again(void **state)
{
    fixture *f = *state;
    enum { N = 256 };
    mj_checkpoint checkpoint;
    mj_text_net_vars vars;
    int n_params;
    double bits = 0;
    train(f, NET(", weight_bits: 2"));
    mj_language judge = load(f, MJ_LANGUAGE_JUDGES);
    mj_text_net net = mj_text_net_of(&f->recipe, &f->corpus.alphabet);
    net.analog = NULL;
    mj_tape *tape = mj_tape_new(&f->arena, &f->err, (mj_tape_config){.inference = true});
    assert_int_equal(mj_text_net_record(&vars, tape, &net, 1, N, &f->err), MJ_OK);
    assert_int_equal(mj_tape_allocate(tape, 0), MJ_OK);
    assert_int_equal(mj_checkpoint_load(&checkpoint, f->path, &f->arena, &f->err), MJ_OK);
    const mj_param *param = mj_tape_params(tape, &n_params);
    for (int p = 0; p < n_params; p++) {
        mj_tensor t = mj_tape_tensor(tape, param[p].var);
        assert_int_equal(mj_checkpoint_read(t.v, &checkpoint, param[p].name, t.shape.dim,
                                            t.shape.n_dims, &f->err), MJ_OK);
    }
    mj_symbols text = f->text;
    text.n = N;
    for (int i = 0; i < N; i++) {
        mj_tape_tensor(tape, vars.symbol).label[i] = text.symbol[i - 1];
    }
    mj_tape_forward(tape, 0, false);
    for (int i = 0; i < N; i++) {
        const mj_real *z = mj_tape_tensor(tape, vars.logits).v + (size_t)i * (size_t)net.n_symbols;
        double sum = 0;
        for (int v = 0; v < net.n_symbols; v++) {
            sum += exp((double)z[v] - (double)z[text.symbol[i]]);
        }
        bits += log2(sum);
    }
    assert_rel(mj_language_bits(&judge, &text), bits, ORDER_TOL);
}

static void refuse(fixture *f, mj_language *language, mj_analog machine, const char *says)
{
    f->err = (mj_err){0};
    machine.chip = 1;
    assert_int_not_equal(mj_language_set(language, &machine, &f->err), MJ_OK);
    if (!strstr(f->err.diag[0].text, says)) {
        print_error("'%s'\n", f->err.diag[0].text);
        fail();
    }
}

static void test_machines_that_cannot_be_are_refused(void **state)
{
    fixture *f = *state;
    train(f, NET(", weight_bits: 4"));
    mj_language net = load(f, MJ_LANGUAGE_SWEEPS);
    refuse(f, &net, (mj_analog){.noise = -0.1}, "noise of -0.1");
    refuse(f, &net, (mj_analog){.mismatch = NAN}, "noise of");
    refuse(f, &net, (mj_analog){.weight_bits = 9}, "9 bits");
    refuse(f, &net, (mj_analog){.weight_bits = 1}, "1 bits");
    refuse(f, &net, (mj_analog){.weight_bits = 6}, "4 are stored");
    train(f, MEMORY(""));
    mj_language memory = load(f, MJ_LANGUAGE_SWEEPS);
    refuse(f, &memory, (mj_analog){.weight_bits = 7}, "6 are stored");
    refuse(f, &memory, (mj_analog){.activation_bits = 8}, "no activations");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machines_of_text_nets),
        cmocka_unit_test(test_machines_of_look_up_memories),
        cmocka_unit_test(test_machines_that_were_trained_for_are_kept),
        cmocka_unit_test(test_noise_on_logits_costs_its_second_order),
        cmocka_unit_test(test_work_is_that_of_the_shapes),
        cmocka_unit_test(test_stored_levels_are_not_rounded_again),
        cmocka_unit_test(test_machines_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
