/* Wind tunnel: the joules of a net on rings against those of simulating it three ways, and its scorecard.
 *
 *   SPICE        ngspice
 *   C            our phase model on one core, exact to 1 mrad: alone, and 256 samples side by side
 *   ASIC         the phase model in int8 MAC [the fact arith.mac.int8], as coarse as it may be to be as
 *                near to the exact model as the circuit is; operands, control and leakage left out
 *
 * Programs: seconds of a processor, not of the clock, and joules as power.h has them.
 *
 * What no deck has is added to the circuit: what starts rings, reads and trims them, and the switches of
 * couplers, measured alone (mj measure cells). Reference and strobe are left out.
 *
 * Only the last is a competitor of the circuit: a ratio against SPICE is no evidence of anything. Its
 * count: each of 4 evaluations a step takes 4 MAC a coupling (two harmonics, 1 and 3, in two parts) and 16
 * a ring (sines of two harmonics by polynomials, products with the sums).
 *
 * Trainable: the change of a phase with a coupling, by central differences of the circuit itself, beside
 * the same of the phase model whose gradient a training follows. Two rings, 24 cycles. */
#include "measure_rings.h"

#include "power.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEPS_FINE = 512, STEPS_FIRST = 4, MAC_COUPLING = 4, MAC_RING = 16, STAGES = 4 };
static const double EXACT_RAD = 1e-3;
static const double CONTACT_M = 0.5e-6; /* as in spice_models.c */
static const double STROBE_ROWS = 1.5;  /* one to be read, half of one on average to be started */
static const double INJECTION_BITS = 16; /* two couplers of four bits and a sign, by two gates a bit */
static const double GRADIENT_UNITS = 0.5, GRADIENT_VALUE = 1, GRADIENT_STEP = 0.25, GRADIENT_START = 1.2;

static double difference(mj_rings_report *r, int n_steps, const double *exact, double *phase)
{
    mj_rings_predict(phase, r, 0, false, n_steps);
    return mj_ring_net_compare(phase, exact, &r->net).rms;
}

/* Steps of the phase model for 1 mrad, and for what the circuit itself is off by. */
static void find_steps(mj_rings_report *r, double *exact, double *phase)
{
    double coarse = fmax(r->rms, EXACT_RAD);
    mj_rings_predict(exact, r, 0, false, STEPS_FINE);
    r->steps_coarse = 1;
    while (r->steps_coarse < STEPS_FINE && difference(r, r->steps_coarse, exact, phase) > coarse) {
        r->steps_coarse++;
    }
    r->steps_fine = STEPS_FIRST;
    while (r->steps_fine < STEPS_FINE && difference(r, r->steps_fine, exact, phase) > EXACT_RAD) {
        r->steps_fine += STEPS_FIRST;
    }
}

typedef struct {
    mj_rings_report *report;
    int n_batch;
} samples;

/* Of the first image, from starts that differ a little. */
static void run_model(void *user)
{
    const samples *s = user;
    mj_rings_report *r = s->report;
    size_t n_batch = (size_t)s->n_batch;
    const mj_ring_net_model model = {.substrate = &r->substrate, .n_batch = s->n_batch,
                                     .n_steps = r->steps_fine};
    for (int i = 0; i < r->net.n; i++) {
        for (size_t b = 0; b < n_batch; b++) {
            r->theta[(size_t)i * n_batch + b] = (float)(r->net.image[0].start[i] + 1e-3 * (double)b);
        }
    }
    mj_ring_net_integrate(r->theta, r->scratch, &r->net, 0, &model);
}

/* Width times length with both contacts, of all transistors: two a stage, eight a split of which four
 * have three times the width. */
static double active_area(const mj_rings_report *r)
{
    const mj_ring *ring = &r->ring;
    double widths_m = (ring->width_n_m + ring->width_p_m) * (r->substrate.n_stages + 2 + 2 * 3);
    return r->net.n * widths_m * (ring->length_m + 2 * CONTACT_M);
}

static mj_status take_fact(double *value, mj_facts *facts, const char *key, const char *unit, mj_err *err)
{
    mj_quantity quantity;
    MJ_TRY(mj_facts_quantity(&quantity, facts, key, unit, 0, err));
    *value = quantity.typ;
    return MJ_OK;
}

