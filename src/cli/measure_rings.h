/* What the parts of mj measure share of a net on rings. */
#ifndef MJ_CLI_MEASURE_RINGS_H
#define MJ_CLI_MEASURE_RINGS_H

#include "context.h"
#include "mj/json.h"
#include "mj/ring_net.h"
#include "power.h"
#include "wind_tunnel.h"

enum { MJ_RINGS_BATCH = 256 };

typedef struct {
    mj_ring_net_result result;
    const double *model; /* phases of the phase model */
    mj_ring_net_error full, sine;
} mj_rings_row;

typedef struct {
    mj_ring_net net;
    mj_ring_substrate substrate;
    mj_ring_mapping map;
    mj_spice_models models;
    mj_ring ring;
    mj_ring_figures figures;
    mj_spice_job job;
    mj_ring_net_origin origin;
    mj_power power;
    double step_s, conductance_S; /* conductance_S: the most at a node of the decks */
    int n_images;
    mj_rings_row *row;      /* [n_images] */
    float *scratch, *theta; /* for MJ_RINGS_BATCH samples */
    double rms, largest, sine_rms, pixel, energy_J, wall_s, busy_s, package_J;
    int n_metered; /* images of which package_J is known */
    /* wind tunnel */
    bool has_tunnel;
    mj_tunnel_row spice, single, batch, asic;
    double asic_lo_J, asic_hi_J;
    int steps_fine, steps_coarse; /* of the phase model: within 1 mrad; within what the circuit is */
    double asic_macs;
    /* beside the deck, an image, where there are facts of them: starts, samples, trims, switches of couplers,
     * settings written, rings that run uncoupled to be started and read */
    bool has_cells;
    double start_J, sample_J, trim_J, switches_J, settings_J, uncoupled_J;
    double active_m2;             /* of the transistors' gates and contacts, cells beside the rings included */
    int n_parameters;
    double gradient, gradient_model; /* of a phase by a coupling: circuit, phase model */
} mj_rings_report;

void mj_rings_predict(double *phase, mj_rings_report *report, int image, bool sine_only, int n_steps);

/* wind_tunnel.c */
mj_status mj_wind_tunnel_run(mj_rings_report *report, mj_context *context);
void mj_wind_tunnel_print(const mj_rings_report *report);
mj_json *mj_wind_tunnel_json(const mj_rings_report *report);

#endif
