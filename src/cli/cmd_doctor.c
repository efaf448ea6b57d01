/* mj doctor: what is here and what is missing, with the package that would bring it.
 *
 * Nothing it names is needed by `mj bill`: a missing tool is a note, not a failure. Tools are
 * looked for in PATH, never run; a cell library is looked for where its package puts it. */
#include "commands.h"
#include "config.h"
#include "mj/json.h"
#include "options.h"
#include "version.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file, not a program. */
#define CELLS "/usr/share/qflow/tech/osu018/osu018_stdcells.lib"

/* Debian's names. */
static const struct {
    const char *program, *package, *purpose;
} tools[] = {
    {"ngspice", "ngspice", "analogue circuits"},
    {"yosys", "yosys", "logic synthesis"},
    {CELLS, "qflow-tech-osu018", "cells of 180 nm"},
    {"verilator", "verilator", "logic simulation, fast"},
    {"g++", "g++", "compiles for verilator"},
    {"make", "make", "builds for verilator"},
    {"iverilog", "iverilog", "logic simulation at gate level"},
    {"sta", "opensta", "timing and power of gates"},
    {"bible", "bible-kjv", "the text that language models learn"},
    {"chromium", "chromium", "tests of the page"},
    {"mpirun", "openmpi-bin", "search on many machines"},
};
enum { TOOLS_N = sizeof tools / sizeof tools[0] };

/* Writes the path of `program` found in PATH, or of the file if it is a path; false if there is none. */
static bool find_program(char *path, size_t size, const char *program)
{
    if (program[0] == '/') {
        snprintf(path, size, "%s", program);
        return access(path, R_OK) == 0;
    }
    const char *p = getenv("PATH");
    while (p != NULL && *p != '\0') {
        size_t length = strcspn(p, ":");
        int n = snprintf(path, size, "%.*s/%s", (int)length, p, program);
        if (n > 0 && (size_t)n < size && access(path, X_OK) == 0) {
            return true;
        }
        p += length + (p[length] == ':');
    }
    return false;
}

/* The first "model name" of /proc/cpuinfo; "unknown" where the system does not say. */
static void read_cpu_name(char *name, size_t size)
{
    snprintf(name, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (file == NULL) {
        return;
    }
    char line[512];
    while (fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(name, size, "%s", colon + 1 + strspn(colon + 1, " "));
            break;
        }
    }
    fclose(file);
}

/* The vector instructions that the kernels have variants for. */
static const char *cpu_features(void)
{
#if defined(__x86_64__)
    static char text[64];
    __builtin_cpu_init();
    snprintf(text, sizeof text, "%s%s%s", __builtin_cpu_supports("avx2") ? "avx2 " : "",
             __builtin_cpu_supports("fma") ? "fma " : "",
             __builtin_cpu_supports("avx512f") ? "avx512f" : "");
    return text[0] != '\0' ? text : "none beyond SSE2";
#elif defined(__aarch64__)
    return "neon";
#else
    return "none known";
#endif
}

typedef struct {
    const char *data, *features;
    char cpu[256];
    long cores;
} machine;

void mj_version_set(mj_json *root)
{
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "version", MJ_VERSION);
    mj_json_set_text(root, "commit", MJ_COMMIT);
    mj_json_set_text(root, "build", MJ_BUILD_TYPE);
    mj_json_set_text(root, "compiler", MJ_COMPILER);
}

static int print_json(mj_context *context, const machine *here)
{
    mj_json *root = mj_json_object();
    mj_version_set(root);
    mj_json_set_text(root, "data", here->data);
    mj_json_set_text(root, "cpu", here->cpu);
    mj_json_set_integer(root, "cores", here->cores);
    mj_json_set_text(root, "vector", here->features);
    mj_json *list = mj_json_array();
    for (int i = 0; i < TOOLS_N; i++) {
        char path[PATH_MAX];
        bool found = find_program(path, sizeof path, tools[i].program);
        mj_json *tool = mj_json_object();
        mj_json_set_text(tool, "tool", tools[i].program);
        mj_json_set_text(tool, "path", found ? path : NULL);
        mj_json_set_text(tool, "package", tools[i].package);
        mj_json_append(list, tool);
    }
    mj_json_set(root, "tools", list);
    mj_status status = mj_json_print(root, stdout, &context->err);
    mj_json_free(root);
    return status == MJ_OK ? MJ_EXIT_OK : mj_context_fail(context);
}

static void print_for_people(const machine *here)
{
    printf("mj %s (%s), %s build, %s\n", MJ_VERSION, MJ_COMMIT, MJ_BUILD_TYPE, MJ_COMPILER);
    printf("data     %s\n", here->data != NULL ? here->data : "missing");
    printf("machine  %s, %ld cores, %s\n\n", here->cpu, here->cores, here->features);
    char missing[256] = "";
    for (int i = 0; i < TOOLS_N; i++) {
        char path[PATH_MAX];
        bool found = find_program(path, sizeof path, tools[i].program);
        const char *slash = strrchr(tools[i].program, '/');
        const char *name = slash != NULL ? tools[i].package : tools[i].program;
        printf("  %-18s %-32s %s\n", name, tools[i].purpose,
               found ? path : "not here");
        if (!found) {
            size_t used = strlen(missing);
            snprintf(missing + used, sizeof missing - used, " %s", tools[i].package);
        }
    }
    if (missing[0] != '\0') {
        printf("\nmj bill needs none of them. To install what is missing:\n"
               "  sudo apt-get install%s\n", missing);
    }
}

int mj_cmd_doctor(mj_context *context, int argc, char **argv)
{
    const mj_usage usage = {
        .sentence = "",
        .about = "Says which data, machine and optional tools are here, and which Debian package\n"
                 "brings a missing one.",
        .refuses = "csv facts verbose",
        .example = "mj doctor",
    };
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "doctor", &usage, NULL, argc, argv)) {
        return exit_code;
    }
    machine here = {.data = mj_context_path(context, "."), .features = cpu_features(),
                    .cores = sysconf(_SC_NPROCESSORS_ONLN)};
    here.data = here.data != NULL ? context->data_dir : NULL;
    read_cpu_name(here.cpu, sizeof here.cpu);
    if (context->globals.json) {
        return print_json(context, &here);
    }
    print_for_people(&here);
    return MJ_EXIT_OK;
}
