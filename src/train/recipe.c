/* Recipes: the schema, and the checks that no single value can answer.
 *
 * Sizes that read better as one word ("28x28", "6..24", "2x64") are texts in the file and are taken
 * apart here. */
#include "mj/recipe.h"

#include "recipe_equilibrium.h"
#include "recipe_lut.h"
#include "recipe_refuse.h"

#include "mj/equilibrium.h"
#include "mj/file.h"
#include "mj/lookup_contexts.h"
#include "mj/lookup_text.h"
#include "mj/settling_net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define FIELD(struct_, key_, kind_, member_) \
    .key = key_, .kind = kind_, .offset = offsetof(struct_, member_)
#define INT(struct_, key_, member_, min_, max_) \
    {FIELD(struct_, key_, MJ_SPEC_INT, member_), .min = min_, .max = max_}
#define REAL(struct_, key_, member_, min_, max_) \
    {FIELD(struct_, key_, MJ_SPEC_REAL, member_), .min = min_, .max = max_}
#define TEXT(struct_, key_, member_) {FIELD(struct_, key_, MJ_SPEC_TEXT, member_)}
#define NEEDED(struct_, key_, kind_, member_) \
    {FIELD(struct_, key_, kind_, member_), .required = true}
#define CHOICE(struct_, key_, member_, choices_) \
    {FIELD(struct_, key_, MJ_SPEC_CHOICE, member_), .choices = choices_}

enum {
    SIDE_MAX = 256,
    HIDDEN_MAX = 1 << 16,
    STEPS_MAX = 4096, /* of an integration */
    BATCH_MAX = 1 << 16,
    PROJECTIONS_MAX = 1 << 16,
    SEGMENTS_MAX = 64,
    REACH_MAX = 400, /* pixels: across the largest image */
    LUT_WIDTH_MAX = 1 << 16,
    EQUILIBRIUM_MAX = 100,
    RECIPE_SIZE_MAX_B = 1 << 20,
    NOT_GIVEN = -1, /* a choice whose first word would read as 0 */
};

/* Share of a generator's training at full rate. */
static const double FLAT = 0.5;

const char *const mj_trained_kind_names[] = {"oscillator_net", "classifier", "lookup_memory",
                                            "text_net", "lut_net", "equilibrium_net", NULL};
static const char *const objective_names[] = {"drifting", "sliced_wasserstein", "gan",
                                              "classify", "next_byte", "next_pixel", NULL};

static const mj_spec_field harmonics_fields[] = {
    {FIELD(mj_recipe_harmonics, "sin", MJ_SPEC_REALS, sin), .min = -100, .max = 100,
     .count_offset = offsetof(mj_recipe_harmonics, n_sin), .max_items = MJ_HARMONICS_MAX},
    {FIELD(mj_recipe_harmonics, "cos", MJ_SPEC_REALS, cos), .min = -100, .max = 100,
     .count_offset = offsetof(mj_recipe_harmonics, n_cos), .max_items = MJ_HARMONICS_MAX},
};
static const mj_spec_schema harmonics_schema = {
    "harmonics", harmonics_fields, LENGTH(harmonics_fields), sizeof(mj_recipe_harmonics), NULL};

