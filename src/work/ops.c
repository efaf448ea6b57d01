/* Op list dispatch: one row a workload class. A new class is a file with a counting function and a
 * row here; the bill needs nothing else. */
#include "mj/op.h"

#include "workload.h"

#include <assert.h>

const mj_workload mj_workloads[] = {
    {MJ_MODEL_TRANSFORMER, mj_transformer_count},
    {MJ_MODEL_DIFFUSION, mj_diffusion_count},
    {MJ_MODEL_AGGREGATE, mj_aggregate_count},
    {MJ_MODEL_OSCILLATORS, mj_oscillators_count},
    {MJ_MODEL_LOOKUP, mj_lookup_count},
    {MJ_MODEL_TEXT_NET, mj_text_net_count},
    {MJ_MODEL_LUT, mj_lut_ops_count},
};
const int mj_n_workloads = sizeof mj_workloads / sizeof mj_workloads[0];

/* Sparse and recursive forms of any class. The head is one matrix, used once: it is not looped. */
static void economise(mj_op *op, const mj_model *m)
{
    double density = m->economy.density;
    if (density > 0 && op->weights > 0) {
        op->weight_B = density * (op->weight_B + op->weights * m->economy.index_bits / 8);
        op->weights *= density;
        op->mac *= density;
    }
    if (m->economy.loops > 1 && op->kind != MJ_OP_HEAD) {
        op->weights /= m->economy.loops;
        op->weight_B /= m->economy.loops;
        op->reads *= m->economy.loops;
    }
}

void mj_ops_count(mj_ops *ops, const mj_model *model, const mj_extent *extent)
{
    ops->n = 0;
    for (int i = 0; i < mj_n_workloads; i++) {
        if ((int)mj_workloads[i].kind == model->kind) {
            mj_workloads[i].count(ops, model, extent);
            for (int k = 0; k < ops->n; k++) {
                economise(&ops->op[k], model);
            }
            return;
        }
    }
    assert(!"a resolved model has a workload class");
}

double mj_ops_decoder_share(const mj_ops *ops)
{
    double all = 0, decoder = 0;
    for (int i = 0; i < ops->n; i++) {
        all += ops->op[i].mac;
        decoder += ops->op[i].kind == MJ_OP_DECODER ? ops->op[i].mac : 0;
    }
    return all > 0 ? decoder / all : 0;
}
