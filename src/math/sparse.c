/* Products with sparse matrices (sparse.h).
 *
 * Blocks of 16 rows are done by tiles of rows of x, so that a block's values are read once a tile and
 * every multiply-accumulate is one of 16 lanes:
 *
 *   forward   8 rows: y of a band stays in registers, x comes number by number
 *   dvalue    8 blocks stay in registers, 32 rows of x and dy pass
 *   dx        16 rows of dy, transposed, stay in registers: lanes are rows; dx is gathered
 *             transposed, column by column, and added at the end of the tile
 *
 * A single row, as in generation, takes four columns at a time into four sets of sums, or the latency
 * of one addition after the other would set the pace. Other blocks and partial bands take the plain
 * sums at the top, which are the definition. */
#include "mj/sparse.h"

#include "mj/kernels.h"

#include <omp.h>
#include <string.h>

enum {
    LANES = MJ_SPARSE_BLOCK,
    N_SETS = 4,
    COLUMNS_MAX = 1 << 16,
    ROWS_MAX = 256, /* of a block */
    FORWARD_ROWS = 8,
    VALUE_ROWS = 32,
    VALUE_BLOCKS = 8,
    INPUT_BLOCKS = 4,
    INPUT_COLUMNS = 512 /* of dx, transposed, on the stack */
};
/* Below so many multiply-accumulates a product is not worth several threads. */
static const double PARALLEL_MIN = 1 << 18;

/* Leaves. Checks of undefined behaviour on every unrolled access would take a minute to compile; those
 * of addresses stay. */
#define LEAF MJ_CLONES __attribute__((no_sanitize("undefined")))

/* 16 numbers side by side, wherever they stand. */
typedef mj_real lanes
    __attribute__((vector_size(LANES * sizeof(mj_real)), aligned(sizeof(mj_real)), may_alias));

static const lanes *lanes_at(const mj_real *x)
{
    return (const lanes *)x;
}

int mj_sparse_bands(const mj_sparse *s)
{
    return (s->N + s->block - 1) / s->block;
}

int mj_sparse_blocks(const mj_sparse *s)
{
    return (int)s->start[mj_sparse_bands(s)];
}

mj_status mj_sparse_init(mj_sparse *sparse, const mj_sparse *size, mj_arena *arena, mj_err *err)
{
    *sparse = (mj_sparse){.N = size->N, .K = size->K, .n_max = size->n_max,
                          .block = size->block ? size->block : MJ_SPARSE_BLOCK};
    if (size->N < 1 || size->K < 1 || size->K > COLUMNS_MAX || sparse->block < 1 ||
        sparse->block > ROWS_MAX || size->n_max < 1) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "sparse: a matrix of %d rows and %d columns in %d blocks of %d", size->N,
                          size->K, size->n_max, size->block);
    }
    sparse->start =
        mj_arena_array(arena, (size_t)mj_sparse_bands(sparse) + 1, sizeof *sparse->start);
    sparse->column = mj_arena_array(arena, (size_t)size->n_max, sizeof *sparse->column);
    return sparse->start && sparse->column
               ? MJ_OK
               : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a sparse matrix");
}

void mj_sparse_set(mj_sparse *s, const uint8_t *alive)
{
    uint32_t n = 0;
    for (int band = 0; band < mj_sparse_bands(s); band++, alive += s->K) {
        s->start[band] = n;
        for (int k = 0; k < s->K; k++) {
            if (alive[k]) {
                s->column[n++] = (uint16_t)k;
            }
        }
    }
    s->start[mj_sparse_bands(s)] = n;
}

void mj_sparse_get(uint8_t *alive, const mj_sparse *s)
{
    for (int band = 0; band < mj_sparse_bands(s); band++, alive += s->K) {
        memset(alive, 0, (size_t)s->K);
        for (uint32_t k = s->start[band]; k < s->start[band + 1]; k++) {
            alive[s->column[k]] = 1;
        }
    }
}

size_t mj_sparse_bytes(const mj_sparse *s)
{
    return ((size_t)mj_sparse_bands(s) + 1) * sizeof *s->start +
           (size_t)mj_sparse_blocks(s) *
               (sizeof *s->column + (size_t)s->block * sizeof(mj_real));
}

double mj_sparse_macs(const mj_sparse *s)
{
    return (double)mj_sparse_blocks(s) * s->block;
}

/* The definition, of one row. */

static int rows_of(const mj_sparse *s, int band)
{
    int left = s->N - band * s->block;
    return left < s->block ? left : s->block;
}

