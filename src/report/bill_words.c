/* What a report of a bill says in words, for the terminal and for documents alike.
 *
 * A figure that nobody knows (no time, no die, no price) is left out, never zero. Names that came
 * from files are cleaned of control characters here; what escapes them for a terminal or for a
 * document is the writer's. */
#include "bill_words.h"

#include "line_words.h"
#include "mj/text.h"
#include "mj/units.h"
#include <string.h>

enum { NUMBER = 32, NAME = 128, SENTENCE = 256 };

const char *mj_output_noun(const mj_bill *bill)
{
    return mj_output_names[bill->model->output];
}

static const char *device_noun(const mj_bill *bill)
{
    return bill->chip->unit && *bill->chip->unit ? bill->chip->unit : "device";
}

const char *mj_closure_meaning(int closure)
{
    switch (closure) {
    case MJ_CLOSURE_CALIBRATED:
        return "totals fitted to measured machines";
    case MJ_CLOSURE_EVENT_SUM:
        return "events and static power, plus what such sums leave out";
    case MJ_CLOSURE_ENVELOPE:
        return "an author's estimate as given, nothing added";
    default:
        return "not stated";
    }
}

void mj_measured_print(FILE *out, const mj_bill *bill, const mj_measured *m)
{
    char joules[NUMBER], number[NUMBER], task[NAME], source[NAME];
    fprintf(out, "%s/%s  %s", mj_units_format(m->joules, "J", joules, sizeof joules),
            mj_output_noun(bill),
            m->cls == MJ_CLASS_VENDOR     ? "claimed by its vendor"
            : m->cls == MJ_CLASS_MEASURED ? "measured"
                                          : "estimated");
    if (*m->task) {
        fprintf(out, ", %s", mj_text_clean(task, sizeof task, m->task));
    }
    if (m->batch > 0) {
        fprintf(out, ", batch %s", mj_number_format(m->batch, number, sizeof number));
    }
    if (m->output > 0) {
        fprintf(out, ", output %s", mj_number_format(m->output, number, sizeof number));
    }
    fprintf(out, " [%s]", mj_text_clean(source, sizeof source, m->source));
    if ((int)m->boundary == bill->serving.boundary) {
        fprintf(out, "; predicted / %s %.2f",
                m->cls == MJ_CLASS_MEASURED || m->cls == MJ_CLASS_PUBLISHED ? "measured" : "claimed",
                bill->joules / m->joules);
    } else {
        fprintf(out, "; at the %s, so no ratio", mj_boundary_names[m->boundary]);
    }
}

int mj_cite(mj_citations *list, const char *key)
{
    if (!key || !*key) {
        return 0;
    }
    for (int i = 0; i < list->n; i++) {
        if (strcmp(list->key[i], key) == 0) {
            return i + 1;
        }
    }
    if (list->n == MJ_CITATIONS_MAX) {
        return 0;
    }
    list->key[list->n++] = key;
    return list->n;
}

static void add_figure(mj_figures *list, mj_arena *arena, const char *name, const char *text)
{
    list->cell[2 * list->n] = name;
    list->cell[2 * list->n + 1] = mj_arena_text(arena, text, strlen(text));
    list->n++;
}

/* What the step waits for. */
static const char *longest_part(double *seconds, const mj_step *step)
{
    const struct {
        const char *what;
        double seconds;
    } part[] = {{"bytes of the slowest memory", step->memory_s},
                {"arithmetic", step->arithmetic_s},
                {"bytes over links", step->link_s},
                {"hand-over between", step->handover_s}};
    int longest = 0;
    for (int i = 1; i < (int)(sizeof part / sizeof part[0]); i++) {
        longest = part[i].seconds > part[longest].seconds ? i : longest;
    }
    *seconds = part[longest].seconds;
    return part[longest].what;
}

