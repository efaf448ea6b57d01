/* A look-up memory as a language model: prediction, learning, threads. */
#include "mj/lookup_text.h"

#include "mj/kernels.h"
#include "mj/lookup_kernels.h"
#include "mj/rng.h"

#include <string.h>

enum { LANES = 16, TILE = 32, HEAD_PARTS = 4, COPY_BITS_MIN = 10, COPY_BITS_MAX = 20 };
enum { HEAD_STREAM = 1 };
/* Found by trial on the validation chapters of the King James Bible. */
static const mj_real HEAD_EPS = (mj_real)0.1, HEAD_LR = (mj_real)(1.0 / 15);

/* Per batch; tiles write their own rows. */
typedef struct mj_lookup_work {
    mj_lookup_batch batch[2];  /* in turns: one thread may be behind with the last one's gains */
    mj_real *y, *p;            /* [n_batch, dims] and [n_batch, columns]: logits, p, then p - 1 at the
                                * symbol; of a direct model x and dx are the same */
    mj_real *dhead, *dbias;
    double *bits;              /* a tile */
} mj_lookup_work;

static bool has_head(const mj_lookup_text *t)
{
    return t->config.dims > 0 && !t->config.feeds;
}

static mj_status no_memory(mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a look-up memory");
}

/* H uniform, its columns behind V zero. */
static void init_head(mj_lookup_text *t)
{
    mj_rng rng;
    size_t D = t->memory->stride;
    mj_real scale = 4 / mj_real_sqrt((mj_real)t->config.dims);
    mj_rng_init(&rng, t->config.seed, HEAD_STREAM);
    for (size_t d = 0; d < D; d++) {
        for (int v = 0; v < t->config.n_symbols; v++) {
            t->head[d * t->columns + (size_t)v] = scale * (mj_real)(mj_rng_uniform(&rng) - 0.5);
        }
    }
}

static mj_status allocate(mj_lookup_text *t, mj_arena *arena, mj_err *err)
{
    size_t n = (size_t)t->config.n_batch, D = t->memory->stride, V = t->columns;
    mj_lookup_work *w = mj_arena_alloc(arena, sizeof *w);
    if (!w) {
        return no_memory(err);
    }
    t->work = w;
    for (int turn = 0; turn < 2; turn++) {
        MJ_TRY(mj_lookup_batch_new(&w->batch[turn], t->memory, t->config.n_batch, arena, err));
    }
    w->bits = mj_arena_array(arena, n / TILE + 1, sizeof *w->bits);
    if (!has_head(t)) {
        w->batch[0].dx = w->batch[0].x;
        w->batch[1].dx = w->batch[1].x;
        return w->bits ? MJ_OK : no_memory(err);
    }
    w->y = mj_arena_array(arena, n * D, sizeof *w->y);
    w->p = mj_arena_array(arena, n * V, sizeof *w->p);
    w->dhead = mj_arena_array(arena, D * V, sizeof *w->dhead);
    w->dbias = mj_arena_array(arena, V, sizeof *w->dbias);
    t->head = mj_arena_array(arena, D * V, sizeof *t->head);
    t->head_squares = mj_arena_array(arena, D * V, sizeof *t->head);
    t->bias = mj_arena_array(arena, V, sizeof *t->bias);
    t->bias_squares = mj_arena_array(arena, V, sizeof *t->bias);
    if (!w->bits || !w->y || !w->p || !w->dhead || !w->dbias || !t->head || !t->head_squares ||
        !t->bias || !t->bias_squares) {
        return no_memory(err);
    }
    init_head(t);
    return MJ_OK;
}

mj_status mj_lookup_text_new(mj_lookup_text **text, const mj_lookup_text_config *config,
                             size_t limit_B, const char *path, mj_arena *arena, mj_err *err)
{
    mj_lookup_contexts contexts;
    mj_lookup_text *t = mj_arena_alloc(arena, sizeof *t);
    if (!t) {
        return no_memory(err);
    }
    MJ_TRY(mj_lookup_contexts_parse(&contexts, config->contexts, config->rows, config->n_symbols,
                                    path, err));
    *t = (mj_lookup_text){.config = *config,
                          .columns = ((size_t)config->n_symbols + LANES - 1) / LANES * LANES};
    int dims = config->dims > 0 ? config->dims : config->n_symbols;
    double size_B = 2.0 * contexts.n_rows * dims * (double)sizeof(mj_real);
    if (limit_B > 0 && size_B > (double)limit_B) {
        return mj_err_add(err, MJ_EMEM, path, 0, 0,
                          "%u rows of %d numbers take %.0f MiB to train; this machine allows %.0f MiB",
                          contexts.n_rows, dims, size_B / 0x1p20, (double)limit_B / 0x1p20);
    }
    mj_real spread = config->dims > 0 ? 1 : 0; /* a head learns nothing from rows that are all 0 */
    MJ_TRY(mj_lookup_memory_new(&t->memory, &contexts, dims, spread, config->seed, arena, err));
    for (int c = 0; c < contexts.n_copies; c++) {
        t->copy[c].length = contexts.copy_length[c];
    }
    MJ_TRY(allocate(t, arena, err));
    *text = t;
    return MJ_OK;
}

