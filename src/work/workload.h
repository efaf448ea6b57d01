/* The counting functions behind the workload table, one file each. */
#ifndef MJ_WORKLOAD_H
#define MJ_WORKLOAD_H

#include "mj/op.h"

#include <assert.h>

void mj_transformer_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);
void mj_diffusion_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);
void mj_aggregate_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);

void mj_oscillators_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);
void mj_lookup_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);
double mj_lookup_row_B(const mj_model *model); /* a stored row, in whole bytes */
/* Parameters of couplings, class drive and frequencies, and of the decoder; FLOP of the decoder. */
typedef struct {
    double dynamics, decoder, decoder_flop;
} mj_oscillator_params;
mj_oscillator_params mj_oscillators_params(const mj_model *model);

static inline void mj_ops_add(mj_ops *ops, mj_op op)
{
    assert(ops->n < MJ_OPS_MAX);
    ops->op[ops->n++] = op;
}

#endif
