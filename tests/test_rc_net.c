/* Settling nets as circuits: gradients against differences, the fit of a cell against a tanh that is known,
 * circuits in ngspice against what theory says of them, and folders that are not what they should be. */
#include "assert_rel.h"
#include "here.h"

#include "mj/file.h"
#include "mj/rc_folder.h"
#include "mj/rng.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N = 5, K = 4, M = 3 };
static const double CONTRACTION = 0.9, DRIVE = 2;

typedef struct {
    mj_arena arena;
    mj_err err;
    mj_settling_net net;
    mj_rc_transfer transfer;
    double x[K];
} fixture;

static void scale_row(double *row, int n, double to)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += fabs(row[i]);
    }
    for (int i = 0; i < n; i++) {
        row[i] *= to / sum;
    }
}

static int setup(void **state)
{
    static fixture f;
    f = (fixture){0};
    mj_rng rng;
    mj_rng_init(&rng, 1, 0);
    mj_arena_init(&f.arena, 0);
    assert_int_equal(mj_settling_net_new(&f.net, N, K, M, &f.arena, &f.err), MJ_OK);
    double *const part[] = {f.net.W, f.net.U, f.net.b, f.net.V, f.net.c, f.x};
    const int size[] = {N * N, N * K, N, M * N, M, K};
    for (int p = 0; p < 6; p++) {
        for (int i = 0; i < size[p]; i++) {
            part[p][i] = p == 5 ? mj_rng_uniform(&rng) : mj_rng_normal(&rng);
        }
    }
    for (int i = 0; i < N; i++) {
        scale_row(f.net.W + i * N, N, CONTRACTION);
        scale_row(f.net.U + i * K, K, DRIVE);
        f.net.b[i] *= 0.1;
    }
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    mj_arena_fini(&((fixture *)*state)->arena);
    return 0;
}

static void map_ideal(mj_rc_net *rc, fixture *f)
{
    const mj_rc_cell cell = mj_rc_cell_default(NULL);
    assert_int_equal(mj_rc_cell_measure(&f->transfer, &cell, 1, NULL, &f->err), MJ_OK);
    assert_int_equal(mj_rc_net_map(rc, &f->net, &cell, &f->transfer, (mj_rc_config){.least = 1e-12},
                                   &f->arena, &f->err),
                     MJ_OK);
}

static double loss_at(fixture *f, int label)
{
    double v[N], score[M];
    assert_true(mj_settle(v, &f->net, f->x, 1e-15, 100000) > 0);
    mj_settling_scores(score, &f->net, v);
    return mj_settling_loss(score, M, label);
}

/* Central differences of the settled loss; their own error is h^2 and rounding over h: 1e-9 and 1e-11. */
static void test_gradient(void **state)
{
    fixture *f = *state;
    const double h = 1e-5;
    double v[N], dW[N * N], dV[M * N];
    assert_true(mj_settle(v, &f->net, f->x, 1e-15, 100000) > 0);
    mj_settling_gradient(dW, dV, &f->net, v, 1);
    double *const part[] = {f->net.W, f->net.V}, *const slope[] = {dW, dV};
    for (int p = 0; p < 2; p++) {
        for (int i = 0; i < (p ? M : N) * N; i++) {
            double kept = part[p][i];
            part[p][i] = kept + h;
            double high = loss_at(f, 1);
            part[p][i] = kept - h;
            double low = loss_at(f, 1);
            part[p][i] = kept;
            assert_true(fabs((high - low) / (2 * h) - slope[p][i]) < 1e-7);
        }
    }
}

static void test_fit_finds_its_tanh(void **state)
{
    fixture *f = *state;
    enum { POINTS = 101 };
    double voltage[POINTS], current[POINTS];
    for (int i = 0; i < POINTS; i++) {
        voltage[i] = 0.3 * (2.0 * i / (POINTS - 1) - 1);
        current[i] = 3e-6 * tanh(11 * (voltage[i] - 0.02));
    }
    mj_rc_transfer t;
    assert_int_equal(mj_rc_transfer_fit(&t, voltage, current, POINTS, &f->err), MJ_OK);
    assert_rel(t.current_A, 3e-6, 1e-9);
    assert_rel(t.gain_pV, 11, 1e-9);
    assert_rel(t.offset_V, 0.02, 1e-7);
    assert_true(t.rms < 1e-9);
    for (int i = 0; i < POINTS; i++) {
        current[i] = i % 2 ? 1e-6 : -1e-6;
    }
    assert_int_equal(mj_rc_transfer_fit(&t, voltage, current, POINTS, &f->err), MJ_ERANGE);
}

