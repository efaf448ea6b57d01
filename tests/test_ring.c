/* Rings: the phase model against closed forms and against ngspice, the cell against what symmetry and
 * charge say, files against what is in them. The coupling function and a network of eight rings take most
 * of the time, some half a minute of ngspice. */
#include "assert_rel.h"
#include "here.h"

#include "mj/fact.h"
#include "mj/ring_file.h"
#include "mj/ring_flicker.h"
#include "mj/ring_phase.h"
#include "mj/ring_spread.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CARD "data/circuits/generic-180nm.lib"
#define MEASURED "data/circuits/ring-180nm.yaml"

static const double PI = 3.14159265358979323846;
static const double EIGHT_SPAN_S = 450e-9; /* long enough to settle */
enum { EIGHT_SEED = 3 };

static int set_up(void **state)
{
    mj_arena *arena = malloc(sizeof *arena);
    mj_arena_init(arena, 0);
    *state = arena;
    return 0;
}

static int tear_down(void **state)
{
    mj_arena_fini(*state);
    free(*state);
    return 0;
}

static mj_ring load_ring(mj_spice_models *models, mj_arena *arena)
{
    mj_err err = {0};
    const mj_models_request request = {.path = CARD};
    assert_int_equal(mj_spice_models_load(models, &request, arena, &err), MJ_OK);
    return mj_ring_default(models);
}

/* Two oscillators and a sine: they lock where the sines balance their difference in frequency. */
static void test_two_lock(void **state)
{
    (void)state;
    mj_ring_edge edge = {.i = 0, .j = 1, .resistance_ohm = 1e5};
    double offset_V[] = {2e-3, 0}, phase0[] = {0.3, 2}, phase[2], scratch[12];
    const mj_ring_graph graph = {.n = 2, .n_edges = 1, .edge = &edge, .offset_V = offset_V,
                                 .phase0 = phase0};
    mj_ring_model model = {.n_stages = 5, .period_s = 600e-12, .detuning_pV = 1.1,
                           .response = {.sin = {5e12}}};
    double detuning = 2 * PI / 600e-12 * 1.1 * 2e-3;
    mj_ring_phase_run(phase, scratch, &graph, &model, 1e-6, 2000);
    assert_rel(sin(phase[0] - phase[1]), detuning / (2 * 5e7), 1e-9);
    assert_rel(phase[0] + phase[1], 2.3 + detuning * 1e-6, 1e-9);

    /* Directed: ring 1 feels nothing; a tap turns the lock by its own angle. */
    mj_ring_graph directed = graph;
    directed.directed = true;
    edge.tap = 1;
    mj_ring_phase_run(phase, scratch, &directed, &model, 1e-6, 2000);
    assert_rel(phase[1], 2, 1e-12);
    assert_rel(sin(phase[0] - phase[1] - 0.8 * PI), detuning / 5e7, 1e-9);

    /* A cosine and a constant shift the frequency of both, by as much for either sign. */
    model.response = (mj_ring_response){.constant = 2e12, .sin = {5e12}, .cos = {0, 1e12}};
    offset_V[0] = 0;
    edge.tap = 0;
    mj_ring_phase_run(phase, scratch, &graph, &model, 1e-6, 2000);
    assert_true(fabs(phase[0] - phase[1]) < 1e-9);
    assert_rel((phase[0] + phase[1] - 2.3) / 2, 3e12 / 1e5 * 1e-6, 0.1);
}

