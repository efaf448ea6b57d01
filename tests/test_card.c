/* The simplex on functions whose bottom is known; the card's text through the reader of models; the shipped
 * card against the library that it was fitted to. */
#include "assert_rel.h"
#include "here.h"

#include "mj/card.h"
#include "mj/file.h"
#include "mj/simplex.h"
#include "mj/spice_models.h"

#include <stdlib.h>
#include <string.h>

#define SHIPPED "data/circuits/generic-180nm.lib"
#define OSU018 "/usr/share/qflow/tech/osu018/osu018_stdcells.lib"

/* Rosenbrock's valley: 0 at (1, 1). */
static mj_status valley(double *value, const double *x, int n, void *user)
{
    assert_int_equal(n, 2);
    ++*(int *)user;
    *value = 100 * pow(x[1] - x[0] * x[0], 2) + pow(1 - x[0], 2);
    return MJ_OK;
}

/* An uneven bowl around (1, 2, 3, ..). */
static mj_status bowl(double *value, const double *x, int n, void *user)
{
    (void)user;
    *value = 7;
    for (int i = 0; i < n; i++) {
        *value += (i + 1) * pow(x[i] - (i + 1), 2);
    }
    return MJ_OK;
}

static mj_status refuse(double *value, const double *x, int n, void *user)
{
    (void)value, (void)x, (void)n, (void)user;
    return MJ_ETOOL;
}

static void test_simplex(void **state)
{
    (void)state;
    double x[6] = {-1.2, 1}, value;
    int n = 0;
    const mj_simplex narrow = {.n = 2, .step = 0.5, .max_evaluations = 1000, .spread = 1e-14};
    assert_int_equal(mj_simplex_minimise(x, &value, &narrow, valley, &n), MJ_OK);
    assert_rel(x[0], 1, 1e-5);
    assert_rel(x[1], 1, 1e-5);
    assert_true(n < 400);
    memset(x, 0, sizeof x);
    const mj_simplex wide = {.n = 6, .step = 1, .max_evaluations = 5000, .spread = 1e-14};
    assert_int_equal(mj_simplex_minimise(x, &value, &wide, bowl, NULL), MJ_OK);
    assert_rel(value, 7, 1e-9);
    for (int i = 0; i < 6; i++) {
        assert_rel(x[i], i + 1, 1e-4);
    }
    n = 0;
    x[0] = x[1] = 3;
    const mj_simplex few = {.n = 2, .step = 0.5, .max_evaluations = 20, .spread = 0};
    assert_int_equal(mj_simplex_minimise(x, &value, &few, valley, &n), MJ_OK);
    assert_true(n <= 20 + 2 + 2); /* the last step may shrink */
    assert_int_equal(mj_simplex_minimise(x, &value, &few, refuse, NULL), MJ_ETOOL);
}

/* What is written is a file of models with three corners. */
static void test_text_of_a_card(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length;
    mj_arena arena;
    mj_err err = {0};
    FILE *out = open_memstream(&text, &length);
    mj_card card = mj_card_default();
    mj_card_write(out, &card, "a test");
    fclose(out);
    mj_arena_init(&arena, 0);
    const char *const corner[] = {"tt", "ff", "ss"}, *const threshold[] = {"vth0=0.4 ", "vth0=0.36 ", "vth0=0.44 "};
    for (int i = 0; i < 3; i++) {
        mj_spice_models models;
        const mj_models_request request = {"card.lib", corner[i], NULL, NULL};
        assert_int_equal(mj_spice_models_parse(&models, &request, text, length, &arena, &err), MJ_OK);
        assert_string_equal(models.nmos, "nfet");
        assert_string_equal(models.pmos, "pfet");
        assert_non_null(strstr(models.text, threshold[i]));
    }
    free(text);
    mj_arena_fini(&arena);
}

static double number_behind(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    assert_non_null(at);
    return strtod(at + strlen(key), NULL);
}

/* The shipped file is what we would write of its own numbers: corners follow from the typical one, and its
 * header says what ours says. */
static void test_the_shipped_card_is_ours(void **state)
{
    (void)state;
    mj_err err = {0};
    char *shipped, *ours = NULL;
    size_t length;
    assert_int_equal(mj_file_read(&shipped, &length, SHIPPED, 1 << 20, &err), MJ_OK);
    const char *n = strstr(shipped, ".lib tt"), *p = strstr(n, "pmos");
    assert_non_null(p);
    const mj_card card = {number_behind(n, " u0="), number_behind(p, " u0="), number_behind(n, " vsat="),
                          number_behind(p, " vsat="), number_behind(n, " cgso="), number_behind(n, " cjs=")};
    FILE *out = open_memstream(&ours, &length);
    mj_card_write(out, &card, "INVX1 of osu018_stdcells.lib");
    fclose(out);
    assert_string_equal(shipped, ours);
    free(shipped);
    free(ours);
}

/* Delays and energies grow with the load; the shipped card is within 35 % of every table entry, as
 * its prototype was (30 % at the ends). */
static void test_inverter(void **state)
{
    (void)state;
    skip_without("ngspice");
    mj_arena arena;
    mj_liberty liberty;
    mj_card_target target;
    mj_spice_models models;
    mj_err err = {0};
    mj_card_point point[MJ_CARD_LOADS];
    const mj_spice_job job = {.limit_s = 300};
    if (access(OSU018, R_OK) != 0) {
        skip();
    }
    mj_arena_init(&arena, 0);
    assert_int_equal(mj_liberty_load(&liberty, OSU018, &arena, &err), MJ_OK);
    assert_int_equal(mj_card_target_take(&target, &liberty, "INVX7", &err), MJ_ENAME);
    assert_int_equal(mj_card_target_take(&target, &liberty, "NAND2X1", &err), MJ_ERANGE);
    assert_int_equal(mj_card_target_take(&target, &liberty, "INVX1", &err), MJ_OK);
    assert_int_equal(mj_spice_models_load(&models, &(mj_models_request){.path = SHIPPED}, &arena, &err), MJ_OK);
    assert_int_equal(mj_card_simulate_models(point, &models, &target, &job, &err), MJ_OK);
    for (int i = 0; i < MJ_CARD_LOADS; i++) {
        assert_rel(point[i].fall_s, target.point[i].fall_s, 0.35);
        assert_rel(point[i].rise_s, target.point[i].rise_s, 0.35);
        assert_rel(point[i].energy_J, target.point[i].energy_J, 0.35);
        assert_true(i == 0 || (point[i].fall_s > point[i - 1].fall_s && point[i].rise_s > point[i - 1].rise_s));
    }
    /* A card's own numbers give the same as its file. */
    const mj_card card = mj_card_default();
    char *text = NULL;
    size_t length;
    mj_card_point again[MJ_CARD_LOADS];
    FILE *out = open_memstream(&text, &length);
    mj_card_write(out, &card, "a test");
    fclose(out);
    const mj_models_request request = {.path = "card.lib"};
    assert_int_equal(mj_spice_models_parse(&models, &request, text, length, &arena, &err), MJ_OK);
    assert_int_equal(mj_card_simulate(point, &card, &target, &job, &err), MJ_OK);
    assert_int_equal(mj_card_simulate_models(again, &models, &target, &job, &err), MJ_OK);
    assert_rel(again[1].fall_s, point[1].fall_s, 1e-9);
    free(text);
    mj_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simplex),
        cmocka_unit_test(test_text_of_a_card),
        cmocka_unit_test(test_the_shipped_card_is_ours),
        cmocka_unit_test(test_inverter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
