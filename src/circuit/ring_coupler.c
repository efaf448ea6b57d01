/* Coupler: resistors of 1 : 1/2 : 1/4 .. behind transmission gates.
 *
 * A gate's resistance, measured first near the rails, where outputs stay, is taken off every resistor; what it
 * changes with voltage stays, and bends the current: half way both of its transistors may be nearly off, by
 * the body effect. All gates are narrow: their contacts are most of what a coupler costs. Two more decks: all
 * codes under a slow ramp at the output, the opposite output against it, half the supply at the node that
 * listens; and inverters that drive couplers at a ring's frequency, for the energy of a cycle: without a
 * coupler, with one that is off, with one that is on to a node a quarter of a period behind. */
#include "cell_parts.h"
#include "mj/ring_switches.h"

#include <math.h>

static const double PROBE_V = 0.01, RAMP_S = 2e-6, HOLD_S = 0.5e-6, RAMP_STEP_S = 4e-9;
static const double INL_MOST = 0.5;  /* units: more, and codes stand in for each other */
enum { DRIVER_WIDE = 3 }; /* as the outputs of a split ring */
enum { BITS_MOST = 6, CYCLES = 12, CYCLES_SKIPPED = 4, DRIVEN = 3, GATE_POINTS = 19 };

typedef struct {
    const mj_ring *ring;
    int n_bits;
    double resistor_ohm[BITS_MOST];
} design;

/* Bits of `code` on towards `out`, or towards `opposite` if it is negative. */
static void write_coupler(mj_parts *p, const design *d, int code, const char *to, const char *opposite,
                          const char *listen)
{
    for (int k = 0; k < d->n_bits; k++) {
        char middle[MJ_NODE_B];
        bool plus = code > 0 && code >> k & 1, minus = code < 0 && -code >> k & 1;
        mj_parts_node(middle, p, "m", k);
        mj_parts_gate(p, to, middle, plus ? p->supply : "0", plus ? "0" : p->supply, MJ_COUPLER_WIDE);
        mj_parts_gate(p, opposite, middle, minus ? p->supply : "0", minus ? "0" : p->supply, MJ_COUPLER_WIDE);
        fprintf(p->out, "r%s %s %s %.9g\n", middle, middle, listen, d->resistor_ohm[k]);
    }
}

static void write_ramp(FILE *out, const char *node, double from_V, double to_V)
{
    fprintf(out, "v%s %s 0 pwl(0 %.9g %.9g %.9g)\n.save i(v%s) v(%s)\n", node, node, from_V, RAMP_S, to_V, node,
            node);
}

/* With PROBE_V across, from 0 to the supply. */
mj_status mj_coupler_measure_gate(double *rail_ohm, double *most_ohm, const mj_ring *ring, const mj_spice_job *job,
                                  mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    mj_waveform current;
    int serial = 0;
    *rail_ohm = *most_ohm = 0;
    MJ_TRY(mj_ring_deck(&deck, ring, "a transmission gate", err));
    mj_parts p = {.out = deck.out, .ring = ring, .supply = "vdd", .prefix = "", .serial = &serial};
    fprintf(deck.out, "vsup vdd 0 %.9g\nvprobe a b %.9g\n.save i(vprobe)\n", ring->vdd_V, PROBE_V);
    write_ramp(deck.out, "a", 0, ring->vdd_V);
    mj_parts_gate(&p, "a", "b", "vdd", "0", MJ_COUPLER_WIDE);
    mj_deck_transient(&deck, (mj_transient){.step_s = RAMP_STEP_S, .stop_s = RAMP_S});
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = mj_raw_find(&current, &raw, "i(vprobe)", err);
    }
    for (int i = 1; i <= GATE_POINTS && status == MJ_OK; i++) {
        double ohm = PROBE_V / fabs(mj_waveform_at(&current, RAMP_S * i / (GATE_POINTS + 1)));
        *most_ohm = fmax(*most_ohm, ohm);
        *rail_ohm = i == 1 || i == GATE_POINTS ? fmax(*rail_ohm, ohm) : *rail_ohm;
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}

/* Code 2^b is all bits to the opposite side. Every coupler listens at a source of its own; 0 has its own
 * output too, whose current at the end is what leaks. */
