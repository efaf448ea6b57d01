/* Trim: transistors between the supply and a ring, whose drop sets its frequency.
 *
 *   drop = I / (G_0 + code g),   ln f = detuning (V - drop)
 *
 * so that code 0 is the slowest. G_0 and all codes together are made for frequencies of `reach` to either
 * side; the least drop, at all codes, is DROP_LEAST_V, because a wider transistor gains less and less.
 *
 * All transistors are fingers of one width: a p-channel transistor of 32 um conducts a tenth more than 64 of
 * 0.5 um (narrow ones have a higher threshold), which is a hundred steps of 10 bits where the highest of them
 * comes on and all others go. What is less than a finger is a longer one, whose length is found from the
 * conductance of one that is too long: half of a finger's is not had by twice its length, because contacts
 * and diffusions resist too. What is left is measured at every place where many bits change at once, between
 * 2^k - 1 and 2^k. A trim is set by trying, so a step backwards costs nothing, and what matters is the
 * largest gap between frequencies that can be had.
 *
 * One deck holds a ring for every code that is looked at, and one whose code goes from none to all bits
 * while it runs. */
#include "cell_parts.h"

#include <math.h>
#include <string.h>

static const double DROP_LEAST_V = 0.03;
static const double NARROWEST = 0.5; /* of the ring's n-channel transistors */
static const double SPAN_CYCLES = 50, EDGE_S = 50e-12, SETTLED = 0.1;
static const double RANGE_LEAST = 1.6; /* of reach to both sides, which is 2 */
enum { RINGS_MAX = MJ_TRIM_CODES_MAX, CYCLES_MAX = 256, SKIPPED = 15, TAIL = 15 };

typedef struct {
    const mj_ring *ring;
    int n_bits, n_long; /* n_long: bits of less than a finger */
    int n_base;         /* fingers that are always on */
    double wide_m, long_[MJ_CELL_BITS_MAX]; /* long_: of the ring's length */
    int n_codes, code[RINGS_MAX];
} design;

/* Conductances of fingers of n lengths that are on, with little across them. */
static mj_status probe(double *S, const double *long_, int n, double wide_m, const mj_ring *ring, double drop_V,
                       const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    int serial = 0;
    double span_s = 20 * ring->step_s;
    mj_parts parts = {.ring = ring, .supply = "vdd", .prefix = "", .serial = &serial};
    MJ_TRY(mj_ring_deck(&deck, ring, "transistors of a trim", err));
    parts.out = deck.out;
    fprintf(deck.out, "vsup vdd 0 %.9g\n", ring->vdd_V);
    for (int i = 0; i < n; i++) {
        char low[MJ_NODE_B];
        mj_parts_node(low, &parts, "low", i);
        fprintf(deck.out, "v%s %s 0 %.9g\n.save i(v%s)\n", low, low, ring->vdd_V - drop_V, low);
        mj_parts_fingers(&parts, low, "0", wide_m, long_[i], 1);
    }
    mj_deck_transient(&deck, (mj_transient){.step_s = ring->step_s, .stop_s = span_s});
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    for (int i = 0; i < n && status == MJ_OK; i++) {
        char low[MJ_NODE_B];
        double energy_J;
        status = mj_supply_energy(&energy_J, &raw, mj_parts_node(low, &parts, "low", i), 1, 0, span_s, err);
        S[i] = fabs(energy_J) / span_s / drop_V;
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}

static void choose_codes(design *d)
{
    d->code[d->n_codes++] = 0;
    for (int k = 0; k < d->n_bits; k++) {
        if (k > 1) {
            d->code[d->n_codes++] = (1 << k) - 1;
        }
        d->code[d->n_codes++] = 1 << k;
    }
    d->code[d->n_codes++] = (1 << d->n_bits) - 1;
}

/* The width of a finger: the narrowest at least, and so that whole ones make the highest bits. */
static mj_status make_design(design *d, const mj_trim_request *r, const mj_ring *ring, const mj_ring_figures *f,
                             const mj_spice_job *job, mj_err *err)
{
    double most_V = DROP_LEAST_V + 2 * r->reach / f->detuning_pV, current_A = f->power_W / ring->vdd_V;
    double least_m = NARROWEST * ring->width_n_m, S[MJ_CELL_BITS_MAX + 1], long_[MJ_CELL_BITS_MAX + 1] = {1};
    double base_S = current_A / most_V, unit_S = (current_A / DROP_LEAST_V - base_S) / (ldexp(1, r->n_bits) - 1);
    double drop_V = (DROP_LEAST_V + most_V) / 2;
    MJ_TRY(probe(S, long_, 1, least_m, ring, drop_V, job, err));
    *d = (design){.ring = ring, .n_bits = r->n_bits};
    while (d->n_long < r->n_bits - 1 && ldexp(unit_S, d->n_long) < S[0]) {
        d->n_long++;
        long_[d->n_long] = ldexp(1, d->n_long);
    }
    d->wide_m = least_m * fmax(1, ldexp(unit_S, d->n_long) / S[0]);
    MJ_TRY(probe(S, long_, d->n_long + 1, d->wide_m, ring, drop_V, job, err));
    d->n_base = (int)fmax(1, round(base_S / S[0]));
    for (int k = 0; k < r->n_bits; k++) {
        int halvings = d->n_long - k;
        d->long_[k] = 1;
        if (halvings > 0) { /* resistance is a straight line of length */
            double slope = (1 / S[halvings] - 1 / S[0]) / (long_[halvings] - 1);
            d->long_[k] = 1 + (long_[halvings] - 1) / S[0] / slope;
        }
    }
    choose_codes(d);
    return MJ_OK;
}

/* The transistors of ring `id`, from vdd to r<id>; bits of `code` are on. turns: `code` is 0 and all bits come
 * on with node "down". */
static void write_trim(mj_parts *p, const design *d, int id, int code, bool turns)
{
    char low[MJ_NODE_B];
    snprintf(low, sizeof low, "r%d", id);
    mj_parts_fingers(p, low, "0", d->wide_m, 1, d->n_base);
    for (int k = 0; k < d->n_bits; k++) {
        const char *gate = turns ? "down" : code >> k & 1 ? "0" : "vdd";
        mj_parts_fingers(p, low, gate, d->wide_m, d->long_[k], k > d->n_long ? 1 << (k - d->n_long) : 1);
    }
}

/* Rings at their codes, then the one that changes. */
static mj_status write_deck(mj_deck *deck, mj_trim_figures *trim, const design *d, const mj_ring_figures *f,
                            mj_err *err)
{
    int serial = 0, last = d->n_codes;
    double span_s = SPAN_CYCLES * f->period_s, V = d->ring->vdd_V;
    mj_ring dropped = *d->ring;
    dropped.vdd_V -= DROP_LEAST_V;
    MJ_TRY(mj_ring_deck(deck, d->ring, "rings behind their trims", err));
    FILE *out = deck->out;
    fprintf(out, "vsup vdd 0 %.9g\nvdown down 0 pwl(0 %.9g %.9g %.9g %.9g 0)\n.save i(vdown)\n", V, V, span_s / 2,
            V, span_s / 2 + EDGE_S);
    for (int id = 0; id <= last; id++) {
        char supply[MJ_NODE_B], own[MJ_NODE_B];
        mj_parts p = {.out = out, .ring = d->ring, .supply = "vdd", .prefix = "", .serial = &serial};
        snprintf(own, sizeof own, "r%d", id);
        snprintf(supply, sizeof supply, "q%d", id);
        write_trim(&p, d, id, id < last ? d->code[id] : 0, id == last);
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
    double crossing[CYCLES_MAX], start_s = span_s / 2;
    int n, k = 0;
    mj_waveform current;
    MJ_TRY(find_crossings(crossing, &n, raw, d->ring, d->n_codes, err));
    while (k < n && crossing[k] < start_s) {
        k++;
    }
    if (k < SKIPPED + 2 || n - 1 - TAIL < k) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "a ring behind a trim has too few cycles before or after its code changes: %d and %d",
                          k, n - k);
    }
    double before_s = (crossing[k - 1] - crossing[SKIPPED]) / (k - 1 - SKIPPED);
    double after_s = (crossing[n - 1] - crossing[n - 1 - TAIL]) / TAIL;
    int last = n - 1;
    while (last > k && fabs(crossing[last] - crossing[last - 1] - after_s) < SETTLED * fabs(after_s - before_s)) {
        last--;
    }
    trim->cell.delay_s = crossing[last] - start_s;
    MJ_TRY(mj_raw_find(&current, raw, "i(vdown)", err));
    trim->cell.use_J =
        d->ring->vdd_V * fabs(mj_waveform_integral(&current, start_s - EDGE_S, start_s + 4 * EDGE_S)) / 2;
    return MJ_OK;
}

