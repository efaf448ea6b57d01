/* Training: a recipe in progress. Makes steps, saves itself, goes on from a save, exports the result.
 *
 *     MJ_TRY(mj_training_new(&training, &setup, arena, err));
 *     while (!mj_training_is_done(training)) {
 *         MJ_TRY(mj_training_step(training, &loss, err));
 *     }
 *     return mj_training_export(training, path, note, n_notes, err);
 *
 * A run that was interrupted and restored gives the same bits as one that was not, if the number of
 * threads and the variant of the kernels are the same; both are saved and compared. */
#ifndef MJ_TRAINING_H
#define MJ_TRAINING_H

#include "mj/corpus.h"
#include "mj/dataset.h"
#include "mj/recipe.h"

typedef struct mj_training mj_training;

typedef struct {
    const mj_recipe *recipe;              /* borrowed */
    const mj_dataset *train;              /* borrowed: images, or */
    const mj_corpus *corpus;              /* text */
    const char *init_path, *network_path; /* files that the recipe names; NULL where it names none */
    double minutes;                       /* in place of the recipe's; 0: the recipe's */
    size_t limit_B;                       /* memory of the networks; 0: no limit */
} mj_training_setup;

/* Where a run stands. n_steps is 0 while it is not known: a run of M minutes takes as many steps in
 * its second half as it did in the first M/2 minutes, so that its schedule can be repeated. */
typedef struct {
    long long step, n_steps;
    double elapsed_s; /* in steps, over all sessions */
    double cpu_s;     /* of all threads in them: what is left of elapsed_s on a machine of others */
    double left_s;    /* estimate; 0 when done */
    int images_per_step; /* or tokens, of text */
    size_t memory_B; /* of networks and optimiser */
} mj_training_state;

/* A fact about a result, for the file's metadata. */
typedef struct {
    const char *key, *text;
} mj_note;

mj_status mj_training_new(mj_training **training, const mj_training_setup *setup, mj_arena *arena,
                          mj_err *err);
mj_training_state mj_training_state_of(const mj_training *training);
bool mj_training_is_done(const mj_training *training);
/* One step. Numbers that are not finite: MJ_ERANGE with the step and the first tensor that has them;
 * the parameters are then as before the step, but for those of a look-up memory, which learns as it
 * reads: of it the last save is good. */
mj_status mj_training_step(mj_training *training, double *loss, mj_err *err);
/* All that a restore needs, in place of `path`. */
mj_status mj_training_save(const mj_training *training, const char *path, mj_err *err);
/* MJ_ERANGE if recipe, text, threads or kernels are not those of the save. */
mj_status mj_training_restore(mj_training *training, const char *path, mj_err *err);
/* Mean loss, in nats a sample, of samples drawn from other data (images, or with NULL the validation text),
 * by the averaged parameters as training has them: of a look-up-table network whose tables are not bits yet
 * what it is worth soft. n_samples is rounded down to whole batches, one at least. MJ_ESUPPORT where a
 * recipe's task has no such measure. */
mj_status mj_training_judge(double *loss, mj_training *training, const mj_dataset *test, int n_samples,
                            mj_err *err);
/* The averaged parameters with recipe, seed, steps and `note`s. Couplings that were trained with 2 to
 * 8 bits are packed so. */
mj_status mj_training_export(const mj_training *training, const char *path, const mj_note *note,
                             int n_notes, mj_err *err);

#endif
