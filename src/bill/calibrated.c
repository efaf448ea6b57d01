/* The bill of a fitted chip: the predicted total of a measured board, split by cause.
 *
 * The fit knows joules per byte moved, per FLOP, and watts that flow with time (text_step.c,
 * image_step.c). What part of a byte's joules the memory device itself takes, or of a FLOP's the
 * multiplier, is published; the rest of the fitted figure is movement, operands and control and
 * stands as transport.calibrated. Where the fit is below the published figure the split is the
 * smaller of the two. Board power as measured contains the regulators and links: fitted joules are
 * taken at the board's input, so what reaches a device is that times the regulators' efficiency v,
 * and the regulators' own loss is the line power.vrm; link energy is split out of the power while
 * kernels run, the memory's floor out of the idle power.
 *
 * A chip may carry two fits that explain the same total by different causes ("a", "b"). The lines
 * are those of the chosen one; each line's interval spans both, and what is published about it. */
#include "ledger.h"

#include <math.h>

/* The fitted energies, the same for text and images. */
typedef struct {
    double idle_W, active_W, byte_JpB, flop_J;
    const char *source;
    mj_class cls;
} energies;

typedef struct {
    mj_ledger *ledger;
    const mj_bill *bill;
    energies fit;
    double v;         /* regulator efficiency */
    double per_output;/* devices / batch: device steps per output */
} builder;

/* A line of the fit: count x unit at the device side of the regulators. */
static void fitted(builder *b, mj_component component, const char *label, const char *formula,
                   double count, const char *count_unit, double lo, double typ, double hi)
{
    mj_quantity unit = {lo, typ, hi, b->fit.cls, NULL, b->fit.source, NULL};
    int before = b->ledger->n;
    mj_ledger_events(b->ledger, component, label, formula, count, count_unit, &unit);
    if (b->ledger->n > before) {
        b->ledger->line[before].fact = NULL; /* `unit` ends here: the line rests on the fit */
    }
}

/* Splits `count` events of fitted energy `fit_J` (device side) into the published part and the
 * rest. Both lines are always written, so that two variants stay line by line comparable. */
static void split(builder *b, mj_component component, const char *label, const char *formula,
                  const char *rest_label, double count, const char *count_unit, double fit_J,
                  const mj_quantity *published)
{
    double typ = 0, lo = 0, hi = 0;
    if (mj_quantity_given(published)) {
        typ = fmin(published->typ, fit_J);
        lo = fmin(published->lo, fit_J);
        hi = fmin(published->hi, fit_J);
        mj_quantity unit = *published;
        unit.typ = typ, unit.lo = lo, unit.hi = hi;
        int before = b->ledger->n;
        mj_ledger_events(b->ledger, component, label, formula, count, count_unit, &unit);
        if (b->ledger->n > before) {
            b->ledger->line[before].fact = published;
        }
    }
    fitted(b, MJ_TRANSPORT, rest_label,
           "same count x (fitted energy x regulator efficiency - published device energy)", count,
           count_unit, fit_J - hi, fit_J - typ, fit_J - lo);
}

static void arithmetic(builder *b)
{
    const mj_bill *bill = b->bill;
    const mj_step *step = &bill->step;
    const mj_compute *unit = mj_chip_compute(bill->chip, mj_model_format(bill->model));
    if (unit == NULL) {
        unit = mj_chip_compute(bill->chip, MJ_FORMAT_BF16);
    }
    bool text = bill->model->output == MJ_OUTPUT_TOKEN;
    double mac_J = 2 * b->fit.flop_J * b->v;
    split(b, MJ_ARITH_MAC, text ? "multiply-accumulates of decoding" : "multiply-accumulates",
          text ? "FD / 2 x devices / batch: active weights and attention, per token"
               : "(lin + att) / 2 x devices / batch: all steps and passes of one output",
          "operands and control of that arithmetic", step->decode_flop / 2 * b->per_output, "MAC",
          mac_J, &unit->energy_JpMAC);
    split(b, MJ_ARITH_MAC, "multiply-accumulates of prompts",
          "FP / 2 x devices / batch: prompt tokens per output token",
          "operands and control of the prompts' arithmetic",
          step->prefill_flop / 2 * b->per_output, "MAC", mac_J, &unit->energy_JpMAC);
}