/* Kirchhoff: every node has its conductance, every output its load, and nothing is negative. */
static void test_conductances_add_up(void **state)
{
    fixture *f = *state;
    mj_rc_net rc;
    map_ideal(&rc, f);
    for (int r = 0; r < rc.n_rows; r++) {
        double sum = rc.leak[r] + fabs(rc.bias[r]);
        for (int j = 0; j < N; j++) {
            sum += fabs(rc.weight[r * N + j]);
        }
        for (int k = 0; k < K; k++) {
            sum += fabs(rc.input[r * K + k]);
        }
        assert_rel(sum, r < N ? rc.node_S : rc.score_S, 1e-12);
        assert_true(rc.leak[r] > 0);
    }
    for (int j = 0; j < N; j++) {
        double plus = rc.fill_plus[j], minus = rc.fill_minus[j];
        for (int r = 0; r < rc.n_rows; r++) {
            plus += fmax(rc.weight[r * N + j], 0);
            minus += fmax(-rc.weight[r * N + j], 0);
        }
        assert_rel(plus, rc.output_S, 1e-9);
        assert_rel(minus, rc.output_S, 1e-9);
        assert_true(rc.fill_plus[j] >= 0 && rc.fill_minus[j] >= 0);
    }
}

/* Ideal cells and exact resistors rest where the model does: what is left is ngspice's tolerance. */
static void test_ideal_circuit_rests_at_the_model(void **state)
{
    skip_without("ngspice");
    fixture *f = *state;
    mj_rc_net rc;
    mj_rc_run run;
    map_ideal(&rc, f);
    assert_int_equal(mj_rc_net_run(&run, &rc, f->x, &(mj_spice_job){0}, &f->arena, &f->err), MJ_OK);
    assert_true(run.settled && run.rms < 1e-5 && run.score_rms < 1e-5 && run.best == run.model_best);
}

/* One neuron without weights to itself is C charged through 1/G: v (1 - exp(-t/tau)) is within 1 % of the
 * full scale, here 1, from t = tau ln(100 v) on. Time steps are tau/20. */
static void test_time_constant(void **state)
{
    skip_without("ngspice");
    fixture *f = *state;
    mj_settling_net net;
    mj_rc_net rc;
    mj_rc_run run;
    const double x[] = {0.8};
    const mj_rc_cell cell = mj_rc_cell_default(NULL);
    assert_int_equal(mj_settling_net_new(&net, 1, 1, 1, &f->arena, &f->err), MJ_OK);
    net.U[0] = 2;
    net.V[0] = 1;
    assert_int_equal(mj_rc_cell_measure(&f->transfer, &cell, 1, NULL, &f->err), MJ_OK);
    assert_int_equal(mj_rc_net_map(&rc, &net, &cell, &f->transfer, (mj_rc_config){0}, &f->arena, &f->err),
                     MJ_OK);
    assert_int_equal(mj_rc_net_run(&run, &rc, x, &(mj_spice_job){0}, &f->arena, &f->err), MJ_OK);
    assert_rel(run.v[0], 1.6, 1e-6);
    assert_rel(run.settling_s, rc.time_s * log(160), 0.02);
}

/* Transistors: within the goal of 1 % rms; a gradient within 5 %; and their currents are what the supply
 * gives: one of each pair and one of the mirror's reference, resistors to the middle beside. */
static void test_transistor_circuit(void **state)
{
    skip_without("ngspice");
    fixture *f = *state;
    mj_spice_models models;
    mj_rc_net rc;
    mj_rc_run run;
    mj_rc_slope slope[2];
    const mj_spice_job job = {0};
    char path[4096];
    const char *root = getenv("MJ_SOURCE_ROOT");
    snprintf(path, sizeof path, "%s/data/circuits/generic-180nm.lib", root ? root : ".");
    const mj_models_request card = {.path = path};
    assert_int_equal(mj_spice_models_load(&models, &card, &f->arena, &f->err), MJ_OK);
    const mj_rc_cell cell = mj_rc_cell_default(&models);
    const double load_S = mj_rc_config_default().loading / cell.load_ohm;
    assert_int_equal(mj_rc_cell_measure(&f->transfer, &cell, load_S, &job, &f->err), MJ_OK);
    assert_rel(f->transfer.current_A, cell.current_A, 0.02);
    assert_true(f->transfer.rms < 0.01);
    assert_int_equal(mj_rc_net_map(&rc, &f->net, &cell, &f->transfer, (mj_rc_config){0}, &f->arena, &f->err),
                     MJ_OK);
    assert_int_equal(mj_rc_net_run(&run, &rc, f->x, &job, &f->arena, &f->err), MJ_OK);
    assert_true(run.settled && run.rms < 0.01 && run.largest < 0.02 && run.score_rms < 0.02);
    double pairs_W = cell.vdd_V * cell.current_A * (N + 1);
    assert_true(run.power_W > 0.98 * pairs_W && run.power_W < 1.5 * pairs_W);
    assert_true(run.energy_J > 0 && run.energy_J < 1.1 * run.power_W * run.settling_s);
    assert_int_equal(mj_rc_net_slopes(slope, 2, &rc, f->x, 1, 0.02, &job, &f->err), MJ_OK);
    for (int i = 0; i < 2; i++) {
        assert_rel(slope[i].circuit, slope[i].implicit, 0.05);
    }
}

