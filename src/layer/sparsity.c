/* Who lives: magnitude with regrowth (sparsity.h).
 *
 * A block's size is the sum of squares of its weights, its pull that of their gradients. The n of
 * largest score are found by the n-th largest of a copy; equals at the border live in their order
 * until n are full, so that the same numbers give the same mask everywhere. */
#include "mj/sparsity.h"

#include <assert.h>
#include <string.h>

static const double UNTIL_DEFAULT = 0.75;

static mj_sparsity_config resolved(mj_sparsity_config config)
{
    config.until = config.until > 0 ? config.until : UNTIL_DEFAULT;
    config.density_start = config.density_start > 0 ? config.density_start : config.density;
    return config;
}

static size_t positions_of(const mj_sparse *s)
{
    return (size_t)mj_sparse_bands(s) * (size_t)s->K;
}

static double ramp(const mj_sparsity_config *config, double progress)
{
    double f = progress / config->until;
    return f > 1 ? 1 : f;
}

double mj_sparsity_density(const mj_sparsity_config *config, double progress)
{
    mj_sparsity_config c = resolved(*config);
    double left = 1 - ramp(&c, progress);
    return c.density + (c.density_start - c.density) * left * left * left;
}

int mj_sparsity_blocks(const mj_sparse *size, double density)
{
    const mj_sparse of = {.N = size->N, .K = size->K,
                          .block = size->block ? size->block : MJ_SPARSE_BLOCK};
    int n = (int)lrint(density * (double)positions_of(&of));
    return n > 1 ? n : 1;
}

void mj_sparsity_draw(mj_sparse *sparse, int n, mj_rng *rng)
{
    int n_bands = mj_sparse_bands(sparse), K = sparse->K;
    uint32_t at = 0;
    for (int band = 0; band < n_bands; band++) {
        sparse->start[band] = at;
        int left = n / n_bands + (band < n % n_bands);
        for (int k = 0; k < K; k++) { /* each of the columns left with the same chance */
            if (mj_rng_uniform(rng) * (K - k) < left) {
                sparse->column[at++] = (uint16_t)k;
                left--;
            }
        }
    }
    sparse->start[n_bands] = at;
}

/* Where the values stand in the slab; false if they are no trained parameter of the pattern's size. */
static bool find_values(mj_sparsity_matrix *m, const mj_tape *tape)
{
    int n;
    const mj_param *param = mj_tape_params(tape, &n);
    const mj_shape shape = mj_shape_2(m->sparse->n_max, m->sparse->block);
    for (int i = 0; i < n; i++) {
        if (param[i].var == m->value && param[i].lr_scale != 0 &&
            mj_shape_equal(mj_tape_tensor(tape, param[i].var).shape, shape)) {
            m->offset = param[i].offset;
            return true;
        }
    }
    return false;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

mj_status mj_sparsity_init(mj_sparsity *sparsity, mj_sparsity_config config, const mj_tape *tape,
                           mj_sparsity_matrix *matrix, int n, mj_arena *arena, mj_err *err)
{
    *sparsity = (mj_sparsity){.config = resolved(config), .matrix = matrix, .n_matrices = n};
    const mj_sparsity_config *c = &sparsity->config;
    if (!(c->density > 0 && c->density <= c->density_start && c->density_start <= 1 &&
          c->until <= 1 && c->regrow >= 0 && c->regrow < 1)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "sparsity: density from %g to %g until %g of the run, regrow %g",
                          c->density_start, c->density, c->until, c->regrow);
    }
    size_t positions = 0, blocks = 0, values = 0;
    bool had = true;
    for (int i = 0; i < n; i++) {
        mj_sparsity_matrix *m = matrix + i;
        if (!find_values(m, tape)) {
            return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "sparsity: not the values of a matrix");
        }
        positions = larger(positions, positions_of(m->sparse));
        blocks = larger(blocks, (size_t)m->sparse->n_max);
        values = larger(values, (size_t)m->sparse->n_max * (size_t)m->sparse->block);
        if (c->regrow > 0) {
            m->gradient = mj_arena_array(
                arena, (size_t)m->sparse->N * (size_t)m->sparse->K, sizeof *m->gradient);
            had = had && m->gradient;
        }
    }
    sparsity->score = mj_arena_array(arena, positions, sizeof *sparsity->score);
    sparsity->sorted = mj_arena_array(arena, positions, sizeof *sparsity->sorted);
    sparsity->alive = mj_arena_array(arena, positions, sizeof *sparsity->alive);
    sparsity->from = mj_arena_array(arena, blocks, sizeof *sparsity->from);
    sparsity->moved = mj_arena_array(arena, values, sizeof *sparsity->moved);
    had = had && sparsity->score && sparsity->sorted && sparsity->alive && sparsity->from &&
          sparsity->moved;
    return had ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for masks");
}

void mj_sparsity_watch(mj_sparsity *sparsity)
{
    for (int i = 0; i < sparsity->n_matrices; i++) {
        mj_sparsity_matrix *m = sparsity->matrix + i;
        m->sparse->gradient = m->gradient;
        if (m->gradient) {
            mj_fill(m->gradient, 0, (size_t)m->sparse->N * (size_t)m->sparse->K);
        }
    }
}

/* score [bands,K] of the living: sums of squares of their values in rows of the matrix, of which the last
 * band may have fewer; -1 of the dead. */