/* Order 4: halving the step of a rough run takes 16 times off its error. */
static void test_order_of_the_integrator(void **state)
{
    mj_ring_graph graph;
    mj_err err = {0};
    double fine[9], rough[9], rougher[9], scratch[54], e1 = 0, e2 = 0;
    const mj_ring_model model = {.n_stages = 5, .period_s = 608e-12, .detuning_pV = 1.09,
                                 .response = {.constant = 1.2e12, .sin = {4.8e12, 0, 0.7e12},
                                              .cos = {-0.9e12, 0, -0.2e12}}};
    assert_int_equal(mj_ring_graph_draw(&graph, 9, false, 5, *state, &err), MJ_OK);
    mj_ring_phase_run(fine, scratch, &graph, &model, 40e-9, 4000);
    mj_ring_phase_run(rough, scratch, &graph, &model, 40e-9, 40);
    mj_ring_phase_run(rougher, scratch, &graph, &model, 40e-9, 20);
    for (int i = 0; i < 9; i++) {
        e1 = fmax(e1, fabs(rough[i] - fine[i]));
        e2 = fmax(e2, fabs(rougher[i] - fine[i]));
    }
    if (!(e2 / e1 > 11 && e2 / e1 < 25)) {
        fail_msg("a ratio of %g", e2 / e1);
    }
}

static void test_graphs(void **state)
{
    mj_spice_models models;
    const mj_ring ring = load_ring(&models, *state);
    mj_err err = {0};
    mj_ring_graph graph, again;
    for (int n = 2; n <= 40; n++) {
        assert_int_equal(mj_ring_graph_draw(&graph, n, false, 7, *state, &err), MJ_OK);
        assert_int_equal(mj_ring_graph_draw(&again, n, false, 7, *state, &err), MJ_OK);
        assert_true(graph.n_edges >= (n > 2 ? n : 1) && graph.n_edges <= 2 * n);
        for (int e = 0; e < graph.n_edges; e++) {
            const mj_ring_edge *a = &graph.edge[e];
            assert_true(a->i != a->j && a->resistance_ohm >= 40e3 && a->resistance_ohm < 120e3);
            assert_memory_equal(&a->resistance_ohm, &again.edge[e].resistance_ohm, sizeof(double));
        }
        double before_S = mj_ring_graph_conductance(&graph, &ring);
        assert_true(before_S >= 1 / 120e3);
        mj_ring_graph_scale(&graph, &ring, 20e-6);
        assert_rel(mj_ring_graph_conductance(&graph, &ring), 20e-6, 1e-12);
        assert_rel(graph.offset_V[0] / again.offset_V[0], 20e-6 / before_S, 1e-12);
    }
    /* A common turn is no error; one ring off by 0.1 of four is. */
    const double model[] = {0, 1, 2, 3}, turned[] = {0.5, 1.5, 2.5, 3.5 - 2 * PI},
                 off[] = {0.5, 1.5, 2.6, 3.5};
    assert_true(mj_ring_compare(model, turned, 4).rms < 1e-12);
    assert_rel(mj_ring_compare(model, off, 4).rms, 0.1 * sqrt(3) / 4, 1e-2);
    assert_rel(mj_ring_compare(model, off, 4).largest, 0.075, 1e-2);
}

/* Taps of five stages: 0, 4, 8 = -2, 2, 6 = -4 tenths of a turn. */
static void test_taps_and_limits(void **state)
{
    mj_spice_models models;
    mj_ring ring = load_ring(&models, *state);
    static const double tenth[] = {0, 4, -2, 2, -4};
    for (int k = 0; k < 5; k++) {
        assert_true(fabs(mj_ring_tap(&ring, k) - tenth[k] * PI / 5) < 1e-12);
    }
    mj_err err = {0};
    ring.n_stages = 4;
    assert_int_equal(mj_ring_check(&ring, &err), MJ_ERANGE);
}

/* Node k is node 0 moved by its tap; a node swings fully, so that the energy is that of its charges
 * and more; the frequency rises with the supply. */
