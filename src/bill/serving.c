/* Serving defaults, ranges, and whether the model fits.
 *
 * Fit: weights and the cache of all running sequences at prompt + output tokens, at most 90 % of the
 * memory that holds them [zeus2025: what vLLM was given]; with a memory of its own for each, each
 * must fit. A ROM is made for its model: it may be full. Data parallelism keeps a copy of the dense
 * weights on every device. The software of measured GPUs does not split a cache further than there
 * are heads; a machine of our own places it freely. A chip that states no capacity holds anything. */
#include "mj/serving.h"

#include "mj/op.h"

#include <math.h>
#include <stdio.h>

static const double FIT_SHARE = 0.9;

#define REAL(key_, member_, unit_, max_) \
    {.key = key_, .kind = MJ_SPEC_REAL, .offset = offsetof(mj_serving, member_), .unit = unit_, \
     .min = 0, .max = max_}
#define INT(key_, member_, max_) \
    {.key = key_, .kind = MJ_SPEC_INT, .offset = offsetof(mj_serving, member_), .min = 0, \
     .max = max_}
#define CHOICE(key_, member_, choices_) \
    {.key = key_, .kind = MJ_SPEC_CHOICE, .offset = offsetof(mj_serving, member_), \
     .choices = choices_}

static const char *const variant_names[] = {"a", "b", NULL};

static const mj_spec_field fields[] = {
    REAL("batch", batch, "1", 1e6),
    REAL("prompt", prompt, "1", 1e8),
    REAL("output", output, "1", 1e8),
    REAL("spread", spread, "1", 1e3),
    REAL("context", context, "1", 1e8),
    INT("devices", devices, 1000000),
    CHOICE("precision", precision, mj_format_names),
    INT("tensor", tensor, 1000000),
    INT("expert", expert, 1000000),
    INT("data", data, 1000000),
    INT("steps", steps, 100000),
    INT("width", width, 65536),
    INT("height", height, 65536),
    INT("frames", frames, 1000000),
    INT("ulysses", ulysses, 1000000),
    INT("ring", ring, 1000000),
    CHOICE("boundary", boundary, mj_boundary_names),
    CHOICE("variant", variant, variant_names),
};
const mj_spec_schema mj_serving_schema = {"serving", fields, sizeof fields / sizeof fields[0],
                                          sizeof(mj_serving), NULL};

/* Bytes one device keeps of weights and of cache. */
static void kept(double *weight_B, double *cache_B, const mj_chip *chip, const mj_model *model,
                 const mj_serving *s)
{
    mj_extent extent = {.context = 1, .longest = s->context > 0 ? s->context
                                                                 : s->prompt + s->output};
    mj_ops ops;
    mj_ops_count(&ops, model, &extent);
    double G = s->devices, B = s->batch;
    double heads = model->mla.kv_lora > 0 ? 1 : fmax(1, model->kv_heads);
    bool free_split = s->data > 1 || chip->closure != MJ_CLOSURE_CALIBRATED;
    double cache_split = free_split ? G : fmin(G, heads);
    *weight_B = *cache_B = 0;
    for (int i = 0; i < ops.n; i++) {
        const mj_op *op = &ops.op[i];
        bool copied = s->data > 1 && op->kind != MJ_OP_EXPERTS;
        /* images: every device keeps the whole denoiser, the sequence is what is split */
        copied = copied || model->kind == MJ_MODEL_DIFFUSION;
        *weight_B += copied ? op->weight_B : op->weight_B / G;
        *cache_B += op->stored_B * B / (op->kind == MJ_OP_SCAN ? G : cache_split);
    }
    if (model->kind == MJ_MODEL_AGGREGATE) { /* kept, though not every token needs them */
        double idle = model->aggregate.total - model->aggregate.active;
        *weight_B += idle * mj_format_bytes((mj_format)model->precision.ffn) / G;
    }
    *weight_B += model->params.embedding *
                 mj_format_bytes((mj_format)model->precision.embedding) / G;
}

double mj_serving_memory_B(const mj_chip *chip, const mj_model *model, const mj_serving *serving)
{
    double weight_B, cache_B;
    kept(&weight_B, &cache_B, chip, model, serving);
    return weight_B + cache_B;
}

/* Bytes of a memory that may be filled. */
static double capacity(const mj_memory *memory)
{
    double share = memory->kind == MJ_MEMORY_ROM ? 1 : FIT_SHARE;
    return mj_quantity_given(&memory->capacity_B) ? share * memory->capacity_B.typ : HUGE_VAL;
}

