/* Wind tunnel of a network of look-up tables as gates: its joules against those of simulating it, and the
 * scorecard. */
#ifndef MJ_CLI_WIND_GATES_H
#define MJ_CLI_WIND_GATES_H

#include "measure_report.h"
#include "mj/json.h"
#include "mj/lut_folder.h"
#include "mj/lut_slopes.h"
#include "power.h"
#include "wind_tunnel.h"

enum { MJ_GATES_FLIPS = 64 };

struct mj_gates_tunnel {
    mj_power power;
    double circuit_J;   /* as measured */
    bool has_small;     /* its node is known */
    mj_quantity small;  /* J at 7 nm */
    mj_tunnel_row spice, events, words; /* spice.seconds 0: no ngspice, or no transistors of these cells */
    long long n_transistors;
    const char *variant; /* instruction set of `words` */
    /* the machine that runs the program of `words`, at 7 nm, an output */
    int n_ops;
    const char *memory;         /* fact of its reads and writes */
    mj_quantity machine;        /* J */
    double logic_J, data_J, code_J; /* what it adds up from */
    /* scorecard */
    mj_lut_folder network;
    double table_bits, wiring_bits, area_m2;
    int n_flips; /* 0: the vectors have no right answers */
    mj_lut_agreement agreement;
    double loss; /* nats, on the vectors */
};

/* watts_W 0: not given. Leaves the result in report->tunnel. */
mj_status mj_wind_gates_run(mj_measure_report *report, const mj_measured_circuit *circuit, mj_context *context,
                            double watts_W);
/* wind_gates_report.c */
void mj_wind_gates_print(const mj_gates_tunnel *tunnel, const mj_measure_report *report);
mj_json *mj_wind_gates_json(const mj_gates_tunnel *tunnel, const mj_measure_report *report);

#endif
