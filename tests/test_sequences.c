/* Layers over sequences, in double precision: token by token they say what they say at once, a
 * stream that begins anew forgets, and each is what its equation says. */
#include "assert_rel.h"
#include "gradient_walk.h"

#include "mj/layer.h"
#include "mj/physics.h"

#include <string.h>

/* A layer on its example, cut in segments: sequences [B,T,C] become [B,n_steps,C]. */
typedef struct {
    gradient_case c;
    int n_steps;
} segment_case;

static bool is_cut(mj_shape shape)
{
    return shape.n_dims == 3;
}

static void segment_begin(segment_case *s, const mj_layer *layer, const mj_example *e, int n_steps)
{
    *s = (segment_case){.n_steps = n_steps};
    mj_arena_init(&s->c.arena, 0);
    s->c.tape = mj_tape_new(&s->c.arena, &s->c.err, (mj_tape_config){.inference = n_steps == 1});
    for (int i = 0; i < e->n_in; i++) {
        mj_shape shape = e->in[i];
        shape.dim[1] = is_cut(shape) ? n_steps : shape.dim[1];
        s->c.in[i] = mj_tape_input(s->c.tape, "x", shape, true);
    }
    s->c.out = mj_tape_apply(s->c.tape, layer, e->config, s->c.in, e->n_in);
    assert_int_equal(mj_tape_allocate(s->c.tape, 0), MJ_OK);
}

/* Rows start .. start + n_steps - 1 of every stream of whole [B,T,C] to or from part. */
static void rows_move(mj_real *whole, int T, mj_tensor part, int start, bool to_part)
{
    size_t n_steps = (size_t)part.shape.dim[1], C = (size_t)part.shape.dim[2];
    for (size_t b = 0; b < (size_t)part.shape.dim[0]; b++) {
        mj_real *x = whole + (b * (size_t)T + (size_t)start) * C, *y = part.v + b * n_steps * C;
        memcpy(to_part ? y : x, to_part ? x : y, n_steps * C * sizeof *x);
    }
}

/* Runs all T steps of the example's inputs x in segments; out [B,T,N]. */
static void segments_run(mj_real *out, mj_real *const *x, const mj_layer *layer,
                         const mj_example *e, int T, int n_steps)
{
    segment_case s;
    segment_begin(&s, layer, e, n_steps);
    for (int start = 0; start < T; start += n_steps) {
        for (int i = 0; i < e->n_in; i++) {
            mj_tensor in = mj_tape_tensor(s.c.tape, s.c.in[i]);
            if (is_cut(in.shape)) {
                rows_move(x[i], T, in, start, true);
            } else {
                memcpy(in.v, x[i], mj_shape_count(in.shape) * sizeof *in.v);
            }
        }
        mj_tape_forward(s.c.tape, 0, false);
        rows_move(out, T, mj_tape_tensor(s.c.tape, s.c.out), start, false);
        mj_tape_state_advance(s.c.tape);
    }
    mj_arena_fini(&s.c.arena);
}

/* What the layer plans for an example; no configuration counts as zeros. */
static mj_plan plan_of(const mj_layer *layer, const mj_example *e)
{
    static const max_align_t zeros[16];
    mj_plan plan;
    mj_err err = {0};
    assert_true(layer->config_size <= sizeof zeros);
    assert_int_equal(layer->plan(&plan, e->in, e->n_in, e->config ? e->config : zeros, &err),
                     MJ_OK);
    return plan;
}

enum { N_STEPS_LONG = 24 };

/* Rounding, which the oscillators of the cell's examples, strongly coupled, amplify step by step.
 * */
static const double SEGMENT_TOL = 1e-7;

/* Every layer that takes sequences, at once, in segments and token by token. */
static void check_segments(const mj_layer *layer, const mj_example *example)
{
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_example e = *example;
    mj_real *x[MJ_ARGS_MAX];
    for (int i = 0; i < e.n_in; i++) {
        e.in[i].dim[1] = is_cut(e.in[i]) ? N_STEPS_LONG : e.in[i].dim[1];
        x[i] = gradient_random(&arena, mj_shape_count(e.in[i]), (uint64_t)i + 1);
    }
    size_t n = mj_shape_count(plan_of(layer, &e).out);
    mj_real *whole = mj_arena_array(&arena, n, sizeof *whole);
    mj_real *part = mj_arena_array(&arena, n, sizeof *part);
    segments_run(whole, x, layer, &e, N_STEPS_LONG, N_STEPS_LONG);
    const int lengths[] = {1, 2, 8};
    for (int k = 0; k < 3; k++) {
        segments_run(part, x, layer, &e, N_STEPS_LONG, lengths[k]);
        for (size_t i = 0; i < n; i++) {
            if (!(fabs((double)(part[i] - whole[i])) < SEGMENT_TOL)) {
                print_error("%s in segments of %d: %g, not %g\n", layer->name, lengths[k],
                            (double)part[i], (double)whole[i]);
                fail();
            }
        }
    }
    mj_arena_fini(&arena);
}