static mj_status write_codes(mj_deck *deck, mj_coupler_figures *c, const design *d, mj_err *err)
{
    int serial = 0, codes = 1 << d->n_bits;
    double V = d->ring->vdd_V;
    MJ_TRY(mj_ring_deck(deck, d->ring, "couplers of all codes", err));
    fprintf(deck->out, "vsup vdd 0 %.9g\n", V);
    write_ramp(deck->out, "a", 0, V);
    write_ramp(deck->out, "o", V, 0);
    write_ramp(deck->out, "a0", 0, V);
    for (int code = 0; code <= codes; code++) {
        char prefix[MJ_NODE_B], listen[MJ_NODE_B];
        snprintf(prefix, sizeof prefix, "k%d", code);
        snprintf(listen, sizeof listen, "l%d", code);
        fprintf(deck->out, "v%s %s 0 %.9g\n.save i(v%s)\n", listen, listen, V / 2, listen);
        mj_parts p = {.out = deck->out, .ring = d->ring, .supply = "vdd", .prefix = prefix, .serial = &serial};
        write_coupler(&p, d, code < codes ? code : 1 - codes, code ? "a" : "a0", "o", listen);
        c->cell.n_transistors = p.n_transistors;
        c->cell.active_m2 = p.active_m2;
    }
    mj_deck_transient(deck, (mj_transient){.step_s = RAMP_STEP_S, .stop_s = RAMP_S + HOLD_S});
    return MJ_OK;
}

/* Conductance of a code by least squares through half the supply, and what its current leaves of it. */
static mj_status read_code(double *conductance_S, double *bent_A, const mj_raw *raw, const design *d, int code,
                           mj_err *err)
{
    char name[MJ_NODE_B];
    mj_waveform volt, current;
    double half_V = d->ring->vdd_V / 2, products = 0, squares = 0;
    snprintf(name, sizeof name, "i(vl%d)", code);
    MJ_TRY(mj_raw_find(&current, raw, name, err));
    MJ_TRY(mj_raw_find(&volt, raw, "v(a)", err));
    for (size_t i = 0; i < volt.n && volt.time[i] <= RAMP_S; i++) {
        double across_V = volt.value[i] - half_V;
        products += across_V * current.value[i];
        squares += across_V * across_V;
    }
    *conductance_S = products / squares;
    *bent_A = 0;
    for (size_t i = 0; i < volt.n && volt.time[i] <= RAMP_S; i++) {
        double left_A = current.value[i] - *conductance_S * (volt.value[i] - half_V);
        *bent_A = fmax(*bent_A, fabs(left_A));
    }
    return MJ_OK;
}

static mj_status read_codes(mj_coupler_figures *c, const mj_raw *raw, const design *d, mj_err *err)
{
    int codes = 1 << d->n_bits;
    double G_S[(1 << BITS_MOST) + 1], bent_A = 0, products = 0, squares = 0, V = d->ring->vdd_V;
    mj_waveform leak;
    for (int code = 0; code <= codes; code++) {
        MJ_TRY(read_code(&G_S[code], &bent_A, raw, d, code, err));
        if (code == codes - 1) {
            c->bent = bent_A / (G_S[code] * V / 2);
        }
        products += code < codes ? code * G_S[code] : 0;
        squares += code < codes ? (double)code * code : 0;
    }
    c->unit_S = products / squares;
    for (int code = 0; code < codes; code++) {
        c->inl = fmax(c->inl, fabs(G_S[code] / c->unit_S - code));
    }
    c->inl = fmax(c->inl, fabs(G_S[codes] / c->unit_S + (codes - 1))); /* the other sign is as strong */
    MJ_TRY(mj_raw_find(&leak, raw, "i(va0)", err));
    c->cell.static_W = V * fabs(mj_waveform_at(&leak, RAMP_S + HOLD_S));
    return MJ_OK;
}

