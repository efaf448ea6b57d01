/* The file of a trained look-up-table network: the hard, pruned network and what it reads.
 *
 *   lut.sizes   U8 [nodes]        inputs of each table
 *   lut.wires   I32 [1, wires]    signals, node by node (lut_net.h)
 *   lut.tables  U8 [1, bytes]     2^inputs bits a node, whole bytes, lowest bit first
 *   lut.outputs I32 [1, outputs], lut.groups I32 [1, groups + 1]; the text lut.scale
 *   encoder     I32 [inputs, 3]   feature, question, operand (lut_encoder.h)
 *   alphabet    U8 [bytes]        of a model of text
 *   code        I32 [decisions, 2], lut.slope F32 [1, groups]   of a model of text by decisions (symbol_tree.h)
 * and the texts width, height and classes of a model of images, lut.nominal the tables before pruning. The
 * recipe, which is in every file of mj, says what the features are and what the scores mean. */
#ifndef MJ_LUT_FILE_H
#define MJ_LUT_FILE_H

#include "mj/checkpoint.h"
#include "mj/corpus.h"
#include "mj/lut_encoder.h"
#include "mj/lut_prune.h"
#include "mj/recipe.h"
#include "mj/symbol_tree.h"

typedef struct {
    mj_recipe recipe;
    mj_lut_net net;
    mj_lut_encoder encoder;
    const mj_alphabet *alphabet;  /* of text; else NULL */
    const mj_symbol_tree *tree;   /* of text by decisions; else NULL */
    int width, height, n_classes; /* of images; else 0 */
    const char *data;             /* what it was trained on */
    int n_nominal;                /* tables before pruning */
    double stored_B;
} mj_lut_model;

/* True if the file says that it is a look-up-table network with one of these objectives (a bit each). */
bool mj_lut_file_is(const char *path, unsigned objectives, const mj_units *units, mj_arena *arena);
/* Prunes the network, drops inputs that it does not read, adds tensors and texts. The model's net is as
 * it was trained; its encoder is not changed. */
mj_status mj_lut_file_fill(mj_checkpoint *checkpoint, const mj_lut_model *model, mj_arena *arena,
                           mj_err *err);
/* Bits that say what a model is: its network (mj_lut_net_bits), the questions of its encoder, and of decisions
 * their code and their slopes. */
double mj_lut_model_bits(const mj_lut_model *model);
mj_status mj_lut_file_load(mj_lut_model *model, const char *path, const mj_units *units,
                           mj_arena *arena, mj_err *err);

#endif
