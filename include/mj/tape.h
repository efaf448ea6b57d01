/* Tape: a model as a fixed list of operations, recorded once and replayed every step.
 *
 *   mj_tape *tape = mj_tape_new(&arena, &err, (mj_tape_config){.seed = 1});
 *   mj_var x = mj_tape_input(tape, "x", mj_shape_2(B, K), false);
 *   mj_var w = mj_tape_param(tape, "w", mj_shape_2(N, K), 1);
 *   mj_var y = mj_silu(tape, mj_linear(tape, x, w, MJ_NONE));
 *   MJ_TRY(mj_tape_allocate(tape, limit_B));           shapes are known: one slab a family
 *   ... write the values of x and w ...
 *   mj_tape_forward(tape, step, true);
 *   mj_tape_grads_clear(tape);
 *   ... write dL/dy into mj_tape_tensor(tape, y).d ...
 *   mj_tape_backward(tape);                            adds into d of everything before y
 *
 * Sequences are [B,T,C]: T steps of B streams, read in segments. What a layer must know of the
 * steps before a segment (a recurrent state, the last inputs of a convolution, keys and values) is
 * its carried state. The tape owns it: forward reads the state at the segment's start and writes
 * that at its end beside it, so that a forward may be repeated and backward still sees the start.
 * mj_tape_state_advance() makes the end the start of the next segment. No gradient passes the start
 * (truncated back-propagation). With T = 1 and an advance after every forward the same layers
 * generate token by token, and their outputs are those of the long segment.
 *
 * Nothing allocates after mj_tape_allocate(). While a model is being recorded, the first mistake (a
 * shape that does not fit) is kept and later calls do nothing; mj_tape_allocate() returns it. A
 * tape belongs to one thread; its kernels use several. */
#ifndef MJ_TAPE_H
#define MJ_TAPE_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/kernels.h"
#include "mj/real.h"

enum { MJ_DIMS_MAX = 4, MJ_ARGS_MAX = 12 };

/* Sizes of a dense row-major tensor; n_dims 0 is a single number. */
typedef struct {
    int n_dims, dim[MJ_DIMS_MAX];
} mj_shape;

static inline mj_shape mj_shape_1(int a) { return (mj_shape){1, {a}}; }
static inline mj_shape mj_shape_2(int a, int b) { return (mj_shape){2, {a, b}}; }
static inline mj_shape mj_shape_3(int a, int b, int c) { return (mj_shape){3, {a, b, c}}; }
static inline mj_shape mj_shape_4(int a, int b, int c, int d)
{
    return (mj_shape){4, {a, b, c, d}};
}
size_t mj_shape_count(mj_shape shape);
bool mj_shape_equal(mj_shape a, mj_shape b);
/* The last dimension (1 for a single number), and the product of those before it. */
int mj_shape_columns(mj_shape shape);
size_t mj_shape_rows(mj_shape shape);

/* A view of a tensor on the tape. */
typedef struct {
    mj_shape shape;
    mj_real *v; /* values; NULL for labels */
    mj_real *d; /* dL/dv; NULL where nobody needs it */
    int *label; /* classes, in place of v; else NULL */
} mj_tensor;

/* What a layer is. */

/* One application of a layer, as its forward and backward see it. */
typedef struct {
    mj_tensor out, in[MJ_ARGS_MAX];
    int n_in;
    const void *config;
    mj_real *kept;      /* what forward leaves for backward; NULL if there will be no backward */
    mj_real *tmp;       /* scratch, its content is lost after the call */
    const mj_real *state; /* [B,n_state] carried state before the segment */
    mj_real *state_next;  /* [B,n_state] after it: forward writes every number */
    mj_real *cache;       /* [B,n_cache] */
    mj_noise_key noise; /* the same in a forward and its backward */
    bool training;
} mj_call;

/* What a layer needs for given inputs: filled by mj_layer.plan. */
typedef struct {
    mj_shape out;
    size_t n_kept, n_tmp; /* reals */
    double mac;           /* multiply-accumulates of one forward */
    double vector;        /* element-wise operations beside them (counts.h) */
    size_t n_read;        /* reals of in[0] that a forward needs; 0: all */
    int n_passes;         /* times that a forward reads its inputs; 0: once */
    double moved;         /* reals of state and cache read and written; 0: n_state both ways */
    /* Reals that a stream carries from segment to segment; streams are out.dim[0]. Zeros mean that
     * nothing came before. The cache is too long to be copied: forward appends to it where the
     * state says, and never over what the present state or a backward still needs. */
    size_t n_state, n_cache;
} mj_plan;

/* Inputs on which tests try a layer. */
typedef struct {
    mj_shape in[MJ_ARGS_MAX];
    int n_in;
    int n_classes; /* labels are drawn below this */
    const void *config;
} mj_example;

/* A row of a table of layers. backward ADDS into in[i].d, which may be NULL for any i. forward and
 * backward cannot fail: plan has refused what they could not do, with a message in err. */
