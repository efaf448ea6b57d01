/* Serving defaults, ranges, and whether the model fits.
 *
 * Fit: weights and the cache of all running sequences at prompt + output tokens, at most 90 % of the
 * memory that holds them [zeus2025: what vLLM was given]; with a memory of its own for each, each
 * must fit. A ROM is made for its model: it may be full. Data parallelism keeps a copy of the dense
 * weights on every device. The software of measured GPUs does not split a cache further than there
 * are heads; a machine of our own places it freely. A chip that states no capacity holds anything.
 *
 * Devices split every layer (tp) unless told otherwise. A machine of our own each of whose devices has
 * room for the whole model and a sequence, but not for the larger state of all that run, has a copy on
 * each (dp): to cut a net of half a megabyte into 32 parts would cost an exchange a block and save
 * nothing. */
#include "mj/serving.h"

#include "mj/op.h"

#include <math.h>
#include <stdio.h>

static const double FIT_SHARE = 0.9;
enum { DEVICES_MAX = 1000000 };

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
    INT("devices", devices, DEVICES_MAX),
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

double mj_serving_context(const mj_serving *s)
{
    return s->context > 0 ? s->context : s->prompt + 0.5 * s->output * s->spread;
}

double mj_serving_cache_split(const mj_chip *chip, const mj_model *model, const mj_serving *s)
{
    double heads = model->mla.kv_lora > 0 ? 1 : fmax(1, model->kv_heads);
    return chip->closure == MJ_CLOSURE_CALIBRATED ? s->data * fmin(s->tensor, heads) : s->devices;
}

/* Bytes one device keeps of weights and of cache. */
static void kept(double *weight_B, double *cache_B, const mj_chip *chip, const mj_model *model,
                 const mj_serving *s)
{
    mj_extent extent = {.context = 1, .longest = s->context > 0 ? s->context
                                                                 : s->prompt + s->output};
    mj_ops ops;
    mj_ops_count(&ops, model, &extent);
    double G = s->devices, B = s->batch, named_B = 0;
    double cache_split = mj_serving_cache_split(chip, model, s);
    *weight_B = *cache_B = 0;
    for (int i = 0; i < ops.n; i++) {
        const mj_op *op = &ops.op[i];
        if (op->kind == MJ_OP_OSCILLATE && mj_quantity_given(&chip->oscillator.cycle_J)) {
            continue; /* couplings are kept in the couplers */
        }
        if (op->kind == MJ_OP_TABLES && mj_quantity_given(&chip->lut.table_J)) {
            continue; /* tables are gates */
        }
        double shard = op->kind == MJ_OP_EXPERTS ? G : s->tensor;
        if (model->kind == MJ_MODEL_DIFFUSION) { /* the sequence is what is split */
            shard = 1;
        }
        named_B += op->weight_B;
        *weight_B += op->weight_B / shard;
        *cache_B += op->stored_B * B / (op->kind == MJ_OP_SCAN ? G : cache_split);
    }
    if (model->kind == MJ_MODEL_AGGREGATE) { /* kept, though not every token needs them */
        double idle = model->aggregate.total - model->aggregate.active;
        *weight_B += idle * mj_format_bytes((mj_format)model->precision.ffn) / G;
    }
    double embedding_B = model->params.embedding *
                         mj_format_bytes((mj_format)model->precision.embedding);
    if (model->exact_weight_B > 0) {
        embedding_B = model->exact_weight_B - named_B;
    }
    *weight_B += embedding_B / s->tensor;
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

/* True if one device has room for the weights and one sequence, but not for what all of them keep, and that
 * is more than the weights: then a copy that fills its device moves more state than weights, and to read
 * those once more a copy is cheaper than to exchange the sums of every block. */
static bool wants_copies(const mj_chip *chip, const mj_model *model, const mj_serving *s)
{
    if (chip->closure == MJ_CLOSURE_CALIBRATED || model->kind == MJ_MODEL_DIFFUSION) {
        return false;
    }
    double weight_B, cache_B;
    mj_serving one = *s;
    one.devices = one.tensor = one.expert = one.data = 1;
    kept(&weight_B, &cache_B, chip, model, &one);
    bool is_enough = fits(chip, model, &one);
    one.batch = fmin(1, s->batch);
    return !is_enough && cache_B > weight_B && fits(chip, model, &one);
}

static void fill_parallel(mj_serving *s, const mj_chip *chip, const mj_model *model)
{
    if (s->data == 0) {
        s->data = s->tensor == 0 && wants_copies(chip, model, s) ? s->devices : 1;
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

/* The smallest power of two of devices that fits, at most `most` (which need not be one); 0 if
 * nothing does. Parallelism is the default one. */
static int devices_needed(const mj_chip *chip, const mj_model *model, const mj_serving *s, int most)
{
    for (long long n = 1;; n *= 2) {
        mj_serving tried = *s;
        tried.devices = n < most ? (int)n : most;
        tried.tensor = tried.expert = tried.data = tried.ulysses = tried.ring = 0;
        fill_parallel(&tried, chip, model);
        if (fits(chip, model, &tried)) {
            return tried.devices;
        }
        if (n >= most) {
            return 0;
        }
    }
}

static int domain_of(const mj_chip *chip)
{
    return chip->domain > 0 ? chip->domain : 1;
}

/* "; 4 would do", or what stands against it. */
static void suggest(char *text, size_t size, const mj_chip *chip, const mj_model *model,
                    const mj_serving *s)
{
    int needed = devices_needed(chip, model, s, DEVICES_MAX), domain = domain_of(chip);
    if (needed == 0) {
        snprintf(text, size, "no number of them would do");
    } else if (needed <= domain) {
        snprintf(text, size, "%d would do", needed);
    } else {
        snprintf(text, size, "%d would do, but one scale-up domain joins at most %d", needed,
                 domain);
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
    char would[96];
    suggest(would, sizeof would, chip, model, s);
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
    return range(err, "boundary", s->boundary, MJ_BOUNDARY_DIE, MJ_BOUNDARY_FLEET);
}

/* A model with learned positions has no more tokens than those. */
static mj_status check_positions(const mj_serving *s, const mj_model *model, mj_err *err)
{
    double longest = s->context > 0 ? s->context : s->prompt + s->output;
    if (model->positions > 0 && longest > model->positions) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "%s has %d positions: %g tokens do not fit",
                          model->name, model->positions, longest);
    }
    return MJ_OK;
}

/* A measured total has the border at which it was measured; what lies within cannot be told apart
 * from it (the die's leakage is part of the board's idle power). An envelope has its author's. */
static mj_status check_boundary(const mj_serving *s, const mj_chip *chip, mj_err *err)
{
    const char *asked = mj_boundary_names[s->boundary];
    if (chip->closure == MJ_CLOSURE_CALIBRATED && s->boundary < MJ_BOUNDARY_BOARD) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                          "boundary %s: %s was measured at the board, which cannot be split there",
                          asked, chip->name);
    }
    if (chip->closure == MJ_CLOSURE_ENVELOPE && s->boundary != MJ_BOUNDARY_BOARD) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                          "boundary %s: %s is an envelope, its author's sum as given", asked,
                          chip->name);
    }
    return MJ_OK;
}