static mj_status measure_codes(mj_coupler_figures *c, const design *d, const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    MJ_TRY(write_codes(&deck, c, d, err));
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = read_codes(c, &raw, d, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}

/* Inverters at output, opposite and listening node, each with its wire; supply s0: no coupler, s1: off,
 * s2: all on. */
static mj_status write_driven(mj_deck *deck, const design *d, double period_s, double edge_s, mj_err *err)
{
    static const struct {
        const char *in, *to;
        double lag, wide;
    } driver[] = {{"x", "a", 0.5, DRIVER_WIDE}, {"y", "o", 1, DRIVER_WIDE}, {"z", "l", 0.75, 1}};
    int serial = 0;
    MJ_TRY(mj_ring_deck(deck, d->ring, "couplers that are driven", err));
    for (int i = 0; i < DRIVEN; i++) {
        mj_pulses_write(deck->out, &(mj_pulses){driver[i].in, d->ring->vdd_V, period_s * (1 + driver[i].lag),
                                                period_s, 0.5, edge_s, CYCLES + 2});
    }
    for (int i = 0; i < DRIVEN; i++) {
        char prefix[MJ_NODE_B], supply[MJ_NODE_B], node[DRIVEN][MJ_NODE_B];
        snprintf(prefix, sizeof prefix, "w%d", i);
        snprintf(supply, sizeof supply, "s%d", i);
        mj_parts p = {.out = deck->out, .ring = d->ring, .supply = supply, .prefix = prefix, .serial = &serial};
        fprintf(deck->out, "v%s %s 0 %.9g\n.save i(v%s)\n", supply, supply, d->ring->vdd_V, supply);
        for (int k = 0; k < DRIVEN; k++) {
            mj_parts_node(node[k], &p, driver[k].to, 0);
            mj_parts_inverter(&p, driver[k].in, node[k], driver[k].wide);
            fprintf(deck->out, "c%s %s 0 %.9g\n", node[k], node[k], d->ring->load_F);
        }
        if (i > 0) {
            write_coupler(&p, d, i == 1 ? 0 : (1 << d->n_bits) - 1, node[0], node[1], node[2]);
        }
    }
    mj_deck_transient(deck, (mj_transient){.step_s = d->ring->step_s, .stop_s = period_s * (CYCLES + 2)});
    return MJ_OK;
}

static mj_status measure_driven(mj_coupler_figures *c, const design *d, double period_s, double edge_s,
                                const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    double energy_J[DRIVEN];
    MJ_TRY(write_driven(&deck, d, period_s, edge_s, err));
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    for (int i = 0; i < DRIVEN && status == MJ_OK; i++) {
        char supply[MJ_NODE_B];
        snprintf(supply, sizeof supply, "s%d", i);
        status = mj_supply_energy(&energy_J[i], &raw, supply, d->ring->vdd_V, period_s * (2 + CYCLES_SKIPPED),
                                  period_s * (2 + CYCLES), err);
    }
    if (status == MJ_OK) {
        c->cell.cycle_J = (energy_J[1] - energy_J[0]) / (CYCLES - CYCLES_SKIPPED);
        c->driven_J = (energy_J[2] - energy_J[1]) / (CYCLES - CYCLES_SKIPPED);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}

/* Outputs that carry couplers alike (ring_switches.c) are wider and have as many gates again. */
static mj_status measure_carried(mj_coupler_figures *c, int n_bits, const mj_ring *ring,
                                 const mj_ring_figures *figures, const mj_spice_job *job, mj_err *err)
{
    mj_ring loaded = *ring;
    mj_ring_figures f;
    loaded.coupler_bits = n_bits;
    loaded.gate_ohm = c->gate_ohm;
    loaded.n_hung = MJ_COUPLERS_HUNG;
    MJ_TRY(mj_ring_tune_split(&loaded, job, err));
    MJ_TRY(mj_ring_measure_period(&f, &loaded, job, err));
    c->carried_J = (f.energy_J - figures->energy_J) / MJ_COUPLERS_HUNG;
    return MJ_OK;
}

mj_status mj_coupler_measure(mj_coupler_figures *coupler, int n_bits, double conductance_S, const mj_ring *ring,
                             const mj_ring_figures *figures, const mj_spice_job *job, mj_err *err)
{
    design d = {.ring = ring, .n_bits = n_bits};
    *coupler = (mj_coupler_figures){.cell = {.name = "coupler", .n_bits = 2 * n_bits}};
    if (n_bits < 1 || n_bits > BITS_MOST || !(conductance_S > 0)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a coupler has 1 to %d bits and a conductance", BITS_MOST);
    }
    MJ_TRY(mj_coupler_measure_gate(&coupler->gate_ohm, &coupler->gate_ohm_most, ring, job, err));
    double unit_ohm = (ldexp(1, n_bits) - 1) / conductance_S;
    for (int k = 0; k < n_bits; k++) {
        d.resistor_ohm[k] = ldexp(unit_ohm, -k) - coupler->gate_ohm;
        if (d.resistor_ohm[k] < 0) {
            return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                              "a coupler of %.4g S wants gates of less than %.4g ohm; they have %.4g",
                              conductance_S, ldexp(unit_ohm, -k), coupler->gate_ohm);
        }
    }
    MJ_TRY(measure_codes(coupler, &d, job, err));
    MJ_TRY(measure_driven(coupler, &d, figures->period_s, mj_ring_edge_s(ring, figures), job, err));
    coupler->cell.delay_s = coupler->gate_ohm * coupler->cell.cycle_J / (ring->vdd_V * ring->vdd_V);
    if (ring->split_F > 0) {
        MJ_TRY(measure_carried(coupler, n_bits, ring, figures, job, err));
    }
    coupler->cell.works = coupler->inl < INL_MOST;
    return MJ_OK;
}
