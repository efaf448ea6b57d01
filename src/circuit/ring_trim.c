/* Trim: transistors between the supply and a ring, whose drop sets its frequency.
 *
 *   drop = I / (G_0 + code g),   ln f = detuning (V - drop)
 *
 * so that code 0 is the slowest. G_0 and all codes together are made for frequencies of `reach` to either
 * side; the least drop, at all codes, is DROP_LEAST_V, because a wider transistor gains less and less. The
 * smallest bits are longer than a ring's transistors, not narrower; what a bit is worth is therefore not
 * exactly twice the one before, and codes may run backwards where many bits change at once: measured at
 * every such place, between 2^k - 1 and 2^k. A trim is set by trying, so a step backwards costs nothing
 * and a step too wide costs resolution.
 *
 * One deck holds a ring for every code that is looked at, and one whose code goes from the lower to the
 * upper middle while it runs. */
#include "cell_parts.h"

#include <math.h>
#include <string.h>

static const double DROP_LEAST_V = 0.03, PROBE_WIDE_M = 1e-6;
static const double NARROWEST = 0.5; /* of the ring's n-channel transistors */
static const double SPAN_CYCLES = 50, EDGE_S = 50e-12, SETTLED = 0.1;
enum { RINGS_MAX = 2 * MJ_CELL_BITS_MAX, CYCLES_MAX = 256, SKIPPED = 15, TAIL = 15 };

typedef struct {
    const mj_ring *ring;
    int n_bits;
    double base_m, wide_m[MJ_CELL_BITS_MAX], long_[MJ_CELL_BITS_MAX]; /* long_: of the ring's length */
    int n_codes, code[RINGS_MAX];
} design;

/* Conductance of a p-channel transistor that is on, with little across it, per m of width. */
static mj_status probe(double *Spm, const mj_ring *ring, double drop_V, const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    int serial = 0;
    double energy_J, span_s = 20 * ring->step_s;
    mj_parts parts = {.ring = ring, .supply = "vdd", .prefix = "", .serial = &serial};
    MJ_TRY(mj_ring_deck(&deck, ring, "a transistor of a trim", err));
    parts.out = deck.out;
    fprintf(deck.out, "vsup vdd 0 %.9g\nvlow low 0 %.9g\n.save i(vsup)\n", ring->vdd_V,
            ring->vdd_V - drop_V);
    mj_parts_transistor(&parts, true, "low", "0", "vdd", PROBE_WIDE_M, 1);
    mj_deck_transient(&deck, (mj_transient){.step_s = ring->step_s, .stop_s = span_s});
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = mj_supply_energy(&energy_J, &raw, "sup", 1, 0, span_s, err);
        *Spm = energy_J / span_s / drop_V / PROBE_WIDE_M;
    }
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}

static mj_status make_design(design *d, int n_bits, double reach, const mj_ring *ring,
                             const mj_ring_figures *f, const mj_spice_job *job, mj_err *err)
{
    double most_V = DROP_LEAST_V + 2 * reach / f->detuning_pV, current_A = f->power_W / ring->vdd_V, Spm;
    double least_m = NARROWEST * ring->width_n_m;
    MJ_TRY(probe(&Spm, ring, (DROP_LEAST_V + most_V) / 2, job, err));
    *d = (design){.ring = ring, .n_bits = n_bits, .base_m = current_A / most_V / Spm};
    double unit_m = (current_A / DROP_LEAST_V / Spm - d->base_m) / (ldexp(1, n_bits) - 1);
    for (int k = 0; k < n_bits; k++) {
        d->wide_m[k] = fmax(ldexp(unit_m, k), least_m);
        d->long_[k] = d->wide_m[k] / ldexp(unit_m, k);
    }
    d->code[d->n_codes++] = 0;
    for (int k = 0; k < n_bits; k++) {
        d->code[d->n_codes++] = 1 << k;
        if (k > 1) {
            d->code[d->n_codes++] = (1 << k) - 1;
        }
    }
    d->code[d->n_codes++] = (1 << n_bits) - 1;
    return MJ_OK;
}

/* The transistors of ring `id`, from vdd to r<id>; bits of `code` are on, "up" and "down" are nodes that
 * a gate follows where the bit differs between the codes. */
