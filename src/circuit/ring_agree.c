/* Ring agreement: random graphs of rings as transistors, beside the phase model.
 *
 * Phases are read from the crossings of every ring's node 0, nine cycles long, three cycles before
 * the end, relative to ring 0. What still moves by more than DRIFT, in the time that a node's couplings need
 * to turn a phase by 1 rad, has not settled: two trajectories on their way, perhaps past a saddle, may be
 * far apart without any fault of the model, so such runs are reported but do not count. */
#include "mj/ring_phase.h"

#include "mj/clock.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>

static const double PI = 3.14159265358979323846;
static const double DRIFT = 0.005, SETTLING = 120; /* rad over, and number of, those times */
static const double MODEL_STEP = 0.3; /* of such a time, Runge-Kutta: ends within 1e-5 rad */
enum { LOOKS = 8, CYCLES_LOOKED = 9, CYCLES_LEFT = 3, CYCLES_KEPT = 20, CYCLES_MAX = 256, NAME_B = 32,
       TIMED_RUNS = 10 };

static void write_graph(mj_deck *deck, const mj_ring_graph *graph, const mj_ring *ring,
                        const mj_ring_figures *figures, double span_s)
{
    FILE *out = deck->out;
    fprintf(out, "vmain vdd 0 %.9g\n.save i(vmain)\n", ring->vdd_V);
    for (int i = 0; i < graph->n; i++) {
        char supply[NAME_B];
        snprintf(supply, sizeof supply, "vdd%d", i);
        fprintf(out, "vd%d vdd%d vdd %.9g\n.save v(n%d_0)\n", i, i, graph->offset_V[i], i);
        mj_ring_write(out, ring, i, supply);
        mj_ring_write_start(out, ring, figures, i, supply, graph->phase0[i]);
    }
    for (int e = 0; e < graph->n_edges; e++) {
        const mj_ring_edge *edge = &graph->edge[e];
        char from[NAME_B];
        fprintf(out, "rc%d %s n%d_0 %.9g\n", e, mj_ring_port(from, sizeof from, ring, edge->j, edge->tap),
                edge->i, edge->resistance_ohm);
    }
    double kept_s = CYCLES_KEPT * figures->period_s;
    mj_deck_transient(deck, (mj_transient){ring->step_s, span_s, span_s > kept_s ? span_s - kept_s : 0,
                                           true});
}

/* Phases at LOOKS times, relative to ring 0: their circular means, and the drift. */
static mj_status read_phases(mj_ring_run *run, const mj_raw *raw, int n, const mj_ring *ring,
                             double period_s, mj_err *err)
{
    double first[LOOKS], crossing[CYCLES_MAX], end_s = mj_raw_end_s(raw);
    run->drift = 0;
    for (int i = 0; i < n; i++) {
        char name[NAME_B];
        mj_waveform wave;
        double complex sum = 0;
        double begin = 0;
        snprintf(name, sizeof name, "v(n%d_0)", i);
        MJ_TRY(mj_raw_find(&wave, raw, name, err));
        size_t cycles = mj_waveform_crossings(crossing, CYCLES_MAX, &wave, ring->vdd_V / 2, true);
        if (cycles < CYCLES_LOOKED + CYCLES_LEFT || cycles > CYCLES_MAX) {
            return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "ring %d stopped: %zu cycles", i, cycles);
        }
        for (int l = 0; l < LOOKS; l++) {
            double back = CYCLES_LEFT + CYCLES_LOOKED * (1 - l / (LOOKS - 1.0));
            double phase = mj_crossing_phase(crossing, cycles, end_s - back * period_s);
            first[l] = i == 0 ? phase : first[l];
            double difference = phase - first[l];
            sum += cexp(I * difference);
            begin = l == 0 ? difference : begin;
            run->drift = fmax(run->drift, fabs(remainder(difference - begin, 2 * PI)));
        }
        run->phase[i] = carg(sum);
    }
    return MJ_OK;
}

static mj_status read_energy(mj_ring_run *run, const mj_raw *raw, int n, const mj_ring *ring,
                             double period_s, mj_err *err)
{
    mj_waveform supply;
    double end_s = mj_raw_end_s(raw), begin_s = end_s - CYCLES_LOOKED * period_s;
    MJ_TRY(mj_raw_find(&supply, raw, "i(vmain)", err));
    double charge_C = -mj_waveform_integral(&supply, begin_s, end_s);
    run->energy_J = ring->vdd_V * charge_C / CYCLES_LOOKED / n;
    return MJ_OK;
}

