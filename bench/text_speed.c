/* Speed of training a recipe's text net, and what another program needs to be compared with it.
 *
 *     text_speed SOURCE_ROOT THREADS RECIPE         seconds a token of the fastest training step
 *     text_speed SOURCE_ROOT THREADS RECIPE FILE    writes FILE, a safetensors file
 *
 * A step is all that `mj train` does: batch, forward, backward, clipping, Adam, state carried on.
 * The machine may be shared, so the fastest of the repeats counts.
 *
 * FILE has the recipe's net with every parameter away from its start, two small batches
 * `symbols` [2,B,T+1], the gradient of the first loss as grad/NAME, and `losses` [2] in bits a
 * symbol: before and after a step of the recipe's optimiser at its full rate, state carried on.
 * Texts say block, heads, batch, lr, beta2, weight_decay and clip. torch_text.py holds itself
 * against it: a speed is only compared with that of the same net. */
#define _GNU_SOURCE
#include "figure.h"

#include "mj/checkpoint.h"
#include "mj/layer.h"
#include "mj/optimizer.h"
#include "mj/rng.h"
#include "mj/text_net_file.h"
#include "mj/training.h"

#include <stdlib.h>

enum { REPEATS = 20, B = 3, T = 40, BATCHES = 2 };
static const double AWAY = 0.1; /* spread that is added to every parameter */

/* Fastest of the repeats; NaN with the problem in err if there is none. */
static double second_a_token(const mj_recipe *recipe, const mj_corpus *corpus, mj_arena *arena,
                             mj_err *err)
{
    mj_training *training;
    const mj_training_setup setup = {.recipe = recipe, .corpus = corpus};
    double fastest_s = NAN;
    if (mj_training_new(&training, &setup, arena, err) != MJ_OK) {
        return NAN;
    }
    for (int i = 0; i < REPEATS; i++) {
        double loss, start_s = seconds_now();
        if (mj_training_step(training, &loss, err) != MJ_OK) {
            return NAN;
        }
        fastest_s = fmin(fastest_s, seconds_now() - start_s);
    }
    return fastest_s / mj_training_state_of(training).images_per_step;
}

typedef struct {
    mj_text_net net;
    mj_tape *tape;
    mj_text_net_vars vars;
    mj_var next, loss;
    mj_adam adam;
    mj_clip clip;
    mj_real symbols[BATCHES][B][T + 1], losses[BATCHES];
} check;

static mj_status check_init(check *c, const mj_recipe *recipe, const mj_alphabet *alphabet,
                            mj_arena *arena, mj_err *err)
{
    const mj_recipe_train *train = &recipe->train;
    c->net = mj_text_net_of(recipe, alphabet);
    c->tape = mj_tape_new(arena, err, (mj_tape_config){.seed = 1});
    if (!c->tape) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a text net");
    }
    MJ_TRY(mj_text_net_record(&c->vars, c->tape, &c->net, B, T, err));
    c->next = mj_tape_label_grid(c->tape, "next", B, T);
    c->loss = mj_bits(c->tape, c->vars.logits, c->next, 0);
    MJ_TRY(mj_tape_allocate(c->tape, 0));
    mj_text_net_init(c->tape, &c->net, 1);
    mj_tape_slab slab = mj_tape_params_slab(c->tape);
    mj_rng rng;
    mj_rng_init(&rng, 1, 1);
    for (size_t i = 0; i < slab.n_params; i++) {
        slab.params[i] += (mj_real)(AWAY * mj_rng_normal(&rng));
    }
    mj_real *symbol = c->symbols[0][0];
    for (int i = 0; i < BATCHES * B * (T + 1); i++) {
        symbol[i] = (mj_real)(mj_rng_u32(&rng) % (uint32_t)c->net.n_symbols);
    }
    c->clip.limit = train->clip;
    const mj_adam_config config = {.lr = train->lr, .beta2 = train->beta2, .decay_matrices = true,
                                   .weight_decay = train->weight_decay};
    return mj_adam_init(&c->adam, config, slab.params, slab.n_trained, arena, err);
}

static void forward(check *c, int k)
{
    for (int b = 0; b < B; b++) {
        for (int t = 0; t < T; t++) {
            mj_tape_tensor(c->tape, c->vars.symbol).label[b * T + t] = (int)c->symbols[k][b][t];
            mj_tape_tensor(c->tape, c->next).label[b * T + t] = (int)c->symbols[k][b][t + 1];
        }
    }
    mj_tape_forward(c->tape, (uint32_t)k, true);
    c->losses[k] = *mj_tape_tensor(c->tape, c->loss).v;
}

