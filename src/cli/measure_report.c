/* Measure report: see measure_report.h. Figures for people have three digits, JSON has all. */
#include "measure_report.h"

#include "mj/json.h"
#include "mj/units.h"
#include "wind_gates.h"

#include <stdio.h>

enum { CELL = 32 };

static void row_print(const char *name, double energy_J, const mj_energy *part)
{
    char energy[CELL], area[CELL], leakage[CELL];
    mj_units_format(energy_J, "J", energy, sizeof energy);
    if (!part) {
        printf("  %-22s %10s\n", name, energy);
        return;
    }
    snprintf(area, sizeof area, "%.3g mm2", part->area_m2 * 1e6);
    printf("  %-22s %10s  %7d cells  %12s  %10s leakage\n", name, energy, part->n_cells, area,
           mj_units_format(part->leakage_W, "W", leakage, sizeof leakage));
}

static void equality_print(const mj_measure_report *r)
{
    const mj_proof *p = &r->proof;
    const int mismatches = mj_proof_mismatches(p);
    printf("%s: %d vectors, %d mismatches (network %s= netlist)", r->manifest.name,
           p->n_vectors, mismatches, p->rtl_mismatches >= 0 ? "= Verilog " : "");
    if (r->has_checks) {
        printf("; core %s in %.3g s", mj_verdict_names[p->verdict], p->formal_s);
    }
    putchar('\n');
    if (p->first >= 0) {
        printf("  the first vector that differs: %d\n", p->first);
    }
}

static void checks_print(const mj_measure_report *r)
{
    const mj_sta_figures *own = &r->own, *sta = &r->sta;
    printf("\nother programs                  here      there\n");
    printf("  switching, OpenSTA      %8.4g   %8.4g pJ   %+.2f %%\n", 1e12 * own->switching_J,
           1e12 * sta->switching_J, 100 * (own->switching_J / sta->switching_J - 1));
    printf("  internal, OpenSTA / 2   %8.4g   %8.4g pJ   %+.2f %% (it weighs each related pin 1/2)\n",
           1e12 * own->internal_J, 1e12 * sta->internal_J,
           100 * (own->internal_J / sta->internal_J - 1));
    printf("  longest path, OpenSTA   %8.4g   %8.4g ns   %+.2f %%\n", 1e9 * own->delay_s,
           1e9 * sta->delay_s, 100 * (own->delay_s / sta->delay_s - 1));
    printf("  toggles, Icarus         %8llu   %8llu      %+.2f %%\n",
           (unsigned long long)r->glitches.own, (unsigned long long)r->glitches.iverilog,
           100 * ((double)r->glitches.own / (double)r->glitches.iverilog - 1));
    if (r->has_spice) {
        printf("  11 adders, ngspice      %8.4g   %8.4g pJ   %+.2f %%  %d of %d vectors wrong\n",
               1e12 * r->spice.tables_J, 1e12 * r->spice.spice_J,
               100 * (r->spice.tables_J / r->spice.spice_J - 1), r->spice.n_wrong, r->spice.n_vectors);
    } else {
        printf("  11 adders, ngspice: no transistors of these cells here\n");
    }
    if (!r->agrees) {
        printf("  too far apart: switching may differ by 0.5 %%, toggles by 5 %%, SPICE 1.5 times\n");
    }
}

void mj_measure_print_text(const mj_measure_report *r)
{
    const mj_measurement *m = &r->measurement;
    const double dynamic_J = mj_energy_dynamic_J(&m->core) + mj_energy_dynamic_J(&m->readout);
    mj_quantity small;
    char lo[CELL], typ[CELL], hi[CELL];
    equality_print(r);
    printf("\nenergy of an output, mean of %d\n", m->n_vectors - 1);
    row_print("core", mj_energy_dynamic_J(&m->core), &m->core);
    row_print("read-out", mj_energy_dynamic_J(&m->readout), &m->readout);
    row_print("input wires and pins", m->inputs_J, NULL);
    row_print("leakage", m->leakage_J, NULL);
    row_print("total", m->total_J, NULL);
    printf("  glitches: %.3g times the energy of a circuit without\n",
           m->steady_J > 0 ? dynamic_J / m->steady_J : 1);
    printf("  longest path %.4g ns; at rest after %.4g ns at most\n", 1e9 * m->delay_s,
           1e9 * m->settle_s);
    printf("  %s, corner %s, %g V, %g C; wires: %.3g um a pin at %.3g fF/um\n", r->liberty.name,
           r->liberty.corner[0] ? r->liberty.corner : "not stated", r->liberty.voltage_V,
           r->liberty.temperature_C, 1e6 * m->wiring.length_m, 1e9 * m->wiring.capacitance_Fpm);
    if (mj_measurement_at_7nm(&small, m->total_J, &r->manifest)) {
        printf("  at 7 nm, 0.7 V: %s (%s to %s)\n", mj_units_format(small.typ, "J", typ, sizeof typ),
               mj_units_format(small.lo, "J", lo, sizeof lo),
               mj_units_format(small.hi, "J", hi, sizeof hi));
    }
    printf("  facts: %s/facts.yaml\n", r->folder);
    if (r->has_checks) {
        checks_print(r);
    }
    if (r->tunnel) {
        mj_wind_gates_print(r->tunnel, r);
    }
}

