/* mj measure DIR of a net of resistors, capacitors and cells: whether it settles where the model rests, how
 * fast and for how many joules, and what that is worth: the scorecard of a circuit, and the wind tunnel.
 *
 * Joules are those of all sources that give, from the step of the inputs until every neuron stays within 1 %
 * of the full scale. Not in them: converters that make the inputs, comparators that pick the class. */
#include "measure.h"
#include "mj/clock.h"
#include "mj/json.h"
#include "mj/rc_folder.h"
#include "options.h"
#include "power.h"

#include <stdlib.h>

static const double GOAL = 0.01;          /* of the full scale, rms */
static const double SLOPE_STEP = 0.005;   /* of a weight */
static const double DIGITAL_STEP = 1.0 / 256;
static const double CIRCUIT_NODE_m = 180e-9; /* of the default card */
static const double KELVIN = 273.15, BOLTZMANN_JpK = 1.380649e-23;
enum { SLOPES = 3, SLOPES_MAX = 64, RUNS_MAX = 1000, ITERATIONS_MAX = 100000 };

typedef struct {
    int n_images, n_slopes;
    bool wind_tunnel, check;
    double watts_W;
} request;

/* All that is printed. */
typedef struct {
    const char *folder;
    mj_rc_folder f;
    mj_rc_net rc;
    mj_rc_parts parts;
    mj_rc_run *run; /* [n] */
    int n, n_same, n_right;
    double rms, largest, score_rms, settling_s, energy_J, power_W, noise;
    mj_power power;
    mj_tunnel_row spice, cpu;
    mj_rc_slope slope[SLOPES_MAX];
    int n_slopes;
    double slope_error; /* of the differences, over that of the implicit ones, rms */
    double area_m2, resistor_m2, capacitor_m2, cell_m2;
    double iterations, mac;
    mj_quantity asic, asic_here; /* J of one inference; asic_here.typ 0: not known */
    double asic_node_m;
} report;

static mj_status settle_all(report *r, mj_context *context, const mj_spice_job *job)
{
    r->run = mj_arena_array(&context->arena, (size_t)r->n, sizeof *r->run);
    if (!r->run) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "no memory for %d runs", r->n);
    }
    double squares = 0, score_squares = 0, busy_s = 0, package_J = 0;
    bool metered = true;
    for (int i = 0; i < r->n; i++) {
        mj_rc_run *run = &r->run[i];
        double begin_s = mj_clock_children_s();
        mj_power_begin(&r->power);
        MJ_TRY(mj_rc_net_run(run, &r->rc, r->f.x + (size_t)i * (size_t)r->f.net.K, job, &context->arena,
                             &context->err));
        /* Of all runs until one was long enough, the share of that one. */
        double run_J = mj_power_end_J(&r->power) * run->busy_s / (mj_clock_children_s() - begin_s);
        metered = metered && run_J > 0;
        package_J += run_J;
        busy_s += run->busy_s;
        squares += run->rms * run->rms / r->n;
        score_squares += run->score_rms * run->score_rms / r->n;
        r->largest = run->largest > r->largest ? run->largest : r->largest;
        r->settling_s = run->settling_s > r->settling_s ? run->settling_s : r->settling_s;
        r->energy_J += run->energy_J / r->n;
        r->power_W += run->power_W / r->n;
        /* sqrt(kT/C) of a node, whatever its resistors */
        r->noise += sqrt(BOLTZMANN_JpK * (r->rc.cell.temperature_C + KELVIN) / r->rc.config.node_F) /
                    (run->full_scale * r->rc.unit_V) / r->n;
        r->n_same += run->best == run->model_best;
        r->n_right += run->best == r->f.label[i];
    }
    r->spice = mj_power_row(&r->power, busy_s, metered ? package_J : 0, r->n);
    r->rms = sqrt(squares);
    r->score_rms = sqrt(score_squares);
    return MJ_OK;
}

