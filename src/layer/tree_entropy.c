/* Cross-entropy of a code by decisions (symbol_tree.h), in nats, in the mean over samples:
 *
 *   L = 1/B sum_b sum over the way to label[b] of log(1 + exp(-+z))     - where it turns right
 *   dz += dL/B (s(z) - 1 where it turns right)                          on the way; 0 elsewhere */
#include "sequence.h"

#include "mj/fast_math.h"

#include <assert.h>

static mj_status entropy_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                              mj_err *err)
{
    (void)n_in;
    const mj_symbol_tree *tree = ((const mj_tree_entropy_config *)config)->tree;
    if (!tree || !mj_shape_equal(in[0], mj_shape_2(in[1].dim[0], tree->n_symbols - 1))) {
        return bad_shape(err, "tree_entropy: it takes a tree of symbols, scores [B,decisions], labels [B]");
    }
    *plan = (mj_plan){.out = {0}};
    return MJ_OK;
}

static void entropy_forward(const mj_call *call)
{
    const mj_symbol_tree *tree = ((const mj_tree_entropy_config *)call->config)->tree;
    int n = tree->n_symbols, B = call->in[1].shape.dim[0];
    double total = 0;
    for (int b = 0; b < B; b++) {
        const mj_real *z = call->in[0].v + (size_t)b * (size_t)(n - 1);
        assert(call->in[1].label[b] >= 0 && call->in[1].label[b] < n);
        total += mj_symbol_tree_nats(tree, z, call->in[1].label[b]);
    }
    *call->out.v = (mj_real)(total / B);
}

static void entropy_backward(const mj_call *call)
{
    const mj_symbol_tree *tree = ((const mj_tree_entropy_config *)call->config)->tree;
    int n = tree->n_symbols, B = call->in[1].shape.dim[0];
    mj_real g = *call->out.d / (mj_real)B;
    for (int b = 0; call->in[0].d && b < B; b++) {
        size_t row = (size_t)b * (size_t)(n - 1);
        for (int at = call->in[1].label[b]; tree->above[at] >= 0; at = n + tree->above[at]) {
            size_t i = row + (size_t)tree->above[at];
            call->in[0].d[i] += g * (mj_fast_sigmoid(call->in[0].v[i]) - (mj_real)tree->side[at]);
        }
    }
}

/* ((0 1) ((2 3) 4)) */
static const mj_symbol_tree EXAMPLE_TREE = {
    .n_symbols = 5,
    .child = {{~0, ~1}, {~2, ~3}, {1, ~4}, {0, 2}},
    .above = {0, 0, 1, 1, 2, 3, 2, 3, -1},
    .side = {0, 1, 0, 1, 1, 0, 0, 1, 0},
    .place = {0, 1, 2, 3, 4},
};
static const mj_example EXAMPLES[] = {
    {.in = {{2, {7, 4}}, {1, {7}}}, .n_in = 2, .n_classes = 5,
     .config = &(const mj_tree_entropy_config){&EXAMPLE_TREE}},
};
const mj_layer mj_tree_entropy_row = {
    .name = "tree_entropy", .config_size = sizeof(mj_tree_entropy_config), .n_in_min = 2, .n_in_max = 2,
    .label_inputs = 1 << 1, .plan = entropy_plan, .forward = entropy_forward,
    .backward = entropy_backward, .example = EXAMPLES, .n_examples = N_OF(EXAMPLES),
};

mj_var mj_tree_entropy(mj_tape *tape, mj_var z, mj_var labels, const mj_symbol_tree *tree)
{
    return mj_tape_apply(tape, &mj_tree_entropy_row, &(mj_tree_entropy_config){tree},
                         (const mj_var[]){z, labels}, 2);
}
