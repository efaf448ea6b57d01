/* Manifest: what lies in the folder of a realised circuit, and how it came to be (manifest.json).
 *
 * mj realize writes it, mj measure reads it. Reading trusts nothing: the names go into scripts and paths,
 * so they must be plain. Circuits in SPICE have manifests of another kind. */
#ifndef MJ_MANIFEST_H
#define MJ_MANIFEST_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/sha256.h"

#include <stdbool.h>
#include <stdint.h>

enum { MJ_MANIFEST_SCHEMA = 1, MJ_MANIFEST_FILES_MAX = 32, MJ_MANIFEST_TOOLS_MAX = 4 };

#define MJ_MANIFEST_FILE "manifest.json"

typedef struct {
    const char *name; /* in the folder */
    char sha256[MJ_SHA256_TEXT];
} mj_manifest_file;

typedef struct {
    const char *program, *version; /* the line that it prints of itself */
} mj_manifest_tool;

/* The score of a group has n_bits bits and counts n_outputs outputs. */
typedef struct {
    int n_outputs, n_bits;
} mj_manifest_group;

/* Plain data, texts in the arena. What is not known is NULL, 0 or, of a hash, "". */
typedef struct {
    const char *kind;  /* "verilog" */
    const char *name;  /* modules are NAME_core, NAME_readout, NAME_top */
    const char *model; /* as the user named it */
    char model_sha256[MJ_SHA256_TEXT];
    const char *version, *commit; /* of mj */
    bool mapped;                  /* gate.v, gate.json, core_gate.* are there */
    bool naive;                   /* the read-out adds with operators */

    /* ports: x0 .. of the core and the whole; y0 .. from core to read-out; s<group>_<bit>; class_<bit> */
    int n_inputs, n_signals, n_groups, n_class_bits;
    mj_manifest_group *group; /* [n_groups] */
    double scale;             /* of a score, in nats; 0: only the largest counts */
    int n_nodes;              /* tables of the network */

    const char *liberty; /* path when it was mapped; the folder has a link to it, cells.lib */
    char liberty_sha256[MJ_SHA256_TEXT];
    double node_m, voltage_V;

    int n_vectors;             /* rows of vectors.bin and expected.bin (vectors.h) */
    const char *vectors_from;  /* "random", or the data they are of */
    uint64_t seed;             /* of random ones */

    int n_files, n_tools;
    mj_manifest_file file[MJ_MANIFEST_FILES_MAX];
    mj_manifest_tool tool[MJ_MANIFEST_TOOLS_MAX];
} mj_manifest;

/* Bits of a row of expected.bin: y, scores, class. */
int mj_manifest_checked_bits(const mj_manifest *manifest);

/* Hashes the file and puts it on the list, or anew on its place. */
mj_status mj_manifest_add_file(mj_manifest *manifest, const char *folder, const char *name,
                               mj_arena *arena, mj_err *err);

/* FOLDER/manifest.json. Reading: MJ_EKEY, MJ_ERANGE, MJ_ESYNTAX for what cannot be one of ours,
 * MJ_ESUPPORT for another kind or a later schema. */
mj_status mj_manifest_save(const mj_manifest *manifest, const char *folder, mj_err *err);
mj_status mj_manifest_load(mj_manifest *manifest, const char *folder, mj_arena *arena, mj_err *err);

/* How many files of the list are not as they were, missing ones included, and the name of the first. */
int mj_manifest_changed(const char **first, const mj_manifest *manifest, const char *folder,
                        mj_arena *arena);

#endif
