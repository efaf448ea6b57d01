/* Ring flicker: how the transistors' 1/f noise moves a ring's frequency.
 *
 *   S_V(f) = K_f / (C_ox W L f)                     of a threshold, V2/Hz       [razavi2001]
 *   S_y(f) = sum over transistors (d ln f / d V_th)^2 S_V = h / f               [hajimiri1999]
 *
 * It is far slower than a ring, so a threshold stands still for many cycles and what counts is how the
 * frequency follows it: measured, one transistor after the other; that a transistor has it only while it
 * conducts is then included. It does not act as diffusion: over a run of 100 ns the frequency is simply
 * another than when it was trimmed. C_ox is that of 4.1 nm of oxide, our card's, whatever the models. The
 * variance between two times is h times the logarithm of their ratio. */
#ifndef MJ_RING_FLICKER_H
#define MJ_RING_FLICKER_H

#include "mj/ring.h"

typedef struct {
    double n_pV, p_pV; /* d ln f / d threshold of one transistor, root mean square over stages, 1/V */
    double h;          /* of the relative frequency: S_y = h / f */
} mj_ring_flicker;

mj_status mj_ring_measure_flicker(mj_ring_flicker *flicker, const mj_ring *ring, const mj_ring_figures *figures,
                                  const mj_spice_job *job, mj_err *err);
/* Root mean square of the relative frequency between a trim so long ago and now, over runs so short. */
double mj_ring_flicker_wander(const mj_ring_flicker *flicker, double long_s, double short_s);
/* Where S_y meets that of a diffusion in rad2/s: below it, spectra of the phase fall as 1/f^3. Hz. */
double mj_ring_flicker_corner(const mj_ring_flicker *flicker, double period_s, double diffusion_sq);

#endif
