/* Files of look-up-table networks. They come from strangers: the network is checked as a whole before
 * anything walks it. */
#include "mj/lut_file.h"

#include "lut_feed.h"
#include "task.h"

#include <math.h>
#include <string.h>

#define SIZES "lut.sizes"
#define WIRES "lut.wires"
#define TABLES "lut.tables"
#define OUTPUTS "lut.outputs"
#define GROUPS "lut.groups"
#define SCALE "lut.scale"
#define NOMINAL "lut.nominal"
#define ENCODER "encoder"
#define CODE "code"
#define SLOPE "lut.slope"

static mj_status no_memory(mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the file of a look-up-table network");
}

static size_t table_B(int n_inputs)
{
    return n_inputs > 3 ? (size_t)1 << (n_inputs - 3) : 1;
}

/* Writing. */

static mj_status add_row(mj_checkpoint *to, const char *name, mj_dtype dtype, const void *data, size_t n,
                         mj_err *err)
{
    return mj_safetensors_add(&to->file, name, dtype, data, (size_t[]){1, n}, 2, err);
}

static mj_status add_net(mj_checkpoint *to, const mj_lut_net *net, mj_arena *arena, mj_err *err)
{
    size_t n_wires = 0, n_bytes = 0, wire = 0, byte = 0, n = (size_t)net->n_nodes;
    for (size_t i = 0; i < n; i++) {
        n_wires += (size_t)net->node[i].n_inputs;
        n_bytes += table_B(net->node[i].n_inputs);
    }
    uint8_t *sizes = mj_arena_alloc(arena, n), *tables = mj_arena_alloc(arena, n_bytes);
    int32_t *wires = mj_arena_array(arena, n_wires, sizeof *wires);
    if (!sizes || !tables || !wires) {
        return no_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        const mj_lut_node *node = &net->node[i];
        sizes[i] = (uint8_t)node->n_inputs;
        for (int j = 0; j < node->n_inputs; j++) {
            wires[wire++] = node->input[j];
        }
        for (size_t k = 0; k < table_B(node->n_inputs); k++) {
            tables[byte++] = (uint8_t)(node->table >> 8 * k);
        }
    }
    MJ_TRY(add_row(to, SIZES, MJ_DTYPE_U8, sizes, n, err));
    MJ_TRY(add_row(to, WIRES, MJ_DTYPE_I32, wires, n_wires, err));
    MJ_TRY(add_row(to, TABLES, MJ_DTYPE_U8, tables, n_bytes, err));
    MJ_TRY(add_row(to, OUTPUTS, MJ_DTYPE_I32, net->output, (size_t)net->n_outputs, err));
    MJ_TRY(add_row(to, GROUPS, MJ_DTYPE_I32, net->group, (size_t)net->n_groups + 1, err));
    return mj_checkpoint_set_number(to, SCALE, net->scale, err);
}

/* The questions that are left, as rows of three. */
static mj_status add_encoder(mj_checkpoint *to, const mj_lut_encoder *encoder, const bool *used,
                             int n_used, mj_arena *arena, mj_err *err)
{
    int32_t *row = mj_arena_array(arena, 3 * (size_t)n_used, sizeof *row), *at = row;
    if (!row) {
        return no_memory(err);
    }
    for (int i = 0; i < encoder->n_inputs; i++) {
        if (used[i]) {
            *at++ = encoder->input[i].feature;
            *at++ = encoder->input[i].question;
            *at++ = encoder->input[i].operand;
        }
    }
    return mj_safetensors_add(&to->file, ENCODER, MJ_DTYPE_I32, row, (size_t[]){(size_t)n_used, 3}, 2,
                              err);
}

static mj_status add_decisions(mj_checkpoint *to, const mj_lut_model *model, mj_arena *arena, mj_err *err)
{
    size_t n = (size_t)model->net.n_groups;
    int32_t *child = mj_arena_array(arena, 2 * n, sizeof *child);
    float *slope = mj_arena_array(arena, n, sizeof *slope);
    if (!child || !slope) {
        return no_memory(err);
    }
    for (size_t d = 0; d < n; d++) {
        child[2 * d] = model->tree->child[d][0];
        child[2 * d + 1] = model->tree->child[d][1];
        slope[d] = (float)model->net.slope[d];
    }
    MJ_TRY(mj_safetensors_add(&to->file, CODE, MJ_DTYPE_I32, child, (size_t[]){n, 2}, 2, err));
    return add_row(to, SLOPE, MJ_DTYPE_F32, slope, n, err);
}

