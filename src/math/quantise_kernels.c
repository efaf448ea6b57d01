/* What a row of couplings or weights becomes when it is programmed with a few bits.
 *
 *   y_ij = s_i * clamp(round(x_ij / s_i), -L, L)      L = 2^(bits-1) - 1
 *
 * The step s_i is such that L steps reach the largest magnitude of row i above CLIPPED_BITS bits,
 * and CLIP times its root mean square at or below that, since a single large entry would otherwise
 * waste the few levels. Entries that are 0 are left out of the mean: a coupling that is not there
 * must not shrink the range of the others. 0 stays 0. */
#include "mj/kernels.h"

#include "simd.h"

enum { CLIPPED_BITS = 4 };

/* Near the least mean-square error of 15 levels on a normal distribution. */
static const double CLIP = 2.6;

static mj_real row_range(const mj_real *x, size_t n, int bits)
{
    double largest = 0, squares = 0;
    size_t n_nonzero = 0;
    for (size_t j = 0; j < n; j++) {
        double magnitude = fabs((double)x[j]);
        largest = magnitude > largest ? magnitude : largest;
        squares += magnitude * magnitude;
        n_nonzero += magnitude != 0;
    }
    double rms = n_nonzero ? sqrt(squares / (double)n_nonzero) : 0;
    return (mj_real)(bits > CLIPPED_BITS ? largest : CLIP * rms);
}

MJ_CLONES static void round_row(mj_real *restrict y, const mj_real *restrict x, mj_real step,
                                mj_real L, size_t n)
{
#pragma omp simd
    for (size_t j = 0; j < n; j++) {
        mj_real q = mj_real_round(x[j] / step);
        y[j] = step * (q > L ? L : q < -L ? -L : q);
    }
}

void mj_quantise_rows(mj_real *y, mj_real *step, const mj_real *x, int R, int N, int bits)
{
    mj_real L = (mj_real)((1 << (bits - 1)) - 1);
    size_t n = (size_t)N;
#pragma omp parallel for schedule(static) if ((size_t)R * n >= PARALLEL_MIN)
    for (int i = 0; i < R; i++) {
        const mj_real *from = x + (size_t)i * n;
        step[i] = row_range(from, n, bits) / L;
        if (step[i] != 0) {
            round_row(y + (size_t)i * n, from, step[i], L, n);
        } else {
            mj_fill(y + (size_t)i * n, 0, n);
        }
    }
}
