/* Files of models: what real ones have is taken as it is meant, what would make ngspice do more than
 * simulate is refused at its line, and a transistor in a wrapper is the same transistor. */
#include "assert_rel.h"
#include "here.h"

#include "mj/arena.h"
#include "mj/spice.h"
#include "mj/spice_models.h"

#include <stdlib.h>
#include <string.h>

static int set_up(void **state)
{
    mj_arena *arena = malloc(sizeof *arena);
    mj_arena_init(arena, 0);
    *state = arena;
    return 0;
}

static int tear_down(void **state)
{
    mj_arena_fini(*state);
    free(*state);
    return 0;
}

static mj_status parse(mj_spice_models *models, const char *text, const mj_models_request *request,
                       mj_arena *arena, mj_err *err)
{
    *err = (mj_err){0};
    return mj_spice_models_parse(models, request, text, strlen(text), arena, err);
}

static const mj_models_request plain = {.path = "m.lib"};

static void test_models(void **state)
{
    static const char text[] = "* two corners\n.lib tt\n;x.control\n$ shell\n.MODEL N1 NMOS level=14\n+ vth0=0.4\n"
                               ".model P1 PMOS(level=14)\n.endl tt\n.lib ff\n.model n1 nmos\n"
                               ".model p1 pmos\n.endl\n";
    mj_spice_models models;
    mj_err err;
    assert_int_equal(parse(&models, text, &plain, *state, &err), MJ_OK);
    assert_string_equal(models.text, ".MODEL N1 NMOS level=14\n+ vth0=0.4\n.model P1 PMOS(level=14)\n");
    assert_string_equal(models.nmos, "n1");
    assert_string_equal(models.pmos, "p1");
    assert_int_equal(parse(&models, text, &(mj_models_request){"m.lib", "FF", NULL, "p1"}, *state, &err), MJ_OK);
    assert_string_equal(models.text, ".model n1 nmos\n.model p1 pmos\n");
    assert_int_equal(parse(&models, text, &(mj_models_request){"m.lib", "sf", NULL, NULL}, *state, &err), MJ_ENAME);
    assert_non_null(strstr(err.diag[0].text, "it has tt, ff"));
    assert_int_equal(parse(&models, text, &(mj_models_request){"m.lib", "tt", "n2", NULL}, *state, &err), MJ_ENAME);
}

/* Comments go, quotes of expressions become braces, tabs blanks; lines that go on stay as they are. */
static void test_what_real_files_have(void **state)
{
    static const char text[] =
        "\xEF\xBB\xBF* (c) a \"foundry\", file 7\r\n"
        ".param\tdvth = 0.01 $ a comment with a \"quote\" and a file\r\n"
        ".func part(a, b) {a*b/(a+b)} ; another\n"
        ".if(dvth > 0)\n.model nn NMOS ( level = 14 // a third\n* between\n\n+ vth0 = '0.4 +\n+ dvth' )\n"
        ".else\n.model nn nmos level=14\n.endif\n"
        ".model pp pmos level=14 vth0={-0.4 - dvth}\n"
        ".model dn d is=1e-15\n";
    mj_spice_models models;
    mj_err err;
    if (parse(&models, text + 3, &plain, *state, &err) != MJ_OK) {
        fail_msg("line %d: %s", err.diag[0].line, err.diag[0].text);
    }
    assert_string_equal(models.text,
                        ".param dvth = 0.01\n.func part(a, b) {a*b/(a+b)}\n"
                        ".if(dvth > 0)\n.model nn NMOS ( level = 14\n+ vth0 = {0.4 +\n+ dvth} )\n"
                        ".else\n.model nn nmos level=14\n.endif\n"
                        ".model pp pmos level=14 vth0={-0.4 - dvth}\n.model dn d is=1e-15\n");
    assert_string_equal(models.nmos, "nn");
}

/* What would make ngspice do more than simulate the models, or what is measured something else. Each stands
 * in the third line; the last says which line is named. */
