/* Drifting: distances, two softmaxes, and the pull that is left.
 *
 * Both products are BLAS's: distances as |x|^2 + |y|^2 - 2 x.y, and the drifts of all temperatures as
 * one product of their weight matrices, stacked, with the samples. Rows of real and generated columns
 * stand side by side: L is [G, P + G], real first.
 *
 * The square root of the product of the two softmaxes needs both maxima, or the weights of far rows
 * would underflow: exp((2 L - max_row - max_column)/2) / sqrt(sum_row sum_column). */
#include "mj/drifting.h"

#include "mj/kernels.h"

#include <string.h>

const double mj_drift_temperature[MJ_DRIFT_TEMPERATURES] = {0.02, 0.05, 0.2};

/* Of the mean distance: drifts below it are rounding and would be blown up by the scaling. */
static const double NO_DRIFT = 64 * (double)MJ_REAL_EPSILON;
/* Distance of a sample to itself, in mean distances: its weight is 0 at every temperature. */
static const mj_real NEVER = 1000;

enum { T = MJ_DRIFT_TEMPERATURES };

/* Scratch, in the order in which it lies. M = P + G. */
typedef struct {
    mj_real *distance;               /* [G,M], over their mean */
    mj_real *weight;                 /* [T,G,M]: W+, then -W- */
    mj_real *drift;                  /* [T,G,D] */
    mj_real *row_max, *row_sum;      /* [G] */
    mj_real *column_max, *column_sum; /* [M] */
    mj_real *square;                 /* [M] */
    mj_real *line;                   /* [2,M] */
    mj_bf16 *sample;                 /* [M,D]: real, then generated; narrow only */
    mj_bf16 *weight_half;            /* [T,G,M] */
} scratch;

static size_t lay_out(scratch *s, mj_real *tmp, mj_drift_shape shape)
{
    mj_real *sample, *weight_half; /* two of their numbers in one */
    size_t G = (size_t)shape.n_generated, M = G + (size_t)shape.n_real, D = (size_t)shape.n_dims;
    const size_t count[] = {G * M, T * G * M, T * G * D, G, G, M, M, M, 2 * M,
                            shape.narrow ? (M * D + 1) / 2 : 0,
                            shape.narrow ? (T * G * M + 1) / 2 : 0};
    mj_real **const part[] = {&s->distance, &s->weight,     &s->drift,      &s->row_max,
                              &s->row_sum,  &s->column_max, &s->column_sum, &s->square,
                              &s->line,     &sample,        &weight_half};
    size_t used = 0;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        *part[i] = tmp ? tmp + used : NULL;
        used += (count[i] + 15) / 16 * 16;
    }
    s->sample = (mj_bf16 *)sample;
    s->weight_half = (mj_bf16 *)weight_half;
    return used;
}

size_t mj_drift_tmp(mj_drift_shape shape)
{
    scratch s;
    return lay_out(&s, NULL, shape);
}

MJ_CLONES static mj_real row_square(const mj_real *x, int D)
{
    mj_real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int d = 0; d < D; d++) {
        sum += x[d] * x[d];
    }
    return sum;
}

static void squares(mj_real *square, const mj_real *x, int n, int D)
{
    for (int i = 0; i < n; i++) {
        square[i] = row_square(x + (size_t)i * (size_t)D, D);
    }
}

/* row [M]: products x.y become distances; returns their sum. */
MJ_CLONES static mj_real row_distances(mj_real *restrict row, const mj_real *restrict square,
                                       mj_real here, int M)
{
    mj_real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int j = 0; j < M; j++) {
        mj_real d2 = here + square[j] - 2 * row[j];
        row[j] = mj_real_sqrt(d2 > 0 ? d2 : 0);
        sum += row[j];
    }
    return sum;
}

/* Distances [G,M] over their mean, which is returned; a sample is never near itself. */
static double distances(const scratch *s, const mj_real *generated, const mj_real *real,
                        mj_drift_shape shape)
{
    int G = shape.n_generated, P = shape.n_real, D = shape.n_dims, M = P + G;
    const mj_gemm_shape to_real = {.M = G, .N = P, .K = D, .transpose_b = true, .ldc = M};
    const mj_gemm_shape to_own = {.M = G, .N = G, .K = D, .transpose_b = true, .ldc = M};
    if (shape.narrow) {
        const mj_bf16 *own = s->sample + (size_t)P * (size_t)D;
        mj_bf16_round(s->sample, real, (size_t)P * (size_t)D);
        mj_bf16_round(s->sample + (size_t)P * (size_t)D, generated, (size_t)G * (size_t)D);
        mj_gemm_bf16(s->distance, own, s->sample, to_real);
        mj_gemm_bf16(s->distance + P, own, own, to_own);
    } else {
        mj_gemm(s->distance, generated, real, to_real);
        mj_gemm(s->distance + P, generated, generated, to_own);
    }
    squares(s->square, real, P, D);
    squares(s->square + P, generated, G, D);
    double sum = 0;
    for (int i = 0; i < G; i++) {
        mj_real *row = s->distance + (size_t)i * (size_t)M;
        sum += (double)row_distances(row, s->square, s->square[P + i], M) - (double)row[P + i];
    }
    double mean = sum / ((double)G * (M - 1));
    mj_real over = mean > 0 ? (mj_real)(1 / mean) : 0;
    for (size_t k = 0; k < (size_t)G * (size_t)M; k++) {
        s->distance[k] *= over;
    }
    for (int i = 0; i < G; i++) {
        s->distance[(size_t)i * (size_t)M + (size_t)(P + i)] = NEVER;
    }
    return mean;
}

