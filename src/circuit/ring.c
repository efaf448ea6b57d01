/* Ring: the cell as text, and what one ring does by itself: period, energy, waveform, leakage, and how
 * its frequency follows its supply.
 *
 * Two rings whose supplies differ by +-DETUNING_V share the second deck. The third has one that is cut open
 * between two stages and leaks, from its operating point: beside rings that swing, the errors of their
 * steps would be larger than what it leaks. */
#include "mj/ring.h"

#include "mj/ring_switches.h"

#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
static const double SPAN_S = 30e-9;       /* some 50 cycles at 180 nm */
static const double DETUNING_V = 0.02;    /* 2 % of the frequency: small, and far above its errors */
static const double SINE_OHM = 1e3, SINE_QUALITY = 10; /* leaves 1/27 of a third harmonic */
static const double SPLIT_SPAN_S = 12e-9;
static const double SPLIT_OHM = 2e3;
static const double SPLIT_WIDE = 3;       /* output stages: 0.5 kohm against couplings of 100 */
static const double SPLIT_LOADED = 3;     /* all of it, where couplers hang on its outputs: each of four takes 20 fF */
static const double SPLIT_LOADED_OHM = 550;
static const double SPLIT_TRIALS_F[] = {8e-15, 16e-15}, SPLIT_LEAST_F = 0.5e-15;
enum { CYCLES_MIN = 12, CYCLES_MAX = 4096, NAME_B = 32, NO_STAGE = -1, LEAK_STEPS = 10 };

mj_ring mj_ring_default(const mj_spice_models *models)
{
    return (mj_ring){.models = models, .n_stages = 5, .vdd_V = 1.8, .temperature_C = 25,
                     .load_F = 10e-15, .width_n_m = 1e-6, .width_p_m = 2e-6, .length_m = 0.2e-6,
                     .step_s = 5e-12};
}

mj_status mj_ring_check(const mj_ring *ring, mj_err *err)
{
    if (ring->n_stages < 3 || ring->n_stages > MJ_RING_STAGES_MAX || ring->n_stages % 2 == 0) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "a ring has an odd number of stages from 3 to %d, not %d",
                          MJ_RING_STAGES_MAX, ring->n_stages);
    }
    bool sound = ring->n_buffers >= 0 && ring->n_buffers <= ring->n_stages && ring->vdd_V > 0 &&
                 ring->load_F >= 0 && ring->width_n_m > 0 && ring->width_p_m > 0 &&
                 ring->length_m > 0 && ring->step_s > 0;
    return sound ? MJ_OK
                 : mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a ring has a supply and sizes above 0");
}

double mj_ring_tap(const mj_ring *ring, int k)
{
    return remainder(k * PI * (1 - 1.0 / ring->n_stages), 2 * PI);
}

static void write_inverter(FILE *out, const mj_ring *ring, int stage, const char *name,
                           const char *in, const char *to, const char *supply, double wide)
{
    const double *dV = ring->threshold_V, *du = ring->mobility_share;
    char own[NAME_B + 2];
    snprintf(own, sizeof own, "n%.*s", NAME_B, name);
    const mj_transistor n = {.name = own, .drain = to, .gate = in, .source = "0", .bulk = "0",
                             .width_m = wide * ring->width_n_m, .length_m = ring->length_m,
                             .threshold_V = dV && stage != NO_STAGE ? dV[2 * stage] : 0,
                             .mobility_share = du && stage != NO_STAGE ? du[2 * stage] : 0};
    mj_transistor_write(out, ring->models, false, &n);
    snprintf(own, sizeof own, "p%.*s", NAME_B, name);
    const mj_transistor p = {.name = own, .drain = to, .gate = in, .source = supply, .bulk = supply,
                             .width_m = wide * ring->width_p_m, .length_m = ring->length_m,
                             .threshold_V = dV && stage != NO_STAGE ? dV[2 * stage + 1] : 0,
                             .mobility_share = du && stage != NO_STAGE ? du[2 * stage + 1] : 0};
    mj_transistor_write(out, ring->models, true, &p);
}

/* n stages in a line; closed: the last feeds the first. */
static void write_chain(FILE *out, const mj_ring *ring, int id, const char *supply, bool closed)
{
    for (int k = 0; k < ring->n_stages; k++) {
        char name[NAME_B], in[NAME_B], to[NAME_B];
        int next = k + 1 == ring->n_stages && closed ? 0 : k + 1;
        snprintf(name, sizeof name, "%d_%d", id, k);
        snprintf(in, sizeof in, "n%d_%d", id, k);
        snprintf(to, sizeof to, "n%d_%d", id, next);
        write_inverter(out, ring, k, name, in, to, supply, 1);
        fprintf(out, "c%d_%d n%d_%d 0 %.9g\n", id, k, id, k, ring->load_F);
    }
}