static mj_status find_slopes(report *r, mj_context *context, const mj_spice_job *job)
{
    double apart = 0, size = 0;
    MJ_TRY(mj_rc_net_slopes(r->slope, r->n_slopes, &r->rc, r->f.x, r->f.label[0], SLOPE_STEP, job,
                            &context->err));
    for (int i = 0; i < r->n_slopes; i++) {
        const mj_rc_slope *s = &r->slope[i];
        apart += (s->circuit - s->implicit) * (s->circuit - s->implicit);
        size += s->implicit * s->implicit;
    }
    r->slope_error = size > 0 ? sqrt(apart / size) : 0;
    return MJ_OK;
}

static mj_status fact(double *value, mj_context *context, const char *key, const char *unit)
{
    mj_quantity quantity;
    mj_facts *facts = mj_context_facts(context);
    if (!facts) {
        return MJ_EFILE;
    }
    MJ_TRY(mj_facts_quantity(&quantity, facts, key, unit, 0, &context->err));
    *value = quantity.typ;
    return MJ_OK;
}

static mj_status find_area(report *r, mj_context *context)
{
    double sheet_ohm, width_m, pitch_m, capacitance_Fpm2, overhead;
    MJ_TRY(fact(&sheet_ohm, context, "rc.sheet", "ohm"));
    MJ_TRY(fact(&width_m, context, "rc.width", "m"));
    MJ_TRY(fact(&pitch_m, context, "rc.pitch", "m"));
    MJ_TRY(fact(&capacitance_Fpm2, context, "rc.capacitance", "F/m2"));
    MJ_TRY(fact(&overhead, context, "rc.transistor", "1"));
    r->resistor_m2 = r->parts.resistance_ohm / sheet_ohm * width_m * pitch_m;
    r->capacitor_m2 = r->parts.capacitance_F / capacitance_Fpm2;
    r->cell_m2 = r->parts.gate_m2 * overhead;
    r->area_m2 = r->resistor_m2 + r->capacitor_m2 + r->cell_m2;
    return MJ_OK;
}

typedef struct {
    const report *report;
    double step;
    long long n_iterations, n_settled;
} settling;

static void settle_images(void *user)
{
    settling *s = user;
    const mj_settling_net *net = &s->report->f.net;
    double v[MJ_SETTLING_NEURONS_MAX], scores[MJ_SETTLING_CLASSES_MAX];
    for (int i = 0; i < s->report->n; i++) {
        s->n_iterations += mj_settle(v, net, s->report->f.x + (size_t)i * (size_t)net->K, s->step, ITERATIONS_MAX);
        mj_settling_scores(scores, net, v);
        s->n_settled++;
    }
}

static mj_quantity times(mj_quantity q, double count)
{
    q.lo *= count;
    q.typ *= count;
    q.hi *= count;
    return q;
}

/* What the same answer takes by arithmetic of 8 bits: iterations until the state moves by 1/256 of its
 * largest number at most, timed here, and as multiply-accumulates of a chip that does nothing else. */
static mj_status find_digital(report *r, mj_context *context)
{
    const mj_settling_net *net = &r->f.net;
    double v[MJ_SETTLING_NEURONS_MAX], most = 0;
    (void)mj_settle(v, net, r->f.x, DIGITAL_STEP, ITERATIONS_MAX);
    for (int j = 0; j < net->N; j++) {
        most = fmax(most, fabs(v[j]));
    }
    settling s = {.report = r, .step = DIGITAL_STEP * most};
    r->cpu = mj_power_time(&r->power, settle_images, &s, r->n);
    r->iterations = (double)s.n_iterations / (double)s.n_settled;
    r->mac = r->iterations * net->N * net->N + (double)net->N * net->K + (double)net->M * net->N;
    mj_quantity each;
    mj_facts *facts = mj_context_facts(context);
    const mj_fact *mac;
    if (!facts) {
        return MJ_EFILE;
    }
    MJ_TRY(mj_facts_quantity(&each, facts, "arith.mac.int8", "J/MAC", 0, &context->err));
    MJ_TRY(mj_facts_find(&mac, facts, "arith.mac.int8", &context->err));
    r->asic = times(each, r->mac);
    r->asic_node_m = mac->node_m;
    mj_err unseen = {0}; /* a node that the tables of scaling do not reach is not compared */
    if (mj_facts_quantity(&each, facts, "arith.mac.int8", "J/MAC", CIRCUIT_NODE_m, &unseen) == MJ_OK) {
        r->asic_here = times(each, r->mac);
    }
    return MJ_OK;
}

