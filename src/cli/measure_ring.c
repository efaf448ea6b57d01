/* mj measure ring: period, energy and coupling of a ring oscillator, its noise and spread, and how far
 * the phase model with the measured coupling agrees with circuits of many rings. */
#include "measure.h"
#include "mj/json.h"
#include "mj/ring_cells.h"
#include "mj/ring_file.h"
#include "mj/ring_flicker.h"
#include "mj/ring_net.h"
#include "mj/ring_phase.h"
#include "mj/ring_spread.h"
#include "options.h"
#include "progress.h"
#include "version.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEEDS_MAX = 64, RINGS_MAX = 256, TAPS = 3, SECONDS_MAX = 86400, HUNG_MAX = 1024, COUPLER_BITS = 4,
       OUT_MOST = 4 /* couplings from a ring of a random net */ };
static const double LIMIT_S = 3600, SINCE_TRIM_S = 3600, PI = 3.14159265358979323846;

typedef struct {
    const char *models, *corner, *nmos, *pmos, *out, *substrate;
    int stages, agree, seeds, mismatch, hung;
    double vdd_V, temperature_C, load_F, step_s, span_s, limit_s, strength;
    bool directed, split, noise, corners, stages_given, vdd_given, temperature_given, load_given, step_given;
} request;

/* All that was measured in one call; has_: what was. */
typedef struct {
    mj_ring ring;
    mj_spice_models models, corner_models[3];
    mj_spice_job job;
    mj_ring_figures figures;
    mj_ring_responses responses;
    mj_ring_noise noise;
    mj_ring_flicker flicker;
    mj_ring_substrate substrate;
    mj_ring_condition condition[MJ_RING_CONDITIONS];
    mj_ring_mismatch mismatch;
    mj_ring_agreement agreement[SEEDS_MAX];
    mj_ring_net_agreement net[SEEDS_MAX];
    int n_agreements, n_nets;
    bool has_responses, has_noise, has_corners, has_mismatch;
    mj_progress progress;
    const char *spreading; /* what is being varied */
    double spread_start_s;
} result;

/* A path, or the name of one that is shipped. */
static const char *find_substrate(mj_context *context, const char *word)
{
    const char *name = mj_arena_printf(&context->arena, "circuits/%s.yaml", word);
    const char *shipped = name && !strchr(word, '/') ? mj_context_path(context, name) : NULL;
    return access(word, R_OK) != 0 && shipped && access(shipped, R_OK) == 0 ? shipped : word;
}

/* Those asked for, else those that the substrate names; and all three corners, whose lack is told before
 * anything is measured. */
static mj_status load_models(result *m, mj_context *context, const request *r)
{
    static const char *const corner[] = {"tt", "ff", "ss"};
    const char *own = mj_context_path(context, "circuits/generic-180nm.lib");
    const char *path = r->models ? r->models : own;
    if (!path) {
        return MJ_EFILE;
    }
    mj_models_request wanted = {.path = path};
    if (r->substrate) {
        const mj_units *units = mj_context_units(context);
        if (!units) {
            return MJ_EMEM;
        }
        const char *file = find_substrate(context, r->substrate);
        MJ_TRY(mj_ring_substrate_load(&m->substrate, file, units, &context->arena, &context->err));
        wanted = mj_ring_substrate_models(&m->substrate, path);
    }
    wanted.corner = r->corner ? r->corner : wanted.corner;
    wanted.nmos = r->nmos ? r->nmos : wanted.nmos;
    wanted.pmos = r->pmos ? r->pmos : wanted.pmos;
    MJ_TRY(mj_spice_models_load(&m->models, &wanted, &context->arena, &context->err));
    if (r->mismatch > 0 || r->noise) {
        MJ_TRY(mj_models_can_differ(&m->models, &context->err)); /* now, not after half an hour */
    }
    for (int i = 0; i < 3 && r->corners; i++) {
        wanted.corner = corner[i];
        MJ_TRY(mj_spice_models_load(&m->corner_models[i], &wanted, &context->arena, &context->err));
    }
    return MJ_OK;
}

