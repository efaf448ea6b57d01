/* The tape: records operations, lays out their memory, replays them.
 *
 * A node is a tensor: a parameter, an input, labels, or the output of one operation on earlier
 * nodes. So forward is a walk up the list and backward the same walk down: reverse-mode
 * differentiation on a graph that never changes. A node has a gradient if one of its ancestors
 * wants one; operations without it are skipped on the way down, and within an operation the inputs
 * without it. Memory is laid out twice by the same function, once to count it and once to hand it
 * out. */
#include "mj/tape.h"

#include <assert.h>
#include <string.h>

enum { ALIGN_REALS = 16, N_FIRST = 64 };

/* Larger tensors are a mistake, and below this no size in here can overflow. */
static const double COUNT_MAX = 0x1p40;

typedef enum { NODE_PARAM, NODE_INPUT, NODE_LABELS, NODE_OUTPUT } node_kind;

typedef struct {
    node_kind kind;
    const char *name;
    bool has_gradient;
    double lr_scale; /* NODE_PARAM */
    mj_tensor tensor;
    /* NODE_OUTPUT */
    const mj_layer *layer;
    const void *config;
    mj_var in[MJ_ARGS_MAX];
    int n_in;
    mj_plan plan;
    mj_real *kept, *state, *state_next, *cache;
} node;

struct mj_tape {
    mj_arena *arena;
    mj_err *err;
    mj_tape_config config;
    mj_status status; /* the first mistake */
    mj_tape *inner, *next; /* tapes within, newest first; the next one within the same tape */
    node *node;
    int n_nodes, n_room;
    mj_tape_slab slab;
    mj_param *param;
    int n_params;
    mj_real *value_grads, *tmp;
    size_t n_value_grads;
    mj_real *state, *state_next; /* carried states, then caches; the next ones of the states */
    size_t n_state, n_cache;
    uint32_t step;
    bool training;
};

/* Reals handed out so far from each slab. */
typedef struct {
    size_t trained, frozen, values, value_grads, kept, tmp, state, cache, labels;
} layout;

size_t mj_shape_count(mj_shape shape)
{
    size_t count = 1;
    for (int i = 0; i < shape.n_dims; i++) {
        count *= (size_t)shape.dim[i];
    }
    return count;
}

bool mj_shape_equal(mj_shape a, mj_shape b)
{
    bool equal = a.n_dims == b.n_dims;
    for (int i = 0; equal && i < a.n_dims; i++) {
        equal = a.dim[i] == b.dim[i];
    }
    return equal;
}

int mj_shape_columns(mj_shape shape)
{
    return shape.n_dims ? shape.dim[shape.n_dims - 1] : 1;
}

size_t mj_shape_rows(mj_shape shape)
{
    return mj_shape_count(shape) / (size_t)mj_shape_columns(shape);
}

static bool shape_is_valid(mj_shape shape)
{
    double count = 1;
    bool valid = shape.n_dims >= 0 && shape.n_dims <= MJ_DIMS_MAX;
    for (int i = 0; valid && i < shape.n_dims; i++) {
        count *= shape.dim[i];
        valid = shape.dim[i] > 0 && count <= COUNT_MAX;
    }
    return valid;
}

mj_tape *mj_tape_new(mj_arena *arena, mj_err *err, mj_tape_config config)
{
    mj_tape *tape = mj_arena_alloc(arena, sizeof *tape);
    if (tape) {
        *tape = (mj_tape){.arena = arena, .err = err, .config = config};
    }
    return tape;
}

mj_tape *mj_tape_inner(mj_tape *tape)
{
    if (tape->status != MJ_OK) {
        return NULL;
    }
    mj_tape_config config = tape->config;
    config.seed += (uint64_t)(tape->n_nodes + 1) << 32; /* noise apart from this tape's */
    mj_tape *inner = mj_tape_new(tape->arena, tape->err, config);
    if (!inner) {
        tape->status = mj_err_add(tape->err, MJ_EMEM, NULL, 0, 0, "tape too long");
        return NULL;
    }
    inner->next = tape->inner;
    tape->inner = inner;
    return inner;
}

static mj_var mistake(mj_tape *tape, mj_status status)
{
    tape->status = status;
    return MJ_NONE;
}

