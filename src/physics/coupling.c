/* From trainable couplings to those of a chip, and the limits of its wiring.
 *
 * Passive elements (a resistor, a capacitor between two oscillators) act both ways alike, hence the
 * symmetric form; active couplers are directed. Mismatch is relative and frozen at fabrication:
 * drawn once a chip, not a step. Precision is that of the DAC or switched array behind each
 * coupler, with one reference a row (2.6 standard deviations cover a trained row at 4 bits and
 * fewer: the few couplings beyond are worth less than finer levels for the rest). */
#include "mj/coupling.h"

#include <math.h>
#include <string.h>

#include "mj/rng.h"

enum { CLIP_BITS = 4 };                             /* so few clip instead of spanning all */
/* Of a chip's seed. The top bit keeps them apart from the noise of a tape with that seed, whose
 * steps stay below 2^31. */
static const uint64_t STREAM_COUPLING = 1ull << 63 | 1, STREAM_FREQUENCY = 1ull << 63 | 2;
static const double CLIP_SIGMAS = 2.6;

static size_t at(int i, int j, int n)
{
    return (size_t)i * (size_t)n + (size_t)j;
}

static bool allowed(const mj_coupling *c, int i, int j)
{
    return i != j && (!c->mask || (c->mask[at(i, j, c->n)] &&
                                   (!c->symmetric || c->mask[at(j, i, c->n)])));
}

/* One unit of the levels for rows [first, end) of K; 0 if they are empty. */
static double level_of(const mj_real *K, const mj_coupling *c, int first, int end)
{
    double largest = 0, squares = 0;
    size_t count = 0;
    for (int i = first; i < end; i++) {
        for (int j = 0; j < c->n; j++) {
            double k = fabs((double)K[at(i, j, c->n)]);
            largest = k > largest ? k : largest;
            squares += k * k;
            count += allowed(c, i, j);
        }
    }
    if (count == 0) {
        return 0;
    }
    double scale = c->bits > CLIP_BITS ? largest : CLIP_SIGMAS * sqrt(squares / (double)count);
    return scale / ((1 << (c->bits - 1)) - 1);
}

static void round_rows(mj_real *K, const mj_coupling *c, int first, int end)
{
    double level = level_of(K, c, first, end), top = (1 << (c->bits - 1)) - 1;
    if (!(level > 0)) {
        return;
    }
    for (size_t k = at(first, 0, c->n); k < at(end, 0, c->n); k++) {
        double q = rint(K[k] / level);
        K[k] = (mj_real)(level * (q > top ? top : q < -top ? -top : q));
    }
}

/* By a product: a mask is as good as random to the processor, and a branch would cost more. */
static void select_row(mj_real *restrict y, const mj_real *restrict x,
                       const uint8_t *restrict mask, int n)
{
#pragma omp simd
    for (int j = 0; j < n; j++) {
        y[j] = x[j] * (mj_real)(mask[j] != 0);
    }
}

/* Row i of G, masked. */
static void masked_row(mj_real *K, const mj_real *M, const mj_coupling *c, int i)
{
    int n = c->n;
    const mj_real *m = M + at(i, 0, n);
    if (c->symmetric) {
        for (int j = 0; j < n; j++) {
            K[j] = allowed(c, i, j) ? (m[j] + M[at(j, i, n)]) / 2 : 0;
        }
        return;
    }
    if (c->mask) {
        select_row(K, m, c->mask + at(i, 0, n), n);
    } else {
        memcpy(K, m, (size_t)n * sizeof *K);
    }
    K[i] = 0;
}

static void forward_segment(mj_real *K, const mj_real *M, const mj_coupling *c)
{
    int n = c->n;
#pragma omp parallel for schedule(static)
    for (int i = 0; i < n; i++) {
        masked_row(K + at(i, 0, n), M, c, i);
        if (c->bits > 0 && !c->symmetric) {
            round_rows(K, c, i, i + 1);
        }
    }
    if (c->bits > 0 && c->symmetric) {
        round_rows(K, c, 0, n);
    }
    for (size_t k = 0; k < at(n, 0, n) && c->factor; k++) {
        K[k] *= c->factor[k];
    }
}

void mj_coupling_forward(mj_real *K, const mj_real *M, const mj_coupling *coupling)
{
    int n_segments = coupling->n_segments > 0 ? coupling->n_segments : 1;
    size_t matrix = at(coupling->n, 0, coupling->n);
    for (int p = 0; p < n_segments; p++) {
        forward_segment(K + (size_t)p * matrix, M + (size_t)p * matrix, coupling);
    }
}

/* What K_ij passes on of its gradient to its parameter. */
static mj_real passed(const mj_real *dK, const mj_coupling *c, int i, int j)
{
    size_t k = at(i, j, c->n);
    return allowed(c, i, j) ? (c->factor ? c->factor[k] : 1) * dK[k] : 0;
}

static void backward_directed(mj_real *restrict d, const mj_real *restrict dK,
                              const mj_coupling *c, int i)
{
    const uint8_t *mask = c->mask ? c->mask + at(i, 0, c->n) : NULL;
    const mj_real *factor = c->factor ? c->factor + at(i, 0, c->n) : NULL;
    mj_real diagonal = d[i];
    for (int j = 0; j < c->n; j++) {
        mj_real k = mask ? dK[j] * (mj_real)(mask[j] != 0) : dK[j];
        d[j] += factor ? factor[j] * k : k;
    }
    d[i] = diagonal;
}

static void backward_symmetric(mj_real *d, const mj_real *dK, const mj_coupling *c, int i)
{
    for (int j = 0; j < c->n; j++) {
        d[j] += (passed(dK, c, i, j) + passed(dK, c, j, i)) / 2;
    }
}

static void backward_segment(mj_real *dM, const mj_real *dK, const mj_coupling *c)
{
#pragma omp parallel for schedule(static)
    for (int i = 0; i < c->n; i++) {
        if (c->symmetric) {
            backward_symmetric(dM + at(i, 0, c->n), dK, c, i);
        } else {
            backward_directed(dM + at(i, 0, c->n), dK + at(i, 0, c->n), c, i);
        }
    }
}

void mj_coupling_backward(mj_real *dM, const mj_real *dK, const mj_coupling *coupling)
{
    int n_segments = coupling->n_segments > 0 ? coupling->n_segments : 1;
    size_t matrix = at(coupling->n, 0, coupling->n);
    for (int p = 0; p < n_segments; p++) {
        backward_segment(dM + (size_t)p * matrix, dK + (size_t)p * matrix, coupling);
    }
}

void mj_coupling_draw_mismatch(mj_real *factor, double relative, bool symmetric, uint64_t seed,
                               int n)
{
    mj_rng rng;
    mj_rng_init(&rng, seed, STREAM_COUPLING);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            mj_real f = (mj_real)(1 + relative * mj_rng_normal(&rng));
            factor[at(i, j, n)] = symmetric && j < i ? factor[at(j, i, n)] : f;
        }
    }
}

void mj_frequency_draw_mismatch(mj_real *offset, double absolute, uint64_t seed, int n)
{
    mj_rng rng;
    mj_rng_init(&rng, seed, STREAM_FREQUENCY);
    for (int i = 0; i < n; i++) {
        offset[i] = (mj_real)(absolute * mj_rng_normal(&rng));
    }
}
