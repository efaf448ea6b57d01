/* Realise: the files of a circuit, those that need no tool first.
 *
 * The library is linked, not copied: libraries may be large, and may not be given away. */
#include "mj/realize.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mj/draft.h"
#include "mj/lut_folder.h"
#include "mj/yosys.h"
#include "tool.h"

static const double LIMIT_DEFAULT_S = 600, VERSION_LIMIT_S = 20;
/* Of the default library [osu018]. */
static const double NODE_DEFAULT_m = 180e-9;

/* What the steps share. */
typedef struct {
    mj_manifest *manifest;
    const mj_realize_config *config;
    mj_verilog verilog;
    const mj_readout *readout;
    mj_arena *arena;
    mj_err *err;
} job;

static mj_status no_memory(mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a circuit");
}

/* Made, or empty. */
static mj_status open_folder(const char *folder, mj_err *err)
{
    if (mkdir(folder, 0777) == 0) {
        return MJ_OK;
    }
    DIR *dir = errno == EEXIST ? opendir(folder) : NULL;
    if (!dir) {
        return mj_err_add(err, MJ_EFILE, folder, 0, 0, "no folder can be here: %s", strerror(errno));
    }
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(dir)) != NULL;) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    closedir(dir);
    return empty ? MJ_OK
                 : mj_err_add(err, MJ_EFILE, folder, 0, 0, "the folder is not empty; name a new one");
}

/* The files that verilog.h writes. */
typedef enum { CORE, READOUT, ADDERS, TOP, CHECK, SOURCES_N } source;
static const char *const source_names[SOURCES_N] = {"core.v", "readout.v", "adders.v", "top.v",
                                                    "check.v"};

static mj_status write_adders(FILE *out, const job *j, const mj_adder_cell *full,
                              const mj_adder_cell *half)
{
    return mj_verilog_write_adders(out, &j->verilog, full, half, j->err);
}

static mj_status write_source(FILE *out, const job *j, source which)
{
    const mj_adder_cell none = {NULL};
    switch (which) {
    case CORE:
        mj_verilog_write_core(out, &j->verilog);
        return MJ_OK;
    case READOUT:
        return mj_verilog_write_readout(out, &j->verilog, j->arena, j->err);
    case ADDERS:
        return write_adders(out, j, &none, &none);
    case TOP:
        mj_verilog_write_top(out, &j->verilog);
        return MJ_OK;
    default:
        mj_verilog_write_check(out, &j->verilog);
        return MJ_OK;
    }
}

static mj_status close_source(mj_draft *draft, mj_status status, const job *j, const char *name)
{
    if (status != MJ_OK) {
        mj_draft_abandon(draft);
        return status;
    }
    MJ_TRY(mj_draft_close(draft, j->err));
    return mj_manifest_add_file(j->manifest, j->config->folder, name, j->arena, j->err);
}

static mj_status open_source(mj_draft *draft, const job *j, const char *name)
{
    const char *path = mj_arena_printf(j->arena, "%s/%s", j->config->folder, name);
    return path ? mj_draft_open(draft, path, j->err) : no_memory(j->err);
}

static mj_status write_sources(const job *j)
{
    mj_draft draft;
    for (int i = 0; i < SOURCES_N; i++) {
        MJ_TRY(open_source(&draft, j, source_names[i]));
        MJ_TRY(close_source(&draft, write_source(draft.out, j, (source)i), j, source_names[i]));
    }
    return MJ_OK;
}

static mj_status save_vectors(const job *j, const mj_vectors *vectors, const char *name)
{
    const char *path = mj_arena_printf(j->arena, "%s/%s", j->config->folder, name);
    if (!path) {
        return no_memory(j->err);
    }
    MJ_TRY(mj_vectors_save(vectors, path, j->err));
    return mj_manifest_add_file(j->manifest, j->config->folder, name, j->arena, j->err);
}

