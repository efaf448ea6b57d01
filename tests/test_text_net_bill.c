/* Bills of text nets: the op list that the accountant reads from a file is what a real pass of the net in
 * that file counts and what the file stores, for every block and option; a net small enough to add up by
 * hand; a look-up memory beside a net; sparse nets; what cannot be. */
#include "world.h"

#include "mj/bill.h"
#include "mj/counts.h"
#include "mj/kernels.h"
#include "mj/layer.h"
#include "mj/rng.h"
#include "mj/text_net_file.h"
#include "mj/trained.h"
#include "mj/training.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { TEXT_N = 2000 };

/* Counts are sums of products of whole numbers. */
static const double EXACT = 1e-12;

typedef struct {
    world w; /* first: world_require and the like take it */
    mj_corpus corpus;
    char path[64];
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    static unsigned char text[TEXT_N];
    assert_non_null(f);
    world_init(&f->w);
    mj_threads_set(1);
    for (size_t i = 0; i < TEXT_N; i++) {
        text[i] = (unsigned char)("abcde fgh"[i % 9]);
    }
    f->corpus.source = "here";
    mj_alphabet_fill(&f->corpus.alphabet, text, TEXT_N);
    for (int part = 0; part < MJ_PARTS_N; part++) {
        world_require(&f->w, mj_alphabet_encode(&f->corpus.part[part], &f->corpus.alphabet, text, TEXT_N,
                                                &f->w.arena, &f->w.err));
    }
    snprintf(f->path, sizeof f->path, "/tmp/mj-test-net-bill-%d.safetensors", (int)getpid());
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    unlink(f->path);
    world_fini(&f->w);
    free(f);
    return 0;
}

/* ---- the op list against a pass ---- */

/* What is asked for beside block and width. */
static const char *const options[] = {
    "depth: 1",
    "depth: 2, mlp: 2",
    "depth: 2, mlp: 1, loops: 3",
    "depth: 1, mlp: 1, weight_bits: 4, activation_bits: 8, product_noise: 0.1",
    "depth: 1, mlp: 1, weight_bits: 2",
    "depth: 1, mlp: 2, equilibrium: 6",
    "depth: 1, equilibrium: 4, weight_bits: 4, activation_bits: 6",
    "depth: 1, equilibrium: 5, equilibrium_history: 3, equilibrium_gradient: 0",
    "depth: 1, heads: 4, span: 16",
    "depth: 2, heads: 4, kv_heads: 2, span: 8",
    "depth: 1, kv_heads: 1, heads: 6, equilibrium: 3",
    "depth: 1, heads: 4, span: 8, cache_bits: 8",
    "depth: 1, mlp: 1, weight_mismatch: 0.1",
    "depth: 1, states: 5",
    "depth: 1, mlp: 1, density: 0.25",
    "depth: 1, contexts: 1 2 w0, rows: 256, dims: 16, row_bits: 4",
    "depth: 1, contexts: 1 2 w0, rows: 256, dims: 16, row_bits: 4, read_noise: 0.1",
};

/* Trains one step of a net and writes its file; false if the block has not this option. */
static bool write_file(fixture *f, mj_recipe *recipe, const char *block, const char *option)
{
    char text[512];
    mj_training *training;
    double loss;
    snprintf(text, sizeof text,
             "mj: 1\nrecipe: net\nmodel: {kind: text_net, block: %s, width: %d, %s}\n"
             "data: here\nobjective: {kind: next_byte}\n"
             "train: {batch: 2x16, lr: 1e-3, clip: 1, %s, seed: 1}\n", block,
             strstr(option, "density") ? 32 : 24, option,
             strstr(option, "contexts") ? "epochs: 1, lr_memory: 0.1" : "steps: 1");
    mj_err err = {0};
    const mj_training_setup with = {.recipe = recipe, .corpus = &f->corpus};
    if (mj_recipe_parse(recipe, text, "net.yaml", f->w.units, &f->w.arena, &err) != MJ_OK ||
        mj_training_new(&training, &with, &f->w.arena, &err) != MJ_OK) {
        return false;
    }
    world_require(&f->w, mj_training_step(training, &loss, &f->w.err));
    world_require(&f->w, mj_training_export(training, f->path, NULL, 0, &f->w.err));
    return true;
}

