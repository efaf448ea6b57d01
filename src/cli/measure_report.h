/* Measure report: the results of mj measure on a digital circuit, for people and as JSON. */
#ifndef MJ_CLI_MEASURE_REPORT_H
#define MJ_CLI_MEASURE_REPORT_H

#include "context.h"
#include "mj/crosscheck.h"
#include "mj/measurement.h"
#include "mj/proof.h"
#include "mj/spice_cells.h"

typedef struct mj_gates_tunnel mj_gates_tunnel; /* wind_gates.h */

typedef struct {
    const char *folder;
    mj_manifest manifest;
    mj_liberty liberty;
    mj_measurement measurement;
    mj_gates other; /* another node and voltage to say the total at; node 0: none */
    mj_quantity total_other;
    mj_proof proof;
    const char *no_facts; /* why there is no facts.yaml; NULL: there is */
    bool has_checks;      /* of --check: what is below, each where its program ran */
    bool has_sta, has_glitches, has_proof;
    mj_sta_figures own, sta;
    mj_glitch_figures glitches;
    bool has_spice; /* the library's cells are here as transistors, at the card's node */
    mj_spice_figures spice;
    mj_spice_cells cells;
    const mj_gates_tunnel *tunnel; /* of --wind-tunnel; NULL: not asked for */
} mj_measure_report;

/* measure_digital.c: eleven full adders of the library, by its tables and as transistors in ngspice, into
 * `spice`; has_spice says whether the transistors are here. */
mj_status mj_measure_spice(mj_measure_report *report, mj_context *context);

/* What other programs said agrees with ours as far as they ran: switching within 0.5 %, toggles within 5 %, SPICE
 * within 1.5 times and without a wrong vector. */
bool mj_measure_agrees(const mj_measure_report *report);

/* On stdout. */
void mj_measure_print_text(const mj_measure_report *report);
mj_status mj_measure_print_json(const mj_measure_report *report, mj_err *err);

#endif