static void test_one_ring(void **state)
{
    skip_without("ngspice");
    mj_spice_models models;
    const mj_ring ring = load_ring(&models, *state);
    mj_ring_figures f;
    mj_err err = {0};
    mj_spice_job job = {.limit_s = 300};
    assert_int_equal(mj_ring_measure(&f, &ring, &job, &err), MJ_OK);
    for (int s = 0; s < 5; s++) {
        double error = 0;
        for (int k = 0; k < MJ_RING_PHASES; k++) {
            double at = k + mj_ring_tap(&ring, s) / (2 * PI) * MJ_RING_PHASES;
            int i = (int)floor(at + MJ_RING_PHASES);
            double share = at + MJ_RING_PHASES - i;
            double want = (1 - share) * f.wave_V[0][i % MJ_RING_PHASES] +
                          share * f.wave_V[0][(i + 1) % MJ_RING_PHASES];
            error = fmax(error, fabs(f.wave_V[s][k] - want));
        }
        /* An edge of 1.8 V in 100 ps, sampled every 5 ps: 40 mV is 2 ps. */
        assert_true(error < 0.04);
        assert_true(fabs(f.wave_V[s][0] - 0.9) < 0.9 + 0.3);
    }
    assert_true(f.energy_J > 5 * ring.load_F * 1.8 * 1.8);
    assert_true(f.energy_J < 30 * ring.load_F * 1.8 * 1.8);
    assert_rel(f.power_W, f.energy_J / f.period_s, 1e-12);
    assert_true(f.leak_W > 0 && f.leak_W < 1e-3 * f.power_W);
    assert_true(f.detuning_pV > 0.3 && f.detuning_pV < 3);
}

/* A supply too low to oscillate is said so. */
static void test_a_ring_that_stands(void **state)
{
    skip_without("ngspice");
    mj_spice_models models;
    mj_ring ring = load_ring(&models, *state);
    mj_ring_figures f;
    mj_err err = {0};
    char root[] = "/tmp/mj-test-XXXXXX", command[64], deck[128];
    assert_non_null(mkdtemp(root));
    const mj_spice_job job = {.root = root, .limit_s = 300};
    ring.vdd_V = 0.2;
    assert_int_equal(mj_ring_measure_period(&f, &ring, &job, &err), MJ_ERANGE);
    assert_non_null(strstr(err.diag[0].text, "does not oscillate"));
    const char *at = strstr(err.diag[1].text, root);
    assert_true(err.n == 2 && at);
    snprintf(deck, sizeof deck, "%s/in.cir", at);
    assert_int_equal(access(deck, R_OK), 0); /* ngspice went well, and still its deck is here */
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
}

/* Mismatch and flicker noise of transistors in wrappers, whose thresholds nobody can change, would be 0. */
static void test_wrapped_transistors_have_no_mismatch(void **state)
{
    mj_spice_models models;
    mj_ring ring = load_ring(&models, *state);
    mj_ring_mismatch mismatch;
    mj_ring_flicker flicker;
    const mj_ring_figures figures = {.period_s = 6e-10};
    const mj_spice_job job = {.program = "/no/such/ngspice"};
    mj_err err = {0};
    models.is_subcircuit = true;
    assert_int_equal(mj_ring_measure_mismatch(&mismatch, 4, 1, &ring, (mj_ring_watch){NULL, NULL}, &job, &err),
                     MJ_ESUPPORT);
    assert_int_equal(mj_ring_measure_flicker(&flicker, &ring, &figures, &job, &err), MJ_ESUPPORT);
    assert_non_null(strstr(err.diag[0].text, "are subcircuits"));
}