/* Sums of an op list; rows: those of the tables beside a net, which are no part of a tape. */
typedef struct {
    double mac, params_read, read_B, state_B, vector, weights, weight_B;
    struct {
        double mac, vector, weights;
    } rows;
} sums;

static sums sums_of(const mj_ops *ops)
{
    sums s = {0};
    for (int i = 0; i < ops->n; i++) {
        const mj_op *op = &ops->op[i];
        s.mac += op->mac + op->state_mac;
        s.params_read += op->weights * op->reads;
        s.read_B += op->weight_B * op->reads + op->row_B;
        s.state_B += op->state_B;
        s.vector += op->vector;
        s.weights += op->weights;
        s.weight_B += op->weight_B;
        if (op->kind == MJ_OP_LOOKUP && !strstr(op->what, "embedding")) {
            s.rows.mac += op->mac;
            s.rows.vector += op->vector;
            s.rows.weights += op->weights;
        }
    }
    return s;
}

static mj_ops ops_of(const mj_model *model, double context)
{
    mj_ops ops;
    mj_ops_count(&ops, model, &(mj_extent){.context = context, .longest = context});
    return ops;
}

static double params_of(const mj_tape *tape)
{
    int n;
    double all = 0;
    const mj_param *param = mj_tape_params(tape, &n);
    for (int p = 0; p < n; p++) {
        all += (double)param[p].n;
    }
    return all;
}

static double stored_B(const mj_safetensors *file)
{
    double all = 0;
    for (int i = 0; i < file->n_tensors; i++) {
        const char *name = file->tensor[i].name; /* a few gains of copies are not on the bill */
        bool weights = strcmp(name, "alphabet") != 0 && strcmp(name, "copied") != 0;
        all += weights ? (double)file->tensor[i].size_B : 0;
    }
    return all;
}

/* A file marks which blocks live, a bit each; a product reads where they stand, 2 bytes each. */
static double index_more_B(const mj_safetensors *file, const mj_text_net *net)
{
    double more_B = 0;
    for (int i = 0; i < file->n_tensors; i++) {
        const char *dot = strrchr(file->tensor[i].name, '.');
        more_B -= dot && strcmp(dot, ".alive") == 0 ? (double)file->tensor[i].size_B : 0;
    }
    for (int i = 0; net->sparse && i < mj_text_net_matrices(net); i++) {
        more_B += 2.0 * mj_sparse_blocks(&net->sparse[i].sparse);
    }
    return more_B;
}

/* The accountant reads the header of the file, the reader runs one symbol of it. */
static void check_file(fixture *f, const mj_recipe *recipe)
{
    world *w = &f->w;
    mj_model model;
    mj_checkpoint checkpoint;
    mj_text_net_reader *r;
    static const uint8_t text[MJ_HISTORY + 1] = {1, 2};
    world_require(w, mj_model_from_trained(&model, f->path, w->units, &w->arena, &w->err));
    world_require(w, mj_checkpoint_load(&checkpoint, f->path, &w->arena, &w->err));
    world_require(w, mj_text_net_file_load(&r, &checkpoint, recipe, 1, &w->arena, &w->err));
    assert_true(isfinite((double)mj_text_net_read(r, text + MJ_HISTORY, 1)[0]));

    const mj_tape_cost pass = mj_tape_cost_count(r->tape);
    const mj_ops ops = ops_of(&model, 1e6); /* a span that is full */
    const sums s = sums_of(&ops);
    double V = r->net.n_symbols, sampling = V * (MJ_SOFTMAX_OPS + MJ_SAMPLE_OPS) + MJ_RANDOM_OPS;
    assert_rel(s.mac - s.rows.mac, pass.mac, EXACT);
    assert_rel(s.params_read + r->net.width, pass.params, EXACT); /* and a row of the embedding */
    /* A pass keeps 4 B a number; keys and values of few bits would take less, of 24 / heads columns each. */
    const mj_recipe_model *m = &recipe->model;
    double cached = m->cache_bits > 0 ? (m->span + 1) * 2 * m->width : 0;
    double saved_B = cached * (4 - m->cache_bits / 8.0 - 4.0 * m->heads / m->width);
    assert_rel(s.state_B, pass.state * sizeof(float) - saved_B, EXACT);
    assert_rel(s.vector - sampling - s.rows.vector, pass.vector, EXACT);
    assert_rel(s.weights - s.rows.weights, params_of(r->tape), EXACT);
    assert_rel(model.params.total, s.weights, EXACT);
    double more_B = index_more_B(&checkpoint.file, &r->net);
    assert_rel(s.weight_B - more_B, stored_B(&checkpoint.file), EXACT);
    assert_rel(s.read_B - more_B, r->touched_B - mj_text_net_state_B(&r->net), EXACT);
}

