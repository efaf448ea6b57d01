/* Bill request: from `MODEL on CHIP --batch 8 ...` to a computed bill.
 *
 * The order matters: options fill the serving, --set patches it, the precision reshapes the model,
 * and only then is everything resolved and checked together, so that a model that does not fit is
 * reported with the figures that were asked for. */
#include "bill_request.h"
#include "mj/text.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Option values that are not members of mj_serving as they stand. */
typedef struct {
    const char *parallel;
    int size[2];
    int variant; /* index in variant_names */
    struct {
        bool prompt, output, context, steps, size, frames;
    } given;
} extras;

static const char *const variant_names[] = {"", "a", "b", NULL};

enum { OPTIONS_MAX = 20 };

static int list_options(mj_option *option, mj_serving *s, extras *x, const mj_bill_usage *usage)
{
    const mj_option all[] = {
        {.name = "batch", .argument = "B", .kind = MJ_OPTION_REAL, .target = &s->batch,
         .help = "running sequences of all devices, may be a fraction (64; images 1)",
         .min = 1e-6, .max = 1e6},
        {.name = "prompt", .argument = "P", .kind = MJ_OPTION_REAL, .target = &s->prompt,
         .help = "mean prompt length, tokens (220)", .max = 1e8, .given = &x->given.prompt},
        {.name = "output", .argument = "L", .kind = MJ_OPTION_REAL, .target = &s->output,
         .help = "mean output length, tokens (350)", .min = 1, .max = 1e8,
         .given = &x->given.output},
        {.name = "context", .argument = "C", .kind = MJ_OPTION_REAL, .target = &s->context,
         .help = "a fixed context of C tokens and no prompt", .min = 1, .max = 1e8,
         .given = &x->given.context},
        {.name = "devices", .argument = "N", .kind = MJ_OPTION_INT, .target = &s->devices,
         .help = "devices (smallest power of two that fits)", .min = 1, .max = 1e6},
        {.name = "precision", .argument = "FORMAT", .kind = MJ_OPTION_CHOICE,
         .target = &s->precision,
         .help = "format of the weights (the model's): fp32, tf32, bf16, fp16, fp8,\n"
                 "int8, int6, mxfp4, nvfp4, int4, int3, int2, ternary, binary",
         .choices = mj_format_names},
        {.name = "parallel", .argument = "LIST", .kind = MJ_OPTION_TEXT, .target = &x->parallel,
         .help = "devices that split each layer (tp), experts (ep) or sequences (dp):\n"
                 "tp=8,ep=8,dp=1 (tp = devices; dp where only the state of the\n"
                 "sequences does not fit one); images: ulysses=4,ring=2"},
        {.name = "steps", .argument = "N", .kind = MJ_OPTION_INT, .target = &s->steps,
         .help = "denoising steps of an image (the model's)", .min = 1, .max = 1e5,
         .given = &x->given.steps},
        {.name = "size", .argument = "WxH", .kind = MJ_OPTION_SIZE, .target = x->size,
         .help = "size of an image (the model's)", .min = 1, .max = 1e5, .given = &x->given.size},
        {.name = "frames", .argument = "N", .kind = MJ_OPTION_INT, .target = &s->frames,
         .help = "frames of a video (the model's)", .min = 1, .max = 1e5,
         .given = &x->given.frames},
        {.name = "boundary", .argument = "NAME", .kind = MJ_OPTION_CHOICE, .target = &s->boundary,
         .help = "die, package, board, node, rack, facility or fleet (board)",
         .choices = mj_boundary_names},
        {.name = "variant", .argument = "a|b", .kind = MJ_OPTION_CHOICE, .target = &x->variant,
         .help = "fit of a calibrated chip: a best totals, b more physical causes (a)",
         .choices = variant_names},
    };
    memcpy(option, all, sizeof all);
    int n = sizeof all / sizeof all[0];
    assert(usage->n_more <= MJ_BILL_MORE_MAX && n + usage->n_more <= OPTIONS_MAX);
    for (int i = 0; i < usage->n_more; i++) {
        option[n++] = usage->more[i];
    }
    return n;
}

