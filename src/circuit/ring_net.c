/* Ring net: where a trained net lies on rings, and the phase model of that.
 *
 * The phase model works on blocks of BLOCK samples side by side: every array is [n, block], every loop over
 * samples is one that vectorises, and all of a block stays in a core's cache. What a ring sends is made
 * once for all that listen:
 *
 *   E_h = a_h sin h theta_j + b_h cos h theta_j,   F_h = b_h sin h theta_j - a_h cos h theta_j
 *   sum_j K_ij H(theta_j - theta_i) = sum_h cos(h theta_i) sum_j K_ij E_h + sin(h theta_i) sum_j K_ij F_h
 *
 * for its output and for its opposite, so that a coupling costs 2 MAC a harmonic. Constants of responses
 * are not in it: the trim takes them away. */
#include "mj/ring_net.h"

#include "mj/kernels.h"

#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
static const double ROUNDING = 1e-9; /* of sums in another order */
enum { H = MJ_RING_HARMONICS, IMAGES_MAX = 4096, RINGS_MAX = 1024, SIDE_MAX = 64 };
enum { PLANES = 2 * H + 2 * 2 * H + 4 }; /* waves, what both outputs send, the scheme's three, phases */
enum { BLOCK = 16 };

mj_ring_mapping mj_ring_map(const mj_ring_substrate *s, double strongest)
{
    mj_ring_mapping map = {.unit_s = s->unit_s, .coupling_ohm = s->coupling_resistance_ohm,
                           .strongest = strongest};
    if (s->conductance_max_S > 0 && strongest > 0) {
        map.coupling_ohm = strongest / s->conductance_max_S;
        map.unit_s = map.coupling_ohm / fabs(s->response.sin[0]);
    }
    map.noise = sqrt(s->diffusion_sq * map.unit_s);
    map.detuning = mj_ring_substrate_detuning(s) * map.unit_s;
    return map;
}

static bool are_finite(const double *x, int n)
{
    for (int i = 0; i < n; i++) {
        if (!(fabs(x[i]) < 1e6)) {
            return false;
        }
    }
    return true;
}

mj_status mj_ring_net_check(const mj_ring_net *net, mj_err *err)
{
    bool sound = net->n >= 2 && net->n <= RINGS_MAX && net->width >= 1 && net->height >= 1 &&
                 net->width <= SIDE_MAX && net->height <= SIDE_MAX &&
                 net->width * net->height <= net->n && net->span > 0 && net->span < 1e6 &&
                 net->n_images >= 1 && net->n_images <= IMAGES_MAX && net->n_couplings >= 0 &&
                 are_finite(&net->strongest, 1);
    for (int e = 0; sound && e < net->n_couplings; e++) {
        const mj_ring_coupling *c = &net->coupling[e];
        sound = c->i >= 0 && c->j >= 0 && c->i < net->n && c->j < net->n && c->i != c->j &&
                fabs(c->value) > 1e-9 && are_finite(&c->value, 1);
    }
    for (int k = 0; sound && k < net->n_images; k++) {
        const mj_ring_image *image = &net->image[k];
        sound = image->label >= 0 && are_finite(image->omega, net->n) &&
                are_finite(image->drive_cos, net->n) && are_finite(image->drive_sin, net->n) &&
                are_finite(image->start, net->n);
    }
    if (!sound) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "no net for rings: 2 to %d oscillators, an image of at most so many, couplings "
                          "between two of them, finite numbers", RINGS_MAX);
    }
    double most = mj_ring_net_strongest(net);
    return most <= net->strongest * (1 + ROUNDING)
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                            "no net for rings: %.4g acts on one of them, and 'strongest' is %.4g", most,
                            net->strongest);
}

double mj_ring_net_strongest(const mj_ring_net *net)
{
    double most = 0;
    for (int i = 0; i < net->n; i++) {
        double coupled = 0, driven = 0;
        for (int e = 0; e < net->n_couplings; e++) {
            coupled += net->coupling[e].i == i ? fabs(net->coupling[e].value) : 0;
        }
        for (int k = 0; k < net->n_images; k++) {
            driven = fmax(driven,
                          fabs(net->image[k].drive_cos[i]) + fabs(net->image[k].drive_sin[i]));
        }
        most = fmax(most, coupled + driven);
    }
    return most;
}

/* A response over the size of its first sine. */
typedef struct {
    float a[H], b[H];
} shape;

static shape shape_of(const mj_ring_response *r, bool sine_only)
{
    shape s = {.a = {r->sin[0] < 0 ? -1 : 1}};
    for (int h = 0; h < H && !sine_only; h++) {
        s.a[h] = (float)(r->sin[h] / fabs(r->sin[0]));
        s.b[h] = (float)(r->cos[h] / fabs(r->sin[0]));
    }
    return s;
}

/* Without its own response to the opposite output: that of the output, half a turn on. */
static shape opposite_of(const mj_ring_substrate *s, bool sine_only)
{
    if (s->split_F > 0) {
        return shape_of(&s->opposite, sine_only);
    }
    shape turned = shape_of(&s->response, sine_only);
    for (int h = 0; h < H; h += 2) {
        turned.a[h] = -turned.a[h];
        turned.b[h] = -turned.b[h];
    }
    return turned;
}

size_t mj_ring_net_scratch(const mj_ring_net *net, int n_batch)
{
    return (size_t)PLANES * (size_t)net->n * (size_t)(n_batch < BLOCK ? n_batch : BLOCK);
}

typedef struct {
    const mj_ring_net *net;
    const mj_ring_image *image;
    shape output, opposite;
    size_t B, plane;
    float *wave;    /* [2H planes]: sin h theta, cos h theta */
    float *sent[2]; /* output, opposite: [2H planes]: E_h, F_h */
} flow;

