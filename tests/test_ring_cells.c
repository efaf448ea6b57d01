/* Cells beside rings: resistors and charges by formula, codes against the phases that were put in, samples on
 * both sides of an edge. Small cells of 2 to 4 bits, a few seconds of ngspice each. */
#include "assert_rel.h"
#include "here.h"

#include "mj/ring_cells_file.h"
#include "mj/ring_flicker.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CARD "data/circuits/generic-180nm.lib"

static const mj_spice_job job = {.limit_s = 500};

/* A ring and what the cells want to know of it, measured once. */
typedef struct {
    mj_arena arena;
    mj_spice_models models;
    mj_ring ring;
    mj_ring_figures figures;
} bench;

static int set_up(void **state)
{
    bench *b = calloc(1, sizeof *b);
    mj_err err = {0};
    const mj_models_request request = {.path = CARD};
    mj_arena_init(&b->arena, 0);
    *state = b;
    if (mj_spice_models_load(&b->models, &request, &b->arena, &err) != MJ_OK) {
        return 1;
    }
    b->ring = mj_ring_default(&b->models);
    mj_ring_measure_period(&b->figures, &b->ring, &job, &err); /* without ngspice the tests skip */
    b->figures.detuning_pV = 1.087; /* of this ring, data/circuits/ring-180nm.yaml */
    return 0;
}

static int tear_down(void **state)
{
    bench *b = *state;
    mj_arena_fini(&b->arena);
    free(b);
    return 0;
}

/* A coupler is its resistors: codes are sums of conductances, both signs; between square waves a quarter of
 * a turn apart a conductance takes G V^2 / 2. */
static void test_coupler(void **state)
{
    skip_without("ngspice");
    bench *b = *state;
    mj_coupler_figures c;
    mj_err err = {0};
    const double full_S = 10e-6, V = b->ring.vdd_V;
    assert_int_equal(mj_coupler_measure(&c, 3, full_S, &b->ring, &b->figures, &job, &err), MJ_OK);
    assert_true(c.cell.works);
    assert_rel(c.unit_S, full_S / 7, 0.02); /* a gate is not as it is in the middle at all voltages */
    assert_true(c.inl < 0.1);
    /* Both transistors of a gate may be off for a third of the way, where little current is to flow. */
    assert_true(c.bent < 0.3);
    assert_true(c.gate_ohm > 500 && c.gate_ohm < 20e3 && c.gate_ohm_most >= c.gate_ohm);
    /* And what is behind the gates that are on has as many contacts as what is before them. */
    double current_J = full_S * V * V / 2 * b->figures.period_s;
    assert_true(c.driven_J > 0.8 * current_J && c.driven_J < 1.2 * current_J + 1.5 * c.cell.cycle_J);
    assert_int_equal(c.cell.n_transistors, 3 * 4);
    /* Contacts of three gates at each side of 0.5 um and 1 um hold a fF or so each. */
    assert_true(c.cell.cycle_J > 1e-15 && c.cell.cycle_J < 100e-15);
    assert_int_equal(mj_coupler_measure(&c, 3, 1, &b->ring, &b->figures, &job, &err), MJ_ERANGE);
}

/* What is lost is the charge of a cycle times the drop; the frequency goes as the supply does. */
static void test_trim(void **state)
{
    skip_without("ngspice");
    bench *b = *state;
    mj_trim_figures t;
    mj_err err = {0};
    assert_int_equal(mj_trim_measure(&t, &(mj_trim_request){3, 0.03, 0.03}, &b->ring, &b->figures, &job, &err), MJ_OK);
    assert_true(t.cell.works);
    assert_rel(t.range, 0.06, 0.2);
    assert_true(t.step_least > 0);
    assert_true(t.step_largest < 3.5 * t.range / 7); /* 1/x from 85 mV to 30: 2.8 at the steep end */
    assert_rel(t.cell.cycle_J, t.drop_V * b->figures.energy_J / b->ring.vdd_V, 0.1);
    assert_int_equal(t.cell.n_transistors, 4);
    for (int i = 1; i < t.n_codes; i++) { /* more of them on, less drop */
        assert_true(t.code[i] > t.code[i - 1] && t.faster[i] > t.faster[i - 1]);
    }
    assert_rel(t.faster[t.n_codes - 1], t.range, 1e-12);
    assert_true(t.cell.delay_s > 0 && t.cell.delay_s < 5e-9);
    /* Its steps are too wide for anyone who wants finer ones. */
    assert_int_equal(mj_trim_measure(&t, &(mj_trim_request){3, 0.03, 0.001}, &b->ring, &b->figures, &job, &err),
                     MJ_OK);
    assert_false(t.cell.works);
    assert_int_equal(mj_trim_measure(&t, &(mj_trim_request){1, 0.03, 0.03}, &b->ring, &b->figures, &job, &err),
                     MJ_ERANGE);
}

/* Eight bits: the highest is 128 of the lowest, three of them less than a finger. Steps at the places where many
 * bits change are as the drop's 1/x has them, which is within a factor of three of even; before fingers had one
 * width they were 27 times that. */
