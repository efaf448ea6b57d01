/* Which blocks live, in double precision: the schedule's ends, that the smallest die and the dead of
 * the largest gradient return, and that all that belongs to a block moves with it. */
#include "assert_rel.h"
#include "gradient_walk.h"

#include "mj/layer.h"
#include "mj/sparsity.h"

#include <string.h>

enum { N = 32, K = 30, POSITIONS = N / 16 * K, BLOCK = MJ_SPARSE_BLOCK, ROWS = 5 };

typedef struct {
    gradient_case c;
    mj_sparse sparse;
    mj_sparsity_matrix matrix;
    mj_sparsity sparsity;
    mj_real *value, *beside; /* parameters, and what an optimiser keeps of them */
    uint8_t before[POSITIONS], after[POSITIONS];
    mj_real w[POSITIONS][BLOCK]; /* of the living, before an update */
} sparse_case;

/* x w^T with blocks at random. `beside` is the negative of the values. */
static void begin(sparse_case *s, mj_sparsity_config config)
{
    *s = (sparse_case){0};
    gradient_case *c = &s->c;
    mj_rng rng;
    mj_arena_init(&c->arena, 0);
    mj_rng_init(&rng, 4, 0);
    mj_sparse size = {.N = N, .K = K};
    size.n_max = mj_sparsity_blocks(&size, mj_sparsity_density(&config, 0));
    assert_int_equal(mj_sparse_init(&s->sparse, &size, &c->arena, &c->err), MJ_OK);
    mj_sparsity_draw(&s->sparse, size.n_max, &rng);
    c->tape = mj_tape_new(&c->arena, &c->err, (mj_tape_config){0});
    c->in[0] = mj_tape_input(c->tape, "x", mj_shape_2(ROWS, K), true);
    c->in[1] = mj_tape_param(c->tape, "w", mj_shape_2(size.n_max, BLOCK), 1);
    c->out = mj_sparse_linear(c->tape, c->in[0], c->in[1], MJ_NONE, &s->sparse);
    gradient_fill(c, 2, 0);
    s->matrix = (mj_sparsity_matrix){.value = c->in[1], .sparse = &s->sparse};
    assert_int_equal(mj_sparsity_init(&s->sparsity, config, c->tape, &s->matrix, 1, &c->arena,
                                      &c->err), MJ_OK);
    size_t n = mj_tape_params_slab(c->tape).n_params;
    s->value = mj_tape_params_slab(c->tape).params;
    s->beside = mj_arena_array(&c->arena, n, sizeof *s->beside);
    for (size_t i = 0; i < n; i++) {
        s->beside[i] = -s->value[i];
    }
}

/* The gradients of a step with slopes r, then an update. */
static void update(sparse_case *s, double progress)
{
    mj_tape *tape = s->c.tape;
    mj_sparse_get(s->before, &s->sparse);
    for (int i = 0, at = 0; i < POSITIONS; i++) {
        for (int k = 0; k < BLOCK && s->before[i]; k++) {
            s->w[i][k] = s->value[at++];
        }
    }
    mj_sparsity_watch(&s->sparsity);
    mj_tape_forward(tape, 0, true);
    mj_tape_grads_clear(tape);
    memcpy(mj_tape_tensor(tape, s->c.out).d, s->c.r, sizeof *s->c.r * ROWS * N);
    mj_tape_backward(tape);
    mj_sparsity_update(&s->sparsity, (mj_real *const[]){s->value, s->beside}, 2, progress);
    mj_sparse_get(s->after, &s->sparse);
}

static double size_of(const mj_real *w)
{
    double sum = 0;
    for (int k = 0; k < BLOCK; k++) {
        sum += (double)w[k] * (double)w[k];
    }
    return sum;
}

/* Those that lived before have their values, others zeros, in all slabs and behind the end. */
static void check_moved(const sparse_case *s)
{
    int at = 0;
    for (int i = 0; i < POSITIONS; i++) {
        for (int k = 0; k < BLOCK && s->after[i]; k++, at++) {
            mj_real want = s->before[i] ? s->w[i][k] : 0;
            assert_true(s->value[at] == want && s->beside[at] == -want);
        }
    }
    for (; at < s->sparse.n_max * BLOCK; at++) {
        assert_true(s->value[at] == 0 && s->beside[at] == 0);
    }
}

static void test_the_schedule_has_its_ends(void **state)
{
    (void)state;
    const mj_sparsity_config config = {.density = 0.1, .density_start = 0.9, .until = 0.5};
    assert_rel(mj_sparsity_density(&config, 0), 0.9, 1e-12);
    assert_rel(mj_sparsity_density(&config, 0.25), 0.1 + 0.8 / 8, 1e-12);
    assert_rel(mj_sparsity_density(&config, 0.5), 0.1, 1e-12);
    assert_rel(mj_sparsity_density(&config, 1), 0.1, 1e-12);
    const mj_sparsity_config even = {.density = 0.2};
    assert_rel(mj_sparsity_density(&even, 0), 0.2, 1e-12);
}

