/* A network becomes Verilog and a netlist of cells, and both are it: on vectors and by proof. A circuit
 * with one bit of a table flipped, a wire swapped or another cell is caught by both. What is missing,
 * late or in the way is said, and what could be written stays. */
#include "here.h"
#include "lut_fixture.h"

#include "mj/file.h"
#include "mj/proof.h"
#include "mj/realize.h"

#include <sys/stat.h>

enum { VECTORS = 500 };

typedef struct {
    mj_arena arena;
    mj_err err;
    char home[64];
    lut_fixture lut;
    mj_liberty liberty;
} fixture;

static int setup(void **state)
{
    static fixture f;
    f = (fixture){.err = {0}};
    mj_arena_init(&f.arena, 0);
    snprintf(f.home, sizeof f.home, "/tmp/mj-test-realize-XXXXXX");
    assert_non_null(mkdtemp(f.home));
    lut_fixture_fill(&f.lut, 11, 0);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", f->home);
    assert_int_equal(system(command), 0);
    mj_arena_fini(&f->arena);
    return 0;
}

/* Says why not. */
static void assert_done(const fixture *f, mj_status status)
{
    for (int i = 0; status != MJ_OK && i < f->err.n; i++) {
        print_error("%s: %s\n", f->err.diag[i].file, f->err.diag[i].text);
    }
    assert_int_equal(status, MJ_OK);
}

static const char *in_home(fixture *f, const char *name)
{
    return mj_arena_printf(&f->arena, "%s/%s", f->home, name);
}

static mj_status realize(fixture *f, mj_manifest *manifest, const char *folder, double limit_s)
{
    const mj_realize_config config = {.folder = in_home(f, folder), .model = "test net",
                                      .n_vectors = VECTORS, .seed = 5, .limit_s = limit_s};
    return mj_realize_verilog(manifest, &f->lut.net, &config, &f->arena, &f->err);
}

static mj_status prove(fixture *f, mj_proof *proof, const mj_manifest *manifest, const char *folder,
                       bool no_rtl)
{
    const mj_proof_config config = {.no_rtl = no_rtl};
    assert_int_equal(mj_liberty_load(&f->liberty, MJ_LIBERTY_DEFAULT, &f->arena, &f->err), MJ_OK);
    return mj_proof_run(proof, manifest, in_home(f, folder), &f->liberty, &config, &f->arena, &f->err);
}

static char *read_text(fixture *f, const char *name)
{
    char *text;
    size_t length;
    assert_int_equal(mj_file_read(&text, &length, in_home(f, name), 1 << 24, NULL), MJ_OK);
    return text;
}