mj_status mj_lut_file_fill(mj_checkpoint *to, const mj_lut_model *model, mj_arena *arena, mj_err *err)
{
    mj_lut_net net;
    size_t n_inputs = (size_t)model->net.n_inputs;
    bool *used = mj_arena_array(arena, n_inputs, sizeof *used);
    int *dropped = mj_arena_array(arena, n_inputs + 1, sizeof *dropped);
    if (!used || !dropped) {
        return no_memory(err);
    }
    MJ_TRY(mj_lut_prune(&net, &model->net, arena, err));
    int n_used = mj_lut_inputs_used(used, &net);
    mj_lut_inputs_drop(&net, used, dropped);
    MJ_TRY(add_net(to, &net, arena, err));
    MJ_TRY(add_encoder(to, &model->encoder, used, n_used, arena, err));
    MJ_TRY(mj_checkpoint_set_number(to, NOMINAL, model->net.n_nodes, err));
    MJ_TRY(mj_checkpoint_set_text(to, MJ_DATA_KEY, model->data, err));
    if (model->alphabet) {
        MJ_TRY(mj_alphabet_add(to, model->alphabet, err));
        return model->tree ? add_decisions(to, model, arena, err) : MJ_OK;
    }
    MJ_TRY(mj_checkpoint_set_number(to, "width", model->width, err));
    MJ_TRY(mj_checkpoint_set_number(to, "height", model->height, err));
    return mj_checkpoint_set_number(to, "classes", model->n_classes, err);
}

/* Reading. */

static mj_status find(const mj_stored_tensor **tensor, const mj_checkpoint *from, const char *name,
                      mj_dtype dtype, size_t n_least, mj_err *err)
{
    enum { ELEMENTS_MAX = 1 << 26 };
    *tensor = mj_safetensors_find(&from->file, name);
    bool fits = *tensor && (*tensor)->dtype == dtype && (*tensor)->n_dims == 2 &&
                (*tensor)->n_elements >= n_least && (*tensor)->n_elements <= ELEMENTS_MAX;
    return fits ? MJ_OK
                : mj_err_add(err, MJ_EFIT, from->file.path, 0, 0,
                             "no tensor %s of type %s with %zu or more elements", name,
                             mj_dtype_name(dtype), n_least);
}

static mj_status read_integers(int **out, int *n, const mj_checkpoint *from, const char *name,
                               size_t n_least, mj_arena *arena, mj_err *err)
{
    const mj_stored_tensor *tensor;
    MJ_TRY(find(&tensor, from, name, MJ_DTYPE_I32, n_least, err));
    *n = (int)tensor->n_elements;
    *out = mj_arena_array(arena, tensor->n_elements, sizeof **out);
    for (size_t i = 0; *out && i < tensor->n_elements; i++) {
        (*out)[i] = (int)mj_tensor_element(tensor, i);
    }
    return *out ? MJ_OK : no_memory(err);
}

static mj_status read_whole(int *number, const mj_checkpoint *from, const char *key, int min, int max,
                            mj_err *err)
{
    double value;
    MJ_TRY(mj_checkpoint_get_number(&value, from, key, err));
    *number = value >= min && value <= max ? (int)value : min;
    return value == *number ? MJ_OK
                            : mj_err_add(err, MJ_ERANGE, from->file.path, 0, 0,
                                         "metadata: %s cannot be %g", key, value);
}

static mj_status read_nodes(mj_lut_net *net, const mj_checkpoint *from, mj_arena *arena, mj_err *err)
{
    const mj_stored_tensor *sizes, *tables;
    int *wires, n_wires;
    MJ_TRY(find(&sizes, from, SIZES, MJ_DTYPE_U8, 0, err));
    MJ_TRY(find(&tables, from, TABLES, MJ_DTYPE_U8, 0, err));
    MJ_TRY(read_integers(&wires, &n_wires, from, WIRES, 0, arena, err));
    const uint8_t *size = sizes->data, *table = tables->data;
    size_t wire = 0, byte = 0;
    net->n_nodes = (int)sizes->n_elements;
    net->node = mj_arena_array(arena, sizes->n_elements, sizeof *net->node);
    if (!net->node) {
        return no_memory(err);
    }
    for (int n = 0; n < net->n_nodes; n++) {
        mj_lut_node *node = &net->node[n];
        size_t k = size[n];
        if (k < 1 || k > MJ_LUT_INPUTS_MAX || wire + k > (size_t)n_wires ||
            byte + table_B((int)k) > tables->n_elements) {
            return mj_err_add(err, MJ_EFIT, from->file.path, 0, 0,
                              "node %d of %zu inputs: wires or tables end before it", n, k);
        }
        node->n_inputs = (int)k;
        memcpy(node->input, wires + wire, k * sizeof *wires);
        for (size_t b = 0; b < table_B((int)k); b++) {
            node->table |= (uint64_t)table[byte + b] << 8 * b;
        }
        wire += k;
        byte += table_B((int)k);
    }
    return wire == (size_t)n_wires && byte == tables->n_elements
               ? MJ_OK
               : mj_err_add(err, MJ_EFIT, from->file.path, 0, 0,
                            "wires or tables that belong to no node");
}