static const mj_spec_field model_fields[] = {
    {FIELD(mj_recipe_model, "kind", MJ_SPEC_CHOICE, kind), .required = true,
     .choices = mj_trained_kind_names},
    TEXT(mj_recipe_model, "visible", visible),
    INT(mj_recipe_model, "hidden_fixed", hidden_fixed, 0, HIDDEN_MAX),
    INT(mj_recipe_model, "hidden_random", hidden_random, 0, HIDDEN_MAX),
    INT(mj_recipe_model, "coupling_bits", coupling_bits, 0, 16),
    REAL(mj_recipe_model, "density", density, 0, 1),
    REAL(mj_recipe_model, "reach", reach, 1, REACH_MAX),
    INT(mj_recipe_model, "degree", degree, 1, HIDDEN_MAX),
    INT(mj_recipe_model, "segments", segments, 1, SEGMENTS_MAX),
    {FIELD(mj_recipe_model, "harmonics", MJ_SPEC_MAP, harmonics), .sub = &harmonics_schema},
    {FIELD(mj_recipe_model, "symmetric", MJ_SPEC_BOOL, symmetric)},
    TEXT(mj_recipe_model, "init", init),
    CHOICE(mj_recipe_model, "network", network, mj_network_names),
    TEXT(mj_recipe_model, "contexts", contexts),
    INT(mj_recipe_model, "rows", rows, 0, MJ_LOOKUP_ROWS_MAX),
    INT(mj_recipe_model, "dims", dims, 0, MJ_LOOKUP_DIMS_MAX),
    INT(mj_recipe_model, "row_bits", row_bits, 0, 8),
    CHOICE(mj_recipe_model, "block", block, mj_text_block_names),
    INT(mj_recipe_model, "width", width, 1, MJ_TEXT_WIDTH_MAX),
    INT(mj_recipe_model, "depth", depth, 1, MJ_TEXT_DEPTH_MAX),
    INT(mj_recipe_model, "mlp", mlp, 0, MJ_TEXT_MLP_MAX),
    INT(mj_recipe_model, "loops", loops, 1, MJ_TEXT_DEPTH_MAX),
    INT(mj_recipe_model, "equilibrium", equilibrium, 2, EQUILIBRIUM_MAX),
    INT(mj_recipe_model, "equilibrium_gradient", equilibrium_gradient, 0, EQUILIBRIUM_MAX),
    INT(mj_recipe_model, "equilibrium_history", equilibrium_history, 1, MJ_EQUILIBRIUM_HISTORY_MAX),
    REAL(mj_recipe_model, "equilibrium_tolerance", equilibrium_tolerance, 0, 1),
    INT(mj_recipe_model, "heads", heads, 1, MJ_TEXT_WIDTH_MAX),
    INT(mj_recipe_model, "kv_heads", kv_heads, 1, MJ_TEXT_WIDTH_MAX),
    INT(mj_recipe_model, "cache_bits", cache_bits, MJ_ANALOG_BITS_MIN, MJ_ANALOG_BITS_MAX),
    INT(mj_recipe_model, "span", span, 1, 1 << 16),
    INT(mj_recipe_model, "states", states, 1, 256),
    INT(mj_recipe_model, "weight_bits", analog.weight_bits, MJ_ANALOG_BITS_MIN, MJ_ANALOG_BITS_MAX),
    INT(mj_recipe_model, "activation_bits", analog.activation_bits, MJ_ANALOG_BITS_MIN,
        MJ_ANALOG_BITS_MAX),
    REAL(mj_recipe_model, "product_noise", analog.noise, 0, 10),
    REAL(mj_recipe_model, "weight_mismatch", analog.mismatch, 0, 10),
    REAL(mj_recipe_model, "read_noise", analog.read_noise, 0, 10),
    {FIELD(mj_recipe_model, "layers", MJ_SPEC_REALS, lut.layer), .min = 1, .max = LUT_WIDTH_MAX,
     .count_offset = offsetof(mj_recipe_model, lut.n_layers), .max_items = MJ_RECIPE_LAYERS_MAX},
    {FIELD(mj_recipe_model, "thresholds", MJ_SPEC_REALS, lut.threshold), .min = 1, .max = 255,
     .count_offset = offsetof(mj_recipe_model, lut.n_thresholds),
     .max_items = MJ_RECIPE_THRESHOLDS_MAX},
    INT(mj_recipe_model, "table_inputs", lut.table_inputs, 2, 6),
    INT(mj_recipe_model, "neighbourhood", lut.neighbourhood, 1, 12),
    INT(mj_recipe_model, "history", lut.history, 1, 32),
    INT(mj_recipe_model, "one_hot", lut.one_hot, 0, 32),
    REAL(mj_recipe_model, "scale", lut.scale, 0, 100),
    REAL(mj_recipe_model, "area", lut.area, 0, 1e6),
    INT(mj_recipe_model, "neurons", equilibrium_net.neurons, 1, MJ_SETTLING_NEURONS_MAX),
    REAL(mj_recipe_model, "contraction", equilibrium_net.contraction, 0, 1),
    REAL(mj_recipe_model, "drive", equilibrium_net.drive, 0, 100),
    {FIELD(mj_recipe_model, "activity", MJ_SPEC_BOOL, lut.activity)},
    {FIELD(mj_recipe_model, "decisions", MJ_SPEC_BOOL, lut.decisions)},
};
static const mj_spec_schema model_schema = {
    "model", model_fields, LENGTH(model_fields), sizeof(mj_recipe_model), NULL};

static const mj_spec_field objective_fields[] = {
    {FIELD(mj_recipe_objective, "kind", MJ_SPEC_CHOICE, kind), .required = true,
     .choices = objective_names},
    REAL(mj_recipe_objective, "pixels", pixels, 0, 1e6),
    REAL(mj_recipe_objective, "features", features, 0, 1e6),
    TEXT(mj_recipe_objective, "network", network),
    INT(mj_recipe_objective, "projections", projections, 0, PROJECTIONS_MAX),
    REAL(mj_recipe_objective, "penalty", penalty, 0, 1e6),
    REAL(mj_recipe_objective, "lr", lr, 0, 10),
};
static const mj_spec_schema objective_schema = {
    "objective", objective_fields, LENGTH(objective_fields), sizeof(mj_recipe_objective), NULL};

/* int8 is for sampling only. */
static const char *const precision_names[] = {"full", "bf16", NULL};
static const mj_spec_field integrate_fields[] = {
    CHOICE(mj_recipe_integrate, "method", method, mj_integrator_names),
    CHOICE(mj_recipe_integrate, "precision", precision, precision_names),
    REAL(mj_recipe_integrate, "span", span, 0, 1e6),
    TEXT(mj_recipe_integrate, "steps", steps),
};
static const mj_spec_schema integrate_schema = {
    "integrate", integrate_fields, LENGTH(integrate_fields), sizeof(mj_recipe_integrate), NULL};

