/* Wiring of an oscillator net: where its oscillators sit and which of them are coupled.
 *
 *   reach     |x_i - x_j| <= reach                  what is left may be coupled
 *   degree    the strongest couplings into each     of those
 *   density   the strongest of all                  of those
 *
 * The plane is that of the image, a pixel one unit wide; hidden oscillators stand among the visible
 * ones, as they would on a chip. What is strong tells a trained net. Before any training strengths are
 * preferences: what makes images smooth (the pixels beside), what makes them differ (hidden
 * oscillators, the only ones that start at random), and chance. */
#include "mj/oscillator_net.h"

#include "mj/rng.h"

#include <string.h>

/* Steps of preference, each beyond what lots in [0, 1) can make up for. */
static const double PREFER_BESIDE = 2, PREFER_HIDDEN = 1;
/* Of a training's seed; its start has stream 0, noise of the tape less than the top bit. */
static const uint64_t STREAM_WIRING = 1ull << 63 | 3;

bool mj_oscillator_is_limited(const mj_oscillator_wiring *wiring)
{
    return wiring->reach > 0 || wiring->degree > 0 || (wiring->density > 0 && wiring->density < 1);
}

/* n places spread over the image, row by row. */
static void spread(double *x, double *y, int n, int width, int height)
{
    int columns = (int)ceil(sqrt((double)n * width / height));
    int rows = columns > 0 ? (n + columns - 1) / columns : 0;
    for (int k = 0; k < n; k++) {
        int row = k / columns, left = n - row * columns;
        int in_row = left < columns ? left : columns;
        x[k] = (k % columns + 0.5) * width / in_row;
        y[k] = (row + 0.5) * height / rows;
    }
}

void mj_oscillator_place(double *x, double *y, const mj_oscillator_net *net)
{
    int n_visible = net->width * net->height;
    for (int i = 0; i < n_visible; i++) {
        x[i] = i % net->width + 0.5;
        y[i] = i / net->width + 0.5;
    }
    x += n_visible;
    y += n_visible;
    spread(x, y, net->hidden_fixed, net->width, net->height);
    spread(x + net->hidden_fixed, y + net->hidden_fixed, net->hidden_random, net->width, net->height);
}

static bool is_beside(int i, int j, const mj_oscillator_net *net)
{
    int n_visible = net->width * net->height;
    int dx = i % net->width - j % net->width, dy = i / net->width - j / net->width;
    return i < n_visible && j < n_visible && dx * dx + dy * dy == 1;
}

void mj_oscillator_prefer(mj_real *strength, const mj_oscillator_net *net, uint64_t seed)
{
    mj_rng rng;
    mj_rng_init(&rng, seed, STREAM_WIRING);
    int N = mj_oscillator_count(net), n_visible = net->width * net->height;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j <= i; j++) {
            double s = mj_rng_uniform(&rng) + (is_beside(i, j, net) ? PREFER_BESIDE : 0) +
                       (i >= n_visible || j >= n_visible ? PREFER_HIDDEN : 0);
            strength[(size_t)i * (size_t)N + (size_t)j] = (mj_real)s;
            strength[(size_t)j * (size_t)N + (size_t)i] = (mj_real)s;
        }
    }
}

mj_status mj_oscillator_wire(uint8_t *mask, const mj_real *strength, const mj_oscillator_net *net,
                             const mj_oscillator_wiring *wiring, mj_arena *arena, mj_err *err)
{
    int N = mj_oscillator_count(net);
    size_t matrix = (size_t)N * (size_t)N;
    double *place = mj_arena_array(arena, 2 * (size_t)N, sizeof *place);
    mj_coupling_candidate *candidate = mj_arena_array(arena, matrix, sizeof *candidate);
    mj_real *scratch = mj_arena_array(arena, matrix, sizeof *scratch);
    if (!place || !candidate || !scratch) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a mask of couplings");
    }
    for (size_t k = 0; k < matrix; k++) {
        mask[k] = strength[k] != 0 && k % (size_t)(N + 1) != 0;
    }
    if (wiring->reach > 0) {
        mj_oscillator_place(place, place + N, net);
        mj_coupling_limit_reach(mask, place, place + N, wiring->reach, N);
    }
    if (wiring->degree > 0) {
        mj_coupling_limit_degree(mask, strength, candidate, wiring->degree, wiring->symmetric, N);
    }
    if (wiring->density > 0 && wiring->density < 1) {
        mj_coupling_limit_density(mask, strength, scratch, wiring->density, wiring->symmetric, N);
    }
    return MJ_OK;
}
