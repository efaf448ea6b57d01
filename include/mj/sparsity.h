/* Sparsity in training: which weights of some matrices live, changed between steps.
 *
 *   mj_sparsity_init(&sparsity, config, tape, matrix, n, &arena, &err);
 *   ... forward, backward ...
 *   if (step % 100 == 0) mj_sparsity_update(&sparsity, tape, progress);
 *   mj_sparsity_apply(&sparsity, slab.grads);
 *   ... optimiser's step ...
 *   mj_sparsity_apply(&sparsity, slab.params);    and the optimiser's average, before it is used
 *
 * The share of zeros rises with progress p between start and end as final (1 - (1 - f)^3),
 * f = (p - start) / (end - start) [zhu2017]: the smallest blocks die. At each update a share of the
 * living, falling to 0 at the end, is taken from the smallest and given to the dead of the largest
 * gradient, which begin at 0 [evci2020]. */
#ifndef MJ_SPARSITY_H
#define MJ_SPARSITY_H

#include "mj/tape.h"

/* Zero means the default in brackets. */
typedef struct {
    double zeros;      /* share of zeros at the end */
    double start, end; /* progress of the run at which zeros begin and stop rising (0, 0.75) */
    double regrow;     /* share of the living exchanged at the first update (none) */
    int block;         /* rows of a column that live and die together, as in sparse.h (16) */
} mj_sparsity_config;

/* One matrix [N,K]: its place in the slab of parameters, and what lives. */
typedef struct {
    mj_var var;
    size_t offset;
    int N, K, n_blocks, n_alive;
    uint8_t *alive; /* [bands,K] */
} mj_sparsity_matrix;

typedef struct {
    mj_sparsity_config config;
    mj_sparsity_matrix *matrix;
    int n_matrices;
    double *score, *sorted; /* [blocks of the largest matrix] */
} mj_sparsity;

/* After mj_tape_allocate(). Every var must be a trained matrix. All live at first. */
mj_status mj_sparsity_init(mj_sparsity *sparsity, mj_sparsity_config config, const mj_tape *tape,
                           const mj_var *matrix, int n, mj_arena *arena, mj_err *err);
/* Reads weights and their gradients (not yet masked); decides who lives. progress in [0, 1]. */
void mj_sparsity_update(mj_sparsity *sparsity, const mj_tape *tape, double progress);
/* Zeros the dead in a slab laid out like the tape's parameters. */
void mj_sparsity_apply(const mj_sparsity *sparsity, mj_real *slab);
/* The share of zeros that the schedule asks for. */
double mj_sparsity_wanted(const mj_sparsity_config *config, double progress);

#endif
