/* Circuit facts: what was measured on a circuit, as a file of facts (fact.h).
 *
 * An energy from tables is a simulation, and its class says so. Its interval is a factor of 1.5 either way,
 * within which the tables agree with the transistors of the same cells in SPICE (crosscheck.h); at 7 nm the
 * scaling's own interval comes on top [stillmaker2017, horowitz2014, jouppi2021]. */
#include "mj/measurement.h"

#include "mj/draft.h"
#include "mj/scaling.h"

#include <ctype.h>
#include <string.h>

static const double TABLES_FACTOR = 1.5; /* against SPICE */
static const double TARGET_NODE_M = 7e-9, TARGET_V = 0.7;
enum { YEAR = 2026, NAME_MAX = 64, TEXT_MAX = 512 };

typedef struct {
    const char *name, *what;
    double value;
    bool is_energy; /* else an area */
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

static void own_node_write(FILE *out, const entry *e, const mj_manifest *m)
{
    const char *unit = e->is_energy ? "pJ" : "um2";
    const double scale = 1e12, factor = e->is_energy ? TABLES_FACTOR : 1;
    fprintf(out, "  - {name: %s, what: \"%s\",\n", e->name, e->what);
    fprintf(out, "     value: {typ: %.6g %s, lo: %.6g %s, hi: %.6g %s},\n     ", scale * e->value, unit,
            scale * e->value / factor, unit, scale * e->value * factor, unit);
    if (m->node_m > 0) {
        fprintf(out, "node: %.6g nm, ", 1e9 * m->node_m);
    }
    fprintf(out, "vdd: %.6g V, year: %d, from: mj-measure, class: simulated, boundary: die, "
                 "scaling: none}\n", m->voltage_V, YEAR);
}

static void target_node_write(FILE *out, const entry *e, const mj_quantity *q)
{
    fprintf(out, "  - {name: %s.7nm, what: \"%s\",\n", e->name, e->what);
    fprintf(out, "     value: {typ: %.6g fJ, lo: %.6g fJ, hi: %.6g fJ},\n", 1e15 * q->typ, 1e15 * q->lo,
            1e15 * q->hi);
    fprintf(out, "     node: %.6g nm, vdd: %.6g V, year: %d, from: mj-measure, class: derived, "
                 "boundary: die, scaling: arith}\n", 1e9 * TARGET_NODE_M, TARGET_V, YEAR);
}

static void entries_write(FILE *out, const entry *list, int n, const mj_manifest *m)
{
    mj_quantity q;
    for (int i = 0; i < n; i++) {
        if (list[i].value > 0) {
            own_node_write(out, &list[i], m);
        }
        if (list[i].value > 0 && list[i].is_energy && mj_measurement_at_7nm(&q, list[i].value, m)) {
            target_node_write(out, &list[i], &q);
        }
    }
}

mj_status mj_measurement_save_facts(const mj_measurement *r, const mj_manifest *m, const char *folder,
                                    const char *origin, mj_err *err)
{
    char path[MJ_DRAFT_PATH_MAX], family[NAME_MAX], text[TEXT_MAX];
    const double core_J = mj_energy_dynamic_J(&r->core), readout_J = mj_energy_dynamic_J(&r->readout);
    const int n_core = r->core.n_cells, n_adders = r->n_adders, n_nodes = m->n_nodes;
    const entry list[] = {
        {"output", "one output of the whole circuit, inputs and leakage included", r->total_J, true},
        {"core", "the network of tables, an output", core_J, true},
        {"readout", "counting the ones, an output", readout_J, true},
        {"lut", "one look-up table of the network, evaluated once", n_nodes ? core_J / n_nodes : 0, true},
        {"gate", "one cell of the core, an output", n_core ? core_J / n_core : 0, true},
        {"adder", "one full or half adder of the read-out, an output",
         n_adders ? readout_J / n_adders : 0, true},
        {"gate.area", "one cell of the core", n_core ? r->core.area_m2 / n_core : 0, false},
        {"lut.area", "one look-up table of the network", n_nodes ? r->core.area_m2 / n_nodes : 0, false},
    };
    mj_draft draft;
    family_name(family, m->name);
    plain_text(text, origin);
    if (snprintf(path, sizeof path, "%s/facts.yaml", folder) >= (int)sizeof path) {
        return mj_err_add(err, MJ_ELIMIT, folder, 0, 0, "too long a path");
    }
    MJ_TRY(mj_draft_open(&draft, path, err));
    fprintf(draft.out, "# Measured by mj measure: %s.\n", text);
    fprintf(draft.out, "# %d vectors, delay %.6g ns, wires of %.6g um a pin at %.6g fF/um.\n",
            r->n_vectors, 1e9 * r->delay_s, 1e6 * r->wiring.length_m, 1e9 * r->wiring.capacitance_Fpm);
    fprintf(draft.out, "mj: 1\nfacts: circuit-%s\nentries:\n", family);
    entries_write(draft.out, list, sizeof list / sizeof list[0], m);
    return mj_draft_close(&draft, err);
}
