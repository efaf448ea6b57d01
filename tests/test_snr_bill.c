/* What a signal-to-noise ratio costs: the limits of the formula, facts that it did not use, and the best
 * case of the digital machines beside it. */
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

static mj_snr_setting analog(double noise, int weight_bits)
{
    return (mj_snr_setting){.machine = MJ_SNR_ANALOG, .noise = noise, .weight_bits = weight_bits};
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
    double e = joules(PRODUCTS, analog(1e-7, 5));
    double more = joules(PRODUCTS, analog(1e-8, 5));
    assert_rel(more / e, 100, 1e-6); /* capacitors are 1e-9 of it */
}

/* Below the ratio at which 4 sigma clip a hundredth of the noise. */
static void test_energy_goes_with_its_root_where_converters_count_steps(void **state)
{
    (void)state;
    double e = joules(SUMS, analog(0.1, 8));
    double more = joules(SUMS, analog(0.05, 8));
    assert_rel(more / e, 2, 1e-2);
}

/* Power of what a converter of so many steps over +-range does to a Gaussian of unit power, summed over
 * the density by hand: levels in the middle of their steps, the last ones for all beyond. */
static double error_power(double range, double steps)
{
    static const double END = 9, DX = 1e-5;
    double step = 2 * range / steps, power = 0;
    for (double x = DX / 2; x < END; x += DX) {
        double level = (floor(fmin(x, range - step / 2) / step) + 0.5) * step;
        power += 2 * exp(-x * x / 2) / sqrt(2 * acos(-1)) * (x - level) * (x - level) * DX;
    }
    return power;
}

/* The range of 4 sigma holds what the ratio asks for; where 4 sigma clip too much, the best range does,
 * and no converter of a twentieth fewer steps can. */
static void test_steps_are_those_of_a_gaussian(void **state)
{
    (void)state;
    static const double ratio[] = {200, 5000, 15000}, high = 2e5;
    for (size_t i = 0; i < sizeof ratio / sizeof ratio[0]; i++) {
        assert_rel(error_power(4, mj_snr_steps(ratio[i])), 1 / ratio[i], 0.02);
    }
    /* of a sine that fills its range: steps^2 = ratio / 1.5 */
    assert_rel(mj_snr_steps(1000) / sqrt(1000 / 1.5), 4 / sqrt(2), 0.01);
    double least = 1, fewer = 1;
    for (double range = 4; range < 5.5; range += 0.1) {
        least = fmin(least, error_power(range, mj_snr_steps(high)));
        fewer = fmin(fewer, error_power(range, 0.95 * mj_snr_steps(high)));
    }
    assert_rel(least, 1 / high, 0.02);
    assert_true(fewer > 1.05 / high && error_power(4, mj_snr_steps(high)) > 1.2 / high);
}

static void test_energy_stays_where_a_conversion_costs_its_floor(void **state)
{
    world *w = *state;
    double e = joules(SUMS, analog(0.3, 8));
    assert_rel(e, 1000 * fact(w, "adc.default.floor", "J"), 1e-12);
    assert_rel(joules(SUMS, analog(0.5, 8)), e, 1e-12);
}

/* 8 kT SNR at 8 bit, SNR = 1.5 x 4^8, as the limits have it to three digits; array and converter share the
 * noise, so that half of that ratio is asked of the sum. */
static void test_thermal_noise_is_the_published_limit(void **state)
{
    world *w = *state;
    double noise = 1 / sqrt(1.5 * 65536 / 2);
    double with = joules(PRODUCTS, analog(noise, 5));
    double capacitors = 1000 * fact(w, "analog.switched-capacitor", "J/MAC");
    assert_rel((with - capacitors) / 1000, fact(w, "limit.thermal.8b", "J"), 2e-3);
}

/* An 8-bit conversion lies between the best and the median of the survey's converters of that class. */
static void test_a_conversion_is_one_of_the_survey(void **state)
{
    world *w = *state;
    double e = mj_snr_conversion(&facts, 256).typ;
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
        mj_snr_setting s = {.weight_bits = bits, .activation_bits = bits, .batch = 1};
        double e = joules(PRODUCTS, s) / 1000 - sram_JpB * bits / 8;
        assert_true(fabs(e - fact(w, rows[i].key, "J/MAC")) < 0.6e-15);
    }
    double floating = joules(PRODUCTS, (mj_snr_setting){.weight_bits = 8, .batch = 1}) / 1000 - sram_JpB;
    assert_rel(floating, fact(w, "arith.mac.fp16", "J/MAC"), 1e-9);
}