bool mj_step_words(char *buf, size_t size, const mj_bill *bill)
{
    const mj_step *step = &bill->step;
    const double all = 0.995; /* three digits are printed */
    double seconds;
    char time[NUMBER], wait[NUMBER], number[NUMBER], blocks[2 * NUMBER] = "", more[2 * NUMBER] = "";
    const char *what = longest_part(&seconds, step);
    buf[0] = '\0';
    if (!(seconds > 0) || mj_oscillator_runs(bill) || mj_lut_runs(bill)) {
        return false;
    }
    if (seconds == step->handover_s) {
        snprintf(blocks, sizeof blocks, " %s blocks (overhead.block, %s)",
                 mj_number_format(step->blocks, number, sizeof number),
                 mj_class_text(bill->chip->overhead.block_s.cls));
    }
    if (step->exchange_s > 0) {
        snprintf(more, sizeof more, ", %s latency of links",
                 mj_units_format(step->exchange_s, "s", wait, sizeof wait));
    }
    if (seconds >= all * step->step_s) {
        snprintf(buf, size, "all of it %s%s", what, blocks);
    } else {
        snprintf(buf, size, "of which %s %s%s", mj_units_format(seconds, "s", time, sizeof time), what, blocks);
    }
    size_t n = strlen(buf);
    snprintf(buf + n, size - n, "%s%s", more, step->clamped ? ", the rest to stay below the power limit" : "");
    return true;
}

static void add_times(mj_figures *list, const mj_bill *bill, mj_arena *arena)
{
    char text[2 * SENTENCE], time[NUMBER], user[NUMBER], all[NUMBER], made_of[SENTENCE];
    const char *noun = mj_output_noun(bill);
    bool token = bill->model->output == MJ_OUTPUT_TOKEN;
    if (bill->latency_s > 0) {
        mj_units_format(bill->latency_s, "s", time, sizeof time);
        mj_number_format(1 / bill->latency_s, user, sizeof user);
        if (token) {
            snprintf(text, sizeof text, "%s between tokens, %s token/s a user", time, user);
        } else {
            snprintf(text, sizeof text, "%s a batch of %s", time,
                     mj_number_format(bill->serving.batch, all, sizeof all));
        }
        if (mj_step_words(made_of, sizeof made_of, bill)) {
            size_t n = strlen(text);
            snprintf(text + n, sizeof text - n, "; %s", made_of);
        }
        add_figure(list, arena, "latency", text);
    }
    if (bill->outputs_ps > 0) {
        snprintf(text, sizeof text, "%s %s/s in all",
                 mj_number_format(bill->outputs_ps, all, sizeof all), noun);
        add_figure(list, arena, "throughput", text);
    }
    if (token && bill->first_output_s > 0) {
        add_figure(list, arena, "first token",
                   mj_units_format(bill->first_output_s, "s", time, sizeof time));
    }
}

/* How the devices share the work: what an event sum's step depends on most. */
static void add_parallel(mj_figures *list, const mj_bill *bill, mj_arena *arena)
{
    const mj_serving *s = &bill->serving;
    char text[SENTENCE], batch[NUMBER];
    if (bill->chip->closure == MJ_CLOSURE_CALIBRATED || s->devices < 2 ||
        bill->model->kind == MJ_MODEL_DIFFUSION) {
        return;
    }
    if (s->data > 1) {
        snprintf(text, sizeof text, "dp=%d,tp=%d: %d copies of the model, %s sequences each", s->data,
                 s->tensor, s->data, mj_number_format(s->batch / s->data, batch, sizeof batch));
    } else {
        snprintf(text, sizeof text, "tp=%d: every layer is split over all devices", s->tensor);
    }
    add_figure(list, arena, "parallel", text);
}

