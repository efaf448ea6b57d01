/* Glance: what a generator in training is worth, by a thousand images of its averaged parameters. A
 * Frechet distance of so few is larger than that of ten thousand; it is for watching, not for quoting. */
#ifndef MJ_CLI_GLANCE_H
#define MJ_CLI_GLANCE_H

#include "context.h"
#include "mj/dataset.h"
#include "mj/recipe.h"

typedef struct mj_glance mj_glance;

/* All is borrowed. The judge is loaded here: by the yardstick, or where that cannot be, by pixels. */
mj_status mj_glance_new(mj_glance **glance, mj_context *context, const mj_recipe *recipe,
                        const mj_dataset *train, const mj_dataset *test);
/* Of an exported model. */
mj_status mj_glance_take(double *frechet, mj_glance *glance, const char *model);

#endif