static mj_status measure(report *r, mj_context *context, const request *asked)
{
    const char *root = getenv("TMPDIR");
    const mj_spice_job job = {.root = root && root[0] ? root : NULL};
    mj_err *err = &context->err;
    MJ_TRY(mj_rc_folder_load(&r->f, &r->rc, r->folder, &context->arena, err));
    MJ_TRY(mj_spice_version(&r->f.tool, &job, &context->arena, err));
    MJ_TRY(mj_power_find(&r->power, context, asked->watts_W));
    r->n = asked->n_images > 0 ? asked->n_images : r->f.n_images;
    if (r->n > r->f.n_images) {
        return mj_err_add(err, MJ_ERANGE, r->folder, 0, 0, "%d images, the folder has %d", r->n,
                          r->f.n_images);
    }
    r->parts = mj_rc_net_parts(&r->rc);
    r->n_slopes = asked->n_slopes;
    MJ_TRY(settle_all(r, context, &job));
    if (r->n_slopes > 0) {
        MJ_TRY(find_slopes(r, context, &job));
    }
    MJ_TRY(find_area(r, context));
    return find_digital(r, context);
}

static bool is_good(const report *r)
{
    bool good = r->rms <= GOAL;
    for (int i = 0; i < r->n; i++) {
        good = good && r->run[i].settled;
    }
    return good;
}

static void print_runs(const report *r)
{
    const mj_rc_transfer *t = &r->rc.transfer;
    printf("%s: %s, %d neurons, %d inputs, %d classes; %s cells%s%s; %s\n", r->folder, r->f.model, r->f.net.N,
           r->f.net.K, r->f.net.M, r->rc.cell.models ? "transistor" : "ideal",
           r->rc.cell.models ? ", corner " : "", r->rc.cell.models ? r->f.models.corner : "", r->f.tool);
    printf("  cell: %.4g uA tanh(%.4g/V v), residual %.2f %% rms, %.2f %% at most\n"
           "  a unit of v is %.4g mV, of score %.4g mV, of time %.4g ns\n\n", 1e6 * t->current_A, t->gain_pV,
           100 * t->rms, 100 * t->largest, 1e3 * r->rc.unit_V, 1e3 * r->rc.score_V, 1e9 * r->rc.time_s);
    printf("  image  error rms   largest  scores rms  settled in    energy   class: circuit, model, true\n");
    for (int i = 0; i < r->n; i++) {
        const mj_rc_run *run = &r->run[i];
        printf("  %5d  %8.3f %%  %6.3f %%  %8.3f %%  %7.4g ns  %5.4g pJ   %d %d %d%s\n", i + 1, 100 * run->rms,
               100 * run->largest, 100 * run->score_rms, 1e9 * run->settling_s, 1e12 * run->energy_J,
               run->best, run->model_best, r->f.label[i], run->settled ? "" : "  not settled");
    }
    printf("  all    %8.3f %%  %6.3f %%  %8.3f %%  of full scale; goal %.0f %% rms: %s\n"
           "  at rest %.4g uW; thermal noise of a node %.2f %% of full scale; spice %.3g s a run\n",
           100 * r->rms, 100 * r->largest, 100 * r->score_rms, 100 * GOAL, is_good(r) ? "met" : "not met",
           1e6 * r->power_W, 100 * r->noise, r->spice.seconds);
}

