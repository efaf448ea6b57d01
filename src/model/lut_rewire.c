/* Rewiring of soft look-up tables by the gradient.
 *
 * Let a table read a and ignore b. If it began to use a signal x, with the change e0 x' where a = 0 and
 * e1 x' where a = 1 (x' = x - its mean), the loss would move by e0 G0 + e1 G1, with
 *   G1 = sum over samples of dy a x',   G0 = sum of dy (1 - a) x',
 * so that |G0| + |G1| says what x could bring. All x at once are two products of matrices. */
#include "mj/soft_lut.h"

#include "mj/fast_math.h"
#include "mj/kernels.h"

#include <math.h>
#include <string.h>

enum { BLOCK_TABLES = 64 };
/* An input whose entries differ by less than this, on the scale from 0 to 1, is ignored. */
static const double IGNORED = 0.25;
/* Entries of a table that begins anew do so no farther from 1/2 than these logits. */
static const double FRESH = 1.0;

static int signals_of(const mj_soft_lut *net, int layer)
{
    return layer > 0 ? net->width[layer - 1] : net->n_inputs;
}

/* What the layers read and the slopes of what they say, all batches of a row in turn; then centred signals,
 * weighted slopes of a block of tables, their products; a gain a table. */
size_t mj_soft_lut_seen(const mj_soft_lut *net, int B, int n_batches)
{
    size_t widest = 0, longest = 0, rows = 0, K = (size_t)B * (size_t)n_batches;
    for (int l = 0; l < net->depth; l++) {
        size_t S = (size_t)signals_of(net, l), N = (size_t)net->width[l];
        widest = S > widest ? S : widest;
        longest = N > longest ? N : longest;
        rows += S + N;
    }
    return (rows + widest + 2 * BLOCK_TABLES) * K + 2 * BLOCK_TABLES * widest + 3 * longest;
}

/* Rows of B to a place in rows of K. */
static mj_real *copy_rows(mj_real *to, const mj_real *from, size_t rows, size_t B, size_t K, size_t at)
{
    for (size_t r = 0; r < rows; r++) {
        memcpy(to + r * K + at, from + r * B, B * sizeof *to);
    }
    return to + rows * K;
}

void mj_soft_lut_watch(mj_real *seen, mj_tape *tape, const mj_soft_lut *net, const mj_soft_lut_vars *vars,
                       int batch, int n_batches)
{
    for (int l = 0; l < net->depth; l++) {
        mj_tensor x = mj_tape_tensor(tape, l > 0 ? vars->y[l - 1] : vars->x);
        mj_tensor y = mj_tape_tensor(tape, vars->y[l]);
        size_t B = (size_t)x.shape.dim[1], K = B * (size_t)n_batches, at = B * (size_t)batch;
        seen = copy_rows(seen, x.v, (size_t)signals_of(net, l), B, K, at);
        seen = copy_rows(seen, y.d, (size_t)net->width[l], B, K, at);
    }
}

/* Which of two inputs the table ignores; -1: neither. */
static int ignored_input(const mj_real *w)
{
    double p[4], most[2];
    for (int i = 0; i < 4; i++) {
        p[i] = (double)mj_fast_sigmoid(w[i]);
    }
    most[0] = fmax(fabs(p[1] - p[0]), fabs(p[3] - p[2]));
    most[1] = fmax(fabs(p[2] - p[0]), fabs(p[3] - p[1]));
    int less = most[1] <= most[0];
    return most[less] < IGNORED ? less : -1;
}

static void centre(mj_real *to, const mj_real *x, size_t S, size_t B)
{
    for (size_t s = 0; s < S; s++, x += B, to += B) {
        mj_real mean = 0;
        for (size_t b = 0; b < B; b++) {
            mean += x[b] / (mj_real)B;
        }
        for (size_t b = 0; b < B; b++) {
            to[b] = x[b] - mean;
        }
    }
}

/* What stands where, of one layer. */
typedef struct {
    size_t S, B; /* B samples of all batches */
    int N;
    const mj_real *x, *dy;
    mj_tensor w;
    int *wire;
    mj_real *centred, *pull, *product; /* [S,B], [2 tables,B], [2 tables,S] */
    mj_real *gain, *source, *sorted;   /* [N] */
} layer_view;

/* pull: rows dy a and dy (1 - a) of a table. */
static void fill_pull(const layer_view *v, int table, int kept, mj_real *pull)
{
    const mj_real *a = v->x + (size_t)v->wire[2 * table + kept] * v->B;
    const mj_real *dy = v->dy + (size_t)table * v->B;
    for (size_t b = 0; b < v->B; b++) {
        pull[b] = dy[b] * a[b];
        pull[v->B + b] = dy[b] - pull[b];
    }
}

