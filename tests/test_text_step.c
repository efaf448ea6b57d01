/* Text step: every intermediate of 13 configurations against the reference vectors, which were
 * computed by an independent program from the same equations (tests/data/README.md). */
#include "assert_rel.h"

#include "mj/bill.h"
#include "mj/csv.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    mj_arena arena;
    mj_units *units;
    const char *dirs[1]; /* facts borrow it */
    mj_facts *facts;
    const char *chips, *models;
    mj_err err;
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    const char *root = getenv("MJ_SOURCE_ROOT");
    root = root ? root : ".";
    mj_arena_init(&f->arena, 0);
    f->dirs[0] = mj_arena_printf(&f->arena, "%s/data/facts", root);
    f->units = mj_units_new();
    f->facts = mj_facts_new(f->dirs, 1, mj_arena_printf(&f->arena, "%s/data/sources.yaml", root),
                            f->units);
    f->chips = mj_arena_printf(&f->arena, "%s/data/chips", root);
    f->models = mj_arena_printf(&f->arena, "%s/data/models", root);
    *state = f;
    return f->facts == NULL;
}

static int teardown(void **state)
{
    fixture *f = *state;
    mj_facts_free(f->facts);
    mj_units_free(f->units);
    mj_arena_fini(&f->arena);
    free(f);
    return 0;
}

static void require(const fixture *f, mj_status status)
{
    for (int i = 0; i < f->err.n && status != MJ_OK; i++) {
        print_error("%s:%d: %s\n", f->err.diag[i].file, f->err.diag[i].line, f->err.diag[i].text);
    }
    assert_int_equal(status, MJ_OK);
}

static double number(fixture *f, const mj_csv *csv, int row, const char *column)
{
    double value = NAN;
    assert_true(mj_csv_column(csv, column) >= 0);
    require(f, mj_csv_number(&value, csv, row, mj_csv_column(csv, column), NAN, &f->err));
    return value;
}

/* |got - want| <= 1e-4 |want|: the vectors are printed with six digits. 0 must be 0. */
static void check(fixture *f, const mj_csv *csv, int row, const char *column, double got)
{
    double want = number(f, csv, row, column);
    if (!(fabs(got - want) <= 1e-4 * fabs(want))) {
        print_error("line %d, %s: %.9g, want %.9g\n", csv->line[row], column, got, want);
    }
    assert_true(fabs(got - want) <= 1e-4 * fabs(want));
}

static void check_row(fixture *f, const mj_csv *csv, int row)
{
    mj_chip chip = {0};
    mj_model model = {0};
    require(f, mj_chip_load(&chip, mj_csv_text(csv, row, mj_csv_column(csv, "gpu")), f->chips,
                            f->facts, f->units, &f->arena, &f->err));
    require(f, mj_model_load(&model, mj_csv_text(csv, row, mj_csv_column(csv, "model")), f->models,
                             f->units, &f->arena, &f->err));
    mj_serving s = {.batch = number(f, csv, row, "B"), .prompt = number(f, csv, row, "Lin"),
                    .output = number(f, csv, row, "Lout"), .spread = number(f, csv, row, "m2"),
                    .devices = (int)number(f, csv, row, "G")};
    mj_err fit = {0}; /* measured rows did fit, whatever our 90 % rule says */
    mj_status resolved = mj_serving_resolve(&s, &chip, &model, &fit);
    assert_true(resolved == MJ_OK || resolved == MJ_EFIT);
    mj_bill bill;
    require(f, mj_bill_compute(&bill, &chip, &model, &s, &f->err));
    const mj_step *step = &bill.step;
    double q = step->prefill_share;
    check(f, csv, row, "ctx", step->context);
    check(f, csv, row, "q", q);
    check(f, csv, row, "bytes_fixed", step->weight_B);
    check(f, csv, row, "bytes_kv_state", step->kv_B);
    check(f, csv, row, "bytes_experts_avg", (1 - q) * step->expert_B + q * step->expert_mixed_B);
    check(f, csv, row, "bytes_experts_max_decode", step->expert_max_B);
    check(f, csv, row, "bytes_experts_max_mixed", step->expert_max_mixed_B);
    check(f, csv, row, "flop_decode", step->decode_flop);
    check(f, csv, row, "flop_prefill_avg", step->prefill_flop);
    check(f, csv, row, "n_coll", step->collectives);
    check(f, csv, row, "link_bytes", step->link_B);
    check(f, csv, row, "t_pred_s", step->step_s);
    check(f, csv, row, "P_pred_w", step->power_W);
    check(f, csv, row, "e_pred_j", bill.joules);
}

static void test_reference_vectors(void **state)
{
    fixture *f = *state;
    const char *root = getenv("MJ_SOURCE_ROOT");
    mj_csv csv;
    require(f, mj_csv_load(&csv, mj_arena_printf(&f->arena, "%s/tests/data/ref_vectors.csv",
                                                 root ? root : "."),
                           &f->arena, &f->err));
    assert_int_equal(csv.n_rows, 13);
    for (int row = 0; row < csv.n_rows; row++) {
        check_row(f, &csv, row);
    }
}

/* More sequences share the reading of weights, so a token can only get cheaper, until the cache is
 * what is read; and nothing may draw more than the board's limit. */
static void test_batch_shares_weights(void **state)
{
    fixture *f = *state;
    mj_chip chip = {0};
    mj_model model = {0};
    require(f, mj_chip_load(&chip, "h100", f->chips, f->facts, f->units, &f->arena, &f->err));
    require(f, mj_model_load(&model, "llama-3.1-8b", f->models, f->units, &f->arena, &f->err));
    double before = HUGE_VAL;
    for (double batch = 1; batch <= 64; batch *= 2) {
        mj_serving s = {.batch = batch, .devices = 1};
        require(f, mj_serving_resolve(&s, &chip, &model, &f->err));
        mj_bill bill;
        require(f, mj_bill_compute(&bill, &chip, &model, &s, &f->err));
        assert_true(bill.joules < before);
        assert_true(bill.step.power_W <= chip.tdp_W.typ);
        assert_true(bill.step.unclamped_W >= bill.step.power_W * (1 - 1e-12));
        before = bill.joules;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reference_vectors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_shares_weights, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