/* One tensor of each parameter, from their slab; copied, since a step changes them. */
static mj_status add_all(mj_checkpoint *to, const mj_tape *tape, const char *prefix,
                         const mj_real *from, mj_arena *arena, mj_err *err)
{
    int n_params;
    const mj_param *param = mj_tape_params(tape, &n_params);
    for (int p = 0; p < n_params; p++) {
        mj_shape shape = mj_tape_tensor(tape, param[p].var).shape;
        const char *name = mj_arena_printf(arena, "%s%s", prefix, param[p].name);
        mj_real *copy = mj_arena_array(arena, param[p].n, sizeof *copy);
        if (!name || !copy) {
            return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a copy of a text net");
        }
        mj_copy(copy, from + param[p].offset, param[p].n);
        MJ_TRY(mj_checkpoint_add(to, name, copy, shape.dim, shape.n_dims, err));
    }
    return MJ_OK;
}

static mj_status add_texts(mj_checkpoint *to, const check *c, const mj_recipe *recipe, mj_err *err)
{
    const mj_recipe_train *train = &recipe->train;
    MJ_TRY(mj_checkpoint_set_text(to, "block", mj_text_block_names[c->net.block], err));
    MJ_TRY(mj_checkpoint_set_text(to, "batch", train->batch, err));
    MJ_TRY(mj_checkpoint_set_number(to, "heads", c->net.heads, err));
    MJ_TRY(mj_checkpoint_set_number(to, "lr", train->lr, err));
    MJ_TRY(mj_checkpoint_set_number(to, "beta2", train->beta2, err));
    MJ_TRY(mj_checkpoint_set_number(to, "weight_decay", train->weight_decay, err));
    return mj_checkpoint_set_number(to, "clip", train->clip, err);
}

static mj_status write_check(const char *path, const mj_recipe *recipe, const mj_alphabet *alphabet,
                             mj_arena *arena, mj_err *err)
{
    mj_checkpoint file;
    check *c = mj_arena_alloc(arena, sizeof *c);
    if (!c) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    *c = (check){0};
    MJ_TRY(check_init(c, recipe, alphabet, arena, err));
    mj_checkpoint_init(&file, arena);
    mj_tape_slab slab = mj_tape_params_slab(c->tape);
    MJ_TRY(add_all(&file, c->tape, "", slab.params, arena, err));
    forward(c, 0);
    mj_tape_grads_clear(c->tape);
    *mj_tape_tensor(c->tape, c->loss).d = 1;
    mj_tape_backward(c->tape);
    MJ_TRY(add_all(&file, c->tape, "grad/", slab.grads, arena, err));
    double norm = sqrt(mj_squares_sum(slab.grads, slab.n_trained));
    mj_adam_step(&c->adam, c->tape, 1, mj_clip_scale(&c->clip, norm));
    if (c->net.block == MJ_BLOCK_GPT) { /* as it is trained: each step sees a text of its own */
        mj_tape_state_clear(c->tape, MJ_EVERY_STREAM);
    } else {
        mj_tape_state_advance(c->tape);
    }
    forward(c, 1);
    MJ_TRY(mj_checkpoint_add(&file, "symbols", c->symbols[0][0], (int[]){BATCHES, B, T + 1}, 3,
                             err));
    MJ_TRY(mj_checkpoint_add(&file, "losses", c->losses, (int[]){BATCHES}, 1, err));
    MJ_TRY(add_texts(&file, c, recipe, err));
    return mj_checkpoint_save(&file, path, err);
}

static mj_status run(char **word, const char *path, const mj_units *units, mj_arena *arena,
                     mj_err *err)
{
    mj_recipe recipe;
    mj_corpus corpus;
    char recipe_path[4096], name[96];
    snprintf(recipe_path, sizeof recipe_path, "%s/data/recipes/%s.yaml", word[0], word[2]);
    mj_threads_set(atoi(word[1]));
    MJ_TRY(mj_recipe_load(&recipe, recipe_path, units, arena, err));
    MJ_TRY(mj_corpus_load(&corpus, recipe.data, arena, err));
    recipe.model.cache_bits = 0; /* PyTorch keeps keys and values as they are */
    if (path) {
        return write_check(path, &recipe, &corpus.alphabet, arena, err);
    }
    snprintf(name, sizeof name, "ours.%s", word[2]);
    figure_print(name, second_a_token(&recipe, &corpus, arena, err), "s", NAN, NAN);
    return err->n ? MJ_ERANGE : MJ_OK;
}

int main(int argc, char **argv)
{
    mj_err err = {0};
    mj_arena arena;
    mj_units *units = mj_units_new();
    mj_arena_init(&arena, 0);
    bool ok = argc >= 4 && units &&
              run(argv + 1, argc > 4 ? argv[4] : NULL, units, &arena, &err) == MJ_OK;
    if (!ok) {
        fprintf(stderr, "text_speed SOURCE_ROOT THREADS RECIPE [FILE]: %s\n",
                err.n ? err.diag[0].text : "");
    }
    mj_arena_fini(&arena);
    mj_units_free(units);
    return ok ? 0 : 2;
}
