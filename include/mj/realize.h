/* Realise: a hard network of look-up tables as a circuit in a folder.
 *
 *   core.v readout.v adders.v top.v   Verilog (verilog.h); check.v joins them for a simulator
 *   vectors.bin expected.bin          inputs, and what the network makes of them (vectors.h)
 *   network.safetensors               the network, and what the answers should be (lut_folder.h)
 *   cells.lib                         a link to the library
 *   adders_cells.v                    the adders, of cells of the library
 *   core_gate.v core_gate.json        the core on cells (yosys.h)
 *   gate.v gate.json                  core and read-out on cells, flat
 *   synth.ys synth.log                how
 *   manifest.json                     what all this is (manifest.h) */
#ifndef MJ_REALIZE_H
#define MJ_REALIZE_H

#include "mj/liberty.h"
#include "mj/manifest.h"
#include "mj/vectors.h"
#include "mj/verilog.h"

/* Where Debian puts the library that is taken when none is named, its package and its node. */
#define MJ_LIBERTY_DEFAULT "/usr/share/qflow/tech/osu018/osu018_stdcells.lib"
#define MJ_LIBERTY_PACKAGE "qflow-tech-osu018"

typedef struct {
    const char *folder;  /* made if it is not there; must be empty */
    const char *model;   /* its name, for people */
    const char *path;    /* its file, to be hashed; may be NULL */
    const char *version, *commit; /* of mj; may be NULL */
    const char *liberty; /* path; NULL: the default */
    double node_m;       /* of the library; 0: that of the default library, else not known */
    bool naive;          /* verilog.h */
    const mj_vectors *vectors; /* NULL: n_vectors random ones */
    const char *vectors_from;  /* what they are of */
    const int *label;          /* [vectors]: the right answers, each a group; NULL: not known */
    double train_scale;        /* of a score in training, nats */
    const char *metric;        /* of the model's quality, "accuracy"; NULL: not known */
    double quality;
    int n_vectors;
    uint64_t seed;
    double limit_s;      /* of yosys; 0: 600 */
} mj_realize_config;

/* Writes all of it. Where a tool or the library is missing or fails, MJ_ETOOL; what can be written
 * without it is then there, with a manifest that says so. MJ_EFILE for a folder that is not empty. */
mj_status mj_realize_verilog(mj_manifest *manifest, const mj_lut_net *net,
                             const mj_realize_config *config, mj_arena *arena, mj_err *err);

/* The smallest cells that add: sum and carry of three inputs, of two. `cell` NULL where there is none. */
void mj_adder_cells_find(mj_adder_cell *full, mj_adder_cell *half, const mj_liberty *liberty);

/* The line that yosys or verilator prints of its version; MJ_ETOOL. */
mj_status mj_tool_version(const char **version, const char *program, mj_arena *arena, mj_err *err);

#endif
