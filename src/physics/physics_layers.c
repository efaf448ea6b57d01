/* The oscillators as rows of a table of layers: couplings, start, run, read-out.
 *
 * Each row only puts the tape's tensors where the functions of coupling.h, phases.h and kuramoto.h
 * want them. The run's trace is what the tape keeps between forward and backward; without a
 * backward there is none, and the run keeps the waves of one stage only. */
#include "mj/physics.h"

#include "physics_rows.h"

#define BAD_SHAPE(err, text) mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "%s", text)

/* Segments of a [N,N] or [P,N,N] tensor; 0 if it is neither. */
static int segments_of(const mj_shape *shape)
{
    int n = mj_shape_columns(*shape);
    bool square = shape->n_dims >= 2 && shape->dim[shape->n_dims - 2] == n;
    return !square || shape->n_dims > 3 ? 0 : shape->n_dims == 3 ? shape->dim[0] : 1;
}

/* Couplings: K of M. */

typedef struct {
    const mj_coupling *coupling; /* NULL: directed, dense, exact */
} couple_config;

static mj_status couple_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                             mj_err *err)
{
    (void)n_in, (void)config;
    if (segments_of(&in[0]) < 1) {
        return BAD_SHAPE(err, "couple: it takes couplings [N,N] or [P,N,N]");
    }
    *plan = (mj_plan){.out = in[0]};
    return MJ_OK;
}

static mj_coupling coupling_of(const mj_call *call)
{
    const couple_config *config = call->config;
    mj_coupling coupling = config->coupling ? *config->coupling : (mj_coupling){0};
    coupling.n = mj_shape_columns(call->in[0].shape);
    coupling.n_segments = segments_of(&call->in[0].shape);
    return coupling;
}

static void couple_forward(const mj_call *call)
{
    mj_coupling coupling = coupling_of(call);
    mj_coupling_forward(call->out.v, call->in[0].v, &coupling);
}

static void couple_backward(const mj_call *call)
{
    mj_coupling coupling = coupling_of(call);
    if (call->in[0].d) {
        mj_coupling_backward(call->in[0].d, call->out.d, &coupling);
    }
}

/* Start phases. */

typedef struct {
    const mj_phase_start *start; /* NULL: none is random */
} start_config;

static mj_status start_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                            mj_err *err)
{
    (void)n_in, (void)config;
    if (in[0].n_dims != 2 || in[1].n_dims != 1) {
        return BAD_SHAPE(err, "phase start: it takes phases [n_class,N] and labels [B]");
    }
    *plan = (mj_plan){.out = mj_shape_2(in[1].dim[0], in[0].dim[1])};
    return MJ_OK;
}

static mj_phase_start start_of(const mj_call *call)
{
    const start_config *config = call->config;
    mj_phase_start start = config->start ? *config->start : (mj_phase_start){0};
    start.n_batch = call->out.shape.dim[0];
    start.n = call->out.shape.dim[1];
    start.key = call->noise;
    return start;
}

static void start_forward(const mj_call *call)
{
    mj_phase_start start = start_of(call);
    mj_phase_start_forward(call->out.v, call->in[0].v, call->in[1].label, &start);
}

static void start_backward(const mj_call *call)
{
    mj_phase_start start = start_of(call);
    if (call->in[0].d) {
        mj_phase_start_backward(call->in[0].d, call->out.d, call->in[1].label, &start);
    }
}

/* The run. */

enum { THETA0, COUPLINGS, OMEGA, LABELS, OMEGA_CLASS, DRIVE_COS, DRIVE_SIN, N_INPUTS };

static mj_kuramoto net_of(const mj_shape *in, int n_in, const mj_oscillate_config *config)
{
    return (mj_kuramoto){.n = in[THETA0].dim[1], .n_batch = in[THETA0].dim[0],
                         .n_class = n_in > OMEGA_CLASS ? in[OMEGA_CLASS].dim[0] : 0,
                         .n_segments = segments_of(&in[COUPLINGS]),
                         .n_steps_max = config->n_steps_max, .integrator = config->integrator,
                         .response = config->response, .precision = config->precision};
}

static bool oscillate_fits(const mj_shape *in, int n_in)
{
    if (in[THETA0].n_dims != 2 || (n_in > OMEGA_CLASS && in[OMEGA_CLASS].n_dims != 2)) {
        return false;
    }
    int N = in[THETA0].dim[1];
    bool fits = segments_of(&in[COUPLINGS]) > 0 && mj_shape_columns(in[COUPLINGS]) == N &&
                mj_shape_equal(in[OMEGA], mj_shape_1(N));
    if (n_in > OMEGA + 1) {
        fits = fits && n_in > OMEGA_CLASS &&
               mj_shape_equal(in[LABELS], mj_shape_1(in[THETA0].dim[0])) &&
               in[OMEGA_CLASS].dim[1] == N;
    }
    if (n_in > OMEGA_CLASS + 1) {
        fits = fits && n_in == N_INPUTS && mj_shape_equal(in[DRIVE_COS], in[OMEGA_CLASS]) &&
               mj_shape_equal(in[DRIVE_SIN], in[OMEGA_CLASS]);
    }
    return fits;
}

