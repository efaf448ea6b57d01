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
    /* First table of each group in the last layer [n_groups + 1], the caller's; NULL: equal groups with one
     * scale. Groups of their own size have a scale each, on standard scores (mj_lut_groups). */
    const int *group;
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
/* `tables` says how hard tables are in the forward passes to come. */
void mj_soft_lut_record(mj_soft_lut_vars *vars, mj_tape *tape, const mj_soft_lut *net, int B,
                        mj_lut_config tables);
/* Draws tables and wires. */
mj_status mj_soft_lut_init(mj_tape *tape, const mj_soft_lut *net, const mj_soft_lut_vars *vars,
                           mj_arena *arena, mj_err *err);
/* Rewiring: in every table of two inputs of which it ignores one, that wire goes where the loss would fall
 * most if the table began to use it, by its slope at the batches seen [evci2020]; the table's function
 * stays as it is, and the entries begin anew where they are not certain. What is seldom needs many batches.
 *
 *   for each batch: forward, backward, mj_soft_lut_watch(seen, ...);  then mj_soft_lut_rewire()
 *
 * seen: mj_soft_lut_seen() reals, for n_batches of the tape's B. */
size_t mj_soft_lut_seen(const mj_soft_lut *net, int B, int n_batches);
void mj_soft_lut_watch(mj_real *seen, mj_tape *tape, const mj_soft_lut *net, const mj_soft_lut_vars *vars,
                       int batch, int n_batches);
/* At most `share` of each layer's tables move, those with most to gain. Returns how many did. */
int mj_soft_lut_rewire(mj_tape *tape, const mj_soft_lut *net, const mj_soft_lut_vars *vars, double share,
                       mj_real *seen, int n_batches);
/* The bits w > 0 of parameters that stand as in the tape's slab, e.g. their averages. */
mj_status mj_soft_lut_harden(mj_lut_net *hard, const mj_tape *tape, const mj_real *params,
                             const mj_soft_lut *net, const mj_soft_lut_vars *vars, mj_arena *arena,
                             mj_err *err);

#endif