/* Appends a node with a copy of its name; MJ_NONE after a mistake or if its shape cannot be. */
static mj_var node_add(mj_tape *tape, node add)
{
    if (tape->status != MJ_OK) {
        return MJ_NONE;
    }
    if (!shape_is_valid(add.tensor.shape)) {
        return mistake(tape, mj_err_add(tape->err, MJ_ERANGE, NULL, 0, 0,
                                        "%s: a tensor with a size below 1 or too large", add.name));
    }
    if (tape->n_nodes == tape->n_room) {
        int n_room = tape->n_room ? 2 * tape->n_room : N_FIRST;
        node *larger = mj_arena_array(tape->arena, (size_t)n_room, sizeof *larger);
        if (!larger) {
            return mistake(tape, mj_err_add(tape->err, MJ_EMEM, NULL, 0, 0, "tape too long"));
        }
        if (tape->n_nodes) {
            memcpy(larger, tape->node, (size_t)tape->n_nodes * sizeof *larger);
        }
        tape->node = larger;
        tape->n_room = n_room;
    }
    add.name = mj_arena_text(tape->arena, add.name, strlen(add.name));
    if (!add.name) {
        return mistake(tape, mj_err_add(tape->err, MJ_EMEM, NULL, 0, 0, "tape too long"));
    }
    tape->node[tape->n_nodes] = add;
    return tape->n_nodes++;
}

mj_var mj_tape_param(mj_tape *tape, const char *name, mj_shape shape, double lr_scale)
{
    return node_add(tape, (node){.kind = NODE_PARAM, .name = name, .tensor.shape = shape,
                                 .lr_scale = lr_scale,
                                 .has_gradient = lr_scale != 0 && !tape->config.inference});
}

mj_var mj_tape_input(mj_tape *tape, const char *name, mj_shape shape, bool with_gradient)
{
    return node_add(tape, (node){.kind = NODE_INPUT, .name = name, .tensor.shape = shape,
                                 .has_gradient = with_gradient && !tape->config.inference});
}

mj_var mj_tape_labels(mj_tape *tape, const char *name, int n)
{
    return node_add(tape,
                    (node){.kind = NODE_LABELS, .name = name, .tensor.shape = mj_shape_1(n)});
}

mj_var mj_tape_label_grid(mj_tape *tape, const char *name, int B, int T)
{
    return node_add(tape,
                    (node){.kind = NODE_LABELS, .name = name, .tensor.shape = mj_shape_2(B, T)});
}

/* Inputs exist, in the number and of the kind that the layer takes. */
static mj_status check_inputs(const mj_tape *tape, const mj_layer *layer, const mj_var *in,
                              int n_in)
{
    if (n_in < layer->n_in_min || n_in > layer->n_in_max) {
        return mj_err_add(tape->err, MJ_ERANGE, NULL, 0, 0, "%s: %d inputs, it takes %d to %d",
                          layer->name, n_in, layer->n_in_min, layer->n_in_max);
    }
    for (int i = 0; i < n_in; i++) {
        bool wants_labels = layer->label_inputs >> i & 1;
        if (in[i] < 0 || in[i] >= tape->n_nodes ||
            (tape->node[in[i]].kind == NODE_LABELS) != wants_labels) {
            return mj_err_add(tape->err, MJ_ERANGE, NULL, 0, 0, "%s: input %d is not %s",
                              layer->name, i, wants_labels ? "labels" : "a tensor");
        }
    }
    return MJ_OK;
}

/* Checks, plans and copies the configuration. */
static mj_status prepare(mj_tape *tape, node *add, const mj_layer *layer, const void *config,
                         const mj_var *in, int n_in)
{
    MJ_TRY(check_inputs(tape, layer, in, n_in));
    mj_shape shape[MJ_ARGS_MAX];
    *add = (node){.kind = NODE_OUTPUT, .layer = layer, .n_in = n_in};
    for (int i = 0; i < n_in; i++) {
        add->in[i] = in[i];
        shape[i] = tape->node[in[i]].tensor.shape;
        add->has_gradient |= tape->node[in[i]].has_gradient;
    }
    void *copy = mj_arena_alloc(tape->arena, layer->config_size);
    if (!copy) {
        return mj_err_add(tape->err, MJ_EMEM, NULL, 0, 0, "tape too long");
    }
    if (config && layer->config_size) {
        memcpy(copy, config, layer->config_size);
    }
    add->config = copy;
    MJ_TRY(layer->plan(&add->plan, shape, n_in, copy, tape->err));
    add->tensor.shape = add->plan.out;
    add->name = mj_arena_printf(tape->arena, "%s.%d", layer->name, tape->n_nodes);
    return add->name ? MJ_OK : mj_err_add(tape->err, MJ_EMEM, NULL, 0, 0, "tape too long");
}

