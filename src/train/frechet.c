/* Frechet distance and principal components: a cover of LAPACK, so that one file knows it.
 *
 * tr (C_a C_b)^(1/2) is the sum of the singular values of A'B, where C_a = AA' and C_b = BB' from the
 * symmetric eigen-solver. The usual way, square roots of eigenvalues of C_a C_b, turns a rounding of
 * 1e-16 in an empty direction into 1e-8; this way keeps 1e-15 and so gives equal Gaussians zero.
 *
 * Rows are taken in by blocks, each block's mean and scatter merged into the whole (Chan et al.), so
 * that a mean far from zero costs no digits. */
#include "mj/frechet.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256, UNROLL = 4, TILE = 32 };

mj_status mj_gaussian_init(mj_gaussian *gaussian, int d, mj_arena *arena, mj_err *err)
{
    size_t n = (size_t)d;
    *gaussian = (mj_gaussian){.d = d};
    gaussian->mean = mj_arena_array(arena, n, sizeof(double));
    gaussian->scatter = mj_arena_array(arena, n * n, sizeof(double));
    gaussian->block = mj_arena_array(arena, n * (BLOCK + 1), sizeof(double));
    return gaussian->mean && gaussian->scatter && gaussian->block
               ? MJ_OK
               : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory for %d features", d);
}

void mj_gaussian_clear(mj_gaussian *gaussian)
{
    size_t n = (size_t)gaussian->d;
    gaussian->n = 0;
    memset(gaussian->mean, 0, n * sizeof *gaussian->mean);
    memset(gaussian->scatter, 0, n * n * sizeof *gaussian->scatter);
}

/* scatter += products of UNROLL rows [UNROLL, d]; lower triangle. Rows together, because scatter is
 * larger than the caches next to the core and is passed over once for all of them. */
static void scatter_add(double *scatter, const double *row, int d)
{
    const double *r0 = row, *r1 = row + d, *r2 = row + 2 * (size_t)d, *r3 = row + 3 * (size_t)d;
    for (int i = 0; i < d; i++) {
        double *to = scatter + (size_t)i * (size_t)d;
        double a = r0[i], b = r1[i], c = r2[i], e = r3[i];
        for (int j = 0; j <= i; j++) {
            to[j] += a * r0[j] + b * r1[j] + c * r2[j] + e * r3[j];
        }
    }
}

/* Merges n <= BLOCK rows: deviations from the block's own mean, then the shift between the means. */
static void block_add(mj_gaussian *g, const mj_real *x, size_t n)
{
    size_t d = (size_t)g->d;
    double *mean = g->block + BLOCK * d;
    memset(mean, 0, d * sizeof *mean);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++) {
            mean[j] += (double)x[i * d + j];
        }
    }
    for (size_t j = 0; j < d; j++) {
        mean[j] /= (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++) {
            g->block[i * d + j] = (double)x[i * d + j] - mean[j];
        }
    }
    size_t padded = (n + UNROLL - 1) / UNROLL * UNROLL;
    memset(g->block + n * d, 0, (padded - n) * d * sizeof *g->block);
    for (size_t i = 0; i < padded; i += UNROLL) {
        scatter_add(g->scatter, g->block + i * d, g->d);
    }
    double total = (double)(g->n + n), weight = (double)g->n * (double)n / total;
    for (size_t j = 0; j < d; j++) {
        mean[j] -= g->mean[j];
    }
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            g->scatter[i * d + j] += weight * mean[i] * mean[j];
        }
        g->mean[i] += mean[i] * (double)n / total;
    }
    g->n += n;
}

void mj_gaussian_add(mj_gaussian *gaussian, const mj_real *x, size_t n)
{
    for (size_t i = 0; i < n; i += BLOCK) {
        block_add(gaussian, x + i * (size_t)gaussian->d, n - i < BLOCK ? n - i : BLOCK);
    }
}

void mj_gaussian_covariance(double *covariance, const mj_gaussian *gaussian)
{
    size_t d = (size_t)gaussian->d;
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            double value = gaussian->scatter[i * d + j] / (double)(gaussian->n - 1);
            covariance[i * d + j] = covariance[j * d + i] = value;
        }
    }
}

static mj_status lapack_refuse(const char *what, lapack_int info, mj_err *err)
{
    return info == LAPACK_WORK_MEMORY_ERROR
               ? mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory in %s", what)
               : mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "%s does not converge (%d)", what,
                            (int)info);
}

