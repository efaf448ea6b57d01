/* Text net: the next symbol of B streams, T symbols a step.
 *
 * A net with a state reads the text as B streams side by side, stream b the b-th part of it; what it
 * carries goes on from step to step, gradients end at the step (truncated back-propagation). A new
 * time through the text begins anew. A look-up memory beside the net learns as it is read and begins
 * every time with empty tables: what the net sees of it in training is what it knows of a text that it
 * has not met, as later in use. A net that attends sees T symbols from anywhere, with nothing
 * before them: a step is a function of the seed and its number. The loss is in bits a byte. */
#include "task.h"

#include "lookup_state.h"
#include "mj/layer.h"
#include "mj/lookup_file.h"
#include "mj/rng.h"
#include "mj/sparse_file.h"
#include "mj/sparsity.h"
#include "mj/text_net_file.h"
#include "recipe_refuse.h"

#include <math.h>
#include <string.h>

#define STATE "state"
static const double ESCAPE_BITS = 8;
enum { MASK_PERIOD = 100 }; /* steps from one change of masks to the next */

typedef struct {
    const mj_recipe *recipe;
    const mj_corpus *corpus;
    mj_text_net net;
    mj_tape *tape;
    mj_text_net_vars vars;
    mj_var next, loss;
    int B, T;
    size_t length;    /* of a stream */
    size_t n_segments; /* steps once through it */
    mj_lookup_feed feed; /* of a net with a memory */
    mj_copy_place *trace[MJ_COPIES_MAX];
    mj_sparsity sparsity; /* of a net of low density */
} text_task;

static bool is_cropped(const text_task *t)
{
    return t->net.block == MJ_BLOCK_GPT;
}

/* Where stream b reads in this step. */
static size_t place_of(const text_task *t, int b, uint32_t step, mj_rng *rng)
{
    size_t n = t->corpus->part[MJ_PART_TRAIN].n, T = (size_t)t->T;
    return is_cropped(t) ? (size_t)(mj_rng_uniform(rng) * (double)(n - T + 1))
                         : (size_t)b * t->length + step % t->n_segments * T;
}

static void fill_batch(text_task *t, uint32_t step)
{
    const uint8_t *text = t->corpus->part[MJ_PART_TRAIN].symbol;
    int *symbol = mj_tape_tensor(t->tape, t->vars.symbol).label;
    int *next = mj_tape_tensor(t->tape, t->next).label;
    mj_rng rng;
    mj_rng_init(&rng, (uint64_t)t->recipe->train.seed, mj_task_stream(MJ_STREAM_CROP, step));
    for (int b = 0; b < t->B; b++) {
        const uint8_t *at = text + place_of(t, b, step, &rng);
        for (int i = 0; i < t->T; i++) {
            symbol[b * t->T + i] = at[i - 1]; /* before the text stands a 0 */
            next[b * t->T + i] = at[i];
        }
        for (int i = 0; t->net.memory > 0 && i < t->T; i++) {
            mj_copy_place copy[MJ_COPIES_MAX];
            for (int c = 0; c < MJ_COPIES_MAX; c++) {
                copy[c] = t->trace[c] ? t->trace[c][at - text + i] : (mj_copy_place){0};
            }
            mj_lookup_feed_place(&t->feed, b * t->T + i, at + i, copy);
        }
    }
}

/* The loss is a mean of bits, the memory learns in nats of each symbol. */
static void learn_memory(text_task *t, uint32_t step)
{
    const mj_recipe_train *train = &t->recipe->train;
    double progress = (double)(step % t->n_segments) / (double)t->n_segments;
    double end = train->lr_end > 0 ? train->lr_end : 1;
    size_t n = (size_t)t->B * (size_t)t->T;
    mj_real *dx = mj_tape_tensor(t->tape, t->vars.memory).d;
    mj_real nats = (mj_real)(log(2) * (double)n);
    for (size_t i = 0; i < n * (size_t)t->net.memory; i++) {
        dx[i] *= nats;
    }
    mj_lookup_feed_backward(&t->feed, (mj_real)(train->lr_memory * (1 - (1 - end) * progress)));
}

/* Masks of a net of low density. */

static bool masks_change(const text_task *t, uint32_t step)
{
    return t->net.sparse && (step + 1) % MASK_PERIOD == 0;
}

static void change_masks(void *self, uint32_t step, double progress,
                         mj_real *const slab[MJ_SLABS_N])
{
    text_task *t = self;
    if (masks_change(t, step)) {
        mj_sparsity_update(&t->sparsity, slab, MJ_SLABS_N, progress);
    }
}

