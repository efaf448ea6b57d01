/* Causal attention with grouped queries, a sliding span, rotary positions and a cache.
 *
 *   x [B,T,(H+2V)d] = (q [H,d], k [V,d], v [V,d]) of every step, H a multiple of V [ainslie2023]
 *   a_tj = softmax over j of (R_t q_t) . (R_j k_j) / sqrt(d)    j = t - span + 1 .. t
 *   y [B,T,H d] = sum_j a_tj v_j
 *
 * R_t turns the pairs (i, i + d/2) of a head by t base^(-2i/d) [su2021]; a score depends on t - j.
 *
 * Turned keys and values of the segment go to the cache behind those of the steps before it, so
 * that all keys of a query stand in a row and each head is two products for a block of queries; no
 * more scores than a block's exist at a time. The cache of a stream has two halves; when one is
 * full, the last span - 1 steps are copied to the start of the other, so a repeated forward finds
 * all it had. What is carried: how many steps a stream has seen (in two numbers, since a float
 * counts to 2^24), the half, and the row where the next step goes. Backward has kept log sum exp of
 * every query and computes the scores again; no gradient goes to steps before the segment. With
 * cache_bits a head's key and its value go to the cache at levels; their gradients go straight
 * through [bengio2013]. */
#include "sequence.h"

#include "mj/analog.h"
#include "mj/counts.h"
#include "mj/fast_math.h"

#include <assert.h>
#include <string.h>

enum { QUERY_BLOCK = 64 };
enum { SEEN_LOW, SEEN_HIGH, HALF, ROW, N_CARRIED };

static const double SEEN_UNIT = 0x1p20, TWO_PI = 6.283185307179586;

typedef struct {
    size_t B, T, H, V, d; /* streams, steps, heads of queries and of keys, width of a head */
    size_t past;          /* span - 1 */
    size_t half_rows, row; /* of the cache: rows of a half, reals of a row */
    int cache_bits;
    double base;
} sizes;

static sizes sizes_of(mj_shape x, const mj_attention_config *config)
{
    sizes s = {.B = (size_t)x.dim[0], .T = (size_t)x.dim[1], .H = (size_t)config->heads,
               .V = (size_t)(config->kv_heads ? config->kv_heads : config->heads),
               .past = (size_t)config->span - 1, .cache_bits = config->cache_bits,
               .base = config->rotary_base};
    s.d = (size_t)x.dim[2] / (s.H + 2 * s.V);
    s.half_rows = s.past + (s.T > s.past ? s.T : s.past);
    s.row = 2 * s.V * s.d;
    return s;
}

/* Scratch of a stream: turned queries and their gradients, gradients of keys and values, cosines
 * and sines, two blocks of scores. */
typedef struct {
    mj_real *q, *dq, *dkv, *turn, *score, *dscore;
} scratch;

static size_t scratch_count(const sizes *s)
{
    return s->T * (2 * s->H * s->d + s->row + s->d) + 2 * QUERY_BLOCK * (s->past + s->T);
}

static scratch scratch_of(mj_real *tmp, const sizes *s)
{
    scratch m = {.q = tmp};
    m.dq = m.q + s->T * s->H * s->d;
    m.dkv = m.dq + s->T * s->H * s->d;
    m.turn = m.dkv + s->T * s->row;
    m.score = m.turn + s->T * s->d;
    m.dscore = m.score + QUERY_BLOCK * (s->past + s->T);
    return m;
}

