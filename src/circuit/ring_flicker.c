/* Ring flicker: one deck with a ring for every transistor, its threshold SHIFT_V higher, and one without.
 *
 * K_f is the textbook's order of magnitude for n-channel transistors, taken for both kinds although p-channel
 * ones are usually several times quieter: a bound to a factor of some, no more. A source of 1/f current in the
 * transient (trnoise) would see nothing below one over the time simulated, a few MHz, and is therefore not
 * used. */
#include "mj/ring_flicker.h"

#include <math.h>

static const double TWO_PI = 6.283185307179586;
static const double FLICKER_V2F = 1e-25;                         /* K_f [razavi2001] */
static const double OXIDE_Fpm2 = 3.9 * 8.8541878128e-12 / 4.1e-9; /* of 4.1 nm, as our card has it */
static const double SHIFT_V = 0.02, SPAN_CYCLES = 40;
enum { CYCLES_MAX = 256, SKIPPED = 10, NAME_B = 32 };

static mj_status find_period(double *period_s, const mj_raw *raw, const mj_ring *ring, int id, mj_err *err)
{
    char name[NAME_B];
    double crossing[CYCLES_MAX];
    mj_waveform wave;
    snprintf(name, sizeof name, "v(n%d_0)", id);
    MJ_TRY(mj_raw_find(&wave, raw, name, err));
    size_t n = mj_waveform_crossings(crossing, CYCLES_MAX, &wave, ring->vdd_V / 2, true);
    if (n < 2 * SKIPPED || n > CYCLES_MAX) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a ring with another threshold does not oscillate");
    }
    *period_s = (crossing[n - 1] - crossing[SKIPPED]) / (double)(n - 1 - SKIPPED);
    return MJ_OK;
}

/* Ring 0 as it is, ring 1 + i with transistor i changed. */
static mj_status read_deck(mj_ring_flicker *f, const mj_raw *raw, const mj_ring *ring, mj_err *err)
{
    double period_s, own_s, squares[2] = {0};
    MJ_TRY(find_period(&own_s, raw, ring, 0, err));
    for (int i = 0; i < 2 * ring->n_stages; i++) {
        double width_m = i % 2 ? ring->width_p_m : ring->width_n_m;
        MJ_TRY(find_period(&period_s, raw, ring, 1 + i, err));
        double slope_pV = log(own_s / period_s) / SHIFT_V;
        squares[i % 2] += slope_pV * slope_pV;
        f->h += slope_pV * slope_pV * FLICKER_V2F / (OXIDE_Fpm2 * width_m * ring->length_m);
    }
    f->n_pV = sqrt(squares[0] / ring->n_stages);
    f->p_pV = sqrt(squares[1] / ring->n_stages);
    return MJ_OK;
}

mj_status mj_ring_measure_flicker(mj_ring_flicker *flicker, const mj_ring *ring, const mj_ring_figures *figures,
                                  const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    *flicker = (mj_ring_flicker){0};
    MJ_TRY(mj_models_can_differ(ring->models, err));
    MJ_TRY(mj_ring_deck(&deck, ring, "rings with one other threshold", err));
    fprintf(deck.out, "vdd vdd 0 %.9g\n", ring->vdd_V);
    for (int id = 0; id <= 2 * ring->n_stages; id++) {
        double shift_V[2 * MJ_RING_STAGES_MAX] = {0}, none[2 * MJ_RING_STAGES_MAX] = {0};
        mj_ring here = *ring;
        here.threshold_V = shift_V;
        here.mobility_share = none;
        if (id > 0) {
            shift_V[id - 1] = SHIFT_V;
        }
        mj_ring_write(deck.out, &here, id, "vdd");
        mj_ring_write_start(deck.out, ring, figures, id, "vdd", 0);
        fprintf(deck.out, ".save v(n%d_0)\n", id);
    }
    mj_deck_transient(&deck, (mj_transient){ring->step_s, SPAN_CYCLES * figures->period_s, 0, true});
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = read_deck(flicker, &raw, ring, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}

double mj_ring_flicker_wander(const mj_ring_flicker *flicker, double long_s, double short_s)
{
    return long_s > short_s && short_s > 0 ? sqrt(flicker->h * log(long_s / short_s)) : 0;
}

/* White noise of the frequency has the one-sided density 2 D over omega_0^2. */
double mj_ring_flicker_corner(const mj_ring_flicker *flicker, double period_s, double diffusion_sq)
{
    double omega = TWO_PI / period_s;
    return diffusion_sq > 0 ? flicker->h * omega * omega / (2 * diffusion_sq) : HUGE_VAL;
}