static const mj_spec_field train_fields[] = {
    NEEDED(mj_recipe_train, "batch", MJ_SPEC_TEXT, batch),
    TEXT(mj_recipe_train, "real", real),
    {FIELD(mj_recipe_train, "lr", MJ_SPEC_REAL, lr), .required = true, .min = 0, .max = 10},
    REAL(mj_recipe_train, "lr_coupling", lr_coupling, 0, 10),
    REAL(mj_recipe_train, "ema", ema, 0, 1),
    REAL(mj_recipe_train, "beta2", beta2, 0, 1),
    REAL(mj_recipe_train, "weight_decay", weight_decay, 0, 10),
    REAL(mj_recipe_train, "dropout", dropout, 0, 0.9),
    REAL(mj_recipe_train, "clip", clip, 0, 1e6),
    REAL(mj_recipe_train, "flat", flat, 0, 1),
    REAL(mj_recipe_train, "density_start", density_start, 0, 1),
    REAL(mj_recipe_train, "regrow", regrow, 0, 0.9),
    REAL(mj_recipe_train, "mask_until", mask_until, 0, 1),
    REAL(mj_recipe_train, "minutes", minutes, 0, 1e5),
    INT(mj_recipe_train, "steps", steps, 0, 1e9),
    REAL(mj_recipe_train, "epochs", epochs, 0, 1000),
    REAL(mj_recipe_train, "lr_end", lr_end, 0, 1),
    REAL(mj_recipe_train, "lr_memory", lr_memory, 0, 10),
    REAL(mj_recipe_train, "hard_from", hard_from, 0, 1),
    INT(mj_recipe_train, "rewire", rewire, 0, 1000),
    REAL(mj_recipe_train, "sharpen", sharpen, 1, 1000),
    INT(mj_recipe_train, "rewire_batches", rewire_batches, 1, 256),
    INT(mj_recipe_train, "shift", shift, 0, 8),
    {FIELD(mj_recipe_train, "mirror", MJ_SPEC_BOOL, mirror)},
    INT(mj_recipe_train, "seed", seed, 0, 2e9),
};
static const mj_spec_schema train_schema = {
    "train", train_fields, LENGTH(train_fields), sizeof(mj_recipe_train), NULL};

static const mj_spec_field recipe_fields[] = {
    NEEDED(mj_recipe, "recipe", MJ_SPEC_TEXT, name),
    {FIELD(mj_recipe, "model", MJ_SPEC_MAP, model), .required = true, .sub = &model_schema},
    NEEDED(mj_recipe, "data", MJ_SPEC_TEXT, data),
    {FIELD(mj_recipe, "objective", MJ_SPEC_MAP, objective), .required = true,
     .sub = &objective_schema},
    {FIELD(mj_recipe, "integrate", MJ_SPEC_MAP, integrate), .sub = &integrate_schema},
    REAL(mj_recipe, "noise", noise, 0, 100),
    INT(mj_recipe, "start_bits", start_bits, 0, 16),
    REAL(mj_recipe, "readout_jitter", readout_jitter, 0, 0.9),
    {FIELD(mj_recipe, "train", MJ_SPEC_MAP, train), .required = true, .sub = &train_schema},
};
static const mj_spec_schema recipe_schema = {
    "recipe", recipe_fields, LENGTH(recipe_fields), sizeof(mj_recipe), NULL};

/* Two whole numbers within 1 and max with `between` in the middle; false if text is not that. */
static bool read_pair(int pair[2], const char *text, const char *between, long max)
{
    const char *at = text;
    for (int i = 0; i < 2; i++) {
        char *end;
        long value = *at >= '0' && *at <= '9' ? strtol(at, &end, 10) : 0;
        if (value < 1 || value > max) {
            return false;
        }
        pair[i] = (int)value;
        at = end;
        if (i == 0) {
            if (strncmp(at, between, strlen(between)) != 0) {
                return false;
            }
            at += strlen(between);
        }
    }
    return *at == '\0';
}

/* The same, or one number, which then counts as the second, the first being `alone`. */
static bool read_pair_or_one(int pair[2], const char *text, const char *between, int alone,
                             long max)
{
    char twice[64];
    if (strlen(text) > 20) {
        return false;
    }
    if (strstr(text, between)) {
        return read_pair(pair, text, between, max);
    }
    snprintf(twice, sizeof twice, "1%s%s", between, text);
    bool is_number = read_pair(pair, twice, between, max);
    pair[0] = alone ? alone : pair[1];
    return is_number;
}

static mj_status wrong(mj_err *err, const mj_recipe *recipe, const char *text)
{
    return mj_recipe_refuse(err, recipe, "%s", text);
}

