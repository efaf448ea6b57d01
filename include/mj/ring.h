/* Ring: an oscillator of an odd number of inverters, coupled to others through resistors; what it
 * does as a circuit, and the phase model that this comes to.
 *
 *   dphi_i/dt = omega_0 (1 + s dV_i) + sum_j H(phi_j + tap_ij - phi_i) / R_ij       [kuramoto1975]
 *   H(d) = c + sum_h a_h sin(h d) + b_h cos(h d),   h = 1..4                    ohm rad/s
 *
 * Phase is 0 where node 0 rises through half the supply. A stage turns the wave over and delays it by a
 * 2n-th of a period, so node k leads node 0 by k pi (1 - 1/n): taps, of which an odd one gives a
 * coupling of the other sign. A resistor between two rings acts both ways (symmetric); behind a buffer
 * of two inverters it acts on one only (directed). Every ring of a directed network carries its buffers
 * at all taps, used or not: a buffer slows a ring by several per cent, so all must have the same.
 *
 * A net of couplings of both signs wants the opposite of a wave too, and no tap of a ring is at pi. A
 * split ring has two outputs behind node 0: after two inverters, and after three. The shorter way waits
 * for the longer one at a resistor and a capacitor, whose value makes them half a period apart. Output
 * stages are three times as wide, so that what hangs on them hardly matters. Inverters take time: a
 * coupling arrives at the node whose lead makes up for it best, and the output that is then nearest to
 * the ring's own phase is the one of positive couplings.
 *
 * Everything is measured in ngspice on transistors (spice_models.h); nothing of the model is assumed
 * but its form. Times are those of the simulation; energies what the supply gives. */
#ifndef MJ_RING_H
#define MJ_RING_H

#include "mj/spice.h"
#include "mj/spice_models.h"

#include <stdint.h>

enum { MJ_RING_STAGES_MAX = 31, MJ_RING_HARMONICS = 4, MJ_RING_PHASES = 256,
       MJ_RING_NODES_MAX = 3 * MJ_RING_STAGES_MAX };

/* What a network uses of the couplers on a ring's outputs: how many, and bits that are on, to o and to q. */
typedef struct {
    int n_couplers, n_on[2];
} mj_ring_use;

typedef struct {
    const mj_spice_models *models;
    int n_stages; /* odd */
    double vdd_V, temperature_C;
    double load_F; /* wire at every node */
    double width_n_m, width_p_m, length_m;
    double split_F;    /* > 0: two outputs, opposite to each other, with this capacitor; no buffers */
    int listen;        /* node at which couplings arrive */
    bool swapped;      /* of a split ring: positive couplings leave after three inverters */
    int coupler_bits;  /* > 0: of a split ring whose couplings are couplers of so many bits (ring_switches.h) */
    int n_hung;        /* of them on each of its outputs, used or not */
    const mj_ring_use *use; /* NULL: none */
    double gate_ohm;   /* of one of their gates that is on */
    int n_buffers;     /* at nodes 0, 1, ..: directed couplings; 0: symmetric ones, from the nodes */
    double step_s;     /* largest step of a simulation */
    const double *threshold_V, *mobility_share; /* [2 n_stages]: nmos, pmos of a stage; NULL: no mismatch */
} mj_ring;

/* Five stages of 1 and 2 um over 0.2 um, 10 fF a node, 1.8 V, 25 C, steps of 5 ps: the cell of an
 * INVX1 at 180 nm. */
mj_ring mj_ring_default(const mj_spice_models *models);
/* MJ_ERANGE for a number of stages that is even or too large, or sizes that are not positive. */
mj_status mj_ring_check(const mj_ring *ring, mj_err *err);

/* Phase by which node k leads node 0, in (-pi, pi]. */
double mj_ring_tap(const mj_ring *ring, int k);

/* One ring by itself. */
typedef struct {
    double period_s;
    double energy_J;           /* per cycle, buffers included */
    double power_W;
    double leak_W;             /* standing still */
    double detuning_pV;        /* s: d ln(frequency) / d(supply), 1/V */
    double wave_V[MJ_RING_NODES_MAX][MJ_RING_PHASES]; /* [node, phase 2 pi k / 256]: stages, then those
                                                       * of buffers or of the split */
} mj_ring_figures;
mj_status mj_ring_measure(mj_ring_figures *figures, const mj_ring *ring, const mj_spice_job *job,
                          mj_err *err);