/* Images of a size that such models make: whole patches, not far from what they were trained for. */
static mj_status check_image(const mj_serving *s, const mj_model *model, mj_err *err)
{
    if (model->kind != MJ_MODEL_DIFFUSION) {
        return MJ_OK;
    }
    MJ_TRY(range(err, "width", s->width, 64, 16384));
    MJ_TRY(range(err, "height", s->height, 64, 16384));
    if (s->width % 8 != 0 || s->height % 8 != 0) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "size %dx%d: both sides must be multiples of 8 pixels", s->width,
                          s->height);
    }
    return MJ_OK;
}

static mj_status check_devices(const mj_serving *s, const mj_chip *chip, const mj_model *model,
                               mj_err *err)
{
    if (s->devices < 1 || s->devices > domain_of(chip)) {
        char would[96];
        suggest(would, sizeof would, chip, model, s);
        return mj_err_add(err, MJ_EFIT, NULL, 0, 0,
                          "%d devices asked for: the scale-up domain of %s joins at most %d; for %s "
                          "%s",
                          s->devices, chip->name, domain_of(chip), model->name, would);
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
    bool fitted = chip->closure == MJ_CLOSURE_CALIBRATED && model->heads > 0;
    if (fitted && model->heads % s->tensor != 0) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "tp %d does not divide the %d heads of %s",
                          s->tensor, model->heads, model->name);
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
    if (!s->no_prompt && chip->closure != MJ_CLOSURE_ENVELOPE) {
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
    if (model->kind == MJ_MODEL_LUT) {
        s->width = model->lut.width;
        s->height = model->lut.height;
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
    MJ_TRY(check_positions(serving, model, err));
    MJ_TRY(check_boundary(serving, chip, err));
    MJ_TRY(check_image(serving, model, err));
    bool asked = serving->devices > 0;
    if (!asked) {
        serving->devices = devices_needed(chip, model, serving, domain_of(chip));
        if (serving->data > 0 || serving->tensor > 0) {
            int tensor = serving->tensor > 0 ? serving->tensor : 1;
            serving->devices = tensor * (serving->data > 0 ? serving->data : 1);
        }
        if (serving->devices == 0) {
            serving->devices = domain_of(chip);
            fill_parallel(serving, chip, model);
            return refuse(chip, model, serving, err);
        }
    }
    fill_parallel(serving, chip, model);
    MJ_TRY(check_devices(serving, chip, model, err));
    return fits(chip, model, serving) ? MJ_OK : refuse(chip, model, serving, err);
}
