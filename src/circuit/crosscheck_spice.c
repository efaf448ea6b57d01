/* A netlist as transistors in ngspice: each vector holds for a period of twice the longest path, inputs
 * change on a ramp, and what supply and input sources deliver from the second vector on is the energy. */
#include "mj/spice_cells.h"

#include "mj/clock.h"
#include "mj/energy.h"

#include <ctype.h>
#include <string.h>

enum { NODE_B = 96, NAME_B = 32 };
static const double RAMP_S = 100e-12; /* 60 ps from 20 to 80 % */
static const double STEP_S = 10e-12, PERIODS_OF_PATH = 2, SETTLED_SHARE = 0.95;

/* What the steps share. */
typedef struct {
    const mj_netlist *netlist;
    const mj_spice_cells *cells;
    const mj_spice_models *models;
    const uint64_t *input;
    int n_vectors;
    double period_s;
    mj_arena *arena;
    mj_err *err;
} job;

static bool equal_fold(const char *low, const char *text)
{
    while (*low && *low == (char)tolower((unsigned char)*text)) {
        low++;
        text++;
    }
    return *low == '\0' && *text == '\0';
}

static const mj_spice_cell *cell_find(const mj_spice_cells *cells, const char *name)
{
    for (int i = 0; i < cells->n_cells; i++) {
        if (equal_fold(cells->cell[i].name, name)) {
            return &cells->cell[i];
        }
    }
    return NULL;
}

static mj_status no_cell(const mj_spice_cells *cells, const char *name, mj_err *err)
{
    return mj_err_add(err, MJ_ENAME, cells->path, 0, 0, "no subcircuit '%s'", name);
}

mj_status mj_spice_cells_count(long long *n_transistors, const mj_netlist *netlist,
                               const mj_spice_cells *cells, mj_err *err)
{
    *n_transistors = 0;
    for (int i = 0; i < netlist->n_instances; i++) {
        const mj_spice_cell *cell = cell_find(cells, netlist->instance[i].cell->name);
        if (!cell) {
            return no_cell(cells, netlist->instance[i].cell->name, err);
        }
        *n_transistors += cell->n_transistors;
    }
    return MJ_OK;
}

double mj_crosscheck_period_s(double longest_path_s)
{
    return RAMP_S + PERIODS_OF_PATH * longest_path_s;
}

static const char *inner_node(char buf[NODE_B], const char *node)
{
    return mj_spice_name(buf, NODE_B, 'n', node);
}

static void cell_write(FILE *out, const job *j, const mj_spice_cell *cell)
{
    char node[NODE_B];
    fprintf(out, ".subckt cell%d", (int)(cell - j->cells->cell));
    for (int i = 0; i < cell->n_ports; i++) {
        fprintf(out, " %s", inner_node(node, cell->port[i]));
    }
    fputc('\n', out);
    for (int i = 0; i < cell->n_transistors; i++) {
        const mj_cell_transistor *t = &cell->transistor[i];
        fprintf(out, "%ct%d %s", j->models->is_subcircuit ? 'x' : 'm', i, inner_node(node, t->drain));
        fprintf(out, " %s", inner_node(node, t->gate));
        fprintf(out, " %s", inner_node(node, t->source));
        fprintf(out, " %s %s", inner_node(node, t->bulk), t->is_pmos ? j->models->pmos : j->models->nmos);
        fprintf(out, " w=%.9g l=%.9g ad=%.9g as=%.9g pd=%.9g ps=%.9g\n", t->width_m, t->length_m,
                t->drain_m2, t->source_m2, t->drain_edge_m, t->source_edge_m);
    }
    fprintf(out, ".ends\n");
}

static void net_write(FILE *out, int net)
{
    if (net == MJ_NET_ZERO) {
        fputs(" 0", out);
    } else if (net == MJ_NET_ONE) {
        fputs(" supply", out);
    } else {
        fprintf(out, " w%d", net);
    }
}

/* The net at a port of the subcircuit; -1 if the library's cell has no such pin. */
static int net_at(const mj_instance *x, const char *port)
{
    for (int p = 0; p < x->cell->n_inputs; p++) {
        if (equal_fold(port, x->cell->input[p].name)) {
            return x->input[p];
        }
    }
    for (int p = 0; p < x->cell->n_outputs; p++) {
        if (equal_fold(port, x->cell->output[p].name)) {
            return x->output[p];
        }
    }
    return -1;
}

