/* RAPL on a tree that we made: what counts as a package, and a counter that begins again. */
#include "assert_rel.h"

#include "mj/rapl.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *root, const char *zone, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, zone);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/%s", root, zone, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void put_zone(const char *root, const char *zone, const char *name, const char *energy)
{
    put(root, zone, "name", name);
    put(root, zone, "max_energy_range_uj", "262143328850\n");
    put(root, zone, "energy_uj", energy);
}

/* Two packages count; their cores, the board and a zone of another kind are in them or are none. */
static void test_packages(void **state)
{
    (void)state;
    char root[] = "/tmp/mj-rapl-XXXXXX", command[64];
    mj_rapl rapl;
    double joules;
    assert_non_null(mkdtemp(root));
    assert_false(mj_rapl_open(&rapl, root));
    put_zone(root, "intel-rapl:0", "package-0\n", "1000000\n");
    put_zone(root, "intel-rapl:1", "package-1\n", "262143000000\n");
    put_zone(root, "intel-rapl:0:0", "core\n", "5000000\n");
    put_zone(root, "intel-rapl:2", "psys\n", "5000000\n");
    put_zone(root, "intel-rapl-mmio:0", "package-0\n", "5000000\n");
    put_zone(root, "intel-rapl:3", "package-3\n", "not a number\n");
    assert_true(mj_rapl_open(&rapl, root));
    assert_int_equal(rapl.n, 2);
    assert_true(mj_rapl_read(&joules, &rapl));
    assert_true(joules == 0);
    put(root, "intel-rapl:0", "energy_uj", "3500000\n");
    put(root, "intel-rapl:0:0", "energy_uj", "9000000\n");
    put(root, "intel-rapl:2", "energy_uj", "9000000\n");
    assert_true(mj_rapl_read(&joules, &rapl));
    assert_rel(joules, 2.5, 1e-9);
    /* Package 1 begins again: 262143.328850 - 262143 J to the end of its range, and 1 J more. */
    put(root, "intel-rapl:1", "energy_uj", "1000000\n");
    assert_true(mj_rapl_read(&joules, &rapl));
    assert_rel(joules, 1.32885, 1e-6);
    /* Some minutes: 262 kJ at 500 W. */
    assert_rel(mj_rapl_safe_s(&rapl), 262143.32885 / 500, 1e-9);
    put(root, "intel-rapl:1", "energy_uj", "");
    assert_false(mj_rapl_read(&joules, &rapl));
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

static void test_no_tree(void **state)
{
    (void)state;
    mj_rapl rapl;
    double joules;
    assert_false(mj_rapl_open(&rapl, "/nowhere"));
    assert_false(mj_rapl_read(&joules, &rapl));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packages),
        cmocka_unit_test(test_no_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