static void add_power(mj_figures *list, const mj_bill *bill, mj_arena *arena)
{
    const mj_step *step = &bill->step;
    char text[SENTENCE], each[NUMBER], all[NUMBER], limit[NUMBER], free[NUMBER];
    if (!(bill->power_W > 0)) { /* not a number where nobody states a time */
        return;
    }
    const char *border = mj_boundary_names[bill->serving.boundary];
    mj_units_format(bill->power_W, "W", all, sizeof all);
    int n = snprintf(text, sizeof text, "%s in all at the %s", all, border);
    if (step->power_W > 0) {
        n = snprintf(text, sizeof text, "%s a %s, %s in all at the %s",
                     mj_units_format(step->power_W, "W", each, sizeof each), device_noun(bill),
                     all, border);
    }
    if (step->clamped && n > 0 && (size_t)n < sizeof text) {
        snprintf(text + n, sizeof text - (size_t)n,
                 "; held at the limit of %s, would draw %s",
                 mj_units_format(bill->chip->tdp_W.typ, "W", limit, sizeof limit),
                 mj_units_format(step->unclamped_W, "W", free, sizeof free));
    }
    add_figure(list, arena, "power", text);
}

static void add_memory(mj_figures *list, const mj_bill *bill, mj_arena *arena)
{
    char text[SENTENCE], used[NUMBER], room[NUMBER];
    if (bill->memory_used_B <= 0) {
        return;
    }
    const mj_memory *memory = mj_chip_memory(bill->chip, MJ_HOLDS_WEIGHTS);
    mj_units_format(bill->memory_used_B, "B", used, sizeof used);
    if (memory && mj_quantity_given(&memory->capacity_B)) {
        snprintf(text, sizeof text, "%s of %s a %s", used,
                 mj_units_format(memory->capacity_B.typ, "B", room, sizeof room),
                 device_noun(bill));
    } else {
        snprintf(text, sizeof text, "%s a %s", used, device_noun(bill));
    }
    add_figure(list, arena, "memory", text);
}

static void add_cost(mj_figures *list, const mj_bill_view *view, mj_arena *arena)
{
    const mj_cost *cost = view->cost;
    const mj_bill *bill = view->bill;
    char text[SENTENCE], a[NUMBER], b[NUMBER], c[NUMBER], d[NUMBER];
    if (!cost) {
        return;
    }
    int devices = bill->serving.devices;
    if (mj_quantity_given(&cost->area_m2)) {
        snprintf(text, sizeof text, "%s mm2 a %s, %s mm2 in all",
                 mj_number_format(1e6 * cost->area_m2.typ, a, sizeof a), device_noun(bill),
                 mj_number_format(1e6 * cost->area_m2.typ * devices, b, sizeof b));
        add_figure(list, arena, "silicon", text);
    }
    if (mj_quantity_given(&cost->price_USD)) {
        snprintf(text, sizeof text, "%s USD a %s to make (%s to %s), %s USD in all",
                 mj_number_format(cost->price_USD.typ, a, sizeof a), device_noun(bill),
                 mj_number_format(cost->price_USD.lo, b, sizeof b),
                 mj_number_format(cost->price_USD.hi, c, sizeof c),
                 mj_number_format(cost->price_USD.typ * devices, d, sizeof d));
        add_figure(list, arena, "price", text);
    }
}

static void add_shares(mj_figures *list, const mj_bill *bill, mj_arena *arena)
{
    char text[SENTENCE], joules[NUMBER];
    if (bill->prefill_J > 0 && bill->joules > 0) {
        snprintf(text, sizeof text, "%s of it reads prompts (%.1f %%), the rest decodes",
                 mj_units_format(bill->prefill_J, "J", joules, sizeof joules),
                 100 * bill->prefill_J / bill->joules);
        add_figure(list, arena, "prefill", text);
    }
    if (bill->chip->closure == MJ_CLOSURE_ENVELOPE) {
        snprintf(text, sizeof text, "an author's sum, without the static power and overheads of other bills: "
                 "no machine to compare them with");
    } else {
        snprintf(text, sizeof text, "%.0f %% of the joules rest on assumed or vendor figures",
                 100 * bill->assumed_share);
    }
    add_figure(list, arena, "trust", text);
}

/* What keeps a bill of oscillators, or of tables as gates, honest: what computing them costs; and how much
 * of a model of oscillators is something else. */