/* Period and energy alone. */
mj_status mj_ring_measure_period(mj_ring_figures *figures, const mj_ring *ring,
                                 const mj_spice_job *job, mj_err *err);

/* What drives: a ring as its couplings leave it, the opposite output of a split ring, its wave's first
 * harmonic, of half the supply's amplitude about half the supply, or a coupler whose bits are all off: of that
 * one only the constant counts. */
typedef enum {
    MJ_RING_SOURCE_OUTPUT, MJ_RING_SOURCE_OPPOSITE, MJ_RING_SOURCE_SINE, MJ_RING_SOURCE_OFF
} mj_ring_source;

/* H at one resistance, fitted to the rate of a ring that another drives, which is once faster and once
 * slower: the mean of both. */
typedef struct {
    double resistance_ohm;
    int source; /* mj_ring_source */
    double constant;
    double sin[MJ_RING_HARMONICS], cos[MJ_RING_HARMONICS]; /* ohm rad/s */
    double residual; /* root mean square of the fit over the amplitude of the first harmonic */
} mj_ring_response;
enum { MJ_RING_RESPONSES_MAX = 9 };
typedef struct {
    int n, chosen; /* response[chosen] is the model's */
    mj_ring_response response[MJ_RING_RESPONSES_MAX];
    double conductance_max_S; /* of all couplings at a node: up to it H holds; 0: nowhere */
    double load_slope;        /* d constant / d (all couplings at a node), ohm2 rad/s: resistors load a
                               * ring wherever they lead, less than in proportion */
} mj_ring_responses;
/* At which resistances, falling, the ring's output first; {0}: 400, 200, 100, 50 and 25 kohm, of which
 * 100 are the model's, and of a split ring 100 kohm from its opposite and from the sine, and
 * where it has couplers two of them that are off. H
 * holds where its residual and its distance from that of the largest resistance, but for the load's, both
 * over its amplitude, are below `tolerance` (0: 0.02). */
typedef struct {
    double resistance_ohm[MJ_RING_RESPONSES_MAX];
    int source[MJ_RING_RESPONSES_MAX]; /* mj_ring_source */
    int n, chosen;
    double tolerance;
} mj_ring_probe;
mj_status mj_ring_measure_response(mj_ring_responses *responses, mj_ring_probe probe,
                                   const mj_ring *ring, const mj_ring_figures *figures,
                                   const mj_spice_job *job, mj_err *err);

/* Phase noise from the transistors' thermal noise, 4 k T gamma g_m a device. */
typedef struct {
    double transconductance_S; /* of an inverter, both devices, at its threshold */
    double current_Asq;        /* one-sided density of its noise current, A2/Hz */
    double diffusion_sq;       /* variance of the phase per second, rad2/s */
    double floor_sq;           /* the same without any noise: what the solver's steps make */
} mj_ring_noise;
mj_status mj_ring_measure_noise(mj_ring_noise *noise, const mj_ring *ring,
                                const mj_ring_figures *figures, const mj_spice_job *job, mj_err *err);

/* Writes one ring into a deck: nodes n<id>_<stage>, supply node `supply`. */
void mj_ring_write(FILE *out, const mj_ring *ring, int id, const char *supply);
/* The node from which a coupling leaves at a tap: the ring's own or its buffer's. Returns buf. */
char *mj_ring_port(char *buf, size_t size, const mj_ring *ring, int id, int tap);
/* The opposite output of a split ring. Returns buf. */
char *mj_ring_opposite(char *buf, size_t size, const mj_ring *ring, int id);
/* Sets split_F, so that the outputs are half a period apart, listen and swapped. */
mj_status mj_ring_tune_split(mj_ring *ring, const mj_spice_job *job, mj_err *err);
/* Buses s0, s90, s180, s270: the first harmonic of a ring's node 0 and what leads it by so many degrees,
 * of half the supply's amplitude about half the supply; period_s is the ring's as it runs there, and its
 * phase at the start 0. An ideal tank of quality 10 with its sources: nothing of it is in the energy. */
void mj_ring_write_sine(FILE *out, const mj_ring *ring, const mj_ring_figures *figures, int id,
                        double period_s);
/* .ic of its nodes for a phase, and of its supply. */
void mj_ring_write_start(FILE *out, const mj_ring *ring, const mj_ring_figures *figures, int id,
                         const char *supply, double phase);
/* A deck for rings: title, models, temperature. */
mj_status mj_ring_deck(mj_deck *deck, const mj_ring *ring, const char *title, mj_err *err);

#endif