static void test_op_list_is_what_a_pass_counts(void **state)
{
    fixture *f = *state;
    mj_recipe recipe;
    int checked = 0;
    for (int block = 0; block < MJ_BLOCK_N; block++) {
        assert_string_equal(mj_model_block_names[block + 1], mj_text_block_names[block]);
        for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
            if (write_file(f, &recipe, mj_text_block_names[block], options[i])) {
                check_file(f, &recipe);
                checked++;
            }
        }
    }
    assert_null(mj_model_block_names[MJ_BLOCK_N + 1]);
    /* equilibria of two blocks; heads (4), states of one; tables of all but gpt */
    assert_int_equal(checked, 7 * MJ_BLOCK_N + 6 + 4 + 1 + 2 * (MJ_BLOCK_N - 1));
}

/* A file says the shape of its net, resolved. */
static void test_file_gives_the_shape_back(void **state)
{
    fixture *f = *state;
    mj_recipe recipe;
    mj_model read;
    assert_true(write_file(f, &recipe, "mamba", "depth: 2, mlp: 1, states: 4"));
    const mj_text_net net = mj_text_net_of(&recipe, &f->corpus.alphabet);
    mj_model shape = mj_text_net_shape(&net, NULL, "net");
    world_require(&f->w, mj_model_resolve(&shape, "net", &f->w.err));
    world_require(&f->w, mj_model_from_trained(&read, f->path, f->w.units, &f->w.arena, &f->w.err));
    assert_memory_equal(&shape.text_net, &read.text_net, sizeof shape.text_net);
    assert_string_equal(read.name, "net");
    assert_int_equal(read.output, MJ_OUTPUT_TOKEN);
}

/* ---- by hand ---- */

static mj_chip chip;
static mj_model model;
static mj_bill bill;

/* 1 pJ a byte, 0.1 pJ a product, 0.01 pJ an element-wise operation, a microsecond a block; 1 MB. */
static const char small_chip[] =
    "mj: 1\n"
    "chip: small\n"
    "from: assumed\n"
    "class: assumed\n"
    "closure: event-sum\n"
    "memories:\n"
    "  - {name: sram, kind: sram, capacity: 1 MB, bandwidth: 1 TB/s, read: 1 pJ/B, leak: 1 nW/B}\n"
    "compute:\n"
    "  - {name: mac.int8, format: int8, energy: 0.1 pJ/MAC, rate: 1 TMAC/s}\n"
    "overhead: {unexplained: 0, block: 1 us, vector: 0.01 pJ/op}\n"
    "static: {idle: 0 W, leak_logic: 0 W}\n"
    "system: {vrm: 1}\n";

static mj_status parse_model(fixture *f, const char *net)
{
    char text[512];
    snprintf(text, sizeof text, "mj: 1\nmodel: small\nkind: text_net\n%s", net);
    model = (mj_model){0};
    f->w.err = (mj_err){0};
    MJ_TRY(mj_spec_parse(&model, &mj_model_schema, text, strlen(text), "small.yaml", f->w.units,
                         &f->w.arena, &f->w.err));
    return mj_model_resolve(&model, "small.yaml", &f->w.err);
}

