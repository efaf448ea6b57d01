/* Neighbours: |x - y|^2 = |x|^2 + |y|^2 - 2 xy, so that nearly all work is one matrix product.
 *
 * The expanded form loses digits where x and y are close (1e-3 of a typical distance in float), which
 * is where it matters; so it only chooses the candidate, whose distance is then taken plainly. */
#include "mj/neighbours.h"

#include "mj/kernels.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { ROWS = 256, COLUMNS = 1024 };

static double distance_squared(const mj_real *x, const mj_real *y, int d)
{
    double sum = 0.0;
    for (int i = 0; i < d; i++) {
        double difference = (double)x[i] - (double)y[i];
        sum += difference * difference;
    }
    return sum;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* best [rows], at [rows]: lowest |y|^2 - 2 xy so far and whose it is. */
static void block_scan(mj_real *best, int *at, const mj_real *product, const mj_real *square,
                       int rows, int columns, int first)
{
    for (int i = 0; i < rows; i++) {
        const mj_real *row = product + (size_t)i * (size_t)columns;
        for (int j = 0; j < columns; j++) {
            mj_real score = square[j] - 2 * row[j];
            if (score < best[i]) {
                best[i] = score;
                at[i] = first + j;
            }
        }
    }
}

mj_status mj_nearest_compute(mj_real *nearest, int *which, const mj_real *x, const mj_real *y,
                             int n, int m, int d, mj_err *err)
{
    mj_real *product = malloc(((size_t)ROWS * COLUMNS + (size_t)m + ROWS) * sizeof *product);
    if (!product || m < 1) {
        free(product);
        return mj_err_add(err, m < 1 ? MJ_ERANGE : MJ_EMEM, NULL, 0, 0,
                          m < 1 ? "no images to compare with" : "out of memory");
    }
    mj_real *square = product + (size_t)ROWS * COLUMNS, *best = square + m;
    int at[ROWS];
    for (int j = 0; j < m; j++) {
        square[j] = (mj_real)mj_squares_sum(y + (size_t)j * (size_t)d, (size_t)d);
    }
    for (int i = 0; i < n; i += ROWS) {
        const mj_real *from = x + (size_t)i * (size_t)d;
        int rows = smaller(ROWS, n - i);
        for (int k = 0; k < rows; k++) {
            best[k] = INFINITY;
            at[k] = 0;
        }
        for (int j = 0; j < m; j += COLUMNS) {
            int columns = smaller(COLUMNS, m - j);
            mj_gemm(product, from, y + (size_t)j * (size_t)d,
                    (mj_gemm_shape){.M = rows, .N = columns, .K = d, .transpose_b = true});
            block_scan(best, at, product, square + j, rows, columns, j);
        }
        for (int k = 0; k < rows; k++) {
            const mj_real *found = y + (size_t)at[k] * (size_t)d;
            nearest[i + k] = (mj_real)sqrt(distance_squared(from + (size_t)k * (size_t)d, found, d));
            if (which) {
                which[i + k] = at[k];
            }
        }
    }
    free(product);
    return MJ_OK;
}

static int value_compare(const void *left, const void *right)
{
    const mj_real *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

double mj_quantile(mj_real *value, size_t n, double share)
{
    qsort(value, n, sizeof *value, value_compare);
    double place = share * (double)(n - 1);
    size_t below = (size_t)place, above = below + 1 < n ? below + 1 : below;
    return (double)value[below] +
           (place - (double)below) * ((double)value[above] - (double)value[below]);
}

mj_status mj_pair_distance(double *distance, const mj_real *x, const int *label, int n, int d,
                           int n_classes, int most, mj_err *err)
{
    int *member = malloc(((size_t)n + 1) * sizeof *member), n_counted = 0;
    double total = 0.0;
    *distance = NAN;
    if (!member) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    for (int c = 0; c < n_classes; c++) {
        int k = 0;
        double sum = 0.0;
        for (int i = 0; i < n && k < most; i++) {
            if (label[i] == c) {
                member[k++] = i;
            }
        }
        for (int i = 1; i < k; i++) {
            for (int j = 0; j < i; j++) {
                sum += sqrt(distance_squared(x + (size_t)member[i] * (size_t)d,
                                             x + (size_t)member[j] * (size_t)d, d));
            }
        }
        total += k > 1 ? sum / (0.5 * k * (k - 1.0)) : 0.0;
        n_counted += k > 1;
    }
    free(member);
    if (n_counted == 0) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "no class has two images");
    }
    *distance = total / n_counted;
    return MJ_OK;
}
