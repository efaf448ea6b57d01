/* Shapes of look-up-table networks: names, sizes and texts of the file to a model's counts (lut_file.h has
 * the tensors). Only the header is read: how many tables, wires, inputs, votes and counts there are stands in
 * the shapes, what the counts mean in the texts.
 *
 *   an alphabet              a symbol is drawn: one evaluation a token
 *   an objective next_pixel  levels of the pixels of an image are drawn, one evaluation each
 *   else                     the largest count is the class of an image: one evaluation */
#include "lut_shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_MAX_N = 1 << 24, SIDE_MAX = 65536 };

bool mj_lut_shape_is(const mj_safetensors *file)
{
    const char *model = mj_safetensors_text(file, "model");
    return model && strcmp(model, "lut_net") == 0;
}

/* The number of rows, or of columns of the one row. */
static mj_status size_of(int *size, const mj_safetensors *file, const char *name, bool rows, mj_err *err)
{
    const mj_stored_tensor *tensor = mj_safetensors_find(file, name);
    if (!tensor || tensor->n_dims != 2 || tensor->dim[!rows] > SIZE_MAX_N) {
        return mj_err_add(err, MJ_ESUPPORT, file->path, 0, 0,
                          "no tensor %s of two dimensions, as a look-up-table network has it", name);
    }
    *size = (int)tensor->dim[!rows];
    return MJ_OK;
}

/* A number of the file's texts, -1 where there is none. */
static mj_status number_of(double *number, const mj_safetensors *file, const char *key, double most,
                           mj_err *err)
{
    const char *text = mj_safetensors_text(file, key);
    char *end = NULL;
    *number = text ? strtod(text, &end) : -1;
    if (text && (end == text || *end || !(*number >= 0 && *number <= most))) {
        return mj_err_add(err, MJ_ESYNTAX, file->path, 0, 0, "the text %s must be a number from 0 to %g",
                          key, most);
    }
    return MJ_OK;
}

/* The name that its recipe gave it; else that of its file. */
static const char *name_of(const mj_safetensors *file, mj_arena *arena)
{
    static const char key[] = "recipe:";
    const char *text = mj_safetensors_text(file, "recipe");
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, sizeof key - 1) == 0) {
            line += sizeof key - 1;
            line += strspn(line, " \"");
            size_t n = strcspn(line, " \"\r\n");
            if (n > 0) {
                return mj_arena_text(arena, line, n);
            }
        }
    }
    const char *slash = strrchr(file->path, '/');
    const char *base = slash ? slash + 1 : file->path;
    return mj_arena_text(arena, base, strcspn(base, "."));
}

/* What the trainer found, if it judged. */
static mj_status quality_read(mj_model *model, const mj_safetensors *file, mj_arena *arena, mj_err *err)
{
    static const struct {
        const char *key, *words;
        double most;
        bool rises;
    } rows[] = {{"test_accuracy", "share of right classes, test images", 1, true},
                {"bits_per_image", "bits an image, test images", 1e9, false},
                {"validation_bits_per_byte", "bits per byte, validation text", 64, false}};
    const char *data = mj_safetensors_text(file, "data");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (mj_safetensors_text(file, rows[i].key)) {
            MJ_TRY(number_of(&model->quality.value, file, rows[i].key, rows[i].most, err));
            model->quality.rises = rows[i].rises;
            model->quality.metric = mj_arena_printf(arena, "%s of %s", rows[i].words,
                                                    data ? data : "unknown data");
            return model->quality.metric ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
        }
    }
    return MJ_OK;
}

/* What is made of the counts, and how often the network is evaluated for it. */
static mj_status task_read(mj_model *model, const mj_safetensors *file, mj_err *err)
{
    double width, height;
    const char *recipe = mj_safetensors_text(file, "recipe");
    model->lut.evaluations = 1;
    if (mj_safetensors_find(file, "alphabet")) {
        model->output = MJ_OUTPUT_TOKEN;
        return MJ_OK;
    }
    MJ_TRY(number_of(&width, file, "width", SIDE_MAX, err));
    MJ_TRY(number_of(&height, file, "height", SIDE_MAX, err));
    if (!(width >= 1 && height >= 1 && width * height <= SIZE_MAX_N)) {
        return mj_err_add(err, MJ_ESUPPORT, file->path, 0, 0,
                          "neither an alphabet nor the texts width and height: not known what the look-up "
                          "tables are for");
    }
    model->lut.width = (int)width;
    model->lut.height = (int)height;
    bool draws = recipe && strstr(recipe, "next_pixel");
    model->output = draws ? MJ_OUTPUT_IMAGE : MJ_OUTPUT_CLASS;
    model->lut.evaluations = draws ? model->lut.width * model->lut.height : 1;
    return MJ_OK;
}

mj_status mj_lut_shape_read(mj_model *model, const mj_safetensors *file, mj_arena *arena, mj_err *err)
{
    model->kind = MJ_MODEL_LUT;
    model->name = name_of(file, arena);
    if (!model->name) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    MJ_TRY(size_of(&model->lut.tables, file, "lut.sizes", false, err));
    MJ_TRY(size_of(&model->lut.wires, file, "lut.wires", false, err));
    MJ_TRY(size_of(&model->lut.votes, file, "lut.outputs", false, err));
    MJ_TRY(size_of(&model->lut.groups, file, "lut.groups", false, err));
    MJ_TRY(size_of(&model->lut.inputs, file, "encoder", true, err));
    model->lut.groups--; /* the end of the last one stands there, too */
    MJ_TRY(task_read(model, file, err));
    MJ_TRY(quality_read(model, file, arena, err));
    return mj_model_resolve(model, file->path, err);
}