static mj_status oscillate_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                                mj_err *err)
{
    if (!oscillate_fits(in, n_in)) {
        return BAD_SHAPE(err, "oscillate: it takes phases [B,N], couplings [N,N] or [P,N,N], "
                              "frequencies [N], then labels [B] and tables [n_class,N]");
    }
    const mj_oscillate_config *c = config;
    mj_kuramoto net = net_of(in, n_in, c);
    MJ_TRY(mj_kuramoto_check(&net, err));
    size_t scratch = mj_kuramoto_scratch_count(&net), batch = mj_shape_rows(in[THETA0]);
    *plan = (mj_plan){.out = in[THETA0], .n_kept = mj_kuramoto_trace_count(&net),
                      .n_tmp = scratch + batch * (size_t)net.n,
                      .mac = mj_kuramoto_macs(&net, c->n_steps_max)};
    if (scratch == SIZE_MAX || plan->n_kept == SIZE_MAX || plan->n_tmp < scratch) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0,
                          "oscillate: %d oscillators, batch %d, %d steps: more than any memory",
                          net.n, net.n_batch, net.n_steps_max);
    }
    return MJ_OK;
}

static mj_kuramoto net_of_call(const mj_call *call)
{
    mj_shape in[N_INPUTS] = {0};
    for (int i = 0; i < call->n_in; i++) {
        in[i] = call->in[i].shape;
    }
    return net_of(in, call->n_in, call->config);
}

static mj_kuramoto_run run_of(const mj_call *call)
{
    const mj_oscillate_config *config = call->config;
    mj_kuramoto_run run = *config->run;
    run.key = call->noise;
    return run;
}

static mj_kuramoto_input input_of(const mj_call *call)
{
    const mj_tensor *in = call->in;
    mj_kuramoto_input input = {.theta0 = in[THETA0].v, .K = in[COUPLINGS].v, .omega = in[OMEGA].v};
    if (call->n_in > OMEGA_CLASS) {
        input.label = in[LABELS].label;
        input.omega_class = in[OMEGA_CLASS].v;
    }
    if (call->n_in == N_INPUTS) {
        input.drive_cos = in[DRIVE_COS].v;
        input.drive_sin = in[DRIVE_SIN].v;
    }
    return input;
}

static void oscillate_forward(const mj_call *call)
{
    mj_kuramoto net = net_of_call(call);
    mj_kuramoto_run run = run_of(call);
    mj_kuramoto_input input = input_of(call);
    const mj_oscillate_config *config = call->config;
    mj_real *path = config->path ? *config->path : NULL;
    mj_kuramoto_forward(call->out.v, path, call->kept, call->tmp, &net, &run, &input);
}

static void oscillate_backward(const mj_call *call)
{
    mj_kuramoto net = net_of_call(call);
    mj_kuramoto_run run = run_of(call);
    mj_kuramoto_input input = input_of(call);
    const mj_tensor *in = call->in;
    size_t batch = mj_shape_rows(in[THETA0].shape) * (size_t)net.n;
    mj_real *dtheta0 = call->tmp, *scratch = call->tmp + batch;
    mj_kuramoto_gradient gradient = {.theta0 = dtheta0, .K = in[COUPLINGS].d,
                                     .omega = in[OMEGA].d};
    if (call->n_in > OMEGA_CLASS) {
        gradient.omega_class = in[OMEGA_CLASS].d;
    }
    if (call->n_in == N_INPUTS) {
        gradient.drive_cos = in[DRIVE_COS].d;
        gradient.drive_sin = in[DRIVE_SIN].d;
    }
    mj_kuramoto_backward(&gradient, call->out.d, call->kept, scratch, &net, &run, &input);
    if (in[THETA0].d) {
        mj_add_scaled(in[THETA0].d, dtheta0, 1, batch);
    }
}

/* Read-out. */

typedef struct {
    int n_visible;
} read_config;

static mj_status read_plan(mj_plan *plan, const mj_shape *in, int n_in, const void *config,
                           mj_err *err)
{
    (void)n_in;
    int n_visible = ((const read_config *)config)->n_visible;
    if (in[0].n_dims != 2 || n_visible < 1 || n_visible > in[0].dim[1]) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "phase read: %d of %d oscillators", n_visible,
                          mj_shape_columns(in[0]));
    }
    *plan = (mj_plan){.out = mj_shape_2(in[0].dim[0], n_visible),
                      .n_tmp = mj_shape_rows(in[0]) * (size_t)in[0].dim[1]};
    return MJ_OK;
}

static void read_forward(const mj_call *call)
{
    const mj_shape *theta = &call->in[0].shape;
    mj_phase_read_forward(call->out.v, call->in[0].v, theta->dim[0], theta->dim[1],
                          call->out.shape.dim[1]);
}