static void add_simulation(mj_figures *list, const mj_bill_view *view, mj_arena *arena)
{
    const mj_simulation *s = view->simulation;
    const mj_bill *bill = view->bill;
    char text[SENTENCE], a[NUMBER], b[NUMBER], c[NUMBER], d[NUMBER], batch[NUMBER];
    if (!s) {
        return;
    }
    if (!mj_oscillator_runs(bill) && !mj_lut_runs(bill)) {
        snprintf(text, sizeof text, "these joules: a digital machine solves the equations, nothing "
                 "oscillates");
    } else if (!(s->joules > 0)) {
        snprintf(text, sizeof text, "%s cannot compute the same model", s->chip);
    } else {
        snprintf(text, sizeof text, "%s/%s computed on %s at the same batch, %sx this bill; %s at "
                 "batch %s, %sx", mj_units_format(s->joules, "J", a, sizeof a),
                 mj_output_noun(bill), s->chip,
                 mj_number_format(s->joules / bill->joules, b, sizeof b),
                 mj_units_format(s->busy_joules, "J", c, sizeof c),
                 mj_number_format(s->busy_batch, batch, sizeof batch),
                 mj_number_format(s->busy_joules / bill->joules, d, sizeof d));
    }
    add_figure(list, arena, "simulated", text);
    if (mj_lut_borrows(bill)) {
        const char *fact = mj_lut_borrows(bill);
        snprintf(text, sizeof text, "those of %.*s: this network's own circuit was not measured (mj realize, mj "
                 "measure, then --facts)", (int)strcspn(fact, "."), fact);
        add_figure(list, arena, "rates", text);
    }
    if (mj_lut_runs(bill)) {
        return;
    }
    if (mj_oscillator_runs(bill) && !mj_quantity_given(&bill->chip->oscillator.trim_J)) {
        add_figure(list, arena, "left out",
                   "what sets each oscillator's frequency, and the switches of couplings: no figures of this chip");
    }
    double share = mj_ops_decoder_share(&bill->ops);
    if (share > 0) {
        snprintf(text, sizeof text, "%.1f %% of the arithmetic; oscillators that cost nothing would "
                 "leave a gain of at most %.3gx", 100 * share, 1 / share);
    } else {
        snprintf(text, sizeof text, "none: the output is read from the phases");
    }
    add_figure(list, arena, "decoder", text);
}

/* Tables are read a few rows a token but leak and take room as a whole: at few tokens a second a chip of
 * theirs alone spends more on keeping than on reading them. Weights of a text net are read once a turn
 * for the whole batch. */
static void add_tables(mj_figures *list, const mj_bill *bill, mj_arena *arena)
{
    char text[SENTENCE], kept[NUMBER], leak[NUMBER], area[NUMBER], rate[NUMBER], read[NUMBER];
    const mj_memory *memory = mj_chip_memory(bill->chip, MJ_HOLDS_WEIGHTS);
    bool is_net = bill->model->kind == MJ_MODEL_TEXT_NET;
    double bytes = 0, row_B = 0, dense_B = 0;
    for (int i = 0; i < bill->ops.n; i++) {
        const mj_op *op = &bill->ops.op[i];
        bytes += op->weight_B;
        row_B += op->row_B;
        dense_B += is_net ? op->weight_B * op->reads * bill->serving.data / bill->serving.batch : 0;
    }
    if ((!is_net && bill->model->kind != MJ_MODEL_LOOKUP) || !memory) {
        return;
    }
    int n = snprintf(text, sizeof text, "%s kept, %.3g B of rows read a token",
                     mj_units_format(bytes, "B", kept, sizeof kept), row_B);
    if (is_net) {
        n += snprintf(text + n, sizeof text - (size_t)n, ", of matrices %s with a batch of %g",
                      mj_units_format(dense_B, "B", read, sizeof read), bill->serving.batch);
    }
    if (mj_quantity_given(&memory->density_Bpm2)) {
        n += snprintf(text + n, sizeof text - (size_t)n, "; %s mm2",
                      mj_number_format(1e6 * bytes / memory->density_Bpm2.typ, area, sizeof area));
    }
    add_figure(list, arena, is_net ? "weights" : "tables", text);
    double leak_W = mj_quantity_given(&memory->leak_WpB) ? bytes * memory->leak_WpB.typ : 0;
    double read_J = (row_B + dense_B) * memory->read_JpB.typ;
    if (leak_W > 0 && read_J > 0) {
        snprintf(text, sizeof text, "the %s alone leak %s, as much as reading them takes at %s token/s; at lower "
                 "rates keeping them costs more than reading (helps: ROM, non-volatile memory, gating of idle "
                 "banks, more users)", is_net ? "weights" : "tables",
                 mj_units_format(leak_W, "W", leak, sizeof leak),
                 mj_count_format(leak_W / read_J, "1", rate, sizeof rate));
        add_figure(list, arena, "leakage", text);
    }
}