/* Keys of a text_net on another kind, and those of one block on another. */
static mj_status refuse_idle_text(const mj_recipe *recipe, mj_err *err)
{
    const mj_recipe_model *m = &recipe->model;
    const mj_recipe_train *t = &recipe->train;
    const struct {
        const char *key;
        bool given;
        bool used; /* by this text_net */
    } some[] = {
        {"model.block", m->block != NOT_GIVEN, true},
        {"model.width", m->width > 0, true},
        {"model.depth", m->depth > 0, true},
        {"model.mlp", m->mlp > 0, true},
        {"model.loops", m->loops > 0, true},
        {"model.equilibrium", m->equilibrium > 0, true},
        {"model.equilibrium_gradient", m->equilibrium_gradient != NOT_GIVEN, true},
        {"model.equilibrium_history", m->equilibrium_history > 0, true},
        {"model.equilibrium_tolerance", m->equilibrium_tolerance > 0, true},
        {"model.heads", m->heads > 0, m->block == MJ_BLOCK_GPT},
        {"model.kv_heads", m->kv_heads > 0, m->block == MJ_BLOCK_GPT},
        {"model.cache_bits", m->cache_bits > 0, m->block == MJ_BLOCK_GPT},
        {"model.span", m->span > 0, m->block == MJ_BLOCK_GPT},
        {"model.states", m->states > 0, m->block == MJ_BLOCK_MAMBA},
        {"model.weight_bits", m->analog.weight_bits > 0, true},
        {"model.activation_bits", m->analog.activation_bits > 0, true},
        {"model.product_noise", m->analog.noise > 0, true},
        {"model.weight_mismatch", m->analog.mismatch > 0, true},
        {"model.read_noise", m->analog.read_noise > 0 && m->kind != MJ_TRAINED_LOOKUP, true},
        {"train.weight_decay", t->weight_decay > 0, true},
        {"train.dropout", t->dropout > 0, true},
        {"train.clip", t->clip > 0, true},
        {"train.lr_memory", t->lr_memory > 0, m->contexts},
        {"train.density_start", t->density_start > 0, true},
        {"train.regrow", t->regrow > 0, true},
        {"train.mask_until", t->mask_until > 0, true},
    };
    bool is_net = m->kind == MJ_TRAINED_TEXT_NET;
    for (int k = 0; k < LENGTH(some); k++) {
        if (some[k].given && !(is_net && some[k].used)) {
            return mj_recipe_refuse(err, recipe, "%s has no effect on %s %s%s",
                              some[k].key, m->kind == MJ_TRAINED_OSCILLATOR ? "an" : "a",
                              mj_trained_kind_names[m->kind], is_net ? " of this block" : "");
        }
    }
    return MJ_OK;
}

