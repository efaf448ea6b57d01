/* Nets on rings: the phase model against closed forms and against the model of random graphs, which was
 * written apart from it; where a net lies on a substrate; files; and on transistors, that the
 * shipped split ring is the one that ngspice makes and that two of them do what the phase model says. */
#include "assert_rel.h"
#include "here.h"

#include "mj/ring_net.h"
#include "mj/ring_phase.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CARD "data/circuits/generic-180nm.lib"
#define SPLIT "data/circuits/ring-180nm-split.yaml"

static const double PI = 3.14159265358979323846;

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

static mj_ring_substrate a_sine(void)
{
    return (mj_ring_substrate){.n_stages = 5, .period_s = 600e-12, .detuning_pV = 1.1, .unit_s = 42e-9,
                               .coupling_resistance_ohm = 200e3, .response = {.sin = {5e12}}};
}

/* A net of two with one image, on the caller's arrays. */
typedef struct {
    double omega[2], drive_cos[2], drive_sin[2], start[2];
    mj_ring_coupling coupling[1];
    mj_ring_image image;
    mj_ring_net net;
} pair;

static void make_pair(pair *p, double coupling)
{
    *p = (pair){.start = {0, 1.5}, .coupling = {{1, 0, coupling}}};
    p->image = (mj_ring_image){.omega = p->omega, .drive_cos = p->drive_cos, .drive_sin = p->drive_sin,
                               .start = p->start};
    p->net = (mj_ring_net){.name = "two", .n = 2, .width = 1, .height = 1, .span = 2, .n_couplings = 1,
                           .n_images = 1, .coupling = p->coupling, .image = &p->image, .strongest = fabs(coupling)};
}

static void integrate(double phase[2], const pair *p, const mj_ring_substrate *s, mj_arena *arena)
{
    const mj_ring_net_model model = {.substrate = s, .n_batch = 3, .n_steps = 60};
    float *scratch = mj_arena_array(arena, mj_ring_net_scratch(&p->net, 3), sizeof *scratch);
    float theta[6];
    assert_non_null(scratch);
    for (int k = 0; k < 6; k++) {
        theta[k] = (float)p->start[k / 3];
    }
    mj_ring_net_integrate(theta, scratch, &p->net, 0, &model);
    for (int i = 0; i < 2; i++) {
        assert_true(theta[3 * i] == theta[3 * i + 1] && theta[3 * i] == theta[3 * i + 2]);
        phase[i] = (double)theta[3 * i];
    }
}

/* dx/dt = -K sin x has tan(x/2) = tan(x0/2) exp(-K t); a negative coupling, the other sign; a drive
 * (B, A) = (M cos p, M sin p) pulls to p in the same way. float: 1e-5. */
static void test_closed_forms(void **state)
{
    pair p;
    double phase[2];
    const mj_ring_substrate s = a_sine();
    for (int sign = -1; sign <= 1; sign += 2) {
        make_pair(&p, sign * 0.8);
        integrate(phase, &p, &s, *state);
        assert_true(fabs(phase[0]) < 1e-6);
        assert_rel(tan(phase[1] / 2), tan(0.75) * exp(-0.8 * sign * 2), 1e-5);
    }
    make_pair(&p, 1e-8);
    p.drive_sin[1] = 0.8 * cos(0.4);
    p.drive_cos[1] = 0.8 * sin(0.4);
    p.omega[0] = 0.3;
    integrate(phase, &p, &s, *state);
    assert_rel(tan((phase[1] - 0.4) / 2), tan(0.55) * exp(-1.6), 1e-5);
    assert_rel(phase[0], 0.6, 1e-5);
}

