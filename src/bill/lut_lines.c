/* What an output costs where look-up tables are gates: a network of them, its read-out, and what stands
 * around both.
 *
 *   tables, votes   cells, glitches and wires of the measured circuit, every evaluation
 *   inputs          a register each, and the wires and pins behind it
 *   outside         a classifier's pixels come in and are compared with their thresholds; what is drawn
 *                   (a level, a symbol) is fed back, so its questions are wires
 *   drawing         a count becomes a chance (its exponential from a table), chances are added up and
 *                   compared with a random number of RANDOM_BITS
 *   time            an evaluation after the other, a period each, in which all of it leaks
 *
 * Rates are those of the model's own circuit where it was measured, else of the circuit that the chip's
 * file names: then inputs of another kind may toggle more or less often. Not modelled are the clock's tree
 * beyond the registers' own pins, test logic and what placement adds to the wires that `mj measure` assumes:
 * they are part of the line `unexplained`. */
#include "ledger.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { RANDOM_BITS = 16, KEY_MAX = 160 };
static const char circuit_prefix[] = "circuit-";

bool mj_lut_runs(const mj_bill *bill)
{
    return bill->model->kind == MJ_MODEL_LUT && mj_quantity_given(&bill->chip->lut.table_J);
}

static const mj_op *tables(const mj_bill *bill)
{
    for (int i = 0; i < bill->ops.n; i++) {
        if (bill->ops.op[i].kind == MJ_OP_TABLES) {
            return &bill->ops.op[i];
        }
    }
    return NULL;
}

mj_quantity mj_lut_circuit_area(const mj_bill *bill)
{
    const mj_quantity *table = &bill->chip->lut.table_m2, *vote = &bill->chip->lut.vote_m2;
    const mj_model *m = bill->model;
    if (!mj_lut_runs(bill) || !mj_quantity_given(table) || !mj_quantity_given(vote)) {
        return (mj_quantity){0};
    }
    mj_quantity area = *table;
    area.lo = m->lut.tables * table->lo + m->lut.votes * vote->lo;
    area.typ = m->lut.tables * table->typ + m->lut.votes * vote->typ;
    area.hi = m->lut.tables * table->hi + m->lut.votes * vote->hi;
    area.cls = table->cls > vote->cls ? table->cls : vote->cls;
    return area;
}

double mj_lut_output_s(const mj_bill *bill)
{
    return tables(bill)->evaluations * bill->chip->lut.period_s.typ;
}

void mj_lut_event_lines(mj_ledger *ledger, const mj_bill *bill)
{
    static const char per_table[] = "tables x evaluations", per_vote[] = "votes x evaluations",
                      per_input[] = "inputs x evaluations";
    const mj_lut_circuit *l = &bill->chip->lut;
    const mj_op *op = tables(bill);
    bool classifies = bill->model->output == MJ_OUTPUT_CLASS;
    mj_ledger_events(ledger, MJ_ARITH_LUT, "look-up tables", per_table, op->tables, "eval", &l->table_J);
    mj_ledger_events(ledger, MJ_ARITH_LUT, "look-up tables, glitches", per_table, op->tables, "eval",
                     &l->table_glitch_J);
    mj_ledger_events(ledger, MJ_ARITH_LUT, "read-out: votes counted", per_vote, op->votes, "vote",
                     &l->vote_J);
    mj_ledger_events(ledger, MJ_ARITH_LUT, "read-out, glitches", per_vote, op->votes, "vote",
                     &l->vote_glitch_J);
    mj_ledger_events(ledger, MJ_OPERAND_RF, "input registers", per_input, op->inputs, "bit",
                     &l->register_J);
    mj_ledger_events(ledger, MJ_NOC_WIRE, "wires between tables", per_table, op->tables, "eval",
                     &l->table_wire_J);
    mj_ledger_events(ledger, MJ_NOC_WIRE, "wires of the read-out", per_vote, op->votes, "vote",
                     &l->vote_wire_J);
    mj_ledger_events(ledger, MJ_NOC_WIRE, "wires and pins of the inputs", per_input, op->inputs, "bit",
                     &l->input_J);
    if (classifies) {
        mj_ledger_events(ledger, MJ_CONV_CMP, "pixels compared with thresholds", "one per input",
                         op->inputs, "conv", &l->compare_J);
    } else {
        mj_ledger_events(ledger, MJ_ARITH_VECTOR, "counts to chances",
                         "counts x evaluations: exponential, sum, comparison", op->scores, "op",
                         &l->weigh_J);
        mj_ledger_events(ledger, MJ_RNG, "random numbers", "16 bits an evaluation",
                         RANDOM_BITS * op->evaluations, "bit", &l->random_bit_J);
    }
    const mj_link *link = mj_chip_link(bill->chip, MJ_LINK_KIND_SCALEOUT);
    if (link != NULL) {
        mj_ledger_events(ledger, MJ_LINK_SCALEOUT, "input reaches the chip",
                         "a byte a pixel of an image that is judged; else a class or a symbol", op->in_B,
                         "B", &link->energy_JpB);
        mj_ledger_events(ledger, MJ_LINK_SCALEOUT, "output leaves the chip",
                         "a byte a pixel, a symbol or a class", op->out_B, "B", &link->energy_JpB);
    }
}

