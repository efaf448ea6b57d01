/* Recipes of look-up-table networks: defaults and checks. */
#include "recipe_lut.h"
#include "recipe_refuse.h"

#include <math.h>
#include <string.h>

enum { INPUTS = 2, NEIGHBOURHOOD = 5, HISTORY = 8 };
/* Warm up softly for this share of a run. */
static const double HARD_FROM = 0.5;

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))

mj_status mj_recipe_lut_refuse_idle(const mj_recipe *recipe, mj_err *err)
{
    enum { IMAGES = 1 << MJ_OBJECTIVE_CLASSIFY | 1 << MJ_OBJECTIVE_NEXT_PIXEL };
    const unsigned bytes = 1u << MJ_OBJECTIVE_NEXT_BYTE, any = ~0u;
    const mj_recipe_lut *l = &recipe->model.lut;
    const mj_recipe_train *t = &recipe->train;
    const struct {
        const char *key;
        bool given;
        unsigned used_by; /* a bit an objective */
    } some[] = {
        {"model.layers", l->n_layers > 0, any},
        {"model.table_inputs", l->table_inputs > 0, any},
        {"model.thresholds", l->n_thresholds > 0, IMAGES},
        {"model.neighbourhood", l->neighbourhood > 0, 1u << MJ_OBJECTIVE_NEXT_PIXEL},
        {"model.history", l->history > 0, bytes},
        {"model.one_hot", l->one_hot > 0, bytes},
        {"model.decisions", l->decisions, bytes},
        {"model.scale", l->scale > 0, any},
        {"model.area", l->area > 0, any},
        {"model.activity", l->activity, any},
        {"train.hard_from", t->hard_from > 0, any},
        {"train.rewire", t->rewire > 0, any},
        {"train.sharpen", t->sharpen > 0, any},
        {"train.rewire_batches", t->rewire_batches > 0, any},
        {"train.shift", t->shift > 0, 1u << MJ_OBJECTIVE_CLASSIFY},
        {"train.mirror", t->mirror, 1u << MJ_OBJECTIVE_CLASSIFY},
    };
    bool is_lut = recipe->model.kind == MJ_TRAINED_LUT;
    int objective = recipe->objective.kind;
    for (int k = 0; k < LENGTH(some); k++) {
        /* an objective of other models is complained about later */
        bool used = objective < MJ_OBJECTIVE_CLASSIFY || (some[k].used_by >> objective & 1);
        if (some[k].given && !(is_lut && used)) {
            return mj_recipe_refuse(err, recipe, "%s has no effect on a%s %s%s",
                              some[k].key, recipe->model.kind == MJ_TRAINED_OSCILLATOR ? "n" : "",
                              mj_trained_kind_names[recipe->model.kind],
                              is_lut ? " with this objective" : "");
        }
    }
    return MJ_OK;
}

static mj_status wrong(mj_err *err, const mj_recipe *recipe, const char *text)
{
    return mj_recipe_refuse(err, recipe, "%s", text);
}

static bool all_whole(const double *x, int n)
{
    for (int i = 0; i < n; i++) {
        if (x[i] != floor(x[i])) {
            return false;
        }
    }
    return true;
}

static mj_status check_thresholds(const mj_recipe *recipe, mj_err *err)
{
    const mj_recipe_lut *l = &recipe->model.lut;
    bool rising = all_whole(l->threshold, l->n_thresholds) && l->n_thresholds > 0;
    for (int i = 1; i < l->n_thresholds; i++) {
        rising = rising && l->threshold[i] > l->threshold[i - 1];
    }
    return rising ? MJ_OK
                  : wrong(err, recipe, "a lut_net on images needs model.thresholds, whole grey values "
                                       "that rise, as [32, 96, 160]");
}

mj_status mj_recipe_lut_decode(mj_recipe *recipe, mj_err *err)
{
    mj_recipe_lut *l = &recipe->model.lut;
    int objective = recipe->objective.kind;
    if (l->n_layers == 0 || !all_whole(l->layer, l->n_layers)) {
        return wrong(err, recipe, "a lut_net needs model.layers, whole numbers of tables, as [2000, 1000]");
    }
    if (objective < MJ_OBJECTIVE_CLASSIFY) {
        return wrong(err, recipe, "a lut_net is trained with the objective classify, next_pixel or next_byte");
    }
    if (objective != MJ_OBJECTIVE_NEXT_BYTE) {
        MJ_TRY(check_thresholds(recipe, err));
    }
    if (strchr(recipe->train.batch, 'x')) {
        return wrong(err, recipe, "train.batch of a lut_net must be a number of samples");
    }
    if (l->activity && !(l->area > 0)) {
        return wrong(err, recipe, "model.activity weighs model.area, which is missing");
    }
    l->table_inputs = l->table_inputs > 0 ? l->table_inputs : INPUTS;
    l->neighbourhood = l->neighbourhood > 0 ? l->neighbourhood : NEIGHBOURHOOD;
    l->history = l->history > 0 ? l->history : HISTORY;
    if (l->one_hot > l->history) {
        return wrong(err, recipe, "model.one_hot is more than model.history");
    }
    if (recipe->train.rewire > 0 && l->table_inputs != INPUTS) {
        return wrong(err, recipe, "train.rewire is for tables of two inputs");
    }
    if (recipe->train.rewire_batches > 0 && recipe->train.rewire == 0) {
        return wrong(err, recipe, "train.rewire_batches is of train.rewire, which is missing");
    }
    recipe->train.rewire_batches = recipe->train.rewire_batches > 0 ? recipe->train.rewire_batches : 1;
    recipe->train.sharpen = recipe->train.sharpen > 0 ? recipe->train.sharpen : 1;
    recipe->train.hard_from = recipe->train.hard_from > 0 ? recipe->train.hard_from : HARD_FROM;
    return MJ_OK;
}
