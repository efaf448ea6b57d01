/* Phase noise of a ring from the thermal noise of its transistors.
 *
 * A transistor in saturation has the noise current 4 k T gamma g_m A2/Hz, gamma = 2/3 for a long
 * channel [hajimiri1999]. Its g_m is taken where the inverter switches, at half the supply, because
 * there the phase listens; the sum over both devices comes from two inverters whose outputs are held
 * at half the supply and whose inputs differ. ngspice adds no device noise to transients, so a source
 * of white noise (trnoise) sits at every node, GAIN times too strong to stand clear of the floor that
 * the solver's own steps make; the variance is divided by GAIN^2.
 *
 * White noise makes the phase diffuse: the variance of the time of m cycles grows as m. The slope
 * over 1..LAGS cycles is the diffusion. Flicker noise is no diffusion, and stands in ring_flicker.c. ngspice
 * seeds its noise with its process number: two measurements differ by their statistical error, about 10 %. */
#include "mj/ring.h"

#include <math.h>

static const double TWO_PI = 6.283185307179586;
static const double BOLTZMANN_JpK = 1.380649e-23; /* exact [si2019] */
static const double GAMMA = 2.0 / 3;              /* [hajimiri1999] */
static const double KELVIN = 273.15;
static const double GAIN = 5;
static const double SAMPLE_S = 10e-12; /* white up to 50 GHz */
static const double SPAN_CYCLES = 400;
static const double PROBE_V = 0.01;
enum { RINGS = 2, CYCLES_MAX = 1024, CYCLES_SKIPPED = 6, LAGS = 8, NAME_B = 32 };
enum { CYCLES_MIN = 200 }; /* of 400: a ring that noise has stopped has fewer */