/* One `name=number` of --parallel. */
static mj_status set_degree(mj_serving *s, const char *item, size_t length, mj_err *err)
{
    const struct {
        const char *name;
        int *target;
    } degrees[] = {{"tp", &s->tensor}, {"ep", &s->expert}, {"dp", &s->data},
                   {"ulysses", &s->ulysses}, {"ring", &s->ring}};
    const char *equals = memchr(item, '=', length);
    for (size_t i = 0; equals && i < sizeof degrees / sizeof degrees[0]; i++) {
        size_t n = strlen(degrees[i].name);
        if ((size_t)(equals - item) != n || strncmp(item, degrees[i].name, n) != 0) {
            continue;
        }
        char *end;
        long value = strtol(equals + 1, &end, 10);
        if (end == equals + 1 || end != item + length || value < 1 || value > 1000000) {
            return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                              "--parallel %.*s: wants a whole number of devices, e.g. tp=8",
                              (int)length, item);
        }
        *degrees[i].target = (int)value;
        return MJ_OK;
    }
    return mj_err_add(err, MJ_EKEY, NULL, 0, 0,
                      "--parallel %.*s: wants tp=N, ep=N, dp=N, ulysses=N or ring=N", (int)length,
                      item);
}

static mj_status set_parallel(mj_serving *s, const char *list, mj_err *err)
{
    while (list && *list) {
        size_t length = strcspn(list, ",");
        MJ_TRY(set_degree(s, list, length, err));
        list += length + (list[length] == ',');
    }
    return MJ_OK;
}

/* A degree of parallelism that the model has no use for is a mistake too. As asked for, not resolved. */
static mj_status check_degrees(const mj_bill_request *r, mj_err *err)
{
    const mj_serving *s = &r->serving;
    bool images = r->model.kind == MJ_MODEL_DIFFUSION;
    if (images && (s->tensor > 1 || s->data > 1 || s->expert > 1)) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0,
                          "--parallel: devices split the sequence of %s, ulysses=N,ring=N; tp, ep and dp "
                          "do not apply", r->model_word);
    }
    if (!images && (s->ulysses > 1 || s->ring > 1)) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0,
                          "--parallel: ulysses and ring are of images; %s takes tp=N,dp=N", r->model_word);
    }
    if (s->expert > 1 && r->model.moe.layers == 0) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0,
                          "--parallel ep=%d: %s has no experts to spread; tp=N splits its layers, dp=N copies "
                          "the model", s->expert, r->model_word);
    }
    return MJ_OK;
}

/* The index of the fit called "a" or "b"; chips with one fit know only that. */
static mj_status set_variant(mj_serving *s, const mj_chip *chip, const char *name, mj_err *err)
{
    if (*name == '\0') {
        return MJ_OK;
    }
    for (int i = 0; i < chip->n_text; i++) {
        if (chip->text[i].name && strcmp(chip->text[i].name, name) == 0) {
            s->variant = i;
            return MJ_OK;
        }
    }
    return mj_err_add(err, MJ_ENAME, NULL, 0, 0, "%s has no fit '%s'", chip->name, name);
}

/* An option that the model has no use for is a mistake, not a wish to be passed over. */
static mj_status check_extras(const extras *x, const mj_bill_request *r, mj_err *err)
{
    int output = r->model.output;
    bool text = output == MJ_OUTPUT_TOKEN;
    const struct {
        const char *name;
        bool given, applies;
    } options[] = {
        {"prompt", x->given.prompt, text},
        {"output", x->given.output, text},
        {"context", x->given.context, text},
        {"steps", x->given.steps, !text},
        {"size", x->given.size, !text},
        {"frames", x->given.frames, output == MJ_OUTPUT_VIDEO},
    };
    mj_status status = MJ_OK;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (options[i].given && !options[i].applies) {
            status = mj_err_add(err, MJ_EKEY, NULL, 0, 0,
                                "--%s does not apply: the output of %s is %s %s", options[i].name,
                                r->model_word, output == MJ_OUTPUT_IMAGE ? "an" : "a",
                                mj_output_names[output]);
        }
    }
    if (x->given.context && x->given.prompt) {
        status = mj_err_add(err, MJ_EKEY, NULL, 0, 0,
                            "--context is a fixed context without a prompt; leave out --prompt");
    }
    return status;
}