/* factor [d,d] with covariance = factor factor'; value [d] is scratch. */
static mj_status factor_compute(double *factor, double *value, const mj_gaussian *g, mj_err *err)
{
    int d = g->d;
    mj_gaussian_covariance(factor, g);
    for (size_t i = 0; i < (size_t)d * (size_t)d; i++) {
        if (!isfinite(factor[i])) {
            return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                              "Frechet distance: features are not finite");
        }
    }
    lapack_int info = LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'V', 'L', d, factor, d, value);
    if (info != 0) {
        return lapack_refuse("the symmetric eigen-solver", info, err);
    }
    for (size_t i = 0; i < (size_t)d * (size_t)d; i++) {
        /* A covariance has no negative eigenvalues but by rounding. */
        factor[i] *= sqrt(fmax(value[i % (size_t)d], 0.0));
    }
    return MJ_OK;
}

/* c = a' b, all [d,d]; TILE rows of c stay in a cache while b passes by. */
static void product_transposed(double *c, const double *a, const double *b, int d)
{
    size_t n = (size_t)d;
    memset(c, 0, n * n * sizeof *c);
    for (size_t first = 0; first < n; first += TILE) {
        size_t end = first + TILE < n ? first + TILE : n;
        for (size_t k = 0; k < n; k++) {
            for (size_t i = first; i < end; i++) {
                for (size_t j = 0; j < n; j++) {
                    c[i * n + j] += a[k * n + i] * b[k * n + j];
                }
            }
        }
    }
}

static mj_status distance_compute(double *distance, const mj_gaussian *a, const mj_gaussian *b,
                                  double *work, mj_err *err)
{
    int d = a->d;
    size_t n = (size_t)d, square = n * n;
    double *A = work, *B = A + square, *C = B + square, *value = C + square, *spare = value + n;
    MJ_TRY(factor_compute(A, value, a, err));
    MJ_TRY(factor_compute(B, value, b, err));
    product_transposed(C, A, B, d);
    lapack_int info = LAPACKE_dgesvd(LAPACK_ROW_MAJOR, 'N', 'N', d, d, C, d, value, NULL, d, NULL,
                                     d, spare);
    if (info != 0) {
        return lapack_refuse("the singular-value solver", info, err);
    }
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        double shift = a->mean[i] - b->mean[i];
        sum += shift * shift - 2.0 * value[i];
    }
    for (size_t i = 0; i < square; i++) {
        sum += A[i] * A[i] + B[i] * B[i]; /* the trace of AA' is the sum of squares */
    }
    *distance = fmax(sum, 0.0);
    return MJ_OK;
}

mj_status mj_frechet_compute(double *distance, const mj_gaussian *a, const mj_gaussian *b,
                             mj_err *err)
{
    size_t n = (size_t)a->d;
    *distance = NAN;
    if (a->d != b->d || a->n < 2 || b->n < 2) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "Frechet distance: %zu rows of %d features against %zu of %d", a->n,
                          a->d, b->n, b->d);
    }
    double *work = malloc((3 * n * n + 2 * n) * sizeof *work);
    if (!work) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    mj_status status = distance_compute(distance, a, b, work, err);
    free(work);
    return status;
}

mj_status mj_pca_compute(mj_pca *pca, const mj_gaussian *data, int n_axes, mj_arena *arena,
                         mj_err *err)
{
    size_t d = (size_t)data->d, k = (size_t)n_axes;
    *pca = (mj_pca){.d = data->d, .n_axes = n_axes};
    if (n_axes < 1 || n_axes > data->d || data->n < 2) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "%d principal components of %d dimensions",
                          n_axes, data->d);
    }
    pca->mean = mj_arena_array(arena, d, sizeof(double));
    pca->axis = mj_arena_array(arena, k * d, sizeof(double));
    pca->variance = mj_arena_array(arena, k, sizeof(double));
    double *vector = malloc((d * d + d) * sizeof *vector);
    if (!pca->mean || !pca->axis || !pca->variance || !vector) {
        free(vector);
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    double *value = vector + d * d;
    mj_gaussian_covariance(vector, data);
    lapack_int info = LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'V', 'L', data->d, vector, data->d, value);
    memcpy(pca->mean, data->mean, d * sizeof *pca->mean);
    for (size_t i = 0; i < k && info == 0; i++) {
        size_t column = d - 1 - i; /* LAPACK sorts upwards */
        pca->variance[i] = value[column];
        for (size_t j = 0; j < d; j++) {
            pca->axis[i * d + j] = vector[j * d + column];
        }
    }
    free(vector);
    return info == 0 ? MJ_OK : lapack_refuse("the symmetric eigen-solver", info, err);
}

void mj_pca_project(mj_real *y, const mj_pca *pca, const mj_real *x, size_t n)
{
    size_t d = (size_t)pca->d, k = (size_t)pca->n_axes;
    for (size_t i = 0; i < n; i++) {
        for (size_t a = 0; a < k; a++) {
            double sum = 0.0;
            for (size_t j = 0; j < d; j++) {
                sum += ((double)x[i * d + j] - pca->mean[j]) * pca->axis[a * d + j];
            }
            y[i * k + a] = (mj_real)sum;
        }
    }
}
