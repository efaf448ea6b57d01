/* Crossbar of pairs: departures one by one, noise, settling, energy. */
#include "mj/crossbar_array.h"

#include "mj/rng.h"

#include <math.h>
#include <stdbool.h>

enum { WEIGHT_STREAM = 1, PROGRAMMING_STREAM, INPUT_STREAM };
static const double BOLTZMANN_J_K = 1.380649e-23; /* exact since 2019 [si2019] */
static const double PI = 3.141592653589793;

/* What is put upon the target conductances. */
typedef struct {
    bool levels, programming, wires;
} departures;

/* A conductance at the nearest of the levels from off to on. */
static double to_level(double G, const mj_crossbar_array *a)
{
    double step = (a->on_S - a->off_S) / (a->n_levels - 1);
    return a->off_S + step * round((G - a->off_S) / step);
}

static void fill_pairs(double *plus_S, double *minus_S, const mj_crossbar_array *a, departures with)
{
    mj_rng weight, programming;
    size_t n = (size_t)a->n_rows * (size_t)a->n_columns;
    mj_rng_init(&weight, a->seed, WEIGHT_STREAM);
    mj_rng_init(&programming, a->seed, PROGRAMMING_STREAM);
    for (size_t k = 0; k < n; k++) {
        double w = 2 * mj_rng_uniform(&weight) - 1, *side[2] = {&plus_S[k], &minus_S[k]};
        for (int s = 0; s < 2; s++) {
            double G = a->off_S + fmax(s == 0 ? w : -w, 0) * (a->on_S - a->off_S);
            G = with.levels && a->n_levels > 0 ? to_level(G, a) : G;
            double off = a->programming * a->on_S * mj_rng_normal(&programming);
            *side[s] = with.programming ? fmax(G + off, 0) : G;
        }
    }
}

static void fill_input(double *input_V, const mj_crossbar_array *a, int which)
{
    mj_rng rng;
    mj_rng_init(&rng, a->seed, (uint64_t)INPUT_STREAM + (uint64_t)which);
    for (int i = 0; i < a->n_rows; i++) {
        input_V[i] = a->read_V * (2 * mj_rng_uniform(&rng) - 1);
    }
}

void mj_crossbar_array_fill(double *plus_S, double *minus_S, double *input_V,
                            const mj_crossbar_array *array)
{
    fill_pairs(plus_S, minus_S, array, (departures){.levels = true, .programming = true});
    fill_input(input_V, array, 0);
}

static mj_status check(const mj_crossbar_array *a, mj_err *err)
{
    const struct {
        const char *name;
        bool wrong;
    } rule[] = {
        {"rows and columns are at least 1", a->n_rows < 1 || a->n_columns < 1},
        {"rows and columns go to 4096",
         a->n_rows > MJ_CROSSBAR_SIDE_MAX || a->n_columns > MJ_CROSSBAR_SIDE_MAX},
        {"the wire's resistance is above 0", !(a->wire_ohm > 0) || !isfinite(a->wire_ohm)},
        {"the wire's capacitance is not below 0", !(a->wire_F >= 0) || !isfinite(a->wire_F)},
        {"a conductance on is above the one off, which is not below 0",
         !(a->off_S >= 0) || !(a->on_S > a->off_S) || !isfinite(a->on_S)},
        {"levels are 2 to 65536, or 0 for any conductance",
         a->n_levels < 0 || a->n_levels == 1 || a->n_levels > MJ_CROSSBAR_LEVELS_MAX},
        {"programming is a share from 0 to 1", !(a->programming >= 0 && a->programming <= 1)},
        {"read voltage, bandwidth and temperature are above 0",
         !(a->read_V > 0) || !(a->bandwidth_Hz > 0) || !(a->temperature_K > 0) ||
             !isfinite(a->read_V * a->bandwidth_Hz * a->temperature_K)},
        {"inputs are 1 to 10000", a->n_inputs < 1 || a->n_inputs > MJ_CROSSBAR_INPUTS_MAX},
    };
    for (size_t k = 0; k < sizeof rule / sizeof rule[0]; k++) {
        if (rule[k].wrong) {
            return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "crossbar: %s", rule[k].name);
        }
    }
    return MJ_OK;
}

/* Memory of a measurement: sums over inputs come with it. */
typedef struct {
    const mj_crossbar_array *array;
    double *plus, *minus;      /* [n_rows, n_columns] */
    double *input;             /* [n_rows] */
    double *ideal, *got, *one; /* [n_inputs, n_columns] of ideal; [n_columns] of the others */
} bench;

/* What one array gave, over all inputs so far. */
typedef struct {
    double power_W;   /* sum */
    double largest_A; /* of one column */
} drawn;

static mj_status currents(double *got, drawn *sum, const bench *b, bool wires, mj_err *err)
{
    const mj_crossbar_array *a = b->array;
    const double *side[2] = {b->plus, b->minus};
    for (int s = 0; s < 2; s++) {
        const mj_crossbar crossbar = {a->n_rows, a->n_columns, side[s], a->wire_ohm};
        mj_crossbar_report report = {0};
        if (wires) {
            MJ_TRY(mj_crossbar_solve(b->one, &report, &crossbar, b->input, err));
        } else {
            mj_crossbar_ideal(b->one, &crossbar, b->input);
        }
        sum->power_W += report.power_W;
        for (int j = 0; j < a->n_columns; j++) {
            sum->largest_A = fmax(sum->largest_A, fabs(b->one[j]));
            got[j] = s == 0 ? b->one[j] : got[j] - b->one[j];
        }
    }
    return MJ_OK;
}

