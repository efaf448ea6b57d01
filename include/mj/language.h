/* A language model from a file, whatever its kind: what the next symbol is likely to be.
 *
 *   MJ_TRY(mj_language_load(&language, path, MJ_LANGUAGE_JUDGES, units, arena, err));
 *   bits = mj_language_bits(&language, &text) / text.n;
 *
 * A model reads one text, from its start, once: what it remembers goes on from call to call. */
#ifndef MJ_LANGUAGE_H
#define MJ_LANGUAGE_H

#include "mj/checkpoint.h"
#include "mj/analog.h"
#include "mj/corpus.h"
#include "mj/recipe.h"

/* Judging reads a text that is there in long segments, generating symbol by symbol; a sweep judges one
 * text again and again, on machines that differ. */
typedef enum { MJ_LANGUAGE_JUDGES, MJ_LANGUAGE_GENERATES, MJ_LANGUAGE_SWEEPS } mj_language_use;

/* What a symbol takes: products that a machine may do in an analog array, and the rest. */
typedef struct {
    double mac, inputs, outputs; /* products; numbers that come into them; sums that come out */
    bool rows;                   /* the products are sums of rows of tables */
    int weight_bits;             /* of them, as stored */
    double rest_mac;             /* products */
    double rest_weight_B, rest_B; /* bytes read: weights, which streams can share; each stream's own */
} mj_language_work;

typedef struct {
    const mj_recipe *recipe;
    const mj_alphabet *alphabet;
    const char *data;  /* what it was trained on, */
    double data_B;     /* bytes of its training part, and their SHA-256; */
    const char *data_sha256; /* NULL: an older file, which does not say */
    mj_language_work work;
    double stored_B;
    double touched_B;  /* read a symbol, as stored */
    const struct mj_language_kind *kind;
    void *self;
} mj_language;

/* True if the file says that it is a language model; false also where it cannot be read. */
bool mj_language_is(const char *path, mj_arena *arena);
mj_status mj_language_load(mj_language *language, const char *path, mj_language_use use,
                           const mj_units *units, mj_arena *arena, mj_err *err);

/* Bits of all symbols of a text in the model's alphabet, with 8 more for each escape. Of a model that
 * judges. */
double mj_language_bits(const mj_language *language, const mj_symbols *text);
/* logits [n_symbols] in nats, up to a constant, of the symbol at[0] that follows at[-1], whose
 * MJ_HISTORY predecessors are read, too; calls follow the text symbol by symbol. Of a model that
 * generates. The escape, which names no byte, gets no chance. */
void mj_language_next(mj_real *logits, const mj_language *language, const uint8_t *at);

/* The text of a file that says what it was trained on, where that is text. */
#define MJ_DATA_KEY "data"
/* The alphabet in a file, a tensor U8 [bytes]; a read refuses what no alphabet writes. */
mj_status mj_alphabet_add(mj_checkpoint *checkpoint, const mj_alphabet *alphabet, mj_err *err);
mj_status mj_alphabet_read(mj_alphabet *alphabet, const mj_checkpoint *checkpoint, mj_err *err);
/* What a file was trained on: its name, and length and SHA-256 of the training part. */
mj_status mj_data_add(mj_checkpoint *checkpoint, const mj_corpus *corpus, mj_err *err);
/* MJ_ERANGE unless a save was made on this text, wherever it stands now; of an older file, which has its
 * name only, on a text of this name. */
mj_status mj_data_check(const mj_checkpoint *checkpoint, const mj_corpus *corpus, mj_err *err);
/* True if the model is known to be trained on another training part than this. */
bool mj_language_is_strange(const mj_language *language, const mj_corpus *corpus);
/* Of a model that sweeps: the machine it runs on from now on, at the start of the text. Text nets read
 * all fields; look-up memories weight_bits (of a row, not above those stored), noise (on
 * the sum of rows, over its rms) and mismatch of a row's numbers. 0 weight_bits: as stored. chip, not 0,
 * numbers both mismatch and noise. The check alone: MJ_ERANGE, or MJ_ESUPPORT for what the model has
 * not. */
mj_status mj_language_check(const mj_language *language, const mj_analog *machine, mj_err *err);
mj_status mj_language_set(mj_language *language, const mj_analog *machine, mj_err *err);
/* The machine that it was trained for; weight_bits 0. */
mj_analog mj_language_machine(const mj_language *language);

#endif