typedef struct {
    const char *name;
    size_t config_size; /* the tape keeps a copy; a NULL config counts as zeros */
    int n_in_min, n_in_max;
    unsigned label_inputs; /* bit i: input i is labels */
    mj_status (*plan)(mj_plan *plan, const mj_shape *in, int n_in, const void *config, mj_err *err);
    void (*forward)(const mj_call *call);
    void (*backward)(const mj_call *call);
    const mj_example *example;
    int n_examples;
} mj_layer;

/* Recording. */

typedef struct mj_tape mj_tape;
typedef int mj_var;
enum { MJ_NONE = -1 };

typedef struct {
    uint64_t seed;  /* of all noise */
    bool inference; /* no gradients at all: mj_tape_backward() is not called */
} mj_tape_config;

/* The tape and all its memory are the arena's. NULL if the arena is exhausted. */
mj_tape *mj_tape_new(mj_arena *arena, mj_err *err, mj_tape_config config);
/* A trained tensor. lr_scale multiplies the learning rate; 0 freezes it: no gradient is
 * computed. */
mj_var mj_tape_param(mj_tape *tape, const char *name, mj_shape shape, double lr_scale);
/* A tensor that the caller writes before a step; with_gradient: d is wanted too. */
mj_var mj_tape_input(mj_tape *tape, const char *name, mj_shape shape, bool with_gradient);
mj_var mj_tape_labels(mj_tape *tape, const char *name, int n);
/* Labels [B,T] of sequences. */
mj_var mj_tape_label_grid(mj_tape *tape, const char *name, int B, int T);
/* MJ_NONE after a mistake. Trailing inputs that are MJ_NONE count as not given. */
mj_var mj_tape_apply(mj_tape *tape, const mj_layer *layer, const void *config, const mj_var *in,
                     int n_in);

/* A tape within this one, for a layer that replays a block of its own (equilibrium.h). It shares
 * arena, errors and kind; its memory is counted and allotted with this tape's, its states advance
 * and begin anew with this tape's. NULL after a mistake. */
mj_tape *mj_tape_inner(mj_tape *tape);

/* Memory. */

typedef struct {
    size_t params_B, grads_B, values_B, value_grads_B, kept_B, tmp_B, state_B;
    size_t inner_B; /* all of the tapes within */
    size_t total_B;
} mj_tape_memory;

/* What mj_tape_allocate() will take; known before it is called. */
mj_tape_memory mj_tape_memory_count(const mj_tape *tape);
/* All slabs, zeroed. The first mistake of recording is returned here; more than limit_B (0: no
 * limit) is refused with the number before anything is allocated. */
mj_status mj_tape_allocate(mj_tape *tape, size_t limit_B);

/* Running. */

void mj_tape_forward(mj_tape *tape, uint32_t step, bool training);
void mj_tape_grads_clear(mj_tape *tape);
void mj_tape_backward(mj_tape *tape);
mj_tensor mj_tape_tensor(const mj_tape *tape, mj_var var);

/* The states at the end of the segment become those at its start; once a step, after backward. */
void mj_tape_state_advance(mj_tape *tape);
/* A stream begins anew: nothing came before. MJ_EVERY_STREAM: all of them. */
enum { MJ_EVERY_STREAM = -1 };
void mj_tape_state_clear(mj_tape *tape, int stream);
/* All carried states and caches, those of inner tapes too, for a checkpoint: how many reals, to
 * `out`, from `in`. */
size_t mj_tape_states_count(const mj_tape *tape);
void mj_tape_states_get(const mj_tape *tape, mj_real *out);
void mj_tape_states_set(mj_tape *tape, const mj_real *in);

/* All parameters stand in one slab, in the order of the list below: first those with a gradient,
 * then the frozen ones, each starting at a multiple of 16 reals; the gaps stay 0. grads is in step
 * with the first n_trained reals of params. */
typedef struct {
    mj_real *params, *grads;
    size_t n_params, n_trained;
} mj_tape_slab;
typedef struct {
    const char *name;
    mj_var var;
    size_t offset, n;
    double lr_scale;
} mj_param;
mj_tape_slab mj_tape_params_slab(const mj_tape *tape);
/* Valid after mj_tape_allocate(). */
const mj_param *mj_tape_params(const mj_tape *tape, int *n);

/* The first tensor with a NaN or infinity: values in the order of the tape, then gradients against
 * it (where the trouble began stands first). False if there is none. */
bool mj_tape_find_nan(const mj_tape *tape, const char **name, bool *is_gradient);

/* One forward: multiply-accumulates, element-wise operations beside them, bytes of all inputs and
 * outputs of the operations; reals of parameters read, once for every operation that takes them, of
 * tables only the rows; reals of state and caches read and written. */
typedef struct {
    double mac, vector, bytes, params, state;
} mj_tape_cost;
mj_tape_cost mj_tape_cost_count(const mj_tape *tape);

#endif
