/* Sliced Wasserstein: products with the directions, a sort a line, and the coupling of quantiles.
 *
 * Projections and the way back to samples are BLAS's; a line of 200 numbers is sorted by runs of
 * insertion and merges, which need no recursion. On a line a sample carries the mass 1/G or 1/P, in
 * whole units of 1/(G P): P units a generated sample, G units a real one. A walk along both lists
 * pairs what stands at the same quantile. */
#include "mj/sliced.h"


enum { RUN = 8 }; /* shorter lists are sorted faster by insertion */

/* A projection and whose it is. */
typedef struct {
    mj_real at, sample; /* sample: a whole number, exact below 2^24 */
} point;

/* Scratch, in the order in which it lies. */
typedef struct {
    mj_real *generated; /* [L,G] projections, then dSW^2/dprojection */
    mj_real *real;      /* [L,P] */
    mj_real *square;    /* [L] W_l^2 */
    point *line;        /* [L, 2, 2 max(G, P)]: both sets of a line, each with room to merge */
} scratch;

static size_t larger_of(mj_sliced_shape s)
{
    return (size_t)(s.n_generated > s.n_real ? s.n_generated : s.n_real);
}

static size_t lay_out(scratch *s, mj_real *tmp, mj_sliced_shape shape)
{
    size_t L = (size_t)shape.n_projections, pairs = sizeof(point) / sizeof(mj_real);
    const size_t count[] = {L * (size_t)shape.n_generated, L * (size_t)shape.n_real, L,
                            L * 4 * larger_of(shape) * pairs};
    mj_real *part[4];
    size_t used = 0;
    for (int i = 0; i < 4; i++) {
        part[i] = tmp ? tmp + used : NULL;
        used += (count[i] + 15) / 16 * 16;
    }
    *s = (scratch){part[0], part[1], part[2], (point *)part[3]};
    return used;
}

size_t mj_sliced_tmp(mj_sliced_shape shape)
{
    scratch s;
    return lay_out(&s, NULL, shape);
}

/* A normal vector points everywhere alike. */
void mj_sliced_directions(mj_real *direction, mj_noise_key key, int n_projections, int n_dims)
{
    size_t D = (size_t)n_dims;
    mj_noise_normal(direction, 0, (size_t)n_projections * D, key);
    for (int l = 0; l < n_projections; l++) {
        mj_real *u = direction + (size_t)l * D;
        mj_real over = (mj_real)(1 / sqrt(mj_squares_sum(u, D)));
        for (size_t d = 0; d < D; d++) {
            u[d] *= over;
        }
    }
}

static void insert(point *x, int n)
{
    for (int i = 1; i < n; i++) {
        point moved = x[i];
        int k = i;
        for (; k > 0 && x[k - 1].at > moved.at; k--) {
            x[k] = x[k - 1];
        }
        x[k] = moved;
    }
}

static void merge(point *to, const point *a, int n_a, const point *b, int n_b)
{
    int i = 0, k = 0;
    while (i < n_a || k < n_b) {
        bool from_a = k == n_b || (i < n_a && a[i].at <= b[k].at);
        *to++ = from_a ? a[i++] : b[k++];
    }
}

/* The projections of one set on one line, sorted, in `from` or in `to`, which is returned. */
static const point *sort(point *from, point *to, const mj_real *projection, int n)
{
    for (int i = 0; i < n; i++) {
        from[i] = (point){projection[i], (mj_real)i};
    }
    for (int i = 0; i < n; i += RUN) {
        insert(from + i, n - i < RUN ? n - i : RUN);
    }
    for (int run = RUN; run < n; run *= 2) {
        for (int i = 0; i < n; i += 2 * run) {
            int n_a = n - i < run ? n - i : run, rest = n - i - n_a;
            merge(to + i, from + i, n_a, from + i + n_a, rest < run ? rest : run);
        }
        point *swapped = from;
        from = to;
        to = swapped;
    }
    return from;
}

/* W^2 of two sorted lines; slope [G] gets its derivative by each generated projection. */
static double couple(mj_real *slope, const point *g, const point *r, int G, int P)
{
    const double unit = 1 / ((double)G * P);
    double square = 0;
    int i = 0, k = 0, g_left = P, r_left = G;
    mj_fill(slope, 0, (size_t)G);
    while (i < G) {
        int moved = g_left < r_left ? g_left : r_left;
        double apart = (double)g[i].at - (double)r[k].at, mass = unit * moved;
        square += mass * apart * apart;
        slope[(int)g[i].sample] += (mj_real)(2 * mass * apart);
        g_left -= moved;
        r_left -= moved;
        if (g_left == 0) {
            i++;
            g_left = P;
        }
        if (r_left == 0) {
            k++;
            r_left = G;
        }
    }
    return square;
}

double mj_sliced_gradient(mj_real *dgenerated, mj_real *tmp, const mj_real *generated,
                          const mj_real *real, const mj_real *direction, double weight,
                          mj_sliced_shape shape)
{
    int G = shape.n_generated, P = shape.n_real, D = shape.n_dims, L = shape.n_projections;
    size_t room = larger_of(shape);
    scratch s;
    lay_out(&s, tmp, shape);
    mj_gemm(s.generated, direction, generated,
            (mj_gemm_shape){.M = L, .N = G, .K = D, .transpose_b = true});
    mj_gemm(s.real, direction, real,
            (mj_gemm_shape){.M = L, .N = P, .K = D, .transpose_b = true});
#pragma omp parallel for schedule(static)
    for (int l = 0; l < L; l++) {
        point *line = s.line + (size_t)l * 4 * room;
        mj_real *projected = s.generated + (size_t)l * (size_t)G;
        const point *g = sort(line, line + room, projected, G);
        const point *r = sort(line + 2 * room, line + 3 * room, s.real + (size_t)l * (size_t)P, P);
        s.square[l] = (mj_real)couple(projected, g, r, G, P);
    }
    double sum = 0;
    for (int l = 0; l < L; l++) {
        sum += (double)s.square[l];
    }
    mj_real factor = (mj_real)(weight / L);
    for (size_t k = 0; k < (size_t)L * (size_t)G; k++) {
        s.generated[k] *= factor;
    }
    mj_gemm(dgenerated, s.generated, direction,
            (mj_gemm_shape){.M = G, .N = D, .K = L, .transpose_a = true, .add = true});
    return sum / L;
}