static int check_table(const mj_layer *const *table)
{
    int n_checked = 0;
    for (; *table; table++) {
        for (int k = 0; k < (*table)->n_examples && !(*table)->label_inputs; k++) {
            const mj_example *e = (*table)->example + k;
            if (plan_of(*table, e).n_state) {
                check_segments(*table, e);
                n_checked++;
            }
        }
    }
    return n_checked;
}

static void test_token_by_token_is_all_at_once(void **state)
{
    (void)state;
    assert_int_equal(check_table(mj_layers), 12);
    assert_int_equal(check_table(mj_physics_layers), 2);
}

/* One stream begins anew: it gives what it gave at first, the other goes on. */
static void test_a_stream_begins_anew(void **state)
{
    (void)state;
    enum { D = 3, T = 4 };
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    mj_tape *t = mj_tape_new(&c.arena, &c.err, (mj_tape_config){0});
    mj_var x = mj_tape_input(t, "x", mj_shape_3(2, T, 3 * D), false), y = mj_min_gru(t, x);
    assert_int_equal(mj_tape_allocate(t, 0), MJ_OK);
    memcpy(mj_tape_tensor(t, x).v, gradient_random(&c.arena, 2 * T * 3 * D, 1),
           2 * T * 3 * D * sizeof(mj_real));
    mj_real first[2 * T * D], *out = mj_tape_tensor(t, y).v;
    mj_tape_forward(t, 0, false);
    memcpy(first, out, sizeof first);
    mj_tape_forward(t, 0, false); /* without an advance nothing is carried */
    assert_memory_equal(out, first, sizeof first);
    mj_tape_state_advance(t);
    mj_tape_state_clear(t, 1);
    mj_tape_forward(t, 0, false);
    assert_true(out[0] != first[0]);
    assert_memory_equal(out + T * D, first + T * D, sizeof first / 2);
    mj_tape_state_clear(t, MJ_EVERY_STREAM);
    mj_tape_forward(t, 0, false);
    assert_memory_equal(out, first, sizeof first);
    mj_arena_fini(&c.arena);
}

/* With gates wide open at a constant input, h goes to u like 1 - 2^-t. */
static void test_min_gru_limits(void **state)
{
    (void)state;
    enum { T = 40 };
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    mj_tape *t = mj_tape_new(&c.arena, &c.err, (mj_tape_config){.inference = true});
    mj_var x = mj_tape_input(t, "x", mj_shape_3(1, T, 3), false), y = mj_min_gru(t, x);
    assert_int_equal(mj_tape_allocate(t, 0), MJ_OK);
    for (int k = 0; k < T; k++) {
        memcpy(mj_tape_tensor(t, x).v + 3 * k, (mj_real[]){0, 2, 40}, 3 * sizeof(mj_real));
    }
    mj_tape_forward(t, 0, false);
    for (int k = 0; k < T; k++) {
        assert_rel((double)mj_tape_tensor(t, y).v[k], 40 * 2 * (1 - pow(0.5, k + 1)), 1e-12);
    }
    mj_arena_fini(&c.arena);
}

/* Struck once and then undamped, an oscillator turns by omega a step; at omega = 0 the scan is a
 * min_gru. */
static void test_oscillator_scan_limits(void **state)
{
    (void)state;
    enum { T = 12 };
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    mj_tape *t = mj_tape_new(&c.arena, &c.err, (mj_tape_config){.inference = true});
    mj_var x = mj_tape_input(t, "x", mj_shape_3(1, T, 3), false);
    mj_var omega = mj_tape_input(t, "omega", mj_shape_1(1), false);
    mj_var y = mj_oscillator_scan(t, x, omega), gru = mj_min_gru(t, x);
    assert_int_equal(mj_tape_allocate(t, 0), MJ_OK);
    mj_real *p = mj_tape_tensor(t, x).v, *out = mj_tape_tensor(t, y).v;
    for (int k = 0; k < T; k++) {
        memcpy(p + 3 * k, (mj_real[]){k ? -50 : 50, 1, 50}, 3 * sizeof(mj_real));
    }
    mj_tape_tensor(t, omega).v[0] = (mj_real)0.4;
    mj_tape_forward(t, 0, false);
    for (int k = 0; k < T; k++) {
        assert_true(fabs((double)out[2 * k] - 50 * cos(0.4 * k)) < 1e-10);
        assert_true(fabs((double)out[2 * k + 1] - 50 * sin(0.4 * k)) < 1e-10);
    }
    mj_tape_tensor(t, omega).v[0] = 0;
    memcpy(p, gradient_random(&c.arena, 3 * T, 4), 3 * T * sizeof *p);
    mj_tape_forward(t, 0, false);
    for (int k = 0; k < T; k++) {
        assert_true(fabs((double)(out[2 * k] - mj_tape_tensor(t, gru).v[k])) < 1e-14);
    }
    mj_arena_fini(&c.arena);
}

