/* mj realize --as spice: an equilibrium net as a circuit of resistors, capacitors and cells, with the
 * images that mj measure lets it settle on. */
#include "config.h"
#include "mj/equilibrium_file.h"
#include "mj/json.h"
#include "mj/rc_folder.h"
#include "mj/text.h"
#include "train_commands.h"
#include "version.h"

#include <limits.h>
#include <stdlib.h>

static mj_status load_images(mj_rc_folder *to, mj_context *context, const mj_equilibrium_model *model,
                             int n_images)
{
    mj_dataset train, test;
    mj_equilibrium_score score;
    mj_err *err = &context->err;
    size_t K = (size_t)model->net.K;
    MJ_TRY(mj_load_data(&train, &test, context, to->data, mj_image_side(&model->recipe.model)));
    MJ_TRY(mj_equilibrium_judge(&score, model, &test, err));
    if (n_images > test.n) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "%d images, the data has %d", n_images, test.n);
    }
    to->accuracy = score.accuracy;
    to->n_images = n_images;
    to->x = mj_arena_array(&context->arena, (size_t)n_images * K, sizeof *to->x);
    to->label = test.label;
    if (!to->x) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for images");
    }
    for (size_t i = 0; i < (size_t)n_images * K; i++) {
        to->x[i] = (double)test.image[i];
    }
    return MJ_OK;
}

/* The cell, measured under the load that it will have. */
static mj_status prepare_cell(mj_rc_folder *to, mj_context *context, const mj_spice_request *r)
{
    mj_err *err = &context->err;
    const char *root = getenv("TMPDIR"), *folder = mj_context_path(context, "circuits");
    const char *own = folder ? mj_arena_printf(&context->arena, "%s/generic-180nm.lib", folder) : NULL;
    const mj_spice_job job = {.root = root && root[0] ? root : NULL};
    if (r->ideal) {
        to->cell = mj_rc_cell_default(NULL);
    } else if (!r->card && !own) {
        return MJ_EFILE;
    } else {
        const mj_models_request models = {r->card ? r->card : own, r->corner, NULL, NULL};
        MJ_TRY(mj_spice_models_load(&to->models, &models, &context->arena, err));
        MJ_TRY(mj_spice_version(&to->tool, &job, &context->arena, err));
        to->cell = mj_rc_cell_default(&to->models);
    }
    to->config = mj_rc_config_default();
    return mj_rc_cell_measure(&to->transfer, &to->cell, to->config.loading / to->cell.load_ohm, &job, err);
}

static void print(const mj_rc_folder *f, const mj_rc_net *rc, const char *folder)
{
    char word[PATH_MAX + 2];
    const mj_rc_parts parts = mj_rc_net_parts(rc);
    printf("%s\n  net       %d neurons, %d inputs, %d classes: %d parameters\n  circuit   %d resistors, %d %s "
           "cells, capacitors of %.3g fF\n", folder, f->net.N, f->net.K, f->net.M, parts.n_parameters,
           parts.n_resistors, parts.n_cells, rc->cell.models ? "transistor" : "ideal",
           1e15 * rc->config.node_F);
    printf("  cell      %.4g uA tanh(%.4g/V v), residual %.2f %% rms, %.2f %% at most\n",
           1e6 * rc->transfer.current_A, rc->transfer.gain_pV, 100 * rc->transfer.rms,
           100 * rc->transfer.largest);
    printf("  units     v: %.4g mV, score: %.4g mV, time: %.4g ns; a node %.4g uS\n  next      mj measure "
           "%s\n", 1e3 * rc->unit_V, 1e3 * rc->score_V, 1e9 * rc->time_s, 1e6 * rc->node_S,
           mj_text_shell_word(word, sizeof word, folder));
}

static mj_status print_json(const mj_rc_folder *f, const mj_rc_net *rc, const char *folder, mj_err *err)
{
    const mj_rc_parts parts = mj_rc_net_parts(rc);
    mj_json *root = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "folder", folder);
    mj_json_set_text(root, "kind", MJ_RC_KIND);
    mj_json_set_text(root, "model", f->model);
    mj_json_set_text(root, "cells", rc->cell.models ? "transistor" : "ideal");
    mj_json_set_integer(root, "neurons", f->net.N);
    mj_json_set_integer(root, "parameters", parts.n_parameters);
    mj_json_set_integer(root, "resistors", parts.n_resistors);
    mj_json_set_number(root, "residual_rms", rc->transfer.rms);
    mj_json_set_number(root, "unit_V", rc->unit_V);
    mj_json_set_number(root, "score_V", rc->score_V);
    mj_json_set_number(root, "node_S", rc->node_S);
    mj_json_set_number(root, "time_s", rc->time_s);
    mj_status status = mj_json_print(root, stdout, err);
    mj_json_free(root);
    return status;
}

mj_status mj_realize_spice(mj_context *context, const char *path, const mj_spice_request *r)
{
    mj_equilibrium_model model;
    mj_rc_net rc;
    mj_arena *arena = &context->arena;
    mj_err *err = &context->err;
    MJ_TRY(mj_equilibrium_file_load(&model, path, mj_context_units(context), arena, err));
    mj_rc_folder folder = {.model = model.recipe.name, .path = path, .version = MJ_VERSION,
                           .commit = MJ_COMMIT, .net = model.net,
                           .data = r->data ? r->data : model.recipe.data};
    MJ_TRY(load_images(&folder, context, &model, r->n_images > 0 ? r->n_images : MJ_RC_IMAGES));
    MJ_TRY(prepare_cell(&folder, context, r));
    MJ_TRY(mj_rc_net_map(&rc, &folder.net, &folder.cell, &folder.transfer, folder.config, arena, err));
    MJ_TRY(mj_rc_folder_save(&folder, &rc, r->out, arena, err));
    if (context->globals.json) {
        return print_json(&folder, &rc, r->out, err);
    }
    print(&folder, &rc, r->out);
    return MJ_OK;
}
