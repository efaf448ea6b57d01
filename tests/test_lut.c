/* Look-up-table networks in double precision: kernels against their definition, pruning and programs
 * against a network evaluated one sample and one node at a time, counts of known functions, encoders, and
 * that what is hardened is what was trained. */
#include "assert_rel.h"

#include "mj/lut_encoder.h"
#include "mj/lut_kernels.h"
#include "mj/lut_program.h"
#include "mj/lut_prune.h"
#include "mj/rng.h"
#include "mj/soft_lut.h"

#include <string.h>

static int draw(mj_rng *rng, int n)
{
    return (int)(mj_rng_uniform(rng) * n);
}

/* The definition of include/mj/lut_net.h, one sample: value [signals]. */
static void evaluate(bool *value, const mj_lut_net *net, const bool *input)
{
    int first = MJ_LUT_FIRST_INPUT + net->n_inputs;
    value[0] = false;
    value[1] = true;
    memcpy(value + MJ_LUT_FIRST_INPUT, input, (size_t)net->n_inputs * sizeof *value);
    for (int n = 0; n < net->n_nodes; n++) {
        unsigned i = 0;
        for (int j = 0; j < net->node[n].n_inputs; j++) {
            i |= (unsigned)value[net->node[n].input[j]] << j;
        }
        value[first + n] = net->node[n].table >> i & 1;
    }
}

/* A network that has all that pruning looks for: constants, wires, inverters, doubled inputs, equal and
 * inverse nodes, and nodes that nothing reads. */
static mj_lut_net random_net(mj_arena *arena, mj_rng *rng, int k_max, int n_groups)
{
    mj_lut_net net = {.n_inputs = 1 + draw(rng, 9), .n_nodes = draw(rng, 60), .n_groups = n_groups,
                      .scale = 0.25};
    net.n_outputs = n_groups + draw(rng, 40);
    net.node = mj_arena_array(arena, (size_t)net.n_nodes, sizeof *net.node);
    net.output = mj_arena_array(arena, (size_t)net.n_outputs, sizeof *net.output);
    net.group = mj_arena_array(arena, (size_t)n_groups + 1, sizeof *net.group);
    int first = MJ_LUT_FIRST_INPUT + net.n_inputs;
    for (int n = 0; n < net.n_nodes; n++) {
        mj_lut_node *node = &net.node[n];
        node->n_inputs = 1 + draw(rng, k_max);
        for (int j = 0; j < node->n_inputs; j++) {
            node->input[j] = draw(rng, first + n);
        }
        uint64_t bits = (uint64_t)mj_rng_u32(rng) << 32 | mj_rng_u32(rng);
        bits = draw(rng, 6) == 0 ? 0xaaaaaaaaaaaaaaaau : bits; /* a wire */
        node->table = bits & mj_lut_mask(node->n_inputs);
        if (n > 0 && draw(rng, 5) == 0) {
            *node = net.node[n - 1]; /* equal, or inverse */
            node->table ^= draw(rng, 2) ? mj_lut_mask(node->n_inputs) : 0;
        }
    }
    for (int o = 0; o < net.n_outputs; o++) {
        net.output[o] = draw(rng, first + net.n_nodes);
    }
    for (int g = 1; g < n_groups; g++) {
        net.group[g] = net.group[g - 1] + draw(rng, net.n_outputs - net.group[g - 1] + 1);
    }
    net.group[n_groups] = net.n_outputs;
    return net;
}

enum { NETS = 150, GROUPS = 5, SIGNALS_MAX = 4096 };

