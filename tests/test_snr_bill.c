/* What a signal-to-noise ratio costs: the limits of the formula, and facts that it did not use. */
#include "world.h"

#include "mj/snr_bill.h"

static mj_snr_facts facts;
static mj_snr_bill bill;

static int setup(void **state)
{
    int status = world_setup(state);
    world *w = *state;
    world_require(w, mj_snr_facts_find(&facts, w->catalogue.facts, &w->err));
    return status;
}

static double joules(mj_snr_work work, mj_snr_setting setting)
{
    mj_snr_bill_compute(&bill, &facts, &work, &setting);
    return bill.joules;
}

static double fact(world *w, const char *key, const char *unit)
{
    mj_quantity q;
    world_require(w, mj_facts_quantity(&q, w->catalogue.facts, key, unit, 0, &w->err));
    return q.typ;
}

static const mj_snr_work PRODUCTS = {.mac = 1000}, SUMS = {.outputs = 1000};

/* 20 dB are a hundred times the ratio. */
static void test_energy_goes_with_the_ratio_where_thermal_noise_rules(void **state)
{
    (void)state;
    double e = joules(PRODUCTS, (mj_snr_setting){.noise = 1e-7, .weight_bits = 5});
    double more = joules(PRODUCTS, (mj_snr_setting){.noise = 1e-8, .weight_bits = 5});
    assert_rel(more / e, 100, 1e-6); /* capacitors are 1e-9 of it */
}

static void test_energy_goes_with_its_root_where_converters_count_steps(void **state)
{
    (void)state;
    double e = joules(SUMS, (mj_snr_setting){.noise = 1e-3, .weight_bits = 8});
    double more = joules(SUMS, (mj_snr_setting){.noise = 1e-4, .weight_bits = 8});
    assert_rel(more / e, 10, 1e-12);
}

static void test_energy_stays_where_a_conversion_costs_its_floor(void **state)
{
    world *w = *state;
    double e = joules(SUMS, (mj_snr_setting){.noise = 0.3, .weight_bits = 8});
    assert_rel(e, 1000 * fact(w, "adc.default.floor", "J"), 1e-12);
    assert_rel(joules(SUMS, (mj_snr_setting){.noise = 0.5, .weight_bits = 8}), e, 1e-12);
}

/* 8 kT SNR at 8 bit, SNR = 1.5 x 4^8, as the limits have it to three digits; array and converter share the
 * noise, so that half of that ratio is asked of the sum. */
static void test_thermal_noise_is_the_published_limit(void **state)
{
    world *w = *state;
    double noise = 1 / sqrt(1.5 * 65536 / 2);
    double with = joules(PRODUCTS, (mj_snr_setting){.noise = noise, .weight_bits = 5});
    double capacitors = 1000 * fact(w, "analog.switched-capacitor", "J/MAC");
    assert_rel((with - capacitors) / 1000, fact(w, "limit.thermal.8b", "J"), 2e-3);
}

/* An 8-bit conversion lies between the best and the median of the survey's converters of that class. */
static void test_a_conversion_is_one_of_the_survey(void **state)
{
    world *w = *state;
    double noise = sqrt(2 / (1.5 * 65536)); /* 2 S = 1.5 x 4^8 */
    double e = joules(SUMS, (mj_snr_setting){.noise = noise, .weight_bits = 8}) / 1000;
    assert_true(e > fact(w, "adc.enob7-9.best", "J") && e < fact(w, "adc.enob7-9.median", "J"));
}

/* Products of few bits as the facts state them, rounded to femtojoules there; memory apart. */
static void test_digital_products_are_those_of_the_facts(void **state)
{
    world *w = *state;
    static const struct {
        int bits;
        const char *key;
    } rows[] = {{8, "arith.mac.int8"}, {6, "arith.mac.int6"}, {4, "arith.mac.int4"},
                {3, "arith.mac.int3"}, {2, "arith.mac.int2"}};
    double sram_JpB = fact(w, "sram.read.1mb", "J/B");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int bits = rows[i].bits;
        double e = joules(PRODUCTS, (mj_snr_setting){.weight_bits = bits, .activation_bits = bits});
        e = e / 1000 - sram_JpB * bits / 8;
        assert_true(fabs(e - fact(w, rows[i].key, "J/MAC")) < 0.6e-15);
    }
    double floating = joules(PRODUCTS, (mj_snr_setting){.weight_bits = 8}) / 1000 - sram_JpB;
    assert_rel(floating, fact(w, "arith.mac.fp16", "J/MAC"), 1e-9);
}

/* Half the mismatch of the smallest cell takes four of them; what the smallest cell has is free. */
static void test_mismatch_goes_with_the_root_of_the_cell(void **state)
{
    world *w = *state;
    double small = fact(w, "analog.matching", "1");
    mj_snr_setting s = {.noise = 0.3, .weight_bits = 5};
    double e = joules(PRODUCTS, s);
    s.mismatch = 2 * small;
    assert_rel(joules(PRODUCTS, s), e, 1e-12);
    s.mismatch = small / 2;
    assert_rel(joules(PRODUCTS, s) - e, 3 * 1000 * fact(w, "analog.switched-capacitor", "J/MAC"), 1e-9);
    s.noise = 0;
    assert_true(isinf(joules(PRODUCTS, s)) && isinf(bill.lo_J));
}

/* Less noise never costs less; lines add up; the interval holds the total. */
static void test_bills_are_in_order(void **state)
{
    (void)state;
    const mj_snr_work work = {.mac = 65536, .inputs = 640, .outputs = 896, .rest_mac = 4608,
                              .rest_B = 9828};
    double last = 0;
    for (double noise = 1; noise > 1e-5; noise /= 1.5) {
        double e = joules(work, (mj_snr_setting){.noise = noise, .weight_bits = 4});
        double sum = 0;
        for (int i = 0; i < bill.ledger.n; i++) {
            sum += bill.ledger.line[i].joules;
            assert_non_null(bill.ledger.line[i].fact->fact);
        }
        assert_rel(sum, e, 1e-12);
        assert_true(e >= last && bill.lo_J < e && e < bill.hi_J && bill.products_J < e);
        assert_rel(bill.ratio, 1 / (noise * noise), 1e-12);
        last = e;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_energy_goes_with_the_ratio_where_thermal_noise_rules),
        cmocka_unit_test(test_energy_goes_with_its_root_where_converters_count_steps),
        cmocka_unit_test(test_energy_stays_where_a_conversion_costs_its_floor),
        cmocka_unit_test(test_thermal_noise_is_the_published_limit),
        cmocka_unit_test(test_a_conversion_is_one_of_the_survey),
        cmocka_unit_test(test_digital_products_are_those_of_the_facts),
        cmocka_unit_test(test_mismatch_goes_with_the_root_of_the_cell),
        cmocka_unit_test(test_bills_are_in_order),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
