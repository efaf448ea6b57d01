/* Ring net agreement: random nets of either sign on transistors beside their phase model. */
#include "mj/ring_net.h"

#include "mj/rng.h"

#include <math.h>

static const double TWO_PI = 6.283185307179586;
static const double LEAST = 1, MOST = 3; /* of couplings, before the span is taken from the strongest node */
static const double TURN_RAD = 16;       /* of the strongest node: what a trained net of images takes */
enum { STEPS = 512, TRIES = 100 };

void mj_ring_net_quantise(mj_ring_net *net, const mj_ring_substrate *s)
{
    double full = 0, all = ldexp(1, s->coupler_bits) - 1, before = mj_ring_net_strongest(net);
    int kept = 0;
    for (int e = 0; e < net->n_couplings; e++) {
        const mj_ring_coupling *c = &net->coupling[e];
        full = fmax(full, fabs(c->value / (c->value < 0 ? s->opposite : s->response).sin[0]));
    }
    for (int e = 0; e < net->n_couplings && s->coupler_bits > 0; e++) {
        mj_ring_coupling c = net->coupling[e];
        double sine = fabs((c.value < 0 ? s->opposite : s->response).sin[0]);
        double code = round(fabs(c.value) / sine / full * all);
        if (code > 0) {
            c.value = copysign(code / all * full * sine, c.value);
            net->coupling[kept++] = c;
        }
    }
    net->n_couplings = s->coupler_bits > 0 ? kept : net->n_couplings;
    net->strongest += mj_ring_net_strongest(net) - before;
}

static bool may_couple(const mj_ring_net *net, int i, int j, int n_out)
{
    int from_j = 0;
    for (int e = 0; e < net->n_couplings; e++) {
        if (net->coupling[e].i == i && net->coupling[e].j == j) {
            return false;
        }
        from_j += net->coupling[e].j == j;
    }
    return i != j && from_j < n_out;
}

static void couple(mj_ring_net *net, int i, int j, mj_rng *rng)
{
    double size = LEAST + (MOST - LEAST) * mj_rng_uniform(rng);
    net->coupling[net->n_couplings++] = (mj_ring_coupling){i, j, mj_rng_u32(rng) % 2 ? size : -size};
}

mj_status mj_ring_net_draw(mj_ring_net *net, int n, int n_out, uint64_t seed, mj_arena *arena, mj_err *err)
{
    mj_rng rng;
    mj_rng_init(&rng, seed, (uint64_t)n);
    mj_ring_image *image = mj_arena_array(arena, 1, sizeof *image);
    *net = (mj_ring_net){.name = "random rings", .n = n, .width = 1, .height = 1, .n_images = 1, .image = image,
                         .coupling = mj_arena_array(arena, 2 * (size_t)n, sizeof *net->coupling)};
    double *number = mj_arena_array(arena, 4 * (size_t)n, sizeof *number);
    if (!image || !net->coupling || !number) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d rings", n);
    }
    *image = (mj_ring_image){.omega = number, .drive_cos = number + n, .drive_sin = number + 2 * n,
                             .start = number + 3 * n};
    for (int i = 0; i < n; i++) {
        couple(net, i, (i + 1) % n, &rng);
        image->start[i] = TWO_PI * mj_rng_uniform(&rng);
    }
    for (int k = 0; k < TRIES * n && net->n_couplings < 2 * n; k++) {
        int i = (int)(mj_rng_u32(&rng) % (unsigned)n), j = (int)(mj_rng_u32(&rng) % (unsigned)n);
        if (may_couple(net, i, j, n_out)) {
            couple(net, i, j, &rng);
        }
    }
    net->strongest = mj_ring_net_strongest(net);
    net->span = TURN_RAD / net->strongest;
    return mj_ring_net_check(net, err);
}

static mj_status predict(double *phase, const mj_ring_net *net, const mj_ring_substrate *s, bool sine_only,
                         mj_arena *arena, mj_err *err)
{
    const mj_ring_net_model model = {.substrate = s, .sine_only = sine_only, .n_batch = 1, .n_steps = STEPS};
    float *theta = mj_arena_array(arena, (size_t)net->n, sizeof *theta);
    float *scratch = mj_arena_array(arena, mj_ring_net_scratch(net, 1), sizeof *scratch);
    if (!theta || !scratch) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d rings", net->n);
    }
    for (int i = 0; i < net->n; i++) {
        theta[i] = (float)net->image[0].start[i];
    }
    mj_ring_net_integrate(theta, scratch, net, 0, &model);
    for (int i = 0; i < net->n; i++) {
        phase[i] = (double)theta[i];
    }
    return MJ_OK;
}

static mj_status agree(mj_ring_net_agreement *a, const mj_ring_net *net, const mj_ring *ring,
                       const mj_ring_figures *figures, const mj_ring_substrate *s, const mj_spice_job *job,
                       mj_arena *arena, mj_err *err)
{
    mj_ring_net_result result;
    double *phase = mj_arena_array(arena, (size_t)net->n, sizeof *phase);
    if (!phase) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d rings", net->n);
    }
    MJ_TRY(mj_ring_net_simulate(&result, net, 0, ring, figures, s, job, arena, err));
    a->span_s = net->span * mj_ring_map(s, net->strongest).unit_s;
    a->energy_J = result.energy_J / net->n / (a->span_s / s->period_s);
    a->circuit_s = result.busy_s;
    MJ_TRY(predict(phase, net, s, true, arena, err));
    a->sine = mj_ring_compare(phase, result.phase, net->n);
    MJ_TRY(predict(phase, net, s, false, arena, err));
    a->full = mj_ring_compare(phase, result.phase, net->n);
    return MJ_OK;
}

mj_status mj_ring_net_agree(mj_ring_net_agreement *agreement, const mj_ring_net *net, const mj_ring *ring,
                            const mj_ring_figures *figures, const mj_ring_substrate *substrate,
                            const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_arena_init(&arena, 0);
    *agreement = (mj_ring_net_agreement){.n = net->n, .n_couplings = net->n_couplings};
    mj_status status = agree(agreement, net, ring, figures, substrate, job, &arena, err);
    mj_arena_fini(&arena);
    return status;
}