static void movement(builder *b)
{
    const mj_bill *bill = b->bill;
    const mj_step *step = &bill->step;
    const mj_memory *memory = mj_chip_memory(bill->chip, MJ_HOLDS_WEIGHTS);
    double byte_J = b->fit.byte_JpB * b->v, q = step->prefill_share;
    double experts = (1 - q) * step->expert_B + q * step->expert_mixed_B;
    bool text = bill->model->output == MJ_OUTPUT_TOKEN;
    split(b, MJ_DRAM_WEIGHTS, "weights read",
          text ? "(W + X) x devices / batch: dense weights once a step, experts that are touched"
               : "steps x denoiser bytes x devices / batch",
          "weights on their way to the arithmetic", (step->weight_B + experts) * b->per_output, "B",
          byte_J, &memory->read_JpB);
    split(b, MJ_DRAM_KV, "cache and state read", "KV x devices / batch: keys, values, states",
          "cache on its way to the arithmetic", step->kv_B * b->per_output, "B", byte_J,
          &memory->read_JpB);
    fitted(b, MJ_TRANSPORT, "activations moved (fitted traffic)",
           "k_act token matrices a block x devices / batch", step->act_B * b->per_output, "B",
           byte_J, byte_J, byte_J);
}

static void power(builder *b)
{
    const mj_bill *bill = b->bill;
    const mj_chip *chip = bill->chip;
    const mj_step *step = &bill->step;
    double active_J = b->fit.active_W * b->v * step->compute_s * b->per_output;
    double seconds = step->step_s * b->per_output;
    double link_J = 0;
    mj_quantity floor_W = {0};
    const mj_link *link = mj_chip_link(chip, MJ_LINK_KIND_SCALEUP);
    if (link != NULL && step->link_B > 0 && mj_quantity_given(&link->energy_JpB)) {
        int before = b->ledger->n;
        double count = step->link_B * b->per_output;
        double most = active_J / count; /* no more than there is to split */
        mj_quantity unit = link->energy_JpB;
        unit.lo = fmin(unit.lo, most), unit.typ = fmin(unit.typ, most);
        unit.hi = fmin(unit.hi, most);
        mj_ledger_events(b->ledger, MJ_LINK_SCALEUP, "all-reduces between devices",
                         "LB x devices / batch", count, "B", &unit);
        if (b->ledger->n > before) {
            b->ledger->line[before].fact = &link->energy_JpB;
            link_J = b->ledger->line[before].joules;
        }
    }
    const mj_memory *memory = mj_chip_memory(chip, MJ_HOLDS_WEIGHTS);
    double idle_W = b->fit.idle_W * b->v;
    if (mj_quantity_given(&memory->static_W) && memory->static_W.hi < idle_W) {
        floor_W = memory->static_W;
        mj_ledger_events(b->ledger, MJ_DRAM_REFRESH, "memory floor and refresh",
                         "watts x step time x devices / batch", seconds, "s", &memory->static_W);
    }
    fitted(b, MJ_IDLE_BOARD, "power whatever the device does",
           "Pi x regulator efficiency (less the memory floor) x step time x devices / batch",
           seconds, "s", idle_W - floor_W.hi, idle_W - floor_W.typ, idle_W - floor_W.lo);
    double busy = step->compute_s * b->per_output;
    double active_W = busy > 0 ? (active_J - link_J) / busy : 0;
    fitted(b, MJ_ACTIVE_BOARD, "power while kernels run",
           "Pa x regulator efficiency (less the links) x kernel time x devices / batch", busy, "s",
           active_W, active_W, active_W);
}

static void build(mj_ledger *ledger, const mj_bill *bill, energies fit)
{
    builder b = {ledger, bill, fit, bill->chip->system.vrm.typ,
                 bill->serving.devices / bill->serving.batch};
    ledger->n = 0;
    arithmetic(&b);
    movement(&b);
    power(&b);
}

