/* Start phases and read-out of oscillators: what a chip's start-up DAC and its samplers do.
 *
 * Random phases come from a digital source, so they may have few levels: with b bits the phases
 * -pi + 2 pi k / 2^b, k = 0 .. 2^b - 1, all equally likely. The read-out is the mean product of the
 * oscillator with the inverted reference: (1 - cos theta)/2. */
#include "mj/phases.h"

#include <string.h>

enum { READ_BLOCK = 256 };

static const double PI = 3.14159265358979323846;

static const mj_real *class_row(const mj_real *table, const int *label, int sample, int n)
{
    return table + (label ? (size_t)label[sample] * (size_t)n : 0);
}

/* The sample's uniform numbers in theta become phases where random, else the learned ones. */
static void start_row(mj_real *theta, const mj_real *learned, const mj_phase_start *start)
{
    double levels = start->bits > 0 ? (double)(1 << start->bits) : 0;
    for (int i = 0; i < start->n; i++) {
        double u = theta[i];
        if (levels > 0) {
            u = floor(u * levels) / levels;
        }
        theta[i] = start->random[i] ? (mj_real)(2 * PI * u - PI) : learned[i];
    }
}

void mj_phase_start_forward(mj_real *theta, const mj_real *theta0, const int *label,
                            const mj_phase_start *start)
{
    int n = start->n;
    uint64_t row = ((uint64_t)n + 3) / 4 * 4; /* a stream's part starts at a multiple of 4 */
    for (int b = 0; b < start->n_batch; b++, theta += n) {
        const mj_real *learned = class_row(theta0, label, b, n);
        if (!start->random) {
            memcpy(theta, learned, (size_t)n * sizeof *theta);
            continue;
        }
        mj_noise_uniform(theta, (start->first_sample + (uint64_t)b) * row, (size_t)n, start->key);
        start_row(theta, learned, start);
    }
}

void mj_phase_start_backward(mj_real *dtheta0, const mj_real *dtheta, const int *label,
                             const mj_phase_start *start)
{
    int n = start->n;
    for (int b = 0; b < start->n_batch; b++, dtheta += n) {
        mj_real *d = dtheta0 + (label ? (size_t)label[b] * (size_t)n : 0);
        for (int i = 0; i < n; i++) {
            d[i] += start->random && start->random[i] ? 0 : dtheta[i];
        }
    }
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

void mj_phase_read_forward(mj_real *x, const mj_real *theta, int n_batch, int n, int n_visible)
{
    mj_real sine[READ_BLOCK], cosine[READ_BLOCK];
    for (int b = 0; b < n_batch; b++) {
        for (int first = 0; first < n_visible; first += READ_BLOCK) {
            int length = least(n_visible - first, READ_BLOCK);
            mj_sincos(sine, cosine, theta + (size_t)b * (size_t)n + first, (size_t)length);
            mj_real *read = x + (size_t)b * (size_t)n_visible + first;
            for (int i = 0; i < length; i++) {
                read[i] = (1 - cosine[i]) / 2;
            }
        }
    }
}

void mj_phase_read_backward(mj_real *dtheta, const mj_real *dx, const mj_real *theta, int n_batch,
                            int n, int n_visible)
{
    mj_real sine[READ_BLOCK], cosine[READ_BLOCK];
    for (int b = 0; b < n_batch; b++) {
        mj_real *d = dtheta + (size_t)b * (size_t)n;
        memset(d, 0, (size_t)n * sizeof *d);
        for (int first = 0; first < n_visible; first += READ_BLOCK) {
            int length = least(n_visible - first, READ_BLOCK);
            mj_sincos(sine, cosine, theta + (size_t)b * (size_t)n + first, (size_t)length);
            const mj_real *incoming = dx + (size_t)b * (size_t)n_visible + first;
            for (int i = 0; i < length; i++) {
                d[first + i] = incoming[i] * sine[i] / 2;
            }
        }
    }
}
