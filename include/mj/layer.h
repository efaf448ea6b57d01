/* Layers: what models are made of. Each has its forward and backward in one file of src/layer, a
 * row in mj_layers[], and a function that records it.
 *
 * Shapes: [B,..,C] are B examples with C columns (channels) last; "any" is any shape. Every
 * function takes nodes of one tape and returns its output, or MJ_NONE after a mistake (tape.h).
 * Cost is that of one forward; the backward of a product costs twice that, of anything else about
 * the same. */
#ifndef MJ_LAYER_H
#define MJ_LAYER_H

#include "mj/sparse.h"
#include "mj/symbol_tree.h"
#include "mj/tape.h"

/* All layers of this library, NULL last. src/physics has its own table of the same kind. */
extern const mj_layer *const mj_layers[];

/* y [B,..,N] = x [B,..,K] w^T + bias: w [N,K], bias [N] or MJ_NONE. If K is not the last dimension
 * of x it is the product of all but the first, and y is [B,N]. rows*N*K MAC. */
mj_var mj_linear(mj_tape *tape, mj_var x, mj_var w, mj_var bias);

/* y [B,..,N] = residual [B,..,N] + x [B,..,K] w^T. rows*N*K MAC. */
mj_var mj_linear_add(mj_tape *tape, mj_var x, mj_var w, mj_var residual);

/* The same with a compressed w [N,K]: its pattern is the caller's and must live as long as the tape,
 * its values are a tensor [n_max,block]. MAC: what lives of w, a row. */
mj_var mj_sparse_linear(mj_tape *tape, mj_var x, mj_var value, mj_var bias, const mj_sparse *w);
mj_var mj_sparse_linear_add(mj_tape *tape, mj_var x, mj_var value, mj_var residual,
                            const mj_sparse *w);

/* y [B,H,W,N] of x [B,H,W,C], stride 1, zero padding: w [3,3,C,N], bias [N]. 9*B*H*W*C*N MAC. */
mj_var mj_conv3x3(mj_tape *tape, mj_var x, mj_var w, mj_var bias);
/* [B,H,W,C] -> [B,H/2,W/2,C]; an odd last row or column is left out. */
mj_var mj_pool_max(mj_tape *tape, mj_var x);
mj_var mj_pool_mean(mj_tape *tape, mj_var x);

/* Any shape. relu: max(x, 0). silu: x / (1 + exp(-x)). gelu: x times the normal distribution
 * function, in its tanh form [hendrycks2016]. */
mj_var mj_relu(mj_tape *tape, mj_var x);
mj_var mj_silu(mj_tape *tape, mj_var x);
mj_var mj_gelu(mj_tape *tape, mj_var x);
mj_var mj_tanh(mj_tape *tape, mj_var x);

/* Rows of x [..,C] over their root mean square, times g [C] [zhang2019]. */
mj_var mj_rms_norm(mj_tape *tape, mj_var x, mj_var g);

/* In training each element is 0 with probability p in [0,1) and else x / (1 - p); otherwise x. The
 * choice is a function of the tape's seed, the step, and the layer's place on the tape. */
typedef struct {
    double p;
} mj_dropout_config;
mj_var mj_dropout(mj_tape *tape, mj_var x, double p);

/* Mean over rows of -log softmax(logits)[label], in nats: logits [..,C], labels [..] below C. */
mj_var mj_cross_entropy(mj_tape *tape, mj_var logits, mj_var labels);
/* The same in bits. The last class is an escape: a symbol that has no class of its own, for which
 * escape_bits more are charged. */
typedef struct {
    double escape_bits;
} mj_bits_config;
mj_var mj_bits(mj_tape *tape, mj_var logits, mj_var labels, double escape_bits);
/* Mean over samples of -log p(label), in nats, by scores of decisions z [B,n_symbols - 1], labels [B]: the
 * tree is the caller's. */
typedef struct {
    const mj_symbol_tree *tree;
} mj_tree_entropy_config;
mj_var mj_tree_entropy(mj_tape *tape, mj_var z, mj_var labels, const mj_symbol_tree *tree);
/* Mean of (a - b)^2: a, b of one shape. */
mj_var mj_squared_error(mj_tape *tape, mj_var a, mj_var b);

/* a + b: of one shape, or b [N] added to every row of a [..,N]. */
mj_var mj_add(mj_tape *tape, mj_var a, mj_var b);
/* factor * x, any shape. */
typedef struct {
    double factor;
} mj_scale_config;
mj_var mj_scale(mj_tape *tape, mj_var x, double factor);
/* Element-wise a * b of one shape. A mask is a b without gradient. */
mj_var mj_product(mj_tape *tape, mj_var a, mj_var b);
/* (x + x^T) / 2 of x [N,N]: couplings that passive parts can realise. */
mj_var mj_symmetric(mj_tape *tape, mj_var x);