static mj_status instance_write(FILE *out, const job *j, int index)
{
    const mj_instance *x = &j->netlist->instance[index];
    const mj_spice_cell *cell = cell_find(j->cells, x->cell->name);
    if (!cell) {
        return no_cell(j->cells, x->cell->name, j->err);
    }
    fprintf(out, "xu%d", index);
    for (int i = 0; i < cell->n_ports; i++) {
        const char *port = cell->port[i];
        const int net = net_at(x, port);
        if (strcmp(port, "vdd") == 0) {
            fputs(" supply", out);
        } else if (strcmp(port, "gnd") == 0) {
            fputs(" 0", out);
        } else if (net >= 0) {
            net_write(out, net);
        } else {
            fprintf(out, " open%d_%d", index, i);
        }
    }
    fprintf(out, " cell%d\n", (int)(cell - j->cells->cell));
    return MJ_OK;
}

/* Within what ngspice surely reaches. */
static double end_s(const job *j)
{
    return 0.999 * j->n_vectors * j->period_s;
}

static int bit_of(const job *j, const uint64_t *rows, int port, int v)
{
    return (int)(rows[(size_t)port * mj_simulate_words(j->n_vectors) + (size_t)v / 64] >> (v % 64) & 1);
}

static void inputs_write(FILE *out, const job *j)
{
    const double V = j->netlist->liberty->voltage_V;
    for (int i = 0; i < j->netlist->n_inputs; i++) {
        double level_V = V * bit_of(j, j->input, i, 0);
        fprintf(out, "vi%d w%d 0 pwl(0 %.9g", i, j->netlist->input[i].net, level_V);
        for (int v = 1; v < j->n_vectors; v++) {
            const double next_V = V * bit_of(j, j->input, i, v);
            if (next_V != level_V) {
                fprintf(out, "\n+ %.9g %.9g %.9g %.9g", v * j->period_s, level_V,
                        v * j->period_s + RAMP_S, next_V);
            }
            level_V = next_V;
        }
        fputs(")\n", out);
    }
}

static mj_status deck_write(mj_deck *deck, const job *j)
{
    bool used[1 << 12] = {false};
    fputs(j->models->text, deck->out);
    fprintf(deck->out, "vsupply supply 0 %.9g\n", j->netlist->liberty->voltage_V);
    for (int i = 0; i < j->netlist->n_instances; i++) {
        MJ_TRY(instance_write(deck->out, j, i));
        const mj_spice_cell *cell = cell_find(j->cells, j->netlist->instance[i].cell->name);
        if (!used[cell - j->cells->cell]) {
            cell_write(deck->out, j, cell);
            used[cell - j->cells->cell] = true;
        }
    }
    inputs_write(deck->out, j);
    char signal[NAME_B];
    mj_deck_save(deck, "i(vsupply)");
    for (int i = 0; i < j->netlist->n_outputs; i++) {
        snprintf(signal, sizeof signal, "v(w%d)", j->netlist->output[i].net);
        mj_deck_save(deck, signal);
    }
    for (int i = 0; i < j->netlist->n_inputs; i++) {
        snprintf(signal, sizeof signal, "v(w%d)", j->netlist->input[i].net);
        mj_deck_save(deck, signal);
        snprintf(signal, sizeof signal, "i(vi%d)", i);
        mj_deck_save(deck, signal);
    }
    mj_deck_transient(deck, (mj_transient){.step_s = STEP_S, .stop_s = j->n_vectors * j->period_s});
    return MJ_OK;
}

/* What the source of an input delivers: the integral of voltage times current. */
static mj_status input_energy(double *energy_J, const job *j, const mj_raw *raw, int input)
{
    char signal[NAME_B];
    mj_waveform volt, current;
    snprintf(signal, sizeof signal, "v(w%d)", j->netlist->input[input].net);
    MJ_TRY(mj_raw_find(&volt, raw, signal, j->err));
    snprintf(signal, sizeof signal, "i(vi%d)", input);
    MJ_TRY(mj_raw_find(&current, raw, signal, j->err));
    double *power = mj_arena_array(j->arena, volt.n, sizeof *power);
    if (!power) {
        return mj_err_add(j->err, MJ_EMEM, NULL, 0, 0, "no memory for a cross-check");
    }
    for (size_t k = 0; k < volt.n; k++) {
        power[k] = -volt.value[k] * current.value[k]; /* a source's current flows into its plus */
    }
    const mj_waveform product = {.time = volt.time, .value = power, .n = volt.n};
    *energy_J = mj_waveform_integral(&product, j->period_s, end_s(j));
    return MJ_OK;
}

