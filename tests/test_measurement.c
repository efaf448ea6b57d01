/* A small network realised, measured, and its facts read back. */
#include "here.h"
#include "lut_fixture.h"

#include "mj/measurement.h"
#include "mj/realize.h"
#include "mj/scaling.h"

enum { VECTORS = 300 };

typedef struct {
    mj_arena arena;
    mj_err err;
    char folder[64];
    mj_manifest manifest;
    mj_liberty liberty;
    mj_measured_circuit circuit;
    mj_measurement measured;
} fixture;

static void assert_done(const fixture *f, mj_status status)
{
    for (int i = 0; status != MJ_OK && i < f->err.n; i++) {
        print_error("%s: %s\n", f->err.diag[i].file, f->err.diag[i].text);
    }
    assert_int_equal(status, MJ_OK);
}

static void measure(fixture *f, mj_measurement *result, double wire_m)
{
    const mj_measurement_config config = {.wiring = {.length_m = wire_m, .capacitance_Fpm = 0.13e-9}};
    assert_done(f, mj_measurement_run(result, &f->circuit, &f->manifest, f->folder, &f->liberty, &config,
                                      &f->arena, &f->err));
}

/* Parts add up to the total, glitches only add, areas are those of the netlist, and a wire adds its
 * capacitance and nothing else: energy grows by less than what it would at one toggle a pin. */
static void test_parts_add_up(void **state)
{
    fixture *f = *state;
    skip_without("yosys");
    const mj_measurement *m = &f->measured;
    assert_rel(m->total_J, mj_energy_dynamic_J(&m->core) + mj_energy_dynamic_J(&m->readout) +
                               m->inputs_J + m->leakage_J, 1e-12);
    assert_true(m->core.n_cells > 0 && m->readout.n_cells > 0 && m->n_adders > 0);
    assert_int_equal(m->core.n_cells + m->readout.n_cells, f->circuit.netlist.n_instances);
    assert_rel(m->core.area_m2 + m->readout.area_m2, mj_netlist_area_m2(&f->circuit.netlist), 1e-9);
    assert_true(mj_energy_dynamic_J(&m->core) + mj_energy_dynamic_J(&m->readout) >= m->steady_J);
    assert_rel(m->steady_J, mj_energy_dynamic_J(&m->core_still) + mj_energy_dynamic_J(&m->readout_still), 1e-12);
    assert_true(m->core.wires_J > 0 && m->core.wires_J < m->core.switching_J);
    assert_true(m->settle_s > 0 && m->settle_s <= m->delay_s + 1e-12);
    assert_int_equal(m->n_vectors, VECTORS);

    mj_measurement longer;
    measure(f, &longer, 60e-6);
    assert_true(longer.core.switching_J > m->core.switching_J);
    /* no toggle of still vectors depends on delays: the wires' energy goes with their length */
    assert_rel(longer.core_still.wires_J, 2 * m->core_still.wires_J, 1e-9);
    assert_rel(longer.core_still.switching_J - m->core_still.switching_J, m->core_still.wires_J, 1e-9);
    assert_true(longer.inputs_J > m->inputs_J);
    assert_true(longer.delay_s > m->delay_s);
}

static double n_votes(const mj_manifest *m)
{
    double n = 0;
    for (int g = 0; g < m->n_groups; g++) {
        n += m->group[g].n_outputs;
    }
    return n;
}

/* What is saved is read as a folder of facts, with its unit and interval, and moved to 7 nm by the
 * scaling. */
