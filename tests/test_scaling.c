/* Scaling between nodes, against the published pairs it interpolates and the polynomials that it may
 * only widen its interval with. */
#include "mj/scaling.h"

#include "world.h"

static mj_scale scale(const char *law, double from_nm, double to_nm)
{
    mj_scale s = {0};
    mj_err err = {0};
    assert_int_equal(mj_scale_compute(&s, law, from_nm * 1e-9, to_nm * 1e-9, &err), MJ_OK);
    assert_true(s.lo > 0 && s.lo <= s.typ && s.typ <= s.hi);
    return s;
}

static const char *const moving[] = {"arith", "sram", "wire", "area"};
enum { MOVING_N = 4 };

static void test_equal_nodes_change_nothing(void **state)
{
    (void)state;
    const char *const all[] = {"arith", "sram", "wire", "area", "leak", "none"};
    for (int i = 0; i < 6; i++) {
        mj_scale s = scale(all[i], 5, 5);
        assert_true(s.lo == 1 && s.typ == 1 && s.hi == 1);
    }
}

/* A smaller node never costs more: no law has a published exception. */
static void test_smaller_nodes_cost_no_more(void **state)
{
    (void)state;
    static const double node[] = {180, 130, 90, 65, 45, 40, 32, 28, 22, 16, 14, 12, 10, 7, 6, 5, 4, 3};
    for (int l = 0; l < MOVING_N; l++) {
        double before = 1 + 1e-12;
        for (size_t i = 0; i < sizeof node / sizeof node[0]; i++) {
            mj_scale s = scale(moving[l], 180, node[i]);
            assert_true(s.typ <= before);
            before = s.typ;
        }
    }
}

/* There and back is 1: the interval turns round, lo with hi. Rounding only. */
static void test_way_back_is_the_reciprocal(void **state)
{
    (void)state;
    for (int l = 0; l < MOVING_N; l++) {
        mj_scale down = scale(moving[l], 65, 5), up = scale(moving[l], 5, 65);
        assert_rel(down.typ * up.typ, 1, 1e-12);
        assert_rel(down.lo * up.hi, 1, 1e-12);
        assert_rel(down.hi * up.lo, 1, 1e-12);
    }
}

/* int8 multiply 0.2 -> 0.07 pJ (2.86 times), fp16 3.24 times, 8 KB SRAM 1.33, 1 MB 7.1 times
 * [horowitz2014, jouppi2021]; all lie inside, the polynomial's 10.6 does not: nobody measured it. */
static void test_published_pairs_lie_within(void **state)
{
    (void)state;
    mj_scale arith = scale("arith", 45, 7), sram = scale("sram", 45, 7);
    assert_true(arith.lo <= 0.07 / 0.2 && 0.07 / 0.2 <= arith.hi);
    assert_true(arith.lo <= 0.34 / 1.1 && 0.34 / 1.1 <= arith.hi);
    assert_rel(arith.typ, 0.07 / 0.2, 0.05); /* the pairs' mean happens to be the int8 multiply's */
    assert_true(arith.lo > 1 / 10.6);
    assert_rel(sram.hi, 7.5 / 10, 1e-12);
    assert_rel(sram.lo, 14.0 / 100, 1e-12);
    /* 121 fJ/bit/mm at 40 nm, 68 at 10 nm [dally2014]. */
    mj_scale wire = scale("wire", 40, 10);
    assert_true(wire.lo <= 68.0 / 121 * (1 + 1e-12) && 68.0 / 121 <= wire.hi);
    /* SRAM cells 0.127 -> 0.027 um2 from 28 to 7 nm [tsmc-n28, tsmc-n7]. */
    mj_scale area = scale("area", 28, 7);
    assert_true(area.lo <= 0.027 / 0.127 * (1 + 1e-12) && 0.027 / 0.127 <= area.hi * (1 + 1e-12));
}

/* From 46 nm arithmetic was not published, so the interval reaches down to the polynomial's value,
 * 10.6 times from 45 to 7 nm [stillmaker2017], and the typical value stays with the tables. */
static void test_polynomial_widens_where_only_it_reaches(void **state)
{
    (void)state;
    mj_scale s = scale("arith", 46, 7);
    assert_true(s.lo <= 1 / 10.6);
    assert_rel(s.lo, 1 / 10.6, 0.03); /* 46 nm for 45 nm: 2 % of node, 1 % of energy */
    assert_rel(s.typ, scale("arith", 45, 7).typ, 0.03);
}

