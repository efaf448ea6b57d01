/* The goals of circuits in ngspice (bench/run circuits): coupling function of a ring, networks of rings against
 * the phase model, our C against ngspice, and crossbars against our own solver.
 *
 *     circuit_figures SOURCE_ROOT
 *
 * The ring is that of data/circuits/ring-180nm.yaml; steps of 2 ps for the coupling function, of 5 ps for networks.
 * Networks settle half as long as mj measure ring --agree lets them. All times are a processor's. */
#include "figure.h"

#include "mj/clock.h"
#include "mj/crossbar_array.h"
#include "mj/crossbar_deck.h"
#include "mj/fact.h"
#include "mj/ring_net.h"

#include <stdlib.h>
#include <string.h>

enum { SEEDS = 3, BATCH = 256, LARGE = 64, TIMED = 20, STEPS_MAX = 256 };
static const double SPAN_64_S = 60e-9, TURNS = 60, LIMIT_S = 3600, LINEAR_FROM_OHM = 100e3, STEP_S = 5e-12,
                    EXACT_RAD = 1e-3;

typedef struct {
    const char *root;
    mj_arena arena;
    mj_err err;
    mj_units *units;
    mj_ring_substrate substrate;
    mj_spice_models models;
    mj_ring ring;
    mj_ring_figures figures;
    mj_ring_model model;
    mj_spice_job job;
} bench;

static mj_status load(bench *b)
{
    const char *root = getenv("TMPDIR");
    const char *file = mj_arena_printf(&b->arena, "%s/data/circuits/ring-180nm.yaml", b->root);
    const char *card = mj_arena_printf(&b->arena, "%s/data/circuits/generic-180nm.lib", b->root);
    b->units = mj_units_new();
    if (!file || !card || !b->units) {
        return MJ_EMEM;
    }
    b->job = (mj_spice_job){.root = root && root[0] ? root : NULL, .limit_s = LIMIT_S};
    MJ_TRY(mj_ring_substrate_load(&b->substrate, file, b->units, &b->arena, &b->err));
    const mj_models_request wanted = mj_ring_substrate_models(&b->substrate, card);
    MJ_TRY(mj_spice_models_load(&b->models, &wanted, &b->arena, &b->err));
    b->model = mj_ring_substrate_model(&b->substrate);
    b->ring = mj_ring_default(&b->models);
    return MJ_OK;
}

static mj_status response_print(bench *b)
{
    mj_ring_responses h;
    double residual = 0, change = 0;
    b->ring.step_s = 2e-12;
    MJ_TRY(mj_ring_measure(&b->figures, &b->ring, &b->job, &b->err));
    MJ_TRY(mj_ring_measure_response(&h, (mj_ring_probe){.n = 0}, &b->ring, &b->figures, &b->job, &b->err));
    for (int i = 0; i < h.n; i++) {
        const mj_ring_response *r = &h.response[i];
        if (r->resistance_ohm >= LINEAR_FROM_OHM) {
            residual = fmax(residual, r->residual);
            change = fmax(change, fabs(r->sin[0] / h.response[0].sin[0] - 1));
        }
    }
    figure_print("circuits.ring.residual", residual, "1", NAN, 0.02);
    figure_print("circuits.ring.sine_change", change, "1", NAN, 0.02);
    return MJ_OK;
}

/* Goals of 0: none. */
static mj_status agreement_print(bench *b, int n, double rms_goal, double largest_goal)
{
    double rms = 0, largest = 0, sources = 0, over_sine = HUGE_VAL;
    int settled = 0;
    const double span_s = TURNS / (b->substrate.conductance_max_S * fabs(b->model.response.sin[0]));
    for (int seed = 1; seed <= SEEDS; seed++) {
        mj_ring_graph graph;
        mj_ring_agreement a;
        MJ_TRY(mj_ring_graph_draw(&graph, n, false, (uint64_t)seed, &b->arena, &b->err));
        mj_ring_graph_scale(&graph, &b->ring, b->substrate.conductance_max_S);
        MJ_TRY(mj_ring_agree(&a, &graph, (uint64_t)seed, &b->ring, &b->figures, &b->model, span_s, &b->job,
                             &b->err));
        sources = fmax(sources, a.sources.rms);
        if (a.settled) {
            settled++;
            rms = fmax(rms, a.full.rms);
            largest = fmax(largest, a.full.largest);
            over_sine = fmin(over_sine, a.sine.rms / a.full.rms);
        }
    }
    const struct {
        const char *what;
        double value, lo, hi;
    } figure[] = {{"settled", (double)settled / SEEDS, NAN, NAN},
                  {"rms", settled ? rms : NAN, NAN, rms_goal},
                  {"largest", settled ? largest : NAN, NAN, largest_goal > 0 ? largest_goal : NAN},
                  {"sine_over_full", settled ? over_sine : NAN, 2, NAN},
                  {"sources", sources, NAN, 5e-3}};
    for (size_t i = 0; i < sizeof figure / sizeof figure[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "circuits.rings_%d.%s", n, figure[i].what);
        figure_print(name, figure[i].value, i == 0 || i == 3 ? "1" : "rad", figure[i].lo, figure[i].hi);
    }
    return MJ_OK;
}