static const struct {
    const char *text, *want;
    int line;
} bad[] = {
    {".control\nshell touch /tmp/x\n.endc", "commands for ngspice", 3},
    {"  .CONTROL\nquit\n.endc", "commands for ngspice", 3},
    {".\tcontrol", "not a command", 3},
    {".model n2 nmos\n+ .control\nshell id\n.endc", "commands for ngspice", 4},
    {"*#shell touch /tmp/x", "a command for ngspice in a comment", 3},
    {"* fine\n*#shell touch /tmp/x", "a command for ngspice in a comment", 4},
    {".include other.lib", "not a command", 3},
    {".INC other.lib", "not a command", 3},
    {".incl\n+ude other.lib", "not a command", 3},
    {".inc\t'/etc/passwd'", "not a command", 3},
    {".lib '/etc/passwd' tt", ".lib of another", 3},
    {".lib '/etc/passwd'\n+ tt", ".lib of another", 3},
    {".LIB\t/etc/passwd\ttt", ".lib of another", 3},
    {".lib ../x", ".lib of another", 3},
    {".lib=x", "not a command", 3},
    {".library x y", "not a command", 3},
    {".lib \"/etc/passwd\" tt", "open no files", 3},
    {".lib/etc/passwd tt", "not a command", 3},
    {".option seed=1", "not a command", 3},
    {".options savecurrents", "not a command", 3},
    {".exec x", "not a command", 3},
    {".save all", "not a command", 3},
    {".print tran all", "not a command", 3},
    {".plot tran v(1)", "not a command", 3},
    {".write x v(1)", "not a command", 3},
    {".measure tran x when v(1)=1", "not a command", 3},
    {".meas tran x param='system'", "not a command", 3},
    {".csparam x=1", "not a command", 3},
    {".global vdd0", "not a command", 3},
    {".ic v(n0_0)=1", "not a command", 3},
    {".nodeset v(n0_0)=1", "not a command", 3},
    {".temp 100", "not a command", 3},
    {".title x", "not a command", 3},
    {".tran 1n 1u", "not a command", 3},
    {".end", "not a command", 3},
    {".endc", "not a command", 3},
    {".ends", ".ends without", 3},
    {".endl", ".endl without", 3},
    {".else", ".else without", 3},
    {".endif", ".endif without", 3},
    {".para x=1", "not a command", 3},
    {".parameter x=1", "not a command", 3},
    {".mod x numd", "not a command", 3},
    {".models x numd", "not a command", 3},
    {"source x", "neither a model", 3},
    {"shell id", "run no programs", 3},
    {"# x", "a character", 3},
    {"@x", "a character", 3},
    {"(x", "neither a model", 3},
    {"=x", "neither a model", 3},
    {"x9 .control", "commands for ngspice", 3},
    {".model n2 nmos\n+ .Control", "commands for ngspice", 4},
    /* models that write files: types, and names by which ngspice takes them for something else */
    {".model dd9 numd level=1", "of another type", 3},
    {".model dd9 NUMD(level=1)", "of another type", 3},
    {".model dd9\tnumd", "of another type", 3},
    {".model dd9\n+ numd", "of another type", 3},
    {".model\n* c\n+ dd9\n+ numd", "of another type", 3},
    {".model qq nbjt level=2", "of another type", 3},
    {".model mm numos", "of another type", 3},
    {".model dd8,numd nmos level=1", "without a name", 3},
    {".model dd8=numd nmos level=1", "without a name", 3},
    {".model dd8(numd nmos", "without a name", 3},
    {".model ,dd8 numd", "without a name", 3},
    {".model {x} nmos", "without a name", 3},
    {".model n2 (numd)", "of another type", 3},
    {".model n2 nmos,numd", "of another type", 3},
    {".model n2 {nmos}", "of another type", 3},
    {".model n2 'nmos'", "of another type", 3},
    {".model n2 ako:n1", "of another type", 3},
    {".model n2 nmosx", "of another type", 3},
    {".model n2", "of another type", 3},
    {".model", "without a name", 3},
    {".model m filesource(file=x)", "open no files", 3},
    {".model m d_source(input_file = x)", "open no files", 3},
    {".model n2 nmos\n+ output rootfile = x", "open no files", 4},
    {".model n2 nmos rootfile\n+ = x", "open no files", 3},
    {".model n2 nmos ROOT\tFILE\t=\tx", "open no files", 3},
    {".model n2 nmos ic.file=x", "open no files", 3},
    {".model n2 nmos icFile=x", "open no files", 3},
    {".model n2 nmos x=\"y\"", "open no files", 3},
    {".param x=\"y\"", "open no files", 3},
    {".param x=str({\"y\"})", "open no files", 3},
    {".model n2 nmos vth0=`id`", "run no programs", 3},
    {".model n2 nmos vth0='0.4", "without the other", 3},
    {".model n2 nmos \\\\", "a backslash", 3},
    {".model n2 nmos \\\\x", "a backslash", 3},
    {".model n2 nmos x=$y", "a character", 3},
    {".model n2 nmos x=@m1[gm]", "a character", 3},
    {".model n2 nmos x=\xC3\xA9", "a character", 3},
    {".model n2 nmos\t\001", "not a text", 3},
    {".model n2 nmos \001", "not a text", 3},
    {"*\t\002", "not a text", 3},
    {".model n2 nmos x=1\r+ y=2\r.control", "not a text", 3},
    {".model n2 nmos x=1\v.control", "not a text", 3},
    /* functions, by which words of the whole deck are replaced */
    {".func nmos(x) {numd}", "would change the circuit", 3},
    {".FUNC V (x) {2*x}", "would change the circuit", 3},
    {".func pulse(x) {dc 1}", "would change the circuit", 3},
    {".func\n+ i(x) {2*x}", "would change the circuit", 3},
    {".param v(x)={2*x}", "written .func", 3},
    {".param a=1 v(x) = {2*x}", "written .func", 3},
    {".func {x}(y) 1", "a function without", 3},
    {".func f", "a function without", 3},
    /* elements: only those of a transistor, only in a wrapper, and whose end is sure */
    {"i9 vdd0 0 1m", "neither a model", 3},
    {"r9 vdd0 0 1", "outside .subckt", 3},
    {"x9 vdd0 0 load", "outside .subckt", 3},
    {"M9 vdd0 0 0 0 n1", "outside .subckt", 3},
    {"\tr9 vdd0 0 1", "outside .subckt", 3},
    {"d9 a9 0 dd9 print=1", "outside .subckt", 3},
    {"a1 [in] x", "a character", 3},
    {".subckt w a b\na1 a b x\n.ends", "neither a model", 4},
    {".subckt w a b\nv1 a b 1\n.ends", "neither a model", 4},
    {".subckt w a b\ni1 a b 1\n.ends", "neither a model", 4},
    {".subckt w a b\nb1 a b v=1\n.ends", "neither a model", 4},
    {".subckt w a b\nn1 a b x\n.ends", "neither a model", 4},
    {".subckt w a b\nu1 a b x\n.ends", "neither a model", 4},
    {".subckt w a b\nr1 a b 1\n.ends\nr2 a b 1", "outside .subckt", 6},
    {".subckt w a b\n.model dd9 numd\nd1 a b dd9\n.ends", "of another type", 4},
    {".if (0)\n.subckt w a b\n.endif\ni9 vdd0 0 1m\n.ends", ".endif without", 5},
    {".subckt w a b\n.if (0)\n.ends\nr1 vdd0 0 1\n.endif", ".ends without", 5},
    {".subckt", "without a name", 3},
    {".subckt w a b\nr1 a b 1", "the file ends inside", 4},
    {".if (1)", "the file ends inside", 3},
    {".lib tt", "the file ends inside", 3},
    {".lib tt\n.subckt w a\n.endl\n.ends", ".endl without", 5},
    {".subckt w a\n.lib tt\n.ends\n.endl", "a section inside", 4},
    {".lib tt\n.lib ff\n.endl", "a section inside", 4},
    /* other sections are no hiding place */
    {".lib ff\n.control\n.endl", "commands for ngspice", 4},
    {".lib ff\n.model dd9 numd\n.endl\n.lib tt\n.endl", "of another type", 4},
};