static void write_trim(mj_parts *p, const design *d, int id, int code, int next)
{
    char low[MJ_NODE_B];
    snprintf(low, sizeof low, "r%d", id);
    mj_parts_transistor(p, true, low, "0", "vdd", d->base_m, 1);
    for (int k = 0; k < d->n_bits; k++) {
        bool on = code >> k & 1, stays = (next >> k & 1) == on;
        const char *gate = stays ? (on ? "0" : "vdd") : on ? "up" : "down";
        mj_parts_transistor(p, true, low, gate, "vdd", d->wide_m[k], d->long_[k]);
    }
}

/* Rings at their codes, then the one that changes, then a bare one that stands still behind the trim. */
static mj_status write_deck(mj_deck *deck, mj_trim_figures *trim, const design *d, const mj_ring_figures *f,
                            mj_err *err)
{
    int serial = 0, last = d->n_codes, middle = 1 << (d->n_bits - 1);
    double span_s = SPAN_CYCLES * f->period_s, V = d->ring->vdd_V;
    mj_ring dropped = *d->ring;
    dropped.vdd_V -= DROP_LEAST_V;
    MJ_TRY(mj_ring_deck(deck, d->ring, "rings behind their trims", err));
    FILE *out = deck->out;
    fprintf(out, "vsup vdd 0 %.9g\nvup up 0 pwl(0 0 %.9g 0 %.9g %.9g)\nvdown down 0 pwl(0 %.9g %.9g %.9g "
                 "%.9g 0)\n.save i(vup) i(vdown)\n",
            V, span_s / 2, span_s / 2 + EDGE_S, V, V, span_s / 2, V, span_s / 2 + EDGE_S);
    for (int id = 0; id <= last; id++) {
        char supply[MJ_NODE_B], own[MJ_NODE_B];
        mj_parts p = {.out = out, .ring = d->ring, .supply = "vdd", .prefix = "", .serial = &serial};
        int code = id < last ? d->code[id] : middle - 1;
        snprintf(own, sizeof own, "r%d", id);
        snprintf(supply, sizeof supply, "q%d", id);
        write_trim(&p, d, id, code, id < last ? code : middle);
        fprintf(out, "vq%d %s %s 0\n.save v(n%d_0) v(%s) i(vq%d)\n", id, own, supply, id, own, id);
        mj_ring_write(out, d->ring, id, supply);
        mj_ring_write_start(out, &dropped, f, id, supply, 0);
        fprintf(out, ".ic v(%s)=%.9g\n", own, dropped.vdd_V);
        trim->cell.n_transistors = p.n_transistors;
        trim->cell.active_m2 = p.active_m2;
    }
    mj_deck_transient(deck, (mj_transient){d->ring->step_s, span_s, 0, true});
    return MJ_OK;
}

/* Rising crossings of node 0 of a ring. */
static mj_status find_crossings(double *crossing, int *n, const mj_raw *raw, const mj_ring *ring, int id,
                                mj_err *err)
{
    char name[MJ_NODE_B];
    mj_waveform wave;
    snprintf(name, sizeof name, "v(n%d_0)", id);
    MJ_TRY(mj_raw_find(&wave, raw, name, err));
    *n = (int)mj_waveform_crossings(crossing, CYCLES_MAX, &wave, ring->vdd_V / 2, true);
    return *n > SKIPPED + TAIL && *n <= CYCLES_MAX
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a ring behind a trim does not oscillate: %d cycles", *n);
}

/* Joules that the transistors of ring id keep from it, a cycle, and the mean drop. */
static mj_status find_loss(mj_trim_figures *trim, const mj_raw *raw, const mj_ring *ring, int id,
                           const double *crossing, int n, mj_err *err)
{
    char name[MJ_NODE_B];
    mj_waveform volt, current;
    double energy_J = 0, drop_Vs = 0;
    snprintf(name, sizeof name, "v(r%d)", id);
    MJ_TRY(mj_raw_find(&volt, raw, name, err));
    snprintf(name, sizeof name, "i(vq%d)", id);
    MJ_TRY(mj_raw_find(&current, raw, name, err));
    for (size_t i = 1; i < volt.n; i++) {
        if (volt.time[i - 1] < crossing[SKIPPED] || volt.time[i] > crossing[n - 1]) {
            continue;
        }
        double step_s = volt.time[i] - volt.time[i - 1];
        double drop_V = ring->vdd_V - 0.5 * (volt.value[i] + volt.value[i - 1]);
        energy_J += drop_V * 0.5 * (current.value[i] + current.value[i - 1]) * step_s;
        drop_Vs += drop_V * step_s;
    }
    trim->cell.cycle_J = energy_J / (n - 1 - SKIPPED);
    trim->drop_V = drop_Vs / (crossing[n - 1] - crossing[SKIPPED]);
    return MJ_OK;
}

