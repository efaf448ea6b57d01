/* Products with sparse matrices (sparse.h).
 *
 * The inner loop of a band adds value[block] * x[column] to `block` sums. Four columns at a time go
 * to four sets of sums, or the latency of one addition after the other would set the pace. */
#include "mj/sparse.h"

#include "mj/kernels.h"

#include <string.h>

enum { N_SETS = 4, COLUMNS_MAX = 1 << 16, ROWS_MAX = 256 };

static int bands_of(const mj_sparse *s)
{
    return (s->N + s->block - 1) / s->block;
}

/* Is any of the band's rows not zero in this column? */
static bool is_kept(const mj_real *w, const mj_sparse *s, int band, int column)
{
    for (int r = band * s->block; r < s->N && r < (band + 1) * s->block; r++) {
        if (w[(size_t)r * (size_t)s->K + (size_t)column] != 0) {
            return true;
        }
    }
    return false;
}

static size_t count_columns(const mj_real *w, const mj_sparse *s)
{
    size_t n = 0;
    for (int band = 0; band < bands_of(s); band++) {
        for (int k = 0; k < s->K; k++) {
            n += is_kept(w, s, band, k);
        }
    }
    return n;
}

static void store(uint32_t *start, uint16_t *column, mj_real *value, const mj_real *w,
                  const mj_sparse *s)
{
    uint32_t n = 0;
    for (int band = 0; band < bands_of(s); band++) {
        start[band] = n;
        for (int k = 0; k < s->K; k++) {
            if (!is_kept(w, s, band, k)) {
                continue;
            }
            column[n] = (uint16_t)k;
            for (int i = 0; i < s->block && band * s->block + i < s->N; i++) {
                size_t row = (size_t)(band * s->block + i);
                value[(size_t)n * (size_t)s->block + (size_t)i] =
                    w[row * (size_t)s->K + (size_t)k];
            }
            n++;
        }
    }
    start[bands_of(s)] = n;
}

mj_status mj_sparse_compress(mj_sparse *sparse, const mj_real *w, int N, int K, int block,
                             mj_arena *arena, mj_err *err)
{
    *sparse = (mj_sparse){.N = N, .K = K, .block = block ? block : MJ_SPARSE_BLOCK};
    if (N < 1 || K < 1 || K > COLUMNS_MAX || sparse->block < 1 || sparse->block > ROWS_MAX) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "sparse: a matrix of %d rows and %d columns in blocks of %d", N, K,
                          block);
    }
    size_t n = count_columns(w, sparse);
    uint32_t *start = mj_arena_array(arena, (size_t)bands_of(sparse) + 1, sizeof *start);
    uint16_t *column = mj_arena_array(arena, n, sizeof *column);
    mj_real *value = mj_arena_array(arena, n, (size_t)sparse->block * sizeof *value);
    if (!start || !column || !value) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a sparse matrix");
    }
    store(start, column, value, w, sparse);
    sparse->start = start;
    sparse->column = column;
    sparse->value = value;
    return MJ_OK;
}

size_t mj_sparse_bytes(const mj_sparse *s)
{
    size_t n = s->start[bands_of(s)];
    return ((size_t)bands_of(s) + 1) * sizeof *s->start +
           n * (sizeof *s->column + (size_t)s->block * sizeof *s->value);
}

double mj_sparse_macs(const mj_sparse *s)
{
    return (double)s->start[bands_of(s)] * s->block;
}

/* sum [16] = values [n,16] times x at their columns. */
MJ_CLONES static void band_of_16(mj_real *restrict sum, const mj_real *restrict value,
                                 const uint16_t *restrict column, const mj_real *restrict x,
                                 size_t n)
{
    mj_real set[N_SETS][MJ_SPARSE_BLOCK] = {{0}};
    size_t k = 0;
    for (; k + N_SETS <= n; k += N_SETS) {
        for (size_t j = 0; j < N_SETS; j++) {
            mj_real factor = x[column[k + j]];
            const mj_real *restrict v = value + (k + j) * MJ_SPARSE_BLOCK;
#pragma omp simd
            for (size_t i = 0; i < MJ_SPARSE_BLOCK; i++) {
                set[j][i] += factor * v[i];
            }
        }
    }
    for (; k < n; k++) {
        for (size_t i = 0; i < MJ_SPARSE_BLOCK; i++) {
            set[0][i] += x[column[k]] * value[k * MJ_SPARSE_BLOCK + i];
        }
    }
    for (size_t i = 0; i < MJ_SPARSE_BLOCK; i++) {
        sum[i] = (set[0][i] + set[1][i]) + (set[2][i] + set[3][i]);
    }
}

/* One row: columns are gathered. */
MJ_CLONES static mj_real row_of_1(const mj_real *restrict value, const uint16_t *restrict column,
                                  const mj_real *restrict x, size_t n)
{
    mj_real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t k = 0; k < n; k++) {
        sum += x[column[k]] * value[k];
    }
    return sum;
}

/* The same for any block: the definition. */
static void band_of_any(mj_real *sum, const mj_real *value, const uint16_t *column,
                        const mj_real *x, size_t n, size_t block)
{
    memset(sum, 0, block * sizeof *sum);
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < block; i++) {
            sum[i] += x[column[k]] * value[k * block + i];
        }
    }
}

void mj_sparse_forward(mj_real *y, const mj_real *x, const mj_sparse *s, size_t rows)
{
    size_t block = (size_t)s->block, N = (size_t)s->N;
    for (size_t r = 0; r < rows; r++, x += s->K, y += N) {
        for (int band = 0; band < bands_of(s); band++) {
            mj_real sum[ROWS_MAX];
            size_t from = s->start[band], n = s->start[band + 1] - from;
            const mj_real *value = s->value + from * block;
            if (block == MJ_SPARSE_BLOCK) {
                band_of_16(sum, value, s->column + from, x, n);
            } else if (block == 1) {
                sum[0] = row_of_1(value, s->column + from, x, n);
            } else {
                band_of_any(sum, value, s->column + from, x, n, block);
            }
            size_t at = (size_t)band * block;
            memcpy(y + at, sum, (N - at < block ? N - at : block) * sizeof *y);
        }
    }
}

void mj_sparse_backward(mj_real *dx, const mj_real *dy, const mj_sparse *s, size_t rows)
{
    size_t block = (size_t)s->block, N = (size_t)s->N;
    for (size_t r = 0; r < rows; r++, dx += s->K, dy += N) {
        for (int band = 0; band < bands_of(s); band++) {
            size_t at = (size_t)band * block, n = N - at < block ? N - at : block;
            for (uint32_t k = s->start[band]; k < s->start[band + 1]; k++) {
                mj_real sum = 0;
                for (size_t i = 0; i < n; i++) {
                    sum += dy[at + i] * s->value[k * block + i];
                }
                dx[s->column[k]] += sum;
            }
        }
    }
}
