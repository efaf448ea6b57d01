/* Look-up-table networks: classes of images, their next pixel, or the next byte of text.
 *
 *   L = cross-entropy of the scores + area * sum over layers of their area, by their tables' share
 *
 * Softly at first; from the share hard_from of the run on the tables are bits in the forward pass and the
 * gradient goes straight through, so that what is shipped is what was trained [bengio2013]: a network that
 * stays soft loses half its likelihood when its entries are rounded. With `sharpen` they come close to it
 * before: the slope of an entry's logistic grows to so many times its first one. While soft, wires that their
 * tables ignore move `rewire` times to where they help (soft_lut.h). */
#include "task.h"

#include "lut_feed.h"
#include "mj/layer.h"
#include "mj/lut_file.h"
#include "mj/soft_lut.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of a layer's tables, those that a rewiring may change. */
static const double REWIRE_SHARE = 0.3;
/* The read-out's scale learns at this share of the tables' rate where likelihood counts. */
static const double SCALE_RATE = 0.1;
/* Wires that move later have too little left of the run to be of use. */
static const double REWIRE_UNTIL = 0.5;
/* Of the soft part of the run, before tables become sharper. */
static const double SHARPEN_FROM = 0.2;
/* Of a decision. */
enum { VOTERS_MIN = 8 };

typedef struct {
    const mj_recipe *recipe;
    mj_lut_feed feed;
    mj_soft_lut net;
    mj_tape *tape;
    mj_soft_lut_vars vars;
    mj_var label, loss, total;
    uint8_t *feature;
    mj_real *seen; /* of a rewiring */
    int *group;    /* of decisions: the tables of each */
    bool hard;
    mj_real sharpness;
    double progress;
    int n_rewired; /* times */
    int B;
} lut_task;

static void set_progress(void *self, double progress)
{
    lut_task *t = self;
    t->progress = progress;
    double until = t->recipe->train.hard_from, from = SHARPEN_FROM * until;
    t->hard = progress >= until;
    double way = fmin(fmax((progress - from) / (until - from), 0), 1);
    t->sharpness = (mj_real)pow(t->recipe->train.sharpen, way);
}

/* The rewirings stand evenly in the soft part of the run, or its first half. */
static bool rewiring_is_due(const lut_task *t)
{
    int n = t->recipe->train.rewire;
    double until = fmin(t->recipe->train.hard_from, REWIRE_UNTIL);
    double next = until * (t->n_rewired + 1) / (n + 1);
    return !t->hard && t->n_rewired < n && t->progress >= next;
}

/* Forward on samples of the feed; returns the loss. */
static double run_forward(lut_task *t, const mj_lut_feed *feed, uint64_t stream, uint32_t step, bool trains)
{
    mj_lut_feed_fill(t->feature, mj_tape_tensor(t->tape, t->label).label, feed, stream, t->B);
    mj_lut_encode(mj_tape_tensor(t->tape, t->vars.x).v, t->feature, &feed->encoder, t->B);
    mj_tape_forward(t->tape, step, trains);
    return (double)*mj_tape_tensor(t->tape, t->loss).v;
}

static void run_batch(lut_task *t, uint64_t stream, uint32_t step)
{
    run_forward(t, &t->feed, stream, step, true);
    mj_tape_grads_clear(t->tape);
    *mj_tape_tensor(t->tape, t->total).d = 1;
    mj_tape_backward(t->tape);
}

static double step_lut(void *self, uint32_t step)
{
    lut_task *t = self;
    int n = rewiring_is_due(t) ? t->recipe->train.rewire_batches : 0;
    for (int i = 1; i < n; i++) {
        uint32_t count = step * (uint32_t)n + (uint32_t)i;
        run_batch(t, mj_task_stream(MJ_STREAM_LOOK, count), step);
        mj_soft_lut_watch(t->seen, t->tape, &t->net, &t->vars, i, n);
    }
    run_batch(t, mj_task_stream(MJ_STREAM_DRAW, step), step);
    if (n > 0) {
        mj_soft_lut_watch(t->seen, t->tape, &t->net, &t->vars, 0, n);
        mj_soft_lut_rewire(t->tape, &t->net, &t->vars, REWIRE_SHARE, t->seen, n);
        t->n_rewired++;
    }
    return (double)*mj_tape_tensor(t->tape, t->loss).v;
}

