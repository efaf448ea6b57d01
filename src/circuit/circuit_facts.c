/* Circuit facts: what was measured on a circuit, as a file of facts (fact.h).
 *
 * An energy from tables is a simulation, and its class says so. Its interval is a factor of 1.5 either way,
 * within which the tables agree with the transistors of the same cells in SPICE (crosscheck.h); at 7 nm the
 * scaling's own interval comes on top [stillmaker2017, horowitz2014, jouppi2021].
 *
 * The energy of a table, and of a vote (an output of the network that the read-out counts), is that of all
 * of them over their number, so a bill of the same circuit comes back to what was measured. Each has three
 * parts: cells, as if nothing glitched; what glitches add to them; the wire model's capacitance, glitches
 * included. At 7 nm wires are scaled as gates are. */
#include "mj/measurement.h"

#include "mj/draft.h"
#include "mj/scaling.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static const double TABLES_FACTOR = 1.5; /* against SPICE */
static const double DELAY_FACTOR = 1.3;  /* our transistors are so far off the library's delays */
static const double TARGET_NODE_M = 7e-9, TARGET_V = 0.7;
/* Delay of a gate at 180 nm and 1.8 V over that at 7 nm and 0.7 V, fast and low-power transistors
 * [stillmaker2017]. */
static const double DELAY_NODE_M = 180e-9, DELAY_FALL_FAST = 24, DELAY_FALL_LOW_POWER = 11;
enum { YEAR = 2026, NAME_MAX = 64, TEXT_MAX = 512 };

typedef enum { ENERGY, AREA, POWER, DELAY } dimension;
static const struct {
    const char *unit;
    double scale;
} units[] = {{"pJ", 1e12}, {"um2", 1e12}, {"nW", 1e9}, {"ns", 1e9}};

typedef struct {
    const char *name, *what;
    double value;
    dimension of;
} entry;

/* Lower-case letters, digits and '-': what a family of facts may be called. */
static void family_name(char name[NAME_MAX], const char *circuit)
{
    size_t n = 0;
    for (; circuit[n] != '\0' && n < NAME_MAX - 1; n++) {
        const unsigned char c = (unsigned char)circuit[n];
        name[n] = isascii(c) && isalnum(c) ? (char)tolower(c) : '-';
    }
    name[n] = '\0';
}

/* What may stand between the quotes of a YAML text. */
static void plain_text(char text[TEXT_MAX], const char *raw)
{
    size_t n = 0;
    for (; raw[n] != '\0' && n < TEXT_MAX - 1; n++) {
        const unsigned char c = (unsigned char)raw[n];
        text[n] = isascii(c) && isprint(c) && c != '"' && c != '\\' ? (char)c : ' ';
    }
    text[n] = '\0';
}

bool mj_measurement_at_7nm(mj_quantity *energy, double measured_J, const mj_manifest *manifest)
{
    mj_scale scale;
    if (!(manifest->node_m > 0) ||
        mj_scale_gates(&scale, &(mj_gates){manifest->node_m, manifest->voltage_V},
                       &(mj_gates){TARGET_NODE_M, TARGET_V}, NULL) != MJ_OK) {
        return false;
    }
    *energy = (mj_quantity){.lo = measured_J * scale.lo / TABLES_FACTOR, .typ = measured_J * scale.typ,
                            .hi = measured_J * scale.hi * TABLES_FACTOR, .cls = MJ_CLASS_DERIVED,
                            .unit = "J", .source = "mj-measure"};
    return true;
}

/* Its own unit, or that of 7 nm, where energies are a thousand times less. */
static void value_write(FILE *out, const entry *e, const mj_quantity *q, bool small)
{
    const char *unit = small && e->of == ENERGY ? "fJ" : units[e->of].unit;
    const double scale = (small && e->of == ENERGY ? 1e3 : 1) * units[e->of].scale;
    fprintf(out, "     value: {typ: %.6g %s, lo: %.6g %s, hi: %.6g %s},\n", scale * q->typ, unit,
            scale * q->lo, unit, scale * q->hi, unit);
}

static void own_node_write(FILE *out, const entry *e, const mj_manifest *m)
{
    const double factor = e->of == AREA ? 1 : e->of == DELAY ? DELAY_FACTOR : TABLES_FACTOR;
    const mj_quantity q = {.lo = e->value / factor, .typ = e->value, .hi = e->value * factor};
    fprintf(out, "  - {name: %s, what: \"%s\",\n", e->name, e->what);
    value_write(out, e, &q, false);
    fputs("     ", out);
    if (m->node_m > 0) {
        fprintf(out, "node: %.6g nm, ", 1e9 * m->node_m);
    }
    fprintf(out, "vdd: %.6g V, year: %d, from: mj-measure, class: simulated, boundary: die, "
                 "scaling: none}\n", m->voltage_V, YEAR);
}

/* What there is no law for stays at its node: areas, and leakage. */
static bool at_target(mj_quantity *q, const entry *e, const mj_manifest *m)
{
    if (e->of == ENERGY) {
        return mj_measurement_at_7nm(q, e->value, m);
    }
    *q = (mj_quantity){.lo = e->value / DELAY_FALL_FAST / DELAY_FACTOR, .typ = e->value / DELAY_FALL_FAST,
                       .hi = e->value / DELAY_FALL_LOW_POWER * DELAY_FACTOR};
    return e->of == DELAY && m->node_m > 0.99 * DELAY_NODE_M && m->node_m < 1.01 * DELAY_NODE_M;
}