static mj_status compute(fixture *f, const char *net, mj_serving s)
{
    world *w = &f->w;
    chip = (mj_chip){0};
    MJ_TRY(parse_model(f, net));
    world_require(w, mj_spec_parse(&chip, &mj_chip_schema, small_chip, strlen(small_chip), "small",
                                   w->units, &w->arena, &w->err));
    world_require(w, mj_chip_resolve(&chip, w->catalogue.facts, "small", &w->err));
    MJ_TRY(mj_serving_resolve(&s, &chip, &model, &w->err));
    return mj_bill_compute(&bill, &chip, &model, &s, &w->err);
}

static double joules_of(mj_component component)
{
    double sum = 0;
    for (int i = 0; i < bill.ledger.n; i++) {
        sum += bill.ledger.line[i].component == component ? bill.ledger.line[i].joules : 0;
    }
    return sum;
}

/* Width 4, 10 symbols. Blocks: norm 4 numbers of 4 B; convolution 4 rows of 4 + 4 B; in 12 rows of 4 + 4 B
 * and 12 biases; out 4 rows of 4 + 4 B: 16 + 32 + 96 + 48 + 32. Behind them a norm, 16 B, and a head, 10
 * rows of 8 B. A symbol has a row of 8 B for itself. State: h and three inputs, 16 numbers of 4 B, read and
 * written. Products: norm 8, convolution 16, 48, 16, gates 12; norm 8, head 40. */
static void test_token_adds_up(void **state)
{
    static const char net[] = "text_net: {block: mingru, symbols: 10, width: 4, depth: 1}\n";
    fixture *f = *state;
    for (double batch = 1; batch <= 64; batch *= 8) {
        assert_int_equal(compute(f, net, (mj_serving){.batch = batch, .no_prompt = true}), MJ_OK);
        assert_rel(joules_of(MJ_ARITH_MAC), (8 + 16 + 48 + 16 + 12 + 8 + 40) * 0.1e-12, EXACT);
        assert_rel(joules_of(MJ_SRAM_L2), (8 + (224 + 96) / batch + 2 * 16 * 4) * 1e-12, EXACT);
        /* two roots, two gates a channel of 26 and a difference, 12 biases, 4 residuals, a head's end */
        assert_rel(joules_of(MJ_ARITH_VECTOR), (2 * 4 + 4 * 53 + 12 + 4 + 10 * 30 + 15) * 0.01e-12, EXACT);
        assert_rel(bill.step.step_s, 3e-6, EXACT); /* input, block, head */
        assert_rel(bill.step.handover_s, 3e-6, EXACT);
        assert_true(bill.step.memory_s < 1e-9 * batch && bill.step.arithmetic_s < 1e-9 * batch);
    }
}

/* Four turns read the weights of the blocks four times, store them once, and have a state each. */
static void test_turns_read_the_same_weights_again(void **state)
{
    fixture *f = *state;
    const mj_serving s = {.batch = 1, .no_prompt = true};
    assert_int_equal(compute(f, "text_net: {block: mingru, symbols: 10, width: 4, depth: 1}\n", s), MJ_OK);
    double used_B = bill.memory_used_B;
    assert_int_equal(compute(f, "text_net: {block: mingru, symbols: 10, width: 4, depth: 1, loops: 4}\n", s),
                     MJ_OK);
    double vectors_B = 4 * 4 * 4; /* one a turn */
    assert_rel(joules_of(MJ_SRAM_L2), (8 + 4 * 224 + 96 + vectors_B + 4 * 128) * 1e-12, EXACT);
    assert_rel(bill.memory_used_B - used_B, vectors_B + 3 * 64, EXACT);
}

/* A prompt is read as decoded symbols are, but for the head: with as many symbols of it as are made, the
 * blocks' products are twice those without. */
static void test_prompts_are_read_by_the_blocks(void **state)
{
    static const char net[] = "text_net: {block: mingru, symbols: 10, width: 4, depth: 1}\n";
    fixture *f = *state;
    const mj_serving s = {.batch = 1, .prompt = 50, .output = 50};
    assert_int_equal(compute(f, net, s), MJ_OK);
    assert_rel(joules_of(MJ_ARITH_MAC), (2 * (8 + 16 + 48 + 16 + 12) + 8 + 40) * 0.1e-12, EXACT);
    assert_rel(joules_of(MJ_SRAM_L2), (2 * 8 + 224 + 96 + 128) * 1e-12, EXACT);
}

