/* Codebook: fitting, finding, packing. */
#include "mj/codebook.h"

#include <math.h>
#include <stdbool.h>

enum { BINS = 1 << 14, ROUNDS = 60 };

struct mj_code_histogram {
    double largest;
    double n[BINS], sum[BINS]; /* how many numbers, and their sum */
};

mj_status mj_code_histogram_new(mj_code_histogram **histogram, double largest, mj_arena *arena,
                                mj_err *err)
{
    *histogram = mj_arena_alloc(arena, sizeof **histogram);
    if (!*histogram) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a histogram");
    }
    (*histogram)->largest = largest > 0 ? largest : 1;
    return MJ_OK;
}

void mj_code_histogram_add(mj_code_histogram *h, double x)
{
    int bin = (int)((x / h->largest + 1) * (BINS / 2));
    bin = bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin;
    h->n[bin]++;
    h->sum[bin] += x;
}

/* Levels at equal shares of the cube root of the density, the best of many levels [panter1951]. */
static void start(float *level, const mj_code_histogram *h, int n)
{
    double total = 0, part = 0;
    int next = 0;
    for (int b = 0; b < BINS; b++) {
        total += cbrt(h->n[b]);
    }
    for (int b = 0; b < BINS; b++) {
        part += cbrt(h->n[b]);
        while (next < n && part >= total * (next + 0.5) / n) {
            level[next++] = (float)(((b + 0.5) / (BINS / 2) - 1) * h->largest);
        }
    }
    while (next < n) { /* nothing was counted, or rounding */
        level[next] = next > 0 ? level[next - 1] : 0;
        next++;
    }
}

/* Each level to the mean of the bins nearest to it. One that has none stays, but never below the level
 * before it: several may start in one bin, of which the first gets all. */
static void improve(float *level, const mj_code_histogram *h, int n)
{
    int b = 0;
    for (int i = 0; i < n; i++) {
        double border = i + 1 < n ? 0.5 * ((double)level[i] + (double)level[i + 1]) : INFINITY;
        double count = 0, sum = 0;
        for (; b < BINS && ((b + 0.5) / (BINS / 2) - 1) * h->largest <= border; b++) {
            count += h->n[b];
            sum += h->sum[b];
        }
        level[i] = count > 0 ? (float)(sum / count) : level[i];
        level[i] = i > 0 && level[i] < level[i - 1] ? level[i - 1] : level[i];
    }
}

void mj_codebook_fit(float *level, const mj_code_histogram *histogram, int bits)
{
    int n = 1 << bits, nearest = 0;
    start(level, histogram, n);
    for (int round = 0; round < ROUNDS; round++) {
        improve(level, histogram, n);
    }
    for (int i = 1; i < n; i++) { /* of equal ones below 0 the last, so that levels still rise */
        bool equal = level[i] == level[nearest] && level[i] < 0;
        nearest = fabsf(level[i]) < fabsf(level[nearest]) || equal ? i : nearest;
    }
    level[nearest] = 0;
}

unsigned mj_codebook_find(const float *level, int bits, double x)
{
    unsigned low = 0, high = (1u << bits) - 1;
    while (low < high) { /* the first level that x is not nearer to the next of */
        unsigned middle = (low + high) / 2;
        if (x > 0.5 * ((double)level[middle] + (double)level[middle + 1])) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

size_t mj_code_row_B(int n, int bits)
{
    return ((size_t)n * (size_t)bits + 7) / 8;
}

void mj_code_set(unsigned char *row, int i, int bits, unsigned code)
{
    size_t bit = (size_t)i * (size_t)bits;
    unsigned window = code << bit % 8;
    row[bit / 8] |= (unsigned char)window;
    if (window > 255) {
        row[bit / 8 + 1] |= (unsigned char)(window >> 8);
    }
}

unsigned mj_code_get(const unsigned char *row, int i, int bits)
{
    size_t bit = (size_t)i * (size_t)bits;
    unsigned window = row[bit / 8];
    if (bit % 8 + (size_t)bits > 8) {
        window |= (unsigned)row[bit / 8 + 1] << 8;
    }
    return window >> bit % 8 & ((1u << bits) - 1);
}