static void send(const flow *f, float *sent, const shape *s)
{
    for (int h = 0; h < H; h++) {
        const float *S = f->wave + 2 * (size_t)h * f->plane, *C = S + f->plane;
        float *E = sent + 2 * (size_t)h * f->plane, *F = E + f->plane, a = s->a[h], b = s->b[h];
        for (size_t k = 0; k < f->plane; k++) {
            E[k] = a * S[k] + b * C[k];
            F[k] = b * S[k] - a * C[k];
        }
    }
}

static void make_waves(const flow *f, const float *theta)
{
    float *S1 = f->wave, *C1 = f->wave + f->plane;
    mj_sincos(S1, C1, theta, f->plane);
    for (int h = 1; h < H; h++) {
        const float *S = f->wave + 2 * (size_t)(h - 1) * f->plane, *C = S + f->plane;
        float *next_S = f->wave + 2 * (size_t)h * f->plane, *next_C = next_S + f->plane;
        for (size_t k = 0; k < f->plane; k++) {
            next_S[k] = S[k] * C1[k] + C[k] * S1[k];
            next_C[k] = C[k] * C1[k] - S[k] * S1[k];
        }
    }
    send(f, f->sent[0], &f->output);
    send(f, f->sent[1], &f->opposite);
}

/* One harmonic of one coupling; cosines lie a plane after sines, F a plane after E. */
static void add_coupling(float *restrict rate, float K, const float *restrict S, const float *restrict E,
                         size_t plane, size_t B)
{
    const float *C = S + plane, *F = E + plane;
    for (size_t k = 0; k < B; k++) {
        rate[k] += K * (C[k] * E[k] + S[k] * F[k]);
    }
}

static void find_rate(float *rate, const flow *f, const float *theta)
{
    const mj_ring_net *net = f->net;
    size_t B = f->B;
    make_waves(f, theta);
    for (int i = 0; i < net->n; i++) {
        float omega = (float)f->image->omega[i], A = (float)f->image->drive_cos[i];
        float D = (float)f->image->drive_sin[i];
        const float *S = f->wave + (size_t)i * B, *C = S + f->plane;
        float *to = rate + (size_t)i * B;
        for (size_t k = 0; k < B; k++) {
            to[k] = omega + A * C[k] - D * S[k];
        }
    }
    for (int e = 0; e < net->n_couplings; e++) {
        const mj_ring_coupling *c = &net->coupling[e];
        for (size_t h = 0; h < H; h++) {
            add_coupling(rate + (size_t)c->i * B, (float)fabs(c->value),
                         f->wave + 2 * h * f->plane + (size_t)c->i * B,
                         f->sent[c->value < 0] + 2 * h * f->plane + (size_t)c->j * B, f->plane, B);
        }
    }
}

static void integrate_block(float *theta, float *scratch, const mj_ring_net *net, int image,
                            const mj_ring_net_model *model)
{
    static const float ahead[4] = {0, 0.5f, 0.5f, 1}, weight[4] = {1, 2, 2, 1};
    size_t plane = (size_t)net->n * (size_t)model->n_batch;
    const flow f = {.net = net, .image = &net->image[image], .B = (size_t)model->n_batch,
                    .output = shape_of(&model->substrate->response, model->sine_only),
                    .opposite = opposite_of(model->substrate, model->sine_only), .plane = plane,
                    .wave = scratch, .sent = {scratch + 2 * H * plane, scratch + 4 * H * plane}};
    float *at = scratch + 6 * H * plane, *rate = at + plane, *sum = rate + plane;
    float step = (float)(net->span / model->n_steps);
    memset(rate, 0, plane * sizeof *rate);
    for (int t = 0; t < model->n_steps; t++) {
        memset(sum, 0, plane * sizeof *sum);
        for (int s = 0; s < 4; s++) {
            for (size_t k = 0; k < plane; k++) {
                at[k] = theta[k] + step * ahead[s] * rate[k];
            }
            find_rate(rate, &f, at);
            for (size_t k = 0; k < plane; k++) {
                sum[k] += weight[s] * rate[k];
            }
        }
        for (size_t k = 0; k < plane; k++) {
            theta[k] += step / 6 * sum[k];
        }
    }
}

void mj_ring_net_integrate(float *theta, float *scratch, const mj_ring_net *net, int image,
                           const mj_ring_net_model *model)
{
    size_t n = (size_t)net->n, all = (size_t)model->n_batch;
    for (size_t first = 0; first < all; first += BLOCK) {
        size_t B = all - first < BLOCK ? all - first : BLOCK;
        float *block = scratch + (PLANES - 1) * n * B;
        mj_ring_net_model part = *model;
        part.n_batch = (int)B;
        for (size_t i = 0; i < n; i++) {
            memcpy(block + i * B, theta + i * all + first, B * sizeof *theta);
        }
        integrate_block(block, scratch, net, image, &part);
        for (size_t i = 0; i < n; i++) {
            memcpy(theta + i * all + first, block + i * B, B * sizeof *theta);
        }
    }
}

mj_ring_net_error mj_ring_net_compare(const double *a, const double *b, const mj_ring_net *net)
{
    mj_ring_net_error error = {0};
    int n_visible = net->width * net->height;
    for (int i = 0; i < net->n; i++) {
        double d = fabs(remainder(a[i] - b[i], 2 * PI));
        error.rms += d * d / net->n;
        error.largest = fmax(error.largest, d);
        error.pixel += i < n_visible ? fabs(cos(a[i]) - cos(b[i])) / 2 / n_visible : 0;
    }
    error.rms = sqrt(error.rms);
    return error;
}