static void write_text(fixture *f, const char *name, const char *text)
{
    FILE *out = fopen(in_home(f, name), "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void copy(fixture *f, const char *to, const char *from)
{
    char *text = read_text(f, from);
    write_text(f, to, text);
    free(text);
}

/* Classifier and scores alone, adders and operators: every form is the network. (Verilator compiles for
 * half a minute: once.) */
static void test_circuit_is_the_network(void **state)
{
    fixture *f = *state;
    skip_without("yosys");
    skip_without("verilator");
    for (int form = 0; form < 2; form++) {
        mj_manifest manifest, again;
        mj_proof proof;
        const char *folder = form ? "scores" : "class";
        f->lut.net.scale = form;
        const mj_realize_config config = {.folder = in_home(f, folder), .model = "test net",
                                          .n_vectors = VECTORS, .seed = 5, .naive = form == 1};
        assert_done(f, mj_realize_verilog(&manifest, &f->lut.net, &config, &f->arena, &f->err));
        assert_int_equal(mj_manifest_load(&again, config.folder, &f->arena, &f->err), MJ_OK);
        assert_true(again.mapped);
        assert_int_equal(again.n_vectors, VECTORS);
        assert_int_equal(again.n_class_bits, form ? 0 : 2);
        assert_rel(again.node_m, 180e-9, 1e-9);
        assert_rel(again.voltage_V, 1.8, 1e-9);
        assert_done(f, prove(f, &proof, &again, folder, form == 1));
        assert_int_equal(proof.n_vectors, VECTORS);
        assert_int_equal(proof.rtl_mismatches, form == 1 ? -1 : 0);
        assert_int_equal(proof.core_mismatches, 0);
        assert_int_equal(proof.gate_mismatches, 0);
        assert_int_equal(proof.verdict, MJ_PROVED);
    }
}

/* Cells of the library add, one for each adder of the plan that has no constant. */
static void test_adders_are_cells(void **state)
{
    fixture *f = *state;
    mj_manifest manifest;
    skip_without("yosys");
    assert_done(f, realize(f, &manifest, "adders", 0));
    char *netlist = read_text(f, "adders/gate.v"), *readout = read_text(f, "adders/readout.v");
    int cells = 0, adders = 0;
    for (const char *at = netlist; (at = strstr(at, "AX1 ")) != NULL; at++) {
        cells++;
    }
    for (const char *at = readout; (at = strstr(at, "_adder ")) != NULL; at++) {
        adders++;
    }
    assert_true(adders > 40);
    assert_int_equal(cells, adders);
    free(netlist);
    free(readout);
}

/* The netlists of another network under the name of this one. */
static void check_is_caught(fixture *f, const mj_manifest *manifest, const char *folder)
{
    static const char *const netlists[] = {"core_gate.v", "core_gate.json", "gate.json"};
    mj_manifest other;
    mj_proof proof;
    const char *changed;
    assert_done(f, realize(f, &other, folder, 0));
    for (size_t i = 0; i < sizeof netlists / sizeof netlists[0]; i++) {
        copy(f, mj_arena_printf(&f->arena, "right/%s", netlists[i]),
             mj_arena_printf(&f->arena, "%s/%s", folder, netlists[i]));
    }
    assert_true(mj_manifest_changed(&changed, manifest, in_home(f, "right"), &f->arena) >= 2);
    assert_done(f, prove(f, &proof, manifest, "right", true));
    assert_true(proof.core_mismatches > 0);
    assert_true(proof.first >= 0 && proof.first < VECTORS);
    assert_int_equal(proof.verdict, MJ_DISPROVED);
}

static void test_mutants_are_caught(void **state)
{
    fixture *f = *state;
    mj_manifest manifest;
    skip_without("yosys");
    assert_done(f, realize(f, &manifest, "right", 0));
    /* Outputs of five and six inputs, so that a row of the table is met by many vectors. */
    int of_five = 0, of_two = 0;
    for (int i = 1; i <= FIXTURE_OUTPUTS; i++) {
        int index = FIXTURE_NODES - i;
        const mj_lut_node *node = &f->lut.node[index];
        bool wired = i != 4 && i != 6 && i != 8 && i != 10 && i != 12 && i != 31;
        of_five = wired && node->n_inputs == 3 ? index : of_five;
        /* a and not b: swapping its wires shows */
        of_two = wired && node->n_inputs == 2 && (node->table == 2 || node->table == 4) ? index : of_two;
    }
    f->lut.node[of_five].table ^= 0x11;
    check_is_caught(f, &manifest, "flipped");
    f->lut.node[of_five].table ^= 0x11;
    mj_lut_node *node = &f->lut.node[of_two];
    int first = node->input[0];
    node->input[0] = node->input[1];
    node->input[1] = first;
    check_is_caught(f, &manifest, "swapped");
}

/* In the place where `from` stands last, or everywhere. */
static void replace(fixture *f, const char *name, const char *from, const char *to, bool everywhere)
{
    char *text = read_text(f, name), *last = text, *rest = text;
    for (char *at = text; (at = strstr(at, from)) != NULL; at++) {
        last = at;
    }
    FILE *out = fopen(in_home(f, name), "w");
    assert_non_null(out);
    for (char *at = everywhere ? strstr(text, from) : last; at; at = everywhere ? strstr(rest, from) : NULL) {
        assert_true(strncmp(at, from, strlen(from)) == 0);
        fprintf(out, "%.*s%s", (int)(at - rest), rest, to);
        rest = at + strlen(from);
    }
    fputs(rest, out);
    fclose(out);
    free(text);
}

/* Another cell in the core's netlist; in the whole, where one may do nothing that 500 vectors show, all of a kind. */
static void test_another_cell_is_caught(void **state)
{
    fixture *f = *state;
    mj_manifest manifest;
    mj_proof proof;
    skip_without("yosys");
    assert_done(f, realize(f, &manifest, "cell", 0));
    replace(f, "cell/core_gate.v", "NAND2X1 ", "XOR2X1 ", false);
    replace(f, "cell/core_gate.json", "\"type\": \"NAND2X1\"", "\"type\": \"XOR2X1\"", false);
    replace(f, "cell/gate.json", "\"type\": \"NAND2X1\"", "\"type\": \"XOR2X1\"", true);
    assert_done(f, prove(f, &proof, &manifest, "cell", true));
    assert_true(proof.core_mismatches > 0 && proof.gate_mismatches > 0);
    assert_int_equal(proof.verdict, MJ_DISPROVED);
}

/* An operator of the Verilog itself. */
static void test_other_verilog_is_caught(void **state)
{
    fixture *f = *state;
    mj_manifest manifest;
    mj_proof proof;
    skip_without("yosys");
    skip_without("verilator");
    assert_done(f, realize(f, &manifest, "verilog", 0));
    replace(f, "verilog/core.v", " & ", " | ", false);
    assert_done(f, prove(f, &proof, &manifest, "verilog", false));
    assert_true(proof.rtl_mismatches > 0);
    assert_int_equal(proof.core_mismatches, 0);
    assert_int_equal(proof.gate_mismatches, 0);
    assert_int_equal(proof.verdict, MJ_DISPROVED);
}

static bool exists(fixture *f, const char *name)
{
    return access(in_home(f, name), F_OK) == 0;
}

/* Runs with only `path` as PATH. */
static mj_status realize_with_path(fixture *f, mj_manifest *manifest, const char *folder,
                                   const char *path, double limit_s)
{
    char *before = mj_arena_printf(&f->arena, "%s", getenv("PATH"));
    setenv("PATH", path, 1);
    mj_status status = realize(f, manifest, folder, limit_s);
    setenv("PATH", before, 1);
    return status;
}

static void test_without_a_tool_the_verilog_stays(void **state)
{
    fixture *f = *state;
    mj_manifest manifest, again;
    mj_proof proof;
    assert_int_equal(realize_with_path(f, &manifest, "bare", f->home, 0), MJ_ETOOL);
    assert_non_null(strstr(f->err.diag[0].text, "in the package"));
    assert_true(exists(f, "bare/core.v") && exists(f, "bare/expected.bin"));
    assert_int_equal(mj_manifest_load(&again, in_home(f, "bare"), &f->arena, &f->err), MJ_OK);
    assert_false(again.mapped);
    assert_int_equal(mj_proof_run(&proof, &again, in_home(f, "bare"), &f->liberty,
                                  &(mj_proof_config){.limit_s = 1}, &f->arena, &f->err), MJ_ETOOL);
}

/* A yosys that gives its version and then sleeps; one that complains. */
static void test_a_tool_that_hangs_or_fails(void **state)
{
    fixture *f = *state;
    mj_manifest manifest;
    assert_int_equal(mkdir(in_home(f, "tools"), 0755), 0);
    const char *path = mj_arena_printf(&f->arena, "%s/tools:%s", f->home, getenv("PATH"));
    write_text(f, "tools/yosys", "#!/bin/sh\n[ $1 = -V ] && echo v1 && exit\nexec sleep 100\n");
    assert_int_equal(chmod(in_home(f, "tools/yosys"), 0755), 0);
    assert_int_equal(realize_with_path(f, &manifest, "hung", path, 1), MJ_ETOOL);
    assert_non_null(strstr(f->err.diag[0].text, "took more than 1 s"));
    f->err = (mj_err){0};
    write_text(f, "tools/yosys",
               "#!/bin/sh\n[ $1 = -V ] && echo v1 && exit\necho 'ERROR: no such cell'\nexit 1\n");
    assert_int_equal(realize_with_path(f, &manifest, "failed", path, 1), MJ_ETOOL);
    assert_non_null(strstr(f->err.diag[1].text, "no such cell"));
    char *log = read_text(f, "failed/synth.log");
    assert_non_null(strstr(log, "no such cell"));
    free(log);
}

static void test_a_folder_in_use_is_refused(void **state)
{
    fixture *f = *state;
    mj_manifest manifest;
    assert_int_equal(mkdir(in_home(f, "full"), 0755), 0);
    write_text(f, "full/mine", "precious");
    assert_int_equal(realize(f, &manifest, "full", 1), MJ_EFILE);
    assert_int_equal(realize(f, &manifest, "full/mine", 1), MJ_EFILE);
    char *mine = read_text(f, "full/mine");
    assert_string_equal(mine, "precious");
    free(mine);
    assert_false(exists(f, "full/core.v"));
}

/* Whoever gives a manifest away must not run commands here: names go into yosys scripts and paths. */
static void test_hostile_manifests_are_refused(void **state)
{
    fixture *f = *state;
    mj_manifest manifest;
    realize_with_path(f, &manifest, "seed", f->home, 1);
    char *good = read_text(f, "seed/manifest.json");
    static const char *const swap[][2] = {
        {"\"name\": \"test_net\"", "\"name\": \"x\\n!touch /tmp/x\\n\""},
        {"\"name\": \"core.v\"", "\"name\": \"../../etc/passwd\""},
        {"\"n\": 500", "\"n\": -1"},
        {"\"n\": 500", "\"n\": 1e300"},
        {"\"inputs\": 40", "\"inputs\": 40.5"},
        {"\"kind\": \"verilog\"", "\"kind\": \"spice\""},
        {"\"schema\": 1", "\"schema\": 2"},
        {"\"mapped\": false", "\"mapped\": 0"},
        {"\"groups\": [", "\"groups\": [3, "},
        {"{", ""},
    };
    for (size_t i = 0; i < sizeof swap / sizeof swap[0]; i++) {
        const char *at = strstr(good, swap[i][0]);
        assert_non_null(at);
        write_text(f, "seed/manifest.json",
                   mj_arena_printf(&f->arena, "%.*s%s%s", (int)(at - good), good, swap[i][1],
                                   at + strlen(swap[i][0])));
        assert_int_not_equal(mj_manifest_load(&manifest, in_home(f, "seed"), &f->arena, &f->err), MJ_OK);
    }
    free(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_circuit_is_the_network, setup, teardown),
        cmocka_unit_test_setup_teardown(test_adders_are_cells, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mutants_are_caught, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_cell_is_caught, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_verilog_is_caught, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_a_tool_the_verilog_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_tool_that_hangs_or_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_folder_in_use_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_manifests_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
