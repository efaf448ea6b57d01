/* mj measure crossbar: how exact a multiplier of conductances is, how fast, and what it takes with the
 * converters and amplifiers around it; with --check, whether ngspice solves the same mesh to the same
 * currents. */
#include "measure.h"
#include "mj/crossbar_bill.h"
#include "mj/crossbar_deck.h"
#include "mj/crossbar_file.h"
#include "mj/json.h"
#include "options.h"
#include "progress.h"
#include "version.h"
#include <math.h>
#include <stdlib.h>

enum { SECONDS_MAX = 86400, CELL_TEXT = 32 };
static const double KELVIN = 273.15, LIMIT_S = 3600;

typedef struct {
    mj_crossbar_array array;
    double temperature_C, limit_s;
    bool check, on, off, wire, capacitance, programming, read; /* given */
    const char *out;
} request;

typedef struct {
    mj_crossbar_figures figures;
    mj_crossbar_facts facts;
    mj_crossbar_bill bill;
    mj_crossbar_substrate substrate;
    mj_crossbar_agreement agreement; /* the worse of both arrays, times summed; without --check
                                        our solver's time alone */
    const char *tool;                /* with --check */
} result;

/* What was not given is a fact. */
static mj_status fill_array(request *r, mj_facts *store, mj_err *err)
{
    mj_crossbar_array *a = &r->array;
    const struct {
        double *to;
        bool given;
        const char *key, *unit;
    } rows[] = {
        {&a->on_S, r->on, "crossbar.on", "S"},
        {&a->off_S, r->off, "crossbar.off", "S"},
        {&a->wire_ohm, r->wire, "crossbar.wire", "ohm"},
        {&a->wire_F, r->capacitance, "crossbar.wire.capacitance", "F"},
        {&a->programming, r->programming, "crossbar.programming", "1"},
        {&a->read_V, r->read, "crossbar.read", "V"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        mj_quantity q;
        if (!rows[k].given) {
            MJ_TRY(mj_facts_quantity(&q, store, rows[k].key, rows[k].unit, 0, err));
            *rows[k].to = q.typ;
        }
    }
    a->temperature_K = r->temperature_C + KELVIN;
    return MJ_OK;
}

/* The conductances with all departures, an input, and our solver's currents: what both solvers are given. */
static mj_status solve_both(result *m, mj_context *context, const request *r)
{
    const mj_crossbar_array *a = &r->array;
    size_t n = (size_t)a->n_rows * (size_t)a->n_columns;
    double *side[2] = {mj_arena_array(&context->arena, n, sizeof(double)),
                       mj_arena_array(&context->arena, n, sizeof(double))};
    double *input_V = mj_arena_array(&context->arena, (size_t)a->n_rows, sizeof(double));
    double *current_A = mj_arena_array(&context->arena, (size_t)a->n_columns, sizeof(double));
    if (!side[0] || !side[1] || !input_V || !current_A) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    mj_crossbar_array_fill(side[0], side[1], input_V, a);
    const char *root = getenv("TMPDIR");
    const mj_spice_job job = {.root = root && root[0] ? root : NULL, .limit_s = r->limit_s};
    mj_progress progress;
    mj_progress_init(&progress, context);
    mj_status status = MJ_OK;
    for (int s = 0; s < 2 && status == MJ_OK; s++) {
        const mj_crossbar crossbar = {a->n_rows, a->n_columns, side[s], a->wire_ohm};
        mj_crossbar_agreement one;
        if (r->check) {
            mj_progress_print(&progress, "array %d of 2 in ngspice", s + 1);
            status = mj_crossbar_compare(&one, &crossbar, input_V, &job, &context->err);
            m->agreement.deviation = fmax(m->agreement.deviation, one.deviation);
            m->agreement.power = fmax(m->agreement.power, one.power);
            m->agreement.circuit_s += one.circuit_s;
            m->agreement.solver_s += one.solver_s;
        } else {
            double start_s = mj_clock_s();
            status = mj_crossbar_solve(current_A, NULL, &crossbar, input_V, &context->err);
            m->agreement.solver_s += mj_clock_s() - start_s;
        }
    }
    mj_progress_end(&progress);
    return status;
}

static mj_status measure(result *m, mj_context *context, const request *r)
{
    const mj_crossbar_array *a = &r->array;
    const mj_crossbar_figures *f = &m->figures;
    MJ_TRY(mj_crossbar_array_measure(&m->figures, a, &context->err));
    const mj_crossbar_work work = {
        .n_rows = a->n_rows, .n_columns = a->n_columns, .array_J = f->array_J, .settling_s = f->settling_s,
        .bandwidth_Hz = a->bandwidth_Hz, .column_S = f->column_S, .column_A = f->column_A,
        .largest_A = f->largest_A, .error_A = hypot(f->all, f->noise) * f->rms_A,
        .effective_bits = f->effective_bits};
    mj_crossbar_bill_compute(&m->bill, &m->facts, &work);
    m->substrate = mj_crossbar_substrate_make(a, f, m->bill.joules, MJ_COMMIT);
    return solve_both(m, context, r);
}

static void print_unit(const char *title, double value, const char *unit, const char *more)
{
    char text[CELL_TEXT];
    printf("  %-12s %12s%s\n", title, mj_units_format(value, unit, text, sizeof text), more);
}

static void print_figures(const result *m, const request *r)
{
    const mj_crossbar_array *a = &r->array;
    const mj_crossbar_figures *f = &m->figures;
    char off[CELL_TEXT], on[CELL_TEXT], wire[CELL_TEXT], read[CELL_TEXT], band[CELL_TEXT];
    printf("crossbar of %d x %d pairs, %s to %s, %s a cell, %s, %s, %.4g C\n\n", a->n_rows, a->n_columns,
           mj_units_format(a->off_S, "S", off, sizeof off), mj_units_format(a->on_S, "S", on, sizeof on),
           mj_units_format(a->wire_ohm, "ohm", wire, sizeof wire),
           mj_units_format(a->read_V, "V", read, sizeof read),
           mj_units_format(a->bandwidth_Hz, "Hz", band, sizeof band), r->temperature_C);
    printf("  error, rms over the rms of ideal products, %d inputs\n", a->n_inputs);
    printf("  wires        %10.4f %%\n  levels       %10.4f %%%s\n  programming  %10.4f %%\n"
           "  all of them  %10.4f %%\n", 100 * f->wires, 100 * f->levels,
           a->n_levels ? "" : "   (any conductance)", 100 * f->programming, 100 * f->all);
    printf("  noise        %10.4f %%   (thermal, of the conductances)\n", 100 * f->noise);
    printf("  together     %10.1f dB, %.2f effective bits\n", f->snr_dB, f->effective_bits);
    print_unit("settling", f->settling_s, "s", "   to 1 %");
    print_unit("solver", m->agreement.solver_s, "s", "   of wall time, both arrays, one input");
}

static void print_bill(const result *m, const request *r)
{
    const mj_crossbar_bill *b = &m->bill;
    double mac = (double)r->array.n_rows * r->array.n_columns;
    char joules[CELL_TEXT], unit[CELL_TEXT], each[CELL_TEXT], lo[CELL_TEXT], hi[CELL_TEXT];
    printf("\none product of matrix and vector, %.0f MAC\n", mac);
    for (int i = 0; i < b->ledger.n; i++) {
        const mj_line *line = &b->ledger.line[i];
        printf("  %-22s %9s %6.1f %%  = %.4g %s x %s (%s)\n", line->label,
               mj_units_format(line->joules, "J", joules, sizeof joules), 100 * line->share, line->count,
               line->count_unit, mj_units_format(line->unit_J, line->fact->unit, unit, sizeof unit),
               line->fact->fact ? line->fact->fact : line->source);
    }
    printf("  %-22s %9s           = %s/MAC (%s..%s)\n", "total",
           mj_units_format(b->joules, "J", joules, sizeof joules),
           mj_units_format(b->joules / mac, "J", each, sizeof each),
           mj_units_format(b->lo_J / mac, "J", lo, sizeof lo),
           mj_units_format(b->hi_J / mac, "J", hi, sizeof hi));
    printf("  %-22s %9s           = %s/MAC (%s..%s); the array alone is %.2g of it\n", "digital int8",
           mj_units_format(b->digital_J, "J", joules, sizeof joules),
           mj_units_format(b->digital_J / mac, "J", each, sizeof each),
           mj_units_format(b->digital_lo_J / mac, "J", lo, sizeof lo),
           mj_units_format(b->digital_hi_J / mac, "J", hi, sizeof hi), m->figures.array_J / b->digital_J);
    printf("  %-22s %9s           its weights read from SRAM once more (sram.read.1mb)\n", "",
           mj_units_format(b->digital_read_J, "J", joules, sizeof joules));
    printf("  the crossbar takes %.3g of the digital product, %.3g with reads, at %.1f effective bits, not 8\n",
           b->joules / b->digital_J, b->joules / (b->digital_J + b->digital_read_J),
           m->figures.effective_bits);
    printf("  converters of %.1f bits a column, %.1f a row; %d amplifiers of %s at %s\n", b->converter_bits,
           b->input_bits, 2 * r->array.n_columns, mj_units_format(b->amplifier_W, "W", joules, sizeof joules),
           mj_units_format(b->gain_bandwidth_Hz, "Hz", unit, sizeof unit));
    printf("  not modelled: noise, offset and finite gain of amplifiers; sampling and digital circuits;\n"
           "  programming, drift and read noise of cells; selectors and leakage; wires between arrays\n");
}

static void print_check(const result *m)
{
    const mj_crossbar_agreement *a = &m->agreement;
    printf("\n%s on the same two arrays: currents within %.2g of their rms, power within %.2g\n"
           "  %.3g s against %.3g s of ours\n", m->tool, a->deviation, a->power, a->circuit_s, a->solver_s);
}

static mj_json *bill_json(const result *m)
{
    const mj_crossbar_bill *b = &m->bill;
    mj_json *root = mj_json_object(), *lines = mj_json_array();
    for (int i = 0; i < b->ledger.n; i++) {
        const mj_line *line = &b->ledger.line[i];
        mj_json *item = mj_json_object();
        mj_json_set_text(item, "component", mj_component_text(line->component));
        mj_json_set_text(item, "label", line->label);
        mj_json_set_number(item, "count", line->count);
        mj_json_set_text(item, "count_unit", line->count_unit);
        mj_json_set_number(item, "unit_J", line->unit_J);
        mj_json_set_number(item, "joules", line->joules);
        mj_json_set_number(item, "joules_lo", line->lo_J);
        mj_json_set_number(item, "joules_hi", line->hi_J);
        if (line->fact->fact) {
            mj_json_set_text(item, "fact", line->fact->fact);
        }
        mj_json_set_text(item, "source", line->source);
        mj_json_append(lines, item);
    }
    mj_json_set_number(root, "joules", b->joules);
    mj_json_set_number(root, "joules_lo", b->lo_J);
    mj_json_set_number(root, "joules_hi", b->hi_J);
    mj_json_set_number(root, "digital_J", b->digital_J);
    mj_json_set_number(root, "digital_lo_J", b->digital_lo_J);
    mj_json_set_number(root, "digital_hi_J", b->digital_hi_J);
    mj_json_set_number(root, "digital_read_J", b->digital_read_J);
    mj_json_set_number(root, "converter_bits", b->converter_bits);
    mj_json_set_number(root, "input_bits", b->input_bits);
    mj_json_set_number(root, "gain_bandwidth_Hz", b->gain_bandwidth_Hz);
    mj_json_set_number(root, "amplifier_W", b->amplifier_W);
    mj_json_set(root, "lines", lines);
    return root;
}

static mj_status print_json(mj_context *context, const result *m, const request *r)
{
    mj_json *root = mj_json_object();
    const mj_crossbar_array *a = &r->array;
    const mj_crossbar_figures *f = &m->figures;
    const struct {
        const char *key;
        double value;
    } number[] = {
        {"wire_ohm", a->wire_ohm}, {"wire_F", a->wire_F}, {"on_S", a->on_S}, {"off_S", a->off_S},
        {"read_V", a->read_V}, {"bandwidth_Hz", a->bandwidth_Hz}, {"temperature_K", a->temperature_K},
        {"wires", f->wires}, {"rounding", f->levels}, {"programming", f->programming}, {"all", f->all},
        {"noise", f->noise}, {"snr_dB", f->snr_dB}, {"effective_bits", f->effective_bits},
        {"settling_s", f->settling_s}, {"power_W", f->power_W}, {"array_J", f->array_J},
        {"solver_s", m->agreement.solver_s},
    };
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "kind", "crossbar");
    mj_json_set_integer(root, "rows", a->n_rows);
    mj_json_set_integer(root, "columns", a->n_columns);
    mj_json_set_integer(root, "levels", a->n_levels);
    mj_json_set_integer(root, "inputs", a->n_inputs);
    for (size_t k = 0; k < sizeof number / sizeof number[0]; k++) {
        mj_json_set_number(root, number[k].key, number[k].value);
    }
    mj_json_set(root, "bill", bill_json(m));
    if (m->tool) {
        mj_json *check = mj_json_object();
        mj_json_set_text(check, "tool", m->tool);
        mj_json_set_number(check, "deviation", m->agreement.deviation);
        mj_json_set_number(check, "power_deviation", m->agreement.power);
        mj_json_set_number(check, "circuit_s", m->agreement.circuit_s);
        mj_json_set(root, "check", check);
    }
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
    MJ_TRY(mj_crossbar_facts_save(facts, &m->substrate, &context->err));
    return mj_crossbar_substrate_save(substrate, &m->substrate, &context->err);
}

