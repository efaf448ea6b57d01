/* Ring phase: the phase model of coupled rings, and the same as controlled sources in SPICE. */
#include "mj/ring_phase.h"

#include "mj/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
static const double RESISTANCE_MIN_OHM = 40e3, RESISTANCE_MAX_OHM = 120e3, OFFSET_V = 3e-3;
static const double PHASE_F = 1e-9; /* a node of the exported model: 1 V is 1 rad */

static bool are_coupled(const mj_ring_graph *graph, int i, int j)
{
    for (int e = 0; e < graph->n_edges; e++) {
        const mj_ring_edge *edge = &graph->edge[e];
        if ((edge->i == i && edge->j == j) || (edge->i == j && edge->j == i)) {
            return true;
        }
    }
    return false;
}

static void couple(mj_ring_graph *graph, int i, int j, mj_rng *rng)
{
    static const int taps[] = {0, 0, 1, 2};
    if (i != j && !are_coupled(graph, i, j)) {
        double share = mj_rng_uniform(rng);
        graph->edge[graph->n_edges++] = (mj_ring_edge){
            .i = i, .j = j, .tap = taps[mj_rng_u32(rng) % 4],
            .resistance_ohm = RESISTANCE_MIN_OHM + share * (RESISTANCE_MAX_OHM - RESISTANCE_MIN_OHM)};
    }
}

mj_status mj_ring_graph_draw(mj_ring_graph *graph, int n, bool directed, uint64_t seed,
                             mj_arena *arena, mj_err *err)
{
    mj_rng rng;
    mj_rng_init(&rng, seed, (uint64_t)n);
    *graph = (mj_ring_graph){.n = n, .directed = directed};
    graph->edge = mj_arena_array(arena, 2 * (size_t)n, sizeof *graph->edge);
    graph->offset_V = mj_arena_array(arena, (size_t)n, sizeof *graph->offset_V);
    graph->phase0 = mj_arena_array(arena, (size_t)n, sizeof *graph->phase0);
    if (!graph->edge || !graph->offset_V || !graph->phase0) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d rings", n);
    }
    for (int i = 0; i < n; i++) {
        couple(graph, i, (i + 1) % n, &rng);
        graph->offset_V[i] = OFFSET_V * mj_rng_normal(&rng);
        graph->phase0[i] = 2 * PI * mj_rng_uniform(&rng);
    }
    for (int k = 0; k < n; k++) {
        int i = (int)(mj_rng_u32(&rng) % (unsigned)n), j = (int)(mj_rng_u32(&rng) % (unsigned)n);
        couple(graph, i, j, &rng);
    }
    return MJ_OK;
}

double mj_ring_graph_conductance(const mj_ring_graph *graph, const mj_ring *ring)
{
    double most_S = 0;
    for (int i = 0; i < graph->n; i++) {
        for (int tap = 0; tap < ring->n_stages; tap++) {
            double sum_S = 0;
            for (int e = 0; e < graph->n_edges; e++) {
                const mj_ring_edge *edge = &graph->edge[e];
                bool here = (edge->i == i && tap == 0) ||
                            (edge->j == i && edge->tap == tap && !graph->directed);
                sum_S += here ? 1 / edge->resistance_ohm : 0;
            }
            most_S = fmax(most_S, sum_S);
        }
    }
    return most_S;
}

void mj_ring_graph_scale(mj_ring_graph *graph, const mj_ring *ring, double conductance_S)
{
    double share = conductance_S / mj_ring_graph_conductance(graph, ring);
    for (int e = 0; e < graph->n_edges; e++) {
        graph->edge[e].resistance_ohm /= share;
    }
    for (int i = 0; i < graph->n; i++) {
        graph->offset_V[i] *= share;
    }
}

mj_ring_model mj_ring_model_sine_only(const mj_ring_model *model)
{
    mj_ring_model sine = *model;
    sine.load_slope = 0;
    sine.response = (mj_ring_response){.resistance_ohm = model->response.resistance_ohm,
                                       .sin = {model->response.sin[0]}};
    return sine;
}

static double tap_of(const mj_ring_model *model, int tap)
{
    return tap * PI * (1 - 1.0 / model->n_stages);
}

double mj_ring_load_rate(const mj_ring_response *response, double load_slope, double conductance_S)
{
    return load_slope == 0 ? 0 : load_slope * (conductance_S - 1 / response->resistance_ohm) * conductance_S;
}

/* Rate of a ring that is loaded but not driven, less omega_0 and the constants of H. */
static void free_rates(double *rate, const mj_ring_graph *graph, const mj_ring_model *model)
{
    double omega0 = 2 * PI / model->period_s;
    for (int i = 0; i < graph->n; i++) {
        double load_S = 0;
        for (int e = 0; e < graph->n_edges; e++) {
            const mj_ring_edge *edge = &graph->edge[e];
            bool here = edge->i == i || (edge->j == i && !graph->directed);
            load_S += here ? 1 / edge->resistance_ohm : 0;
        }
        rate[i] = omega0 * model->detuning_pV * graph->offset_V[i];
        rate[i] += mj_ring_load_rate(&model->response, model->load_slope, load_S);
    }
}