/* Two inverters. */
static void write_buffer(FILE *out, const mj_ring *ring, int id, int tap, const char *supply)
{
    char name[NAME_B], in[NAME_B], middle[NAME_B], to[NAME_B];
    snprintf(in, sizeof in, "n%d_%d", id, tap);
    snprintf(middle, sizeof middle, "m%d_%d", id, tap);
    snprintf(to, sizeof to, "o%d_%d", id, tap);
    snprintf(name, sizeof name, "m%d_%d", id, tap);
    write_inverter(out, ring, NO_STAGE, name, in, middle, supply, 1);
    snprintf(name, sizeof name, "o%d_%d", id, tap);
    write_inverter(out, ring, NO_STAGE, name, middle, to, supply, 1);
}

/* Node 0 -> a -> (resistor, capacitor) x -> o, and a -> c -> q. */
static void write_split(FILE *out, const mj_ring *ring, int id, const char *supply)
{
    static const struct {
        char name, in, to;
    } stage[] = {{'a', 'n', 'a'}, {'b', 'x', 'o'}, {'c', 'a', 'c'}, {'d', 'c', 'q'}};
    bool loaded = ring->coupler_bits > 0;
    double scale = loaded ? SPLIT_LOADED : 1, ohm = loaded ? SPLIT_LOADED_OHM : SPLIT_OHM;
    for (int s = 0; s < 4; s++) {
        char name[NAME_B], in[NAME_B], to[NAME_B];
        bool is_output = stage[s].to == 'o' || stage[s].to == 'q';
        snprintf(name, sizeof name, "s%c%d", stage[s].name, id);
        snprintf(in, sizeof in, "%c%d_0", stage[s].in, id);
        snprintf(to, sizeof to, "%c%d_0", stage[s].to, id);
        write_inverter(out, ring, NO_STAGE, name, in, to, supply, scale * (is_output ? SPLIT_WIDE : 1));
    }
    fprintf(out, "rsx%d a%d_0 x%d_0 %.9g\ncsx%d x%d_0 0 %.9g\n", id, id, id, ohm, id, id,
            ring->split_F);
}

void mj_ring_write(FILE *out, const mj_ring *ring, int id, const char *supply)
{
    write_chain(out, ring, id, supply, true);
    for (int tap = 0; tap < ring->n_buffers; tap++) {
        write_buffer(out, ring, id, tap, supply);
    }
    if (ring->split_F > 0) {
        write_split(out, ring, id, supply);
        mj_ring_write_hung(out, ring, id, supply);
    }
}

char *mj_ring_port(char *buf, size_t size, const mj_ring *ring, int id, int tap)
{
    bool split = tap == 0 && ring->split_F > 0;
    char kind = split ? (ring->swapped ? 'q' : 'o') : tap < ring->n_buffers ? 'o' : 'n';
    snprintf(buf, size, "%c%d_%d", kind, id, tap);
    return buf;
}

char *mj_ring_opposite(char *buf, size_t size, const mj_ring *ring, int id)
{
    snprintf(buf, size, "%c%d_0", ring->swapped ? 'o' : 'q', id);
    return buf;
}

/* A sin(phase + lead): the first harmonic of node 0. */
static void first_harmonic(double *A_V, double *lead, const mj_ring_figures *figures)
{
    double in_V = 0, ahead_V = 0;
    for (int k = 0; k < MJ_RING_PHASES; k++) {
        double phase = 2 * PI * k / MJ_RING_PHASES;
        in_V += figures->wave_V[0][k] * sin(phase) * 2 / MJ_RING_PHASES;
        ahead_V += figures->wave_V[0][k] * cos(phase) * 2 / MJ_RING_PHASES;
    }
    *A_V = hypot(in_V, ahead_V);
    *lead = atan2(ahead_V, in_V);
}

/* A follower of node 0 feeds a tank at the ring's frequency through a resistor, so that voltage and current
 * of the tank are the harmonic and what lags it by a quarter; both start as they go on. */