/* Energies and areas of the cells beside the rings. */
static mj_status add_cells(mj_rings_report *r, mj_facts *facts, mj_err *err)
{
    double start_J, sample_J, trim_J, nand_J, coupler_J, set_J, bit_J, strobes_s;
    double trim_m2, sample_m2, start_m2, coupler_m2;
    double n = r->net.n, visible = r->net.width * r->net.height, couplings = r->net.n_couplings;
    double cycles = r->net.span * r->map.unit_s / r->substrate.period_s;
    const struct {
        double *value;
        const char *key, *unit;
    } fact[] = {{&start_J, "circuit-cells.start", "J"},          {&sample_J, "circuit-cells.sample", "J"},
                {&trim_J, "circuit-cells.trim.cycle", "J"},      {&nand_J, "circuit-cells.start.cycle", "J"},
                {&coupler_J, "circuit-cells.coupler.carried", "J"}, {&set_J, "circuit-cells.trim.set", "J"},
                {&bit_J, "circuit-cells.bit", "J"},              {&strobes_s, "circuit-cells.sample.time", "s"},
                {&trim_m2, "circuit-cells.trim.area", "m2"},
                {&sample_m2, "circuit-cells.sample.area", "m2"}, {&start_m2, "circuit-cells.start.area", "m2"},
                {&coupler_m2, "circuit-cells.coupler.area", "m2"}};
    for (size_t i = 0; i < sizeof fact / sizeof fact[0]; i++) {
        MJ_TRY(take_fact(fact[i].value, facts, fact[i].key, fact[i].unit, err));
    }
    r->start_J = n * start_J;
    r->sample_J = visible * sample_J;
    double uncoupled = STROBE_ROWS * strobes_s / r->substrate.period_s;
    r->uncoupled_J = n * uncoupled * r->substrate.energy_J;
    r->trim_J = n * (cycles + uncoupled) * (trim_J + nand_J);
    r->switches_J = couplings * (cycles + uncoupled) * coupler_J;
    r->settings_J = n * (set_J + (r->substrate.trim_bits + INJECTION_BITS) * bit_J);
    r->active_m2 += n * (trim_m2 + start_m2) + visible * sample_m2 + couplings * coupler_m2;
    return MJ_OK;
}

static double all_joules(const mj_rings_report *r)
{
    return r->energy_J + r->uncoupled_J + r->start_J + r->sample_J + r->trim_J + r->switches_J + r->settings_J;
}

/* Phase of ring 1, driven by ring 0 alone with that coupling, after half a unit: circuit and model. */
static mj_status drive_one(double *circuit, double *model, mj_rings_report *r, double value,
                           mj_context *context)
{
    double zeros[2] = {0, 0}, start[2] = {0, GRADIENT_START};
    float theta[2] = {0, (float)GRADIENT_START}, scratch[256];
    mj_ring_coupling coupling[] = {{1, 0, value}};
    mj_ring_image image = {.omega = zeros, .drive_cos = zeros, .drive_sin = zeros, .start = start};
    /* Its unit of time is that of the whole net. */
    const mj_ring_net net = {.name = "two rings", .n = 2, .width = 1, .height = 1, .span = GRADIENT_UNITS,
                             .strongest = r->net.strongest, .n_couplings = 1, .n_images = 1,
                             .coupling = coupling, .image = &image};
    const mj_ring_net_model phases = {.substrate = &r->substrate, .n_batch = 1, .n_steps = STEPS_FINE};
    mj_ring_net_result result;
    MJ_TRY(mj_ring_net_simulate(&result, &net, 0, &r->ring, &r->figures, &r->substrate, &r->job,
                                &context->arena, &context->err));
    if (mj_ring_net_scratch(&net, 1) > sizeof scratch / sizeof *scratch) {
        return mj_err_add(&context->err, MJ_ELIMIT, NULL, 0, 0, "scratch for two rings is too small");
    }
    mj_ring_net_integrate(theta, scratch, &net, 0, &phases);
    *circuit = result.phase[1];
    *model = (double)theta[1];
    return MJ_OK;
}