static void read_backward(const mj_call *call)
{
    const mj_shape *theta = &call->in[0].shape;
    if (call->in[0].d) {
        mj_phase_read_backward(call->tmp, call->out.d, call->in[0].v, theta->dim[0], theta->dim[1],
                               call->out.shape.dim[1]);
        mj_add_scaled(call->in[0].d, call->tmp, 1, mj_shape_rows(*theta) * (size_t)theta->dim[1]);
    }
}

/* The table. */

static const mj_example COUPLE_EXAMPLES[] = {
    {.in = {{2, {5, 5}}}, .n_in = 1},
    {.in = {{3, {2, 4, 4}}}, .n_in = 1,
     .config = &(const couple_config){&(const mj_coupling){.symmetric = true}}},
};
static const mj_layer COUPLE = {
    .name = "couple", .config_size = sizeof(couple_config), .n_in_min = 1, .n_in_max = 1,
    .plan = couple_plan, .forward = couple_forward, .backward = couple_backward,
    .example = COUPLE_EXAMPLES, .n_examples = N_OF(COUPLE_EXAMPLES),
};
static const mj_example START_EXAMPLES[] = {
    {.in = {{2, {3, 4}}, {1, {8}}}, .n_in = 2, .n_classes = 3,
     .config = &(const start_config){
         &(const mj_phase_start){.random = (const uint8_t[]){0, 0, 1, 0}, .bits = 2}}},
};
static const mj_layer START = {
    .name = "phase start", .config_size = sizeof(start_config), .n_in_min = 2, .n_in_max = 2,
    .label_inputs = 1u << 1, .plan = start_plan, .forward = start_forward,
    .backward = start_backward, .example = START_EXAMPLES, .n_examples = N_OF(START_EXAMPLES),
};
static const mj_kuramoto_run EXAMPLE_RUN = {.n_steps = 3, .span = 1, .noise = 0.1};
static const mj_example OSCILLATE_EXAMPLES[] = {
    {.in = {{2, {3, 5}}, {2, {5, 5}}, {1, {5}}}, .n_in = 3,
     .config = &(const mj_oscillate_config){.n_steps_max = 3, .run = &EXAMPLE_RUN}},
    {.in = {{2, {4, 3}}, {3, {2, 3, 3}}, {1, {3}}, {1, {4}}, {2, {2, 3}}, {2, {2, 3}}, {2, {2, 3}}},
     .n_in = 7, .n_classes = 2,
     .config = &(const mj_oscillate_config){
         .integrator = MJ_RK4, .response = {.n_harmonics = 2, .sin = {1, -0.3}, .cos = {0.2, 0.1}},
         .n_steps_max = 4, .run = &EXAMPLE_RUN}},
};
static const mj_layer OSCILLATE = {
    .name = "oscillate", .config_size = sizeof(mj_oscillate_config), .n_in_min = 3,
    .n_in_max = N_INPUTS, .label_inputs = 1u << LABELS, .plan = oscillate_plan,
    .forward = oscillate_forward, .backward = oscillate_backward, .example = OSCILLATE_EXAMPLES,
    .n_examples = N_OF(OSCILLATE_EXAMPLES),
};
static const mj_example READ_EXAMPLES[] = {
    {.in = {{2, {3, 5}}}, .n_in = 1, .config = &(const read_config){4}},
};
static const mj_layer READ = {
    .name = "phase read", .config_size = sizeof(read_config), .n_in_min = 1, .n_in_max = 1,
    .plan = read_plan, .forward = read_forward, .backward = read_backward,
    .example = READ_EXAMPLES, .n_examples = N_OF(READ_EXAMPLES),
};

const mj_layer *const mj_physics_layers[] = {&COUPLE, &START, &OSCILLATE, &READ,
                                              &mj_kuramoto_cell_row, NULL};

mj_var mj_couple(mj_tape *tape, mj_var M, const mj_coupling *coupling)
{
    return mj_tape_apply(tape, &COUPLE, &(couple_config){coupling}, &M, 1);
}

mj_var mj_phase_start_at(mj_tape *tape, mj_var theta0, mj_var labels, const mj_phase_start *start)
{
    return mj_tape_apply(tape, &START, &(start_config){start}, (mj_var[]){theta0, labels}, 2);
}

mj_var mj_oscillate(mj_tape *tape, mj_oscillate_inputs in, mj_oscillate_config config)
{
    const mj_var var[N_INPUTS] = {in.theta0,      in.K,         in.omega,    in.labels,
                                  in.omega_class, in.drive_cos, in.drive_sin};
    return mj_tape_apply(tape, &OSCILLATE, &config, var, N_INPUTS);
}

mj_var mj_phase_read(mj_tape *tape, mj_var theta, int n_visible)
{
    return mj_tape_apply(tape, &READ, &(read_config){n_visible}, &theta, 1);
}
