/* The coupling function H of rings, measured: victims and an aggressor.
 *
 * The aggressor runs faster by DETUNING_V of supply, so that its phase walks around those of the
 * victims, and in a second run slower by as much: a coupling moves a victim's crossings a little as well
 * as its phase, by an amount that goes with the phase difference, so that while that one walks, rates are
 * off in proportion to its pace (some 6 % here); the mean of both runs is free of that, and of where the
 * crossings of a ring at another supply are. Every victim is driven through a resistor of its own, by a
 * copy of the aggressor's node 0 or, where couplings are directed, of its buffer: an ideal follower, its
 * swing brought down to the victims', because the aggressor must not feel them. One victim is left alone:
 * its rate is omega_0 with all errors of the solver.
 *
 * WINDOW cycles of a victim from t_k to t_k+2 have the mean rate 4 pi / (t_k+2 - t_k), which is omega_0
 * plus the mean of H(d) / R over them, d going from d_k to d_k+2: with the integrals of sin(h d) and
 * cos(h d) instead of their values, no harmonic is damped by the walk. Two cycles, because the solver
 * places a crossing to some 15 fs, 1 % of what a coupling of 400 kohm makes of one cycle. Least
 * squares, nine unknowns. */
#include "mj/ring.h"

#include "mj/ring_switches.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double TWO_PI = 6.283185307179586;
static const double DETUNING_V = 0.04; /* 4.3 %: a turn in 23 cycles, no lock above 13 kohm */
static const double SPAN_CYCLES = 160;  /* some six turns */
static const mj_ring_probe PROBE = {
    {400e3, 200e3, 100e3, 50e3, 25e3, 100e3, 100e3, 100e3, 50e3},
    {[5] = MJ_RING_SOURCE_OPPOSITE, [6] = MJ_RING_SOURCE_SINE, [7] = MJ_RING_SOURCE_OFF, [8] = MJ_RING_SOURCE_OFF},
    5, 2, 0.02};
enum { PROBE_SPLIT = 7, PROBE_COUPLERS = 9 }; /* of them with those that only such a ring has */
static const int CYCLES_SKIPPED = 10;   /* until the start is forgotten */
enum { WINDOW = 2, UNKNOWNS = 1 + 2 * MJ_RING_HARMONICS, CYCLES_MAX = 2048, NAME_B = 32 };

/* Means of 1, sin h d, cos h d while d goes evenly from one value to another. */
static void fill_row(double row[UNKNOWNS], double from, double to)
{
    row[0] = 1;
    for (int h = 1; h <= MJ_RING_HARMONICS; h++) {
        double half = 0.5 * h * (to - from), middle = 0.5 * h * (to + from);
        double damping = fabs(half) > 1e-6 ? sin(half) / half : 1;
        row[2 * h - 1] = sin(middle) * damping;
        row[2 * h] = cos(middle) * damping;
    }
}

/* Solves the symmetric, positive system in place by Cholesky; false if it is singular. */
static bool solve(double x[UNKNOWNS], double A[UNKNOWNS][UNKNOWNS])
{
    for (int i = 0; i < UNKNOWNS; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = A[i][j];
            for (int k = 0; k < j; k++) {
                sum -= A[i][k] * A[j][k];
            }
            if (i == j && !(sum > 1e-9)) {
                return false;
            }
            A[i][j] = i == j ? sqrt(sum) : sum / A[j][j];
        }
        for (int k = 0; k < i; k++) {
            x[i] -= A[i][k] * x[k];
        }
        x[i] /= A[i][i];
    }
    for (int i = UNKNOWNS - 1; i >= 0; i--) {
        for (int k = i + 1; k < UNKNOWNS; k++) {
            x[i] -= A[k][i] * x[k];
        }
        x[i] /= A[i][i];
    }
    return true;
}

typedef struct {
    double time_s[CYCLES_MAX]; /* rising crossings of node 0 */
    size_t n;
} cycles;

static mj_status find_cycles(cycles *c, const mj_raw *raw, const mj_ring *ring, int id, mj_err *err)
{
    char name[NAME_B];
    mj_waveform wave;
    snprintf(name, sizeof name, "v(n%d_0)", id);
    MJ_TRY(mj_raw_find(&wave, raw, name, err));
    c->n = mj_waveform_crossings(c->time_s, CYCLES_MAX, &wave, ring->vdd_V / 2, true);
    c->n = c->n < CYCLES_MAX ? c->n : CYCLES_MAX;
    return c->n > (size_t)(3 * CYCLES_SKIPPED)
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "ring %d stopped when it was coupled", id);
}

/* Rate of a ring left alone. */
static double mean_rate(const cycles *c)
{
    size_t first = (size_t)CYCLES_SKIPPED;
    return TWO_PI * (double)(c->n - 1 - first) / (c->time_s[c->n - 1] - c->time_s[first]);
}