enum { HEAD = 4 }; /* columns of a head */

/* x [HEAD] as complex numbers (i, i + HEAD/2), turned by step * rate. */
static void turned(double *y, const mj_real *x, int step)
{
    for (int i = 0; i < HEAD / 2; i++) {
        double angle = step * pow(50, -2.0 * i / HEAD), re = (double)x[i], im = (double)x[i + HEAD / 2];
        y[i] = re * cos(angle) - im * sin(angle);
        y[i + HEAD / 2] = re * sin(angle) + im * cos(angle);
    }
}

/* To the nearest of 2^(bits-1) - 1 levels on either side of 0, the largest number on the last one. */
static void rounded(double *x, int bits)
{
    double largest = 0, levels = ldexp(1, bits - 1) - 1;
    for (int i = 0; i < HEAD; i++) {
        largest = fmax(largest, fabs(x[i]));
    }
    for (int i = 0; bits > 0 && i < HEAD; i++) {
        x[i] = round(x[i] / largest * levels) * largest / levels;
    }
}

/* Against the definition, two heads of queries on one of keys: softmax of scaled products over the
 * last `span` steps, positions as rotations of complex numbers; keys and values as they are or rounded. */
static void check_attention(int cache_bits)
{
    enum { T = 7, H = 2, N = (H + 2) * HEAD, SPAN = 5 };
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    mj_tape *t = mj_tape_new(&c.arena, &c.err, (mj_tape_config){.inference = true});
    mj_var in = mj_tape_input(t, "x", mj_shape_3(1, T, N), false);
    mj_var out = mj_attention(t, in, (mj_attention_config){.heads = H, .kv_heads = 1, .span = SPAN,
                                                           .cache_bits = cache_bits, .rotary_base = 50});
    assert_int_equal(mj_tape_allocate(t, 0), MJ_OK);
    mj_real *x = mj_tape_tensor(t, in).v;
    memcpy(x, gradient_random(&c.arena, T * N, 1), T * N * sizeof *x);
    mj_tape_forward(t, 0, false);
    for (int step = 0; step < T; step++) {
        for (int h = 0; h < H; h++) {
            double y[HEAD] = {0}, q[HEAD], k[HEAD], v[HEAD], total = 0;
            turned(q, x + step * N + h * HEAD, step);
            for (int j = step < SPAN ? 0 : step - SPAN + 1; j <= step; j++) {
                double score = 0;
                turned(k, x + j * N + H * HEAD, j);
                for (int i = 0; i < HEAD; i++) {
                    v[i] = (double)x[j * N + (H + 1) * HEAD + i];
                }
                rounded(k, cache_bits);
                rounded(v, cache_bits);
                for (int i = 0; i < HEAD; i++) {
                    score += q[i] * k[i];
                }
                double weight = exp(score / sqrt(HEAD));
                total += weight;
                for (int i = 0; i < HEAD; i++) {
                    y[i] += weight * v[i];
                }
            }
            for (int i = 0; i < HEAD; i++) {
                double got = (double)mj_tape_tensor(t, out).v[(step * H + h) * HEAD + i];
                assert_true(fabs(got - y[i] / total) < 1e-12);
            }
        }
    }
    mj_arena_fini(&c.arena);
}

static void test_attention_is_its_definition(void **state)
{
    (void)state;
    check_attention(0);
    check_attention(8);
    check_attention(4);
}

/* An escape costs its own bits beside those of its class: a uniform guess among 2^3 classes. */
static void test_bits_charge_escapes(void **state)
{
    (void)state;
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    mj_tape *t = mj_tape_new(&c.arena, &c.err, (mj_tape_config){.inference = true});
    mj_var z = mj_tape_input(t, "z", mj_shape_3(2, 2, 8), false);
    mj_var label = mj_tape_label_grid(t, "label", 2, 2), loss = mj_bits(t, z, label, 7.5);
    assert_int_equal(mj_tape_allocate(t, 0), MJ_OK);
    mj_tape_forward(t, 0, false);
    assert_rel((double)mj_tape_tensor(t, loss).v[0], 3, 1e-12);
    mj_tape_tensor(t, label).label[2] = 7;
    mj_tape_forward(t, 0, false);
    assert_rel((double)mj_tape_tensor(t, loss).v[0], 3 + 7.5 / 4, 1e-12);
    mj_arena_fini(&c.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_by_token_is_all_at_once),
        cmocka_unit_test(test_a_stream_begins_anew),
        cmocka_unit_test(test_min_gru_limits),
        cmocka_unit_test(test_oscillator_scan_limits),
        cmocka_unit_test(test_attention_is_its_definition),
        cmocka_unit_test(test_bits_charge_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