static void forward_any(mj_real *y, const mj_real *x, const mj_real *value, const mj_sparse *s,
                        int band)
{
    for (uint32_t k = s->start[band]; k < s->start[band + 1]; k++) {
        for (int i = 0; i < rows_of(s, band); i++) {
            y[band * s->block + i] += x[s->column[k]] * value[k * (size_t)s->block + (size_t)i];
        }
    }
}

static void input_any(mj_real *dx, const mj_real *dy, const mj_real *value, const mj_sparse *s,
                      int band)
{
    for (uint32_t k = s->start[band]; k < s->start[band + 1]; k++) {
        mj_real sum = 0;
        for (int i = 0; i < rows_of(s, band); i++) {
            sum += dy[band * s->block + i] * value[k * (size_t)s->block + (size_t)i];
        }
        dx[s->column[k]] += sum;
    }
}

static void value_any(mj_real *dvalue, const mj_real *dy, const mj_real *x, const mj_sparse *s,
                      int band)
{
    for (uint32_t k = s->start[band]; k < s->start[band + 1]; k++) {
        for (int i = 0; i < rows_of(s, band); i++) {
            dvalue[k * (size_t)s->block + (size_t)i] += dy[band * s->block + i] * x[s->column[k]];
        }
    }
}

static bool is_whole(const mj_sparse *s, int band)
{
    return s->block == LANES && rows_of(s, band) == LANES;
}

/* Forward. */

/* y [16] += values [n,16] times x at their columns. */
LEAF static void band_of_16(mj_real *restrict y, const mj_real *restrict value,
                                 const uint16_t *restrict column, const mj_real *restrict x,
                                 size_t n)
{
    lanes set[N_SETS] = {*lanes_at(y)};
    size_t k = 0;
    for (; k + N_SETS <= n; k += N_SETS) {
#pragma GCC unroll 4
        for (size_t j = 0; j < N_SETS; j++) {
            set[j] += x[column[k + j]] * *lanes_at(value + (k + j) * LANES);
        }
    }
    for (; k < n; k++) {
        set[0] += x[column[k]] * *lanes_at(value + k * LANES);
    }
    *(lanes *)y = (set[0] + set[1]) + (set[2] + set[3]);
}

/* One row: columns are gathered. */
LEAF static mj_real row_of_1(const mj_real *restrict value, const uint16_t *restrict column,
                                  const mj_real *restrict x, size_t n)
{
    mj_real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t k = 0; k < n; k++) {
        sum += x[column[k]] * value[k];
    }
    return sum;
}

static void forward_row(mj_real *y, const mj_real *x, const mj_real *value, const mj_sparse *s)
{
    for (int band = 0; band < mj_sparse_bands(s); band++) {
        size_t from = s->start[band], n = s->start[band + 1] - from;
        if (is_whole(s, band)) {
            band_of_16(y + band * LANES, value + from * LANES, s->column + from, x, n);
        } else if (s->block == 1) {
            y[band] += row_of_1(value + from, s->column + from, x, n);
        } else {
            forward_any(y, x, value, s, band);
        }
    }
}

/* A whole band of FORWARD_ROWS rows. */
LEAF static void forward_tile(mj_real *restrict y, const mj_real *restrict x,
                                   const mj_real *restrict value, const mj_sparse *restrict s,
                                   int band)
{
    const size_t N = (size_t)s->N, K = (size_t)s->K;
    lanes sum[FORWARD_ROWS];
    y += band * LANES;
#pragma GCC unroll 8
    for (size_t j = 0; j < FORWARD_ROWS; j++) {
        sum[j] = *lanes_at(y + j * N);
    }
    for (uint32_t k = s->start[band]; k < s->start[band + 1]; k++) {
        const mj_real *at = x + s->column[k];
        lanes w = *lanes_at(value + (size_t)k * LANES);
#pragma GCC unroll 8
        for (size_t j = 0; j < FORWARD_ROWS; j++) {
            sum[j] += at[j * K] * w;
        }
    }
#pragma GCC unroll 8
    for (size_t j = 0; j < FORWARD_ROWS; j++) {
        *(lanes *)(y + j * N) = sum[j];
    }
}

