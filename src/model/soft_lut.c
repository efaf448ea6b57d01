/* Look-up-table networks in training: record, start, harden. */
#include "mj/soft_lut.h"

#include "mj/rng.h"

#include <math.h>
#include <stdio.h>

/* Logits of a fresh table: a wire's entries stand at -+START, spread by NOISE. */
static const double START = 2, NOISE = 0.3;

mj_status mj_soft_lut_check(const mj_soft_lut *net, const char *path, mj_err *err)
{
    int last = net->depth > 0 ? net->width[net->depth - 1] : 0;
    if (!net->group && last % net->n_groups != 0) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                          "model.layers: the last, %d tables, is no multiple of the %d groups that are "
                          "counted", last, net->n_groups);
    }
    for (int l = 0; l < net->depth; l++) {
        int before = l > 0 ? net->width[l - 1] : net->n_inputs;
        if (before < net->k) {
            return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                              "model.layers: tables of %d inputs on a layer of %d signals", net->k,
                              before);
        }
    }
    return MJ_OK;
}

void mj_soft_lut_record(mj_soft_lut_vars *vars, mj_tape *tape, const mj_soft_lut *net, int B,
                        mj_lut_config tables)
{
    char name[MJ_SOFT_LUT_DEPTH_MAX + 8];
    mj_var signal = vars->x = mj_tape_input(tape, "bits", mj_shape_2(net->n_inputs, B), false);
    for (int l = 0; l < net->depth; l++) {
        snprintf(name, sizeof name, "table%d", l);
        vars->w[l] = mj_tape_param(tape, name, mj_shape_2(net->width[l], 1 << net->k), 1);
        vars->wires[l] = mj_tape_label_grid(tape, "wires", net->width[l], net->k);
        signal = vars->y[l] = mj_lut(tape, signal, vars->w[l], vars->wires[l], tables);
    }
    vars->scale = mj_tape_param(tape, "scale", mj_shape_1(net->group ? net->n_groups : 1), net->scale_rate);
    const mj_lut_groups_config groups = {net->n_groups, net->group, net->group != NULL};
    vars->logits = mj_lut_groups(tape, signal, vars->scale, groups);
}

/* The numbers 0 to n - 1 in an order of chance. */
static void shuffle(int *order, int n, mj_rng *rng)
{
    for (int i = 0; i < n; i++) {
        order[i] = i;
    }
    for (int i = n - 1; i > 0; i--) {
        int j = (int)(mj_rng_uniform(rng) * (i + 1)), swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
}

static bool is_among(int value, const int *list, int n)
{
    for (int i = 0; i < n; i++) {
        if (list[i] == value) {
            return true;
        }
    }
    return false;
}

/* Input j of all tables at once, from permutations one after the other; a table does not read a signal
 * twice. */
static void draw_wires(int *wire, int *order, int S, int N, int k, mj_rng *rng)
{
    for (int j = 0; j < k; j++) {
        for (int n = 0; n < N; n++) {
            if (n % S == 0) {
                shuffle(order, S, rng);
            }
            int at = order[n % S];
            while (is_among(at, wire + n * k, j)) {
                at = (at + 1) % S;
            }
            wire[n * k + j] = at;
        }
    }
}

mj_status mj_soft_lut_init(mj_tape *tape, const mj_soft_lut *net, const mj_soft_lut_vars *vars,
                           mj_arena *arena, mj_err *err)
{
    int widest = net->n_inputs;
    for (int l = 0; l < net->depth; l++) {
        widest = net->width[l] > widest ? net->width[l] : widest;
    }
    int *order = mj_arena_array(arena, (size_t)widest, sizeof *order);
    if (!order) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for wires");
    }
    for (int l = 0; l < net->depth; l++) {
        mj_rng rng;
        mj_rng_init(&rng, net->seed, (uint64_t)l);
        mj_tensor w = mj_tape_tensor(tape, vars->w[l]);
        size_t n = mj_shape_count(w.shape);
        for (size_t i = 0; i < n; i++) {
            w.v[i] = (mj_real)((i & 1 ? START : -START) + NOISE * mj_rng_normal(&rng));
        }
        draw_wires(mj_tape_tensor(tape, vars->wires[l]).label, order,
                   l > 0 ? net->width[l - 1] : net->n_inputs, net->width[l], net->k, &rng);
    }
    mj_tensor scale = mj_tape_tensor(tape, vars->scale);
    for (size_t g = 0; g < mj_shape_count(scale.shape); g++) {
        scale.v[g] = (mj_real)net->scale;
    }
    return MJ_OK;
}

