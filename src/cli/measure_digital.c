/* mj measure DIR: what a realised circuit costs, and whether it still is what it was made from.
 *
 * Equality of netlist and model is checked on all vectors every time; the Verilog, the formal proof and
 * the other programs only with --check, because they take minutes. */
#include "measure.h"
#include "config.h"
#include "measure_report.h"
#include "mj/crosscheck.h"
#include "mj/measurement.h"
#include "mj/proof.h"
#include "mj/realize.h"
#include "mj/rng.h"
#include "options.h"
#include "version.h"
#include "wind_gates.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Agreement that --check asks for: acceptance figures of the simulators, not of any one circuit. */
static const double SWITCHING_WITHIN = 0.005, TOGGLES_WITHIN = 0.05, SPICE_WITHIN = 1.5;
static const double CARD_NODE_M = 180e-9; /* of data/circuits/generic-180nm.lib */
enum { GLITCH_VECTORS = 100, SPICE_VECTORS = 41, ADDER_BITS = 4, ADDER_INPUTS = 15 };

typedef struct {
    bool check, wind_tunnel;
    int n_vectors;
    double wire_m, watts_W;
    bool wire_given;
} request;

static mj_status wiring_find(mj_wiring *wiring, mj_context *context, const request *asked)
{
    mj_quantity length, capacitance;
    mj_facts *facts = mj_context_facts(context);
    if (!facts) {
        return MJ_EFILE;
    }
    MJ_TRY(mj_facts_quantity(&length, facts, "wire.pin.180nm", "m", 0, &context->err));
    MJ_TRY(mj_facts_quantity(&capacitance, facts, "wire.capacitance.180nm", "F/m", 0, &context->err));
    *wiring = (mj_wiring){.length_m = asked->wire_given ? asked->wire_m : length.typ,
                          .capacitance_Fpm = capacitance.typ};
    return MJ_OK;
}

/* Which programs and library made the figures, on one line. */
static const char *origin_of(mj_context *context, const mj_manifest *m, const mj_liberty *liberty)
{
    mj_arena *arena = &context->arena;
    const char *text = mj_arena_printf(arena, "mj %s (%s)", MJ_VERSION, MJ_COMMIT);
    for (int i = 0; text && i < m->n_tools; i++) {
        text = mj_arena_printf(arena, "%s, %s", text, m->tool[i].version);
    }
    return text ? mj_arena_printf(arena, "%s, library %s, corner %s, %g V, %g C", text, liberty->name,
                                  liberty->corner, liberty->voltage_V, liberty->temperature_C)
                : NULL;
}

static double apart(double own, double other)
{
    double difference = own > other ? own - other : other - own;
    return other > 0 ? difference / other : 1;
}

/* The library's cells as transistors: NAME.sp beside NAME.lib, as its makers ship them; NULL if it is not
 * there. */
static const char *transistors_of(mj_context *context, const char *cells)
{
    char whole[PATH_MAX];
    size_t length = realpath(cells, whole) ? strlen(whole) : 0;
    if (length < 4 || strcmp(whole + length - 4, ".lib") != 0) {
        return NULL;
    }
    const char *path = mj_arena_printf(&context->arena, "%.*s.sp", (int)length - 4, whole);
    return path && access(path, R_OK) == 0 ? path : NULL;
}

