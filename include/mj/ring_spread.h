/* Ring spread: how far period and energy of a ring go with corner, temperature and supply, and from
 * ring to ring of one chip. */
#ifndef MJ_RING_SPREAD_H
#define MJ_RING_SPREAD_H

#include "mj/ring.h"

/* Told before every ring how many of n were done. */
typedef struct {
    void (*tell)(int n_done, int n, void *user); /* NULL: nobody looks */
    void *user;
} mj_ring_watch;

/* One condition and what the ring does there. */
typedef struct {
    const char *corner;
    double vdd_V, temperature_C;
    double period_s, energy_J;
} mj_ring_condition;

enum { MJ_RING_CONDITIONS = 27 };

/* Corners tt, ff, ss; 0, 25, 85 C; supply -10 %, as it is, +10 %. models: all three corners, in that
 * order. */
mj_status mj_ring_measure_corners(mj_ring_condition condition[MJ_RING_CONDITIONS],
                                  const mj_spice_models models[3], const mj_ring *ring,
                                  mj_ring_watch watch, const mj_spice_job *job, mj_err *err);

/* What was measured of both; NULL: not. condition [MJ_RING_CONDITIONS]. */
struct mj_ring_mismatch;
typedef struct {
    const mj_ring_condition *condition;
    const struct mj_ring_mismatch *mismatch;
} mj_ring_spread;

/* Transistors of the ring's stages alone are drawn: those of buffers and of a split's outputs are all alike.
 * Mismatch of a transistor: standard deviations A / sqrt(W L) of threshold and mobility [pelgrom1989];
 * A of 4.1 mV um (1 mV um for every nm of a 180 nm process' oxide) and 1 % um, both from memory. */
typedef struct mj_ring_mismatch {
    double period_share;  /* standard deviation over the mean */
    double energy_share;
    double rate;          /* of the angular frequency, rad/s */
    double threshold_V;   /* of the nmos transistors, drawn */
} mj_ring_mismatch;
mj_status mj_ring_measure_mismatch(mj_ring_mismatch *mismatch, int n_rings, uint64_t seed,
                                   const mj_ring *ring, mj_ring_watch watch, const mj_spice_job *job,
                                   mj_err *err);

#endif