/* Where a parameter stands in the slab. */
static size_t offset_of(const mj_tape *tape, mj_var var)
{
    int n;
    const mj_param *param = mj_tape_params(tape, &n);
    int p = 0;
    while (param[p].var != var) {
        p++;
    }
    return param[p].offset;
}

/* Groups, and what their scores count. */
static void harden_readout(mj_lut_net *hard, const mj_tape *tape, const mj_real *params,
                           const mj_soft_lut *net, const mj_soft_lut_vars *vars)
{
    for (int g = 0; g <= net->n_groups; g++) {
        hard->group[g] = net->group ? net->group[g] : hard->n_outputs / net->n_groups * g;
    }
    /* a frozen scale has no place among the averages */
    const mj_real *scale = net->scale_rate > 0 ? params + offset_of(tape, vars->scale)
                                               : mj_tape_tensor(tape, vars->scale).v;
    hard->scale = net->group ? 1 : (double)*scale;
    for (int g = 0; net->group && g < net->n_groups; g++) {
        hard->slope[g] = 2 * (double)scale[g] / sqrt(net->group[g + 1] - net->group[g]);
    }
}

mj_status mj_soft_lut_harden(mj_lut_net *hard, const mj_tape *tape, const mj_real *params,
                             const mj_soft_lut *net, const mj_soft_lut_vars *vars, mj_arena *arena,
                             mj_err *err)
{
    int last = net->width[net->depth - 1], signal = MJ_LUT_FIRST_INPUT, n_nodes = 0;
    for (int l = 0; l < net->depth; l++) {
        n_nodes += net->width[l];
    }
    *hard = (mj_lut_net){.n_inputs = net->n_inputs, .n_nodes = n_nodes, .n_outputs = last,
                         .n_groups = net->n_groups};
    hard->node = mj_arena_array(arena, (size_t)n_nodes, sizeof *hard->node);
    hard->output = mj_arena_array(arena, (size_t)last, sizeof *hard->output);
    hard->group = mj_arena_array(arena, (size_t)net->n_groups + 1, sizeof *hard->group);
    if (net->group) {
        hard->slope = mj_arena_array(arena, (size_t)net->n_groups, sizeof *hard->slope);
    }
    if (!hard->node || !hard->output || !hard->group || (net->group && !hard->slope)) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a hard network");
    }
    mj_lut_node *node = hard->node;
    for (int l = 0; l < net->depth; l++) {
        const mj_real *w = params + offset_of(tape, vars->w[l]);
        const int *wire = mj_tape_tensor(tape, vars->wires[l]).label;
        for (int n = 0; n < net->width[l]; n++, node++) {
            node->n_inputs = net->k;
            for (int j = 0; j < net->k; j++) {
                node->input[j] = signal + *wire++;
            }
            for (int i = 0; i < 1 << net->k; i++) {
                node->table |= (uint64_t)(*w++ > 0) << i;
            }
        }
        signal += l > 0 ? net->width[l - 1] : net->n_inputs;
    }
    for (int i = 0; i < last; i++) {
        hard->output[i] = signal + i;
    }
    harden_readout(hard, tape, params, net, vars);
    return MJ_OK;
}
