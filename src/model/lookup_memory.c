/* Look-up memory: gathering, learning, gains. */
#include "mj/lookup_memory.h"

#include "mj/rng.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { LANES = 16, COUNT_MAX = 255, CLASSES = MJ_LOOKUP_COUNTS * MJ_LOOKUP_MATCHES };
static const uint32_t SPREAD = 0x9E3779B1u; /* a prime near 2^32 / golden ratio */
/* Found by trial on the validation chapters of the King James Bible. */
static const mj_real ROW_EPS = (mj_real)0.02, GAIN_EPS = 1, GAIN_LR = (mj_real)0.3;

static mj_status no_memory(mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a look-up memory");
}

/* Rows at random in hundreds of megabytes miss the table of pages at every read, unless pages are
 * large. A wish: where it is not met, all is only slower. */
static void ask_for_large_pages(void *at, size_t size_B)
{
#ifdef MADV_HUGEPAGE
    const uintptr_t PAGE = (uintptr_t)1 << 21;
    uintptr_t start = ((uintptr_t)at + PAGE - 1) & ~(PAGE - 1), end = ((uintptr_t)at + size_B) & ~(PAGE - 1);
    if (end > start) {
        madvise((void *)start, end - start, MADV_HUGEPAGE);
    }
#else
    (void)at, (void)size_B;
#endif
}

/* Rows of orders 0 and 1; the others stay 0. */
static void start_rows(mj_lookup_memory *m)
{
    mj_rng rng;
    mj_rng_init(&rng, m->seed, 0);
    for (int k = 0; k < m->contexts.n; k++) {
        const mj_lookup_context *context = &m->contexts.context[k];
        for (uint32_t row = 0; context->kind == MJ_LOOKUP_ORDER && context->reach < 2 &&
                               row < context->n_rows; row++) {
            mj_real *w = m->slab + 2 * m->stride * (context->first_row + row);
            for (int j = 0; j < m->dims; j++) {
                w[j] = m->spread * (mj_real)(mj_rng_uniform(&rng) - 0.5);
            }
        }
    }
}

static void start_gains(mj_lookup_memory *m)
{
    for (int k = 0; k < m->contexts.n; k++) {
        for (int c = 0; c < MJ_LOOKUP_COUNTS; c++) {
            m->gains.seen[k][c] = 1;
        }
        for (int c = 0; c < MJ_LOOKUP_MATCHES; c++) {
            m->gains.copied[k][c] = 1;
        }
    }
}

mj_status mj_lookup_memory_new(mj_lookup_memory **memory, const mj_lookup_contexts *contexts,
                               int dims, mj_real spread, uint64_t seed, mj_arena *arena, mj_err *err)
{
    mj_lookup_memory *m = mj_arena_alloc(arena, sizeof *m);
    size_t stride = ((size_t)dims + LANES - 1) / LANES * LANES;
    mj_real *slab = mj_arena_array(arena, 2 * stride * contexts->n_rows, sizeof *slab);
    uint8_t *count = mj_arena_alloc(arena, contexts->n_rows);
    if (!m || !slab || !count) {
        return no_memory(err);
    }
    ask_for_large_pages(slab, 2 * stride * contexts->n_rows * sizeof *slab);
    *m = (mj_lookup_memory){.contexts = *contexts, .dims = dims, .stride = stride, .slab = slab,
                            .count = count, .spread = spread, .seed = seed};
    start_gains(m);
    start_rows(m);
    *memory = m;
    return MJ_OK;
}

void mj_lookup_memory_clear(mj_lookup_memory *m)
{
    memset(m->slab, 0, 2 * m->stride * m->contexts.n_rows * sizeof *m->slab);
    memset(m->count, 0, m->contexts.n_rows);
    start_rows(m);
}

