/* Wind tunnel of gates, for people and as JSON (wind_gates.h). */
#include "wind_gates.h"

#include "mj/units.h"

#include <math.h>
#include <stdio.h>

enum { CELL = 32, LINE = 96 };
#define TITLE "  %-46s "

static const char *energy(double joules, char cell[CELL])
{
    return mj_units_format(joules, "J", cell, CELL);
}

/* The energies that others are compared with: as measured and, where that is known, at 7 nm. */
static int circuits_of(double joules[2], const mj_gates_tunnel *t)
{
    joules[0] = t->circuit_J;
    joules[1] = t->small.typ;
    return t->has_small ? 2 : 1;
}

static void row_print(const char *what, double joules, const mj_gates_tunnel *t)
{
    double circuit_J[2];
    const int n = circuits_of(circuit_J, t);
    mj_tunnel_row_print(what, joules, circuit_J, n);
}

static void circuit_print(const mj_gates_tunnel *t, const mj_measure_report *r)
{
    char lo[CELL], hi[CELL], own[CELL] = "circuit";
    if (r->manifest.node_m > 0) {
        snprintf(own, sizeof own, "circuit, %.3g nm", 1e9 * r->manifest.node_m);
    }
    printf("\n%-48s %11s  %11s  %11s\n", "wind tunnel, an output", "energy", "x circuit",
           t->has_small ? "x at 7 nm" : "");
    row_print(own, t->circuit_J, t);
    if (t->has_small) {
        char text[LINE];
        snprintf(text, sizeof text, "circuit, 7 nm (%s to %s)", energy(t->small.lo, lo), energy(t->small.hi, hi));
        row_print(text, t->small.typ, t);
    }
}

static void programs_print(const mj_gates_tunnel *t)
{
    char text[LINE];
    if (t->spice.seconds > 0) {
        snprintf(text, sizeof text, "ngspice (estimate), %.3g s", t->spice.seconds);
        row_print(text, t->spice.joules, t);
    } else {
        printf(TITLE "not available\n", "ngspice");
    }
    snprintf(text, sizeof text, "our simulation of gates, %.3g ms", 1e3 * t->events.seconds);
    row_print(text, t->events.joules, t);
    snprintf(text, sizeof text, "our C on words of bits, %s, %.3g ns", t->variant, 1e9 * t->words.seconds);
    row_print(text, t->words.joules, t);
}

static const char *verdict(const mj_gates_tunnel *t)
{
    return !t->has_small                       ? "the circuit's node is not known, so none"
           : t->machine.lo > t->small.hi       ? "cheaper to run than to simulate, over both intervals"
           : t->machine.typ > t->small.typ     ? "cheaper to run than to simulate, but not at the intervals' ends"
                                               : "no wind tunnel: simulating it is cheaper";
}

static void machine_print(const mj_gates_tunnel *t)
{
    char text[LINE], logic[CELL], data[CELL], code[CELL], lo[CELL], hi[CELL], power[MJ_POWER_TEXT];
    snprintf(text, sizeof text, "machine, 7 nm, %d operations", t->n_ops);
    row_print(text, t->machine.typ, t);
    printf("  The machine runs that program: logic %s, bits read and written %s (%s), program %s;\n"
           "  %s to %s. Programs: %s.\n",
           energy(t->logic_J, logic), energy(t->data_J, data), t->memory, energy(t->code_J, code),
           energy(t->machine.lo, lo), energy(t->machine.hi, hi), mj_power_text(power, &t->power));
    if (t->spice.seconds > 0) {
        printf("  ngspice: seconds of 11 adders, a transistor and a simulated second, for %lld transistors.\n",
               t->n_transistors);
    }
    printf("  Gates are their own behavioural model: a chip of the same gates is the circuit, its ratio is 1.\n"
           "  Judged by the machine, which runs the model without being it: %s\n", verdict(t));
}

static double ratio(const mj_gates_tunnel *t)
{
    return t->machine.typ / (t->has_small ? t->small.typ : t->circuit_J);
}

