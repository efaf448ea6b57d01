/* A language model that is a look-up memory, alone.
 *
 *   direct     logits = x                                          dims: the alphabet
 *   with head  logits = max(x, 0) H + b     H [dims, V], b [V]     dims: 16 to 256
 *   p = softmax(logits), loss = -log2 p(next symbol)
 *
 * Training reads the text as many streams at once, one symbol of each a batch; within a batch every
 * symbol sees the tables as they were before it. Threads share the batch: each predicts some of its
 * symbols, then each learns the rows and columns that are its own, so that all thread counts give the
 * same bits. */
#ifndef MJ_LOOKUP_TEXT_H
#define MJ_LOOKUP_TEXT_H

#include "mj/kernels.h"
#include "mj/lookup_memory.h"

typedef struct {
    const char *contexts; /* words of lookup_contexts.h */
    int rows;             /* of a hashed table */
    int dims;             /* 0: direct */
    bool feeds;           /* no head: a net reads x (lookup_feed.h) */
    int n_symbols;
    int n_batch; /* symbols predicted at once; threads share them in tiles of 32 */
    bool letter[256];
    uint64_t seed;
} mj_lookup_text_config;

enum { MJ_LOOKUP_DIMS_MAX = 256, MJ_LOOKUP_BATCH_MAX = 4096 };

/* Visible for saves: head, bias and their squares are NULL in a direct model. */
typedef struct {
    mj_lookup_text_config config;
    mj_lookup_memory *memory;
    size_t columns;                           /* reals of a row of logits, V rounded up to 16 */
    mj_real *head, *bias;                     /* [dims, columns], [columns] */
    mj_real *head_squares, *bias_squares;
    mj_copy_index copy[MJ_COPIES_MAX];        /* text and slot are the caller's to set */
    struct mj_lookup_work *work;
} mj_lookup_text;

/* `path` is for messages about contexts and rows. limit_B: memory, 0: no limit. */
mj_status mj_lookup_text_new(mj_lookup_text **text, const mj_lookup_text_config *config,
                             size_t limit_B, const char *path, mj_arena *arena, mj_err *err);
size_t mj_lookup_text_size_B(const mj_lookup_text *text); /* tables and head, with squares */
/* Slots for the copies of a text of n symbols, filled from it; none if the model copies nothing. */
mj_status mj_lookup_text_remember(mj_lookup_text *text, const uint8_t *symbols, size_t n,
                                  mj_arena *arena, mj_err *err);

/* A piece of work: n_batches batches; stream s of config.n_batch is at symbol s * length + first of
 * text, and goes on one symbol a batch. */
typedef struct {
    const uint8_t *text;                       /* MJ_HISTORY symbols before it */
    const mj_copy_place *trace[MJ_COPIES_MAX]; /* [n] of each copy index */
    size_t length, first;
    int n_batches;
    mj_real lr;
    /* Noise on every number of a sum of rows, its standard deviation over the sum's rms; the slope of the
     * rms is left out. The key's step counts batches, its stream is that of the text. */
    double noise;
    mj_noise_key key;
} mj_lookup_lesson;
/* Mean bits a symbol, each before it was learned. All threads. */
double mj_lookup_text_learn(mj_lookup_text *text, const mj_lookup_lesson *lesson);

/* A reader who only predicts: one symbol after another. Each sum of rows may have noise on every
 * number, of this standard deviation over the sum's rms; the key's step counts the symbols. */
typedef struct {
    mj_copy_place copy[MJ_COPIES_MAX];
    double noise;
    mj_noise_key key;
} mj_lookup_reader;
/* logits [columns] of the symbol at at[0], whose MJ_HISTORY predecessors are read. Calls follow the text
 * symbol by symbol. */
void mj_lookup_text_logits(mj_real *logits, mj_lookup_reader *reader, const mj_lookup_text *text,
                           const uint8_t *at);
/* The same, p [columns]. */
void mj_lookup_text_predict(mj_real *p, mj_lookup_reader *reader, const mj_lookup_text *text,
                            const uint8_t *at);
/* Bits of n symbols, the sum. */
double mj_lookup_text_bits(const mj_lookup_text *text, const uint8_t *symbols, size_t n);

#endif