/* Columns start .. start + n - 1 of x [..,N] -> [..,n]. */
typedef struct {
    int start, n;
} mj_slice_config;
mj_var mj_slice(mj_tape *tape, mj_var x, int start, int n);
/* [..,N1], [..,N2], ... -> [..,N1+N2+...], up to MJ_ARGS_MAX inputs. */
mj_var mj_concat(mj_tape *tape, const mj_var *x, int n_x);
/* Rows of table [R,N] by label: [B] -> [B,N], [B,T] -> [B,T,N]; labels below R. An embedding. */
mj_var mj_gather(mj_tape *tape, mj_var table, mj_var labels);
/* Rows top .. top + height - 1 and columns left .. left + width - 1 of every image of x [B,H,W,C]
 * -> [B,height,width,C]. */
typedef struct {
    int top, left, height, width;
} mj_crop_config;
mj_var mj_crop(mj_tape *tape, mj_var x, mj_crop_config config);

/* Layers over sequences [B,T,C], T steps of B streams. They carry state from segment to segment,
 * which is the tape's (tape.h); at T = 1 they go token by token. */

/* Depthwise convolution with the past: y[t] = bias + sum_i w[i] x[t-K+1+i], w [K,C], bias [C] or
 * MJ_NONE. K*B*T*C MAC. */
mj_var mj_causal_conv(mj_tape *tape, mj_var x, mj_var w, mj_var bias);

/* Causal attention: x [B,T,(heads + 2 kv_heads) d] = queries, keys, values -> [B,T,heads*d]. A step
 * sees itself and the span - 1 steps before it, of earlier segments too. 2*B*T*heads*d*span MAC, as
 * many as once the span is full. */
typedef struct {
    int heads, kv_heads; /* 0 kv_heads: as many as heads */
    int span;
    int cache_bits;     /* of keys and values as they are kept, a scale a head, 2 to 8; 0: as they are */
    double rotary_base; /* of the rotary positions, commonly 10000; 0: none */
} mj_attention_config;
mj_var mj_attention(mj_tape *tape, mj_var x, mj_attention_config config);

/* Minimal gated recurrent unit [feng2024] with its output gate: p [B,T,3D] = (z, u, g) -> [B,T,D],
 * h[t] = (1 - s(z)) h[t-1] + s(z) u, y = h silu(g). 3*B*T*D MAC. */
mj_var mj_min_gru(mj_tape *tape, mj_var p);
/* Selective state space [gu2023]: u, dt [B,T,D], bc [B,T,2N], a [N,D], skip [D] -> [B,T,D]. With
 * delta = softplus(dt): h_n[t] = exp(-delta exp(a_n)) h_n[t-1] + delta B_n u, y = sum_n C_n h_n +
 * skip u. (4N+2)*B*T*D MAC. */
mj_var mj_selective_scan(mj_tape *tape, mj_var u, mj_var dt, mj_var bc, mj_var a, mj_var skip);
/* Damped oscillators whose damping and drive the token chooses: p [B,T,3D] = (z, u, g) and
 * frequencies omega [D] rad a step -> [B,T,2D], both quadratures times silu(g). 9*B*T*D MAC. */
mj_var mj_oscillator_scan(mj_tape *tape, mj_var p, mj_var omega);

/* Look-up tables [ruttgers2025], signals in rows and samples in columns: x [S,B], tables w [N,2^k], k
 * from 1 to 6, wires [N,k] labels below S -> [N,B], the multilinear interpolation of the logistic of
 * sharpness * w. While *hard entries are the bits w > 0; gradients stay those of the soft tables.
 * N*(2^k - 1)*B MAC. */
typedef struct { /* the caller's, may change between steps */
    const bool *hard;         /* NULL: never */
    const mj_real *sharpness; /* NULL: 1 */
} mj_lut_config;
mj_var mj_lut(mj_tape *tape, mj_var x, mj_var w, mj_var wires, mj_lut_config config);
/* Sums of n groups of rows times their scale: x [N,B] -> [B,n], scale [1], of all groups, or [n]. Groups
 * are equal, or `first` [n + 1] names the first row of each and N, the caller's. With `standard`, of a
 * group of m rows its sum's distance from m/2 over sqrt(m)/2, as random bits are spread. */
typedef struct {
    int n;
    const int *first;
    bool standard;
} mj_lut_groups_config;
mj_var mj_lut_groups(mj_tape *tape, mj_var x, mj_var scale, mj_lut_groups_config groups);
/* How much of a gate the tables are, in the mean: 0 a wire, 1/2 an AND, 1 an XOR; with their outputs y
 * [N,B] (or MJ_NONE) times how often they change. */
mj_var mj_lut_area(mj_tape *tape, mj_var w, mj_var y);

/* Records a block on its tape and returns the output, of the shape of x. `turn` counts from 0. */
typedef mj_var (*mj_block_record)(mj_tape *tape, mj_var x, int turn, void *context);
/* A block n times over, each on the output of the one before. What the block takes from context
 * (parameters) is shared, and its gradients add up; what its layers carry each turn carries for
 * itself. */
mj_var mj_loop(mj_tape *tape, mj_var x, int n, mj_block_record block, void *context);

#endif
