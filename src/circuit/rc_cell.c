/* RC cell: the circuit of one neuron's non-linearity, and its transfer measured and fitted.
 *
 *        vdd ---+--------+
 *               R        R
 *        m <----+        +----> p           m falls and p rises with v(n)
 *        n --| pair  pair |-- middle
 *               +---tail-+
 *              cascode mirror
 *
 * The cascode is needed: the tail moves with the input by some 0.3 V, and with a plain mirror the current
 * would follow and bend the tanh by 3 %. */
#include "mj/rc_cell.h"

#include <math.h>

static const double IDEAL_GAIN_pV = 15; /* about 1/(2 n kT/q) at room temperature and n = 1.3 */
static const double SWEEP_V = 0.3, SWEEP_s = 1;
enum { SWEEP_POINTS = 301, FIT_STEPS = 50, PARAMETERS = 3 };

mj_rc_cell mj_rc_cell_default(const mj_spice_models *models)
{
    return (mj_rc_cell){.models = models, .vdd_V = 1.8, .temperature_C = 25, .current_A = 5e-6,
                        .load_ohm = 120e3, .width_m = 4e-6, .length_m = 0.3e-6, .tail_width_m = 2e-6,
                        .tail_length_m = 1e-6};
}

double mj_rc_cell_middle(const mj_rc_cell *cell)
{
    return cell->vdd_V - cell->current_A * cell->load_ohm / 2;
}

mj_status mj_rc_cell_check(const mj_rc_cell *cell, mj_err *err)
{
    bool sound = cell->vdd_V > 0 && cell->current_A > 0 && cell->load_ohm > 0 && cell->width_m > 0 &&
                 cell->length_m > 0 && cell->tail_width_m > 0 && cell->tail_length_m > 0;
    if (!sound) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a cell has supply, current, load and sizes above 0");
    }
    return cell->current_A * cell->load_ohm < cell->vdd_V
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                            "%.3g A through a load of %.3g ohm leave nothing of a supply of %.3g V",
                            cell->current_A, cell->load_ohm, cell->vdd_V);
}

static void write_transistor(FILE *out, const mj_rc_cell *cell, const char *name, const char *drain,
                             const char *gate, const char *source, bool is_tail)
{
    mj_transistor_write(out, cell->models, false,
                        &(mj_transistor){.name = name, .drain = drain, .gate = gate, .source = source,
                                         .bulk = "0",
                                         .width_m = is_tail ? cell->tail_width_m : cell->width_m,
                                         .length_m = is_tail ? cell->tail_length_m : cell->length_m});
}

void mj_rc_cell_write_bias(FILE *out, const mj_rc_cell *cell)
{
    if (cell->models) {
        fprintf(out, "iref vdd cascode %.9g\n", cell->current_A);
        write_transistor(out, cell, "bc", "cascode", "cascode", "bias", true);
        write_transistor(out, cell, "bm", "bias", "bias", "0", true);
    }
}

void mj_rc_cell_write(FILE *out, const mj_rc_cell *cell, const mj_rc_transfer *transfer, int id)
{
    fprintf(out, "rlp%d vdd p%d %.9g\nrlm%d vdd m%d %.9g\n", id, id, cell->load_ohm, id, id,
            cell->load_ohm);
    if (!cell->models) {
        double half = transfer->current_A / 2;
        fprintf(out, "bm%d m%d 0 i=%.9g*(1+tanh(%.9g*(v(n%d,middle)-%.9g)))\n", id, id, half,
                transfer->gain_pV, id, transfer->offset_V);
        fprintf(out, "bp%d p%d 0 i=%.9g*(1-tanh(%.9g*(v(n%d,middle)-%.9g)))\n", id, id, half,
                transfer->gain_pV, id, transfer->offset_V);
        return;
    }
    char name[32], in[32], plus[32], minus[32], tail[32], low[32];
    snprintf(in, sizeof in, "n%d", id);
    snprintf(plus, sizeof plus, "p%d", id);
    snprintf(minus, sizeof minus, "m%d", id);
    snprintf(tail, sizeof tail, "t%d", id);
    snprintf(low, sizeof low, "l%d", id);
    snprintf(name, sizeof name, "a%d", id);
    write_transistor(out, cell, name, minus, in, tail, false);
    snprintf(name, sizeof name, "b%d", id);
    write_transistor(out, cell, name, plus, "middle", tail, false);
    snprintf(name, sizeof name, "c%d", id);
    write_transistor(out, cell, name, tail, "cascode", low, true);
    snprintf(name, sizeof name, "d%d", id);
    write_transistor(out, cell, name, low, "bias", "0", true);
}

/* Solves A x = y of three unknowns, A positive definite; false if it is not. */
static bool solve(double x[PARAMETERS], double A[PARAMETERS][PARAMETERS], const double y[PARAMETERS])
{
    for (int i = 0; i < PARAMETERS; i++) {
        x[i] = y[i];
    }
    for (int i = 0; i < PARAMETERS; i++) {
        if (!(A[i][i] > 0)) {
            return false;
        }
        for (int k = i + 1; k < PARAMETERS; k++) {
            double factor = A[k][i] / A[i][i];
            for (int j = i; j < PARAMETERS; j++) {
                A[k][j] -= factor * A[i][j];
            }
            x[k] -= factor * x[i];
        }
    }
    for (int i = PARAMETERS - 1; i >= 0; i--) {
        for (int k = i + 1; k < PARAMETERS; k++) {
            x[i] -= A[i][k] * x[k];
        }
        x[i] /= A[i][i];
    }
    return true;
}

