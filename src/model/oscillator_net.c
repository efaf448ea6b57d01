/* Oscillator net: the nodes it puts on a tape, and how its training starts.
 *
 *   K     = what a chip has of the trained matrix        coupling.h
 *   theta = phases after start and run                   phases.h, kuramoto.h
 *   pixel = (1 - cos theta_i)/2 of visible oscillators   phases.h
 *
 * What a training starts from decides how far it comes: with couplings small against the drive the
 * phases stay near their start, where the read-out has its largest slope; the positive coupling of
 * neighbours makes images smooth before anything is learned. */
#include "mj/oscillator_net.h"

#include "mj/rng.h"

static const double RANDOM_COUPLING = 0.2;  /* times 1/sqrt(N), standard deviation */
static const double NEIGHBOUR_SIGMA = 1;    /* pixels */
static const double NEIGHBOUR_REACH_2 = 12; /* squared distance where neighbours end */
static const double RATE_SPREAD = 0.05;     /* of frequencies and drives, rad per time unit */
static const double HALF_PI = 1.57079632679489661923;

int mj_oscillator_count(const mj_oscillator_net *net)
{
    return net->width * net->height + net->hidden_fixed + net->hidden_random;
}

int mj_oscillator_steps(int n_steps, int n_segments)
{
    return n_segments > 1 ? (n_steps + n_segments - 1) / n_segments * n_segments : n_steps;
}

static mj_status check(const mj_oscillator_net *net, mj_err *err)
{
    enum { SIDE_MAX = 4096, HIDDEN_MAX = 1 << 20 };
    if (net->width < 1 || net->height < 1 || net->width > SIDE_MAX || net->height > SIDE_MAX ||
        net->hidden_fixed < 0 || net->hidden_random < 0 || net->hidden_fixed > HIDDEN_MAX ||
        net->hidden_random > HIDDEN_MAX) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "an oscillator net of %dx%d visible and %d + %d hidden oscillators: sides "
                          "go from 1 to %d, hidden ones from 0 to %d",
                          net->width, net->height, net->hidden_fixed, net->hidden_random, SIDE_MAX,
                          HIDDEN_MAX);
    }
    return MJ_OK;
}

mj_status mj_oscillator_record(mj_oscillator_vars *vars, mj_tape *tape, const mj_oscillator_net *net,
                               const mj_oscillator_run *run, mj_err *err)
{
    MJ_TRY(check(net, err));
    int N = mj_oscillator_count(net);
    mj_shape table = mj_shape_2(net->n_class, N);
    mj_shape couplings = net->n_segments > 1 ? (mj_shape){3, {net->n_segments, N, N}} : mj_shape_2(N, N);
    *vars = (mj_oscillator_vars){
        .K = mj_tape_param(tape, "K", couplings, net->lr_coupling),
        .omega = mj_tape_param(tape, "omega", mj_shape_1(N), 1),
        .omega_class = mj_tape_param(tape, "omega_class", table, 1),
        .drive_cos = mj_tape_param(tape, "drive_cos", table, 1),
        .drive_sin = mj_tape_param(tape, "drive_sin", table, 1),
        .theta0 = mj_tape_param(tape, "theta0", table, 1),
        .label = mj_tape_labels(tape, "class", net->n_batch),
    };
    const mj_oscillate_inputs in = {
        .theta0 = mj_phase_start_at(tape, vars->theta0, vars->label, &run->start),
        .K = mj_couple(tape, vars->K, &run->coupling),
        .omega = vars->omega,
        .labels = vars->label,
        .omega_class = vars->omega_class,
        .drive_cos = vars->drive_cos,
        .drive_sin = vars->drive_sin,
    };
    const mj_oscillate_config config = {
        .integrator = net->integrator, .response = net->response, .precision = net->precision,
        .n_steps_max = net->n_steps_max, .run = &run->run, .path = &run->path};
    vars->theta = mj_oscillate(tape, in, config);
    vars->pixel = mj_phase_read(tape, vars->theta, net->width * net->height);
    return MJ_OK;
}

void mj_oscillator_random(uint8_t *random, const mj_oscillator_net *net)
{
    int N = mj_oscillator_count(net);
    for (int i = 0; i < N; i++) {
        random[i] = i >= N - net->hidden_random;
    }
}

/* Adds to each visible oscillator's row a Gaussian of its neighbours with sum 1. */
static void couple_neighbours(mj_real *K, const mj_oscillator_net *net, int N)
{
    int n_visible = net->width * net->height;
    for (int i = 0; i < n_visible; i++) {
        double sum = 0;
        for (int pass = 0; pass < 2; pass++) {
            for (int j = 0; j < n_visible; j++) {
                double dx = i % net->width - j % net->width, dy = i / net->width - j / net->width;
                double d2 = dx * dx + dy * dy;
                if (d2 == 0 || d2 >= NEIGHBOUR_REACH_2) {
                    continue;
                }
                double g = exp(-d2 / (2 * NEIGHBOUR_SIGMA * NEIGHBOUR_SIGMA));
                if (pass == 0) {
                    sum += g;
                } else {
                    K[(size_t)i * (size_t)N + (size_t)j] += (mj_real)(g / sum);
                }
            }
        }
    }
}

static void fill_normal(mj_real *x, size_t n, double scale, mj_rng *rng)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = (mj_real)(scale * mj_rng_normal(rng));
    }
}

/* One matrix. */
static void init_couplings(mj_real *K, const mj_oscillator_net *net, mj_rng *rng)
{
    int N = mj_oscillator_count(net);
    fill_normal(K, (size_t)N * (size_t)N, RANDOM_COUPLING / sqrt(N), rng);
    for (int i = 0; i < N; i++) {
        K[(size_t)i * (size_t)(N + 1)] = 0;
    }
    couple_neighbours(K, net, N);
}

void mj_oscillator_init(mj_tape *tape, const mj_oscillator_vars *vars, const mj_oscillator_net *net,
                        uint64_t seed)
{
    mj_rng rng;
    mj_rng_init(&rng, seed, 0);
    int N = mj_oscillator_count(net);
    size_t table = (size_t)net->n_class * (size_t)N;
    mj_real *K = mj_tape_tensor(tape, vars->K).v;
    for (int p = 0; p < (net->n_segments > 1 ? net->n_segments : 1); p++) {
        init_couplings(K + (size_t)p * (size_t)N * (size_t)N, net, &rng);
    }
    fill_normal(mj_tape_tensor(tape, vars->omega).v, (size_t)N, RATE_SPREAD, &rng);
    fill_normal(mj_tape_tensor(tape, vars->drive_cos).v, table, RATE_SPREAD, &rng);
    fill_normal(mj_tape_tensor(tape, vars->drive_sin).v, table, RATE_SPREAD, &rng);
    mj_fill(mj_tape_tensor(tape, vars->omega_class).v, 0, table);
    mj_fill(mj_tape_tensor(tape, vars->theta0).v, (mj_real)HALF_PI, table);
}