static mj_status read_deck(mj_trim_figures *trim, const mj_raw *raw, const design *d, double span_s, mj_err *err)
{
    double rate[RINGS_MAX] = {0}, crossing[CYCLES_MAX];
    int middle = 1 << (d->n_bits - 1), n;
    trim->step_least = HUGE_VAL;
    trim->n_codes = d->n_codes;
    for (int i = 0; i < d->n_codes; i++) {
        MJ_TRY(find_crossings(crossing, &n, raw, d->ring, i, err));
        rate[i] = (n - 1 - SKIPPED) / (crossing[n - 1] - crossing[SKIPPED]);
        trim->code[i] = d->code[i];
        trim->faster[i] = rate[i] / rate[0] - 1;
        if (d->code[i] == middle) {
            MJ_TRY(find_loss(trim, raw, d->ring, i, crossing, n, err));
        }
        if (i > 0 && d->code[i] == d->code[i - 1] + 1) {
            double step = rate[i] / rate[i - 1] - 1;
            trim->step_least = fmin(trim->step_least, step);
            trim->step_largest = fmax(trim->step_largest, fabs(step));
        }
    }
    trim->range = trim->faster[d->n_codes - 1];
    return find_delay(trim, raw, d, span_s, err);
}

mj_status mj_trim_measure(mj_trim_figures *trim, const mj_trim_request *request, const mj_ring *ring,
                          const mj_ring_figures *figures, const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    design d;
    const mj_trim_request *r = request;
    *trim = (mj_trim_figures){.cell = {.name = "trim", .n_bits = r->n_bits}};
    if (r->n_bits < 2 || r->n_bits > MJ_CELL_BITS_MAX || !(r->reach > 0) || r->reach > 0.2 || !(r->gap > 0) ||
        !(figures->detuning_pV > 0)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "a trim has 2 to %d bits, reaches up to 20 %% of the frequency, and some gap is allowed",
                          MJ_CELL_BITS_MAX);
    }
    MJ_TRY(make_design(&d, r, ring, figures, job, err));
    MJ_TRY(write_deck(&deck, trim, &d, figures, err));
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = read_deck(trim, &raw, &d, SPAN_CYCLES * figures->period_s, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    trim->cell.works = status == MJ_OK && trim->range > RANGE_LEAST * r->reach && trim->step_largest > 0 &&
                       trim->step_largest < r->gap;
    return status;
}