static void target_node_write(FILE *out, const entry *e, const mj_quantity *q)
{
    fprintf(out, "  - {name: %s.7nm, what: \"%s\",\n", e->name, e->what);
    value_write(out, e, q, true);
    fprintf(out, "     node: %.6g nm, vdd: %.6g V, year: %d, from: mj-measure, class: derived, "
                 "boundary: die, scaling: %s}\n", 1e9 * TARGET_NODE_M, TARGET_V, YEAR,
            e->of == ENERGY ? "arith" : "none");
}

static void entries_write(FILE *out, const entry *list, int n, const mj_manifest *m)
{
    mj_quantity q;
    for (int i = 0; i < n; i++) {
        if (list[i].value >= 0) { /* NaN: there is none */
            own_node_write(out, &list[i], m);
        }
        if (list[i].value >= 0 && at_target(&q, &list[i], m)) {
            target_node_write(out, &list[i], &q);
        }
    }
}

/* A part of the circuit, for each of the things that it is made of. */
typedef struct {
    double all_J, cells_J, glitches_J, wires_J, leak_W, area_m2;
} each;

static each divide(const mj_energy *part, const mj_energy *still, int n)
{
    const double all_J = mj_energy_dynamic_J(part), share = n > 0 ? 1.0 / n : NAN;
    const double cells_J = fmin(mj_energy_dynamic_J(still) - still->wires_J, all_J - part->wires_J);
    return (each){.all_J = share * all_J, .cells_J = share * cells_J,
                  .glitches_J = share * (all_J - part->wires_J - cells_J),
                  .wires_J = share * part->wires_J, .leak_W = share * part->leakage_W,
                  .area_m2 = share * part->area_m2};
}

static void facts_write(FILE *out, const mj_measurement *r, const mj_manifest *m)
{
    int n_votes = 0;
    for (int g = 0; g < m->n_groups; g++) {
        n_votes += m->group[g].n_outputs;
    }
    const each lut = divide(&r->core, &r->core_still, m->n_nodes);
    const each vote = divide(&r->readout, &r->readout_still, n_votes);
    const each gate = divide(&r->core, &r->core_still, r->core.n_cells);
    const each adder = divide(&r->readout, &r->readout_still, r->n_adders);
    const entry list[] = {
        {"output", "one output of the whole circuit, inputs and leakage included", r->total_J, ENERGY},
        {"core", "the network of tables, an output", mj_energy_dynamic_J(&r->core), ENERGY},
        {"readout", "counting the ones, an output", mj_energy_dynamic_J(&r->readout), ENERGY},
        {"lut", "one look-up table of the network, evaluated once", lut.all_J, ENERGY},
        {"lut.cells", "one look-up table, cells without glitches", lut.cells_J, ENERGY},
        {"lut.glitches", "one look-up table, what glitches add", lut.glitches_J, ENERGY},
        {"lut.wires", "one look-up table, its wires", lut.wires_J, ENERGY},
        {"vote", "one output of the network counted by the read-out", vote.all_J, ENERGY},
        {"vote.cells", "one vote counted, cells without glitches", vote.cells_J, ENERGY},
        {"vote.glitches", "one vote counted, what glitches add", vote.glitches_J, ENERGY},
        {"vote.wires", "one vote counted, wires", vote.wires_J, ENERGY},
        {"input", "one input: its wires and the pins on them", r->inputs_J / m->n_inputs, ENERGY},
        {"gate", "one cell of the core, an output", gate.all_J, ENERGY},
        {"adder", "one full or half adder of the read-out, an output", adder.all_J, ENERGY},
        {"lut.leak", "one look-up table, leakage", lut.leak_W, POWER},
        {"vote.leak", "read-out of one vote, leakage", vote.leak_W, POWER},
        {"delay", "the longest path through the whole circuit", r->delay_s, DELAY},
        {"gate.area", "one cell of the core", gate.area_m2, AREA},
        {"lut.area", "one look-up table of the network", lut.area_m2, AREA},
        {"vote.area", "read-out of one vote", vote.area_m2, AREA},
    };
    entries_write(out, list, sizeof list / sizeof list[0], m);
}

mj_status mj_measurement_save_facts(const mj_measurement *r, const mj_manifest *m, const char *folder,
                                    const char *origin, mj_err *err)
{
    char path[MJ_DRAFT_PATH_MAX], family[NAME_MAX], text[TEXT_MAX];
    mj_draft draft;
    family_name(family, m->name);
    plain_text(text, origin);
    if (snprintf(path, sizeof path, "%s/facts.yaml", folder) >= (int)sizeof path) {
        return mj_err_add(err, MJ_ELIMIT, folder, 0, 0, "too long a path");
    }
    MJ_TRY(mj_draft_open(&draft, path, err));
    fprintf(draft.out, "# Measured by mj measure.\nmj: 1\nfacts: circuit-%s\n", family);
    fprintf(draft.out, "note: \"circuit %s of the model %.16s, %d of its vectors, wires of %.6g um a pin at "
                       "%.6g fF/um; %s\"\n", m->name, m->model_sha256[0] ? m->model_sha256 : "not hashed",
            r->n_vectors, 1e6 * r->wiring.length_m, 1e9 * r->wiring.capacitance_Fpm, text);
    fputs("entries:\n", draft.out);
    facts_write(draft.out, r, m);
    return mj_draft_close(&draft, err);
}
