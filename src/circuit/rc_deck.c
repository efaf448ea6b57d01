/* RC deck: the netlist of an RC net, a run of it, and its slopes (rc_net.h).
 *
 * A run starts where the net is at rest on inputs of 0; then the inputs come at once. */
#include "mj/rc_net.h"

#include "mj/clock.h"

#include <string.h>

enum { SPANS = 20, POINTS = 400, NAME_B = 32 }; /* time constants, time steps of the shortest run */
static const double SETTLED = 1e-3; /* drift over the last tenth; else the run is made anew, longer */
enum { LONGER = 3, LENGTHS = 4 };   /* times as long each time, at most so often */
static const double TOLERANCE = 0.01;           /* settled: of the full scale */
static const double ALL = 1e-12;                /* share of a node, below which a resistor is left out */
static const double RISE_s = 1e-12;             /* of the inputs */

static void write_resistor(FILE *out, const char *name, const char *from, const char *to, double conductance)
{
    if (fabs(conductance) >= MJ_RC_LEAST_S) {
        fprintf(out, "r%s %s %s %.9g\n", name, from, to, 1 / fabs(conductance));
    }
}

/* Resistors of row r to outputs, inputs and the constant, each of its sign. */
static void write_row(FILE *out, const mj_rc_net *rc, int r)
{
    const mj_settling_net *net = rc->net;
    char node[NAME_B], name[2 * NAME_B], from[NAME_B];
    snprintf(node, sizeof node, "n%d", r);
    for (int j = 0; j < net->N; j++) {
        double g = rc->weight[r * net->N + j];
        snprintf(name, sizeof name, "w%d_%d", r, j);
        snprintf(from, sizeof from, "%c%d", g > 0 ? 'p' : 'm', j);
        write_resistor(out, name, from, node, g);
    }
    for (int k = 0; k < net->K; k++) {
        double g = rc->input[r * net->K + k];
        snprintf(name, sizeof name, "u%d_%d", r, k);
        snprintf(from, sizeof from, "x%d%c", k, g > 0 ? 'p' : 'm');
        write_resistor(out, name, from, node, g);
    }
    snprintf(name, sizeof name, "b%d", r);
    write_resistor(out, name, rc->bias[r] > 0 ? "one_p" : "one_m", node, rc->bias[r]);
    snprintf(name, sizeof name, "leak%d", r);
    write_resistor(out, name, "middle", node, rc->leak[r]);
    double share = r < net->N ? 1 : rc->score_S / rc->node_S;
    fprintf(out, "c%d %s 0 %.9g\n", r, node, rc->config.node_F * share);
}

void mj_rc_net_write(FILE *out, const mj_rc_net *rc)
{
    char name[NAME_B], output[NAME_B];
    mj_rc_cell_write_bias(out, &rc->cell);
    for (int j = 0; j < rc->net->N; j++) {
        mj_rc_cell_write(out, &rc->cell, &rc->transfer, j);
        snprintf(name, sizeof name, "fp%d", j);
        snprintf(output, sizeof output, "p%d", j);
        write_resistor(out, name, output, "middle", rc->fill_plus[j]);
        snprintf(name, sizeof name, "fm%d", j);
        snprintf(output, sizeof output, "m%d", j);
        write_resistor(out, name, output, "middle", rc->fill_minus[j]);
    }
    for (int r = 0; r < rc->n_rows; r++) {
        write_row(out, rc, r);
    }
}

/* A source that stands at one voltage and goes to another at once. */
static void write_source(mj_deck *deck, const char *name, double before_V, double volt_V)
{
    char current[NAME_B + 8];
    fprintf(deck->out, "v%s %s 0 pwl(0 %.9g %.9g %.9g)\n", name, name, before_V, RISE_s, volt_V);
    snprintf(current, sizeof current, "i(v%s)", name);
    mj_deck_save(deck, current);
}

static void write_sources(mj_deck *deck, const mj_rc_net *rc, const double *x)
{
    double middle_V = mj_rc_cell_middle(&rc->cell), input_V = rc->config.input_V;
    char name[NAME_B];
    write_source(deck, "vdd", rc->cell.vdd_V, rc->cell.vdd_V);
    write_source(deck, "middle", middle_V, middle_V);
    write_source(deck, "one_p", middle_V + input_V, middle_V + input_V);
    write_source(deck, "one_m", middle_V - input_V, middle_V - input_V);
    for (int k = 0; k < rc->net->K; k++) {
        snprintf(name, sizeof name, "x%dp", k);
        write_source(deck, name, middle_V, middle_V + input_V * x[k]);
        snprintf(name, sizeof name, "x%dm", k);
        write_source(deck, name, middle_V, middle_V - input_V * x[k]);
    }
}