static mj_status plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config, mj_err *err)
{
    (void)n_in;
    const mj_attention_config *a = config;
    int V = a->kv_heads ? a->kv_heads : a->heads;
    bool heads_fit = is_sequence(in[0]) && a->heads > 0 && V > 0 && a->heads % V == 0 &&
                     in[0].dim[2] % (a->heads + 2 * V) == 0;
    if (!heads_fit || (a->rotary_base != 0 && in[0].dim[2] / (a->heads + 2 * V) % 2)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "attention: [B,T,(heads + 2 kv_heads) d] with d even for rotary "
                          "positions and heads a multiple of kv_heads; %d columns, %d and %d heads",
                          mj_shape_columns(in[0]), a->heads, V);
    }
    if (a->span < 1 || !(a->rotary_base >= 0)) {
        return bad_shape(err, "attention: a span below 1 or a negative rotary base");
    }
    const mj_analog cache = {.activation_bits = a->cache_bits};
    MJ_TRY(mj_analog_check(&cache, err));
    sizes s = sizes_of(in[0], a);
    *plan = (mj_plan){.out = mj_shape_3(in[0].dim[0], in[0].dim[1], (int)(s.H * s.d)),
                      .n_kept = s.B * s.H * s.T, .n_tmp = s.B * scratch_count(&s),
                      .n_state = N_CARRIED, .n_cache = 2 * s.half_rows * s.row};
    double tokens = (double)s.B * (double)s.T, d = (double)s.d, H = (double)s.H;
    plan->mac = 2 * (double)mj_shape_count(plan->out) * a->span;
    plan->moved = tokens * (a->span + 1.0) * (double)s.row; /* its row and `span` read */
    plan->vector = tokens * H * a->span * MJ_SOFTMAX_OPS;
    plan->vector += a->cache_bits > 0 ? tokens * (double)s.row * MJ_ROUND_OPS : 0;
    if (a->rotary_base != 0) { /* angles of half a head; queries and keys turned */
        plan->vector += tokens * (d / 2 * (MJ_SINCOS_OPS + 3) + (H + (double)s.V) * d * 3);
    }
    return MJ_OK;
}

/* Where a stream's segment stands. */
typedef struct {
    double seen;    /* steps before it */
    size_t past;    /* of them in the cache, at most span - 1 */
    mj_real *first; /* row of the first of these; the segment's follow */
    mj_real *from;  /* where they are copied from; NULL if they stay */
} place;

static place place_of(const mj_real *state, mj_real *cache, const sizes *s, mj_real *next)
{
    place p = {.seen = (double)state[SEEN_HIGH] * SEEN_UNIT + (double)state[SEEN_LOW]};
    size_t half = (size_t)state[HALF], row = (size_t)state[ROW];
    p.past = p.seen < (double)s->past ? (size_t)p.seen : s->past;
    size_t first = row - p.past;
    if (row + s->T > s->half_rows) {
        p.from = cache + (half * s->half_rows + first) * s->row;
        half = 1 - half;
        first = 0;
    }
    p.first = cache + (half * s->half_rows + first) * s->row;
    if (next) {
        double seen = p.seen + (double)s->T, high = floor(seen / SEEN_UNIT);
        next[SEEN_LOW] = (mj_real)(seen - high * SEEN_UNIT);
        next[SEEN_HIGH] = (mj_real)high;
        next[HALF] = (mj_real)half;
        next[ROW] = (mj_real)(first + p.past + s->T);
    }
    return p;
}

/* turn [T,d]: d/2 cosines and d/2 sines of the angles of a step. angles [T,d/2] is scratch. */
static void turn_fill(mj_real *turn, mj_real *angles, double seen, const sizes *s)
{
    size_t n = s->d / 2;
    for (size_t i = 0; s->base != 0 && i < n; i++) {
        double rate = pow(s->base, -2.0 * (double)i / (double)s->d);
        for (size_t t = 0; t < s->T; t++) {
            double angle = (seen + (double)t) * rate / TWO_PI;
            angles[t * n + i] = (mj_real)(TWO_PI * (angle - rint(angle)));
        }
    }
    for (size_t t = 0; s->base != 0 && t < s->T; t++) {
        mj_sincos(turn + t * s->d + n, turn + t * s->d, angles + t * n, n);
    }
}

/* y [n_heads,d] = or += factor R x, or R^-1 x if `back`. */
MJ_CLONES static void turn_heads(mj_real *restrict y, const mj_real *restrict x,
                                 const mj_real *restrict turn, size_t n_heads, size_t d,
                                 mj_real factor, bool back)
{
    size_t n = d / 2;
    mj_real sign = back ? -factor : factor, add = back ? 1 : 0;
    for (size_t h = 0; h < n_heads; h++, x += d, y += d) {
#pragma omp simd
        for (size_t i = 0; i < n; i++) {
            mj_real c = factor * turn[i], sine = sign * turn[n + i], a = x[i], b = x[n + i];
            y[i] = add * y[i] + c * a - sine * b;
            y[n + i] = add * y[n + i] + sine * a + c * b;
        }
    }
}