static bool fits(const mj_chip *chip, const mj_model *model, const mj_serving *s)
{
    const mj_memory *w = mj_chip_memory(chip, MJ_HOLDS_WEIGHTS);
    const mj_memory *k = mj_chip_memory(chip, MJ_HOLDS_KV);
    if (w == NULL || k == NULL) {
        return true; /* nothing is stored: an envelope without memory */
    }
    double weight_B, cache_B;
    kept(&weight_B, &cache_B, chip, model, s);
    return w == k ? weight_B + cache_B <= capacity(w)
                  : weight_B <= capacity(w) && cache_B <= capacity(k);
}

static void fill_parallel(mj_serving *s, const mj_model *model)
{
    if (s->data == 0) {
        s->data = 1;
    }
    if (s->tensor == 0) {
        s->tensor = s->devices / s->data > 0 ? s->devices / s->data : 1;
    }
    if (s->expert == 0) { /* experts are spread, as on every measured machine */
        s->expert = model->moe.layers > 0 ? s->devices : 1;
    }
    if (s->ring == 0) {
        s->ring = 1;
    }
    if (s->ulysses == 0) {
        s->ulysses = s->devices / s->ring > 0 ? s->devices / s->ring : 1;
    }
}

/* The smallest power of two of devices that fits, or the whole domain where only that does; 0 if
 * nothing does. */
static int devices_needed(const mj_chip *chip, const mj_model *model, const mj_serving *s)
{
    int domain = chip->domain > 0 ? chip->domain : 1;
    for (long long n = 1;; n *= 2) {
        mj_serving tried = *s;
        tried.devices = n < domain ? (int)n : domain;
        if (s->data == 0 && s->tensor == 0) {
            fill_parallel(&tried, model);
        }
        if (fits(chip, model, &tried)) {
            return tried.devices;
        }
        if (n >= domain) {
            return 0;
        }
    }
}

static mj_status refuse(const mj_chip *chip, const mj_model *model, const mj_serving *s,
                        mj_err *err)
{
    const mj_memory *w = mj_chip_memory(chip, MJ_HOLDS_WEIGHTS);
    const mj_memory *k = mj_chip_memory(chip, MJ_HOLDS_KV);
    double weight_B, cache_B;
    kept(&weight_B, &cache_B, chip, model, s);
    char room[160] = "";
    if (w == k) {
        snprintf(room, sizeof room, "together %.4g GB, %s has room for %.4g GB",
                 (weight_B + cache_B) / 1e9, w->name, capacity(w) / 1e9);
    } else if (weight_B > capacity(w)) {
        snprintf(room, sizeof room, "%s has room for %.4g GB of weights", w->name,
                 capacity(w) / 1e9);
    } else {
        snprintf(room, sizeof room, "%s has room for %.4g GB of cache", k->name,
                 capacity(k) / 1e9);
    }
    int needed = devices_needed(chip, model, s);
    char would[96];
    if (needed > 0) {
        snprintf(would, sizeof would, "%d would do", needed);
    } else {
        snprintf(would, sizeof would, "even its whole domain of %d does not",
                 chip->domain > 0 ? chip->domain : 1);
    }
    return mj_err_add(err, MJ_EFIT, NULL, 0, 0,
                      "%s does not fit %d x %s: per device %.4g GB of weights and %.4g GB of cache "
                      "and state, %s; %s",
                      model->name, s->devices, chip->name, weight_B / 1e9, cache_B / 1e9, room,
                      would);
}

static mj_status range(mj_err *err, const char *what, double value, double lo, double hi)
{
    if (value >= lo && value <= hi) { /* NaN fails */
        return MJ_OK;
    }
    return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "%s = %g lies outside [%g, %g]", what, value, lo,
                      hi);
}

/* Zero asks for the default; nothing asks for less. */
static mj_status check_counts(const mj_serving *s, mj_err *err)
{
    const struct {
        const char *what;
        int value;
    } counts[] = {{"devices", s->devices}, {"tp", s->tensor},       {"ep", s->expert},
                  {"dp", s->data},         {"steps", s->steps},     {"width", s->width},
                  {"height", s->height},   {"frames", s->frames},   {"ulysses", s->ulysses},
                  {"ring", s->ring},       {"boundary", s->boundary}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        MJ_TRY(range(err, counts[i].what, counts[i].value, 0, 1e6));
    }
    return MJ_OK;
}