/* Mistakes come before anything that takes long. */
static mj_status run(mj_context *context, request *r)
{
    result m = {.tool = NULL};
    mj_err *err = &context->err;
    mj_facts *store = mj_context_facts(context);
    if (!store) {
        return MJ_EMEM;
    }
    const mj_crossbar_array *a = &r->array;
    if (r->check && (a->n_rows > MJ_CROSSBAR_DECK_SIDE_MAX || a->n_columns > MJ_CROSSBAR_DECK_SIDE_MAX)) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0,
                          "--check goes up to %d x %d, not %d x %d: ngspice takes minutes above it",
                          MJ_CROSSBAR_DECK_SIDE_MAX, MJ_CROSSBAR_DECK_SIDE_MAX, a->n_rows, a->n_columns);
    }
    MJ_TRY(fill_array(r, store, err));
    MJ_TRY(mj_crossbar_facts_find(&m.facts, store, err));
    r->array.seed = context->globals.seed;
    MJ_TRY(r->out ? mj_measure_prepare_folder(r->out, err) : MJ_OK);
    if (r->check) {
        const mj_spice_job job = {.limit_s = r->limit_s};
        MJ_TRY(mj_spice_version(&m.tool, &job, &context->arena, err));
    }
    MJ_TRY(measure(&m, context, r));
    MJ_TRY(r->out ? save(context, &m, r->out) : MJ_OK);
    if (context->globals.json) {
        return print_json(context, &m, r);
    }
    print_figures(&m, r);
    print_bill(&m, r);
    if (m.tool) {
        print_check(&m);
    }
    return MJ_OK;
}

