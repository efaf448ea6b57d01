/* Sampler: a trained net on a tape without gradients, its parameters changed as a chip would.
 *
 * What the file has is kept aside; each run starts from it. Order of the changes: couplings that are
 * not built (density), their precision, their mismatch; then the frequencies. */
#include "mj/sampler.h"

#include "mj/checkpoint.h"
#include "mj/oscillator_net.h"

#include <math.h>
#include <string.h>

enum { BATCH = 250, CLASSES_MAX = 4096 };

struct mj_sampler {
    mj_recipe recipe;
    mj_tape *tape;
    mj_oscillator_net net;
    mj_oscillator_vars vars;
    mj_oscillator_run run;
    mj_real *omega;                       /* [N], of the file */
    mj_real *factor, *strength, *scratch; /* [N,N] */
    uint8_t *mask;                        /* [N,N] */
};

/* Classes are the rows of the tables. */
static mj_status count_classes(int *n_class, const mj_checkpoint *checkpoint, const char *path,
                               mj_err *err)
{
    const mj_stored_tensor *table = mj_safetensors_find(&checkpoint->file, "theta0");
    if (!table || table->n_dims != 2 || table->dim[0] < 1 || table->dim[0] > CLASSES_MAX) {
        return mj_err_add(err, MJ_ESYNTAX, path, 0, 0, "not an oscillator net: no theta0 [class, N]");
    }
    *n_class = (int)table->dim[0];
    return MJ_OK;
}

/* A recipe may claim any size; memory is only taken for couplings that the file has. */
static mj_status check_size(const mj_sampler *s, const mj_checkpoint *checkpoint, const char *path,
                            mj_err *err)
{
    const mj_stored_tensor *K = mj_safetensors_find(&checkpoint->file, "K");
    K = K ? K : mj_safetensors_find(&checkpoint->file, "K.packed");
    double N = mj_oscillator_count(&s->net), P = s->net.n_segments > 1 ? s->net.n_segments : 1;
    double least_B = N * N * P * MJ_PACK_BITS_MIN / 8;
    if (!K || (double)K->size_B < least_B) {
        return mj_err_add(err, MJ_EFIT, path, 0, 0,
                          "the recipe's net of %.0f oscillators has more couplings than this file", N);
    }
    return MJ_OK;
}

static mj_status read_params(const mj_sampler *s, const mj_checkpoint *checkpoint, mj_err *err)
{
    int n_params;
    const mj_param *param = mj_tape_params(s->tape, &n_params);
    for (int p = 0; p < n_params; p++) {
        mj_tensor tensor = mj_tape_tensor(s->tape, param[p].var);
        MJ_TRY(mj_checkpoint_read(tensor.v, checkpoint, param[p].name, tensor.shape.dim,
                                  tensor.shape.n_dims, err));
    }
    return MJ_OK;
}

static mj_status record(mj_sampler *s, const mj_checkpoint *checkpoint, mj_arena *arena,
                        mj_err *err)
{
    size_t N = (size_t)mj_oscillator_count(&s->net);
    uint8_t *random = mj_arena_array(arena, N, 1);
    s->tape = mj_tape_new(arena, err, (mj_tape_config){.seed = 1, .inference = true});
    s->omega = mj_arena_array(arena, N, sizeof *s->omega);
    s->factor = mj_arena_array(arena, N * N, sizeof *s->factor);
    s->strength = mj_arena_array(arena, N * N, sizeof *s->strength);
    s->scratch = mj_arena_array(arena, N * N, sizeof *s->scratch);
    s->mask = mj_arena_array(arena, N * N, 1);
    if (!random || !s->tape || !s->omega || !s->factor || !s->strength || !s->scratch ||
        !s->mask) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a sampler");
    }
    mj_oscillator_random(random, &s->net);
    s->run.start.random = random;
    MJ_TRY(mj_oscillator_record(&s->vars, s->tape, &s->net, &s->run, err));
    MJ_TRY(mj_tape_allocate(s->tape, 0));
    MJ_TRY(read_params(s, checkpoint, err));
    memcpy(s->omega, mj_tape_tensor(s->tape, s->vars.omega).v, N * sizeof *s->omega);
    return MJ_OK;
}

