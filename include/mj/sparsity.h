/* Sparsity in training: which blocks of compressed matrices live, changed between steps.
 *
 *   mj_sparsity_init(&sparsity, config, tape, matrix, n, &arena, &err);
 *   ... every 100 steps or so:
 *   mj_sparsity_watch(&sparsity);                        before a step's forward
 *   ... forward, backward, optimiser's step ...
 *   mj_sparsity_update(&sparsity, slab, n_slabs, progress);
 *
 * Only what lives is stored and multiplied (sparse.h), so that a step takes the time of its density.
 * The density falls with progress p from its start to its end as
 * end + (start - end) (1 - f)^3, f = p / until [zhu2017]: the smallest blocks die. At each update a
 * share of the living, falling to 0 at `until`, is taken from the smallest and given to the dead of
 * the largest gradient, which begin at 0 [evci2020]. */
#ifndef MJ_SPARSITY_H
#define MJ_SPARSITY_H

#include "mj/rng.h"
#include "mj/sparse.h"
#include "mj/tape.h"

/* Zero means the default in brackets. */
typedef struct {
    double density;       /* share of blocks that live at the end */
    double density_start; /* (density) */
    double until;         /* progress of the run at which masks are settled (0.75) */
    double regrow;        /* share of the living exchanged at the first update (none) */
} mj_sparsity_config;

/* The caller fills value, a trained parameter of the tape, and its pattern. */
typedef struct {
    mj_var value;
    mj_sparse *sparse;
    size_t offset;     /* of the values in the slab of parameters */
    mj_real *gradient; /* [N,K], for the pattern while it is watched */
} mj_sparsity_matrix;

typedef struct {
    mj_sparsity_config config;
    mj_sparsity_matrix *matrix;
    int n_matrices;
    /* Of the largest matrix: */
    double *score, *sorted; /* [positions of blocks] */
    uint8_t *alive;         /* as many */
    int *from;              /* [n_max] */
    mj_real *moved;         /* [n_max,block] */
} mj_sparsity;

/* Share of blocks that live at this progress. */
double mj_sparsity_density(const mj_sparsity_config *config, double progress);
/* Blocks that live of a matrix of this density: at least one. */
int mj_sparsity_blocks(const mj_sparse *size, double density);
/* n blocks at random, as many in each band. */
void mj_sparsity_draw(mj_sparse *sparse, int n, mj_rng *rng);

/* After mj_tape_allocate(). `matrix` stays the caller's. */
mj_status mj_sparsity_init(mj_sparsity *sparsity, mj_sparsity_config config, const mj_tape *tape,
                           mj_sparsity_matrix *matrix, int n, mj_arena *arena, mj_err *err);
/* The next backward gathers the gradients of all weights, as regrowth needs. */
void mj_sparsity_watch(mj_sparsity *sparsity);
/* Decides who lives, from the values in slab[0]; what stands for a block in any slab (parameters,
 * moments, averages, all laid out like the tape's parameters) moves with it. */
void mj_sparsity_update(mj_sparsity *sparsity, mj_real *const *slab, int n_slabs, double progress);

#endif