mj_status mj_measure_spice(mj_measure_report *report, mj_context *context)
{
    mj_arena *arena = &context->arena;
    mj_err *err = &context->err;
    mj_adder_cell full, half;
    mj_netlist counter;
    mj_spice_models models;
    mj_rng rng;
    uint64_t input[ADDER_INPUTS];
    const char *library = mj_arena_printf(arena, "%s/cells.lib", report->folder);
    const char *path = library ? transistors_of(context, library) : NULL;
    const char *cards = mj_context_path(context, "circuits");
    const char *card = cards ? mj_arena_printf(arena, "%s/generic-180nm.lib", cards) : NULL;
    const double node_m = report->manifest.node_m;
    mj_adder_cells_find(&full, &half, &report->liberty);
    if (!path || !full.cell || node_m < 0.99 * CARD_NODE_M || node_m > 1.01 * CARD_NODE_M) {
        return MJ_OK;
    }
    if (!card) {
        return MJ_EFILE;
    }
    MJ_TRY(mj_adder_tree(&counter, &report->liberty, mj_liberty_find(&report->liberty, full.cell),
                         ADDER_BITS, arena, err));
    MJ_TRY(mj_spice_cells_load(&report->cells, path, arena, err));
    MJ_TRY(mj_spice_models_load(&models, &(mj_models_request){.path = card}, arena, err));
    mj_rng_init(&rng, context->globals.seed, 0);
    for (int i = 0; i < ADDER_INPUTS; i++) {
        input[i] = (uint64_t)mj_rng_u32(&rng) << 32 | mj_rng_u32(&rng);
    }
    report->has_spice = true;
    return mj_crosscheck_spice(&report->spice, &counter, &report->cells, &models, input, SPICE_VECTORS,
                               &(mj_spice_job){0}, arena, err);
}

/* Within a factor of each other, and no vector wrong; or not there. */
static bool spice_agrees(const mj_measure_report *r)
{
    const double ratio = r->has_spice ? r->spice.tables_J / r->spice.spice_J : 1;
    return !r->has_spice ||
           (r->spice.n_wrong == 0 && ratio < SPICE_WITHIN && ratio > 1 / SPICE_WITHIN);
}

/* What other programs say; notes both figures even where they are too far apart. */
static mj_status checks_run(mj_measure_report *report, mj_context *context,
                            const mj_measured_circuit *circuit, const char *folder)
{
    mj_arena *arena = &context->arena;
    const mj_crosscheck check = {.folder = mj_arena_printf(arena, "%s/check", folder)};
    const int n = circuit->n_vectors < GLITCH_VECTORS ? circuit->n_vectors : GLITCH_VECTORS;
    if (!check.folder) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "no memory for a path");
    }
    MJ_TRY(mj_crosscheck_sta(&report->own, &report->sta, &circuit->netlist, &check, arena,
                             &context->err));
    /* Rows of the whole are longer than those of the first vectors. */
    const size_t words = mj_simulate_words(circuit->n_vectors), few = mj_simulate_words(n);
    uint64_t *input = mj_arena_array(arena, (size_t)circuit->netlist.n_inputs * few, sizeof *input);
    if (!input) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "no memory for vectors");
    }
    for (int i = 0; i < circuit->netlist.n_inputs; i++) {
        memcpy(input + (size_t)i * few, circuit->input + (size_t)i * words, few * sizeof *input);
    }
    MJ_TRY(mj_crosscheck_glitches(&report->glitches, &circuit->netlist, &circuit->timing, input, n,
                                  &check, arena, &context->err));
    MJ_TRY(mj_measure_spice(report, context));
    const double switching = apart(report->own.switching_J, report->sta.switching_J);
    const double toggles = apart((double)report->glitches.own, (double)report->glitches.iverilog);
    report->agrees =
        spice_agrees(report) && switching <= SWITCHING_WITHIN && toggles <= TOGGLES_WITHIN;
    return MJ_OK;
}

/* What needs no other program: netlist against model, energy, facts. */
static mj_status measure(mj_measure_report *report, mj_measured_circuit *circuit, mj_context *context,
                         const char *folder, const request *asked)
{
    mj_arena *arena = &context->arena;
    mj_err *err = &context->err;
    const char *cells = mj_arena_printf(arena, "%s/cells.lib", folder);
    mj_measurement_config config = {.n_vectors = asked->n_vectors};
    const mj_proof_config quick = {.no_rtl = true, .no_formal = true};
    if (!cells) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a measurement");
    }
    MJ_TRY(mj_manifest_load(&report->manifest, folder, arena, err));
    MJ_TRY(mj_liberty_load(&report->liberty, cells, arena, err));
    MJ_TRY(wiring_find(&config.wiring, context, asked));
    MJ_TRY(mj_measurement_run(&report->measurement, circuit, &report->manifest, folder,
                              &report->liberty, &config, arena, err));
    MJ_TRY(mj_proof_run(&report->proof, &report->manifest, folder, &report->liberty, &quick, arena,
                        err));
    const char *origin = origin_of(context, &report->manifest, &report->liberty);
    return origin ? mj_measurement_save_facts(&report->measurement, &report->manifest, folder, origin,
                                              err)
                  : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a text");
}