static void turn_step(mj_real *y, const mj_real *x, const mj_real *turn, size_t n_heads,
                      const sizes *s, mj_real factor, bool back)
{
    if (s->base != 0) {
        turn_heads(y, x, turn, n_heads, s->d, factor, back);
        return;
    }
    for (size_t i = 0; i < n_heads * s->d; i++) {
        y[i] = (back ? y[i] : 0) + factor * x[i];
    }
}

/* Turned and scaled queries to m->q. */
static void queries_turn(const scratch *m, const mj_real *x, const sizes *s)
{
    size_t columns = (s->H + 2 * s->V) * s->d;
    for (size_t t = 0; t < s->T; t++) {
        turn_step(m->q + t * s->H * s->d, x + t * columns, m->turn + t * s->d, s->H, s,
                  1 / mj_real_sqrt((mj_real)s->d), false);
    }
}

static void cache_append(const place *p, const scratch *m, const mj_real *x, const sizes *s)
{
    size_t columns = (s->H + 2 * s->V) * s->d, keys = s->V * s->d;
    if (p->from) {
        mj_copy(p->first, p->from, p->past * s->row);
    }
    for (size_t t = 0; t < s->T; t++) {
        mj_real *row = p->first + (p->past + t) * s->row;
        const mj_real *k = x + t * columns + s->H * s->d;
        turn_step(row, k, m->turn + t * s->d, s->V, s, 1, false);
        mj_copy(row + keys, k + keys, keys);
        if (s->cache_bits) {
            mj_quantise_rows(row, row, 2 * s->V, s->d, s->cache_bits);
        }
    }
}

/* A block of queries of one head and the keys that any of them sees, counted from the first in the
 * cache. */
typedef struct {
    size_t start, n;          /* queries */
    size_t key, n_keys;       /* keys */
    const mj_real *q, *k, *v; /* first query, key and value of the block */
} block;

static block block_of(const scratch *m, const place *p, const sizes *s, size_t head, size_t start)
{
    block b = {.start = start, .n = s->T - start < QUERY_BLOCK ? s->T - start : QUERY_BLOCK};
    size_t at = p->past + start, group = head / (s->H / s->V);
    b.key = at > s->past ? at - s->past : 0;
    b.n_keys = at + b.n - b.key;
    b.q = m->q + (start * s->H + head) * s->d;
    b.k = p->first + b.key * s->row + group * s->d;
    b.v = b.k + s->V * s->d;
    return b;
}

/* Query i of a block sees keys first_of .. last_of - 1 of it. */
static size_t first_of(const block *b, const place *p, const sizes *s, size_t i)
{
    size_t at = p->past + b->start + i;
    return (at > s->past ? at - s->past : 0) - b->key;
}

static size_t last_of(const block *b, const place *p, size_t i)
{
    return p->past + b->start + i + 1 - b->key;
}

/* C [M,N] = A B^T, or A B: a product with row lengths of its own. */
static void product(mj_real *C, const mj_real *A, const mj_real *B, size_t M, size_t N, size_t K,
                    const size_t ld[3], bool transpose_b)
{
    mj_gemm(C, A, B, (mj_gemm_shape){.M = (int)M, .N = (int)N, .K = (int)K,
                                     .transpose_b = transpose_b, .ldc = (int)ld[0],
                                     .lda = (int)ld[1], .ldb = (int)ld[2]});
}

/* Softmax of x over [first, last), zeros elsewhere; returns log sum exp. */
MJ_CLONES static mj_real softmax_part(mj_real *x, size_t first, size_t last, size_t n)
{
    mj_real top = x[first], sum = 0;
    for (size_t j = first + 1; j < last; j++) {
        top = x[j] <= top ? top : x[j];
    }
#pragma omp simd reduction(+ : sum)
    for (size_t j = first; j < last; j++) {
        x[j] = mj_fast_exp(x[j] - top);
        sum += x[j];
    }
    mj_real scale = 1 / sum;
    for (size_t j = 0; j < n; j++) {
        x[j] = j >= first && j < last ? x[j] * scale : 0;
    }
    return top + mj_fast_log(sum);
}