mj_var mj_tape_apply(mj_tape *tape, const mj_layer *layer, const void *config, const mj_var *in,
                     int n_in)
{
    if (tape->status != MJ_OK) {
        return MJ_NONE;
    }
    while (n_in > layer->n_in_min && in[n_in - 1] == MJ_NONE) {
        n_in--;
    }
    node add;
    mj_status status = prepare(tape, &add, layer, config, in, n_in);
    return status == MJ_OK ? node_add(tape, add) : mistake(tape, status);
}

/* Takes n reals from the part of a slab that `used` counts; NULL while only counting. */
static mj_real *take(mj_real *slab, size_t *used, size_t n)
{
    mj_real *at = slab ? slab + *used : NULL;
    *used += (n + ALIGN_REALS - 1) / ALIGN_REALS * ALIGN_REALS;
    return at;
}

/* Start of every slab; all NULL to count. */
typedef struct {
    mj_real *trained, *frozen, *grads, *values, *value_grads, *kept, *state, *state_next, *cache;
    int *labels;
} slabs;

/* Streams of an operation that carries state. */
static size_t streams_of(const node *n)
{
    return (size_t)n->tensor.shape.dim[0];
}

/* Place of what the operation n keeps, carries and scratches. */
static void lay_out_operation(node *n, layout *used, slabs from)
{
    n->kept = n->has_gradient ? take(from.kept, &used->kept, n->plan.n_kept) : NULL;
    used->tmp = n->plan.n_tmp > used->tmp ? n->plan.n_tmp : used->tmp;
    size_t state = used->state;
    n->state = take(from.state, &used->state, n->plan.n_state * streams_of(n));
    n->state_next = take(from.state_next, &state, n->plan.n_state * streams_of(n));
    n->cache = take(from.cache, &used->cache, n->plan.n_cache * streams_of(n));
}

/* Gives every node its place. Frozen and trained parameters are counted apart. */
static layout lay_out(const mj_tape *tape, node *nodes, slabs from)
{
    layout used = {0};
    for (int i = 0; i < tape->n_nodes; i++) {
        node n = tape->node[i];
        size_t count = mj_shape_count(n.tensor.shape);
        if (n.kind == NODE_LABELS) {
            n.tensor.label = from.labels ? from.labels + used.labels : NULL;
            used.labels += count;
        } else if (n.kind == NODE_PARAM && n.has_gradient) {
            n.tensor.d = from.grads ? from.grads + used.trained : NULL;
            n.tensor.v = take(from.trained, &used.trained, count);
        } else if (n.kind == NODE_PARAM) {
            n.tensor.v = take(from.frozen, &used.frozen, count);
        } else {
            n.tensor.v = take(from.values, &used.values, count);
            n.tensor.d = n.has_gradient ? take(from.value_grads, &used.value_grads, count) : NULL;
        }
        if (n.kind == NODE_OUTPUT) {
            lay_out_operation(&n, &used, from);
        }
        if (nodes) {
            nodes[i] = n;
        }
    }
    return used;
}

static mj_tape_memory memory_of(layout used)
{
    mj_tape_memory memory = {
        .params_B = (used.trained + used.frozen) * sizeof(mj_real),
        .grads_B = used.trained * sizeof(mj_real),
        .values_B = used.values * sizeof(mj_real) + used.labels * sizeof(int),
        .value_grads_B = used.value_grads * sizeof(mj_real),
        .kept_B = used.kept * sizeof(mj_real),
        .tmp_B = used.tmp * sizeof(mj_real),
        .state_B = (2 * used.state + used.cache) * sizeof(mj_real),
    };
    memory.total_B = memory.params_B + memory.grads_B + memory.values_B + memory.value_grads_B +
                     memory.kept_B + memory.tmp_B + memory.state_B;
    return memory;
}

mj_tape_memory mj_tape_memory_count(const mj_tape *tape)
{
    mj_tape_memory memory = memory_of(lay_out(tape, NULL, (slabs){0}));
    for (const mj_tape *inner = tape->inner; inner; inner = inner->next) {
        size_t inner_B = mj_tape_memory_count(inner).total_B;
        memory.inner_B += inner_B;
        memory.total_B += inner_B;
    }
    return memory;
}

