/* Cross-checks: scripts of fixed words, netlists with names of our own, the library behind a link, so that
 * no name of the user's reaches a script. */
#define _GNU_SOURCE /* realpath */
#include "mj/crosscheck.h"

#include "mj/draft.h"
#include "mj/energy.h"
#include "mj/text.h"
#include "netlist_verilog.h"
#include "tool.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const double LIMIT_DEFAULT_S = 300;
/* Of the script below: activity 0.4 is 2 toggles in 5 cycles. */
static const double CLOCK_S = 100e-9;
static const uint64_t ACTIVITY_TOGGLES = 2, ACTIVITY_CYCLES = 5;

static const char sta_script[] =
    "set_cmd_units -time ns -power W\n"
    "read_liberty cells.lib\n"
    "read_verilog sta.v\n"
    "link_design top\n"
    "create_clock -name v -period 100\n"
    "set_input_delay 0 -clock v [all_inputs]\n"
    "set_output_delay 0 -clock v [all_outputs]\n"
    "set_input_transition 0.06 [all_inputs]\n"
    "report_checks -digits 6\n"
    "set_power_activity -global -activity 0.4\n"
    "report_power -digits 9\n";

static mj_status no_memory(mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a cross-check");
}

static mj_status tool_run(const char **said, const mj_crosscheck *check, const char *log,
                          const char *package, char *const *argv, mj_arena *arena, mj_err *err)
{
    const mj_tool tool = {.folder = check->folder, .log = log, .package = package,
                          .limit_s = check->limit_s > 0 ? check->limit_s : LIMIT_DEFAULT_S};
    return mj_tool_run(said, &tool, argv, arena, err);
}

static mj_status folder_make(const mj_crosscheck *check, mj_err *err)
{
    if (mkdir(check->folder, 0777) != 0 && errno != EEXIST) {
        return mj_err_add(err, MJ_EFILE, check->folder, 0, 0, "cannot make this folder: %s",
                          strerror(errno));
    }
    return MJ_OK;
}

static mj_status draft_open(mj_draft *draft, const mj_crosscheck *check, const char *name,
                            mj_arena *arena, mj_err *err)
{
    const char *path = mj_arena_printf(arena, "%s/%s", check->folder, name);
    MJ_TRY(folder_make(check, err));
    return path ? mj_draft_open(draft, path, err) : no_memory(err);
}

/* FOLDER/cells.lib -> the library. */
static mj_status library_link(const mj_netlist *netlist, const mj_crosscheck *check, mj_arena *arena,
                              mj_err *err)
{
    char whole[PATH_MAX];
    const char *path = mj_arena_printf(arena, "%s/cells.lib", check->folder);
    if (!path) {
        return no_memory(err);
    }
    if (!realpath(netlist->liberty->path, whole)) {
        return mj_err_add(err, MJ_EFILE, netlist->liberty->path, 0, 0, "%s", strerror(errno));
    }
    unlink(path);
    if (symlink(whole, path) != 0) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot link the library: %s", strerror(errno));
    }
    return MJ_OK;
}

/* Up to n numbers after the word that begins a line, or -1 for each that is not there. */
static void numbers_after(double *number, int n, const char *said, const char *word)
{
    const char *line = strstr(said, word);
    while (line && line > said && line[-1] != '\n') {
        line = strstr(line + 1, word);
    }
    line = line ? line + strlen(word) : "";
    for (int i = 0; i < n; i++) {
        line += strspn(line, " \t");
        size_t length = mj_text_number(line, &number[i]);
        number[i] = length > 0 ? number[i] : -1;
        line += length;
    }
}

/* The number in front of "data arrival time". */
static double arrival_ns(const char *said)
{
    double number = -1;
    const char *end = strstr(said, "data arrival time"), *line = end;
    while (line && line > said && line[-1] != '\n') {
        line--;
    }
    if (line) {
        line += strspn(line, " ");
        number = mj_text_number(line, &number) > 0 ? number : -1;
    }
    return number;
}

static mj_status sta_read(mj_sta_figures *sta, const char *said, const char *log, mj_err *err)
{
    double power_W[4];
    numbers_after(power_W, 4, said, "Total");
    const double delay_ns = arrival_ns(said);
    const char *trouble = strstr(said, "Error");
    trouble = trouble ? trouble : strstr(said, "not found");
    if (trouble || !(power_W[3] > 0) || delay_ns < 0) {
        return mj_err_add(err, MJ_ETOOL, log, 0, 0, "sta: %.*s",
                          trouble ? (int)strcspn(trouble, "\n") : 40,
                          trouble ? trouble : "no power, or no longest path");
    }
    *sta = (mj_sta_figures){.internal_J = power_W[0] * CLOCK_S / 2, .switching_J = power_W[1] * CLOCK_S,
                            .leakage_W = power_W[2], .delay_s = delay_ns * 1e-9};
    return MJ_OK;
}