/* rms of (got - ideal) over rms of ideal, all inputs and columns; the drivers' mean power. */
static mj_status depart(double *departure, double *power_W, const bench *b, departures with, mj_err *err)
{
    const mj_crossbar_array *a = b->array;
    double off = 0, all = 0;
    drawn sum = {0};
    fill_pairs(b->plus, b->minus, a, with);
    for (int i = 0; i < a->n_inputs; i++) {
        const double *ideal = b->ideal + (size_t)i * (size_t)a->n_columns;
        fill_input(b->input, a, i);
        MJ_TRY(currents(b->got, &sum, b, with.wires, err));
        for (int j = 0; j < a->n_columns; j++) {
            off += (b->got[j] - ideal[j]) * (b->got[j] - ideal[j]);
            all += ideal[j] * ideal[j];
        }
    }
    *departure = sqrt(off / all);
    *power_W = sum.power_W / a->n_inputs;
    return MJ_OK;
}

/* Ideal currents of all inputs; their rms, and the largest. */
static mj_status fill_ideal(mj_crossbar_figures *f, const bench *b, mj_err *err)
{
    const mj_crossbar_array *a = b->array;
    double squares = 0;
    drawn of_arrays = {0};
    fill_pairs(b->plus, b->minus, a, (departures){0});
    for (int i = 0; i < a->n_inputs; i++) {
        double *ideal = b->ideal + (size_t)i * (size_t)a->n_columns;
        fill_input(b->input, a, i);
        MJ_TRY(currents(ideal, &of_arrays, b, false, err));
        for (int j = 0; j < a->n_columns; j++) {
            squares += ideal[j] * ideal[j];
            f->largest_A = fmax(f->largest_A, fabs(ideal[j]));
        }
    }
    f->rms_A = sqrt(squares / ((double)a->n_inputs * a->n_columns));
    f->column_A = of_arrays.largest_A;
    return MJ_OK;
}

/* All conductances at a column's foot, of one array, mean over columns and arrays; fill_pairs came before. */
static double column_S(const bench *b)
{
    const mj_crossbar_array *a = b->array;
    double sum = 0;
    for (size_t k = 0; k < (size_t)a->n_rows * (size_t)a->n_columns; k++) {
        sum += b->plus[k] + b->minus[k];
    }
    return sum / (2 * a->n_columns);
}

static mj_status measure(mj_crossbar_figures *f, const bench *b, mj_err *err)
{
    const mj_crossbar_array *a = b->array;
    double unused;
    MJ_TRY(fill_ideal(f, b, err));
    MJ_TRY(depart(&f->wires, &unused, b, (departures){.wires = true}, err));
    MJ_TRY(depart(&f->levels, &unused, b, (departures){.levels = true}, err));
    MJ_TRY(depart(&f->programming, &unused, b, (departures){.programming = true}, err));
    MJ_TRY(depart(&f->all, &f->power_W, b, (departures){true, true, true}, err));
    f->column_S = column_S(b);
    double noise_A2Hz = 4 * BOLTZMANN_J_K * a->temperature_K * 2 * f->column_S;
    f->noise = sqrt(noise_A2Hz * PI / 2 * a->bandwidth_Hz) / f->rms_A;
    f->snr_dB = -10 * log10(f->all * f->all + f->noise * f->noise);
    f->effective_bits = (f->snr_dB - 1.76) / 6.02;
    double chain_s = a->wire_ohm * a->wire_F / 2 *
                     ((double)a->n_columns * a->n_columns + (double)a->n_rows * a->n_rows);
    f->settling_s = log(100) * (1 / (2 * PI * a->bandwidth_Hz) + chain_s);
    f->array_J = f->power_W * f->settling_s;
    return MJ_OK;
}

mj_status mj_crossbar_array_measure(mj_crossbar_figures *figures, const mj_crossbar_array *array,
                                    mj_err *err)
{
    *figures = (mj_crossbar_figures){0};
    MJ_TRY(check(array, err));
    mj_arena scratch;
    mj_arena_init(&scratch, 0);
    size_t M = (size_t)array->n_rows, N = (size_t)array->n_columns, n = (size_t)array->n_inputs;
    double *slab = mj_arena_array(&scratch, 2 * M * N + M + (n + 2) * N, sizeof *slab);
    mj_status status;
    if (slab) {
        double *after = slab + 2 * M * N;
        const bench b = {.array = array, .plus = slab, .minus = slab + M * N, .input = after,
                         .ideal = after + M, .got = after + M + n * N, .one = after + M + (n + 1) * N};
        status = measure(figures, &b, err);
    } else {
        status = mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a crossbar of %zu x %zu", M, N);
    }
    mj_arena_fini(&scratch);
    return status;
}