static void test_the_smallest_die(void **state)
{
    (void)state;
    sparse_case s;
    begin(&s, (mj_sparsity_config){.density = 0.2, .density_start = 1, .until = 0.5});
    assert_int_equal(mj_sparse_blocks(&s.sparse), POSITIONS);
    update(&s, 0.5);
    assert_int_equal(mj_sparse_blocks(&s.sparse), POSITIONS / 5);
    double smallest_alive = HUGE_VAL, largest_dead = 0;
    for (int i = 0; i < POSITIONS; i++) {
        double size = size_of(s.w[i]);
        smallest_alive = s.after[i] ? fmin(smallest_alive, size) : smallest_alive;
        largest_dead = s.after[i] ? largest_dead : fmax(largest_dead, size);
    }
    assert_true(smallest_alive >= largest_dead);
    check_moved(&s);
    mj_arena_fini(&s.c.arena);
}

/* A fifth of the living goes at the start of the run, the smallest; those come of the largest
 * gradient dy^T x, summed here one by one; none at the end. */
static void test_the_dead_return_by_gradient(void **state)
{
    (void)state;
    sparse_case s;
    begin(&s, (mj_sparsity_config){.density = 0.5, .until = 0.5, .regrow = 0.2});
    update(&s, 0);
    const mj_real *x = mj_tape_tensor(s.c.tape, s.c.in[0]).v;
    double smallest_new = HUGE_VAL, largest_dead = 0, largest_gone = 0, smallest_kept = HUGE_VAL;
    int n_new = 0, n = 0;
    for (int i = 0; i < POSITIONS; i++) {
        double pull = 0, size = size_of(s.w[i]);
        for (int k = 0; k < BLOCK; k++) {
            double d = 0;
            for (int r = 0; r < ROWS; r++) {
                d += (double)s.c.r[r * N + i / K * BLOCK + k] * (double)x[r * K + i % K];
            }
            pull += d * d;
        }
        bool is_new = s.after[i] && !s.before[i], is_dead = !s.after[i];
        n += s.after[i];
        n_new += is_new;
        smallest_new = is_new ? fmin(smallest_new, pull) : smallest_new;
        largest_dead = is_dead ? fmax(largest_dead, pull) : largest_dead;
        largest_gone = s.before[i] && is_dead ? fmax(largest_gone, size) : largest_gone;
        smallest_kept = s.before[i] && s.after[i] ? fmin(smallest_kept, size) : smallest_kept;
    }
    assert_int_equal(n, POSITIONS / 2);
    assert_in_range(n_new, 1, POSITIONS / 10);
    assert_true(smallest_new >= largest_dead);
    /* One of the smallest that its gradient called back at once may be kept. */
    assert_true(smallest_kept >= largest_gone || n_new < POSITIONS / 10);
    check_moved(&s);
    update(&s, 0.5);
    assert_memory_equal(s.before, s.after, sizeof s.before);
    mj_arena_fini(&s.c.arena);
}

/* As many in each band, of all columns: 400 draws of a third, each within five standard errors. */
static void test_blocks_are_drawn_evenly(void **state)
{
    (void)state;
    enum { DRAWS = 400 };
    mj_arena arena;
    mj_err err = {0};
    mj_rng rng;
    mj_sparse sparse;
    int count[POSITIONS] = {0};
    uint8_t alive[POSITIONS];
    mj_arena_init(&arena, 0);
    mj_rng_init(&rng, 6, 0);
    const mj_sparse size = {.N = N, .K = K, .n_max = POSITIONS / 3};
    assert_int_equal(mj_sparse_init(&sparse, &size, &arena, &err), MJ_OK);
    for (int i = 0; i < DRAWS; i++) {
        mj_sparsity_draw(&sparse, size.n_max, &rng);
        assert_int_equal(sparse.start[1], K / 3);
        assert_int_equal(mj_sparse_blocks(&sparse), POSITIONS / 3);
        mj_sparse_get(alive, &sparse);
        for (int k = 0; k < POSITIONS; k++) {
            count[k] += alive[k];
        }
    }
    for (int k = 0; k < POSITIONS; k++) {
        double share = (double)count[k] / DRAWS, p = 1.0 / 3;
        assert_true(fabs(share - p) < 5 * sqrt(p * (1 - p) / DRAWS));
    }
    mj_arena_fini(&arena);
}

static void test_bad_settings_are_refused(void **state)
{
    (void)state;
    static const mj_sparsity_config wrong[] = {
        {.density = 0}, {.density = 0.5, .density_start = 0.2}, {.density = 0.5, .regrow = 1},
        {.density = 1.5}, {.density = 0.5, .until = 2}};
    sparse_case s;
    begin(&s, (mj_sparsity_config){.density = 0.5});
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        mj_sparsity other;
        assert_int_equal(mj_sparsity_init(&other, wrong[i], s.c.tape, &s.matrix, 1, &s.c.arena,
                                          &s.c.err), MJ_ERANGE);
    }
    mj_sparsity_matrix input = {.value = s.c.in[0], .sparse = &s.sparse}; /* no parameter */
    assert_int_equal(mj_sparsity_init(&s.sparsity, (mj_sparsity_config){.density = 0.5}, s.c.tape,
                                      &input, 1, &s.c.arena, &s.c.err), MJ_ERANGE);
    mj_arena_fini(&s.c.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_schedule_has_its_ends),
        cmocka_unit_test(test_the_smallest_die),
        cmocka_unit_test(test_the_dead_return_by_gradient),
        cmocka_unit_test(test_blocks_are_drawn_evenly),
        cmocka_unit_test(test_bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
