/* Explain: which lines a word means, the named quantities of a step, and how a fitted constant
 * divides into published device energy and the rest.
 *
 * A calibrated machine has one fitted energy a byte and one a FLOP. Each contains the device, whose
 * energy is published, and everything on the way from there to the arithmetic, which is not:
 *   fitted x regulator efficiency = min(published, that) + transport.calibrated         [zeus2025]
 * (the minimum because the image fit of one machine lies below the published device energy; the
 * regulators because fits are of the board's input, published energies of the device). */
#include "mj/report.h"

#include "mj/text.h"
#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define STEP(name, unit, meaning) {#name, unit, meaning, offsetof(mj_step, name)}

const mj_step_name mj_step_names[] = {
    STEP(context, "tok", "mean context of a running sequence"),
    STEP(prefill_share, "1", "share of steps that contain a prefill"),
    STEP(weight_B, "B", "dense weights read"),
    STEP(kv_B, "B", "cache and state moved"),
    STEP(act_B, "B", "activations moved, as fitted"),
    STEP(expert_B, "B", "experts read, decode only"),
    STEP(expert_mixed_B, "B", "experts read, with a prefill"),
    STEP(expert_max_B, "B", "the same on the slowest device"),
    STEP(expert_max_mixed_B, "B", "with a prefill on the slowest device"),
    STEP(decode_flop, "FLOP", "arithmetic of decoding"),
    STEP(prefill_flop, "FLOP", "arithmetic of prompts, average"),
    STEP(collectives, "1", "collective operations"),
    STEP(link_B, "B", "bytes between devices"),
    STEP(blocks, "1", "blocks, one after the other"),
    STEP(memory_s, "s", "bytes of the slowest memory alone"),
    STEP(arithmetic_s, "s", "arithmetic alone"),
    STEP(link_s, "s", "bytes of the links alone"),
    STEP(handover_s, "s", "hand-over between blocks alone"),
    STEP(exchange_s, "s", "latencies of the links"),
    STEP(compute_s, "s", "kernels"),
    STEP(step_s, "s", "whole step, host and power limit included"),
    STEP(mixed_s, "s", "a step that carries prompts"),
    STEP(dynamic_J, "J", "energy above idle"),
    STEP(power_W, "W", "power"),
    STEP(unclamped_W, "W", "power without the limit"),
};
const int mj_n_step_names = sizeof mj_step_names / sizeof mj_step_names[0];

/* Position of `part` in `text`, case ignored. */
static bool contains(const char *text, const char *part)
{
    size_t n = strlen(part);
    for (; text && *text; text++) {
        if (strncasecmp(text, part, n) == 0) {
            return true;
        }
    }
    return false;
}

static void choose(mj_choice *choice, int line)
{
    choice->n += !choice->chosen[line];
    choice->chosen[line] = true;
}

/* The names of a bill's lines, each component once, for a message. */
static void list_components(char *buf, size_t size, const mj_ledger *ledger)
{
    bool seen[MJ_COMPONENT_N] = {false};
    size_t n = 0;
    buf[0] = '\0';
    for (int i = 0; i < ledger->n; i++) {
        mj_component component = ledger->line[i].component;
        if (seen[component]) {
            continue;
        }
        seen[component] = true;
        int more = snprintf(buf + n, size - n, "%s%s", n > 0 ? ", " : "",
                            mj_component_text(component));
        if (more < 0 || (size_t)more >= size - n) {
            return;
        }
        n += (size_t)more;
    }
}

static mj_status refuse(const mj_bill *bill, const char *word, mj_err *err)
{
    const mj_ledger *ledger = &bill->ledger;
    const char *name[MJ_LINES_MAX + 1];
    char list[MJ_ERR_TEXT - 160];
    for (int i = 0; i < ledger->n; i++) {
        name[i] = mj_component_text(ledger->line[i].component);
    }
    name[ledger->n] = "total";
    list_components(list, sizeof list, ledger);
    const char *nearest = mj_text_nearest(word, name, (size_t)ledger->n + 1);
    if (nearest) {
        return mj_err_add(err, MJ_ENAME, NULL, 0, 0,
                          "this bill has no line '%.40s' (did you mean '%s'?); it has total, %s",
                          word, nearest, list);
    }
    return mj_err_add(err, MJ_ENAME, NULL, 0, 0, "this bill has no line '%.40s'; it has total, %s",
                      word, list);
}

mj_status mj_choice_find(mj_choice *choice, const mj_bill *bill, const char *word, mj_err *err)
{
    const mj_ledger *ledger = &bill->ledger;
    *choice = (mj_choice){.total = strcasecmp(word, "total") == 0};
    for (int i = 0; i < ledger->n; i++) {
        const char *component = mj_component_text(ledger->line[i].component);
        if (choice->total || strcasecmp(word, component) == 0) {
            choose(choice, i);
        }
    }
    for (int i = 0; i < ledger->n && choice->n == 0; i++) {
        if (contains(mj_component_text(ledger->line[i].component), word)) {
            choose(choice, i);
        }
    }
    /* Labels only when no component has the word: "weights" means dram.weights. */
    bool labels = choice->n == 0;
    for (int i = 0; i < ledger->n && labels; i++) {
        if (contains(ledger->line[i].label, word)) {
            choose(choice, i);
        }
    }
    bool found = choice->total || (choice->n > 0 && *word);
    return found ? MJ_OK : refuse(bill, word, err);
}

static void add_part(mj_split *split, const char *what, const char *unit, double fitted,
                     const mj_quantity *published)
{
    bool given = published && mj_quantity_given(published);
    split->part[split->n].what = what;
    split->part[split->n].unit = unit;
    split->part[split->n].fitted = fitted;
    split->part[split->n].device = given ? fmin(published->typ, fitted * split->efficiency) : 0;
    split->part[split->n].published = given ? published : NULL;
    split->n++;
}

void mj_split_compute(mj_split *split, const mj_bill *bill)
{
    const mj_chip *chip = bill->chip;
    *split = (mj_split){0};
    if (chip->closure != MJ_CLOSURE_CALIBRATED) {
        return;
    }
    bool text = bill->model->output == MJ_OUTPUT_TOKEN;
    const mj_text_fit *fit = &chip->text[bill->serving.variant];
    const mj_memory *memory = mj_chip_memory(chip, MJ_HOLDS_WEIGHTS);
    const mj_compute *compute = mj_chip_compute(chip, mj_model_format(bill->model));
    if (!compute) {
        compute = mj_chip_compute(chip, MJ_FORMAT_BF16);
    }
    split->efficiency = mj_quantity_given(&chip->system.vrm) ? chip->system.vrm.typ : 1;
    add_part(split, "a byte from memory", "J/B", text ? fit->byte_JpB : chip->image.byte_JpB,
             memory ? &memory->read_JpB : NULL);
    /* Two FLOP a multiply-accumulate. */
    add_part(split, "a multiply-accumulate", "J/MAC", 2 * (text ? fit->flop_J : chip->image.flop_J),
             compute ? &compute->energy_JpMAC : NULL);
}