mj_status mj_sampler_load(mj_sampler **sampler, const char *path, mj_sampler_config config,
                          const mj_units *units, mj_arena *arena, mj_err *err)
{
    mj_checkpoint checkpoint;
    const char *text;
    mj_sampler *s = mj_arena_alloc(arena, sizeof *s);
    if (!s) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a sampler");
    }
    *s = (mj_sampler){0};
    MJ_TRY(mj_checkpoint_load(&checkpoint, path, arena, err));
    MJ_TRY(mj_checkpoint_get_text(&text, &checkpoint, "recipe", err));
    MJ_TRY(mj_recipe_parse(&s->recipe, text, path, units, arena, err));
    const mj_recipe_model *model = &s->recipe.model;
    if (model->kind != MJ_TRAINED_OSCILLATOR) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0, "not a generator: a classifier");
    }
    s->net = (mj_oscillator_net){
        .n_segments = model->segments,
        .response = config.response ? *config.response : model->harmonics.response,
        .width = model->width, .height = model->height, .hidden_fixed = model->hidden_fixed,
        .hidden_random = model->hidden_random, .n_batch = config.n_batch ? config.n_batch : BATCH,
        .n_steps_max = 1, .integrator = config.integrator, .precision = mj_precision_here(config.precision),
        .lr_coupling = 1};
    MJ_TRY(count_classes(&s->net.n_class, &checkpoint, path, err));
    MJ_TRY(check_size(s, &checkpoint, path, err));
    MJ_TRY(record(s, &checkpoint, arena, err));
    *sampler = s;
    return MJ_OK;
}

const mj_recipe *mj_sampler_recipe(const mj_sampler *sampler)
{
    return &sampler->recipe;
}

int mj_sampler_steps(const mj_sampler *sampler, int n_steps)
{
    return mj_oscillator_steps(n_steps, sampler->net.n_segments);
}

mj_precision mj_sampler_precision(const mj_sampler *sampler)
{
    return sampler->net.precision;
}

int mj_sampler_classes(const mj_sampler *sampler)
{
    return sampler->net.n_class;
}

int mj_sampler_oscillators(const mj_sampler *sampler)
{
    return mj_oscillator_count(&sampler->net);
}

void mj_sampler_params_get(mj_sampler_params *params, const mj_sampler *s)
{
    *params = (mj_sampler_params){
        .n = mj_oscillator_count(&s->net), .n_class = s->net.n_class,
        .n_segments = s->net.n_segments > 1 ? s->net.n_segments : 1,
        .K = mj_tape_tensor(s->tape, s->vars.K).v,
        .omega = s->omega,
        .omega_class = mj_tape_tensor(s->tape, s->vars.omega_class).v,
        .drive_cos = mj_tape_tensor(s->tape, s->vars.drive_cos).v,
        .drive_sin = mj_tape_tensor(s->tape, s->vars.drive_sin).v};
}

double mj_sampler_strongest(const mj_sampler *s)
{
    mj_sampler_params p;
    mj_sampler_params_get(&p, s);
    size_t N = (size_t)p.n;
    double most = 0;
    for (size_t i = 0; i < N; i++) {
        double coupled = 0, driven = 0;
        for (size_t segment = 0; segment < (size_t)p.n_segments; segment++) {
            double sum = 0;
            for (size_t j = 0; j < N; j++) {
                sum += fabs((double)p.K[(segment * N + i) * N + j]);
            }
            coupled = fmax(coupled, sum);
        }
        for (size_t y = 0; y < (size_t)p.n_class; y++) {
            driven = fmax(driven, fabs((double)p.drive_cos[y * N + i]) + fabs((double)p.drive_sin[y * N + i]));
        }
        most = fmax(most, coupled + driven);
    }
    return most;
}

static mj_status check(const mj_sampling *sampling, mj_err *err)
{
    if (sampling->n_steps < 1 || !(sampling->readout > 0) || sampling->coupling_bits == 1) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "sampling needs at least 1 step, a read-out time above 0, and couplings "
                          "of 2 bits or more");
    }
    return MJ_OK;
}

