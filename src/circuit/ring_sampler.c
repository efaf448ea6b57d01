/* Sampler: the flip-flop that decides whether a ring is high when a strobe rises.
 *
 * Flip-flops side by side see one strobe and edges that come at different times before it. Where the
 * output turns is the offset; near it a decision takes long, in proportion to the logarithm of how near:
 * the aperture is the window in which it takes over twice its usual time. Two decks: a coarse row of edges,
 * and a fine one about what that found, whose step is the least aperture that is told. */
#include "cell_parts.h"

#include <math.h>

static const double SPREAD_S = 120e-12, FINE_S = 12e-12; /* to either side of the strobe; of the offset */
static const double LATE = 2;
enum { SAMPLERS = 13 };

typedef struct {
    const mj_ring *ring;
    double edge_s, strobe_s, stop_s;
    double centre_s[2], reach_s; /* edges come at strobe - centre - reach .. + reach: falls, rises */
} trial;

static double lead(const trial *t, int rises, int i)
{
    return t->centre_s[rises] + t->reach_s * (2.0 * i / (SAMPLERS - 1) - 1);
}

/* An edge of the data, `lead` before the strobe, the other level before it. */
static void write_sampler(mj_parts *p, const trial *t, int rises, int i)
{
    char prefix[MJ_NODE_B], data[MJ_NODE_B], in[MJ_NODE_B], q[MJ_NODE_B], inverse[MJ_NODE_B];
    double high_V = t->ring->vdd_V, at_s = t->strobe_s - lead(t, rises, i);
    snprintf(prefix, sizeof prefix, "%c%d", rises ? 'u' : 'w', i);
    p->prefix = prefix;
    mj_parts_node(data, p, "data", 0);
    mj_parts_node(in, p, "in", 0);
    mj_parts_node(q, p, "q", 0);
    mj_parts_node(inverse, p, "i", 0);
    fprintf(p->out, "v%s %s 0 pwl(0 %.9g %.9g %.9g %.9g %.9g)\n.save v(%s)\n", data, data,
            rises ? 0 : high_V, at_s - t->edge_s / 2, rises ? 0 : high_V, at_s + t->edge_s / 2,
            rises ? high_V : 0, q);
    mj_parts_inverter(p, data, in, 0.5);
    /* With the gates that a reset takes, as in the read-out: they move the offset by a step of five bits. */
    mj_parts_flip_flop(p, &(mj_flip_flop){.name = "f", .d = in, .clk = "strobe", .q = q, .inverse = inverse,
                                          .reset = "vdd"});
}

/* When the output settled after the strobe, from it; the sign of what it settled to in *high. */
static mj_status read_sampler(double *delay_s, bool *high, const mj_raw *raw, const trial *t, int rises, int i,
                              mj_err *err)
{
    char name[MJ_NODE_B];
    mj_waveform wave;
    double V = t->ring->vdd_V, when[8];
    snprintf(name, sizeof name, "v(%c%dq0)", rises ? 'u' : 'w', i);
    MJ_TRY(mj_raw_find(&wave, raw, name, err));
    double end_V = mj_waveform_at(&wave, t->stop_s);
    *high = end_V > V / 2;
    *delay_s = 0;
    for (int up = 0; up < 2; up++) {
        size_t n = mj_waveform_crossings(when, 8, &wave, V / 2, up);
        for (size_t k = 0; k < n && k < 8; k++) {
            *delay_s = fmax(*delay_s, when[k] - t->strobe_s);
        }
    }
    return MJ_OK;
}

/* Where the output turns, and how many steps take long. The flip-flop sees the data turned over. */
static mj_status read_row(mj_sampler_figures *s, int *n_late, const mj_raw *raw, const trial *t, int rises,
                          mj_err *err)
{
    double delay_s[SAMPLERS];
    bool high[SAMPLERS];
    int turn = -1;
    *n_late = 0;
    for (int i = 0; i < SAMPLERS; i++) {
        MJ_TRY(read_sampler(&delay_s[i], &high[i], raw, t, rises, i, err));
        if (i > 0 && high[i] != high[i - 1]) {
            turn = turn < 0 ? i : SAMPLERS;
        }
    }
    if (turn < 0 || turn == SAMPLERS || high[SAMPLERS - 1] == rises) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a sampler does not tell before from after");
    }
    s->offset_s[rises] = (lead(t, rises, turn - 1) + lead(t, rises, turn)) / 2;
    s->delay_s = fmax(s->delay_s, fmax(delay_s[SAMPLERS - 1], delay_s[0]));
    for (int i = 0; i < SAMPLERS; i++) {
        *n_late += delay_s[i] > LATE * fmax(delay_s[SAMPLERS - 1], delay_s[0]);
    }
    return MJ_OK;
}

static mj_status run(mj_sampler_figures *s, const trial *t, const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    int serial = 0, late[2] = {0};
    MJ_TRY(mj_ring_deck(&deck, t->ring, "samplers", err));
    mj_parts p = {.out = deck.out, .ring = t->ring, .supply = "vdd", .serial = &serial};
    fprintf(deck.out, "vsup vdd 0 %.9g\n", t->ring->vdd_V);
    mj_pulses_write(deck.out, &(mj_pulses){"strobe", t->ring->vdd_V, t->strobe_s, 2 * t->stop_s, 0.9, t->edge_s, 1});
    for (int k = 0; k < 2 * SAMPLERS; k++) {
        write_sampler(&p, t, k % 2, k / 2);
    }
    mj_deck_transient(&deck, (mj_transient){.step_s = t->ring->step_s, .stop_s = t->stop_s});
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    s->delay_s = 0;
    for (int rises = 0; rises < 2 && status == MJ_OK; rises++) {
        status = read_row(s, &late[rises], &raw, t, rises, err);
    }
    s->aperture_s = fmax(1, fmax(late[0], late[1])) * 2 * t->reach_s / (SAMPLERS - 1);
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}

mj_status mj_sampler_measure(mj_sampler_figures *sampler, const mj_ring *ring, const mj_ring_figures *figures,
                             const mj_spice_job *job, mj_err *err)
{
    trial t = {.ring = ring, .edge_s = mj_ring_edge_s(ring, figures), .reach_s = SPREAD_S};
    t.strobe_s = SPREAD_S + t.edge_s + figures->period_s / 2;
    t.stop_s = t.strobe_s + 1.5 * figures->period_s;
    MJ_TRY(run(sampler, &t, job, err));
    t.reach_s = FINE_S;
    t.centre_s[0] = sampler->offset_s[0];
    t.centre_s[1] = sampler->offset_s[1];
    return run(sampler, &t, job, err);
}