static mj_status make_ring(result *m, mj_context *context, const request *r)
{
    MJ_TRY(load_models(m, context, r));
    const char *root = getenv("TMPDIR");
    m->job = (mj_spice_job){.root = root && root[0] ? root : NULL, .limit_s = r->limit_s};
    m->ring = mj_ring_default(&m->models);
    m->ring.n_stages = r->stages;
    m->ring.vdd_V = r->vdd_V;
    m->ring.temperature_C = r->temperature_C;
    m->ring.load_F = r->load_F;
    m->ring.step_s = r->step_s;
    m->ring.n_buffers = r->directed ? TAPS : 0;
    if (r->hung > 0) {
        double most_ohm;
        MJ_TRY(mj_coupler_measure_gate(&m->ring.gate_ohm, &most_ohm, &m->ring, &m->job, &context->err));
        m->ring.coupler_bits = COUPLER_BITS;
        m->ring.n_hung = r->hung;
    }
    if (r->split) {
        MJ_TRY(mj_ring_tune_split(&m->ring, &m->job, &context->err));
    }
    return mj_ring_check(&m->ring, &context->err);
}

/* A file instead of a measurement; it must be of this ring. */
static mj_status take_substrate(result *m, mj_context *context, const request *r)
{
    mj_ring_substrate *s = &m->substrate;
    s->step_s = r->step_given && s->width_n_m > 0 ? r->step_s : s->step_s;
    return mj_ring_substrate_apply(&m->ring, &m->figures, s, &m->job, &context->err);
}

static mj_status measure_one(result *m, mj_context *context, const request *r)
{
    mj_err *err = &context->err;
    const char *tool;
    MJ_TRY(mj_spice_version(&tool, &m->job, &context->arena, err));
    mj_progress_print(&m->progress, "one ring");
    MJ_TRY(mj_ring_measure(&m->figures, &m->ring, &m->job, err));
    mj_progress_print(&m->progress, "coupling function");
    MJ_TRY(mj_ring_measure_response(&m->responses, (mj_ring_probe){.n = 0}, &m->ring, &m->figures,
                                    &m->job, err));
    m->has_responses = true;
    if (r->noise) {
        mj_progress_print(&m->progress, "noise");
        MJ_TRY(mj_ring_measure_noise(&m->noise, &m->ring, &m->figures, &m->job, err));
        MJ_TRY(mj_ring_measure_flicker(&m->flicker, &m->ring, &m->figures, &m->job, err));
        m->has_noise = true;
    }
    m->substrate = mj_ring_substrate_make(&m->ring, &m->figures, &m->responses,
                                          m->has_noise ? &m->noise : NULL);
    m->substrate.tool = tool;
    m->substrate.commit = MJ_COMMIT;
    return MJ_OK;
}

static void show_ring(int n_done, int n, void *user)
{
    result *m = user;
    char left[32] = "unknown";
    if (n_done == 0) {
        m->spread_start_s = mj_clock_s();
    } else {
        mj_duration_format((mj_clock_s() - m->spread_start_s) / n_done * (n - n_done), left, sizeof left);
    }
    if (n_done == 0 || mj_progress_is_due(&m->progress)) {
        mj_progress_print(&m->progress, "%s, ring %d of %d, time left %s", m->spreading, n_done + 1, n, left);
    }
}

static mj_status measure_spread(result *m, mj_context *context, const request *r)
{
    const mj_ring_watch watch = {show_ring, m};
    if (r->corners) {
        m->spreading = "corners";
        MJ_TRY(mj_ring_measure_corners(m->condition, m->corner_models, &m->ring, watch, &m->job,
                                       &context->err));
        m->has_corners = true;
    }
    if (r->mismatch > 0) {
        m->spreading = "rings that differ";
        MJ_TRY(mj_ring_measure_mismatch(&m->mismatch, r->mismatch, context->globals.seed, &m->ring, watch,
                                        &m->job, &context->err));
        m->has_mismatch = true;
        m->substrate.mismatch = m->mismatch.period_share;
    }
    return MJ_OK;
}

/* Done are i of n since start_s. */
static void show_network(result *m, const char *what, int i, int n, double start_s)
{
    char left[32] = "unknown";
    if (i > 0) {
        mj_duration_format((mj_clock_s() - start_s) / i * (n - i), left, sizeof left);
    }
    mj_progress_print(&m->progress, "%s %d of %d, time left %s", what, i + 1, n, left);
}