static void test_facts_are_read_back(void **state)
{
    fixture *f = *state;
    skip_without("yosys");
    mj_scale scale;
    mj_quantity own, small;
    mj_units *units = mj_units_new();
    const char *const dirs[] = {"data/facts", f->folder};
    mj_facts *facts = mj_facts_new(dirs, 2, "data/sources.yaml", units);
    assert_non_null(facts);
    assert_done(f, mj_measurement_save_facts(&f->measured, &f->manifest, f->folder,
                                             "a \"quoted\" origin\n", &f->err));
    assert_done(f, mj_facts_quantity(&own, facts, "circuit-test-net.output", "J", 0, &f->err));
    assert_rel(own.typ, f->measured.total_J, 1e-5); /* six digits are written */
    assert_int_equal(own.cls, MJ_CLASS_SIMULATED);
    assert_done(f, mj_facts_quantity(&small, facts, "circuit-test-net.output.7nm", "J", 0, &f->err));
    assert_done(f, mj_scale_gates(&scale, &(mj_gates){180e-9, 1.8}, &(mj_gates){7e-9, 0.7}, &f->err));
    assert_rel(small.typ, own.typ * scale.typ, 1e-5);
    assert_rel(small.lo, own.lo * scale.lo, 1e-5);
    assert_rel(small.hi, own.hi * scale.hi, 1e-5);
    /* parts of a table, and of a vote, add up to it; both to core and read-out */
    static const char *const kinds[] = {"lut", "vote"}, *const parts[] = {"cells", "glitches", "wires"};
    const double whole_J[] = {mj_energy_dynamic_J(&f->measured.core) / f->manifest.n_nodes,
                              mj_energy_dynamic_J(&f->measured.readout) / n_votes(&f->manifest)};
    for (int k = 0; k < 2; k++) {
        double sum_J = 0;
        for (int p = 0; p < 3; p++) {
            char key[64];
            snprintf(key, sizeof key, "circuit-test-net.%s.%s", kinds[k], parts[p]);
            assert_done(f, mj_facts_quantity(&own, facts, key, "J", 0, &f->err));
            sum_J += own.typ;
        }
        assert_rel(sum_J, whole_J[k], 1e-5);
    }
    const mj_fact *fact;
    assert_done(f, mj_facts_quantity(&own, facts, "circuit-test-net.delay.7nm", "s", 0, &f->err));
    assert_rel(own.typ, f->measured.delay_s / 24, 1e-5); /* [stillmaker2017] */
    assert_done(f, mj_facts_find(&fact, facts, "circuit-test-net.lut", &f->err));
    assert_non_null(strstr(fact->note, "origin")); /* the file's note is that of its facts */
    assert_done(f, mj_facts_quantity(&own, facts, "circuit-test-net.output", "J", 0, &f->err));
    const mj_source *source;
    assert_done(f, mj_facts_source(&source, facts, own.source, &f->err));
    assert_done(f, mj_facts_quantity(&own, facts, "circuit-test-net.gate.area", "m2", 0, &f->err));
    assert_rel(own.typ, f->measured.core.area_m2 / f->measured.core.n_cells, 1e-5);
    mj_facts_free(facts);
    mj_units_free(units);
}

static void test_one_vector_is_refused(void **state)
{
    fixture *f = *state;
    skip_without("yosys");
    mj_err err = {0};
    mj_measurement result;
    mj_manifest one = f->manifest;
    one.n_vectors = 1;
    const mj_measurement_config config = {.n_vectors = 0};
    assert_int_equal(mj_measurement_run(&result, &f->circuit, &one, f->folder, &f->liberty, &config,
                                        &f->arena, &err), MJ_ERANGE);
    one = f->manifest;
    one.mapped = false;
    assert_int_equal(mj_measurement_run(&result, &f->circuit, &one, f->folder, &f->liberty, &config,
                                        &f->arena, &err), MJ_ETOOL);
}

static int setup(void **state)
{
    static fixture f;
    static lut_fixture lut;
    f = (fixture){.err = {0}};
    mj_arena_init(&f.arena, 0);
    snprintf(f.folder, sizeof f.folder, "/tmp/mj-test-measurement-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    lut_fixture_fill(&lut, 11, 0);
    *state = &f;
    const mj_realize_config config = {.folder = f.folder, .model = "test net", .n_vectors = VECTORS,
                                      .seed = 5};
    if (mj_realize_verilog(&f.manifest, &lut.net, &config, &f.arena, &f.err) != MJ_OK) {
        return 0; /* without yosys the tests are passed over, or fail where it must be here */
    }
    assert_done(&f, mj_liberty_load(&f.liberty, MJ_LIBERTY_DEFAULT, &f.arena, &f.err));
    measure(&f, &f.measured, 30e-6);
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    assert_int_equal(system(command), 0);
    mj_arena_fini(&f->arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_add_up),
        cmocka_unit_test(test_facts_are_read_back),
        cmocka_unit_test(test_one_vector_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