/* All harmonics, against mj_ring_phase_run on the same couplings in ohms and seconds. */
static void test_against_graphs(void **state)
{
    enum { N = 7 };
    mj_ring_substrate s = a_sine();
    s.response = (mj_ring_response){.sin = {4.8e12, 0.1e12, 0.7e12, 0.02e12},
                                    .cos = {-0.9e12, 0.05e12, -0.2e12, 0.01e12}};
    mj_ring_graph graph;
    mj_err err = {0};
    double phase[N], scratch[6 * N], zeros[N] = {0}, start[N], got[N];
    assert_int_equal(mj_ring_graph_draw(&graph, N, true, 4, *state, &err), MJ_OK);
    mj_ring_coupling coupling[2 * N];
    const double unit_s = 30e-9;
    for (int e = 0; e < graph.n_edges; e++) {
        mj_ring_edge *edge = &graph.edge[e];
        edge->tap = 0;
        coupling[e] = (mj_ring_coupling){edge->i, edge->j, unit_s * 4.8e12 / edge->resistance_ohm};
    }
    for (int i = 0; i < N; i++) {
        graph.offset_V[i] = 0;
        start[i] = graph.phase0[i];
    }
    mj_ring_image image = {.omega = zeros, .drive_cos = zeros, .drive_sin = zeros, .start = start};
    const mj_ring_net net = {.name = "g", .n = N, .width = 1, .height = 1, .span = 1.5,
                             .n_couplings = graph.n_edges, .n_images = 1, .coupling = coupling,
                             .image = &image};
    const mj_ring_model rings = mj_ring_substrate_model(&s);
    mj_ring_phase_run(phase, scratch, &graph, &rings, 1.5 * unit_s, 600);
    float theta[N], *room = mj_arena_array(*state, mj_ring_net_scratch(&net, 1), sizeof *room);
    for (int i = 0; i < N; i++) {
        theta[i] = (float)start[i];
    }
    mj_ring_net_integrate(theta, room, &net, 0,
                          &(mj_ring_net_model){.substrate = &s, .n_batch = 1, .n_steps = 300});
    for (int i = 0; i < N; i++) {
        got[i] = (double)theta[i];
    }
    assert_true(mj_ring_net_compare(got, phase, &net).largest < 1e-4);
}

/* The strongest node carries the limit: ohms and seconds follow, noise and detuning with them. */
static void test_mapping(void **state)
{
    (void)state;
    mj_ring_substrate s = a_sine();
    s.conductance_max_S = 40e-6;
    s.diffusion_sq = 900;
    s.mismatch = 0.01;
    s.trim_bits = 8;
    const mj_ring_mapping m = mj_ring_map(&s, 5);
    assert_rel(m.coupling_ohm, 5 / 40e-6, 1e-12);
    assert_rel(m.unit_s, m.coupling_ohm / 5e12, 1e-12);
    assert_rel(m.noise, 30 * sqrt(m.unit_s), 1e-12);
    /* A step of 6 deviations / 256, evenly spread. */
    assert_rel(m.detuning, 2 * PI / 600e-12 * 0.06 / 256 / sqrt(12) * m.unit_s, 1e-12);
    pair p;
    make_pair(&p, -0.7);
    p.drive_cos[1] = -0.2;
    p.drive_sin[0] = 3;
    assert_rel(mj_ring_net_strongest(&p.net), 3, 1e-12);
    mj_err err = {0};
    assert_int_equal(mj_ring_net_check(&p.net, &err), MJ_ERANGE);
    p.net.strongest = 3;
    assert_int_equal(mj_ring_net_check(&p.net, &err), MJ_OK);
}

/* Siemens at ring i's node in a deck, from its resistors. */
static double sum_S(const char *deck, int i)
{
    char node[16];
    double sum = 0;
    snprintf(node, sizeof node, "n%d_", i);
    for (const char *line = deck; line; line = strchr(line, '\n')) {
        char name[32], from[32], to[32];
        double ohm;
        line += *line == '\n';
        if (sscanf(line, "r%31s %31s %31s %lf", name, from, to, &ohm) == 4 && (name[0] == 'c' || name[0] == 'i') &&
            strncmp(to, node, strlen(node)) == 0) {
            sum += 1 / ohm;
        }
    }
    return sum;
}

/* One of two images carries what is strongest: the other one's resistors stand for the same unit of time,
 * also in a folder without the first. What a node has in siemens is told, though its paths be the weak ones. */
