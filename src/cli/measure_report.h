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
    mj_proof proof;
    bool has_checks, agrees; /* of --check: what is below */
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

/* On stdout. */
void mj_measure_print_text(const mj_measure_report *report);
mj_status mj_measure_print_json(const mj_measure_report *report, mj_err *err);

#endif