static mj_status judge(double *loss, void *self, const mj_dataset *test, int n_samples,
                       const mj_real *average, mj_err *err)
{
    lut_task *t = self;
    mj_lut_feed other;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_tape_slab slab = mj_tape_params_slab(t->tape);
    mj_real *kept = mj_arena_array(&arena, slab.n_trained, sizeof *kept);
    mj_status status = mj_lut_feed_other(&other, &t->feed, test, &arena, err);
    if (status == MJ_OK && !kept) {
        status = mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory to judge a look-up-table network");
    }
    if (status == MJ_OK) {
        int n_batches = n_samples >= t->B ? n_samples / t->B : 1;
        double sum = 0;
        memcpy(kept, slab.params, slab.n_trained * sizeof *kept);
        memcpy(slab.params, average, slab.n_trained * sizeof *kept);
        for (int i = 0; i < n_batches; i++) {
            sum += run_forward(t, &other, mj_task_stream(MJ_STREAM_DRAW, (uint32_t)i), (uint32_t)i, false);
        }
        memcpy(slab.params, kept, slab.n_trained * sizeof *kept);
        *loss = sum / n_batches;
    }
    mj_arena_fini(&arena);
    return status;
}

/* Wires are no parameters: [tables, k] a layer, and how often they moved. */

static const char *wires_name(char name[16], int layer)
{
    snprintf(name, 16, "wires%d", layer);
    return name;
}

static mj_status save(mj_checkpoint *to, const void *self, mj_arena *arena, mj_err *err)
{
    (void)arena;
    const lut_task *t = self;
    char name[16];
    MJ_TRY(mj_checkpoint_set_number(to, "rewired", t->n_rewired, err));
    for (int l = 0; l < t->net.depth; l++) {
        const size_t dim[] = {(size_t)t->net.width[l], (size_t)t->net.k};
        MJ_TRY(mj_safetensors_add(&to->file, wires_name(name, l), MJ_DTYPE_I32,
                                  mj_tape_tensor(t->tape, t->vars.wires[l]).label, dim, 2, err));
    }
    return MJ_OK;
}

static mj_status restore(void *self, const mj_checkpoint *from, mj_err *err)
{
    lut_task *t = self;
    char name[16];
    double rewired;
    MJ_TRY(mj_checkpoint_get_number(&rewired, from, "rewired", err));
    if (!(rewired >= 0 && rewired <= t->recipe->train.rewire)) {
        return mj_err_add(err, MJ_ERANGE, from->file.path, 0, 0, "metadata: rewired cannot be %g",
                          rewired);
    }
    t->n_rewired = (int)rewired;
    for (int l = 0; l < t->net.depth; l++) {
        const mj_stored_tensor *stored = mj_safetensors_find(&from->file, wires_name(name, l));
        size_t n = (size_t)t->net.width[l] * (size_t)t->net.k;
        int n_signals = l > 0 ? t->net.width[l - 1] : t->net.n_inputs;
        int *wire = mj_tape_tensor(t->tape, t->vars.wires[l]).label;
        if (!stored || stored->dtype != MJ_DTYPE_I32 || stored->n_elements != n) {
            return mj_err_add(err, MJ_EFIT, from->file.path, 0, 0, "tensor %s is not I32 [%d, %d]", name,
                              t->net.width[l], t->net.k);
        }
        for (size_t i = 0; i < n; i++) {
            double at = mj_tensor_element(stored, i);
            if (!(at >= 0 && at < n_signals)) {
                return mj_err_add(err, MJ_ERANGE, from->file.path, 0, 0,
                                  "tensor %s: wire %zu comes from signal %g of %d", name, i, at, n_signals);
            }
            wire[i] = (int)at;
        }
    }
    return MJ_OK;
}

static mj_status ship(mj_checkpoint *to, const void *self, const mj_real *average, mj_arena *arena,
                      mj_err *err)
{
    const lut_task *t = self;
    const mj_lut_feed *feed = &t->feed;
    mj_lut_model model = {.recipe = *t->recipe, .encoder = feed->encoder, .tree = feed->tree,
                          .alphabet = feed->corpus ? &feed->corpus->alphabet : NULL,
                          .data = feed->corpus ? feed->corpus->source : t->recipe->data};
    if (feed->data) {
        model.width = feed->data->width;
        model.height = feed->data->height;
        model.n_classes = feed->data->n_classes;
    }
    MJ_TRY(mj_soft_lut_harden(&model.net, t->tape, average, &t->net, &t->vars, arena, err));
    return mj_lut_file_fill(to, &model, arena, err);
}

static void record(lut_task *t)
{
    const mj_recipe_lut *lut = &t->recipe->model.lut;
    int n_tables = 0;
    for (int l = 0; l < t->net.depth; l++) {
        n_tables += t->net.width[l];
    }
    mj_soft_lut_record(&t->vars, t->tape, &t->net, t->B, (mj_lut_config){&t->hard, &t->sharpness});
    t->label = mj_tape_labels(t->tape, "next", t->B);
    t->loss = t->total = t->feed.tree ? mj_tree_entropy(t->tape, t->vars.logits, t->label, t->feed.tree)
                                      : mj_cross_entropy(t->tape, t->vars.logits, t->label);
    for (int l = 0; lut->area > 0 && l < t->net.depth; l++) {
        mj_var area = mj_lut_area(t->tape, t->vars.w[l], lut->activity ? t->vars.y[l] : MJ_NONE);
        double weight = lut->area * t->net.width[l] / n_tables;
        t->total = mj_add(t->tape, t->total, mj_scale(t->tape, area, weight));
    }
}

