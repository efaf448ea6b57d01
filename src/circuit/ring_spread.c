/* Ring spread: corners one after the other, and Monte-Carlo over transistors.
 *
 * Rings of one chip differ because their transistors do: here those of the stages; a ring's buffers and the
 * outputs of a split one are all alike. The frequency offset that this makes is what a network's trim has to
 * take away before a coupling of 1e7 to 1e8 rad/s can act. */
#include "mj/ring_spread.h"

#include "mj/rng.h"

#include <math.h>

static const double THRESHOLD_Vm = 4.1e-3 * 1e-6; /* V m: 4.1 mV um */
static const double MOBILITY_m = 0.01 * 1e-6;     /* 1 % um */
static const double TWO_PI = 6.283185307179586;

static void tell(mj_ring_watch watch, int n_done, int n)
{
    if (watch.tell) {
        watch.tell(n_done, n, watch.user);
    }
}

mj_status mj_ring_measure_corners(mj_ring_condition condition[MJ_RING_CONDITIONS],
                                  const mj_spice_models models[3], const mj_ring *ring,
                                  mj_ring_watch watch, const mj_spice_job *job, mj_err *err)
{
    static const double temperature_C[] = {0, 25, 85}, supply[] = {0.9, 1, 1.1};
    for (int i = 0; i < MJ_RING_CONDITIONS; i++) {
        mj_ring here = *ring;
        mj_ring_figures figures;
        here.models = &models[i / 9];
        here.temperature_C = temperature_C[i / 3 % 3];
        here.vdd_V = ring->vdd_V * supply[i % 3];
        tell(watch, i, MJ_RING_CONDITIONS);
        MJ_TRY(mj_ring_measure_period(&figures, &here, job, err));
        condition[i] = (mj_ring_condition){here.models->corner, here.vdd_V, here.temperature_C,
                                           figures.period_s, figures.energy_J};
    }
    return MJ_OK;
}

typedef struct {
    double sum, squares;
    int n;
} moments;

static void add(moments *m, double x)
{
    m->sum += x;
    m->squares += x * x;
    m->n++;
}

static double deviation(const moments *m)
{
    double mean = m->sum / m->n;
    return sqrt(fmax(0, m->squares / m->n - mean * mean) * m->n / (m->n - 1));
}

mj_status mj_ring_measure_mismatch(mj_ring_mismatch *mismatch, int n_rings, uint64_t seed,
                                   const mj_ring *ring, mj_ring_watch watch, const mj_spice_job *job,
                                   mj_err *err)
{
    moments period = {0}, energy = {0}, threshold = {0};
    MJ_TRY(mj_models_can_differ(ring->models, err));
    for (int r = 0; r < n_rings; r++) {
        double dV[2 * MJ_RING_STAGES_MAX], du[2 * MJ_RING_STAGES_MAX];
        mj_rng rng;
        mj_ring here = *ring;
        mj_ring_figures figures;
        mj_rng_init(&rng, seed, (uint64_t)r);
        for (int i = 0; i < 2 * ring->n_stages; i++) {
            double width_m = i % 2 ? ring->width_p_m : ring->width_n_m;
            double root_m = sqrt(width_m * ring->length_m);
            dV[i] = THRESHOLD_Vm / root_m * mj_rng_normal(&rng);
            du[i] = MOBILITY_m / root_m * mj_rng_normal(&rng);
            if (i % 2 == 0) {
                add(&threshold, dV[i]);
            }
        }
        here.threshold_V = dV;
        here.mobility_share = du;
        tell(watch, r, n_rings);
        MJ_TRY(mj_ring_measure_period(&figures, &here, job, err));
        add(&period, figures.period_s);
        add(&energy, figures.energy_J);
    }
    double mean_s = period.sum / n_rings;
    *mismatch = (mj_ring_mismatch){.period_share = deviation(&period) / mean_s,
                                   .energy_share = deviation(&energy) * n_rings / energy.sum,
                                   .rate = TWO_PI / mean_s * deviation(&period) / mean_s,
                                   .threshold_V = deviation(&threshold)};
    return MJ_OK;
}