/* Widens each line to what the other variant says of it. Lines pair by label: text literals of
 * this file, one a line. */
static void span(mj_ledger *ledger, const mj_ledger *other)
{
    for (int i = 0; i < ledger->n; i++) {
        mj_line *line = &ledger->line[i];
        for (int k = 0; k < other->n; k++) {
            if (other->line[k].label == line->label) {
                line->lo_J = fmin(line->lo_J, other->line[k].lo_J);
                line->hi_J = fmax(line->hi_J, other->line[k].hi_J);
            }
        }
    }
}

static energies text_energies(const mj_text_fit *fit)
{
    return (energies){fit->idle_W, fit->active_W, fit->byte_JpB,
                      fit->flop_J, fit->source,   (mj_class)fit->cls};
}

static double prompts_share(const mj_bill *bill, const mj_text_fit *fit)
{
    if (!mj_reads_prompts(&bill->serving)) {
        return 0;
    }
    mj_serving without = mj_without_prompts(&bill->serving);
    mj_step decode;
    mj_text_step(&decode, bill->chip, fit, bill->model, &bill->ops, &without);
    return 1 - decode.power_W * decode.step_s / (bill->step.power_W * bill->step.step_s);
}

static void text_lines(mj_bill *bill, double *prompts)
{
    const mj_chip *chip = bill->chip;
    const mj_text_fit *fit = &chip->text[bill->serving.variant];
    mj_text_step(&bill->step, chip, fit, bill->model, &bill->ops, &bill->serving);
    build(&bill->ledger, bill, text_energies(fit));
    *prompts = prompts_share(bill, fit);
    for (int i = 0; i < chip->n_text; i++) {
        if (i != bill->serving.variant) {
            mj_bill other = {.chip = chip, .model = bill->model, .serving = bill->serving};
            mj_text_step(&other.step, chip, &chip->text[i], bill->model, &bill->ops,
                         &bill->serving);
            build(&other.ledger, &other, text_energies(&chip->text[i]));
            span(&bill->ledger, &other.ledger);
        }
    }
}

mj_status mj_calibrated(mj_bill *bill, double *prompts, mj_err *err)
{
    const mj_chip *chip = bill->chip;
    if (bill->model->kind == MJ_MODEL_AGGREGATE) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                          "%s is known by its totals only: %s needs a model's shape",
                          bill->model->name, chip->name);
    }
    bool is_net = bill->model->kind == MJ_MODEL_TEXT_NET;
    if (is_net || bill->model->kind == MJ_MODEL_LOOKUP) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                          "%s was never measured with %s: bill %s on an event-sum chip (sram-chip), or on %s "
                          "without its fit: --set chip.closure=event-sum",
                          chip->name, is_net ? "text nets" : "look-up memories", bill->model->name,
                          chip->name);
    }
    if (bill->model->kind == MJ_MODEL_LUT) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                          "%s was never measured with networks of look-up tables: bill %s as gates "
                          "(lut-180nm, lut-7nm) or on an event-sum chip (sram-chip)",
                          chip->name, bill->model->name);
    }
    if (bill->model->kind == MJ_MODEL_OSCILLATORS) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                          "%s was never measured with coupled oscillators: bill %s on an event-sum "
                          "chip (sram-chip) or a substrate",
                          chip->name, bill->model->name);
    }
    if (bill->model->output == MJ_OUTPUT_TOKEN) {
        text_lines(bill, prompts);
        return MJ_OK;
    }
    const mj_image_fit *fit = &chip->image;
    if (!(fit->byte_JpB > 0)) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0, "%s has no fit for images", chip->name);
    }
    mj_image_step(&bill->step, chip, bill->model, &bill->ops, &bill->serving);
    build(&bill->ledger, bill,
          (energies){fit->idle_W, fit->active_W, fit->byte_JpB, fit->flop_J, fit->source,
                     (mj_class)fit->cls});
    return MJ_OK;
}
