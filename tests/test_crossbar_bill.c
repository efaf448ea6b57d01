/* The bill of a crossbar against what its formulas are in simple cases, and the facts by hand. */
#include "world.h"

#include "mj/crossbar_bill.h"

static mj_crossbar_facts facts;
static mj_crossbar_bill bill;

static int setup(void **state)
{
    int status = world_setup(state);
    world *w = *state;
    world_require(w, mj_crossbar_facts_find(&facts, w->catalogue.facts, &w->err));
    return status;
}

static const mj_crossbar_work WORK = {.n_rows = 32, .n_columns = 16, .array_J = 1e-13, .settling_s = 4e-9,
                                      .bandwidth_Hz = 2e8, .column_S = 8e-5, .column_A = 5e-6,
                                      .largest_A = 6e-6, .error_A = 1e-8, .effective_bits = 6};

static double joules_of(mj_component component)
{
    double sum = 0;
    for (int i = 0; i < bill.ledger.n; i++) {
        sum += bill.ledger.line[i].component == component ? bill.ledger.line[i].joules : 0;
    }
    return sum;
}

static double fact(world *w, const char *key, const char *unit)
{
    mj_quantity q;
    world_require(w, mj_facts_quantity(&q, w->catalogue.facts, key, unit, 0, &w->err));
    return q.typ;
}

/* Watts times seconds, in another order than the ledger's. */
static void test_amplifiers_are_power_times_settling(void **state)
{
    world *w = *state;
    mj_crossbar_bill_compute(&bill, &facts, &WORK);
    double noise_gain = 1 + 8e-5 * fact(w, "crossbar.amplifier.swing", "V") / 5e-6;
    double watts = 2e8 * noise_gain * fact(w, "crossbar.amplifier.load", "F") *
                       fact(w, "crossbar.amplifier", "V2") +
                   5e-6 * fact(w, "crossbar.amplifier.supply", "V");
    assert_rel(bill.amplifier_W, watts, 1e-9);
    assert_rel(joules_of(MJ_ANALOG_BIAS), 2 * 16 * watts * 4e-9, 1e-9);
    /* no amplifier beats weak inversion: I = n kT/q g_m [vittoz1977], n >= 1, g_m = 2 pi GBW C */
    double bound_W = 0.025 * 2 * acos(-1) * bill.gain_bandwidth_Hz * facts.load_F.typ * facts.supply_V.typ;
    assert_true(facts.amplifier_V2.lo * bill.gain_bandwidth_Hz * facts.load_F.typ >= bound_W);
}

/* A step of the converter is sqrt(12) times its rms error; half as much error, a bit more. Conversions
 * never cost less than the floor. */
static void test_converters_round_as_much_as_the_array_errs(void **state)
{
    world *w = *state;
    mj_crossbar_work work = WORK;
    mj_crossbar_bill_compute(&bill, &facts, &work);
    double bits = bill.converter_bits, columns_J = joules_of(MJ_CONV_ADC);
    assert_rel(2 * 6e-6 / exp2(bits), sqrt(12) * 1e-8, 1e-9);
    assert_rel(columns_J, 16 * exp2(bits) * fact(w, "adc.default.walden", "J"), 1e-9);
    assert_rel(joules_of(MJ_CONV_DAC), 32 * 6 / 4. * fact(w, "dac.default", "J"), 1e-9);
    work.error_A /= 2;
    mj_crossbar_bill_compute(&bill, &facts, &work);
    assert_rel(bill.converter_bits, bits + 1, 1e-9);
    assert_rel(joules_of(MJ_CONV_ADC), 2 * columns_J, 1e-9);
    work.error_A = 1;
    mj_crossbar_bill_compute(&bill, &facts, &work);
    assert_rel(joules_of(MJ_CONV_ADC), 16 * fact(w, "adc.default.floor", "J"), 1e-9);
}

static void test_lines_add_up_and_stand_beside_a_digital_product(void **state)
{
    world *w = *state;
    mj_crossbar_bill_compute(&bill, &facts, &WORK);
    double sum = 0;
    for (int i = 0; i < bill.ledger.n; i++) {
        sum += bill.ledger.line[i].joules;
    }
    assert_int_equal(bill.ledger.n, 5);
    assert_rel(bill.joules, sum, 1e-12);
    assert_true(bill.lo_J < bill.joules && bill.joules < bill.hi_J);
    assert_rel(joules_of(MJ_ARITH_ANALOG), 1e-13, 1e-12);
    assert_rel(bill.digital_J, 512 * fact(w, "arith.mac.int8", "J/MAC"), 1e-9);
    assert_rel(bill.digital_read_J, 512 * fact(w, "sram.read.1mb", "J/B"), 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amplifiers_are_power_times_settling),
        cmocka_unit_test(test_converters_round_as_much_as_the_array_errs),
        cmocka_unit_test(test_lines_add_up_and_stand_beside_a_digital_product),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
