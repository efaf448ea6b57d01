/* Look-up memory: reads a text, epochs times, as many streams at once.
 *
 * Stream s of S reads the s-th part of the text, one symbol a batch; what is left of a division by S is
 * not read. A step is a number of batches, so that progress, checkpoints and Ctrl-C have their moments.
 * Everything depends on the step's number and the tables alone. */
#include "task.h"

#include "lookup_state.h"
#include "mj/lookup_file.h"
#include "mj/lookup_text.h"
#include "recipe_refuse.h"

#include <math.h>
#include <string.h>

enum { STEP_SYMBOLS = 1 << 15 };
static const uint64_t NOISE_SEED = 1ull << 62; /* apart from all others */

typedef struct {
    const mj_recipe *recipe;
    const mj_corpus *corpus;
    mj_lookup_text *text;
    mj_copy_place *trace[MJ_COPIES_MAX];
    size_t length; /* of a stream */
    int n_batches; /* of a step, but for the last of an epoch */
    long long n_steps, epoch_steps;
} lookup_task;

static double step_lookup(void *self, uint32_t step)
{
    lookup_task *task = self;
    const mj_recipe_train *train = &task->recipe->train;
    size_t first = (size_t)(step % task->epoch_steps) * (size_t)task->n_batches;
    size_t left = task->length - first;
    double progress = (double)step / (double)task->n_steps, end = train->lr_end > 0 ? train->lr_end : 1;
    mj_lookup_lesson lesson = {.text = task->corpus->part[MJ_PART_TRAIN].symbol, .length = task->length,
                               .first = first, .lr = (mj_real)(train->lr * (1 - (1 - end) * progress))};
    lesson.noise = task->recipe->model.analog.read_noise;
    lesson.key = (mj_noise_key){.seed = NOISE_SEED ^ (uint64_t)train->seed,
                                .step = step * (uint32_t)task->n_batches};
    lesson.n_batches = left < (size_t)task->n_batches ? (int)left : task->n_batches;
    for (int c = 0; c < MJ_COPIES_MAX; c++) {
        lesson.trace[c] = task->trace[c];
    }
    return mj_lookup_text_learn(task->text, &lesson);
}

static mj_status save(mj_checkpoint *to, const void *self, mj_arena *arena, mj_err *err)
{
    (void)arena;
    const lookup_task *task = self;
    return mj_lookup_state_add(to, task->text, err);
}

static mj_status restore(void *self, const mj_checkpoint *from, mj_err *err)
{
    lookup_task *task = self;
    return mj_lookup_state_read(task->text, from, err);
}

static mj_status ship(mj_checkpoint *to, const void *self, const mj_real *average, mj_arena *arena,
                      mj_err *err)
{
    (void)average;
    const lookup_task *task = self;
    MJ_TRY(mj_lookup_file_describe(to, task->text, task->recipe->name, task->recipe->model.row_bits,
                                   arena, err));
    MJ_TRY(mj_alphabet_add(to, &task->corpus->alphabet, err));
    return mj_lookup_file_fill(to, task->text, task->recipe->model.row_bits, arena, err);
}

mj_status mj_task_lookup(mj_task *task, const mj_task_input *input, mj_arena *arena, mj_err *err)
{
    const mj_recipe *recipe = input->recipe;
    const mj_corpus *corpus = input->corpus;
    size_t n = corpus->part[MJ_PART_TRAIN].n, n_batch = (size_t)recipe->train.n_generated;
    lookup_task *l = mj_arena_alloc(arena, sizeof *l);
    if (!l) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a training");
    }
    if (n / n_batch < 1) {
        return mj_recipe_refuse(err, recipe, "train.batch: %zu streams of a text of %zu symbols", n_batch, n);
    }
    const mj_lookup_text_config config = mj_lookup_config_of(recipe, &corpus->alphabet);
    *l = (lookup_task){.recipe = recipe, .corpus = corpus, .length = n / n_batch};
    MJ_TRY(mj_lookup_text_new(&l->text, &config, input->limit_B, recipe->path, arena, err));
    MJ_TRY(mj_lookup_trace(l->trace, l->text, &corpus->part[MJ_PART_TRAIN], arena, err));
    l->n_batches = STEP_SYMBOLS > n_batch ? (int)(STEP_SYMBOLS / n_batch) : 1;
    l->epoch_steps = (long long)((l->length + (size_t)l->n_batches - 1) / (size_t)l->n_batches);
    l->n_steps = (long long)ceil(recipe->train.epochs * (double)l->epoch_steps);
    *task = (mj_task){.images_per_step = l->n_batches * (int)n_batch, .self = l, .step = step_lookup,
                      .n_steps = l->n_steps, .memory_B = mj_lookup_text_size_B(l->text), .save = save,
                      .restore = restore, .ship = ship};
    return MJ_OK;
}