/* One step of Gauss and Newton: the change of (I, g, offset). */
static bool fit_step(double change[PARAMETERS], const mj_rc_transfer *t, const double *voltage,
                     const double *current, int n)
{
    double A[PARAMETERS][PARAMETERS] = {{0}}, y[PARAMETERS] = {0};
    for (int i = 0; i < n; i++) {
        double u = voltage[i] - t->offset_V, f = tanh(t->gain_pV * u);
        double slope = t->current_A * (1 - f * f);
        const double by[PARAMETERS] = {f, slope * u, -slope * t->gain_pV};
        for (int a = 0; a < PARAMETERS; a++) {
            for (int b = 0; b < PARAMETERS; b++) {
                A[a][b] += by[a] * by[b];
            }
            y[a] += by[a] * (current[i] - t->current_A * f);
        }
    }
    return solve(change, A, y);
}

mj_status mj_rc_transfer_fit(mj_rc_transfer *t, const double *voltage, const double *current, int n,
                             mj_err *err)
{
    *t = (mj_rc_transfer){.current_A = (current[n - 1] - current[0]) / 2, .gain_pV = IDEAL_GAIN_pV};
    for (int i = 0; i < FIT_STEPS; i++) {
        double change[PARAMETERS];
        if (!fit_step(change, t, voltage, current, n)) {
            break;
        }
        t->current_A += change[0];
        t->gain_pV += change[1];
        t->offset_V += change[2];
    }
    double squares = 0;
    for (int i = 0; i < n; i++) {
        double left = fabs(current[i] - t->current_A * tanh(t->gain_pV * (voltage[i] - t->offset_V)));
        squares += left * left;
        t->largest = fmax(t->largest, left / fabs(t->current_A));
    }
    t->rms = sqrt(squares / n) / fabs(t->current_A);
    return t->current_A > 0 && t->gain_pV > 0 && t->rms < 0.1
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                            "the cell makes no tanh: %.3g A, gain %.3g/V, residual %.3g of the swing",
                            t->current_A, t->gain_pV, t->rms);
}

static mj_status read_sweep(mj_rc_transfer *transfer, const mj_raw *raw, const mj_rc_cell *cell,
                            double output_S, mj_err *err)
{
    mj_waveform in, plus, minus;
    double voltage[SWEEP_POINTS], current[SWEEP_POINTS];
    MJ_TRY(mj_raw_find(&in, raw, "v(n0)", err));
    MJ_TRY(mj_raw_find(&plus, raw, "v(p0)", err));
    MJ_TRY(mj_raw_find(&minus, raw, "v(m0)", err));
    for (int i = 0; i < SWEEP_POINTS; i++) {
        double when = SWEEP_s * i / (SWEEP_POINTS - 1);
        voltage[i] = mj_waveform_at(&in, when) - mj_rc_cell_middle(cell);
        current[i] = (mj_waveform_at(&plus, when) - mj_waveform_at(&minus, when)) *
                     (1 / cell->load_ohm + output_S);
    }
    return mj_rc_transfer_fit(transfer, voltage, current, SWEEP_POINTS, err);
}

mj_status mj_rc_cell_measure(mj_rc_transfer *transfer, const mj_rc_cell *cell, double output_S,
                             const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    MJ_TRY(mj_rc_cell_check(cell, err));
    if (!cell->models) {
        *transfer = (mj_rc_transfer){.current_A = cell->current_A, .gain_pV = IDEAL_GAIN_pV};
        return MJ_OK;
    }
    double middle_V = mj_rc_cell_middle(cell);
    MJ_TRY(mj_deck_open(&deck, "one cell, a slow ramp", err));
    fprintf(deck.out, ".option temp=%.9g reltol=1e-5\n%s", cell->temperature_C, cell->models->text);
    fprintf(deck.out, "vdd vdd 0 %.9g\nvmiddle middle 0 %.9g\nvin n0 middle pwl(0 %.9g %.9g %.9g)\n",
            cell->vdd_V, middle_V, -SWEEP_V, SWEEP_s, SWEEP_V);
    mj_rc_cell_write_bias(deck.out, cell);
    mj_rc_cell_write(deck.out, cell, NULL, 0);
    fprintf(deck.out, "rp p0 middle %.9g\nrm m0 middle %.9g\n", 1 / output_S, 1 / output_S);
    mj_deck_save(&deck, "v(n0)");
    mj_deck_save(&deck, "v(p0)");
    mj_deck_save(&deck, "v(m0)");
    mj_deck_transient(&deck, (mj_transient){.step_s = SWEEP_s / (SWEEP_POINTS - 1), .stop_s = SWEEP_s});
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = read_sweep(transfer, &raw, cell, output_S, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}