/* The list of parameters: trained ones first, as they stand in the slab. */
static mj_status list_params(mj_tape *tape)
{
    for (int i = 0; i < tape->n_nodes; i++) {
        tape->n_params += tape->node[i].kind == NODE_PARAM;
    }
    tape->param = mj_arena_array(tape->arena, (size_t)tape->n_params, sizeof *tape->param);
    if (!tape->param) {
        return mj_err_add(tape->err, MJ_EMEM, NULL, 0, 0, "no memory for the list of parameters");
    }
    int n = 0;
    for (int frozen = 0; frozen < 2; frozen++) {
        for (int i = 0; i < tape->n_nodes; i++) {
            const node *p = tape->node + i;
            if (p->kind == NODE_PARAM && p->has_gradient == !frozen) {
                tape->param[n++] = (mj_param){
                    .name = p->name, .var = i, .lr_scale = p->lr_scale,
                    .offset = (size_t)(p->tensor.v - tape->slab.params),
                    .n = mj_shape_count(p->tensor.shape)};
            }
        }
    }
    return MJ_OK;
}

mj_status mj_tape_allocate(mj_tape *tape, size_t limit_B)
{
    if (tape->status != MJ_OK) {
        return tape->status;
    }
    layout used = lay_out(tape, NULL, (slabs){0});
    size_t total_B = mj_tape_memory_count(tape).total_B;
    if (limit_B && total_B > limit_B) {
        return mj_err_add(tape->err, MJ_EFIT, NULL, 0, 0,
                          "the model needs %.1f MiB of memory, the limit is %.1f MiB",
                          (double)total_B / 0x1p20, (double)limit_B / 0x1p20);
    }
    size_t n_params = used.trained + used.frozen;
    mj_real *params = mj_arena_array(tape->arena, n_params, sizeof *params);
    mj_real *state = mj_arena_array(tape->arena, used.state + used.cache, sizeof *state);
    slabs from = {
        .trained = params,
        .frozen = params ? params + used.trained : NULL,
        .grads = mj_arena_array(tape->arena, used.trained, sizeof(mj_real)),
        .values = mj_arena_array(tape->arena, used.values, sizeof(mj_real)),
        .value_grads = mj_arena_array(tape->arena, used.value_grads, sizeof(mj_real)),
        .kept = mj_arena_array(tape->arena, used.kept, sizeof(mj_real)),
        .state = state,
        .state_next = mj_arena_array(tape->arena, used.state, sizeof(mj_real)),
        .cache = state ? state + used.state : NULL,
        .labels = mj_arena_array(tape->arena, used.labels, sizeof(int)),
    };
    tape->tmp = mj_arena_array(tape->arena, used.tmp, sizeof(mj_real));
    if (!params || !from.grads || !from.values || !from.value_grads || !from.kept || !from.labels ||
        !state || !from.state_next || !tape->tmp) {
        return mj_err_add(tape->err, MJ_EMEM, NULL, 0, 0,
                          "the model needs %.1f MiB of memory, which cannot be had",
                          (double)total_B / 0x1p20);
    }
    lay_out(tape, tape->node, from);
    tape->slab = (mj_tape_slab){params, from.grads, n_params, used.trained};
    tape->value_grads = from.value_grads;
    tape->n_value_grads = used.value_grads;
    tape->state = state;
    tape->state_next = from.state_next;
    tape->n_state = used.state;
    tape->n_cache = used.cache;
    for (mj_tape *inner = tape->inner; inner; inner = inner->next) {
        MJ_TRY(mj_tape_allocate(inner, 0));
    }
    return list_params(tape);
}

static mj_call call_of(const mj_tape *tape, int i)
{
    const node *n = tape->node + i;
    mj_call call = {
        .out = n->tensor,
        .n_in = n->n_in,
        .config = n->config,
        .kept = n->kept,
        .tmp = tape->tmp,
        .state = n->state,
        .state_next = n->state_next,
        .cache = n->cache,
        .noise = {.seed = tape->config.seed, .stream = (uint32_t)i, .step = tape->step},
        .training = tape->training,
    };
    for (int k = 0; k < n->n_in; k++) {
        call.in[k] = tape->node[n->in[k]].tensor;
    }
    return call;
}

void mj_tape_forward(mj_tape *tape, uint32_t step, bool training)
{
    assert(tape->tmp);
    tape->step = step;
    tape->training = training;
    for (int i = 0; i < tape->n_nodes; i++) {
        if (tape->node[i].kind == NODE_OUTPUT) {
            mj_call call = call_of(tape, i);
            tape->node[i].layer->forward(&call);
        }
    }
}

void mj_tape_grads_clear(mj_tape *tape)
{
    mj_fill(tape->slab.grads, 0, tape->slab.n_trained);
    mj_fill(tape->value_grads, 0, tape->n_value_grads);
}

void mj_tape_backward(mj_tape *tape)
{
    assert(!tape->config.inference);
    for (int i = tape->n_nodes - 1; i >= 0; i--) {
        if (tape->node[i].kind == NODE_OUTPUT && tape->node[i].has_gradient) {
            mj_call call = call_of(tape, i);
            tape->node[i].layer->backward(&call);
        }
    }
}

