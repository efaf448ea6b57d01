/* What Verilog is written from: covers hold against their tables, adder trees against counting, the
 * plan of a read-out against the groups. */
#include "assert_rel.h"
#include "lut_fixture.h"

#include "../src/circuit/cover.h"
#include "../src/circuit/popcount.h"
#include "mj/vectors.h"
#include "mj/verilog.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t cover_value(const mj_cover *cover, int n_inputs)
{
    uint64_t table = 0;
    for (unsigned i = 0; i < 1u << n_inputs; i++) {
        bool one = cover->complement;
        for (int c = 0; c < cover->n_cubes; c++) {
            if (((i ^ cover->cube[c].value) & cover->cube[c].mask) == 0) {
                one = !cover->complement;
            }
        }
        table |= (uint64_t)one << i;
    }
    return table;
}

static void test_cover_is_the_table(void **state)
{
    (void)state;
    mj_cover cover;
    mj_rng rng;
    mj_rng_init(&rng, 1, 0);
    for (int n = 1; n <= 3; n++) {
        for (uint64_t table = 0; table < (uint64_t)1 << (1 << n); table++) {
            mj_cover_compute(&cover, table, n);
            assert_int_equal(cover_value(&cover, n), table);
        }
    }
    for (int i = 0; i < 3000; i++) {
        int n = 4 + i % 3;
        uint64_t table = (uint64_t)mj_rng_u32(&rng) << 32 | mj_rng_u32(&rng);
        table &= n < 6 ? ((uint64_t)1 << (1 << n)) - 1 : UINT64_MAX;
        mj_cover_compute(&cover, table, n);
        assert_true(cover_value(&cover, n) == table);
    }
}

/* The shortest sums are known for these: a wire, a NAND, AND-OR-invert, a parity (no two of its minterms join). */
static void test_cover_is_short(void **state)
{
    (void)state;
    static const struct {
        uint64_t table;
        int n_inputs, n_cubes;
        bool complement;
    } known[] = {{0xaaaaaaaaaaaaaaaa, 6, 1, false}, {0x7fffffffffffffff, 6, 6, false},
                 {0x0777, 4, 2, true},
                 {0x6996966996696996, 6, 32, false}, {0, 2, 0, false}, {1, 2, 1, false}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        mj_cover cover;
        mj_cover_compute(&cover, known[i].table, known[i].n_inputs);
        assert_int_equal(cover.n_cubes, known[i].n_cubes);
        assert_int_equal(cover.complement, known[i].complement);
    }
}

/* Runs the adders on bits; the count they give. */
static int run_adders(const mj_popcount *plan, int n_signals, unsigned bits)
{
    int value[256] = {0, 1}, count = 0;
    for (int s = 0; s < n_signals; s++) {
        value[MJ_BIT_FIRST + s] = bits >> s & 1;
    }
    for (int i = 0; i < plan->n_adders; i++) {
        const mj_adder *adder = &plan->adder[i];
        int sum = 0;
        for (int j = 0; j < 3 && adder->in[j] != MJ_BIT_NONE; j++) {
            sum += value[adder->in[j]];
        }
        value[adder->sum] = sum & 1;
        if (adder->carry != MJ_BIT_NONE) {
            value[adder->carry] = sum >> 1;
        } else {
            assert_true(sum < 2);
        }
    }
    for (int i = 0; i < plan->n_bits; i++) {
        count |= value[plan->bit[i]] << i;
    }
    return count;
}

static void check_popcount(const int *weight, int n, int ones, mj_arena *arena)
{
    mj_popcount plan;
    assert_int_equal(mj_popcount_plan(&plan, weight, n, ones, arena, NULL), MJ_OK);
    for (unsigned bits = 0; bits < 1u << n; bits++) {
        int want = ones;
        for (int s = 0; s < n; s++) {
            want += (int)(bits >> s & 1) * weight[s];
        }
        assert_int_equal(run_adders(&plan, n, bits), want);
    }
}