static mj_sparsity_config sparsity_of(const mj_recipe *recipe)
{
    return (mj_sparsity_config){.density = recipe->model.density,
                                .density_start = recipe->train.density_start,
                                .until = recipe->train.mask_until,
                                .regrow = recipe->train.regrow};
}

/* Room for the density at the start, drawn. */
static mj_status draw_masks(text_task *t, mj_arena *arena, mj_err *err)
{
    const mj_sparsity_config config = sparsity_of(t->recipe);
    MJ_TRY(mj_text_net_compress(&t->net, arena, err));
    for (int i = 0; i < mj_text_net_matrices(&t->net); i++) {
        mj_sparse *sparse = &t->net.sparse[i].sparse, size = *sparse;
        size.n_max = mj_sparsity_blocks(sparse, mj_sparsity_density(&config, 0));
        MJ_TRY(mj_sparse_init(sparse, &size, arena, err));
        mj_rng rng;
        mj_rng_init(&rng, (uint64_t)t->recipe->train.seed,
                    mj_task_stream(MJ_STREAM_MASK, (uint32_t)i));
        mj_sparsity_draw(sparse, size.n_max, &rng);
    }
    return MJ_OK;
}

static mj_status start_sparsity(text_task *t, mj_arena *arena, mj_err *err)
{
    int n = mj_text_net_matrices(&t->net);
    mj_sparsity_matrix *matrix = mj_arena_array(arena, (size_t)n, sizeof *matrix);
    if (!matrix) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for masks");
    }
    for (int i = 0; i < n; i++) {
        matrix[i].value = t->net.sparse[i].value;
        matrix[i].sparse = &t->net.sparse[i].sparse;
    }
    return mj_sparsity_init(&t->sparsity, sparsity_of(t->recipe), t->tape, matrix, n, arena, err);
}

static double step_text(void *self, uint32_t step)
{
    text_task *t = self;
    mj_tape *tape = t->tape;
    if (is_cropped(t) || step % t->n_segments == 0) {
        mj_tape_state_clear(tape, MJ_EVERY_STREAM);
    }
    fill_batch(t, step);
    if (t->net.memory > 0) {
        if (step % t->n_segments == 0) {
            mj_lookup_memory_clear(t->feed.text->memory);
        }
        mj_lookup_feed_forward(&t->feed);
    }
    if (masks_change(t, step)) {
        mj_sparsity_watch(&t->sparsity);
    }
    mj_tape_forward(tape, step, true);
    mj_tape_grads_clear(tape);
    *mj_tape_tensor(tape, t->loss).d = 1;
    mj_tape_backward(tape);
    if (t->net.memory > 0) {
        learn_memory(t, step);
    }
    mj_tape_state_advance(tape);
    return (double)*mj_tape_tensor(tape, t->loss).v;
}

/* What streams carry; a net that begins anew at every step carries nothing. */
static mj_status save(mj_checkpoint *to, const void *self, mj_arena *arena, mj_err *err)
{
    const text_task *t = self;
    size_t n = mj_tape_states_count(t->tape);
    if (t->net.memory > 0) {
        MJ_TRY(mj_lookup_state_add(to, t->feed.text, err));
    }
    for (int i = 0; t->net.sparse && i < mj_text_net_matrices(&t->net); i++) {
        MJ_TRY(mj_sparse_mask_add(to, t->net.sparse[i].name, &t->net.sparse[i].sparse, err));
    }
    if (is_cropped(t) || n == 0) {
        return MJ_OK;
    }
    mj_real *state = mj_arena_array(arena, n, sizeof *state);
    if (!state) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for what a net carries");
    }
    mj_tape_states_get(t->tape, state);
    return mj_checkpoint_add(to, STATE, state, (int[]){(int)n}, 1, err);
}

static mj_status restore(void *self, const mj_checkpoint *from, mj_err *err)
{
    text_task *t = self;
    size_t n = mj_tape_states_count(t->tape);
    if (t->net.memory > 0) {
        MJ_TRY(mj_lookup_state_read(t->feed.text, from, err));
    }
    for (int i = 0; t->net.sparse && i < mj_text_net_matrices(&t->net); i++) {
        mj_text_net_matrix *m = t->net.sparse + i;
        MJ_TRY(mj_sparse_mask_read(&m->sparse, from, m->name, NULL, err));
    }
    if (is_cropped(t) || n == 0) {
        return MJ_OK;
    }
    mj_real *state = mj_arena_array(from->file.arena, n, sizeof *state);
    if (!state) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for what a net carries");
    }
    MJ_TRY(mj_checkpoint_read(state, from, STATE, (int[]){(int)n}, 1, err));
    mj_tape_states_set(t->tape, state);
    return MJ_OK;
}