static mj_status check_lengths(const mj_serving *s, mj_err *err)
{
    MJ_TRY(range(err, "batch", s->batch, 1e-9, 1e6));
    MJ_TRY(range(err, "prompt", s->prompt, 0, 1e8));
    MJ_TRY(range(err, "output", s->output, 1e-3, 1e8));
    MJ_TRY(range(err, "spread", s->spread, 1, 1e3));
    MJ_TRY(range(err, "context", s->context, 0, 1e8));
    MJ_TRY(range(err, "boundary", s->boundary, MJ_BOUNDARY_DIE, MJ_BOUNDARY_FLEET));
    return MJ_OK;
}

static mj_status check_devices(const mj_serving *s, const mj_chip *chip, const mj_model *model,
                               mj_err *err)
{
    int domain = chip->domain > 0 ? chip->domain : 1;
    if (s->devices < 1 || s->devices > domain) {
        return mj_err_add(err, MJ_EFIT, NULL, 0, 0,
                          "%d devices asked for: the scale-up domain of %s joins at most %d",
                          s->devices, chip->name, domain);
    }
    bool images = model->kind == MJ_MODEL_DIFFUSION;
    if (images && (long long)s->ulysses * s->ring != s->devices) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "ulysses %d x ring %d is not %d devices",
                          s->ulysses, s->ring, s->devices);
    }
    if (!images && (long long)s->tensor * s->data != s->devices) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "tp %d x dp %d is not %d devices", s->tensor,
                          s->data, s->devices);
    }
    if (s->expert != 1 && s->expert != s->devices) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "ep %d must be 1 or all %d devices",
                          s->expert, s->devices);
    }
    if (s->variant < 0 || s->variant >= (chip->n_text > 0 ? chip->n_text : 1)) {
        return mj_err_add(err, MJ_ENAME, NULL, 0, 0, "%s has %d fitted variant%s", chip->name,
                          chip->n_text, chip->n_text == 1 ? "" : "s");
    }
    return MJ_OK;
}

static void or_default(double *value, double fallback)
{
    if (*value == 0) {
        *value = fallback;
    }
}

static void fill_lengths(mj_serving *s, const mj_chip *chip, const mj_model *model)
{
    bool text = model->output == MJ_OUTPUT_TOKEN;
    /* an envelope counts one sequence, as its authors do */
    or_default(&s->batch, text && chip->closure != MJ_CLOSURE_ENVELOPE ? 64 : 1);
    if (!s->no_prompt) {
        or_default(&s->prompt, 220);
    }
    or_default(&s->output, 350);
    or_default(&s->spread, 1.9);
    s->boundary = s->boundary > 0 ? s->boundary : MJ_BOUNDARY_BOARD;
    if (model->kind == MJ_MODEL_OSCILLATORS) {
        s->steps = s->steps > 0 ? s->steps : model->oscillator.steps;
        s->width = model->oscillator.width;
        s->height = model->oscillator.height;
    }
    if (model->kind == MJ_MODEL_DIFFUSION) {
        s->steps = s->steps > 0 ? s->steps : model->diffusion.steps;
        s->width = s->width > 0 ? s->width : model->diffusion.width;
        s->height = s->height > 0 ? s->height : model->diffusion.height;
        s->frames = s->frames > 0 ? s->frames : model->diffusion.frames;
    }
}

mj_status mj_serving_resolve(mj_serving *serving, const mj_chip *chip, const mj_model *model,
                             mj_err *err)
{
    MJ_TRY(check_counts(serving, err));
    fill_lengths(serving, chip, model);
    MJ_TRY(check_lengths(serving, err));
    bool asked = serving->devices > 0;
    if (!asked) {
        serving->devices = devices_needed(chip, model, serving);
        if (serving->data > 0 || serving->tensor > 0) {
            int tensor = serving->tensor > 0 ? serving->tensor : 1;
            serving->devices = tensor * (serving->data > 0 ? serving->data : 1);
        }
        if (serving->devices == 0) {
            serving->devices = chip->domain > 0 ? chip->domain : 1;
            fill_parallel(serving, model);
            return refuse(chip, model, serving, err);
        }
    }
    fill_parallel(serving, model);
    MJ_TRY(check_devices(serving, chip, model, err));
    return fits(chip, model, serving) ? MJ_OK : refuse(chip, model, serving, err);
}
