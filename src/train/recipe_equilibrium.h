/* What recipe.c leaves to recipe_equilibrium.c: keys of equilibrium nets. */
#ifndef MJ_TRAIN_RECIPE_EQUILIBRIUM_H
#define MJ_TRAIN_RECIPE_EQUILIBRIUM_H

#include "mj/recipe.h"

/* Defaults, and checks of what does not go together, of an equilibrium_net; its image has been read. */
mj_status mj_recipe_equilibrium_decode(mj_recipe *recipe, mj_err *err);
/* Its keys on another kind of model. */
mj_status mj_recipe_equilibrium_refuse_idle(const mj_recipe *recipe, mj_err *err);

#endif
