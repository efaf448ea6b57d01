/* Files of equilibrium nets, and what a stored one is worth (equilibrium_file.h). */
#include "mj/equilibrium_file.h"

#include "task.h"

#include <string.h>

enum { BITS = 8, ITERATIONS_MAX = 10000 };
static const double STEP = 1.0 / 256; /* of 8 bits, of a state */

bool mj_equilibrium_file_is(const char *path, mj_arena *arena)
{
    mj_safetensors file;
    mj_err unseen = {0}; /* a file that cannot be read is complained about by who needs it */
    if (mj_safetensors_load_header(&file, path, arena, &unseen) != MJ_OK) {
        return false;
    }
    const char *model = mj_safetensors_text(&file, "model");
    return model && strcmp(model, mj_trained_kind_names[MJ_TRAINED_EQUILIBRIUM]) == 0;
}

/* A copy of a parameter, from where it stands in the slab. */
static mj_real *copy_of(const mj_tape *tape, mj_var var, const mj_real *slab, mj_arena *arena)
{
    int n_params;
    const mj_param *param = mj_tape_params(tape, &n_params);
    mj_tensor tensor = mj_tape_tensor(tape, var);
    size_t n = mj_shape_count(tensor.shape);
    mj_real *copy = mj_arena_array(arena, n, sizeof *copy);
    for (int p = 0; copy && p < n_params; p++) {
        if (param[p].var == var) {
            mj_copy(copy, slab ? slab + param[p].offset : tensor.v, n);
        }
    }
    return copy;
}

mj_status mj_equilibrium_file_fill(mj_checkpoint *to, const mj_tape *tape, const mj_equilibrium_vars *vars,
                                   const mj_real *slab, const mj_equilibrium_net *net, mj_arena *arena,
                                   mj_err *err)
{
    mj_real *W = copy_of(tape, vars->W, slab, arena), *U = copy_of(tape, vars->U, slab, arena);
    mj_real *b = copy_of(tape, vars->b, slab, arena), *V = copy_of(tape, vars->V, slab, arena);
    mj_real *c = copy_of(tape, vars->c, slab, arena);
    if (!W || !U || !b || !V || !c) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the file of an equilibrium net");
    }
    mj_equilibrium_net_bound(W, U, b, net);
    MJ_TRY(mj_checkpoint_set_number(to, "classes", net->M, err));
    MJ_TRY(mj_checkpoint_add_packed(to, "W", W, NULL, (mj_pack_shape){net->N, net->N, BITS}, err));
    MJ_TRY(mj_checkpoint_add_packed(to, "U", U, NULL, (mj_pack_shape){net->N, net->K, BITS}, err));
    MJ_TRY(mj_checkpoint_add_packed(to, "V", V, NULL, (mj_pack_shape){net->M, net->N, BITS}, err));
    MJ_TRY(mj_checkpoint_add(to, "b", b, &net->N, 1, err));
    return mj_checkpoint_add(to, "c", c, &net->M, 1, err);
}

static mj_status read(double *out, const mj_checkpoint *from, const char *name, int rows, int columns,
                      mj_arena *arena, mj_err *err)
{
    size_t n = (size_t)rows * (size_t)(columns > 0 ? columns : 1);
    mj_real *stored = mj_arena_array(arena, n, sizeof *stored);
    if (!stored) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for an equilibrium net");
    }
    MJ_TRY(mj_checkpoint_read(stored, from, name, (int[]){rows, columns}, columns > 0 ? 2 : 1, err));
    for (size_t i = 0; i < n; i++) {
        out[i] = (double)stored[i];
    }
    return MJ_OK;
}

mj_status mj_equilibrium_file_load(mj_equilibrium_model *model, const char *path, const mj_units *units,
                                   mj_arena *arena, mj_err *err)
{
    mj_checkpoint file;
    mj_checkpoint_run run;
    double classes;
    MJ_TRY(mj_checkpoint_load(&file, path, arena, err));
    MJ_TRY(mj_checkpoint_get_run(&run, &file, err));
    if (strcmp(run.model, mj_trained_kind_names[MJ_TRAINED_EQUILIBRIUM]) != 0) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0, "no equilibrium net: a %s", run.model);
    }
    MJ_TRY(mj_recipe_parse(&model->recipe, run.recipe, path, units, arena, err));
    const mj_recipe_model *m = &model->recipe.model;
    if (m->kind != MJ_TRAINED_EQUILIBRIUM) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "its recipe is of another kind of model");
    }
    MJ_TRY(mj_checkpoint_get_number(&classes, &file, "classes", err));
    if (!(classes >= 1 && classes <= MJ_SETTLING_CLASSES_MAX && classes == floor(classes))) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "metadata: classes cannot be %g", classes);
    }
    int N = m->equilibrium_net.neurons, K = m->width * m->height, M = (int)classes;
    mj_settling_net *net = &model->net;
    MJ_TRY(mj_settling_net_new(net, N, K, M, arena, err));
    MJ_TRY(read(net->W, &file, "W", N, N, arena, err));
    MJ_TRY(read(net->U, &file, "U", N, K, arena, err));
    MJ_TRY(read(net->V, &file, "V", M, N, arena, err));
    MJ_TRY(read(net->b, &file, "b", N, 0, arena, err));
    MJ_TRY(read(net->c, &file, "c", M, 0, arena, err));
    return mj_settling_contraction(net) < 1
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, path, 0, 0,
                            "a row of W adds up to %.3g: at 1 or more it need not settle",
                            mj_settling_contraction(net));
}

mj_status mj_equilibrium_judge(mj_equilibrium_score *score, const mj_equilibrium_model *model,
                               const mj_dataset *test, mj_err *err)
{
    const mj_settling_net *net = &model->net;
    double x[MJ_SETTLING_INPUTS_MAX], v[MJ_SETTLING_NEURONS_MAX], s[MJ_SETTLING_CLASSES_MAX];
    if (test->width * test->height != net->K || test->n_classes > net->M || test->n < 1) {
        return mj_err_add(err, MJ_EFIT, model->recipe.path, 0, 0,
                          "images of %dx%d and %d classes; the net takes %dx%d and %d", test->width,
                          test->height, test->n_classes, model->recipe.model.width,
                          model->recipe.model.height, net->M);
    }
    int right = 0;
    double iterations = 0;
    for (int i = 0; i < test->n; i++) {
        double most = 0;
        for (int k = 0; k < net->K; k++) {
            x[k] = (double)test->image[(size_t)i * (size_t)net->K + (size_t)k];
        }
        (void)mj_settle(v, net, x, 1e-9, ITERATIONS_MAX);
        mj_settling_scores(s, net, v);
        right += mj_settling_best(s, net->M) == test->label[i];
        for (int j = 0; j < net->N; j++) {
            most = fmax(most, fabs(v[j]));
        }
        iterations += mj_settle(v, net, x, STEP * most, ITERATIONS_MAX);
    }
    *score = (mj_equilibrium_score){.accuracy = (double)right / test->n, .iterations = iterations / test->n};
    return MJ_OK;
}