/* A key that this kind of model never looks at would be a belief about the run that is wrong. */
static mj_status refuse_idle(mj_recipe *recipe, mj_err *err)
{
    const mj_recipe_model *m = &recipe->model;
    const mj_recipe_objective *o = &recipe->objective;
    const mj_recipe_integrate *i = &recipe->integrate;
    const mj_recipe_train *t = &recipe->train;
    const struct {
        const char *key;
        mj_trained_kind kind; /* on which it has no effect */
        bool given;
    } idle[] = {
        {"model.network", MJ_TRAINED_OSCILLATOR, m->network != NOT_GIVEN},
        {"objective.network without features", MJ_TRAINED_OSCILLATOR,
         o->kind != MJ_OBJECTIVE_GAN && o->network && !(o->features > 0)},
        {"model.visible", MJ_TRAINED_CLASSIFIER, m->visible && m->kind != MJ_TRAINED_EQUILIBRIUM},
        {"model.hidden_fixed", MJ_TRAINED_CLASSIFIER, m->hidden_fixed > 0},
        {"model.hidden_random", MJ_TRAINED_CLASSIFIER, m->hidden_random > 0},
        {"model.coupling_bits", MJ_TRAINED_CLASSIFIER, m->coupling_bits > 0},
        {"model.density", MJ_TRAINED_CLASSIFIER,
         m->density > 0 && m->kind != MJ_TRAINED_TEXT_NET},
        {"model.reach", MJ_TRAINED_CLASSIFIER, m->reach > 0},
        {"model.degree", MJ_TRAINED_CLASSIFIER, m->degree > 0},
        {"model.segments", MJ_TRAINED_CLASSIFIER, m->segments > 0},
        {"model.harmonics", MJ_TRAINED_CLASSIFIER, m->harmonics.n_sin + m->harmonics.n_cos > 0},
        {"model.symmetric", MJ_TRAINED_CLASSIFIER, m->symmetric},
        {"model.init", MJ_TRAINED_CLASSIFIER, m->init},
        {"objective.pixels", MJ_TRAINED_CLASSIFIER, o->pixels > 0},
        {"objective.features", MJ_TRAINED_CLASSIFIER, o->features > 0},
        {"objective.network", MJ_TRAINED_CLASSIFIER, o->network},
        {"integrate", MJ_TRAINED_CLASSIFIER,
         i->method != NOT_GIVEN || i->precision != NOT_GIVEN || i->span > 0 || i->steps},
        {"noise", MJ_TRAINED_CLASSIFIER, recipe->noise > 0},
        {"start_bits", MJ_TRAINED_CLASSIFIER, recipe->start_bits > 0},
        {"readout_jitter", MJ_TRAINED_CLASSIFIER, recipe->readout_jitter > 0},
        {"train.real", MJ_TRAINED_CLASSIFIER, t->real},
        {"train.lr_coupling", MJ_TRAINED_CLASSIFIER, t->lr_coupling > 0},
        {"train.flat", MJ_TRAINED_CLASSIFIER, t->flat != NOT_GIVEN && m->kind != MJ_TRAINED_LUT},
    };
    for (int k = 0; k < LENGTH(idle); k++) {
        bool is_other = m->kind != MJ_TRAINED_OSCILLATOR && m->kind != MJ_TRAINED_CLASSIFIER;
        bool is_idle = is_other || (int)idle[k].kind == m->kind;
        if (idle[k].given && is_idle) {
            return mj_recipe_refuse(err, recipe, "%s has no effect on %s %s",
                              idle[k].key, m->kind == MJ_TRAINED_OSCILLATOR ? "an" : "a",
                              mj_trained_kind_names[m->kind]);
        }
    }
    MJ_TRY(refuse_idle_text(recipe, err));
    MJ_TRY(mj_recipe_lut_refuse_idle(recipe, err));
    MJ_TRY(mj_recipe_equilibrium_refuse_idle(recipe, err));
    bool lookup_keys = m->contexts || m->rows > 0 || m->dims > 0 || m->row_bits > 0 ||
                       (t->epochs > 0 && m->kind != MJ_TRAINED_TEXT_NET) ||
                       (t->lr_end > 0 && m->kind != MJ_TRAINED_LUT);
    bool is_hybrid = m->kind == MJ_TRAINED_TEXT_NET && m->contexts;
    if (lookup_keys && m->kind != MJ_TRAINED_LOOKUP && !is_hybrid) {
        return mj_recipe_refuse(err, recipe, "model.contexts, rows, dims, row_bits and train.epochs, lr_end have no "
                          "effect on %s %s", m->kind == MJ_TRAINED_OSCILLATOR ? "an" : "a",
                          mj_trained_kind_names[m->kind]);
    }
    recipe->model.block = m->block == NOT_GIVEN ? 0 : m->block;
    recipe->model.network = m->network == NOT_GIVEN ? 0 : m->network;
    recipe->integrate.method = i->method == NOT_GIVEN ? 0 : i->method;
    recipe->integrate.precision = i->precision == NOT_GIVEN ? 0 : i->precision;
    recipe->train.flat = t->flat == NOT_GIVEN ? FLAT : t->flat;
    return MJ_OK;
}

/* The same for keys of another objective. */
static mj_status refuse_idle_objective(const mj_recipe *recipe, mj_err *err)
{
    enum { SETS = 1 << MJ_OBJECTIVE_DRIFTING | 1 << MJ_OBJECTIVE_SLICED };
    const mj_recipe_objective *o = &recipe->objective;
    const struct {
        const char *key;
        int used_by; /* a bit an objective */
        bool given;
    } some[] = {
        {"objective.pixels", SETS, o->pixels > 0},
        {"objective.features", SETS, o->features > 0},
        {"objective.projections", 1 << MJ_OBJECTIVE_SLICED, o->projections > 0},
        {"objective.penalty", 1 << MJ_OBJECTIVE_GAN, o->penalty > 0},
        {"objective.lr", 1 << MJ_OBJECTIVE_GAN, o->lr > 0},
    };
    for (int k = 0; k < LENGTH(some); k++) {
        if (some[k].given && !(some[k].used_by >> o->kind & 1)) {
            return mj_recipe_refuse(err, recipe, "%s has no effect on the objective %s", some[k].key,
                              objective_names[o->kind]);
        }
    }
    return MJ_OK;
}

/* H of both lists: the longer one says how many harmonics there are. */
static mj_status decode_harmonics(mj_recipe *recipe, mj_err *err)
{
    mj_recipe_harmonics *h = &recipe->model.harmonics;
    double sum = 0;
    h->response.n_harmonics = h->n_sin > h->n_cos ? h->n_sin : h->n_cos;
    for (int i = 0; i < h->response.n_harmonics; i++) {
        h->response.sin[i] = h->sin[i];
        h->response.cos[i] = h->cos[i];
        sum += fabs(h->sin[i]) + fabs(h->cos[i]);
    }
    if (h->response.n_harmonics > 0 && !(sum > 0)) {
        return wrong(err, recipe, "model.harmonics: with all of them 0 nothing is coupled");
    }
    return MJ_OK;
}

