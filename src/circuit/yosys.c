/* Yosys: its two scripts.
 *
 * Mapping keeps core and read-out apart until the end, so that the core's netlist can be proven by itself
 * and every cell of the whole says by its name which part it belongs to. Names are given before the
 * files are written, and all files come from that one state: a later write would name cells anew.
 *
 * The library is read first as black boxes, so that the checks know which pins of a cell drive. Proof:
 * the cells' functions, as the library states them, flattened into the netlist; a miter that is 1 where
 * the two differ; and a search for inputs that make it 1. A read-out is not proven: a counter of 100
 * bits is out of reach of such a search, so it is simulated (proof.h). */
#include "mj/yosys.h"

#include <string.h>

#include "mj/draft.h"
#include "tool.h"

const char *const mj_verdict_names[MJ_VERDICTS_N + 1] = {"proved", "disproved", "undecided", NULL};

/* %s: the name that modules begin with. */
static const char map_script[] =
    "read_liberty -lib -ignore_miss_func cells.lib\n"
    "read_verilog core.v readout.v top.v adders_cells.v\n"
    "hierarchy -check -top %1$s_top\n"
    "setattr -mod -set keep_hierarchy 1 %1$s_core %1$s_readout\n"
    "proc\n"
    "flatten\n"
    "opt\n"
    "alumacc\n"
    "opt\n"
    "techmap\n"
    "opt\n"
    "abc -liberty cells.lib\n"
    "setundef -zero\n"
    "opt_clean -purge\n"
    "rename -enumerate\n"
    "select %1$s_core\n"
    "write_verilog -noattr -noexpr -nodec -selected core_gate.v\n"
    "json -o core_gate.json\n"
    "select -clear\n"
    "setattr -mod -unset keep_hierarchy %1$s_core %1$s_readout\n"
    "flatten\n"
    "opt_clean -purge\n"
    "check -assert\n"
    "write_verilog -noattr -noexpr -nodec gate.v\n"
    "write_json gate.json\n";

static const char prove_script[] =
    "read_verilog core.v\n"
    "hierarchy -top %1$s_core\n"
    "proc\n"
    "opt_clean\n"
    "rename %1$s_core gold\n"
    "design -stash gold\n"
    "read_liberty -ignore_miss_func cells.lib\n"
    "read_verilog core_gate.v\n"
    "hierarchy -check -top %1$s_core\n"
    "flatten\n"
    "opt_clean\n"
    "rename %1$s_core gate\n"
    "design -stash gate\n"
    "design -copy-from gold -as gold gold\n"
    "design -copy-from gate -as gate gate\n"
    "miter -equiv -flatten gold gate miter\n"
    "hierarchy -top miter\n"
    "sat -verify -prove trigger 0 -timeout %2$d miter\n";

static mj_status write_script(const mj_yosys_job *job, const char *file, const char *text,
                              mj_arena *arena, mj_err *err)
{
    mj_draft draft;
    const char *path = mj_arena_printf(arena, "%s/%s", job->folder, file);
    if (!path) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a script");
    }
    MJ_TRY(mj_draft_open(&draft, path, err));
    fprintf(draft.out, text, job->name, (int)job->limit_s);
    return mj_draft_close(&draft, err);
}

static mj_status run(const char **said, const mj_yosys_job *job, const char *log, const char *script,
                     double limit_s, mj_arena *arena, mj_err *err)
{
    char *argv[] = {(char[]){"yosys"}, (char[]){"-Q"}, (char[]){"-T"}, (char[]){"-s"},
                    mj_arena_text(arena, script, strlen(script)), NULL};
    const mj_tool tool = {.folder = job->folder, .log = log, .package = "yosys", .limit_s = limit_s};
    return argv[4] ? mj_tool_run(said, &tool, argv, arena, err)
                   : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a name");
}

mj_status mj_yosys_map(const mj_yosys_job *job, mj_arena *arena, mj_err *err)
{
    const char *said;
    MJ_TRY(write_script(job, "synth.ys", map_script, arena, err));
    return run(&said, job, "synth.log", "synth.ys", job->limit_s, arena, err);
}

/* The search ends itself when its time is up; the limit of the process is for what comes before. */
mj_status mj_yosys_prove(mj_verdict *verdict, const mj_yosys_job *job, mj_arena *arena, mj_err *err)
{
    const char *said;
    mj_err why = {0};
    *verdict = MJ_UNDECIDED;
    MJ_TRY(write_script(job, "prove.ys", prove_script, arena, err));
    mj_status status = run(&said, job, "prove.log", "prove.ys", 2 * job->limit_s, arena, &why);
    if (status == MJ_OK && strstr(said, "no model found: SUCCESS")) {
        *verdict = MJ_PROVED;
    } else if (status == MJ_OK) {
        return mj_err_add(err, MJ_ETOOL, NULL, 0, 0,
                          "yosys ended without a word on the core's proof; %s/prove.log has what it said",
                          job->folder);
    } else if (said && strstr(said, "proof did fail")) {
        *verdict = MJ_DISPROVED;
    } else if (!said || !strstr(said, "proof did time out")) {
        for (int i = 0; i < why.n; i++) {
            mj_err_add(err, why.diag[i].code, why.diag[i].file, 0, 0, "%s", why.diag[i].text);
        }
        return status;
    }
    return MJ_OK;
}
