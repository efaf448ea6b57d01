/* The file of a language model that is a look-up memory.
 *
 *   rows.packed  U8 [rows, bytes]         codes of row_bits each, rows of all tables in their order
 *   rows.levels  F32 [contexts, 2^bits]   a codebook a table
 *   copied       F32 [contexts, classes]  gains by the length of the copy
 *   head, bias   8 bits and F32           where rows are no logits
 *   alphabet     U8 [bytes]
 *   text         U8 [n]                   what the copies remember, if there are any: the training text
 *                                         itself, so that such a file is not to be given away where
 *                                         the text is not; their slots are filled from it
 * A row is stored with its gain by count, which training is over with. */
#ifndef MJ_LOOKUP_FILE_H
#define MJ_LOOKUP_FILE_H

#include "mj/checkpoint.h"
#include "mj/corpus.h"
#include "mj/lookup_text.h"
#include "mj/model.h"
#include "mj/recipe.h"

/* Adds the tensors but the alphabet; they are of the arena or borrowed from text. */
mj_status mj_lookup_file_fill(mj_checkpoint *checkpoint, const mj_lookup_text *text, int row_bits,
                              mj_arena *arena, mj_err *err);
/* The memory of a file with this recipe, alone or beside a net. */
mj_status mj_lookup_file_read(mj_lookup_text **text, const mj_checkpoint *checkpoint,
                              const mj_recipe *recipe, const mj_alphabet *alphabet, mj_arena *arena,
                              mj_err *err);
/* Bytes of rows and head that a symbol reads, as stored; and of the slots, which no file holds. */
double mj_lookup_touched_B(const mj_lookup_text *text, int row_bits);
double mj_lookup_slots_B(const mj_lookup_text *text);
/* The shape that the accountant bills, as the text mj.model of the file (trained.h): the same op list
 * that data/models gives, from the model itself. */
mj_model mj_lookup_shape(const mj_lookup_text *text, const char *name, int row_bits);
mj_status mj_lookup_file_describe(mj_checkpoint *checkpoint, const mj_lookup_text *text,
                                  const char *name, int row_bits, mj_arena *arena, mj_err *err);
/* What mj eval and others need of a file: the model, ready to predict. data: what it was trained on. */
typedef struct {
    mj_recipe recipe;
    mj_alphabet alphabet;
    mj_lookup_text *text;
    const char *data;
    double stored_B;  /* rows, codebooks, gains, head; text and slots of the copies */
    double touched_B; /* rows and head read a symbol, as stored; copies beside it */
} mj_lookup_model;
mj_status mj_lookup_file_load(mj_lookup_model *model, const char *path, const mj_units *units,
                              mj_arena *arena, mj_err *err);

/* The configuration that a recipe and an alphabet make. */
mj_lookup_text_config mj_lookup_config_of(const mj_recipe *recipe, const mj_alphabet *alphabet);

#endif