/* Energy, and vectors whose outputs are not what they should be near the period's end. */
static mj_status raw_read(mj_spice_figures *figures, const job *j, const mj_raw *raw,
                          const uint64_t *expected)
{
    mj_waveform supply, output;
    const double V = j->netlist->liberty->voltage_V, steps = j->n_vectors - 1;
    bool wrong[64] = {false};
    MJ_TRY(mj_raw_find(&supply, raw, "i(vsupply)", j->err));
    figures->spice_J = -V * mj_waveform_integral(&supply, j->period_s, end_s(j)) / steps;
    for (int i = 0; i < j->netlist->n_inputs; i++) {
        double input_J = 0;
        MJ_TRY(input_energy(&input_J, j, raw, i));
        figures->spice_J += input_J / steps;
    }
    for (int i = 0; i < j->netlist->n_outputs; i++) {
        char signal[NAME_B];
        snprintf(signal, sizeof signal, "v(w%d)", j->netlist->output[i].net);
        MJ_TRY(mj_raw_find(&output, raw, signal, j->err));
        for (int v = 0; v < j->n_vectors; v++) {
            const double volt_V = mj_waveform_at(&output, (v + SETTLED_SHARE) * j->period_s);
            wrong[v] = wrong[v] || (volt_V > V / 2) != bit_of(j, expected, i, v);
        }
    }
    for (int v = 0; v < j->n_vectors; v++) {
        figures->n_wrong += wrong[v];
    }
    return MJ_OK;
}

/* The tables' figure, and what the outputs should be. */
static mj_status tables_run(mj_spice_figures *figures, job *j, uint64_t *expected)
{
    mj_timing timing;
    mj_energy energy;
    const mj_wiring none = {0};
    uint64_t *toggles = mj_arena_array(j->arena, (size_t)j->netlist->n_nets, sizeof *toggles);
    if (!toggles) {
        return mj_err_add(j->err, MJ_EMEM, NULL, 0, 0, "no memory for a cross-check");
    }
    MJ_TRY(mj_timing_compute(&timing, j->netlist, &none, j->arena, j->err));
    MJ_TRY(mj_simulate_events(expected, toggles, NULL, j->netlist, &timing, j->input, j->n_vectors,
                              j->arena, j->err));
    MJ_TRY(mj_energy_compute(&energy, j->netlist, &timing, toggles, NULL, j->err));
    j->period_s = mj_crosscheck_period_s(timing.worst_s);
    figures->tables_J = (mj_energy_dynamic_J(&energy) + mj_energy_inputs_J(j->netlist, &timing, toggles)) /
                        (j->n_vectors - 1);
    return MJ_OK;
}

mj_status mj_crosscheck_spice(mj_spice_figures *figures, const mj_netlist *netlist,
                              const mj_spice_cells *cells, const mj_spice_models *models,
                              const uint64_t *input, int n_vectors, const mj_spice_job *spice,
                              mj_arena *arena, mj_err *err)
{
    job j = {netlist, cells, models, input, n_vectors, 0, arena, err};
    mj_deck deck;
    mj_raw raw = {0};
    *figures = (mj_spice_figures){.n_vectors = n_vectors};
    uint64_t *expected = mj_arena_array(arena, (size_t)netlist->n_outputs, sizeof *expected);
    if (!expected || n_vectors < 2 || n_vectors > 64) {
        return expected ? mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "2 to 64 vectors for SPICE")
                        : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a cross-check");
    }
    MJ_TRY(tables_run(figures, &j, expected));
    MJ_TRY(mj_spice_cells_count(&figures->n_transistors, netlist, cells, err));
    figures->simulated_s = n_vectors * j.period_s;
    MJ_TRY(mj_deck_open(&deck, "netlist of cells", err));
    mj_status status = deck_write(&deck, &j);
    const double start_s = mj_clock_children_s();
    status = status == MJ_OK ? mj_spice_run(&raw, &deck, spice, arena, err) : status;
    figures->busy_s = mj_clock_children_s() - start_s;
    status = status == MJ_OK ? raw_read(figures, &j, &raw, expected) : status;
    status = mj_spice_keep(status, &deck, &raw, spice, err);
    mj_deck_close(&deck);
    return status;
}