/* Before the network is checked. */
static mj_status read_slopes(mj_lut_net *net, const mj_checkpoint *from, mj_arena *arena, mj_err *err)
{
    const mj_stored_tensor *tensor;
    MJ_TRY(find(&tensor, from, SLOPE, MJ_DTYPE_F32, 1, err));
    if (tensor->n_elements != (size_t)net->n_groups) {
        return mj_err_add(err, MJ_EFIT, from->file.path, 0, 0, SLOPE ": %zu numbers for %d groups",
                          tensor->n_elements, net->n_groups);
    }
    net->slope = mj_arena_array(arena, tensor->n_elements, sizeof *net->slope);
    for (int g = 0; net->slope && g < net->n_groups; g++) {
        net->slope[g] = mj_tensor_element(tensor, (size_t)g);
    }
    return net->slope ? MJ_OK : no_memory(err);
}

static mj_status read_net(mj_lut_net *net, const mj_checkpoint *from, bool decides, mj_arena *arena,
                          mj_err *err)
{
    int n_group;
    MJ_TRY(read_nodes(net, from, arena, err));
    MJ_TRY(read_integers(&net->output, &net->n_outputs, from, OUTPUTS, 1, arena, err));
    MJ_TRY(read_integers(&net->group, &n_group, from, GROUPS, 2, arena, err));
    net->n_groups = n_group - 1;
    MJ_TRY(mj_checkpoint_get_number(&net->scale, from, SCALE, err));
    if (decides) {
        MJ_TRY(read_slopes(net, from, arena, err));
    }
    return mj_lut_net_check(net, from->file.path, err);
}

static mj_status read_encoder(mj_lut_model *model, const mj_checkpoint *from, mj_arena *arena,
                              mj_err *err)
{
    const mj_recipe_lut *lut = &model->recipe.model.lut;
    mj_lut_encoder *encoder = &model->encoder;
    int *row, n;
    MJ_TRY(read_integers(&row, &n, from, ENCODER, 0, arena, err));
    const mj_lut_pixels pixels =
        mj_lut_pixels_of(&model->recipe, model->width, model->height, model->n_classes);
    int objective = model->recipe.objective.kind;
    int n_features = objective == MJ_OBJECTIVE_CLASSIFY     ? model->width * model->height
                     : objective == MJ_OBJECTIVE_NEXT_PIXEL ? mj_lut_pixels_features(&pixels)
                                                            : lut->history;
    MJ_TRY(mj_lut_encoder_init(encoder, n_features, n / 3, arena, err));
    for (int i = 0; i < n / 3; i++) {
        encoder->input[encoder->n_inputs++] =
            (mj_lut_input){row[3 * i], row[3 * i + 1], row[3 * i + 2]};
    }
    model->net.n_inputs = encoder->n_inputs;
    return mj_lut_encoder_check(encoder, from->file.path, err);
}

static mj_status read_tree(mj_lut_model *model, const mj_checkpoint *from, mj_arena *arena, mj_err *err)
{
    int *child, n;
    mj_symbol_tree *tree = mj_arena_alloc(arena, sizeof *tree);
    MJ_TRY(read_integers(&child, &n, from, CODE, 0, arena, err));
    if (!tree) {
        return no_memory(err);
    }
    tree->n_symbols = model->alphabet->n_symbols;
    if (n != 2 * (tree->n_symbols - 1)) {
        return mj_err_add(err, MJ_EFIT, from->file.path, 0, 0, "code: %d numbers for %d symbols", n,
                          tree->n_symbols);
    }
    for (int i = 0; i < n; i++) {
        tree->child[i / 2][i % 2] = child[i];
    }
    model->tree = tree;
    return mj_symbol_tree_complete(tree, from->file.path, err);
}

