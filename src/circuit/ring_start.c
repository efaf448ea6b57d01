/* Start: rings whose first stage is a NAND, and what lets them go at a strobe of one's choice.
 *
 *   load      sets the bits of a counter to 2^b - c, after a reset
 *   carry     rises at strobe c, when all bits fall one after the other: as late for every c
 *   go        takes carry over at a strobe, so that what the bits needed does not matter; the ring's NAND opens
 *
 * A ring that stands has node 1 high and so on round; let go, it begins at the same place every time. Strobes
 * come every T (1 + 2^-b) as for the read-out, so that c chooses one of 2^b phases against the reference. All
 * rings of the deck end up running together, and their phases are compared with the staircase that the times
 * of the strobes make. */
#include "cell_parts.h"

#include <math.h>

static const double PI = 3.14159265358979323846;
static const double RUN_CYCLES = 24;
static const double REST_CYCLES = 4; /* in reset; what stands is looked at in the second half */
enum { BITS_MOST = 8, STROBES_MORE = 5, CYCLES_MAX = 4096, LAST = 10 };

typedef struct {
    const mj_ring *ring; /* without outputs or buffers */
    int n_bits, n, n_strobes;
    double edge_s, period_s, first_s, strobe_s;
} plan;

static int strobes_of(const plan *d, int j)
{
    return 1 + j * (1 << d->n_bits) / d->n;
}

/* Loads, counter, carry and go: node <prefix>go1. */
static void write_control(mj_parts *p, const plan *d, int preset)
{
    char set[MJ_CELL_BITS_MAX][MJ_NODE_B], last[MJ_NODE_B], carry[MJ_NODE_B], none[MJ_NODE_B], go[MJ_NODE_B],
        stay[MJ_NODE_B];
    const char *sets[MJ_CELL_BITS_MAX];
    for (int k = 0; k < d->n_bits; k++) {
        sets[k] = mj_parts_node(set[k], p, "set", k);
        mj_parts_nand(p, "load", preset >> k & 1 ? p->supply : "0", set[k], 0.5);
    }
    mj_parts_node(last, p, "i", d->n_bits - 1);
    mj_parts_node(carry, p, "carry", 0);
    mj_parts_node(none, p, "none", 0);
    mj_parts_node(go, p, "go", 1);
    mj_parts_node(stay, p, "stay", 0);
    mj_parts_counter(p, &(mj_counter){.n_bits = d->n_bits, .strobe = "strobe", .stop = carry, .reset = "reset",
                                      .set = sets});
    mj_parts_flip_flop(p, &(mj_flip_flop){.name = "o", .d = p->supply, .clk = last, .q = carry,
                                          .inverse = none, .reset = "reset"});
    mj_parts_flip_flop(p, &(mj_flip_flop){.name = "g", .d = carry, .clk = "strobe", .q = go, .inverse = stay,
                                          .reset = "reset"});
    fprintf(p->out, ".save v(%s)\n", go);
}

/* Stages as a ring's; the first waits for go. */
static void write_ring(mj_parts *p, const mj_ring *ring)
{
    for (int k = 0; k < ring->n_stages; k++) {
        char in[MJ_NODE_B], to[MJ_NODE_B], go[MJ_NODE_B];
        mj_parts_node(in, p, "n", k);
        mj_parts_node(to, p, "n", (k + 1) % ring->n_stages);
        if (k == 0) {
            mj_parts_nand(p, in, mj_parts_node(go, p, "go", 1), to, 1);
        } else {
            mj_parts_inverter(p, in, to, 1);
        }
        fprintf(p->out, "c%s %s 0 %.9g\n", in, in, ring->load_F);
    }
    fprintf(p->out, ".save v(%sn0)\n", p->prefix);
}

static mj_status write_deck(mj_deck *deck, mj_start_figures *s, const plan *d, mj_err *err)
{
    int serial = 0;
    double V = d->ring->vdd_V, T_s = d->period_s, reset_s = REST_CYCLES * T_s;
    MJ_TRY(mj_ring_deck(deck, d->ring, "rings that are started", err));
    FILE *out = deck->out;
    fprintf(out, "vreset reset 0 pwl(0 0 %.9g 0 %.9g %.9g)\nvload load 0 pwl(0 0 %.9g 0 %.9g %.9g %.9g %.9g "
                 "%.9g 0)\n",
            reset_s, reset_s + d->edge_s, V, reset_s + 2 * T_s, reset_s + 2 * T_s + d->edge_s, V,
            reset_s + 4 * T_s, V, reset_s + 4 * T_s + d->edge_s);
    mj_pulses_write(out, &(mj_pulses){"strobe", V, d->first_s, d->strobe_s, 0.5, d->edge_s, d->n_strobes});
    for (int j = 0; j < d->n; j++) {
        char prefix[MJ_NODE_B], supply[MJ_NODE_B], own[MJ_NODE_B];
        snprintf(prefix, sizeof prefix, "a%d", j);
        snprintf(supply, sizeof supply, "s%d", j);
        snprintf(own, sizeof own, "r%d", j);
        mj_parts control = {.out = out, .ring = d->ring, .supply = supply, .prefix = prefix, .serial = &serial};
        mj_parts ring = control;
        ring.supply = own;
        fprintf(out, "v%s %s 0 %.9g\nv%s %s 0 %.9g\n.save i(v%s) i(v%s)\n", supply, supply, V, own, own, V, supply,
                own);
        write_control(&control, d, (1 << d->n_bits) - strobes_of(d, j));
        write_ring(&ring, d->ring);
        s->cell.n_transistors = control.n_transistors + ring.n_transistors - 2 * d->ring->n_stages;
        s->cell.active_m2 = control.active_m2 + ring.active_m2 -
                            d->ring->n_stages * (d->ring->width_n_m + d->ring->width_p_m) *
                                (d->ring->length_m + 2 * MJ_CONTACT_M);
    }
    mj_deck_transient(deck, (mj_transient){.step_s = d->ring->step_s,
                                           .stop_s = d->first_s + d->n_strobes * d->strobe_s + RUN_CYCLES * T_s});
    return MJ_OK;
}