/* Every output of the pruned network is that of the original for all values of the inputs. */
static void test_pruning_keeps_the_function(void **state)
{
    (void)state;
    mj_rng rng;
    mj_rng_init(&rng, 1, 0);
    int n_before = 0, n_after = 0;
    for (int turn = 0; turn < NETS; turn++) {
        mj_arena arena;
        mj_err err = {0};
        mj_lut_net pruned;
        bool value[SIGNALS_MAX], pruned_value[SIGNALS_MAX], input[16];
        mj_arena_init(&arena, 0);
        mj_lut_net net = random_net(&arena, &rng, 1 + turn % 6, GROUPS);
        assert_int_equal(mj_lut_net_check(&net, "net", &err), MJ_OK);
        assert_int_equal(mj_lut_prune(&pruned, &net, &arena, &err), MJ_OK);
        assert_int_equal(mj_lut_net_check(&pruned, "pruned", &err), MJ_OK);
        n_before += net.n_nodes;
        n_after += pruned.n_nodes;
        for (int i = 0; i < 1 << net.n_inputs; i++) {
            for (int j = 0; j < net.n_inputs; j++) {
                input[j] = i >> j & 1;
            }
            evaluate(value, &net, input);
            evaluate(pruned_value, &pruned, input);
            for (int o = 0; o < net.n_outputs; o++) {
                assert_int_equal(value[net.output[o]], pruned_value[pruned.output[o]]);
            }
        }
        for (int n = 0; n < pruned.n_nodes; n++) { /* nothing is left to fold */
            const mj_lut_node *node = &pruned.node[n];
            assert_true(node->n_inputs > 1 || node->table == 1);
            for (int j = 0; j < node->n_inputs; j++) {
                assert_true(node->input[j] >= MJ_LUT_FIRST_INPUT);
                assert_true(mj_lut_cofactor(node->table, node->n_inputs, j, 0) !=
                            mj_lut_cofactor(node->table, node->n_inputs, j, 1));
            }
        }
        mj_arena_fini(&arena);
    }
    assert_true(n_after < n_before / 2); /* most of such networks is unused or doubled */
}

/* What a network takes, for functions whose gates anybody can count. */
static void test_counts_of_known_functions(void **state)
{
    (void)state;
    const struct {
        int n;
        uint64_t table;
        int gates, and_nodes;
    } known[] = {
        {1, 0x2, 0, 0},    /* a wire */
        {2, 0x8, 1, 1},    /* and */
        {2, 0xe, 1, 1},    /* or */
        {2, 0x2, 1, 1},    /* a and not b */
        {2, 0x6, 1, 3},    /* exclusive or */
        {3, 0xca, 3, 3},   /* multiplexer */
        {3, 0xe8, 4, 4},   /* majority: and, or, and, or */
        {3, 0x96, 2, 6},   /* parity of three */
        {4, 0x8000, 3, 3}, /* and of four */
        {4, 0x6996, 3, 9}, /* parity of four */
        {6, 0x8000000000000000u, 5, 5},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        mj_lut_node node = {.n_inputs = known[i].n, .input = {2, 3, 4, 5, 6, 7},
                            .table = known[i].table};
        const mj_lut_net net = {.n_inputs = 6, .n_nodes = 1, .n_outputs = 1, .n_groups = 1, .node = &node,
                                .output = (int[]){8}, .group = (int[]){0, 1}};
        mj_lut_count count = mj_lut_net_count(&net);
        assert_int_equal(count.gates, known[i].gates);
        assert_int_equal(mj_lut_and_nodes(&count), known[i].and_nodes);
    }
}

/* Networks that are none are refused with the place. */
static void test_hostile_networks_are_refused(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 8; wrong++) {
        mj_err err = {0};
        mj_lut_node node[2] = {{.n_inputs = 2, .input = {2, 3}, .table = 8},
                               {.n_inputs = 2, .input = {2, 4}, .table = 6}};
        mj_lut_net net = {.n_inputs = 2, .n_nodes = 2, .n_outputs = 2, .n_groups = 2, .node = node,
                          .output = (int[]){4, 5}, .group = (int[]){0, 1, 2}, .scale = 1};
        node[0].input[0] = wrong == 0 ? 4 : 2; /* itself: a cycle */
        node[0].input[1] = wrong == 1 ? -1 : 3;
        node[1].table = wrong == 2 ? 16 : 6;
        node[1].n_inputs = wrong == 3 ? 7 : 2;
        net.output[1] = wrong == 4 ? 6 : 5;
        net.group[1] = wrong == 5 ? 3 : 1;
        net.group[2] = wrong == 6 ? 1 : 2;
        net.scale = wrong == 7 ? NAN : 1;
        assert_int_equal(mj_lut_net_check(&net, "net", &err), MJ_ERANGE);
        assert_int_equal(err.n, 1);
    }
}

