/* Slopes of a hard look-up-table network: what its loss gains or loses by an entry of a table, by the
 * gradient that training follows and by flipping the bit.
 *
 *   loss = mean over samples of -ln softmax(scale * score)[label]
 *
 * The gradient is that of the multilinear interpolation of the tables (layer lut) with entries and inputs
 * at their bits. There one sample reads one entry i of a node, and
 *
 *   dL/dp_i += dL/dy      dL/dx_j += dL/dy (p_{i with bit j set} - p_{i with bit j clear})
 *
 * Training goes straight through the rounding of the entries with it [bengio2013]; its own entries were not
 * yet at their bits, and are not kept. A flip changes the loss by the whole step from 0 to 1, over which the
 * gradient is not constant: how far the two agree says how far the circuit can be trained by its model. */
#ifndef MJ_LUT_SLOPES_H
#define MJ_LUT_SLOPES_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/lut_net.h"

/* Bit s % 64 of word s / 64 of an input's row is its value in sample s. */
typedef struct {
    int n;                 /* 1 or more */
    const uint64_t *input; /* [n_inputs, (n + 63) / 64] */
    const int *label;      /* [n], each below the network's groups */
    double scale;          /* of a score, in nats */
} mj_lut_samples;

enum { MJ_LUT_ENTRIES = 1 << MJ_LUT_INPUTS_MAX };

/* slope [n_nodes, MJ_LUT_ENTRIES]: dL/dp, 0 beyond a table's entries. reached [n_nodes]: bit i for an entry
 * that some sample reads. Of a network that passed mj_lut_net_check. */
mj_status mj_lut_slopes(double *slope, uint64_t *reached, double *loss, const mj_lut_net *net,
                        const mj_lut_samples *samples, mj_err *err);

/* Change of the loss when an entry's bit is flipped, in nats: by its slope, and by the hard network. */
typedef struct {
    int node, entry;
    double predicted, found;
} mj_lut_flip;

/* At most n entries that some sample reads, drawn by the seed, each once; *n becomes their number. */
mj_status mj_lut_flips(mj_lut_flip *flip, int *n, double *loss, const mj_lut_net *net,
                       const mj_lut_samples *samples, uint64_t seed, mj_err *err);

/* How far the two columns agree. */
typedef struct {
    int n_moved, n_same;       /* flips that the loss noticed; of them, those with the sign as predicted */
    double correlation, apart; /* of all flips; rms of the differences over that of the found */
} mj_lut_agreement;
mj_lut_agreement mj_lut_flips_compare(const mj_lut_flip *flip, int n);

#endif
