/* Look-up memories in double: gradients against central differences, training one symbol at a time
 * against its definition in plain loops, threads, and copies against what they claim. */
#include "assert_rel.h"
#include "mj/kernels.h"
#include "mj/lookup_text.h"
#include "mj/rng.h"

#include <stdlib.h>
#include <string.h>

enum { N = 3000, V = 7 };
static mj_arena arena;
static uint8_t buffer[MJ_HISTORY + N], *const text = buffer + MJ_HISTORY;
static mj_copy_place trace[N];

/* A text of few symbols in which pieces come again. */
static int begin(void **state)
{
    (void)state;
    mj_rng rng;
    mj_rng_init(&rng, 3, 0);
    mj_arena_init(&arena, 0);
    for (int i = 0; i < N; i++) {
        text[i] = (uint8_t)(mj_rng_uniform(&rng) * (V - 1)); /* the last symbol: an escape */
        if (i > 600 && i % 100 >= 40) {
            text[i] = text[i - 517];
        }
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    mj_arena_fini(&arena);
    return 0;
}

static mj_lookup_text *make(const char *contexts, int dims, int n_batch)
{
    mj_err err = {0};
    mj_lookup_text *t;
    mj_lookup_text_config config = {.contexts = contexts, .rows = 256, .dims = dims, .n_symbols = V,
                                    .n_batch = n_batch, .seed = 1};
    for (int v = 2; v < V; v++) {
        config.letter[v] = true;
    }
    assert_int_equal(mj_lookup_text_new(&t, &config, 0, "test", &arena, &err), MJ_OK);
    assert_int_equal(mj_lookup_text_remember(t, text, N, &arena, &err), MJ_OK);
    if (t->memory->contexts.n_copies > 0) {
        mj_copy_index_trace(trace, &t->copy[0]);
    }
    return t;
}

/* Rows, gains and head away from their start, so that every gradient is met. */
static void stir(mj_lookup_text *t)
{
    mj_rng rng;
    mj_lookup_memory *m = t->memory;
    mj_rng_init(&rng, 9, 0);
    for (uint32_t r = 0; r < m->contexts.n_rows; r++) {
        for (int j = 0; j < m->dims; j++) {
            m->slab[2 * m->stride * r + (size_t)j] = mj_rng_normal(&rng) * 0.5;
        }
    }
    mj_real *gain = &m->gains.seen[0][0];
    for (size_t i = 0; i < sizeof m->gains / sizeof *gain; i++) {
        gain[i] = 0.5 + mj_rng_uniform(&rng);
    }
}

/* Nats of the symbol at `at`, learned with rate lr, from tables without counts. */
static double learn_one(mj_lookup_text *t, size_t at, double lr)
{
    const mj_lookup_lesson lesson = {.text = text, .trace = {trace}, .length = N, .first = at,
                                     .n_batches = 1, .lr = lr};
    memset(t->memory->count, 0, t->memory->contexts.n_rows);
    return mj_lookup_text_learn(t, &lesson) * log(2);
}

/* After a step from zero squares: the magnitude of the gradient is the root of its square, its sign is
 * against the step. Both are held against the central difference, whose own error is some 1e-8. */
static void check_gradient(mj_lookup_text *t, size_t at, mj_real *w, const mj_real *squares,
                           mj_real before, mj_real g2_before)
{
    const double STEP = 1e-5;
    double size = sqrt(*squares - g2_before), after = *w;
    double got = after < before ? size : after > before ? -size : 0;
    *w = before + STEP;
    double more = learn_one(t, at, 0);
    *w = before - STEP;
    double less = learn_one(t, at, 0);
    *w = before;
    double want = (more - less) / (2 * STEP);
    assert_true(fabs(got - want) <= 1e-7 * (1 + fabs(want)));
}

static void check_model(const char *contexts, int dims)
{
    const size_t at = 1234;
    mj_lookup_text *t = make(contexts, dims, 1);
    mj_lookup_memory *m = t->memory;
    mj_lookup_place place;
    stir(t);
    size_t slab_n = 2 * m->stride * m->contexts.n_rows;
    mj_real *slab = malloc(slab_n * sizeof *slab);
    memcpy(slab, m->slab, slab_n * sizeof *slab);
    mj_lookup_gains gains = m->gains;
    learn_one(t, at, 1e-10); /* what moves does so by far less than the tolerance */
    mj_lookup_place_find(&place, &m->contexts, text + at, t->config.letter, &trace[at]);
    mj_real *after = malloc(slab_n * sizeof *after);
    memcpy(after, m->slab, slab_n * sizeof *after);
    mj_lookup_gains gains_after = m->gains, gain_squares = m->squares;
    for (int k = 0; k < m->contexts.n; k++) {
        for (int j = 0; j < m->dims; j++) {
            size_t e = 2 * m->stride * place.row[k] + (size_t)j;
            mj_real squares = after[e + m->stride];
            check_gradient(t, at, &m->slab[e], &squares, slab[e], 0);
        }
        struct {
            mj_real *w, after, before, squares;
        } gain[2] = {{&m->gains.seen[k][0], gains_after.seen[k][0], gains.seen[k][0],
                      gain_squares.seen[k][0]},
                     {&m->gains.copied[k][place.match], gains_after.copied[k][place.match],
                      gains.copied[k][place.match], gain_squares.copied[k][place.match]}};
        for (int i = 0; i < 2; i++) {
            *gain[i].w = gain[i].after;
            check_gradient(t, at, gain[i].w, &gain[i].squares, gain[i].before, 0);
        }
    }
    free(slab);
    free(after);
}

static void test_gradients_of_rows_and_gains(void **state)
{
    (void)state;
    check_model("0 1 2 3 w0 w1 v2 c5", 0);
    check_model("0 1 2 4 w1 c5", 16);
}

/* The head's gradient is summed over a batch. */
static void test_gradient_of_the_head(void **state)
{
    (void)state;
    mj_lookup_text *t = make("1 2 3", 16, 3);
    const mj_lookup_lesson still = {.text = text, .length = 900, .first = 50, .n_batches = 1};
    stir(t);
    mj_lookup_text_learn(t, &still); /* a rate of 0: squares alone */
    for (size_t e = 0; e < 16 * t->columns; e += 5) {
        const double STEP = 1e-5;
        double size = sqrt(t->head_squares[e]), before = t->head[e];
        mj_real *count = t->head + e;
        memset(t->memory->count, 0, t->memory->contexts.n_rows);
        *count = before + STEP;
        double more = mj_lookup_text_learn(t, &still);
        memset(t->memory->count, 0, t->memory->contexts.n_rows);
        *count = before - STEP;
        double less = mj_lookup_text_learn(t, &still);
        *count = before;
        memset(t->head_squares, 0, 16 * t->columns * sizeof(mj_real));
        memset(t->memory->count, 0, t->memory->contexts.n_rows);
        mj_lookup_text_learn(t, &still);
        size = sqrt(t->head_squares[e]);
        double want = 3 * log(2) * fabs(more - less) / (2 * STEP);
        assert_true(fabs(size - want) <= 1e-7 * (1 + want));
    }
}

/* Adagrad on rows of logits as one would write it down, gains left at 1 by a text without copies and
 * counts that all rows share: what is compared is the loss of every symbol. */
static void test_one_at_a_time_is_the_definition(void **state)
{
    (void)state;
    enum { STEPS = 400, K = 3 };
    const double LR = 0.2;
    mj_lookup_text *t = make("0 1 2", 0, 1);
    static double w[1 + V + V * V][V], squares[1 + V + V * V][V];
    double seen[K][8], seen_squares[K][8] = {{0}};
    int count[1 + V + V * V] = {0};
    double copied[K] = {1, 1, 1}, copied_squares[K] = {0};
    for (int i = 0; i < K * 8; i++) {
        seen[i / 8][i % 8] = 1;
    }
    for (size_t i = 100; i < 100 + STEPS; i++) {
        const int row[K] = {0, 1 + text[i - 1], 1 + V + text[i - 1] * V + text[i - 2]};
        const int top[7] = {0, 1, 2, 4, 8, 20, 80};
        double logit[V] = {0}, sum = 0, gain[K];
        int class[K];
        for (int k = 0; k < K; k++) {
            class[k] = 0;
            while (class[k] < 7 && count[row[k]] > top[class[k]]) {
                class[k]++;
            }
            gain[k] = seen[k][class[k]] * copied[k];
            for (int v = 0; v < V; v++) {
                logit[v] += gain[k] * w[row[k]][v];
            }
        }
        for (int v = 0; v < V; v++) {
            sum += exp(logit[v]);
        }
        const mj_lookup_lesson lesson = {.text = text, .length = N, .first = i, .n_batches = 1,
                                         .lr = LR};
        assert_rel(mj_lookup_text_learn(t, &lesson), log2(sum) - logit[text[i]] / log(2), 1e-9);
        for (int k = 0; k < K; k++) {
            double slope = 0;
            for (int v = 0; v < V; v++) {
                double d = exp(logit[v]) / sum - (v == text[i]), g = gain[k] * d;
                slope += d * w[row[k]][v];
                squares[row[k]][v] += g * g;
                w[row[k]][v] -= LR * g / (sqrt(squares[row[k]][v]) + 0.02);
            }
            double ds = slope * copied[k], dc = slope * seen[k][class[k]];
            seen_squares[k][class[k]] += ds * ds;
            copied_squares[k] += dc * dc;
            seen[k][class[k]] -= 0.3 * LR * ds / (sqrt(seen_squares[k][class[k]]) + 1);
            copied[k] -= 0.3 * LR * dc / (sqrt(copied_squares[k]) + 1);
            count[row[k]] += count[row[k]] < 255;
        }
    }
}

/* A batch as plain loops over its symbols have it: what rows ask for is summed symbol by symbol in a
 * table as large as theirs, then all rows move that were read. Part 0 of n_parts and the others. */
static void check_batch(const char *contexts, int dims, int n_parts)
{
    enum { BATCH = 300 };
    const double LR = 0.3;
    mj_lookup_text *t = make(contexts, dims, 1);
    mj_lookup_memory *m = t->memory;
    mj_lookup_batch batch;
    mj_err err = {0};
    mj_rng rng;
    mj_rng_init(&rng, 4, 0);
    stir(t);
    assert_int_equal(mj_lookup_batch_new(&batch, m, BATCH, &arena, &err), MJ_OK);
    for (int i = 0; i < BATCH; i++) {
        mj_lookup_place_find(&batch.place[i], &m->contexts, text + 100 + i, t->config.letter, NULL);
        for (int j = 0; j < dims; j++) {
            batch.dx[(size_t)i * m->stride + (size_t)j] = mj_rng_normal(&rng);
        }
    }
    int K = m->contexts.n, R = (int)m->contexts.n_rows;
    double *before = calloc((size_t)(R * dims), sizeof *before);
    double *g = calloc((size_t)(R * dims), sizeof *g);
    int *n_reads = calloc((size_t)R, sizeof *n_reads);
    for (int e = 0; e < R * dims; e++) {
        before[e] = m->slab[2 * m->stride * (size_t)(e / dims) + (size_t)(e % dims)];
    }
    mj_lookup_forward(&batch, m, &m->gains, 0, BATCH);
    for (int part = n_parts - 1; part >= 0; part--) {
        mj_lookup_backward(m, &batch, BATCH, LR, part, n_parts);
    }
    for (int i = 0; i < BATCH; i++) {
        const uint32_t *row = batch.place[i].row;
        const double *dx = batch.dx + (size_t)i * m->stride;
        for (int k = 0; k < K; k++) {
            double gain = m->gains.seen[k][0] * m->gains.copied[k][0], slope = 0;
            for (int j = 0; j < dims; j++) {
                slope += dx[j] * before[(int)row[k] * dims + j];
                g[(int)row[k] * dims + j] += gain * dx[j];
            }
            n_reads[row[k]]++;
            assert_true(fabs(batch.slope[i * K + k] - slope) <= 1e-12 * dims);
        }
        for (int j = 0; j < dims; j++) {
            double x = 0;
            for (int k = 0; k < K; k++) {
                x += m->gains.seen[k][0] * m->gains.copied[k][0] * before[(int)row[k] * dims + j];
            }
            assert_true(fabs(batch.x[(size_t)i * m->stride + (size_t)j] - x) <= 1e-12 * K);
        }
    }
    for (int e = 0; e < R * dims; e++) {
        const double *now = m->slab + 2 * m->stride * (size_t)(e / dims) + e % dims;
        double step = LR * g[e] / (fabs(g[e]) + 0.02);
        assert_true(fabs(now[0] - (before[e] - step)) <= 1e-12 * (1 + fabs(before[e])));
        assert_true(fabs(now[m->stride] - g[e] * g[e]) <= 1e-12 * (1 + g[e] * g[e]));
    }
    for (int r = 0; r < R; r++) {
        assert_int_equal(m->count[r], n_reads[r] < 255 ? n_reads[r] : 255);
    }
    free(before);
    free(g);
    free(n_reads);
}

/* Rows of one piece of a kernel, of a wide piece, of a wide and a narrow one; parts that have nothing. */
static void test_a_batch_is_the_sum_of_its_symbols(void **state)
{
    (void)state;
    check_batch("0 1 2 4 w1", 7, 1);
    check_batch("0 1 2 4 w1", 64, 2);
    check_batch("1 3 v2", 70, 3);
    check_batch("0", 16, 9);
}

static void test_threads_change_no_bit(void **state)
{
    (void)state;
    mj_lookup_text *t[3];
    for (int threads = 1; threads <= 3; threads++) {
        mj_threads_set(threads);
        t[threads - 1] = make("0 1 2 3 w0 c5", 32, 70);
        const mj_lookup_lesson lesson = {.text = text, .trace = {trace}, .length = N / 70,
                                         .n_batches = N / 70, .lr = 0.2};
        mj_lookup_text_learn(t[threads - 1], &lesson);
    }
    mj_threads_set(1);
    for (int i = 1; i < 3; i++) {
        const mj_lookup_memory *a = t[0]->memory, *b = t[i]->memory;
        assert_memory_equal(a->slab, b->slab,
                            2 * a->stride * a->contexts.n_rows * sizeof(mj_real));
        assert_memory_equal(&a->gains, &b->gains, sizeof a->gains);
        assert_memory_equal(t[0]->head, t[i]->head, 32 * t[0]->columns * sizeof(mj_real));
        assert_memory_equal(t[0]->bias, t[i]->bias, t[0]->columns * sizeof(mj_real));
    }
}

/* Contexts share the work of hashing; each has the row that it would have alone. */
static void test_rows_are_those_of_contexts_alone(void **state)
{
    (void)state;
    static const char *const words[] = {"6", "2", "w2", "v1", "3", "w0", "v3", "8", "w1", "v2", "w3", "4"};
    enum { WORDS = sizeof words / sizeof words[0] };
    mj_lookup_contexts all, alone[WORDS];
    mj_err err = {0};
    bool letter[256] = {false};
    char list[64] = "";
    for (int v = 2; v < V; v++) {
        letter[v] = true;
    }
    for (int k = 0; k < WORDS; k++) {
        strcat(strcat(list, words[k]), " ");
        assert_int_equal(mj_lookup_contexts_parse(&alone[k], words[k], 1024, V, "x", &err), MJ_OK);
    }
    assert_int_equal(mj_lookup_contexts_parse(&all, list, 1024, V, "x", &err), MJ_OK);
    for (size_t i = 0; i < N; i++) {
        mj_lookup_place place, one;
        mj_lookup_place_find(&place, &all, text + i, letter, NULL);
        for (int k = 0; k < WORDS; k++) {
            mj_lookup_place_find(&one, &alone[k], text + i, letter, NULL);
            assert_int_equal(place.row[k] - all.context[k].first_row, one.row[0]);
        }
    }
}

/* What a reader claims is so, he never finds himself, and pieces that come again are found. */
static void test_copies_are_what_they_claim(void **state)
{
    (void)state;
    mj_lookup_text *t = make("c5", 0, 1);
    size_t n_found = 0;
    for (size_t i = 0; i < N; i++) {
        const mj_copy_place *p = &trace[i];
        if (p->length == 0) {
            continue;
        }
        n_found++;
        assert_true(p->length >= 5 && p->length <= MJ_COPY_LENGTH_MAX && p->place != i);
        assert_int_equal(p->expected, text[p->place]);
        assert_memory_equal(text + p->place - p->length, text + i - p->length, p->length);
    }
    assert_true(n_found > N / 2); /* 60 of 100 symbols are copies, 5 of them to be recognised */
    mj_copy_place reader = {0};
    for (size_t i = 1; i < N; i++) {
        mj_copy_place_move(&reader, &t->copy[0], text + i);
        if (reader.length > 0) {
            assert_memory_equal(text + reader.place - reader.length, text + i - reader.length,
                                reader.length);
        }
    }
}

static void test_bad_contexts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "9", "w4", "v0", "c3", "c33", "x", "1,2", "3/3", "3/2048", "w",
                                      "1 2 1", "3/2 3/2", "w1 w1"};
    mj_lookup_contexts contexts;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mj_err err = {0};
        assert_int_not_equal(mj_lookup_contexts_parse(&contexts, bad[i], 4096, V, "x", &err), MJ_OK);
        assert_int_equal(err.n, 1);
    }
    mj_err err = {0};
    assert_int_equal(mj_lookup_contexts_parse(&contexts, "1 z9 w1 v2", 4096, V, "x", &err), MJ_ERANGE);
    assert_non_null(strstr(err.diag[0].text, "'z9'"));
    assert_int_equal(mj_lookup_contexts_parse(&contexts, "1", 1000, V, "x", &err), MJ_ERANGE);
}

