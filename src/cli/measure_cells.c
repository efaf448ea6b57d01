/* mj measure cells: the circuits beside a ring (ring_cells.h): what each does, whether it does it, and what
 * that costs; as facts for the bill too. */
#include "measure.h"
#include "mj/json.h"
#include "mj/ring_cells_file.h"
#include "mj/ring_file.h"
#include "options.h"
#include "progress.h"
#include "version.h"
#include <math.h>
#include <stdlib.h>

enum { SECONDS_MAX = 86400, TRIALS = 3 };
static const double LIMIT_S = 3600, FULL_OHM = 100e3, REACH = 0.03;
/* A ring off its frequency by half of this is off by 0.02 rad where couplings are strongest: twice 0.02 times
 * conductance_max times the first sine of H over omega, 20 uS x 4.2 Tohm/s x 655 ps / 2 pi for the ring of
 * data/circuits/ring-180nm-split.yaml. */
static const double GAP = 3.5e-4;

typedef struct {
    const char *models, *corner, *nmos, *pmos, *out;
    int trim_bits, phase_bits, coupling_bits;
    double vdd_V, temperature_C, limit_s, full_ohm, reach, gap;
    bool split;
} request;

typedef struct {
    mj_spice_models models;
    mj_spice_job job;
    mj_ring ring;
    mj_ring_figures figures;
    mj_ring_cells cells;
    mj_progress progress;
    double start_s, done; /* done: share of the work */
} result;

static mj_status make_ring(result *m, mj_context *context, const request *r)
{
    const char *own = mj_context_path(context, "circuits/generic-180nm.lib"), *root = getenv("TMPDIR");
    if (!r->models && !own) {
        return MJ_EFILE;
    }
    const mj_models_request wanted = {r->models ? r->models : own, r->corner, r->nmos, r->pmos};
    MJ_TRY(mj_spice_models_load(&m->models, &wanted, &context->arena, &context->err));
    m->job = (mj_spice_job){.root = root && root[0] ? root : NULL, .limit_s = r->limit_s};
    m->ring = mj_ring_default(&m->models);
    m->ring.vdd_V = r->vdd_V;
    m->ring.temperature_C = r->temperature_C;
    if (r->split) {
        MJ_TRY(mj_ring_tune_split(&m->ring, &m->job, &context->err));
    }
    return mj_ring_check(&m->ring, &context->err);
}

/* share: of all the work, that this step takes. */
static void begin(result *m, const char *what, double share)
{
    char left[32] = "unknown";
    if (m->done > 0) {
        mj_duration_format((mj_clock_s() - m->start_s) / m->done * (1 - m->done), left, sizeof left);
    }
    mj_progress_print(&m->progress, "%s, time left %s", what, left);
    m->done += share;
}

static mj_status measure(result *m, mj_context *context, const request *r)
{
    mj_ring_cells *c = &m->cells;
    const mj_ring *ring = &m->ring;
    const mj_ring_figures *f = &m->figures;
    mj_err *err = &context->err;
    m->start_s = mj_clock_s();
    MJ_TRY(mj_spice_version(&c->tool, &m->job, &context->arena, err));
    c->commit = MJ_COMMIT;
    begin(m, "one ring", 0.08);
    MJ_TRY(make_ring(m, context, r));
    MJ_TRY(mj_ring_measure(&m->figures, ring, &m->job, err));
    begin(m, "trim", 0.2);
    const mj_trim_request trim = {r->trim_bits, r->reach, r->gap};
    MJ_TRY(mj_trim_measure(&c->trim, &trim, ring, f, &m->job, err));
    begin(m, "read-out", 0.35);
    MJ_TRY(mj_readout_measure(&c->readout, r->phase_bits, TRIALS, ring, f, &m->job, err));
    begin(m, "start", 0.33);
    MJ_TRY(mj_start_measure(&c->start, r->phase_bits, TRIALS, ring, f, &m->job, err));
    begin(m, "coupler", 0.03);
    MJ_TRY(mj_coupler_measure(&c->coupler, r->coupling_bits, 1 / r->full_ohm, ring, f, &m->job, err));
    begin(m, "memory cell", 0.01);
    return mj_bit_measure(&c->bit, ring, &m->job, err);
}

