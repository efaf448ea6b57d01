/* Crossbars against circuits that can be worked out by hand, and against Gauss on the node matrix. */
#include "assert_rel.h"

#include "mj/crossbar_array.h"
#include "mj/rng.h"

#include <stdlib.h>
#include <string.h>

/* One cell: wire, cell, wire in series. */
static void test_one_cell_is_a_series(void **state)
{
    (void)state;
    mj_err err = {0};
    mj_crossbar_report report;
    const double G = 1e-3, V = 0.2;
    double I;
    assert_int_equal(mj_crossbar_solve(&I, &report, &(mj_crossbar){1, 1, &G, 50}, &V, &err), MJ_OK);
    assert_rel(I, V / (50 + 1000 + 50), 1e-12);
    assert_rel(report.power_W, V * I, 1e-12);
}

/* A ladder of two rows and one column: V0 - r - 1/G0 - a - r - b - r - ground, V1 - r - 1/G1 - b. */
static void test_two_cells_are_a_ladder(void **state)
{
    (void)state;
    mj_err err = {0};
    const double G[2] = {2e-3, 5e-4}, V[2] = {0.1, -0.3}, r = 20;
    double I, g0 = 1 / (r + 1 / G[0] + r), g1 = 1 / (r + 1 / G[1]);
    double b = (g0 * V[0] + g1 * V[1]) / (g0 + g1 + 1 / r);
    assert_int_equal(mj_crossbar_solve(&I, NULL, &(mj_crossbar){2, 1, G, r}, V, &err), MJ_OK);
    assert_rel(I, b / r, 1e-12);
}

static void fill(double *x, size_t n, double from, double to, uint64_t seed)
{
    mj_rng rng;
    mj_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < n; i++) {
        x[i] = from + (to - from) * mj_rng_uniform(&rng);
    }
}

/* The node matrix as a simulator stamps it, dense. */
static void solve_by_gauss(double *I, const mj_crossbar *c, const double *V)
{
    enum { M = 5, N = 4, NODES = 2 * M * N };
    static double a[NODES][NODES + 1];
    double g = 1 / c->wire_ohm;
    memset(a, 0, sizeof a);
    for (int i = 0; i < M; i++) {
        for (int j = 0; j < N; j++) {
            int row = i * N + j, column = M * N + row;
            int row_from = j > 0 ? row - 1 : -1, column_to = i < M - 1 ? column + N : -1;
            const struct {
                int from, to;
                double g;
            } resistor[] = {{row_from, row, g}, {column, column_to, g}, {row, column, c->conductance_S[row]}};
            for (int k = 0; k < 3; k++) {
                int x = resistor[k].from, y = resistor[k].to;
                if (x >= 0) {
                    a[x][x] += resistor[k].g;
                }
                if (y >= 0) {
                    a[y][y] += resistor[k].g;
                }
                if (x >= 0 && y >= 0) {
                    a[x][y] -= resistor[k].g;
                    a[y][x] -= resistor[k].g;
                }
            }
            a[row][NODES] += row_from < 0 ? g * V[i] : 0;
        }
    }
    for (int k = 0; k < NODES; k++) { /* positive definite: no pivoting */
        for (int i = 0; i < NODES; i++) {
            double factor = i == k ? 0 : a[i][k] / a[k][k];
            for (int j = k; factor != 0 && j <= NODES; j++) {
                a[i][j] -= factor * a[k][j];
            }
        }
    }
    for (int j = 0; j < N; j++) {
        int at = M * N + (M - 1) * N + j;
        I[j] = g * a[at][NODES] / a[at][at];
    }
}

/* Cells from far weaker than the wires to stronger. */
static void test_currents_are_those_of_the_node_matrix(void **state)
{
    (void)state;
    mj_err err = {0};
    for (double largest = 1e-6; largest < 20; largest *= 100) {
        double G[20], V[5], got[4], want[4];
        fill(G, 20, 0, largest, 1);
        fill(V, 5, -0.1, 0.1, 2);
        const mj_crossbar c = {5, 4, G, 2};
        assert_int_equal(mj_crossbar_solve(got, NULL, &c, V, &err), MJ_OK);
        solve_by_gauss(want, &c, V);
        for (int j = 0; j < 4; j++) {
            assert_rel(got[j], want[j], 1e-9);
        }
    }
}

/* To first order in r: a cell's path has i + 1 pieces of row, M - i of column, shared with others; the
 * error halves with r. */
static void test_thin_wires_vanish_linearly(void **state)
{
    (void)state;
    enum { SIDE = 32 };
    mj_err err = {0};
    static double G[SIDE * SIDE], V[SIDE], ideal[SIDE], I[SIDE];
    double error[2] = {0};
    fill(G, SIDE * SIDE, 0, 1e-5, 3);
    fill(V, SIDE, 0, 0.1, 4);
    for (int k = 0; k < 2; k++) {
        const mj_crossbar c = {SIDE, SIDE, G, k == 0 ? 0.02 : 0.01};
        mj_crossbar_ideal(ideal, &c, V);
        assert_int_equal(mj_crossbar_solve(I, NULL, &c, V, &err), MJ_OK);
        for (int j = 0; j < SIDE; j++) {
            error[k] += fabs(I[j] / ideal[j] - 1);
        }
    }
    assert_rel(error[0], 2 * error[1], 0.01);
    assert_true(error[0] / SIDE < 1e-3);
}