/* Of split rings: nets as they are trained, run as long as those. */
static mj_status measure_nets(result *m, mj_context *context, const request *r)
{
    const double start_s = mj_clock_s();
    int n_out = m->ring.coupler_bits > 0 && m->ring.n_hung < OUT_MOST ? m->ring.n_hung : OUT_MOST;
    for (int i = 0; i < r->seeds; i++) {
        mj_ring_net net;
        show_network(m, "net", i, r->seeds, start_s);
        MJ_TRY(mj_ring_net_draw(&net, r->agree, n_out, context->globals.seed + (uint64_t)i + 1, &context->arena,
                                &context->err));
        mj_ring_net_quantise(&net, &m->substrate);
        MJ_TRY(mj_ring_net_agree(&m->net[i], &net, &m->ring, &m->figures, &m->substrate, &m->job, &context->err));
        m->n_nets = i + 1;
    }
    return MJ_OK;
}

static mj_status measure_agreement(result *m, mj_context *context, const request *r)
{
    const mj_ring_model model = mj_ring_substrate_model(&m->substrate);
    const double start_s = mj_clock_s();
    if (r->agree > 0 && !(m->substrate.conductance_max_S > 0)) {
        return mj_err_add(&context->err, MJ_ERANGE, r->substrate, 0, 0,
                          "no networks: the coupling function of this ring holds for no strength of couplings "
                          "(conductance_max)");
    }
    if (r->agree > 0 && m->ring.split_F > 0) {
        return measure_nets(m, context, r);
    }
    for (int i = 0; i < r->seeds && r->agree > 0; i++) {
        mj_ring_graph graph;
        uint64_t seed = context->globals.seed + (uint64_t)i + 1;
        show_network(m, "network", i, r->seeds, start_s);
        MJ_TRY(mj_ring_graph_draw(&graph, r->agree, m->ring.n_buffers > 0, seed, &context->arena,
                                  &context->err));
        mj_ring_graph_scale(&graph, &m->ring, r->strength * m->substrate.conductance_max_S);
        MJ_TRY(mj_ring_agree(&m->agreement[i], &graph, seed, &m->ring, &m->figures, &model,
                             r->span_s, &m->job, &context->err));
        m->n_agreements = i + 1;
    }
    return MJ_OK;
}

static void print_response(const mj_ring_response *r, bool chosen)
{
    printf("  %6.4g kohm %8.3f", r->resistance_ohm / 1e3, r->constant / 1e12);
    for (int h = 0; h < MJ_RING_HARMONICS; h++) {
        printf(" %7.3f %7.3f", r->sin[h] / 1e12, r->cos[h] / 1e12);
    }
    static const char *const source[] = {"", "  its opposite", "  the sine", "  off"};
    printf(" %7.2f %%%s\n", 100 * r->residual, chosen ? "  <- the model's" : source[r->source]);
}

/* It is no diffusion: what it does is another frequency in every run, said of one unit of model time. */
static void print_flicker(const result *m)
{
    const mj_ring_substrate *s = &m->substrate;
    double wander = mj_ring_flicker_wander(&m->flicker, SINCE_TRIM_S, s->unit_s);
    printf("  flicker     %10.3g of the frequency, rms, an hour after a trim: %.3g rad/s, %.2g rad a unit\n"
           "              of model time; no diffusion but a drift; it outweighs thermal noise below %.3g kHz\n",
           wander, 2 * PI / s->period_s * wander, 2 * PI / s->period_s * wander * s->unit_s,
           1e-3 * mj_ring_flicker_corner(&m->flicker, s->period_s, s->diffusion_sq));
}

static void print_one(const result *m)
{
    const mj_ring_substrate *s = &m->substrate;
    printf("ring of %d stages%s at %.4g V, %.4g C, models %s, corner %s\n\n", s->n_stages,
           s->split_F > 0 ? ", split" : s->n_buffers ? ", with buffers" : "", s->vdd_V,
           m->ring.temperature_C, s->card, s->corner);
    printf("  period      %10.4g ps   (%.4g GHz)\n", 1e12 * s->period_s, 1e-9 / s->period_s);
    printf("  energy      %10.4g fJ per cycle\n", 1e15 * s->energy_J);
    printf("  leakage     %10.4g nW standing still\n", 1e9 * s->leak_W);
    printf("  detuning    %10.4g %% of the frequency per 10 mV of supply\n", s->detuning_pV);
    if (s->diffusion_sq > 0) {
        printf("  diffusion   %10.4g rad2/s from thermal noise\n", s->diffusion_sq);
    }
    if (m->has_noise) {
        print_flicker(m);
    }
    if (m->has_responses) {
        printf("\ncoupling function, Tohm rad/s\n"
               "               const    sin 1   cos 1   sin 2   cos 2   sin 3   cos 3   sin 4   cos 4"
               " residual\n");
        for (int i = 0; i < m->responses.n; i++) {
            print_response(&m->responses.response[i], i == m->responses.chosen);
        }
        printf("holds up to %.4g uS of couplings at a node; a coupling of 1 rad a unit is %.4g kohm at a"
               "\nunit of %.4g ns\n", 1e6 * s->conductance_max_S, 1e-3 * s->coupling_resistance_ohm,
               1e9 * s->unit_s);
    }
}