static void print_row(const mj_cell_figures *c)
{
    printf("  %-9s %-5s %5d %5d %9.3g um2", c->name, c->works ? "yes" : "NO", c->n_transistors, c->n_bits,
           1e12 * c->active_m2);
    printf(c->use_J > 0 ? " %9.4g fJ" : "         -   ", 1e15 * c->use_J);
    printf(c->cycle_J != 0 ? " %8.3g fJ" : "        -   ", 1e15 * c->cycle_J);
    printf(c->static_W > 0 ? " %9.3g nW" : "         -   ", 1e9 * c->static_W);
    printf(" %8.3g ps\n", 1e12 * c->delay_s);
}

/* Frequencies of the codes on both sides of every place where many bits change. */
static void print_trim(const mj_trim_figures *t)
{
    printf("\ntrim      %d bits, %.3g %% of the frequency; a step %.3g to %.3g %%; %.3g mV lost at the middle\n"
           "          code: faster than 0 by",
           t->cell.n_bits, 100 * t->range, 100 * t->step_least, 100 * t->step_largest, 1e3 * t->drop_V);
    for (int i = 0; i < t->n_codes; i++) {
        printf("%s%5d: %.4f %%", i % 5 ? "  " : "\n          ", t->code[i], 100 * t->faster[i]);
    }
    putchar('\n');
}

static void print_details(const result *m)
{
    const mj_ring_cells *c = &m->cells;
    const mj_coupler_figures *k = &c->coupler;
    double T_s = m->figures.period_s;
    print_trim(&c->trim);
    printf("read-out  %g codes a turn; the sampler wants a rise %.3g ps, a fall %.3g ps before the strobe; it takes\n"
           "          over twice its %.3g ps where an edge is within %.3g ps (%.2g %% of a period);\n          codes",
           1 / c->readout.step, 1e12 * c->readout.sampler.offset_s[1], 1e12 * c->readout.sampler.offset_s[0],
           1e12 * c->readout.sampler.delay_s, 1e12 * c->readout.sampler.aperture_s,
           100 * c->readout.sampler.aperture_s / T_s);
    for (int i = 0; i < c->readout.n; i++) {
        printf(" %d", c->readout.code[i]);
    }
    printf(" of");
    for (int i = 0; i < c->readout.n; i++) {
        printf(" %d", c->readout.expected[i]);
    }
    printf(", all off by %d\n"
           "start     %g codes a turn; %d starts off an even staircase by %.2g rad rms, %.2g at most; a ring with\n"
           "          a NAND has a period of %.4g ps\n",
           c->readout.off, 1 / c->start.step, c->start.n, c->start.rms, c->start.largest, 1e12 * c->start.period_s);
    printf("coupler   %d bits of %.4g uS and two signs; off by %.2g of a unit, %.2g %% from straight; a gate has\n"
           "          %.3g kohm near the rails, %.3g at most between them; all on, driven a quarter of a turn apart:\n"
           "          %.3g fJ a cycle more",
           k->cell.n_bits / 2, 1e6 * k->unit_S, k->inl, 100 * k->bent, 1e-3 * k->gate_ohm, 1e-3 * k->gate_ohm_most,
           1e15 * k->driven_J);
    if (k->carried_J > 0) {
        printf("; a ring whose outputs carry %d alike takes %.4g fJ a cycle more for each", MJ_COUPLERS_HUNG,
               1e15 * k->carried_J);
    }
    putchar('\n');
}

