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

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double LIMIT_MAX_S = 1e6;
static const double CARD_NODE_M = 180e-9; /* of data/circuits/generic-180nm.lib */
enum { GLITCH_VECTORS = 100, SPICE_VECTORS = 41, ADDER_BITS = 4, ADDER_INPUTS = 15 };

typedef struct {
    bool check, wind_tunnel;
    int n_vectors;
    double wire_m, watts_W, limit_s;
    mj_gates other;
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

/* What --check compares: all that it needs, and the time that a program may take (0: each its own). */
typedef struct {
    mj_measure_report *report;
    mj_context *context;
    const mj_measured_circuit *circuit;
    mj_crosscheck where;
    double limit_s;
} check;

static mj_status check_switching(const check *c)
{
    MJ_TRY(mj_crosscheck_sta(&c->report->own, &c->report->sta, &c->circuit->netlist, &c->where,
                             &c->context->arena, &c->context->err));
    c->report->has_sta = true;
    return MJ_OK;
}

static mj_status check_glitches(const check *c)
{
    const mj_measured_circuit *circuit = c->circuit;
    mj_context *context = c->context;
    const int n = circuit->n_vectors < GLITCH_VECTORS ? circuit->n_vectors : GLITCH_VECTORS;
    /* Rows of the whole are longer than those of the first vectors. */
    const size_t words = mj_simulate_words(circuit->n_vectors), few = mj_simulate_words(n);
    uint64_t *input =
        mj_arena_array(&context->arena, (size_t)circuit->netlist.n_inputs * few, sizeof *input);
    if (!input) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "no memory for vectors");
    }
    for (int i = 0; i < circuit->netlist.n_inputs; i++) {
        memcpy(input + (size_t)i * few, circuit->input + (size_t)i * words, few * sizeof *input);
    }
    MJ_TRY(mj_crosscheck_glitches(&c->report->glitches, &circuit->netlist, &circuit->timing, input, n,
                                  &c->where, &context->arena, &context->err));
    c->report->has_glitches = true;
    return MJ_OK;
}

static mj_status check_transistors(const check *c)
{
    return mj_measure_spice(c->report, c->context);
}

/* Verilog and, first, the formal proof. */
static mj_status check_equality(const check *c)
{
    const mj_proof_config all = {.limit_s = c->limit_s, .formal_limit_s = c->limit_s, .root = getenv("TMPDIR")};
    mj_proof proof;
    mj_status status = mj_proof_run(&proof, &c->report->manifest, c->report->folder, &c->report->liberty,
                                    &all, &c->context->arena, &c->context->err);
    c->report->has_proof = proof.formal_s > 0;
    if (proof.gate_mismatches >= 0) {
        c->report->proof = proof;
    }
    return status;
}

/* What other programs say; one that is missing does not keep the rest from running. */
static mj_status check_by_tools(mj_measure_report *report, const mj_measured_circuit *circuit,
                                mj_context *context, double limit_s)
{
    typedef mj_status step(const check *);
    static step *const steps[] = {check_switching, check_glitches, check_transistors, check_equality};
    const check c = {.report = report, .context = context, .circuit = circuit, .limit_s = limit_s,
                     .where = {.folder = mj_arena_printf(&context->arena, "%s/check", report->folder),
                               .limit_s = limit_s}};
    mj_status status = MJ_OK;
    if (!c.where.folder) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "no memory for a path");
    }
    report->has_checks = true;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status != MJ_ESTOP; i++) {
        const mj_status one = steps[i](&c);
        status = status == MJ_OK || one == MJ_ESTOP ? one : status;
    }
    return status;
}

/* --node, --voltage. */
static mj_status scale_total(mj_measure_report *report, mj_context *context, const mj_gates *other)
{
    report->other = *other;
    return other->node_m > 0 ? mj_measurement_at(&report->total_other, report->measurement.total_J,
                                                 &report->manifest, other, &context->err)
                             : MJ_OK;
}

/* Why what was measured is no fact about the model that the manifest names; NULL: it is one. */
static const char *no_facts_because(mj_measure_report *report, mj_context *context)
{
    const mj_manifest *m = &report->manifest;
    const char *first, *library = mj_arena_printf(&context->arena, "%s/cells.lib", report->folder);
    char now[MJ_SHA256_TEXT] = "";
    const int n = mj_manifest_changed(&first, m, report->folder, &context->arena);
    if (n > 0) {
        return mj_arena_printf(&context->arena, "%s is not as mj realize wrote it, %d such files", first, n);
    }
    if (!library || mj_sha256_file(now, library, NULL) != MJ_OK || strcmp(now, m->liberty_sha256) != 0) {
        return "the library is not as it was when mj realize mapped onto it";
    }
    return mj_proof_mismatches(&report->proof) > 0 ? "the netlist does not do what the model does" : NULL;
}