/* Scores and largest class of every variant are those of the definition, 512 samples at once. */
static void test_programs_equal_the_definition(void **state)
{
    (void)state;
    mj_rng rng;
    mj_rng_init(&rng, 2, 0);
    for (int turn = 0; turn < NETS; turn++) {
        mj_arena arena;
        mj_err err = {0};
        mj_lut_program program;
        mj_arena_init(&arena, 0);
        mj_lut_net net = random_net(&arena, &rng, 1 + turn % 6, 1 + turn % 7);
        assert_int_equal(mj_lut_program_new(&program, &net, &arena, &err), MJ_OK);
        uint64_t *slots = mj_lut_slots_new(&program, &arena);
        int *score = mj_arena_array(&arena, MJ_LUT_BLOCK * (size_t)net.n_groups, sizeof *score);
        int class[MJ_LUT_BLOCK];
        for (int i = 0; i < net.n_inputs * MJ_LUT_WORDS; i++) {
            mj_lut_slot(slots, MJ_LUT_FIRST_INPUT)[i] =
                (uint64_t)mj_rng_u32(&rng) << 32 | mj_rng_u32(&rng);
        }
        for (int v = 0; v < MJ_LUT_VARIANTS_N; v++) {
            if (!mj_lut_variant_is_there((mj_lut_variant)v)) {
                continue;
            }
            mj_lut_program_run_as(&program, slots, (mj_lut_variant)v);
            mj_lut_program_scores(score, &program, slots);
            mj_lut_program_classes(class, &program, slots);
            for (int s = 0; s < MJ_LUT_BLOCK; s++) {
                bool value[SIGNALS_MAX], input[16];
                int best = 0, best_score = -1;
                for (int i = 0; i < net.n_inputs; i++) {
                    input[i] = mj_lut_slot(slots, MJ_LUT_FIRST_INPUT + i)[s / 64] >> s % 64 & 1;
                }
                evaluate(value, &net, input);
                for (int g = 0; g < net.n_groups; g++) {
                    int ones = 0;
                    for (int o = net.group[g]; o < net.group[g + 1]; o++) {
                        ones += value[net.output[o]];
                    }
                    assert_int_equal(score[s * net.n_groups + g], ones);
                    best = ones > best_score ? g : best;
                    best_score = ones > best_score ? ones : best_score;
                }
                assert_int_equal(class[s], best);
            }
        }
        mj_arena_fini(&arena);
    }
}

/* Kernels against the sum over all entries: ragged numbers of samples, all numbers of inputs. */
static void test_kernels_equal_their_definition(void **state)
{
    (void)state;
    static const int samples[] = {1, 15, 16, 48, 127, 128, 129, 300};
    enum { S = 11, N = 9, B_MAX = 300 };
    static mj_real x[S * B_MAX], y[N * B_MAX], wanted[N * B_MAX], p[N * 64];
    int wire[N * 6];
    mj_rng rng;
    mj_rng_init(&rng, 3, 0);
    for (int k = 1; k <= 6; k++) {
        for (size_t b = 0; b < sizeof samples / sizeof samples[0]; b++) {
            mj_lut_shape shape = {N, k, samples[b]};
            for (int i = 0; i < S * B_MAX; i++) {
                x[i] = (mj_real)mj_rng_uniform(&rng);
            }
            for (int i = 0; i < N * 64; i++) {
                p[i] = (mj_real)mj_rng_uniform(&rng);
            }
            for (int i = 0; i < N * k; i++) {
                wire[i] = draw(&rng, S);
            }
            mj_lut_forward(y, x, p, wire, shape);
            mj_lut_forward_reference(wanted, x, p, wire, shape);
            for (int i = 0; i < N * samples[b]; i++) {
                assert_rel((double)y[i], (double)wanted[i], 1e-12); /* sums of at most 64 in double */
            }
        }
    }
}

