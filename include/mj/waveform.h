/* Waveform: what is read off sampled signals: crossings, integrals, phase.
 *
 * A signal is n pairs (time, value), times rising, joined by straight lines; two points of one time are a
 * jump. What is meant is always
 * that line: SPICE takes steps of its own choice, so sums over points would be wrong. */
#ifndef MJ_WAVEFORM_H
#define MJ_WAVEFORM_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const double *time; /* s, rising */
    const double *value;
    size_t n;
} mj_waveform;

/* Times at which the signal crosses `level` upwards (or downwards), in order, at most `most` of them
 * into `when`, which may be NULL. Returns how many there are. */
size_t mj_waveform_crossings(double *when, size_t most, const mj_waveform *wave, double level,
                             bool upwards);
/* Value at a time, behind the jump at a jump; the first or last value outside. n > 0. */
double mj_waveform_at(const mj_waveform *wave, double when);
/* Integral over time from..to, both within the signal. n > 0. */
double mj_waveform_integral(const mj_waveform *wave, double from, double to);

/* Phase in rad of an oscillator that passes phase 2 pi k at the k-th of n crossings, straight between
 * them; n >= 2, and outside the first and last it goes on as in the cycle beside it. */
double mj_crossing_phase(const double *crossing, size_t n, double when);

#endif
