/* Rows of the table of layers, each defined beside its forward and backward; and what their plans
 * share. */
#ifndef MJ_LAYER_ROWS_H
#define MJ_LAYER_ROWS_H

#include "mj/layer.h"

extern const mj_layer mj_linear_row, mj_conv3x3_row, mj_pool_max_row, mj_pool_mean_row, mj_relu_row,
    mj_silu_row, mj_dropout_row, mj_cross_entropy_row, mj_squared_error_row, mj_add_row,
    mj_scale_row, mj_product_row, mj_symmetric_row, mj_slice_row, mj_concat_row, mj_gather_row,
    mj_crop_row, mj_linear_add_row, mj_gelu_row, mj_rms_norm_row, mj_causal_conv_row,
    mj_min_gru_row, mj_bits_row, mj_oscillator_scan_row, mj_attention_row,
    mj_sparse_linear_row, mj_sparse_linear_add_row, mj_analog_weight_row, mj_analog_activation_row,
    mj_analog_noise_row, mj_analog_read_row, mj_selective_scan_row, mj_lut_row, mj_lut_groups_row,
    mj_lut_area_row, mj_tanh_row, mj_tree_entropy_row;

#define N_OF(array) ((int)(sizeof(array) / sizeof(array)[0]))

/* The status of inputs whose shapes do not fit; text says which do. */
static inline mj_status bad_shape(mj_err *err, const char *text)
{
    return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "%s", text);
}

/* The plan of element-wise layers of one input: the same shape, nothing kept. */
static inline mj_status plan_same(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                                  mj_err *err)
{
    (void)n_in, (void)config, (void)err;
    *plan = (mj_plan){.out = in[0]};
    return MJ_OK;
}

static inline size_t count_of(const mj_tensor *t)
{
    return mj_shape_count(t->shape);
}

#endif