/* Of one ring: the strobe that let it go, its phase at the end and its period. */
typedef struct {
    int strobe;
    double phase, period_s, delay_s, energy_J; /* energy_J: of a cycle */
} started;

static mj_status read_ring(started *r, const mj_raw *raw, const plan *d, int j, mj_err *err)
{
    char name[MJ_NODE_B];
    mj_waveform wave;
    double go_s[2], crossing[CYCLES_MAX];
    snprintf(name, sizeof name, "v(a%dgo1)", j);
    MJ_TRY(mj_raw_find(&wave, raw, name, err));
    size_t n_go = mj_waveform_crossings(go_s, 2, &wave, d->ring->vdd_V / 2, true);
    snprintf(name, sizeof name, "v(a%dn0)", j);
    MJ_TRY(mj_raw_find(&wave, raw, name, err));
    size_t n = mj_waveform_crossings(crossing, CYCLES_MAX, &wave, d->ring->vdd_V / 2, true);
    if (n_go != 1 || n < LAST + 4 || n > CYCLES_MAX || crossing[0] < go_s[0]) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a ring was not started once: %zu times, %zu cycles", n_go, n);
    }
    r->strobe = (int)floor((go_s[0] - d->first_s) / d->strobe_s);
    r->delay_s = crossing[0] - (d->first_s + r->strobe * d->strobe_s);
    r->period_s = (crossing[n - 1] - crossing[n - 1 - LAST]) / LAST;
    r->phase = 2 * PI * (mj_raw_end_s(raw) - crossing[n - 1]) / r->period_s;
    snprintf(name, sizeof name, "r%d", j);
    MJ_TRY(mj_supply_energy(&r->energy_J, raw, name, d->ring->vdd_V, crossing[n - 1 - LAST], crossing[n - 1], err));
    r->energy_J /= LAST;
    return MJ_OK;
}

/* Energy of the control from the reset to the last strobe; what both take while nothing moves. */
static mj_status read_energies(mj_start_figures *s, const mj_raw *raw, const plan *d, int j, mj_err *err)
{
    char supply[MJ_NODE_B];
    double V = d->ring->vdd_V, rest_s = REST_CYCLES * d->period_s, energy_J, idle_J;
    double last_s = d->first_s + d->n_strobes * d->strobe_s;
    snprintf(supply, sizeof supply, "s%d", j);
    MJ_TRY(mj_supply_energy(&energy_J, raw, supply, V, rest_s, last_s, err));
    MJ_TRY(mj_supply_energy(&idle_J, raw, supply, V, rest_s / 2, rest_s, err));
    s->cell.use_J += energy_J / d->n;
    s->cell.static_W += idle_J / (rest_s / 2) / d->n;
    return MJ_OK;
}

static mj_status read_deck(mj_start_figures *s, const mj_raw *raw, const plan *d, double bare_J, mj_err *err)
{
    started r[MJ_CELL_TRIALS_MAX];
    double error[MJ_CELL_TRIALS_MAX], mean = 0, squares = 0;
    s->cell.works = true;
    for (int j = 0; j < d->n; j++) {
        MJ_TRY(read_ring(&r[j], raw, d, j, err));
        MJ_TRY(read_energies(s, raw, d, j, err));
        s->cell.works = s->cell.works && r[j].strobe - strobes_of(d, j) == r[0].strobe - strobes_of(d, 0);
        double turns = (strobes_of(d, j) - strobes_of(d, 0)) * d->strobe_s / r[0].period_s;
        error[j] = remainder(r[j].phase - r[0].phase + 2 * PI * turns, 2 * PI);
        mean += error[j] / d->n;
    }
    for (int j = 0; j < d->n; j++) {
        squares += pow(error[j] - mean, 2);
        s->largest = fmax(s->largest, fabs(error[j] - mean));
    }
    s->rms = sqrt(squares / d->n);
    s->period_s = r[0].period_s;
    s->cell.delay_s = r[0].delay_s;
    s->cell.cycle_J = r[0].energy_J - bare_J;
    s->cell.works = s->cell.works && s->largest < PI * s->step;
    return MJ_OK;
}

mj_status mj_start_measure(mj_start_figures *start, int n_bits, int n, const mj_ring *ring,
                           const mj_ring_figures *figures, const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    mj_ring plain = *ring;
    mj_ring_figures bare;
    *start = (mj_start_figures){.cell = {.name = "start"}, .step = ldexp(1, -n_bits), .n = n};
    if (n_bits < 2 || n_bits > BITS_MOST || n < 2 || n > MJ_CELL_TRIALS_MAX || n > 1 << n_bits) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a start has 2 to %d bits, and no more phases to try "
                          "than codes", BITS_MOST);
    }
    plain.split_F = 0;
    plain.n_buffers = 0;
    MJ_TRY(mj_ring_measure_period(&bare, &plain, job, err));
    plan d = {.ring = &plain, .n_bits = n_bits, .n = n, .n_strobes = (1 << n_bits) + STROBES_MORE,
              .edge_s = mj_ring_edge_s(ring, figures), .period_s = bare.period_s,
              .first_s = (REST_CYCLES + 6) * bare.period_s, .strobe_s = bare.period_s * (1 + start->step)};
    MJ_TRY(write_deck(&deck, start, &d, err));
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = read_deck(start, &raw, &d, bare.energy_J, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}
