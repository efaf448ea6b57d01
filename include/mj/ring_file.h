/* Ring file: what was measured of a ring, as a file that phase models read, and as facts.
 *
 * The substrate file holds the phase model with its harmonics, noise and limits in the ring's own
 * units; `unit` is the model time in which a coupling of 1 is a resistor of `coupling_resistance`:
 * R / a_1, a_1 the coefficient of the first sine. */
#ifndef MJ_RING_FILE_H
#define MJ_RING_FILE_H

#include "mj/ring_phase.h"
#include "mj/ring_spread.h"
#include "mj/units.h"

typedef struct {
    const char *name;
    const char *card, *corner, *tool, *commit; /* how it was measured */
    const char *nmos, *pmos; /* devices of the card; NULL: the first of each kind */
    double vdd_V, temperature_K;
    double load_F, width_n_m, width_p_m, length_m, step_s; /* as measured; all 0: those of mj_ring_default */
    int n_stages, n_buffers;
    double period_s, energy_J, leak_W, detuning_pV;
    double diffusion_sq; /* rad2/s; 0: not measured */
    double unit_s, coupling_resistance_ohm;
    double conductance_max_S;
    double load_slope; /* d constant / d (couplings at a node), from that of response on; ohm2 rad/s */
    double mismatch;  /* standard deviation of periods from ring to ring, relative; 0: not measured */
    int trim_bits;    /* of the trim that takes it away, over +-3 deviations; 0: none */
    int listen;       /* node at which couplings arrive */
    int swapped;      /* of a split ring: not 0 where positive couplings leave after three inverters */
    int coupler_bits, n_hung; /* of a split ring with couplers instead of resistors; else 0 */
    double gate_ohm;          /* of one of their gates */
    /* What a coupler adds to a rate whose bits are all off, as constants of H: of the response's resistance, and of
     * half of it; ohm rad/s. */
    double off_constant, off_constant_half;
    double split_F;   /* of a split ring, which has the two after the next: else 0 */
    mj_ring_response response;
    mj_ring_response opposite, sine;
} mj_ring_substrate;

mj_ring_substrate mj_ring_substrate_make(const mj_ring *ring, const mj_ring_figures *figures,
                                         const mj_ring_responses *responses,
                                         const mj_ring_noise *noise);
/* Standard deviation of the frequency that the trim leaves, rad/s. */
double mj_ring_substrate_detuning(const mj_ring_substrate *substrate);
mj_ring_model mj_ring_substrate_model(const mj_ring_substrate *substrate);

/* The models that it was measured with, in this file. */
mj_models_request mj_ring_substrate_models(const mj_ring_substrate *substrate, const char *path);

/* The ring that a substrate is of, and what it does, measured again.
 * MJ_ERANGE where its period is another by 1 %: then models or sizes are. */
mj_status mj_ring_substrate_ring(mj_ring *ring, mj_ring_figures *figures,
                                 const mj_ring_substrate *substrate, const mj_spice_models *models,
                                 const mj_spice_job *job, mj_err *err);
/* The same for a ring whose sizes stand where the file has none. */
mj_status mj_ring_substrate_apply(mj_ring *ring, mj_ring_figures *figures,
                                  const mj_ring_substrate *substrate, const mj_spice_job *job,
                                  mj_err *err);

mj_status mj_ring_substrate_save(const char *path, const mj_ring_substrate *substrate, mj_err *err);
mj_status mj_ring_substrate_load(mj_ring_substrate *substrate, const char *path,
                                 const mj_units *units, mj_arena *arena, mj_err *err);

/* facts: family circuit-ring, class simulated. Where corners were measured, period and energy have the interval
 * over all of them, and those of ff and ss beside it. spread may be NULL. */
mj_status mj_ring_facts_save(const char *path, const mj_ring_substrate *substrate, const mj_ring_spread *spread,
                             mj_err *err);

#endif