/* y [T,H d] and, unless NULL, kept [H,T] of a stream. */
static void stream_forward(mj_real *y, mj_real *kept, const place *p, const scratch *m,
                           const sizes *s)
{
    size_t width = s->H * s->d;
    for (size_t head = 0; head < s->H; head++) {
        for (size_t start = 0; start < s->T; start += QUERY_BLOCK) {
            block b = block_of(m, p, s, head, start);
            product(m->score, b.q, b.k, b.n, b.n_keys, s->d,
                    (const size_t[]){b.n_keys, width, s->row}, true);
            for (size_t i = 0; i < b.n; i++) {
                mj_real sum = softmax_part(m->score + i * b.n_keys, first_of(&b, p, s, i),
                                           last_of(&b, p, i), b.n_keys);
                if (kept) {
                    kept[head * s->T + start + i] = sum;
                }
            }
            product(y + start * width + head * s->d, m->score, b.v, b.n, s->d, b.n_keys,
                    (const size_t[]){width, b.n_keys, s->row}, false);
        }
    }
}

/* Inside the loop over streams a product has one thread. */
static bool threads_pay(const sizes *s)
{
    return s->B > 1 && s->B * s->T * s->H * s->d >= THREADS_MIN;
}

static void forward(const mj_call *call)
{
    sizes s = sizes_of(call->in[0].shape, call->config);
    size_t columns = (s.H + 2 * s.V) * s.d, width = s.H * s.d;
    int n_threads = mj_threads();
    mj_threads_set(threads_pay(&s) ? 1 : n_threads);
#pragma omp parallel for schedule(static) num_threads(n_threads) if (threads_pay(&s))
    for (size_t b = 0; b < s.B; b++) {
        const mj_real *x = call->in[0].v + b * s.T * columns;
        scratch m = scratch_of(call->tmp + b * scratch_count(&s), &s);
        place p = place_of(call->state + b * N_CARRIED, call->cache + 2 * b * s.half_rows * s.row,
                           &s, call->state_next + b * N_CARRIED);
        turn_fill(m.turn, m.dq, p.seen, &s);
        queries_turn(&m, x, &s);
        cache_append(&p, &m, x, &s);
        stream_forward(call->out.v + b * s.T * width,
                       call->kept ? call->kept + b * s.H * s.T : NULL, &p, &m, &s);
    }
    mj_threads_set(n_threads);
}

/* a [n] from scores: exp(a - sum) in [first, last), 0 elsewhere; ds = a (da - dy . y). */
MJ_CLONES static void scores_back(mj_real *restrict a, mj_real *restrict ds,
                                  const mj_real *restrict dy, const mj_real *restrict y, size_t d,
                                  mj_real sum, size_t first, size_t last, size_t n)
{
    mj_real mean = 0;
    for (size_t i = 0; i < d; i++) {
        mean += dy[i] * y[i];
    }
#pragma omp simd
    for (size_t j = 0; j < n; j++) {
        mj_real seen = j >= first && j < last ? mj_fast_exp(a[j] - sum) : 0;
        a[j] = seen;
        ds[j] = seen * (ds[j] - mean);
    }
}

/* dkv of the block's keys of this segment += scores^T rows, rows [n,d] with row length ld. */
static void keys_back(mj_real *d, const mj_real *score, const mj_real *rows, const block *b,
                      const place *p, const sizes *s, size_t ld)
{
    size_t skip = b->key < p->past ? p->past - b->key : 0;
    size_t row = b->key + skip - p->past;
    mj_gemm(d + row * s->row, score + skip, rows,
            (mj_gemm_shape){.M = (int)(b->n_keys - skip), .N = (int)s->d, .K = (int)b->n,
                            .transpose_a = true, .add = true, .lda = (int)b->n_keys,
                            .ldb = (int)ld, .ldc = (int)s->row});
}

