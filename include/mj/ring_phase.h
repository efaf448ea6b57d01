/* Ring phase: networks of rings as what their phases do, and random ones to compare with circuits.
 *
 * The model of ring.h over a list of couplings, each symmetric or directed, with the constant, the
 * taps and all harmonics that were measured. Double precision, Runge-Kutta of order 4, sums over
 * couplings, not over pairs: cost stages * steps * couplings. Phases are in the frame that turns with
 * omega_0. */
#ifndef MJ_RING_PHASE_H
#define MJ_RING_PHASE_H

#include "mj/ring.h"

/* Of oscillator j, from its node `tap`, on i at node 0; in a symmetric network: and back. */
typedef struct {
    int i, j, tap;
    double resistance_ohm;
} mj_ring_edge;

typedef struct {
    int n, n_edges;
    bool directed;
    mj_ring_edge *edge;
    double *offset_V; /* [n] supply of a ring less that of all */
    double *phase0;   /* [n] */
} mj_ring_graph;

/* Rings in a circle and as many couplings across, 40 to 120 kohm, taps 0, 0, 1, 2 equally often, supplies
 * off by 3 mV, phases anywhere. In the arena; MJ_EMEM. */
mj_status mj_ring_graph_draw(mj_ring_graph *graph, int n, bool directed, uint64_t seed,
                             mj_arena *arena, mj_err *err);
/* The largest sum of conductances at a node 0 or tap. */
double mj_ring_graph_conductance(const mj_ring_graph *graph, const mj_ring *ring);
/* Makes that sum `conductance_S`: all couplings and supplies' offsets by the same factor, so that the
 * network settles at the same phases, sooner or later. */
void mj_ring_graph_scale(mj_ring_graph *graph, const mj_ring *ring, double conductance_S);

/* What the phase model knows of rings. */
typedef struct {
    int n_stages;
    double period_s, detuning_pV, load_slope;
    mj_ring_response response;
} mj_ring_model;
/* What couplings of so much conductance add to a ring's rate beside the constants of their responses,
 * rad/s: slope (G - 1/R) G, R the resistance that `response` was measured at. */
double mj_ring_load_rate(const mj_ring_response *response, double load_slope, double conductance_S);
/* The same model with nothing but the first sine: Kuramoto's model. */
mj_ring_model mj_ring_model_sine_only(const mj_ring_model *model);

/* phase [n] after span_s in n_steps steps. scratch [6 n]. */
void mj_ring_phase_run(double *phase, double *scratch, const mj_ring_graph *graph,
                       const mj_ring_model *model, double span_s, int n_steps);
/* The model as a circuit of controlled sources, a node p<i> a phase in V: for other simulators. */
mj_status mj_ring_phase_deck(mj_deck *deck, const mj_ring_graph *graph, const mj_ring_model *model,
                             double span_s, mj_err *err);

/* A graph as transistors. */
typedef struct {
    double *phase;  /* [n] less that of ring 0, mean over the last cycles, in (-pi, pi] */
    double drift;   /* the most that one of them moved meanwhile */
    double energy_J; /* per ring and cycle, over the last cycles */
    double busy_s;  /* of a processor, by ngspice */
} mj_ring_run;
/* Nine cycles ending three before the end are looked at, as `drift` says. phase lies in the arena. */
mj_status mj_ring_graph_simulate(mj_ring_run *run, const mj_ring_graph *graph, const mj_ring *ring,
                                 const mj_ring_figures *figures, double span_s,
                                 const mj_spice_job *job, mj_arena *arena, mj_err *err);

/* Model against circuit, phases relative to their mean difference. */
typedef struct {
    double rms, largest; /* rad */
} mj_ring_error;
mj_ring_error mj_ring_compare(const double *model, const double *circuit, int n);

/* One random graph: circuit, model with all of H, with its sine alone, and as controlled sources. */
typedef struct {
    int n, n_edges;
    uint64_t seed;
    bool settled;             /* drift below 0.01 rad while a node's couplings turn a phase by 2 */
    double drift, energy_J;
    double conductance_S;     /* largest at a node */
    double span_s;            /* simulated */
    mj_ring_error full, sine, sources; /* sources: against the model */
    double circuit_s, model_s; /* of a processor, by ngspice and by us to 1 mrad */
} mj_ring_agreement;
/* span_s 0: as long as 120 turns of a phase by 1 rad at the strongest node take. */
mj_status mj_ring_agree(mj_ring_agreement *agreement, const mj_ring_graph *graph, uint64_t seed,
                        const mj_ring *ring, const mj_ring_figures *figures,
                        const mj_ring_model *model, double span_s, const mj_spice_job *job,
                        mj_err *err);

#endif