static void score_sizes(double *score, const mj_real *value, const mj_sparse *s)
{
    for (size_t i = 0; i < positions_of(s); i++) {
        score[i] = -1;
    }
    for (int band = 0; band < mj_sparse_bands(s); band++, score += s->K) {
        for (uint32_t k = s->start[band]; k < s->start[band + 1]; k++) {
            double sum = 0;
            for (int i = 0; i < s->block && band * s->block + i < s->N; i++) {
                double w = (double)value[(size_t)k * (size_t)s->block + (size_t)i];
                sum += w * w;
            }
            score[s->column[k]] = sum;
        }
    }
}

/* score [bands,K] of those not alive: sums of squares of their gradients; -1 of the others. */
static void score_pulls(double *score, const mj_real *gradient, const uint8_t *alive,
                        const mj_sparse *s)
{
    size_t K = (size_t)s->K;
    for (size_t i = 0; i < positions_of(s); i++) {
        score[i] = alive[i] ? -1 : 0;
    }
    for (size_t row = 0; row < (size_t)s->N; row++) {
        size_t band = row / (size_t)s->block;
        for (size_t k = 0; k < K; k++) {
            double d = (double)gradient[row * K + k];
            score[band * K + k] += alive[band * K + k] ? 0 : d * d;
        }
    }
}

/* The n-th largest of x (n from 1), by Hoare's selection; reorders x. */
static double nth_largest(double *x, int n_x, int n)
{
    int low = 0, high = n_x - 1, at = n - 1;
    while (low < high) {
        double pivot = x[low + (high - low) / 2];
        int i = low, j = high;
        while (i <= j) {
            while (x[i] > pivot) {
                i++;
            }
            while (x[j] < pivot) {
                j--;
            }
            if (i <= j) {
                double swap = x[i];
                x[i++] = x[j];
                x[j--] = swap;
            }
        }
        if (at <= j) {
            high = j;
        } else if (at >= i) {
            low = i;
        } else {
            break;
        }
    }
    return x[at];
}

/* The n positions of largest score come to life; scores below 0 do not count. */
static void wake_largest(mj_sparsity *s, int n_positions, int n)
{
    if (n < 1) {
        return;
    }
    memcpy(s->sorted, s->score, (size_t)n_positions * sizeof *s->sorted);
    double border = nth_largest(s->sorted, n_positions, n);
    int n_above = 0;
    for (int i = 0; i < n_positions; i++) {
        n_above += s->score[i] > border;
    }
    for (int i = 0, n_equal = n - n_above; i < n_positions; i++) {
        bool equal = s->score[i] == border && n_equal > 0;
        n_equal -= equal;
        s->alive[i] |= s->score[i] > border || equal;
    }
}

/* s->from [blocks of the mask] = the block's place in the present pattern, -1 for a new one; the
 * pattern becomes the mask's. Returns their number. */
static size_t set_pattern(mj_sparsity *s, mj_sparse *sparse)
{
    size_t n = 0, K = (size_t)sparse->K;
    for (int band = 0; band < mj_sparse_bands(sparse); band++) {
        uint32_t at = sparse->start[band], end = sparse->start[band + 1];
        for (size_t k = 0; k < K; k++) {
            bool lived = at < end && sparse->column[at] == k;
            if (s->alive[(size_t)band * K + k]) {
                s->from[n++] = lived ? (int)at : -1;
            }
            at += lived;
        }
    }
    mj_sparse_set(sparse, s->alive);
    return n;
}

static void move_blocks(mj_sparsity *s, mj_real *value, const mj_sparse *sparse, size_t n)
{
    size_t block = (size_t)sparse->block, room = (size_t)sparse->n_max * block;
    mj_fill(s->moved, 0, room);
    for (size_t i = 0; i < n; i++) {
        if (s->from[i] >= 0) {
            mj_copy(s->moved + i * block, value + (size_t)s->from[i] * block, block);
        }
    }
    mj_copy(value, s->moved, room);
}

static void update_matrix(mj_sparsity *s, mj_sparsity_matrix *m, mj_real *const *slab, int n_slabs,
                          double progress)
{
    const double pi = 3.14159265358979323846;
    int n_positions = (int)positions_of(m->sparse), n_alive = mj_sparse_blocks(m->sparse);
    int n = mj_sparsity_blocks(m->sparse, mj_sparsity_density(&s->config, progress));
    n = n < n_alive || m->gradient ? n : n_alive;
    n = n < m->sparse->n_max ? n : m->sparse->n_max;
    double exchange = s->config.regrow * (1 + cos(pi * ramp(&s->config, progress))) / 2;
    int n_new = (int)(exchange * n);
    n_new = n_new < n_positions - n ? n_new : n_positions - n;
    int n_old = n - n_new < n_alive ? n - n_new : n_alive;
    memset(s->alive, 0, (size_t)n_positions);
    score_sizes(s->score, slab[0] + m->offset, m->sparse);
    wake_largest(s, n_positions, n_old);
    if (n > n_old) {
        assert(m->sparse->gradient); /* it was watched */
        score_pulls(s->score, m->gradient, s->alive, m->sparse);
        wake_largest(s, n_positions, n - n_old);
    }
    size_t n_blocks = set_pattern(s, m->sparse);
    for (int i = 0; i < n_slabs; i++) {
        move_blocks(s, slab[i] + m->offset, m->sparse, n_blocks);
    }
    m->sparse->gradient = NULL;
}

void mj_sparsity_update(mj_sparsity *sparsity, mj_real *const *slab, int n_slabs, double progress)
{
    for (int i = 0; i < sparsity->n_matrices; i++) {
        update_matrix(sparsity, sparsity->matrix + i, slab, n_slabs, progress);
    }
}
