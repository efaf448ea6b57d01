/* All of a look-up memory in training: rows with their squares, counts, gains, head. */
#include "lookup_state.h"

#include <string.h>

#define ROWS "rows"
#define COUNTS "rows.count"
#define GAINS "gains"
#define HEAD "head"
#define BIAS "bias"

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

mj_status mj_lookup_state_add(mj_checkpoint *to, const mj_lookup_text *text, mj_err *err)
{
    const mj_lookup_memory *m = text->memory;
    tensor list[TENSORS_MAX];
    int n = list_tensors(list, text);
    for (int i = 0; i < n; i++) {
        MJ_TRY(mj_checkpoint_add(to, list[i].name, list[i].data,
                                 (int[]){(int)list[i].rows, (int)list[i].columns}, 2, err));
    }
    if (text->bias) {
        int V = (int)text->columns;
        MJ_TRY(mj_checkpoint_add(to, BIAS, text->bias, &V, 1, err));
        MJ_TRY(mj_checkpoint_add(to, BIAS ".squares", text->bias_squares, &V, 1, err));
    }
    return mj_safetensors_add(&to->file, COUNTS, MJ_DTYPE_U8, m->count,
                              (size_t[]){m->contexts.n_rows}, 1, err);
}

mj_status mj_lookup_state_read(mj_lookup_text *text, const mj_checkpoint *from, mj_err *err)
{
    mj_lookup_memory *m = text->memory;
    tensor list[TENSORS_MAX];
    int n = list_tensors(list, text);
    for (int i = 0; i < n; i++) {
        MJ_TRY(mj_checkpoint_read(list[i].data, from, list[i].name,
                                  (int[]){(int)list[i].rows, (int)list[i].columns}, 2, err));
    }
    if (text->bias) {
        int V = (int)text->columns;
        MJ_TRY(mj_checkpoint_read(text->bias, from, BIAS, &V, 1, err));
        MJ_TRY(mj_checkpoint_read(text->bias_squares, from, BIAS ".squares", &V, 1, err));
    }
    const mj_stored_tensor *count = mj_safetensors_find(&from->file, COUNTS);
    if (!count || count->dtype != MJ_DTYPE_U8 || count->n_elements != m->contexts.n_rows) {
        return mj_err_add(err, MJ_EFIT, from->file.path, 0, 0, "tensor " COUNTS " is not U8 [%u]",
                          m->contexts.n_rows);
    }
    memcpy(m->count, count->data, m->contexts.n_rows);
    return MJ_OK;
}

mj_status mj_lookup_trace(mj_copy_place *trace[MJ_COPIES_MAX], mj_lookup_text *text,
                          const mj_symbols *read, mj_arena *arena, mj_err *err)
{
    MJ_TRY(mj_lookup_text_remember(text, read->symbol, read->n, arena, err));
    for (int c = 0; c < text->memory->contexts.n_copies; c++) {
        trace[c] = mj_arena_array(arena, read->n, sizeof *trace[c]);
        if (!trace[c]) {
            return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the copies of a text");
        }
        mj_copy_index_trace(trace[c], &text->copy[c]);
    }
    return MJ_OK;
}