static void test_decks(void **state)
{
    mj_units *units = mj_units_new();
    mj_err err = {0};
    mj_ring_substrate s;
    mj_spice_models models;
    static mj_ring_figures figures;
    const mj_models_request request = {.path = CARD};
    assert_int_equal(mj_ring_substrate_load(&s, SPLIT, units, *state, &err), MJ_OK);
    assert_int_equal(mj_spice_models_load(&models, &request, *state, &err), MJ_OK);
    mj_ring ring = mj_ring_default(&models);
    ring.split_F = s.split_F;
    ring.listen = s.listen;
    ring.swapped = s.swapped;
    figures.period_s = s.period_s;
    figures.detuning_pV = s.detuning_pV;
    pair p;
    make_pair(&p, -1.5);
    double strong_cos[2] = {0, 2}, strong_sin[2] = {0, 0};
    mj_ring_image both[] = {p.image, p.image};
    both[1].drive_cos = strong_cos;
    both[1].drive_sin = strong_sin;
    p.net.strongest = 3.5;
    const double a_1 = fabs(s.response.sin[0]), unit_s = 3.5 / s.conductance_max_S / a_1;
    const double coupled_S = 1.5 / unit_s / fabs(s.opposite.sin[0]);
    for (int n = 1; n <= 2; n++) {
        mj_deck deck;
        p.net.n_images = n;
        p.net.image = both;
        assert_int_equal(mj_ring_net_check(&p.net, &err), MJ_OK);
        assert_int_equal(mj_ring_net_deck(&deck, &p.net, 0, &ring, &figures, &s, &err), MJ_OK);
        assert_int_equal(mj_deck_finish(&deck, &err), MJ_OK);
        assert_rel(sum_S(deck.text, 1), coupled_S, 1e-8);
        mj_deck_close(&deck);
    }
    mj_deck deck;
    assert_int_equal(mj_ring_net_deck(&deck, &p.net, 1, &ring, &figures, &s, &err), MJ_OK);
    assert_int_equal(mj_deck_finish(&deck, &err), MJ_OK);
    assert_rel(mj_ring_net_conductance(&p.net, &s), sum_S(deck.text, 1), 1e-8);
    /* The sine's amplitude is 0.8 of an output's: the node has more siemens than the limit of outputs. */
    assert_true(sum_S(deck.text, 1) > 1.05 * s.conductance_max_S);
    mj_deck_close(&deck);
    mj_units_free(units);
}