void mj_ring_write_sine(FILE *out, const mj_ring *ring, const mj_ring_figures *figures, int id,
                        double period_s)
{
    double A_V, lead, omega = 2 * PI / period_s, half_V = ring->vdd_V / 2;
    first_harmonic(&A_V, &lead, figures);
    double C_F = SINE_QUALITY / (omega * SINE_OHM), L_H = 1 / (omega * omega * C_F);
    double gain = half_V / A_V, per_ampere = gain * omega * L_H;
    fprintf(out, "esf sf 0 n%d_0 0 1\nrsf sf st %.9g\ncst st 0 %.12g\nlst st sl %.12g ic=%.9g\n"
                 "vsl sl 0 0\n.ic v(st)=%.9g\nvsm sm 0 %.9g\n",
            id, SINE_OHM, C_F, L_H, -A_V / (omega * L_H) * cos(lead), A_V * sin(lead), half_V);
    fprintf(out, "es0 s0 sm st 0 %.9g\nhs90 s90 sm vsl %.9g\nes180 s180 sm st 0 %.9g\nhs270 s270 sm vsl %.9g\n",
            gain, -per_ampere, -gain, per_ampere);
}

static const char SPLIT_NODES[] = "axcoq";

/* Nodes of a ring in the order of wave_V. */
static int count_nodes(const mj_ring *ring)
{
    return ring->n_stages + 2 * ring->n_buffers + (ring->split_F > 0 ? (int)strlen(SPLIT_NODES) : 0);
}

static char *name_node(char buf[NAME_B], const mj_ring *ring, int id, int k)
{
    int buffer = k - ring->n_stages, split = buffer - 2 * ring->n_buffers;
    if (buffer < 0) {
        snprintf(buf, NAME_B, "n%d_%d", id, k);
    } else if (split < 0) {
        snprintf(buf, NAME_B, "%c%d_%d", buffer % 2 ? 'o' : 'm', id, buffer / 2);
    } else {
        snprintf(buf, NAME_B, "%c%d_0", SPLIT_NODES[split], id);
    }
    return buf;
}

/* All nodes: one that starts elsewhere pushes the ring by as much as a tenth of a radian. The supply too: a
 * node without .ic is at 0 V when ngspice makes the charges of the start, even if a source holds it. */
void mj_ring_write_start(FILE *out, const mj_ring *ring, const mj_ring_figures *figures, int id,
                         const char *supply, double phase)
{
    double at = (phase / (2 * PI) - floor(phase / (2 * PI))) * MJ_RING_PHASES;
    int k = (int)at % MJ_RING_PHASES;
    fprintf(out, ".ic v(%s)=%.9g\n", supply, ring->vdd_V);
    for (int s = 0; s < count_nodes(ring); s++) {
        char name[NAME_B];
        const double *w = figures->wave_V[s];
        fprintf(out, ".ic v(%s)=%.9g\n", name_node(name, ring, id, s),
                w[k] + (at - floor(at)) * (w[(k + 1) % MJ_RING_PHASES] - w[k]));
    }
}

mj_status mj_ring_deck(mj_deck *deck, const mj_ring *ring, const char *title, mj_err *err)
{
    MJ_TRY(mj_deck_open(deck, title, err));
    fprintf(deck->out, ".option temp=%.9g reltol=1e-3 method=trap\n%s", ring->temperature_C,
            ring->models->text);
    return MJ_OK;
}

/* A start that oscillates at once: stages alternately high and low. */
static void write_kick(FILE *out, const mj_ring *ring, int id)
{
    for (int k = 0; k < ring->n_stages; k++) {
        fprintf(out, ".ic v(n%d_%d)=%.9g\n", id, k, k % 2 ? 0 : ring->vdd_V);
    }
}

/* The last rising crossings of node 0 of a ring; MJ_ERANGE if it does not oscillate. */
static mj_status find_cycles(double *crossing, size_t *n, const mj_raw *raw, const mj_ring *ring, int id,
                             mj_err *err)
{
    char name[NAME_B];
    mj_waveform wave;
    snprintf(name, sizeof name, "v(n%d_0)", id);
    MJ_TRY(mj_raw_find(&wave, raw, name, err));
    *n = mj_waveform_crossings(crossing, CYCLES_MAX, &wave, ring->vdd_V / 2, true);
    *n = *n < CYCLES_MAX ? *n : CYCLES_MAX;
    return *n >= CYCLES_MIN
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                            "the ring does not oscillate: %zu cycles in %.4g s at %g V (models %s, "
                            "corner %s)", *n, mj_raw_end_s(raw), ring->vdd_V, ring->models->path,
                            ring->models->corner[0] ? ring->models->corner : "none");
}