static mj_status write_vectors(const job *j)
{
    const mj_realize_config *config = j->config;
    const mj_lut_net *net = j->verilog.net;
    mj_vectors random, expected;
    const mj_vectors *in = config->vectors;
    if (!in) {
        mj_rng rng;
        mj_rng_init(&rng, config->seed, 0);
        MJ_TRY(mj_vectors_new(&random, config->n_vectors, net->n_inputs, j->arena, j->err));
        mj_vectors_fill(&random, &rng);
        in = &random;
    }
    MJ_TRY(mj_vectors_evaluate(&expected, net, j->readout, in, j->arena, j->err));
    MJ_TRY(save_vectors(j, in, "vectors.bin"));
    MJ_TRY(save_vectors(j, &expected, "expected.bin"));
    j->manifest->n_vectors = in->n;
    j->manifest->vectors_from = config->vectors ? config->vectors_from : "random";
    j->manifest->seed = config->vectors ? 0 : config->seed;
    return MJ_OK;
}

static mj_status write_network(const job *j)
{
    const mj_realize_config *config = j->config;
    mj_lut_folder network = {.net = *j->verilog.net, .metric = config->metric, .quality = config->quality};
    network.net.scale = config->train_scale;
    if (config->vectors && config->label) {
        network.label = config->label;
        network.n_labels = config->vectors->n;
    }
    MJ_TRY(mj_lut_folder_save(&network, config->folder, j->arena, j->err));
    return mj_manifest_add_file(j->manifest, config->folder, MJ_LUT_NETWORK, j->arena, j->err);
}

/* What is known before any file is written. */
static mj_status describe(const job *j)
{
    mj_manifest *m = j->manifest;
    const mj_lut_net *net = j->verilog.net;
    const mj_readout *readout = j->readout;
    const mj_realize_config *config = j->config;
    *m = (mj_manifest){.kind = "verilog", .name = j->verilog.name, .model = config->model,
                       .version = config->version, .commit = config->commit, .naive = config->naive,
                       .n_inputs = net->n_inputs, .n_signals = readout->n_signals,
                       .n_groups = readout->n_groups, .n_class_bits = readout->n_class_bits,
                       .scale = net->scale, .n_nodes = net->n_nodes};
    m->name = mj_arena_text(j->arena, j->verilog.name, strlen(j->verilog.name));
    m->group = mj_arena_array(j->arena, (size_t)m->n_groups, sizeof *m->group);
    if (!m->name || !m->group) {
        return no_memory(j->err);
    }
    for (int g = 0; g < m->n_groups; g++) {
        m->group[g] = (mj_manifest_group){.n_outputs = net->group[g + 1] - net->group[g],
                                          .n_bits = readout->group[g].n_bits};
    }
    return config->path ? mj_sha256_file(m->model_sha256, config->path, j->err) : MJ_OK;
}

static bool has_pins(const mj_liberty_cell *cell, int n_inputs, mj_adder_cell *adder, uint64_t sum,
                     uint64_t carry)
{
    if (cell->refusal || cell->n_inputs != n_inputs || cell->n_outputs != 2) {
        return false;
    }
    int first_is_sum = cell->output[0].table == sum;
    const mj_liberty_output *s = &cell->output[!first_is_sum], *c = &cell->output[first_is_sum];
    *adder = (mj_adder_cell){.cell = cell->name, .sum = s->name, .carry = c->name};
    for (int i = 0; i < n_inputs; i++) {
        adder->in[i] = cell->input[i].name;
    }
    return s->table == sum && c->table == carry;
}

void mj_adder_cells_find(mj_adder_cell *full, mj_adder_cell *half, const mj_liberty *liberty)
{
    /* Tables over inputs 0, 1, 2, repeated to fill the word: parity and majority, XOR and AND. */
    static const uint64_t parity = 0x9696969696969696, majority = 0xe8e8e8e8e8e8e8e8,
                          exclusive_or = 0x6666666666666666, both = 0x8888888888888888;
    double full_m2 = 0, half_m2 = 0;
    *full = *half = (mj_adder_cell){.cell = NULL};
    for (int i = 0; i < liberty->n_cells; i++) {
        const mj_liberty_cell *cell = &liberty->cell[i];
        mj_adder_cell found;
        if (has_pins(cell, 3, &found, parity, majority) && (!full->cell || cell->area_m2 < full_m2)) {
            *full = found;
            full_m2 = cell->area_m2;
        }
        if (has_pins(cell, 2, &found, exclusive_or, both) &&
            (!half->cell || cell->area_m2 < half_m2)) {
            *half = found;
            half_m2 = cell->area_m2;
        }
    }
}