int mj_measure_crossbar(mj_context *context, int argc, char **argv)
{
    request r = {.array = {.n_rows = 32, .n_columns = 32, .bandwidth_Hz = 200e6, .n_inputs = 16},
                 .temperature_C = 25, .limit_s = LIMIT_S};
    mj_crossbar_array *a = &r.array;
    const mj_option option[] = {
        {.name = "rows", .argument = "M", .kind = MJ_OPTION_INT, .target = &a->n_rows, .min = 1,
         .max = MJ_CROSSBAR_SIDE_MAX, .help = "inputs of the matrix (32)"},
        {.name = "columns", .argument = "N", .kind = MJ_OPTION_INT, .target = &a->n_columns, .min = 1,
         .max = MJ_CROSSBAR_SIDE_MAX, .help = "its outputs (32)"},
        {.name = "wire", .argument = "OHM", .kind = MJ_OPTION_REAL, .target = &a->wire_ohm, .unit = "ohm",
         .min = 1e-6, .max = 1e9, .given = &r.wire, .help = "of a cell's piece of wire (crossbar.wire)"},
        {.name = "wire-capacitance", .argument = "F", .kind = MJ_OPTION_REAL, .target = &a->wire_F,
         .unit = "F", .min = 0, .max = 1e-9, .given = &r.capacitance,
         .help = "of the same piece (crossbar.wire.capacitance)"},
        {.name = "on", .argument = "S", .kind = MJ_OPTION_REAL, .target = &a->on_S, .unit = "S",
         .min = 1e-15, .max = 1, .given = &r.on, .help = "largest conductance (crossbar.on)"},
        {.name = "off", .argument = "S", .kind = MJ_OPTION_REAL, .target = &a->off_S, .unit = "S",
         .min = 0, .max = 1, .given = &r.off, .help = "smallest conductance (crossbar.off)"},
        {.name = "levels", .argument = "N", .kind = MJ_OPTION_INT, .target = &a->n_levels, .min = 0,
         .max = MJ_CROSSBAR_LEVELS_MAX, .help = "of a conductance; 0: any (0)"},
        {.name = "programming", .argument = "SHARE", .kind = MJ_OPTION_REAL, .target = &a->programming,
         .unit = "1", .min = 0, .max = 1, .given = &r.programming,
         .help = "spread of conductances over the largest (crossbar.programming)"},
        {.name = "read", .argument = "V", .kind = MJ_OPTION_REAL, .target = &a->read_V, .unit = "V",
         .min = 1e-6, .max = 100, .given = &r.read, .help = "largest input (crossbar.read)"},
        {.name = "bandwidth", .argument = "HZ", .kind = MJ_OPTION_REAL, .target = &a->bandwidth_Hz,
         .unit = "Hz", .min = 1, .max = 1e12, .help = "of the read-out amplifiers (200 MHz)"},
        {.name = "temperature", .argument = "C", .kind = MJ_OPTION_REAL, .target = &r.temperature_C,
         .min = -270, .max = 400, .help = "degrees Celsius (25)"},
        {.name = "inputs", .argument = "N", .kind = MJ_OPTION_INT, .target = &a->n_inputs, .min = 1,
         .max = MJ_CROSSBAR_INPUTS_MAX, .help = "vectors tried (16)"},
        {.name = "check", .kind = MJ_OPTION_FLAG, .target = &r.check,
         .help = "also solve one input in ngspice, up to 32 x 32"},
        {.name = "limit", .argument = "S", .kind = MJ_OPTION_REAL, .target = &r.limit_s, .unit = "s",
         .min = 1, .max = SECONDS_MAX, .help = "time for one run of ngspice (3600 s)"},
        {.name = "out", .argument = "DIR", .kind = MJ_OPTION_TEXT, .target = &r.out,
         .help = "write facts.yaml and substrate.yaml into this empty folder"},
    };
    const mj_usage usage = {
        .sentence = "",
        .about = "A matrix as pairs of conductances between wires that resist: error of its products, noise,\n"
                 "settling, and joules with converters and amplifiers beside an int8 product. Defaults in\n"
                 "brackets that are names are facts (mj list facts crossbar).",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .takes_seed = true,
        .refuses = "csv",
        .example = "mj measure crossbar --check\n"
                   "mj measure crossbar --rows 256 --columns 256 --wire '0.5 ohm' --levels 16 --out crossbar\n"
                   "mj eval text-analog --substrate crossbar/substrate.yaml",
    };
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "measure crossbar", &usage, NULL, argc, argv)) {
        return exit_code;
    }
    return run(context, &r) == MJ_OK ? MJ_EXIT_OK : mj_context_fail(context);
}