static void test_out_of_reach_is_refused(void **state)
{
    (void)state;
    static const double bad[][2] = {{181e-9, 7e-9}, {7e-9, 2.9e-9}, {0, 7e-9}, {-7e-9, 7e-9},
                                    {7e-9, NAN},    {INFINITY, 7e-9}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mj_err err = {0};
        mj_scale s;
        assert_int_equal(mj_scale_compute(&s, "arith", bad[i][0], bad[i][1], &err), MJ_ERANGE);
        assert_int_equal(err.n, 1);
    }
    mj_err err = {0};
    mj_scale s;
    assert_int_equal(mj_scale_compute(&s, "leak", 40e-9, 7e-9, &err), MJ_ERANGE);
    assert_int_equal(mj_scale_compute(&s, "arit", 45e-9, 7e-9, &err), MJ_ENAME);
    assert_non_null(strstr(err.diag[1].text, "arith"));
    assert_int_equal(mj_scale_compute(&s, "arith", 180e-9, 3e-9, &err), MJ_OK);
}

/* The tables repeat numbers that stand under data/facts: they must not drift apart. Densities are
 * the reciprocal of areas. 1.5 %: wires of 68 and 70 fJ/bit/mm count as one level of 69. */
static void test_points_are_the_facts(void **state)
{
    world *w = *state;
    const mj_scale_point *point;
    int n, points = 0;
    for (int c = 0; (point = mj_scale_curve(&n, c)); c++) {
        double unit = 0;
        for (int i = 0; i < n; i++, points++) {
            const mj_fact *fact;
            world_require(w, mj_facts_find(&fact, w->catalogue.facts, point[i].fact, &w->err));
            assert_rel(fact->node_m, 1e-9 * point[i].node_nm, 1e-12);
            bool is_density = strncmp(point[i].fact, "density.transistors", 19) == 0;
            double value = is_density ? 1 / fact->value.typ : fact->value.typ;
            unit = i == 0 ? value / point[i].value : unit;
            assert_rel(value / unit, point[i].value, point[i].value == 69 ? 0.015 : 1e-12);
        }
    }
    assert_int_equal(points, 2 * 8 + 2 * 2 + (2 + 2 + 5) + 2 * 4);
}

/* The table's own figures: 180 nm at 1.8 V to 7 nm at 0.7 V, 552 times by energy and 320 times by area;
 * to 16 nm at 0.8 V, 219 times [stillmaker2017]. The near end goes by published arithmetic from 45 nm
 * (2.1 to 4.3 times), 31.2 times before it. */
static void test_gates_of_180_nm(void **state)
{
    (void)state;
    mj_err err = {0};
    mj_scale s;
    const mj_gates old = {180e-9, 1.8}, new7 = {7e-9, 0.7}, new16 = {16e-9, 0.8}, odd = {100e-9, 1};
    assert_int_equal(mj_scale_gates(&s, &old, &new7, &err), MJ_OK);
    assert_rel(1 / s.lo, 552, 0.002);
    assert_rel(1 / s.typ, 31.2 * 2.82, 0.03); /* mean of eight operations, within rounding of them */
    assert_rel(1 / s.hi, 31.2 * 3.1 / 1.48, 0.02);
    assert_int_equal(mj_scale_gates(&s, &old, &new16, &err), MJ_OK);
    assert_rel(1 / s.lo, 219, 0.005);
    assert_int_equal(mj_scale_gates(&s, &old, &old, &err), MJ_OK);
    assert_rel(s.typ, 1, 1e-12);
    assert_rel(1 / scale("area", 180, 7).lo, 320, 0.01);
    assert_int_equal(mj_scale_gates(&s, &odd, &new7, &err), MJ_ERANGE);
    assert_int_equal(mj_scale_gates(&s, &(mj_gates){180e-9, 0.6}, &new7, &err), MJ_ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_nodes_change_nothing),
        cmocka_unit_test(test_gates_of_180_nm),
        cmocka_unit_test(test_smaller_nodes_cost_no_more),
        cmocka_unit_test(test_way_back_is_the_reciprocal),
        cmocka_unit_test(test_published_pairs_lie_within),
        cmocka_unit_test(test_polynomial_widens_where_only_it_reaches),
        cmocka_unit_test(test_out_of_reach_is_refused),
        cmocka_unit_test(test_points_are_the_facts),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