static void test_files(void **state)
{
    char folder[] = "/tmp/mj-test-XXXXXX", path[64];
    pair p;
    mj_err err = {0};
    mj_ring_net back;
    assert_non_null(mkdtemp(folder));
    make_pair(&p, -0.7);
    p.start[1] = 1.0 / 3;
    assert_int_equal(mj_ring_net_save(&p.net, folder, &err), MJ_OK);
    assert_int_equal(mj_ring_net_load(&back, folder, *state, &err), MJ_OK);
    assert_true(back.n == 2 && back.n_couplings == 1 && back.n_images == 1 && back.strongest == 0.7);
    assert_true(back.coupling[0].value == -0.7 && back.image[0].start[1] == 1.0 / 3);
    snprintf(path, sizeof path, "%s/net.json", folder);
    static const char *const wrong[] = {
        "{\"schema\": 2, \"kind\": \"verilog\", \"name\": \"x\"}",
        "{\"schema\": 2, \"kind\": \"ring-net\", \"name\": \"x\", \"oscillators\": 2, \"width\": 1, \"height\": 1, "
        "\"span\": 1, \"strongest\": 9, \"couplings\": [[0, 2, 1]], \"images\": [{\"label\": 0, \"omega\": [0, 0], "
        "\"drive_cos\": [0, 0], "
        "\"drive_sin\": [0, 0], \"start\": [0, 0]}]}",
        "{\"schema\": 2, \"kind\": \"ring-net\", \"name\": \"x\", \"oscillators\": 1e9, \"width\": 1}",
        "{\"schema\": 2, \"kind\": \"ring-net\", \"name\": \"x\", \"oscillators\": 2, \"width\": 1, \"height\": 1, "
        "\"span\": 1, \"strongest\": 9, \"couplings\": [], \"images\": [{\"label\": 0, \"omega\": [0]}]}",
        "{",
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        FILE *out = fopen(path, "w");
        fputs(wrong[k], out);
        fclose(out);
        assert_int_not_equal(mj_ring_net_load(&back, folder, *state, &err), MJ_OK);
    }
    unlink(path);
    rmdir(folder);
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

/* The manifest of the two files that are there. */
static void put_manifest(const char *folder)
{
    char path[64], text[256], net[MJ_SHA256_TEXT], substrate[MJ_SHA256_TEXT];
    mj_err err = {0};
    snprintf(path, sizeof path, "%s/net.json", folder);
    assert_int_equal(mj_sha256_file(net, path, &err), MJ_OK);
    snprintf(path, sizeof path, "%s/substrate.yaml", folder);
    assert_int_equal(mj_sha256_file(substrate, path, &err), MJ_OK);
    snprintf(text, sizeof text, "{\"kind\": \"spice\", \"net_sha256\": \"%s\", \"substrate_sha256\": \"%s\"}",
             net, substrate);
    put(folder, "manifest.json", text);
}

/* A folder that was not written to its end, or one file of another one, is no folder. */
static void test_manifest(void **state)
{
    char folder[] = "/tmp/mj-test-XXXXXX", command[64];
    pair p;
    mj_err err = {0};
    mj_ring_net_origin origin;
    assert_non_null(mkdtemp(folder));
    make_pair(&p, -0.7);
    assert_int_equal(mj_ring_net_save(&p.net, folder, &err), MJ_OK);
    put(folder, "substrate.yaml", "a: 1\n");
    assert_int_not_equal(mj_ring_net_origin_make(&origin, folder, "models", 5e-12, "ngspice-39", &err), MJ_OK);
    put_manifest(folder);
    assert_int_equal(mj_ring_net_origin_make(&origin, folder, "models", 5e-12, "ngspice-39", &err), MJ_OK);
    put(folder, "substrate.yaml", "a: 2\n");
    err.n = 0;
    assert_int_equal(mj_ring_net_origin_make(&origin, folder, "models", 5e-12, "ngspice-39", &err), MJ_ERANGE);
    assert_non_null(strstr(err.diag[0].text, "substrate_sha256"));
    put_manifest(folder);
    p.coupling[0].value = 0.6;
    assert_int_equal(mj_ring_net_save(&p.net, folder, &err), MJ_OK);
    assert_int_equal(mj_ring_net_origin_make(&origin, folder, "models", 5e-12, "ngspice-39", &err), MJ_ERANGE);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    (void)state;
}

/* A result is taken only where all that made it is the same, and where it can be a measurement. */
static void test_results(void **state)
{
    char folder[] = "/tmp/mj-test-XXXXXX", command[64];
    pair p;
    mj_err err = {0};
    bool found;
    mj_ring_net_origin origin, other;
    mj_ring_net_result result = {.phase = (double[]){0.25, -3}, .energy_J = 3e-9, .wall_s = 12, .busy_s = 9}, again;
    assert_non_null(mkdtemp(folder));
    make_pair(&p, -0.7);
    assert_int_equal(mj_ring_net_save(&p.net, folder, &err), MJ_OK);
    put(folder, "substrate.yaml", "a: 1\n");
    put_manifest(folder);
    assert_int_equal(mj_ring_net_origin_make(&origin, folder, "models", 5e-12, "ngspice-39", &err), MJ_OK);
    assert_int_equal(mj_ring_net_result_load(&again, &found, &origin, &p.net, 0, folder, *state, &err), MJ_OK);
    assert_false(found);
    assert_int_equal(mj_ring_net_result_save(&result, &origin, &p.net, 0, folder, &err), MJ_OK);
    assert_int_equal(mj_ring_net_result_load(&again, &found, &origin, &p.net, 0, folder, *state, &err), MJ_OK);
    assert_true(found && again.phase[1] == -3 && again.energy_J == 3e-9 && again.busy_s == 9);
    static const char *const differs[] = {"another net", "another substrate", "other models", "--step",
                                          "another ngspice"};
    for (int k = 0; k < 5; k++) {
        other = origin;
        other.net[0] ^= k == 0;
        other.substrate[0] ^= k == 1;
        other.models[0] ^= k == 2;
        other.step_s *= k == 3 ? 10 : 1;
        other.tool = k == 4 ? "ngspice-40" : origin.tool;
        err.n = 0;
        assert_int_equal(mj_ring_net_result_load(&again, &found, &other, &p.net, 0, folder, *state, &err),
                         MJ_ERANGE);
        assert_non_null(strstr(err.diag[0].text, differs[k]));
        assert_non_null(strstr(err.diag[0].file, "image-00.json"));
    }
    const mj_ring_net_result wrong[] = {
        {.phase = result.phase, .energy_J = -3, .wall_s = 12, .busy_s = 9},
        {.phase = result.phase, .energy_J = 3e-9, .wall_s = -1, .busy_s = 9},
        {.phase = result.phase, .energy_J = 3e-9, .wall_s = 12},
        {.phase = (double[]){0.25, 7}, .energy_J = 3e-9, .wall_s = 12, .busy_s = 9},
        {.phase = (double[]){0.25, NAN}, .energy_J = 3e-9, .wall_s = 12, .busy_s = 9}};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        assert_int_equal(mj_ring_net_result_save(&wrong[k], &origin, &p.net, 0, folder, &err), MJ_OK);
        assert_int_not_equal(mj_ring_net_result_load(&again, &found, &origin, &p.net, 0, folder, *state, &err),
                             MJ_OK);
    }
    put(folder, "image-00.json", "{\"schema\"");
    assert_int_not_equal(mj_ring_net_result_load(&again, &found, &origin, &p.net, 0, folder, *state, &err), MJ_OK);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* On transistors: the shipped file is of this ring; its opposite output is opposite within what its
 * stages differ by. */
static void test_the_shipped_ring(void **state)
{
    skip_without("ngspice");
    mj_units *units = mj_units_new();
    mj_err err = {0};
    mj_ring_substrate s;
    mj_spice_models models;
    mj_ring ring;
    mj_ring_figures figures;
    const mj_spice_job job = {.limit_s = 500};
    const mj_models_request request = {.path = CARD};
    assert_int_equal(mj_ring_substrate_load(&s, SPLIT, units, *state, &err), MJ_OK);
    assert_int_equal(mj_spice_models_load(&models, &request, *state, &err), MJ_OK);
    assert_int_equal(mj_ring_substrate_ring(&ring, &figures, &s, &models, &job, &err), MJ_OK);
    assert_rel(s.opposite.sin[0], -s.response.sin[0], 0.05);
    for (int sign = -1; sign <= 1; sign += 2) {
        pair p;
        double want[2];
        mj_ring_net_result result;
        make_pair(&p, sign * 1.0);
        p.drive_sin[0] = 0.6;
        p.start[0] = -0.9;
        p.omega[1] = 0.5;
        integrate(want, &p, &s, *state);
        assert_int_equal(mj_ring_net_simulate(&result, &p.net, 0, &ring, &figures, &s, &job, *state, &err),
                         MJ_OK);
        /* The goal of whole nets is 0.10 rad. */
        assert_true(mj_ring_net_compare(want, result.phase, &p.net).largest < 0.03);
        assert_true(result.energy_J > 0);
    }
    mj_units_free(units);
}

/* Codes are whole shares of the strongest coupling, nearest to what was asked for; twice is once. */
static void test_quantise(void **state)
{
    (void)state;
    const double value[] = {1.5, -0.72, 0.02, 0.33};
    mj_ring_coupling coupling[4];
    mj_ring_net net = {.n = 5, .n_couplings = 4, .coupling = coupling};
    mj_ring_substrate s = a_sine();
    for (int e = 0; e < 4; e++) {
        coupling[e] = (mj_ring_coupling){e, e + 1, value[e]};
    }
    s.opposite.sin[0] = -s.response.sin[0];
    mj_ring_net_quantise(&net, &s); /* resistors: any value */
    assert_int_equal(net.n_couplings, 4);
    assert_rel(coupling[1].value, -0.72, 1e-15);
    s.coupler_bits = 4;
    for (int times = 0; times < 2; times++) {
        mj_ring_net_quantise(&net, &s);
        assert_int_equal(net.n_couplings, 3);
        assert_rel(coupling[0].value, 1.5, 1e-12);
        assert_rel(coupling[1].value, -0.7, 1e-12); /* 7 of 15 */
        assert_rel(coupling[2].value, 0.3, 1e-12);  /* 3 of 15 */
        assert_int_equal(coupling[2].i, 3);
    }
    /* A weaker opposite output makes less of the same code. */
    s.opposite.sin[0] *= 0.9;
    mj_ring_net_quantise(&net, &s);
    assert_rel(coupling[1].value, -0.9 * 1.5 * 8 / 15, 1e-12); /* 0.7 / 0.9 is nearer to 8 than to 7 */
}

static void test_draw(void **state)
{
    mj_ring_net net;
    mj_err err = {0};
    int from[8] = {0};
    assert_int_equal(mj_ring_net_draw(&net, 8, 3, 5, *state, &err), MJ_OK);
    assert_int_equal(net.n_couplings, 16);
    for (int e = 0; e < net.n_couplings; e++) {
        from[net.coupling[e].j]++;
        assert_true(fabs(net.coupling[e].value) >= 1 && fabs(net.coupling[e].value) <= 3);
    }
    for (int i = 0; i < 8; i++) {
        assert_true(from[i] >= 1 && from[i] <= 3);
    }
    assert_rel(net.span * mj_ring_net_strongest(&net), 16, 1e-12);
}

/* A coupler between constant voltages is its conductance, from the output or from the opposite. */
static void test_couplers_in_a_deck(void **state)
{
    skip_without("ngspice");
    mj_arena *arena = *state;
    mj_spice_models models;
    mj_deck deck;
    mj_raw raw;
    mj_err err = {0};
    const mj_spice_job job = {.limit_s = 100};
    const int code[] = {0, 5, 15, -5};
    const double full_S = 10e-6;
    assert_int_equal(mj_spice_models_load(&models, &(mj_models_request){.path = CARD}, arena, &err), MJ_OK);
    mj_ring ring = mj_ring_default(&models);
    ring.coupler_bits = 4;
    ring.n_hung = 1;
    ring.gate_ohm = 2300;
    assert_int_equal(mj_ring_coupler_code(&ring, 0.34), 5);
    assert_int_equal(mj_ring_coupler_code(&ring, -1), -15);
    assert_int_equal(mj_ring_deck(&deck, &ring, "couplers", &err), MJ_OK);
    fprintf(deck.out, "vdd vdd 0 1.8\nva a 0 1.7\nvo o 0 0.2\n");
    for (int i = 0; i < 4; i++) {
        char name[8], listen[8];
        snprintf(name, sizeof name, "c%d", i);
        snprintf(listen, sizeof listen, "l%d", i);
        fprintf(deck.out, "vl%d l%d 0 0.9\n.save i(vl%d)\n", i, i, i);
        const mj_ring_coupler c = {.name = name, .output = "a", .opposite = "o", .listen = listen, .supply = "vdd",
                                   .code = code[i], .full_S = full_S};
        mj_ring_write_coupler(deck.out, &ring, &c);
    }
    mj_deck_transient(&deck, (mj_transient){.step_s = 1e-9, .stop_s = 200e-9, .from_given = true});
    assert_int_equal(mj_spice_run(&raw, &deck, &job, arena, &err), MJ_OK);
    mj_deck_close(&deck);
    for (int i = 0; i < 4; i++) {
        char name[8];
        mj_waveform current;
        snprintf(name, sizeof name, "i(vl%d)", i);
        assert_int_equal(mj_raw_find(&current, &raw, name, &err), MJ_OK);
        double got_A = mj_waveform_at(&current, 199e-9);
        double want_A = code[i] < 0 ? -5 / 15.0 * full_S * 0.7 : code[i] / 15.0 * full_S * 0.8;
        assert_true(fabs(got_A - want_A) < 0.02 * full_S * 0.8); /* a gate is not as near the rails everywhere */
    }
}

/* How long output o lags node 0 of ring id, near the end. */
static double lag_of(const mj_raw *raw, int id)
{
    double at[2][256];
    size_t n[2];
    for (int k = 0; k < 2; k++) {
        char name[16];
        mj_waveform wave;
        mj_err err = {0};
        snprintf(name, sizeof name, "v(%c%d_0)", k ? 'o' : 'n', id);
        assert_int_equal(mj_raw_find(&wave, raw, name, &err), MJ_OK);
        n[k] = mj_waveform_crossings(at[k], 256, &wave, 0.9, true);
        assert_true(n[k] > 8 && n[k] < 256);
    }
    double cycle_s = at[0][n[0] - 1] - at[0][n[0] - 2];
    return remainder(at[1][n[1] - 2] - at[0][n[0] - 2], cycle_s);
}

/* Outputs lag the same whatever their couplers are set to: ring 0 uses none, ring 1 one with all bits on from o, and
 * its bank knows. Ring 2 has that coupler beside all that ring 0 has: too much, and later. */
static void test_outputs_are_loaded_alike(void **state)
{
    skip_without("ngspice");
    mj_arena *arena = *state;
    mj_spice_models models;
    mj_ring_figures figures;
    mj_deck deck;
    mj_raw raw;
    mj_err err = {0};
    const mj_spice_job job = {.limit_s = 100};
    const mj_ring_use one = {1, {4, 0}};
    assert_int_equal(mj_spice_models_load(&models, &(mj_models_request){.path = CARD}, arena, &err), MJ_OK);
    mj_ring ring = mj_ring_default(&models);
    ring.coupler_bits = 4;
    ring.n_hung = 4;
    ring.gate_ohm = 2300;
    assert_int_equal(mj_ring_tune_split(&ring, &job, &err), MJ_OK);
    assert_int_equal(mj_ring_measure_period(&figures, &ring, &job, &err), MJ_OK);
    assert_int_equal(mj_ring_deck(&deck, &ring, "loaded outputs", &err), MJ_OK);
    fprintf(deck.out, "vdd vdd 0 1.8\nvl l 0 0.9\n");
    for (int id = 0; id < 3; id++) {
        char name[8], output[16], opposite[16];
        mj_ring here = ring;
        here.use = id == 1 ? &one : NULL;
        snprintf(name, sizeof name, "c%d", id);
        snprintf(output, sizeof output, "o%d_0", id);
        snprintf(opposite, sizeof opposite, "q%d_0", id);
        mj_ring_write(deck.out, &here, id, "vdd");
        mj_ring_write_start(deck.out, &ring, &figures, id, "vdd", 0);
        fprintf(deck.out, ".save v(n%d_0) v(o%d_0)\n", id, id);
        const mj_ring_coupler c = {.name = name, .output = output, .opposite = opposite, .listen = "l",
                                   .supply = "vdd", .code = 15, .full_S = 1e-6};
        if (id > 0) {
            mj_ring_write_coupler(deck.out, &ring, &c);
        }
    }
    mj_deck_transient(&deck, (mj_transient){.step_s = 2e-12, .stop_s = 15 * figures.period_s, .from_given = true});
    assert_int_equal(mj_spice_run(&raw, &deck, &job, arena, &err), MJ_OK);
    mj_deck_close(&deck);
    double none_s = lag_of(&raw, 0);
    assert_true(fabs(lag_of(&raw, 1) - none_s) < 0.5e-12); /* 4 mrad */
    assert_true(lag_of(&raw, 2) - none_s > 2e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_closed_forms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_against_graphs, set_up, tear_down),
        cmocka_unit_test(test_mapping),
        cmocka_unit_test_setup_teardown(test_decks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files, set_up, tear_down),
        cmocka_unit_test(test_manifest),
        cmocka_unit_test_setup_teardown(test_results, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_shipped_ring, set_up, tear_down),
        cmocka_unit_test(test_quantise),
        cmocka_unit_test_setup_teardown(test_draw, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_couplers_in_a_deck, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_outputs_are_loaded_alike, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
