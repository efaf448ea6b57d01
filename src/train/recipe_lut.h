/* What recipe.c leaves to recipe_lut.c: keys of look-up-table networks. */
#ifndef MJ_TRAIN_RECIPE_LUT_H
#define MJ_TRAIN_RECIPE_LUT_H

#include "mj/recipe.h"

/* Defaults, and checks of what does not go together, of a lut_net. */
mj_status mj_recipe_lut_decode(mj_recipe *recipe, mj_err *err);
/* Its keys on another kind of model, or on another objective than theirs. */
mj_status mj_recipe_lut_refuse_idle(const mj_recipe *recipe, mj_err *err);

#endif