void mj_lut_static_lines(mj_ledger *ledger, const mj_bill *bill)
{
    const mj_lut_circuit *l = &bill->chip->lut;
    double seconds = bill->step.step_s * bill->serving.devices / bill->serving.batch;
    mj_ledger_events(ledger, MJ_LEAK_LOGIC, "leakage of look-up tables", "tables x seconds of the output",
                     bill->model->lut.tables * seconds, "s", &l->table_leak_W);
    mj_ledger_events(ledger, MJ_LEAK_LOGIC, "leakage of the read-out", "votes x seconds of the output",
                     bill->model->lut.votes * seconds, "s", &l->vote_leak_W);
}

/* What the search shares. */
typedef struct {
    const mj_model *model;
    mj_facts *facts;
    double node_m;
    mj_err *err;
    mj_status status; /* of the first problem */
} search;

static bool is_of_circuit(const mj_quantity *q)
{
    return q->fact && strncmp(q->fact, circuit_prefix, sizeof circuit_prefix - 1) == 0;
}

/* The fact `key` in place of q, which is in `unit`; false, and nothing done, where there is none. */
static bool take(search *s, mj_quantity *q, const char *key, const char *unit)
{
    const mj_fact *fact;
    mj_err none = {0};
    if (s->status != MJ_OK || mj_facts_find(&fact, s->facts, key, &none) != MJ_OK) {
        return false;
    }
    s->status = mj_facts_quantity(q, s->facts, key, unit, s->node_m, s->err);
    q->fact = fact->key;
    return s->status == MJ_OK;
}

/* "circuit-OTHER.lut" as "circuit-NAME.lut"; NAME as the measurement spells it. */
static bool own_key(char key[KEY_MAX], const mj_quantity *q, const char *name)
{
    const char *rest = is_of_circuit(q) ? strchr(q->fact, '.') : NULL;
    if (!rest || strlen(name) + strlen(rest) + sizeof circuit_prefix > KEY_MAX) {
        return false;
    }
    size_t n = (size_t)snprintf(key, KEY_MAX, "%s%s", circuit_prefix, name);
    for (size_t i = sizeof circuit_prefix - 1; i < n; i++) {
        unsigned char c = (unsigned char)key[i];
        key[i] = isascii(c) && isalnum(c) ? (char)tolower(c) : '-';
    }
    snprintf(key + n, KEY_MAX - n, "%s", rest);
    return true;
}

static void take_own(void *user, const char *path, const mj_spec_field *field, mj_quantity *q)
{
    search *s = user;
    char key[KEY_MAX];
    (void)path;
    if (own_key(key, q, s->model->name)) {
        take(s, q, key, field->unit);
    }
}

/* Whole energies, "circuit-NAME.lut" or "circuit-NAME.lut.7nm", in their three parts, where those stand
 * beside them. */
static void split(search *s, mj_quantity *all, mj_quantity *glitches, mj_quantity *wires)
{
    static const char small[] = ".7nm";
    char key[3][KEY_MAX];
    const char *const part[] = {"cells", "glitches", "wires"};
    mj_quantity found[3];
    if (!is_of_circuit(all) || mj_quantity_given(glitches) || mj_quantity_given(wires)) {
        return;
    }
    size_t n = strlen(all->fact), n_small = sizeof small - 1;
    bool is_small = n > n_small && strcmp(all->fact + n - n_small, small) == 0;
    n -= is_small ? n_small : 0;
    for (int i = 0; i < 3; i++) {
        int length = snprintf(key[i], KEY_MAX, "%.*s.%s%s", (int)n, all->fact, part[i], is_small ? small : "");
        if (length >= KEY_MAX || !take(s, &found[i], key[i], "J")) {
            return;
        }
    }
    *all = found[0];
    *glitches = found[1];
    *wires = found[2];
}

mj_status mj_lut_facts_find(mj_chip *chip, const mj_model *model, mj_facts *facts, mj_err *err)
{
    mj_lut_circuit *lut = &chip->lut;
    search s = {.model = model, .facts = facts, .node_m = chip->node_m, .err = err};
    if (model->kind == MJ_MODEL_LUT && mj_quantity_given(&lut->table_J)) {
        mj_spec_each_quantity(chip, &mj_chip_schema, take_own, &s);
        split(&s, &lut->table_J, &lut->table_glitch_J, &lut->table_wire_J);
        split(&s, &lut->vote_J, &lut->vote_glitch_J, &lut->vote_wire_J);
    }
    return s.status;
}
