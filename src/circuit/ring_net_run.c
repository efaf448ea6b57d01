/* Ring net on transistors: the deck of an image, and its phases out of ngspice.
 *
 * Rings stand at their start phases by their nodes' voltages (.ic); the circuits that set them, as those
 * that sample the read-out, are not in the deck. Couplings are resistors, or couplers where the substrate has
 * them. A ring's supply is that of all less its trim, so that the current of the one source `vmain` is that
 * of the net; the reference and its sines have their own. */
#include "mj/ring_net.h"

#include "mj/clock.h"

#include <complex.h>
#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
static const double CYCLES_AFTER = 3; /* of the read-out: crossings on both sides of it */
static const double LEAST_S = 1e-12;  /* a conductance below is no resistor: 1 Tohm */
static const double GATE_SHARE = 0.2; /* of a coupler's resistance that may be its gates' */
enum { NAME_B = 32, CYCLES_MAX = 16384 };

typedef struct {
    FILE *out;
    const mj_ring_net *net;
    const mj_ring_image *image;
    const mj_ring *ring;
    const mj_ring_substrate *substrate;
    double unit_s, full_S; /* full_S: of the strongest coupling */
    double *shift;  /* [n] what the constants of responses add to the rates, rad/s */
    double *load_S; /* [n] all that is coupled to a ring */
    mj_ring_use *use; /* [n] of couplers */
} writer;

static const mj_ring_response *response_of(const mj_ring_substrate *s, const mj_ring_coupling *c)
{
    return c->value < 0 ? &s->opposite : &s->response;
}

static double coupling_S(const mj_ring_coupling *c, const mj_ring_substrate *s, double unit_s)
{
    return fabs(c->value) / (unit_s * fabs(response_of(s, c)->sin[0]));
}

static double conductance_of(const writer *w, const mj_ring_coupling *c)
{
    return coupling_S(c, w->substrate, w->unit_s);
}

/* Behind its resistor a bit that is off ends in a contact: of a large resistor a ring feels all of G, as of any
 * load, of a smaller one also the contact: alpha G + beta G^2, from couplers that are off, of the response's
 * resistance and of half of it. (alpha comes out as the response's constant.) */
static void add_off_bits(const writer *w, int i, int code)
{
    const mj_ring_substrate *s = w->substrate;
    double all = ldexp(1, w->ring->coupler_bits) - 1, squares = 0;
    for (int k = 0; k < w->ring->coupler_bits; k++) {
        squares += pow(ldexp(1, k) / all, 2);
    }
    double alpha = 2 * s->off_constant - s->off_constant_half;
    double beta = (s->off_constant_half - s->off_constant) * s->response.resistance_ohm / squares;
    for (int k = 0; k < w->ring->coupler_bits; k++) {
        double G_S = code >> k & 1 ? 0 : ldexp(w->full_S / all, k);
        w->shift[i] += G_S * (alpha + beta * G_S);
    }
}

static void write_coupler(const writer *w, int e)
{
    const mj_ring_coupling *c = &w->net->coupling[e];
    char name[NAME_B], output[NAME_B], opposite[NAME_B], listen[NAME_B];
    double size_S = conductance_of(w, c);
    int code = mj_ring_coupler_code(w->ring, size_S / w->full_S);
    snprintf(name, sizeof name, "c%d", e);
    snprintf(listen, sizeof listen, "n%d_%d", c->i, w->ring->listen);
    mj_ring_port(output, sizeof output, w->ring, c->j, 0);
    mj_ring_opposite(opposite, sizeof opposite, w->ring, c->j);
    const mj_ring_coupler coupler = {.name = name, .output = output, .opposite = opposite, .listen = listen,
                                     .supply = "vdd", .code = c->value < 0 ? -code : code, .full_S = w->full_S};
    mj_ring_write_coupler(w->out, w->ring, &coupler);
    add_off_bits(w, c->i, code);
    w->use[c->j].n_on[(c->value < 0) != w->ring->swapped] += __builtin_popcount((unsigned)code);
}

static void write_couplings(const writer *w)
{
    const mj_ring_substrate *s = w->substrate;
    char port[NAME_B];
    for (int e = 0; e < w->net->n_couplings; e++) {
        const mj_ring_coupling *c = &w->net->coupling[e];
        double conductance_S = conductance_of(w, c);
        if (c->value < 0) {
            mj_ring_opposite(port, sizeof port, w->ring, c->j);
        } else {
            mj_ring_port(port, sizeof port, w->ring, c->j, 0);
        }
        w->use[c->j].n_couplers++;
        if (w->ring->coupler_bits > 0) {
            write_coupler(w, e);
        } else {
            fprintf(w->out, "rc%d %s n%d_%d %.9g\n", e, port, c->i, w->ring->listen, 1 / conductance_S);
        }
        w->shift[c->i] += response_of(s, c)->constant * conductance_S;
        w->load_S[c->i] += conductance_S;
    }
}

