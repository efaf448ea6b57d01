/* Recipes of equilibrium nets: defaults and checks. */
#include "recipe_equilibrium.h"
#include "recipe_refuse.h"

#include "mj/settling_net.h"

#include <string.h>

static const double CONTRACTION = 0.9, DRIVE = 2.5;

mj_status mj_recipe_equilibrium_refuse_idle(const mj_recipe *recipe, mj_err *err)
{
    const mj_recipe_equilibrium *e = &recipe->model.equilibrium_net;
    bool given = e->neurons > 0 || e->contraction > 0 || e->drive > 0;
    return !given || recipe->model.kind == MJ_TRAINED_EQUILIBRIUM
               ? MJ_OK
               : mj_recipe_refuse(err, recipe, "model.neurons, contraction and drive have no effect on a%s %s",
                            recipe->model.kind == MJ_TRAINED_OSCILLATOR ? "n" : "",
                            mj_trained_kind_names[recipe->model.kind]);
}

static mj_status wrong(mj_err *err, const mj_recipe *recipe, const char *text)
{
    return mj_recipe_refuse(err, recipe, "%s", text);
}

mj_status mj_recipe_equilibrium_decode(mj_recipe *recipe, mj_err *err)
{
    mj_recipe_equilibrium *e = &recipe->model.equilibrium_net;
    if (e->neurons == 0) {
        return wrong(err, recipe, "an equilibrium_net needs model.neurons");
    }
    if (recipe->model.width * recipe->model.height > MJ_SETTLING_INPUTS_MAX) {
        return wrong(err, recipe, "model.visible: an equilibrium_net takes at most 1024 pixels");
    }
    if (e->contraction >= 1) {
        return wrong(err, recipe, "model.contraction must be below 1, or the net need not settle");
    }
    if (recipe->objective.kind != MJ_OBJECTIVE_CLASSIFY) {
        return wrong(err, recipe, "an equilibrium_net is trained with the objective classify");
    }
    if (strchr(recipe->train.batch, 'x')) {
        return wrong(err, recipe, "train.batch of an equilibrium_net must be a number of images");
    }
    e->contraction = e->contraction > 0 ? e->contraction : CONTRACTION;
    e->drive = e->drive > 0 ? e->drive : DRIVE;
    return MJ_OK;
}