/* Attention reads what there is of its span: at a context of 6, 6 keys and values of 4 numbers and one
 * written; beyond the span of 8 no more. */
static void test_attention_reads_its_span(void **state)
{
    static const char net[] =
        "text_net: {block: gpt, symbols: 10, width: 4, depth: 1, heads: 1, span: 8, state_bits: 16}\n";
    fixture *f = *state;
    static const double context[] = {6, 8, 1000}, seen[] = {6, 8, 8};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(parse_model(f, net), MJ_OK);
        const mj_ops ops = ops_of(&model, context[i]);
        const sums s = sums_of(&ops);
        assert_rel(s.state_B, ((seen[i] + 1) * 2 * 4 + 2 * 12) * 2, EXACT);
        assert_rel(s.mac, 8 + 16 + 48 + 16 + 8 + 40 + 2 * 4 * seen[i], EXACT);
    }
}

/* Two heads of which one has keys: 2 columns of keys and of values for 4 of queries. What is read of the
 * span halves, its products do not; in has 8 rows in place of 12, of 4 + 4 B and a bias. */
static void test_keys_that_serve_two_heads(void **state)
{
    fixture *f = *state;
    static const char net[] = "text_net: {block: gpt, symbols: 10, width: 4, depth: 1, heads: 2, "
                              "kv_heads: %d, span: 8, state_bits: 16}\n";
    sums s[2];
    for (int i = 0; i < 2; i++) {
        char text[256];
        snprintf(text, sizeof text, net, i + 1);
        assert_int_equal(parse_model(f, text), MJ_OK);
        const mj_ops ops = ops_of(&model, 100);
        s[i] = sums_of(&ops);
    }
    assert_rel(s[0].state_B, ((8 + 1) * 2 * 2 + 2 * 12) * 2, EXACT);
    assert_rel(s[1].state_B, ((8 + 1) * 2 * 4 + 2 * 12) * 2, EXACT);
    assert_rel(s[1].mac - s[0].mac, 4 * 4, EXACT);
    assert_rel(s[1].weight_B - s[0].weight_B, 4 * (4 + 4 + 4), EXACT);
    /* 4 bits a number and 4 B for each head of two */
    assert_int_equal(parse_model(f, "text_net: {block: gpt, symbols: 10, width: 4, depth: 1, heads: 2, "
                                    "span: 8, state_bits: 16, cache_bits: 4}\n"), MJ_OK);
    const mj_ops ops = ops_of(&model, 100);
    assert_rel(sums_of(&ops).state_B, (8 + 1) * 2 * (4 / 2.0 + 2 * 4) + 2 * 12 * 2, EXACT);
}

/* Of fewer bits both bytes and products: a weight of the 12 + 4 rows of 4 takes half a byte less, each row
 * its scale still; a product of int4 is one. */
static void test_precision_is_of_bytes_and_products(void **state)
{
    fixture *f = *state;
    static const char net[] = "text_net: {block: mingru, symbols: 10, width: 4, depth: 1}\n";
    assert_int_equal(parse_model(f, net), MJ_OK);
    mj_ops ops = ops_of(&model, 100);
    const sums wide = sums_of(&ops);
    model.quality.metric = "bits per byte";
    mj_model_set_precision(&model, MJ_FORMAT_INT8);
    assert_non_null(model.quality.metric); /* it was so */
    mj_model_set_precision(&model, MJ_FORMAT_INT4);
    assert_null(model.quality.metric);
    assert_int_equal(mj_model_resolve(&model, "small", &f->w.err), MJ_OK);
    ops = ops_of(&model, 100);
    const sums narrow = sums_of(&ops);
    assert_rel(wide.weight_B - narrow.weight_B, (12 + 4) * 4 / 2.0, EXACT);
    assert_rel(narrow.mac, wide.mac, EXACT);
    assert_int_equal(mj_model_format(&model), MJ_FORMAT_INT4);
    assert_int_equal(model.precision.ffn, MJ_FORMAT_INT4);
    /* A patch of the bits alone moves products as well, which go by the wider of weights and inputs. */
    assert_int_equal(parse_model(f, net), MJ_OK);
    model.text_net.weight_bits = 16;
    assert_int_equal(mj_model_resolve(&model, "small", &f->w.err), MJ_OK);
    assert_int_equal(model.precision.ffn, MJ_FORMAT_BF16);
}

