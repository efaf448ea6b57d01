/* The table of layers. A test takes every row of it and checks its gradients in double precision on
 * the row's own examples, so that a layer is tested from the day it is listed here. */
#include "mj/layer.h"

#include "layer_rows.h"

const mj_layer *const mj_layers[] = {
    &mj_linear_row,        &mj_conv3x3_row,       &mj_pool_max_row, &mj_pool_mean_row,
    &mj_relu_row,          &mj_silu_row,          &mj_dropout_row,  &mj_cross_entropy_row,
    &mj_squared_error_row, &mj_add_row,           &mj_scale_row,    &mj_product_row,
    &mj_symmetric_row,     &mj_slice_row,         &mj_concat_row,   &mj_gather_row,
    &mj_crop_row,          &mj_linear_add_row,    &mj_gelu_row,     &mj_rms_norm_row,
    &mj_causal_conv_row,   &mj_min_gru_row,       &mj_bits_row,     &mj_oscillator_scan_row,
    &mj_attention_row,     &mj_sparse_linear_row, &mj_sparse_linear_add_row,
    &mj_analog_weight_row,
    &mj_analog_activation_row, &mj_analog_noise_row, &mj_analog_read_row,
    &mj_selective_scan_row, &mj_lut_row, &mj_lut_groups_row, &mj_lut_area_row, &mj_tanh_row,
    &mj_tree_entropy_row, NULL,
};

mj_var mj_loop(mj_tape *tape, mj_var x, int n, mj_block_record block, void *context)
{
    for (int turn = 0; turn < n; turn++) {
        x = block(tape, x, turn, context);
    }
    return x;
}