/* The best source of each table of a block, and what it brings; 0 for tables that use both inputs. */
static void find_sources(const layer_view *v, int first, int n)
{
    for (int i = 0; i < n; i++) {
        int idle = ignored_input(v->w.v + 4 * (first + i));
        fill_pull(v, first + i, idle == 0 ? 1 : 0, v->pull + 2 * (size_t)i * v->B);
    }
    mj_gemm(v->product, v->pull, v->centred,
            (mj_gemm_shape){.M = 2 * n, .N = (int)v->S, .K = (int)v->B, .transpose_b = true});
    for (int i = 0; i < n; i++) {
        const mj_real *one = v->product + 2 * (size_t)i * v->S, *zero = one + v->S;
        int idle = ignored_input(v->w.v + 4 * (first + i));
        int kept = idle < 0 ? -1 : v->wire[2 * (first + i) + !idle];
        v->gain[first + i] = 0;
        for (size_t s = 0; idle >= 0 && s < v->S; s++) {
            mj_real gain = mj_real_abs(one[s]) + mj_real_abs(zero[s]);
            if (gain > v->gain[first + i] && (int)s != kept) {
                v->gain[first + i] = gain;
                v->source[first + i] = (mj_real)s;
            }
        }
    }
}

/* The gain that `n` tables reach; by halving, as exact as is needed. */
static mj_real border_of(const mj_real *gain, int N, int n)
{
    mj_real low = 0, high = 0;
    for (int i = 0; i < N; i++) {
        high = gain[i] > high ? gain[i] : high;
    }
    for (int turn = 0; turn < 30; turn++) {
        mj_real middle = (low + high) / 2;
        int above = 0;
        for (int i = 0; i < N; i++) {
            above += gain[i] > middle;
        }
        low = above > n ? middle : low;
        high = above > n ? high : middle;
    }
    return high;
}

/* The wire moves; the table keeps its function of the other input, less certain of it. */
static void move_wire(const layer_view *v, int table)
{
    mj_real *w = v->w.v + 4 * table;
    int idle = ignored_input(w), step = 1 << idle;
    v->wire[2 * table + idle] = (int)v->source[table];
    for (int i = 0; i < 4; i++) {
        if (!(i & step)) {
            mj_real mean = (w[i] + w[i | step]) / 2;
            mean = mean > (mj_real)FRESH ? (mj_real)FRESH : mean < -(mj_real)FRESH ? -(mj_real)FRESH : mean;
            w[i] = w[i | step] = mean;
        }
    }
}

static int rewire_layer(const layer_view *v, double share)
{
    int n_moved = 0;
    for (int first = 0; first < v->N; first += BLOCK_TABLES) {
        int n = v->N - first < BLOCK_TABLES ? v->N - first : BLOCK_TABLES;
        find_sources(v, first, n);
    }
    mj_real border = border_of(v->gain, v->N, (int)(share * v->N));
    for (int n = 0; n < v->N; n++) {
        if (v->gain[n] > border) {
            move_wire(v, n);
            n_moved++;
        }
    }
    return n_moved;
}

int mj_soft_lut_rewire(mj_tape *tape, const mj_soft_lut *net, const mj_soft_lut_vars *vars, double share,
                       mj_real *seen, int n_batches)
{
    int n_moved = 0;
    size_t rows = 0, widest = 0, B = (size_t)mj_tape_tensor(tape, vars->x).shape.dim[1];
    for (int l = 0; l < net->depth; l++) {
        size_t S = (size_t)signals_of(net, l);
        rows += S + (size_t)net->width[l];
        widest = S > widest ? S : widest;
    }
    B *= (size_t)n_batches;
    mj_real *centred = seen + rows * B;
    for (int l = 0; l < net->depth; l++) {
        layer_view v = {.S = (size_t)signals_of(net, l), .B = B, .N = net->width[l], .x = seen,
                        .w = mj_tape_tensor(tape, vars->w[l]),
                        .wire = mj_tape_tensor(tape, vars->wires[l]).label, .centred = centred};
        v.dy = v.x + v.S * B;
        v.pull = v.centred + widest * B;
        v.product = v.pull + 2 * BLOCK_TABLES * B;
        v.gain = v.product + 2 * BLOCK_TABLES * widest;
        v.source = v.gain + v.N;
        centre(v.centred, v.x, v.S, B);
        n_moved += rewire_layer(&v, share);
        seen += (v.S + (size_t)v.N) * B;
    }
    return n_moved;
}
