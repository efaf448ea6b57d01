/* Trained: what the accountant reads of a model that mj trained.
 *
 * The file is a safetensors file whose text `mj.model` is the model as data/models describes one: the
 * same YAML, written by mj_trained_describe. Only its header is read. What the text claims of the
 * oscillators is held against the tensor of couplings: K [N,N], or [P,N,N] of P segments, or
 * K.packed [P*N, bytes of a row] with the text K.bits. What it claims of a look-up memory is held
 * against rows.packed, rows.levels, head.packed and text (lookup_file.h), of a text net against its
 * embedding, head, turns and blocks (text_net_file.h).
 *
 * A look-up-table network needs no such text: shapes of its tensors say what it is (lut_file.h). */
#ifndef MJ_TRAINED_H
#define MJ_TRAINED_H

#include "mj/model.h"
#include "mj/safetensors.h"

#define MJ_TRAINED_KEY "mj.model"
/* A text that every checkpoint of a run has, and no model. */
#define MJ_RESUME_KEY "adam.step"

/* Resolved. MJ_ESUPPORT for a file without that text or of another kind than oscillators, lookup,
 * text_net and lut_net; MJ_ERANGE where text and tensors disagree. */
mj_status mj_model_from_trained(mj_model *model, const char *path, const mj_units *units,
                                mj_arena *arena, mj_err *err);
/* The text of a model of those kinds, in the arena; NULL when out of memory.
 * Name, shape and format; what is 0 is left out. */
char *mj_trained_describe(const mj_model *model, mj_arena *arena);

#endif