static void test_models_that_do_more(void **state)
{
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        char text[512];
        mj_spice_models models;
        mj_err err;
        snprintf(text, sizeof text, ".model n1 nmos\n.model p1 pmos\n%s\n", bad[k].text);
        mj_status status = parse(&models, text, &plain, *state, &err);
        if (status == MJ_OK || err.diag[0].line != bad[k].line || !strstr(err.diag[0].text, bad[k].want)) {
            fail_msg("%s: %d, line %d, %s", bad[k].text, status, err.diag[0].line, err.diag[0].text);
        }
    }
}

/* A line that goes on needs one that it continues, in its own section; a name has an end. */
static void test_lines_and_names_that_go_on(void **state)
{
    static const char *const lost[] = {"+ x=1\n.model n1 nmos\n.model p1 pmos\n", "* c\n+ x=1\n",
                                       "\n\n  + seed=1\n.model n1 nmos\n.model p1 pmos\n"};
    mj_spice_models models;
    mj_err err;
    for (size_t k = 0; k < sizeof lost / sizeof *lost; k++) {
        assert_int_equal(parse(&models, lost[k], &plain, *state, &err), MJ_ESYNTAX);
        assert_non_null(strstr(err.diag[0].text, "a + without a line"));
    }
    /* behind another section's text it goes with that section */
    static const char text[] = ".lib tt\n.model n1 nmos\n.model p1 pmos\n.lib\n";
    assert_int_not_equal(parse(&models, text, &plain, *state, &err), MJ_OK);
    char longest[256] = ".model n1 nmos\n.model p1 pmos\n.model ";
    size_t used = strlen(longest);
    memset(longest + used, 'x', 101);
    strcpy(longest + used + 101, " nmos\n");
    assert_int_equal(parse(&models, longest, &plain, *state, &err), MJ_ESYNTAX);
    memmove(longest + used, longest + used + 1, strlen(longest + used));
    assert_int_equal(parse(&models, longest, &plain, *state, &err), MJ_OK);
    static const char two[] = ".lib ff\n.model n1 nmos\n.endl\n+ vth0=9\n.lib tt\n.model n1 nmos\n"
                              ".model p1 pmos\n.endl\n";
    assert_int_equal(parse(&models, two, &plain, *state, &err), MJ_OK);
    assert_string_equal(models.text, ".model n1 nmos\n.model p1 pmos\n");
}