static mj_status decode_visible(mj_recipe *recipe, mj_err *err)
{
    mj_recipe_model *model = &recipe->model;
    int pair[2];
    if (!model->visible || !read_pair(pair, model->visible, "x", SIDE_MAX)) {
        return wrong(err, recipe, "model.visible must be WIDTHxHEIGHT of at most 256, as 28x28");
    }
    model->width = pair[0];
    model->height = pair[1];
    return MJ_OK;
}

static mj_status decode_oscillator(mj_recipe *recipe, mj_err *err)
{
    mj_recipe_model *model = &recipe->model;
    mj_recipe_integrate *integrate = &recipe->integrate;
    int pair[2];
    MJ_TRY(decode_visible(recipe, err));
    if (!integrate->steps ||
        !read_pair_or_one(pair, integrate->steps, "..", 0, STEPS_MAX) || pair[0] > pair[1]) {
        return wrong(err, recipe, "integrate.steps must be a number of steps or a range, as 6..24");
    }
    integrate->steps_min = pair[0];
    integrate->steps_max = pair[1];
    if (!(integrate->span > 0)) {
        return wrong(err, recipe, "integrate.span, the model time until read-out, is missing");
    }
    if (model->coupling_bits == 1) {
        return wrong(err, recipe, "model.coupling_bits must be 0 (full precision) or 2 to 16");
    }
    MJ_TRY(decode_harmonics(recipe, err));
    if (recipe->objective.kind > MJ_OBJECTIVE_GAN) {
        return wrong(err, recipe, "an oscillator_net is trained with the objective drifting, "
                                  "sliced_wasserstein or gan");
    }
    return MJ_OK;
}

/* What an objective of generators needs of the views and of the batch. */
static mj_status decode_generator(mj_recipe *recipe, mj_err *err)
{
    const mj_recipe_objective *objective = &recipe->objective;
    mj_recipe_train *train = &recipe->train;
    int pair[2];
    if (objective->kind != MJ_OBJECTIVE_GAN && !(objective->pixels > 0) &&
        !(objective->features > 0)) {
        return wrong(err, recipe, "objective: pixels or features must have a weight above 0");
    }
    if (objective->features > 0 && !objective->network) {
        return wrong(err, recipe, "objective.features needs objective.network, a trained classifier");
    }
    if (!train->real || !read_pair(pair, train->real, "x", BATCH_MAX) ||
        pair[0] != train->n_class) {
        return wrong(err, recipe, "train.real must be CLASSESxSAMPLES, with the classes of "
                                  "train.batch, as 2x160");
    }
    train->n_real = pair[1];
    if (objective->kind == MJ_OBJECTIVE_DRIFTING && train->n_generated < 2) {
        return wrong(err, recipe, "train.batch: drifting needs at least 2 samples of a class");
    }
    if (objective->kind == MJ_OBJECTIVE_GAN && train->n_real != train->n_generated) {
        return wrong(err, recipe, "train.real: the objective gan makes pairs; give as many as "
                                  "train.batch");
    }
    return MJ_OK;
}

/* Words and rows, before a text is read for them: with any alphabet, here of all bytes. */
static mj_status check_contexts(const mj_recipe *recipe, mj_err *err)
{
    const mj_recipe_model *model = &recipe->model;
    mj_lookup_contexts contexts;
    mj_err found = {0};
    return mj_lookup_contexts_parse(&contexts, model->contexts, model->rows, 256, NULL, &found) == MJ_OK
               ? MJ_OK
               : mj_recipe_refuse(err, recipe, "model.%s", found.diag[0].text);
}

/* Tables, alone or beside a net. */
static mj_status decode_tables(mj_recipe_model *model, const mj_recipe *recipe, mj_err *err)
{
    if (!model->contexts || model->rows == 0) {
        return mj_recipe_refuse(err, recipe, "model.%s is missing; a look-up memory needs model.contexts and "
                                "model.rows", model->contexts ? "rows" : "contexts");
    }
    MJ_TRY(check_contexts(recipe, err));
    if (model->dims % 16 != 0) {
        return wrong(err, recipe, "model.dims must be 0 (rows are logits) or a multiple of 16");
    }
    model->row_bits = model->row_bits > 0 ? model->row_bits : 8;
    return model->row_bits < 2 ? wrong(err, recipe, "model.row_bits must be 2 to 8") : MJ_OK;
}

static mj_status decode_lookup(mj_recipe *recipe, mj_err *err)
{
    const mj_recipe_train *train = &recipe->train;
    MJ_TRY(decode_tables(&recipe->model, recipe, err));
    if (!(train->epochs > 0) || train->minutes > 0 || train->steps > 0) {
        return wrong(err, recipe, "a lookup_memory is trained for train.epochs, no minutes or steps");
    }
    if (train->n_class != 1 || train->n_generated > MJ_LOOKUP_BATCH_MAX || train->ema > 0 ||
        train->beta2 > 0) {
        return wrong(err, recipe, "train of a lookup_memory: batch is a number of streams up to 4096; "
                                  "ema and beta2 have no effect");
    }
    if (recipe->objective.kind != MJ_OBJECTIVE_NEXT_BYTE) {
        return wrong(err, recipe, "a lookup_memory is trained with the objective next_byte");
    }
    return MJ_OK;
}

