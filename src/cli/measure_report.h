/* Measure report: the results of mj measure on a digital circuit, for people and as JSON. */
#ifndef MJ_CLI_MEASURE_REPORT_H
#define MJ_CLI_MEASURE_REPORT_H

#include "mj/crosscheck.h"
#include "mj/measurement.h"
#include "mj/proof.h"
#include "mj/spice_cells.h"

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
} mj_measure_report;

/* On stdout. */
void mj_measure_print_text(const mj_measure_report *report);
mj_status mj_measure_print_json(const mj_measure_report *report, mj_err *err);

#endif
