/* mj eval of an equilibrium net: how many images it tells right, and what it takes. */
#include "mj/equilibrium_file.h"
#include "mj/json.h"
#include "progress.h"
#include "train_commands.h"

static mj_status print_json(const mj_equilibrium_model *model, const mj_equilibrium_score *score, int n,
                            double seconds, mj_err *err)
{
    const mj_settling_net *net = &model->net;
    mj_json *root = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "model", model->recipe.name);
    mj_json_set_text(root, "metric", "accuracy");
    mj_json_set_number(root, "value", score->accuracy);
    mj_json_set_integer(root, "n", n);
    mj_json_set_integer(root, "neurons", net->N);
    mj_json_set_integer(root, "inputs", net->K);
    mj_json_set_integer(root, "classes", net->M);
    mj_json_set_integer(root, "parameters", mj_settling_parameters(net));
    mj_json_set_number(root, "contraction", mj_settling_contraction(net));
    mj_json_set_number(root, "iterations", score->iterations);
    mj_json_set_number(root, "seconds", seconds);
    mj_status status = mj_json_print(root, stdout, err);
    mj_json_free(root);
    return status;
}

mj_status mj_eval_equilibrium(mj_context *context, const char *path, const char *data)
{
    mj_equilibrium_model model;
    mj_equilibrium_score score;
    mj_dataset train, test;
    mj_err *err = &context->err;
    MJ_TRY(mj_equilibrium_file_load(&model, path, mj_context_units(context), &context->arena, err));
    MJ_TRY(mj_load_data(&train, &test, context, data ? data : model.recipe.data,
                        mj_image_side(&model.recipe.model)));
    double start_s = mj_clock_s();
    MJ_TRY(mj_equilibrium_judge(&score, &model, &test, err));
    double seconds = mj_clock_s() - start_s;
    if (context->globals.json) {
        return print_json(&model, &score, test.n, seconds, err);
    }
    const mj_settling_net *net = &model.net;
    printf("%s: accuracy %.4f on %d test images of %dx%d\n  %d neurons, %d parameters of 8 bits; rows of W "
           "add up to %.3f at most: it settles\n  %.1f iterations to 1/256 of the largest state; %.1f s on "
           "one thread\n", model.recipe.name, score.accuracy, test.n, test.width, test.height, net->N,
           mj_settling_parameters(net), mj_settling_contraction(net), score.iterations, seconds);
    return MJ_OK;
}