static void integrate(float *theta, float *scratch, const mj_ring_net *net, const bench *b, int n_batch, int n_steps)
{
    const mj_ring_net_model model = {.substrate = &b->substrate, .n_batch = n_batch, .n_steps = n_steps};
    for (int k = 0; k < net->n * n_batch; k++) {
        theta[k] = (float)net->image->start[k / n_batch];
    }
    mj_ring_net_integrate(theta, scratch, net, 0, &model);
}

/* The fewest steps that end within 1 mrad of many. */
static int find_steps(float *theta, float *scratch, const mj_ring_net *net, const bench *b)
{
    double exact[LARGE], phase[LARGE], apart = 1;
    int n_steps = 1;
    integrate(theta, scratch, net, b, 1, STEPS_MAX);
    for (int i = 0; i < net->n; i++) {
        exact[i] = (double)theta[i];
    }
    while (apart > EXACT_RAD && n_steps < STEPS_MAX) {
        integrate(theta, scratch, net, b, 1, ++n_steps);
        for (int i = 0; i < net->n; i++) {
            phase[i] = (double)theta[i];
        }
        apart = mj_ring_net_compare(phase, exact, net).rms;
    }
    return n_steps;
}

/* The graph as a net with its couplings at node 0, both ways: seconds of one of a batch of samples. */
static mj_status time_batch(double *each_s, bench *b, const mj_ring_graph *graph, double span_s)
{
    size_t n = (size_t)graph->n;
    const double a_1 = fabs(b->substrate.response.sin[0]);
    mj_ring_coupling *coupling = mj_arena_array(&b->arena, 2 * (size_t)graph->n_edges, sizeof *coupling);
    double *zeros = mj_arena_array(&b->arena, n, sizeof *zeros);
    float *theta = mj_arena_array(&b->arena, n * BATCH, sizeof *theta);
    if (!coupling || !zeros || !theta) {
        return MJ_EMEM;
    }
    memset(zeros, 0, n * sizeof *zeros);
    for (int e = 0; e < graph->n_edges; e++) {
        const mj_ring_edge *edge = &graph->edge[e];
        double K = span_s * a_1 / edge->resistance_ohm;
        coupling[2 * e] = (mj_ring_coupling){edge->i, edge->j, K};
        coupling[2 * e + 1] = (mj_ring_coupling){edge->j, edge->i, K};
    }
    mj_ring_image image = {.omega = zeros, .drive_cos = zeros, .drive_sin = zeros, .start = graph->phase0};
    const mj_ring_net net = {.name = "batch", .n = graph->n, .width = 1, .height = 1, .span = 1,
                             .n_couplings = 2 * graph->n_edges, .n_images = 1, .coupling = coupling,
                             .image = &image};
    float *scratch = mj_arena_array(&b->arena, mj_ring_net_scratch(&net, BATCH), sizeof *scratch);
    if (!scratch) {
        return MJ_EMEM;
    }
    int n_steps = find_steps(theta, scratch, &net, b);
    double begin_s = mj_clock_busy_s();
    for (int i = 0; i < TIMED; i++) {
        integrate(theta, scratch, &net, b, BATCH, n_steps);
    }
    *each_s = (mj_clock_busy_s() - begin_s) / TIMED / BATCH;
    return MJ_OK;
}

static mj_status speed_print(bench *b)
{
    mj_ring_graph graph;
    mj_ring_agreement a;
    double each_s;
    MJ_TRY(mj_ring_graph_draw(&graph, LARGE, false, 1, &b->arena, &b->err));
    mj_ring_graph_scale(&graph, &b->ring, b->substrate.conductance_max_S);
    MJ_TRY(mj_ring_agree(&a, &graph, 1, &b->ring, &b->figures, &b->model, SPAN_64_S, &b->job, &b->err));
    MJ_TRY(time_batch(&each_s, b, &graph, SPAN_64_S));
    figure_print("circuits.rings_64.sources", a.sources.rms, "rad", NAN, 5e-3);
    figure_print("circuits.rings_64.ngspice", a.circuit_s, "s", NAN, NAN);
    figure_print("circuits.rings_64.ngspice_over_c", a.circuit_s / a.model_s, "1", 5e4, NAN);
    figure_print("circuits.rings_64.ngspice_over_batch", a.circuit_s / each_s, "1", 1e6, NAN);
    return MJ_OK;
}