void mj_tape_state_advance(mj_tape *tape)
{
    mj_copy(tape->state, tape->state_next, tape->n_state);
    for (mj_tape *inner = tape->inner; inner; inner = inner->next) {
        mj_tape_state_advance(inner);
    }
}

void mj_tape_state_clear(mj_tape *tape, int stream)
{
    for (int i = 0; i < tape->n_nodes; i++) {
        const node *n = tape->node + i;
        size_t length = n->plan.n_state;
        if (n->kind == NODE_OUTPUT && length && stream == MJ_EVERY_STREAM) {
            mj_fill(n->state, 0, streams_of(n) * length);
        } else if (n->kind == NODE_OUTPUT && length) {
            assert((size_t)stream < streams_of(n));
            mj_fill(n->state + (size_t)stream * length, 0, length);
        }
    }
    for (mj_tape *inner = tape->inner; inner; inner = inner->next) {
        mj_tape_state_clear(inner, stream);
    }
}

size_t mj_tape_states_count(const mj_tape *tape)
{
    size_t n = tape->n_state + tape->n_cache;
    for (const mj_tape *inner = tape->inner; inner; inner = inner->next) {
        n += mj_tape_states_count(inner);
    }
    return n;
}

void mj_tape_states_get(const mj_tape *tape, mj_real *out)
{
    size_t n = tape->n_state + tape->n_cache;
    mj_copy(out, tape->state, n);
    for (const mj_tape *inner = tape->inner; inner; inner = inner->next) {
        mj_tape_states_get(inner, out + n);
        n += mj_tape_states_count(inner);
    }
}

void mj_tape_states_set(mj_tape *tape, const mj_real *in)
{
    size_t n = tape->n_state + tape->n_cache;
    mj_copy(tape->state, in, n);
    for (mj_tape *inner = tape->inner; inner; inner = inner->next) {
        mj_tape_states_set(inner, in + n);
        n += mj_tape_states_count(inner);
    }
}

mj_tensor mj_tape_tensor(const mj_tape *tape, mj_var var)
{
    assert(var >= 0 && var < tape->n_nodes);
    return tape->node[var].tensor;
}

mj_tape_slab mj_tape_params_slab(const mj_tape *tape)
{
    return tape->slab;
}

const mj_param *mj_tape_params(const mj_tape *tape, int *n)
{
    *n = tape->n_params;
    return tape->param;
}

bool mj_tape_find_nan(const mj_tape *tape, const char **name, bool *is_gradient)
{
    for (int k = 0; k < 2 * tape->n_nodes; k++) {
        *is_gradient = k >= tape->n_nodes;
        const node *n = tape->node + (*is_gradient ? 2 * tape->n_nodes - 1 - k : k);
        const mj_real *x = *is_gradient ? n->tensor.d : n->tensor.v;
        if (x && !mj_all_finite(x, mj_shape_count(n->tensor.shape))) {
            *name = n->name;
            return true;
        }
    }
    return false;
}

/* Reals of parameters that one forward of an operation reads. */
static double params_read(const mj_tape *tape, const node *n)
{
    double reals = 0;
    for (int k = 0; k < n->n_in; k++) {
        const node *from = tape->node + n->in[k];
        size_t all = mj_shape_count(from->tensor.shape);
        size_t some = k == 0 && n->plan.n_read > 0 ? n->plan.n_read : all;
        reals += from->kind == NODE_PARAM ? (double)some : 0;
    }
    return reals * (n->plan.n_passes > 0 ? n->plan.n_passes : 1);
}

mj_tape_cost mj_tape_cost_count(const mj_tape *tape)
{
    mj_tape_cost cost = {0};
    for (int i = 0; i < tape->n_nodes; i++) {
        const node *n = tape->node + i;
        if (n->kind != NODE_OUTPUT) {
            continue;
        }
        size_t reals = mj_shape_count(n->tensor.shape);
        for (int k = 0; k < n->n_in; k++) {
            reals += mj_shape_count(tape->node[n->in[k]].tensor.shape);
        }
        double carried = 2 * (double)(n->plan.n_state * streams_of(n));
        cost.mac += n->plan.mac;
        cost.vector += n->plan.vector;
        cost.bytes += (double)reals * sizeof(mj_real);
        cost.params += params_read(tape, n);
        cost.state += n->plan.moved > 0 ? n->plan.moved : carried;
    }
    return cost;
}