static void add_quality(mj_figures *list, const mj_bill *bill, mj_arena *arena)
{
    char text[200];
    if (bill->model->quality.metric) {
        double value = bill->model->quality.value; /* Frechet distances, bits, or a share */
        bool rises = bill->model->quality.rises;
        snprintf(text, sizeof text, "%.*f (%s; %s is better)", rises ? 4 : value < 10 ? 3 : 1, value,
                 bill->model->quality.metric, rises ? "higher" : "lower");
        add_figure(list, arena, "quality", text);
    }
}

void mj_figures_collect(mj_figures *list, const mj_bill_view *view, mj_arena *arena)
{
    list->n = 0;
    add_times(list, view->bill, arena);
    add_parallel(list, view->bill, arena);
    add_power(list, view->bill, arena);
    add_memory(list, view->bill, arena);
    add_cost(list, view, arena);
    add_simulation(list, view, arena);
    add_tables(list, view->bill, arena);
    add_quality(list, view->bill, arena);
    add_shares(list, view->bill, arena);
}

/* By the first part of a component's name; what is not listed moves bits. */
mj_cause_group mj_component_group(mj_component component)
{
    static const struct {
        const char *prefix;
        mj_cause_group group;
    } rows[] = {
        {"arith.", MJ_GROUP_ARITHMETIC},  {"control", MJ_GROUP_ARITHMETIC},
        {"operand.", MJ_GROUP_ARITHMETIC}, {"rng", MJ_GROUP_ARITHMETIC},
        {"dram.", MJ_GROUP_MEMORY},       {"sram.", MJ_GROUP_MEMORY},
        {"rom.", MJ_GROUP_MEMORY},        {"nvm.", MJ_GROUP_MEMORY},
        {"program", MJ_GROUP_MEMORY},     {"conv.", MJ_GROUP_CONVERSION},
        {"analog.", MJ_GROUP_TIME},       {"clock", MJ_GROUP_TIME},
        {"leak.", MJ_GROUP_TIME},         {"idle.", MJ_GROUP_TIME},
        {"active.", MJ_GROUP_TIME},       {"host.", MJ_GROUP_OUTSIDE},
        {"power.", MJ_GROUP_OUTSIDE},     {"cool.", MJ_GROUP_OUTSIDE},
        {"fleet.", MJ_GROUP_OUTSIDE},     {"unexplained", MJ_GROUP_UNEXPLAINED},
    };
    const char *text = mj_component_text(component);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strncmp(text, rows[i].prefix, strlen(rows[i].prefix)) == 0) {
            return rows[i].group;
        }
    }
    return MJ_GROUP_MOVEMENT;
}

#define GROUP_TEXT(name, text, title) text,
#define GROUP_TITLE(name, text, title) title,

const char *mj_group_text(mj_cause_group group)
{
    static const char *const texts[] = {MJ_GROUP_LIST(GROUP_TEXT)};
    return texts[group];
}

const char *mj_group_title(mj_cause_group group)
{
    static const char *const titles[] = {MJ_GROUP_LIST(GROUP_TITLE)};
    return titles[group];
}