/* The net has 440 B, a sequence 64 B of state: of 28,000 sequences two chips of 0.9 MB keep half each, and
 * each has the whole net. Two machines cost what one of them costs at its own share of the batch. */
static void test_what_does_not_fit_is_state_so_the_net_is_copied(void **state)
{
    static const char net[] = "text_net: {block: mingru, symbols: 10, width: 4, depth: 1}\n";
    fixture *f = *state;
    assert_int_equal(compute(f, net, (mj_serving){.batch = 14000, .no_prompt = true}), MJ_OK);
    assert_int_equal(bill.serving.devices, 1);
    double joules = bill.joules, step_s = bill.step.step_s;
    chip.domain = 8;
    mj_serving s = {.batch = 28000, .no_prompt = true};
    world_require(&f->w, mj_serving_resolve(&s, &chip, &model, &f->w.err));
    assert_int_equal(s.devices, 2);
    assert_int_equal(s.data, 2);
    assert_int_equal(s.tensor, 1);
    world_require(&f->w, mj_bill_compute(&bill, &chip, &model, &s, &f->w.err));
    assert_rel(bill.joules, joules, EXACT);
    assert_rel(bill.step.step_s, step_s, EXACT);
    assert_true(bill.step.link_B == 0 && bill.step.exchange_s == 0);
    /* split over both, as asked: three blocks hand 28,000 x 4 numbers of 2 B there and back */
    mj_serving split = {.batch = 28000, .no_prompt = true, .devices = 2, .tensor = 2};
    world_require(&f->w, mj_serving_resolve(&split, &chip, &model, &f->w.err));
    world_require(&f->w, mj_bill_compute(&bill, &chip, &model, &split, &f->w.err));
    assert_rel(bill.step.link_B, 3 * 2 * 28000 * 4 * 2, EXACT);
}

/* ---- beside a look-up memory; sparse ---- */

#define TABLES "contexts: 3, symbols: 10, rows: 1000, dims: 16, row_bits: 6, mixed: 5, copies: 1, " \
               "remembered: 500, slots: 64"

/* Both parts, and 16 numbers brought to a width of 4 and to 10 logits: 14 rows of 16 + 4 B. */
static void test_hybrid_is_both_parts(void **state)
{
    static const char net[] = "text_net: {block: mingru, symbols: 10, width: 4, depth: 1}\n";
    fixture *f = *state;
    assert_int_equal(parse_model(f, net), MJ_OK);
    mj_ops ops = ops_of(&model, 100);
    const sums alone = sums_of(&ops);
    static const char *const rows = "lookup: {" TABLES "}\n";
    char text[512];
    snprintf(text, sizeof text, "%s%s", net, rows);
    assert_int_equal(parse_model(f, text), MJ_OK);
    ops = ops_of(&model, 100);
    const sums both = sums_of(&ops);
    /* rows 3 x 12 B, of the copy a slot, a symbol and 32 compared */
    assert_rel(both.read_B - alone.read_B, 3 * 12 + (4 + 1 + 32) + 14 * (16 + 4), EXACT);
    assert_rel(both.mac - alone.mac, 3 * 16 + 16 * 14, EXACT);
    assert_rel(both.weight_B - alone.weight_B, 12000 + 3 * 64 * 4 + 500 + 64 * 4 + 280, EXACT);
    /* hashes 5 x 4 + 3 x 2, codebooks 48, ReLU, and the sums with embedding and logits */
    assert_rel(both.vector - alone.vector, 26 + 48 + 16 + 4 + 10, EXACT);

    /* What the trainer calls gives the same, and the text of it reads back. */
    const mj_text_net trained = {.n_symbols = 10, .width = 4, .depth = 1};
    mj_model tables = {.lookup = model.lookup}, read = {0};
    tables.lookup.head_bits = 8;
    const mj_model shape = mj_text_net_shape(&trained, &tables, "small");
    const char *words = mj_trained_describe(&shape, &f->w.arena);
    world_require(&f->w, mj_spec_parse(&read, &mj_model_schema, words, strlen(words), "words", f->w.units,
                                       &f->w.arena, &f->w.err));
    world_require(&f->w, mj_model_resolve(&read, "words", &f->w.err));
    ops = ops_of(&read, 100);
    assert_rel(sums_of(&ops).weight_B, both.weight_B, EXACT);
    assert_rel(sums_of(&ops).mac, both.mac, EXACT);
}

