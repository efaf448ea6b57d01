/* A look-up memory while it is trained: what a save holds of it, and where its copies stand. */
#ifndef MJ_TRAIN_LOOKUP_STATE_H
#define MJ_TRAIN_LOOKUP_STATE_H

#include "mj/checkpoint.h"
#include "mj/corpus.h"
#include "mj/lookup_text.h"

mj_status mj_lookup_state_add(mj_checkpoint *to, const mj_lookup_text *text, mj_err *err);
mj_status mj_lookup_state_read(mj_lookup_text *text, const mj_checkpoint *from, mj_err *err);

/* text remembers what is read; trace [n] of each copy index: where it stands before each symbol. */
mj_status mj_lookup_trace(mj_copy_place *trace[MJ_COPIES_MAX], mj_lookup_text *text,
                          const mj_symbols *read, mj_arena *arena, mj_err *err);

#endif
