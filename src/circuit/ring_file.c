/* Ring file: the substrate of phase models and the facts, written as drafts and read by schema. Facts
 * are not negative, so they have amplitudes; the signs of H stand in the substrate.
 *
 * Coefficients of H are plain numbers in ohm rad/s, the diffusion in rad2/s: units that no bill needs. */
#include "mj/ring_file.h"

#include "mj/draft.h"
#include "mj/spec.h"

#include <math.h>
#include <string.h>

static const double COUPLING_OHM = 200e3; /* in the middle of what was tried: 100 to 400 kohm */
static const double KELVIN = 273.15, TWO_PI = 6.283185307179586;
static const double PERIOD_WITHIN = 0.01;
static const double TRIM_REACH = 3; /* deviations to either side that a trim covers */
enum { TRIM_BITS = 10 }; /* taken where mismatch is measured: a step of 0.006 deviations */
enum { COUPLER_BITS_MAX = 6, HUNG_MAX = 1024 };
enum { TAPS = 3 }; /* that a random graph uses */
enum { MIDDLE = 4 }; /* of a corner's nine conditions */
#define NO_CORNER "none" /* of models without sections */

/* A substrate as it stands in a file. */
typedef struct {
    mj_ring_substrate s;
    int n_sin, n_cos, n_opposite_sin, n_opposite_cos, n_sine_sin, n_sine_cos;
} document;

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define AT(member_) .offset = offsetof(document, s.member_)
#define TEXT(key_, member_) {.key = key_, .kind = MJ_SPEC_TEXT, .required = true, AT(member_)}
#define REAL(key_, member_, unit_, min_, max_) \
    {.key = key_, .kind = MJ_SPEC_REAL, .required = true, AT(member_), .unit = unit_, .min = min_, .max = max_}
#define GIVEN(key_, member_, unit_, min_, max_) \
    {.key = key_, .kind = MJ_SPEC_REAL, AT(member_), .unit = unit_, .min = min_, .max = max_}
#define REALS(key_, member_, count_) \
    {.key = key_, .kind = MJ_SPEC_REALS, AT(member_), .count_offset = offsetof(document, count_), \
     .max_items = MJ_RING_HARMONICS, .min = -1e18, .max = 1e18}

static const mj_spec_field fields[] = {
    TEXT("phase_substrate", name),
    TEXT("card", card),
    TEXT("corner", corner),
    TEXT("tool", tool),
    TEXT("commit", commit),
    {.key = "stages", .kind = MJ_SPEC_INT, .required = true, AT(n_stages), .min = 3,
     .max = MJ_RING_STAGES_MAX},
    {.key = "buffers", .kind = MJ_SPEC_INT, AT(n_buffers), .min = 0, .max = MJ_RING_STAGES_MAX},
    REAL("vdd", vdd_V, "V", 1e-3, 100),
    REAL("temperature", temperature_K, "K", 1, 1000),
    REAL("period", period_s, "s", 1e-15, 1),
    REAL("energy", energy_J, "J", 0, 1),
    REAL("leak", leak_W, "W", 0, 1),
    REAL("detuning_per_volt", detuning_pV, NULL, -1e3, 1e3),
    REAL("diffusion", diffusion_sq, NULL, 0, 1e18),
    REAL("unit", unit_s, "s", 1e-15, 1),
    REAL("coupling_resistance", coupling_resistance_ohm, "ohm", 1, 1e12),
    REAL("conductance_max", conductance_max_S, "S", 0, 1e3),
    REAL("response_resistance", response.resistance_ohm, "ohm", 1, 1e12),
    REAL("response_constant", response.constant, NULL, -1e18, 1e18),
    REALS("response_sin", response.sin, n_sin),
    REALS("response_cos", response.cos, n_cos),
    GIVEN("load_slope", load_slope, NULL, -1e24, 1e24),
    REAL("response_residual", response.residual, NULL, 0, 100),
    GIVEN("mismatch", mismatch, NULL, 0, 1),
    {.key = "trim_bits", .kind = MJ_SPEC_INT, AT(trim_bits), .min = 0, .max = 24},
    GIVEN("split", split_F, "F", 0, 1),
    {.key = "swapped", .kind = MJ_SPEC_INT, AT(swapped), .min = 0, .max = 1},
    GIVEN("load", load_F, "F", 0, 1e-9),
    GIVEN("width_n", width_n_m, "m", 1e-9, 1e-3),
    GIVEN("width_p", width_p_m, "m", 1e-9, 1e-3),
    GIVEN("length", length_m, "m", 1e-9, 1e-3),
    GIVEN("step", step_s, "s", 1e-15, 1e-6),
    {.key = "nmos", .kind = MJ_SPEC_TEXT, AT(nmos)},
    {.key = "pmos", .kind = MJ_SPEC_TEXT, AT(pmos)},
    {.key = "listen", .kind = MJ_SPEC_INT, AT(listen), .min = 0, .max = MJ_RING_STAGES_MAX - 1},
    {.key = "coupler_bits", .kind = MJ_SPEC_INT, AT(coupler_bits), .min = 0, .max = COUPLER_BITS_MAX},
    {.key = "hung", .kind = MJ_SPEC_INT, AT(n_hung), .min = 0, .max = HUNG_MAX},
    GIVEN("gate", gate_ohm, "ohm", 0, 1e9),
    GIVEN("off_constant", off_constant, NULL, -1e18, 1e18),
    GIVEN("off_constant_half", off_constant_half, NULL, -1e18, 1e18),
    GIVEN("opposite_constant", opposite.constant, NULL, -1e18, 1e18),
    REALS("opposite_sin", opposite.sin, n_opposite_sin),
    REALS("opposite_cos", opposite.cos, n_opposite_cos),
    GIVEN("sine_constant", sine.constant, NULL, -1e18, 1e18),
    REALS("sine_sin", sine.sin, n_sine_sin),
    REALS("sine_cos", sine.cos, n_sine_cos),
};
static const mj_spec_schema schema = {"phase substrate", fields, LENGTH(fields), sizeof(document), NULL};