void mj_sparse_forward(mj_real *y, const mj_real *x, const mj_real *value, const mj_sparse *s,
                       size_t rows)
{
    const size_t N = (size_t)s->N, K = (size_t)s->K, n_tiles = rows / FORWARD_ROWS;
#pragma omp parallel for schedule(static) if ((double)rows * mj_sparse_macs(s) >= PARALLEL_MIN)
    for (size_t t = 0; t < n_tiles; t++) {
        mj_real *y_tile = y + t * FORWARD_ROWS * N;
        const mj_real *x_tile = x + t * FORWARD_ROWS * K;
        for (int band = 0; band < mj_sparse_bands(s); band++) {
            if (is_whole(s, band)) {
                forward_tile(y_tile, x_tile, value, s, band);
                continue;
            }
            for (size_t r = 0; r < FORWARD_ROWS; r++) {
                forward_any(y_tile + r * N, x_tile + r * K, value, s, band);
            }
        }
    }
    for (size_t r = n_tiles * FORWARD_ROWS; r < rows; r++) {
        forward_row(y + r * N, x + r * K, value, s);
    }
}

/* Gradient of the values. */

/* Blocks from .. to of a whole band, over n rows. */
LEAF static void value_tile(mj_real *restrict dvalue, const mj_real *restrict dy,
                                 const mj_real *restrict x, const mj_sparse *restrict s, int band,
                                 size_t n)
{
    const size_t N = (size_t)s->N, K = (size_t)s->K;
    size_t k = s->start[band], end = s->start[band + 1];
    dy += band * LANES;
    for (; k + VALUE_BLOCKS <= end; k += VALUE_BLOCKS) {
        lanes sum[VALUE_BLOCKS];
        const mj_real *at[VALUE_BLOCKS];
#pragma GCC unroll 8
        for (size_t j = 0; j < VALUE_BLOCKS; j++) {
            sum[j] = *lanes_at(dvalue + (k + j) * LANES);
            at[j] = x + s->column[k + j];
        }
        for (size_t r = 0; r < n; r++) {
            lanes slope = *lanes_at(dy + r * N);
#pragma GCC unroll 8
            for (size_t j = 0; j < VALUE_BLOCKS; j++) {
                sum[j] += at[j][r * K] * slope;
            }
        }
#pragma GCC unroll 8
        for (size_t j = 0; j < VALUE_BLOCKS; j++) {
            *(lanes *)(dvalue + (k + j) * LANES) = sum[j];
        }
    }
    for (; k < end; k++) {
        lanes sum = *lanes_at(dvalue + k * LANES);
        for (size_t r = 0; r < n; r++) {
            sum += x[r * K + s->column[k]] * *lanes_at(dy + r * N);
        }
        *(lanes *)(dvalue + k * LANES) = sum;
    }
}

/* Bands from .. to: rows pass in order whatever the thread that has a band. */
static void value_bands(mj_real *dvalue, const mj_real *dy, const mj_real *x, const mj_sparse *s,
                        size_t rows, int from, int to)
{
    const size_t N = (size_t)s->N, K = (size_t)s->K;
    for (size_t at = 0; at < rows; at += VALUE_ROWS) {
        size_t n = rows - at < VALUE_ROWS ? rows - at : VALUE_ROWS;
        for (int band = from; band < to; band++) {
            if (is_whole(s, band)) {
                value_tile(dvalue, dy + at * N, x + at * K, s, band, n);
                continue;
            }
            for (size_t r = at; r < at + n; r++) {
                value_any(dvalue, dy + r * N, x + r * K, s, band);
            }
        }
    }
}

void mj_sparse_value_backward(mj_real *dvalue, const mj_real *dy, const mj_real *x,
                              const mj_sparse *s, size_t rows)
{
    const int n_bands = mj_sparse_bands(s), n_parts = mj_threads();
#pragma omp parallel for schedule(static) if ((double)rows * mj_sparse_macs(s) >= PARALLEL_MIN)
    for (int part = 0; part < n_parts; part++) {
        value_bands(dvalue, dy, x, s, rows, (int)((long long)n_bands * part / n_parts),
                    (int)((long long)n_bands * (part + 1) / n_parts));
    }
}

/* Gradient of the input. */

/* a [16][16] becomes its transpose: row i and row i + 8 are shuffled together, four times over. Kept out
 * of its callers, whose other instruction sets would have to take every shuffle apart. */
LEAF static __attribute__((noinline)) void transpose(lanes a[LANES])
{
    for (int round = 0; round < 4; round++) {
        lanes b[LANES];
#pragma GCC unroll 8
        for (int i = 0; i < LANES / 2; i++) {
            lanes low = a[i], high = a[i + LANES / 2];
            b[2 * i] = __builtin_shufflevector(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21,
                                               6, 22, 7, 23);
            b[2 * i + 1] = __builtin_shufflevector(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28,
                                                   13, 29, 14, 30, 15, 31);
        }
        memcpy(a, b, sizeof b);
    }
}