/* B + jA = unit sum_s G_s (a + jb) e^(js) over the sines that lead by s, of which two opposite ones are
 * never both on: conductances to the sine and to the one a quarter of a turn ahead, below 0 to the opposite
 * of each. */
static void injection_S(double part[2], const mj_ring_image *image, int i, const mj_ring_substrate *s,
                        double unit_s)
{
    double complex own = s->sine.sin[0] + I * s->sine.cos[0];
    double complex g = (image->drive_sin[i] + I * image->drive_cos[i]) / (unit_s * own);
    part[0] = creal(g);
    part[1] = cimag(g);
}

static void write_injection(const writer *w)
{
    static const char *const bus[2][2] = {{"s0", "s180"}, {"s90", "s270"}};
    const mj_ring_response *r = &w->substrate->sine;
    for (int i = 0; i < w->net->n; i++) {
        double part[2];
        injection_S(part, w->image, i, w->substrate, w->unit_s);
        for (int p = 0; p < 2; p++) {
            if (fabs(part[p]) > LEAST_S) {
                fprintf(w->out, "ri%d_%d %s n%d_%d %.9g\n", i, p, bus[p][part[p] < 0], i,
                        w->ring->listen, 1 / fabs(part[p]));
                w->shift[i] += r->constant * fabs(part[p]);
                w->load_S[i] += fabs(part[p]);
            }
        }
    }
}

double mj_ring_net_conductance(const mj_ring_net *net, const mj_ring_substrate *substrate)
{
    double most_S = 0, unit_s = mj_ring_map(substrate, net->strongest).unit_s;
    for (int i = 0; i < net->n; i++) {
        double coupled_S = 0, driven_S = 0;
        for (int e = 0; e < net->n_couplings; e++) {
            const mj_ring_coupling *c = &net->coupling[e];
            coupled_S += c->i == i ? coupling_S(c, substrate, unit_s) : 0;
        }
        for (int k = 0; k < net->n_images; k++) {
            double part[2];
            injection_S(part, &net->image[k], i, substrate, unit_s);
            driven_S = fmax(driven_S, fabs(part[0]) + fabs(part[1]));
        }
        most_S = fmax(most_S, coupled_S + driven_S);
    }
    return most_S;
}

static void write_rings(const writer *w, const mj_ring *ring, const mj_ring_figures *figures)
{
    const mj_ring_substrate *s = w->substrate;
    double omega0 = 2 * PI / s->period_s;
    for (int i = 0; i < w->net->n; i++) {
        char supply[NAME_B];
        double load = mj_ring_load_rate(&s->response, s->load_slope, w->load_S[i]);
        double wanted = w->image->omega[i] / w->unit_s - w->shift[i] - load;
        snprintf(supply, sizeof supply, "vdd%d", i);
        fprintf(w->out, "vd%d vdd%d vdd %.9g\n.save v(n%d_0)\n", i, i,
                wanted / (omega0 * s->detuning_pV), i);
        mj_ring here = *ring;
        here.use = &w->use[i];
        mj_ring_write(w->out, &here, i, supply);
        mj_ring_write_start(w->out, ring, figures, i, supply, w->image->start[i]);
    }
    fprintf(w->out, "vref vddr 0 %.9g\n.save v(n%d_0)\n", ring->vdd_V, w->net->n);
    mj_ring_write(w->out, ring, w->net->n, "vddr");
    mj_ring_write_start(w->out, ring, figures, w->net->n, "vddr", 0);
    mj_ring_write_sine(w->out, ring, figures, w->net->n, s->period_s);
}

/* Whether couplers are as many and as strong as the substrate's rings can have. */
static mj_status check_couplers(const writer *w, mj_err *err)
{
    for (int i = 0; i < w->net->n && w->ring->coupler_bits > 0; i++) {
        if (w->use[i].n_couplers > w->ring->n_hung) {
            return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                              "ring %d drives %d couplings; outputs of this substrate were measured with %d couplers: "
                              "mj measure ring --split --hung %d", i, w->use[i].n_couplers, w->ring->n_hung,
                              w->use[i].n_couplers);
        }
    }
    if (w->ring->coupler_bits > 0 && w->full_S * w->ring->gate_ohm > GATE_SHARE) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "couplers of %.4g S are more than their gates of %.4g ohm do",
                          w->full_S, w->ring->gate_ohm);
    }
    return MJ_OK;
}