/* Of an even spread over a step of the trim; all of it where there is none. */
double mj_ring_substrate_detuning(const mj_ring_substrate *s)
{
    double left = s->trim_bits > 0 ? 2 * TRIM_REACH / ldexp(1, s->trim_bits) / sqrt(12) : 1;
    return TWO_PI / s->period_s * s->mismatch * left;
}

static mj_ring_response response_from(const mj_ring_responses *responses, int source)
{
    for (int i = 0; i < responses->n; i++) {
        if (responses->response[i].source == source) {
            return responses->response[i];
        }
    }
    return (mj_ring_response){.source = source};
}

/* Of the coupler of that resistance that is off. */
static double off_constant(const mj_ring_responses *responses, double ohm)
{
    for (int i = 0; i < responses->n; i++) {
        const mj_ring_response *r = &responses->response[i];
        if (r->source == MJ_RING_SOURCE_OFF && fabs(r->resistance_ohm / ohm - 1) < 1e-6) {
            return r->constant;
        }
    }
    return 0;
}

mj_ring_substrate mj_ring_substrate_make(const mj_ring *ring, const mj_ring_figures *figures,
                                         const mj_ring_responses *responses,
                                         const mj_ring_noise *noise)
{
    const mj_ring_response *r = &responses->response[responses->chosen];
    const char *slash = strrchr(ring->models->path, '/');
    return (mj_ring_substrate){
        .name = "ring", .card = slash ? slash + 1 : ring->models->path,
        .corner = ring->models->corner[0] ? ring->models->corner : NO_CORNER, .tool = "ngspice",
        .nmos = ring->models->nmos, .pmos = ring->models->pmos, .load_F = ring->load_F,
        .width_n_m = ring->width_n_m, .width_p_m = ring->width_p_m, .length_m = ring->length_m,
        .step_s = ring->step_s, .commit = "unknown", .vdd_V = ring->vdd_V,
        .temperature_K = ring->temperature_C + KELVIN,
        .n_stages = ring->n_stages, .n_buffers = ring->n_buffers, .period_s = figures->period_s,
        .energy_J = figures->energy_J, .leak_W = figures->leak_W,
        .detuning_pV = figures->detuning_pV, .diffusion_sq = noise ? noise->diffusion_sq : 0,
        .unit_s = COUPLING_OHM / fabs(r->sin[0]), .coupling_resistance_ohm = COUPLING_OHM,
        .conductance_max_S = responses->conductance_max_S,
        .load_slope = responses->load_slope, .trim_bits = TRIM_BITS,
        .coupler_bits = ring->coupler_bits, .n_hung = ring->n_hung, .gate_ohm = ring->gate_ohm,
        .off_constant = off_constant(responses, r->resistance_ohm),
        .off_constant_half = off_constant(responses, r->resistance_ohm / 2),
        .split_F = ring->split_F, .listen = ring->listen, .swapped = ring->swapped, .response = *r,
        .opposite = response_from(responses, MJ_RING_SOURCE_OPPOSITE),
        .sine = response_from(responses, MJ_RING_SOURCE_SINE)};
}