static void checks_set(mj_json *root, const mj_measure_report *r)
{
    mj_json *checks = mj_json_object();
    mj_json_set_number(checks, "switching_J", r->own.switching_J);
    mj_json_set_number(checks, "opensta_switching_J", r->sta.switching_J);
    mj_json_set_number(checks, "internal_J", r->own.internal_J);
    mj_json_set_number(checks, "opensta_internal_J", r->sta.internal_J);
    mj_json_set_number(checks, "delay_s", r->own.delay_s);
    mj_json_set_number(checks, "opensta_delay_s", r->sta.delay_s);
    mj_json_set_integer(checks, "toggles", (long long)r->glitches.own);
    mj_json_set_integer(checks, "iverilog_toggles", (long long)r->glitches.iverilog);
    if (r->has_spice) {
        mj_json_set_number(checks, "adders_J", r->spice.tables_J);
        mj_json_set_number(checks, "ngspice_adders_J", r->spice.spice_J);
        mj_json_set_integer(checks, "ngspice_wrong", r->spice.n_wrong);
    }
    mj_json_set_bool(checks, "agrees", r->agrees);
    mj_json_set(root, "checks", checks);
}

static void setting_set(mj_json *root, const mj_measure_report *r)
{
    const mj_measurement *m = &r->measurement;
    mj_quantity small;
    mj_json *tools = mj_json_object();
    mj_json_set_number(root, "voltage_V", r->liberty.voltage_V);
    if (r->manifest.node_m > 0) {
        mj_json_set_number(root, "node_m", r->manifest.node_m);
    }
    mj_json_set_number(root, "wire_m", m->wiring.length_m);
    mj_json_set_number(root, "wire_Fpm", m->wiring.capacitance_Fpm);
    if (mj_measurement_at_7nm(&small, m->total_J, &r->manifest)) {
        mj_json *target = mj_json_object();
        mj_json_set_number(target, "joules", small.typ);
        mj_json_set_number(target, "joules_lo", small.lo);
        mj_json_set_number(target, "joules_hi", small.hi);
        mj_json_set(root, "at_7nm", target);
    }
    for (int i = 0; i < r->manifest.n_tools; i++) {
        mj_json_set_text(tools, r->manifest.tool[i].program, r->manifest.tool[i].version);
    }
    mj_json_set(root, "tool_versions", tools);
}

mj_status mj_measure_print_json(const mj_measure_report *r, mj_err *err)
{
    const mj_measurement *m = &r->measurement;
    mj_json *root = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "kind", r->manifest.kind);
    mj_json_set_text(root, "circuit", r->manifest.name);
    mj_json_set_integer(root, "vectors", r->proof.n_vectors);
    mj_json_set_integer(root, "mismatches", mj_proof_mismatches(&r->proof));
    mj_json_set_text(root, "proved", r->has_checks ? mj_verdict_names[r->proof.verdict] : NULL);
    mj_json_set_integer(root, "energy_vectors", m->n_vectors);
    mj_json_set_number(root, "joules_per_output", m->total_J);
    mj_json_set_number(root, "joules_core", mj_energy_dynamic_J(&m->core));
    mj_json_set_number(root, "joules_readout", mj_energy_dynamic_J(&m->readout));
    mj_json_set_number(root, "joules_inputs", m->inputs_J);
    mj_json_set_number(root, "joules_leakage", m->leakage_J);
    mj_json_set_number(root, "joules_without_glitches", m->steady_J);
    mj_json_set_number(root, "area_m2", m->core.area_m2 + m->readout.area_m2);
    mj_json_set_number(root, "area_core_m2", m->core.area_m2);
    mj_json_set_integer(root, "gates", m->core.n_cells);
    mj_json_set_integer(root, "readout_gates", m->readout.n_cells);
    mj_json_set_number(root, "leakage_W", m->core.leakage_W + m->readout.leakage_W);
    mj_json_set_number(root, "delay_s", m->delay_s);
    mj_json_set_number(root, "settle_s", m->settle_s);
    mj_json_set_number(root, "toggles", m->toggles);
    setting_set(root, r);
    if (r->has_checks) {
        checks_set(root, r);
    }
    if (r->tunnel) {
        mj_json_set(root, "wind_tunnel", mj_wind_gates_json(r->tunnel, r));
    }
    mj_status status = mj_json_print(root, stdout, err);
    mj_json_free(root);
    return status;
}
