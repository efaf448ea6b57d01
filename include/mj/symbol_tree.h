/* A code of symbols by decisions: a binary tree with a symbol at every leaf.
 *
 * What comes next is told by the decisions on the way from the root to its leaf, each left (0) or right
 * (1), so that a model of decisions is one of symbols,
 *
 *   p(symbol) = product over the way of s(z) where it turns right, 1 - s(z) = s(-z) where left,
 *
 * s logistic, z [n_symbols - 1] the model's scores of the decisions; they add up to 1 whatever z. Symbols
 * that are used alike stand close together: their order from left to right makes thermometers of symbols
 * worth asking, too. */
#ifndef MJ_SYMBOL_TREE_H
#define MJ_SYMBOL_TREE_H

#include "mj/err.h"
#include "mj/real.h"

#include <stdint.h>

enum { MJ_SYMBOLS_MAX = 256 };

typedef struct {
    int n_symbols; /* 2 to MJ_SYMBOLS_MAX; decisions are numbered from 0 to n_symbols - 2 */
    /* Left and right of a decision: one of a lower number, or ~ a symbol. The last one is the root. */
    int child[MJ_SYMBOLS_MAX - 1][2];
    /* What follows from it. Of a symbol, and of n_symbols + a decision: the decision above, -1 at the
     * root, and which child of it this is. */
    int above[2 * MJ_SYMBOLS_MAX - 1];
    uint8_t side[2 * MJ_SYMBOLS_MAX - 1];
    uint8_t place[MJ_SYMBOLS_MAX]; /* of a symbol, from left to right, from 0 on */
} mj_symbol_tree;

/* Symbols joined two by two, always those by which neighbours in the text lose least of what they tell
 * about each other [brown1992]: pair [n_symbols,n_symbols] counts the second after the first. n_symbols^4
 * steps. */
void mj_symbol_tree_cluster(mj_symbol_tree *tree, const double *pair, int n_symbols);
/* Fills in what follows from n_symbols and child; MJ_ERANGE if they are no such tree. */
mj_status mj_symbol_tree_complete(mj_symbol_tree *tree, const char *path, mj_err *err);

/* bits [n_symbols - 1]: what a decision costs a symbol of the text, in the mean, if only the symbol before
 * is known. */
void mj_symbol_tree_bits(double *bits, const mj_symbol_tree *tree, const double *pair);

/* -log p(symbol) in nats. */
double mj_symbol_tree_nats(const mj_symbol_tree *tree, const mj_real *z, int symbol);

#endif