/* Bits as reals and as words are the same; each question is answered. */
static void test_encoders_agree(void **state)
{
    (void)state;
    enum { F = 3, WORDS = 2, B = 64 * WORDS, INPUTS = 4 };
    mj_lut_input question[INPUTS] = {{0, MJ_LUT_AT_LEAST, 100}, {1, MJ_LUT_EQUALS, 7},
                                     {2, MJ_LUT_BIT, 6}, {0, MJ_LUT_BIT, 0}};
    const mj_lut_encoder encoder = {F, INPUTS, question};
    uint8_t feature[F * B];
    uint64_t word[INPUTS * WORDS];
    mj_real x[INPUTS * B];
    for (int i = 0; i < F * B; i++) {
        feature[i] = (uint8_t)(i < 2 * B && i >= B ? i % 9 : i * 37);
    }
    mj_lut_encode(x, feature, &encoder, B);
    mj_lut_encode_words(word, WORDS, feature, &encoder, WORDS);
    for (int b = 0; b < B; b++) {
        const bool wanted[INPUTS] = {feature[b] >= 100, feature[B + b] == 7,
                                     (feature[2 * B + b] & 64) != 0, (feature[b] & 1) != 0};
        for (int i = 0; i < INPUTS; i++) {
            assert_true((x[i * B + b] == 1) == wanted[i]);
            assert_true((word[i * WORDS + b / 64] >> b % 64 & 1) == wanted[i]);
        }
    }
    mj_err err = {0};
    question[1].feature = F;
    assert_int_equal(mj_lut_encoder_check(&encoder, "file", &err), MJ_ERANGE);
}

/* What is seen of an image lies before the pixel: whatever comes later changes no feature. Else a
 * likelihood would be none. */
static void test_pixels_see_the_past_only(void **state)
{
    (void)state;
    enum { W = 9, H = 7, SEEN_MAX = 512 };
    const mj_lut_pixels pixels = {.reach = 3, .width = W, .height = H, .levels = 4, .n_classes = 2};
    int n = mj_lut_pixels_features(&pixels);
    uint8_t level[W * H], changed[W * H], seen[SEEN_MAX], seen_changed[SEEN_MAX];
    assert_true(n <= SEEN_MAX);
    for (int at = 0; at < W * H; at++) {
        bool uses_left = false;
        for (int i = 0; i < W * H; i++) {
            level[i] = (uint8_t)(i % 4);
            changed[i] = (uint8_t)(i < at ? level[i] : 3 - level[i]);
        }
        mj_lut_pixels_read(seen, 1, &pixels, level, at / W, at % W, 1);
        mj_lut_pixels_read(seen_changed, 1, &pixels, changed, at / W, at % W, 1);
        assert_memory_equal(seen, seen_changed, (size_t)n);
        if (at % W > 0) {
            level[at - 1] ^= 1;
            mj_lut_pixels_read(seen_changed, 1, &pixels, level, at / W, at % W, 1);
            uses_left = memcmp(seen, seen_changed, (size_t)n) != 0;
        }
        assert_true(uses_left || at % W == 0);
    }
}

typedef struct {
    mj_arena arena;
    mj_err err;
    mj_tape *tape;
    mj_soft_lut net;
    mj_soft_lut_vars vars;
    bool hard;
} soft_case;

/* A small network with inputs at random bits, its tables far from wires. */
static void soft_case_init(soft_case *c, int k, int B)
{
    *c = (soft_case){.net = {.n_inputs = 20, .k = k, .depth = 3, .width = {30, 25, 24}, .n_groups = 3,
                             .scale = 0.5, .scale_rate = 0.1, .seed = 4}};
    mj_arena_init(&c->arena, 0);
    c->tape = mj_tape_new(&c->arena, &c->err, (mj_tape_config){.seed = 1});
    mj_soft_lut_record(&c->vars, c->tape, &c->net, B, (mj_lut_config){.hard = &c->hard});
    assert_int_equal(mj_tape_allocate(c->tape, 0), MJ_OK);
    assert_int_equal(mj_soft_lut_init(c->tape, &c->net, &c->vars, &c->arena, &c->err), MJ_OK);
    mj_rng rng;
    mj_rng_init(&rng, 5, 0);
    mj_tensor x = mj_tape_tensor(c->tape, c->vars.x);
    for (size_t i = 0; i < mj_shape_count(x.shape); i++) {
        x.v[i] = draw(&rng, 2);
    }
    for (int l = 0; l < c->net.depth; l++) {
        mj_tensor w = mj_tape_tensor(c->tape, c->vars.w[l]);
        for (size_t i = 0; i < mj_shape_count(w.shape); i++) {
            w.v[i] = (mj_real)mj_rng_normal(&rng);
        }
    }
}