/* Voters go to the decisions by what these cost, to the power 2/3: a decision that costs twice as much gains
 * less than twice from as many more. None has fewer than VOTERS_MIN. */
static mj_status share_voters(lut_task *t, int n_voters, mj_arena *arena, mj_err *err)
{
    const double *bits = t->feed.decision_bits;
    int n = t->feed.n_groups, first = 0, left = n_voters - n * VOTERS_MIN, largest = 0;
    double all = 0;
    t->group = mj_arena_array(arena, (size_t)n + 1, sizeof *t->group);
    if (!t->group) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for groups of tables");
    }
    if (left < 0) {
        return mj_err_add(err, MJ_ERANGE, t->recipe->path, 0, 0,
                          "model.layers: the last has %d tables for %d decisions, %d each at least",
                          n_voters, n, VOTERS_MIN);
    }
    for (int d = 0; d < n; d++) {
        all += cbrt(bits[d] * bits[d]);
        largest = bits[d] > bits[largest] ? d : largest;
    }
    int given = 0;
    for (int d = 0; d < n; d++) {
        given += all > 0 ? (int)(left * cbrt(bits[d] * bits[d]) / all) : 0;
    }
    for (int d = 0; d < n; d++) {
        int more = all > 0 ? (int)(left * cbrt(bits[d] * bits[d]) / all) : 0;
        t->group[d] = first;
        first += VOTERS_MIN + more + (d == largest ? left - given : 0);
    }
    t->group[n] = first;
    t->net.group = t->group;
    return MJ_OK;
}

mj_status mj_task_lut(mj_task *task, const mj_task_input *input, mj_arena *arena, mj_err *err)
{
    const mj_recipe *recipe = input->recipe;
    const mj_recipe_lut *lut = &recipe->model.lut;
    bool likelihood = recipe->objective.kind != MJ_OBJECTIVE_CLASSIFY;
    lut_task *t = mj_arena_alloc(arena, sizeof *t);
    mj_tape *tape = mj_tape_new(arena, err, (mj_tape_config){.seed = (uint64_t)recipe->train.seed});
    if (!t || !tape) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a look-up-table network's training");
    }
    *t = (lut_task){.recipe = recipe, .tape = tape, .sharpness = 1, .B = recipe->train.n_generated};
    bool is_text = recipe->objective.kind == MJ_OBJECTIVE_NEXT_BYTE;
    MJ_TRY(mj_lut_feed_init(&t->feed, recipe, is_text ? NULL : input->train,
                            is_text ? input->corpus : NULL, arena, err));
    t->net = (mj_soft_lut){.n_inputs = t->feed.encoder.n_inputs, .k = lut->table_inputs,
                           .depth = lut->n_layers, .n_groups = t->feed.n_groups,
                           .scale_rate = likelihood ? SCALE_RATE : 0,
                           .seed = (uint64_t)recipe->train.seed};
    for (int l = 0; l < lut->n_layers; l++) {
        t->net.width[l] = (int)lut->layer[l];
    }
    int last = t->net.width[lut->n_layers - 1], voters = last / t->net.n_groups;
    if (t->feed.tree) {
        MJ_TRY(share_voters(t, last, arena, err));
    }
    /* a score of random bits is spread by half the root of its voters, which standard scores know */
    double spread = t->feed.tree ? 1 : 2 / sqrt(voters > 0 ? voters : 1);
    t->net.scale = lut->scale > 0 ? lut->scale : spread;
    MJ_TRY(mj_soft_lut_check(&t->net, recipe->path, err));
    record(t);
    MJ_TRY(mj_tape_allocate(tape, input->limit_B));
    MJ_TRY(mj_soft_lut_init(tape, &t->net, &t->vars, arena, err));
    size_t n_features = (size_t)t->feed.encoder.n_features * (size_t)t->B;
    size_t n_seen = recipe->train.rewire > 0
                        ? mj_soft_lut_seen(&t->net, t->B, recipe->train.rewire_batches) : 0;
    t->feature = mj_arena_alloc(arena, n_features);
    t->seen = mj_arena_array(arena, n_seen, sizeof *t->seen);
    if (!t->feature || !t->seen) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a look-up-table network's training");
    }
    *task = (mj_task){.tape = tape, .images_per_step = t->B, .self = t, .step = step_lut,
                      .progress = set_progress, .memory_B = n_features + n_seen * sizeof *t->seen,
                      .save = save, .restore = restore, .ship = ship, .judge = judge};
    return MJ_OK;
}
