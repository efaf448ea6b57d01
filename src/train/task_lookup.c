/* Look-up memory: reads a text, epochs times, as many streams at once.
 *
 * Stream s of S reads the s-th part of the text, one symbol a batch; what is left of a division by S is
 * not read. A step is a number of batches, so that progress, checkpoints and Ctrl-C have their moments.
 * Everything depends on the step's number and the tables alone. */
#include "task.h"

#include "mj/lookup_file.h"
#include "mj/lookup_text.h"

#include <math.h>
#include <string.h>

enum { STEP_SYMBOLS = 1 << 15 };
#define ROWS "rows"
#define COUNTS "rows.count"
#define GAINS "gains"
#define HEAD "head"
#define BIAS "bias"

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
    lesson.n_batches = left < (size_t)task->n_batches ? (int)left : task->n_batches;
    for (int c = 0; c < MJ_COPIES_MAX; c++) {
        lesson.trace[c] = task->trace[c];
    }
    return mj_lookup_text_learn(task->text, &lesson);
}

/* The tensors of a save, each as [rows, columns] of mj_real. */
typedef struct {
    const char *name;
    mj_real *data;
    size_t rows, columns;
} tensor;
enum { TENSORS_MAX = 6 };

static int list_tensors(tensor list[TENSORS_MAX], const mj_lookup_text *t)
{
    mj_lookup_memory *m = t->memory;
    size_t gains = sizeof m->gains / sizeof(mj_real);
    int n = 0;
    list[n++] = (tensor){ROWS, m->slab, m->contexts.n_rows, 2 * m->stride};
    list[n++] = (tensor){GAINS, &m->gains.seen[0][0], 1, gains};
    list[n++] = (tensor){GAINS ".squares", &m->squares.seen[0][0], 1, gains};
    if (t->head) {
        list[n++] = (tensor){HEAD, t->head, m->stride, t->columns};
        list[n++] = (tensor){HEAD ".squares", t->head_squares, m->stride, t->columns};
    }
    return n;
}

static mj_status save(mj_checkpoint *to, const void *self, mj_arena *arena, mj_err *err)
{
    (void)arena;
    const lookup_task *task = self;
    const mj_lookup_memory *m = task->text->memory;
    tensor list[TENSORS_MAX];
    int n = list_tensors(list, task->text);
    MJ_TRY(mj_checkpoint_set_text(to, MJ_DATA_KEY, task->corpus->source, err));
    for (int i = 0; i < n; i++) {
        MJ_TRY(mj_checkpoint_add(to, list[i].name, list[i].data,
                                 (int[]){(int)list[i].rows, (int)list[i].columns}, 2, err));
    }
    if (task->text->bias) {
        int V = (int)task->text->columns;
        MJ_TRY(mj_checkpoint_add(to, BIAS, task->text->bias, &V, 1, err));
        MJ_TRY(mj_checkpoint_add(to, BIAS ".squares", task->text->bias_squares, &V, 1, err));
    }
    return mj_safetensors_add(&to->file, COUNTS, MJ_DTYPE_U8, m->count,
                              (size_t[]){m->contexts.n_rows}, 1, err);
}

static mj_status restore(void *self, const mj_checkpoint *from, mj_err *err)
{
    lookup_task *task = self;
    mj_lookup_memory *m = task->text->memory;
    tensor list[TENSORS_MAX];
    int n = list_tensors(list, task->text);
    MJ_TRY(mj_data_check(from, task->corpus, err));
    for (int i = 0; i < n; i++) {
        MJ_TRY(mj_checkpoint_read(list[i].data, from, list[i].name,
                                  (int[]){(int)list[i].rows, (int)list[i].columns}, 2, err));
    }
    if (task->text->bias) {
        int V = (int)task->text->columns;
        MJ_TRY(mj_checkpoint_read(task->text->bias, from, BIAS, &V, 1, err));
        MJ_TRY(mj_checkpoint_read(task->text->bias_squares, from, BIAS ".squares", &V, 1, err));
    }
    const mj_stored_tensor *count = mj_safetensors_find(&from->file, COUNTS);
    if (!count || count->dtype != MJ_DTYPE_U8 || count->n_elements != m->contexts.n_rows) {
        return mj_err_add(err, MJ_EFIT, from->file.path, 0, 0, "tensor " COUNTS " is not U8 [%u]",
                          m->contexts.n_rows);
    }
    memcpy(m->count, count->data, m->contexts.n_rows);
    return MJ_OK;
}

static mj_status ship(mj_checkpoint *to, const void *self, const mj_real *average, mj_arena *arena,
                      mj_err *err)
{
    (void)average;
    const lookup_task *task = self;
    MJ_TRY(mj_checkpoint_set_text(to, MJ_DATA_KEY, task->corpus->source, err));
    MJ_TRY(mj_lookup_file_describe(to, task->text, task->recipe->name, task->recipe->model.row_bits,
                                   arena, err));
    return mj_lookup_file_fill(to, task->text, &task->corpus->alphabet, task->recipe->model.row_bits,
                               arena, err);
}

/* Where each copy stands at each symbol, found once. */
static mj_status trace_copies(lookup_task *task, mj_arena *arena, mj_err *err)
{
    const mj_symbols *text = &task->corpus->part[MJ_PART_TRAIN];
    MJ_TRY(mj_lookup_text_remember(task->text, text->symbol, text->n, arena, err));
    for (int c = 0; c < task->text->memory->contexts.n_copies; c++) {
        task->trace[c] = mj_arena_array(arena, text->n, sizeof *task->trace[c]);
        if (!task->trace[c]) {
            return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the copies of a text");
        }
        mj_copy_index_trace(task->trace[c], &task->text->copy[c]);
    }
    return MJ_OK;
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
        return mj_err_add(err, MJ_ERANGE, recipe->path, 0, 0,
                          "train.batch: %zu streams of a text of %zu symbols", n_batch, n);
    }
    const mj_lookup_text_config config = mj_lookup_config_of(recipe, &corpus->alphabet);
    *l = (lookup_task){.recipe = recipe, .corpus = corpus, .length = n / n_batch};
    MJ_TRY(mj_lookup_text_new(&l->text, &config, input->limit_B, recipe->path, arena, err));
    MJ_TRY(trace_copies(l, arena, err));
    l->n_batches = STEP_SYMBOLS > n_batch ? (int)(STEP_SYMBOLS / n_batch) : 1;
    l->epoch_steps = (long long)((l->length + (size_t)l->n_batches - 1) / (size_t)l->n_batches);
    l->n_steps = (long long)ceil(recipe->train.epochs * (double)l->epoch_steps);
    *task = (mj_task){.images_per_step = l->n_batches * (int)n_batch, .self = l, .step = step_lookup,
                      .n_steps = l->n_steps, .memory_B = mj_lookup_text_size_B(l->text), .save = save,
                      .restore = restore, .ship = ship};
    return MJ_OK;
}