static void test_a_large_array_takes_few_iterations(void **state)
{
    (void)state;
    enum { SIDE = 256 };
    mj_err err = {0};
    mj_crossbar_report report;
    double *G = malloc(SIDE * SIDE * sizeof *G), V[SIDE], I[SIDE];
    fill(G, SIDE * SIDE, 0, 1e-5, 5);
    fill(V, SIDE, 0, 0.1, 6);
    assert_int_equal(mj_crossbar_solve(I, &report, &(mj_crossbar){SIDE, SIDE, G, 1}, V, &err), MJ_OK);
    assert_true(report.n_iterations < 60 && report.residual <= 1e-12);
    free(G);
}

static void test_what_cannot_be_is_refused(void **state)
{
    (void)state;
    const double V = 0.1, good = 1e-6, bad[] = {-1e-6, NAN, INFINITY};
    double I;
    mj_err err = {0};
    for (int k = 0; k < 3; k++) {
        assert_int_equal(mj_crossbar_solve(&I, NULL, &(mj_crossbar){1, 1, &bad[k], 1}, &V, &err),
                         MJ_ERANGE);
        assert_int_equal(mj_crossbar_solve(&I, NULL, &(mj_crossbar){1, 1, &good, k == 0 ? 0 : bad[k]},
                                           &V, &err), MJ_ERANGE);
    }
    assert_int_equal(mj_crossbar_solve(&I, NULL, &(mj_crossbar){0, 1, &good, 1}, &V, &err), MJ_ERANGE);
    assert_int_equal(mj_crossbar_solve(&I, NULL, &(mj_crossbar){5000, 1, &good, 1}, &V, &err), MJ_ERANGE);
}

static const mj_crossbar_array ARRAY = {.n_rows = 32, .n_columns = 32, .wire_ohm = 1, .wire_F = 0.2e-15,
                                        .on_S = 1e-5, .off_S = 0, .read_V = 0.1, .bandwidth_Hz = 2e8,
                                        .temperature_K = 300, .n_inputs = 40, .seed = 3};

/* Rounding to L levels is uniform in a step: its rms is step / sqrt(12) a conductance that is not on a
 * level already. Programming is what was asked for, on both sides. Weights uniform in [-1, 1] have the
 * rms 1 / sqrt(3), and on either side half of them rest at the lowest level. */
static void test_departures_are_those_of_statistics(void **state)
{
    (void)state;
    mj_err err = {0};
    mj_crossbar_figures f;
    mj_crossbar_array a = ARRAY;
    a.n_rows = a.n_columns = 64;
    a.n_levels = 33;
    a.programming = 0.02;
    a.off_S = 0.5e-5; /* far above 0, where programming would be cut */
    a.on_S = 2e-5;
    assert_int_equal(mj_crossbar_array_measure(&f, &a, &err), MJ_OK);
    double swing = (a.on_S - a.off_S) / sqrt(3), step = (a.on_S - a.off_S) / 32;
    assert_rel(f.levels, step / sqrt(12) / swing, 0.05);
    assert_rel(f.programming, a.programming * a.on_S * sqrt(2) / swing, 0.05);
    /* 64 cells of a column, both sides: off twice and half a swing of uniform weights */
    double G = 64 * (2 * a.off_S + (a.on_S - a.off_S) / 2);
    double noise = sqrt(4 * 1.380649e-23 * 300 * G * acos(-1) / 2 * a.bandwidth_Hz);
    assert_rel(f.noise, noise / (swing * a.read_V / sqrt(3) * sqrt(64)), 0.05);
    assert_rel(f.effective_bits, (f.snr_dB - 1.76) / 6.02, 1e-12);
}

/* The figure of the issue: 32 x 32, 1 ohm a cell, 10 uS: below 0.5 %. Power is within what all rows at
 * the mean square of their voltage would draw through ideal wires. */
static void test_the_usual_array_is_good_to_half_a_percent(void **state)
{
    (void)state;
    mj_err err = {0};
    mj_crossbar_figures f;
    assert_int_equal(mj_crossbar_array_measure(&f, &ARRAY, &err), MJ_OK);
    assert_true(f.wires > 1e-4 && f.wires < 5e-3 && f.levels == 0 && f.programming == 0);
    assert_rel(f.all, f.wires, 1e-12);
    double ideal_W = 32 * 32 * 0.5 * ARRAY.on_S * ARRAY.read_V * ARRAY.read_V / 3;
    assert_rel(f.power_W, ideal_W, 0.05);
    assert_rel(f.settling_s, log(100) * (1 / (2 * acos(-1) * 2e8) + 1024 * 0.2e-15), 1e-9);
}

static void test_arrays_that_cannot_be_are_refused(void **state)
{
    (void)state;
    mj_crossbar_array bad[6] = {ARRAY, ARRAY, ARRAY, ARRAY, ARRAY, ARRAY};
    mj_crossbar_figures f;
    bad[0].off_S = 2e-5;
    bad[1].n_levels = 1;
    bad[2].wire_ohm = 0;
    bad[3].read_V = NAN;
    bad[4].n_inputs = 0;
    bad[5].programming = -0.1;
    for (int k = 0; k < 6; k++) {
        mj_err err = {0};
        assert_int_equal(mj_crossbar_array_measure(&f, &bad[k], &err), MJ_ERANGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_cell_is_a_series),
        cmocka_unit_test(test_two_cells_are_a_ladder),
        cmocka_unit_test(test_currents_are_those_of_the_node_matrix),
        cmocka_unit_test(test_thin_wires_vanish_linearly),
        cmocka_unit_test(test_a_large_array_takes_few_iterations),
        cmocka_unit_test(test_what_cannot_be_is_refused),
        cmocka_unit_test(test_departures_are_those_of_statistics),
        cmocka_unit_test(test_the_usual_array_is_good_to_half_a_percent),
        cmocka_unit_test(test_arrays_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