size_t mj_lookup_text_size_B(const mj_lookup_text *t)
{
    size_t head = has_head(t) ? (t->memory->stride + 1) * t->columns : 0;
    return 2 * sizeof(mj_real) * (head + t->memory->stride * t->memory->contexts.n_rows);
}

mj_status mj_lookup_text_remember(mj_lookup_text *t, const uint8_t *symbols, size_t n,
                                  mj_arena *arena, mj_err *err)
{
    int bits = COPY_BITS_MIN;
    while (bits < COPY_BITS_MAX && (size_t)1 << (bits + 1) <= n) {
        bits++;
    }
    for (int c = 0; c < t->memory->contexts.n_copies; c++) {
        mj_copy_index *copy = &t->copy[c];
        copy->text = symbols;
        copy->n = n;
        copy->bits = bits;
        copy->slot = mj_arena_array(arena, (size_t)1 << bits, sizeof *copy->slot);
        if (!copy->slot) {
            return no_memory(err);
        }
        mj_copy_index_fill(copy);
    }
    return MJ_OK;
}

/* Noise on the sum of rows, x [dims]. */
static void add_noise(mj_real *x, double noise, mj_noise_key key, int dims)
{
    mj_real normal[MJ_LOOKUP_DIMS_MAX], power = 0;
    for (int j = 0; j < dims; j++) {
        power += x[j] * x[j];
    }
    mj_noise_normal(normal, 0, (size_t)dims, key);
    mj_add_scaled(x, normal, (mj_real)noise * mj_real_sqrt(power / (mj_real)dims),
                  (size_t)dims);
}

/* Logits of n symbols of the batch from `first` on, of which the places are known. The noise of each has a
 * stream of its own, from the key's on. */
static mj_real *find_logits(const mj_lookup_text *t, mj_lookup_batch *batch, const mj_lookup_gains *gains,
                            int first, int n, double noise, mj_noise_key key)
{
    mj_lookup_work *w = t->work;
    size_t D = t->memory->stride, V = t->columns;
    mj_real *x = batch->x + (size_t)first * D, *p = x;
    mj_lookup_forward(batch, t->memory, gains, first, n);
    for (int i = 0; noise > 0 && i < n; i++, key.stream++) {
        add_noise(x + (size_t)i * D, noise, key, t->memory->dims);
    }
    if (has_head(t)) {
        mj_real *y = w->y + (size_t)first * D;
        p = w->p + (size_t)first * V;
        mj_relu_forward(y, x, (size_t)n * D);
        mj_rows_fill(p, t->bias, n, (int)V);
        mj_gemm(p, y, t->head, (mj_gemm_shape){.M = n, .N = (int)V, .K = (int)D, .add = true});
    }
    return p;
}

/* -log2 of the product of n probabilities, four by four: each is above 1e-41 (fast_math.h), so that no
 * product leaves the range of double. */
static double sum_bits(const mj_real *p, int n)
{
    double bits = 0;
    for (int i = 0; i < n;) {
        double product = 1;
        for (int end = i + 4; i < end && i < n; i++) {
            product *= (double)p[i];
        }
        bits -= log2(product);
    }
    return bits;
}

/* One tile: places, p, bits, dx. */
static void learn_tile(const mj_lookup_text *t, mj_lookup_batch *batch, const mj_lookup_gains *gains,
                       const mj_lookup_lesson *lesson, size_t at, int first, int n)
{
    mj_lookup_work *w = t->work;
    size_t D = t->memory->stride, V = t->columns;
    const mj_lookup_contexts *contexts = &t->memory->contexts;
    for (int i = first; i < first + n; i++) {
        mj_copy_place copy[MJ_COPIES_MAX];
        size_t symbol = (size_t)i * lesson->length + at;
        for (int c = 0; c < contexts->n_copies; c++) {
            copy[c] = lesson->trace[c][symbol];
        }
        mj_lookup_place_find(&batch->place[i], contexts, lesson->text + symbol, t->config.letter,
                             copy);
    }
    mj_noise_key key = lesson->key;
    key.stream = (uint32_t)first;
    key.step += (uint32_t)(at - lesson->first);
    mj_real *p = find_logits(t, batch, gains, first, n, lesson->noise, key);
    mj_real *dx = batch->dx + (size_t)first * D, met[TILE];
    mj_softmax_rows(p, n, t->config.n_symbols, V);
    for (int i = 0; i < n; i++) {
        mj_real *to = &p[(size_t)i * V + lesson->text[(size_t)(first + i) * lesson->length + at]];
        met[i] = *to;
        *to -= 1;
    }
    w->bits[first / TILE] = sum_bits(met, n);
    if (!has_head(t)) {
        return;
    }
    mj_gemm(dx, p, t->head,
            (mj_gemm_shape){.M = n, .N = (int)D, .K = (int)V, .transpose_b = true});
    const mj_real *y = w->y + (size_t)first * D;
    for (size_t i = 0; i < (size_t)n * D; i++) {
        dx[i] = y[i] > 0 ? dx[i] : 0;
    }
}