/* `longer` times the span that resistors and capacitors alone would need. */
static mj_status open_deck(mj_deck *deck, const mj_rc_net *rc, const double *x, double longer, mj_err *err)
{
    double span_s = SPANS * rc->time_s * longer;
    MJ_TRY(mj_deck_open(deck, "a settling net of resistors, capacitors and cells", err));
    fprintf(deck->out, ".option temp=%.9g reltol=1e-5 abstol=1e-15 vntol=1e-8\n%s",
            rc->cell.temperature_C, rc->cell.models ? rc->cell.models->text : "");
    mj_rc_net_write(deck->out, rc);
    write_sources(deck, rc, x);
    for (int r = 0; r < rc->n_rows; r++) {
        fprintf(deck->out, ".save v(n%d)\n", r);
    }
    mj_deck_transient(deck, (mj_transient){.step_s = span_s / POINTS / sqrt(longer), .stop_s = span_s});
    return MJ_OK;
}

mj_status mj_rc_net_deck(mj_deck *deck, const mj_rc_net *rc, const double *x, mj_err *err)
{
    return open_deck(deck, rc, x, LONGER, err);
}

/* The last time at which a neuron is farther than the tolerance from where it ends. */
static double settling_of(const mj_waveform *wave, double tolerance_V)
{
    double end_V = wave->value[wave->n - 1];
    for (size_t i = wave->n; i-- > 0;) {
        if (fabs(wave->value[i] - end_V) > tolerance_V) {
            return wave->time[i + 1 < wave->n ? i + 1 : i];
        }
    }
    return wave->time[0];
}

static mj_status read_nodes(mj_rc_run *run, const mj_raw *raw, const mj_rc_net *rc, mj_err *err)
{
    double middle_V = mj_rc_cell_middle(&rc->cell), end_s = mj_raw_end_s(raw);
    double tolerance_V = TOLERANCE * run->full_scale * rc->unit_V;
    char name[NAME_B];
    mj_waveform wave;
    for (int r = 0; r < rc->n_rows; r++) {
        snprintf(name, sizeof name, "v(n%d)", r);
        MJ_TRY(mj_raw_find(&wave, raw, name, err));
        double end_V = wave.value[wave.n - 1];
        if (r < rc->net->N) {
            run->v[r] = (end_V - middle_V) / rc->unit_V;
            run->settling_s = fmax(run->settling_s, settling_of(&wave, tolerance_V));
            double before_V = mj_waveform_at(&wave, 0.9 * end_s);
            run->drift = fmax(run->drift, fabs(end_V - before_V) / rc->unit_V / run->full_scale);
        } else {
            run->score[r - rc->net->N] = (end_V - middle_V) / rc->score_V;
        }
    }
    return MJ_OK;
}

/* What a source takes back is lost, so only those that give count. */
static mj_status add_energy(mj_rc_run *run, const mj_raw *raw, const char *source, double volt_V, mj_err *err)
{
    char name[NAME_B + 8];
    mj_waveform current;
    snprintf(name, sizeof name, "i(v%s)", source);
    MJ_TRY(mj_raw_find(&current, raw, name, err));
    run->energy_J += fmax(0, -volt_V * mj_waveform_integral(&current, current.time[0], run->settling_s));
    run->power_W += fmax(0, -volt_V * current.value[current.n - 1]);
    return MJ_OK;
}

static mj_status read_energy(mj_rc_run *run, const mj_raw *raw, const mj_rc_net *rc, const double *x,
                             mj_err *err)
{
    double middle_V = mj_rc_cell_middle(&rc->cell), input_V = rc->config.input_V;
    char name[NAME_B];
    MJ_TRY(add_energy(run, raw, "vdd", rc->cell.vdd_V, err));
    MJ_TRY(add_energy(run, raw, "middle", middle_V, err));
    MJ_TRY(add_energy(run, raw, "one_p", middle_V + input_V, err));
    MJ_TRY(add_energy(run, raw, "one_m", middle_V - input_V, err));
    for (int k = 0; k < rc->net->K; k++) {
        snprintf(name, sizeof name, "x%dp", k);
        MJ_TRY(add_energy(run, raw, name, middle_V + input_V * x[k], err));
        snprintf(name, sizeof name, "x%dm", k);
        MJ_TRY(add_energy(run, raw, name, middle_V - input_V * x[k], err));
    }
    return MJ_OK;
}

static double range_of(const double *x, int n)
{
    double low = x[0], high = x[0];
    for (int i = 1; i < n; i++) {
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
    }
    return high - low;
}

/* Root mean square and largest difference, of the range of b. */
static double apart(double *largest, const double *a, const double *b, int n)
{
    double squares = 0, most = 0, range = range_of(b, n);
    for (int i = 0; i < n; i++) {
        squares += (a[i] - b[i]) * (a[i] - b[i]);
        most = fmax(most, fabs(a[i] - b[i]));
    }
    if (largest) {
        *largest = range > 0 ? most / range : most;
    }
    return sqrt(squares / n) / (range > 0 ? range : 1);
}