/* A matrix of 64 x 48 with 10 % of its blocks of 16 rows, compressed: the same products and index bytes,
 * but for where bands start (4 B each). */
static void test_sparse_products_are_those_of_compressed_ones(void **state)
{
    enum { N = 64, K = 48, BLOCK = 16 };
    uint8_t alive[N / BLOCK * K];
    fixture *f = *state;
    mj_sparse sparse;
    int kept = 0;
    for (int i = 0; i < N / BLOCK * K; i++) {
        alive[i] = i % 10 == 3;
        kept += alive[i];
    }
    const mj_sparse size = {.N = N, .K = K, .block = BLOCK, .n_max = kept};
    world_require(&f->w, mj_sparse_init(&sparse, &size, &f->w.arena, &f->w.err));
    mj_sparse_set(&sparse, alive);
    double values = mj_sparse_macs(&sparse), starts_B = 4 * (N / BLOCK + 1);
    double index_B = (double)mj_sparse_bytes(&sparse) - values * sizeof(mj_real) - starts_B;
    assert_rel(values, kept * BLOCK, EXACT);

    char text[256];
    snprintf(text, sizeof text, "text_net: {block: mingru, symbols: 10, width: 48, depth: 1, mlp: 2, "
             "density: %.17g}\n", values / (N * K));
    assert_int_equal(parse_model(f, text), MJ_OK);
    mj_ops ops = ops_of(&model, 100);
    double products = (3 + 1 + 2 + 2) * 48.0 * 48, all = (3 + 1 + 2 + 1) * 48, share = values / (N * K);
    double B = 0, mac = 0;
    for (int i = 0; i < ops.n; i++) {
        bool is_product = strstr(ops.op[i].what, "products") || strstr(ops.op[i].what, "feed");
        B += is_product ? ops.op[i].weight_B : 0;
        mac += is_product ? ops.op[i].mac : 0;
    }
    assert_rel(mac, products * share, EXACT);
    /* kept numbers of a byte, index_B / values each of index, a scale a row, 144 biases */
    assert_rel(B, products * share * (1 + index_B / values) + 4 * all + 4 * 144, EXACT);
}

/* ---- what cannot be ---- */