mj_ring_model mj_ring_substrate_model(const mj_ring_substrate *s)
{
    return (mj_ring_model){.n_stages = s->n_stages, .period_s = s->period_s,
                           .detuning_pV = s->detuning_pV, .load_slope = s->load_slope,
                           .response = s->response};
}

mj_models_request mj_ring_substrate_models(const mj_ring_substrate *s, const char *path)
{
    return (mj_models_request){.path = path, .corner = strcmp(s->corner, NO_CORNER) ? s->corner : NULL,
                               .nmos = s->nmos, .pmos = s->pmos};
}

mj_status mj_ring_substrate_apply(mj_ring *ring, mj_ring_figures *figures, const mj_ring_substrate *s,
                                  const mj_spice_job *job, mj_err *err)
{
    ring->n_stages = s->n_stages;
    ring->n_buffers = s->n_buffers;
    ring->split_F = s->split_F;
    ring->coupler_bits = s->coupler_bits;
    ring->n_hung = s->n_hung;
    ring->gate_ohm = s->gate_ohm;
    ring->listen = s->listen;
    ring->swapped = s->swapped != 0;
    ring->vdd_V = s->vdd_V;
    ring->temperature_C = s->temperature_K - KELVIN;
    if (s->width_n_m > 0) { /* files of older measurements have the sizes of mj_ring_default */
        ring->load_F = s->load_F;
        ring->width_n_m = s->width_n_m;
        ring->width_p_m = s->width_p_m;
        ring->length_m = s->length_m;
        ring->step_s = s->step_s;
    }
    MJ_TRY(mj_ring_measure_period(figures, ring, job, err));
    figures->detuning_pV = s->detuning_pV;
    return fabs(figures->period_s / s->period_s - 1) < PERIOD_WITHIN
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                            "the substrate is of another ring: a period of %.4g s, and %.4g s with these "
                            "models", s->period_s, figures->period_s);
}

mj_status mj_ring_substrate_ring(mj_ring *ring, mj_ring_figures *figures, const mj_ring_substrate *s,
                                 const mj_spice_models *models, const mj_spice_job *job, mj_err *err)
{
    *ring = mj_ring_default(models);
    return mj_ring_substrate_apply(ring, figures, s, job, err);
}

static void write_list(FILE *out, const char *key, const double value[MJ_RING_HARMONICS])
{
    fprintf(out, "%s: [", key);
    for (int h = 0; h < MJ_RING_HARMONICS; h++) {
        fprintf(out, "%s%.6g", h ? ", " : "", value[h]);
    }
    fputs("]\n", out);
}