/* The model as controlled sources: ngspice integrates it to within 5 mrad of us. */
static void test_controlled_sources(void **state)
{
    skip_without("ngspice");
    mj_units *units = mj_units_new();
    mj_ring_substrate substrate;
    mj_err err = {0};
    mj_ring_graph graph;
    mj_deck deck;
    mj_raw raw;
    enum { N = 12 };
    double phase[N], scratch[6 * N], end[N];
    const double span_s = 30e-9;
    const mj_spice_job job = {.limit_s = 300};
    assert_int_equal(mj_ring_substrate_load(&substrate, MEASURED, units, *state, &err), MJ_OK);
    const mj_ring_model model = mj_ring_substrate_model(&substrate);
    for (int directed = 0; directed < 2; directed++) {
        assert_int_equal(mj_ring_graph_draw(&graph, N, directed, 3, *state, &err), MJ_OK);
        mj_ring_phase_run(phase, scratch, &graph, &model, span_s, 60);
        assert_int_equal(mj_ring_phase_deck(&deck, &graph, &model, span_s, &err), MJ_OK);
        assert_int_equal(mj_spice_run(&raw, &deck, &job, *state, &err), MJ_OK);
        mj_deck_close(&deck);
        for (int i = 0; i < N; i++) {
            char name[16];
            mj_waveform wave;
            snprintf(name, sizeof name, "v(p%d)", i);
            assert_int_equal(mj_raw_find(&wave, &raw, name, &err), MJ_OK);
            end[i] = mj_waveform_at(&wave, span_s);
            assert_true(fabs(end[i] - phase[i]) < 0.02);
        }
        assert_true(mj_ring_compare(phase, end, N).rms < 5e-3);
    }
    mj_units_free(units);
}

/* Two rings of transistors settle where the measured coupling says. */
static void test_two_rings_agree(void **state)
{
    skip_without("ngspice");
    mj_units *units = mj_units_new();
    mj_spice_models models;
    const mj_ring ring = load_ring(&models, *state);
    mj_ring_substrate substrate;
    mj_ring_figures figures;
    mj_ring_agreement agreement;
    mj_err err = {0};
    mj_ring_edge edge = {.i = 0, .j = 1, .tap = 1, .resistance_ohm = 50e3};
    double offset_V[] = {3e-3, -2e-3}, phase0[] = {0, 2.5};
    const mj_ring_graph graph = {.n = 2, .n_edges = 1, .edge = &edge, .offset_V = offset_V,
                                 .phase0 = phase0};
    const mj_spice_job job = {.limit_s = 300};
    assert_int_equal(mj_ring_substrate_load(&substrate, MEASURED, units, *state, &err), MJ_OK);
    const mj_ring_model model = mj_ring_substrate_model(&substrate);
    assert_int_equal(mj_ring_measure_period(&figures, &ring, &job, &err), MJ_OK);
    /* The file is of this ring. */
    assert_rel(figures.period_s, substrate.period_s, 2e-3);
    assert_rel(figures.energy_J, substrate.energy_J, 1e-2);
    assert_int_equal(mj_ring_agree(&agreement, &graph, 1, &ring, &figures, &model, 60e-9, &job, &err),
                     MJ_OK);
    assert_true(agreement.settled);
    assert_true(agreement.full.largest < 0.05); /* the goal for eight rings, rms */
    mj_units_free(units);
}