static void print_text(const result *m, const request *r)
{
    const mj_ring_cells *c = &m->cells;
    const mj_cell_figures *row[] = {&c->trim.cell, &c->readout.cell, &c->start.cell, &c->coupler.cell, &c->bit};
    printf("beside a ring of %d stages%s, %.4g ps and %.4g fJ a cycle, at %.4g V, %.4g C, models %s, corner %s\n\n"
           "  cell      works trans  bits      area         a use       a cycle      standing       delay\n",
           m->ring.n_stages, m->ring.split_F > 0 ? ", split" : "", 1e12 * m->figures.period_s,
           1e15 * m->figures.energy_J, m->ring.vdd_V, m->ring.temperature_C, m->models.path,
           m->models.corner[0] ? m->models.corner : "none");
    for (int i = 0; i < MJ_RING_CELLS_N; i++) {
        print_row(row[i]);
    }
    print_details(m);
    printf("\nThe deck of a whole net has couplers where its rings were measured with them (mj measure ring --split\n"
           "--hung N); its rings start by their nodes' voltages, are trimmed by sources and read off waveforms. Not\n"
           "here either: the ring that makes the strobe, wires, resistors' area.\n");
    if (r->out) {
        printf("%s/facts.yaml\n", r->out);
    }
}

static mj_json *cell_json(const mj_cell_figures *c)
{
    mj_json *root = mj_json_object();
    mj_json_set_bool(root, "works", c->works);
    mj_json_set_integer(root, "transistors", c->n_transistors);
    mj_json_set_integer(root, "bits", c->n_bits);
    mj_json_set_number(root, "active_m2", c->active_m2);
    mj_json_set_number(root, "use_J", c->use_J);
    mj_json_set_number(root, "cycle_J", c->cycle_J);
    mj_json_set_number(root, "static_W", c->static_W);
    mj_json_set_number(root, "delay_s", c->delay_s);
    return root;
}

static mj_status print_json(const result *m, mj_context *context)
{
    const mj_ring_cells *c = &m->cells;
    mj_json *root = mj_json_object(), *part = cell_json(&c->trim.cell), *tools = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "kind", "cells");
    mj_json_set_number(part, "range", c->trim.range);
    mj_json_set_number(part, "step_largest", c->trim.step_largest);
    mj_json_set(root, "trim", part);
    part = cell_json(&c->readout.cell);
    mj_json_set_number(part, "step", c->readout.step);
    mj_json_set_number(part, "aperture_s", c->readout.sampler.aperture_s);
    mj_json_set(root, "readout", part);
    part = cell_json(&c->start.cell);
    mj_json_set_number(part, "step", c->start.step);
    mj_json_set_number(part, "rms_phase_error_rad", c->start.rms);
    mj_json_set(root, "start", part);
    part = cell_json(&c->coupler.cell);
    mj_json_set_number(part, "unit_S", c->coupler.unit_S);
    mj_json_set_number(part, "inl", c->coupler.inl);
    mj_json_set_number(part, "gate_ohm", c->coupler.gate_ohm);
    mj_json_set_number(part, "driven_J", c->coupler.driven_J);
    mj_json_set_number(part, "carried_J", c->coupler.carried_J > 0 ? c->coupler.carried_J : NAN);
    mj_json_set(root, "coupler", part);
    mj_json_set(root, "bit", cell_json(&c->bit));
    mj_json_set_text(tools, "ngspice", c->tool);
    mj_json_set(root, "tool_versions", tools);
    mj_status status = mj_json_print(root, stdout, &context->err);
    mj_json_free(root);
    return status;
}