static const char wrapped[] =
    ".subckt nch d g s b w=1u l=1u\n+ ad=0 as=0 pd=0 ps=0\n.model nch nmos level=14 vth0='0.3+0.1'\n"
    "m1 d g s b nch w={w} l='l' ad={ad} as={as} pd={pd} ps={ps}\n.ends nch\n"
    ".subckt pch d g s b w=1u l=1u ad=0 as=0 pd=0 ps=0\nm1 d g s b inner w={w} l={l} ad={ad} as={as} pd={pd} ps={ps}\n"
    ".model inner pmos level=14 vth0=-0.4\n.ends\n";

static double current_of(const mj_spice_models *models, mj_arena *arena)
{
    mj_deck deck;
    mj_raw raw;
    mj_waveform i;
    mj_err err = {0};
    const mj_transistor t = {.name = "t", .drain = "d", .gate = "d", .source = "0", .bulk = "0",
                             .width_m = 2e-6, .length_m = 0.2e-6};
    assert_int_equal(mj_deck_open(&deck, "one transistor", &err), MJ_OK);
    fprintf(deck.out, "%svd d 0 1.2\n", models->text);
    mj_transistor_write(deck.out, models, false, &t);
    mj_deck_save(&deck, "i(vd)");
    mj_deck_transient(&deck, (mj_transient){.step_s = 1e-10, .stop_s = 1e-9});
    if (mj_spice_run(&raw, &deck, &(mj_spice_job){.limit_s = 100}, arena, &err) != MJ_OK) {
        fail_msg("%s", err.diag[0].text);
    }
    assert_int_equal(mj_raw_find(&i, &raw, "i(vd)", &err), MJ_OK);
    mj_deck_close(&deck);
    return -mj_waveform_at(&i, 1e-9);
}

/* The same model in a wrapper carries the same current: what is taken from a file arrives in ngspice as it
 * was meant. */
static void test_wrapped_transistors(void **state)
{
    mj_spice_models bare, models;
    mj_err err;
    const mj_models_request both = {"m.lib", NULL, "NCH", "pch"};
    assert_int_equal(parse(&models, wrapped, &both, *state, &err), MJ_OK);
    assert_true(models.is_subcircuit);
    assert_string_equal(models.nmos, "nch");
    assert_null(strchr(models.text, '\''));
    /* A model inside a wrapper is none of the file's. */
    assert_int_equal(parse(&models, wrapped, &plain, *state, &err), MJ_ENAME);
    assert_int_equal(parse(&models, ".model pch pmos\n.subckt nch d g s b\n.ends\n", &both, *state, &err), MJ_ESUPPORT);
    assert_non_null(strstr(err.diag[0].text, "both subcircuits"));
    skip_without("ngspice");
    assert_int_equal(parse(&models, wrapped, &both, *state, &err), MJ_OK);
    assert_int_equal(parse(&bare, ".model n nmos level=14 vth0=0.4\n.model p pmos level=14\n", &plain, *state, &err),
                     MJ_OK);
    double I_A = current_of(&bare, *state);
    assert_true(I_A > 1e-6);
    assert_rel(current_of(&models, *state), I_A, 1e-6);
}

/* A wrapper has no parameter for a threshold, and ngspice does not mind one that is not there: mismatch of
 * such transistors would be 0. */
static void test_wrapped_transistors_do_not_differ(void **state)
{
    mj_spice_models models;
    mj_err err;
    assert_int_equal(parse(&models, wrapped, &(mj_models_request){"m.lib", NULL, "nch", "pch"}, *state, &err), MJ_OK);
    assert_int_equal(mj_models_can_differ(&models, &err), MJ_ESUPPORT);
    assert_non_null(strstr(err.diag[0].text, "'nch' and 'pch' are subcircuits"));
    assert_int_equal(parse(&models, ".model n nmos\n.model p pmos\n", &plain, *state, &err), MJ_OK);
    assert_int_equal(mj_models_can_differ(&models, &err), MJ_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_models, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_real_files_have, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_models_that_do_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lines_and_names_that_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrapped_transistors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrapped_transistors_do_not_differ, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