/* A text in double quotes, whatever it holds. */
static void write_text(FILE *out, const char *key, const char *text)
{
    fprintf(out, "%s: \"", key);
    for (const char *c = text; *c; c++) {
        fprintf(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    }
    fputs("\"\n", out);
}

static void write_cell(FILE *out, const mj_ring_substrate *s)
{
    if (s->width_n_m > 0) {
        fprintf(out, "load: %.6g fF\nwidth_n: %.6g um\nwidth_p: %.6g um\nlength: %.6g um\nstep: %.6g ps\n",
                1e15 * s->load_F, 1e6 * s->width_n_m, 1e6 * s->width_p_m, 1e6 * s->length_m, 1e12 * s->step_s);
    }
    if (s->nmos && s->pmos) {
        write_text(out, "nmos", s->nmos);
        write_text(out, "pmos", s->pmos);
    }
}

mj_status mj_ring_substrate_save(const char *path, const mj_ring_substrate *s, mj_err *err)
{
    mj_draft draft;
    MJ_TRY(mj_draft_open(&draft, path, err));
    FILE *out = draft.out;
    fputs("# A ring of inverters as a phase oscillator, from transistors in ngspice; made by mj measure ring.\n"
          "#   dphi_i/dt = omega_0 (1 + detuning_per_volt dV_i) + sum_j H(phi_j + tap_ij - phi_i) / R_ij\n"
          "#   H(d) = response_constant + sum_h sin_h sin(h d) + cos_h cos(h d)     ohm rad/s\n"
          "# load_slope: how constants change with all conductance at a node, from 1/response_resistance on.\n"
          "# Node k leads node 0 by k pi (1 - 1/stages). diffusion: rad2/s, 0 where it was not measured.\n"
          "# mismatch: standard deviation of periods, relative, of which a trim of so many bits leaves a step.\n"
          "# split: this ring has an output and its opposite; responses to that one and to a sine beside it.\n"
          "# coupler_bits: couplings are couplers; so many of them (hung) load each output, on or off; off_constant:\n"
          "# what one that is off adds to a rate, times its resistance, at response_resistance and at half of it.\n"
          "# conductance_max: of all couplings at a node, from a ring's own output; above it H is another.\n"
          "# load, widths, length: of a stage; step: the simulations' largest; nmos, pmos: devices of the card.\n"
          "mj: 1\n", out);
    write_text(out, "phase_substrate", s->name);
    write_text(out, "card", s->card);
    write_text(out, "corner", s->corner);
    write_text(out, "tool", s->tool);
    write_text(out, "commit", s->commit);
    fprintf(out, "stages: %d\nbuffers: %d\nvdd: %.6g V\ntemperature: %.6g K\nperiod: %.6g ps\n",
            s->n_stages, s->n_buffers, s->vdd_V, s->temperature_K, 1e12 * s->period_s);
    fprintf(out, "energy: %.6g fJ\nleak: %.6g nW\ndetuning_per_volt: %.6g\ndiffusion: %.6g\n",
            1e15 * s->energy_J, 1e9 * s->leak_W, s->detuning_pV, s->diffusion_sq);
    fprintf(out, "unit: %.6g ns\ncoupling_resistance: %.6g kohm\nconductance_max: %.6g uS\n",
            1e9 * s->unit_s, 1e-3 * s->coupling_resistance_ohm, 1e6 * s->conductance_max_S);
    fprintf(out, "response_resistance: %.6g kohm\nresponse_constant: %.6g\n",
            1e-3 * s->response.resistance_ohm, s->response.constant);
    write_list(out, "response_sin", s->response.sin);
    write_list(out, "response_cos", s->response.cos);
    fprintf(out, "load_slope: %.4g\nresponse_residual: %.4g\n", s->load_slope, s->response.residual);
    write_cell(out, s);
    if (s->mismatch > 0) {
        fprintf(out, "mismatch: %.4g\ntrim_bits: %d\n", s->mismatch, s->trim_bits);
    }
    if (s->split_F > 0) {
        fprintf(out, "split: %.6g fF\nlisten: %d\nswapped: %d\nopposite_constant: %.6g\n", 1e15 * s->split_F,
                s->listen, s->swapped, s->opposite.constant);
        write_list(out, "opposite_sin", s->opposite.sin);
        write_list(out, "opposite_cos", s->opposite.cos);
        fprintf(out, "sine_constant: %.6g\n", s->sine.constant);
        write_list(out, "sine_sin", s->sine.sin);
        write_list(out, "sine_cos", s->sine.cos);
    }
    if (s->coupler_bits > 0) {
        fprintf(out, "coupler_bits: %d\nhung: %d\ngate: %.6g kohm\noff_constant: %.6g\noff_constant_half: %.6g\n",
                s->coupler_bits, s->n_hung, 1e-3 * s->gate_ohm, s->off_constant, s->off_constant_half);
    }
    return mj_draft_close(&draft, err);
}

mj_status mj_ring_substrate_load(mj_ring_substrate *substrate, const char *path,
                                 const mj_units *units, mj_arena *arena, mj_err *err)
{
    document d = {.n_sin = 0};
    MJ_TRY(mj_spec_load(&d, &schema, path, units, arena, err));
    if (d.s.n_stages % 2 == 0 || d.s.response.sin[0] == 0) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "no ring: %s",
                          d.s.n_stages % 2 ? "its first sine is 0" : "an even number of stages");
    }
    if (d.s.split_F > 0 && !(d.s.opposite.sin[0] / d.s.response.sin[0] < 0 &&
                             hypot(d.s.sine.sin[0], d.s.sine.cos[0]) > 0)) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                          "a split ring without the response to its opposite and to a sine");
    }
    if (strchr(d.s.card, '/')) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "card: the name of a file in data/circuits, no path");
    }
    if (d.s.width_n_m > 0 && !(d.s.width_p_m > 0 && d.s.length_m > 0 && d.s.step_s > 0)) {
        return mj_err_add(err, MJ_EKEY, path, 0, 0, "width_n comes with width_p, length and step");
    }
    if (d.s.listen >= d.s.n_stages) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "no node %d in a ring of %d stages", d.s.listen,
                          d.s.n_stages);
    }
    if (d.s.coupler_bits > 0 && !(d.s.split_F > 0)) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "couplers hang on both outputs of a split ring: no split here");
    }
    if (d.s.n_buffers != 0 && d.s.n_buffers < TAPS) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "a directed ring has buffers at %d taps or more", TAPS);
    }
    *substrate = d.s;
    return MJ_OK;
}

