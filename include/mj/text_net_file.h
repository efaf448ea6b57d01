/* The file of a text net: matrices packed row by row in the bits they were trained for, or 8; the rest
 * F32; tensor alphabet U8 [bytes]; with a look-up memory its tensors too (lookup_file.h); the text's
 * source, recipe and run as in every checkpoint. */
#ifndef MJ_TEXT_NET_FILE_H
#define MJ_TEXT_NET_FILE_H

#include "mj/checkpoint.h"
#include "mj/corpus.h"
#include "mj/lookup_feed.h"
#include "mj/model.h"
#include "mj/recipe.h"
#include "mj/text_net.h"

/* The net of a recipe and an alphabet. The recipe must live as long as its tapes: they read what the
 * recipe says of an analog machine. */
mj_text_net mj_text_net_of(const mj_recipe *recipe, const mj_alphabet *alphabet);

/* Adds alphabet and parameters, read from a slab like the tape's. */
mj_status mj_text_net_file_fill(mj_checkpoint *checkpoint, const mj_tape *tape, const mj_real *slab,
                                const mj_text_net *net, const mj_alphabet *alphabet, mj_arena *arena,
                                mj_err *err);

/* What the accountant knows of the net (model.h), not yet resolved; with the tables of a look-up memory
 * beside it unless `lookup` is NULL, whose head is left out. */
mj_model mj_text_net_shape(const mj_text_net *net, const mj_model *lookup, const char *name);
/* Adds that as the text `mj.model`, so that `mj bill` reads the file. */
mj_status mj_text_net_file_describe(mj_checkpoint *checkpoint, const mj_text_net *net,
                                    const mj_model *lookup, const char *name, mj_arena *arena,
                                    mj_err *err);
/* A symbol's products: those of an analog machine (all but the head's, the convolution's and the mixers'
 * own), and the rest. */
typedef struct {
    double mac, inputs, outputs; /* products; numbers that come into them; sums that come out */
    double weight_B;             /* their weights, as stored */
    double rest_mac;
    double own_B;                /* read by each stream for itself: state, a row of the embedding, rows */
} mj_text_net_work;

/* A net that reads: one stream, n_steps symbols a pass. */
typedef struct {
    mj_alphabet alphabet;
    mj_text_net net;
    mj_tape *tape;
    mj_text_net_vars vars;
    mj_lookup_feed feed; /* of a net with a memory */
    int n_steps;
    uint32_t step;    /* passes so far: noise is drawn anew each */
    mj_analog machine; /* that net.analog points to, if it is not NULL; 0 weight_bits: as stored */
    int stored_bits;   /* of the weights of those products */
    mj_text_net_work work;
    double stored_B;  /* all tensors */
    double touched_B; /* read a symbol: weights, as stored, and mj_text_net_state_B() */
} mj_text_net_reader;
/* `recipe` is the file's own, and stays with the reader. */
mj_status mj_text_net_file_load(mj_text_net_reader **reader, const mj_checkpoint *checkpoint,
                                const mj_recipe *recipe, int n_steps, mj_arena *arena, mj_err *err);
/* The same on an analog machine that the caller sets before each text: the recipe's to begin with. */
mj_status mj_text_net_file_load_analog(mj_text_net_reader **reader, const mj_checkpoint *checkpoint,
                                       const mj_recipe *recipe, int n_steps, mj_arena *arena,
                                       mj_err *err);
/* The next symbol is the first of a text, on a machine with this number. */
void mj_text_net_restart(mj_text_net_reader *reader, uint32_t chip);
/* Logits [n_steps,n_symbols] of the symbols at[0] .. at[n - 1], n <= n_steps, of which at[-1] ..
 * at[n - 2] are read, and by a memory MJ_HISTORY symbols before at[0]; rows behind n mean nothing. After
 * n < n_steps nothing can follow. */
const mj_real *mj_text_net_read(mj_text_net_reader *reader, const uint8_t *at, int n);

#endif