static mj_status run(mj_context *context, const request *r)
{
    result *m = mj_arena_alloc(&context->arena, sizeof *m);
    if (!m) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    MJ_TRY(r->out ? mj_measure_prepare_folder(r->out, &context->err) : MJ_OK);
    mj_progress_init(&m->progress, context);
    mj_status status = measure(m, context, r);
    mj_progress_end(&m->progress);
    MJ_TRY(status);
    if (r->out) {
        const char *path = mj_arena_printf(&context->arena, "%s/facts.yaml", r->out);
        MJ_TRY(path ? mj_ring_cells_save(path, &m->cells, &m->ring, &context->err)
                    : mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory"));
    }
    if (context->globals.json) {
        return print_json(m, context);
    }
    print_text(m, r);
    return MJ_OK;
}

int mj_measure_cells(mj_context *context, int argc, char **argv)
{
    request r = {.trim_bits = 10, .phase_bits = 5, .coupling_bits = 4, .vdd_V = 1.8, .temperature_C = 25,
                 .limit_s = LIMIT_S, .full_ohm = FULL_OHM, .reach = REACH, .gap = GAP};
    const mj_option option[] = {
        {.name = "models", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r.models,
         .help = "models for ngspice (our own card of a 180 nm process)"},
        {.name = "corner", .argument = "NAME", .kind = MJ_OPTION_TEXT, .target = &r.corner,
         .help = "section of the models (tt)"},
        {.name = "nmos", .argument = "NAME", .kind = MJ_OPTION_TEXT, .target = &r.nmos,
         .help = "a device of the models (the first of its kind)"},
        {.name = "pmos", .argument = "NAME", .kind = MJ_OPTION_TEXT, .target = &r.pmos,
         .help = "the other one"},
        {.name = "vdd", .argument = "V", .kind = MJ_OPTION_REAL, .target = &r.vdd_V, .unit = "V",
         .min = 0.05, .max = 20, .help = "supply (1.8 V)"},
        {.name = "temperature", .argument = "C", .kind = MJ_OPTION_REAL, .target = &r.temperature_C,
         .min = -270, .max = 400, .help = "degrees Celsius (25)"},
        {.name = "split", .kind = MJ_OPTION_FLAG, .target = &r.split,
         .help = "of a ring with an output and its opposite, as whole nets have"},
        {.name = "trim-bits", .argument = "B", .kind = MJ_OPTION_INT, .target = &r.trim_bits, .min = 2,
         .max = MJ_CELL_BITS_MAX, .help = "of the trim (10)"},
        {.name = "reach", .argument = "R", .kind = MJ_OPTION_REAL, .target = &r.reach, .min = 1e-3,
         .max = 0.2, .help = "of the trim, of the frequency to either side (0.03)"},
        {.name = "gap", .argument = "G", .kind = MJ_OPTION_REAL, .target = &r.gap, .min = 1e-9,
         .max = 1, .help = "largest step of a trim that will do, of the frequency (0.00035)"},
        {.name = "phase-bits", .argument = "B", .kind = MJ_OPTION_INT, .target = &r.phase_bits, .min = 2,
         .max = 8, .help = "of start and read-out (5)"},
        {.name = "coupling-bits", .argument = "B", .kind = MJ_OPTION_INT, .target = &r.coupling_bits, .min = 1,
         .max = 6, .help = "of a coupler, without its sign (4)"},
        {.name = "full", .argument = "OHM", .kind = MJ_OPTION_REAL, .target = &r.full_ohm, .unit = "ohm",
         .min = 1, .max = 1e12, .help = "a coupler with all its bits on (100 kohm)"},
        {.name = "limit", .argument = "S", .kind = MJ_OPTION_REAL, .target = &r.limit_s, .unit = "s",
         .min = 1, .max = SECONDS_MAX, .help = "time for one run of ngspice (3600 s)"},
        {.name = "out", .argument = "DIR", .kind = MJ_OPTION_TEXT, .target = &r.out,
         .help = "write facts.yaml into this empty folder"},
    };
    const mj_usage usage = {
        .sentence = "",
        .about = "Simulates the circuits that set a ring's frequency, start it at a phase, couple it and read its\n"
                 "phase: whether each does it, and its energy, area and delay.",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .refuses = "csv facts",
        .example = "mj measure cells\nmj measure cells --split --out cells",
    };
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "measure cells", &usage, NULL, argc, argv)) {
        return exit_code;
    }
    return run(context, &r) == MJ_OK ? MJ_EXIT_OK : mj_context_fail(context);
}