static void test_refusals(void **state)
{
    static const struct {
        const char *net, *says;
    } wrong[] = {
        {"text_net: {block: mingru, symbols: 10, width: 4, depth: 1, spam: 2}\n", "unknown key"},
        {"text_net: {block: lstm, symbols: 10, width: 4, depth: 1}\n", "lstm"},
        {"text_net: {symbols: 10, width: 4, depth: 1}\n", "block is missing"},
        {"text_net: {block: mingru, symbols: 10, depth: 1}\n", "text_net.width = 0"},
        {"text_net: {block: mingru, symbols: 10, width: 0, depth: 1}\n", "width"},
        {"text_net: {block: mingru, symbols: 10, width: 1e12, depth: 1}\n", "width"},
        {"text_net: {block: mingru, symbols: 1000, width: 4, depth: 1}\n", "symbols"},
        {"text_net: {block: mingru, symbols: 10, width: 4, depth: 70000}\n", "depth"},
        {"text_net: {block: mingru, symbols: 10, width: 4, depth: 1, mlp: 5000}\n", "mlp"},
        {"text_net: {block: mingru, symbols: 10, width: 4, depth: 1, states: 4}\n", "no effect"},
        {"text_net: {block: mamba, symbols: 10, width: 4, depth: 1, span: 4}\n", "no effect"},
        {"text_net: {block: gpt, symbols: 10, width: 6, depth: 1, heads: 2}\n", "even number"},
        {"text_net: {block: mingru, symbols: 10, width: 4, depth: 1, density: 1.5}\n", "density"},
        {"text_net: {block: mingru, symbols: 10, width: 4, depth: 1, index_bits: 2}\n", "no effect"},
        {"text_net: {block: mingru, symbols: 10, width: 4, depth: 2, equilibrium: 6}\n", "one block"},
        {"text_net: {block: kuramoto, symbols: 10, width: 4, depth: 1, equilibrium: 6}\n", "one block"},
        {"text_net: {block: mingru, symbols: 10, width: 4, depth: 1}\nlookup: {" TABLES
         ", head_bits: 8}\n", "no head of their own"},
        {"text_net: {block: mingru, symbols: 11, width: 4, depth: 1}\nlookup: {" TABLES "}\n", "11 symbols"},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        mj_status status = parse_model(f, wrong[i].net);
        if (status == MJ_OK || !strstr(f->w.err.diag[0].text, wrong[i].says)) {
            print_error("%s -> %s\n", wrong[i].net, status == MJ_OK ? "accepted" : f->w.err.diag[0].text);
            fail();
        }
    }
    world_chip(&f->w, &chip, "h100");
    assert_int_equal(parse_model(f, "text_net: {block: gpt, symbols: 10, width: 64, depth: 1}\n"), MJ_OK);
    mj_serving s = {0};
    world_require(&f->w, mj_serving_resolve(&s, &chip, &model, &f->w.err));
    assert_int_equal(mj_bill_compute(&bill, &chip, &model, &s, &f->w.err), MJ_ESUPPORT);
    assert_non_null(strstr(f->w.err.diag[0].text, "never measured with text nets"));
}

/* The text of a file against its tensors: one word of it changed. */
static void test_texts_that_tensors_do_not_bear_out(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } wrong[] = {
        {"width: 24", "width: 25", "embedding.packed"},
        {"symbols: 10", "symbols: 11", "embedding.packed"},
        {"depth: 2", "depth: 3", "block2.norm1"},
        {"depth: 2", "depth: 1", "says 1 blocks"},
        {"loops: 3", "loops: 4", "turn"},
        {"block: mingru", "block: kuramoto", "block0.in"},
        {"weight_bits: 8", "weight_bits: 4", "block0.in"},
    };
    fixture *f = *state;
    world *w = &f->w;
    mj_recipe recipe;
    mj_safetensors file;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[512];
        w->err = (mj_err){0};
        assert_true(write_file(f, &recipe, "mingru", "depth: 2, loops: 3"));
        world_require(w, mj_safetensors_load(&file, f->path, 1 << 24, &w->arena, &w->err));
        const char *good = mj_safetensors_text(&file, MJ_TRAINED_KEY), *at = strstr(good, wrong[i].from);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, wrong[i].to,
                 at + strlen(wrong[i].from));
        world_require(w, mj_safetensors_set(&file, MJ_TRAINED_KEY, text, &w->err));
        world_require(w, mj_safetensors_save(&file, f->path, &w->err));
        assert_int_not_equal(mj_model_from_trained(&model, f->path, w->units, &w->arena, &w->err), MJ_OK);
        if (!strstr(w->err.diag[0].text, wrong[i].says)) {
            print_error("%s -> %s\n", wrong[i].to, w->err.diag[0].text);
            fail();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_op_list_is_what_a_pass_counts),
        cmocka_unit_test(test_file_gives_the_shape_back),
        cmocka_unit_test(test_token_adds_up),
        cmocka_unit_test(test_turns_read_the_same_weights_again),
        cmocka_unit_test(test_prompts_are_read_by_the_blocks),
        cmocka_unit_test(test_what_does_not_fit_is_state_so_the_net_is_copied),
        cmocka_unit_test(test_attention_reads_its_span),
        cmocka_unit_test(test_keys_that_serve_two_heads),
        cmocka_unit_test(test_precision_is_of_bytes_and_products),
        cmocka_unit_test(test_hybrid_is_both_parts),
        cmocka_unit_test(test_sparse_products_are_those_of_compressed_ones),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_texts_that_tensors_do_not_bear_out),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