static mj_status sta_own(mj_sta_figures *own, const mj_netlist *netlist, mj_arena *arena, mj_err *err)
{
    mj_timing timing;
    mj_energy energy;
    const mj_wiring no_wires = {0};
    uint64_t *toggles = mj_arena_array(arena, (size_t)netlist->n_nets, sizeof *toggles);
    if (!toggles) {
        return no_memory(err);
    }
    for (int i = MJ_NET_FIRST; i < netlist->n_nets; i++) {
        toggles[i] = ACTIVITY_TOGGLES;
    }
    MJ_TRY(mj_timing_compute(&timing, netlist, &no_wires, arena, err));
    MJ_TRY(mj_energy_compute(&energy, netlist, &timing, toggles, NULL, err));
    *own = (mj_sta_figures){.switching_J = energy.switching_J / (double)ACTIVITY_CYCLES,
                            .internal_J = energy.internal_J / (double)ACTIVITY_CYCLES,
                            .leakage_W = energy.leakage_W, .delay_s = timing.worst_s};
    return MJ_OK;
}

mj_status mj_crosscheck_sta(mj_sta_figures *own, mj_sta_figures *sta, const mj_netlist *netlist,
                            const mj_crosscheck *check, mj_arena *arena, mj_err *err)
{
    char program[] = "sta", quiet[] = "-no_splash", leave[] = "-exit", script[] = "sta.tcl";
    char *argv[] = {program, quiet, leave, script, NULL};
    const char *said = NULL;
    mj_draft draft;
    MJ_TRY(sta_own(own, netlist, arena, err));
    MJ_TRY(draft_open(&draft, check, "sta.tcl", arena, err));
    fputs(sta_script, draft.out);
    MJ_TRY(mj_draft_close(&draft, err));
    MJ_TRY(draft_open(&draft, check, "sta.v", arena, err));
    mj_netlist_write_cells(draft.out, netlist);
    MJ_TRY(mj_draft_close(&draft, err));
    MJ_TRY(library_link(netlist, check, arena, err));
    MJ_TRY(tool_run(&said, check, "sta.log", "opensta", argv, arena, err));
    return sta_read(sta, said, mj_arena_printf(arena, "%s/sta.log", check->folder), err);
}

/* Toggles of what cells drive. */
static mj_status glitches_own(uint64_t *own, const mj_netlist *netlist, const mj_timing *timing,
                              const uint64_t *input, int n_vectors, mj_arena *arena, mj_err *err)
{
    uint64_t *toggles = mj_arena_array(arena, (size_t)netlist->n_nets, sizeof *toggles);
    if (!toggles) {
        return no_memory(err);
    }
    MJ_TRY(mj_simulate_events(NULL, toggles, NULL, netlist, timing, input, n_vectors, arena, err));
    *own = 0;
    for (int i = 0; i < netlist->n_instances; i++) {
        const mj_instance *x = &netlist->instance[i];
        for (int p = 0; p < x->cell->n_outputs; p++) {
            *own += x->output[p] >= 0 ? toggles[x->output[p]] : 0;
        }
    }
    return MJ_OK;
}

mj_status mj_crosscheck_glitches(mj_glitch_figures *figures, const mj_netlist *netlist,
                                 const mj_timing *timing, const uint64_t *input, int n_vectors,
                                 const mj_crosscheck *check, mj_arena *arena, mj_err *err)
{
    char compiler[] = "iverilog", language[] = "-g2012", delays[] = "-gspecify", to[] = "-o",
         compiled[] = "bench.vvp", source[] = "bench.v", runner[] = "vvp", batch[] = "-n";
    char *compile[] = {compiler, language, delays, to, compiled, source, NULL};
    char *run[] = {runner, batch, compiled, NULL};
    const char *said = NULL;
    double toggles;
    mj_draft draft;
    MJ_TRY(glitches_own(&figures->own, netlist, timing, input, n_vectors, arena, err));
    MJ_TRY(draft_open(&draft, check, "bench.v", arena, err));
    mj_netlist_write_bench(draft.out, netlist, timing, input, n_vectors);
    MJ_TRY(mj_draft_close(&draft, err));
    MJ_TRY(tool_run(&said, check, "iverilog.log", "iverilog", compile, arena, err));
    MJ_TRY(tool_run(&said, check, "vvp.log", "iverilog", run, arena, err));
    numbers_after(&toggles, 1, said, "toggles");
    figures->iverilog = toggles < 0 ? 0 : (uint64_t)toggles;
    return toggles >= 0 ? MJ_OK
                        : mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "vvp did not count: see vvp.log in %s",
                                     check->folder);
}