mj_status mj_lookup_batch_new(mj_lookup_batch *batch, const mj_lookup_memory *memory, int n,
                              mj_arena *arena, mj_err *err)
{
    size_t symbols = (size_t)n, reads = symbols * (size_t)memory->contexts.n;
    *batch = (mj_lookup_batch){
        .n = n,
        .place = mj_arena_array(arena, symbols, sizeof *batch->place),
        .x = mj_arena_array(arena, symbols * memory->stride, sizeof *batch->x),
        .dx = mj_arena_array(arena, symbols * memory->stride, sizeof *batch->dx),
        .row = mj_arena_array(arena, reads, sizeof *batch->row),
        .gain = mj_arena_array(arena, reads, sizeof *batch->gain),
        .slope = mj_arena_array(arena, reads, sizeof *batch->slope),
        .class = mj_arena_alloc(arena, reads),
        .read = mj_arena_array(arena, reads, sizeof *batch->read),
        .group = mj_arena_array(arena, reads, sizeof *batch->group),
        .slot = mj_arena_array(arena, 2 * reads, sizeof *batch->slot),
    };
    return batch->place && batch->x && batch->dx && batch->row && batch->gain && batch->slope &&
                   batch->class && batch->read && batch->group && batch->slot
               ? MJ_OK
               : no_memory(err);
}

static uint8_t count_class(int count)
{
    return (uint8_t)(count <= 2    ? count
                     : count <= 4  ? 3
                     : count <= 8  ? 4
                     : count <= 20 ? 5
                     : count <= 80 ? 6
                                   : 7);
}

void mj_lookup_forward(mj_lookup_batch *batch, const mj_lookup_memory *memory,
                       const mj_lookup_gains *gains, int first, int n)
{
    int K = memory->contexts.n;
    for (int i = first; i < first + n; i++) {
        for (int k = 0; k < K; k++) {
            uint32_t row = batch->place[i].row[k];
            __builtin_prefetch(&memory->count[row]);
            batch->row[i * K + k] = row;
        }
    }
    for (int i = first; i < first + n; i++) {
        int match = batch->place[i].match;
        for (int k = 0; k < K; k++) {
            int at = i * K + k, count = count_class(memory->count[batch->row[at]]);
            batch->class[at] = (uint8_t)(count * MJ_LOOKUP_MATCHES + match);
            batch->gain[at] = gains->seen[k][count] * gains->copied[k][match];
        }
    }
    mj_lookup_rows_sum(batch->x + (size_t)first * memory->stride, memory->slab,
                       batch->row + first * K, batch->gain + first * K, n, K, memory->stride);
}

/* Upper half: the part that a row belongs to. Lower half: where it is looked for there. */
static uint64_t spread(uint32_t row, int n_parts)
{
    return (uint64_t)(row * SPREAD) * (uint32_t)n_parts;
}

/* Numbers the rows of the n_mine reads that are a part's, in the order in which they are met, and lists
 * the reads of each. slot [2 n_mine] is so never more than half full. Returns the number of groups. */
static int gather(mj_lookup_group *group, mj_lookup_read *read, uint32_t *slot, const uint32_t *row,
                  int n_mine, int part, int n_parts)
{
    uint32_t n_groups = 0, n_slots = 2 * (uint32_t)n_mine;
    memset(slot, 0, n_slots * sizeof *slot);
    for (int at = 0, n = 0; n < n_mine; at++) {
        read[n].at = (uint32_t)at;
        n += spread(row[at], n_parts) >> 32 == (uint32_t)part;
    }
    for (uint32_t r = 0; r < (uint32_t)n_mine; r++) {
        uint32_t mine = row[read[r].at];
        uint32_t s = (uint32_t)((spread(mine, n_parts) & UINT32_MAX) * n_slots >> 32);
        while (slot[s] > 0 && group[slot[s] - 1].row != mine) {
            s = s + 1 < n_slots ? s + 1 : 0;
        }
        if (slot[s] > 0) {
            mj_lookup_group *met = &group[slot[s] - 1];
            read[met->last].next = r;
            met->last = r;
            met->n++;
        } else {
            group[n_groups] = (mj_lookup_group){.row = mine, .n = 1, .first = r, .last = r};
            slot[s] = ++n_groups;
        }
    }
    return (int)n_groups;
}