static mj_status link_library(const job *j, const char *path)
{
    char real[PATH_MAX];
    const char *link = mj_arena_printf(j->arena, "%s/cells.lib", j->config->folder);
    if (!link) {
        return no_memory(j->err);
    }
    if (!realpath(path, real) || symlink(real, link) != 0) {
        return mj_err_add(j->err, MJ_EFILE, path, 0, 0, "cannot be linked to: %s", strerror(errno));
    }
    j->manifest->liberty = mj_arena_text(j->arena, real, strlen(real));
    return j->manifest->liberty ? mj_sha256_file(j->manifest->liberty_sha256, real, j->err)
                                : no_memory(j->err);
}

/* Reads the library, and writes the adders of its cells. */
static mj_status use_library(const job *j)
{
    mj_liberty liberty;
    mj_adder_cell full, half;
    mj_draft draft;
    const mj_realize_config *config = j->config;
    const char *path = config->liberty ? config->liberty : MJ_LIBERTY_DEFAULT;
    if (!config->liberty && access(path, R_OK) != 0) {
        return mj_err_add(j->err, MJ_ETOOL, path, 0, 0,
                          "no cell library; it is in the package " MJ_LIBERTY_PACKAGE
                          ", another one is named with --liberty");
    }
    MJ_TRY(mj_liberty_load(&liberty, path, j->arena, j->err));
    j->manifest->voltage_V = liberty.voltage_V;
    j->manifest->node_m = config->node_m > 0 || config->liberty ? config->node_m : NODE_DEFAULT_m;
    MJ_TRY(link_library(j, path));
    mj_adder_cells_find(&full, &half, &liberty);
    MJ_TRY(open_source(&draft, j, "adders_cells.v"));
    return close_source(&draft, write_adders(draft.out, j, &full, &half), j, "adders_cells.v");
}

mj_status mj_tool_version(const char **version, const char *program, mj_arena *arena, mj_err *err)
{
    bool is_yosys = strcmp(program, "yosys") == 0;
    char *name = mj_arena_text(arena, program, strlen(program));
    char *argv[] = {name, is_yosys ? (char[]){"-V"} : (char[]){"--version"}, NULL};
    const mj_tool tool = {.package = program, .limit_s = VERSION_LIMIT_S};
    if (!name) {
        return no_memory(err);
    }
    MJ_TRY(mj_tool_run(version, &tool, argv, arena, err));
    *version = mj_arena_text(arena, *version, strcspn(*version, "\n"));
    return *version ? MJ_OK : no_memory(err);
}

static mj_status map(const job *j)
{
    static const char *const made[] = {"synth.ys", "core_gate.v", "core_gate.json", "gate.v",
                                       "gate.json"};
    const mj_realize_config *config = j->config;
    mj_manifest *m = j->manifest;
    const mj_yosys_job run = {.folder = config->folder, .name = m->name,
                              .limit_s = config->limit_s > 0 ? config->limit_s : LIMIT_DEFAULT_S};
    m->tool[0].program = "yosys";
    MJ_TRY(mj_tool_version(&m->tool[0].version, "yosys", j->arena, j->err));
    m->n_tools = 1;
    MJ_TRY(mj_yosys_map(&run, j->arena, j->err));
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        MJ_TRY(mj_manifest_add_file(m, config->folder, made[i], j->arena, j->err));
    }
    m->mapped = true;
    return MJ_OK;
}

mj_status mj_realize_verilog(mj_manifest *manifest, const mj_lut_net *net,
                             const mj_realize_config *config, mj_arena *arena, mj_err *err)
{
    mj_readout readout;
    job j = {.manifest = manifest, .config = config, .readout = &readout, .arena = arena, .err = err,
             .verilog = {.net = net, .readout = &readout, .naive = config->naive}};
    mj_verilog_name(j.verilog.name, config->model);
    MJ_TRY(mj_readout_plan(&readout, net, arena, err));
    MJ_TRY(describe(&j));
    MJ_TRY(open_folder(config->folder, err));
    MJ_TRY(write_sources(&j));
    MJ_TRY(write_vectors(&j));
    MJ_TRY(write_network(&j));
    mj_status status = use_library(&j);
    status = status == MJ_OK ? map(&j) : status;
    mj_status saved = mj_manifest_save(manifest, config->folder, err);
    return status != MJ_OK ? status : saved;
}