/* r->serving holds the options; everything else of r is made here. */
static mj_status load(mj_bill_request *r, const extras *x, mj_context *context)
{
    mj_err *err = &context->err;
    /* Both are tried, so that two mistyped names are reported at once. */
    mj_status chip_status = mj_context_load_chip(context, &r->chip, r->chip_word);
    MJ_TRY(mj_context_load_model(context, &r->model, r->model_word));
    MJ_TRY(chip_status);
    MJ_TRY(mj_lut_facts_find(&r->chip, &r->model, mj_context_facts(context), err));
    MJ_TRY(check_extras(x, r, err));
    r->serving.no_prompt = x->given.prompt && r->serving.prompt == 0;
    r->serving.width = x->size[0];
    r->serving.height = x->size[1];
    MJ_TRY(set_parallel(&r->serving, x->parallel, err));
    MJ_TRY(set_variant(&r->serving, &r->chip, variant_names[x->variant], err));
    MJ_TRY(mj_context_apply_sets(context, "serving", &r->serving, &mj_serving_schema));
    MJ_TRY(check_degrees(r, err));
    if (r->serving.precision != MJ_FORMAT_NONE) {
        bool judged = r->model.quality.metric != NULL;
        mj_model_set_precision(&r->model, (mj_format)r->serving.precision);
        r->is_unjudged = judged && !r->model.quality.metric;
        MJ_TRY(mj_model_resolve(&r->model, r->model_word, err));
    }
    MJ_TRY(mj_serving_resolve(&r->serving, &r->chip, &r->model, err));
    return mj_bill_compute(&r->bill, &r->chip, &r->model, &r->serving, err);
}

static bool same(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b));
}

static bool same_lines(const mj_ledger *a, const mj_ledger *b)
{
    bool equal = a->n == b->n;
    for (int i = 0; equal && i < a->n; i++) {
        equal = a->line[i].component == b->line[i].component &&
                same(a->line[i].joules, b->line[i].joules);
    }
    return equal;
}

/* The constant of a calibrated chip's fit that moves its total where `path` does not. */
static const char *fitted_constant(mj_context *context, const mj_bill_request *r, const char *path)
{
    bool text = r->model.output == MJ_OUTPUT_TOKEN;
    const char *fit = text ? r->chip.text[r->serving.variant].name : "image";
    bool arithmetic = strstr(path, "mac") != NULL;
    return mj_arena_printf(&context->arena, "chip.%s.%s (%s)", fit, arithmetic ? "flop" : "byte",
                           arithmetic ? "J/FLOP" : "J/B");
}

/* Bills once more without --set: whoever changes a value and sees the same joules should know
 * whether the value had no part in them. Without the sets there may be no bill at all: then they
 * did something. */
static void warn_of_idle_sets(const mj_bill_request *r, const mj_serving *asked, const extras *x,
                              mj_context *context)
{
    mj_texts *sets = &context->globals.set;
    mj_bill_request *bare = mj_arena_alloc(&context->arena, sizeof *bare);
    if (sets->n == 0 || context->globals.quiet || bare == NULL) {
        return;
    }
    bare->model_word = r->model_word;
    bare->chip_word = r->chip_word;
    bare->serving = *asked;
    int n_sets = sets->n;
    sets->n = 0;
    mj_status status = load(bare, x, context);
    sets->n = n_sets;
    if (status != MJ_OK) {
        context->err = (mj_err){0};
        return;
    }
    if (!same(bare->bill.joules, r->bill.joules)) {
        return;
    }
    const char *what = mj_arena_text(&context->arena, sets->text[0], strcspn(sets->text[0], "="));
    if (what != NULL && r->chip.closure == MJ_CLOSURE_CALIBRATED &&
        !same_lines(&bare->bill.ledger, &r->bill.ledger)) {
        const char *constant = fitted_constant(context, r, what);
        mj_context_warn(context, "--set %s changes how the fitted total splits, not the total; "
                        "%s moves it", what, constant != NULL ? constant : "a constant of the fit");
    } else {
        mj_context_warn(context, "--set %s%s changed no joules", what != NULL ? what : "",
                        n_sets > 1 ? " and the others" : "");
    }
}

mj_bill_request *mj_bill_request_read(int *exit_code, mj_context *context,
                                      const mj_bill_usage *usage, int argc, char **argv)
{
    mj_bill_request *r = mj_arena_alloc(&context->arena, sizeof *r);
    if (!r) {
        *exit_code = mj_context_fail_with(context, MJ_EMEM, "out of memory");
        return NULL;
    }
    extras x = {0};
    mj_option option[OPTIONS_MAX];
    const mj_usage full = {.sentence = usage->sentence, .about = usage->about, .option = option,
                           .n_options = list_options(option, &r->serving, &x, usage),
                           .takes_set = true, .refuses = usage->refuses,
                           .example = usage->example};
    const char *word[MJ_WORDS_MAX] = {NULL};
    if (!mj_options_parse(exit_code, context, usage->command, &full, word, argc, argv)) {
        return NULL;
    }
    r->model_word = word[0];
    r->chip_word = word[1];
    r->line_word = word[2];
    const mj_serving asked = r->serving;
    if (load(r, &x, context) != MJ_OK) {
        *exit_code = mj_context_fail(context);
        return NULL;
    }
    if (r->is_unjudged) {
        mj_context_warn(context, "weights in %s are another model than the one in %s, whose quality is "
                        "left out", mj_format_names[r->serving.precision], r->model_word);
    }
    warn_of_idle_sets(r, &asked, &x, context);
    return r;
}