static void test_adders_count(void **state)
{
    (void)state;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    const int one[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, mixed[9] = {1, 5, 2, 1, 0, 3, 1, 7, 1};
    for (int n = 0; n <= 12; n++) {
        for (int ones = 0; ones < 6; ones++) {
            check_popcount(one, n, ones, &arena);
        }
    }
    for (int ones = 0; ones < 20; ones++) {
        check_popcount(mixed, 9, ones, &arena);
    }
    mj_arena_fini(&arena);
}

/* A full adder takes one bit away, so n bits need n minus the ones of n's binary form (15: 11 adders,
 * the textbook counter). */
static void test_adders_are_few(void **state)
{
    (void)state;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    int weight[500];
    for (int n = 1; n <= 500; n++) {
        mj_popcount plan;
        weight[n - 1] = 1;
        assert_int_equal(mj_popcount_plan(&plan, weight, n, 0, &arena, NULL), MJ_OK);
        assert_int_equal(plan.n_adders, n - __builtin_popcount((unsigned)n));
    }
    mj_arena_fini(&arena);
}

static void test_readout_gathers(void **state)
{
    (void)state;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    static lut_fixture f;
    lut_fixture_fill(&f, 3, 0);
    mj_readout readout;
    assert_int_equal(mj_readout_plan(&readout, &f.net, &arena, NULL), MJ_OK);
    /* of 60 outputs three are constants and two name a signal again */
    assert_int_equal(readout.n_signals, 55);
    assert_int_equal(readout.group[0].ones, 1);
    assert_int_equal(readout.group[0].n_bits, 5);
    assert_int_equal(readout.group[2].n_bits, 1);
    assert_int_equal(readout.n_class_bits, 2);
    int places = 0;
    for (int g = 0; g < readout.n_groups; g++) {
        places += readout.group[g].ones;
        for (int i = 0; i < readout.group[g].n_terms; i++) {
            places += readout.group[g].weight[i];
            assert_true(i == 0 || readout.group[g].term[i] > readout.group[g].term[i - 1]);
        }
    }
    assert_int_equal(places, 59); /* all but the constant 0 */
    mj_arena_fini(&arena);
}

static void test_constants_are_no_circuit(void **state)
{
    (void)state;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    static lut_fixture f;
    mj_readout readout;
    lut_fixture_fill(&f, 3, 0);
    memset(f.output, 0, sizeof f.output);
    assert_int_equal(mj_readout_plan(&readout, &f.net, &arena, NULL), MJ_ERANGE);
    mj_arena_fini(&arena);
}

static char *write_all(const mj_lut_net *net, const char *model, bool naive, mj_arena *arena)
{
    mj_readout readout;
    char *text = NULL;
    size_t length = 0;
    const mj_adder_cell none = {NULL};
    assert_int_equal(mj_readout_plan(&readout, net, arena, NULL), MJ_OK);
    mj_verilog v = {.net = net, .readout = &readout, .naive = naive};
    mj_verilog_name(v.name, model);
    FILE *out = open_memstream(&text, &length);
    mj_verilog_write_core(out, &v);
    assert_int_equal(mj_verilog_write_readout(out, &v, arena, NULL), MJ_OK);
    assert_int_equal(mj_verilog_write_adders(out, &v, &none, &none, NULL), MJ_OK);
    mj_verilog_write_top(out, &v);
    mj_verilog_write_check(out, &v);
    fclose(out);
    return text;
}

static void test_text_is_repeatable_and_its_names_are_safe(void **state)
{
    (void)state;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    static lut_fixture f;
    lut_fixture_fill(&f, 3, 0);
    char *a = write_all(&f.net, "9 $(rm);\n`x", false, &arena);
    char *b = write_all(&f.net, "9 $(rm);\n`x", false, &arena);
    assert_string_equal(a, b);
    assert_non_null(strstr(a, "module m9___rm____x_core ("));
    assert_null(strchr(a, '`'));
    assert_null(strchr(a, '+')); /* never an adder that synthesis would make of gates */
    free(a);
    free(b);
    a = write_all(&f.net, "n", true, &arena);
    assert_non_null(strchr(a, '+'));
    free(a);
    mj_arena_fini(&arena);
}

static void test_cell_names_are_escaped(void **state)
{
    (void)state;
    const mj_adder_cell full = {"FA-1", {"A[0]", "B", "C"}, "S", "CO"}, none = {NULL};
    const mj_adder_cell bad = {"FA 1; endmodule", {"A", "B", "C"}, "S", "CO"};
    mj_verilog v = {.name = "n"};
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_int_equal(mj_verilog_write_adders(out, &v, &full, &none, NULL), MJ_OK);
    assert_int_equal(mj_verilog_write_adders(out, &v, &bad, &none, NULL), MJ_ESUPPORT);
    fclose(out);
    assert_non_null(strstr(text, "\\FA-1 cell_0 (.\\A[0] (a), .\\B (b), .\\C (c)"));
    free(text);
}

static void test_vectors_come_back(void **state)
{
    (void)state;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    char path[64];
    snprintf(path, sizeof path, "/tmp/mj-test-vectors-%d", (int)getpid());
    mj_vectors a, b;
    mj_rng rng;
    mj_rng_init(&rng, 5, 0);
    int first;
    assert_int_equal(mj_vectors_new(&a, 9, 13, &arena, NULL), MJ_OK);
    mj_vectors_fill(&a, &rng);
    assert_int_equal(mj_vectors_save(&a, path, NULL), MJ_OK);
    assert_int_equal(mj_vectors_load(&b, path, 9, 13, &arena, NULL), MJ_OK);
    assert_int_equal(mj_vectors_differ(&first, &a, &b), 0);
    mj_vectors_set(&b, 6, 12, !mj_vectors_get(&b, 6, 12));
    mj_vectors_set(&b, 8, 0, !mj_vectors_get(&b, 8, 0));
    assert_int_equal(mj_vectors_differ(&first, &a, &b), 2);
    assert_int_equal(first, 6);
    assert_int_equal(mj_vectors_load(&b, path, 10, 13, &arena, NULL), MJ_ESYNTAX);
    assert_int_equal(mj_vectors_load(&b, path, 8, 13, &arena, NULL), MJ_ELIMIT);
    unlink(path);
    mj_arena_fini(&arena);
}

/* Two groups of two: scores and the class, ties to the first, by hand. */
static void test_evaluation_by_hand(void **state)
{
    (void)state;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_lut_node node[] = {{2, {2, 3}, 8}, {2, {2, 3}, 6}}; /* and, xor */
    int output[] = {4, 1, 5, 3}, group[] = {0, 2, 4};
    const mj_lut_net net = {.n_inputs = 2, .n_nodes = 2, .n_outputs = 4, .n_groups = 2, .node = node,
                            .output = output, .group = group};
    mj_readout readout;
    mj_vectors in, out;
    assert_int_equal(mj_readout_plan(&readout, &net, &arena, NULL), MJ_OK);
    assert_int_equal(mj_vectors_new(&in, 4, 2, &arena, NULL), MJ_OK);
    memcpy(in.row, (uint8_t[]){0, 1, 2, 3}, 4);
    assert_int_equal(mj_vectors_evaluate(&out, &net, &readout, &in, &arena, NULL), MJ_OK);
    /* y = input 1, and, xor; then score 0 = and + 1, score 1 = xor + input 1, class */
    static const int want[4][3] = {{1, 0, 0}, {1, 1, 0}, {1, 2, 1}, {2, 1, 0}};
    assert_int_equal(out.n_bits, 3 + 2 + 2 + 1);
    for (int r = 0; r < 4; r++) {
        assert_int_equal(out.row[r] >> 3 & 3, want[r][0]);
        assert_int_equal(out.row[r] >> 5 & 3, want[r][1]);
        assert_int_equal(out.row[r] >> 7, want[r][2]);
    }
    mj_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cover_is_the_table),
        cmocka_unit_test(test_cover_is_short),
        cmocka_unit_test(test_adders_count),
        cmocka_unit_test(test_adders_are_few),
        cmocka_unit_test(test_readout_gathers),
        cmocka_unit_test(test_constants_are_no_circuit),
        cmocka_unit_test(test_text_is_repeatable_and_its_names_are_safe),
        cmocka_unit_test(test_cell_names_are_escaped),
        cmocka_unit_test(test_vectors_come_back),
        cmocka_unit_test(test_evaluation_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
