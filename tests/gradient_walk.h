/* Gradients of every row of a table of layers, on the row's own examples, in double precision.
 *
 * L = sum of r * out with fixed random r, so that every output counts; the inputs are parameters of
 * a tape. dL/dx from the tape is compared with (L(x + h) - L(x - h)) / 2h at every element. With h
 * = 1e-5 the difference itself is good to h^2 times a third derivative of order 1, about 1e-10, and
 * to the rounding of L over h, about 1e-11; GRADIENT_TOL leaves room for sharper curvature. */
#ifndef MJ_GRADIENT_WALK_H
#define MJ_GRADIENT_WALK_H

#include "assert_rel.h"

#include "mj/rng.h"
#include "mj/tape.h"

static const double GRADIENT_STEP = 1e-5, GRADIENT_TOL = 1e-6;

typedef struct {
    mj_arena arena;
    mj_err err;
    mj_tape *tape;
    mj_var in[MJ_ARGS_MAX], out;
    const mj_real *r; /* weights of the outputs, as many */
} gradient_case;

static mj_real *gradient_random(mj_arena *arena, size_t n, uint64_t seed)
{
    mj_rng rng;
    mj_rng_init(&rng, seed, 0);
    mj_real *x = mj_arena_array(arena, n, sizeof *x);
    for (size_t i = 0; i < n; i++) {
        x[i] = (mj_real)(2 * mj_rng_uniform(&rng) - 1);
    }
    return x;
}

/* Allocates the tape, fills parameters with numbers in +-1 and labels with classes in turn. */
static void gradient_fill(gradient_case *c, int n_in, int n_classes)
{
    assert_int_equal(mj_tape_allocate(c->tape, 0), MJ_OK);
    for (int i = 0; i < n_in; i++) {
        mj_tensor t = mj_tape_tensor(c->tape, c->in[i]);
        size_t n = mj_shape_count(t.shape);
        mj_real *x = gradient_random(&c->arena, n, (uint64_t)i + 1);
        for (size_t k = 0; k < n; k++) {
            if (t.label) {
                t.label[k] = (int)(5 * k + 1) % n_classes;
            } else {
                t.v[k] = x[k];
            }
        }
    }
    c->r = gradient_random(&c->arena, mj_shape_count(mj_tape_tensor(c->tape, c->out).shape), 99);
}

static double gradient_loss(const gradient_case *c)
{
    mj_tape_forward(c->tape, 3, true);
    mj_tensor out = mj_tape_tensor(c->tape, c->out);
    double loss = 0;
    for (size_t i = 0; i < mj_shape_count(out.shape); i++) {
        loss += (double)c->r[i] * (double)out.v[i];
    }
    return loss;
}

/* Largest error of all gradients of input i, over the largest gradient. */
static double gradient_error(const gradient_case *c, int i)
{
    mj_tensor t = mj_tape_tensor(c->tape, c->in[i]), out = mj_tape_tensor(c->tape, c->out);
    gradient_loss(c);
    mj_tape_grads_clear(c->tape);
    for (size_t k = 0; k < mj_shape_count(out.shape); k++) {
        out.d[k] = c->r[k];
    }
    mj_tape_backward(c->tape);
    double error = 0, largest = 0;
    for (size_t k = 0; k < mj_shape_count(t.shape); k++) {
        mj_real x = t.v[k];
        t.v[k] = x + (mj_real)GRADIENT_STEP;
        double above = gradient_loss(c);
        t.v[k] = x - (mj_real)GRADIENT_STEP;
        double below = gradient_loss(c);
        t.v[k] = x;
        double numeric = (above - below) / (2 * GRADIENT_STEP);
        error = fmax(error, fabs(numeric - (double)t.d[k]));
        largest = fmax(largest, fabs(numeric));
    }
    assert_true(largest > 0);
    return error / largest;
}

static void gradient_report(const char *name, int example, int input, double error)
{
    if (!(error <= GRADIENT_TOL)) {
        print_error("%s, example %d, input %d: relative error %.3g\n", name, example, input, error);
        fail();
    }
}

static mj_var gradient_labels(mj_tape *tape, mj_shape shape)
{
    return shape.n_dims == 2 ? mj_tape_label_grid(tape, "labels", shape.dim[0], shape.dim[1])
                             : mj_tape_labels(tape, "labels", shape.dim[0]);
}

static void gradient_check_example(const mj_layer *layer, int example)
{
    const mj_example *e = layer->example + example;
    gradient_case c = {0};
    mj_arena_init(&c.arena, 0);
    c.tape = mj_tape_new(&c.arena, &c.err, (mj_tape_config){.seed = 17});
    for (int i = 0; i < e->n_in; i++) {
        c.in[i] = layer->label_inputs >> i & 1 ? gradient_labels(c.tape, e->in[i])
                                               : mj_tape_param(c.tape, "x", e->in[i], 1);
    }
    c.out = mj_tape_apply(c.tape, layer, e->config, c.in, e->n_in);
    gradient_fill(&c, e->n_in, e->n_classes);
    gradient_loss(&c); /* what is carried is that after a segment, not zeros */
    mj_tape_state_advance(c.tape);
    for (int i = 0; i < e->n_in; i++) {
        if (!(layer->label_inputs >> i & 1)) {
            gradient_report(layer->name, example, i, gradient_error(&c, i));
        }
    }
    mj_arena_fini(&c.arena);
}

/* Every row has an example, and every example the right gradients. */
static inline void gradient_walk(const mj_layer *const *table)
{
    for (; *table; table++) {
        assert_true((*table)->n_examples > 0);
        for (int k = 0; k < (*table)->n_examples; k++) {
            gradient_check_example(*table, k);
        }
    }
}

#endif