static mj_status check_by_tools(mj_measure_report *report, const mj_measured_circuit *circuit,
                                mj_context *context, const char *folder)
{
    const mj_proof_config all = {.no_rtl = false};
    mj_proof proof;
    MJ_TRY(checks_run(report, context, circuit, folder));
    MJ_TRY(mj_proof_run(&proof, &report->manifest, folder, &report->liberty, &all, &context->arena,
                        &context->err));
    report->proof = proof;
    report->has_checks = true;
    return MJ_OK;
}

static bool is_good(const mj_measure_report *report)
{
    return mj_proof_mismatches(&report->proof) <= 0 && report->proof.verdict != MJ_DISPROVED &&
           (!report->has_checks || report->agrees);
}

int mj_measure_digital(mj_context *context, int argc, char **argv)
{
    request asked = {.n_vectors = 0};
    const mj_option option[] = {
        {.name = "check", .help = "also: Verilog against netlist, the core proven, OpenSTA, Icarus",
         .kind = MJ_OPTION_FLAG, .target = &asked.check},
        {.name = "vectors", .argument = "N", .help = "vectors whose energy is taken (1000)",
         .kind = MJ_OPTION_INT, .target = &asked.n_vectors, .min = 2, .max = 1 << 24},
        {.name = "wire", .argument = "LENGTH",
         .help = "wire that a pin adds, such as `30 um`; `0 um`: none",
         .kind = MJ_OPTION_REAL, .target = &asked.wire_m, .unit = "m", .min = 0, .max = 1,
         .given = &asked.wire_given},
        {.name = "wind-tunnel", .kind = MJ_OPTION_FLAG, .target = &asked.wind_tunnel,
         .help = "also joules against simulating it: transistors, gates, words of bits, a machine;\n"
                 "and what the circuit is worth: expressive, dense, hard to simulate, trainable"},
        {.name = "watts", .argument = "W", .kind = MJ_OPTION_REAL, .target = &asked.watts_W, .unit = "W",
         .min = 0.1, .max = 1000, .help = MJ_POWER_HELP},
    };
    const mj_usage usage = {
        .sentence = "DIR",
        .about = "Energy, area and delay of a circuit that `mj realize` wrote into DIR, by its\n"
                 "library's tables, glitches included; checks that the netlist does on every vector\n"
                 "what the model does. Writes DIR/facts.yaml, which --facts DIR reads.",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .refuses = "csv verbose",
        .example = "mj measure fashion --check\nmj measure fashion --wind-tunnel",
    };
    const char *folder;
    int exit_code;
    mj_measure_report report = {.folder = NULL};
    if (!mj_options_parse(&exit_code, context, "measure", &usage, &folder, argc, argv)) {
        return exit_code;
    }
    report.folder = folder;
    mj_measured_circuit *circuit = mj_arena_alloc(&context->arena, sizeof *circuit);
    if (circuit == NULL) {
        return mj_context_fail_with(context, MJ_EMEM, "no memory for a measurement");
    }
    if (measure(&report, circuit, context, folder, &asked) != MJ_OK) {
        return mj_context_fail(context);
    }
    if (asked.wind_tunnel &&
        mj_wind_gates_run(&report, circuit, context, asked.watts_W) != MJ_OK) {
        return mj_context_fail(context);
    }
    /* Where a program of --check is missing, what was measured is shown all the same. */
    const mj_status checked = asked.check ? check_by_tools(&report, circuit, context, folder) : MJ_OK;
    if (context->globals.json) {
        if (mj_measure_print_json(&report, &context->err) != MJ_OK) {
            return mj_context_fail(context);
        }
    } else {
        mj_measure_print_text(&report);
    }
    if (checked != MJ_OK) {
        return mj_context_fail(context);
    }
    return is_good(&report) ? MJ_EXIT_OK : MJ_EXIT_GOAL;
}