/* A memory sees each text as new: its tables are filled once a time through it, and read by a net
 * that goes with the text. */
static mj_status decode_hybrid(mj_recipe *recipe, mj_err *err)
{
    const mj_recipe_train *train = &recipe->train;
    MJ_TRY(decode_tables(&recipe->model, recipe, err));
    if (recipe->model.dims == 0) {
        return wrong(err, recipe, "a look-up memory beside a net needs model.dims");
    }
    if (!(train->lr_memory > 0) || train->epochs != floor(train->epochs) || train->epochs < 1) {
        return wrong(err, recipe, "a look-up memory beside a net needs train.lr_memory and whole "
                                  "train.epochs");
    }
    if (recipe->model.block == MJ_BLOCK_GPT) {
        return wrong(err, recipe, "a net of block gpt reads anywhere in the text, a look-up memory "
                                  "beside it would learn only some of it; take another block");
    }
    return MJ_OK;
}

/* Density 1 is that of a dense net, which has no masks. */
static mj_status decode_density(mj_recipe *recipe, mj_err *err)
{
    mj_recipe_model *model = &recipe->model;
    const mj_recipe_train *train = &recipe->train;
    const mj_analog *analog = &model->analog;
    if (!(model->density > 0) && mj_recipe_gives(recipe, "model", "density")) {
        return wrong(err, recipe, "model.density must be above 0, which leaves no weight; 1 is a dense net");
    }
    model->density = model->density < 1 ? model->density : 0;
    if (!(model->density > 0)) {
        return train->density_start > 0 || train->regrow > 0 || train->mask_until > 0
                   ? wrong(err, recipe, "train.density_start, regrow and mask_until need a "
                                        "model.density below 1")
                   : MJ_OK;
    }
    if (train->density_start > 0 && train->density_start < model->density) {
        return wrong(err, recipe, "train.density_start must not be below model.density");
    }
    if (model->width % MJ_SPARSE_BLOCK != 0) {
        return wrong(err, recipe, "model.density: weights live and die in blocks of 16 rows; "
                                  "model.width must be a multiple of 16");
    }
    if (mj_text_net_is_analog(analog) || model->equilibrium) {
        return wrong(err, recipe, "model.density goes with neither weight_bits, activation_bits, "
                                  "product_noise, weight_mismatch, read_noise nor equilibrium");
    }
    return MJ_OK;
}

/* Keys that need another key. */
static mj_status decode_parts(const mj_recipe *recipe, mj_err *err)
{
    const mj_recipe_model *m = &recipe->model;
    if (!m->equilibrium && (m->equilibrium_gradient != NOT_GIVEN || m->equilibrium_history > 0 ||
                            m->equilibrium_tolerance > 0)) {
        return wrong(err, recipe, "model.equilibrium_gradient, equilibrium_history and "
                                  "equilibrium_tolerance need model.equilibrium");
    }
    if (m->equilibrium_gradient > m->equilibrium) {
        return wrong(err, recipe, "model.equilibrium_gradient: no more applications than "
                                  "model.equilibrium, or 0 (implicit)");
    }
    if (m->analog.read_noise > 0 && !m->contexts) {
        return wrong(err, recipe, "model.read_noise needs a look-up memory beside the net, "
                                  "model.contexts");
    }
    if (m->kv_heads > 0 && m->heads > 0 && m->heads % m->kv_heads != 0) {
        return wrong(err, recipe, "model.heads must be a multiple of model.kv_heads");
    }
    return MJ_OK;
}

/* A head turns pairs of its columns. */
static mj_status check_heads(const mj_recipe *recipe, mj_err *err)
{
    const mj_recipe_model *m = &recipe->model;
    bool fits = m->heads == 0 || m->block != MJ_BLOCK_GPT || m->width % (2 * m->heads) == 0;
    return fits ? MJ_OK
                : mj_recipe_refuse(err, recipe,
                                   "model.heads: %d heads of a width of %d would have %.4g columns each; it "
                                   "must be an even number", m->heads, m->width,
                                   (double)m->width / m->heads);
}