/* The hardened network computes what the tape computed while hard, bit for bit: logits are scale times
 * whole scores. */
static void test_hardened_is_what_was_trained(void **state)
{
    (void)state;
    for (int k = 2; k <= 6; k++) {
        enum { B = 70 };
        soft_case c;
        mj_lut_net hard;
        bool value[SIGNALS_MAX], input[20];
        soft_case_init(&c, k, B);
        c.hard = true;
        mj_tape_forward(c.tape, 0, false);
        assert_int_equal(mj_soft_lut_harden(&hard, c.tape, mj_tape_params_slab(c.tape).params, &c.net,
                                            &c.vars, &c.arena, &c.err), MJ_OK);
        assert_int_equal(mj_lut_net_check(&hard, "hard", &c.err), MJ_OK);
        mj_tensor x = mj_tape_tensor(c.tape, c.vars.x), z = mj_tape_tensor(c.tape, c.vars.logits);
        for (int b = 0; b < B; b++) {
            for (int i = 0; i < c.net.n_inputs; i++) {
                input[i] = x.v[i * B + b] == 1;
            }
            evaluate(value, &hard, input);
            for (int g = 0; g < hard.n_groups; g++) {
                int ones = 0;
                for (int o = hard.group[g]; o < hard.group[g + 1]; o++) {
                    ones += value[hard.output[o]];
                }
                assert_true((double)z.v[b * hard.n_groups + g] == hard.scale * ones);
            }
        }
        mj_arena_fini(&c.arena);
    }
}

/* A fresh network passes its first inputs through: soft outputs lie on the side of their wire. */
static void test_fresh_tables_are_wires(void **state)
{
    (void)state;
    enum { B = 32 };
    soft_case c;
    soft_case_init(&c, 3, B);
    assert_int_equal(mj_soft_lut_init(c.tape, &c.net, &c.vars, &c.arena, &c.err), MJ_OK);
    mj_tape_forward(c.tape, 0, false);
    mj_tensor x = mj_tape_tensor(c.tape, c.vars.x), y = mj_tape_tensor(c.tape, c.vars.y[0]);
    const int *wire = mj_tape_tensor(c.tape, c.vars.wires[0]).label;
    for (int n = 0; n < c.net.width[0]; n++) {
        for (int b = 0; b < B; b++) {
            assert_true((y.v[n * B + b] > 0.5) == (x.v[wire[n * c.net.k] * B + b] == 1));
        }
    }
    mj_arena_fini(&c.arena);
}

/* One table that reads a and ignores b, while the loss wants a and not c: the idle wire moves to c, and
 * what the table computes stays a. */