/* Smallest of a row; column [M] becomes no larger than the row. */
MJ_CLONES static mj_real row_smallest(mj_real *restrict column, const mj_real *restrict row, int M)
{
    mj_real least = NEVER;
#pragma omp simd reduction(min : least)
    for (int j = 0; j < M; j++) {
        least = row[j] < least ? row[j] : least;
        column[j] = row[j] < column[j] ? row[j] : column[j];
    }
    return least;
}

/* Largest logit of each row and column: minus the smallest distance. They serve every temperature. */
static void smallest(const scratch *s, int G, int M)
{
    for (int j = 0; j < M; j++) {
        s->column_max[j] = NEVER;
    }
    for (int i = 0; i < G; i++) {
        s->row_max[i] = row_smallest(s->column_max, s->distance + (size_t)i * (size_t)M, M);
    }
}

/* Exponents of a row under both softmaxes: line [2,M]. */
MJ_CLONES static void row_exponents(mj_real *restrict line, const mj_real *restrict row,
                                    const mj_real *restrict column_max, mj_real least, mj_real over,
                                    int M)
{
#pragma omp simd
    for (int j = 0; j < M; j++) {
        line[j] = (least - row[j]) * over;
        line[M + j] = (column_max[j] - row[j]) * over;
    }
}

MJ_CLONES static mj_real row_total(const mj_real *line, int M)
{
    mj_real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int j = 0; j < M; j++) {
        sum += line[j];
    }
    return sum;
}

/* A [G,M] = sqrt(row softmax * column softmax) of -distance / tau: the exponents' mean. */
static void affinities(mj_real *A, const scratch *s, double tau, int G, int M)
{
    mj_real over = (mj_real)(1 / tau);
    mj_fill(s->column_sum, 0, (size_t)M);
    for (int i = 0; i < G; i++) {
        const mj_real *row = s->distance + (size_t)i * (size_t)M;
        row_exponents(s->line, row, s->column_max, s->row_max[i], over, M);
        mj_exp(s->line, s->line, 2 * (size_t)M);
        s->row_sum[i] = row_total(s->line, M);
        mj_add_scaled(s->column_sum, s->line + M, 1, (size_t)M);
    }
    for (int j = 0; j < M; j++) {
        s->column_sum[j] = 1 / mj_real_sqrt(s->column_sum[j]);
    }
    for (int i = 0; i < G; i++) {
        const mj_real *row = s->distance + (size_t)i * (size_t)M;
        mj_real *a = A + (size_t)i * (size_t)M;
        row_exponents(s->line, row, s->column_max, s->row_max[i], over / 2, M);
        mj_fill(a, 0, (size_t)M);
        mj_add_scaled(s->line, s->line + M, 1, (size_t)M);
        mj_exp(s->line, s->line, (size_t)M);
        mj_add_product(a, s->line, s->column_sum, 1 / mj_real_sqrt(s->row_sum[i]), (size_t)M);
    }
}

/* A [G,M] becomes W+ on real columns and -W- on generated ones. */
static void balance(mj_real *A, int G, int P)
{
    for (int i = 0; i < G; i++) {
        mj_real *a = A + (size_t)i * (size_t)(P + G);
        mj_real pull = row_total(a, P), push = row_total(a + P, G);
        for (int j = 0; j < P + G; j++) {
            a[j] *= j < P ? push : -pull;
        }
    }
}

/* Mean length of the rows of x [n,D]. */
static double mean_length(mj_real *square, const mj_real *x, int n, int D)
{
    double sum = 0;
    squares(square, x, n, D);
    for (int i = 0; i < n; i++) {
        sum += sqrt((double)square[i]);
    }
    return sum / n;
}

double mj_drift_gradient(mj_real *dgenerated, mj_real *tmp, const mj_real *generated,
                         const mj_real *real, double weight, mj_drift_shape shape)
{
    int G = shape.n_generated, P = shape.n_real, D = shape.n_dims, M = P + G;
    size_t pairs = (size_t)G * (size_t)M, size = (size_t)G * (size_t)D;
    double left = 0;
    scratch s;
    lay_out(&s, tmp, shape);
    double mean = distances(&s, generated, real, shape);
    if (!(mean > 0)) {
        return 0;
    }
    smallest(&s, G, M);
    for (int t = 0; t < T; t++) {
        affinities(s.weight + (size_t)t * pairs, &s, mj_drift_temperature[t], G, M);
        balance(s.weight + (size_t)t * pairs, G, P);
    }
    if (shape.narrow) {
        mj_bf16_round(s.weight_half, s.weight, T * pairs);
        mj_gemm_bf16(s.drift, s.weight_half, s.sample, (mj_gemm_shape){.M = T * G, .N = D, .K = M});
    } else {
        mj_gemm(s.drift, s.weight, real, (mj_gemm_shape){.M = T * G, .N = D, .K = P, .lda = M});
        mj_gemm(s.drift, s.weight + P, generated,
                (mj_gemm_shape){.M = T * G, .N = D, .K = G, .lda = M, .add = true});
    }
    for (int t = 0; t < T; t++) {
        const mj_real *drift = s.drift + (size_t)t * size;
        double length = mean_length(s.square, drift, G, D);
        left = length / mean;
        if (left > NO_DRIFT) {
            double factor = -2 * weight / ((double)G * D * length);
            mj_add_scaled(dgenerated, drift, (mj_real)factor, size);
        }
    }
    return left;
}