static mj_status find_gradient(mj_rings_report *r, mj_context *context)
{
    double circuit[2], model[2];
    for (int side = 0; side < 2; side++) {
        double value = GRADIENT_VALUE + (side ? GRADIENT_STEP : -GRADIENT_STEP);
        MJ_TRY(drive_one(&circuit[side], &model[side], r, value, context));
    }
    r->gradient = (circuit[1] - circuit[0]) / (2 * GRADIENT_STEP);
    r->gradient_model = (model[1] - model[0]) / (2 * GRADIENT_STEP);
    return MJ_OK;
}

mj_status mj_wind_tunnel_run(mj_rings_report *r, mj_context *context)
{
    mj_quantity mac;
    mj_facts *facts = mj_context_facts(context);
    double *exact = mj_arena_array(&context->arena, 2 * (size_t)r->net.n, sizeof *exact);
    if (!facts || !exact) {
        return MJ_EFILE;
    }
    MJ_TRY(mj_facts_quantity(&mac, facts, "arith.mac.int8", "J/MAC", 0, &context->err));
    find_steps(r, exact, exact + r->net.n);
    MJ_TRY(mj_ring_substrate_ring(&r->ring, &r->figures, &r->substrate, &r->models, &r->job,
                                  &context->err));
    r->ring.step_s = r->step_s;
    samples one = {r, 1}, many = {r, MJ_RINGS_BATCH};
    r->single = mj_power_time(&r->power, run_model, &one, 1);
    r->batch = mj_power_time(&r->power, run_model, &many, MJ_RINGS_BATCH);
    r->spice = mj_power_row(&r->power, r->busy_s, r->n_metered == r->n_images ? r->package_J : 0, 1);
    r->asic_macs = (double)STAGES * r->steps_coarse *
                   (MAC_COUPLING * (double)r->net.n_couplings + MAC_RING * (double)r->net.n);
    r->asic.joules = r->asic_macs * mac.typ;
    r->asic_lo_J = r->asic_macs * mac.lo;
    r->asic_hi_J = r->asic_macs * mac.hi;
    r->active_m2 = active_area(r);
    mj_err quiet = {0};
    r->has_cells = add_cells(r, facts, &quiet) == MJ_OK;
    r->n_parameters = r->net.n_couplings + 4 * r->net.n;
    return find_gradient(r, context);
}

void mj_tunnel_row_print(const char *what, double joules, const double *circuit_J, int n)
{
    printf("  %-46s %9.3g J", what, joules);
    for (int i = 0; i < n; i++) {
        printf("  %9.3g x", joules / circuit_J[i]);
    }
    putchar('\n');
}

mj_json *mj_tunnel_row_json(const mj_tunnel_row *row, double circuit_J)
{
    mj_json *object = mj_json_object();
    mj_json_set_number(object, "seconds", row->seconds > 0 ? row->seconds : NAN);
    mj_json_set_number(object, "joules", row->joules);
    mj_json_set_bool(object, "metered", row->metered);
    mj_json_set_number(object, "ratio", row->joules / circuit_J);
    return object;
}

static void print_row(const char *what, const mj_tunnel_row *row, const mj_rings_report *r)
{
    const double circuit_J = all_joules(r);
    mj_tunnel_row_print(what, row->joules, &circuit_J, 1);
}

static const char *verdict(const mj_rings_report *r)
{
    return r->asic_lo_J > all_joules(r)     ? "cheaper to run than to simulate, over the fact's interval"
           : r->asic.joules > all_joules(r) ? "cheaper to run than to simulate, but not at the interval's end"
                                            : "no wind tunnel: simulating it is cheaper";
}