/* Gradients of the turned queries, and of turned keys and values of the segment. */
static void stream_backward(const mj_real *dy, const mj_real *y, const mj_real *kept,
                            const place *p, const scratch *m, const sizes *s)
{
    size_t width = s->H * s->d;
    memset(m->dkv, 0, s->T * s->row * sizeof *m->dkv);
    for (size_t head = 0; head < s->H; head++) {
        for (size_t start = 0; start < s->T; start += QUERY_BLOCK) {
            block b = block_of(m, p, s, head, start);
            size_t at = start * width + head * s->d, group = head / (s->H / s->V) * s->d;
            const size_t ld[] = {b.n_keys, width, s->row};
            product(m->score, b.q, b.k, b.n, b.n_keys, s->d, ld, true);
            product(m->dscore, dy + at, b.v, b.n, b.n_keys, s->d, ld, true);
            for (size_t i = 0; i < b.n; i++) {
                scores_back(m->score + i * b.n_keys, m->dscore + i * b.n_keys, dy + at + i * width,
                            y + at + i * width, s->d, kept[head * s->T + start + i],
                            first_of(&b, p, s, i), last_of(&b, p, i), b.n_keys);
            }
            product(m->dq + at, m->dscore, b.k, b.n, s->d, b.n_keys,
                    (const size_t[]){width, b.n_keys, s->row}, false);
            keys_back(m->dkv + group, m->dscore, b.q, &b, p, s, width);
            keys_back(m->dkv + s->V * s->d + group, m->score, dy + at, &b, p, s, width);
        }
    }
}

/* Adds to dx [T,(H+2V)d] of a stream: turned back. */
static void gradients_turn(mj_real *dx, const scratch *m, const sizes *s)
{
    size_t columns = (s->H + 2 * s->V) * s->d, keys = s->V * s->d;
    for (size_t t = 0; t < s->T; t++, dx += columns) {
        const mj_real *turn = m->turn + t * s->d, *dkv = m->dkv + t * s->row;
        turn_step(dx, m->dq + t * s->H * s->d, turn, s->H, s, 1 / mj_real_sqrt((mj_real)s->d),
                  true);
        turn_step(dx + s->H * s->d, dkv, turn, s->V, s, 1, true);
        mj_real *dv = dx + s->H * s->d + keys;
        for (size_t i = 0; i < keys; i++) {
            dv[i] += dkv[keys + i];
        }
    }
}

static void backward(const mj_call *call)
{
    sizes s = sizes_of(call->in[0].shape, call->config);
    size_t columns = (s.H + 2 * s.V) * s.d, width = s.H * s.d;
    int n_threads = mj_threads();
    mj_threads_set(threads_pay(&s) ? 1 : n_threads);
#pragma omp parallel for schedule(static) num_threads(n_threads) if (threads_pay(&s))
    for (size_t b = 0; b < s.B; b++) {
        scratch m = scratch_of(call->tmp + b * scratch_count(&s), &s);
        place p = place_of(call->state + b * N_CARRIED, call->cache + 2 * b * s.half_rows * s.row,
                           &s, NULL);
        turn_fill(m.turn, m.dq, p.seen, &s);
        queries_turn(&m, call->in[0].v + b * s.T * columns, &s);
        stream_backward(call->out.d + b * s.T * width, call->out.v + b * s.T * width,
                        call->kept + b * s.H * s.T, &p, &m, &s);
        gradients_turn(call->in[0].d + b * s.T * columns, &m, &s);
    }
    mj_threads_set(n_threads);
}

static const mj_example EXAMPLES[] = {
    {.in = {{3, {2, 5, 12}}}, .n_in = 1,
     .config = &(const mj_attention_config){.heads = 1, .span = 16, .rotary_base = 100}},
    {.in = {{3, {2, 6, 16}}}, .n_in = 1, /* groups of two, a span shorter than a segment */
     .config = &(const mj_attention_config){.heads = 4, .kv_heads = 2, .span = 3,
                                            .rotary_base = 100}},
    {.in = {{3, {1, 3, 9}}}, .n_in = 1,
     .config = &(const mj_attention_config){.heads = 1, .span = 1}},
    {.in = {{3, {1, 70, 6}}}, .n_in = 1, /* more than a block of queries */
     .config = &(const mj_attention_config){.heads = 1, .span = 66, .rotary_base = 10000}},
};
const mj_layer mj_attention_row = {
    .name = "attention", .config_size = sizeof(mj_attention_config), .n_in_min = 1, .n_in_max = 1,
    .plan = plan, .forward = forward, .backward = backward, .example = EXAMPLES,
    .n_examples = N_OF(EXAMPLES),
};

mj_var mj_attention(mj_tape *tape, mj_var x, mj_attention_config config)
{
    return mj_tape_apply(tape, &mj_attention_row, &config, &x, 1);
}