/* What is saved is read back, and facts are facts. */
static void test_files(void **state)
{
    char path[] = "/tmp/mj-test-XXXXXX";
    mj_units *units = mj_units_new();
    mj_err err = {0};
    mj_ring_substrate s, back;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(mj_ring_substrate_load(&s, MEASURED, units, *state, &err), MJ_OK);
    s.card = "a \"card\" \\ of mine";
    assert_int_equal(mj_ring_substrate_save(path, &s, &err), MJ_OK);
    assert_int_equal(mj_ring_substrate_load(&back, path, units, *state, &err), MJ_OK);
    assert_string_equal(back.card, s.card);
    assert_rel(back.period_s, s.period_s, 1e-5);
    assert_rel(back.response.sin[2], s.response.sin[2], 1e-5);
    assert_rel(back.response.cos[0], s.response.cos[0], 1e-5);
    assert_rel(back.unit_s * s.response.sin[0], back.coupling_resistance_ohm, 1e-4);
    /* The ring itself, in full: another load, widths, step and names of devices. */
    s.nmos = "nch";
    s.pmos = "pch";
    s.load_F = 20e-15;
    s.width_n_m = 3e-6;
    s.width_p_m = 7e-6;
    s.length_m = 0.35e-6;
    s.step_s = 3e-12;
    s.corner = "none";
    assert_int_equal(mj_ring_substrate_save(path, &s, &err), MJ_OK);
    assert_int_equal(mj_ring_substrate_load(&back, path, units, *state, &err), MJ_OK);
    assert_rel(back.load_F, 20e-15, 1e-6);
    assert_rel(back.width_n_m, 3e-6, 1e-6);
    assert_rel(back.width_p_m, 7e-6, 1e-6);
    assert_rel(back.length_m, 0.35e-6, 1e-6);
    assert_rel(back.step_s, 3e-12, 1e-6);
    const mj_models_request models = mj_ring_substrate_models(&back, "my.lib");
    assert_string_equal(models.nmos, "nch");
    assert_string_equal(models.pmos, "pch");
    assert_null(models.corner);
    /* A card is a file beside ours, not a path to anywhere. */
    s.card = "../../../../etc/passwd";
    assert_int_equal(mj_ring_substrate_save(path, &s, &err), MJ_OK);
    err.n = 0;
    assert_int_equal(mj_ring_substrate_load(&back, path, units, *state, &err), MJ_ERANGE);
    assert_non_null(strstr(err.diag[0].text, "no path"));
    FILE *out = fopen(path, "w");
    fputs("mj: 1\nphase_substrate: x\nstages: 4\n", out);
    fclose(out);
    assert_int_not_equal(mj_ring_substrate_load(&back, path, units, *state, &err), MJ_OK);
    assert_true(err.n > 1);
    unlink(path);
    mj_units_free(units);
}

/* Corners make intervals, and what differs from ring to ring stands beside. */
static void test_facts_are_facts(void **state)
{
    char folder[] = "/tmp/mj-ring-XXXXXX", path[64];
    mj_units *units = mj_units_new();
    mj_err err = {0};
    mj_ring_substrate s;
    mj_quantity q;
    mj_ring_condition condition[MJ_RING_CONDITIONS];
    static const char *const corner[] = {"tt", "ff", "ss"};
    const mj_ring_mismatch mismatch = {.period_share = 0.0054, .energy_share = 1.6e-4};
    const mj_ring_spread spread = {condition, &mismatch};
    for (int i = 0; i < MJ_RING_CONDITIONS; i++) {
        condition[i] = (mj_ring_condition){corner[i / 9], 1.62 + 0.18 * (i % 3), 25, (400 + i) * 1e-12,
                                           (700 - i) * 1e-15};
    }
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/facts.yaml", folder);
    assert_int_equal(mj_ring_substrate_load(&s, MEASURED, units, *state, &err), MJ_OK);
    s.period_s = 404e-12;
    s.energy_J = 696e-15;
    assert_int_equal(mj_ring_facts_save(path, &s, &spread, &err), MJ_OK);
    const char *dirs[] = {"data/facts", folder};
    mj_facts *facts = mj_facts_new(dirs, 2, "data/sources.yaml", units);
    assert_int_equal(mj_facts_quantity(&q, facts, "circuit-ring.period", "s", 0, &err), MJ_OK);
    assert_rel(q.lo, 400e-12, 1e-3);
    assert_rel(q.typ, 404e-12, 1e-3);
    assert_rel(q.hi, 426e-12, 1e-3);
    assert_int_equal(mj_facts_quantity(&q, facts, "circuit-ring.cycle.ss", "J/cycle", 0, &err), MJ_OK);
    assert_rel(q.typ, (700 - 22) * 1e-15, 1e-3);
    assert_int_equal(mj_facts_quantity(&q, facts, "circuit-ring.mismatch", "1", 0, &err), MJ_OK);
    assert_rel(q.typ, 0.0054, 1e-3);
    mj_facts_free(facts);
    unlink(path);
    rmdir(folder);
    mj_units_free(units);
}