static void print_spread(const result *m)
{
    if (m->has_corners) {
        printf("\ncorner  temperature  supply      period      energy\n");
    }
    for (int i = 0; i < MJ_RING_CONDITIONS && m->has_corners; i++) {
        const mj_ring_condition *c = &m->condition[i];
        printf("%-7s %9g C %6.3g V %8.4g ps %8.4g fJ\n", c->corner, c->temperature_C, c->vdd_V,
               1e12 * c->period_s, 1e15 * c->energy_J);
    }
    if (m->has_mismatch) {
        printf("\nfrom ring to ring: period %.3g %% (%.3g rad/s), energy %.3g %%, thresholds %.3g mV\n",
               100 * m->mismatch.period_share, m->mismatch.rate, 100 * m->mismatch.energy_share,
               1e3 * m->mismatch.threshold_V);
    }
}

static void print_agreement(const result *m)
{
    int settled = 0;
    if (m->n_agreements > 0) {
        printf("\nphases of %d rings, circuit against model, rad; couplings of up to %.3g uS at a node, "
               "%.3g ns\n"
               "seed  couplings  drift     H: rms     max   sine: rms     max   sources   circuit"
               "    model    ratio\n", m->agreement[0].n, 1e6 * m->agreement[0].conductance_S,
               1e9 * m->agreement[0].span_s);
    }
    for (int i = 0; i < m->n_agreements; i++) {
        const mj_ring_agreement *a = &m->agreement[i];
        settled += a->settled;
        printf("%4llu %10d %6.3f %10.4f %7.4f %11.4f %7.4f %9.5f %7.1f s %.2g s %8.2g%s\n",
               (unsigned long long)a->seed, a->n_edges, a->drift, a->full.rms, a->full.largest,
               a->sine.rms, a->sine.largest, a->sources.rms, a->circuit_s, a->model_s,
               a->circuit_s / a->model_s, a->settled ? "" : "  not settled");
    }
    if (m->n_agreements > 0) {
        printf("%d of %d settled; %.4g fJ per ring and cycle; times are a processor's\n", settled, m->n_agreements,
               1e15 * m->agreement[0].energy_J);
    }
}

static void print_nets(const result *m)
{
    if (m->n_nets > 0) {
        printf("\nphases of %d split rings at the read-out after %.3g ns, circuit against model, rad;\n"
               "couplings are %s\n"
               "net   couplings     H: rms     max   sine: rms     max   fJ a ring and cycle   circuit\n",
               m->net[0].n, 1e9 * m->net[0].span_s,
               m->ring.coupler_bits > 0 ? "couplers with their gates" : "resistors");
    }
    for (int i = 0; i < m->n_nets; i++) {
        const mj_ring_net_agreement *a = &m->net[i];
        printf("%3d %11d %10.4f %7.4f %11.4f %7.4f %21.4g %7.1f s\n", i + 1, a->n_couplings, a->full.rms,
               a->full.largest, a->sine.rms, a->sine.largest, 1e15 * a->energy_J, a->circuit_s);
    }
}

static void set_nets(mj_json *root, const result *m)
{
    mj_json *list = mj_json_array();
    for (int i = 0; i < m->n_nets; i++) {
        const mj_ring_net_agreement *a = &m->net[i];
        mj_json *item = mj_json_object();
        mj_json_set_integer(item, "couplings", a->n_couplings);
        mj_json_set_number(item, "rms_phase_error_rad", a->full.rms);
        mj_json_set_number(item, "max_phase_error_rad", a->full.largest);
        mj_json_set_number(item, "sine_only_rms_rad", a->sine.rms);
        mj_json_set_number(item, "energy_J", a->energy_J);
        mj_json_set_number(item, "circuit_s", a->circuit_s);
        mj_json_append(list, item);
    }
    mj_json_set(root, "nets", list);
}