/* H of d and of -d at once: sines change their sign, cosines do not; multiples by recursion. */
static void respond(double *there, double *back, const mj_ring_response *r, double d)
{
    double s1 = sin(d), c1 = cos(d), s = s1, c = c1, odd = 0, even = r->constant;
    for (int h = 0; h < MJ_RING_HARMONICS; h++) {
        odd += r->sin[h] * s;
        even += r->cos[h] * c;
        double next = s * c1 + c * s1;
        c = c * c1 - s * s1;
        s = next;
    }
    *there = even + odd;
    *back = even - odd;
}

static void add_rates(double *rate, const double *phase, const mj_ring_graph *graph,
                      const mj_ring_model *model)
{
    for (int e = 0; e < graph->n_edges; e++) {
        const mj_ring_edge *edge = &graph->edge[e];
        double there, back;
        respond(&there, &back, &model->response, phase[edge->j] + tap_of(model, edge->tap) - phase[edge->i]);
        rate[edge->i] += there / edge->resistance_ohm;
        rate[edge->j] += graph->directed ? 0 : back / edge->resistance_ohm;
    }
}

void mj_ring_phase_run(double *phase, double *scratch, const mj_ring_graph *graph,
                       const mj_ring_model *model, double span_s, int n_steps)
{
    int n = graph->n;
    double *alone = scratch, *at = scratch + n, *k[4], h_s = span_s / n_steps;
    static const double reach[4] = {0, 0.5, 0.5, 1}, weight[4] = {1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6};
    k[0] = k[2] = scratch + 2 * n;
    k[1] = k[3] = scratch + 3 * n;
    double *sum = scratch + 4 * n;
    free_rates(alone, graph, model);
    memcpy(phase, graph->phase0, (size_t)n * sizeof *phase);
    for (int step = 0; step < n_steps; step++) {
        memset(sum, 0, (size_t)n * sizeof *sum);
        for (int stage = 0; stage < 4; stage++) {
            for (int i = 0; i < n; i++) {
                at[i] = phase[i] + (stage ? h_s * reach[stage] * k[stage - 1][i] : 0);
            }
            memcpy(k[stage], alone, (size_t)n * sizeof *alone);
            add_rates(k[stage], at, graph, model);
            for (int i = 0; i < n; i++) {
                sum[i] += weight[stage] * k[stage][i];
            }
        }
        for (int i = 0; i < n; i++) {
            phase[i] += h_s * sum[i];
        }
    }
}

/* (1/R) H(v(p<from>) + tap - v(p<to>)) as an expression. */
static void write_term(FILE *out, const mj_ring_response *r, double resistance_ohm, double tap,
                       int from, int to)
{
    fprintf(out, "+%.9g*(%.9g", 1 / resistance_ohm, r->constant);
    for (int h = 0; h < MJ_RING_HARMONICS; h++) {
        for (int even = 0; even < 2; even++) {
            fprintf(out, "+(%.9g)*%s(%d*(v(p%d)-v(p%d)+(%.12g)))", even ? r->cos[h] : r->sin[h],
                    even ? "cos" : "sin", h + 1, from, to, tap);
        }
    }
    fputc(')', out);
}

mj_status mj_ring_phase_deck(mj_deck *deck, const mj_ring_graph *graph, const mj_ring_model *model,
                             double span_s, mj_err *err)
{
    double *alone = calloc((size_t)graph->n, sizeof *alone);
    if (!alone) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d rings", graph->n);
    }
    mj_status status = mj_deck_open(deck, "phases of coupled rings", err);
    free_rates(alone, graph, model);
    if (status == MJ_OK) {
        fputs(".option reltol=1e-5\n", deck->out);
    }
    for (int i = 0; i < graph->n && status == MJ_OK; i++) {
        fprintf(deck->out, "c%d p%d 0 %.9g\n.ic v(p%d)=%.12g\n.save v(p%d)\nb%d 0 p%d i=%.9g*(%.12g", i,
                i, PHASE_F, i, graph->phase0[i], i, i, i, PHASE_F, alone[i]);
        for (int e = 0; e < graph->n_edges; e++) {
            const mj_ring_edge *edge = &graph->edge[e];
            double tap = tap_of(model, edge->tap);
            if (edge->i == i) {
                write_term(deck->out, &model->response, edge->resistance_ohm, tap, edge->j, i);
            } else if (edge->j == i && !graph->directed) {
                write_term(deck->out, &model->response, edge->resistance_ohm, -tap, edge->i, i);
            }
        }
        fputs(")\n", deck->out);
    }
    if (status == MJ_OK) {
        mj_deck_transient(deck, (mj_transient){0.5e-9, span_s, 0, true});
    }
    free(alone);
    return status;
}