/* part [columns][16] += value of blocks from .. to times 16 rows of dy in a whole band; part begins
 * at column `first`. */
LEAF static void input_band(lanes *restrict part, const mj_real *restrict dy,
                                 const mj_real *restrict value, const uint16_t *restrict column,
                                 size_t from, size_t to, size_t first, size_t N)
{
    lanes slope[LANES];
#pragma GCC unroll 16
    for (size_t r = 0; r < LANES; r++) {
        slope[r] = *lanes_at(dy + r * N);
    }
    transpose(slope);
    size_t k = from;
    for (; k + INPUT_BLOCKS <= to; k += INPUT_BLOCKS) {
        lanes sum[INPUT_BLOCKS] = {{0}};
#pragma GCC unroll 16
        for (size_t i = 0; i < LANES; i++) {
#pragma GCC unroll 4
            for (size_t j = 0; j < INPUT_BLOCKS; j++) {
                sum[j] += value[(k + j) * LANES + i] * slope[i];
            }
        }
#pragma GCC unroll 4
        for (size_t j = 0; j < INPUT_BLOCKS; j++) {
            part[column[k + j] - first] += sum[j];
        }
    }
    for (; k < to; k++) {
        lanes sum = {0};
#pragma GCC unroll 16
        for (size_t i = 0; i < LANES; i++) {
            sum += value[k * LANES + i] * slope[i];
        }
        part[column[k] - first] += sum;
    }
}

/* dx [16 rows, n columns] += the transpose of part [n columns][16 rows]; K is dx's row length. */
LEAF static void add_part(mj_real *restrict dx, const lanes *restrict part, size_t n, size_t K)
{
    size_t k = 0;
    for (; k + LANES <= n; k += LANES) {
        lanes a[LANES];
#pragma GCC unroll 16
        for (size_t i = 0; i < LANES; i++) {
            a[i] = part[k + i];
        }
        transpose(a);
#pragma GCC unroll 16
        for (size_t r = 0; r < LANES; r++) {
            *(lanes *)(dx + r * K + k) += a[r];
        }
    }
    for (; k < n; k++) {
        for (size_t r = 0; r < LANES; r++) {
            dx[r * K + k] += part[k][r];
        }
    }
}

/* The first of a band's blocks from `at` on whose column is `column` or more. */
static size_t block_from(const mj_sparse *s, int band, size_t at, size_t column)
{
    while (at < s->start[band + 1] && s->column[at] < column) {
        at++;
    }
    return at;
}

static void input_tile(mj_real *dx, const mj_real *dy, const mj_real *value, const mj_sparse *s)
{
    const size_t N = (size_t)s->N, K = (size_t)s->K;
    for (size_t first = 0; first < K; first += INPUT_COLUMNS) {
        lanes part[INPUT_COLUMNS];
        size_t n = K - first < INPUT_COLUMNS ? K - first : INPUT_COLUMNS;
        memset(part, 0, n * sizeof *part);
        for (int band = 0; band < mj_sparse_bands(s); band++) {
            if (is_whole(s, band)) {
                size_t from = first > 0 ? block_from(s, band, s->start[band], first)
                                        : s->start[band];
                size_t to = first + n < K ? block_from(s, band, from, first + n)
                                          : s->start[band + 1];
                input_band(part, dy + band * LANES, value, s->column, from, to, first, N);
            }
        }
        add_part(dx + first, part, n, K);
    }
    for (int band = 0; band < mj_sparse_bands(s); band++) {
        for (size_t r = 0; r < LANES && !is_whole(s, band); r++) {
            input_any(dx + r * K, dy + r * N, value, s, band);
        }
    }
}

void mj_sparse_input_backward(mj_real *dx, const mj_real *dy, const mj_real *value,
                              const mj_sparse *s, size_t rows)
{
    const size_t N = (size_t)s->N, K = (size_t)s->K, n_tiles = rows / LANES;
#pragma omp parallel for schedule(static) if ((double)rows * mj_sparse_macs(s) >= PARALLEL_MIN)
    for (size_t t = 0; t < n_tiles; t++) {
        input_tile(dx + t * LANES * K, dy + t * LANES * N, value, s);
    }
    for (size_t r = n_tiles * LANES; r < rows; r++) {
        for (int band = 0; band < mj_sparse_bands(s); band++) {
            input_any(dx + r * K, dy + r * N, value, s, band);
        }
    }
}