/* A score a class, a level, a symbol or a decision. */
static mj_status check_groups(const mj_lut_model *model, mj_err *err)
{
    int objective = model->recipe.objective.kind;
    int wanted = objective == MJ_OBJECTIVE_CLASSIFY     ? model->n_classes
                 : objective == MJ_OBJECTIVE_NEXT_PIXEL ? model->recipe.model.lut.n_thresholds + 1
                                                        : model->alphabet->n_symbols - (model->tree != NULL);
    return model->net.n_groups == wanted
               ? MJ_OK
               : mj_err_add(err, MJ_EFIT, model->recipe.path, 0, 0,
                            "the network has %d scores, its task %d", model->net.n_groups, wanted);
}

static mj_status read_all(mj_lut_model *model, const mj_checkpoint *from, mj_arena *arena, mj_err *err)
{
    enum { SIDE_MAX = 256, CLASSES_MAX = 4096 };
    if (model->recipe.objective.kind == MJ_OBJECTIVE_NEXT_BYTE) {
        mj_alphabet *alphabet = mj_arena_alloc(arena, sizeof *alphabet);
        if (!alphabet) {
            return no_memory(err);
        }
        MJ_TRY(mj_alphabet_read(alphabet, from, err));
        model->alphabet = alphabet;
        if (model->recipe.model.lut.decisions) {
            MJ_TRY(read_tree(model, from, arena, err));
        }
    } else {
        MJ_TRY(read_whole(&model->width, from, "width", 1, SIDE_MAX, err));
        MJ_TRY(read_whole(&model->height, from, "height", 1, SIDE_MAX, err));
        MJ_TRY(read_whole(&model->n_classes, from, "classes", 1, CLASSES_MAX, err));
    }
    MJ_TRY(read_whole(&model->n_nominal, from, NOMINAL, 0, 1 << 24, err));
    MJ_TRY(mj_checkpoint_get_text(&model->data, from, MJ_DATA_KEY, err));
    MJ_TRY(read_encoder(model, from, arena, err));
    MJ_TRY(read_net(&model->net, from, model->tree != NULL, arena, err));
    for (int i = 0; i < from->file.n_tensors; i++) {
        model->stored_B += (double)from->file.tensor[i].size_B;
    }
    return check_groups(model, err);
}

double mj_lut_model_bits(const mj_lut_model *model)
{
    enum { SLOPE_BITS = 32, QUESTION_BITS = 2 };
    const mj_lut_encoder *encoder = &model->encoder;
    int largest = 1;
    for (int i = 0; i < encoder->n_inputs; i++) {
        largest = encoder->input[i].operand > largest ? encoder->input[i].operand : largest;
    }
    double input = ceil(log2(encoder->n_features)) + QUESTION_BITS + ceil(log2(largest + 1));
    double bits = mj_lut_net_bits(&model->net) + encoder->n_inputs * input;
    if (model->tree) {
        double n = model->tree->n_symbols;
        bits += (n - 1) * (2 * ceil(log2(2 * n - 1)) + SLOPE_BITS);
    }
    return bits;
}

mj_status mj_lut_file_load(mj_lut_model *model, const char *path, const mj_units *units,
                           mj_arena *arena, mj_err *err)
{
    mj_checkpoint checkpoint;
    mj_checkpoint_run run;
    *model = (mj_lut_model){0};
    MJ_TRY(mj_checkpoint_load(&checkpoint, path, arena, err));
    MJ_TRY(mj_checkpoint_get_run(&run, &checkpoint, err));
    if (strcmp(run.model, mj_trained_kind_names[MJ_TRAINED_LUT]) != 0) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0, "no look-up-table network: a %s", run.model);
    }
    MJ_TRY(mj_recipe_parse(&model->recipe, run.recipe, path, units, arena, err));
    if (model->recipe.model.kind != MJ_TRAINED_LUT) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "its recipe is of another kind of model");
    }
    return read_all(model, &checkpoint, arena, err);
}

bool mj_lut_file_is(const char *path, unsigned objectives, const mj_units *units, mj_arena *arena)
{
    mj_safetensors file;
    mj_recipe recipe;
    mj_err unseen = {0}; /* a file that cannot be read is complained about by who needs it */
    if (mj_safetensors_load_header(&file, path, arena, &unseen) != MJ_OK) {
        return false;
    }
    const char *model = mj_safetensors_text(&file, "model"), *text = mj_safetensors_text(&file, "recipe");
    return model && text && strcmp(model, mj_trained_kind_names[MJ_TRAINED_LUT]) == 0 &&
           mj_recipe_parse(&recipe, text, path, units, arena, &unseen) == MJ_OK &&
           (objectives >> recipe.objective.kind & 1) != 0;
}