static void write_fact(FILE *out, const mj_ring_substrate *s, const char *name, const char *what,
                       double value, const char *unit)
{
    fprintf(out,
            "  - {name: %s, what: \"%s\", value: %.4g %s,\n"
            "     vdd: %.4g V, from: ngspice2026, class: simulated, boundary: die, scaling: none}\n",
            name, what, value, unit, s->vdd_V);
}

/* Period or energy, with what corners make of it. */
static void write_spread(FILE *out, const mj_ring_substrate *s, const mj_ring_spread *spread, const char *name,
                         const char *what, const char *unit, double scale, bool is_energy)
{
    double typ = scale * (is_energy ? s->energy_J : s->period_s), lo = typ, hi = typ;
    const mj_ring_condition *c = spread ? spread->condition : NULL;
    if (!c) {
        write_fact(out, s, name, what, typ, unit);
        return;
    }
    for (int i = 0; i < MJ_RING_CONDITIONS; i++) {
        double value = scale * (is_energy ? c[i].energy_J : c[i].period_s);
        lo = fmin(lo, value);
        hi = fmax(hi, value);
    }
    fprintf(out,
            "  - {name: %s, what: \"%s\",\n"
            "     value: {typ: %.4g %s, lo: %.4g %s, hi: %.4g %s},\n"
            "     vdd: %.4g V, from: ngspice2026, class: simulated, boundary: die, scaling: none,\n"
            "     note: \"over tt, ff and ss, 0 to 85 C, a tenth more and less supply\"}\n",
            name, what, typ, unit, lo, unit, hi, unit, s->vdd_V);
    for (int i = 0; i < MJ_RING_CONDITIONS; i++) {
        if (i % 9 == MIDDLE && i != MIDDLE) { /* ff and ss at 25 C and the supply as it is */
            char corner[16], more[128];
            snprintf(corner, sizeof corner, "%s.%s", name, c[i].corner);
            snprintf(more, sizeof more, "%s, corner %s, 25 C", what, c[i].corner);
            write_fact(out, s, corner, more, scale * (is_energy ? c[i].energy_J : c[i].period_s), unit);
        }
    }
}

mj_status mj_ring_facts_save(const char *path, const mj_ring_substrate *s, const mj_ring_spread *spread,
                             mj_err *err)
{
    mj_draft draft;
    char what[128];
    double amplitude = hypot(s->response.sin[0], s->response.cos[0]);
    MJ_TRY(mj_draft_open(&draft, path, err));
    FILE *out = draft.out;
    fprintf(out, "# A ring of %d inverters in ngspice; made by mj measure ring.\n"
                 "# card %s, corner %s, %.5g K, %s, commit %s\nmj: 1\nfacts: circuit-ring\nentries:\n",
            s->n_stages, s->card, s->corner, s->temperature_K, s->tool, s->commit);
    write_spread(out, s, spread, "period", "period of a ring", "ps", 1e12, false);
    write_spread(out, s, spread, "cycle", "energy of a ring, per cycle", "fJ/cycle", 1e15, true);
    write_fact(out, s, "leak", "leakage of a ring that stands still, as far as the card leaks", 1e9 * s->leak_W, "nW");
    write_fact(out, s, "detuning", "relative change of the frequency for 10 mV of supply",
               s->detuning_pV, "%");
    write_fact(out, s, "coupling", "amplitude of the coupling function, first harmonic", amplitude, "ohm/s");
    for (int h = 1; h < MJ_RING_HARMONICS; h++) {
        char name[16];
        snprintf(name, sizeof name, "harmonic%d", h + 1);
        snprintf(what, sizeof what, "harmonic %d of the coupling function, of its first", h + 1);
        write_fact(out, s, name, what,
                   100 * hypot(s->response.sin[h], s->response.cos[h]) / amplitude, "%");
    }
    write_fact(out, s, "residual", "what the coupling function leaves, of its amplitude",
               100 * s->response.residual, "%");
    if (s->diffusion_sq > 0) {
        write_fact(out, s, "diffusion", "variance of the phase from thermal noise, rad2 per s",
                   s->diffusion_sq, "Hz");
    }
    write_fact(out, s, "conductance", "couplings at a node, up to which the function holds",
               1e6 * s->conductance_max_S, "uS");
    if (spread && spread->mismatch) {
        write_fact(out, s, "mismatch", "period from ring to ring, standard deviation",
                   100 * spread->mismatch->period_share, "%");
        write_fact(out, s, "mismatch.energy", "energy from ring to ring, standard deviation",
                   100 * spread->mismatch->energy_share, "%");
    }
    write_fact(out, s, "unit", "model time in which a coupling of 1 is 200 kohm", 1e9 * s->unit_s, "ns");
    return mj_draft_close(&draft, err);
}
