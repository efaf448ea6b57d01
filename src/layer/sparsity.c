/* Who lives: magnitude with regrowth (sparsity.h).
 *
 * A block's size is the sum of squares of its weights, its pull that of their gradients. The n of
 * largest score are found by the n-th largest of a copy; equals at the border live in their order
 * until n are full, so that the same numbers give the same mask everywhere. */
#include "mj/sparsity.h"

#include "mj/sparse.h"

#include <string.h>

static const double END_DEFAULT = 0.75;

static mj_sparsity_config resolved(mj_sparsity_config config)
{
    config.end = config.end > 0 ? config.end : END_DEFAULT;
    config.block = config.block > 0 ? config.block : MJ_SPARSE_BLOCK;
    return config;
}

/* Where a var stands in the slab; false if it is not a trained matrix. */
static bool find_matrix(mj_sparsity_matrix *m, const mj_tape *tape, mj_var var)
{
    int n;
    const mj_param *param = mj_tape_params(tape, &n);
    for (int i = 0; i < n; i++) {
        mj_shape shape = mj_tape_tensor(tape, param[i].var).shape;
        if (param[i].var == var && param[i].lr_scale != 0 && shape.n_dims == 2) {
            *m = (mj_sparsity_matrix){.var = var, .offset = param[i].offset, .N = shape.dim[0],
                                      .K = shape.dim[1]};
            return true;
        }
    }
    return false;
}

mj_status mj_sparsity_init(mj_sparsity *sparsity, mj_sparsity_config config, const mj_tape *tape,
                           const mj_var *matrix, int n, mj_arena *arena, mj_err *err)
{
    *sparsity = (mj_sparsity){.config = resolved(config), .n_matrices = n};
    const mj_sparsity_config *c = &sparsity->config;
    if (!(c->zeros >= 0 && c->zeros < 1 && c->start >= 0 && c->start < c->end && c->end <= 1 &&
          c->regrow >= 0 && c->regrow < 1)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "sparsity: zeros %g, from %g to %g of the run, regrow %g", c->zeros,
                          c->start, c->end, c->regrow);
    }
    sparsity->matrix = mj_arena_array(arena, (size_t)n, sizeof *sparsity->matrix);
    size_t largest = 0;
    for (int i = 0; sparsity->matrix && i < n; i++) {
        mj_sparsity_matrix *m = sparsity->matrix + i;
        if (!find_matrix(m, tape, matrix[i])) {
            return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "sparsity: not a trained matrix");
        }
        m->n_blocks = m->n_alive = (m->N + c->block - 1) / c->block * m->K;
        m->alive = mj_arena_alloc(arena, (size_t)m->n_blocks);
        if (!m->alive) {
            sparsity->matrix = NULL;
            break;
        }
        memset(m->alive, 1, (size_t)m->n_blocks);
        largest = (size_t)m->n_blocks > largest ? (size_t)m->n_blocks : largest;
    }
    sparsity->score = mj_arena_array(arena, largest, sizeof *sparsity->score);
    sparsity->sorted = mj_arena_array(arena, largest, sizeof *sparsity->sorted);
    return sparsity->matrix && sparsity->score && sparsity->sorted
               ? MJ_OK
               : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for masks");
}

static double ramp(const mj_sparsity_config *config, double progress)
{
    double f = (progress - config->start) / (config->end - config->start);
    return f < 0 ? 0 : f > 1 ? 1 : f;
}

double mj_sparsity_wanted(const mj_sparsity_config *config, double progress)
{
    mj_sparsity_config c = resolved(*config);
    double left = 1 - ramp(&c, progress);
    return c.zeros * (1 - left * left * left);
}

/* score [bands,K]: sums of squares of x [N,K] over the blocks. */
static void score_blocks(double *score, const mj_real *x, const mj_sparsity_matrix *m, int block)
{
    memset(score, 0, (size_t)m->n_blocks * sizeof *score);
    for (int row = 0; row < m->N; row++) {
        double *band = score + (size_t)(row / block) * (size_t)m->K;
        for (int k = 0; k < m->K; k++) {
            double value = (double)x[(size_t)row * (size_t)m->K + (size_t)k];
            band[k] += value * value;
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

/* The n blocks of largest score come to life; scores below 0 do not count. */
static void wake_largest(mj_sparsity *s, mj_sparsity_matrix *m, int n)
{
    if (n < 1) {
        return;
    }
    memcpy(s->sorted, s->score, (size_t)m->n_blocks * sizeof *s->sorted);
    double border = nth_largest(s->sorted, m->n_blocks, n);
    int n_above = 0;
    for (int i = 0; i < m->n_blocks; i++) {
        n_above += s->score[i] > border;
    }
    for (int i = 0, n_equal = n - n_above; i < m->n_blocks; i++) {
        bool equal = s->score[i] == border && n_equal > 0;
        n_equal -= equal;
        m->alive[i] |= s->score[i] > border || equal;
    }
}

static void update_matrix(mj_sparsity *s, mj_sparsity_matrix *m, const mj_tape *tape,
                          double progress)
{
    const double pi = 3.14159265358979323846;
    mj_tensor w = mj_tape_tensor(tape, m->var);
    int n = (int)lrint((1 - mj_sparsity_wanted(&s->config, progress)) * m->n_blocks);
    n = n > 1 ? n : 1;
    double exchange = s->config.regrow * (1 + cos(pi * ramp(&s->config, progress))) / 2;
    int n_new = (int)(exchange * n);
    n_new = n_new < m->n_blocks - n ? n_new : m->n_blocks - n;
    score_blocks(s->score, w.v, m, s->config.block);
    for (int i = 0; i < m->n_blocks; i++) {
        s->score[i] = m->alive[i] ? s->score[i] : -1; /* the dead return by their gradient alone */
    }
    int n_old = n - n_new < m->n_alive ? n - n_new : m->n_alive;
    memset(m->alive, 0, (size_t)m->n_blocks);
    wake_largest(s, m, n_old);
    score_blocks(s->score, w.d, m, s->config.block);
    for (int i = 0; i < m->n_blocks; i++) {
        s->score[i] = m->alive[i] ? -1 : s->score[i];
    }
    wake_largest(s, m, n - n_old);
    m->n_alive = n;
}

void mj_sparsity_update(mj_sparsity *sparsity, const mj_tape *tape, double progress)
{
    for (int i = 0; i < sparsity->n_matrices; i++) {
        update_matrix(sparsity, sparsity->matrix + i, tape, progress);
    }
}

void mj_sparsity_apply(const mj_sparsity *sparsity, mj_real *slab)
{
    for (int i = 0; i < sparsity->n_matrices; i++) {
        const mj_sparsity_matrix *m = sparsity->matrix + i;
        mj_real *w = slab + m->offset;
        for (int row = 0; row < m->N; row++, w += m->K) {
            const uint8_t *alive =
                m->alive + (size_t)(row / sparsity->config.block) * (size_t)m->K;
            for (int k = 0; k < m->K; k++) {
                w[k] = alive[k] ? w[k] : 0;
            }
        }
    }
}
