/* A look-up-table network in training: layers of soft tables on the tape, each reading the one before it,
 * and the same as hardware has it.
 *
 * Tables start as wires: input 0 passes through, with noise [petersen2022]. Wires are drawn once, every
 * signal about equally often; rewiring moves those that their table ignores to where the gradient asks
 * for them (mj_soft_lut_rewire). */
#ifndef MJ_SOFT_LUT_H
#define MJ_SOFT_LUT_H

#include "mj/layer.h"
#include "mj/lut_net.h"

enum { MJ_SOFT_LUT_DEPTH_MAX = 8, MJ_SOFT_LUT_WIDTH_MAX = 1 << 16 };

typedef struct {
    int n_inputs, k, depth;
    int width[MJ_SOFT_LUT_DEPTH_MAX]; /* the last is a multiple of the groups */
    int n_groups;
    double scale;       /* of a score at the start */
    double scale_rate;  /* of its learning rate; 0: it stays */
    uint64_t seed;
} mj_soft_lut;

typedef struct {
    mj_var x; /* [n_inputs,B] of 0 and 1 */
    mj_var w[MJ_SOFT_LUT_DEPTH_MAX], wires[MJ_SOFT_LUT_DEPTH_MAX], y[MJ_SOFT_LUT_DEPTH_MAX];
    mj_var scale, logits; /* logits [B,n_groups] */
} mj_soft_lut_vars;

mj_status mj_soft_lut_check(const mj_soft_lut *net, const char *path, mj_err *err);
/* *hard says whether tables are bits in the forward passes to come (mj_lut). */
void mj_soft_lut_record(mj_soft_lut_vars *vars, mj_tape *tape, const mj_soft_lut *net, int B,
                        const bool *hard);
/* Draws tables and wires. */
mj_status mj_soft_lut_init(mj_tape *tape, const mj_soft_lut *net, const mj_soft_lut_vars *vars,
                           mj_arena *arena, mj_err *err);
/* After a backward on a batch: in every table of two inputs of which it ignores one, that wire goes where
 * the loss would fall most if the table began to use it, by its slope at this batch [evci2020]; the table's
 * function stays as it is, and the entries begin anew where they are not certain. At most `share` of each
 * layer's tables, those with most to gain. Returns how many moved. tmp: mj_soft_lut_rewire_tmp() reals. */
size_t mj_soft_lut_rewire_tmp(const mj_soft_lut *net, int B);
int mj_soft_lut_rewire(mj_tape *tape, const mj_soft_lut *net, const mj_soft_lut_vars *vars, double share,
                       mj_real *tmp);
/* The bits w > 0 of parameters that stand as in the tape's slab, e.g. their averages. */
mj_status mj_soft_lut_harden(mj_lut_net *hard, const mj_tape *tape, const mj_real *params,
                             const mj_soft_lut *net, const mj_soft_lut_vars *vars, mj_arena *arena,
                             mj_err *err);

#endif