static void print_tunnel(const report *r)
{
    char text[MJ_POWER_TEXT];
    printf("\nwind tunnel, joules of one inference\n"
           "  circuit                       %9.3g J\n"
           "  ngspice, %7.3g s            %9.3g J  %9.3g x\n"
           "  C, %3.1f iterations, a core     %9.3g J  %9.3g x\n"
           "  int8 multiply-adds at %.3g nm  %9.3g J  %9.3g x  (%.3g to %.3g x; %.0f MAC, no memory, no tanh)\n",
           r->energy_J, r->spice.seconds, r->spice.joules, r->spice.joules / r->energy_J, r->iterations,
           r->cpu.joules, r->cpu.joules / r->energy_J, 1e9 * r->asic_node_m, r->asic.typ,
           r->asic.typ / r->energy_J, r->asic.lo / r->energy_J, r->asic.hi / r->energy_J, r->mac);
    if (r->asic_here.typ > 0) {
        printf("  the same at %.3g nm           %9.3g J  %9.3g x  (%.3g to %.3g x)\n", 1e9 * CIRCUIT_NODE_m,
               r->asic_here.typ, r->asic_here.typ / r->energy_J, r->asic_here.lo / r->energy_J,
               r->asic_here.hi / r->energy_J);
    }
    printf("  Programs: seconds of a processor; joules: %s\n", mj_power_text(text, &r->power));
}

static void print_card(const report *r)
{
    printf("\nscorecard\n  expressive             accuracy %.4f; the circuit tells as the model does on %d of %d\n"
           "  parameters per mm2     %.4g: %d in %.4g mm2 (resistors %.4g, capacitors %.2g, cells %.2g)\n"
           "  expensive to simulate  %.3g x the circuit's joules on a digital chip of %.3g nm\n", r->f.accuracy,
           r->n_same, r->n, r->parts.n_parameters / (1e6 * r->area_m2), r->parts.n_parameters, 1e6 * r->area_m2,
           1e6 * r->resistor_m2, 1e6 * r->capacitor_m2, 1e6 * r->cell_m2, r->asic.typ / r->energy_J,
           1e9 * r->asic_node_m);
    if (r->n_slopes > 0) {
        printf("  trainable              dL/dW against differences of the circuit: %.2f %% apart, %d weights\n",
               100 * r->slope_error, r->n_slopes);
        for (int i = 0; i < r->n_slopes; i++) {
            printf("                         W[%d,%d]  %.5f  circuit %.5f\n", r->slope[i].i, r->slope[i].j,
                   r->slope[i].implicit, r->slope[i].circuit);
        }
    }
}

static void set_run(mj_json *list, const report *r, int i)
{
    const mj_rc_run *run = &r->run[i];
    mj_json *item = mj_json_object();
    mj_json_set_number(item, "rms", run->rms);
    mj_json_set_number(item, "largest", run->largest);
    mj_json_set_number(item, "score_rms", run->score_rms);
    mj_json_set_bool(item, "settled", run->settled);
    mj_json_set_number(item, "settling_s", run->settling_s);
    mj_json_set_number(item, "energy_J", run->energy_J);
    mj_json_set_integer(item, "class", run->best);
    mj_json_set_integer(item, "model_class", run->model_best);
    mj_json_set_integer(item, "label", r->f.label[i]);
    mj_json_append(list, item);
}