static void set_responses(mj_json *root, const result *m)
{
    mj_json *list = mj_json_array();
    for (int i = 0; i < m->responses.n; i++) {
        const mj_ring_response *r = &m->responses.response[i];
        mj_json *item = mj_json_object();
        mj_json_set_number(item, "resistance_ohm", r->resistance_ohm);
        mj_json_set_number(item, "constant", r->constant);
        for (int h = 0; h < MJ_RING_HARMONICS; h++) {
            char key[8];
            snprintf(key, sizeof key, "sin%d", h + 1);
            mj_json_set_number(item, key, r->sin[h]);
            snprintf(key, sizeof key, "cos%d", h + 1);
            mj_json_set_number(item, key, r->cos[h]);
        }
        mj_json_set_number(item, "residual", r->residual);
        mj_json_append(list, item);
    }
    mj_json_set(root, "responses", list);
}

static void set_spread(mj_json *root, const result *m)
{
    mj_json *list = m->has_corners ? mj_json_array() : NULL;
    for (int i = 0; list && i < MJ_RING_CONDITIONS; i++) {
        const mj_ring_condition *c = &m->condition[i];
        mj_json *item = mj_json_object();
        mj_json_set_text(item, "corner", c->corner);
        mj_json_set_number(item, "temperature_C", c->temperature_C);
        mj_json_set_number(item, "vdd_V", c->vdd_V);
        mj_json_set_number(item, "period_s", c->period_s);
        mj_json_set_number(item, "energy_J", c->energy_J);
        mj_json_append(list, item);
    }
    if (list) {
        mj_json_set(root, "corners", list);
    }
    if (m->has_mismatch) {
        mj_json_set_number(root, "mismatch_period_share", m->mismatch.period_share);
        mj_json_set_number(root, "mismatch_energy_share", m->mismatch.energy_share);
        mj_json_set_number(root, "mismatch_rate", m->mismatch.rate);
        mj_json_set_number(root, "mismatch_threshold_V", m->mismatch.threshold_V);
    }
}

static void set_agreements(mj_json *root, const result *m)
{
    mj_json *list = mj_json_array();
    int settled = 0;
    double rms = 0, largest = 0;
    for (int i = 0; i < m->n_agreements; i++) {
        const mj_ring_agreement *a = &m->agreement[i];
        mj_json *item = mj_json_object();
        mj_json_set_integer(item, "seed", (long long)a->seed);
        mj_json_set_integer(item, "couplings", a->n_edges);
        mj_json_set_bool(item, "settled", a->settled);
        mj_json_set_number(item, "drift_rad", a->drift);
        mj_json_set_number(item, "rms_phase_error_rad", a->full.rms);
        mj_json_set_number(item, "max_phase_error_rad", a->full.largest);
        mj_json_set_number(item, "sine_only_rms_rad", a->sine.rms);
        mj_json_set_number(item, "sources_rms_rad", a->sources.rms);
        mj_json_set_number(item, "conductance_S", a->conductance_S);
        mj_json_set_number(item, "energy_J", a->energy_J);
        mj_json_set_number(item, "circuit_s", a->circuit_s);
        mj_json_set_number(item, "model_s", a->model_s);
        mj_json_append(list, item);
        settled += a->settled;
        rms = a->settled ? fmax(rms, a->full.rms) : rms;
        largest = a->settled ? fmax(largest, a->full.largest) : largest;
    }
    mj_json_set_number(root, "settled", (double)settled / m->n_agreements);
    mj_json_set_number(root, "rms_phase_error_rad", settled ? rms : NAN);
    mj_json_set_number(root, "max_phase_error_rad", settled ? largest : NAN);
    mj_json_set(root, "runs", list);
}