static mj_status decode_text_net(mj_recipe *recipe, mj_err *err)
{
    const mj_recipe_model *model = &recipe->model;
    const mj_recipe_train *train = &recipe->train;
    int lengths = (train->minutes > 0) + (train->steps > 0) + (train->epochs > 0);
    if (model->block == NOT_GIVEN || model->width == 0 || model->depth == 0) {
        return mj_recipe_refuse(err, recipe, "model.%s is missing; a text_net needs model.block, model.width and "
                                "model.depth",
                                model->block == NOT_GIVEN ? "block"
                                : model->width == 0       ? "width"
                                                          : "depth");
    }
    if (lengths != 1) {
        return wrong(err, recipe, "train: give one length: minutes, steps or epochs");
    }
    if (!strchr(train->batch, 'x')) {
        return wrong(err, recipe, "train.batch of a text_net must be STREAMSxSYMBOLS, as 8x128");
    }
    if (train->ema >= 1 || train->beta2 >= 1) {
        return wrong(err, recipe, "train.ema and train.beta2 must be below 1");
    }
    if (recipe->objective.kind != MJ_OBJECTIVE_NEXT_BYTE) {
        return wrong(err, recipe, "a text_net is trained with the objective next_byte");
    }
    MJ_TRY(decode_density(recipe, err));
    MJ_TRY(check_heads(recipe, err));
    MJ_TRY(refuse_idle(recipe, err));
    MJ_TRY(decode_parts(recipe, err));
    return model->contexts ? decode_hybrid(recipe, err) : MJ_OK;
}

static mj_status decode(mj_recipe *recipe, mj_err *err)
{
    mj_recipe_train *train = &recipe->train;
    int pair[2];
    if (!read_pair_or_one(pair, train->batch, "x", 1, BATCH_MAX) ||
        pair[0] > BATCH_MAX / pair[1]) {
        return mj_recipe_refuse(err, recipe, "train.batch must be %s, at most 65536 in all",
                                recipe->model.kind == MJ_TRAINED_TEXT_NET ? "STREAMSxSYMBOLS, as 8x128"
                                : recipe->model.kind == MJ_TRAINED_LOOKUP ? "a number of streams"
                                : "CLASSESxSAMPLES or SAMPLES");
    }
    train->n_class = pair[0];
    train->n_generated = pair[1];
    if (!(train->lr > 0)) {
        return wrong(err, recipe, "train.lr must be above 0");
    }
    if (recipe->model.kind == MJ_TRAINED_LOOKUP) {
        MJ_TRY(refuse_idle(recipe, err));
        return decode_lookup(recipe, err);
    }
    if (recipe->model.kind == MJ_TRAINED_TEXT_NET) {
        return decode_text_net(recipe, err);
    }
    if (!(train->minutes > 0) && train->steps < 1) {
        return wrong(err, recipe, "train: give minutes or steps");
    }
    if (train->minutes > 0 && train->steps > 0) {
        return wrong(err, recipe, "train: minutes and steps are two lengths; give one");
    }
    if (train->ema >= 1 || train->beta2 >= 1) {
        return wrong(err, recipe, "train.ema and train.beta2 must be below 1");
    }
    MJ_TRY(refuse_idle(recipe, err));
    MJ_TRY(refuse_idle_objective(recipe, err));
    if (recipe->model.kind == MJ_TRAINED_OSCILLATOR) {
        MJ_TRY(decode_oscillator(recipe, err));
        return decode_generator(recipe, err);
    }
    if (recipe->model.kind == MJ_TRAINED_LUT) {
        return mj_recipe_lut_decode(recipe, err);
    }
    if (recipe->model.kind == MJ_TRAINED_EQUILIBRIUM) {
        MJ_TRY(decode_visible(recipe, err));
        return mj_recipe_equilibrium_decode(recipe, err);
    }
    if (recipe->objective.kind != MJ_OBJECTIVE_CLASSIFY) {
        return wrong(err, recipe, "a classifier is trained with the objective classify");
    }
    return MJ_OK;
}

mj_status mj_recipe_parse(mj_recipe *recipe, const char *text, const char *path,
                          const mj_units *units, mj_arena *arena, mj_err *err)
{
    *recipe = (mj_recipe){.model.network = NOT_GIVEN, .model.block = NOT_GIVEN,
                          .model.equilibrium_gradient = NOT_GIVEN, .integrate.method = NOT_GIVEN,
                          .integrate.precision = NOT_GIVEN, .train.flat = NOT_GIVEN};
    MJ_TRY(mj_spec_parse(recipe, &recipe_schema, text, strlen(text), path, units, arena, err));
    recipe->text = mj_arena_text(arena, text, strlen(text));
    recipe->path = mj_arena_text(arena, path, strlen(path));
    if (!recipe->text || !recipe->path) {
        return mj_err_add(err, MJ_EMEM, path, 0, 0, "no memory for a recipe");
    }
    return decode(recipe, err);
}

mj_status mj_recipe_load(mj_recipe *recipe, const char *path, const mj_units *units, mj_arena *arena,
                         mj_err *err)
{
    char *text;
    size_t length;
    MJ_TRY(mj_file_read(&text, &length, path, RECIPE_SIZE_MAX_B, err));
    mj_status status = mj_recipe_parse(recipe, text, path, units, arena, err);
    free(text);
    return status;
}

mj_oscillator_wiring mj_recipe_wiring(const mj_recipe_model *model)
{
    return (mj_oscillator_wiring){.reach = model->reach, .degree = model->degree,
                                  .density = model->density, .symmetric = model->symmetric};
}
