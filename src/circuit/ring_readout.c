/* Read-out: sampler, counter and the flip-flop that stops it.
 *
 *   sampler   resets to high; samples the ring at every strobe
 *   done      resets to low; goes high when the sample rises
 *   counter   counts strobes until then
 *
 * Strobe m comes at m T (1 + 2^-b): in 2^b + 1 of them the sample rises just once, at the strobe before which
 * the ring's own rise is the last. The count is the ring's phase, and the couplers are off meanwhile. Here
 * the ring is a source with the ring's period and edges, so that its phase is known; where it should be
 * found follows from the sampler's offsets, measured alone; what these are off by is off for every code. */
#include "cell_parts.h"

#include <math.h>
#include <stdlib.h>

static const double AFTER_CYCLES = 5; /* until the last count has rippled through */
static const double REST_CYCLES = 4; /* in reset; what stands is looked at in the second half */
enum { BITS_MOST = 8, FIRST = 4 }; /* FIRST: strobe that finds the first phase; before it the sample falls */

typedef struct {
    const mj_ring *ring;
    int n_bits, n, n_strobes;
    double edge_s, period_s, first_s, strobe_s; /* strobe_s: from one to the next */
} plan;

static void write_readout(mj_parts *p, const plan *d)
{
    char in[MJ_NODE_B], sample[MJ_NODE_B], seen[MJ_NODE_B], done[MJ_NODE_B], open[MJ_NODE_B], data[MJ_NODE_B];
    mj_parts_node(data, p, "data", 0);
    mj_parts_node(in, p, "in", 0);
    mj_parts_node(sample, p, "sample", 0);
    mj_parts_node(seen, p, "seen", 0);
    mj_parts_node(done, p, "done", 0);
    mj_parts_node(open, p, "open", 0);
    mj_parts_inverter(p, data, in, 0.5);
    mj_parts_flip_flop(p, &(mj_flip_flop){.name = "f", .d = in, .clk = "strobe", .q = sample, .inverse = seen,
                                          .reset = "reset"});
    mj_parts_flip_flop(p, &(mj_flip_flop){.name = "d", .d = p->supply, .clk = seen, .q = done,
                                          .inverse = open, .reset = "reset"});
    mj_parts_counter(p, &(mj_counter){.n_bits = d->n_bits, .strobe = "strobe", .stop = done, .reset = "reset"});
    for (int k = 0; k < d->n_bits; k++) {
        char node[MJ_NODE_B];
        fprintf(p->out, ".save v(%s)\n", mj_parts_node(node, p, "q", k));
    }
}

static mj_status write_deck(mj_deck *deck, mj_readout_figures *r, const plan *d, mj_err *err)
{
    int serial = 0, codes = 1 << d->n_bits;
    double V = d->ring->vdd_V, last_s = d->first_s + d->n_strobes * d->strobe_s;
    MJ_TRY(mj_ring_deck(deck, d->ring, "read-outs", err));
    fprintf(deck->out, "vreset reset 0 pwl(0 0 %.9g 0 %.9g %.9g)\n", REST_CYCLES * d->period_s,
            REST_CYCLES * d->period_s + d->edge_s, V);
    mj_pulses_write(deck->out, &(mj_pulses){"strobe", V, d->first_s, d->strobe_s, 0.5, d->edge_s, d->n_strobes});
    for (int j = 0; j < d->n; j++) {
        char prefix[MJ_NODE_B], supply[MJ_NODE_B], data[MJ_NODE_B];
        int strobe = FIRST + j * codes / d->n; /* the one that should find the rise */
        double rise_s = d->first_s + (strobe - 1) * d->strobe_s - r->sampler.offset_s[1] -
                        d->period_s / codes / 2;
        rise_s -= floor(rise_s / d->period_s - REST_CYCLES - 0.5) * d->period_s; /* none in reset */
        r->expected[j] = strobe % codes;
        snprintf(prefix, sizeof prefix, "a%d", j);
        snprintf(supply, sizeof supply, "s%d", j);
        mj_parts p = {.out = deck->out, .ring = d->ring, .supply = supply, .prefix = prefix, .serial = &serial};
        fprintf(deck->out, "v%s %s 0 %.9g\n.save i(v%s)\n", supply, supply, V, supply);
        mj_parts_node(data, &p, "data", 0);
        mj_pulses_write(deck->out, &(mj_pulses){data, V, rise_s, d->period_s, 0.5, d->edge_s,
                                                (int)(last_s / d->period_s)});
        write_readout(&p, d);
        r->cell.n_transistors = p.n_transistors;
        r->cell.active_m2 = p.active_m2;
    }
    mj_deck_transient(deck, (mj_transient){.step_s = d->ring->step_s,
                                           .stop_s = last_s + AFTER_CYCLES * d->period_s});
    return MJ_OK;
}