mj_status mj_bill_request_other(mj_bill *other, bool *has, const mj_bill_request *request,
                                mj_err *err)
{
    *has = request->chip.n_text == 2 && request->model.output == MJ_OUTPUT_TOKEN;
    if (!*has) {
        return MJ_OK;
    }
    mj_serving serving = request->serving;
    serving.variant = 1 - serving.variant;
    return mj_bill_compute(other, &request->chip, &request->model, &serving, err);
}

/* The benchmark's row before a single published point; *found is false when neither has it. */
static mj_status find_measured(mj_measured *measured, bool *found, mj_context *context,
                               const mj_bill *bill)
{
    static const char *const tables[] = {"measured/ml-energy-v3.csv", "measured/published.csv"};
    *found = false;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && !*found; i++) {
        const char *path = mj_context_path(context, tables[i]);
        if (path == NULL) {
            return MJ_EFILE;
        }
        MJ_TRY(mj_measured_find(measured, found, path, bill, &context->arena, &context->err));
    }
    return MJ_OK;
}

/* Joules of the request's model on `chip`; NaN if it cannot be billed there. */
static double simulated_J(const mj_bill_request *request, const mj_chip *chip, double batch)
{
    const mj_serving *asked = &request->serving;
    mj_serving serving = {.batch = batch, .steps = asked->steps, .precision = asked->precision,
                          .boundary = asked->boundary};
    mj_bill bill;
    mj_err ignored = {0};
    bool billed = mj_serving_resolve(&serving, chip, &request->model, &ignored) == MJ_OK &&
                  mj_bill_compute(&bill, chip, &request->model, &serving, &ignored) == MJ_OK;
    return billed ? bill.joules : NAN;
}

/* Every bill of oscillators, and of tables as gates, says what computing them would cost. --set is about
 * the chip asked for, not about this one. */
static mj_status simulate(mj_bill_request *request, mj_context *context)
{
    static const char digital[] = "sram-chip";
    const double busy_batch = 1024;
    const char *dir = mj_context_path(context, "chips");
    mj_chip *chip = mj_arena_alloc(&context->arena, sizeof *chip);
    if (dir == NULL || chip == NULL) {
        return dir == NULL ? MJ_EFILE
                           : mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    if (mj_oscillator_runs(&request->bill) || mj_lut_runs(&request->bill)) {
        MJ_TRY(mj_chip_load(chip, digital, dir, mj_context_facts(context), context->units,
                            &context->arena, &context->err));
    } else {
        *chip = request->chip;
    }
    request->simulation = (mj_simulation){
        .chip = chip->name,
        .joules = simulated_J(request, chip, request->serving.batch),
        .busy_batch = busy_batch,
        .busy_joules = simulated_J(request, chip, busy_batch)};
    return MJ_OK;
}

mj_status mj_bill_request_view(mj_bill_view *view, mj_bill_request *request, mj_context *context)
{
    bool found;
    const bool is_simulated = request->model.kind == MJ_MODEL_OSCILLATORS || mj_lut_runs(&request->bill);
    MJ_TRY(mj_cost_compute(&request->cost, &request->chip, mj_context_facts(context),
                           &context->err));
    if (mj_oscillator_runs(&request->bill) && !mj_quantity_given(&request->cost.area_m2)) {
        request->cost.area_m2 = mj_oscillator_area(&request->bill);
    }
    if (mj_lut_runs(&request->bill) && !mj_quantity_given(&request->cost.area_m2)) {
        request->cost.area_m2 = mj_lut_circuit_area(&request->bill);
    }
    if (is_simulated) {
        MJ_TRY(simulate(request, context));
    }
    MJ_TRY(find_measured(&request->measured, &found, context, &request->bill));
    *view = (mj_bill_view){.bill = &request->bill,
                           .cost = &request->cost,
                           .measured = found ? &request->measured : NULL,
                           .simulation = is_simulated ? &request->simulation : NULL,
                           .model = request->model_word,
                           .chip = request->chip_word};
    return MJ_OK;
}