void mj_lookup_backward(mj_lookup_memory *memory, mj_lookup_batch *batch, int n, mj_real lr, int part,
                        int n_parts)
{
    int K = memory->contexts.n, n_before = 0, n_mine = 0;
    for (int at = 0; at < n * K; at++) {
        uint32_t owner = (uint32_t)(spread(batch->row[at], n_parts) >> 32);
        n_before += owner < (uint32_t)part;
        n_mine += owner == (uint32_t)part;
    }
    mj_lookup_group *group = batch->group + n_before;
    mj_lookup_read *read = batch->read + n_before;
    int n_groups = gather(group, read, batch->slot + 2 * n_before, batch->row, n_mine, part, n_parts);
    for (int g = 0; g < n_groups; g++) {
        uint8_t *count = &memory->count[group[g].row];
        uint32_t more = *count + group[g].n;
        *count = (uint8_t)(more < COUNT_MAX ? more : COUNT_MAX);
    }
    mj_lookup_rows_update(memory->slab, batch->slope, group, n_groups, read, batch->gain, batch->dx,
                          (mj_lookup_step){(uint32_t)K, memory->stride, lr, ROW_EPS});
}

/* What symbols of one class ask for: sums of slopes, and of their squares. */
typedef struct {
    mj_real sum, square;
} class_slope;

/* One context. dgain of each class is summed over the batch, its square symbol by symbol. */
static void step_gains(mj_lookup_gains *gains, mj_lookup_gains *squares, int k,
                       const class_slope slope[CLASSES], mj_real lr)
{
    mj_real *seen = gains->seen[k], *copied = gains->copied[k];
    mj_real dseen[MJ_LOOKUP_COUNTS] = {0}, dcopied[MJ_LOOKUP_MATCHES] = {0};
    for (int c = 0; c < MJ_LOOKUP_COUNTS; c++) {
        for (int m = 0; m < MJ_LOOKUP_MATCHES; m++) {
            const class_slope *s = &slope[c * MJ_LOOKUP_MATCHES + m];
            dseen[c] += copied[m] * s->sum;
            squares->seen[k][c] += copied[m] * copied[m] * s->square;
            dcopied[m] += seen[c] * s->sum;
            squares->copied[k][m] += seen[c] * seen[c] * s->square;
        }
    }
    for (int c = 0; c < MJ_LOOKUP_COUNTS; c++) {
        seen[c] -= GAIN_LR * lr * dseen[c] / (mj_real_sqrt(squares->seen[k][c]) + GAIN_EPS);
    }
    for (int m = 0; m < MJ_LOOKUP_MATCHES; m++) {
        copied[m] -= GAIN_LR * lr * dcopied[m] / (mj_real_sqrt(squares->copied[k][m]) + GAIN_EPS);
    }
}

void mj_lookup_gains_update(mj_lookup_gains *gains, mj_lookup_gains *squares,
                            const mj_lookup_memory *memory, const mj_lookup_batch *batch, int n,
                            mj_real lr)
{
    class_slope slope[MJ_LOOKUP_CONTEXTS_MAX][CLASSES];
    int K = memory->contexts.n;
    memset(slope, 0, sizeof slope[0] * (size_t)K);
    for (int at = 0, i = 0; i < n; i++) {
        for (int k = 0; k < K; k++, at++) {
            class_slope *s = &slope[k][batch->class[at]];
            s->sum += batch->slope[at];
            s->square += batch->slope[at] * batch->slope[at];
        }
    }
    for (int k = 0; k < K; k++) {
        step_gains(gains, squares, k, slope[k], lr);
    }
}

mj_real mj_lookup_row_gain(const mj_lookup_memory *memory, int k, uint32_t row)
{
    return memory->gains.seen[k][count_class(memory->count[row])];
}

double mj_lookup_reads_count(const mj_lookup_memory *memory)
{
    return (double)memory->contexts.n * memory->dims;
}
