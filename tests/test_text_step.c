/* Text step: every intermediate of 13 configurations against the reference vectors, which were
 * computed by an independent program from the same equations (tests/data/README.md). */
#include "world.h"

#include "mj/bill.h"
#include "mj/csv.h"

static double number(world *w, const mj_csv *csv, int row, const char *column)
{
    double value = NAN;
    assert_true(mj_csv_column(csv, column) >= 0);
    world_require(w, mj_csv_number(&value, csv, row, mj_csv_column(csv, column), NAN, &w->err));
    return value;
}

/* |got - want| <= 1e-4 |want|: the vectors are printed with six digits. 0 must be 0. */
static void check(world *w, const mj_csv *csv, int row, const char *column, double got)
{
    double want = number(w, csv, row, column);
    if (!(fabs(got - want) <= 1e-4 * fabs(want))) {
        print_error("line %d, %s: %.9g, want %.9g\n", csv->line[row], column, got, want);
    }
    assert_true(fabs(got - want) <= 1e-4 * fabs(want));
}

static void check_row(world *w, const mj_csv *csv, int row)
{
    mj_chip chip;
    mj_model model;
    world_chip(w, &chip, mj_csv_text(csv, row, mj_csv_column(csv, "gpu")));
    world_model(w, &model, mj_csv_text(csv, row, mj_csv_column(csv, "model")));
    mj_serving s = {.batch = number(w, csv, row, "B"), .prompt = number(w, csv, row, "Lin"),
                    .output = number(w, csv, row, "Lout"), .spread = number(w, csv, row, "m2"),
                    .devices = (int)number(w, csv, row, "G")};
    mj_err fit = {0}; /* measured rows did fit, whatever our 90 % rule says */
    mj_status resolved = mj_serving_resolve(&s, &chip, &model, &fit);
    assert_true(resolved == MJ_OK || resolved == MJ_EFIT);
    mj_bill bill;
    world_require(w, mj_bill_compute(&bill, &chip, &model, &s, &w->err));
    const mj_step *step = &bill.step;
    double q = step->prefill_share;
    check(w, csv, row, "ctx", step->context);
    check(w, csv, row, "q", q);
    check(w, csv, row, "bytes_fixed", step->weight_B);
    check(w, csv, row, "bytes_kv_state", step->kv_B);
    check(w, csv, row, "bytes_experts_avg", (1 - q) * step->expert_B + q * step->expert_mixed_B);
    check(w, csv, row, "bytes_experts_max_decode", step->expert_max_B);
    check(w, csv, row, "bytes_experts_max_mixed", step->expert_max_mixed_B);
    check(w, csv, row, "flop_decode", step->decode_flop);
    check(w, csv, row, "flop_prefill_avg", step->prefill_flop);
    check(w, csv, row, "n_coll", step->collectives);
    check(w, csv, row, "link_bytes", step->link_B);
    check(w, csv, row, "t_pred_s", step->step_s);
    check(w, csv, row, "P_pred_w", step->power_W);
    check(w, csv, row, "e_pred_j", bill.joules);
}

static void test_reference_vectors(void **state)
{
    world *w = *state;
    mj_csv csv;
    world_require(w, mj_csv_load(&csv, world_path(w, "tests/data/ref_vectors.csv"), &w->arena,
                                 &w->err));
    assert_int_equal(csv.n_rows, 13);
    for (int row = 0; row < csv.n_rows; row++) {
        check_row(w, &csv, row);
    }
}

/* More sequences share the reading of weights, so a token can only get cheaper, until the cache is
 * what is read; and nothing may draw more than the board's limit. */
static void test_batch_shares_weights(void **state)
{
    world *w = *state;
    mj_chip chip;
    mj_model model;
    world_chip(w, &chip, "h100");
    world_model(w, &model, "llama-3.1-8b");
    double before = HUGE_VAL;
    for (double batch = 1; batch <= 64; batch *= 2) {
        mj_serving s = {.batch = batch, .devices = 1};
        world_require(w, mj_serving_resolve(&s, &chip, &model, &w->err));
        mj_bill bill;
        world_require(w, mj_bill_compute(&bill, &chip, &model, &s, &w->err));
        assert_true(bill.joules < before);
        assert_true(bill.step.power_W <= chip.tdp_W.typ);
        assert_true(bill.step.unclamped_W >= bill.step.power_W * (1 - 1e-12));
        before = bill.joules;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reference_vectors, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_batch_shares_weights, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