/* Writes facts.yaml, or takes away one that no longer holds. */
static mj_status keep_facts(mj_measure_report *report, mj_context *context)
{
    const char *path = mj_arena_printf(&context->arena, "%s/facts.yaml", report->folder);
    const char *origin = origin_of(context, &report->manifest, &report->liberty);
    if (!path || !origin) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "no memory for a text");
    }
    report->no_facts = no_facts_because(report, context);
    if (!report->no_facts) {
        return mj_measurement_save_facts(&report->measurement, &report->manifest, report->folder, origin,
                                         &context->err);
    }
    return unlink(path) == 0 || errno == ENOENT
               ? MJ_OK
               : mj_err_add(&context->err, MJ_EFILE, path, 0, 0, "cannot be removed: %s", strerror(errno));
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
    if (!report->manifest.mapped) {
        return mj_err_add(err, MJ_ETOOL, folder, 0, 0,
                          "the circuit was not mapped onto cells when it was written: mj realize again, to a new "
                          "folder");
    }
    MJ_TRY(mj_liberty_load(&report->liberty, cells, arena, err));
    MJ_TRY(wiring_find(&config.wiring, context, asked));
    MJ_TRY(mj_measurement_run(&report->measurement, circuit, &report->manifest, folder,
                              &report->liberty, &config, arena, err));
    MJ_TRY(scale_total(report, context, &asked->other));
    MJ_TRY(mj_proof_run(&report->proof, &report->manifest, folder, &report->liberty, &quick, arena,
                        err));
    return keep_facts(report, context);
}

static bool is_good(const mj_measure_report *report)
{
    return mj_proof_mismatches(&report->proof) <= 0 &&
           (!report->has_checks ||
            (mj_measure_agrees(report) && report->has_proof && report->proof.verdict == MJ_PROVED));
}

/* All that was asked for, and what came out. */
static int run(mj_measure_report *report, mj_context *context, const request *asked)
{
    mj_measured_circuit *circuit = mj_arena_alloc(&context->arena, sizeof *circuit);
    if (circuit == NULL) {
        return mj_context_fail_with(context, MJ_EMEM, "no memory for a measurement");
    }
    if (measure(report, circuit, context, report->folder, asked) != MJ_OK) {
        return mj_context_fail(context);
    }
    if (asked->wind_tunnel &&
        mj_wind_gates_run(report, circuit, context, asked->watts_W) != MJ_OK) {
        return mj_context_fail(context);
    }
    /* Where a program of --check is missing, what was measured is shown all the same. */
    const mj_status checked = asked->check ? check_by_tools(report, circuit, context, asked->limit_s)
                                           : MJ_OK;
    if (context->globals.json) {
        if (mj_measure_print_json(report, &context->err) != MJ_OK) {
            return mj_context_fail(context);
        }
    } else {
        mj_measure_print_text(report);
    }
    if (checked != MJ_OK) {
        return mj_context_fail(context);
    }
    return is_good(report) ? MJ_EXIT_OK : MJ_EXIT_GOAL;
}

int mj_measure_digital(mj_context *context, int argc, char **argv)
{
    request asked = {.n_vectors = 0};
    const mj_option option[] = {
        {.name = "check", .help = "also: Verilog against netlist, the core proven, OpenSTA, Icarus",
         .kind = MJ_OPTION_FLAG, .target = &asked.check},
        {.name = "limit", .argument = "TIME", .kind = MJ_OPTION_REAL, .target = &asked.limit_s, .unit = "s",
         .min = 1, .max = LIMIT_MAX_S,
         .help = "of a program of --check: '1200 s' (600 s; 100 s to search for a difference,\n"
                 "300 s of OpenSTA and Icarus)"},
        {.name = "vectors", .argument = "N", .help = "vectors whose energy is taken (1000)",
         .kind = MJ_OPTION_INT, .target = &asked.n_vectors, .min = 2, .max = 1 << 24},
        {.name = "wire", .argument = "LENGTH",
         .help = "wire that a pin adds, such as `30 um`; `0 um`: none",
         .kind = MJ_OPTION_REAL, .target = &asked.wire_m, .unit = "m", .min = 0, .max = 1,
         .given = &asked.wire_given},
        {.name = "node", .argument = "LENGTH", .kind = MJ_OPTION_REAL, .target = &asked.other.node_m,
         .unit = "m", .min = 1e-9, .max = 1e-3,
         .help = "also the total moved to another node, such as `130 nm`, by the\npolynomials; with --voltage"},
        {.name = "voltage", .argument = "V", .kind = MJ_OPTION_REAL, .target = &asked.other.voltage_V,
         .unit = "V", .min = 0.1, .max = 10, .help = "supply there, such as `1.8 V`"},
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
        .example = "mj measure fashion --check\nmj measure fashion --node '130 nm' --voltage '1.8 V'\n"
                   "mj measure fashion --wind-tunnel",
    };
    const char *folder;
    int exit_code;
    mj_measure_report report = {.folder = NULL};
    if (!mj_options_parse(&exit_code, context, "measure", &usage, &folder, argc, argv)) {
        return exit_code;
    }
    if ((asked.other.node_m > 0) != (asked.other.voltage_V > 0)) {
        return mj_context_fail_with(context, MJ_EKEY, "--node and --voltage go together: gates of a node have no "
                                                      "energy without their supply");
    }
    report.folder = folder;
    return run(&report, context, &asked);
}