/* Cycles of the ring whose code changes until its period is the new one but for a tenth of the change. */
static mj_status find_delay(mj_trim_figures *trim, const mj_raw *raw, const design *d, double span_s, mj_err *err)
{
    double crossing[CYCLES_MAX], start_s = span_s / 2, gates_J = 0;
    int n, k = 0;
    static const char *const source[] = {"up", "down"};
    MJ_TRY(find_crossings(crossing, &n, raw, d->ring, d->n_codes, err));
    while (k < n && crossing[k] < start_s) {
        k++;
    }
    double before_s = (crossing[k - 1] - crossing[SKIPPED]) / (k - 1 - SKIPPED);
    double after_s = (crossing[n - 1] - crossing[n - 1 - TAIL]) / TAIL;
    int last = n - 1;
    while (last > k && fabs(crossing[last] - crossing[last - 1] - after_s) < SETTLED * fabs(after_s - before_s)) {
        last--;
    }
    trim->cell.delay_s = crossing[last] - start_s;
    for (int s = 0; s < 2; s++) {
        char name[MJ_NODE_B];
        mj_waveform current;
        snprintf(name, sizeof name, "i(v%s)", source[s]);
        MJ_TRY(mj_raw_find(&current, raw, name, err));
        gates_J += d->ring->vdd_V *
                   fabs(mj_waveform_integral(&current, start_s - EDGE_S, start_s + 4 * EDGE_S)) / 2;
    }
    trim->cell.use_J = gates_J;
    return MJ_OK;
}

static mj_status read_deck(mj_trim_figures *trim, const mj_raw *raw, const design *d, double span_s, mj_err *err)
{
    double rate[RINGS_MAX] = {0}, crossing[CYCLES_MAX];
    int middle = 1 << (d->n_bits - 1), n;
    for (int id = 0; id < d->n_codes; id++) {
        MJ_TRY(find_crossings(crossing, &n, raw, d->ring, id, err));
        rate[id] = (n - 1 - SKIPPED) / (crossing[n - 1] - crossing[SKIPPED]);
        if (d->code[id] == middle) {
            MJ_TRY(find_loss(trim, raw, d->ring, id, crossing, n, err));
        }
    }
    trim->range = rate[d->n_codes - 1] / rate[0] - 1;
    trim->step_least = HUGE_VAL;
    for (int i = 0; i < d->n_codes; i++) {
        for (int j = 0; j < d->n_codes; j++) {
            if (d->code[j] == d->code[i] + 1) {
                trim->step_least = fmin(trim->step_least, rate[j] / rate[i] - 1);
                trim->step_largest = fmax(trim->step_largest, fabs(rate[j] / rate[i] - 1));
            }
        }
    }
    return find_delay(trim, raw, d, span_s, err);
}

mj_status mj_trim_measure(mj_trim_figures *trim, int n_bits, double reach, const mj_ring *ring,
                          const mj_ring_figures *figures, const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    design d;
    *trim = (mj_trim_figures){.cell = {.name = "trim", .n_bits = n_bits}};
    if (n_bits < 2 || n_bits > MJ_CELL_BITS_MAX || !(reach > 0) || reach > 0.2 || !(figures->detuning_pV > 0)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "a trim has 2 to %d bits and reaches up to 20 %% of the frequency", MJ_CELL_BITS_MAX);
    }
    MJ_TRY(make_design(&d, n_bits, reach, ring, figures, job, err));
    MJ_TRY(write_deck(&deck, trim, &d, figures, err));
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = read_deck(trim, &raw, &d, SPAN_CYCLES * figures->period_s, err);
    }
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    /* Steps that leave no frequency out: none wider than two of the even ones. */
    trim->cell.works = status == MJ_OK && trim->range > 1.6 * reach && trim->step_largest > 0 &&
                       trim->step_largest < 4 * trim->range / (ldexp(1, n_bits) - 1);
    return status;
}