/* A part of the head's rows, the bias with the first. */
static void learn_head(mj_lookup_text *t, mj_real lr, int part)
{
    mj_lookup_work *w = t->work;
    size_t D = t->memory->stride, V = t->columns, rows = D / HEAD_PARTS, at = (size_t)part * rows;
    int n = t->config.n_batch;
    mj_gemm(w->dhead + at * V, w->y + at, w->p,
            (mj_gemm_shape){.M = (int)rows, .N = (int)V, .K = n, .transpose_a = true, .lda = (int)D});
    mj_adagrad_update(t->head + at * V, t->head_squares + at * V, w->dhead + at * V, rows * V, lr,
                      HEAD_EPS);
    if (part == 0) {
        mj_fill(w->dbias, 0, V);
        mj_rows_sum(w->dbias, w->p, n, (int)V);
        mj_adagrad_update(t->bias, t->bias_squares, w->dbias, V, lr, HEAD_EPS);
    }
}

/* What one thread of n does for all batches. Threads meet twice a batch: when all is predicted, and
 * when all is learned. Each steps a copy of the gains of its own, all alike. */
static void learn_part(mj_lookup_text *t, const mj_lookup_lesson *lesson, double *total, int part,
                       int n_parts)
{
    mj_lookup_work *w = t->work;
    mj_lookup_gains gains = t->memory->gains, squares = t->memory->squares;
    int n = t->config.n_batch;
    for (int b = 0; b < lesson->n_batches; b++) {
        mj_lookup_batch *batch = &w->batch[b % 2];
        for (int first = part * TILE; first < n; first += n_parts * TILE) {
            learn_tile(t, batch, &gains, lesson, lesson->first + (size_t)b, first,
                       n - first < TILE ? n - first : TILE);
        }
#pragma omp barrier
        for (int tile = 0; part == 0 && tile * TILE < n; tile++) {
            *total += w->bits[tile];
        }
        mj_lookup_backward(t->memory, batch, n, lesson->lr, part, n_parts);
        for (int h = part; has_head(t) && h < HEAD_PARTS; h += n_parts) {
            learn_head(t, HEAD_LR * lesson->lr, h);
        }
#pragma omp barrier
        mj_lookup_gains_update(&gains, &squares, t->memory, batch, n, lesson->lr);
    }
    if (part == 0) {
        t->memory->gains = gains;
        t->memory->squares = squares;
    }
}

double mj_lookup_text_learn(mj_lookup_text *t, const mj_lookup_lesson *lesson)
{
    double total = 0;
    int n_parts = 0;
#pragma omp parallel
    {
        int part;
#pragma omp atomic capture
        part = n_parts++;
#pragma omp barrier
        learn_part(t, lesson, &total, part, n_parts);
    }
    return total / ((double)lesson->n_batches * t->config.n_batch);
}

void mj_lookup_text_logits(mj_real *logits, mj_lookup_reader *reader, const mj_lookup_text *t,
                           const uint8_t *at)
{
    mj_lookup_batch *batch = &t->work->batch[0];
    const mj_lookup_contexts *contexts = &t->memory->contexts;
    for (int c = 0; c < contexts->n_copies; c++) {
        mj_copy_place_move(&reader->copy[c], &t->copy[c], at);
    }
    mj_lookup_place_find(batch->place, contexts, at, t->config.letter, reader->copy);
    memcpy(logits, find_logits(t, batch, &t->memory->gains, 0, 1, reader->noise, reader->key),
           t->columns * sizeof *logits);
    reader->key.step++;
}

void mj_lookup_text_predict(mj_real *p, mj_lookup_reader *reader, const mj_lookup_text *t,
                            const uint8_t *at)
{
    mj_lookup_text_logits(p, reader, t, at);
    mj_softmax_rows(p, 1, t->config.n_symbols, t->columns);
}

double mj_lookup_text_bits(const mj_lookup_text *t, const uint8_t *symbols, size_t n)
{
    mj_lookup_reader reader = {0};
    mj_real p[(256 + LANES - 1) / LANES * LANES];
    double bits = 0;
    for (size_t i = 0; i < n; i++) {
        mj_lookup_text_predict(p, &reader, t, symbols + i);
        bits -= log2((double)p[symbols[i]]);
    }
    return bits;
}