static mj_status ship(mj_checkpoint *to, const void *self, const mj_real *average, mj_arena *arena,
                      mj_err *err)
{
    const text_task *t = self;
    const mj_lookup_text *tables = t->feed.text;
    int row_bits = t->recipe->model.row_bits;
    mj_model lookup = {0};
    if (tables) {
        lookup = mj_lookup_shape(tables, t->recipe->name, row_bits);
        MJ_TRY(mj_lookup_file_fill(to, tables, row_bits, arena, err));
    }
    MJ_TRY(mj_text_net_file_describe(to, &t->net, tables ? &lookup : NULL, t->recipe->name, arena,
                                     err));
    return mj_text_net_file_fill(to, t->tape, average, &t->net, &t->corpus->alphabet, arena, err);
}

static mj_status make_memory(text_task *t, size_t limit_B, mj_arena *arena, mj_err *err)
{
    const mj_lookup_text_config config = mj_lookup_config_of(t->recipe, &t->corpus->alphabet);
    mj_lookup_text *text;
    mj_tensor m = mj_tape_tensor(t->tape, t->vars.memory);
    MJ_TRY(mj_lookup_text_new(&text, &config, limit_B, t->recipe->path, arena, err));
    MJ_TRY(mj_lookup_trace(t->trace, text, &t->corpus->part[MJ_PART_TRAIN], arena, err));
    return mj_lookup_feed_new(&t->feed, text, t->B * t->T, m.v, m.d, arena, err);
}

static mj_status check_text(const text_task *t, mj_err *err)
{
    size_t n = t->corpus->part[MJ_PART_TRAIN].n;
    return t->n_segments > 0 && n > (size_t)t->T
               ? MJ_OK
               : mj_recipe_refuse(err, t->recipe,
                                  "train.batch: %d streams of %d symbols; the training text of %s has %zu",
                                  t->B, t->T, t->corpus->source, n);
}

mj_status mj_task_text(mj_task *task, const mj_task_input *input, mj_arena *arena, mj_err *err)
{
    const mj_recipe *recipe = input->recipe;
    const mj_corpus *corpus = input->corpus;
    text_task *t = mj_arena_alloc(arena, sizeof *t);
    mj_tape *tape = mj_tape_new(arena, err, (mj_tape_config){.seed = (uint64_t)recipe->train.seed});
    if (!t || !tape) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a text net's training");
    }
    const int B = recipe->train.n_class, T = recipe->train.n_generated;
    *t = (text_task){.recipe = recipe, .corpus = corpus, .tape = tape, .B = B, .T = T,
                     .net = mj_text_net_of(recipe, &corpus->alphabet),
                     .length = corpus->part[MJ_PART_TRAIN].n / (size_t)B};
    t->n_segments = t->length / (size_t)T;
    MJ_TRY(check_text(t, err));
    if (recipe->model.density > 0) {
        MJ_TRY(draw_masks(t, arena, err));
    }
    MJ_TRY(mj_text_net_record(&t->vars, tape, &t->net, B, T, err));
    t->next = mj_tape_label_grid(tape, "next", B, T);
    t->loss = mj_bits(tape, t->vars.logits, t->next, corpus->alphabet.escape < 0 ? 0 : ESCAPE_BITS);
    MJ_TRY(mj_tape_allocate(tape, input->limit_B));
    mj_text_net_init(tape, &t->net, (uint64_t)recipe->train.seed);
    if (t->net.memory > 0) {
        MJ_TRY(make_memory(t, input->limit_B, arena, err));
    }
    if (t->net.sparse) {
        MJ_TRY(start_sparsity(t, arena, err));
    }
    *task = (mj_task){.tape = tape, .images_per_step = B * T, .self = t, .step = step_text,
                      .learned = t->net.sparse ? change_masks : NULL,
                      .n_steps = (long long)ceil(recipe->train.epochs * (double)t->n_segments),
                      .memory_B = t->net.memory > 0 ? mj_lookup_text_size_B(t->feed.text) : 0,
                      .save = save, .restore = restore, .ship = ship};
    return MJ_OK;
}
