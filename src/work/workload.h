/* The counting functions behind the workload table, one file each. */
#ifndef MJ_WORKLOAD_H
#define MJ_WORKLOAD_H

#include "mj/counts.h"
#include "mj/op.h"

#include <assert.h>

void mj_transformer_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);
void mj_diffusion_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);
void mj_aggregate_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);

void mj_oscillators_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);
void mj_lookup_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);
/* Rows, copies and what they take, without head or softmax. */
void mj_lookup_rows_count(mj_ops *ops, const mj_model *model);
double mj_lookup_row_B(const mj_model *model); /* a stored row, in whole bytes */

void mj_lut_ops_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);

void mj_text_net_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);
/* Fills what the spec leaves out, refuses what cannot be; then sums of the op list to params. */
mj_status mj_text_net_resolve(mj_model *model, const char *path, mj_err *err);
/* Of a resolved net: columns of the product in front of a mixer, and a stored row of a matrix. */
double mj_text_net_in_columns(const mj_model *model);
double mj_text_net_row_B(double columns, double bits);
/* Parameters of couplings, class drive and frequencies, and of the decoder; FLOP of the decoder. */
typedef struct {
    double dynamics, decoder, decoder_flop;
} mj_oscillator_params;
mj_oscillator_params mj_oscillators_params(const mj_model *model);

/* Element-wise operations from V logits to a symbol: softmax, running sum, a random number. */
static inline double mj_sampling_ops(double V)
{
    return V * (MJ_SOFTMAX_OPS + MJ_SAMPLE_OPS) + MJ_RANDOM_OPS;
}

static inline void mj_ops_add(mj_ops *ops, mj_op op)
{
    assert(ops->n < MJ_OPS_MAX);
    ops->op[ops->n++] = op;
}

#endif