/* Over the last half of the cycles, when the start is forgotten. */
static double mean_period(const double *crossing, size_t n)
{
    size_t first = n / 2;
    return (crossing[n - 1] - crossing[first]) / (double)(n - 1 - first);
}

static mj_status read_single(mj_ring_figures *f, const mj_raw *raw, const mj_ring *ring, mj_err *err)
{
    double crossing[CYCLES_MAX];
    size_t n, first;
    mj_waveform current;
    MJ_TRY(find_cycles(crossing, &n, raw, ring, 0, err));
    MJ_TRY(mj_raw_find(&current, raw, "i(vd0)", err));
    first = n / 2;
    f->period_s = mean_period(crossing, n);
    double charge_C = -mj_waveform_integral(&current, crossing[first], crossing[n - 1]);
    f->energy_J = ring->vdd_V * charge_C / (double)(n - 1 - first);
    f->power_W = f->energy_J / f->period_s;
    for (int s = 0; s < count_nodes(ring); s++) {
        char name[NAME_B + 4], node[NAME_B];
        mj_waveform wave;
        snprintf(name, sizeof name, "v(%s)", name_node(node, ring, 0, s));
        MJ_TRY(mj_raw_find(&wave, raw, name, err));
        for (int k = 0; k < MJ_RING_PHASES; k++) {
            f->wave_V[s][k] =
                mj_waveform_at(&wave, crossing[n - 3] + f->period_s * k / MJ_RING_PHASES);
        }
    }
    return MJ_OK;
}

mj_status mj_ring_measure_period(mj_ring_figures *figures, const mj_ring *ring,
                                 const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    *figures = (mj_ring_figures){0};
    MJ_TRY(mj_ring_check(ring, err));
    MJ_TRY(mj_ring_deck(&deck, ring, "one ring", err));
    fprintf(deck.out, "vd0 vdd0 0 %.9g\n", ring->vdd_V);
    mj_ring_write(deck.out, ring, 0, "vdd0");
    write_kick(deck.out, ring, 0);
    mj_deck_save(&deck, "i(vd0)");
    for (int s = 0; s < count_nodes(ring); s++) {
        char node[NAME_B];
        fprintf(deck.out, ".save v(%s)\n", name_node(node, ring, 0, s));
    }
    mj_deck_transient(&deck, (mj_transient){ring->step_s, SPAN_S, 0, true});
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = read_single(figures, &raw, ring, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}

/* Rings 1 and 2: detuned. */
static void write_variants(FILE *out, const mj_ring *ring, const mj_ring_figures *f)
{
    for (int id = 1; id <= 2; id++) {
        char supply[NAME_B];
        snprintf(supply, sizeof supply, "vdd%d", id);
        fprintf(out, "vd%d vdd%d 0 %.9g\n.save v(n%d_0)\n", id, id,
                ring->vdd_V + (id == 1 ? DETUNING_V : -DETUNING_V), id);
        mj_ring_write(out, ring, id, supply);
        mj_ring_write_start(out, ring, f, id, supply, 0);
    }
}

static mj_status read_variants(mj_ring_figures *f, const mj_raw *raw, const mj_ring *ring, mj_err *err)
{
    double period_s[3], crossing[CYCLES_MAX];
    size_t n;
    for (int id = 1; id <= 2; id++) {
        MJ_TRY(find_cycles(crossing, &n, raw, ring, id, err));
        period_s[id] = mean_period(crossing, n);
    }
    f->detuning_pV = log(period_s[2] / period_s[1]) / (2 * DETUNING_V);
    return MJ_OK;
}

static mj_status measure_leak(mj_ring_figures *f, const mj_ring *ring, const mj_spice_job *job,
                              mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    mj_waveform leak;
    MJ_TRY(mj_ring_deck(&deck, ring, "a cut ring", err));
    /* ngspice adds GMIN to every junction: by default 1 pS, more than a transistor of this kind leaks */
    fprintf(deck.out, ".option gmin=1e-18\nvd0 vdd0 0 %.9g\nvin n0_0 0 0\n.save i(vd0)\n", ring->vdd_V);
    write_chain(deck.out, ring, 0, "vdd0", false);
    mj_deck_transient(&deck, (mj_transient){ring->step_s, LEAK_STEPS * ring->step_s, 0, false});
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = mj_raw_find(&leak, &raw, "i(vd0)", err);
    }
    f->leak_W = status == MJ_OK ? -ring->vdd_V * mj_waveform_at(&leak, 0) : 0;
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}