static mj_status print_json(mj_context *context, const result *m)
{
    mj_json *root = mj_json_object(), *tools = mj_json_object();
    const mj_ring_substrate *s = &m->substrate;
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "kind", "ring");
    mj_json_set_text(root, "card", s->card);
    mj_json_set_text(root, "corner", s->corner);
    mj_json_set_number(root, "temperature_K", s->temperature_K);
    mj_json_set_number(root, "vdd_V", s->vdd_V);
    mj_json_set_integer(root, "stages", s->n_stages);
    mj_json_set_number(root, "period_s", s->period_s);
    mj_json_set_number(root, "energy_J", s->energy_J);
    mj_json_set_number(root, "leak_W", s->leak_W);
    mj_json_set_number(root, "detuning_per_volt", s->detuning_pV);
    mj_json_set_number(root, "diffusion_rad2ps", s->diffusion_sq > 0 ? s->diffusion_sq : NAN);
    if (m->has_noise) {
        mj_json_set_number(root, "flicker", m->flicker.h);
        mj_json_set_number(root, "flicker_corner_Hz",
                           mj_ring_flicker_corner(&m->flicker, s->period_s, s->diffusion_sq));
    }
    mj_json_set_number(root, "conductance_max_S", s->conductance_max_S);
    if (m->has_responses) {
        set_responses(root, m);
    }
    set_spread(root, m);
    if (m->n_agreements > 0) {
        set_agreements(root, m);
    }
    if (m->n_nets > 0) {
        set_nets(root, m);
    }
    mj_json_set_text(tools, "ngspice", s->tool);
    mj_json_set(root, "tool_versions", tools);
    mj_status status = mj_json_print(root, stdout, &context->err);
    mj_json_free(root);
    return status;
}

static mj_status save(mj_context *context, const result *m, const char *folder)
{
    const char *facts = mj_arena_printf(&context->arena, "%s/facts.yaml", folder);
    const char *substrate = mj_arena_printf(&context->arena, "%s/substrate.yaml", folder);
    if (!facts || !substrate) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    const mj_ring_spread spread = {m->has_corners ? m->condition : NULL, m->has_mismatch ? &m->mismatch : NULL};
    MJ_TRY(mj_ring_facts_save(facts, &m->substrate, &spread, &context->err));
    return mj_ring_substrate_save(substrate, &m->substrate, &context->err);
}

/* What is measured is saved at once: the rest takes long and may fail. */
static mj_status measure_all(result *m, mj_context *context, const request *r)
{
    MJ_TRY(r->substrate ? take_substrate(m, context, r) : measure_one(m, context, r));
    MJ_TRY(r->out ? save(context, m, r->out) : MJ_OK);
    MJ_TRY(measure_spread(m, context, r));
    MJ_TRY(r->out ? save(context, m, r->out) : MJ_OK);
    return measure_agreement(m, context, r);
}

static mj_status run(mj_context *context, const request *r)
{
    result *m = mj_arena_alloc(&context->arena, sizeof *m);
    if (!m) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    if ((r->split && r->directed) || (r->hung > 0 && !r->split)) {
        return mj_err_add(&context->err, MJ_EKEY, NULL, 0, 0,
                          "--split is a way of --directed, and --hung one of --split");
    }
    if (r->substrate && (r->out || r->noise || r->directed || r->split || r->hung > 0 || r->stages_given ||
                         r->vdd_given || r->temperature_given || r->load_given)) {
        return mj_err_add(&context->err, MJ_EKEY, NULL, 0, 0,
                          "--substrate says what the ring is: no --out, --noise, --directed, --split, --hung, "
                          "--stages, --vdd, --temperature or --load with it");
    }
    MJ_TRY(make_ring(m, context, r));
    MJ_TRY(r->out ? mj_measure_prepare_folder(r->out, &context->err) : MJ_OK);
    mj_progress_init(&m->progress, context);
    mj_status status = measure_all(m, context, r);
    mj_progress_end(&m->progress);
    if (status == MJ_OK && context->globals.json) {
        return print_json(context, m);
    }
    if (status == MJ_OK || m->n_agreements + m->n_nets > 0) { /* networks that are done are shown whatever came then */
        print_one(m);
        print_spread(m);
        print_agreement(m);
        print_nets(m);
    }
    return status;
}