/* A table of order 5 that happens to have as many rows as there are pairs of symbols is hashed over all
 * five: symbols further back than two still move the row. */
static void test_a_table_of_pairs_is_not_taken_for_another(void **state)
{
    (void)state;
    enum { PAIRS_OF = 16 };
    static uint8_t history[MJ_HISTORY + 1];
    const bool letter[256] = {false};
    mj_lookup_contexts contexts;
    mj_lookup_place place, other;
    mj_err err = {0};
    assert_int_equal(mj_lookup_contexts_parse(&contexts, "2 5", PAIRS_OF * PAIRS_OF, PAIRS_OF, "x",
                                              &err), MJ_OK);
    int moved = 0;
    mj_lookup_place_find(&place, &contexts, history + MJ_HISTORY, letter, NULL);
    for (int v = 1; v < PAIRS_OF; v++) {
        history[MJ_HISTORY - 4] = (uint8_t)v;
        mj_lookup_place_find(&other, &contexts, history + MJ_HISTORY, letter, NULL);
        assert_int_equal(other.row[0], place.row[0]);
        moved += other.row[1] != place.row[1];
    }
    assert_true(moved > PAIRS_OF / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_of_rows_and_gains),
        cmocka_unit_test(test_gradient_of_the_head),
        cmocka_unit_test(test_one_at_a_time_is_the_definition),
        cmocka_unit_test(test_a_batch_is_the_sum_of_its_symbols),
        cmocka_unit_test(test_threads_change_no_bit),
        cmocka_unit_test(test_rows_are_those_of_contexts_alone),
        cmocka_unit_test(test_copies_are_what_they_claim),
        cmocka_unit_test(test_bad_contexts_are_refused),
        cmocka_unit_test(test_a_table_of_pairs_is_not_taken_for_another),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
