/* Op list of an envelope model: known only by its totals, as in a back-of-envelope estimate.
 * Every active parameter is one multiply-accumulate and one read a token; the cache is bytes per
 * token of context. Its kept parameters are `total`, moved ones `active`. */
#include "workload.h"

void mj_aggregate_count(mj_ops *ops, const mj_model *model, const mj_extent *extent)
{
    double byte = mj_format_bytes((mj_format)model->precision.ffn);
    double active = model->aggregate.active;
    mj_ops_add(ops, (mj_op){.kind = MJ_OP_LINEAR,
                            .what = "active parameters",
                            .repeats = 1,
                            .format = (mj_format)model->precision.ffn,
                            .weights = active,
                            .weight_B = active * byte,
                            .reads = 1,
                            .mac = active});
    if (model->aggregate.kv_Bptok > 0) {
        mj_ops_add(ops, (mj_op){.kind = MJ_OP_ATTENTION,
                                .what = "cache",
                                .repeats = 1,
                                .format = (mj_format)model->precision.cache,
                                .state_B = model->aggregate.kv_Bptok * extent->context,
                                .stored_B = model->aggregate.kv_Bptok * extent->longest});
    }
}
