/* Classifiers: what the two networks put on a tape.
 *
 *   conv   28x28x1 -conv 16- max 2 -conv 32- max 2 -conv 32- 7x7x32 -linear- 64 -linear- classes
 *   patch  28x28x1 -patches 7/3, linear 48- 8x8x48 -patches 2/2, linear 96- 4x4x96 -linear- 128
 *          -linear- classes
 *
 * An activation follows every layer but the last. Views cut the last two maps in quadrants (of the
 * odd 7x7 map with the middle row and column in both), so that a loss on a view speaks of a place. */
#include "mj/classifier.h"

#include "mj/layer.h"
#include "mj/patches.h"
#include "mj/rng.h"

#include <stdio.h>
#include <string.h>

const char *const mj_network_names[] = {"conv", "patch", NULL};

/* Where a network is being recorded. */
typedef struct {
    mj_tape *tape;
    const char *prefix;
    double lr_scale;
} site;

int mj_classifier_features(mj_network network)
{
    return network == MJ_CONVNET ? 64 : 128;
}

static mj_var param(const site *at, const char *name, mj_shape shape)
{
    char full[64];
    snprintf(full, sizeof full, "%s%s", at->prefix, name);
    return mj_tape_param(at->tape, full, shape, at->lr_scale);
}

static mj_var convolve(const site *at, mj_var x, const char *name, int C, int N)
{
    char bias[32];
    snprintf(bias, sizeof bias, "%s.bias", name);
    mj_var w = param(at, name, mj_shape_4(3, 3, C, N));
    return mj_relu(at->tape, mj_conv3x3(at->tape, x, w, param(at, bias, mj_shape_1(N))));
}

static mj_var connect(const site *at, mj_var x, const char *name, int K, int N)
{
    char bias[32];
    snprintf(bias, sizeof bias, "%s.bias", name);
    mj_var w = param(at, name, mj_shape_2(N, K));
    return mj_linear(at->tape, x, w, param(at, bias, mj_shape_1(N)));
}

/* Four views of a map of side x side, each of `part` rows and columns in a corner. */
static void add_quadrants(mj_classifier_vars *vars, mj_tape *tape, mj_var map, int side, int part)
{
    for (int quadrant = 0; quadrant < 4; quadrant++) {
        mj_crop_config crop = {.top = quadrant / 2 * (side - part),
                               .left = quadrant % 2 * (side - part), .height = part, .width = part};
        vars->view[vars->n_views++] = mj_crop(tape, map, crop);
    }
}

static void record_conv(mj_classifier_vars *vars, const site *at, mj_var pixel, bool with_views)
{
    enum { SIDE = MJ_CLASSIFIER_SIDE };
    mj_tape *tape = at->tape;
    const mj_patches_config whole = {SIDE, SIDE, 1, .size = 1, .stride = 1};
    mj_var a = convolve(at, mj_patches(tape, pixel, whole), "conv1", 1, 16);
    mj_var b = mj_pool_max(tape, convolve(at, mj_pool_max(tape, a), "conv2", 16, 32));
    mj_var c = convolve(at, b, "conv3", 32, 32);
    if (with_views) {
        add_quadrants(vars, tape, b, SIDE / 4, SIDE / 8 + 1);
        add_quadrants(vars, tape, c, SIDE / 4, SIDE / 8 + 1);
    }
    vars->feature = mj_relu(tape, connect(at, c, "linear1", SIDE / 4 * (SIDE / 4) * 32,
                                          mj_classifier_features(MJ_CONVNET)));
}

static void record_patch(mj_classifier_vars *vars, const site *at, mj_var pixel, bool with_views)
{
    enum { SIDE = MJ_CLASSIFIER_SIDE, SIDE_1 = 8, SIDE_2 = 4, WIDTH_1 = 48, WIDTH_2 = 96 };
    mj_tape *tape = at->tape;
    const mj_patches_config first = {SIDE, SIDE, 1, .size = 7, .stride = 3};
    const mj_patches_config second = {SIDE_1, SIDE_1, WIDTH_1, .size = 2, .stride = 2};
    mj_var a = mj_silu(tape, connect(at, mj_patches(tape, pixel, first), "patch1", 7 * 7, WIDTH_1));
    mj_var b = mj_silu(tape, connect(at, mj_patches(tape, a, second), "patch2", 4 * WIDTH_1,
                                     WIDTH_2));
    if (with_views) {
        add_quadrants(vars, tape, a, SIDE_1, SIDE_1 / 2);
        add_quadrants(vars, tape, b, SIDE_2, SIDE_2 / 2);
    }
    vars->feature = mj_silu(tape, connect(at, b, "linear1", SIDE_2 * SIDE_2 * WIDTH_2,
                                          mj_classifier_features(MJ_PATCHNET)));
}

void mj_classifier_record(mj_classifier_vars *vars, mj_tape *tape, mj_var pixel,
                          const mj_classifier *classifier, const char *prefix)
{
    const site at = {tape, prefix, classifier->lr_scale};
    *vars = (mj_classifier_vars){0};
    if (classifier->network == MJ_CONVNET) {
        record_conv(vars, &at, pixel, classifier->with_views);
    } else {
        record_patch(vars, &at, pixel, classifier->with_views);
    }
    if (classifier->with_views) {
        vars->view[vars->n_views++] = vars->feature;
    }
    mj_var kept = vars->feature;
    if (classifier->dropout > 0) {
        kept = mj_dropout(tape, kept, classifier->dropout);
    }
    vars->logits = connect(&at, kept, "linear2", mj_classifier_features(classifier->network),
                           classifier->n_class);
}

/* Inputs of one output: of [3,3,C,N] all but the last dimension, of [N,K] the last. */
static int inputs_of(mj_shape shape)
{
    return shape.n_dims == 4 ? shape.dim[0] * shape.dim[1] * shape.dim[2] : shape.dim[1];
}

/* The bias of a weight stands behind it in the list and gets its range. */
void mj_classifier_init(mj_tape *tape, mj_network network, const char *prefix, uint64_t seed)
{
    mj_rng rng;
    mj_rng_init(&rng, seed, 0);
    int n_params, n_inputs = 1;
    const mj_param *params = mj_tape_params(tape, &n_params);
    for (int p = 0; p < n_params; p++) {
        mj_tensor tensor = mj_tape_tensor(tape, params[p].var);
        bool is_bias = tensor.shape.n_dims < 2, uniform = network == MJ_CONVNET;
        if (strncmp(params[p].name, prefix, strlen(prefix)) != 0 || (is_bias && !uniform)) {
            continue;
        }
        n_inputs = is_bias ? n_inputs : inputs_of(tensor.shape);
        double range = 1 / sqrt(n_inputs), spread = sqrt(2.0 / n_inputs);
        for (size_t i = 0; i < params[p].n; i++) {
            tensor.v[i] = (mj_real)(uniform ? range * (2 * mj_rng_uniform(&rng) - 1)
                                            : spread * mj_rng_normal(&rng));
        }
    }
}