void mj_wind_tunnel_print(const mj_rings_report *r)
{
    char text[96], power[MJ_POWER_TEXT];
    printf("\nwind tunnel, an image; the circuit: %.4g nJ, without strobe and reference\n", 1e9 * all_joules(r));
    if (r->has_cells) {
        printf("  in the deck: rings %.4g nJ; not in it, by mj measure cells: start %.3g nJ, trim %.3g nJ,\n"
               "  switches of couplers %.3g nJ, settings of a class %.3g nJ, read-out %.3g nJ, rings that run to\n"
               "  be started and read %.3g nJ\n",
               1e9 * r->energy_J, 1e9 * r->start_J, 1e9 * r->trim_J, 1e9 * r->switches_J, 1e9 * r->settings_J,
               1e9 * r->sample_J, 1e9 * r->uncoupled_J);
    } else {
        printf("  without start, trim, settings, switches of couplers and read-out: there are no facts of them; make\n"
               "  them by mj measure cells --split --out DIR, and give --facts DIR\n");
    }
    snprintf(text, sizeof text, "ngspice, %.3g s", r->spice.seconds);
    print_row(text, &r->spice, r);
    snprintf(text, sizeof text, "C, one at a time, %.3g us", 1e6 * r->single.seconds);
    print_row(text, &r->single, r);
    snprintf(text, sizeof text, "C, %d side by side, %.3g us each", MJ_RINGS_BATCH, 1e6 * r->batch.seconds);
    print_row(text, &r->batch, r);
    snprintf(text, sizeof text, "ASIC, %d steps, %.3g MAC of int8", r->steps_coarse, r->asic_macs);
    print_row(text, &r->asic, r);
    printf("  %-46s %9.3g to %.3g J, %.3g to %.3g x\n", "", r->asic_lo_J, r->asic_hi_J,
           r->asic_lo_J / all_joules(r), r->asic_hi_J / all_joules(r));
    printf("  C needs %d steps for 1 mrad; ngspice takes %.3g times its time (goal 5e4), %.3g in the batch\n"
           "  (goal 1e6), both seconds of a processor. Programs: %s.\n  Judged by the ASIC: %s\n",
           r->steps_fine, r->spice.seconds / r->single.seconds, r->spice.seconds / r->batch.seconds,
           mj_power_text(power, &r->power), verdict(r));
    printf("\nscorecard\n"
           "  expressive              mj eval MODEL --substrate; pixels of the circuit within %.4f of it\n"
           "  parameters              %d, %.3g per mm2 of transistors (%.3g mm2, no wires, no resistors)\n"
           "  expensive to simulate   %.3g times its joules on an ASIC\n"
           "  trainable               d phase / d coupling %.4f rad of the circuit, %.4f of the model (%.1f %%)\n",
           r->pixel, r->n_parameters, r->n_parameters / (1e6 * r->active_m2), 1e6 * r->active_m2,
           r->asic.joules / all_joules(r), r->gradient, r->gradient_model,
           100 * fabs(r->gradient / r->gradient_model - 1));
}

static mj_json *row_json(const mj_tunnel_row *row, const mj_rings_report *r)
{
    return mj_tunnel_row_json(row, all_joules(r));
}

mj_json *mj_wind_tunnel_json(const mj_rings_report *r)
{
    mj_json *root = mj_json_object();
    mj_json_set_number(root, "core_W", r->power.core_W);
    mj_json_set_number(root, "asic_lo_J", r->asic_lo_J);
    mj_json_set_number(root, "asic_hi_J", r->asic_hi_J);
    mj_json_set_number(root, "joules", all_joules(r));
    mj_json_set_number(root, "joules_start", r->start_J);
    mj_json_set_number(root, "joules_trim", r->trim_J);
    mj_json_set_number(root, "joules_switches", r->switches_J);
    mj_json_set_number(root, "joules_settings", r->settings_J);
    mj_json_set_number(root, "joules_readout", r->sample_J);
    mj_json_set_number(root, "joules_uncoupled", r->uncoupled_J);
    mj_json_set(root, "spice", row_json(&r->spice, r));
    mj_json_set(root, "c_single", row_json(&r->single, r));
    mj_json_set(root, "c_batch", row_json(&r->batch, r));
    mj_json_set(root, "asic", row_json(&r->asic, r));
    mj_json_set_integer(root, "steps_1_mrad", r->steps_fine);
    mj_json_set_number(root, "speedup_single", r->spice.seconds / r->single.seconds);
    mj_json_set_number(root, "speedup_batch", r->spice.seconds / r->batch.seconds);
    mj_json_set_integer(root, "parameters", r->n_parameters);
    mj_json_set_number(root, "active_m2", r->active_m2);
    mj_json_set_number(root, "gradient_circuit", r->gradient);
    mj_json_set_number(root, "gradient_model", r->gradient_model);
    return root;
}
