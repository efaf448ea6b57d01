/* Cost: the die-cost formula against sums done by hand, its limits, and whole devices. */
#include "world.h"

#include "mj/cost.h"

static mj_cost price(world *w, const char *name, mj_chip *chip)
{
    mj_cost cost;
    world_chip(w, chip, name);
    world_require(w, mj_cost_compute(&cost, chip, w->catalogue.facts, &w->err));
    return cost;
}

/* 814 mm2, 16,000 USD, 0.08 defects/cm2, by hand:
 *   N = pi 150^2 / 814 - 300 pi / sqrt(1628) = 86.838 - 23.358 = 63.479
 *   Y = (1 + 0.08 x 8.14 / 3)^-3 = 1.217067^-3 = 0.554699
 *   16000 / (63.479 x 0.554699) = 454.39
 * The press counts "about 60-65" H100 dies a wafer, which the first line agrees with. */
static void test_die_price_by_hand(void **state)
{
    (void)state;
    assert_rel(mj_cost_die_USD(814e-6, 16000, 800), 454.39, 1e-4); /* five digits by hand */
    /* 100 mm2: N = 706.858 - 66.643 = 640.215, Y = 1.0266667^-3 = 0.924100: 27.0447 */
    assert_rel(mj_cost_die_USD(100e-6, 16000, 800), 27.0447, 1e-4);
}

static void test_die_price_limits(void **state)
{
    (void)state;
    /* No defects: only the wafer's geometry; tiny dies: the wafer's price per area. */
    assert_rel(mj_cost_die_USD(814e-6, 16000, 0), 16000 / 63.479, 1e-4);
    double wafer_m2 = 3.14159265358979 * 0.15 * 0.15;
    assert_rel(mj_cost_die_USD(1e-10, 16000, 0), 16000 * 1e-10 / wafer_m2, 1e-3); /* edge loss */
    double last = 0;
    for (double area_m2 = 10e-6; area_m2 < 900e-6; area_m2 *= 1.3) {
        double per_m2 = mj_cost_die_USD(area_m2, 16000, 800) / area_m2;
        assert_true(per_m2 > last); /* large dies cost more per area: edge and yield */
        last = per_m2;
    }
    assert_true(isinf(mj_cost_die_USD(46225e-6, 16000, 800))); /* a wafer is not cut into dies */
}

/* H100: silicon as above at N4, whose wafer costs as N5's; 80 GB at 15 USD/GB; 430 USD of
 * packaging. Analysts put the making cost at about 3,300 USD with board, test and other parts: the sum must
 * stay below that and above a third of it. */
static void test_price_of_a_gpu(void **state)
{
    mj_chip chip;
    mj_cost cost = price(*state, "h100", &chip);
    assert_rel(cost.area_m2.typ, 814e-6, 1e-12);
    assert_rel(cost.area_m2.hi, 814e-6, 1e-12);
    assert_rel(cost.silicon_USD.typ, 454.39, 1e-4);
    assert_rel(cost.memory_USD.typ, 1200, 1e-9);
    assert_rel(cost.packaging_USD.typ, 430, 1e-9);
    assert_rel(cost.price_USD.typ, 454.39 + 1200 + 430, 1e-4);
    assert_rel(cost.price_USD.lo,
               cost.silicon_USD.lo + cost.memory_USD.lo + cost.packaging_USD.lo, 1e-12);
    assert_true(cost.price_USD.lo < cost.price_USD.typ && cost.price_USD.typ < cost.price_USD.hi);
    assert_in_range((int)cost.price_USD.typ, 1100, 3300);
    assert_int_equal(cost.price_USD.cls, MJ_CLASS_ASSUMED); /* the least trusted of its parts */
    assert_non_null(cost.price_USD.source);
}

static void test_dies_add_up(void **state)
{
    mj_chip chip;
    mj_cost cost = price(*state, "mi300x", &chip);
    /* Eight compute dies of 115 mm2 on N5 and four I/O dies of 370 mm2 on N6. */
    assert_rel(cost.area_m2.typ, 8 * 115e-6 + 4 * 370e-6, 1e-12);
    assert_rel(cost.silicon_USD.typ,
               8 * mj_cost_die_USD(115e-6, 16000, 800) + 4 * mj_cost_die_USD(370e-6, 10000, 800),
               1e-9);
}

static void test_unknown_parts_leave_the_price_absent(void **state)
{
    mj_chip chip;
    mj_cost tpu = price(*state, "ironwood", &chip); /* Google publishes no die */
    assert_false(mj_quantity_given(&tpu.area_m2));
    assert_false(mj_quantity_given(&tpu.silicon_USD));
    assert_false(mj_quantity_given(&tpu.price_USD));
    assert_true(mj_quantity_given(&tpu.memory_USD));
    mj_cost wafer = price(*state, "wse-3", &chip);
    assert_rel(wafer.area_m2.typ, 46225e-6, 1e-12);
    assert_false(mj_quantity_given(&wafer.price_USD));
    mj_cost post = price(*state, "post-hbm", &chip);
    assert_false(mj_quantity_given(&post.price_USD));
    price(*state, "h100", &chip);
    chip.cost.die[0].node_m = 1e-9; /* no wafer price near 1 nm */
    mj_err err = {0};
    mj_cost cost;
    const world *w = *state;
    assert_int_equal(mj_cost_compute(&cost, &chip, w->catalogue.facts, &err), MJ_OK);
    assert_true(mj_quantity_given(&cost.area_m2));
    assert_false(mj_quantity_given(&cost.silicon_USD));
}

/* SRAM and ROM are part of the die: a chip without DRAM needs no memory price. */
static void test_on_chip_memory_is_silicon(void **state)
{
    mj_chip chip;
    mj_cost cost = price(*state, "sram-chip", &chip);
    assert_false(mj_quantity_given(&cost.memory_USD));
    assert_rel(cost.price_USD.typ, mj_cost_die_USD(800e-6, 10000, 800) + 100, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_die_price_by_hand),
        cmocka_unit_test(test_die_price_limits),
        cmocka_unit_test(test_price_of_a_gpu),
        cmocka_unit_test(test_dies_add_up),
        cmocka_unit_test(test_unknown_parts_leave_the_price_absent),
        cmocka_unit_test(test_on_chip_memory_is_silicon),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