/* An array of the facts' cells. */
static mj_status fill(mj_crossbar_array *array, bench *b, int side)
{
    mj_quantity q;
    const char *facts_dir = mj_arena_printf(&b->arena, "%s/data/facts", b->root);
    const char *sources = mj_arena_printf(&b->arena, "%s/data/sources.yaml", b->root);
    *array = (mj_crossbar_array){.n_rows = side, .n_columns = side, .bandwidth_Hz = 200e6, .temperature_K = 298.15,
                                 .n_inputs = 1, .seed = 1};
    const struct {
        double *to;
        const char *key, *unit;
    } row[] = {{&array->on_S, "crossbar.on", "S"},
               {&array->off_S, "crossbar.off", "S"},
               {&array->wire_ohm, "crossbar.wire", "ohm"},
               {&array->wire_F, "crossbar.wire.capacitance", "F"},
               {&array->programming, "crossbar.programming", "1"},
               {&array->read_V, "crossbar.read", "V"}};
    mj_facts *facts = facts_dir && sources ? mj_facts_new(&facts_dir, 1, sources, b->units) : NULL;
    mj_status status = facts ? MJ_OK : MJ_EMEM;
    for (size_t i = 0; status == MJ_OK && i < sizeof row / sizeof row[0]; i++) {
        status = mj_facts_quantity(&q, facts, row[i].key, row[i].unit, 0, &b->err);
        *row[i].to = status == MJ_OK ? q.typ : 0;
    }
    mj_facts_free(facts);
    return status;
}

/* One array and one input: by ngspice at 32, by our solver alone above. */
static mj_status crossbar_print(bench *b, int side)
{
    mj_crossbar_array array;
    size_t n = (size_t)side;
    double *plus = mj_arena_array(&b->arena, n * n, sizeof *plus);
    double *minus = mj_arena_array(&b->arena, n * n, sizeof *minus);
    double *input_V = mj_arena_array(&b->arena, n, sizeof *input_V);
    double *out_A = mj_arena_array(&b->arena, n, sizeof *out_A);
    if (!plus || !minus || !input_V || !out_A) {
        return MJ_EMEM;
    }
    MJ_TRY(fill(&array, b, side));
    mj_crossbar_array_fill(plus, minus, input_V, &array);
    const mj_crossbar crossbar = {side, side, plus, array.wire_ohm};
    if (side > MJ_CROSSBAR_DECK_SIDE_MAX) {
        double begin_s = mj_clock_busy_s();
        MJ_TRY(mj_crossbar_solve(out_A, NULL, &crossbar, input_V, &b->err));
        figure_print("circuits.crossbar_256.solver", mj_clock_busy_s() - begin_s, "s", NAN, 2);
        return MJ_OK;
    }
    mj_crossbar_figures figures;
    mj_crossbar_agreement agreement;
    array.n_inputs = 16;
    MJ_TRY(mj_crossbar_array_measure(&figures, &array, &b->err));
    MJ_TRY(mj_crossbar_compare(&agreement, &crossbar, input_V, &b->job, &b->err));
    figure_print("circuits.crossbar_32.wires", figures.wires, "1", NAN, 0.005);
    figure_print("circuits.crossbar_32.currents", agreement.deviation, "1", NAN, 1e-4);
    figure_print("circuits.crossbar_32.power", agreement.power, "1", NAN, 1e-4);
    return MJ_OK;
}

static mj_status run(bench *b)
{
    MJ_TRY(load(b));
    MJ_TRY(crossbar_print(b, MJ_CROSSBAR_DECK_SIDE_MAX));
    MJ_TRY(crossbar_print(b, 256));
    MJ_TRY(response_print(b));
    b->ring.step_s = STEP_S;
    MJ_TRY(mj_ring_substrate_apply(&b->ring, &b->figures, &b->substrate, &b->job, &b->err));
    MJ_TRY(speed_print(b));
    MJ_TRY(agreement_print(b, 8, 0.05, 0.1));
    return agreement_print(b, 16, 0.08, 0);
}

int main(int argc, char **argv)
{
    static bench b;
    b.root = argc > 1 ? argv[1] : ".";
    setvbuf(stdout, NULL, _IOLBF, 0); /* minutes lie between figures */
    mj_arena_init(&b.arena, 0);
    mj_status status = run(&b);
    if (status != MJ_OK) {
        fprintf(stderr, "error: %s\n", b.err.n > 0 ? b.err.diag[0].text : "out of memory");
    }
    mj_units_free(b.units);
    mj_arena_fini(&b.arena);
    return status == MJ_OK ? 0 : 4;
}