/* Phase difference aggressor - victim at the victim's k-th crossing. */
static double difference(const cycles *victim, const cycles *aggressor, size_t k)
{
    return mj_crossing_phase(aggressor->time_s, aggressor->n, victim->time_s[k]) -
           TWO_PI * (double)k;
}

/* One equation: what the window from crossing k says of H. Returns its right-hand side. */
static double fill_equation(double row[UNKNOWNS], const cycles *victim, const cycles *aggressor,
                            size_t k, double omega0, double resistance_ohm)
{
    double span_s = victim->time_s[k + WINDOW] - victim->time_s[k];
    fill_row(row, difference(victim, aggressor, k), difference(victim, aggressor, k + WINDOW));
    return (WINDOW * TWO_PI / span_s - omega0) * resistance_ohm;
}

static mj_status fit(mj_ring_response *r, const cycles *victim, const cycles *aggressor,
                     double omega0, mj_err *err)
{
    double A[UNKNOWNS][UNKNOWNS] = {{0}}, x[UNKNOWNS] = {0}, row[UNKNOWNS], squares = 0;
    size_t first = (size_t)CYCLES_SKIPPED, last = victim->n - WINDOW;
    for (size_t k = first; k < last; k++) {
        double y = fill_equation(row, victim, aggressor, k, omega0, r->resistance_ohm);
        for (int i = 0; i < UNKNOWNS; i++) {
            x[i] += row[i] * y;
            for (int j = 0; j <= i; j++) {
                A[i][j] += row[i] * row[j];
            }
        }
    }
    if (!solve(x, A)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "no coupling function at %g ohm: the rings lock", r->resistance_ohm);
    }
    r->constant = x[0];
    for (int h = 0; h < MJ_RING_HARMONICS; h++) {
        r->sin[h] = x[2 * h + 1];
        r->cos[h] = x[2 * h + 2];
    }
    for (size_t k = first; k < last; k++) {
        double y = fill_equation(row, victim, aggressor, k, omega0, r->resistance_ohm);
        for (int i = 0; i < UNKNOWNS; i++) {
            y -= row[i] * x[i];
        }
        squares += y * y;
    }
    r->residual = sqrt(squares / (double)(last - first)) / hypot(r->sin[0], r->cos[0]);
    return MJ_OK;
}

static const char *const source_nodes[] = {"follow", "opposite", "s0"};

/* Of victim i: a resistor, or a coupler with all bits on, or off. */
static void write_drive(FILE *out, const mj_ring *ring, int i, int source, double resistance_ohm)
{
    char name[NAME_B], listen[NAME_B];
    snprintf(name, sizeof name, "s%d", i);
    snprintf(listen, sizeof listen, "n%d_%d", 2 + i, ring->listen);
    if (ring->coupler_bits == 0 || source == MJ_RING_SOURCE_SINE) {
        fprintf(out, "r%s %s %s %.9g\n", name, source_nodes[source], listen, resistance_ohm);
        return;
    }
    double share = source == MJ_RING_SOURCE_OFF ? 0 : source == MJ_RING_SOURCE_OPPOSITE ? -1 : 1;
    const mj_ring_coupler coupler = {.name = name, .output = source_nodes[MJ_RING_SOURCE_OUTPUT],
                                     .opposite = source_nodes[MJ_RING_SOURCE_OPPOSITE], .listen = listen,
                                     .supply = "vdd1", .code = mj_ring_coupler_code(ring, share),
                                     .full_S = 1 / resistance_ohm};
    mj_ring_write_coupler(out, ring, &coupler);
}

/* Ring 0 the aggressor, ring 1 left alone, then the victims. */
static void write_rings(FILE *out, const mj_ring_probe *probe, const mj_ring *ring,
                        const mj_ring_figures *figures, double detuning_V)
{
    int n = probe->n;
    char port[NAME_B];
    fprintf(out, "vd0 vdd0 0 %.9g\nvd1 vdd1 0 %.9g\neb follow 0 %s 0 %.9g\n",
            ring->vdd_V + detuning_V, ring->vdd_V, mj_ring_port(port, sizeof port, ring, 0, 0),
            ring->vdd_V / (ring->vdd_V + detuning_V));
    if (ring->split_F > 0) {
        fprintf(out, "eo opposite 0 %s 0 %.9g\n", mj_ring_opposite(port, sizeof port, ring, 0),
                ring->vdd_V / (ring->vdd_V + detuning_V));
        mj_ring_write_sine(out, ring, figures, 0,
                           figures->period_s * exp(-figures->detuning_pV * detuning_V));
    }
    for (int id = 0; id < 2 + n; id++) {
        mj_ring_write(out, ring, id, id ? "vdd1" : "vdd0");
        mj_ring_write_start(out, ring, figures, id, id ? "vdd1" : "vdd0", 0);
        fprintf(out, ".save v(n%d_0)\n", id);
    }
    for (int i = 0; i < n; i++) {
        write_drive(out, ring, i, probe->source[i], probe->resistance_ohm[i]);
    }
}

