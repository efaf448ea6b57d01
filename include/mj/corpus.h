/* Corpus: text as bytes, in three parts, and the alphabet that models use.
 *
 * The alphabet is the bytes that the training part has, in their order, and one escape behind them
 * unless all 256 are there. A byte that training has not seen is written as the escape and costs
 * that symbol's bits and 8 more, which name the byte: so a model's bits per byte are a code length of
 * any text, not only of text in its alphabet. */
#ifndef MJ_CORPUS_H
#define MJ_CORPUS_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/lookup_contexts.h"
#include "mj/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { MJ_PART_TRAIN, MJ_PART_VALIDATION, MJ_PART_TEST, MJ_PARTS_N } mj_corpus_part;
extern const char *const mj_part_names[MJ_PARTS_N + 1];

typedef struct {
    uint8_t symbol_of[256]; /* of a byte; of one that training lacks, the escape */
    uint8_t byte_of[256];   /* of a symbol; 0 for the escape */
    bool letter[256];       /* symbols that make words: a-z, A-Z, bytes of 128 and more */
    int n_symbols;          /* with the escape */
    int escape;             /* its symbol; -1: all bytes are there */
} mj_alphabet;

/* A text: symbol[-MJ_HISTORY] to symbol[n - 1] can be read; those before 0 are 0. n_escaped of them
 * are escapes. byte [n] is the text itself. */
typedef struct {
    const uint8_t *symbol;
    const unsigned char *byte;
    size_t n, n_escaped;
} mj_symbols;

typedef struct {
    const char *source; /* "kjv", or a path that means the same from any folder */
    mj_alphabet alphabet;
    mj_symbols part[MJ_PARTS_N];
    char sha256[MJ_SHA256_TEXT]; /* of the training part: two texts of one name are told apart; "": not known */
} mj_corpus;

/* Loads text and cuts it:
 *   "kjv"     the King James Bible from Debian's package bible-kjv, whose program `bible` prints it;
 *             where it is missing, MJ_ETOOL names the package. Verses without their labels, a newline
 *             after each, one more after a chapter. Chapter i of 1189 is validation where i % 20 = 9,
 *             test where i % 20 = 19, else training.
 *   a file    90 % training, then 5 % validation, then 5 % test, by position. (The validation text of
 *             nanoGPT, the last 10 %, is validation and test here.)
 *   a folder  all its files *.txt, sorted by name, as if they were one file
 * Empty text, text with NUL bytes or many control characters, and a part shorter than MJ_HISTORY
 * symbols are refused. At most 1 GiB. */
mj_status mj_corpus_load(mj_corpus *corpus, const char *source, mj_arena *arena, mj_err *err);
void mj_alphabet_fill(mj_alphabet *alphabet, const unsigned char *text, size_t n);
/* MJ_HISTORY zeros, then the symbols of text, which is borrowed. */
mj_status mj_alphabet_encode(mj_symbols *symbols, const mj_alphabet *alphabet,
                             const unsigned char *text, size_t n, mj_arena *arena, mj_err *err);

#endif