static mj_status run_once(mj_rc_run *run, const mj_rc_net *rc, const double *x, double longer,
                          const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    double start_s = mj_clock_children_s();
    run->settling_s = run->drift = run->energy_J = run->power_W = 0;
    MJ_TRY(open_deck(&deck, rc, x, longer, err));
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    run->busy_s = mj_clock_children_s() - start_s;
    if (status == MJ_OK) {
        status = read_nodes(run, &raw, rc, err);
    }
    if (status == MJ_OK) {
        status = read_energy(run, &raw, rc, x, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_deck_close(&deck);
    mj_arena_fini(&arena);
    return status;
}

mj_status mj_rc_net_run(mj_rc_run *run, const mj_rc_net *rc, const double *x, const mj_spice_job *job,
                        mj_arena *arena, mj_err *err)
{
    enum { ITERATIONS_MAX = 100000 };
    const mj_settling_net *net = rc->net;
    double v[MJ_SETTLING_NEURONS_MAX], score[MJ_SETTLING_CLASSES_MAX];
    *run = (mj_rc_run){.v = mj_arena_array(arena, (size_t)net->N, sizeof(double)),
                       .score = mj_arena_array(arena, (size_t)net->M, sizeof(double))};
    if (!run->v || !run->score) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a run");
    }
    (void)mj_settle(v, net, x, 1e-12, ITERATIONS_MAX);
    mj_settling_scores(score, net, v);
    run->full_scale = range_of(v, net->N) > 0 ? range_of(v, net->N) : 1;
    mj_status status = MJ_OK;
    double longer = rc->cell.models ? LONGER : 1; /* transistors add their capacitances */
    run->drift = HUGE_VAL;
    for (int length = 0; length < LENGTHS && run->drift > SETTLED && status == MJ_OK; length++) {
        status = run_once(run, rc, x, longer, job, err);
        longer *= LONGER;
    }
    run->settled = run->drift <= SETTLED;
    run->rms = apart(&run->largest, run->v, v, net->N);
    run->score_rms = apart(NULL, run->score, score, net->M);
    run->best = mj_settling_best(run->score, net->M);
    run->model_best = mj_settling_best(score, net->M);
    return status;
}

/* The loss that the circuit's scores make, with W_ij moved by `move`. */
static mj_status moved_loss(double *loss, mj_settling_net *net, const mj_rc_net *rc, int at, double move,
                            const double *x, int label, const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_rc_net moved;
    mj_rc_run run;
    double kept = net->W[at];
    mj_rc_config config = rc->config;
    config.least = ALL; /* a resistor that comes or goes is a step, not a slope */
    mj_arena_init(&arena, 0);
    net->W[at] = kept + move;
    mj_status status = mj_rc_net_map(&moved, net, &rc->cell, &rc->transfer, config, &arena, err);
    if (status == MJ_OK) {
        status = mj_rc_net_run(&run, &moved, x, job, &arena, err);
    }
    if (status == MJ_OK) {
        *loss = mj_settling_loss(run.score, net->M, label);
    }
    net->W[at] = kept;
    mj_arena_fini(&arena);
    return status;
}

mj_status mj_rc_net_slopes(mj_rc_slope *slope, int n, const mj_rc_net *rc, const double *x, int label,
                           double step, const mj_spice_job *job, mj_err *err)
{
    enum { ITERATIONS_MAX = 100000 };
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_settling_net net = *rc->net;
    size_t n_W = (size_t)net.N * (size_t)net.N;
    double v[MJ_SETTLING_NEURONS_MAX];
    double *dW = mj_arena_array(&arena, n_W, sizeof *dW);
    net.W = mj_arena_array(&arena, n_W, sizeof *net.W);
    mj_status status = dW && net.W ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for slopes");
    if (status == MJ_OK) {
        memcpy(net.W, rc->net->W, n_W * sizeof *net.W);
        (void)mj_settle(v, &net, x, 1e-12, ITERATIONS_MAX);
        mj_settling_gradient(dW, NULL, &net, v, label);
    }
    for (int k = 0; k < n && status == MJ_OK; k++) {
        double low, high;
        int at = 0;
        for (int i = 1; i < (int)n_W; i++) {
            at = fabs(dW[i]) > fabs(dW[at]) ? i : at;
        }
        slope[k] = (mj_rc_slope){.i = at / net.N, .j = at % net.N, .implicit = dW[at]};
        dW[at] = 0;
        status = moved_loss(&high, &net, rc, at, step, x, label, job, err);
        if (status == MJ_OK) {
            status = moved_loss(&low, &net, rc, at, -step, x, label, job, err);
            slope[k].circuit = (high - low) / (2 * step);
        }
    }
    mj_arena_fini(&arena);
    return status;
}