/* The mask of what is built. Couplings that the file of a thinned-out net has at 0 never were; at 0 in
 * that of another they are rounded. */
static void set_mask(mj_sampler *s, double density)
{
    const mj_recipe_model *model = &s->recipe.model;
    const mj_oscillator_wiring wiring = mj_recipe_wiring(model);
    const mj_real *K = mj_tape_tensor(s->tape, s->vars.K).v;
    int N = mj_oscillator_count(&s->net);
    if (mj_oscillator_is_limited(&wiring)) {
        mj_coupling_mask_of(s->mask, K, N, model->segments);
    } else {
        memset(s->mask, 1, (size_t)N * (size_t)N);
    }
    if (density > 0) {
        const mj_coupling coupling = {.n = N, .n_segments = model->segments,
                                      .symmetric = model->symmetric};
        mj_coupling_strength(s->strength, K, &coupling);
        mj_coupling_limit_density(s->mask, s->strength, s->scratch, density, model->symmetric, N);
    }
}

/* Sets the run and the chip. */
static void apply(mj_sampler *s, const mj_sampling *sampling)
{
    int N = mj_oscillator_count(&s->net);
    bool symmetric = s->recipe.model.symmetric;
    mj_real *omega = mj_tape_tensor(s->tape, s->vars.omega).v;
    set_mask(s, sampling->density);
    mj_coupling_draw_mismatch(s->factor, sampling->mismatch, symmetric, sampling->chip, N);
    mj_frequency_draw_mismatch(omega, sampling->detuning, sampling->chip, N);
    mj_add_scaled(omega, s->omega, 1, (size_t)N);
    s->run.run = (mj_kuramoto_run){.n_steps = mj_sampler_steps(s, sampling->n_steps),
                                   .span = s->recipe.integrate.span * sampling->readout,
                                   .noise = sampling->noise};
    s->run.start.bits = sampling->start_bits;
    int bits = s->recipe.model.coupling_bits; /* levels once more would be other levels */
    bool as_filed = bits > 0 && sampling->coupling_bits >= bits;
    s->run.coupling = (mj_coupling){.symmetric = symmetric,
                                    .bits = as_filed ? 0 : sampling->coupling_bits,
                                    .mask = s->mask,
                                    .factor = sampling->mismatch > 0 ? s->factor : NULL};
}

mj_status mj_sampler_run(mj_sampler *s, mj_real *image, const int *label, int n,
                         const mj_sampling *sampling, mj_err *err)
{
    mj_tensor pixel = mj_tape_tensor(s->tape, s->vars.pixel);
    int *batch_label = mj_tape_tensor(s->tape, s->vars.label).label;
    int n_batch = s->net.n_batch;
    size_t size = (size_t)mj_shape_columns(pixel.shape);
    MJ_TRY(check(sampling, err));
    apply(s, sampling);
    for (int first = 0; first < n; first += n_batch) {
        int count = n - first < n_batch ? n - first : n_batch;
        for (int b = 0; b < n_batch; b++) {
            batch_label[b] = b < count ? label[first + b] : 0;
        }
        s->run.run.first_sample = s->run.start.first_sample = (uint64_t)first;
        mj_tape_forward(s->tape, sampling->seed, false);
        memcpy(image + (size_t)first * size, pixel.v, (size_t)count * size * sizeof *image);
    }
    return MJ_OK;
}

mj_status mj_sampler_trace(mj_sampler *s, mj_real *path, const int *label,
                           const mj_sampling *sampling, mj_err *err)
{
    MJ_TRY(check(sampling, err));
    apply(s, sampling);
    memcpy(mj_tape_tensor(s->tape, s->vars.label).label, label,
           (size_t)s->net.n_batch * sizeof *label);
    s->run.run.first_sample = s->run.start.first_sample = 0;
    s->run.path = path;
    mj_tape_forward(s->tape, sampling->seed, false);
    s->run.path = NULL;
    return MJ_OK;
}