static void test_rewiring_goes_where_the_loss_falls(void **state)
{
    (void)state;
    enum { S = 6, B = 64, WANTED = 4 };
    soft_case c = {.net = {.n_inputs = S, .k = 2, .depth = 1, .width = {1}, .n_groups = 1, .scale = 1}};
    mj_arena_init(&c.arena, 0);
    c.tape = mj_tape_new(&c.arena, &c.err, (mj_tape_config){.seed = 1});
    mj_soft_lut_record(&c.vars, c.tape, &c.net, B, (mj_lut_config){.hard = &c.hard});
    mj_var wanted = mj_tape_input(c.tape, "wanted", mj_shape_2(1, B), false);
    mj_var loss = mj_squared_error(c.tape, c.vars.y[0], wanted);
    assert_int_equal(mj_tape_allocate(c.tape, 0), MJ_OK);
    assert_int_equal(mj_soft_lut_init(c.tape, &c.net, &c.vars, &c.arena, &c.err), MJ_OK);
    mj_real *w = mj_tape_tensor(c.tape, c.vars.w[0]).v, *x = mj_tape_tensor(c.tape, c.vars.x).v;
    int *wire = mj_tape_tensor(c.tape, c.vars.wires[0]).label;
    memcpy(w, (const mj_real[]){-2, 2, -2, 2}, 4 * sizeof *w);
    wire[0] = 0;
    wire[1] = 1;
    for (int b = 0; b < B; b++) {
        for (int s = 0; s < S; s++) {
            x[s * B + b] = b >> s & 1; /* all combinations */
        }
        mj_tape_tensor(c.tape, wanted).v[b] = x[b] * (1 - x[WANTED * B + b]);
    }
    mj_real *seen = mj_arena_array(&c.arena, mj_soft_lut_seen(&c.net, B, 1), sizeof *seen);
    mj_tape_forward(c.tape, 0, true);
    mj_tape_grads_clear(c.tape);
    *mj_tape_tensor(c.tape, loss).d = 1;
    mj_tape_backward(c.tape);
    mj_soft_lut_watch(seen, c.tape, &c.net, &c.vars, 0, 1);
    assert_int_equal(mj_soft_lut_rewire(c.tape, &c.net, &c.vars, 1, seen, 1), 1);
    assert_int_equal(wire[0], 0);
    assert_int_equal(wire[1], WANTED);
    assert_true(w[0] == w[2] && w[1] == w[3] && w[0] < 0 && w[1] > 0);
    mj_arena_fini(&c.arena);
}

/* What two batches of B say about wires is what one of 2 B says. */
static void test_batches_add_up_in_rewiring(void **state)
{
    (void)state;
    enum { B = 32 };
    int wire[2][30 * 2];
    for (int n = 1; n <= 2; n++) {
        soft_case c;
        soft_case_init(&c, 2, 2 * B / n);
        for (int l = 0; l < c.net.depth; l++) { /* all but wires, so that all want to move */
            mj_tensor w = mj_tape_tensor(c.tape, c.vars.w[l]);
            for (size_t i = 0; i < mj_shape_count(w.shape); i++) {
                w.v[i] = (i & 1 ? 2 : -2) + w.v[i] / 100;
            }
        }
        mj_real *seen = mj_arena_array(&c.arena, mj_soft_lut_seen(&c.net, 2 * B / n, n), sizeof *seen);
        mj_tensor x = mj_tape_tensor(c.tape, c.vars.x), z = mj_tape_tensor(c.tape, c.vars.logits);
        for (int batch = 0; batch < n; batch++) {
            for (int i = 0; i < c.net.n_inputs; i++) {
                for (int b = 0; b < 2 * B / n; b++) {
                    unsigned sample = (unsigned)(batch * B + b + 1);
                    x.v[i * (2 * B / n) + b] = (mj_real)(sample * 2654435761u >> (i + 4) & 1);
                }
            }
            mj_tape_forward(c.tape, 0, true);
            mj_tape_grads_clear(c.tape);
            for (size_t i = 0; i < mj_shape_count(z.shape); i++) { /* a slope of the sample's own score */
                z.d[i] = z.v[i] - (mj_real)4;
            }
            mj_tape_backward(c.tape);
            mj_soft_lut_watch(seen, c.tape, &c.net, &c.vars, batch, n);
        }
        assert_true(mj_soft_lut_rewire(c.tape, &c.net, &c.vars, 0.5, seen, n) > 10);
        memcpy(wire[n - 1], mj_tape_tensor(c.tape, c.vars.wires[0]).label, sizeof wire[0]);
        mj_arena_fini(&c.arena);
    }
    assert_memory_equal(wire[0], wire[1], sizeof wire[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pruning_keeps_the_function),
        cmocka_unit_test(test_counts_of_known_functions),
        cmocka_unit_test(test_hostile_networks_are_refused),
        cmocka_unit_test(test_programs_equal_the_definition),
        cmocka_unit_test(test_kernels_equal_their_definition),
        cmocka_unit_test(test_encoders_agree),
        cmocka_unit_test(test_pixels_see_the_past_only),
        cmocka_unit_test(test_hardened_is_what_was_trained),
        cmocka_unit_test(test_fresh_tables_are_wires),
        cmocka_unit_test(test_rewiring_goes_where_the_loss_falls),
        cmocka_unit_test(test_batches_add_up_in_rewiring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