mj_status mj_ring_graph_simulate(mj_ring_run *run, const mj_ring_graph *graph, const mj_ring *ring,
                                 const mj_ring_figures *figures, double span_s,
                                 const mj_spice_job *job, mj_arena *arena, mj_err *err)
{
    mj_arena own;
    mj_deck deck;
    mj_raw raw;
    double begin_s = mj_clock_s();
    run->phase = mj_arena_array(arena, (size_t)graph->n, sizeof *run->phase);
    if (!run->phase) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d rings", graph->n);
    }
    MJ_TRY(mj_ring_deck(&deck, ring, "coupled rings", err));
    write_graph(&deck, graph, ring, figures, span_s);
    mj_arena_init(&own, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &own, err);
    run->wall_s = mj_clock_s() - begin_s;
    if (status == MJ_OK) {
        status = read_phases(run, &raw, graph->n, ring, figures->period_s, err);
    }
    if (status == MJ_OK) {
        status = read_energy(run, &raw, graph->n, ring, figures->period_s, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&own);
    mj_deck_close(&deck);
    return status;
}

mj_ring_error mj_ring_compare(const double *model, const double *circuit, int n)
{
    double complex sum = 0;
    double squares = 0, largest = 0;
    for (int i = 0; i < n; i++) {
        sum += cexp(I * (circuit[i] - model[i]));
    }
    for (int i = 0; i < n; i++) {
        double e = remainder(circuit[i] - model[i] - carg(sum), 2 * PI);
        squares += e * e;
        largest = fmax(largest, fabs(e));
    }
    return (mj_ring_error){sqrt(squares / n), largest};
}

/* The exported model in ngspice, against our own integration of it. */
static mj_status compare_sources(mj_ring_agreement *a, const double *phase, const mj_ring_graph *graph,
                                 const mj_ring_model *model, double span_s, const mj_spice_job *job,
                                 mj_arena *arena, mj_err *err)
{
    mj_deck deck;
    mj_raw raw;
    double begin_s = mj_clock_s(), *end = mj_arena_array(arena, (size_t)graph->n, sizeof *end);
    if (!end) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d rings", graph->n);
    }
    MJ_TRY(mj_ring_phase_deck(&deck, graph, model, span_s, err));
    mj_status status = mj_spice_run(&raw, &deck, job, arena, err);
    mj_deck_close(&deck);
    for (int i = 0; i < graph->n && status == MJ_OK; i++) {
        char name[NAME_B];
        mj_waveform wave;
        snprintf(name, sizeof name, "v(p%d)", i);
        status = mj_raw_find(&wave, &raw, name, err);
        end[i] = status == MJ_OK ? mj_waveform_at(&wave, span_s) : 0;
    }
    a->sources_wall_s = mj_clock_s() - begin_s;
    a->sources = status == MJ_OK ? mj_ring_compare(phase, end, graph->n) : (mj_ring_error){0};
    return status;
}

static mj_status compare_all(mj_ring_agreement *a, const mj_ring_graph *graph, const mj_ring *ring,
                             const mj_ring_figures *figures, const mj_ring_model *model,
                             double span_s, const mj_spice_job *job, mj_arena *arena, mj_err *err)
{
    mj_ring_run run;
    double turn_s = 1 / (a->conductance_S * fabs(model->response.sin[0]));
    int n_steps = (int)ceil(span_s / (MODEL_STEP * turn_s));
    const mj_ring_model sine = mj_ring_model_sine_only(model);
    double *phase = mj_arena_array(arena, 7 * (size_t)graph->n, sizeof *phase);
    if (!phase) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d rings", graph->n);
    }
    double *scratch = phase + graph->n;
    MJ_TRY(mj_ring_graph_simulate(&run, graph, ring, figures, span_s, job, arena, err));
    a->drift = run.drift;
    a->settled = run.drift < DRIFT * CYCLES_LOOKED * figures->period_s / turn_s;
    a->energy_J = run.energy_J;
    a->circuit_s = run.wall_s;
    mj_ring_phase_run(phase, scratch, graph, &sine, span_s, n_steps);
    a->sine = mj_ring_compare(phase, run.phase, graph->n);
    double begin_s = mj_clock_s();
    for (int i = 0; i < TIMED_RUNS; i++) {
        mj_ring_phase_run(phase, scratch, graph, model, span_s, n_steps);
    }
    a->model_s = (mj_clock_s() - begin_s) / TIMED_RUNS;
    a->full = mj_ring_compare(phase, run.phase, graph->n);
    return compare_sources(a, phase, graph, model, span_s, job, arena, err);
}

mj_status mj_ring_agree(mj_ring_agreement *agreement, const mj_ring_graph *graph, uint64_t seed,
                        const mj_ring *ring, const mj_ring_figures *figures,
                        const mj_ring_model *model, double span_s, const mj_spice_job *job,
                        mj_err *err)
{
    mj_arena arena;
    *agreement = (mj_ring_agreement){.n = graph->n, .n_edges = graph->n_edges, .seed = seed,
                                     .conductance_S = mj_ring_graph_conductance(graph, ring)};
    if (span_s == 0) {
        span_s = SETTLING / (agreement->conductance_S * fabs(model->response.sin[0]));
    }
    agreement->span_s = span_s;
    mj_arena_init(&arena, 0);
    mj_status status =
        compare_all(agreement, graph, ring, figures, model, span_s, job, &arena, err);
    mj_arena_fini(&arena);
    return status;
}