int mj_measure_ring(mj_context *context, int argc, char **argv)
{
    request r = {.stages = 5, .seeds = 3, .vdd_V = 1.8, .temperature_C = 25, .load_F = 10e-15,
                 .step_s = 2e-12, .strength = 1, .limit_s = LIMIT_S};
    const mj_option option[] = {
        {.name = "models", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r.models,
         .help = "models for ngspice (our own card of a 180 nm process)"},
        {.name = "corner", .argument = "NAME", .kind = MJ_OPTION_TEXT, .target = &r.corner,
         .help = "section of the models (tt)"},
        {.name = "nmos", .argument = "NAME", .kind = MJ_OPTION_TEXT, .target = &r.nmos,
         .help = "a device of the models (the first of its kind)"},
        {.name = "pmos", .argument = "NAME", .kind = MJ_OPTION_TEXT, .target = &r.pmos,
         .help = "the other one"},
        {.name = "stages", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.stages, .min = 3,
         .max = MJ_RING_STAGES_MAX, .given = &r.stages_given, .help = "inverters, an odd number (5)"},
        {.name = "vdd", .argument = "V", .kind = MJ_OPTION_REAL, .target = &r.vdd_V, .unit = "V",
         .min = 0.05, .max = 20, .given = &r.vdd_given, .help = "supply (1.8 V)"},
        {.name = "temperature", .argument = "C", .kind = MJ_OPTION_REAL, .target = &r.temperature_C,
         .min = -270, .max = 400, .given = &r.temperature_given, .help = "degrees Celsius (25)"},
        {.name = "load", .argument = "F", .kind = MJ_OPTION_REAL, .target = &r.load_F, .unit = "F",
         .min = 0, .max = 1e-9, .given = &r.load_given, .help = "wire at every node (10 fF)"},
        {.name = "step", .argument = "S", .kind = MJ_OPTION_REAL, .target = &r.step_s, .unit = "s",
         .min = 1e-15, .max = 1e-6, .given = &r.step_given,
         .help = "largest step of a simulation (2 ps, or the substrate's)"},
        {.name = "directed", .kind = MJ_OPTION_FLAG, .target = &r.directed,
         .help = "couplings act one way: buffers at three taps of every ring"},
        {.name = "split", .kind = MJ_OPTION_FLAG, .target = &r.split,
         .help = "couplings act one way, with either sign: an output and its opposite"},
        {.name = "hung", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.hung, .min = 1, .max = HUNG_MAX,
         .help = "of --split: couplings are couplers of 4 bits, so many on every output, used or not"},
        {.name = "noise", .kind = MJ_OPTION_FLAG, .target = &r.noise,
         .help = "also diffusion of the phase from thermal noise, and drift from flicker noise"},
        {.name = "corners", .kind = MJ_OPTION_FLAG, .target = &r.corners,
         .help = "also tt, ff, ss at 0, 25, 85 C and 90, 100, 110 % of the supply"},
        {.name = "mismatch", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.mismatch, .min = 2,
         .max = 10000, .help = "also N rings whose transistors differ"},
        {.name = "agree", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.agree, .min = 2,
         .max = RINGS_MAX, .help = "also random networks of N rings, circuit against phase model"},
        {.name = "seeds", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.seeds, .min = 1,
         .max = SEEDS_MAX, .help = "networks (3)"},
        {.name = "span", .argument = "S", .kind = MJ_OPTION_REAL, .target = &r.span_s, .unit = "s",
         .min = 1e-9, .max = 1, .help = "time that a network has to settle (120 over its fastest rate)"},
        {.name = "strength", .argument = "X", .kind = MJ_OPTION_REAL, .target = &r.strength, .min = 1e-3,
         .max = 1e3, .help = "couplings of a network at its strongest node, over conductance_max (1)"},
        {.name = "substrate", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r.substrate,
         .help = "take ring and coupling from this file instead of measuring"},
        {.name = "limit", .argument = "S", .kind = MJ_OPTION_REAL, .target = &r.limit_s, .unit = "s",
         .min = 1, .max = SECONDS_MAX, .help = "time for one run of ngspice (3600 s)"},
        {.name = "out", .argument = "DIR", .kind = MJ_OPTION_TEXT, .target = &r.out,
         .help = "write facts.yaml and substrate.yaml into this empty folder"},
    };
    const mj_usage usage = {
        .sentence = "",
        .about = "Simulates a ring oscillator on transistors and measures its period, energy, leakage and\n"
                 "coupling function; with --agree, how far a phase model with them predicts networks.",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .takes_seed = true,
        .refuses = "csv facts",
        .example = "mj measure ring --out ring\nmj measure ring --agree 8 --substrate ring/substrate.yaml",
    };
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "measure ring", &usage, NULL, argc, argv)) {
        return exit_code;
    }
    return run(context, &r) == MJ_OK ? MJ_EXIT_OK : mj_context_fail(context);
}
