/* Checkpoint: all that a run needs to go on, and all that a reader needs to know how it was made.
 *
 * A safetensors file whose tensors are the model's parameters under their own names and, while
 * training, the optimiser's moments and averages under names with a prefix ("adam_m/K"). Texts say
 * the rest: recipe (whole), seed, step, states of random numbers, threads, kernel variant. A resume
 * is the same bits if all of it is restored; thread count and variant are compared by the caller.
 *
 *     mj_checkpoint_init(&checkpoint, arena);
 *     MJ_TRY(mj_checkpoint_set_run(&checkpoint, &run, err));
 *     MJ_TRY(mj_checkpoint_add(&checkpoint, "K", K, (int[]){N, N}, 2, err));
 *     return mj_checkpoint_save(&checkpoint, path, err);
 */
#ifndef MJ_CHECKPOINT_H
#define MJ_CHECKPOINT_H

#include "mj/packing.h"
#include "mj/real.h"
#include "mj/safetensors.h"

#include <stdbool.h>
#include <stdint.h>

enum { MJ_CHECKPOINT_DIMS = 4 };

typedef struct {
    mj_safetensors file;
} mj_checkpoint;

/* How and where a run stands. Texts are borrowed: from the caller, or from the checkpoint's arena
 * after a read. */
typedef struct {
    const char *model;  /* row in the table of models, "oscillator_net" */
    const char *recipe; /* the recipe's text, whole */
    const char *kernel; /* mj_kernels_variant() */
    uint64_t seed;
    long long step; /* steps done */
    int n_threads;
} mj_checkpoint_run;

/* ---- building ---- */

void mj_checkpoint_init(mj_checkpoint *checkpoint, mj_arena *arena);
mj_status mj_checkpoint_set_run(mj_checkpoint *checkpoint, const mj_checkpoint_run *run,
                                mj_err *err);
/* Numbers are written so that they read back to the same bits. */
mj_status mj_checkpoint_set_text(mj_checkpoint *checkpoint, const char *key, const char *text,
                                 mj_err *err);
mj_status mj_checkpoint_set_number(mj_checkpoint *checkpoint, const char *key, double number,
                                   mj_err *err);
/* A tensor of mj_real, F32 in the product; data is borrowed until the save. */
mj_status mj_checkpoint_add(mj_checkpoint *checkpoint, const char *name, const mj_real *data,
                            const int *dim, int n_dims, mj_err *err);
/* A matrix in shape.bits bits an element: tensors NAME.packed and NAME.scale. scale [rows] as in
 * packing.h; NULL takes mj_pack_scales. Copied into the arena. */
mj_status mj_checkpoint_add_packed(mj_checkpoint *checkpoint, const char *name, const mj_real *x,
                                   const float *scale, mj_pack_shape shape, mj_err *err);
/* Replaces `path` or leaves it as it was. */
mj_status mj_checkpoint_save(const mj_checkpoint *checkpoint, const char *path, mj_err *err);

/* ---- reading ---- */

/* At most 2 GiB. */
mj_status mj_checkpoint_load(mj_checkpoint *checkpoint, const char *path, mj_arena *arena,
                             mj_err *err);
/* MJ_EKEY where a key is missing, MJ_ESYNTAX where its text is not what it should be. */
mj_status mj_checkpoint_get_run(mj_checkpoint_run *run, const mj_checkpoint *checkpoint,
                                mj_err *err);
mj_status mj_checkpoint_get_text(const char **text, const mj_checkpoint *checkpoint,
                                 const char *key, mj_err *err);
mj_status mj_checkpoint_get_number(double *number, const mj_checkpoint *checkpoint,
                                   const char *key, mj_err *err);
/* Fills out from a tensor that is there, plain or packed, has exactly this shape, and is finite. The
 * matrices of a packed tensor of more dimensions lie one below the other. */
mj_status mj_checkpoint_read(mj_real *out, const mj_checkpoint *checkpoint, const char *name,
                             const int *dim, int n_dims, mj_err *err);

#endif
