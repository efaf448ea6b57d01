/* LUT folder: the network that a realised circuit is, beside its netlist, with what is known of its worth.
 * mj realize writes it into the folder, for what a netlist no longer says: which gates are one table, and
 * what the answers to the vectors should be.
 *
 *   network.safetensors
 *     nodes   I32 [nodes, 9]     number of inputs, six inputs (0 beyond), table, low and high half
 *     outputs I32 [1, outputs]   groups I32 [1, groups + 1]                          (lut_net.h)
 *     labels  I32 [1, vectors]   the right answer to each vector; not there for random ones
 *     texts   scale              of a score in training, nats
 *             metric, quality    "accuracy", and its number; not there if the model states none */
#ifndef MJ_LUT_FOLDER_H
#define MJ_LUT_FOLDER_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/lut_net.h"
#include "mj/manifest.h"

#define MJ_LUT_NETWORK "network.safetensors"

typedef struct {
    mj_lut_net net; /* its scale is that of training */
    const int *label;   /* [n_labels]; NULL: not known */
    int n_labels;
    const char *metric; /* NULL: not known */
    double quality;
} mj_lut_folder;

mj_status mj_lut_folder_save(const mj_lut_folder *from, const char *folder, mj_arena *arena, mj_err *err);

/* MJ_EFILE where the folder has none (of an earlier mj), MJ_ERANGE if it is not the one of the manifest or
 * does not belong to its ports and vectors. */
mj_status mj_lut_folder_load(mj_lut_folder *to, const mj_manifest *manifest, const char *folder, mj_arena *arena,
                             mj_err *err);

/* The first n of the vectors, 64 a word, the first in the lowest bit: (*input) [n_inputs, (n + 63) / 64]. */
mj_status mj_lut_folder_inputs(uint64_t **input, const mj_manifest *manifest, const char *folder, int n,
                               mj_arena *arena, mj_err *err);

#endif
