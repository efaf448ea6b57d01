/* Verilator: the Verilog compiled to C++ with a main of ours, which reads vectors and writes results.
 *
 * One program for all vectors, whatever the network: rows of bits are copied as they are into the port x,
 * whose words the little end comes first of, and out of y.
 *
 * The private folder is not below the circuit's but reaches it by a link: make cannot work under a path with
 * a blank. */
#define _GNU_SOURCE /* nftw */
#include "mj/verilator.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mj/draft.h"
#include "tool.h"

enum { OPEN_FOLDERS = 8 };

/* After the class Top, the number of vectors and the bytes of a row. */
static const char program[] =
    "#include <cstdio>\n"
    "#include <cstring>\n"
    "int main()\n"
    "{\n"
    "    static char in[IN_B], out[OUT_B];\n"
    "    VerilatedContext context;\n"
    "    Top top(&context);\n"
    "    std::FILE *from = std::fopen(\"circuit/vectors.bin\", \"rb\");\n"
    "    std::FILE *to = std::fopen(\"result.bin\", \"wb\");\n"
    "    if (!from || !to) {\n"
    "        return 1;\n"
    "    }\n"
    "    std::memset((void *)&top.x, 0, sizeof top.x);\n"
    "    for (int i = 0; i < VECTORS; i++) {\n"
    "        if (std::fread(in, sizeof in, 1, from) != 1) {\n"
    "            return 1;\n"
    "        }\n"
    "        std::memcpy((void *)&top.x, in, sizeof in);\n"
    "        top.eval();\n"
    "        std::memcpy(out, (const void *)&top.y, sizeof out);\n"
    "        std::fwrite(out, sizeof out, 1, to);\n"
    "    }\n"
    "    return std::fclose(to) != 0;\n"
    "}\n";

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static mj_status write_program(const mj_verilator_job *job, const char *path, mj_err *err)
{
    mj_draft draft;
    MJ_TRY(mj_draft_open(&draft, path, err));
    fprintf(draft.out, "#include \"V%s_check.h\"\ntypedef V%s_check Top;\n", job->name, job->name);
    fprintf(draft.out, "enum { VECTORS = %d, IN_B = %zu, OUT_B = %zu };\n", job->n,
            ((size_t)job->n_inputs + 7) / 8, ((size_t)job->n_checked + 7) / 8);
    fputs(program, draft.out);
    return mj_draft_close(&draft, err);
}

/* Little optimisation: compiling takes longer than ten thousand vectors. */
static mj_status build(const mj_verilator_job *job, const char *folder, mj_arena *arena, mj_err *err)
{
    const char *said;
    char *top = mj_arena_printf(arena, "%s_check", job->name);
    char *argv[] = {(char[]){"verilator"}, (char[]){"--cc"}, (char[]){"--exe"}, (char[]){"--build"},
                    (char[]){"-O3"}, (char[]){"-Wno-fatal"}, (char[]){"-Wno-lint"},
                    (char[]){"-CFLAGS"}, (char[]){"-O0"}, (char[]){"--top-module"}, top,
                    (char[]){"--Mdir"}, (char[]){"obj"}, (char[]){"-o"}, (char[]){"check"},
                    (char[]){"circuit/core.v"}, (char[]){"circuit/readout.v"}, (char[]){"circuit/adders.v"},
                    (char[]){"circuit/check.v"}, (char[]){"check.cpp"}, NULL};
    const mj_tool tool = {.folder = folder, .log = "verilator.log", .log_folder = job->folder,
                          .package = "verilator and g++", .limit_s = job->limit_s};
    return top ? mj_tool_run(&said, &tool, argv, arena, err)
               : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a name");
}

static mj_status run_in(mj_vectors *out, const mj_verilator_job *job, const char *folder,
                        mj_arena *arena, mj_err *err)
{
    const char *said, *source = mj_arena_printf(arena, "%s/check.cpp", folder);
    const char *result = mj_arena_printf(arena, "%s/result.bin", folder);
    if (!source || !result) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a path");
    }
    MJ_TRY(write_program(job, source, err));
    MJ_TRY(build(job, folder, arena, err));
    char *argv[] = {(char[]){"./obj/check"}, NULL};
    const mj_tool tool = {.folder = folder, .limit_s = job->limit_s};
    MJ_TRY(mj_tool_run(&said, &tool, argv, arena, err));
    return mj_vectors_load(out, result, job->n, job->n_checked, arena, err);
}

mj_status mj_verilator_run(mj_vectors *out, const mj_verilator_job *job, mj_arena *arena, mj_err *err)
{
    char whole[PATH_MAX];
    const char *root = job->root ? job->root : "/tmp";
    char *folder = mj_arena_printf(arena, "%s/mj-verilator-XXXXXX", root);
    if (!folder || !mkdtemp(folder)) {
        return mj_err_add(err, MJ_EFILE, root, 0, 0, "no private folder: %s", strerror(errno));
    }
    const char *link = mj_arena_printf(arena, "%s/circuit", folder);
    mj_status status =
        link && realpath(job->folder, whole) && symlink(whole, link) == 0
            ? run_in(out, job, folder, arena, err)
            : mj_err_add(err, MJ_EFILE, job->folder, 0, 0, "cannot be linked to: %s", strerror(errno));
    nftw(folder, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    return status;
}