static void card_print(const mj_gates_tunnel *t)
{
    const mj_lut_agreement *a = &t->agreement;
    const double area_mm2 = 1e6 * t->area_m2;
    printf("\nscorecard\n");
    if (t->network.metric) {
        printf("  expressive             %.4g %s, as the model's file says\n", t->network.quality,
               t->network.metric);
    } else {
        printf("  expressive             not known: the model's file does not say\n");
    }
    printf("  parameters per mm2     %.4g bits of tables: %.0f in %.3g mm2; which wires they read: %.4g bits more\n"
           "  expensive to simulate  %.3g times its joules on the machine%s\n", t->table_bits / area_mm2,
           t->table_bits, area_mm2, t->wiring_bits / area_mm2, ratio(t), t->has_small ? ", both at 7 nm" : "");
    if (t->n_flips > 0) {
        printf("  trainable              %d bits of tables flipped: the loss as the gradient says, correlation %.3f,\n"
               "                         sign right in %d of %d that moved it, %.0f %% apart\n", t->n_flips,
               a->correlation, a->n_same, a->n_moved, 100 * a->apart);
    } else {
        printf("  trainable              not measured: the vectors have no right answers\n");
    }
}

void mj_wind_gates_print(const mj_gates_tunnel *t, const mj_measure_report *r)
{
    circuit_print(t, r);
    programs_print(t);
    machine_print(t);
    card_print(t);
}

static void row_set(mj_json *root, const char *key, const mj_tunnel_row *row, const mj_gates_tunnel *t)
{
    mj_json *object = mj_tunnel_row_json(row, t->circuit_J);
    if (t->has_small) {
        mj_json_set_number(object, "ratio_7nm", row->joules / t->small.typ);
    }
    mj_json_set(root, key, object);
}

static void machine_set(mj_json *root, const mj_gates_tunnel *t)
{
    mj_json *object = mj_json_object();
    mj_json_set_number(object, "joules", t->machine.typ);
    mj_json_set_number(object, "joules_lo", t->machine.lo);
    mj_json_set_number(object, "joules_hi", t->machine.hi);
    mj_json_set_number(object, "ratio", t->machine.typ / t->circuit_J);
    mj_json_set_number(object, "ratio_7nm", t->has_small ? t->machine.typ / t->small.typ : NAN);
    mj_json_set_integer(object, "operations", t->n_ops);
    mj_json_set_number(object, "joules_logic", t->logic_J);
    mj_json_set_number(object, "joules_data", t->data_J);
    mj_json_set_number(object, "joules_program", t->code_J);
    mj_json_set_text(object, "memory", t->memory);
    mj_json_set_text(object, "verdict", verdict(t));
    mj_json_set(root, "machine", object);
}

static void card_set(mj_json *root, const mj_gates_tunnel *t)
{
    const double area_mm2 = 1e6 * t->area_m2;
    mj_json *card = mj_json_object(), *flips = mj_json_object();
    mj_json_set_text(card, "metric", t->network.metric);
    mj_json_set_number(card, "quality", t->network.metric ? t->network.quality : NAN);
    mj_json_set_number(card, "table_bits", t->table_bits);
    mj_json_set_number(card, "table_bits_per_mm2", t->table_bits / area_mm2);
    mj_json_set_number(card, "wiring_bits", t->wiring_bits);
    mj_json_set_number(card, "wiring_bits_per_mm2", t->wiring_bits / area_mm2);
    mj_json_set_integer(flips, "n", t->n_flips);
    mj_json_set_integer(flips, "moved", t->agreement.n_moved);
    mj_json_set_integer(flips, "sign_right", t->agreement.n_same);
    mj_json_set_number(flips, "correlation", t->agreement.correlation);
    mj_json_set_number(flips, "apart", t->agreement.apart);
    mj_json_set_number(flips, "loss_nats", t->n_flips > 0 ? t->loss : NAN);
    mj_json_set(card, "flips", flips);
    mj_json_set(root, "scorecard", card);
}

mj_json *mj_wind_gates_json(const mj_gates_tunnel *t, const mj_measure_report *r)
{
    mj_json *root = mj_json_object();
    mj_json_set_number(root, "core_W", t->power.core_W);
    mj_json_set_number(root, "joules", t->circuit_J);
    mj_json_set_number(root, "joules_7nm", t->has_small ? t->small.typ : NAN);
    mj_json_set_number(root, "joules_7nm_lo", t->has_small ? t->small.lo : NAN);
    mj_json_set_number(root, "joules_7nm_hi", t->has_small ? t->small.hi : NAN);
    if (t->spice.seconds > 0) {
        row_set(root, "spice_estimate", &t->spice, t);
        mj_json_set_integer(root, "transistors", t->n_transistors);
        mj_json_set_number(root, "spice_adders_s", r->spice.busy_s);
    }
    row_set(root, "gates", &t->events, t);
    row_set(root, "c_words", &t->words, t);
    mj_json_set_text(root, "instructions", t->variant);
    machine_set(root, t);
    card_set(root, t);
    return root;
}