/* A ring that does not turn has no phase noise, and is no reason to read before its first crossing. */
static void test_noise_of_a_ring_that_stands(void **state)
{
    skip_without("ngspice");
    mj_spice_models models;
    mj_ring ring = load_ring(&models, *state);
    mj_ring_figures figures = {.period_s = 600e-12};
    mj_ring_noise noise;
    mj_err err = {0};
    mj_spice_job job = {.limit_s = 300};
    ring.vdd_V = 0.2;
    ring.step_s = 20e-12;
    assert_int_equal(mj_ring_measure_noise(&noise, &ring, &figures, &job, &err), MJ_ERANGE);
    assert_non_null(strstr(err.diag[0].text, "stopped"));
}

/* The goals of the coupling function: four harmonics leave less than 2 % of it, and it is linear in 1/R: the
 * sine's coefficient at 100 kohm is that at 400 kohm within 2 %. */
static void test_coupling_function(void **state)
{
    skip_without("ngspice");
    mj_spice_models models;
    const mj_ring ring = load_ring(&models, *state);
    const mj_ring_probe probe = {.resistance_ohm = {400e3, 100e3}, .n = 2};
    mj_ring_figures figures;
    mj_ring_responses h;
    mj_err err = {0};
    mj_spice_job job = {.limit_s = 300};
    assert_int_equal(mj_ring_measure(&figures, &ring, &job, &err), MJ_OK);
    assert_int_equal(mj_ring_measure_response(&h, probe, &ring, &figures, &job, &err), MJ_OK);
    assert_true(h.response[0].residual < 0.02 && h.response[1].residual < 0.02);
    assert_rel(h.response[1].sin[0], h.response[0].sin[0], 0.02);
    assert_rel(h.conductance_max_S, 1e-5, 1e-12);
}

/* The goals of networks: eight rings settle within 0.05 rad rms and 0.1 of the phase model, and the model with
 * its sine alone is at least twice as far off; as controlled sources within 5 mrad. */
static void test_eight_rings_agree(void **state)
{
    skip_without("ngspice");
    mj_units *units = mj_units_new();
    mj_spice_models models;
    const mj_ring ring = load_ring(&models, *state);
    mj_ring_substrate substrate;
    mj_ring_figures figures;
    mj_ring_agreement a;
    mj_ring_graph graph;
    mj_err err = {0};
    const mj_spice_job job = {.limit_s = 500};
    assert_int_equal(mj_ring_substrate_load(&substrate, MEASURED, units, *state, &err), MJ_OK);
    const mj_ring_model model = mj_ring_substrate_model(&substrate);
    assert_int_equal(mj_ring_measure_period(&figures, &ring, &job, &err), MJ_OK);
    assert_int_equal(mj_ring_graph_draw(&graph, 8, false, EIGHT_SEED, *state, &err), MJ_OK);
    mj_ring_graph_scale(&graph, &ring, substrate.conductance_max_S);
    assert_int_equal(mj_ring_agree(&a, &graph, EIGHT_SEED, &ring, &figures, &model, EIGHT_SPAN_S, &job, &err),
                     MJ_OK);
    assert_true(a.settled);
    assert_true(a.full.rms < 0.05 && a.full.largest < 0.1);
    assert_true(a.sine.rms > 2 * a.full.rms);
    assert_true(a.sources.rms < 5e-3);
    /* Slower than our C by far: the goal at 64 rings is 5e4. */
    assert_true(a.circuit_s > 1e3 * a.model_s);
    mj_units_free(units);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_lock),
        cmocka_unit_test_setup_teardown(test_order_of_the_integrator, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_graphs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_taps_and_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_ring, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_ring_that_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrapped_transistors_have_no_mismatch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_controlled_sources, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_rings_agree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_facts_are_facts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_noise_of_a_ring_that_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_coupling_function, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_eight_rings_agree, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