mj_status mj_ring_measure(mj_ring_figures *figures, const mj_ring *ring, const mj_spice_job *job,
                          mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    MJ_TRY(mj_ring_measure_period(figures, ring, job, err));
    MJ_TRY(mj_ring_deck(&deck, ring, "detuned and cut rings", err));
    write_variants(deck.out, ring, figures);
    mj_deck_transient(&deck, (mj_transient){ring->step_s, SPAN_S, 0, true});
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = read_variants(figures, &raw, ring, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status == MJ_OK ? measure_leak(figures, ring, job, err) : status;
}

/* How far the opposite output's rise is from half a period after the output's, in periods. */
static mj_status find_skew(double *skew, double *lag, const mj_raw *raw, const mj_ring *ring, int id, mj_err *err)
{
    double crossing[CYCLES_MAX], other[CYCLES_MAX];
    char name[NAME_B];
    size_t n, n_other;
    mj_waveform wave;
    MJ_TRY(find_cycles(crossing, &n, raw, ring, id, err));
    double period_s = mean_period(crossing, n), last_s = crossing[n - 1];
    snprintf(name, sizeof name, "v(o%d_0)", id);
    MJ_TRY(mj_raw_find(&wave, raw, name, err));
    n = mj_waveform_crossings(crossing, CYCLES_MAX, &wave, ring->vdd_V / 2, true);
    snprintf(name, sizeof name, "v(q%d_0)", id);
    MJ_TRY(mj_raw_find(&wave, raw, name, err));
    n_other = mj_waveform_crossings(other, CYCLES_MAX, &wave, ring->vdd_V / 2, true);
    if (n < CYCLES_MIN || n_other < CYCLES_MIN || n > CYCLES_MAX || n_other > CYCLES_MAX) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "an output of a split ring does not oscillate");
    }
    *lag = remainder((crossing[n - 1] - last_s) / period_s, 1);
    *skew = remainder((other[n_other - 1] - crossing[n - 1]) / period_s - 0.5, 1);
    return MJ_OK;
}

/* An output that lags by so many periods: node k leads by a tap, and seen from there it lags by both. */
static void choose_node(mj_ring *ring, double lag)
{
    double least = HUGE_VAL;
    for (int k = 0; k < ring->n_stages; k++) {
        for (int swapped = 0; swapped < 2; swapped++) {
            double off = fabs(remainder(lag + mj_ring_tap(ring, k) / (2 * PI) + 0.5 * swapped, 1));
            if (off < least) {
                least = off;
                ring->listen = k;
                ring->swapped = swapped;
            }
        }
    }
}

/* The delay of a resistor and a capacitor goes straight with the capacitor: two trials and the line
 * through them. */
mj_status mj_ring_tune_split(mj_ring *ring, const mj_spice_job *job, mj_err *err)
{
    enum { TRIALS = 2 };
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    double skew[TRIALS], lag[TRIALS];
    MJ_TRY(mj_ring_check(ring, err));
    MJ_TRY(mj_ring_deck(&deck, ring, "two ways of splitting a wave", err));
    fprintf(deck.out, "vdd vdd 0 %.9g\n", ring->vdd_V);
    for (int id = 0; id < TRIALS; id++) {
        mj_ring trial = *ring;
        trial.split_F = SPLIT_TRIALS_F[id];
        mj_ring_write(deck.out, &trial, id, "vdd");
        write_kick(deck.out, ring, id);
        fprintf(deck.out, ".save v(n%d_0) v(o%d_0) v(q%d_0)\n", id, id, id);
    }
    mj_deck_transient(&deck, (mj_transient){ring->step_s, SPLIT_SPAN_S, 0, true});
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    for (int id = 0; id < TRIALS && status == MJ_OK; id++) {
        status = find_skew(&skew[id], &lag[id], &raw, ring, id, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    MJ_TRY(status);
    double slope = (skew[1] - skew[0]) / (SPLIT_TRIALS_F[1] - SPLIT_TRIALS_F[0]);
    double steps = -skew[0] / slope / (SPLIT_TRIALS_F[1] - SPLIT_TRIALS_F[0]);
    ring->split_F = SPLIT_TRIALS_F[0] - skew[0] / slope;
    choose_node(ring, lag[0] + steps * (lag[1] - lag[0]));
    return ring->split_F >= SPLIT_LEAST_F && ring->split_F < 4 * SPLIT_TRIALS_F[1]
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                            "the outputs of a split ring cannot be brought half a period apart (%.3g F)",
                            ring->split_F);
}