static mj_status write_deck(mj_deck *deck, writer *w, const mj_ring *ring, const mj_ring_figures *figures,
                            mj_err *err)
{
    const mj_ring_net *net = w->net;
    const mj_ring_mapping map = mj_ring_map(w->substrate, net->strongest);
    w->out = deck->out;
    w->unit_s = map.unit_s;
    for (int e = 0; e < net->n_couplings; e++) {
        w->full_S = fmax(w->full_S, conductance_of(w, &net->coupling[e]));
    }
    fprintf(deck->out, "vmain vdd 0 %.9g\n.save i(vmain)\n", ring->vdd_V);
    write_couplings(w);
    MJ_TRY(check_couplers(w, err));
    write_injection(w);
    write_rings(w, ring, figures);
    mj_deck_transient(deck, (mj_transient){.step_s = ring->step_s, .from_given = true,
                                           .stop_s = net->span * map.unit_s + CYCLES_AFTER * w->substrate->period_s});
    return MJ_OK;
}

mj_status mj_ring_net_deck(mj_deck *deck, const mj_ring_net *net, int image, const mj_ring *ring,
                           const mj_ring_figures *figures, const mj_ring_substrate *substrate,
                           mj_err *err)
{
    mj_arena arena;
    mj_arena_init(&arena, 0);
    writer w = {.net = net, .image = &net->image[image], .ring = ring, .substrate = substrate,
                .shift = mj_arena_array(&arena, (size_t)net->n, sizeof *w.shift),
                .load_S = mj_arena_array(&arena, (size_t)net->n, sizeof *w.load_S),
                .use = mj_arena_array(&arena, (size_t)net->n, sizeof *w.use)};
    mj_status status = w.shift && w.load_S && w.use
                           ? mj_ring_deck(deck, ring, net->name, err)
                           : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d rings", net->n);
    if (status == MJ_OK) {
        status = write_deck(deck, &w, ring, figures, err);
        if (status != MJ_OK) {
            mj_deck_close(deck);
        }
    }
    mj_arena_fini(&arena);
    return status;
}

/* Phase of ring id at a time. */
static mj_status phase_at(double *phase, double *crossing, const mj_raw *raw, const mj_ring *ring, int id,
                          double when_s, mj_err *err)
{
    char name[NAME_B];
    mj_waveform wave;
    snprintf(name, sizeof name, "v(n%d_0)", id);
    MJ_TRY(mj_raw_find(&wave, raw, name, err));
    size_t n = mj_waveform_crossings(crossing, CYCLES_MAX, &wave, ring->vdd_V / 2, true);
    if (n < 2 || n > CYCLES_MAX || crossing[n - 1] < when_s) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "ring %d stopped: %zu cycles", id, n);
    }
    *phase = mj_crossing_phase(crossing, n, when_s);
    return MJ_OK;
}

static mj_status read_result(mj_ring_net_result *result, const mj_raw *raw, const mj_ring_net *net,
                             const mj_ring *ring, double when_s, mj_arena *arena, mj_err *err)
{
    double reference, *crossing = mj_arena_array(arena, CYCLES_MAX, sizeof *crossing);
    mj_waveform supply;
    result->phase = mj_arena_array(arena, (size_t)net->n, sizeof *result->phase);
    if (!crossing || !result->phase) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d rings", net->n);
    }
    MJ_TRY(phase_at(&reference, crossing, raw, ring, net->n, when_s, err));
    for (int i = 0; i < net->n; i++) {
        double phase;
        MJ_TRY(phase_at(&phase, crossing, raw, ring, i, when_s, err));
        result->phase[i] = remainder(phase - reference, 2 * PI);
    }
    MJ_TRY(mj_raw_find(&supply, raw, "i(vmain)", err));
    result->energy_J = -ring->vdd_V * mj_waveform_integral(&supply, supply.time[0], when_s);
    return MJ_OK;
}

mj_status mj_ring_net_simulate(mj_ring_net_result *result, const mj_ring_net *net, int image,
                               const mj_ring *ring, const mj_ring_figures *figures,
                               const mj_ring_substrate *substrate, const mj_spice_job *job,
                               mj_arena *arena, mj_err *err)
{
    mj_arena own;
    mj_deck deck;
    mj_raw raw;
    double begin_s = mj_clock_s(), busy_s = mj_clock_children_s();
    *result = (mj_ring_net_result){.phase = NULL};
    MJ_TRY(mj_ring_net_deck(&deck, net, image, ring, figures, substrate, err));
    mj_arena_init(&own, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &own, err);
    result->wall_s = mj_clock_s() - begin_s;
    result->busy_s = mj_clock_children_s() - busy_s;
    if (status == MJ_OK) {
        double unit_s = mj_ring_map(substrate, net->strongest).unit_s;
        status = read_result(result, &raw, net, ring, net->span * unit_s, arena, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&own);
    mj_deck_close(&deck);
    return status;
}