static mj_status print_json(const report *r, mj_err *err)
{
    mj_json *root = mj_json_object(), *runs = mj_json_array(), *slopes = mj_json_array();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "model", r->f.model);
    mj_json_set_text(root, "tool", r->f.tool);
    mj_json_set_number(root, "residual_rms", r->rc.transfer.rms);
    mj_json_set_number(root, "rms", r->rms);
    mj_json_set_number(root, "largest", r->largest);
    mj_json_set_bool(root, "goal_met", is_good(r));
    mj_json_set_number(root, "settling_s", r->settling_s);
    mj_json_set_number(root, "energy_J", r->energy_J);
    mj_json_set_number(root, "power_W", r->power_W);
    mj_json_set_number(root, "noise", r->noise);
    mj_json_set_number(root, "area_m2", r->area_m2);
    mj_json_set_integer(root, "parameters", r->parts.n_parameters);
    mj_json_set_number(root, "parameters_per_mm2", r->parts.n_parameters / (1e6 * r->area_m2));
    mj_json_set_number(root, "accuracy", r->f.accuracy);
    mj_json_set_number(root, "spice_s", r->spice.seconds);
    mj_json_set_number(root, "spice_J", r->spice.joules);
    mj_json_set_number(root, "cpu_s", r->cpu.seconds);
    mj_json_set_number(root, "cpu_J", r->cpu.joules);
    mj_json_set_bool(root, "metered", r->spice.metered && r->cpu.metered);
    mj_json_set_number(root, "core_W", r->power.core_W);
    mj_json_set_number(root, "digital_J", r->asic.typ);
    mj_json_set_number(root, "digital_lo_J", r->asic.lo);
    mj_json_set_number(root, "digital_hi_J", r->asic.hi);
    mj_json_set_number(root, "mac", r->mac);
    for (int i = 0; i < r->n; i++) {
        set_run(runs, r, i);
    }
    mj_json_set(root, "runs", runs);
    for (int i = 0; i < r->n_slopes; i++) {
        mj_json *item = mj_json_object();
        mj_json_set_integer(item, "i", r->slope[i].i);
        mj_json_set_integer(item, "j", r->slope[i].j);
        mj_json_set_number(item, "implicit", r->slope[i].implicit);
        mj_json_set_number(item, "circuit", r->slope[i].circuit);
        mj_json_append(slopes, item);
    }
    mj_json_set(root, "slopes", slopes);
    mj_status status = mj_json_print(root, stdout, err);
    mj_json_free(root);
    return status;
}

int mj_measure_rc(mj_context *context, int argc, char **argv)
{
    request asked = {.n_slopes = SLOPES};
    const mj_option option[] = {
        {.name = "n", .argument = "N", .kind = MJ_OPTION_INT, .target = &asked.n_images, .min = 1,
         .max = RUNS_MAX, .help = "images to settle on (all of the folder)"},
        {.name = "slopes", .argument = "N", .kind = MJ_OPTION_INT, .target = &asked.n_slopes, .min = 0,
         .max = SLOPES_MAX, .help = "weights whose gradient is compared, two runs each (3)"},
        {.name = "wind-tunnel", .kind = MJ_OPTION_FLAG, .target = &asked.wind_tunnel,
         .help = "joules beside those of three digital simulations"},
        {.name = "watts", .argument = "W", .kind = MJ_OPTION_REAL, .target = &asked.watts_W, .unit = "W",
         .min = 0.1, .max = 1000, .help = MJ_POWER_HELP},
        {.name = "check", .kind = MJ_OPTION_FLAG, .target = &asked.check,
         .help = "ends with 1 where the net does not settle within the goal"},
    };
    const mj_usage usage = {
        .sentence = "DIR",
        .about = "Settles a net that `mj realize --as spice` wrote into DIR in ngspice: the error against the\n"
                 "model, time, joules, area, and the scorecard of the circuit.",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .refuses = "csv verbose",
        .example = "mj measure /tmp/net --wind-tunnel",
    };
    const char *folder;
    int exit_code;
    report *r = mj_arena_alloc(&context->arena, sizeof *r);
    if (!mj_options_parse(&exit_code, context, "measure", &usage, &folder, argc, argv)) {
        return exit_code;
    }
    if (!r) {
        return mj_context_fail_with(context, MJ_EMEM, "no memory for a report");
    }
    r->folder = folder;
    if (measure(r, context, &asked) != MJ_OK ||
        (context->globals.json && print_json(r, &context->err) != MJ_OK)) {
        return mj_context_fail(context);
    }
    if (!context->globals.json) {
        print_runs(r);
        if (asked.wind_tunnel) {
            print_tunnel(r);
        }
        print_card(r);
    }
    return asked.check && !is_good(r) ? MJ_EXIT_GOAL : MJ_EXIT_OK;
}
