/* What recipe.c and its parts share: a refusal that says where in the file. */
#ifndef MJ_TRAIN_RECIPE_REFUSE_H
#define MJ_TRAIN_RECIPE_REFUSE_H

#include "mj/recipe.h"

/* MJ_ERANGE, at the line of the key that the text names first ("train.batch must be .."), or, where the recipe
 * has no such key, of the section that it belongs to. */
mj_status mj_recipe_refuse(mj_err *err, const mj_recipe *recipe, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* True if the recipe has the key, whatever its value: "model", "density". */
bool mj_recipe_gives(const mj_recipe *recipe, const char *section, const char *key);

#endif