static void test_what_a_node_cannot_give(void **state)
{
    fixture *f = *state;
    mj_rc_net rc;
    mj_rc_cell cell = mj_rc_cell_default(NULL);
    map_ideal(&rc, f);
    for (int k = 0; k < K; k++) {
        f->net.U[2 * K + k] *= 3;
    }
    assert_int_equal(mj_rc_net_map(&rc, &f->net, &cell, &f->transfer, (mj_rc_config){0}, &f->arena, &f->err),
                     MJ_EFIT);
    assert_non_null(strstr(f->err.diag[0].text, "neuron 2 needs"));
    for (int k = 0; k < K; k++) {
        f->net.U[2 * K + k] /= 3;
    }
    assert_int_equal(mj_rc_net_map(&rc, &f->net, &cell, &f->transfer, (mj_rc_config){.input_V = 0.4},
                                   &f->arena, &f->err),
                     MJ_ERANGE);
    cell.load_ohm = 1e6;
    assert_int_equal(mj_rc_cell_check(&cell, &f->err), MJ_ERANGE);
}

static void replace_in(const char *path, const char *from, const char *to)
{
    char *text;
    size_t length;
    mj_err err = {0};
    assert_int_equal(mj_file_read(&text, &length, path, 1 << 24, &err), MJ_OK);
    char *at = strstr(text, from);
    assert_non_null(at);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    fclose(out);
    free(text);
}

/* A folder comes back as it was; one with a changed file is refused, with the file's name. */
static void test_folder(void **state)
{
    fixture *f = *state;
    char folder[] = "/tmp/mj-test-XXXXXX", path[64], command[96];
    int label[] = {2};
    mj_rc_net rc, again;
    mj_rc_folder back;
    map_ideal(&rc, f);
    assert_non_null(mkdtemp(folder));
    const mj_rc_folder from = {.model = "m", .data = "d", .version = "1", .commit = "c", .cell = rc.cell,
                               .transfer = rc.transfer, .config = rc.config, .net = f->net, .n_images = 1,
                               .x = f->x, .label = label};
    assert_false(mj_rc_folder_is(folder, &f->arena));
    assert_int_equal(mj_rc_folder_save(&from, &rc, folder, &f->arena, &f->err), MJ_OK);
    assert_true(mj_rc_folder_is(folder, &f->arena));
    assert_int_equal(mj_rc_folder_load(&back, &again, folder, &f->arena, &f->err), MJ_OK);
    assert_memory_equal(again.weight, rc.weight, sizeof(double) * (N + M) * N);
    assert_int_equal(back.label[0], 2);
    assert_int_equal(mj_rc_folder_save(&from, &rc, folder, &f->arena, &f->err), MJ_EFILE);
    const struct {
        const char *file, *from, *to;
        mj_status status;
    } change[] = {{"netlist.cir", "rleak0", ".control\nrleak0", MJ_ERANGE},
                  {"manifest.json", "\"loading\": 0.25", "\"loading\": -1", MJ_ERANGE},
                  {"manifest.json", "\"ideal\"", "\"magic\"", MJ_ERANGE},
                  {"manifest.json", "\"schema\": 1", "\"schema\": 9", MJ_ESUPPORT}};
    for (size_t i = 0; i < sizeof change / sizeof change[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, change[i].file);
        replace_in(path, change[i].from, change[i].to);
        f->err = (mj_err){0};
        assert_int_equal(mj_rc_folder_load(&back, &again, folder, &f->arena, &f->err), change[i].status);
        assert_non_null(strstr(f->err.diag[0].file, change[i].file));
        replace_in(path, change[i].to, change[i].from);
    }
    snprintf(path, sizeof path, "%s/network.safetensors", folder);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(mj_rc_folder_load(&back, &again, folder, &f->arena, &f->err), MJ_ERANGE);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_gradient, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fit_finds_its_tanh, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conductances_add_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ideal_circuit_rests_at_the_model, setup, teardown),
        cmocka_unit_test_setup_teardown(test_time_constant, setup, teardown),
        cmocka_unit_test_setup_teardown(test_transistor_circuit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_a_node_cannot_give, setup, teardown),
        cmocka_unit_test_setup_teardown(test_folder, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
