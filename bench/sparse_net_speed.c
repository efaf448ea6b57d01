/* Speed of the sparse text net against its dense parent: data/recipes/text-sparse.yaml as it is, and
 * without its density.
 *
 * Symbol by symbol is what `mj sample` does (a tape of one symbol that carries its state), in
 * segments what `mj eval` does (256 symbols), training is forward and backward of the recipe's batch.
 * Weights are those of a start: products take the same time whatever they are. Both nets in turn, the
 * fastest of the rounds each, one thread.
 *
 *     sparse_net_speed ROOT      one figure a line (bench/run sparse) */
#define _GNU_SOURCE
#include "figure.h"

#include "mj/kernels.h"
#include "mj/recipe.h"
#include "mj/sparsity.h"
#include "mj/text_net_file.h"

enum { ROUNDS = 12, SEGMENT = 256, SYMBOLS = 64 };
static const double GAIN_MIN = 3;

typedef struct {
    mj_text_net net;
    mj_tape *tape;
    mj_text_net_vars vars;
    int n; /* symbols of a pass, all streams together */
} reader;

static bool draw(mj_text_net *net, double density, mj_arena *arena, mj_err *err)
{
    mj_rng rng;
    mj_rng_init(&rng, 1, 0);
    bool ok = mj_text_net_compress(net, arena, err) == MJ_OK;
    for (int i = 0; ok && i < mj_text_net_matrices(net); i++) {
        mj_sparse *sparse = &net->sparse[i].sparse, size = *sparse;
        size.n_max = mj_sparsity_blocks(&size, density);
        ok = mj_sparse_init(sparse, &size, arena, err) == MJ_OK;
        if (ok) {
            mj_sparsity_draw(sparse, size.n_max, &rng);
        }
    }
    return ok;
}

/* B streams of T symbols; density 0 is the dense parent. */
static bool reader_init(reader *r, const mj_recipe *recipe, double density, int B, int T,
                        bool training, mj_arena *arena, mj_err *err)
{
    const mj_alphabet alphabet = {.n_symbols = SYMBOLS};
    *r = (reader){.net = mj_text_net_of(recipe, &alphabet), .n = B * T};
    r->tape = mj_tape_new(arena, err, (mj_tape_config){.seed = 1, .inference = !training});
    if (!r->tape || (density > 0 && !draw(&r->net, density, arena, err)) ||
        mj_text_net_record(&r->vars, r->tape, &r->net, B, T, err) != MJ_OK ||
        mj_tape_allocate(r->tape, 0) != MJ_OK) {
        return false;
    }
    mj_text_net_init(r->tape, &r->net, 1);
    int *symbol = mj_tape_tensor(r->tape, r->vars.symbol).label;
    for (int i = 0; i < r->n; i++) {
        symbol[i] = i % SYMBOLS;
    }
    return true;
}

/* Seconds a symbol of some passes. */
static double pass_s(reader *r, bool training, int passes)
{
    double start = seconds_now();
    for (int i = 0; i < passes; i++) {
        mj_tape_forward(r->tape, (uint32_t)i, training);
        if (training) {
            mj_tensor logits = mj_tape_tensor(r->tape, r->vars.logits);
            mj_tape_grads_clear(r->tape);
            mj_fill(logits.d, (mj_real)0.01, mj_shape_count(logits.shape));
            mj_tape_backward(r->tape);
        }
        mj_tape_state_advance(r->tape);
    }
    return (seconds_now() - start) / passes / r->n;
}

static bool measure(const mj_recipe *recipe, const char *name, int B, int T, bool training,
                    int passes)
{
    mj_arena arena;
    mj_err err = {0};
    reader sparse, parent;
    mj_arena_init(&arena, 0);
    double sparse_s = HUGE_VAL, parent_s = HUGE_VAL;
    bool ok = reader_init(&sparse, recipe, recipe->model.density, B, T, training, &arena, &err) &&
              reader_init(&parent, recipe, 0, B, T, training, &arena, &err);
    for (int k = 0; ok && k < ROUNDS; k++) {
        sparse_s = fmin(sparse_s, pass_s(&sparse, training, passes));
        parent_s = fmin(parent_s, pass_s(&parent, training, passes));
    }
    if (ok) {
        char text[64];
        snprintf(text, sizeof text, "sparse.%s_tokens", name);
        figure_print(text, 1 / sparse_s, "/s", (double)NAN, (double)NAN);
        snprintf(text, sizeof text, "sparse.%s_gain_over_parent", name);
        figure_print(text, parent_s / sparse_s, "1", training ? (double)NAN : GAIN_MIN, (double)NAN);
    }
    mj_arena_fini(&arena);
    return ok;
}

int main(int argc, char **argv)
{
    char path[4096];
    mj_arena arena;
    mj_err err = {0};
    mj_recipe recipe;
    mj_units *units = mj_units_new();
    mj_threads_set(1);
    mj_arena_init(&arena, 0);
    snprintf(path, sizeof path, "%s/data/recipes/text-sparse.yaml", argc > 1 ? argv[1] : ".");
    bool ok = units && mj_recipe_load(&recipe, path, units, &arena, &err) == MJ_OK &&
              measure(&recipe, "symbol", 1, 1, false, 200) &&
              measure(&recipe, "segment", 1, SEGMENT, false, 4) &&
              measure(&recipe, "training", recipe.train.n_class, recipe.train.n_generated, true, 1);
    mj_arena_fini(&arena);
    mj_units_free(units);
    return ok ? 0 : 4;
}