static mj_status read_deck(mj_readout_figures *r, const mj_raw *raw, const plan *d, mj_err *err)
{
    double V = d->ring->vdd_V, end_s = mj_raw_end_s(raw), rest_s = REST_CYCLES * d->period_s;
    double last_s = d->first_s + d->n_strobes * d->strobe_s;
    int codes = 1 << d->n_bits;
    r->cell.works = true;
    for (int j = 0; j < d->n; j++) {
        double energy_J, idle_J;
        char prefix[MJ_NODE_B], supply[MJ_NODE_B], node[MJ_NODE_B];
        snprintf(prefix, sizeof prefix, "a%d", j);
        snprintf(supply, sizeof supply, "s%d", j);
        const mj_parts p = {.prefix = prefix};
        for (int k = 0; k < d->n_bits; k++) {
            double volt_V;
            MJ_TRY(mj_node_at(&volt_V, raw, mj_parts_node(node, &p, "q", k), end_s, err));
            r->code[j] |= (volt_V > V / 2) << k;
        }
        int off = (r->code[j] - r->expected[j] + codes + codes / 2) % codes - codes / 2;
        r->off = j == 0 ? off : r->off;
        r->cell.works = r->cell.works && off == r->off && abs(off) <= 1;
        MJ_TRY(mj_supply_energy(&energy_J, raw, supply, V, rest_s, last_s, err));
        /* The operating point itself is only good to its tolerance: it needs a while to come to rest. */
        MJ_TRY(mj_supply_energy(&idle_J, raw, supply, V, rest_s / 2, rest_s, err));
        r->cell.use_J += energy_J / d->n;
        r->cell.static_W += idle_J / (rest_s / 2) / d->n;
    }
    return MJ_OK;
}

mj_status mj_readout_measure(mj_readout_figures *readout, int n_bits, int n, const mj_ring *ring,
                             const mj_ring_figures *figures, const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    *readout = (mj_readout_figures){.cell = {.name = "read-out"}, .step = ldexp(1, -n_bits), .n = n};
    if (n_bits < 2 || n_bits > BITS_MOST || n < 1 || n > MJ_CELL_TRIALS_MAX || n > 1 << n_bits) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a read-out has 2 to %d bits, and no more phases to try "
                          "than codes", BITS_MOST);
    }
    MJ_TRY(mj_sampler_measure(&readout->sampler, ring, figures, job, err));
    plan d = {.ring = ring, .n_bits = n_bits, .n = n, .n_strobes = (1 << n_bits) + 1,
              .edge_s = mj_ring_edge_s(ring, figures), .period_s = figures->period_s,
              .first_s = (REST_CYCLES + 3) * figures->period_s, .strobe_s = figures->period_s * (1 + readout->step)};
    readout->cell.delay_s = d.n_strobes * d.strobe_s;
    MJ_TRY(write_deck(&deck, readout, &d, err));
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = read_deck(readout, &raw, &d, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}