static void test_trim_of_many_bits(void **state)
{
    skip_without("ngspice");
    bench *b = *state;
    mj_trim_figures t;
    mj_err err = {0};
    const double even = 0.06 / 255;
    assert_int_equal(mj_trim_measure(&t, &(mj_trim_request){8, 0.03, 4 * even}, &b->ring, &b->figures, &job, &err),
                     MJ_OK);
    assert_true(t.cell.works);
    assert_rel(t.range, 0.06, 0.2);
    assert_true(t.step_least > even / 4);
    assert_true(t.step_largest < 4 * even);
}

/* Decides right on both sides of an edge (an error if not), at a strobe within a gate's delay or two. */
static void test_read_out(void **state)
{
    skip_without("ngspice");
    bench *b = *state;
    mj_readout_figures r;
    mj_err err = {0};
    assert_int_equal(mj_readout_measure(&r, 2, 2, &b->ring, &b->figures, &job, &err), MJ_OK);
    for (int i = 0; i < 2; i++) {
        assert_true(fabs(r.sampler.offset_s[i]) < 150e-12);
    }
    assert_true(r.sampler.aperture_s < 20e-12);
    assert_true(r.sampler.delay_s > 20e-12 && r.sampler.delay_s < 600e-12);
    assert_true(r.cell.works);
    assert_int_equal((r.code[1] - r.code[0]) & 3, 2); /* half a turn of four codes */
    assert_true(r.cell.use_J > 0 && r.cell.static_W > 0);
}

static void test_start(void **state)
{
    skip_without("ngspice");
    bench *b = *state;
    mj_start_figures s;
    mj_err err = {0};
    assert_int_equal(mj_start_measure(&s, 2, 2, &b->ring, &b->figures, &job, &err), MJ_OK);
    assert_true(s.cell.works);
    assert_true(s.largest < 0.05);                  /* 5 ps of a period of 600 */
    assert_true(s.period_s > b->figures.period_s);  /* a NAND is slower than an inverter */
    assert_true(s.cell.use_J > 0 && s.cell.delay_s > 0);
}

/* Lines of 10 fF that swing hold C V^2 each. */
static void test_bit(void **state)
{
    skip_without("ngspice");
    bench *b = *state;
    mj_cell_figures bit;
    mj_err err = {0};
    assert_int_equal(mj_bit_measure(&bit, &b->ring, &job, &err), MJ_OK);
    assert_true(bit.works);
    assert_int_equal(bit.n_transistors, 6);
    double line_J = b->ring.load_F * b->ring.vdd_V * b->ring.vdd_V;
    assert_true(bit.use_J > line_J && bit.use_J < 20 * line_J);
    assert_true(bit.static_W > 0 && bit.static_W < 10e-9);
}

/* Thresholds act on the frequency in a sum: one half of a row of 1/f sources each. */
static void test_flicker(void **state)
{
    bench *b = *state;
    mj_ring_flicker f = {.h = 4e-12};
    mj_err err = {0};
    assert_rel(mj_ring_flicker_wander(&f, exp(1), 1), 2e-6, 1e-12);
    assert_true(mj_ring_flicker_wander(&f, 1, 1) == 0);
    /* S_y = h / f meets 2 D / omega^2 there. */
    double corner_Hz = mj_ring_flicker_corner(&f, 600e-12, 800);
    assert_rel(f.h / corner_Hz, 2 * 800 / pow(2 * 3.14159265358979 / 600e-12, 2), 1e-9);
    skip_without("ngspice");
    assert_int_equal(mj_ring_measure_flicker(&f, &b->ring, &b->figures, &job, &err), MJ_OK);
    /* All thresholds up by dV is nearly the supply down by dV: ten slopes add up to more than half of that
     * and, currents going as the overdrive, less than twice. */
    double sum_pV = b->ring.n_stages * (f.n_pV + f.p_pV);
    assert_true(sum_pV > 0.5 * b->figures.detuning_pV && sum_pV < 2 * b->figures.detuning_pV);
}

/* A cell that does not work makes no facts. */
static void test_facts(void **state)
{
    bench *b = *state;
    char path[] = "/tmp/mj-test-XXXXXX";
    mj_err err = {0};
    mj_ring_cells cells = {.tool = "ngspice-39", .commit = "none"};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    cells.readout.step = cells.start.step = 0.25;
    mj_cell_figures *cell[] = {&cells.trim.cell, &cells.readout.cell, &cells.start.cell, &cells.coupler.cell,
                               &cells.bit};
    for (int i = 0; i < MJ_RING_CELLS_N; i++) {
        assert_int_equal(mj_ring_cells_save(path, &cells, &b->ring, &err), MJ_ERANGE);
        *cell[i] = (mj_cell_figures){.name = "cell", .works = true, .use_J = 1e-15, .active_m2 = 1e-12};
    }
    assert_int_equal(mj_ring_cells_save(path, &cells, &b->ring, &err), MJ_OK);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coupler),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_trim_of_many_bits),
        cmocka_unit_test(test_read_out),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_bit),
        cmocka_unit_test(test_flicker),
        cmocka_unit_test(test_facts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
