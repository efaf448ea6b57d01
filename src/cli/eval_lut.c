/* mj eval and mj sample of a look-up-table network on images: a classifier's accuracy, a generator's bits
 * per image, its samples; and what the network takes. Models of text: eval_text.c, sample_text.c. */
#include "mj/lut_quality.h"
#include "mj/png.h"
#include "progress.h"
#include "train_commands.h"

bool mj_is_image_lut(const char *path, mj_context *context)
{
    enum { IMAGES = 1 << MJ_OBJECTIVE_CLASSIFY | 1 << MJ_OBJECTIVE_NEXT_PIXEL };
    const mj_units *units = mj_context_units(context);
    return units && mj_lut_file_is(path, IMAGES, units, &context->arena);
}

mj_status mj_lut_judge(mj_lut_score *score, const mj_lut_model *model, const mj_dataset *test, mj_err *err)
{
    bool classifies = model->recipe.objective.kind == MJ_OBJECTIVE_CLASSIFY;
    *score = (mj_lut_score){.metric = classifies ? "accuracy" : "bits-per-image",
                            .key = classifies ? "test_accuracy" : "bits_per_image",
                            .count = mj_lut_net_count(&model->net)};
    MJ_TRY(mj_lut_data_check(model, test, model->recipe.path, err));
    return classifies ? mj_lut_accuracy(&score->value, model, test, err)
                      : mj_lut_image_bits(&score->value, model, test, err);
}

void mj_lut_size_set(mj_json *root, const mj_lut_model *model)
{
    const mj_lut_count count = mj_lut_net_count(&model->net);
    mj_json_set_integer(root, "gates", count.gates);
    mj_json_set_integer(root, "and_nodes", mj_lut_and_nodes(&count));
    mj_json_set_integer(root, "inverters", count.inverters);
    mj_json_set_integer(root, "tables", model->net.n_nodes);
    mj_json_set_integer(root, "tables_trained", model->n_nominal);
    mj_json_set_integer(root, "depth", count.depth);
    mj_json_set_integer(root, "inputs", model->net.n_inputs);
    mj_json_set_integer(root, "outputs", model->net.n_outputs);
    mj_json_set_number(root, "stored_bits", mj_lut_net_bits(&model->net));
}

void mj_lut_size_print(const mj_lut_model *model)
{
    const mj_lut_count count = mj_lut_net_count(&model->net);
    printf("  %d two-input gates (%d AND-nodes, %d inverters, depth %d) of %d tables trained; read-out "
           "of %d bits apart\n  %d inputs; %.1f kB say what it is", count.gates, mj_lut_and_nodes(&count),
           count.inverters, count.depth, model->n_nominal, model->net.n_outputs, model->net.n_inputs,
           mj_lut_net_bits(&model->net) / 8e3);
}

static mj_status print_json(const mj_lut_model *model, const mj_lut_score *score, int n, double seconds,
                            mj_err *err)
{
    mj_json *root = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "model", model->recipe.name);
    mj_json_set_text(root, "metric", score->metric);
    mj_json_set_number(root, "value", score->value);
    mj_json_set_integer(root, "n", n);
    mj_lut_size_set(root, model);
    mj_json_set_number(root, "seconds", seconds);
    mj_status status = mj_json_print(root, stdout, err);
    mj_json_free(root);
    return status;
}

mj_status mj_eval_lut(mj_context *context, const char *path, const char *data)
{
    mj_lut_model model;
    mj_lut_score score;
    mj_dataset train, test;
    mj_err *err = &context->err;
    MJ_TRY(mj_lut_file_load(&model, path, mj_context_units(context), &context->arena, err));
    MJ_TRY(mj_load_data(&train, &test, context, data ? data : model.data, 0));
    double start_s = mj_clock_s();
    MJ_TRY(mj_lut_judge(&score, &model, &test, err));
    double seconds = mj_clock_s() - start_s;
    if (context->globals.json) {
        return print_json(&model, &score, test.n, seconds, err);
    }
    bool classifies = model.recipe.objective.kind == MJ_OBJECTIVE_CLASSIFY;
    printf(classifies ? "%s: accuracy %.4f on %d test images\n"
                      : "%s: %.2f bits an image on %d test images, class given\n",
           model.recipe.name, score.value, test.n);
    mj_lut_size_print(&model);
    printf("; %.1f s on one thread\n", seconds);
    return MJ_OK;
}

mj_status mj_sample_lut(mj_context *context, const char *path, const char *out, int n)
{
    enum { SCALE = 2 };
    mj_lut_model model;
    mj_image picture;
    uint32_t seed;
    mj_err *err = &context->err;
    mj_arena *arena = &context->arena;
    MJ_TRY(mj_seed_read(&seed, context));
    MJ_TRY(mj_lut_file_load(&model, path, mj_context_units(context), arena, err));
    if (model.recipe.objective.kind != MJ_OBJECTIVE_NEXT_PIXEL) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0, "not a generator: it tells classes apart");
    }
    mj_real *image = mj_arena_array(arena, (size_t)n * (size_t)(model.width * model.height), sizeof *image);
    int *label = mj_arena_array(arena, (size_t)n, sizeof *label);
    if (!image || !label) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d images", n);
    }
    mj_labels_fill(label, n, model.n_classes);
    MJ_TRY(mj_lut_images_draw(image, &model, label, n, seed, err));
    const mj_grid grid = {.n = n, .height = model.height, .width = model.width,
                          .columns = model.n_classes, .scale = SCALE};
    MJ_TRY(mj_grid_draw(&picture, image, &grid, arena, err));
    return mj_png_save(out, &picture, err);
}