/* A batch reads a weight once; where weights stand in place nothing is read. Rows are each stream's own. */
static void test_digital_machines_at_their_best(void **state)
{
    world *w = *state;
    double sram_JpB = fact(w, "sram.read.1mb", "J/B");
    mj_snr_setting s = {.machine = MJ_SNR_IN_PLACE, .weight_bits = 8, .activation_bits = 8};
    double place = joules(PRODUCTS, s);
    assert_rel(place, 1000 * fact(w, "arith.mac.int8", "J/MAC"), 1e-12);
    s.machine = MJ_SNR_SHARED;
    for (double batch = 1; batch < 1e4; batch *= 10) {
        s.batch = batch;
        assert_rel(joules(PRODUCTS, s) - place, 1000 * sram_JpB / batch, 1e-6);
    }
    s.batch = 0;
    assert_rel(joules(PRODUCTS, s) - place, 1000 * sram_JpB / 64, 1e-9); /* of the bill */
    const mj_snr_work rows = {.mac = 1000, .rows = true};
    double one = joules(rows, s);
    s.batch = 1000;
    assert_rel(joules(rows, s), one, 1e-12);
    s.machine = MJ_SNR_IN_PLACE;
    assert_rel(one - joules(rows, s), 1000 * (sram_JpB - fact(w, "rom.read", "J/B")), 1e-9);
}

/* What is digital everywhere costs the same everywhere. */
static void test_the_rest_is_no_difference(void **state)
{
    world *w = *state;
    const mj_snr_work rest = {.rest_mac = 100, .rest_weight_B = 6400, .rest_B = 10};
    double want = 100 * fact(w, "arith.mac.int8", "J/MAC") + 110 * fact(w, "sram.read.1mb", "J/B");
    static const mj_snr_machine machines[] = {MJ_SNR_SHARED, MJ_SNR_IN_PLACE, MJ_SNR_ANALOG,
                                              MJ_SNR_CROSSBAR};
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        mj_snr_setting s = {.machine = machines[i], .noise = 0.1, .weight_bits = 8};
        assert_rel(joules(rest, s), want, 1e-12);
        assert_rel(bill.products_J, 0, 0);
    }
}

/* Of a measured crossbar: converters and amplifiers, too. */
static void test_a_crossbar_is_what_was_measured(void **state)
{
    (void)state;
    mj_snr_setting s = {.machine = MJ_SNR_CROSSBAR, .noise = 0.016, .weight_bits = 4,
                        .array_JpMAC = 1e-17, .product_JpMAC = 61e-15};
    assert_rel(joules(PRODUCTS, s), 61e-12, 1e-12);
    assert_int_equal(bill.ledger.n, 2);
    assert_rel(bill.ledger.line[0].joules, 1e-14, 1e-12);
}

/* Half the mismatch of the smallest cell takes four of them; what the smallest cell has is free. */
static void test_mismatch_goes_with_the_root_of_the_cell(void **state)
{
    world *w = *state;
    double small = fact(w, "analog.matching", "1");
    mj_snr_setting s = analog(0.3, 5);
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
                              .rest_weight_B = 7700, .rest_B = 2128};
    double last = 0;
    for (double noise = 1; noise > 1e-5; noise /= 1.5) {
        double e = joules(work, analog(noise, 4));
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
        cmocka_unit_test(test_steps_are_those_of_a_gaussian),
        cmocka_unit_test(test_energy_stays_where_a_conversion_costs_its_floor),
        cmocka_unit_test(test_thermal_noise_is_the_published_limit),
        cmocka_unit_test(test_a_conversion_is_one_of_the_survey),
        cmocka_unit_test(test_digital_products_are_those_of_the_facts),
        cmocka_unit_test(test_digital_machines_at_their_best),
        cmocka_unit_test(test_the_rest_is_no_difference),
        cmocka_unit_test(test_a_crossbar_is_what_was_measured),
        cmocka_unit_test(test_mismatch_goes_with_the_root_of_the_cell),
        cmocka_unit_test(test_bills_are_in_order),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
