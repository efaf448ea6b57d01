/* Crossbar deck: the netlist, a run, and how far it is from our own solution (crossbar_deck.h). */
#include "mj/crossbar_deck.h"

#include "mj/clock.h"

#include <math.h>

/* Nothing in the mesh takes time: one step shows the operating point. */
static const double STEP_S = 1e-9;
enum { NAME_B = 32 };

static void write_row(FILE *out, const mj_crossbar *c, int i)
{
    fprintf(out, "rd%d x%d r%d_0 %.15g\n", i, i, i, c->wire_ohm);
    for (int j = 0; j + 1 < c->n_columns; j++) {
        fprintf(out, "rr%d_%d r%d_%d r%d_%d %.15g\n", i, j, i, j, i, j + 1, c->wire_ohm);
    }
}

static void write_cells(FILE *out, const mj_crossbar *c, int i)
{
    for (int j = 0; j < c->n_columns; j++) {
        double G = c->conductance_S[(size_t)i * (size_t)c->n_columns + (size_t)j];
        if (G > 0) {
            fprintf(out, "rg%d_%d r%d_%d c%d_%d %.15g\n", i, j, i, j, i, j, 1 / G);
        }
        if (i + 1 < c->n_rows) {
            fprintf(out, "rc%d_%d c%d_%d c%d_%d %.15g\n", i, j, i, j, i + 1, j, c->wire_ohm);
        } else {
            fprintf(out, "rc%d_%d c%d_%d 0 %.15g\n", i, j, i, j, c->wire_ohm);
        }
    }
}

mj_status mj_crossbar_deck(mj_deck *deck, const mj_crossbar *c, const double *voltage_V, mj_err *err)
{
    char name[NAME_B];
    MJ_TRY(mj_deck_open(deck, "a crossbar", err));
    for (int i = 0; i < c->n_rows; i++) {
        fprintf(deck->out, "v%d x%d 0 %.15g\n", i, i, voltage_V[i]);
        snprintf(name, sizeof name, "i(v%d)", i);
        mj_deck_save(deck, name);
        write_row(deck->out, c, i);
        write_cells(deck->out, c, i);
    }
    for (int j = 0; j < c->n_columns; j++) {
        snprintf(name, sizeof name, "v(c%d_%d)", c->n_rows - 1, j);
        mj_deck_save(deck, name);
    }
    mj_deck_transient(deck, (mj_transient){.step_s = STEP_S, .stop_s = STEP_S});
    return MJ_OK;
}

static mj_status last_value(double *value, const mj_raw *raw, const char *name, mj_err *err)
{
    mj_waveform wave;
    MJ_TRY(mj_raw_find(&wave, raw, name, err));
    *value = wave.value[wave.n - 1];
    return MJ_OK;
}

/* ngspice's currents and power against ours. */
static mj_status compare(mj_crossbar_agreement *a, const mj_raw *raw, const mj_crossbar *c,
                         const double *voltage_V, const double *current_A, double power_W, mj_err *err)
{
    char name[NAME_B];
    double squares = 0, apart_A = 0, circuit_W = 0;
    for (int j = 0; j < c->n_columns; j++) {
        double foot_V;
        snprintf(name, sizeof name, "v(c%d_%d)", c->n_rows - 1, j);
        MJ_TRY(last_value(&foot_V, raw, name, err));
        squares += current_A[j] * current_A[j];
        apart_A = fmax(apart_A, fabs(foot_V / c->wire_ohm - current_A[j]));
    }
    for (int i = 0; i < c->n_rows; i++) {
        double into_A;
        snprintf(name, sizeof name, "i(v%d)", i);
        MJ_TRY(last_value(&into_A, raw, name, err));
        circuit_W -= voltage_V[i] * into_A;
    }
    double rms_A = sqrt(squares / c->n_columns);
    a->deviation = apart_A > 0 ? apart_A / rms_A : 0;
    a->power = power_W > 0 ? fabs(circuit_W / power_W - 1) : fabs(circuit_W);
    return MJ_OK;
}

/* ngspice's word on our currents. */
static mj_status judge(mj_crossbar_agreement *a, const mj_crossbar *c, const double *voltage_V,
                       const double *current_A, double power_W, const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck = {0};
    mj_raw raw = {0};
    double start_s = mj_clock_s();
    mj_status status = mj_crossbar_deck(&deck, c, voltage_V, err);
    mj_arena_init(&arena, 0);
    if (status == MJ_OK) {
        status = mj_spice_run(&raw, &deck, job, &arena, err);
    }
    a->circuit_s = mj_clock_s() - start_s;
    if (status == MJ_OK) {
        status = compare(a, &raw, c, voltage_V, current_A, power_W, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}

mj_status mj_crossbar_compare(mj_crossbar_agreement *agreement, const mj_crossbar *c,
                              const double *voltage_V, const mj_spice_job *job, mj_err *err)
{
    double current_A[MJ_CROSSBAR_DECK_SIDE_MAX];
    mj_crossbar_report report;
    *agreement = (mj_crossbar_agreement){0};
    if (c->n_rows > MJ_CROSSBAR_DECK_SIDE_MAX || c->n_columns > MJ_CROSSBAR_DECK_SIDE_MAX) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0,
                          "ngspice solves crossbars up to %d x %d in reasonable time, not %d x %d",
                          MJ_CROSSBAR_DECK_SIDE_MAX, MJ_CROSSBAR_DECK_SIDE_MAX, c->n_rows, c->n_columns);
    }
    double start_s = mj_clock_s();
    MJ_TRY(mj_crossbar_solve(current_A, &report, c, voltage_V, err));
    agreement->solver_s = mj_clock_s() - start_s;
    return judge(agreement, c, voltage_V, current_A, report.power_W, job, err);
}
