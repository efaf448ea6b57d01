/* Bills of look-up memories: a token on a chip small enough to add up by hand, tables that leak as a
 * whole and are read a few rows a token, whatever the batch. */
#include "world.h"

#include "mj/bill.h"

static mj_chip chip;
static mj_model model;
static mj_bill bill;

/* 1 pJ a byte read, 0.1 pJ a product, 0.01 pJ an element-wise operation, steps of a microsecond a
 * block; memory of 1 MB that leaks 1 nW a byte. All else costs nothing. */
static const char small_chip[] =
    "mj: 1\n"
    "chip: small\n"
    "from: assumed\n"
    "class: assumed\n"
    "closure: event-sum\n"
    "memories:\n"
    "  - {name: sram, kind: sram, capacity: 1 MB, bandwidth: 1 TB/s, read: 1 pJ/B, leak: 1 nW/B}\n"
    "compute:\n"
    "  - {name: mac.int8, format: int8, energy: 0.1 pJ/MAC, rate: 1 TMAC/s}\n"
    "overhead: {unexplained: 0, block: 1 us, vector: 0.01 pJ/op}\n"
    "static: {idle: 0 W, leak_logic: 0 W}\n"
    "system: {vrm: 1}\n";

/* Three tables of 1000 rows of 16 numbers of 6 bits, 12 B a row; a head of 16 x 10 bytes. Hashes of 5
 * symbols. */
static const char small_model[] =
    "mj: 1\n"
    "model: small\n"
    "kind: lookup\n"
    "lookup: {contexts: 3, symbols: 10, rows: 1000, dims: 16, row_bits: 6, head_bits: 8, mixed: 5}\n";

static void parse_small(world *w)
{
    chip = (mj_chip){0};
    model = (mj_model){0};
    world_require(w, mj_spec_parse(&chip, &mj_chip_schema, small_chip, strlen(small_chip), "small",
                                   w->units, &w->arena, &w->err));
    world_require(w, mj_chip_resolve(&chip, w->catalogue.facts, "small", &w->err));
    world_require(w, mj_spec_parse(&model, &mj_model_schema, small_model, strlen(small_model), "small",
                                   w->units, &w->arena, &w->err));
}

static mj_status compute(world *w, mj_serving s)
{
    MJ_TRY(mj_model_resolve(&model, "test", &w->err));
    MJ_TRY(mj_serving_resolve(&s, &chip, &model, &w->err));
    return mj_bill_compute(&bill, &chip, &model, &s, &w->err);
}

static double joules_of(mj_component component)
{
    double sum = 0;
    for (int i = 0; i < bill.ledger.n; i++) {
        sum += bill.ledger.line[i].component == component ? bill.ledger.line[i].joules : 0;
    }
    return sum;
}

/* By hand, per token: 3 rows of 12 B each for itself; a head of 160 B and 10 biases of 4 B once a batch;
 * 3 x 16 and 16 x 10 products. Two blocks take 2 us, in which a megabyte at 1 nW/B leaks 2 nJ, shared by
 * the batch. */
static void test_token_adds_up(void **state)
{
    parse_small(*state);
    for (double batch = 1; batch <= 64; batch *= 8) {
        assert_int_equal(compute(*state, (mj_serving){.batch = batch, .no_prompt = true}), MJ_OK);
        assert_rel(joules_of(MJ_ARITH_MAC), (48 + 160) * 0.1e-12, 1e-12);
        assert_rel(joules_of(MJ_SRAM_L2), (36 + 200 / batch) * 1e-12, 1e-12);
        assert_rel(joules_of(MJ_LEAK_SRAM), 1e6 * 1e-9 * 2e-6 / batch, 1e-9);
        /* hashes 5 x 4 + 3 x 2, codebooks 48, ReLU 16, softmax and sampling 10 x 30 + 15 */
        assert_rel(joules_of(MJ_ARITH_VECTOR), (26 + 48 + 16 + 315) * 0.01e-12, 1e-12);
    }
}

/* Ten times the rows: a hundred times nothing but what is kept. */
static void test_rows_that_are_not_read_cost_only_room(void **state)
{
    parse_small(*state);
    const mj_serving s = {.batch = 1, .no_prompt = true};
    assert_int_equal(compute(*state, s), MJ_OK);
    double reads_J = joules_of(MJ_SRAM_L2), used_B = bill.memory_used_B;
    model.lookup.rows *= 10;
    assert_int_equal(compute(*state, s), MJ_OK);
    assert_rel(joules_of(MJ_SRAM_L2), reads_J, 1e-12);
    assert_rel(bill.memory_used_B - used_B, 9000 * 12, 1e-9);
    model.lookup.rows *= 100; /* 12 MB do not fit 1 MB */
    assert_int_equal(compute(*state, s), MJ_EFIT);
    ((world *)*state)->err.n = 0;
}

/* What only measured machines could say, and shapes that cannot be. */
static void test_refusals(void **state)
{
    world *w = *state;
    parse_small(w);
    world_chip(w, &chip, "h100");
    assert_int_equal(compute(w, (mj_serving){0}), MJ_ESUPPORT);
    assert_non_null(strstr(w->err.diag[0].text, "never measured with look-up memories"));
    w->err.n = 0;
    parse_small(w);
    model.lookup.head_bits = 0; /* rows of 16 numbers are no logits of 10 symbols */
    assert_int_equal(compute(w, (mj_serving){0}), MJ_ERANGE);
    w->err.n = 0;
    parse_small(w);
    model.lookup.rows = 2; /* fewer than tables */
    assert_int_equal(compute(w, (mj_serving){0}), MJ_ERANGE);
    w->err.n = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_adds_up),
        cmocka_unit_test(test_rows_that_are_not_read_cost_only_room),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
