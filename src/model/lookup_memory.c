/* Look-up memory: gathering, learning, gains. */
#include "mj/lookup_memory.h"

#include "mj/lookup_kernels.h"
#include "mj/rng.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { LANES = 16, COUNT_MAX = 255, DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS };
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
        .read = mj_arena_array(arena, 2 * reads, sizeof *batch->read),
        .gain = mj_arena_array(arena, reads, sizeof *batch->gain),
        .slope = mj_arena_array(arena, reads, sizeof *batch->slope),
        .count = mj_arena_alloc(arena, reads),
    };
    return batch->place && batch->x && batch->dx && batch->row && batch->read && batch->gain && batch->slope &&
                   batch->count
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
        const mj_lookup_place *place = &batch->place[i];
        for (int k = 0; k < K; k++) {
            int at = i * K + k;
            batch->row[at] = place->row[k];
            batch->count[at] = count_class(memory->count[place->row[k]]);
            batch->gain[at] = gains->seen[k][batch->count[at]] * gains->copied[k][place->match];
        }
    }
    mj_lookup_rows_sum(batch->x + (size_t)first * memory->stride, memory->slab,
                       batch->row + first * K, batch->gain + first * K, n, K, memory->stride);
}

/* Sorts n reads by their upper halves, bits of them, digit by digit; `other` is scratch. Returns where
 * they are then. */
static uint64_t *sort_reads(uint64_t *read, uint64_t *other, int n, int bits)
{
    for (int shift = 32; shift < 32 + bits; shift += DIGIT_BITS) {
        int first[DIGITS + 1] = {0};
        for (int i = 0; i < n; i++) {
            first[(read[i] >> shift & (DIGITS - 1)) + 1]++;
        }
        for (int d = 0; d < DIGITS; d++) {
            first[d + 1] += first[d];
        }
        for (int i = 0; i < n; i++) {
            other[first[read[i] >> shift & (DIGITS - 1)]++] = read[i];
        }
        uint64_t *swapped = read;
        read = other;
        other = swapped;
    }
    return read;
}

void mj_lookup_backward(mj_lookup_memory *memory, mj_lookup_batch *batch, int n, mj_real lr, int part,
                        int n_parts)
{
    int K = memory->contexts.n, n_before = 0, n_reads = 0, bits = 1;
    for (int at = 0; at < n * K; at++) {
        n_before += batch->row[at] % (uint32_t)n_parts < (uint32_t)part;
    }
    uint64_t *read = batch->read + n_before;
    for (int at = 0; at < n * K; at++) {
        uint32_t row = batch->row[at];
        if (row % (uint32_t)n_parts == (uint32_t)part) {
            read[n_reads++] = (uint64_t)row << 32 | (uint32_t)at;
            memory->count[row] += memory->count[row] < COUNT_MAX;
        }
    }
    while (memory->contexts.n_rows >> bits) {
        bits++;
    }
    read = sort_reads(read, batch->read + (size_t)batch->n * (size_t)K + n_before, n_reads, bits);
    mj_lookup_rows_update(memory->slab, batch->slope, read, n_reads, batch->gain, batch->dx,
                          (mj_lookup_step){(size_t)K, memory->stride, lr, ROW_EPS});
}

/* dgain of each class is summed over the batch, its square symbol by symbol. */
void mj_lookup_gains_update(mj_lookup_gains *gains, mj_lookup_gains *squares,
                            const mj_lookup_memory *memory, const mj_lookup_batch *batch, int n,
                            mj_real lr)
{
    int K = memory->contexts.n;
    mj_lookup_gains d;
    memset(&d, 0, sizeof d);
    for (int i = 0; i < n; i++) {
        int match = batch->place[i].match;
        for (int k = 0; k < K; k++) {
            int at = i * K + k, count = batch->count[at];
            mj_real dseen = batch->slope[at] * gains->copied[k][match];
            mj_real dcopied = batch->slope[at] * gains->seen[k][count];
            d.seen[k][count] += dseen;
            squares->seen[k][count] += dseen * dseen;
            d.copied[k][match] += dcopied;
            squares->copied[k][match] += dcopied * dcopied;
        }
    }
    for (int k = 0; k < K; k++) {
        for (int c = 0; c < MJ_LOOKUP_COUNTS; c++) {
            gains->seen[k][c] -= GAIN_LR * lr * d.seen[k][c] /
                                 (mj_real_sqrt(squares->seen[k][c]) + GAIN_EPS);
        }
        for (int c = 0; c < MJ_LOOKUP_MATCHES; c++) {
            gains->copied[k][c] -= GAIN_LR * lr * d.copied[k][c] /
                                   (mj_real_sqrt(squares->copied[k][c]) + GAIN_EPS);
        }
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
