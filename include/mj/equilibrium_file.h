/* The file of a trained equilibrium net: tensors W [N,N], U [N,K], V [M,N], packed in 8 bits a number with
 * a scale a row, b [N] and c [M]; the recipe, which is in every file of mj; and what data it is of. */
#ifndef MJ_EQUILIBRIUM_FILE_H
#define MJ_EQUILIBRIUM_FILE_H

#include "mj/checkpoint.h"
#include "mj/dataset.h"
#include "mj/equilibrium_net.h"
#include "mj/recipe.h"

typedef struct {
    mj_recipe recipe;
    mj_settling_net net; /* as stored, in the arena */
} mj_equilibrium_model;

/* True if the file says that it is one. */
bool mj_equilibrium_file_is(const char *path, mj_arena *arena);
/* Adds the tensors from the parameters in `slab` (NULL: the tape's own), bounded as the net says. */
mj_status mj_equilibrium_file_fill(mj_checkpoint *to, const mj_tape *tape, const mj_equilibrium_vars *vars,
                                   const mj_real *slab, const mj_equilibrium_net *net, mj_arena *arena,
                                   mj_err *err);
/* MJ_ESUPPORT for another kind; MJ_ERANGE for a W that does not contract. */
mj_status mj_equilibrium_file_load(mj_equilibrium_model *model, const char *path, const mj_units *units,
                                   mj_arena *arena, mj_err *err);

/* Share of images that are told right, and iterations to 1/256 of the largest state in the mean: what
 * arithmetic of 8 bits would take. MJ_EFIT for data of another size or more classes. */
typedef struct {
    double accuracy, iterations;
} mj_equilibrium_score;
mj_status mj_equilibrium_judge(mj_equilibrium_score *score, const mj_equilibrium_model *model,
                               const mj_dataset *test, mj_err *err);

#endif