static mj_status measure_transconductance(double *g_S, const mj_ring *ring, const mj_spice_job *job,
                                          mj_arena *arena, mj_err *err)
{
    mj_deck deck;
    mj_raw raw;
    mj_waveform low, high;
    double half_V = ring->vdd_V / 2, stop_s = 10 * ring->step_s;
    MJ_TRY(mj_ring_deck(&deck, ring, "transconductance of an inverter", err));
    fprintf(deck.out, "vdd vdd 0 %.9g\nvlow low 0 %.9g\nvhigh high 0 %.9g\nvo1 o1 0 %.9g\n"
                      "vo2 o2 0 %.9g\n.save i(vo1) i(vo2)\n",
            ring->vdd_V, half_V - PROBE_V, half_V + PROBE_V, half_V, half_V);
    const mj_transistor device[] = {
        {"n1", "o1", "low", "0", "0", ring->width_n_m, ring->length_m, 0, 0, 0},
        {"p1", "o1", "low", "vdd", "vdd", ring->width_p_m, ring->length_m, 0, 0, 0},
        {"n2", "o2", "high", "0", "0", ring->width_n_m, ring->length_m, 0, 0, 0},
        {"p2", "o2", "high", "vdd", "vdd", ring->width_p_m, ring->length_m, 0, 0, 0},
    };
    for (int i = 0; i < 4; i++) {
        mj_transistor_write(deck.out, ring->models, i % 2 == 1, &device[i]);
    }
    mj_deck_transient(&deck, (mj_transient){ring->step_s, stop_s, 0, false});
    mj_status status = mj_spice_run(&raw, &deck, job, arena, err);
    if (status == MJ_OK) {
        status = mj_raw_find(&low, &raw, "i(vo1)", err);
    }
    if (status == MJ_OK) {
        status = mj_raw_find(&high, &raw, "i(vo2)", err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_deck_close(&deck);
    if (status == MJ_OK) {
        *g_S = fabs(mj_waveform_at(&high, stop_s) - mj_waveform_at(&low, stop_s)) / (2 * PROBE_V);
    }
    return status;
}

/* Variance of the phase per second, from the times of n crossings: the mean square of what m cycles
 * deviate from m mean periods, over m, averaged over m. */
static double find_diffusion(const double *crossing, size_t n)
{
    size_t first = CYCLES_SKIPPED, last = n - 1;
    double period_s = (crossing[last] - crossing[first]) / (double)(last - first), sum = 0;
    for (size_t m = 1; m <= LAGS; m++) {
        double squares = 0;
        for (size_t k = first; k + m <= last; k++) {
            double deviation_s = crossing[k + m] - crossing[k] - (double)m * period_s;
            squares += deviation_s * deviation_s;
        }
        sum += squares / (double)(last - m - first + 1) / (double)m;
    }
    double phase_sq = sum / LAGS * pow(TWO_PI / period_s, 2); /* a cycle's */
    return phase_sq / period_s;
}

/* current_A: strength (one standard deviation) of the samples at every node; 0: none. */
static mj_status measure_diffusion(double *diffusion_sq, double current_A, const mj_ring *ring,
                                   const mj_ring_figures *figures, const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    MJ_TRY(mj_ring_deck(&deck, ring, "rings with noise", err));
    fprintf(deck.out, "vdd vdd 0 %.9g\n", ring->vdd_V);
    for (int id = 0; id < RINGS; id++) {
        mj_ring_write(deck.out, ring, id, "vdd");
        mj_ring_write_start(deck.out, ring, figures, id, "vdd", 0);
        fprintf(deck.out, ".save v(n%d_0)\n", id);
        for (int s = 0; s < ring->n_stages && current_A > 0; s++) {
            fprintf(deck.out, "inoise%d_%d 0 n%d_%d dc 0 trnoise(%.9g %.9g 0 0)\n", id, s, id, s,
                    current_A, SAMPLE_S);
        }
    }
    mj_deck_transient(&deck, (mj_transient){ring->step_s, SPAN_CYCLES * figures->period_s, 0, true});
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    *diffusion_sq = 0;
    for (int id = 0; id < RINGS && status == MJ_OK; id++) {
        char name[NAME_B];
        double crossing[CYCLES_MAX];
        mj_waveform wave;
        snprintf(name, sizeof name, "v(n%d_0)", id);
        status = mj_raw_find(&wave, &raw, name, err);
        if (status == MJ_OK) {
            size_t n = mj_waveform_crossings(crossing, CYCLES_MAX, &wave, ring->vdd_V / 2, true);
            status = n >= CYCLES_MIN && n <= CYCLES_MAX
                         ? MJ_OK
                         : mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a ring with noise stopped: %zu cycles", n);
            *diffusion_sq += status == MJ_OK ? find_diffusion(crossing, n) / RINGS : 0;
        }
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}

mj_status mj_ring_measure_noise(mj_ring_noise *noise, const mj_ring *ring,
                                const mj_ring_figures *figures, const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_arena_init(&arena, 0);
    *noise = (mj_ring_noise){0};
    mj_status status =
        measure_transconductance(&noise->transconductance_S, ring, job, &arena, err);
    mj_arena_fini(&arena);
    MJ_TRY(status);
    double T_K = ring->temperature_C + KELVIN;
    noise->current_Asq = 4 * BOLTZMANN_JpK * T_K * GAMMA * noise->transconductance_S;
    /* Samples of variance s^2 every dt have the one-sided density 2 s^2 dt at low frequencies. */
    double sample_A = sqrt(noise->current_Asq / (2 * SAMPLE_S)), strong_sq;
    MJ_TRY(measure_diffusion(&noise->floor_sq, 0, ring, figures, job, err));
    MJ_TRY(measure_diffusion(&strong_sq, GAIN * sample_A, ring, figures, job, err));
    noise->diffusion_sq = (strong_sq - noise->floor_sq) / (GAIN * GAIN);
    return noise->diffusion_sq > 0
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                            "the noise of the transistors is below what the solver's steps make (%.3g rad2/s): "
                            "take a smaller --step", noise->floor_sq);
}