static mj_status read_all(mj_ring_responses *all, const mj_raw *raw, const mj_ring *ring, mj_err *err)
{
    cycles *c = malloc(3 * sizeof *c), *aggressor = c, *alone = c + 1, *victim = c + 2;
    if (!c) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    mj_status status = find_cycles(aggressor, raw, ring, 0, err);
    if (status == MJ_OK) {
        status = find_cycles(alone, raw, ring, 1, err);
    }
    for (int i = 0; i < all->n && status == MJ_OK; i++) {
        mj_ring_response *r = &all->response[i];
        status = find_cycles(victim, raw, ring, 2 + i, err);
        if (status == MJ_OK) {
            status = fit(r, victim, aggressor, mean_rate(alone), err);
        }
    }
    free(c);
    return status;
}

/* How far two functions are apart, root mean square over a turn, of the first harmonic of b, but for what the
 * load explains. */
static double apart(const mj_ring_response *a, const mj_ring_response *b, double load_slope)
{
    double load = load_slope * (1 / a->resistance_ohm - 1 / b->resistance_ohm);
    double squares = pow(a->constant - b->constant - load, 2);
    for (int h = 0; h < MJ_RING_HARMONICS; h++) {
        squares += 0.5 * (pow(a->sin[h] - b->sin[h], 2) + pow(a->cos[h] - b->cos[h], 2));
    }
    return sqrt(squares) / hypot(b->sin[0], b->cos[0]);
}

/* Down the resistances as long as H stays what it was. */
static double find_limit(const mj_ring_responses *all, double tolerance)
{
    double most_S = 0;
    for (int i = 0; i < all->n; i++) {
        const mj_ring_response *r = &all->response[i];
        if (r->source != MJ_RING_SOURCE_OUTPUT || !(r->residual < tolerance) ||
            !(apart(r, &all->response[0], all->load_slope) < tolerance)) {
            break;
        }
        most_S = 1 / r->resistance_ohm;
    }
    return most_S;
}

/* One run: the aggressor off by detuning_V. */
static mj_status run_probe(mj_ring_responses *responses, const mj_ring_probe *probe, double detuning_V,
                           const mj_ring *ring, const mj_ring_figures *figures, const mj_spice_job *job,
                           mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    MJ_TRY(mj_ring_deck(&deck, ring, "victims and an aggressor", err));
    write_rings(deck.out, probe, ring, figures, detuning_V);
    mj_deck_transient(&deck, (mj_transient){ring->step_s, SPAN_CYCLES * figures->period_s, 0, true});
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = read_all(responses, &raw, ring, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}

static void average(mj_ring_response *a, const mj_ring_response *b)
{
    a->constant = 0.5 * (a->constant + b->constant);
    a->residual = fmax(a->residual, b->residual);
    for (int h = 0; h < MJ_RING_HARMONICS; h++) {
        a->sin[h] = 0.5 * (a->sin[h] + b->sin[h]);
        a->cos[h] = 0.5 * (a->cos[h] + b->cos[h]);
    }
}

/* Of the constants against conductances, those of the ring's output: least squares. */
static double find_load_slope(const mj_ring_responses *all)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (int i = 0; i < all->n; i++) {
        const mj_ring_response *r = &all->response[i];
        double g = r->source == MJ_RING_SOURCE_OUTPUT ? 1 / r->resistance_ohm : 0;
        n += g > 0;
        x += g;
        xx += g * g;
        y += g > 0 ? r->constant : 0;
        xy += g * r->constant;
    }
    double spread = n * xx - x * x;
    return n > 1 && spread > 1e-9 * n * xx ? (n * xy - x * y) / spread : 0;
}

mj_status mj_ring_measure_response(mj_ring_responses *responses, mj_ring_probe probe,
                                   const mj_ring *ring, const mj_ring_figures *figures,
                                   const mj_spice_job *job, mj_err *err)
{
    if (probe.n == 0) {
        probe = PROBE;
        probe.n = ring->coupler_bits > 0 ? PROBE_COUPLERS : ring->split_F > 0 ? PROBE_SPLIT : PROBE.n;
    }
    *responses = (mj_ring_responses){.n = probe.n, .chosen = probe.chosen};
    for (int i = 0; i < probe.n; i++) {
        responses->response[i].resistance_ohm = probe.resistance_ohm[i];
        responses->response[i].source = probe.source[i];
    }
    mj_ring_responses slower = *responses;
    MJ_TRY(run_probe(responses, &probe, DETUNING_V, ring, figures, job, err));
    MJ_TRY(run_probe(&slower, &probe, -DETUNING_V, ring, figures, job, err));
    for (int i = 0; i < probe.n; i++) {
        average(&responses->response[i], &slower.response[i]);
    }
    responses->load_slope = find_load_slope(responses);
    responses->conductance_max_S =
        find_limit(responses, probe.tolerance > 0 ? probe.tolerance : PROBE.tolerance);
    return MJ_OK;
}
